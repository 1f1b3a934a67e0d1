//! `tradepost verify` beside a working server: what is only on its way is no violation, and what is wrong is named all
//! the same (PLT-2).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tradepost_domain::orders::reveal::RevealLicense;
use tradepost_domain::verify::{self, Options};
use tradepost_testkit::{Merchant, Reseller, TestApp, app_test};

/// What verify finds right now, by name.
async fn violated(app: &TestApp) -> Vec<String> {
    let report = verify::run(&app.engine, &Options::default()).await.expect("it can be checked");
    let named = report.checks.into_iter().filter(|check| check.total > 0);
    named.map(|check| format!("{}: {:?}", check.name, check.violations.first())).collect()
}

/// Orders, some paid, some looked at, some canceled; one after the other.
async fn does_business(app: TestApp, acme: Merchant, reseller: Reseller, orders: usize) {
    for nth in 0..orders {
        let order = reseller.order(&[("KEY-PRO", 3), ("KEY-LITE", 1)]).place().await;
        match nth % 4 {
            0 => acme.pay(order.invoice, "40.00").await,
            1 => acme.cancel(order.id).await,
            2 => {
                let license = app.licenses(&order).await[0].id;
                app.does(&reseller.owner(), RevealLicense { license }).await;
            }
            _ => {}
        }
    }
}

app_test! {
    /// PLT-2
    async fn verify_beside_a_working_server_reports_nothing_that_is_only_on_its_way(app) {
        let (acme, orders) = (app.merchant("Acme Software").await, 25);
        // Where a look takes long, business goes on until there were enough of them.
        let waves = 5;
        acme.product("KEY-PRO").price("10.00").keys(6 * orders * 3 * waves).await;
        acme.product("KEY-LITE").price("10.00").keys(6 * orders * waves).await;
        let (rounds, mut busy) = (Arc::new(AtomicUsize::new(0)), Vec::new());
        for nth in 0..6 {
            let reseller = acme.reseller(&format!("Reseller {nth}")).credit("100000.00").await;
            let (app, acme, rounds) = (app.clone(), acme.clone(), rounds.clone());
            busy.push(tokio::spawn(async move {
                for _ in 0..waves {
                    does_business(app.clone(), acme.clone(), reseller.clone(), orders).await;
                    if rounds.load(Ordering::SeqCst) >= 3 {
                        return;
                    }
                }
            }));
        }
        let done = Arc::new(AtomicBool::new(false));
        let (watching, over, seen) = (app.clone(), done.clone(), rounds.clone());
        let looks = tokio::spawn(async move {
            while !over.load(Ordering::SeqCst) {
                let found = violated(&watching).await;
                assert!(found.is_empty(), "in round {}: {found:#?}", seen.load(Ordering::SeqCst));
                seen.fetch_add(1, Ordering::SeqCst);
            }
        });
        let (working, over) = (app.clone(), done.clone());
        let works = tokio::spawn(async move {
            while !over.load(Ordering::SeqCst) {
                working.work().await;
            }
        });
        for one in busy {
            one.await.expect("business goes on beside it");
        }
        done.store(true, Ordering::SeqCst);
        works.await.expect("the worker goes on beside it");
        looks.await.expect("nothing was reported");
        let rounds = rounds.load(Ordering::SeqCst);
        assert!(rounds >= 3, "only {rounds} rounds ran beside the orders");
    }

    /// PLT-2: the same look names what is wrong, or its silence above would say nothing.
    async fn verify_beside_a_working_server_names_what_is_wrong(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(60).await;
        acme.product("KEY-LITE").price("10.00").keys(20).await;
        let reseller = acme.reseller("Contoso").credit("10000.00").await;
        let spoil = |by: i64| format!("UPDATE account SET balance_minor = balance_minor + {by} WHERE kind = 'sales'");
        let before = reseller.order(&[("KEY-PRO", 1)]).place().await;
        app.past_the_store(&[spoil(1)]).await;
        let busy = tokio::spawn(does_business(app.clone(), acme.clone(), reseller.clone(), 12));
        let found = violated(&app).await;
        busy.await.expect("business goes on beside it");
        app.past_the_store(&[spoil(-1)]).await;
        assert!(found.iter().any(|line| line.starts_with("ledger.balances")), "{found:?}");
        acme.pay(before.invoice, "10.00").await;
    }
}
