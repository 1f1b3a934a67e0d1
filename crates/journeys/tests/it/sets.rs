//! Orders that wait together are placed as one set: what comes of it is what would have come of one after the other, and it
//! takes no more statements for many than for one.

use tradepost_domain::catalog::{EndUserInformation, Method};
use tradepost_domain::command::Idempotency;
use tradepost_domain::orders::attach::{AttachInformation, Attachment};
use tradepost_domain::orders::change_draft::{ChangeDraft, DraftChange};
use tradepost_domain::orders::place::{PlaceOrder, PlaceOutcome};
use tradepost_domain::partners::terms::{Qualifier, Setting, TermChange, TermName};
use tradepost_domain::partners::{ChangeProgramTerms, SuspendPartnership};
use tradepost_domain::{Done, No, OrderId, Origin};
use tradepost_store::{Sql, params, sql};
use tradepost_testkit::{Kind, Merchant, PlacedOrder, Reseller, TestApp, app_test, origin, owner};

/// What placing came to: the order, or the code of the refusal.
type Came = Result<PlacedOrder, &'static str>;

fn came(merchant: i64, answer: Result<Done<PlaceOutcome>, No>) -> Came {
    match answer {
        Ok(Done { outcome, .. }) => Ok(PlacedOrder { id: outcome.order, invoice: outcome.invoice, merchant }),
        Err(No::Refusal(refusal)) => Err(refusal.code),
        Err(No::Fault(fault)) => panic!("placing faulted: {fault:?}"),
    }
}

/// Confirms drafts of one reseller, one after the other.
async fn one_by_one(reseller: &Reseller, drafts: &[OrderId]) -> Vec<Came> {
    let mut all = Vec::new();
    for draft in drafts {
        all.push(reseller.confirm(*draft).await.map_err(|refusal| refusal.code));
    }
    all
}

/// Confirms them as one set.
async fn at_once(app: &TestApp, reseller: &Reseller, drafts: &[OrderId]) -> Vec<Came> {
    let before = app.engine.store.stats();
    let asked = drafts.iter().map(|order| (origin(&reseller.owner()), PlaceOrder::of(*order))).collect();
    let answers = app.together(asked).await;
    let after = app.engine.store.stats();
    assert_eq!((after.in_sets - before.in_sets, after.split - before.split), (drafts.len() as u64, 0), "they ran as one set");
    answers.into_iter().map(|answer| came(reseller.scope.merchant, answer)).collect()
}

/// Everything that a customer or the merchant can see of an order, without what is random in it.
async fn seen(app: &TestApp, order: &PlacedOrder) -> String {
    let row = app.order(order).await;
    let invoice = app.invoice(order).await;
    let mut licenses = Vec::new();
    for license in app.licenses(order).await {
        let code = if license.key.is_some() { app.code_of(&license, order.merchant).await } else { "-".into() };
        licenses.push(format!("{} {} {code} sent={}", license.stage.name(), license.status.name(), license.sent.is_some()));
    }
    let items: Vec<(i64, i64, i64, String)> = app
        .rows(
            sql!("SELECT place, unit_minor, line_minor, explanation FROM order_item WHERE merchant = $1 AND orders = $2 ORDER BY place"),
            params![order.merchant, order.id].to_vec(),
        )
        .await;
    let document = invoice.document().expect("a document");
    format!(
        "{:?} {} credit={} total={} paid={} placed={} released={} completed={} version={}\n  {} {} paid={} {:?}\n  {items:?}\n  {licenses:?}\n  {:?}\n  {:?}\n  {:?}",
        row.number,
        row.state.name(),
        row.on_credit,
        row.total_minor,
        row.paid_minor,
        row.placed.is_some(),
        row.released.is_some(),
        row.completed.is_some(),
        row.version,
        invoice.number,
        invoice.due_on,
        invoice.paid_minor,
        document.lines,
        app.events(order.id).await,
        app.actions(order.id).await,
        app.actions(order.invoice).await,
    )
}

/// The rows of a statement over one merchant, as text.
async fn told(app: &TestApp, sql: Sql, merchant: i64) -> Vec<String> {
    app.rows::<(String,)>(sql, params![merchant].to_vec()).await.into_iter().map(|row| row.0).collect()
}

