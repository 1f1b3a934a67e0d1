//! Taking keys out of stock and moving them between states, with their counters (STK-2 … STK-4).

use super::counters::{Counters, lock_counters};
use super::store::{self, CounterChange};
use super::{KeyState, queries};
use crate::command::Ctx;
use crate::ids::{LicenseId, LicenseKeyId};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use tradepost_kernel::{Timestamp, sabotage};
use tradepost_store::ColumnType::Int;
use tradepost_store::{Column, Fault, SetSql, Sql, Tx, params, sql};

/// A claimed key and the license it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The key.
    pub key: LicenseKeyId,
    /// Its product's number.
    pub product: i64,
    /// The license that gets it.
    pub license: LicenseId,
}

/// Locks the counters of products in the order of their numbers. Whoever moves keys of several products does this
/// first, so that two orders never wait for each other in a circle.
///
/// # Errors
/// The store's.
pub async fn lock(tx: &mut Tx<'_>, merchant: i64, products: &BTreeSet<i64>) -> Result<(), Fault> {
    let sql = sql!("SELECT product FROM stock WHERE merchant = $1 AND product = ANY($2) ORDER BY product FOR UPDATE");
    let _: Vec<(i64,)> = tx.query_each(sql, params![merchant], &Column::ints(products.iter().copied())).await?;
    Ok(())
}

/// The claim: rows that another transaction holds are skipped. Named, like every hot statement, so that a test asks the
/// engines for the plan of the very text that runs.
pub const FIRST_KEYS: Sql = sql!(
    "SELECT k.id FROM license_key k WHERE k.merchant = $1 AND k.product = $2 AND k.state = 0 \
     AND k.place < (SELECT s.horizon FROM stock s WHERE s.merchant = $1 AND s.product = $2) \
     ORDER BY k.place LIMIT $3 FOR UPDATE SKIP LOCKED"
);

/// The claim on a shortage: rows that another transaction holds are waited for.
pub const FIRST_KEYS_WAITED_FOR: Sql = sql!(
    "SELECT k.id FROM license_key k WHERE k.merchant = $1 AND k.product = $2 AND k.state = 0 \
     AND k.place < (SELECT s.horizon FROM stock s WHERE s.merchant = $1 AND s.product = $2) \
     ORDER BY k.place LIMIT $3 FOR UPDATE"
);

/// The claim between the moment at which a key of the product expires and its sweep: expired keys are passed over (STK-6).
pub const FIRST_LIVE_KEYS: Sql = sql!(
    "SELECT k.id FROM license_key k WHERE k.merchant = $1 AND k.product = $2 AND k.state = 0 \
     AND k.place < (SELECT s.horizon FROM stock s WHERE s.merchant = $1 AND s.product = $2) \
     AND (k.expires_ms IS NULL OR k.expires_ms > $4) ORDER BY k.place LIMIT $3 FOR UPDATE"
);

/// The first `count` available keys of a product, first in, first out, locked for this transaction and not yet
/// changed; fewer are a shortage (STK-3). Where keys of several products are asked for, [`lock`] them first. Keys that
/// expire by `now` are not among them (STK-6).
///
/// Rows that another transaction holds are skipped at first; on a shortage they are waited for, since a held key
/// may come back.
///
/// # Errors
/// The store's.
pub async fn claim(tx: &mut Tx<'_>, merchant: i64, product: i64, count: i64, now: Timestamp) -> Result<Vec<LicenseKeyId>, Fault> {
    if count <= 0 {
        return Ok(Vec::new());
    }
    if sabotage::is("stock.double_claim") {
        let asked = params![merchant, product, count];
        let unguarded = sql!("SELECT k.id FROM license_key k WHERE k.merchant = $1 AND k.product = $2 ORDER BY k.place DESC LIMIT $3");
        let keys: Vec<(LicenseKeyId,)> = tx.query(unguarded, asked).await?;
        return Ok(keys.into_iter().map(|(key,)| key).collect());
    }
    // What is promised lies in stock and is somebody's already.
    let wanted = BTreeMap::from([((merchant, product), count)]);
    let counters = lock_counters(tx, &wanted, now).await?;
    let Some(counters) = counters.get(&(merchant, product)) else { return Ok(Vec::new()) };
    let count = count.min(counters.free());
    if counters.expired > 0 { first_live(tx, merchant, product, count, now).await } else { first(tx, merchant, product, count).await }
}

/// The first `count` keys of a product that were promised before (see [`promise`]), locked for this transaction and not
/// yet changed. Fewer are a damaged database. They were sold when they were promised: where too few others are left, those
/// that expired since are among them.
///
/// # Errors
/// The store's.
pub async fn claim_promised(tx: &mut Tx<'_>, merchant: i64, product: i64, count: i64, now: Timestamp) -> Result<Vec<LicenseKeyId>, Fault> {
    let counters = lock_counters(tx, &BTreeMap::from([((merchant, product), count)]), now).await?;
    if counters.get(&(merchant, product)).is_some_and(|counters| counters.expired > 0) {
        let live = first_live(tx, merchant, product, count, now).await?;
        if i64::try_from(live.len()).is_ok_and(|found| found >= count) {
            return Ok(live);
        }
    }
    first(tx, merchant, product, count).await
}

