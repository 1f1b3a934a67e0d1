//! A new order: what is offered, pasted lines, the sum while somebody types (ORD-1, ORD-11).

use crate::forms::Typed;
use crate::refusals;
use crate::room::{Room, Spot, done};
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, sums};
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Language, Table, badge, form, note};
use tradepost_domain::ids::OrderId;
use tradepost_domain::listing::PageRequest;
use tradepost_domain::orders::create_draft::{CreateDraft, WantedItem};
use tradepost_domain::orders::store::DraftFields;
use tradepost_kernel::Money;
use tradepost_web::api::orders::shown;
use tradepost_web::api::reseller_products::{self, ResellerProductView};
use tradepost_web::fields::{Line, Paragraph, Quantity};
use tradepost_web::form::FORM_KEY;
use tradepost_web::{Answer, Call, Problem, input};

input! {
    /// The form of a new order. Its items are fields of their own: `quantity_SKU`, and lines of `SKU,quantity`.
    pub struct DraftForm {
        /// The reseller's own number.
        pub reference: Option<Line<100>>,
        /// Who to ask about it.
        pub contact: Option<Line<200>>,
        /// Where it goes.
        pub delivery_address: Option<Paragraph<500>>,
    }
}

/// How many products a new order offers at once; others are typed as lines.
const OFFERED: i64 = 100;

/// What is ordered, from the fields of the form: each a SKU with its quantity, in the order of the page, then the lines.
fn wanted(typed: &[(String, String)]) -> Result<Vec<WantedItem>, (String, String)> {
    let mut items = Vec::new();
    for (name, value) in typed {
        let value = value.trim();
        if let Some(sku) = name.strip_prefix("quantity_").filter(|_| !value.is_empty() && value != "0") {
            items.push(WantedItem { product: sku.to_owned(), quantity: quantity(value).ok_or_else(|| (name.clone(), sku.to_owned()))? });
        } else if name == "lines" {
            for line in value.lines().map(str::trim).filter(|line| !line.is_empty()) {
                let parts = line.rsplit_once([',', ';', '\t']).map(|(sku, count)| (sku.trim(), count.trim()));
                let item = parts.and_then(|(sku, count)| Some(WantedItem { product: sku.to_owned(), quantity: quantity(count)? }));
                items.push(item.filter(|item| !item.product.is_empty()).ok_or_else(|| ("lines".to_owned(), line.to_owned()))?);
            }
        }
    }
    Ok(items)
}

fn quantity(text: &str) -> Option<i64> {
    text.parse().ok().filter(|count| (1..=Quantity::MOST).contains(count))
}

pub(super) async fn begin(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let mut values = Vec::new();
    // Reorder: the lines of a past order stand in the form (ORD-11).
    if let Some((_, id)) = call.query_pairs().iter().find(|(name, _)| name == "again") {
        let (order, _) = shown(&call, id.parse().map_err(|_| Problem::not_found())?).await?;
        let lines: Vec<String> = order.items.iter().map(|item| format!("{},{}", item.sku, item.quantity)).collect();
        values.push(("lines", lines.join("\n")));
    }
    begin_page(&call, &room, &Typed::new(values)).await
}

async fn begin_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let products = reseller_products::listed(call, PageRequest { limit: OFFERED, before: None }).await?;
    let optional = room.t("optional", "freiwillig");
    let inside = html! {
        (typed.mistakes(&room.look))
        div class="columns" {
            div {
                (Card::new(room.t("Items", "Positionen")).text(room.t("Type how many of each you need.", "Geben Sie an, wie viele Sie jeweils brauchen.")).around(offered(room, typed, &products.rows)))
                (Card::new(room.t("Paste a list", "Liste einfügen")).with(html! {
                    (typed.field("lines", room.t("Lines of SKU,quantity", "Zeilen mit SKU,Anzahl")).example("KEY-PRO,25").optional(optional).whole().lines())
                }))
            }
            div {
                (Card::new(room.t("Order", "Bestellung")).with(html! {
                    (typed.field("reference", room.t("Your reference", "Ihr Zeichen")).hint(room.t("Your own order number; it is printed on the invoice.", "Ihre eigene Bestellnummer; sie steht auf der Rechnung.")).optional(optional).text())
                    (typed.field("contact", room.t("Contact", "Ansprechpartner")).optional(optional).text())
                    (typed.field("delivery_address", room.t("Delivery address", "Lieferadresse")).optional(optional).lines())
                }))
                div data-live-result="" { (total_card(room, &[])) }
            }
        }
    };
    let save = Button::new(room.t("Save draft", "Entwurf sichern")).primary();
    let form = html! {
        form class="form wide" method="post" action=(room.path("/orders")) data-live=(room.path("/orders/quote")) {
            (form::unseen(&[(FORM_KEY, &call.form_key())]))
            (inside)
            div class="form-end" { a class="button" href=(room.path("/orders")) { (room.t("Cancel", "Abbrechen")) } (save.submit()) }
        }
    };
    let head = Head {
        crumbs: &[(room.t("Orders", "Bestellungen"), &room.path("/orders"))],
        title: room.t("New order", "Neue Bestellung"),
        state: None,
        text: Some(room.t(
            "Nothing is owed or reserved before you confirm it on the next page.",
            "Bis Sie auf der nächsten Seite bestätigen, ist nichts geschuldet und nichts reserviert.",
        )),
        acts: None,
    };
    Ok(room.page(Spot::Orders, &head, &form))
}

