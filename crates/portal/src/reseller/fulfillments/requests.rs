//! The reseller's requests to take fulfillments back: the list, the page of one, and withdrawing it (EXT-9).

use super::{Tab, tabs};
use crate::forms::{Typed, question};
use crate::lists::{Cell, List, fetch};
use crate::room::{Room, Spot, done};
use crate::shared::{fulfillments as shared, views};
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, facts};
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Language, Table, badge, note, value};
use tradepost_domain::Right;
use tradepost_domain::fulfillments::requests::RequestFilter;
use tradepost_domain::fulfillments::{RequestState, WithdrawCancelRequest};
use tradepost_domain::ids::CancelRequestId;
use tradepost_domain::saved_views::ListName;
use tradepost_web::api::cancel_requests::{self, CancelRequestSummary, CancelRequestView};
use tradepost_web::{Answer, Call, Problem, Routes};

fn columns(room: &Room) -> Vec<Column<'static>> {
    vec![
        Column::new(room.t("Shop order", "Shop-Bestellung")),
        Column::new(room.t("Status", "Status")),
        Column::right(room.t("Codes", "Codes")),
        Column::new(room.t("Reason", "Grund")),
        Column::amounts(room.t("Refund", "Erstattung")),
        Column::new(room.t("Requested", "Angefragt")),
        Column::new(room.t("Decided", "Entschieden")),
    ]
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (views, states) = (views::of(&call, ListName::CancelRequests).await?, shared::request_states(&room.look));
    let list = List::new(&room, &call, "taken-back").searches().views(views).filter("state", states).tabs(tabs(&room, Tab::Requests)).empty(
        Icon::Undo,
        room.t("Nothing was asked to be taken back", "Noch keine Rücknahme angefragt"),
        room.t(
            "When you refund a customer, open the sale and ask the merchant to take its codes back.",
            "Wenn Sie einem Kunden erstatten, öffnen Sie den Verkauf und bitten den Händler, dessen Codes zurückzunehmen.",
        ),
        None,
    );
    let state = list.asked("state").and_then(RequestState::from_name);
    let filter = RequestFilter { state, external_order_id: list.searched(), ..RequestFilter::default() };
    let found = list.rows(&call, fetch!(|page| [call, filter] cancel_requests::listed(call, filter.clone(), page).await)).await?;
    let row = |request: &CancelRequestSummary| {
        let (tone, state) = shared::request_state(&room.look, request.status);
        vec![
            Cell::link(&request.external_order_id, &room.path(&format!("/fulfillments/requests/{}", request.id)), None),
            Cell::badge(tone, state),
            Cell::number(&room, request.quantity),
            Cell::text(&request.reason),
            request.refund.as_ref().map_or_else(Cell::empty, |refund| Cell::money(&room, refund)),
            Cell::moment(&room, request.created_at),
            Cell::maybe_moment(&room, request.decided_at),
        ]
    };
    let rows = found.rows.iter().map(row).collect();
    let text = room.t("Search finds the shop's order ID, typed in full.", "Die Suche findet die ganze Bestellnummer des Shops.");
    let head = Head { crumbs: &[], title: room.t("Fulfillments", "Lieferungen"), state: None, text: Some(text), acts: None };
    list.answer(&call, Spot::Fulfillments, &head, columns(&room), rows, found.next)
}

/// The requests about one fulfillment, on its page.
pub(super) fn table(room: &Room, requests: &[CancelRequestSummary]) -> Markup {
    let row = |request: &CancelRequestSummary| {
        let (tone, state) = shared::request_state(&room.look, request.status);
        vec![
            html! { a class="row" href=(room.path(&format!("/fulfillments/requests/{}", request.id))) { (request.reason) } },
            badge(tone, state),
            html! { span class="number" { (room.look.number(request.quantity)) } },
            room.look.moment(request.created_at),
        ]
    };
    let columns = vec![
        Column::new(room.t("Reason", "Grund")),
        Column::new(room.t("Status", "Status")),
        Column::right(room.t("Codes", "Codes")),
        Column::new(room.t("Requested", "Angefragt")),
    ];
    Table { caption: room.t("Return requests", "Rücknahmeanfragen"), columns, rows: requests.iter().map(row).collect(), foot: None }.draw()
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let request = cancel_requests::shown(&call, call.path("id")?).await?;
    let (tone, state) = shared::request_state(&room.look, request.status);
    let pending = request.status == RequestState::Pending;
    let withdraw = Button::new(room.t("Withdraw", "Zurückziehen")).opens_dialog().to(&room.path(&format!("/fulfillments/requests/{}/withdraw", request.id)));
    let inside = html! {
        @if pending { (stake(&room, &request)) }
        (facts_card(&room, &request))
        @if !request.licenses.is_empty() {
            (Card::new(room.t("Licenses", "Lizenzen")).with(html! {
                ul class="plain-list" { @for license in &request.licenses { li { (value::copyable(&license.text(), room.look.language)) } } }
            }))
        }
    };
    let (sales, requests) = (room.path("/fulfillments"), room.path("/fulfillments/requests"));
    let crumbs = [(room.t("Fulfillments", "Lieferungen"), sales.as_str()), (room.t("Returns", "Rücknahmen"), requests.as_str())];
    let head = Head {
        crumbs: &crumbs,
        title: &request.external_order_id,
        state: Some(badge(tone, state)),
        text: None,
        acts: (pending && room.may(Right::FulfillmentsCreate)).then_some(withdraw),
    };
    Ok(room.page(Spot::Fulfillments, &head, &inside))
}

