//! What the company is and what was agreed: its profile, the facts of this program, and every term with where it came from (PAR-2, PAR-11, PAR-12).

use crate::forms::{Typed, form};
use crate::names;
use crate::room::{Room, Spot, done};
use crate::shared::terms as shared;
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, facts};
use tradepost_design::form::unseen;
use tradepost_design::frame::Head;
use tradepost_design::{Button, Icon, badge, note, value};
use tradepost_domain::Right;
use tradepost_domain::partners::queries::{self, PartnershipView, ResellerView};
use tradepost_domain::partners::terms::{self, TermOrigin};
use tradepost_domain::partners::{Profile, Status, UpdateReseller};
use tradepost_kernel::text::Email;
use tradepost_web::fields::Line;
use tradepost_web::{Answer, Call, OrNotFound, Problem, Routes, input};

input! {
    /// The form of the company's profile.
    pub struct CompanyProfileForm {
        /// Its name.
        pub company: Line<200>,
        /// Where mail about orders goes.
        pub email: Email,
        /// Phone number.
        pub phone: Option<Line<40>>,
        /// Street and number.
        pub street: Option<Line<200>>,
        /// City.
        pub city: Option<Line<100>>,
        /// Postal code.
        pub postal_code: Option<Line<20>>,
        /// State or region.
        pub region: Option<Line<100>>,
        /// Two letters.
        pub country: Line<2>,
        /// VAT id.
        pub vat_id: Option<Line<30>>,
        /// The version that the form was made from.
        pub version: Option<i64>,
    }
}

/// The partnership that the person acts in, and the terms that count.
async fn own(call: &Call) -> Result<(PartnershipView, Vec<TermOrigin>), Problem> {
    let scope = call.partnership()?;
    let found = call.read(move |reader| {
        Box::pin(async move {
            let Some(found) = queries::partnership(reader, scope.of_merchant(), scope.partnership).await? else { return Ok(None) };
            let effective = terms::effective(reader, scope.merchant, found.id, found.channel).await?;
            Ok(Some((found, effective.origins)))
        })
    });
    found.await?.or_not_found()
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (partnership, origins) = own(&call).await?;
    let trades = partnership.status.may_trade();
    let products = if trades { shared::products_of(&origins) } else { Vec::new() };
    let names = shared::product_names(&call, call.partnership()?.of_merchant(), products).await?;
    let inside = html! {
        (standing(&room, partnership.status))
        div class="columns" {
            div {
                @if trades {
                    (Card::new(room.t("Terms", "Konditionen"))
                        .text(room.t("The terms that apply to you, and where they come from. Terms agreed with you take precedence over the channel's, and those over the program's.", "Was für Sie gilt, und woher es kommt. Mit Ihnen Vereinbartes geht dem Kanal vor, und der dem Programm."))
                        .around(shared::table(&room, &origins, &names)))
                }
                (company(&room, &partnership.reseller))
            }
            div { (program(&room, &partnership)) }
        }
    };
    let head = Head { crumbs: &[], title: room.t("Settings", "Einstellungen"), state: None, text: None, acts: None };
    Ok(room.page(Spot::Settings, &head, &inside))
}

/// Why nothing can be traded, where it is so.
fn standing(room: &Room, status: Status) -> Markup {
    let (tone, title, text) = match status {
        Status::Approved | Status::Active => return html! {},
        Status::Pending => (
            Tone::Info,
            room.t("The merchant has not approved you yet", "Der Händler hat Sie noch nicht angenommen"),
            room.t(
                "You get an e-mail when it is decided. Meanwhile you can complete your profile.",
                "Sie bekommen eine E-Mail, sobald entschieden ist. Bis dahin können Sie Ihr Profil vervollständigen.",
            ),
        ),
        Status::Denied => (
            Tone::Bad,
            room.t("The merchant turned you down", "Der Händler hat Sie abgelehnt"),
            room.t("Ask the merchant; a denied sign-up can be approved later.", "Fragen Sie den Händler; eine Ablehnung lässt sich später ändern."),
        ),
        Status::Suspended => (
            Tone::Bad,
            room.t("The merchant suspended the partnership", "Der Händler hat die Partnerschaft ausgesetzt"),
            room.t("Orders and the external shop rest. Ask the merchant.", "Bestellungen und der externe Shop ruhen. Fragen Sie den Händler."),
        ),
        Status::Closed => (Tone::Plain, room.t("The partnership is over", "Die Partnerschaft ist beendet"), ""),
    };
    note::note(tone, title, text, None)
}

