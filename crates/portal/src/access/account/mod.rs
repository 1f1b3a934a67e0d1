//! A person's own page: who they are, how they see the portal, where they are signed in, their address and password (PAR-15).

mod elsewhere;
mod email;
mod password;
mod profile;

use super::{Alone, alone, looks, sign_in};
use crate::forms::{self, Typed};
use crate::look::{Look, Theme};
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::icon::icon;
use tradepost_design::{Button, Field, Icon, Language, badge, note};
use tradepost_domain::SessionId;
use tradepost_domain::identity::{RevokeSessions, SessionView, SignInWay};
use tradepost_web::api::me::{self, Me};
use tradepost_web::api::{factors, issuer_accounts, passkeys, sessions};
use tradepost_web::{Answer, Call, Problem, Routes};

/// Sessions that the page lists at most; all others end with "Sign out everywhere else" too.
const LISTED: usize = 50;

/// What was just done, by the word that stands in the address: there is no workspace around this page that would say it.
fn said(call: &Call, look: &Look) -> Option<&'static str> {
    let (_, what) = call.query_pairs().iter().find(|(name, _)| name == "done")?;
    match what.as_str() {
        "profile" | "look" => Some(look.t("Saved.", "Gesichert.")),
        "session" => Some(look.t("That device is signed out.", "Dieses Gerät ist abgemeldet.")),
        "sessions" => Some(look.t("All other devices are signed out.", "Alle anderen Geräte sind abgemeldet.")),
        "password" => Some(look.t("Password changed. Your other devices are signed out.", "Passwort geändert. Ihre anderen Geräte sind abgemeldet.")),
        "unlinked" => Some(look.t("That account no longer signs you in.", "Dieses Konto meldet Sie nicht mehr an.")),
        "email" => Some(look.t("A link went to the new address. It works for a day.", "Ein Link ging an die neue Adresse. Er gilt einen Tag lang.")),
        "mail" => Some(look.t("Check your inbox: the link works for an hour.", "Prüfen Sie Ihr Postfach: Der Link gilt eine Stunde lang.")),
        _ => None,
    }
}

async fn show(call: Call) -> Result<Answer, Problem> {
    drawn(&call, &Typing::default()).await
}

/// What stands in the forms of the page, where one of them was sent and was wrong.
#[derive(Debug, Default)]
struct Typing {
    profile: Option<Typed>,
    password: Typed,
    email: Typed,
}

async fn drawn(call: &Call, typing: &Typing) -> Result<Answer, Problem> {
    let (person, me) = (super::me(call).await?, me::shown(call).await?);
    let look = Look::of(call).seen_by(&person);
    let open = sessions::open(call, LISTED).await?;
    let here = sessions::current(call).await?.map(|session| session.id);
    let (two_step, keys, accounts) = (factors::state(call).await?, passkeys::all(call).await?.len(), issuer_accounts::all(call).await?);
    let title = look.t("Profile and security", "Profil und Sicherheit");
    let inside = html! {
        @if let Some(said) = said(call, &look) { (note::note(Tone::Good, said, "", None)) }
        div class="message" {
            (Button::new(look.t("Back to workspace", "Zurück zum Arbeitsbereich")).quiet().small().icon(Icon::Previous).to("/"))
            h1 { (title) }
        }
        (profile::part(call, &look, &me, typing.profile.as_ref()))
        (appearance(call, &look, &me))
        (email::part(call, &look, &me, &typing.email))
        (password::part(call, &look, &me, &typing.password))
        (factors(&look, two_step.since.is_some(), keys))
        (elsewhere::part(&look, &accounts))
        (devices(call, &look, &open, here))
    };
    Ok(alone(call, &look, &Alone::new(title).wide().of(&me.email), &inside))
}

/// The page again, after a no that is about what was typed: `place` says in which form it was.
async fn again(call: &Call, no: Problem, place: impl FnOnce(Typed) -> Typing) -> Result<Answer, Problem> {
    let person = super::me(call).await?;
    let look = Look::of(call).seen_by(&person);
    let status = no.status();
    let typed = if no.code() == "too_many_attempts" {
        Typed::of(call.typed()?).wrong_with("", &crate::refusals::in_words(&look, no.code(), no.detail()))
    } else {
        Typed::refused(call, &look, no)?
    };
    Ok(drawn(call, &place(typed)).await?.with_status(status))
}

fn part(title: &str, text: &str, inside: &Markup) -> Markup {
    html! {
        section class="part" {
            header { h2 { (title) } @if !text.is_empty() { p class="muted" { (text) } } }
            (inside)
        }
    }
}

/// Language and theme. The theme holds for this browser, signed in or not; the language goes with the person.
fn appearance(call: &Call, look: &Look, me: &Me) -> Markup {
    let (kept, theme) = looks::chosen(call);
    let language = me.language.as_deref().map_or(kept, Language::of_code);
    let languages = [
        ("auto", look.t("As the browser asks", "Wie vom Browser gewünscht")),
        (Language::English.code(), Language::English.name()),
        (Language::German.code(), Language::German.name()),
    ];
    let themes = [
        ("auto", look.t("As the system", "Wie das System"), ""),
        (Theme::Light.name(), look.t("Light", "Hell"), ""),
        (Theme::Dark.name(), look.t("Dark", "Dunkel"), ""),
    ];
    let fields = html! {
        (tradepost_design::form::unseen(&[("next", "/account?done=look")]))
        (Field::new("language", look.t("Language", "Sprache")).value(language.map_or("auto", Language::code)).select(&languages))
        (Field::new("theme", look.t("Theme", "Darstellung")).value(theme.map_or("auto", Theme::name)).whole().radios(&themes))
    };
    let form = forms::form(call, look, "/look", &fields, &Button::new(look.t("Save", "Speichern")), None);
    part(
        look.t("Language and appearance", "Sprache und Darstellung"),
        look.t(
            "The language on every browser and in e-mails, the theme on this one.",
            "Die Sprache in jedem Browser und in E-Mails, die Darstellung in diesem.",
        ),
        &form,
    )
}

