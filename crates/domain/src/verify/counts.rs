//! What a whole database holds, in numbers: for a benchmark's audit, which knows what must be there.

use tradepost_store::{Fault, Reader, params, sql};

/// Everything that is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Placed orders.
    pub orders: i64,
    /// Different numbers of placed orders.
    pub order_numbers: i64,
    /// Licenses.
    pub licenses: i64,
    /// Different keys of licenses.
    pub keys_of_licenses: i64,
    /// Keys that are not available any more.
    pub keys_taken: i64,
    /// Keys, in stock or not.
    pub keys: i64,
    /// The sum of all entries, in minor units.
    pub entries_minor: i64,
    /// The sum of all balances, in minor units.
    pub balances_minor: i64,
    /// Events.
    pub events: i64,
    /// Commands that wrote something.
    pub commands: i64,
}

/// Counts. Each number is a scan: not for a server under way.
///
/// # Errors
/// The store's.
pub async fn counts(reader: &mut Reader<'_>) -> Result<Counts, Fault> {
    type Sold = (i64, i64, i64, i64, i64, i64);
    let sold: Sold = reader
        .query_one(
            sql!(
                "SELECT (SELECT COUNT(*) FROM orders WHERE placed_ms IS NOT NULL),
                 (SELECT COUNT(*) FROM (SELECT DISTINCT merchant, number FROM orders WHERE placed_ms IS NOT NULL) x),
                 (SELECT COUNT(*) FROM license), (SELECT COUNT(DISTINCT license_key) FROM license),
                 (SELECT COUNT(*) FROM license_key WHERE state <> 0), (SELECT COUNT(*) FROM license_key)"
            ),
            params![],
        )
        .await?;
    let books: (i64, i64, i64, i64) = reader
        .query_one(
            sql!(
                "SELECT (SELECT CAST(COALESCE(SUM(amount_minor), 0) AS bigint) FROM entry),
                 (SELECT CAST(COALESCE(SUM(balance_minor), 0) AS bigint) FROM account),
                 (SELECT COUNT(*) FROM outbox), (SELECT COUNT(*) FROM command)"
            ),
            params![],
        )
        .await?;
    let (orders, order_numbers, licenses, keys_of_licenses, keys_taken, keys) = sold;
    let (entries_minor, balances_minor, events, commands) = books;
    Ok(Counts { orders, order_numbers, licenses, keys_of_licenses, keys_taken, keys, entries_minor, balances_minor, events, commands })
}
