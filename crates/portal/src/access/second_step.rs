//! The second step of a sign-in, and the sign-in by a passkey alone (PAR-15).

use super::passkeys::{self, Source};
use super::{Alone, alone, leading_on, sign_in};
use crate::forms::{self, Typed};
use crate::look::Look;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::{Button, Field, note};
use tradepost_domain::identity::challenges::TICKET_MS;
use tradepost_domain::identity::second_step::Shown;
use tradepost_domain::identity::{AttemptSignIn, SignInByPasskey, TakeSecondStep};
use tradepost_kernel::Secret;
use tradepost_web::api::passkey_shapes::{Base64, PasskeyAssertion};
use tradepost_web::api::second_step;
use tradepost_web::credentials::cookie;
use tradepost_web::fields::Line;
use tradepost_web::{Answer, Call, Problem, Routes, input};

/// The cookie that holds the ticket of the first step: only these pages get it, and only for as long as it is good.
const TICKET_COOKIE: &str = "tradepost_second_step";
const PATH: &str = "/sign-in/second-step";

input! {
    /// The form of the second step: a code, or what a passkey signed.
    pub struct SecondStepForm {
        /// A code of the app, or a recovery code.
        pub code: Option<Line<64>>,
        /// What the authenticator calls the key.
        pub credential: Option<Base64<1023>>,
        /// The browser's part.
        pub client_data: Option<Base64<8192>>,
        /// The authenticator's part.
        pub authenticator_data: Option<Base64<8192>>,
        /// Over both.
        pub signature: Option<Base64<2048>>,
    }
}

/// What was shown; `None` where nothing was.
fn shown(form: SecondStepForm) -> Option<Shown> {
    if let Some(code) = form.code {
        return Some(Shown::Code(code.into_string()));
    }
    let assertion = PasskeyAssertion {
        credential: form.credential?,
        client_data: form.client_data?,
        authenticator_data: form.authenticator_data?,
        signature: form.signature?,
    };
    Some(Shown::Passkey(assertion.into()))
}

/// Leads on to the second step with the ticket of the first.
pub(super) fn ask(call: &Call, ticket: &Secret<String>) -> Answer {
    Answer::see_other(&leading_on(call, PATH)).cookie(&kept(call, ticket.expose(), TICKET_MS / 1000))
}

