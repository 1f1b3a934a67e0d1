//! Numbers without gaps: of orders per year, of invoices per series.

use super::scan::{Bounds, Finding, Look, Scan, Start, keys, within, wrong};
use super::{Check, How};
use crate::ids::{InvoiceId, OrderId};
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
        Scan::ids(keys!("orders"), "ord", Look::Code(look_at_orders)),
    ]),
};

/// With unique numbers, each between 1 and the counter, and as many as the counter says, there are no gaps. Two of one
/// number are found by the index, one look-up each: to count different numbers would hold them all in memory.
fn look_at_orders<'a>(reader: &'a mut Reader<'_>, bounds: Bounds) -> BoxFuture<'a, Result<Vec<Finding>, Fault>> {
    Box::pin(async move {
        let text = sql!(concat!(
            "SELECT o.merchant, o.id, o.number, c.value, (SELECT COUNT(*) FROM orders x WHERE x.merchant = o.merchant AND x.number = o.number) FROM orders o
             LEFT JOIN counter c ON c.merchant = o.merchant AND c.name = 'order:' || substr(o.number, 1, 4) WHERE o.number IS NOT NULL AND ",
            within!("o"),
            " ORDER BY o.merchant, o.id"
        ));
        let orders: Vec<(i64, OrderId, String, Option<i64>, i64)> = reader.query(text, &bounds.0).await?;
        let wrong = |(merchant, id, number, counter, same): (i64, OrderId, String, Option<i64>, i64)| {
            let sequence = number.split_once('-').and_then(|(year, rest)| {
                let sequence: i64 = rest.parse().ok()?;
                (year.len() == 4 && number == format!("{year}-{sequence:06}")).then_some(sequence)
            });
            let detail = match (sequence, counter) {
                (None, _) => format!("has the number {number}, which is none"),
                (Some(_), _) if same > 1 => format!("has the number {number}, which {same} orders have"),
                (Some(sequence), Some(counter)) if (1..=counter).contains(&sequence) => return None,
                (Some(_), counter) => format!("has the number {number}, its counter stands at {}", counter.unwrap_or(0)),
            };
            Some(Finding::new(merchant, id, detail))
        };
        Ok(orders.into_iter().filter_map(wrong).collect())
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
        Scan::ids(keys!("invoice"), "inv", Look::Code(look_at_invoices)),
    ]),
};

/// An invoice's row, in the order of the SELECT.
type InvoiceNumber = (i64, InvoiceId, String, i64, String, Option<i64>, i64);

fn look_at_invoices<'a>(reader: &'a mut Reader<'_>, bounds: Bounds) -> BoxFuture<'a, Result<Vec<Finding>, Fault>> {
    Box::pin(async move {
        let text = sql!(concat!(
            "SELECT i.merchant, i.id, i.series, i.sequence, i.number, c.value,
               (SELECT COUNT(*) FROM invoice x WHERE x.merchant = i.merchant AND x.series = i.series AND x.sequence = i.sequence) FROM invoice i
             LEFT JOIN counter c ON c.merchant = i.merchant AND c.name = 'invoice:' || i.series WHERE ",
            within!("i"),
            " ORDER BY i.merchant, i.id"
        ));
        let invoices: Vec<InvoiceNumber> = reader.query(text, &bounds.0).await?;
        let wrong = |(merchant, id, series, sequence, number, counter, same): InvoiceNumber| {
            let right = same == 1 && number == format!("{series}-{sequence:06}") && counter.is_some_and(|counter| (1..=counter).contains(&sequence));
            (!right).then(|| {
                Finding::new(merchant, id, format!("has the number {number} for {sequence} of {series}, whose counter stands at {}", counter.unwrap_or(0)))
            })
        };
        Ok(invoices.into_iter().filter_map(wrong).collect())
    })
}
