//! The page of one fulfillment: its codes masked, looked at by an audited act, or downloaded (EXT-5, EXT-10, FUL-9).

use super::requests;
use crate::forms::{self, Typed};
use crate::room::{Room, Spot};
use crate::shared::fulfillments as shared;
use crate::shared::history::{self, Stands};
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::Card;
use tradepost_design::frame::Head;
use tradepost_design::{Button, Icon, badge, note};
use tradepost_domain::Right;
use tradepost_domain::fulfillments::requests::RequestFilter;
use tradepost_domain::fulfillments::{DownloadFulfillment, Named, RequestState, RevealFulfillment, State, is_large};
use tradepost_domain::ids::FulfillmentId;
use tradepost_domain::listing::PageRequest;
use tradepost_web::api::cancel_requests::{self, CancelRequestSummary};
use tradepost_web::api::fulfillments::{self, FulfillmentView};
use tradepost_web::{Answer, Call, Problem, Routes};

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    page(&call, &room, &Typed::default(), None).await
}

/// `revealed` is the fulfillment with its codes, after an audited look.
async fn page(call: &Call, room: &Room, typed: &Typed, revealed: Option<FulfillmentView>) -> Result<Answer, Problem> {
    let id: FulfillmentId = call.path("id")?;
    let masked = fulfillments::masked(call, id).await?;
    let happened = fulfillments::history(call, id, history::asked(call)?).await?;
    let filter = RequestFilter { fulfillment: Some(id), ..RequestFilter::default() };
    let asked = cancel_requests::listed(call, filter, PageRequest { limit: 20, before: None }).await?.rows;
    let view = revealed.as_ref().unwrap_or(&masked.fulfillment);
    let path = room.path(&format!("/fulfillments/{id}"));
    let open = asked.iter().find(|request| request.status == RequestState::Pending);
    let look_at = html! {
        @if revealed.is_none() && may_look(room, view) {
            (forms::act(call, &format!("{path}/reveal"), &Button::new(room.t("Show codes", "Codes zeigen")).small().icon(Icon::Visible)))
        }
    };
    let inside = html! {
        (typed.mistakes(&room.look))
        (shared::standing(room, view))
        @if let Some(request) = open { (waits(room, request)) }
        div class="columns" {
            div {
                (shared::codes(room, view, &masked.masked, look_at))
                @if !asked.is_empty() { (Card::new(room.t("Return requests", "Rücknahmeanfragen")).around(requests::table(room, &asked))) }
                (history::card(call, room, room.t("Timeline", "Verlauf"), &happened, Stands { path: &path, operation: "fulfillmentPage" }))
            }
            div {
                (shared::amounts(room, view))
                (shared::facts_card(room, &masked))
            }
        }
    };
    let (tone, state) = shared::state(&room.look, view.status);
    let back = room.path("/fulfillments");
    let crumbs = [(room.t("Fulfillments", "Lieferungen"), back.as_str())];
    let head = Head {
        crumbs: &crumbs,
        title: &view.external_order_id,
        state: Some(badge(tone, state)),
        text: None,
        acts: Some(acts(call, room, view, open.is_some(), &path)),
    };
    Ok(room.page(Spot::Fulfillments, &head, &inside))
}

/// Whether its codes can be shown on a page to this person.
fn may_look(room: &Room, view: &FulfillmentView) -> bool {
    room.may(Right::FulfillmentsCreate) && !is_large(view.quantity) && view.items.iter().any(|item| !item.revoked)
}

fn waits(room: &Room, request: &CancelRequestSummary) -> Markup {
    let show = Button::new(room.t("Show request", "Anfrage zeigen")).small().to(&room.path(&format!("/fulfillments/requests/{}", request.id)));
    note::note(
        Tone::Warn,
        room.t("You asked to take some of it back", "Sie haben eine Rücknahme angefragt"),
        room.t("The merchant decides. Until then all of its codes stay valid.", "Der Händler entscheidet. Bis dahin gelten alle Codes weiter."),
        Some(&show),
    )
}

fn acts(call: &Call, room: &Room, view: &FulfillmentView, asked: bool, path: &str) -> Markup {
    let may = room.may(Right::FulfillmentsCreate);
    let gone = matches!(view.status, State::Refunded | State::Failed);
    let ready = matches!(view.status, State::Delivered | State::PartlyRefunded);
    html! {
        @if may && !gone && !asked {
            (Button::new(room.t("Request return", "Rücknahme anfragen")).icon(Icon::Undo).opens_dialog().to(&format!("{path}/take-back")))
        }
        @if may && ready {
            (forms::act(call, &format!("{path}/codes.txt"), &Button::new(room.t("Codes as text", "Codes als Text")).icon(Icon::Download)))
            (forms::act(call, &format!("{path}/codes.csv"), &Button::new(room.t("Download codes", "Codes herunterladen")).primary().icon(Icon::Download)))
        }
    }
}

async fn reveal(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let id: FulfillmentId = call.path("id")?;
    match fulfillments::revealed(&call, Named::Id(id)).await {
        Ok(view) => Ok(page(&call, &room, &Typed::default(), Some(view)).await?.raw()),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(page(&call, &room, &typed, None).await?.with_status(status))
        }
    }
}

async fn download_table(call: Call) -> Result<Answer, Problem> {
    fulfillments::downloaded(call, false).await
}

async fn download_lines(call: Call) -> Result<Answer, Problem> {
    fulfillments::downloaded(call, true).await
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/r/{partnership}/fulfillments/{id}", "fulfillmentPage", show).needs(Right::FulfillmentsRead).page();
    r.post("/r/{partnership}/fulfillments/{id}/reveal", "revealFulfillmentForm", reveal)
        .needs(Right::FulfillmentsCreate)
        .fresh()
        .page()
        .command::<RevealFulfillment>();
    r.post("/r/{partnership}/fulfillments/{id}/codes.csv", "downloadFulfillmentForm", download_table)
        .needs(Right::FulfillmentsCreate)
        .fresh()
        .page()
        .command::<DownloadFulfillment>();
    r.post("/r/{partnership}/fulfillments/{id}/codes.txt", "downloadFulfillmentLinesForm", download_lines)
        .needs(Right::FulfillmentsCreate)
        .fresh()
        .page()
        .command::<DownloadFulfillment>();
}
