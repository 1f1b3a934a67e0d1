//! Licenses: as many as were ordered, and none handed over that nobody stands for.

use super::scan::{Look, Scan, Together, also, keys, together, within, wrong};
use super::{Check, How};

/// What is asked of every license beside its order, its item, its key and its people, in the order of the questions: by [`FUNDED`],
/// [`RESERVATIONS`](super::orders::RESERVATIONS), [`ONE_LICENSE_PER_KEY`](super::stock::ONE_LICENSE_PER_KEY),
/// [`KEY_AND_LICENSE_AGREE`](super::stock::KEY_AND_LICENSE_AGREE), [`REFERENCES`](super::tenancy::REFERENCES) and
/// [`FOREIGN_KEYS`](super::tenancy::FOREIGN_KEYS).
pub(super) static LICENSES: Together = together!(
    concat!("license l LEFT JOIN orders o ON o.merchant = l.merchant AND o.id = l.orders
     LEFT JOIN order_item i ON i.merchant = l.merchant AND i.id = l.item
     LEFT JOIN license_key k ON k.merchant = l.merchant AND k.id = l.license_key
     LEFT JOIN customer c ON c.merchant = l.merchant AND c.id = l.customer
     LEFT JOIN fulfillment f ON f.merchant = l.merchant AND f.id = l.fulfillment
     LEFT JOIN reseller_information r ON r.merchant = l.merchant AND r.id = l.reseller_information WHERE ", within!("l")), "l.merchant", "l.id":
    (
        "o.id IS NOT NULL AND ((l.stage IN ('available', 'distributed') AND (o.released_ms IS NULL OR (o.on_credit = 0 AND o.paid_minor < o.total_minor)))
           OR (o.canceled_ms IS NOT NULL AND (l.stage IN ('available', 'waiting') OR (l.stage = 'distributed' AND l.method <> 'none'))))",
        "'is ' || l.stage || CASE WHEN o.canceled_ms IS NOT NULL THEN ' and its order canceled'
           WHEN o.released_ms IS NULL THEN ' and its order held' ELSE ' and its order neither paid nor on credit' END"
    ),
    (
        "o.id IS NOT NULL AND l.stage = 'waiting' AND l.method = 'key_pool'
           AND ((l.license_key IS NULL AND l.queued_ms IS NULL AND (o.released_ms IS NOT NULL OR o.reserved_until_ms IS NULL))
             OR (o.reservation_ended_ms IS NOT NULL AND o.released_ms IS NULL AND (l.license_key IS NOT NULL OR l.queued_ms IS NOT NULL)))",
        "CASE WHEN l.license_key IS NULL AND l.queued_ms IS NULL THEN 'waits for no key and its order '
             || CASE WHEN o.released_ms IS NULL THEN 'keeps what it reserves' ELSE 'was released' END
           ELSE 'reserves for an order whose reservation ended' END"
    ),
    ("k.license <> l.id", "'carries a key that another license has'"),
    (
        "(l.license_key IS NULL AND l.method = 'key_pool' AND l.stage IN ('available', 'distributed', 'revoked'))
           OR (k.id IS NOT NULL AND k.license IS NULL)
           OR (k.license = l.id AND (l.method <> 'key_pool' OR l.product <> k.product
             OR k.state <> CASE l.stage WHEN 'waiting' THEN 1 WHEN 'available' THEN 2 WHEN 'distributed' THEN 3 WHEN 'revoked' THEN 4 ELSE -1 END))",
        "CASE
           WHEN l.license_key IS NULL THEN 'is ' || l.stage || ' without a key'
           WHEN l.method <> 'key_pool' THEN 'needs no key and carries one'
           WHEN k.license IS NULL THEN 'carries a key that has no license'
           WHEN l.product <> k.product THEN 'carries a key of another product'
           ELSE 'is ' || l.stage || ' and its key in state ' || CAST(k.state AS text) END"
    ),
    (
        "l.partnership <> o.partnership OR i.orders <> l.orders OR c.partnership <> l.partnership",
        "CASE WHEN l.partnership <> o.partnership THEN 'is another partnership''s than its order'
           WHEN i.orders <> l.orders THEN 'is of another order than its item' ELSE 'has a customer of another partnership' END"
    ),
    (
        "(l.orders IS NOT NULL AND o.id IS NULL) OR (l.item IS NOT NULL AND i.id IS NULL) OR (l.fulfillment IS NOT NULL AND f.id IS NULL)
           OR (l.license_key IS NOT NULL AND k.id IS NULL) OR (l.customer IS NOT NULL AND c.id IS NULL)
           OR (l.reseller_information IS NOT NULL AND r.id IS NULL)",
        "CASE WHEN l.orders IS NOT NULL AND o.id IS NULL THEN 'orders' WHEN l.item IS NOT NULL AND i.id IS NULL THEN 'item'
           WHEN l.fulfillment IS NOT NULL AND f.id IS NULL THEN 'fulfillment' WHEN l.license_key IS NOT NULL AND k.id IS NULL THEN 'license_key'
           WHEN l.customer IS NOT NULL AND c.id IS NULL THEN 'customer' ELSE 'reseller_information' END || ' in license refers to nothing of this merchant'"
    ),
);

pub(super) static FUNDED: Check = Check {
    name: "licenses.funded",
    meaning: "Every license that is available or was handed over belongs to an order that was released: paid, on credit, or free.",
    how: How::Scans(&[Scan::ids(keys!("license"), "lic", Look::Part(&LICENSES, 0))]),
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
                 FROM (SELECT l.merchant, l.orders, l.item, l.product, COUNT(*) AS made FROM license l WHERE ",
                within!("l", "orders"),
                " GROUP BY l.merchant, l.orders, l.item, l.product) g
                 LEFT JOIN orders o ON o.merchant = g.merchant AND o.id = g.orders",
                also!("o", "id"),
                " LEFT JOIN order_item i ON i.merchant = g.merchant AND i.orders = g.orders AND i.id = g.item",
                also!("i", "orders"),
                " LEFT JOIN product p ON p.merchant = i.merchant AND p.number = i.product
                 WHERE o.placed_ms IS NULL OR i.id IS NULL OR (g.product = i.product AND g.made <> i.quantity)
                   OR (g.product <> i.product AND (p.type <> 'bundle' OR g.made % i.quantity <> 0)) ORDER BY g.merchant, g.item"
            ),
        )
        .by_ranges(),
        Scan::ids(
            keys!("orders"),
            "itm",
            wrong!(
                "SELECT i.merchant, i.id, 'of ' || CAST(i.quantity AS text) || ' is placed and has no license'
                 FROM order_item i LEFT JOIN license l ON l.merchant = i.merchant AND l.orders = i.orders AND l.item = i.id",
                also!("l", "orders"),
                " CROSS JOIN orders o WHERE o.merchant = i.merchant AND o.id = i.orders AND o.placed_ms IS NOT NULL AND l.id IS NULL AND ",
                within!("i", "orders"),
                " ORDER BY i.merchant, i.orders"
            ),
        )
        .by_ranges(),
    ]),
};
