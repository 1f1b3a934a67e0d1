//! Documents that are made from the code, and stay what the code says. `UPDATE_DOCS=1` writes them anew.

use crate::{events, tree};
use tradepost_domain::access::{Right, Side};
use tradepost_domain::notices::rules;
use tradepost_web::{codes, openapi};

const NOTE: &str = "<!-- Made from the code by `UPDATE_DOCS=1 cargo test -p tradepost-journeys --test tidy`; a test fails where it is not true. -->\n\n";

fn joined(rows: impl IntoIterator<Item = String>) -> String {
    rows.into_iter().collect()
}

/// Whether the documents are written anew.
pub fn are_written() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}

/// Who holds which right, and every route with the right it needs.
pub fn access() -> String {
    let rights = |side: Side| {
        let row = |right: &Right| {
            let keys = if right.is_for_keys() { "yes" } else { "no" };
            format!("| `{}` | {} | {} | {keys} |\n", right.name(), right.doc(), right.holders().join(", "))
        };
        format!("| right | what it allows | roles | API keys |\n|---|---|---|---|\n{}", joined(Right::ALL.iter().filter(|right| right.side() == side).map(row)))
    };
    format!(
        "# Who may do what\n\n{NOTE}Roles hold rights; API keys are given some of the rights of their side, \
         except what is for people: a reseller's users and profile belong to the company, a key to one of its programs; what one user asks another, \
         and who owns a merchant, is between people. A person or key of the other side is told that there is \
         nothing (404), one of the own side without the right gets 403 `forbidden`.\n\n## Rights of a merchant\n\n{}\n## Rights of a reseller\n\n{}\n## Every route\n\n\
         \"While not active\": whether it answers while the partnership is pending, denied, suspended or closed. \
         \"Proof: fresh\": a session is asked to prove that it still is its person where that was more than 15 minutes ago (403 `fresh_proof_required`, `POST /v1/me/proofs`); \
         keys are not asked.\n\n{}",
        rights(Side::Merchant),
        rights(Side::Reseller),
        openapi::access_table(&tradepost::routes::all())
    )
}

fn errors() -> String {
    let mut known: Vec<_> = codes::CODES.iter().collect();
    known.sort_by_key(|code| (code.status, code.code));
    let rows = known.into_iter().map(|code| format!("| {} | `{}` | {} |\n", code.status, code.code, code.meaning));
    format!(
        "# Errors\n\n{NOTE}Every no is `application/problem+json` (RFC 9457); `code` is what a program looks at.\n\n| status | code | meaning |\n|---|---|---|\n{}",
        joined(rows)
    )
}

fn event_kinds() -> String {
    let mut known = events::MEANINGS.to_vec();
    known.sort_unstable();
    let mails = |kind: &str| rules::of(kind).map(|rule| format!("`{}`", rule.template.name())).collect::<Vec<_>>().join(", ");
    let rows = known.into_iter().map(|(kind, meaning)| format!("| `{kind}` | {meaning} | {} |\n", mails(kind)));
    format!(
        "# Events\n\n{NOTE}Written in the transaction that caused them; they hold ids and numbers, never a secret.\n\n| event | what happened | mail |\n|---|---|---|\n{}",
        joined(rows)
    )
}

/// What is wrong with a document, if anything: the first line that differs.
fn differs(path: &str, kept: Option<&str>, made: &str) -> Option<String> {
    let Some(kept) = kept else { return Some(format!("{path} is not there; UPDATE_DOCS=1 writes it")) };
    if kept == made {
        return None;
    }
    let lines = kept.lines().chain(std::iter::repeat("(end)")).zip(made.lines().chain(["(end)"]));
    let (was, is) = lines.into_iter().find(|(was, is)| was != is).unwrap_or(("(more)", "(end)"));
    Some(format!("{path} says\n    {was}\n  and the code says\n    {is}\n  (UPDATE_DOCS=1 writes it)"))
}

fn keep(path: &str, made: &str) {
    let file = tree::root().join(path);
    if are_written() {
        std::fs::write(&file, made).expect("the document is written");
    }
    let kept = std::fs::read_to_string(&file).ok();
    assert_eq!(differs(path, kept.as_deref(), made), None);
}

/// PAR-14
#[test]
fn the_table_of_rights_is_what_the_code_says() {
    keep("docs/access.md", &access());
}

#[test]
fn the_list_of_errors_is_what_the_code_says() {
    keep("docs/errors.md", &errors());
}

/// PLT-5
#[test]
fn the_list_of_events_is_what_the_code_says() {
    keep("docs/events.md", &event_kinds());
}

/// PLT-2
#[test]
fn the_list_of_checks_is_what_the_code_says() {
    keep("docs/verify.md", &tradepost_domain::verify::page());
}

#[test]
fn a_document_that_is_not_true_any_more_is_told() {
    assert_eq!(differs("a", Some("x\ny\n"), "x\ny\n"), None);
    for (kept, shown) in [(Some("x\n"), "(end)"), (Some("x\nz\n"), "z"), (Some("x\ny\nz\n"), "z"), (None, "not there")] {
        let told = differs("a", kept, "x\ny\n").expect("it differs");
        assert!(told.contains(shown), "{told}");
    }
}
