//! Threads with a read-only connection each, and one queue for all.

use super::poll_once;
use crate::Fault;
use crate::store::{Found, ReadJob};
use crate::tx::{Driver, Reader};
use rusqlite::Connection;
use std::sync::{Mutex, PoisonError};
use tokio::sync::mpsc;

/// One read, which answers on its own.
pub(super) type Reading = Box<dyn FnOnce(&mut Connection) + Send>;

pub(super) fn serve(mut connection: Connection, queue: &Mutex<mpsc::Receiver<Reading>>) {
    // The guard lives for this statement only: the next thread waits while this one reads.
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
    while let Some(reading) = next() {
        reading(&mut connection);
    }
}

/// Runs the job over one snapshot.
pub(super) fn snapshot(connection: &mut Connection, job: ReadJob) -> Result<Found, Fault> {
    // A deferred transaction takes its snapshot with the first read; taking it here makes "one snapshot" true
    // from the start, as on PostgreSQL.
    connection.execute_batch("BEGIN DEFERRED; SELECT 1 FROM sqlite_schema LIMIT 1;")?;
    let mut reader = Reader::new(Driver::Lite(connection));
    let done = poll_once(|| job(&mut reader));
    drop(reader);
    if !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    done
}
