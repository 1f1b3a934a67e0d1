//! PostgreSQL: pools of connections, whole-work retry, lanes for sets.

mod connect;
mod lanes;
mod statistics;
mod tls;
mod transact;
mod types;

use crate::stats::Counters;
use crate::store::{Found, Purpose, ReadJob};
use crate::tx::{Driver, Each, Reader};
use crate::work::{self, Queued};
use crate::{BoxFuture, Column, Fault, Settings, Stats, Value, Work};
use deadpool_postgres::{Object, Pool};
use futures_util::{FutureExt, TryStreamExt};
use lanes::Lanes;
use std::future::{poll_fn, ready};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};
use tokio_postgres::types::ToSql;
use types::{Param, ParamColumn};

/// An open PostgreSQL database.
pub(crate) struct Pg {
    shared: Arc<Shared>,
    lanes: Lanes,
    queue: u32,
}

/// What the tasks of one store share.
struct Shared {
    writers: Pool,
    lanes: Pool,
    readers: Pool,
    /// For reads that show what a write has just done.
    answers: Pool,
    /// One permit for each write outside the lanes that waits or runs.
    waiting: Arc<Semaphore>,
    /// The same for reads.
    reading: Arc<Semaphore>,
    counters: Counters,
    looks: statistics::Looks,
    statement_timeout: Duration,
}

impl Pg {
    pub(crate) async fn open(settings: Settings) -> Result<Self, Fault> {
        let connector = connect::Connector::new(&settings)?;
        let queue = u32::try_from(settings.queue.clamp(1, 1 << 20)).unwrap_or(1);
        let shared = Arc::new(Shared {
            writers: connector.writers(settings.writers)?,
            lanes: connector.writers(settings.lanes)?,
            readers: connector.readers(settings.readers)?,
            answers: connector.readers(settings.readers)?,
            waiting: Arc::new(Semaphore::new(queue as usize)),
            reading: Arc::new(Semaphore::new(queue as usize)),
            counters: Counters::default(),
            looks: statistics::Looks::new(),
            statement_timeout: settings.statement_timeout,
        });
        // A wrong URL or password shows at start, not with the first customer.
        drop(connect::client(&shared.writers).await?);
        let lanes = Lanes::start(&shared, &settings);
        Ok(Self { shared, lanes, queue })
    }

    pub(crate) async fn write<W: Work>(&self, work: W) -> Result<W::Answer, Fault> {
        let (queued, answer) = work::queued(work);
        match queued.lane() {
            Some(lane) => self.lanes.enqueue(lane, queued).map_err(|()| self.refuse())?,
            None => self.detach(queued)?,
        }
        // Only a runtime that shuts down drops it.
        answer.await.unwrap_or(Err(Fault::OutcomeUnknown))
    }

    /// Runs a work on a task of its own: whoever asked may hang up, the work still ends whole.
    fn detach(&self, mut queued: Box<dyn Queued>) -> Result<(), Fault> {
        let permit = Arc::clone(&self.shared.waiting).try_acquire_owned().map_err(|_| self.refuse())?;
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            let outcome = shared.transact(&shared.writers, std::slice::from_mut(&mut queued)).await;
            queued.answer(outcome);
            shared.refresh_statistics_at_times();
            drop(permit);
        });
        Ok(())
    }

    pub(crate) async fn read(&self, job: ReadJob, of: Purpose) -> Result<Found, Fault> {
        let permit = Arc::clone(&self.shared.reading).try_acquire_owned().map_err(|_| self.refuse())?;
        let (reply, answer) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        // Detached too: a reader dropped half way would give back a connection inside a transaction.
        tokio::spawn(async move {
            let pool = match of {
                Purpose::Look => &shared.readers,
                Purpose::Answer => &shared.answers,
            };
            match shared.snapshot(pool, job).await {
                Ok((client, found)) => {
                    // Whoever asked does not wait until the connection is as it was.
                    drop(reply.send(found));
                    connect::roll_back(client).await;
                }
                Err(fault) => drop(reply.send(Err(fault))),
            }
            drop(permit);
        });
        answer.await.map_err(|_| Fault::Overloaded)?
    }

    /// A writing connection, outside any transaction, for migrations and checks.
    pub(crate) async fn client(&self) -> Result<Object, Fault> {
        connect::client(&self.shared.writers).await
    }

    pub(crate) fn stats(&self) -> Stats {
        let waiting = self.queue as usize - self.shared.waiting.available_permits();
        self.shared.counters.read(waiting + self.lanes.waiting())
    }

    /// Takes no more, finishes what waits, closes the connections.
    pub(crate) async fn close(&self) {
        self.lanes.close().await;
        for work in [&self.shared.waiting, &self.shared.reading] {
            // All permits back means that nothing runs.
            let all = work.acquire_many(self.queue).await;
            work.close();
            drop(all);
        }
        for pool in [&self.shared.writers, &self.shared.lanes, &self.shared.readers, &self.shared.answers] {
            pool.close();
        }
    }

    fn refuse(&self) -> Fault {
        Counters::add(&self.shared.counters.refused, 1);
        Fault::Overloaded
    }
}

