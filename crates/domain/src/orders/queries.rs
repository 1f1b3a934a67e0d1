//! Orders as they are read.

use super::state::State;
use crate::access::{MerchantScope, PartnershipScope};
use crate::credit::{OpenOrder, Owed};
use crate::ids::{OrderId, OrderItemId, PartnershipId};
use crate::licenses::queries::{LicenseRow, license_sql};
use std::collections::{BTreeMap, HashMap};
use tradepost_kernel::{Currency, Date, Timestamp};
use tradepost_store::ColumnType::{Bytes, Int};
use tradepost_store::{Column, Fault, FromRow, Reader, Row, SetSql, Sql, params, sql};

/// One order, as stored.
#[derive(Clone, Debug)]
pub struct OrderRow {
    /// Its id.
    pub id: OrderId,
    /// Whose it is.
    pub partnership: PartnershipId,
    /// The human number, given at placing (ORD-7).
    pub number: Option<String>,
    /// The stored state.
    pub state: State,
    /// The reseller's own PO number.
    pub reference: Option<String>,
    /// Who to ask about it.
    pub contact: Option<String>,
    /// Where it goes.
    pub delivery_address: Option<String>,
    /// The currency of its amounts.
    pub currency: Currency,
    /// What it costs, fixed at placing; minor units.
    pub total_minor: i64,
    /// What was paid of it; minor units.
    pub paid_minor: i64,
    /// Whether it was released unpaid.
    pub on_credit: bool,
    /// When it was begun.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// When it was placed.
    pub placed: Option<Timestamp>,
    /// The day of that in the merchant's time zone as it was then: what it sold is counted on it.
    pub placed_on: Option<Date>,
    /// When its goods were released.
    pub released: Option<Timestamp>,
    /// When nothing was open any more.
    pub completed: Option<Timestamp>,
    /// When it was canceled.
    pub canceled: Option<Timestamp>,
    /// Why it was canceled, in the merchant's words.
    pub cancel_note: Option<String>,
    /// How long it keeps what it reserves while it is held; `None`: as long as it is, or there is nothing (STK-7).
    pub reserved_until: Option<Timestamp>,
    /// When that went back.
    pub reservation_ended: Option<Timestamp>,
    /// What became of asking an owner about it, while it is a draft (PAR-14).
    pub approval: Option<Approval>,
    /// Counts up with every change.
    pub version: i64,
}

impl OrderRow {
    /// What is still to be paid, minor units.
    #[must_use]
    pub const fn open_minor(&self) -> i64 {
        if self.placed.is_none() || self.canceled.is_some() { 0 } else { self.total_minor - self.paid_minor }
    }

    /// Placed and nothing open.
    #[must_use]
    pub const fn is_paid(&self) -> bool {
        self.placed.is_some() && self.paid_minor >= self.total_minor
    }

    /// Whether an owner of the reseller is asked about it and did not answer yet (PAR-14).
    #[must_use]
    pub fn waits_for_approval(&self) -> bool {
        self.approval.as_ref().is_some_and(|approval| approval.state == ApprovalState::Waiting)
    }

    /// Placed, not canceled, not released.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        self.placed.is_some() && self.released.is_none() && self.canceled.is_none()
    }

    /// Whether it is held longer than it keeps what it reserves, and did not give that back (STK-7).
    #[must_use]
    pub fn reserves_too_long(&self, now: Timestamp) -> bool {
        self.is_held() && self.reservation_ended.is_none() && self.reserved_until.is_some_and(|until| until <= now)
    }
}

impl FromRow for OrderRow {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut c = row.take();
        Ok(Self {
            id: c.next()?,
            partnership: c.next()?,
            number: c.next()?,
            state: State::from_name(&c.next::<String>()?).ok_or(Fault::Column("an order state"))?,
            reference: c.next()?,
            contact: c.next()?,
            delivery_address: c.next()?,
            currency: c.next()?,
            total_minor: c.next()?,
            paid_minor: c.next()?,
            on_credit: c.next()?,
            created: c.next()?,
            updated: c.next()?,
            placed: c.next()?,
            placed_on: c.next()?,
            released: c.next()?,
            completed: c.next()?,
            canceled: c.next()?,
            cancel_note: c.next()?,
            reserved_until: c.next()?,
            reservation_ended: c.next()?,
            approval: approval_of(c.next()?, c.next()?, c.next()?)?,
            version: c.next()?,
        })
    }
}

