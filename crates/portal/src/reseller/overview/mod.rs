//! What a reseller sees first: what can be sold, what may be owed, what waits (ORD-9, CRD-1, CRD-6). While the partnership may not trade: where it stands.

mod open;
mod standing;

use crate::forms;
use crate::names;
use crate::room::{Room, Spot};
use crate::shared::{invoices, licenses, orders, sales};
use maud::{Markup, html};
use open::{Open, OpenInvoice, OpenOrder};
use tradepost_design::badge::Tone;
use tradepost_design::card::{self, Card, Tile, facts, sums};
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Language, Table, badge, note, value};
use tradepost_domain::Right;
use tradepost_domain::orders::queries::waiting_for_approval;
use tradepost_kernel::Money;
use tradepost_web::api::credit::{self, AvailableProduct, CreditOverview, Overview};
use tradepost_web::{Answer, Call, Problem, Routes};

/// So many drafts that wait for an owner are named.
const ASKED: i64 = 10;

async fn overview(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    if !room.may_trade() {
        return standing::page(&call, &room).await;
    }
    let seen = credit::overview(&call).await?;
    let open = open::read(&call, &seen).await?;
    let asked = asked(&call, &room).await?;
    let inside = html! {
        (due(&room, &seen, &open))
        (asked)
        (tiles(&room, &seen, &open))
        div class="columns" {
            div {
                (products(&call, &room, &seen.available_products))
                (orders_card(&call, &room, &open))
                @if let Some(purchases) = &seen.purchases {
                    (sales::card(&room, room.t("Bought in the last 30 days", "In den letzten 30 Tagen eingekauft"), purchases, seen.today, true))
                }
            }
            @if let Some(credit) = &seen.credit { div { (credit_card(&room, credit)) (invoices_card(&room, &open)) } }
        }
    };
    let acts =
        room.may(Right::OrdersPlace).then(|| Button::new(room.t("New order", "Neue Bestellung")).primary().icon(Icon::Add).to(&room.path("/orders/new")));
    let head = Head { crumbs: &[], title: room.t("Overview", "Übersicht"), state: None, text: None, acts };
    Ok(room.page(Spot::Overview, &head, &inside))
}

/// The limit is reached: what that means, and how to pay the oldest invoice that is open (CRD-5, CRD-6).
fn due(room: &Room, seen: &Overview, open: &Open) -> Markup {
    let first = open.invoices.iter().find(|invoice| !invoice.top_up);
    let pay = first.map(|invoice| Button::new(room.t("How to pay", "So bezahlen Sie")).small().to(&room.path(&format!("/invoices/{}/pay", invoice.id))));
    let stops = room.t(
        "Licenses of unpaid orders cannot be handed out until something is paid.",
        "Lizenzen unbezahlter Bestellungen lassen sich erst weitergeben, wenn etwas bezahlt ist.",
    );
    html! {
        (invoices::due_note(room, seen.credit.as_ref().is_some_and(|credit| credit.balance_due), pay.as_ref()))
        @if !seen.lock_reasons.is_empty() { (note::note(Tone::Warn, stops, "", None)) }
    }
}

/// The drafts that wait for an owner, for those who may answer (PAR-14).
async fn asked(call: &Call, room: &Room) -> Result<Markup, Problem> {
    if !room.may(Right::OrdersApprove) {
        return Ok(html! {});
    }
    let scope = call.partnership()?;
    let waiting = call.read(move |reader| Box::pin(async move { waiting_for_approval(reader, scope, ASKED).await })).await?;
    let show = html! {
        @for id in &waiting { (Button::new(&orders::number(room, None, *id)).small().to(&room.path(&format!("/orders/{id}")))) }
    };
    let text = room.t("Your people ask for your approval of these orders.", "Ihre Leute bitten um Ihre Genehmigung dieser Bestellungen.");
    Ok(html! { @if !waiting.is_empty() { (note::note(Tone::Warn, text, "", Some(&show))) } })
}

/// What is left of the limit as pages show it: never below zero, the amount over beside it (CRD-1).
fn available(room: &Room, credit: &CreditOverview) -> (String, String, Tone) {
    let look = &room.look;
    let (Some(limit), Some(available)) = (&credit.limit, &credit.available) else {
        return (room.t("None", "Keiner").to_owned(), room.t("orders are paid first", "Bestellungen werden vorab bezahlt").to_owned(), Tone::Plain);
    };
    let shown = look.money_text(&available.currency.minor(available.minor.max(0)));
    match credit.over.filter(|over| over.minor > 0) {
        Some(over) => {
            let over = look.money_text(&over);
            let text = match look.language {
                Language::English => format!("{over} over the limit"),
                Language::German => format!("{over} über dem Rahmen"),
            };
            (shown, text, Tone::Bad)
        }
        None => (shown, format!("{} {}", room.t("of", "von"), look.money_text(limit)), Tone::Plain),
    }
}

