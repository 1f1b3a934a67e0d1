//! Which commands follow from which events: the one place that knows both sides.

use std::sync::Arc;
use tradepost_domain::orders::fill_backorders::FillBackorders;
use tradepost_domain::outbox::queries::WaitingEvent;
use tradepost_domain::{Engine, MerchantScope, No, Origin, ProductId, catalog};
use tradepost_store::BoxFuture;
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
            let (scope, product) = (MerchantScope { merchant: event.merchant }, ProductId::from_bytes(event.subject));
            let read = engine.store.read(move |reader| Box::pin(async move { catalog::queries::product(reader, scope, product).await }));
            // A product that is gone has no orders that wait for it.
            let Some(product) = read.await? else { return Ok(()) };
            let command = FillBackorders { merchant: event.merchant, product: product.number };
            while engine.execute(Origin::system(), command).await?.outcome.filled > 0 {}
            Ok(())
        })
    }
}
