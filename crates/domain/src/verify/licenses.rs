//! Licenses: as many as were ordered, and none handed over that nobody stands for.

use super::scan::{Scan, keys, within, wrong};
use super::{Check, How};

pub(super) static FUNDED: Check = Check {
    name: "licenses.funded",
    meaning: "Every license that is available or was handed over belongs to an order that was released: paid, on credit, or free.",
    how: How::Scans(&[Scan::ids(
        keys!("license"),
        "lic",
        wrong!(
            "SELECT l.merchant, l.id, 'is ' || l.stage || CASE WHEN o.canceled_ms IS NOT NULL THEN ' and its order canceled'
               WHEN o.released_ms IS NULL THEN ' and its order held' ELSE ' and its order neither paid nor on credit' END
             FROM license l CROSS JOIN orders o WHERE o.merchant = l.merchant AND o.id = l.orders AND ((l.stage IN ('available', 'distributed') AND (o.released_ms IS NULL OR (o.on_credit = 0 AND o.paid_minor < o.total_minor)))
               OR (o.canceled_ms IS NOT NULL AND (l.stage IN ('available', 'waiting') OR (l.stage = 'distributed' AND l.method <> 'none')))) AND ",
            within!("l"),
            " ORDER BY l.merchant, l.id"
        ),
    )]),
};

pub(super) static PER_ITEM: Check = Check {
    name: "orders.licenses_per_item",
    meaning: "A placed line of N has N licenses of its product, a bundle a multiple of N of each part; a draft has none.",
    how: How::Scans(&[
        Scan::ids(
            keys!("orders"),
            "itm",
            wrong!(
                "SELECT g.merchant, g.item, 'of ' || CAST(COALESCE(i.quantity, 0) AS text) || ' has ' || CAST(g.made AS text) || ' licenses of product ' || CAST(g.product AS text)
                 FROM (SELECT o.merchant, o.id AS orders, o.placed_ms, l.item, l.product, COUNT(*) AS made
                       FROM orders o CROSS JOIN license l WHERE l.merchant = o.merchant AND l.orders = o.id AND ",
                within!("o"),
                " GROUP BY o.merchant, o.id, o.placed_ms, l.item, l.product) g
                 LEFT JOIN order_item i ON i.merchant = g.merchant AND i.id = g.item
                 LEFT JOIN product p ON p.merchant = i.merchant AND p.number = i.product
                 WHERE g.placed_ms IS NULL OR i.id IS NULL OR i.orders <> g.orders OR (g.product = i.product AND g.made <> i.quantity)
                   OR (g.product <> i.product AND (p.type <> 'bundle' OR g.made % i.quantity <> 0)) ORDER BY g.merchant, g.item"
            ),
        ),
        Scan::ids(
            keys!("orders"),
            "itm",
            wrong!(
                "SELECT i.merchant, i.id, 'of ' || CAST(i.quantity AS text) || ' is placed and has no license'
                 FROM orders o CROSS JOIN order_item i WHERE i.merchant = o.merchant AND i.orders = o.id
                 AND o.placed_ms IS NOT NULL AND NOT EXISTS
                   (SELECT 1 FROM license l WHERE l.merchant = i.merchant AND l.orders = i.orders AND l.item = i.id) AND ",
                within!("o"),
                " ORDER BY o.merchant, o.id"
            ),
        ),
    ]),
};
