//! Every writing statement on fulfillments.

use super::queries::FulfillmentRow;
use tradepost_kernel::Timestamp;
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, SetSql, Tx};

static INSERT: SetSql = SetSql::insert(
    "fulfillment",
    &[
        ("merchant", Int),
        ("id", Bytes),
        ("partnership", Bytes),
        ("external_order_id", Text),
        ("source", Text),
        ("state", Text),
        ("product", Int),
        ("quantity", Int),
        ("currency", Text),
        ("unit_minor", Int),
        ("total_minor", Int),
        ("explanation", Text),
        ("balance_after_minor", Int),
        ("customer_email", Text),
        ("customer_name", Text),
        ("metadata", Text),
        ("mailed", Int),
        ("day", Text),
        ("created_ms", Int),
        ("delivered_ms", Int),
    ],
    "",
);

/// Writes new fulfillments.
///
/// # Errors
/// The store's.
pub(super) async fn insert<'a>(tx: &mut Tx<'_>, merchant: i64, rows: impl Iterator<Item = &'a FulfillmentRow>) -> Result<(), Fault> {
    let rows: Vec<&FulfillmentRow> = rows.collect();
    let columns = vec![
        Column::same(merchant, rows.len()),
        Column::ids(rows.iter().map(|row| row.id)),
        Column::ids(rows.iter().map(|row| row.partnership)),
        Column::texts(rows.iter().map(|row| row.external_order_id.clone())),
        Column::texts(rows.iter().map(|row| row.door.name().to_owned())),
        Column::texts(rows.iter().map(|row| row.state.name().to_owned())),
        Column::ints(rows.iter().map(|row| row.product)),
        Column::ints(rows.iter().map(|row| row.quantity)),
        Column::texts(rows.iter().map(|row| row.currency.code().to_owned())),
        Column::ints(rows.iter().map(|row| row.unit_minor)),
        Column::ints(rows.iter().map(|row| row.total_minor)),
        Column::texts(rows.iter().map(|row| row.explanation.clone())),
        Column::ints(rows.iter().map(|row| row.balance_after_minor)),
        Column::texts(rows.iter().map(|row| row.customer_email.clone())),
        Column::OptTexts(rows.iter().map(|row| row.customer_name.clone()).collect()),
        Column::OptTexts(rows.iter().map(|row| row.metadata.clone()).collect()),
        Column::ints(rows.iter().map(|row| i64::from(row.mailed))),
        Column::texts(rows.iter().map(|row| row.day.to_string())),
        Column::ints(rows.iter().map(|row| row.created.ms())),
        Column::OptInts(rows.iter().map(|row| row.delivered.map(Timestamp::ms)).collect()),
    ];
    tx.write_whole_set(&INSERT, columns).await
}
