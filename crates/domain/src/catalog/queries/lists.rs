//! Price lists, and what was given to or withheld from partnerships.

use crate::access::{MerchantScope, PartnershipScope};
use crate::ids::{PriceListId, ProductId};
use crate::listing::{Page, PageRequest, containing};
use tradepost_kernel::Timestamp;
use tradepost_store::{Fault, FromRow, Reader, Row, params, sql};

/// One price list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceListView {
    /// Which one.
    pub id: PriceListId,
    /// Unique per merchant.
    pub name: String,
    /// Products that it offers.
    pub products: i64,
    /// When it was created.
    pub created: Timestamp,
    /// Counts changes.
    pub version: i64,
}

impl FromRow for PriceListView {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        Ok(Self { id: columns.next()?, name: columns.next()?, products: columns.next()?, created: columns.next()?, version: columns.next()? })
    }
}

/// A page of price lists, newest first; with `search` only those with it in their name, whatever its case.
///
/// # Errors
/// The store's.
pub async fn price_lists(reader: &mut Reader<'_>, scope: MerchantScope, search: Option<&str>, page: PageRequest) -> Result<Page<PriceListView>, Fault> {
    let sql = sql!(
        "SELECT l.id, l.name, (SELECT COUNT(*) FROM price_list_product i WHERE i.merchant = l.merchant AND i.price_list = l.id), l.created_ms, l.version \
         FROM price_list l WHERE l.merchant = $1 AND l.id < $2 AND (LOWER(l.name) LIKE $4 ESCAPE '!' OR $4 IS NULL) ORDER BY l.id DESC LIMIT $3"
    );
    let rows = reader.query(sql, params![scope.merchant, page.bound(), page.fetch(), search.map(containing)]).await?;
    Ok(page.page(rows, |list: &PriceListView| list.id))
}

/// One price list.
///
/// # Errors
/// The store's.
pub async fn price_list(reader: &mut Reader<'_>, scope: MerchantScope, id: PriceListId) -> Result<Option<PriceListView>, Fault> {
    let sql = sql!(
        "SELECT l.id, l.name, (SELECT COUNT(*) FROM price_list_product i WHERE i.merchant = l.merchant AND i.price_list = l.id), l.created_ms, l.version \
         FROM price_list l WHERE l.merchant = $1 AND l.id = $2"
    );
    reader.query_opt(sql, params![scope.merchant, id]).await
}

/// Locks a price list's row.
///
/// # Errors
/// The store's.
pub async fn lock_price_list(reader: &mut Reader<'_>, scope: MerchantScope, id: PriceListId) -> Result<Option<PriceListView>, Fault> {
    let locked: Option<(i64,)> =
        reader.query_opt(sql!("SELECT version FROM price_list WHERE merchant = $1 AND id = $2 FOR UPDATE"), params![scope.merchant, id]).await?;
    if locked.is_none() {
        return Ok(None);
    }
    price_list(reader, scope, id).await
}

/// The price list that has a name.
///
/// # Errors
/// The store's.
pub async fn price_list_by_name(reader: &mut Reader<'_>, scope: MerchantScope, name: &str) -> Result<Option<PriceListId>, Fault> {
    let found: Option<(PriceListId,)> =
        reader.query_opt(sql!("SELECT id FROM price_list WHERE merchant = $1 AND name = $2"), params![scope.merchant, name]).await?;
    Ok(found.map(|(id,)| id))
}

/// The name of a channel that sells from a price list, if any.
///
/// # Errors
/// The store's.
pub async fn channel_selling_from(reader: &mut Reader<'_>, scope: MerchantScope, id: PriceListId) -> Result<Option<String>, Fault> {
    let sql = sql!("SELECT name FROM channel WHERE merchant = $1 AND price_list = $2 ORDER BY id LIMIT 1");
    let found: Option<(String,)> = reader.query_opt(sql, params![scope.merchant, id]).await?;
    Ok(found.map(|(name,)| name))
}

/// A product of a price list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedProduct {
    /// Number.
    pub number: i64,
    /// Id.
    pub id: ProductId,
    /// SKU.
    pub sku: String,
    /// Name.
    pub name: String,
    /// Whether it is sold.
    pub enabled: bool,
}

impl FromRow for OfferedProduct {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        Ok(Self { number: columns.next()?, id: columns.next()?, sku: columns.next()?, name: columns.next()?, enabled: columns.next()? })
    }
}

/// A page of the products that a price list offers, newest product first; only those whose SKU or name contains a word, where one is given.
///
/// # Errors
/// The store's.
pub async fn offered(
    reader: &mut Reader<'_>,
    scope: MerchantScope,
    list: PriceListId,
    search: Option<&str>,
    page: PageRequest,
) -> Result<Page<OfferedProduct>, Fault> {
    let sql = sql!(
        "SELECT p.number, p.id, p.sku, p.name, p.enabled FROM price_list_product i \
         JOIN product p ON p.merchant = i.merchant AND p.number = i.product \
         WHERE i.merchant = $1 AND i.price_list = $2 AND p.id < $3 AND (LOWER(p.sku) LIKE $5 ESCAPE '!' OR LOWER(p.name) LIKE $5 ESCAPE '!' OR $5 IS NULL) \
         ORDER BY p.id DESC LIMIT $4"
    );
    let rows = reader.query(sql, params![scope.merchant, list, page.bound(), page.fetch(), search.map(containing)]).await?;
    Ok(page.page(rows, |product: &OfferedProduct| product.id))
}

/// What was given to (true) or withheld from (false) a partnership directly, newest product first (CAT-4).
///
/// # Errors
/// The store's.
pub async fn direct_access(reader: &mut Reader<'_>, scope: PartnershipScope, page: PageRequest) -> Result<Page<(OfferedProduct, bool)>, Fault> {
    let sql = sql!(
        "SELECT p.number, p.id, p.sku, p.name, p.enabled, a.access FROM partnership_product a \
         JOIN product p ON p.merchant = a.merchant AND p.number = a.product \
         WHERE a.merchant = $1 AND a.partnership = $2 AND p.id < $3 ORDER BY p.id DESC LIMIT $4"
    );
    let rows: Vec<(i64, ProductId, String, String, bool, bool)> =
        reader.query(sql, params![scope.merchant, scope.partnership, page.bound(), page.fetch()]).await?;
    let rows = rows.into_iter().map(|(number, id, sku, name, enabled, access)| (OfferedProduct { number, id, sku, name, enabled }, access)).collect();
    Ok(page.page(rows, |(product, _): &(OfferedProduct, bool)| product.id))
}

/// Whether a product was given to (true) or withheld from (false) a partnership directly.
///
/// # Errors
/// The store's.
pub async fn access(reader: &mut Reader<'_>, scope: PartnershipScope, product: i64) -> Result<Option<bool>, Fault> {
    let sql = sql!("SELECT access FROM partnership_product WHERE merchant = $1 AND partnership = $2 AND product = $3");
    let found: Option<(bool,)> = reader.query_opt(sql, params![scope.merchant, scope.partnership, product]).await?;
    Ok(found.map(|(access,)| access))
}
