//! Credit: what may be owed, what is held, what stops at the limit (CRD-1 … CRD-8).

use std::collections::BTreeMap;
use tradepost_domain::licenses::Stage;
use tradepost_domain::orders::activate::{ActivateNextLicense, SendLicense};
use tradepost_domain::orders::download::{Download, DownloadLicenses};
use tradepost_domain::orders::reveal::RevealLicense;
use tradepost_domain::partners::terms::TermName;
use tradepost_kernel::Class;
use tradepost_testkit::{Merchant, PlacedOrder, Reseller, TestApp, app_test, owner};

/// One row of the worked example: limit, used, available, over.
async fn stands(reseller: &Reseller, step: &str, limit: i64, used: i64, available: i64, over: i64) {
    let view = reseller.credit().await;
    let expected = (Some(limit), used, Some(available), over);
    assert_eq!((view.limit_minor, view.used_minor, view.available_minor, view.over_minor), expected, "{step}");
    assert_eq!(reseller.balance_due().await, available <= 0, "the flag after: {step}");
}

async fn activate(app: &TestApp, reseller: &Reseller, sku: &str) -> Result<String, &'static str> {
    let command = ActivateNextLicense { product: sku.into(), owner: owner("ada@customer.example") };
    match app.execute(&reseller.owner(), command).await {
        Ok(done) => Ok(done.license.text()),
        Err(tradepost_domain::No::Refusal(refusal)) => Err(refusal.code),
        Err(fault) => panic!("{fault:?}"),
    }
}

async fn download(app: &TestApp, reseller: &Reseller, what: Download) -> Result<usize, &'static str> {
    match app.execute(&reseller.owner(), DownloadLicenses { what }).await {
        Ok(done) => Ok(done.lines.len()),
        Err(tradepost_domain::No::Refusal(refusal)) => Err(refusal.code),
        Err(fault) => panic!("{fault:?}"),
    }
}

async fn reasons(reseller: &Reseller, orders: &[&PlacedOrder]) -> Vec<Vec<&'static str>> {
    let mut all = Vec::new();
    for order in orders {
        all.push(reseller.lock_reasons(order).await);
    }
    all
}

async fn shop(app: &TestApp, limit: &str) -> (Merchant, Reseller) {
    let acme = app.merchant("Acme Software").await;
    acme.product("KEY-PRO").price("10.00").keys(100).await;
    let contoso = acme.reseller("Contoso").credit(limit).await;
    (acme, contoso)
}

const FREE: Vec<&str> = Vec::new();
const REACHED: [&str; 1] = ["CREDIT_LIMIT_REACHED"];
const HELD: [&str; 1] = ["NOT_ENOUGH_CREDIT"];

