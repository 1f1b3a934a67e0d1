//! The merchant's own view of products and their prices.

use crate::access::MerchantScope;
use crate::catalog::pricing::Book;
use crate::catalog::{EndUserInformation, Kind, Method, ProductFields, Tier};
use crate::ids::ProductId;
use crate::listing::{Page, PageRequest, containing};
use std::collections::HashMap;
use tradepost_kernel::{Currency, Timestamp};
use tradepost_store::{Column, Fault, FromRow, Reader, Row, Sql, Value, params, sql};

/// One product, as its merchant sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductView {
    /// The merchant's own running number, used inside.
    pub number: i64,
    /// The public id.
    pub id: ProductId,
    /// The product that this is a variant of: number and id.
    pub parent: Option<(i64, ProductId)>,
    /// What people set.
    pub fields: ProductFields,
    /// A bundle's parts.
    pub parts: Vec<PartView>,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Counts changes.
    pub version: i64,
}

/// A part of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartView {
    /// Product number.
    pub number: i64,
    /// Product id.
    pub id: ProductId,
    /// Its SKU.
    pub sku: String,
    /// Units per bundle.
    pub quantity: i64,
}

impl ProductView {
    /// Whether `parts` (number and quantity, in any order) are the parts that it has.
    #[must_use]
    pub fn same_parts(&self, parts: &[(i64, i64)]) -> bool {
        let mut has: Vec<(i64, i64)> = self.parts.iter().map(|part| (part.number, part.quantity)).collect();
        let mut wanted = parts.to_vec();
        has.sort_unstable();
        wanted.sort_unstable();
        has == wanted
    }
}

impl FromRow for ProductView {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        let (number, id) = (columns.next()?, columns.next()?);
        let parent: (Option<i64>, Option<ProductId>) = (columns.next()?, columns.next()?);
        let fields = ProductFields {
            sku: columns.next()?,
            name: columns.next()?,
            product_version: columns.next()?,
            short_description: columns.next()?,
            description: columns.next()?,
            image_url: columns.next()?,
            enabled: columns.next()?,
            kind: Kind::from_name(&columns.next::<String>()?).ok_or(Fault::Column("a kind of product"))?,
            bundle: columns.next::<String>()? == "bundle",
            group: columns.next()?,
            weight_grams: columns.next()?,
            tax_category: columns.next()?,
            method: Method::from_name(&columns.next::<String>()?).ok_or(Fault::Column("a method"))?,
            end_user_information: EndUserInformation::from_name(&columns.next::<String>()?).ok_or(Fault::Column("when end users are asked"))?,
            reseller_information: columns.next()?,
            min_quantity: columns.next()?,
            max_quantity: columns.next()?,
        };
        let (created, updated, version) = (columns.next()?, columns.next()?, columns.next()?);
        Ok(Self { number, id, parent: parent.0.zip(parent.1), fields, parts: Vec::new(), created, updated, version })
    }
}

macro_rules! product_from {
    () => {
        "SELECT p.number, p.id, p.parent, q.id, p.sku, p.name, p.product_version, p.short_description, p.description, p.image_url, p.enabled, \
         p.kind, p.type, p.product_group, p.weight_grams, p.tax_category, p.method, p.end_user_information, p.reseller_information, \
         p.min_quantity, p.max_quantity, p.created_ms, p.updated_ms, p.version \
         FROM product p LEFT JOIN product q ON q.merchant = p.merchant AND q.number = p.parent WHERE p.merchant = $1 "
    };
}

/// In what order products are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProductSort {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
    /// By SKU.
    Sku,
}
crate::access::named!(ProductSort { Newest = "-created_at", Oldest = "created_at", Sku = "sku" });

/// Which products a merchant's list shows.
#[derive(Clone, Debug, Default)]
pub struct ProductFilter {
    /// Sold, or not.
    pub enabled: Option<bool>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Of this group, exactly.
    pub group: Option<String>,
    /// Variants of this product (by number).
    pub parent: Option<i64>,
    /// SKU or name contains this, whatever its case.
    pub search: Option<String>,
    /// In what order.
    pub sort: ProductSort,
}

