//! The table of the API's routes as a whole.

use crate::routes::Routes;

#[test]
fn the_table_of_the_api_has_no_mistakes() {
    let mut routes = Routes::new();
    crate::api::routes(&mut routes);
    assert_eq!(routes.mistakes(), Vec::<String>::new());
}
