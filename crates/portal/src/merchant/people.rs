//! The merchant's staff: who is in it, what each may do, letting people in and out (PAR-14).

use crate::forms::{Typed, question};
use crate::lists::{Cell, List};
use crate::room::{Room, Spot, done};
use crate::shared::{people, views};
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::Card;
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Language};
use tradepost_domain::access::MerchantRole;
use tradepost_domain::identity::full_name;
use tradepost_domain::merchants::queries::{self, StaffView};
use tradepost_domain::merchants::{AddMerchantMember, ChangeMerchantMember, RemoveMerchantMember};
use tradepost_domain::saved_views::ListName;
use tradepost_domain::{Caller, PersonId, Right};
use tradepost_kernel::text::Email;
use tradepost_web::api::users::{PeopleSort, by_name};
use tradepost_web::fields::Line;
use tradepost_web::{Answer, Call, OrNotFound, Problem, Routes, input};

input! {
    /// The form of a new member of staff.
    pub struct NewStaffForm {
        /// Their address.
        pub email: Email,
        /// First name, used where the address is new.
        pub first_name: Line<100>,
        /// Last name, used where the address is new.
        pub last_name: Line<100>,
        /// What they may do.
        pub role: MerchantRole,
    }

    /// The form of another role.
    pub struct StaffRoleForm {
        /// What they may do from now on.
        pub role: MerchantRole,
    }
}

async fn staff(call: &Call) -> Result<Vec<StaffView>, Problem> {
    let scope = call.merchant()?;
    call.read(move |reader| Box::pin(async move { queries::staff(reader, scope).await })).await
}

async fn member(call: &Call) -> Result<StaffView, Problem> {
    let person: PersonId = call.path("id")?;
    staff(call).await?.into_iter().find(|member| member.person == person).or_not_found()
}

fn name(member: &StaffView) -> String {
    let name = full_name(&member.first_name, &member.last_name);
    if name.is_empty() { member.email.clone() } else { name }
}

/// Whether the person who looks is an owner: only owners make owners, and change or remove them.
const fn is_owner(room: &Room) -> bool {
    matches!(room.caller, Caller::MerchantPerson { role: MerchantRole::Owner, .. })
}

/// The roles that the person who looks may give.
fn roles(room: &Room) -> Vec<(&'static str, &'static str, &'static str)> {
    let all = people::merchant_choices(&room.look);
    all.into_iter().filter(|(value, _, _)| is_owner(room) || *value != MerchantRole::Owner.name()).collect()
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let list = List::new(&room, &call, "people").searches().views(views::of(&call, ListName::People).await?);
    let mut all = staff(&call).await?;
    if list.asked("sort") == Some(PeopleSort::Name.name()) {
        by_name(&mut all, name);
    }
    let owners = all.iter().filter(|member| member.role == MerchantRole::Owner).count();
    let wanted = list.searched().map(|text| text.to_lowercase());
    let fits = |member: &&StaffView| {
        let text = format!("{} {}", name(member), member.email).to_lowercase();
        wanted.as_ref().is_none_or(|wanted| text.contains(wanted))
    };
    let columns = vec![
        list.sorting(Column::new(room.t("Person", "Person")), PeopleSort::Name.name(), true),
        Column::new(room.t("E-mail", "E-Mail")),
        Column::new(room.t("Role", "Rolle")),
        Column::new(room.t("Since", "Seit")),
        Column::new(""),
    ];
    let rows = all.iter().filter(fits).map(|member| row(&room, member, owners)).collect();
    let add = Button::new(room.t("Add a person", "Person hinzufügen")).primary().icon(Icon::Add).opens_dialog();
    let transfer = Button::new(room.t("Transfer ownership", "Inhaberschaft übergeben")).opens_dialog();
    let head = Head {
        crumbs: &[],
        title: room.t("People", "Personen"),
        state: None,
        text: Some(room.t("Who works for you here, and what each may do.", "Wer hier für Sie arbeitet, und was jeder darf.")),
        acts: Some(html! {
            @if all.len() > 1 && room.may(Right::MerchantOwn) { (transfer.to(&room.path("/people/transfer"))) }
            @if room.may(Right::PeopleManage) { (add.to(&room.path("/people/new"))) }
        }),
    };
    if list.asked("file").is_some() {
        return list.answer(&call, Spot::People, &head, columns, rows, None);
    }
    let inside = html! {
        (list.draw(&call, columns, rows, None))
        (Card::new(room.t("Role permissions", "Berechtigungen der Rollen")).around(people::table(&room)))
    };
    Ok(room.page(Spot::People, &head, &inside))
}

