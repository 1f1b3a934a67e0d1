//! Fulfillments as they are read.

use super::load::Earlier;
use super::reveal::{Asked, Named};
use super::{Door, State};
use crate::access::{MerchantScope, PartnershipScope};
use crate::ids::{FulfillmentId, LicenseId, LicenseKeyId, PartnershipId, ProductId};
use std::collections::HashMap;
use tradepost_kernel::{Currency, Date, Refusal, Timestamp};
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Columns, Fault, FromRow, Reader, Row, SetSql, Sql, params, sql};

/// One fulfillment, as stored. Amounts are minor units of its currency.
#[derive(Clone, Debug)]
pub struct FulfillmentRow {
    /// Its id.
    pub id: FulfillmentId,
    /// Whose it is.
    pub partnership: PartnershipId,
    /// The shop's order id.
    pub external_order_id: String,
    /// By which door it came.
    pub door: Door,
    /// Where it stands.
    pub state: State,
    /// The product's number.
    pub product: i64,
    /// The product's public id.
    pub product_id: ProductId,
    /// How many codes.
    pub quantity: i64,
    /// Of every amount.
    pub currency: Currency,
    /// Cost of one.
    pub unit_minor: i64,
    /// What was debited.
    pub total_minor: i64,
    /// Every step to the unit price, JSON (CAT-5).
    pub explanation: String,
    /// The prepaid balance right after the debit.
    pub balance_after_minor: i64,
    /// How many of its licenses are made: all, but while it is processing (EXT-10).
    pub ready: i64,
    /// How many codes were taken back.
    pub refunded_quantity: i64,
    /// What was given back.
    pub refunded_minor: i64,
    /// Whom it was for.
    pub customer_email: String,
    /// Their name, where the shop said it.
    pub customer_name: Option<String>,
    /// What the shop keeps with it: a JSON object.
    pub metadata: Option<String>,
    /// Whether Tradepost mailed the codes to the customer (EXT-7).
    pub mailed: bool,
    /// When it was counted against the purchase limits.
    pub day: Date,
    /// When it was recorded.
    pub created: Timestamp,
    /// When its codes were handed over.
    pub delivered: Option<Timestamp>,
}

impl FulfillmentRow {
    /// Units whose keys are still to be found: they are promised in the product's stock.
    #[must_use]
    pub fn promised(&self) -> i64 {
        if self.state == State::Processing { self.quantity - self.ready } else { 0 }
    }
}

/// A license of a fulfillment, with its sealed code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveredLicense {
    /// The license.
    pub license: LicenseId,
    /// Its key.
    pub key: LicenseKeyId,
    /// The code, for [`open_code`](crate::stock::open_code).
    pub sealed: Vec<u8>,
    /// Whether it was taken back: its code is no longer good.
    pub revoked: bool,
}

impl FromRow for FulfillmentRow {
    fn from_row(row: Row) -> Result<Self, Fault> {
        Self::of(&mut row.take())
    }
}

impl FulfillmentRow {
    fn of(columns: &mut Columns) -> Result<Self, Fault> {
        Ok(Self {
            id: columns.next()?,
            partnership: columns.next()?,
            external_order_id: columns.next()?,
            door: Door::from_name(&columns.next::<String>()?).ok_or(Fault::Column("a door"))?,
            state: State::from_name(&columns.next::<String>()?).ok_or(Fault::Column("a state of fulfillments"))?,
            product: columns.next()?,
            product_id: columns.next()?,
            quantity: columns.next()?,
            currency: columns.next()?,
            unit_minor: columns.next()?,
            total_minor: columns.next()?,
            explanation: columns.next()?,
            balance_after_minor: columns.next()?,
            ready: columns.next()?,
            refunded_quantity: columns.next()?,
            refunded_minor: columns.next()?,
            customer_email: columns.next()?,
            customer_name: columns.next()?,
            metadata: columns.next()?,
            mailed: columns.next()?,
            day: columns.next()?,
            created: columns.next()?,
            delivered: columns.next()?,
        })
    }
}

