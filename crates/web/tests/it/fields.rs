//! Every type of field: what it takes, what it refuses, and what its schema says.

use super::*;
use tradepost_kernel::{Currency, Date, Percent};
use tradepost_web::errors::{Errors, Pointer};
use tradepost_web::fields::{Password, SignedMoney, Sku, Upto, Whole};
use tradepost_web::input::Field;
use tradepost_web::schema::Schemas;

fn code<T: Field>(json: &str) -> Option<&'static str> {
    let value = tradepost_web::json::parse(json.as_bytes()).expect("JSON");
    let mut errors = Errors::default();
    let read = T::read(&value, &Pointer::root(), &mut errors);
    let first = errors.into_list().first().map(|error| error.code);
    assert!(read.is_some() || first.is_some(), "{json}: nothing is refused without a word");
    first
}

fn takes<T: Field>(right: &[&str], wrong: &[&str]) {
    for json in right {
        assert_eq!(code::<T>(json), None, "{json}");
    }
    for json in wrong {
        assert_eq!(code::<T>(json), Some("invalid_field"), "{json}");
    }
}

#[test]
fn every_type_takes_what_it_should() {
    takes::<bool>(&["true", "false"], &["null", "1", "\"true\""]);
    takes::<i64>(&["0", "-9223372036854775808"], &["1.0", "1e3", "9223372036854775808", "\"1\"", "null"]);
    takes::<Whole<1, 5>>(&["1", "5"], &["0", "6", "2.5"]);
    takes::<Sku>(&["\"KEY-PRO\""], &["\"a b\"", "\"a,b\"", "\"\"", "5"]);
    takes::<Percent>(&["\"0\"", "\"33.3333\"", "\"100\""], &["\"100.1\"", "\"-1\"", "\"1.00001\"", "10"]);
    takes::<Currency>(&["\"USD\""], &["\"usd\"", "\"XXX\"", "\"US\""]);
    takes::<Date>(&["\"2026-02-28\""], &["\"2026-02-30\"", "\"2026-2-1\""]);
    takes::<Timestamp>(&["\"2026-02-28T00:00:00Z\"", "\"2026-02-28T00:00:00.5+02:00\""], &["\"2026-02-28\"", "\"now\""]);
    takes::<OrderId>(&["\"ord_00000000000000000000000000\""], &["\"lic_00000000000000000000000000\"", "\"ord_\""]);
    takes::<Sort>(&["\"newest\""], &["\"Newest\"", "\"\"", "0"]);
    takes::<Password>(&["\"0123456789\""], &["\"short\""]);
    takes::<Upto<2, bool>>(&["[]", "[true,false]"], &["[true,true,true]", "{}"]);
    takes::<SignedMoney>(&[r#"{"amount":"-1.50","currency":"EUR"}"#], &[r#"{"amount":"1"}"#, "\"1 EUR\""]);
    takes::<Option<bool>>(&["null", "true"], &["0"]);
    takes::<Patch<bool>>(&["null", "true"], &["0"]);
    assert_eq!(code::<Money>(r#"{"amount":"1","currency":"USD","tax":"0"}"#), Some("unknown_field"));
}

#[test]
fn a_password_is_never_printed() {
    let value = tradepost_web::json::parse(b"\"correct horse\"").expect("JSON");
    let read = Password::read(&value, &Pointer::root(), &mut Errors::default()).expect("a password");
    assert!(!format!("{read:?}").contains("horse"));
}

#[test]
fn a_million_wrong_rows_get_an_answer_of_a_hundred_errors() {
    let body = format!("[{}]", vec!["0"; 1000].join(","));
    let value = tradepost_web::json::parse(body.as_bytes()).expect("JSON");
    let mut errors = Errors::default();
    assert!(Vec::<bool>::read(&value, &Pointer::root(), &mut errors).is_none());
    assert_eq!(errors.into_list().len(), 100);
}

#[test]
fn an_optional_field_may_be_null_in_the_schema_and_left_out() {
    let mut schemas = Schemas::default();
    assert_eq!(Option::<bool>::schema(&mut schemas), serde_json::json!({ "type": ["boolean", "null"] }));
    let sort = Option::<Sort>::schema(&mut schemas);
    assert_eq!(sort, serde_json::json!({ "anyOf": [{ "type": "string", "enum": ["newest", "oldest"] }, { "type": "null" }] }));
    NewOrder::schema(&mut schemas);
    let order = schemas.get("NewOrder").expect("named");
    assert_eq!(order["required"], serde_json::json!(["items"]));
    assert!(schemas.clashes().is_empty());
}

#[test]
fn a_table_with_mistakes_names_them() {
    let mut r = Routes::new();
    r.get("/v1/reseller/x", "x", nothing).needs(Right::MerchantRead).answers_nothing(204).refuses(&["no_such_code"]);
    r.get("/v1/reseller/x", "x", nothing).tag("T").doc("D.").answers_nothing(204);
    let mistakes = r.mistakes().join("\n");
    for part in ["right of the other side", "tag, doc or answers", "no_such_code is not in codes.rs", "its operation id", "its method and path", "not declared"]
    {
        assert!(mistakes.contains(part), "{part} in {mistakes}");
    }
}