fn program(room: &Room, partnership: &PartnershipView) -> Markup {
    let look = &room.look;
    let (tone, status) = names::partnership_status(look, partnership.status);
    let (mode, meaning) = shared::mode(look, &partnership.mode);
    let channel = html! {
        @match &partnership.channel_name { Some(name) => (name), None => span class="muted" { (room.t("None yet: you can't order before the merchant sets it", "Noch keiner: Bestellen können Sie, sobald der Händler ihn setzt")) } }
    };
    let mut rows: Vec<(&str, Markup)> = vec![
        (room.t("Merchant", "Händler"), html! { (partnership.merchant_name) }),
        (room.t("Status", "Status"), badge(tone, status)),
        (room.t("Reseller code", "Reseller-Code"), value::copyable(&partnership.code, look.language)),
        (room.t("Mode", "Art"), html! { (mode) " " span class="muted" { (meaning) } }),
        (room.t("Channel", "Kanal"), channel),
        (room.t("Since", "Seit"), look.moment(partnership.created)),
    ];
    if let Some(at) = partnership.approved {
        rows.push((room.t("Approved", "Angenommen"), look.moment(at)));
    }
    if let Some(at) = partnership.activated {
        rows.push((room.t("First order", "Erste Bestellung"), look.moment(at)));
    }
    rows.push((room.t("ID", "ID"), value::copyable(&partnership.id.text(), look.language)));
    Card::new(room.t("Program", "Programm")).with(facts(&rows))
}

