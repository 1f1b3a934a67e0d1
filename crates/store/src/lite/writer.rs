//! The one writer: takes what waits, runs it in one transaction, commits once, then answers all.

use super::poll_once;
use crate::stats::Counters;
use crate::tx::{Driver, Tx};
use crate::work::{Queued, set_len};
use crate::{Ended, Fault};
use rusqlite::{Connection, ErrorCode};
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::sync::mpsc;
use tradepost_kernel::sabotage;

pub(super) enum Message {
    Work(Box<dyn Queued>),
    /// Something that needs the connection outside a transaction: migrations, checks.
    Alone(Box<dyn FnOnce(&mut Connection) + Send>),
}

pub(super) struct Writer {
    connection: Connection,
    queue: mpsc::Receiver<Message>,
    group: usize,
    counters: Arc<Counters>,
    /// Held for the life of the connection.
    _lock: File,
}

/// Why a transaction did not commit.
enum Failure {
    /// One of its works: the others may succeed without it.
    Work(Fault),
    /// The engine: whoever was in it gets the same.
    Engine(Fault),
}

impl Writer {
    pub(super) fn new(connection: Connection, queue: mpsc::Receiver<Message>, group: usize, counters: Arc<Counters>, lock: File) -> Self {
        Self { connection, queue, group, counters, _lock: lock }
    }

    /// Until every sender is gone and the queue is empty.
    pub(super) fn run(mut self) {
        while let Some(first) = self.queue.blocking_recv() {
            let mut group = Vec::new();
            let mut alone = None;
            let mut next = Some(first);
            while let Some(message) = next.take() {
                match message {
                    Message::Work(work) => group.push(work),
                    Message::Alone(job) => {
                        alone = Some(job);
                        break;
                    }
                }
                if group.len() < self.group {
                    next = self.queue.try_recv().ok();
                }
            }
            self.settle(group);
            if let Some(job) = alone {
                self.alone(job);
            }
        }
        if let Err(error) = self.connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);") {
            tracing::warn!(%error, "the log of the database could not be folded in while closing");
        }
    }

    fn alone(&mut self, job: Box<dyn FnOnce(&mut Connection) + Send>) {
        // The job's caller sees its answer dropped.
        if catch_unwind(AssertUnwindSafe(|| job(&mut self.connection))).is_err() {
            tracing::error!("a job of the writer panicked");
        }
        self.roll_back();
    }

    /// Runs a group and answers every work in it.
    fn settle(&mut self, mut group: Vec<Box<dyn Queued>>) {
        if group.is_empty() {
            return;
        }
        match self.attempt(&mut group) {
            Ok(()) => group.into_iter().for_each(|work| work.answer(Ok(()))),
            Err(Failure::Work(fault)) if group.len() == 1 => {
                if let Some(work) = group.pop() {
                    work.answer(Err(fault));
                }
            }
            Err(Failure::Engine(fault)) => {
                tracing::error!(%fault, works = group.len(), "a transaction could not begin or commit");
                group.into_iter().for_each(|work| work.answer(Err(fault.again())));
            }
            Err(Failure::Work(fault)) => {
                tracing::warn!(%fault, works = group.len(), "a group was rolled back and is repeated one by one");
                Counters::add(&self.counters.split, 1);
                group.into_iter().for_each(|work| self.settle(vec![work]));
            }
        }
    }

    fn attempt(&mut self, group: &mut [Box<dyn Queued>]) -> Result<(), Failure> {
        self.counters.group(group.len());
        self.roll_back();
        sabotage::fail_point("store.before_begin");
        self.connection.execute_batch("BEGIN IMMEDIATE").map_err(|error| Failure::Engine(error.into()))?;
        let ended = self.run_all(group);
        let done = match ended {
            // Nothing was written: ending it costs no sync.
            Ok(Ended::Nothing) | Err(_) => ended.map(drop).map_err(Failure::Work),
            Ok(Ended::Commit) => {
                if sabotage::is("commit.lost") {
                    group.iter_mut().for_each(|work| work.answer_too_early());
                    std::thread::sleep(std::time::Duration::from_millis(10));
                }
                sabotage::fail_point("store.before_commit");
                let committed = self.connection.execute_batch("COMMIT").map_err(commit_failure);
                sabotage::fail_point("store.after_commit");
                if sabotage::is("commit.error_ignored") { Ok(()) } else { committed }
            }
        };
        self.roll_back();
        done
    }

    fn run_all(&mut self, group: &mut [Box<dyn Queued>]) -> Result<Ended, Fault> {
        let mut all = Ended::Nothing;
        let mut rest = group;
        while !rest.is_empty() {
            let (set, after) = rest.split_at_mut(set_len(rest));
            let mut tx = Tx::new(Driver::Lite(&mut self.connection));
            let ends = if let [work] = &mut *set {
                vec![poll_once(|| work.run(&mut tx))?]
            } else {
                Counters::add(&self.counters.in_sets, set.len());
                let run_set = set[0].run_set();
                poll_once(|| run_set(set, &mut tx))?
            };
            Counters::add(&self.counters.statements, tx.statements());
            if tx.settle(&ends)? == Ended::Commit {
                all = Ended::Commit;
            }
            rest = after;
        }
        Ok(all)
    }

    /// Ends a transaction that is still open; some faults (disk full) have ended it already.
    fn roll_back(&self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }
}

/// A deferred constraint is one work's doing; all else at a commit is the disk's.
fn commit_failure(error: rusqlite::Error) -> Failure {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => Failure::Work(error.into()),
        // The frames, the mark of the commit among them, may stand in the log already: what failed is the sync, and whoever opens
        // the file after a crash finds them or does not. (A full disk fails before the mark, and is its own code.)
        Some(ErrorCode::SystemIoFailure) => {
            tracing::error!(%error, "a commit could not be made durable");
            Failure::Engine(Fault::OutcomeUnknown)
        }
        _ => Failure::Engine(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    fn failure(code: i32) -> Failure {
        commit_failure(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
    }

    /// Reliability: nothing is said to be undone that a restart may bring back.
    #[test]
    fn a_commit_whose_sync_failed_is_not_known_to_be_undone() {
        assert!(matches!(failure(ffi::SQLITE_IOERR_FSYNC), Failure::Engine(Fault::OutcomeUnknown)));
        assert!(matches!(failure(ffi::SQLITE_IOERR_WRITE), Failure::Engine(Fault::OutcomeUnknown)));
        assert!(matches!(failure(ffi::SQLITE_FULL), Failure::Engine(fault) if fault.is_outage()));
        assert!(matches!(failure(ffi::SQLITE_CONSTRAINT_FOREIGNKEY), Failure::Work(_)));
    }
}
