//! Parts of an order's page.

use crate::files::Kind;
use crate::lists::{List, Narrowing};
use crate::names;
use crate::room::Room;
use crate::shared::fulfillments::between;
use crate::shared::licenses::may_attach;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, facts, sums};
use tradepost_design::table::Column;
use tradepost_design::{Button, Table, note, value};
use tradepost_domain::Right;
use tradepost_domain::access::Side;
use tradepost_domain::ids::{OrderId, PartnershipId};
use tradepost_domain::licenses::LockReason;
use tradepost_domain::orders::State;
use tradepost_domain::orders::queries::OrderFilter;
use tradepost_kernel::Money;
use tradepost_web::api::credit::CreditOverview;
use tradepost_web::api::order_export;
use tradepost_web::api::orders::{OrderItemView, OrderView};
use tradepost_web::api::reseller_products::PriceStepView;
use tradepost_web::{Answer, Call, Problem};

/// A list of orders with a menu that narrows it to a product and to days.
#[must_use]
pub fn narrowed<'a>(room: &Room, call: &Call, list: List<'a>) -> List<'a> {
    by_product_and_days(room, Narrowing::new(room, call)).of(list, room.t("Product, dates", "Produkt, Zeitraum"))
}

/// The fields for a product and days, behind those that a menu has already.
#[must_use]
pub fn by_product_and_days<'a>(room: &'a Room, narrowing: Narrowing<'a>) -> Narrowing<'a> {
    let product = narrowing.text("product", room.t("Product (SKU or ID)", "Produkt (SKU oder ID)"));
    product.day("from", room.t("Created from", "Angelegt ab")).day("to", room.t("Created to", "Angelegt bis"))
}

/// What a list of orders is narrowed to, and in what order it stands.
#[must_use]
pub fn filter_of(room: &Room, list: &List<'_>) -> OrderFilter {
    let (created_from, created_to) = between(room, list);
    OrderFilter {
        state: list.asked("state").and_then(State::from_name),
        search: list.searched(),
        product: list.asked("product").map(ToOwned::to_owned),
        held: list.asked("held").is_some(),
        created_from,
        created_to,
        sort: list.by_age(),
    }
}

/// What an order is called: its number, before it has one the end of its id.
#[must_use]
pub fn number(room: &Room, number: Option<&str>, id: OrderId) -> String {
    number.map_or_else(
        || {
            let id = id.to_string();
            format!("{} …{}", room.t("Draft", "Entwurf"), &id[id.len().saturating_sub(5)..])
        },
        ToOwned::to_owned,
    )
}

/// A price, or a dash where there is none.
#[must_use]
pub fn price_cell(room: &Room, price: Option<&Money>) -> Markup {
    html! { @match price { Some(price) => (room.look.money(price)), None => span class="muted" { "–" } } }
}

/// How often a page of an order that waits looks again, where there is a script.
const LOOKS_AGAIN_SECONDS: i64 = 15;

/// Why it waits, who can clear it, and a button where it is you (FUL-2).
#[must_use]
pub fn lock_notes(room: &Room, order: &OrderView, path: &str) -> Markup {
    let own = match room.side {
        Side::Merchant => "merchant",
        Side::Reseller => "reseller",
    };
    html! {
        @if !order.lock_reasons.is_empty() { span hidden data-watch=(LOOKS_AGAIN_SECONDS) {} }
        @for reason in &order.lock_reasons {
            @if let Some(known) = names::lock_reason_named(reason.code) {
                @let (title, text) = names::lock_reason(&room.look, known);
                (note::note(Tone::Warn, title, text, reason.cleared_by.contains(&own).then(|| clearing(room, order, known, path)).flatten().as_ref()))
            }
        }
        (reservation_note(room, order))
    }
}

