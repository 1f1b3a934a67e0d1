//! Parts of a license's page and of lists of licenses.

use crate::files::Plain;
use crate::forms::{self, Typed};
use crate::lists::{Cell, List};
use crate::names;
use crate::room::{Room, encoded};
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, facts};
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, badge, note, value};
use tradepost_domain::Right;
use tradepost_domain::access::Side;
use tradepost_domain::licenses::{LockReason, Stage, Status};
use tradepost_web::Call;
use tradepost_web::api::credit::AvailableProduct;
use tradepost_web::api::licenses::{LicenseView, OwnerView, SellingCompanyView};

/// What a license is called: its product and the end of its id.
#[must_use]
pub fn title(license: &LicenseView) -> String {
    let id = license.id.to_string();
    format!("{} …{}", license.sku, &id[id.len().saturating_sub(5)..])
}

/// First and last name of an owner.
#[must_use]
pub fn name(owner: &OwnerView) -> String {
    format!("{} {}", owner.first_name, owner.last_name)
}

/// Whether who is asking may say who licenses are for.
#[must_use]
pub fn may_attach(room: &Room) -> bool {
    match room.side {
        Side::Merchant => room.may(Right::OrdersManage),
        Side::Reseller => room.may(Right::LicensesDistribute),
    }
}

/// The chips of a list: stages and fulfillment statuses, each value with its name.
#[must_use]
pub fn stages(room: &Room) -> Vec<(String, String)> {
    Stage::ALL.iter().map(|stage| (stage.name().to_owned(), names::license_stage(&room.look, *stage).1.to_owned())).collect()
}

/// The same of the fulfillment status (FUL-1).
#[must_use]
pub fn statuses(room: &Room) -> Vec<(String, String)> {
    Status::ALL.iter().map(|status| (status.name().to_owned(), names::license_status(&room.look, *status).to_owned())).collect()
}

/// The columns of a list.
#[must_use]
pub fn columns<'a>(room: &'a Room, list: &List<'_>) -> Vec<Column<'a>> {
    vec![
        Column::new(room.t("Product", "Produkt")),
        Column::new(room.t("Code", "Code")),
        Column::new(room.t("Status", "Status")).with(room.t("Waits for", "Wartet auf")),
        Column::new(room.t("Fulfillment", "Lieferung")),
        Column::new(room.t("Owner", "Inhaber")).with(room.t("Customer e-mail", "E-Mail des Kunden")),
        list.turning(Column::new(room.t("Ordered", "Bestellt"))),
        Column::new(room.t("ID", "ID")).with(room.t("Order", "Bestellung")).with(room.t("External shop", "Externer Shop")),
    ]
}

/// A row of a list.
#[must_use]
pub fn row(room: &Room, license: &LicenseView) -> Vec<Cell> {
    let look = &room.look;
    let (tone, stage) = names::license_stage(look, license.stage);
    let why = license.lock_reasons.first().and_then(|reason| names::lock_reason_named(reason.code)).map(|known| names::lock_reason(look, known).0);
    let stage_shown = html! { (badge(tone, stage)) @if let Some(why) = why { span class="under" { (why) } } };
    let code = license.masked_code.as_deref().map_or_else(Cell::empty, |code| Cell::shown_as(html! { code { (code) } }, Plain::Exact(code.to_owned())));
    let exact = |text: Option<String>| text.map_or(Plain::Empty, Plain::Exact);
    vec![
        Cell::link(&license.sku, &room.path(&format!("/licenses/{}", license.id)), None),
        code,
        Cell::shown_as(stage_shown, Plain::Exact(stage.to_owned())).and(exact(why.map(ToOwned::to_owned))),
        Cell::text(names::license_status(look, license.status)),
        license.owner.as_ref().map_or_else(Cell::empty, |owner| Cell::person(&name(owner), Some(owner.email.as_str()))),
        Cell::moment(room, license.created_at),
        Cell::code(room, &license.id.to_string()).and(exact(license.order.map(|id| id.to_string()))).and(exact(license.fulfillment.map(|id| id.to_string()))),
    ]
}

/// A product with available licenses, and what can be done with them: a file of their codes where there is one now, the next of them for a customer
/// (ORD-9, FUL-6, FUL-7).
#[must_use]
pub fn holding(call: &Call, room: &Room, product: &AvailableProduct) -> Vec<Markup> {
    let sku = encoded(&product.sku);
    let (all, activate) = (room.path(&format!("/licenses?product={sku}&stage=available")), room.path(&format!("/licenses/activate?product={sku}")));
    let file = room.path(&format!("/products/{}/licenses.csv", product.product));
    let may = room.may(Right::LicensesDistribute);
    vec![
        html! { a class="row" href=(all) { (product.name) } span class="under" { (value::copyable(&product.sku, room.look.language)) } },
        html! { span class="number" { (room.look.number(product.available_licenses)) } },
        html! {
            div class="button-row" {
                @if may && product.downloadable { (forms::act(call, &file, &Button::new(room.t("Download", "Herunterladen")).small().icon(Icon::Download))) }
                @if may { (Button::new(room.t("Activate next", "Nächste aktivieren")).small().icon(Icon::License).to(&activate)) }
            }
        },
    ]
}

