//! An order that an owner is asked about: how it is said on its page, asking, taking back, approving and declining (PAR-14).

use super::page::{after, refused};
use crate::files::Plain;
use crate::forms::{self, Typed, question};
use crate::lists::Cell;
use crate::names;
use crate::room::{Room, Spot, done};
use crate::shared::orders as shared;
use maud::{Markup, html};
use tradepost_design::badge::{Tone, badge, tag};
use tradepost_design::card::facts;
use tradepost_design::{Button, Icon, Language, form, note};
use tradepost_domain::Right;
use tradepost_domain::ids::OrderId;
use tradepost_domain::orders::approval::{ApproveOrder, AskForApproval, DeclineOrder, WithdrawApproval};
use tradepost_domain::orders::{ApprovalState, State};
use tradepost_domain::partners::spending::{Spending, bound};
use tradepost_web::api::orders::{OrderView, shown};
use tradepost_web::api::{approvals, credit};
use tradepost_web::fields::Paragraph;
use tradepost_web::{Answer, Call, Problem, Routes, input};

input! {
    /// The form of an approval.
    pub struct ApproveOrderForm {
        /// The version of the draft that the page showed.
        pub version: i64,
    }

    /// The form of a no.
    pub struct DeclineOrderForm {
        /// Who asked reads it.
        pub note: Paragraph<1000>,
    }
}

/// What binds the one who looks at a draft, where they are no owner.
pub(super) async fn binding(call: &Call, room: &Room, order: &OrderView) -> Result<Option<Spending>, Problem> {
    let Some(person) = bound(&room.caller).filter(|_| order.state == State::Draft && room.may(Right::OrdersPlace)) else { return Ok(None) };
    Ok(approvals::of(call, vec![person]).await?.users.remove(&person))
}

/// Whether somebody waits for an owner's answer.
pub(super) fn waits(order: &OrderView) -> bool {
    order.approval.as_ref().is_some_and(|approval| approval.state == ApprovalState::Waiting)
}

/// Whether the one who looks may change the draft now.
pub(super) fn may_change(room: &Room, order: &OrderView) -> bool {
    order.state == State::Draft && room.may(Right::OrdersPlace) && (!waits(order) || room.may(Right::OrdersApprove))
}

/// Why the draft waits, or may not be confirmed by who looks at it.
pub(super) fn notes(room: &Room, order: &OrderView, binding: Option<&Spending>) -> Markup {
    let (title, text) = names::order_approval(&room.look, order.approval.as_ref().map(|approval| approval.state));
    match &order.approval {
        Some(approval) if approval.state == ApprovalState::Waiting => {
            let by = approval.asked_by_name.as_deref().unwrap_or("–");
            let asked = match room.look.language {
                Language::English => format!("{by} asked. {text}"),
                Language::German => format!("{by} hat darum gebeten. {text}"),
            };
            note::note(Tone::Warn, title, &asked, None)
        }
        Some(approval) => note::note(Tone::Bad, title, approval.note.as_deref().unwrap_or(text), None),
        None => html! {
            @if let Some(no) = binding.zip(order.total).and_then(|(binding, total)| binding.allows(total).err()) {
                (note::note(Tone::Info, title, &crate::refusals::in_words(&room.look, no.code, &no.detail), None))
            }
        },
    }
}

/// The buttons of a draft: to confirm it, or to ask an owner, or to answer who asked.
pub(super) fn acts(call: &Call, room: &Room, order: &OrderView, binding: Option<&Spending>, path: &str) -> Markup {
    let confirm = Button::new(room.t("Confirm order", "Bestellung bestätigen")).icon(Icon::Check).opens_dialog();
    let ask = Button::new(room.t("Ask for approval", "Um Genehmigung bitten")).icon(Icon::Send);
    if waits(order) {
        return html! {
            (forms::act(call, &format!("{path}/withdraw-approval"), &Button::new(room.t("Withdraw request", "Anfrage zurückziehen")).icon(Icon::Undo)))
            @if room.may(Right::OrdersApprove) {
                (Button::new(room.t("Decline", "Ablehnen")).icon(Icon::Close).opens_dialog().to(&format!("{path}/decline")))
                (Button::new(room.t("Approve order", "Bestellung genehmigen")).primary().icon(Icon::Check).opens_dialog().to(&format!("{path}/approve")))
            }
        };
    }
    let may = binding.zip(order.total).is_none_or(|(binding, total)| binding.allows(total).is_ok());
    html! {
        @if bound(&room.caller).is_some() && !order.items.is_empty() {
            (forms::act(call, &format!("{path}/request-approval"), &if may { ask } else { ask.primary() }))
        }
        @if may { (confirm.primary().to(&format!("{path}/confirm"))) }
    }
}

/// The state in a list, and where the draft waits for an owner.
pub(super) fn cell(room: &Room, (tone, state): (Tone, &str), approval: Option<ApprovalState>) -> Cell {
    let Some(approval) = approval else { return Cell::badge(tone, state) };
    let said = names::order_approval(&room.look, Some(approval)).0;
    Cell::shown_as(html! { (badge(tone, state)) " " (tag(said)) }, Plain::Exact(format!("{state}, {said}")))
}

