//! Imports, and what their commands look at.

use crate::access::{MerchantScope, named};
use crate::ids::{KeyImportId, LicenseKeyId, ProductId};
use crate::listing::{Page, PageRequest, containing};
use std::collections::HashMap;
use tradepost_kernel::Timestamp;
use tradepost_store::ColumnType::{Bytes, Int};
use tradepost_store::{Column, Fault, FromRow, Reader, Row, SetSql, Sql, params, sql};

/// One import of license keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyImportView {
    /// Which one.
    pub id: KeyImportId,
    /// Where the codes came from.
    pub source: String,
    /// A note for people.
    pub note: Option<String>,
    /// `staging`, `done` or `abandoned`.
    pub state: String,
    /// Keys staged, or, when done, taken in.
    pub staged: i64,
    /// Duplicates left out.
    pub duplicates: i64,
    /// Malformed lines left out.
    pub bad: i64,
    /// When it began.
    pub created: Timestamp,
    /// When its last slice was staged.
    pub touched: Timestamp,
    /// When it ended.
    pub finished: Option<Timestamp>,
}

impl FromRow for KeyImportView {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        Ok(Self {
            id: columns.next()?,
            source: columns.next()?,
            note: columns.next()?,
            state: columns.next()?,
            staged: columns.next()?,
            duplicates: columns.next()?,
            bad: columns.next()?,
            created: columns.next()?,
            touched: columns.next()?,
            finished: columns.next()?,
        })
    }
}

macro_rules! import_from {
    () => {
        "SELECT id, source, note, state, staged, duplicates, bad, created_ms, touched_ms, finished_ms FROM key_import WHERE merchant = $1 "
    };
}

/// Where an import stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportState {
    /// Its keys come in, and are no stock yet.
    Staging,
    /// Its keys are stock.
    Done,
    /// It was given up; nothing of it is stock.
    Abandoned,
}
named!(ImportState { Staging = "staging", Done = "done", Abandoned = "abandoned" });

/// Which imports a list shows.
#[derive(Clone, Debug, Default)]
pub struct ImportFilter {
    /// Only those in this state.
    pub state: Option<ImportState>,
    /// Only those with this in their source or note, whatever its case.
    pub search: Option<String>,
}

/// A page of imports, newest first.
///
/// # Errors
/// The store's.
pub async fn imports(reader: &mut Reader<'_>, scope: MerchantScope, filter: &ImportFilter, page: PageRequest) -> Result<Page<KeyImportView>, Fault> {
    const LIST: Sql = sql!(concat!(
        import_from!(),
        "AND id < $2 AND ($4 = '' OR state = $4) AND (LOWER(source) LIKE $5 ESCAPE '!' OR LOWER(note) LIKE $5 ESCAPE '!' OR $5 IS NULL)
         ORDER BY id DESC LIMIT $3"
    ));
    let pattern = filter.search.as_deref().map(containing);
    let rows = reader.query(LIST, params![scope.merchant, page.bound(), page.fetch(), filter.state.map_or("", ImportState::name), pattern]).await?;
    Ok(page.page(rows, |import: &KeyImportView| import.id))
}

/// One import.
///
/// # Errors
/// The store's.
pub async fn import(reader: &mut Reader<'_>, scope: MerchantScope, id: KeyImportId) -> Result<Option<KeyImportView>, Fault> {
    const ONE: Sql = sql!(concat!(import_from!(), "AND id = $2"));
    reader.query_opt(ONE, params![scope.merchant, id]).await
}

/// Locks an import's row.
pub(in crate::stock) async fn lock_import(reader: &mut Reader<'_>, scope: MerchantScope, id: KeyImportId) -> Result<Option<KeyImportView>, Fault> {
    const LOCKED: Sql = sql!(concat!(import_from!(), "AND id = $2 FOR UPDATE"));
    reader.query_opt(LOCKED, params![scope.merchant, id]).await
}

