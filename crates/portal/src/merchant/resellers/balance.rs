//! The prepaid balance of a reseller: its statement, and a top-up that the merchant asks for (EXT-1, EXT-8).

use super::{Frame, Tab, one};
use crate::files::Plain;
use crate::forms::{Typed, question};
use crate::lists::{Cell, List, fetch};
use crate::money;
use crate::room::{Room, Spot, done};
use crate::shared::balances;
use crate::shared::fulfillments::{between, by_days};
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, facts};
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Language, badge, note};
use tradepost_domain::Right;
use tradepost_domain::billing::top_up::RequestTopUp;
use tradepost_domain::fulfillments::statement::{MovementKind, Span};
use tradepost_domain::partners::queries::PartnershipView;
use tradepost_kernel::Currency;
use tradepost_web::api::balance::{AutoTopUpView, BalanceView, MovementView, automatic, moved, shown};
use tradepost_web::fields::Line;
use tradepost_web::{Answer, Call, Problem, Routes, input};

input! {
    /// A top-up that the merchant asks a reseller for.
    pub struct ResellerTopUpForm {
        /// How much, as people type it.
        pub amount: Line<40>,
        /// Printed on the invoice.
        pub reference: Option<Line<64>>,
    }
}

fn kind(room: &Room, kind: MovementKind) -> (Tone, &'static str) {
    match kind {
        MovementKind::TopUp => (Tone::Good, room.t("Top-up", "Aufladung")),
        MovementKind::Fulfillment => (Tone::Plain, room.t("Sale of the shop", "Verkauf des Shops")),
        MovementKind::Refund => (Tone::Info, room.t("Taken back", "Rücknahme")),
    }
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let p = one(&call).await?;
    let frame = Frame::new(&room, &p, Tab::Balance);
    let scope = p.scope();
    let balance = shown(&call, scope).await?;
    let (setting, _) = automatic(&call, scope).await?;
    let asked = balances::asked(&call);
    let name = balances::file_name(&format!("balance-{}", p.code), asked);
    let above = html! {
        (standing(&room, &p, &balance, &setting, &frame.path))
        (balances::card(&room, &balance, asked, &format!("{}/balance", frame.path)))
    };
    let list = List::new(&room, &call, &name).before(above).empty(
        Icon::Balance,
        room.t("No transactions yet", "Noch keine Buchungen"),
        room.t(
            "What is paid of a top-up comes in; what external shops sell goes out.",
            "Bezahlte Aufladungen kommen herein; was externe Shops verkaufen, geht hinaus.",
        ),
        None,
    );
    let list = by_days(&room, &call, list);
    let (from, to) = between(&room, &list);
    let span = Span { from, to };
    let found = list.rows(&call, fetch!(|page| [call] moved(call, scope, asked, span, page).await)).await?;
    let columns = vec![
        Column::new(room.t("When", "Wann")),
        Column::new(room.t("What", "Was")),
        Column::new(room.t("Belongs to", "Gehört zu")),
        Column::amounts(room.t("Amount", "Betrag")),
        Column::amounts(room.t("Balance after it", "Guthaben danach")),
        Column::new(room.t("ID", "ID")),
    ];
    let rows = found.rows.iter().map(|movement| row(&room, movement)).collect();
    frame.list(&call, &room, list, columns, rows, found.next)
}

fn row(room: &Room, movement: &MovementView) -> Vec<Cell> {
    let (tone, name) = kind(room, movement.kind);
    let invoice = movement.invoice.map(|id| (format!("/invoices/{id}"), movement.invoice_number.clone().unwrap_or_default()));
    let sale = movement.fulfillment.map(|id| (format!("/fulfillments/{id}"), movement.external_order_id.clone().unwrap_or_default()));
    let belongs = match invoice.or(sale) {
        Some((path, text)) => Cell::shown_as(html! { a href=(room.path(&path)) { (text) } }, Plain::Text(text.clone())),
        None => Cell::empty(),
    };
    vec![
        Cell::moment(room, movement.at),
        Cell::badge(tone, name),
        belongs,
        Cell::money(room, &movement.amount),
        Cell::money(room, &movement.balance_after),
        Cell::code(room, &movement.id.text()),
    ]
}

