//! The API: one file per noun owns its routes, inputs and views.

pub mod license_keys;
pub mod partnership_products;
pub mod price_lists;
pub mod prices;
pub mod product_imports;
pub mod products;
pub mod reseller_products;
pub mod stock;

use crate::routes::Routes;

/// Adds every route of the API.
pub fn routes(r: &mut Routes) {
    products::routes(r);
    product_imports::routes(r);
    prices::routes(r);
    price_lists::routes(r);
    partnership_products::routes(r);
    license_keys::routes(r);
    stock::routes(r);
    reseller_products::routes(r);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_declared_in_full() {
        let mut r = Routes::new();
        routes(&mut r);
        assert_eq!(r.mistakes(), Vec::<String>::new());
    }
}