fn tiles(room: &Room, seen: &Overview, open: &Open) -> Markup {
    let look = &room.look;
    let text = |money: Option<&Money>| money.map_or_else(|| "–".to_owned(), |money| look.money_text(money));
    let count = look.number(seen.available_products.iter().map(|product| product.available_licenses).sum::<i64>());
    let licenses = room.path("/licenses?stage=available");
    let available_licenses = Tile {
        label: room.t("Available licenses", "Verfügbare Lizenzen"),
        figure: &count,
        note: None,
        to: Some(licenses.as_str()),
        tone: Tone::Plain,
        spark: None,
    };
    // The others are money, and not for everybody.
    let Some(credit) = &seen.credit else { return card::tiles(&[available_licenses]) };
    let (left, of, tone) = available(room, credit);
    let (owed, prepaid) = (text(credit.used.as_ref()), text(seen.prepaid_balance.as_ref()));
    let overdue = open.invoices.iter().any(|invoice| is_overdue(room, invoice));
    let (owed_note, owed_tone) = match open.invoices.first() {
        _ if credit.balance_due => (room.t("due now", "jetzt fällig").to_owned(), Tone::Bad),
        _ if overdue => (room.t("overdue", "überfällig").to_owned(), Tone::Bad),
        Some(first) => (format!("{} {}", room.t("next due", "als Nächstes fällig"), look.date(first.due_on)), Tone::Plain),
        None => (room.t("nothing is open", "nichts ist offen").to_owned(), Tone::Plain),
    };
    let (invoices, balance) = (room.path("/invoices"), room.path("/balance"));
    card::tiles(&[
        available_licenses,
        Tile { label: room.t("Available credit", "Freier Kredit"), figure: &left, note: Some(of.as_str()), to: None, tone, spark: None },
        Tile {
            label: room.t("Outstanding", "Offen"),
            figure: &owed,
            note: Some(owed_note.as_str()),
            to: Some(invoices.as_str()),
            tone: owed_tone,
            spark: None,
        },
        Tile {
            label: room.t("Prepaid balance", "Guthaben"),
            figure: &prepaid,
            note: Some(room.t("for your shop", "für Ihren Shop")),
            to: Some(balance.as_str()),
            tone: Tone::Plain,
            spark: None,
        },
    ])
}

/// Available Products to Resell (ORD-9).
fn products(call: &Call, room: &Room, available: &[AvailableProduct]) -> Markup {
    let title = room.t("Available products to resell", "Verfügbare Produkte zum Weiterverkauf");
    if available.is_empty() {
        let order = room.may(Right::OrdersPlace).then(|| Button::new(room.t("New order", "Neue Bestellung")).to(&room.path("/orders/new")));
        let text = room.t("An order adds licenses to your inventory.", "Eine Bestellung bringt Lizenzen in Ihren Bestand.");
        return Card::new(title).around(note::empty(Icon::License, room.t("No licenses in your inventory", "Keine Lizenzen im Bestand"), text, order.as_ref()));
    }
    let table = Table {
        caption: title,
        columns: vec![Column::new(room.t("Product", "Produkt")), Column::right(room.t("Available licenses", "Verfügbare Lizenzen")), Column::right("")],
        rows: available.iter().map(|product| licenses::holding(call, room, product)).collect(),
        foot: None,
    };
    Card::new(title).acts(Button::new(room.t("All licenses", "Alle Lizenzen")).small().to(&room.path("/licenses"))).around(table.draw())
}

/// Recent and Pending Orders: the newest, then those among the older ones that are not paid. Each with its invoice, to be paid or as a receipt, and
/// with its file of codes where there is one now (ORD-9, FUL-7).
fn orders_card(call: &Call, room: &Room, open: &Open) -> Markup {
    let title = room.t("Recent and pending orders", "Neueste und offene Bestellungen");
    let look = &room.look;
    let row = |shown: &OpenOrder| {
        let order = &shown.order;
        let (tone, state) = names::order_state(look, order.state);
        vec![
            html! {
                a class="row" href=(room.path(&format!("/orders/{}", order.id))) { (value::whole(&orders::number(room, order.number.as_deref(), order.id))) }
                @if let Some(reference) = &order.reference { span class="under" { (reference) } }
            },
            badge(tone, state),
            look.moment(order.created_at),
            look.money(&order.open),
            orders::price_cell(room, order.total.as_ref()),
            order_acts(call, room, shown),
        ]
    };
    let table = Table {
        caption: title,
        columns: vec![
            Column::new(room.t("Order", "Bestellung")),
            Column::new(room.t("Status", "Status")),
            Column::new(room.t("Created", "Angelegt")),
            Column::right(room.t("Outstanding", "Offen")),
            Column::right(room.t("Total", "Summe")),
            Column::right(""),
        ],
        rows: open.orders.iter().map(row).collect(),
        foot: None,
    };
    if table.rows.is_empty() {
        let text = room.t("What you order appears here, with what is still to be paid.", "Was Sie bestellen, steht hier, mit dem, was noch zu bezahlen ist.");
        return Card::new(title).around(note::empty(Icon::Order, room.t("No orders yet", "Noch keine Bestellungen"), text, None));
    }
    Card::new(title).acts(Button::new(room.t("All orders", "Alle Bestellungen")).small().to(&room.path("/orders"))).around(table.draw())
}

