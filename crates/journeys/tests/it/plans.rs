//! Hot statements go by their indexes on a populated, skewed database: asked of the engines, not hoped for.
//!
//! What is asked about is the very text that the code runs: hot statements are constants of the slice that owns them.

use tradepost_domain::audit;
use tradepost_domain::command::retention;
use tradepost_domain::fulfillments::{queries as fulfillments, requests as cancel_requests, statement};
use tradepost_domain::identity::forget as links;
use tradepost_domain::licenses::queries as licenses;
use tradepost_domain::orders::queries as orders;
use tradepost_domain::outbox::{self, queries as events};
use tradepost_domain::requests::{forget, queries as requests};
use tradepost_domain::stock;
use tradepost_store::{Column, Sql, Value, params};
use tradepost_testkit::{Kind, TestApp};

mod find;
mod lists;

/// Fills the tables past the domain: 20,000 sold keys before 500 free ones, 5,000 orders of which 20 are open,
/// as many licenses, events and commands.
async fn populate(app: &TestApp, merchant: i64, product: i64, partnership: &[u8]) {
    let numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {n})";
    let (id, bytes) = match app.kind {
        Kind::Sqlite => ("CAST(printf('%016d', i) AS BLOB)", "x'00'"),
        Kind::Postgres => ("CAST(lpad(CAST(i AS text), 16, '0') AS bytea)", "'\\x00'::bytea"),
    };
    let partnership: String = partnership.iter().map(|byte| format!("{byte:02x}")).collect();
    let partnership = if app.kind == Kind::Sqlite { format!("x'{partnership}'") } else { format!("'\\x{partnership}'::bytea") };
    let import = format!("(SELECT id FROM key_import WHERE merchant = {merchant} LIMIT 1)");
    let keys = numbers.replace("{n}", "20500");
    let orders = numbers.replace("{n}", "5000");
    let statements = [
        format!(
            "INSERT INTO license_key (merchant, id, product, place, state, sealed, fingerprint, masked, import, license) {keys} \
             SELECT {merchant}, {id}, {product}, 10 + i, CASE WHEN i > 20000 THEN 0 ELSE 3 END, {bytes}, {id}, 'X', {import}, CASE WHEN i > 20000 THEN NULL ELSE {id} END FROM n"
        ),
        format!("UPDATE stock SET horizon = 30000, next_place = 30000 WHERE merchant = {merchant} AND product = {product}"),
        format!(
            "INSERT INTO orders (merchant, id, partnership, number, place, state, currency, total_minor, paid_minor, created_ms, updated_ms, placed_ms, released_ms) {orders} \
             SELECT {merchant}, {id}, {partnership}, CAST(i AS text), i, 'complete', 'USD', 100, CASE WHEN i > 4980 THEN 0 ELSE 100 END, i, i, i, i FROM n"
        ),
        format!("UPDATE orders SET reference_key = id WHERE merchant = {merchant}"),
        format!(
            "INSERT INTO order_item (merchant, id, orders, place, product, quantity) {orders} SELECT {merchant}, {id}, {id}, 1, CASE WHEN i > 4000 THEN {product} ELSE 999 END, 1 FROM n"
        ),
        format!(
            "INSERT INTO invoice (merchant, id, series, sequence, number, partnership, issued_on, due_on, currency, total_minor, paid_minor, body, created_ms) {orders} \
             SELECT {merchant}, {id}, 'X', i, CAST(i AS text), {partnership}, '2026-01-01', '2026-02-01', 'USD', 100, 100, '{{}}', i FROM n"
        ),
        format!("INSERT INTO invoice_order (merchant, invoice, orders, amount_minor) {orders} SELECT {merchant}, {id}, {id}, 100 FROM n"),
        format!(
            "INSERT INTO customer (merchant, id, partnership, email, email_key, first_name, last_name, created_ms) {orders} \
             SELECT {merchant}, {id}, {partnership}, CAST(i AS text), CAST(i AS text), 'A', 'B', i FROM n"
        ),
        format!(
            "INSERT INTO license (merchant, id, orders, item, partnership, product, method, stage, status, end_user_information, needs_reseller_information, created_ms) {orders} \
             SELECT {merchant}, {id}, {id}, (SELECT id FROM order_item WHERE merchant = {merchant} LIMIT 1), {partnership}, {product}, 'key_pool', \
             CASE WHEN i > 4950 THEN 'available' ELSE 'distributed' END, 'not_fulfilled', 'none', 0, i FROM n"
        ),
        format!(
            "INSERT INTO outbox (merchant, id, kind, subject_kind, subject, body, at_ms, position, due_ms) {orders} \
             SELECT {merchant}, {id}, 'order.placed', 'ord', {id}, '{{}}', i, 1000 + i, i FROM n"
        ),
        format!(
            "INSERT INTO audit (merchant, id, command, at_ms, actor_kind, actor_name, action, subject_kind, subject, partnership) {orders} \
             SELECT {merchant}, {id}, {id}, i, 'user', 'x', CASE WHEN i > 4990 THEN 'order.placed' ELSE 'order.drafted' END, 'ord', {id}, CASE WHEN i > 4990 THEN {partnership} ELSE NULL END FROM n"
        ),
        format!(
            "INSERT INTO request_log (merchant, owner, id, api_key, key_name, method, path, status, duration_ms, at_ms) {orders} \
             SELECT {merchant}, {partnership}, {id}, {id}, 'Shop', 'GET', '/v1/reseller/orders', 200, 1, 1000 + i FROM n"
        ),
        // All but ten were sent.
        format!(
            "INSERT INTO message (merchant, id, event, template, template_version, recipient, variables, subject_kind, subject, state, due_ms, created_ms) {orders} \
             SELECT {merchant}, {id}, {id}, 'order_placed', 1, 'c@customer.example', '{{}}', 'ord', {id}, CASE WHEN i > 4990 THEN 'failed' ELSE 'sent' END, i, i FROM n"
        ),
        // All but two were delivered.
        format!(
            "INSERT INTO fulfillment (merchant, id, partnership, external_order_id, source, state, product, quantity, currency, unit_minor, total_minor, explanation, \
             balance_after_minor, ready, customer_email, mailed, day, created_ms) {orders} \
             SELECT {merchant}, {id}, {partnership}, CAST(i AS text), 'api', CASE WHEN i > 4998 THEN 'refunded' ELSE 'delivered' END, {product}, 1, 'USD', 1, 1, '[]', \
             0, 1, 'c@customer.example', 0, '2026-01-01', i FROM n"
        ),
        format!("INSERT INTO command (merchant, id, name, outcome, at_ms) {orders} SELECT {merchant}, {id}, 'orders.place', 'null', 1000 + i FROM n"),
    ];
    app.past_the_store(&statements).await;
}

