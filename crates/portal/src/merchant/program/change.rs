//! One term: inherited, explicitly none, or a value of its own (PAR-11, CRD-8).

use super::spot;
use super::terms::{Kind, Owner, Standing, standing, subject};
use crate::forms::{Typed, question};
use crate::money;
use crate::refusals;
use crate::room::{Room, done};
use crate::shared::terms as shared;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::facts;
use tradepost_design::{Button, Language, form, note};
use tradepost_domain::orders::detail;
use tradepost_domain::partners::terms::{Qualifier, Setting, TermChange, TermName, TermValue};
use tradepost_domain::{PartnershipId, PartnershipScope};
use tradepost_kernel::Currency;
use tradepost_web::fields::Line;
use tradepost_web::{Answer, Call, Problem, input};

input! {
    /// How a term is set.
    pub struct TermForm {
        /// `inherit`, `none`, `true`, `false`, `check`, `wire` or `value`.
        pub setting: Line<10>,
        /// Its own value, as people type it.
        pub value: Option<Line<500>>,
        /// What it is for: `group:NAME`, `product:ID`; everything where it is empty.
        pub qualifier: Option<Line<120>>,
    }
}

/// Which term is meant, of whom.
#[derive(Clone, Debug)]
struct Meant {
    owner: Owner,
    name: TermName,
    qualifier: Qualifier,
}

fn meant(call: &Call, kind: Kind, qualifier: Option<&str>) -> Result<Meant, Problem> {
    let name = TermName::from_name(call.path_text("term")?).ok_or_else(Problem::not_found)?;
    let qualifier = Qualifier::parse(qualifier.unwrap_or("")).ok_or_else(Problem::not_found)?;
    let fits = match qualifier {
        Qualifier::General => true,
        Qualifier::Group(_) => name.may_name_a_group(),
        Qualifier::Product(_) => name.may_name_a_product(),
    };
    let fits = fits && (kind == Kind::Program || !name.is_of_program());
    if fits { Ok(Meant { owner: kind.owner(call)?, name, qualifier }) } else { Err(Problem::not_found()) }
}

const fn is_flag(name: TermName) -> bool {
    matches!(
        name,
        TermName::HoldUnpaidAtLimit
            | TermName::RequiresEndUserInformation
            | TermName::RequiresResellerInformation
            | TermName::EmailCodesToEndUsers
            | TermName::AutoApprove
            | TermName::Enabled
    )
}

/// Whether its values are few enough to be chosen from, so that there is no field to type in.
const fn is_chosen(name: TermName) -> bool {
    is_flag(name) || matches!(name, TermName::ExcludedPaymentMethods)
}

pub(super) async fn ask(call: Call, kind: Kind) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let asked = call.query_pairs().iter().find(|(name, _)| name == "for").map(|(_, text)| text.as_str());
    let meant = meant(&call, kind, asked)?;
    let standing = standing(&call, meant.owner).await?;
    let typed = as_it_is(&room, &meant, &standing);
    term_page(&call, &room, &meant, &standing, &typed).await
}

/// The form as the term stands now. Who opens it on a term that is inherited came to set one.
fn as_it_is(room: &Room, meant: &Meant, standing: &Standing) -> Typed {
    let own = standing.own(meant.name, &meant.qualifier);
    let inherited = standing.inherited(meant.name, &meant.qualifier).and_then(|origin| origin.value.as_ref());
    let (setting, value) = match own.map(|term| term.value.as_ref()) {
        Some(None) => ("none".to_owned(), String::new()),
        Some(Some(value)) if is_chosen(meant.name) => (value.text(), String::new()),
        Some(Some(value)) => ("value".to_owned(), in_field(room, value)),
        None if is_chosen(meant.name) => ("inherit".to_owned(), String::new()),
        None => ("value".to_owned(), inherited.map(|value| in_field(room, value)).unwrap_or_default()),
    };
    Typed::new([("setting", setting), ("value", value), ("qualifier", meant.qualifier.text())])
}

fn in_field(room: &Room, value: &TermValue) -> String {
    match value {
        TermValue::Money(amount) => money::in_field(&room.look, amount),
        TermValue::Percent(percent) => match room.look.language {
            Language::English => percent.to_string(),
            Language::German => percent.to_string().replace('.', ","),
        },
        other => other.text(),
    }
}