/// Two-step sign-in and passkeys: how they stand, and where they are changed.
fn factors(look: &Look, on: bool, keys: usize) -> Markup {
    let text = look.t(
        "A code from your phone, or a passkey, keeps others out who know your password.",
        "Ein Code von Ihrem Telefon oder ein Passkey hält andere draußen, die Ihr Passwort kennen.",
    );
    let row = |shown, name: &str, state: Markup, path: &str| {
        html! { li class="entry" { (icon(shown)) div class="name" { a class="row" href=(path) { (name) } } div class="apart" { (state) } } }
    };
    let two_step = if on { badge(Tone::Good, look.t("On", "An")) } else { badge(Tone::Plain, look.t("Off", "Aus")) };
    let inside = html! {
        ul class="entries" {
            (row(Icon::Security, look.t("Two-step sign-in", "Anmeldung in zwei Schritten"), two_step, "/profile/two-step"))
            (row(Icon::ApiKey, "Passkeys", html! { (look.number(i64::try_from(keys).unwrap_or(i64::MAX))) }, "/profile/passkeys"))
        }
    };
    part(look.t("Second step and passkeys", "Zweiter Schritt und Passkeys"), text, &inside)
}

/// How a session began.
const fn way(look: &Look, way: SignInWay) -> &'static str {
    match way {
        SignInWay::Password => look.t("by password", "mit Passwort"),
        SignInWay::PasswordCode => look.t("by password and code", "mit Passwort und Code"),
        SignInWay::PasswordRecoveryCode => look.t("by password and recovery code", "mit Passwort und Wiederherstellungscode"),
        SignInWay::PasswordPasskey => look.t("by password and passkey", "mit Passwort und Passkey"),
        SignInWay::Passkey => look.t("by passkey", "mit Passkey"),
        SignInWay::Provider => look.t("by your company's account", "mit dem Konto Ihrer Firma"),
    }
}

fn devices(call: &Call, look: &Look, open: &[SessionView], here: Option<SessionId>) -> Markup {
    let text = look.t(
        "A device that you do not know? Sign it out, then set a new password.",
        "Ein Gerät, das Sie nicht kennen? Melden Sie es ab, und setzen Sie dann ein neues Passwort.",
    );
    let inside = html! {
        ul class="entries" { @for session in open { (entry(call, look, session, here == Some(session.id))) } }
        @if open.len() > 1 {
            (forms::act(call, "/account/sign-out-elsewhere", &Button::new(look.t("Sign out everywhere else", "Überall sonst abmelden")).icon(Icon::SignOut)))
        }
    };
    part(look.t("Active sessions", "Aktive Sitzungen"), text, &inside)
}

fn entry(call: &Call, look: &Look, session: &SessionView, here: bool) -> Markup {
    html! {
        li class="entry" {
            (icon(Icon::Security))
            div class="name" {
                strong title=[session.agent.as_deref()] { (device(look, session.agent.as_deref())) }
                small {
                    @if let Some(address) = &session.address { (address) " · " }
                    (look.t("signed in", "angemeldet")) " " (way(look, session.way)) " " (look.moment(session.created)) " · "
                    (look.t("last used", "zuletzt benutzt")) " " (look.moment(session.last_seen))
                }
            }
            div class="apart" {
                @if here { (badge(Tone::Good, look.t("This device", "Dieses Gerät"))) }
                @else { (forms::act(call, &format!("/account/sessions/{}/end", session.id), &Button::new(look.t("Sign out", "Abmelden")).small())) }
            }
        }
    }
}

/// What programs call themselves in, the more particular before those that they also claim to be.
const BROWSERS: &[(&str, &str)] =
    &[("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];
const SYSTEMS: &[(&str, &str)] =
    &[("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("CrOS", "ChromeOS"), ("Mac OS X", "macOS"), ("Linux", "Linux")];

fn named(agent: &str, known: &'static [(&'static str, &'static str)]) -> Option<&'static str> {
    known.iter().find(|(mark, _)| agent.contains(*mark)).map(|(_, name)| *name)
}

/// A program and the system it runs on, in words.
fn device(look: &Look, agent: Option<&str>) -> String {
    let Some(agent) = agent else { return look.t("Unknown program", "Unbekanntes Programm").to_owned() };
    match (named(agent, BROWSERS), named(agent, SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} {} {system}", look.t("on", "unter")),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => agent.split(['/', ' ']).next().unwrap_or(agent).to_owned(),
    }
}

async fn end(call: Call) -> Result<Answer, Problem> {
    let session: SessionId = call.path("id")?;
    let own = sessions::current(&call).await?.is_some_and(|here| here.id == session);
    sessions::end(&call, session).await?;
    Ok(if own { sign_in::out(&call) } else { Answer::see_other("/account?done=session") })
}

async fn end_others(call: Call) -> Result<Answer, Problem> {
    sessions::end_others(&call).await?;
    Ok(Answer::see_other("/account?done=sessions"))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/account", "accountPage", show).signed_in().page();
    r.post("/account/sign-out-elsewhere", "signOutElsewhereForm", end_others).signed_in().page().command::<RevokeSessions>();
    r.post("/account/sessions/{id}/end", "endSessionForm", end).signed_in().page().command::<RevokeSessions>();
    profile::routes(r);
    password::routes(r);
    email::routes(r);
    elsewhere::routes(r);
}
