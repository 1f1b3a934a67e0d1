//! The merchant changes the terms of a partnership (PAR-11); held orders follow (CRD-8).
//!
//! It stands here because a currency stays while anything is open in it, sales that are still being delivered and requests to
//! take sales back among it: what comes of those goes to the balance in their currency.

use super::{queries, requests};
use crate::access::{Need, PartnershipScope, Right};
use crate::audit::AuditEntry;
use crate::billing::{self, top_up};
use crate::command::{Command, Ctx, No};
use crate::ids::PartnershipId;
use crate::orders;
use crate::orders::standing::Standing;
use crate::outbox::Event;
use crate::partners::terms::{self, Level, Place, Setting, TermChange, TermName, TermValue};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_store::{Fault, Tx};

/// Sets, unsets or explicitly empties terms of one partnership. Raising its limit releases held orders, oldest
/// first; lowering it takes nothing back.
#[derive(Clone, Debug)]
pub struct ChangeTerms {
    /// Which partnership.
    pub partnership: PartnershipId,
    /// What to change.
    pub changes: Vec<TermChange>,
}

/// The partnership whose terms changed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct TermsOutcome {
    /// Its id.
    pub partnership: PartnershipId,
}

#[async_trait::async_trait]
impl Command for ChangeTerms {
    const NAME: &'static str = "partners.change_terms";
    const REFUSALS: &'static [&'static str] = &["not_found", "invalid_field", "invalid_amount", "currency_mismatch", "currency_in_use"];
    type Outcome = TermsOutcome;

    fn need(&self) -> Need {
        Need::Right(Right::PartnersManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<TermsOutcome, No> {
        let merchant = ctx.caller().merchant()?.merchant;
        let scope = PartnershipScope { merchant, partnership: self.partnership };
        let mut standing = Standing::load(tx, scope).await?.ok_or_else(Refusal::not_found)?;
        let place = Place::Partnership(self.partnership);
        let before = terms::load(tx, merchant, place).await?;
        let changes_currency = self.changes.iter().any(|change| change.name == TermName::Currency);
        if changes_currency && anything_open(tx, &standing).await? {
            let detail = "The currency can change only while no order, top-up, delivery or request to take a sale back is open and no prepaid balance is left.";
            return Err(Refusal::conflict("currency_in_use", detail).at("/currency").into());
        }
        let currency = match self.changes.iter().find(|change| change.name == TermName::Currency).map(|change| &change.to) {
            None => standing.terms.currency,
            Some(Setting::Value(TermValue::Currency(currency))) => Some(*currency),
            Some(_) => None,
        };
        terms::validate(Level::Partnership, &self.changes, currency)?;
        // From here it must succeed.
        terms::write(tx, merchant, place, &self.changes).await?;
        let after = terms::apply(&before, &self.changes);
        let entry = AuditEntry::new(merchant, "partnership.terms_changed", self.partnership).of(self.partnership);
        ctx.audit(entry.before(terms::audit_json(&before)).after(terms::audit_json(&after)));
        ctx.announce(Event::new(merchant, "partnership.terms_changed", self.partnership, json!({})).of(self.partnership));
        let open: Vec<_> = orders::queries::open(tx, scope).await?.iter().map(|order| order.order).collect();
        standing.rejudge(ctx, tx, &open).await?;
        Ok(TermsOutcome { partnership: self.partnership })
    }
}

/// Whether there is an order, a top-up, a delivery, a request or a balance that counts in the partnership's currency.
async fn anything_open(tx: &mut Tx<'_>, standing: &Standing) -> Result<bool, Fault> {
    let scope = standing.scope();
    if !standing.exposure.open.is_empty() || !billing::queries::open_top_ups(tx, scope).await?.is_empty() || queries::any_processing(tx, scope).await? {
        return Ok(true);
    }
    let Some(currency) = standing.terms.currency else { return Ok(false) };
    // A request about a sale in a currency that was left waits for just this change.
    Ok(top_up::prepaid(tx, scope, currency).await? != 0 || requests::any_pending_in(tx, scope, currency).await?)
}
