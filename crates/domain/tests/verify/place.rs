//! A database of its own for the test, and copies of it that were corrupted past the store.

use rand::RngExt;
use std::future::Future;
use std::sync::Arc;
use tradepost_domain::Engine;
use tradepost_kernel::secret::Vault;
use tradepost_kernel::{Clock, Environment, Secret, Timestamp};
use tradepost_store::{Engine as Database, Settings, Store, migrations_from};

const MIGRATIONS: &[(&str, &str)] = &[
    ("0001_main_job", include_str!("../../../../migrations/0001_main_job.sql")),
    ("0002_external_shops", include_str!("../../../../migrations/0002_external_shops.sql")),
    ("0003_factors", include_str!("../../../../migrations/0003_factors.sql")),
    ("0004_people", include_str!("../../../../migrations/0004_people.sql")),
    ("0005_lists", include_str!("../../../../migrations/0005_lists.sql")),
    ("0006_request_log", include_str!("../../../../migrations/0006_request_log.sql")),
    ("0007_rowless", include_str!("../../../../migrations/0007_rowless.sql")),
    ("0008_bank_account", include_str!("../../../../migrations/0008_bank_account.sql")),
    ("0009_lists", include_str!("../../../../migrations/0009_lists.sql")),
    ("0010_entries", include_str!("../../../../migrations/0010_entries.sql")),
    ("0011_indexes", include_str!("../../../../migrations/0011_indexes.sql")),
    ("0012_workspace", include_str!("../../../../migrations/0012_workspace.sql")),
    ("0013_mail_languages", include_str!("../../../../migrations/0013_mail_languages.sql")),
    ("0014_former_skus", include_str!("../../../../migrations/0014_former_skus.sql")),
    ("0015_people", include_str!("../../../../migrations/0015_people.sql")),
    ("0016_batches", include_str!("../../../../migrations/0016_batches.sql")),
    ("0017_open_orders", include_str!("../../../../migrations/0017_open_orders.sql")),
    ("0018_reservations", include_str!("../../../../migrations/0018_reservations.sql")),
];
/// When the world begins.
const BEGIN_MS: i64 = 1_790_000_000_000;

/// Takes PostgreSQL's checks away and lets foreign keys be broken.
const UNGUARDED: &str = "SET session_replication_role = replica;
DO $$ DECLARE r record; BEGIN
  FOR r IN SELECT conrelid::regclass AS t, conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', r.t, r.conname);
  END LOOP;
END $$;";

#[derive(Clone, Debug)]
pub struct Place {
    pub database: Database,
    /// SQLite: the file. PostgreSQL: the URL of the server's own database.
    base: String,
    /// PostgreSQL: the name of this database.
    name: String,
}

impl Place {
    pub async fn engine(&self) -> Engine {
        self.engine_at(BEGIN_MS, 7).await
    }

    /// A day later, with ids of its own: for a copy in which something further happens.
    pub async fn engine_a_day_later(&self) -> Engine {
        self.engine_at(BEGIN_MS + 86_400_000, 8).await
    }

    async fn engine_at(&self, ms: i64, seed: u64) -> Engine {
        let store = Store::open(Settings::new(self.url())).await.expect("the store opens");
        store.migrate(&migrations_from(MIGRATIONS)).await.expect("the tables are made");
        let clock = Clock::fixed(Timestamp::from_ms(ms));
        Engine {
            store,
            environment: Environment::seeded(clock, seed),
            vault: Arc::new(Vault::new(&Secret::new([7; 32]))),
            after_commit: Default::default(),
            recent: Default::default(),
        }
    }

    fn url(&self) -> String {
        match self.database {
            Database::Sqlite => format!("sqlite://{}", self.base),
            Database::Postgres => format!("{}/{}", self.base.rsplit_once('/').expect("a URL with a database").0, self.name),
        }
    }

    /// A copy with `sql` done to it, whatever the schema says.
    pub async fn corrupted(&self, sql: &str) -> Self {
        let suffix: u32 = rand::rng().random();
        match self.database {
            Database::Sqlite => {
                let copy = Self { base: format!("{}.{suffix:08x}", self.base), ..self.clone() };
                std::fs::copy(&self.base, &copy.base).expect("a copy");
                let connection = rusqlite::Connection::open(&copy.base).expect("it opens");
                connection.execute_batch("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF;").expect("unguarded");
                connection.execute_batch(sql).expect(sql);
                copy
            }
            Database::Postgres => {
                let copy = Self { name: format!("{}_{suffix:08x}", self.name), ..self.clone() };
                admin(&self.base, &format!("CREATE DATABASE {} TEMPLATE {}", copy.name, self.name)).await;
                admin(&copy.url(), &format!("{UNGUARDED}{sql}")).await;
                copy
            }
        }
    }

    pub async fn forget(&self) {
        match self.database {
            Database::Sqlite => std::fs::remove_file(&self.base).expect("it is removed"),
            Database::Postgres => admin(&self.base, &format!("DROP DATABASE {} WITH (FORCE)", self.name)).await,
        }
    }
}

async fn admin(url: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("the test server answers");
    let connection = tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    drop(client);
    // Until it is closed, the database cannot be a template.
    connection.await.expect("it ends").expect("it closes");
}

/// Runs a body against one engine on a runtime of its own.
pub fn run<F: Future<Output = ()>>(database: Database, body: impl FnOnce(Place) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    if database == Database::Sqlite {
        let folder = tempfile::tempdir().expect("a folder");
        let base = folder.path().join("store.db").display().to_string();
        runtime.block_on(body(Place { database, base, name: String::new() }));
        return;
    }
    let base = std::env::var("TRADEPOST_TEST_POSTGRES")
        .expect("tests need PostgreSQL: export TRADEPOST_TEST_POSTGRES=\"$(scripts/test-postgres)\", or =skip to do without");
    if base == "skip" {
        println!("SKIPPED: TRADEPOST_TEST_POSTGRES=skip");
        return;
    }
    let name = format!("tp_{:016x}", rand::rng().random_range(0..u64::MAX));
    runtime.block_on(admin(&base, &format!("CREATE DATABASE {name}")));
    let place = Place { database, base, name };
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| runtime.block_on(body(place.clone()))));
    runtime.block_on(place.forget());
    if let Err(panic) = done {
        std::panic::resume_unwind(panic);
    }
}