async fn ask(call: Call) -> Result<Answer, Problem> {
    let asked = call.execute(AskForApproval { order: call.path("id")? }).await.map(drop);
    after(&call, asked, ("Your owners are asked, by mail too.", "Ihre Inhaber sind gefragt, auch per Mail.")).await
}

async fn withdraw(call: Call) -> Result<Answer, Problem> {
    let withdrawn = call.execute(WithdrawApproval { order: call.path("id")? }).await.map(drop);
    after(&call, withdrawn, ("Request withdrawn.", "Anfrage zurückgezogen.")).await
}

async fn ask_approve(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    approve_page(&call, &room, &Typed::default()).await
}

async fn approve_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let (order, version) = shown(call, call.path("id")?).await?;
    let known = credit::own(call).await?;
    let path = room.path(&format!("/orders/{}", order.id));
    let by = order.approval.as_ref().and_then(|approval| approval.asked_by_name.clone());
    let text = html! {
        p { (room.t("The order is confirmed in your name. Nobody can change it afterwards.", "Die Bestellung wird in Ihrem Namen bestätigt. Danach lässt sich nichts mehr ändern.")) }
        (form::unseen(&[("version", &version.to_string())]))
        @if let Some(total) = &order.total {
            (facts(&[
                (room.t("Asked by", "Gefragt von"), html! { (by.as_deref().unwrap_or("–")) }),
                (room.t("Total", "Summe"), room.look.money(total)),
            ]))
            (shared::fits(room, &known, total))
        }
    };
    let title = room.t("Approve order", "Bestellung genehmigen");
    let act = Button::new(title).primary();
    Ok(room.dialog(Spot::Orders, title, &question(call, &room.look, title, &text, typed, &format!("{path}/approve"), &act, &path)))
}

async fn approve(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let order: OrderId = call.path("id")?;
    let approved = match call.form::<ApproveOrderForm>() {
        Ok(form) => call.execute(ApproveOrder { order, if_version: Some(form.version) }).await.map(drop),
        Err(no) => Err(no),
    };
    match approved {
        Ok(()) => Ok(done(&call, &room.path(&format!("/orders/{order}")), room.t("Order approved and confirmed.", "Bestellung genehmigt und bestätigt."))),
        Err(no) => refused(&call, &room, order, no).await,
    }
}

async fn ask_decline(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    decline_page(&call, &room, &Typed::default())
}

fn decline_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let order: OrderId = call.path("id")?;
    let path = room.path(&format!("/orders/{order}"));
    let title = room.t("Decline order", "Bestellung ablehnen");
    let text = html! {
        p { (room.t("It stays a draft, which can be changed and asked about again.", "Sie bleibt ein Entwurf; er lässt sich ändern und erneut vorlegen.")) }
        (typed.field("note", room.t("Reason", "Grund")).hint(room.t("Who asked reads it.", "Wer gefragt hat, liest ihn.")).whole().lines())
    };
    let act = Button::new(room.t("Decline", "Ablehnen")).danger();
    Ok(room.dialog(Spot::Orders, title, &question(call, &room.look, title, &text, typed, &format!("{path}/decline"), &act, &path)))
}

async fn decline(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let order: OrderId = call.path("id")?;
    let declined = match call.form::<DeclineOrderForm>() {
        Ok(form) => call.execute(DeclineOrder { order, note: form.note.into() }).await.map(drop),
        Err(no) => Err(no),
    };
    match declined {
        Ok(()) => Ok(done(&call, &room.path(&format!("/orders/{order}")), room.t("Order declined.", "Bestellung abgelehnt."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(decline_page(&call, &room, &typed)?.with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.post("/r/{partnership}/orders/{id}/request-approval", "requestOrderApprovalForm", ask).needs(Right::OrdersPlace).page().command::<AskForApproval>();
    r.post("/r/{partnership}/orders/{id}/withdraw-approval", "withdrawOrderApprovalForm", withdraw)
        .needs(Right::OrdersPlace)
        .page()
        .command::<WithdrawApproval>();
    r.get("/r/{partnership}/orders/{id}/approve", "approveOrderPage", ask_approve).needs(Right::OrdersApprove).page();
    r.post("/r/{partnership}/orders/{id}/approve", "approveOrderForm", approve)
        .needs(Right::OrdersApprove)
        .page()
        .form::<ApproveOrderForm>()
        .command::<ApproveOrder>();
    r.get("/r/{partnership}/orders/{id}/decline", "declineOrderPage", ask_decline).needs(Right::OrdersApprove).page();
    r.post("/r/{partnership}/orders/{id}/decline", "declineOrderForm", decline)
        .needs(Right::OrdersApprove)
        .page()
        .form::<DeclineOrderForm>()
        .command::<DeclineOrder>();
}
