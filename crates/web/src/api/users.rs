//! A merchant's staff and a reseller's users (PAR-14).

use crate::answer::Answer;
use crate::call::Call;
use crate::fields::Line;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::view::ListView;
use crate::{choices, input, named_choice, view};
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_domain::identity::full_name;
use tradepost_domain::merchants::{self, AddMerchantMember, ChangeMerchantMember, RemoveMerchantMember};
use tradepost_domain::partners::{self, AddResellerMember, ChangeResellerMember, RemoveResellerMember};
use tradepost_domain::{PersonId, Right};
use tradepost_kernel::Timestamp;
use tradepost_kernel::text::{Email, folded};

named_choice!(MerchantRole, ResellerRole);

choices! {
    /// In what order people are listed.
    pub enum PeopleSort {
        /// By first and last name.
        Name = "name",
    }
}

/// Sorts people by their names, whatever their case.
pub fn by_name<T>(people: &mut [T], name: impl Fn(&T) -> String) {
    people.sort_by_cached_key(|one| folded(&name(one)));
}

view! {
    /// A member of the merchant's staff.
    pub struct StaffMember {
        /// The person.
        pub id: PersonId,
        /// Their address.
        pub email: String,
        /// First name.
        pub first_name: String,
        /// Last name.
        pub last_name: String,
        /// What they may do.
        pub role: MerchantRole,
        /// Since when.
        pub created_at: Timestamp,
    }

    /// A user of the reseller.
    pub struct ResellerUser {
        /// The person.
        pub id: PersonId,
        /// Their address.
        pub email: String,
        /// First name.
        pub first_name: String,
        /// Last name.
        pub last_name: String,
        /// What they may do.
        pub role: ResellerRole,
        /// Since when.
        pub created_at: Timestamp,
    }

    /// The person that was added or changed.
    pub struct MemberId {
        /// The person.
        pub id: PersonId,
    }
}

input! {
    /// How people are listed.
    pub struct PeopleQuery {
        /// In what order: those whose account is older first where nothing is said.
        pub sort: Option<PeopleSort>,
    }

    /// A new member of staff; one access mail goes to them.
    pub struct NewStaffMember {
        /// Their address.
        pub email: Email,
        /// First name, used where the address is new.
        pub first_name: Line<100>,
        /// Last name, used where the address is new.
        pub last_name: Line<100>,
        /// What they may do; only an owner makes owners.
        pub role: MerchantRole,
    }

    /// Another role in the staff.
    pub struct StaffChange {
        /// What they may do.
        pub role: MerchantRole,
    }

    /// A new user; one access mail goes to them.
    pub struct NewResellerUser {
        /// Their address.
        pub email: Email,
        /// First name, used where the address is new.
        pub first_name: Line<100>,
        /// Last name, used where the address is new.
        pub last_name: Line<100>,
        /// What they may do.
        pub role: ResellerRole,
    }

    /// Another role in the company.
    pub struct ResellerUserChange {
        /// What they may do.
        pub role: ResellerRole,
    }
}

async fn staff(call: Call) -> Result<Answer, Problem> {
    let (scope, query) = (call.merchant()?, call.query::<PeopleQuery>()?);
    let mut found = call.read(move |reader| Box::pin(async move { merchants::queries::staff(reader, scope).await })).await?;
    if query.sort.is_some() {
        by_name(&mut found, |member| full_name(&member.first_name, &member.last_name));
    }
    let show = |m: merchants::queries::StaffView| StaffMember {
        id: m.person,
        email: m.email,
        first_name: m.first_name,
        last_name: m.last_name,
        role: m.role,
        created_at: m.since,
    };
    Ok(Answer::ok(&ListView { data: found.into_iter().map(show).collect(), next_cursor: None }))
}

async fn add_staff(call: Call) -> Result<Answer, Problem> {
    let merchant = call.merchant()?.merchant;
    let NewStaffMember { email, first_name, last_name, role } = call.body()?;
    let command = AddMerchantMember { merchant, email, first_name: first_name.into_string(), last_name: last_name.into_string(), role };
    let id = call.execute(command).await?.outcome.person;
    Ok(Answer::created(&MemberId { id }, &call.location(id)))
}

async fn change_staff(call: Call) -> Result<Answer, Problem> {
    let merchant = call.merchant()?.merchant;
    let StaffChange { role } = call.body()?;
    let id = call.execute(ChangeMerchantMember { merchant, person: call.path("id")?, role }).await?.outcome.person;
    Ok(Answer::ok(&MemberId { id }))
}

