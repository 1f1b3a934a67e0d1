//! Invoices, payments and cancellation: BIL-1, PAY-3, DEL-7, ORD-4, ORD-20, ORD-23.

use serde_json::json;
use std::collections::BTreeMap;
use tradepost_domain::InvoiceId;
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_domain::billing::PaymentMethod;
use tradepost_domain::orders::activate::ActivateNextLicense;
use tradepost_domain::orders::cancel::CancelOrder;
use tradepost_domain::orders::download::{Download, DownloadLicenses};
use tradepost_domain::orders::record_payment::RecordPayment;
use tradepost_domain::orders::reveal::RevealLicense;
use tradepost_domain::partners::terms::TermName;
use tradepost_kernel::Class;
use tradepost_store::sql;
use tradepost_testkit::{Merchant, PlacedOrder, Reseller, TestApp, app_test, owner};

async fn shop(app: &TestApp) -> (Merchant, Reseller) {
    let acme = app.merchant("Acme Software").await;
    acme.product("KEY-PRO").price("10.00").keys(50).await;
    let contoso = acme.reseller("Contoso").credit("1000.00").await;
    (acme, contoso)
}

/// Balance by kind of account.
async fn balances(app: &TestApp) -> BTreeMap<String, i64> {
    app.rows(sql!("SELECT kind, CAST(SUM(balance_minor) AS bigint) FROM account GROUP BY kind"), Vec::new()).await.into_iter().collect()
}

fn booked(entries: &[(&str, i64)]) -> BTreeMap<String, i64> {
    entries.iter().map(|(kind, minor)| ((*kind).to_owned(), *minor)).collect()
}

async fn status(app: &TestApp, order: &PlacedOrder) -> &'static str {
    app.invoice(order).await.status(app.engine.environment.now().date_in("UTC")).name()
}

