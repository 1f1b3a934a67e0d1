//! Words that stand nowhere, or only where they belong.

use crate::source::Source;
use crate::{assert_none, tree};

/// A word, in which crates it is forbidden (empty: in all), and in which files it belongs all the same.
struct Word {
    text: &'static str,
    crates: &'static [&'static str],
    belongs: &'static [&'static str],
    instead: &'static str,
}

const fn word(text: &'static str, crates: &'static [&'static str], belongs: &'static [&'static str], instead: &'static str) -> Word {
    Word { text, crates, belongs, instead }
}

const NO_PANIC: &[&str] = &["domain", "web", "worker", "documents", "store", "kernel"];
const TASKS: &[&str] = &[
    "crates/app/src/bench.rs",
    "crates/app/src/bench/bare_keys.rs",
    "crates/app/src/bench/load.rs",
    "crates/app/src/bench/minimal/postgres.rs",
    "crates/app/src/bench/place.rs",
    "crates/app/src/bench/seed.rs",
    "crates/app/src/control.rs",
    "crates/app/src/serve.rs",
    "crates/store/src/pg.rs",
    "crates/store/src/pg/lanes.rs",
    "crates/store/src/pg/statistics.rs",
    "crates/web/src/api/fulfillment_download.rs",
    "crates/web/src/api/license_keys/file.rs",
    "crates/web/src/authenticate.rs",
    "crates/web/src/floor.rs",
    "crates/web/src/server.rs",
];
/// How long a repeated transaction waits is no outcome.
const JITTER: &[&str] = &["crates/store/src/pg/transact.rs"];
const CLOCK: &[&str] = &["crates/kernel/src/environment.rs"];
const CLI: &[&str] = &["crates/app/src/cli.rs", "crates/app/src/demo.rs"];

const WORDS: &[Word] = &[
    word("todo!", &[], &[], "do it, or leave it out"),
    word("unimplemented!", &[], &[], "do it, or leave it out"),
    word("dbg!", &[], &[], "tracing"),
    word("println!", &[], &[], "tracing, or the command line's own output"),
    word("print!", &[], &["crates/app/src/demo.rs"], "tracing, or the command line's own output"),
    word("eprintln!", &[], CLI, "tracing"),
    word(".unwrap()", NO_PANIC, &[], "an error that stays one"),
    word(".expect(", NO_PANIC, &[], "an error that stays one"),
    word(".unwrap_err()", NO_PANIC, &[], "an error that stays one"),
    word("SystemTime::now", &[], CLOCK, "the environment's clock"),
    word("rand::random", &[], &[], "the environment's randomness"),
    word("rand::rng", &[], JITTER, "the environment's randomness"),
    word("tokio::spawn", &[], TASKS, "the request's own task, or the outbox"),
    word("f32", &["kernel", "domain"], &[], "minor units and whole numbers"),
    word("f64", &["kernel", "domain"], &[], "minor units and whole numbers"),
];

fn wrong(source: &Source) -> Vec<String> {
    let applies = |word: &&Word| (word.crates.is_empty() || word.crates.contains(&source.krate())) && !word.belongs.contains(&source.path.as_str());
    let tell = |word: &Word| {
        source.finds(word.text).into_iter().map(|at| format!("{}: {} (instead: {})", source.place(at), word.text, word.instead)).collect::<Vec<_>>()
    };
    WORDS.iter().filter(applies).flat_map(tell).collect()
}

/// A file that a word belongs in no more.
fn stale(sources: &[&Source]) -> Vec<String> {
    let used = |word: &Word, path: &str| sources.iter().any(|source| source.path == path && !source.finds(word.text).is_empty());
    WORDS
        .iter()
        .flat_map(|word| {
            word.belongs.iter().filter(|path| !used(word, path)).map(|path| format!("{path}: {} is not there any more; take the file out", word.text))
        })
        .collect()
}

#[test]
fn words_stand_where_they_belong() {
    let house: Vec<&Source> = tree::house().collect();
    let mut found: Vec<String> = house.iter().flat_map(|source| wrong(source)).collect();
    found.extend(stale(&house));
    assert_none("words", &found);
}

#[test]
fn words_that_stand_elsewhere_are_told() {
    let look = |path: &str, text: &str| wrong(&Source::new(path, text)).len();
    for bad in [
        "todo!()",
        "dbg!(x)",
        "println!(\"x\")",
        "a.unwrap()",
        "a.expect(\"x\")",
        "std::time::SystemTime::now()",
        "let a: f64 = b;",
        "tokio::spawn(x)",
        "rand::random()",
    ] {
        assert_eq!(look("crates/domain/src/orders/place.rs", &format!("fn f() {{ {bad} }}")), 1, "{bad}");
    }
    for fine in ["// todo!()", "a.unwrap_or(b)", "a.unwrap_or_default()", "call(\"println!\")", "#[cfg(test)]\nmod tests { fn f() { a.unwrap() } }"] {
        assert_eq!(look("crates/domain/src/orders/place.rs", fine), 0, "{fine}");
    }
    assert_eq!(look("crates/app/src/cli.rs", "eprintln!(\"x\")"), 0);
    assert_eq!(look("crates/web/src/floor.rs", "tokio::spawn(x)"), 0);
    assert_eq!(stale(&[]).len(), WORDS.iter().map(|word| word.belongs.len()).sum::<usize>());
}