async fn remove_staff(call: Call) -> Result<Answer, Problem> {
    let merchant = call.merchant()?.merchant;
    call.execute(RemoveMerchantMember { merchant, person: call.path("id")? }).await?;
    Ok(Answer::no_content())
}

async fn users(call: Call) -> Result<Answer, Problem> {
    let (reseller, query) = (call.caller().reseller()?, call.query::<PeopleQuery>()?);
    let mut found = call.read(move |reader| Box::pin(async move { partners::queries::users(reader, reseller).await })).await?;
    if query.sort.is_some() {
        by_name(&mut found, |user| full_name(&user.first_name, &user.last_name));
    }
    let show = |u: partners::queries::UserView| ResellerUser {
        id: u.person,
        email: u.email,
        first_name: u.first_name,
        last_name: u.last_name,
        role: u.role,
        created_at: u.since,
    };
    Ok(Answer::ok(&ListView { data: found.into_iter().map(show).collect(), next_cursor: None }))
}

async fn add_user(call: Call) -> Result<Answer, Problem> {
    let NewResellerUser { email, first_name, last_name, role } = call.body()?;
    let command = AddResellerMember { email, first_name: first_name.into_string(), last_name: last_name.into_string(), role };
    let id = call.execute(command).await?.outcome.person;
    Ok(Answer::created(&MemberId { id }, &call.location(id)))
}

async fn change_user(call: Call) -> Result<Answer, Problem> {
    let ResellerUserChange { role } = call.body()?;
    let id = call.execute(ChangeResellerMember { person: call.path("id")?, role }).await?.outcome.person;
    Ok(Answer::ok(&MemberId { id }))
}

async fn remove_user(call: Call) -> Result<Answer, Problem> {
    call.execute(RemoveResellerMember { person: call.path("id")? }).await?;
    Ok(Answer::no_content())
}

pub(super) fn routes(r: &mut Routes) {
    let tag = "Users";
    r.get("/v1/merchant/users", "listStaff", staff)
        .tag(tag)
        .doc("Lists the staff.")
        .needs(Right::MerchantRead)
        .query::<PeopleQuery>()
        .answers::<ListView<StaffMember>>(200);
    r.post("/v1/merchant/users", "addStaff", add_staff)
        .tag(tag)
        .doc("Lets a person into the staff; one access mail goes to them.")
        .needs(Right::PeopleManage)
        .fresh()
        .body::<NewStaffMember>()
        .answers::<MemberId>(201)
        .command::<AddMerchantMember>();
    r.patch("/v1/merchant/users/{id}", "changeStaff", change_staff)
        .tag(tag)
        .doc("Gives a member of staff another role.")
        .needs(Right::PeopleManage)
        .fresh()
        .body::<StaffChange>()
        .answers::<MemberId>(200)
        .command::<ChangeMerchantMember>();
    r.delete("/v1/merchant/users/{id}", "removeStaff", remove_staff)
        .tag(tag)
        .doc("Takes a person out of the staff.")
        .needs(Right::PeopleManage)
        .fresh()
        .answers_nothing(204)
        .command::<RemoveMerchantMember>();
    r.get("/v1/reseller/users", "listUsers", users)
        .tag(tag)
        .doc("Lists your company's users.")
        .needs(Right::ResellerPeopleRead)
        .inactive_ok()
        .query::<PeopleQuery>()
        .answers::<ListView<ResellerUser>>(200);
    r.post("/v1/reseller/users", "addUser", add_user)
        .tag(tag)
        .doc("Lets a person into your company; one access mail goes to them.")
        .needs(Right::ResellerPeopleManage)
        .fresh()
        .inactive_ok()
        .body::<NewResellerUser>()
        .answers::<MemberId>(201)
        .command::<AddResellerMember>();
    r.patch("/v1/reseller/users/{id}", "changeUser", change_user)
        .tag(tag)
        .doc("Gives a user another role.")
        .needs(Right::ResellerPeopleManage)
        .fresh()
        .inactive_ok()
        .body::<ResellerUserChange>()
        .answers::<MemberId>(200)
        .command::<ChangeResellerMember>();
    r.delete("/v1/reseller/users/{id}", "removeUser", remove_user)
        .tag(tag)
        .doc("Takes a user out of your company.")
        .needs(Right::ResellerPeopleManage)
        .fresh()
        .inactive_ok()
        .answers_nothing(204)
        .command::<RemoveResellerMember>();
}