/// Why it waits, and a button where it is you who can clear it (FUL-2). `path` is its page.
#[must_use]
pub fn lock_notes(room: &Room, license: &LicenseView, path: &str) -> Markup {
    let own = match room.side {
        Side::Merchant => "merchant",
        Side::Reseller => "reseller",
    };
    html! {
        @for reason in &license.lock_reasons {
            @if let Some(known) = names::lock_reason_named(reason.code) {
                @let (title, text) = names::lock_reason(&room.look, known);
                @let act = if reason.cleared_by.contains(&own) { clearing(room, license, known, path) } else { None };
                (note::note(Tone::Warn, title, text, act.as_ref()))
            }
        }
    }
}

/// The button that clears a reason, on the side that asks.
fn clearing(room: &Room, license: &LicenseView, reason: LockReason, path: &str) -> Option<Markup> {
    let button = |text, place: String| Some(Button::new(text).small().to(&place));
    let order = license.order.map(|order| room.path(&format!("/orders/{order}")));
    match reason {
        LockReason::UnpaidInvoice | LockReason::NotEnoughCredit | LockReason::CreditLimitReached => {
            button(room.t("Show the order", "Bestellung zeigen"), order?)
        }
        LockReason::RequiredEndUserInformation if may_attach(room) => button(room.t("Add end user", "Endkunden angeben"), format!("{path}/end-user")),
        LockReason::RequiredResellerInformation if may_attach(room) => {
            button(room.t("Add selling company", "Verkaufende Firma angeben"), format!("{path}/reseller"))
        }
        LockReason::RequiredVendorDeliveryConfirmation if room.may(Right::FulfillmentConfirm) => {
            button(room.t("Confirm delivery", "Lieferung bestätigen"), format!("{}/confirm-delivery", order?))
        }
        LockReason::OutOfStock if room.may(Right::StockManage) => button(room.t("Import keys", "Schlüssel importieren"), room.path("/stock/import")),
        _ => None,
    }
}

/// Its code: in full where this answer is that of the act that shows it, else masked.
#[must_use]
pub fn code_card(room: &Room, license: &LicenseView, acts: Option<Markup>) -> Markup {
    let card = Card::new(room.t("Code", "Code"));
    let card = if let Some(acts) = acts { card.acts(acts) } else { card };
    card.with(html! {
        @if let Some(code) = &license.code {
            (value::snippet(code, room.look.language))
            p class="muted" { (room.t("It is shown on this page only. That you viewed it is recorded in the history.", "Er steht nur auf dieser Seite. Dass Sie ihn gesehen haben, steht im Verlauf.")) }
        } @else if let Some(masked) = &license.masked_code {
            code { (masked) }
        } @else {
            p class="muted" { (no_code(room, license.stage)) }
        }
    })
}

fn no_code(room: &Room, stage: Stage) -> &'static str {
    match stage {
        Stage::Waiting => room.t("Nothing of its code is shown while it waits.", "Solange sie wartet, wird nichts von ihrem Code gezeigt."),
        Stage::Available | Stage::Distributed | Stage::Canceled | Stage::Revoked => room.t("This license carries no code.", "Diese Lizenz hat keinen Code."),
    }
}

/// Who it is for.
#[must_use]
pub fn owner_card(room: &Room, license: &LicenseView, acts: Option<Markup>) -> Markup {
    let card = Card::new(room.t("Owner", "Inhaber"));
    let card = if let Some(acts) = acts { card.acts(acts) } else { card };
    card.with(match &license.owner {
        Some(owner) => owner_facts(room, owner),
        None => html! { p class="muted" { (room.t("Nobody yet.", "Noch niemand.")) } },
    })
}

