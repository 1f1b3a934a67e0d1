//! Taking sales of external shops back (EXT-9): asked by the reseller, decided by the merchant, all or nothing. Its races are drills.

use crate::shop::{Shop, shop};
use serde_json::json;
use std::slice::from_ref;
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_domain::fulfillments::deliver::DeliverSlice;
use tradepost_domain::fulfillments::download::ShowPage;
use tradepost_domain::fulfillments::{ApproveCancelRequest, DownloadFulfillment, RejectCancelRequest, RequestCancel, WithdrawCancelRequest};
use tradepost_domain::ids::{CancelRequestId, FulfillmentId, LicenseId};
use tradepost_domain::licenses::Stage;
use tradepost_domain::{Caller, ids};
use tradepost_kernel::Money;
use tradepost_testkit::app_test;

fn ask(fulfillment: FulfillmentId, licenses: &[LicenseId]) -> RequestCancel {
    RequestCancel { fulfillment, reason: "The customer wants the money back.".into(), licenses: licenses.to_vec() }
}

fn approve(request: CancelRequestId, refund: Option<Money>) -> ApproveCancelRequest {
    ApproveCancelRequest { request, refund, note: Some("As agreed.".into()) }
}

impl Shop {
    async fn asks(&self, fulfillment: FulfillmentId, licenses: &[LicenseId]) -> CancelRequestId {
        self.app.does(&self.contoso.owner(), ask(fulfillment, licenses)).await.request
    }
}

