//! An owner hands a reseller's company over to another of its users (PAR-14).

use super::members::users;
use super::reseller_store as store;
use crate::access::{Need, ResellerRole, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::identity::members::{MemberChanged, may_own};
use crate::ids::PersonId;
use crate::outbox::Event;
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_store::Tx;

/// Makes another user an owner and the caller a seller, in one step, in all programs of the company. Other owners stay owners.
#[derive(Clone, Copy, Debug)]
pub struct TransferReseller {
    /// Who becomes an owner.
    pub to: PersonId,
}

#[async_trait::async_trait]
impl Command for TransferReseller {
    const NAME: &'static str = "resellers.transfer";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "already_yours", "address_not_confirmed"];
    type Outcome = MemberChanged;

    fn need(&self) -> Need {
        Need::Right(Right::ResellerPeopleManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<MemberChanged, No> {
        let reseller = ctx.caller().reseller()?;
        let no = || Refusal::forbidden("forbidden", "Only an owner hands a company over.");
        let from = ctx.caller().person().ok_or_else(no)?;
        let users = users(tx, reseller).await?;
        users.role(self.to)?;
        if users.role(from)? != ResellerRole::Owner {
            return Err(no().into());
        }
        may_own(tx, from, self.to).await?;
        // From here on it must succeed.
        store::update_member(tx, reseller, self.to, ResellerRole::Owner).await?;
        store::update_member(tx, reseller, from, ResellerRole::Seller).await?;
        ctx.audit(AuditEntry::new(0, "reseller.ownership_transferred", reseller).before(json!({"owner": from})).after(json!({"owner": self.to})));
        ctx.announce(Event::new(0, "reseller.ownership_transferred", reseller, json!({"reseller": reseller, "from": from, "to": self.to})));
        Ok(MemberChanged { person: self.to })
    }
}
