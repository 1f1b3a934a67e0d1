//! The open database: where writes queue and reads find a connection.

use crate::{Fault, Migration, Reader, Tx};
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

/// A boxed future, so that closures can be handed a [`Reader`] that they borrow.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Which engine is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The bundled SQLite.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

/// How to open a store.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `sqlite:///absolute/path`, `sqlite://relative/path`, or `postgres://…`.
    pub url: String,
    /// Writes that may wait before a further one is refused with [`Fault::Overloaded`].
    pub queue: usize,
    /// SQLite: commands per commit at most. PostgreSQL: commands per lane batch at most.
    pub group: usize,
    /// Reading connections (SQLite: threads).
    pub readers: usize,
    /// PostgreSQL: writing connections besides the lanes'.
    pub writers: usize,
    /// PostgreSQL: lanes for set commands.
    pub lanes: usize,
    /// Longest a single statement may run.
    pub statement_timeout: Duration,
}

impl Settings {
    /// The defaults for a database URL.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), queue: 4096, group: 128, readers: 4, writers: 8, lanes: 2, statement_timeout: Duration::from_secs(30) }
    }
}

/// How a piece of work ended, for the transaction it ran in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// What it wrote is to be committed.
    Commit,
    /// It wrote nothing and its answer is final (a refusal, a replay).
    Nothing,
}

/// One write: run inside a transaction, from the start again where the engine asks for it.
pub trait Work: Send + Sync + 'static {
    /// What it answers.
    type Answer: Send + 'static;

    /// Works of one type that wait in the same lane may run as one set (see [`Work::run_set`]). Only
    /// PostgreSQL has lanes; `None` runs in a transaction of its own.
    fn lane(&self) -> Option<u64> {
        None
    }

    /// Runs once. May be called again after a fault elsewhere in its group or a serialization failure.
    fn run<'a>(&'a self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<(Ended, Self::Answer), Fault>>;

    /// Runs several of the same type in one transaction; one answer each, in order. The default runs them
    /// one after the other.
    fn run_set<'a>(set: &'a [&'a Self], tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Vec<(Ended, Self::Answer)>, Fault>>
    where
        Self: Sized,
    {
        Box::pin(async move {
            let mut answers = Vec::with_capacity(set.len());
            for work in set {
                answers.push(work.run(&mut *tx).await?);
            }
            Ok(answers)
        })
    }
}
