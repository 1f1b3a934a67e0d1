//! Every writing statement on `product`, `bundle_part`, `price`, `price_list`, `price_list_product` and
//! `partnership_product`.

use super::ProductFields;
use super::prices::Tier;
use super::pricing::Book;
use crate::ids::{PartnershipId, PriceListId, ProductId};
use tradepost_kernel::{Currency, Timestamp};
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, SetSql, Tx, params, sql};

/// A product that is not there yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewProduct<'a> {
    pub(super) number: i64,
    pub(super) id: ProductId,
    pub(super) parent: Option<i64>,
    pub(super) fields: &'a ProductFields,
}

static INSERT_PRODUCT: SetSql = SetSql::insert(
    "product",
    &[
        ("merchant", Int),
        ("number", Int),
        ("sku", Text),
        ("name", Text),
        ("product_version", Text),
        ("short_description", Text),
        ("description", Text),
        ("image_url", Text),
        ("enabled", Int),
        ("kind", Text),
        ("product_group", Text),
        ("weight_grams", Int),
        ("tax_category", Text),
        ("method", Text),
        ("end_user_information", Text),
        ("reseller_information", Int),
        ("min_quantity", Int),
        ("max_quantity", Int),
        ("updated_ms", Int),
        ("id", Bytes),
        ("parent", Int),
        ("type", Text),
        ("created_ms", Int),
    ],
    "",
);

static UPDATE_PRODUCT: SetSql = SetSql::update(
    "UPDATE product SET sku = r.sku, name = r.name, product_version = r.product_version, short_description = r.short_description, \
     description = r.description, image_url = r.image_url, enabled = r.enabled, kind = r.kind, product_group = r.product_group, \
     weight_grams = r.weight_grams, tax_category = r.tax_category, method = r.method, end_user_information = r.end_user_information, \
     reseller_information = r.reseller_information, min_quantity = r.min_quantity, max_quantity = r.max_quantity, \
     updated_ms = r.updated_ms, version = product.version + 1 FROM rows r WHERE product.merchant = r.merchant AND product.number = r.number",
    &[
        ("merchant", Int),
        ("number", Int),
        ("sku", Text),
        ("name", Text),
        ("product_version", Text),
        ("short_description", Text),
        ("description", Text),
        ("image_url", Text),
        ("enabled", Int),
        ("kind", Text),
        ("product_group", Text),
        ("weight_grams", Int),
        ("tax_category", Text),
        ("method", Text),
        ("end_user_information", Text),
        ("reseller_information", Int),
        ("min_quantity", Int),
        ("max_quantity", Int),
        ("updated_ms", Int),
    ],
);

/// The columns that both statements begin with.
fn field_columns(merchant: i64, rows: &[(i64, &ProductFields)], now: Timestamp) -> Vec<Column> {
    let texts = |of: fn(&ProductFields) -> &str| Column::texts(rows.iter().map(|(_, fields)| of(fields).to_owned()));
    let options = |of: fn(&ProductFields) -> &Option<String>| Column::OptTexts(rows.iter().map(|(_, fields)| of(fields).clone()).collect());
    let ints = |of: fn(&ProductFields) -> i64| Column::ints(rows.iter().map(|(_, fields)| of(fields)));
    let optional_ints = |of: fn(&ProductFields) -> Option<i64>| Column::OptInts(rows.iter().map(|(_, fields)| of(fields)).collect());
    vec![
        Column::same(merchant, rows.len()),
        Column::ints(rows.iter().map(|(number, _)| *number)),
        texts(|fields| &fields.sku),
        texts(|fields| &fields.name),
        options(|fields| &fields.product_version),
        options(|fields| &fields.short_description),
        options(|fields| &fields.description),
        options(|fields| &fields.image_url),
        ints(|fields| i64::from(fields.enabled)),
        texts(|fields| fields.kind.name()),
        options(|fields| &fields.group),
        optional_ints(|fields| fields.weight_grams),
        options(|fields| &fields.tax_category),
        texts(|fields| fields.method.name()),
        texts(|fields| fields.end_user_information.name()),
        ints(|fields| i64::from(fields.reseller_information)),
        optional_ints(|fields| fields.min_quantity),
        optional_ints(|fields| fields.max_quantity),
        Column::same(now.ms(), rows.len()),
    ]
}

