//! A database for each test: a file on the real disk, or a PostgreSQL database that is dropped afterwards.

use crate::{BEGIN, TestApp};
use futures_util::FutureExt as _;
use rand::RngExt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tradepost::House;
use tradepost::config::{Flags, Settings};
use tradepost_kernel::{Clock, Environment};

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The bundled SQLite.
    Sqlite,
    /// The PostgreSQL server that `TRADEPOST_TEST_POSTGRES` names.
    Postgres,
}

impl Kind {
    /// Whether the environment asks to do without it.
    #[must_use]
    pub fn is_skipped(self) -> bool {
        self == Self::Postgres && postgres() == "skip"
    }
}

fn postgres() -> String {
    std::env::var("TRADEPOST_TEST_POSTGRES")
        .expect("tests need PostgreSQL: export TRADEPOST_TEST_POSTGRES=\"$(scripts/test-postgres)\", or =skip to do without")
}

/// Runs a body on a fresh database, then checks the books.
///
/// # Panics
/// Where the body panics or the books are not clean.
pub fn run<F: Future<Output = ()> + 'static>(kind: Kind, name: &str, body: impl FnOnce(TestApp) -> F + 'static) {
    run_checked(kind, name, Box::new(move |app| Box::pin(body(app))));
}

fn run_checked(kind: Kind, name: &str, body: Body) {
    let checked = move |app: TestApp| async move {
        body(app.clone()).await;
        app.finish().await;
    };
    run_named(kind, name, Box::new(move |app| Box::pin(checked(app))));
}

/// A test without its type: what runs it is compiled once, not once per test. It stays on its thread, so the compiler
/// need not prove of every journey that it could leave it, which took most of the time of compiling them.
type Body = Box<dyn FnOnce(TestApp) -> Pin<Box<dyn Future<Output = ()>>>>;

/// The same without the check at the end: for tests that break the books on purpose.
///
/// # Panics
/// Where the body panics.
pub fn run_unchecked<F: Future<Output = ()> + 'static>(kind: Kind, name: &str, body: impl FnOnce(TestApp) -> F + 'static) {
    run_named(kind, name, Box::new(move |app| Box::pin(body(app))));
}

fn run_named(kind: Kind, name: &str, body: Body) {
    if kind.is_skipped() {
        println!("SKIPPED {name}: TRADEPOST_TEST_POSTGRES=skip");
        return;
    }
    run_body(kind, &if kind == Kind::Postgres { postgres() } else { String::new() }, body);
}

/// The same on a PostgreSQL server of the test's own, whose URL names any of its databases.
///
/// # Panics
/// Where the body panics.
pub fn run_at<F: Future<Output = ()> + 'static>(kind: Kind, server: &str, body: impl FnOnce(TestApp) -> F + 'static) {
    run_body(kind, server, Box::new(move |app| Box::pin(body(app))));
}

