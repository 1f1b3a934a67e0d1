//! JSON as it is read here, beside serde's.

use proptest::prelude::*;
use tradepost_web::json::{Json, parse};

fn why(text: impl AsRef<[u8]>) -> &'static str {
    parse(text.as_ref()).expect_err("malformed").why
}

#[test]
fn what_is_malformed_is_named() {
    assert_eq!(why(r#"{"a":1,"a":2}"#), "a key stands twice in one object");
    assert_eq!(why(b"\"\xff\""), "not valid UTF-8");
    assert_eq!(why("[".repeat(33)), "nested too deeply");
    assert_eq!(why(r#""\ud800""#), "half of a surrogate pair");
    assert_eq!(why("{} x"), "something follows the value");
    for wrong in ["", "01", "1.", ".5", "+1", "1e", "NaN", "[1,]", "{\"a\":1,}", "{a:1}", "'a'", "\"\t\"", "tru", "\u{feff}{}", "\"\\x\""] {
        assert!(parse(wrong.as_bytes()).is_err(), "{wrong}");
    }
}

#[test]
fn thirty_two_levels_are_read() {
    let text = format!("{}{}", "[".repeat(32), "]".repeat(32));
    assert!(parse(text.as_bytes()).is_ok());
}

#[test]
fn numbers_keep_their_digits() {
    let long = "12345678901234567890.000000000000000000001e-7";
    assert_eq!(parse(long.as_bytes()), Ok(Json::Number(long.into())));
}

fn same(ours: &Json, theirs: &serde_json::Value) -> bool {
    match (ours, theirs) {
        (Json::Null, serde_json::Value::Null) => true,
        (Json::Bool(a), serde_json::Value::Bool(b)) => a == b,
        (Json::Number(a), serde_json::Value::Number(b)) => a.parse::<f64>().ok() == b.as_f64(),
        (Json::Text(a), serde_json::Value::String(b)) => a == b,
        (Json::List(a), serde_json::Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), serde_json::Value::Object(b)) => a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b))),
        _ => false,
    }
}

fn any_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf =
        prop_oneof![Just(serde_json::Value::Null), any::<bool>().prop_map(Into::into), any::<i64>().prop_map(Into::into), any::<String>().prop_map(Into::into)];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::hash_map(any::<String>(), inner, 0..6).prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_serde_writes_is_read_alike(value in any_value()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).expect("JSON")] {
            let ours = parse(text.as_bytes()).expect("JSON");
            prop_assert!(same(&ours, &value));
        }
    }

    #[test]
    fn noise_never_panics_and_never_passes_where_serde_refuses(text in "[\\[\\]{}:,\"\\\\eE0-9.+\\-truefalsn u\u{e9}]{0,40}") {
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        match parse(text.as_bytes()) {
            // serde refuses numbers beyond a double, ours keeps them as text.
            Ok(ours) => prop_assert!(theirs.as_ref().map_or_else(|e| e.to_string().contains("out of range"), |theirs| same(&ours, theirs))),
            Err(no) => prop_assert!(theirs.is_err() || no.why == "a key stands twice in one object"),
        }
    }
}
