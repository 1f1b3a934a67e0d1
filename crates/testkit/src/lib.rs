//! What the journeys stand on: one body, two databases; builders that speak the domain; checks at the end.
//!
//! ```ignore
//! app_test! {
//!     /// CRD-2
//!     async fn without_credit_nothing_is_released_unpaid(app) {
//!         let acme = app.merchant("Acme Software").await;
//!         acme.product("KEY-PRO").price("26.00").keys(10).await;
//!         let contoso = acme.reseller("Contoso").await;
//!         let order = contoso.order(&[("KEY-PRO", 5)]).place().await;
//!         assert!(app.order(&order).await.is_held());
//!     }
//! }
//! ```
//!
//! makes `without_credit_…::sqlite` and `without_credit_…::postgres`. Each has a database of its own, a clock that
//! stands at 2026-03-02T09:00:00Z and ids from a fixed seed. When the body is done the books are checked
//! ([`TestApp::finish`]): a journey that leaves a violation behind fails, whatever it asserted.

mod actors;
mod balance;
mod books;
mod building;
pub mod http;
mod importing;
pub mod line;
mod look;
mod place;
pub mod process;
mod together;

pub use actors::{Merchant, Reseller, term};
pub use balance::MadeDynamicUrl;
pub use building::{OrderBuilder, PlacedOrder, Product, ProductBuilder, ResellerBuilder, owner, profile};
pub use look::Audited;
pub use place::{Kind, run, run_at, run_unchecked};

use std::sync::Arc;
use tradepost::House;
use tradepost_domain::{Caller, Command, Engine, No, Origin, verify};
use tradepost_kernel::{Clock, Refusal};
use tradepost_store::BoxFuture;

/// When every test begins.
pub const BEGIN: &str = "2026-03-02T09:00:00Z";

/// An open house over a database of its own. Cheap to clone; all clones are one house.
#[derive(Clone)]
pub struct TestApp {
    /// The open house: settings, worker.
    pub house: House,
    /// Runs commands and queries.
    pub engine: Engine,
    /// The clock; it moves only when told to.
    pub clock: Clock,
    /// Which database this is.
    pub kind: Kind,
    /// Where the database is.
    pub url: String,
    folder: Arc<tempfile::TempDir>,
}

impl TestApp {
    /// The folder of this test, gone after it.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Another house on what a crash of this one leaves at this moment; this one is not closed, and whoever holds it drops
    /// it. PostgreSQL: calls of this one may be under way still, beside those of the next. SQLite, whose file has one owner:
    /// the next one gets the files as they lie there, with the log as far as it was written, as `kill -9` leaves them.
    ///
    /// # Panics
    /// Where the next one does not open.
    pub async fn after_a_crash(&self) -> Self {
        let mut settings = tradepost::config::Settings::clone(&self.house.settings);
        if let Some(file) = self.url.strip_prefix("sqlite://") {
            settings.database = format!("sqlite://{}", place::left_behind(std::path::Path::new(file)).display());
        }
        let url = settings.database.clone();
        let house = House::open(settings, self.engine.environment.clone()).await.expect("the next house opens");
        Self { engine: house.engine.clone(), house, url, ..self.clone() }
    }

    /// Another server on the same database, in this process (PostgreSQL: a file of SQLite has one server).
    ///
    /// # Panics
    /// Where it does not open.
    pub async fn beside(&self) -> Self {
        let settings = tradepost::config::Settings::clone(&self.house.settings);
        let house = House::open(settings, self.engine.environment.clone()).await.expect("another house opens");
        Self { engine: house.engine.clone(), house, ..self.clone() }
    }

    /// Runs a command and says what came of it.
    ///
    /// # Errors
    /// Its refusals and faults.
    pub fn execute<'a, C: Command>(&'a self, caller: &'a Caller, command: C) -> BoxFuture<'a, Result<C::Outcome, No>> {
        // Boxed, as a test is long and the compiler looks through every future that is awaited in it.
        Box::pin(async move { Ok(self.engine.execute(origin(caller), command).await?.outcome) })
    }

    /// Runs a command that must succeed.
    ///
    /// # Panics
    /// Where it does not.
    pub async fn does<C: Command>(&self, caller: &Caller, command: C) -> C::Outcome {
        match self.execute(caller, command).await {
            Ok(outcome) => outcome,
            Err(no) => panic!("{} should have been done: {no:?}", C::NAME),
        }
    }