async fn first_live(tx: &mut Tx<'_>, merchant: i64, product: i64, count: i64, now: Timestamp) -> Result<Vec<LicenseKeyId>, Fault> {
    let keys: Vec<(LicenseKeyId,)> = tx.query(FIRST_LIVE_KEYS, params![merchant, product, count, now]).await?;
    Ok(keys.into_iter().map(|(key,)| key).collect())
}

async fn first(tx: &mut Tx<'_>, merchant: i64, product: i64, count: i64) -> Result<Vec<LicenseKeyId>, Fault> {
    let asked = params![merchant, product, count];
    let keys: Vec<(LicenseKeyId,)> = tx.query(FIRST_KEYS, asked).await?;
    let short = i64::try_from(keys.len()).is_ok_and(|found| found < count);
    let keys = if short { tx.query(FIRST_KEYS_WAITED_FOR, asked).await? } else { keys };
    Ok(keys.into_iter().map(|(key,)| key).collect())
}

/// A key that a set of commands may take, with its sealed code: who delivers it at once needs no second look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedKey {
    /// Which.
    pub key: LicenseKeyId,
    /// Its code, for [`open_code`](super::open_code).
    pub sealed: Vec<u8>,
}

static CLAIM: SetSql = SetSql::select(
    "SELECT r.merchant, r.product, k.id, k.sealed FROM rows r CROSS JOIN LATERAL (SELECT a.id, a.sealed FROM license_key a \
     WHERE a.merchant = r.merchant AND a.product = r.product AND a.state = 0 AND a.place < r.horizon \
     ORDER BY a.place LIMIT r.want FOR UPDATE SKIP LOCKED) k",
    &[("merchant", Int), ("product", Int), ("horizon", Int), ("want", Int)],
);

static CLAIM_WAITING: SetSql = SetSql::select(
    "SELECT r.merchant, r.product, k.id, k.sealed FROM rows r CROSS JOIN LATERAL (SELECT a.id, a.sealed FROM license_key a \
     WHERE a.merchant = r.merchant AND a.product = r.product AND a.state = 0 AND a.place < r.horizon \
     ORDER BY a.place LIMIT r.want FOR UPDATE) k",
    &[("merchant", Int), ("product", Int), ("horizon", Int), ("want", Int)],
);

/// The same of products with expired keys: those are passed over (STK-6).
static CLAIM_LIVE: SetSql = SetSql::select(
    "SELECT r.merchant, r.product, k.id, k.sealed FROM rows r CROSS JOIN LATERAL (SELECT a.id, a.sealed FROM license_key a \
     WHERE a.merchant = r.merchant AND a.product = r.product AND a.state = 0 AND a.place < r.horizon \
     AND (a.expires_ms IS NULL OR a.expires_ms > r.now_ms) ORDER BY a.place LIMIT r.want FOR UPDATE) k",
    &[("merchant", Int), ("product", Int), ("horizon", Int), ("want", Int), ("now_ms", Int)],
);

/// The same without its guards: the bug `stock.double_claim`.
static CLAIM_AGAIN: SetSql = SetSql::select(
    "SELECT r.merchant, r.product, k.id, k.sealed FROM rows r CROSS JOIN LATERAL (SELECT a.id, a.sealed FROM license_key a \
     WHERE a.merchant = r.merchant AND a.product = r.product ORDER BY a.place DESC LIMIT r.want) k",
    &[("merchant", Int), ("product", Int), ("horizon", Int), ("want", Int)],
);

/// What of a product a set of commands may take.
#[derive(Clone, Debug, Default)]
pub struct OnHand {
    /// The first keys, as many as were wanted where there are so many.
    pub keys: VecDeque<ClaimedKey>,
    /// How many may be taken or promised in all.
    pub available: i64,
    /// Keys in stock that expired and are not taken out of it yet: counted, never sold (STK-6).
    pub expired: i64,
}

impl OnHand {
    /// Leaves what lies beyond the first `free` of the counted keys to those who wait for it.
    pub fn leave_beyond(&mut self, free: i64) {
        self.available = self.available.min((free - self.expired).max(0));
        self.keys.truncate(usize::try_from(self.available).unwrap_or(0));
    }
}

