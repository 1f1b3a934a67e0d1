//! What a whole database holds, in numbers: for a benchmark's audit, which knows what must be there.

use tradepost_store::{Fault, Reader, Sql, sql};

/// Everything that is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Placed orders.
    pub orders: i64,
    /// Different numbers of placed orders.
    pub order_numbers: i64,
    /// Fulfillments of external shops.
    pub fulfillments: i64,
    /// What they took from prepaid balances, in minor units.
    pub fulfilled_minor: i64,
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

/// Counts. Each number is a scan and a statement of its own: not for a server under way.
///
/// # Errors
/// The store's.
pub async fn counts(reader: &mut Reader<'_>) -> Result<Counts, Fault> {
    Ok(Counts {
        orders: number(reader, sql!("SELECT COUNT(*) FROM orders WHERE placed_ms IS NOT NULL")).await?,
        order_numbers: number(reader, sql!("SELECT COUNT(*) FROM (SELECT DISTINCT merchant, number FROM orders WHERE placed_ms IS NOT NULL) x")).await?,
        fulfillments: number(reader, sql!("SELECT COUNT(*) FROM fulfillment")).await?,
        fulfilled_minor: number(reader, sql!("SELECT CAST(COALESCE(SUM(total_minor), 0) AS bigint) FROM fulfillment")).await?,
        licenses: number(reader, sql!("SELECT COUNT(*) FROM license")).await?,
        keys_of_licenses: number(reader, sql!("SELECT COUNT(DISTINCT license_key) FROM license")).await?,
        keys_taken: number(reader, sql!("SELECT COUNT(*) FROM license_key WHERE state <> 0")).await?,
        keys: number(reader, sql!("SELECT COUNT(*) FROM license_key")).await?,
        entries_minor: number(reader, sql!("SELECT CAST(COALESCE(SUM(amount_minor), 0) AS bigint) FROM entry")).await?,
        balances_minor: number(reader, sql!("SELECT CAST(COALESCE(SUM(balance_minor), 0) AS bigint) FROM account")).await?,
        events: number(reader, sql!("SELECT COUNT(*) FROM outbox")).await?,
        commands: number(reader, sql!("SELECT COUNT(*) FROM command")).await?,
    })
}

async fn number(reader: &mut Reader<'_>, sql: Sql) -> Result<i64, Fault> {
    reader.query_one(sql, &[]).await
}
