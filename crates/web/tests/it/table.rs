//! The real table of routes.

use tradepost_web::Routes;

/// Every route says who may ask, what it answers and with which codes it refuses; nothing stands twice.
#[test]
fn the_table_of_routes_has_no_mistakes() {
    let mut routes = Routes::new();
    tradepost_web::api::routes(&mut routes);
    assert_eq!(routes.mistakes(), Vec::<String>::new());
}
