//! Handing an account over: the question, the same in both workspaces (PAR-14).

use crate::forms::{Typed, question};
use crate::room::{Room, Spot};
use maud::html;
use tradepost_design::Button;
use tradepost_domain::PersonId;
use tradepost_web::{Answer, Call, input};

input! {
    /// The form of an account's next owner.
    pub struct TransferForm {
        /// Who.
        pub to: PersonId,
    }
}

/// Asks to whom: `others` are the people who can be named, `after` is what who asks becomes.
pub fn page(call: &Call, room: &Room, others: &[(PersonId, String)], after: &str, typed: &Typed) -> Answer {
    let title = room.t("Transfer ownership", "Inhaberschaft übergeben");
    let ids: Vec<(String, &str)> = others.iter().map(|(id, name)| (id.text(), name.as_str())).collect();
    let choices: Vec<(&str, &str)> = std::iter::once(("", "–")).chain(ids.iter().map(|(id, name)| (id.as_str(), *name))).collect();
    let text = html! {
        p { (room.t("They become an owner at once: they decide who works here, and can remove you.", "Die Person wird sofort Inhaber: Sie entscheidet, wer hier arbeitet, und kann Sie entfernen.")) " " (after) }
        p class="muted" { (room.t("You both get a mail. Only an owner can give it back.", "Sie bekommen beide eine Mail. Nur ein Inhaber kann es zurückgeben.")) }
        (typed.field("to", room.t("New owner", "Neuer Inhaber")).whole().select(&choices))
    };
    let act = Button::new(title).danger();
    let back = room.path("/people");
    room.dialog(Spot::People, title, &question(call, &room.look, title, &text, typed, &room.path("/people/transfer"), &act, &back))
}
