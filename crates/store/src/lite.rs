//! SQLite: one thread owns the writing connection, a few own reading ones. Every call completes at once.

mod open;
mod readers;
mod writer;

use crate::stats::Counters;
use crate::store::{Found, ReadJob};
use crate::tx::Each;
use crate::work;
use crate::{BoxFuture, Column, Fault, Row, Settings, Stats, Value, Work};
use readers::Reading;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Statement};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, RwLock};
use std::task::{Context, Poll, Waker};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use writer::Message;

/// An open SQLite database.
pub(crate) struct Lite {
    /// `None` once closed.
    open: RwLock<Option<Open>>,
    counters: Arc<Counters>,
}

struct Open {
    writer: mpsc::Sender<Message>,
    readers: mpsc::Sender<Reading>,
    threads: Vec<JoinHandle<()>>,
}

impl Lite {
    pub(crate) async fn open(settings: Settings) -> Result<Self, Fault> {
        let counters = Arc::new(Counters::default());
        let counted = Arc::clone(&counters);
        let opened = tokio::task::spawn_blocking(move || Open::start(&settings, counted)).await;
        let open = opened.map_err(|error| Fault::Io(std::io::Error::other(error)))??;
        Ok(Self { open: RwLock::new(Some(open)), counters })
    }

    pub(crate) async fn write<W: Work>(&self, work: W) -> Result<W::Answer, Fault> {
        let (queued, answer) = work::queued(work);
        self.writer()?.try_send(Message::Work(queued)).map_err(|_| self.refuse())?;
        // Only a writer that died without an answer drops it.
        answer.await.unwrap_or(Err(Fault::OutcomeUnknown))
    }

    pub(crate) async fn read(&self, job: ReadJob) -> Result<Found, Fault> {
        let (reply, answer) = oneshot::channel();
        let reading: Reading = Box::new(move |connection| {
            drop(reply.send(readers::snapshot(connection, job)));
        });
        let readers = self.with(|open| open.readers.clone())?;
        readers.try_send(reading).map_err(|_| self.refuse())?;
        answer.await.map_err(|_| Fault::Overloaded)?
    }

    /// Runs `job` on the writing connection, outside any transaction, when its turn comes.
    pub(crate) async fn alone<T, F>(&self, job: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(move |connection: &mut Connection| drop(reply.send(job(connection))));
        self.writer()?.send(Message::Alone(job)).await.map_err(|_| Fault::Overloaded)?;
        answer.await.unwrap_or(Err(Fault::OutcomeUnknown))
    }

    pub(crate) fn stats(&self) -> Stats {
        self.counters.read(self.writer().map_or(0, |writer| writer.max_capacity() - writer.capacity()))
    }

    /// Takes no more, finishes what waits, ends the threads and releases the file.
    pub(crate) async fn close(&self) {
        let open = self.open.write().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        let Some(Open { writer, readers, threads }) = open else { return };
        drop((writer, readers));
        let joined = tokio::task::spawn_blocking(move || threads.into_iter().filter_map(|thread| thread.join().err()).count()).await;
        if !matches!(joined, Ok(0)) {
            tracing::error!("a thread of the database ended by a panic");
        }
    }

    fn writer(&self) -> Result<mpsc::Sender<Message>, Fault> {
        self.with(|open| open.writer.clone())
    }

    fn with<T>(&self, f: impl FnOnce(&Open) -> T) -> Result<T, Fault> {
        self.open.read().unwrap_or_else(std::sync::PoisonError::into_inner).as_ref().map(f).ok_or(Fault::Overloaded)
    }

    fn refuse(&self) -> Fault {
        Counters::add(&self.counters.refused, 1);
        Fault::Overloaded
    }
}

/// Polls exactly once: a future that is not ready awaited something other than the store.
fn poll_once<'a, T>(start: impl FnOnce() -> BoxFuture<'a, Result<T, Fault>>) -> Result<T, Fault> {
    let polled = catch_unwind(AssertUnwindSafe(|| start().as_mut().poll(&mut Context::from_waker(Waker::noop()))));
    match polled {
        Ok(Poll::Ready(done)) => done,
        Ok(Poll::Pending) => Err(Fault::AwaitedElsewhere),
        Err(panic) => Err(Fault::panicked(panic.as_ref())),
    }
}

