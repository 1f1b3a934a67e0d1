//! The page of one license, and what is done with it: look at its code, send it, say who it is for and who sells it on (FUL-2, FUL-3, FUL-9).

use crate::forms::{Typed, question};
use crate::names;
use crate::room::{Room, Spot, done};
use crate::shared::history::{self, Stands};
use crate::shared::licenses as shared;
use maud::{Markup, html};
use tradepost_design::card::facts;
use tradepost_design::frame::Head;
use tradepost_design::{Button, Icon, badge};
use tradepost_domain::Right;
use tradepost_domain::ids::LicenseId;
use tradepost_domain::licenses::Stage;
use tradepost_domain::orders::activate::SendLicense;
use tradepost_domain::orders::attach::{AttachInformation, Attachment};
use tradepost_domain::orders::reveal::RevealLicense;
use tradepost_web::api::licenses::{EndUserInput, LicenseView, SellingCompanyInput, shown};
use tradepost_web::api::timelines;
use tradepost_web::{Answer, Call, Problem};

pub(super) async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let license = shown(&call, call.path("id")?, false).await?;
    license_page(&call, &room, &license).await
}

async fn license_page(call: &Call, room: &Room, license: &LicenseView) -> Result<Answer, Problem> {
    let path = room.path(&format!("/licenses/{}", license.id));
    let happened = timelines::license_history(call, license.id, history::asked(call)?).await?;
    let can = Can::of(room, license);
    let name_owner = can.name_owner.then(|| {
        let text = if license.owner.is_some() { room.t("Change", "Ändern") } else { room.t("Add end user", "Endkunden angeben") };
        Button::new(text).small().icon(Icon::Edit).opens_dialog().to(&format!("{path}/end-user"))
    });
    let name_company = can.name_company.then(|| shared::name_company(room, license, &path));
    let reveal = can.reveal.then(|| Button::new(room.t("Show code", "Code zeigen")).small().icon(Icon::Visible).opens_dialog().to(&format!("{path}/reveal")));
    let inside = html! {
        (shared::lock_notes(room, license, &path))
        div class="columns" {
            div {
                (shared::code_card(room, license, reveal))
                (shared::owner_card(room, license, name_owner))
                (shared::company_card(room, license, name_company))
                (history::card(call, room, room.t("History", "Verlauf"), &happened, Stands { path: &path, operation: "licensePage" }))
            }
            div { (shared::facts_card(room, license)) }
        }
    };
    let (tone, stage) = names::license_stage(&room.look, license.stage);
    let (licenses, title) = (room.path("/licenses"), shared::title(license));
    let crumbs = [(room.t("Licenses", "Lizenzen"), licenses.as_str())];
    let head = Head { crumbs: &crumbs, title: &title, state: Some(badge(tone, stage)), text: None, acts: Some(acts(room, license, &can, &path)) };
    Ok(room.page(Spot::Licenses, &head, &inside))
}

/// What the person may do with a license as it is now. What a shop was given is its fulfillment's to show.
#[derive(Clone, Copy)]
struct Can {
    reveal: bool,
    send: bool,
    name_owner: bool,
    name_company: bool,
}

impl Can {
    fn of(room: &Room, license: &LicenseView) -> Self {
        let may = room.may(Right::LicensesDistribute) && license.order.is_some();
        let distributed = license.stage == Stage::Distributed;
        let has_code = license.masked_code.is_some();
        let ready = distributed || (license.stage == Stage::Available && license.lock_reasons.is_empty());
        let open = matches!(license.stage, Stage::Waiting | Stage::Available) || (distributed && license.owner.is_none());
        Self {
            reveal: may && has_code && license.code.is_none() && (ready || license.stage == Stage::Canceled),
            send: may && has_code && ready && license.owner.is_some(),
            name_owner: may && open,
            name_company: may && open,
        }
    }
}

/// One primary button: to send it, or first to say who it is for.
fn acts(room: &Room, license: &LicenseView, can: &Can, path: &str) -> Markup {
    let sent = license.sent_at.is_some();
    let send =
        Button::new(if sent { room.t("Send again", "Erneut versenden") } else { room.t("Send license", "Lizenz versenden") }).icon(Icon::Send).opens_dialog();
    let send = if sent { send } else { send.primary() };
    html! {
        @if can.send { (send.to(&format!("{path}/send"))) }
        @if can.name_owner && license.owner.is_none() {
            (Button::new(room.t("Add end user", "Endkunden angeben")).primary().icon(Icon::Account).opens_dialog().to(&format!("{path}/end-user")))
        }
    }
}

/// The last question before a code is shown: it counts as shown to somebody outside the merchant from then on (STK-2, STK-5).
pub(super) async fn ask_reveal(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    reveal_page(&call, &room, &Typed::default()).await
}