fn offered(room: &Room, typed: &Typed, products: &[ResellerProductView]) -> Markup {
    let row = |product: &ResellerProductView| {
        let name = format!("quantity_{}", product.sku);
        let label = format!("{}: {}", room.t("Quantity", "Anzahl"), product.name);
        let stock = match (product.available_in_stock, product.backorder) {
            (true, _) => badge(Tone::Good, room.t("In stock", "Vorrätig")),
            (false, true) => badge(Tone::Warn, room.t("Backorder", "Nachlieferung")),
            (false, false) => badge(Tone::Bad, room.t("Out of stock", "Nicht vorrätig")),
        };
        vec![
            html! { span class="row" { (product.name) } span class="under" { code { (product.sku) } } },
            stock,
            html! { @match &product.unit_price { Some(price) => (room.look.money(price)), None => span class="muted" { "–" } } },
            html! { input class="short" type="number" inputmode="numeric" min="0" max=(Quantity::MOST) name=(name) value=(typed.value(&name)) aria-label=(label) aria-invalid=[typed.wrong(&name).map(|_| "true")]; },
        ]
    };
    let table = Table {
        caption: room.t("Products", "Produkte"),
        columns: vec![
            Column::new(room.t("Product", "Produkt")),
            Column::new(room.t("Stock", "Bestand")),
            Column::right(room.t("Your price", "Ihr Preis")),
            Column::right(room.t("Quantity", "Anzahl")),
        ],
        rows: products.iter().map(row).collect(),
        foot: None,
    };
    if products.is_empty() {
        return note::empty(
            Icon::Package,
            room.t("Nothing to order yet", "Noch nichts zu bestellen"),
            room.t("The merchant has not shared a product with you.", "Der Händler hat noch kein Produkt für Sie freigegeben."),
            None,
        );
    }
    table.draw()
}

/// A line with its price, or why it has none.
struct Quoted {
    name: String,
    quantity: i64,
    line: Result<Money, String>,
}

/// The sum of what is typed, as a piece of the page: a script puts it in while somebody types.
pub(super) async fn quote(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let items = wanted(&call.typed()?).unwrap_or_default();
    let mut quoted = Vec::new();
    for item in items.into_iter().take(100) {
        let line = match reseller_products::quoted(&call, &item.product, item.quantity).await {
            Ok((product, quote)) => {
                let line = quote.map(|quote| quote.total).map_err(|no| refusals::in_words(&room.look, no.code, &no.detail));
                Quoted { name: product.name, quantity: item.quantity, line }
            }
            Err(no) if no.status().as_u16() == 404 => {
                let text = refusals::in_words(&room.look, no.code(), no.detail());
                Quoted { name: item.product, quantity: item.quantity, line: Err(text) }
            }
            Err(no) => return Err(no),
        };
        quoted.push(line);
    }
    Ok(Answer::html(total_card(&room, &quoted)))
}

fn total_card(room: &Room, lines: &[Quoted]) -> Markup {
    let sum = lines.iter().filter_map(|line| line.line.as_ref().ok().copied()).reduce(|one, other| one.checked_add(other).unwrap_or(one));
    let names: Vec<String> = lines.iter().map(|line| format!("{} × {}", room.look.number(line.quantity), line.name)).collect();
    let shown = |line: &Quoted| match &line.line {
        Ok(total) => room.look.money(total),
        Err(why) => html! { span class="wrong" { (why) } },
    };
    let rows: Vec<(&str, Markup)> = names.iter().zip(lines).map(|(name, line)| (name.as_str(), shown(line))).collect();
    let total = sum.map_or_else(|| html! { span class="muted" { "–" } }, |sum| room.look.money(&sum));
    Card::new(room.t("Total at today's prices", "Summe zu heutigen Preisen")).with(sums(&rows, (room.t("Total", "Summe"), total)))
}

pub(super) async fn create(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    match create_from(&call).await {
        Ok(order) => Ok(done(&call, &room.path(&format!("/orders/{order}")), room.t("Draft saved.", "Entwurf gesichert."))),
        Err(Ok((field, what))) => {
            let text = match room.look.language {
                Language::English => format!("“{what}”: the quantity must be a whole number from 1 to 100,000."),
                Language::German => format!("„{what}“: Die Anzahl muss eine ganze Zahl von 1 bis 100.000 sein."),
            };
            let typed = Typed::of(call.typed()?).wrong_with(&field, &text);
            Ok(begin_page(&call, &room, &typed).await?.with_status(StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(Err(no)) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(begin_page(&call, &room, &typed).await?.with_status(status))
        }
    }
}

async fn create_from(call: &Call) -> Result<OrderId, Result<(String, String), Problem>> {
    let typed = call.typed().map_err(Err)?;
    let items = wanted(&typed).map_err(Ok)?;
    let fields: Vec<(String, String)> = typed.into_iter().filter(|(name, _)| name != "lines" && !name.starts_with("quantity_")).collect();
    let form: DraftForm = Call::read_form(&fields).map_err(Err)?;
    let fields = DraftFields {
        reference: form.reference.map(String::from),
        contact: form.contact.map(String::from),
        delivery_address: form.delivery_address.map(String::from),
    };
    Ok(call.execute(CreateDraft { fields, items }).await.map_err(Err)?.outcome.order)
}