/// Everything that is known of an owner; what was not said is left out (FUL-3).
fn owner_facts(room: &Room, owner: &OwnerView) -> Markup {
    let mut rows: Vec<(&str, Markup)> =
        vec![(room.t("Name", "Name"), value::person(&name(owner), None)), (room.t("E-mail", "E-Mail"), value::copyable(&owner.email, room.look.language))];
    let address = address([&owner.street, &owner.postal_code, &owner.city, &owner.region]);
    let language = owner.language.as_deref().map(|code| LANGUAGES.iter().find(|known| known.0 == code).map_or(code, |known| known.1));
    let said = [
        (room.t("Company", "Firma"), owner.company.as_deref()),
        (room.t("Phone", "Telefon"), owner.phone.as_deref()),
        (room.t("Address", "Adresse"), address.as_deref()),
        (room.t("Country", "Land"), owner.country.as_deref()),
        (room.t("Language", "Sprache"), language),
    ];
    rows.extend(said.into_iter().filter_map(fact));
    facts(&rows)
}

fn fact<'a>((name, text): (&'a str, Option<&str>)) -> Option<(&'a str, Markup)> {
    text.map(|text| (name, html! { span class="lines" { (text) } }))
}

/// Street, place and region, each on a line of its own, as far as they are known.
fn address([street, postal_code, city, region]: [&Option<String>; 4]) -> Option<String> {
    let place: Vec<&str> = [postal_code, city].into_iter().flatten().map(String::as_str).collect();
    let lines = [street.clone(), (!place.is_empty()).then(|| place.join(" ")), region.clone()];
    let lines: Vec<String> = lines.into_iter().flatten().collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Which company sells it on: where there is one, or where it may be said (CAT-3).
#[must_use]
pub fn company_card(room: &Room, license: &LicenseView, acts: Option<Markup>) -> Markup {
    if license.selling_company.is_none() && acts.is_none() {
        return html! {};
    }
    let card = Card::new(room.t("Selling company", "Verkaufende Firma"));
    let card = if let Some(acts) = acts { card.acts(acts) } else { card };
    card.with(match &license.selling_company {
        Some(company) => company_facts(room, company),
        None => html! { p class="muted" { (room.t("None named.", "Keine genannt.")) } },
    })
}

/// The button that says which company it is.
#[must_use]
pub fn name_company(room: &Room, license: &LicenseView, path: &str) -> Markup {
    let word = if license.selling_company.is_some() { room.t("Change", "Ändern") } else { room.t("Add", "Angeben") };
    Button::new(word).small().icon(Icon::Building).opens_dialog().to(&format!("{path}/reseller"))
}

fn company_facts(room: &Room, company: &SellingCompanyView) -> Markup {
    let look = &room.look;
    let mut rows: Vec<(&str, Markup)> = vec![(room.t("Company", "Firma"), value::person(&company.company, None))];
    rows.extend(fact((room.t("Contact", "Ansprechpartner"), company.contact.as_deref())));
    rows.extend(company.email.as_ref().map(|email| (room.t("E-mail", "E-Mail"), value::copyable(email, look.language))));
    let address = address([&company.street, &company.postal_code, &company.city, &company.region]);
    let said = [(room.t("Address", "Adresse"), address.as_deref()), (room.t("Country", "Land"), company.country.as_deref())];
    rows.extend(said.into_iter().filter_map(fact));
    rows.extend(company.vat_id.as_ref().map(|vat_id| (room.t("VAT ID", "USt-IdNr."), value::copyable(vat_id, look.language))));
    facts(&rows)
}

/// What stands in the form of an end user at first: everything that is known, for what is sent takes its place (FUL-3).
#[must_use]
pub fn known_owner(license: &LicenseView) -> Typed {
    let Some(owner) = license.owner.clone() else { return Typed::default() };
    let said = [
        ("first_name", Some(owner.first_name)),
        ("last_name", Some(owner.last_name)),
        ("email", Some(owner.email)),
        ("company", owner.company),
        ("phone", owner.phone),
        ("street", owner.street),
        ("postal_code", owner.postal_code),
        ("city", owner.city),
        ("region", owner.region),
        ("country", owner.country),
        ("language", owner.language),
    ];
    Typed::new(said.into_iter().filter_map(|(name, text)| Some((name, text?))))
}

/// The same of the company that sells it on.
#[must_use]
pub fn known_company(license: &LicenseView) -> Typed {
    let Some(company) = license.selling_company.clone() else { return Typed::default() };
    let said = [
        ("company", Some(company.company)),
        ("contact", company.contact),
        ("email", company.email),
        ("street", company.street),
        ("postal_code", company.postal_code),
        ("city", company.city),
        ("region", company.region),
        ("country", company.country),
        ("vat_id", company.vat_id),
    ];
    Typed::new(said.into_iter().filter_map(|(name, text)| Some((name, text?))))
}

/// Its ids, where it came from, and its dates.
#[must_use]
pub fn facts_card(room: &Room, license: &LicenseView) -> Markup {
    let look = &room.look;
    let product = room.path(&format!("/products/{}", license.product));
    let mut rows: Vec<(&str, Markup)> = vec![
        (room.t("Product", "Produkt"), html! { a href=(product) { (license.sku) } }),
        (room.t("Fulfillment", "Lieferung"), html! { (names::license_status(look, license.status)) }),
        (room.t("ID", "ID"), value::copyable(&license.id.to_string(), look.language)),
    ];
    let came_from = [
        (room.t("Order", "Bestellung"), license.order.map(|order| (order.to_string(), room.path(&format!("/orders/{order}"))))),
        (room.t("External shop", "Externer Shop"), license.fulfillment.map(|id| (id.to_string(), room.path(&format!("/fulfillments/{id}"))))),
    ];
    rows.extend(came_from.into_iter().filter_map(|(name, from)| from.map(|(id, path)| (name, value::copyable_link(&id, &path, look.language)))));
    let moments = [
        (room.t("Ordered", "Bestellt"), Some(license.created_at)),
        (room.t("Handed over", "Übergeben"), license.distributed_at),
        (room.t("Last sent", "Zuletzt versandt"), license.sent_at),
        (room.t("Delivery confirmed", "Lieferung bestätigt"), license.confirmed_at),
    ];
    rows.extend(moments.into_iter().filter_map(|(name, at)| at.map(|at| (name, look.moment(at)))));
    Card::new(room.t("Details", "Details")).with(facts(&rows))
}

/// Languages that are offered for an end user, each in itself.
const LANGUAGES: [(&str, &str); 8] = [
    ("en", "English"),
    ("de", "Deutsch"),
    ("es", "Español"),
    ("fr", "Français"),
    ("it", "Italiano"),
    ("nl", "Nederlands"),
    ("pl", "Polski"),
    ("pt", "Português"),
];

/// The fields of an end user: three that are always needed, the others where the product or the law asks (FUL-3).
#[must_use]
pub fn end_user_fields(room: &Room, typed: &Typed) -> Markup {
    let optional = room.t("optional", "optional");
    // The API takes any language: one that is not offered here stays chosen.
    let chosen = typed.value("language");
    let other = Some((chosen, chosen)).filter(|_| !chosen.is_empty() && !LANGUAGES.iter().any(|known| known.0 == chosen));
    let languages: Vec<(&str, &str)> = std::iter::once(("", "–")).chain(LANGUAGES).chain(other).collect();
    html! {
        (typed.field("first_name", room.t("First name", "Vorname")).fill("off").text())
        (typed.field("last_name", room.t("Last name", "Nachname")).fill("off").text())
        (typed.field("email", room.t("E-mail", "E-Mail")).hint(room.t("The license is sent there.", "Dorthin geht die Lizenz.")).fill("off").whole().input("email"))
        (typed.field("company", room.t("Company", "Firma")).optional(optional).fill("off").text())
        (typed.field("phone", room.t("Phone", "Telefon")).optional(optional).fill("off").input("tel"))
        (street_fields(room, typed))
        (typed.field("language", room.t("Language", "Sprache")).hint(room.t("E-mails are written in English or German: any other language gets English.", "E-Mails sprechen Deutsch und Englisch: Jede andere Sprache bekommt Englisch.")).optional(optional).select(&languages))
    }
}

/// The fields of a company that sells on to the customer (CAT-3).
#[must_use]
pub fn company_fields(room: &Room, typed: &Typed) -> Markup {
    let optional = room.t("optional", "optional");
    html! {
        (typed.field("company", room.t("Company", "Firma")).fill("off").whole().text())
        (typed.field("contact", room.t("Contact", "Ansprechpartner")).optional(optional).fill("off").text())
        (typed.field("email", room.t("E-mail", "E-Mail")).optional(optional).fill("off").input("email"))
        (street_fields(room, typed))
        (typed.field("vat_id", room.t("VAT ID", "USt-IdNr.")).optional(optional).fill("off").text())
    }
}

fn street_fields(room: &Room, typed: &Typed) -> Markup {
    let optional = room.t("optional", "optional");
    html! {
        (typed.field("street", room.t("Street and number", "Straße und Hausnummer")).optional(optional).fill("off").whole().text())
        (typed.field("postal_code", room.t("Postal code", "Postleitzahl")).optional(optional).fill("off").text())
        (typed.field("city", room.t("City", "Ort")).optional(optional).fill("off").text())
        (typed.field("region", room.t("State or region", "Bundesland oder Region")).optional(optional).fill("off").text())
        (typed.field("country", room.t("Country", "Land")).hint(room.t("Two letters, such as DE.", "Zwei Buchstaben, etwa DE.")).example("DE").optional(optional).fill("off").text())
    }
}
