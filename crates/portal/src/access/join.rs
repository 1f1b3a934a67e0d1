//! Signing up for a merchant's program, and joining it with a company that is known (PAR-2).

use super::{Alone, alone};
use crate::access::countries;
use crate::brand::Dress;
use crate::forms::{self, Typed};
use crate::look::Look;
use crate::room::{done, encoded};
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::facts;
use tradepost_design::note::{Step, timeline};
use tradepost_design::{Button, Field, Icon, Language, note};
use tradepost_domain::identity::{self, PersonView};
use tradepost_domain::listing::PageRequest;
use tradepost_domain::merchants::{self, Branding, MerchantView};
use tradepost_domain::partners::queries::ResellerView;
use tradepost_domain::partners::terms::{self, EffectiveTerms, Level, Place};
use tradepost_domain::partners::{self, Enrolled, JoinProgram, Profile, SignUp};
use tradepost_domain::{MerchantScope, PartnershipId};
use tradepost_kernel::password::SHORTEST;
use tradepost_kernel::text::Email;
use tradepost_store::{Fault, Reader};
use tradepost_web::api::branding;
use tradepost_web::api::signup::{self, NewSignup};
use tradepost_web::{Answer, Call, Problem, Routes};

/// Who wants to join, as far as that is known, and how the merchant looks.
#[derive(Debug, Default)]
struct Applicant {
    /// How the merchant looks.
    branding: Option<Branding>,
    /// Who is signed in.
    person: Option<PersonView>,
    /// The company that they own.
    company: Option<ResellerView>,
    /// Where one of their companies is in the program already.
    there: Option<PartnershipId>,
    /// What the program says of everybody.
    door: Door,
}

/// What a program says of everybody who wants to come in (PAR-10).
#[derive(Debug, Default)]
struct Door {
    closed: bool,
    terms_url: Option<String>,
}

async fn program_terms(reader: &mut Reader<'_>, merchant: i64) -> Result<EffectiveTerms, Fault> {
    let set = terms::load(reader, merchant, Place::Program).await?.into_iter().map(|term| (Level::Program, term)).collect::<Vec<_>>();
    Ok(terms::resolve(&set))
}

async fn door(call: &Call, merchant: i64) -> Result<Door, Problem> {
    let (terms, house) = call
        .read(move |reader| Box::pin(async move { Ok((program_terms(reader, merchant).await?, merchants::queries::merchant(reader, merchant).await?)) }))
        .await?;
    let closed = house.is_none_or(|house| house.closed.is_some());
    Ok(Door { closed: closed || !terms.enabled, terms_url: terms.terms_url })
}

async fn applicant(call: &Call, merchant: i64) -> Result<Applicant, Problem> {
    let door = door(call, merchant).await?;
    let Some(person) = call.caller().person() else {
        return Ok(Applicant { branding: branding::of(call, merchant).await?, door, ..Applicant::default() });
    };
    call.read(move |reader| {
        Box::pin(async move {
            let owned = partners::queries::owned_companies(reader, person).await?;
            let company = match owned.first() {
                Some(company) => partners::queries::reseller(reader, *company).await?,
                None => None,
            };
            let programs = partners::queries::programs(reader, person).await?;
            let there = programs.iter().find(|program| program.merchant == merchant && owned.contains(&program.reseller.id)).map(|program| program.id);
            let branding = merchants::branding(reader, merchant).await?;
            Ok(Applicant { branding, person: identity::queries::person(reader, person).await?, company, there, door })
        })
    })
    .await
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let (look, mut merchant) = (Look::of(&call), signup::program(&call).await?);
    let who = applicant(&call, merchant.number).await?;
    let look = who.person.as_ref().map_or_else(|| look.clone(), |person| look.clone().seen_by(person));
    if let Some(branding) = &who.branding {
        merchant.name.clone_from(&branding.name);
    }
    // A company of one's own is made from what is known of the person.
    let typed = who.person.as_ref().map_or_else(Typed::default, |person| {
        Typed::new([("email", person.email.clone()), ("first_name", person.first_name.clone()), ("last_name", person.last_name.clone())])
    });
    Ok(page(&call, &look, &merchant, &who, &typed))
}

