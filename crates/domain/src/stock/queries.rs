//! What is asked of the stock: counts, sealed codes, lists of masked keys.

mod batches;
mod expiry;
mod imports;
mod keys;

pub use batches::{AT_WORK, BATCH_KEYS, BatchCode, BatchView, Work, WorkKind, at_work, batch, batches, codes_of_batch};
pub(super) use batches::{BatchKey, WorkShelf, keys_of_batch, keys_to_move, lock_batch, work_shelves};
pub use expiry::{EXPIRED_KEYS, EXPIRING, expiring};
pub(super) use expiry::{expired_keys, lock_expiring, next_expiry};

pub use imports::{ImportFilter, ImportState, KeyImportView, import, imports};
pub(super) use imports::{Shelf, abandoned_imports, known_codes, lock_import, lock_shelf, shelf, shelves_of, staged_keys};
pub use keys::{KeyFilter, KeyView, StockFilter, StockView, key, keys, stock, stock_of};

use super::Level;
use crate::ids::LicenseKeyId;
use std::collections::{HashMap, HashSet};
use tradepost_kernel::Timestamp;
use tradepost_store::{Column, Fault, FromRow, Reader, Row, params, sql};

/// A code as it is stored, and how it looks in lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedCode {
    /// For [`open_code`](super::open_code).
    pub sealed: Vec<u8>,
    /// `ABCD-••••-WXYZ`.
    pub masked: String,
    /// The product's number.
    pub product: i64,
}

/// The counters of one product, and its switches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StockCounts {
    /// Product number.
    pub product: i64,
    /// May be claimed now.
    pub available: i64,
    /// Taken by orders that are not released, or promised to large fulfillments that are being delivered.
    pub reserved: i64,
    /// The resellers'.
    pub allocated: i64,
    /// Given to customers.
    pub delivered: i64,
    /// Taken back.
    pub revoked: i64,
    /// Shown, then returned.
    pub burned: i64,
    /// At or below this many available keys the stock is low.
    pub threshold: i64,
    /// Whether orders are taken beyond the stock (STK-7).
    pub backorder: bool,
    /// What was announced last.
    pub level: Level,
}

impl FromRow for StockCounts {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        Ok(Self {
            product: columns.next()?,
            available: columns.next()?,
            reserved: columns.next()?,
            allocated: columns.next()?,
            delivered: columns.next()?,
            revoked: columns.next()?,
            burned: columns.next()?,
            threshold: columns.next()?,
            backorder: columns.next()?,
            level: Level::from_name(&columns.next::<String>()?).ok_or(Fault::Column("a level of stock"))?,
        })
    }
}

/// Counters by product number. A product that never had a key nor a switch set is missing from the map: it has
/// nothing, refuses orders, and takes no backorders.
///
/// # Errors
/// The store's.
pub async fn counts(reader: &mut Reader<'_>, merchant: i64, products: &[i64]) -> Result<HashMap<i64, StockCounts>, Fault> {
    let sql = sql!(
        "SELECT product, available, reserved + promised, allocated, delivered, revoked, burned, threshold, backorder, level \
         FROM stock WHERE merchant = $1 AND product = ANY($2)"
    );
    let rows: Vec<StockCounts> = reader.query_each(sql, params![merchant], &Column::ints(products.iter().copied())).await?;
    Ok(rows.into_iter().map(|counts| (counts.product, counts)).collect())
}

/// The sealed codes of keys.
///
/// # Errors
/// The store's.
pub async fn sealed(reader: &mut Reader<'_>, merchant: i64, keys: &[LicenseKeyId]) -> Result<HashMap<LicenseKeyId, SealedCode>, Fault> {
    let sql = sql!("SELECT id, sealed, masked, product FROM license_key WHERE merchant = $1 AND id = ANY($2)");
    let rows: Vec<(LicenseKeyId, Vec<u8>, String, i64)> = reader.query_each(sql, params![merchant], &Column::ids(keys.iter().copied())).await?;
    Ok(rows.into_iter().map(|(id, sealed, masked, product)| (id, SealedCode { sealed, masked, product })).collect())
}

/// A key that comes back to stock, or, where it was shown, does not.
#[derive(Clone, Copy, Debug)]
pub(super) struct ComingBack {
    pub(super) id: LicenseKeyId,
    pub(super) product: i64,
    /// Whether it was ever shown to somebody outside the merchant.
    pub(super) shown: bool,
    pub(super) expires: Option<Timestamp>,
}

/// What decides about keys that come back. Their rows are locked.
pub(super) async fn coming_back(reader: &mut Reader<'_>, merchant: i64, keys: &[(LicenseKeyId, i64)]) -> Result<Vec<ComingBack>, Fault> {
    let sql = sql!("SELECT id, product, shown_ms, expires_ms FROM license_key WHERE merchant = $1 AND id = ANY($2) FOR UPDATE");
    let rows: Vec<(LicenseKeyId, i64, Option<i64>, Option<Timestamp>)> =
        reader.query_each(sql, params![merchant], &Column::ids(keys.iter().map(|(key, _)| *key))).await?;
    Ok(rows.into_iter().map(|(id, product, shown, expires)| ComingBack { id, product, shown: shown.is_some(), expires }).collect())
}

/// Which of these keys were ever shown to somebody outside the merchant.
///
/// # Errors
/// The store's.
pub async fn shown_among(reader: &mut Reader<'_>, merchant: i64, keys: &[LicenseKeyId]) -> Result<HashSet<LicenseKeyId>, Fault> {
    let pairs: Vec<(LicenseKeyId, i64)> = keys.iter().map(|key| (*key, 0)).collect();
    Ok(coming_back(reader, merchant, &pairs).await?.into_iter().filter(|key| key.shown).map(|key| key.id).collect())
}
