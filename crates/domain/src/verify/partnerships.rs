//! Partnerships: how many orders they placed, and what is counted against their purchase limits.

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
    .of_rows(20)]),
};

pub(super) static PURCHASE_DAYS: Check = Check {
    name: "partnership.purchase_days",
    meaning: "What is counted of a day against the purchase limits is at least what was fulfilled on it and not taken back, and all days together are at most what was fulfilled and ordered (PRG-9).",
    how: How::Scans(&[
        Scan::ids(
            keys!("partnership"),
            "par",
            wrong!(
                "SELECT g.merchant, g.partnership, 'has ' || CAST(COALESCE(d.units, 0) AS text) || ' units counted on ' || g.day || ', fulfilled ' || CAST(g.units AS text)
                 FROM (SELECT f.merchant, f.partnership, f.day, SUM(CASE WHEN f.state = 'failed' THEN 0 ELSE f.quantity - f.refunded_quantity END) AS units
                       FROM partnership p CROSS JOIN fulfillment f WHERE f.merchant = p.merchant AND f.partnership = p.id AND ",
                within!("p"),
                " GROUP BY f.merchant, f.partnership, f.day) g
                 LEFT JOIN purchase_day d ON d.merchant = g.merchant AND d.partnership = g.partnership AND d.day = g.day
                 WHERE COALESCE(d.units, 0) < g.units ORDER BY g.merchant, g.partnership, g.day"
            ),
        )
        .of_rows(20),
        Scan::ids(
            keys!("partnership"),
            "par",
            wrong!(
                "SELECT x.merchant, x.id, 'has ' || CAST(x.counted AS text) || ' units counted in all, sold ' || CAST(x.sold AS text)
                 FROM (SELECT p.merchant, p.id,
                     (SELECT COALESCE(SUM(d.units), 0) FROM purchase_day d WHERE d.merchant = p.merchant AND d.partnership = p.id) AS counted,
                     (SELECT COALESCE(SUM(d.units), 0) FROM daily_sales d WHERE d.merchant = p.merchant AND d.partnership = p.id) AS sold
                   FROM partnership p WHERE ",
                within!("p"),
                ") x WHERE x.counted > x.sold ORDER BY x.merchant, x.id"
            ),
        )
        .of_rows(20),
    ]),
};

pub(super) static SEARCH_KEYS: Check = Check {
    name: "partnership.search_keys",
    meaning: "What a partnership is found by (company and address in small letters) is what its reseller's company has.",
    how: How::Scans(&[Scan::ids(
        keys!("partnership"),
        "par",
        wrong!(
            "SELECT p.merchant, p.id, 'is found by another name or address than its company has'
             FROM partnership p LEFT JOIN reseller r ON r.id = p.reseller WHERE ",
            within!("p"),
            " AND (p.company_key IS NULL OR r.company_key IS NULL OR p.company_key <> r.company_key OR p.email_key IS NULL OR r.email_key IS NULL
               OR p.email_key <> r.email_key) ORDER BY p.merchant, p.id"
        ),
    )
    .of_rows(20)]),
};
