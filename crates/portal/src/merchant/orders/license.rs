//! The page of one license: where it stands, its code to who may see it, and what happened to it (FUL-1, FUL-2, FUL-9).

use super::companies;
use crate::forms::{self, Typed};
use crate::names;
use crate::room::{Room, Spot, done};
use crate::shared::history::{self, Stands};
use crate::shared::licenses as shared;
use maud::{Markup, html};
use tradepost_design::card::Card;
use tradepost_design::frame::Head;
use tradepost_design::{Button, Icon, badge, value};
use tradepost_domain::Right;
use tradepost_domain::ids::LicenseId;
use tradepost_domain::licenses::Stage;
use tradepost_domain::orders::activate::SendLicense;
use tradepost_domain::orders::reveal::RevealLicense;
use tradepost_web::api::licenses::{LicenseView, shown};
use tradepost_web::api::timelines;
use tradepost_web::{Answer, Call, Problem, Routes};

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let license = shown(&call, call.path("id")?, false).await?;
    license_page(&call, &room, &license, &Typed::default()).await
}

async fn license_page(call: &Call, room: &Room, license: &LicenseView, typed: &Typed) -> Result<Answer, Problem> {
    let happened = timelines::license_history(call, license.id, history::asked(call)?).await?;
    let company = companies(call, [license.partnership].into()).await?.remove(&license.partnership).unwrap_or_default();
    let path = room.path(&format!("/licenses/{}", license.id));
    let (tone, stage) = names::license_stage(&room.look, license.stage);
    let inside = html! {
        (typed.mistakes(&room.look))
        (shared::lock_notes(room, license, &path))
        div class="columns" {
            div {
                (shared::code_card(room, license, look_at(call, room, license, &path)))
                (history::card(call, room, room.t("History", "Verlauf"), &happened, Stands { path: &path, operation: "merchantLicensePage" }))
            }
            div {
                (shared::owner_card(room, license, owner_act(room, license, &path)))
                (shared::company_card(room, license, may_attach(room, license).then(|| shared::name_company(room, license, &path))))
                (reseller_card(room, license, &company))
                (shared::facts_card(room, license))
            }
        }
    };
    let head = Head {
        crumbs: &[(room.t("Orders", "Bestellungen"), &room.path("/orders")), (room.t("Licenses", "Lizenzen"), &room.path("/licenses"))],
        title: &shared::title(license),
        state: Some(badge(tone, stage)),
        text: None,
        acts: send_act(call, room, license, &path),
    };
    Ok(room.page(Spot::Orders, &head, &inside))
}

/// What an external shop got is sent by its fulfillment's page.
fn send_act(call: &Call, room: &Room, license: &LicenseView, path: &str) -> Option<Markup> {
    let has_code = license.masked_code.is_some() && license.stage != Stage::Canceled;
    let may = room.may(Right::LicensesSend) && license.owner.is_some() && license.fulfillment.is_none() && has_code;
    let word = if license.sent_at.is_some() { room.t("Send again", "Erneut senden") } else { room.t("Send to the owner", "An den Inhaber senden") };
    may.then(|| forms::act(call, &format!("{path}/send"), &Button::new(word).icon(Icon::Send)))
}

fn look_at(call: &Call, room: &Room, license: &LicenseView, path: &str) -> Option<Markup> {
    let has_code = license.code.is_none() && license.masked_code.is_some() && license.fulfillment.is_none();
    let act = Button::new(room.t("Show code", "Code zeigen")).small().icon(Icon::Visible);
    (has_code && room.may(Right::LicensesReveal)).then(|| forms::act(call, &format!("{path}/reveal"), &act))
}

fn may_attach(room: &Room, license: &LicenseView) -> bool {
    shared::may_attach(room) && license.order.is_some() && license.stage != Stage::Canceled
}

fn owner_act(room: &Room, license: &LicenseView, path: &str) -> Option<Markup> {
    let word = if license.owner.is_some() { room.t("Change", "Ändern") } else { room.t("Add", "Angeben") };
    may_attach(room, license).then(|| Button::new(word).small().opens_dialog().to(&format!("{path}/end-user")))
}

fn reseller_card(room: &Room, license: &LicenseView, company: &str) -> Markup {
    let place = room.path(&format!("/resellers/{}", license.partnership));
    Card::new(room.t("Reseller", "Reseller")).with(html! { a href=(place) { (value::person(company, None)) } })
}

/// Shows the code: noted first, and never compressed (STK-5).
async fn reveal(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let id: LicenseId = call.path("id")?;
    match call.execute(RevealLicense { license: id }).await {
        Ok(_) => {
            let license = shown(&call, id, true).await?;
            Ok(license_page(&call, &room, &license, &Typed::default()).await?.raw())
        }
        Err(no) => refused(&call, &room, id, no).await,
    }
}

async fn send(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let id: LicenseId = call.path("id")?;
    match call.execute(SendLicense { license: id }).await {
        Ok(_) => Ok(done(&call, &room.path(&format!("/licenses/{id}")), room.t("The license goes out by e-mail.", "Die Lizenz wird per E-Mail versandt."))),
        Err(no) => refused(&call, &room, id, no).await,
    }
}

/// The page again, with why an act was refused.
async fn refused(call: &Call, room: &Room, id: LicenseId, no: Problem) -> Result<Answer, Problem> {
    let (status, typed) = (no.status(), Typed::refused(call, &room.look, no)?);
    let license = shown(call, id, false).await?;
    Ok(license_page(call, room, &license, &typed).await?.with_status(status))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/licenses/{id}", "merchantLicensePage", show).needs(Right::MerchantRead).page();
    r.post("/m/{merchant}/licenses/{id}/reveal", "merchantRevealLicenseForm", reveal).needs(Right::LicensesReveal).page().command::<RevealLicense>();
    r.post("/m/{merchant}/licenses/{id}/send", "merchantSendLicenseForm", send).needs(Right::LicensesSend).page().command::<SendLicense>();
}
