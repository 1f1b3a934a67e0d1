//! Every writing statement on `stock`, `key_import` and `license_key`.

mod batches;
mod expiry;
mod imports;

pub(super) use batches::{MovedKey, arrive, begin_work, move_to, note_work, update_batch};
pub(super) use expiry::{expire, expires_at_least_from, expires_from, set_expiry};
pub(super) use imports::{
    NewImport, PlacedKey, abandon_import, delete_staged, finish_import, free_shelves, insert_import, insert_keys, insert_shelf, stage_until, take_in,
    touch_import,
};

use super::{KeyState, Level, Taken};
use crate::command::Ctx;
use crate::ids::{LicenseKeyId, ProductId};
use crate::outbox::Event;
use serde_json::json;
use std::collections::BTreeMap;
use tradepost_kernel::{Timestamp, sabotage};
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, SetSql, Tx, params, sql};

// `state + 0` keeps PostgreSQL, where it has no statistics yet, from walking the partial index of everything available
// once per key instead of the primary key.
static HAND_OVER: SetSql = SetSql::update(
    "UPDATE license_key SET state = r.state, license = r.license FROM rows r \
     WHERE license_key.merchant = r.merchant AND license_key.id = r.id AND license_key.state + 0 = 0",
    &[("merchant", Int), ("id", Bytes), ("license", Bytes), ("state", Int)],
);

/// The same without its guard: the bug `stock.double_claim`.
static TAKE_AGAIN: SetSql = SetSql::update(
    "UPDATE license_key SET state = r.state, license = r.license FROM rows r WHERE license_key.merchant = r.merchant AND license_key.id = r.id",
    &[("merchant", Int), ("id", Bytes), ("license", Bytes), ("state", Int)],
);

/// Available → the state with each, with the license; every key must have been available.
pub(super) async fn hand_over(tx: &mut Tx<'_>, merchant: i64, taken: &[(Taken, KeyState)]) -> Result<(), Fault> {
    let columns = vec![
        Column::same(merchant, taken.len()),
        Column::ids(taken.iter().map(|(taken, _)| taken.key)),
        Column::ids(taken.iter().map(|(taken, _)| taken.license)),
        Column::ints(taken.iter().map(|(_, to)| to.code())),
    ];
    if sabotage::is("stock.double_claim") {
        return tx.write_set(&TAKE_AGAIN, columns).await.map(drop);
    }
    tx.write_whole_set(&HAND_OVER, columns).await
}

static DELIVER: SetSql = SetSql::update(
    "UPDATE license_key SET state = 3, license = r.license, shown_ms = r.at_ms FROM rows r \
     WHERE license_key.merchant = r.merchant AND license_key.id = r.id AND license_key.state + 0 = 0",
    &[("merchant", Int), ("id", Bytes), ("license", Bytes), ("at_ms", Int)],
);

/// Available → delivered and shown, with the license; every key must have been available.
pub(super) async fn deliver(tx: &mut Tx<'_>, merchant: i64, taken: &[Taken], at: Timestamp) -> Result<(), Fault> {
    if sabotage::is("stock.double_claim") {
        return hand_over(tx, merchant, &taken.iter().map(|taken| (*taken, KeyState::Delivered)).collect::<Vec<_>>()).await;
    }
    let columns = vec![
        Column::same(merchant, taken.len()),
        Column::ids(taken.iter().map(|taken| taken.key)),
        Column::ids(taken.iter().map(|taken| taken.license)),
        Column::same(at.ms(), taken.len()),
    ];
    tx.write_whole_set(&DELIVER, columns).await
}

static TAKE_FROM_COUNTERS: SetSql = SetSql::update(
    "UPDATE stock SET available = available - r.taken, reserved = reserved + r.to_reserved, allocated = allocated + r.to_allocated, \
     delivered = delivered + r.to_delivered FROM rows r WHERE stock.merchant = r.tenant AND stock.product = r.number \
     RETURNING product, available, threshold, level",
    &[("tenant", Int), ("number", Int), ("taken", Int), ("to_reserved", Int), ("to_allocated", Int), ("to_delivered", Int)],
);

