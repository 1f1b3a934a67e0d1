//! Which commands follow from which events: the one place that knows both sides.

use std::sync::Arc;
use tradepost_worker::reaction::Reaction;

/// Every reaction.
#[must_use]
pub fn all() -> Vec<Arc<dyn Reaction>> {
    Vec::new()
}
