//! The merchant's stock: counts per product, keys (masked), how they come in, and what is done with a batch of them (STK-1 … STK-6).

mod batch;
mod import;
mod imports;
mod keys;
mod levels;
mod report;
pub(in crate::merchant) mod words;

use crate::room::Room;
use maud::Markup;
use tradepost_design::table::tabs;
use tradepost_design::{Button, Icon};
use tradepost_domain::Right;
use tradepost_web::Routes;

pub(super) fn routes(r: &mut Routes) {
    levels::routes(r);
    keys::routes(r);
    imports::routes(r);
    import::routes(r);
    batch::routes(r);
}

/// The lists of the stock.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tab {
    Levels,
    Keys,
    Imports,
}

fn tab_line(room: &Room, here: Tab) -> Markup {
    let all = [
        (room.t("Products", "Produkte"), room.path("/stock"), 0, here == Tab::Levels),
        (room.t("Keys", "Schlüssel"), room.path("/stock/keys"), 0, here == Tab::Keys),
        (room.t("Imports", "Importe"), room.path("/stock/imports"), 0, here == Tab::Imports),
    ];
    tabs(room.t("Stock", "Bestand"), &all)
}

/// The button that people come to the stock for.
fn import_button(room: &Room) -> Option<Markup> {
    room.may(Right::StockManage)
        .then(|| Button::new(room.t("Import keys", "Schlüssel importieren")).primary().icon(Icon::Import).to(&room.path("/stock/import")))
}
