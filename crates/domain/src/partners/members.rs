//! A reseller's users and its own profile (PAR-2, PAR-14). Both belong to the company, not to one program: a
//! partnership's key does not reach them.

use super::enroll::Profile;
use super::{queries, reseller_store as store, spending_store};
use crate::access::{Need, ResellerRole, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::identity;
use crate::identity::members::{MemberChanged, Members};
use crate::ids::{PersonId, ResellerId};
use crate::merchants::update::stale;
use crate::outbox::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_kernel::text::Email;
use tradepost_store::{Fault, Tx};

/// Locks the company and says who its users are.
pub(super) async fn users(tx: &mut Tx<'_>, reseller: ResellerId) -> Result<Members<ResellerRole>, Fault> {
    store::lock(tx, reseller).await?;
    let users = queries::users(tx, reseller).await?;
    Ok(Members::new(ResellerRole::Owner, users.into_iter().map(|user| (user.person, user.role)).collect()))
}

/// Lets a person into the caller's company; one access mail goes to them.
#[derive(Clone, Debug)]
pub struct AddResellerMember {
    /// Their address.
    pub email: Email,
    /// First name, used where the address is new.
    pub first_name: String,
    /// Last name, used where the address is new.
    pub last_name: String,
    /// What they may do.
    pub role: ResellerRole,
}

#[async_trait::async_trait]
impl Command for AddResellerMember {
    const NAME: &'static str = "resellers.add_member";
    const REFUSALS: &'static [&'static str] = &["forbidden", "member_exists"];
    type Outcome = MemberChanged;

    fn need(&self) -> Need {
        Need::Right(Right::ResellerPeopleManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<MemberChanged, No> {
        let reseller = ctx.caller().reseller()?;
        let known = identity::queries::person_by_email(tx, &self.email.key()).await?;
        let users = users(tx, reseller).await?;
        if known.is_some_and(|known| users.include(known.id)) {
            return Err(Refusal::conflict("member_exists", "This person already is one of your users.").into());
        }
        // From here on it must succeed.
        let invited = identity::invite(ctx, tx, &self.email, &self.first_name, &self.last_name).await?;
        store::insert_member(tx, reseller, invited.person, self.role, ctx.now).await?;
        ctx.audit(AuditEntry::new(0, "reseller.member_added", reseller).after(json!({"person": invited.person, "role": self.role.name()})));
        let body = json!({"person": invited.person, "link": invited.link, "role": self.role.name()});
        ctx.announce(Event::new(0, "reseller.member_added", reseller, body));
        Ok(MemberChanged { person: invited.person })
    }
}

/// Gives a user of the caller's company another role.
#[derive(Clone, Copy, Debug)]
pub struct ChangeResellerMember {
    /// Who.
    pub person: PersonId,
    /// What they may do from now on.
    pub role: ResellerRole,
}

#[async_trait::async_trait]
impl Command for ChangeResellerMember {
    const NAME: &'static str = "resellers.change_member";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "last_owner"];
    type Outcome = MemberChanged;

    fn need(&self) -> Need {
        Need::Right(Right::ResellerPeopleManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<MemberChanged, No> {
        let reseller = ctx.caller().reseller()?;
        let users = users(tx, reseller).await?;
        let was = users.role(self.person)?;
        users.may_become(self.person, Some(self.role))?;
        // From here on it must succeed.
        store::update_member(tx, reseller, self.person, self.role).await?;
        let entry = AuditEntry::new(0, "reseller.member_changed", reseller);
        ctx.audit(entry.before(json!({"person": self.person, "role": was.name()})).after(json!({"person": self.person, "role": self.role.name()})));
        ctx.announce(Event::new(0, "reseller.member_changed", reseller, json!({"person": self.person, "role": self.role.name()})));
        Ok(MemberChanged { person: self.person })
    }
}

/// Takes a user out of the caller's company.
#[derive(Clone, Copy, Debug)]
pub struct RemoveResellerMember {
    /// Who.
    pub person: PersonId,
}

#[async_trait::async_trait]
impl Command for RemoveResellerMember {
    const NAME: &'static str = "resellers.remove_member";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "last_owner"];
    type Outcome = MemberChanged;

    fn need(&self) -> Need {
        Need::Right(Right::ResellerPeopleManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<MemberChanged, No> {
        let reseller = ctx.caller().reseller()?;
        let users = users(tx, reseller).await?;
        let was = users.role(self.person)?;
        users.may_become(self.person, None)?;
        // From here on it must succeed.
        store::delete_member(tx, reseller, self.person).await?;
        spending_store::delete_limits(tx, reseller, self.person).await?;
        ctx.audit(AuditEntry::new(0, "reseller.member_removed", reseller).before(json!({"person": self.person, "role": was.name()})));
        ctx.announce(Event::new(0, "reseller.member_removed", reseller, json!({"person": self.person})));
        Ok(MemberChanged { person: self.person })
    }
}

/// A reseller changes its own profile, for all its programs; the whole profile is given.
#[derive(Clone, Debug)]
pub struct UpdateReseller {
    /// The version that the change was made from, where it matters to the caller.
    pub version: Option<i64>,
    /// What the company says of itself from now on.
    pub profile: Profile,
}

/// The company that was changed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ResellerUpdated {
    /// Which.
    pub reseller: ResellerId,
}

#[async_trait::async_trait]
impl Command for UpdateReseller {
    const NAME: &'static str = "resellers.update";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "stale_version"];
    type Outcome = ResellerUpdated;

    fn need(&self) -> Need {
        Need::Right(Right::ResellerPeopleManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<ResellerUpdated, No> {
        let id = ctx.caller().reseller()?;
        store::lock(tx, id).await?;
        let before = queries::reseller(tx, id).await?.ok_or_else(Refusal::not_found)?;
        if self.version.is_some_and(|version| version != before.version) {
            return Err(stale().into());
        }
        let mut after = before.clone();
        let Profile { company, email, phone, street, city, postal_code, region, country, vat_id } = self.profile.clone();
        (after.company, after.email, after.phone, after.street, after.city) = (company, email.as_str().to_owned(), phone, street, city);
        (after.postal_code, after.region, after.country, after.vat_id) = (postal_code, region, country, vat_id);
        // From here on it must succeed.
        if after != before {
            store::update(tx, &after).await?;
            ctx.audit(AuditEntry::new(0, "reseller.updated", id).before(before.audit_json()).after(after.audit_json()));
            ctx.announce(Event::new(0, "reseller.updated", id, json!({"reseller": id})));
        }
        Ok(ResellerUpdated { reseller: id })
    }
}