/// Everything else that orders leave behind: events and history in their order, stock, books, counters.
async fn left(app: &TestApp, shop: &Merchant) -> String {
    let merchant = shop.number;
    let events = sql!("SELECT kind FROM outbox WHERE merchant = $1 AND partnership IS NOT NULL ORDER BY id");
    let crossings = sql!("SELECT kind FROM outbox WHERE merchant = $1 AND kind LIKE 'stock.%' ORDER BY id");
    let history = sql!("SELECT action FROM audit WHERE merchant = $1 AND partnership IS NOT NULL ORDER BY id");
    let stock: Vec<(i64, i64, i64, i64, i64, String)> = app
        .rows(
            sql!("SELECT product, available, reserved, allocated, delivered, level FROM stock WHERE merchant = $1 ORDER BY product"),
            params![merchant].to_vec(),
        )
        .await;
    let accounts: Vec<(String, i64)> =
        app.rows(sql!("SELECT kind, balance_minor FROM account WHERE merchant = $1 ORDER BY kind"), params![merchant].to_vec()).await;
    let partnerships: Vec<(String, i64, i64, i64)> =
        app.rows(sql!("SELECT status, balance_due, orders_placed, version FROM partnership WHERE merchant = $1"), params![merchant].to_vec()).await;
    let bought: Vec<(String, i64)> = app.rows(sql!("SELECT day, units FROM purchase_day WHERE merchant = $1"), params![merchant].to_vec()).await;
    let counters: Vec<(String, i64)> =
        app.rows(sql!("SELECT name, value FROM counter WHERE merchant = $1 AND name <> 'event' ORDER BY name"), params![merchant].to_vec()).await;
    let (events, crossings, history) = (told(app, events, merchant).await, told(app, crossings, merchant).await, told(app, history, merchant).await);
    format!("{events:#?}\n{crossings:?}\n{history:#?}\n{stock:?}\n{accounts:?}\n{partnerships:?}\n{bought:?}\n{counters:?}")
}

/// Both shops did the same and came to the same.
async fn alike(app: &TestApp, (one, alone): (&Merchant, &[Came]), (other, together): (&Merchant, &[Came])) {
    assert_eq!(alone.len(), together.len());
    for (at, (alone, together)) in alone.iter().zip(together).enumerate() {
        match (alone, together) {
            (Ok(alone), Ok(together)) => assert_eq!(seen(app, alone).await, seen(app, together).await, "order {at}"),
            (Err(alone), Err(together)) => assert_eq!(alone, together, "order {at}"),
            other => panic!("order {at} came to something else: {other:?}"),
        }
    }
    assert_eq!(left(app, one).await, left(app, other).await);
}

/// A merchant with one product of every kind, and its reseller.
async fn shop(app: &TestApp, name: &str, limit: Option<&str>) -> (Merchant, Reseller) {
    let merchant = app.merchant(name).await;
    merchant.product("KEY-PRO").price("10.00").keys(60).threshold(20).await;
    merchant.product("KEY-LATE").price("3.00").keys(2).backorder().await;
    merchant.product("KEY-NAMED").price("1.00").keys(30).end_user(EndUserInformation::BeforeDelivery).await;
    merchant.product("TRAINING").price("4.00").method(Method::Merchant).await;
    merchant.product("GIFT").price("0.00").method(Method::None).await;
    merchant.product("SUITE").price("12.00").bundle_of(&[("KEY-PRO", 1), ("KEY-NAMED", 2)]).await;
    let reseller = merchant.reseller(&format!("Partner of {name}"));
    let reseller = if let Some(limit) = limit { reseller.credit(limit) } else { reseller };
    (merchant, reseller.await)
}

/// Twenty drafts: paid from the account balance, on credit, free, beyond the credit, beyond the stock, on backorder, empty.
async fn twenty_drafts(reseller: &Reseller) -> Vec<OrderId> {
    let wanted: [&[(&str, i64)]; 20] = [
        &[("KEY-PRO", 2)],
        &[("KEY-PRO", 3)],
        &[("GIFT", 1)],
        &[("KEY-PRO", 5), ("KEY-NAMED", 1)],
        &[("SUITE", 2)],
        &[("KEY-LATE", 3)],
        &[("TRAINING", 1)],
        &[("KEY-PRO", 8)],
        &[("KEY-PRO", 15)],
        &[("GIFT", 2)],
        &[("KEY-PRO", 1)],
        &[("KEY-PRO", 40)],
        &[("KEY-PRO", 4), ("GIFT", 1)],
        &[],
        &[("KEY-NAMED", 3)],
        &[("KEY-PRO", 19)],
        &[("KEY-PRO", 1)],
        &[("TRAINING", 2), ("TRAINING", 1)],
        &[("KEY-LATE", 1)],
        &[("GIFT", 1)],
    ];
    let mut drafts = Vec::new();
    for items in wanted {
        drafts.push(reseller.order(items).draft().await);
    }
    drafts
}

