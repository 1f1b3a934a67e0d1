//! Activate next license: a form with product and owner, then a page that shows the code for review, from which it is sent (FUL-6).

use crate::forms::{self, Typed};
use crate::room::{Room, Spot, encoded};
use crate::shared::licenses as shared;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::Card;
use tradepost_design::frame::Head;
use tradepost_design::{Button, Icon, note};
use tradepost_domain::Right;
use tradepost_domain::orders::activate::ActivateNextLicense;
use tradepost_domain::orders::reveal::RevealLicense;
use tradepost_web::api::credit::{self, AvailableProduct};
use tradepost_web::api::licenses::{EndUserInput, LicenseView, shown};
use tradepost_web::fields::Line;
use tradepost_web::{Answer, Call, Problem, input};

input! {
    /// The form of an activation: which product, and who its next license is for.
    pub struct ActivationForm {
        /// SKU or id.
        pub product: Line<64>,
        => owner: EndUserInput
    }
}

pub(super) async fn begin(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let product = call.query_pairs().iter().find(|(name, _)| name == "product").map(|(_, sku)| sku.clone()).unwrap_or_default();
    begin_page(&call, &room, &Typed::new([("product", product)])).await
}

async fn begin_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let held = credit::held(call).await?;
    let inside = if held.is_empty() && !typed.is_wrong() { nothing_held(room) } else { activation(call, room, typed, &held) };
    let licenses = room.path("/licenses");
    let crumbs = [(room.t("Licenses", "Lizenzen"), licenses.as_str())];
    let head = Head {
        crumbs: &crumbs,
        title: room.t("Activate next license", "Nächste Lizenz aktivieren"),
        state: None,
        text: Some(room.t(
            "The oldest license that may be handed out is bound to its owner. You see the code on the next page and send it from there.",
            "Die älteste Lizenz, die ausgegeben werden darf, wird an ihren Inhaber gebunden. Den Code sehen Sie auf der nächsten Seite; von dort versenden Sie ihn.",
        )),
        acts: None,
    };
    Ok(room.page(Spot::Licenses, &head, &inside))
}

fn nothing_held(room: &Room) -> Markup {
    let order =
        room.may(Right::OrdersPlace).then(|| Button::new(room.t("New order", "Neue Bestellung")).primary().icon(Icon::Add).to(&room.path("/orders/new")));
    note::empty(
        Icon::License,
        room.t("No license is available", "Keine Lizenz ist verfügbar"),
        room.t("Order some first; released orders bring them here.", "Bestellen Sie zuerst welche. Freigegebene Bestellungen bringen sie hierher."),
        order.as_ref(),
    )
}

fn activation(call: &Call, room: &Room, typed: &Typed, held: &[AvailableProduct]) -> Markup {
    let names: Vec<(String, String)> = held
        .iter()
        .map(|product| (product.sku.clone(), format!("{} · {} ({})", product.name, product.sku, room.look.number(product.available_licenses))))
        .collect();
    let asked = typed.value("product");
    let mut choices: Vec<(&str, &str)> = names.iter().map(|(sku, name)| (sku.as_str(), name.as_str())).collect();
    // What was asked for stays chosen, also where nothing of it is left: another product is never chosen in silence.
    if !asked.is_empty() && !names.iter().any(|(sku, _)| sku == asked) {
        choices.insert(0, (asked, asked));
    } else if asked.is_empty() && choices.len() > 1 {
        choices.insert(0, ("", room.t("Choose a product", "Produkt wählen")));
    }
    let fields = html! {
        (typed.field("product", room.t("Product", "Produkt")).whole().select(&choices))
        (shared::end_user_fields(room, typed))
    };
    let act = Button::new(room.t("Activate and show code", "Aktivieren und Code zeigen")).primary();
    let form = forms::form(call, &room.look, &room.path("/licenses/activate"), &fields, &act, Some(&room.path("/licenses")));
    html! {
        (typed.mistakes(&room.look))
        (Card::new(room.t("Who is it for?", "Für wen ist sie?")).with(form))
    }
}

pub(super) async fn activate(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    match activated(&call).await {
        Ok(license) => Ok(review(&call, &room, &license)),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(begin_page(&call, &room, &typed).await?.with_status(status))
        }
    }
}

async fn activated(call: &Call) -> Result<LicenseView, Problem> {
    let form = call.form::<ActivationForm>()?;
    let done = call.execute(ActivateNextLicense { product: form.product.into(), owner: form.owner.into() }).await?;
    if done.replayed {
        // The first answer showed the code under the audit row of the activation; this one is a further look.
        call.execute(RevealLicense { license: done.outcome.license }).await?;
    }
    shown(call, done.outcome.license, true).await
}

/// Owner and code for review. It holds a code, so it is never compressed, and nobody keeps it.
fn review(call: &Call, room: &Room, license: &LicenseView) -> Answer {
    let path = room.path(&format!("/licenses/{}", license.id));
    let send = Button::new(room.t("Send license", "Lizenz versenden")).primary().icon(Icon::Send);
    let again = room.path(&format!("/licenses/activate?product={}", encoded(&license.sku)));
    let text = room.t(
        "Check the owner, then send it: the e-mail comes from the merchant. Or copy the code.",
        "Prüfen Sie den Inhaber und versenden Sie sie dann: Die E-Mail kommt vom Händler. Oder kopieren Sie den Code.",
    );
    let inside = html! {
        (note::note(Tone::Good, room.t("The license is activated", "Die Lizenz ist aktiviert"), text, None))
        div class="columns" {
            div {
                (shared::code_card(room, license, None))
                (shared::owner_card(room, license, None))
            }
            div { (shared::facts_card(room, license)) }
        }
    };
    let acts = html! {
        (Button::new(room.t("Activate another", "Weitere aktivieren")).icon(Icon::License).to(&again))
        (forms::act(call, &format!("{path}/send"), &send))
    };
    let (licenses, title) = (room.path("/licenses"), shared::title(license));
    let crumbs = [(room.t("Licenses", "Lizenzen"), licenses.as_str()), (title.as_str(), path.as_str())];
    let head = Head { crumbs: &crumbs, title: room.t("Review and send", "Prüfen und versenden"), state: None, text: None, acts: Some(acts) };
    room.page(Spot::Licenses, &head, &inside).raw()
}
