//! Races: what must come out exact whoever comes first. Each drill has a twin that takes the guard out and proves that
//! the drill notices (feature `sabotage`).

use std::collections::HashSet;
use tradepost_testkit::{PlacedOrder, TestApp, app_test, sabotage_test};

/// Rounds: `TRADEPOST_DRILL_ROUNDS`, else what fits into `make test`.
fn rounds(usual: usize) -> usize {
    std::env::var("TRADEPOST_DRILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// CRD-4: two confirms at once never both fit into credit that holds one.
pub async fn two_confirms_for_the_last_credit(app: TestApp) {
    let acme = app.merchant("Acme Software").await;
    let rounds = rounds(20);
    acme.product("KEY-PRO").price("10.00").keys(rounds * 20).await;
    for round in 0..rounds {
        let contoso = acme.reseller(&format!("Contoso {round}")).credit("150.00").await;
        let (one, two) = (contoso.order(&[("KEY-PRO", 10)]).draft().await, contoso.order(&[("KEY-PRO", 10)]).draft().await);
        let confirm = |draft| {
            let contoso = contoso.clone();
            tokio::spawn(async move { contoso.confirm(draft).await.expect("accepted, released or held") })
        };
        let (one, two) = (confirm(one), confirm(two));
        let (one, two) = (one.await.expect("no panic"), two.await.expect("no panic"));
        let held = [app.order(&one).await.is_held(), app.order(&two).await.is_held()];
        assert_eq!(held.iter().filter(|held| **held).count(), 1, "round {round}: exactly one of the two is held, not {held:?}");
        let available = contoso.available(1).await;
        assert_eq!(available, 10, "round {round}: the licenses of one order");
    }
}

/// STK-3: N clients on M keys: M get one each, all distinct, the others hear `out_of_stock`.
pub async fn many_clients_on_the_last_keys(app: TestApp) {
    let acme = app.merchant("Acme Software").await;
    let (clients, keys, rounds) = (256, 10, rounds(3));
    let product = acme.product("KEY-PRO").price("1.00").await;
    let mut resellers = Vec::new();
    for n in 0..16 {
        resellers.push(acme.reseller(&format!("Reseller {n}")).credit("100000.00").await);
    }
    for round in 0..rounds {
        product.arrive(round * keys + 1, keys).await;
        let mut drafts = Vec::new();
        for n in 0..clients {
            let reseller = resellers[n % resellers.len()].clone();
            let draft = reseller.order(&[("KEY-PRO", 1)]).draft().await;
            drafts.push((reseller, draft));
        }
        let confirms: Vec<_> = drafts.into_iter().map(|(reseller, draft)| tokio::spawn(async move { reseller.confirm(draft).await })).collect();
        let mut served: Vec<PlacedOrder> = Vec::new();
        for confirm in confirms {
            match confirm.await.expect("no panic") {
                Ok(placed) => served.push(placed),
                Err(refusal) => assert_eq!(refusal.code, "out_of_stock", "round {round}"),
            }
        }
        assert_eq!(served.len(), keys, "round {round}: as many orders as keys");
        let mut codes = HashSet::new();
        for order in &served {
            for license in app.licenses(order).await {
                codes.insert(app.code_of(&license, acme.number).await);
            }
        }
        let expected: HashSet<String> = (round * keys + 1..=round * keys + keys).map(|n| product.code(n)).collect();
        assert_eq!(codes, expected, "round {round}: every key in exactly one hand");
        let stock = app.stock(acme.number, product.number).await;
        assert_eq!((stock.available, stock.allocated), (0, i64::try_from((round + 1) * keys).expect("small")));
    }
}

app_test! {
    /// CRD-4
    async fn two_confirms_never_share_credit_that_holds_one(app) { super::two_confirms_for_the_last_credit(app).await; }

    /// STK-3
    async fn the_last_ten_keys_go_to_exactly_ten_of_256_clients(app) { super::many_clients_on_the_last_keys(app).await; }
}

sabotage_test! {
    fn the_credit_drill_notices_a_stale_exposure_on_postgres: "credit.no_lock" on Postgres makes two_confirms_for_the_last_credit;
    fn the_credit_drill_notices_a_stale_exposure_on_sqlite: "credit.no_lock" on Sqlite makes two_confirms_for_the_last_credit;
    fn the_key_drill_notices_a_double_claim_on_postgres: "stock.double_claim" on Postgres makes many_clients_on_the_last_keys;
    fn the_key_drill_notices_a_double_claim_on_sqlite: "stock.double_claim" on Sqlite makes many_clients_on_the_last_keys;
}
