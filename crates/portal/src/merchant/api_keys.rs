//! The merchant's own API keys: made with exactly the rights that are ticked, shown once, rotated with an overlap, disabled at once (PAR-16).

use crate::forms::{self, Typed, question};
use crate::lists::{List, fetch};
use crate::merchant::requests;
use crate::room::{Room, Spot, done};
use crate::shared::keys;
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::Card;
use tradepost_design::frame::Head;
use tradepost_design::{Button, Icon, note};
use tradepost_domain::access::Side;
use tradepost_domain::identity::change_keys::LONGEST_OVERLAP_S;
use tradepost_domain::identity::{ApiKeyRow, CreateApiKey, DeleteApiKey, KeyOwner, PreparedKey, RotateApiKey, SwitchApiKey, queries};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::{ApiKeyId, Right};
use tradepost_kernel::Date;
use tradepost_kernel::api_key::KeyKind;
use tradepost_web::api::api_keys::mint;
use tradepost_web::fields::{Line, Paragraph, Whole};
use tradepost_web::{Answer, Call, OrNotFound, Problem, Routes, input};

input! {
    /// The form of a new key of the merchant.
    pub struct NewMerchantKeyForm {
        /// What it is called.
        pub name: Line<100>,
        /// What it may do.
        pub scopes: Option<Vec<Right>>,
        /// From where it may be used, one address per line.
        pub addresses: Option<Paragraph<4000>>,
        /// Its last day.
        pub expires_at: Option<Date>,
    }

    /// The form that puts a new key in a key's place.
    pub struct MerchantRotationForm {
        /// How long the old one still works.
        pub overlap_seconds: Whole<0, LONGEST_OVERLAP_S>,
    }
}

fn owner(call: &Call) -> Result<KeyOwner, Problem> {
    KeyOwner::of(call.caller()).map_err(Problem::from)
}

async fn one(call: &Call, id: ApiKeyId) -> Result<ApiKeyRow, Problem> {
    let owner = owner(call)?;
    call.read(move |reader| Box::pin(async move { queries::key(reader, owner, KeyKind::Merchant, id).await })).await?.or_not_found()
}

async fn found(call: &Call, owner: KeyOwner, search: Option<String>, page: PageRequest) -> Result<Page<ApiKeyRow>, Problem> {
    call.read(move |reader| Box::pin(async move { queries::keys(reader, owner, KeyKind::Merchant, search.as_deref(), page).await })).await
}

/// What a new key may be given: what the person may do themselves.
fn offered(room: &Room) -> Vec<Right> {
    Right::all_for_keys(Side::Merchant).filter(|right| room.may(*right)).collect()
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let owner = owner(&call)?;
    let new = Button::new(room.t("New API key", "Neuer API-Schlüssel")).primary().icon(Icon::Add).to(&room.path("/api-keys/new"));
    let list = List::new(&room, &call, "api-keys").tabs(requests::tabs(&room, false)).searches().empty(
        Icon::ApiKey,
        room.t("No API keys yet", "Noch keine API-Schlüssel"),
        room.t(
            "A key lets your own programs do what you tick for it, and nothing else.",
            "Ein Schlüssel lässt Ihre eigenen Programme tun, was Sie für ihn ankreuzen, und sonst nichts.",
        ),
        Some(new.clone()),
    );
    let searched = list.searched();
    let found = list.rows(&call, fetch!(|page| [call, searched] found(call, owner, searched.clone(), page).await)).await?;
    let rows = found.rows.iter().map(|key| keys::cells(&room, key, &room.path(&format!("/api-keys/{}", key.id)))).collect();
    let head = Head {
        crumbs: &[],
        title: room.t("API keys", "API-Schlüssel"),
        state: None,
        text: Some(room.t(
            "For your own programs. Resellers' keys are on their pages.",
            "Für Ihre eigenen Programme. Die Schlüssel der Reseller stehen auf deren Seiten.",
        )),
        acts: Some(new),
    };
    list.answer(&call, Spot::ApiKeys, &head, keys::columns(&room), rows, found.next)
}

