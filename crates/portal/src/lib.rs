//! The portal: the pages of the merchant's and the reseller's workspace, and those before somebody signed in (`design/ui.md`).
//!
//! Always true here:
//! - A page is a row of the table of routes, with the right that it needs; what it does it does by the commands of the domain, as the API does.
//! - A page of a workspace says in its path whose it is (`/m/{merchant}`, `/r/{partnership}`): two tabs may show two.
//! - Everything works without JavaScript. A final step has a page of its own that says what happens; a script shows it in a dialog.
//! - Each word stands in English and German beside each other ([`look::Look::t`]).
//!
//! What does not belong: rules of the business, SQL, how things look (`design`).

pub mod access;
pub mod assets;
pub mod brand;
pub mod docs;
pub mod error;
pub mod files;
pub mod forms;
pub mod lists;
pub mod look;
pub mod merchant;
pub mod money;
pub mod names;
pub mod refusals;
pub mod reseller;
pub mod room;
pub mod shared;

use tradepost_web::Routes;

/// Adds every page to the table.
pub fn routes(r: &mut Routes) {
    r.set_error_page(error::page);
    assets::routes(r);
    docs::routes(r);
    access::routes(r);
    reseller::routes(r);
    merchant::routes(r);
    shared::find::routes(r);
    shared::views::routes(r);
}
