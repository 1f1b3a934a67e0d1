//! The merchant's settings: what stands on pages, documents and mail.

use super::{closing, payment_settings};
use crate::access::countries;
use crate::forms::Typed;
use crate::room::{Room, Spot, done};
use maud::{Markup, html};
use tradepost_design::card::{Card, facts};
use tradepost_design::frame::Head;
use tradepost_design::{Button, form, value};
use tradepost_domain::Right;
use tradepost_domain::merchants::UpdateMerchant;
use tradepost_kernel::text::Email;
use tradepost_web::api::companies::Country;
use tradepost_web::api::merchant::{Merchant, TimeZoneName, shown};
use tradepost_web::fields::{Line, Paragraph};
use tradepost_web::form::FORM_KEY;
use tradepost_web::{Answer, Call, Problem, Routes, input};

input! {
    /// The settings as they stand in the form: what is empty is cleared.
    pub struct MerchantSettingsForm {
        /// The name on pages and documents.
        pub name: Line<200>,
        /// Dates of documents are of this zone.
        pub time_zone: TimeZoneName,
        /// Where its mail comes from.
        pub sender_email: Option<Email>,
        /// Postal address.
        pub address: Option<Paragraph<500>>,
        /// Two letters.
        pub country: Option<Country>,
        /// VAT id.
        pub vat_id: Option<Line<30>>,
        /// The version that the form was made from.
        pub version: i64,
    }
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (merchant, version) = shown(&call).await?;
    Ok(page(&call, &room, &merchant, version, &in_form(&merchant)))
}

/// The settings as they stand in the fields.
fn in_form(merchant: &Merchant) -> Typed {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Typed::new([
        ("name", merchant.name.clone()),
        ("time_zone", merchant.time_zone.clone()),
        ("sender_email", text(&merchant.sender_email)),
        ("address", text(&merchant.address)),
        ("country", text(&merchant.country)),
        ("vat_id", text(&merchant.vat_id)),
    ])
}

fn page(call: &Call, room: &Room, merchant: &Merchant, version: i64, typed: &Typed) -> Answer {
    let (optional, off) = (room.t("optional", "optional"), !room.may(Right::MerchantManage));
    let field = |name, label| typed.field(name, label).off(off);
    let identity = html! {
        div class="fields" {
            (field("name", room.t("Name", "Name")).hint(room.t("On pages, invoices and e-mails.", "Auf Seiten, Rechnungen und in E-Mails.")).fill("organization").text())
            (field("time_zone", room.t("Time zone", "Zeitzone")).hint(room.t("Days of invoices and limits are of this zone, for example Europe/Berlin.", "Tage von Rechnungen und Limits gelten in dieser Zone, etwa Europe/Berlin.")).text())
            (field("sender_email", room.t("Sender address", "Absenderadresse")).hint(room.t("Answers to your e-mails go here.", "Antworten auf Ihre E-Mails gehen hierhin.")).optional(optional).input("email"))
        }
    };
    let countries: Vec<(&str, &str)> = std::iter::once(("", "–")).chain(countries::choices(room.look.language)).collect();
    let company = html! {
        div class="fields" {
            (field("address", room.t("Postal address", "Postanschrift")).optional(optional).whole().lines())
            (field("country", room.t("Country", "Land")).optional(optional).fill("country").select(&countries))
            (field("vat_id", room.t("VAT ID", "USt-IdNr.")).optional(optional).text())
        }
    };
    let version = version.to_string();
    let save = Button::new(room.t("Save", "Speichern")).primary();
    let form = html! {
        form class="form" method="post" action=(room.path("/settings")) {
            (form::unseen(&[(FORM_KEY, &call.form_key()), ("version", &version)]))
            (Card::new(room.t("General", "Allgemein")).with(identity))
            (Card::new(room.t("Company", "Firma")).text(room.t("Printed on every invoice from now on; those that were issued stay as they are.", "Steht ab jetzt auf jeder Rechnung; gestellte Rechnungen bleiben, wie sie sind.")).with(company))
            @if !off { div class="form-end" { (save.submit()) } }
        }
    };
    let inside = html! {
        (typed.mistakes(&room.look))
        div class="columns" {
            div { (form) (payment_settings::card(room, merchant)) }
            div { (about(room, merchant)) (closing::card(room, merchant)) }
        }
    };
    let head = Head { crumbs: &[], title: room.t("Settings", "Einstellungen"), state: None, text: None, acts: None };
    room.page(Spot::Settings, &head, &inside)
}

/// What never changes.
fn about(room: &Room, merchant: &Merchant) -> Markup {
    let look = &room.look;
    let kind = if merchant.test { room.t("Sandbox", "Sandbox") } else { room.t("Live", "Echtbetrieb") };
    Card::new(room.t("Details", "Details")).with(facts(&[
        (room.t("ID", "ID"), value::copyable(&merchant.id.to_string(), look.language)),
        (room.t("Name in addresses", "Name in Adressen"), value::copyable(&merchant.slug, look.language)),
        (room.t("Kind", "Art"), html! { (kind) }),
        (room.t("First currency", "Erste Währung"), html! { (merchant.currency.code()) }),
        (room.t("Since", "Seit"), look.moment(merchant.created_at)),
    ]))
}

async fn save(call: &Call) -> Result<(), Problem> {
    let form: MerchantSettingsForm = call.form()?;
    let command = UpdateMerchant {
        merchant: call.merchant()?.merchant,
        version: Some(form.version),
        name: Some(form.name.into_string()),
        time_zone: Some(form.time_zone.0),
        sender_email: Some(form.sender_email),
        address: Some(form.address.map(Paragraph::into_string)),
        country: Some(form.country.map(|country| country.0)),
        vat_id: Some(form.vat_id.map(Line::into_string)),
        ..UpdateMerchant::default()
    };
    call.execute(command).await.map(drop)
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    match save(&call).await {
        Ok(()) => Ok(done(&call, &room.path("/settings"), room.t("Settings saved.", "Einstellungen gespeichert."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            // With the version of now: whoever was told of somebody else's change may send theirs after it.
            let (merchant, version) = shown(&call).await?;
            Ok(page(&call, &room, &merchant, version, &typed).with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/settings", "merchantSettingsPage", show).needs(Right::MerchantRead).page();
    r.post("/m/{merchant}/settings", "merchantChangeSettingsForm", change)
        .needs(Right::MerchantManage)
        .page()
        .form::<MerchantSettingsForm>()
        .command::<UpdateMerchant>();
}
