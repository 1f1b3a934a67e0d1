//! The people of the reseller's company: who they are, what each may do, adding, changing and removing them (PAR-14).

use super::spending;
use crate::files::Plain;
use crate::forms::{Typed, question};
use crate::lists::{Cell, List};
use crate::room::{Room, Spot, done};
use crate::shared::{people as shared, views};
use maud::{Markup, html};
use tradepost_design::badge::tag;
use tradepost_design::card::Card;
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Language};
use tradepost_domain::access::ResellerRole;
use tradepost_domain::identity::full_name;
use tradepost_domain::orders::spending::Spendings;
use tradepost_domain::partners::queries::{self, UserView};
use tradepost_domain::partners::{AddResellerMember, ChangeResellerMember, RemoveResellerMember};
use tradepost_domain::saved_views::ListName;
use tradepost_domain::{PersonId, Right};
use tradepost_kernel::text::Email;
use tradepost_web::api::approvals;
use tradepost_web::api::users::{PeopleSort, by_name};
use tradepost_web::fields::Line;
use tradepost_web::{Answer, Call, OrNotFound, Problem, Routes, input};

input! {
    /// The form of a new user of the company.
    pub struct ResellerUserForm {
        /// Their address.
        pub email: Email,
        /// First name, used where the address is new.
        pub first_name: Line<100>,
        /// Last name, used where the address is new.
        pub last_name: Line<100>,
        /// What they may do.
        pub role: ResellerRole,
    }

    /// The form of another role.
    pub struct ResellerRoleForm {
        /// What they may do from now on.
        pub role: ResellerRole,
    }
}

async fn users(call: &Call, room: &Room) -> Result<Vec<UserView>, Problem> {
    let reseller = room.caller.reseller()?;
    call.read(move |reader| Box::pin(async move { queries::users(reader, reseller).await })).await
}

/// The user that stands in the path, and whether they are the only owner.
async fn one(call: &Call, room: &Room) -> Result<(UserView, bool), Problem> {
    let id: PersonId = call.path("id")?;
    let users = users(call, room).await?;
    let last = is_last_owner(&users, id);
    let user = users.into_iter().find(|user| user.person == id).or_not_found()?;
    Ok((user, last))
}

/// Somebody has to stay the owner.
fn is_last_owner(users: &[UserView], id: PersonId) -> bool {
    let mut owners = users.iter().filter(|user| user.role == ResellerRole::Owner);
    owners.next().is_some_and(|owner| owner.person == id) && owners.next().is_none()
}

fn name(user: &UserView) -> String {
    full_name(&user.first_name, &user.last_name)
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let roles = ResellerRole::ALL.iter().map(|role| (role.name().to_owned(), shared::reseller_role(&room.look, *role).0.to_owned())).collect();
    let list = List::new(&room, &call, "people").searches().filter("role", roles);
    // The pages that save one are those of a program that trades.
    let list = if room.may_trade() { list.views(views::of(&call, ListName::People).await?) } else { list };
    let mut users = users(&call, &room).await?;
    if list.asked("sort") == Some(PeopleSort::Name.name()) {
        by_name(&mut users, name);
    }
    let searched = list.searched().map(|text| text.to_lowercase());
    let role = list.asked("role").and_then(ResellerRole::from_name);
    let fits = |user: &&UserView| {
        let found = |text: &str| format!("{} {}", name(user), user.email).to_lowercase().contains(text);
        role.is_none_or(|role| user.role == role) && searched.as_deref().is_none_or(found)
    };
    // What each may order is a matter of a program that trades.
    let (known, rule) = if room.may_trade() {
        let people = users.iter().map(|user| user.person).collect();
        (Some(approvals::of(&call, people).await?), Some(spending::rule(&call, &room).await?))
    } else {
        (None, None)
    };
    let rows = users.iter().filter(fits).map(|user| cells(&room, user, is_last_owner(&users, user.person), known.as_ref())).collect();
    let columns = vec![
        list.sorting(Column::new(room.t("Name", "Name")), PeopleSort::Name.name(), true),
        Column::new(room.t("Address", "Adresse")),
        Column::new(room.t("Role", "Rolle")),
        Column::new(room.t("May order per month", "Darf im Monat bestellen")),
        Column::new(room.t("Since", "Seit")),
        Column::right(""),
    ];
    let add = Button::new(room.t("Add person", "Person aufnehmen")).primary().icon(Icon::Add).opens_dialog().to(&room.path("/people/new"));
    let approval = Button::new(room.t("Approval of orders", "Genehmigung von Bestellungen")).icon(Icon::Lock).opens_dialog().to(&room.path("/people/approval"));
    let transfer = Button::new(room.t("Transfer ownership", "Inhaberschaft übergeben")).opens_dialog().to(&room.path("/people/transfer"));
    let text = room.t("They work in all programs of your company.", "Sie arbeiten in allen Programmen Ihrer Firma.");
    let text = rule.map_or_else(|| text.to_owned(), |rule| format!("{text} {rule}"));
    let acts = html! {
        @if room.may_trade() && room.may(Right::OrdersApprove) { (approval) }
        @if users.len() > 1 && room.may(Right::ResellerPeopleManage) { (transfer) }
        (Button::new(room.t("Role permissions", "Berechtigungen der Rollen")).icon(Icon::Help).to(&room.path("/people/roles")))
        @if room.may(Right::ResellerPeopleManage) { (add) }
    };
    let head = Head { crumbs: &[], title: room.t("People", "Personen"), state: None, text: Some(&text), acts: Some(acts) };
    list.answer(&call, Spot::People, &head, columns, rows, None)
}