/// The plan of a statement, in one line.
async fn plan(app: &TestApp, sql: Sql, params: Vec<Value>) -> String {
    app.engine.store.explain(sql, &params).await.expect("a plan").join(" | ")
}

fn goes_by(plan: &str, index: &str) {
    assert!(plan.contains(index), "not by {index}: {plan}");
    assert!(!plan.contains("Seq Scan on license_key") && !plan.contains("SCAN k"), "walks the table: {plan}");
}

#[test]
fn sqlite() {
    tradepost_testkit::run_unchecked(Kind::Sqlite, "plans", body);
}

#[test]
fn postgres() {
    tradepost_testkit::run_unchecked(Kind::Postgres, "plans", body);
}

/// PLT-4, PAR-17, EXT-9: the trail by act and actor, resellers by name and status, requests to take something back by the shop's order id.
async fn other_lists(app: &TestApp, merchant: i64, partnership: Vec<u8>) {
    let trail =
        |actor: &str, act: &str, of: Vec<u8>| params![merchant, [0xff_u8; 16], 51_i64, i64::MIN, i64::MAX, actor, act, Vec::<u8>::new(), of, "", ""].to_vec();
    let waiting = params![merchant, partnership.clone(), [0xff_u8; 16], 11_i64].to_vec();
    for (list, values, index) in [
        (orders::WAITING_FOR_APPROVAL, waiting, "orders_waiting_for_approval"),
        (audit::SEARCH_OF_ACTION, trail("", "order.placed", Vec::new()), "audit_by_action"),
        (audit::SEARCH_OF_ACTOR, trail("system", "", Vec::new()), "audit_by_actor"),
        (audit::SEARCH_OF_PARTNERSHIP, trail("", "", partnership), "audit_by_partnership"),
    ] {
        let found = plan(app, list, values).await;
        assert!(found.contains(index) && !found.contains("TEMP B-TREE") && !found.contains("Sort"), "not by {index}: {found}");
    }
    let values = params![merchant, [0xff_u8; 16], 51_i64, 1_i64, [0_u8; 16], "", Vec::<u8>::new(), "EXT-1"].to_vec();
    let found = plan(app, cancel_requests::LIST_OF_EXTERNAL_ORDER, values).await;
    assert!(!found.contains("SCAN f") && !found.contains("Seq Scan on fulfillment"), "walks all fulfillments: {found}");
}

