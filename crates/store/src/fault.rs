//! What goes wrong in a store: bugs and outages, never a caller's mistake.

/// A bug or an outage. Logged once with its source, answered 500 or 503 without detail.
///
/// Nothing was written, except with [`Fault::OutcomeUnknown`], where nobody knows.
///
/// Neither its text nor its debug form nor its sources hold a value of a row: PostgreSQL's details ("Failing row
/// contains …") are left out.
#[derive(thiserror::Error)]
pub enum Fault {
    /// SQLite said so.
    #[error("SQLite: {0}")]
    Lite(#[source] rusqlite::Error),
    /// PostgreSQL said so.
    #[error("PostgreSQL: {}", reason(.0))]
    Pg(tokio_postgres::Error),
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
    /// A statement ran longer than [`Settings::statement_timeout`](crate::Settings::statement_timeout) and was stopped:
    /// the start of it, without values.
    #[error("a statement was stopped, it ran longer than allowed: {0}")]
    TooLong(String),
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

    /// Whether a unique index or a primary key said no: a race that a guard did not see.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        match self {
            Self::Lite(rusqlite::Error::SqliteFailure(failure, _)) => {
                matches!(failure.extended_code, rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY)
            }
            Self::Pg(error) => error.code() == Some(&tokio_postgres::error::SqlState::UNIQUE_VIOLATION),
            _ => false,
        }
    }

    /// The same once more, for every work of a group that went down together.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::Lite(rusqlite::Error::SqliteFailure(failure, text)) => Self::Lite(rusqlite::Error::SqliteFailure(*failure, text.clone())),
            Self::NoConnection(why) => Self::NoConnection(why.clone()),
            Self::Overloaded => Self::Overloaded,
            Self::Contended(tries) => Self::Contended(*tries),
            Self::TooLong(sql) => Self::TooLong(sql.clone()),
            Self::OutcomeUnknown => Self::OutcomeUnknown,
            other => Self::Io(std::io::Error::other(other.to_string())),
        }
    }

    /// What a panic said.
    pub(crate) fn panicked(panic: &(dyn std::any::Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned()).or_else(|| panic.downcast_ref::<String>().cloned());
        Self::Panicked(text.unwrap_or_else(|| "without a text".to_owned()))
    }

    /// Whether the store cannot write for a reason outside (disk full, database away): 503 rather than 500.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        match self {
            Self::NoConnection(_) | Self::Overloaded | Self::Contended(_) | Self::TooLong(_) => true,
            Self::Lite(rusqlite::Error::SqliteFailure(failure, _)) => {
                use rusqlite::ErrorCode::{CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, OutOfMemory, ReadOnly, SystemIoFailure};
                matches!(failure.code, CannotOpen | DatabaseBusy | DatabaseLocked | DiskFull | OutOfMemory | ReadOnly | SystemIoFailure)
            }
            Self::Pg(error) => error.is_closed() || error.code().is_some_and(|code| matches!(&code.code()[..2], "08" | "53" | "57")),
            _ => false,
        }
    }
}

impl std::fmt::Debug for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fault({self})")
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        // Only the progress handler interrupts, and only for the deadline.
        if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) { Self::TooLong(String::new()) } else { Self::Lite(error) }
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        if error.code() == Some(&tokio_postgres::error::SqlState::QUERY_CANCELED) { Self::TooLong(String::new()) } else { Self::Pg(error) }
    }
}

/// The server's message where there is one, without its detail; otherwise the driver's with its cause.
pub(crate) fn reason(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(db), _) => format!("{} ({})", db.message(), db.code().code()),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}
