//! Terms on every level (PAR-11): how they are given and shown. The noun's routes use this.

use crate::errors::{Errors, Pointer};
use crate::fields::{Line, Whole};
use crate::input::Field;
use crate::json::Json;
use crate::schema::Schemas;
use crate::{input, named_choice, view};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tradepost_domain::ProductId;
use tradepost_domain::partners::terms::{Level, MOST_UNITS, PaymentWay, Qualifier, Setting, Term, TermChange, TermName, TermOrigin, TermValue};
use tradepost_kernel::{Currency, Money, Percent};

named_choice!(Level, TermName, PaymentWay);

/// A term that may be left out (stays as it is), null (is unset: the level above counts), the text `none`
/// (explicitly none), or a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TermSetting<T> {
    /// Stays as it is.
    #[default]
    Absent,
    /// Is unset.
    Unset,
    /// Explicitly none.
    Nothing,
    /// Becomes this.
    Value(T),
}

impl<T: Field> Field for TermSetting<T> {
    const OPTIONAL: bool = true;
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        match value {
            Json::Null => Some(Self::Unset),
            Json::Text(text) if text == "none" => Some(Self::Nothing),
            other => T::read(other, at, errors).map(Self::Value),
        }
    }
    fn absent() -> Option<Self> {
        Some(Self::Absent)
    }
    fn schema(schemas: &mut Schemas) -> Value {
        json!({ "oneOf": [T::schema(schemas), { "const": "none" }, { "type": "null" }] })
    }
}

impl<T> TermSetting<T> {
    fn change(self, name: TermName, qualifier: Qualifier, value: impl FnOnce(T) -> TermValue) -> Option<TermChange> {
        let to = match self {
            Self::Absent => return None,
            Self::Unset => Setting::Inherit,
            Self::Nothing => Setting::Nothing,
            Self::Value(new) => Setting::Value(value(new)),
        };
        Some(TermChange { name, qualifier, to })
    }
}

/// The address of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermsUrl(pub String);

impl Field for TermsUrl {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        match value {
            Json::Text(text) if TermName::TermsUrl.value(text).is_ok() => Some(Self(text.clone())),
            _ => errors.refuse(at, "must be the address of a page, such as https://example.com/terms"),
        }
    }
    fn schema(_schemas: &mut Schemas) -> Value {
        json!({ "type": "string", "format": "uri", "maxLength": 500, "examples": ["https://example.com/terms"] })
    }
}

