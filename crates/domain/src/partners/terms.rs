//! Terms on three levels (PAR-11): a partnership's override its channel's, which override the program's.
//!
//! A missing row inherits; a row without value is an explicit "none" and stops the search. Each term is
//! looked for on its own: a program's margin for one product applies beside a partnership's general one.

use crate::ids::{ChannelId, PartnershipId, ProductId, nobody};
use std::collections::BTreeMap;
use tradepost_kernel::{Currency, Money, Percent, Refusal};
use tradepost_store::{Fault, Reader, Tx, Value, params, sql};

use crate::access::named;

/// Whose terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The merchant's program: all its partnerships.
    Program,
    /// All partnerships of a channel.
    Channel,
    /// One partnership.
    Partnership,
}

named!(Level { Program = "program", Channel = "channel", Partnership = "partnership" });

/// Where terms stand: the program, one channel, or one partnership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The merchant's program.
    Program,
    /// One channel.
    Channel(ChannelId),
    /// One partnership.
    Partnership(PartnershipId),
}

impl Place {
    /// Its level.
    #[must_use]
    pub const fn level(self) -> Level {
        match self {
            Self::Program => Level::Program,
            Self::Channel(_) => Level::Channel,
            Self::Partnership(_) => Level::Partnership,
        }
    }

    fn owner(self) -> Value {
        match self {
            Self::Program => Value::from(nobody::<()>()),
            Self::Channel(id) => Value::from(id),
            Self::Partnership(id) => Value::from(id),
        }
    }
}

/// Which term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "PAR-11 says what each means")]
pub enum TermName {
    Currency,
    WholesaleDiscountPercent,
    MarginPercent,
    CreditLimit,
    HoldUnpaidAtLimit,
    RequiresEndUserInformation,
    RequiresResellerInformation,
    InvoiceDueDays,
}

named!(TermName {
    Currency = "currency",
    WholesaleDiscountPercent = "wholesale_discount_percent",
    MarginPercent = "margin_percent",
    CreditLimit = "credit_limit",
    HoldUnpaidAtLimit = "hold_unpaid_at_limit",
    RequiresEndUserInformation = "requires_end_user_information",
    RequiresResellerInformation = "requires_reseller_information",
    InvoiceDueDays = "invoice_due_days",
});

/// What a margin is for. The most specific one that is set applies: product, then group, then general.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Qualifier {
    /// Everything; the only one for terms that are no margins.
    General,
    /// A product group, by its name.
    Group(String),
    /// One product.
    Product(ProductId),
}

impl Qualifier {
    /// The stored and public text: empty, `group:NAME` or `product:ID`.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::General => String::new(),
            Self::Group(name) => format!("group:{name}"),
            Self::Product(id) => format!("product:{id}"),
        }
    }

    /// Reads the text back; `None` where it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::General);
        }
        if let Some(name) = text.strip_prefix("group:") {
            return tradepost_kernel::text::line(name, 100).ok().map(Self::Group);
        }
        text.strip_prefix("product:")?.parse().ok().map(Self::Product)
    }
}

/// A term's value, read once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TermValue {
    /// A currency.
    Currency(Currency),
    /// A percentage.
    Percent(Percent),
    /// An amount; it applies to partnerships of its currency only.
    Money(Money),
    /// Yes or no.
    Flag(bool),
    /// Days.
    Days(i64),
}

impl TermValue {
    /// The stored text.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Currency(currency) => currency.code().to_owned(),
            Self::Percent(percent) => percent.to_string(),
            Self::Money(money) => money.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Days(days) => days.to_string(),
        }
    }
}

/// The longest time to pay, in days.
pub const LONGEST_DUE_DAYS: i64 = 365;

impl TermName {
    /// Reads a value of this term: `USD`, `33.3333`, `5000.00 USD`, `true`, `30`.
    ///
    /// # Errors
    /// `invalid_field`, `invalid_amount`.
    pub fn value(self, text: &str) -> Result<TermValue, Refusal> {
        let wrong = |what: &str| Refusal::invalid("invalid_field", format!("{} {what}.", self.name())).at(format!("/{}", self.name()));
        match self {
            Self::Currency => text.parse().map(TermValue::Currency).map_err(|_| wrong("must be a currency code such as USD")),
            Self::WholesaleDiscountPercent | Self::MarginPercent => {
                text.parse().map(TermValue::Percent).map_err(|_| wrong("must be a percentage from 0 to 100 with at most four decimals"))
            }
            Self::CreditLimit => {
                let (amount, code) = text.split_once(' ').ok_or_else(|| wrong("must be an amount and its currency"))?;
                let currency: Currency = code.parse().map_err(|_| wrong("must be in a currency such as USD"))?;
                let money = currency.parse(amount).map_err(|_| invalid_limit())?;
                if money.minor >= 0 { Ok(TermValue::Money(money)) } else { Err(invalid_limit()) }
            }
            Self::HoldUnpaidAtLimit | Self::RequiresEndUserInformation | Self::RequiresResellerInformation => {
                text.parse().map(TermValue::Flag).map_err(|_| wrong("must be true or false"))
            }
            Self::InvoiceDueDays => {
                let days: Option<i64> = text.parse().ok().filter(|days| (0..=LONGEST_DUE_DAYS).contains(days));
                days.map(TermValue::Days).ok_or_else(|| wrong("must be a whole number of days from 0 to 365"))
            }
        }
    }

    /// Whether "none" can be said of it: a limit, a discount, a margin. The others always have a value.
    #[must_use]
    pub const fn may_be_none(self) -> bool {
        matches!(self, Self::WholesaleDiscountPercent | Self::MarginPercent | Self::CreditLimit)
    }
}

fn invalid_limit() -> Refusal {
    Refusal::invalid("invalid_amount", "The credit limit must be an exact amount of its currency, not below zero.").at("/credit_limit")
}

/// One term as a level has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Which.
    pub name: TermName,
    /// What for.
    pub qualifier: Qualifier,
    /// `None`: explicitly none.
    pub value: Option<TermValue>,
}

/// A change of one term at one level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermChange {
    /// Which.
    pub name: TermName,
    /// What for.
    pub qualifier: Qualifier,
    /// To what.
    pub to: Setting,
}

/// What a term is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Nothing here: the level above counts.
    Inherit,
    /// Explicitly none.
    Nothing,
    /// This value.
    Value(TermValue),
}

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
            _ => {}
        }
    }
    // A limit in another currency than the partnership's cannot be compared with what it owes: no credit.
    terms.credit_limit = limit.filter(|money| Some(money.currency) == terms.currency).map(|money| money.minor);
    terms.origins = origins(winners, &terms);
    terms
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
            TermName::Currency | TermName::CreditLimit | TermName::WholesaleDiscountPercent | TermName::MarginPercent => None,
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
    Ok(resolve(&rows?))
}

/// Checks changes before they are written: no qualifier where none belongs, no "none" where something must be,
/// one change per term, and a partnership's credit limit in the currency it will have.
///
/// `currency` is the partnership's after the changes, where the place is a partnership. Whether a currency may
/// change now (nothing may be open) is for the caller to know: this slice does not see the books.
///
/// # Errors
/// `invalid_field`, `currency_mismatch`.
pub fn validate(changes: &[TermChange], currency: Option<Currency>) -> Result<(), Refusal> {
    for (at, change) in changes.iter().enumerate() {
        let wrong = |what: &str| Refusal::invalid("invalid_field", format!("{} {what}.", change.name.name())).at(format!("/{}", change.name.name()));
        if change.name != TermName::MarginPercent && change.qualifier != Qualifier::General {
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
