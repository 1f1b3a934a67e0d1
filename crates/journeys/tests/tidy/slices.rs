//! The order of slices: the modules of `domain/src/lib.rs` stand in call order.

use crate::source::{Source, closing};
use crate::{Exception, assert_none, tree, without};

/// Files that every slice may use, and that name none.
pub const BASE: &[&str] = &["access", "audit", "command", "csv", "ids", "listing", "outbox"];

/// The names right behind `crate::`, those in braces included.
fn named(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for at in source.finds("crate::") {
        if source.code[..at].ends_with('$') {
            continue;
        }
        let from = at + "crate::".len();
        let mut heads = vec![from];
        if source.code[from..].starts_with('{') {
            heads = heads_in_braces(&source.code, from);
        }
        let word = |from: usize| source.code[from..].chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect::<String>();
        found.extend(heads.into_iter().map(|head| (head, word(head))));
    }
    found
}

/// Where each path in `{a, b::{c, d}, e}` begins.
fn heads_in_braces(code: &str, open: usize) -> Vec<usize> {
    let end = closing(code, open) - 1;
    let (mut at, mut heads, mut fresh) = (open + 1, Vec::new(), true);
    while at < end {
        let byte = code.as_bytes()[at];
        if byte == b'{' {
            at = closing(code, at);
            continue;
        }
        if byte == b',' {
            fresh = true;
        } else if fresh && !byte.is_ascii_whitespace() {
            heads.push(at);
            fresh = false;
        }
        at += 1;
    }
    heads
}

/// Later slices that a file names; any slice at all where it is a file of the base.
fn wrong(source: &Source, slices: &[String]) -> Vec<String> {
    let inside = source.path.trim_start_matches("crates/domain/src/");
    let room = inside.split('/').next().unwrap_or("").trim_end_matches(".rs");
    if room == "lib" {
        return Vec::new();
    }
    let place = |name: &str| slices.iter().position(|slice| slice == name);
    let mine = place(room);
    if mine.is_none() && !BASE.contains(&room) {
        return vec![format!("{}: is neither a slice nor a file of the base", source.path)];
    }
    let later = |name: &str| match (mine, place(name)) {
        (Some(mine), Some(other)) => other > mine,
        (None, other) => other.is_some(),
        (Some(_), None) => false,
    };
    named(source).into_iter().filter(|(_, name)| later(name)).map(|(at, name)| format!("{}: {room} names {name}", source.place(at))).collect()
}

const EXCEPTIONS: &[Exception] = &[];

#[test]
fn a_slice_calls_only_those_before_it() {
    let slices = tree::slices();
    assert!(slices.len() >= 12, "the slices were not found: {slices:?}");
    let found = tree::house().filter(|source| source.krate() == "domain").flat_map(|source| wrong(source, &slices)).collect();
    assert_none("order of slices", &without(found, EXCEPTIONS));
}

#[test]
fn a_call_toward_the_end_of_the_list_is_told() {
    let slices = ["identity", "stock", "orders"].map(str::to_owned);
    let look = |path: &str, text: &str| wrong(&Source::new(path, text), &slices);
    let stock = "use crate::{Right, identity::Person, orders::{place, cancel}};\nfn f() { crate::orders::place() } // crate::orders\n";
    assert_eq!(
        look("crates/domain/src/stock/claim.rs", stock),
        ["crates/domain/src/stock/claim.rs:1: stock names orders", "crates/domain/src/stock/claim.rs:2: stock names orders"]
    );
    assert_eq!(look("crates/domain/src/orders/mod.rs", "use crate::{identity, stock};").len(), 0);
    assert_eq!(look("crates/domain/src/outbox/mod.rs", "use crate::identity::Person;").len(), 1);
    assert_eq!(look("crates/domain/src/util.rs", "").len(), 1);
    assert_eq!(look("crates/domain/src/stock/mod.rs", "#[cfg(test)]\nmod tests { use crate::orders::place; }").len(), 0);
}
