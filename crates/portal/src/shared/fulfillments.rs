//! Parts of the pages of fulfillments, and of the requests to take them back.

use crate::files::Plain;
use crate::lists::{Cell, List, Narrowing};
use crate::look::Look;
use crate::room::Room;
use maud::{Markup, html};
use std::collections::HashMap;
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, facts, sums};
use tradepost_design::table::{Column, Table};
use tradepost_design::{Language, badge, note, value};
use tradepost_domain::fulfillments::{Door, MOST_AT_ONCE, RequestState, State, is_large};
use tradepost_domain::ids::LicenseId;
use tradepost_kernel::{Date, Timestamp};
use tradepost_web::Call;
use tradepost_web::api::fulfillments::{FulfilledItem, FulfillmentView, MaskedFulfillment, NamedFulfillment};

/// Masked codes that a page shows at most: the others are looked at, or downloaded.
const MOST_MASKED: usize = 50;

/// How often the page of one that is being delivered looks again, where there is a script.
const LOOKS_AGAIN_SECONDS: i64 = 5;

/// Where a fulfillment stands.
#[must_use]
pub const fn state(look: &Look, state: State) -> (Tone, &'static str) {
    let (tone, english, german) = match state {
        State::Processing => (Tone::Info, "Processing", "In Arbeit"),
        State::Delivered => (Tone::Good, "Delivered", "Geliefert"),
        State::PartlyRefunded => (Tone::Warn, "Partly refunded", "Teilweise erstattet"),
        State::Refunded => (Tone::Plain, "Refunded", "Erstattet"),
        State::Failed => (Tone::Bad, "Failed", "Gescheitert"),
    };
    (tone, look.t(english, german))
}

/// By which door it came.
#[must_use]
pub const fn door(look: &Look, door: Door) -> &'static str {
    match door {
        Door::Api => look.t("API", "API"),
        Door::DynamicUrl => look.t("Dynamic URL", "Dynamische URL"),
    }
}

/// Where a request to take something back stands.
#[must_use]
pub const fn request_state(look: &Look, state: RequestState) -> (Tone, &'static str) {
    let (tone, english, german) = match state {
        RequestState::Pending => (Tone::Warn, "Pending", "Offen"),
        RequestState::Approved => (Tone::Good, "Approved", "Angenommen"),
        RequestState::Rejected => (Tone::Bad, "Rejected", "Abgelehnt"),
        RequestState::Withdrawn => (Tone::Plain, "Withdrawn", "Zurückgezogen"),
    };
    (tone, look.t(english, german))
}

/// The filter of a list by state.
#[must_use]
pub fn states(look: &Look) -> Vec<(String, String)> {
    State::ALL.iter().map(|known| (known.name().to_owned(), state(look, *known).1.to_owned())).collect()
}

/// The filter of a list of requests by state.
#[must_use]
pub fn request_states(look: &Look) -> Vec<(String, String)> {
    RequestState::ALL.iter().map(|known| (known.name().to_owned(), request_state(look, *known).1.to_owned())).collect()
}

/// The first moment of a day on the clock of a time zone.
#[must_use]
pub fn day_begins(day: Date, zone: &str) -> Timestamp {
    let Ok(midnight) = format!("{day}T00:00:00Z").parse::<Timestamp>() else { return Timestamp::from_ms(0) };
    // No clock is further from UTC than fourteen hours: halve what is between until the moment is found.
    let (mut before, mut at) = (midnight.ms() - 15 * 3_600_000, midnight.ms() + 15 * 3_600_000);
    while at - before > 1 {
        let middle = before + (at - before) / 2;
        if Timestamp::from_ms(middle).date_in(zone) < day {
            before = middle;
        } else {
            at = middle;
        }
    }
    Timestamp::from_ms(at)
}

/// The days that a list is asked for by `from` and `to`, both included: the first moment, and the first one after.
#[must_use]
pub fn between(room: &Room, list: &List<'_>) -> (Option<Timestamp>, Option<Timestamp>) {
    let day = |name| list.asked(name).and_then(|text| text.parse::<Date>().ok());
    (day("from").map(|day| day_begins(day, &room.look.zone)), day("to").map(|day| day_begins(day.plus_days(1), &room.look.zone)))
}

/// The list with a menu that narrows it to days.
#[must_use]
pub fn by_days<'a>(room: &Room, call: &Call, list: List<'a>) -> List<'a> {
    Narrowing::new(room, call).day("from", room.t("From", "Von")).day("to", room.t("To", "Bis")).of(list, room.t("Dates", "Zeitraum"))
}

