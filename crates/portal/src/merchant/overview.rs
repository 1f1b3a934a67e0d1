//! The merchant's first page: what waits for somebody, the newest orders, what runs low.

use super::orders::companies;
use crate::names;
use crate::room::{Room, Spot};
use crate::shared::orders as shared;
use maud::{Markup, html};
use std::collections::HashMap;
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, Tile, tiles};
use tradepost_design::frame::Head;
use tradepost_design::icon::icon;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Table, badge, note, value};
use tradepost_domain::billing::InvoiceStatus;
use tradepost_domain::catalog::queries::{ProductFilter, products};
use tradepost_domain::fulfillments::RequestState;
use tradepost_domain::fulfillments::requests::{self, RequestFilter};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::orders::State;
use tradepost_domain::orders::queries::OrderFilter;
use tradepost_domain::partners::Status;
use tradepost_domain::partners::queries::{PartnershipView, partnerships};
use tradepost_domain::stock::Level;
use tradepost_domain::stock::queries::{StockView, stock};
use tradepost_domain::{PartnershipId, Right, billing};
use tradepost_web::api::orders::{OrderSummary, listed};
use tradepost_web::{Answer, Call, Problem, Routes};

/// Things of one kind that are counted; of more it is said that there are more.
const COUNTED: i64 = 99;
/// Orders and invoices that are looked through for what waits: no query counts them by where they stand.
const LATEST: i64 = 200;
/// Rows of a card.
const SHOWN: usize = 8;

/// What the page shows.
struct Found {
    sign_ups: Page<PartnershipView>,
    /// How many requests to take fulfillments back, and whether there are more.
    requests: (usize, bool),
    /// How many of the latest invoices are overdue, and whether there are older ones.
    overdue: (usize, bool),
    low: Page<StockView>,
    out: Page<StockView>,
    has_products: bool,
    orders: Page<OrderSummary>,
    companies: HashMap<PartnershipId, String>,
}

async fn found(call: &Call, room: &Room) -> Result<Found, Problem> {
    let (scope, may_see) = (call.merchant()?, room.may(Right::StockRead));
    let (page, latest) = (PageRequest { limit: COUNTED, before: None }, PageRequest { limit: LATEST, before: None });
    let today = room.look.now.date_in(&room.look.zone);
    let (sign_ups, requests, overdue, low, out, has_products) = call
        .read(move |reader| {
            Box::pin(async move {
                let sign_ups = partnerships(reader, scope, Some(Status::Pending), page).await?;
                let pending = RequestFilter { state: Some(RequestState::Pending), ..RequestFilter::default() };
                let requests = requests::list(reader, scope, pending, page).await?;
                let invoices = billing::queries::list(reader, scope, None, None, latest).await?;
                let overdue = invoices.rows.iter().filter(|invoice| invoice.status(today) == InvoiceStatus::Overdue).count();
                let (mut low, mut out) = (Page { rows: Vec::new(), next: None }, Page { rows: Vec::new(), next: None });
                if may_see {
                    low = stock(reader, scope, Some(Level::Low), page).await?;
                    out = stock(reader, scope, Some(Level::Out), page).await?;
                }
                let first = products(reader, scope, &ProductFilter::default(), PageRequest { limit: 1, before: None }).await?;
                let requests = (requests.rows.len(), requests.next.is_some());
                Ok((sign_ups, requests, (overdue, invoices.next.is_some()), low, out, !first.rows.is_empty()))
            })
        })
        .await?;
    let orders = listed(call, None, OrderFilter::default(), latest).await?;
    let companies = companies(call, orders.rows.iter().take(SHOWN).map(|order| order.partnership).collect()).await?;
    Ok(Found { sign_ups, requests, overdue, low, out, has_products, orders, companies })
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let found = found(&call, &room).await?;
    let inside = html! {
        (waiting(&room, &found))
        div class="columns" {
            div { @if found.orders.rows.is_empty() { (first_steps(&room, &found)) } @else { (orders_card(&room, &found)) } }
            div {
                @if !found.sign_ups.rows.is_empty() { (sign_ups_card(&room, &found.sign_ups.rows)) }
                @if room.may(Right::StockRead) { (stock_card(&room, &found)) }
            }
        }
    };
    let head = Head { crumbs: &[], title: room.t("Overview", "Übersicht"), state: None, text: None, acts: Some(acts(&room)) };
    Ok(room.page(Spot::Overview, &head, &inside))
}

