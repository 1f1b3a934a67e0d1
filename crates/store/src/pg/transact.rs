//! One transaction over one or more works: retried as a whole where the server asks for it.

use super::{Shared, connect};
use crate::fault::reason;
use crate::stats::Counters;
use crate::tx::{Driver, Tx};
use crate::work::Queued;
use crate::{Ended, Fault};
use deadpool_postgres::{Object, Pool};
use futures_util::FutureExt;
use rand::RngExt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio_postgres::error::SqlState;
use tradepost_kernel::sabotage;

/// How often a work is tried when the server asks for a repetition.
const TRIES: u32 = 5;

impl Shared {
    /// Runs works of one type in one transaction, from the start again after a deadlock or a serialization
    /// failure; once more also after a unique index said no: what was free when a work looked for it was taken by another one
    /// meanwhile, and is found now.
    pub(super) async fn transact(&self, pool: &Pool, works: &mut [Box<dyn Queued>]) -> Result<(), Fault> {
        for tried in 1..=TRIES {
            self.counters.group(works.len());
            match self.attempt(pool, works).await {
                Err(fault) if is_contention(&fault) || (tried == 1 && is_taken(&fault)) => {
                    tracing::debug!(%fault, tried, "a transaction is repeated");
                    if tried < TRIES {
                        Counters::add(&self.counters.retried, 1);
                        // Jitter, or the two meet again.
                        let wait_ms = rand::rng().random_range(1..=4_u64 << tried);
                        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                    }
                }
                done => return done,
            }
        }
        Err(Fault::Contended(TRIES))
    }

    async fn attempt(&self, pool: &Pool, works: &mut [Box<dyn Queued>]) -> Result<(), Fault> {
        sabotage::fail_point("store.before_begin");
        let client = connect::begin(pool, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await?;
        let ran = AssertUnwindSafe(run(&client, works, &self.counters)).catch_unwind().await;
        match ran.unwrap_or_else(|panic| Err(Fault::panicked(panic.as_ref()))) {
            Ok(Ended::Commit) => {
                if sabotage::is("commit.lost") {
                    works.iter_mut().for_each(|work| work.answer_too_early());
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                sabotage::fail_point("store.before_commit");
                let committed = self.commit(client).await;
                sabotage::fail_point("store.after_commit");
                committed
            }
            Ok(Ended::Nothing) => {
                connect::roll_back(client).await;
                Ok(())
            }
            Err(fault) => {
                connect::roll_back(client).await;
                Err(fault)
            }
        }
    }

    async fn commit(&self, client: Object) -> Result<(), Fault> {
        // The server ends its statement timeout before it commits, and so waits for a synchronous standby as long
        // as it takes. We stop waiting without knowing, later than any statement would have been stopped.
        match tokio::time::timeout(self.statement_timeout * 2, client.batch_execute("COMMIT")).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) if !connect::is_lost(&client, &error) => {
                connect::roll_back(client).await;
                Err(error.into())
            }
            Ok(Err(error)) => {
                tracing::error!(error = reason(&error), "the connection broke while committing");
                connect::discard(client);
                unknown(reason(&error))
            }
            Err(_) => {
                tracing::error!("a commit was not answered in time");
                connect::discard(client);
                Err(Fault::OutcomeUnknown)
            }
        }
    }
}

async fn run(client: &Object, works: &mut [Box<dyn Queued>], counters: &Counters) -> Result<Ended, Fault> {
    let mut tx = Tx::new(Driver::Pg(client, Vec::new()));
    let ends = match works {
        [work] => vec![work.run(&mut tx).await?],
        [] => Vec::new(),
        [first, ..] => {
            let run_set = first.run_set();
            run_set(works, &mut tx).await?
        }
    };
    Counters::add(&counters.statements, tx.statements());
    tx.collect().await?;
    tx.settle(&ends)
}

/// What is said of a commit whose answer was lost.
fn unknown(why: String) -> Result<(), Fault> {
    if sabotage::is("commit.assumed") {
        return Ok(());
    }
    Err(if sabotage::is("commit.denied") { Fault::NoConnection(why) } else { Fault::OutcomeUnknown })
}

/// Whether a unique index said no. The bug `postgres.unique_unretried`: what it said is the end, as if nobody had been faster.
fn is_taken(fault: &Fault) -> bool {
    fault.is_unique_violation() && !sabotage::is("postgres.unique_unretried")
}

/// Whether another transaction got in between, so that the whole is worth another try.
fn is_contention(fault: &Fault) -> bool {
    match fault {
        Fault::LostRace(_) => true,
        Fault::Pg(error) => {
            matches!(error.code(), Some(code) if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED)
        }
        _ => false,
    }
}