input! {
    /// The margin for a product group or one product.
    pub struct MarginChange {
        /// The product group; or `product`.
        pub group: Option<Line<100>>,
        /// The product; or `group`.
        pub product: Option<ProductId>,
        /// The margin; null unsets it, `none` is explicitly none.
        pub percent: TermSetting<Percent>,
    }

    /// Fewest and most units of one product in an order or fulfillment.
    pub struct QuantityChange {
        /// The product.
        pub product: ProductId,
        /// Fewest units; null unsets it, `none` is explicitly none.
        pub min_quantity: TermSetting<Whole<1, 100_000>>,
        /// Most units.
        pub max_quantity: TermSetting<Whole<1, 100_000>>,
    }

    /// What changes of the terms. Null unsets a term, so that the level above counts; `"none"` is explicitly none.
    pub struct TermsChange {
        /// What is bought in.
        pub currency: TermSetting<Currency>,
        /// Off the list price.
        pub wholesale_discount_percent: TermSetting<Percent>,
        /// The partner margin for everything that has none of its own.
        pub margin_percent: TermSetting<Percent>,
        /// Partner margins for product groups and products.
        pub margins: Option<Vec<MarginChange>>,
        /// How much may be owed; `"none"`: everything is paid first. So it is with a limit of zero, which besides counts as
        /// reached from the first open amount on.
        pub credit_limit: TermSetting<Money>,
        /// Whether licenses of unpaid orders wait while the limit is reached.
        pub hold_unpaid_at_limit: TermSetting<bool>,
        /// Whether every license needs its end user.
        pub requires_end_user_information: TermSetting<bool>,
        /// Whether every license needs the company that sells on.
        pub requires_reseller_information: TermSetting<bool>,
        /// Net days of invoices.
        pub invoice_due_days: TermSetting<Whole<0, 365>>,
        /// Days, each of 24 hours, after which the keys of an unpaid order that is held go back to stock; it reserves again once it is paid.
        /// `"none"`: they stay reserved as long as it waits. Applies to orders that are confirmed from then on.
        pub reservation_days: TermSetting<Whole<1, 365>>,
        /// Ways to pay that invoices do not offer, `["check"]` or `["wire"]`: payments by them are refused. An empty list is explicitly none; one
        /// way has to be left.
        pub excluded_payment_methods: TermSetting<Vec<PaymentWay>>,
        /// Most units per day in the merchant's time zone, ordered and fulfilled ones together.
        pub purchase_limit_day: TermSetting<Whole<0, MOST_UNITS>>,
        /// Most units per calendar month in the merchant's time zone.
        pub purchase_limit_month: TermSetting<Whole<0, MOST_UNITS>>,
        /// Fewest units of any product that has no limit of its own.
        pub min_quantity: TermSetting<Whole<1, 100_000>>,
        /// Most units of any product that has no limit of its own.
        pub max_quantity: TermSetting<Whole<1, 100_000>>,
        /// Fewest and most units of single products.
        pub quantities: Option<Vec<QuantityChange>>,
        /// Whether Tradepost itself mails codes to the customers of external shops.
        pub email_codes_to_end_users: TermSetting<bool>,
        /// Whether sign-ups arrive approved; a setting of the program alone. Without any channel they wait all the same, and
        /// whether it is switched changes nothing for those that wait.
        pub auto_approve: TermSetting<bool>,
        /// Whether the program takes new resellers; a setting of the program alone. Off, nobody signs up or joins; those who are in go on.
        pub enabled: TermSetting<bool>,
        /// The page that whoever signs up accepts; a setting of the program alone.
        pub terms_url: TermSetting<TermsUrl>,
    }
}

/// A list of ways to pay as the domain takes it: none of them is explicitly none, and all of them are a mistake.
fn excluded(list: TermSetting<Vec<PaymentWay>>, errors: &mut Errors) -> TermSetting<BTreeSet<PaymentWay>> {
    match list {
        TermSetting::Absent => TermSetting::Absent,
        TermSetting::Unset => TermSetting::Unset,
        TermSetting::Nothing => TermSetting::Nothing,
        TermSetting::Value(ways) if ways.is_empty() => TermSetting::Nothing,
        TermSetting::Value(ways) => {
            let ways: BTreeSet<PaymentWay> = ways.into_iter().collect();
            if ways.len() == PaymentWay::ALL.len() {
                errors.add(&Pointer::root().field("excluded_payment_methods"), "invalid_field", "must leave one way to pay");
                return TermSetting::Absent;
            }
            TermSetting::Value(ways)
        }
    }
}

