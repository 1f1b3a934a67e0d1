//! The workspace that a page is in: whose it is, who works in it, what they may do and where they can go.

mod said;

use crate::brand::Dress;
use crate::look::Look;
use axum::http::header::REFERRER_POLICY;
use maud::{Markup, html};
pub use said::{done, encoded, say};
use said::{forgotten, said};
use tradepost_design::badge::Tone;
use tradepost_design::frame::{self as drawn, Group, Head, Page, Place, Workspace};
use tradepost_design::icon::icon;
use tradepost_design::{Icon, note};
use tradepost_domain::access::{Need, Side};
use tradepost_domain::partners::Status;
use tradepost_domain::reports::frame::{self, Frame};
use tradepost_domain::{Caller, MerchantScope, PersonId, Right, merchants, partners};
use tradepost_kernel::Currency;
use tradepost_web::{Answer, Call, OrNotFound, Problem};

/// Where in the navigation a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Spot {
    Overview,
    Orders,
    Licenses,
    Invoices,
    Balance,
    Fulfillments,
    Developers,
    People,
    Settings,
    Branding,
    Products,
    PriceLists,
    Stock,
    Resellers,
    Channels,
    Program,
    Payments,
    Messages,
    Audit,
    ApiKeys,
    Health,
    /// Nowhere: the person's own pages.
    Aside,
}

/// The workspace of one request.
#[derive(Debug)]
pub struct Room {
    /// How the person sees it.
    pub look: Look,
    /// Which of the two.
    pub side: Side,
    /// Where its pages are: `/m/mer_…`, `/r/par_…`.
    pub base: String,
    /// Its name: the merchant's, for resellers the program's.
    pub name: String,
    /// The currency that amounts are typed in: the merchant's first one.
    pub currency: Currency,
    /// Where the partnership stands; `None` in a merchant's workspace.
    pub status: Option<Status>,
    /// Whether it is a sandbox.
    pub test: bool,
    /// Whether it is a merchant's whose account is closed.
    pub closed: bool,
    /// Who asks.
    pub caller: Caller,
    person: PersonId,
    person_name: String,
    person_email: String,
    others: Vec<(String, String)>,
    waiting: usize,
    dress: Dress,
    said: Option<String>,
}

impl Room {
    /// The workspace that the path of the request names.
    ///
    /// # Errors
    /// 404 where there is none for this person; faults of the store.
    pub async fn enter(call: &Call) -> Result<Self, Problem> {
        let caller = call.caller().clone();
        let person = caller.person().ok_or_else(Problem::unauthenticated)?;
        match caller {
            Caller::MerchantPerson { merchant, .. } => Self::of_merchant(call, caller, person, merchant).await,
            Caller::ResellerPerson { scope, .. } => Self::of_reseller(call, caller, person, scope).await,
            _ => Err(Problem::not_found()),
        }
    }

    async fn of_merchant(call: &Call, caller: Caller, person: PersonId, number: i64) -> Result<Self, Problem> {
        let frame = framed(call, person, MerchantScope { merchant: number }).await?;
        let works_here = frame.employers.iter().any(|(merchant, _)| merchant.number == number);
        let merchant = Some(&frame.merchant).filter(|_| works_here).ok_or_else(Problem::not_found)?;
        let look = Look::of(call).seen_by(&frame.person).in_zone(&merchant.time_zone);
        let others = others(&look, &frame.employers, &frame.programs, &merchant.id.to_string());
        Ok(Self {
            side: Side::Merchant,
            base: format!("/m/{}", merchant.id),
            name: merchant.name.clone(),
            currency: merchant.currency,
            status: None,
            test: merchant.test,
            closed: merchant.closed.is_some(),
            person,
            person_name: frame.person.name(),
            person_email: frame.person.email,
            others,
            waiting: usize::try_from(frame.sign_ups.number).unwrap_or(0),
            dress: Dress::of(frame.branding.as_ref()),
            said: said(call),
            caller,
            look,
        })
    }