fn row(room: &Room, member: &StaffView, owners: usize) -> Vec<Cell> {
    let is_me = member.person == room.person();
    let shown = if is_me { format!("{} ({})", name(member), room.t("you", "Sie")) } else { name(member) };
    let tone = if member.role == MerchantRole::Owner { Tone::Info } else { Tone::Plain };
    vec![
        Cell::person(&shown, None),
        Cell::text(&member.email),
        Cell::badge(tone, people::merchant_role(&room.look, member.role).0),
        Cell::moment(room, member.since),
        Cell::acts(acts(room, member, owners)),
    ]
}

/// What can be done with a member: nothing with an owner by who is none, and the last owner stays.
fn acts(room: &Room, member: &StaffView, owners: usize) -> Markup {
    let owner = member.role == MerchantRole::Owner;
    let may = room.may(Right::PeopleManage) && (!owner || is_owner(room) && owners > 1);
    let path = room.path(&format!("/people/{}", member.person));
    html! {
        @if may {
            (Button::new(room.t("Change role", "Rolle ändern")).small().quiet().bare().icon(Icon::Edit).opens_dialog().to(&path))
            (Button::new(room.t("Remove", "Entfernen")).small().quiet().bare().icon(Icon::Delete).opens_dialog().to(&format!("{path}/remove")))
        }
    }
}

async fn begin(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let typed = Typed::new([("role", MerchantRole::Support.name().to_owned())]);
    Ok(new_page(&call, &room, &typed))
}

fn new_page(call: &Call, room: &Room, typed: &Typed) -> Answer {
    let title = room.t("Add a person", "Person hinzufügen");
    let fields = html! {
        (typed.field("email", room.t("E-mail address", "E-Mail-Adresse")).hint(room.t("They get one e-mail with a link that lets them in.", "Die Person bekommt eine E-Mail mit einem Link, der sie hereinlässt.")).whole().input("email"))
        (typed.field("first_name", room.t("First name", "Vorname")).text())
        (typed.field("last_name", room.t("Last name", "Nachname")).text())
        (typed.field("role", room.t("Role", "Rolle")).whole().radios(&roles(room)))
    };
    let path = room.path("/people");
    let add = Button::new(room.t("Add", "Hinzufügen")).primary();
    room.dialog(Spot::People, title, &question(call, &room.look, title, &fields, typed, &path, &add, &path))
}

async fn add(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    match add_from(&call).await {
        Ok(()) => Ok(done(
            &call,
            &room.path("/people"),
            room.t("Added. An e-mail with a link is on its way.", "Hinzugefügt. Eine E-Mail mit einem Link ist unterwegs."),
        )),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(new_page(&call, &room, &typed).with_status(status))
        }
    }
}

async fn add_from(call: &Call) -> Result<(), Problem> {
    let NewStaffForm { email, first_name, last_name, role } = call.form()?;
    let merchant = call.merchant()?.merchant;
    let command = AddMerchantMember { merchant, email, first_name: first_name.into_string(), last_name: last_name.into_string(), role };
    call.execute(command).await.map(drop)
}

async fn ask_change(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let member = member(&call).await?;
    let typed = Typed::new([("role", member.role.name().to_owned())]);
    Ok(role_page(&call, &room, &member, &typed))
}