async fn apply(call: Call) -> Result<Answer, Problem> {
    let (look, mut merchant) = (Look::of(&call), signup::program(&call).await?);
    let who = applicant(&call, merchant.number).await?;
    let look = who.person.as_ref().map_or_else(|| look.clone(), |person| look.clone().seen_by(person));
    if let Some(branding) = &who.branding {
        merchant.name.clone_from(&branding.name);
    }
    let enrolled = match (&who.company, call.form::<NewSignup>()) {
        (Some(company), _) => join(&call, merchant.number, company).await.map(Some),
        (None, Ok(asked)) => signup::enroll(&call, merchant.number, asked).await,
        (None, Err(no)) => Err(no),
    };
    match enrolled {
        Ok(Some(Enrolled { partnership, .. })) => {
            let said = if approves_at_once(&call, merchant.number).await? {
                look.t("You have joined the program.", "Sie sind im Programm.")
            } else {
                look.t("Application sent. You get an e-mail with the decision.", "Bewerbung abgeschickt. Die Entscheidung kommt per E-Mail.")
            };
            Ok(done(&call, &format!("/r/{partnership}"), said))
        }
        Ok(None) => {
            let at_once = approves_at_once(&call, merchant.number).await?;
            Ok(received(&call, &look, &merchant, who.branding, Typed::of(call.typed()?).value("email"), at_once))
        }
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &look, no)?);
            Ok(page(&call, &look, &merchant, &who, &typed).with_status(status))
        }
    }
}

/// Whether the program approves sign-ups at once and has a channel to approve into (PAR-3): the same for whoever signs up, so that it tells
/// nothing of them.
async fn approves_at_once(call: &Call, merchant: i64) -> Result<bool, Problem> {
    call.read(move |reader| {
        Box::pin(async move {
            let first = PageRequest { limit: 1, before: None };
            Ok(program_terms(reader, merchant).await?.auto_approve
                && !partners::queries::channels(reader, MerchantScope { merchant }, None, first).await?.rows.is_empty())
        })
    })
    .await
}

/// Joins with a company as it is; what it says of itself stays its own.
async fn join(call: &Call, merchant: i64, company: &ResellerView) -> Result<Enrolled, Problem> {
    let profile = Profile {
        company: company.company.clone(),
        email: Email::parse(&company.email).map_err(|_| Problem::internal())?,
        phone: company.phone.clone(),
        street: company.street.clone(),
        city: company.city.clone(),
        postal_code: company.postal_code.clone(),
        region: company.region.clone(),
        country: company.country.clone(),
        vat_id: company.vat_id.clone(),
    };
    let accepts_terms = call.typed()?.iter().any(|(name, value)| name == "accept_terms" && value == "true");
    Ok(call.execute(JoinProgram { merchant, profile, accepts_terms }).await?.outcome)
}

fn title(look: &Look, merchant: &MerchantView) -> String {
    match look.language {
        Language::English => format!("Become a reseller of {}", merchant.name),
        Language::German => format!("Reseller von {} werden", merchant.name),
    }
}

/// Draws a page of the sign-up, in the merchant's name.
fn drawn(call: &Call, look: &Look, merchant: &MerchantView, who: &Applicant, inside: &Markup) -> Answer {
    let title = title(look, merchant);
    let person = who.person.as_ref().map(|person| person.email.as_str());
    let dress = Dress::of(who.branding.as_ref());
    alone(call, look, &Alone { title: &title, house: &merchant.name, wide: true, person, brand: dress.brand() }, inside)
}