app_test! {
    /// CRD-1, CRD-3, CRD-5, CRD-6, CRD-8, FUL-2, FUL-7: the worked example of the specification, row by row.
    async fn the_worked_example_of_credit_happens_as_specified(app) {
        let (acme, contoso) = shop(&app, "500.00").await;
        let by_product = || Download::Product("KEY-PRO".into());

        let a = contoso.order(&[("KEY-PRO", 20)]).place().await;
        stands(&contoso, "place A 200.00", 50_000, 20_000, 30_000, 0).await;
        assert_eq!(app.state(&a).await, "awaiting_payment");
        assert!(app.order(&a).await.released.is_some(), "A is released");
        assert_eq!(contoso.in_stage(&a, Stage::Available).await, 20);
        assert_eq!(reasons(&contoso, &[&a]).await, [FREE]);
        assert_eq!(download(&app, &contoso, by_product()).await, Ok(20));

        let b = contoso.order(&[("KEY-PRO", 30)]).place().await;
        stands(&contoso, "place B 300.00", 50_000, 50_000, 0, 0).await;
        assert!(app.order(&b).await.released.is_some(), "B fits exactly");
        assert_eq!(reasons(&contoso, &[&a, &b]).await, [REACHED, REACHED]);
        assert_eq!(contoso.available(1).await, 50, "what stops at the limit still counts as available");
        assert_eq!(activate(&app, &contoso, "KEY-PRO").await, Err("credit_limit_reached"));
        assert_eq!(download(&app, &contoso, by_product()).await, Err("credit_limit_reached"));
        assert_eq!(download(&app, &contoso, Download::Order(a.id)).await, Err("credit_limit_reached"));

        acme.pay(a.invoice, "120.00").await;
        stands(&contoso, "120.00 paid on A", 50_000, 38_000, 12_000, 0).await;
        assert_eq!(reasons(&contoso, &[&a, &b]).await, [FREE, FREE]);
        activate(&app, &contoso, "KEY-PRO").await.expect("A and B go on");
        assert_eq!(download(&app, &contoso, by_product()).await, Ok(49));

        let c = contoso.order(&[("KEY-PRO", 15)]).place().await;
        stands(&contoso, "place C 150.00", 50_000, 53_000, -3_000, 3_000).await;
        assert!(app.order(&c).await.is_held(), "C does not fit");
        assert_eq!(contoso.in_stage(&c, Stage::Waiting).await, 15, "held as a whole");
        assert_eq!(reasons(&contoso, &[&a, &b, &c]).await, [&REACHED, &REACHED, &HELD]);
        assert_eq!(activate(&app, &contoso, "KEY-PRO").await, Err("credit_limit_reached"));
        assert_eq!(download(&app, &contoso, Download::Order(c.id)).await, Err("not_enough_credit"));

        let d = contoso.order(&[("KEY-PRO", 2)]).place().await;
        stands(&contoso, "place D 20.00", 50_000, 55_000, -5_000, 5_000).await;
        assert!(app.order(&d).await.is_held(), "D is held behind C");

        acme.pay(a.invoice, "80.00").await;
        stands(&contoso, "80.00 paid on A", 50_000, 47_000, 3_000, 0).await;
        assert_eq!(app.state(&a).await, "complete");
        assert!(app.order(&c).await.released.is_some() && app.order(&d).await.released.is_some());
        assert_eq!(reasons(&contoso, &[&a, &b, &c, &d]).await, [FREE, FREE, FREE, FREE]);
        let released: Vec<String> = app.rows(tradepost_store::sql!("SELECT subject FROM outbox WHERE kind = 'order.released' ORDER BY id"), Vec::new()).await
            .into_iter().map(|(subject,): (tradepost_domain::OrderId,)| subject.text()).collect();
        assert_eq!(released, [a.id.text(), b.id.text(), c.id.text(), d.id.text()], "strictly oldest first");

        acme.set_limit(&contoso, "400.00").await;
        stands(&contoso, "limit lowered to 400.00", 40_000, 47_000, -7_000, 7_000).await;
        assert_eq!(reasons(&contoso, &[&a, &b, &c, &d]).await, [FREE, REACHED.to_vec(), REACHED.to_vec(), REACHED.to_vec()]);
        for order in [&b, &c, &d] {
            assert!(app.order(order).await.released.is_some(), "nothing is taken back");
        }
        let next = activate(&app, &contoso, "KEY-PRO").await.expect("paid goods of A go on");
        assert!(app.licenses(&a).await.iter().any(|license| license.id.text() == next), "the oldest that may be distributed is A's");
        assert_eq!(download(&app, &contoso, by_product()).await, Err("credit_limit_reached"), "absent while the limit is reached, whatever is paid");

        acme.set_limit(&contoso, "600.00").await;
        stands(&contoso, "limit raised to 600.00", 60_000, 47_000, 13_000, 0).await;
        assert_eq!(reasons(&contoso, &[&a, &b, &c, &d]).await, [FREE, FREE, FREE, FREE]);

        let flags: Vec<String> = app.actions(contoso.partnership()).await.into_iter().filter(|action| action.contains("balance_due")).collect();
        let (due, cleared) = ("partnership.balance_due", "partnership.balance_due_cleared");
        assert_eq!(flags, [due, cleared, due, cleared, due, cleared], "once per crossing");
        assert_eq!(app.events(c.id).await, ["order.placed", "order.held", "order.released"]);
        assert_eq!(app.events(a.id).await, ["order.placed", "order.released", "order.completed"]);
    }

    /// CRD-2, FUL-2: no limit is no credit; without one the limit is never reached.
    async fn without_a_limit_nothing_is_released_before_it_is_paid(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("10.00").keys(10).await;
        let contoso = acme.reseller("Contoso").await;
        let order = contoso.order(&[("KEY-PRO", 3)]).place().await;
        let view = contoso.credit().await;
        assert_eq!((view.limit_minor, view.used_minor, view.available_minor, view.over_minor), (None, 3_000, None, 0));
        assert!(!contoso.balance_due().await);
        assert_eq!(contoso.lock_reasons(&order).await, ["UNPAID_INVOICE"]);
        assert_eq!(contoso.available(product.number).await, 0);
        assert_eq!(activate(&app, &contoso, "KEY-PRO").await, Err("no_license_available"));
        assert_eq!(download(&app, &contoso, Download::Product("KEY-PRO".into())).await, Err("no_license_available"));
        acme.pay(order.invoice, "29.99").await;
        assert!(app.order(&order).await.is_held(), "a cent short is short");
        acme.pay(order.invoice, "0.01").await;
        assert_eq!(app.state(&order).await, "complete");
        assert_eq!(contoso.available(product.number).await, 3);
        assert_eq!(app.events(order.id).await, ["order.placed", "order.held", "order.released", "order.completed"]);
    }

    /// CRD-5, CRD-6: a limit of 0.00 is reached by owing something: until then no balance is due and the paid goods leave.
    async fn a_limit_of_zero_with_nothing_owed_stops_nothing(app) {
        let (acme, contoso) = shop(&app, "0.00").await;
        let by_product = || Download::Product("KEY-PRO".into());
        assert!(!contoso.balance_due().await, "nothing is owed");
        let paid = contoso.order(&[("KEY-PRO", 2)]).place().await;
        assert!(app.order(&paid).await.is_held(), "nothing fits into nothing");
        assert!(contoso.balance_due().await, "20.00 are owed beyond the limit");
        acme.pay(paid.invoice, "20.00").await;
        assert!(!contoso.balance_due().await, "it fell with the last cent");
        assert_eq!(app.state(&paid).await, "complete");
        assert_eq!(download(&app, &contoso, by_product()).await, Ok(2));
        let held = contoso.order(&[("KEY-PRO", 1)]).place().await;
        assert_eq!(download(&app, &contoso, by_product()).await, Err("credit_limit_reached"));
        assert_eq!(download(&app, &contoso, Download::Order(held.id)).await, Err("not_enough_credit"));
        activate(&app, &contoso, "KEY-PRO").await.expect("what is paid goes on");
        acme.cancel(held.id).await;
        assert!(!contoso.balance_due().await);
        assert_eq!(download(&app, &contoso, by_product()).await, Ok(1));
    }

    /// CRD-3: held as a whole: no license of it is listed, activated, downloaded, revealed or sent.
    async fn a_held_order_gives_nothing_away_by_any_route(app) {
        let (_acme, contoso) = shop(&app, "100.00").await;
        let held = contoso.order(&[("KEY-PRO", 11)]).place().await;
        assert!(app.order(&held).await.is_held());
        let license = app.licenses(&held).await[0].id;
        assert_eq!(contoso.available(1).await, 0);
        assert_eq!(activate(&app, &contoso, "KEY-PRO").await, Err("not_enough_credit"), "wins over none left");
        let caller = contoso.owner();
        let refused = app.refuses(&caller, RevealLicense { license }).await;
        assert_eq!((refused.code, refused.class), ("not_enough_credit", Class::Conflict));
        assert_eq!(app.refuses(&caller, SendLicense { license }).await.code, "not_enough_credit");
        assert_eq!(app.refuses(&caller, DownloadLicenses { what: Download::Order(held.id) }).await.code, "not_enough_credit");
        // The limit is reached by the held order itself, and there is no file of the product either.
        assert_eq!(app.refuses(&caller, DownloadLicenses { what: Download::Product("KEY-PRO".into()) }).await.code, "credit_limit_reached");
        let stock = app.stock(contoso.scope.merchant, 1).await;
        assert_eq!((stock.available, stock.reserved, stock.allocated), (89, 11, 0), "its keys are reserved all the same");
        let shown = app.number(tradepost_store::sql!("SELECT COUNT(*) FROM license_key WHERE shown_ms IS NOT NULL"), Vec::new()).await;
        assert_eq!(shown, 0);
    }

    /// CRD-3: the queue is strict: a small order never overtakes an older one that does not fit yet.
    async fn a_small_held_order_never_overtakes_an_older_large_one(app) {
        let (acme, contoso) = shop(&app, "100.00").await;
        let large = contoso.order(&[("KEY-PRO", 20)]).place().await;
        let small = contoso.order(&[("KEY-PRO", 1)]).place().await;
        assert!(app.order(&large).await.is_held() && app.order(&small).await.is_held());
        acme.pay(large.invoice, "90.00").await;
        // 110.00 of the large one are open: still too much; the small one would fit and waits.
        assert!(app.order(&large).await.is_held() && app.order(&small).await.is_held());
        acme.pay(large.invoice, "20.00").await;
        assert!(app.order(&large).await.released.is_some() && app.order(&small).await.released.is_some());
    }

    /// CRD-3: a held order that is paid is released wherever it stands in the queue.
    async fn a_held_order_that_is_paid_leaves_the_queue(app) {
        let (acme, contoso) = shop(&app, "100.00").await;
        let first = contoso.order(&[("KEY-PRO", 20)]).place().await;
        let second = contoso.order(&[("KEY-PRO", 15)]).place().await;
        acme.pay(second.invoice, "150.00").await;
        assert!(app.order(&first).await.is_held());
        assert_eq!(app.state(&second).await, "complete");
        let activated = activate(&app, &contoso, "KEY-PRO").await.expect("paid goods go, though the limit is reached");
        assert!(app.licenses(&second).await.iter().any(|license| license.id.text() == activated));
    }

    /// CRD-5: with `hold_unpaid_at_limit` off only held orders are held; the file stays absent at the limit.
    async fn with_the_hold_switched_off_unpaid_goods_go_on_at_the_limit(app) {
        let (acme, contoso) = shop(&app, "100.00").await;
        acme.set_term(&contoso, TermName::HoldUnpaidAtLimit, "false").await;
        let order = contoso.order(&[("KEY-PRO", 10)]).place().await;
        assert!(contoso.balance_due().await);
        assert_eq!(contoso.lock_reasons(&order).await, FREE);
        activate(&app, &contoso, "KEY-PRO").await.expect("may be distributed");
        assert_eq!(download(&app, &contoso, Download::Product("KEY-PRO".into())).await, Err("credit_limit_reached"));
        let license = app.licenses(&order).await[1].id;
        app.does(&contoso.owner(), RevealLicense { license }).await;
        let held = contoso.order(&[("KEY-PRO", 1)]).place().await;
        assert_eq!(download(&app, &contoso, Download::Order(held.id)).await, Err("not_enough_credit"));
        acme.set_term(&contoso, TermName::HoldUnpaidAtLimit, "true").await;
        assert_eq!(activate(&app, &contoso, "KEY-PRO").await, Err("credit_limit_reached"));
    }

    /// CRD-5: `credit_limit_reached` wins over `no_license_available`; with nothing at all left it is the latter.
    async fn at_the_limit_the_reason_is_the_limit_while_a_license_lies_there(app) {
        let (acme, contoso) = shop(&app, "20.00").await;
        acme.product("KEY-LITE").price("1.00").keys(5).await;
        contoso.order(&[("KEY-PRO", 2)]).place().await;
        assert_eq!(activate(&app, &contoso, "KEY-PRO").await, Err("credit_limit_reached"));
        assert_eq!(activate(&app, &contoso, "KEY-LITE").await, Err("no_license_available"));
        assert_eq!(activate(&app, &contoso, "KEY-NONE").await, Err("product_not_available"));
    }

    /// CRD-8: raising the limit releases held orders, oldest first, as far as it reaches; taking it away holds all.
    async fn a_raised_limit_releases_as_far_as_it_reaches(app) {
        let (acme, contoso) = shop(&app, "50.00").await;
        let mut orders = Vec::new();
        for quantity in [10, 10, 10] {
            orders.push(contoso.order(&[("KEY-PRO", quantity)]).place().await);
        }
        acme.set_limit(&contoso, "250.00").await;
        let mut held = Vec::new();
        for order in &orders {
            held.push(app.order(order).await.is_held());
        }
        assert_eq!(held, [false, false, true]);
        let audited = app.timeline(contoso.partnership()).await;
        let changed = audited.iter().rfind(|row| row.action == "partnership.terms_changed").expect("audited");
        assert_eq!(changed.before.as_deref(), Some(r#"{"credit_limit":"50.00 USD"}"#));
        assert_eq!(changed.after.as_deref(), Some(r#"{"credit_limit":"250.00 USD"}"#));
        acme.set_term(&contoso, TermName::CreditLimit, "none").await;
        assert!(app.order(&orders[0]).await.released.is_some(), "nothing is taken back");
        assert_eq!(contoso.lock_reasons(&orders[2]).await, ["UNPAID_INVOICE"]);
        assert!(!contoso.balance_due().await, "without a limit it is never reached");
    }

    /// CRD-1: every order counts from placing to its last cent, held ones included; a canceled one does not.
    async fn used_credit_is_the_open_amount_of_every_placed_order(app) {
        let (acme, contoso) = shop(&app, "100.00").await;
        contoso.order(&[("KEY-PRO", 5)]).draft().await;
        assert_eq!(contoso.credit().await.used_minor, 0, "a draft counts for nothing");
        let released = contoso.order(&[("KEY-PRO", 5)]).place().await;
        let held = contoso.order(&[("KEY-PRO", 7)]).place().await;
        assert_eq!(contoso.credit().await.used_minor, 12_000);
        acme.cancel(held.id).await;
        assert_eq!(contoso.credit().await.used_minor, 5_000);
        acme.pay(released.invoice, "49.99").await;
        assert_eq!(contoso.credit().await.used_minor, 1);
        let owed: BTreeMap<String, i64> = app
            .rows::<(String, i64)>(tradepost_store::sql!("SELECT kind, CAST(SUM(balance_minor) AS bigint) FROM account GROUP BY kind"), Vec::new())
            .await.into_iter().collect();
        assert_eq!(owed, BTreeMap::from([("cash_wire".into(), 4_999), ("receivable".into(), 1), ("sales".into(), -5_000)]));
    }

    /// CRD-6: documents and due dates do not change when the limit is reached.
    async fn reaching_the_limit_changes_no_document(app) {
        let (acme, contoso) = shop(&app, "100.00").await;
        let first = contoso.order(&[("KEY-PRO", 4)]).place().await;
        let before = app.invoice(&first).await;
        assert_eq!(before.due_on.to_string(), "2026-04-01", "30 days");
        contoso.order(&[("KEY-PRO", 6)]).place().await;
        assert!(contoso.balance_due().await);
        let after = app.invoice(&first).await;
        assert_eq!((after.due_on, after.total_minor, after.document().expect("a document")), (before.due_on, before.total_minor, before.document().expect("a document")));
        acme.pay(first.invoice, "0.01").await;
        assert!(!contoso.balance_due().await, "above zero again");
    }
}

tradepost_testkit::sabotage_test! {
    fn the_journey_of_a_held_order_notices_goods_that_leave_unpaid_on_postgres: "fulfillment.unpaid" on Postgres makes a_held_order_gives_nothing_away_by_any_route::body;
    fn the_journey_of_a_held_order_notices_goods_that_leave_unpaid_on_sqlite: "fulfillment.unpaid" on Sqlite makes a_held_order_gives_nothing_away_by_any_route::body;
}