impl Shared {
    /// What the job found, and the connection, still in the transaction whose snapshot it read.
    async fn snapshot(&self, pool: &Pool, job: ReadJob) -> Result<(Object, Result<Found, Fault>), Fault> {
        let client = connect::begin(pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let mut reader = Reader::new(Driver::Pg(&client, Vec::new()));
        let done = AssertUnwindSafe(async { job(&mut reader).await }).catch_unwind().await;
        let done = done.unwrap_or_else(|panic| Err(Fault::panicked(panic.as_ref())));
        drop(reader);
        Ok((client, done))
    }
}

// Boxed: a statement stands at hundreds of places, and the compiler would look through the client's own futures at each.

pub(crate) fn rows<'a>(client: &'a Object, sql: &'a str, params: &'a [Value], each: Each<'a>) -> BoxFuture<'a, Result<u64, Fault>> {
    Box::pin(async move {
        let params: Vec<Param<'_>> = params.iter().map(Param).collect();
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|param| param as _).collect();
        read(client, sql, &params, each).await
    })
}

pub(crate) fn rows_each<'a>(client: &'a Object, sql: &'a str, params: &'a [Value], keys: &'a Column, each: Each<'a>) -> BoxFuture<'a, Result<u64, Fault>> {
    Box::pin(async move {
        let (params, keys): (Vec<Param<'_>>, _) = (params.iter().map(Param).collect(), ParamColumn(keys));
        let mut all: Vec<&(dyn ToSql + Sync)> = params.iter().map(|param| param as _).collect();
        all.push(&keys);
        read(client, sql, &all, each).await
    })
}

pub(crate) fn rows_set<'a>(client: &'a Object, sql: &'a str, columns: &'a [Column], each: Each<'a>) -> BoxFuture<'a, Result<u64, Fault>> {
    Box::pin(async move {
        let columns: Vec<ParamColumn<'_>> = columns.iter().map(ParamColumn).collect();
        let params: Vec<&(dyn ToSql + Sync)> = columns.iter().map(|column| column as _).collect();
        read(client, sql, &params, each).await
    })
}

/// Each row is handed on while the server still looks for the next ones. Says how many it wrote.
async fn read(client: &Object, sql: &str, params: &[&(dyn ToSql + Sync)], each: Each<'_>) -> Result<u64, Fault> {
    let statement = client.prepare_cached(sql).await?;
    let mut rows = pin!(client.query_raw(&statement, params.iter().copied()).await?);
    let mut found = 0;
    while let Some(row) = rows.try_next().await? {
        each(types::row(&row)?)?;
        found += 1;
    }
    // What a SELECT gives back was not written; of the writing statements only those with RETURNING give rows.
    Ok(if sql.contains("RETURNING") { found } else { 0 })
}

/// A write that was sent: what its answer will be, the number of rows that it changed.
pub(crate) type Sent<'a> = BoxFuture<'a, Result<u64, Fault>>;

/// Sends a write without waiting for its answer. What is sent after it on the same connection is done after it.
pub(crate) fn send<'a>(client: &'a Object, sql: &'a str, params: Vec<Value>) -> BoxFuture<'a, Result<Sent<'a>, Fault>> {
    Box::pin(async move {
        let statement = client.prepare_cached(sql).await?;
        Ok(begun(Box::pin(async move {
            let params: Vec<Param<'_>> = params.iter().map(Param).collect();
            let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|param| param as _).collect();
            Ok(client.execute(&statement, &params).await?)
        }))
        .await)
    })
}

/// The same for a set.
pub(crate) fn send_set<'a>(client: &'a Object, sql: &'a str, columns: Vec<Column>) -> BoxFuture<'a, Result<Sent<'a>, Fault>> {
    Box::pin(async move {
        let statement = client.prepare_cached(sql).await?;
        Ok(begun(Box::pin(async move {
            let params: Vec<ParamColumn<'_>> = columns.iter().map(ParamColumn).collect();
            let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|param| param as _).collect();
            Ok(client.execute(&statement, &params).await?)
        }))
        .await)
    })
}

/// The answer to a write, once it has come.
pub(crate) async fn answer(sent: Result<Sent<'_>, Fault>) -> Result<u64, Fault> {
    sent?.await
}

/// The write once it is on its way: the client hands a statement that is prepared to the connection when it is first asked.
async fn begun(mut sent: Sent<'_>) -> Sent<'_> {
    match poll_fn(|cx| Poll::Ready(sent.as_mut().poll(cx))).await {
        Poll::Ready(done) => Box::pin(ready(done)),
        Poll::Pending => sent,
    }
}
