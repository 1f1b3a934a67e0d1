//! Requests to take sales of external shops back: the list, those that wait first, and the page of one (EXT-9).

use super::{Tab, own_tabs};
use crate::lists::{Cell, List, fetch};
use crate::merchant::invoices::company_of;
use crate::merchant::orders::companies;
use crate::room::{Room, Spot};
use crate::shared::fulfillments as shared;
use crate::shared::views;
use maud::{Markup, html};
use std::collections::HashMap;
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, facts};
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Language, badge, note, value};
use tradepost_domain::fulfillments::RequestState;
use tradepost_domain::fulfillments::requests::RequestFilter;
use tradepost_domain::saved_views::ListName;
use tradepost_domain::{PartnershipId, Right};
use tradepost_web::api::cancel_requests::{CancelRequestSummary, CancelRequestView, listed, shown};
use tradepost_web::{Answer, Call, Problem, Routes};

/// What the filter calls all requests, decided ones too; without it the list shows those that wait.
const ALL: &str = "all";

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let mut states = shared::request_states(&room.look);
    states.push((ALL.to_owned(), room.t("All", "Alle").to_owned()));
    let views = views::of(&call, ListName::CancelRequests).await?;
    let tabs = own_tabs(&call, &room, Tab::Requests).await?;
    let list = List::new(&room, &call, "cancel-requests").searches().filter("state", states).views(views).tabs(tabs).empty(
        Icon::Good,
        room.t("Nothing to decide", "Nichts zu entscheiden"),
        room.t(
            "When a shop refunds its customer, its reseller asks you here to take the codes back.",
            "Erstattet ein Shop seinem Kunden, bittet der Reseller Sie hier, die Codes zurückzunehmen.",
        ),
        Some(Button::new(room.t("Show all", "Alle zeigen")).to(&room.path("/cancel-requests?state=all"))),
    );
    let of: Option<PartnershipId> = list.asked("partnership").and_then(|id| id.parse().ok());
    let state = match list.asked("state") {
        Some(ALL) => None,
        Some(name) => RequestState::from_name(name),
        // Whoever looks for one finds it decided, too.
        None => list.searched().is_none().then_some(RequestState::Pending),
    };
    let filter = RequestFilter { partnership: of, state, external_order_id: list.searched(), ..RequestFilter::default() };
    let list = match of {
        Some(id) => list.filter("partnership", vec![(id.to_string(), company_of(&call, id).await?)]),
        None => list,
    };
    let found = list.rows(&call, fetch!(|page| [call, filter] listed(call, filter.clone(), page).await)).await?;
    let names = companies(&call, found.rows.iter().map(|request| request.partnership).collect()).await?;
    let columns = vec![
        Column::new(room.t("Shop order", "Shop-Bestellung")),
        Column::new(room.t("Reseller", "Reseller")),
        Column::new(room.t("Status", "Status")),
        Column::new(room.t("Reason", "Grund")),
        Column::right(room.t("Codes", "Codes")),
        Column::amounts(room.t("Refunded", "Erstattet")),
        Column::new(room.t("Requested", "Angefragt")),
        Column::new(room.t("ID", "ID")),
    ];
    let rows = found.rows.iter().map(|request| row(&room, request, &names)).collect();
    let head = Head {
        crumbs: &[],
        title: room.t("Return requests", "Rücknahmeanfragen"),
        state: None,
        text: Some(room.t(
            "Nothing changes until you decide. Search finds the shop's order ID, typed in full.",
            "Bis Sie entscheiden, ändert sich nichts. Die Suche findet die ganze Bestellnummer des Shops.",
        )),
        acts: None,
    };
    list.answer(&call, Spot::Fulfillments, &head, columns, rows, found.next)
}