/// Takes keys of several products from available to `to`, and announces the crossings.
pub(super) async fn change_counters_of_all(ctx: &mut Ctx, tx: &mut Tx<'_>, merchant: i64, counts: &BTreeMap<i64, i64>, to: KeyState) -> Result<(), Fault> {
    let into = |state: KeyState| Column::ints(counts.values().map(move |count| if state == to { *count } else { 0 }));
    let columns = [
        Column::same(merchant, counts.len()),
        Column::ints(counts.keys().copied()),
        Column::ints(counts.values().copied()),
        into(KeyState::Reserved),
        into(KeyState::Allocated),
        into(KeyState::Delivered),
    ];
    let mut rows: Vec<(i64, i64, i64, String)> = tx.query_set(&TAKE_FROM_COUNTERS, &columns).await?;
    if rows.len() != counts.len() {
        return Err(Fault::invariant(format!("no stock counters for some products of merchant {merchant}")));
    }
    rows.sort_unstable();
    for (product, available, threshold, level) in rows {
        note_level(ctx, tx, merchant, product, (available, threshold, &level)).await?;
    }
    Ok(())
}

static LEAVE_SHELVES: SetSql = SetSql::update(
    "UPDATE stock SET available = stock.available - r.to_reserved - r.to_allocated - r.to_delivered, reserved = stock.reserved + r.to_reserved, \
     allocated = stock.allocated + r.to_allocated, delivered = stock.delivered + r.to_delivered, level = r.new_level FROM rows r \
     WHERE stock.merchant = r.tenant AND stock.product = r.number",
    &[("tenant", Int), ("number", Int), ("to_reserved", Int), ("to_allocated", Int), ("to_delivered", Int), ("new_level", Text)],
);

/// Takes keys of several products from available to reserved, allocated and delivered, and stores the levels that
/// follow. The counters are locked.
pub(super) async fn leave_shelves(tx: &mut Tx<'_>, merchant: i64, moved: &BTreeMap<i64, [i64; 3]>, levels: &[Level]) -> Result<(), Fault> {
    let columns = vec![
        Column::same(merchant, moved.len()),
        Column::ints(moved.keys().copied()),
        Column::ints(moved.values().map(|[reserved, _, _]| *reserved)),
        Column::ints(moved.values().map(|[_, allocated, _]| *allocated)),
        Column::ints(moved.values().map(|[_, _, delivered]| *delivered)),
        Column::texts(levels.iter().map(|level| level.name().to_owned())),
    ];
    tx.write_whole_set(&LEAVE_SHELVES, columns).await
}

static MOVE: SetSql = SetSql::update(
    "UPDATE license_key SET state = r.new_state FROM rows r \
     WHERE license_key.merchant = r.merchant AND license_key.id = r.id AND license_key.product = r.product AND license_key.state = r.old_state",
    &[("merchant", Int), ("id", Bytes), ("product", Int), ("old_state", Int), ("new_state", Int)],
);

static RETURN: SetSql = SetSql::update(
    "UPDATE license_key SET state = r.new_state, license = NULL FROM rows r \
     WHERE license_key.merchant = r.merchant AND license_key.id = r.id AND license_key.product = r.product AND license_key.state = r.old_state",
    &[("merchant", Int), ("id", Bytes), ("product", Int), ("old_state", Int), ("new_state", Int)],
);

/// `from` → `to`; every key must have been in `from`. Into available the license is cleared.
pub(super) async fn move_rows(tx: &mut Tx<'_>, merchant: i64, keys: &[(LicenseKeyId, i64)], from: KeyState, to: KeyState) -> Result<(), Fault> {
    let columns = vec![
        Column::same(merchant, keys.len()),
        Column::ids(keys.iter().map(|(key, _)| *key)),
        Column::ints(keys.iter().map(|(_, product)| *product)),
        Column::same(from.code(), keys.len()),
        Column::same(to.code(), keys.len()),
    ];
    tx.write_whole_set(if to == KeyState::Available { &RETURN } else { &MOVE }, columns).await
}

// As above: where PostgreSQL believes that everything is still available, it compares every key with every row of the set.
static MARK_SHOWN: SetSql = SetSql::update(
    "UPDATE license_key SET shown_ms = r.at_ms FROM rows r \
     WHERE license_key.merchant = r.merchant AND license_key.id = r.id AND license_key.shown_ms IS NULL AND license_key.state + 0 <> 0",
    &[("merchant", Int), ("id", Bytes), ("at_ms", Int)],
);

/// Sets the moment of the first showing. A key in stock is never shown, so it is never marked.
pub(super) async fn mark_shown(tx: &mut Tx<'_>, merchant: i64, keys: &[LicenseKeyId], at: Timestamp) -> Result<(), Fault> {
    let columns = vec![Column::same(merchant, keys.len()), Column::ids(keys.iter().copied()), Column::same(at.ms(), keys.len())];
    tx.write_set(&MARK_SHOWN, columns).await.map(|_| ())
}

