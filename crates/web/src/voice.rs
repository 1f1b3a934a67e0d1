//! In which form a program is told no: as a problem, as a line of text, or as the published client of Shoppex reads it.

use crate::codes;
use crate::problem::Problem;
use crate::route::below;
use crate::shoppex;
use axum::body::Body;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, HeaderValue, Response};

/// A form of a no. What a path speaks is known before its route is, so that an overload is told in it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// `application/problem+json` (RFC 9457).
    Problem,
    /// One line of plain text, or a problem where the caller accepts JSON: dynamic URLs (EXT-6).
    Text,
    /// `{"error": {"code", "message", "doc_url", "details"}}` (EXT-11).
    Shoppex,
}

impl Voice {
    /// What the routes below a path speak.
    #[must_use]
    pub fn of_path(path: &str) -> Self {
        if below(path, "/d") {
            Self::Text
        } else if below(path, "/reseller/v1") {
            Self::Shoppex
        } else {
            Self::Problem
        }
    }
}

/// How one caller is to be told no.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listener {
    voice: Voice,
    wants_json: bool,
}

impl Listener {
    /// Who asks for this path with these header fields.
    pub(crate) fn new(path: &str, headers: &HeaderMap) -> Self {
        Self { voice: Voice::of_path(path), wants_json: wants_json(headers) }
    }

    /// The answer to a program. People get a page (see [`crate::error_page`]).
    pub(crate) fn tell(self, no: Problem, request_id: &str, public_url: &str) -> Response<Body> {
        match self.voice {
            Voice::Shoppex => shoppex::no(no, request_id, public_url),
            Voice::Text if !self.wants_json => line(no, request_id),
            Voice::Text | Voice::Problem => no.into_response(request_id),
        }
    }
}

/// Whether a caller would rather have JSON than text.
pub(crate) fn wants_json(headers: &HeaderMap) -> bool {
    let fields = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    fields.flat_map(|field| field.split(',')).any(|kind| {
        let essence = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        essence == "application/json" || essence == "application/problem+json"
    })
}

/// `ERROR out_of_stock: There are not enough license keys.` Begins so that nobody takes it for a code, and says nothing that the
/// shop's customer, to whom some shops show whatever they get, should not read.
fn line(no: Problem, request_id: &str) -> Response<Body> {
    let what = match no.errors().first() {
        Some(first) => format!("{} {}.", first.pointer.trim_start_matches('/'), first.detail),
        None => codes::meaning(no.code()).to_owned(),
    };
    let text = format!("ERROR {}: {what}\n", no.code());
    no.into_response_of(request_id, HeaderValue::from_static("text/plain; charset=utf-8"), text)
}