fn row(room: &Room, request: &CancelRequestSummary, names: &HashMap<PartnershipId, String>) -> Vec<Cell> {
    let (tone, state) = shared::request_state(&room.look, request.status);
    let company = names.get(&request.partnership).map_or("", String::as_str);
    let reason: String = request.reason.chars().take(80).collect();
    let short = html! { (reason) @if reason.len() < request.reason.len() { "…" } };
    vec![
        Cell::link(&request.external_order_id, &room.path(&format!("/cancel-requests/{}", request.id)), None),
        Cell::company(company, &room.path(&format!("/resellers/{}", request.partnership))),
        Cell::badge(tone, state),
        Cell::shown_as(short, crate::files::Plain::Text(request.reason.clone())),
        Cell::number(room, request.quantity),
        request.refund.as_ref().map_or_else(Cell::empty, |refund| Cell::money(room, refund)),
        Cell::moment(room, request.created_at),
        Cell::code(room, &request.id.to_string()),
    ]
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let request = shown(&call, call.path("id")?).await?;
    let company = company_of(&call, request.partnership).await?;
    let (tone, state) = shared::request_state(&room.look, request.status);
    let (back, path) = (room.path("/cancel-requests"), room.path(&format!("/cancel-requests/{}", request.id)));
    let inside = html! {
        @if request.status == RequestState::Pending { (stakes(&room, &request)) }
        div class="columns" {
            div {
                (Card::new(room.t("What the reseller says", "Was der Reseller schreibt")).with(html! { p class="lines" { (request.reason) } }))
                @if let Some(note) = &request.note { (Card::new(room.t("What you said", "Was Sie geantwortet haben")).with(html! { p class="lines" { (note) } })) }
                @if !request.licenses.is_empty() { (licenses_card(&room, &request)) }
            }
            div { (facts_card(&room, &request, &company)) }
        }
    };
    let acts = html! {
        (Button::new(room.t("Reject", "Ablehnen")).opens_dialog().to(&format!("{path}/reject")))
        (Button::new(room.t("Approve", "Annehmen")).primary().icon(Icon::Check).opens_dialog().to(&format!("{path}/approve")))
    };
    let decides = request.status == RequestState::Pending && room.may(Right::BillingManage);
    let head = Head {
        crumbs: &[(room.t("Return requests", "Rücknahmeanfragen"), back.as_str())],
        title: &request.external_order_id,
        state: Some(badge(tone, state)),
        text: None,
        acts: decides.then_some(acts),
    };
    Ok(room.page(Spot::Fulfillments, &head, &inside))
}

/// What an approval comes to right now: codes that were shown, those that nobody saw, and what goes back.
pub(super) fn stakes(room: &Room, request: &CancelRequestView) -> Markup {
    let (Some(seen), Some(least), Some(most)) = (request.shown, &request.refund_least, &request.refund_most) else {
        let text = room.t("All of it was taken back before: reject the request.", "Alles wurde schon zurückgenommen: Lehnen Sie die Anfrage ab.");
        return note::note(Tone::Info, room.t("There is nothing left to take back", "Es gibt nichts mehr zurückzunehmen"), text, None);
    };
    let unseen = (request.quantity - seen).max(0);
    let (least, most) = (room.look.money_text(least), room.look.money_text(most));
    let (seen, unseen) = (room.look.number(seen), room.look.number(unseen));
    let text = match room.look.language {
        Language::English => format!(
            "{seen} codes were shown: they are revoked for good. {unseen} were seen by nobody: they go back to stock, so their cost of {least} goes back at least. At most {most} can go back."
        ),
        Language::German => format!(
            "{seen} Codes wurden angezeigt: Sie gelten endgültig nicht mehr. {unseen} hat niemand gesehen: Sie gehen in den Bestand zurück, deshalb geht mindestens ihr Preis von {least} zurück. Höchstens können es {most} sein."
        ),
    };
    note::note(Tone::Info, room.t("What an approval does", "Was eine Annahme bewirkt"), &text, None)
}

fn licenses_card(room: &Room, request: &CancelRequestView) -> Markup {
    Card::new(room.t("Only these licenses", "Nur diese Lizenzen")).with(html! {
        @for id in &request.licenses {
            div { a href=(room.path(&format!("/licenses/{id}"))) { code { (id.to_string()) } } }
        }
    })
}

fn facts_card(room: &Room, request: &CancelRequestView, company: &str) -> Markup {
    let look = &room.look;
    let fulfillment = room.path(&format!("/fulfillments/{}", request.fulfillment));
    let about = if request.licenses.is_empty() {
        room.t("Everything not taken back before", "Alles, was noch nicht zurückgenommen ist")
    } else {
        room.t("Some of its licenses", "Einige ihrer Lizenzen")
    };
    let mut rows: Vec<(&str, Markup)> = vec![
        (room.t("Reseller", "Reseller"), html! { a href=(room.path(&format!("/resellers/{}", request.partnership))) { (company) } }),
        (room.t("Shop order", "Shop-Bestellung"), html! { a href=(fulfillment) { (request.external_order_id) } }),
        (room.t("About", "Umfang"), html! { (about) }),
        (room.t("Codes", "Codes"), html! { span class="number" { (look.number(request.quantity)) } }),
        (room.t("Requested", "Angefragt"), look.moment(request.created_at)),
    ];
    if let Some(at) = request.decided_at {
        rows.push((room.t("Decided", "Entschieden"), look.moment(at)));
    }
    if let Some(refund) = &request.refund {
        rows.push((room.t("Refunded", "Erstattet"), look.money(refund)));
    }
    rows.push((room.t("ID", "ID"), value::copyable(&request.id.to_string(), look.language)));
    Card::new(room.t("Details", "Details")).with(facts(&rows))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/cancel-requests", "merchantCancelRequestsPage", list).needs(Right::MerchantRead).page();
    r.get("/m/{merchant}/cancel-requests/{id}", "merchantCancelRequestPage", show).needs(Right::MerchantRead).page();
}
