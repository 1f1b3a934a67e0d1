//! Which commands follow from which events: the one place that knows both sides.

use std::sync::Arc;
use tradepost_domain::orders::fill_backorders::FillBackorders;
use tradepost_domain::outbox::queries::WaitingEvent;
use tradepost_domain::{Engine, No, Origin};
use tradepost_store::{BoxFuture, Fault};
use tradepost_worker::reaction::Reaction;

/// Every reaction.
#[must_use]
pub fn all() -> Vec<Arc<dyn Reaction>> {
    vec![Arc::new(FillBackordersOnArrival)]
}

/// Keys arrived: orders that were placed without stock get theirs, oldest first (STK-7).
#[derive(Debug)]
struct FillBackordersOnArrival;

impl Reaction for FillBackordersOnArrival {
    fn follows(&self) -> &'static [&'static str] {
        &["stock.arrived", "stock.back"]
    }

    fn react<'a>(&'a self, engine: &'a Engine, event: &'a WaitingEvent) -> BoxFuture<'a, Result<(), No>> {
        Box::pin(async move {
            let missing = || Fault::invariant(format!("{} {} names no product number", event.kind, event.id));
            let product = event.body.get("product_number").or_else(|| event.body.get("product")).and_then(serde_json::Value::as_i64).ok_or_else(missing)?;
            let command = FillBackorders { merchant: event.merchant, product };
            while engine.execute(Origin::system(), command).await?.outcome.filled > 0 {}
            Ok(())
        })
    }
}
