//! A product's threshold and whether it takes backorders (STK-4, STK-7).

use super::{queries, store};
use crate::access::{Caller, MerchantScope, Need, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::ProductId;
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_store::Tx;

/// Sets what is named. A threshold that the stock is below at once is announced as a crossing.
#[derive(Clone, Debug)]
pub struct SetStockSwitches {
    /// Whose.
    pub scope: MerchantScope,
    /// Which product.
    pub product: ProductId,
    /// At or below this many available keys the stock is low.
    pub threshold: Option<i64>,
    /// Whether orders are taken beyond the stock.
    pub backorder: Option<bool>,
}

/// Largest threshold.
const MOST: i64 = 1_000_000_000;

#[async_trait::async_trait]
impl Command for SetStockSwitches {
    const NAME: &'static str = "stock.set_switches";
    const REFUSALS: &'static [&'static str] = &["not_found", "invalid_quantity"];
    type Outcome = ();

    fn need(&self) -> Need {
        Need::Right(Right::StockManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<(), No> {
        let merchant = self.scope.merchant;
        let found = queries::stock_of(tx, self.scope, self.product).await?.ok_or_else(Refusal::not_found)?;
        queries::lock_shelf(tx, merchant, found.counts.product).await?;
        let was = queries::stock_of(tx, self.scope, self.product).await?.ok_or_else(Refusal::not_found)?.counts;
        let (threshold, backorder) = (self.threshold.unwrap_or(was.threshold), self.backorder.unwrap_or(was.backorder));
        if !(0..=MOST).contains(&threshold) {
            return Err(Refusal::invalid("invalid_quantity", "A threshold is between 0 and 1,000,000,000.").at("/threshold").into());
        }
        if (threshold, backorder) == (was.threshold, was.backorder) {
            return Ok(());
        }

        // From here it must succeed.
        store::set_switches(ctx, tx, merchant, was.product, threshold, backorder).await?;
        let facts = |threshold: i64, backorder: bool| json!({ "threshold": threshold, "backorder": backorder });
        let entry = AuditEntry::new(merchant, "stock.switches_set", self.product);
        ctx.audit(entry.before(facts(was.threshold, was.backorder)).after(facts(threshold, backorder)));
        Ok(())
    }
}
