//! Taking keys out of stock and moving them between states, with their counters (STK-2 … STK-4).

use super::store::{self, CounterChange};
use super::{KeyState, queries};
use crate::command::Ctx;
use crate::ids::{LicenseId, LicenseKeyId};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use tradepost_kernel::sabotage;
use tradepost_store::ColumnType::Int;
use tradepost_store::{Column, Fault, SetSql, Tx, params, sql};

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

/// The first `count` available keys of a product, first in, first out, locked for this transaction and not yet
/// changed; fewer are a shortage (STK-3). Where keys of several products are asked for, [`lock`] them first.
///
/// Rows that another transaction holds are skipped at first; on a shortage they are waited for, since a held key
/// may come back.
///
/// # Errors
/// The store's.
pub async fn claim(tx: &mut Tx<'_>, merchant: i64, product: i64, count: i64) -> Result<Vec<LicenseKeyId>, Fault> {
    let skipping = sql!(
        "SELECT k.id FROM license_key k WHERE k.merchant = $1 AND k.product = $2 AND k.state = 0 \
         AND k.place < (SELECT s.horizon FROM stock s WHERE s.merchant = $1 AND s.product = $2) \
         ORDER BY k.place LIMIT $3 FOR UPDATE SKIP LOCKED"
    );
    let waiting = sql!(
        "SELECT k.id FROM license_key k WHERE k.merchant = $1 AND k.product = $2 AND k.state = 0 \
         AND k.place < (SELECT s.horizon FROM stock s WHERE s.merchant = $1 AND s.product = $2) \
         ORDER BY k.place LIMIT $3 FOR UPDATE"
    );
    if count <= 0 {
        return Ok(Vec::new());
    }
    let asked = params![merchant, product, count];
    if sabotage::is("stock.double_claim") {
        let unguarded = sql!("SELECT k.id FROM license_key k WHERE k.merchant = $1 AND k.product = $2 ORDER BY k.place DESC LIMIT $3");
        let keys: Vec<(LicenseKeyId,)> = tx.query(unguarded, asked).await?;
        return Ok(keys.into_iter().map(|(key,)| key).collect());
    }
    let keys: Vec<(LicenseKeyId,)> = tx.query(skipping, asked).await?;
    let short = i64::try_from(keys.len()).is_ok_and(|found| found < count);
    let keys = if short { tx.query(waiting, asked).await? } else { keys };
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

static LOCK_COUNTERS: SetSql = SetSql::select(
    "SELECT s.merchant, s.product, s.horizon FROM rows r JOIN stock s ON s.merchant = r.merchant AND s.product = r.product \
     ORDER BY s.merchant, s.product FOR UPDATE OF s",
    &[("merchant", Int), ("product", Int)],
);

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

/// For each (merchant, product number) the first keys that are available, first in, first out, at most as many as
/// wanted; counters and keys are locked for this transaction and not yet changed. Skips and waits as [`claim`] does.
///
/// # Errors
/// The store's.
pub async fn claim_all(tx: &mut Tx<'_>, wanted: &BTreeMap<(i64, i64), i64>) -> Result<HashMap<(i64, i64), VecDeque<ClaimedKey>>, Fault> {
    let locked = [Column::ints(wanted.keys().map(|key| key.0)), Column::ints(wanted.keys().map(|key| key.1))];
    let horizons: Vec<(i64, i64, i64)> = tx.query_set(&LOCK_COUNTERS, &locked).await?;
    let horizons: BTreeMap<(i64, i64), i64> = horizons.into_iter().map(|(merchant, product, horizon)| ((merchant, product), horizon)).collect();
    let mut claimed = claim_from(tx, &CLAIM, wanted, &horizons).await?;
    let short = |(product, want): (&(i64, i64), &i64)| {
        let found = claimed.get(product).map_or(0, VecDeque::len);
        (i64::try_from(found).is_ok_and(|found| found < *want)).then_some((*product, *want))
    };
    let short: BTreeMap<(i64, i64), i64> = wanted.iter().filter_map(short).collect();
    if !short.is_empty() {
        claimed.extend(claim_from(tx, &CLAIM_WAITING, &short, &horizons).await?);
    }
    Ok(claimed)
}

async fn claim_from(
    tx: &mut Tx<'_>,
    sql: &'static SetSql,
    wanted: &BTreeMap<(i64, i64), i64>,
    horizons: &BTreeMap<(i64, i64), i64>,
) -> Result<HashMap<(i64, i64), VecDeque<ClaimedKey>>, Fault> {
    let known: Vec<((i64, i64), i64, i64)> = wanted.iter().filter_map(|(key, want)| horizons.get(key).map(|horizon| (*key, *horizon, *want))).collect();
    let columns = [
        Column::ints(known.iter().map(|row| row.0.0)),
        Column::ints(known.iter().map(|row| row.0.1)),
        Column::ints(known.iter().map(|row| row.1)),
        Column::ints(known.iter().map(|row| row.2)),
    ];
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

/// Moves claimed keys from available to `to`, each with its license, and the counters; announces `stock.low` and
/// `stock.out` once per crossing.
///
/// # Errors
/// [`Fault::Rows`] where a key was not claimed in this transaction; the store's.
pub async fn take(ctx: &mut Ctx, tx: &mut Tx<'_>, merchant: i64, taken: &[Taken], to: KeyState) -> Result<(), Fault> {
    store::hand_over(tx, merchant, taken, to).await?;
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
    let shown: HashSet<LicenseKeyId> = if to == KeyState::Available { queries::shown(tx, merchant, keys).await? } else { HashSet::new() };
    let (burned, moved): (Vec<_>, Vec<_>) = keys.iter().copied().partition(|(key, _)| shown.contains(key));
    for (keys, to) in [(moved, to), (burned, KeyState::Burned)] {
        store::move_rows(tx, merchant, &keys, from, to).await?;
        for (product, count) in count_by(keys.iter().map(|(_, product)| *product)) {
            let change = CounterChange::default().less(from, count).plus(to, count);
            store::change_counters(ctx, tx, merchant, product, change).await?;
        }
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

/// How many of each product, in order of number: counters are locked in that order.
fn count_by(products: impl Iterator<Item = i64>) -> BTreeMap<i64, i64> {
    let mut counts = BTreeMap::new();
    for product in products {
        *counts.entry(product).or_insert(0) += 1;
    }
    counts
}
