//! The reseller's workspace.

pub mod balance;
pub mod developers;
pub mod fulfillments;
pub mod invoices;
pub mod licenses;
pub mod orders;
pub mod overview;
pub mod ownership;
pub mod payments;
pub mod people;
pub mod products;
pub mod settings;
pub mod spending;

use tradepost_web::Routes;

pub(crate) fn routes(r: &mut Routes) {
    overview::routes(r);
    orders::routes(r);
    licenses::routes(r);
    products::routes(r);
    invoices::routes(r);
    payments::routes(r);
    balance::routes(r);
    fulfillments::routes(r);
    developers::routes(r);
    people::routes(r);
    ownership::routes(r);
    spending::routes(r);
    settings::routes(r);
}
