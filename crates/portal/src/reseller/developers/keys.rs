//! API keys of a reseller's shop: the list, a new one with exactly the rights that were ticked, the page of one (PAR-16).

use super::{Kind, Tab, changes, documentation, listed, named, one, tabs};
use crate::forms::{Typed, form};
use crate::lists::{List, fetch};
use crate::room::{Room, Spot};
use crate::shared::keys as shared;
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::Card;
use tradepost_design::frame::Head;
use tradepost_design::{Button, Icon, note};
use tradepost_domain::Right;
use tradepost_domain::access::Side;
use tradepost_domain::identity::{ApiKeyRow, CreateApiKey, KeyOwner, PreparedKey};
use tradepost_kernel::Date;
use tradepost_kernel::api_key::KeyKind;
use tradepost_web::api::api_keys;
use tradepost_web::fields::{Line, Paragraph};
use tradepost_web::{Answer, Call, Problem, Routes, input};

/// What a shop needs and nothing more.
const FOR_A_SHOP: &[Right] = &[Right::FulfillmentsCreate, Right::FulfillmentsRead, Right::InvoicesRead];
/// What reports and dashboards need: nothing changes, no code is seen.
const FOR_READING: &[Right] = &[Right::ProgramRead, Right::OrdersRead, Right::FulfillmentsRead, Right::InvoicesRead];

input! {
    /// The form of a new API key of a reseller.
    pub struct ResellerKeyForm {
        /// What it is called.
        pub name: Line<100>,
        /// What it may do.
        pub scopes: Vec<Right>,
        /// From where it may be used, an address or block a line.
        pub addresses: Option<Paragraph<4000>>,
        /// The last day on which it works.
        pub expires_at: Option<Date>,
    }
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let new = Button::new(room.t("New API key", "Neuer API-Schlüssel")).primary().icon(Icon::Add).to(&room.path("/developers/keys/new"));
    let list = List::new(&room, &call, "api-keys").tabs(tabs(&room, Tab::Keys)).searches().empty(
        Icon::ApiKey,
        room.t("No API keys yet", "Noch keine API-Schlüssel"),
        room.t(
            "Your shop needs one to sell from the balance. Give each shop its own, with no more rights than it needs.",
            "Ihr Shop braucht einen, um vom Guthaben zu verkaufen. Geben Sie jedem Shop einen eigenen, mit nicht mehr Rechten als nötig.",
        ),
        Some(new.clone()),
    );
    let searched = list.searched();
    let found = list.rows(&call, fetch!(|page| [call, searched] listed(call, Kind::Key, searched.clone(), page).await)).await?;
    let rows = found.rows.iter().map(|key| shared::cells(&room, key, &Kind::Key.page(&room, key.id))).collect();
    let acts = html! { (documentation(&room)) (new) };
    let head = Head { crumbs: &[], title: room.t("Developers", "Entwickler"), state: None, text: None, acts: Some(acts) };
    list.answer(&call, Spot::Developers, &head, shared::columns(&room), rows, found.next)
}

fn names(rights: &[Right]) -> String {
    rights.iter().map(|right| right.name()).collect::<Vec<_>>().join(",")
}

async fn begin(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let purpose = call.query_pairs().iter().find(|(name, _)| name == "for").map_or("", |(_, value)| value.as_str());
    let scopes = match purpose {
        "shop" => names(FOR_A_SHOP),
        "reading" => names(FOR_READING),
        _ => String::new(),
    };
    Ok(begin_page(&call, &room, &Typed::new([("scopes", scopes)])))
}

