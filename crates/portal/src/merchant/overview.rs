//! The merchant's first page: what is sold, what waits for somebody, the newest orders, who is at the limit, what runs low.

use super::orders::companies;
use crate::names;
use crate::room::{Room, Spot};
use crate::shared::orders as shared;
use crate::shared::sales;
use maud::{Markup, html};
use std::collections::HashMap;
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, Tile, tiles};
use tradepost_design::chart::spark;
use tradepost_design::frame::Head;
use tradepost_design::icon::icon;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Table, badge, note, value};
use tradepost_domain::catalog::queries::{ProductFilter, products};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::orders::queries::OrderFilter;
use tradepost_domain::partners::Status;
use tradepost_domain::partners::queries::{PartnershipFilter, PartnershipView};
use tradepost_domain::stock::Level;
use tradepost_domain::{PartnershipId, Right};
use tradepost_web::api::orders::{OrderSummary, listed};
use tradepost_web::api::overviews::{self, CountView, MerchantOverviewView};
use tradepost_web::api::partnerships;
use tradepost_web::api::stock::StockLevelView;
use tradepost_web::{Answer, Call, Problem, Routes};

/// Rows of a card.
const SHOWN: usize = 8;

/// What the page shows.
struct Found {
    seen: MerchantOverviewView,
    sign_ups: Vec<PartnershipView>,
    has_products: bool,
    orders: Page<OrderSummary>,
    companies: HashMap<PartnershipId, String>,
}

async fn found(call: &Call) -> Result<Found, Problem> {
    let first = PageRequest { limit: SHOWN.try_into().unwrap_or(1), before: None };
    let seen = overviews::of_merchant(call).await?;
    let pending = PartnershipFilter { status: Some(Status::Pending), ..PartnershipFilter::default() };
    let sign_ups = if seen.waiting.sign_ups.number > 0 { partnerships::listed(call, pending, first).await?.rows } else { Vec::new() };
    let orders = listed(call, None, OrderFilter::default(), first).await?;
    let scope = call.merchant()?;
    let one = PageRequest { limit: 1, before: None };
    let any = call.read(move |reader| Box::pin(async move { products(reader, scope, &ProductFilter::default(), one).await })).await?;
    let companies = companies(call, orders.rows.iter().map(|order| order.partnership).collect()).await?;
    Ok(Found { seen, sign_ups, has_products: !any.rows.is_empty(), orders, companies })
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let found = found(&call).await?;
    let seen = &found.seen;
    let inside = html! {
        (sold(&room, seen))
        (waiting(&room, seen))
        div class="columns" {
            div {
                @if found.orders.rows.is_empty() { (first_steps(&room, &found)) } @else {
                    (sales::card(&room, room.t("Sold in the last 30 days", "In den letzten 30 Tagen verkauft"), &seen.sales, seen.today, false))
                    (orders_card(&room, &found))
                }
            }
            div {
                @if !found.sign_ups.is_empty() { (sign_ups_card(&room, &found.sign_ups)) }
                @if !seen.credit_at_risk.is_empty() { (at_risk_card(&room, seen)) }
                @if let Some(short) = &seen.low_stock { (stock_card(&room, short)) }
            }
        }
    };
    let head = Head { crumbs: &[], title: room.t("Overview", "Übersicht"), state: None, text: None, acts: Some(acts(&room)) };
    Ok(room.page(Spot::Overview, &head, &inside))
}

fn acts(room: &Room) -> Markup {
    html! {
        @if room.may(Right::PartnersManage) { (Button::new(room.t("New reseller", "Neuer Reseller")).icon(Icon::Reseller).to(&room.path("/resellers/new"))) }
        @if room.may(Right::StockManage) { (Button::new(room.t("Import keys", "Schlüssel importieren")).primary().icon(Icon::Import).to(&room.path("/stock/import"))) }
    }
}

