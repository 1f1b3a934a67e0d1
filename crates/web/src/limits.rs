//! How much of everything (PLT-11): sizes, rates, requests at once.

use crate::problem::Problem;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::{Quota, RateLimiter};
use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tradepost_domain::Caller;
use tradepost_kernel::Timestamp;

/// The limits.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a body, where the route says nothing else.
    pub body_bytes: usize,
    /// How long a body may take to arrive.
    pub body_time: Duration,
    /// Bytes of path and query.
    pub uri_bytes: usize,
    /// Bytes of one header field.
    pub header_bytes: usize,
    /// Bytes of all header fields.
    pub headers_bytes: usize,
    /// Requests that are being answered at once.
    pub in_flight: usize,
    /// How long an answer may take because of the requests before it: no more are let in than are answered within this
    /// time. `None`: as many as `in_flight` says.
    pub prompt: Option<Duration>,
    /// Requests per second of one key or person; `None`: no limit.
    pub per_caller: Option<NonZeroU32>,
    /// Requests per second inside one partnership.
    pub per_partnership: Option<NonZeroU32>,
    /// Requests per second of one network address.
    pub per_address: Option<NonZeroU32>,
    /// Requests per second of one dynamic URL (EXT-6).
    pub per_dynamic_url: Option<NonZeroU32>,
    /// Dynamic URLs that open nothing, per minute and network address.
    pub dynamic_url_failures: Option<NonZeroU32>,
    /// Connections at once.
    pub connections: usize,
    /// How long the header fields of a request may take to arrive.
    pub header_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 1 << 20,
            body_time: Duration::from_secs(60),
            uri_bytes: 8 << 10,
            header_bytes: 16 << 10,
            headers_bytes: 32 << 10,
            in_flight: 2048,
            prompt: Some(Duration::from_millis(400)),
            per_caller: NonZeroU32::new(200),
            per_partnership: NonZeroU32::new(400),
            per_address: NonZeroU32::new(400),
            per_dynamic_url: NonZeroU32::new(20),
            dynamic_url_failures: NonZeroU32::new(30),
            connections: 4096,
            header_time: Duration::from_secs(15),
        }
    }
}

impl Limits {
    /// No limit on rates, nor on how many are answered promptly: for tests and benchmarks.
    #[must_use]
    pub fn without_rates(self) -> Self {
        Self { prompt: None, per_caller: None, per_partnership: None, per_address: None, per_dynamic_url: None, dynamic_url_failures: None, ..self }
    }
}

/// Refuses a head that is too large.
///
/// # Errors
/// 414 `uri_too_long`, 431 `headers_too_large`.
pub fn check_head<B>(limits: &Limits, request: &Request<B>) -> Result<(), Problem> {
    let uri = request.uri();
    let length = uri.path().len() + uri.query().map_or(0, |query| query.len() + 1);
    if length > limits.uri_bytes {
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "uri_too_long", format!("Path and query must have at most {} bytes.", limits.uri_bytes)));
    }
    let sizes = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    let (largest, sum) = sizes.fold((0, 0), |(largest, sum), size| (size.max(largest), sum + size));
    if largest > limits.header_bytes || sum > limits.headers_bytes {
        let detail = format!("One header field must have at most {} bytes, all of them {}.", limits.header_bytes, limits.headers_bytes);
        return Err(Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large", detail));
    }
    Ok(())
}

type Keyed<K> = RateLimiter<K, governor::state::keyed::DashMapStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// One kind of rate: so many a second, and as many at once.
struct Rate<K: std::hash::Hash + Eq + Clone> {
    limiter: Keyed<K>,
    limit: u32,
}

/// What is left after a request, for `RateLimit-*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    limit: u32,
    remaining: u32,
    reset_s: u64,
}

impl Left {
    /// The one that has less.
    fn least(self, other: Option<Self>) -> Self {
        other.filter(|other| other.remaining < self.remaining).unwrap_or(self)
    }

    /// Adds the header fields.
    pub fn write(self, headers: &mut HeaderMap) {
        for (name, value) in [("ratelimit-limit", u64::from(self.limit)), ("ratelimit-remaining", u64::from(self.remaining)), ("ratelimit-reset", self.reset_s)]
        {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
}

impl<K: std::hash::Hash + Eq + Clone> Rate<K> {
    fn new(per_second: Option<NonZeroU32>) -> Option<Self> {
        let limit = per_second?;
        let limiter = RateLimiter::dashmap(Quota::per_second(limit)).with_middleware::<StateInformationMiddleware>();
        Some(Self { limiter, limit: limit.get() })
    }

    fn check(&self, key: &K) -> Result<Left, Problem> {
        match self.limiter.check_key(key) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                Ok(Left { limit: self.limit, remaining, reset_s: u64::from(remaining < self.limit) })
            }
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
                let mut no = Problem::retry_later(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "The limit of requests is reached.", wait);
                let mut headers = HeaderMap::new();
                Left { limit: self.limit, remaining: 0, reset_s: wait }.write(&mut headers);
                for (name, value) in headers.drain() {
                    if let Some(name) = name {
                        no = no.header(name, value);
                    }
                }
                Err(no)
            }
        }
    }
}

