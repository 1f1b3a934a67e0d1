//! What every request goes through, in this order: room, size, rate of the address, route, credentials, rate of the
//! caller, right, query, body, handler. Each step may say no; nothing was done then.

use crate::app::App;
use crate::call::Call;
use crate::credentials::{self, Identified};
use crate::error_page::{Asked, ErrorPage, Told};
use crate::limits::{self, Left};
use crate::matching::{Matched, Matcher};
use crate::observe::Seen;
use crate::pace::Inside;
use crate::problem::Problem;
use crate::route::FORM;
use crate::routes::{Access, Route, Routes};
use crate::voice::Listener;
use crate::{dynamic_url, idempotency, paging, query};
use axum::body::{Body, Bytes};
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, ORIGIN, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use futures_util::FutureExt as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::sync::OwnedSemaphorePermit;
use tradepost_domain::access::{Need, Side};
use tradepost_domain::identity::is_fresh;
use tradepost_domain::{Caller, Right, ServedRequest};
use tradepost_kernel::{Secret, Timestamp, sabotage};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The table of routes, ready to answer.
#[derive(Clone, Debug)]
pub struct Floor {
    app: Arc<App>,
    rows: Arc<[Arc<Route>]>,
    matcher: Arc<Matcher>,
    error_page: ErrorPage,
}

/// What is known of a request so far, for the log and for the answer's header fields.
#[derive(Default)]
struct Trace {
    route: Option<Arc<Route>>,
    caller: Option<Caller>,
    left: Option<Left>,
    address: Option<IpAddr>,
    replayed: Arc<AtomicBool>,
}

impl Floor {
    /// Stands the table on the floor.
    #[must_use]
    pub fn new(app: Arc<App>, routes: &Routes) -> Self {
        app.describe(routes);
        let rows = routes.rows().iter().cloned().map(Arc::new).collect();
        Self { app, rows, matcher: Arc::new(routes.matcher()), error_page: routes.error_page() }
    }

    /// The floor of a server that stands already; `None` before it does.
    pub(crate) fn again(app: &Arc<App>) -> Option<Self> {
        app.table().map(|table| Self::new(app.clone(), table))
    }

