//! What holds for every answer.

use super::*;
use std::num::NonZeroU32;
use std::time::Duration;

#[test]
fn the_table_has_no_mistakes() {
    assert_eq!(table().mistakes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_panicking_handler_answers_500_and_tells_nothing() {
    let (floor, _folder) = floor().await;
    let (status, code, answer) = ask(&floor, "POST", "/v1/reseller/panic", "seller", "").await;
    assert_eq!((status, code.as_str()), (500, "internal"));
    assert!(!answer.to_string().contains("on purpose"));
    assert_eq!(ask(&floor, "GET", "/v1/public", "", "").await.0, 204);
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_stop_the_work() {
    let (floor, _folder) = floor().await;
    let before = FINISHED.load(Ordering::SeqCst);
    let answer = floor.answer(request("POST", "/v1/reseller/slow", "seller", ""));
    assert!(tokio::time::timeout(Duration::from_millis(5), answer).await.is_err(), "the client hung up first");
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        if FINISHED.load(Ordering::SeqCst) > before {
            return;
        }
    }
    unreachable!("the handler did not finish");
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_is_kept_by_nobody() {
    let (floor, _folder) = floor().await;
    let created = floor.answer(request("POST", "/v1/reseller/orders", "seller", r#"{"items":[]}"#)).await;
    let headers = created.headers();
    assert!(headers["x-request-id"].to_str().expect("text").starts_with("req_"));
    assert_eq!((&headers["cache-control"], &headers["x-content-type-options"]), (&"no-store".parse().expect("v"), &"nosniff".parse().expect("v")));
    assert_eq!(headers["etag"], "\"v1\"");
    assert!(headers["location"].to_str().expect("text").starts_with("/v1/reseller/orders/ord_"));
    let (_, _, problem) = ask(&floor, "GET", "/nowhere", "", "").await;
    let keys: Vec<&String> = problem.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["type", "title", "status", "detail", "code", "request_id"]);
}

#[tokio::test]
async fn a_file_of_codes_is_byte_exact_and_named_safely() {
    let (floor, _folder) = floor().await;
    let answer = floor.answer(request("GET", "/v1/reseller/orders/x/licenses.csv", "seller", "")).await;
    assert_eq!(answer.headers()["content-disposition"], "attachment; filename=\"licenses_of__Acme_.csv\"");
    assert_eq!(read(answer).await.1, "code\nAAAA\n".repeat(500));
}

/// PLT-11
#[tokio::test]
async fn too_many_requests_are_told_how_long_to_wait() {
    let (floor, _folder) = floor_with(|settings| settings.limits.per_caller = NonZeroU32::new(2)).await;
    let first = floor.answer(request("GET", "/v1/reseller/orders", "seller", "")).await;
    assert_eq!((&first.headers()["ratelimit-limit"], &first.headers()["ratelimit-remaining"]), (&"2".parse().expect("v"), &"1".parse().expect("v")));
    floor.answer(request("GET", "/v1/reseller/orders", "seller", "")).await;
    let third = floor.answer(request("GET", "/v1/reseller/orders", "seller", "")).await;
    assert_eq!((&third.headers()["retry-after"], &third.headers()["ratelimit-remaining"]), (&"1".parse().expect("v"), &"0".parse().expect("v")));
    assert_eq!(read(third).await.1, "too_many_requests");
}

/// PLT-11
#[tokio::test]
async fn overload_is_503_before_anything_is_done() {
    let (floor, _folder) = floor_with(|settings| settings.limits.in_flight = 0).await;
    let answer = floor.answer(request("GET", "/v1/public", "", "")).await;
    assert_eq!(answer.headers()["retry-after"], "1");
    assert_eq!(read(answer).await.1, "overloaded");
}

fn whole_table() -> Routes {
    let mut routes = Routes::new();
    tradepost_web::api::routes(&mut routes);
    tradepost_web::system::routes(&mut routes);
    routes
}

#[test]
fn the_table_of_the_product_has_no_mistakes() {
    let routes = whole_table();
    if let Ok(file) = std::env::var("TRADEPOST_WRITE_OPENAPI_WHOLE") {
        std::fs::write(file, tradepost_web::openapi::document(&routes, "https://shop.example.org").to_string()).expect("written");
    }
    assert_eq!(routes.mistakes().join("\n"), "");
}
