//! What a call of a shop may name and bring along, what it is refused with, and how its sales are listed: EXT-2, EXT-3, EXT-4, EXT-5, EXT-11.

use crate::shop::shop as stocked;
use serde_json::{Value as Json, json};
use tradepost_domain::catalog::{ChangeProduct, CreatePriceList, Method, OfferProduct, ProductPatch};
use tradepost_domain::partners::products::ShareProduct;
use tradepost_store::sql;
use tradepost_testkit::http::{Asker, Http};
use tradepost_testkit::{Merchant, Product, Reseller, TestApp, app_test};

const PATH: &str = "/v1/reseller/fulfillments";

/// Keys for 1.00, of which there are five; a balance of 20.00.
async fn shop(app: &TestApp) -> (Merchant, Product, Reseller, Http) {
    let acme = app.merchant("Acme Software").await;
    let product = acme.product("KEY-PRO").price("1.00").keys(5).await;
    let contoso = acme.reseller("Contoso").await;
    contoso.top_up("20.00").await;
    let http = app.http().await;
    (acme, product, contoso, http)
}

/// The call for one code.
fn sale(external: &str, product: &str, variant: Option<&str>) -> Json {
    json!({"external_order_id": external, "product": product, "variant": variant, "quantity": 1, "customer_email": "grace@customer.example"})
}

async fn sales(app: &TestApp) -> i64 {
    app.number(sql!("SELECT COUNT(*) FROM fulfillment"), Vec::new()).await
}

