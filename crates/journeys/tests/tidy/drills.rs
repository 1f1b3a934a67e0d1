//! Every bug that a debug build can commit stands in the list of drills, and some test has it in.

use crate::source::Source;
use crate::{assert_none, tree};
use std::collections::BTreeSet;

const ASKED: &str = "sabotage::is(";

/// The bugs that a file commits when it is told to.
fn bugs(source: &Source) -> impl Iterator<Item = String> {
    let literal = move |at: usize| source.literals.iter().find(move |literal| literal.at == at + ASKED.len()).map(|literal| literal.text.clone());
    source.finds(ASKED).into_iter().filter_map(literal)
}

fn wrong(bugs: &BTreeSet<String>, list: &str, twins: &BTreeSet<String>) -> Vec<String> {
    let untold = bugs.iter().filter(|bug| !list.contains(&format!("`{bug}`"))).map(|bug| format!("{bug} does not stand in docs/drills.md"));
    let unnoticed = bugs.iter().filter(|bug| !twins.contains(*bug)).map(|bug| format!("{bug} is in no test: what notices it?"));
    untold.chain(unnoticed).collect()
}

#[test]
fn every_bug_is_told_and_noticed() {
    let bugs: BTreeSet<String> = tree::house().flat_map(bugs).collect();
    assert!(bugs.len() > 10, "the bugs were not found");
    let is_test = |source: &&Source| ["crates/journeys/tests/drills/", "crates/journeys/tests/it/"].iter().any(|folder| source.path.starts_with(folder));
    let tests = tree::sources().iter().filter(is_test);
    // A twin may have several in at once.
    let twins: BTreeSet<String> = tests.flat_map(|source| &source.literals).flat_map(|literal| literal.text.split(',').map(str::to_owned)).collect();
    assert_none("bugs", &wrong(&bugs, &tree::read("docs/drills.md"), &twins));
}

#[test]
fn a_bug_that_nobody_told_or_noticed_is_found() {
    let source = Source::new("crates/x/src/a.rs", "fn f() { if sabotage::is(\"a.b\") || kernel::sabotage::is(\"c.d\") { g(\"e.f\") } }");
    let bugs: BTreeSet<String> = bugs(&source).collect();
    assert_eq!(bugs, BTreeSet::from(["a.b".to_owned(), "c.d".to_owned()]));
    let twins = BTreeSet::from(["a.b".to_owned()]);
    assert_eq!(wrong(&bugs, "`c.d`", &twins), ["a.b does not stand in docs/drills.md", "c.d is in no test: what notices it?"]);
}
