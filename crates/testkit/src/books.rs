//! What must hold after every journey, looked at past the code that keeps it: bare rows, no query of the domain.

use crate::TestApp;
use tradepost_store::{Sql, sql};

/// A sentence, and a statement that counts what contradicts it.
const RULES: &[(&str, Sql)] = &[
    (
        "a transfer does not sum to zero",
        sql!("SELECT COUNT(*) FROM (SELECT merchant, transfer FROM entry GROUP BY merchant, transfer HAVING SUM(amount_minor) <> 0 OR COUNT(*) < 2) x"),
    ),
    (
        "an account's balance is not the sum of its entries",
        sql!(
            "SELECT COUNT(*) FROM account a WHERE a.balance_minor <>
             (SELECT CAST(COALESCE(SUM(e.amount_minor), 0) AS bigint) FROM entry e WHERE e.merchant = a.merchant AND e.account = a.id)"
        ),
    ),
    (
        "what a partnership owes is not the sum of its open orders",
        sql!(
            "SELECT COUNT(*) FROM partnership p WHERE
             (SELECT CAST(COALESCE(SUM(a.balance_minor), 0) AS bigint) FROM account a
              WHERE a.merchant = p.merchant AND a.partnership = p.id AND a.kind = 'receivable') <>
             (SELECT CAST(COALESCE(SUM(o.total_minor - o.paid_minor), 0) AS bigint) FROM orders o
              WHERE o.merchant = p.merchant AND o.partnership = p.id AND o.placed_ms IS NOT NULL AND o.canceled_ms IS NULL)"
        ),
    ),
    (
        "a stock counter is not the count of its rows",
        sql!(
            "SELECT COUNT(*) FROM stock s WHERE
             s.available + s.promised <> (SELECT COUNT(*) FROM license_key k WHERE k.merchant = s.merchant AND k.product = s.product AND k.state = 0 AND k.place < s.horizon)
             OR s.reserved <> (SELECT COUNT(*) FROM license_key k WHERE k.merchant = s.merchant AND k.product = s.product AND k.state = 1)
             OR s.allocated <> (SELECT COUNT(*) FROM license_key k WHERE k.merchant = s.merchant AND k.product = s.product AND k.state = 2)
             OR s.delivered <> (SELECT COUNT(*) FROM license_key k WHERE k.merchant = s.merchant AND k.product = s.product AND k.state = 3)
             OR s.revoked <> (SELECT COUNT(*) FROM license_key k WHERE k.merchant = s.merchant AND k.product = s.product AND k.state = 4)
             OR s.burned <> (SELECT COUNT(*) FROM license_key k WHERE k.merchant = s.merchant AND k.product = s.product AND k.state = 5)"
        ),
    ),
    (
        "a key and a license do not name each other",
        sql!(
            "SELECT (SELECT COUNT(*) FROM license l WHERE l.license_key IS NOT NULL AND NOT EXISTS
               (SELECT 1 FROM license_key k WHERE k.merchant = l.merchant AND k.id = l.license_key AND k.license = l.id AND k.product = l.product))
             + (SELECT COUNT(*) FROM license_key k WHERE k.state IN (1, 2, 3) AND NOT EXISTS
               (SELECT 1 FROM license l WHERE l.merchant = k.merchant AND l.id = k.license AND l.license_key = k.id))"
        ),
    ),
    (
        "an item has not as many licenses as its quantity",
        sql!(
            "SELECT COUNT(*) FROM order_item i JOIN orders o ON o.merchant = i.merchant AND o.id = i.orders
             JOIN product p ON p.merchant = i.merchant AND p.number = i.product
             WHERE o.placed_ms IS NOT NULL AND i.quantity * CASE WHEN p.type = 'bundle' THEN
               (SELECT CAST(COALESCE(SUM(b.quantity), 0) AS bigint) FROM bundle_part b WHERE b.merchant = i.merchant AND b.bundle = i.product) ELSE 1 END <>
             (SELECT COUNT(*) FROM license l WHERE l.merchant = i.merchant AND l.item = i.id)"
        ),
    ),
    (
        "an order's total is not the sum of its lines",
        sql!(
            "SELECT COUNT(*) FROM orders o WHERE o.placed_ms IS NOT NULL AND o.total_minor <>
             (SELECT CAST(COALESCE(SUM(i.line_minor), 0) AS bigint) FROM order_item i WHERE i.merchant = o.merchant AND i.orders = o.id)"
        ),
    ),
    (
        "invoice numbers have a gap",
        sql!("SELECT COUNT(*) FROM (SELECT merchant, series FROM invoice GROUP BY merchant, series HAVING MAX(sequence) <> COUNT(*)) x"),
    ),
    (
        "a license left the house unpaid and without credit",
        sql!(
            "SELECT COUNT(*) FROM license l JOIN orders o ON o.merchant = l.merchant AND o.id = l.orders
             WHERE l.stage IN ('available', 'distributed') AND o.released_ms IS NULL"
        ),
    ),
    (
        "an unpaid order was released beyond the credit of a partnership that has none",
        sql!("SELECT COUNT(*) FROM orders o WHERE o.released_ms IS NOT NULL AND o.canceled_ms IS NULL AND o.on_credit = 0 AND o.paid_minor < o.total_minor"),
    ),
    ("an event was not passed on", sql!("SELECT COUNT(*) FROM outbox WHERE position IS NULL")),
    ("an event failed", sql!("SELECT COUNT(*) FROM outbox WHERE last_error IS NOT NULL")),
    ("a message failed", sql!("SELECT COUNT(*) FROM message WHERE state = 'failed'")),
    (
        "an order that was placed has not exactly one event",
        sql!(
            "SELECT COUNT(*) FROM orders o WHERE o.placed_ms IS NOT NULL AND
             (SELECT COUNT(*) FROM outbox e WHERE e.merchant = o.merchant AND e.subject = o.id AND e.kind = 'order.placed') <> 1"
        ),
    ),
];

/// One sentence for each rule that does not hold.
pub async fn violations(app: &TestApp) -> Vec<String> {
    let mut found = Vec::new();
    for (sentence, sql) in RULES {
        let count = app.number(*sql, Vec::new()).await;
        if count > 0 {
            found.push(format!("{sentence} ({count} times)"));
        }
    }
    let failed: Vec<(String, String)> = app.rows(sql!("SELECT kind, last_error FROM outbox WHERE last_error IS NOT NULL"), Vec::new()).await;
    found.extend(failed.into_iter().map(|(kind, error)| format!("{kind}: {error}")));
    found
}
