//! The start, and all merchants and programs of a person (PAR-12).

use super::{Alone, alone, me};
use crate::look::Look;
use crate::names;
use crate::shared::terms as shared;
use maud::{Markup, html};
use tradepost_design::icon::icon;
use tradepost_design::{Button, Icon, badge, note, value};
use tradepost_domain::PersonId;
use tradepost_domain::access::MerchantRole;
use tradepost_domain::merchants::{self, MerchantView};
use tradepost_domain::partners;
use tradepost_domain::partners::queries::PartnershipView;
use tradepost_domain::partners::terms::{self, EffectiveTerms, Qualifier};
use tradepost_kernel::Percent;
use tradepost_web::{Answer, Call, Problem, Routes};

/// Where a person works and in what programs their companies are.
async fn places(call: &Call, person: PersonId) -> Result<(Vec<(MerchantView, MerchantRole)>, Vec<PartnershipView>), Problem> {
    call.read(move |reader| {
        Box::pin(async move {
            let employers = merchants::queries::employers(reader, person).await?;
            let programs = partners::queries::programs(reader, person).await?;
            Ok((employers, programs))
        })
    })
    .await
}

/// To the only workspace, else to the list of them; sandboxes do not count beside what is live.
async fn start(call: Call) -> Result<Answer, Problem> {
    let Some(person) = call.caller().person() else { return Ok(Answer::see_other("/sign-in")) };
    let (employers, programs) = places(&call, person).await?;
    let merchants = employers.iter().map(|(merchant, _)| (merchant.test, format!("/m/{}", merchant.id)));
    let partners = programs.iter().map(|program| (program.test, format!("/r/{}", program.id)));
    let all: Vec<(bool, String)> = merchants.chain(partners).collect();
    let any_live = all.iter().any(|(test, _)| !*test);
    let mut fitting = all.into_iter().filter(|(test, _)| !any_live || !*test);
    let only = fitting.next().filter(|_| fitting.next().is_none());
    Ok(Answer::see_other(only.as_ref().map_or("/workspaces", |(_, path)| path.as_str())))
}

/// The programs with what counts in each: one read for the terms of all (PAR-12).
async fn with_terms(call: &Call, programs: Vec<PartnershipView>) -> Result<Vec<(PartnershipView, Option<EffectiveTerms>)>, Problem> {
    let wanted: Vec<_> = programs.iter().map(|program| (program.scope(), program.channel)).collect();
    let mut found = call.read(move |reader| Box::pin(async move { terms::effective_all(reader, &wanted).await })).await?;
    Ok(programs
        .into_iter()
        .map(|program| {
            let terms = found.remove(&program.scope());
            (program, terms)
        })
        .collect())
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let me = me(&call).await?;
    let look = Look::of(&call).seen_by(&me);
    let (employers, programs) = places(&call, me.id).await?;
    let programs = with_terms(&call, programs).await?;
    let title = look.t("Choose a workspace", "Arbeitsbereich wählen");
    let inside = html! {
        div class="message" { h1 { (title) } }
        @if employers.is_empty() && programs.is_empty() { (nothing(&look)) }
        @if !employers.is_empty() {
            h2 { (look.t("Merchants", "Händler")) }
            ul class="entries" { @for (merchant, role) in &employers { (of_merchant(&look, merchant, *role)) } }
        }
        @if !programs.is_empty() {
            h2 { (look.t("Reseller programs", "Reseller-Programme")) }
            ul class="entries" { @for (program, terms) in &programs { (of_program(&look, program, terms.as_ref())) } }
        }
        p class="muted" { a href="/account" { (look.t("Profile and security", "Profil und Sicherheit")) } }
    };
    Ok(alone(&call, &look, &Alone::new(title).wide().of(&me.email), &inside))
}

/// Who was let in nowhere, or no longer.
fn nothing(look: &Look) -> Markup {
    note::empty(
        Icon::Building,
        look.t("No workspace yet", "Noch kein Arbeitsbereich"),
        look.t(
            "To become a reseller, open the sign-up page that the merchant gave you. To work for a merchant, ask its owner to add you.",
            "Um Reseller zu werden, öffnen Sie die Anmeldeseite, die Ihnen der Händler genannt hat. Um für einen Händler zu arbeiten, bitten Sie dessen Inhaber, Sie hinzuzufügen.",
        ),
        Some(&Button::new(look.t("Documentation", "Dokumentation")).to("/docs")),
    )
}

const fn role(look: &Look, role: MerchantRole) -> &'static str {
    match role {
        MerchantRole::Owner => look.t("Owner", "Inhaber"),
        MerchantRole::Admin => look.t("Administrator", "Administrator"),
        MerchantRole::Fulfillment => look.t("Fulfillment", "Auslieferung"),
        MerchantRole::Finance => look.t("Finance", "Finanzen"),
        MerchantRole::Support => look.t("Support", "Support"),
    }
}

fn of_merchant(look: &Look, merchant: &MerchantView, held: MerchantRole) -> Markup {
    let marks = html! { @if merchant.test { (sandbox(look)) } };
    entry(&merchant.name, &format!("/m/{}", merchant.id), &html! { (role(look, held)) }, &marks)
}

fn of_program(look: &Look, program: &PartnershipView, terms: Option<&EffectiveTerms>) -> Markup {
    let (tone, status) = names::partnership_status(look, program.status);
    // What was agreed is nobody's to see before the merchant let it in.
    let terms = terms.filter(|_| program.status.may_trade());
    let under = html! {
        (program.reseller.company) " · " (shared::mode(look, &program.mode).0) " · " (look.t("reseller code", "Reseller-Code")) " " (value::copyable(&program.code, look.language))
        @if let Some(terms) = terms { br; (in_short(look, terms)) }
    };
    let marks = html! { @if program.test { (sandbox(look)) } (badge(tone, status)) };
    entry(&program.merchant_name, &format!("/r/{}", program.id), &under, &marks)
}

/// Currency, credit and discount: what somebody compares programs by. The rest is on the program's own page.
fn in_short(look: &Look, terms: &EffectiveTerms) -> String {
    let Some(currency) = terms.currency else { return look.t("No currency yet", "Noch keine Währung").to_owned() };
    let credit = match terms.credit_limit {
        Some(limit) => format!("{} {}", look.t("credit limit", "Kreditrahmen"), look.money_text(&currency.minor(limit))),
        None => look.t("paid first", "erst bezahlen").to_owned(),
    };
    let mut parts = vec![currency.code().to_owned(), credit];
    let rates = [
        (look.t("discount", "Rabatt"), terms.wholesale_discount),
        (look.t("margin", "Marge"), terms.margins.get(&Qualifier::General).copied().unwrap_or_default()),
    ];
    parts.extend(rates.into_iter().filter(|(_, rate)| *rate != Percent::ZERO).map(|(name, rate)| format!("{} {name}", shared::percent(look, rate))));
    parts.join(" · ")
}

fn sandbox(look: &Look) -> Markup {
    badge::tag(look.t("Sandbox", "Sandbox"))
}

fn entry(name: &str, path: &str, under: &Markup, marks: &Markup) -> Markup {
    html! {
        li class="entry" {
            span class="mark" aria-hidden="true" { (value::initials(name)) }
            div class="name" { a class="row" href=(path) { (name) } small { (under) } }
            div class="apart" { (marks) (icon(Icon::Next)) }
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/", "startPage", start).anyone().page();
    r.get("/workspaces", "workspacesPage", list).signed_in().page();
}
