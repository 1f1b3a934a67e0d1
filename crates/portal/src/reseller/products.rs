//! What the reseller may order: the list, and the page of one with its price for a quantity and how that came about (CAT-4, CAT-5).

use crate::lists::{Cell, List, fetch};
use crate::refusals;
use crate::room::{Room, Spot};
use crate::shared::orders::{source_name, step_name};
use crate::shared::views;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, facts};
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Language, Table, badge, form, note, value};
use tradepost_domain::Right;
use tradepost_domain::catalog::{EndUserInformation, Kind};
use tradepost_domain::saved_views::ListName;
use tradepost_kernel::Money;
use tradepost_web::api::products::ProductType;
use tradepost_web::api::reseller_products::{self, Offer, PriceExplanationView, PriceStepView, ResellerProductView};
use tradepost_web::fields::Quantity;
use tradepost_web::form::FORM_KEY;
use tradepost_web::{Answer, Call, Problem, Routes};

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let views = views::of(&call, ListName::Products).await?;
    let list = List::new(&room, &call, "products").searches().views(views).empty(
        Icon::Package,
        room.t("No products yet", "Noch keine Produkte"),
        room.t("The merchant has not shared a product with you.", "Der Händler hat noch kein Produkt für Sie freigegeben."),
        None,
    );
    let searched = list.searched();
    let found = list.rows(&call, fetch!(|page| [searched, call] reseller_products::listed(call, searched.clone(), page).await)).await?;
    let columns = vec![
        Column::new(room.t("Product", "Produkt")),
        Column::new(room.t("SKU", "SKU")),
        Column::new(room.t("Group", "Gruppe")),
        Column::new(room.t("Stock", "Bestand")),
        Column::new(room.t("Per order line", "Je Position")),
        Column::amounts(room.t("Your price", "Ihr Preis")),
    ];
    let row = |product: &ResellerProductView| {
        let (tone, stock) = stock(&room, product);
        vec![
            Cell::link(&product.name, &room.path(&format!("/products/{}", product.id)), None),
            Cell::code(&room, &product.sku),
            Cell::maybe(product.group.as_deref()),
            Cell::badge(tone, stock),
            Cell::maybe(limits(&room, product).as_deref()),
            product.unit_price.as_ref().map_or_else(Cell::empty, |price| Cell::money(&room, price)),
        ]
    };
    let rows = found.rows.iter().map(row).collect();
    let acts =
        room.may(Right::OrdersPlace).then(|| Button::new(room.t("New order", "Neue Bestellung")).primary().icon(Icon::Add).to(&room.path("/orders/new")));
    let head = Head { crumbs: &[], title: room.t("Products", "Produkte"), state: None, text: None, acts };
    list.answer(&call, Spot::Products, &head, columns, rows, found.next)
}

/// Whether it can be had now.
fn stock(room: &Room, product: &ResellerProductView) -> (Tone, &'static str) {
    match (product.available_in_stock, product.backorder) {
        (true, _) => (Tone::Good, room.t("In stock", "Vorrätig")),
        (false, true) => (Tone::Warn, room.t("Backorder", "Nachlieferung")),
        (false, false) => (Tone::Bad, room.t("Out of stock", "Nicht vorrätig")),
    }
}