/// By how much each counter of a product changes, in order of [`KeyState`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CounterChange([i64; 6]);

impl CounterChange {
    pub(super) const fn plus(mut self, state: KeyState, count: i64) -> Self {
        self.0[state as usize] += count;
        self
    }

    pub(super) const fn less(self, state: KeyState, count: i64) -> Self {
        self.plus(state, -count)
    }
}

/// Changes a product's counters in one statement and announces the crossing of its threshold, if any (STK-4).
pub(super) async fn change_counters(ctx: &mut Ctx, tx: &mut Tx<'_>, merchant: i64, product: i64, change: CounterChange) -> Result<(), Fault> {
    let CounterChange([available, reserved, allocated, delivered, revoked, burned]) = change;
    let row: Option<(i64, i64, String)> = tx
        .query_opt(
            sql!(
                "UPDATE stock SET available = available + $3, reserved = reserved + $4, allocated = allocated + $5, \
                 delivered = delivered + $6, revoked = revoked + $7, burned = burned + $8 \
                 WHERE merchant = $1 AND product = $2 RETURNING available, threshold, level"
            ),
            params![merchant, product, available, reserved, allocated, delivered, revoked, burned],
        )
        .await?;
    let (available, threshold, level) = row.ok_or_else(|| Fault::invariant(format!("no stock counters for product {product} of merchant {merchant}")))?;
    note_level(ctx, tx, merchant, product, (available, threshold, &level)).await
}

/// Available → promised, in the counters only; back where `count` is negative. Announces the crossing.
pub(super) async fn promise(ctx: &mut Ctx, tx: &mut Tx<'_>, merchant: i64, product: i64, count: i64) -> Result<(), Fault> {
    let taken = if sabotage::is("stock.broken_promise") { 0 } else { count };
    let row: Option<(i64, i64, String)> = tx
        .query_opt(
            sql!(
                "UPDATE stock SET available = available - $3, promised = promised + $4 WHERE merchant = $1 AND product = $2 \
                 RETURNING available, threshold, level"
            ),
            params![merchant, product, taken, count],
        )
        .await?;
    let (available, threshold, level) = row.ok_or_else(|| Fault::invariant(format!("no stock counters for product {product} of merchant {merchant}")))?;
    note_level(ctx, tx, merchant, product, (available, threshold, &level)).await
}

/// Promised → delivered, in the counters.
pub(super) async fn count_kept(tx: &mut Tx<'_>, merchant: i64, product: i64, count: i64) -> Result<(), Fault> {
    let sql = sql!("UPDATE stock SET promised = promised - $3, delivered = delivered + $3 WHERE merchant = $1 AND product = $2");
    tx.execute_exactly(1, sql, params![merchant, product, count]).await
}

/// Stores the level that follows from the counters, and announces its change.
async fn note_level(ctx: &mut Ctx, tx: &mut Tx<'_>, merchant: i64, product: i64, counters: (i64, i64, &str)) -> Result<(), Fault> {
    let (available, threshold, was) = counters;
    let was = Level::from_name(was).ok_or(Fault::Column("a level of stock"))?;
    let is = Level::of(available, threshold);
    let Some(event) = was.event(is) else { return Ok(()) };
    tx.execute_exactly(1, sql!("UPDATE stock SET level = $3 WHERE merchant = $1 AND product = $2"), params![merchant, product, is.name()]).await?;
    let id: (ProductId,) = tx.query_one(sql!("SELECT id FROM product WHERE merchant = $1 AND number = $2"), params![merchant, product]).await?;
    let body = json!({ "product": id.0, "available": available, "threshold": threshold, "level": is.name() });
    ctx.announce(Event::new(merchant, event, id.0, body));
    Ok(())
}

/// Sets a product's switches, and announces the crossing that a new threshold means.
pub(super) async fn set_switches(ctx: &mut Ctx, tx: &mut Tx<'_>, merchant: i64, product: i64, threshold: i64, backorder: bool) -> Result<(), Fault> {
    let row: (i64, String) = tx
        .query_one(
            sql!(
                "INSERT INTO stock (merchant, product, threshold, backorder) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (merchant, product) DO UPDATE SET threshold = excluded.threshold, backorder = excluded.backorder \
                 RETURNING available, level"
            ),
            params![merchant, product, threshold, backorder],
        )
        .await?;
    note_level(ctx, tx, merchant, product, (row.0, threshold, &row.1)).await
}
