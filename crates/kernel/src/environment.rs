//! Clock, ids and randomness, handed in from outside so that tests can fix them.

use crate::{Id, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What time it is.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's.
    System,
    /// A test's own, or that of the demo's past; it moves only when told to.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `moment`.
    #[must_use]
    pub fn fixed(moment: Timestamp) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(moment.ms())))
    }

    /// Now.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the one place that asks the machine")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Self::Fixed(ms) => Timestamp::from_ms(ms.load(Ordering::SeqCst)),
        }
    }

    /// Moves a fixed clock forward; the machine's cannot be moved.
    pub fn advance_ms(&self, by: i64) {
        if let Self::Fixed(ms) = self {
            ms.fetch_add(by, Ordering::SeqCst);
        }
    }
}

/// Where time, ids and randomness come from. Cheap to clone; clones share the source.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The clock.
    pub clock: Clock,
    source: Arc<Mutex<Source>>,
}

#[derive(Debug)]
struct Source {
    random: StdRng,
    /// Last id minted: within one millisecond ids count up, so that what was made later sorts later.
    last: u128,
}

impl Environment {
    /// The machine's clock and randomness.
    #[must_use]
    pub fn system() -> Self {
        Self::under(Clock::System)
    }

    /// The machine's randomness under a clock.
    #[must_use]
    pub fn under(clock: Clock) -> Self {
        let mut seed = [0; 32];
        rand::fill(&mut seed);
        Self::new(clock, StdRng::from_seed(seed))
    }

    /// A fixed clock and everything else from `seed`: two runs mint the same ids.
    #[must_use]
    pub fn seeded(clock: Clock, seed: u64) -> Self {
        Self::new(clock, StdRng::seed_from_u64(seed))
    }

    fn new(clock: Clock, random: StdRng) -> Self {
        Self { clock, source: Arc::new(Mutex::new(Source { random, last: 0 })) }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new id: UUID version 7 of the clock's millisecond, strictly above every id minted here before.
    #[must_use]
    pub fn id<N>(&self) -> Id<N> {
        let ms = u128::from(self.now().ms().unsigned_abs());
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        let random: u128 = source.random.random();
        let fresh = (ms << 80) | (0x7 << 76) | ((random >> 52) & (0xfff << 64)) | (0b10 << 62) | (random & ((1 << 62) - 1));
        // Within a millisecond: count up by a random step, keeping version and variant bits.
        let next = if fresh > source.last { fresh } else { source.last + 1 + (random & 0xffff) };
        source.last = next;
        Id::from_bytes(next.to_be_bytes())
    }

    /// Random bytes, for nonces, salts and tokens.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        source.random.fill(&mut out);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    crate::id_types! { Order => OrderId "ord" }

    #[test]
    fn ids_of_one_millisecond_sort_in_the_order_they_were_made() {
        let environment = Environment::seeded(Clock::fixed(Timestamp::from_ms(1_790_000_000_000)), 7);
        let ids: Vec<OrderId> = (0..5_000).map(|_| environment.id()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        let again = Environment::seeded(Clock::fixed(Timestamp::from_ms(1_790_000_000_000)), 7);
        assert_eq!(again.id::<Order>(), ids[0]);
    }
}
