//! Terms on three levels (PAR-11): a partnership's override its channel's, which override the program's.
//!
//! A missing row inherits; a row without value is an explicit "none" and stops the search. Each term is
//! looked for on its own: a program's margin for one product applies beside a partnership's general one.

pub use super::term::{
    LONGEST_DUE_DAYS, LONGEST_RESERVATION_DAYS, Level, MOST_UNITS, PaymentWay, Place, Qualifier, Setting, Term, TermChange, TermName, TermValue,
};
use crate::access::PartnershipScope;
use crate::ids::{ChannelId, PartnershipId, ProductId, nobody};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tradepost_kernel::{Currency, Percent, Refusal};
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, Reader, SetSql, Tx, Value, params, sql};

/// Where an effective term came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermOrigin {
    /// Which.
    pub name: TermName,
    /// What for.
    pub qualifier: Qualifier,
    /// `None`: explicitly none.
    pub value: Option<TermValue>,
    /// From which level; `None`: the default, set nowhere.
    pub level: Option<Level>,
}

/// The terms that count for one partnership, and where each came from (PAR-11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveTerms {
    /// What it buys in; `None` until one is set (`setup_incomplete`).
    pub currency: Option<Currency>,
    /// Off the list price.
    pub wholesale_discount: Percent,
    /// Minor units of `currency`; `None`: no credit, everything is paid first (CRD-2).
    pub credit_limit: Option<i64>,
    /// Whether unpaid licenses wait while the limit is reached (CRD-5).
    pub hold_unpaid_at_limit: bool,
    /// Whether every license needs its end user.
    pub requires_end_user_information: bool,
    /// Whether every license needs the company that sells on.
    pub requires_reseller_information: bool,
    /// Net days.
    pub invoice_due_days: i64,
    /// Days, each of 24 hours, that an unpaid order outside credit keeps its keys; `None`: as long as it waits (STK-7).
    pub reservation_days: Option<i64>,
    /// Ways to pay that its invoices do not offer (PAY-1).
    pub excluded_payment_methods: BTreeSet<PaymentWay>,
    /// Most units per day in the merchant's time zone, all routes together (PRG-9); `None`: no limit.
    pub purchase_limit_day: Option<i64>,
    /// The same per calendar month.
    pub purchase_limit_month: Option<i64>,
    /// Fewest units of a line, for everything or one product (PAR-11).
    pub min_quantities: BTreeMap<Qualifier, Option<i64>>,
    /// Most units of a line.
    pub max_quantities: BTreeMap<Qualifier, Option<i64>>,
    /// Whether Tradepost mails codes to the customers of external shops (EXT-7).
    pub email_codes_to_end_users: bool,
    /// Whether sign-ups arrive approved (PAR-3).
    pub auto_approve: bool,
    /// Whether the program takes new resellers (PAR-10).
    pub enabled: bool,
    /// What whoever signs up accepts; `None`: nothing.
    pub terms_url: Option<String>,
    /// Partner margins by what they are for.
    pub margins: BTreeMap<Qualifier, Percent>,
    /// Each effective term, by name and qualifier, defaults included.
    pub origins: Vec<TermOrigin>,
}

impl EffectiveTerms {
    /// The partner margin for a product: its own, else its group's, else the general one, else none.
    #[must_use]
    pub fn margin(&self, product: ProductId, group: Option<&str>) -> Percent {
        let own = self.margins.get(&Qualifier::Product(product));
        let grouped = || group.and_then(|name| self.margins.get(&Qualifier::Group(name.to_owned())));
        own.or_else(grouped).or_else(|| self.margins.get(&Qualifier::General)).copied().unwrap_or_default()
    }
}

impl EffectiveTerms {
    /// Without what is said of the program alone.
    fn of_partnership(mut self) -> Self {
        self.origins.retain(|origin| !origin.name.is_of_program());
        self
    }

    /// What of them its invoices are issued by.
    #[must_use]
    pub fn of_invoices(&self) -> InvoiceTerms {
        InvoiceTerms { due_days: self.invoice_due_days, excluded: self.excluded_payment_methods.clone() }
    }

    /// Fewest and most units of a line of a product: its own, else the general ones, else none.
    #[must_use]
    pub fn quantities(&self, product: ProductId) -> (Option<i64>, Option<i64>) {
        let of =
            |terms: &BTreeMap<Qualifier, Option<i64>>| terms.get(&Qualifier::Product(product)).or_else(|| terms.get(&Qualifier::General)).copied().flatten();
        (of(&self.min_quantities), of(&self.max_quantities))
    }
}

/// What of terms an invoice is issued by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceTerms {
    /// Net days.
    pub due_days: i64,
    /// Ways to pay that it does not offer (PAY-1).
    pub excluded: BTreeSet<PaymentWay>,
}

