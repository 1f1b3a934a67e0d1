//! Writing imports and staged keys.

use super::note_level;
use crate::command::Ctx;
use crate::ids::{KeyImportId, LicenseKeyId};
use crate::stock::import::StagedKey;
use tradepost_kernel::{Money, Timestamp};
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, SetSql, Tx, params, sql};

/// An import that begins: where its keys come from (STK-6).
#[derive(Clone, Copy, Debug)]
pub(in crate::stock) struct NewImport<'a> {
    pub(in crate::stock) id: KeyImportId,
    pub(in crate::stock) source: &'a str,
    pub(in crate::stock) note: Option<&'a str>,
    pub(in crate::stock) cost: Option<Money>,
    pub(in crate::stock) expires: Option<Timestamp>,
    pub(in crate::stock) by: &'a str,
}

pub(in crate::stock) async fn insert_import(tx: &mut Tx<'_>, merchant: i64, new: NewImport<'_>, now: Timestamp) -> Result<(), Fault> {
    let NewImport { id, source, note, cost, expires, by } = new;
    tx.execute_exactly(
        1,
        sql!(
            "INSERT INTO key_import (merchant, id, source, note, state, created_ms, touched_ms, cost_minor, cost_currency, expires_ms, by_name) \
             VALUES ($1, $2, $3, $4, 'staging', $5, $5, $6, $7, $8, $9)"
        ),
        params![merchant, id, source, note, now, cost.map(|cost| cost.minor), cost.map(|cost| cost.currency), expires, by],
    )
    .await
}

/// Counters of a product that had none. Two imports that meet here: the later one begins anew and finds them.
pub(in crate::stock) async fn insert_shelf(tx: &mut Tx<'_>, merchant: i64, product: i64) -> Result<(), Fault> {
    let sql = sql!("INSERT INTO stock (merchant, product) VALUES ($1, $2) ON CONFLICT DO NOTHING");
    if tx.execute(sql, params![merchant, product]).await? == 1 { Ok(()) } else { Err(Fault::LostRace("the first keys of a product")) }
}

/// The import stages the product's places up to (without) `next`.
pub(in crate::stock) async fn stage_until(tx: &mut Tx<'_>, merchant: i64, product: i64, import: KeyImportId, next: i64) -> Result<(), Fault> {
    let sql = sql!("UPDATE stock SET staging = $3, next_place = $4 WHERE merchant = $1 AND product = $2 AND (staging IS NULL OR staging = $3)");
    tx.execute_exactly(1, sql, params![merchant, product, import, next]).await
}

/// A key and its place.
#[derive(Clone, Copy, Debug)]
pub(in crate::stock) struct PlacedKey<'a> {
    pub(in crate::stock) key: &'a StagedKey,
    pub(in crate::stock) place: i64,
}

static INSERT_KEY: SetSql = SetSql::insert(
    "license_key",
    &[
        ("merchant", Int),
        ("id", Bytes),
        ("product", Int),
        ("place", Int),
        ("state", Int),
        ("sealed", Bytes),
        ("fingerprint", Bytes),
        ("masked", Text),
        ("import", Bytes),
        ("expires_ms", Int),
    ],
    "",
);

pub(in crate::stock) async fn insert_keys(tx: &mut Tx<'_>, merchant: i64, import: KeyImportId, keys: &[PlacedKey<'_>]) -> Result<(), Fault> {
    let columns = vec![
        Column::same(merchant, keys.len()),
        Column::ids(keys.iter().map(|placed| placed.key.id)),
        Column::ints(keys.iter().map(|placed| placed.key.product)),
        Column::ints(keys.iter().map(|placed| placed.place)),
        Column::same(0, keys.len()),
        Column::OptBytes(keys.iter().map(|placed| Some(placed.key.sealed.clone())).collect()),
        Column::Ids(keys.iter().map(|placed| placed.key.fingerprint).collect()),
        Column::texts(keys.iter().map(|placed| placed.key.masked.clone())),
        Column::Ids(vec![import.bytes(); keys.len()]),
        Column::OptInts(keys.iter().map(|placed| placed.key.expires.map(Timestamp::ms)).collect()),
    ];
    tx.write_whole_set(&INSERT_KEY, columns).await
}

pub(in crate::stock) async fn touch_import(tx: &mut Tx<'_>, merchant: i64, import: KeyImportId, staged: usize, now: Timestamp) -> Result<(), Fault> {
    let sql = sql!("UPDATE key_import SET staged = staged + $3, touched_ms = $4 WHERE merchant = $1 AND id = $2 AND state = 'staging'");
    tx.execute_exactly(1, sql, params![merchant, import, i64::try_from(staged).unwrap_or(i64::MAX), now]).await
}

/// The staged keys of a product become stock: horizon and counters move at once (STK-1, STK-4).
pub(in crate::stock) async fn take_in(ctx: &mut Ctx, tx: &mut Tx<'_>, merchant: i64, product: i64, count: i64) -> Result<(), Fault> {
    let row: (i64, i64, String) = tx
        .query_one(
            sql!(
                "UPDATE stock SET available = available + $3, horizon = next_place, staging = NULL, expires_from_ms = \
                 (SELECT MIN(k.expires_ms) FROM license_key k WHERE k.merchant = $1 AND k.product = $2 AND k.state = 0 AND k.expires_ms IS NOT NULL) \
                 WHERE merchant = $1 AND product = $2 AND next_place - horizon = $3 RETURNING available, threshold, level"
            ),
            params![merchant, product, count],
        )
        .await?;
    note_level(ctx, tx, merchant, product, (row.0, row.1, &row.2)).await
}

/// `found`: duplicates and malformed lines that were left out.
pub(in crate::stock) async fn finish_import(tx: &mut Tx<'_>, merchant: i64, import: KeyImportId, found: (i64, i64), now: Timestamp) -> Result<(), Fault> {
    let sql = sql!(
        "UPDATE key_import SET state = 'done', duplicates = $3, bad = $4, finished_ms = $5, touched_ms = $5 \
         WHERE merchant = $1 AND id = $2 AND state = 'staging'"
    );
    tx.execute_exactly(1, sql, params![merchant, import, found.0, found.1, now]).await
}

pub(in crate::stock) async fn abandon_import(tx: &mut Tx<'_>, merchant: i64, import: KeyImportId, now: Timestamp) -> Result<(), Fault> {
    let sql = sql!("UPDATE key_import SET state = 'abandoned', finished_ms = $3 WHERE merchant = $1 AND id = $2 AND state = 'staging'");
    tx.execute_exactly(1, sql, params![merchant, import, now]).await
}

static DELETE_STAGED: SetSql = SetSql::update(
    "DELETE FROM license_key USING rows r WHERE license_key.merchant = r.merchant AND license_key.id = r.id AND license_key.state = 0",
    &[("merchant", Int), ("id", Bytes)],
);

pub(in crate::stock) async fn delete_staged(tx: &mut Tx<'_>, merchant: i64, keys: &[LicenseKeyId]) -> Result<(), Fault> {
    tx.write_whole_set(&DELETE_STAGED, vec![Column::same(merchant, keys.len()), Column::ids(keys.iter().copied())]).await
}

/// The products of an abandoned import, all its rows gone, can be staged for again.
pub(in crate::stock) async fn free_shelves(tx: &mut Tx<'_>, merchant: i64, import: KeyImportId) -> Result<(), Fault> {
    let sql = sql!("UPDATE stock SET staging = NULL, next_place = horizon WHERE merchant = $1 AND staging = $2");
    tx.execute(sql, params![merchant, import]).await.map(|_| ())
}
