//! A proof that it still is you, before what is sensitive (PAR-15, PLT-12).

use crate::factors::{EMAIL, PASSWORD, rita, switch_on};
use serde_json::json;
use tradepost_domain::access::{MerchantRole, ResellerRole, Side};
use tradepost_testkit::app_test;
use tradepost_web::Access;

const A_WHILE_MS: i64 = 16 * 60_000;

app_test! {
    /// PAR-15: what is sensitive asks a session of a while ago, and no API key; the proof counts for 15 minutes.
    async fn a_session_of_a_while_ago_is_asked_for_a_proof(app) {
        let (_http, rita) = rita(&app).await;
        let add = |name: &str| {
            let (rita, email) = (rita.clone(), format!("{name}@contoso.example"));
            async move { rita.post("/v1/reseller/users", json!({"email": email, "first_name": "Una", "last_name": "User", "role": "viewer"})).await }
        };
        assert_eq!(add("una").await.status, 201, "who just signed in is not asked");
        app.clock.advance_ms(A_WHILE_MS);
        assert_eq!(add("ulf").await.said(), (403, "fresh_proof_required".into()));
        assert_eq!(rita.get("/v1/reseller/users").await.status, 200, "what only shows is not asked");
        assert_eq!(rita.post("/v1/me/proofs", json!({"password": "wrong password"})).await.said(), (422, "wrong_password".into()));
        assert_eq!(rita.post("/v1/me/proofs", json!({"code": "123456"})).await.said(), (422, "invalid_code".into()), "there are no codes");
        assert_eq!(rita.post("/v1/me/proofs", json!({})).await.said(), (422, "invalid_field".into()));
        let proof = rita.post("/v1/me/proofs", json!({"password": PASSWORD})).await.must(201);
        assert!(proof["fresh_until"].as_str() > proof["proved_at"].as_str(), "{proof}");
        assert_eq!(add("ulf").await.status, 201);
        app.clock.advance_ms(A_WHILE_MS);
        assert_eq!(add("uta").await.said(), (403, "fresh_proof_required".into()));
    }

    /// PAR-15: a code of the app and a recovery code prove it, too, each once; guesses are throttled.
    async fn codes_prove_it_and_guesses_are_throttled(app) {
        let (_http, rita) = rita(&app).await;
        let (_, codes) = switch_on(&app, &rita).await;
        app.clock.advance_ms(A_WHILE_MS);
        assert_eq!(rita.send("DELETE", "/v1/me/totp", None).await.said(), (403, "fresh_proof_required".into()));
        rita.post("/v1/me/proofs", json!({"code": codes[0]})).await.must(201);
        assert_eq!(rita.post("/v1/me/proofs", json!({"code": codes[0]})).await.said(), (422, "invalid_code".into()));
        let mut last = 0;
        for _ in 0..6 {
            last = rita.post("/v1/me/proofs", json!({"password": "wrong password"})).await.status;
        }
        assert_eq!(last, 429);
        assert_eq!(rita.send("DELETE", "/v1/me/totp", None).await.status, 204, "the proof still counts");
    }

    /// PLT-12: every route that is marked asks, in its own way, and keys are never asked.
    async fn every_sensitive_route_asks_sessions_and_no_keys(app) {
        let acme = app.merchant("Acme Software").await;
        let contoso = acme.reseller("Contoso").await;
        let http = app.http().await;
        let (staff, user) = (http.with(&acme.signs_in(MerchantRole::Owner).await), http.with(&contoso.signs_in(ResellerRole::Owner).await));
        let (staff_key, user_key) = (http.with(&acme.key), http.with(&contoso.key().await));
        app.clock.advance_ms(A_WHILE_MS);
        let table = tradepost::routes::all();
        let (mut seen, mut wrong) = (0, Vec::new());
        for route in table.rows().iter().filter(|route| route.fresh) {
            seen += 1;
            let place = if route.side() == Some(Side::Merchant) { acme.id.text() } else { contoso.partnership().text() };
            let parts = route.path.split('/').map(|part| match part {
                "{merchant}" | "{partnership}" => place.as_str(),
                part if part.starts_with('{') => "nothing_here",
                part => part,
            });
            let path = parts.collect::<Vec<_>>().join("/");
            let (session, key) = if route.side() == Some(Side::Merchant) { (&staff, &staff_key) } else { (&user, &user_key) };
            let reply = if route.is_page && route.method == "POST" { session.form(&path, "").await } else { session.send(route.method.as_str(), &path, None).await };
            let asked = match route.is_page {
                true => reply.status == 303 && reply.headers["location"].starts_with("/again?next="),
                false => reply.said() == (403, "fresh_proof_required".to_owned()),
            };
            if !asked {
                wrong.push(format!("{route:?}: {:?}", reply.said()));
            }
            if !route.is_page && matches!(route.access, Access::Right(right) if right.is_for_keys()) {
                let reply = key.send(route.method.as_str(), &path, None).await;
                if reply.code() == "fresh_proof_required" {
                    wrong.push(format!("a key at {route:?}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(seen > 50, "only {seen}");
    }

    /// PLT-12: the page asks, and leads back to what was wanted.
    async fn the_page_that_asks_leads_back(app) {
        let (_http, rita) = rita(&app).await;
        app.clock.advance_ms(A_WHILE_MS);
        let sent = rita.get("/profile/two-step").await;
        assert_eq!((sent.status, sent.headers["location"].as_str()), (303, "/again?next=%2Fprofile%2Ftwo-step"));
        let page = rita.get("/again?next=%2Fprofile%2Ftwo-step").await;
        assert!(page.status == 200 && page.text().contains("Confirm it's you") && page.text().contains(EMAIL), "{}", page.text());
        let wrong = rita.form("/again?next=%2Fprofile%2Ftwo-step", "password=wrong+password").await;
        assert!(wrong.status == 422 && wrong.text().contains("The password is wrong."), "{}", wrong.text());
        assert_eq!(rita.form("/again", "password=x").await.status, 422, "too short to be one");
        assert_eq!(rita.form("/again/code", "code=123456").await.status, 422);
        assert_eq!(rita.form("/again/passkey", "").await.status, 422);
        let right = format!("password={}", PASSWORD.replace(' ', "+"));
        let back = rita.form("/again?next=%2Fprofile%2Ftwo-step", &right).await;
        assert_eq!((back.status, back.headers["location"].as_str()), (303, "/profile/two-step"));
        assert_eq!(rita.get("/profile/two-step").await.status, 200);
        // Never to another server.
        assert_eq!(rita.form("/again?next=https%3A%2F%2Fevil.example", &right).await.headers["location"], "/");
        app.clock.advance_ms(A_WHILE_MS);
        let late = rita.header("referer", "http://localhost/profile/two-step").form("/profile/two-step/off", "").await;
        assert_eq!(late.headers["location"], "/again?next=%2Fprofile%2Ftwo-step", "a form that comes too late leads to the page that it stood on");
    }

    /// PAR-15, EXT-5: one sale after the other is many codes, too: a session of a while ago sees none of them.
    async fn codes_of_a_sale_are_shown_to_who_proved_it_a_while_ago_no_longer(app) {
        let shop = crate::shop::shop(&app, 10).await;
        let path = format!("/v1/reseller/fulfillments/{}", shop.sells("A-1", 2).await);
        let http = app.http().await;
        let (user, key) = (http.with(&shop.contoso.signs_in(ResellerRole::Owner).await), http.with(&shop.contoso.key().await));
        assert!(user.get(&path).await.must(200)["items"][1]["code"].is_string());
        app.clock.advance_ms(A_WHILE_MS);
        assert!(user.get(&path).await.must(200)["items"][1]["code"].is_null());
        assert!(key.get(&path).await.must(200)["items"][1]["code"].is_string(), "a shop is never asked");
    }
}
