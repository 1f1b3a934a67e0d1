//! What external shops change leaves one event each behind: fulfillments, requests to take them back, top-ups.
//!
//! Events have no index by such subjects. An audit row has, and it is written right before its event: the ids of the two
//! follow each other, so that the event is among the next few by its own key. The other way round each event that was passed on
//! is held against what it tells of, moment by moment.

use super::scan::{Look, Scan, Start, Together, keys, together, within, wrong};
use super::{Check, How};
use crate::fulfillments::MOST_AT_ONCE;

// As the statements below say it.
const _: () = assert!(MOST_AT_ONCE == 1_000);

/// An event of this kind, subject and moment is among the next of its merchant, behind the row called `alias`, whose id was made in
/// the same transaction before it. Only so many are looked at: a missing one must not cost a walk to the end.
macro_rules! follows {
    ($alias:literal at $moment:literal, $kind:literal of $subject:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM (SELECT n.subject, n.kind, n.at_ms FROM outbox n WHERE n.merchant = ",
            $alias,
            ".merchant AND n.id > ",
            $alias,
            ".id ORDER BY n.id LIMIT 1000) near WHERE near.subject = ",
            $subject,
            " AND near.kind = ",
            $kind,
            " AND near.at_ms = ",
            $alias,
            ".",
            $moment,
            ")"
        )
    };
}

/// What is wrong with an event that tells of what did not happen.
macro_rules! told {
    () => {
        "'tells of ' || x.kind || ', which did not happen then, or not so often'"
    };
}

/// What is asked of events of a page of those passed on, each the nth of its subject, kind and moment: by [`FULFILLMENTS`],
/// [`CANCEL_REQUESTS`] and [`TOP_UPS`]. `+ 0` keeps both engines from reading all events of the merchant in another order.
static PASSED_ON: Together = together!(
    concat!(
        "(SELECT e.merchant, e.id, e.subject, e.kind, e.at_ms,
            ROW_NUMBER() OVER (PARTITION BY e.merchant + 0, e.subject, e.kind, e.at_ms ORDER BY e.position) AS nth
          FROM outbox e WHERE e.position IS NOT NULL AND e.kind IN ('fulfillment.accepted', 'fulfillment.delivered', 'fulfillment.refunded', 'fulfillment.failed',
            'cancel_request.created', 'cancel_request.approved', 'cancel_request.rejected', 'cancel_request.withdrawn',
            'top_up.requested', 'top_up.canceled', 'balance.topped_up', 'balance.low') AND ",
        within!("e", "position"),
        ") x WHERE (1 = 1)"
    ), "x.merchant", "x.id":
    (
        "x.kind IN ('fulfillment.accepted', 'fulfillment.delivered', 'fulfillment.refunded', 'fulfillment.failed') AND x.nth >
           CASE x.kind WHEN 'fulfillment.refunded' THEN (SELECT COUNT(*) FROM cancel_request c
             WHERE c.merchant = x.merchant AND c.fulfillment = x.subject AND c.state = 'approved' AND c.decided_ms = x.at_ms)
           ELSE (SELECT COUNT(*) FROM fulfillment f WHERE f.merchant = x.merchant AND f.id = x.subject AND (
             (x.kind = 'fulfillment.delivered' AND f.delivered_ms = x.at_ms) OR (x.kind = 'fulfillment.failed' AND f.state = 'failed')
             OR (x.kind = 'fulfillment.accepted' AND f.quantity > 1000 AND f.created_ms = x.at_ms))) END",
        told!()
    ),
    (
        "x.kind IN ('cancel_request.created', 'cancel_request.approved', 'cancel_request.rejected', 'cancel_request.withdrawn') AND x.nth >
           (SELECT COUNT(*) FROM cancel_request c WHERE c.merchant = x.merchant AND c.id = x.subject AND (
             (x.kind = 'cancel_request.created' AND c.created_ms = x.at_ms) OR (x.kind = 'cancel_request.' || c.state AND c.decided_ms = x.at_ms)))",
        told!()
    ),
    (
        "x.kind IN ('top_up.requested', 'top_up.canceled', 'balance.topped_up', 'balance.low') AND x.nth >
           CASE x.kind WHEN 'balance.topped_up' THEN (SELECT COUNT(*) FROM payment p
             WHERE p.merchant = x.merchant AND p.invoice = x.subject AND p.allocated_minor > 0 AND p.created_ms = x.at_ms)
           WHEN 'balance.low' THEN (SELECT COUNT(*) FROM invoice i
             WHERE i.merchant = x.merchant AND i.partnership = x.subject AND i.kind = 'top_up' AND i.automatic = 1 AND i.created_ms = x.at_ms)
           ELSE (SELECT COUNT(*) FROM invoice i WHERE i.merchant = x.merchant AND i.id = x.subject AND i.kind = 'top_up' AND (
             (x.kind = 'top_up.requested' AND i.created_ms = x.at_ms) OR (x.kind = 'top_up.canceled' AND i.canceled_ms = x.at_ms))) END",
        told!()
    ),
);

