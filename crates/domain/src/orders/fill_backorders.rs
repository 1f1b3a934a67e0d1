//! Keys arrived: backordered licenses get theirs, first in, first out (STK-7). Follows `stock.arrived`.

use super::queries;
use super::settle::settle;
use super::standing::Standing;
use crate::access::{Caller, Need, PartnershipScope};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::{LicenseId, LicenseKeyId, OrderId, PartnershipId};
use crate::licenses;
use crate::stock::{self, KeyState, Taken};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use tradepost_store::Tx;

/// Gives up to [`FILLED_AT_ONCE`] waiting licenses of a product their keys. Repeat until `filled` is 0.
#[derive(Clone, Copy, Debug)]
pub struct FillBackorders {
    /// The merchant's number.
    pub merchant: i64,
    /// The product's number.
    pub product: i64,
}

/// How many licenses one run fills: the partnerships of all of them are locked meanwhile.
pub const FILLED_AT_ONCE: i64 = 500;

/// How many licenses got a key.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct FillOutcome {
    /// Licenses.
    pub filled: i64,
}

#[async_trait::async_trait]
impl Command for FillBackorders {
    const NAME: &'static str = "orders.fill_backorders";
    const REFUSALS: &'static [&'static str] = &[];
    type Outcome = FillOutcome;

    fn need(&self) -> Need {
        Need::House
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<FillOutcome, No> {
        let waiting = queries::backordered(tx, self.merchant, self.product, FILLED_AT_ONCE).await?;
        let partnerships: BTreeSet<PartnershipId> = waiting.iter().map(|license| license.partnership).collect();
        let mut standings = BTreeMap::new();
        for partnership in partnerships {
            standings.insert(partnership, Standing::of(tx, PartnershipScope { merchant: self.merchant, partnership }).await?);
        }
        // The counter before the keys, as whoever places an order does it.
        stock::lock(tx, self.merchant, &BTreeSet::from([self.product])).await?;
        // Read again: the locks may have been waited for; only what is locked now is filled.
        let waiting = queries::backordered(tx, self.merchant, self.product, FILLED_AT_ONCE).await?;
        let waiting: Vec<_> = waiting.into_iter().filter(|license| standings.contains_key(&license.partnership)).collect();
        let keys = stock::claim(tx, self.merchant, self.product, i64::try_from(waiting.len()).unwrap_or(0), ctx.now).await?;
        let filled: Vec<(LicenseId, LicenseKeyId)> = waiting.iter().zip(keys).map(|(license, key)| (license.id, key)).collect();
        let taken: Vec<Taken> = filled.iter().map(|(license, key)| Taken { key: *key, product: self.product, license: *license }).collect();
        stock::take(ctx, tx, self.merchant, &taken, KeyState::Reserved).await?;
        licenses::store::attach_keys(tx, self.merchant, &filled).await?;
        let mut orders: BTreeMap<PartnershipId, BTreeSet<OrderId>> = BTreeMap::new();
        for license in waiting.iter().take(filled.len()) {
            orders.entry(license.partnership).or_default().extend(license.order());
        }
        for (partnership, orders) in orders {
            for order in &orders {
                let entry = AuditEntry::new(self.merchant, "order.backorder_filled", *order).of(partnership);
                ctx.audit(entry.after(json!({"product": self.product})));
            }
            if let Some(standing) = standings.get(&partnership) {
                settle(ctx, tx, standing, &orders.into_iter().collect::<Vec<_>>()).await?;
            }
        }
        Ok(FillOutcome { filled: i64::try_from(filled.len()).unwrap_or(0) })
    }
}
