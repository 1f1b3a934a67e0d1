//! Calls of external shops that come again: after their key died, in another spelling, under a key that found something.

use crate::shop::{fulfill, shop};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use tradepost_domain::access::ResellerRole;
use tradepost_domain::command::Idempotency;
use tradepost_domain::fulfillments::{Named, RevealFulfillment};
use tradepost_domain::ids::FulfillmentId;
use tradepost_domain::orders::place::PlaceOrder;
use tradepost_domain::partners::SuspendPartnership;
use tradepost_domain::{Caller, Engine, No, Origin};
use tradepost_store::{params, sql};
use tradepost_testkit::{TestApp, app_test, origin};

const PATH: &str = "/v1/reseller/fulfillments";

fn call(external_order_id: &str, quantity: i64) -> Json {
    json!({"external_order_id": external_order_id, "product": "KEY-PRO", "quantity": quantity, "customer_email": "ada@customer.example"})
}

/// A key for the shop: its secret and its path for the reseller.
async fn key(owner: &tradepost_testkit::http::Asker) -> (String, String) {
    let made = owner.post("/v1/reseller/api-keys", json!({"name": "Shop", "scopes": ["fulfillments.create"]})).await.must(201);
    let id = made["api_key"]["id"].as_str().or(made["id"].as_str()).expect("an id").to_owned();
    (made["secret"].as_str().expect("the key, once").to_owned(), format!("/v1/reseller/api-keys/{id}"))
}

async fn looks(app: &TestApp) -> i64 {
    app.number(sql!("SELECT COUNT(*) FROM audit WHERE action = $1"), params!["fulfillment.revealed"].to_vec()).await
}

