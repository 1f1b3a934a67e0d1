//! Two servers of one PostgreSQL that take of the same thing at the same moment: what a process orders by itself (one partnership
//! is one lane) only the database's locks order between two.

use crate::tally::{Tally, rounds};
use serde_json::json;
use tradepost_domain::access::Side;
use tradepost_domain::identity::SwitchApiKey;
use tradepost_domain::identity::api_keys::KeyOwner;
use tradepost_domain::orders::place::PlaceOrder;
use tradepost_domain::{ApiKeyId, FulfillmentId, No};
use tradepost_kernel::api_key::KeyKind;
use tradepost_store::{params, sql};
use tradepost_testkit::http::{Asker, Reply};
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
            ordering.push(async move { app.execute(&caller, PlaceOrder::of(draft)).await });
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

/// CRD-4: credit for three orders, and eight confirms at two servers: all are placed, three are released, and five are held.
pub async fn the_last_credit_between_two_servers(app: TestApp) {
    let acme = app.merchant("Acme Software").await;
    let (orders, fit, rounds) = (8, 3, rounds(5));
    let product = acme.product("KEY-PRO").price("10.00").keys(orders * rounds).await;
    let apps = [app.clone(), app.beside().await];
    let mut tally = Tally::of("last_credit_apart", app.kind, None);
    for round in 0..rounds {
        let buyer = acme.reseller(&format!("Contoso {round}")).credit("35.00").await;
        let mut ordering = Vec::new();
        for n in 0..orders {
            let draft = buyer.order(&[("KEY-PRO", 1)]).draft().await;
            let (app, caller) = (apps[n % 2].clone(), buyer.owner());
            ordering.push(async move { app.execute(&caller, PlaceOrder::of(draft)).await });
        }
        let ordering: Vec<_> = ordering.into_iter().map(tokio::spawn).collect();
        let mut released = 0;
        for ordering in ordering {
            let placed = match ordering.await.expect("no panic") {
                Ok(placed) => placed,
                Err(no) => panic!("round {round}: accepted, released or held: {no:?}"),
            };
            let order = app.find_order(acme.number, placed.order).await.expect("the order");
            released += usize::from(!order.is_held());
        }
        assert_eq!(released, fit, "round {round}: as many orders as the credit holds");
        assert_eq!(usize::try_from(buyer.available(product.number).await), Ok(fit), "round {round}: the licenses of those");
        tally.rounds += 1;
        tally.done += orders;
    }
    apps[1].house.close().await;
    tally.finish();
}

/// What a key that was switched off is tried for.
#[derive(Clone, Copy, Debug)]
enum Road {
    /// A sale: the key is not looked up but asked for in the command's own transaction.
    Sale,
    /// The same for a sale that this server has answered before, whose outcome is kept.
    SaleAgain,
    /// A sale by the client of Shoppex.
    Shoppex,
    /// An order, which looks the key up.
    Order,
    /// A look.
    Look,
}

impl Road {
    const ALL: [Self; 5] = [Self::Sale, Self::SaleAgain, Self::Shoppex, Self::Order, Self::Look];

    async fn take(self, shop: &Asker, name: &str) -> Reply {
        let email = "ada@customer.example";
        match self {
            Self::Sale | Self::SaleAgain => {
                let sale = json!({"external_order_id": name, "product": "KEY-EXT", "quantity": 1, "customer_email": email});
                shop.once(name).post("/v1/reseller/fulfillments", sale).await
            }
            Self::Shoppex => {
                let sale = json!({"external_order_id": name, "product_id": "KEY-EXT", "quantity": 1, "customer_email": email});
                shop.once(name).post("/reseller/v1/fulfillments", sale).await
            }
            Self::Order => shop.post("/v1/reseller/orders", json!({"items": [{"product": "KEY-EXT", "quantity": 1}]})).await,
            Self::Look => shop.get("/v1/reseller/balance").await,
        }
    }
}

/// PAR-16: a key that one server switches off while the other has just served it and holds it in memory: the other's next call with it is
/// refused, by whichever road it comes, and no code is shown again. What is on again works there at once.
pub async fn a_key_that_the_other_server_switches_off(app: TestApp) {
    let acme = app.merchant("Acme Software").await;
    let rounds = rounds(Road::ALL.len());
    acme.product("KEY-EXT").price("1.00").keys(2 * rounds + Road::ALL.len()).await;
    let apps = [app.clone(), app.beside().await];
    let http = apps[1].http().await;
    let mut tally = Tally::of("revoked_key_apart", app.kind, None);
    for round in 0..rounds {
        let contoso = acme.reseller(&format!("Contoso {round}")).await;
        contoso.top_up("100.00").await;
        let shop = http.with(&contoso.key().await);
        let (key,): (ApiKeyId,) = app.row(sql!("SELECT id FROM api_key WHERE partnership = $1"), params![contoso.partnership()].to_vec()).await;
        let owner = KeyOwner { merchant: acme.number, partnership: Some(contoso.partnership()) };
        let switch = |on| SwitchApiKey { owner, key, kind: KeyKind::Partnership, by: Side::Reseller, on };
        Road::Sale.take(&shop, "first").await.must(201);
        apps[0].does(&contoso.owner(), switch(false)).await;
        // Each road is the very next call of one round.
        for at in 0..Road::ALL.len() {
            let road = Road::ALL[(round + at) % Road::ALL.len()];
            let name = if matches!(road, Road::SaleAgain) { "first" } else { "second" };
            let reply = road.take(&shop, name).await;
            assert_eq!(reply.said(), (401, "unauthenticated".into()), "round {round}: {road:?} with a key that another server had switched off");
            assert!(!reply.text().contains("KEY-EXT-"), "round {round}: {road:?} shows a code");
        }
        apps[0].does(&contoso.owner(), switch(true)).await;
        Road::Sale.take(&shop, "second").await.must(201);
        let sold = app.number(sql!("SELECT COUNT(*) FROM fulfillment WHERE partnership = $1"), params![contoso.partnership()].to_vec()).await;
        assert_eq!(sold, 2, "round {round}: what was sold while the key was on");
        tally.rounds += 1;
        tally.done += 2;
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

/// CRD-4
#[test]
fn the_last_credit_is_given_once_at_two_servers() {
    tradepost_testkit::run(Kind::Postgres, "last_credit_apart", the_last_credit_between_two_servers);
}

/// PAR-16
#[test]
fn a_key_that_one_server_switched_off_is_refused_by_the_other() {
    tradepost_testkit::run(Kind::Postgres, "revoked_key_apart", a_key_that_the_other_server_switches_off);
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
    fn the_credit_drill_notices_two_servers_without_a_lock: "partnership.unlocked" on Postgres makes the_last_credit_between_two_servers;
    fn the_key_race_notices_a_credential_that_another_server_cached: "credential.cached" on Postgres makes a_key_that_the_other_server_switches_off;
    fn the_external_order_drill_notices_two_servers_without_lock_or_second_look: "partnership.unlocked,postgres.unique_unretried" on Postgres makes one_external_order_between_two_servers;
}