async fn reveal_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let license = shown(call, call.path("id")?, false).await?;
    let path = room.path(&format!("/licenses/{}", license.id));
    let title = room.t("Show code", "Code zeigen");
    let text = room.t(
        "The code counts as shown from then on: the merchant can no longer cancel the order. Every view is recorded in the history with your name.",
        "Der Code gilt dann als gezeigt: Der Händler kann die Bestellung nicht mehr stornieren. Jeder Blick steht mit Ihrem Namen im Verlauf.",
    );
    let act = Button::new(title).primary().icon(Icon::Visible);
    Ok(room.dialog(Spot::Licenses, title, &question(call, &room.look, title, &html! { p { (text) } }, typed, &format!("{path}/reveal"), &act, &path)))
}

pub(super) async fn reveal(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let id: LicenseId = call.path("id")?;
    match call.execute(RevealLicense { license: id }).await {
        Ok(_) => {
            let license = shown(&call, id, true).await?;
            Ok(license_page(&call, &room, &license).await?.raw())
        }
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(reveal_page(&call, &room, &typed).await?.with_status(status))
        }
    }
}

/// Who gets the mail, before it goes. What was only available is handed over by it.
pub(super) async fn ask_send(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    send_page(&call, &room, &Typed::default()).await
}

async fn send_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let license = shown(call, call.path("id")?, false).await?;
    let path = room.path(&format!("/licenses/{}", license.id));
    let (title, text) = if license.sent_at.is_some() {
        (
            room.t("Send again", "Erneut versenden"),
            room.t("The same code is e-mailed once more, from the merchant.", "Derselbe Code geht noch einmal per E-Mail hinaus, vom Händler."),
        )
    } else {
        (
            room.t("Send license", "Lizenz versenden"),
            room.t("The code is e-mailed to its owner, from the merchant.", "Der Code geht per E-Mail an den Inhaber, vom Händler."),
        )
    };
    let inside = html! {
        p { (text) }
        @if let Some(owner) = &license.owner {
            (facts(&[(room.t("Owner", "Inhaber"), html! { (shared::name(owner)) }), (room.t("E-mail", "E-Mail"), html! { (owner.email) })]))
        }
    };
    let act = Button::new(title).primary().icon(Icon::Send);
    Ok(room.dialog(Spot::Licenses, title, &question(call, &room.look, title, &inside, typed, &format!("{path}/send"), &act, &path)))
}

pub(super) async fn send(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let id: LicenseId = call.path("id")?;
    match call.execute(SendLicense { license: id }).await {
        Ok(_) => Ok(done(&call, &room.path(&format!("/licenses/{id}")), room.t("License sent.", "Lizenz versandt."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(send_page(&call, &room, &typed).await?.with_status(status))
        }
    }
}

/// The form of an end user, with what is known of them.
pub(super) async fn ask_end_user(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let license = shown(&call, call.path("id")?, false).await?;
    end_user_page(&call, &room, license.id, &shared::known_owner(&license))
}

fn end_user_page(call: &Call, room: &Room, id: LicenseId, typed: &Typed) -> Result<Answer, Problem> {
    let path = room.path(&format!("/licenses/{id}"));
    let title = room.t("Who is it for?", "Für wen ist sie?");
    let act = Button::new(room.t("Save", "Speichern")).primary();
    let fields = shared::end_user_fields(room, typed);
    Ok(room.dialog(Spot::Licenses, title, &question(call, &room.look, title, &fields, typed, &format!("{path}/end-user"), &act, &path)))
}

pub(super) async fn end_user(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let id: LicenseId = call.path("id")?;
    let attached = match call.form::<EndUserInput>() {
        Ok(form) => attach(&call, id, Attachment::EndUser(form.into())).await,
        Err(no) => Err(no),
    };
    match attached {
        Ok(()) => Ok(done(&call, &room.path(&format!("/licenses/{id}")), room.t("Owner saved.", "Inhaber gespeichert."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(end_user_page(&call, &room, id, &typed)?.with_status(status))
        }
    }
}

/// The form of the company that sells it on, with what is known of it.
pub(super) async fn ask_company(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let license = shown(&call, call.path("id")?, false).await?;
    company_page(&call, &room, license.id, &shared::known_company(&license))
}

fn company_page(call: &Call, room: &Room, id: LicenseId, typed: &Typed) -> Result<Answer, Problem> {
    let path = room.path(&format!("/licenses/{id}"));
    let title = room.t("Which company sells it on?", "Welche Firma verkauft sie weiter?");
    let act = Button::new(room.t("Save", "Speichern")).primary();
    let fields = shared::company_fields(room, typed);
    Ok(room.dialog(Spot::Licenses, title, &question(call, &room.look, title, &fields, typed, &format!("{path}/reseller"), &act, &path)))
}

pub(super) async fn company(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let id: LicenseId = call.path("id")?;
    let attached = match call.form::<SellingCompanyInput>() {
        Ok(form) => attach(&call, id, Attachment::SellingCompany(form.into())).await,
        Err(no) => Err(no),
    };
    match attached {
        Ok(()) => Ok(done(&call, &room.path(&format!("/licenses/{id}")), room.t("Company saved.", "Firma gespeichert."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(company_page(&call, &room, id, &typed)?.with_status(status))
        }
    }
}

async fn attach(call: &Call, license: LicenseId, what: Attachment) -> Result<(), Problem> {
    call.execute(AttachInformation { license, what }).await.map(drop)
}
