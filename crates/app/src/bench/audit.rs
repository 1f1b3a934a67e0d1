//! After the measuring: what was acknowledged is there, exactly once, and nothing else; the books add up.

use super::place::Database;
use super::seed::PRICE_MINOR;
use crate::house::Trouble;
use tradepost_domain::Engine;
use tradepost_domain::verify::counts::{Counts, counts};
use tradepost_domain::verify::{Options, run};

/// What must have been added since the counting before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Added {
    /// Placed orders.
    pub(super) orders: usize,
    /// Fulfillments of external shops.
    pub(super) fulfillments: usize,
    /// Licenses sold, each with a key of its own.
    pub(super) licenses: usize,
    /// Keys that arrived.
    pub(super) keys: usize,
}

/// Counts a database that nobody has open.
pub(super) async fn before(database: &Database) -> Result<Counts, Trouble> {
    let house = database.open().await?;
    let counted = count(&house.engine).await;
    house.close().await;
    counted
}

/// Compares a database that nobody has open with what was acknowledged, and lets `verify` look at everything.
///
/// # Errors
/// [`Trouble`] names what is not exact.
pub(super) async fn check(name: &str, database: &Database, before: Counts, added: Added) -> Result<(), Trouble> {
    let house = database.open().await?;
    let done = async {
        let found = count(&house.engine).await?;
        compare(before, found, added).map_err(|what| Trouble(format!("the audit of the {name} failed: {what}")))?;
        let report = run(&house.engine, &Options::default()).await?;
        let violated: Vec<&str> = report.checks.iter().filter(|check| check.total > 0).map(|check| check.name).collect();
        if violated.is_empty() { Ok(()) } else { Err(Trouble(format!("the audit of the {name} failed: verify names {}", violated.join(", ")))) }
    };
    let done = done.await;
    house.close().await;
    done
}

async fn count(engine: &Engine) -> Result<Counts, Trouble> {
    Ok(engine.store.read(|reader| Box::pin(async move { counts(reader).await })).await?)
}

fn compare(before: Counts, found: Counts, added: Added) -> Result<(), String> {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let rows = [
        ("orders", before.orders, found.orders, added.orders),
        ("numbers of orders", before.order_numbers, found.order_numbers, added.orders),
        ("fulfillments", before.fulfillments, found.fulfillments, added.fulfillments),
        ("cents of fulfillments", before.fulfilled_minor, found.fulfilled_minor, added.fulfillments * PRICE_MINOR as usize),
        ("licenses", before.licenses, found.licenses, added.licenses),
        ("different keys of licenses", before.keys_of_licenses, found.keys_of_licenses, added.licenses),
        ("keys taken", before.keys_taken, found.keys_taken, added.licenses),
        ("keys", before.keys, found.keys, added.keys),
    ];
    for (what, before, found, added) in rows {
        if found - before != number(added) {
            return Err(format!("{added} {what} were acknowledged, {} are there", found - before));
        }
    }
    if (found.entries_minor, found.balances_minor) != (0, 0) {
        return Err(format!("entries sum to {}, balances to {}, not to 0", found.entries_minor, found.balances_minor));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_not_exact_is_named() {
        let before = Counts { orders: 1, order_numbers: 1, licenses: 75, keys_of_licenses: 75, keys_taken: 75, keys: 100, ..Counts::default() };
        let good = Counts { orders: 2, order_numbers: 2, licenses: 76, keys_of_licenses: 76, keys_taken: 76, ..before };
        let added = Added { orders: 1, licenses: 1, ..Added::default() };
        assert_eq!(compare(before, good, added), Ok(()));
        let told = |found: Counts| compare(before, found, added).expect_err("not exact");
        assert_eq!(told(Counts { keys_of_licenses: 75, ..good }), "1 different keys of licenses were acknowledged, 0 are there");
        assert_eq!(told(Counts { orders: 3, ..good }), "1 orders were acknowledged, 2 are there");
        assert!(told(Counts { balances_minor: 5, ..good }).contains("balances to 5"));
    }
}