impl TermsChange {
    /// The changes as the domain takes them; a margin without or with two subjects is for both or nothing, and is
    /// told as an error.
    pub fn into_changes(self, errors: &mut Errors) -> Vec<TermChange> {
        let plain = Qualifier::General;
        let excluded = excluded(self.excluded_payment_methods, errors);
        let mut changes: Vec<TermChange> = [
            self.currency.change(TermName::Currency, plain.clone(), TermValue::Currency),
            self.wholesale_discount_percent.change(TermName::WholesaleDiscountPercent, plain.clone(), TermValue::Percent),
            self.margin_percent.change(TermName::MarginPercent, plain.clone(), TermValue::Percent),
            self.credit_limit.change(TermName::CreditLimit, plain.clone(), TermValue::Money),
            self.hold_unpaid_at_limit.change(TermName::HoldUnpaidAtLimit, plain.clone(), TermValue::Flag),
            self.requires_end_user_information.change(TermName::RequiresEndUserInformation, plain.clone(), TermValue::Flag),
            self.requires_reseller_information.change(TermName::RequiresResellerInformation, plain.clone(), TermValue::Flag),
            self.invoice_due_days.change(TermName::InvoiceDueDays, plain.clone(), |days| TermValue::Days(days.get())),
            self.reservation_days.change(TermName::ReservationDays, plain.clone(), |days| TermValue::Days(days.get())),
            excluded.change(TermName::ExcludedPaymentMethods, plain.clone(), TermValue::Ways),
            self.purchase_limit_day.change(TermName::PurchaseLimitDay, plain.clone(), |units| TermValue::Units(units.get())),
            self.purchase_limit_month.change(TermName::PurchaseLimitMonth, plain.clone(), |units| TermValue::Units(units.get())),
            self.min_quantity.change(TermName::MinQuantity, plain.clone(), |units| TermValue::Units(units.get())),
            self.max_quantity.change(TermName::MaxQuantity, plain.clone(), |units| TermValue::Units(units.get())),
            self.email_codes_to_end_users.change(TermName::EmailCodesToEndUsers, plain.clone(), TermValue::Flag),
            self.auto_approve.change(TermName::AutoApprove, plain.clone(), TermValue::Flag),
            self.enabled.change(TermName::Enabled, plain.clone(), TermValue::Flag),
            self.terms_url.change(TermName::TermsUrl, plain, |url| TermValue::Url(url.0)),
        ]
        .into_iter()
        .flatten()
        .collect();
        for (place, margin) in self.margins.unwrap_or_default().into_iter().enumerate() {
            let qualifier = match (margin.group, margin.product) {
                (Some(group), None) => Qualifier::Group(group.into_string()),
                (None, Some(product)) => Qualifier::Product(product),
                _ => {
                    errors.add(&Pointer::root().field("margins").index(place), "invalid_field", "must name a group or a product");
                    continue;
                }
            };
            changes.extend(margin.percent.change(TermName::MarginPercent, qualifier, TermValue::Percent));
        }
        for quantity in self.quantities.unwrap_or_default() {
            let product = Qualifier::Product(quantity.product);
            let units = |units: Whole<1, 100_000>| TermValue::Units(units.get());
            changes.extend(quantity.min_quantity.change(TermName::MinQuantity, product.clone(), units));
            changes.extend(quantity.max_quantity.change(TermName::MaxQuantity, product, units));
        }
        changes
    }
}

view! {
    /// One term and where it came from.
    pub struct TermView {
        /// Which.
        pub name: TermName,
        /// The product group that it is for (margins).
        pub group: Option<String>,
        /// The product that it is for (margins, quantities).
        pub product: Option<ProductId>,
        /// Currency, percentage, amount, yes or no, days, units, a list of ways to pay; null is none.
        pub value: Value,
        /// The level that set it; null: set nowhere, the default.
        pub from: Option<Level>,
    }
}

fn value_json(value: Option<&TermValue>) -> Value {
    match value {
        None => Value::Null,
        Some(TermValue::Currency(currency)) => json!(currency),
        Some(TermValue::Percent(percent)) => json!(percent.to_string()),
        Some(TermValue::Money(money)) => json!(money),
        Some(TermValue::Flag(flag)) => json!(flag),
        Some(TermValue::Url(url)) => json!(url),
        Some(TermValue::Days(number) | TermValue::Units(number)) => json!(number),
        Some(TermValue::Ways(ways)) => json!(ways.iter().map(|way| way.name()).collect::<Vec<_>>()),
    }
}

fn term_view(name: TermName, qualifier: &Qualifier, value: Option<&TermValue>, from: Option<Level>) -> TermView {
    let (group, product) = match qualifier {
        Qualifier::General => (None, None),
        Qualifier::Group(group) => (Some(group.clone()), None),
        Qualifier::Product(product) => (None, Some(*product)),
    };
    TermView { name, group, product, value: value_json(value), from }
}

/// Effective terms, each with where it came from.
#[must_use]
pub fn term_views(origins: &[TermOrigin]) -> Vec<TermView> {
    origins.iter().map(|origin| term_view(origin.name, &origin.qualifier, origin.value.as_ref(), origin.level)).collect()
}

/// The terms that one level sets itself.
#[must_use]
pub fn own_term_views(terms: &[Term], level: Level) -> Vec<TermView> {
    terms.iter().map(|term| term_view(term.name, &term.qualifier, term.value.as_ref(), Some(level))).collect()
}
