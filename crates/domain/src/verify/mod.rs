//! `tradepost verify` (PLT-2): every invariant over the whole database, each named. Reads all tables, writes none.
//!
//! Always true here:
//! - It runs beside a working server: a page of at most [`PAGE`] rows is one read over one snapshot, with all facts
//!   that belong together; nothing is held between two pages. All checks of a table walk over it together.
//! - What a page finds is looked at once more, in a new snapshot, before it is reported.
//! - Memory is bounded: counting is the database's work, and only the first [`SHOWN`] violations are kept.
//! - No code is ever printed, nor any other secret.
//!
//! What does not belong: repairing. Names of checks are stable: scripts and alerts rely on them.

mod announced;
mod balance_due;
mod billing;
mod codes;
pub mod counts;
mod credit;
mod fulfillments;
mod ledger;
mod licenses;
mod numbers;
mod orders;
mod partnerships;
mod plaintext;
mod prepaid;
mod prices;
mod report;
mod sales;
mod scan;
mod states;
mod stock;
mod storage;
mod sweep;
mod tenancy;
mod traces;

pub use report::{CheckReport, Options, Report, Violation};

use crate::command::Engine;
use scan::{Look, Scan, Together, Whole};
use tradepost_store::{Fault, Sql};

/// Most rows that one page begins with. PostgreSQL plans each page anew, which takes it as long as a few hundred rows.
pub const PAGE: i64 = 8_000;
/// How many violations of a check are kept; the others are counted.
pub const SHOWN: usize = 20;

/// One invariant.
#[derive(Debug)]
pub struct Check {
    /// Stable, with its area in front: `ledger.balances`.
    pub name: &'static str,
    /// What is true where it is clean, in one sentence.
    pub meaning: &'static str,
    how: How,
}