/// Orders and revenue of today and of the last 30 days, in the currency that most was sold in.
fn sold(room: &Room, seen: &MerchantOverviewView) -> Markup {
    let Some(most) = seen.sales.first() else { return html! {} };
    let look = &room.look;
    let (today, month) = (room.t("today", "heute"), room.t("last 30 days", "letzte 30 Tage"));
    let orders = room.path("/orders");
    let line = |of| Some(spark(&sales::figures(most, seen.today, of)));
    let tile = |label, figure, note, spark| Tile { label, figure, note: Some(note), to: Some(orders.as_str()), tone: Tone::Plain, spark };
    let (orders_word, revenue) = (room.t("Orders", "Bestellungen"), room.t("Revenue", "Umsatz"));
    tiles(&[
        tile(orders_word, &look.number(most.orders_today), today, None),
        tile(revenue, &look.money_text(&most.amount_today), today, None),
        tile(orders_word, &look.number(most.orders), month, line(|day| day.orders)),
        tile(revenue, &look.money_text(&most.amount), month, line(|day| day.amount.minor)),
    ])
}

/// A kind of thing that waits.
struct Waits {
    label: &'static str,
    figure: String,
    note: &'static str,
    place: String,
    tone: Tone,
}

/// What waits for somebody, each with where its rows are. What nobody waits for is left out, but for what a day begins with.
fn waiting(room: &Room, seen: &MerchantOverviewView) -> Markup {
    let waits = |label, count: &CountView, place: &str, tone| Waits {
        label,
        figure: format!("{}{}", room.look.number(count.number), if count.more { "+" } else { "" }),
        note: if count.number == 0 { room.t("All done", "Alles erledigt") } else { "" },
        place: room.path(place),
        tone: if count.number == 0 { Tone::Plain } else { tone },
    };
    let waiting = &seen.waiting;
    let always = [
        waits(room.t("Sign-ups to review", "Anmeldungen zu prüfen"), &waiting.sign_ups, "/resellers?status=pending", Tone::Warn),
        waits(room.t("Deliveries to confirm", "Lieferungen zu bestätigen"), &waiting.deliveries, "/orders?state=awaiting_confirmation", Tone::Warn),
        waits(room.t("Return requests", "Rücknahmeanfragen"), &waiting.cancel_requests, "/cancel-requests?state=pending", Tone::Warn),
        waits(room.t("Unpaid orders", "Unbezahlte Bestellungen"), &waiting.unpaid_orders, "/orders?state=awaiting_payment", Tone::Info),
        waits(room.t("Overdue invoices", "Überfällige Rechnungen"), &waiting.overdue_invoices, "/invoices?status=overdue&sort=due_on", Tone::Bad),
    ];
    let seldom = [
        (&waiting.held_orders, room.t("Held orders", "Gehaltene Bestellungen"), "/orders?held=yes", Tone::Warn),
        (&waiting.failed_messages, room.t("Messages that failed", "Gescheiterte Nachrichten"), "/messages?state=failed", Tone::Bad),
    ];
    let seldom = seldom.into_iter().filter(|(count, ..)| count.number > 0).map(|(count, label, place, tone)| waits(label, count, place, tone));
    let all: Vec<Waits> = always.into_iter().chain(seldom).collect();
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

/// Who reached the credit limit: what is owed beside what may be.
fn at_risk_card(room: &Room, seen: &MerchantOverviewView) -> Markup {
    let look = &room.look;
    let row = |risk: &overviews::AtRiskView| {
        let limit = risk.limit.as_ref().map_or_else(|| room.t("no limit", "kein Rahmen").to_owned(), |limit| look.money_text(limit));
        let of = format!("{} {limit}", room.t("of", "von"));
        vec![
            html! { a class="row" href=(room.path(&format!("/resellers/{}", risk.partnership))) { (risk.company) } },
            html! { (look.money(&risk.used)) span class="under" { (of) } },
        ]
    };
    let title = room.t("Credit at risk", "Kredit in Gefahr");
    let table = Table {
        caption: title,
        columns: vec![Column::new(room.t("Reseller", "Reseller")), Column::right(room.t("Owed", "Offen"))],
        rows: seen.credit_at_risk.iter().take(SHOWN).map(row).collect(),
        foot: None,
    };
    let text = room.t("The limit is reached: the balance is due.", "Der Rahmen ist erreicht: Der Saldo ist fällig.");
    Card::new(title).text(text).around(table.draw())
}

fn orders_card(room: &Room, found: &Found) -> Markup {
    let look = &room.look;
    let row = |order: &OrderSummary| {
        let (tone, state) = names::order_state(look, order.state);
        let company = found.companies.get(&order.partnership).map_or("", String::as_str);
        vec![
            html! {
                a class="row" href=(room.path(&format!("/orders/{}", order.id))) { (value::whole(&shared::number(room, order.number.as_deref(), order.id))) }
                span class="under" { (look.moment(order.created_at)) }
            },
            value::person(company, None),
            badge(tone, state),
            shared::price_cell(room, order.total.as_ref()),
        ]
    };
    let table = Table {
        caption: room.t("Recent orders", "Neueste Bestellungen"),
        columns: vec![
            Column::new(room.t("Order", "Bestellung")),
            Column::new(room.t("Reseller", "Reseller")),
            Column::new(room.t("Status", "Status")),
            Column::right(room.t("Total", "Summe")),
        ],
        rows: found.orders.rows.iter().map(row).collect(),
        foot: None,
    };
    let all = Button::new(room.t("All orders", "Alle Bestellungen")).small().to(&room.path("/orders"));
    Card::new(room.t("Recent orders", "Neueste Bestellungen")).acts(all).around(table.draw())
}

/// Where nothing was ordered yet: what comes next on the way to the first order.
fn first_steps(room: &Room, found: &Found) -> Markup {
    let product = if found.has_products { Icon::Good } else { Icon::Package };
    let steps = [
        (product, room.t("Create your products, or import them from a file", "Legen Sie Ihre Produkte an, oder bringen Sie sie als Datei mit"), "/products"),
        (Icon::Stock, room.t("Import the keys that are sold", "Lesen Sie die Schlüssel ein, die verkauft werden"), "/stock"),
        (Icon::Tag, room.t("Put the products into a price list", "Nehmen Sie die Produkte in eine Preisliste auf"), "/price-lists"),
        (Icon::Program, room.t("Give a channel that price list", "Geben Sie einem Kanal diese Preisliste"), "/channels"),
        (Icon::Reseller, room.t("Approve or create your first reseller", "Nehmen Sie den ersten Reseller an, oder legen Sie ihn an"), "/resellers"),
    ];
    let inside = html! {
        ol class="steps" { @for (shown, text, place) in steps { li { (icon(shown)) a href=(room.path(place)) { (text) } } } }
    };
    Card::new(room.t("To your first order", "Zu Ihrer ersten Bestellung"))
        .text(room.t("Your resellers' orders will appear here.", "Dann stehen hier die Bestellungen Ihrer Reseller."))
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

fn stock_card(room: &Room, short: &[StockLevelView]) -> Markup {
    let all = Button::new(room.t("Stock", "Bestand")).small().to(&room.path("/stock"));
    let card = Card::new(room.t("Low stock", "Knapper Bestand")).acts(all);
    if short.is_empty() {
        return card.with(note::note(Tone::Good, room.t("Nothing is low on stock", "Kein Bestand ist knapp"), "", None));
    }
    let row = |stock: &StockLevelView| {
        let tone = if stock.level == Level::Out { Tone::Bad } else { Tone::Warn };
        vec![
            html! { a class="row" href=(room.path(&format!("/stock/{}", stock.product))) { (stock.name) } span class="under" { code { (stock.sku) } } },
            badge(tone, &room.look.number(stock.available)),
        ]
    };
    let table = Table {
        caption: room.t("Products low on keys", "Produkte mit wenig Schlüsseln"),
        columns: vec![Column::new(room.t("Product", "Produkt")), Column::right(room.t("Keys left", "Schlüssel übrig"))],
        rows: short.iter().take(SHOWN).map(row).collect(),
        foot: None,
    };
    card.around(table.draw())
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}", "merchantOverviewPage", show).needs(Right::MerchantRead).page();
}
