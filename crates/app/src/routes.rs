//! The one table of routes, put together.

use tradepost_web::{Routes, api, system};

/// Every route of the server.
#[must_use]
pub fn all() -> Routes {
    let mut routes = Routes::new();
    system::routes(&mut routes);
    api::routes(&mut routes);
    tradepost_portal::routes(&mut routes);
    routes
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_of_routes_has_no_mistakes() {
        assert_eq!(super::all().mistakes(), Vec::<String>::new());
    }
}