app_test! {
    /// PAY-3, FUL-5: part payments keep the order open; the last cent completes it.
    async fn the_last_cent_completes_the_order(app) {
        let (acme, contoso) = shop(&app).await;
        let order = contoso.order(&[("KEY-PRO", 12)]).reference("PO-7").place().await;
        assert_eq!(status(&app, &order).await, "unpaid");
        acme.pay(order.invoice, "50.00").await;
        acme.pay(order.invoice, "69.99").await;
        let invoice = app.invoice(&order).await;
        assert_eq!((invoice.paid_minor, invoice.open_minor(), app.state(&order).await), (11_999, 1, "awaiting_payment"));
        acme.pay(order.invoice, "0.01").await;
        assert_eq!((status(&app, &order).await, app.state(&order).await), ("paid", "complete"));
        assert_eq!(app.order(&order).await.completed, Some(app.engine.environment.now()));
        assert_eq!(balances(&app).await, booked(&[("cash_wire", 12_000), ("receivable", 0), ("sales", -12_000)]));
        assert_eq!(app.events(order.id).await, ["order.placed", "order.released", "order.completed"]);
        assert_eq!(app.events(order.invoice).await, ["invoice.issued", "invoice.paid"]);
        let recorded = app.event_bodies("payment.recorded").await;
        assert_eq!(recorded.len(), 3);
        assert_eq!(recorded[0]["amount"], serde_json::json!({"amount": "50.00", "currency": "USD"}));
    }

    /// PAY-3: what is paid beyond becomes account balance and is applied to the next invoice at placing.
    async fn what_is_paid_beyond_is_applied_to_the_next_invoice(app) {
        let (acme, contoso) = shop(&app).await;
        let first = contoso.order(&[("KEY-PRO", 2)]).place().await;
        acme.pay(first.invoice, "55.00").await;
        assert_eq!(balances(&app).await, booked(&[("account_balance", -3_500), ("cash_wire", 5_500), ("receivable", 0), ("sales", -2_000)]));
        let second = contoso.order(&[("KEY-PRO", 2)]).place().await;
        assert_eq!((app.state(&second).await, status(&app, &second).await), ("complete", "paid"));
        let third = contoso.order(&[("KEY-PRO", 2)]).place().await;
        let invoice = app.invoice(&third).await;
        assert_eq!((invoice.paid_minor, invoice.open_minor(), app.state(&third).await), (1_500, 500, "awaiting_payment"));
        assert_eq!(contoso.credit().await.used_minor, 500);
        assert_eq!(balances(&app).await, booked(&[("account_balance", 0), ("cash_wire", 5_500), ("receivable", 500), ("sales", -6_000)]));
        assert_eq!(app.events(second.id).await, ["order.placed", "order.released", "order.completed"], "nothing twice");
    }

    /// CRD-2, PAY-3: account balance that covers an order releases it without any credit.
    async fn account_balance_releases_an_order_without_credit(app) {
        let (acme, contoso) = shop(&app).await;
        acme.set_term(&contoso, TermName::CreditLimit, "none").await;
        let first = contoso.order(&[("KEY-PRO", 1)]).place().await;
        acme.pay(first.invoice, "30.00").await;
        let covered = contoso.order(&[("KEY-PRO", 2)]).place().await;
        assert_eq!((app.state(&covered).await, app.order(&covered).await.on_credit), ("complete", false));
        assert_eq!(contoso.available(1).await, 3);
    }

    /// PAY-3: what cannot be recorded is refused with its reason.
    async fn a_payment_that_makes_no_sense_is_refused(app) {
        let (acme, contoso) = shop(&app).await;
        let order = contoso.order(&[("KEY-PRO", 2)]).place().await;
        let caller = acme.staff(MerchantRole::Finance);
        let asked = acme.payment(order.invoice, "5.00");
        for amount in ["0.00", "-1.00"] {
            let refusal = app.refuses(&caller, RecordPayment { amount: acme.money(amount), ..asked.clone() }).await;
            assert_eq!((refusal.code, refusal.class, refusal.pointer.as_str()), ("invalid_amount", Class::Invalid, "/amount/amount"), "{amount}");
        }
        let euros: tradepost_kernel::Currency = "EUR".parse().expect("a currency");
        let refusal = app.refuses(&caller, RecordPayment { amount: euros.minor(500), ..asked.clone() }).await;
        assert_eq!((refusal.code, refusal.pointer.as_str()), ("currency_mismatch", "/amount/currency"));
        let refusal = app.refuses(&caller, RecordPayment { method: PaymentMethod::AccountBalance, ..asked.clone() }).await;
        assert_eq!((refusal.code, refusal.pointer.as_str()), ("payment_method_not_allowed", "/method"));
        let refusal = app.refuses(&caller, RecordPayment { received_on: "2026-03-04".parse().expect("a date"), ..asked.clone() }).await;
        assert_eq!((refusal.code, refusal.pointer.as_str()), ("invalid_field", "/received_on"));
        for role in [MerchantRole::Fulfillment, MerchantRole::Support] {
            assert_eq!(app.refuses(&acme.staff(role), asked.clone()).await.code, "forbidden");
        }
        acme.cancel(order.id).await;
        let refusal = app.refuses(&caller, asked).await;
        assert_eq!((refusal.code, refusal.class, refusal.state), ("invoice_canceled", Class::Conflict, Some("canceled")));
    }

    /// PAY-1, PAR-11: what the terms exclude is offered on no invoice and refused by name; each level overrides the one above, and one way stays.
    async fn ways_to_pay_that_the_terms_exclude_are_neither_offered_nor_taken(app) {
        let (acme, contoso) = shop(&app).await;
        let http = app.http().await;
        let staff = http.with(&acme.key);
        let before = contoso.order(&[("KEY-PRO", 1)]).place().await;
        for wrong in [json!(["check", "wire"]), json!(["card"]), json!("check")] {
            assert_eq!(staff.patch("/v1/merchant/program", json!({"excluded_payment_methods": wrong})).await.said(), (422, "invalid_field".into()));
        }
        staff.patch("/v1/merchant/program", json!({"excluded_payment_methods": ["wire"]})).await.must(200);
        let terms = staff.get(&format!("/v1/merchant/partnerships/{}/terms", contoso.partnership())).await.must(200).to_string();
        assert!(terms.contains(r#"{"name":"excluded_payment_methods","group":null,"product":null,"value":["wire"],"from":"program"}"#), "{terms}");
        let order = contoso.order(&[("KEY-PRO", 2)]).place().await;
        let shown = async |invoice: InvoiceId| {
            let invoice = staff.get(&format!("/v1/merchant/invoices/{invoice}")).await.must(200);
            let instructions = invoice["payment_instructions"].as_array().map_or(0, Vec::len);
            (invoice["allowed_methods"].clone(), instructions)
        };
        assert_eq!(shown(before.invoice).await, (json!(["check"]), 2), "its paper stays as it was issued");
        assert_eq!(shown(order.invoice).await, (json!(["check"]), 1));
        let listed = staff.get("/v1/merchant/invoices").await.must(200);
        assert!(listed["data"].as_array().is_some_and(|all| all.iter().all(|invoice| invoice["allowed_methods"] == json!(["check"]))), "{listed}");
        let refusal = app.refuses(&acme.owner(), acme.payment(order.invoice, "20.00")).await;
        assert_eq!((refusal.code, refusal.pointer.as_str()), ("payment_method_not_allowed", "/method"));
        app.does(&acme.owner(), RecordPayment { method: PaymentMethod::Check, ..acme.payment(order.invoice, "20.00") }).await;
        let key = contoso.signs_in(ResellerRole::Owner).await;
        let page = http.with(&key).get(&format!("/r/{}/invoices/{}/pay", contoso.partnership(), before.invoice)).await.text();
        assert!(page.contains("Check or money order") && !page.contains("Wire transfer"), "{page}");
        let desk = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let page = desk.get(&format!("/m/{}/invoices/{}/payments/new", acme.id, before.invoice)).await.text();
        assert!(page.contains(r#"value="check""#) && !page.contains(r#"value="wire""#), "{page}");
        let place = format!("/m/{}/resellers/{}/terms/excluded_payment_methods", acme.id, contoso.partnership());
        assert!(desk.get(&place).await.text().contains("No checks"));
        assert_eq!(desk.form(&place, "setting=check&value=&qualifier=").await.status, 303);
        assert_eq!(shown(before.invoice).await.0, json!(["wire"]), "the reseller's own counts");
        staff.patch(&format!("/v1/merchant/partnerships/{}/terms", contoso.partnership()), json!({"excluded_payment_methods": []})).await.must(200);
        assert_eq!(shown(before.invoice).await.0, json!(["check", "wire"]), "explicitly none");
    }

    /// BIL-1: an invoice's number has no gap, its document never changes, its total adds up, its due date is the terms'.
    async fn an_invoice_is_issued_once_and_never_changes(app) {
        let (acme, contoso) = shop(&app).await;
        acme.set_term(&contoso, TermName::InvoiceDueDays, "14").await;
        acme.set_term(&contoso, TermName::WholesaleDiscountPercent, "35").await;
        acme.set_term(&contoso, TermName::MarginPercent, "10").await;
        let order = contoso.order(&[("KEY-PRO", 3), ("KEY-PRO", 1)]).reference("PO-7").place().await;
        let issued = app.invoice(&order).await;
        let document = issued.document().expect("a document");
        assert_eq!((issued.number.as_str(), issued.issued_on.to_string(), issued.due_on.to_string()), ("INV-000001", "2026-03-02".into(), "2026-03-16".into()));
        // 10.00 less 35 % is 6.50; less 10 % is 5.85.
        let lines: Vec<(i64, i64, i64)> = document.lines.iter().map(|line| (line.quantity, line.unit_minor, line.line_minor)).collect();
        assert_eq!(lines, [(3, 585, 1_755), (1, 585, 585)]);
        assert_eq!((document.subtotal_minor, document.total_minor, issued.total_minor), (2_340, 2_340, 2_340));
        assert_eq!((document.reference.as_deref(), document.order_number.as_deref()), (Some("PO-7"), Some("2026-000001")));
        assert_eq!((document.buyer.company.as_str(), document.seller.name.as_str()), ("Contoso", "Acme Software"));
        let body = || app.row::<(String,)>(sql!("SELECT body FROM invoice"), Vec::new());
        let before = body().await;
        acme.pay(order.invoice, "23.40").await;
        acme.set_term(&contoso, TermName::InvoiceDueDays, "60").await;
        assert_eq!(body().await, before, "issued is issued");
        for _ in 0..2 {
            contoso.order(&[("KEY-PRO", 99)]).try_place().await.expect_err("out of stock takes no number");
        }
        let next = contoso.order(&[("KEY-PRO", 1)]).place().await;
        assert_eq!(app.invoice(&next).await.number, "INV-000002");
    }

    /// BIL-1: an invoice is overdue from the day after its due date in the merchant's time zone.
    async fn an_unpaid_invoice_becomes_overdue(app) {
        let (_acme, contoso) = shop(&app).await;
        let order = contoso.order(&[("KEY-PRO", 1)]).place().await;
        app.clock.advance_ms(30 * 24 * 3_600_000);
        assert_eq!(status(&app, &order).await, "unpaid", "on the day itself");
        app.clock.advance_ms(24 * 3_600_000);
        assert_eq!(status(&app, &order).await, "overdue");
    }

    /// DEL-7, ORD-4, STK-2: canceling returns the keys, reverses the debt, turns what was paid into account balance,
    /// cancels the invoice, frees credit, and tells the reseller.
    async fn canceling_an_order_undoes_all_of_it(app) {
        let (acme, contoso) = shop(&app).await;
        acme.set_limit(&contoso, "100.00").await;
        let order = contoso.order(&[("KEY-PRO", 10)]).reference("PO-7").place().await;
        let held = contoso.order(&[("KEY-PRO", 4)]).place().await;
        acme.pay(order.invoice, "25.00").await;
        assert!(app.order(&held).await.is_held());
        app.does(&acme.staff(MerchantRole::Fulfillment), CancelOrder { order: order.id, note: "Sorry.".into() }).await;
        let row = app.order(&order).await;
        assert_eq!((row.state.name(), row.cancel_note.as_deref(), status(&app, &order).await), ("canceled", Some("Sorry."), "canceled"));
        assert_eq!(app.fulfillment(&order).await, BTreeMap::from([("canceled/not_fulfilled".into(), 10)]));
        assert!(app.licenses(&order).await.iter().all(|license| license.key.is_none()));
        let stock = app.stock(acme.number, 1).await;
        assert_eq!((stock.available, stock.reserved, stock.allocated), (46, 0, 4));
        assert!(app.order(&held).await.released.is_some(), "freed credit releases what waited");
        assert_eq!(
            balances(&app).await,
            booked(&[("account_balance", -2_500), ("cash_wire", 2_500), ("receivable", 4_000), ("sales", -4_000)])
        );
        assert_eq!(contoso.credit().await.used_minor, 4_000);
        assert_eq!(app.events(order.id).await, ["order.placed", "order.released", "order.canceled"]);
        app.work().await;
        let told: Vec<(String, String)> = app.rows(sql!("SELECT template, recipient FROM message WHERE template = 'order_canceled'"), Vec::new()).await;
        assert_eq!(told, [("order_canceled".to_owned(), contoso.email.clone())], "always told (DEL-8)");
        let again = app.refuses(&acme.owner(), CancelOrder { order: order.id, note: "Twice.".into() }).await;
        assert_eq!((again.code, again.class, again.state), ("order_canceled", Class::Conflict, Some("canceled")));
    }

    /// STK-2, STK-3: returned keys go out again, first in, first out, and exactly once.
    async fn keys_of_a_canceled_order_are_sold_again(app) {
        let (acme, contoso) = shop(&app).await;
        let first = contoso.order(&[("KEY-PRO", 5)]).place().await;
        acme.cancel(first.id).await;
        let second = contoso.order(&[("KEY-PRO", 5)]).place().await;
        let mut codes = Vec::new();
        for license in app.licenses(&second).await {
            codes.push(app.code_of(&license, acme.number).await);
        }
        codes.sort();
        assert_eq!(codes, ["KEY-PRO-00001", "KEY-PRO-00002", "KEY-PRO-00003", "KEY-PRO-00004", "KEY-PRO-00005"]);
    }

    /// DEL-7, STK-2: once one code was shown, by any route, the order cannot be canceled.
    async fn an_order_with_a_shown_code_cannot_be_canceled(app) {
        let (acme, contoso) = shop(&app).await;
        let caller = contoso.owner();
        let by_activation = contoso.order(&[("KEY-PRO", 2)]).place().await;
        app.does(&caller, ActivateNextLicense { product: "KEY-PRO".into(), owner: owner("ada@customer.example") }).await;
        let by_file = contoso.order(&[("KEY-PRO", 2)]).place().await;
        app.does(&caller, DownloadLicenses { what: Download::Order(by_file.id) }).await;
        let by_look = contoso.order(&[("KEY-PRO", 2)]).place().await;
        app.does(&caller, RevealLicense { license: app.licenses(&by_look).await[1].id }).await;
        for order in [by_activation, by_file, by_look] {
            let refusal = app.refuses(&acme.owner(), CancelOrder { order: order.id, note: "No.".into() }).await;
            assert_eq!((refusal.code, refusal.class, refusal.state), ("order_delivered", Class::Conflict, Some("awaiting_payment")));
        }
        // What the merchant looks at itself does not leave the house.
        let looked_at = contoso.order(&[("KEY-PRO", 2)]).place().await;
        app.does(&acme.owner(), RevealLicense { license: app.licenses(&looked_at).await[0].id }).await;
        acme.cancel(looked_at.id).await;
    }

    /// ORD-20, ORD-21, ORD-23: an order of nothing needs no credit, is complete at once, and is final.
    async fn a_free_order_is_complete_at_once_and_final(app) {
        let (acme, contoso) = shop(&app).await;
        acme.set_limit(&contoso, "10.00").await;
        contoso.order(&[("KEY-PRO", 5)]).place().await;
        acme.set_term(&contoso, TermName::MarginPercent, "100").await;
        let free = contoso.order(&[("KEY-PRO", 3)]).place().await;
        assert_eq!((app.order(&free).await.total_minor, app.state(&free).await, status(&app, &free).await), (0, "complete", "paid"));
        assert_eq!(app.licenses(&free).await.len(), 3);
        assert_eq!(contoso.in_stage(&free, tradepost_domain::licenses::Stage::Available).await, 3);
        app.does(&contoso.owner(), ActivateNextLicense { product: "KEY-PRO".into(), owner: owner("ada@customer.example") }).await;
        assert!(app.licenses(&free).await.iter().any(|license| license.distributed.is_some()), "at the limit only what is paid goes: the free one");
        let refusal = app.refuses(&acme.owner(), CancelOrder { order: free.id, note: "No.".into() }).await;
        assert_eq!((refusal.code, refusal.class, refusal.state), ("free_order_final", Class::Conflict, Some("complete")));
        let transfers = app.number(sql!("SELECT COUNT(*) FROM transfer"), Vec::new()).await;
        assert_eq!(transfers, 1, "no zero entries");
        assert_eq!(app.events(free.id).await, ["order.placed", "order.released", "order.completed"]);
    }

    /// PAR-14: who may cancel.
    async fn only_those_with_the_right_cancel_orders(app) {
        let (acme, contoso) = shop(&app).await;
        let order = contoso.order(&[("KEY-PRO", 1)]).place().await;
        for role in [MerchantRole::Finance, MerchantRole::Support] {
            let refusal = app.refuses(&acme.staff(role), CancelOrder { order: order.id, note: "No.".into() }).await;
            assert_eq!((refusal.code, refusal.class), ("forbidden", Class::Forbidden), "{role:?}");
        }
    }

    /// ORD-8, DEL-8: one mail about placing and no other; none where the channel switches it off.
    async fn one_mail_tells_the_reseller_that_its_order_was_placed(app) {
        use tradepost_domain::partners::channels::UpdateChannel;
        let (acme, contoso) = shop(&app).await;
        let order = contoso.order(&[("KEY-PRO", 2)]).reference("PO-7").place().await;
        app.work().await;
        let mails = || app.rows::<(String, String, String)>(sql!("SELECT template, recipient, variables FROM message WHERE template = 'order_placed' ORDER BY id"), Vec::new());
        let sent = mails().await;
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].1, contoso.email);
        for said in ["2026-000001", "20.00", "2026-04-01"] {
            assert!(sent[0].2.contains(said), "{said} in {}", sent[0].2);
        }
        acme.pay(order.invoice, "20.00").await;
        let off = UpdateChannel { channel: acme.channel, version: None, name: None, price_list: None, order_email: Some(false) };
        app.does(&acme.owner(), off).await;
        contoso.order(&[("KEY-PRO", 2)]).place().await;
        app.work().await;
        assert_eq!(mails().await.len(), 1);
    }
}