/// The columns of a list of fulfillments.
#[must_use]
pub fn columns<'a>(room: &'a Room, list: &List<'_>) -> Vec<Column<'a>> {
    vec![
        Column::new(room.t("Shop order", "Shop-Bestellung")).with(room.t("Source", "Quelle")),
        Column::new(room.t("Status", "Status")),
        Column::new(room.t("Customer", "Kunde")),
        Column::new(room.t("Product", "Produkt")).with(room.t("SKU", "SKU")),
        Column::right(room.t("Codes", "Codes")),
        Column::amounts(room.t("Cost", "Kosten")),
        Column::amounts(room.t("Refunded", "Erstattet")),
        list.turning(Column::new(room.t("Recorded", "Erfasst"))),
    ]
}

/// Its row, under [`columns`].
#[must_use]
pub fn cells(room: &Room, row: &NamedFulfillment) -> Vec<Cell> {
    let fulfillment = &row.fulfillment;
    let (tone, name) = state(&room.look, fulfillment.status);
    let product = html! { (value::whole(&row.product_name)) span class="under" { code { (row.sku) } } };
    let refunded = if fulfillment.refunded.minor == 0 { Cell::empty() } else { Cell::money(room, &fulfillment.refunded) };
    vec![
        Cell::link(&fulfillment.external_order_id, &room.path(&format!("/fulfillments/{}", fulfillment.id)), Some(door(&room.look, fulfillment.source))),
        Cell::badge(tone, name),
        Cell::text(&fulfillment.customer_email),
        Cell::shown_as(product, Plain::Text(row.product_name.clone())).and(Plain::Exact(row.sku.clone())),
        Cell::number(room, fulfillment.quantity),
        Cell::money(room, &fulfillment.total_cost),
        refunded,
        Cell::moment(room, fulfillment.created_at),
    ]
}

/// What is to be known of where it stands.
#[must_use]
pub fn standing(room: &Room, view: &FulfillmentView) -> Markup {
    let (ready, all, back) = (room.look.number(view.ready), room.look.number(view.quantity), room.look.number(view.refunded_quantity));
    let refunded = room.look.money_text(&view.refunded);
    let (tone, title, english, german) = match view.status {
        State::Delivered => return html! {},
        State::Processing => (
            Tone::Info,
            room.t("It is being delivered", "Sie wird geliefert"),
            format!("{ready} of {all} codes are ready. Once all of them are, they are downloaded as a file."),
            format!("{ready} von {all} Codes sind bereit. Sobald es alle sind, werden sie als Datei geladen."),
        ),
        State::PartlyRefunded => (
            Tone::Info,
            room.t("Some of it was taken back", "Ein Teil wurde zurückgenommen"),
            format!("{back} of {all} codes are no longer good; {refunded} went back to the balance."),
            format!("{back} von {all} Codes gelten nicht mehr; {refunded} gingen zurück aufs Guthaben."),
        ),
        State::Refunded => (
            Tone::Plain,
            room.t("All of it was taken back", "Alles wurde zurückgenommen"),
            format!("None of its codes is good any more; {refunded} went back to the balance."),
            format!("Keiner ihrer Codes gilt mehr; {refunded} gingen zurück aufs Guthaben."),
        ),
        State::Failed => (
            Tone::Bad,
            room.t("It could not be delivered", "Sie ließ sich nicht liefern"),
            format!("{refunded} went back to the balance."),
            format!("{refunded} gingen zurück aufs Guthaben."),
        ),
    };
    html! {
        (note::note(tone, title, room.t(&english, &german), None))
        @if view.status == State::Processing {
            progress class="progress" aria-label=(title) max=(view.quantity) value=(view.ready) data-watch=(LOOKS_AGAIN_SECONDS) {}
        }
    }
}

