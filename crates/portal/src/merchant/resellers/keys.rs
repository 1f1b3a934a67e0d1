//! The API keys and dynamic URLs of a reseller, as the merchant sees them: listed, made to be handed over, switched off and on (PAR-6, PAR-16).

use super::{Frame, Tab, one};
use crate::forms::{self, Typed, question};
use crate::lists::{List, fetch};
use crate::room::{Room, Spot, done};
use crate::shared::keys as shared;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::frame::Head;
use tradepost_design::{Button, Icon, note};
use tradepost_domain::access::Side;
use tradepost_domain::identity::{ApiKeyRow, KeyOwner, SwitchApiKey, queries};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::partners::queries::PartnershipView;
use tradepost_domain::{ApiKeyId, Right};
use tradepost_kernel::api_key::KeyKind;
use tradepost_web::{Answer, Call, OrNotFound, Problem, Routes};

/// What the filter calls dynamic URLs.
const URLS: &str = "urls";

pub(super) const fn owner(p: &PartnershipView) -> KeyOwner {
    KeyOwner { merchant: p.merchant, partnership: Some(p.id) }
}

async fn found(call: &Call, owner: KeyOwner, kind: KeyKind, search: Option<String>, page: PageRequest) -> Result<Page<ApiKeyRow>, Problem> {
    call.read(move |reader| Box::pin(async move { queries::keys(reader, owner, kind, search.as_deref(), page).await })).await
}

/// A key of the reseller, of either kind.
pub(super) async fn key(call: &Call, owner: KeyOwner, id: ApiKeyId) -> Result<ApiKeyRow, Problem> {
    let found = call.read(move |reader| {
        Box::pin(async move {
            match queries::key(reader, owner, KeyKind::Partnership, id).await? {
                Some(key) => Ok(Some(key)),
                None => queries::key(reader, owner, KeyKind::DynamicUrl, id).await,
            }
        })
    });
    found.await?.or_not_found()
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let p = one(&call).await?;
    let frame = Frame::new(&room, &p, Tab::Keys);
    let kinds = vec![(URLS.to_owned(), room.t("Dynamic URLs", "Dynamische URLs").to_owned())];
    let new = Button::new(room.t("New API key", "Neuer API-Schlüssel")).small().icon(Icon::Add).to(&format!("{}/api-keys/new", frame.path));
    let list = List::new(&room, &call, "api-keys").searches().filter("kind", kinds).acts(new.clone()).empty(
        Icon::ApiKey,
        room.t("No API keys", "Keine API-Schlüssel"),
        room.t(
            "The reseller makes its keys itself, or you make one and hand it over. Here you see them, and switch them off.",
            "Der Reseller legt seine Schlüssel selbst an, oder Sie legen einen an und geben ihn weiter. Hier sehen Sie sie und schalten sie ab.",
        ),
        Some(new),
    );
    let kind = if list.asked("kind") == Some(URLS) { KeyKind::DynamicUrl } else { KeyKind::Partnership };
    let (owner, path) = (owner(&p), format!("{}/api-keys", frame.path));
    let searched = list.searched();
    let found = list.rows(&call, fetch!(|page| [call, searched] found(call, owner, kind, searched.clone(), page).await)).await?;
    let rows = found.rows.iter().map(|key| shared::cells(&room, key, &format!("{path}/{}", key.id))).collect();
    frame.list(&call, &room, list, shared::columns(&room), rows, found.next)
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let p = one(&call).await?;
    let key = key(&call, owner(&p), call.path("key")?).await?;
    Ok(key_page(&call, &room, &p, &key, None))
}

/// The page of a key; `secret` is what is said of its text right after it was made.
pub(super) fn key_page(call: &Call, room: &Room, p: &PartnershipView, key: &ApiKeyRow, secret: Option<&Markup>) -> Answer {
    let (back, list) = (room.path("/resellers"), room.path(&format!("/resellers/{}/api-keys", p.id)));
    let path = format!("{list}/{}", key.id);
    let inside = html! {
        @if let Some(secret) = secret { (secret) }
        (by_reseller(room, key))
        div class="columns" {
            div { (shared::rights_card(room, key)) }
            div { (shared::facts_card(room, key, None)) }
        }
    };
    let head = Head {
        crumbs: &[(room.t("Resellers", "Reseller"), back.as_str()), (p.reseller.company.as_str(), list.as_str())],
        title: &key.name,
        state: Some(shared::badge_of(room, key)),
        text: None,
        acts: Some(acts(call, room, key, &path)),
    };
    room.page(Spot::Resellers, &head, &inside)
}

