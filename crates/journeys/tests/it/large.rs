//! Deliveries larger than one answer (EXT-10), and codes mailed to the shop's customer (EXT-7).

use crate::shop::{fulfill, shop};
use serde_json::json;
use std::collections::HashSet;
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_domain::fulfillments::deliver::{DeliverSlice, SLICE};
use tradepost_domain::partners::terms::TermName;
use tradepost_domain::{Caller, No, verify};
use tradepost_store::sql;
use tradepost_testkit::{TestApp, app_test, sabotage_test};

fn call(order: &str, quantity: i64) -> serde_json::Value {
    json!({"external_order_id": order, "product": "KEY-PRO", "quantity": quantity, "customer_email": "ada@customer.example"})
}

/// What was promised is nobody else's, before and between its slices, whoever asks.
pub async fn take_what_was_promised(app: TestApp) {
    let shop = shop(&app, 1_210).await;
    let fabrikam = shop.acme.reseller("Fabrikam").credit("1000000.00").await;
    let sold = shop.sells("A-1", 1_200).await;
    let slice = DeliverSlice { scope: shop.contoso.scope, fulfillment: sold };
    let take_five = |round: usize| {
        let (shop, fabrikam) = (shop.clone(), fabrikam.clone());
        async move {
            assert_eq!(shop.app.refuses(&shop.contoso.owner(), fulfill("A-2", 100)).await.code, "out_of_stock");
            assert_eq!(fabrikam.order(&[("KEY-PRO", 100)]).try_place().await.expect_err("none is left").code, "out_of_stock");
            shop.sells(&format!("S-{round}"), 3).await;
            fabrikam.order(&[("KEY-PRO", 2)]).place().await;
        }
    };
    take_five(1).await;
    app.does(&Caller::System, slice).await;
    take_five(2).await;
    assert_eq!(app.refuses(&shop.contoso.owner(), fulfill("A-3", 1)).await.code, "out_of_stock");
    app.work().await;
    let stock = app.stock(shop.acme.number, shop.product.number).await;
    assert_eq!((stock.available, stock.reserved, stock.delivered, stock.allocated), (0, 0, 1_206, 4));
    assert_eq!(shop.state(sold).await, "delivered");
}

