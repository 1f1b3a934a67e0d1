//! Counters of an open store, for metrics.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What an open store has done since it was opened, and what waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Writes that wait or run now.
    pub queued: usize,
    /// Transactions of writes that were attempted, groups and single ones.
    pub groups: u64,
    /// Writes in those transactions.
    pub grouped: u64,
    /// How many transactions held 1, 2, 3–4, 5–8, … 65–128, more than 128 writes.
    pub group_sizes: [u64; 9],
    /// Writes that ran as part of a set of two or more.
    pub in_sets: u64,
    /// Statements that writes ran besides BEGIN and COMMIT; one over a set of rows counts once.
    pub statements: u64,
    /// Groups that were rolled back because of one work and repeated one by one.
    pub split: u64,
    /// PostgreSQL: transactions repeated after a deadlock or a serialization failure.
    pub retried: u64,
    /// Writes and reads refused because a queue was full.
    pub refused: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    groups: AtomicU64,
    grouped: AtomicU64,
    group_sizes: [AtomicU64; 9],
    pub(crate) in_sets: AtomicU64,
    pub(crate) statements: AtomicU64,
    pub(crate) split: AtomicU64,
    pub(crate) retried: AtomicU64,
    pub(crate) refused: AtomicU64,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, count: usize) {
        counter.fetch_add(count as u64, Relaxed);
    }

    pub(crate) fn group(&self, works: usize) {
        Self::add(&self.groups, 1);
        Self::add(&self.grouped, works);
        let size = works.next_power_of_two().trailing_zeros() as usize;
        Self::add(&self.group_sizes[size.min(8)], 1);
    }

    pub(crate) fn read(&self, queued: usize) -> Stats {
        Stats {
            queued,
            groups: self.groups.load(Relaxed),
            grouped: self.grouped.load(Relaxed),
            group_sizes: std::array::from_fn(|size| self.group_sizes[size].load(Relaxed)),
            in_sets: self.in_sets.load(Relaxed),
            statements: self.statements.load(Relaxed),
            split: self.split.load(Relaxed),
            retried: self.retried.load(Relaxed),
            refused: self.refused.load(Relaxed),
        }
    }
}
