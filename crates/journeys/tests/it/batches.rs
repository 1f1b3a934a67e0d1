//! Batches of keys: where they came from, what is done with all of them, and until when they are sold (STK-6).

use crate::shop::{fulfill, shop};
use serde_json::json;
use std::collections::BTreeSet;
use tradepost_domain::access::MerchantRole;
use tradepost_domain::ids::KeyImportId;
use tradepost_domain::stock::batches::{MoveBatch, RevokeBatch, UpdateBatch};
use tradepost_domain::stock::import::Mode;
use tradepost_domain::stock::queries::{self, BatchView, StockCounts};
use tradepost_kernel::Date;
use tradepost_store::sql;
use tradepost_testkit::{Merchant, TestApp, app_test};

/// From when every test begins to the first moment of the next day, in UTC.
const TO_MIDNIGHT_MS: i64 = 15 * 3_600_000;

fn day(text: &str) -> Date {
    text.parse().expect("a date")
}

/// Imports codes of KEY-PRO, sold until the end of the day on which the test began.
async fn expiring(acme: &Merchant, codes: &[&str]) -> KeyImportId {
    let file = codes.iter().fold("sku,code\n".to_owned(), |file, code| format!("{file}KEY-PRO,{code}\n"));
    let report = acme.import_keys_until(&file, Some(day("2026-03-02"))).await.expect("a report");
    assert!(report.taken_in, "{report:?}");
    report.import.expect("an import")
}

async fn newest_import(app: &TestApp) -> KeyImportId {
    app.row::<(KeyImportId,)>(sql!("SELECT id FROM key_import ORDER BY id DESC LIMIT 1"), Vec::new()).await.0
}

async fn batch(app: &TestApp, acme: &Merchant, id: KeyImportId) -> BatchView {
    let scope = acme.scope();
    app.read(move |reader| Box::pin(async move { queries::batch(reader, scope, id).await })).await.expect("a batch")
}

/// What the last work on a batch came to: changed, left alone, and whether it ended.
async fn worked(app: &TestApp, acme: &Merchant, id: KeyImportId) -> (i64, i64, bool) {
    let work = batch(app, acme, id).await.work.expect("a work");
    (work.changed, work.left, work.ended.is_some())
}

const fn rows(s: &StockCounts) -> (i64, i64, i64, i64) {
    (s.available, s.reserved + s.allocated, s.delivered, s.revoked)
}

