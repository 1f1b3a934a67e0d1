//! Every write on `request_log`.

use super::{LogOwner, LoggedRequest};
use crate::ids::RequestId;
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, SetSql, Tx, params, sql};

static INSERT: SetSql = SetSql::insert(
    "request_log",
    &[
        ("merchant", Int),
        ("owner", Bytes),
        ("id", Bytes),
        ("api_key", Bytes),
        ("key_name", Text),
        ("method", Text),
        ("path", Text),
        ("status", Int),
        ("code", Text),
        ("duration_ms", Int),
        ("address", Text),
        ("at_ms", Int),
    ],
    // A server that did not hear whether they were written writes them again.
    "ON CONFLICT DO NOTHING",
);

/// Writes lines; those that are there already stay as they are.
pub(super) async fn insert(tx: &mut Tx<'_>, rows: &[LoggedRequest]) -> Result<(), Fault> {
    let columns = vec![
        Column::ints(rows.iter().map(|row| row.owner.merchant)),
        Column::Ids(rows.iter().map(|row| row.owner.bytes()).collect()),
        Column::ids(rows.iter().map(|row| row.id)),
        Column::ids(rows.iter().map(|row| row.key)),
        Column::texts(rows.iter().map(|row| row.key_name.clone())),
        Column::texts(rows.iter().map(|row| row.method.clone())),
        Column::texts(rows.iter().map(|row| row.path.clone())),
        Column::ints(rows.iter().map(|row| row.status)),
        Column::OptTexts(rows.iter().map(|row| row.code.clone()).collect()),
        Column::ints(rows.iter().map(|row| row.duration_ms)),
        Column::OptTexts(rows.iter().map(|row| row.address.clone()).collect()),
        Column::ints(rows.iter().map(|row| row.at.ms())),
    ];
    tx.write_set(&INSERT, columns).await?;
    Ok(())
}

static DELETE: SetSql = SetSql::update(
    "DELETE FROM request_log USING rows r WHERE request_log.merchant = r.merchant AND request_log.owner = r.owner AND request_log.id = r.id",
    &[("merchant", Int), ("owner", Bytes), ("id", Bytes)],
);

/// Deletes lines by their keys.
pub(super) async fn delete(tx: &mut Tx<'_>, rows: &[(i64, [u8; 16], RequestId)]) -> Result<(), Fault> {
    let columns =
        vec![Column::ints(rows.iter().map(|row| row.0)), Column::Ids(rows.iter().map(|row| row.1).collect()), Column::ids(rows.iter().map(|row| row.2))];
    tx.write_set(&DELETE, columns).await?;
    Ok(())
}

/// Deletes an owner's lines up to this one.
pub(super) async fn delete_up_to(tx: &mut Tx<'_>, owner: LogOwner, last: RequestId) -> Result<u64, Fault> {
    let delete = sql!("DELETE FROM request_log WHERE merchant = $1 AND owner = $2 AND id <= $3");
    tx.execute(delete, params![owner.merchant, owner.bytes(), last]).await
}
