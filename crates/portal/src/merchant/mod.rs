//! The merchant's workspace.

pub mod api_keys;
pub mod audit;
pub mod branding;
pub mod channels;
pub mod closing;
pub mod fulfillments;
pub mod health;
pub mod invoices;
pub mod messages;
pub mod orders;
pub mod overview;
pub mod ownership;
pub mod payment_settings;
pub mod payments;
pub mod people;
pub mod price_lists;
pub mod products;
pub mod program;
pub mod requests;
pub mod resellers;
pub mod settings;
pub mod stock;

use tradepost_web::Routes;

pub(crate) fn routes(r: &mut Routes) {
    overview::routes(r);
    orders::routes(r);
    fulfillments::routes(r);
    products::routes(r);
    price_lists::routes(r);
    stock::routes(r);
    resellers::routes(r);
    channels::routes(r);
    program::routes(r);
    invoices::routes(r);
    payments::routes(r);
    messages::routes(r);
    audit::routes(r);
    people::routes(r);
    ownership::routes(r);
    api_keys::routes(r);
    requests::routes(r);
    settings::routes(r);
    closing::routes(r);
    payment_settings::routes(r);
    branding::routes(r);
    health::routes(r);
}
