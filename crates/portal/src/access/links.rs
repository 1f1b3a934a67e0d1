//! The page behind a link that was mailed: GET shows, POST acts, so that a mail program that looks ahead uses nothing up (PAR-15).

use super::{Alone, alone};
use crate::forms;
use crate::look::Look;
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::{Button, Field, Language};
use tradepost_domain::identity::links::Purpose;
use tradepost_domain::identity::queries::LinkView;
use tradepost_domain::identity::{ConfirmEmail, SetPassword};
use tradepost_kernel::Secret;
use tradepost_kernel::password::SHORTEST;
use tradepost_web::api::link_pages::{confirm_email, found, set_password};
use tradepost_web::{Answer, Call, Problem, Routes, input};

input! {
    /// What the form behind a mailed link sends: a password, or nothing where an address is confirmed.
    pub struct LinkForm {
        /// The new password.
        pub password: Option<Secret<String>>,
    }
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let (look, view) = (Look::of(&call), found(&call).await?);
    Ok(over(&call, &look, &view).unwrap_or_else(|| asking(&call, &look, &view, None)))
}

async fn act(call: Call) -> Result<Answer, Problem> {
    let (look, view) = (Look::of(&call), found(&call).await?);
    if let Some(answer) = over(&call, &look, &view) {
        return Ok(answer);
    }
    if view.purpose == Purpose::EmailConfirmation {
        confirm_email(&call).await?;
        let text = look.t("Thank you. You can sign in now.", "Danke. Sie können sich jetzt anmelden.");
        return Ok(told(&call, &look, look.t("Address confirmed", "Adresse bestätigt"), text, Some(sign_in(&look))));
    }
    let again = |why: &str| Ok(asking(&call, &look, &view, Some(why)).with_status(StatusCode::UNPROCESSABLE_ENTITY));
    let password = match call.form::<LinkForm>() {
        Ok(LinkForm { password: Some(password) }) => password,
        Ok(_) => return again(look.t("Choose a password.", "Wählen Sie ein Passwort.")),
        Err(no) if no.status() == StatusCode::UNPROCESSABLE_ENTITY => return again(&too_short(&look)),
        Err(no) => return Err(no),
    };
    set_password(&call, password).await?;
    let text = look.t(
        "It works from now on. Whoever was signed in with the old one no longer is.",
        "Es gilt ab jetzt. Wer mit dem alten angemeldet war, ist es nicht mehr.",
    );
    Ok(told(&call, &look, look.t("Password set", "Passwort gesetzt"), text, Some(sign_in(&look))))
}

fn too_short(look: &Look) -> String {
    match look.language {
        Language::English => format!("A password needs {SHORTEST} characters at least."),
        Language::German => format!("Ein Passwort braucht mindestens {SHORTEST} Zeichen."),
    }
}

fn hint(look: &Look) -> String {
    match look.language {
        Language::English => format!("{SHORTEST} characters or more. A few words that only you put together are easy to remember."),
        Language::German => format!("{SHORTEST} Zeichen oder mehr. Ein paar Wörter, die nur Sie so zusammenstellen, kann man sich gut merken."),
    }
}

const fn title(look: &Look, purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::PasswordReset => look.t("Choose a new password", "Neues Passwort wählen"),
        Purpose::Access => look.t("Choose a password", "Passwort wählen"),
        Purpose::EmailConfirmation => look.t("Confirm your address", "Adresse bestätigen"),
    }
}

/// The page of a link that works no longer.
fn over(call: &Call, look: &Look, view: &LinkView) -> Option<Answer> {
    let (title, text) = if view.used.is_some() {
        (
            look.t("This link was used already", "Dieser Link wurde schon benutzt"),
            look.t("It works once. Ask for a new one if it was not you.", "Er gilt einmal. Fordern Sie einen neuen an, wenn Sie es nicht waren."),
        )
    } else if view.expires <= call.now() {
        (look.t("This link has expired", "Dieser Link ist abgelaufen"), look.t("Ask for a new one.", "Fordern Sie einen neuen an."))
    } else {
        return None;
    };
    let acts = html! {
        (Button::new(look.t("Sign in", "Anmelden")).primary().to("/sign-in"))
        (Button::new(look.t("Set a new password", "Neues Passwort setzen")).to("/forgot"))
    };
    Some(told(call, look, title, text, Some(acts)).with_status(StatusCode::GONE))
}

fn sign_in(look: &Look) -> Markup {
    Button::new(look.t("Sign in", "Anmelden")).primary().to("/sign-in")
}

fn asking(call: &Call, look: &Look, view: &LinkView, wrong: Option<&str>) -> Answer {
    let (title, hint) = (title(look, view.purpose), hint(look));
    let (fields, act) = if view.purpose == Purpose::EmailConfirmation {
        (html! {}, look.t("Confirm address", "Adresse bestätigen"))
    } else {
        let password = Field::new("password", look.t("Password", "Passwort")).hint(&hint).wrong(wrong).fill("new-password").whole();
        let fields = html! {
            // For password keepers: whose password it is. It has no name, so it is not sent.
            input type="hidden" autocomplete="username" value=(view.email);
            (password.input("password"))
        };
        (fields, look.t("Set the password", "Passwort setzen"))
    };
    let inside = html! {
        div class="message" {
            h1 { (title) }
            p { (look.t("For", "Für")) " " strong { (view.email) } "." }
        }
        (forms::form(call, look, call.request_path(), &fields, &Button::new(act).primary().wide(), None))
    };
    alone(call, look, &Alone::new(title), &inside)
}

fn told(call: &Call, look: &Look, title: &str, text: &str, acts: Option<Markup>) -> Answer {
    let inside = html! {
        div class="message" {
            h1 { (title) }
            p { (text) }
            @if let Some(acts) = acts { div class="button-row" { (acts) } }
        }
    };
    alone(call, look, &Alone::new(title), &inside)
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/links/{token}", "linkPage", show).public().page();
    r.post("/links/{token}", "useLinkForm", act).public().page().form::<LinkForm>().command::<SetPassword>().command::<ConfirmEmail>();
}