/// PLT-5: events are locked and given their positions by their ids, however many wait.
async fn of_passing_on(app: &TestApp, merchant: i64) {
    let events = Column::Ids(vec![[7; 16], [8; 16]]);
    let locked = app.engine.store.explain_each(outbox::LOCK_WAITING, params![merchant], &events).await.expect("a plan").join(" | ");
    let columns = [Column::same(merchant, 2), events, Column::Ints(vec![1, 2])];
    let placed = app.engine.store.explain_set(&outbox::SET_POSITION, &columns).await.expect("a plan").join(" | ");
    for found in [locked, placed] {
        let by_id = found.contains("outbox_pkey") || found.contains("(merchant=? AND id=?)");
        assert!(by_id && !found.contains("outbox_waiting") && !found.contains("outbox_delayed"), "not by id: {found}");
    }
}

/// STK-6: claims between a last day and the sweep, the sweep, and the walk over a batch.
async fn of_expiry_and_batches(app: &TestApp, merchant: i64, product: i64) {
    let import = app.row::<(tradepost_domain::ids::KeyImportId,)>(tradepost_store::sql!("SELECT id FROM key_import LIMIT 1"), Vec::new()).await.0;
    for (asked, values, index) in [
        (stock::FIRST_LIVE_KEYS, params![merchant, product, 25_i64, 1_i64].to_vec(), "license_key_available"),
        (stock::queries::EXPIRED_KEYS, params![merchant, product, 30_000_i64, 1_i64, 500_i64].to_vec(), "license_key_expiring"),
        (stock::queries::EXPIRING, params![1_i64, 20_i64].to_vec(), "stock_expiring"),
        (stock::queries::BATCH_KEYS, params![merchant, import, [0_u8; 16], 500_i64].to_vec(), "license_key_by_import"),
        (stock::queries::AT_WORK, params![20_i64].to_vec(), "key_import_at_work"),
    ] {
        let found = plan(app, asked, values).await;
        assert!(found.contains(index) && !found.contains("Sort") && !found.contains("TEMP B-TREE"), "not by {index} alone: {found}");
    }
}

