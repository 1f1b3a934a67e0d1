//! The form of a price: unit prices from a quantity on, in one currency (CAT-5). A product's list price and a price list's price of it
//! are typed the same way.

use crate::files::Plain;
use crate::forms::{Typed, question};
use crate::lists::Cell;
use crate::money;
use crate::room::{Room, Spot};
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::form::unseen;
use tradepost_design::table::Column;
use tradepost_design::{Button, Language, Table};
use tradepost_domain::catalog::queries::BookView;
use tradepost_domain::catalog::{MOST_UNITS, SetPrices, Shelf, Tier};
use tradepost_domain::ids::ProductId;
use tradepost_kernel::Currency;
use tradepost_web::{Answer, Call, Problem, input};

input! {
    /// The form of a price. Its tiers are fields of their own: `from_0` and `price_0`, and so on.
    pub struct MerchantPriceForm {
        /// What the tiers are in.
        pub currency: Currency,
    }
}

/// Tiers of a price at most.
const MOST_TIERS: usize = 50;

/// A field, and what is wrong with it.
pub(in crate::merchant) type Mistake = (String, String);

/// Rows that a form of numbered fields shows: those that hold something, and three more.
pub(super) fn rows_of(typed: &Typed, name: &str) -> usize {
    let used = (0..MOST_TIERS).rev().find(|nth| !typed.value(&format!("{name}_{nth}")).is_empty()).map_or(0, |last| last + 1);
    (used + 3).clamp(4, MOST_TIERS)
}

/// A price as it stands in the form at first.
pub(in crate::merchant) fn filled(room: &Room, currency: Currency, tiers: &[Tier]) -> Typed {
    let mut values = vec![("currency".to_owned(), currency.to_string())];
    for (nth, tier) in tiers.iter().enumerate() {
        values.push((format!("from_{nth}"), tier.from_quantity.to_string()));
        values.push((format!("price_{nth}"), money::in_field(&room.look, &currency.minor(tier.unit_minor))));
    }
    Typed::of(values)
}

/// What the page that sets a price needs to know.
pub(in crate::merchant) struct Asked<'a> {
    /// Where in the navigation it is.
    pub(in crate::merchant) spot: Spot,
    /// What it says on top.
    pub(in crate::merchant) title: &'a str,
    /// The currency, where it is no choice.
    pub(in crate::merchant) currency: Option<Currency>,
    /// Where the form is sent.
    pub(in crate::merchant) action: &'a str,
    /// Where Cancel leads.
    pub(in crate::merchant) back: &'a str,
}

/// The page that sets a price in one currency.
pub(in crate::merchant) fn page(call: &Call, room: &Room, asked: &Asked<'_>, typed: &Typed) -> Answer {
    let text = html! {
        p { (room.t(
            "The price of one unit. Further rows are for larger quantities: from that quantity on, every unit of the line costs as much.",
            "Der Preis einer Einheit. Weitere Zeilen gelten für größere Mengen: Ab dieser Menge kostet jede Einheit der Position so viel.",
        )) }
        @match asked.currency {
            Some(currency) => (unseen(&[("currency", currency.code())])),
            None => (typed.field("currency", room.t("Currency", "Währung")).example("EUR").hint(room.t("Three letters, such as EUR.", "Drei Buchstaben, etwa EUR.")).text()),
        }
        div class="field whole" id="tiers" { (rows(room, asked.currency, typed)) }
        p class="muted" { (room.t("Empty rows are left out. With all rows empty, this price is taken away.", "Leere Zeilen zählen nicht. Sind alle leer, entfällt dieser Preis.")) }
    };
    let act = Button::new(room.t("Save price", "Preis speichern")).primary();
    room.dialog(asked.spot, asked.title, &question(call, &room.look, asked.title, &text, typed, asked.action, &act, asked.back))
}

fn rows(room: &Room, currency: Option<Currency>, typed: &Typed) -> Markup {
    let (from_word, price_word) = (room.t("From quantity", "Ab Menge"), room.t("Price per unit", "Preis je Einheit"));
    let row = |nth: usize| {
        let (from, price) = (format!("from_{nth}"), format!("price_{nth}"));
        let first = if nth == 0 && typed.value(&from).is_empty() { "1" } else { typed.value(&from) };
        let wrong = |name: &str| typed.wrong(name).map(|_| "true");
        vec![
            html! { input class="short" type="number" inputmode="numeric" min="1" max=(MOST_UNITS) id=(from) name=(from) value=(first) aria-label=(from_word) aria-invalid=[wrong(&from)]; },
            html! { input class="short" type="text" inputmode="decimal" id=(price) name=(price) value=(typed.value(&price)) aria-label=(price_word) aria-invalid=[wrong(&price)]; },
        ]
    };
    let titled = currency.map_or_else(|| price_word.to_owned(), |currency| format!("{price_word} ({currency})"));
    let table = Table {
        caption: room.t("Prices by quantity", "Preise nach Menge"),
        columns: vec![Column::new(from_word), Column::right(&titled)],
        rows: (0..rows_of(typed, "price")).map(row).collect(),
        foot: None,
    };
    table.draw()
}