/// The columns of an [`OrderRow`], of the table `o`.
macro_rules! order_columns {
    () => {
        "SELECT o.id, o.partnership, o.number, o.state, o.reference, o.contact, o.delivery_address, o.currency, o.total_minor, o.paid_minor, o.on_credit, \
         o.created_ms, o.updated_ms, o.placed_ms, o.placed_on, o.released_ms, o.completed_ms, o.canceled_ms, o.cancel_note, \
         o.reserved_until_ms, o.reservation_ended_ms, \
         o.approval, o.approval_by, o.approval_note, o.version "
    };
}

macro_rules! order_sql {
    ($rest:literal) => {
        sql!(concat!(order_columns!(), "FROM orders o ", $rest))
    };
}

mod approvals;
mod licenses;
mod reservations;
mod search;

use approvals::approval_of;
pub use approvals::{Approval, ApprovalState, Spender, WAITING_FOR_APPROVAL, spent, waiting_for_approval};
pub use licenses::{LICENSE_OF_ID, LICENSES_OF_CUSTOMER, LICENSES_OF_NAME, LicenseSearch, licenses};
pub use reservations::{RESERVING_TOO_LONG, reserving_too_long};
pub use search::{
    COUNT_OF_PRODUCT, COUNT_OF_STATE, LIST_OF_CUSTOMER, LIST_OF_HELD, LIST_OF_MERCHANT, LIST_OF_NAME, LIST_OF_PARTNERSHIP, LIST_OF_PARTNERSHIP_HELD,
    LIST_OF_PARTNERSHIP_STATE, LIST_OF_PRODUCT, LIST_OF_REFERENCE, LIST_OF_STATE, OrderFilter, Term, list,
};

/// One line of an order, as stored.
#[derive(Clone, Debug)]
pub struct ItemRow {
    /// Its id.
    pub id: OrderItemId,
    /// Its order.
    pub order: OrderId,
    /// Its place, from 1.
    pub place: i64,
    /// What is ordered.
    pub product: i64,
    /// How many.
    pub quantity: i64,
    /// What one costs, as placed; minor units.
    pub unit_minor: i64,
    /// What the line costs, as placed; minor units.
    pub line_minor: i64,
    /// How the price came about, as placed (JSON).
    pub explanation: Option<String>,
}

impl FromRow for ItemRow {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut c = row.take();
        Ok(Self {
            id: c.next()?,
            order: c.next()?,
            place: c.next()?,
            product: c.next()?,
            quantity: c.next()?,
            unit_minor: c.next()?,
            line_minor: c.next()?,
            explanation: c.next()?,
        })
    }
}

/// Whose an order is: what is asked before its partnership is locked.
pub(super) async fn partnership_of(reader: &mut Reader<'_>, scope: MerchantScope, id: OrderId) -> Result<Option<PartnershipId>, Fault> {
    reader.query_opt(sql!("SELECT partnership FROM orders WHERE merchant = $1 AND id = $2"), params![scope.merchant, id]).await
}

/// One order of the merchant; of one partnership only, where given.
///
/// # Errors
/// The store's.
pub async fn order(reader: &mut Reader<'_>, scope: MerchantScope, partnership: Option<PartnershipId>, id: OrderId) -> Result<Option<OrderRow>, Fault> {
    let found: Option<OrderRow> = reader.query_opt(order_sql!("WHERE merchant = $1 AND id = $2"), params![scope.merchant, id]).await?;
    Ok(found.filter(|order| partnership.is_none_or(|of| of == order.partnership)))
}

/// The same with the row locked until the transaction ends.
pub(super) async fn locked(reader: &mut Reader<'_>, merchant: i64, ids: &[OrderId]) -> Result<Vec<OrderRow>, Fault> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    reader.query_each(order_sql!("WHERE merchant = $1 AND id = ANY($2) ORDER BY id FOR UPDATE"), params![merchant], &Column::ids(ids)).await
}

/// Orders by id.
///
/// # Errors
/// The store's.
pub async fn by_ids(reader: &mut Reader<'_>, merchant: i64, ids: &[OrderId]) -> Result<Vec<OrderRow>, Fault> {
    reader.query_each(order_sql!("WHERE merchant = $1 AND id = ANY($2)"), params![merchant], &Column::ids(ids.iter().copied())).await
}

