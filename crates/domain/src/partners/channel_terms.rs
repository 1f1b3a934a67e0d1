//! A channel's terms: what its partnerships inherit before the program's (PAR-11).

use super::program_terms::moves_currency;
use super::terms::{self, Place, TermChange};
use super::{queries, store};
use crate::access::{Need, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::ChannelId;
use crate::outbox::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_store::Tx;

/// Changes terms of a channel. Who keeps credit reacts to the event `channel.terms_changed`.
#[derive(Clone, Debug)]
pub struct ChangeChannelTerms {
    /// Which channel.
    pub channel: ChannelId,
    /// What changes.
    pub changes: Vec<TermChange>,
}

/// The channel whose terms changed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ChannelTermsChanged {
    /// Which.
    pub channel: ChannelId,
}

impl Command for ChangeChannelTerms {
    const NAME: &'static str = "channels.change_terms";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "invalid_field", "currency_mismatch", "currency_in_use"];
    type Outcome = ChannelTermsChanged;

    fn need(&self) -> Need {
        Need::Right(Right::PartnersManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<ChannelTermsChanged, No> {
        let scope = ctx.caller().merchant()?;
        queries::channel(tx, scope, self.channel).await?.ok_or_else(Refusal::not_found)?;
        terms::validate(&self.changes, None)?;
        let place = Place::Channel(self.channel);
        let before = terms::load(tx, scope.merchant, place).await?;
        let after = terms::apply(&before, &self.changes);
        if moves_currency(&before, &after) && store::has_ordered(tx, scope.merchant).await? {
            let detail = "Orders were placed already; set the currency of a partnership instead.";
            return Err(Refusal::conflict("currency_in_use", detail).at("/currency").into());
        }
        // From here it must succeed.
        terms::write(tx, scope.merchant, place, &self.changes).await?;
        let entry = AuditEntry::new(scope.merchant, "channel.terms_changed", self.channel);
        ctx.audit(entry.before(terms::audit_json(&before)).after(terms::audit_json(&after)));
        ctx.announce(Event::new(scope.merchant, "channel.terms_changed", self.channel, json!({"channel": self.channel})));
        Ok(ChannelTermsChanged { channel: self.channel })
    }
}
