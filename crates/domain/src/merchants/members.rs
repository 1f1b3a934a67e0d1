//! A merchant's staff (PAR-14).

use super::{queries, store};
use crate::access::{Caller, MerchantRole, Need, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::identity::members::{MemberChanged, Members};
use crate::ids::PersonId;
use crate::outbox::Event;
use crate::{MerchantScope, identity};
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_kernel::text::Email;
use tradepost_store::{Fault, Tx, params, sql};

/// Only an owner (or the house) makes owners, and changes or removes them: no admin and no key takes a merchant over.
fn may_touch(caller: &Caller, roles: &[MerchantRole]) -> Result<(), Refusal> {
    let is_owner = matches!(caller, Caller::MerchantPerson { role: MerchantRole::Owner, .. } | Caller::Operator | Caller::System);
    if is_owner || !roles.contains(&MerchantRole::Owner) {
        return Ok(());
    }
    Err(Refusal::forbidden("forbidden", "Only an owner can add, change or remove an owner."))
}

/// Locks the merchant and says who is in its staff.
pub(super) async fn staff(tx: &mut Tx<'_>, merchant: i64) -> Result<Members<MerchantRole>, Fault> {
    let _: Option<(i64,)> = tx.query_opt(sql!("SELECT number FROM merchant WHERE number = $1 FOR UPDATE"), params![merchant]).await?;
    let staff = queries::staff(tx, MerchantScope { merchant }).await?;
    Ok(Members::new(MerchantRole::Owner, staff.into_iter().map(|member| (member.person, member.role)).collect()))
}

/// Lets a person into a merchant's staff; one access mail goes to them.
#[derive(Clone, Debug)]
pub struct AddMerchantMember {
    /// Whose staff.
    pub merchant: i64,
    /// Their address.
    pub email: Email,
    /// First name, used where the address is new.
    pub first_name: String,
    /// Last name, used where the address is new.
    pub last_name: String,
    /// What they may do.
    pub role: MerchantRole,
}

#[async_trait::async_trait]
impl Command for AddMerchantMember {
    const NAME: &'static str = "merchants.add_member";
    const REFUSALS: &'static [&'static str] = &["forbidden", "member_exists"];
    type Outcome = MemberChanged;

    fn need(&self) -> Need {
        Need::Right(Right::PeopleManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<MemberChanged, No> {
        in_own_house(ctx.caller(), self.merchant)?;
        may_touch(ctx.caller(), &[self.role])?;
        let known = identity::queries::person_by_email(tx, &self.email.key()).await?;
        let staff = staff(tx, self.merchant).await?;
        if known.is_some_and(|known| staff.include(known.id)) {
            return Err(Refusal::conflict("member_exists", "This person already is in your staff.").into());
        }
        // From here on it must succeed.
        let invited = identity::invite(ctx, tx, &self.email, &self.first_name, &self.last_name).await?;
        store::insert_member(tx, self.merchant, invited.person, self.role, ctx.now).await?;
        ctx.audit(AuditEntry::new(self.merchant, "member.added", invited.person).after(json!({"role": self.role.name()})));
        let body = json!({"person": invited.person, "link": invited.link, "role": self.role.name()});
        ctx.announce(Event::new(self.merchant, "merchant.member_added", invited.person, body));
        Ok(MemberChanged { person: invited.person })
    }
}

/// Gives a member of staff another role.
#[derive(Clone, Copy, Debug)]
pub struct ChangeMerchantMember {
    /// Whose staff.
    pub merchant: i64,
    /// Who.
    pub person: PersonId,
    /// What they may do from now on.
    pub role: MerchantRole,
}

#[async_trait::async_trait]
impl Command for ChangeMerchantMember {
    const NAME: &'static str = "merchants.change_member";
    const REFUSALS: &'static [&'static str] = &["not_found", "forbidden", "last_owner"];
    type Outcome = MemberChanged;

    fn need(&self) -> Need {
        Need::Right(Right::PeopleManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<MemberChanged, No> {
        in_own_house(ctx.caller(), self.merchant)?;
        let staff = staff(tx, self.merchant).await?;
        let was = staff.role(self.person)?;
        may_touch(ctx.caller(), &[was, self.role])?;
        staff.may_become(self.person, Some(self.role))?;
        // From here on it must succeed.
        store::update_member(tx, self.merchant, self.person, self.role).await?;
        let entry = AuditEntry::new(self.merchant, "member.changed", self.person);
        ctx.audit(entry.before(json!({"role": was.name()})).after(json!({"role": self.role.name()})));
        ctx.announce(Event::new(self.merchant, "merchant.member_changed", self.person, json!({"person": self.person, "role": self.role.name()})));
        Ok(MemberChanged { person: self.person })
    }
}

/// Takes a person out of a merchant's staff.
#[derive(Clone, Copy, Debug)]
pub struct RemoveMerchantMember {
    /// Whose staff.
    pub merchant: i64,
    /// Who.
    pub person: PersonId,
}

#[async_trait::async_trait]
impl Command for RemoveMerchantMember {
    const NAME: &'static str = "merchants.remove_member";
    const REFUSALS: &'static [&'static str] = &["not_found", "forbidden", "last_owner"];
    type Outcome = MemberChanged;

    fn need(&self) -> Need {
        Need::Right(Right::PeopleManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<MemberChanged, No> {
        in_own_house(ctx.caller(), self.merchant)?;
        let staff = staff(tx, self.merchant).await?;
        let was = staff.role(self.person)?;
        may_touch(ctx.caller(), &[was])?;
        staff.may_become(self.person, None)?;
        // From here on it must succeed.
        store::delete_member(tx, self.merchant, self.person).await?;
        ctx.audit(AuditEntry::new(self.merchant, "member.removed", self.person).before(json!({"role": was.name()})));
        ctx.announce(Event::new(self.merchant, "merchant.member_removed", self.person, json!({"person": self.person})));
        Ok(MemberChanged { person: self.person })
    }
}

/// The caller works for this merchant (or is the house).
pub(super) fn in_own_house(caller: &Caller, merchant: i64) -> Result<(), Refusal> {
    match caller {
        Caller::System | Caller::Operator => Ok(()),
        _ if caller.merchant()?.merchant == merchant => Ok(()),
        _ => Err(Refusal::forbidden("forbidden", "This is another merchant's.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(n: u8) -> PersonId {
        PersonId::from_bytes([n; 16])
    }

    /// PAR-14
    #[test]
    fn an_admin_makes_no_owner() {
        let caller = |role| Caller::MerchantPerson { person: person(1), name: "A".into(), merchant: 1, role };
        assert_eq!(may_touch(&caller(MerchantRole::Admin), &[MerchantRole::Owner]).map_err(|no| no.code), Err("forbidden"));
        assert_eq!(may_touch(&caller(MerchantRole::Admin), &[MerchantRole::Finance]), Ok(()));
        assert_eq!(may_touch(&caller(MerchantRole::Owner), &[MerchantRole::Owner]), Ok(()));
    }
}