/// The lines of orders, in their places.
///
/// # Errors
/// The store's.
pub async fn items(reader: &mut Reader<'_>, merchant: i64, orders: &[OrderId]) -> Result<Vec<ItemRow>, Fault> {
    reader
        .query_each(
            sql!(
                "SELECT id, orders, place, product, quantity, unit_minor, line_minor, explanation FROM order_item
                 WHERE merchant = $1 AND orders = ANY($2) ORDER BY place"
            ),
            params![merchant],
            &Column::ids(orders.iter().copied()),
        )
        .await
}

/// The open orders of a partnership.
pub const OPEN: Sql = sql!(
    "SELECT id, total_minor - paid_minor, released_ms FROM orders
     WHERE merchant = $1 AND partnership = $2 AND placed_ms IS NOT NULL AND canceled_ms IS NULL AND paid_minor < total_minor ORDER BY place"
);

/// Orders of a partnership that are placed, not canceled and not fully paid, oldest first: what its credit is about.
///
/// # Errors
/// The store's.
pub async fn open(reader: &mut Reader<'_>, scope: PartnershipScope) -> Result<Vec<OpenOrder>, Fault> {
    let rows: Vec<(OrderId, i64, Option<i64>)> = reader.query(OPEN, params![scope.merchant, scope.partnership]).await?;
    Ok(rows.into_iter().map(|(order, open_minor, released)| OpenOrder { order, open_minor, held: released.is_none() }).collect())
}

static OPEN_OF_ALL: SetSql = SetSql::select(
    "SELECT o.merchant, o.partnership, o.place, o.id, o.total_minor - o.paid_minor, o.released_ms FROM rows r JOIN orders o \
     ON o.merchant = r.merchant AND o.partnership = r.partnership AND o.placed_ms IS NOT NULL AND o.canceled_ms IS NULL AND o.paid_minor < o.total_minor",
    &[("merchant", Int), ("partnership", Bytes)],
);

/// [`open`] of several partnerships; one that owes nothing is missing from the map.
///
/// # Errors
/// The store's.
pub async fn open_of_all(reader: &mut Reader<'_>, scopes: &[PartnershipScope]) -> Result<HashMap<PartnershipScope, Vec<OpenOrder>>, Fault> {
    let columns = [Column::ints(scopes.iter().map(|scope| scope.merchant)), Column::ids(scopes.iter().map(|scope| scope.partnership))];
    let mut rows: Vec<(i64, PartnershipId, i64, OrderId, i64, Option<i64>)> = reader.query_set(&OPEN_OF_ALL, &columns).await?;
    rows.sort_unstable_by_key(|row| row.2);
    let mut open: HashMap<PartnershipScope, Vec<OpenOrder>> = HashMap::new();
    for (merchant, partnership, _, order, open_minor, released) in rows {
        let order = OpenOrder { order, open_minor, held: released.is_none() };
        open.entry(PartnershipScope { merchant, partnership }).or_default().push(order);
    }
    Ok(open)
}

/// What partnerships owe, from the index of open orders alone.
pub const OWED: Sql = sql!(
    "SELECT partnership, CAST(SUM(total_minor - paid_minor) AS bigint), CAST(COUNT(*) AS bigint) FROM orders
     WHERE merchant = $1 AND placed_ms IS NOT NULL AND canceled_ms IS NULL AND paid_minor < total_minor AND partnership = ANY($2) GROUP BY partnership"
);

/// What several partnerships owe, for those who need not know for which orders; one that owes nothing is missing from the map.
///
/// # Errors
/// The store's.
pub async fn owed(reader: &mut Reader<'_>, merchant: i64, partnerships: &[PartnershipId]) -> Result<HashMap<PartnershipId, Owed>, Fault> {
    let rows: Vec<(PartnershipId, i64, i64)> = reader.query_each(OWED, params![merchant], &Column::ids(partnerships.iter().copied())).await?;
    Ok(rows.into_iter().map(|(partnership, minor, orders)| (partnership, Owed { minor, anything: orders > 0 })).collect())
}

/// The next license to hand out.
pub const NEXT_TO_DISTRIBUTE: Sql = license_sql!(
    "JOIN orders o ON o.merchant = l.merchant AND o.id = l.orders
     WHERE l.merchant = $1 AND l.partnership = $2 AND l.product = $3 AND l.stage = 'available' AND l.customer IS NULL
     AND ($4 = 0 OR o.paid_minor >= o.total_minor) ORDER BY l.id LIMIT 1"
);