async fn begin(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    Ok(new_page(&call, &room, &Typed::default()))
}

fn new_page(call: &Call, room: &Room, typed: &Typed) -> Answer {
    let fields = html! {
        (typed.field("name", room.t("Name", "Name")).hint(room.t("Which program uses it.", "Welches Programm ihn benutzt.")).example(room.t("Accounting", "Buchhaltung")).whole().text())
        (keys::scopes_field(room, typed, &offered(room)))
        (keys::bounds(room, typed))
    };
    let make = Button::new(room.t("Create API key", "API-Schlüssel anlegen")).primary();
    let back = room.path("/api-keys");
    let title = room.t("New API key", "Neuer API-Schlüssel");
    let inside = html! {
        (typed.mistakes(&room.look))
        (Card::new(title).with(forms::form(call, &room.look, &back, &fields, &make, Some(&back))))
    };
    let head = Head {
        crumbs: &[(room.t("API keys", "API-Schlüssel"), &back)],
        title,
        state: None,
        text: Some(room.t("The key is shown once, on the next page.", "Der Schlüssel wird einmal gezeigt, auf der nächsten Seite.")),
        acts: None,
    };
    room.page(Spot::ApiKeys, &head, &inside)
}

fn refused(call: &Call, room: &Room, no: Problem) -> Result<Answer, Problem> {
    let (status, typed) = (no.status(), Typed::refused(call, &room.look, no)?);
    Ok(new_page(call, room, &typed).with_status(status))
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let owner = owner(&call)?;
    let form: NewMerchantKeyForm = match call.form() {
        Ok(form) => form,
        Err(no) => return refused(&call, &room, no),
    };
    let addresses = match keys::addresses(&room, form.addresses.as_deref()) {
        Ok(addresses) => addresses,
        Err(text) => {
            let typed = Typed::of(call.typed()?).wrong_with("addresses", &text);
            return Ok(new_page(&call, &room, &typed).with_status(StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    let text = mint(&call, owner.merchant, KeyKind::Merchant).await?;
    let command = CreateApiKey {
        owner,
        prepared: PreparedKey::from(&text),
        name: form.name.into_string(),
        rights: form.scopes.unwrap_or_default(),
        expires: keys::end_of(&room, form.expires_at),
        addresses,
    };
    match call.execute(command).await {
        Ok(done) => {
            let secret = if done.replayed { None } else { Some(text.text().expose().as_str()) };
            let key = one(&call, done.outcome.key).await?;
            Ok(key_page(&call, &room, &key, Some(&keys::secret(&room, secret))).raw())
        }
        Err(no) => refused(&call, &room, no),
    }
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let key = one(&call, call.path("id")?).await?;
    Ok(key_page(&call, &room, &key, None))
}

/// The page of a key; `secret` is what is said of its text right after it was made.
fn key_page(call: &Call, room: &Room, key: &ApiKeyRow, secret: Option<&Markup>) -> Answer {
    let path = room.path(&format!("/api-keys/{}", key.id));
    let inside = html! {
        @if let Some(secret) = secret { (secret) }
        @if let Some(new) = key.replaced_by { (replaced(room, key, &room.path(&format!("/api-keys/{new}")))) }
        div class="columns" {
            div { (keys::rights_card(room, key)) }
            div { (keys::facts_card(room, key, None)) }
        }
    };
    let head = Head {
        crumbs: &[(room.t("API keys", "API-Schlüssel"), &room.path("/api-keys"))],
        title: &key.name,
        state: Some(keys::badge_of(room, key)),
        text: None,
        acts: Some(acts(call, room, key, &path)),
    };
    room.page(Spot::ApiKeys, &head, &inside)
}

fn replaced(room: &Room, key: &ApiKeyRow, place: &str) -> Markup {
    let show = Button::new(room.t("Show the new key", "Neuen Schlüssel zeigen")).small().to(place);
    let text = if key.is_valid(room.look.now) {
        room.t("It still works until its end: change your programs before.", "Er gilt noch bis zu seinem Ende: Stellen Sie Ihre Programme vorher um.")
    } else {
        ""
    };
    note::note(Tone::Info, room.t("Another key took its place", "Ein anderer Schlüssel hat ihn ersetzt"), text, Some(&show))
}

fn acts(call: &Call, room: &Room, key: &ApiKeyRow, path: &str) -> Markup {
    let (on, in_use) = (key.disabled_by_merchant.is_none(), key.is_valid(room.look.now));
    html! {
        (Button::new(room.t("Delete", "Löschen")).quiet().icon(Icon::Delete).opens_dialog().to(&format!("{path}/delete")))
        @if on {
            (Button::new(room.t("Disable", "Abschalten")).icon(Icon::Lock).opens_dialog().to(&format!("{path}/disable")))
        } @else {
            (forms::act(call, &format!("{path}/enable"), &Button::new(room.t("Enable", "Einschalten")).icon(Icon::Check)))
        }
        @if in_use && key.replaced_by.is_none() {
            (Button::new(room.t("Rotate", "Austauschen")).primary().icon(Icon::Refresh).opens_dialog().to(&format!("{path}/rotate")))
        }
    }
}

async fn ask_rotate(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    rotate_page(&call, &room, &Typed::new([("overlap_seconds", "86400".to_owned())])).await
}

async fn rotate_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let key = one(call, call.path("id")?).await?;
    let choices = [
        ("0", room.t("Ends at once", "Endet sofort")),
        ("3600", room.t("Works for 1 more hour", "Gilt noch 1 Stunde")),
        ("86400", room.t("Works for 1 more day", "Gilt noch 1 Tag")),
        ("604800", room.t("Works for 7 more days", "Gilt noch 7 Tage")),
    ];
    let fields = html! {
        p { (room.t("A new key with the same name and rights takes its place; its text is shown once.", "Ein neuer Schlüssel mit demselben Namen und denselben Rechten tritt an seine Stelle; sein Text wird einmal gezeigt.")) }
        (typed.field("overlap_seconds", room.t("The old key", "Der alte Schlüssel")).whole().select(&choices))
    };
    let (title, path) = (room.t("Rotate API key", "API-Schlüssel austauschen"), room.path(&format!("/api-keys/{}", key.id)));
    let act = Button::new(room.t("Rotate", "Austauschen")).primary();
    Ok(room.dialog(Spot::ApiKeys, title, &question(call, &room.look, title, &fields, typed, &format!("{path}/rotate"), &act, &path)))
}

async fn rotate(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let owner = owner(&call)?;
    let text = mint(&call, owner.merchant, KeyKind::Merchant).await?;
    let rotated = match call.form::<MerchantRotationForm>() {
        Ok(form) => {
            let command = RotateApiKey { owner, key: call.path("id")?, prepared: PreparedKey::from(&text), overlap_s: form.overlap_seconds.get() };
            call.execute(command).await
        }
        Err(no) => Err(no),
    };
    match rotated {
        Ok(done) => {
            let secret = if done.replayed { None } else { Some(text.text().expose().as_str()) };
            let key = one(&call, done.outcome.key).await?;
            Ok(key_page(&call, &room, &key, Some(&keys::secret(&room, secret))).raw())
        }
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(rotate_page(&call, &room, &typed).await?.with_status(status))
        }
    }
}

/// Which final step is asked about.
#[derive(Clone, Copy)]
enum Step {
    Disable,
    Delete,
}

async fn ask(call: &Call, step: Step) -> Result<Answer, Problem> {
    let room = Room::enter(call).await?;
    step_page(call, &room, step, &Typed::default()).await
}

async fn step_page(call: &Call, room: &Room, step: Step, typed: &Typed) -> Result<Answer, Problem> {
    let key = one(call, call.path("id")?).await?;
    let (title, text, place) = match step {
        Step::Disable => (
            room.t("Disable API key", "API-Schlüssel abschalten"),
            room.t(
                "Programs that use it are refused at once. You can enable it again.",
                "Programme, die ihn benutzen, werden sofort abgewiesen. Sie können ihn wieder einschalten.",
            ),
            "disable",
        ),
        Step::Delete => (
            room.t("Delete API key", "API-Schlüssel löschen"),
            room.t("Programs that use it are refused at once. This can't be undone.", "Programme, die ihn benutzen, werden sofort und endgültig abgewiesen."),
            "delete",
        ),
    };
    let text = html! { p { strong { (key.name) } } p { (text) } };
    let (act, path) = (Button::new(title).danger(), room.path(&format!("/api-keys/{}", key.id)));
    Ok(room.dialog(Spot::ApiKeys, title, &question(call, &room.look, title, &text, typed, &format!("{path}/{place}"), &act, &path)))
}

async fn ask_disable(call: Call) -> Result<Answer, Problem> {
    ask(&call, Step::Disable).await
}

async fn ask_delete(call: Call) -> Result<Answer, Problem> {
    ask(&call, Step::Delete).await
}

async fn switch(call: &Call, on: bool) -> Result<Answer, Problem> {
    let room = Room::enter(call).await?;
    let (owner, key): (KeyOwner, ApiKeyId) = (owner(call)?, call.path("id")?);
    let said = if on { room.t("API key enabled.", "API-Schlüssel eingeschaltet.") } else { room.t("API key disabled.", "API-Schlüssel abgeschaltet.") };
    call.execute(SwitchApiKey { owner, key, kind: KeyKind::Merchant, by: Side::Merchant, on }).await?;
    Ok(done(call, &room.path(&format!("/api-keys/{key}")), said))
}

async fn disable(call: Call) -> Result<Answer, Problem> {
    switch(&call, false).await
}

async fn enable(call: Call) -> Result<Answer, Problem> {
    switch(&call, true).await
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    call.execute(DeleteApiKey { owner: owner(&call)?, key: call.path("id")?, kind: KeyKind::Merchant }).await?;
    Ok(done(&call, &room.path("/api-keys"), room.t("API key deleted.", "API-Schlüssel gelöscht.")))
}

pub(super) fn routes(r: &mut Routes) {
    let right = Right::KeysManage;
    r.get("/m/{merchant}/api-keys", "merchantApiKeysPage", list).needs(right).page();
    r.get("/m/{merchant}/api-keys/new", "merchantNewApiKeyPage", begin).needs(right).fresh().page();
    r.post("/m/{merchant}/api-keys", "merchantCreateApiKeyForm", create).needs(right).fresh().page().form::<NewMerchantKeyForm>().command::<CreateApiKey>();
    r.get("/m/{merchant}/api-keys/{id}", "merchantApiKeyPage", show).needs(right).page();
    r.get("/m/{merchant}/api-keys/{id}/rotate", "merchantRotateApiKeyPage", ask_rotate).needs(right).fresh().page();
    r.post("/m/{merchant}/api-keys/{id}/rotate", "merchantRotateApiKeyForm", rotate)
        .needs(right)
        .fresh()
        .page()
        .form::<MerchantRotationForm>()
        .command::<RotateApiKey>();
    r.get("/m/{merchant}/api-keys/{id}/disable", "merchantDisableApiKeyPage", ask_disable).needs(right).page();
    r.post("/m/{merchant}/api-keys/{id}/disable", "merchantDisableApiKeyForm", disable).needs(right).page().command::<SwitchApiKey>();
    r.post("/m/{merchant}/api-keys/{id}/enable", "merchantEnableApiKeyForm", enable).needs(right).fresh().page().command::<SwitchApiKey>();
    r.get("/m/{merchant}/api-keys/{id}/delete", "merchantDeleteApiKeyPage", ask_delete).needs(right).page();
    r.post("/m/{merchant}/api-keys/{id}/delete", "merchantDeleteApiKeyForm", delete).needs(right).page().command::<DeleteApiKey>();
}