fn page(call: &Call, look: &Look, merchant: &MerchantView, who: &Applicant, typed: &Typed) -> Answer {
    let action = call.request_path();
    let inside = html! {
        @if merchant.test { (note::note(Tone::Warn, look.t("Sandbox: nothing here is real.", "Sandbox: nichts hier ist echt."), "", None)) }
        div class="message" {
            h1 { (title(look, merchant)) }
            @if who.there.is_none() { p { (look.t("Once your application is accepted, you see products and prices and place orders.", "Ist Ihre Bewerbung angenommen, sehen Sie Produkte und Preise und können bestellen.")) } }
        }
        (typed.mistakes(look))
        @if let Some(there) = who.there { (already(look, there)) }
        @else if who.door.closed { (closed(look)) }
        @else if let Some(company) = &who.company { (with_company(call, look, company, typed, who.door.terms_url.as_deref())) }
        @else { (form(call, look, typed, who, action)) }
    };
    drawn(call, look, merchant, who, &inside)
}

fn already(look: &Look, there: PartnershipId) -> Markup {
    let open = Button::new(look.t("Open it", "Öffnen")).small().to(&format!("/r/{there}"));
    let text = look.t("Your company is in this program.", "Ihre Firma ist in diesem Programm.");
    note::note(Tone::Info, look.t("You are already a member", "Sie sind schon dabei"), text, Some(&open))
}

fn closed(look: &Look) -> Markup {
    let text = look.t(
        "It is not taking new resellers at the moment. Existing resellers are not affected.",
        "Zurzeit nimmt es keine neuen Reseller auf. Bestehende Reseller sind nicht betroffen.",
    );
    note::note(Tone::Info, look.t("This program is closed", "Dieses Programm ist geschlossen"), text, None)
}

/// What is to be accepted, where the program has terms (PAR-10).
fn acceptance(look: &Look, typed: &Typed, url: Option<&str>) -> Markup {
    html! {
        @if let Some(url) = url {
            div class="field whole" {
                p { a href=(url) target="_blank" rel="noopener noreferrer" { (look.t("Read the terms of the program", "Bedingungen des Programms lesen")) } }
            }
            (typed.field("accept_terms", look.t("I accept these terms", "Ich stimme diesen Bedingungen zu")).whole().switch())
        }
    }
}

/// A company that is known joins with one click.
fn with_company(call: &Call, look: &Look, company: &ResellerView, typed: &Typed, url: Option<&str>) -> Markup {
    let action = call.request_path();
    let country = countries::name(look.language, &company.country).unwrap_or(&company.country);
    let fields = facts(&[
        (look.t("Company", "Firma"), html! { (company.company) }),
        (look.t("Country", "Land"), html! { (country) }),
        (look.t("E-mail address", "E-Mail-Adresse"), html! { (company.email) }),
    ]);
    let fields = html! { (fields) (acceptance(look, typed, url)) };
    let act = Button::new(look.t("Apply with this company", "Mit dieser Firma bewerben")).primary();
    forms::form(call, look, action, &fields, &act, Some("/workspaces"))
}

fn form(call: &Call, look: &Look, typed: &Typed, who: &Applicant, action: &str) -> Markup {
    let fields = html! {
        (person_fields(look, typed))
        @if who.person.is_none() { (password_field(look, typed)) }
        (company_fields(look, typed))
        (acceptance(look, typed, who.door.terms_url.as_deref()))
    };
    let act = Button::new(look.t("Apply", "Bewerben")).primary().wide();
    html! {
        (forms::form(call, look, action, &fields, &act, None))
        @if who.person.is_none() {
            p class="muted" {
                (look.t("You have an account already?", "Sie haben schon ein Konto?")) " "
                a href={ "/sign-in?next=" (encoded(action)) } { (look.t("Sign in, then apply", "Erst anmelden, dann bewerben")) } "."
            }
        }
    }
}

fn person_fields(look: &Look, typed: &Typed) -> Markup {
    html! {
        (typed.field("company", look.t("Company", "Firma")).fill("organization").whole().text())
        (typed.field("first_name", look.t("First name", "Vorname")).fill("given-name").text())
        (typed.field("last_name", look.t("Last name", "Nachname")).fill("family-name").text())
        (typed.field("email", look.t("E-mail address", "E-Mail-Adresse")).fill("email").hint(look.t("You sign in with it, and order e-mails go there.", "Damit melden Sie sich an, und dorthin gehen E-Mails zu Bestellungen.")).input("email"))
    }
}

