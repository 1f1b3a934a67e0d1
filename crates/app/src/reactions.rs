//! Which commands follow from which events: the one place that knows both sides.

use std::sync::Arc;
use tradepost_domain::fulfillments::deliver::DeliverSlice;
use tradepost_domain::ids::FulfillmentId;
use tradepost_domain::listing::PageRequest;
use tradepost_domain::orders::fill_backorders::FillBackorders;
use tradepost_domain::orders::rejudge::RejudgePartnership;
use tradepost_domain::outbox::queries::WaitingEvent;
use tradepost_domain::partners::queries::PartnershipFilter;
use tradepost_domain::{ChannelId, Engine, MerchantScope, No, Origin, PartnershipId, PartnershipScope, ProductId, catalog, partners};
use tradepost_kernel::sabotage;
use tradepost_store::BoxFuture;
use tradepost_worker::reaction::{Reacted, Reaction};

/// Every reaction.
#[must_use]
pub fn all() -> Vec<Arc<dyn Reaction>> {
    vec![Arc::new(FillBackordersOnArrival), Arc::new(RejudgeAfterTerms), Arc::new(DeliverWhatWasAccepted)]
}

/// Keys arrived: orders that were placed without stock get theirs, oldest first (STK-7).
#[derive(Debug)]
struct FillBackordersOnArrival;

impl Reaction for FillBackordersOnArrival {
    fn follows(&self) -> &'static [&'static str] {
        &["stock.arrived", "stock.back"]
    }

    fn react<'a>(&'a self, engine: &'a Engine, event: &'a WaitingEvent) -> BoxFuture<'a, Result<Reacted, No>> {
        Box::pin(async move {
            let (scope, product) = (MerchantScope { merchant: event.merchant }, ProductId::from_bytes(event.subject));
            let read = engine.store.read(move |reader| Box::pin(async move { catalog::queries::product(reader, scope, product).await }));
            // A product that is gone has no orders that wait for it.
            let Some(product) = read.await? else { return Ok(Reacted::Done) };
            let command = FillBackorders { merchant: event.merchant, product: product.number };
            while engine.execute(Origin::system(), command).await?.outcome.filled > 0 {}
            Ok(Reacted::Done)
        })
    }
}

/// Terms of the program or a channel changed, or a partnership moved: held orders follow (CRD-8).
#[derive(Debug)]
struct RejudgeAfterTerms;

impl Reaction for RejudgeAfterTerms {
    fn follows(&self) -> &'static [&'static str] {
        &["program.terms_changed", "channel.terms_changed", "partnership.moved"]
    }

    fn react<'a>(&'a self, engine: &'a Engine, event: &'a WaitingEvent) -> BoxFuture<'a, Result<Reacted, No>> {
        Box::pin(async move {
            if event.kind == "partnership.moved" {
                rejudge(engine, event.merchant, PartnershipId::from_bytes(event.subject)).await?;
                return Ok(Reacted::Done);
            }
            let only = (event.kind == "channel.terms_changed").then(|| ChannelId::from_bytes(event.subject));
            let scope = MerchantScope { merchant: event.merchant };
            let mut page = PageRequest { limit: 200, before: None };
            loop {
                let read = engine
                    .store
                    .read(move |reader| Box::pin(async move { partners::queries::search(reader, scope, &PartnershipFilter::default(), page).await }));
                let found = read.await?;
                for partnership in found.rows.iter().filter(|partnership| only.is_none_or(|channel| partnership.channel == Some(channel))) {
                    rejudge(engine, event.merchant, partnership.id).await?;
                }
                let Some(next) = found.next else { return Ok(Reacted::Done) };
                page.before = Some(next);
            }
        })
    }
}

/// A fulfillment that is too large for one answer was accepted: its licenses are made, slice by slice (EXT-10). A server
/// that dies between two slices leaves the event where it is, and the next pass, of whatever server, goes on.
#[derive(Debug)]
struct DeliverWhatWasAccepted;

/// Slices between two looks at what others wait for.
const SLICES_OF_A_PASS: usize = 10;

impl Reaction for DeliverWhatWasAccepted {
    fn follows(&self) -> &'static [&'static str] {
        &["fulfillment.accepted"]
    }

    fn react<'a>(&'a self, engine: &'a Engine, event: &'a WaitingEvent) -> BoxFuture<'a, Result<Reacted, No>> {
        Box::pin(async move {
            let Some(partnership) = event.partnership else { return Ok(Reacted::Done) };
            let scope = PartnershipScope { merchant: event.merchant, partnership };
            let slice = DeliverSlice { scope, fulfillment: FulfillmentId::from_bytes(event.subject) };
            for _ in 0..SLICES_OF_A_PASS {
                if engine.execute(Origin::system(), slice).await?.outcome.left == 0 {
                    return Ok(Reacted::Done);
                }
                sabotage::fail_point("fulfillments.between_slices");
            }
            Ok(Reacted::GoesOn)
        })
    }
}

async fn rejudge(engine: &Engine, merchant: i64, partnership: PartnershipId) -> Result<(), No> {
    engine.execute(Origin::system(), RejudgePartnership { scope: PartnershipScope { merchant, partnership } }).await.map(|_| ())
}
