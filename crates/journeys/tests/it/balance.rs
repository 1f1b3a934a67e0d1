//! Prepaid balance: top-ups, what is paid of them, the statement, and topping up by itself: EXT-1, EXT-8.

use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_domain::billing::auto_top_up::SetAutoTopUp;
use tradepost_domain::billing::top_up::{CancelTopUp, RequestTopUp};
use tradepost_domain::fulfillments::change_terms::ChangeTerms;
use tradepost_domain::partners::terms::{Qualifier, Setting, TermChange, TermName};
use tradepost_domain::{InvoiceId, ledger};
use tradepost_kernel::Class;
use tradepost_store::{params, sql};
use tradepost_testkit::http::Asker;
use tradepost_testkit::{Merchant, Reseller, TestApp, app_test};

async fn shop(app: &TestApp) -> (Merchant, Reseller) {
    let acme = app.merchant("Acme Software").await;
    acme.product("KEY-PRO").price("1.00").keys(200).await;
    let contoso = acme.reseller("Contoso").await;
    (acme, contoso)
}

/// The balances of all accounts by kind; credits are negative.
async fn books(app: &TestApp) -> BTreeMap<String, i64> {
    let rows: Vec<(String, i64)> = app.rows(sql!("SELECT kind, balance_minor FROM account ORDER BY kind"), Vec::new()).await;
    rows.into_iter().collect()
}

fn booked(entries: &[(&str, i64)]) -> BTreeMap<String, i64> {
    entries.iter().map(|(kind, minor)| ((*kind).to_owned(), *minor)).collect()
}

/// The automatic top-ups, oldest first: total, paid, canceled.
async fn automatic(app: &TestApp) -> Vec<(InvoiceId, i64, i64, bool)> {
    let rows: Vec<(InvoiceId, i64, i64, Option<i64>)> =
        app.rows(sql!("SELECT id, total_minor, paid_minor, canceled_ms FROM invoice WHERE automatic = 1 ORDER BY id"), Vec::new()).await;
    rows.into_iter().map(|(id, total, paid, canceled)| (id, total, paid, canceled.is_some())).collect()
}

async fn mails(app: &TestApp, template: &str) -> Vec<(String, String)> {
    app.work().await;
    app.rows(sql!("SELECT recipient, variables FROM message WHERE template = $1 ORDER BY id"), params![template].to_vec()).await
}

/// Every movement that the API lists, newest first, three at a time.
async fn statement(asker: &Asker, path: &str) -> Vec<Json> {
    let (mut movements, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = asker.get(&format!("{path}?limit=3{cursor}")).await.must(200);
        movements.extend(page["data"].as_array().expect("a list").clone());
        let Some(next) = page["next_cursor"].as_str() else { return movements };
        cursor = format!("&cursor={next}");
    }
}

