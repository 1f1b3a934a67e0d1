//! One request on its way through a handler.

use crate::answer::Answer;
use crate::app::App;
use crate::credentials::spoken;
use crate::errors::{Errors, Pointer};
use crate::input::{Field, Input, Source};
use crate::json;
use crate::paging;
use crate::problem::Problem;
use crate::route::FORM;
use crate::routes::Route;
use crate::view::{ListView, View};
use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::header::{ACCEPT, IF_MATCH, USER_AGENT};
use axum::http::{HeaderMap, StatusCode};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tradepost_domain::command::Idempotency;
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::{Caller, Command, Done, Engine, MerchantScope, Origin, PartnershipScope};
use tradepost_kernel::id::Noun;
use tradepost_kernel::secret::sha256;
use tradepost_kernel::{Id, Timestamp};
use tradepost_store::{BoxFuture, Fault, Reader};

/// A request that was let in: matched, authenticated, authorized, its body read.
#[derive(Debug)]
pub struct Call {
    pub(crate) app: Arc<App>,
    pub(crate) route: Arc<Route>,
    pub(crate) path: String,
    pub(crate) values: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) stream: Mutex<Option<Body>>,
    pub(crate) caller: Caller,
    pub(crate) request_id: String,
    pub(crate) address: Option<IpAddr>,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) executed: AtomicUsize,
    pub(crate) replayed: Arc<AtomicBool>,
    /// Whether it asks for a further part of a file that is being sent.
    pub(crate) goes_on: bool,
}

