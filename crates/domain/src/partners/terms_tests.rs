//! Which terms count, and where they come from (PAR-11).

use super::terms::{EffectiveTerms, Level, Qualifier, Setting, Term, TermChange, TermName, TermValue, apply, resolve, validate};
use crate::ids::ProductId;
use std::fmt::Write as _;
use tradepost_kernel::Percent;

fn term(level: Level, name: TermName, qualifier: &str, value: Option<&str>) -> (Level, Term) {
    let qualifier = Qualifier::parse(qualifier).expect("a qualifier");
    (level, Term { name, qualifier, value: value.map(|text| name.value(text).expect("a value")) })
}

fn printed(terms: &EffectiveTerms) -> String {
    terms.origins.iter().fold(String::new(), |mut out, origin| {
        let value = origin.value.as_ref().map_or_else(|| "none".to_owned(), TermValue::text);
        let from = origin.level.map_or("default", Level::name);
        writeln!(out, "{} {:?} {value} ({from})", origin.name.name(), origin.qualifier.text()).expect("a string");
        out
    })
}

/// PAR-11
#[test]
fn a_partnership_overrides_its_channel_and_that_the_program() {
    let rows = [
        term(Level::Partnership, TermName::CreditLimit, "", Some("500.00 USD")),
        term(Level::Program, TermName::Currency, "", Some("USD")),
        term(Level::Program, TermName::CreditLimit, "", Some("100.00 USD")),
        term(Level::Channel, TermName::WholesaleDiscountPercent, "", Some("33.3333")),
        term(Level::Program, TermName::WholesaleDiscountPercent, "", Some("10")),
        term(Level::Channel, TermName::InvoiceDueDays, "", Some("14")),
        term(Level::Program, TermName::ExcludedPaymentMethods, "", Some("check")),
        term(Level::Channel, TermName::ExcludedPaymentMethods, "", Some("wire")),
        term(Level::Program, TermName::MarginPercent, "group:A", Some("5")),
    ];
    let terms = resolve(&rows);
    assert_eq!((terms.credit_limit, terms.invoice_due_days), (Some(50_000), 14));
    let expected = r#"currency "" USD (program)
wholesale_discount_percent "" 33.3333 (channel)
margin_percent "" none (default)
margin_percent "group:A" 5 (program)
credit_limit "" 500.00 USD (partnership)
hold_unpaid_at_limit "" true (default)
requires_end_user_information "" false (default)
requires_reseller_information "" false (default)
invoice_due_days "" 14 (channel)
reservation_days "" 14 (default)
excluded_payment_methods "" wire (channel)
purchase_limit_day "" none (default)
purchase_limit_month "" none (default)
min_quantity "" none (default)
max_quantity "" none (default)
email_codes_to_end_users "" false (default)
auto_approve "" false (default)
enabled "" true (default)
terms_url "" none (default)
"#;
    assert_eq!(printed(&terms), expected);
}

/// PAR-11
#[test]
fn explicitly_none_is_not_the_same_as_unset() {
    let program = term(Level::Program, TermName::CreditLimit, "", Some("100.00 USD"));
    let currency = term(Level::Program, TermName::Currency, "", Some("USD"));
    let none = term(Level::Partnership, TermName::CreditLimit, "", None);
    assert_eq!(resolve(&[program.clone(), currency.clone()]).credit_limit, Some(10_000));
    assert_eq!(resolve(&[program, currency, none]).credit_limit, None);
}

/// PAR-11, CRD-2
#[test]
fn a_limit_in_another_currency_is_no_credit() {
    let rows = [term(Level::Program, TermName::CreditLimit, "", Some("100.00 USD")), term(Level::Partnership, TermName::Currency, "", Some("EUR"))];
    assert_eq!(resolve(&rows).credit_limit, None);
}

/// PAR-11, CAT-5
#[test]
fn the_margin_of_a_product_goes_before_its_groups_and_that_before_the_general_one() {
    let (a, b) = (ProductId::from_bytes([1; 16]), ProductId::from_bytes([2; 16]));
    let rows = [
        term(Level::Partnership, TermName::MarginPercent, "", Some("10")),
        term(Level::Channel, TermName::MarginPercent, "group:Tools", Some("20")),
        term(Level::Program, TermName::MarginPercent, &format!("product:{a}"), Some("30.5")),
    ];
    let terms = resolve(&rows);
    let percent = |text: &str| text.parse::<Percent>().expect("a percentage");
    assert_eq!(terms.margin(a, Some("Tools")), percent("30.5"));
    assert_eq!(terms.margin(b, Some("Tools")), percent("20"));
    assert_eq!(terms.margin(b, Some("Games")), percent("10"));
    assert_eq!(terms.margin(b, None), percent("10"));
    assert_eq!(resolve(&[]).margin(a, None), Percent::ZERO);
}

