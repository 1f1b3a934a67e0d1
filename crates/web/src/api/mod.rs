//! The API: one file per noun owns its routes, inputs and views.

pub mod credit;
pub mod events;
pub mod invoices;
pub mod licenses;
pub mod orders;

use crate::routes::Routes;

/// Adds every route of the API.
pub fn routes(r: &mut Routes) {
    orders::routes(r);
    licenses::routes(r);
    invoices::routes(r);
    credit::routes(r);
    events::routes(r);
}