/// Resolves the rows of all levels to what counts.
#[must_use]
pub fn resolve(rows: &[(Level, Term)]) -> EffectiveTerms {
    let mut winners: BTreeMap<(TermName, Qualifier), (Level, Option<TermValue>)> = BTreeMap::new();
    for (level, term) in rows {
        let slot = winners.entry((term.name, term.qualifier.clone())).or_insert_with(|| (*level, term.value.clone()));
        if *level > slot.0 {
            *slot = (*level, term.value.clone());
        }
    }
    let mut terms = EffectiveTerms {
        currency: None,
        wholesale_discount: Percent::ZERO,
        credit_limit: None,
        hold_unpaid_at_limit: true,
        requires_end_user_information: false,
        requires_reseller_information: false,
        invoice_due_days: 30,
        reservation_days: Some(14),
        excluded_payment_methods: BTreeSet::new(),
        purchase_limit_day: None,
        purchase_limit_month: None,
        min_quantities: BTreeMap::new(),
        max_quantities: BTreeMap::new(),
        email_codes_to_end_users: false,
        auto_approve: false,
        enabled: true,
        terms_url: None,
        margins: BTreeMap::new(),
        origins: Vec::new(),
    };
    let mut limit = None;
    for ((name, qualifier), (_, value)) in &winners {
        match (name, value) {
            (TermName::Currency, Some(TermValue::Currency(currency))) => terms.currency = Some(*currency),
            (TermName::WholesaleDiscountPercent, Some(TermValue::Percent(percent))) => terms.wholesale_discount = *percent,
            (TermName::MarginPercent, value) => {
                let percent = if let Some(TermValue::Percent(percent)) = value { *percent } else { Percent::ZERO };
                terms.margins.insert(qualifier.clone(), percent);
            }
            (TermName::CreditLimit, Some(TermValue::Money(money))) => limit = Some(*money),
            (TermName::HoldUnpaidAtLimit, Some(TermValue::Flag(flag))) => terms.hold_unpaid_at_limit = *flag,
            (TermName::RequiresEndUserInformation, Some(TermValue::Flag(flag))) => terms.requires_end_user_information = *flag,
            (TermName::RequiresResellerInformation, Some(TermValue::Flag(flag))) => terms.requires_reseller_information = *flag,
            (TermName::InvoiceDueDays, Some(TermValue::Days(days))) => terms.invoice_due_days = *days,
            (TermName::ReservationDays, value) => terms.reservation_days = days(value.as_ref()),
            (TermName::ExcludedPaymentMethods, Some(TermValue::Ways(ways))) => terms.excluded_payment_methods.clone_from(ways),
            (TermName::PurchaseLimitDay, value) => terms.purchase_limit_day = units(value.as_ref()),
            (TermName::PurchaseLimitMonth, value) => terms.purchase_limit_month = units(value.as_ref()),
            (TermName::MinQuantity, value) => drop(terms.min_quantities.insert(qualifier.clone(), units(value.as_ref()))),
            (TermName::MaxQuantity, value) => drop(terms.max_quantities.insert(qualifier.clone(), units(value.as_ref()))),
            (TermName::EmailCodesToEndUsers, Some(TermValue::Flag(flag))) => terms.email_codes_to_end_users = *flag,
            (TermName::AutoApprove, Some(TermValue::Flag(flag))) => terms.auto_approve = *flag,
            (TermName::Enabled, Some(TermValue::Flag(flag))) => terms.enabled = *flag,
            (TermName::TermsUrl, Some(TermValue::Url(url))) => terms.terms_url = Some(url.clone()),
            _ => {}
        }
    }
    // A limit in another currency than the partnership's cannot be compared with what it owes: no credit.
    terms.credit_limit = limit.filter(|money| Some(money.currency) == terms.currency).map(|money| money.minor);
    terms.origins = origins(winners, &terms);
    terms
}

fn days(value: Option<&TermValue>) -> Option<i64> {
    if let Some(TermValue::Days(days)) = value { Some(*days) } else { None }
}

fn units(value: Option<&TermValue>) -> Option<i64> {
    if let Some(TermValue::Units(units)) = value { Some(*units) } else { None }
}

