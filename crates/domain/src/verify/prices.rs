//! Prices: what was kept as their explanation still leads to them (CAT-5).

use super::scan::{Bounds, Finding, Look, Scan, also, keys, within};
use super::{Check, How};
use crate::catalog::pricing::Explanation;
use crate::ids::OrderItemId;
use tradepost_kernel::Currency;
use tradepost_store::{BoxFuture, Fault, Reader, sql};

pub(super) static EXPLAINED: Check = Check {
    name: "orders.prices_explained",
    meaning: "Unit price and line of every placed item follow from its kept explanation, computed anew (CAT-5).",
    how: How::Scans(&[Scan::ids(keys!("order_item", "orders"), "itm", Look::Code(look)).by_ranges()]),
};

type ItemRow = (i64, OrderItemId, i64, i64, i64, Option<String>, Currency, Option<i64>);

fn look<'a>(reader: &'a mut Reader<'_>, bounds: Bounds) -> BoxFuture<'a, Result<Vec<Finding>, Fault>> {
    Box::pin(async move {
        let text = sql!(concat!(
            "SELECT i.merchant, i.id, i.quantity, i.unit_minor, i.line_minor, i.explanation, o.currency, o.placed_ms
             FROM order_item i CROSS JOIN orders o WHERE o.merchant = i.merchant AND o.id = i.orders",
            also!("o", "id"),
            " AND ",
            within!("i", "orders"),
            " ORDER BY i.merchant, i.orders"
        ));
        let items: Vec<ItemRow> = reader.query(text, &bounds.0).await?;
        Ok(items.into_iter().filter_map(judge).collect())
    })
}

fn judge((merchant, id, quantity, unit, line, explanation, currency, placed): ItemRow) -> Option<Finding> {
    let wrong = |detail: String| Some(Finding::new(merchant, id, detail));
    let Some(text) = explanation else {
        return if placed.is_some() { wrong("is placed and its price not explained".to_owned()) } else { None };
    };
    let Ok(kept) = serde_json::from_str::<Explanation>(&text) else { return wrong("has an explanation that does not read".to_owned()) };
    match kept.recompute() {
        None => wrong("has an explanation that contradicts itself".to_owned()),
        Some(computed) if computed != (unit, line) => {
            wrong(format!("costs {unit} each and {line} in all, by its explanation {} and {}", computed.0, computed.1))
        }
        Some(_) if kept.quantity != quantity => wrong(format!("is of {quantity}, explained for {}", kept.quantity)),
        Some(_) if kept.currency != currency => wrong(format!("is in {currency}, explained in {}", kept.currency)),
        Some(_) => None,
    }
}
