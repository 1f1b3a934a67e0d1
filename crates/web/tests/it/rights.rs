//! Who gets where.

use super::*;

/// PAR-14
#[tokio::test]
async fn unknown_401_not_allowed_403_other_side_404() {
    let (floor, _folder) = floor().await;
    let orders = "/v1/reseller/orders";
    let body = r#"{"items":[]}"#;
    assert_eq!(ask(&floor, "GET", orders, "", "").await.1, "unauthenticated");
    assert_eq!(ask(&floor, "GET", orders, "stranger", "").await.0, 401);
    assert_eq!(floor.answer(request("GET", orders, "", "")).await.headers()["www-authenticate"], "Bearer");
    assert_eq!(ask(&floor, "POST", orders, "viewer", body).await.1, "forbidden");
    assert_eq!(ask(&floor, "POST", orders, "key", body).await.1, "forbidden");
    assert_eq!(ask(&floor, "POST", orders, "seller", body).await.0, 201);
    assert_eq!(ask(&floor, "GET", "/v1/merchant/orders", "staff", "").await.0, 204);
    assert_eq!(ask(&floor, "GET", "/v1/merchant/orders", "seller", "").await.1, "not_found");
    assert_eq!(ask(&floor, "GET", orders, "staff", "").await.1, "not_found");
    assert_eq!(ask(&floor, "GET", "/v1/sessions", "viewer", "").await.0, 204);
    assert_eq!(ask(&floor, "GET", "/v1/sessions", "key", "").await.1, "forbidden");
    assert_eq!(ask(&floor, "GET", "/v1/public", "", "").await.0, 204);
}

#[tokio::test]
async fn a_partnership_that_is_not_active_reads_what_it_may() {
    let (floor, _folder) = floor().await;
    assert_eq!(ask(&floor, "GET", "/v1/reseller/orders", "asleep", "").await.0, 200);
    assert_eq!(ask(&floor, "POST", "/v1/reseller/orders", "asleep", "{}").await.1, "partnership_not_active");
}

#[tokio::test]
async fn what_is_missing_and_what_is_no_path_look_alike() {
    let (floor, _folder) = floor().await;
    let other = OrderId::from_bytes([9; 16]);
    let mut answers = Vec::new();
    for (bearer, path) in [
        ("seller", format!("/v1/reseller/orders/{other}")),
        ("seller", "/v1/reseller/orders/nonsense".into()),
        ("seller", "/v1/reseller/orders/%ff".into()),
        ("seller", "/v1/merchant/orders".into()),
        ("", "/v1/nowhere".into()),
        ("", "/v1/reseller/orders/".into()),
    ] {
        let answer = floor.answer(request("GET", &path, bearer, "")).await;
        let id = answer.headers()["x-request-id"].to_str().expect("text").to_owned();
        let bytes = answer.into_body().collect().await.expect("a body").to_bytes();
        answers.push(String::from_utf8_lossy(&bytes).replace(&id, "req_"));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(answers[0].contains("\"status\":404"), "{}", answers[0]);
}

#[tokio::test]
async fn a_change_by_cookie_comes_from_our_own_pages() {
    let (floor, _folder) = floor().await;
    let with_cookie = |cookie: &str, site: &str, origin: &str| {
        let mut sent = request("POST", "/v1/reseller/orders", "", r#"{"items":[]}"#);
        sent.headers_mut().insert("cookie", format!("{cookie}=seller").parse().expect("a value"));
        for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
            if !value.is_empty() {
                sent.headers_mut().insert(name, value.parse().expect("a value"));
            }
        }
        sent
    };
    let with = |site: &str, origin: &str| with_cookie("__Host-tradepost_session", site, origin);
    assert_eq!(read(floor.answer(with("cross-site", "")).await).await.1, "cross_site_request");
    assert_eq!(read(floor.answer(with("same-site", "")).await).await.1, "cross_site_request");
    assert_eq!(read(floor.answer(with("", "https://evil.example")).await).await.1, "cross_site_request");
    assert_eq!(read(floor.answer(with("same-origin", "")).await).await.0, 201);
    assert_eq!(read(floor.answer(with("", "https://shop.example.org")).await).await.0, 201);
    // Over TLS only a cookie that no other host and no plain connection can set is believed.
    assert_eq!(read(floor.answer(with_cookie("tradepost_session", "same-origin", "")).await).await.0, 401);
}

#[tokio::test]
async fn pages_send_strangers_to_the_sign_in() {
    let (floor, _folder) = floor().await;
    let answer = floor.answer(request("GET", "/page?utm_source=mail", "", "")).await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["location"]), (303, &"/sign-in".parse().expect("a value")));
}
