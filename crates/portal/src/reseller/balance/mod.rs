//! The prepaid balance of a reseller: what is there, what moved it, and how it is fed (EXT-1, EXT-8).

mod auto;
mod top_up;

use crate::files::Plain;
use crate::lists::{Cell, List, fetch};
use crate::room::{Room, Spot};
use crate::shared::balances;
use crate::shared::fulfillments::{between, by_days};
use maud::{Markup, html};
use tradepost_design::badge::{Tone, tag};
use tradepost_design::card::{Card, Tile, tiles};
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Language, Table, badge, note};
use tradepost_domain::Right;
use tradepost_domain::fulfillments::statement::{MovementKind, Span};
use tradepost_web::api::balance::{self, AutoTopUpView, BalanceView, MovementView, OpenTopUp};
use tradepost_web::{Answer, Call, Problem, Routes};

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let scope = call.partnership()?;
    let found = balance::shown(&call, scope).await?;
    let (auto, _) = balance::automatic(&call, scope).await?;
    let may_top_up = room.may(Right::BalanceManage) && found.currency.is_some();
    let top_up = Button::new(room.t("Top up", "Aufladen")).primary().icon(Icon::Add).opens_dialog().to(&room.path("/balance/top-up"));
    let asked = balances::asked(&call);
    let name = balances::file_name("statement", asked);
    let list = List::new(&room, &call, &name).before(above(&call, &room, &found, &auto)).empty(
        Icon::Balance,
        room.t("No transactions yet", "Noch keine Buchungen"),
        room.t(
            "Every top-up and every sale of your shop appears here, with the balance after it. Start with a top-up.",
            "Hier steht jede Aufladung und jeder Verkauf Ihres Shops, mit dem Guthaben danach. Beginnen Sie mit einer Aufladung.",
        ),
        may_top_up.then(|| top_up.clone()),
    );
    let list = by_days(&room, &call, list);
    let (from, to) = between(&room, &list);
    let span = Span { from, to };
    let moved = list.rows(&call, fetch!(|page| [call] balance::moved(call, scope, asked, span, page).await)).await?;
    let columns = vec![
        Column::new(room.t("When", "Wann")),
        Column::new(room.t("What", "Was")),
        Column::new(room.t("For", "Für")),
        Column::amounts(room.t("Amount", "Betrag")),
        Column::amounts(room.t("Balance", "Guthaben")),
    ];
    let rows = moved.rows.iter().map(|movement| cells(&room, movement)).collect();
    let head = Head {
        crumbs: &[],
        title: room.t("Balance", "Guthaben"),
        state: None,
        text: Some(room.t("Sales of your external shop are paid from it.", "Verkäufe Ihres externen Shops werden daraus bezahlt.")),
        acts: may_top_up.then_some(top_up),
    };
    list.answer(&call, Spot::Balance, &head, columns, rows, moved.next)
}

fn cells(room: &Room, movement: &MovementView) -> Vec<Cell> {
    let what = match movement.kind {
        MovementKind::TopUp => room.t("Top-up", "Aufladung"),
        MovementKind::Fulfillment => room.t("Sale", "Verkauf"),
        MovementKind::Refund => room.t("Refund", "Erstattung"),
    };
    vec![
        Cell::moment(room, movement.at),
        Cell::shown_as(tag(what), Plain::Exact(what.to_owned())),
        subject(room, movement),
        Cell::money(room, &movement.amount),
        Cell::money(room, &movement.balance_after),
    ]
}

/// What a movement was for: the order of the shop, or the invoice of the top-up.
fn subject(room: &Room, movement: &MovementView) -> Cell {
    let (place, text) = match (&movement.fulfillment, &movement.invoice) {
        (Some(id), _) => (format!("/fulfillments/{id}"), movement.external_order_id.as_deref()),
        (None, Some(id)) => (format!("/invoices/{id}"), movement.invoice_number.as_deref()),
        (None, None) => return Cell::empty(),
    };
    let text = text.unwrap_or("");
    Cell::shown_as(html! { a href=(room.path(&place)) { (text) } }, Plain::Text(text.to_owned()))
}