/// Imports that left staged keys or may have: those that were not touched since `before`, and abandoned ones
/// that still hold a product.
pub(in crate::stock) async fn abandoned_imports(reader: &mut Reader<'_>, scope: MerchantScope, before: Timestamp) -> Result<Vec<KeyImportId>, Fault> {
    let sql = sql!(
        "SELECT id FROM key_import WHERE merchant = $1 AND state = 'staging' AND touched_ms < $2 \
         UNION SELECT k.id FROM stock s JOIN key_import k ON k.merchant = s.merchant AND k.id = s.staging \
         WHERE s.merchant = $1 AND k.state = 'abandoned'"
    );
    let rows: Vec<(KeyImportId,)> = reader.query(sql, params![scope.merchant, before]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Where a product's places stand.
#[derive(Clone, Copy, Debug)]
pub(in crate::stock) struct Shelf {
    pub(in crate::stock) next_place: i64,
    pub(in crate::stock) staging: Option<KeyImportId>,
}

impl FromRow for Shelf {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        Ok(Self { next_place: columns.next()?, staging: columns.next()? })
    }
}

macro_rules! shelf_of_product {
    () => {
        "SELECT next_place, staging FROM stock WHERE merchant = $1 AND product = $2"
    };
}

/// A product's places; `None` where it has no counters yet.
pub(in crate::stock) async fn shelf(reader: &mut Reader<'_>, merchant: i64, product: i64) -> Result<Option<Shelf>, Fault> {
    const ONE: Sql = sql!(shelf_of_product!());
    reader.query_opt(ONE, params![merchant, product]).await
}

/// The same, the counters locked.
pub(in crate::stock) async fn lock_shelf(reader: &mut Reader<'_>, merchant: i64, product: i64) -> Result<Option<Shelf>, Fault> {
    const LOCKED: Sql = sql!(concat!(shelf_of_product!(), " FOR UPDATE"));
    reader.query_opt(LOCKED, params![merchant, product]).await
}

/// A product that an import stages for.
#[derive(Clone, Copy, Debug)]
pub(in crate::stock) struct StagedShelf {
    pub(in crate::stock) product: i64,
    pub(in crate::stock) id: ProductId,
    pub(in crate::stock) horizon: i64,
    pub(in crate::stock) next_place: i64,
}

/// The products that an import stages for, locked, in order of number.
pub(in crate::stock) async fn shelves_of(reader: &mut Reader<'_>, merchant: i64, import: KeyImportId) -> Result<Vec<StagedShelf>, Fault> {
    let sql = sql!(
        "SELECT s.product, p.id, s.horizon, s.next_place FROM stock s JOIN product p ON p.merchant = s.merchant AND p.number = s.product \
         WHERE s.merchant = $1 AND s.staging = $2 ORDER BY s.product FOR UPDATE OF s"
    );
    let rows: Vec<(i64, ProductId, i64, i64)> = reader.query(sql, params![merchant, import]).await?;
    Ok(rows.into_iter().map(|(product, id, horizon, next_place)| StagedShelf { product, id, horizon, next_place }).collect())
}

/// Which codes (by fingerprint) a product has already, staged ones too, and the import that brought each.
pub(in crate::stock) async fn known_codes(
    reader: &mut Reader<'_>,
    merchant: i64,
    product: i64,
    fingerprints: &[[u8; 16]],
) -> Result<HashMap<[u8; 16], KeyImportId>, Fault> {
    let columns = [Column::ints(fingerprints.iter().map(|_| merchant)), Column::ints(fingerprints.iter().map(|_| product)), Column::Ids(fingerprints.to_vec())];
    let rows: Vec<([u8; 16], KeyImportId)> = reader.query_set(&KNOWN_CODES, &columns).await?;
    Ok(rows.into_iter().collect())
}

/// One by one by the whole of the index: as `= ANY`, PostgreSQL walks all keys of the product for each slice. From-until and
/// in order, which only that index is: as `=` alone, a plan that was made while the table was small walks them for each code.
static KNOWN_CODES: SetSql = SetSql::select(
    "SELECT r.fingerprint, k.import FROM rows r CROSS JOIN LATERAL (SELECT a.import FROM license_key a WHERE a.merchant = r.merchant \
     AND a.product = r.product AND a.fingerprint >= r.fingerprint AND a.fingerprint <= r.fingerprint ORDER BY a.fingerprint LIMIT 1) k",
    &[("merchant", Int), ("product", Int), ("fingerprint", Bytes)],
);

/// The first of the keys that an import brought.
pub(in crate::stock) async fn staged_keys(reader: &mut Reader<'_>, merchant: i64, import: KeyImportId, limit: usize) -> Result<Vec<LicenseKeyId>, Fault> {
    let sql = sql!("SELECT id FROM license_key WHERE merchant = $1 AND import = $2 ORDER BY id LIMIT $3");
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows: Vec<(LicenseKeyId,)> = reader.query(sql, params![merchant, import, limit]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