macro_rules! list_sql {
    ($behind:literal, $order:literal) => {
        sql!(concat!(
            product_from!(),
            $behind,
            " AND (p.enabled = $3 OR $3 IS NULL) AND (p.kind = $4 OR $4 IS NULL) AND (p.product_group = $5 OR $5 IS NULL) \
             AND (p.parent = $6 OR $6 IS NULL) AND (LOWER(p.sku) LIKE $7 ESCAPE '!' OR LOWER(p.name) LIKE $7 ESCAPE '!' OR $7 IS NULL) \
             ORDER BY ",
            $order,
            " LIMIT $8"
        ))
    };
}

/// Where a page goes on: behind the product of its cursor, in the order of the list. A product that was renamed meanwhile goes on from where it is now.
async fn behind(reader: &mut Reader<'_>, scope: MerchantScope, sort: ProductSort, page: PageRequest) -> Result<Value, Fault> {
    Ok(match (sort, page.before) {
        (ProductSort::Newest, _) => page.bound().into(),
        (ProductSort::Oldest, last) => last.unwrap_or([0; 16]).to_vec().into(),
        (ProductSort::Sku, None) => "".into(),
        (ProductSort::Sku, Some(last)) => {
            let sku: Option<(String,)> =
                reader.query_opt(sql!("SELECT sku FROM product WHERE merchant = $1 AND id = $2"), params![scope.merchant, last]).await?;
            sku.map(|(sku,)| sku).unwrap_or_default().into()
        }
    })
}

/// A page of the merchant's products.
///
/// # Errors
/// The store's.
pub async fn products(reader: &mut Reader<'_>, scope: MerchantScope, filter: &ProductFilter, page: PageRequest) -> Result<Page<ProductView>, Fault> {
    let list = match filter.sort {
        ProductSort::Newest => list_sql!("AND p.id < $2", "p.id DESC"),
        ProductSort::Oldest => list_sql!("AND p.id > $2", "p.id"),
        ProductSort::Sku => list_sql!("AND p.sku > $2", "p.sku"),
    };
    let (search, behind) = (filter.search.as_deref().map(containing), behind(&mut *reader, scope, filter.sort, page).await?);
    let asked = params![scope.merchant, behind, filter.enabled, filter.kind.map(Kind::name), filter.group.as_ref(), filter.parent, search, page.fetch(),];
    let rows = reader.query(list, asked).await?;
    let rows = with_parts(reader, scope, rows).await?;
    Ok(page.page(rows, |product: &ProductView| product.id))
}

/// One product.
///
/// # Errors
/// The store's.
pub async fn product(reader: &mut Reader<'_>, scope: MerchantScope, id: ProductId) -> Result<Option<ProductView>, Fault> {
    const ONE: Sql = sql!(concat!(product_from!(), "AND p.id = $2"));
    let found = reader.query(ONE, params![scope.merchant, id]).await?;
    Ok(with_parts(reader, scope, found).await?.pop())
}

/// The product named by its id or, else, its SKU.
///
/// # Errors
/// The store's.
pub async fn find_product(reader: &mut Reader<'_>, scope: MerchantScope, text: &str) -> Result<Option<ProductView>, Fault> {
    if let Ok(id) = text.parse::<ProductId>() {
        return product(reader, scope, id).await;
    }
    Ok(products_by_sku(reader, scope, &[text.to_owned()]).await?.remove(text))
}

/// Products by SKU.
///
/// # Errors
/// The store's.
pub async fn products_by_sku(reader: &mut Reader<'_>, scope: MerchantScope, skus: &[String]) -> Result<HashMap<String, ProductView>, Fault> {
    const BY_SKU: Sql = sql!(concat!(product_from!(), "AND p.sku = ANY($2)"));
    let rows = reader.query_each(BY_SKU, params![scope.merchant], &Column::texts(skus.iter().cloned())).await?;
    let rows = with_parts(reader, scope, rows).await?;
    Ok(rows.into_iter().map(|product: ProductView| (product.fields.sku.clone(), product)).collect())
}

/// The number of the product that has a SKU.
///
/// # Errors
/// The store's.
pub async fn sku_owner(reader: &mut Reader<'_>, merchant: i64, sku: &str) -> Result<Option<i64>, Fault> {
    let found: Option<(i64,)> = reader.query_opt(sql!("SELECT number FROM product WHERE merchant = $1 AND sku = $2"), params![merchant, sku]).await?;
    Ok(found.map(|(number,)| number))
}

