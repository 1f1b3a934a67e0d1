//! What is asked of the catalog: what a partnership may order, and the merchant's own lists.
//!
//! Access (CAT-4) reads `channel.price_list` of the later slice `partners`: the one column that says which
//! list a channel sells from.

mod lists;
mod offers;
mod products;

pub use lists::{
    OfferedProduct, PriceListView, access, channel_selling_from, direct_access, lock_price_list, offered, price_list, price_list_by_name, price_lists,
};
pub use offers::{Asked, available_all, available_by_number};
pub use products::{
    BookView, PartView, ProductFilter, ProductSort, ProductView, find_product, lock_product, lock_skus, prices, product, products, products_by_sku, sku_owner,
    tiers,
};

use super::{EndUserInformation, Kind, Method, SellableProduct};
use crate::access::PartnershipScope;
use crate::ids::{ChannelId, ProductId};
use crate::listing::{Page, PageRequest, containing};
use std::collections::{BTreeSet, HashMap};
use tradepost_store::ColumnType::{Bytes, Int};
use tradepost_store::{Column, Fault, FromRow, Reader, Row, SetSql, Sql, Value, params, sql};

macro_rules! sellable_columns {
    () => {
        "p.number, p.id, p.parent, p.sku, p.name, p.product_group, p.enabled, p.kind, p.type, p.method, \
         p.end_user_information, p.reseller_information, p.min_quantity, p.max_quantity"
    };
}

pub(super) use sellable_columns;

/// $1 merchant, $2 partnership, $3 channel. A variant is enabled and shared as its parent is; what was given or
/// withheld directly goes before the price list.
macro_rules! available_from {
    () => {
        "FROM product p \
         LEFT JOIN product q ON q.merchant = p.merchant AND q.number = p.parent \
         LEFT JOIN partnership_product a ON a.merchant = p.merchant AND a.partnership = $2 AND a.product = COALESCE(p.parent, p.number) \
         LEFT JOIN channel c ON c.merchant = p.merchant AND c.id = $3 \
         LEFT JOIN price_list_product l ON l.merchant = p.merchant AND l.price_list = c.price_list AND l.product = COALESCE(p.parent, p.number) \
         WHERE p.merchant = $1 AND p.enabled = 1 AND COALESCE(q.enabled, 1) = 1 \
         AND (a.access = 1 OR (a.access IS NULL AND l.product IS NOT NULL)) "
    };
}

impl FromRow for SellableProduct {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        Ok(Self {
            number: columns.next()?,
            id: columns.next()?,
            parent: columns.next()?,
            sku: columns.next()?,
            name: columns.next()?,
            group: columns.next()?,
            enabled: columns.next()?,
            kind: Kind::from_name(&columns.next::<String>()?).ok_or(Fault::Column("a kind of product"))?,
            bundle: columns.next::<String>()? == "bundle",
            parts: Vec::new(),
            method: Method::from_name(&columns.next::<String>()?).ok_or(Fault::Column("a method"))?,
            end_user_information: EndUserInformation::from_name(&columns.next::<String>()?).ok_or(Fault::Column("when end users are asked"))?,
            reseller_information: columns.next()?,
            min_quantity: columns.next()?,
            max_quantity: columns.next()?,
        })
    }
}

/// The products among `products` (by number) that the partnership may order (CAT-4). What is missing from the
/// map is not available. The parts of a bundle are not asked for: whoever may order the bundle gets them.
///
/// # Errors
/// The store's.
pub async fn available(
    reader: &mut Reader<'_>,
    scope: PartnershipScope,
    channel: Option<ChannelId>,
    products: &[i64],
) -> Result<HashMap<i64, SellableProduct>, Fault> {
    let sql = sql!(concat!("SELECT ", sellable_columns!(), " ", available_from!(), "AND p.number = ANY($4)"));
    let rows = reader.query_each(sql, params![scope.merchant, scope.partnership, channel], &Column::ints(products.iter().copied())).await?;
    by_number(reader, scope.merchant, rows).await
}

/// The product named by its id or, else, its SKU, where the partnership may order it.
///
/// # Errors
/// The store's.
pub async fn find_available(
    reader: &mut Reader<'_>,
    scope: PartnershipScope,
    channel: Option<ChannelId>,
    text: &str,
) -> Result<Option<SellableProduct>, Fault> {
    const BY_ID: Sql = sql!(concat!("SELECT ", sellable_columns!(), " ", available_from!(), "AND p.id = $4"));
    const BY_SKU: Sql = sql!(concat!("SELECT ", sellable_columns!(), " ", available_from!(), "AND p.sku = $4"));
    let (sql, key) = match text.parse::<ProductId>() {
        Ok(id) => (BY_ID, Value::from(id)),
        Err(_) => (BY_SKU, Value::from(text)),
    };
    let found = reader.query(sql, &[scope.merchant.into(), scope.partnership.into(), channel.into(), key]).await?;
    Ok(with_parts(reader, scope.merchant, found).await?.pop())
}

