//! The merchant's program: what all its resellers inherit (PAR-10, PAR-11), and where they sign up (PAR-2).

mod change;
mod more;
pub(super) mod terms;

use crate::room::{Room, Spot};
use maud::{Markup, html};
use terms::{Kind, Owner};
use tradepost_design::badge::{Tone, tag};
use tradepost_design::card::{Card, facts};
use tradepost_design::frame::Head;
use tradepost_design::{Button, Icon, note, value};
use tradepost_domain::Right;
use tradepost_web::{Answer, Call, Problem, Routes};

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let terms = terms::overview(&call, &room, Owner::Program).await?;
    let takes = terms::takes(&call).await?;
    let (merchant, _) = tradepost_web::api::merchant::shown(&call).await?;
    let inside = html! {
        (sign_up_card(&room, &call, &merchant, takes))
        (terms)
    };
    let head = Head {
        crumbs: &[],
        title: room.t("Program", "Programm"),
        state: None,
        text: Some(room.t(
            "Applies to all resellers, unless a channel or a reseller has its own terms.",
            "Was hier steht, gilt für alle Reseller, soweit ein Kanal oder ein Reseller keine eigenen Konditionen hat.",
        )),
        acts: None,
    };
    Ok(room.page(Spot::Program, &head, &inside))
}

/// How resellers come in: decided on by hand, or by themselves (PAR-3).
fn sign_up_card(room: &Room, call: &Call, merchant: &tradepost_web::api::merchant::Merchant, (open, auto): (bool, bool)) -> Markup {
    let place = if merchant.test { merchant.id.to_string() } else { merchant.slug.clone() };
    let address = call.url(&format!("/join/{place}"));
    let decided = if !open {
        room.t("are not taken now", "werden zurzeit nicht angenommen")
    } else if auto {
        room.t("are approved at once", "werden sofort angenommen")
    } else {
        room.t("wait for you", "warten auf Sie")
    };
    let rows: Vec<(&str, Markup)> = vec![
        (room.t("Sign-up page", "Seite zur Anmeldung"), value::copyable(&address, room.look.language)),
        (room.t("New sign-ups", "Neue Anmeldungen"), html! { (tag(decided)) }),
    ];
    let text = if auto {
        room.t(
            "Give this address to companies that want to resell. They can order as soon as they signed up.",
            "Geben Sie diese Adresse Firmen, die weiterverkaufen wollen. Sie können bestellen, sobald sie sich angemeldet haben.",
        )
    } else {
        room.t(
            "Give this address to companies that want to resell. Each sign-up waits until you approve or deny it.",
            "Geben Sie diese Adresse Firmen, die weiterverkaufen wollen. Jede Anmeldung wartet, bis Sie sie annehmen oder ablehnen.",
        )
    };
    let review = Button::new(room.t("Review sign-ups", "Anmeldungen prüfen")).small().icon(Icon::Reseller).to(&room.path("/resellers?status=pending"));
    let sandbox = room.t("This is the sandbox: only its own address leads here.", "Dies ist die Sandbox: Nur ihre eigene Adresse führt hierher.");
    Card::new(room.t("Sign-up", "Anmeldung")).text(text).acts(review).with(html! {
        (facts(&rows))
        @if !open { (note::note(Tone::Warn, room.t("The program is closed", "Das Programm ist geschlossen"), room.t("Nobody can sign up until you open it again below.", "Niemand kann sich anmelden, bis Sie es unten wieder öffnen."), None)) }
        @if merchant.test { (note::note(Tone::Info, sandbox, "", None)) }
    })
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/program", "merchantProgramPage", show).needs(Right::MerchantRead).page();
    terms::program_routes(r);
}

/// The spot of the navigation that terms of a kind belong to.
const fn spot(kind: Kind) -> Spot {
    match kind {
        Kind::Program => Spot::Program,
        Kind::Channel => Spot::Channels,
        Kind::Reseller => Spot::Resellers,
    }
}