/// A scan over the pages of events that were passed on, by one of the questions of [`PASSED_ON`].
const fn events(question: usize) -> Scan {
    Scan::ids(keys!("outbox", "position" where "position IS NOT NULL"), "evt", Look::Part(&PASSED_ON, question)).by(Start::Int)
}

pub(super) static FULFILLMENTS: Check = Check {
    name: "events.fulfillments",
    meaning: "Each fulfillment has exactly one event fulfillment.delivered once its codes were handed over, a large one fulfillment.accepted before it, and one fulfillment.refunded for each approved request; no other event tells of any of these (PLT-5).",
    how: How::Scans(&[
        Scan::ids(
            keys!("fulfillment"),
            "ful",
            wrong!(
                "SELECT f.merchant, f.id, 'is ' || f.state || ' and has events: ' || CAST(COUNT(CASE WHEN a.action = 'fulfillment.accepted' THEN 1 END) AS text) || ' accepted, '
                   || CAST(COUNT(CASE WHEN a.action = 'fulfillment.delivered' THEN 1 END) AS text) || ' delivered, '
                   || CAST(COUNT(CASE WHEN a.action = 'fulfillment.refunded' THEN 1 END) AS text) || ' refunded'
                 FROM fulfillment f LEFT JOIN audit a ON a.merchant = f.merchant AND a.subject = f.id
                   AND a.action || '' IN ('fulfillment.accepted', 'fulfillment.delivered', 'fulfillment.refunded', 'fulfillment.failed') AND ",
                follows!("a" at "at_ms", "a.action" of "a.subject"),
                " WHERE ",
                within!("f"),
                " GROUP BY f.merchant, f.id, f.state, f.quantity, f.delivered_ms
                 HAVING COUNT(CASE WHEN a.action = 'fulfillment.accepted' THEN 1 END) <> CASE WHEN f.quantity > 1000 THEN 1 ELSE 0 END
                   OR COUNT(CASE WHEN a.action = 'fulfillment.delivered' THEN 1 END) <> CASE WHEN f.delivered_ms IS NULL THEN 0 ELSE 1 END
                   OR COUNT(CASE WHEN a.action = 'fulfillment.failed' THEN 1 END) <> CASE WHEN f.state = 'failed' THEN 1 ELSE 0 END
                   OR COUNT(CASE WHEN a.action = 'fulfillment.refunded' THEN 1 END)
                     <> (SELECT COUNT(*) FROM cancel_request c WHERE c.merchant = f.merchant AND c.fulfillment = f.id AND c.state = 'approved')
                 ORDER BY f.merchant, f.id"
            ),
        ),
        events(0),
    ]),
};