app_test! {
    /// EXT-10: accepted at once, delivered in slices, downloaded as a file; no code before, none in an answer.
    async fn more_codes_than_one_answer_holds_are_accepted_delivered_and_downloaded(app) {
        let shop = shop(&app, 1_300).await;
        let http = app.http().await;
        let key = http.with(&shop.contoso.key().await);
        let before = shop.balance().await;
        let accepted = key.once("k-1").post("/v1/reseller/fulfillments", call("A-1", 1_200)).await.must(202);
        assert_eq!((&accepted["status"], &accepted["ready"], &accepted["items"]), (&json!("processing"), &json!(0), &json!([])));
        assert_eq!(shop.balance().await, before - 1_200_000, "paid when it was accepted");
        let stock = app.stock(shop.acme.number, shop.product.number).await;
        assert_eq!((stock.available, stock.reserved, stock.delivered), (100, 1_200, 0), "and nobody else's");
        let download = accepted["download"].as_str().expect("an address").to_owned();
        assert_eq!(key.get(&download).await.said(), (409, "not_delivered".into()));
        // EXT-4: retries are safe, as for small ones.
        let again = key.once("k-1").post("/v1/reseller/fulfillments", call("A-1", 1_200)).await.must(202);
        assert_eq!(again["id"], accepted["id"]);
        assert_eq!(key.post("/v1/reseller/fulfillments", call("A-1", 1_200)).await.must(202)["id"], accepted["id"]);
        assert_eq!(key.post("/v1/reseller/fulfillments", call("A-1", 1_201)).await.said(), (409, "external_order_conflict".into()));
        app.work().await;
        let path = format!("/v1/reseller/fulfillments/{}", accepted["id"].as_str().expect("an id"));
        let delivered = key.get(&path).await.must(200);
        assert_eq!((&delivered["status"], &delivered["ready"], &delivered["items"]), (&json!("delivered"), &json!(1_200), &json!([])));
        assert_eq!(key.once("k-1").post("/v1/reseller/fulfillments", call("A-1", 1_200)).await.must(201)["id"], accepted["id"]);
        let text = key.header("accept", "text/plain").get(&download).await;
        assert_eq!(text.status, 200);
        assert!(text.headers["cache-control"].contains("no-store") && text.headers["content-type"].starts_with("text/plain"));
        let codes: HashSet<String> = text.text().lines().map(str::to_owned).collect();
        let expected: HashSet<String> = (1..=1_200).map(|n| shop.product.code(n)).collect();
        assert!(codes == expected && text.text().lines().count() == 1_200, "first in, first out, each once");
        let csv = key.get(&download).await;
        assert!(csv.headers["content-type"].starts_with("text/csv"));
        let mut lines = csv.text().lines().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(lines.remove(0), "sku,license,code");
        assert_eq!(lines.iter().map(|line| line.rsplit(',').next().expect("a code").to_owned()).collect::<HashSet<_>>(), expected);
        let id = accepted["id"].as_str().expect("an id").parse::<tradepost_domain::ids::FulfillmentId>().expect("an id");
        assert_eq!(app.events(id).await, ["fulfillment.accepted", "fulfillment.delivered"]);
        assert_eq!(app.actions(id).await, ["fulfillment.accepted", "fulfillment.delivered", "fulfillment.downloaded", "fulfillment.downloaded"]);
        let other = http.with(&shop.acme.reseller("Fabrikam").await.key().await);
        assert_eq!(other.get(&download).await.status, 404);
        let merchant = http.with(&shop.acme.key);
        let reveal = format!("/v1/merchant/fulfillments/{id}/reveal");
        assert_eq!(merchant.act(&reveal).await.said(), (409, "too_many_codes".into()));
    }

    /// EXT-10: the pages of a delivery that goes on show how far it is and look again by themselves, until it is done.
    async fn the_page_of_a_delivery_looks_again_until_it_is_done(app) {
        let shop = shop(&app, 1_300).await;
        let http = app.http().await;
        let (staff, user) = (http.with(&shop.acme.signs_in(MerchantRole::Owner).await), http.with(&shop.contoso.signs_in(ResellerRole::Viewer).await));
        let sold = shop.sells("A-1", 1_200).await;
        let pages = async || {
            let merchants = staff.get(&format!("/m/{}/fulfillments/{sold}", shop.acme.id)).await.text();
            [merchants, user.get(&format!("/r/{}/fulfillments/{sold}", shop.contoso.partnership().text())).await.text()]
        };
        for page in pages().await {
            assert!(page.contains("max=\"1200\" value=\"0\" data-watch=\"5\""), "{page}");
        }
        app.does(&Caller::System, DeliverSlice { scope: shop.contoso.scope, fulfillment: sold }).await;
        for page in pages().await {
            assert!(page.contains(&format!("max=\"1200\" value=\"{SLICE}\" data-watch=\"5\"")), "{page}");
        }
        app.work().await;
        for page in pages().await {
            assert!(!page.contains("data-watch") && !page.contains("<progress"), "{page}");
        }
    }

    /// EXT-10: a small fulfillment can be downloaded too.
    async fn a_small_fulfillment_is_downloaded_as_well(app) {
        let shop = shop(&app, 10).await;
        let key = app.http().await.with(&shop.contoso.key().await);
        let sold = shop.sells("A-1", 3).await;
        let file = key.header("accept", "text/plain").get(&format!("/v1/reseller/fulfillments/{sold}/download")).await;
        assert_eq!(file.text().lines().collect::<HashSet<_>>(), HashSet::from(["KEY-PRO-00001", "KEY-PRO-00002", "KEY-PRO-00003"]));
    }

    /// EXT-10, EXT-3: what is refused is refused as it is for small ones, and leaves nothing behind.
    async fn a_large_call_is_refused_like_a_small_one(app) {
        let shop = shop(&app, 1_300).await;
        let seller = shop.contoso.owner();
        assert_eq!(app.refuses(&seller, fulfill("A-1", 1_301)).await.code, "out_of_stock");
        assert_eq!(app.refuses(&seller, fulfill("A-1", 100_001)).await.code, "quantity_out_of_range");
        shop.acme.set_term(&shop.contoso, TermName::PurchaseLimitDay, "1250").await;
        assert_eq!(app.refuses(&seller, fulfill("A-1", 1_251)).await.code, "purchase_limit_exceeded");
        let poor = shop.acme.reseller("Fabrikam").await;
        assert_eq!(app.refuses(&poor.owner(), fulfill("A-1", 1_200)).await.code, "insufficient_balance");
        shop.sells("A-1", 1_200).await;
        assert_eq!(app.refuses(&seller, fulfill("A-2", 51)).await.code, "purchase_limit_exceeded");
        shop.sells("A-2", 50).await;
    }

    /// EXT-10, STK-3
    async fn what_was_promised_is_taken_by_nobody_else(app) { super::take_what_was_promised(app).await; }

    /// EXT-10: whoever dies between two slices, every commit adds up and the next one goes on where it was.
    async fn a_delivery_that_breaks_off_between_slices_goes_on(app) {
        let shop = shop(&app, 1_600).await;
        let sold = shop.sells("A-1", 1_501).await;
        let slice = DeliverSlice { scope: shop.contoso.scope, fulfillment: sold };
        for made in 1..=2 {
            assert_eq!(app.does(&Caller::System, slice).await.left, 1_501 - made * SLICE);
            assert_eq!(shop.row(sold).await.ready, made * SLICE);
            // The event waits still: nothing else may be wrong.
            let found: Vec<String> = app.violations().await.into_iter().filter(|one| !one.contains("was not passed on")).collect();
            assert!(found.is_empty(), "{found:?}");
        }
        app.work().await;
        assert_eq!((shop.state(sold).await, shop.licenses(sold).await.len()), ("delivered", 1_501));
        assert_eq!(app.events(sold).await, ["fulfillment.accepted", "fulfillment.delivered"]);
    }

    /// EXT-10: two servers work on one delivery at once: each unit is made once, and it is delivered once.
    async fn two_servers_deliver_one_fulfillment_once(app) {
        let shop = shop(&app, 2_600).await;
        let sold = shop.sells("A-1", 2_501).await;
        let server = || {
            let (app, slice) = (app.clone(), DeliverSlice { scope: shop.contoso.scope, fulfillment: sold });
            tokio::spawn(async move {
                loop {
                    match app.execute(&Caller::System, slice).await {
                        Ok(done) if done.left > 0 => {}
                        Ok(_) => return,
                        Err(No::Refusal(refusal)) => return assert_eq!(refusal.code, "not_processing"),
                        Err(No::Fault(fault)) => panic!("{fault:?}"),
                    }
                }
            })
        };
        let (one, other) = (server(), server());
        one.await.expect("no panic");
        other.await.expect("no panic");
        assert_eq!(shop.licenses(sold).await.len(), 2_501);
        assert_eq!(app.events(sold).await, ["fulfillment.accepted", "fulfillment.delivered"]);
    }

    /// EXT-10: a large one does not hold up what others wait for: their events pass while it is being delivered.
    async fn the_events_of_others_do_not_wait_for_a_large_delivery(app) {
        let shop = shop(&app, 12_000).await;
        let fabrikam = shop.acme.reseller("Fabrikam").credit("1000.00").await;
        app.work().await;
        shop.sells("A-1", 11_001).await;
        fabrikam.order(&[("KEY-PRO", 1)]).place().await;
        app.work().await;
        let positions: Vec<(String, i64)> = app.rows(
            sql!("SELECT kind, position FROM outbox WHERE kind IN ('order.placed', 'fulfillment.accepted', 'fulfillment.delivered') ORDER BY position"),
            Vec::new(),
        ).await;
        let kinds: Vec<&str> = positions.iter().map(|row| row.0.as_str()).collect();
        assert_eq!(kinds, ["order.placed", "fulfillment.accepted", "fulfillment.delivered"]);
    }
}

