//! Terms of the program, a channel or a reseller: what counts, where that came from, and the way to change it (PAR-11).

use super::{change, more};
use crate::room::{Room, encoded};
use crate::shared::terms::{self as shared, ProductNames};
use maud::{Markup, html};
use tradepost_design::badge::{Tone, tag};
use tradepost_design::card::Card;
use tradepost_design::table::{Column, Table};
use tradepost_design::{Button, Icon, badge};
use tradepost_domain::fulfillments::change_terms::ChangeTerms;
use tradepost_domain::partners::terms::{self, EffectiveTerms, Level, Place, Qualifier, Term, TermChange, TermName, TermOrigin, resolve};
use tradepost_domain::partners::{ChangeChannelTerms, ChangeProgramTerms, queries};
use tradepost_domain::{ChannelId, PartnershipId, Right};
use tradepost_kernel::Currency;
use tradepost_web::{Call, OrNotFound, Problem, Routes};

/// On which level a page changes terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::merchant) enum Kind {
    Program,
    Channel,
    Reseller,
}

/// Whose terms they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::merchant) enum Owner {
    Program,
    Channel(ChannelId),
    Reseller(PartnershipId),
}

impl Kind {
    /// The one that the path names.
    pub(in crate::merchant) fn owner(self, call: &Call) -> Result<Owner, Problem> {
        Ok(match self {
            Self::Program => Owner::Program,
            Self::Channel => Owner::Channel(call.path("id")?),
            Self::Reseller => Owner::Reseller(call.path("id")?),
        })
    }
}

impl Owner {
    pub(super) const fn kind(self) -> Kind {
        match self {
            Self::Program => Kind::Program,
            Self::Channel(_) => Kind::Channel,
            Self::Reseller(_) => Kind::Reseller,
        }
    }

    const fn level(self) -> Level {
        match self {
            Self::Program => Level::Program,
            Self::Channel(_) => Level::Channel,
            Self::Reseller(_) => Level::Partnership,
        }
    }

    /// Its own page, without what stands behind it: `/m/mer_…/channels/chn_…`.
    pub(super) fn base(self, room: &Room) -> String {
        match self {
            Self::Program => room.path("/program"),
            Self::Channel(id) => room.path(&format!("/channels/{id}")),
            Self::Reseller(id) => room.path(&format!("/resellers/{id}")),
        }
    }

    /// The page that shows its terms.
    pub(super) fn page(self, room: &Room) -> String {
        match self {
            Self::Reseller(_) => format!("{}/terms", self.base(room)),
            Self::Program | Self::Channel(_) => self.base(room),
        }
    }

    pub(super) fn may_change(self, room: &Room) -> bool {
        room.may(match self {
            Self::Reseller(_) => Right::PartnersManage,
            Self::Program | Self::Channel(_) => Right::MerchantManage,
        })
    }

    /// Sets, unsets or explicitly empties terms.
    pub(super) async fn change(self, call: &Call, changes: Vec<TermChange>) -> Result<(), Problem> {
        match self {
            Self::Program => call.execute(ChangeProgramTerms { merchant: call.merchant()?.merchant, changes }).await.map(drop),
            Self::Channel(channel) => call.execute(ChangeChannelTerms { channel, changes }).await.map(drop),
            Self::Reseller(partnership) => call.execute(ChangeTerms { partnership, changes }).await.map(drop),
        }
    }
}

/// The terms of an owner: what it sets itself, what counts, and what would count without that.
pub(super) struct Standing {
    pub(super) own: Vec<Term>,
    pub(super) effective: EffectiveTerms,
    pub(super) above: EffectiveTerms,
}

impl Standing {
    /// What it sets itself; `None`: the level above counts.
    pub(super) fn own(&self, name: TermName, qualifier: &Qualifier) -> Option<&Term> {
        self.own.iter().find(|term| term.name == name && term.qualifier == *qualifier)
    }

    /// What counts where it sets nothing.
    pub(super) fn inherited(&self, name: TermName, qualifier: &Qualifier) -> Option<&TermOrigin> {
        self.above.origins.iter().find(|origin| origin.name == name && origin.qualifier == *qualifier)
    }

    /// What amounts are in.
    pub(super) fn currency(&self, room: &Room) -> Currency {
        self.effective.currency.unwrap_or(room.currency)
    }
}

pub(super) async fn standing(call: &Call, owner: Owner) -> Result<Standing, Problem> {
    let scope = call.merchant()?;
    let found = call.read(move |reader| {
        Box::pin(async move {
            let mut places = vec![Place::Program];
            match owner {
                Owner::Program => {}
                Owner::Channel(id) => {
                    if queries::channel(reader, scope, id).await?.is_none() {
                        return Ok(None);
                    }
                    places.push(Place::Channel(id));
                }
                Owner::Reseller(id) => {
                    let Some(p) = queries::partnership(reader, scope, id).await? else { return Ok(None) };
                    places.extend(p.channel.map(Place::Channel));
                    places.push(Place::Partnership(id));
                }
            }
            let mut rows: Vec<(Level, Term)> = Vec::new();
            for place in places {
                let terms = terms::load(reader, scope.merchant, place).await?;
                rows.extend(terms.into_iter().map(|term| (place.level(), term)));
            }
            Ok(Some(rows))
        })
    });
    let rows = found.await?.or_not_found()?;
    let level = owner.level();
    let above: Vec<(Level, Term)> = rows.iter().filter(|(of, _)| *of < level).cloned().collect();
    Ok(Standing { effective: resolve(&rows), above: resolve(&above), own: rows.into_iter().filter(|(of, _)| *of == level).map(|(_, term)| term).collect() })
}

