//! Fulfillments: delivered in full, priced as explained, debited once, found by their external order.

use super::scan::{Bounds, Finding, Look, Scan, keys, within, wrong};
use super::{Check, How};
use crate::catalog::pricing::Explanation;
use crate::ids::FulfillmentId;
use tradepost_kernel::Currency;
use tradepost_store::{BoxFuture, Fault, Reader, sql};

pub(super) static LICENSES: Check = Check {
    name: "fulfillments.licenses",
    meaning: "A fulfillment has as many licenses of its product and partnership as it says are ready, N once it is delivered, all handed over, and as many taken back as it says; of one that was taken back whole, all (EXT-2, EXT-9, EXT-10).",
    how: How::Scans(&[Scan::ids(
        keys!("fulfillment"),
        "ful",
        wrong!(
            "SELECT f.merchant, f.id, 'of ' || CAST(f.quantity AS text) || ' has ' || CAST(COUNT(l.id) AS text) || ' licenses, ' || CAST(COUNT(CASE WHEN l.stage IN ('revoked', 'canceled') THEN 1 END) AS text)
               || ' taken back where it says ' || CAST(f.refunded_quantity AS text)
               || ', not its own or not handed over ' || CAST(COUNT(CASE WHEN l.product <> f.product OR l.partnership <> f.partnership OR l.stage NOT IN ('distributed', 'revoked', 'canceled') THEN 1 END) AS text)
             FROM fulfillment f LEFT JOIN license l ON l.merchant = f.merchant AND l.fulfillment = f.id WHERE ",
            within!("f"),
            " GROUP BY f.merchant, f.id, f.quantity, f.ready, f.refunded_quantity, f.state
             HAVING COUNT(l.id) <> f.ready OR (f.state IN ('delivered', 'partly_refunded') AND f.ready <> f.quantity)
               OR (f.state NOT IN ('refunded', 'failed') AND COUNT(CASE WHEN l.stage IN ('revoked', 'canceled') THEN 1 END) <> f.refunded_quantity)
               OR (f.state = 'refunded' AND COUNT(CASE WHEN l.stage IN ('revoked', 'canceled') THEN 1 END) <> f.ready)
               OR COUNT(CASE WHEN l.product <> f.product OR l.partnership <> f.partnership OR l.stage NOT IN ('distributed', 'revoked', 'canceled') THEN 1 END) > 0
             ORDER BY f.merchant, f.id"
        ),
    )]),
};

pub(super) static STATE: Check = Check {
    name: "fulfillments.state",
    meaning: "The state of every fulfillment follows from what was handed over and taken back (EXT-5).",
    how: How::Scans(&[Scan::ids(
        keys!("fulfillment"),
        "ful",
        wrong!(
            "SELECT f.merchant, f.id, 'is ' || f.state || ' with ' || CAST(f.refunded_quantity AS text) || ' of ' || CAST(f.quantity AS text) || ' taken back'
               || CASE WHEN f.delivered_ms IS NULL THEN ', never handed over' ELSE '' END
             FROM fulfillment f WHERE (CASE f.state
               WHEN 'processing' THEN f.delivered_ms IS NULL AND f.refunded_quantity = 0
               WHEN 'delivered' THEN f.delivered_ms IS NOT NULL AND f.refunded_quantity = 0
               WHEN 'partly_refunded' THEN f.delivered_ms IS NOT NULL AND f.refunded_quantity > 0 AND f.refunded_quantity < f.quantity
               WHEN 'refunded' THEN f.refunded_quantity = f.quantity
               ELSE f.delivered_ms IS NULL END) = (1 = 0) AND ",
            within!("f"),
            " ORDER BY f.merchant, f.id"
        ),
    )]),
};

