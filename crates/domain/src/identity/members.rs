//! Who belongs to a company, and as what (PAR-14): the rules that a merchant's staff and a reseller's users share.

use crate::command::No;
use crate::ids::PersonId;
use serde::{Deserialize, Serialize};
use tradepost_kernel::Refusal;
use tradepost_store::Reader;

/// The member that was added, changed or removed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct MemberChanged {
    /// Who.
    pub person: PersonId,
}

/// The members of one company, loaded under its lock, so that two owners cannot remove each other.
#[derive(Clone, Debug)]
pub(crate) struct Members<R> {
    owner: R,
    roles: Vec<(PersonId, R)>,
}

impl<R: Copy + PartialEq> Members<R> {
    /// `owner` is the role that somebody must hold.
    pub(crate) const fn new(owner: R, roles: Vec<(PersonId, R)>) -> Self {
        Self { owner, roles }
    }

    /// Whether a person belongs to the company.
    pub(crate) fn include(&self, person: PersonId) -> bool {
        self.roles.iter().any(|(member, _)| *member == person)
    }

    /// What a member may do.
    ///
    /// # Errors
    /// `not_found` where they are none.
    pub(crate) fn role(&self, person: PersonId) -> Result<R, Refusal> {
        self.roles.iter().find(|(member, _)| *member == person).map(|(_, role)| *role).ok_or_else(Refusal::not_found)
    }

    /// Whether a member may get another role, or (`None`) leave: an owner stays.
    ///
    /// # Errors
    /// `last_owner`.
    pub(crate) fn may_become(&self, person: PersonId, role: Option<R>) -> Result<(), Refusal> {
        let is_owner = |member: &PersonId, held: &R| *held == self.owner && (*member != person || role == Some(self.owner));
        let was_owner = self.roles.iter().any(|(member, held)| *member == person && *held == self.owner);
        if !was_owner || self.roles.iter().any(|(member, held)| is_owner(member, held)) {
            return Ok(());
        }
        Err(Refusal::conflict("last_owner", "This is the last owner; make somebody else an owner first."))
    }
}

/// Whether somebody may be made an owner in another's place: not oneself, and nobody who never showed that the address is theirs.
///
/// # Errors
/// `already_yours`, `address_not_confirmed`.
pub(crate) async fn may_own(reader: &mut Reader<'_>, from: PersonId, to: PersonId) -> Result<(), No> {
    if from == to {
        return Err(Refusal::conflict("already_yours", "You own it already: name somebody else.").into());
    }
    let person = super::queries::person(reader, to).await?.ok_or_else(Refusal::not_found)?;
    if person.confirmed.is_none() {
        let detail = "This person never signed in by the link that they were sent; they have to first.";
        return Err(Refusal::conflict("address_not_confirmed", detail).into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PAR-14
    #[test]
    fn the_last_owner_stays() {
        let person = |n: u8| PersonId::from_bytes([n; 16]);
        let code = |no: Result<(), Refusal>| no.map_err(|no| no.code);
        let one = Members::new("owner", vec![(person(1), "owner"), (person(2), "admin")]);
        assert_eq!([code(one.may_become(person(1), None)), code(one.may_become(person(1), Some("admin")))], [Err("last_owner"); 2]);
        assert_eq!([code(one.may_become(person(1), Some("owner"))), code(one.may_become(person(2), None))], [Ok(()); 2]);
        let two = Members::new("owner", vec![(person(1), "owner"), (person(2), "owner")]);
        assert_eq!([code(two.may_become(person(1), None)), code(two.may_become(person(2), Some("admin")))], [Ok(()); 2]);
        assert!(one.include(person(2)) && !one.include(person(3)));
        assert_eq!((one.role(person(2)), one.role(person(3)).map_err(|no| no.code)), (Ok("admin"), Err("not_found")));
    }
}
