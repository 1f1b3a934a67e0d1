//! Two servers of one PostgreSQL that take of the same thing at the same moment: what a process orders by itself (one partnership
//! is one lane) only the database's locks order between two.

use crate::tally::{Tally, rounds};
use tradepost_domain::{FulfillmentId, No};
use tradepost_store::{params, sql};
use tradepost_testkit::{Kind, Reseller, TestApp};

/// What one call came to: the fulfillment, or why not.
type Came = Result<FulfillmentId, String>;

/// Calls with these external order ids, by turns at one server and the other.
async fn sell(apps: &[TestApp; 2], shop: &Reseller, ids: Vec<String>, email: impl Fn(usize) -> Option<String>) -> Vec<Came> {
    let mut selling = Vec::new();
    for (n, id) in ids.into_iter().enumerate() {
        let (app, caller, mut sale) = (apps[n % 2].clone(), shop.owner(), shop.sale(&id, "KEY-EXT", 1));
        sale.customer_name = email(n);
        selling.push(tokio::spawn(async move { app.execute(&caller, sale).await }));
    }
    let mut came = Vec::new();
    for selling in selling {
        came.push(match selling.await.expect("no panic") {
            Ok(outcome) => Ok(outcome.fulfillment),
            Err(No::Refusal(refusal)) => Err(refusal.code.to_owned()),
            Err(No::Fault(fault)) => panic!("{fault:?}"),
        });
    }
    came
}

/// EXT-2, EXT-3: a balance for ten, and 64 sales at two servers: ten are served, and the last cent is spent once.
pub async fn the_last_cent_between_two_servers(app: TestApp) {
    let acme = app.merchant("Acme Software").await;
    let (sales, served, rounds) = (64, 10, rounds(3));
    acme.product("KEY-EXT").price("1.01").keys(sales * rounds).await;
    let apps = [app.clone(), app.beside().await];
    let mut tally = Tally::of("last_cent_apart", app.kind, None);
    for round in 0..rounds {
        let shop = acme.reseller(&format!("Contoso {round}")).await;
        shop.top_up("10.10").await;
        let came = sell(&apps, &shop, (0..sales).map(|n| n.to_string()).collect(), |_| None).await;
        let done = came.iter().filter(|came| came.is_ok()).count();
        assert!(came.iter().flat_map(|came| came.as_ref().err()).all(|code| code == "insufficient_balance"), "round {round}: {came:?}");
        assert_eq!(done, served, "round {round}: as many sales as the balance pays");
        assert_eq!(app.balance(&shop).await, 0, "round {round}: the last cent");
        tally.rounds += 1;
        tally.done += done;
    }
    apps[1].house.close().await;
    tally.finish();
}

/// STK-3: ten keys, wanted by sales of a shop and by orders on credit at two servers: ten go out, each once.
pub async fn the_last_keys_between_two_servers(app: TestApp) {
    let acme = app.merchant("Acme Software").await;
    let (each, keys, rounds) = (24, 10, rounds(3));
    let product = acme.product("KEY-EXT").price("1.00").await;
    let shop = acme.reseller("Contoso").credit("100000.00").await;
    shop.top_up("100000.00").await;
    let buyer = acme.reseller("Fabrikam").credit("100000.00").await;
    let apps = [app.clone(), app.beside().await];
    let mut tally = Tally::of("last_keys_apart", app.kind, None);
    for round in 0..rounds {
        product.arrive(round * keys + 1, keys).await;
        let mut ordering = Vec::new();
        for n in 0..each {
            let draft = buyer.order(&[("KEY-EXT", 1)]).draft().await;
            let (app, caller) = (apps[n % 2].clone(), buyer.owner());
            ordering.push(async move { app.execute(&caller, tradepost_domain::orders::place::PlaceOrder::of(draft)).await });
        }
        let ordering: Vec<_> = ordering.into_iter().map(tokio::spawn).collect();
        let sold = sell(&apps, &shop, (0..each).map(|n| format!("{round}-{n}")).collect(), |_| None).await;
        let mut ordered = 0;
        for ordering in ordering {
            match ordering.await.expect("no panic") {
                Ok(_) => ordered += 1,
                Err(No::Refusal(refusal)) => assert_eq!(refusal.code, "out_of_stock", "round {round}"),
                Err(No::Fault(fault)) => panic!("round {round}: {fault:?}"),
            }
        }
        let sales = sold.iter().filter(|came| came.is_ok()).count();
        assert_eq!(sales + ordered, keys, "round {round}: as many as there are keys, not {sales} sales and {ordered} orders");
        let twice = sql!("SELECT COUNT(*) - COUNT(DISTINCT license_key) FROM license WHERE merchant = $1 AND license_key IS NOT NULL");
        assert_eq!(app.number(twice, params![acme.number].to_vec()).await, 0, "round {round}: every key in one hand");
        tally.rounds += 1;
        tally.done += keys;
    }
    apps[1].house.close().await;
    tally.finish();
}

/// EXT-4: one external order id at two servers, each call without a key of its own: equal ones find the one fulfillment, of different
/// ones one wins.
pub async fn one_external_order_between_two_servers(app: TestApp) {
    let acme = app.merchant("Acme Software").await;
    let (calls, rounds) = (24, rounds(3));
    acme.product("KEY-EXT").price("1.00").keys(2 * rounds + calls).await;
    let shop = acme.reseller("Contoso").await;
    shop.top_up("10000.00").await;
    let apps = [app.clone(), app.beside().await];
    let mut tally = Tally::of("one_external_order_apart", app.kind, None);
    for round in 0..rounds {
        let equal = sell(&apps, &shop, vec![format!("equal-{round}"); calls], |_| None).await;
        assert!(equal[0].is_ok() && equal.iter().all(|came| *came == equal[0]), "round {round}: equal contents, one fulfillment: {equal:?}");
        let different = sell(&apps, &shop, vec![format!("other-{round}"); calls], |n| Some(format!("Customer {n}"))).await;
        assert_eq!(different.iter().filter(|came| came.is_ok()).count(), 1, "round {round}: of different contents one wins: {different:?}");
        assert!(different.iter().flat_map(|came| came.as_ref().err()).all(|code| code == "external_order_conflict"), "round {round}: {different:?}");
        tally.rounds += 1;
        tally.done += 2;
    }
    apps[1].house.close().await;
    tally.finish();
}

/// STK-3, EXT-2, EXT-3, EXT-4: by the locks of the database alone.
#[test]
fn the_last_cent_is_spent_once_at_two_servers() {
    tradepost_testkit::run(Kind::Postgres, "last_cent_apart", the_last_cent_between_two_servers);
}

/// STK-3
#[test]
fn the_last_keys_go_out_once_at_two_servers() {
    tradepost_testkit::run(Kind::Postgres, "last_keys_apart", the_last_keys_between_two_servers);
}

/// EXT-4
#[test]
fn one_external_order_is_fulfilled_once_at_two_servers() {
    tradepost_testkit::run(Kind::Postgres, "one_external_order_apart", one_external_order_between_two_servers);
}

tradepost_testkit::sabotage_test! {
    fn the_balance_drill_notices_two_servers_without_a_lock: "partnership.unlocked" on Postgres makes the_last_cent_between_two_servers;
    fn the_key_drill_notices_a_double_claim_at_two_servers: "stock.double_claim" on Postgres makes the_last_keys_between_two_servers;
    fn the_external_order_drill_notices_two_servers_without_a_lock: "partnership.unlocked" on Postgres makes one_external_order_between_two_servers;
}