pub(super) static DEBITS: Check = Check {
    name: "fulfillments.debits",
    meaning: "Every fulfillment was debited once, from the prepaid balance of its partnership and in its currency, by its total; a free one by nothing (EXT-2).",
    how: How::Scans(&[Scan::ids(
        keys!("fulfillment"),
        "ful",
        wrong!(
            "SELECT f.merchant, f.id, 'costs ' || CAST(f.total_minor AS text) || ', debited ' || CAST(COALESCE(SUM(CASE WHEN a.id IS NOT NULL THEN e.amount_minor END), 0) AS text)
             FROM fulfillment f LEFT JOIN transfer t ON t.merchant = f.merchant AND t.kind = 'fulfillment' AND t.reference = f.id
             LEFT JOIN entry e ON e.merchant = t.merchant AND e.transfer = t.id
             LEFT JOIN account a ON a.merchant = e.merchant AND a.id = e.account AND a.kind = 'prepaid' AND a.partnership = f.partnership AND a.currency = f.currency WHERE ",
            within!("f"),
            " GROUP BY f.merchant, f.id, f.total_minor
             HAVING COALESCE(SUM(CASE WHEN a.id IS NOT NULL THEN e.amount_minor END), 0) <> f.total_minor ORDER BY f.merchant, f.id"
        ),
    )]),
};

/// What approved requests about a fulfillment say that went back.
macro_rules! asked_back {
    () => {
        "(SELECT COALESCE(SUM(c.refund_minor), 0) FROM cancel_request c WHERE c.merchant = f.merchant AND c.fulfillment = f.id AND c.state = 'approved')"
    };
}

/// What was paid back for a fulfillment itself: of one that failed, all.
macro_rules! failed_back {
    () => {
        "(SELECT COALESCE(-SUM(e.amount_minor), 0) FROM transfer t CROSS JOIN entry e CROSS JOIN account a
           WHERE t.merchant = f.merchant AND t.kind = 'fulfillment_refund' AND t.reference = f.id AND e.merchant = t.merchant AND e.transfer = t.id
             AND a.merchant = e.merchant AND a.id = e.account AND a.kind = 'prepaid' AND a.partnership = f.partnership AND a.currency = f.currency)"
    };
}

/// Each side by its own rows: a fulfillment by what its requests say, a request by what was booked for it, a booking by what it is for.
pub(super) static REFUNDS: Check = Check {
    name: "fulfillments.refunds",
    meaning: "What went back of every fulfillment is what its approved requests say, or what was paid back because it failed; all of that was booked once, into the prepaid balance of its partnership and in its currency, and no refund is for anything else (EXT-9).",
    how: How::Scans(&[
        Scan::ids(
            keys!("fulfillment"),
            "ful",
            wrong!(
                "SELECT f.merchant, f.id, 'says that ' || CAST(f.refunded_minor AS text) || ' went back, its requests ' || CAST(",
                asked_back!(),
                " AS text) || ', booked for itself ' || CAST(",
                failed_back!(),
                " AS text) FROM fulfillment f WHERE f.refunded_minor <> ",
                asked_back!(),
                " + ",
                failed_back!(),
                " AND ",
                within!("f"),
                " ORDER BY f.merchant, f.id"
            ),
        ),
        Scan::ids(
            keys!("cancel_request"),
            "crq",
            wrong!(
                "SELECT c.merchant, c.id, 'is ' || c.state || ' with ' || CAST(c.refund_minor AS text) || ', booked ' || CAST(COALESCE(SUM(CASE WHEN a.id IS NOT NULL THEN -e.amount_minor END), 0) AS text)
                 FROM cancel_request c LEFT JOIN fulfillment f ON f.merchant = c.merchant AND f.id = c.fulfillment
                 LEFT JOIN transfer t ON t.merchant = c.merchant AND t.kind = 'fulfillment_refund' AND t.reference = c.id
                 LEFT JOIN entry e ON e.merchant = t.merchant AND e.transfer = t.id
                 LEFT JOIN account a ON a.merchant = e.merchant AND a.id = e.account AND a.kind = 'prepaid' AND a.partnership = f.partnership AND a.currency = f.currency WHERE ",
                within!("c"),
                " GROUP BY c.merchant, c.id, c.state, c.refund_minor
                 HAVING COALESCE(SUM(CASE WHEN a.id IS NOT NULL THEN -e.amount_minor END), 0) <> c.refund_minor OR (c.state <> 'approved' AND c.refund_minor <> 0)
                 ORDER BY c.merchant, c.id"
            ),
        ),
        Scan::ids(
            keys!("transfer"),
            "trf",
            wrong!(
                "SELECT t.merchant, t.id, 'pays back nothing that was sold'
                 FROM transfer t LEFT JOIN cancel_request c ON c.merchant = t.merchant AND c.id = t.reference
                 LEFT JOIN fulfillment f ON f.merchant = t.merchant AND f.id = t.reference
                 WHERE t.kind || '' = 'fulfillment_refund' AND c.id IS NULL AND f.id IS NULL AND ",
                within!("t"),
                " ORDER BY t.merchant, t.id"
            ),
        ),
    ]),
};

