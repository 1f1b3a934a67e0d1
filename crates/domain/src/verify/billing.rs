//! Invoices and payments: documents as issued, amounts that agree, one live invoice for each order.

use super::scan::{Bounds, Finding, Look, Scan, Together, also, keys, together, within, wrong};
use super::{Check, How};
use crate::billing::InvoiceDocument;
use crate::ids::InvoiceId;
use serde_json::Value as Json;
use tradepost_store::{BoxFuture, Columns, Fault, FromRow, Reader, Row, sql};

pub(super) static INVOICE_TOTALS: Check = Check {
    name: "billing.invoice_totals",
    meaning: "The document of every invoice adds up by the rule of BIL-1, is what its row says, and what was noted when it was issued; its orders come to it, a top-up has none.",
    how: How::Scans(&[Scan::ids(keys!("invoice"), "inv", Look::Code(look)).of_rows(2_000).by_ranges()]),
};

/// An invoice's row beside its document.
struct Issued {
    merchant: i64,
    id: InvoiceId,
    number: String,
    days: (String, String),
    currency: String,
    total_minor: i64,
    /// What its orders come to; a top-up has none and stands for itself.
    of_orders: Option<i64>,
    body: String,
    noted: Option<String>,
}

impl FromRow for Issued {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut c: Columns = row.take();
        Ok(Self {
            merchant: c.next()?,
            id: c.next()?,
            number: c.next()?,
            days: (c.next()?, c.next()?),
            currency: c.next()?,
            total_minor: c.next()?,
            of_orders: c.next()?,
            body: c.next()?,
            noted: c.next()?,
        })
    }
}