app_test! {
    /// EXT-1, BIL-1: a top-up is an invoice of the one series that posts nothing and uses no credit.
    async fn a_top_up_is_an_invoice_that_posts_nothing(app) {
        let (acme, contoso) = shop(&app).await;
        acme.set_limit(&contoso, "50.00").await;
        acme.set_term(&contoso, TermName::InvoiceDueDays, "14").await;
        let order = contoso.order(&[("KEY-PRO", 5)]).place().await;
        let top_up = contoso.request_top_up("100.00").await;
        let http = app.http().await;
        let asker = http.with(&contoso.key().await);
        let shown = asker.get(&format!("/v1/reseller/invoices/{top_up}")).await.must(200);
        assert_eq!((shown["number"].as_str(), shown["kind"].as_str(), shown["due_on"].as_str()), (Some("INV-000002"), Some("top_up"), Some("2026-03-16")));
        assert_eq!((shown["lines"][0]["description"].as_str(), shown["orders"].clone()), (Some("Prepaid balance"), json!([])));
        assert_eq!((shown["total"]["amount"].as_str(), shown["amount_open"]["amount"].as_str()), (Some("100.00"), Some("100.00")));
        let page = shown["url"].as_str().expect("a link").trim_start_matches("http://localhost").to_owned();
        assert!(http.nobody().get(&page).await.text().contains("Prepaid balance"));
        assert_eq!(books(&app).await, booked(&[("receivable", 500), ("sales", -500)]));
        assert_eq!((contoso.credit().await.used_minor, app.balance(&contoso).await), (500, 0));
        let numbers = |kind: &str| {
            let (asker, path) = (asker.clone(), format!("/v1/reseller/invoices?kind={kind}"));
            async move { asker.get(&path).await.must(200)["data"].as_array().expect("a list").iter().map(|row| row["number"].clone()).collect::<Vec<_>>() }
        };
        assert_eq!((numbers("top_up").await, numbers("order").await), (vec![json!("INV-000002")], vec![json!("INV-000001")]));
        assert_eq!(asker.get("/v1/reseller/top-ups").await.must(200)["data"][0]["id"], json!(top_up));
        let all = http.with(&acme.key).get("/v1/merchant/invoices?kind=order").await.must(200);
        assert_eq!(all["data"][0]["id"], json!(order.invoice));
        assert_eq!(app.events(top_up).await, ["invoice.issued", "top_up.requested"]);
        let sent = mails(&app, "top_up_requested").await;
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].0, contoso.email);
        assert!(sent[0].1.contains("INV-000002") && sent[0].1.contains("100.00"), "{}", sent[0].1);
    }

    /// EXT-1, PAY-3: each part that is paid is balance at once; what is beyond the invoice is account balance.
    async fn what_is_paid_of_a_top_up_is_balance_at_once(app) {
        let (_acme, contoso) = shop(&app).await;
        let top_up = contoso.request_top_up("100.00").await;
        contoso.pays(top_up, "40.00").await;
        assert_eq!(app.balance(&contoso).await, 4_000);
        contoso.sells("EXT-1", "KEY-PRO", 30).await;
        assert_eq!(app.balance(&contoso).await, 1_000);
        contoso.pays(top_up, "75.00").await;
        assert_eq!(books(&app).await, booked(&[("account_balance", -1_500), ("cash_wire", 11_500), ("prepaid", -7_000), ("sales", -3_000)]));
        // Of one that is paid nothing is open: all of it is account balance.
        contoso.pays(top_up, "5.00").await;
        assert_eq!((app.balance(&contoso).await, books(&app).await["account_balance"]), (7_000, -2_000));
        assert_eq!(app.events(top_up).await, ["invoice.issued", "top_up.requested", "balance.topped_up", "balance.topped_up", "invoice.paid"]);
        let topped_up = app.event_bodies("balance.topped_up").await;
        assert_eq!((topped_up[0]["amount"]["amount"].as_str(), topped_up[1]["balance"]["amount"].as_str()), (Some("40.00"), Some("70.00")));
        let allocations = app.number(sql!("SELECT COUNT(*) FROM payment_allocation"), Vec::new()).await;
        assert_eq!(allocations, 0);
        let sum = app.number(sql!("SELECT CAST(SUM(e.amount_minor) AS bigint) FROM entry e JOIN account a ON a.merchant = e.merchant AND a.id = e.account WHERE a.kind = 'prepaid'"), Vec::new()).await;
        assert_eq!(sum, -7_000, "the balance is the sum of its entries");
    }

    /// EXT-1: what makes no sense is refused with its reason, and leaves nothing behind.
    async fn a_top_up_that_makes_no_sense_is_refused(app) {
        let (acme, contoso) = shop(&app).await;
        let asked = RequestTopUp { partnership: None, amount: acme.money("10.00"), reference: None };
        for amount in ["0.00", "-1.00"] {
            let refusal = app.refuses(&contoso.owner(), RequestTopUp { amount: acme.money(amount), ..asked.clone() }).await;
            assert_eq!((refusal.code, refusal.class, refusal.pointer.as_str()), ("invalid_amount", Class::Invalid, "/amount/amount"), "{amount}");
        }
        let beyond = acme.currency.minor(ledger::MOST_MINOR + 1);
        assert_eq!(app.refuses(&contoso.owner(), RequestTopUp { amount: beyond, ..asked.clone() }).await.code, "invalid_amount");
        let yen: tradepost_kernel::Currency = "JPY".parse().expect("a currency");
        let refusal = app.refuses(&contoso.owner(), RequestTopUp { amount: yen.minor(10), ..asked.clone() }).await;
        assert_eq!((refusal.code, refusal.pointer.as_str()), ("currency_mismatch", "/amount/currency"));
        for role in [ResellerRole::Seller, ResellerRole::Viewer] {
            assert_eq!(app.refuses(&contoso.user(role), asked.clone()).await.code, "forbidden", "{role:?}");
        }
        app.does(&contoso.user(ResellerRole::Finance), RequestTopUp { amount: acme.currency.minor(1), ..asked.clone() }).await;
        let for_contoso = RequestTopUp { partnership: Some(contoso.partnership()), ..asked.clone() };
        assert_eq!(app.refuses(&acme.staff(MerchantRole::Support), for_contoso.clone()).await.code, "forbidden");
        app.does(&acme.staff(MerchantRole::Finance), for_contoso.clone()).await;
        let other = app.merchant("Beta Tools").await;
        assert_eq!(app.refuses(&other.owner(), for_contoso).await.code, "not_found");
    }

    /// EXT-1: an open top-up is canceled by either side, one of which something was paid by nobody; another
    /// partnership's is not there.
    async fn an_open_top_up_is_canceled_by_either_side(app) {
        let (acme, contoso) = shop(&app).await;
        let fabrikam = acme.reseller("Fabrikam").await;
        let (one, two, paid) = (contoso.request_top_up("10.00").await, contoso.request_top_up("20.00").await, contoso.request_top_up("30.00").await);
        contoso.pays(paid, "0.01").await;
        let order = contoso.order(&[("KEY-PRO", 1)]).place().await;
        let http = app.http().await;
        let (shop, stranger, staff) = (http.with(&contoso.key().await), http.with(&fabrikam.key().await), http.with(&acme.key));
        let cancel = |side: &str, id: InvoiceId| format!("/v1/{side}/top-ups/{id}/cancel");
        let missing = stranger.act(&cancel("reseller", InvoiceId::from_bytes([1; 16]))).await;
        let foreign = stranger.act(&cancel("reseller", one)).await;
        assert_eq!((foreign.said(), foreign.without_request()), ((404, "not_found".into()), missing.without_request()));
        assert_eq!(stranger.get(&format!("/v1/reseller/invoices/{one}")).await.said(), (404, "not_found".into()));
        assert_eq!(shop.act(&cancel("reseller", order.invoice)).await.said(), (404, "not_found".into()), "an order's invoice is no top-up");
        assert_eq!(shop.act(&cancel("reseller", one)).await.must(200)["status"], "canceled");
        assert_eq!(staff.act(&cancel("merchant", two)).await.must(200)["status"], "canceled");
        assert_eq!(shop.act(&cancel("reseller", one)).await.said(), (409, "invoice_canceled".into()));
        assert_eq!(shop.act(&cancel("reseller", paid)).await.said(), (409, "top_up_paid".into()));
        assert_eq!(app.refuses(&contoso.user(ResellerRole::Seller), CancelTopUp { invoice: paid }).await.code, "forbidden");
        let refused = staff.post(&format!("/v1/merchant/invoices/{one}/payments"), json!({"amount": {"amount": "1.00", "currency": "USD"}, "method": "wire", "received_on": "2026-03-02"})).await;
        assert_eq!(refused.said(), (409, "invoice_canceled".into()));
        assert_eq!(app.events(one).await, ["invoice.issued", "top_up.requested", "top_up.canceled"]);
        let open = shop.get("/v1/reseller/balance").await.must(200);
        assert_eq!((open["open_top_ups"][0]["invoice"].clone(), open["open_top_ups"].as_array().map(Vec::len)), (json!(paid), Some(1)));
    }

    /// EXT-8: a debit below the threshold issues one top-up in its transaction, however many debits there are at once;
    /// none while it is open, and again after it was paid.
    async fn one_top_up_is_issued_by_itself_under_many_debits_at_once(app) {
        let (_acme, contoso) = shop(&app).await;
        contoso.top_up("100.00").await;
        contoso.tops_up_by_itself("90.00", "50.00").await;
        let shops: Vec<_> = (0..32)
            .map(|n| {
                let (app, contoso) = (app.clone(), contoso.clone());
                tokio::spawn(async move { app.does(&contoso.owner(), contoso.sale(&format!("EXT-{n}"), "KEY-PRO", 1)).await })
            })
            .collect();
        for shop in shops {
            shop.await.expect("no panic");
        }
        assert_eq!(app.balance(&contoso).await, 6_800);
        let issued = automatic(&app).await;
        assert_eq!(issued.iter().map(|row| (row.1, row.2, row.3)).collect::<Vec<_>>(), [(5_000, 0, false)]);
        contoso.sells("EXT-open", "KEY-PRO", 10).await;
        assert_eq!(automatic(&app).await.len(), 1, "none while one is open");
        contoso.pays(issued[0].0, "49.99").await;
        contoso.sells("EXT-part", "KEY-PRO", 30).await;
        assert_eq!(automatic(&app).await.len(), 1, "none while one is open in part");
        contoso.pays(issued[0].0, "0.01").await;
        assert_eq!(app.balance(&contoso).await, 7_800);
        contoso.sells("EXT-again", "KEY-PRO", 1).await;
        assert_eq!(automatic(&app).await.len(), 2, "again after it was paid");
        assert_eq!(app.events(issued[0].0).await, ["invoice.issued", "top_up.requested", "balance.topped_up", "balance.topped_up", "invoice.paid"]);
        let low = app.event_bodies("balance.low").await;
        assert_eq!((low.len(), low[1]["balance"]["amount"].as_str(), low[1]["threshold"]["amount"].as_str()), (2, Some("77.00"), Some("90.00")));
        let alerts = mails(&app, "balance_low").await;
        assert_eq!((alerts.len(), alerts[0].0.as_str()), (2, contoso.email.as_str()));
        assert_eq!(mails(&app, "top_up_requested").await.len(), 1, "one mail about each: the first was asked for by hand");
    }

    /// EXT-8: up to a target; again after one was canceled; not while it is off, and not for what costs nothing.
    async fn a_top_up_by_itself_fills_up_to_the_target(app) {
        let (acme, contoso) = shop(&app).await;
        contoso.top_up("20.00").await;
        let http = app.http().await;
        let asker = http.with(&contoso.key().await);
        assert_eq!(asker.get("/v1/reseller/auto-top-up").await.must(200), json!({"enabled": false, "threshold": null, "amount": null, "target": null}));
        let money = |amount: &str| json!({"amount": amount, "currency": "USD"});
        let set = asker.patch("/v1/reseller/auto-top-up", json!({"threshold": money("15.00"), "target": money("100.00")})).await;
        assert_eq!(set.headers.get("etag").map(String::as_str), Some("\"v1\""));
        assert_eq!(set.must(200), json!({"enabled": true, "threshold": money("15.00"), "amount": null, "target": money("100.00")}));
        let stale = asker.header("if-match", "\"v7\"").patch("/v1/reseller/auto-top-up", json!({"enabled": false})).await;
        assert_eq!(stale.said(), (412, "stale_version".into()));
        let refused = asker.patch("/v1/reseller/auto-top-up", json!({"target": money("15.00")})).await;
        assert_eq!(refused.said(), (422, "invalid_amount".into()));
        let read = http.with(&acme.key).get(&format!("/v1/merchant/partnerships/{}/auto-top-up", contoso.partnership())).await.must(200);
        assert_eq!(read["threshold"], money("15.00"));
        contoso.sells("EXT-1", "KEY-PRO", 5).await;
        assert!(automatic(&app).await.is_empty(), "at the threshold it is not below it");
        contoso.sells("EXT-2", "KEY-PRO", 2).await;
        let issued = automatic(&app).await;
        assert_eq!(issued.iter().map(|row| row.1).collect::<Vec<_>>(), [8_700], "100.00 less the 13.00 that are left");
        let balance = asker.get("/v1/reseller/balance").await.must(200);
        assert_eq!((balance["balance"].clone(), balance["threshold"].clone()), (money("13.00"), money("15.00")));
        assert_eq!((balance["open_top_ups"][0]["automatic"].clone(), balance["open_top_ups"][0]["amount_open"].clone()), (json!(true), money("87.00")));
        app.does(&contoso.owner(), CancelTopUp { invoice: issued[0].0 }).await;
        app.does(&contoso.owner(), SetAutoTopUp { enabled: Some(false), ..SetAutoTopUp::default() }).await;
        contoso.sells("EXT-3", "KEY-PRO", 1).await;
        assert_eq!(automatic(&app).await.len(), 1, "off is off");
        app.does(&contoso.owner(), SetAutoTopUp { enabled: Some(true), ..SetAutoTopUp::default() }).await;
        acme.set_term(&contoso, TermName::MarginPercent, "100").await;
        contoso.sells("EXT-4", "KEY-PRO", 1).await;
        assert_eq!(automatic(&app).await.len(), 1, "what costs nothing is no debit");
        acme.set_term(&contoso, TermName::MarginPercent, "0").await;
        contoso.sells("EXT-5", "KEY-PRO", 2).await;
        assert_eq!(automatic(&app).await.iter().map(|row| (row.1, row.3)).collect::<Vec<_>>(), [(8_700, true), (9_000, false)]);
        assert_eq!(app.refuses(&contoso.user(ResellerRole::Seller), SetAutoTopUp::default()).await.code, "forbidden");
    }

    /// EXT-1, PLT-14: the statement has every movement with the balance after it, the file the same, for either side.
    async fn the_statement_is_the_ledger_as_json_and_as_a_file(app) {
        let (acme, contoso) = shop(&app).await;
        let fabrikam = acme.reseller("Fabrikam").await;
        fabrikam.top_up("7.00").await;
        let top_up = contoso.request_top_up("100.00").await;
        contoso.pays(top_up, "60.00").await;
        for n in 0..5 {
            contoso.sells(&format!("=EXT+{n}"), "KEY-PRO", n + 1).await;
        }
        contoso.pays(top_up, "50.00").await;
        let http = app.http().await;
        let (shop, staff) = (http.with(&contoso.key().await), http.with(&acme.key));
        let mine = statement(&shop, "/v1/reseller/balance/statement").await;
        let path = format!("/v1/merchant/partnerships/{}/balance/statement", contoso.partnership());
        assert_eq!(statement(&staff, &path).await, mine);
        let told: Vec<_> = mine.iter().map(|row| (row["kind"].as_str().unwrap_or(""), row["amount"]["amount"].as_str().unwrap_or(""), row["balance_after"]["amount"].as_str().unwrap_or(""))).collect();
        assert_eq!(
            told,
            [
                ("top_up", "40.00", "85.00"),
                ("fulfillment", "-5.00", "45.00"),
                ("fulfillment", "-4.00", "50.00"),
                ("fulfillment", "-3.00", "54.00"),
                ("fulfillment", "-2.00", "57.00"),
                ("fulfillment", "-1.00", "59.00"),
                ("top_up", "60.00", "60.00"),
            ]
        );
        assert_eq!((mine[0]["invoice"].clone(), mine[0]["invoice_number"].as_str()), (json!(top_up), Some("INV-000002")));
        assert_eq!(mine[1]["external_order_id"], "=EXT+4");
        let fulfillment = shop.get(&format!("/v1/reseller/fulfillments/{}", mine[1]["fulfillment"].as_str().expect("an id"))).await.must(200);
        assert_eq!(fulfillment["balance_after"], mine[1]["balance_after"]);
        for (asker, path) in [(&shop, "/v1/reseller/balance/statement"), (&staff, path.as_str())] {
            let file = asker.header("accept", "text/csv").get(path).await;
            assert_eq!((file.status, file.headers["content-type"].as_str()), (200, "text/csv; charset=utf-8"));
            let text = file.text();
            let mut lines = text.lines();
            assert_eq!(lines.next(), Some("id,at,kind,amount,balance_after,currency,invoice,invoice_number,fulfillment,external_order_id"));
            let expected: Vec<String> = mine
                .iter()
                .map(|row| {
                    let cell = |value: &Json| value.as_str().unwrap_or("").to_owned();
                    let external = cell(&row["external_order_id"]);
                    let external = if external.is_empty() { external } else { format!("'{external}") };
                    let (amount, after) = (&row["amount"], &row["balance_after"]);
                    let cells = [&row["id"], &row["at"], &row["kind"], &amount["amount"], &after["amount"], &after["currency"], &row["invoice"], &row["invoice_number"], &row["fulfillment"]];
                    format!("{},{external}", cells.map(cell).join(","))
                })
                .collect();
            assert_eq!(lines.collect::<Vec<_>>(), expected);
        }
        let beta = app.merchant("Beta Tools").await;
        assert_eq!(http.with(&beta.key).get(&path).await.said(), (404, "not_found".into()));
        let empty = acme.reseller("Tailspin").await;
        let key = empty.key().await;
        assert_eq!(statement(&http.with(&key), "/v1/reseller/balance/statement").await, Vec::<Json>::new());
        assert_eq!(http.with(&key).header("accept", "text/csv").get("/v1/reseller/balance/statement").await.text().lines().count(), 1);
        assert_eq!(http.with(&key).get("/v1/reseller/balance").await.must(200)["balance"]["amount"], "0.00");
    }

    /// PAR-11: the currency changes only while nothing is open: no balance, no top-up.
    async fn the_currency_stays_while_a_balance_or_a_top_up_is_there(app) {
        let (acme, contoso) = shop(&app).await;
        let euro = TermName::Currency.value("EUR").expect("a currency");
        let change = ChangeTerms { partnership: contoso.partnership(), changes: vec![TermChange { name: TermName::Currency, qualifier: Qualifier::General, to: Setting::Value(euro) }] };
        let top_up = contoso.request_top_up("5.00").await;
        assert_eq!(app.refuses(&acme.owner(), change.clone()).await.code, "currency_in_use");
        contoso.pays(top_up, "5.00").await;
        let refusal = app.refuses(&acme.owner(), change.clone()).await;
        assert_eq!((refusal.code, refusal.class, refusal.pointer.as_str()), ("currency_in_use", Class::Conflict, "/currency"));
        contoso.sells("EXT-1", "KEY-PRO", 5).await;
        app.does(&acme.owner(), change).await;
    }

    /// PRG-9, PAR-11, CAT-7, EXT-3: purchase limits and quantities of the terms act for fulfillments; nothing is debited.
    async fn limits_of_the_terms_act_for_fulfillments(app) {
        let (acme, contoso) = shop(&app).await;
        let other = acme.product("KEY-LITE").price("1.00").keys(20).await;
        contoso.top_up("100.00").await;
        let http = app.http().await;
        let (shop, staff) = (http.with(&contoso.key().await), http.with(&acme.key));
        let terms = format!("/v1/merchant/partnerships/{}/terms", contoso.partnership());
        let changed = staff
            .patch(&terms, json!({"purchase_limit_day": 10, "purchase_limit_month": 15, "min_quantity": 2, "max_quantity": 8,
                "quantities": [{"product": other.id, "min_quantity": 1, "max_quantity": "none"}], "email_codes_to_end_users": false}))
            .await
            .must(200);
        let said = |name: &str| changed["terms"].as_array().into_iter().flatten().find(|term| term["name"] == name && term["product"].is_null()).map(|term| (term["value"].clone(), term["from"].clone()));
        assert_eq!(said("purchase_limit_day"), Some((json!(10), json!("partnership"))));
        assert_eq!(said("email_codes_to_end_users"), Some((json!(false), json!("partnership"))));
        let fulfill = |external: &str, product: &str, quantity: i64| {
            let body = json!({"external_order_id": external, "product": product, "quantity": quantity, "customer_email": "grace@customer.example"});
            let shop = shop.clone();
            async move { shop.post("/v1/reseller/fulfillments", body).await }
        };
        for quantity in [1, 9] {
            assert_eq!(fulfill("EXT-1", "KEY-PRO", quantity).await.said(), (422, "quantity_out_of_range".into()), "{quantity}");
        }
        fulfill("EXT-1", "KEY-LITE", 1).await.must(201);
        fulfill("EXT-2", "KEY-PRO", 8).await.must(201);
        assert_eq!(fulfill("EXT-3", "KEY-PRO", 2).await.said(), (422, "purchase_limit_exceeded".into()));
        assert_eq!(app.balance(&contoso).await, 9_100);
        fulfill("EXT-3", "KEY-LITE", 1).await.must(201);
        app.clock.advance_ms(24 * 3_600_000);
        assert_eq!(fulfill("EXT-4", "KEY-PRO", 6).await.said(), (422, "purchase_limit_exceeded".into()), "the month's");
        fulfill("EXT-4", "KEY-PRO", 5).await.must(201);
        app.clock.advance_ms(31 * 24 * 3_600_000);
        fulfill("EXT-5", "KEY-PRO", 8).await.must(201);
        let raised = staff.patch(&terms, json!({"purchase_limit_day": "none", "purchase_limit_month": null, "max_quantity": null})).await;
        raised.must(200);
        fulfill("EXT-6", "KEY-PRO", 40).await.must(201);
        let wrong = staff.patch(&terms, json!({"max_quantity": 0, "purchase_limit_day": -1})).await;
        assert_eq!((wrong.status, wrong.json()["errors"].as_array().map(Vec::len)), (422, Some(2)));
        let channel = json!({"quantities": [{"product": other.id, "max_quantity": 3}]});
        staff.patch(&format!("/v1/merchant/channels/{}/terms", acme.channel), channel.clone()).await.must(200);
        staff.patch("/v1/merchant/program", channel).await.must(200);
    }
}
