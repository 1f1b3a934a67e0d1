//! What changes leave behind: events, their order, and the audit row of every look at a code.

use super::scan::{Bounds, Finding, Look, Scan, Start, also, keys, within, wrong};
use super::stock::SOLD;
use super::{Check, How};
use tradepost_store::{BoxFuture, Fault, Reader, sql};

pub(super) static ORDER_PLACED: Check = Check {
    name: "events.order_placed",
    meaning: "Each placed order has exactly one event order.placed, each canceled one of them one order.canceled, each invoice of orders one invoice.issued (PLT-5).",
    how: How::Scans(&[
        Scan::ids(
            keys!("orders"),
            "ord",
            wrong!(
                // All three kinds are named: that is the text of the index `outbox_of_subject`, which both engines then go by.
                "SELECT x.merchant, x.id, 'has ' || CAST(x.placed AS text) || ' events order.placed and ' || CAST(x.canceled AS text) || ' order.canceled'
                 FROM (SELECT o.merchant, o.id, o.placed_ms, o.canceled_ms, COUNT(CASE WHEN e.kind = 'order.placed' THEN 1 END) AS placed,
                     COUNT(CASE WHEN e.kind = 'order.canceled' THEN 1 END) AS canceled
                   FROM orders o LEFT JOIN outbox e ON e.merchant = o.merchant AND e.subject = o.id AND e.kind IN ('order.placed', 'order.canceled', 'invoice.issued')",
                also!("e", "subject"),
                " WHERE ",
                within!("o"),
                " GROUP BY o.merchant, o.id, o.placed_ms, o.canceled_ms) x WHERE x.placed <> CASE WHEN x.placed_ms IS NULL THEN 0 ELSE 1 END
                   OR x.canceled <> CASE WHEN x.placed_ms IS NULL OR x.canceled_ms IS NULL THEN 0 ELSE 1 END ORDER BY x.merchant, x.id"
            ),
        )
        .by_ranges(),
        Scan::ids(
            keys!("invoice"),
            "inv",
            wrong!(
                "SELECT i.merchant, i.id, 'has ' || CAST(COUNT(CASE WHEN e.kind = 'invoice.issued' THEN 1 END) AS text) || ' events invoice.issued'
                 FROM invoice i LEFT JOIN outbox e ON e.merchant = i.merchant AND e.subject = i.id AND e.kind IN ('order.placed', 'order.canceled', 'invoice.issued')",
                also!("e", "subject"),
                " WHERE i.kind = 'order' AND ",
                within!("i"),
                " GROUP BY i.merchant, i.id HAVING COUNT(CASE WHEN e.kind = 'invoice.issued' THEN 1 END) <> 1 ORDER BY i.merchant, i.id"
            ),
        )
        .by_ranges(),
    ]),
};

pub(super) static RELAYED_IN_ORDER: Check = Check {
    name: "outbox.relayed_in_order",
    meaning: "Positions of events count without gaps per merchant, and within a partnership events were passed on in the order in which they happened (PLT-5).",
    how: How::Scans(&[
        Scan::ids(
            keys!("counter", "name"),
            "counter",
            wrong!(
                "SELECT c.merchant, c.name, 'stands at ' || CAST(c.value AS text) || '; passed on ' || CAST(COUNT(e.position) AS text) || ', highest ' || CAST(COALESCE(MAX(e.position), 0) AS text)
                 FROM counter c LEFT JOIN outbox e ON e.merchant = c.merchant AND e.position IS NOT NULL WHERE c.name = 'event' AND ",
                within!("c", "name"),
                " GROUP BY c.merchant, c.name, c.value
                 HAVING COUNT(e.position) <> c.value OR COALESCE(MAX(e.position), 0) <> c.value OR COALESCE(MIN(e.position), 1) <> 1 ORDER BY c.merchant"
            ),
        )
        .by(Start::Text)
        .of_rows(20),
        Scan::ids(keys!("outbox", "position" where "position IS NOT NULL"), "evt", Look::Code(look_at_order)).by(Start::Int),
    ]),
};

pub(super) static REVEALS: Check = Check {
    name: "audit.reveals",
    meaning: "Each key that a license's holder saw has the audit row of that moment: revealed, activated, sent, downloaded, or delivered to an external shop (STK-5).",
    how: How::Scans(&[Scan::ids(keys!("license_key", "license" where "license IS NOT NULL"), "lky", Look::Part(&SOLD, 1)).by_ranges()]),
};

/// Two servers' clocks differ a little; within one server ids rise. Most pages are in order as a whole: then so is each partnership, and
/// only its first event is held against the one before the page. Sorting all by partnership takes longer than both.
fn look_at_order<'a>(reader: &'a mut Reader<'_>, bounds: Bounds) -> BoxFuture<'a, Result<Vec<Finding>, Fault>> {
    Box::pin(async move {
        let turned = sql!(concat!(
            "SELECT COUNT(*) FROM (SELECT e.at_ms, e.id, LAG(e.at_ms) OVER w AS before_ms, LAG(e.id) OVER w AS before
               FROM outbox e WHERE e.position IS NOT NULL AND e.partnership IS NOT NULL AND ",
            within!("e", "position"),
            " WINDOW w AS (ORDER BY e.position)) x WHERE x.before_ms > x.at_ms OR (x.before_ms = x.at_ms AND x.before > x.id)"
        ));
        // `+ 0` keeps both engines from reading all events of the merchant for each page, in the order that is wanted, and the LEFT JOIN
        // keeps PostgreSQL from beginning with them.
        let firsts = sql!(concat!(
            "SELECT y.merchant, y.id, 'was passed on after a later one of its partnership'
             FROM (SELECT e.merchant, MIN(e.position) AS first FROM outbox e WHERE e.position IS NOT NULL AND e.partnership IS NOT NULL AND ",
            within!("e", "position"),
            " GROUP BY e.merchant, e.merchant + 0, e.partnership) x
             LEFT JOIN outbox y ON y.merchant = x.merchant AND y.position = x.first
             WHERE (SELECT CASE WHEN b.at_ms > y.at_ms + 1000 OR (b.at_ms = y.at_ms AND b.id > y.id) THEN 1 ELSE 0 END FROM outbox b
               WHERE b.merchant = y.merchant AND b.partnership = y.partnership AND b.position IS NOT NULL AND b.position < y.position
               ORDER BY b.position DESC LIMIT 1) = 1
             ORDER BY y.merchant, y.position"
        ));
        let each = sql!(concat!(
            "SELECT x.merchant, x.id, 'was passed on after a later one of its partnership'
             FROM (SELECT e.merchant, e.id, e.position, e.at_ms, LAG(e.at_ms) OVER w AS before_ms, LAG(e.id) OVER w AS before
                   FROM outbox e WHERE e.position IS NOT NULL AND e.partnership IS NOT NULL AND ",
            within!("e", "position"),
            " WINDOW w AS (PARTITION BY e.merchant + 0, e.partnership ORDER BY e.position)) x
             WHERE x.before_ms > x.at_ms + 1000 OR (x.before_ms = x.at_ms AND x.before > x.id) ORDER BY x.merchant, x.position"
        ));
        let mut findings: Vec<Finding> = reader.query(firsts, &bounds.0).await?;
        let turned: i64 = reader.query_one(turned, &bounds.0).await?;
        if turned > 0 {
            findings.extend(reader.query::<Finding>(each, &bounds.0).await?);
        }
        Ok(findings)
    })
}