/// Changes the credit limit that a program's partnerships inherit. Their held orders follow only when the worker works.
async fn program_limit(app: &TestApp, shop: &Merchant, amount: &str) {
    let to = Setting::Value(TermName::CreditLimit.value(&format!("{amount} USD")).expect("a limit"));
    let changes = vec![TermChange { name: TermName::CreditLimit, qualifier: Qualifier::General, to }];
    app.does(&shop.owner(), ChangeProgramTerms { merchant: shop.number, changes }).await;
}

/// Statements that it took to place so many orders as one set.
async fn statements(app: &TestApp, reseller: &Reseller, orders: usize) -> u64 {
    let mut drafts = Vec::new();
    for _ in 0..orders {
        drafts.push(reseller.order(&[("KEY-PRO", 2), ("KEY-LITE", 1), ("KEY-MAX", 3)]).draft().await);
    }
    let before = app.engine.store.stats().statements;
    let asked = drafts.iter().map(|order| (origin(&reseller.owner()), PlaceOrder::of(*order))).collect();
    for answer in app.together(asked).await {
        came(reseller.scope.merchant, answer).expect("placed");
    }
    app.engine.store.stats().statements - before
}

/// A reseller whose orders wait in the same lane as another's.
async fn beside(merchant: &Merchant, other: &Reseller) -> Reseller {
    for n in 0..64 {
        let reseller = merchant.reseller(&format!("Neighbor {n} of {}", merchant.slug)).credit("1000.00").await;
        if reseller.scope.lane() % 2 == other.scope.lane() % 2 {
            return reseller;
        }
    }
    panic!("64 partnerships in the other lane");
}

fn keyed(reseller: &Reseller, order: OrderId, key: &str, body: u8) -> (Origin, PlaceOrder) {
    let idempotency = Some(Idempotency { route: "POST confirm".into(), key: key.to_owned(), body_hash: [body; 32] });
    (Origin { idempotency, ..origin(&reseller.owner()) }, PlaceOrder::of(order))
}

