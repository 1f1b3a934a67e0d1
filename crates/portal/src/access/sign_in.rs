//! Signing in and out (PAR-15).

use super::passkeys::{self, Source};
use super::{Alone, alone, issuers, leading_on, next, second_step};
use crate::forms::{self, Typed};
use crate::look::Look;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::{Button, Field, Icon, Language, form, note};
use tradepost_domain::identity::{AttemptSignIn, RevokeSessions, SignIn, SignedIn};
use tradepost_kernel::Secret;
use tradepost_kernel::text::Email;
use tradepost_web::api::sessions::{self, Entered};
use tradepost_web::credentials::set_session;
use tradepost_web::{Answer, Call, Problem, Routes, input};

input! {
    /// The form of the sign-in.
    pub struct SignInForm {
        /// The address that the account was made with.
        pub email: Email,
        /// The password.
        pub password: Secret<String>,
    }
}

/// Who can sign in to the demo, as `tradepost demo` makes them: address, English, German.
const DEMO: &[(&str, &str, &str)] = &[
    ("olivia@northwind.example", "Merchant", "Händler"),
    ("ada@acme.example", "Reseller, within its credit limit", "Reseller, innerhalb seines Kreditrahmens"),
    ("cara@cobalt.example", "Reseller, beyond its credit limit", "Reseller, über seinem Kreditrahmen"),
    ("dora@dockside.example", "Reseller whose shop sells from a balance", "Reseller, dessen Shop aus einem Guthaben verkauft"),
];
/// The password of each of them.
const DEMO_PASSWORD: &str = "demo-demo-demo";

async fn show(call: Call) -> Result<Answer, Problem> {
    if call.caller().person().is_some() {
        return Ok(Answer::see_other(next(&call).as_deref().unwrap_or("/")));
    }
    Ok(page(&call, &Look::of(&call), &Typed::default(), None))
}

async fn enter(call: Call) -> Result<Answer, Problem> {
    let look = Look::of(&call);
    let SignInForm { email, password } = match call.form::<SignInForm>() {
        Ok(form) => form,
        Err(no) => return mistyped(&call, &look, no),
    };
    match sessions::sign_in(&call, &email, password).await {
        Ok(Entered::In(begun, token)) => Ok(inside(&call, &begun, &token)),
        Ok(Entered::Half(_, ticket)) => Ok(second_step::ask(&call, &ticket)),
        Err(no) => refused(&call, &look, no),
    }
}

/// Leads to where somebody wanted to go, with the cookie of a session that began.
pub(super) fn inside(call: &Call, begun: &SignedIn, token: &Secret<String>) -> Answer {
    let seconds = (begun.expires_ms - call.now().ms()) / 1000;
    let cookie = set_session(&call.app().settings.public_url, token.expose(), seconds);
    Answer::see_other(next(call).as_deref().unwrap_or("/")).cookie(&cookie)
}

/// What is missing stands beside its field. A password that is too short to be one is wrong as any other.
fn mistyped(call: &Call, look: &Look, no: Problem) -> Result<Answer, Problem> {
    if no.status() != StatusCode::UNPROCESSABLE_ENTITY {
        return Err(no);
    }
    let mut typed = Typed::of(call.typed()?);
    let (no_address, no_password) = (Email::parse(typed.value("email")).is_err(), typed.value("password").trim().is_empty());
    if no_address {
        typed = typed.wrong_with("email", look.t("Type your whole e-mail address.", "Geben Sie Ihre ganze E-Mail-Adresse an."));
    }
    if no_password {
        typed = typed.wrong_with("password", look.t("Type your password.", "Geben Sie Ihr Passwort an."));
    }
    if typed.is_wrong() {
        return Ok(page(call, look, &typed, None).with_status(StatusCode::UNPROCESSABLE_ENTITY));
    }
    Ok(page(call, look, &typed, Some(&wrong(look))).with_status(StatusCode::UNAUTHORIZED))
}

fn refused(call: &Call, look: &Look, no: Problem) -> Result<Answer, Problem> {
    match no.code() {
        "invalid_credentials" => Ok(page(call, look, &Typed::of(call.typed()?), Some(&wrong(look))).with_status(no.status())),
        "too_many_attempts" => {
            let seconds = seconds_of(&no);
            let answer = page(call, look, &Typed::of(call.typed()?), Some(&wait(look, seconds)));
            Ok(answer.with_status(no.status()).header(RETRY_AFTER, &seconds.to_string()))
        }
        _ => Err(no),
    }
}

