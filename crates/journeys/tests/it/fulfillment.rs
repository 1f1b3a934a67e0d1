//! Handing licenses out: FUL-1 … FUL-7, FUL-9.

use std::collections::BTreeMap;
use tradepost_domain::access::MerchantRole;
use tradepost_domain::catalog::{EndUserInformation, Method};
use tradepost_domain::customers::SellingCompany;
use tradepost_domain::orders::activate::{ActivateNextLicense, SendLicense};
use tradepost_domain::orders::attach::{AttachInformation, Attachment};
use tradepost_domain::orders::confirm_fulfillment::ConfirmFulfillment;
use tradepost_domain::orders::download::{Download, DownloadLicenses, DownloadOutcome};
use tradepost_domain::orders::reveal::RevealLicense;
use tradepost_domain::partners::terms::TermName;
use tradepost_domain::{LicenseId, licenses::Stage};
use tradepost_kernel::Class;
use tradepost_store::{params, sql};
use tradepost_testkit::{Merchant, PlacedOrder, Reseller, TestApp, app_test, owner};

async fn shop(app: &TestApp) -> (Merchant, Reseller) {
    let acme = app.merchant("Acme Software").await;
    let contoso = acme.reseller("Contoso").credit("1000.00").await;
    (acme, contoso)
}

