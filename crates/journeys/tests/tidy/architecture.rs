//! `ARCHITECTURE.md` names every folder that there is, and only those.

use crate::{assert_none, tree};

/// Texts between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

/// Those that name a path of the repository.
fn paths(text: &str) -> Vec<&str> {
    let in_repository = |path: &&str| ["crates/", "docs/", "migrations/", "scripts/", "examples/"].iter().any(|root| path.starts_with(root));
    quoted(text).into_iter().filter(in_repository).collect()
}

/// What the document does not name, and what it names that is not there.
fn wrong(text: &str, wanted: &[String], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let names = quoted(text);
    let missing = wanted.iter().filter(|name| !names.contains(&name.as_str())).map(|name| format!("{name} is not named"));
    let gone = paths(text).into_iter().filter(|path| !exists(path)).map(|path| format!("{path} is named and not there"));
    missing.chain(gone).collect()
}

/// The slices in the order in which the document names them.
fn told_order(text: &str, slices: &[String]) -> Vec<String> {
    let (_, paragraph) = text.split_once("\n`crates/domain/src/`:").unwrap_or(("", ""));
    let paragraph = paragraph.split("\n\n").next().unwrap_or("");
    quoted(paragraph).into_iter().filter(|name| slices.iter().any(|slice| slice == name)).map(str::to_owned).collect()
}

#[test]
fn the_architecture_names_every_crate_and_slice_that_there_is() {
    let text = tree::read("ARCHITECTURE.md");
    let slices = tree::slices();
    let crates = tree::crates().into_iter().map(|name| format!("crates/{name}"));
    let wanted: Vec<String> = crates.chain(slices.iter().cloned()).collect();
    assert_none("ARCHITECTURE.md", &wrong(&text, &wanted, |path| tree::root().join(path).exists()));
    assert_eq!(told_order(&text, &slices), slices, "ARCHITECTURE.md tells another order of slices than domain/src/lib.rs");
}

#[test]
fn a_folder_that_is_not_there_and_a_slice_that_is_not_named_are_told() {
    let text = "`crates/web` and `crates/common/src` hold `orders`.\n`crates/domain/src/`: `stock`,\n`orders`.\n\n`stock`\n";
    let told = wrong(text, &["orders".into(), "credit".into()], |path| path == "crates/web" || path == "crates/domain/src/");
    assert_eq!(told, ["credit is not named", "crates/common/src is named and not there"]);
    assert_eq!(told_order(text, &["orders".into(), "stock".into()]), ["stock", "orders"]);
}