/// What an approval would come to.
fn stake(room: &Room, request: &CancelRequestView) -> Markup {
    let look = &room.look;
    let (Some(shown), Some(least), Some(most)) = (request.shown, &request.refund_least, &request.refund_most) else { return html! {} };
    let (shown, all, least, most) = (look.number(shown), look.number(request.quantity), look.money_text(least), look.money_text(most));
    let text = match look.language {
        Language::English => format!("{shown} of its {all} codes were seen and would be revoked. An approval gives {least} back at least, {most} at most."),
        Language::German => {
            format!("{shown} ihrer {all} Codes wurden gesehen und würden widerrufen. Eine Annahme gibt mindestens {least}, höchstens {most} zurück.")
        }
    };
    note::note(Tone::Info, room.t("The merchant decides", "Der Händler entscheidet"), &text, None)
}

fn facts_card(room: &Room, request: &CancelRequestView) -> Markup {
    let look = &room.look;
    let sale = room.path(&format!("/fulfillments/{}", request.fulfillment));
    let mut rows: Vec<(&str, Markup)> = vec![
        (room.t("Sale", "Verkauf"), html! { a href=(sale) { (request.external_order_id) } }),
        (room.t("Codes", "Codes"), html! { (look.number(request.quantity)) }),
        (room.t("Reason", "Grund"), html! { span class="lines" { (request.reason) } }),
        (room.t("Requested", "Angefragt"), look.moment(request.created_at)),
    ];
    if let Some(at) = request.decided_at {
        rows.push((room.t("Decided", "Entschieden"), look.moment(at)));
    }
    if let Some(refund) = &request.refund {
        rows.push((room.t("Refunded to the balance", "Aufs Guthaben erstattet"), look.money(refund)));
    }
    if let Some(note) = &request.note {
        rows.push((room.t("The merchant's answer", "Antwort des Händlers"), html! { span class="lines" { (note) } }));
    }
    rows.push((room.t("ID", "ID"), value::copyable(&request.id.text(), look.language)));
    Card::new(room.t("Request", "Anfrage")).with(facts(&rows))
}

async fn ask_withdraw(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    withdraw_page(&call, &room, &Typed::default())
}

fn withdraw_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let id: CancelRequestId = call.path("id")?;
    let path = room.path(&format!("/fulfillments/requests/{id}"));
    let title = room.t("Withdraw request", "Anfrage zurückziehen");
    let text = html! { p { (room.t("The request is withdrawn. The codes stay valid, and you may ask again.", "Der Händler wird nicht mehr gefragt. Die Codes gelten weiter, und Sie können erneut anfragen.")) } };
    let act = Button::new(title).danger();
    Ok(room.dialog(Spot::Fulfillments, title, &question(call, &room.look, title, &text, typed, &format!("{path}/withdraw"), &act, &path)))
}

async fn withdraw(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let request: CancelRequestId = call.path("id")?;
    match call.execute(WithdrawCancelRequest { request }).await {
        Ok(_) => Ok(done(&call, &room.path(&format!("/fulfillments/requests/{request}")), room.t("Request withdrawn.", "Anfrage zurückgezogen."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(withdraw_page(&call, &room, &typed)?.with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/r/{partnership}/fulfillments/requests", "cancelRequestsPage", list).needs(Right::FulfillmentsRead).page();
    r.get("/r/{partnership}/fulfillments/requests/{id}", "cancelRequestPage", show).needs(Right::FulfillmentsRead).page();
    r.get("/r/{partnership}/fulfillments/requests/{id}/withdraw", "withdrawCancelRequestPage", ask_withdraw).needs(Right::FulfillmentsCreate).page();
    r.post("/r/{partnership}/fulfillments/requests/{id}/withdraw", "withdrawCancelRequestForm", withdraw)
        .needs(Right::FulfillmentsCreate)
        .page()
        .command::<WithdrawCancelRequest>();
}
