//! The sales of the reseller's external shop: the list, the page of one with its codes, and the requests to take some back (EXT-5, EXT-9, EXT-10).

mod one;
mod requests;
mod take_back;

use crate::lists::{List, fetch};
use crate::room::{Room, Spot};
use crate::shared::{fulfillments as shared, views};
use maud::Markup;
use tradepost_design::frame::Head;
use tradepost_design::{Button, Icon, table};
use tradepost_domain::Right;
use tradepost_domain::fulfillments::State;
use tradepost_domain::fulfillments::queries::FulfillmentFilter;
use tradepost_domain::ids::FulfillmentId;
use tradepost_domain::saved_views::ListName;
use tradepost_web::api::fulfillments;
use tradepost_web::{Answer, Call, Problem, Routes};

/// The two lists.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tab {
    Fulfillments,
    Requests,
}

fn tabs(room: &Room, here: Tab) -> Markup {
    let tab = |its: Tab, name: &'static str, path: &str| (name, room.path(path), 0_usize, its == here);
    table::tabs(
        room.t("Your shop", "Ihr Shop"),
        &[
            tab(Tab::Fulfillments, room.t("Fulfillments", "Lieferungen"), "/fulfillments"),
            tab(Tab::Requests, room.t("Returns", "Rücknahmen"), "/fulfillments/requests"),
        ],
    )
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let views = views::of(&call, ListName::Fulfillments).await?;
    let list = List::new(&room, &call, "fulfillments").searches().views(views).filter("state", shared::states(&room.look));
    let searched = list.searched();
    // The search is for the shop's own order id. Whoever pastes ours is led to its page.
    if let Some(id) = searched.as_deref().and_then(|text| text.parse::<FulfillmentId>().ok()) {
        return Ok(Answer::see_other(&room.path(&format!("/fulfillments/{id}"))));
    }
    let (created_from, created_to) = shared::between(&room, &list);
    let state = list.asked("state").and_then(State::from_name);
    let filter = FulfillmentFilter { partnership: None, state, external_order_id: searched, created_from, created_to, sort: list.by_age() };
    let connect = Button::new(room.t("Connect your shop", "Shop anbinden")).primary().icon(Icon::Code).to(&room.path("/developers"));
    let list = shared::by_days(&room, &call, list).tabs(tabs(&room, Tab::Fulfillments)).empty(
        Icon::Code,
        room.t("No sales yet", "Noch keine Verkäufe"),
        room.t(
            "Each sale of your own shop, bot or page appears here, with its codes and what it cost.",
            "Hier steht jeder Verkauf, den Ihr eigener Shop, Bot oder Ihre Seite übergibt, mit seinen Codes und Kosten.",
        ),
        room.may(Right::ResellerKeysManage).then_some(connect),
    );
    let found = list.rows(&call, fetch!(|page| [call, filter] fulfillments::listed(call, filter.clone(), page).await)).await?;
    let rows = found.rows.iter().map(|row| shared::cells(&room, row)).collect();
    let head = Head {
        crumbs: &[],
        title: room.t("Fulfillments", "Lieferungen"),
        state: None,
        text: Some(room.t(
            "What your external shop sold, paid from the balance. Search finds the shop's order ID, typed in full.",
            "Was Ihr externer Shop verkauft hat, bezahlt vom Guthaben. Die Suche findet die ganze Bestellnummer des Shops.",
        )),
        acts: None,
    };
    let columns = shared::columns(&room, &list);
    list.answer(&call, Spot::Fulfillments, &head, columns, rows, found.next)
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/r/{partnership}/fulfillments", "fulfillmentsPage", list).needs(Right::FulfillmentsRead).page();
    requests::routes(r);
    one::routes(r);
    take_back::routes(r);
}
