//! Batches: imports with where their keys came from, and what is done with all of them (STK-6).

use crate::access::{MerchantScope, named};
use crate::ids::{KeyImportId, LicenseKeyId, ProductId};
use crate::listing::{Page, PageRequest};
use crate::stock::KeyState;
use std::collections::{BTreeMap, BTreeSet};
use tradepost_kernel::{Currency, Money, Timestamp};
use tradepost_store::{Column, Columns, Fault, FromRow, Reader, Row, Sql, params, sql};

/// What is done with the keys of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkKind {
    /// Those that are not sold are revoked.
    Revoke,
    /// Those that are not sold become another product's.
    Move,
    /// Those that are not sold get another last day.
    Expiry,
}
named!(WorkKind { Revoke = "revoke", Move = "move", Expiry = "expiry" });

/// How far the work on a batch is; a work that ended stays until the next one begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// What is done.
    pub kind: WorkKind,
    /// The number of the product that keys are moved to.
    pub product: Option<i64>,
    /// That product's id.
    pub product_id: Option<ProductId>,
    /// What the keys are to expire at.
    pub expires: Option<Timestamp>,
    /// Keys up to this one were looked at.
    pub after: LicenseKeyId,
    /// Keys that it was done with.
    pub changed: i64,
    /// Keys that were left alone: sold, or in the other product's stock already.
    pub left: i64,
    /// When it began.
    pub begun: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

/// An import that is done, as a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchView {
    /// The import.
    pub id: KeyImportId,
    /// Where the codes came from.
    pub source: String,
    /// Who brought them, by the name of then; `None` where it is not known any more.
    pub by: Option<String>,
    /// When.
    pub created: Timestamp,
    /// A note for people.
    pub note: Option<String>,
    /// What all of it cost.
    pub cost: Option<Money>,
    /// The first moment at which its keys are not sold any more, where a key says no other.
    pub expires: Option<Timestamp>,
    /// `staging`, `done` or `abandoned`.
    pub state: String,
    /// Keys that came in.
    pub keys: i64,
    /// What was or is done with them.
    pub work: Option<Work>,
    /// Counts changes.
    pub version: i64,
}

impl BatchView {
    /// The work that is under way.
    #[must_use]
    pub fn at_work(&self) -> Option<&Work> {
        self.work.as_ref().filter(|work| work.ended.is_none())
    }
}

fn work(columns: &mut Columns) -> Result<Option<Work>, Fault> {
    let kind: Option<String> = columns.next()?;
    let (product, product_id, expires, after) = (columns.next()?, columns.next()?, columns.next()?, columns.next::<Option<LicenseKeyId>>()?);
    let (changed, left, begun, ended) = (columns.next()?, columns.next()?, columns.next::<Option<Timestamp>>()?, columns.next()?);
    let Some(kind) = kind else { return Ok(None) };
    let kind = WorkKind::from_name(&kind).ok_or(Fault::Column("a work on a batch"))?;
    let (after, begun) = after.zip(begun).ok_or(Fault::Column("where a work on a batch stands"))?;
    Ok(Some(Work { kind, product, product_id, expires, after, changed, left, begun, ended }))
}

impl FromRow for BatchView {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut c = row.take();
        let (id, source, by, created, note) = (c.next()?, c.next()?, c.next()?, c.next()?, c.next()?);
        let (minor, currency): (Option<i64>, Option<Currency>) = (c.next()?, c.next()?);
        let cost = minor.zip(currency).map(|(minor, currency)| currency.minor(minor));
        let (expires, state, keys) = (c.next()?, c.next()?, c.next()?);
        let work = work(&mut c)?;
        Ok(Self { id, source, by, created, note, cost, expires, state, keys, work, version: c.next()? })
    }
}

