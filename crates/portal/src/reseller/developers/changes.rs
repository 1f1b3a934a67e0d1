//! What can be done to a key of either kind: put a new one in its place, switch it off and on, delete it (PAR-16).

use super::{Kind, keys, named, one, urls};
use crate::forms::{self, Typed, question};
use crate::room::{Room, Spot, done};
use maud::{Markup, html};
use tradepost_design::{Button, Icon, Language};
use tradepost_domain::Right;
use tradepost_domain::access::Side;
use tradepost_domain::identity::change_keys::LONGEST_OVERLAP_S;
use tradepost_domain::identity::{ApiKeyRow, DeleteApiKey, KeyOwner, PreparedKey, RotateApiKey, SwitchApiKey};
use tradepost_web::api::api_keys;
use tradepost_web::fields::Whole;
use tradepost_web::{Answer, Call, Problem, Routes, input};

input! {
    /// The form that puts a new key in the place of another.
    pub struct KeyRotationForm {
        /// How long the old one still works.
        pub overlap_seconds: Whole<0, LONGEST_OVERLAP_S>,
    }
}

/// The buttons of a key's page.
pub(super) fn acts(call: &Call, room: &Room, kind: Kind, key: &ApiKeyRow) -> Markup {
    let path = kind.page(room, key.id);
    let off = key.disabled_by_reseller.is_some();
    let usable = key.is_valid(room.look.now) && key.replaced_by.is_none();
    html! {
        (Button::new(room.t("Delete", "Löschen")).quiet().icon(Icon::Delete).opens_dialog().to(&format!("{path}/delete")))
        @if off {
            (forms::act(call, &format!("{path}/enable"), &Button::new(room.t("Enable", "Einschalten")).icon(Icon::Check)))
        } @else {
            (Button::new(room.t("Disable", "Abschalten")).icon(Icon::Close).opens_dialog().to(&format!("{path}/disable")))
        }
        @if usable {
            (Button::new(room.t("Rotate", "Austauschen")).icon(Icon::Refresh).opens_dialog().to(&format!("{path}/rotate")))
        }
    }
}

/// The steps that ask first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Rotate,
    Disable,
    Delete,
}

impl Step {
    const fn place(self) -> &'static str {
        match self {
            Self::Rotate => "rotate",
            Self::Disable => "disable",
            Self::Delete => "delete",
        }
    }

    const fn title(self, room: &Room) -> &'static str {
        match self {
            Self::Rotate => room.t("Rotate", "Austauschen"),
            Self::Disable => room.t("Disable", "Abschalten"),
            Self::Delete => room.t("Delete", "Löschen"),
        }
    }

    const fn text(self, room: &Room) -> &'static str {
        match self {
            Self::Rotate => room.t(
                "A new one with the same rights and bounds takes its place and is shown once. Let the old one work until your shop has the new one.",
                "Ein Nachfolger mit denselben Rechten und Grenzen wird angelegt und einmal gezeigt. Lassen Sie den Vorgänger gelten, bis Ihr Shop den Nachfolger hat.",
            ),
            Self::Disable => room.t(
                "It stops working at once. A shop that uses it can't sell. You can enable it again.",
                "Sofort öffnet sich damit nichts mehr. Ein Shop, der damit arbeitet, kann nicht verkaufen. Das lässt sich rückgängig machen.",
            ),
            Self::Delete => room.t("It is removed permanently and stops working at once.", "Das ist endgültig: Ab sofort öffnet sich damit nichts mehr."),
        }
    }
}

async fn ask(call: Call, kind: Kind, step: Step) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    page(&call, &room, kind, step, &Typed::new([("overlap_seconds", "3600".to_owned())])).await
}

async fn page(call: &Call, room: &Room, kind: Kind, step: Step, typed: &Typed) -> Result<Answer, Problem> {
    let key = one(call, kind).await?;
    let path = kind.page(room, key.id);
    let title = match room.look.language {
        Language::English => format!("{} “{}”", step.title(room), key.name),
        Language::German => format!("„{}“ {}", key.name, step.title(room).to_lowercase()),
    };
    let text = html! {
        p { (step.text(room)) }
        p { code { (key.masked) } }
        @if step == Step::Rotate { (overlap(room, typed)) }
    };
    let act = Button::new(step.title(room));
    let act = if step == Step::Rotate { act.primary() } else { act.danger() };
    let inside = question(call, &room.look, &title, &text, typed, &format!("{path}/{}", step.place()), &act, &path);
    Ok(room.dialog(Spot::Developers, &title, &inside))
}