/// Every term once: those that are set, and the defaults of those that are not.
fn origins(winners: BTreeMap<(TermName, Qualifier), (Level, Option<TermValue>)>, terms: &EffectiveTerms) -> Vec<TermOrigin> {
    let mut origins: Vec<TermOrigin> =
        winners.into_iter().map(|((name, qualifier), (level, value))| TermOrigin { name, qualifier, value, level: Some(level) }).collect();
    for &name in TermName::ALL {
        if origins.iter().any(|origin| origin.name == name && origin.qualifier == Qualifier::General) {
            continue;
        }
        let value = match name {
            TermName::HoldUnpaidAtLimit => Some(TermValue::Flag(terms.hold_unpaid_at_limit)),
            TermName::RequiresEndUserInformation => Some(TermValue::Flag(terms.requires_end_user_information)),
            TermName::RequiresResellerInformation => Some(TermValue::Flag(terms.requires_reseller_information)),
            TermName::InvoiceDueDays => Some(TermValue::Days(terms.invoice_due_days)),
            TermName::ReservationDays => terms.reservation_days.map(TermValue::Days),
            TermName::EmailCodesToEndUsers => Some(TermValue::Flag(terms.email_codes_to_end_users)),
            TermName::AutoApprove => Some(TermValue::Flag(terms.auto_approve)),
            TermName::Enabled => Some(TermValue::Flag(terms.enabled)),
            TermName::Currency
            | TermName::CreditLimit
            | TermName::WholesaleDiscountPercent
            | TermName::MarginPercent
            | TermName::ExcludedPaymentMethods
            | TermName::PurchaseLimitDay
            | TermName::PurchaseLimitMonth
            | TermName::MinQuantity
            | TermName::MaxQuantity
            | TermName::TermsUrl => None,
        };
        origins.push(TermOrigin { name, qualifier: Qualifier::General, value, level: None });
    }
    origins.sort_by(|a, b| (a.name, &a.qualifier).cmp(&(b.name, &b.qualifier)));
    origins
}

/// What stands in one place, set terms only.
///
/// # Errors
/// The store's; [`Fault::Column`] where a row holds what no term is.
pub async fn load(reader: &mut Reader<'_>, merchant: i64, place: Place) -> Result<Vec<Term>, Fault> {
    let rows: Vec<(String, String, Option<String>)> = reader
        .query(
            sql!("SELECT name, qualifier, value FROM term WHERE merchant = $1 AND level = $2 AND owner = $3 ORDER BY name, qualifier"),
            &[Value::from(merchant), Value::from(place.level().name()), place.owner()],
        )
        .await?;
    rows.into_iter().map(|(name, qualifier, value)| read_term(&name, &qualifier, value.as_deref())).collect()
}

fn read_term(name: &str, qualifier: &str, value: Option<&str>) -> Result<Term, Fault> {
    let name = TermName::from_name(name).ok_or(Fault::Column("a term"))?;
    let qualifier = Qualifier::parse(qualifier).ok_or(Fault::Column("a term's qualifier"))?;
    let value = value.map(|text| name.value(text)).transpose().map_err(|_| Fault::Column("a term's value"))?;
    Ok(Term { name, qualifier, value })
}

/// The terms that count for a partnership in a channel (or in none yet).
///
/// # Errors
/// The store's.
pub async fn effective(reader: &mut Reader<'_>, merchant: i64, partnership: PartnershipId, channel: Option<ChannelId>) -> Result<EffectiveTerms, Fault> {
    let rows: Vec<(String, String, String, Option<String>)> = reader
        .query(
            sql!("SELECT level, name, qualifier, value FROM term WHERE merchant = $1 AND ((level = 'program' AND owner = $2) OR (level = 'channel' AND owner = $3) OR (level = 'partnership' AND owner = $4))"),
            // A zero owner on the channel level never exists: without a channel that branch finds nothing.
            params![merchant, nobody::<()>(), channel.unwrap_or_else(nobody), partnership],
        )
        .await?;
    let rows: Result<Vec<(Level, Term)>, Fault> = rows
        .into_iter()
        .map(|(level, name, qualifier, value)| {
            let level = Level::from_name(&level).ok_or(Fault::Column("a level of terms"))?;
            Ok((level, read_term(&name, &qualifier, value.as_deref())?))
        })
        .collect();
    Ok(resolve(&rows?).of_partnership())
}

static ALL: SetSql = SetSql::select(
    "SELECT r.merchant, r.level, r.owner, t.name, t.qualifier, t.value FROM rows r JOIN term t \
     ON t.merchant = r.merchant AND t.level = r.level AND t.owner = r.owner",
    &[("merchant", Int), ("level", Text), ("owner", Bytes)],
);

/// A place where terms stand: merchant, level, owner.
type OwnerKey = (i64, Level, [u8; 16]);
/// A term's row behind its place: name, qualifier, value.
type PlacedRow = (i64, String, [u8; 16], String, String, Option<String>);