fn begin_page(call: &Call, room: &Room, typed: &Typed) -> Answer {
    let offered: Vec<Right> = Right::all_for_keys(Side::Reseller).filter(|right| room.may(*right)).collect();
    let place = room.path("/developers/keys/new");
    let fields = html! {
        (typed.mistakes(&room.look))
        (typed.field("name", room.t("Name", "Name")).hint(room.t("Where it is used: the audit trail shows it.", "Wo er benutzt wird: Das Protokoll zeigt ihn.")).example(room.t("Web shop", "Webshop")).whole().text())
        div class="field whole button-row" {
            span class="muted" { (room.t("Presets", "Vorlagen")) }
            (Button::new(room.t("Shop", "Shop")).small().to(&format!("{place}?for=shop")))
            (Button::new(room.t("Reports", "Auswertungen")).small().to(&format!("{place}?for=reading")))
        }
        (shared::scopes_field(room, typed, &offered))
        (shared::bounds(room, typed))
    };
    let act = Button::new(room.t("Create key", "Schlüssel anlegen")).primary();
    let back = room.path("/developers");
    let inside = Card::new(room.t("API key", "API-Schlüssel")).with(form(call, &room.look, &place, &fields, &act, Some(&back)));
    let crumbs = [(room.t("API keys", "API-Schlüssel"), back.as_str())];
    let title = room.t("New API key", "Neuer API-Schlüssel");
    room.page(Spot::Developers, &Head { crumbs: &crumbs, title, state: None, text: None, acts: None }, &inside)
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let form = match call.form::<ResellerKeyForm>() {
        Ok(form) => form,
        Err(no) => return refused(&call, &room, no),
    };
    let addresses = match shared::addresses(&room, form.addresses.as_deref()) {
        Ok(addresses) => addresses,
        Err(text) => {
            let typed = Typed::of(call.typed()?).wrong_with("addresses", &text);
            return Ok(begin_page(&call, &room, &typed).with_status(StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    let owner = KeyOwner::of(call.caller())?;
    let text = api_keys::mint(&call, owner.merchant, KeyKind::Partnership).await?;
    let command = CreateApiKey {
        owner,
        prepared: PreparedKey::from(&text),
        name: form.name.into_string(),
        rights: form.scopes,
        expires: shared::end_of(&room, form.expires_at),
        addresses,
    };
    match call.execute(command).await {
        Ok(made) => {
            let secret = (!made.replayed).then(|| text.text().expose().as_str());
            let key = named(&call, Kind::Key, made.outcome.key).await?;
            Ok(made_page(&room, &key, secret))
        }
        Err(no) => refused(&call, &room, no),
    }
}

fn refused(call: &Call, room: &Room, no: Problem) -> Result<Answer, Problem> {
    let (status, typed) = (no.status(), Typed::refused(call, &room.look, no)?);
    Ok(begin_page(call, room, &typed).with_status(status))
}

/// The page that shows a key's text, this once.
pub(super) fn made_page(room: &Room, key: &ApiKeyRow, secret: Option<&str>) -> Answer {
    let next = Button::new(room.t("Code to begin with", "Code für den Anfang")).icon(Icon::Code).to(&room.path("/developers/code"));
    let inside = html! {
        (Card::new(room.t("Your key", "Ihr Schlüssel")).with(shared::secret(room, secret)))
        div class="columns" {
            div { (shared::rights_card(room, key)) }
            div { (shared::facts_card(room, key, None)) }
        }
    };
    let back = room.path("/developers");
    let crumbs = [(room.t("API keys", "API-Schlüssel"), back.as_str())];
    let done = Button::new(room.t("I have saved it", "Ich habe ihn gespeichert")).primary().icon(Icon::Check).to(&Kind::Key.page(room, key.id));
    let head = Head { crumbs: &crumbs, title: &key.name, state: Some(shared::badge_of(room, key)), text: None, acts: Some(html! { (next) (done) }) };
    room.page(Spot::Developers, &head, &inside).raw()
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let key = one(&call, Kind::Key).await?;
    let inside = html! {
        (ended(&room, &key))
        div class="columns" {
            div { (shared::rights_card(&room, &key)) }
            div { (shared::facts_card(&room, &key, None)) }
        }
    };
    let back = room.path("/developers");
    let crumbs = [(room.t("API keys", "API-Schlüssel"), back.as_str())];
    let acts = changes::acts(&call, &room, Kind::Key, &key);
    let head = Head { crumbs: &crumbs, title: &key.name, state: Some(shared::badge_of(&room, &key)), text: None, acts: Some(acts) };
    Ok(room.page(Spot::Developers, &head, &inside))
}

/// Says who took a key's place, and who can switch it on again.
pub(super) fn ended(room: &Room, key: &ApiKeyRow) -> Markup {
    html! {
        @if key.disabled_by_merchant.is_some() {
            (note::note(Tone::Bad, room.t("Disabled by the merchant", "Vom Händler abgeschaltet"), room.t("Only the merchant can undo that.", "Nur der Händler kann das rückgängig machen."), None))
        }
        @if let Some(next) = key.replaced_by {
            (note::note(Tone::Info, room.t("Replaced by another one", "Durch einen Nachfolger ersetzt"), &next.text(), None))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/r/{partnership}/developers", "keysPage", list).needs(Right::ResellerKeysManage).page();
    r.get("/r/{partnership}/developers/keys/new", "newKeyPage", begin).needs(Right::ResellerKeysManage).fresh().page();
    r.post("/r/{partnership}/developers/keys/new", "createKeyForm", create)
        .needs(Right::ResellerKeysManage)
        .fresh()
        .page()
        .form::<ResellerKeyForm>()
        .command::<CreateApiKey>();
    r.get("/r/{partnership}/developers/keys/{key}", "keyPage", show).needs(Right::ResellerKeysManage).page();
}
