//! The counters that a claim goes by, under their locks (STK-4), and what of them may not be sold any more (STK-6).
//!
//! Between the moment at which a key expires and its sweep it lies in stock and is counted. No claim takes it: a product keeps the
//! moment before which none of its keys expires (`stock.expires_from_ms`), which is read with its counters. While that lies ahead, as
//! nearly always, a claim compares no times and its plan is as ever; once it is past, expired keys are counted and passed over.

use super::Level;
use std::collections::BTreeMap;
use tradepost_kernel::Timestamp;
use tradepost_store::ColumnType::Int;
use tradepost_store::{Column, Fault, SetSql, Tx};

static LOCK_COUNTERS: SetSql = SetSql::select(
    "SELECT s.merchant, s.product, s.horizon, s.available, s.threshold, s.backorder, s.level, s.expires_from_ms FROM rows r \
     JOIN stock s ON s.merchant = r.merchant AND s.product = r.product ORDER BY s.merchant, s.product FOR UPDATE OF s",
    &[("merchant", Int), ("product", Int)],
);

/// What of a product's counters a claim goes by, locked.
pub(super) struct Counters {
    /// Keys from this place on are staged.
    pub(super) horizon: i64,
    pub(super) available: i64,
    pub(super) threshold: i64,
    pub(super) backorder: bool,
    pub(super) level: Level,
    /// Keys in stock that expired and were not swept yet: counted and not sold (STK-6).
    pub(super) expired: i64,
}

impl Counters {
    /// How many may be sold. What is promised is nobody else's, and gets keys that did not expire.
    pub(super) const fn free(&self) -> i64 {
        if self.available > self.expired { self.available - self.expired } else { 0 }
    }
}

/// What is read of a product's counters.
type CounterRow = (i64, i64, i64, i64, i64, bool, String, Option<Timestamp>);

/// Locks counters in the order of merchant and product number. A product of which keys may have expired, and were not swept
/// yet, has them counted: between that moment and the sweep, a second later.
pub(super) async fn lock_counters(tx: &mut Tx<'_>, wanted: &BTreeMap<(i64, i64), i64>, now: Timestamp) -> Result<BTreeMap<(i64, i64), Counters>, Fault> {
    let asked = [Column::ints(wanted.keys().map(|key| key.0)), Column::ints(wanted.keys().map(|key| key.1))];
    let rows: Vec<CounterRow> = tx.query_set(&LOCK_COUNTERS, &asked).await?;
    let mut due = Vec::new();
    let mut counters = BTreeMap::new();
    for (merchant, product, horizon, available, threshold, backorder, level, expires_from) in rows {
        let level = Level::from_name(&level).ok_or(Fault::Column("a level of stock"))?;
        if expires_from.is_some_and(|from| from <= now) {
            due.push((merchant, product, horizon));
        }
        counters.insert((merchant, product), Counters { horizon, available, threshold, backorder, level, expired: 0 });
    }
    if due.is_empty() {
        return Ok(counters);
    }
    let columns = [
        Column::ints(due.iter().map(|row| row.0)),
        Column::ints(due.iter().map(|row| row.1)),
        Column::ints(due.iter().map(|row| row.2)),
        Column::same(now.ms(), due.len()),
    ];
    let expired: Vec<(i64, i64, i64)> = tx.query_set(&EXPIRED, &columns).await?;
    for (merchant, product, expired) in expired {
        if let Some(counters) = counters.get_mut(&(merchant, product)) {
            counters.expired = expired;
        }
    }
    Ok(counters)
}

/// Keys in stock that expired and were not swept yet.
static EXPIRED: SetSql = SetSql::select(
    "SELECT r.merchant, r.product, k.expired FROM rows r CROSS JOIN LATERAL (SELECT COUNT(*) AS expired FROM license_key a \
     WHERE a.merchant = r.merchant AND a.product = r.product AND a.state = 0 AND a.expires_ms <= r.now_ms AND a.place < r.horizon LIMIT 1) k",
    &[("merchant", Int), ("product", Int), ("horizon", Int), ("now_ms", Int)],
);
