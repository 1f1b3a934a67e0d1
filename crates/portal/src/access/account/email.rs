//! Another e-mail address, and the page behind the link that confirms it: GET shows, POST acts, so that a mail program that looks
//! ahead uses nothing up (PAR-15).

use super::{Typing, again, part as framed};
use crate::access::{Alone, alone};
use crate::forms::{self, Typed};
use crate::look::Look;
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::{Button, Field, Language, badge, note};
use tradepost_domain::identity::email_change::EmailChangeView;
use tradepost_domain::identity::{AttemptSignIn, ConfirmEmailChange, RequestEmailChange};
use tradepost_web::api::me::{EmailChange, Me, confirm_email, email_change, request_email};
use tradepost_web::{Answer, Call, Problem, Routes};

pub(super) fn part(call: &Call, look: &Look, me: &Me, typed: &Typed) -> Markup {
    let text = if me.email_confirmed {
        look.t(
            "You sign in with it. Another one counts once you have opened the link that we send there.",
            "Damit melden Sie sich an. Eine andere gilt, sobald Sie den Link geöffnet haben, den wir dorthin senden.",
        )
    } else {
        look.t(
            "To confirm your address, open the link in the e-mail that we sent when you signed up. The link to a new password, below, does it too.",
            "Um Ihre Adresse zu bestätigen, öffnen Sie den Link in der E-Mail zu Ihrer Registrierung. Der Link zu einem neuen Passwort, unten, tut es auch.",
        )
    };
    let inside = html! {
        p {
            strong { (me.email) } " "
            @if me.email_confirmed { (badge(Tone::Good, look.t("Confirmed", "Bestätigt"))) } @else { (badge(Tone::Warn, look.t("Not confirmed", "Nicht bestätigt"))) }
        }
        @if let Some(waiting) = &me.new_email { (note::note(Tone::Info, &waits(look, waiting), "", None)) }
        (typed.mistakes(look))
        (form(call, look, me, typed))
    };
    framed(look.t("E-mail address", "E-Mail-Adresse"), text, &inside)
}

fn waits(look: &Look, email: &str) -> String {
    match look.language {
        Language::English => format!("{email} waits: open the link that went there."),
        Language::German => format!("{email} wartet: Öffnen Sie den Link, der dorthin ging."),
    }
}

fn form(call: &Call, look: &Look, me: &Me, typed: &Typed) -> Markup {
    let fields = html! {
        (typed.field("email", look.t("New address", "Neue Adresse")).fill("email").input("email"))
        @if me.has_password {
            // A password is never sent back.
            (Field::new("current_password", look.t("Password", "Passwort")).wrong(typed.wrong("current_password")).fill("current-password").input("password"))
        }
    };
    forms::form(call, look, "/account/email", &fields, &Button::new(look.t("Change the address", "Adresse ändern")), None)
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let asked = match call.form::<EmailChange>() {
        Ok(asked) => request_email(&call, asked).await.map(drop),
        Err(no) => Err(no),
    };
    match asked {
        Ok(()) => Ok(Answer::see_other("/account?done=email")),
        Err(no) => again(&call, no, |email| Typing { email, ..Typing::default() }).await,
    }
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let (look, view) = (Look::of(&call), email_change(&call).await?);
    if let Some(answer) = over(&call, &look, &view) {
        return Ok(answer);
    }
    let title = look.t("Use this address", "Diese Adresse benutzen");
    let inside = html! {
        div class="message" {
            h1 { (title) }
            p { (look.t("From now on you sign in with", "Von jetzt an melden Sie sich an mit")) " " strong { (view.email) } "." }
        }
        (forms::form(&call, &look, call.request_path(), &html! {}, &Button::new(look.t("Confirm address", "Adresse bestätigen")).primary().wide(), None))
    };
    Ok(alone(&call, &look, &Alone::new(title), &inside))
}

async fn confirm(call: Call) -> Result<Answer, Problem> {
    let (look, view) = (Look::of(&call), email_change(&call).await?);
    if let Some(answer) = over(&call, &look, &view) {
        return Ok(answer);
    }
    match confirm_email(&call).await {
        Ok(()) => {
            let text = look.t("You sign in with it from now on.", "Damit melden Sie sich von jetzt an an.");
            Ok(told(&call, &look, look.t("Address changed", "Adresse geändert"), text))
        }
        Err(no) if no.code() == "address_taken" => {
            let text = crate::refusals::in_words(&look, no.code(), no.detail());
            Ok(told(&call, &look, look.t("This could not be done", "Das ging nicht"), &text).with_status(no.status()))
        }
        Err(no) => Err(no),
    }
}

/// The page of a link that works no longer.
fn over(call: &Call, look: &Look, view: &EmailChangeView) -> Option<Answer> {
    let (title, text) = if view.used.is_some() {
        (
            look.t("This link is no longer valid", "Dieser Link ist nicht mehr gültig"),
            look.t("It was used, or a newer one was asked for.", "Er wurde benutzt, oder es wurde ein neuerer angefordert."),
        )
    } else if view.expires <= call.now() {
        (
            look.t("This link has expired", "Dieser Link ist abgelaufen"),
            look.t("Ask for a new one under Profile and security.", "Fordern Sie unter Profil und Sicherheit einen neuen an."),
        )
    } else {
        return None;
    };
    Some(told(call, look, title, text).with_status(StatusCode::GONE))
}

fn told(call: &Call, look: &Look, title: &str, text: &str) -> Answer {
    let inside = html! {
        div class="message" {
            h1 { (title) }
            p { (text) }
            div class="button-row" { (Button::new(look.t("Continue", "Weiter")).primary().to("/account")) }
        }
    };
    alone(call, look, &Alone::new(title), &inside)
}

pub(super) fn routes(r: &mut Routes) {
    r.post("/account/email", "changeEmailForm", change)
        .signed_in()
        .fresh()
        .page()
        .form::<EmailChange>()
        .command::<AttemptSignIn>()
        .command::<RequestEmailChange>();
    r.get("/email-changes/{token}", "emailChangePage", show).signed_in().page();
    r.post("/email-changes/{token}", "confirmEmailChangeForm", confirm).signed_in().page().command::<ConfirmEmailChange>();
}
