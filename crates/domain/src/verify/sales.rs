//! What is counted as sold per day.

use super::scan::{Scan, keys, within, wrong};
use super::{Check, How};

pub(super) static DAYS: Check = Check {
    name: "sales.days",
    meaning: "What is counted as sold on a day is what its placed orders that are not canceled, and its fulfillments without what was taken back of them, come to.",
    how: How::Scans(&[Scan::ids(
        keys!("partnership"),
        "par",
        wrong!(
            "SELECT x.merchant, x.partnership, 'has ' || CAST(SUM(x.orders) AS text) || ' orders, ' || CAST(SUM(x.units) AS text) || ' units and '
               || CAST(SUM(x.amount) AS text) || ' minor units too many counted on ' || COALESCE(x.day, 'no day') || ' in ' || x.currency
             FROM (SELECT d.merchant, d.partnership, d.day, d.currency, d.orders, d.units, d.amount_minor AS amount
                   FROM partnership p CROSS JOIN daily_sales d WHERE d.merchant = p.merchant AND d.partnership = p.id AND ",
            within!("p"),
            " UNION ALL
                   SELECT o.merchant, o.partnership, o.placed_on, o.currency, -1,
                     -(SELECT COALESCE(SUM(i.quantity), 0) FROM order_item i WHERE i.merchant = o.merchant AND i.orders = o.id), -o.total_minor
                   FROM partnership p CROSS JOIN orders o WHERE o.merchant = p.merchant AND o.partnership = p.id
                     AND o.placed_ms IS NOT NULL AND o.canceled_ms IS NULL AND ",
            within!("p"),
            " UNION ALL
                   SELECT f.merchant, f.partnership, f.day, f.currency, CASE WHEN f.state IN ('refunded', 'failed') THEN 0 ELSE -1 END,
                     f.refunded_quantity - f.quantity, f.refunded_minor - f.total_minor
                   FROM partnership p CROSS JOIN fulfillment f WHERE f.merchant = p.merchant AND f.partnership = p.id AND ",
            within!("p"),
            ") x GROUP BY x.merchant, x.partnership, x.day, x.currency
             HAVING SUM(x.orders) <> 0 OR SUM(x.units) <> 0 OR SUM(x.amount) <> 0 ORDER BY x.merchant, x.partnership, x.day"
        ),
    )
    .of_rows(20)]),
};