/// Whether the program takes new resellers, and whether sign-ups arrive approved.
pub(super) async fn takes(call: &Call) -> Result<(bool, bool), Problem> {
    let effective = standing(call, Owner::Program).await?.effective;
    Ok((effective.enabled, effective.auto_approve))
}

/// What terms are about, in the order of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Area {
    SignUp,
    Prices,
    Credit,
    Quantities,
    Licenses,
}

const fn area(name: TermName) -> Area {
    match name {
        TermName::AutoApprove | TermName::Enabled | TermName::TermsUrl => Area::SignUp,
        TermName::Currency | TermName::WholesaleDiscountPercent | TermName::MarginPercent => Area::Prices,
        TermName::CreditLimit | TermName::HoldUnpaidAtLimit | TermName::InvoiceDueDays | TermName::ReservationDays | TermName::ExcludedPaymentMethods => {
            Area::Credit
        }
        TermName::PurchaseLimitDay | TermName::PurchaseLimitMonth | TermName::MinQuantity | TermName::MaxQuantity => Area::Quantities,
        TermName::RequiresEndUserInformation | TermName::RequiresResellerInformation | TermName::EmailCodesToEndUsers => Area::Licenses,
    }
}

/// All terms that count, each with where it came from.
pub(in crate::merchant) async fn overview(call: &Call, room: &Room, owner: Owner) -> Result<Markup, Problem> {
    let standing = standing(call, owner).await?;
    let origins = &standing.effective.origins;
    let products = shared::product_names(call, call.merchant()?, shared::products_of(origins)).await?;
    let base = owner.base(room);
    let adds = |text, rest: &str| Button::new(text).small().icon(Icon::Add).opens_dialog().to(&format!("{base}/terms/{rest}"));
    let areas = [
        (Area::SignUp, room.t("Sign-up", "Anmeldung"), None),
        (Area::Prices, room.t("Prices", "Preise"), Some(adds(room.t("Margin for a product or group", "Marge für ein Produkt oder eine Gruppe"), "new-margin"))),
        (Area::Credit, room.t("Credit and payment", "Kredit und Zahlung"), None),
        (Area::Quantities, room.t("Order limits", "Bestellgrenzen"), Some(adds(room.t("Limits of a product", "Grenzen für ein Produkt"), "new-limits"))),
        (Area::Licenses, room.t("Licenses and customers", "Lizenzen und Kunden"), None),
    ];
    let may = owner.may_change(room);
    Ok(html! {
        @for (of, title, act) in areas {
            @let of_all = owner == Owner::Program || of != Area::SignUp;
            @let shown: Vec<&TermOrigin> = origins.iter().filter(|origin| of_all && area(origin.name) == of).collect();
            @let card = Card::new(title);
            @let card = match act { Some(act) if may => card.acts(act), _ => card };
            @if !shown.is_empty() { (card.around(html! { div class="even" { (table(room, owner, title, &shown, &products)) } })) }
        }
    })
}

fn table(room: &Room, owner: Owner, caption: &str, origins: &[&TermOrigin], products: &ProductNames) -> Markup {
    let (look, may) = (&room.look, owner.may_change(room));
    let row = |origin: &&TermOrigin| {
        let (called, meaning) = shared::name(look, origin.name);
        let tone = if origin.level == Some(owner.level()) { Tone::Info } else { Tone::Plain };
        let mut cells = vec![
            html! { (called) (subject(room, &origin.qualifier, products)) span class="under" { (meaning) } },
            html! { (shared::value(look, origin.name, origin.value.as_ref())) },
            badge(tone, level(room, owner, origin.level)),
        ];
        if may {
            let change = Button::new(room.t("Change", "Ändern")).small().quiet().icon(Icon::Edit).opens_dialog();
            cells.push(change.to(&place(room, owner, origin.name, &origin.qualifier)));
        }
        cells
    };
    let mut columns = vec![Column::new(room.t("Term", "Kondition")), Column::new(room.t("Value", "Wert")), Column::new(room.t("From", "Von"))];
    if may {
        columns.push(Column::right(""));
    }
    Table { caption, columns, rows: origins.iter().map(row).collect(), foot: None }.draw()
}

/// Which level set a term, as seen from the one whose page it is.
fn level(room: &Room, owner: Owner, of: Option<Level>) -> &'static str {
    match (owner, of) {
        (Owner::Channel(_), Some(Level::Channel)) => room.t("This channel", "Dieser Kanal"),
        _ => shared::level(room, of),
    }
}

