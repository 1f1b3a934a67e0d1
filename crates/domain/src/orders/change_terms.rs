//! The merchant changes the terms of a partnership (PAR-11); held orders follow (CRD-8).

use super::queries;
use super::standing::Standing;
use crate::access::{Need, PartnershipScope, Right};
use crate::audit::AuditEntry;
use crate::billing::{self, top_up};
use crate::command::{Command, Ctx, No};
use crate::ids::PartnershipId;
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
            let detail = "The currency can change only while no order and no top-up is open and no prepaid balance is left.";
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
        let open: Vec<_> = queries::open(tx, scope).await?.iter().map(|order| order.order).collect();
        standing.rejudge(ctx, tx, &open).await?;
        Ok(TermsOutcome { partnership: self.partnership })
    }
}

/// Whether there is an order, a top-up or a balance that counts in the partnership's currency.
async fn anything_open(tx: &mut Tx<'_>, standing: &Standing) -> Result<bool, Fault> {
    let scope = standing.scope();
    let prepaid = match standing.terms.currency {
        Some(currency) => top_up::prepaid(tx, scope, currency).await?,
        None => 0,
    };
    Ok(!standing.exposure.open.is_empty() || prepaid != 0 || !billing::queries::open_top_ups(tx, scope).await?.is_empty())
}
