//! What the reseller's programs asked, and what they were told (PAR-16).

use super::{Tab, tabs};
use crate::room::{Room, Spot};
use crate::shared::requests::{Around, list, show};
use tradepost_domain::Right;
use tradepost_web::{Answer, Call, Problem, Routes};

fn around(room: &Room) -> Around<'_> {
    Around {
        spot: Spot::Developers,
        title: room.t("Developers", "Entwickler"),
        keys: room.path("/developers"),
        list: room.path("/developers/requests"),
        tabs: tabs(room, Tab::Requests),
    }
}

async fn all(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    list(&call, &room, around(&room)).await
}

async fn one(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    show(&call, &room, around(&room)).await
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/r/{partnership}/developers/requests", "requestsPage", all).needs(Right::ResellerKeysManage).page();
    r.get("/r/{partnership}/developers/requests/{request}", "requestPage", one).needs(Right::ResellerKeysManage).page();
}
