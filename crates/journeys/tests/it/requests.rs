//! The log of requests that came with keys: what a program asked and was told, and nothing that is secret (PAR-16).

use serde_json::{Value, json};
use std::collections::BTreeSet;
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_domain::requests::forget::TrimRequests;
use tradepost_domain::requests::note::NoteRequests;
use tradepost_domain::requests::{KEPT_MS, KEPT_OF_ONE, LogOwner, LoggedRequest, WRITTEN_OF_ONE};
use tradepost_domain::{ApiKeyId, Caller, RequestId, Right};
use tradepost_kernel::Timestamp;
use tradepost_store::{params, sql};
use tradepost_testkit::{Reseller, TestApp, app_test};

fn lines(answer: &Value) -> BTreeSet<(String, String, i64)> {
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or("").to_owned();
    let data = answer["data"].as_array().expect("a list");
    data.iter().map(|line| (text(line, "method"), text(line, "path"), line["status"].as_i64().unwrap_or(0))).collect()
}

fn line(method: &str, path: &str, status: i64) -> (String, String, i64) {
    (method.to_owned(), path.to_owned(), status)
}

async fn count(app: &TestApp) -> i64 {
    let (count,): (i64,) = app.row(sql!("SELECT count(*) FROM request_log"), params![].to_vec()).await;
    count
}

/// So many lines of one owner, of one moment.
fn many(owner: LogOwner, first: u32, count: u32, at: Timestamp) -> Vec<LoggedRequest> {
    let id = |number: u32| {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&(at.ms() << 16).to_be_bytes());
        bytes[12..].copy_from_slice(&number.to_be_bytes());
        RequestId::from_bytes(bytes)
    };
    let line = |number: u32| LoggedRequest {
        id: id(number),
        owner,
        key: ApiKeyId::from_bytes([3; 16]),
        key_name: "Shop".into(),
        method: "GET".into(),
        path: "/v1/reseller/orders".into(),
        status: 200,
        code: None,
        duration_ms: 1,
        address: None,
        at,
    };
    (first..first + count).map(line).collect()
}

/// A line of a reseller's log, for tests that only need one.
pub fn line_of(reseller: &Reseller, at: Timestamp) -> LoggedRequest {
    let owner = LogOwner { merchant: reseller.scope.merchant, partnership: Some(reseller.partnership()) };
    many(owner, 1, 1, at).remove(0)
}

