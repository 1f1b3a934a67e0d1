//! What the books lie on: the file is whole, and a commit is on disk.

use super::report::Violation;
use super::scan::Found;
use super::{Check, How};
use crate::command::Engine;
use std::collections::HashMap;
use tradepost_store::{BoxFuture, Fault};

pub(super) static INTEGRITY: Check = Check {
    name: "storage.integrity",
    meaning: "Commits are durable (SQLite: WAL, synchronous FULL, foreign keys on; PostgreSQL: fsync, full_page_writes, synchronous_commit), and the SQLite file is whole (beyond 1 GiB only with --full: it holds the writer).",
    how: How::Whole(look),
};

/// Beyond this many bytes the check of the file would hold the writer for more than a moment.
const CHECKED_ALWAYS: i64 = 1 << 30;

/// What a fact must be: its name and the values that are right.
const SQLITE: [(&str, &[&str]); 3] = [("journal_mode", &["wal"]), ("synchronous", &["2", "3"]), ("foreign_keys", &["1"])];
const POSTGRES: [(&str, &[&str]); 3] =
    [("fsync", &["on"]), ("full_page_writes", &["on"]), ("synchronous_commit", &["on", "remote_apply", "remote_write", "local"])];

fn look(engine: Engine, full: bool, found: &mut Found) -> BoxFuture<'_, Result<(), Fault>> {
    Box::pin(async move {
        let facts = engine.store.storage_facts().await?;
        judge(&facts, engine.store.engine() == tradepost_store::Engine::Sqlite, found);
        let number = |name: &str| facts.iter().find(|fact| fact.0 == name).and_then(|fact| fact.1.parse::<i64>().ok()).unwrap_or(0);
        if full || number("page_size").saturating_mul(number("page_count")) <= CHECKED_ALWAYS {
            for line in engine.store.integrity_check().await? {
                found.add(Violation { merchant: 0, subject: "database".to_owned(), detail: line });
            }
        }
        Ok(())
    })
}

fn judge(facts: &[(String, String)], sqlite: bool, found: &mut Found) {
    let facts: HashMap<&str, &str> = facts.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for (name, right) in if sqlite { SQLITE } else { POSTGRES } {
        found.checked += 1;
        let value = facts.get(name).copied().unwrap_or("missing");
        if !right.contains(&value) {
            found.add(Violation { merchant: 0, subject: name.to_owned(), detail: format!("is {value}, not {}", right.join(" or ")) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(sqlite: bool, facts: &[(&str, &str)]) -> Vec<String> {
        let facts: Vec<(String, String)> = facts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut found = Found::default();
        judge(&facts, sqlite, &mut found);
        found.report("storage.integrity").violations.into_iter().map(|violation| format!("{} {}", violation.subject, violation.detail)).collect()
    }

    /// PLT-2: a level at which a power cut loses commits is named.
    #[test]
    fn settings_that_lose_commits_are_named() {
        assert!(wrong(true, &[("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1")]).is_empty());
        assert_eq!(
            wrong(true, &[("journal_mode", "delete"), ("synchronous", "1"), ("foreign_keys", "0")]),
            ["journal_mode is delete, not wal", "synchronous is 1, not 2 or 3", "foreign_keys is 0, not 1"]
        );
        assert!(wrong(false, &[("fsync", "on"), ("full_page_writes", "on"), ("synchronous_commit", "local")]).is_empty());
        assert_eq!(wrong(false, &[("fsync", "off"), ("full_page_writes", "on"), ("synchronous_commit", "on")]), ["fsync is off, not on"]);
    }
}