app_test! {
    /// STK-6, STK-3: from its first moment on no order gets an expired key, also while it is in stock and counted still; the sweep then takes it out.
    async fn an_expired_key_is_never_sold_whether_it_was_swept_or_not(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("1.00").await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        expiring(&acme, &["OLD-1", "OLD-2", "OLD-3"]).await;
        product.arrive(1, 2).await;
        let early = contoso.order(&[("KEY-PRO", 1)]).place().await;
        assert_eq!(app.code_of(&app.licenses(&early).await[0], acme.number).await, "OLD-1", "first in, first out");
        app.clock.advance_ms(TO_MIDNIGHT_MS);
        assert_eq!(contoso.order(&[("KEY-PRO", 3)]).try_place().await.expect_err("two are left").code, "out_of_stock");
        let late = contoso.order(&[("KEY-PRO", 2)]).place().await;
        for (license, n) in app.licenses(&late).await.iter().zip([1, 2]) {
            assert_eq!(app.code_of(license, acme.number).await, product.code(n));
        }
        assert_eq!(rows(&app.stock(acme.number, product.number).await), (2, 3, 0, 0), "counted until they are swept");
        assert_eq!(contoso.order(&[("KEY-PRO", 1)]).try_place().await.expect_err("none is left").code, "out_of_stock");
        app.work().await;
        assert_eq!(rows(&app.stock(acme.number, product.number).await), (0, 3, 0, 2));
        assert_eq!(app.event_bodies("stock.expired").await, [json!({"product": product.id, "count": 2})]);
        assert_eq!(app.event_bodies("stock.out").await.len(), 1);
        assert!(app.actions(product.id).await.contains(&"stock.expired".to_owned()));
        let expired = app.number(sql!("SELECT COUNT(*) FROM license_key WHERE state = 4 AND expired_ms IS NOT NULL AND license IS NULL"), Vec::new()).await;
        assert_eq!(expired, 2);
    }

    /// PLT-10, STK-6: the page that tells how the server is names each job with what it did: keys that expired, parts of large work, the log's retention.
    async fn the_health_page_counts_what_the_jobs_did(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("1.00").await;
        expiring(&acme, &["OLD-1", "OLD-2"]).await;
        let http = app.http().await;
        app.clock.advance_ms(TO_MIDNIGHT_MS);
        let staff = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let jobs = async |language: &str| staff.header("accept-language", language).get(&format!("/m/{}/health", acme.id)).await.text();
        let done = |page: &str, job: &str| -> i64 {
            let row = page.split_once(job).and_then(|(_, rest)| rest.split_once("</tr>")).unwrap_or_else(|| panic!("no {job} in {page}")).0;
            row.split_once("class=\"number\">").and_then(|(_, rest)| rest.split('<').next()?.parse().ok()).unwrap_or_else(|| panic!("no number in {row}"))
        };
        let before = done(&jobs("en").await, "Take expired keys out of stock");
        app.work().await;
        let page = jobs("en").await;
        assert_eq!(done(&page, "Take expired keys out of stock") - before, 2);
        for job in ["Pass on events", "Send messages", "Carry on large work", "Forget finished requests", "Forget lines of the request log"] {
            assert!(done(&page, job) >= 0, "{job}");
        }
        let page = jobs("de").await;
        assert!(page.contains("Große Arbeiten fortführen") && page.contains("Abgelaufene Schlüssel aus dem Bestand nehmen"), "{page}");
        assert!(page.contains("Zeilen des Anfrageprotokolls vergessen"), "{page}");
    }

    /// STK-6, EXT-2, EXT-10: an external shop gets none either, and a large sale promises only keys that it can be given.
    async fn a_sale_of_a_shop_counts_no_expired_key(app) {
        let shop = shop(&app, 0).await;
        expiring(&shop.acme, &["OLD-1", "OLD-2", "OLD-3", "OLD-4", "OLD-5"]).await;
        shop.product.arrive(1, 1_102).await;
        app.clock.advance_ms(TO_MIDNIGHT_MS);
        assert_eq!(app.refuses(&shop.contoso.owner(), fulfill("A-1", 1_103)).await.code, "out_of_stock");
        shop.sells("A-2", 2).await;
        assert_eq!(app.number(sql!("SELECT COUNT(*) FROM license_key WHERE state = 3 AND expires_ms IS NOT NULL"), Vec::new()).await, 0);
        let large = shop.sells("A-3", 1_100).await;
        assert_eq!(app.refuses(&shop.contoso.owner(), fulfill("A-4", 1)).await.code, "out_of_stock");
        app.work().await;
        assert_eq!(shop.state(large).await, "delivered");
        assert_eq!(rows(&app.stock(shop.acme.number, shop.product.number).await), (0, 0, 1_102, 5));
    }

    /// STK-6, EXT-10: what was promised before it expired was sold before: it is delivered, and the sweep leaves it alone.
    async fn what_was_sold_before_it_expired_is_delivered(app) {
        let shop = shop(&app, 0).await;
        let codes: Vec<String> = (1..=1_101).map(|n| format!("OLD-{n:05}")).collect();
        expiring(&shop.acme, &codes.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let sold = shop.sells("A-1", 1_100).await;
        app.clock.advance_ms(TO_MIDNIGHT_MS);
        app.work().await;
        assert_eq!(shop.state(sold).await, "delivered");
        assert_eq!(rows(&app.stock(shop.acme.number, shop.product.number).await), (0, 0, 1_100, 1));
    }

    /// STK-6, STK-2: a key that an order held past its last day comes back and is swept, not sold again.
    async fn a_key_that_comes_back_after_its_last_day_is_not_sold_again(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("1.00").await;
        let (contoso, fabrikam) = (acme.reseller("Contoso").await, acme.reseller("Fabrikam").credit("10.00").await);
        expiring(&acme, &["OLD-1"]).await;
        let held = contoso.order(&[("KEY-PRO", 1)]).place().await;
        app.clock.advance_ms(TO_MIDNIGHT_MS);
        app.work().await;
        acme.cancel(held.id).await;
        assert_eq!(fabrikam.order(&[("KEY-PRO", 1)]).try_place().await.expect_err("it expired").code, "out_of_stock");
        app.work().await;
        assert_eq!(rows(&app.stock(acme.number, product.number).await), (0, 0, 0, 1));
    }

    /// STK-6: a last day is the merchant's: its end is that of its time zone.
    async fn a_last_day_ends_in_the_merchants_time_zone(app) {
        let acme = app.merchant_in("Acme Software", "USD", "America/New_York").await;
        let product = acme.product("KEY-PRO").price("1.00").await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        expiring(&acme, &["OLD-1", "OLD-2"]).await;
        app.clock.advance_ms(TO_MIDNIGHT_MS + 5 * 3_600_000 - 1);
        app.work().await;
        contoso.order(&[("KEY-PRO", 1)]).place().await;
        app.clock.advance_ms(1);
        assert_eq!(contoso.order(&[("KEY-PRO", 1)]).try_place().await.expect_err("the day is over").code, "out_of_stock");
        app.work().await;
        assert_eq!(rows(&app.stock(acme.number, product.number).await), (0, 1, 0, 1));
    }

    /// STK-6, STK-1: a line may say its own last day; one that is over is malformed, and a file of such is refused.
    async fn a_line_may_say_its_own_last_day(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("1.00").await;
        let file = "sku,code,expires_on\nKEY-PRO,A,2026-12-31\nKEY-PRO,B,\nKEY-PRO,C,2026-03-02\n";
        assert!(acme.import_keys_until(file, Some(day("2026-06-30"))).await.expect("a report").taken_in);
        let found: Vec<(i64,)> = app.rows(sql!("SELECT expires_ms FROM license_key ORDER BY expires_ms"), Vec::new()).await;
        let ends = ["2026-03-02", "2026-06-30", "2026-12-31"].map(|text| day(text).ends_in("UTC").ms());
        assert_eq!(found.into_iter().map(|row| row.0).collect::<Vec<_>>(), ends);
        let over = acme.import_keys("sku,code,expires_on\nKEY-PRO,D,2026-03-01\nKEY-PRO,E,soon\n", Mode::SkipBad, false).await.expect("a report");
        let said: Vec<&str> = over.malformed.first.iter().map(|line| line.detail.as_str()).collect();
        assert_eq!((said, over.new_keys()), (vec!["expired already", "expires_on must be a date such as 2026-12-31"], 0));
        match acme.import_keys_until("sku,code\nKEY-PRO,F\n", Some(day("2026-03-01"))).await {
            Err(tradepost_domain::No::Refusal(no)) => assert_eq!((no.code, no.pointer.as_str()), ("invalid_field", "/expires_on")),
            other => panic!("{other:?}"),
        }
    }

    /// STK-6, STK-4: revoking a batch takes what is not sold, slice by slice, and tells what it left alone; counters and crossings follow.
    async fn revoking_a_batch_takes_only_what_is_not_sold(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("1.00").await;
        product.arrive(1, 1_203).await;
        let id = newest_import(&app).await;
        product.arrive(2_000, 1).await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        contoso.order(&[("KEY-PRO", 2)]).place().await;
        acme.reseller("Fabrikam").await.order(&[("KEY-PRO", 1)]).place().await;
        let revoke = RevokeBatch { scope: acme.scope(), batch: id };
        app.does(&acme.owner(), revoke).await;
        assert_eq!(app.refuses(&acme.owner(), revoke).await.code, "batch_busy");
        assert_eq!(worked(&app, &acme, id).await, (0, 0, false));
        app.work().await;
        assert_eq!(worked(&app, &acme, id).await, (1_200, 3, true));
        assert_eq!(rows(&app.stock(acme.number, product.number).await), (1, 3, 0, 1_200), "another batch is untouched");
        let told = json!({"import": id, "changed": 1_200, "left": 3});
        assert_eq!(app.event_bodies("key_import.revoked").await, [told]);
        assert_eq!(app.actions(id).await, ["key_import.taken_in", "key_import.revoke_asked", "key_import.revoked"]);
        app.does(&acme.owner(), revoke).await;
        app.work().await;
        assert_eq!(worked(&app, &acme, id).await, (0, 1_203, true), "there is nothing left to revoke");
    }

    /// STK-6, STK-7: moved keys are the other product's: behind its own, for the orders that wait there, each code found as its own; a code
    /// that it has already stays.
    async fn moved_keys_serve_the_orders_that_wait_for_the_other_product(app) {
        let acme = app.merchant("Acme Software").await;
        let from = acme.product("KEY-OLD").price("1.00").keys(1).await;
        let to = acme.product("KEY-NEW").price("1.00").backorder().await;
        to.import("KEY-OLD-00012\nOWN\n", Mode::AllOrNothing, false).await.expect("taken in");
        from.arrive(10, 5).await;
        let id = newest_import(&app).await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        contoso.order(&[("KEY-OLD", 2)]).place().await;
        let waits = contoso.order(&[("KEY-NEW", 4)]).place().await;
        let before = app.footprints().await;
        app.does(&acme.owner(), MoveBatch { scope: acme.scope(), batch: id, product: "KEY-NEW".into() }).await;
        assert!(before != app.footprints().await);
        app.work().await;
        assert_eq!(worked(&app, &acme, id).await, (3, 2, true), "one is sold, one is there already");
        let mut codes = BTreeSet::new();
        for license in app.licenses(&waits).await {
            codes.insert(app.code_of(&license, acme.number).await);
        }
        assert_eq!(codes, ["KEY-OLD-00012", "OWN", "KEY-OLD-00011", "KEY-OLD-00013"].map(str::to_owned).into());
        assert_eq!(rows(&app.stock(acme.number, from.number).await), (1, 2, 0, 0));
        assert_eq!(rows(&app.stock(acme.number, to.number).await), (1, 4, 0, 0));
        let again = to.import("KEY-OLD-00014\n", Mode::AllOrNothing, true).await.expect("a report");
        assert_eq!(again.duplicates_in_stock.count, 1, "its code is found at the product that it went to");
        let back = from.import("KEY-OLD-00014\n", Mode::AllOrNothing, true).await.expect("a report");
        assert_eq!(back.duplicates_in_stock.count, 0, "and no longer where it was");
    }

    /// STK-6: another last day counts for the keys that are not sold, whatever their lines said; none at all lets them be sold again for good.
    async fn a_batch_gets_another_last_day(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("1.00").await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        let id = expiring(&acme, &["A", "B", "C"]).await;
        let change = |expires_on| UpdateBatch { scope: acme.scope(), batch: id, version: None, note: None, cost: None, expires_on };
        assert_eq!(app.refuses(&acme.owner(), change(Some(Some(day("2026-03-01"))))).await.pointer, "/expires_on");
        app.does(&acme.owner(), change(Some(Some(day("2026-03-03"))))).await;
        app.work().await;
        app.clock.advance_ms(TO_MIDNIGHT_MS);
        contoso.order(&[("KEY-PRO", 1)]).place().await;
        app.does(&acme.owner(), change(Some(None))).await;
        app.work().await;
        assert_eq!(worked(&app, &acme, id).await, (2, 1, true));
        app.clock.advance_ms(30 * 24 * 3_600_000);
        app.work().await;
        contoso.order(&[("KEY-PRO", 2)]).place().await;
        assert_eq!(rows(&app.stock(acme.number, product.number).await), (0, 3, 0, 0));
    }

    /// STK-6: where a batch came from, in the API: file, who, when, cost, note; note and cost are edited, of the version that was read.
    async fn a_batch_says_where_its_keys_came_from(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("1.00").await;
        let http = app.http().await;
        let key = http.with(&acme.key);
        let path = "/v1/merchant/license-keys/imports?source=supplier.csv&note=Order%207&cost=1250.00%20EUR&expires_on=2026-12-31&product=KEY-PRO";
        let made = key.send_bytes("POST", path, "text/csv", b"AAAA-BBBB-CCCC-DDDD\n".to_vec()).await.must(201);
        let place = format!("/v1/merchant/license-keys/batches/{}", made["import"].as_str().expect("an id"));
        let shown = key.get(&place).await;
        let tag = shown.headers["etag"].clone();
        let shown = shown.must(200);
        assert_eq!((&shown["source"], &shown["note"], &shown["keys"]), (&json!("supplier.csv"), &json!("Order 7"), &json!(1)));
        assert_eq!((&shown["cost"], &shown["expires_at"]), (&json!({"amount": "1250.00", "currency": "EUR"}), &json!("2027-01-01T00:00:00.000Z")));
        assert!(shown["by"].is_string() && shown["work"].is_null(), "{shown}");
        assert_eq!(key.get("/v1/merchant/license-keys/batches").await.must(200)["data"][0], shown);
        let changed = key.header("if-match", &tag).patch(&place, json!({"note": "Order 8", "cost": null})).await.must(200);
        assert_eq!((&changed["note"], &changed["cost"], &changed["expires_at"]), (&json!("Order 8"), &json!(null), &shown["expires_at"]));
        assert_eq!(key.header("if-match", &tag).patch(&place, json!({"note": "Order 9"})).await.said(), (412, "stale_version".into()));
        let bad = key.send_bytes("POST", "/v1/merchant/license-keys/imports?cost=12", "text/csv", b"sku,code\n".to_vec()).await;
        assert_eq!(bad.said(), (400, "invalid_query".into()));
        assert_eq!(key.post(&format!("{place}/move"), json!({"product": "NOTHING"})).await.said(), (422, "product_not_found".into()));
    }

    /// STK-6, STK-5: the codes of a batch leave as a file, noted in the trail each time; a look of the house burns none.
    async fn the_codes_of_a_batch_are_exported_and_noted(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("1.00").await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        let id = expiring(&acme, &["OLD-1", "=OLD-2"]).await;
        product.arrive(1, 501).await;
        let many = newest_import(&app).await;
        contoso.order(&[("KEY-PRO", 1)]).place().await;
        let http = app.http().await;
        let path = format!("/v1/merchant/license-keys/batches/{id}/export");
        let file = http.with(&acme.key).send("POST", &path, None).await;
        assert_eq!(file.headers["cache-control"], "no-store");
        assert_eq!(file.text(), "sku,code,expires_on,state\r\nKEY-PRO,OLD-1,2026-03-02,allocated\r\nKEY-PRO,=OLD-2,2026-03-02,available\r\n");
        let unsold = http.with(&acme.key).send("POST", &format!("{path}?state=available"), None).await.text();
        assert_eq!(unsold, "sku,code,expires_on,state\r\nKEY-PRO,=OLD-2,2026-03-02,available\r\n");
        assert_eq!(app.actions(id).await.iter().filter(|action| *action == "key_import.exported").count(), 2);
        let whole = http.with(&acme.key).send("POST", &format!("/v1/merchant/license-keys/batches/{many}/export"), None).await.text();
        let codes: BTreeSet<&str> = whole.lines().skip(1).filter_map(|line| line.split(',').nth(1)).collect();
        assert_eq!(codes.len(), 501);
        let support = http.with(&acme.signs_in(MerchantRole::Support).await);
        assert_eq!(support.send("POST", &path, None).await.status, 403);
        assert_eq!(app.stock(acme.number, product.number).await.available, 502);
    }

    /// STK-6, STK-1: an import that is under way, or was given up, is no batch.
    async fn an_import_that_did_not_come_in_is_no_batch(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("1.00").keys(1).await;
        let report = acme.import_keys("sku,code\nKEY-PRO,KEY-PRO-00001\n", Mode::AllOrNothing, false).await.expect("a report");
        assert!(!report.taken_in);
        let id = newest_import(&app).await;
        assert_eq!(app.refuses(&acme.owner(), RevokeBatch { scope: acme.scope(), batch: id }).await.code, "batch_not_in_stock");
        let http = app.http().await;
        assert_eq!(http.with(&acme.key).get(&format!("/v1/merchant/license-keys/batches/{id}")).await.status, 404);
    }

    /// STK-6, PLT-12: the page of a batch, in German too: each act asks first, and says what came of it.
    async fn the_page_of_a_batch_asks_before_each_act(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("1.00").keys(2).await;
        acme.product("KEY-NEW").price("1.00").await;
        let id = newest_import(&app).await;
        let http = app.http().await;
        let desk = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let place = format!("/m/{}/stock/imports/{id}", acme.id);
        for (step, says) in [("edit", "Letzter Tag"), ("move", "Charge verschieben"), ("revoke", "Charge zurücknehmen"), ("export", "Codes ausgeben")] {
            let page = desk.header("accept-language", "de").get(&format!("{place}/{step}")).await;
            assert!(page.status == 200 && page.text().contains(says), "{step}: {}", page.text());
        }
        assert_eq!(desk.form(&format!("{place}/edit"), "note=From+the+fair&cost=12.50&expires_on=2026-12-31").await.status, 303);
        app.work().await;
        let page = desk.get(&place).await.text();
        assert!(["From the fair", "12.50", "Olga Owner", "2 keys got another last day"].iter().all(|text| page.contains(text)), "{page}");
        assert_eq!(desk.form(&format!("{place}/edit"), "cost=12.50.1").await.status, 422);
        assert_eq!(desk.form(&format!("{place}/move"), "product=KEY-NEW").await.status, 303);
        assert!(desk.get(&place).await.headers.contains_key("refresh"), "it shows how far it is");
        app.work().await;
        assert!(desk.get(&place).await.text().contains("2 keys moved to another product"));
        let file = desk.form(&format!("{place}/codes.csv"), "state=").await.text();
        assert!(file.contains("KEY-NEW,KEY-PRO-00001,2026-12-31,available"), "{file}");
        assert_eq!(desk.form(&format!("{place}/revoke"), "").await.status, 303);
        app.work().await;
        assert!(desk.get(&place).await.text().contains("2 keys revoked"));
    }
}