fn cells(room: &Room, user: &UserView, last: bool, known: Option<&Spendings>) -> Vec<Cell> {
    let role = shared::reseller_role(&room.look, user.role).0;
    let path = room.path(&format!("/people/{}", user.person));
    let stays = room.t("The last owner stays: make somebody else an owner first.", "Der letzte Inhaber bleibt: Machen Sie zuerst jemand anderen zum Inhaber.");
    let button = |text: &'static str| {
        let button = Button::new(text).small().quiet();
        if last { button.off(stays) } else { button.opens_dialog() }
    };
    let (change, remove) = (button(room.t("Change role", "Rolle ändern")), button(room.t("Remove", "Entfernen")));
    let limits = known.is_some() && user.role != ResellerRole::Owner && room.may(Right::OrdersApprove);
    let limit = Button::new(room.t("Limit", "Grenze")).small().quiet().opens_dialog().to(&format!("{path}/limit"));
    let acts = html! {
        @if limits { (limit) }
        @if room.may(Right::ResellerPeopleManage) { (change.to(&format!("{path}/role"))) (remove.to(&format!("{path}/remove"))) }
    };
    vec![
        Cell::person(&name(user), (user.person == room.person()).then(|| room.t("You", "Sie"))),
        Cell::text(&user.email),
        Cell::shown_as(tag(role), Plain::Exact(role.to_owned())),
        known.map_or_else(Cell::empty, |known| Cell::text(&spending::words(room, known, user))),
        Cell::moment(room, user.since),
        Cell::acts(acts),
    ]
}

async fn roles(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let back = room.path("/people");
    let crumbs = [(room.t("People", "Personen"), back.as_str())];
    let title = room.t("Role permissions", "Berechtigungen der Rollen");
    let inside = Card::new(room.t("Roles", "Rollen"))
        .text(room.t(
            "API keys hold some of these rights, each exactly those that were ticked.",
            "API-Schlüssel haben einige dieser Rechte, jeder genau die angekreuzten.",
        ))
        .around(shared::table(&room));
    Ok(room.page(Spot::People, &Head { crumbs: &crumbs, title, state: None, text: None, acts: None }, &inside))
}

async fn begin(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    Ok(begin_page(&call, &room, &Typed::new([("role", ResellerRole::Seller.name().to_owned())])))
}

fn begin_page(call: &Call, room: &Room, typed: &Typed) -> Answer {
    let title = room.t("Add person", "Person aufnehmen");
    let fields = html! {
        (typed.field("email", room.t("E-mail address", "E-Mail-Adresse")).hint(room.t("One e-mail goes there, with a link to sign in.", "Dorthin geht eine E-Mail mit einem Link zur Anmeldung.")).whole().input("email"))
        (typed.field("first_name", room.t("First name", "Vorname")).text())
        (typed.field("last_name", room.t("Last name", "Nachname")).text())
        (role_field(room, typed))
    };
    let act = Button::new(room.t("Add", "Aufnehmen")).primary();
    room.dialog(Spot::People, title, &question(call, &room.look, title, &fields, typed, &room.path("/people"), &act, &room.path("/people")))
}

fn role_field(room: &Room, typed: &Typed) -> Markup {
    typed.field("role", room.t("Role", "Rolle")).whole().radios(&shared::reseller_choices(&room.look))
}