macro_rules! columns {
    () => {
        "f.id, f.partnership, f.external_order_id, f.source, f.state, f.product, p.id, f.quantity, f.currency, f.unit_minor, \
         f.total_minor, f.explanation, f.balance_after_minor, f.ready, f.refunded_quantity, f.refunded_minor, f.customer_email, f.customer_name, \
         f.metadata, f.mailed, f.day, f.created_ms, f.delivered_ms"
    };
}

macro_rules! fulfillment_sql {
    ($rest:literal) => {
        sql!(concat!("SELECT ", columns!(), " FROM fulfillment f JOIN product p ON p.merchant = f.merchant AND p.number = f.product ", $rest))
    };
}

mod search;

pub use search::{FulfillmentFilter, LIST, LIST_OF_EXTERNAL_ORDER, LIST_OF_PARTNERSHIP, LIST_OF_PARTNERSHIP_EXTERNAL_ORDER, LIST_OF_RARE_STATE, list};

/// One fulfillment of a merchant; of one partnership, where it is named.
///
/// # Errors
/// The store's.
pub async fn fulfillment(
    reader: &mut Reader<'_>,
    scope: MerchantScope,
    partnership: Option<PartnershipId>,
    id: FulfillmentId,
) -> Result<Option<FulfillmentRow>, Fault> {
    let row: Option<FulfillmentRow> = reader.query_opt(fulfillment_sql!("WHERE f.merchant = $1 AND f.id = $2"), params![scope.merchant, id]).await?;
    Ok(row.filter(|row| partnership.is_none_or(|partnership| partnership == row.partnership)))
}

/// A partnership's fulfillment of the shop's order.
///
/// # Errors
/// The store's.
pub async fn by_external_order(reader: &mut Reader<'_>, scope: PartnershipScope, external_order_id: &str) -> Result<Option<FulfillmentRow>, Fault> {
    let sql = fulfillment_sql!("WHERE f.merchant = $1 AND f.partnership = $2 AND f.external_order_id = $3");
    reader.query_opt(sql, params![scope.merchant, scope.partnership, external_order_id]).await
}

/// One by one by the whole of an index, as [`EARLIER`].
macro_rules! named_sql {
    ($with:literal) => {
        concat!(
            "SELECT r.n, ",
            columns!(),
            " FROM rows r CROSS JOIN LATERAL (SELECT a.* FROM fulfillment a WHERE a.merchant = r.merchant AND ",
            $with,
            " LIMIT 1) f JOIN product p ON p.merchant = f.merchant AND p.number = f.product"
        )
    };
}

static BY_ID: SetSql = SetSql::select(named_sql!("a.id = r.id"), &[("n", Int), ("merchant", Int), ("id", Bytes)]);
static BY_EXTERNAL_ORDER: SetSql = SetSql::select(
    named_sql!("a.partnership = r.partnership AND a.external_order_id = r.external_order"),
    &[("n", Int), ("merchant", Int), ("partnership", Bytes), ("external_order", Text)],
);

/// A row of a set, with its number in it.
struct Numbered<T>(usize, T);

impl FromRow for Numbered<FulfillmentRow> {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        let at = usize::try_from(columns.next::<i64>()?).map_err(|_| Fault::Column("the number of a row"))?;
        Ok(Self(at, FulfillmentRow::of(&mut columns)?))
    }
}