sabotage_test! {
    fn the_promise_drill_notices_a_broken_promise_on_postgres: "stock.broken_promise" on Postgres makes take_what_was_promised;
    fn the_promise_drill_notices_a_broken_promise_on_sqlite: "stock.broken_promise" on Sqlite makes take_what_was_promised;
}

/// The one way in which a delivery can fail: the database lost what was promised. It ends with the money back.
pub async fn lose_what_was_promised(app: TestApp) {
    let shop = shop(&app, 1_200).await;
    let before = shop.balance().await;
    let sold = shop.sells("A-1", 1_100).await;
    let slice = DeliverSlice { scope: shop.contoso.scope, fulfillment: sold };
    app.does(&Caller::System, slice).await;
    app.past_the_store(&["UPDATE license_key SET state = 5 WHERE state = 0".into()]).await;
    assert_eq!(app.does(&Caller::System, slice).await.left, 0);
    assert_eq!((shop.state(sold).await, shop.balance().await), ("failed", before));
    app.work().await;
    assert_eq!(app.events(sold).await, ["fulfillment.accepted", "fulfillment.failed"]);
    assert_eq!(shop.bought_today().await, 0);
    assert!(shop.mails().await.contains(&("fulfillment_failed".into(), shop.contoso.email.clone())));
    let key = app.http().await.with(&shop.contoso.key().await);
    assert_eq!(key.get(&format!("/v1/reseller/fulfillments/{sold}/download")).await.said(), (409, "nothing_to_reveal".into()));
    // EXT-1: what came back is a movement as any other, and the books say why.
    let path = "/v1/reseller/balance/statement";
    let newest = key.get(&format!("{path}?limit=1")).await.must(200)["data"][0].clone();
    assert_eq!(
        (&newest["kind"], &newest["amount"]["amount"], &newest["balance_after"]["amount"]),
        (&json!("refund"), &json!("11000.00"), &json!("1000000.00"))
    );
    assert_eq!((&newest["fulfillment"], &newest["external_order_id"], &newest["invoice"]), (&json!(sold), &json!("A-1"), &json!(null)));
    let file = key.header("accept", "text/csv").get(path).await.text();
    assert!(file.lines().nth(1).is_some_and(|line| line.ends_with(&format!(",refund,11000.00,1000000.00,USD,,,{sold},A-1"))), "{file}");
    let options = verify::Options { only: vec!["fulfillments".into(), "ledger".into()], full: false };
    let report = verify::run(&app.engine, &options).await.expect("verify runs");
    assert!(report.is_clean(), "{report:#?}");
}

