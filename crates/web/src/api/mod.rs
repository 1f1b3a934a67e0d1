//! The API: one file per noun owns its routes, inputs and views.

pub mod api_keys;
pub mod audit;
pub mod channels;
pub mod companies;
pub mod credit;
pub mod events;
pub mod invoices;
pub mod licenses;
pub mod links;
pub mod merchant;
pub mod orders;
pub mod partnerships;
pub mod sessions;
pub mod signup;
pub mod terms;
pub mod users;

use crate::routes::Routes;

/// Adds every route of the API.
pub fn routes(r: &mut Routes) {
    signup::routes(r);
    sessions::routes(r);
    links::routes(r);
    merchant::routes(r);
    channels::routes(r);
    partnerships::routes(r);
    companies::routes(r);
    users::routes(r);
    api_keys::routes(r);
    audit::routes(r);
    orders::routes(r);
    licenses::routes(r);
    invoices::routes(r);
    credit::routes(r);
    events::routes(r);
}
