//! Two-step sign-in of a person: switched on by a first code, off, and its recovery codes (PAR-15).

use super::{Alone, alone, me};
use crate::forms::{self, Typed};
use crate::look::Look;
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::{Button, Field, Icon, Language, note, value};
use tradepost_documents::qr::Code;
use tradepost_domain::identity::factor_queries::TwoStep;
use tradepost_domain::identity::{BeginTotp, ConfirmTotp, MakeRecoveryCodes, SwitchTotpOff};
use tradepost_kernel::Secret;
use tradepost_web::api::factors::{self, FirstCode};
use tradepost_web::{Answer, Call, Problem, Routes};

const HOME: &str = "/profile/two-step";

/// What was just done, by the word that stands in the address: there is no workspace around these pages that would say it.
pub(super) fn said(call: &Call, look: &Look) -> Option<Markup> {
    let (_, what) = call.query_pairs().iter().find(|(name, _)| name == "done")?;
    let text = match what.as_str() {
        "off" => look.t("Two-step sign-in is off.", "Die Anmeldung in zwei Schritten ist aus."),
        "added" => look.t("Passkey added.", "Passkey hinzugefügt."),
        "renamed" => look.t("Passkey renamed.", "Passkey umbenannt."),
        "removed" => look.t("Passkey removed.", "Passkey entfernt."),
        _ => return None,
    };
    Some(super::again::told(text))
}

/// A page of its own with a way back to the profile.
async fn page(call: &Call, look: &Look, title: &str, inside: &Markup) -> Result<Answer, Problem> {
    let me = me(call).await?;
    let inside = html! {
        @if let Some(said) = said(call, look) { (said) }
        div class="message" {
            (Button::new(look.t("Profile and security", "Profil und Sicherheit")).quiet().small().icon(Icon::Previous).to("/account"))
            h1 { (title) }
        }
        (inside)
    };
    Ok(alone(call, look, &Alone::new(title).wide().of(&me.email), &inside))
}

const fn title(look: &Look) -> &'static str {
    look.t("Two-step sign-in", "Anmeldung in zwei Schritten")
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let (look, state) = (Look::of(&call), factors::state(&call).await?);
    let inside = if state.since.is_some() { on(&look, state) } else { off(&call, &look) };
    page(&call, &look, title(&look), &inside).await
}

fn off(call: &Call, look: &Look) -> Markup {
    let text = look.t(
        "After your password, a code from an authenticator app on your phone is asked for. You need such an app: any will do.",
        "Nach dem Passwort wird ein Code aus einer Authenticator-App auf Ihrem Telefon verlangt. Sie brauchen eine solche App: Jede ist recht.",
    );
    html! {
        p { (text) }
        (forms::act(call, &format!("{HOME}/begin"), &Button::new(look.t("Set up", "Einrichten")).primary().icon(Icon::Security)))
    }
}

fn on(look: &Look, state: TwoStep) -> Markup {
    let since = state.since.map(|since| look.moment(since));
    let left = look.n(
        state.recovery_codes,
        ("recovery code is left", "recovery codes are left"),
        ("Wiederherstellungscode ist übrig", "Wiederherstellungscodes sind übrig"),
    );
    html! {
        (note::note(Tone::Good, look.t("It is on", "Sie ist an"), "", None))
        p class="muted" { (look.t("Since", "Seit")) " " @if let Some(since) = since { (since) } " · " (left) }
        @if state.recovery_codes < 3 {
            (note::note(
                Tone::Warn,
                look.t("Few recovery codes are left", "Es sind nur noch wenige Wiederherstellungscodes übrig"),
                look.t("Make new ones before you need them.", "Machen Sie neue, bevor Sie sie brauchen."),
                None,
            ))
        }
        div class="button-row" {
            (Button::new(look.t("New recovery codes", "Neue Wiederherstellungscodes")).icon(Icon::Refresh).to(&format!("{HOME}/recovery-codes")))
            (Button::new(look.t("Turn off", "Ausschalten")).danger().to(&format!("{HOME}/off")))
        }
    }
}

async fn begin(call: Call) -> Result<Answer, Problem> {
    let look = Look::of(&call);
    let (secret, url) = factors::begin(&call).await?;
    first_code(&call, &look, Some((secret.as_str(), &url)), &Typed::default()).await
}

/// The page that asks for the first code; the secret is shown once, when it was made.
async fn first_code(call: &Call, look: &Look, made: Option<(&str, &Secret<String>)>, typed: &Typed) -> Result<Answer, Problem> {
    let field = Field::new("code", look.t("Code that the app shows", "Code, den die App zeigt")).wrong(typed.wrong("code"));
    let field = field.fill("one-time-code").whole().input("text");
    let inside = html! {
        (typed.mistakes(look))
        @if let Some((secret, url)) = made {
            p { (look.t("Scan this with your authenticator app, or type the secret into it.", "Lesen Sie das mit Ihrer Authenticator-App ein, oder geben Sie das Geheimnis dort ein.")) }
            @if let Some(code) = Code::of(url.expose()) { div { (code.drawn(look.t("QR code of the secret", "QR-Code des Geheimnisses"))) } }
            p { (value::copyable(secret, look.language)) }
        } @else {
            p { (look.t("The secret in your app is still valid.", "Das Geheimnis in Ihrer App gilt noch.")) }
        }
        (forms::form(call, look, &format!("{HOME}/confirm"), &field, &Button::new(look.t("Turn on", "Einschalten")).primary(), Some(HOME)))
    };
    page(call, look, title(look), &inside).await
}