/// How a check is made.
#[derive(Debug)]
enum How {
    /// By pages of rows.
    Scans(&'static [Scan]),
    /// By a function of its own.
    Whole(Whole),
    /// By both.
    Both(Whole, &'static [Scan]),
}

/// Every check, in the order in which they run.
pub static CHECKS: &[&Check] = &[
    &ledger::TRANSFERS_BALANCE,
    &ledger::ZERO_SUM,
    &ledger::BALANCES,
    &ledger::ENTRY_CURRENCY,
    &ledger::REVERSALS,
    &ledger::POSTINGS,
    &prepaid::PREPAID_BALANCE,
    &credit::USED,
    &credit::RELEASED_FIT,
    &licenses::FUNDED,
    &states::LICENSES,
    &stock::ONE_LICENSE_PER_KEY,
    &stock::KEY_AND_LICENSE_AGREE,
    &stock::COUNTERS,
    &stock::PROMISED,
    &stock::SHOWN_NEVER_AVAILABLE,
    &stock::EXPIRY,
    &codes::CODES_OPEN,
    &licenses::PER_ITEM,
    &orders::TOTALS,
    &orders::RESERVATIONS,
    &prices::EXPLAINED,
    &states::ORDERS,
    &fulfillments::LICENSES,
    &fulfillments::STATE,
    &fulfillments::DEBITS,
    &fulfillments::REFUNDS,
    &fulfillments::PRICES,
    &fulfillments::EXTERNAL_ORDERS,
    &numbers::ORDERS,
    &numbers::INVOICES,
    &billing::INVOICE_TOTALS,
    &billing::PAYMENTS,
    &billing::ONE_LIVE_INVOICE_PER_ORDER,
    &billing::TOP_UPS,
    &traces::ORDER_PLACED,
    &announced::FULFILLMENTS,
    &announced::CANCEL_REQUESTS,
    &announced::TOP_UPS,
    &traces::RELAYED_IN_ORDER,
    &traces::REVEALS,
    &partnerships::ORDERS_PLACED,
    &partnerships::PURCHASE_DAYS,
    &partnerships::SEARCH_KEYS,
    &sales::DAYS,
    &balance_due::BALANCE_DUE,
    &tenancy::FOREIGN_KEYS,
    &tenancy::REFERENCES,
    &plaintext::NO_PLAINTEXT_CODES,
    &storage::INTEGRITY,
];

/// The first of `only` that names no check and no area, if any.
#[must_use]
pub fn unknown(only: &[String]) -> Option<&str> {
    only.iter().map(String::as_str).find(|name| !CHECKS.iter().any(|check| asked(check, name)))
}

/// Whether `name` is the check's own or its area's (`ledger`).
fn asked(check: &Check, name: &str) -> bool {
    check.name == name || check.name.split('.').next() == Some(name)
}

/// Runs the checks asked for, or all of them.
///
/// # Errors
/// [`Fault::Invariant`] where `only` names something that is no check (ask [`unknown`] first); the store's: then
/// nothing is known, and it is no violation.
pub async fn run(engine: &Engine, options: &Options) -> Result<Report, Fault> {
    if let Some(name) = unknown(&options.only) {
        return Err(Fault::invariant(format!("there is no check {name}")));
    }
    Ok(Report { checks: run_all(engine, &chosen(&options.only), options.full, |_, _| ()).await? })
}

/// The checks of these names and areas, all where there are none.
#[must_use]
pub fn chosen(only: &[String]) -> Vec<&'static Check> {
    CHECKS.iter().copied().filter(|check| only.is_empty() || only.iter().any(|name| asked(check, name))).collect()
}

/// The statements that checks judge pages by, with the checks' names: for whoever wants to see how an engine runs them. A page
/// is of merchant `$1`, after `$2`, up to `$3`.
pub fn statements() -> impl Iterator<Item = (&'static str, Sql)> {
    let of = |check: &'static &'static Check| {
        let scans = if let How::Scans(scans) | How::Both(_, scans) = check.how { scans } else { &[] };
        scans.iter().filter_map(|scan| match scan.look {
            Look::Sql(sql) | Look::Part(&Together { sql }, _) => Some((check.name, sql)),
            Look::Code(_) => None,
        })
    };
    CHECKS.iter().flat_map(of)
}

/// Runs checks together, so that each row is read as few times as can be, and says after each part of the work how many
/// parts of how many are done.
///
/// # Errors
/// The store's.
pub async fn run_all(engine: &Engine, checks: &[&'static Check], full: bool, progress: impl FnMut(u64, u64) + Send) -> Result<Vec<CheckReport>, Fault> {
    sweep::run(engine, checks, full, progress).await
}

fn table() -> String {
    let rows = CHECKS.iter().map(|check| format!("| `{}` | {} |\n", check.name, check.meaning));
    std::iter::once("| name | true where it is clean |\n|---|---|\n".to_owned()).chain(rows).collect()
}

/// `docs/verify.md`.
#[must_use]
pub fn page() -> String {
    format!(
        "# What `tradepost verify` checks\n\nGenerated from the code; names are stable. `--only` takes names or areas (`ledger`), `--full` looks at \
         everything where otherwise a sample is taken. It reads, writes nothing, and runs beside a working server: all checks of a table walk over it \
         together, each page of at most {PAGE} rows is one snapshot, nothing is held between two pages, and what is found is looked at once more in a fresh \
         snapshot before it is reported.\n\n{}\n{MEASURE}",
        table()
    )
}

/// How to find out what it takes.
const MEASURE: &str = "## What it takes\n\nMemory hardly grows with the database: counting is the database's work, a page is the most that is read at once. \
To see seconds and peak memory for yourself, fill a folder with a million orders and ten million sealed keys and check it:\n\n\
```sh\n\
cargo run --release -p tradepost-journeys --example large_database -- --to /var/tmp/large --orders 1000000 --keys 10000000\n\
cargo run --release -p tradepost-journeys --example large_database -- --check /var/tmp/large\n\
```\n\n\
`--engine postgres` fills a database beside that of `TRADEPOST_TEST_POSTGRES` and prints its URL, for `--check /var/tmp/large --database URL`; `--apart` runs the \
checks one after the other and says what each takes alone.\n";

#[cfg(test)]
mod tests {
    use super::*;

    /// Where its statistics are older than the first row of an action, PostgreSQL takes the index by action for the shorter way to the audit rows of a
    /// subject, and walks it whole for every row of a page: within a minute of its first sales a check ran into the time limit of statements.
    #[test]
    fn audit_rows_of_a_subject_are_not_looked_for_by_their_action() {
        let mut seen = 0;
        for (check, sql) in statements() {
            for part in sql.pg.split("audit a ").skip(1).filter(|part| part.contains("a.subject = ")) {
                seen += 1;
                let (before, _) = part.split_once(')').unwrap_or((part, ""));
                assert!(!before.contains("a.action =") && !before.contains("a.action IN"), "{check}: {before}");
            }
        }
        assert!(seen > 4, "{seen} looks at audit rows");
    }
}
