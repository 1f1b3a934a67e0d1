//! Hot statements go by their indexes on a populated, skewed database: asked of the engines, not hoped for.
//!
//! What is asked about is the very text that the code runs: hot statements are constants of the slice that owns them.

use tradepost_domain::audit;
use tradepost_domain::billing::queries as invoices;
use tradepost_domain::command::retention;
use tradepost_domain::fulfillments::statement;
use tradepost_domain::licenses::queries as licenses;
use tradepost_domain::orders::queries as orders;
use tradepost_domain::outbox::queries as outbox;
use tradepost_domain::requests::{forget, queries as requests};
use tradepost_domain::stock;
use tradepost_store::{Column, Sql, Value, params};
use tradepost_testkit::{Kind, TestApp};

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

/// ORD-10: each list of orders goes by an index of its own, and those that are walked through need no sorting.
async fn lists_of_orders(app: &TestApp, merchant: i64, partnership: Vec<u8>, product: i64) {
    let page = |state: &str, of: Vec<u8>, further: Vec<Value>| {
        let before = [0xff_u8; 16];
        let mut values = params![merchant, before, 51_i64, state, i64::MIN, i64::MAX, 0_i64, of, Vec::<u8>::new(), 0_i64, 0_i64, [0_u8; 16]].to_vec();
        values.extend(further);
        values
    };
    let any = Vec::new;
    let pkey = &["orders_pkey", "sqlite_autoindex_orders_1"][..];
    let walked = [
        (orders::LIST_OF_PARTNERSHIP, page("", partnership, any()), &["orders_by_partnership", "orders_pkey"][..]),
        (orders::LIST_OF_PARTNERSHIP_STATE, page("draft", vec![7; 16], any()), &["orders_of_partnership_by_state", "orders_by_state"][..]),
        (orders::LIST_OF_MERCHANT, page("", Vec::new(), any()), pkey),
        (orders::LIST_OF_STATE, page("draft", Vec::new(), any()), &["orders_by_state"][..]),
        (orders::LIST_OF_HELD, page("", Vec::new(), any()), &["orders_held"][..]),
        (orders::LIST_OF_PRODUCT, page("", Vec::new(), vec![product.into()]), &["order_item_by_product"][..]),
    ];
    for (list, values, indexes) in walked {
        let found = plan(app, list, values).await;
        assert!(indexes.iter().any(|index| found.contains(index)), "not by {indexes:?}: {found}");
        assert!(!found.contains("TEMP B-TREE") && !found.contains("Sort"), "{found}");
    }
    let text = |word: &str| vec![Value::from(word)];
    let name = || vec![Value::from("INV-000001"), Value::from(&b"inv-000001"[..])];
    let begins = vec![Value::from(&b"po-1"[..]), Value::from(&b"po-1\xff"[..])];
    for (list, further, indexes) in [
        (orders::LIST_OF_NAME, name(), &["orders_merchant_number_key", "sqlite_autoindex_orders_2"][..]),
        (orders::LIST_OF_NAME, name(), &["invoice_by_number"][..]),
        (orders::LIST_OF_NAME, name(), &["orders_by_reference"][..]),
        (orders::LIST_OF_CUSTOMER, text("ada@customer.example"), &["customer_by_email"][..]),
        (orders::LIST_OF_REFERENCE, begins, &["orders_by_reference"][..]),
    ] {
        let found = plan(app, list, page("", Vec::new(), further)).await;
        assert!(indexes.iter().any(|index| found.contains(index)), "not by {indexes:?}: {found}");
        assert!(!found.contains("Seq Scan on orders") && !found.contains("SCAN o"), "walks all orders: {found}");
    }
}

