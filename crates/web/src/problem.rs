//! What went wrong, as RFC 9457 `application/problem+json`.

use crate::codes;
use crate::errors::{Errors, FieldError};
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};
use tradepost_domain::No;
use tradepost_kernel::{Class, Refusal};
use tradepost_store::Fault;

/// An answer that is a no. The request id is added when it leaves.
#[derive(Debug)]
pub struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    state: Option<&'static str>,
    headers: Vec<(HeaderName, HeaderValue)>,
    fault: Option<Fault>,
}

/// Seconds that a caller is asked to wait after an outage.
const RETRY_S: u64 = 2;

impl Problem {
    /// With any status: for what HTTP itself is about.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts { status, code, detail: detail.into(), errors: Vec::new(), state: None, headers: Vec::new(), fault: None }))
    }

    /// 400.
    #[must_use]
    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401, which says how to sign in.
    #[must_use]
    pub fn unauthenticated() -> Self {
        let no = Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "A valid key or session is needed: Authorization: Bearer ….");
        no.header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 404, in the same words for what is missing, what belongs to somebody else, and what is no id or path at all.
    #[must_use]
    pub fn not_found() -> Self {
        Refusal::not_found().into()
    }

    /// 429 or 503, with how long to wait.
    #[must_use]
    pub fn retry_later(status: StatusCode, code: &'static str, detail: &str, seconds: u64) -> Self {
        Self::new(status, code, detail).header(RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    /// 422 with everything that is wrong with the body; its code is the first one's.
    #[must_use]
    pub fn fields(errors: Errors) -> Self {
        Self::of_errors(StatusCode::UNPROCESSABLE_ENTITY, None, errors)
    }

    /// 400 `invalid_query` with everything that is wrong with the query.
    #[must_use]
    pub fn query(errors: Errors) -> Self {
        Self::of_errors(StatusCode::BAD_REQUEST, Some("invalid_query"), errors)
    }

    /// 422 about what nobody sent, such as what a document lacks: its code and its sentence are those of the first one.
    #[must_use]
    pub fn of_fields(errors: Vec<FieldError>) -> Self {
        let (code, detail) = errors.first().map_or(("invalid_field", String::new()), |first| (first.code, first.detail.clone()));
        let mut no = Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail);
        no.0.errors = errors;
        no
    }

    fn of_errors(status: StatusCode, code: Option<&'static str>, errors: Errors) -> Self {
        let errors = errors.into_list();
        let first = errors.first();
        let detail = first.map_or_else(String::new, |first| {
            let place = if first.pointer.is_empty() { "The body" } else { &first.pointer };
            format!("{place} {}.", first.detail)
        });
        let mut no = Self::new(status, code.or(first.map(|first| first.code)).unwrap_or("invalid_field"), detail);
        no.0.errors = errors;
        no
    }

    /// Of a body that did not arrive whole: 413 where it went beyond the limit, else 400.
    #[must_use]
    pub fn of_body(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut sources = std::iter::successors(Some(error), |error| error.source());
        if sources.any(|error| error.is::<http_body_util::LengthLimitError>()) {
            return Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "The body is larger than this path takes.");
        }
        Self::bad_request("malformed_request", "The body ended early.")
    }

    /// The same with a header field.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Its status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// Its sentence for people.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// What is wrong with single fields: for forms, which show it beside them.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// The state that refused the step.
    #[must_use]
    pub fn state(&self) -> Option<&'static str> {
        self.0.state
    }

    /// The same without what is told of this one case: the code's meaning, and of the errors of fields those that may be
    /// told. For answers that may end before a shop's customer (EXT-6).
    #[must_use]
    pub(crate) fn in_general(mut self, told: impl FnMut(&FieldError) -> bool) -> Self {
        self.0.detail = codes::meaning(self.0.code).to_owned();
        self.0.errors.retain(told);
        self.0.state = None;
        self
    }

    /// What it says, in a request with this id.
    #[must_use]
    pub fn body(&self, request_id: &str) -> Value {
        let parts = &self.0;
        let mut body = json!({
            "type": format!("/docs/api#error-{}", parts.code),
            "title": codes::title(parts.code),
            "status": parts.status.as_u16(),
            "detail": parts.detail,
            "code": parts.code,
            "request_id": request_id,
        });
        if let Some(state) = parts.state {
            body["state"] = json!(state);
        }
        if !parts.errors.is_empty() {
            body["errors"] = json!(parts.errors);
        }
        body
    }

    /// The HTTP answer. A fault is logged here, once, with its sources and the request id; the caller is told none of it.
    #[must_use]
    pub fn into_response(self, request_id: &str) -> Response<Body> {
        let body = self.body(request_id).to_string();
        self.into_response_of(request_id, HeaderValue::from_static("application/problem+json"), body)
    }

    /// Logs the fault behind it, if it is one, with its sources.
    pub(crate) fn log(&self, request_id: &str) {
        if let Some(fault) = &self.0.fault {
            let error: &dyn std::error::Error = fault;
            tracing::error!(request_id, code = self.0.code, error, "fault");
        }
    }

    /// Seconds that it asks to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<&HeaderValue> {
        self.0.headers.iter().find(|(name, _)| *name == RETRY_AFTER).map(|(_, value)| value)
    }

    /// The same in another form.
    pub(crate) fn into_response_of(self, request_id: &str, content_type: HeaderValue, body: String) -> Response<Body> {
        self.log(request_id);
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.0.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, content_type);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.0.status == StatusCode::PAYLOAD_TOO_LARGE {
            // The rest of the body is not read: a client must not send its next request behind it.
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        for (name, value) in self.0.headers {
            headers.insert(name, value);
        }
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = codes::status_of(refusal.class);
        let mut no = Self::new(status, refusal.code, refusal.detail);
        no.0.state = refusal.state;
        if !refusal.pointer.is_empty() {
            let detail = no.0.detail.clone();
            no.0.errors.push(FieldError { pointer: refusal.pointer, code: refusal.code, detail });
        }
        match refusal.class {
            Class::Unauthenticated => no.header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Class::TooOften | Class::Unavailable => no.header(RETRY_AFTER, HeaderValue::from(RETRY_S)),
            _ => no,
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        const UNAVAILABLE: StatusCode = StatusCode::SERVICE_UNAVAILABLE;
        let mut no = match &fault {
            Fault::OutcomeUnknown => {
                let detail = "Whether this was done is not known. Repeat it with the same Idempotency-Key.";
                Self::retry_later(UNAVAILABLE, "outcome_unknown", detail, RETRY_S)
            }
            Fault::Overloaded => Self::retry_later(UNAVAILABLE, "overloaded", "Too much at once; nothing was done. Try again in a moment.", RETRY_S),
            fault if fault.is_outage() => {
                Self::retry_later(UNAVAILABLE, "storage_unavailable", "The storage is not available; nothing was done. Try again in a moment.", RETRY_S)
            }
            _ => Self::internal(),
        };
        no.0.fault = Some(fault);
        no
    }
}

impl Problem {
    /// 500 of a fault that was logged where it happened.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on the server. It was logged under the request id.")
    }
}

impl From<No> for Problem {
    fn from(no: No) -> Self {
        match no {
            No::Refusal(refusal) => refusal.into(),
            No::Fault(fault) => fault.into(),
        }
    }
}
