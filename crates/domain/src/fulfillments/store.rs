//! Every writing statement on fulfillments.

use super::queries::FulfillmentRow;
use super::requests::CancelRequestRow;
use super::take_back::Refund;
use crate::ids::LicenseId;
use tradepost_kernel::{Timestamp, sabotage};
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, SetSql, Tx, params, sql};

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
        ("ready", Int),
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
        Column::ints(rows.iter().map(|row| row.ready)),
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

/// Notes that `count` more of its licenses are made; with the last ones it is delivered.
///
/// # Errors
/// [`Fault::Rows`] where another server made them meanwhile; the store's.
pub(super) async fn note_made(tx: &mut Tx<'_>, merchant: i64, row: &FulfillmentRow, count: i64, delivered: Option<Timestamp>) -> Result<(), Fault> {
    let sql = sql!(
        "UPDATE fulfillment SET ready = ready + $4, state = CASE WHEN CAST($5 AS bigint) IS NULL THEN state ELSE 'delivered' END, delivered_ms = $5, version = version + 1 \
         WHERE merchant = $1 AND id = $2 AND state = 'processing' AND ready = $3"
    );
    tx.execute_exactly(1, sql, params![merchant, row.id, row.ready, count, delivered]).await
}

/// Notes what was taken back of it and what went back for that.
///
/// # Errors
/// [`Fault::Rows`] where something else was taken back meanwhile; the store's.
pub(super) async fn take_back(tx: &mut Tx<'_>, merchant: i64, row: &FulfillmentRow, refund: &Refund) -> Result<(), Fault> {
    let sql = sql!(
        "UPDATE fulfillment SET state = $4, refunded_quantity = refunded_quantity + $5, refunded_minor = refunded_minor + $6, version = version + 1 \
         WHERE merchant = $1 AND id = $2 AND state = $3"
    );
    tx.execute_exactly(1, sql, params![merchant, row.id, row.state.name(), refund.leaves.name(), refund.units, refund.minor]).await
}

static NAME_LICENSES: SetSql = SetSql::insert("cancel_request_license", &[("merchant", Int), ("cancel_request", Bytes), ("license", Bytes)], "");

/// Writes a new request and the licenses that it names.
///
/// # Errors
/// The store's; the unique index of the schema where one is pending.
pub(super) async fn insert_request(tx: &mut Tx<'_>, merchant: i64, request: &CancelRequestRow, named: &[LicenseId]) -> Result<(), Fault> {
    let sql = sql!(
        "INSERT INTO cancel_request (merchant, id, partnership, fulfillment, reason, state, whole, quantity, created_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    );
    let (state, whole) = (request.state.name(), request.whole);
    let values = params![merchant, request.id, request.partnership, request.fulfillment, &request.reason, state, whole, request.quantity, request.created];
    tx.execute_exactly(1, sql, values).await?;
    let columns = vec![Column::same(merchant, named.len()), Column::ids(named.iter().map(|_| request.id)), Column::ids(named.iter().copied())];
    tx.write_whole_set(&NAME_LICENSES, columns).await
}

/// Decides a pending request, or withdraws it.
///
/// # Errors
/// [`Fault::Rows`] where it is not pending any more; the store's.
pub(super) async fn decide_request(tx: &mut Tx<'_>, merchant: i64, decided: &CancelRequestRow) -> Result<(), Fault> {
    let guarded = sql!(
        "UPDATE cancel_request SET state = $3, quantity = $4, refund_minor = $5, note = $6, decided_ms = $7, version = version + 1 \
         WHERE merchant = $1 AND id = $2 AND state = 'pending'"
    );
    let unguarded = sql!(
        "UPDATE cancel_request SET state = $3, quantity = $4, refund_minor = $5, note = $6, decided_ms = $7, version = version + 1 \
         WHERE merchant = $1 AND id = $2"
    );
    // With the bug nothing stands behind whoever goes by an old state.
    let sql = if sabotage::is("cancel_request.stale") { unguarded } else { guarded };
    let state = decided.state.name();
    tx.execute_exactly(1, sql, params![merchant, decided.id, state, decided.quantity, decided.refund_minor, decided.note.clone(), decided.decided]).await
}