/// STK-3 and the lists: the claim, open orders, the next license, lists by their keys, the outbox.
async fn body(app: TestApp) {
    let acme = app.merchant("Acme Software").await;
    let product = acme.product("KEY-PRO").price("1.00").keys(5).await;
    let contoso = acme.reseller("Contoso").credit("1000.00").await;
    contoso.order(&[("KEY-PRO", 1)]).draft().await;
    let (merchant, partnership) = (acme.number, contoso.partnership());
    populate(&app, merchant, product.number, &partnership.bytes()).await;

    let claims = [stock::FIRST_KEYS, stock::FIRST_KEYS_WAITED_FOR];
    for claim in claims {
        let found = plan(&app, claim, params![merchant, product.number, 25_i64].to_vec()).await;
        goes_by(&found, "license_key_available");
        assert!(!found.contains("Sort") && !found.contains("TEMP B-TREE"), "sorts what is sorted already: {found}");
    }

    of_expiry_and_batches(&app, merchant, product.number).await;

    let found = plan(&app, orders::OPEN, params![merchant, partnership].to_vec()).await;
    assert!(found.contains("orders_open"), "{found}");
    let keys = Column::ids([partnership]);
    let found = app.engine.store.explain_each(orders::OWED, params![merchant], &keys).await.expect("a plan").join(" | ");
    // PostgreSQL looks at the rows, too, until a vacuum has seen them.
    let by_it = if app.kind == Kind::Sqlite { "COVERING INDEX orders_open" } else { "orders_open" };
    assert!(found.contains(by_it), "{found}");

    let found = plan(&app, orders::RESERVING_TOO_LONG, params![i64::MAX, 20_i64].to_vec()).await;
    assert!(found.contains("orders_reserving") && !found.contains("TEMP B-TREE") && !found.contains("Sort"), "{found}");
    let found = plan(&app, licenses::RESERVING, params![merchant, [7_u8; 16], 1_001_i64].to_vec()).await;
    assert!(found.contains("license_by_order"), "{found}");

    let found = plan(&app, orders::NEXT_TO_DISTRIBUTE, params![merchant, partnership, product.number, 0_i64].to_vec()).await;
    assert!(found.contains("license_available"), "{found}");

    let many = partnership.bytes().to_vec();
    lists::of_invoices(&app, merchant, many.clone()).await;
    lists::of_orders(&app, merchant, many.clone(), product.number).await;
    lists::of_licenses(&app, merchant, many.clone(), product.number).await;
    lists::of_licenses_that_a_word_finds(&app, merchant, many.clone()).await;
    lists::of_payments(&app, merchant).await;
    find::of_words(&app, merchant, many.clone()).await;
    lists::of_fulfillments(&app, merchant, many).await;
    lists::of_messages(&app, merchant).await;
    other_lists(&app, merchant, partnership.bytes().to_vec()).await;

    let found = plan(&app, statement::MOVEMENTS, params![merchant, [7_u8; 16], [0xff_u8; 16], 51_i64].to_vec()).await;
    assert!(found.contains("entry_by_account") && !found.contains("TEMP B-TREE"), "{found}");

    let found = plan(&app, fulfillments::PROCESSING, params![merchant, partnership].to_vec()).await;
    assert!(found.contains("fulfillment_of_rare_state") || found.contains("fulfillment_processing"), "{found}");

    let found = plan(&app, events::DUE, params![i64::MAX, [0_u8; 16], 100_i64].to_vec()).await;
    assert!(found.contains("outbox_waiting") || found.contains("outbox_delayed"), "{found}");

    let found = plan(&app, retention::OLD, params![0_i64, 500_i64].to_vec()).await;
    assert!(found.contains("command_by_time") && !found.contains("TEMP B-TREE") && !found.contains("Sort"), "{found}");

    let found = plan(&app, forget::OLD, params![0_i64, 500_i64].to_vec()).await;
    assert!(found.contains("request_log_by_time") && !found.contains("TEMP B-TREE") && !found.contains("Sort"), "{found}");

    let ends = links::FIRST_END.into_iter().chain([links::FIRST_WAIT]);
    for (first, index) in ends.zip(["single_use_link_by_end", "email_change_by_end", "sign_in_failure_by_end"]) {
        let found = plan(&app, first, Vec::new()).await;
        assert!(found.contains(index) && !found.contains("TEMP B-TREE") && !found.contains("Sort"), "{found}");
    }

    let page = params![merchant, partnership.bytes(), [0xff_u8; 16], 51_i64, 0_i64, 1_000_i64, Vec::<u8>::new(), ""].to_vec();
    let found = plan(&app, requests::LIST, page).await;
    assert!(found.contains("request_log_pkey") || found.contains("PRIMARY KEY"), "{found}");
    assert!(!found.contains("TEMP B-TREE") && !found.contains("Sort"), "{found}");

    let plan_each = |sql, keys| {
        let app = app.clone();
        async move { app.engine.store.explain_each(sql, params![merchant], &keys).await.expect("a plan").join(" | ") }
    };
    let found = plan_each(licenses::OF_ORDERS, Column::Ids(vec![[7; 16]])).await;
    assert!(found.contains("license_by_order"), "{found}");

    of_passing_on(&app, merchant).await;

    let found = plan_each(orders::FREE, Column::Ints(vec![product.number])).await;
    assert!(found.contains("license_backordered"), "{found}");
}
