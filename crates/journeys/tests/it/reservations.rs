//! What an unpaid order outside credit reserves goes back after a while, and is reserved again once it is paid (STK-7).

use serde_json::{Value, json};
use tradepost_domain::access::MerchantRole;
use tradepost_domain::licenses::Stage;
use tradepost_domain::orders::end_reservation::{EndReservation, LET_GO_AT_ONCE};
use tradepost_domain::partners::ChangeProgramTerms;
use tradepost_domain::partners::terms::TermName;
use tradepost_domain::verify;
use tradepost_domain::{Origin, PartnershipScope};
use tradepost_kernel::Timestamp;
use tradepost_store::{params, sql};
use tradepost_testkit::{Merchant, PlacedOrder, Product, Reseller, TestApp, app_test, term};

const DAY_MS: i64 = 24 * 3_600_000;
const RESERVED_MS: i64 = 14 * DAY_MS;

/// Available, reserved, allocated.
async fn counts(app: &TestApp, product: &Product) -> (i64, i64, i64) {
    app.row(sql!("SELECT available, reserved, allocated FROM stock WHERE product = $1"), params![product.number].to_vec()).await
}

/// How many licenses of an order carry keys.
async fn keys_of(app: &TestApp, order: &PlacedOrder) -> usize {
    app.licenses(order).await.iter().filter(|license| license.key.is_some()).count()
}

/// Lets so much time pass, and the worker do what is due then.
async fn after(app: &TestApp, ms: i64) {
    app.clock.advance_ms(ms);
    app.work().await;
}

async fn end(app: &TestApp, scope: PartnershipScope, order: &PlacedOrder) -> i64 {
    app.engine.execute(Origin::system(), EndReservation { scope, order: order.id }).await.expect("it runs").outcome
}

/// An order of so many units by a reseller without credit: held, its keys reserved.
async fn held(acme: &Merchant, units: i64) -> (Reseller, PlacedOrder) {
    let contoso = acme.reseller("Contoso").await;
    let order = contoso.order(&[("KEY-PRO", units)]).place().await;
    (contoso, order)
}

