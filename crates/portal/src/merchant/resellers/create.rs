//! A reseller that the merchant creates by hand (PAR-2 b): approved at once, one access mail.

use crate::access::countries;
use crate::forms::{self, Typed};
use crate::merchant::channels;
use crate::room::{Room, Spot, done};
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::Card;
use tradepost_design::frame::Head;
use tradepost_design::{Button, note};
use tradepost_domain::partners::{ChannelView, CreateReseller};
use tradepost_domain::{PartnershipId, Right};
use tradepost_web::api::partnerships::{NewReseller, created};
use tradepost_web::{Answer, Call, Problem, Routes};

async fn begin(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    form_page(&call, &room, &Typed::default()).await
}

async fn form_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let channels = channels::all(call).await?;
    let fields = html! {
        (company(room, typed))
        (address(room, typed))
        (channel(room, &channels, typed))
        p class="muted" { (room.t("The owner gets one e-mail with a link to set a password. The reseller is approved at once and may order.", "Der Inhaber bekommt eine E-Mail mit einem Link, um ein Passwort zu setzen. Der Reseller ist sofort angenommen und kann bestellen.")) }
    };
    let act = Button::new(room.t("Add reseller", "Reseller anlegen")).primary();
    let path = room.path("/resellers");
    let inside = html! {
        (typed.mistakes(&room.look))
        (Card::new(room.t("Company and owner", "Firma und Inhaber")).with(forms::form(call, &room.look, &path, &fields, &act, Some(&path))))
    };
    let head = Head {
        crumbs: &[(room.t("Resellers", "Reseller"), path.as_str())],
        title: room.t("Add reseller", "Reseller anlegen"),
        state: None,
        text: Some(
            room.t("For a company that you know already. Others sign up themselves.", "Für eine Firma, die Sie schon kennen. Andere melden sich selbst an."),
        ),
        acts: None,
    };
    Ok(room.page(Spot::Resellers, &head, &inside))
}

fn company(room: &Room, typed: &Typed) -> Markup {
    let optional = room.t("optional", "optional");
    html! {
        (typed.field("company", room.t("Company", "Firma")).fill("organization").whole().text())
        (typed.field("first_name", room.t("First name of the owner", "Vorname des Inhabers")).text())
        (typed.field("last_name", room.t("Last name of the owner", "Nachname des Inhabers")).text())
        (typed.field("email", room.t("E-mail", "E-Mail")).hint(room.t("The owner signs in with it, and order e-mails go there.", "Damit meldet sich der Inhaber an, und dorthin gehen E-Mails über Bestellungen.")).input("email"))
        (typed.field("phone", room.t("Phone", "Telefon")).optional(optional).input("tel"))
    }
}

fn address(room: &Room, typed: &Typed) -> Markup {
    let optional = room.t("optional", "optional");
    let countries: Vec<(&str, &str)> = std::iter::once(("", room.t("Please choose", "Bitte wählen"))).chain(countries::choices(room.look.language)).collect();
    html! {
        (typed.field("street", room.t("Street and number", "Straße und Hausnummer")).optional(optional).whole().text())
        (typed.field("postal_code", room.t("Postal code", "Postleitzahl")).optional(optional).text())
        (typed.field("city", room.t("City", "Ort")).optional(optional).text())
        (typed.field("region", room.t("State or region", "Bundesland oder Region")).optional(optional).text())
        (typed.field("country", room.t("Country", "Land")).select(&countries))
        (typed.field("vat_id", room.t("VAT ID", "USt-IdNr.")).optional(optional).text())
    }
}

/// Where there are several channels a person picks; the only one is taken by itself.
fn channel(room: &Room, channels: &[ChannelView], typed: &Typed) -> Markup {
    let ids: Vec<String> = channels.iter().map(|channel| channel.id.to_string()).collect();
    let later = room.t("Pick later", "Später wählen");
    let choices: Vec<(&str, &str)> =
        std::iter::once(("", later)).chain(ids.iter().map(String::as_str).zip(channels.iter().map(|channel| channel.name.as_str()))).collect();
    let hint = room.t(
        "Its price list says what it may order. Without a channel it cannot order yet.",
        "Seine Preisliste sagt, was der Reseller bestellen darf. Ohne Kanal kann er noch nicht bestellen.",
    );
    html! {
        @match channels.len() {
            0 => (note::note(Tone::Warn, room.t("There is no channel yet", "Es gibt noch keinen Kanal"), room.t("Create one first: a reseller buys in a channel.", "Legen Sie zuerst einen an: Ein Reseller kauft in einem Kanal."), Some(&Button::new(room.t("Create channel", "Kanal anlegen")).small().to(&room.path("/channels/new"))))),
            1 => {}
            _ => (typed.field("channel", room.t("Channel", "Kanal")).hint(hint).optional(room.t("optional", "optional")).whole().select(&choices)),
        }
    }
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    match create_from(&call).await {
        Ok(id) => {
            let said = room.t("Reseller added. The access e-mail is on its way.", "Reseller angelegt. Die E-Mail mit dem Zugang ist unterwegs.");
            Ok(done(&call, &room.path(&format!("/resellers/{id}")), said))
        }
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(form_page(&call, &room, &typed).await?.with_status(status))
        }
    }
}

async fn create_from(call: &Call) -> Result<PartnershipId, Problem> {
    created(call, call.form::<NewReseller>()?).await
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/resellers/new", "merchantNewResellerPage", begin).needs(Right::PartnersManage).page();
    r.post("/m/{merchant}/resellers", "merchantCreateResellerForm", create)
        .needs(Right::PartnersManage)
        .page()
        .form::<NewReseller>()
        .command::<CreateReseller>();
}