fn look<'a>(reader: &'a mut Reader<'_>, bounds: Bounds) -> BoxFuture<'a, Result<Vec<Finding>, Fault>> {
    Box::pin(async move {
        let text = sql!(concat!(
            "SELECT i.merchant, i.id, i.number, i.issued_on, i.due_on, i.currency, i.total_minor,
               CASE WHEN i.kind = 'order' THEN CAST(COALESCE(s.comes_to, 0) AS bigint) END, i.body,
               (SELECT MIN(a.after_json) FROM audit a WHERE a.merchant = i.merchant AND a.subject = i.id AND a.action || '' = 'invoice.issued')
             FROM invoice i LEFT JOIN (SELECT o.merchant, o.invoice, SUM(o.amount_minor) AS comes_to FROM invoice_order o WHERE ",
            within!("o", "invoice"),
            " GROUP BY o.merchant, o.invoice) s ON s.merchant = i.merchant AND s.invoice = i.id WHERE ",
            within!("i"),
            " ORDER BY i.merchant, i.id"
        ));
        let invoices: Vec<Issued> = reader.query(text, &bounds.0).await?;
        Ok(invoices.iter().filter_map(|invoice| judge(invoice).map(|detail| Finding::new(invoice.merchant, invoice.id, detail))).collect())
    })
}

fn judge(row: &Issued) -> Option<String> {
    let Ok(document) = serde_json::from_str::<InvoiceDocument>(&row.body) else { return Some("has a document that does not read".to_owned()) };
    let lines: i128 = document.lines.iter().map(|line| i128::from(line.line_minor)).sum();
    let same = (document.number.as_str(), document.issued_on.to_string(), document.due_on.to_string(), document.currency.code())
        == (row.number.as_str(), row.days.0.clone(), row.days.1.clone(), row.currency.as_str());
    match () {
        () if document.total_by_rule() != Some(document.total_minor) => Some(format!("says {} and does not add up to it", document.total_minor)),
        () if document.total_minor != row.total_minor => Some(format!("says {}, its row {}", document.total_minor, row.total_minor)),
        () if lines != i128::from(document.subtotal_minor) => Some(format!("has lines of {lines} and a subtotal of {}", document.subtotal_minor)),
        () if row.of_orders.is_some_and(|of_orders| of_orders != row.total_minor) => {
            Some(format!("comes to {}, its orders to {}", row.total_minor, row.of_orders.unwrap_or(0)))
        }
        () if !same => Some("has a document that is not its row's: number, days or currency".to_owned()),
        () => differs_from_noted(&document, row.noted.as_deref()),
    }
}

/// An issued body never changes: it still says what the audit trail noted on the day.
fn differs_from_noted(document: &InvoiceDocument, noted: Option<&str>) -> Option<String> {
    let Some(noted) = noted.and_then(|text| serde_json::from_str::<Json>(text).ok()) else {
        return Some("was issued and nobody noted it".to_owned());
    };
    let total = serde_json::to_value(document.currency.minor(document.total_minor)).unwrap_or_default();
    let said = (Json::from(document.number.as_str()), Json::from(document.due_on.to_string()), total);
    let was = (noted["number"].clone(), noted["due_on"].clone(), noted["total"].clone());
    (said != was).then(|| "does not say what was noted when it was issued".to_owned())
}

/// What is asked of payments beside their invoice and what they gave to orders, in the order of the questions: by
/// [`REFERENCES`](super::tenancy::REFERENCES), [`FOREIGN_KEYS`](super::tenancy::FOREIGN_KEYS) and [`PAYMENTS`].
pub(super) static PAID: Together = together!(
    concat!(
        "(SELECT p.merchant, p.id, p.partnership, p.currency, p.amount_minor, p.allocated_minor, i.id AS invoice, i.partnership AS payer, i.currency AS asked, i.kind,
             COALESCE(SUM(a.amount_minor), 0) AS parts
           FROM payment p LEFT JOIN payment_allocation a ON a.merchant = p.merchant AND a.payment = p.id",
        also!("a", "payment"),
        " LEFT JOIN invoice i ON i.merchant = p.merchant AND i.id = p.invoice WHERE ",
        within!("p"),
        " GROUP BY p.merchant, p.id, i.merchant, i.id) x WHERE (1 = 1)"
    ), "x.merchant", "x.id":
    ("x.partnership <> x.payer", "'is another partnership''s than its invoice'"),
    ("x.invoice IS NULL", "'invoice in payment refers to nothing of this merchant'"),
    (
        "x.parts <> CASE WHEN x.kind = 'top_up' THEN 0 ELSE x.allocated_minor END OR x.allocated_minor > x.amount_minor OR x.currency <> x.asked",
        "'of ' || CAST(x.amount_minor AS text) || ' gave ' || CAST(x.allocated_minor AS text) || ', its parts ' || CAST(x.parts AS text)"
    ),
);

pub(super) static PAYMENTS: Check = Check {
    name: "billing.payments",
    meaning: "What payments gave to orders and prepaid balances is what was paid of the orders and of the invoices, and never more than the payment, the order or the invoice.",
    how: How::Scans(&[
        Scan::ids(keys!("payment"), "pay", Look::Part(&PAID, 2)).by_ranges(),
        Scan::ids(
            keys!("invoice"),
            "inv",
            wrong!(
                "SELECT i.merchant, i.id, 'of ' || CAST(i.total_minor AS text) || ' is paid ' || CAST(i.paid_minor AS text) || ', by payments ' || CAST(COALESCE(SUM(p.allocated_minor), 0) AS text)
                 FROM invoice i LEFT JOIN payment p ON p.merchant = i.merchant AND p.invoice = i.id",
                also!("p", "invoice"),
                " WHERE ",
                within!("i"),
                " GROUP BY i.merchant, i.id, i.total_minor, i.paid_minor, i.paid_ms
                 HAVING COALESCE(SUM(p.allocated_minor), 0) <> i.paid_minor OR i.paid_minor > i.total_minor OR (i.paid_ms IS NULL) <> (i.paid_minor < i.total_minor)
                 ORDER BY i.merchant, i.id"
            ),
        )
        .by_ranges(),
        Scan::ids(
            keys!("orders"),
            "ord",
            wrong!(
                "SELECT o.merchant, o.id, 'of ' || CAST(o.total_minor AS text) || ' is paid ' || CAST(o.paid_minor AS text) || ', by payments ' || CAST(COALESCE(SUM(a.amount_minor), 0) AS text)
                 FROM orders o LEFT JOIN payment_allocation a ON a.merchant = o.merchant AND a.orders = o.id",
                also!("a", "orders"),
                " WHERE ",
                within!("o"),
                " GROUP BY o.merchant, o.id, o.total_minor, o.paid_minor
                 HAVING COALESCE(SUM(a.amount_minor), 0) <> o.paid_minor OR o.paid_minor > o.total_minor ORDER BY o.merchant, o.id"
            ),
        )
        .by_ranges(),
    ]),
};

pub(super) static ONE_LIVE_INVOICE_PER_ORDER: Check = Check {
    name: "billing.one_live_invoice_per_order",
    meaning: "A placed order stands on exactly one invoice that is not canceled, over its total; a canceled order and a draft on none.",
    how: How::Scans(&[Scan::ids(
        keys!("orders"),
        "ord",
        wrong!(
            "SELECT o.merchant, o.id, 'stands on ' || CAST(COUNT(i.id) AS text) || ' live invoices over ' || CAST(COALESCE(SUM(CASE WHEN i.id IS NOT NULL THEN x.amount_minor END), 0) AS text)
             FROM orders o LEFT JOIN invoice_order x ON x.merchant = o.merchant AND x.orders = o.id",
                also!("x", "orders"),
            " LEFT JOIN invoice i ON i.merchant = x.merchant AND i.id = x.invoice AND i.canceled_ms IS NULL WHERE ",
            within!("o"),
            " GROUP BY o.merchant, o.id, o.placed_ms, o.canceled_ms, o.total_minor
             HAVING COUNT(i.id) <> CASE WHEN o.placed_ms IS NULL OR o.canceled_ms IS NOT NULL THEN 0 ELSE 1 END
               OR (COUNT(i.id) = 1 AND SUM(CASE WHEN i.id IS NOT NULL THEN x.amount_minor END) <> o.total_minor) ORDER BY o.merchant, o.id"
        ),
    )
    .by_ranges()]),
};

pub(super) static TOP_UPS: Check = Check {
    name: "billing.top_ups",
    meaning: "A top-up invoice stands for no order, every other for one at least, and of a partnership's automatic top-ups one at most is open (EXT-8).",
    how: How::Scans(&[
        Scan::ids(
            keys!("invoice"),
            "inv",
            wrong!(
                "SELECT i.merchant, i.id, CASE WHEN i.kind = 'top_up' THEN 'is a top-up and stands for an order' ELSE 'stands for no order and is no top-up' END
                 FROM invoice i LEFT JOIN invoice_order x ON x.merchant = i.merchant AND x.invoice = i.id",
                also!("x", "invoice"),
                " WHERE ",
                within!("i"),
                " GROUP BY i.merchant, i.id, i.kind HAVING (i.kind = 'top_up') = (COUNT(x.orders) > 0) ORDER BY i.merchant, i.id"
            ),
        )
        .by_ranges(),
        Scan::ids(
            keys!("invoice"),
            "inv",
            wrong!(
                "SELECT i.merchant, i.id, 'is an open automatic top-up beside another'
                 FROM invoice i WHERE i.kind = 'top_up' AND i.automatic = 1 AND i.paid_ms IS NULL AND i.canceled_ms IS NULL
                   AND EXISTS (SELECT 1 FROM invoice x WHERE x.merchant = i.merchant AND x.partnership = i.partnership AND x.id <> i.id
                     AND x.kind = 'top_up' AND x.automatic = 1 AND x.paid_ms IS NULL AND x.canceled_ms IS NULL) AND ",
                within!("i"),
                " ORDER BY i.merchant, i.id"
            ),
        ),
    ]),
};
