//! `tradepost import`: files of products and license keys, through the same commands as the API.

use crate::operate::Listener;
use serde_json::Value as Json;
use tradepost_domain::{Engine, No};
use tradepost_kernel::Refusal;

/// Imports a CSV file of products with prices (CAT-9).
pub(crate) async fn products(_engine: &Engine, _merchant: i64, _content: Vec<u8>, _dry_run: bool, _listener: Listener<'_>) -> Result<Json, No> {
    Err(Refusal::conflict("not_yet", "There is no product import in this program yet.").into())
}

/// Imports a CSV file of license keys (STK-1).
pub(crate) async fn license_keys(
    _engine: &Engine,
    _merchant: i64,
    _product: Option<&str>,
    _content: Vec<u8>,
    _dry_run: bool,
    _listener: Listener<'_>,
) -> Result<Json, No> {
    Err(Refusal::conflict("not_yet", "There is no key import in this program yet.").into())
}