macro_rules! batch_from {
    () => {
        "SELECT b.id, b.source, b.by_name, b.created_ms, b.note, b.cost_minor, b.cost_currency, b.expires_ms, b.state, b.staged, \
         b.work, b.work_product, (SELECT p.id FROM product p WHERE p.merchant = b.merchant AND p.number = b.work_product), b.work_expires_ms, \
         b.work_after, b.work_changed, b.work_left, b.work_begun_ms, b.work_ended_ms, b.version FROM key_import b WHERE b.merchant = $1 "
    };
}

/// A page of batches, newest first: imports whose keys came in.
///
/// # Errors
/// The store's.
pub async fn batches(reader: &mut Reader<'_>, scope: MerchantScope, page: PageRequest) -> Result<Page<BatchView>, Fault> {
    const LIST: Sql = sql!(concat!(batch_from!(), "AND b.id < $2 AND b.state = 'done' ORDER BY b.id DESC LIMIT $3"));
    let rows = reader.query(LIST, params![scope.merchant, page.bound(), page.fetch()]).await?;
    Ok(page.page(rows, |batch: &BatchView| batch.id))
}

/// One batch; also an import that is under way or was given up, as its state says.
///
/// # Errors
/// The store's.
pub async fn batch(reader: &mut Reader<'_>, scope: MerchantScope, id: KeyImportId) -> Result<Option<BatchView>, Fault> {
    const ONE: Sql = sql!(concat!(batch_from!(), "AND b.id = $2"));
    reader.query_opt(ONE, params![scope.merchant, id]).await
}

/// Locks a batch.
pub(in crate::stock) async fn lock_batch(reader: &mut Reader<'_>, scope: MerchantScope, id: KeyImportId) -> Result<Option<BatchView>, Fault> {
    const LOCKED: Sql = sql!(concat!(batch_from!(), "AND b.id = $2 FOR UPDATE OF b"));
    reader.query_opt(LOCKED, params![scope.merchant, id]).await
}

/// Batches that are worked on, the longest first.
pub const AT_WORK: Sql = sql!("SELECT merchant, id FROM key_import WHERE work IS NOT NULL AND work_ended_ms IS NULL ORDER BY work_begun_ms LIMIT $1");

/// Merchant and id of batches that are worked on.
///
/// # Errors
/// The store's.
pub async fn at_work(reader: &mut Reader<'_>, most: i64) -> Result<Vec<(i64, KeyImportId)>, Fault> {
    reader.query(AT_WORK, params![most]).await
}

/// A key as far as a work on its batch looks at it.
#[derive(Clone, Copy, Debug)]
pub(in crate::stock) struct BatchKey {
    pub(in crate::stock) id: LicenseKeyId,
    pub(in crate::stock) product: i64,
    pub(in crate::stock) state: KeyState,
}

/// The next keys of a batch in the order of their ids, and, where it has fewer, some of the batch after it. What orders them stands in the index of batches alone:
/// with `import = $2 … ORDER BY id` PostgreSQL walks the primary key over everybody's keys where it takes the batch for a large one.
macro_rules! next_of_batch {
    ($further:literal) => {
        concat!(
            "SELECT merchant, import, id, product, state, sealed, expires_ms FROM license_key WHERE merchant = $1 AND (import, id) > ($2, $3) ",
            $further,
            "ORDER BY import, id LIMIT $4"
        )
    };
}

/// The keys of a batch behind one of them, in the order of their ids.
pub const BATCH_KEYS: Sql = sql!(concat!("SELECT k.id, k.product, k.state FROM (", next_of_batch!(""), ") k WHERE k.import = $2"));

pub(in crate::stock) async fn keys_of_batch(
    reader: &mut Reader<'_>,
    merchant: i64,
    batch: KeyImportId,
    after: LicenseKeyId,
    most: i64,
) -> Result<Vec<BatchKey>, Fault> {
    let mut rows: Vec<(LicenseKeyId, i64, i64)> = reader.query(BATCH_KEYS, params![merchant, batch, after, most]).await?;
    rows.sort_unstable_by_key(|row| row.0);
    rows.into_iter().map(|(id, product, state)| Ok(BatchKey { id, product, state: KeyState::from_code(state)? })).collect()
}

