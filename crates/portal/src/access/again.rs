//! "Is it you?": a proof within a session, before what is sensitive; it leads back to what was wanted (PLT-12).

use super::passkeys::{self, Source};
use super::sign_in::{seconds_of, wait};
use super::{Alone, alone, issuers, leading_on, next};
use crate::forms::{self, Typed};
use crate::look::Look;
use crate::refusals;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::{Button, Field, note};
use tradepost_domain::identity::{AttemptSignIn, Prove};
use tradepost_kernel::Secret;
use tradepost_web::api::passkey_shapes::PasskeyAssertion;
use tradepost_web::api::proofs::{self, Given};
use tradepost_web::api::{factors, me as api_me};
use tradepost_web::fields::Line;
use tradepost_web::{Answer, Call, Problem, Routes, input};

input! {
    /// The form that proves it by the password.
    pub struct PasswordAgain {
        /// The password.
        pub password: Secret<String>,
    }

    /// The form that proves it by a code.
    pub struct CodeAgain {
        /// A code of the app, or a recovery code.
        pub code: Line<64>,
    }
}

async fn show(call: Call) -> Result<Answer, Problem> {
    page(&call, &Look::of(&call), &Typed::default(), None).await
}

async fn page(call: &Call, look: &Look, typed: &Typed, notice: Option<&Markup>) -> Result<Answer, Problem> {
    let me = api_me::shown(call).await?;
    let (two_step, passkey) = (factors::state(call).await?.since.is_some(), proofs::passkey(call).await?);
    // Where two steps are asked for, the password alone proves nothing.
    let by_password = !two_step && me.has_password;
    let title = look.t("Confirm it's you", "Bestätigen Sie, dass Sie es sind");
    let text = look.t(
        "This action is sensitive. Please confirm your identity; the confirmation is valid for 15 minutes.",
        "Was Sie vorhaben, ist heikel, und es ist eine Weile her, dass Sie gezeigt haben, dass Sie es sind. Es gilt für 15 Minuten.",
    );
    let password = html! {
        // For password keepers: whose password it is. It has no name, so it is not sent.
        input type="hidden" autocomplete="username" value=(me.email);
        (Field::new("password", look.t("Password", "Passwort")).wrong(typed.wrong("password")).fill("current-password").whole().input("password"))
    };
    let code = Field::new("code", look.t("Code of your app, or a recovery code", "Code Ihrer App oder ein Wiederherstellungscode"));
    let code = code.wrong(typed.wrong("code")).fill("one-time-code").whole().input("text");
    let go_on = look.t("Continue", "Weiter");
    let inside = html! {
        div class="message" { h1 { (title) } p class="muted" { (text) } }
        @if let Some(notice) = notice { (notice) }
        @if by_password {
            (forms::form(call, look, &leading_on(call, "/again"), &password, &Button::new(go_on).primary().wide(), None))
        }
        @if two_step {
            (forms::form(call, look, &leading_on(call, "/again/code"), &code, &Button::new(go_on).wide(), None))
        }
        @if let Some(passkey) = &passkey {
            (passkeys::asking(look, &leading_on(call, "/again/passkey"), &Source::given(passkey), look.t("Use a passkey", "Passkey benutzen")))
        }
        // To sign in anew is a proof too.
        @if !two_step { (issuers::buttons(call, look)) }
        p class="muted" { a href="/forgot" { (look.t("Forgot your password?", "Passwort vergessen?")) } }
    };
    Ok(alone(call, look, &Alone::new(title).of(&me.email), &inside))
}

async fn by_password(call: Call) -> Result<Answer, Problem> {
    let given = call.form::<PasswordAgain>().map(|form| Given::Password(form.password));
    // A password that is too short to be one is wrong as any other.
    proved(&call, given, ("password", "wrong_password")).await
}

async fn by_code(call: Call) -> Result<Answer, Problem> {
    let given = call.form::<CodeAgain>().map(|form| Given::Code(form.code.into_string()));
    proved(&call, given, ("code", "invalid_code")).await
}

async fn by_passkey(call: Call) -> Result<Answer, Problem> {
    let given = call.form::<PasskeyAssertion>().map(|answer| Given::Passkey(answer.into()));
    proved(&call, given, ("", "invalid_passkey")).await
}

/// Leads back to what was wanted, or says what was wrong beside the field.
async fn proved(call: &Call, given: Result<Given, Problem>, (field, code): (&str, &str)) -> Result<Answer, Problem> {
    let done = match given {
        Ok(given) => proofs::prove(call, given).await.map(drop),
        Err(no) => Err(no),
    };
    let no = match done {
        Ok(()) => return Ok(Answer::see_other(next(call).as_deref().unwrap_or("/"))),
        Err(no) => no,
    };
    let look = Look::of(call);
    match no.status() {
        StatusCode::UNPROCESSABLE_ENTITY => {
            let (typed, notice) = match field {
                "" => (Typed::default(), Some(passkeys::refused(&look, &no))),
                field => (Typed::default().wrong_with(field, &refusals::in_words(&look, code, "")), None),
            };
            Ok(page(call, &look, &typed, notice.as_ref()).await?.with_status(StatusCode::UNPROCESSABLE_ENTITY))
        }
        StatusCode::TOO_MANY_REQUESTS if no.code() == "too_many_attempts" => {
            let seconds = seconds_of(&no);
            let answer = page(call, &look, &Typed::default(), Some(&wait(&look, seconds))).await?;
            Ok(answer.with_status(no.status()).header(RETRY_AFTER, &seconds.to_string()))
        }
        _ => Err(no),
    }
}

/// What stands above a page of its own after something was done.
pub(super) fn told(text: &str) -> Markup {
    note::note(Tone::Good, text, "", None)
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/again", "proofPage", show).signed_in().page();
    r.post("/again", "proofByPasswordForm", by_password).signed_in().page().form::<PasswordAgain>().command::<AttemptSignIn>().command::<Prove>();
    r.post("/again/code", "proofByCodeForm", by_code).signed_in().page().form::<CodeAgain>().command::<AttemptSignIn>().command::<Prove>();
    r.post("/again/passkey", "proofByPasskeyForm", by_passkey).signed_in().page().form::<PasskeyAssertion>().command::<AttemptSignIn>().command::<Prove>();
}