app_test! {
    /// PAR-16, PLT-3, STK-5: a repeated call is answered with its codes while its key lives, each look is in the audit trail, and
    /// a key that is off gets nothing, not even what it got before; switched on again it works at once.
    async fn a_repeated_call_is_answered_to_a_living_key_only(app) {
        let shop = shop(&app, 5).await;
        let http = app.http().await;
        let owner = http.with(&shop.contoso.signs_in(ResellerRole::Owner).await);
        let (secret, path) = key(&owner).await;
        let asker = http.with(&secret).once("call-1");
        let first = asker.post(PATH, call("A-1", 1)).await.must(201);
        assert!(first["items"][0]["code"].is_string());
        assert_eq!(looks(&app).await, 0, "the first answer is the delivery itself");
        assert_eq!(asker.post(PATH, call("A-1", 1)).await.must(201), first);
        assert_eq!(looks(&app).await, 1);
        owner.act(&format!("{path}/disable")).await.must(200);
        assert_eq!(asker.post(PATH, call("A-1", 1)).await.said(), (401, "unauthenticated".into()), "the same call again");
        assert_eq!(http.with(&secret).post(PATH, call("A-1", 1)).await.said(), (401, "unauthenticated".into()), "the same order again");
        assert_eq!(looks(&app).await, 1);
        // A server that sees the key for the first time now.
        let other = app.http().await;
        let late = other.with(&secret);
        assert_eq!(late.post(PATH, call("A-2", 1)).await.said(), (401, "unauthenticated".into()));
        owner.act(&format!("{path}/enable")).await.must(200);
        late.post(PATH, call("A-2", 1)).await.must(201);
        assert_eq!(other.with(&secret).once("call-1").post(PATH, call("A-1", 1)).await.must(201), first);
    }

    /// EXT-4, PLT-3: a key that only found what an earlier call had done is spent, too.
    async fn a_key_that_found_an_earlier_order_answers_that_and_no_other(app) {
        let shop = shop(&app, 5).await;
        let http = app.http().await;
        let secret = shop.contoso.key().await;
        let first = http.with(&secret).once("call-1").post(PATH, call("A-1", 1)).await.must(201);
        let again = http.with(&secret).once("call-2");
        assert_eq!(again.post(PATH, call("A-1", 1)).await.must(201)["id"], first["id"]);
        assert_eq!(again.post(PATH, call("A-2", 1)).await.said(), (422, "idempotency_key_reused".into()));
        assert_eq!(again.post(PATH, call("A-1", 1)).await.must(201)["id"], first["id"]);
        assert_eq!(shop.balance().await, 100_000_000 - 1_000);
    }

    /// PLT-3: what was answered lately is answered again from what was committed. No turn in the writer's queue is spent on it,
    /// and another body under its key is refused as ever.
    async fn a_repeated_call_waits_for_no_writer(app) {
        let shop = shop(&app, 5).await;
        let buyer = shop.acme.reseller("Globex").credit("100.00").await;
        let order = buyer.order(&[("KEY-PRO", 1)]).draft().await;
        let keyed = |body: u8| {
            let idempotency = Some(Idempotency { route: "POST confirm".into(), key: "once".into(), body_hash: [body; 32] });
            app.engine.execute(Origin { idempotency, ..origin(&buyer.owner()) }, PlaceOrder::of(order))
        };
        assert!(!keyed(1).await.expect("it is placed").replayed);
        let before = app.engine.store.stats();
        assert!(keyed(1).await.expect("it was placed").replayed);
        assert!(matches!(keyed(2).await, Err(No::Refusal(no)) if no.code == "idempotency_key_reused"));
        assert_eq!(app.engine.store.stats().groups, before.groups, "a write was begun");
        // A server that never saw the key asks the writer, and from then on knows it.
        let other = Engine { recent: Arc::default(), ..app.engine.clone() };
        let again = |engine: &Engine| {
            let idempotency = Some(Idempotency { route: "POST confirm".into(), key: "once".into(), body_hash: [1; 32] });
            let (engine, origin) = (engine.clone(), Origin { idempotency, ..origin(&buyer.owner()) });
            async move { engine.execute(origin, PlaceOrder::of(order)).await.expect("it was placed").replayed }
        };
        assert!(again(&other).await);
        assert_eq!(app.engine.store.stats().groups, before.groups + 1);
        assert!(again(&other).await);
        assert_eq!(app.engine.store.stats().groups, before.groups + 1);
    }

    /// STK-5, EXT-4: looks that wait together are judged and audited each, as one after the other.
    async fn looks_that_wait_together_are_each_judged_and_audited(app) {
        let shop = shop(&app, 5).await;
        let (one, two) = (shop.sells("A-1", 1).await, shop.sells("A-2", 2).await);
        let stranger = shop.acme.reseller("Fabrikam").await;
        let away = shop.acme.reseller("Initech").await;
        app.does(&shop.acme.owner(), SuspendPartnership { partnership: away.partnership() }).await;
        let look = |caller: &Caller, fulfillment: Named| (origin(caller), RevealFulfillment { fulfillment, again: false });
        let owner = shop.contoso.owner();
        let answers = app.together(vec![
            look(&owner, Named::Id(one)),
            look(&owner, Named::ExternalOrder("A-2".into())),
            look(&stranger.owner(), Named::Id(one)),
            look(&stranger.owner(), Named::ExternalOrder("A-1".into())),
            look(&away.owner(), Named::Id(one)),
            look(&owner, Named::Id(two)),
            look(&owner, Named::ExternalOrder("A-3".into())),
        ]);
        let said: Vec<Result<(FulfillmentId, usize), &str>> = answers.await.into_iter().map(|answer| match answer {
            Ok(done) => Ok((done.outcome.fulfillment, done.outcome.shown.expect("its licenses").1.len())),
            Err(No::Refusal(no)) => Err(no.code),
            Err(No::Fault(fault)) => panic!("{fault}"),
        }).collect();
        let not_found = Err("not_found");
        assert_eq!(said, [Ok((one, 1)), Ok((two, 2)), not_found, not_found, Err("partnership_not_active"), Ok((two, 2)), not_found]);
        assert_eq!(looks(&app).await, 3);
    }

    /// EXT-4: twins that wait together find each other as they would one after the other, however each names the product.
    async fn twins_in_one_set_may_name_the_product_differently(app) {
        let shop = shop(&app, 5).await;
        let caller = shop.contoso.owner();
        let by_id = tradepost_domain::fulfillments::Fulfill { product: shop.product.id.text(), ..fulfill("A-1", 1) };
        let asked = vec![(origin(&caller), fulfill("A-1", 1)), (origin(&caller), by_id), (origin(&caller), fulfill("A-2", 1))];
        let answers = app.together(asked).await;
        let done: Vec<_> = answers.into_iter().map(|answer| answer.map(|done| (done.outcome.fulfillment, done.replayed)).expect("it succeeds")).collect();
        assert_eq!(done[0].0, done[1].0);
        assert_eq!(done.iter().map(|done| done.1).collect::<Vec<_>>(), [false, true, false]);
        assert_ne!(done[0].0, done[2].0);
        assert_eq!(shop.balance().await, 100_000_000 - 2_000);
    }

    /// EXT-4, PLT-3: in one set the same key twice does it once and answers twice; with another body it is refused; and a key that was
    /// only refused is tried afresh, by the next call of the same set.
    async fn one_key_twice_in_one_set_of_fulfillments_is_one_fulfillment(app) {
        let shop = shop(&app, 5).await;
        let caller = shop.contoso.owner();
        let keyed = |key: &str, body: u8, order: &str, quantity: i64| {
            let idempotency = Some(Idempotency { route: format!("POST {PATH}"), key: key.into(), body_hash: [body; 32] });
            (Origin { idempotency, ..origin(&caller) }, fulfill(order, quantity))
        };
        let before = app.engine.store.stats();
        let answers = app.together(vec![
            keyed("one", 1, "A-1", 1),
            keyed("one", 1, "A-1", 1),
            keyed("one", 2, "A-2", 1),
            keyed("two", 1, "B-1", 6),
            keyed("two", 2, "B-1", 2),
            keyed("one", 1, "A-1", 1),
            keyed("two", 2, "B-1", 2),
        ]);
        let said: Vec<Result<(FulfillmentId, bool), &str>> = answers.await.into_iter().map(|answer| match answer {
            Ok(done) => Ok((done.outcome.fulfillment, done.replayed)),
            Err(No::Refusal(no)) => Err(no.code),
            Err(No::Fault(fault)) => panic!("{fault}"),
        }).collect();
        assert_eq!(app.engine.store.stats().in_sets - before.in_sets, 7, "they ran as one set");
        let (one, two) = (said[0].expect("it is done").0, said[4].expect("it is done").0);
        assert_eq!(said, [
            Ok((one, false)), Ok((one, true)), Err("idempotency_key_reused"),
            Err("out_of_stock"), Ok((two, false)), Ok((one, true)), Ok((two, true)),
        ]);
        assert_eq!(app.number(sql!("SELECT COUNT(*) FROM fulfillment"), Vec::new()).await, 2);
        assert_eq!(shop.balance().await, 100_000_000 - 3_000);
    }

    /// FUL-3: a license that a shop sold is handed on by its fulfillment only.
    async fn a_license_of_a_fulfillment_is_not_handed_out_by_hand(app) {
        let shop = shop(&app, 5).await;
        let id = shop.sells("A-1", 1).await;
        let license = shop.licenses(id).await[0];
        let http = app.http().await;
        let asker = http.with(&shop.contoso.key().await);
        for act in ["reveal", "send"] {
            assert_eq!(asker.act(&format!("/v1/reseller/licenses/{license}/{act}")).await.said(), (409, "license_of_fulfillment".into()), "{act}");
        }
    }

    /// PAR-11, EXT-1: balance that was topped up before the first order holds the currency as an order does.
    async fn a_top_up_holds_the_currency_as_an_order_does(app) {
        let shop = shop(&app, 1).await;
        let http = app.http().await;
        let staff = http.with(&shop.acme.key);
        let channel = staff.post("/v1/merchant/channels", json!({"name": "Europe", "price_list": shop.acme.price_list})).await.must(201)["id"].as_str().expect("an id").to_owned();
        staff.patch(&format!("/v1/merchant/channels/{channel}/terms"), json!({"currency": "EUR"})).await.must(200);
        let moved = staff.patch(&format!("/v1/merchant/partnerships/{}", shop.contoso.partnership()), json!({"channel": channel})).await;
        assert_eq!(moved.said(), (409, "currency_in_use".into()));
        let euro = staff.patch(&format!("/v1/merchant/channels/{}/terms", shop.acme.channel), json!({"currency": "EUR"})).await;
        assert_eq!(euro.said(), (409, "currency_in_use".into()));
    }
}