fn password_field(look: &Look, typed: &Typed) -> Markup {
    let hint = match look.language {
        Language::English => format!("{SHORTEST} characters or more."),
        Language::German => format!("{SHORTEST} Zeichen oder mehr."),
    };
    // A password is never sent back.
    Field::new("password", look.t("Password", "Passwort")).wrong(typed.wrong("password")).hint(&hint).fill("new-password").input("password")
}

fn company_fields(look: &Look, typed: &Typed) -> Markup {
    let optional = look.t("optional", "optional");
    let mut choices = vec![("", look.t("Choose…", "Bitte wählen …"))];
    choices.extend(countries::choices(look.language));
    html! {
        (typed.field("country", look.t("Country", "Land")).select(&choices))
        (typed.field("vat_id", look.t("VAT ID", "USt-IdNr.")).optional(optional).text())
        (typed.field("street", look.t("Street and number", "Straße und Hausnummer")).fill("street-address").optional(optional).whole().text())
        (typed.field("postal_code", look.t("Postal code", "Postleitzahl")).fill("postal-code").optional(optional).text())
        (typed.field("city", look.t("City", "Ort")).fill("address-level2").optional(optional).text())
        (typed.field("region", look.t("State or region", "Bundesland oder Region")).fill("address-level1").optional(optional).text())
        (typed.field("phone", look.t("Phone", "Telefon")).fill("tel").optional(optional).input("tel"))
    }
}

/// What comes next: the same whether or not the address is known. Either way a mail goes to it.
fn received(call: &Call, look: &Look, merchant: &MerchantView, branding: Option<Branding>, email: &str, at_once: bool) -> Answer {
    let (mail, decision) = match look.language {
        Language::English => (format!("A mail went to {email}. It says what to do."), format!("{} looks at your application", merchant.name)),
        Language::German => (format!("Eine E-Mail ging an {email}. Darin steht, was zu tun ist."), format!("{} sieht sich Ihre Bewerbung an", merchant.name)),
    };
    let step = |icon, tone, text: &str, under: &str| Step { icon, tone, text: html! { (text) }, under: html! { (under) } };
    let decided = if at_once {
        step(
            Icon::Reseller,
            Tone::Plain,
            look.t("You are approved at once", "Sie sind sofort angenommen"),
            look.t("An e-mail says so.", "Eine E-Mail bestätigt es."),
        )
    } else {
        step(Icon::Reseller, Tone::Plain, &decision, look.t("You get an e-mail with the decision.", "Die Entscheidung kommt per E-Mail."))
    };
    let steps = [
        step(Icon::Mail, Tone::Info, look.t("Check your inbox", "Prüfen Sie Ihr Postfach"), &mail),
        decided,
        step(
            Icon::Order,
            Tone::Plain,
            look.t("Place your first order", "Geben Sie Ihre erste Bestellung auf"),
            look.t("Sign in to see products and your prices.", "Melden Sie sich an, um Produkte und Ihre Preise zu sehen."),
        ),
    ];
    let inside = html! {
        div class="message" {
            h1 { (look.t("Thank you", "Vielen Dank")) }
            p { (look.t("Your application was received. This comes next:", "Ihre Bewerbung ist eingegangen. So geht es weiter:")) }
        }
        (timeline(&steps))
        div class="button-row" { (Button::new(look.t("Sign in", "Anmelden")).to("/sign-in")) }
    };
    drawn(call, look, merchant, &Applicant { branding, ..Applicant::default() }, &inside)
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/join/{merchant}", "joinPage", show).anyone().page();
    r.post("/join/{merchant}", "joinForm", apply).anyone().page().form::<NewSignup>().command::<SignUp>().command::<JoinProgram>();
}
