//! The key that makes a repeated request have no second effect (PLT-3): in a header, or unseen in the form of a page.

use crate::floor::is_of_type;
use crate::form::FORM_KEY;
use crate::problem::Problem;
use crate::query;
use crate::route::{FORM, Route};
use crate::upload::{MULTIPART, first_field};
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The key that the header names, where the route reads one.
///
/// # Errors
/// 400 `invalid_idempotency_key`.
pub(crate) fn of_header(route: &Route, headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next().filter(|_| route.idempotent) else { return Ok(None) };
    let one = values.next().is_none();
    checked(if one { value.to_str().unwrap_or("") } else { "" }.to_owned()).map(Some)
}

/// The key that stands in the form of a page, unseen: a form that was sent twice has no second effect.
pub(crate) fn of_form(route: &Route, headers: &HeaderMap, body: &Bytes) -> Result<Option<String>, Problem> {
    if route.or_form && is_of_type(headers, MULTIPART) {
        // A form that may bring a file: its key stands in its first part, and its handler says what two sendings have in common.
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        return first_field(content_type, body).filter(|(name, _)| name == FORM_KEY).map(|(_, key)| checked(key)).transpose();
    }
    if !is_of_type(headers, FORM) {
        return Ok(None); // a file: what it brings is found to be there already
    }
    let fields = std::str::from_utf8(body).ok().and_then(|text| query::pairs(text).ok()).unwrap_or_default();
    fields.into_iter().find(|(name, _)| name == FORM_KEY).map(|(_, key)| checked(key)).transpose()
}

/// A key as it may be kept.
///
/// # Errors
/// 400 `invalid_idempotency_key`.
pub(crate) fn checked(text: String) -> Result<String, Problem> {
    if (1..=255).contains(&text.len()) && text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        Ok(text)
    } else {
        Err(Problem::bad_request("invalid_idempotency_key", "Idempotency-Key must be one, with 1–255 printable ASCII characters."))
    }
}
