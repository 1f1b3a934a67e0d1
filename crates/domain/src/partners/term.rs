//! One term: its name, what it is for, its value, and where it stands (PAR-11).

use crate::access::named;
use crate::ids::{ChannelId, PartnershipId, ProductId, nobody};
use std::collections::BTreeSet;
use tradepost_kernel::{Currency, Money, Percent, Refusal};
use tradepost_store::Value;

/// Whose terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

    pub(super) fn owner(self) -> Value {
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
    ReservationDays,
    ExcludedPaymentMethods,
    PurchaseLimitDay,
    PurchaseLimitMonth,
    MinQuantity,
    MaxQuantity,
    EmailCodesToEndUsers,
    AutoApprove,
    Enabled,
    TermsUrl,
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
    ReservationDays = "reservation_days",
    ExcludedPaymentMethods = "excluded_payment_methods",
    PurchaseLimitDay = "purchase_limit_day",
    PurchaseLimitMonth = "purchase_limit_month",
    MinQuantity = "min_quantity",
    MaxQuantity = "max_quantity",
    EmailCodesToEndUsers = "email_codes_to_end_users",
    AutoApprove = "auto_approve",
    Enabled = "enabled",
    TermsUrl = "terms_url",
});

/// A way to pay an invoice that a term may exclude (PAY-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaymentWay {
    /// Check or money order.
    Check,
    /// Wire transfer.
    Wire,
}

named!(PaymentWay { Check = "check", Wire = "wire" });

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
    /// Units.
    Units(i64),
    /// The address of a page.
    Url(String),
    /// Ways to pay, at least one and not all.
    Ways(BTreeSet<PaymentWay>),
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
            Self::Days(number) | Self::Units(number) => number.to_string(),
            Self::Url(url) => url.clone(),
            Self::Ways(ways) => ways.iter().map(|way| way.name()).collect::<Vec<_>>().join(" "),
        }
    }
}

/// The largest purchase limit, in units.
pub const MOST_UNITS: i64 = 1_000_000_000;

/// The longest address of a page, in bytes.
pub const LONGEST_URL: usize = 500;

/// The longest time to pay, in days.
pub const LONGEST_DUE_DAYS: i64 = 365;

/// The longest time that an unpaid order outside credit keeps its keys, in days (STK-7).
pub const LONGEST_RESERVATION_DAYS: i64 = 365;

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
            Self::HoldUnpaidAtLimit
            | Self::RequiresEndUserInformation
            | Self::RequiresResellerInformation
            | Self::EmailCodesToEndUsers
            | Self::AutoApprove
            | Self::Enabled => text.parse().map(TermValue::Flag).map_err(|_| wrong("must be true or false")),
            Self::TermsUrl => {
                let is_url = text.len() <= LONGEST_URL && ["https://", "http://"].iter().any(|begin| text.len() > begin.len() && text.starts_with(begin));
                let plain = is_url && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\'));
                if plain { Ok(TermValue::Url(text.to_owned())) } else { Err(wrong("must be the address of a page, such as https://example.com/terms")) }
            }
            Self::InvoiceDueDays => {
                let days: Option<i64> = text.parse().ok().filter(|days| (0..=LONGEST_DUE_DAYS).contains(days));
                days.map(TermValue::Days).ok_or_else(|| wrong("must be a whole number of days from 0 to 365"))
            }
            Self::ReservationDays => {
                let days: Option<i64> = text.parse().ok().filter(|days| (1..=LONGEST_RESERVATION_DAYS).contains(days));
                days.map(TermValue::Days).ok_or_else(|| wrong("must be a whole number of days from 1 to 365"))
            }
            Self::ExcludedPaymentMethods => {
                let ways: Option<BTreeSet<PaymentWay>> = text.split_ascii_whitespace().map(PaymentWay::from_name).collect();
                // Where all were excluded, no invoice could be paid.
                let some = ways.filter(|ways| !ways.is_empty() && ways.len() < PaymentWay::ALL.len());
                some.map(TermValue::Ways).ok_or_else(|| wrong("must name check or wire, and leave one of them"))
            }
            Self::PurchaseLimitDay | Self::PurchaseLimitMonth => {
                let units: Option<i64> = text.parse().ok().filter(|units| (0..=MOST_UNITS).contains(units));
                units.map(TermValue::Units).ok_or_else(|| wrong("must be a whole number of units from 0 to 1,000,000,000"))
            }
            Self::MinQuantity | Self::MaxQuantity => {
                let units: Option<i64> = text.parse().ok().filter(|units| (1..=100_000).contains(units));
                units.map(TermValue::Units).ok_or_else(|| wrong("must be a whole number of units from 1 to 100,000"))
            }
        }
    }

    /// Whether "none" can be said of it: a limit, a discount, a margin, an end, what is excluded. The others always have a value.
    #[must_use]
    pub const fn may_be_none(self) -> bool {
        matches!(
            self,
            Self::WholesaleDiscountPercent
                | Self::MarginPercent
                | Self::CreditLimit
                | Self::ReservationDays
                | Self::ExcludedPaymentMethods
                | Self::PurchaseLimitDay
                | Self::PurchaseLimitMonth
                | Self::MinQuantity
                | Self::MaxQuantity
        )
    }

    /// Whether it is the program's alone: it is about those who are in no channel and no partnership yet.
    #[must_use]
    pub const fn is_of_program(self) -> bool {
        matches!(self, Self::AutoApprove | Self::Enabled | Self::TermsUrl)
    }

    /// Whether it can be said of one product.
    #[must_use]
    pub const fn may_name_a_product(self) -> bool {
        matches!(self, Self::MarginPercent | Self::MinQuantity | Self::MaxQuantity)
    }

    /// Whether it can be said of a product group.
    #[must_use]
    pub const fn may_name_a_group(self) -> bool {
        matches!(self, Self::MarginPercent)
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
