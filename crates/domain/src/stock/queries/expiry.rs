//! Keys that expire, and the products that have such (STK-6).

use crate::ids::{LicenseKeyId, ProductId};
use tradepost_kernel::Timestamp;
use tradepost_store::{Fault, Reader, Sql, params, sql};

/// Products of which keys may have expired, the longest due first.
pub const EXPIRING: Sql = sql!("SELECT merchant, product FROM stock WHERE expires_from_ms <= $1 AND available > 0 ORDER BY expires_from_ms LIMIT $2");

/// Merchant and number of products of which keys expired, or may have, and are in stock still.
///
/// # Errors
/// The store's.
pub async fn expiring(reader: &mut Reader<'_>, now: Timestamp, most: i64) -> Result<Vec<(i64, i64)>, Fault> {
    reader.query(EXPIRING, params![now, most]).await
}

/// A product of which keys may have expired, its counters locked.
#[derive(Clone, Copy, Debug)]
pub(in crate::stock) struct ExpiringShelf {
    pub(in crate::stock) id: ProductId,
    pub(in crate::stock) available: i64,
    pub(in crate::stock) horizon: i64,
    pub(in crate::stock) expires_from: Option<Timestamp>,
}

/// Locks a product's counters; `None` where no key of it can have expired.
pub(in crate::stock) async fn lock_expiring(reader: &mut Reader<'_>, merchant: i64, product: i64, now: Timestamp) -> Result<Option<ExpiringShelf>, Fault> {
    let sql = sql!(
        "SELECT p.id, s.available, s.horizon, s.expires_from_ms FROM stock s JOIN product p ON p.merchant = s.merchant AND p.number = s.product \
         WHERE s.merchant = $1 AND s.product = $2 AND s.expires_from_ms <= $3 FOR UPDATE OF s"
    );
    let found: Option<(ProductId, i64, i64, Option<Timestamp>)> = reader.query_opt(sql, params![merchant, product, now]).await?;
    Ok(found.map(|(id, available, horizon, expires_from)| ExpiringShelf { id, available, horizon, expires_from }))
}

/// The keys of a product in stock that expired, the longest due first.
pub const EXPIRED_KEYS: Sql = sql!(
    "SELECT id FROM license_key WHERE merchant = $1 AND product = $2 AND state = 0 AND expires_ms <= $4 AND place < $3 ORDER BY expires_ms, place LIMIT $5"
);

/// Keys before the horizon that expired by now.
pub(in crate::stock) async fn expired_keys(
    reader: &mut Reader<'_>,
    merchant: i64,
    product: i64,
    (horizon, now): (i64, Timestamp),
    most: i64,
) -> Result<Vec<LicenseKeyId>, Fault> {
    let rows: Vec<(LicenseKeyId,)> = reader.query(EXPIRED_KEYS, params![merchant, product, horizon, now, most]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// When the next key of a product in stock, or staged, expires.
pub(in crate::stock) async fn next_expiry(reader: &mut Reader<'_>, merchant: i64, product: i64, now: Timestamp) -> Result<Option<Timestamp>, Fault> {
    let sql = sql!("SELECT expires_ms FROM license_key WHERE merchant = $1 AND product = $2 AND state = 0 AND expires_ms > $3 ORDER BY expires_ms LIMIT 1");
    let found: Option<(Timestamp,)> = reader.query_opt(sql, params![merchant, product, now]).await?;
    Ok(found.map(|(at,)| at))
}
