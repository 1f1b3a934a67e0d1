//! Every writing statement on orders and their items.

use super::queries::ItemRow;
use super::state::State;
use crate::command::Ctx;
use crate::ids::{OrderId, OrderItemId, PartnershipId, PersonId};
use tradepost_kernel::text::folded;
use tradepost_kernel::{Currency, Date, Timestamp};
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, SetSql, Tx, params, sql};

/// The fields of a draft that the reseller fills in.
#[derive(Clone, Debug, Default)]
pub struct DraftFields {
    /// Own invoice or PO number.
    pub reference: Option<String>,
    /// Who to ask.
    pub contact: Option<String>,
    /// Where it goes.
    pub delivery_address: Option<String>,
}

impl DraftFields {
    /// What the reference is found by (ORD-10).
    fn reference_key(&self) -> Option<Vec<u8>> {
        self.reference.as_ref().map(|reference| folded(reference).into_bytes())
    }
}

/// Writes a new draft.
///
/// # Errors
/// The store's.
pub async fn insert_draft(
    ctx: &Ctx,
    tx: &mut Tx<'_>,
    merchant: i64,
    partnership: PartnershipId,
    currency: Currency,
    fields: &DraftFields,
) -> Result<OrderId, Fault> {
    let id: OrderId = ctx.id();
    tx.execute_exactly(
        1,
        sql!(
            "INSERT INTO orders (merchant, id, partnership, state, reference, contact, delivery_address, currency, created_ms, updated_ms, reference_key)
             VALUES ($1, $2, $3, 'draft', $4, $5, $6, $7, $8, $8, $9)"
        ),
        params![
            merchant,
            id,
            partnership,
            fields.reference.clone(),
            fields.contact.clone(),
            fields.delivery_address.clone(),
            currency,
            ctx.now,
            fields.reference_key()
        ],
    )
    .await?;
    Ok(id)
}

/// Changes a draft's fields.
///
/// # Errors
/// [`Fault::Rows`] where it is no draft.
pub async fn update_draft(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, id: OrderId, fields: &DraftFields) -> Result<(), Fault> {
    tx.execute_exactly(
        1,
        sql!(
            "UPDATE orders SET reference = $3, contact = $4, delivery_address = $5, updated_ms = $6, reference_key = $7, version = version + 1
             WHERE merchant = $1 AND id = $2 AND state = 'draft'"
        ),
        params![merchant, id, fields.reference.clone(), fields.contact.clone(), fields.delivery_address.clone(), ctx.now, fields.reference_key()],
    )
    .await
}

/// Notes that a draft's items changed.
///
/// # Errors
/// [`Fault::Rows`] where it is no draft.
pub async fn touch_draft(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, id: OrderId) -> Result<(), Fault> {
    tx.execute_exactly(
        1,
        sql!("UPDATE orders SET updated_ms = $3, version = version + 1 WHERE merchant = $1 AND id = $2 AND state = 'draft'"),
        params![merchant, id, ctx.now],
    )
    .await
}

/// Cancels a draft; it stays as `canceled` (ORD-4).
///
/// # Errors
/// [`Fault::Rows`] where it is no draft.
pub async fn cancel_draft(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, id: OrderId) -> Result<(), Fault> {
    tx.execute_exactly(
        1,
        sql!(
            "UPDATE orders SET state = 'canceled', canceled_ms = $3, approval = NULL, updated_ms = $3, version = version + 1
             WHERE merchant = $1 AND id = $2 AND state = 'draft'"
        ),
        params![merchant, id, ctx.now],
    )
    .await
}

/// Removes a draft and its items.
///
/// # Errors
/// [`Fault::Rows`] where it is no draft.
pub async fn delete_draft(tx: &mut Tx<'_>, merchant: i64, id: OrderId) -> Result<(), Fault> {
    tx.execute(sql!("DELETE FROM order_item WHERE merchant = $1 AND orders = $2"), params![merchant, id]).await?;
    tx.execute_exactly(1, sql!("DELETE FROM orders WHERE merchant = $1 AND id = $2 AND state = 'draft'"), params![merchant, id]).await
}

