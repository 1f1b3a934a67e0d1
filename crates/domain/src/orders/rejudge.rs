//! Terms changed above a partnership, or it moved to another channel: its held orders follow (CRD-8).

use super::queries;
use super::standing::Standing;
use crate::access::{Caller, Need, PartnershipScope};
use crate::command::{Command, Ctx, No};
use crate::ids::OrderId;
use serde::{Deserialize, Serialize};
use tradepost_store::Tx;

/// Judges one partnership's open orders again by the terms that count now. Follows `program.terms_changed`,
/// `channel.terms_changed` and `partnership.moved`, in transactions of their own: a program may have thousands.
#[derive(Clone, Copy, Debug)]
pub struct RejudgePartnership {
    /// Which.
    pub scope: PartnershipScope,
}

/// How many orders were looked at.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct RejudgeOutcome {
    /// Open orders.
    pub open: i64,
}

#[async_trait::async_trait]
impl Command for RejudgePartnership {
    const NAME: &'static str = "orders.rejudge_partnership";
    const REFUSALS: &'static [&'static str] = &[];
    type Outcome = RejudgeOutcome;

    fn need(&self) -> Need {
        Need::House
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<RejudgeOutcome, No> {
        let Some(mut standing) = Standing::load(tx, self.scope).await? else { return Ok(RejudgeOutcome { open: 0 }) };
        let open: Vec<OrderId> = queries::open(tx, self.scope).await?.iter().map(|order| order.order).collect();
        standing.rejudge(ctx, tx, &open).await?;
        Ok(RejudgeOutcome { open: i64::try_from(open.len()).unwrap_or(i64::MAX) })
    }
}
