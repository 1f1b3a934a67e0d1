//! The open database: where writes queue and reads find a connection.

use crate::lite::Lite;
use crate::pg::Pg;
use crate::{Column, Fault, Migration, Reader, SetSql, Sql, Stats, Tx, Value, inspect, migrate};
use std::any::{Any, TypeId};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// An open database. Cheap to clone; all clones are one store.
#[derive(Clone)]
pub struct Store {
    driver: Arc<Driver>,
}

enum Driver {
    Lite(Lite),
    Pg(Pg),
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Store").field(&self.engine()).finish()
    }
}

impl Store {
    /// Opens the database that the URL names. SQLite: makes the file and its folders if missing, and locks it for
    /// this store. PostgreSQL: the database must exist; `sslmode=require` verifies the server's certificate and
    /// name, by the public authorities or by those in the PEM file that `sslrootcert` names; any other mode is plain.
    ///
    /// # Errors
    /// [`Fault::Schema`] for a URL that is none, a file that another store has open, or too old an SQLite;
    /// [`Fault::NoConnection`]; the engine's.
    pub async fn open(settings: Settings) -> Result<Self, Fault> {
        let driver = if settings.url.starts_with("postgres://") || settings.url.starts_with("postgresql://") {
            Driver::Pg(Pg::open(settings).await?)
        } else {
            Driver::Lite(Lite::open(settings).await?)
        };
        Ok(Self { driver: Arc::new(driver) })
    }

