//! The one page of a partnership that may not trade: where it stands, and what comes next (PAR-1).

use crate::names;
use crate::room::{Room, Spot};
use maud::{Markup, html};
use tradepost_design::card::{Card, facts};
use tradepost_design::frame::Head;
use tradepost_design::{Button, Icon, badge, note, value};
use tradepost_domain::partners::queries::PartnershipView;
use tradepost_domain::partners::{self, Status};
use tradepost_domain::{Right, merchants};
use tradepost_web::{Answer, Call, OrNotFound, Problem};

pub(super) async fn page(call: &Call, room: &Room) -> Result<Answer, Problem> {
    let scope = call.partnership()?;
    let (partnership, merchant) = call
        .read(move |reader| {
            Box::pin(async move {
                let partnership = partners::queries::partnership(reader, scope.of_merchant(), scope.partnership).await?;
                let merchant = merchants::queries::merchant(reader, scope.merchant).await?;
                Ok(partnership.zip(merchant))
            })
        })
        .await?
        .or_not_found()?;
    let (title, text, next) = words(room, partnership.status);
    let (tone, status) = names::partnership_status(&room.look, partnership.status);
    let inside = html! {
        (note::note(tone, title, text, None))
        div class="columns" {
            div { (Card::new(room.t("What comes next", "Wie es weitergeht")).with(html! { @for step in next { p { (step) } } (meanwhile(room)) })) }
            div { (about(room, &partnership, merchant.sender_email.as_deref())) }
        }
    };
    let head = Head { crumbs: &[], title: &room.name, state: Some(badge(tone, status)), text: None, acts: None };
    Ok(room.page(Spot::Overview, &head, &inside))
}

/// What is the case, why nothing can be ordered, and what comes next.
fn words(room: &Room, status: Status) -> (&str, &str, Vec<&str>) {
    match status {
        Status::Pending => (
            room.t("Your request is with the merchant", "Ihre Anfrage liegt beim Händler"),
            room.t("Products, prices and orders open as soon as it is approved.", "Produkte, Preise und Bestellungen öffnen sich, sobald sie angenommen ist."),
            vec![
                room.t("The merchant looks at what you sent and approves or turns down.", "Der Händler prüft Ihre Angaben und nimmt an oder lehnt ab."),
                room.t("You get an e-mail either way. There is nothing that you have to do.", "Sie erhalten in jedem Fall eine E-Mail. Sie müssen nichts tun."),
            ],
        ),
        Status::Denied => (
            room.t("Your request was turned down", "Ihre Anfrage wurde abgelehnt"),
            room.t("Nothing of this program is open to you.", "Von diesem Programm ist Ihnen nichts zugänglich."),
            vec![room.t(
                "The merchant can approve it later. Write to them where you think that something is missing.",
                "Der Händler kann sie später annehmen. Schreiben Sie ihm, wenn aus Ihrer Sicht etwas fehlt.",
            )],
        ),
        Status::Suspended => (
            room.t("The partnership is suspended", "Die Partnerschaft ist ausgesetzt"),
            room.t("Orders and API keys are stopped for now.", "Bestellungen und API-Schlüssel sind vorerst angehalten."),
            vec![
                room.t(
                    "Only the merchant can let it go on. Everything is then as it was before.",
                    "Nur der Händler kann sie fortsetzen. Dann ist alles wie zuvor.",
                ),
                room.t("Write to them to find out why.", "Schreiben Sie ihm, um den Grund zu erfahren."),
            ],
        ),
        Status::Closed => (
            room.t("The partnership is closed", "Die Partnerschaft ist beendet"),
            room.t("Orders and API keys are stopped for good.", "Bestellungen und API-Schlüssel sind endgültig angehalten."),
            vec![room.t("Write to the merchant where something is left to be settled.", "Schreiben Sie dem Händler, wenn noch etwas zu klären ist.")],
        ),
        Status::Approved | Status::Active => (room.t("The partnership is open", "Die Partnerschaft ist offen"), "", Vec::new()),
    }
}

/// What stays open: the company's own profile and people.
fn meanwhile(room: &Room) -> Markup {
    html! {
        div class="button-row" {
            (Button::new(room.t("Your company", "Ihre Firma")).icon(Icon::Building).to(&room.path("/settings")))
            @if room.may(Right::ResellerPeopleRead) { (Button::new(room.t("People", "Personen")).icon(Icon::People).to(&room.path("/people"))) }
        }
    }
}

fn about(room: &Room, partnership: &PartnershipView, merchant_email: Option<&str>) -> Markup {
    let look = &room.look;
    let mut rows: Vec<(&str, Markup)> = vec![(room.t("Merchant", "Händler"), html! { (partnership.merchant_name) })];
    rows.extend(merchant_email.map(|email| (room.t("E-mail", "E-Mail"), value::copyable(email, look.language))));
    rows.push((room.t("Your company", "Ihre Firma"), html! { (partnership.reseller.company) }));
    rows.push((room.t("Reseller code", "Reseller-Code"), value::copyable(&partnership.code, look.language)));
    rows.push((room.t("Since", "Seit"), look.moment(partnership.created)));
    rows.push((room.t("ID", "ID"), value::copyable(&partnership.id.to_string(), look.language)));
    Card::new(room.t("Partnership", "Partnerschaft")).with(facts(&rows))
}
