//! The page behind a link that was mailed: GET shows a form, POST acts, so that a mail program that looks ahead uses
//! nothing up (PAR-15).

use crate::answer::Answer;
use crate::api::links::link;
use crate::call::{Call, OrNotFound as _};
use crate::input;
use crate::passwords;
use crate::problem::Problem;
use crate::routes::Routes;
use axum::http::StatusCode;
use axum::http::header::REFERRER_POLICY;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use tradepost_domain::identity::links::Purpose;
use tradepost_domain::identity::queries::{self, LinkView};
use tradepost_domain::identity::{ConfirmEmail, SetPassword};
use tradepost_kernel::password::SHORTEST;
use tradepost_kernel::{Secret, Timestamp};

input! {
    /// What the form sends: a password, or nothing where an address is confirmed.
    pub struct LinkForm {
        /// The new password.
        pub password: Option<Secret<String>>,
    }
}

const STYLE: &str = include_str!("link_pages.css");

async fn show(call: Call) -> Result<Answer, Problem> {
    let view = find(&call).await?;
    Ok(match standing(&view, call.now()) {
        Some((title, text)) => page(title, message(title, text)).with_status(StatusCode::GONE),
        None => page(title(view.purpose), form(&view, None)),
    })
}

async fn act(call: Call) -> Result<Answer, Problem> {
    let (link, view) = (link(&call)?, find(&call).await?);
    if let Some((title, text)) = standing(&view, call.now()) {
        return Ok(page(title, message(title, text)).with_status(StatusCode::GONE));
    }
    if view.purpose == Purpose::EmailConfirmation {
        call.execute(ConfirmEmail { link }).await?;
        return Ok(done("Address confirmed", "Thank you. You may close this page."));
    }
    let again = |why: &str| Ok(page(title(view.purpose), form(&view, Some(why))).with_status(StatusCode::UNPROCESSABLE_ENTITY));
    let password = match call.form::<LinkForm>() {
        Ok(LinkForm { password: Some(password) }) => password,
        Ok(_) => return again("Please choose a password."),
        Err(no) if no.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            return again(&format!("A password needs {SHORTEST} characters at least."));
        }
        Err(no) => return Err(no),
    };
    let password_hash = passwords::hash(&call, password).await?;
    call.execute(SetPassword { link, password_hash }).await?;
    Ok(done("Password set", "It works from now on. Whoever was signed in with the old one no longer is."))
}

async fn find(call: &Call) -> Result<LinkView, Problem> {
    let link = link(call)?;
    call.read(move |reader| Box::pin(async move { queries::link(reader, link).await })).await?.or_not_found()
}

/// What is said where it works no longer.
fn standing(view: &LinkView, now: Timestamp) -> Option<(&'static str, &'static str)> {
    if view.used.is_some() {
        Some(("This link was used already", "It works once. Ask for a new one if it was not you."))
    } else if view.expires <= now {
        Some(("This link has expired", "Ask for a new one."))
    } else {
        None
    }
}

const fn title(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::PasswordReset => "Choose a new password",
        Purpose::Access => "Choose a password",
        Purpose::EmailConfirmation => "Confirm your address",
    }
}

fn form(view: &LinkView, wrong: Option<&str>) -> Markup {
    html! {
        h1 { (title(view.purpose)) }
        p { "For " strong { (view.email) } "." }
        form method="post" {
            @if view.purpose == Purpose::EmailConfirmation {
                button type="submit" { "This address is mine" }
            } @else {
                // For password keepers: whose password it is.
                input type="hidden" autocomplete="username" value=(view.email);
                label for="password" { "Password" }
                input #password type="password" name="password" autocomplete="new-password" minlength=(SHORTEST) required autofocus
                    aria-describedby="hint" aria-invalid=[wrong.map(|_| "true")];
                p.hint #hint { (SHORTEST) " characters or more." }
                @if let Some(wrong) = wrong { p.wrong role="alert" { (wrong) } }
                button type="submit" { "Set the password" }
            }
        }
    }
}

fn message(title: &str, text: &str) -> Markup {
    html! { h1 { (title) } p { (text) } }
}

fn done(title: &str, text: &str) -> Answer {
    page(title, message(title, text))
}

fn page(title: &str, content: Markup) -> Answer {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) " · Tradepost" }
                style { (PreEscaped(STYLE)) }
            }
            body { main { (content) } }
        }
    };
    // With no-referrer a browser would not say where the form comes from; the token still goes nowhere else.
    Answer::html_with_style(markup, STYLE).header(REFERRER_POLICY, "same-origin")
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/links/{token}", "linkPage", show).public().page().answers_text("text/html");
    r.post("/links/{token}", "useLink", act).public().page().form::<LinkForm>().answers_text("text/html").command::<SetPassword>().command::<ConfirmEmail>();
}