/// The shops' order ids that a list has, page by page.
async fn walked(asker: &Asker, path: &str, filters: &str) -> Vec<String> {
    let filters = if filters.is_empty() { String::new() } else { format!("&{filters}") };
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = asker.get(&format!("{path}?limit=2{filters}{cursor}")).await.must(200);
        let rows = page["data"].as_array().expect("a list");
        assert!(rows.len() <= 2, "{page}");
        found.extend(rows.iter().map(|row| row["external_order_id"].as_str().expect("an order id").to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { return found };
        cursor = format!("&cursor={next}");
    }
}

app_test! {
    /// EXT-2, EXT-4: a variant is named by id or SKU beside its product, and sold at its own price from its own keys; its order
    /// again is a replay, however it is named then.
    async fn a_variant_is_sold_from_its_own_keys_at_its_own_price(app) {
        let (acme, product, contoso, http) = shop(&app).await;
        let variant = acme.product("KEY-PRO-3").variant_of(&product).price("2.50").keys(5).await;
        let other = acme.product("KEY-LITE").price("1.00").keys(5).await;
        acme.product("KEY-LITE-3").variant_of(&other).price("1.00").keys(5).await;
        let key = http.with(&contoso.key().await);
        let names = [(product.id.text(), variant.id.text()), ("KEY-PRO".to_owned(), "KEY-PRO-3".to_owned()), ("KEY-PRO".to_owned(), variant.id.text())];
        for (at, (named, variant_named)) in names.iter().enumerate() {
            let sold = key.post(PATH, sale(&format!("V-{at}"), named, Some(variant_named))).await.must(201);
            assert_eq!((&sold["product"], &sold["quantity"]), (&json!(variant.id), &json!(1)));
            assert_eq!((&sold["unit_cost"], &sold["total_cost"]), (&json!({"amount": "2.50", "currency": "USD"}), &json!({"amount": "2.50", "currency": "USD"})));
            assert!(sold["items"][0]["code"].as_str().is_some_and(|code| code.starts_with("KEY-PRO-3-")), "{sold}");
            for (named, variant_named) in &names {
                let again = key.post(PATH, sale(&format!("V-{at}"), named, Some(variant_named))).await;
                assert_eq!(again.headers.get("idempotency-replayed").map(String::as_str), Some("true"));
                assert_eq!(again.must(201), sold, "{named} {variant_named}");
            }
        }
        assert_eq!((sales(&app).await, app.balance(&contoso).await), (3, 1_250));
        let left = (app.stock(acme.number, product.number).await.available, app.stock(acme.number, variant.number).await.available);
        assert_eq!(left, (5, 2));
        // A variant of another product, the product as its own variant, a variant's variant, none at all.
        for (named, variant_named) in [
            ("KEY-LITE", "KEY-PRO-3".to_owned()),
            ("KEY-LITE", variant.id.text()),
            ("KEY-PRO", "KEY-LITE-3".to_owned()),
            ("KEY-PRO", "KEY-PRO".to_owned()),
            ("KEY-PRO", "KEY-LITE".to_owned()),
            ("KEY-PRO-3", "KEY-PRO-3".to_owned()),
            ("KEY-PRO", "KEY-NONE".to_owned()),
        ] {
            let no = key.post(PATH, sale("V-9", named, Some(&variant_named))).await;
            assert_eq!(no.said(), (404, "product_not_available".into()), "{named} {variant_named}");
        }
        let without = key.post(PATH, sale("V-0", "KEY-PRO", None)).await;
        assert_eq!(without.said(), (409, "external_order_conflict".into()), "the product is not its variant");
        assert_eq!((sales(&app).await, app.balance(&contoso).await), (3, 1_250));
    }

    /// EXT-11, EXT-2: the client of Shoppex names a variant by `variant_id`, in a call and in a URL.
    async fn the_client_of_shoppex_names_a_variant(app) {
        let (acme, product, contoso, http) = shop(&app).await;
        let variant = acme.product("KEY-PRO-3").variant_of(&product).price("2.50").keys(5).await;
        acme.product("KEY-LITE").price("1.00").keys(5).await;
        let client = http.with(&contoso.key().await).header("accept", "application/json");
        let order = |external: &str, variant: &str| {
            json!({"external_order_id": external, "product_id": "KEY-PRO", "variant_id": variant, "customer_email": "grace@customer.example"})
        };
        for (external, named) in [("S-1", variant.id.text()), ("S-2", "KEY-PRO-3".to_owned())] {
            let sold = client.post("/reseller/v1/fulfillments", order(external, &named)).await.must(201)["data"].clone();
            assert_eq!((&sold["product_id"], &sold["unit_cost"], &sold["total_cost"]), (&json!(variant.id), &json!("2.50"), &json!("2.50")));
            assert!(sold["serials"][0].as_str().is_some_and(|code| code.starts_with("KEY-PRO-3-")), "{sold}");
            let again = client.post("/reseller/v1/fulfillments", order(external, &named)).await.must(201);
            assert_eq!(again["data"], sold);
        }
        let no = client.post("/reseller/v1/fulfillments", order("S-3", "KEY-LITE")).await;
        assert_eq!(no.said(), (404, "product_not_available".into()));
        let url = contoso.dynamic_url(&[], &[]).await;
        let path = format!(
            "/reseller/v1/fulfillments/dynamic?api_key={}&external_order_id=S-4&product_id=KEY-PRO&variant_id=KEY-PRO-3&customer_email=grace%40customer.example&quantity=1",
            url.key
        );
        let fetched = http.nobody().get(&path).await.must(200)["data"].clone();
        assert_eq!((&fetched["product_id"], fetched["serials"].as_array().map(Vec::len)), (&json!(variant.id), Some(1)));
        assert_eq!((sales(&app).await, app.balance(&contoso).await), (3, 1_250));
    }

    /// EXT-2, EXT-4: what a shop notes with its order is read back word for word by either side; the first call's notes stay.
    async fn what_a_shop_notes_with_its_order_is_read_back(app) {
        let (acme, _product, contoso, http) = shop(&app).await;
        let (key, staff) = (http.with(&contoso.key().await), http.with(&acme.key));
        let notes = json!({"cart": "C-17", "campaign": "spring – 20 %"});
        let call = |notes: Json| {
            json!({"external_order_id": "M-1", "product": "KEY-PRO", "quantity": 3, "customer_email": "grace@customer.example",
                "customer_name": "Grace Hopper", "metadata": notes})
        };
        let sold = key.post(PATH, call(notes.clone())).await.must(201);
        assert_eq!((&sold["metadata"], &sold["customer_name"]), (&notes, &json!("Grace Hopper")));
        assert_eq!((&sold["unit_cost"], &sold["total_cost"]), (&json!({"amount": "1.00", "currency": "USD"}), &json!({"amount": "3.00", "currency": "USD"})));
        assert_eq!(&sold["balance_after"], &json!({"amount": "17.00", "currency": "USD"}));
        let id = sold["id"].as_str().expect("an id");
        for (asker, path) in [(&key, format!("{PATH}/{id}")), (&staff, format!("/v1/merchant/fulfillments/{id}"))] {
            let read = asker.get(&path).await.must(200);
            assert_eq!((&read["metadata"], &read["unit_cost"], &read["customer_name"]), (&notes, &sold["unit_cost"], &json!("Grace Hopper")));
        }
        let again = key.post(PATH, call(json!({"cart": "C-18"}))).await.must(201);
        assert_eq!(again, sold, "notes make no other order");
        let plain = key.post(PATH, sale("M-2", "KEY-PRO", None)).await.must(201);
        assert_eq!((&plain["metadata"], &plain["customer_name"]), (&json!(null), &json!(null)));
        let listed = key.get(PATH).await.must(200);
        assert_eq!(listed["data"][1]["unit_cost"], sold["unit_cost"]);
        let many: serde_json::Map<String, Json> = (0..21).map(|n| (format!("n{n}"), json!("x"))).collect();
        for wrong in [json!({"cart": 17}), json!({"cart": "x".repeat(501)}), json!({("n".repeat(41)): "x"}), Json::Object(many), json!(["C-17"])] {
            assert_eq!(key.post(PATH, call(wrong)).await.said(), (422, "invalid_field".into()));
        }
    }

    /// EXT-3: what a partnership may not have is not there for it, whyever; a product without a price says so. Nothing is debited,
    /// nothing is claimed, nobody is mailed.
    async fn what_is_not_sold_to_a_shop_leaves_nothing_behind(app) {
        let (acme, product, contoso, http) = shop(&app).await;
        let (scope, owner) = (acme.scope(), acme.owner());
        let withheld = acme.product("KEY-HELD").price("1.00").keys(2).await;
        app.does(&owner, ShareProduct { scope: contoso.scope, product: withheld.id, access: Some(false) }).await;
        acme.product("KEY-OFF").not_offered().price("1.00").keys(2).await;
        let elsewhere = acme.product("KEY-ELSEWHERE").not_offered().price("1.00").keys(2).await;
        let price_list = app.does(&owner, CreatePriceList { scope, name: "Gold".into() }).await;
        app.does(&owner, OfferProduct { scope, price_list, product: elsewhere.id, offered: true }).await;
        let ended = acme.product("KEY-ENDED").price("1.00").keys(2).await;
        let patch = ProductPatch { enabled: Some(false), ..ProductPatch::default() };
        app.does(&owner, ChangeProduct { scope, product: ended.id, expected_version: None, patch }).await;
        acme.product("SUITE").price("3.00").bundle_of(&[("KEY-PRO", 2)]).await;
        acme.product("SUPPORT").price("1.00").method(Method::None).await;
        acme.product("TRAINING").price("1.00").method(Method::Merchant).await;
        acme.product("KEY-EURO").price_in("EUR", "1.00").keys(2).await;
        let theirs = app.merchant("Other Software").await.product("KEY-OTHER").price("1.00").keys(2).await;
        let key = http.with(&contoso.key().await);
        app.work().await;
        let messages = app.number(sql!("SELECT COUNT(*) FROM message"), Vec::new()).await;
        let not_available = [
            ("withheld", "KEY-HELD".to_owned()),
            ("withheld, by its id", withheld.id.text()),
            ("in no price list", "KEY-OFF".to_owned()),
            ("in the price list of another channel", "KEY-ELSEWHERE".to_owned()),
            ("switched off", "KEY-ENDED".to_owned()),
            ("a bundle", "SUITE".to_owned()),
            ("done by itself", "SUPPORT".to_owned()),
            ("delivered by the merchant", "TRAINING".to_owned()),
            ("another merchant's", theirs.id.text()),
            ("another merchant's, by its SKU", "KEY-OTHER".to_owned()),
            ("nothing", "KEY-NONE".to_owned()),
        ];
        for (why, named) in &not_available {
            let no = key.once(&format!("k-{named}")).post(PATH, sale("N-1", named, None)).await;
            assert_eq!(no.said(), (404, "product_not_available".into()), "{why}");
        }
        assert_eq!(key.post(PATH, sale("N-1", "KEY-EURO", None)).await.said(), (422, "price_missing".into()));
        app.work().await;
        assert_eq!((sales(&app).await, app.balance(&contoso).await), (0, 2_000));
        let claimed = app.number(sql!("SELECT COUNT(*) FROM license_key WHERE state <> 0 OR license IS NOT NULL"), Vec::new()).await;
        assert_eq!((claimed, app.number(sql!("SELECT COUNT(*) FROM message"), Vec::new()).await), (0, messages));
        assert_eq!(app.stock(acme.number, product.number).await.available, 5);
        // What was withheld from one and given back is sold under the same order id and key.
        app.does(&owner, ShareProduct { scope: contoso.scope, product: withheld.id, access: None }).await;
        key.once("k-KEY-HELD").post(PATH, sale("N-1", "KEY-HELD", None)).await.must(201);
    }

    /// EXT-5: either side walks its list page by page, newest first, and finds by state, moment and partnership what there is.
    async fn sales_are_walked_and_narrowed_by_either_side(app) {
        let shop = stocked(&app, 1_100).await;
        let fabrikam = shop.acme.reseller("Fabrikam").await;
        fabrikam.top_up("100.00").await;
        let later = || app.clock.advance_ms(60_000);
        let whole = shop.sells("C-1", 2).await;
        later();
        fabrikam.sells("F-1", "KEY-PRO", 1).await;
        later();
        let second = app.engine.environment.now().to_string();
        let part = shop.sells("C-2", 3).await;
        later();
        shop.sells("C-3", 1).await;
        later();
        fabrikam.sells("F-2", "KEY-PRO", 1).await;
        later();
        let last = app.engine.environment.now().to_string();
        // So many are delivered by the worker, which does nothing here before it is told to.
        shop.sells("C-4", 1_001).await;
        shop.takes_back(whole, &[]).await;
        let licenses = shop.licenses(part).await;
        shop.takes_back(part, &licenses[..1]).await;
        let http = app.http().await;
        let (user, other, staff) = (http.with(&shop.contoso.key().await), http.with(&fabrikam.key().await), http.with(&shop.acme.key));
        let all = "/v1/merchant/fulfillments";
        for (filters, mine, everybodys) in [
            (String::new(), vec!["C-4", "C-3", "C-2", "C-1"], vec!["C-4", "F-2", "C-3", "C-2", "F-1", "C-1"]),
            ("status=processing".into(), vec!["C-4"], vec!["C-4"]),
            ("status=delivered".into(), vec!["C-3"], vec!["F-2", "C-3", "F-1"]),
            ("status=partly_refunded".into(), vec!["C-2"], vec!["C-2"]),
            ("status=refunded".into(), vec!["C-1"], vec!["C-1"]),
            ("status=failed".into(), vec![], vec![]),
            ("external_order_id=C-2".into(), vec!["C-2"], vec!["C-2"]),
            (format!("created_from={second}"), vec!["C-4", "C-3", "C-2"], vec!["C-4", "F-2", "C-3", "C-2"]),
            (format!("created_to={second}"), vec!["C-1"], vec!["F-1", "C-1"]),
            (format!("created_from={second}&created_to={last}"), vec!["C-3", "C-2"], vec!["F-2", "C-3", "C-2"]),
            (format!("created_from={second}&status=delivered"), vec!["C-3"], vec!["F-2", "C-3"]),
            (format!("created_from={last}&status=refunded"), vec![], vec![]),
        ] {
            assert_eq!(walked(&user, PATH, &filters).await, mine, "{filters}");
            assert_eq!(walked(&staff, all, &filters).await, everybodys, "{filters}, of all");
        }
        assert_eq!(walked(&other, PATH, "").await, ["F-2", "F-1"]);
        let of = |reseller: &Reseller, more: &str| format!("partnership={}{more}", reseller.partnership());
        for (filters, expected) in [
            (of(&fabrikam, ""), vec!["F-2", "F-1"]),
            (of(&shop.contoso, ""), vec!["C-4", "C-3", "C-2", "C-1"]),
            (of(&shop.contoso, "&status=refunded"), vec!["C-1"]),
            (of(&fabrikam, "&status=refunded"), vec![]),
            (of(&fabrikam, &format!("&created_from={second}")), vec!["F-2"]),
            (of(&fabrikam, "&external_order_id=C-1"), vec![]),
        ] {
            assert_eq!(walked(&staff, all, &filters).await, expected, "{filters}");
        }
        let wrong = [(&user, format!("{PATH}?{}", of(&fabrikam, ""))), (&user, format!("{PATH}?status=sold")), (&staff, format!("{all}?created_from=yesterday"))];
        for (asker, path) in &wrong {
            assert_eq!(asker.get(path).await.said(), (400, "invalid_query".into()), "{path}");
        }
        app.work().await;
        assert_eq!(walked(&user, PATH, "status=delivered").await, ["C-4", "C-3"]);
    }
}