/// How long a held order keeps its keys, or that it does no longer (STK-7).
fn reservation_note(room: &Room, order: &OrderView) -> Markup {
    if !order.held {
        return html! {};
    }
    let look = &room.look;
    if order.reservation_ended_at.is_some() {
        let text = look.t(
            "It was not paid in time, so its keys went back to stock. Once it is paid it reserves keys again; where none are left it waits for new ones.",
            "Sie wurde nicht rechtzeitig bezahlt, deshalb sind ihre Schlüssel zurück im Bestand. Bezahlt reserviert sie wieder welche; sind keine da, wartet sie auf neue.",
        );
        return note::note(Tone::Warn, look.t("Its reservation ended", "Ihre Reservierung ist beendet"), text, None);
    }
    let Some(until) = order.reserved_until else { return html! {} };
    let until = look.day_of(until);
    let text = look.t(
        "After that they go back to stock. The order stays, and reserves again once it is paid.",
        "Danach gehen sie zurück in den Bestand. Die Bestellung bleibt und reserviert wieder, sobald sie bezahlt ist.",
    );
    note::note(Tone::Info, &format!("{} {until}", look.t("Keys are reserved until", "Schlüssel sind reserviert bis")), text, None)
}

/// The button that clears a reason, on the side that asks.
fn clearing(room: &Room, order: &OrderView, reason: LockReason, path: &str) -> Option<Markup> {
    let button = |text, place: String| Some(Button::new(text).small().to(&place));
    let dialog = |text, place: &str| Some(Button::new(text).small().opens_dialog().to(&format!("{path}/{place}")));
    let invoice = order.invoice.as_ref().map(|invoice| room.path(&format!("/invoices/{}", invoice.id)));
    match (reason, room.side) {
        (LockReason::UnpaidInvoice | LockReason::NotEnoughCredit | LockReason::CreditLimitReached, Side::Reseller) => {
            button(room.t("How to pay", "So bezahlen Sie"), format!("{}/pay", invoice?))
        }
        (LockReason::UnpaidInvoice | LockReason::NotEnoughCredit | LockReason::CreditLimitReached, Side::Merchant) if room.may(Right::BillingManage) => {
            button(room.t("Record payment", "Zahlung erfassen"), format!("{}/payments/new", invoice?))
        }
        (LockReason::RequiredEndUserInformation, _) if may_attach(room) => dialog(room.t("Add end user", "Endkunden angeben"), "end-user"),
        (LockReason::RequiredResellerInformation, _) if may_attach(room) => dialog(room.t("Add selling company", "Verkaufende Firma angeben"), "reseller"),
        (LockReason::RequiredEndUserInformation | LockReason::RequiredResellerInformation, _) => {
            button(room.t("Show its licenses", "Lizenzen zeigen"), room.path(&format!("/licenses?order={}", order.id)))
        }
        (LockReason::RequiredVendorDeliveryConfirmation, Side::Merchant) if room.may(Right::FulfillmentConfirm) => {
            button(room.t("Confirm delivery", "Lieferung bestätigen"), format!("{path}/confirm-delivery"))
        }
        (LockReason::OutOfStock, Side::Merchant) if room.may(Right::StockManage) => {
            button(room.t("Import keys", "Schlüssel importieren"), room.path("/stock/import"))
        }
        _ => None,
    }
}

/// The lines of an order that is placed, each with how its price came about.
#[must_use]
pub fn items(room: &Room, order: &OrderView) -> Markup {
    let row = |item: &OrderItemView| {
        vec![
            html! { span class="row" { (item.name) } span class="under" { (value::copyable(&item.sku, room.look.language)) } (explanation(room, &item.price_explanation)) },
            html! { span class="number" { (room.look.number(item.quantity)) } },
            price_cell(room, item.unit_price.as_ref()),
            price_cell(room, item.line_total.as_ref()),
        ]
    };
    let table = Table {
        caption: room.t("Items", "Positionen"),
        columns: vec![
            Column::new(room.t("Product", "Produkt")),
            Column::right(room.t("Quantity", "Anzahl")),
            Column::right(room.t("Price", "Preis")),
            Column::right(room.t("Amount", "Betrag")),
        ],
        rows: order.items.iter().map(row).collect(),
        foot: None,
    };
    Card::new(room.t("Items", "Positionen")).around(table.draw())
}

/// What a step of a price is called.
#[must_use]
pub fn step_name(room: &Room, step: &str) -> &'static str {
    match step {
        "price" => room.t("Price", "Preis"),
        "wholesale_discount" => room.t("Wholesale discount", "Großhandelsrabatt"),
        "margin" => room.t("Margin", "Marge"),
        "quantity" => room.t("Quantity", "Anzahl"),
        "item_discount" => room.t("Item discount", "Positionsrabatt"),
        "forced_total" => room.t("Agreed total", "Vereinbarte Summe"),
        _ => "",
    }
}