app_test! {
    /// CRD-1, CRD-3, CRD-6, PAR-5, STK-3, STK-4, STK-7, ORD-7, BIL-1, PAY-3, PRG-9: twenty orders of one partnership that
    /// are confirmed at once are priced, released and held exactly as one after the other.
    async fn twenty_orders_confirmed_at_once_come_out_as_one_after_the_other(app) {
        let (acme, alone) = shop(&app, "Acme", Some("200.00")).await;
        let (bolt, together) = shop(&app, "Bolt", Some("200.00")).await;
        for (merchant, reseller) in [(&acme, &alone), (&bolt, &together)] {
            // 35.00 beyond the first invoice become account balance.
            let first = reseller.order(&[("KEY-PRO", 1)]).place().await;
            merchant.pay(first.invoice, "45.00").await;
        }
        let one = one_by_one(&alone, &twenty_drafts(&alone).await).await;
        let set = at_once(&app, &together, &twenty_drafts(&together).await).await;
        alike(&app, (&acme, &one), (&bolt, &set)).await;
        let refused: Vec<(usize, &str)> = set.iter().enumerate().filter_map(|(at, came)| came.err().map(|code| (at, code))).collect();
        assert_eq!(refused, [(11, "out_of_stock"), (13, "order_empty"), (16, "out_of_stock")]);
        let mut held = Vec::new();
        for (at, order) in set.iter().enumerate() {
            if let Ok(order) = order && app.order(order).await.is_held() {
                held.push(at);
            }
        }
        assert_eq!(held, [8, 10, 12, 14, 15, 17, 18], "beyond the limit all but the free ones wait, in a queue");
        assert!(together.balance_due().await);
        // What waits is released from the front, by whichever way it came to wait.
        for (merchant, orders) in [(&acme, &one), (&bolt, &set)] {
            merchant.pay(orders[7].expect("placed").invoice, "80.00").await;
            merchant.pay(orders[8].expect("placed").invoice, "150.00").await;
        }
        alike(&app, (&acme, &one), (&bolt, &set)).await;
    }

    /// PAR-5: the first order of a set makes the partnership active, once.
    async fn the_first_order_of_a_set_activates_the_partnership_once(app) {
        let (_acme, contoso) = shop(&app, "Acme", Some("500.00")).await;
        let mut drafts = Vec::new();
        for _ in 0..3 {
            drafts.push(contoso.order(&[("KEY-PRO", 1)]).draft().await);
        }
        let placed = at_once(&app, &contoso, &drafts).await;
        assert!(placed.iter().all(Result::is_ok));
        assert_eq!((contoso.view().await.status.name(), contoso.view().await.orders_placed), ("active", 3));
        let activated = app.actions(contoso.partnership()).await.into_iter().filter(|action| action == "partnership.activated").count();
        assert_eq!(activated, 1);
    }

    /// CRD-3, CRD-5, CRD-8: terms that changed above a partnership are followed by its next order, also where that is one
    /// of a set: what fits is released before, what stopped at the limit goes on, and what the set brings comes after.
    async fn orders_that_waited_for_new_terms_follow_the_first_of_a_set(app) {
        let (acme, alone) = shop(&app, "Acme", None).await;
        let (bolt, together) = shop(&app, "Bolt", None).await;
        for merchant in [&acme, &bolt] {
            program_limit(&app, merchant, "100.00").await;
        }
        app.work().await;
        let mut older: Vec<Vec<Came>> = Vec::new();
        for (merchant, reseller) in [(&acme, &alone), (&bolt, &together)] {
            let first = reseller.order(&[("KEY-PRO", 8)]).place().await;
            let named = reseller.order(&[("KEY-NAMED", 20)]).place().await;
            let license = app.licenses(&named).await[0].id;
            app.does(&reseller.owner(), AttachInformation { license, what: Attachment::EndUser(owner("ada@customer.example")) }).await;
            assert_eq!(app.license(merchant.number, license).await.stage.name(), "available", "it stops at the limit");
            let held = reseller.order(&[("KEY-PRO", 5)]).place().await;
            assert!(app.order(&held).await.is_held() && reseller.balance_due().await);
            older.push(vec![Ok(first), Ok(named), Ok(held)]);
            program_limit(&app, merchant, "200.00").await;
        }
        let mut drafts = Vec::new();
        for reseller in [&alone, &together] {
            let mut of = Vec::new();
            for quantity in [1, 3, 2] {
                of.push(reseller.order(&[("KEY-PRO", quantity)]).draft().await);
            }
            drafts.push(of);
        }
        let one = one_by_one(&alone, &drafts[0]).await;
        let set = at_once(&app, &together, &drafts[1]).await;
        let named = older[1][1].expect("placed");
        assert!(app.licenses(&named).await.iter().any(|license| license.stage.name() == "distributed" && license.sent.is_some()), "Ada has hers");
        assert!(app.order(&older[1][2].expect("placed")).await.released.is_some(), "what was held fits now");
        assert!(together.balance_due().await, "and the last ones reach the limit again");
        for (alone, together) in older[0].iter().zip(&older[1]) {
            assert_eq!(seen(&app, &alone.expect("placed")).await, seen(&app, &together.expect("placed")).await);
        }
        alike(&app, (&acme, &one), (&bolt, &set)).await;
    }

    /// ORD-3, PLT-3: refusals, twins and orders of several merchants in one set: each gets its own answer, and numbers have
    /// no gaps.
    async fn a_set_answers_each_of_its_orders_on_its_own(app) {
        let (acme, contoso) = shop(&app, "Acme", Some("500.00")).await;
        let bolt = app.merchant("Bolt").await;
        bolt.product("KEY-PRO").price("7.00").keys(5).await;
        let (neighbor, gone) = (beside(&bolt, &contoso).await, beside(&acme, &contoso).await);
        let mut drafts = Vec::new();
        for quantity in [1, 2, 70, 3] {
            drafts.push(contoso.order(&[("KEY-PRO", quantity)]).draft().await);
        }
        let (other, canceled, suspended) = (neighbor.order(&[("KEY-PRO", 2)]), contoso.order(&[("KEY-PRO", 1)]), gone.order(&[("KEY-PRO", 1)]));
        let (other, canceled, suspended) = (other.draft().await, canceled.draft().await, suspended.draft().await);
        app.does(&contoso.owner(), ChangeDraft { order: canceled, if_version: None, change: DraftChange::Cancel }).await;
        app.does(&acme.owner(), SuspendPartnership { partnership: gone.partnership() }).await;
        let plain = |reseller: &Reseller, order| (origin(&reseller.owner()), PlaceOrder::of(order));
        let before = app.engine.store.stats();
        let answers = app.together(vec![
            keyed(&contoso, drafts[0], "first", 1),
            plain(&contoso, drafts[1]),
            plain(&contoso, drafts[1]),
            keyed(&contoso, drafts[0], "first", 1),
            keyed(&contoso, drafts[3], "first", 2),
            plain(&contoso, drafts[2]),
            plain(&neighbor, other),
            plain(&contoso, other),
            plain(&contoso, canceled),
            plain(&gone, suspended),
            plain(&contoso, drafts[3]),
        ]).await;
        assert_eq!(app.engine.store.stats().in_sets - before.in_sets, 11);
        let replayed: Vec<bool> = answers.iter().map(|answer| answer.as_ref().is_ok_and(|done| done.replayed)).collect();
        let came: Vec<&str> = answers.into_iter().map(|answer| came(0, answer).err().unwrap_or("placed")).collect();
        assert_eq!(came, [
            "placed", "placed", "order_confirmed", "placed", "idempotency_key_reused", "out_of_stock",
            "placed", "not_found", "order_canceled", "partnership_not_active", "placed",
        ]);
        assert_eq!(replayed.iter().enumerate().filter(|(_, replayed)| **replayed).map(|(at, _)| at).collect::<Vec<_>>(), [3]);
        let numbers = sql!("SELECT number FROM orders WHERE merchant = $1 AND number IS NOT NULL ORDER BY number");
        assert_eq!(told(&app, numbers, acme.number).await, ["2026-000001", "2026-000002", "2026-000003"]);
        assert_eq!(told(&app, numbers, bolt.number).await, ["2026-000001"]);
        let invoices = sql!("SELECT number FROM invoice WHERE merchant = $1 ORDER BY sequence");
        assert_eq!(told(&app, invoices, acme.number).await, ["INV-000001", "INV-000002", "INV-000003"]);
    }

    /// Placing in sets: 32 orders take no more statements than one, on PostgreSQL round trips.
    async fn the_statements_of_a_set_do_not_grow_with_it(app) {
        let acme = app.merchant("Acme Software").await;
        for sku in ["KEY-PRO", "KEY-LITE", "KEY-MAX"] {
            acme.product(sku).price("1.00").keys(200).await;
        }
        let contoso = acme.reseller("Contoso").credit("100000.00").await;
        // The first order opens accounts and counters.
        contoso.order(&[("KEY-PRO", 1)]).place().await;
        let mut took = Vec::new();
        for orders in [1, 8, 32] {
            took.push(statements(&app, &contoso, orders).await);
        }
        eprintln!("{:?}: statements of a set of 1, 8, 32 orders: {took:?}", app.kind);
        assert!(took[0] <= 32, "one order takes {} statements", took[0]);
        if app.kind == Kind::Postgres {
            assert!(took.iter().all(|statements| *statements <= took[0]), "statements of 1, 8, 32 orders: {took:?}");
        }
    }

    /// Orders that together make more licenses than are held in memory at once are placed all the same, one by one.
    async fn a_set_of_giants_is_placed_one_by_one(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("GIFT").price("0.00").method(Method::None).await;
        let contoso = acme.reseller("Contoso").await;
        let mut drafts = Vec::new();
        for _ in 0..3 {
            drafts.push(contoso.order(&[("GIFT", 7_000)]).draft().await);
        }
        let placed = at_once(&app, &contoso, &drafts).await;
        let numbers = sql!("SELECT number FROM orders WHERE merchant = $1 AND state = 'complete' ORDER BY number");
        assert!(placed.iter().all(Result::is_ok));
        assert_eq!(told(&app, numbers, acme.number).await, ["2026-000001", "2026-000002", "2026-000003"]);
        assert_eq!(app.number(sql!("SELECT COUNT(*) FROM license"), Vec::new()).await, 21_000);
    }
    /// EXT-2: sales that together are more units than are held in memory at once are made all the same, one by one; the last finds
    /// nothing left.
    async fn a_set_of_giant_sales_is_sold_one_by_one(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-EXT").price("1.00").keys(21_000).await;
        let contoso = acme.reseller("Contoso").await;
        contoso.top_up("30000.00").await;
        let selling: Vec<_> = (0..22)
            .map(|nth| {
                let (app, owner, sale) = (app.clone(), contoso.owner(), contoso.sale(&format!("A-{nth}"), "KEY-EXT", 1_000));
                tokio::spawn(async move { app.execute(&owner, sale).await.map(drop).map_err(|no| format!("{no:?}")) })
            })
            .collect();
        let mut came = Vec::new();
        for selling in selling {
            came.push(selling.await.expect("no panic"));
        }
        let refused: Vec<&String> = came.iter().filter_map(|came| came.as_ref().err()).collect();
        assert!(matches!(&refused[..], [one] if one.contains("out_of_stock")), "{refused:?}");
        assert_eq!(app.balance(&contoso).await, 900_000);
        assert_eq!(app.number(sql!("SELECT COUNT(DISTINCT license_key) FROM license"), Vec::new()).await, 21_000);
    }
}