/// A line of a draft.
#[derive(Clone, Copy, Debug)]
pub struct NewItem {
    /// Its id.
    pub id: OrderItemId,
    /// Its place, from 1.
    pub place: i64,
    /// What is ordered.
    pub product: i64,
    /// How many.
    pub quantity: i64,
}

static INSERT_ITEMS: SetSql =
    SetSql::insert("order_item", &[("merchant", Int), ("id", Bytes), ("orders", Bytes), ("place", Int), ("product", Int), ("quantity", Int)], "");

/// Writes lines of a draft.
///
/// # Errors
/// The store's.
pub async fn insert_items(tx: &mut Tx<'_>, merchant: i64, order: OrderId, items: &[NewItem]) -> Result<(), Fault> {
    let columns = vec![
        Column::same(merchant, items.len()),
        Column::ids(items.iter().map(|item| item.id)),
        Column::ids(items.iter().map(|_| order)),
        Column::ints(items.iter().map(|item| item.place)),
        Column::ints(items.iter().map(|item| item.product)),
        Column::ints(items.iter().map(|item| item.quantity)),
    ];
    tx.write_whole_set(&INSERT_ITEMS, columns).await
}

/// Changes the quantity of a draft's line.
///
/// # Errors
/// The store's.
pub async fn set_quantity(tx: &mut Tx<'_>, merchant: i64, item: OrderItemId, quantity: i64) -> Result<(), Fault> {
    tx.execute_exactly(1, sql!("UPDATE order_item SET quantity = $3 WHERE merchant = $1 AND id = $2"), params![merchant, item, quantity]).await
}

/// Removes a draft's line.
///
/// # Errors
/// The store's.
pub async fn delete_item(tx: &mut Tx<'_>, merchant: i64, item: OrderItemId) -> Result<(), Fault> {
    tx.execute_exactly(1, sql!("DELETE FROM order_item WHERE merchant = $1 AND id = $2"), params![merchant, item]).await
}

static PRICE_ITEMS: SetSql = SetSql::update(
    "UPDATE order_item SET unit_minor = r.unit_minor, line_minor = r.line_minor, explanation = r.explanation
     FROM rows r WHERE order_item.merchant = r.merchant AND order_item.id = r.id",
    &[("merchant", Int), ("id", Bytes), ("unit_minor", Int), ("line_minor", Int), ("explanation", Text)],
);

/// Fixes the prices of an order's lines.
///
/// # Errors
/// The store's.
pub async fn price_items(tx: &mut Tx<'_>, merchant: i64, items: &[ItemRow]) -> Result<(), Fault> {
    let columns = vec![
        Column::same(merchant, items.len()),
        Column::ids(items.iter().map(|item| item.id)),
        Column::ints(items.iter().map(|item| item.unit_minor)),
        Column::ints(items.iter().map(|item| item.line_minor)),
        Column::OptTexts(items.iter().map(|item| item.explanation.clone()).collect()),
    ];
    tx.write_whole_set(&PRICE_ITEMS, columns).await
}

/// What placing fixes on an order.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Which.
    pub order: OrderId,
    /// The human number.
    pub number: String,
    /// The partnership's running number.
    pub place: i64,
    /// The state that it shows.
    pub state: State,
    /// The currency.
    pub currency: Currency,
    /// The total, minor units.
    pub total_minor: i64,
    /// Whether its goods may leave.
    pub released: bool,
    /// Whether they may leave unpaid.
    pub on_credit: bool,
    /// The day in the merchant's time zone.
    pub day: Date,
    /// The person who confirmed it; `None`: a key did.
    pub placed_by: Option<PersonId>,
    /// How long it keeps what it reserves, where it is held and that ends (STK-7).
    pub reserved_until: Option<Timestamp>,
}

