//! Paths about the server itself: is it there, how is it, what can it do.

use crate::answer::{Answer, tag_of};
use crate::call::Call;
use crate::problem::Problem;
use crate::routes::Routes;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tradepost_domain::verify::{self, CheckReport};
use tradepost_domain::{notices, outbox};
use tradepost_kernel::Timestamp;
use tradepost_kernel::secret::same;
use tradepost_store::Stats;

/// Documents that are made once, from the whole table.
#[derive(Clone, Debug)]
pub struct Documents {
    pub(crate) openapi: Bytes,
    pub(crate) openapi_tag: String,
    pub(crate) reference: Bytes,
    pub(crate) reference_tag: String,
    pub(crate) style: &'static str,
}

impl Documents {
    pub(crate) fn new(routes: &Routes, public_url: &str) -> Self {
        let openapi = Bytes::from(crate::openapi::document(routes, public_url).to_string());
        let reference = Bytes::from(crate::docs_page::page(routes, public_url).into_string());
        let (openapi_tag, reference_tag) = (tag_of(&openapi), tag_of(&reference));
        Self { openapi, openapi_tag, reference, reference_tag, style: crate::docs_page::STYLE }
    }
}

/// Adds the paths to the table.
pub fn routes(r: &mut Routes) {
    r.get("/health/live", "healthLive", live).tag("System").doc("Whether the process answers.").public().answers_text("text/plain");
    r.get("/health/ready", "healthReady", ready)
        .tag("System")
        .doc("Whether it can work. The database answers and its schema is the one of this version.")
        .public()
        .answers_text("text/plain");
    r.get("/metrics", "metrics", metrics)
        .tag("System")
        .doc("Metrics for Prometheus. Only from the machine itself, or with the metrics token as bearer where one is set.")
        .public()
        .answers_text("text/plain")
        .refuses(&["not_found"]);
    r.get("/openapi.json", "openapi", openapi).tag("System").doc("This document.").public().answers::<serde_json::Value>(200);
    r.get("/docs/api", "docsReference", docs).page().public();
}

async fn live(_call: Call) -> Result<Answer, Problem> {
    Ok(Answer::text("alive\n"))
}

async fn ready(call: Call) -> Result<Answer, Problem> {
    if !call.app().is_migrated() {
        return Err(Problem::retry_later(StatusCode::SERVICE_UNAVAILABLE, "storage_unavailable", "The schema is being brought up to date.", 2));
    }
    call.engine().store.ping().await?;
    Ok(Answer::text("ready\n"))
}

/// How the server is, for the page that shows it.
#[derive(Clone, Debug)]
pub struct Health {
    /// Whether the schema is the one of this program.
    pub migrated: bool,
    /// How long the database took to answer.
    pub answered: Duration,
    /// Facts about the storage by name: engine, version, how commits are written.
    pub storage: Vec<(String, String)>,
    /// How many events wait to be passed on, of all merchants, and since when the oldest does.
    pub events: (i64, Option<Timestamp>),
    /// How many messages wait to be sent, and since when.
    pub messages: (i64, Option<Timestamp>),
    /// Counters of the store since it was opened.
    pub store: Stats,
    /// What the worker did since this process began.
    pub worker: WorkerCounts,
}

/// What the worker of this process did since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkerCounts {
    /// Events passed on.
    pub relayed: u64,
    /// Times that an event failed and was put off.
    pub delayed: u64,
    /// Messages that the mail server took.
    pub sent: u64,
    /// Messages that it did not take, and those that were only logged.
    pub not_sent: u64,
    /// Parts of large works: of deliveries that go on, and of batches of keys.
    pub parts: u64,
    /// Keys that expired and were taken out of stock.
    pub expired: u64,
    /// Commands that were kept long enough and are forgotten.
    pub forgotten: u64,
    /// Lines of the request log that were kept long enough and are forgotten.
    pub requests_forgotten: u64,
    /// Lines of the request log that were dropped instead of written.
    pub requests_not_logged: u64,
}