/// What a term is for, where it is not for everything.
pub(super) fn subject(room: &Room, qualifier: &Qualifier, products: &ProductNames) -> Markup {
    match qualifier {
        Qualifier::General => html! {},
        Qualifier::Group(group) => html! { " " (tag(&format!("{} {group}", room.t("Group", "Gruppe")))) },
        Qualifier::Product(id) => {
            let (sku, name) = products.get(id).cloned().unwrap_or_else(|| (id.to_string(), String::new()));
            html! { " " (tag(&sku)) @if !name.is_empty() { " " span class="muted" { (name) } } }
        }
    }
}

/// The page that changes a term.
pub(super) fn place(room: &Room, owner: Owner, name: TermName, qualifier: &Qualifier) -> String {
    let path = format!("{}/terms/{}", owner.base(room), name.name());
    match qualifier {
        Qualifier::General => path,
        _ => format!("{path}?for={}", encoded(&qualifier.text())),
    }
}

pub(in crate::merchant) fn program_routes(r: &mut Routes) {
    let right = Right::MerchantManage;
    r.get("/m/{merchant}/program/terms/new-margin", "merchantNewProgramMarginPage", |call| more::ask_margin(call, Kind::Program)).needs(right).page();
    r.post("/m/{merchant}/program/terms/new-margin", "merchantNewProgramMarginForm", |call| more::margin(call, Kind::Program))
        .needs(right)
        .page()
        .form::<more::MarginForm>()
        .command::<ChangeProgramTerms>();
    r.get("/m/{merchant}/program/terms/new-limits", "merchantNewProgramLimitsPage", |call| more::ask_limits(call, Kind::Program)).needs(right).page();
    r.post("/m/{merchant}/program/terms/new-limits", "merchantNewProgramLimitsForm", |call| more::limits(call, Kind::Program))
        .needs(right)
        .page()
        .form::<more::LimitsForm>()
        .command::<ChangeProgramTerms>();
    r.get("/m/{merchant}/program/terms/{term}", "merchantProgramTermPage", |call| change::ask(call, Kind::Program)).needs(right).page();
    r.post("/m/{merchant}/program/terms/{term}", "merchantProgramTermForm", |call| change::set(call, Kind::Program))
        .needs(right)
        .page()
        .form::<change::TermForm>()
        .command::<ChangeProgramTerms>();
}

pub(in crate::merchant) fn channel_routes(r: &mut Routes) {
    let right = Right::MerchantManage;
    r.get("/m/{merchant}/channels/{id}/terms/new-margin", "merchantNewChannelMarginPage", |call| more::ask_margin(call, Kind::Channel)).needs(right).page();
    r.post("/m/{merchant}/channels/{id}/terms/new-margin", "merchantNewChannelMarginForm", |call| more::margin(call, Kind::Channel))
        .needs(right)
        .page()
        .form::<more::MarginForm>()
        .command::<ChangeChannelTerms>();
    r.get("/m/{merchant}/channels/{id}/terms/new-limits", "merchantNewChannelLimitsPage", |call| more::ask_limits(call, Kind::Channel)).needs(right).page();
    r.post("/m/{merchant}/channels/{id}/terms/new-limits", "merchantNewChannelLimitsForm", |call| more::limits(call, Kind::Channel))
        .needs(right)
        .page()
        .form::<more::LimitsForm>()
        .command::<ChangeChannelTerms>();
    r.get("/m/{merchant}/channels/{id}/terms/{term}", "merchantChannelTermPage", |call| change::ask(call, Kind::Channel)).needs(right).page();
    r.post("/m/{merchant}/channels/{id}/terms/{term}", "merchantChannelTermForm", |call| change::set(call, Kind::Channel))
        .needs(right)
        .page()
        .form::<change::TermForm>()
        .command::<ChangeChannelTerms>();
}

pub(in crate::merchant) fn reseller_routes(r: &mut Routes) {
    let right = Right::PartnersManage;
    r.get("/m/{merchant}/resellers/{id}/terms/new-margin", "merchantNewResellerMarginPage", |call| more::ask_margin(call, Kind::Reseller)).needs(right).page();
    r.post("/m/{merchant}/resellers/{id}/terms/new-margin", "merchantNewResellerMarginForm", |call| more::margin(call, Kind::Reseller))
        .needs(right)
        .page()
        .form::<more::MarginForm>()
        .command::<ChangeTerms>();
    r.get("/m/{merchant}/resellers/{id}/terms/new-limits", "merchantNewResellerLimitsPage", |call| more::ask_limits(call, Kind::Reseller)).needs(right).page();
    r.post("/m/{merchant}/resellers/{id}/terms/new-limits", "merchantNewResellerLimitsForm", |call| more::limits(call, Kind::Reseller))
        .needs(right)
        .page()
        .form::<more::LimitsForm>()
        .command::<ChangeTerms>();
    r.get("/m/{merchant}/resellers/{id}/terms/{term}", "merchantResellerTermPage", |call| change::ask(call, Kind::Reseller)).needs(right).page();
    r.post("/m/{merchant}/resellers/{id}/terms/{term}", "merchantResellerTermForm", |call| change::set(call, Kind::Reseller))
        .needs(right)
        .page()
        .form::<change::TermForm>()
        .command::<ChangeTerms>();
}