/// A key that the reseller switched off cannot be switched on by anybody else.
fn by_reseller(room: &Room, key: &ApiKeyRow) -> Markup {
    let text = room.t("Only the reseller can enable it again.", "Nur der Reseller kann ihn wieder einschalten.");
    html! {
        @if key.disabled_by_reseller.is_some() { (note::note(Tone::Info, room.t("Disabled by the reseller", "Vom Reseller abgeschaltet"), text, None)) }
    }
}

fn acts(call: &Call, room: &Room, key: &ApiKeyRow, path: &str) -> Markup {
    html! {
        @if key.disabled_by_merchant.is_some() {
            (forms::act(call, &format!("{path}/enable"), &Button::new(room.t("Enable", "Einschalten")).primary().icon(Icon::Check)))
        } @else {
            (Button::new(room.t("Disable", "Abschalten")).icon(Icon::Lock).opens_dialog().to(&format!("{path}/disable")))
        }
    }
}

async fn ask_disable(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    disable_page(&call, &room, &Typed::default()).await
}

async fn disable_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let p = one(call).await?;
    let key = key(call, owner(&p), call.path("key")?).await?;
    let path = room.path(&format!("/resellers/{}/api-keys/{}", p.id, key.id));
    let title = match key.kind {
        KeyKind::DynamicUrl => room.t("Disable dynamic URL", "Dynamische URL abschalten"),
        KeyKind::Merchant | KeyKind::Partnership => room.t("Disable API key", "API-Schlüssel abschalten"),
    };
    let text = html! {
        p { strong { (key.name) } " " code { (key.masked) } }
        p { (room.t("It stops working at once: the reseller's shop cannot order or fulfill with it. Only you can enable it again.", "Er gilt sofort nicht mehr: Der Shop des Resellers kann damit weder bestellen noch liefern. Nur Sie können ihn wieder einschalten.")) }
        p class="muted" { (room.t("Nobody gets an e-mail.", "Niemand bekommt eine E-Mail.")) }
    };
    let button = Button::new(room.t("Disable", "Abschalten")).danger();
    Ok(room.dialog(Spot::Resellers, title, &question(call, &room.look, title, &text, typed, &format!("{path}/disable"), &button, &path)))
}

async fn switch(call: &Call, on: bool) -> Result<(), Problem> {
    let owner = owner(&one(call).await?);
    let key = key(call, owner, call.path("key")?).await?;
    call.execute(SwitchApiKey { owner, key: key.id, kind: key.kind, by: Side::Merchant, on }).await.map(drop)
}

async fn disable(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    match switch(&call, false).await {
        Ok(()) => Ok(done(&call, &key_path(&call, &room)?, room.t("Disabled.", "Abgeschaltet."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(disable_page(&call, &room, &typed).await?.with_status(status))
        }
    }
}

async fn enable(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    switch(&call, true).await?;
    Ok(done(&call, &key_path(&call, &room)?, room.t("Enabled.", "Eingeschaltet.")))
}

fn key_path(call: &Call, room: &Room) -> Result<String, Problem> {
    Ok(room.path(&format!("/resellers/{}/api-keys/{}", call.path_text("id")?, call.path_text("key")?)))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/resellers/{id}/api-keys", "merchantResellerKeysPage", list).needs(Right::KeysManage).page();
    r.get("/m/{merchant}/resellers/{id}/api-keys/{key}", "merchantResellerKeyPage", show).needs(Right::KeysManage).page();
    r.get("/m/{merchant}/resellers/{id}/api-keys/{key}/disable", "merchantDisableResellerKeyPage", ask_disable).needs(Right::KeysManage).page();
    r.post("/m/{merchant}/resellers/{id}/api-keys/{key}/disable", "merchantDisableResellerKeyForm", disable)
        .needs(Right::KeysManage)
        .page()
        .command::<SwitchApiKey>();
    r.post("/m/{merchant}/resellers/{id}/api-keys/{key}/enable", "merchantEnableResellerKeyForm", enable)
        .needs(Right::KeysManage)
        .fresh()
        .page()
        .command::<SwitchApiKey>();
}