/// Its codes: in full where somebody looked at them by the audited command, else their ends.
#[must_use]
pub fn codes(room: &Room, view: &FulfillmentView, masked: &HashMap<LicenseId, String>, acts: Markup) -> Markup {
    let open: Vec<&str> = view.items.iter().filter_map(|item| item.code.as_deref()).collect();
    let shown = if open.is_empty() { MOST_MASKED } else { view.items.len() };
    let row = |item: &FulfilledItem| vec![one_code(room, item, masked), value::copyable(&item.license.text(), room.look.language)];
    let table = Table {
        caption: room.t("Codes", "Codes"),
        columns: vec![Column::new(room.t("Code", "Code")), Column::new(room.t("License", "Lizenz"))],
        rows: view.items.iter().take(shown).map(row).collect(),
        foot: None,
    };
    let rest = view.items.len().saturating_sub(shown);
    Card::new(room.t("Codes", "Codes")).acts(acts).around(html! {
        @if view.items.is_empty() { div class="inside" { p class="muted" { (no_codes(room, view)) } } } @else { (table.draw()) }
        @if rest > 0 { div class="inside" { p class="muted" { (room.look.n(i64::try_from(rest).unwrap_or(0), ("further code", "further codes"), ("weiterer Code", "weitere Codes"))) } } }
        @if open.len() > 1 { div class="inside" { (value::snippet(&open.join("\n"), room.look.language)) } }
    })
}

fn one_code(room: &Room, item: &FulfilledItem, masked: &HashMap<LicenseId, String>) -> Markup {
    html! {
        @if item.revoked { (badge(Tone::Plain, room.t("Returns", "Rücknahmen"))) }
        @else if let Some(open) = &item.code { (value::copyable(open, room.look.language)) }
        @else { code { (masked.get(&item.license).map_or("••••", String::as_str)) } }
    }
}

fn no_codes(room: &Room, view: &FulfillmentView) -> String {
    let most = room.look.number(MOST_AT_ONCE);
    match room.look.language {
        Language::English if is_large(view.quantity) => format!("More than {most} codes are not shown on a page: they are downloaded as a file."),
        Language::German if is_large(view.quantity) => format!("Mehr als {most} Codes zeigt keine Seite: Sie werden als Datei geladen."),
        Language::English => "There are no codes.".to_owned(),
        Language::German => "Es gibt keine Codes.".to_owned(),
    }
}

/// What it cost, what went back, what was left.
#[must_use]
pub fn amounts(room: &Room, view: &FulfillmentView) -> Markup {
    let look = &room.look;
    let units = format!("{} × {}", look.number(view.quantity), look.money_text(&view.unit_cost));
    let mut lines: Vec<(&str, Markup)> = vec![(units.as_str(), look.money(&view.total_cost))];
    if view.refunded.minor != 0 {
        lines.push((room.t("Refunded", "Erstattet"), look.money(&view.refunded)));
    }
    let kept = view.total_cost.currency.minor(view.total_cost.minor - view.refunded.minor);
    Card::new(room.t("Amounts", "Beträge")).with(html! {
        (sums(&lines, (room.t("Cost", "Kosten"), look.money(&kept))))
        p class="muted" { (room.t("Balance right after the sale:", "Guthaben direkt nach dem Verkauf:")) " " (look.money(&view.balance_after)) }
    })
}

/// Its ids, its customer, its moments, and what the shop keeps with it.
#[must_use]
pub fn facts_card(room: &Room, masked: &MaskedFulfillment) -> Markup {
    let (look, view) = (&room.look, &masked.fulfillment);
    let mut rows: Vec<(&str, Markup)> = vec![
        (room.t("ID", "ID"), value::copyable(&view.id.text(), look.language)),
        (room.t("Shop order", "Shop-Bestellung"), value::copyable(&view.external_order_id, look.language)),
        (room.t("Product", "Produkt"), html! { (masked.product_name) span class="under" { (value::copyable(&masked.sku, look.language)) } }),
        (room.t("Customer", "Kunde"), html! { @if let Some(name) = &view.customer_name { (name) br; } (value::email(&view.customer_email)) }),
        (room.t("Source", "Quelle"), html! { (door(look, view.source)) }),
        (
            room.t("E-mail to the customer", "E-Mail an den Kunden"),
            html! {
                @if view.mailed { (room.t("Sent by Tradepost", "Von Tradepost versandt")) } @else { (room.t("None: the shop hands the codes over", "Keine: Der Shop gibt die Codes weiter")) }
            },
        ),
        (room.t("Recorded", "Erfasst"), look.moment(view.created_at)),
    ];
    if let Some(at) = view.delivered_at {
        rows.push((room.t("Delivered", "Geliefert"), look.moment(at)));
    }
    if let Some(notes) = view.metadata.as_object() {
        rows.extend(notes.iter().map(|(name, note)| (name.as_str(), html! { (note.as_str().unwrap_or("")) })));
    }
    Card::new(room.t("Details", "Details")).with(facts(&rows))
}
