//! Idempotency, audit, outbox: PLT-3, PLT-4, PLT-5.

use serde_json::json;
use std::collections::BTreeSet;
use tradepost::operate::{self, Order};
use tradepost_domain::access::MerchantRole;
use tradepost_domain::command::IDEMPOTENCY_KEPT_MS;
use tradepost_domain::command::retention::{FORGOTTEN_AT_ONCE, ForgetCommands};
use tradepost_domain::{No, OrderId, Origin};
use tradepost_store::{params, sql};
use tradepost_testkit::http::Reply;
use tradepost_testkit::{Kind, TestApp, app_test};

/// How many events and audit rows there are.
async fn proof(app: &TestApp) -> (i64, i64) {
    (app.number(sql!("SELECT COUNT(*) FROM outbox"), Vec::new()).await, app.number(sql!("SELECT COUNT(*) FROM audit"), Vec::new()).await)
}

app_test! {
    /// PLT-3: the same key and body give the same answer, and the thing is done once.
    async fn the_same_key_gives_the_same_answer_and_is_done_once(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(10).await;
        let contoso = acme.reseller("Contoso").credit("1000.00").await;
        let http = app.http().await;
        let shop = http.with(&contoso.key().await);
        let body = json!({"reference": "PO-7", "items": [{"product": "KEY-PRO", "quantity": 2}]});
        let first = shop.once("order 7").post("/v1/reseller/orders", body.clone()).await;
        let again = shop.once("order 7").post("/v1/reseller/orders", body.clone()).await;
        assert_eq!((first.status, again.status), (201, 201), "{}", again.text());
        assert_eq!(first.json()["id"], again.json()["id"]);
        assert_eq!((first.headers.get("idempotency-replayed"), again.headers.get("idempotency-replayed").map(String::as_str)), (None, Some("true")));
        let other = shop.once("order 8").post("/v1/reseller/orders", body.clone()).await.must(201);
        assert_ne!(other["id"], first.json()["id"]);
        let confirm = format!("/v1/reseller/orders/{}/confirm", first.json()["id"].as_str().expect("an id"));
        let placed = shop.once("confirm 7").act(&confirm).await.must(200);
        let replayed = shop.once("confirm 7").act(&confirm).await.must(200);
        assert_eq!(placed["number"], replayed["number"]);
        assert_eq!(shop.act(&confirm).await.said(), (409, "order_confirmed".into()));
        assert_eq!(contoso.credit().await.used_minor, 2_000);
        // The key may be used elsewhere: its scope is the route.
        shop.once("order 7").act(&format!("/v1/reseller/orders/{}/cancel", other["id"].as_str().expect("an id"))).await.must(200);
    }

    /// PLT-3: a key that was used with another body is refused, and the first answer stays.
    async fn a_key_used_for_another_body_is_refused(app) {
        let acme = app.merchant("Acme Software").await;
        let contoso = acme.reseller("Contoso").await;
        let http = app.http().await;
        let shop = http.with(&contoso.key().await);
        let first = shop.once("k").post("/v1/reseller/orders", json!({"reference": "PO-7"})).await.must(201);
        let reused = shop.once("k").post("/v1/reseller/orders", json!({"reference": "PO-8"})).await;
        assert_eq!(reused.said(), (422, "idempotency_key_reused".into()));
        let again = shop.once("k").post("/v1/reseller/orders", json!({"reference": "PO-7"})).await.must(201);
        assert_eq!(again["id"], first["id"]);
        for wrong in ["", " ", &"k".repeat(256)] {
            let reply = shop.once(wrong).post("/v1/reseller/orders", json!({})).await;
            assert!(reply.status == 400 || reply.status == 422, "{wrong:?}: {}", reply.text());
        }
    }

    /// PLT-3: a refusal does not use the key up: once the reason is gone the same request succeeds.
    async fn after_a_refusal_the_key_is_free(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("10.00").await;
        let contoso = acme.reseller("Contoso").credit("1000.00").await;
        let draft = contoso.order(&[("KEY-PRO", 2)]).draft().await;
        let http = app.http().await;
        let confirm = http.with(&contoso.key().await).once("confirm");
        let path = format!("/v1/reseller/orders/{draft}/confirm");
        let before = app.footprints().await;
        assert_eq!(confirm.act(&path).await.said(), (409, "out_of_stock".into()));
        let kept = app.number(sql!("SELECT COUNT(*) FROM command WHERE idempotency_key IS NOT NULL"), Vec::new()).await;
        assert_eq!(kept, 0);
        assert_eq!(app.footprints().await.2, before.2, "no event");
        product.arrive(1, 2).await;
        assert_eq!(confirm.act(&path).await.must(200)["state"], "awaiting_payment");
    }

    /// PLT-3: two requests with one key at the same moment: done once, and both hear the same.
    async fn two_requests_with_one_key_at_once_are_done_once(app) {
        let acme = app.merchant("Acme Software").await;
        let contoso = acme.reseller("Contoso").await;
        let fabrikam = acme.reseller("Fabrikam").await;
        let http = app.http().await;
        let (one, other) = (http.with(&contoso.key().await), http.with(&fabrikam.key().await));
        for round in 0..10 {
            let asked: Vec<_> = (0..6)
                .map(|n| {
                    let asker = if n % 3 == 2 { other.clone() } else { one.clone() }.once(&format!("round {round}"));
                    tokio::spawn(async move { (n % 3 == 2, asker.post("/v1/reseller/orders", json!({"reference": "PO-7"})).await) })
                })
                .collect();
            let mut ids = [BTreeSet::new(), BTreeSet::new()];
            for asked in asked {
                let (others, reply) = asked.await.expect("no panic");
                ids[usize::from(others)].insert(reply.must(201)["id"].to_string());
            }
            assert_eq!((ids[0].len(), ids[1].len()), (1, 1), "round {round}: one order per partnership, whose keys never meet");
        }
        assert_eq!(app.number(sql!("SELECT COUNT(*) FROM orders"), Vec::new()).await, 20);
    }

    /// PLT-7: what was free when two looked for it is taken by one of them; the other hears so, on either database.
    async fn two_products_that_take_one_sku_at_once_are_told_apart(app) {
        let acme = app.merchant("Acme Software").await;
        let http = app.http().await;
        let staff = http.with(&acme.key);
        for round in 0..10 {
            let asked: Vec<_> = (0..4)
                .map(|n| {
                    let staff = staff.clone();
                    let body = json!({"sku": format!("KEY-{round}"), "name": format!("Pro {n}"), "kind": "key", "end_user_information": "none"});
                    tokio::spawn(async move { staff.post("/v1/merchant/products", body).await })
                })
                .collect();
            let mut told = Vec::new();
            for asked in asked {
                let reply = asked.await.expect("no panic");
                told.push(if reply.status == 201 { (201, String::new()) } else { reply.said() });
            }
            told.sort();
            let taken = (409, "sku_taken".to_owned());
            assert_eq!(told, [(201, String::new()), taken.clone(), taken.clone(), taken], "round {round}");
        }
    }

    /// PLT-3: the key's scope is the partnership or merchant: another key or person of the same one may retry.
    async fn a_retry_may_come_with_another_key_of_the_same_partnership(app) {
        let acme = app.merchant("Acme Software").await;
        let contoso = acme.reseller("Contoso").await;
        let http = app.http().await;
        let (one, two) = (contoso.key().await, contoso.key().await);
        let first = http.with(&one).once("k").post("/v1/reseller/orders", json!({})).await.must(201);
        let retried = http.with(&two).once("k").post("/v1/reseller/orders", json!({})).await;
        assert_eq!(retried.headers.get("idempotency-replayed").map(String::as_str), Some("true"));
        assert_eq!(retried.json()["id"], first["id"]);
    }

    /// PLT-13: the first mail to a merchant's owner greets them by the name that the operator gave, or by none; never by the
    /// merchant's.
    async fn the_first_mail_to_an_owner_greets_by_their_own_name(app) {
        let create = |name: &str, owner_email: &str, owner_name: Option<&str>| Order::CreateMerchant {
            name: name.into(),
            slug: None,
            currency: "USD".into(),
            owner_email: owner_email.into(),
            owner_name: owner_name.map(str::to_owned),
            time_zone: "UTC".into(),
        };
        for (merchant, email, name, greeted) in [
            ("Northwind Software", "ann@northwind.example", Some("Ann van Dyke"), "Ann van Dyke"),
            ("Fabrikam Software", "bo@fabrikam.example", Some(" Bo "), "Bo"),
            ("Contoso Software", "cy@contoso.example", None, ""),
        ] {
            operate::carry_out(&app.house, create(merchant, email, name), Vec::new(), &mut |_| ()).await.expect("made");
            app.work().await;
            let (variables,): (String,) = app.row(sql!("SELECT variables FROM message WHERE recipient = $1"), params![email].to_vec()).await;
            let variables: serde_json::Value = serde_json::from_str(&variables).expect("JSON");
            assert_eq!(variables["recipient_name"], greeted, "{variables}");
        }
        let nameless = app.number(sql!("SELECT COUNT(*) FROM person WHERE first_name = '' AND last_name = ''"), Vec::new()).await;
        assert_eq!(nameless, 1, "who is known by address only");
        let wrong = operate::carry_out(&app.house, create("Tailspin Software", "d@tailspin.example", Some("")), Vec::new(), &mut |_| ()).await;
        assert!(matches!(&wrong, Err(No::Refusal(refusal)) if refusal.pointer == "/owner_name"), "{wrong:?}");
    }

    /// PLT-3: an idempotency key is kept 30 days: until then a repeated call is answered with the kept outcome, afterwards the
    /// same key is a new call. What proves that the first one happened stays.
    async fn an_idempotency_key_is_forgotten_after_thirty_days_and_not_before(app) {
        let acme = app.merchant("Acme Software").await;
        let contoso = acme.reseller("Contoso").await;
        let http = app.http().await;
        let shop = http.with(&contoso.key().await);
        let order = |key: &str| { let asker = shop.once(key); async move { asker.post("/v1/reseller/orders", json!({"reference": "PO-7"})).await } };
        let replayed = |reply: &Reply| reply.headers.get("idempotency-replayed").map(String::as_str) == Some("true");
        let first = order("k").await;
        app.clock.advance_ms(1_000);
        let second = order("a second later").await;
        app.work().await;
        let (events, audits) = proof(&app).await;

        app.clock.advance_ms(IDEMPOTENCY_KEPT_MS - 1_000);
        app.work().await;
        let again = order("k").await;
        assert!(replayed(&again), "30 days to the millisecond: {}", again.text());
        assert_eq!(again.json()["id"], first.json()["id"]);

        app.clock.advance_ms(3_600_000 - 1);
        app.work().await;
        assert!(replayed(&order("k").await), "it looks once an hour");
        app.clock.advance_ms(1);
        app.work().await;
        let afresh = order("k").await;
        assert!(afresh.status == 201 && !replayed(&afresh), "{}", afresh.text());
        assert_ne!(afresh.json()["id"], first.json()["id"]);
        assert!(!replayed(&order("a second later").await), "older than 30 days too by now");
        assert_ne!(first.json()["id"], second.json()["id"]);
        assert!(replayed(&order("k").await), "and kept again from now on");
        let (events_after, audits_after) = proof(&app).await;
        assert!(events_after >= events && audits_after >= audits, "what proves it stays");
        let subject: OrderId = first.json()["id"].as_str().expect("an id").parse().expect("an order's id");
        assert_eq!(app.actions(subject).await, ["order.drafted"]);
    }

    /// PLT-3, PLT-7: what is forgotten is exactly what is older than 30 days, however much it is, and however many servers
    /// forget at once.
    async fn several_servers_forget_exactly_what_is_old(app) {
        let acme = app.merchant("Acme Software").await;
        app.work().await;
        let before = app.number(sql!("SELECT COUNT(*) FROM command"), Vec::new()).await;
        let (now, old) = (app.engine.environment.now().ms(), 3 * FORGOTTEN_AT_ONCE + 7);
        let numbers = |n: usize| format!("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {n})");
        let id = if app.kind == Kind::Sqlite { "CAST(printf('%016d', i) AS BLOB)" } else { "CAST(lpad(CAST(i AS text), 16, '0') AS bytea)" };
        let kept_from = now - IDEMPOTENCY_KEPT_MS;
        app.past_the_store(&[format!(
            "INSERT INTO command (merchant, id, name, outcome, at_ms) {} SELECT {}, {id}, 'orders.place', 'null', {kept_from} - {old} + i - 1 FROM n",
            numbers(old + 5), acme.number
        )]).await;
        let sweeps: Vec<_> = (0..4).map(|_| {
            let engine = app.engine.clone();
            tokio::spawn(async move {
                let mut forgotten = 0;
                loop {
                    match engine.execute(Origin::system(), ForgetCommands).await.expect("it forgets").outcome {
                        0 => return forgotten,
                        more => forgotten += more,
                    }
                }
            })
        }).collect();
        let mut forgotten = 0;
        for sweep in sweeps {
            forgotten += sweep.await.expect("no panic");
        }
        assert_eq!(forgotten, i64::try_from(old).expect("small"), "each once");
        let left = app.number(sql!("SELECT COUNT(*) FROM command WHERE name = 'orders.place'"), Vec::new()).await;
        assert_eq!(left, 5, "30 days old and younger");
        assert!(app.number(sql!("SELECT COUNT(*) FROM command"), Vec::new()).await > before);
    }

    /// PLT-4: every change has its audit row: who, what, when, from where; a request's id is on it.
    async fn every_change_is_in_the_audit_trail_with_its_request(app) {
        let acme = app.merchant("Acme Software").await;
        let contoso = acme.reseller("Contoso").await;
        let http = app.http().await;
        let key = contoso.key().await;
        let reply = http.with(&key).post("/v1/reseller/orders", json!({"reference": "PO-7"})).await;
        let request = reply.headers.get("x-request-id").cloned().expect("a request id");
        let rows: Vec<(String, String, String, i64, Option<String>)> = app
            .rows(sql!("SELECT action, actor_kind, actor_name, at_ms, address FROM audit WHERE request_id = $1"), params![&request].to_vec())
            .await;
        let expected = ("order.drafted".into(), "key".into(), "Shop".into(), app.engine.environment.now().ms(), Some("127.0.0.1".into()));
        assert_eq!(rows, [expected]);
        let http_staff = http.with(&acme.signs_in(MerchantRole::Admin).await);
        let listed = http_staff.get("/v1/merchant/audit?limit=200").await.must(200);
        assert!(listed["data"].as_array().expect("a list").iter().any(|row| row["action"] == "order.drafted"), "{listed}");
        assert!(!listed.to_string().contains(&key), "no key in the trail");
    }

    /// PLT-4, PLT-12: the page of the trail says fields and values in words, in both languages; the API keeps what was written.
    async fn the_page_of_the_trail_says_fields_and_values_in_words(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("10.00").await;
        acme.reseller("Contoso").credit("100.00").await;
        let http = app.http().await;
        let staff = http.with(&acme.signs_in(MerchantRole::Owner).await);
        staff.patch("/v1/merchant", json!({"country": "AT", "check_instructions": "To 1 Pier Road"})).await.must(200);
        staff.patch(&format!("/v1/merchant/products/{}", product.id), json!({"enabled": false})).await.must(200);
        let english = ["Country", "Austria", "Instructions for checks", "Credit limit", "100.00", "Key from stock", "<del>Yes</del> → <ins>No</ins>"];
        let german = ["Land", "Österreich", "Hinweise zu Schecks", "Kreditrahmen", "100,00", "Schlüssel aus dem Bestand", "<del>Ja</del> → <ins>Nein</ins>"];
        for (language, words) in [("en", english), ("de", german)] {
            let page = staff.header("accept-language", language).get(&format!("/m/{}/audit", acme.id)).await.text();
            for word in words {
                assert!(page.contains(word), "no {word} in {page}");
            }
            for raw in ["check_instructions", "credit_limit", "key_pool", "short_description", ">AT<"] {
                assert!(!page.contains(raw), "{raw} in {page}");
            }
        }
        let listed = staff.get("/v1/merchant/audit?action=merchant.updated").await.must(200);
        assert_eq!(listed["data"][0]["after"]["country"], "AT", "{listed}");
    }

    /// PLT-5: every event is in its transaction, gets a position in the order of its partnership, and none is left.
    async fn events_are_passed_on_in_order_without_gaps(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(20).await;
        let (contoso, fabrikam) = (acme.reseller("Contoso").credit("100.00").await, acme.reseller("Fabrikam").credit("100.00").await);
        for quantity in 1..5 {
            contoso.order(&[("KEY-PRO", quantity)]).place().await;
            fabrikam.order(&[("KEY-PRO", 1)]).place().await;
        }
        app.work().await;
        let rows: Vec<(i64, Vec<u8>)> = app.rows(sql!("SELECT position, id FROM outbox WHERE merchant = $1 ORDER BY position"), params![acme.number].to_vec()).await;
        assert!(rows.iter().map(|row| row.0).eq(1..=i64::try_from(rows.len()).expect("small")), "without gaps");
        assert!(rows.windows(2).all(|pair| pair[0].1 < pair[1].1), "in the order in which they were made");
        let http = app.http().await;
        let listed = http.with(&contoso.key().await).get("/v1/reseller/events?limit=200").await.must(200);
        let kinds: Vec<&str> = listed["data"].as_array().expect("a list").iter().filter_map(|event| event["type"].as_str().or(event["kind"].as_str())).collect();
        assert_eq!(kinds.iter().filter(|kind| **kind == "order.placed").count(), 4, "its own only: {listed}");
        let passed = || async { (app.footprints().await.1, app.footprints().await.2, app.number(sql!("SELECT COUNT(*) FROM message"), Vec::new()).await) };
        let before = passed().await;
        app.work().await;
        assert_eq!(passed().await, before, "passing on again does nothing");
    }
}
