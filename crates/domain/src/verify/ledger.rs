//! The books: sums, balances, currencies, reversals, and that business was booked as it happened.

use super::scan::{Look, Scan, Together, also, keys, together, within, wrong};
use super::{Check, How};

/// What is asked of every transfer, its entries and what it books: by [`TRANSFERS_BALANCE`], [`ENTRY_CURRENCY`] and [`POSTINGS`]. What is
/// none of a kind's is looked for under no id at all, which costs nothing.
static TRANSFERS: Together = together!(
    concat!(
        "(SELECT t.merchant, t.id, t.kind, COUNT(e.place) AS entries, COALESCE(SUM(e.amount_minor), 0) AS comes_to, MIN(a.currency) AS least, MAX(a.currency) AS most,
             MAX(COALESCE(o.currency, p.currency, f.currency)) AS currency, COUNT(COALESCE(o.id, p.id)) AS known,
             COALESCE(SUM(CASE WHEN a.partnership = COALESCE(o.partnership, p.partnership) AND a.kind = CASE WHEN i.kind = 'top_up' THEN 'prepaid' ELSE 'receivable' END
               THEN e.amount_minor END), 0) AS booked,
             MAX(CASE t.kind WHEN 'order_placed' THEN CASE WHEN o.placed_ms IS NULL THEN 0 ELSE o.total_minor END WHEN 'payment' THEN -p.allocated_minor END) AS due
           FROM transfer t
           LEFT JOIN orders o ON o.merchant = t.merchant AND o.id = CASE WHEN t.kind NOT IN ('payment', 'fulfillment', 'fulfillment_refund') THEN t.reference END
           LEFT JOIN payment p ON p.merchant = t.merchant
             AND p.id = CASE WHEN o.id IS NULL AND t.kind NOT IN ('fulfillment', 'fulfillment_refund') THEN t.reference END
           LEFT JOIN invoice i ON i.merchant = p.merchant AND i.id = p.invoice
           LEFT JOIN cancel_request c ON c.merchant = t.merchant AND c.id = CASE WHEN t.kind = 'fulfillment_refund' THEN t.reference END
           LEFT JOIN fulfillment f ON f.merchant = t.merchant
             AND f.id = CASE WHEN o.id IS NULL AND p.id IS NULL THEN COALESCE(c.fulfillment, t.reference) END
           LEFT JOIN entry e ON e.merchant = t.merchant AND e.transfer = t.id",
                also!("e", "transfer"),
        " LEFT JOIN account a ON a.merchant = e.merchant AND a.id = e.account WHERE ",
        within!("t"),
        " GROUP BY t.merchant, t.id, t.kind) x WHERE (1 = 1)"
    ), "x.merchant", "x.id":
    ("x.comes_to <> 0 OR x.entries < 2", "CAST(x.entries AS text) || ' entries sum to ' || CAST(x.comes_to AS text)"),
    (
        "x.least <> x.most OR x.least <> COALESCE(x.currency, x.least)",
        "'books ' || COALESCE(x.currency, x.least) || ' on accounts in ' || x.least || ' to ' || x.most"
    ),
    (
        "x.kind IN ('order_placed', 'order_canceled', 'cancellation_credit', 'payment') AND (x.known = 0 OR x.booked <> COALESCE(x.due, x.booked))",
        "CASE WHEN x.known = 0 THEN 'is called ' || x.kind || ' and there is none' ELSE 'books ' || CAST(x.booked AS text) || ' for ' || CAST(x.due AS text) END"
    ),
);

pub(super) static TRANSFERS_BALANCE: Check = Check {
    name: "ledger.transfers_balance",
    meaning: "The entries of every transfer sum to zero, and there are at least two.",
    how: How::Scans(&[Scan::ids(keys!("transfer"), "trf", Look::Part(&TRANSFERS, 0)).by_ranges()]),
};

pub(super) static ZERO_SUM: Check = Check {
    name: "ledger.zero_sum",
    meaning: "The balances of a merchant's accounts sum to zero in every currency.",
    how: How::Scans(&[Scan::ids(
        keys!(merchants),
        "mer",
        wrong!(
            "SELECT m.number, m.id, 'balances in ' || a.currency || ' sum to ' || CAST(SUM(a.balance_minor) AS text)
             FROM merchant m CROSS JOIN account a WHERE a.merchant = m.number AND m.number = $1 AND m.id > $2 AND m.id <= $3
             GROUP BY m.number, m.id, a.currency HAVING SUM(a.balance_minor) <> 0 ORDER BY m.number"
        ),
    )
    .of_rows(20)]),
};