async fn confirm(call: Call) -> Result<Answer, Problem> {
    let look = Look::of(&call);
    let confirmed = match call.form::<FirstCode>() {
        Ok(FirstCode { code }) => factors::confirm(&call, code.into_string()).await,
        Err(no) => Err(no),
    };
    match confirmed {
        Ok(codes) => recovery(&call, &look, &codes).await,
        Err(no) if no.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            let typed = Typed::refused(&call, &look, no)?;
            Ok(first_code(&call, &look, None, &typed).await?.with_status(StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(no) => Err(no),
    }
}

/// The page that shows recovery codes, this once.
async fn recovery(call: &Call, look: &Look, codes: &[Secret<String>]) -> Result<Answer, Problem> {
    let lines: Vec<&str> = codes.iter().map(|code| code.expose().as_str()).collect();
    let inside = html! {
        (note::note(
            Tone::Warn,
            look.t("Keep these: they are shown this once", "Verwahren Sie diese: Sie werden nur dieses eine Mal gezeigt"),
            look.t(
                "Each signs you in once in place of a code, if you have lost the phone. Print them, or keep them where you keep passwords.",
                "Jeder meldet Sie einmal anstelle eines Codes an, wenn das Telefon verloren ist. Drucken Sie sie aus oder verwahren Sie sie bei Ihren Passwörtern.",
            ),
            None,
        ))
        (value::snippet(&lines.join("\n"), look.language))
        div class="button-row" { (Button::new(look.t("I have saved them", "Ich habe sie gespeichert")).primary().to(HOME)) }
    };
    Ok(page(call, look, look.t("Recovery codes", "Wiederherstellungscodes"), &inside).await?.raw())
}

/// A page that asks before something happens.
async fn ask(call: &Call, look: &Look, name: &str, text: &str, path: &str, act: &Button<'_>) -> Result<Answer, Problem> {
    let inside = html! { p { (text) } (forms::form(call, look, path, &html! {}, act, Some(HOME))) };
    page(call, look, name, &inside).await
}

async fn ask_codes(call: Call) -> Result<Answer, Problem> {
    let look = Look::of(&call);
    let text = look.t("Ten new codes are created; the old ones stop working.", "Es werden zehn neue Codes gemacht; die alten gelten nicht mehr.");
    let act = Button::new(look.t("Create new codes", "Neue Codes erzeugen")).primary();
    ask(&call, &look, look.t("New recovery codes", "Neue Wiederherstellungscodes"), text, &format!("{HOME}/recovery-codes"), &act).await
}

async fn make_codes(call: Call) -> Result<Answer, Problem> {
    let codes = factors::renew(&call).await?;
    recovery(&call, &Look::of(&call), &codes).await
}

async fn ask_off(call: Call) -> Result<Answer, Problem> {
    let look = Look::of(&call);
    let text = match look.language {
        Language::English => "Your password alone signs you in from then on, and the recovery codes are gone. Passkeys stay.",
        Language::German => "Danach meldet Sie allein Ihr Passwort an, und die Wiederherstellungscodes sind weg. Passkeys bleiben.",
    };
    let act = Button::new(look.t("Turn off", "Ausschalten")).danger();
    ask(&call, &look, look.t("Turn off two-step sign-in", "Anmeldung in zwei Schritten ausschalten"), text, &format!("{HOME}/off"), &act).await
}

async fn switch_off(call: Call) -> Result<Answer, Problem> {
    call.execute(SwitchTotpOff).await?;
    Ok(Answer::see_other(&format!("{HOME}?done=off")))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/profile/two-step", "twoStepPage", show).signed_in().fresh().page();
    r.post("/profile/two-step/begin", "beginTwoStepForm", begin).signed_in().fresh().page().command::<BeginTotp>();
    r.post("/profile/two-step/confirm", "confirmTwoStepForm", confirm).signed_in().fresh().page().form::<FirstCode>().command::<ConfirmTotp>();
    r.get("/profile/two-step/recovery-codes", "recoveryCodesPage", ask_codes).signed_in().fresh().page();
    r.post("/profile/two-step/recovery-codes", "recoveryCodesForm", make_codes).signed_in().fresh().page().command::<MakeRecoveryCodes>();
    r.get("/profile/two-step/off", "switchTwoStepOffPage", ask_off).signed_in().fresh().page();
    r.post("/profile/two-step/off", "switchTwoStepOffForm", switch_off).signed_in().fresh().page().command::<SwitchTotpOff>();
}
