//! A partnership that changes its currency: what holds it, what becomes of the balance that it leaves, and what goes back of older
//! sales (PAR-11, EXT-1, EXT-9).

use crate::shop::shop as stocked;
use serde_json::{Value as Json, json};
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_domain::fulfillments::change_terms::ChangeTerms;
use tradepost_domain::fulfillments::{ApproveCancelRequest, RejectCancelRequest, RequestCancel, RequestState, WithdrawCancelRequest};
use tradepost_domain::ids::{CancelRequestId, FulfillmentId};
use tradepost_domain::partners::terms::TermName;
use tradepost_kernel::Class;
use tradepost_testkit::http::Asker;
use tradepost_testkit::{Merchant, Reseller, TestApp, app_test, term};

const MINE: &str = "/v1/reseller/balance/statement";

/// Keys for 10.00 USD and 9.00 EUR; a reseller that buys in USD, with that much balance.
async fn shop(app: &TestApp, keys: usize, balance: &str) -> (Merchant, Reseller) {
    let acme = app.merchant("Acme Software").await;
    acme.product("KEY-PRO").price("10.00").price_in("EUR", "9.00").keys(keys).await;
    let contoso = acme.reseller("Contoso").await;
    contoso.top_up(balance).await;
    (acme, contoso)
}

fn to_euro(reseller: &Reseller) -> ChangeTerms {
    ChangeTerms { partnership: reseller.partnership(), changes: vec![term(TermName::Currency, "EUR")] }
}

async fn asks(app: &TestApp, reseller: &Reseller, fulfillment: FulfillmentId) -> CancelRequestId {
    let ask = RequestCancel { fulfillment, reason: "Returned.".into(), licenses: Vec::new() };
    app.does(&reseller.owner(), ask).await.request
}

/// Kind, amount and balance of every movement, newest first, two at a time.
async fn movements(asker: &Asker, path: &str, currency: &str) -> Vec<(String, String, String)> {
    let text = |value: &Json| value.as_str().unwrap_or("").to_owned();
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = asker.get(&format!("{path}?limit=2&currency={currency}{cursor}")).await.must(200);
        for row in page["data"].as_array().expect("a list") {
            assert_eq!((&row["amount"]["currency"], &row["balance_after"]["currency"]), (&json!(currency), &json!(currency)));
            found.push((text(&row["kind"]), text(&row["amount"]["amount"]), text(&row["balance_after"]["amount"])));
        }
        let Some(next) = page["next_cursor"].as_str() else { return found };
        cursor = format!("&cursor={next}");
    }
}

fn told(rows: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    rows.iter().map(|(kind, amount, after)| ((*kind).to_owned(), (*amount).to_owned(), (*after).to_owned())).collect()
}