/// BIL-1: the invoices of a partnership that has few among many go by the partnership, whatever else is asked for.
async fn lists_of_invoices(app: &TestApp, merchant: i64) {
    let few = vec![7_u8; 16];
    let (day, none) = ("2026-03-01", Vec::<u8>::new());
    let newest = |further: &[&str]| {
        let mut values = params![merchant, 51_i64, few.clone(), "", [0xff_u8; 16]].to_vec();
        values.extend(further.iter().map(|day| Value::from(*day)));
        values
    };
    let by_due = |further: &[&str]| {
        let mut values = params![merchant, 51_i64, few.clone(), "", "", none.clone()].to_vec();
        values.extend(further.iter().map(|day| Value::from(*day)));
        values
    };
    let (own, due) = ("invoice_by_partnership", "invoice_by_partnership_due");
    for (list, values, index) in [
        (invoices::LIST_OF_PARTNERSHIP, newest(&[]), own),
        (invoices::LIST_PAID_OF_PARTNERSHIP, newest(&[]), own),
        (invoices::LIST_CANCELED_OF_PARTNERSHIP, newest(&[]), "invoice_"),
        (invoices::LIST_UNPAID_OF_PARTNERSHIP, newest(&[day]), "invoice_"),
        (invoices::LIST_OVERDUE_OF_PARTNERSHIP, newest(&[day]), "invoice_"),
        (invoices::LIST_OF_PARTNERSHIP_BY_DUE, by_due(&[]), due),
        (invoices::PAID_OF_PARTNERSHIP_BY_DUE, by_due(&[]), due),
        (invoices::LIST_TOP_UPS, newest(&[]), "invoice_top_up"),
    ] {
        let found = plan(app, list, values).await;
        assert!(found.contains(index), "not by {index}: {found}");
    }
}

/// PLT-4, PAR-17: the trail by act and actor, resellers by name and status.
async fn other_lists(app: &TestApp, merchant: i64, partnership: Vec<u8>) {
    let trail =
        |actor: &str, act: &str, of: Vec<u8>| params![merchant, [0xff_u8; 16], 51_i64, i64::MIN, i64::MAX, actor, act, Vec::<u8>::new(), of, "", ""].to_vec();
    for (list, values, index) in [
        (audit::SEARCH_OF_ACTION, trail("", "order.placed", Vec::new()), "audit_by_action"),
        (audit::SEARCH_OF_ACTOR, trail("system", "", Vec::new()), "audit_by_actor"),
        (audit::SEARCH_OF_PARTNERSHIP, trail("", "", partnership), "audit_by_partnership"),
    ] {
        let found = plan(app, list, values).await;
        assert!(found.contains(index) && !found.contains("TEMP B-TREE") && !found.contains("Sort"), "not by {index}: {found}");
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

    let found = plan(&app, orders::OPEN, params![merchant, partnership].to_vec()).await;
    assert!(found.contains("orders_open"), "{found}");

    let found = plan(&app, orders::NEXT_TO_DISTRIBUTE, params![merchant, partnership, product.number, 0_i64].to_vec()).await;
    assert!(found.contains("license_available"), "{found}");

    lists_of_invoices(&app, merchant).await;
    lists_of_orders(&app, merchant, partnership.bytes().to_vec(), product.number).await;
    other_lists(&app, merchant, partnership.bytes().to_vec()).await;

    let found = plan(&app, statement::MOVEMENTS, params![merchant, [7_u8; 16], [0xff_u8; 16], 51_i64].to_vec()).await;
    assert!(found.contains("entry_by_account") && !found.contains("TEMP B-TREE"), "{found}");

    let found = plan(&app, outbox::DUE, params![i64::MAX, [0_u8; 16], 100_i64].to_vec()).await;
    assert!(found.contains("outbox_waiting") || found.contains("outbox_delayed"), "{found}");

    let found = plan(&app, retention::OLD, params![0_i64, 500_i64].to_vec()).await;
    assert!(found.contains("command_by_time") && !found.contains("TEMP B-TREE") && !found.contains("Sort"), "{found}");

    let found = plan(&app, forget::OLD, params![0_i64, 500_i64].to_vec()).await;
    assert!(found.contains("request_log_by_time") && !found.contains("TEMP B-TREE") && !found.contains("Sort"), "{found}");

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

    let found = plan_each(orders::FREE, Column::Ints(vec![product.number])).await;
    assert!(found.contains("license_backordered"), "{found}");
}
