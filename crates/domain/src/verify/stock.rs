//! Keys: sold once, in step with their licenses, counted right, never sold again once seen.

use super::licenses::LICENSES;
use super::scan::{Look, Scan, Start, Together, also, keys, together, within, wrong};
use super::{Check, How};

/// What is asked of every key by itself, in the order of the questions: by [`KEY_AND_LICENSE_AGREE`], [`EXPIRY`] and
/// [`SHOWN_NEVER_AVAILABLE`]. Most are in stock and expire never: nothing is looked up for them. What is, is a value of its own, which no
/// engine turns into a join over all of the other table.
static KEYS: Together = together!(
    concat!("license_key k WHERE ", within!("k")), "k.merchant", "k.id":
    (
        "(k.license IS NULL AND k.state IN (1, 2, 3)) OR (k.license IS NOT NULL AND k.state = 0)",
        "CASE WHEN k.license IS NULL THEN 'is out of stock for no license' ELSE 'is in stock and has a license' END"
    ),
    (
        "(k.expired_ms IS NOT NULL AND (k.state <> 4 OR k.license IS NOT NULL OR k.expires_ms IS NULL OR k.expires_ms > k.expired_ms))
           OR (k.expires_ms IS NOT NULL AND k.state = 0 AND k.expired_ms IS NULL
             AND COALESCE((SELECT CASE WHEN k.place < s.horizon AND (s.expires_from_ms IS NULL OR s.expires_from_ms > k.expires_ms) THEN 1 ELSE 0 END
               FROM stock s WHERE s.merchant = k.merchant AND s.product = k.product), 0) = 1)",
        "CASE WHEN k.expired_ms IS NULL THEN 'expires before its product looks for it' ELSE 'expired and is in state ' || CAST(k.state AS text) END"
    ),
    ("k.state = 0 AND k.shown_ms IS NOT NULL", "'is in stock and was shown'"),
);

/// What is asked of every sold key beside its license, in the order of the questions: by [`KEY_AND_LICENSE_AGREE`] and
/// [`REVEALS`](super::traces::REVEALS). They are read in the order of their licenses, as far as these are a range too.
///
/// Audit rows are found by their subject: PostgreSQL takes an index of few rows for empty where its statistics are older than the first
/// sale, and walked that by action for every license; the added '' keeps it from that. A partnership has many audit rows, so its
/// downloads are looked for last.
pub(super) static SOLD: Together = together!(
    concat!(
        "license_key k LEFT JOIN license l ON l.merchant = k.merchant AND l.id = k.license",
        also!("l", "id"),
        " WHERE k.license IS NOT NULL AND ",
        within!("k", "license")
    ), "k.merchant", "k.id":
    (
        "l.id IS NULL OR (k.state IN (1, 2, 3) AND (l.license_key IS NULL OR l.license_key <> k.id))",
        "'has a license that ' || CASE WHEN l.id IS NULL THEN 'does not exist' ELSE 'does not carry it' END"
    ),
    (
        "k.shown_ms IS NOT NULL AND l.id IS NOT NULL AND CASE
           WHEN (SELECT 1 FROM audit a WHERE a.merchant = l.merchant AND a.subject = l.id AND a.at_ms = k.shown_ms
             AND a.action || '' IN ('license.revealed', 'license.activated', 'license.sent', 'licenses.downloaded') LIMIT 1) IS NOT NULL THEN 1
           WHEN (SELECT 1 FROM audit a WHERE a.merchant = l.merchant AND a.subject = l.fulfillment AND a.at_ms = k.shown_ms
             AND a.action || '' IN ('fulfillment.delivered', 'fulfillment.downloaded') LIMIT 1) IS NOT NULL THEN 1
           WHEN (SELECT 1 FROM audit a WHERE a.merchant = l.merchant AND a.subject = l.orders AND a.at_ms = k.shown_ms
             AND a.action || '' = 'licenses.downloaded' LIMIT 1) IS NOT NULL THEN 1
           WHEN (SELECT 1 FROM audit a WHERE a.merchant = l.merchant AND a.subject = l.partnership AND a.at_ms = k.shown_ms
             AND a.action || '' = 'licenses.downloaded' LIMIT 1) IS NOT NULL THEN 1
           ELSE 0 END = 0",
        "'was shown and nobody noted it'"
    ),
);

pub(super) static ONE_LICENSE_PER_KEY: Check = Check {
    name: "stock.one_license_per_key",
    meaning: "No key is carried by a license while another has it (STK-3).",
    how: How::Scans(&[Scan::ids(keys!("license"), "lic", Look::Part(&LICENSES, 2))]),
};