async fn add(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let added = match call.form::<ResellerUserForm>() {
        Ok(form) => {
            let ResellerUserForm { email, first_name, last_name, role } = form;
            call.execute(AddResellerMember { email, first_name: first_name.into_string(), last_name: last_name.into_string(), role }).await.map(drop)
        }
        Err(no) => Err(no),
    };
    match added {
        Ok(()) => Ok(done(&call, &room.path("/people"), room.t("Added. An e-mail is on its way.", "Aufgenommen. Eine E-Mail ist unterwegs."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(begin_page(&call, &room, &typed).with_status(status))
        }
    }
}

async fn ask_role(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (user, _) = one(&call, &room).await?;
    Ok(role_page(&call, &room, &user, &Typed::new([("role", user.role.name().to_owned())])))
}

fn role_page(call: &Call, room: &Room, user: &UserView, typed: &Typed) -> Answer {
    let title = match room.look.language {
        Language::English => format!("Role of {}", name(user)),
        Language::German => format!("Rolle von {}", name(user)),
    };
    let act = Button::new(room.t("Save", "Speichern")).primary();
    let action = room.path(&format!("/people/{}/role", user.person));
    room.dialog(Spot::People, &title, &question(call, &room.look, &title, &role_field(room, typed), typed, &action, &act, &room.path("/people")))
}

async fn set_role(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let person: PersonId = call.path("id")?;
    let changed = match call.form::<ResellerRoleForm>() {
        Ok(form) => call.execute(ChangeResellerMember { person, role: form.role }).await.map(drop),
        Err(no) => Err(no),
    };
    match changed {
        Ok(()) => Ok(done(&call, &room.path("/people"), room.t("Role changed.", "Rolle geändert."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            let (user, _) = one(&call, &room).await?;
            Ok(role_page(&call, &room, &user, &typed).with_status(status))
        }
    }
}

async fn ask_remove(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (user, _) = one(&call, &room).await?;
    Ok(remove_page(&call, &room, &user, &Typed::default()))
}

fn remove_page(call: &Call, room: &Room, user: &UserView, typed: &Typed) -> Answer {
    let name = name(user);
    let (title, loss) = match room.look.language {
        Language::English => (format!("Remove {name}"), "loses access to all programs of your company at once. Orders and their history stay."),
        Language::German => (format!("{name} entfernen"), "verliert sofort den Zugang zu allen Programmen Ihrer Firma. Bestellungen und ihr Verlauf bleiben."),
    };
    let text = html! {
        p { (name) " (" (user.email) ") " (loss) }
        @if user.person == room.person() { p { strong { (room.t("This is you.", "Das sind Sie selbst.")) } } }
    };
    let act = Button::new(room.t("Remove", "Entfernen")).danger();
    let action = room.path(&format!("/people/{}/remove", user.person));
    room.dialog(Spot::People, &title, &question(call, &room.look, &title, &text, typed, &action, &act, &room.path("/people")))
}

async fn remove(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let person: PersonId = call.path("id")?;
    match call.execute(RemoveResellerMember { person }).await {
        Ok(_) => {
            // Who removed themselves has no way back to this page.
            let place = if person == room.person() { "/workspaces".to_owned() } else { room.path("/people") };
            Ok(done(&call, &place, room.t("Removed.", "Entfernt.")))
        }
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            let (user, _) = one(&call, &room).await?;
            Ok(remove_page(&call, &room, &user, &typed).with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/r/{partnership}/people", "peoplePage", list).needs(Right::ResellerPeopleRead).page().inactive_ok();
    r.get("/r/{partnership}/people/roles", "rolesPage", roles).needs(Right::ResellerPeopleRead).page().inactive_ok();
    r.get("/r/{partnership}/people/new", "newUserPage", begin).needs(Right::ResellerPeopleManage).fresh().page().inactive_ok();
    r.post("/r/{partnership}/people", "addUserForm", add)
        .needs(Right::ResellerPeopleManage)
        .fresh()
        .page()
        .inactive_ok()
        .form::<ResellerUserForm>()
        .command::<AddResellerMember>();
    r.get("/r/{partnership}/people/{id}/role", "userRolePage", ask_role).needs(Right::ResellerPeopleManage).fresh().page().inactive_ok();
    r.post("/r/{partnership}/people/{id}/role", "changeUserForm", set_role)
        .needs(Right::ResellerPeopleManage)
        .fresh()
        .page()
        .inactive_ok()
        .form::<ResellerRoleForm>()
        .command::<ChangeResellerMember>();
    r.get("/r/{partnership}/people/{id}/remove", "removeUserPage", ask_remove).needs(Right::ResellerPeopleManage).fresh().page().inactive_ok();
    r.post("/r/{partnership}/people/{id}/remove", "removeUserForm", remove)
        .needs(Right::ResellerPeopleManage)
        .fresh()
        .page()
        .inactive_ok()
        .command::<RemoveResellerMember>();
}
