//! Each page is read by the key that it is a range of, and what belongs to its rows by an index of its own: where SQLite takes
//! another one it walks a whole table for each page or row, which nobody sees until the table is large.

use crate::place::{self, Place};
use tradepost_domain::verify;
use tradepost_kernel::Id;
use tradepost_store::{Engine as Database, params};

/// What a merchant's rows are counted for as a whole, not row by row.
const WHOLE: [&str; 5] = ["ledger.zero_sum", "numbers.orders", "billing.invoice_numbers", "outbox.relayed_in_order", "stock.promised"];

/// Whether a line of a plan reads a page by where it begins and ends, or the one row of it that matters.
fn is_range_of_its_key(line: &str) -> bool {
    line.contains(">? AND ") && line.contains("<?)") || line.contains("(rowid=?)") || line.contains("counter_1 (merchant=? AND name=?)")
}

/// Whether a line walks a table, or all rows of a merchant, or a page for each row that something is joined to. What the statement made itself
/// is no table.
fn walks(line: &str, plan: &[String]) -> bool {
    let made = |name: &str| plan.iter().any(|line| line.trim() == format!("CO-ROUTINE {name}"));
    line.contains("merchant>?") || (line.contains(">?") && line.contains("LEFT-JOIN")) || line.trim().strip_prefix("SCAN ").is_some_and(|name| !made(name))
}

#[test]
fn a_page_is_a_range_of_its_key() {
    place::run(Database::Sqlite, walked);
}

async fn walked(place: Place) {
    let engine = place.engine().await;
    let mut wrong = Vec::new();
    for (check, sql) in verify::statements() {
        let id = Id::<()>::from_bytes([7; 16]);
        let plan = engine.store.explain(sql, params![1, id, id]).await.expect("a plan");
        let whole = !WHOLE.contains(&check) && plan.iter().any(|line| line.contains("(merchant=?)"));
        if whole || plan.iter().any(|line| walks(line, &plan)) || !plan.iter().any(|line| is_range_of_its_key(line)) {
            wrong.push(format!("{check}: {}\n  {}", sql.lite, plan.join("\n  ")));
        }
    }
    engine.store.close().await;
    place.forget().await;
    assert!(wrong.is_empty(), "{} of them\n{}", wrong.len(), wrong.join("\n\n"));
}
