//! The decision on a request to take a sale of an external shop back: approved with what is refunded, or rejected with a reason (EXT-9).

use super::requests::stakes;
use crate::forms::{Typed, question};
use crate::money;
use crate::room::{Room, Spot, done};
use axum::http::StatusCode;
use maud::html;
use tradepost_design::Button;
use tradepost_domain::Right;
use tradepost_domain::fulfillments::{ApproveCancelRequest, RejectCancelRequest};
use tradepost_domain::ids::CancelRequestId;
use tradepost_kernel::Money;
use tradepost_web::api::cancel_requests::{CancelRequestView, shown};
use tradepost_web::fields::{Line, Paragraph};
use tradepost_web::{Answer, Call, Problem, Routes, input};

input! {
    /// How a request is approved.
    pub struct ApproveTakeBackForm {
        /// What goes back, as people type it; the least where it is empty.
        pub refund: Option<Line<40>>,
        /// The reseller reads it.
        pub note: Option<Paragraph<1000>>,
    }

    /// Why a request is rejected.
    pub struct RejectTakeBackForm {
        /// The reseller reads it.
        pub note: Paragraph<1000>,
    }
}

async fn ask_approve(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let request = shown(&call, call.path("id")?).await?;
    let least = request.refund_least.as_ref().map(|least| money::in_field(&room.look, least)).unwrap_or_default();
    Ok(approve_page(&call, &room, &request, &Typed::new([("refund", least)])))
}

fn approve_page(call: &Call, room: &Room, request: &CancelRequestView, typed: &Typed) -> Answer {
    let path = room.path(&format!("/cancel-requests/{}", request.id));
    let title = room.t("Approve request", "Anfrage annehmen");
    let currency = request.refund_least.map_or(room.currency, |least| least.currency);
    let text = html! {
        (stakes(room, request))
        (typed.field("refund", room.t("Refund to the balance", "Erstattung aufs Guthaben")).before(currency.code()).numeric().whole().text())
        (typed.field("note", room.t("Note", "Nachricht")).hint(room.t("The reseller reads it.", "Der Reseller liest sie.")).optional(room.t("optional", "optional")).whole().lines())
        p class="muted" { (room.t("It cannot be undone. The owners of the reseller get an e-mail about it.", "Das lässt sich nicht rückgängig machen. Die Inhaber des Resellers bekommen eine E-Mail darüber.")) }
    };
    let act = Button::new(room.t("Approve", "Annehmen")).primary();
    room.dialog(Spot::Fulfillments, title, &question(call, &room.look, title, &text, typed, &format!("{path}/approve"), &act, &path))
}

async fn approve(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let id: CancelRequestId = call.path("id")?;
    let request = shown(&call, id).await?;
    let form = match call.form::<ApproveTakeBackForm>() {
        Ok(form) => form,
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            return Ok(approve_page(&call, &room, &request, &typed).with_status(status));
        }
    };
    let currency = request.refund_least.map_or(room.currency, |least| least.currency);
    let refund: Option<Money> = match form.refund.as_deref().map(|text| money::typed(&room.look, currency, text)).transpose() {
        Ok(refund) => refund,
        Err(text) => {
            let typed = Typed::of(call.typed()?).wrong_with("refund", &text);
            return Ok(approve_page(&call, &room, &request, &typed).with_status(StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    match call.execute(ApproveCancelRequest { request: id, refund, note: form.note.map(String::from) }).await {
        Ok(_) => Ok(done(&call, &room.path(&format!("/cancel-requests/{id}")), room.t("Request approved.", "Anfrage angenommen."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            let request = shown(&call, id).await?;
            Ok(approve_page(&call, &room, &request, &typed).with_status(status))
        }
    }
}

async fn ask_reject(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let request = shown(&call, call.path("id")?).await?;
    Ok(reject_page(&call, &room, &request, &Typed::default()))
}

fn reject_page(call: &Call, room: &Room, request: &CancelRequestView, typed: &Typed) -> Answer {
    let path = room.path(&format!("/cancel-requests/{}", request.id));
    let title = room.t("Reject request", "Anfrage ablehnen");
    let text = html! {
        p { (room.t("Its codes stay valid, and nothing is refunded. The reseller may ask again.", "Die Codes gelten weiter, und nichts wird erstattet. Der Reseller kann erneut anfragen.")) }
        (typed.field("note", room.t("Reason", "Grund")).hint(room.t("The reseller reads it.", "Der Reseller liest ihn.")).whole().lines())
        p class="muted" { (room.t("The owners of the reseller get an e-mail with it.", "Die Inhaber des Resellers bekommen ihn per E-Mail.")) }
    };
    let act = Button::new(room.t("Reject", "Ablehnen")).danger();
    room.dialog(Spot::Fulfillments, title, &question(call, &room.look, title, &text, typed, &format!("{path}/reject"), &act, &path))
}

async fn reject(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let id: CancelRequestId = call.path("id")?;
    let rejected = match call.form::<RejectTakeBackForm>() {
        Ok(form) => call.execute(RejectCancelRequest { request: id, note: form.note.into() }).await.map(drop),
        Err(no) => Err(no),
    };
    match rejected {
        Ok(()) => Ok(done(&call, &room.path(&format!("/cancel-requests/{id}")), room.t("Request rejected.", "Anfrage abgelehnt."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            let request = shown(&call, id).await?;
            Ok(reject_page(&call, &room, &request, &typed).with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    let right = Right::BillingManage;
    r.get("/m/{merchant}/cancel-requests/{id}/approve", "merchantApproveCancelRequestPage", ask_approve).needs(right).page();
    r.post("/m/{merchant}/cancel-requests/{id}/approve", "merchantApproveCancelRequestForm", approve)
        .needs(right)
        .page()
        .form::<ApproveTakeBackForm>()
        .command::<ApproveCancelRequest>();
    r.get("/m/{merchant}/cancel-requests/{id}/reject", "merchantRejectCancelRequestPage", ask_reject).needs(right).page();
    r.post("/m/{merchant}/cancel-requests/{id}/reject", "merchantRejectCancelRequestForm", reject)
        .needs(right)
        .page()
        .form::<RejectTakeBackForm>()
        .command::<RejectCancelRequest>();
}
