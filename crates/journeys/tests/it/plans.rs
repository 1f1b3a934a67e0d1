//! Hot statements go by their indexes on a populated, skewed database: asked of the engines, not hoped for.
//!
//! The statements are repeated here word for word: what the code runs is compared with them by the name of its index
//! only, so a statement that changes must be changed here too.

use tradepost_store::{Column, Sql, Value, params, sql};
use tradepost_testkit::{Kind, TestApp};

/// Fills the tables past the domain: 20,000 sold keys before 500 free ones, 5,000 orders of which 20 are open.
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
        format!(
            "INSERT INTO license (merchant, id, orders, item, partnership, product, method, stage, status, end_user_information, needs_reseller_information, created_ms) {orders} \
             SELECT {merchant}, {id}, {id}, (SELECT id FROM order_item WHERE merchant = {merchant} LIMIT 1), {partnership}, {product}, 'key_pool', \
             CASE WHEN i > 4950 THEN 'available' ELSE 'distributed' END, 'not_fulfilled', 'none', 0, i FROM n"
        ),
        format!(
            "INSERT INTO outbox (merchant, id, kind, subject_kind, subject, body, at_ms, position, due_ms) {orders} \
             SELECT {merchant}, {id}, 'order.placed', 'ord', {id}, '{{}}', i, 1000 + i, i FROM n"
        ),
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

/// STK-3 and the lists: the claim, open orders, the next license, lists by their keys, the outbox.
async fn body(app: TestApp) {
    let acme = app.merchant("Acme Software").await;
    let product = acme.product("KEY-PRO").price("1.00").keys(5).await;
    let contoso = acme.reseller("Contoso").credit("1000.00").await;
    contoso.order(&[("KEY-PRO", 1)]).draft().await;
    let (merchant, partnership) = (acme.number, contoso.partnership());
    populate(&app, merchant, product.number, &partnership.bytes()).await;

    let claim = sql!(
        "SELECT k.id FROM license_key k WHERE k.merchant = $1 AND k.product = $2 AND k.state = 0 \
         AND k.place < (SELECT s.horizon FROM stock s WHERE s.merchant = $1 AND s.product = $2) \
         ORDER BY k.place LIMIT $3 FOR UPDATE SKIP LOCKED"
    );
    let found = plan(&app, claim, params![merchant, product.number, 25_i64].to_vec()).await;
    goes_by(&found, "license_key_available");
    assert!(!found.contains("Sort") && !found.contains("TEMP B-TREE"), "sorts what is sorted already: {found}");

    let open = sql!(
        "SELECT id, total_minor - paid_minor, released_ms FROM orders
         WHERE merchant = $1 AND partnership = $2 AND placed_ms IS NOT NULL AND canceled_ms IS NULL AND paid_minor < total_minor ORDER BY place"
    );
    let found = plan(&app, open, params![merchant, partnership].to_vec()).await;
    assert!(found.contains("orders_open"), "{found}");

    let next = sql!(
        "SELECT l.id FROM license l JOIN orders o ON o.merchant = l.merchant AND o.id = l.orders
         WHERE l.merchant = $1 AND l.partnership = $2 AND l.product = $3 AND l.stage = 'available' AND l.customer IS NULL
         AND ($4 = 0 OR o.paid_minor >= o.total_minor) ORDER BY l.id LIMIT 1"
    );
    let found = plan(&app, next, params![merchant, partnership, product.number, 0_i64].to_vec()).await;
    assert!(found.contains("license_available"), "{found}");

    let list = sql!("SELECT id FROM orders WHERE merchant = $1 AND partnership = $2 AND id < $3 ORDER BY id DESC LIMIT $4");
    let found = plan(&app, list, params![merchant, partnership, [0xff_u8; 16], 51_i64].to_vec()).await;
    assert!(found.contains("orders_by_partnership") || found.contains("orders_pkey"), "{found}");
    assert!(!found.contains("TEMP B-TREE"), "{found}");

    let waiting = sql!("SELECT merchant, id FROM outbox WHERE position IS NULL AND due_ms <= $1 AND id > $2 ORDER BY id LIMIT $3");
    let found = plan(&app, waiting, params![i64::MAX, [0_u8; 16], 100_i64].to_vec()).await;
    assert!(found.contains("outbox_waiting") || found.contains("outbox_delayed"), "{found}");

    let by_order = sql!("SELECT l.id FROM license l WHERE l.merchant = $1 AND l.orders = ANY($2) ORDER BY l.id");
    let keys = Column::Ids(vec![[7; 16]]);
    let found = app.engine.store.explain_each(by_order, params![merchant], &keys).await.expect("a plan").join(" | ");
    assert!(found.contains("license_by_order"), "{found}");
}
