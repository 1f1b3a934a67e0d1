//! Orders: their totals.

use super::scan::{Scan, keys, within, wrong};
use super::{Check, How};

pub(super) static TOTALS: Check = Check {
    name: "orders.totals",
    meaning: "The total of a placed order is the sum of its lines; a draft has no total, no number, and nothing paid.",
    how: How::Scans(&[Scan::ids(
        keys!("orders"),
        "ord",
        wrong!(
            "SELECT o.merchant, o.id, 'comes to ' || CAST(o.total_minor AS text) || ', its lines to ' || CAST(COALESCE(SUM(i.line_minor), 0) AS text)
             FROM orders o LEFT JOIN order_item i ON i.merchant = o.merchant AND i.orders = o.id WHERE ",
            within!("o"),
            " GROUP BY o.merchant, o.id, o.placed_ms, o.total_minor, o.paid_minor, o.number, o.place
             HAVING (o.placed_ms IS NOT NULL AND (COALESCE(SUM(i.line_minor), 0) <> o.total_minor OR COUNT(i.id) = 0 OR o.number IS NULL OR o.place IS NULL))
               OR (o.placed_ms IS NULL AND (o.total_minor <> 0 OR o.paid_minor <> 0 OR o.number IS NOT NULL OR o.place IS NOT NULL))
             ORDER BY o.merchant, o.id"
        ),
    )]),
};
