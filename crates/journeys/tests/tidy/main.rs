//! Rules about the text of the repository itself: floors, the order of slices, who owns which table, how long things
//! may get, words that stand nowhere, and documents that are made from the code. Needs no database.
//!
//! Each file is one rule: a pure function over sources that returns what is wrong, a run over the repository, and
//! small bad examples that prove that the rule notices them.

mod access;
mod architecture;
mod documents;
mod drills;
mod events;
mod fields;
mod floors;
mod lengths;
mod packages;
mod requirements;
mod slices;
mod source;
mod sql;
mod tables;
mod tree;
mod words;

/// Something that is allowed although the rule says no, and why. One that nothing needs any more fails the test.
struct Exception {
    /// Begins what is found: `path` or `path: table`.
    what: &'static str,
    /// Why it stands.
    reason: &'static str,
}

/// What is found minus the exceptions, plus the exceptions that nothing needs.
fn without(found: Vec<String>, exceptions: &[Exception]) -> Vec<String> {
    let excuses = |exception: &Exception, one: &String| one.starts_with(exception.what);
    let stale = exceptions
        .iter()
        .filter(|exception| !found.iter().any(|one| excuses(exception, one)))
        .map(|exception| format!("the exception \"{}\" ({}) is not needed any more", exception.what, exception.reason));
    let left = found.iter().filter(|one| !exceptions.iter().any(|exception| excuses(exception, one)));
    left.cloned().chain(stale).collect()
}

/// Fails with one line per finding.
fn assert_none(rule: &str, found: &[String]) {
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}

#[test]
fn an_exception_that_nothing_needs_is_told() {
    let exceptions = [Exception { what: "a.rs: ", reason: "once" }, Exception { what: "b.rs: ", reason: "still" }];
    let left = without(vec!["b.rs: 1: x".into(), "c.rs: 2: y".into()], &exceptions);
    assert_eq!(left, ["c.rs: 2: y", "the exception \"a.rs: \" (once) is not needed any more"]);
}