/// For each of a set the fulfillment that it names, with its merchant, or why it is not looked for. `None`: there is none.
pub(super) async fn named(
    reader: &mut Reader<'_>,
    asked: &[Result<Asked<'_>, Refusal>],
) -> Result<Vec<Result<Option<(MerchantScope, FulfillmentRow)>, Refusal>>, Fault> {
    let number = |at: usize| i64::try_from(at).unwrap_or(i64::MAX);
    let (mut ids, mut orders) = (Vec::new(), Vec::new());
    for (at, asked) in asked.iter().enumerate() {
        match asked {
            Ok(Asked { merchant, named: Named::Id(id), .. }) => ids.push((number(at), merchant.merchant, *id)),
            // A shop's order id means something within its partnership only.
            Ok(Asked { merchant, partnership: Some(partnership), named: Named::ExternalOrder(text) }) => {
                orders.push((number(at), merchant.merchant, *partnership, text.clone()));
            }
            _ => {}
        }
    }
    let columns = [Column::ints(ids.iter().map(|row| row.0)), Column::ints(ids.iter().map(|row| row.1)), Column::ids(ids.iter().map(|row| row.2))];
    let mut rows: Vec<Numbered<FulfillmentRow>> = reader.query_set(&BY_ID, &columns).await?;
    let columns = [
        Column::ints(orders.iter().map(|row| row.0)),
        Column::ints(orders.iter().map(|row| row.1)),
        Column::ids(orders.iter().map(|row| row.2)),
        Column::texts(orders.iter().map(|row| row.3.clone())),
    ];
    rows.extend(reader.query_set::<Numbered<FulfillmentRow>>(&BY_EXTERNAL_ORDER, &columns).await?);
    let mut rows: HashMap<usize, FulfillmentRow> = rows.into_iter().map(|Numbered(at, row)| (at, row)).collect();
    let each = asked.iter().enumerate().map(|(at, asked)| {
        let asked = asked.as_ref().map_err(Clone::clone)?;
        let row = rows.remove(&at).filter(|row| asked.partnership.is_none_or(|partnership| partnership == row.partnership));
        Ok(row.map(|row| (asked.merchant, row)))
    });
    Ok(each.collect())
}

static LICENSES: SetSql = SetSql::select(
    "SELECT r.n, l.id, k.id, k.sealed, CASE WHEN l.stage = 'revoked' THEN 1 ELSE 0 END \
     FROM rows r CROSS JOIN LATERAL (SELECT a.merchant, a.id, a.license_key, a.stage FROM license a \
     WHERE a.merchant = r.merchant AND a.fulfillment = r.fulfillment ORDER BY a.id LIMIT 1000) l \
     JOIN license_key k ON k.merchant = l.merchant AND k.id = l.license_key",
    &[("n", Int), ("merchant", Int), ("fulfillment", Bytes)],
);

/// The same as [`licenses`] for several, each with a number and its merchant, none of them large.
pub(super) async fn licenses_of(reader: &mut Reader<'_>, asked: &[(usize, i64, FulfillmentId)]) -> Result<HashMap<usize, Vec<DeliveredLicense>>, Fault> {
    let columns = [
        Column::ints(asked.iter().map(|row| i64::try_from(row.0).unwrap_or(i64::MAX))),
        Column::ints(asked.iter().map(|row| row.1)),
        Column::ids(asked.iter().map(|row| row.2)),
    ];
    let rows: Vec<(i64, LicenseId, LicenseKeyId, Vec<u8>, i64)> = reader.query_set(&LICENSES, &columns).await?;
    let mut all: HashMap<usize, Vec<DeliveredLicense>> = HashMap::new();
    for (at, license, key, sealed, revoked) in rows {
        let at = usize::try_from(at).map_err(|_| Fault::Column("the number of a row"))?;
        all.entry(at).or_default().push(DeliveredLicense { license, key, sealed, revoked: revoked == 1 });
    }
    all.values_mut().for_each(|licenses| licenses.sort_unstable_by_key(|license| license.license));
    Ok(all)
}

/// The licenses of a fulfillment with their sealed codes, in the order in which they were handed over.
///
/// # Errors
/// The store's.
pub async fn licenses(reader: &mut Reader<'_>, scope: MerchantScope, id: FulfillmentId) -> Result<Vec<DeliveredLicense>, Fault> {
    let sql = sql!(
        "SELECT l.id, k.id, k.sealed, CASE WHEN l.stage = 'revoked' THEN 1 ELSE 0 END FROM license l
         JOIN license_key k ON k.merchant = l.merchant AND k.id = l.license_key
         WHERE l.merchant = $1 AND l.fulfillment = $2 ORDER BY l.id"
    );
    let rows: Vec<(LicenseId, LicenseKeyId, Vec<u8>, i64)> = reader.query(sql, params![scope.merchant, id]).await?;
    Ok(rows.into_iter().map(|(license, key, sealed, revoked)| DeliveredLicense { license, key, sealed, revoked: revoked == 1 }).collect())
}

/// One by one by the whole of the index: joined freely, PostgreSQL begins with the products and walks all fulfillments.
static EARLIER: SetSql = SetSql::select(
    "SELECT f.merchant, f.partnership, f.external_order_id, f.id, p.id, p.sku, q.id, q.sku, f.quantity, f.customer_email, f.customer_name \
     FROM rows r CROSS JOIN LATERAL (SELECT a.merchant, a.partnership, a.external_order_id, a.id, a.product, a.quantity, a.customer_email, \
     a.customer_name FROM fulfillment a WHERE a.merchant = r.merchant AND a.partnership = r.partnership \
     AND a.external_order_id = r.external_order LIMIT 1) f \
     JOIN product p ON p.merchant = f.merchant AND p.number = f.product \
     LEFT JOIN product q ON q.merchant = p.merchant AND q.number = p.parent",
    &[("merchant", Int), ("partnership", Bytes), ("external_order", Text)],
);

/// An earlier fulfillment with the external order id that it stands under.
struct EarlierRow(PartnershipScope, String, Earlier);

impl FromRow for EarlierRow {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        let scope = PartnershipScope { merchant: columns.next()?, partnership: columns.next()? };
        let external = columns.next()?;
        let fulfillment = columns.next()?;
        let product = (columns.next()?, columns.next()?);
        let (parent, parent_sku): (Option<ProductId>, Option<String>) = (columns.next()?, columns.next()?);
        let earlier = Earlier {
            fulfillment,
            product,
            parent: parent.zip(parent_sku),
            quantity: columns.next()?,
            customer_email: columns.next()?,
            customer_name: columns.next()?,
            former_skus: Vec::new(),
        };
        Ok(Self(scope, external, earlier))
    }
}