/// The parts of the address, each on a line of its own where it is there.
fn address(company: &ResellerView) -> String {
    let place = [company.postal_code.as_deref(), company.city.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let lines = [company.street.as_deref(), Some(place.as_str()), company.region.as_deref(), Some(company.country.as_str())];
    lines.into_iter().flatten().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn company(room: &Room, company: &ResellerView) -> Markup {
    let maybe = |text: &Option<String>| html! { @match text { Some(text) => (text), None => span class="muted" { "–" } } };
    let rows = [
        (room.t("Company", "Firma"), html! { (company.company) }),
        (room.t("Order e-mails", "E-Mails zu Bestellungen"), html! { (company.email) }),
        (room.t("Phone", "Telefon"), maybe(&company.phone)),
        (room.t("Address", "Anschrift"), html! { span class="lines" { (address(company)) } }),
        (room.t("VAT ID", "USt-IdNr."), maybe(&company.vat_id)),
    ];
    let card = Card::new(room.t("Company", "Firma")).text(room.t(
        "For all programs of your company. It appears on invoices from now on; earlier ones stay as they are.",
        "Für alle Programme Ihrer Firma. Es steht auf künftigen Rechnungen; frühere bleiben, wie sie sind.",
    ));
    let edit = Button::new(room.t("Edit", "Bearbeiten")).small().icon(Icon::Edit).to(&room.path("/settings/company"));
    let card = if room.may(Right::ResellerPeopleManage) { card.acts(edit) } else { card };
    card.with(facts(&rows))
}

async fn begin(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (partnership, _) = own(&call).await?;
    let known = partnership.reseller;
    let version = known.version;
    let text = |text: Option<String>| text.unwrap_or_default();
    let typed = Typed::new([
        ("company", known.company),
        ("email", known.email),
        ("phone", text(known.phone)),
        ("street", text(known.street)),
        ("city", text(known.city)),
        ("postal_code", text(known.postal_code)),
        ("region", text(known.region)),
        ("country", known.country),
        ("vat_id", text(known.vat_id)),
    ]);
    Ok(page(&call, &room, &typed, version))
}

/// `version` is that of the profile as it is now: who was told that it changed meanwhile, and sends again, means it.
fn page(call: &Call, room: &Room, typed: &Typed, version: i64) -> Answer {
    let optional = room.t("optional", "optional");
    let fields = html! {
        (typed.mistakes(&room.look))
        (unseen(&[("version", version.to_string().as_str())]))
        (typed.field("company", room.t("Company", "Firma")).fill("organization").whole().text())
        (typed.field("email", room.t("Send order e-mails to", "E-Mails zu Bestellungen an")).fill("email").input("email"))
        (typed.field("phone", room.t("Phone", "Telefon")).fill("tel").optional(optional).input("tel"))
        (typed.field("street", room.t("Street and number", "Straße und Hausnummer")).fill("street-address").optional(optional).whole().text())
        (typed.field("postal_code", room.t("Postal code", "Postleitzahl")).fill("postal-code").optional(optional).text())
        (typed.field("city", room.t("City", "Ort")).fill("address-level2").optional(optional).text())
        (typed.field("region", room.t("State or region", "Bundesland oder Region")).fill("address-level1").optional(optional).text())
        (typed.field("country", room.t("Country", "Land")).hint(room.t("Two letters, such as US or DE.", "Zwei Buchstaben, etwa DE oder US.")).fill("country").text())
        (typed.field("vat_id", room.t("VAT ID", "USt-IdNr.")).optional(optional).text())
    };
    let back = room.path("/settings");
    let act = Button::new(room.t("Save", "Speichern")).primary();
    let inside = Card::new(room.t("Company", "Firma")).with(form(call, &room.look, &room.path("/settings/company"), &fields, &act, Some(&back)));
    let crumbs = [(room.t("Settings", "Einstellungen"), back.as_str())];
    let title = room.t("Edit company", "Firma bearbeiten");
    room.page(Spot::Settings, &Head { crumbs: &crumbs, title, state: None, text: None, acts: None }, &inside)
}

/// What was typed, as the command takes it. `None`: the country is none.
fn profile(form: CompanyProfileForm) -> Option<Profile> {
    let country = form.country.to_ascii_uppercase();
    let known = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
    known.then(|| Profile {
        company: form.company.into_string(),
        email: form.email,
        phone: form.phone.map(String::from),
        street: form.street.map(String::from),
        city: form.city.map(String::from),
        postal_code: form.postal_code.map(String::from),
        region: form.region.map(String::from),
        country,
        vat_id: form.vat_id.map(String::from),
    })
}

async fn save(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let form = match call.form::<CompanyProfileForm>() {
        Ok(form) => form,
        Err(no) => return refused(&call, &room, no).await,
    };
    let version = form.version;
    let Some(profile) = profile(form) else {
        let text = room.t("Give the two letters of a country, such as US or DE.", "Geben Sie die zwei Buchstaben eines Landes an, etwa DE oder US.");
        let typed = Typed::of(call.typed()?).wrong_with("country", text);
        let (partnership, _) = own(&call).await?;
        return Ok(page(&call, &room, &typed, partnership.reseller.version).with_status(StatusCode::UNPROCESSABLE_ENTITY));
    };
    match call.execute(UpdateReseller { version, profile }).await {
        Ok(_) => Ok(done(&call, &room.path("/settings"), room.t("Company saved.", "Firma gespeichert."))),
        Err(no) => refused(&call, &room, no).await,
    }
}

async fn refused(call: &Call, room: &Room, no: Problem) -> Result<Answer, Problem> {
    let (status, typed) = (no.status(), Typed::refused(call, &room.look, no)?);
    let (partnership, _) = own(call).await?;
    Ok(page(call, room, &typed, partnership.reseller.version).with_status(status))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/r/{partnership}/settings", "settingsPage", show).needs(Right::ProgramRead).page().inactive_ok();
    r.get("/r/{partnership}/settings/company", "companyPage", begin).needs(Right::ResellerPeopleManage).page().inactive_ok();
    r.post("/r/{partnership}/settings/company", "changeCompanyForm", save)
        .needs(Right::ResellerPeopleManage)
        .page()
        .inactive_ok()
        .form::<CompanyProfileForm>()
        .command::<UpdateReseller>();
}
