//! Which idempotency keys this server answered lately: a repeated call among them is answered from a read.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many are remembered at most; a newer one takes the place of an older.
const PLACES: usize = 1 << 16;

/// Marks of keys, each in the one place where it may stand. What is remembered here is only where to look first: whether a
/// call was done, the database says.
#[derive(Debug, Default)]
pub struct Recent {
    hasher: RandomState,
    /// 0 is nothing. A server that answers no such calls has none of them.
    marks: OnceLock<Box<[AtomicU64]>>,
}

impl Recent {
    /// Notes that a call with this key was answered.
    pub(super) fn note(&self, key: &impl Hash) {
        let (at, mark) = self.place(key);
        let marks = self.marks.get_or_init(|| (0..PLACES).map(|_| AtomicU64::new(0)).collect());
        marks[at].store(mark, Ordering::Relaxed);
    }

    /// Whether it was, as far as is remembered.
    pub(super) fn may_hold(&self, key: &impl Hash) -> bool {
        let (at, mark) = self.place(key);
        self.marks.get().is_some_and(|marks| marks[at].load(Ordering::Relaxed) == mark)
    }

    /// Where it may stand, and its mark.
    fn place(&self, key: &impl Hash) -> (usize, u64) {
        let mark = self.hasher.hash_one(key).max(1);
        (usize::try_from(mark % PLACES as u64).unwrap_or(0), mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_remembered_until_a_newer_one_takes_its_place() {
        let recent = Recent::default();
        let key = |n: u32| (7_i64, [1_u8; 16], "POST /v1/reseller/fulfillments", n);
        assert!(!recent.may_hold(&key(0)));
        recent.note(&key(0));
        assert!(recent.may_hold(&key(0)));
        (1..1_000_000).for_each(|n| recent.note(&key(n)));
        assert!(!recent.may_hold(&key(0)), "what is remembered has no end");
        assert!(recent.may_hold(&key(999_999)));
    }
}