/// The codes of the same keys, for those that may be moved: of another product than the one they go to, and not sold.
const KEYS_TO_MOVE: Sql = sql!(concat!("SELECT k.id, k.sealed FROM (", next_of_batch!(""), ") k WHERE k.import = $2 AND k.state = 0 AND k.product <> $5"));

pub(in crate::stock) async fn keys_to_move(
    reader: &mut Reader<'_>,
    merchant: i64,
    batch: KeyImportId,
    (after, most): (LicenseKeyId, i64),
    to: i64,
) -> Result<Vec<(LicenseKeyId, Vec<u8>)>, Fault> {
    reader.query(KEYS_TO_MOVE, params![merchant, batch, after, most, to]).await
}

/// What a work on a batch has to know of a product's counters, locked.
#[derive(Clone, Copy, Debug)]
pub(in crate::stock) struct WorkShelf {
    /// So many of its keys in stock are promised to nobody.
    pub(in crate::stock) available: i64,
    pub(in crate::stock) next_place: i64,
    /// An import stages keys of it: its places are taken.
    pub(in crate::stock) staging: bool,
    pub(in crate::stock) id: ProductId,
}

/// Locks the counters of products, in the order of their numbers.
pub(in crate::stock) async fn work_shelves(reader: &mut Reader<'_>, merchant: i64, products: &BTreeSet<i64>) -> Result<BTreeMap<i64, WorkShelf>, Fault> {
    let sql = sql!(
        "SELECT s.product, s.available, s.next_place, s.staging, p.id FROM stock s JOIN product p ON p.merchant = s.merchant AND p.number = s.product \
         WHERE s.merchant = $1 AND s.product = ANY($2) ORDER BY s.product FOR UPDATE OF s"
    );
    let rows: Vec<(i64, i64, i64, Option<KeyImportId>, ProductId)> = reader.query_each(sql, params![merchant], &Column::ints(products.iter().copied())).await?;
    let shelf = |(product, available, next_place, staging, id): (i64, i64, i64, Option<KeyImportId>, ProductId)| {
        (product, WorkShelf { available, next_place, staging: staging.is_some(), id })
    };
    Ok(rows.into_iter().map(shelf).collect())
}

/// A key of a batch with its code, sealed.
#[derive(Clone, Debug)]
pub struct BatchCode {
    /// Which.
    pub id: LicenseKeyId,
    /// The SKU of its product.
    pub sku: String,
    /// The code, for [`open_code`](crate::stock::open_code).
    pub sealed: Vec<u8>,
    /// When it expires.
    pub expires: Option<Timestamp>,
    /// Where it is.
    pub state: KeyState,
}

/// Key, SKU, sealed code, when it expires, state.
type CodeRow = (LicenseKeyId, String, Vec<u8>, Option<Timestamp>, i64);

/// The keys of a batch behind one of them, in the order of their ids; only those in a state, where one is asked for.
///
/// # Errors
/// The store's.
pub async fn codes_of_batch(
    reader: &mut Reader<'_>,
    scope: MerchantScope,
    batch: KeyImportId,
    state: Option<KeyState>,
    (after, most): (LicenseKeyId, i64),
) -> Result<Vec<BatchCode>, Fault> {
    let sql = sql!(concat!(
        "SELECT k.id, p.sku, k.sealed, k.expires_ms, k.state FROM (",
        next_of_batch!("AND (state = $5 OR $5 IS NULL) "),
        ") k JOIN product p ON p.merchant = k.merchant AND p.number = k.product WHERE k.import = $2"
    ));
    let mut rows: Vec<CodeRow> = reader.query(sql, params![scope.merchant, batch, after, most, state.map(KeyState::code)]).await?;
    rows.sort_unstable_by_key(|row| row.0);
    let code = |(id, sku, sealed, expires, state)| Ok(BatchCode { id, sku, sealed, expires, state: KeyState::from_code(state)? });
    rows.into_iter().map(code).collect()
}