pub(super) static CANCEL_REQUESTS: Check = Check {
    name: "events.cancel_requests",
    meaning: "Each request to take licenses of a fulfillment back has exactly one event cancel_request.created, and one of its outcome once it was approved, rejected or withdrawn (PLT-5).",
    how: How::Scans(&[
        Scan::ids(
            keys!("cancel_request"),
            "crq",
            wrong!(
                "SELECT c.merchant, c.id, 'is ' || c.state || ' and has events: ' || CAST(COUNT(CASE WHEN a.action = 'cancel_request.created' THEN 1 END) AS text) || ' created, '
                   || CAST(COUNT(CASE WHEN a.action <> 'cancel_request.created' THEN 1 END) AS text) || ' of an outcome'
                 FROM cancel_request c LEFT JOIN audit a ON a.merchant = c.merchant AND a.subject = c.id
                   AND a.action || '' IN ('cancel_request.created', 'cancel_request.approved', 'cancel_request.rejected', 'cancel_request.withdrawn') AND ",
                follows!("a" at "at_ms", "a.action" of "a.subject"),
                " WHERE ",
                within!("c"),
                " GROUP BY c.merchant, c.id, c.state
                 HAVING COUNT(CASE WHEN a.action = 'cancel_request.created' THEN 1 END) <> 1
                   OR COUNT(CASE WHEN a.action <> 'cancel_request.created' THEN 1 END) <> CASE WHEN c.state = 'pending' THEN 0 ELSE 1 END
                   OR COUNT(CASE WHEN a.action = 'cancel_request.' || c.state THEN 1 END) <> CASE WHEN c.state = 'pending' THEN 0 ELSE 1 END
                 ORDER BY c.merchant, c.id"
            ),
        ),
        events(1),
    ]),
};

pub(super) static TOP_UPS: Check = Check {
    name: "events.top_ups",
    meaning: "Each top-up has exactly one event top_up.requested beside its invoice.issued, one top_up.canceled where it was canceled, one balance.topped_up for each payment that became balance, and an automatic one balance.low (EXT-8, PLT-5).",
    how: How::Scans(&[
        Scan::ids(
            keys!("invoice"),
            "inv",
            wrong!(
                // Its number was taken right before it: nobody else's event of the merchant is that near.
                "SELECT i.merchant, i.id, 'is a top-up whose events are missing' FROM invoice i WHERE i.kind = 'top_up' AND ",
                within!("i"),
                " AND (NOT ",
                follows!("i" at "created_ms", "'invoice.issued'" of "i.id"),
                " OR NOT ",
                follows!("i" at "created_ms", "'top_up.requested'" of "i.id"),
                " OR (i.automatic = 1 AND NOT ",
                follows!("i" at "created_ms", "'balance.low'" of "i.partnership"),
                ") OR (i.canceled_ms IS NOT NULL AND NOT EXISTS (SELECT 1 FROM audit a WHERE a.merchant = i.merchant AND a.subject = i.id
                     AND a.action || '' = 'invoice.canceled' AND ",
                follows!("a" at "at_ms", "'top_up.canceled'" of "a.subject"),
                "))) ORDER BY i.merchant, i.id"
            ),
        ),
        Scan::ids(
            keys!("payment"),
            "pay",
            wrong!(
                // Only of top-ups: by the CASE neither engine looks for events of other payments before it knows the invoice.
                "SELECT p.merchant, p.id, 'became balance, and its events are missing' FROM payment p CROSS JOIN invoice i
                 WHERE i.merchant = p.merchant AND i.id = p.invoice AND i.kind = 'top_up' AND p.allocated_minor > 0 AND ",
                within!("p"),
                " AND (CASE WHEN i.kind = 'top_up' THEN ",
                follows!("p" at "created_ms", "'balance.topped_up'" of "i.id"),
                " AND ",
                follows!("p" at "created_ms", "'payment.recorded'" of "p.id"),
                " END) = (1 = 0) ORDER BY p.merchant, p.id"
            ),
        ),
        events(2),
    ]),
};