fn role_page(call: &Call, room: &Room, member: &StaffView, typed: &Typed) -> Answer {
    let title = match room.look.language {
        Language::English => format!("Role of {}", name(member)),
        Language::German => format!("Rolle von {}", name(member)),
    };
    let fields = typed.field("role", room.t("Role", "Rolle")).whole().radios(&roles(room));
    let (path, back) = (room.path(&format!("/people/{}", member.person)), room.path("/people"));
    let save = Button::new(room.t("Save", "Speichern")).primary();
    room.dialog(Spot::People, &title, &question(call, &room.look, &title, &fields, typed, &path, &save, &back))
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    match change_from(&call).await {
        Ok(()) => Ok(done(&call, &room.path("/people"), room.t("Role changed.", "Rolle geändert."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            let member = member(&call).await?;
            Ok(role_page(&call, &room, &member, &typed).with_status(status))
        }
    }
}

async fn change_from(call: &Call) -> Result<(), Problem> {
    let StaffRoleForm { role } = call.form()?;
    call.execute(ChangeMerchantMember { merchant: call.merchant()?.merchant, person: call.path("id")?, role }).await.map(drop)
}

async fn ask_remove(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let member = member(&call).await?;
    Ok(remove_page(&call, &room, &member, &Typed::default()))
}

fn remove_page(call: &Call, room: &Room, member: &StaffView, typed: &Typed) -> Answer {
    let name = name(member);
    let title = match room.look.language {
        Language::English => format!("Remove {name}"),
        Language::German => format!("{name} entfernen"),
    };
    let text = if member.person == room.person() {
        room.t("You lose access to this workspace at once.", "Sie verlieren sofort den Zugang zu diesem Arbeitsbereich.")
    } else {
        room.t(
            "They lose access to this workspace at once. What they did stays in the audit trail.",
            "Die Person verliert sofort den Zugang zu diesem Arbeitsbereich. Was sie getan hat, bleibt im Protokoll.",
        )
    };
    let (path, back) = (room.path(&format!("/people/{}/remove", member.person)), room.path("/people"));
    let act = Button::new(room.t("Remove", "Entfernen")).danger();
    room.dialog(Spot::People, &title, &question(call, &room.look, &title, &html! { p { (text) } }, typed, &path, &act, &back))
}

async fn remove(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let person: PersonId = call.path("id")?;
    match call.execute(RemoveMerchantMember { merchant: call.merchant()?.merchant, person }).await {
        // Whoever left has no page here any more.
        Ok(_) if person == room.person() => Ok(done(&call, "/workspaces", room.t("You left.", "Sie sind ausgetreten."))),
        Ok(_) => Ok(done(&call, &room.path("/people"), room.t("Person removed.", "Person entfernt."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            let member = member(&call).await?;
            Ok(remove_page(&call, &room, &member, &typed).with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/people", "merchantPeoplePage", list).needs(Right::MerchantRead).page();
    r.get("/m/{merchant}/people/new", "merchantNewPersonPage", begin).needs(Right::PeopleManage).fresh().page();
    r.post("/m/{merchant}/people", "merchantAddPersonForm", add)
        .needs(Right::PeopleManage)
        .fresh()
        .page()
        .form::<NewStaffForm>()
        .command::<AddMerchantMember>();
    r.get("/m/{merchant}/people/{id}", "merchantPersonRolePage", ask_change).needs(Right::PeopleManage).fresh().page();
    r.post("/m/{merchant}/people/{id}", "merchantChangePersonForm", change)
        .needs(Right::PeopleManage)
        .fresh()
        .page()
        .form::<StaffRoleForm>()
        .command::<ChangeMerchantMember>();
    r.get("/m/{merchant}/people/{id}/remove", "merchantRemovePersonPage", ask_remove).needs(Right::PeopleManage).fresh().page();
    r.post("/m/{merchant}/people/{id}/remove", "merchantRemovePersonForm", remove).needs(Right::PeopleManage).fresh().page().command::<RemoveMerchantMember>();
}