/// The terms that count for several partnerships at once, each with its channel.
///
/// # Errors
/// The store's.
pub async fn effective_all(
    reader: &mut Reader<'_>,
    partnerships: &[(PartnershipScope, Option<ChannelId>)],
) -> Result<HashMap<PartnershipScope, EffectiveTerms>, Fault> {
    let mut places: BTreeSet<OwnerKey> = BTreeSet::new();
    let places_of = |(scope, channel): &(PartnershipScope, Option<ChannelId>)| {
        let channel = channel.map(|channel| (scope.merchant, Level::Channel, channel.bytes()));
        [Some((scope.merchant, Level::Program, [0; 16])), channel, Some((scope.merchant, Level::Partnership, scope.partnership.bytes()))]
    };
    places.extend(partnerships.iter().flat_map(places_of).flatten());
    let columns = [
        Column::ints(places.iter().map(|place| place.0)),
        Column::texts(places.iter().map(|place| place.1.name().to_owned())),
        Column::Ids(places.iter().map(|place| place.2).collect()),
    ];
    let rows: Vec<PlacedRow> = reader.query_set(&ALL, &columns).await?;
    let mut found: HashMap<OwnerKey, Vec<(Level, Term)>> = HashMap::new();
    for (merchant, level, owner, name, qualifier, value) in rows {
        let level = Level::from_name(&level).ok_or(Fault::Column("a level of terms"))?;
        found.entry((merchant, level, owner)).or_default().push((level, read_term(&name, &qualifier, value.as_deref())?));
    }
    let terms_of = |partnership: &(PartnershipScope, Option<ChannelId>)| {
        let rows: Vec<(Level, Term)> = places_of(partnership).iter().flatten().filter_map(|place| found.get(place)).flatten().cloned().collect();
        (partnership.0, resolve(&rows).of_partnership())
    };
    Ok(partnerships.iter().map(terms_of).collect())
}

/// Checks changes before they are written: nothing of the program's alone elsewhere, no qualifier where none belongs, no "none" where something must be,
/// one change per term, and a partnership's credit limit in the currency it will have.
///
/// `currency` is the partnership's after the changes, where the place is a partnership. Whether a currency may
/// change now (nothing may be open) is for the caller to know: this slice does not see the books.
///
/// # Errors
/// `invalid_field`, `currency_mismatch`.
pub fn validate(level: Level, changes: &[TermChange], currency: Option<Currency>) -> Result<(), Refusal> {
    for (at, change) in changes.iter().enumerate() {
        let wrong = |what: &str| Refusal::invalid("invalid_field", format!("{} {what}.", change.name.name())).at(format!("/{}", change.name.name()));
        let fits = match change.qualifier {
            Qualifier::General => true,
            Qualifier::Group(_) => change.name.may_name_a_group(),
            Qualifier::Product(_) => change.name.may_name_a_product(),
        };
        if change.name.is_of_program() && level != Level::Program {
            return Err(wrong("is a setting of the program alone"));
        }
        if !fits {
            return Err(wrong("has no groups or products"));
        }
        if change.to == Setting::Nothing && !change.name.may_be_none() {
            return Err(wrong("cannot be none; leave it unset to inherit"));
        }
        if changes[..at].iter().any(|other| other.name == change.name && other.qualifier == change.qualifier) {
            return Err(wrong("is named twice"));
        }
        if let (Setting::Value(TermValue::Money(money)), Some(currency)) = (&change.to, currency)
            && money.currency != currency
        {
            return Err(
                Refusal::invalid("currency_mismatch", format!("The credit limit must be in {currency}, the partnership's currency.")).at("/credit_limit")
            );
        }
    }
    Ok(())
}

/// What changes look like once made: for the audit trail, and to judge them before they are written.
#[must_use]
pub fn apply(terms: &[Term], changes: &[TermChange]) -> Vec<Term> {
    let mut after: Vec<Term> =
        terms.iter().filter(|term| !changes.iter().any(|change| change.name == term.name && change.qualifier == term.qualifier)).cloned().collect();
    for change in changes {
        let value = match &change.to {
            Setting::Inherit => continue,
            Setting::Nothing => None,
            Setting::Value(value) => Some(value.clone()),
        };
        after.push(Term { name: change.name, qualifier: change.qualifier.clone(), value });
    }
    after
}

/// Terms as JSON for the audit trail: `{"margin_percent group:A": "5", "credit_limit": null}`.
#[must_use]
pub fn audit_json(terms: &[Term]) -> serde_json::Value {
    let named = terms.iter().map(|term| {
        let key = format!("{} {}", term.name.name(), term.qualifier.text());
        (key.trim_end().to_owned(), term.value.as_ref().map(TermValue::text).into())
    });
    serde_json::Value::Object(named.collect())
}

/// Writes changes at one place. They were [`validate`]d.
///
/// # Errors
/// The store's.
pub async fn write(tx: &mut Tx<'_>, merchant: i64, place: Place, changes: &[TermChange]) -> Result<(), Fault> {
    super::term_store::write(tx, merchant, place.level(), &place.owner(), changes).await
}
