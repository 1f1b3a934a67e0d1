//! What a hostile review found: each was a bug before it was a test.

use tradepost_domain::catalog::{EndUserInformation, Method};
use tradepost_domain::command::Idempotency;
use tradepost_domain::fulfillments::change_terms::ChangeTerms;
use tradepost_domain::ids::SingleUseLinkId;
use tradepost_domain::licenses::Stage;
use tradepost_domain::listing::PageRequest;
use tradepost_domain::notices::opening::{self, Sight};
use tradepost_domain::notices::queries as messages;
use tradepost_domain::orders::activate::ActivateNextLicense;
use tradepost_domain::orders::attach::{AttachInformation, Attachment};
use tradepost_domain::orders::cancel::CancelOrder;
use tradepost_domain::orders::change_draft::{ChangeDraft, DraftChange};
use tradepost_domain::orders::create_draft::WantedItem;
use tradepost_domain::orders::download::{Download, DownloadLicenses};
use tradepost_domain::orders::reveal::RevealLicense;
use tradepost_domain::partners::SuspendPartnership;
use tradepost_domain::partners::terms::{Qualifier, Setting, TermChange, TermName};
use tradepost_domain::stock::RevealKey;
use tradepost_domain::{Caller, Command, Done, No, Origin, identity};
use tradepost_store::{params, sql};
use tradepost_testkit::{TestApp, app_test, origin, owner};

/// Runs a command under an idempotency key.
async fn keyed<C: Command>(app: &TestApp, caller: &Caller, key: &str, command: C) -> Result<Done<C::Outcome>, No> {
    let idempotency = Some(Idempotency { route: format!("POST {}", C::NAME), key: key.to_owned(), body_hash: [1; 32] });
    app.engine.execute(Origin { idempotency, ..origin(caller) }, command).await
}

/// The code of a refusal.
fn code<T: std::fmt::Debug>(result: Result<T, No>) -> &'static str {
    match result {
        Err(No::Refusal(refusal)) => refusal.code,
        other => panic!("this should have been refused: {other:?}"),
    }
}