pub(super) static PRICES: Check = Check {
    name: "fulfillments.prices_explained",
    meaning: "The total of every fulfillment is its quantity times its unit price, and both follow from its kept explanation, computed anew (CAT-5).",
    how: How::Scans(&[Scan::ids(keys!("fulfillment"), "ful", Look::Code(look_at_prices))]),
};

type PricedRow = (i64, FulfillmentId, i64, i64, i64, Currency, String);

fn look_at_prices<'a>(reader: &'a mut Reader<'_>, bounds: Bounds) -> BoxFuture<'a, Result<Vec<Finding>, Fault>> {
    Box::pin(async move {
        let text = sql!(concat!(
            "SELECT f.merchant, f.id, f.quantity, f.unit_minor, f.total_minor, f.currency, f.explanation FROM fulfillment f WHERE ",
            within!("f"),
            " ORDER BY f.merchant, f.id"
        ));
        let rows: Vec<PricedRow> = reader.query(text, &bounds.0).await?;
        Ok(rows.into_iter().filter_map(judge_price).collect())
    })
}

fn judge_price((merchant, id, quantity, unit, total, currency, text): PricedRow) -> Option<Finding> {
    let wrong = |detail: String| Some(Finding::new(merchant, id, detail));
    if unit.checked_mul(quantity) != Some(total) {
        return wrong(format!("costs {total} for {quantity} at {unit}"));
    }
    let Ok(kept) = serde_json::from_str::<Explanation>(&text) else { return wrong("has an explanation that does not read".to_owned()) };
    match kept.recompute() {
        None => wrong("has an explanation that contradicts itself".to_owned()),
        Some(computed) if computed != (unit, total) => {
            wrong(format!("costs {unit} each and {total} in all, by its explanation {} and {}", computed.0, computed.1))
        }
        Some(_) if (kept.quantity, kept.currency) != (quantity, currency) => wrong("is of another quantity or currency than its explanation".to_owned()),
        Some(_) => None,
    }
}

pub(super) static EXTERNAL_ORDERS: Check = Check {
    name: "fulfillments.external_orders",
    meaning: "A fulfillment has an external order id, which no other of its partnership has (EXT-4).",
    how: How::Scans(&[Scan::ids(
        keys!("fulfillment"),
        "ful",
        wrong!(
            "SELECT f.merchant, f.id, CASE WHEN f.external_order_id = '' THEN 'has no external order id' ELSE 'has the external order id of another' END
             FROM fulfillment f WHERE (f.external_order_id = '' OR (SELECT COUNT(*) FROM fulfillment x WHERE x.merchant = f.merchant AND x.partnership = f.partnership AND x.external_order_id = f.external_order_id) <> 1) AND ",
            within!("f"),
            " ORDER BY f.merchant, f.id"
        ),
    )]),
};