app_test! {
    /// PAR-16: each side sees what its own keys asked, by template and code, with the id that the answer carried.
    async fn each_side_sees_what_its_own_keys_asked(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(20).await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        let fabrikam = acme.reseller("Fabrikam").await;
        let http = app.http().await;
        let shop = http.with(&contoso.key().await);
        let order = shop.post("/v1/reseller/orders", json!({ "items": [{ "product": "KEY-PRO", "quantity": 1 }] })).await.must(201);
        let order = order["id"].as_str().expect("an id").to_owned();
        let refused = shop.get("/v1/reseller/orders/ord_00000000000000000000000000?x=secret").await;
        shop.get(&format!("/v1/reseller/orders/{order}")).await.must(200);
        http.with(&contoso.key_with(vec![Right::OrdersRead]).await).get("/v1/reseller/invoices").await;
        http.with(&acme.key).get("/v1/merchant/orders").await.must(200);
        http.with(&contoso.signs_in(ResellerRole::Owner).await).get("/v1/reseller/orders").await.must(200);
        http.with("tpr_live_nothing").get("/v1/reseller/orders").await;
        app.work().await;
        let found = shop.get("/v1/reseller/requests").await.must(200);
        let wanted = [
            line("POST", "/v1/reseller/orders", 201),
            line("GET", "/v1/reseller/orders/{id}", 404),
            line("GET", "/v1/reseller/orders/{id}", 200),
            line("GET", "/v1/reseller/invoices", 403),
        ];
        let not_found = line("GET", "/v1/reseller/orders/{id}", refused.status.into());
        let wanted: BTreeSet<_> = wanted.into_iter().filter(|line| line.2 != 404).chain([not_found]).collect();
        assert_eq!(lines(&found), wanted, "people and strangers are not in it");
        assert!(!found.to_string().contains(&order) && !found.to_string().contains("secret"), "{found}");
        let id = refused.headers["x-request-id"].clone();
        let one = shop.get(&format!("/v1/reseller/requests/{id}")).await.must(200);
        assert_eq!((&one["id"], &one["status"], &one["code"], &one["key_name"]), (&json!(id), &json!(refused.status), &json!(refused.code()), &json!("Shop")));
        assert_eq!(one["address"], "127.0.0.1");
        let merchants = http.with(&acme.key).get("/v1/merchant/requests").await.must(200);
        assert_eq!(lines(&merchants), BTreeSet::from([line("GET", "/v1/merchant/orders", 200)]));
        let strange = http.with(&fabrikam.key().await);
        assert_eq!(lines(&strange.get("/v1/reseller/requests").await.must(200)), BTreeSet::new());
        assert_eq!(strange.get(&format!("/v1/reseller/requests/{id}")).await.said(), (404, "not_found".into()));
        let weak = http.with(&contoso.key_with(vec![Right::OrdersRead]).await);
        assert_eq!(weak.get("/v1/reseller/requests").await.said(), (403, "forbidden".into()));
    }

    /// EXT-6: of a dynamic URL there is the template, never the key that stands in it nor what was asked.
    async fn a_dynamic_url_leaves_no_key_and_no_query(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(20).await;
        let contoso = acme.reseller("Contoso").await;
        contoso.top_up("100.00").await;
        let (http, url) = (app.http().await, contoso.dynamic_url(&[], &[]).await);
        http.nobody().get(&url.sale("S-1", "KEY-PRO", 1)).await.must(200);
        app.work().await;
        let found = http.with(&contoso.key().await).get("/v1/reseller/requests").await.must(200);
        assert_eq!(lines(&found), BTreeSet::from([line("GET", "/d/{token}", 200)]));
        let whole = found.to_string();
        assert!(!whole.contains(&url.key) && !whole.contains("customer.example") && !whole.contains("S-1"), "{whole}");
        assert_eq!(found["data"][0]["key"], json!(url.id));
    }

    /// EXT-6, EXT-11, PAR-16: a key that stands in a URL, in its path or its query, stands in no line of the log: not where it let in,
    /// nor where it was refused, nor where it was the wrong one.
    async fn a_key_that_stands_in_a_url_is_in_no_line_of_the_log(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(40).await;
        let contoso = acme.reseller("Contoso").await;
        contoso.top_up("100.00").await;
        let (http, url, secret) = (app.http().await, contoso.dynamic_url(&[], &[]).await, contoso.key().await);
        let client = |key: &str, order: &str, quantity: i64| {
            format!("/reseller/v1/fulfillments/dynamic?api_key={key}&external_order_id={order}&product_id=KEY-PRO&customer_email=grace%40customer.example&quantity={quantity}")
        };
        http.nobody().get(&client(&url.key, "S-1", 1)).await.must(200);
        assert_eq!(http.nobody().get(&client(&url.key, "S-2", 21)).await.status, 402);
        assert_eq!(http.nobody().get(&client(&secret, "S-3", 1)).await.said(), (400, "credential_in_url".into()));
        http.with(&secret).get(&client(&secret, "S-4", 1)).await;
        http.nobody().get(&url.sale("S-5", "KEY-PRO", 1)).await.must(200);
        assert_eq!(http.nobody().get(&url.sale("S-6", "KEY-NONE", 1)).await.status, 404);
        http.nobody().get(&format!("/d/{secret}?order_id=S-7")).await;
        http.with(&secret).get("/v1/reseller/orders").await.must(200);
        app.work().await;
        let found = http.with(&secret).get("/v1/reseller/requests").await.must(200);
        let said = lines(&found);
        let client = "/reseller/v1/fulfillments/dynamic";
        for wanted in [line("GET", client, 200), line("GET", client, 402), line("GET", "/d/{token}", 200), line("GET", "/d/{token}", 404)] {
            assert!(said.contains(&wanted), "{wanted:?} in {said:?}");
        }
        for part in [url.key.as_str(), secret.as_str(), "api_key", "customer.example", "S-"] {
            assert!(!found.to_string().contains(part), "{part} in {found}");
            let like = format!("%{part}%");
            let kept = sql!("SELECT COUNT(*) FROM request_log WHERE path LIKE $1 OR key_name LIKE $1 OR code LIKE $1 OR address LIKE $1");
            assert_eq!(app.number(kept, params![like].to_vec()).await, 0, "{part}");
        }
    }

    /// Filters by the class of the status, by key and by the beginning of the path; pages by cursor.
    async fn the_log_is_filtered_and_read_in_pages(app) {
        let acme = app.merchant("Acme Software").await;
        let http = app.http().await;
        let asker = http.with(&acme.key);
        for path in ["/v1/merchant/orders", "/v1/merchant/invoices", "/v1/merchant/orders/ord_nothing", "/v1/merchant/products"] {
            asker.get(path).await;
        }
        app.work().await;
        let of = |query: &'static str| {
            let asker = asker.clone();
            async move { asker.get(&format!("/v1/merchant/requests{query}")).await.must(200) }
        };
        assert_eq!(lines(&of("?status=4xx").await), BTreeSet::from([line("GET", "/v1/merchant/orders/{id}", 404)]));
        let orders = BTreeSet::from([line("GET", "/v1/merchant/orders", 200), line("GET", "/v1/merchant/orders/{id}", 404)]);
        assert_eq!(lines(&of("?path=/v1/merchant/orders").await), orders);
        let key = of("").await["data"][0]["key"].as_str().expect("a key").to_owned();
        assert_eq!(lines(&asker.get(&format!("/v1/merchant/requests?used_key={key}&limit=200")).await.must(200)).len(), 4);
        assert_eq!(lines(&of("?used_key=key_00000000000000000000000000").await), BTreeSet::new());
        assert_eq!(asker.get("/v1/merchant/requests?status=9xx").await.said(), (400, "invalid_query".into()));
        let first = of("?limit=3").await;
        let next = first["next_cursor"].as_str().expect("a further page").to_owned();
        let rest = asker.get(&format!("/v1/merchant/requests?limit=3&cursor={next}")).await.must(200);
        assert!(lines(&first).is_disjoint(&lines(&rest)), "{first} {rest}");
    }

    /// What is older than seven days goes, and the oldest of who has too many; those of others stay.
    async fn the_log_forgets(app) {
        let acme = app.merchant("Acme Software").await;
        let (one, two) = (LogOwner { merchant: acme.number, partnership: None }, LogOwner { merchant: acme.sandbox, partnership: None });
        let now = app.engine.environment.now();
        let house = Caller::System;
        let note = |requests| app.does(&house, NoteRequests { requests });
        note(many(two, 0, 3, now)).await;
        note(many(two, 0, 3, now)).await;
        assert_eq!(count(&app).await, 3, "written twice they are there once");
        for part in 0..21 {
            note(many(one, part * 500, 500, now)).await;
        }
        assert_eq!(app.does(&house, TrimRequests { owner: one }).await, 500);
        assert_eq!(app.does(&house, TrimRequests { owner: one }).await, 0);
        assert_eq!(count(&app).await, KEPT_OF_ONE + 3);
        let (oldest,): (RequestId,) = app.row(sql!("SELECT id FROM request_log WHERE merchant = $1 ORDER BY id LIMIT 1"), params![one.merchant].to_vec()).await;
        assert_eq!(oldest, many(one, 500, 1, now)[0].id, "the oldest went");
        app.clock.advance_ms(KEPT_MS);
        app.work().await;
        assert_eq!(count(&app).await, KEPT_OF_ONE + 3, "to the millisecond");
        app.clock.advance_ms(600_000);
        note(many(two, 9, 1, app.engine.environment.now())).await;
        app.work().await;
        assert_eq!(count(&app).await, 1);
    }

    /// A program that asks without a pause costs the writer no more than its newest lines, and others no line of theirs.
    async fn of_a_program_without_a_pause_the_newest_lines_are_written(app) {
        let acme = app.merchant("Acme Software").await;
        let (one, two) = (LogOwner { merchant: acme.number, partnership: None }, LogOwner { merchant: acme.sandbox, partnership: None });
        let (now, queue) = (app.engine.environment.now(), app.house.floor.app().requests.clone());
        let written = u32::try_from(WRITTEN_OF_ONE).expect("a few");
        assert!(many(two, 0, 1, now).into_iter().chain(many(one, 0, written + 500, now)).all(|line| queue.push(line)));
        app.work().await;
        assert_eq!(count(&app).await, i64::from(written) + 1);
        let (oldest,): (RequestId,) = app.row(sql!("SELECT id FROM request_log WHERE merchant = $1 ORDER BY id LIMIT 1"), params![one.merchant].to_vec()).await;
        assert_eq!(oldest, many(one, 500, 1, now)[0].id, "the oldest were left out");
    }

    /// Lines that the database does not take are counted, and the next ones are written.
    async fn lines_that_could_not_be_written_are_counted(app) {
        let acme = app.merchant("Acme Software").await;
        let owner = LogOwner { merchant: acme.number, partnership: None };
        let (now, queue, http) = (app.engine.environment.now(), app.house.floor.app().requests.clone(), app.http().await.nobody());
        let lost = async || tradepost_web::observe::total(&http.get("/metrics").await.text(), "tradepost_requests_not_logged_total", "");
        let before = lost().await;
        app.past_the_store(&["ALTER TABLE request_log RENAME TO request_log_away".to_owned()]).await;
        assert!(many(owner, 0, 600, now).into_iter().all(|line| queue.push(line)));
        assert!(app.house.worker.run_until_idle().await.is_err());
        app.past_the_store(&["ALTER TABLE request_log_away RENAME TO request_log".to_owned()]).await;
        assert!(lost().await >= before + 600, "those that were not tried, too");
        assert!(many(owner, 600, 2, now).into_iter().all(|line| queue.push(line)));
        app.work().await;
        assert_eq!(count(&app).await, 2);
    }

    /// Only the house writes it.
    async fn nobody_writes_the_log_but_the_house(app) {
        let acme = app.merchant("Acme Software").await;
        let refusal = app.refuses(&acme.owner(), NoteRequests { requests: Vec::new() }).await;
        assert_eq!(refusal.code, "forbidden");
    }

    /// The pages of both workspaces: list, filter, one request; for who may see keys.
    async fn the_pages_show_the_log(app) {
        let acme = app.merchant("Acme Software").await;
        let contoso = acme.reseller("Contoso").await;
        let http = app.http().await;
        let refused = http.with(&contoso.key().await).get("/v1/reseller/orders/ord_nothing").await;
        http.with(&acme.key).get("/v1/merchant/orders").await.must(200);
        app.work().await;
        let user = http.with(&contoso.signs_in(ResellerRole::Owner).await);
        let place = format!("/r/{}/developers/requests", contoso.partnership());
        let list = user.get(&place).await.text();
        let id = refused.headers["x-request-id"].clone();
        assert!(list.contains(&format!("href=\"{place}/{id}\"")) && list.contains("GET /v1/reseller/orders/{id}"), "{list}");
        assert!(!user.get(&format!("{place}?status=2xx")).await.text().contains(&id));
        assert!(user.get(&format!("{place}?q=/v1/reseller/orders")).await.text().contains(&id));
        let one = user.get(&format!("{place}/{id}")).await.text();
        assert!(one.contains("not_found") && one.contains("/docs/api#error-not_found"), "{one}");
        assert!(user.get(&format!("{place}?file=csv")).await.text().contains("GET /v1/reseller/orders/{id}"));
        let staff = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let list = staff.get(&format!("/m/{}/api-keys/requests", acme.id)).await.text();
        assert!(list.contains("GET /v1/merchant/orders") && !list.contains(&id), "{list}");
        let viewer = http.with(&contoso.signs_in(ResellerRole::Viewer).await);
        assert_eq!(viewer.get(&place).await.status, 403);
    }
}
