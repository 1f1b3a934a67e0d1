//! The further doors for external shops: dynamic URLs (EXT-6), and the client of Shoppex (EXT-11).

use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use tradepost_domain::catalog::{ChangeProduct, CreateProduct, ProductPatch};
use tradepost_domain::fulfillments::{Door, Fulfill};
use tradepost_domain::{Caller, No, Right};
use tradepost_store::{params, sql};
use tradepost_testkit::http::{Http, Reply};
use tradepost_testkit::{MadeDynamicUrl, Merchant, Product, Reseller, TestApp, app_test};

/// Keys for 1.00, of which there are 50, and boxes, of which there is one; a balance of 20.00.
async fn shop(app: &TestApp) -> (Merchant, Product, Reseller, Http) {
    let acme = app.merchant("Acme Software").await;
    let product = acme.product("KEY-PRO").price("1.00").keys(50).await;
    acme.product("KEY-BOX").price("1.00").keys(1).await;
    let contoso = acme.reseller("Contoso").await;
    contoso.top_up("20.00").await;
    let http = app.http().await;
    (acme, product, contoso, http)
}

async fn sales(app: &TestApp) -> i64 {
    app.number(sql!("SELECT COUNT(*) FROM fulfillment"), Vec::new()).await
}

async fn fetch(http: &Http, url: &str) -> Reply {
    http.nobody().get(url).await
}

/// The caller that a dynamic URL makes of whoever fetches it.
fn holder(reseller: &Reseller, url: &MadeDynamicUrl) -> Caller {
    Caller::PartnershipKey { key: url.id, name: "Fetcher (dynamic URL)".into(), scope: reseller.scope, rights: vec![Right::FulfillmentsCreate] }
}

/// What the call of a shop is refused with.
async fn refusal(app: &TestApp, caller: &Caller, call: Fulfill) -> &'static str {
    match app.execute(caller, call).await {
        Err(No::Refusal(no)) => no.code,
        other => panic!("it should have been refused: {other:?}"),
    }
}