impl WorkerCounts {
    /// From the text of `/metrics`.
    fn read(rendered: &str) -> Self {
        let total = |name, label| crate::observe::total(rendered, name, label);
        Self {
            relayed: total("tradepost_events_relayed_total", ""),
            delayed: total("tradepost_events_delayed_total", ""),
            sent: total("tradepost_messages_total", "outcome=\"sent\""),
            not_sent: total("tradepost_messages_total", "outcome=\"not_sent\""),
            parts: total("tradepost_parts_total", ""),
            expired: total("tradepost_keys_expired_total", ""),
            forgotten: total("tradepost_commands_forgotten_total", ""),
            requests_forgotten: total("tradepost_requests_forgotten_total", ""),
            requests_not_logged: total("tradepost_requests_not_logged_total", ""),
        }
    }
}

/// How the server is now.
///
/// # Errors
/// Faults of the store.
pub async fn health(call: &Call) -> Result<Health, Problem> {
    let store = &call.engine().store;
    let began = Instant::now();
    store.ping().await?;
    let answered = began.elapsed();
    let storage = store.storage_facts().await?;
    let (events, messages) =
        call.read(move |reader| Box::pin(async move { Ok((outbox::queries::waiting(reader).await?, notices::queries::waiting(reader).await?)) })).await?;
    let worker = WorkerCounts::read(&call.app().metrics.render());
    Ok(Health { migrated: call.app().is_migrated(), answered, storage, events, messages, store: store.stats(), worker })
}

/// What came of a check of the books that somebody asked for.
#[derive(Clone, Debug)]
pub enum Verified {
    /// It is through.
    Done {
        /// What each check found.
        reports: Vec<CheckReport>,
        /// How long it took.
        took: Duration,
    },
    /// Another one is running.
    Busy,
    /// It took longer than a page waits; nothing is known.
    TooLong,
}

/// One check at a time: it reads everything.
static VERIFYING: Semaphore = Semaphore::const_new(1);
/// As long as somebody waits for a page. Beyond it the command line does it.
const VERIFY_TIME: Duration = Duration::from_secs(60);

/// Checks the invariants of an area (`ledger`), or all of them, as `tradepost verify` does without `--full`.
///
/// # Errors
/// Faults of the store.
pub async fn verified(call: &Call, area: Option<&str>) -> Result<Verified, Problem> {
    let Ok(_only_one) = VERIFYING.try_acquire() else { return Ok(Verified::Busy) };
    let only: Vec<String> = area.into_iter().map(ToOwned::to_owned).collect();
    let (checks, began) = (verify::chosen(&only), Instant::now());
    match tokio::time::timeout(VERIFY_TIME, verify::run_all(call.engine(), &checks, false, |_, _| ())).await {
        Ok(reports) => Ok(Verified::Done { reports: reports?, took: began.elapsed() }),
        Err(_) => Ok(Verified::TooLong),
    }
}

/// Numbers of the business are nobody's business: without a token only this machine gets them.
async fn metrics(call: Call) -> Result<Answer, Problem> {
    let allowed = match &call.app().settings.metrics_token {
        Some(token) => {
            let given = call.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|text| text.strip_prefix("Bearer "));
            given.is_some_and(|given| same(given.as_bytes(), token.expose().as_bytes()))
        }
        None => call.address().is_some_and(|address| address.is_loopback()),
    };
    if !allowed {
        return Err(Problem::not_found());
    }
    let app = call.app();
    crate::observe::note_store(&app.engine.store.stats());
    crate::observe::note_in_flight(app.settings.limits.in_flight.saturating_sub(app.in_flight.available_permits()));
    Ok(Answer::text(app.metrics.render()))
}

async fn openapi(call: Call) -> Result<Answer, Problem> {
    let documents = call.app().documents().ok_or_else(Problem::not_found)?;
    let answer = Answer::bytes("application/json", documents.openapi.clone()).header(CACHE_CONTROL, "no-cache");
    Ok(answer.unless_known(&call, &documents.openapi_tag))
}

async fn docs(call: Call) -> Result<Answer, Problem> {
    let documents = call.app().documents().ok_or_else(Problem::not_found)?;
    let answer = Answer::page_bytes(documents.reference.clone(), documents.style).header(CACHE_CONTROL, "no-cache");
    Ok(answer.unless_known(&call, &documents.reference_tag))
}
