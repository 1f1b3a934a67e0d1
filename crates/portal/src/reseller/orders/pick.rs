//! What can be ordered, to choose from: with a search, in a new order and on a draft (ORD-1).

use super::wanted::{LOOK, QUANTITY, STEP};
use crate::forms::Typed;
use crate::room::{Room, Spot};
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::form::unseen;
use tradepost_design::icon::icon;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Table, badge, note, value};
use tradepost_domain::ids::OrderId;
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_web::api::orders::shown;
use tradepost_web::api::reseller_products::{self, ResellerProductView};
use tradepost_web::fields::Quantity;
use tradepost_web::form::FORM_KEY;
use tradepost_web::{Answer, Call, Problem};

/// How many products are offered at once; others are searched for.
const OFFERED: i64 = 50;
/// Chosen products beyond those that are looked up: the others are named by their SKUs until the draft is saved.
const LOOKED_UP: usize = 100;
/// The field of the search.
pub(super) const FIND: &str = "find";

/// A page of what a search finds, or of everything.
async fn found(call: &Call, text: &str) -> Result<Page<ResellerProductView>, Problem> {
    let search = Some(text.trim().chars().take(100).collect::<String>()).filter(|text| !text.is_empty());
    reseller_products::listed(call, search, PageRequest { limit: OFFERED, before: None }).await
}

/// A product as it stands on the page: what was chosen and is not offered any more has a name at least.
struct Row {
    sku: String,
    product: Option<ResellerProductView>,
}

/// What a new order is chosen from: what was chosen stays, whatever is searched for.
pub(super) struct Pick {
    rows: Vec<Row>,
    more: bool,
    searched: bool,
}

/// What was typed decides what is offered.
pub(super) async fn pick(call: &Call, typed: &Typed) -> Result<Pick, Problem> {
    let found = found(call, typed.value(FIND)).await?;
    let (mut rows, more) = (Vec::new(), found.next.is_some());
    for (name, value) in typed.values() {
        let Some(sku) = name.strip_prefix(QUANTITY).filter(|_| !matches!(value.trim(), "" | "0")) else { continue };
        if found.rows.iter().any(|product| product.sku == sku) {
            continue;
        }
        let quoted = if rows.len() < LOOKED_UP { reseller_products::quoted(call, sku, 1).await.map(Some) } else { Ok(None) };
        let product = match quoted {
            Ok(found) => found.map(|(product, _)| product),
            Err(no) if no.status().as_u16() == 404 => None,
            Err(no) => return Err(no),
        };
        rows.push(Row { sku: sku.to_owned(), product });
    }
    rows.extend(found.rows.into_iter().map(|product| Row { sku: product.sku.clone(), product: Some(product) }));
    Ok(Pick { rows, more, searched: !typed.value(FIND).trim().is_empty() })
}

fn stock(room: &Room, product: &ResellerProductView) -> Markup {
    match (product.available_in_stock, product.backorder) {
        (true, _) => badge(Tone::Good, room.t("In stock", "Vorrätig")),
        (false, true) => badge(Tone::Warn, room.t("Backorder", "Nachlieferung")),
        (false, false) => badge(Tone::Bad, room.t("Out of stock", "Nicht vorrätig")),
    }
}

fn price(room: &Room, product: &ResellerProductView) -> Markup {
    html! { @match &product.unit_price { Some(price) => (room.look.money(price)), None => (value::none()) } }
}

fn columns(room: &Room) -> Vec<Column<'_>> {
    vec![
        Column::new(room.t("Product", "Produkt")),
        Column::new(room.t("Stock", "Bestand")),
        Column::right(room.t("Your price", "Ihr Preis")),
        Column::right(room.t("Quantity", "Anzahl")),
    ]
}

fn search_box(room: &Room, text: &str) -> Markup {
    let search = room.t("Search by name or SKU", "Nach Name oder SKU suchen");
    html! { div class="search" { (icon(Icon::Search)) input type="search" name=(FIND) value=(text) maxlength="100" placeholder=(search) aria-label=(search); } }
}

fn nothing(room: &Room, searched: bool) -> Markup {
    if searched {
        return note::empty(
            Icon::Search,
            room.t("No results", "Keine Treffer"),
            room.t("No product matches this name or SKU.", "Kein Produkt passt zu diesem Namen oder dieser SKU."),
            None,
        );
    }
    note::empty(
        Icon::Package,
        room.t("Nothing to order yet", "Noch nichts zu bestellen"),
        room.t("The merchant has not shared a product with you.", "Der Händler hat noch kein Produkt für Sie freigegeben."),
        None,
    )
}

