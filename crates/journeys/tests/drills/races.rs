//! Races: what must come out exact whoever comes first. Each drill has a twin that takes the guard out and proves that
//! the drill notices (feature `sabotage`).

use crate::tally::{Tally, rounds};
use serde_json::json;
use std::collections::HashSet;
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use tradepost_domain::access::Side;
use tradepost_domain::identity::SwitchApiKey;
use tradepost_domain::identity::api_keys::KeyOwner;
use tradepost_store::{params, sql};
use tradepost_testkit::{PlacedOrder, TestApp, app_test, sabotage_test};

/// CRD-4: two confirms at once never both fit into credit that holds one.
pub async fn two_confirms_for_the_last_credit(app: TestApp) {
    let acme = app.merchant("Acme Software").await;
    let rounds = rounds(20);
    let mut tally = Tally::of("last_credit", app.kind, None);
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
        tally.rounds += 1;
        tally.done += 2;
    }
    tally.finish();
}

/// STK-3: N clients on M keys: M get one each, all distinct, the others hear `out_of_stock`.
pub async fn many_clients_on_the_last_keys(app: TestApp) {
    let acme = app.merchant("Acme Software").await;
    let (clients, keys, rounds) = (256, 10, rounds(3));
    let mut tally = Tally::of("last_keys", app.kind, None);
    let product = acme.product("KEY-PRO").price("1.00").await;
    let mut resellers = Vec::new();
    for n in 0..16 {
        resellers.push(acme.reseller(&format!("Reseller {n}")).credit("100000.00").await);
    }
    for round in 0..rounds {
        product.arrive(round * keys + 1, keys).await;
        // The drafts side by side: made one after the other they took most of the time.
        let drafting: Vec<_> = (0..clients)
            .map(|n| {
                let reseller = resellers[n % resellers.len()].clone();
                tokio::spawn(async move { (reseller.clone(), reseller.order(&[("KEY-PRO", 1)]).draft().await) })
            })
            .collect();
        let mut drafts = Vec::new();
        for drafting in drafting {
            drafts.push(drafting.await.expect("a draft"));
        }
        let begun = Instant::now();
        let confirms: Vec<_> = drafts.into_iter().map(|(reseller, draft)| tokio::spawn(async move { reseller.confirm(draft).await })).collect();
        let mut served: Vec<PlacedOrder> = Vec::new();
        for confirm in confirms {
            match confirm.await.expect("no panic") {
                Ok(placed) => served.push(placed),
                Err(refusal) => assert_eq!(refusal.code, "out_of_stock", "round {round}"),
            }
        }
        tally.waited(begun.elapsed());
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
        tally.rounds += 1;
        tally.done += served.len();
    }
    tally.finish();
}

/// PAR-16: callers who use a key while it is switched off: whatever was asked after the switch was acknowledged fails.
pub async fn a_key_that_is_switched_off_under_way(app: TestApp) {
    let acme = app.merchant("Acme Software").await;
    let (callers, rounds) = (16, rounds(5));
    acme.product("KEY-PRO").price("1.00").backorder().await;
    let http = app.http().await;
    let mut tally = Tally::of("revoked_key", app.kind, None);
    for round in 0..rounds {
        let contoso = acme.reseller(&format!("Contoso {round}")).credit("1000000.00").await;
        let asker = http.with(&contoso.key().await);
        let (key,) = app.row(sql!("SELECT id FROM api_key WHERE partnership = $1"), params![contoso.partnership()].to_vec()).await;
        let off: Arc<OnceLock<Instant>> = Arc::default();
        let calling: Vec<_> = (0..callers)
            .map(|caller| {
                let (asker, off) = (asker.clone(), off.clone());
                tokio::spawn(async move {
                    let (mut served, mut late) = (0, 0);
                    for n in 0.. {
                        let asked = Instant::now();
                        let body = json!({"reference": format!("{caller}-{n}"), "items": [{"product": "KEY-PRO", "quantity": 1}]});
                        let reply = asker.once(&format!("{caller}-{n}")).post("/v1/reseller/orders", body).await;
                        let is_off = off.get().is_some_and(|off| *off < asked);
                        served += usize::from(reply.status == 201);
                        late += usize::from(reply.status == 201 && is_off);
                        if is_off {
                            return (served, late);
                        }
                        assert!(matches!(reply.status, 201 | 401), "{}", reply.text());
                    }
                    (served, late)
                })
            })
            .collect();
        // Anywhere within the first few calls.
        for _ in 0..app.engine.environment.random::<1>()[0] {
            tokio::task::yield_now().await;
        }
        let owner = KeyOwner { merchant: acme.number, partnership: Some(contoso.partnership()) };
        app.does(&contoso.owner(), SwitchApiKey { owner, key, by: Side::Reseller, on: false }).await;
        off.set(Instant::now()).expect("once");
        for calling in calling {
            let (served, late) = calling.await.expect("a caller");
            assert_eq!(late, 0, "round {round}: calls with a key that had been switched off were served");
            tally.done += served;
        }
        tally.rounds += 1;
    }
    tally.finish();
}

app_test! {
    /// CRD-4
    async fn two_confirms_never_share_credit_that_holds_one(app) { super::two_confirms_for_the_last_credit(app).await; }

    /// STK-3
    async fn the_last_ten_keys_go_to_exactly_ten_of_256_clients(app) { super::many_clients_on_the_last_keys(app).await; }

    /// PAR-16
    async fn nothing_is_served_to_a_key_after_it_was_switched_off(app) { super::a_key_that_is_switched_off_under_way(app).await; }
}

sabotage_test! {
    fn the_credit_drill_notices_a_stale_exposure_on_postgres: "credit.no_lock" on Postgres makes two_confirms_for_the_last_credit;
    fn the_credit_drill_notices_a_stale_exposure_on_sqlite: "credit.no_lock" on Sqlite makes two_confirms_for_the_last_credit;
    fn the_key_drill_notices_a_double_claim_on_postgres: "stock.double_claim" on Postgres makes many_clients_on_the_last_keys;
    fn the_key_drill_notices_a_double_claim_on_sqlite: "stock.double_claim" on Sqlite makes many_clients_on_the_last_keys;
    fn the_key_race_notices_a_cached_credential_on_postgres: "credential.cached" on Postgres makes a_key_that_is_switched_off_under_way;
    fn the_key_race_notices_a_cached_credential_on_sqlite: "credential.cached" on Sqlite makes a_key_that_is_switched_off_under_way;
}
