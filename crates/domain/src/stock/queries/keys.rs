//! Lists of masked keys, and the stock product by product.

use crate::access::MerchantScope;
use crate::ids::{KeyImportId, LicenseId, LicenseKeyId, ProductId};
use crate::listing::{Page, PageRequest, containing};
use crate::stock::queries::StockCounts;
use crate::stock::{KeyState, Level};
use tradepost_kernel::Timestamp;
use tradepost_store::{Fault, FromRow, Reader, Row, Sql, params, sql};

/// One key, masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyView {
    /// Which one.
    pub id: LicenseKeyId,
    /// Its product.
    pub product: ProductId,
    /// Its product's SKU.
    pub sku: String,
    /// Where it is.
    pub state: KeyState,
    /// `ABCD-••••-WXYZ`.
    pub masked: String,
    /// The import that brought it.
    pub import: KeyImportId,
    /// The license that holds or held it.
    pub license: Option<LicenseId>,
    /// When it was first shown to somebody outside the merchant.
    pub shown: Option<Timestamp>,
    /// The first moment at which it is not sold any more (STK-6).
    pub expires: Option<Timestamp>,
    /// When it was taken out of stock for that; it is revoked since.
    pub expired: Option<Timestamp>,
}

impl FromRow for KeyView {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        Ok(Self {
            id: columns.next()?,
            product: columns.next()?,
            sku: columns.next()?,
            state: KeyState::from_code(columns.next()?)?,
            masked: columns.next()?,
            import: columns.next()?,
            license: columns.next()?,
            shown: columns.next()?,
            expires: columns.next()?,
            expired: columns.next()?,
        })
    }
}

/// Staged keys are no stock, so no list shows them.
macro_rules! key_from {
    () => {
        "SELECT k.id, p.id, p.sku, k.state, k.masked, k.import, k.license, k.shown_ms, k.expires_ms, k.expired_ms FROM license_key k \
         JOIN product p ON p.merchant = k.merchant AND p.number = k.product \
         JOIN stock s ON s.merchant = k.merchant AND s.product = k.product AND k.place < s.horizon WHERE k.merchant = $1 "
    };
}

/// Which keys a list shows. The first of product and import is what it goes by.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyFilter {
    /// Of this product (by number).
    pub product: Option<i64>,
    /// Brought by this import.
    pub import: Option<KeyImportId>,
    /// In this state.
    pub state: Option<KeyState>,
}

/// A page of masked keys, newest first.
///
/// # Errors
/// The store's.
pub async fn keys(reader: &mut Reader<'_>, scope: MerchantScope, filter: KeyFilter, page: PageRequest) -> Result<Page<KeyView>, Fault> {
    // One text per index, so that neither engine has to guess.
    const OF_PRODUCT: Sql = sql!(concat!(
        key_from!(),
        "AND k.product = $5 AND (k.import = $6 OR $6 IS NULL) AND k.id < $2 AND (k.state = $3 OR $3 IS NULL) ORDER BY k.id DESC LIMIT $4"
    ));
    const OF_IMPORT: Sql = sql!(concat!(key_from!(), "AND k.import = $5 AND k.id < $2 AND (k.state = $3 OR $3 IS NULL) ORDER BY k.id DESC LIMIT $4"));
    const ALL: Sql = sql!(concat!(key_from!(), "AND k.id < $2 AND (k.state = $3 OR $3 IS NULL) ORDER BY k.id DESC LIMIT $4"));
    let (merchant, state) = (scope.merchant, filter.state.map(KeyState::code));
    let (bound, fetch) = (page.bound(), page.fetch());
    let rows = match filter {
        KeyFilter { product: Some(product), import, .. } => reader.query(OF_PRODUCT, params![merchant, bound, state, fetch, product, import]).await?,
        KeyFilter { import: Some(import), .. } => reader.query(OF_IMPORT, params![merchant, bound, state, fetch, import]).await?,
        KeyFilter { .. } => reader.query(ALL, params![merchant, bound, state, fetch]).await?,
    };
    Ok(page.page(rows, |key: &KeyView| key.id))
}

/// One key, masked; not a staged one.
///
/// # Errors
/// The store's.
pub async fn key(reader: &mut Reader<'_>, scope: MerchantScope, id: LicenseKeyId) -> Result<Option<KeyView>, Fault> {
    const ONE: Sql = sql!(concat!(key_from!(), "AND k.id = $2"));
    reader.query_opt(ONE, params![scope.merchant, id]).await
}

/// The stock of one product that takes keys from a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockView {
    /// Which product.
    pub id: ProductId,
    /// Its SKU.
    pub sku: String,
    /// Its name.
    pub name: String,
    /// All zero where it never had a key.
    pub counts: StockCounts,
}

impl FromRow for StockView {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        let (id, sku, name) = (columns.next()?, columns.next()?, columns.next()?);
        let counts = StockCounts {
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
        };
        Ok(Self { id, sku, name, counts })
    }
}

/// Which products a list of the stock shows.
#[derive(Clone, Debug, Default)]
pub struct StockFilter {
    /// Only those at this level.
    pub level: Option<Level>,
    /// SKU or name contains this, whatever its case.
    pub search: Option<String>,
}

macro_rules! stock_from {
    () => {
        "SELECT p.id, p.sku, p.name, p.number, COALESCE(s.available, 0), COALESCE(s.reserved + s.promised, 0), COALESCE(s.allocated, 0), \
         COALESCE(s.delivered, 0), COALESCE(s.revoked, 0), COALESCE(s.burned, 0), COALESCE(s.threshold, 0), COALESCE(s.backorder, 0), \
         COALESCE(s.level, 'out') FROM product p LEFT JOIN stock s ON s.merchant = p.merchant AND s.product = p.number \
         WHERE p.merchant = $1 AND p.method = 'key_pool' "
    };
}

/// A page of the stock, newest product first; only those at a level, and those whose SKU or name contains a word, where they are asked for.
///
/// # Errors
/// The store's.
pub async fn stock(reader: &mut Reader<'_>, scope: MerchantScope, filter: &StockFilter, page: PageRequest) -> Result<Page<StockView>, Fault> {
    const LIST: Sql = sql!(concat!(
        stock_from!(),
        "AND p.id < $2 AND (COALESCE(s.level, 'out') = $3 OR $3 IS NULL) \
         AND (LOWER(p.sku) LIKE $5 ESCAPE '!' OR LOWER(p.name) LIKE $5 ESCAPE '!' OR $5 IS NULL) ORDER BY p.id DESC LIMIT $4"
    ));
    let search = filter.search.as_deref().map(containing);
    let rows = reader.query(LIST, params![scope.merchant, page.bound(), filter.level.map(Level::name), page.fetch(), search]).await?;
    Ok(page.page(rows, |stock: &StockView| stock.id))
}

/// The stock of one product.
///
/// # Errors
/// The store's.
pub async fn stock_of(reader: &mut Reader<'_>, scope: MerchantScope, product: ProductId) -> Result<Option<StockView>, Fault> {
    const ONE: Sql = sql!(concat!(stock_from!(), "AND p.id = $2"));
    reader.query_opt(ONE, params![scope.merchant, product]).await
}