static PLACE: SetSql = SetSql::update(
    "UPDATE orders SET number = r.new_number, place = r.new_place, state = r.new_state, currency = r.new_currency, total_minor = r.total, \
     on_credit = r.unpaid, placed_ms = r.at_ms, placed_on = r.on_day, released_ms = r.released_at, completed_ms = r.completed_at, placed_by = r.buyer, reserved_until_ms = r.until_ms, approval = NULL, \
     updated_ms = r.at_ms, version = orders.version + 1 FROM rows r WHERE orders.merchant = r.tenant AND orders.id = r.id AND orders.state = 'draft'",
    &[
        ("tenant", Int),
        ("id", Bytes),
        ("new_number", Text),
        ("new_place", Int),
        ("new_state", Text),
        ("new_currency", Text),
        ("total", Int),
        ("unpaid", Int),
        ("at_ms", Int),
        ("released_at", Int),
        ("completed_at", Int),
        ("on_day", Text),
        ("buyer", Bytes),
        ("until_ms", Int),
    ],
);

/// Places drafts.
///
/// # Errors
/// [`Fault::Rows`] where one is no draft.
pub async fn place_all(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, placed: &[Placed]) -> Result<(), Fault> {
    let now = ctx.now.ms();
    let columns = vec![
        Column::same(merchant, placed.len()),
        Column::ids(placed.iter().map(|placed| placed.order)),
        Column::texts(placed.iter().map(|placed| placed.number.clone())),
        Column::ints(placed.iter().map(|placed| placed.place)),
        Column::texts(placed.iter().map(|placed| placed.state.name().to_owned())),
        Column::texts(placed.iter().map(|placed| placed.currency.code().to_owned())),
        Column::ints(placed.iter().map(|placed| placed.total_minor)),
        Column::ints(placed.iter().map(|placed| i64::from(placed.on_credit))),
        Column::same(now, placed.len()),
        Column::OptInts(placed.iter().map(|placed| placed.released.then_some(now)).collect()),
        Column::OptInts(placed.iter().map(|placed| (placed.state == State::Complete).then_some(now)).collect()),
        Column::texts(placed.iter().map(|placed| placed.day.to_string())),
        Column::OptBytes(placed.iter().map(|placed| placed.placed_by.map(|person| person.bytes().to_vec())).collect()),
        Column::OptInts(placed.iter().map(|placed| placed.reserved_until.map(Timestamp::ms)).collect()),
    ];
    tx.write_whole_set(&PLACE, columns).await
}

static RELEASE: SetSql = SetSql::update(
    "UPDATE orders SET released_ms = r.at_ms, on_credit = r.on_credit, updated_ms = r.at_ms, version = orders.version + 1
     FROM rows r WHERE orders.merchant = r.merchant AND orders.id = r.id AND orders.released_ms IS NULL AND orders.canceled_ms IS NULL",
    &[("merchant", Int), ("id", Bytes), ("on_credit", Int), ("at_ms", Int)],
);

/// Releases held orders: on credit, or because they are paid.
///
/// # Errors
/// [`Fault::Rows`] where one is not held.
pub async fn release(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, orders: &[(OrderId, bool)]) -> Result<(), Fault> {
    let columns = vec![
        Column::same(merchant, orders.len()),
        Column::ids(orders.iter().map(|order| order.0)),
        Column::ints(orders.iter().map(|order| i64::from(order.1))),
        Column::same(ctx.now.ms(), orders.len()),
    ];
    tx.write_whole_set(&RELEASE, columns).await
}

static PAY: SetSql = SetSql::update(
    "UPDATE orders SET paid_minor = orders.paid_minor + r.amount, updated_ms = r.at_ms, version = orders.version + 1
     FROM rows r WHERE orders.merchant = r.merchant AND orders.id = r.id",
    &[("merchant", Int), ("id", Bytes), ("amount", Int), ("at_ms", Int)],
);

