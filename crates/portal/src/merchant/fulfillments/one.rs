//! The page of one sale of an external shop: its codes masked, or looked at by an audited act (STK-5, FUL-9).

use crate::forms::{self, Typed};
use crate::merchant::invoices::company_of;
use crate::room::{Room, Spot};
use crate::shared::fulfillments as shared;
use crate::shared::history::{self, Stands};
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::Card;
use tradepost_design::frame::Head;
use tradepost_design::{Button, Icon, badge, note, value};
use tradepost_domain::Right;
use tradepost_domain::fulfillments::requests::RequestFilter;
use tradepost_domain::fulfillments::{Named, RequestState, RevealFulfillment, is_large};
use tradepost_domain::ids::FulfillmentId;
use tradepost_domain::listing::PageRequest;
use tradepost_web::api::cancel_requests::{self, CancelRequestSummary};
use tradepost_web::api::fulfillments::{self, FulfillmentView};
use tradepost_web::{Answer, Call, Problem, Routes};

/// Requests to cancel one of them that its page shows.
const SHOWN: PageRequest = PageRequest { limit: 50, before: None };

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
    let requests = cancel_requests::listed(call, filter, SHOWN).await?.rows;
    let company = company_of(call, masked.fulfillment.partnership).await?;
    let view = revealed.as_ref().unwrap_or(&masked.fulfillment);
    let path = room.path(&format!("/fulfillments/{id}"));
    let look_at = html! {
        @if revealed.is_none() && may_look(room, view) {
            (forms::act(call, &format!("{path}/reveal"), &Button::new(room.t("Show codes", "Codes zeigen")).small().icon(Icon::Visible)))
        }
    };
    let inside = html! {
        (typed.mistakes(&room.look))
        (shared::standing(room, view))
        @if let Some(open) = requests.iter().find(|request| request.status == RequestState::Pending) { (waits(room, open)) }
        div class="columns" {
            div {
                (shared::codes(room, view, &masked.masked, look_at))
                (history::card(call, room, room.t("Timeline", "Verlauf"), &happened, Stands { path: &path, operation: "merchantFulfillmentPage" }))
            }
            div {
                (reseller_card(room, view, &company))
                (shared::amounts(room, view))
                (shared::facts_card(room, &masked))
                (requests_card(room, &requests))
            }
        }
    };
    let (tone, state) = shared::state(&room.look, view.status);
    let back = room.path("/fulfillments");
    let head = Head {
        crumbs: &[(room.t("External shops", "Externe Shops"), back.as_str())],
        title: &view.external_order_id,
        state: Some(badge(tone, state)),
        text: None,
        acts: None,
    };
    Ok(room.page(Spot::Fulfillments, &head, &inside))
}

/// Whether its codes can be shown on a page to this person.
fn may_look(room: &Room, view: &FulfillmentView) -> bool {
    room.may(Right::LicensesReveal) && !is_large(view.quantity) && view.items.iter().any(|item| !item.revoked)
}

fn waits(room: &Room, request: &CancelRequestSummary) -> Markup {
    let decide = Button::new(room.t("Decide", "Entscheiden")).small().to(&room.path(&format!("/cancel-requests/{}", request.id)));
    note::note(Tone::Warn, room.t("Its shop wants it taken back", "Der Shop möchte sie zurückgeben"), &request.reason, Some(&decide))
}

fn reseller_card(room: &Room, view: &FulfillmentView, company: &str) -> Markup {
    let path = room.path(&format!("/resellers/{}", view.partnership));
    let all = Button::new(room.t("All sales", "Alle Verkäufe")).small().to(&format!("{path}/fulfillments"));
    Card::new(room.t("Reseller", "Reseller")).acts(all).with(html! { a href=(path) { (value::person(company, None)) } })
}

fn requests_card(room: &Room, requests: &[CancelRequestSummary]) -> Markup {
    let row = |request: &CancelRequestSummary| {
        let (tone, state) = shared::request_state(&room.look, request.status);
        html! {
            div {
                a href=(room.path(&format!("/cancel-requests/{}", request.id))) { (room.look.moment(request.created_at)) }
                " " (badge(tone, state))
                @if let Some(refund) = &request.refund { " · " (room.look.money(refund)) }
            }
        }
    };
    html! {
        @if !requests.is_empty() {
            (Card::new(room.t("Return requests", "Rücknahmeanfragen")).with(html! { @for request in requests { (row(request)) } }))
        }
    }
}

/// An audited look: each one stands in the timeline.
async fn reveal(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    match fulfillments::revealed(&call, Named::Id(call.path("id")?)).await {
        Ok(view) => Ok(page(&call, &room, &Typed::default(), Some(view)).await?.raw()),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(page(&call, &room, &typed, None).await?.with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/fulfillments/{id}", "merchantFulfillmentPage", show).needs(Right::MerchantRead).page();
    r.post("/m/{merchant}/fulfillments/{id}/reveal", "merchantRevealFulfillmentForm", reveal)
        .needs(Right::LicensesReveal)
        .fresh()
        .page()
        .command::<RevealFulfillment>();
}