/// For each (merchant, product number) the first keys that are available, first in, first out, at most as many as
/// wanted; counters and keys are locked for this transaction and not yet changed. Skips and waits as [`claim`] does.
/// Where none is wanted, only the counters are locked and told. Keys that expire by `now` are not among them (STK-6).
///
/// # Errors
/// The store's.
pub async fn claim_all(tx: &mut Tx<'_>, wanted: &BTreeMap<(i64, i64), i64>, now: Timestamp) -> Result<HashMap<(i64, i64), OnHand>, Fault> {
    let counters = lock_counters(tx, wanted, now).await?;
    let mut claimed = claim_locked(tx, wanted, &counters, now).await?;
    let on_hand = |(product, counters): (&(i64, i64), &Counters)| {
        let keys = claimed.remove(product).unwrap_or_default();
        (*product, OnHand { keys, available: counters.free(), expired: counters.expired })
    };
    Ok(counters.iter().map(on_hand).collect())
}

/// The same where the counters are locked already.
pub(super) async fn claim_locked(
    tx: &mut Tx<'_>,
    wanted: &BTreeMap<(i64, i64), i64>,
    counters: &BTreeMap<(i64, i64), Counters>,
    now: Timestamp,
) -> Result<HashMap<(i64, i64), VecDeque<ClaimedKey>>, Fault> {
    if sabotage::is("stock.double_claim") {
        return claim_from(tx, &CLAIM_AGAIN, wanted, counters, None).await;
    }
    // What is promised lies in stock and is somebody's already.
    let within = |(product, want): (&(i64, i64), &i64)| Some((*product, (*want).min(counters.get(product)?.free())));
    let wanted: BTreeMap<(i64, i64), i64> = wanted.iter().filter_map(within).filter(|(_, want)| *want > 0).collect();
    let expiring = |product: &(i64, i64)| counters.get(product).is_some_and(|counters| counters.expired > 0);
    let (wary, wanted): (BTreeMap<_, _>, BTreeMap<_, _>) = wanted.into_iter().partition(|(product, _)| expiring(product));
    let mut claimed = claim_from(tx, &CLAIM, &wanted, counters, None).await?;
    if !wary.is_empty() {
        claimed.extend(claim_from(tx, &CLAIM_LIVE, &wary, counters, Some(now)).await?);
    }
    let short = |(product, want): (&(i64, i64), &i64)| {
        let found = claimed.get(product).map_or(0, VecDeque::len);
        (i64::try_from(found).is_ok_and(|found| found < *want)).then_some((*product, *want))
    };
    let short: BTreeMap<(i64, i64), i64> = wanted.iter().filter_map(short).collect();
    if !short.is_empty() {
        claimed.extend(claim_from(tx, &CLAIM_WAITING, &short, counters, None).await?);
    }
    Ok(claimed)
}

async fn claim_from(
    tx: &mut Tx<'_>,
    sql: &'static SetSql,
    wanted: &BTreeMap<(i64, i64), i64>,
    counters: &BTreeMap<(i64, i64), Counters>,
    now: Option<Timestamp>,
) -> Result<HashMap<(i64, i64), VecDeque<ClaimedKey>>, Fault> {
    let asked = wanted.iter().filter(|(_, want)| **want > 0);
    let known: Vec<((i64, i64), i64, i64)> = asked.filter_map(|(key, want)| counters.get(key).map(|counters| (*key, counters.horizon, *want))).collect();
    let mut columns = vec![
        Column::ints(known.iter().map(|row| row.0.0)),
        Column::ints(known.iter().map(|row| row.0.1)),
        Column::ints(known.iter().map(|row| row.1)),
        Column::ints(known.iter().map(|row| row.2)),
    ];
    columns.extend(now.map(|now| Column::same(now.ms(), known.len())));
    let rows: Vec<(i64, i64, LicenseKeyId, Vec<u8>)> = tx.query_set(sql, &columns).await?;
    let mut claimed: HashMap<(i64, i64), VecDeque<ClaimedKey>> = HashMap::with_capacity(known.len());
    for (merchant, product, key, sealed) in rows {
        claimed.entry((merchant, product)).or_default().push_back(ClaimedKey { key, sealed });
    }
    Ok(claimed)
}

/// Moves keys that [`claim_all`] found straight to delivered, shown now: an external shop got their codes in the
/// answer. Counters move, and crossings are announced, under the first command that took a key of the product.
///
/// # Errors
/// [`Fault::Rows`] where a key was not claimed in this transaction; the store's.
pub async fn deliver_all(ctx: &mut Ctx, tx: &mut Tx<'_>, merchant: i64, taken: &[Taken]) -> Result<(), Fault> {
    store::deliver(tx, merchant, taken, ctx.now).await?;
    if sabotage::is("stock.double_claim") {
        return Ok(());
    }
    store::change_counters_of_all(ctx, tx, merchant, &count_by(taken.iter().map(|taken| taken.product)), KeyState::Delivered).await
}