fn order_acts(call: &Call, room: &Room, shown: &OpenOrder) -> Markup {
    let order = &shown.order;
    let invoice = shown.invoice.filter(|_| room.may(Right::InvoicesRead)).map(|id| room.path(&format!("/invoices/{id}")));
    let file = room.path(&format!("/orders/{}/licenses.csv", order.id));
    html! {
        div class="button-row" {
            @if shown.has_file && room.may(Right::LicensesDistribute) {
                (forms::act(call, &file, &Button::new(room.t("Download", "Herunterladen")).small()))
            }
            @if let Some(invoice) = invoice {
                @if order.open.minor > 0 { (Button::new(room.t("Pay", "Bezahlen")).small().to(&format!("{invoice}/pay"))) }
                @else { (Button::new(room.t("Receipt", "Beleg")).small().to(&invoice)) }
            }
        }
    }
}

/// The meter of the credit limit, or what it means to have none.
fn credit_card(room: &Room, credit: &CreditOverview) -> Markup {
    let look = &room.look;
    let title = room.t("Credit", "Kredit");
    let card = Card::new(title);
    let balance = credit.account_balance.filter(|balance| balance.minor > 0).map(|balance| {
        let text = room.t("Paid beyond earlier invoices; it pays the next one.", "Über frühere Rechnungen hinaus bezahlt; es bezahlt die nächste.");
        html! { (facts(&[(room.t("Account balance", "Verrechnungskonto"), look.money(&balance))])) p class="muted" { (text) } }
    });
    let (Some(limit), Some(used)) = (&credit.limit, &credit.used) else {
        let text = room.t(
            "You have no credit limit: goods are released once their order is paid.",
            "Sie haben keinen Kreditrahmen: Ware wird frei, sobald ihre Bestellung bezahlt ist.",
        );
        return card.with(html! { p class="muted" { (text) } @if let Some(balance) = balance { (balance) } });
    };
    let (used_text, limit_text) = (look.money_text(used), look.money_text(limit));
    let (left, of, tone) = available(room, credit);
    let rows = [(room.t("Limit", "Rahmen"), look.money(limit)), (room.t("Used", "Genutzt"), look.money(used))];
    card.with(html! {
        (card::meter(title, (used_text.as_str(), used.minor), (limit_text.as_str(), limit.minor)))
        (sums(&rows, (room.t("Available", "Frei"), html! { span class="number" { (left) } })))
        @if tone == Tone::Bad { p { (badge(tone, &of)) } }
        @if let Some(balance) = balance { (balance) }
    })
}

fn is_overdue(room: &Room, invoice: &OpenInvoice) -> bool {
    invoice.due_on < room.look.now.date_in(&room.look.zone)
}

/// The invoices that are open, those first that are due first.
fn invoices_card(room: &Room, open: &Open) -> Markup {
    let look = &room.look;
    let title = room.t("Open invoices", "Offene Rechnungen");
    let row = |invoice: &OpenInvoice| {
        let due = format!("{} {}", room.t("due", "fällig"), look.date(invoice.due_on));
        vec![
            html! {
                a class="row" href=(room.path(&format!("/invoices/{}", invoice.id))) { (value::whole(&invoice.number)) }
                span class="under" { (due) @if invoice.top_up { " · " (room.t("top-up", "Aufladung")) } }
            },
            html! { (look.money(&invoice.open)) @if is_overdue(room, invoice) { " " (badge(Tone::Bad, room.t("overdue", "überfällig"))) } },
        ]
    };
    let all = Button::new(room.t("All", "Alle")).small().to(&room.path("/invoices"));
    if open.invoices.is_empty() {
        let text = room.t("Nothing is open.", "Nichts ist offen.");
        return Card::new(title).acts(all).with(html! { p class="muted" { (text) } });
    }
    let table = Table {
        caption: title,
        columns: vec![Column::new(room.t("Invoice", "Rechnung")), Column::right(room.t("Outstanding", "Offen"))],
        rows: open.invoices.iter().map(row).collect(),
        foot: None,
    };
    Card::new(title).acts(all).around(table.draw())
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/r/{partnership}", "overviewPage", overview).needs(Right::ProgramRead).inactive_ok().page();
}