/// Reads the tiers of the form. `Err`: a field, and what is wrong with it.
pub(in crate::merchant) fn read(room: &Room, typed: &[(String, String)], currency: Currency) -> Result<Vec<Tier>, Mistake> {
    let value = |name: &str| typed.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim());
    let mut tiers = Vec::new();
    for nth in 0..MOST_TIERS {
        let (from, price) = (format!("from_{nth}"), format!("price_{nth}"));
        if value(&price).is_empty() {
            continue;
        }
        let unit_minor = money::typed(&room.look, currency, value(&price)).map_err(|text| (price.clone(), text))?.minor;
        let from_quantity = value(&from).parse().ok().filter(|quantity| (1..=MOST_UNITS).contains(quantity)).ok_or_else(|| {
            let text = room.t(
                "Say from which quantity this price holds: a whole number from 1.",
                "Geben Sie an, ab welcher Menge dieser Preis gilt: eine ganze Zahl ab 1.",
            );
            (from.clone(), text.to_owned())
        })?;
        tiers.push(Tier { from_quantity, unit_minor });
    }
    Ok(tiers)
}

/// Sets the price that the form says. `Some`: it was refused, and this is the form again with its status.
///
/// # Errors
/// A no that is not about what was typed.
pub(in crate::merchant) async fn save(call: &Call, room: &Room, product: ProductId, shelf: Shelf) -> Result<Option<(StatusCode, Typed)>, Problem> {
    let (scope, typed) = (call.merchant()?, call.typed()?);
    let named: Vec<(String, String)> =
        typed.iter().filter(|(name, _)| name == "currency").map(|(name, code)| (name.clone(), code.trim().to_ascii_uppercase())).collect();
    let set = match Call::read_form::<MerchantPriceForm>(&named) {
        Ok(form) => match read(room, &typed, form.currency) {
            Ok(tiers) => call.execute(SetPrices { scope, product, shelf, currency: form.currency, tiers }).await.map(drop),
            Err((field, text)) => return Ok(Some((StatusCode::UNPROCESSABLE_ENTITY, Typed::of(typed).wrong_with(&field, &text)))),
        },
        Err(no) => Err(no),
    };
    match set {
        Ok(()) => Ok(None),
        Err(no) => {
            let status = no.status();
            Ok(Some((status, Typed::refused(call, &room.look, no)?)))
        }
    }
}

/// A price as text: `$25.00`, and where it has tiers, each with its quantity.
pub(in crate::merchant) fn shown(room: &Room, currency: Currency, tiers: &[Tier]) -> Markup {
    let [first, others @ ..] = tiers else { return html! { span class="muted" { "–" } } };
    let from = |tier: &Tier| match room.look.language {
        Language::English => format!("from {}: ", room.look.number(tier.from_quantity)),
        Language::German => format!("ab {}: ", room.look.number(tier.from_quantity)),
    };
    html! {
        (room.look.money(&currency.minor(first.unit_minor)))
        @for tier in others { span class="under" { (from(tier)) (room.look.money(&currency.minor(tier.unit_minor))) } }
    }
}

/// The same in a list. A file has the price of one, and beside it those of further quantities: `10: 22.50; 50: 20.00`.
pub(in crate::merchant) fn cell(room: &Room, currency: Currency, tiers: &[Tier]) -> Cell {
    let [first, others @ ..] = tiers else { return Cell::empty() };
    let amount = |tier: &Tier| currency.minor(tier.unit_minor);
    let further: Vec<String> = others.iter().map(|tier| format!("{}: {}", tier.from_quantity, amount(tier).amount_text())).collect();
    Cell::money_as(shown(room, currency, tiers), &amount(first)).and(Plain::Text(further.join("; ")))
}

/// The tiers of a shelf in a currency; none where it has no price.
pub(in crate::merchant) fn of_shelf(books: &[BookView], shelf: Shelf, currency: Currency) -> &[Tier] {
    match books.iter().find(|book| (book.book, book.owner) == shelf.stored() && book.currency == currency) {
        Some(book) => &book.tiers,
        None => &[],
    }
}
