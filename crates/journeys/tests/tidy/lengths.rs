//! How long functions and files may get. What is longer stands in `tidy-ratchet.txt` with its length: it may shrink,
//! never grow, and a line that is not true any more fails, so that the list only gets shorter.
//!
//! `UPDATE_RATCHET=1 cargo test -p tradepost-journeys --test tidy` writes what has shrunk; it never adds nor raises.

use crate::source::{Source, body, closing, find_words, is_word};
use crate::{assert_none, tree};
use std::collections::BTreeMap;

const FUNCTION: usize = 70;
const FILE: usize = 400;
const LIST: &str = "crates/journeys/tidy-ratchet.txt";
const HEAD: &str = "# Functions of more than 70 lines and files of more than 400 (tests not counted), as long as they are now.\n# They may shrink, not grow; see tests/tidy/lengths.rs. Lines are only ever taken out or lowered.\n";

/// The functions of a file that are no tests, by name, with their lines from `fn` to the last brace.
fn functions(source: &Source) -> Vec<(String, usize)> {
    let code = &source.code;
    let mut found = Vec::new();
    for at in find_words(code, "fn ").filter(|at| !source.is_test(*at)) {
        let name: String = code[at + 3..].bytes().take_while(|byte| is_word(*byte)).map(char::from).collect();
        if let Some(open) = body(code, at).filter(|_| !name.is_empty()) {
            let lines = source.line(closing(code, open) - 1) - source.line(at) + 1;
            found.push((name, lines));
        }
    }
    found
}

/// What is too long, by what it is called in the list. Of several functions of one name the longest.
fn too_long<'a>(sources: impl Iterator<Item = &'a Source>) -> BTreeMap<String, usize> {
    let mut long = BTreeMap::new();
    for source in sources {
        let all = functions(source).into_iter().map(|(name, lines)| (format!("{} fn {name}", source.path), lines, FUNCTION));
        for (name, lines, limit) in all.chain([(source.path.clone(), source.house_lines(), FILE)]) {
            let known = long.get(&name).copied().unwrap_or(limit);
            if lines > known {
                long.insert(name, lines);
            }
        }
    }
    long
}

fn listed(text: &str) -> BTreeMap<String, usize> {
    let lines = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '));
    lines.filter_map(|(length, name)| Some((name.to_owned(), length.parse().ok()?))).collect()
}

fn wrong(long: &BTreeMap<String, usize>, listed: &BTreeMap<String, usize>) -> Vec<String> {
    let grown = long.iter().filter_map(|(name, lines)| match listed.get(name) {
        None => Some(format!("{name}: {lines} lines; divide it")),
        Some(allowed) if lines > allowed => Some(format!("{name}: grew from {allowed} to {lines} lines; divide it")),
        Some(allowed) if lines < allowed => Some(format!("{name}: shrank from {allowed} to {lines} lines; write that into {LIST}")),
        Some(_) => None,
    });
    let gone = listed.keys().filter(|name| !long.contains_key(*name)).map(|name| format!("{name}: is not too long any more; take it out of {LIST}"));
    grown.chain(gone).collect()
}

/// The list with everything that shrank.
fn lowered(long: &BTreeMap<String, usize>, listed: &BTreeMap<String, usize>) -> String {
    let left = listed.iter().filter_map(|(name, allowed)| long.get(name).map(|lines| format!("{} {name}\n", lines.min(allowed))));
    std::iter::once(HEAD.to_owned()).chain(left).collect()
}

#[test]
fn functions_and_files_do_not_grow_beyond_their_limits() {
    let shipped = tree::sources().iter().filter(|source| source.path.contains("/src/"));
    let long = too_long(shipped);
    let mut list = listed(&tree::read(LIST));
    if std::env::var_os("UPDATE_RATCHET").is_some() {
        let text = lowered(&long, &list);
        std::fs::write(tree::root().join(LIST), &text).expect("the list is written");
        list = listed(&text);
    }
    assert_none("lengths", &wrong(&long, &list));
}

#[test]
fn what_is_too_long_or_has_grown_is_told() {
    let long_function = format!("fn short() {{}}\npub async fn long(\n    a: [u8; 3],\n) {{\n{}}}\n", "    x();\n".repeat(70));
    let source = Source::new("crates/x/src/a.rs", &long_function);
    assert_eq!(functions(&source), [("short".to_owned(), 1), ("long".to_owned(), 74)]);
    let long = too_long([&source, &Source::new("crates/x/src/b.rs", &"//\n".repeat(401))].into_iter());
    let names: Vec<(&str, usize)> = long.iter().map(|(name, lines)| (name.as_str(), *lines)).collect();
    assert_eq!(names, [("crates/x/src/a.rs fn long", 74), ("crates/x/src/b.rs", 401)]);
    let told = |list: &str| wrong(&long, &listed(list)).len();
    assert_eq!(told("74 crates/x/src/a.rs fn long\n401 crates/x/src/b.rs\n"), 0);
    assert_eq!(told("73 crates/x/src/a.rs fn long\n401 crates/x/src/b.rs\n"), 1, "it grew");
    assert_eq!(told("75 crates/x/src/a.rs fn long\n401 crates/x/src/b.rs\n"), 1, "it shrank");
    assert_eq!(told("74 crates/x/src/a.rs fn long\n"), 1, "it is new");
    assert_eq!(told("74 crates/x/src/a.rs fn long\n401 crates/x/src/b.rs\n500 crates/x/src/c.rs\n"), 1, "it is stale");
    let after = lowered(&long, &listed("73 crates/x/src/a.rs fn long\n450 crates/x/src/b.rs\n500 crates/x/src/c.rs\n"));
    assert_eq!(after, format!("{HEAD}73 crates/x/src/a.rs fn long\n401 crates/x/src/b.rs\n"));
}

#[test]
fn tests_may_be_as_long_as_their_story() {
    let text = format!("fn a() {{}}\n#[cfg(test)]\nmod tests {{\n    fn b() {{\n{}    }}\n}}\n", "        x();\n".repeat(500));
    assert!(too_long([&Source::new("crates/x/src/a.rs", &text)].into_iter()).is_empty());
}