app_test! {
    /// EXT-9: asking changes nothing; the approval revokes, refunds, gives the units back and tells, all at once.
    async fn a_request_changes_nothing_until_the_merchant_approves_it(app) {
        let shop = shop(&app, 10).await;
        let sold = shop.sells("A-1", 3).await;
        let before = shop.balance().await;
        let request = shop.asks(sold, &[]).await;
        app.work().await;
        assert_eq!((shop.balance().await, shop.state(sold).await), (before, "delivered"));
        let again = app.refuses(&shop.contoso.owner(), ask(sold, &[])).await;
        assert_eq!(again.code, "cancel_request_open");
        // All three codes were in the answer, so what goes back is the merchant's word: nothing, all, or a part.
        app.does(&shop.acme.owner(), approve(request, Some(shop.acme.money("12.50")))).await;
        assert_eq!(shop.balance().await, before + 1250);
        let row = shop.row(sold).await;
        assert_eq!((row.state.name(), row.refunded_quantity, row.refunded_minor), ("refunded", 3, 1250));
        assert_eq!(shop.stages(sold).await, vec![Stage::Revoked; 3]);
        let stock = app.stock(shop.acme.number, shop.product.number).await;
        assert_eq!((stock.available, stock.delivered, stock.revoked), (7, 0, 3));
        assert_eq!(shop.bought_today().await, 0, "PRG-9: the units are given back");
        assert_eq!(app.events(request).await, ["cancel_request.created", "cancel_request.approved"]);
        assert_eq!(app.events(sold).await, ["fulfillment.delivered", "fulfillment.refunded"]);
        assert_eq!(app.actions(request).await, ["cancel_request.created", "cancel_request.approved"]);
        app.work().await;
        let mails = shop.mails().await;
        let about = |template: &str| mails.iter().filter(|mail| mail.0 == template).map(|mail| mail.1.clone()).collect::<Vec<_>>();
        assert_eq!(about("cancel_requested"), from_ref(&shop.acme.email));
        assert_eq!(about("cancel_approved"), from_ref(&shop.contoso.email));
        for late in [app.refuses(&shop.acme.owner(), approve(request, None)).await, app.refuses(&shop.contoso.owner(), WithdrawCancelRequest { request }).await] {
            assert_eq!((late.code, late.state), ("not_pending", Some("approved")));
        }
        assert_eq!(app.refuses(&shop.contoso.owner(), ask(sold, &[])).await.code, "nothing_to_cancel");
    }

    /// EXT-9: of some licenses only those are taken back; the others stay good, and no license is taken back twice.
    async fn only_the_licenses_named_are_taken_back(app) {
        let shop = shop(&app, 10).await;
        let (sold, other) = (shop.sells("A-1", 5).await, shop.sells("A-2", 1).await);
        let (licenses, foreign) = (shop.licenses(sold).await, shop.licenses(other).await);
        assert_eq!(app.refuses(&shop.contoso.owner(), ask(sold, &[licenses[0], foreign[0]])).await.code, "not_found");
        let before = shop.balance().await;
        let request = shop.asks(sold, &[licenses[1], licenses[3], licenses[1]]).await;
        let pounds = Money { minor: 100, currency: "GBP".parse().expect("a currency") };
        assert_eq!(app.refuses(&shop.acme.owner(), approve(request, Some(pounds))).await.code, "currency_mismatch");
        let too_much = app.refuses(&shop.acme.owner(), approve(request, Some(shop.acme.money("20.01")))).await;
        assert_eq!((too_much.code, too_much.pointer.as_str()), ("refund_too_large", "/refund/amount"));
        app.does(&shop.acme.owner(), approve(request, Some(shop.acme.money("20.00")))).await;
        let row = shop.row(sold).await;
        assert_eq!((row.state.name(), row.refunded_quantity, row.refunded_minor), ("partly_refunded", 2, 2000));
        let stages = shop.stages(sold).await;
        assert_eq!(stages.iter().filter(|stage| **stage == Stage::Distributed).count(), 3);
        assert_eq!((stages[1], stages[3]), (Stage::Revoked, Stage::Revoked));
        assert_eq!(shop.balance().await, before + 2000);
        assert_eq!(app.refuses(&shop.contoso.owner(), ask(sold, &[licenses[1]])).await.code, "nothing_to_cancel");
        // Without an amount nothing goes back for codes that were seen.
        let rest = shop.asks(sold, &[]).await;
        app.does(&shop.acme.owner(), approve(rest, None)).await;
        let row = shop.row(sold).await;
        assert_eq!((row.state.name(), row.refunded_quantity, row.refunded_minor), ("refunded", 5, 2000));
        assert_eq!(shop.bought_today().await, 1);
    }

    /// EXT-9: a withdrawn or rejected request leaves everything as it was, and the next one may be made.
    async fn a_request_is_withdrawn_or_rejected_and_asked_again(app) {
        let shop = shop(&app, 10).await;
        let sold = shop.sells("A-1", 2).await;
        let before = shop.balance().await;
        let first = shop.asks(sold, &[]).await;
        app.does(&shop.contoso.owner(), WithdrawCancelRequest { request: first }).await;
        let second = shop.asks(sold, &[]).await;
        app.does(&shop.acme.owner(), RejectCancelRequest { request: second, note: "The codes were used.".into() }).await;
        assert_eq!((shop.balance().await, shop.state(sold).await), (before, "delivered"));
        assert_eq!(shop.stages(sold).await, vec![Stage::Distributed; 2]);
        app.work().await;
        assert_eq!(shop.mails().await.iter().filter(|mail| mail.0 == "cancel_rejected").count(), 1);
        shop.asks(sold, &[]).await;
    }

    /// EXT-9: codes that nobody saw go back to stock, and their cost goes back whatever the merchant says.
    async fn what_nobody_saw_goes_back_to_stock_and_is_paid_back(app) {
        let shop = shop(&app, 1_600).await;
        let sold = shop.sells("A-1", 1_200).await;
        app.work().await;
        let before = shop.balance().await;
        let licenses = shop.licenses(sold).await;
        let request = shop.asks(sold, &licenses[..10]).await;
        let too_little = app.refuses(&shop.acme.owner(), approve(request, Some(shop.acme.money("99.99")))).await;
        assert_eq!((too_little.code, too_little.pointer.as_str()), ("refund_too_small", "/refund/amount"));
        app.does(&shop.acme.owner(), approve(request, None)).await;
        assert_eq!(shop.balance().await, before + 10_000);
        let stock = app.stock(shop.acme.number, shop.product.number).await;
        assert_eq!((stock.available, stock.delivered, stock.revoked), (410, 1_190, 0));
        // One page of a thousand was shown: those are revoked, the other 190 were never seen.
        let begun = app.does(&shop.contoso.owner(), DownloadFulfillment { fulfillment: sold }).await.begun.expect("it began");
        app.does(&shop.contoso.owner(), ShowPage { fulfillment: sold, after: ids::nobody(), at: begun.at }).await;
        let request = shop.asks(sold, &[]).await;
        app.does(&shop.acme.owner(), approve(request, None)).await;
        assert_eq!(shop.balance().await, before + 10_000 + 190_000);
        let stock = app.stock(shop.acme.number, shop.product.number).await;
        assert_eq!((stock.available, stock.delivered, stock.revoked), (600, 0, 1_000));
        assert_eq!(shop.state(sold).await, "refunded");
    }

    /// EXT-9, EXT-10: what is still being delivered is taken back whole, and no slice goes on behind it.
    async fn a_processing_fulfillment_is_taken_back_whole(app) {
        let shop = shop(&app, 1_600).await;
        let before = shop.balance().await;
        let sold = shop.sells("A-1", 1_200).await;
        let slice = DeliverSlice { scope: shop.contoso.scope, fulfillment: sold };
        app.does(&Caller::System, slice).await;
        let made = shop.licenses(sold).await;
        assert_eq!(app.refuses(&shop.contoso.owner(), ask(sold, &made[..1])).await.code, "not_delivered");
        let request = shop.asks(sold, &[]).await;
        app.does(&shop.acme.owner(), approve(request, None)).await;
        assert_eq!((shop.balance().await, shop.state(sold).await), (before, "refunded"));
        let late = app.refuses(&Caller::System, slice).await;
        assert_eq!((late.code, late.state), ("not_processing", Some("refunded")));
        app.work().await;
        let stock = app.stock(shop.acme.number, shop.product.number).await;
        assert_eq!((stock.available, stock.reserved, stock.delivered), (1_600, 0, 0));
        assert_eq!(app.events(sold).await, ["fulfillment.accepted", "fulfillment.refunded"]);
        assert_eq!(shop.bought_today().await, 0);
    }

    /// EXT-9, PAR-14: over HTTP: who may ask, who may decide, and that another's request is not there.
    async fn requests_are_asked_by_sellers_and_decided_by_finance(app) {
        let shop = shop(&app, 10).await;
        let other = shop.acme.reseller("Fabrikam").await;
        let http = app.http().await;
        let (key, other_key) = (http.with(&shop.contoso.key().await), http.with(&other.key().await));
        let sold = shop.sells("A-1", 2).await;
        let path = format!("/v1/reseller/fulfillments/{sold}/cancel-request");
        let asked = json!({"reason": "Returned."});
        for role in [ResellerRole::Finance, ResellerRole::Viewer] {
            let user = http.with(&shop.contoso.signs_in(role).await);
            assert_eq!(user.post(&path, asked.clone()).await.said(), (403, "forbidden".into()), "{}", role.name());
        }
        assert_eq!(other_key.post(&path, asked.clone()).await.status, 404);
        let view = key.once("k-1").post(&path, asked.clone()).await.must(201);
        assert_eq!(key.once("k-1").post(&path, asked).await.must(201)["id"], view["id"], "PLT-3");
        assert_eq!((&view["status"], &view["quantity"], &view["shown"]), (&json!("pending"), &json!(2), &json!(2)));
        assert_eq!((&view["refund_least"]["amount"], &view["refund_most"]["amount"]), (&json!("0.00"), &json!("20.00")));
        let id = view["id"].as_str().expect("an id").to_owned();
        assert_eq!(key.get("/v1/reseller/cancel-requests?status=pending").await.must(200)["data"].as_array().map(Vec::len), Some(1));
        assert_eq!(other_key.get("/v1/reseller/cancel-requests").await.must(200)["data"].as_array().map(Vec::len), Some(0));
        assert_eq!(other_key.get(&format!("/v1/reseller/cancel-requests/{id}")).await.status, 404);
        let decide = format!("/v1/merchant/cancel-requests/{id}");
        for (role, status) in [(MerchantRole::Support, 403), (MerchantRole::Fulfillment, 403), (MerchantRole::Finance, 200)] {
            let user = http.with(&shop.acme.signs_in(role).await);
            assert_eq!(user.get(&decide).await.status, 200);
            let reply = user.post(&format!("{decide}/approve"), json!({"refund": {"amount": "20.00", "currency": "USD"}})).await;
            assert_eq!(reply.status, status, "{}: {}", role.name(), reply.text());
        }
        let seen = key.get(&format!("/v1/reseller/fulfillments/{sold}")).await.must(200);
        assert_eq!((&seen["status"], &seen["refunded"]["amount"]), (&json!("refunded"), &json!("20.00")));
        for item in seen["items"].as_array().expect("items") {
            assert_eq!((&item["revoked"], &item["code"]), (&json!(true), &json!(null)), "a revoked code is shown to nobody");
        }
        let merchant = http.with(&shop.acme.key);
        let revealed = merchant.act(&format!("/v1/merchant/fulfillments/{sold}/reveal")).await.must(200);
        assert!(revealed["items"].as_array().expect("items").iter().all(|item| item["code"].is_null()));
        assert_eq!(merchant.act(&format!("{decide}/approve")).await.said(), (409, "not_pending".into()));
    }
}
