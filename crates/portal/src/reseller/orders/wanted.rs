//! What a new order is to hold, as it was typed, pasted or brought as a file (ORD-1, ORD-11).

use super::pick::FIND;
use crate::forms::Typed;
use crate::refusals;
use crate::room::Room;
use tradepost_design::Language;
use tradepost_domain::orders::create_draft::WantedItem;
use tradepost_kernel::secret::sha256;
use tradepost_web::fields::Quantity;
use tradepost_web::{Call, Problem};

/// The field of pasted lines; those of a file are put behind them.
pub(super) const LINES: &str = "lines";
/// The field of the file.
pub(super) const FILE: &str = "file";
/// What the quantity of an offered product is called, before its SKU.
pub(super) const QUANTITY: &str = "quantity_";

/// The button that was pressed, where it does not save.
pub(super) const STEP: &str = "step";
/// The step of the buttons that only show: the search, the sum.
pub(super) const LOOK: &str = "look";
/// The step of the Enter key: it searches where another search was typed, else it saves.
pub(super) const ENTER: &str = "enter";
/// The search whose products the form shows.
pub(super) const FOUND: &str = "found";

/// What was sent: its fields, the lines of a file behind those that were pasted.
pub(super) struct Brought {
    pub(super) fields: Vec<(String, String)>,
    /// A file was brought, and is no text.
    is_no_text: bool,
}

/// One item, and the field that it was typed in.
pub(super) struct Wanted {
    pub(super) field: String,
    pub(super) item: WantedItem,
}

/// What is no item: the field, and what stands there.
pub(super) struct Unread {
    field: String,
    what: String,
}

/// The form as it was sent, with or without a file.
///
/// # Errors
/// 400 `malformed_body`.
pub(super) fn brought(call: &Call) -> Result<Brought, Problem> {
    let mut fields = call.typed()?;
    if call.is_form() {
        return Ok(Brought { fields, is_no_text: false });
    }
    let upload = call.upload()?;
    let Some(file) = upload.file() else { return Ok(Brought { fields, is_no_text: false }) };
    let Some(text) = std::str::from_utf8(&file.bytes).ok().filter(|text| !text.contains('\0')) else { return Ok(Brought { fields, is_no_text: true }) };
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    match fields.iter_mut().find(|(name, _)| name == LINES) {
        Some((_, lines)) if !lines.trim().is_empty() => *lines = format!("{}\n{text}", lines.trim_end()),
        Some((_, lines)) => *lines = text,
        None => fields.push((LINES.to_owned(), text)),
    }
    Ok(Brought { fields, is_no_text: false })
}

impl Brought {
    /// What stands in a field.
    pub(super) fn value(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Nothing is to be saved yet: a search or the sum was asked for.
    pub(super) fn looks(&self) -> bool {
        match self.value(STEP) {
            LOOK => true,
            ENTER => self.value(FIND).trim() != self.value(FOUND).trim(),
            _ => false,
        }
    }

    /// The form as it was sent, and what is wrong with its file.
    pub(super) fn typed(&self, room: &Room) -> Typed {
        let typed = Typed::of(self.fields.clone());
        let text = room.t("The file must be text or CSV in UTF-8.", "Die Datei muss Text oder CSV in UTF-8 sein.");
        if self.is_no_text { typed.wrong_with(FILE, text) } else { typed }
    }

    /// What a second sending of the same form has in common with the first: a browser parts the fields of a form with a file otherwise each time.
    pub(super) fn hash(&self) -> [u8; 32] {
        let text: String = self.fields.iter().map(|(name, value)| format!("{}:{name}{}:{value}", name.len(), value.len())).collect();
        sha256(text.as_bytes())
    }
}

/// What is ordered: each offered product with its quantity, in the order of the page, then the lines. A first line that names its columns is none.
pub(super) fn wanted(typed: &[(String, String)]) -> Result<Vec<Wanted>, Unread> {
    let mut items = Vec::new();
    for (name, value) in typed {
        let value = value.trim();
        if let Some(sku) = name.strip_prefix(QUANTITY).filter(|_| !value.is_empty() && value != "0") {
            let quantity = quantity(value).ok_or_else(|| Unread { field: name.clone(), what: sku.to_owned() })?;
            items.push(Wanted { field: name.clone(), item: WantedItem { product: sku.to_owned(), quantity } });
        } else if name == LINES {
            for line in value.lines().map(str::trim).filter(|line| !line.is_empty() && !names_columns(line)) {
                let item = line_item(line).ok_or_else(|| Unread { field: LINES.to_owned(), what: line.to_owned() })?;
                items.push(Wanted { field: LINES.to_owned(), item });
            }
        }
    }
    Ok(items)
}

/// SKU and quantity of a line, with a comma, semicolon or tab between, in quotes or not.
fn parts(line: &str) -> Option<(&str, &str)> {
    let (sku, count) = line.rsplit_once([',', ';', '\t'])?;
    Some((plain(sku), plain(count)))
}

fn plain(text: &str) -> &str {
    text.trim().trim_matches('"').trim()
}

fn names_columns(line: &str) -> bool {
    parts(line).is_some_and(|(sku, count)| sku.eq_ignore_ascii_case("sku") && count.eq_ignore_ascii_case("quantity"))
}

fn line_item(line: &str) -> Option<WantedItem> {
    let (sku, count) = parts(line)?;
    if sku.is_empty() { None } else { Some(WantedItem { product: sku.to_owned(), quantity: quantity(count)? }) }
}

fn quantity(text: &str) -> Option<i64> {
    text.parse().ok().filter(|count| (1..=Quantity::MOST).contains(count))
}

impl Unread {
    /// The form with this mistake beside what was typed.
    pub(super) fn told(&self, room: &Room, typed: Typed) -> Typed {
        let what = &self.what;
        let text = match room.look.language {
            Language::English => format!("“{what}”: the quantity must be a whole number from 1 to 100,000."),
            Language::German => format!("„{what}“: Die Anzahl muss eine ganze Zahl von 1 bis 100.000 sein."),
        };
        typed.wrong_with(&self.field, &text)
    }
}

/// The form after a no: what is wrong with an item stands where it was typed, and names its product.
///
/// # Errors
/// A no that is about nothing that was typed.
pub(super) fn refused(call: &Call, room: &Room, brought: &Brought, items: &[Wanted], no: Problem) -> Result<Typed, Problem> {
    let told = no.errors().iter().filter_map(|error| {
        let nth: usize = error.pointer.strip_prefix("/items/")?.split('/').next()?.parse().ok()?;
        let Wanted { field, item } = items.get(nth)?;
        let text = refusals::of_field(&room.look, error.code, &error.detail);
        Some((field.clone(), if text.contains(&item.product) { text } else { format!("{}: {text}", item.product) }))
    });
    let told: Vec<(String, String)> = told.collect();
    let typed = Typed::refused(call, &room.look, no)?;
    if told.is_empty() {
        return Ok(typed.keeping(brought.fields.clone()).renamed("items", LINES));
    }
    Ok(told.iter().fold(Typed::of(brought.fields.clone()), |typed, (field, text)| typed.wrong_with(field, text)))
}
