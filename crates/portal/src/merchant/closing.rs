//! An owner closes the merchant's account (PAR-14).

use crate::forms::{Typed, question};
use crate::room::{Room, Spot, done};
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::Card;
use tradepost_design::{Button, note};
use tradepost_domain::Right;
use tradepost_domain::fulfillments::CloseMerchant;
use tradepost_web::api::merchant::{Merchant, shown};
use tradepost_web::fields::Line;
use tradepost_web::{Answer, Call, Problem, Routes, input};

input! {
    /// The form of the end.
    pub struct CloseMerchantForm {
        /// The merchant's name, exactly.
        pub confirm: Line<200>,
    }
}

/// Where it begins, on the page of the settings.
pub(super) fn card(room: &Room, merchant: &Merchant) -> Markup {
    let close = Button::new(room.t("Close account", "Konto schließen")).danger().opens_dialog().to(&room.path("/settings/close"));
    html! {
        @if let Some(at) = merchant.closed_at {
            (Card::new(room.t("Account closed", "Konto geschlossen")).with(html! { p { (room.look.moment(at)) } }))
        } @else if room.may(Right::MerchantOwn) && !merchant.test {
            (Card::new(room.t("Close account", "Konto schließen")).with(html! {
                p class="muted" { (room.t("For good, as soon as nothing is open any more.", "Endgültig, sobald nichts mehr offen ist.")) }
                (close)
            }))
        }
    }
}

async fn ask(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    page(&call, &room, &Typed::default()).await
}

async fn page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let (merchant, _) = shown(call).await?;
    let title = room.t("Close account", "Konto schließen");
    let warning = room.t(
        "Your resellers can no longer order, sell or hand out licenses, and get a mail about it. Nobody can sign up. You and your staff can read everything and change nothing. The sandbox is closed, too.",
        "Ihre Reseller können nicht mehr bestellen, verkaufen oder Lizenzen weitergeben und bekommen eine Mail darüber. Niemand kann sich anmelden. Sie und Ihr Team können alles lesen und nichts ändern. Auch die Sandbox wird geschlossen.",
    );
    let hint = room.t("Type the name to show that you mean this one.", "Geben Sie den Namen ein, um zu zeigen, dass Sie dieses Konto meinen.");
    let text = html! {
        (note::note(Tone::Warn, room.t("This is final", "Das ist endgültig"), warning, None))
        p { (room.t("Name", "Name")) ": " strong { (merchant.name) } }
        (typed.field("confirm", room.t("Name of the merchant", "Name des Händlers")).hint(hint).whole().text())
    };
    let act = Button::new(title).danger();
    let (action, back) = (room.path("/settings/close"), room.path("/settings"));
    Ok(room.dialog(Spot::Settings, title, &question(call, &room.look, title, &text, typed, &action, &act, &back)))
}

async fn close(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let merchant = call.merchant()?.merchant;
    let closed = match call.form::<CloseMerchantForm>() {
        Ok(form) => call.execute(CloseMerchant { merchant, confirm: form.confirm.into_string() }).await.map(drop),
        Err(no) => Err(no),
    };
    match closed {
        Ok(()) => Ok(done(&call, &room.path("/settings"), room.t("Account closed.", "Konto geschlossen."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(page(&call, &room, &typed).await?.with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/settings/close", "closeMerchantPage", ask).needs(Right::MerchantOwn).fresh().page();
    r.post("/m/{merchant}/settings/close", "closeMerchantForm", close)
        .needs(Right::MerchantOwn)
        .fresh()
        .page()
        .form::<CloseMerchantForm>()
        .command::<CloseMerchant>();
}