thread_local! {
    // A connection stays on the thread that it was given to, so its progress handler finds the deadline here.
    static ALLOWED: Cell<Option<Duration>> = const { Cell::new(None) };
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// While it lives, statements on this thread are stopped once the time allowed for one is over.
struct Timed;

impl Timed {
    fn start() -> Self {
        DEADLINE.set(ALLOWED.get().map(|allowed| Instant::now() + allowed));
        Self
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        DEADLINE.set(None);
    }
}

/// What the progress handler asks.
fn is_over() -> bool {
    DEADLINE.get().is_some_and(|deadline| Instant::now() > deadline)
}

pub(crate) fn rows(connection: &mut Connection, sql: &str, params: &[Value], each: Each<'_>) -> Result<u64, Fault> {
    let _timed = Timed::start();
    let before = connection.total_changes();
    let mut statement = connection.prepare_cached(sql)?;
    expect_parameters(&statement, sql, params.len())?;
    bind_all(&mut statement, params)?;
    hand_on(&mut statement, each)?;
    drop(statement);
    Ok(connection.total_changes() - before)
}

pub(crate) fn rows_each(connection: &mut Connection, sql: &str, params: &[Value], keys: &Column, each: Each<'_>) -> Result<u64, Fault> {
    let _timed = Timed::start();
    let before = connection.total_changes();
    let mut statement = connection.prepare_cached(sql)?;
    expect_parameters(&statement, sql, params.len() + 1)?;
    bind_all(&mut statement, params)?;
    for row in 0..keys.len() {
        bind_cell(&mut statement, params.len() + 1, keys, row)?;
        hand_on(&mut statement, each)?;
    }
    drop(statement);
    Ok(connection.total_changes() - before)
}

pub(crate) fn rows_set(connection: &mut Connection, sql: &str, columns: &[Column], each: Each<'_>) -> Result<u64, Fault> {
    let _timed = Timed::start();
    let before = connection.total_changes();
    let mut statement = connection.prepare_cached(sql)?;
    let named = statement.parameter_count();
    for row in 0..columns.first().map_or(0, Column::len) {
        for (i, column) in columns.iter().enumerate().take(named) {
            bind_cell(&mut statement, i + 1, column, row)?;
        }
        hand_on(&mut statement, each)?;
    }
    drop(statement);
    Ok(connection.total_changes() - before)
}

pub(crate) fn execute(connection: &mut Connection, sql: &str, params: &[Value]) -> Result<u64, Fault> {
    let _timed = Timed::start();
    let mut statement = connection.prepare_cached(sql)?;
    expect_parameters(&statement, sql, params.len())?;
    bind_all(&mut statement, params)?;
    run(&mut statement)
}

pub(crate) fn write_set(connection: &mut Connection, sql: &str, columns: &[Column]) -> Result<u64, Fault> {
    let _timed = Timed::start();
    let mut statement = connection.prepare_cached(sql)?;
    // A column that the text does not name has no parameter here.
    let named = statement.parameter_count();
    let mut changed = 0;
    for row in 0..columns.first().map_or(0, Column::len) {
        for (i, column) in columns.iter().enumerate().take(named) {
            bind_cell(&mut statement, i + 1, column, row)?;
        }
        changed += run(&mut statement)?;
    }
    Ok(changed)
}

/// SQLite takes a missing parameter for NULL: binding would go wrong silently.
fn expect_parameters(statement: &Statement<'_>, sql: &str, given: usize) -> Result<(), Fault> {
    let wanted = statement.parameter_count();
    if wanted == given { Ok(()) } else { Err(Fault::invariant(format!("{given} parameters given, {wanted} wanted: {sql}"))) }
}

fn run(statement: &mut Statement<'_>) -> Result<u64, Fault> {
    Ok(statement.raw_execute()? as u64)
}

fn bind_all(statement: &mut Statement<'_>, params: &[Value]) -> Result<(), Fault> {
    for (i, value) in params.iter().enumerate() {
        match value {
            Value::Null => statement.raw_bind_parameter(i + 1, rusqlite::types::Null)?,
            Value::Int(value) => statement.raw_bind_parameter(i + 1, value)?,
            Value::Text(value) => statement.raw_bind_parameter(i + 1, value)?,
            Value::Bytes(value) => statement.raw_bind_parameter(i + 1, value)?,
        }
    }
    Ok(())
}

fn bind_cell(statement: &mut Statement<'_>, at: usize, column: &Column, row: usize) -> Result<(), Fault> {
    match column {
        Column::Ints(values) => statement.raw_bind_parameter(at, values[row])?,
        Column::OptInts(values) => statement.raw_bind_parameter(at, values[row])?,
        Column::Texts(values) => statement.raw_bind_parameter(at, &values[row])?,
        Column::OptTexts(values) => statement.raw_bind_parameter(at, &values[row])?,
        Column::Ids(values) => statement.raw_bind_parameter(at, &values[row][..])?,
        Column::OptBytes(values) => statement.raw_bind_parameter(at, values[row].as_deref())?,
    }
    Ok(())
}

/// Hands on each row as it is found.
fn hand_on(statement: &mut Statement<'_>, each: Each<'_>) -> Result<(), Fault> {
    let width = statement.column_count();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let mut values = Vec::with_capacity(width);
        for i in 0..width {
            values.push(match row.get_ref(i)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(value) => Value::Int(value),
                ValueRef::Text(value) => Value::Text(std::str::from_utf8(value).map_err(|_| Fault::Column("UTF-8"))?.to_owned()),
                ValueRef::Blob(value) => Value::Bytes(value.to_vec()),
                ValueRef::Real(_) => return Err(Fault::Column("an integer, text or bytes")),
            });
        }
        each(Row(values))?;
    }
    Ok(())
}