/// PAR-11
#[test]
fn values_are_read_strictly() {
    for (name, wrong) in [
        (TermName::Currency, "EURO"),
        (TermName::WholesaleDiscountPercent, "33.33333"),
        (TermName::WholesaleDiscountPercent, "101"),
        (TermName::CreditLimit, "100.001 USD"),
        (TermName::CreditLimit, "-1.00 USD"),
        (TermName::CreditLimit, "100"),
        (TermName::HoldUnpaidAtLimit, "yes"),
        (TermName::InvoiceDueDays, "366"),
        (TermName::InvoiceDueDays, "-1"),
        (TermName::ReservationDays, "0"),
        (TermName::ReservationDays, "366"),
        (TermName::ExcludedPaymentMethods, ""),
        (TermName::ExcludedPaymentMethods, "card"),
        (TermName::ExcludedPaymentMethods, "check wire"),
        (TermName::TermsUrl, "example.com/terms"),
        (TermName::TermsUrl, "https://example.com/\"x"),
    ] {
        assert!(name.value(wrong).is_err(), "{} {wrong}", name.name());
    }
    for &name in TermName::ALL {
        let text = match name {
            TermName::Currency => "USD",
            TermName::WholesaleDiscountPercent | TermName::MarginPercent => "33.3333",
            TermName::CreditLimit => "5000.00 USD",
            TermName::HoldUnpaidAtLimit
            | TermName::RequiresEndUserInformation
            | TermName::RequiresResellerInformation
            | TermName::EmailCodesToEndUsers
            | TermName::AutoApprove
            | TermName::Enabled => "true",
            TermName::TermsUrl => "https://example.com/terms",
            TermName::InvoiceDueDays | TermName::ReservationDays => "30",
            TermName::ExcludedPaymentMethods => "wire",
            TermName::PurchaseLimitDay | TermName::PurchaseLimitMonth | TermName::MinQuantity | TermName::MaxQuantity => "500",
        };
        assert_eq!(name.value(text).map(|value| value.text()).as_deref(), Ok(text));
    }
}

/// PAR-11
#[test]
fn changes_are_checked_and_then_made() {
    let change = |name: TermName, qualifier, to| TermChange { name, qualifier, to };
    let value = |name: TermName, text: &str| Setting::Value(name.value(text).expect("a value"));
    let code =
        |changes: &[TermChange], currency: &str| validate(Level::Partnership, changes, Some(currency.parse().expect("a currency"))).map_err(|no| no.code);
    let limit = change(TermName::CreditLimit, Qualifier::General, value(TermName::CreditLimit, "5.00 USD"));
    assert_eq!(code(std::slice::from_ref(&limit), "USD"), Ok(()));
    assert_eq!(code(std::slice::from_ref(&limit), "EUR"), Err("currency_mismatch"));
    assert_eq!(code(&[limit.clone(), limit.clone()], "USD"), Err("invalid_field"));
    assert_eq!(code(&[change(TermName::Currency, Qualifier::General, Setting::Nothing)], "USD"), Err("invalid_field"));
    assert_eq!(code(&[change(TermName::CreditLimit, Qualifier::Group("A".into()), Setting::Nothing)], "USD"), Err("invalid_field"));
    let auto = change(TermName::AutoApprove, Qualifier::General, value(TermName::AutoApprove, "true"));
    assert_eq!(code(std::slice::from_ref(&auto), "USD"), Err("invalid_field"));
    assert_eq!(validate(Level::Program, std::slice::from_ref(&auto), None), Ok(()));
    let before = apply(&[], std::slice::from_ref(&limit));
    assert_eq!(before.len(), 1);
    assert_eq!(apply(&before, &[change(TermName::CreditLimit, Qualifier::General, Setting::Nothing)])[0].value, None);
    assert_eq!(apply(&before, &[change(TermName::CreditLimit, Qualifier::General, Setting::Inherit)]), []);
}