    /// Which engine is open.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match &*self.driver {
            Driver::Lite(_) => Engine::Sqlite,
            Driver::Pg(_) => Engine::Postgres,
        }
    }

    /// Runs a write and answers once it is durable. It runs to its end even where the caller does not wait.
    ///
    /// # Errors
    /// The work's own, [`Fault::Overloaded`] at once where the queue is full, [`Fault::AwaitedElsewhere`] (SQLite),
    /// [`Fault::Panicked`], [`Fault::RefusedAfterWriting`], [`Fault::Contended`] and [`Fault::OutcomeUnknown`]
    /// (PostgreSQL), the engine's. Nothing was written except where the outcome is unknown.
    pub async fn write<W: Work>(&self, work: W) -> Result<W::Answer, Fault> {
        match &*self.driver {
            Driver::Lite(lite) => lite.write(work).await,
            Driver::Pg(pg) => pg.write(work).await,
        }
    }

    /// Reads over one snapshot: `store.read(move |reader| Box::pin(async move { reader.query(…).await })).await`.
    ///
    /// # Errors
    /// The closure's own, [`Fault::Overloaded`] where too many wait, [`Fault::AwaitedElsewhere`] (SQLite),
    /// [`Fault::Panicked`], the engine's.
    pub async fn read<T, F>(&self, f: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: for<'a, 'b> FnOnce(&'a mut Reader<'b>) -> BoxFuture<'a, Result<T, Fault>> + Send + 'static,
    {
        self.looks(Purpose::Look, f).await
    }

    /// The same where it shows what a write has just done. On PostgreSQL it has connections of its own: everybody who wrote in one
    /// set looks back at once, and whoever only looks around does not wait behind them.
    ///
    /// # Errors
    /// See [`Store::read`].
    pub async fn read_back<T, F>(&self, f: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: for<'a, 'b> FnOnce(&'a mut Reader<'b>) -> BoxFuture<'a, Result<T, Fault>> + Send + 'static,
    {
        self.looks(Purpose::Answer, f).await
    }

    async fn looks<T, F>(&self, of: Purpose, f: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: for<'a, 'b> FnOnce(&'a mut Reader<'b>) -> BoxFuture<'a, Result<T, Fault>> + Send + 'static,
    {
        let job: ReadJob = Box::new(move |reader| {
            Box::pin(async move {
                let found = f(reader).await?;
                Ok(Box::new(found) as Found)
            })
        });
        self.read_any(of, job).await?.downcast::<T>().map(|found| *found).map_err(|_| Fault::invariant("a read found another type"))
    }

    /// The same for whatever is read: written once, not once per closure.
    fn read_any(&self, of: Purpose, job: ReadJob) -> BoxFuture<'_, Result<Found, Fault>> {
        Box::pin(async move {
            match &*self.driver {
                Driver::Lite(lite) => lite.read(job).await,
                Driver::Pg(pg) => pg.read(job, of).await,
            }
        })
    }

    /// Applies what is not applied yet, each migration in its own transaction, and says which ones it were.
    ///
    /// # Errors
    /// [`Fault::Schema`] where an applied one was edited, the database is newer than `migrations`, one is missing
    /// or does not run; the engine's.
    pub async fn migrate(&self, migrations: &[Migration]) -> Result<Vec<String>, Fault> {
        match &*self.driver {
            Driver::Lite(lite) => migrate::lite(lite, migrations.to_vec()).await,
            Driver::Pg(pg) => migrate::pg(pg, migrations).await,
        }
    }

    /// Every table, column, constraint and index as sorted text, for snapshots.
    ///
    /// # Errors
    /// The engine's.
    pub async fn schema_text(&self) -> Result<String, Fault> {
        match &*self.driver {
            Driver::Lite(lite) => inspect::lite_schema(lite).await,
            Driver::Pg(pg) => inspect::pg_schema(pg).await,
        }
    }

    /// The lines of the plan of a statement, without running it.
    ///
    /// # Errors
    /// The engine's.
    pub async fn explain(&self, sql: Sql, params: &[Value]) -> Result<Vec<String>, Fault> {
        match &*self.driver {
            Driver::Lite(lite) => inspect::lite_plan(lite, sql.lite, params.to_vec(), None).await,
            Driver::Pg(pg) => inspect::pg_plan(pg, sql.pg, params, None).await,
        }
    }

    /// The plan of a statement for [`Reader::query_each`]; on SQLite that of one key.
    ///
    /// # Errors
    /// The engine's.
    pub async fn explain_each(&self, sql: Sql, params: &[Value], keys: &Column) -> Result<Vec<String>, Fault> {
        match &*self.driver {
            Driver::Lite(lite) => inspect::lite_plan(lite, sql.lite, params.to_vec(), Some(keys.clone())).await,
            Driver::Pg(pg) => inspect::pg_plan(pg, sql.pg, params, Some(keys)).await,
        }
    }

    /// The plan of a statement over a set; on SQLite that of its first row.
    ///
    /// # Errors
    /// [`Fault::Invariant`] where the columns do not fit the statement; the engine's.
    pub async fn explain_set(&self, sql: &'static SetSql, columns: &[Column]) -> Result<Vec<String>, Fault> {
        sql.fits(columns)?;
        match &*self.driver {
            Driver::Lite(lite) => inspect::lite_set_plan(lite, sql.lite(), columns.iter().map(Column::first).collect()).await,
            Driver::Pg(pg) => inspect::pg_set_plan(pg, sql.pg(), columns).await,
        }
    }

    /// Facts about the storage by name: engine, version, journal mode, sync level.
    ///
    /// # Errors
    /// The engine's.
    pub async fn storage_facts(&self) -> Result<Vec<(String, String)>, Fault> {
        match &*self.driver {
            Driver::Lite(lite) => inspect::lite_facts(lite).await,
            Driver::Pg(pg) => inspect::pg_facts(pg).await,
        }
    }

    /// What SQLite finds wrong with its file, at most 100 lines; empty where all is well, and on PostgreSQL, which
    /// has no such check. Holds the writer while it runs.
    ///
    /// # Errors
    /// The engine's.
    pub async fn integrity_check(&self) -> Result<Vec<String>, Fault> {
        match &*self.driver {
            Driver::Lite(lite) => inspect::lite_integrity(lite).await,
            Driver::Pg(_) => Ok(Vec::new()),
        }
    }

    /// Whether the database answers: for readiness.
    ///
    /// # Errors
    /// [`Fault::Overloaded`] where the store is closed; [`Fault::NoConnection`]; the engine's.
    pub async fn ping(&self) -> Result<(), Fault> {
        let one: i64 = self.read(|reader| Box::pin(async move { reader.query_one(crate::sql!("SELECT CAST(1 AS bigint)"), &[]).await })).await?;
        if one == 1 { Ok(()) } else { Err(Fault::invariant("SELECT 1 gave something else")) }
    }

    /// Counters since the store was opened.
    #[must_use]
    pub fn stats(&self) -> Stats {
        match &*self.driver {
            Driver::Lite(lite) => lite.stats(),
            Driver::Pg(pg) => pg.stats(),
        }
    }

    /// Takes no more, finishes what waits, and lets go of the database. What comes later is
    /// [`Fault::Overloaded`]. Without it a dropped store finishes on its own, some time after the drop.
    pub async fn close(&self) {
        match &*self.driver {
            Driver::Lite(lite) => lite.close().await,
            Driver::Pg(pg) => pg.close().await,
        }
    }
}

/// What a read is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// Looking at what is there.
    Look,
    /// Showing what a write has just done.
    Answer,
}

