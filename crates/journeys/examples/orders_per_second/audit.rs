//! What must be exact after the run: orders, licenses, keys, books.

use crate::clients::Server;
use crate::seed::{ITEMS, QUANTITY};
use tradepost_domain::verify;
use tradepost_store::{params, sql};

/// Counts, and lets `verify` look at everything.
///
/// # Panics
/// Where something does not add up.
pub async fn check(server: &Server, orders: usize, json: bool) {
    let begun = std::time::Instant::now();
    server.house.worker.run_until_idle().await.expect("the worker works");
    let relayed = begun.elapsed();
    let counts = server.house.engine.store.read(|reader| {
        Box::pin(async move {
            let counts = sql!(
                "SELECT (SELECT COUNT(*) FROM orders WHERE placed_ms IS NOT NULL), (SELECT COUNT(DISTINCT number) FROM orders WHERE placed_ms IS NOT NULL),
                 (SELECT COUNT(*) FROM license), (SELECT COUNT(DISTINCT license_key) FROM license), (SELECT COUNT(*) FROM license_key WHERE state <> 0),
                 (SELECT CAST(SUM(amount_minor) AS bigint) FROM entry), (SELECT CAST(SUM(balance_minor) AS bigint) FROM account)"
            );
            reader.query_one::<(i64, i64, i64, i64, i64, i64, i64)>(counts, params![]).await
        })
    });
    let counts = counts.await.expect("counts");
    let (orders, licenses) = (i64::try_from(orders).expect("a count"), i64::try_from(orders * ITEMS * QUANTITY).expect("a count"));
    assert_eq!(counts, (orders, orders, licenses, licenses, licenses, 0, 0), "orders, numbers, licenses, keys of licenses, keys taken, entries, balances");
    let report = verify::run(&server.house.engine, &verify::Options::default()).await.expect("verify runs");
    assert!(report.is_clean(), "{:?}", report.violated());
    if !json {
        println!(
            "exact: {orders} orders, {licenses} licenses with as many keys, books at 0, verify clean; the worker was {:.1} s behind",
            relayed.as_secs_f64()
        );
    }
}