fn kept(call: &Call, ticket: &str, seconds: i64) -> String {
    let secure = if call.app().settings.public_url.starts_with("https://") { "; Secure" } else { "" };
    format!("{TICKET_COOKIE}={ticket}; Path=/sign-in; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
}

fn ticket(call: &Call) -> Option<String> {
    cookie(call.headers(), TICKET_COOKIE).filter(|ticket| !ticket.is_empty())
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let Some(ticket) = ticket(&call) else { return Ok(Answer::see_other(&leading_on(&call, "/sign-in"))) };
    page(&call, &Look::of(&call), &ticket, None).await
}

async fn page(call: &Call, look: &Look, ticket: &str, notice: Option<&Markup>) -> Result<Answer, Problem> {
    let passkey = match second_step::passkey_for(call, ticket).await {
        Ok(passkey) => passkey,
        Err(no) if no.status() == StatusCode::GONE => return Ok(over(call, look)),
        Err(no) => return Err(no),
    };
    let (title, action) = (look.t("Second step", "Zweiter Schritt"), leading_on(call, PATH));
    let hint = look.t(
        "Six digits from your authenticator app; or one of your recovery codes, if you have lost the phone.",
        "Sechs Ziffern aus Ihrer Authenticator-App; oder einer Ihrer Wiederherstellungscodes, wenn das Telefon verloren ist.",
    );
    let field = Field::new("code", "Code").hint(hint).fill("one-time-code").whole().input("text");
    let inside = html! {
        div class="message" { h1 { (title) } }
        @if let Some(notice) = notice { (notice) }
        (forms::form(call, look, &action, &field, &Button::new(look.t("Sign in", "Anmelden")).primary().wide(), None))
        @if let Some(passkey) = &passkey {
            (passkeys::asking(look, &action, &Source::given(passkey), look.t("Use a passkey", "Passkey benutzen")))
        }
        p class="muted" { a href=(leading_on(call, "/sign-in")) { (look.t("Sign in as somebody else", "Als jemand anderes anmelden")) } }
    };
    Ok(alone(call, look, &Alone::new(title), &inside))
}

/// The page of a ticket that is good no longer.
fn over(call: &Call, look: &Look) -> Answer {
    let title = look.t("That took too long", "Das dauerte zu lange");
    let inside = html! {
        div class="message" {
            h1 { (title) }
            p { (look.t("Start again with your password.", "Beginnen Sie noch einmal mit Ihrem Passwort.")) }
            div class="button-row" { (Button::new(look.t("Sign in", "Anmelden")).primary().to(&leading_on(call, "/sign-in"))) }
        }
    };
    let answer = alone(call, look, &Alone::new(title), &inside);
    answer.with_status(StatusCode::GONE).cookie(&kept(call, "", 0))
}

async fn take(call: Call) -> Result<Answer, Problem> {
    let look = Look::of(&call);
    let Some(ticket) = ticket(&call) else { return Ok(over(&call, &look)) };
    let shown = match call.form::<SecondStepForm>() {
        Ok(form) => shown(form),
        Err(no) if no.status() == StatusCode::UNPROCESSABLE_ENTITY => None,
        Err(no) => return Err(no),
    };
    let Some(shown) = shown else {
        return Ok(page(&call, &look, &ticket, Some(&wrong(&look))).await?.with_status(StatusCode::UNPROCESSABLE_ENTITY));
    };
    match second_step::take(&call, &ticket, shown).await {
        Ok((begun, token)) => Ok(sign_in::inside(&call, &begun, &token).cookie(&kept(&call, "", 0))),
        Err(no) => match no.code() {
            "second_step_failed" => Ok(page(&call, &look, &ticket, Some(&wrong(&look))).await?.with_status(no.status())),
            "second_step_expired" => Ok(over(&call, &look)),
            "too_many_attempts" => {
                let seconds = sign_in::seconds_of(&no);
                let answer = page(&call, &look, &ticket, Some(&sign_in::wait(&look, seconds))).await?;
                Ok(answer.with_status(no.status()).header(RETRY_AFTER, &seconds.to_string()))
            }
            _ => Err(no),
        },
    }
}

fn wrong(look: &Look) -> Markup {
    note::note(
        Tone::Bad,
        look.t("Sign-in failed", "Anmeldung fehlgeschlagen"),
        look.t(
            "The code or the passkey is wrong, or was used already. The app shows a new code every 30 seconds.",
            "Code oder Passkey stimmt nicht oder wurde schon benutzt. Die App zeigt alle 30 Sekunden einen neuen Code.",
        ),
        None,
    )
}

async fn by_passkey(call: Call) -> Result<Answer, Problem> {
    let entered = match call.form::<PasskeyAssertion>() {
        Ok(answer) => second_step::sign_in_by_passkey(&call, answer.into()).await,
        Err(no) => Err(no),
    };
    match entered {
        Ok((begun, token)) => Ok(sign_in::inside(&call, &begun, &token)),
        Err(no) if matches!(no.status(), StatusCode::UNAUTHORIZED | StatusCode::UNPROCESSABLE_ENTITY) => {
            let look = Look::of(&call);
            Ok(sign_in::page(&call, &look, &Typed::default(), Some(&passkeys::refused(&look, &no))).with_status(no.status()))
        }
        Err(no) => Err(no),
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get(PATH, "secondStepPage", show).public().page();
    r.post(PATH, "secondStepForm", take).public().page().form::<SecondStepForm>().command::<AttemptSignIn>().command::<TakeSecondStep>();
    r.post("/sign-in/passkey", "passkeySignInForm", by_passkey).public().page().form::<PasskeyAssertion>().command::<SignInByPasskey>();
}