    /// The server.
    #[must_use]
    pub const fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Answers one request. The peer's address is taken from the request's extension [`SocketAddr`].
    pub async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let began = Instant::now();
        let (id, at) = (self.app.engine.environment.id::<ServedRequest>(), self.app.engine.environment.now());
        let request_id = id.text();
        let method = request.method().clone();
        let listener = Listener::new(request.uri().path(), request.headers());
        let asked = Asked::of(&request);
        let mut trace = Trace::default();
        let (mut response, code) = match self.attempt(request, &request_id, &mut trace).await {
            Ok(response) => (response, None),
            Err(no) => {
                let code = no.code();
                self.note_undocumented(&trace, code);
                let page = asked.filter(|asked| trace.route.as_ref().map_or(asked.wants_page, |route| route.is_page));
                let by_url = trace.route.as_ref().is_some_and(|route| matches!(route.access, Access::DynamicUrl(_)));
                let no = if by_url { dynamic_url::in_general(no) } else { no };
                if let Some(asked) = page {
                    let told = Told { no: &no, request_id: &request_id, asked: &asked, caller: trace.caller.as_ref(), app: &self.app };
                    let answer = (self.error_page)(&told).with_status_of(&no);
                    no.log(&request_id);
                    (answer.into_response(), Some(code))
                } else {
                    (listener.tell(no, &request_id, &self.app.settings.public_url), Some(code))
                }
            }
        };
        finish(response.headers_mut(), &request_id, &trace);
        let seen = Seen {
            id,
            at,
            address: trace.address,
            method: method.as_str(),
            operation: trace.route.as_ref().map_or("none", |route| route.operation),
            template: trace.route.as_ref().map_or("none", |route| route.path),
            status: response.status().as_u16(),
            took: began.elapsed(),
            request_id: &request_id,
            caller: trace.caller.as_ref(),
            code,
        };
        seen.record();
        seen.keep(&self.app.requests);
        response
    }

    /// A refusal that the document does not list is a mistake of ours, but the caller gets it all the same.
    fn note_undocumented(&self, trace: &Trace, code: &'static str) {
        let Some(route) = &trace.route else { return };
        let listed = route.all_refusals();
        if crate::codes::known(code).is_none_or(|known| !matches!(known.status, 400..=401 | 405 | 413..=415 | 422..=599)) && !listed.contains(&code) {
            tracing::warn!(operation = route.operation, code, "an answer that the API document does not list");
        }
    }

    async fn attempt(&self, request: Request<Body>, request_id: &str, trace: &mut Trace) -> Result<Response<Body>, Problem> {
        let settings = &self.app.settings;
        let mut room = self.room(request.uri().path()).ok_or_else(|| {
            Problem::retry_later(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Too much at once; nothing was done. Try again in a moment.", 1)
        })?;
        limits::check_head(&settings.limits, &request)?;
        let address = address_of(&request, settings.trusted_proxies);
        trace.address = address;
        self.app.limiter.address(address)?;
        let (route, mut values) = self.route(request.method(), request.uri().path())?;
        trace.route = Some(route.clone());
        let mut pairs = query::pairs(request.uri().query().unwrap_or(""))?;
        // The path of a dynamic URL holds its key: the template stands for it from here on.
        let (key, path) = match route.access {
            Access::DynamicUrl(place) => (Some(dynamic_url::take_key(place, &mut values, &mut pairs)?), route.path.to_owned()),
            _ => (None, request.uri().path().to_owned()),
        };
        query::refuse_credentials(&pairs)?;
        let caller = match key {
            Some(key) => self.identify_by_url(key, request.headers(), address, trace).await?,
            None => self.identify(&route, &values, request.headers(), address, trace).await?,
        };
        check_query(&route, &pairs)?;
        let idempotency_key = idempotency::of_header(&route, request.headers())?;
        let (parts, body) = request.into_parts();
        room.1.iter_mut().for_each(Inside::pause);
        let (body, stream) = self.body(&route, &parts.headers, body).await?;
        let idempotency_key = if route.is_page && route.idempotent { idempotency::of_form(&route, &parts.headers, &body)? } else { idempotency_key };
        room.1.iter_mut().filter(|_| !route.streams).for_each(Inside::resume);
        let call = Call {
            app: self.app.clone(),
            route: route.clone(),
            path,
            values,
            query: pairs,
            headers: parts.headers,
            body,
            stream: Mutex::new(stream),
            caller,
            request_id: request_id.to_owned(),
            address,
            idempotency_key,
            executed: AtomicUsize::new(0),
            replayed: trace.replayed.clone(),
            goes_on: false,
        };
        // Detached: a client that hangs up ends the waiting, not the work.
        let request_id = request_id.to_owned();
        let work = async move {
            metrics::counter!("http_handlers_entered_total", "operation" => route.operation).increment(1);
            let answer = AssertUnwindSafe(async { (route.handler)(call).await }).catch_unwind().await;
            drop(room);
            metrics::counter!("http_handlers_finished_total", "operation" => route.operation).increment(1);
            answer.unwrap_or_else(|panic| Err(panicked(&*panic, &request_id)))
        };
        if sabotage::is("handler.attached") {
            return Ok(work.await?.into_response());
        }
        let answer = tokio::spawn(work).await.unwrap_or_else(|_| Err(Problem::internal()))?;
        Ok(answer.into_response())
    }

    /// Room for one more, where there is any. An operator looks in however full it is.
    fn room(&self, path: &str) -> Option<(OwnedSemaphorePermit, Option<Inside>)> {
        let permit = self.app.in_flight.clone().try_acquire_owned().ok()?;
        let looks_in = path == "/metrics" || path.starts_with("/health/");
        Some((permit, if looks_in { None } else { Some(self.app.pace.enter()?) }))
    }

    fn route(&self, method: &Method, path: &str) -> Result<(Arc<Route>, Vec<String>), Problem> {
        match self.matcher.find(method, path) {
            Matched::Route(place, values) => Ok((self.rows[place].clone(), values)),
            Matched::Nothing => Err(Problem::not_found()),
            Matched::OtherMethods(methods) => {
                let mut names: Vec<&str> = methods.iter().map(Method::as_str).collect();
                names.sort_unstable();
                let allow = HeaderValue::from_str(&names.join(", ")).unwrap_or(HeaderValue::from_static("GET"));
                let detail = format!("This path takes {}.", names.join(", "));
                Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail).header(ALLOW, allow))
            }
        }
    }

    /// Who asks, and whether they may.
    async fn identify(&self, route: &Route, values: &[String], headers: &HeaderMap, address: Option<IpAddr>, trace: &mut Trace) -> Result<Caller, Problem> {
        if route.access == Access::Undeclared {
            return Err(Problem::not_found());
        }
        let cookie = credentials::session_cookie(&self.app.settings.public_url);
        let by_cookie = !headers.contains_key(axum::http::header::AUTHORIZATION) && credentials::cookie(headers, cookie).is_some();
        // A page's form is checked without a cookie too: nobody shall be signed in as somebody else from afar.
        if (by_cookie || route.is_page) && !matches!(route.method, Method::GET | Method::HEAD) {
            refuse_cross_site(headers, &self.app.settings.public_url)?;
        }
        if route.access == Access::Public {
            return Ok(Caller::Nobody);
        }
        let place = values.first().filter(|_| route.names_place()).map(String::as_str);
        let credentials = credentials::credentials(headers, cookie, route.side(), place, address, route.asks_again)?;
        if credentials.bearer.is_none() && credentials.cookie.is_none() {
            return if route.access == Access::Anyone { Ok(Caller::Nobody) } else { Err(Problem::unauthenticated()) };
        }
        let identified = match self.app.authenticator.authenticate(credentials).await {
            Err(no) if route.access == Access::Anyone && no.status() == StatusCode::UNAUTHORIZED => return Ok(Caller::Nobody),
            other => other?,
        };
        trace.caller = Some(identified.caller.clone());
        trace.left = self.app.limiter.caller(&identified.caller)?;
        authorize(route, &identified)?;
        refuse_stale(route, identified.proved, self.app.engine.environment.now())?;
        Ok(identified.caller)
    }

    /// Whose dynamic URL it is, and whether the partnership may be worked with.
    async fn identify_by_url(&self, key: Secret<String>, headers: &HeaderMap, address: Option<IpAddr>, trace: &mut Trace) -> Result<Caller, Problem> {
        let identified = dynamic_url::let_in(&self.app, key, headers, address).await?;
        trace.caller = Some(identified.caller.clone());
        trace.left = self.app.limiter.dynamic_url(&identified.caller)?;
        identified.caller.authorize(Need::Right(Right::FulfillmentsCreate))?;
        if identified.partnership_active { Ok(identified.caller) } else { Err(credentials::not_active()) }
    }

    /// The whole body, or for a route that streams the limited body itself.
    async fn body(&self, route: &Route, headers: &HeaderMap, body: Body) -> Result<(Bytes, Option<Body>), Problem> {
        let most = if route.body.is_some() { route.body_limit.unwrap_or(self.app.settings.limits.body_bytes) } else { self.app.settings.limits.body_bytes };
        let too_large = || Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", format!("The body must have at most {most} bytes."));
        let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<usize>().ok());
        if length.is_some_and(|length| length > most) {
            return Err(too_large());
        }
        if route.streams {
            check_content(route, headers)?;
            return Ok((Bytes::new(), Some(Body::new(Limited::new(body, most)))));
        }
        let whole = tokio::time::timeout(self.app.settings.limits.body_time, Limited::new(body, most).collect()).await;
        let bytes = match whole {
            Ok(Ok(collected)) => collected.to_bytes(),
            Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(too_large()),
            Ok(Err(_)) => return Err(Problem::bad_request("malformed_request", "The body ended early.")),
            Err(_) => return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "The body took too long.")),
        };
        if route.body.is_some() && !bytes.is_empty() {
            check_content(route, headers)?;
        }
        Ok((bytes, None))
    }
}