async fn term_page(call: &Call, room: &Room, meant: &Meant, standing: &Standing, typed: &Typed) -> Result<Answer, Problem> {
    let (called, meaning) = shared::name(&room.look, meant.name);
    let products = match &meant.qualifier {
        Qualifier::Product(id) => shared::product_names(call, call.merchant()?, vec![*id]).await?,
        _ => shared::ProductNames::new(),
    };
    let owed = match (meant.owner, meant.name) {
        (Owner::Reseller(id), TermName::CreditLimit) => Some(owed(call, room, id).await?),
        _ => None,
    };
    let text = html! {
        p class="muted" { (meaning) (subject(room, &meant.qualifier, &products)) }
        @if let Some(owed) = owed { (owed) }
        (fields(room, meant, standing, typed))
        (form::unseen(&[("qualifier", &meant.qualifier.text())]))
        @if let Some(effect) = effect(room, meant) { (note::note(Tone::Info, room.t("What happens", "Was geschieht"), effect, None)) }
    };
    let back = meant.owner.page(room);
    let action = format!("{}/terms/{}", meant.owner.base(room), meant.name.name());
    let act = Button::new(room.t("Save", "Speichern")).primary();
    Ok(room.dialog(spot(meant.owner.kind()), called, &question(call, &room.look, called, &text, typed, &action, &act, &back)))
}

/// What a reseller owes right now: what a new limit is measured by.
async fn owed(call: &Call, room: &Room, partnership: PartnershipId) -> Result<Markup, Problem> {
    let scope = PartnershipScope { merchant: call.merchant()?.merchant, partnership };
    let credit = call.read(move |reader| Box::pin(async move { detail::credit(reader, scope).await })).await?;
    let Some(currency) = credit.currency else { return Ok(html! {}) };
    let money = |minor: i64| room.look.money(&currency.minor(minor));
    let mut rows: Vec<(&str, Markup)> = vec![(room.t("Used now", "Jetzt genutzt"), money(credit.credit.used_minor))];
    if let Some(limit) = credit.credit.limit_minor {
        rows.push((room.t("Limit now", "Rahmen jetzt"), money(limit)));
    }
    if credit.credit.over_minor > 0 {
        rows.push((room.t("Over it", "Darüber"), money(credit.credit.over_minor)));
    }
    Ok(facts(&rows))
}

fn fields(room: &Room, meant: &Meant, standing: &Standing, typed: &Typed) -> Markup {
    let (look, name) = (&room.look, meant.name);
    let inherited = standing.inherited(name, &meant.qualifier);
    let now = inherited.map_or_else(
        || room.t("As for everything else", "Wie für alles andere").to_owned(),
        |origin| format!("{} ({})", shared::value(look, name, origin.value.as_ref()), shared::level(room, origin.level)),
    );
    let above = match (meant.owner, &meant.qualifier) {
        (_, Qualifier::Group(_) | Qualifier::Product(_)) => room.t("Nothing of its own", "Nichts Eigenes"),
        (Owner::Program, _) => room.t("Leave it at the default", "Bei der Vorgabe lassen"),
        (Owner::Channel(_), _) => room.t("As the program says", "Wie im Programm"),
        (Owner::Reseller(_), _) => room.t("As the channel or the program says", "Wie im Kanal oder im Programm"),
    };
    let none = shared::value(look, name, None);
    let mut choices: Vec<(&str, &str, &str)> = vec![("inherit", above, now.as_str())];
    if is_flag(name) {
        choices.extend([("true", room.t("Yes", "Ja"), ""), ("false", room.t("No", "Nein"), "")]);
    } else if is_chosen(name) {
        choices.extend([("check", room.t("No checks", "Keine Schecks"), ""), ("wire", room.t("No wires", "Keine Überweisungen"), "")]);
    } else {
        choices.push(("value", room.t("A value of its own", "Ein eigener Wert"), room.t("The one below.", "Der untenstehende.")));
    }
    if name.may_be_none() {
        choices.push(("none", room.t("Explicitly none", "Ausdrücklich nichts"), none.as_str()));
    }
    html! {
        (typed.field("setting", room.t("Setting", "Einstellung")).whole().radios(&choices))
        @if !is_chosen(name) { (value_field(room, name, standing.currency(room), typed)) }
    }
}