/// Parents must stand before their variants: SQLite checks row by row.
pub(super) async fn insert_products(tx: &mut Tx<'_>, merchant: i64, rows: &[NewProduct<'_>], now: Timestamp) -> Result<(), Fault> {
    let fields: Vec<(i64, &ProductFields)> = rows.iter().map(|row| (row.number, row.fields)).collect();
    let mut columns = field_columns(merchant, &fields, now);
    columns.push(Column::ids(rows.iter().map(|row| row.id)));
    columns.push(Column::OptInts(rows.iter().map(|row| row.parent).collect()));
    columns.push(Column::texts(rows.iter().map(|row| if row.fields.bundle { "bundle".to_owned() } else { "regular".to_owned() })));
    columns.push(Column::same(now.ms(), rows.len()));
    tx.write_whole_set(&INSERT_PRODUCT, columns).await
}

pub(super) async fn update_products(tx: &mut Tx<'_>, merchant: i64, rows: &[(i64, &ProductFields)], now: Timestamp) -> Result<(), Fault> {
    tx.write_whole_set(&UPDATE_PRODUCT, field_columns(merchant, rows, now)).await
}

static INSERT_PART: SetSql = SetSql::insert("bundle_part", &[("merchant", Int), ("bundle", Int), ("part", Int), ("quantity", Int)], "");

/// A bundle's parts, in place of those it had.
pub(super) async fn replace_parts(tx: &mut Tx<'_>, merchant: i64, bundle: i64, parts: &[(i64, i64)]) -> Result<(), Fault> {
    tx.execute(sql!("DELETE FROM bundle_part WHERE merchant = $1 AND bundle = $2"), params![merchant, bundle]).await?;
    let columns = vec![
        Column::same(merchant, parts.len()),
        Column::same(bundle, parts.len()),
        Column::ints(parts.iter().map(|(part, _)| *part)),
        Column::ints(parts.iter().map(|(_, quantity)| *quantity)),
    ];
    tx.write_whole_set(&INSERT_PART, columns).await
}

/// Notes what a product was called until now.
pub(super) async fn note_former_sku(tx: &mut Tx<'_>, merchant: i64, product: i64, sku: &str, now: Timestamp) -> Result<(), Fault> {
    let insert = sql!("INSERT INTO former_sku (merchant, product, sku, until_ms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING");
    tx.execute(insert, params![merchant, product, sku, now]).await.map(drop)
}

static INSERT_PRICE: SetSql = SetSql::insert(
    "price",
    &[("merchant", Int), ("product", Int), ("book", Text), ("owner", Bytes), ("currency", Text), ("from_quantity", Int), ("unit_minor", Int)],
    "",
);

/// One book's tiers of a product in a currency, in place of those it had. `owner` is 16 zero bytes for list prices.
pub(super) async fn replace_tiers(
    tx: &mut Tx<'_>,
    merchant: i64,
    product: i64,
    book: (Book, [u8; 16]),
    currency: Currency,
    tiers: &[Tier],
) -> Result<(), Fault> {
    let (book, owner) = book;
    tx.execute(
        sql!("DELETE FROM price WHERE merchant = $1 AND product = $2 AND book = $3 AND owner = $4 AND currency = $5"),
        params![merchant, product, book.name(), owner, currency],
    )
    .await?;
    let columns = vec![
        Column::same(merchant, tiers.len()),
        Column::same(product, tiers.len()),
        Column::texts(tiers.iter().map(|_| book.name().to_owned())),
        Column::Ids(vec![owner; tiers.len()]),
        Column::texts(tiers.iter().map(|_| currency.code().to_owned())),
        Column::ints(tiers.iter().map(|tier| tier.from_quantity)),
        Column::ints(tiers.iter().map(|tier| tier.unit_minor)),
    ];
    tx.write_whole_set(&INSERT_PRICE, columns).await
}

static DELETE_LIST_PRICE: SetSql = SetSql::update(
    "DELETE FROM price USING rows r WHERE price.merchant = r.merchant AND price.product = r.product AND price.book = 'list' AND price.currency = r.currency",
    &[("merchant", Int), ("product", Int), ("currency", Text)],
);