fn finish(headers: &mut HeaderMap, request_id: &str, trace: &Trace) {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, value);
    }
    if trace.replayed.load(Ordering::Relaxed) {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    if let Some(left) = trace.left {
        left.write(headers);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(axum::http::header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

fn panicked(panic: &(dyn std::any::Any + Send), request_id: &str) -> Problem {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned()).or_else(|| panic.downcast_ref::<String>().cloned());
    tracing::error!(request_id, panic = text.unwrap_or_default(), "a handler panicked");
    Problem::internal()
}

/// Side, right, and whether the partnership may be worked with, in this order.
fn authorize(route: &Route, identified: &Identified) -> Result<(), Problem> {
    let caller = &identified.caller;
    if let (Some(path), Some(own)) = (route.side(), credentials::side_of(caller))
        && path != own
    {
        // The other side's paths do not exist for this caller.
        return Err(Problem::not_found());
    }
    match route.access {
        Access::Right(right) => {
            if matches!(caller, Caller::Person { .. }) {
                return Err(if identified.placeless { Problem::not_found() } else { unnamed(right.side()) });
            }
            caller.authorize(Need::Right(right))?;
            identified.may_work(route, right.side())?;
        }
        Access::SignedIn => caller.authorize(Need::SignedIn)?,
        Access::Public | Access::Anyone | Access::Undeclared | Access::DynamicUrl(_) => {}
    }
    Ok(())
}

/// A sensitive act within a session that was proved too long ago. The right comes first: who may not is not asked.
fn refuse_stale(route: &Route, proved: Option<Timestamp>, now: Timestamp) -> Result<(), Problem> {
    if !route.fresh || proved.is_none_or(|proved| is_fresh(proved, now)) {
        return Ok(());
    }
    Err(Problem::new(StatusCode::FORBIDDEN, "fresh_proof_required", "Prove again that it is you: POST /v1/me/proofs, then repeat this."))
}

/// A person who could act in several places must say where.
fn unnamed(side: Side) -> Problem {
    match side {
        Side::Merchant => Problem::bad_request("merchant_required", "Name the merchant that you mean in the header Tradepost-Merchant."),
        Side::Reseller => Problem::bad_request("partnership_required", "Name the program that you mean in the header Tradepost-Partnership."),
    }
}

fn check_query(route: &Route, pairs: &[(String, String)]) -> Result<(), Problem> {
    if pairs.is_empty() || route.is_page && route.query.is_none() {
        return Ok(()); // people arrive at pages with all kinds of tracking parameters
    }
    let fields = route.query.map_or_else(Vec::new, |fields| fields(&mut crate::schema::Schemas::default()));
    let mut known: Vec<&str> = fields.iter().map(|field| field.name).collect();
    if route.is_list {
        known.extend(paging::PARAMETERS);
    }
    query::refuse_unknown(pairs, &known)
}

fn check_content(route: &Route, headers: &HeaderMap) -> Result<(), Problem> {
    let wrong = |code, detail: String| Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code, detail));
    if headers.get(CONTENT_ENCODING).is_some_and(|value| value != "identity") {
        return wrong("unsupported_content_encoding", "The body must not be compressed.".into());
    }
    if is_of_type(headers, route.body_type) || route.or_form && is_of_type(headers, FORM) {
        Ok(())
    } else {
        wrong("unsupported_content_type", format!("The body must be {}.", route.body_type))
    }
}

