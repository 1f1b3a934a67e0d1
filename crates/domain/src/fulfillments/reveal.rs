//! Looking at the codes of a fulfillment again: audited, every time (STK-5, FUL-9).

use super::queries::{DeliveredLicense, FulfillmentRow};
use super::{MOST_AT_ONCE, is_large};
use super::{load, queries};
use crate::access::{Caller, Need, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::FulfillmentId;
use crate::partners;
use serde::{Deserialize, Serialize};
use tradepost_kernel::Refusal;
use tradepost_store::Tx;

/// Which fulfillment is meant: by its id, or by the shop's order id.
#[derive(Clone, Debug)]
pub enum Named {
    /// Its id.
    Id(FulfillmentId),
    /// The shop's order id; only within a partnership.
    ExternalOrder(String),
}

/// Shows the codes of a fulfillment to its reseller or to the merchant. The codes are opened by the reader of the outcome.
#[derive(Clone, Debug)]
pub struct RevealFulfillment {
    /// Which.
    pub fulfillment: Named,
    /// Whether this answers the call that made it once more: of a large one then only its state is told.
    pub again: bool,
}

/// What is shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Revealed {
    /// The fulfillment.
    pub fulfillment: FulfillmentId,
    /// Its row and its licenses.
    #[serde(skip)]
    pub shown: Option<Box<(FulfillmentRow, Vec<DeliveredLicense>)>>,
}

#[async_trait::async_trait]
impl Command for RevealFulfillment {
    const NAME: &'static str = "fulfillments.reveal";
    const REFUSALS: &'static [&'static str] = &["not_found", "unauthenticated", "partnership_not_active", "too_many_codes"];
    type Outcome = Revealed;
    const KEPT: bool = false;

    fn need(&self) -> Need {
        Need::Either(Right::FulfillmentsCreate, Right::LicensesReveal)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<Revealed, No> {
        let of = match ctx.caller() {
            Caller::ResellerPerson { scope, .. } | Caller::PartnershipKey { scope, .. } => Some(*scope),
            _ => None,
        };
        load::still_lets_in(ctx, tx).await?;
        if let Some(scope) = of {
            partners::lock(tx, scope).await?.ok_or_else(Refusal::not_found)?.may_trade()?;
        }
        let merchant = of.map_or_else(|| ctx.caller().merchant(), |scope| Ok(scope.of_merchant()))?;
        let row = match (&self.fulfillment, of) {
            (Named::Id(id), of) => queries::fulfillment(tx, merchant, of.map(|scope| scope.partnership), *id).await?,
            (Named::ExternalOrder(text), Some(scope)) => queries::by_external_order(tx, scope, text).await?,
            (Named::ExternalOrder(_), None) => None,
        };
        let row = row.ok_or_else(Refusal::not_found)?;
        if is_large(row.quantity) {
            if self.again {
                return Ok(Revealed { fulfillment: row.id, shown: Some(Box::new((row, Vec::new()))) });
            }
            let detail = format!("More than {MOST_AT_ONCE} codes are not shown in one answer: its reseller downloads them.");
            return Err(Refusal::conflict("too_many_codes", detail).into());
        }
        let licenses = queries::licenses(tx, merchant, row.id).await?;
        // From here it must succeed.
        ctx.audit(AuditEntry::new(merchant.merchant, "fulfillment.revealed", row.id).of(row.partnership));
        Ok(Revealed { fulfillment: row.id, shown: Some(Box::new((row, licenses))) })
    }
}