    async fn of_reseller(call: &Call, caller: Caller, person: PersonId, scope: tradepost_domain::PartnershipScope) -> Result<Self, Problem> {
        let frame = framed(call, person, scope.of_merchant()).await?;
        let program = frame.programs.iter().find(|program| program.id == scope.partnership).ok_or_else(Problem::not_found)?;
        let look = Look::of(call).seen_by(&frame.person).in_zone(&frame.merchant.time_zone);
        let others = others(&look, &frame.employers, &frame.programs, &program.id.to_string());
        Ok(Self {
            side: Side::Reseller,
            base: format!("/r/{}", program.id),
            name: frame.branding.as_ref().map_or_else(|| program.merchant_name.clone(), |look| look.name.clone()),
            currency: frame.merchant.currency,
            status: Some(program.status),
            test: program.test,
            closed: false,
            person,
            person_name: frame.person.name(),
            person_email: frame.person.email,
            others,
            waiting: 0,
            dress: Dress::of(frame.branding.as_ref()),
            said: said(call),
            caller,
            look,
        })
    }

    /// The path of a page of this workspace: `room.path("/orders")`.
    #[must_use]
    pub fn path(&self, rest: &str) -> String {
        format!("{}{rest}", self.base)
    }

    /// Who works here.
    #[must_use]
    pub const fn person(&self) -> PersonId {
        self.person
    }

    /// How many sign-ups wait in a merchant's workspace, 99 at most.
    #[must_use]
    pub const fn waiting(&self) -> usize {
        self.waiting
    }

    /// Their name.
    #[must_use]
    pub fn person_name(&self) -> &str {
        &self.person_name
    }

    /// Whether the person may do this. What they may not do is not shown as if they could.
    #[must_use]
    pub fn may(&self, right: Right) -> bool {
        self.caller.authorize(Need::Right(right)).is_ok()
    }

    /// Whether the partnership may be worked with; always in a merchant's workspace.
    #[must_use]
    pub fn may_trade(&self) -> bool {
        self.status.is_none_or(Status::may_trade)
    }

    /// The words in the person's language: English, German.
    #[must_use]
    pub const fn t<'a>(&self, english: &'a str, german: &'a str) -> &'a str {
        self.look.t(english, german)
    }

    /// A page with its head.
    #[must_use]
    pub fn page(&self, spot: Spot, head: &Head<'_>, inside: &Markup) -> Answer {
        self.draw(spot, head.title, &html! { (drawn::head(self.look.language, head)) (inside) })
    }

    /// A page that asks or says one thing: a form, a final step. A script shows it as a dialog over the page that it was opened from.
    #[must_use]
    pub fn dialog(&self, spot: Spot, title: &str, inside: &Markup) -> Answer {
        self.draw(spot, title, &html! { div class="dialog-page" { div class="card" data-dialog-content { (inside) } } })
    }

    fn draw(&self, spot: Spot, title: &str, inside: &Markup) -> Answer {
        let groups = self.groups(spot);
        let kind = match self.side {
            Side::Merchant => self.t("Merchant", "Händler"),
            Side::Reseller => self.t("Reseller", "Reseller"),
        };
        // A reseller that may not trade has nothing to look for.
        let finder = if self.may_trade() { self.path("/find") } else { self.base.clone() };
        let around = Workspace {
            name: &self.name,
            kind,
            others: &self.others,
            groups: &groups,
            person: (&self.person_name, &self.person_email),
            menu: self.menu(),
            sandbox: self.banner(),
            toast: self.said.as_deref().map(|text| note::toast(Tone::Good, text)),
            finder: (&finder, self.t("Search or jump to…", "Suchen oder springen …")),
        };
        let page = Page { title, house: &self.name, language: self.look.language, theme: self.look.theme(), brand: self.dress.brand() };
        // With no-referrer a browser would not say where a form comes from, and its form would be refused.
        let answer = Answer::html(drawn::workspace(&page, &around, inside)).header(REFERRER_POLICY, "same-origin");
        if self.said.is_some() { answer.cookie(&forgotten()) } else { answer }
    }

