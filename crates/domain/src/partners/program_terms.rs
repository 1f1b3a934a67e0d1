//! The program's terms: what all partnerships of a merchant inherit (PAR-11).

use super::terms::{self, Place, Setting, Term, TermChange, TermName};
use super::{channels, store};
use crate::access::{Caller, Need, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::MerchantId;
use crate::merchants;
use crate::outbox::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_store::Tx;

/// Changes terms of the merchant's program. Who keeps credit reacts to the event `program.terms_changed`.
///
/// Which partnerships inherit the program's currency and owe something is known to later slices only; here the
/// currency stays once anything was ordered.
#[derive(Clone, Debug)]
pub struct ChangeProgramTerms {
    /// The merchant's number.
    pub merchant: i64,
    /// What changes.
    pub changes: Vec<TermChange>,
}

/// The merchant whose program was changed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ProgramChanged {
    /// Which.
    pub merchant: MerchantId,
}

/// Whether the changes touch the currency.
pub(super) fn moves_currency(before: &[Term], after: &[Term]) -> bool {
    let currency = |terms: &[Term]| terms.iter().find(|term| term.name == TermName::Currency).cloned();
    currency(before) != currency(after)
}

impl Command for ChangeProgramTerms {
    const NAME: &'static str = "programs.change_terms";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "invalid_field", "currency_mismatch", "currency_in_use"];
    type Outcome = ProgramChanged;

    fn need(&self) -> Need {
        Need::Right(Right::MerchantManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<ProgramChanged, No> {
        let scope = channels::works_for(ctx.caller(), self.merchant)?;
        let merchant = merchants::queries::merchant(tx, scope.merchant).await?.ok_or_else(Refusal::not_found)?;
        terms::validate(&self.changes, None)?;
        if self.changes.iter().any(|change| change.name == TermName::Currency && change.to == Setting::Inherit) {
            return Err(Refusal::invalid("invalid_field", "The program must have a currency.").at("/currency").into());
        }
        let before = terms::load(tx, scope.merchant, Place::Program).await?;
        let after = terms::apply(&before, &self.changes);
        if moves_currency(&before, &after) && store::has_ordered(tx, scope.merchant).await? {
            return Err(Refusal::conflict("currency_in_use", "Orders were placed already; set the currency of a partnership instead.").at("/currency").into());
        }
        // From here on it must succeed.
        terms::write(tx, scope.merchant, Place::Program, &self.changes).await?;
        let entry = AuditEntry::new(scope.merchant, "program.terms_changed", merchant.id);
        ctx.audit(entry.before(terms::audit_json(&before)).after(terms::audit_json(&after)));
        ctx.announce(Event::new(scope.merchant, "program.terms_changed", merchant.id, json!({"merchant": merchant.id})));
        Ok(ProgramChanged { merchant: merchant.id })
    }
}