impl Call {
    /// The server.
    #[must_use]
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// The open house.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.app.engine
    }

    /// Now, by the environment's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.app.engine.environment.now()
    }

    /// Who asks.
    #[must_use]
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The id of this request, which every answer and log line of it carries.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Where it comes from.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// The header fields.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// `User-Agent`, for lists of sessions; at most 200 characters.
    #[must_use]
    pub fn user_agent(&self) -> Option<String> {
        self.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).map(|text| text.chars().take(200).collect())
    }

    /// The path as it was asked for.
    #[must_use]
    pub fn request_path(&self) -> &str {
        &self.path
    }

    /// The parameters of the query as they were sent, decoded.
    #[must_use]
    pub fn query_pairs(&self) -> &[(String, String)] {
        &self.query
    }

    /// A page of a list that people walk through: `cursor` of its own query, so many rows.
    ///
    /// # Errors
    /// 400 `invalid_query`.
    pub fn page_of(&self, rows: i64) -> Result<PageRequest, Problem> {
        let asked: Vec<(String, String)> = self.query.iter().filter(|(name, _)| name == "cursor").cloned().collect();
        let page = paging::page_request(self.route.operation, &asked)?;
        Ok(PageRequest { limit: rows, ..page })
    }

    /// The cursor of the page after a position, as [`Call::page_of`] reads it.
    #[must_use]
    pub fn cursor(&self, position: [u8; 16]) -> String {
        paging::cursor_text(self.route.operation, position)
    }

    /// Everything of the merchant that the caller works for.
    ///
    /// # Errors
    /// 403 `forbidden`.
    pub fn merchant(&self) -> Result<MerchantScope, Problem> {
        self.caller.merchant().map_err(Problem::from)
    }

    /// The partnership that the caller acts in.
    ///
    /// # Errors
    /// 403 `forbidden`.
    pub fn partnership(&self) -> Result<PartnershipScope, Problem> {
        self.caller.partnership().map_err(Problem::from)
    }

    /// The id that stands in the path for `{name}`.
    ///
    /// # Errors
    /// 404, in the words for a missing thing, where it is not an id of that noun.
    pub fn path<I: std::str::FromStr>(&self, name: &str) -> Result<I, Problem> {
        self.path_text(name)?.parse().map_err(|_| Problem::not_found())
    }

    /// The text that stands in the path for `{name}`.
    ///
    /// # Errors
    /// 404 where the template has no such name: a mistake of ours that looks like a missing page.
    pub fn path_text(&self, name: &str) -> Result<&str, Problem> {
        let names = self.route.path.split('/').filter_map(|segment| segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')));
        let place = names.map(|known| known.trim_start_matches('*')).position(|known| known == name);
        place.and_then(|place| self.values.get(place)).map(String::as_str).ok_or_else(Problem::not_found)
    }

    /// The body.
    ///
    /// # Errors
    /// 400 `malformed_body`; 422 with everything that is wrong with its fields.
    pub fn body<T: Field>(&self) -> Result<T, Problem> {
        let value = json::parse(&self.body).map_err(|no| Problem::bad_request("malformed_body", format!("At byte {}: {}.", no.at, no.why)))?;
        let mut errors = Errors::default();
        let read = T::read(&value, &Pointer::root(), &mut errors);
        match read {
            Some(read) if errors.is_empty() => Ok(read),
            _ => Err(Problem::fields(errors)),
        }
    }

    /// Whether there is a body at all, where it may be left out.
    #[must_use]
    pub fn has_body(&self) -> bool {
        !self.body.is_empty()
    }

    /// Whether the body is the fields of an HTML form.
    #[must_use]
    pub fn is_form(&self) -> bool {
        crate::floor::is_of_type(&self.headers, FORM)
    }

    /// Makes a key that stood in the body the call's own; beside another one in the header it must be the same.
    ///
    /// # Errors
    /// 400 `invalid_idempotency_key`.
    pub(crate) fn use_idempotency_key(&mut self, key: String) -> Result<(), Problem> {
        let key = crate::idempotency::checked(key)?;
        if self.idempotency_key.as_ref().is_some_and(|known| *known != key) {
            return Err(Problem::bad_request("invalid_idempotency_key", "The body and the header Idempotency-Key name different keys."));
        }
        self.idempotency_key = Some(key);
        Ok(())
    }

    /// The body as it was sent.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body piece by piece, once, on a route that `streams()`. The route's limit ends it with an error, which
    /// [`Problem::of_body`] turns into 413.
    #[must_use]
    pub fn body_stream(&self) -> Option<BodyDataStream> {
        let body = self.stream.lock().unwrap_or_else(PoisonError::into_inner).take();
        body.map(Body::into_data_stream)
    }

    /// The parameters of the query.
    ///
    /// # Errors
    /// 400 `invalid_query` with everything that is wrong.
    pub fn query<T: Input>(&self) -> Result<T, Problem> {
        let own: Vec<(String, String)> = self.query.iter().filter(|(name, _)| !self.is_paging(name)).cloned().collect();
        let mut errors = Errors::default();
        let read = T::take(Source::Query(&own), &Pointer::root(), &mut errors);
        match read {
            Some(read) if errors.is_empty() => Ok(read),
            _ => Err(Problem::query(errors)),
        }
    }

    fn is_paging(&self, name: &str) -> bool {
        self.route.is_list && paging::PARAMETERS.contains(&name)
    }

    /// Which page of the list is wanted.
    ///
    /// # Errors
    /// 400 `invalid_query`.
    pub fn page(&self) -> Result<PageRequest, Problem> {
        paging::page_request(self.route.operation, &self.query)
    }

    /// The answer for a page: `call.list(page, OrderView::from)`.
    pub fn list<T, V: View>(&self, page: Page<T>, show: impl FnMut(T) -> V) -> Answer {
        let next_cursor = page.next.map(|position| paging::cursor_text(self.route.operation, position));
        Answer::ok(&ListView { data: page.rows.into_iter().map(show).collect(), next_cursor })
    }

    /// Whether the caller wants a CSV file instead of JSON.
    #[must_use]
    pub fn wants_csv(&self) -> bool {
        self.headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains("text/csv"))
    }

    /// The version that `If-Match` names, for the command to compare. `None`: not sent, or `*`.
    ///
    /// # Errors
    /// 412 `stale_version` for a tag that none of our answers ever had.
    pub fn if_match(&self) -> Result<Option<i64>, Problem> {
        let Some(value) = self.headers.get(IF_MATCH) else { return Ok(None) };
        let text = value.to_str().unwrap_or("").trim();
        if text == "*" {
            return Ok(None);
        }
        let version = text.strip_prefix("\"v").and_then(|rest| rest.strip_suffix('"')).and_then(|digits| digits.parse().ok());
        let stale = || Problem::new(StatusCode::PRECONDITION_FAILED, "stale_version", "It was changed meanwhile: read it again.");
        version.map(Some).ok_or_else(stale)
    }

    /// Where commands of this request come from. Every further command of one request has an idempotency key of its own.
    fn origin(&self, body_hash: impl FnOnce() -> [u8; 32]) -> Origin {
        let idempotency = self.idempotency_key.as_ref().map(|key| {
            let nth = self.executed.fetch_add(1, Ordering::Relaxed);
            let step = if nth == 0 { String::new() } else { format!(" #{nth}") };
            Idempotency { route: format!("{} {}{step}", self.route.method, self.path), key: key.clone(), body_hash: body_hash() }
        });
        Origin {
            caller: self.caller.clone(),
            request_id: Some(self.request_id.clone()),
            address: self.address.map(|address| address.to_string()),
            language: spoken(&self.headers),
            idempotency,
        }
    }

    /// Runs a command in the name of the caller, at most once per `Idempotency-Key`.
    ///
    /// # Errors
    /// Its refusals and faults.
    pub fn execute<C: Command>(&self, command: C) -> BoxFuture<'_, Result<Done<C::Outcome>, Problem>> {
        self.execute_from(self.origin(|| sha256(&self.body)), command)
    }

    /// As [`Call::execute`], with the hash of a body that was read as a stream.
    ///
    /// # Errors
    /// Its refusals and faults.
    pub fn execute_hashed<C: Command>(&self, body_hash: [u8; 32], command: C) -> BoxFuture<'_, Result<Done<C::Outcome>, Problem>> {
        self.execute_from(self.origin(|| body_hash), command)
    }

    /// Boxed for what [`tradepost_domain::Engine::execute`] is.
    fn execute_from<C: Command>(&self, origin: Origin, command: C) -> BoxFuture<'_, Result<Done<C::Outcome>, Problem>> {
        Box::pin(async move {
            let done = self.app.engine.execute(origin, command).await?;
            if done.replayed {
                self.replayed.store(true, Ordering::Relaxed);
            }
            Ok(done)
        })
    }

    /// Reads over one snapshot: `call.read(move |reader| Box::pin(async move { orders::queries::order(reader, scope, id).await })).await?`.
    ///
    /// # Errors
    /// Faults of the store.
    pub fn read<T, F>(&self, f: F) -> BoxFuture<'_, Result<T, Problem>>
    where
        T: Send + 'static,
        F: for<'a, 'b> FnOnce(&'a mut Reader<'b>) -> BoxFuture<'a, Result<T, Fault>> + Send + 'static,
    {
        let (store, wrote) = (&self.app.engine.store, self.executed.load(Ordering::Relaxed) > 0);
        Box::pin(async move { if wrote { store.read_back(f).await } else { store.read(f).await }.map_err(Problem::from) })
    }

    /// The absolute address of a path of this server.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.app.settings.public_url.trim_end_matches('/'))
    }

    /// The path of one thing below this one: `/v1/reseller/orders/ord_…`, for `Location`.
    #[must_use]
    pub fn location<N: Noun>(&self, id: Id<N>) -> String {
        format!("{}/{id}", self.path)
    }
}

/// `None` is 404: `call.read(…).await?.or_not_found()?`.
pub trait OrNotFound<T> {
    /// What is there.
    ///
    /// # Errors
    /// 404.
    fn or_not_found(self) -> Result<T, Problem>;
}

impl<T> OrNotFound<T> for Option<T> {
    fn or_not_found(self) -> Result<T, Problem> {
        self.ok_or_else(Problem::not_found)
    }
}
