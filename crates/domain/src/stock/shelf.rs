//! What a set of commands takes keys from: the claimed ones of several products, and their counters under their locks.

use super::claim::{self, Taken};
use super::counters::{Counters, lock_counters};
use super::{KeyState, Level, store};
use crate::command::Ctx;
use crate::ids::{LicenseKeyId, ProductId};
use crate::outbox::Event;
use serde_json::json;
use std::collections::{BTreeMap, HashMap, VecDeque};
use tradepost_kernel::{Timestamp, sabotage};
use tradepost_store::{Fault, Tx};

/// One product while its counters are locked. Commands take from it one after the other, so that each sees what those
/// before it left.
#[derive(Debug)]
pub struct Shelf {
    /// Claimed for this transaction, first in, first out (STK-3).
    keys: VecDeque<LicenseKeyId>,
    backorder: bool,
    available: i64,
    /// Counted, and never sold: expired, and not swept yet (STK-6).
    expired: i64,
    threshold: i64,
    level: Level,
}

/// Shelves by merchant and product number. A product that never had a key nor a switch set has none.
pub type Shelves = HashMap<(i64, i64), Shelf>;

/// A threshold that a product crossed (STK-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crossing {
    event: &'static str,
    available: i64,
    threshold: i64,
    level: Level,
}

impl Shelf {
    /// Whether `count` units can be had: as keys, or as a backorder (STK-7).
    #[must_use]
    pub fn serves(&self, count: i64) -> bool {
        self.backorder || i64::try_from(self.keys.len()).is_ok_and(|left| left >= count)
    }

    /// Leaves what lies beyond the first `free` of the counted keys to those who wait for it.
    pub fn leave_beyond(&mut self, free: i64) {
        self.keys.truncate(usize::try_from(free - self.expired).unwrap_or(0));
    }

    /// The next key; `None` where the unit is a backorder.
    pub fn take(&mut self) -> Option<LicenseKeyId> {
        let key = self.keys.pop_front()?;
        self.available -= 1;
        Some(key)
    }

    /// The threshold that was crossed since this was last asked: once for each command that took from it.
    pub fn crossing(&mut self) -> Option<Crossing> {
        let level = Level::of(self.available, self.threshold);
        let event = self.level.event(level)?;
        self.level = level;
        Some(Crossing { event, available: self.available, threshold: self.threshold, level })
    }
}

impl Crossing {
    /// Announces it.
    pub fn announce(self, ctx: &mut Ctx, merchant: i64, product: ProductId) {
        let body = json!({ "product": product, "available": self.available, "threshold": self.threshold, "level": self.level.name() });
        ctx.announce(Event::new(merchant, self.event, product, body));
    }
}

/// Locks the counters of products (merchant and number) in one order, and claims up to as many keys of each as are
/// wanted; 0 only locks. Nothing is changed yet. Skips and waits as [`claim`](super::claim()) does. Keys that expire by `now`
/// are not among them (STK-6).
///
/// # Errors
/// The store's.
pub async fn shelves(tx: &mut Tx<'_>, wanted: &BTreeMap<(i64, i64), i64>, now: Timestamp) -> Result<Shelves, Fault> {
    let counters = lock_counters(tx, wanted, now).await?;
    let mut claimed = claim::claim_locked(tx, wanted, &counters, now).await?;
    let shelf = |(product, counters): (&(i64, i64), &Counters)| {
        let keys = claimed.remove(product).unwrap_or_default().into_iter().map(|claimed| claimed.key).collect();
        let (available, expired) = (counters.available, counters.expired);
        let shelf = Shelf { keys, backorder: counters.backorder, available, expired, threshold: counters.threshold, level: counters.level };
        (*product, shelf)
    };
    Ok(counters.iter().map(shelf).collect())
}

/// Moves keys that were taken from shelves out of stock, each to its state and license, and writes counters and levels.
/// Crossings are announced by whoever took them.
///
/// # Errors
/// [`Fault::Rows`] where a key was not claimed in this transaction; the store's.
pub async fn take_all(tx: &mut Tx<'_>, merchant: i64, taken: &[(Taken, KeyState)], shelves: &Shelves) -> Result<(), Fault> {
    store::hand_over(tx, merchant, taken).await?;
    if sabotage::is("stock.double_claim") {
        // The counter would notice.
        return Ok(());
    }
    let mut moved: BTreeMap<i64, [i64; 3]> = BTreeMap::new();
    for (taken, to) in taken {
        let [reserved, allocated, delivered] = moved.entry(taken.product).or_default();
        match to {
            KeyState::Reserved => *reserved += 1,
            KeyState::Allocated => *allocated += 1,
            KeyState::Delivered => *delivered += 1,
            KeyState::Available | KeyState::Revoked | KeyState::Burned => return Err(Fault::invariant("a key leaves the shelf for nobody")),
        }
    }
    let level =
        |product: &i64| shelves.get(&(merchant, *product)).map(|shelf| shelf.level).ok_or_else(|| Fault::invariant("a key of a product without a shelf"));
    let levels = moved.keys().map(level).collect::<Result<Vec<Level>, Fault>>()?;
    store::leave_shelves(tx, merchant, &moved, &levels).await
}