/// The oldest available license of a product that has no owner yet; only of paid orders while unpaid ones stop.
pub(super) async fn next_to_distribute(reader: &mut Reader<'_>, scope: PartnershipScope, product: i64, only_paid: bool) -> Result<Option<LicenseRow>, Fault> {
    reader.query_opt(NEXT_TO_DISTRIBUTE, params![scope.merchant, scope.partnership, product, only_paid]).await
}

/// Licenses of a product that were not distributed, by what they wait for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Undistributed {
    /// In the inventory.
    pub available: i64,
    /// Of them those that have no owner yet.
    pub ownerless: i64,
    /// In orders that are not released.
    pub held: i64,
}

pub(super) async fn undistributed(reader: &mut Reader<'_>, scope: PartnershipScope, product: i64) -> Result<Undistributed, Fault> {
    let (available, ownerless, held): (i64, i64, i64) = reader
        .query_one(
            sql!(
                "SELECT COUNT(CASE WHEN l.stage = 'available' THEN 1 END), COUNT(CASE WHEN l.stage = 'available' AND l.customer IS NULL THEN 1 END),
                        COUNT(CASE WHEN l.stage = 'waiting' AND o.released_ms IS NULL THEN 1 END)
                 FROM license l JOIN orders o ON o.merchant = l.merchant AND o.id = l.orders
                 WHERE l.merchant = $1 AND l.partnership = $2 AND l.product = $3 AND l.stage IN ('available', 'waiting')"
            ),
            params![scope.merchant, scope.partnership, product],
        )
        .await?;
    Ok(Undistributed { available, ownerless, held })
}

/// Licenses of a product that stand in the queue for keys, first in, first out by since when; those of one order by their ids.
pub(super) async fn backordered(reader: &mut Reader<'_>, merchant: i64, product: i64, most: i64) -> Result<Vec<LicenseRow>, Fault> {
    reader
        .query(
            license_sql!(
                "WHERE l.merchant = $1 AND l.product = $2 AND l.method = 'key_pool' AND l.license_key IS NULL AND l.stage = 'waiting'
                 AND l.queued_ms IS NOT NULL ORDER BY l.queued_ms, l.id LIMIT $3"
            ),
            params![merchant, product, most],
        )
        .await
}

/// What of a product's stock an order that is placed now may take.
#[derive(Clone, Copy, Debug)]
pub struct Free {
    /// Available keys beyond those that older licenses wait for.
    pub keys: i64,
    /// Whether orders are taken beyond them.
    pub backorder: bool,
}

/// What is available of products, and what of it older licenses wait for. Both at once there is only between the arrival of
/// keys and their filling: the count is short.
pub const FREE: Sql = sql!(
    "SELECT s.product, s.available, s.backorder, CASE WHEN s.available = 0 THEN 0 ELSE
       (SELECT COUNT(*) FROM license l WHERE l.merchant = s.merchant AND l.product = s.product
          AND l.method = 'key_pool' AND l.license_key IS NULL AND l.stage = 'waiting' AND l.queued_ms IS NOT NULL) END
     FROM stock s WHERE s.merchant = $1 AND s.product = ANY($2)"
);

/// What is free of products' stock, by product number. Keys that arrived are owed to the licenses that wait for them
/// before anything newer, also while `FillBackorders` has not handed them out yet (STK-7). A product that never had a key
/// nor a switch set is missing: nothing of it is free.
///
/// # Errors
/// The store's.
pub async fn free(reader: &mut Reader<'_>, merchant: i64, products: &[i64]) -> Result<HashMap<i64, Free>, Fault> {
    let rows: Vec<(i64, i64, bool, i64)> = reader.query_each(FREE, params![merchant], &Column::ints(products.iter().copied())).await?;
    Ok(rows.into_iter().map(|(product, available, backorder, owed)| (product, Free { keys: (available - owed).max(0), backorder })).collect())
}

/// How many keys of these products (merchant and number) a newer order or sale may take: [`free`] for any merchants. What
/// is missing has none.
///
/// # Errors
/// The store's.
pub async fn free_keys(reader: &mut Reader<'_>, wanted: &BTreeMap<(i64, i64), i64>) -> Result<HashMap<(i64, i64), i64>, Fault> {
    let mut products: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (merchant, product) in wanted.keys() {
        products.entry(*merchant).or_default().push(*product);
    }
    let mut found = HashMap::with_capacity(wanted.len());
    for (merchant, products) in products {
        found.extend(free(&mut *reader, merchant, &products).await?.into_iter().map(|(product, free)| ((merchant, product), free.keys)));
    }
    Ok(found)
}