app_test! {
    /// PLT-3: whoever repeats a call while the first one still runs gets its outcome, not a refusal that the first
    /// one brought about.
    async fn a_call_repeated_while_the_first_one_runs_is_answered_like_it(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("1.00").keys(100).await;
        for round in 0..15 {
            let contoso = acme.reseller(&format!("Contoso {round}")).credit("100.00").await;
            let order = contoso.order(&[("KEY-PRO", 2)]).place().await.id;
            let calls: Vec<_> = (0..4)
                .map(|_| {
                    let (app, caller, key) = (app.clone(), acme.owner(), format!("cancel {round}"));
                    tokio::spawn(async move { keyed(&app, &caller, &key, CancelOrder { order, note: "Mistake.".into() }).await })
                })
                .collect();
            let mut replayed = 0;
            for call in calls {
                let done = call.await.expect("no panic").unwrap_or_else(|no| panic!("round {round}: {no:?}"));
                assert_eq!(done.outcome.order, order);
                replayed += i32::from(done.replayed);
            }
            assert_eq!(replayed, 3, "round {round}: done once");
        }
    }

    /// STK-5, FUL-9, PLT-3: each look at a code is judged and audited, also one that repeats an idempotency key.
    async fn a_repeated_look_at_a_code_is_judged_and_audited_again(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("1.00").keys(5).await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        let order = contoso.order(&[("KEY-PRO", 1)]).place().await;
        let license = app.licenses(&order).await.remove(0);
        for _ in 0..2 {
            let done = keyed(&app, &contoso.owner(), "look", RevealLicense { license: license.id }).await.expect("shown");
            assert_eq!(done.outcome.license, license.id);
        }
        assert_eq!(app.actions(license.id).await, ["license.revealed", "license.revealed"]);
        let key = license.key.expect("a key");
        for _ in 0..2 {
            keyed(&app, &acme.owner(), "look", RevealKey { scope: acme.scope(), key }).await.expect("shown");
        }
        assert_eq!(app.actions(key).await, ["license_key.revealed", "license_key.revealed"]);
        app.does(&acme.owner(), SuspendPartnership { partnership: contoso.partnership() }).await;
        assert_eq!(code(keyed(&app, &contoso.owner(), "look", RevealLicense { license: license.id }).await), "partnership_not_active");
    }

    /// FUL-7: a file of 100,000 codes leaves a row of its range, not a list of 100,000 ids per download.
    async fn a_download_leaves_its_range_and_no_list_behind(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("1.00").keys(60).await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        contoso.order(&[("KEY-PRO", 60)]).place().await;
        let done = app.does(&contoso.owner(), DownloadLicenses { what: Download::Product("KEY-PRO".into()) }).await;
        assert_eq!(done.lines.len(), 60);
        let kept = app.number(sql!("SELECT CAST(MAX(length(outcome)) AS bigint) FROM command WHERE name = $1"), params![DownloadLicenses::NAME].to_vec()).await;
        assert!(kept < 100, "{kept} characters were kept");
    }

    /// FUL-3, FUL-6: a license that was given its owner beforehand is not handed to somebody else.
    async fn activating_the_next_license_passes_over_those_that_have_their_owner(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("1.00").keys(5).await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        let order = contoso.order(&[("KEY-PRO", 2)]).place().await;
        let first = app.licenses(&order).await[0].id;
        app.does(&contoso.owner(), AttachInformation { license: first, what: Attachment::EndUser(owner("ada@customer.example")) }).await;
        let ada = app.license(acme.number, first).await.customer.expect("Ada");
        let activate = || ActivateNextLicense { product: "KEY-PRO".into(), owner: owner("bob@customer.example") };
        let next = app.does(&contoso.owner(), activate()).await.license;
        assert_ne!(next, first, "it is Ada's");
        assert_eq!(app.license(acme.number, first).await.customer, Some(ada));
        assert_eq!(app.refuses(&contoso.owner(), activate()).await.code, "no_license_available");
    }

    /// PAY-3, PLT-5: an invoice is paid once, whatever comes in afterwards.
    async fn an_invoice_that_is_paid_twice_is_announced_as_paid_once(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(5).await;
        let contoso = acme.reseller("Contoso").await;
        let order = contoso.order(&[("KEY-PRO", 1)]).place().await;
        acme.pay(order.invoice, "10.00").await;
        acme.pay(order.invoice, "10.00").await;
        let paid = |events: Vec<String>| events.into_iter().filter(|kind| kind == "invoice.paid").count();
        assert_eq!(paid(app.events(order.invoice).await), 1);
        assert_eq!(paid(app.actions(order.invoice).await), 1);
    }

    /// ORD-4, FUL-1: nothing of a canceled order counts as handed over.
    async fn a_canceled_order_has_no_license_that_counts_as_handed_over(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(5).await;
        acme.product("SUPPORT").method(Method::None).price("5.00").await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        let order = contoso.order(&[("KEY-PRO", 1), ("SUPPORT", 1)]).place().await;
        acme.cancel(order.id).await;
        assert_eq!(contoso.in_stage(&order, Stage::Canceled).await, 2, "{:?}", app.fulfillment(&order).await);
    }

    /// CRD-1: currency and limit that are set together agree, or a limit would silently be none.
    async fn a_limit_in_another_currency_than_the_one_set_with_it_is_refused(app) {
        let acme = app.merchant("Acme Software").await;
        let contoso = acme.reseller("Contoso").await;
        let change = |name: TermName, value: &str| TermChange { name, qualifier: Qualifier::General, to: Setting::Value(name.value(value).expect("a value")) };
        let changes = vec![change(TermName::Currency, "EUR"), change(TermName::CreditLimit, "100.00 USD")];
        assert_eq!(app.refuses(&acme.owner(), ChangeTerms { partnership: contoso.partnership(), changes }).await.code, "currency_mismatch");
        let changes = vec![change(TermName::Currency, "EUR"), change(TermName::CreditLimit, "100.00 EUR")];
        app.does(&acme.owner(), ChangeTerms { partnership: contoso.partnership(), changes }).await;
        assert_eq!(contoso.credit().await.limit_minor, Some(10_000));
    }

    /// ORD-1: what is merged is judged by its sum.
    async fn a_merged_item_is_judged_by_its_sum(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").limits(5, 20).keys(20).await;
        let contoso = acme.reseller("Contoso").await;
        let order = contoso.order(&[("KEY-PRO", 10)]).draft().await;
        let add = |quantity, merge| {
            let change = DraftChange::AddItem { item: WantedItem { product: "KEY-PRO".into(), quantity }, merge };
            ChangeDraft { order, if_version: None, change }
        };
        app.does(&contoso.owner(), add(2, true)).await;
        assert_eq!(app.refuses(&contoso.owner(), add(2, false)).await.code, "quantity_out_of_range");
        assert_eq!(app.refuses(&contoso.owner(), add(9, true)).await.code, "quantity_out_of_range");
    }

    /// PLT-1: an amount that the books cannot hold is refused; it is no fault.
    async fn a_payment_beyond_what_the_books_hold_is_refused(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(5).await;
        let contoso = acme.reseller("Contoso").await;
        let order = contoso.order(&[("KEY-PRO", 1)]).place().await;
        for _ in 0..2 {
            match app.execute(&acme.owner(), acme.payment(order.invoice, "80000000000000000.00")).await {
                Ok(_) => {}
                Err(No::Refusal(refusal)) => assert_eq!(refusal.code, "invalid_amount"),
                Err(No::Fault(fault)) => panic!("a fault: {fault:?}"),
            }
        }
    }

    /// STK-3, CRD-4: orders of several partnerships take their locks in one order, so that none waits for another in a
    /// circle: each circle costs a second in which nobody's order goes on.
    async fn orders_and_activations_of_several_partnerships_never_wait_in_a_circle(app) {
        let acme = app.merchant("Acme Software").await;
        let (parties, rounds) = (8, 12);
        acme.product("A-ASKS").price("1.00").reseller_information().keys(1_000).await;
        acme.product("B-PLAIN").price("1.00").keys(1_000).await;
        acme.product("C-ASKS").price("1.00").reseller_information().keys(1_000).await;
        let mut resellers = Vec::new();
        for n in 0..parties {
            // Every second one's orders are held: their keys are reserved, those of the others allocated.
            let limit = if n % 2 == 0 { "10000.00" } else { "30.00" };
            let reseller = acme.reseller(&format!("Reseller {n}")).credit(limit).await;
            reseller.order(&[("B-PLAIN", 20)]).place().await;
            resellers.push(reseller);
        }
        let before = app.engine.store.stats().retried;
        for _ in 0..rounds {
            let mut calls = Vec::new();
            for reseller in &resellers {
                let draft = reseller.order(&[("C-ASKS", 1), ("B-PLAIN", 1), ("A-ASKS", 1)]).draft().await;
                let (app, reseller) = (app.clone(), reseller.clone());
                let (other, caller) = (app.clone(), reseller.owner());
                calls.push(tokio::spawn(async move { reseller.confirm(draft).await.map(drop).expect("placed") }));
                calls.push(tokio::spawn(async move {
                    let activate = ActivateNextLicense { product: "B-PLAIN".into(), owner: owner("ada@customer.example") };
                    match other.execute(&caller, activate).await {
                        Ok(_) | Err(No::Refusal(_)) => {}
                        Err(No::Fault(fault)) => panic!("{fault:?}"),
                    }
                }));
            }
            for call in calls {
                call.await.expect("no panic");
            }
        }
        assert_eq!(app.engine.store.stats().retried - before, 0, "transactions were repeated");
    }

    /// PAR-15: the link in a mail carries its proof: who only knows the database's id of it opens nothing.
    async fn the_link_in_a_mail_is_the_one_that_opens(app) {
        let acme = app.merchant("Acme Software").await;
        acme.reseller("Contoso").await;
        app.work().await;
        let links: Vec<(SingleUseLinkId,)> = app.rows(sql!("SELECT id FROM single_use_link WHERE purpose = 'access' ORDER BY id DESC"), Vec::new()).await;
        let token = identity::links::token(&app.engine.vault, links[0].0).expose().clone();
        let vault = app.engine.vault.clone();
        let page = PageRequest { limit: 50, before: None };
        let mails = app
            .read(move |reader| {
                Box::pin(async move {
                    let mut texts = Vec::new();
                    for message in messages::list(reader, messages::OPERATOR, &messages::MessageFilter::default(), page).await?.rows {
                        texts.push(opening::open(reader, Sight::Full(&vault), "https://house.example", 0, &message.variables).await?.to_string());
                    }
                    Ok(texts)
                })
            })
            .await;
        assert!(mails.iter().any(|text| text.contains(&token)), "no mail carries {token}: {mails:?}");
    }

    /// CAT-3: what a bundle asks for is asked for each of its parts.
    async fn a_bundle_that_asks_for_the_end_user_is_not_handed_over_before(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").keys(5).await;
        acme.product("SUITE").price("10.00").bundle_of(&[("KEY-PRO", 2)]).end_user(EndUserInformation::BeforeDelivery).reseller_information().await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        let order = contoso.order(&[("SUITE", 1)]).place().await;
        assert_eq!(contoso.lock_reasons(&order).await, ["REQUIRED_END_USER_INFORMATION", "REQUIRED_RESELLER_INFORMATION"]);
        assert_eq!(contoso.in_stage(&order, Stage::Waiting).await, 2);
    }
}