fn run_body(kind: Kind, server: &str, body: Body) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
    let folder = Arc::new(tempfile::Builder::new().prefix("tradepost-").tempdir_in(disk()).expect("a folder"));
    let database = (kind == Kind::Postgres).then(|| format!("tpj_{:016x}", rand::rng().random_range(0..u64::MAX)));
    let url = match &database {
        None => format!("sqlite://{}", folder.path().join("tradepost.db").display()),
        Some(name) => {
            runtime.block_on(copy_of_template(server, name));
            format!("{}/{name}", server.rsplit_once('/').expect("a URL with a database").0)
        }
    };
    let done = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async move {
            let app = open(kind, url, folder).await;
            let closing = app.clone();
            let body = AssertUnwindSafe(body(app)).catch_unwind().await;
            closing.house.close().await;
            if let Err(panic) = body {
                resume_unwind(panic);
            }
        });
    }));
    if let Some(name) = database {
        runtime.block_on(admin(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")));
    }
    if let Err(panic) = done {
        resume_unwind(panic);
    }
}

/// Where databases lie: `CARGO_TARGET_TMPDIR`'s disk rather than a RAM disk, since durability is part of the test.
fn disk() -> std::path::PathBuf {
    let asked = std::env::var_os("TRADEPOST_TEST_DISK").map(std::path::PathBuf::from);
    let folder = asked.unwrap_or_else(|| std::path::PathBuf::from("/var/tmp"));
    if folder.is_dir() { folder } else { std::env::temp_dir() }
}

async fn open(kind: Kind, url: String, folder: Arc<tempfile::TempDir>) -> TestApp {
    let flags = Flags { data: Some(folder.path().to_owned()), database: Some(url.clone()), ..Flags::default() };
    let settings = Settings::read(&flags, std::iter::empty()).expect("settings of a test");
    let clock = Clock::fixed(BEGIN.parse().expect("a moment"));
    // The master key is made from the seed too: the same in every run.
    let house = House::open(settings, Environment::seeded(clock.clone(), 20_260_302)).await.expect("the house opens");
    TestApp { engine: house.engine.clone(), house, clock, kind, url, folder }
}

/// A copy of the files of an open SQLite database, beside them: what would lie there if its process were killed now.
///
/// # Panics
/// Where they cannot be copied.
pub(crate) fn left_behind(file: &std::path::Path) -> std::path::PathBuf {
    static CRASHES: AtomicUsize = AtomicUsize::new(0);
    let log = |file: &std::path::Path| file.with_extension("db-wal");
    let copy = file.with_file_name(format!("crash-{}.db", CRASHES.fetch_add(1, Ordering::Relaxed)));
    // While somebody reads an older state, the log is neither begun anew nor put into the file beyond it: the two copies fit.
    let reader = rusqlite::Connection::open(file).expect("the file opens");
    reader.execute_batch("BEGIN").expect("a snapshot");
    let _tables: i64 = reader.query_row("SELECT COUNT(*) FROM sqlite_master", [], |row| row.get(0)).expect("a snapshot");
    for (from, to) in [(file.to_owned(), copy.clone()), (log(file), log(&copy))] {
        // By another process: whoever closes a file lets go of all locks that its process has on it.
        let done = std::process::Command::new("cp").arg(&from).arg(&to).status().expect("cp runs");
        assert!(done.success(), "{} was not copied", from.display());
    }
    copy
}

/// A new database with the schema in it: a copy of one that was migrated once for all tests of this schema.
async fn copy_of_template(server: &str, name: &str) {
    let migrations = tradepost::migrations::migrations();
    let texts: String = migrations.iter().map(|migration| migration.text.as_str()).collect();
    let digest = tradepost_kernel::secret::sha256(texts.as_bytes());
    let template = format!("tpj_template_{:016x}", u64::from_be_bytes(std::array::from_fn(|at| digest[at])));
    let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await.expect("the test server answers");
    let talking = tokio::spawn(connection);
    // One process makes it, the others wait; the lock ends with the connection.
    client.batch_execute("SELECT pg_advisory_lock(7420031)").await.expect("a lock");
    let found = client.query_opt("SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate", &[&template]).await.expect("an answer");
    if found.is_none() {
        client.batch_execute(&format!("DROP DATABASE IF EXISTS {template} WITH (FORCE)")).await.expect("a half-made one goes");
        client.batch_execute(&format!("CREATE DATABASE {template}")).await.expect("a database");
        let url = format!("{}/{template}", server.rsplit_once('/').expect("a URL with a database").0);
        let store = tradepost_store::Store::open(tradepost_store::Settings::new(url)).await.expect("the template opens");
        store.migrate(&migrations).await.expect("the tables are made");
        store.close().await;
        client.batch_execute(&format!("ALTER DATABASE {template} IS_TEMPLATE true")).await.expect("a template");
    }
    client.batch_execute("SELECT pg_advisory_unlock(7420031)").await.expect("the lock goes");
    client.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await.expect("a copy");
    drop(client);
    talking.await.expect("the connection ends").expect("in order");
}

/// Speaks to the server past the store.
async fn admin(server: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await.expect("the test server answers");
    let talking = tokio::spawn(connection);
    client.batch_execute(sql).await.expect("the server does as told");
    drop(client);
    talking.await.expect("the connection ends").expect("in order");
}