/// The list prices of many products, in place of those they had in the same currencies.
pub(super) async fn replace_list_prices(tx: &mut Tx<'_>, merchant: i64, prices: &[(i64, Currency, &[Tier])]) -> Result<(), Fault> {
    let columns = vec![
        Column::same(merchant, prices.len()),
        Column::ints(prices.iter().map(|(product, _, _)| *product)),
        Column::texts(prices.iter().map(|(_, currency, _)| currency.code().to_owned())),
    ];
    tx.write_set(&DELETE_LIST_PRICE, columns).await?;
    let rows: Vec<(i64, Currency, Tier)> =
        prices.iter().flat_map(|(product, currency, tiers)| tiers.iter().map(move |tier| (*product, *currency, *tier))).collect();
    let columns = vec![
        Column::same(merchant, rows.len()),
        Column::ints(rows.iter().map(|(product, _, _)| *product)),
        Column::texts(rows.iter().map(|_| Book::List.name().to_owned())),
        Column::Ids(vec![[0; 16]; rows.len()]),
        Column::texts(rows.iter().map(|(_, currency, _)| currency.code().to_owned())),
        Column::ints(rows.iter().map(|(_, _, tier)| tier.from_quantity)),
        Column::ints(rows.iter().map(|(_, _, tier)| tier.unit_minor)),
    ];
    tx.write_whole_set(&INSERT_PRICE, columns).await
}

/// A new, empty price list. Also for the one that every merchant starts with.
///
/// # Errors
/// The store's.
pub(crate) async fn insert_price_list(tx: &mut Tx<'_>, merchant: i64, id: PriceListId, name: &str, now: Timestamp) -> Result<(), Fault> {
    tx.execute_exactly(1, sql!("INSERT INTO price_list (merchant, id, name, created_ms) VALUES ($1, $2, $3, $4)"), params![merchant, id, name, now]).await
}

pub(super) async fn rename_price_list(tx: &mut Tx<'_>, merchant: i64, id: PriceListId, name: &str) -> Result<(), Fault> {
    let sql = sql!("UPDATE price_list SET name = $3, version = version + 1 WHERE merchant = $1 AND id = $2");
    tx.execute_exactly(1, sql, params![merchant, id, name]).await
}

/// The list, what it offers, and its prices.
pub(super) async fn delete_price_list(tx: &mut Tx<'_>, merchant: i64, id: PriceListId) -> Result<(), Fault> {
    tx.execute(sql!("DELETE FROM price_list_product WHERE merchant = $1 AND price_list = $2"), params![merchant, id]).await?;
    tx.execute(sql!("DELETE FROM price WHERE merchant = $1 AND book = 'price_list' AND owner = $2"), params![merchant, id]).await?;
    tx.execute_exactly(1, sql!("DELETE FROM price_list WHERE merchant = $1 AND id = $2"), params![merchant, id]).await
}

/// Whether the price list offers the product. Says whether that changed.
pub(super) async fn offer(tx: &mut Tx<'_>, merchant: i64, list: PriceListId, product: i64, offered: bool) -> Result<bool, Fault> {
    let sql = if offered {
        sql!("INSERT INTO price_list_product (merchant, price_list, product) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
    } else {
        sql!("DELETE FROM price_list_product WHERE merchant = $1 AND price_list = $2 AND product = $3")
    };
    Ok(tx.execute(sql, params![merchant, list, product]).await? > 0)
}

/// Gives a product to a partnership directly (`Some(true)`), withholds it (`Some(false)`), or leaves it to the
/// channel's price list (`None`). Called by the commands of `partners`, which know the partnership.
///
/// # Errors
/// The store's.
pub(crate) async fn set_access(tx: &mut Tx<'_>, merchant: i64, partnership: PartnershipId, product: i64, access: Option<bool>) -> Result<(), Fault> {
    let deleted = sql!("DELETE FROM partnership_product WHERE merchant = $1 AND partnership = $2 AND product = $3");
    let set = sql!(
        "INSERT INTO partnership_product (merchant, partnership, product, access) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (merchant, partnership, product) DO UPDATE SET access = excluded.access"
    );
    match access {
        None => tx.execute(deleted, params![merchant, partnership, product]).await?,
        Some(access) => tx.execute(set, params![merchant, partnership, product, access]).await?,
    };
    Ok(())
}

/// Forgets products and prices given to a partnership that goes away.
///
/// # Errors
/// The store's.
pub(crate) async fn forget_partnership(tx: &mut Tx<'_>, merchant: i64, partnership: PartnershipId) -> Result<(), Fault> {
    tx.execute(sql!("DELETE FROM partnership_product WHERE merchant = $1 AND partnership = $2"), params![merchant, partnership]).await?;
    tx.execute(sql!("DELETE FROM price WHERE merchant = $1 AND book = 'partnership' AND owner = $2"), params![merchant, partnership]).await?;
    Ok(())
}
