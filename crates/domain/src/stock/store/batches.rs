//! Writing what is known of a batch, and what is done with its keys (STK-6).

use super::note_level;
use crate::command::Ctx;
use crate::ids::{KeyImportId, LicenseKeyId};
use crate::stock::queries::{BatchView, Work};
use tradepost_store::ColumnType::{Bytes, Int};
use tradepost_store::{Column, Fault, SetSql, Tx, params, sql};

/// Writes note, cost and expiry of a batch and counts its version up.
pub(in crate::stock) async fn update_batch(tx: &mut Tx<'_>, merchant: i64, batch: &BatchView) -> Result<(), Fault> {
    let sql = sql!(
        "UPDATE key_import SET note = $4, cost_minor = $5, cost_currency = $6, expires_ms = $7, version = version + 1 \
         WHERE merchant = $1 AND id = $2 AND version = $3"
    );
    let cost = (batch.cost.map(|cost| cost.minor), batch.cost.map(|cost| cost.currency));
    tx.execute_exactly(1, sql, params![merchant, batch.id, batch.version, batch.note.as_ref(), cost.0, cost.1, batch.expires]).await
}

/// Begins a work: from the first key on.
pub(in crate::stock) async fn begin_work(tx: &mut Tx<'_>, merchant: i64, batch: KeyImportId, work: &Work) -> Result<(), Fault> {
    let sql = sql!(
        "UPDATE key_import SET work = $3, work_product = $4, work_expires_ms = $5, work_after = $6, work_changed = 0, work_left = 0, \
         work_begun_ms = $7, work_ended_ms = NULL WHERE merchant = $1 AND id = $2 AND state = 'done' AND (work IS NULL OR work_ended_ms IS NOT NULL)"
    );
    tx.execute_exactly(1, sql, params![merchant, batch, work.kind.name(), work.product, work.expires, work.after, work.begun]).await
}

/// Notes a slice of a work, and its end with the last one. `from` is where the slice began.
pub(in crate::stock) async fn note_work(tx: &mut Tx<'_>, merchant: i64, batch: KeyImportId, from: LicenseKeyId, work: &Work) -> Result<(), Fault> {
    let sql = sql!(
        "UPDATE key_import SET work_after = $4, work_changed = $5, work_left = $6, work_ended_ms = $7 \
         WHERE merchant = $1 AND id = $2 AND work_after = $3 AND work_ended_ms IS NULL"
    );
    tx.execute_exactly(1, sql, params![merchant, batch, from, work.after, work.changed, work.left, work.ended]).await
}

/// A key that goes to another product.
#[derive(Clone, Copy, Debug)]
pub(in crate::stock) struct MovedKey {
    pub(in crate::stock) id: LicenseKeyId,
    /// The product that it is of now.
    pub(in crate::stock) from: i64,
    /// What its code is found by there.
    pub(in crate::stock) fingerprint: [u8; 16],
}

static MOVE_TO: SetSql = SetSql::update(
    "UPDATE license_key SET product = r.new_product, place = r.new_place, fingerprint = r.new_fingerprint FROM rows r \
     WHERE license_key.merchant = r.merchant AND license_key.id = r.id AND license_key.product = r.old_product AND license_key.state + 0 = 0",
    &[("merchant", Int), ("id", Bytes), ("old_product", Int), ("new_product", Int), ("new_place", Int), ("new_fingerprint", Bytes)],
);

/// Keys in stock become another product's, behind the last of its places; every key must be available.
pub(in crate::stock) async fn move_to(tx: &mut Tx<'_>, merchant: i64, product: i64, first_place: i64, keys: &[MovedKey]) -> Result<(), Fault> {
    let columns = vec![
        Column::same(merchant, keys.len()),
        Column::ids(keys.iter().map(|key| key.id)),
        Column::ints(keys.iter().map(|key| key.from)),
        Column::same(product, keys.len()),
        Column::ints((first_place..).take(keys.len())),
        Column::Ids(keys.iter().map(|key| key.fingerprint).collect()),
    ];
    tx.write_whole_set(&MOVE_TO, columns).await
}

/// Keys arrived behind the last place of a product that no import stages for: they are stock at once.
pub(in crate::stock) async fn arrive(ctx: &mut Ctx, tx: &mut Tx<'_>, merchant: i64, product: i64, count: i64) -> Result<(), Fault> {
    let row: (i64, i64, String) = tx
        .query_one(
            sql!(
                "UPDATE stock SET available = available + $3, next_place = next_place + $3, horizon = next_place + $3, expires_from_ms = \
                 (SELECT MIN(k.expires_ms) FROM license_key k WHERE k.merchant = $1 AND k.product = $2 AND k.state = 0 AND k.expires_ms IS NOT NULL) \
                 WHERE merchant = $1 AND product = $2 AND staging IS NULL RETURNING available, threshold, level"
            ),
            params![merchant, product, count],
        )
        .await?;
    note_level(ctx, tx, merchant, product, (row.0, row.1, &row.2)).await
}