fn overlap(room: &Room, typed: &Typed) -> Markup {
    typed.field("overlap_seconds", room.t("The old one still works for", "Der Vorgänger gilt noch")).whole().select(&[
        ("0", room.t("no time: it leaked", "gar nicht: Er ist bekannt geworden")),
        ("3600", room.t("an hour", "eine Stunde")),
        ("86400", room.t("a day", "einen Tag")),
        ("259200", room.t("three days", "drei Tage")),
        ("604800", room.t("a week", "eine Woche")),
    ])
}

async fn refused(call: &Call, room: &Room, kind: Kind, step: Step, no: Problem) -> Result<Answer, Problem> {
    let (status, typed) = (no.status(), Typed::refused(call, &room.look, no)?);
    Ok(page(call, room, kind, step, &typed).await?.with_status(status))
}

async fn rotate(call: Call, kind: Kind) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let form = match call.form::<KeyRotationForm>() {
        Ok(form) => form,
        Err(no) => return refused(&call, &room, kind, Step::Rotate, no).await,
    };
    let owner = KeyOwner::of(call.caller())?;
    let text = api_keys::mint(&call, owner.merchant, kind.of_text()).await?;
    let command = RotateApiKey { owner, key: call.path("key")?, prepared: PreparedKey::from(&text), overlap_s: form.overlap_seconds.get() };
    match call.execute(command).await {
        Ok(made) => {
            let secret = (!made.replayed).then(|| text.text().expose().as_str());
            let key = named(&call, kind, made.outcome.key).await?;
            match kind {
                Kind::Key => Ok(keys::made_page(&room, &key, secret)),
                Kind::Url => urls::made_page(&call, &room, &key, secret).await,
            }
        }
        Err(no) => refused(&call, &room, kind, Step::Rotate, no).await,
    }
}

async fn switch(call: Call, kind: Kind, on: bool) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let owner = KeyOwner::of(call.caller())?;
    let key = call.path("key")?;
    let said = if on { room.t("Enabled.", "Eingeschaltet.") } else { room.t("Disabled.", "Abgeschaltet.") };
    match call.execute(SwitchApiKey { owner, key, kind: kind.of_text(), by: Side::Reseller, on }).await {
        Ok(_) => Ok(done(&call, &kind.page(&room, key), said)),
        Err(no) if !on => refused(&call, &room, kind, Step::Disable, no).await,
        Err(no) => Err(no),
    }
}

async fn delete(call: Call, kind: Kind) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let owner = KeyOwner::of(call.caller())?;
    match call.execute(DeleteApiKey { owner, key: call.path("key")?, kind: kind.of_text() }).await {
        Ok(_) => Ok(done(&call, &kind.list(&room), room.t("Deleted.", "Gelöscht."))),
        Err(no) => refused(&call, &room, kind, Step::Delete, no).await,
    }
}

/// The rows of both kinds differ in where they are only.
macro_rules! change_routes {
    ($r:ident, $root:literal, $kind:expr, [$rotate_page:literal, $rotate:literal, $disable_page:literal, $disable:literal, $enable:literal, $delete_page:literal, $delete:literal]) => {
        let right = Right::ResellerKeysManage;
        $r.get(concat!($root, "/{key}/rotate"), $rotate_page, |call| ask(call, $kind, Step::Rotate)).needs(right).fresh().page();
        $r.post(concat!($root, "/{key}/rotate"), $rotate, |call| rotate(call, $kind))
            .needs(right)
            .fresh()
            .page()
            .form::<KeyRotationForm>()
            .command::<RotateApiKey>();
        $r.get(concat!($root, "/{key}/disable"), $disable_page, |call| ask(call, $kind, Step::Disable)).needs(right).page();
        $r.post(concat!($root, "/{key}/disable"), $disable, |call| switch(call, $kind, false)).needs(right).page().command::<SwitchApiKey>();
        $r.post(concat!($root, "/{key}/enable"), $enable, |call| switch(call, $kind, true)).needs(right).fresh().page().command::<SwitchApiKey>();
        $r.get(concat!($root, "/{key}/delete"), $delete_page, |call| ask(call, $kind, Step::Delete)).needs(right).page();
        $r.post(concat!($root, "/{key}/delete"), $delete, |call| delete(call, $kind)).needs(right).page().command::<DeleteApiKey>();
    };
}

pub(super) fn routes(r: &mut Routes) {
    change_routes!(
        r,
        "/r/{partnership}/developers/keys",
        Kind::Key,
        ["rotateKeyPage", "rotateKeyForm", "disableKeyPage", "disableKeyForm", "enableKeyForm", "deleteKeyPage", "deleteKeyForm"]
    );
    change_routes!(
        r,
        "/r/{partnership}/developers/urls",
        Kind::Url,
        [
            "rotateDynamicUrlPage",
            "rotateDynamicUrlForm",
            "disableDynamicUrlPage",
            "disableDynamicUrlForm",
            "enableDynamicUrlForm",
            "deleteDynamicUrlPage",
            "deleteDynamicUrlForm"
        ]
    );
}