/// A page of what the partnership may order, newest first; with `search` only what has it in its SKU or name, whatever its case.
///
/// # Errors
/// The store's.
pub async fn list_available(
    reader: &mut Reader<'_>,
    scope: PartnershipScope,
    channel: Option<ChannelId>,
    search: Option<&str>,
    page: PageRequest,
) -> Result<Page<SellableProduct>, Fault> {
    const LIST: Sql = sql!(concat!(
        "SELECT ",
        sellable_columns!(),
        " ",
        available_from!(),
        "AND p.id < $4 AND (LOWER(p.sku) LIKE $6 ESCAPE '!' OR LOWER(p.name) LIKE $6 ESCAPE '!' OR $6 IS NULL) ORDER BY p.id DESC LIMIT $5"
    ));
    let pattern = search.map(containing);
    let rows = reader.query(LIST, params![scope.merchant, scope.partnership, channel, page.bound(), page.fetch(), pattern]).await?;
    let rows = with_parts(reader, scope.merchant, rows).await?;
    Ok(page.page(rows, |product| product.id))
}

/// Products by number, whoever may order them: for what was ordered, and for the parts of bundles.
///
/// # Errors
/// The store's.
pub async fn products_by_number(reader: &mut Reader<'_>, merchant: i64, products: &[i64]) -> Result<HashMap<i64, SellableProduct>, Fault> {
    let sql = sql!(concat!("SELECT ", sellable_columns!(), " FROM product p WHERE p.merchant = $1 AND p.number = ANY($2)"));
    let rows = reader.query_each(sql, params![merchant], &Column::ints(products.iter().copied())).await?;
    by_number(reader, merchant, rows).await
}

async fn by_number(reader: &mut Reader<'_>, merchant: i64, rows: Vec<SellableProduct>) -> Result<HashMap<i64, SellableProduct>, Fault> {
    Ok(with_parts(reader, merchant, rows).await?.into_iter().map(|product| (product.number, product)).collect())
}

async fn with_parts(reader: &mut Reader<'_>, merchant: i64, mut rows: Vec<SellableProduct>) -> Result<Vec<SellableProduct>, Fault> {
    let bundles: Vec<i64> = rows.iter().filter(|product| product.bundle).map(|product| product.number).collect();
    if bundles.is_empty() {
        return Ok(rows);
    }
    let mut parts = parts_of(reader, merchant, &bundles).await?;
    for product in &mut rows {
        product.parts = parts.remove(&product.number).unwrap_or_default();
    }
    Ok(rows)
}

/// The parts of bundles: product number and quantity, in order of number.
///
/// # Errors
/// The store's.
pub async fn parts_of(reader: &mut Reader<'_>, merchant: i64, bundles: &[i64]) -> Result<HashMap<i64, Vec<(i64, i64)>>, Fault> {
    let sql = sql!("SELECT bundle, part, quantity FROM bundle_part WHERE merchant = $1 AND bundle = ANY($2)");
    let rows: Vec<(i64, i64, i64)> = reader.query_each(sql, params![merchant], &Column::ints(bundles.iter().copied())).await?;
    let mut parts: HashMap<i64, Vec<(i64, i64)>> = HashMap::new();
    for (bundle, part, quantity) in rows {
        parts.entry(bundle).or_default().push((part, quantity));
    }
    parts.values_mut().for_each(|list| list.sort_unstable());
    Ok(parts)
}

static FORMER_SKUS: SetSql = SetSql::select(
    "SELECT p.id, s.sku FROM rows r JOIN product p ON p.merchant = r.merchant AND p.id = r.product \
     JOIN former_sku s ON s.merchant = p.merchant AND s.product = p.number",
    &[("merchant", Int), ("product", Bytes)],
);

/// What these products of merchants were called before.
///
/// # Errors
/// The store's.
pub(crate) async fn former_skus(reader: &mut Reader<'_>, products: &BTreeSet<(i64, ProductId)>) -> Result<HashMap<ProductId, Vec<String>>, Fault> {
    let columns = [Column::ints(products.iter().map(|product| product.0)), Column::ids(products.iter().map(|product| product.1))];
    let rows: Vec<(ProductId, String)> = reader.query_set(&FORMER_SKUS, &columns).await?;
    let mut former: HashMap<ProductId, Vec<String>> = HashMap::new();
    for (product, sku) in rows {
        former.entry(product).or_default().push(sku);
    }
    Ok(former)
}