/// Where a step of a price comes from.
#[must_use]
pub fn source_name(room: &Room, source: &str) -> &'static str {
    match source {
        "list" => room.t("list price", "Listenpreis"),
        "price_list" => room.t("price list", "Preisliste"),
        "partnership" => room.t("your own price", "eigener Preis"),
        "terms" => room.t("your terms", "Ihre Konditionen"),
        "terms_and_item" => room.t("your terms and this item", "Ihre Konditionen und diese Position"),
        "item" => room.t("this item", "diese Position"),
        _ => "",
    }
}

/// How a price came about, step by step (CAT-5).
#[must_use]
pub fn explanation(room: &Room, steps: &[PriceStepView]) -> Markup {
    explanation_of(room, room.t("Price breakdown", "Preisberechnung"), steps)
}

/// The same under another title, where several stand together.
#[must_use]
pub fn explanation_of(room: &Room, title: &str, steps: &[PriceStepView]) -> Markup {
    html! {
        @if !steps.is_empty() {
            details class="explanation" {
                summary { (title) }
                ol {
                    @for step in steps {
                        li {
                            span { (step_name(room, &step.step)) @if let Some(percent) = &step.percent { " " (percent) " %" } " · " (source_name(room, &step.source)) }
                            span { @if let Some(amount) = &step.amount { (room.look.money(amount)) } " → " (room.look.money(&step.result)) }
                        }
                    }
                }
            }
        }
    }
}

/// What it costs, what was paid, what is open.
#[must_use]
pub fn amounts(room: &Room, order: &OrderView) -> Markup {
    let total = html! { @match &order.total { Some(total) => (room.look.money(total)), None => span class="muted" { "–" } } };
    let lines: Vec<(&str, Markup)> = vec![(room.t("Total", "Summe"), total), (room.t("Paid", "Bezahlt"), html! { (room.look.money(&order.paid)) })];
    let inside = html! {
        (sums(&lines, (room.t("Outstanding", "Offen"), room.look.money(&order.open))))
        @if let Some(invoice) = &order.invoice {
            p class="muted" {
                (room.t("Invoice", "Rechnung")) " " a href=(room.path(&format!("/invoices/{}", invoice.id))) { (invoice.number) }
                " · " (room.t("due", "fällig")) " " (room.look.date(invoice.due_on))
            }
        }
    };
    Card::new(room.t("Amounts", "Beträge")).with(inside)
}

/// How many licenses it has, by where they are; who they are for and who sells them on is said here for all that have none yet (FUL-3, CAT-3).
#[must_use]
pub fn licenses(room: &Room, order: &OrderView) -> Markup {
    let counts = &order.licenses;
    let all = [
        (room.t("Waiting", "Warten"), counts.waiting),
        (room.t("Available", "Verfügbar"), counts.available),
        (room.t("Distributed", "Weitergegeben"), counts.distributed),
        (room.t("Canceled", "Storniert"), counts.canceled),
    ];
    let shown: Vec<(&str, Markup)> =
        all.into_iter().filter(|(_, count)| *count > 0).map(|(name, count)| (name, html! { span class="number" { (room.look.number(count)) } })).collect();
    let to = room.path(&format!("/licenses?order={}", order.id));
    let act = |text, place: &str| Button::new(text).small().opens_dialog().to(&room.path(&format!("/orders/{}/{place}", order.id)));
    let (owners, companies) = (counts.without_end_user > 0, counts.without_selling_company > 0);
    let card = Card::new(room.t("Licenses", "Lizenzen")).acts(Button::new(room.t("Show", "Zeigen")).small().to(&to));
    html! {
        @if !shown.is_empty() {
            (card.with(html! {
                (facts(&shown))
                @if may_attach(room) && (owners || companies) {
                    div class="button-row" {
                        @if owners { (act(room.t("End user", "Endkunde"), "end-user")) }
                        @if companies { (act(room.t("Selling company", "Verkaufende Firma"), "reseller")) }
                    }
                }
            }))
        }
    }
}