pub(super) static KEY_AND_LICENSE_AGREE: Check = Check {
    name: "stock.key_and_license_agree",
    meaning: "A key is where its license is: of the same product, reserved while it waits, allocated while it is available, delivered once it was handed over, revoked once it was taken back.",
    how: How::Scans(&[
        Scan::ids(keys!("license"), "lic", Look::Part(&LICENSES, 3)),
        Scan::ids(keys!("license_key"), "lky", Look::Part(&KEYS, 0)),
        Scan::ids(keys!("license_key", "license" where "license IS NOT NULL"), "lky", Look::Part(&SOLD, 0)).by_ranges(),
    ]),
};

pub(super) static COUNTERS: Check = Check {
    name: "stock.counters",
    meaning: "The counters of a product are its keys, state by state, what is promised among those in stock; what is staged is untouched and no stock (STK-4).",
    how: How::Scans(&[Scan::ids(
        keys!("product", "number"),
        "product number",
        wrong!(
            "SELECT g.merchant, g.number, 'counted ' || CAST(COALESCE(s.available + s.promised, 0) AS text) || '/' || CAST(COALESCE(s.reserved, 0) AS text) || '/' || CAST(COALESCE(s.allocated, 0) AS text)
               || '/' || CAST(COALESCE(s.delivered, 0) AS text) || '/' || CAST(COALESCE(s.revoked, 0) AS text) || '/' || CAST(COALESCE(s.burned, 0) AS text)
               || ', there are ' || CAST(g.available AS text) || '/' || CAST(g.reserved AS text) || '/' || CAST(g.allocated AS text)
               || '/' || CAST(g.delivered AS text) || '/' || CAST(g.revoked AS text) || '/' || CAST(g.burned AS text) || ', misplaced ' || CAST(g.misplaced AS text)
             FROM (SELECT p.merchant, p.number,
                 COUNT(CASE WHEN k.state = 0 AND k.place < COALESCE(h.horizon, 1) THEN 1 END) AS available,
                 COUNT(CASE WHEN k.state = 1 THEN 1 END) AS reserved, COUNT(CASE WHEN k.state = 2 THEN 1 END) AS allocated,
                 COUNT(CASE WHEN k.state = 3 THEN 1 END) AS delivered, COUNT(CASE WHEN k.state = 4 THEN 1 END) AS revoked,
                 COUNT(CASE WHEN k.state = 5 THEN 1 END) AS burned,
                 COUNT(CASE WHEN k.place >= COALESCE(h.next_place, 1) OR (k.state <> 0 AND k.place >= COALESCE(h.horizon, 1)) THEN 1 END) AS misplaced
               FROM product p LEFT JOIN stock h ON h.merchant = p.merchant AND h.product = p.number
               LEFT JOIN license_key k ON k.merchant = p.merchant AND k.product = p.number WHERE ",
            within!("p", "number"),
            " GROUP BY p.merchant, p.number) g LEFT JOIN stock s ON s.merchant = g.merchant AND s.product = g.number
             WHERE g.available <> COALESCE(s.available + s.promised, 0) OR g.reserved <> COALESCE(s.reserved, 0) OR g.allocated <> COALESCE(s.allocated, 0)
               OR g.delivered <> COALESCE(s.delivered, 0) OR g.revoked <> COALESCE(s.revoked, 0) OR g.burned <> COALESCE(s.burned, 0) OR g.misplaced > 0
             ORDER BY g.merchant, g.number"
        ),
    )
    .by(Start::Int)
    .of_rows(1)]),
};

pub(super) static PROMISED: Check = Check {
    name: "stock.promised",
    meaning: "What is promised of a product is what the fulfillments that are being delivered still lack (EXT-10).",
    how: How::Scans(&[Scan::ids(
        keys!("stock", "product"),
        "product number",
        wrong!(
            "SELECT g.merchant, g.product, 'promised ' || CAST(g.promised AS text) || ', still to be made ' || CAST(g.lacking AS text)
             FROM (SELECT s.merchant, s.product, s.promised, (SELECT CAST(COALESCE(SUM(f.quantity - f.ready), 0) AS bigint) FROM fulfillment f
                 WHERE f.merchant = s.merchant AND f.state = 'processing' AND f.product = s.product) AS lacking
               FROM stock s WHERE ",
            within!("s", "product"),
            ") g WHERE g.promised <> g.lacking ORDER BY g.merchant, g.product"
        ),
    )
    .by(Start::Int)]),
};

pub(super) static EXPIRY: Check = Check {
    name: "stock.expiry",
    meaning: "No key in stock expires before its product looks for expired ones, and a key that was taken out because it expired is revoked and has no license (STK-6).",
    how: How::Scans(&[Scan::ids(keys!("license_key"), "lky", Look::Part(&KEYS, 1))]),
};

pub(super) static SHOWN_NEVER_AVAILABLE: Check = Check {
    name: "stock.shown_never_available",
    meaning: "A key that somebody saw is not in stock again (STK-2).",
    how: How::Scans(&[Scan::ids(keys!("license_key"), "lky", Look::Part(&KEYS, 2))]),
};