/// Notes what was paid on orders.
///
/// # Errors
/// The check of the schema where more would be paid than the total.
pub async fn pay(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, parts: &[(OrderId, i64)]) -> Result<(), Fault> {
    let columns = vec![
        Column::same(merchant, parts.len()),
        Column::ids(parts.iter().map(|part| part.0)),
        Column::ints(parts.iter().map(|part| part.1)),
        Column::same(ctx.now.ms(), parts.len()),
    ];
    tx.write_whole_set(&PAY, columns).await
}

static SHOW: SetSql = SetSql::update(
    "UPDATE orders SET state = r.state, completed_ms = COALESCE(orders.completed_ms, r.completed_ms), updated_ms = r.at_ms, version = orders.version + 1
     FROM rows r WHERE orders.merchant = r.merchant AND orders.id = r.id",
    &[("merchant", Int), ("id", Bytes), ("state", Text), ("completed_ms", Int), ("at_ms", Int)],
);

/// Stores the states that orders show.
///
/// # Errors
/// The store's.
pub async fn show(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, states: &[(OrderId, State)]) -> Result<(), Fault> {
    let now = ctx.now.ms();
    let columns = vec![
        Column::same(merchant, states.len()),
        Column::ids(states.iter().map(|state| state.0)),
        Column::texts(states.iter().map(|state| state.1.name().to_owned())),
        Column::OptInts(states.iter().map(|state| (state.1 == State::Complete).then_some(now)).collect()),
        Column::same(now, states.len()),
    ];
    tx.write_whole_set(&SHOW, columns).await
}

/// Cancels a placed order with the merchant's note (DEL-7).
///
/// # Errors
/// [`Fault::Rows`] where it was canceled meanwhile.
pub async fn cancel(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, id: OrderId, note: &str) -> Result<(), Fault> {
    tx.execute_exactly(
        1,
        sql!(
            "UPDATE orders SET state = 'canceled', canceled_ms = $3, cancel_note = $4, updated_ms = $3, version = version + 1
             WHERE merchant = $1 AND id = $2 AND placed_ms IS NOT NULL AND canceled_ms IS NULL"
        ),
        params![merchant, id, ctx.now, note],
    )
    .await
}

/// Notes that a held order gave back what it reserved (STK-7).
///
/// # Errors
/// [`Fault::Rows`] where it is not held, or did before.
pub async fn end_reservation(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, id: OrderId) -> Result<(), Fault> {
    let update = sql!(
        "UPDATE orders SET reservation_ended_ms = $3, updated_ms = $3, version = version + 1
         WHERE merchant = $1 AND id = $2 AND placed_ms IS NOT NULL AND released_ms IS NULL AND canceled_ms IS NULL AND reservation_ended_ms IS NULL"
    );
    tx.execute_exactly(1, update, params![merchant, id, ctx.now]).await
}

/// Notes that an owner is asked about a draft.
///
/// # Errors
/// [`Fault::Rows`] where it is no draft.
pub async fn ask_for_approval(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, id: OrderId, person: PersonId) -> Result<(), Fault> {
    let update = sql!(
        "UPDATE orders SET approval = 'waiting', approval_by = $3, approval_note = NULL, updated_ms = $4, version = version + 1
         WHERE merchant = $1 AND id = $2 AND state = 'draft'"
    );
    tx.execute_exactly(1, update, params![merchant, id, person, ctx.now]).await
}

/// Ends the question about a draft: declined with a note, or (`None`) withdrawn.
///
/// # Errors
/// [`Fault::Rows`] where nobody waits for an answer.
pub async fn end_approval(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, id: OrderId, declined: Option<&str>) -> Result<(), Fault> {
    let update = sql!(
        "UPDATE orders SET approval = $3, approval_note = $4, updated_ms = $5, version = version + 1
         WHERE merchant = $1 AND id = $2 AND state = 'draft' AND approval = 'waiting'"
    );
    let state = declined.map(|_| "declined");
    tx.execute_exactly(1, update, params![merchant, id, state, declined, ctx.now]).await
}
