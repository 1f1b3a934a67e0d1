//! Sales of external shops as the merchant sees them, and the requests to take some of them back (EXT-5, EXT-9).

mod decide;
mod one;
mod requests;

use crate::lists::{Cell, List, fetch};
use crate::merchant::invoices::company_of;
use crate::merchant::orders::companies;
use crate::room::{Room, Spot};
use crate::shared::fulfillments as shared;
use crate::shared::views;
use maud::Markup;
use std::collections::HashMap;
use tradepost_design::Icon;
use tradepost_design::frame::Head;
use tradepost_design::table::{Column, tabs};
use tradepost_domain::fulfillments::queries::FulfillmentFilter;
use tradepost_domain::fulfillments::requests::RequestFilter;
use tradepost_domain::fulfillments::{RequestState, State};
use tradepost_domain::ids::FulfillmentId;
use tradepost_domain::listing::PageRequest;
use tradepost_domain::saved_views::ListName;
use tradepost_domain::{PartnershipId, Right};
use tradepost_web::api::fulfillments::{NamedFulfillment, listed};
use tradepost_web::{Answer, Call, Problem, Routes, api};

/// Requests that wait are counted up to here.
const MOST_WAITING: PageRequest = PageRequest { limit: 99, before: None };

/// The filters of a list of fulfillments.
pub(in crate::merchant) fn filtered<'a>(room: &Room, call: &Call, list: List<'a>) -> List<'a> {
    shared::by_days(room, call, list.searches().filter("state", shared::states(&room.look)))
}

/// What its filters ask for. The search is for the shop's own order id.
pub(in crate::merchant) fn asked(room: &Room, list: &List<'_>, partnership: Option<PartnershipId>) -> FulfillmentFilter {
    let (created_from, created_to) = shared::between(room, list);
    let state = list.asked("state").and_then(State::from_name);
    FulfillmentFilter { partnership, state, external_order_id: list.searched(), created_from, created_to, sort: list.by_age() }
}

/// The two lists, and how many requests wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tab {
    Fulfillments,
    Requests,
}

async fn own_tabs(call: &Call, room: &Room, here: Tab) -> Result<Markup, Problem> {
    let pending = RequestFilter { state: Some(RequestState::Pending), ..RequestFilter::default() };
    let waiting = api::cancel_requests::listed(call, pending, MOST_WAITING).await?.rows.len();
    let all = [
        (room.t("Fulfillments", "Lieferungen"), room.path("/fulfillments"), 0, here == Tab::Fulfillments),
        (room.t("Return requests", "Rücknahmeanfragen"), room.path("/cancel-requests"), waiting, here == Tab::Requests),
    ];
    Ok(tabs(room.t("External shops", "Externe Shops"), &all))
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let list = filtered(&room, &call, List::new(&room, &call, "fulfillments"));
    // Whoever pastes an id of ours is led to its page.
    if let Some(id) = list.searched().and_then(|text| text.parse::<FulfillmentId>().ok()) {
        return Ok(Answer::see_other(&room.path(&format!("/fulfillments/{id}"))));
    }
    let of: Option<PartnershipId> = list.asked("partnership").and_then(|id| id.parse().ok());
    let filter = asked(&room, &list, of);
    let list = match of {
        Some(id) => list.filter("partnership", vec![(id.to_string(), company_of(&call, id).await?)]),
        None => list,
    };
    let list = list.tabs(own_tabs(&call, &room, Tab::Fulfillments).await?).views(views::of(&call, ListName::Fulfillments).await?).empty(
        Icon::Code,
        room.t("No sales of external shops yet", "Noch keine Verkäufe externer Shops"),
        room.t(
            "What resellers sell in their own shops, bots and pages appears here, paid from their prepaid balance.",
            "Hier steht, was Reseller in eigenen Shops, Bots und Seiten verkaufen, bezahlt von ihrem Guthaben.",
        ),
        None,
    );
    let found = list.rows(&call, fetch!(|page| [call, filter] listed(call, filter.clone(), page).await)).await?;
    let names = companies(&call, found.rows.iter().map(|row| row.fulfillment.partnership).collect()).await?;
    let mut columns = shared::columns(&room, &list);
    columns.insert(1, Column::new(room.t("Reseller", "Reseller")));
    let rows = found.rows.iter().map(|fulfillment| row(&room, fulfillment, &names)).collect();
    let head = Head {
        crumbs: &[],
        title: room.t("External shops", "Externe Shops"),
        state: None,
        text: Some(room.t(
            "What resellers sold in their own shops. Search finds the shop's order ID, typed in full.",
            "Was Reseller in ihren eigenen Shops verkauft haben. Die Suche findet die ganze Bestellnummer des Shops.",
        )),
        acts: None,
    };
    list.answer(&call, Spot::Fulfillments, &head, columns, rows, found.next)
}

fn row(room: &Room, fulfillment: &NamedFulfillment, names: &HashMap<PartnershipId, String>) -> Vec<Cell> {
    let partnership = fulfillment.fulfillment.partnership;
    let company = names.get(&partnership).map_or("", String::as_str);
    let mut cells = shared::cells(room, fulfillment);
    cells.insert(1, Cell::company(company, &room.path(&format!("/resellers/{partnership}"))));
    cells
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/fulfillments", "merchantFulfillmentsPage", list).needs(Right::MerchantRead).page();
    one::routes(r);
    requests::routes(r);
    decide::routes(r);
}
