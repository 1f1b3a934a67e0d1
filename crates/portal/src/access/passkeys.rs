//! A person's passkeys: added, renamed, removed (PAR-15). Adding one needs the browser's own script for it; all else works without.

use super::{Alone, alone, me};
use crate::forms::{self, Typed};
use crate::look::Look;
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::icon::icon;
use tradepost_design::{Button, Field, Icon, Language, assets, form, note};
use tradepost_domain::identity::{PasskeyView, RegisterPasskey, RemovePasskey, RenamePasskey};
use tradepost_web::api::passkeys::{self as shelf, NewPasskey, PasskeyName};
use tradepost_web::form::FORM_KEY;
use tradepost_web::view::{Shown, View};
use tradepost_web::{Answer, Call, Problem, Routes};

/// Where a form learns what a passkey is to sign.
pub(super) enum Source {
    /// It stands in the page.
    Given(String),
    /// It is fetched at the click.
    From(&'static str),
}

impl Source {
    /// What stands in the page.
    pub(super) fn given<V: View>(options: &V) -> Self {
        Self::Given(serde_json::to_string(&Shown(options)).unwrap_or_default())
    }
}

/// A button that asks for a passkey; it is not to be seen until the script says that the browser can, and its room is kept.
pub(super) fn asking(look: &Look, action: &str, source: &Source, label: &str) -> Markup {
    let (options, from) = parts(source);
    let act = Button::new(label).icon(Icon::ApiKey).wide();
    html! {
        form class="form" method="post" action=(action) data-passkey="get" data-options=[options] data-from=[from] {
            (form::unseen(&[("credential", ""), ("client_data", ""), ("authenticator_data", ""), ("signature", "")]))
            (not_taken(look))
            (act.submit())
        }
        (script())
    }
}

const fn parts(source: &Source) -> (Option<&str>, Option<&str>) {
    match source {
        Source::Given(options) => (Some(options.as_str()), None),
        Source::From(path) => (None, Some(*path)),
    }
}

fn not_taken(look: &Look) -> Markup {
    html! {
        p class="muted" role="status" data-passkey-told hidden {
            (look.t("No passkey was used. Try again, or go another way.", "Es wurde kein Passkey benutzt. Versuchen Sie es noch einmal oder auf anderem Weg."))
        }
    }
}

/// The script of pages that ask for a passkey.
fn script() -> Markup {
    html! { script type="module" src=(assets::passkeys().path()) {} }
}

async fn list(call: Call) -> Result<Answer, Problem> {
    page(&call, &Look::of(&call), &Typed::default()).await
}

async fn page(call: &Call, look: &Look, typed: &Typed) -> Result<Answer, Problem> {
    let (me, all) = (me(call).await?, shelf::all(call).await?);
    let options = Source::given(&shelf::registration(call).await?);
    let title = "Passkeys";
    let text = look.t(
        "A passkey is stored on your phone, your computer or a security key. It signs you in without a password, or serves as the second step after it, and cannot be phished.",
        "Ein Passkey wohnt in Ihrem Telefon, Ihrem Computer oder einem Sicherheitsschlüssel. Er meldet Sie allein an oder erledigt den zweiten Schritt nach dem Passwort, und keine gefälschte Seite kann ihn verlangen.",
    );
    let inside = html! {
        @if let Some(said) = super::factors::said(call, look) { (said) }
        div class="message" {
            (Button::new(look.t("Profile and security", "Profil und Sicherheit")).quiet().small().icon(Icon::Previous).to("/account"))
            h1 { (title) }
            p class="muted" { (text) }
        }
        (typed.mistakes(look))
        @if all.is_empty() {
            (note::empty(Icon::ApiKey, look.t("No passkey yet", "Noch kein Passkey"), look.t("Add the first one below.", "Fügen Sie unten den ersten hinzu."), None))
        } @else {
            ul class="entries" { @for passkey in &all { (entry(look, passkey)) } }
        }
        (adding(call, look, typed, &options))
    };
    Ok(alone(call, look, &Alone::new(title).wide().of(&me.email), &inside))
}

fn entry(look: &Look, passkey: &PasskeyView) -> Markup {
    let path = format!("/profile/passkeys/{}", passkey.id);
    html! {
        li class="entry" {
            (icon(Icon::ApiKey))
            div class="name" {
                strong { (passkey.name) }
                small {
                    (look.t("added", "hinzugefügt")) " " (look.moment(passkey.created)) " · "
                    @match passkey.last_used {
                        Some(at) => { (look.t("last used", "zuletzt benutzt")) " " (look.moment(at)) }
                        None => { (look.t("never used", "nie benutzt")) }
                    }
                }
            }
            div class="apart" {
                (Button::new(look.t("Rename", "Umbenennen")).small().opens_dialog().to(&path))
                (Button::new(look.t("Remove", "Entfernen")).small().opens_dialog().to(&format!("{path}/remove")))
            }
        }
    }
}

/// The form that adds one. Where the browser knows none, a note stands in its place.
fn adding(call: &Call, look: &Look, typed: &Typed, source: &Source) -> Markup {
    let (options, from) = parts(source);
    let hint = look.t("So that you know it again: “Phone”, “Work laptop”.", "Damit Sie ihn wiedererkennen: „Telefon“, „Firmenlaptop“.");
    html! {
        section class="part" {
            header { h2 { (look.t("Add a passkey", "Passkey hinzufügen")) } }
            p class="muted" data-passkey-missing {
                (look.t("This needs a browser that knows passkeys, with JavaScript.", "Das braucht einen Browser, der Passkeys kennt, mit JavaScript."))
            }
            form class="form" method="post" action="/profile/passkeys" data-passkey="create" data-options=[options] data-from=[from] {
                (form::unseen(&[(FORM_KEY, call.form_key().as_str()), ("client_data", ""), ("attestation_object", "")]))
                div class="fields" { (typed.field("name", "Name").hint(hint).whole().input("text")) }
                (not_taken(look))
                div class="form-end" { (Button::new(look.t("Add a passkey", "Passkey hinzufügen")).primary().submit()) }
            }
            (script())
        }
    }
}

async fn add(call: Call) -> Result<Answer, Problem> {
    let added = match call.form::<NewPasskey>() {
        Ok(new) => shelf::register(&call, new).await,
        Err(no) => Err(no),
    };
    match added {
        Ok(_) => Ok(Answer::see_other("/profile/passkeys?done=added")),
        Err(no) => {
            let (look, status) = (Look::of(&call), no.status());
            let typed = Typed::refused(&call, &look, no)?;
            Ok(page(&call, &look, &typed).await?.with_status(status))
        }
    }
}

/// A page that asks one thing.
async fn asked(call: &Call, look: &Look, title: &str, inside: &Markup) -> Result<Answer, Problem> {
    let me = me(call).await?;
    let inside = html! { div data-dialog-content { (inside) } };
    Ok(alone(call, look, &Alone::new(title).of(&me.email), &inside))
}

async fn ask_name(call: Call) -> Result<Answer, Problem> {
    let passkey = shelf::one(&call).await?;
    let typed = Typed::new([("name", passkey.name.clone())]);
    name_page(&call, &Look::of(&call), &passkey, &typed).await
}

async fn name_page(call: &Call, look: &Look, passkey: &PasskeyView, typed: &Typed) -> Result<Answer, Problem> {
    let title = look.t("Rename passkey", "Passkey umbenennen");
    let field = Field::new("name", "Name").value(typed.value("name")).wrong(typed.wrong("name")).whole().input("text");
    let path = format!("/profile/passkeys/{}", passkey.id);
    let act = Button::new(look.t("Save", "Speichern")).primary();
    asked(call, look, title, &forms::question(call, look, title, &field, typed, &path, &act, "/profile/passkeys")).await
}

async fn rename(call: Call) -> Result<Answer, Problem> {
    let passkey = shelf::one(&call).await?;
    let renamed = match call.form::<PasskeyName>() {
        Ok(PasskeyName { name }) => call.execute(RenamePasskey { passkey: passkey.id, name: name.into_string() }).await.map(drop),
        Err(no) => Err(no),
    };
    match renamed {
        Ok(()) => Ok(Answer::see_other("/profile/passkeys?done=renamed")),
        Err(no) if no.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            let look = Look::of(&call);
            let typed = Typed::refused(&call, &look, no)?;
            Ok(name_page(&call, &look, &passkey, &typed).await?.with_status(StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(no) => Err(no),
    }
}

async fn ask_remove(call: Call) -> Result<Answer, Problem> {
    let (look, passkey) = (Look::of(&call), shelf::one(&call).await?);
    let title = look.t("Remove passkey", "Passkey entfernen");
    let text = match look.language {
        Language::English => format!("“{}” signs nobody in any more. Remove it on the device, too.", passkey.name),
        Language::German => format!("„{}“ meldet niemanden mehr an. Entfernen Sie ihn auch auf dem Gerät.", passkey.name),
    };
    let path = format!("/profile/passkeys/{}/remove", passkey.id);
    let act = Button::new(look.t("Remove", "Entfernen")).danger();
    asked(&call, &look, title, &forms::question(&call, &look, title, &html! { p { (text) } }, &Typed::default(), &path, &act, "/profile/passkeys")).await
}

async fn remove(call: Call) -> Result<Answer, Problem> {
    call.execute(RemovePasskey { passkey: call.path("id")? }).await?;
    Ok(Answer::see_other("/profile/passkeys?done=removed"))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/profile/passkeys", "passkeysPage", list).signed_in().fresh().page();
    r.post("/profile/passkeys", "addPasskeyForm", add).signed_in().fresh().page().form::<NewPasskey>().command::<RegisterPasskey>();
    r.get("/profile/passkeys/{id}", "renamePasskeyPage", ask_name).signed_in().fresh().page();
    r.post("/profile/passkeys/{id}", "renamePasskeyForm", rename).signed_in().fresh().page().form::<PasskeyName>().command::<RenamePasskey>();
    r.get("/profile/passkeys/{id}/remove", "removePasskeyPage", ask_remove).signed_in().fresh().page();
    r.post("/profile/passkeys/{id}/remove", "removePasskeyForm", remove).signed_in().fresh().page().command::<RemovePasskey>();
}

/// What went wrong with a passkey, above a form.
pub(super) fn refused(look: &Look, no: &Problem) -> Markup {
    let general = look.t(
        "It opens nothing here, or it took too long. Try again, or go another way.",
        "Er öffnet hier nichts, oder es dauerte zu lange. Versuchen Sie es noch einmal oder auf anderem Weg.",
    );
    let text = match no.code() {
        "user_verification_required" => crate::refusals::in_words(look, no.code(), no.detail()),
        _ => general.to_owned(),
    };
    note::note(Tone::Bad, look.t("That passkey was not taken", "Dieser Passkey wurde nicht angenommen"), &text, None)
}
