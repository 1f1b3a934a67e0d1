//! The merchant's products: the list, the page of one with its tabs, new ones, and the catalog as a file (CAT-1 … CAT-5, CAT-9).

mod create;
mod import;
mod list;
pub(in crate::merchant) mod page;
mod parts;
mod prices;
pub(in crate::merchant) mod tiers;
pub(in crate::merchant) mod uploads;
pub(in crate::merchant) mod words;

use tradepost_web::Routes;

pub(super) fn routes(r: &mut Routes) {
    list::routes(r);
    create::routes(r);
    import::routes(r);
    page::routes(r);
    prices::routes(r);
    parts::routes(r);
}