/// What stands above the statement.
fn above(call: &Call, room: &Room, found: &BalanceView, auto: &AutoTopUpView) -> Markup {
    html! {
        @if found.currency.is_none() {
            (note::note(
                Tone::Warn,
                room.t("Your currency is not set yet", "Ihre Währung ist noch nicht gesetzt"),
                room.t("Ask the merchant to set it; then you can top up.", "Bitten Sie den Händler, sie zu setzen; dann können Sie aufladen."),
                None,
            ))
        }
        (figures(room, found))
        (balances::card(room, found, balances::asked(call), &room.path("/balance")))
        @if !found.open_top_ups.is_empty() { (waiting(room, &found.open_top_ups)) }
        @if found.currency.is_some() { (auto::card(call, room, found, auto)) }
    }
}

fn figures(room: &Room, found: &BalanceView) -> Markup {
    let look = &room.look;
    let open = found.open_top_ups.iter().map(|top_up| top_up.amount_open).reduce(|one, other| one.checked_add(other).unwrap_or(one));
    let there = found.balance.as_ref().map_or_else(|| "–".to_owned(), |balance| look.money_text(balance));
    let waits = open.as_ref().map_or_else(|| "–".to_owned(), |open| look.money_text(open));
    let low = found.balance.zip(found.threshold).is_some_and(|(balance, threshold)| balance.minor < threshold.minor);
    let below = found.threshold.as_ref().filter(|_| low).map(|threshold| match look.language {
        Language::English => format!("Below the threshold of {}", look.money_text(threshold)),
        Language::German => format!("Unter der Schwelle von {}", look.money_text(threshold)),
    });
    let count = look.n(i64::try_from(found.open_top_ups.len()).unwrap_or(0), ("open top-up", "open top-ups"), ("offene Aufladung", "offene Aufladungen"));
    tiles(&[
        Tile {
            label: room.t("Prepaid balance", "Vorausbezahltes Guthaben"),
            figure: &there,
            note: below.as_deref().or(Some(room.t("Available now", "Jetzt verfügbar"))),
            to: None,
            tone: if low { Tone::Warn } else { Tone::Plain },
            spark: None,
        },
        Tile { label: room.t("Awaiting payment", "Wartet auf Zahlung"), figure: &waits, note: Some(&count), to: None, tone: Tone::Plain, spark: None },
    ])
}

/// The top-ups that are not paid yet, each with the way to pay it.
fn waiting(room: &Room, open: &[OpenTopUp]) -> Markup {
    let manage = room.may(Right::BalanceManage);
    let row = |top_up: &OpenTopUp| {
        let invoice = room.path(&format!("/invoices/{}", top_up.invoice));
        let untouched = top_up.amount_open == top_up.total;
        vec![
            html! { a href=(invoice) { (top_up.number) } @if top_up.automatic { " " (badge(Tone::Info, room.t("Automatic", "Automatisch"))) } },
            html! { (room.look.date(top_up.due_on)) },
            room.look.money(&top_up.total),
            room.look.money(&top_up.amount_open),
            html! {
                @if manage && untouched {
                    (Button::new(room.t("Cancel", "Stornieren")).small().quiet().opens_dialog().to(&room.path(&format!("/balance/top-ups/{}/cancel", top_up.invoice))))
                }
                (Button::new(room.t("How to pay", "So bezahlen Sie")).small().to(&format!("{invoice}/pay")))
            },
        ]
    };
    let table = Table {
        caption: room.t("Awaiting payment", "Wartet auf Zahlung"),
        columns: vec![
            Column::new(room.t("Invoice", "Rechnung")),
            Column::new(room.t("Due", "Fällig")),
            Column::right(room.t("Total", "Summe")),
            Column::right(room.t("Outstanding", "Offen")),
            Column::right(""),
        ],
        rows: open.iter().map(row).collect(),
        foot: None,
    };
    Card::new(room.t("Awaiting payment", "Wartet auf Zahlung"))
        .text(room.t(
            "What is paid of a top-up can be spent at once, in part or whole.",
            "Was von einer Aufladung bezahlt ist, ist sofort verfügbar, auch in Teilen.",
        ))
        .around(table.draw())
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/r/{partnership}/balance", "balancePage", show).needs(Right::InvoicesRead).page();
    top_up::routes(r);
    auto::routes(r);
}