fn acts(room: &Room) -> Markup {
    html! {
        @if room.may(Right::PartnersManage) { (Button::new(room.t("New reseller", "Neuer Reseller")).icon(Icon::Reseller).to(&room.path("/resellers/new"))) }
        @if room.may(Right::StockManage) { (Button::new(room.t("Import keys", "Schlüssel einlesen")).primary().icon(Icon::Import).to(&room.path("/stock/import"))) }
    }
}

/// A kind of thing that waits.
struct Waits {
    label: &'static str,
    figure: String,
    note: &'static str,
    place: String,
    tone: Tone,
}

/// What waits for somebody, each with where its rows are.
fn waiting(room: &Room, found: &Found) -> Markup {
    let count = |count: usize, more: bool| format!("{}{}", room.look.number(i64::try_from(count).unwrap_or(i64::MAX)), if more { "+" } else { "" });
    let among = |state: State| found.orders.rows.iter().filter(|order| order.state == state).count();
    // Only the latest are looked through: counting all of a million takes longer than a page may.
    let latest = if found.orders.next.is_some() { room.t("Among the latest 200 orders", "Unter den letzten 200 Bestellungen") } else { "" };
    let issued = if found.overdue.1 { room.t("Among the latest 200 invoices", "Unter den letzten 200 Rechnungen") } else { "" };
    let waits = |label, (number, more): (usize, bool), note: &'static str, place: &str, tone| Waits {
        label,
        figure: count(number, more),
        note: if number == 0 && note.is_empty() { room.t("Nothing waits", "Nichts wartet") } else { note },
        place: room.path(place),
        tone: if number == 0 { Tone::Plain } else { tone },
    };
    let mut all = vec![
        waits(
            room.t("Sign-ups to decide", "Anmeldungen zu entscheiden"),
            (found.sign_ups.rows.len(), found.sign_ups.next.is_some()),
            "",
            "/resellers?status=pending",
            Tone::Warn,
        ),
        waits(
            room.t("Deliveries to confirm", "Lieferungen zu bestätigen"),
            (among(State::AwaitingConfirmation), false),
            latest,
            "/orders?state=awaiting_confirmation",
            Tone::Warn,
        ),
        waits(room.t("Requests to take back", "Bitten um Rücknahme"), found.requests, "", "/cancel-requests?state=pending", Tone::Warn),
        waits(room.t("Unpaid orders", "Unbezahlte Bestellungen"), (among(State::AwaitingPayment), false), latest, "/orders?state=awaiting_payment", Tone::Info),
        waits(room.t("Overdue invoices", "Überfällige Rechnungen"), (found.overdue.0, false), issued, "/invoices?status=overdue", Tone::Bad),
    ];
    if room.may(Right::StockRead) {
        let (low, out) = (found.low.rows.len(), found.out.rows.len());
        let (level, tone) = if out > 0 { ("/stock?level=out", Tone::Bad) } else { ("/stock?level=low", Tone::Warn) };
        let more = found.low.next.is_some() || found.out.next.is_some();
        let words = if out > 0 { room.t("Some are out of stock", "Einige sind nicht vorrätig") } else { "" };
        all.push(waits(room.t("Products low on keys", "Produkte mit wenig Schlüsseln"), (low + out, more), words, level, tone));
    }
    let shown: Vec<Tile<'_>> = all
        .iter()
        .map(|waits| Tile {
            label: waits.label,
            figure: &waits.figure,
            note: (!waits.note.is_empty()).then_some(waits.note),
            to: Some(waits.place.as_str()),
            tone: waits.tone,
            spark: None,
        })
        .collect();
    tiles(&shown)
}

