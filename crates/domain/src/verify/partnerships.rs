//! Partnerships: how many orders they placed.

use super::scan::{Scan, keys, within, wrong};
use super::{Check, How};

pub(super) static ORDERS_PLACED: Check = Check {
    name: "partnership.orders_placed",
    meaning: "A partnership counted as many orders as it placed, their places run from 1 without gaps, and with the first it became active (PAR-5).",
    how: How::Scans(&[Scan::ids(
        keys!("partnership"),
        "par",
        wrong!(
            "SELECT p.merchant, p.id, 'counted ' || CAST(p.orders_placed AS text) || ', placed ' || CAST(COUNT(o.id) AS text) || ', last place ' || CAST(COALESCE(MAX(o.place), 0) AS text)
             FROM partnership p LEFT JOIN orders o ON o.merchant = p.merchant AND o.partnership = p.id AND o.placed_ms IS NOT NULL WHERE ",
            within!("p"),
            " GROUP BY p.merchant, p.id, p.orders_placed, p.activated_ms
             HAVING COUNT(o.id) <> p.orders_placed OR COUNT(DISTINCT o.place) <> p.orders_placed OR COALESCE(MAX(o.place), 0) <> p.orders_placed
               OR COALESCE(MIN(o.place), 1) <> 1 OR (p.orders_placed > 0 AND p.activated_ms IS NULL) ORDER BY p.merchant, p.id"
        ),
    )
    .of_rows(200)]),
};