fn further(room: &Room, more: bool) -> Markup {
    html! { @if more { div class="inside" { p class="muted" { (room.t("There are more: search for them, or paste their SKUs.", "Es gibt weitere: Suchen Sie danach, oder fügen Sie ihre SKUs ein.")) } } } }
}

impl Pick {
    /// The products with a quantity each, inside of the form of a new order. The search is a step of that form, so that nothing typed is lost.
    pub(super) fn draw(&self, room: &Room, typed: &Typed) -> Markup {
        let row = |row: &Row| {
            let field = format!("{QUANTITY}{}", row.sku);
            let name = row.product.as_ref().map_or(row.sku.as_str(), |product| product.name.as_str());
            let (label, wrong) = (format!("{}: {name}", room.t("Quantity", "Anzahl")), typed.wrong(&field));
            let of = |part: fn(&Room, &ResellerProductView) -> Markup| row.product.as_ref().map_or_else(value::none, |product| part(room, product));
            vec![
                html! { span class="row" { (name) } span class="under" { (value::copyable(&row.sku, room.look.language)) } },
                of(stock),
                of(price),
                html! {
                    input class="short" type="number" inputmode="numeric" min="0" max=(Quantity::MOST) id=(field) name=(field) value=(typed.value(&field)) aria-label=(label) aria-invalid=[wrong.map(|_| "true")];
                    @if let Some(wrong) = wrong { span class="wrong" { (wrong) } }
                },
            ]
        };
        let table = Table { caption: room.t("Products", "Produkte"), columns: columns(room), rows: self.rows.iter().map(row).collect(), foot: None };
        html! {
            @if self.searched || !self.rows.is_empty() {
                div class="tools" {
                    (search_box(room, typed.value(FIND)))
                    (Button::new(room.t("Search", "Suchen")).small().submit_as(STEP, LOOK))
                }
            }
            @if self.rows.is_empty() { (nothing(room, self.searched)) } @else { (table.draw()) }
            (further(room, self.more))
        }
    }
}

/// The items dialog of a draft: each product with a form that adds it.
pub(super) async fn dialog(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (order, _) = shown(&call, call.path::<OrderId>("id")?).await?;
    let text = call.query_pairs().iter().find(|(name, _)| name == FIND).map_or("", |(_, text)| text.as_str());
    let found = found(&call, text).await?;
    let path = room.path(&format!("/orders/{}", order.id));
    let row = |product: &ResellerProductView| {
        let label = format!("{}: {}", room.t("Quantity", "Anzahl"), product.name);
        let (key, first) = (call.form_key(), product.min_quantity.unwrap_or(1));
        vec![
            html! { span class="row" { (product.name) } span class="under" { (value::copyable(&product.sku, room.look.language)) " " (stock(&room, product)) } },
            price(&room, product),
            html! {
                form class="inline" method="post" action={ (path) "/items" } {
                    (unseen(&[(FORM_KEY, key.as_str()), ("product", product.sku.as_str())]))
                    input class="short" type="number" inputmode="numeric" min="1" max=(Quantity::MOST) name="quantity" value=(first) required aria-label=(label);
                    (Button::new(room.t("Add", "Hinzufügen")).small().icon(Icon::Add).submit())
                }
            },
        ]
    };
    let columns = vec![Column::new(room.t("Product", "Produkt")), Column::right(room.t("Your price", "Ihr Preis")), Column::new(room.t("Quantity", "Anzahl"))];
    let table = Table { caption: room.t("Products", "Produkte"), columns, rows: found.rows.iter().map(row).collect(), foot: None };
    let title = room.t("Add items", "Positionen hinzufügen");
    let inside = html! {
        header { h2 { (title) } }
        form class="tools" method="get" action={ (path) "/items" } role="search" {
            (search_box(&room, text))
            (Button::new(room.t("Search", "Suchen")).small().submit())
            div class="apart" { a class="button small" href=(path) data-close { (room.t("Close", "Schließen")) } }
        }
        @if found.rows.is_empty() { (nothing(&room, !text.trim().is_empty())) } @else { (table.draw()) }
        (further(&room, found.next.is_some()))
    };
    Ok(room.dialog(Spot::Orders, title, &inside))
}
