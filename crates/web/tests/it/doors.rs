//! The doors for shops that know no header: dynamic URLs, and the skin for the client of Shoppex, up to their commands.

use super::*;
use std::net::SocketAddr;
use std::num::NonZeroU32;

const SALE: &str = "order_id=hush-order&email=hush%40customer.example&product=hush-sku";

fn with(method: &str, uri: &str, headers: &[(&'static str, &str)], body: &'static str) -> Request<Body> {
    let mut sent = request(method, uri, "", body);
    sent.headers_mut().remove("content-type");
    for (name, value) in headers {
        sent.headers_mut().insert(*name, value.parse().expect("a value"));
    }
    sent
}

/// Status and text of what a door answers.
async fn told(floor: &Floor, sent: Request<Body>) -> (u16, String) {
    let answer = floor.answer(sent).await;
    let status = answer.status().as_u16();
    let bytes = answer.into_body().collect().await.expect("a body").to_bytes();
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

/// EXT-6
#[tokio::test]
async fn browsers_previews_and_prefetches_are_kept_out_before_the_key_is_looked_at() {
    let (floor, _folder) = floor().await;
    let foretold = [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("x-purpose", "preview"),
        ("x-moz", "prefetch"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-mode", "Navigate"),
        ("sec-fetch-dest", "document"),
        ("sec-fetch-dest", "image"),
        ("sec-fetch-dest", "script"),
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-dest", "style"),
    ];
    for header in foretold {
        for key in ["hush-door", "hush-nothing"] {
            for method in ["GET", "POST"] {
                let (status, text) = told(&floor, with(method, &format!("/d/{key}?{SALE}"), &[header], "")).await;
                assert_eq!((status, &text[..29]), (403, "ERROR not_a_browser_endpoint:"), "{method} {header:?}");
            }
            let uri = format!("/reseller/v1/fulfillments/dynamic?api_key={key}&external_order_id=a&product_id=b&customer_email=c%40d.example");
            let (status, text) = told(&floor, with("GET", &uri, &[header], "")).await;
            assert!(status == 403 && text.contains("\"code\":\"not_a_browser_endpoint\""), "{header:?}: {text}");
        }
    }
    // A server in JavaScript sends this much by itself.
    let (status, text) = told(&floor, with("GET", "/d/hush-door", &[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")], "")).await;
    assert_eq!((status, text.as_str()), (400, "ERROR invalid_query: order_id is missing.\n"));
}

/// EXT-6
#[tokio::test]
async fn a_dynamic_url_takes_get_and_post_only() {
    let (floor, _folder) = floor().await;
    for method in ["HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH"] {
        let answer = floor.answer(with(method, &format!("/d/hush-door?{SALE}"), &[], "")).await;
        assert_eq!((answer.status().as_u16(), &answer.headers()["allow"]), (405, &"GET, POST".parse().expect("a value")), "{method}");
    }
}

/// EXT-6
#[tokio::test]
async fn a_key_that_opens_nothing_gets_one_answer_whatever_it_is() {
    let (floor, _folder) = floor().await;
    let mut answers = Vec::new();
    for key in ["hush-nothing", "tpd_live_000000000000000000000000000000AAAAAA", "tpr_live_000000000000000000000000000000AAAAAA", "%00", "x%2Fy"] {
        let answer = floor.answer(with("GET", &format!("/d/{key}?{SALE}"), &[], "")).await;
        let headers = answer.headers();
        assert_eq!((&headers["cache-control"], &headers["referrer-policy"]), (&"no-store".parse().expect("v"), &"no-referrer".parse().expect("v")));
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.expect("a body").to_bytes();
        answers.push((status, String::from_utf8_lossy(&bytes).into_owned()));
    }
    answers.dedup();
    assert_eq!(answers, [(404, "ERROR not_found: There is nothing here by that path or id.\n".to_owned())]);
    assert_eq!(ask(&floor, "GET", "/d/hush-nothing", "seller", "").await.0, 404, "another credential does not help");
}

/// EXT-6
#[tokio::test]
async fn a_query_of_a_dynamic_url_is_strict_and_comes_back_in_no_error() {
    let (floor, _folder) = floor().await;
    let rows = [
        ("", 400, "invalid_query"),
        ("email=a%40b.example&product=hush", 400, "invalid_query"),
        ("order_id=&email=a%40b.example&product=hush", 400, "invalid_query"),
        ("order_id=hush&order_id=hush&email=a%40b.example&product=hush", 400, "invalid_query"),
        ("order_id=hush&email=a%40b.example&product=hush&hush=1", 400, "invalid_query"),
        ("order_id=hush&email=a%40b.example&product=hush&token=hush", 400, "credential_in_url"),
        ("order_id=%zz&email=a%40b.example&product=hush", 400, "invalid_query"),
        ("order_id=hush&email=hush&product=hush", 422, "invalid_email"),
        ("order_id=hush%0Ahush&email=a%40b.example&product=hush", 422, "invalid_text"),
        ("order_id=hush&email=a%40b.example&product=hush&quantity=0", 422, "invalid_quantity"),
        ("order_id=hush&email=a%40b.example&product=hush&quantity=-1", 422, "invalid_quantity"),
        ("order_id=hush&email=a%40b.example&product=hush&quantity=1.5", 422, "invalid_quantity"),
        ("order_id=hush&email=a%40b.example&product=hush&quantity=1001", 422, "quantity_out_of_range"),
        ("order_id=hush&email=a%40b.example&product=hush&quantity=100001", 422, "quantity_out_of_range"),
    ];
    for (query, status, code) in rows {
        for accept in ["*/*", "application/json"] {
            let (got, text) = told(&floor, with("GET", &format!("/d/hush-door?{query}"), &[("accept", accept)], "")).await;
            let in_form = if accept == "*/*" { text.starts_with(&format!("ERROR {code}: ")) } else { text.contains(&format!("\"code\":\"{code}\"")) };
            assert!(got == status && in_form && !text.contains("hush"), "{query}: {got} {text}");
        }
    }
}

/// EXT-6
#[tokio::test]
async fn a_post_takes_a_form_or_json_and_nothing_in_its_query() {
    let (floor, _folder) = floor().await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let json = ("content-type", "application/json");
    let rows = [
        ("/d/hush-door", form, "order_id=a&email=b", 422, "invalid_email"),
        ("/d/hush-door", form, "order_id=a&order_id=b&email=c%40d.example&product=e", 400, "malformed_body"),
        ("/d/hush-door", form, "order_id=a&email=c%40d.example&product=e&price=1", 422, "unknown_field"),
        ("/d/hush-door", json, r#"{"order_id": "a", "email": "c@d.example"}"#, 422, "invalid_field"),
        ("/d/hush-door", json, r#"{"order_id": "a", "order_id": "b"}"#, 400, "malformed_body"),
        ("/d/hush-door", ("content-type", "text/plain"), "order_id=a", 415, "unsupported_content_type"),
        ("/d/hush-door?order_id=a", form, "order_id=a&email=c%40d.example&product=e", 400, "invalid_query"),
    ];
    for (uri, kind, body, status, code) in rows {
        let (got, text) = told(&floor, with("POST", uri, &[kind], body)).await;
        assert_eq!((got, text.split(':').next()), (status, Some(format!("ERROR {code}").as_str())), "{body}");
    }
}

/// EXT-6, PLT-11
#[tokio::test]
async fn an_address_with_too_many_keys_that_open_nothing_waits_and_others_do_not() {
    let (floor, _folder) = floor_with(|settings| settings.limits.dynamic_url_failures = NonZeroU32::new(3)).await;
    let from = |address: &str, key: &str| {
        let mut sent = with("GET", &format!("/d/{key}"), &[], "");
        sent.extensions_mut().insert(address.parse::<SocketAddr>().expect("an address"));
        sent
    };
    for _ in 0..3 {
        assert_eq!(told(&floor, from("192.0.2.1:1", "hush-nothing")).await.0, 404);
    }
    let answer = floor.answer(from("192.0.2.1:2", "hush-door")).await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (429, &"61".parse().expect("a value")), "the right key does not help");
    assert_eq!(told(&floor, from("192.0.2.2:1", "hush-door")).await.0, 400);
}

/// EXT-6, PLT-11
#[tokio::test]
async fn a_dynamic_url_has_a_rate_of_its_own() {
    let (floor, _folder) = floor_with(|settings| settings.limits.per_dynamic_url = NonZeroU32::new(1)).await;
    assert_eq!(told(&floor, with("GET", "/d/hush-door", &[], "")).await.0, 400);
    assert_eq!(told(&floor, with("GET", "/d/hush-door", &[], "")).await.0, 429);
    assert_eq!(ask(&floor, "GET", "/v1/reseller/orders", "seller", "").await.0, 200);
}

/// EXT-11
#[tokio::test]
async fn a_no_for_the_client_of_shoppex_is_in_its_words() {
    let (floor, _folder) = floor().await;
    let dynamic = "/reseller/v1/fulfillments/dynamic?external_order_id=a&product_id=b&customer_email=c%40d.example";
    let rows = [
        ("GET", "/reseller/v1/nowhere".to_owned(), 404, "not_found"),
        ("GET", "/reseller/v1/me".to_owned(), 401, "unauthenticated"),
        ("DELETE", "/reseller/v1/me".to_owned(), 405, "method_not_allowed"),
        ("GET", dynamic.to_owned(), 401, "unauthenticated"),
        ("GET", format!("{dynamic}&api_key=hush-door&api_key=hush-door"), 400, "invalid_query"),
        ("GET", format!("{dynamic}&api_key=hush-nothing"), 404, "not_found"),
        ("GET", format!("{dynamic}&api_key=hush-door&quantity=0"), 422, "invalid_quantity"),
    ];
    for (method, uri, status, code) in rows {
        let (got, _, body) = ask(&floor, method, &uri, "", "").await;
        assert_eq!((got, &body["error"]["code"]), (status, &code.into()), "{uri}");
        assert_eq!(body["error"]["doc_url"], format!("https://shop.example.org/docs/api#error-{code}"));
        assert!(body["error"]["message"].as_str().is_some_and(|text| !text.is_empty()) && !body.to_string().contains("hush"));
        assert!(body["error"].get("details").is_some());
    }
}

/// EXT-11: the one key that may stand in a URL is a dynamic URL's.
#[tokio::test]
async fn a_key_of_the_api_is_not_taken_from_a_query() {
    let (floor, _folder) = floor().await;
    let key = tradepost_kernel::api_key::ApiKeyText::mint(tradepost_kernel::api_key::KeyKind::Partnership, false, || 7);
    for name in ["api_key", "key"] {
        let uri = format!("/reseller/v1/fulfillments/dynamic?{name}={}", key.text().expose());
        let (status, _, body) = ask(&floor, "GET", &uri, "", "").await;
        assert!(matches!(status, 400 | 401), "{body}");
        assert!(!body.to_string().contains(key.text().expose().as_str()));
    }
    let uri = format!("/reseller/v1/me?api_key={}", key.text().expose());
    assert_eq!(ask(&floor, "GET", &uri, "seller", "").await.2["error"]["code"], "credential_in_url");
}
