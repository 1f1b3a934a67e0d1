//! Every name of a field that the domain writes into the audit trail has words on the page that shows the trail.

use crate::source::{Source, closing};
use crate::tree;
use std::collections::BTreeSet;
use std::ops::Range;
use tradepost_portal::shared::history::FIELDS;

/// The names in `json!({"name": …})` and `….["name"] = …`: what is written before and after, and told in events.
fn names(source: &Source) -> BTreeSet<String> {
    let range = |at: usize| at..closing(&source.code, at + "json!".len());
    let inside: Vec<Range<usize>> = source.finds("json!(").into_iter().map(range).collect();
    let is_name = |at: usize, text: &str| {
        let rest = source.code.get(at + text.len() + 2..).unwrap_or("").trim_start();
        let is_key = rest.starts_with(':') && !rest.starts_with("::") && inside.iter().any(|range| range.contains(&at));
        is_key || (rest.starts_with("] = ") && source.code.get(..at).is_some_and(|before| before.ends_with('[')))
    };
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    source.house_literals().filter(|literal| is_word(&literal.text) && is_name(literal.at, &literal.text)).map(|literal| literal.text.clone()).collect()
}

/// PLT-4. Mails take their variables from elsewhere; terms and currencies of prices are named by what they are.
#[test]
fn every_field_of_the_trail_has_words() {
    let domain = tree::house().filter(|source| source.krate() == "domain" && !source.path.contains("/notices/"));
    let written: BTreeSet<String> = domain.flat_map(names).collect();
    assert!(written.len() > 100 && written.contains("accepted_terms") && written.contains("price_list"), "the fields were not found: {written:?}");
    let known = |name: &str| FIELDS.iter().any(|(known, _, _)| *known == name);
    let found: Vec<String> =
        written.iter().filter(|name| !known(name)).map(|name| format!("{name} has no words in portal/src/shared/history/fields.rs")).collect();
    crate::assert_none("fields", &found);
    assert!(FIELDS.is_sorted_by(|one, other| one.0 < other.0), "by name, each once");
}

#[test]
fn a_name_is_found_wherever_it_is_written() {
    let text = "fn f() { let x = json!({\"a_b\": 1, \"c\": json!({\"d\": g(\"no\")})}); after[\"e\"] = json!(u); x[\"no\"]; g(\"no\"); }";
    let found = names(&Source::new("crates/domain/src/orders/place.rs", text));
    assert_eq!(found, BTreeSet::from(["a_b", "c", "d", "e"].map(str::to_owned)));
}
