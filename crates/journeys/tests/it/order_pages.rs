//! The reseller's pages of orders: ORD-2 … ORD-4, ORD-9, FUL-7, CRD-5.

use tradepost_domain::access::ResellerRole;
use tradepost_domain::catalog::EndUserInformation;
use tradepost_testkit::http::Asker;
use tradepost_testkit::{Merchant, Reseller, TestApp, app_test};

/// Somebody at the pages of a reseller, and where those are.
async fn at_the_desk(app: &TestApp, contoso: &Reseller) -> (Asker, String) {
    let user = app.http().await.with(&contoso.signs_in(ResellerRole::Owner).await);
    (user, format!("/r/{}", contoso.partnership().text()))
}

async fn shop(app: &TestApp, limit: &str) -> (Merchant, Reseller) {
    let acme = app.merchant("Acme Software").await;
    acme.product("KEY-PRO").price("10.00").keys(20).await;
    acme.product("KEY-NAMED").price("5.00").end_user(EndUserInformation::AtActivation).keys(20).await;
    let contoso = acme.reseller("Contoso").credit(limit).await;
    (acme, contoso)
}

/// The page without the navigation around it.
async fn page(user: &Asker, path: &str) -> String {
    let reply = user.get(path).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.text()
}

app_test! {
    /// FUL-7, CRD-5: the file of codes is offered where there is one, and absent for products with an end user and while the limit is reached.
    async fn a_file_of_codes_is_offered_only_where_there_is_one(app) {
        let (acme, contoso) = shop(&app, "100.00").await;
        let (user, place) = at_the_desk(&app, &contoso).await;
        let order = contoso.order(&[("KEY-PRO", 2)]).place().await;
        let named = contoso.order(&[("KEY-NAMED", 1)]).place().await;
        let (its, others) = (format!("{place}/orders/{}", order.id), format!("{place}/orders/{}", named.id));
        assert!(page(&user, &its).await.contains("Download licenses"));
        assert!(!page(&user, &others).await.contains("Download licenses"), "it needs an end user");
        let seen = page(&user, &place).await;
        assert_eq!(seen.matches("/licenses.csv").count(), 2, "a product and an order: {seen}");
        assert!(page(&user, &format!("{place}/licenses")).await.contains("/licenses.csv"));

        let file = user.form(&format!("{its}/licenses.csv"), "").await;
        assert_eq!((file.status, file.headers["content-type"].starts_with("text/csv")), (200, true), "{}", file.text());
        assert_eq!(contoso.available(1).await, 2, "a download distributes nothing");
        assert_eq!(user.form(&format!("{its}/licenses.csv"), "").await.bytes, file.bytes, "the same again");

        // At the limit there is no file, and who asks all the same is told on the order's page.
        contoso.order(&[("KEY-PRO", 8)]).place().await;
        assert!(contoso.balance_due().await);
        for path in [its.clone(), place.clone(), format!("{place}/licenses")] {
            assert!(!page(&user, &path).await.contains("/licenses.csv"), "{path}");
        }
        let refused = user.form(&format!("{its}/licenses.csv"), "").await;
        assert_eq!(refused.status, 409);
        assert!(refused.text().contains("This could not be done") && refused.text().contains("KEY-PRO"), "{}", refused.text());
        acme.pay(order.invoice, "20.00").await;
        assert!(page(&user, &its).await.contains("Download licenses"), "below the limit it is back");
    }

    /// PAY-3, CRD-3: what is open of an order can be paid from its page, released on credit or held, and no longer once it is paid.
    async fn an_order_is_paid_from_its_page_while_something_is_open(app) {
        let (acme, contoso) = shop(&app, "100.00").await;
        let (user, place) = at_the_desk(&app, &contoso).await;
        let (released, held) = (contoso.order(&[("KEY-PRO", 2)]).place().await, contoso.order(&[("KEY-PRO", 9)]).place().await);
        for order in [&released, &held] {
            let shown = page(&user, &format!("{place}/orders/{}", order.id)).await;
            let pay = format!("{place}/invoices/{}/pay", order.invoice);
            assert!(shown.contains("Pay by check or wire") && shown.contains(&pay), "{shown}");
            let how = page(&user, &pay).await;
            assert!(how.contains("How to pay") && how.contains("Wire transfer"), "{how}");
        }
        acme.pay(released.invoice, "20.00").await;
        assert!(!page(&user, &format!("{place}/orders/{}", released.id)).await.contains("Pay by check or wire"));
        let draft = contoso.order(&[("KEY-PRO", 1)]).draft().await;
        assert!(!page(&user, &format!("{place}/orders/{draft}")).await.contains("Pay by check or wire"), "a draft owes nothing");
    }

    /// ORD-9, FUL-7: recent orders have what can be done with them: pay, the receipt, the codes again.
    async fn recent_orders_are_paid_and_read_from_the_overview(app) {
        let (acme, contoso) = shop(&app, "100.00").await;
        let (user, place) = at_the_desk(&app, &contoso).await;
        let (open, paid) = (contoso.order(&[("KEY-PRO", 1)]).place().await, contoso.order(&[("KEY-PRO", 2)]).place().await);
        acme.pay(paid.invoice, "20.00").await;
        contoso.order(&[("KEY-PRO", 1)]).draft().await;
        let seen = page(&user, &place).await;
        assert!(seen.contains(&format!("/invoices/{}/pay", open.invoice)) && seen.contains("Receipt"), "{seen}");
        assert!(!seen.contains(&format!("/invoices/{}/pay", paid.invoice)), "nothing of it is open");
        for order in [open.id, paid.id] {
            assert!(seen.contains(&format!("/orders/{order}/licenses.csv")), "{seen}");
        }
        let viewer = app.http().await.with(&contoso.signs_in(ResellerRole::Viewer).await);
        assert!(!page(&viewer, &place).await.contains("/licenses.csv"), "who may not hand out gets no file");
    }
}
