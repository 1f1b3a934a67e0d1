//! The rows of the table "What bad input gets" that belong to this floor.

use super::*;

const ORDERS: &str = "/v1/reseller/orders";

async fn post(floor: &Floor, body: &str) -> (u16, String) {
    let (status, code, _) = ask(floor, "POST", ORDERS, "seller", body).await;
    (status, code)
}

#[tokio::test]
async fn a_body_that_is_not_strict_json_is_malformed() {
    let (floor, _folder) = floor().await;
    let deep = format!("{{\"items\":{}{}}}", "[".repeat(40), "]".repeat(40));
    for body in ["", "{", r#"{"items":[],"items":[]}"#, r#"{"items":NaN}"#, deep.as_str()] {
        assert_eq!(post(&floor, body).await, (400, "malformed_body".into()), "{body}");
    }
    let invalid = floor.answer(request("POST", ORDERS, "seller", Bytes::from_static(b"{\"items\":[],\"reference\":\"\xff\"}"))).await;
    assert_eq!(read(invalid).await.1, "malformed_body");
}

#[tokio::test]
async fn wrong_fields_get_their_own_code() {
    let (floor, _folder) = floor().await;
    let rows = [
        (r#"{"items":[],"price":1}"#, "unknown_field"),
        (r#"{"items":[],"reseller":"res_x"}"#, "unknown_field"),
        (r#"{"items":[],"id":"ord_x"}"#, "read_only_field"),
        (r#"{"items":[],"total":"1"}"#, "read_only_field"),
        (r#"{}"#, "invalid_field"),
        (r#"{"items":{}}"#, "invalid_field"),
        (r#"[]"#, "invalid_field"),
        (r#"{"items":[],"reference":7}"#, "invalid_field"),
        (r#"{"items":[],"at_most":{"amount":"1.001","currency":"USD"}}"#, "invalid_amount"),
        (r#"{"items":[],"at_most":{"amount":"0.1","currency":"JPY"}}"#, "invalid_amount"),
        (r#"{"items":[],"at_most":{"amount":"92233720368547758.08","currency":"USD"}}"#, "invalid_amount"),
        (r#"{"items":[],"at_most":{"amount":"-1","currency":"USD"}}"#, "invalid_amount"),
        (r#"{"items":[],"at_most":{"amount":1.5,"currency":"USD"}}"#, "invalid_field"),
        (r#"{"items":[{"product":"A","quantity":0}]}"#, "invalid_quantity"),
        (r#"{"items":[{"product":"A","quantity":-1}]}"#, "invalid_quantity"),
        (r#"{"items":[{"product":"A","quantity":1.5}]}"#, "invalid_quantity"),
        (r#"{"items":[{"product":"A","quantity":100001}]}"#, "quantity_out_of_range"),
        (r#"{"items":[{"product":"A","quantity":99999999999999999999}]}"#, "quantity_out_of_range"),
        (r#"{"items":[{"product":"A","quantity":"2"}]}"#, "invalid_field"),
        (r#"{"items":[],"reference":"a\r\nBcc: x@example.org"}"#, "invalid_text"),
        (r#"{"items":[],"reference":"a\u0000b"}"#, "invalid_text"),
        (r#"{"items":[],"email":"a@example.org\r\nBcc: b@example.org"}"#, "invalid_email"),
    ];
    for (body, code) in rows {
        assert_eq!(post(&floor, body).await, (422, code.into()), "{body}");
    }
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let (floor, _folder) = floor().await;
    let body = r#"{"items":[{"product":"","quantity":0},{"quantity":1,"a/b~c":2}],"email":"x"}"#;
    let (status, code, answer) = ask(&floor, "POST", ORDERS, "seller", body).await;
    let told: Vec<(&str, &str)> = answer["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| (error["pointer"].as_str().expect("text"), error["code"].as_str().expect("text")))
        .collect();
    assert_eq!((status, code.as_str()), (422, "invalid_field"));
    assert_eq!(
        told,
        [
            ("/items/0/product", "invalid_field"),
            ("/items/0/quantity", "invalid_quantity"),
            ("/items/1/product", "invalid_field"),
            ("/items/1/a~1b~0c", "unknown_field"),
            ("/email", "invalid_email"),
        ]
    );
}

#[tokio::test]
async fn a_patch_tells_absent_from_null() {
    let (floor, _folder) = floor().await;
    let (_, text, _) = ask(&floor, "PATCH", "/v1/reseller/orders/x", "seller", r#"{"reference":null}"#).await;
    assert_eq!(text, "Null Absent None");
    let mut tagged = request("PATCH", "/v1/reseller/orders/x", "seller", r#"{"note":"a\nb"}"#);
    tagged.headers_mut().insert("if-match", "\"v3\"".parse().expect("a value"));
    assert_eq!(read(floor.answer(tagged).await).await.1, "Absent Value(Paragraph(\"a\\nb\")) Some(3)");
}

#[tokio::test]
async fn queries_are_strict_and_hold_no_keys() {
    let (floor, _folder) = floor().await;
    let rows = [
        ("?color=red", "invalid_query"),
        ("?sort=newest&sort=oldest", "invalid_query"),
        ("?sort=best", "invalid_query"),
        ("?limit=0", "invalid_query"),
        ("?limit=201", "invalid_query"),
        ("?limit=ten", "invalid_query"),
        ("?cursor=xyz", "invalid_query"),
        ("?created_from=yesterday", "invalid_query"),
        ("?items=1.5", "invalid_query"),
        ("?sort=%zz", "invalid_query"),
        ("?api_key=1", "credential_in_url"),
        ("?Access_Token=1", "credential_in_url"),
        ("?sort=tpr_live_abc", "credential_in_url"),
    ];
    for (query, code) in rows {
        let (status, got, _) = ask(&floor, "GET", &format!("{ORDERS}{query}"), "seller", "").await;
        assert_eq!((status, got.as_str()), (400, code), "{query}");
    }
    let (status, _, page) = ask(&floor, "GET", "/v1/reseller/orders?limit=2&sort=oldest&created_from=2026-01-01T00:00:00Z&items=-1", "seller", "").await;
    assert_eq!((status, page["data"].as_array().map(Vec::len), page["data"][0]["sort"].as_str()), (200, Some(2), Some("oldest")));
    let next = format!("{ORDERS}?cursor={}", page["next_cursor"].as_str().expect("a cursor"));
    assert_eq!(ask(&floor, "GET", &next, "seller", "").await.0, 200);
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_only() {
    let text = tradepost_web::paging::cursor_text("listOrders", [5; 16]);
    assert_eq!(tradepost_web::paging::read_cursor("listOrders", &text), Some([5; 16]));
    assert_eq!(tradepost_web::paging::read_cursor("listLicenses", &text), None);
}

#[tokio::test]
async fn methods_sizes_and_content_types_have_their_status() {
    let (floor, _folder) = floor().await;
    for method in ["DELETE", "HEAD", "OPTIONS"] {
        let answer = floor.answer(request(method, ORDERS, "seller", "")).await;
        assert_eq!(answer.headers()["allow"], "GET, POST");
        assert_eq!(read(answer).await.1, "method_not_allowed");
    }
    let mut plain = request("POST", ORDERS, "seller", "{}");
    plain.headers_mut().insert("content-type", "text/plain".parse().expect("a value"));
    assert_eq!(read(floor.answer(plain).await).await.0, 415);
    let large = format!("{{\"reference\":\"{}\"}}", "x".repeat(1 << 20));
    assert_eq!(post(&floor, &large).await, (413, "body_too_large".into()));
    let long = format!("{ORDERS}?sort={}", "x".repeat(9000));
    assert_eq!(ask(&floor, "GET", &long, "seller", "").await.0, 414);
    let mut wide = request("GET", ORDERS, "seller", "");
    wide.headers_mut().insert("x-wide", "x".repeat(17 << 10).parse().expect("a value"));
    assert_eq!(read(floor.answer(wide).await).await.0, 431);
}

/// PLT-3
#[tokio::test]
async fn an_idempotency_key_has_1_to_255_printable_characters() {
    let (floor, _folder) = floor().await;
    for wrong in [String::new(), "x".repeat(256), "a\tb".into()] {
        let mut keyed = request("POST", ORDERS, "seller", r#"{"items":[]}"#);
        keyed.headers_mut().insert("idempotency-key", wrong.parse().expect("a value"));
        assert_eq!(read(floor.answer(keyed).await).await.1, "invalid_idempotency_key", "{wrong}");
    }
}