/// The field for a value of its own, with its unit.
fn value_field(room: &Room, name: TermName, currency: Currency, typed: &Typed) -> Markup {
    let only = room.t("for a value of its own", "für einen eigenen Wert");
    let field = typed.field("value", room.t("Value", "Wert")).optional(only).whole();
    match name {
        TermName::Currency => field.example("USD").hint(room.t("Three letters, such as USD or EUR.", "Drei Buchstaben, etwa EUR oder USD.")).text(),
        TermName::CreditLimit => field.before(currency.code()).numeric().text(),
        TermName::WholesaleDiscountPercent | TermName::MarginPercent => field.after("%").numeric().text(),
        TermName::InvoiceDueDays | TermName::ReservationDays => field.after(room.t("days", "Tage")).numeric().text(),
        _ => field.after(room.t("units", "Stück")).numeric().text(),
    }
}

/// What follows from a change, where it is not what everybody expects.
fn effect(room: &Room, meant: &Meant) -> Option<&'static str> {
    Some(match (meant.name, meant.owner) {
        (TermName::CreditLimit, Owner::Reseller(_)) => room.t(
            "Raising it releases held orders at once, the oldest first, as far as they fit. Lowering it takes nothing back: it holds what is ordered from now on. Without a limit every order is paid first.",
            "Ein höherer Rahmen gibt gehaltene Bestellungen sofort frei, die älteste zuerst, soweit sie hineinpassen. Ein niedrigerer nimmt nichts zurück: Er hält, was ab jetzt bestellt wird. Ohne Rahmen wird jede Bestellung erst bezahlt.",
        ),
        (TermName::CreditLimit, _) => room.t(
            "Applies to resellers without a limit of their own. Raising it releases held orders within moments, the oldest first; lowering it takes nothing back.",
            "Gilt für Reseller ohne eigenen Rahmen. Ein höherer gibt gehaltene Bestellungen binnen Augenblicken frei, die älteste zuerst; ein niedrigerer nimmt nichts zurück.",
        ),
        (TermName::Currency, Owner::Reseller(_)) => room.t(
            "It can change only while no order and no top-up is open and no prepaid balance is left. A credit limit in another currency no longer applies.",
            "Sie lässt sich nur ändern, solange keine Bestellung und keine Aufladung offen ist und kein Guthaben bleibt. Ein Kreditrahmen in anderer Währung gilt dann nicht mehr.",
        ),
        (TermName::Currency, _) => room.t(
            "It can change only before anything was ordered or topped up; afterwards set the currency of a reseller instead.",
            "Sie lässt sich nur ändern, bevor etwas bestellt oder aufgeladen wurde; danach setzen Sie die Währung eines Resellers.",
        ),
        (TermName::WholesaleDiscountPercent | TermName::MarginPercent, _) => room.t(
            "Applies to new orders and drafts; confirmed orders keep their prices.",
            "Gilt für neue Bestellungen und Entwürfe; bestätigte Bestellungen behalten ihre Preise.",
        ),
        (TermName::AutoApprove, _) => room.t(
            "Applies to sign-ups from now on; those that are pending stay pending. With one channel they get it, with several you pick one before they can order.",
            "Gilt für Anmeldungen ab jetzt; wer wartet, wartet weiter auf Sie. Gibt es einen Kanal, bekommen sie ihn, bei mehreren wählen Sie einen, bevor sie bestellen können.",
        ),
        (TermName::Enabled, _) => room.t(
            "Applies at once to the sign-up page and the API. Pending sign-ups stay pending, and you can still add resellers by hand.",
            "Gilt sofort für die Seite zur Anmeldung und die API. Wer wartet, wartet weiter auf Sie, und von Hand können Sie weiter Reseller anlegen.",
        ),
        (TermName::TermsUrl, _) => room.t(
            "Whoever signs up from now on accepts this page; the trail says which. Nothing is asked of those who are in.",
            "Wer sich ab jetzt anmeldet, stimmt dieser Seite zu; der Verlauf sagt welcher. Wer drin ist, wird nicht gefragt.",
        ),
        (TermName::InvoiceDueDays, _) => room.t("Applies to invoices that are issued from now on.", "Gilt für Rechnungen, die ab jetzt gestellt werden."),
        (TermName::ExcludedPaymentMethods, _) => room.t(
            "Applies at once to what can be recorded and to the page on how to pay; instructions on the paper apply to invoices that are issued from now on.",
            "Gilt sofort für das, was erfasst werden kann, und für die Seite zum Bezahlen; Hinweise auf dem Papier gelten für Rechnungen, die ab jetzt gestellt werden.",
        ),
        (TermName::ReservationDays, _) => room.t(
            "Applies to orders that are confirmed from now on; those that are held keep what was said to them.",
            "Gilt für Bestellungen, die ab jetzt bestätigt werden; für gehaltene bleibt, was ihnen gesagt wurde.",
        ),
        (TermName::HoldUnpaidAtLimit, _) => room.t(
            "Applies at once, to licenses that were not handed out yet. What is beyond the limit is held in any case.",
            "Gilt sofort, für Lizenzen, die noch nicht weitergegeben sind. Was über dem Rahmen liegt, wird in jedem Fall gehalten.",
        ),
        _ => return None,
    })
}