/// What is there, when it is topped up by itself, and what waits to be paid.
fn standing(room: &Room, p: &PartnershipView, balance: &BalanceView, setting: &AutoTopUpView, path: &str) -> Markup {
    let look = &room.look;
    let mut rows: Vec<(&str, Markup)> = Vec::new();
    if let Some(money) = &balance.balance {
        rows.push((room.t("Prepaid balance", "Guthaben"), html! { strong { (look.money(money)) } }));
    }
    rows.push((room.t("Automatic top-up", "Automatische Aufladung"), html! { (by_itself(room, setting)) }));
    let open = html! {
        @for top_up in &balance.open_top_ups {
            div { a href=(room.path(&format!("/invoices/{}", top_up.invoice))) { (top_up.number) } " · " (look.money(&top_up.amount_open)) " · " (room.t("due", "fällig")) " " (look.date(top_up.due_on)) }
        }
    };
    if !balance.open_top_ups.is_empty() {
        rows.push((room.t("Open top-ups", "Offene Aufladungen"), open));
    }
    let ask = Button::new(room.t("Issue a top-up", "Aufladung stellen")).small().icon(Icon::Add).opens_dialog().to(&format!("{path}/top-ups/new"));
    let card =
        Card::new(room.t("Balance", "Guthaben")).text(room.t(
            "It pays what external shops sell. It cannot go below zero.",
            "Daraus wird bezahlt, was externe Shops verkaufen. Es kann nicht unter null gehen.",
        ));
    let card = if room.may(Right::BillingManage) && p.status.may_trade() && balance.currency.is_some() { card.acts(ask) } else { card };
    card.with(facts(&rows))
}

fn by_itself(room: &Room, setting: &AutoTopUpView) -> Markup {
    let text = |money: &tradepost_kernel::Money| room.look.money_text(money);
    let Some(threshold) = setting.threshold.as_ref().filter(|_| setting.enabled) else { return badge(Tone::Plain, room.t("Off", "Aus")) };
    let words = match (room.look.language, &setting.amount, &setting.target) {
        (Language::English, Some(amount), _) => format!("{} below {}", text(amount), text(threshold)),
        (Language::German, Some(amount), _) => format!("{} unter {}", text(amount), text(threshold)),
        (Language::English, None, Some(target)) => format!("up to {} below {}", text(target), text(threshold)),
        (Language::German, None, Some(target)) => format!("bis {} unter {}", text(target), text(threshold)),
        (_, None, None) => text(threshold),
    };
    html! { (words) }
}

async fn ask(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let p = one(&call).await?;
    let currency = shown(&call, p.scope()).await?.currency;
    Ok(top_up_page(&call, &room, &p, currency, &Typed::default()))
}

fn top_up_page(call: &Call, room: &Room, p: &PartnershipView, currency: Option<Currency>, typed: &Typed) -> Answer {
    let path = room.path(&format!("/resellers/{}", p.id));
    let title = room.t("Issue a top-up", "Aufladung stellen");
    let unit = currency.unwrap_or(room.currency);
    let text = html! {
        @if currency.is_none() {
            (note::note(Tone::Warn, room.t("There is no currency yet", "Es gibt noch keine Währung"), room.t("Set the currency in the terms first.", "Setzen Sie zuerst die Währung in den Konditionen."), None))
        }
        p { (room.t("An invoice over prepaid balance is issued. What is paid of it can be spent at once, in part or whole.", "Es wird eine Rechnung über Guthaben gestellt. Was davon bezahlt ist, lässt sich sofort ausgeben, auch teilweise.")) }
        (typed.field("amount", room.t("Amount", "Betrag")).before(unit.code()).numeric().text())
        (typed.field("reference", room.t("Reference", "Referenz")).hint(room.t("Printed on the invoice.", "Steht auf der Rechnung.")).optional(room.t("optional", "optional")).text())
        p class="muted" { (room.t("The reseller gets an e-mail with the invoice.", "Der Reseller bekommt eine E-Mail mit der Rechnung.")) }
    };
    let act = Button::new(room.t("Issue invoice", "Rechnung stellen")).primary();
    let back = format!("{path}/balance");
    room.dialog(Spot::Resellers, title, &question(call, &room.look, title, &text, typed, &format!("{path}/top-ups"), &act, &back))
}

async fn top_up(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let p = one(&call).await?;
    let currency = shown(&call, p.scope()).await?.currency;
    let form = match call.form::<ResellerTopUpForm>() {
        Ok(form) => form,
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            return Ok(top_up_page(&call, &room, &p, currency, &typed).with_status(status));
        }
    };
    let amount = match money::typed(&room.look, currency.unwrap_or(room.currency), &form.amount) {
        Ok(amount) => amount,
        Err(text) => {
            let typed = Typed::of(call.typed()?).wrong_with("amount", &text);
            return Ok(top_up_page(&call, &room, &p, currency, &typed).with_status(StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    match call.execute(RequestTopUp { partnership: Some(p.id), amount, reference: form.reference.map(String::from) }).await {
        Ok(issued) => Ok(done(&call, &room.path(&format!("/invoices/{}", issued.outcome.invoice)), room.t("Top-up issued.", "Aufladung gestellt."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(top_up_page(&call, &room, &p, currency, &typed).with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/resellers/{id}/balance", "merchantResellerBalancePage", list).needs(Right::MerchantRead).page();
    r.get("/m/{merchant}/resellers/{id}/top-ups/new", "merchantNewTopUpPage", ask).needs(Right::BillingManage).page();
    r.post("/m/{merchant}/resellers/{id}/top-ups", "merchantTopUpForm", top_up)
        .needs(Right::BillingManage)
        .page()
        .form::<ResellerTopUpForm>()
        .command::<RequestTopUp>();
}