/// Its ids, dates and words.
#[must_use]
pub fn facts_card(room: &Room, order: &OrderView) -> Markup {
    let look = &room.look;
    let mut rows: Vec<(&str, Markup)> = vec![(room.t("ID", "ID"), value::copyable(&order.id.to_string(), look.language))];
    let mut add = |name, text: &Option<String>| {
        if let Some(text) = text {
            rows.push((name, html! { span class="lines" { (text) } }));
        }
    };
    add(room.t("Reference", "Referenz"), &order.reference);
    add(room.t("Contact", "Ansprechpartner"), &order.contact);
    add(room.t("Delivery address", "Lieferadresse"), &order.delivery_address);
    add(room.t("Cancellation reason", "Grund der Stornierung"), &order.cancel_note);
    let moments = [
        (room.t("Created", "Angelegt"), Some(order.created_at)),
        (room.t("Confirmed", "Bestätigt"), order.placed_at),
        (room.t("Released", "Freigegeben"), order.released_at),
        (room.t("Completed", "Abgeschlossen"), order.completed_at),
        (room.t("Canceled", "Storniert"), order.canceled_at),
    ];
    rows.extend(moments.into_iter().filter_map(|(name, at)| at.map(|at| (name, look.moment(at)))));
    Card::new(room.t("Details", "Details")).with(facts(&rows))
}

/// Before an order is placed: whether it fits the credit, with the amount over (CRD-3).
#[must_use]
pub fn fits(room: &Room, credit: &CreditOverview, total: &Money) -> Markup {
    let look = &room.look;
    let Some(available) = &credit.available else {
        let text = room
            .t("You have no credit limit: the goods are released once it is paid.", "Sie haben keinen Kreditrahmen: Die Ware wird frei, sobald bezahlt ist.");
        return note::note(Tone::Info, room.t("To be paid first", "Vorab zu bezahlen"), text, None);
    };
    let over_minor = total.minor - available.minor;
    if over_minor > 0 {
        let over = look.money_text(&total.currency.minor(over_minor));
        let text = match look.language {
            tradepost_design::Language::English => {
                format!("It is {over} beyond your credit limit. It is accepted and held as a whole until enough is paid, and counts as used credit meanwhile.")
            }
            tradepost_design::Language::German => format!(
                "Sie liegt {over} über Ihrem Kreditrahmen. Sie wird angenommen und als Ganzes gehalten, bis genug bezahlt ist, und zählt so lange als genutzter Kredit."
            ),
        };
        return note::note(Tone::Warn, room.t("Beyond your credit limit", "Über Ihrem Kreditrahmen"), &text, None);
    }
    let left = look.money_text(&total.currency.minor(-over_minor));
    let text = match look.language {
        tradepost_design::Language::English => format!("The goods are released at once. {left} of your credit are left then."),
        tradepost_design::Language::German => format!("Die Ware wird sofort freigegeben. Danach sind noch {left} Ihres Kredits frei."),
    };
    note::note(Tone::Good, room.t("Within your credit", "Innerhalb Ihres Kredits"), &text, None)
}

/// What the columns of the file of all orders are called, in the order of the API's own.
fn export_head(room: &Room) -> [&str; 14] {
    [
        room.t("ID", "ID"),
        room.t("Number", "Nummer"),
        room.t("Reseller ID", "Reseller-ID"),
        room.t("Reseller", "Reseller"),
        room.t("Status", "Status"),
        room.t("Reference", "Referenz"),
        room.t("Currency", "Währung"),
        room.t("Total", "Summe"),
        room.t("Paid", "Bezahlt"),
        room.t("Outstanding", "Offen"),
        room.t("Created", "Angelegt"),
        room.t("Confirmed", "Bestätigt"),
        room.t("Completed", "Abgeschlossen"),
        room.t("Canceled", "Storniert"),
    ]
}

/// All orders as a file, however many: with the columns of the API's, in words.
///
/// # Errors
/// 403; faults of the store.
pub async fn exported(room: &Room, call: &Call, partnership: Option<PartnershipId>, filter: OrderFilter, kind: Kind) -> Result<Answer, Problem> {
    order_export::exported(call, partnership, filter, &export_head(room), kind.form(room)).await
}
