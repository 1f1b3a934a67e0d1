//! What every request shares.

use crate::credentials::Authenticator;
use crate::issuers::Issuers;
use crate::limits::{Limiter, Limits};
use crate::pace::Pace;
use crate::routes::Routes;
use crate::system::Documents;
use metrics_exporter_prometheus::PrometheusHandle;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;
use tradepost_domain::Engine;
use tradepost_domain::requests::RequestQueue;
use tradepost_kernel::Secret;

/// How the server is set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where callers reach it: `https://shop.example.org`, without a slash at the end.
    pub public_url: String,
    /// Reverse proxies in front, whose `X-Forwarded-For` is believed: 0 for none.
    pub trusted_proxies: usize,
    /// What `/metrics` asks for as bearer; `None`: it answers this machine only.
    pub metrics_token: Option<Secret<String>>,
    /// How much of everything.
    pub limits: Limits,
    /// Where pictures of the documentation are, if anywhere.
    pub pictures: Option<PathBuf>,
    /// Whether it shows what a visitor of a demo may see: sign-ins on the page, the style guide.
    pub demo: bool,
}

impl Settings {
    /// The defaults.
    #[must_use]
    pub fn new(public_url: impl Into<String>) -> Self {
        Self { public_url: public_url.into(), trusted_proxies: 0, metrics_token: None, limits: Limits::default(), pictures: None, demo: false }
    }
}

/// The server: what every request shares.
pub struct App {
    /// The open house.
    pub engine: Engine,
    /// How it is set.
    pub settings: Settings,
    /// Finds out who asks.
    pub authenticator: Arc<dyn Authenticator>,
    /// Asks issuers of OpenID Connect; `None` where the operator set none.
    pub issuers: Option<Arc<dyn Issuers>>,
    /// Requests that came with keys and wait to be written to their log.
    pub requests: RequestQueue,
    /// Where `/metrics` reads.
    pub metrics: PrometheusHandle,
    pub(crate) limiter: Limiter,
    pub(crate) in_flight: Arc<Semaphore>,
    pub(crate) pace: Arc<Pace>,
    table: OnceLock<Routes>,
    documents: OnceLock<Documents>,
    migrated: AtomicBool,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl App {
    /// A server over an open house. Not ready before [`App::migrations_done`].
    #[must_use]
    pub fn new(engine: Engine, authenticator: Arc<dyn Authenticator>, settings: Settings) -> Self {
        Self {
            engine,
            authenticator,
            issuers: None,
            requests: RequestQueue::default(),
            metrics: crate::observe::metrics(),
            limiter: Limiter::new(&settings.limits),
            in_flight: Arc::new(Semaphore::new(settings.limits.in_flight)),
            pace: Pace::new(settings.limits.in_flight, settings.limits.prompt),
            table: OnceLock::new(),
            documents: OnceLock::new(),
            migrated: AtomicBool::new(false),
            settings,
        }
    }

    /// The same, where people sign in at issuers too.
    #[must_use]
    pub fn with_issuers(mut self, issuers: Arc<dyn Issuers>) -> Self {
        self.issuers = Some(issuers);
        self
    }

    /// What the documents describe. The first table stays.
    pub(crate) fn describe(&self, table: &Routes) {
        self.table.get_or_init(|| table.clone());
    }

    /// The table that it stands on.
    pub(crate) fn table(&self) -> Option<&Routes> {
        self.table.get()
    }

    /// Made when they are first asked for: it takes longer than everything else that a start does.
    pub(crate) fn documents(&self) -> Option<&Documents> {
        let table = self.table()?;
        Some(self.documents.get_or_init(|| Documents::new(table, &self.settings.public_url)))
    }

    /// The schema is the one of this binary.
    pub fn migrations_done(&self) {
        self.migrated.store(true, Ordering::Release);
    }

    pub(crate) fn is_migrated(&self) -> bool {
        self.migrated.load(Ordering::Acquire)
    }
}
