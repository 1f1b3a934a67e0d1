//! What goes wrong in a store: bugs and outages, never a caller's mistake.

/// A bug or an outage. Logged once with its source, answered 500 or 503 without detail.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// SQLite said so.
    #[error("SQLite: {0}")]
    Lite(#[from] rusqlite::Error),
    /// PostgreSQL said so.
    #[error("PostgreSQL: {0}")]
    Pg(#[from] tokio_postgres::Error),
    /// No connection to the database could be had in time.
    #[error("no connection: {0}")]
    NoConnection(String),
    /// The queue of writes is full, or the store is closing. Nothing was written.
    #[error("overloaded")]
    Overloaded,
    /// PostgreSQL asked for the transaction to be repeated and it still failed after the last try.
    #[error("serialization or deadlock, tried {0} times")]
    Contended(u32),
    /// Another transaction got in between; the whole work is to be repeated from the start (as for 40001).
    #[error("lost a race: {0}")]
    LostRace(&'static str),
    /// The connection broke while committing: nobody here knows whether it did.
    #[error("commit outcome unknown")]
    OutcomeUnknown,
    /// The command awaited something other than the store; it was rolled back.
    #[error("a command awaited something other than the store")]
    AwaitedElsewhere,
    /// The command panicked; it was rolled back.
    #[error("a command panicked: {0}")]
    Panicked(String),
    /// A statement changed another number of rows than it had to: a lost race or a bug.
    #[error("{sql}: expected {expected} rows, changed {changed}")]
    Rows {
        /// The start of the statement.
        sql: String,
        /// How many it had to change.
        expected: u64,
        /// How many it changed.
        changed: u64,
    },
    /// A refusal came after something had been written: a bug, so everything was rolled back.
    #[error("a command refused after it had written")]
    RefusedAfterWriting,
    /// A column was not what the code reads it as.
    #[error("a column is not {0}")]
    Column(&'static str),
    /// The database holds something that must not be, or the code met a state that it excludes.
    #[error("invariant: {0}")]
    Invariant(String),
    /// The schema is newer than this binary, was edited, or cannot be migrated.
    #[error("{0}")]
    Schema(String),
    /// Reading or writing beside the database.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl Fault {
    /// A broken invariant, named.
    pub fn invariant(what: impl Into<String>) -> Self {
        Self::Invariant(what.into())
    }

    /// Whether the store cannot write for a reason outside (disk full, database away): 503 rather than 500.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        match self {
            Self::NoConnection(_) | Self::Overloaded | Self::Contended(_) => true,
            Self::Lite(rusqlite::Error::SqliteFailure(failure, _)) => {
                use rusqlite::ErrorCode::{CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, OutOfMemory, ReadOnly, SystemIoFailure};
                matches!(failure.code, CannotOpen | DatabaseBusy | DatabaseLocked | DiskFull | OutOfMemory | ReadOnly | SystemIoFailure)
            }
            Self::Pg(error) => error.is_closed() || error.code().is_some_and(|code| matches!(&code.code()[..2], "08" | "53" | "57")),
            _ => false,
        }
    }
}
