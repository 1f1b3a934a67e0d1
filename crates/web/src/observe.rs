//! What an operator sees of requests: a log line and metrics, never a secret (PLT-10).

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;
use tradepost_domain::requests::{LoggedRequest, RequestQueue};
use tradepost_domain::{Caller, RequestId};
use tradepost_kernel::Timestamp;
use tradepost_store::Stats;

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// The metrics of this process: the recorder is set up at the first call. Where another one was set up before, what is
/// recorded goes there and `/metrics` is empty.
#[must_use]
pub fn metrics() -> PrometheusHandle {
    let buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
    METRICS
        .get_or_init(|| {
            let builder = PrometheusBuilder::new();
            let recorder = builder.set_buckets(&buckets).unwrap_or_else(|_| PrometheusBuilder::new()).build_recorder();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("another metrics recorder is set up");
            }
            metrics::describe_histogram!("http_request_seconds", "Time from the head of a request to the head of its answer");
            metrics::describe_counter!("http_requests_total", "Requests by operation, method and status");
            metrics::describe_gauge!("http_connections", "Connections that are open");
            metrics::describe_gauge!("http_requests_in_flight", "Requests that are being read or answered, this one too, also those whose clients hung up");
            metrics::describe_counter!("http_handlers_entered_total", "Requests that were let in and began to be done, by operation");
            metrics::describe_counter!(
                "tradepost_requests_not_logged_total",
                "Lines of the request log that were dropped: too many waited, too many of one owner, or the database did not take them"
            );
            metrics::describe_counter!("tradepost_parts_total", "Parts of large works that were done: of deliveries that go on, and of batches of keys");
            metrics::describe_counter!("tradepost_keys_expired_total", "Keys that expired and were taken out of stock");
            metrics::describe_counter!("tradepost_requests_forgotten_total", "Lines of the request log that were kept long enough and are forgotten");
            metrics::describe_counter!("http_handlers_finished_total", "Those that came to their end, also where the client had hung up");
            handle
        })
        .clone()
}

/// One request, after its answer is known.
#[derive(Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) id: RequestId,
    pub(crate) at: Timestamp,
    pub(crate) address: Option<IpAddr>,
    pub(crate) method: &'a str,
    /// The operation and the template; never the path or query, which may hold what is nobody's business.
    pub(crate) operation: &'static str,
    pub(crate) template: &'static str,
    pub(crate) status: u16,
    pub(crate) took: Duration,
    pub(crate) request_id: &'a str,
    pub(crate) caller: Option<&'a Caller>,
    pub(crate) code: Option<&'static str>,
}

impl Seen<'_> {
    /// Writes the log line and counts.
    pub(crate) fn record(&self) {
        let actor = self.caller.map_or("unknown", |caller| caller.actor().0);
        let ms = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX);
        let (method, route, status, request_id, code) = (self.method, self.template, self.status, self.request_id, self.code.unwrap_or(""));
        tracing::info!(method, route, status, ms, request_id, actor, code, "request");
        let known_method = if matches!(method, "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") { method } else { "other" };
        let labels = [("operation", self.operation.to_owned()), ("method", known_method.to_owned()), ("status", status.to_string())];
        metrics::counter!("http_requests_total", &labels).increment(1);
        metrics::histogram!("http_request_seconds", "operation" => self.operation).record(self.took.as_secs_f64());
    }

    /// Leaves a line for the log of requests, where it came with a key. The answer is on its way: nothing waits for this, and what
    /// does not fit is dropped.
    pub(crate) fn keep(&self, requests: &RequestQueue) {
        let Some((owner, key, key_name)) = self.caller.and_then(LoggedRequest::key_of) else { return };
        let line = LoggedRequest {
            id: self.id,
            owner,
            key,
            key_name: key_name.to_owned(),
            method: self.method.to_owned(),
            path: self.template.to_owned(),
            status: i64::from(self.status),
            code: self.code.map(str::to_owned),
            duration_ms: i64::try_from(self.took.as_millis()).unwrap_or(i64::MAX),
            address: self.address.map(|address| address.to_string()),
            at: self.at,
        };
        if !requests.push(line) {
            metrics::counter!("tradepost_requests_not_logged_total").increment(1);
        }
    }
}

/// What a counter came to, in a text as `/metrics` has it: the sum over those of its lines that have `label` (empty: all).
#[must_use]
pub fn total(rendered: &str, name: &str, label: &str) -> u64 {
    let value = |line: &str| {
        let (labels, value) = line.strip_prefix(name)?.rsplit_once(' ')?;
        let is_its = labels.is_empty() || labels.starts_with('{');
        if is_its && labels.contains(label) { value.parse::<u64>().ok() } else { None }
    };
    rendered.lines().filter_map(value).sum()
}

/// One more in `http_connections`, for as long as it lives.
pub(crate) struct Connected(());

impl Connected {
    pub(crate) fn new() -> Self {
        metrics::gauge!("http_connections").increment(1.0);
        Self(())
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        metrics::gauge!("http_connections").decrement(1.0);
    }
}

/// Puts the count of requests beside those of connections, when somebody asks for them.
pub(crate) fn note_in_flight(requests: usize) {
    metrics::gauge!("http_requests_in_flight").set(u32::try_from(requests).unwrap_or(u32::MAX));
}

/// Puts the store's counters beside those of requests, when somebody asks for them.
pub(crate) fn note_store(stats: &Stats) {
    metrics::gauge!("store_writes_waiting").set(u32::try_from(stats.queued).unwrap_or(u32::MAX));
    let counters = [
        ("store_groups_total", stats.groups),
        ("store_grouped_writes_total", stats.grouped),
        ("store_writes_in_sets_total", stats.in_sets),
        ("store_write_statements_total", stats.statements),
        ("store_groups_split_total", stats.split),
        ("store_retries_total", stats.retried),
        ("store_refused_total", stats.refused),
    ];
    for (name, value) in counters {
        metrics::counter!(name).absolute(value);
    }
}