/// How many a line of an order may have, where that is limited.
fn limits(room: &Room, product: &ResellerProductView) -> Option<String> {
    let look = &room.look;
    let number = |count: i64| look.number(count);
    match (product.min_quantity, product.max_quantity) {
        (None, None) => None,
        (Some(least), None) => Some(format!("{} {}", room.t("from", "ab"), number(least))),
        (None, Some(most)) => Some(format!("{} {}", room.t("up to", "bis"), number(most))),
        (Some(least), Some(most)) => Some(format!("{}–{}", number(least), number(most))),
    }
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let asked = call.query_pairs().iter().find(|(name, _)| name == "quantity").map(|(_, text)| text.trim().to_owned()).filter(|text| !text.is_empty());
    let quantity: Option<i64> = asked.as_ref().and_then(|text| text.parse().ok()).filter(|count| (1..=Quantity::MOST).contains(count));
    let wrong = asked.is_some() && quantity.is_none();
    let offer = reseller_products::offer(&call, call.path_text("id")?, quantity).await?;
    let product = &offer.product;
    let typed = asked.filter(|_| wrong).unwrap_or_else(|| offer.quantity.to_string());
    let inside = html! {
        div class="columns" {
            div {
                (price_card(&room, &offer, &typed, wrong))
                @if let Ok(quote) = &offer.quote { (steps(&room, quote)) }
            }
            div {
                (about(&room, product))
                (tiers(&room, &offer.tiers))
            }
        }
    };
    let (tone, stock) = stock(&room, product);
    let list = room.path("/products");
    let crumbs = [(room.t("Products", "Produkte"), list.as_str())];
    let order = (!wrong && !is_outside(&offer) && offer.quote.is_ok() && room.may(Right::OrdersPlace)).then(|| order_this(&call, &room, &offer));
    let head = Head { crumbs: &crumbs, title: &product.name, state: Some(badge(tone, stock)), text: None, acts: order };
    Ok(room.page(Spot::Products, &head, &inside))
}

/// A draft with this product in this quantity: the form of a new order with one line.
fn order_this(call: &Call, room: &Room, offer: &Offer) -> Markup {
    let (key, field, count) = (call.form_key(), format!("quantity_{}", offer.product.sku), offer.quantity.to_string());
    let text = match room.look.language {
        Language::English => format!("Order {}", room.look.number(offer.quantity)),
        Language::German => format!("{} bestellen", room.look.number(offer.quantity)),
    };
    html! {
        form class="act" method="post" action=(room.path("/orders")) {
            (form::unseen(&[(FORM_KEY, key.as_str()), (field.as_str(), count.as_str())]))
            (Button::new(&text).primary().icon(Icon::Order).submit())
        }
    }
}

/// Whether a line may not have this many.
fn is_outside(offer: &Offer) -> bool {
    let (least, most) = (offer.product.min_quantity, offer.product.max_quantity);
    least.is_some_and(|least| offer.quantity < least) || most.is_some_and(|most| offer.quantity > most)
}

/// What a quantity costs, and another quantity to ask for.
fn price_card(room: &Room, offer: &Offer, typed: &str, wrong: bool) -> Markup {
    let label = room.t("Quantity", "Anzahl");
    let mistake = room.t("Type a whole number from 1 to 100,000.", "Geben Sie eine ganze Zahl von 1 bis 100.000 an.");
    let outside_text = limits(room, &offer.product).map(|limits| format!("{}: {limits}", room.t("A line may have", "Eine Position darf haben")));
    let inside = html! {
        form class="inline" method="get" {
            label for="quantity" { (label) }
            input class="short" type="number" inputmode="numeric" min="1" max=(Quantity::MOST) id="quantity" name="quantity" value=(typed) required aria-invalid=[wrong.then_some("true")];
            (Button::new(room.t("Show price", "Preis zeigen")).submit())
        }
        @if wrong {
            (note::note(Tone::Bad, mistake, "", None))
        } @else {
            @match &offer.quote {
                Ok(quote) => (facts(&[
                    (room.t("Unit price", "Stückpreis"), room.look.money(&quote.unit_price)),
                    (room.t("Total", "Summe"), html! { strong { (room.look.money(&quote.total)) } }),
                ])),
                Err(no) => (note::note(Tone::Warn, room.t("There is no price", "Es gibt keinen Preis"), &refusals::in_words(&room.look, no.code, &no.detail), None)),
            }
            @if is_outside(offer) { (note::note(Tone::Warn, room.t("This many cannot be ordered", "So viele lassen sich nicht bestellen"), outside_text.as_deref().unwrap_or(""), None)) }
        }
    };
    Card::new(room.t("Your price", "Ihr Preis")).with(inside)
}

