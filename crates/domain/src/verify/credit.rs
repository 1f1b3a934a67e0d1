//! Credit: what is used is what is open, and goods left only on credit or for money.

use super::scan::{Scan, keys, within, wrong};
use super::{Check, How};

pub(super) static USED: Check = Check {
    name: "credit.used",
    meaning: "What a partnership owes by the books is the sum of the open amounts of its placed orders (CRD-1).",
    how: How::Scans(&[Scan::ids(
        keys!("partnership"),
        "par",
        wrong!(
            "SELECT x.merchant, x.id, 'owes ' || CAST(SUM(x.booked) AS text) || ' ' || x.currency || ' by the books, ' || CAST(SUM(x.open_minor) AS text) || ' by its orders'
             FROM (SELECT p.merchant, p.id, a.currency, a.balance_minor AS booked, CAST(0 AS bigint) AS open_minor
                   FROM partnership p CROSS JOIN account a WHERE a.merchant = p.merchant AND a.partnership = p.id AND a.kind = 'receivable' AND ",
            within!("p"),
            " UNION ALL
                   SELECT p.merchant, p.id, o.currency, CAST(0 AS bigint), o.total_minor - o.paid_minor
                   FROM partnership p CROSS JOIN orders o WHERE o.merchant = p.merchant AND o.partnership = p.id
                     AND o.placed_ms IS NOT NULL AND o.canceled_ms IS NULL AND o.paid_minor < o.total_minor AND ",
            within!("p"),
            ") x GROUP BY x.merchant, x.id, x.currency HAVING SUM(x.booked) <> SUM(x.open_minor) ORDER BY x.merchant, x.id"
        ),
    )]),
};

pub(super) static RELEASED_FIT: Check = Check {
    name: "credit.released_fit",
    meaning: "A placed order is held, or was released once, on credit or because it was paid, as its timeline says; nothing paid is held (CRD-3).",
    how: How::Scans(&[
        Scan::ids(
            keys!("orders"),
            "ord",
            wrong!(
                "SELECT o.merchant, o.id, CASE
                   WHEN o.placed_ms IS NULL THEN 'was never placed and is released'
                   WHEN o.released_ms IS NULL AND o.on_credit = 1 THEN 'is on credit and not released'
                   WHEN o.released_ms IS NULL THEN 'is paid and held'
                   ELSE 'is released, neither paid nor on credit' END
                 FROM orders o WHERE ((o.placed_ms IS NULL AND (o.released_ms IS NOT NULL OR o.on_credit = 1))
                   OR (o.placed_ms IS NOT NULL AND o.released_ms IS NULL AND o.on_credit = 1)
                   OR (o.placed_ms IS NOT NULL AND o.released_ms IS NULL AND o.canceled_ms IS NULL AND o.paid_minor >= o.total_minor)
                   OR (o.released_ms IS NOT NULL AND o.on_credit = 0 AND o.paid_minor < o.total_minor)) AND ",
                within!("o"),
                " ORDER BY o.merchant, o.id"
            ),
        ),
        Scan::ids(
            keys!("orders"),
            "ord",
            wrong!(
                "SELECT x.merchant, x.id, CASE WHEN x.released = 1 THEN 'is released, ' ELSE 'is held, ' END
                   || CAST(x.noted AS text) || ' times by its timeline, ' || CAST(x.agreeing AS text) || ' times for that reason'
                 FROM (SELECT o.merchant, o.id, CASE WHEN o.released_ms IS NULL THEN 0 ELSE 1 END AS released, COUNT(a.id) AS noted,
                     COUNT(CASE WHEN a.after_json = CASE WHEN o.on_credit = 1 THEN '{\"because\":\"credit\"}' ELSE '{\"because\":\"paid\"}' END THEN 1 END) AS agreeing
                   FROM orders o LEFT JOIN audit a ON a.merchant = o.merchant AND a.subject = o.id AND a.action || '' = 'order.released' WHERE ",
                within!("o"),
                " GROUP BY o.merchant, o.id, o.released_ms) x WHERE x.noted <> x.released OR x.agreeing <> x.released ORDER BY x.merchant, x.id"
            ),
        ),
    ]),
};
