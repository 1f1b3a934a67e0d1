//! Handing an account over, the same in both workspaces: the question, and what comes of the answer (PAR-14). They differ by their command.

use crate::forms::{Typed, question};
use crate::room::{Room, Spot, done};
use maud::html;
use tradepost_design::Button;
use tradepost_domain::access::Side;
use tradepost_domain::identity::full_name;
use tradepost_domain::{Command, PersonId, merchants, partners};
use tradepost_web::{Answer, Call, Problem, input};

input! {
    /// The form of an account's next owner.
    pub struct TransferForm {
        /// Who.
        pub to: PersonId,
    }
}

/// Who works here beside the person who asks: they can be named.
async fn others(call: &Call, room: &Room) -> Result<Vec<(PersonId, String)>, Problem> {
    let shown = |first: &str, last: &str, email: &str| format!("{} ({email})", full_name(first, last));
    let people: Vec<(PersonId, String)> = match room.side {
        Side::Merchant => {
            let scope = call.merchant()?;
            let staff = call.read(move |reader| Box::pin(async move { merchants::queries::staff(reader, scope).await })).await?;
            staff.iter().map(|member| (member.person, shown(&member.first_name, &member.last_name, &member.email))).collect()
        }
        Side::Reseller => {
            let reseller = room.caller.reseller()?;
            let users = call.read(move |reader| Box::pin(async move { partners::queries::users(reader, reseller).await })).await?;
            users.iter().map(|user| (user.person, shown(&user.first_name, &user.last_name, &user.email))).collect()
        }
    };
    Ok(people.into_iter().filter(|(person, _)| *person != room.person()).collect())
}

async fn page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let others = others(call, room).await?;
    let title = room.t("Transfer ownership", "Inhaberschaft übergeben");
    let ids: Vec<(String, &str)> = others.iter().map(|(id, name)| (id.text(), name.as_str())).collect();
    let choices: Vec<(&str, &str)> = std::iter::once(("", "–")).chain(ids.iter().map(|(id, name)| (id.as_str(), *name))).collect();
    let after = match room.side {
        Side::Merchant => room.t("You become an admin. The sandbox goes along.", "Sie werden Verwaltung. Die Sandbox geht mit."),
        Side::Reseller => room.t("You stay as a seller, in all programs of your company.", "Sie bleiben als Verkauf, in allen Programmen Ihrer Firma."),
    };
    let text = html! {
        p { (room.t("They become an owner at once: they decide who works here, and can remove you.", "Die Person wird sofort Inhaber: Sie entscheidet, wer hier arbeitet, und kann Sie entfernen.")) " " (after) }
        p class="muted" { (room.t("You both get a mail. Only an owner can give it back.", "Sie bekommen beide eine Mail. Nur ein Inhaber kann es zurückgeben.")) }
        (typed.field("to", room.t("New owner", "Neuer Inhaber")).whole().select(&choices))
    };
    let act = Button::new(title).danger();
    let back = room.path("/people");
    Ok(room.dialog(Spot::People, title, &question(call, &room.look, title, &text, typed, &room.path("/people/transfer"), &act, &back)))
}

/// Asks to whom.
///
/// # Errors
/// 403, 404; faults of the store.
pub async fn ask(call: &Call) -> Result<Answer, Problem> {
    let room = Room::enter(call).await?;
    page(call, &room, &Typed::default()).await
}

/// Hands the account over to the person of the form, by this workspace's command. What is wrong is said beside what was chosen.
///
/// # Errors
/// 403, 404; faults of the store.
pub async fn transfer<C: Command>(call: &Call, command: impl FnOnce(PersonId) -> C) -> Result<Answer, Problem> {
    let room = Room::enter(call).await?;
    let transferred = match call.form::<TransferForm>() {
        Ok(form) => call.execute(command(form.to)).await.map(drop),
        Err(no) => Err(no),
    };
    match transferred {
        Ok(()) => Ok(done(call, &room.path("/people"), room.t("Ownership transferred.", "Inhaberschaft übergeben."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(call, &room.look, no)?);
            Ok(page(call, &room, &typed).await?.with_status(status))
        }
    }
}