/// What a read found; its type is known to whoever asked.
pub(crate) type Found = Box<dyn Any + Send>;

/// A read with its type erased.
pub(crate) type ReadJob = Box<dyn for<'a, 'b> FnOnce(&'a mut Reader<'b>) -> BoxFuture<'a, Result<Found, Fault>> + Send>;

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
#[derive(Clone)]
pub struct Settings {
    /// `sqlite:///absolute/path`, `sqlite://relative/path`, or `postgres://…`.
    pub url: String,
    /// Writes that may wait before a further one is refused with [`Fault::Overloaded`].
    pub queue: usize,
    /// SQLite: commands per commit at most. PostgreSQL: commands per lane batch at most.
    pub group: usize,
    /// Reading connections (SQLite: threads); on PostgreSQL as many again for [`Store::read_back`].
    pub readers: usize,
    /// PostgreSQL: writing connections besides the lanes'.
    pub writers: usize,
    /// PostgreSQL: lanes for set commands.
    pub lanes: usize,
    /// Longest a single statement may run.
    pub statement_timeout: Duration,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL may hold a password.
        f.debug_struct("Settings").field("queue", &self.queue).field("group", &self.group).finish_non_exhaustive()
    }
}

impl Settings {
    /// The defaults for a database URL.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        let url = url.into();
        // A set has its statements once, whatever its length; one of SQLite's costs its writer alone.
        let group = if url.starts_with("postgres") { 256 } else { 128 };
        Self { url, queue: 4096, group, readers: 4, writers: 8, lanes: 2, statement_timeout: Duration::from_secs(30) }
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

/// How the works of a set ended and what each answers, in order.
pub type SetAnswers<A> = Vec<(Ended, A)>;

/// One write: run inside a transaction, from the start again where the engine asks for it.
pub trait Work: Send + Sync + 'static {
    /// What it answers.
    type Answer: Send + 'static;

    /// What tells works apart that must not run as one set, where one type stands for several.
    fn kind(&self) -> TypeId {
        TypeId::of::<Self>()
    }

    /// Works of one kind that wait in the same lane may run as one set (see [`Work::run_set`]). Only
    /// PostgreSQL has lanes; `None` runs in a transaction of its own.
    fn lane(&self) -> Option<u64> {
        None
    }

    /// Runs once. May be called again after a fault elsewhere in its group or a serialization failure.
    fn run<'a>(&'a self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<(Ended, Self::Answer), Fault>>;

    /// Runs several of the same kind in one transaction; one answer each, in order. The default runs them
    /// one after the other.
    fn run_set<'a>(set: &'a [&'a Self], tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<SetAnswers<Self::Answer>, Fault>>
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
