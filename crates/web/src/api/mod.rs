//! The API: one file per noun owns its routes, inputs and views.

pub mod addresses;
pub mod api_keys;
pub mod audit;
pub mod balance;
pub mod balance_shapes;
pub mod cancel_request_shapes;
pub mod cancel_requests;
pub mod channels;
pub mod companies;
pub mod credit;
pub mod dynamic_urls;
pub mod events;
mod fulfillment_download;
pub mod fulfillment_shapes;
pub mod fulfillments;
mod invoice_papers;
pub mod invoice_shapes;
pub mod invoices;
pub mod license_keys;
pub mod license_shapes;
pub mod licenses;
pub mod link_pages;
pub mod links;
pub mod merchant;
pub mod order_shapes;
pub mod orders;
pub mod partnership_products;
pub mod partnerships;
pub mod price_lists;
pub mod prices;
pub mod product_imports;
pub mod products;
pub mod reseller_products;
pub mod sessions;
pub mod signup;
pub mod stock;
pub mod terms;
pub mod timelines;
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
    partnership_products::routes(r);
    companies::routes(r);
    users::routes(r);
    api_keys::routes(r);
    dynamic_urls::routes(r);
    audit::routes(r);
    products::routes(r);
    prices::routes(r);
    price_lists::routes(r);
    license_keys::routes(r);
    stock::routes(r);
    reseller_products::routes(r);
    orders::routes(r);
    fulfillments::routes(r);
    crate::dynamic_url::routes(r);
    crate::shoppex::routes(r);
    licenses::routes(r);
    timelines::routes(r);
    invoices::routes(r);
    invoice_papers::routes(r);
    credit::routes(r);
    balance::routes(r);
    events::routes(r);
    product_imports::routes(r);
}
