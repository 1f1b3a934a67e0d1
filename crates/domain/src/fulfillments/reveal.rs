//! Looking at the codes of a fulfillment again: audited, every time (STK-5, FUL-9).

use super::load::{self, ValidKeys};
use super::queries;
use super::queries::{DeliveredLicense, FulfillmentRow};
use super::{MOST_AT_ONCE, is_large};
use crate::access::{Caller, MerchantScope, Need, PartnershipScope, Right};
use crate::audit::AuditEntry;
use crate::command::{self, Command, Ctx, No, SetOutcomes};
use crate::ids::{FulfillmentId, PartnershipId};
use crate::partners::{self, LockedPartnership};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use tradepost_kernel::Refusal;
use tradepost_store::{Fault, Tx};

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

    fn lane(&self, caller: &Caller) -> Option<u64> {
        caller.partnership().ok().map(PartnershipScope::lane)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<Revealed, No> {
        command::alone(self, ctx, tx).await
    }

    async fn run_set(set: &[&Self], ctxs: &mut [Ctx], tx: &mut Tx<'_>) -> Result<SetOutcomes<Self>, Fault> {
        let scopes: BTreeSet<_> = ctxs.iter().filter_map(|ctx| own(ctx.caller())).map(|scope| (scope.merchant, scope.partnership)).collect();
        let partnerships = partners::lock_set(&mut *tx, &scopes).await?;
        let valid = load::valid_keys(ctxs, &mut *tx).await?;
        let asked: Vec<Result<Asked<'_>, Refusal>> = set.iter().zip(&*ctxs).map(|(command, ctx)| command.asked(ctx, &valid, &partnerships)).collect();
        let rows = queries::named(&mut *tx, &asked).await?;
        let shown = rows.into_iter().zip(set).map(|(row, command)| command.shows(row?));
        let shown: Vec<Result<(MerchantScope, FulfillmentRow), Refusal>> = shown.collect();
        let with_codes = |(at, shown): (usize, &Result<(MerchantScope, FulfillmentRow), Refusal>)| {
            let (merchant, row) = shown.as_ref().ok().filter(|(_, row)| !is_large(row.quantity))?;
            Some((at, merchant.merchant, row.id))
        };
        let mut licenses = queries::licenses_of(&mut *tx, &shown.iter().enumerate().filter_map(with_codes).collect::<Vec<_>>()).await?;
        // From here it must succeed.
        let outcomes = shown.into_iter().zip(ctxs).enumerate().map(|(at, (shown, ctx))| {
            let (merchant, row) = shown?;
            let licenses = licenses.remove(&at).unwrap_or_default();
            if !is_large(row.quantity) {
                ctx.audit(AuditEntry::new(merchant.merchant, "fulfillment.revealed", row.id).of(row.partnership));
            }
            Ok(Revealed { fulfillment: row.id, shown: Some(Box::new((row, licenses))) })
        });
        Ok(outcomes.collect())
    }
}

/// The partnership in whose name somebody looks; `None`: the merchant does.
const fn own(caller: &Caller) -> Option<PartnershipScope> {
    match caller {
        Caller::ResellerPerson { scope, .. } | Caller::PartnershipKey { scope, .. } => Some(*scope),
        _ => None,
    }
}

/// A fulfillment that may be looked at, if it is there.
pub(super) struct Asked<'a> {
    pub(super) merchant: MerchantScope,
    /// Only of this partnership.
    pub(super) partnership: Option<PartnershipId>,
    pub(super) named: &'a Named,
}

impl RevealFulfillment {
    /// Key and partnership: who may look at all.
    fn asked<'a>(&'a self, ctx: &Ctx, valid: &ValidKeys, partnerships: &HashMap<PartnershipScope, LockedPartnership>) -> Result<Asked<'a>, Refusal> {
        load::lets_in(ctx.caller(), valid)?;
        let of = own(ctx.caller());
        if let Some(scope) = of {
            partnerships.get(&scope).ok_or_else(Refusal::not_found)?.may_trade()?;
        }
        let merchant = of.map_or_else(|| ctx.caller().merchant(), |scope| Ok(scope.of_merchant()))?;
        Ok(Asked { merchant, partnership: of.map(|scope| scope.partnership), named: &self.fulfillment })
    }

    /// Whether it is there, and its codes are shown in one answer.
    fn shows(&self, row: Option<(MerchantScope, FulfillmentRow)>) -> Result<(MerchantScope, FulfillmentRow), Refusal> {
        let (merchant, row) = row.ok_or_else(Refusal::not_found)?;
        if is_large(row.quantity) && !self.again {
            let detail = format!("More than {MOST_AT_ONCE} codes are not shown in one answer: its reseller downloads them.");
            return Err(Refusal::conflict("too_many_codes", detail));
        }
        Ok((merchant, row))
    }
}
