//! What the merchant's own programs asked, and what they were told (PAR-16).

use crate::room::{Room, Spot};
use crate::shared::requests::{Around, list, show};
use maud::Markup;
use tradepost_design::table;
use tradepost_domain::Right;
use tradepost_web::{Answer, Call, Problem, Routes};

/// The tabs above the lists of keys and of requests.
pub(super) fn tabs(room: &Room, requests: bool) -> Markup {
    let (keys, log) = (room.path("/api-keys"), room.path("/api-keys/requests"));
    let tabs = [(room.t("API keys", "API-Schlüssel"), keys, 0, !requests), (room.t("Requests", "Anfragen"), log, 0, requests)];
    table::tabs(room.t("API keys", "API-Schlüssel"), &tabs)
}

fn around(room: &Room) -> Around<'_> {
    Around {
        spot: Spot::ApiKeys,
        title: room.t("API keys", "API-Schlüssel"),
        keys: room.path("/api-keys"),
        list: room.path("/api-keys/requests"),
        tabs: tabs(room, true),
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
    r.get("/m/{merchant}/api-keys/requests", "merchantRequestsPage", all).needs(Right::KeysManage).page();
    r.get("/m/{merchant}/api-keys/requests/{request}", "merchantRequestPage", one).needs(Right::KeysManage).page();
}
