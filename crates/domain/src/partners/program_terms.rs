//! Terms that partnerships inherit: the program's and a channel's (PAR-11).
//!
//! Which partnerships inherit them and owe something is known to later slices only; here a currency stays once
//! anything was ordered under it. Who keeps credit reacts to `program.terms_changed` and `channel.terms_changed`.

use super::terms::{self, Level, Place, Setting, Term, TermChange, TermName};
use super::{channel_store, channels, store};
use crate::access::{Caller, Need, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::{ChannelId, MerchantId};
use crate::merchants;
use crate::outbox::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_store::Tx;

/// Whether the changes touch the currency.
fn moves_currency(before: &[Term], after: &[Term]) -> bool {
    let currency = |terms: &[Term]| terms.iter().find(|term| term.name == TermName::Currency).cloned();
    currency(before) != currency(after)
}

fn currency_in_use() -> Refusal {
    Refusal::conflict("currency_in_use", "Orders were placed or balance was topped up already; set the currency of a partnership instead.").at("/currency")
}

/// Changes terms of the merchant's program.
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

#[async_trait::async_trait]
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
        terms::validate(Level::Program, &self.changes, None)?;
        if self.changes.iter().any(|change| change.name == TermName::Currency && change.to == Setting::Inherit) {
            return Err(Refusal::invalid("invalid_field", "The program must have a currency.").at("/currency").into());
        }
        let before = terms::load(tx, scope.merchant, Place::Program).await?;
        let after = terms::apply(&before, &self.changes);
        if moves_currency(&before, &after) && store::uses_currency(tx, scope.merchant, None).await? {
            return Err(currency_in_use().into());
        }
        // From here on it must succeed.
        terms::write(tx, scope.merchant, Place::Program, &self.changes).await?;
        let entry = AuditEntry::new(scope.merchant, "program.terms_changed", merchant.id);
        ctx.audit(entry.before(terms::audit_json(&before)).after(terms::audit_json(&after)));
        ctx.announce(Event::new(scope.merchant, "program.terms_changed", merchant.id, json!({"merchant": merchant.id})));
        Ok(ProgramChanged { merchant: merchant.id })
    }
}

/// Changes terms of a channel.
#[derive(Clone, Debug)]
pub struct ChangeChannelTerms {
    /// Which.
    pub channel: ChannelId,
    /// What changes.
    pub changes: Vec<TermChange>,
}

#[async_trait::async_trait]
impl Command for ChangeChannelTerms {
    const NAME: &'static str = "channels.change_terms";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "invalid_field", "currency_mismatch", "currency_in_use"];
    type Outcome = channels::ChannelChanged;

    fn need(&self) -> Need {
        Need::Right(Right::MerchantManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<channels::ChannelChanged, No> {
        let merchant = ctx.caller().merchant()?.merchant;
        let place = Place::Channel(self.channel);
        channel_store::lock(tx, merchant, self.channel).await?.ok_or_else(Refusal::not_found)?;
        terms::validate(Level::Channel, &self.changes, None)?;
        let before = terms::load(tx, merchant, place).await?;
        let after = terms::apply(&before, &self.changes);
        if moves_currency(&before, &after) && store::uses_currency(tx, merchant, Some(self.channel)).await? {
            return Err(currency_in_use().into());
        }
        // From here on it must succeed.
        terms::write(tx, merchant, place, &self.changes).await?;
        let entry = AuditEntry::new(merchant, "channel.terms_changed", self.channel);
        ctx.audit(entry.before(terms::audit_json(&before)).after(terms::audit_json(&after)));
        ctx.announce(Event::new(merchant, "channel.terms_changed", self.channel, json!({"channel": self.channel})));
        Ok(channels::ChannelChanged { channel: self.channel })
    }
}