/// Promises `count` units of a product whose counter is locked, so that nobody else may claim them: which keys they get
/// is decided later, by [`claim_promised`] and [`keep_promise`] (EXT-10). A negative count takes a promise back.
///
/// # Errors
/// The check of the schema where more would be promised than is available; the store's.
pub async fn promise(ctx: &mut Ctx, tx: &mut Tx<'_>, merchant: i64, product: i64, count: i64) -> Result<(), Fault> {
    store::promise(ctx, tx, merchant, product, count).await
}

/// Moves keys that [`claim_promised`] found to delivered, each with its license. They are not shown yet.
///
/// # Errors
/// [`Fault::Rows`] where a key was not claimed in this transaction; the store's.
pub async fn keep_promise(tx: &mut Tx<'_>, merchant: i64, product: i64, taken: &[Taken]) -> Result<(), Fault> {
    store::hand_over(tx, merchant, &taken.iter().map(|taken| (*taken, KeyState::Delivered)).collect::<Vec<_>>()).await?;
    store::count_kept(tx, merchant, product, i64::try_from(taken.len()).unwrap_or(i64::MAX)).await
}

/// Moves claimed keys from available to `to`, each with its license, and the counters; announces `stock.low` and
/// `stock.out` once per crossing.
///
/// # Errors
/// [`Fault::Rows`] where a key was not claimed in this transaction; the store's.
pub async fn take(ctx: &mut Ctx, tx: &mut Tx<'_>, merchant: i64, taken: &[Taken], to: KeyState) -> Result<(), Fault> {
    store::hand_over(tx, merchant, &taken.iter().map(|taken| (*taken, to)).collect::<Vec<_>>()).await?;
    if sabotage::is("stock.double_claim") {
        // The counter would notice.
        return Ok(());
    }
    let products = count_by(taken.iter().map(|taken| taken.product));
    for (product, count) in products {
        let change = CounterChange::default().less(KeyState::Available, count).plus(to, count);
        store::change_counters(ctx, tx, merchant, product, change).await?;
    }
    Ok(())
}

/// Moves keys (with their products' numbers) from one state to another, with the counters. Back to available
/// clears the license, and a key that was ever shown is burned instead (STK-2). Announces every crossing.
///
/// # Errors
/// [`Fault::Rows`] where a key is not in `from`; the store's.
pub async fn move_keys(ctx: &mut Ctx, tx: &mut Tx<'_>, merchant: i64, keys: &[(LicenseKeyId, i64)], from: KeyState, to: KeyState) -> Result<(), Fault> {
    if keys.is_empty() || from == to {
        return Ok(());
    }
    let back = if to == KeyState::Available { queries::coming_back(tx, merchant, keys).await? } else { Vec::new() };
    let shown: HashSet<LicenseKeyId> = back.iter().filter(|key| key.shown).map(|key| key.id).collect();
    let (burned, moved): (Vec<_>, Vec<_>) = keys.iter().copied().partition(|(key, _)| shown.contains(key));
    for (keys, to) in [(moved, to), (burned, KeyState::Burned)] {
        store::move_rows(tx, merchant, &keys, from, to).await?;
        for (product, count) in count_by(keys.iter().map(|(_, product)| *product)) {
            let change = CounterChange::default().less(from, count).plus(to, count);
            store::change_counters(ctx, tx, merchant, product, change).await?;
        }
    }
    // One that expired meanwhile is in stock until the next sweep, and no claim takes it (STK-6).
    let mut first: BTreeMap<i64, Timestamp> = BTreeMap::new();
    for key in back.iter().filter(|key| !key.shown) {
        if let Some(expires) = key.expires {
            first.entry(key.product).and_modify(|first| *first = (*first).min(expires)).or_insert(expires);
        }
    }
    for (product, expires) in first {
        store::expires_at_least_from(tx, merchant, product, expires).await?;
    }
    Ok(())
}

/// Notes that keys were shown to somebody outside the merchant, where it was not noted before.
///
/// # Errors
/// The store's.
pub async fn mark_shown(ctx: &mut Ctx, tx: &mut Tx<'_>, merchant: i64, keys: &[LicenseKeyId]) -> Result<(), Fault> {
    store::mark_shown(tx, merchant, keys, ctx.now).await
}

/// The same for a look that began at `at`, in an earlier command: the moment that its audit row has.
///
/// # Errors
/// The store's.
pub async fn mark_shown_at(tx: &mut Tx<'_>, merchant: i64, keys: &[LicenseKeyId], at: Timestamp) -> Result<(), Fault> {
    store::mark_shown(tx, merchant, keys, at).await
}

/// How many of each product, in order of number: counters are locked in that order.
fn count_by(products: impl Iterator<Item = i64>) -> BTreeMap<i64, i64> {
    let mut counts = BTreeMap::new();
    for product in products {
        *counts.entry(product).or_insert(0) += 1;
    }
    counts
}