app_test! {
    /// EXT-6: codes as text, one per line, or as JSON; the same order id answers the first fulfillment, and the audit trail says
    /// by which URL it came.
    async fn a_dynamic_url_delivers_an_order_once_however_often_it_is_fetched(app) {
        let (_acme, _product, contoso, http) = shop(&app).await;
        let url = contoso.dynamic_url(&[], &[]).await;
        let sale = url.sale("A-1", "KEY-PRO", 2);
        let first = fetch(&http, &sale).await;
        assert_eq!(first.status, 200, "{}", first.text());
        for (name, value) in [("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store"), ("referrer-policy", "no-referrer")] {
            assert_eq!(first.headers.get(name).map(String::as_str), Some(value));
        }
        assert!(!first.headers.contains_key("location"));
        let codes: Vec<String> = first.text().lines().map(str::to_owned).collect();
        assert!(codes.len() == 2 && codes.iter().all(|code| code.starts_with("KEY-PRO-")), "{codes:?}");
        for _ in 0..3 {
            assert_eq!(fetch(&http, &sale).await.text(), first.text());
        }
        let json = http.nobody().header("accept", "application/json").get(&sale).await.must(200);
        assert_eq!((&json["codes"], &json["status"], &json["order_id"], &json["quantity"]), (&json!(codes), &json!("delivered"), &json!("A-1"), &json!(2)));
        let told: BTreeSet<&str> = json.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(told, BTreeSet::from(["codes", "id", "order_id", "product", "quantity", "status"]), "neither costs nor balance");
        assert_eq!((sales(&app).await, app.balance(&contoso).await), (1, 1_800));
        // By a form and by JSON it is the same order.
        let path = format!("/d/{}", url.key);
        let fields = "order_id=A-1&email=grace%40customer.example&product=KEY-PRO&quantity=2&variant=&name=";
        assert_eq!(http.nobody().form(&path, fields).await.text(), first.text());
        let body = json!({"order_id": "A-1", "email": "grace@customer.example", "product": "KEY-PRO", "quantity": 2});
        assert_eq!(http.nobody().post(&path, body).await.text(), first.text());
        // One where no quantity is said; with other contents it is refused.
        let one = fetch(&http, &format!("{path}?order_id=A-2&email=grace%40customer.example&product=KEY-PRO&name=Grace")).await;
        assert_eq!((one.status, one.text().lines().count()), (200, 1));
        let other = fetch(&http, &url.sale("A-1", "KEY-PRO", 3)).await;
        assert_eq!(other.said(), (409, "external_order_conflict".into()));
        assert_eq!((sales(&app).await, app.balance(&contoso).await), (2, 1_700));
        let source: Vec<(String,)> = app.rows(sql!("SELECT DISTINCT source FROM fulfillment"), Vec::new()).await;
        assert_eq!(source, [("dynamic_url".to_owned(),)]);
        let actors: Vec<(String, String)> =
            app.rows(sql!("SELECT DISTINCT actor_kind, actor_name FROM audit WHERE action = 'fulfillment.delivered'"), Vec::new()).await;
        assert_eq!(actors, [("key".to_owned(), "Fetcher (dynamic URL)".to_owned())]);
    }

    /// EXT-4, EXT-6: a product that was renamed since is still the one that an earlier order was for, also once another product has its
    /// old name; what was never its name is another product.
    async fn an_order_is_found_again_after_its_product_was_renamed(app) {
        let (acme, product, contoso, http) = shop(&app).await;
        let url = contoso.dynamic_url(&[], &[]).await;
        let sale = url.sale("A-1", "KEY-PRO", 2);
        let first = fetch(&http, &sale).await;
        assert_eq!(first.status, 200, "{}", first.text());
        let renamed = |sku: &str| ProductPatch { sku: Some(sku.into()), ..ProductPatch::default() };
        for name in ["KEY-PRO-24", "KEY-PRO-25"] {
            let rename = ChangeProduct { scope: acme.scope(), product: product.id, expected_version: None, patch: renamed(name) };
            app.does(&acme.owner(), rename).await;
        }
        acme.product("KEY-PRO").price("1.00").keys(5).await;
        for name in ["KEY-PRO", "KEY-PRO-24", "KEY-PRO-25"] {
            assert_eq!(fetch(&http, &url.sale("A-1", name, 2)).await.text(), first.text(), "{name}");
        }
        for name in ["KEY-BOX", "KEY-NONE"] {
            assert_eq!(fetch(&http, &url.sale("A-1", name, 2)).await.said(), (409, "external_order_conflict".into()), "{name}");
        }
        assert_eq!(fetch(&http, &url.sale("A-1", "KEY-PRO", 3)).await.said(), (409, "external_order_conflict".into()));
        assert_eq!((sales(&app).await, app.balance(&contoso).await), (1, 1_800));
    }

    /// EXT-6, EXT-3: a refusal has no effect, its status, and nothing in it that the shop's customer should not read.
    async fn a_refused_dynamic_url_leaves_nothing_and_tells_nobody_the_balance(app) {
        let (_acme, _product, contoso, http) = shop(&app).await;
        let url = contoso.dynamic_url(&[], &[]).await;
        let rows = [
            (url.sale("A-1", "KEY-PRO", 21), 402, "insufficient_balance"),
            (url.sale("A-1", "KEY-NONE", 1), 404, "product_not_available"),
            (url.sale("A-1", "KEY-BOX", 2), 409, "out_of_stock"),
            (url.sale("A-1", "KEY-PRO", 1_001), 422, "quantity_out_of_range"),
            (url.sale("A-1", "KEY-PRO", 0), 422, "invalid_quantity"),
        ];
        for (sale, status, code) in rows {
            for accept in ["text/plain", "application/json"] {
                let no = http.nobody().header("accept", accept).get(&sale).await;
                assert_eq!(no.said(), (status, code.to_owned()), "{}", no.text());
                assert_eq!(no.headers.get("cache-control").map(String::as_str), Some("no-store"));
                for private in ["20.00", "21.00", "USD", "KEY-", "A-1", "grace", url.key.as_str()] {
                    assert!(!no.text().contains(private), "{private} in {}", no.text());
                }
            }
        }
        assert_eq!((sales(&app).await, app.balance(&contoso).await), (0, 2_000));
        // What was refused does not use the order id up.
        assert_eq!(fetch(&http, &url.sale("A-1", "KEY-PRO", 20)).await.text().lines().count(), 20);
    }

    /// EXT-6: what fetches by itself has no effect, whatever the URL.
    async fn a_browser_that_opens_a_dynamic_url_buys_nothing(app) {
        let (_acme, _product, contoso, http) = shop(&app).await;
        let url = contoso.dynamic_url(&[], &[]).await;
        let sale = url.sale("A-1", "KEY-PRO", 1);
        for (name, value) in [("sec-purpose", "prefetch"), ("x-moz", "prefetch"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "image")] {
            assert_eq!(http.nobody().header(name, value).get(&sale).await.said(), (403, "not_a_browser_endpoint".into()));
        }
        for method in ["HEAD", "OPTIONS", "TRACE"] {
            assert_eq!(http.nobody().send(method, &sale, None).await.status, 405);
        }
        assert_eq!((sales(&app).await, app.balance(&contoso).await), (0, 2_000));
    }

    /// EXT-6: held to products, a dynamic URL sells those and their variants, and shows no other order either.
    async fn a_dynamic_url_that_is_held_to_a_product_sells_and_shows_no_other(app) {
        let (acme, product, contoso, http) = shop(&app).await;
        let patch = ProductPatch { sku: Some("KEY-PRO-3".into()), name: Some("Three of them".into()), ..ProductPatch::default() };
        app.does(&acme.owner(), CreateProduct { scope: acme.scope(), parent: Some(product.id), patch }).await;
        let url = contoso.dynamic_url(&["KEY-PRO"], &[]).await;
        assert_eq!(fetch(&http, &url.sale("A-1", "KEY-PRO", 1)).await.status, 200);
        assert_eq!(fetch(&http, &url.sale("A-1", "KEY-PRO", 1)).await.status, 200, "again, as an earlier one");
        assert_eq!(fetch(&http, &url.sale("A-2", "KEY-BOX", 1)).await.said(), (404, "product_not_available".into()));
        // Its variant is sold with it: what is missing is something else.
        for sale in [url.sale("A-3", "KEY-PRO-3", 1), format!("{}&variant=KEY-PRO-3", url.sale("A-3", "KEY-PRO", 1))] {
            let no = fetch(&http, &sale).await;
            assert!(no.status >= 400 && no.code() != "product_not_available", "{}", no.text());
        }
        contoso.sells("A-4", "KEY-BOX", 1).await;
        assert_eq!(fetch(&http, &url.sale("A-4", "KEY-BOX", 1)).await.said(), (404, "product_not_available".into()));
        let free = contoso.dynamic_url(&[], &[]).await;
        assert_eq!(fetch(&http, &free.sale("A-4", "KEY-BOX", 1)).await.status, 200);
        let refused = http.with(&contoso.key().await).post("/v1/reseller/dynamic-urls", json!({"name": "x", "products": ["KEY-PRO", "KEY-NONE"]})).await;
        assert_eq!(refused.said(), (404, "product_not_available".into()));
    }

    /// EXT-6, PAR-16: the key of a dynamic URL opens its route and no other, and no other key opens that.
    async fn each_key_opens_its_own_door_only(app) {
        let (acme, _product, contoso, http) = shop(&app).await;
        let url = contoso.dynamic_url(&[], &[]).await;
        let key = contoso.key().await;
        let unknown = fetch(&http, "/d/nothing?order_id=A-1").await;
        assert_eq!(unknown.said(), (404, "not_found".into()));
        for other in [&key, &acme.key] {
            let answer = fetch(&http, &format!("/d/{other}?order_id=A-1")).await;
            assert_eq!(answer.without_request(), unknown.without_request());
        }
        let table = tradepost::routes::all();
        let bearer = http.with(&url.key);
        for route in table.rows().iter().filter(|route| matches!(route.access, tradepost_web::Access::Right(_)) && !route.is_page) {
            let path: Vec<&str> = route.path.split('/').map(|part| if part.starts_with('{') { "nothing" } else { part }).collect();
            let answer = bearer.send(route.method.as_str(), &path.join("/"), None).await;
            assert_eq!(answer.said(), (401, "unauthenticated".into()), "{route:?}");
        }
        // Nor do the two kinds meet where they are managed.
        let shop = http.with(&key);
        let keys = shop.get("/v1/reseller/api-keys").await.must(200);
        let urls = shop.get("/v1/reseller/dynamic-urls").await.must(200);
        assert_eq!((keys["data"].as_array().map(Vec::len), urls["data"].as_array().map(Vec::len)), (Some(1), Some(1)));
        assert_eq!(urls["data"][0]["id"], json!(url.id));
        let other = keys["data"][0]["id"].as_str().expect("an id").to_owned();
        for (list, id) in [("api-keys", url.id.text()), ("dynamic-urls", other)] {
            let path = format!("/v1/reseller/{list}/{id}");
            assert_eq!(shop.get(&path).await.status, 404);
            for act in ["rotate", "disable", "enable"] {
                assert_eq!(shop.act(&format!("{path}/{act}")).await.said(), (404, "not_found".into()), "{path}/{act}");
            }
            assert_eq!(shop.send("DELETE", &path, None).await.status, 404);
        }
        // The command looks again: a door must fit the key that is in the transaction.
        assert_eq!(refusal(&app, &holder(&contoso, &url), contoso.sale("A-1", "KEY-PRO", 1)).await, "unauthenticated");
    }

    /// EXT-6, PAR-16: shown once, listed masked, rotated with an overlap, and switched off by either side at once.
    async fn either_side_switches_a_dynamic_url_off_and_a_new_one_takes_its_place(app) {
        let (acme, _product, contoso, http) = shop(&app).await;
        let (shop, merchant) = (http.with(&contoso.key().await), http.with(&acme.key));
        let new = json!({"name": "Fetcher", "products": ["KEY-PRO"], "addresses": ["127.0.0.0/8"]});
        let made = shop.once("make").post("/v1/reseller/dynamic-urls", new.clone()).await.must(201);
        let secret = made["url"].as_str().expect("a URL").strip_prefix("http://localhost").expect("this server's").to_owned();
        assert!(secret.starts_with("/d/tpd_live_"));
        let again = shop.once("make").post("/v1/reseller/dynamic-urls", new).await.must(201);
        assert_eq!((&again["url"], &again["dynamic_url"]["id"]), (&Json::Null, &made["dynamic_url"]["id"]), "shown once");
        let id = made["dynamic_url"]["id"].as_str().expect("an id").to_owned();
        let listed = shop.get("/v1/reseller/dynamic-urls").await;
        let theirs = merchant.get(&format!("/v1/merchant/partnerships/{}/dynamic-urls", contoso.partnership())).await;
        for list in [&listed, &theirs] {
            assert!(list.status == 200 && list.text().contains(&id) && !list.text().contains(&secret[3..]), "{}", list.text());
        }
        let sale = |url: &str, order: &str| format!("{url}?order_id={order}&email=grace%40customer.example&product=KEY-PRO");
        assert_eq!(fetch(&http, &sale(&secret, "A-1")).await.status, 200);
        let unknown = fetch(&http, &sale("/d/nothing", "A-1")).await;
        let own = format!("/v1/reseller/dynamic-urls/{id}");
        let at_merchant = format!("/v1/merchant/partnerships/{}/dynamic-urls/{id}", contoso.partnership());
        for (asker, path) in [(&shop, &own), (&merchant, &at_merchant)] {
            asker.act(&format!("{path}/disable")).await.must(200);
            let off = fetch(&http, &sale(&secret, "A-1")).await;
            assert_eq!(off.without_request(), unknown.without_request(), "a key that is switched off looks like none");
            if path == &at_merchant {
                assert_eq!(shop.act(&format!("{own}/enable")).await.said(), (409, "key_disabled_by_merchant".into()));
            }
            asker.act(&format!("{path}/enable")).await.must(200);
            assert_eq!(fetch(&http, &sale(&secret, "A-1")).await.status, 200);
        }
        let rotated = shop.post(&format!("{own}/rotate"), json!({"overlap_seconds": 60})).await.must(201);
        let next = rotated["url"].as_str().expect("a URL").strip_prefix("http://localhost").expect("this server's").to_owned();
        assert_eq!(rotated["dynamic_url"]["products"], made["dynamic_url"]["products"], "it is held to the same");
        assert_eq!((fetch(&http, &sale(&secret, "A-2")).await.status, fetch(&http, &sale(&next, "A-2")).await.status), (200, 200));
        app.clock.advance_ms(60_000);
        assert_eq!((fetch(&http, &sale(&secret, "A-3")).await.status, fetch(&http, &sale(&next, "A-3")).await.status), (404, 200));
        shop.send("DELETE", &format!("/v1/reseller/dynamic-urls/{}", rotated["dynamic_url"]["id"].as_str().expect("an id")), None).await.must(204);
        assert_eq!(fetch(&http, &sale(&next, "A-3")).await.without_request(), unknown.without_request());
        // The key stands in none of the books.
        for key in [&secret[3..], &next[3..]] {
            let like = format!("%{key}%");
            let found = app
                .number(
                    sql!(
                        "SELECT (SELECT COUNT(*) FROM audit WHERE before_json LIKE $1 OR after_json LIKE $1 OR actor_name LIKE $1)
                         + (SELECT COUNT(*) FROM outbox WHERE body LIKE $1) + (SELECT COUNT(*) FROM command WHERE route LIKE $1 OR outcome LIKE $1)
                         + (SELECT COUNT(*) FROM api_key WHERE masked LIKE $1 OR name LIKE $1)"
                    ),
                    params![like].to_vec(),
                )
                .await;
            assert_eq!(found, 0);
        }
    }

    /// EXT-6: from elsewhere a dynamic URL looks like none; a key that was switched off a moment ago fails in the transaction.
    async fn a_dynamic_url_works_from_its_addresses_while_its_key_is_valid(app) {
        let (_acme, _product, contoso, http) = shop(&app).await;
        let far = contoso.dynamic_url(&[], &["192.0.2.0/24"]).await;
        let unknown = fetch(&http, "/d/nothing?order_id=A-1").await;
        assert_eq!(fetch(&http, &format!("/d/{}?order_id=A-1", far.key)).await.without_request(), unknown.without_request());
        let near = contoso.dynamic_url(&[], &["127.0.0.1"]).await;
        assert_eq!(fetch(&http, &near.sale("A-1", "KEY-PRO", 1)).await.status, 200);
        http.with(&contoso.key().await).act(&format!("/v1/reseller/dynamic-urls/{}/disable", near.id)).await.must(200);
        let call = Fulfill { door: Door::DynamicUrl, ..contoso.sale("A-2", "KEY-PRO", 1) };
        assert_eq!(refusal(&app, &holder(&contoso, &near), call).await, "unauthenticated");
        assert_eq!(sales(&app).await, 1);
    }

    /// EXT-11: what `resellerApi` of the published client sends, and what it gets.
    async fn the_client_of_shoppex_finds_what_it_calls(app) {
        let (_acme, product, contoso, http) = shop(&app).await;
        let rights = vec![Right::FulfillmentsCreate, Right::FulfillmentsRead, Right::InvoicesRead];
        let client = http.with(&contoso.key_with(rights).await).header("accept", "application/json");
        let me = client.get("/reseller/v1/me").await.must(200);
        assert_eq!((&me["data"]["id"], &me["data"]["merchant_name"]), (&json!(contoso.partnership()), &json!("Acme Software")));
        assert_eq!(client.get("/reseller/v1/balance").await.must(200), json!({"data": {"balance": "20.00", "currency": "USD"}}));
        let body = json!({
            "external_order_id": "S-1", "product_id": product.id, "customer_email": "grace@customer.example", "variant_id": null, "quantity": 2,
            "idempotency_key": "pay-1",
        });
        let first = client.post("/reseller/v1/fulfillments", body.clone()).await;
        assert!(first.headers["x-request-id"].starts_with("req_"));
        let data = first.must(201)["data"].clone();
        assert_eq!((&data["status"], &data["total_cost"], &data["balance_after"], &data["currency"]), (&json!("delivered"), &json!("2.00"), &json!("18.00"), &json!("USD")));
        assert_eq!(data["serials"].as_array().map(Vec::len), Some(2));
        // The key in the body and the header are one and the same.
        for asker in [client.clone(), client.once("pay-1")] {
            let again = asker.post("/reseller/v1/fulfillments", body.clone()).await;
            assert_eq!(again.headers.get("idempotency-replayed").map(String::as_str), Some("true"));
            assert_eq!(again.must(201)["data"], data);
        }
        let two = client.once("pay-2").post("/reseller/v1/fulfillments", body.clone()).await;
        assert_eq!(two.said(), (400, "invalid_idempotency_key".into()));
        let mut other = body.clone();
        other["external_order_id"] = json!("S-2");
        assert_eq!(client.post("/reseller/v1/fulfillments", other).await.said(), (422, "idempotency_key_reused".into()));
        let read = client.get(&format!("/reseller/v1/fulfillments/{}", data["id"].as_str().expect("an id"))).await.must(200);
        assert_eq!(read["data"]["serials"], data["serials"]);
        let no = client.post("/reseller/v1/fulfillments", json!({"external_order_id": "S-3", "product_id": "KEY-PRO", "customer_email": "grace@customer.example", "quantity": 40})).await;
        let error = no.json()["error"].clone();
        assert_eq!((no.status, &error["code"], &error["doc_url"]), (402, &json!("insufficient_balance"), &json!("http://localhost/docs/api#error-insufficient_balance")));
        assert!(error["message"].is_string() && error.get("details").is_some());
        assert_eq!((sales(&app).await, app.balance(&contoso).await), (1, 1_800));
    }

    /// EXT-10, EXT-11: what is too large for one answer the client would pay for and never get: it is refused before anything is done, and
    /// uses neither the order id nor the key up.
    async fn the_client_of_shoppex_is_sold_no_more_than_one_answer_holds(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("1.00").keys(1_001).await;
        let contoso = acme.reseller("Contoso").await;
        contoso.top_up("2000.00").await;
        let http = app.http().await;
        let client = http.with(&contoso.key().await).header("accept", "application/json").once("pay-1");
        let order = |quantity: i64| json!({"external_order_id": "S-1", "product_id": "KEY-PRO", "customer_email": "grace@customer.example", "quantity": quantity});
        for quantity in [1_001, 100_000] {
            let no = client.post("/reseller/v1/fulfillments", order(quantity)).await;
            let error = no.json()["error"].clone();
            assert_eq!((no.status, &error["code"], &error["doc_url"]), (422, &json!("quantity_out_of_range"), &json!("http://localhost/docs/api#error-quantity_out_of_range")));
            assert!(error["message"].as_str().is_some_and(|message| message.contains("/v1/reseller/fulfillments")) && error.get("details").is_some(), "{error}");
        }
        let stock = app.stock(acme.number, product.number).await;
        assert_eq!((sales(&app).await, app.balance(&contoso).await, stock.available, stock.reserved), (0, 200_000, 1_001, 0));
        let data = client.post("/reseller/v1/fulfillments", order(1_000)).await.must(201)["data"].clone();
        assert_eq!((&data["status"], data["serials"].as_array().map(Vec::len)), (&json!("delivered"), Some(1_000)));
        assert_eq!((sales(&app).await, app.balance(&contoso).await), (1, 100_000));
    }

    /// EXT-11, EXT-6: `dynamicFulfillmentUrl` carries the key of a dynamic URL, and no other.
    async fn the_url_of_the_client_of_shoppex_takes_the_key_of_a_dynamic_url(app) {
        let (_acme, _product, contoso, http) = shop(&app).await;
        let url = contoso.dynamic_url(&[], &[]).await;
        let with = |key: &str, order: &str| {
            format!("/reseller/v1/fulfillments/dynamic?api_key={key}&external_order_id={order}&product_id=KEY-PRO&customer_email=grace%40customer.example&quantity=2")
        };
        let first = fetch(&http, &with(&url.key, "S-1")).await;
        assert_eq!(first.headers.get("cache-control").map(String::as_str), Some("no-store"));
        let data = first.must(200)["data"].clone();
        assert_eq!((data["serials"].as_array().map(Vec::len), data.get("balance_after"), data.get("total_cost")), (Some(2), None, None));
        assert_eq!(fetch(&http, &with(&url.key, "S-1")).await.must(200)["data"], data);
        // It is the same order by the other door.
        let text = fetch(&http, &url.sale("S-1", "KEY-PRO", 2)).await.text();
        assert_eq!(json!(text.lines().collect::<Vec<_>>()), data["serials"]);
        assert_eq!(fetch(&http, &with(&contoso.key().await, "S-2")).await.said(), (400, "credential_in_url".into()));
        assert_eq!(fetch(&http, &with("nothing", "S-2")).await.said(), (404, "not_found".into()));
        assert_eq!(http.nobody().header("sec-purpose", "prefetch").get(&with(&url.key, "S-2")).await.said(), (403, "not_a_browser_endpoint".into()));
        assert_eq!((sales(&app).await, app.balance(&contoso).await), (1, 1_800));
    }
}