/// Locks a product's row and says its number.
///
/// # Errors
/// The store's.
pub async fn lock_product(reader: &mut Reader<'_>, scope: MerchantScope, id: ProductId) -> Result<Option<i64>, Fault> {
    let sql = sql!("SELECT number FROM product WHERE merchant = $1 AND id = $2 FOR UPDATE");
    let found: Option<(i64,)> = reader.query_opt(sql, params![scope.merchant, id]).await?;
    Ok(found.map(|(number,)| number))
}

async fn with_parts(reader: &mut Reader<'_>, scope: MerchantScope, mut rows: Vec<ProductView>) -> Result<Vec<ProductView>, Fault> {
    let bundles: Vec<i64> = rows.iter().filter(|product| product.fields.bundle).map(|product| product.number).collect();
    if bundles.is_empty() {
        return Ok(rows);
    }
    let sql = sql!(
        "SELECT b.bundle, b.part, p.id, p.sku, b.quantity FROM bundle_part b \
         JOIN product p ON p.merchant = b.merchant AND p.number = b.part WHERE b.merchant = $1 AND b.bundle = ANY($2)"
    );
    let parts: Vec<(i64, i64, ProductId, String, i64)> = reader.query_each(sql, params![scope.merchant], &Column::ints(bundles)).await?;
    let mut by_bundle: HashMap<i64, Vec<PartView>> = HashMap::new();
    for (bundle, number, id, sku, quantity) in parts {
        by_bundle.entry(bundle).or_default().push(PartView { number, id, sku, quantity });
    }
    for product in &mut rows {
        product.parts = by_bundle.remove(&product.number).unwrap_or_default();
        product.parts.sort_unstable_by_key(|part| part.number);
    }
    Ok(rows)
}

/// The tiers of one product in one book and currency, in order of quantity.
///
/// # Errors
/// The store's.
pub async fn tiers(reader: &mut Reader<'_>, merchant: i64, product: i64, book: (Book, [u8; 16]), currency: Currency) -> Result<Vec<Tier>, Fault> {
    let sql = sql!(
        "SELECT from_quantity, unit_minor FROM price WHERE merchant = $1 AND product = $2 AND book = $3 AND owner = $4 AND currency = $5 \
         ORDER BY from_quantity"
    );
    let rows: Vec<(i64, i64)> = reader.query(sql, params![merchant, product, book.0.name(), book.1, currency]).await?;
    Ok(rows.into_iter().map(|(from_quantity, unit_minor)| Tier { from_quantity, unit_minor }).collect())
}

/// The tiers of one book and currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookView {
    /// Product number.
    pub product: i64,
    /// Which book.
    pub book: Book,
    /// Its owner's id; 16 zero bytes for the list price.
    pub owner: [u8; 16],
    /// What the tiers are in.
    pub currency: Currency,
    /// In order of quantity.
    pub tiers: Vec<Tier>,
}

/// Every price of products, book by book, in order of product, book, owner and currency.
///
/// # Errors
/// The store's.
pub async fn prices(reader: &mut Reader<'_>, scope: MerchantScope, products: &[i64]) -> Result<Vec<BookView>, Fault> {
    let sql = sql!("SELECT product, book, owner, currency, from_quantity, unit_minor FROM price WHERE merchant = $1 AND product = ANY($2)");
    let mut rows: Vec<(i64, String, [u8; 16], Currency, i64, i64)> =
        reader.query_each(sql, params![scope.merchant], &Column::ints(products.iter().copied())).await?;
    rows.sort_unstable();
    let mut books: Vec<BookView> = Vec::new();
    for (product, book, owner, currency, from_quantity, unit_minor) in rows {
        let book = Book::from_name(&book).ok_or(Fault::Column("a price book"))?;
        let tier = Tier { from_quantity, unit_minor };
        match books.last_mut() {
            Some(last) if (last.product, last.book, last.owner, last.currency) == (product, book, owner, currency) => last.tiers.push(tier),
            _ => books.push(BookView { product, book, owner, currency, tiers: vec![tier] }),
        }
    }
    Ok(books)
}

/// Locks the rows of products by SKU, so that a file is compared with what stays.
///
/// # Errors
/// The store's.
pub async fn lock_skus(reader: &mut Reader<'_>, scope: MerchantScope, skus: &[String]) -> Result<(), Fault> {
    let sql = sql!("SELECT number FROM product WHERE merchant = $1 AND sku = ANY($2) FOR UPDATE");
    let _locked: Vec<(i64,)> = reader.query_each(sql, params![scope.merchant], &Column::texts(skus.iter().cloned())).await?;
    Ok(())
}