/// The same for a wrong password and an address that nobody has.
fn wrong(look: &Look) -> Markup {
    note::note(
        Tone::Bad,
        look.t("Sign-in failed", "Anmeldung fehlgeschlagen"),
        look.t("The e-mail address or the password is wrong.", "E-Mail-Adresse oder Passwort stimmt nicht."),
        None,
    )
}

/// The seconds that the refusal names.
pub(super) fn seconds_of(no: &Problem) -> i64 {
    let digits: String = no.detail().chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(60)
}

pub(super) fn wait(look: &Look, seconds: i64) -> Markup {
    let time = if seconds > 90 {
        look.n((seconds + 59) / 60, ("minute", "minutes"), ("Minute", "Minuten"))
    } else {
        look.n(seconds, ("second", "seconds"), ("Sekunde", "Sekunden"))
    };
    let text = match look.language {
        Language::English => format!("There were too many attempts. Please try again in {time}."),
        Language::German => format!("Es waren zu viele Versuche. Bitte versuchen Sie es in {time} noch einmal."),
    };
    note::note(Tone::Warn, look.t("One moment, please", "Einen Moment, bitte"), &text, None)
}

pub(super) fn page(call: &Call, look: &Look, typed: &Typed, notice: Option<&Markup>) -> Answer {
    let title = look.t("Sign in", "Anmelden");
    let (action, by_passkey) = (leading_on(call, "/sign-in"), leading_on(call, "/sign-in/passkey"));
    let fields = html! {
        (typed.field("email", look.t("E-mail address", "E-Mail-Adresse")).fill("username").whole().input("email"))
        // A password is never sent back.
        (Field::new("password", look.t("Password", "Passwort")).wrong(typed.wrong("password")).fill("current-password").whole().input("password"))
    };
    let inside = html! {
        div class="message" { h1 { (title) } }
        @if let Some(notice) = notice { (notice) }
        (typed.mistakes(look))
        (forms::form(call, look, &action, &fields, &Button::new(title).primary().wide(), None))
        (passkeys::asking(look, &by_passkey, &Source::From("/v1/sessions/passkey-challenges"), look.t("Sign in with a passkey", "Mit einem Passkey anmelden")))
        (issuers::buttons(call, look))
        p class="muted" { a href="/forgot" { (look.t("Forgot your password?", "Passwort vergessen?")) } }
        @if call.app().settings.demo { (demo(look, &action)) }
    };
    alone(call, look, &Alone::new(title), &inside)
}

/// Each of the demo's people, with a button that signs in as them.
fn demo(look: &Look, action: &str) -> Markup {
    let enter = Button::new(look.t("Sign in", "Anmelden")).small().icon(Icon::Play);
    html! {
        hr;
        div class="message" {
            h2 { (look.t("This is a demo", "Dies ist eine Demo")) }
            p { (look.t("Look around as one of these. The password of each is", "Sehen Sie sich als einer von diesen um. Das Passwort ist immer")) " " code { (DEMO_PASSWORD) } "." }
        }
        ul class="entries" {
            @for (email, english, german) in DEMO {
                li class="entry" {
                    div class="name" { strong { (look.t(english, german)) } small { (email) } }
                    form class="apart" method="post" action=(action) {
                        (form::unseen(&[("email", *email), ("password", DEMO_PASSWORD)]))
                        (enter.submit())
                    }
                }
            }
        }
    }
}

/// Ends the session that asks; whoever has none is as well out.
async fn leave(call: Call) -> Result<Answer, Problem> {
    if call.caller().person().is_some()
        && let Some(session) = sessions::current(&call).await?
    {
        sessions::end(&call, session.id).await?;
    }
    Ok(out(&call))
}

/// `Set-Cookie` for a session that begins.
pub(super) fn kept(call: &Call, expires_ms: i64, token: &Secret<String>) -> String {
    let seconds = (expires_ms - call.now().ms()) / 1000;
    set_session(&call.app().settings.public_url, token.expose(), seconds)
}

/// Back to the sign-in, without a session.
pub(super) fn out(call: &Call) -> Answer {
    Answer::see_other("/sign-in").cookie(&set_session(&call.app().settings.public_url, "", 0))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/sign-in", "signInPage", show).anyone().page();
    r.post("/sign-in", "signInForm", enter).public().page().form::<SignInForm>().command::<AttemptSignIn>().command::<SignIn>();
    r.post("/sign-out", "signOutForm", leave).anyone().page().command::<RevokeSessions>();
}
