//! What a handler answers.

use crate::call::Call;
use crate::export::Part;
use crate::problem::Problem;
use crate::view::{Shown, View};
use axum::body::{Body, Bytes};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, REFERRER_POLICY, RETRY_AFTER, SET_COOKIE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use maud::Markup;
use tradepost_kernel::secret::sha256;

/// An answer that is a yes.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
    raw: bool,
    part: Option<Part>,
}

/// Put on an answer that must not be compressed: its length would tell about a secret beside a caller's text, or it is a file of codes.
#[derive(Clone, Copy, Debug)]
pub struct Raw;

/// The `ETag` of a content, for [`Answer::unless_known`]. It is a weak one: the content may be compressed on its way.
#[must_use]
pub fn tag_of(content: &[u8]) -> String {
    format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(&sha256(content)[..16]))
}

/// What a page may load: its own style sheets, scripts, images; nothing from elsewhere, nothing inline.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; \
connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

impl Answer {
    /// Nothing but a status.
    #[must_use]
    pub fn status(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Body::empty(), raw: false, part: None }
    }

    fn of_type(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Self {
        let mut answer = Self { body: body.into(), ..Self::status(status) };
        answer.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        answer
    }

    /// A view with any status.
    #[must_use]
    pub fn json<V: View>(status: StatusCode, view: &V) -> Self {
        match serde_json::to_vec(&Shown(view)) {
            Ok(bytes) => Self::of_type(status, "application/json", bytes),
            Err(error) => {
                // Views have text keys only, so there is nothing that could fail.
                tracing::error!(error = &error as &dyn std::error::Error, "a view was not written");
                Self::status(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    /// 200 and the view.
    #[must_use]
    pub fn ok<V: View>(view: &V) -> Self {
        Self::json(StatusCode::OK, view)
    }

    /// 201, the view, and where it is from now on.
    #[must_use]
    pub fn created<V: View>(view: &V, location: &str) -> Self {
        Self::json(StatusCode::CREATED, view).header(LOCATION, location)
    }

    /// 202 and the view: it goes on.
    #[must_use]
    pub fn accepted<V: View>(view: &V) -> Self {
        Self::json(StatusCode::ACCEPTED, view)
    }

    /// 204.
    #[must_use]
    pub fn no_content() -> Self {
        Self::status(StatusCode::NO_CONTENT)
    }

    /// 303: what is to be seen next is there.
    #[must_use]
    pub fn see_other(location: &str) -> Self {
        Self::status(StatusCode::SEE_OTHER).header(LOCATION, location)
    }

    /// A CSV file, byte for byte, as a download that nobody keeps or compresses.
    #[must_use]
    pub fn csv(filename: &str, bytes: impl Into<Bytes>) -> Self {
        Self::download(filename, "text/csv; charset=utf-8", Body::from(bytes.into()))
    }

    /// A download of any type, whole or as a stream.
    #[must_use]
    pub fn download(filename: &str, content_type: &'static str, body: impl Into<Body>) -> Self {
        let plain: String = filename.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect();
        let answer = Self::of_type(StatusCode::OK, content_type, body);
        answer.header(CONTENT_DISPOSITION, &format!("attachment; filename=\"{plain}\"")).header(CACHE_CONTROL, "no-store")
    }

    /// Rows for a file that is being sent: it takes them, nobody else sees them.
    pub(crate) fn part(part: Part) -> Self {
        Self { part: Some(part), ..Self::no_content() }
    }

    pub(crate) fn into_part(self) -> Option<Part> {
        self.part
    }

    /// Plain text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::of_type(StatusCode::OK, "text/plain; charset=utf-8", text.into())
    }

    /// A page.
    #[must_use]
    pub fn html(markup: Markup) -> Self {
        Self::of_type(StatusCode::OK, "text/html; charset=utf-8", markup.into_string()).header(CONTENT_SECURITY_POLICY, PAGE_POLICY)
    }

    /// A page with exactly this text in its one `<style>` element.
    #[must_use]
    pub fn html_with_style(markup: Markup, style: &str) -> Self {
        Self::page_bytes(markup.into_string(), style)
    }

    /// As [`Answer::html_with_style`], for a page that was made before.
    #[must_use]
    pub fn page_bytes(page: impl Into<Bytes>, style: &str) -> Self {
        let hash = STANDARD.encode(sha256(style.as_bytes()));
        let policy = PAGE_POLICY.replacen("style-src 'self'", &format!("style-src 'self' 'sha256-{hash}'"), 1);
        Self::bytes("text/html; charset=utf-8", page).header(CONTENT_SECURITY_POLICY, &policy)
    }

    /// The same page, which may show another one of this server in a frame.
    #[must_use]
    pub fn framing(self) -> Self {
        self.header(CONTENT_SECURITY_POLICY, &format!("{PAGE_POLICY}; frame-src 'self'"))
    }

    /// Bytes of any type.
    #[must_use]
    pub fn bytes(content_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        Self::of_type(StatusCode::OK, content_type, Body::from(bytes.into()))
    }

    /// The same with another status.
    #[must_use]
    pub const fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The same with the status of a no, and how long that asks to wait; where the answer leads elsewhere, it stays as it is.
    pub(crate) fn with_status_of(mut self, no: &Problem) -> Self {
        if self.headers.contains_key(LOCATION) {
            return self;
        }
        if let Some(seconds) = no.retry_after() {
            self.headers.insert(RETRY_AFTER, seconds.clone());
        }
        self.with_status(no.status())
    }

    /// The same, never compressed: codes beside a caller's own text.
    #[must_use]
    pub const fn raw(mut self) -> Self {
        self.raw = true;
        self
    }

    /// The same with a header field; one of that name is replaced. A value that cannot stand in a header is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// The same with a further cookie: `name=value; Path=/; HttpOnly; …`.
    #[must_use]
    pub fn cookie(mut self, cookie: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(cookie) {
            self.headers.append(SET_COOKIE, value);
        }
        self
    }

    /// The same with the `ETag` of a version, which `If-Match` of a change names.
    #[must_use]
    pub fn etag(self, version: i64) -> Self {
        self.header(ETAG, &format!("\"v{version}\""))
    }

    /// The same for whoever does not have it yet: with this [tag](tag_of) of its content as `ETag`, and as 304 without the content where `If-None-Match`
    /// of the call names it (RFC 9110, 13.1.2). Browsers ask so for what is `no-cache`.
    #[must_use]
    pub fn unless_known(mut self, call: &Call, tag: &str) -> Self {
        // The comparison is the weak one.
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let named = call.headers().get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        if named.flat_map(|value| value.split(',')).any(|known| known.trim() == "*" || opaque(known) == opaque(tag)) {
            self.status = StatusCode::NOT_MODIFIED;
            self.body = Body::empty();
            self.headers.remove(CONTENT_TYPE);
        }
        self.header(ETAG, tag)
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let raw = self.raw || self.headers.contains_key(CONTENT_DISPOSITION);
        let is_page = self.headers.contains_key(CONTENT_SECURITY_POLICY);
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        if raw {
            response.extensions_mut().insert(Raw);
        }
        if is_page {
            response.headers_mut().entry(REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
        }
        response
    }
}
