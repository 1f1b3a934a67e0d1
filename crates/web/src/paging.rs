//! Cursors: opaque, and good for one list only.

use crate::fields::Whole;
use crate::problem::Problem;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tradepost_domain::listing::PageRequest;
use tradepost_kernel::secret::sha256;

/// Rows on a page.
pub type Limit = Whole<1, 200>;
/// Rows on a page where none are asked for.
pub const USUAL_LIMIT: i64 = 50;
/// The parameters of every list.
pub const PARAMETERS: &[&str] = &["limit", "cursor"];

fn mark(list: &str) -> [u8; 4] {
    let hash = sha256(list.as_bytes());
    [hash[0], hash[1], hash[2], hash[3]]
}

/// The text of a cursor of this list.
#[must_use]
pub fn cursor_text(list: &str, position: [u8; 16]) -> String {
    URL_SAFE_NO_PAD.encode([&mark(list)[..], &position].concat())
}

/// Reads a cursor of this list.
#[must_use]
pub fn read_cursor(list: &str, text: &str) -> Option<[u8; 16]> {
    let bytes: [u8; 20] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
    let (marked, position) = bytes.split_first_chunk::<4>()?;
    if *marked == mark(list) { position.try_into().ok() } else { None }
}

/// `limit` and `cursor` of a query.
///
/// # Errors
/// 400 `invalid_query`.
pub fn page_request(list: &str, query: &[(String, String)]) -> Result<PageRequest, Problem> {
    use crate::errors::{Errors, Pointer};
    use crate::input::Source;
    let mut errors = Errors::default();
    let limit: Option<Option<Limit>> = Source::Query(query).field("limit", &Pointer::root(), &mut errors);
    let text = query.iter().find(|(name, _)| name == "cursor").map(|(_, text)| text);
    let before = text.map(|text| read_cursor(list, text));
    if before == Some(None) {
        errors.add(&Pointer::root().field("cursor"), "invalid_query", "is not a cursor of this list");
    }
    match limit {
        Some(limit) if errors.is_empty() => Ok(PageRequest { limit: limit.map_or(USUAL_LIMIT, Whole::get), before: before.flatten() }),
        _ => Err(Problem::query(errors)),
    }
}