/// All rates. Memory is bounded: keys that were not seen for a while are dropped every so many requests.
pub(crate) struct Limiter {
    callers: Option<Rate<[u8; 16]>>,
    partnerships: Option<Rate<[u8; 16]>>,
    addresses: Option<Rate<IpAddr>>,
    dynamic_urls: Option<Rate<[u8; 16]>>,
    failures: Option<Failures>,
    seen: AtomicU64,
}

const SWEEP_EVERY: u64 = 65_536;

impl Limiter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            callers: Rate::new(limits.per_caller),
            partnerships: Rate::new(limits.per_partnership),
            addresses: Rate::new(limits.per_address),
            dynamic_urls: Rate::new(limits.per_dynamic_url),
            failures: limits.dynamic_url_failures.map(Failures::new),
            seen: AtomicU64::new(0),
        }
    }

    /// Before anything is looked up.
    pub(crate) fn address(&self, address: Option<IpAddr>) -> Result<(), Problem> {
        if self.seen.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.sweep();
        }
        let (Some(rate), Some(address)) = (&self.addresses, address) else { return Ok(()) };
        rate.check(&network(address)).map(drop)
    }

    /// Once it is known who asks.
    pub(crate) fn caller(&self, caller: &Caller) -> Result<Option<Left>, Problem> {
        let (_, actor, _) = caller.actor();
        let own = match (&self.callers, actor) {
            (Some(rate), Some(actor)) => Some(rate.check(&actor)?),
            _ => None,
        };
        let shared = self.partnership(caller)?;
        Ok(own.map(|own| own.least(shared)).or(shared))
    }

    /// Before the key of a dynamic URL is looked up.
    pub(crate) fn dynamic_url_failures(&self, address: Option<IpAddr>, now: Timestamp) -> Result<(), Problem> {
        let (Some(failures), Some(address)) = (&self.failures, address) else { return Ok(()) };
        failures.check(network(address), now)
    }

    /// A dynamic URL opened nothing.
    pub(crate) fn note_dynamic_url_failure(&self, address: Option<IpAddr>, now: Timestamp) {
        if let (Some(failures), Some(address)) = (&self.failures, address) {
            failures.note(network(address), now);
        }
    }

    /// Once it is known which dynamic URL asks.
    pub(crate) fn dynamic_url(&self, caller: &Caller) -> Result<Option<Left>, Problem> {
        let own = match (&self.dynamic_urls, caller.actor().1) {
            (Some(rate), Some(actor)) => Some(rate.check(&actor)?),
            _ => None,
        };
        let shared = self.partnership(caller)?;
        Ok(own.map(|own| own.least(shared)).or(shared))
    }

    fn partnership(&self, caller: &Caller) -> Result<Option<Left>, Problem> {
        match (&self.partnerships, caller.partnership()) {
            (Some(rate), Ok(scope)) => rate.check(&scope.partnership.bytes()).map(Some),
            _ => Ok(None),
        }
    }

    fn sweep(&self) {
        if let Some(rate) = &self.dynamic_urls {
            rate.limiter.retain_recent();
        }
        if let Some(rate) = &self.callers {
            rate.limiter.retain_recent();
        }
        if let Some(rate) = &self.partnerships {
            rate.limiter.retain_recent();
        }
        if let Some(rate) = &self.addresses {
            rate.limiter.retain_recent();
        }
    }
}

/// Failures of an address within one minute, which begins with the first of them.
struct Failures {
    most: u32,
    counted: Mutex<HashMap<IpAddr, (Timestamp, u32)>>,
}

const MINUTE_MS: i64 = 60_000;
/// More addresses than this are not remembered at once.
const MOST_FAILING: usize = 10_000;

impl Failures {
    fn new(most: NonZeroU32) -> Self {
        Self { most: most.get(), counted: Mutex::default() }
    }

    fn check(&self, address: IpAddr, now: Timestamp) -> Result<(), Problem> {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((first, failures)) = counted.get(&address) else { return Ok(()) };
        let left_ms = MINUTE_MS - (now.ms() - first.ms());
        if *failures < self.most || left_ms <= 0 {
            return Ok(());
        }
        let wait = u64::try_from(left_ms / 1000 + 1).unwrap_or(1);
        Err(Problem::retry_later(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "Too many addresses that open nothing.", wait))
    }

    fn note(&self, address: IpAddr, now: Timestamp) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.len() >= MOST_FAILING {
            counted.retain(|_, (first, _)| now.ms() - first.ms() < MINUTE_MS);
        }
        if counted.len() >= MOST_FAILING {
            counted.clear();
        }
        let entry = counted.entry(address).or_insert((now, 0));
        if now.ms() - entry.0.ms() >= MINUTE_MS {
            *entry = (now, 0);
        }
        entry.1 = entry.1.saturating_add(1);
    }
}

/// Who has one IPv6 address has a network of them: its first 64 bits count.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(six) if six.to_ipv4_mapped().is_none() => IpAddr::V6((u128::from(six) & !u128::from(u64::MAX)).into()),
        other => other,
    }
}
