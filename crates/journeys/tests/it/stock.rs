//! License-key stock: STK-1 … STK-5, STK-7.

use tradepost_domain::No;
use tradepost_domain::orders::activate::ActivateNextLicense;
use tradepost_domain::orders::download::{Download, DownloadLicenses};
use tradepost_domain::orders::reveal::RevealLicense;
use tradepost_domain::stock::SetStockSwitches;
use tradepost_domain::stock::import::Mode;
use tradepost_store::{params, sql};
use tradepost_testkit::{TestApp, app_test, owner};

/// Kinds of stock events in order.
async fn crossings(app: &TestApp) -> Vec<String> {
    let rows: Vec<(String,)> = app.rows(sql!("SELECT kind FROM outbox WHERE kind IN ('stock.low', 'stock.out', 'stock.back') ORDER BY id"), Vec::new()).await;
    rows.into_iter().map(|row| row.0).collect()
}

async fn keys(app: &TestApp) -> i64 {
    app.number(sql!("SELECT COUNT(*) FROM license_key"), Vec::new()).await
}

app_test! {
    /// STK-1: a dry run names what is new, twice in the file, in stock, blank and malformed, and writes nothing.
    async fn a_dry_run_says_everything_and_writes_nothing(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("1.00").keys(2).await;
        let before = app.footprints().await;
        let file = "sku,code\nKEY-PRO,KEY-PRO-00001\nKEY-PRO,NEW-1\n\nKEY-PRO,NEW-1\nKEY-NONE,NEW-2\nKEY-PRO,\"BAD\u{7}CODE\"\nKEY-PRO,NEW-3\n";
        let report = acme.import_keys(file, Mode::AllOrNothing, true).await.expect("a report");
        let found = (report.duplicates_in_stock.count, report.duplicates_in_file.count, report.blank.count, report.malformed.count, report.taken_in);
        assert_eq!(found, (1, 1, 1, 2, false), "{report:?}");
        assert_eq!((app.footprints().await, keys(&app).await), (before, 2));
        assert!(!format!("{report:?}").contains("NEW-1"), "a report quotes no code");
    }

    /// STK-1: all or nothing: one bad line and nothing is stock, whatever came before it.
    async fn one_bad_line_takes_nothing_in(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("1.00").keys(2).await;
        let lines: String = (100..1_400).map(|n| format!("KEY-PRO,{}\n", product.code(n))).collect();
        let report = acme.import_keys(&format!("sku,code\n{lines}KEY-PRO,KEY-PRO-00001\n"), Mode::AllOrNothing, false).await.expect("a report");
        assert!(!report.taken_in && report.duplicates_in_stock.count == 1, "{report:?}");
        assert_eq!((keys(&app).await, app.stock(acme.number, product.number).await.available), (2, 2), "staged keys are gone again");
        // The shelf is free for the next import, which may hold the same codes.
        product.arrive(100, 10).await;
        assert_eq!(app.stock(acme.number, product.number).await.available, 12);
    }

    /// STK-1: by choice the bad lines are left out and the rest is taken in.
    async fn bad_lines_are_skipped_by_choice(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("1.00").keys(2).await;
        let report = product.import("KEY-PRO-00002\nKEY-PRO-00003\nKEY-PRO-00003\n\nKEY-PRO-00004\n", Mode::SkipBad, false).await.expect("a report");
        assert!(report.taken_in, "{report:?}");
        assert_eq!(app.stock(acme.number, product.number).await.available, 4);
        let kept: (String, i64, i64, i64) = app.row(sql!("SELECT state, staged, duplicates, bad FROM key_import ORDER BY id DESC LIMIT 1"), Vec::new()).await;
        assert_eq!(kept, ("done".into(), 2, 2, 0));
    }

    /// STK-1: a code is unique per product, and only there.
    async fn the_same_code_may_be_in_stock_of_two_products(app) {
        let acme = app.merchant("Acme Software").await;
        let (one, two) = (acme.product("KEY-ONE").price("1.00").await, acme.product("KEY-TWO").price("1.00").await);
        one.import("SAME-CODE", Mode::AllOrNothing, false).await.expect("taken in");
        assert!(two.import("SAME-CODE", Mode::AllOrNothing, false).await.expect("a report").taken_in);
        assert!(!one.import("SAME-CODE", Mode::AllOrNothing, false).await.expect("a report").taken_in);
    }

    /// STK-2, STK-4: placing reserves or allocates, releasing allocates, handing over delivers; the counters follow.
    async fn a_key_goes_from_available_to_delivered_step_by_step(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("10.00").keys(5).await;
        let contoso = acme.reseller("Contoso").await;
        let counts = || async {
            let s = app.stock(acme.number, product.number).await;
            (s.available, s.reserved, s.allocated, s.delivered, s.burned)
        };
        assert_eq!(counts().await, (5, 0, 0, 0, 0));
        let order = contoso.order(&[("KEY-PRO", 2)]).place().await;
        assert_eq!(counts().await, (3, 2, 0, 0, 0), "held: reserved");
        acme.pay(order.invoice, "20.00").await;
        assert_eq!(counts().await, (3, 0, 2, 0, 0), "released: allocated");
        app.does(&contoso.owner(), ActivateNextLicense { product: "KEY-PRO".into(), owner: owner("ada@customer.example") }).await;
        assert_eq!(counts().await, (3, 0, 1, 1, 0), "activated: delivered");
    }

    /// STK-3: first in, first out, over imports and lines of an order.
    async fn keys_go_out_first_in_first_out(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("1.00").keys(2).await;
        product.arrive(90, 2).await;
        product.arrive(50, 2).await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        let (one, two) = (contoso.order(&[("KEY-PRO", 1), ("KEY-PRO", 2)]).place().await, contoso.order(&[("KEY-PRO", 3)]).place().await);
        let mut codes = Vec::new();
        for order in [&one, &two] {
            for license in app.licenses(order).await {
                codes.push(app.code_of(&license, acme.number).await);
            }
        }
        let expected = [1, 2, 90, 91, 50, 51].map(|n| product.code(n));
        assert_eq!(codes, expected);
    }

    /// STK-7: by default a short product refuses, as a whole, and says which item.
    async fn a_short_product_refuses_the_whole_order(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("1.00").keys(5).await;
        acme.product("KEY-LITE").price("1.00").keys(1).await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        let refused = contoso.order(&[("KEY-PRO", 2), ("KEY-LITE", 2)]).try_place().await.expect_err("short");
        assert_eq!((refused.code, refused.pointer.as_str()), ("out_of_stock", "/items/1"));
        let split = contoso.order(&[("KEY-PRO", 3), ("KEY-PRO", 3)]).try_place().await.expect_err("short over two lines");
        assert_eq!((split.code, split.pointer.as_str()), ("out_of_stock", "/items/0"));
        assert_eq!(app.stock(acme.number, 1).await.available, 5);
        let never = acme.product("KEY-NEW").price("1.00").await;
        assert_eq!(contoso.order(&[(&never.sku, 1)]).try_place().await.expect_err("no licenses yet").code, "out_of_stock");
    }

    /// STK-7, FUL-2, FUL-5: a backorder waits with `OUT_OF_STOCK` and is filled first in, first out, when keys arrive.
    async fn backorders_are_filled_oldest_first_when_keys_arrive(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("10.00").backorder().keys(1).await;
        let contoso = acme.reseller("Contoso").credit("1000.00").await;
        let fabrikam = acme.reseller("Fabrikam").await;
        let first = contoso.order(&[("KEY-PRO", 3)]).place().await;
        let second = fabrikam.order(&[("KEY-PRO", 2)]).place().await;
        let third = contoso.order(&[("KEY-PRO", 1)]).place().await;
        assert_eq!(contoso.lock_reasons(&first).await, ["OUT_OF_STOCK"]);
        assert_eq!(fabrikam.lock_reasons(&second).await, ["UNPAID_INVOICE", "OUT_OF_STOCK"]);
        acme.pay(first.invoice, "30.00").await;
        acme.pay(second.invoice, "20.00").await;
        assert_eq!((app.state(&first).await, app.state(&second).await), ("awaiting_stock", "awaiting_stock"));
        product.arrive(2, 3).await;
        app.work().await;
        assert_eq!((app.state(&first).await, app.state(&second).await), ("complete", "awaiting_stock"));
        let missing = |order| { let app = app.clone(); async move { app.licenses(&order).await.iter().filter(|l| l.key.is_none()).count() } };
        assert_eq!((missing(first).await, missing(second).await, missing(third).await), (0, 1, 1));
        product.arrive(5, 5).await;
        app.work().await;
        assert_eq!((app.state(&second).await, app.state(&third).await), ("complete", "awaiting_payment"));
        let mut codes = Vec::new();
        for order in [&first, &second, &third] {
            for license in app.licenses(order).await {
                codes.push(app.code_of(&license, acme.number).await);
            }
        }
        assert_eq!(codes, [1, 2, 3, 4, 5, 6].map(|n| product.code(n)));
        assert_eq!(app.stock(acme.number, product.number).await.available, 3);
        assert_eq!(app.actions(second.id).await.iter().filter(|action| *action == "order.backorder_filled").count(), 2);
    }

    /// STK-7: first in, first out: keys that arrived are owed to what waits for them before anything newer, also while nobody
    /// has handed them out yet. What is beyond them is free.
    async fn a_newer_order_never_takes_the_keys_that_backorders_wait_for(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("10.00").backorder().await;
        let (contoso, fabrikam) = (acme.reseller("Contoso").credit("1000.00").await, acme.reseller("Fabrikam").credit("1000.00").await);
        let missing = |order| { let app = app.clone(); async move { app.licenses(order).await.iter().filter(|l| l.key.is_none()).count() } };
        let first = contoso.order(&[("KEY-PRO", 3)]).place().await;
        product.arrive(1, 5).await;
        // The worker has not run: three of the five keys are Contoso's, though its order does not have them yet.
        let second = fabrikam.order(&[("KEY-PRO", 4)]).place().await;
        assert_eq!((missing(&first).await, missing(&second).await), (3, 2), "two were free");
        let third = fabrikam.order(&[("KEY-PRO", 1)]).place().await;
        assert_eq!((missing(&third).await, app.stock(acme.number, product.number).await.available), (1, 3), "none is");
        app.work().await;
        assert_eq!((missing(&first).await, missing(&second).await, missing(&third).await), (0, 2, 1));
        assert_eq!(app.stock(acme.number, product.number).await.available, 0);
        product.arrive(6, 2).await;
        app.work().await;
        assert_eq!((missing(&second).await, missing(&third).await), (0, 1), "still in their order");
    }

    /// STK-7: the same where backorders are not taken any more: a newer order is refused rather than let in front.
    async fn a_newer_order_is_refused_where_backorders_wait_for_all_there_is(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("10.00").backorder().await;
        let contoso = acme.reseller("Contoso").credit("1000.00").await;
        let waiting = contoso.order(&[("KEY-PRO", 3)]).place().await;
        app.does(&acme.owner(), SetStockSwitches { scope: acme.scope(), product: product.id, threshold: None, backorder: Some(false) }).await;
        product.arrive(1, 5).await;
        assert_eq!(contoso.order(&[("KEY-PRO", 3)]).try_place().await.expect_err("two are free").code, "out_of_stock");
        let newer = contoso.order(&[("KEY-PRO", 2)]).place().await;
        app.work().await;
        for order in [&waiting, &newer] {
            assert!(app.licenses(order).await.iter().all(|license| license.key.is_some()));
        }
    }

    /// STK-7: keys that come back from a canceled order fill backorders too, and canceling one lets the next move up.
    async fn keys_that_come_back_fill_backorders(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").backorder().keys(2).await;
        let contoso = acme.reseller("Contoso").credit("1000.00").await;
        let first = contoso.order(&[("KEY-PRO", 2)]).place().await;
        let second = contoso.order(&[("KEY-PRO", 2)]).place().await;
        acme.cancel(first.id).await;
        app.work().await;
        assert_eq!(contoso.lock_reasons(&second).await, Vec::<&str>::new());
        assert_eq!(app.stock(acme.number, 1).await.available, 0);
    }

    /// STK-4: one event per crossing of the threshold, on the way down and up.
    async fn each_crossing_of_the_threshold_is_announced_once(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("1.00").threshold(3).keys(6).await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        let place = |quantity| { let contoso = contoso.clone(); async move { contoso.order(&[("KEY-PRO", quantity)]).place().await } };
        assert_eq!(crossings(&app).await, ["stock.back"]);
        place(2).await;
        assert_eq!(crossings(&app).await.len(), 1, "4 left: nothing crossed");
        place(1).await;
        place(1).await;
        assert_eq!(crossings(&app).await, ["stock.back", "stock.low"], "once");
        let last = place(2).await;
        assert_eq!(crossings(&app).await, ["stock.back", "stock.low", "stock.out"]);
        acme.cancel(last.id).await;
        product.arrive(7, 5).await;
        assert_eq!(crossings(&app).await, ["stock.back", "stock.low", "stock.out", "stock.back", "stock.back"], "out to low, low to ok");
        app.does(&acme.owner(), SetStockSwitches { scope: acme.scope(), product: product.id, threshold: Some(100), backorder: None }).await;
        assert_eq!(app.stock(acme.number, product.number).await.level.name(), "low");
    }

    /// STK-5, PLT-5: a code is sealed in its row, masked in lists, and nowhere else: not in events, audit, kept outcomes,
    /// messages or orders.
    async fn a_code_is_nowhere_but_sealed_in_its_row(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("1.00").keys(3).await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        let order = contoso.order(&[("KEY-PRO", 3)]).place().await;
        let caller = contoso.owner();
        let first = app.does(&caller, ActivateNextLicense { product: "KEY-PRO".into(), owner: owner("ada@customer.example") }).await.license;
        app.does(&caller, tradepost_domain::orders::activate::SendLicense { license: first }).await;
        app.does(&caller, RevealLicense { license: app.licenses(&order).await[1].id }).await;
        app.does(&caller, DownloadLicenses { what: Download::Order(order.id) }).await;
        app.work().await;
        let mut text = String::new();
        for sql in [
            sql!("SELECT body || kind || COALESCE(last_error, '') FROM outbox"),
            sql!("SELECT COALESCE(before_json, '') || COALESCE(after_json, '') || action FROM audit"),
            sql!("SELECT outcome FROM command"),
            sql!("SELECT variables || recipient FROM message"),
            sql!("SELECT body FROM invoice"),
            sql!("SELECT masked FROM license_key"),
            sql!("SELECT source || COALESCE(note, '') FROM key_import"),
        ] {
            for (row,) in app.rows::<(String,)>(sql, Vec::new()).await {
                text.push_str(&row);
            }
        }
        assert!(!text.contains("KEY-PRO-0000"), "a code lies open");
        let sealed: Vec<(Vec<u8>, String)> = app.rows(sql!("SELECT sealed, masked FROM license_key"), Vec::new()).await;
        assert_eq!(sealed.len(), 3);
        for (bytes, masked) in sealed {
            assert!(!bytes.windows(7).any(|window| window == b"KEY-PRO"));
            assert!(masked.contains('•'), "{masked}");
        }
        // Nor in the file of the database itself.
        if app.kind == tradepost_testkit::Kind::Sqlite {
            for file in std::fs::read_dir(app.folder()).expect("the folder") {
                let bytes = std::fs::read(file.expect("an entry").path()).unwrap_or_default();
                assert!(!bytes.windows(12).any(|window| window == b"KEY-PRO-0000"), "in the clear on disk");
            }
        }
    }

    /// STK-3: another merchant's stock and a product that takes no keys are refused by name.
    async fn keys_go_to_products_of_the_pool_only(app) {
        use tradepost_domain::catalog::Method;
        let acme = app.merchant("Acme Software").await;
        let support = acme.product("SUPPORT").price("1.00").method(Method::None).await;
        match support.import("CODE", Mode::SkipBad, false).await {
            Err(No::Refusal(refusal)) => assert_eq!((refusal.code, refusal.pointer.as_str()), ("not_key_pool", "/product")),
            other => panic!("{other:?}"),
        }
        let other = app.merchant("Other Software").await;
        let report = other.import_keys("sku,code\nSUPPORT,CODE\n", Mode::SkipBad, false).await.expect("a report");
        assert_eq!(report.malformed.count, 1);
        let total = app.number(sql!("SELECT COUNT(*) FROM license_key WHERE merchant <> $1"), params![0_i64].to_vec()).await;
        assert_eq!(total, 0);
    }
}