fn counts(of: &[(&str, usize)]) -> BTreeMap<String, usize> {
    of.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

fn company() -> SellingCompany {
    SellingCompany {
        company: "Corner Shop".into(),
        contact: None,
        email: None,
        street: None,
        city: None,
        postal_code: None,
        region: None,
        country: Some("US".into()),
        vat_id: None,
    }
}

async fn ids(app: &TestApp, order: &PlacedOrder) -> Vec<LicenseId> {
    app.licenses(order).await.iter().map(|license| license.id).collect()
}

const fn attach(license: LicenseId, what: Attachment) -> AttachInformation {
    AttachInformation { license, what }
}

async fn shown(app: &TestApp) -> i64 {
    app.number(sql!("SELECT COUNT(*) FROM license_key WHERE shown_ms IS NOT NULL"), Vec::new()).await
}

app_test! {
    /// FUL-1, FUL-5: `none` is done as soon as payment or credit is there, `merchant` waits for the merchant's word,
    /// `key_pool` lies in the inventory and keeps no order open.
    async fn each_method_goes_its_own_way(app) {
        let (acme, contoso) = shop(&app).await;
        acme.product("SUPPORT").price("5.00").method(Method::None).end_user(EndUserInformation::None).await;
        acme.product("TRAINING").price("50.00").method(Method::Merchant).end_user(EndUserInformation::None).await;
        acme.product("KEY-PRO").price("10.00").keys(10).await;
        let order = contoso.order(&[("SUPPORT", 2), ("TRAINING", 2), ("KEY-PRO", 2)]).place().await;
        let expected = [("distributed/fulfillment_not_required", 2), ("waiting/waiting_for_fulfillment_confirmation", 2), ("available/not_fulfilled", 2)];
        assert_eq!(app.fulfillment(&order).await, counts(&expected));
        assert_eq!(app.state(&order).await, "awaiting_payment", "released on credit");
        assert_eq!(contoso.lock_reasons(&order).await, ["REQUIRED_VENDOR_DELIVERY_CONFIRMATION"]);
        acme.pay(order.invoice, "130.00").await;
        assert_eq!(app.state(&order).await, "awaiting_confirmation");
        let waiting: Vec<LicenseId> = app.licenses(&order).await.iter().filter(|l| l.method == Method::Merchant).map(|l| l.id).collect();
        let done = app.does(&acme.staff(MerchantRole::Fulfillment), ConfirmFulfillment { licenses: waiting }).await;
        assert_eq!(done.confirmed, 2);
        let expected = [("distributed/fulfillment_not_required", 2), ("distributed/fulfillment_confirmed", 2), ("available/not_fulfilled", 2)];
        assert_eq!(app.fulfillment(&order).await, counts(&expected));
        assert_eq!(app.state(&order).await, "complete", "the inventory does not keep it open");
        assert_eq!(app.events(order.id).await, ["order.placed", "order.released", "order.completed"]);
    }

    /// FUL-2: without payment or credit nothing is due from the merchant, whatever the method.
    async fn nothing_is_due_from_anybody_while_an_order_is_held(app) {
        let (acme, contoso) = shop(&app).await;
        acme.set_term(&contoso, TermName::CreditLimit, "none").await;
        acme.product("SUPPORT").price("5.00").method(Method::None).await;
        acme.product("TRAINING").price("50.00").method(Method::Merchant).await;
        let order = contoso.order(&[("SUPPORT", 1), ("TRAINING", 1)]).place().await;
        assert_eq!(app.fulfillment(&order).await, counts(&[("waiting/not_fulfilled", 2)]));
        assert_eq!(contoso.lock_reasons(&order).await, ["UNPAID_INVOICE", "REQUIRED_VENDOR_DELIVERY_CONFIRMATION"], "several at once");
        let licenses = ids(&app, &order).await;
        let refusal = app.refuses(&acme.owner(), ConfirmFulfillment { licenses }).await;
        assert_eq!((refusal.code, refusal.class, refusal.state), ("not_waiting_for_confirmation", Class::Conflict, Some("not_fulfilled")));
        acme.pay(order.invoice, "55.00").await;
        assert_eq!(app.fulfillment(&order).await, counts(&[("distributed/fulfillment_not_required", 1), ("waiting/waiting_for_fulfillment_confirmation", 1)]));
    }

    /// FUL-4: many at once, over several orders; one in another status refuses the whole action.
    async fn confirming_one_that_does_not_wait_confirms_none(app) {
        let (acme, contoso) = shop(&app).await;
        let fabrikam = acme.reseller("Fabrikam").credit("1000.00").await;
        acme.product("TRAINING").price("50.00").method(Method::Merchant).await;
        let one = contoso.order(&[("TRAINING", 3)]).place().await;
        let two = fabrikam.order(&[("TRAINING", 2)]).place().await;
        let (first, second) = (ids(&app, &one).await, ids(&app, &two).await);
        app.does(&acme.owner(), ConfirmFulfillment { licenses: vec![first[0]] }).await;
        let all: Vec<LicenseId> = first.iter().chain(&second).copied().collect();
        let refusal = app.refuses(&acme.owner(), ConfirmFulfillment { licenses: all.clone() }).await;
        assert_eq!((refusal.code, refusal.state), ("not_waiting_for_confirmation", Some("fulfillment_confirmed")));
        let missing = app.refuses(&acme.owner(), ConfirmFulfillment { licenses: vec![first[1], LicenseId::from_bytes([9; 16])] }).await;
        assert_eq!(missing.code, "not_found");
        assert_eq!(app.refuses(&acme.owner(), ConfirmFulfillment { licenses: Vec::new() }).await.code, "invalid_field");
        for role in [MerchantRole::Finance, MerchantRole::Support] {
            assert_eq!(app.refuses(&acme.staff(role), ConfirmFulfillment { licenses: all.clone() }).await.code, "forbidden");
        }
        let other = app.merchant("Other Software").await;
        assert_eq!(app.refuses(&other.owner(), ConfirmFulfillment { licenses: all.clone() }).await, missing, "another merchant's are not there");
        app.does(&acme.owner(), ConfirmFulfillment { licenses: all[1..].to_vec() }).await;
        assert_eq!(app.fulfillment(&two).await, counts(&[("distributed/fulfillment_confirmed", 2)]));
        let told = app.actions(second[0]).await;
        assert_eq!(told, ["license.confirmed"]);
        assert_eq!(app.events(second[0]).await, ["license.confirmed"]);
    }

    /// FUL-1, FUL-2, FUL-3: what asks for its end user before delivery waits for it, then is mailed by itself, and only
    /// then; attachable before and after payment.
    async fn information_asked_before_delivery_holds_back_and_then_sends_by_itself(app) {
        let (acme, contoso) = shop(&app).await;
        acme.set_term(&contoso, TermName::CreditLimit, "none").await;
        let product = acme.product("KEY-OEM").price("10.00").end_user(EndUserInformation::BeforeDelivery).keys(5).await;
        let order = contoso.order(&[("KEY-OEM", 2)]).place().await;
        assert_eq!(contoso.lock_reasons(&order).await, ["UNPAID_INVOICE", "REQUIRED_END_USER_INFORMATION"]);
        let licenses = ids(&app, &order).await;
        app.does(&contoso.owner(), attach(licenses[0], Attachment::EndUser(owner("ada@customer.example")))).await;
        assert_eq!((shown(&app).await, contoso.in_stage(&order, Stage::Waiting).await), (0, 2), "attached and unpaid: still nothing");
        acme.pay(order.invoice, "20.00").await;
        assert_eq!(app.state(&order).await, "needs_info");
        assert_eq!(app.fulfillment(&order).await, counts(&[("distributed/fulfilled", 1), ("waiting/not_fulfilled", 1)]));
        assert_eq!(contoso.lock_reasons(&order).await, ["REQUIRED_END_USER_INFORMATION"]);
        assert_eq!(shown(&app).await, 1);
        app.does(&acme.staff(MerchantRole::Fulfillment), attach(licenses[1], Attachment::EndUser(owner("grace@customer.example")))).await;
        assert_eq!(app.state(&order).await, "complete");
        let stock = app.stock(acme.number, product.number).await;
        assert_eq!((stock.available, stock.delivered), (3, 2));
        app.work().await;
        let mails: Vec<(String,)> = app.rows(sql!("SELECT recipient FROM message WHERE template = 'license_sent' ORDER BY recipient"), Vec::new()).await;
        assert_eq!(mails, [("ada@customer.example".to_owned(),), ("grace@customer.example".to_owned(),)]);
        assert_eq!(app.actions(licenses[0]).await, ["license.end_user_attached", "license.sent"]);
    }

    /// FUL-1, CRD-5: what the platform hands over by itself stops at the limit, and goes on by itself after it.
    async fn what_is_handed_over_by_itself_stops_at_the_limit_and_goes_on(app) {
        let (acme, contoso) = shop(&app).await;
        acme.set_limit(&contoso, "20.00").await;
        acme.product("KEY-OEM").price("10.00").end_user(EndUserInformation::BeforeDelivery).keys(5).await;
        let order = contoso.order(&[("KEY-OEM", 2)]).place().await;
        let licenses = ids(&app, &order).await;
        app.does(&contoso.owner(), attach(licenses[0], Attachment::EndUser(owner("ada@customer.example")))).await;
        assert_eq!(shown(&app).await, 0, "the limit is reached");
        assert_eq!(app.license(acme.number, licenses[0]).await.stage, Stage::Available);
        acme.pay(order.invoice, "0.01").await;
        assert_eq!(app.license(acme.number, licenses[0]).await.stage, Stage::Distributed);
        assert_eq!(app.events(licenses[0]).await, ["license.sent"]);
    }

    /// CAT-3, FUL-2: reseller information, asked by the product or by the terms, is attached by either side.
    async fn reseller_information_holds_an_order_open_until_it_is_there(app) {
        let (acme, contoso) = shop(&app).await;
        acme.product("KEY-B2B").price("10.00").reseller_information().keys(5).await;
        acme.product("KEY-PRO").price("10.00").keys(5).await;
        let order = contoso.order(&[("KEY-B2B", 1)]).place().await;
        assert_eq!(contoso.lock_reasons(&order).await, ["REQUIRED_RESELLER_INFORMATION"]);
        acme.pay(order.invoice, "10.00").await;
        assert_eq!(app.state(&order).await, "needs_info");
        let license = ids(&app, &order).await[0];
        app.does(&acme.owner(), attach(license, Attachment::SellingCompany(company()))).await;
        assert_eq!(app.state(&order).await, "complete");
        assert_eq!(app.fulfillment(&order).await, counts(&[("available/not_fulfilled", 1)]));
        acme.set_term(&contoso, TermName::RequiresResellerInformation, "true").await;
        acme.set_term(&contoso, TermName::RequiresEndUserInformation, "true").await;
        let order = contoso.order(&[("KEY-PRO", 1)]).place().await;
        let row = app.licenses(&order).await.remove(0);
        assert!(row.needs_reseller_information, "one of both is enough");
        assert_eq!(row.end_user_information, EndUserInformation::AtActivation);
        app.does(&contoso.owner(), attach(row.id, Attachment::SellingCompany(company()))).await;
        assert_eq!(app.license(acme.number, row.id).await.stage, Stage::Available);
    }

    /// FUL-6, FUL-9: activate binds the oldest to its owner and shows it; send mails it from the merchant; again is again.
    async fn activate_send_and_send_again(app) {
        let (acme, contoso) = shop(&app).await;
        let product = acme.product("KEY-PRO").price("10.00").end_user(EndUserInformation::AtActivation).keys(5).await;
        let order = contoso.order(&[("KEY-PRO", 2)]).place().await;
        let licenses = app.licenses(&order).await;
        let caller = contoso.owner();
        let activate = |email: &str| ActivateNextLicense { product: "KEY-PRO".into(), owner: owner(email) };
        let first = app.does(&caller, activate("ada@customer.example")).await.license;
        assert_eq!(first, licenses[0].id, "the oldest");
        assert_eq!((contoso.available(product.number).await, shown(&app).await), (1, 1));
        let row = app.license(acme.number, first).await;
        assert_eq!((row.stage, row.status.name(), row.sent), (Stage::Distributed, "fulfilled", None));
        app.work().await;
        let mails = || app.rows::<(String, String)>(sql!("SELECT recipient, variables FROM message WHERE template = 'license_sent' ORDER BY id"), Vec::new());
        assert_eq!(mails().await.len(), 0, "activating mails nobody");
        app.does(&caller, SendLicense { license: first }).await;
        app.clock.advance_ms(60_000);
        app.does(&acme.staff(MerchantRole::Support), SendLicense { license: first }).await;
        app.work().await;
        let sent = mails().await;
        assert_eq!(sent.iter().map(|mail| mail.0.as_str()).collect::<Vec<_>>(), ["ada@customer.example", "ada@customer.example"]);
        assert!(sent.iter().all(|mail| !mail.1.contains(&product.code(1))), "the code is a reference until somebody may see it");
        assert_eq!(app.actions(first).await, ["license.activated", "license.sent", "license.sent"]);
        assert_eq!(app.license(acme.number, first).await.sent, Some(app.engine.environment.now()));
        app.does(&caller, activate("grace@customer.example")).await;
        let none = app.refuses(&caller, activate("alan@customer.example")).await;
        assert_eq!((none.code, none.class), ("no_license_available", Class::Conflict));
        let stock = app.stock(acme.number, product.number).await;
        assert_eq!((stock.available, stock.allocated, stock.delivered), (3, 0, 2));
    }

    /// FUL-6: a license can be sent only to somebody: without an owner it says so.
    async fn a_license_is_sent_to_its_owner_only(app) {
        let (acme, contoso) = shop(&app).await;
        acme.product("KEY-PRO").price("10.00").keys(5).await;
        acme.product("SUPPORT").price("1.00").method(Method::None).await;
        let order = contoso.order(&[("KEY-PRO", 1), ("SUPPORT", 1)]).place().await;
        let rows = app.licenses(&order).await;
        let (key, service) = (rows[0].id, rows[1].id);
        assert_eq!(app.refuses(&contoso.owner(), SendLicense { license: key }).await.code, "end_user_required");
        let nothing = app.refuses(&contoso.owner(), SendLicense { license: service }).await;
        assert_eq!((nothing.code, nothing.state), ("nothing_to_send", Some("distributed")));
        app.does(&contoso.owner(), attach(key, Attachment::EndUser(owner("ada@customer.example")))).await;
        app.does(&contoso.owner(), SendLicense { license: key }).await;
        assert_eq!(app.license(acme.number, key).await.stage, Stage::Distributed, "sending distributes");
        let late = app.refuses(&contoso.owner(), attach(key, Attachment::EndUser(owner("eve@customer.example")))).await;
        assert_eq!((late.code, late.state), ("license_distributed", Some("distributed")));
        app.does(&acme.owner(), attach(key, Attachment::EndUser(owner("grace@customer.example")))).await;
        for role in [MerchantRole::Finance] {
            assert_eq!(app.refuses(&acme.staff(role), SendLicense { license: key }).await.code, "forbidden");
        }
    }

    /// FUL-9, STK-5: every look at a code is on the license's history, with who looked.
    async fn every_look_at_a_code_is_audited(app) {
        let (acme, contoso) = shop(&app).await;
        let product = acme.product("KEY-PRO").price("10.00").keys(5).await;
        let order = contoso.order(&[("KEY-PRO", 1)]).place().await;
        let license = app.licenses(&order).await.remove(0);
        app.does(&contoso.owner(), RevealLicense { license: license.id }).await;
        app.does(&acme.staff(MerchantRole::Fulfillment), RevealLicense { license: license.id }).await;
        assert_eq!(app.code_of(&license, acme.number).await, product.code(1));
        let looks: Vec<(String, String)> = app.timeline(license.id).await.into_iter().map(|row| (row.action, row.actor)).collect();
        let look = |who: &str| ("license.revealed".to_owned(), who.to_owned());
        assert_eq!(looks, [look("owner of Contoso"), look("fulfillment of staff")]);
        assert_eq!(app.license(acme.number, license.id).await.stage, Stage::Available, "looking distributes nothing");
        for role in [MerchantRole::Support, MerchantRole::Finance] {
            assert_eq!(app.refuses(&acme.staff(role), RevealLicense { license: license.id }).await.code, "forbidden", "{role:?} sees no codes");
        }
    }

    /// FUL-7: the file holds every code, shows them, distributes nothing, and can be had again.
    async fn a_downloaded_file_can_be_had_again_and_distributes_nothing(app) {
        let (acme, contoso) = shop(&app).await;
        let product = acme.product("KEY-PRO").price("10.00").keys(10).await;
        acme.product("KEY-USER").price("1.00").end_user(EndUserInformation::AtActivation).keys(3).await;
        let first = contoso.order(&[("KEY-PRO", 3)]).place().await;
        let second = contoso.order(&[("KEY-PRO", 2), ("KEY-USER", 1)]).place().await;
        let caller = contoso.owner();
        let file = |what: Download| DownloadLicenses { what };
        let in_file = |done: DownloadOutcome| done.lines.iter().map(|line| line.license).collect::<Vec<_>>();
        let all = in_file(app.does(&caller, file(Download::Product("KEY-PRO".into()))).await);
        let again = in_file(app.does(&caller, file(Download::Product("KEY-PRO".into()))).await);
        assert_eq!((all.len(), &all), (5, &again));
        let of_order = in_file(app.does(&caller, file(Download::Order(first.id))).await);
        assert_eq!(of_order, ids(&app, &first).await);
        assert_eq!(app.does(&caller, file(Download::Order(second.id))).await.lines.len(), 2, "what needs its owner is not in it");
        assert_eq!((contoso.available(product.number).await, shown(&app).await), (5, 5), "counts stay");
        let needs_owner = app.refuses(&caller, file(Download::Product("KEY-USER".into()))).await;
        assert_eq!((needs_owner.code, needs_owner.class), ("end_user_required", Class::Conflict));
        let audited: Vec<Option<String>> = app.timeline(contoso.partnership()).await.into_iter().filter(|row| row.action == "licenses.downloaded").map(|row| row.after).collect();
        assert_eq!(audited.len(), 2, "one row per download of the product");
        assert!(audited[0].as_deref().is_some_and(|after| after.contains("\"count\":5") && !after.contains("KEY-PRO-0000")));
        assert_eq!(app.actions(first.id).await.iter().filter(|action| *action == "licenses.downloaded").count(), 1);
        assert_eq!(app.refuses(&caller, file(Download::Order(tradepost_domain::OrderId::from_bytes([9; 16])))).await.code, "not_found");
    }

    /// FUL-5: canceled licenses are gone for every route.
    async fn a_canceled_license_can_be_used_by_nobody(app) {
        let (acme, contoso) = shop(&app).await;
        acme.product("KEY-PRO").price("10.00").keys(5).await;
        let order = contoso.order(&[("KEY-PRO", 1)]).place().await;
        let license = ids(&app, &order).await[0];
        acme.cancel(order.id).await;
        let caller = contoso.owner();
        assert_eq!(app.refuses(&caller, attach(license, Attachment::EndUser(owner("ada@customer.example")))).await.code, "license_canceled");
        assert_eq!(app.refuses(&caller, SendLicense { license }).await.code, "nothing_to_send");
        assert_eq!(app.refuses(&caller, RevealLicense { license }).await.code, "nothing_to_reveal");
        let file = app.refuses(&caller, DownloadLicenses { what: Download::Order(order.id) }).await;
        assert_eq!((file.code, file.state), ("no_license_available", Some("canceled")));
        assert_eq!(app.refuses(&caller, ActivateNextLicense { product: "KEY-PRO".into(), owner: owner("a@b.example") }).await.code, "no_license_available");
    }

    /// A bundle expands to its parts: as many licenses as its parts times the quantity (CAT-1).
    async fn a_bundle_makes_the_licenses_of_its_parts(app) {
        let (acme, contoso) = shop(&app).await;
        acme.product("KEY-PRO").price("10.00").keys(20).await;
        acme.product("TRAINING").price("50.00").method(Method::Merchant).await;
        acme.product("SUITE").price("55.00").bundle_of(&[("KEY-PRO", 3), ("TRAINING", 1)]).await;
        let order = contoso.order(&[("SUITE", 2)]).place().await;
        assert_eq!(app.fulfillment(&order).await, counts(&[("available/not_fulfilled", 6), ("waiting/waiting_for_fulfillment_confirmation", 2)]));
        assert_eq!(app.order(&order).await.total_minor, 11_000);
        let short = contoso.order(&[("SUITE", 5)]).try_place().await.expect_err("15 keys of 14");
        assert_eq!((short.code, short.pointer.as_str()), ("out_of_stock", "/items/0"));
    }

    /// A license of somebody else is not there.
    async fn a_license_of_another_partnership_is_not_found(app) {
        let (acme, contoso) = shop(&app).await;
        acme.product("KEY-PRO").price("10.00").keys(5).await;
        let fabrikam = acme.reseller("Fabrikam").credit("100.00").await;
        let order = contoso.order(&[("KEY-PRO", 1)]).place().await;
        let license = ids(&app, &order).await[0];
        let stranger = fabrikam.owner();
        let missing = app.refuses(&stranger, RevealLicense { license: LicenseId::from_bytes([9; 16]) }).await;
        assert_eq!(app.refuses(&stranger, RevealLicense { license }).await, missing);
        assert_eq!(app.refuses(&stranger, SendLicense { license }).await, missing);
        assert_eq!(app.refuses(&stranger, attach(license, Attachment::EndUser(owner("a@b.example")))).await, missing);
        assert_eq!(app.refuses(&stranger, DownloadLicenses { what: Download::Order(order.id) }).await, missing);
        let customers = app.number(sql!("SELECT COUNT(*) FROM customer WHERE merchant = $1"), params![acme.number].to_vec()).await;
        assert_eq!(customers, 0);
    }
}