/// EXT-10
#[test]
fn a_delivery_that_can_never_finish_pays_back_on_sqlite() {
    tradepost_testkit::run_unchecked(tradepost_testkit::Kind::Sqlite, "lost::sqlite", lose_what_was_promised);
}

/// EXT-10
#[test]
fn a_delivery_that_can_never_finish_pays_back_on_postgres() {
    tradepost_testkit::run_unchecked(tradepost_testkit::Kind::Postgres, "lost::postgres", lose_what_was_promised);
}

app_test! {
    /// EXT-7: where the term says so, the customer gets the codes by mail from the merchant; neither event nor log holds one.
    async fn the_customer_is_mailed_the_codes_where_the_terms_say_so(app) {
        let shop = shop(&app, 200).await;
        shop.sells("quiet", 1).await;
        app.work().await;
        assert!(shop.mails().await.iter().all(|mail| mail.0 != "fulfillment_delivered"), "off unless set");
        shop.acme.set_term(&shop.contoso, TermName::EmailCodesToEndUsers, "true").await;
        let (few, many) = (shop.sells("few", 2).await, shop.sells("many", 51).await);
        app.work().await;
        let sent: Vec<(String, String, String)> = app.rows(
            sql!("SELECT recipient, variables, CASE WHEN merchant = 0 THEN 'house' ELSE 'merchant' END FROM message WHERE template = 'fulfillment_delivered' ORDER BY id"),
            Vec::new(),
        ).await;
        assert_eq!(sent.len(), 2);
        assert!(sent.iter().all(|mail| mail.0 == "ada@customer.example" && mail.2 == "merchant" && !mail.1.contains("KEY-PRO-0")), "{sent:?}");
        assert!(sent[0].1.contains(&format!("{{\"$codes\":\"{few}\"}}")) && sent[1].1.contains("\"codes\":null"));
        assert!(app.event_bodies("fulfillment.delivered").await.iter().all(|body| !body.to_string().contains("KEY-PRO-0")));
        let mails = shop.rendered("fulfillment_delivered").await;
        assert!(mails[0].text.contains("KEY-PRO-00002\nKEY-PRO-00003\n") && mails[0].text.contains("Acme Software"), "{}", mails[0].text);
        assert!(mails[0].html.contains("<code>KEY-PRO-00002</code>"));
        assert!(mails[1].text.contains("51 codes") && mails[1].text.contains("Contoso") && !mails[1].text.contains("KEY-PRO-0"), "{many}: {}", mails[1].text);
    }

    /// EXT-7, EXT-9: a code that was taken back before its mail is rendered (again) is not in it.
    async fn a_mail_leaves_out_what_was_taken_back(app) {
        let shop = shop(&app, 10).await;
        shop.acme.set_term(&shop.contoso, TermName::EmailCodesToEndUsers, "true").await;
        let sold = shop.sells("A-1", 2).await;
        app.work().await;
        let licenses = shop.licenses(sold).await;
        shop.takes_back(sold, &licenses[..1]).await;
        assert_eq!(shop.rendered("fulfillment_delivered").await[0].text.matches("KEY-PRO-0").count(), 1);
        shop.takes_back(sold, &[]).await;
        let mail = shop.rendered("fulfillment_delivered").await.remove(0);
        assert!(mail.text.contains("was taken back") && !mail.text.contains("KEY-PRO-0"), "{}", mail.text);
    }
}