    /// What stands above every page.
    fn banner(&self) -> Option<&str> {
        let closed = self.t(
            "This account is closed: you can read everything and change nothing.",
            "Dieses Konto ist geschlossen: Sie können alles lesen und nichts ändern.",
        );
        let sandbox = self.test.then(|| self.t("Sandbox: nothing here is real.", "Sandbox: nichts hier ist echt."));
        if self.closed { Some(closed) } else { sandbox }
    }

    fn menu(&self) -> Markup {
        let item = |shown, text: &str, path: &str| html! { a class="item" href=(path) { (icon(shown)) (text) } };
        html! {
            (item(Icon::Account, self.t("Profile and security", "Profil und Sicherheit"), "/account"))
            (item(Icon::Switch, self.t("Workspaces", "Arbeitsbereiche"), "/workspaces"))
            (item(Icon::Help, self.t("Documentation", "Dokumentation"), "/docs"))
            hr;
            form method="post" action="/sign-out" { button class="item" type="submit" { (icon(Icon::SignOut)) (self.t("Sign out", "Abmelden")) } }
        }
    }

    fn groups(&self, spot: Spot) -> Vec<Group<'_>> {
        let all = match self.side {
            Side::Merchant => self.merchant_groups(),
            Side::Reseller => self.reseller_groups(),
        };
        let groups = all.into_iter().map(|(name, entries)| {
            let places = entries.into_iter().filter(|entry| entry.5).map(|entry| self.place(spot, entry)).collect();
            Group { name, places }
        });
        groups.filter(|group: &Group<'_>| !group.places.is_empty()).collect()
    }

