//! Numbers without gaps: of orders per year, of invoices per series.

use super::scan::{Bounds, Finding, Look, Scan, Start, keys, within, wrong};
use super::{Check, How};
use tradepost_store::{BoxFuture, Fault, Reader, sql};

pub(super) static ORDERS: Check = Check {
    name: "numbers.orders",
    meaning: "Order numbers are unique and count without gaps per merchant and year (ORD-7).",
    how: How::Scans(&[
        Scan::ids(
            keys!("counter", "name"),
            "counter",
            wrong!(
                "SELECT c.merchant, c.name, 'stands at ' || CAST(c.value AS text) || '; orders ' || CAST(COUNT(o.number) AS text)
                 FROM counter c LEFT JOIN orders o ON o.merchant = c.merchant AND o.number IS NOT NULL AND substr(o.number, 1, 4) = substr(c.name, 7)
                 WHERE c.name LIKE 'order:%' AND ",
                within!("c", "name"),
                " GROUP BY c.merchant, c.name, c.value HAVING COUNT(o.number) <> c.value ORDER BY c.merchant, c.name"
            ),
        )
        .by(Start::Text)
        .of_rows(1),
        Scan::ids(keys!("orders", "number" where "number IS NOT NULL"), "order number", Look::Code(look_at_orders)).by(Start::Text).by_ranges(),
    ]),
};

/// With unique numbers, each between 1 and the counter, and as many as the counter says, there are no gaps. They are read in their
/// own order, where two of one stand side by side: to count different numbers would hold them all in memory.
fn look_at_orders<'a>(reader: &'a mut Reader<'_>, bounds: Bounds) -> BoxFuture<'a, Result<Vec<Finding>, Fault>> {
    Box::pin(async move {
        let text = sql!(concat!(
            "SELECT g.merchant, g.number, c.value, g.same FROM (SELECT o.merchant, o.number, COUNT(*) AS same FROM orders o WHERE o.number IS NOT NULL AND ",
            within!("o", "number"),
            " GROUP BY o.merchant, o.number) g
             LEFT JOIN counter c ON c.merchant = g.merchant AND c.name = 'order:' || substr(g.number, 1, 4) ORDER BY g.merchant, g.number"
        ));
        let numbers: Vec<(i64, String, Option<i64>, i64)> = reader.query(text, &bounds.0).await?;
        let wrong = |(merchant, number, counter, same): (i64, String, Option<i64>, i64)| {
            let sequence = number.split_once('-').and_then(|(year, rest)| {
                let sequence: i64 = rest.parse().ok()?;
                (year.len() == 4 && number == format!("{year}-{sequence:06}")).then_some(sequence)
            });
            let detail = match (sequence, counter) {
                (None, _) => "is none".to_owned(),
                (Some(_), _) if same > 1 => format!("is that of {same} orders"),
                (Some(sequence), Some(counter)) if (1..=counter).contains(&sequence) => return None,
                (Some(_), counter) => format!("is given and its counter stands at {}", counter.unwrap_or(0)),
            };
            Some(Finding { merchant, subject: number.into(), detail })
        };
        Ok(numbers.into_iter().filter_map(wrong).collect())
    })
}

pub(super) static INVOICES: Check = Check {
    name: "billing.invoice_numbers",
    meaning: "Invoice numbers count without gaps per merchant and series (BIL-1).",
    how: How::Scans(&[
        Scan::ids(
            keys!("counter", "name"),
            "counter",
            wrong!(
                "SELECT c.merchant, c.name, 'stands at ' || CAST(c.value AS text) || '; invoices ' || CAST(COUNT(i.sequence) AS text)
                   || ', highest ' || CAST(COALESCE(MAX(i.sequence), 0) AS text)
                 FROM counter c LEFT JOIN invoice i ON i.merchant = c.merchant AND i.series = substr(c.name, 9)
                 WHERE c.name LIKE 'invoice:%' AND ",
                within!("c", "name"),
                " GROUP BY c.merchant, c.name, c.value
                 HAVING COUNT(i.sequence) <> c.value OR COALESCE(MAX(i.sequence), 0) <> c.value OR COALESCE(MIN(i.sequence), 1) <> 1
                 ORDER BY c.merchant, c.name"
            ),
        )
        .by(Start::Text)
        .of_rows(1),
        Scan::ids(keys!("invoice", "number"), "invoice number", Look::Code(look_at_invoices)).by(Start::Text).by_ranges(),
    ]),
};

/// A number, its series and its sequence, its counter, and how many invoices have it.
type InvoiceNumber = (i64, String, String, i64, Option<i64>, i64);

/// As numbers of orders. One says its series and its sequence, so that two invoices with the same of these have one number, or one
/// number that is wrong.
fn look_at_invoices<'a>(reader: &'a mut Reader<'_>, bounds: Bounds) -> BoxFuture<'a, Result<Vec<Finding>, Fault>> {
    Box::pin(async move {
        let text = sql!(concat!(
            "SELECT g.merchant, g.number, g.series, g.sequence, c.value, g.same
             FROM (SELECT i.merchant, i.number, MIN(i.series) AS series, MIN(i.sequence) AS sequence, COUNT(*) AS same FROM invoice i WHERE ",
            within!("i", "number"),
            " GROUP BY i.merchant, i.number) g
             LEFT JOIN counter c ON c.merchant = g.merchant AND c.name = 'invoice:' || g.series ORDER BY g.merchant, g.number"
        ));
        let numbers: Vec<InvoiceNumber> = reader.query(text, &bounds.0).await?;
        let wrong = |(merchant, number, series, sequence, counter, same): InvoiceNumber| {
            let right = same == 1 && number == format!("{series}-{sequence:06}") && counter.is_some_and(|counter| (1..=counter).contains(&sequence));
            let detail = || format!("is {sequence} of {series}, whose counter stands at {}, on {same} invoices", counter.unwrap_or(0));
            (!right).then(|| Finding { merchant, detail: detail(), subject: number.into() })
        };
        Ok(numbers.into_iter().filter_map(wrong).collect())
    })
}
