//! A key that the merchant makes for a reseller, to hand over: its text is shown once, and the reseller sees it in its own list (PAR-16).

use super::{Frame, Tab, keys, one};
use crate::forms::{self, Typed};
use crate::merchant::api_keys::NewMerchantKeyForm;
use crate::room::Room;
use crate::shared::keys as shared;
use axum::http::StatusCode;
use maud::html;
use tradepost_design::Button;
use tradepost_design::card::Card;
use tradepost_domain::Right;
use tradepost_domain::access::Side;
use tradepost_domain::identity::{CreateApiKey, PreparedKey};
use tradepost_domain::partners::queries::PartnershipView;
use tradepost_kernel::api_key::KeyKind;
use tradepost_web::api::api_keys::mint;
use tradepost_web::{Answer, Call, Problem, Routes};

async fn begin(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let p = one(&call).await?;
    Ok(form_page(&call, &room, &p, &Typed::default()))
}

fn form_page(call: &Call, room: &Room, p: &PartnershipView, typed: &Typed) -> Answer {
    let offered: Vec<Right> = Right::all_for_keys(Side::Reseller).collect();
    let fields = html! {
        p class="muted whole" { (room.t("For this reseller alone. It can see the key, disable and rotate it. You see its text once, on the next page: hand it over in a way that nobody else reads.", "Nur für diesen Reseller. Er kann den Schlüssel sehen, abschalten und austauschen. Sie sehen den Text einmal, auf der nächsten Seite: Geben Sie ihn so weiter, dass niemand sonst ihn liest.")) }
        (typed.field("name", room.t("Name", "Name")).hint(room.t("Which program uses it.", "Welches Programm ihn benutzt.")).example(room.t("Web shop", "Webshop")).whole().text())
        (shared::scopes_field(room, typed, &offered))
        (shared::bounds(room, typed))
    };
    let frame = Frame::new(room, p, Tab::Keys);
    let list = format!("{}/api-keys", frame.path);
    let make = Button::new(room.t("Create API key", "API-Schlüssel anlegen")).primary();
    let inside = html! {
        (typed.mistakes(&room.look))
        (Card::new(room.t("New API key", "Neuer API-Schlüssel")).with(forms::form(call, &room.look, &list, &fields, &make, Some(&list))))
    };
    frame.page(room, &inside)
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let p = one(&call).await?;
    let refused = |no: Problem| -> Result<Answer, Problem> {
        let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
        Ok(form_page(&call, &room, &p, &typed).with_status(status))
    };
    let form: NewMerchantKeyForm = match call.form() {
        Ok(form) => form,
        Err(no) => return refused(no),
    };
    let addresses = match shared::addresses(&room, form.addresses.as_deref()) {
        Ok(addresses) => addresses,
        Err(text) => {
            let typed = Typed::of(call.typed()?).wrong_with("addresses", &text);
            return Ok(form_page(&call, &room, &p, &typed).with_status(StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    let (owner, text) = (keys::owner(&p), mint(&call, p.merchant, KeyKind::Partnership).await?);
    let command = CreateApiKey {
        owner,
        prepared: PreparedKey::from(&text),
        name: form.name.into_string(),
        rights: form.scopes.unwrap_or_default(),
        expires: shared::end_of(&room, form.expires_at),
        addresses,
    };
    match call.execute(command).await {
        Ok(done) => {
            let secret = if done.replayed { None } else { Some(text.text().expose().as_str()) };
            let key = keys::key(&call, owner, done.outcome.key).await?;
            Ok(keys::key_page(&call, &room, &p, &key, Some(&shared::secret(&room, secret))).raw())
        }
        Err(no) => refused(no),
    }
}

pub(super) fn routes(r: &mut Routes) {
    let right = Right::KeysManage;
    r.get("/m/{merchant}/resellers/{id}/api-keys/new", "merchantNewResellerKeyPage", begin).needs(right).fresh().page();
    r.post("/m/{merchant}/resellers/{id}/api-keys", "merchantCreateResellerKeyForm", create)
        .needs(right)
        .fresh()
        .page()
        .form::<NewMerchantKeyForm>()
        .command::<CreateApiKey>();
}