/// A sale of merchant `$1` and partnership `$2` that is still being delivered. The merchant's few are looked through, by the index of
/// rare states: by the partnership all that it ever sold would be.
pub const PROCESSING: Sql = sql!(
    "SELECT id FROM fulfillment WHERE merchant = $1 AND state = 'processing' AND state <> 'delivered'
       AND CASE WHEN partnership = $2 THEN 1 ELSE 0 END = 1 LIMIT 1"
);

/// Whether a sale of a partnership is still being delivered.
///
/// # Errors
/// The store's.
pub async fn any_processing(reader: &mut Reader<'_>, scope: PartnershipScope) -> Result<bool, Fault> {
    let found: Option<(FulfillmentId,)> = reader.query_opt(PROCESSING, params![scope.merchant, scope.partnership]).await?;
    Ok(found.is_some())
}

/// What stands under these external order ids already.
pub(super) async fn earlier(reader: &mut Reader<'_>, asked: &[(PartnershipScope, &str)]) -> Result<HashMap<(PartnershipScope, String), Earlier>, Fault> {
    let columns = [
        Column::ints(asked.iter().map(|(scope, _)| scope.merchant)),
        Column::ids(asked.iter().map(|(scope, _)| scope.partnership)),
        Column::texts(asked.iter().map(|(_, external)| (*external).to_owned())),
    ];
    let rows: Vec<EarlierRow> = reader.query_set(&EARLIER, &columns).await?;
    Ok(rows.into_iter().map(|EarlierRow(scope, external, earlier)| ((scope, external), earlier)).collect())
}
