//! An owner hands a merchant over to another member of its staff (PAR-14).

use super::members::{in_own_house, staff};
use super::{queries, store};
use crate::access::{Caller, MerchantRole, Need, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::identity::members::{MemberChanged, may_own};
use crate::ids::PersonId;
use crate::outbox::Event;
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_store::Tx;

/// Makes another member of the staff an owner and the caller an admin, in one step: in the merchant, and where that is the live one in its sandbox
/// too. Other owners stay owners.
#[derive(Clone, Copy, Debug)]
pub struct TransferMerchant {
    /// Which.
    pub merchant: i64,
    /// Who becomes an owner.
    pub to: PersonId,
}

#[async_trait::async_trait]
impl Command for TransferMerchant {
    const NAME: &'static str = "merchants.transfer";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "already_yours", "address_not_confirmed"];
    type Outcome = MemberChanged;

    fn need(&self) -> Need {
        Need::Right(Right::MerchantOwn)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<MemberChanged, No> {
        in_own_house(ctx.caller(), self.merchant)?;
        let from = ctx.caller().person().ok_or_else(|| Refusal::forbidden("forbidden", "Only an owner hands a merchant over."))?;
        let house = queries::merchant(tx, self.merchant).await?.ok_or_else(Refusal::not_found)?;
        // The live one has the smaller number, so that both are locked in one order.
        let mut houses = vec![(self.merchant, staff(tx, self.merchant).await?)];
        if !house.test {
            houses.push((house.twin, staff(tx, house.twin).await?));
        }
        let here = &houses[0].1;
        here.role(self.to)?;
        if here.role(from)? != MerchantRole::Owner {
            return Err(Refusal::forbidden("forbidden", "Only an owner hands a merchant over.").into());
        }
        may_own(tx, from, self.to).await?;
        // From here on it must succeed.
        for (merchant, staff) in &houses {
            match staff.include(self.to) {
                true => store::update_member(tx, *merchant, self.to, MerchantRole::Owner).await?,
                false => store::insert_member(tx, *merchant, self.to, MerchantRole::Owner, ctx.now).await?,
            }
            if staff.include(from) {
                store::update_member(tx, *merchant, from, MerchantRole::Admin).await?;
            }
            ctx.audit(AuditEntry::new(*merchant, "member.ownership_transferred", self.to).before(json!({"owner": from})).after(json!({"owner": self.to})));
        }
        let body = json!({"merchant": house.id, "from": from, "to": self.to});
        ctx.announce(Event::new(self.merchant, "merchant.ownership_transferred", self.to, body));
        Ok(MemberChanged { person: self.to })
    }
}