/// Whether the body is said to be of this type, in UTF-8.
pub(crate) fn is_of_type(headers: &HeaderMap, wanted: &str) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let (essence, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let utf8 = !parameters.to_ascii_lowercase().contains("charset=") || parameters.to_ascii_lowercase().contains("utf-8");
    essence.trim().eq_ignore_ascii_case(wanted) && utf8
}

/// A cookie is sent by the browser whoever asks, so a change by cookie must come from our own pages.
fn refuse_cross_site(headers: &HeaderMap, public_url: &str) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let fine = match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => origin == public_url || origin.split_once("://").map(|(_, host)| host) == text(HOST.as_str()),
        // Neither: no browser of the last years.
        (None, None) => true,
    };
    if fine { Ok(()) } else { Err(Problem::new(StatusCode::FORBIDDEN, "cross_site_request", "A browser sent this from another site.")) }
}

/// The peer, or behind proxies that are trusted the address that the outermost of them saw.
fn address_of(request: &Request<Body>, trusted_proxies: usize) -> Option<IpAddr> {
    let peer = request.extensions().get::<SocketAddr>().map(|address| address.ip().to_canonical());
    if trusted_proxies == 0 {
        return peer;
    }
    let fields = request.headers().get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = fields.flat_map(|field| field.split(',')).map(str::trim).collect();
    let seen = hops.len().checked_sub(trusted_proxies).and_then(|place| hops.get(place)).and_then(|hop| hop.parse::<IpAddr>().ok());
    seen.map(|address| address.to_canonical()).or(peer)
}