    fn place<'a>(&self, spot: Spot, (its, icon, name, path, waiting, _): Entry<'a>) -> Place<'a> {
        Place { icon, name, path: self.path(path), waiting, here: its == spot }
    }

    fn merchant_groups(&self) -> Vec<(&str, Vec<Entry<'_>>)> {
        let (read, stock) = (self.may(Right::MerchantRead), self.may(Right::StockRead));
        let (manage, keys) = (self.may(Right::MerchantManage), self.may(Right::KeysManage));
        vec![
            (
                "",
                vec![
                    (Spot::Overview, Icon::Home, self.t("Overview", "Übersicht"), "", 0, read),
                    (Spot::Orders, Icon::Order, self.t("Orders", "Bestellungen"), "/orders", 0, read),
                    (Spot::Fulfillments, Icon::Code, self.t("External shops", "Externe Shops"), "/fulfillments", 0, read),
                ],
            ),
            (
                self.t("Catalog", "Katalog"),
                vec![
                    (Spot::Products, Icon::Package, self.t("Products", "Produkte"), "/products", 0, read),
                    (Spot::PriceLists, Icon::Tag, self.t("Price lists", "Preislisten"), "/price-lists", 0, read),
                    (Spot::Stock, Icon::Stock, self.t("Stock", "Bestand"), "/stock", 0, stock),
                ],
            ),
            (
                self.t("Partners", "Partner"),
                vec![
                    (Spot::Resellers, Icon::Reseller, self.t("Resellers", "Reseller"), "/resellers", self.waiting, read),
                    (Spot::Channels, Icon::Program, self.t("Channels", "Kanäle"), "/channels", 0, read),
                    (Spot::Program, Icon::Settings, self.t("Program", "Programm"), "/program", 0, read),
                ],
            ),
            (
                self.t("Billing", "Abrechnung"),
                vec![
                    (Spot::Invoices, Icon::Invoice, self.t("Invoices", "Rechnungen"), "/invoices", 0, read),
                    (Spot::Payments, Icon::Card, self.t("Payments", "Zahlungen"), "/payments", 0, read),
                ],
            ),
            (
                self.t("Workspace", "Arbeitsbereich"),
                vec![
                    (Spot::Messages, Icon::Mail, self.t("Messages", "Nachrichten"), "/messages", 0, read),
                    (Spot::Audit, Icon::Audit, self.t("Audit trail", "Protokoll"), "/audit", 0, self.may(Right::AuditRead)),
                    (Spot::People, Icon::People, self.t("People", "Personen"), "/people", 0, read),
                    (Spot::ApiKeys, Icon::ApiKey, self.t("API keys", "API-Schlüssel"), "/api-keys", 0, keys),
                    (Spot::Settings, Icon::Settings, self.t("Settings", "Einstellungen"), "/settings", 0, read),
                    (Spot::Branding, Icon::Paint, self.t("Branding", "Erscheinungsbild"), "/settings/branding", 0, read),
                    (Spot::Health, Icon::Health, self.t("Health", "Zustand"), "/health", 0, manage),
                ],
            ),
        ]
    }

    fn reseller_groups(&self) -> Vec<(&str, Vec<Entry<'_>>)> {
        let trade = self.may_trade();
        let (orders, invoices) = (trade && self.may(Right::OrdersRead), trade && self.may(Right::InvoicesRead));
        let (shop, keys) = (trade && self.may(Right::FulfillmentsRead), trade && self.may(Right::ResellerKeysManage));
        vec![
            (
                "",
                vec![
                    (Spot::Overview, Icon::Home, self.t("Overview", "Übersicht"), "", 0, true),
                    (Spot::Orders, Icon::Order, self.t("Orders", "Bestellungen"), "/orders", 0, orders),
                    (Spot::Licenses, Icon::License, self.t("Licenses", "Lizenzen"), "/licenses", 0, orders),
                    (Spot::Products, Icon::Package, self.t("Products", "Produkte"), "/products", 0, trade && self.may(Right::ProgramRead)),
                ],
            ),
            (
                self.t("Billing", "Abrechnung"),
                vec![
                    (Spot::Invoices, Icon::Invoice, self.t("Invoices", "Rechnungen"), "/invoices", 0, invoices),
                    (Spot::Balance, Icon::Balance, self.t("Balance", "Guthaben"), "/balance", 0, invoices),
                ],
            ),
            (
                self.t("Your shop", "Ihr Shop"),
                vec![
                    (Spot::Fulfillments, Icon::Code, self.t("Fulfillments", "Lieferungen"), "/fulfillments", 0, shop),
                    (Spot::Developers, Icon::ApiKey, self.t("Developers", "Entwickler"), "/developers", 0, keys),
                ],
            ),
            (
                self.t("Company", "Firma"),
                vec![
                    (Spot::People, Icon::People, self.t("People", "Personen"), "/people", 0, self.may(Right::ResellerPeopleRead)),
                    (Spot::Settings, Icon::Settings, self.t("Settings", "Einstellungen"), "/settings", 0, true),
                ],
            ),
        ]
    }
}

/// What every page has around it, in one reading.
async fn framed(call: &Call, person: PersonId, scope: MerchantScope) -> Result<Frame, Problem> {
    call.read(move |reader| Box::pin(async move { frame::frame(reader, person, scope).await })).await?.or_not_found()
}

/// Spot, icon, name, path, how many wait there, whether the person may go there.
type Entry<'a> = (Spot, Icon, &'a str, &'static str, usize, bool);

fn others(
    look: &Look,
    employers: &[(merchants::MerchantView, tradepost_domain::access::MerchantRole)],
    programs: &[partners::queries::PartnershipView],
    here: &str,
) -> Vec<(String, String)> {
    let marked = |name: &str, test: bool| if test { format!("{name} · {}", look.t("Sandbox", "Sandbox")) } else { name.to_owned() };
    let merchants = employers.iter().map(|(merchant, _)| (marked(&merchant.name, merchant.test), merchant.id.to_string(), "m"));
    let programs = programs.iter().map(|program| {
        let name = format!("{} · {}", program.merchant_name, program.reseller.company);
        (marked(&name, program.test), program.id.to_string(), "r")
    });
    let others = merchants.chain(programs).filter(|(_, id, _)| id != here);
    others.map(|(name, id, side)| (name, format!("/{side}/{id}"))).collect()
}
