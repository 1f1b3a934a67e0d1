//! The OpenAPI document, the reference page and the table of access, made from the table of routes.

use super::*;

#[test]
fn the_document_lists_every_route_with_its_refusals() {
    let routes = table();
    let document = tradepost_web::openapi::document(&routes, "https://shop.example.org");
    if let Ok(file) = std::env::var("TRADEPOST_WRITE_OPENAPI") {
        std::fs::write(file, document.to_string()).expect("written");
    }
    for route in routes.rows().iter().filter(|route| route.in_contract()) {
        let operation = &document["paths"][route.path][route.method.as_str().to_ascii_lowercase()];
        assert_eq!(operation["operationId"], route.operation);
        let text = operation["responses"].to_string();
        for code in route.all_refusals() {
            assert!(text.contains(code), "{route:?} does not list {code}");
        }
        // schemathesis heard it from a path that did not list it.
        assert!(text.contains("credential_in_url"), "{route:?} may find a key in its query, whatever it is for");
    }
    let create = document["paths"]["/v1/reseller/orders"]["post"]["responses"]["422"].to_string();
    for code in ["unknown_field", "read_only_field", "invalid_text", "invalid_email", "invalid_amount", "invalid_quantity", "quantity_out_of_range"] {
        assert!(create.contains(code), "what the fields of a body may be refused with is listed by itself: {code}");
    }
    let item = &document["components"]["schemas"]["NewItem"];
    assert_eq!(item["required"], serde_json::json!(["product", "quantity"]));
    assert_eq!(item["properties"]["quantity"]["description"], "How many.");
    assert_eq!(item["additionalProperties"], false);
}

/// PAR-14
#[test]
fn the_table_of_access_has_a_line_for_every_route() {
    let routes = table();
    let text = tradepost_web::openapi::access_table(&routes);
    assert_eq!(text.lines().count(), routes.rows().len() + 2);
    assert!(text.contains("| POST | `/v1/reseller/orders` | createOrder | `orders.place` | owner, seller | no |"), "{text}");
    assert!(text.contains("| GET | `/v1/merchant/orders` | merchantOrders | `merchant.read` | owner, admin, fulfillment, finance, support |  |"), "{text}");
}

#[tokio::test]
async fn the_reference_names_every_operation_and_loads_nothing_from_elsewhere() {
    let (floor, _folder) = floor().await;
    let answer = floor.answer(request("GET", "/docs/api", "", "")).await;
    let policy = answer.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'self' 'sha256-"), "{policy}");
    let page = read(answer).await.1;
    if let Ok(file) = std::env::var("TRADEPOST_WRITE_DOCS") {
        std::fs::write(file, &page).expect("written");
    }
    for route in table().rows().iter().filter(|route| route.in_contract()) {
        assert!(page.contains(&format!("id=\"{}\"", route.operation)), "{route:?}");
    }
    assert!(page.contains("id=\"error-not_found\""));
    assert!(!page.contains("<script") && !page.contains("src=\"http"));
}
