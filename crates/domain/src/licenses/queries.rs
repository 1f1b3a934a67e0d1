//! Licenses as they are read. Whether their orders allow anything is asked in `orders`.

use super::state::{LicenseFacts, Stage, Status};
use crate::access::PartnershipScope;
use crate::catalog::{EndUserInformation, Method};
use crate::ids::{CustomerId, FulfillmentId, LicenseId, LicenseKeyId, OrderId, OrderItemId, PartnershipId, ResellerInformationId};
use std::collections::BTreeSet;
use tradepost_kernel::Timestamp;
use tradepost_store::{Column, Fault, FromRow, Reader, Row, Sql, params, sql};

/// One license, as stored.
#[derive(Clone, Debug)]
pub struct LicenseRow {
    /// Its id.
    pub id: LicenseId,
    /// Where it comes from.
    pub origin: LicenseOrigin,
    /// Whose it is.
    pub partnership: PartnershipId,
    /// What it is of.
    pub product: i64,
    /// How it is fulfilled.
    pub method: Method,
    /// Where it stands.
    pub stage: Stage,
    /// Its fulfillment status.
    pub status: Status,
    /// When the end user is asked for.
    pub end_user_information: EndUserInformation,
    /// Whether the selling company is asked for.
    pub needs_reseller_information: bool,
    /// The key that it carries.
    pub key: Option<LicenseKeyId>,
    /// Its owner.
    pub customer: Option<CustomerId>,
    /// Who sells it on.
    pub reseller_information: Option<ResellerInformationId>,
    /// When it was handed over.
    pub distributed: Option<Timestamp>,
    /// When it was last sent to its owner.
    pub sent: Option<Timestamp>,
    /// When the merchant confirmed.
    pub confirmed: Option<Timestamp>,
    /// When it was ordered.
    pub created: Timestamp,
    /// Since when it stands in the queue for keys, or when it last came to stand there. `None` of one that waits without a key: its key went back,
    /// or its place in the queue, as its order was not paid in time (STK-7).
    pub queued: Option<Timestamp>,
}

/// What a license was sold by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LicenseOrigin {
    /// A line of an order.
    Order {
        /// The order.
        order: OrderId,
        /// The line.
        item: OrderItemId,
    },
    /// The call of an external shop.
    Fulfillment(FulfillmentId),
}

fn origin(order: Option<OrderId>, item: Option<OrderItemId>, fulfillment: Option<FulfillmentId>) -> Result<LicenseOrigin, Fault> {
    match (order, item, fulfillment) {
        (Some(order), Some(item), None) => Ok(LicenseOrigin::Order { order, item }),
        (None, None, Some(fulfillment)) => Ok(LicenseOrigin::Fulfillment(fulfillment)),
        _ => Err(Fault::Column("an order and its line, or a fulfillment")),
    }
}

impl LicenseOrigin {
    /// The order, where it is one.
    #[must_use]
    pub const fn order(self) -> Option<OrderId> {
        if let Self::Order { order, .. } = self { Some(order) } else { None }
    }

    /// The line of the order.
    #[must_use]
    pub const fn item(self) -> Option<OrderItemId> {
        if let Self::Order { item, .. } = self { Some(item) } else { None }
    }

    /// The fulfillment, where it is one.
    #[must_use]
    pub const fn fulfillment(self) -> Option<FulfillmentId> {
        if let Self::Fulfillment(fulfillment) = self { Some(fulfillment) } else { None }
    }
}

impl LicenseRow {
    /// Its order, where it comes from one.
    #[must_use]
    pub const fn order(&self) -> Option<OrderId> {
        self.origin.order()
    }

    /// Whether it waits for its order to be released before it gets a key: what it had reserved went back (STK-7).
    #[must_use]
    pub const fn let_go(&self) -> bool {
        matches!((self.method, self.stage), (Method::KeyPool, Stage::Waiting)) && self.key.is_none() && self.queued.is_none()
    }

    /// What its state follows from.
    #[must_use]
    pub const fn facts(&self) -> LicenseFacts {
        LicenseFacts {
            method: self.method,
            end_user_information: self.end_user_information,
            has_customer: self.customer.is_some(),
            needs_reseller_information: self.needs_reseller_information,
            has_reseller_information: self.reseller_information.is_some(),
            has_key: self.key.is_some(),
            let_go: self.let_go(),
            distributed: matches!(self.stage, Stage::Distributed),
            confirmed: self.confirmed.is_some(),
        }
    }
}

fn known<T>(found: Option<T>) -> Result<T, Fault> {
    found.ok_or(Fault::Column("a name that the code knows"))
}

impl FromRow for LicenseRow {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut c = row.take();
        Ok(Self {
            id: c.next()?,
            origin: origin(c.next()?, c.next()?, c.next()?)?,
            partnership: c.next()?,
            product: c.next()?,
            method: known(Method::from_name(&c.next::<String>()?))?,
            stage: known(Stage::from_name(&c.next::<String>()?))?,
            status: known(Status::from_name(&c.next::<String>()?))?,
            end_user_information: known(EndUserInformation::from_name(&c.next::<String>()?))?,
            needs_reseller_information: c.next()?,
            key: c.next()?,
            customer: c.next()?,
            reseller_information: c.next()?,
            distributed: c.next()?,
            sent: c.next()?,
            confirmed: c.next()?,
            created: c.next()?,
            queued: c.next()?,
        })
    }
}

