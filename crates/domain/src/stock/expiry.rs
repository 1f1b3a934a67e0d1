//! Keys that expire: not sold from then on, and taken out of stock a moment later (STK-6).
//!
//! A key with a last day is sold through that day of the merchant's time zone. The claim passes it over from its first moment on
//! ([`counters`](super::counters)); the sweep here then moves it to revoked, in slices, with counters and events in the same transaction.
//! What is promised to a large fulfillment was sold before: the sweep leaves so many keys in stock.

use super::store::{self, CounterChange};
use super::{KeyState, queries};
use crate::access::{Caller, MerchantScope, Need};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::merchants;
use crate::outbox::Event;
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_store::{Fault, Reader, Tx};

/// Keys that one sweep takes out at most.
pub const SWEPT_AT_ONCE: i64 = 500;

/// The merchant's time zone, in which days end.
pub(super) async fn zone_of(reader: &mut Reader<'_>, scope: MerchantScope) -> Result<String, Fault> {
    Ok(merchants::queries::merchant(reader, scope.merchant).await?.map(|merchant| merchant.time_zone).unwrap_or_default())
}

pub(super) fn over_already() -> Refusal {
    Refusal::invalid("invalid_field", "must not be over already").at("/expires_on")
}

/// Takes up to [`SWEPT_AT_ONCE`] expired keys of a product out of stock: they are revoked. Answers how many; 0: nothing is due.
#[derive(Clone, Copy, Debug)]
pub struct ExpireKeys {
    /// Whose.
    pub merchant: i64,
    /// The number of the product.
    pub product: i64,
}

#[async_trait::async_trait]
impl Command for ExpireKeys {
    const NAME: &'static str = "stock.expire_keys";
    const REFUSALS: &'static [&'static str] = &[];
    /// How many were taken out.
    type Outcome = i64;

    fn need(&self) -> Need {
        Need::House
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<i64, No> {
        let (merchant, product) = (self.merchant, self.product);
        let Some(shelf) = queries::lock_expiring(tx, merchant, product, ctx.now).await? else { return Ok(0) };
        let most = SWEPT_AT_ONCE.min(shelf.available);
        let mut keys = queries::expired_keys(tx, merchant, product, (shelf.horizon, ctx.now), most + 1).await?;
        let more = i64::try_from(keys.len()).is_ok_and(|found| found > most);
        keys.truncate(usize::try_from(most).unwrap_or(0));
        let next = if more { shelf.expires_from } else { queries::next_expiry(tx, merchant, product, ctx.now).await? };

        // From here it must succeed.
        let count = i64::try_from(keys.len()).unwrap_or(0);
        store::expire(tx, merchant, product, &keys, ctx.now).await?;
        store::expires_from(tx, merchant, product, next).await?;
        if count > 0 {
            let change = CounterChange::default().less(KeyState::Available, count).plus(KeyState::Revoked, count);
            store::change_counters(ctx, tx, merchant, product, change).await?;
            let body = json!({ "product": shelf.id, "count": count });
            ctx.audit(AuditEntry::new(merchant, "stock.expired", shelf.id).after(body.clone()));
            ctx.announce(Event::new(merchant, "stock.expired", shelf.id, body));
        }
        Ok(count)
    }
}
