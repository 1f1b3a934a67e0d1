//! A database for each test, works made of closures, and a gate to stop a work where a test wants it.

use rand::RngExt;
use std::future::Future;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tradepost_store::{BoxFuture, Ended, Engine, Fault, FromRow, SetSql, Settings, Sql, Store, Tx, Value, Work, sql};

/// A database of its own, dropped at the end of the test.
#[derive(Clone, Debug)]
pub struct Place {
    pub url: String,
    pub engine: Engine,
}

impl Place {
    pub fn settings(&self) -> Settings {
        Settings::new(&self.url)
    }

    pub async fn open(&self) -> Store {
        self.open_with(|_| ()).await
    }

    pub async fn open_with(&self, change: impl FnOnce(&mut Settings)) -> Store {
        let mut settings = self.settings();
        change(&mut settings);
        Store::open(settings).await.expect("the store opens")
    }

    /// With a table `item (id, amount, note, raw)`.
    pub async fn with_items(&self) -> Store {
        self.with_items_and(|_| ()).await
    }

    pub async fn with_items_and(&self, change: impl FnOnce(&mut Settings)) -> Store {
        let store = self.open_with(change).await;
        let table = "CREATE TABLE item (id {int} PRIMARY KEY, amount {int}, note {text}, raw {bytes}) {strict};";
        store.migrate(&tradepost_store::migrations_from(&[("0001_item", table)])).await.expect("the table is made");
        store
    }
}

/// Runs a body against one engine on a runtime of its own.
pub fn run<F: Future<Output = ()>>(engine: Engine, body: impl FnOnce(Place) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
    if engine == Engine::Sqlite {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("sub/store.db").display());
        runtime.block_on(body(Place { url, engine }));
        return;
    }
    let admin = std::env::var("TRADEPOST_TEST_POSTGRES")
        .expect("tests need PostgreSQL: export TRADEPOST_TEST_POSTGRES=\"$(scripts/test-postgres)\", or =skip to do without");
    if admin == "skip" {
        println!("SKIPPED: TRADEPOST_TEST_POSTGRES=skip");
        return;
    }
    let name = format!("tp_{:016x}", rand::rng().random_range(0..u64::MAX));
    let url = format!("{}/{name}", admin.rsplit_once('/').expect("a URL with a database").0);
    runtime.block_on(admin_query(&admin, &format!("CREATE DATABASE {name}")));
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| runtime.block_on(body(Place { url, engine }))));
    runtime.block_on(admin_query(&admin, &format!("DROP DATABASE {name} WITH (FORCE)")));
    if let Err(panic) = done {
        std::panic::resume_unwind(panic);
    }
}

/// Speaks to the server past the store.
pub async fn admin_query(url: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("the test server answers");
    tokio::spawn(connection);
    client.batch_execute(sql).await.expect(sql);
}

/// A test for each engine: `async fn name(place: Place)` becomes `on_sqlite::name` and `on_postgres::name`.
macro_rules! both {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite { $(#[test] fn $name() { crate::support::run(tradepost_store::Engine::Sqlite, super::$name); })+ }
        mod on_postgres { $(#[test] fn $name() { crate::support::run(tradepost_store::Engine::Postgres, super::$name); })+ }
    };
}

macro_rules! only_on {
    ($engine:ident: $($name:ident),+ $(,)?) => {
        mod on { $(#[test] fn $name() { crate::support::run(tradepost_store::Engine::$engine, super::$name); })+ }
    };
}

type Step<T> = dyn for<'a, 'b> Fn(&'a mut Tx<'b>) -> BoxFuture<'a, Result<(Ended, T), Fault>> + Send + Sync;

/// A work made of a closure.
pub struct Closure<T>(Box<Step<T>>);

pub fn work<T, F>(f: F) -> Closure<T>
where
    F: for<'a, 'b> Fn(&'a mut Tx<'b>) -> BoxFuture<'a, Result<(Ended, T), Fault>> + Send + Sync + 'static,
{
    Closure(Box::new(f))
}

impl<T: Send + 'static> Work for Closure<T> {
    type Answer = T;
    fn run<'a>(&'a self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<(Ended, T), Fault>> {
        (self.0)(tx)
    }
}

pub const INSERT: Sql = sql!("INSERT INTO item (id, amount, note, raw) VALUES ($1, $2, NULL, NULL)");

/// Inserts one item.
pub fn insert(id: i64) -> Closure<()> {
    work(move |tx| {
        Box::pin(async move {
            tx.execute_exactly(1, INSERT, tradepost_store::params![id, id * 10]).await?;
            Ok((Ended::Commit, ()))
        })
    })
}

/// Inserts one item, then says so at the gate and waits there.
pub fn insert_at(id: i64, gate: &Gate) -> Closure<()> {
    let gate = gate.clone();
    work(move |tx| {
        let gate = gate.clone();
        Box::pin(async move {
            tx.execute(INSERT, tradepost_store::params![id, id * 10]).await?;
            gate.stop();
            Ok((Ended::Commit, ()))
        })
    })
}

/// Every id, sorted.
pub async fn ids(store: &Store) -> Vec<i64> {
    query(store, sql!("SELECT id FROM item ORDER BY id"), Vec::new()).await
}

pub async fn query<T: FromRow + Send + 'static>(store: &Store, sql: Sql, params: Vec<Value>) -> Vec<T> {
    let read = store.read(move |reader| Box::pin(async move { reader.query(sql, &params).await }));
    read.await.expect("the query runs")
}

/// Runs a set statement as a work and says how many rows changed.
pub async fn write_set(store: &Store, set: &'static SetSql, columns: Vec<tradepost_store::Column>) -> Result<u64, Fault> {
    let work = work(move |tx| {
        let columns = columns.clone();
        Box::pin(async move { Ok((Ended::Commit, tx.write_set(set, columns).await?)) })
    });
    store.write(work).await
}

/// Where a work stops until the test lets it go. It blocks its thread: on SQLite a work may not wait otherwise.
#[derive(Clone)]
pub struct Gate {
    arrived: Sender<()>,
    go: Arc<Mutex<Receiver<()>>>,
}

/// The test's side of a gate.
pub struct Keeper {
    arrived: Receiver<()>,
    go: Sender<()>,
}

pub fn gate() -> (Gate, Keeper) {
    let ((arrived, arrives), (go, goes)) = (channel(), channel());
    (Gate { arrived, go: Arc::new(Mutex::new(goes)) }, Keeper { arrived: arrives, go })
}

impl Gate {
    pub fn stop(&self) {
        self.arrived.send(()).expect("the test waits");
        // A keeper that is gone lets everyone pass.
        let _ = self.go.lock().expect("one at a time").recv();
    }
}

impl Keeper {
    /// Waits until a work stands at the gate.
    pub async fn arrived(&self) {
        tokio::task::block_in_place(|| self.arrived.recv_timeout(Duration::from_secs(20)).expect("a work arrives"));
    }

    pub fn let_go(&self) {
        self.go.send(()).expect("a work waits");
    }
}

/// Waits, bounded, until a condition holds.
pub async fn until(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(20), "never: {what}");
        tokio::task::yield_now().await;
    }
}
