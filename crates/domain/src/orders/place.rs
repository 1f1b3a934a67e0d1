//! The reseller's final Confirm: the order is placed, and after that nothing can be changed (ORD-3).
//!
//! In one transaction: prices are fixed, keys reserved, licenses made, the debt booked, the invoice issued, and
//! the goods released or held as a whole (CRD-3). Orders that wait together are loaded, decided and written as one set:
//! each is decided over what those before it left, as if they had come one after the other.

mod decide;
mod load;
mod papers;
mod write;

use crate::access::{Caller, Need, PartnershipScope, Right};
use crate::command::{self, Command, Ctx, No, SetOutcomes};
use crate::ids::{InvoiceId, OrderId};
use load::Loaded;
use serde::{Deserialize, Serialize};
use tradepost_store::{Fault, Tx};

/// Places a draft (API: `confirm`).
#[derive(Clone, Copy, Debug)]
pub struct PlaceOrder {
    /// Which draft.
    pub order: OrderId,
    /// The version that is confirmed (`If-Match`), where its reader says so: what a colleague changed meanwhile is not placed.
    pub if_version: Option<i64>,
}

impl PlaceOrder {
    /// Whatever the draft has become.
    #[must_use]
    pub const fn of(order: OrderId) -> Self {
        Self { order, if_version: None }
    }
}

/// What placing brought about.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PlaceOutcome {
    /// The order.
    pub order: OrderId,
    /// Its invoice.
    pub invoice: InvoiceId,
}

#[async_trait::async_trait]
impl Command for PlaceOrder {
    const NAME: &'static str = "orders.place";
    const REFUSALS: &'static [&'static str] = &[
        "not_found",
        "partnership_not_active",
        "order_confirmed",
        "order_canceled",
        "stale_version",
        "channel_required",
        "setup_incomplete",
        "order_empty",
        "product_not_available",
        "quantity_out_of_range",
        "price_missing",
        "invalid_amount",
        "spending_limit_exceeded",
        "approval_required",
        "purchase_limit_exceeded",
        "out_of_stock",
    ];
    type Outcome = PlaceOutcome;

    fn need(&self) -> Need {
        Need::Right(Right::OrdersPlace)
    }

    fn lane(&self, caller: &Caller) -> Option<u64> {
        caller.partnership().ok().map(PartnershipScope::lane)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<PlaceOutcome, No> {
        command::alone(self, ctx, tx).await
    }

    async fn run_set(set: &[&Self], ctxs: &mut [Ctx], tx: &mut Tx<'_>) -> Result<SetOutcomes<Self>, Fault> {
        let Some(loaded) = Loaded::load(set, ctxs, &mut *tx).await? else {
            // Too much to be held in memory at once. What they need is locked for all.
            let mut outcomes = Vec::with_capacity(set.len());
            for (command, ctx) in set.iter().zip(ctxs) {
                let (command, ctx) = (std::slice::from_ref(command), std::slice::from_mut(ctx));
                let loaded = Loaded::load(command, ctx, &mut *tx).await?.ok_or_else(|| Fault::invariant("one order is too much for a set"))?;
                outcomes.extend(place(loaded, ctx, &mut *tx).await?);
            }
            return Ok(outcomes);
        };
        place(loaded, ctxs, tx).await
    }
}

/// Decides all and writes what was decided.
async fn place(mut loaded: Loaded, ctxs: &mut [Ctx], tx: &mut Tx<'_>) -> Result<SetOutcomes<PlaceOrder>, Fault> {
    let decided = decide::all(ctxs, &mut loaded);
    // From here it must succeed.
    write::all(&decided, &loaded, ctxs, tx).await?;
    let outcome = |decided: Result<decide::Decision, _>| decided.map(|decision| PlaceOutcome { order: decision.order.id, invoice: decision.invoice });
    Ok(decided.into_iter().map(outcome).collect())
}