/// The columns of [`LicenseRow`], for statements that end in their own FROM and WHERE.
macro_rules! license_sql {
    ($($rest:literal),+) => {
        sql!(concat!(
            "SELECT l.id, l.orders, l.item, l.fulfillment, l.partnership, l.product, l.method, l.stage, l.status, l.end_user_information, ",
            "l.needs_reseller_information, l.license_key, l.customer, l.reseller_information, l.distributed_ms, l.sent_ms, ",
            "l.confirmed_ms, l.created_ms, l.queued_ms FROM license l ",
            $($rest),+
        ))
    };
}
pub(crate) use license_sql;

mod codes;
mod search;

pub(crate) use codes::{CodeRow, available_codes, codes_of_order};
pub use search::{LIST, LIST_AVAILABLE_OF_PRODUCT, LIST_OF_ORDER, LIST_OF_PARTNERSHIP, LIST_OF_RARE_STAGE, LIST_TO_CONFIRM, LicenseFilter, list};
pub(crate) use search::{list_sql, narrowing};

/// The licenses of orders.
pub const OF_ORDERS: Sql = license_sql!("WHERE l.merchant = $1 AND l.orders = ANY($2) ORDER BY l.id");

/// Every license of these orders, oldest first within each order.
///
/// # Errors
/// The store's.
pub async fn of_orders(reader: &mut Reader<'_>, merchant: i64, orders: &[OrderId]) -> Result<Vec<LicenseRow>, Fault> {
    reader.query_each(OF_ORDERS, params![merchant], &Column::ids(orders.iter().copied())).await
}

/// One of an order that its file of codes holds.
pub const FIRST_IN_FILE: Sql = sql!(
    "SELECT id FROM license WHERE merchant = $1 AND orders = $2 AND license_key IS NOT NULL
     AND (stage = 'distributed' OR (stage = 'available' AND end_user_information = 'none')) ORDER BY id LIMIT 1"
);

/// Licenses of an order that have a key, or a place in the queue for keys; the oldest first. Those of a held order all wait: their stage is not asked for,
/// or PostgreSQL takes the index of that.
pub const RESERVING: Sql = license_sql!(
    "WHERE l.merchant = $1 AND l.orders = $2 AND l.method = 'key_pool' AND (l.license_key IS NOT NULL OR l.queued_ms IS NOT NULL)
     ORDER BY l.id LIMIT $3"
);

/// Up to `most` licenses of a held order that reserve something (STK-7).
///
/// # Errors
/// The store's.
pub async fn reserving(reader: &mut Reader<'_>, merchant: i64, order: OrderId, most: i64) -> Result<Vec<LicenseRow>, Fault> {
    reader.query(RESERVING, params![merchant, order, most]).await
}

/// Whether an order has licenses that its file of codes would hold, as far as they decide (FUL-7).
///
/// # Errors
/// The store's.
pub async fn has_file(reader: &mut Reader<'_>, merchant: i64, order: OrderId) -> Result<bool, Fault> {
    let found: Option<(LicenseId,)> = reader.query_opt(FIRST_IN_FILE, params![merchant, order]).await?;
    Ok(found.is_some())
}

/// The products of which licenses of these orders carry keys, or get them once they are released (STK-7).
///
/// # Errors
/// The store's.
pub async fn products_of_keys(reader: &mut Reader<'_>, merchant: i64, orders: &[OrderId]) -> Result<BTreeSet<i64>, Fault> {
    let select = sql!("SELECT DISTINCT product FROM license WHERE merchant = $1 AND method = 'key_pool' AND orders = ANY($2)");
    let rows: Vec<(i64,)> = reader.query_each(select, params![merchant], &Column::ids(orders.iter().copied())).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// Licenses by id, within the merchant.
///
/// # Errors
/// The store's.
pub async fn by_ids(reader: &mut Reader<'_>, merchant: i64, ids: &[LicenseId]) -> Result<Vec<LicenseRow>, Fault> {
    reader.query_each(license_sql!("WHERE l.merchant = $1 AND l.id = ANY($2)"), params![merchant], &Column::ids(ids.iter().copied())).await
}

/// Available Licenses per product of a partnership (ORD-9): (product, count).
///
/// # Errors
/// The store's.
pub async fn available_counts(reader: &mut Reader<'_>, scope: PartnershipScope) -> Result<Vec<(i64, i64)>, Fault> {
    reader
        .query(
            sql!("SELECT product, COUNT(*) FROM license WHERE merchant = $1 AND partnership = $2 AND stage = 'available' GROUP BY product ORDER BY product"),
            params![scope.merchant, scope.partnership],
        )
        .await
}

/// The number of a product, by id or SKU, that the partnership has licenses of: also one withdrawn since.
///
/// # Errors
/// The store's.
pub async fn product_of(reader: &mut Reader<'_>, scope: PartnershipScope, text: &str) -> Result<Option<i64>, Fault> {
    let id = text.parse::<crate::ids::ProductId>().map_or_else(|_| Vec::new(), |id| id.bytes().to_vec());
    let row: Option<(i64,)> = reader
        .query_opt(
            sql!(
                "SELECT p.number FROM product p WHERE p.merchant = $1 AND (p.sku = $3 OR p.id = $4)
                 AND EXISTS (SELECT 1 FROM license l WHERE l.merchant = $1 AND l.partnership = $2 AND l.product = p.number)"
            ),
            params![scope.merchant, scope.partnership, text, id],
        )
        .await?;
    Ok(row.map(|row| row.0))
}