/// How the price came about, step by step, in the order in which it was reckoned.
fn steps(room: &Room, quote: &PriceExplanationView) -> Markup {
    let look = &room.look;
    let row = |step: &PriceStepView| {
        let takes = matches!(step.step.as_str(), "wholesale_discount" | "margin" | "item_discount");
        let change = match &step.amount {
            Some(amount) if takes => html! { "− " (look.money(amount)) },
            Some(_) => html! {},
            None => html! { "× " (look.number(quote.quantity)) },
        };
        vec![
            html! { (step_name(room, &step.step)) @if let Some(percent) = &step.percent { " " (percent) " %" } },
            html! { (source_name(room, &step.source)) @if let Some(from) = step.from_quantity.filter(|from| *from > 1) { span class="under" { (room.t("from", "ab")) " " (look.number(from)) } } },
            change,
            look.money(&step.result),
        ]
    };
    let table = Table {
        caption: room.t("Price breakdown", "Preisberechnung"),
        columns: vec![
            Column::new(room.t("Step", "Schritt")),
            Column::new(room.t("From", "Aus")),
            Column::right(room.t("Change", "Änderung")),
            Column::right(room.t("Result", "Ergebnis")),
        ],
        rows: quote.steps.iter().map(row).collect(),
        foot: None,
    };
    Card::new(room.t("Price breakdown", "Preisberechnung")).around(table.draw())
}

/// Prices by quantity, where there is more than one.
fn tiers(room: &Room, tiers: &[(i64, Money)]) -> Markup {
    let table = Table {
        caption: room.t("Price by quantity", "Preis nach Menge"),
        columns: vec![Column::new(room.t("From", "Ab")), Column::right(room.t("Unit price", "Stückpreis"))],
        rows: tiers.iter().map(|(from, price)| vec![html! { span class="number" { (room.look.number(*from)) } }, room.look.money(price)]).collect(),
        foot: None,
    };
    html! { @if tiers.len() > 1 { (Card::new(room.t("Price by quantity", "Preis nach Menge")).around(table.draw())) } }
}

/// What it is, and what is asked when it is handed out.
fn about(room: &Room, product: &ResellerProductView) -> Markup {
    let look = &room.look;
    let kind = match product.kind {
        Kind::Key => room.t("License key", "Lizenzschlüssel"),
        Kind::Subscription => room.t("Subscription", "Abonnement"),
        Kind::Download => room.t("Download", "Download"),
        Kind::Physical => room.t("Goods", "Ware"),
        Kind::Service => room.t("Service", "Dienstleistung"),
    };
    let end_user = match product.end_user_information {
        EndUserInformation::None => room.t("not asked", "nicht gefragt"),
        EndUserInformation::AtActivation => room.t("asked when a license is activated", "gefragt, wenn eine Lizenz aktiviert wird"),
        EndUserInformation::BeforeDelivery => room.t("asked before delivery", "gefragt vor der Lieferung"),
    };
    let mut rows: Vec<(&str, Markup)> = vec![
        (room.t("SKU", "SKU"), value::copyable(&product.sku, look.language)),
        (room.t("ID", "ID"), value::copyable(&product.id.to_string(), look.language)),
        (room.t("Kind", "Art"), html! { (kind) @if product.r#type == ProductType::Bundle { " (" (room.t("bundle", "Bündel")) ")" } }),
    ];
    rows.extend(product.group.as_ref().map(|group| (room.t("Group", "Gruppe"), html! { (group) })));
    rows.extend(limits(room, product).map(|limits| (room.t("Per order line", "Je Position"), html! { (limits) })));
    rows.push((room.t("End user", "Endkunde"), html! { (end_user) }));
    if product.reseller_information {
        rows.push((room.t("Selling company", "Verkaufende Firma"), html! { (room.t("must be named", "muss genannt werden")) }));
    }
    Card::new(room.t("About", "Über das Produkt")).with(facts(&rows))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/r/{partnership}/products", "productsPage", list).needs(Right::ProgramRead).page();
    r.get("/r/{partnership}/products/{id}", "productPage", show).needs(Right::ProgramRead).page().refuses(&["product_not_available"]);
}