app_test! {
    /// PAR-11, EXT-9: a request to take a sale back is open, and holds the currency until it is decided or withdrawn.
    async fn the_currency_stays_while_a_request_is_open(app) {
        let (acme, contoso) = shop(&app, 10, "30.00").await;
        let sold = contoso.sells("U-1", "KEY-PRO", 3).await;
        let request = asks(&app, &contoso, sold).await;
        let no = app.refuses(&acme.owner(), to_euro(&contoso)).await;
        assert_eq!((no.code, no.class, no.pointer.as_str()), ("currency_in_use", Class::Conflict, "/currency"));
        app.does(&contoso.owner(), WithdrawCancelRequest { request }).await;
        let request = asks(&app, &contoso, sold).await;
        assert_eq!(app.refuses(&acme.owner(), to_euro(&contoso)).await.code, "currency_in_use");
        app.does(&acme.owner(), RejectCancelRequest { request, note: "They were used.".into() }).await;
        // Another reseller's request is its own.
        let fabrikam = acme.reseller("Fabrikam").await;
        fabrikam.top_up("10.00").await;
        let theirs = fabrikam.sells("F-1", "KEY-PRO", 1).await;
        asks(&app, &fabrikam, theirs).await;
        app.does(&acme.owner(), to_euro(&contoso)).await;
        assert_eq!(contoso.currency().await.code(), "EUR");
    }

    /// PAR-11, EXT-10: a sale that is still being delivered holds the currency: where it fails, its money comes back.
    async fn the_currency_stays_while_a_sale_is_being_delivered(app) {
        let (acme, contoso) = shop(&app, 1_001, "10010.00").await;
        contoso.sells("U-1", "KEY-PRO", 1_001).await;
        assert_eq!(app.balance(&contoso).await, 0);
        let fabrikam = acme.reseller("Fabrikam").await;
        app.does(&acme.owner(), to_euro(&fabrikam)).await;
        assert_eq!(app.refuses(&acme.owner(), to_euro(&contoso)).await.code, "currency_in_use");
        app.work().await;
        app.does(&acme.owner(), to_euro(&contoso)).await;
    }

    /// EXT-1: each currency that was bought in keeps its balance and its statement, as JSON, as a file and on the pages of either side.
    async fn a_balance_that_was_left_is_still_seen(app) {
        let (acme, contoso) = shop(&app, 10, "30.00").await;
        contoso.sells("DOLLAR-1", "KEY-PRO", 2).await;
        contoso.sells("DOLLAR-2", "KEY-PRO", 1).await;
        let http = app.http().await;
        let (key, staff) = (http.with(&contoso.key().await), http.with(&acme.key));
        let usd = [("fulfillment", "-10.00", "0.00"), ("fulfillment", "-20.00", "10.00"), ("top_up", "30.00", "30.00")];
        assert_eq!(movements(&key, MINE, "USD").await, told(&usd));
        let balance = key.get("/v1/reseller/balance").await.must(200);
        assert_eq!((&balance["balance"]["amount"], &balance["balances"]), (&json!("0.00"), &json!([{"amount": "0.00", "currency": "USD"}])));
        app.does(&acme.owner(), to_euro(&contoso)).await;
        let balance = key.get("/v1/reseller/balance").await.must(200);
        assert_eq!(balance["balances"], json!([{"amount": "0.00", "currency": "EUR"}, {"amount": "0.00", "currency": "USD"}]), "before anything moved");
        contoso.top_up("27.00").await;
        contoso.sells("EURO-1", "KEY-PRO", 1).await;
        let euro = [("fulfillment", "-9.00", "18.00"), ("top_up", "27.00", "27.00")];
        let theirs = format!("/v1/merchant/partnerships/{}/balance", contoso.partnership());
        for (asker, balance, statement) in [(&key, "/v1/reseller/balance".to_owned(), MINE.to_owned()), (&staff, theirs.clone(), format!("{theirs}/statement"))] {
            let shown = asker.get(&balance).await.must(200);
            assert_eq!((&shown["balance"], &shown["currency"]), (&json!({"amount": "18.00", "currency": "EUR"}), &json!("EUR")));
            assert_eq!(shown["balances"], json!([{"amount": "18.00", "currency": "EUR"}, {"amount": "0.00", "currency": "USD"}]));
            assert_eq!(movements(asker, &statement, "USD").await, told(&usd));
            assert_eq!(movements(asker, &statement, "EUR").await, told(&euro));
            assert_eq!(movements(asker, &statement, "GBP").await, told(&[]));
            let now = asker.get(&statement).await.must(200);
            assert_eq!(now["data"].as_array().map(Vec::len), Some(2), "without a word that of now");
            assert_eq!(asker.get(&format!("{statement}?currency=euro")).await.said(), (400, "invalid_query".into()));
            let csv = asker.header("accept", "text/csv");
            let (before, now) = (csv.get(&format!("{statement}?currency=USD")).await.text(), csv.get(&statement).await.text());
            assert_eq!((before.lines().count(), before.matches(",USD,").count(), before.contains("DOLLAR-2")), (4, 3, true), "{before}");
            assert_eq!((now.lines().count(), now.matches(",EUR,").count(), now.contains("EURO-1")), (3, 2, true), "{now}");
        }
        let user = http.with(&contoso.signs_in(ResellerRole::Owner).await);
        let finance = http.with(&acme.signs_in(MerchantRole::Finance).await);
        let pages = [
            (&user, format!("/r/{}/balance", contoso.partnership())),
            (&finance, format!("/m/{}/resellers/{}/balance", acme.id, contoso.partnership())),
        ];
        for (asker, path) in &pages {
            let now = asker.get(path).await;
            assert_eq!(now.status, 200, "{path}");
            assert!(now.text().contains("EURO-1") && !now.text().contains("DOLLAR-1"), "{path}");
            let link = format!("{path}?currency=USD");
            assert!(now.text().contains(&link), "{path}: no way to the statement in dollars");
            let before = asker.get(&link).await.text();
            assert!(before.contains("DOLLAR-1") && before.contains("DOLLAR-2") && !before.contains("EURO-1"), "{path}");
            let file = asker.get(&format!("{link}&file=csv")).await;
            assert!(file.headers["content-disposition"].contains("USD"), "{:?}", file.headers);
            assert!(file.text().contains("DOLLAR-1") && !file.text().contains("EURO-1"), "{}", file.text());
            assert_eq!(asker.get(&format!("{link}&file=xlsx")).await.status, 200);
            assert!(asker.get(&format!("{path}?currency=nonsense")).await.text().contains("EURO-1"));
        }
        // Who never bought in another currency sees nothing of it.
        let fabrikam = acme.reseller("Fabrikam").await;
        let plain = http.with(&fabrikam.signs_in(ResellerRole::Owner).await).get(&format!("/r/{}/balance", fabrikam.partnership())).await;
        assert!(plain.status == 200 && !plain.text().contains("?currency="));
    }

    /// EXT-9, PAR-11: no money goes back to a balance that nothing is bought from; once its currency is set again, it does.
    async fn a_sale_in_a_currency_that_was_left_is_not_paid_back_until_it_is_set_again(app) {
        let (acme, contoso) = shop(&app, 10, "30.00").await;
        let (sold, other) = (contoso.sells("U-1", "KEY-PRO", 2).await, contoso.sells("U-2", "KEY-PRO", 1).await);
        app.does(&acme.owner(), to_euro(&contoso)).await;
        contoso.top_up("9.00").await;
        let (request, unpaid) = (asks(&app, &contoso, sold).await, asks(&app, &contoso, other).await);
        let paid = ApproveCancelRequest { request, refund: Some(acme.money("15.00")), note: None };
        let no = app.refuses(&acme.owner(), paid.clone()).await;
        assert_eq!((no.code, no.class), ("currency_changed", Class::Conflict));
        let staff = app.http().await.with(&acme.key);
        let path = format!("/v1/merchant/cancel-requests/{request}/approve");
        let said = staff.post(&path, json!({"refund": {"amount": "15.00", "currency": "USD"}})).await.said();
        assert_eq!(said, (409, "currency_changed".into()));
        // What pays nothing back is the merchant's to decide, in whatever currency it was.
        app.does(&acme.owner(), ApproveCancelRequest { request: unpaid, refund: None, note: None }).await;
        assert_eq!(app.balance(&contoso).await, 900);
        // The balance of now is used up; a request about the other currency does not stand in its way.
        let back = ChangeTerms { partnership: contoso.partnership(), changes: vec![term(TermName::Currency, "USD")] };
        assert_eq!(app.refuses(&acme.owner(), back.clone()).await.code, "currency_in_use");
        contoso.sells("E-1", "KEY-PRO", 1).await;
        app.does(&acme.owner(), back).await;
        app.does(&acme.owner(), paid).await;
        assert_eq!(app.balance(&contoso).await, 1_500);
        contoso.sells("U-3", "KEY-PRO", 1).await;
        assert_eq!(app.balance(&contoso).await, 500, "it can be spent");
    }

    /// EXT-1, EXT-9: what goes back is a movement as any other, in the statement and in its file, for either side.
    async fn what_goes_back_is_a_movement_of_the_statement(app) {
        let shop = stocked(&app, 10).await;
        let sold = shop.sells("A-1", 3).await;
        let request = asks(&app, &shop.contoso, sold).await;
        app.does(&shop.acme.owner(), ApproveCancelRequest { request, refund: Some(shop.acme.money("12.50")), note: None }).await;
        assert_eq!(shop.request(request).await.state, RequestState::Approved);
        let http = app.http().await;
        let (key, staff) = (http.with(&shop.contoso.key().await), http.with(&shop.acme.key));
        let theirs = format!("/v1/merchant/partnerships/{}/balance/statement", shop.contoso.partnership());
        let all = [("refund", "12.50", "999982.50"), ("fulfillment", "-30.00", "999970.00"), ("top_up", "1000000.00", "1000000.00")];
        for (asker, path) in [(&key, MINE.to_owned()), (&staff, theirs)] {
            assert_eq!(movements(asker, &path, "USD").await, told(&all));
            let newest = asker.get(&format!("{path}?limit=1")).await.must(200)["data"][0].clone();
            assert_eq!((&newest["fulfillment"], &newest["external_order_id"], &newest["invoice"]), (&json!(sold), &json!("A-1"), &json!(null)));
            let file = asker.header("accept", "text/csv").get(&path).await.text();
            assert!(file.lines().nth(1).is_some_and(|line| line.ends_with(&format!(",refund,12.50,999982.50,USD,,,{sold},A-1"))), "{file}");
        }
    }
}