app_test! {
    /// STK-7: to the millisecond after fourteen times 24 hours the keys are there for others; the order stays, and everybody is told once.
    async fn keys_of_an_unpaid_order_go_back_after_fourteen_days(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("10.00").keys(3).await;
        let fabrikam = acme.reseller("Fabrikam").credit("100.00").await;
        let (contoso, order) = held(&acme, 3).await;
        after(&app, RESERVED_MS - 1).await;
        assert_eq!(counts(&app, &product).await, (0, 3, 0));
        assert_eq!(fabrikam.order(&[("KEY-PRO", 1)]).try_place().await.expect_err("all are reserved").code, "out_of_stock");
        after(&app, 1).await;
        assert_eq!(counts(&app, &product).await, (3, 0, 0));
        assert_eq!(app.events(order.id).await, ["order.placed", "order.held", "order.reservation_ended"]);
        assert_eq!((app.state(&order).await, contoso.lock_reasons(&order).await), ("awaiting_payment", vec!["UNPAID_INVOICE"]));
        let row = app.order(&order).await;
        assert!(row.is_held() && row.canceled.is_none() && row.reservation_ended == row.reserved_until, "{row:?}");
        let told = app.timeline(order.id).await.into_iter().find(|entry| entry.action == "order.reservation_ended").expect("it is in the trail");
        assert_eq!(told.actor_kind, "system");
        let mails: Vec<(String,)> = app.rows(sql!("SELECT recipient FROM message WHERE template = 'reservation_ended'"), Vec::new()).await;
        assert_eq!(mails, [(contoso.email.clone(),)]);
        let before = app.footprints().await;
        after(&app, 30 * DAY_MS).await;
        assert_eq!((end(&app, contoso.scope, &order).await, app.footprints().await.2), (0, before.2), "once");
        fabrikam.order(&[("KEY-PRO", 3)]).place().await;
        assert_eq!(counts(&app, &product).await, (0, 0, 3));
    }

    /// STK-7, CRD-2: a part payment is no payment: what is paid in part does not keep its keys, and the rest reserves again.
    async fn a_part_payment_does_not_keep_the_keys(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("10.00").keys(3).await;
        let (contoso, order) = held(&acme, 3).await;
        acme.pay(order.invoice, "29.99").await;
        after(&app, RESERVED_MS).await;
        assert_eq!(counts(&app, &product).await, (3, 0, 0));
        acme.pay(order.invoice, "0.01").await;
        assert_eq!((counts(&app, &product).await, app.state(&order).await), ((0, 0, 3), "complete"));
        assert_eq!(contoso.in_stage(&order, Stage::Available).await, 3);
        assert_eq!(app.actions(order.id).await.iter().filter(|action| *action == "order.reserved_again").count(), 1);
    }

    /// STK-7: paid on its last day, or late but before anybody looked, it keeps its keys.
    async fn what_is_paid_in_time_keeps_its_keys(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("10.00").keys(2).await;
        let (contoso, order) = held(&acme, 2).await;
        let codes = app.licenses(&order).await.iter().map(|license| license.key).collect::<Vec<_>>();
        app.clock.advance_ms(RESERVED_MS);
        acme.pay(order.invoice, "20.00").await;
        after(&app, RESERVED_MS).await;
        assert_eq!(end(&app, contoso.scope, &order).await, 0);
        assert_eq!((counts(&app, &product).await, app.state(&order).await), ((0, 0, 2), "complete"));
        assert_eq!(app.licenses(&order).await.iter().map(|license| license.key).collect::<Vec<_>>(), codes);
        assert!(app.events(order.id).await.iter().all(|kind| kind != "order.reservation_ended"));
    }

    /// STK-7, FUL-2: paid when others have its keys, it waits with `OUT_OF_STOCK`, also for a product that takes no backorders, and is filled when keys
    /// arrive.
    async fn paid_when_nothing_is_left_it_waits_for_new_keys(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("10.00").keys(3).await;
        let fabrikam = acme.reseller("Fabrikam").credit("100.00").await;
        let (contoso, order) = held(&acme, 3).await;
        after(&app, RESERVED_MS).await;
        fabrikam.order(&[("KEY-PRO", 2)]).place().await;
        acme.pay(order.invoice, "30.00").await;
        assert_eq!((app.state(&order).await, contoso.lock_reasons(&order).await), ("awaiting_stock", vec!["OUT_OF_STOCK"]));
        assert_eq!((keys_of(&app, &order).await, contoso.in_stage(&order, Stage::Available).await), (1, 1), "what was left is its already");
        product.arrive(10, 3).await;
        app.work().await;
        assert_eq!((app.state(&order).await, contoso.in_stage(&order, Stage::Available).await), ("complete", 3));
        assert_eq!(counts(&app, &product).await, (1, 0, 5));
    }

    /// STK-7: while it is not paid it stands in nobody's way; once it is, it stands behind those who waited already, and before those who come later.
    async fn it_takes_no_key_from_a_backorder_and_queues_when_it_is_paid(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("10.00").backorder().keys(1).await;
        let (fabrikam, globex) = (acme.reseller("Fabrikam").credit("1000.00").await, acme.reseller("Globex").credit("1000.00").await);
        // One key, and one place in the queue.
        let (contoso, order) = held(&acme, 2).await;
        assert_eq!(contoso.lock_reasons(&order).await, ["UNPAID_INVOICE", "OUT_OF_STOCK"]);
        let waiting = fabrikam.order(&[("KEY-PRO", 3)]).place().await;
        after(&app, RESERVED_MS).await;
        assert_eq!((keys_of(&app, &order).await, keys_of(&app, &waiting).await), (0, 1), "its key went to who waits");
        assert_eq!(contoso.lock_reasons(&order).await, ["UNPAID_INVOICE"]);
        product.arrive(10, 1).await;
        app.work().await;
        assert_eq!((keys_of(&app, &order).await, keys_of(&app, &waiting).await), (0, 2), "its older place is gone");
        app.clock.advance_ms(DAY_MS);
        acme.pay(order.invoice, "20.00").await;
        app.clock.advance_ms(DAY_MS);
        let later = globex.order(&[("KEY-PRO", 1)]).place().await;
        assert_eq!(contoso.lock_reasons(&order).await, ["OUT_OF_STOCK"]);
        let mut found = Vec::new();
        for n in 0..4 {
            product.arrive(20 + n, 1).await;
            app.work().await;
            found.push((keys_of(&app, &waiting).await, keys_of(&app, &order).await, keys_of(&app, &later).await));
        }
        assert_eq!(found, [(3, 0, 0), (3, 1, 0), (3, 2, 0), (3, 2, 1)]);
    }

    /// STK-7: keys that arrived and were not handed out yet are those of the queue: who reserves again takes what lies beyond them.
    async fn it_reserves_again_only_what_nobody_waits_for(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("10.00").backorder().keys(2).await;
        let (fabrikam, globex) = (acme.reseller("Fabrikam").credit("1000.00").await, acme.reseller("Globex").credit("1000.00").await);
        let (_, order) = held(&acme, 2).await;
        after(&app, RESERVED_MS).await;
        fabrikam.order(&[("KEY-PRO", 2)]).place().await;
        let waiting = globex.order(&[("KEY-PRO", 2)]).place().await;
        product.arrive(10, 3).await;
        // The worker has not run: two of the three keys are Globex'.
        app.clock.advance_ms(1);
        acme.pay(order.invoice, "20.00").await;
        assert_eq!((keys_of(&app, &order).await, keys_of(&app, &waiting).await), (1, 0));
        app.work().await;
        assert_eq!((keys_of(&app, &order).await, keys_of(&app, &waiting).await), (1, 2));
    }

    /// STK-7, CRD-3: what is within credit keeps its keys however late it is paid; what is beyond gives them back, and reserves again when credit releases it.
    async fn an_order_within_credit_is_never_touched(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("10.00").keys(5).await;
        let contoso = acme.reseller("Contoso").credit("30.00").await;
        let within = contoso.order(&[("KEY-PRO", 2)]).place().await;
        let beyond = contoso.order(&[("KEY-PRO", 3)]).place().await;
        assert_eq!(counts(&app, &product).await, (0, 3, 2));
        after(&app, 100 * DAY_MS).await;
        assert_eq!(counts(&app, &product).await, (3, 0, 2));
        assert_eq!(contoso.lock_reasons(&beyond).await, ["NOT_ENOUGH_CREDIT"]);
        acme.set_limit(&contoso, "50.00").await;
        assert_eq!((counts(&app, &product).await, contoso.in_stage(&beyond, Stage::Available).await), ((0, 0, 5), 3));
        assert_eq!(app.events(within.id).await, ["order.placed", "order.released"]);
        assert_eq!(app.events(beyond.id).await, ["order.placed", "order.held", "order.reservation_ended", "order.released"]);
    }

    /// STK-7, CRD-3, ORD-4: credit that another order's cancellation frees lets it reserve again; canceled itself, it has nothing to give back.
    async fn canceling_lets_another_reserve_again(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("10.00").keys(5).await;
        let other = acme.product("KEY-LITE").price("10.00").keys(5).await;
        let contoso = acme.reseller("Contoso").credit("30.00").await;
        let first = contoso.order(&[("KEY-PRO", 2)]).place().await;
        let second = contoso.order(&[("KEY-PRO", 1), ("KEY-LITE", 2)]).place().await;
        let third = contoso.order(&[("KEY-LITE", 3)]).place().await;
        after(&app, RESERVED_MS).await;
        assert_eq!((counts(&app, &product).await, counts(&app, &other).await), ((3, 0, 2), (5, 0, 0)));
        acme.cancel(first.id).await;
        assert_eq!((counts(&app, &product).await, counts(&app, &other).await), ((4, 0, 1), (3, 0, 2)));
        assert_eq!(contoso.in_stage(&second, Stage::Available).await, 3);
        acme.cancel(third.id).await;
        assert_eq!((counts(&app, &other).await, contoso.in_stage(&third, Stage::Canceled).await), ((3, 0, 2), 3));
    }

    /// STK-7, CRD-8: a further order that finds the limit of the program raised releases the older one in its own transaction, which reserves again there.
    async fn placing_another_order_lets_an_older_one_reserve_again(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("10.00").keys(3).await;
        let (contoso, older) = held(&acme, 2).await;
        after(&app, RESERVED_MS).await;
        app.does(&acme.owner(), ChangeProgramTerms { merchant: acme.number, changes: vec![term(TermName::CreditLimit, "100.00 USD")] }).await;
        // Nobody reacted yet.
        let newer = contoso.order(&[("KEY-PRO", 1)]).place().await;
        assert_eq!((keys_of(&app, &older).await, keys_of(&app, &newer).await), (2, 1));
        assert_eq!(counts(&app, &product).await, (0, 0, 3));
    }

    /// STK-7, CRD-8: an order that fits by terms that changed a moment ago keeps its keys, though the reaction to them is still on its way.
    async fn what_fits_by_now_is_not_given_back(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("10.00").keys(2).await;
        let (contoso, order) = held(&acme, 2).await;
        app.clock.advance_ms(RESERVED_MS);
        app.does(&acme.owner(), ChangeProgramTerms { merchant: acme.number, changes: vec![term(TermName::CreditLimit, "100.00 USD")] }).await;
        assert_eq!(end(&app, contoso.scope, &order).await, 0);
        app.work().await;
        assert_eq!((counts(&app, &product).await, app.order(&order).await.reservation_ended), ((0, 0, 2), None));
    }

    /// PAR-10, PAR-11: the days are a term; explicitly none, keys stay reserved for as long as the order waits. What is held already keeps what it was told.
    async fn the_days_are_a_term_of_the_program_and_of_each_reseller(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("10.00").keys(6).await;
        let fabrikam = acme.reseller("Fabrikam").with(TermName::ReservationDays, "3").await;
        let globex = acme.reseller("Globex").await;
        acme.set_term(&globex, TermName::ReservationDays, "none").await;
        let (_, before) = held(&acme, 1).await;
        let http = app.http().await;
        let staff = http.with(&acme.key);
        assert_eq!(staff.patch("/v1/merchant/program", json!({"reservation_days": 0})).await.said(), (422, "invalid_field".into()));
        staff.patch("/v1/merchant/program", json!({"reservation_days": 7})).await.must(200);
        let terms = staff.get(&format!("/v1/merchant/partnerships/{}/terms", globex.partnership())).await.must(200).to_string();
        assert!(terms.contains("reservation_days"), "{terms}");
        let three = fabrikam.order(&[("KEY-PRO", 2)]).place().await;
        let none = globex.order(&[("KEY-PRO", 3)]).place().await;
        assert_eq!(app.order(&none).await.reserved_until, None);
        let placed = |order: &PlacedOrder| { let (app, order) = (app.clone(), *order); async move { app.order(&order).await.placed.map_or(0, Timestamp::ms) } };
        assert_eq!(app.order(&three).await.reserved_until.map(Timestamp::ms), Some(placed(&three).await + 3 * DAY_MS));
        assert_eq!(app.order(&before).await.reserved_until.map(Timestamp::ms), Some(placed(&before).await + RESERVED_MS));
        after(&app, 3 * DAY_MS).await;
        assert_eq!(counts(&app, &product).await, (2, 4, 0));
        after(&app, 400 * DAY_MS).await;
        assert_eq!(counts(&app, &product).await, (3, 3, 0));
        assert!(app.actions(globex.partnership()).await.contains(&"partnership.terms_changed".to_owned()));
    }

    /// STK-7, PLT-2: a large order gives back in slices; between two of them the books are clean, and a payment takes up what is missing only.
    async fn a_large_order_gives_back_in_slices(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("1.00").keys(2_100).await;
        let (contoso, order) = held(&acme, 2_100).await;
        app.clock.advance_ms(RESERVED_MS);
        assert_eq!(end(&app, contoso.scope, &order).await, LET_GO_AT_ONCE);
        assert_eq!(counts(&app, &product).await, (1_000, 1_100, 0));
        let report = verify::run(&app.engine, &verify::Options::default()).await.expect("it runs");
        assert!(report.is_clean(), "{:?}", report.violated());
        assert!(app.order(&order).await.reservation_ended.is_none(), "it is not over");
        acme.pay(order.invoice, "2100.00").await;
        assert_eq!((end(&app, contoso.scope, &order).await, counts(&app, &product).await), (0, (0, 0, 2_100)));
        assert_eq!((app.state(&order).await, contoso.in_stage(&order, Stage::Available).await), ("complete", 2_100));
        product.arrive(3_000, 1_500).await;
        let other = acme.reseller("Fabrikam").await.order(&[("KEY-PRO", 1_500)]).place().await;
        after(&app, RESERVED_MS).await;
        assert_eq!((counts(&app, &product).await, keys_of(&app, &other).await), ((1_500, 0, 2_100), 0));
        assert_eq!(app.events(other.id).await.iter().filter(|kind| *kind == "order.reservation_ended").count(), 1);
    }

    /// STK-7, STK-3: a payment at the very moment at which the keys go back: whoever comes first, the order has its keys in the end, and none is lost.
    async fn a_payment_at_the_moment_of_the_sweep_ends_well(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("10.00").keys(40).await;
        let mut orders = Vec::new();
        for n in 0..20 {
            let reseller = acme.reseller(&format!("Reseller {n}")).await;
            orders.push((reseller.scope, reseller.order(&[("KEY-PRO", 2)]).place().await));
        }
        app.clock.advance_ms(RESERVED_MS);
        let racing: Vec<_> = orders
            .iter()
            .flat_map(|(scope, order)| {
                let (engine, scope, order) = (app.engine.clone(), *scope, *order);
                let sweep = tokio::spawn(async move { engine.execute(Origin::system(), EndReservation { scope, order: order.id }).await.map(drop) });
                let (app, owner, payment) = (app.clone(), acme.owner(), acme.payment(order.invoice, "20.00"));
                let pay = tokio::spawn(async move { app.execute(&owner, payment).await.map(drop) });
                [sweep, pay]
            })
            .collect();
        for raced in racing {
            raced.await.expect("no panic").expect("both succeed");
        }
        app.work().await;
        assert_eq!(counts(&app, &product).await, (0, 0, 40));
        for (_, order) in &orders {
            assert_eq!((app.state(order).await, keys_of(&app, order).await), ("complete", 2));
        }
    }

    /// STK-7, PLT-12: API and pages of both sides say until when keys are reserved, and that they are no longer.
    async fn everybody_sees_until_when_keys_are_reserved(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(2).await;
        let (contoso, order) = held(&acme, 2).await;
        let http = app.http().await;
        let staff = http.with(&acme.key);
        let api = format!("/v1/merchant/orders/{}", order.id);
        let shown = staff.get(&api).await.must(200);
        assert_eq!((&shown["reserved_until"], &shown["reservation_ended_at"]), (&json!("2026-03-16T09:00:00.000Z"), &Value::Null));
        let page = format!("/m/{}/orders/{}", acme.id, order.id);
        let desk = http.with(&acme.signs_in(MerchantRole::Owner).await);
        assert!(desk.get(&page).await.text().contains("Keys are reserved until"));
        after(&app, RESERVED_MS).await;
        let shown = staff.get(&api).await.must(200);
        assert_eq!((&shown["reserved_until"], &shown["reservation_ended_at"]), (&Value::Null, &json!("2026-03-16T09:00:00.000Z")));
        let desk = http.with(&acme.signs_in(MerchantRole::Owner).await);
        assert!(desk.header("accept-language", "de").get(&page).await.text().contains("Ihre Reservierung ist beendet"));
        assert!(desk.get(&page).await.text().contains("Reservation ended: keys went back to stock"));
        acme.pay(order.invoice, "20.00").await;
        assert!(!desk.get(&page).await.text().contains("Its reservation ended"), "it has its keys");
        assert_eq!(contoso.in_stage(&order, Stage::Available).await, 2);
    }
}
