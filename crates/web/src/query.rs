//! Query strings: strict, and never with a credential.

use crate::errors::{Errors, Pointer};
use crate::problem::Problem;

/// Decodes `%41` and, in a query, `+`. `None` where an escape is broken, the result is not UTF-8 or has a NUL, which PostgreSQL does not store.
#[must_use]
pub fn decode(text: &str, plus_is_space: bool) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let mut digit = || bytes.next().and_then(|digit| (digit as char).to_digit(16));
                let (high, low) = (digit()?, digit()?);
                out.push(u8::try_from(high * 16 + low).ok()?);
            }
            b'+' if plus_is_space => out.push(b' '),
            byte => out.push(byte),
        }
    }
    String::from_utf8(out).ok().filter(|text| !text.contains('\0'))
}

/// The decoded parameters in the order they were sent.
///
/// # Errors
/// 400 `invalid_query` for a broken escape.
pub fn pairs(query: &str) -> Result<Vec<(String, String)>, Problem> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    let decoded = parts.map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        Some((decode(name, true)?, decode(value, true)?))
    });
    decoded.collect::<Option<_>>().ok_or_else(|| Problem::bad_request("invalid_query", "The query has a broken % escape, a NUL, or is not UTF-8."))
}

/// Refuses a query that has a key in it: URLs end up in logs and browser histories.
///
/// # Errors
/// 400 `credential_in_url`.
pub fn refuse_credentials(pairs: &[(String, String)]) -> Result<(), Problem> {
    let named = |name: &str| matches!(name.to_ascii_lowercase().as_str(), "api_key" | "apikey" | "key" | "token" | "access_token" | "authorization");
    let shaped = |value: &str| ["tpm_", "tpr_", "tpd_", "whsec_", "Bearer "].iter().any(|prefix| value.trim_start().starts_with(prefix));
    if pairs.iter().any(|(name, value)| named(name) || shaped(value)) {
        return Err(credential_in_url());
    }
    Ok(())
}

/// What a key in a URL gets.
pub(crate) fn credential_in_url() -> Problem {
    let detail = "A key stands in the URL, where logs keep it. Send it as Authorization: Bearer …, and rotate it.";
    Problem::bad_request("credential_in_url", detail)
}

/// Refuses a parameter that is not known or stands twice.
///
/// # Errors
/// 400 `invalid_query`.
pub fn refuse_unknown(pairs: &[(String, String)], known: &[&str]) -> Result<(), Problem> {
    let mut errors = Errors::default();
    for (place, (name, _)) in pairs.iter().enumerate() {
        let at = Pointer::root().field(name);
        if !known.contains(&name.as_str()) {
            errors.add(&at, "invalid_query", "is not a parameter here");
        } else if pairs[..place].iter().any(|(earlier, _)| earlier == name) {
            errors.add(&at, "invalid_query", "stands twice");
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::query(errors)) }
}
