//! Paths about the server itself: is it there, how is it, what can it do.

use crate::answer::Answer;
use crate::call::Call;
use crate::problem::Problem;
use crate::routes::Routes;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL};
use tradepost_kernel::secret::same;

/// Documents that are made once, from the whole table.
#[derive(Clone, Debug)]
pub struct Documents {
    pub(crate) openapi: Bytes,
    pub(crate) reference: Bytes,
    pub(crate) style: &'static str,
}

impl Documents {
    pub(crate) fn new(routes: &Routes, public_url: &str) -> Self {
        let openapi = Bytes::from(crate::openapi::document(routes, public_url).to_string());
        let reference = crate::docs_page::page(routes, public_url).into_string().into();
        Self { openapi, reference, style: crate::docs_page::STYLE }
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
    r.get("/docs", "docs", docs).page().public();
    r.get("/", "start", start).page().public();
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
    let stats = call.engine().store.stats();
    crate::observe::note_store(&stats);
    Ok(Answer::text(call.app().metrics.render()))
}

async fn openapi(call: Call) -> Result<Answer, Problem> {
    let documents = call.app().documents().ok_or_else(Problem::not_found)?;
    Ok(Answer::bytes("application/json", documents.openapi.clone()).header(CACHE_CONTROL, "no-cache"))
}

/// Until there are pages to work on, the reference is what there is to see.
async fn start(_call: Call) -> Result<Answer, Problem> {
    Ok(Answer::see_other("/docs"))
}

async fn docs(call: Call) -> Result<Answer, Problem> {
    let documents = call.app().documents().ok_or_else(Problem::not_found)?;
    Ok(Answer::page_bytes(documents.reference.clone(), documents.style).header(CACHE_CONTROL, "no-cache"))
}