fn orders_card(room: &Room, found: &Found) -> Markup {
    let look = &room.look;
    let row = |order: &OrderSummary| {
        let (tone, state) = names::order_state(look, order.state);
        let company = found.companies.get(&order.partnership).map_or("", String::as_str);
        vec![
            html! {
                a class="row" href=(room.path(&format!("/orders/{}", order.id))) { (shared::number(room, order.number.as_deref(), order.id)) }
                span class="under" { (look.moment(order.created_at)) }
            },
            value::person(company, None),
            badge(tone, state),
            shared::price_cell(room, order.total.as_ref()),
        ]
    };
    let table = Table {
        caption: room.t("Newest orders", "Neueste Bestellungen"),
        columns: vec![
            Column::new(room.t("Order", "Bestellung")),
            Column::new(room.t("Reseller", "Reseller")),
            Column::new(room.t("State", "Stand")),
            Column::right(room.t("Total", "Summe")),
        ],
        rows: found.orders.rows.iter().take(SHOWN).map(row).collect(),
        foot: None,
    };
    let all = Button::new(room.t("All orders", "Alle Bestellungen")).small().to(&room.path("/orders"));
    Card::new(room.t("Newest orders", "Neueste Bestellungen")).acts(all).around(table.draw())
}

/// Where nothing was ordered yet: what comes next on the way to the first order.
fn first_steps(room: &Room, found: &Found) -> Markup {
    let product = if found.has_products { Icon::Good } else { Icon::Package };
    let steps = [
        (product, room.t("Create your products, or bring them as a file", "Legen Sie Ihre Produkte an, oder bringen Sie sie als Datei mit"), "/products"),
        (Icon::Stock, room.t("Import the keys that are sold", "Lesen Sie die Schlüssel ein, die verkauft werden"), "/stock"),
        (Icon::Tag, room.t("Put the products into a price list", "Nehmen Sie die Produkte in eine Preisliste auf"), "/price-lists"),
        (Icon::Program, room.t("Give a channel that price list", "Geben Sie einem Kanal diese Preisliste"), "/channels"),
        (Icon::Reseller, room.t("Approve or create your first reseller", "Nehmen Sie den ersten Reseller an, oder legen Sie ihn an"), "/resellers"),
    ];
    let inside = html! {
        ol class="steps" { @for (shown, text, place) in steps { li { (icon(shown)) a href=(room.path(place)) { (text) } } } }
    };
    Card::new(room.t("To your first order", "Zu Ihrer ersten Bestellung"))
        .text(room.t("Orders of your resellers stand here then.", "Dann stehen hier die Bestellungen Ihrer Reseller."))
        .with(inside)
}

fn sign_ups_card(room: &Room, sign_ups: &[PartnershipView]) -> Markup {
    let inside = html! {
        ul class="rows" {
            @for partnership in sign_ups.iter().take(SHOWN) {
                li {
                    a href=(room.path(&format!("/resellers/{}", partnership.id))) { (value::person(&partnership.reseller.company, Some(&partnership.reseller.country))) }
                    span class="muted" { (room.look.moment(partnership.created)) }
                }
            }
        }
    };
    let all = Button::new(room.t("All", "Alle")).small().to(&room.path("/resellers?status=pending"));
    Card::new(room.t("Waiting for your decision", "Warten auf Ihre Entscheidung")).acts(all).with(inside)
}

fn stock_card(room: &Room, found: &Found) -> Markup {
    let short: Vec<&StockView> = found.out.rows.iter().chain(&found.low.rows).take(SHOWN).collect();
    let all = Button::new(room.t("Stock", "Bestand")).small().to(&room.path("/stock"));
    let card = Card::new(room.t("Runs low", "Wird knapp")).acts(all);
    if short.is_empty() {
        return card.with(note::note(Tone::Good, room.t("Nothing runs low", "Nichts wird knapp"), "", None));
    }
    let row = |stock: &&StockView| {
        let counts = &stock.counts;
        let tone = if counts.level == Level::Out { Tone::Bad } else { Tone::Warn };
        vec![
            html! { a class="row" href=(room.path(&format!("/stock/{}", stock.id))) { (stock.name) } span class="under" { code { (stock.sku) } } },
            badge(tone, &room.look.number(counts.available)),
        ]
    };
    let table = Table {
        caption: room.t("Products low on keys", "Produkte mit wenig Schlüsseln"),
        columns: vec![Column::new(room.t("Product", "Produkt")), Column::right(room.t("Keys left", "Schlüssel übrig"))],
        rows: short.iter().map(row).collect(),
        foot: None,
    };
    card.around(table.draw())
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}", "merchantOverviewPage", show).needs(Right::MerchantRead).page();
}