pub(super) static BALANCES: Check = Check {
    name: "ledger.balances",
    meaning: "The balance of every account is the sum of its entries; an account balance is never overdrawn.",
    how: How::Scans(&[Scan::ids(
        keys!("account"),
        "acc",
        wrong!(
            "SELECT a.merchant, a.id, a.kind || ' has ' || CAST(a.balance_minor AS text) || ', its entries sum to ' || CAST(COALESCE(s.comes_to, 0) AS text)
             FROM account a LEFT JOIN (SELECT e.merchant, e.account, SUM(e.amount_minor) AS comes_to FROM entry e WHERE ",
            within!("e", "account"),
            " GROUP BY e.merchant, e.account) s ON s.merchant = a.merchant AND s.account = a.id WHERE ",
            within!("a"),
            " AND (COALESCE(s.comes_to, 0) <> a.balance_minor OR (a.kind IN ('account_balance', 'prepaid') AND a.balance_minor > 0)) ORDER BY a.merchant, a.id"
        ),
    )
    .of_rows(20)
    .by_ranges()]),
};

pub(super) static ENTRY_CURRENCY: Check = Check {
    name: "ledger.entry_currency",
    meaning: "All entries of a transfer are on accounts of one currency: that of its order, payment or fulfillment, a refund's that of the fulfillment that it is for.",
    how: How::Scans(&[Scan::ids(keys!("transfer"), "trf", Look::Part(&TRANSFERS, 1)).by_ranges()]),
};

pub(super) static REVERSALS: Check = Check {
    name: "ledger.reversals",
    meaning: "A reversal negates the transfer that it names, account by account, and no transfer is reversed twice.",
    how: How::Scans(&[
        Scan::ids(
            keys!("transfer"),
            "trf",
            wrong!(
                "SELECT x.merchant, x.id, 'and its original leave ' || CAST(SUM(x.amount_minor) AS text) || ' on an account'
                 FROM (SELECT t.merchant, t.id, e.account, e.amount_minor FROM transfer t CROSS JOIN entry e
                       WHERE e.merchant = t.merchant AND e.transfer = t.id AND t.reverses IS NOT NULL AND ",
                within!("t"),
                " UNION ALL
                       SELECT t.merchant, t.id, e.account, e.amount_minor FROM transfer t CROSS JOIN entry e
                       WHERE e.merchant = t.merchant AND e.transfer = t.reverses AND t.reverses IS NOT NULL AND ",
                within!("t"),
                ") x GROUP BY x.merchant, x.id, x.account HAVING SUM(x.amount_minor) <> 0 ORDER BY x.merchant, x.id"
            ),
        ),
        Scan::ids(
            keys!("transfer"),
            "trf",
            wrong!(
                "SELECT t.merchant, t.id, 'reverses ' || CASE WHEN o.id IS NULL THEN 'nothing' ELSE o.kind || ' of another subject' END
                 FROM transfer t LEFT JOIN transfer o ON o.merchant = t.merchant AND o.id = t.reverses
                 WHERE t.reverses IS NOT NULL AND (o.id IS NULL OR o.reference <> t.reference) AND ",
                within!("t"),
                " ORDER BY t.merchant, t.id"
            ),
        ),
    ]),
};

pub(super) static POSTINGS: Check = Check {
    name: "ledger.postings",
    meaning: "Every placed order is booked once as a debt of its total, taken back where it was canceled; every payment is booked at what it came to: against debts, a top-up's into the prepaid balance (EXT-1).",
    how: How::Scans(&[
        // No subject has two transfers of one kind: the schema sees to that. So there is the one, and it books the right amount.
        Scan::ids(keys!("transfer"), "trf", Look::Part(&TRANSFERS, 2)).by_ranges(),
        Scan::ids(
            keys!("orders"),
            "ord",
            wrong!(
                "SELECT o.merchant, o.id, 'owes ' || CAST(o.total_minor AS text) || ' and nothing is booked'
                 FROM orders o LEFT JOIN transfer t ON t.merchant = o.merchant AND t.kind = 'order_placed' AND t.reference = o.id",
                also!("t", "reference"),
                " WHERE o.placed_ms IS NOT NULL AND o.total_minor > 0 AND t.id IS NULL AND ",
                within!("o"),
                " ORDER BY o.merchant, o.id"
            ),
        )
        .by_ranges(),
        Scan::ids(
            keys!("orders"),
            "ord",
            wrong!(
                "SELECT o.merchant, o.id, CASE WHEN t.id IS NULL THEN 'is canceled and its debt not taken back' ELSE 'is not canceled and its debt taken back' END
                 FROM orders o LEFT JOIN transfer t ON t.merchant = o.merchant AND t.kind = 'order_canceled' AND t.reference = o.id",
                also!("t", "reference"),
                " WHERE o.placed_ms IS NOT NULL AND o.total_minor > 0 AND (o.canceled_ms IS NULL) <> (t.id IS NULL) AND ",
                within!("o"),
                " ORDER BY o.merchant, o.id"
            ),
        )
        .by_ranges(),
        Scan::ids(
            keys!("payment"),
            "pay",
            wrong!(
                "SELECT p.merchant, p.id, 'pays ' || CAST(p.allocated_minor AS text) || ' and nothing is booked'
                 FROM payment p LEFT JOIN transfer t ON t.merchant = p.merchant AND t.kind = 'payment' AND t.reference = p.id",
                also!("t", "reference"),
                " WHERE t.id IS NULL AND ",
                within!("p"),
                " ORDER BY p.merchant, p.id"
            ),
        )
        .by_ranges(),
    ]),
};