/// What the form says. `Err`: what is wrong with the value, as a sentence.
fn setting(room: &Room, name: TermName, currency: Currency, form: &TermForm) -> Result<Setting, String> {
    match &*form.setting {
        "inherit" => Ok(Setting::Inherit),
        "none" if name.may_be_none() => Ok(Setting::Nothing),
        way @ ("check" | "wire") if name == TermName::ExcludedPaymentMethods => value(room, name, currency, way).map(Setting::Value),
        "true" | "false" if is_flag(name) => Ok(Setting::Value(TermValue::Flag(&*form.setting == "true"))),
        _ => value(room, name, currency, form.value.as_deref().unwrap_or("")).map(Setting::Value),
    }
}

/// Reads a value as people type it.
pub(super) fn value(room: &Room, name: TermName, currency: Currency, text: &str) -> Result<TermValue, String> {
    let text = text.trim();
    let plain = match name {
        TermName::Currency => text.to_uppercase(),
        TermName::CreditLimit => money::typed(&room.look, currency, text)?.to_string(),
        TermName::WholesaleDiscountPercent | TermName::MarginPercent => text.trim_end_matches('%').trim_end().replace(',', "."),
        _ => text.to_owned(),
    };
    name.value(&plain).map_err(|no| refusals::of_field(&room.look, no.code, &no.detail))
}

/// The form as it was sent, after a no of the command. That names the term; the form has one field for its value.
pub(super) fn refused(call: &Call, room: &Room, field: &str, no: Problem) -> Result<Typed, Problem> {
    let told: Vec<String> = no.errors().iter().map(|error| refusals::of_field(&room.look, error.code, &error.detail)).collect();
    let typed = Typed::refused(call, &room.look, no)?;
    if told.is_empty() {
        return Ok(typed);
    }
    Ok(told.iter().fold(Typed::of(call.typed()?), |typed, text| typed.wrong_with(field, text)))
}

pub(super) async fn set(call: Call, kind: Kind) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let sent = call.typed()?;
    let qualifier = sent.iter().find(|(name, _)| name == "qualifier").map(|(_, text)| text.as_str());
    let meant = meant(&call, kind, qualifier)?;
    let standing = standing(&call, meant.owner).await?;
    let form = match call.form::<TermForm>() {
        Ok(form) => form,
        Err(no) => {
            let (status, typed) = (no.status(), refused(&call, &room, "setting", no)?);
            return Ok(term_page(&call, &room, &meant, &standing, &typed).await?.with_status(status));
        }
    };
    let to = match setting(&room, meant.name, standing.currency(&room), &form) {
        Ok(to) => to,
        Err(text) => {
            let typed = Typed::of(sent).wrong_with("value", &text);
            let page = term_page(&call, &room, &meant, &standing, &typed).await?;
            return Ok(page.with_status(axum::http::StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    let change = TermChange { name: meant.name, qualifier: meant.qualifier.clone(), to };
    match meant.owner.change(&call, vec![change]).await {
        Ok(()) => Ok(done(&call, &meant.owner.page(&room), room.t("Terms saved.", "Konditionen gespeichert."))),
        Err(no) => {
            let (status, typed) = (no.status(), refused(&call, &room, "value", no)?);
            Ok(term_page(&call, &room, &meant, &standing, &typed).await?.with_status(status))
        }
    }
}