    /// Runs a command that must refuse, and makes sure that it left nothing behind.
    ///
    /// # Panics
    /// Where it succeeds, faults, or wrote something.
    pub async fn refuses<C: Command>(&self, caller: &Caller, command: C) -> Refusal {
        let before = self.footprints().await;
        let refusal = match self.execute(caller, command).await {
            Err(No::Refusal(refusal)) => refusal,
            Ok(_) => panic!("{} should have been refused", C::NAME),
            Err(No::Fault(fault)) => panic!("{} should have been refused, and faulted: {fault:?}", C::NAME),
        };
        assert_eq!(self.footprints().await, before, "{} refused with {} and left something behind", C::NAME, refusal.code);
        refusal
    }

    /// Lets the worker do everything that is due, and what follows from that.
    ///
    /// # Panics
    /// Where the store faults.
    pub async fn work(&self) {
        self.house.worker.run_until_idle().await.expect("the worker works");
    }

    /// The check at the end of every test: what was announced was passed on, no message failed, and the books are
    /// clean.
    ///
    /// # Panics
    /// Where they are not.
    pub async fn finish(&self) {
        self.work().await;
        let found = self.violations().await;
        assert!(found.is_empty(), "the books are not clean after the test:\n{}", found.join("\n"));
    }

    /// What is wrong with the books right now, one sentence each: what `verify` says (PLT-2), and what the bare rows
    /// say past it.
    ///
    /// # Panics
    /// Where the store faults.
    pub async fn violations(&self) -> Vec<String> {
        let mut found = books::violations(self).await;
        let options = verify::Options { only: Vec::new(), full: true };
        let report = verify::run(&self.engine, &options).await.expect("verify runs");
        for check in report.checks {
            found.extend(check.violations.iter().map(|violation| format!("verify {}: {} {}", check.name, violation.subject, violation.detail)));
        }
        found
    }
}

/// A caller from a known address, without an idempotency key.
#[must_use]
pub fn origin(caller: &Caller) -> Origin {
    Origin { caller: caller.clone(), request_id: Some("req_test".into()), address: Some("192.0.2.1".into()), language: None, idempotency: None }
}

/// One test per database from one body: `async fn sentence(app) { … }` becomes `sentence::sqlite` and
/// `sentence::postgres`.
#[macro_export]
macro_rules! app_test {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident) $body:block)+) => { $(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports, reason = "a body need not use everything of its file")]
            use super::*;

            #[allow(clippy::large_futures, reason = "a journey is long")]
            pub async fn body($app: $crate::TestApp) $body

            #[test]
            fn sqlite() {
                $crate::run($crate::Kind::Sqlite, concat!(module_path!(), "::sqlite"), body);
            }

            #[test]
            fn postgres() {
                $crate::run($crate::Kind::Postgres, concat!(module_path!(), "::postgres"), body);
            }
        }
    )+ };
}

/// The twin of a drill: the same body must fail once the named bug is in. Only in debug builds.
#[macro_export]
macro_rules! sabotage_test {
    ($($(#[$meta:meta])* fn $name:ident: $bug:literal on $kind:ident makes $body:path;)+) => { $(
        $(#[$meta])*
        #[cfg(debug_assertions)]
        #[test]
        fn $name() {
            $crate::must_fail($crate::Kind::$kind, $bug, $body);
        }
    )+ };
}

/// Runs a drill with a bug built in, and fails where the drill does not notice. The bug is chosen for the whole process:
/// one twin at a time, and no other test beside it (`cargo nextest` runs each test in a process of its own).
///
/// # Panics
/// Where the drill passes.
#[cfg(debug_assertions)]
pub fn must_fail<F: Future<Output = ()> + 'static>(kind: Kind, bug: &'static str, body: impl FnOnce(TestApp) -> F + 'static) {
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    tradepost_kernel::sabotage::begin(bug);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(kind, bug, body)));
    tradepost_kernel::sabotage::end();
    if kind.is_skipped() {
        return;
    }
    assert!(outcome.is_err(), "the drill did not notice {bug}: it proves nothing");
}
