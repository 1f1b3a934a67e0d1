//! Writing when keys expire, and that they did (STK-6).

use crate::ids::LicenseKeyId;
use tradepost_kernel::Timestamp;
use tradepost_store::ColumnType::{Bytes, Int};
use tradepost_store::{Column, Fault, SetSql, Tx, params, sql};

static EXPIRE: SetSql = SetSql::update(
    "UPDATE license_key SET state = 4, expired_ms = r.at_ms FROM rows r WHERE license_key.merchant = r.merchant AND license_key.id = r.id \
     AND license_key.product = r.product AND license_key.state + 0 = 0",
    &[("merchant", Int), ("id", Bytes), ("product", Int), ("at_ms", Int)],
);

/// Available → revoked, because they expired; every key must have been available.
pub(in crate::stock) async fn expire(tx: &mut Tx<'_>, merchant: i64, product: i64, keys: &[LicenseKeyId], at: Timestamp) -> Result<(), Fault> {
    let columns =
        vec![Column::same(merchant, keys.len()), Column::ids(keys.iter().copied()), Column::same(product, keys.len()), Column::same(at.ms(), keys.len())];
    tx.write_whole_set(&EXPIRE, columns).await
}

/// Notes the moment before which no key of the product in stock expires.
pub(in crate::stock) async fn expires_from(tx: &mut Tx<'_>, merchant: i64, product: i64, from: Option<Timestamp>) -> Result<(), Fault> {
    let sql = sql!("UPDATE stock SET expires_from_ms = $3 WHERE merchant = $1 AND product = $2");
    tx.execute_exactly(1, sql, params![merchant, product, from]).await
}

/// The same where keys came into stock that expire at `at` or later: an earlier moment stays.
pub(in crate::stock) async fn expires_at_least_from(tx: &mut Tx<'_>, merchant: i64, product: i64, at: Timestamp) -> Result<(), Fault> {
    let sql = sql!("UPDATE stock SET expires_from_ms = $3 WHERE merchant = $1 AND product = $2 AND (expires_from_ms IS NULL OR expires_from_ms > $3)");
    tx.execute(sql, params![merchant, product, at]).await.map(|_| ())
}

static SET_EXPIRY: SetSql = SetSql::update(
    "UPDATE license_key SET expires_ms = r.at_ms FROM rows r WHERE license_key.merchant = r.merchant AND license_key.id = r.id \
     AND license_key.product = r.product AND license_key.state + 0 = 0",
    &[("merchant", Int), ("id", Bytes), ("product", Int), ("at_ms", Int)],
);

/// Sets when keys expire, by key and product; every key must be available.
pub(in crate::stock) async fn set_expiry(tx: &mut Tx<'_>, merchant: i64, keys: &[(LicenseKeyId, i64)], at: Option<Timestamp>) -> Result<(), Fault> {
    let columns = vec![
        Column::same(merchant, keys.len()),
        Column::ids(keys.iter().map(|(key, _)| *key)),
        Column::ints(keys.iter().map(|(_, product)| *product)),
        Column::OptInts(vec![at.map(Timestamp::ms); keys.len()]),
    ];
    tx.write_whole_set(&SET_EXPIRY, columns).await
}
