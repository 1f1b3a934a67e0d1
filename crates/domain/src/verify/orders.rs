//! Orders: their totals, and what they reserve.

use super::licenses::LICENSES;
use super::scan::{Look, Scan, also, keys, within, wrong};
use super::{Check, How};

pub(super) static TOTALS: Check = Check {
    name: "orders.totals",
    meaning: "The total of a placed order is the sum of its lines; a draft has no total, no number, and nothing paid.",
    how: How::Scans(&[Scan::ids(
        keys!("orders"),
        "ord",
        wrong!(
            "SELECT o.merchant, o.id, 'comes to ' || CAST(o.total_minor AS text) || ', its lines to ' || CAST(COALESCE(SUM(i.line_minor), 0) AS text)
             FROM orders o LEFT JOIN order_item i ON i.merchant = o.merchant AND i.orders = o.id",
            also!("i", "orders"),
            " WHERE ",
            within!("o"),
            " GROUP BY o.merchant, o.id, o.placed_ms, o.total_minor, o.paid_minor, o.number, o.place
             HAVING (o.placed_ms IS NOT NULL AND (COALESCE(SUM(i.line_minor), 0) <> o.total_minor OR COUNT(i.id) = 0 OR o.number IS NULL OR o.place IS NULL))
               OR (o.placed_ms IS NULL AND (o.total_minor <> 0 OR o.paid_minor <> 0 OR o.number IS NOT NULL OR o.place IS NOT NULL))
             ORDER BY o.merchant, o.id"
        ),
    )
    .by_ranges()]),
};

pub(super) static RESERVATIONS: Check = Check {
    name: "orders.reservations",
    meaning: "A license that waits has its key, stands in the queue for keys, or gave both back because its order was not paid in time; \
              a held order that gave everything back reserves nothing, and none did so before its time (STK-7).",
    how: How::Scans(&[
        Scan::ids(keys!("license"), "lic", Look::Part(&LICENSES, 1)),
        Scan::ids(
            keys!("orders"),
            "ord",
            wrong!(
                "SELECT o.merchant, o.id, 'reserved until ' || COALESCE(CAST(o.reserved_until_ms AS text), 'the end') || ' and gave back at '
                   || CAST(o.reservation_ended_ms AS text) FROM orders o
                 WHERE o.reservation_ended_ms IS NOT NULL AND (o.reserved_until_ms IS NULL OR o.reservation_ended_ms < o.reserved_until_ms) AND ",
                within!("o"),
                " ORDER BY o.merchant, o.id"
            ),
        ),
    ]),
};
