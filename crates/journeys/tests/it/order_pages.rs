//! The reseller's pages of orders: ORD-2 … ORD-4, ORD-9, FUL-7, CRD-5.

use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_domain::catalog::EndUserInformation;
use tradepost_domain::fulfillments::{Named, RevealFulfillment};
use tradepost_domain::orders::change_draft::{ChangeDraft, DraftChange};
use tradepost_domain::orders::reveal::RevealLicense;
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
            assert!(how.contains("How to pay"), "{how}");
        }
        acme.pay(released.invoice, "20.00").await;
        assert!(!page(&user, &format!("{place}/orders/{}", released.id)).await.contains("Pay by check or wire"));
        let draft = contoso.order(&[("KEY-PRO", 1)]).draft().await;
        assert!(!page(&user, &format!("{place}/orders/{draft}")).await.contains("Pay by check or wire"), "a draft owes nothing");
    }

    /// ORD-2: what is refused on the page of a draft stands beside what was typed: in the row that was changed, in the details, at the further item.
    async fn a_draft_loses_nothing_that_was_typed(app) {
        let (acme, contoso) = shop(&app, "100.00").await;
        acme.product("KEY-BOX").price("1.00").limits(5, 10).keys(20).await;
        let (user, place) = at_the_desk(&app, &contoso).await;
        let draft = contoso.order(&[("KEY-PRO", 1), ("KEY-BOX", 6)]).reference("PO-1").draft().await;
        let at = format!("{place}/orders/{draft}");
        let shown = page(&user, &at).await;
        let rows: Vec<&str> = shown.split("id=\"quantity_").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(rows.len(), 2, "{shown}");

        for (typed, shown_as) in [("77", "value=\"77\""), ("0", "value=\"0\""), ("many", "value=\"many\"")] {
            let refused = user.form(&format!("{at}/items/{}", rows[1]), &format!("quantity={typed}")).await;
            let text = refused.text();
            assert_eq!(refused.status, 422, "{text}");
            let (_, row) = text.split_once(&format!("id=\"quantity_{}\"", rows[1])).expect("the row");
            let row = row.split("</td>").next().expect("a cell");
            assert!(row.contains(shown_as) && row.contains("class=\"wrong\""), "{row}");
            assert!(text.contains(&format!("href=\"#quantity_{}\"", rows[1])), "the summary leads to the row: {text}");
            assert!(!text.contains("id=\"quantity-wrong\""), "it is not the further item that is wrong: {text}");
        }

        let long = "x".repeat(101);
        let refused = user.form(&at, &format!("reference={long}&contact=Carla&delivery_address=Quay+7")).await;
        assert_eq!(refused.status, 422);
        for kept in [long.as_str(), "value=\"Carla\"", "Quay 7", "id=\"reference-wrong\""] {
            assert!(refused.text().contains(kept), "{kept}: {}", refused.text());
        }
        let unknown = user.form(&format!("{at}/items"), "product=KEY-NONE&quantity=3").await;
        assert_eq!(unknown.status, 404, "{}", unknown.text());
        for kept in ["value=\"KEY-NONE\"", "value=\"3\"", "id=\"product-wrong\""] {
            assert!(unknown.text().contains(kept), "{kept}: {}", unknown.text());
        }
        assert!(page(&user, &at).await.contains("value=\"PO-1\""), "nothing was changed");
    }

    /// ORD-4: an item leaves a draft after a second prompt, which names it.
    async fn removing_an_item_asks_first(app) {
        let (_acme, contoso) = shop(&app, "100.00").await;
        let (user, place) = at_the_desk(&app, &contoso).await;
        let draft = contoso.order(&[("KEY-NAMED", 4), ("KEY-PRO", 1)]).draft().await;
        let at = format!("{place}/orders/{draft}");
        let shown = page(&user, &at).await;
        let ask = shown.split("href=\"").filter_map(|rest| rest.split('"').next()).find(|link| link.ends_with("/remove")).expect("a link that asks").to_owned();
        assert!(shown.contains(&format!("href=\"{ask}\"")) && shown.contains("data-dialog"), "{shown}");
        let question = page(&user, &ask).await;
        assert!(question.contains("data-dialog-content") && question.contains("KEY-NAMED") && question.contains("The other items stay"), "{question}");
        assert!(page(&user, &at).await.contains("KEY-NAMED"), "a question removes nothing");
        let removed = user.form(&ask, "").await;
        assert_eq!((removed.status, removed.headers["location"].as_str()), (303, at.as_str()));
        let left = page(&user, &at).await;
        assert!(left.contains("KEY-PRO") && !left.contains("KEY-NAMED"), "{left}");
        assert_eq!(user.get(&ask).await.status, 404, "it is gone");
    }

    /// ORD-7, FUL-9: a timeline goes back to its first step, fifty at a time, also on the page that a look at a code answers.
    async fn a_timeline_goes_back_to_its_first_step(app) {
        let (acme, contoso) = shop(&app, "100.00").await;
        let reseller = at_the_desk(&app, &contoso).await;
        let merchant = (app.http().await.with(&acme.signs_in(MerchantRole::Owner).await), format!("/m/{}", acme.id.text()));
        let order = contoso.order(&[("KEY-PRO", 1)]).draft().await;
        for nth in 0..60 {
            let fields = DraftChange::Fields { reference: Some(Some(format!("PO-{nth}"))), contact: None, delivery_address: None };
            app.does(&contoso.owner(), ChangeDraft { order, if_version: None, change: fields }).await;
        }
        let placed = contoso.confirm(order).await.expect("placed");
        let license = app.licenses(&placed).await[0].id;
        for _ in 0..60 {
            app.does(&contoso.owner(), RevealLicense { license }).await;
        }
        contoso.top_up("20.00").await;
        let sale = contoso.sells("S-1", "KEY-PRO", 1).await;
        for _ in 0..60 {
            app.does(&contoso.owner(), RevealFulfillment { fulfillment: Named::Id(sale), again: false }).await;
        }
        let paths = [(format!("orders/{order}"), ""), (format!("licenses/{license}"), "/reveal"), (format!("fulfillments/{sale}"), "/reveal")];
        for ((user, place), (path, looked)) in [&reseller, &merchant].into_iter().flat_map(|side| paths.iter().map(move |path| (side, path))) {
            let path = format!("{place}/{path}");
            let newest = page(user, &path).await;
            assert_eq!(newest.matches("<span class=\"dot ").count(), 50, "{newest}");
            assert!(!newest.contains("Show the newest"), "{path}");
            let answered = if looked.is_empty() { newest } else { user.form(&format!("{path}{looked}"), "").await.text() };
            let (before, _) = answered.split_once("#timeline\"").expect("a way on");
            let earlier = before.rsplit_once("href=\"").expect("its link").1.to_owned();
            let first = page(user, &earlier).await;
            let steps = first.matches("<span class=\"dot ").count();
            assert!((11..50).contains(&steps) && first.contains("Show the newest") && !first.contains("Show earlier"), "{path}: {steps} {first}");
        }
        for (user, place) in [&reseller, &merchant] {
            assert_eq!(user.get(&format!("{place}/orders/{order}?cursor=nonsense")).await.status, 400);
        }
    }

    /// PAY-3: a reseller sees what it paid, and nobody else's payments; the same as files.
    async fn payments_are_listed_with_their_invoices(app) {
        let (acme, contoso) = shop(&app, "100.00").await;
        let (user, place) = at_the_desk(&app, &contoso).await;
        assert!(page(&user, &format!("{place}/payments")).await.contains("No payments yet"));
        let order = contoso.order(&[("KEY-PRO", 3)]).place().await;
        acme.pay(order.invoice, "12.00").await;
        acme.pay(order.invoice, "20.00").await;
        let fabrikam = acme.reseller("Fabrikam").credit("100.00").await;
        acme.pay(fabrikam.order(&[("KEY-PRO", 7)]).place().await.invoice, "70.00").await;
        let shown = page(&user, &format!("{place}/payments")).await;
        for part in ["$12.00", "$20.00", "$2.00", &format!("{place}/invoices/{}", order.invoice)] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert!(!shown.contains("$70.00"), "another one's");
        let file = user.get(&format!("{place}/payments?file=csv")).await;
        let text = file.text();
        assert!(file.headers["content-type"].starts_with("text/csv") && text.lines().count() == 3, "{text}");
        assert!(text.contains(&app.invoice(&order).await.number) && text.contains("12.00") && !text.contains("70.00"), "{text}");
        assert_eq!(user.get(&format!("{place}/payments?file=xlsx")).await.status, 200);
        assert!(page(&user, &format!("{place}/invoices")).await.contains(&format!("href=\"{place}/payments\"")));
    }

    /// ORD-7, FUL-9: what people take along from a page has a button that copies it: ids, SKUs and codes, also where they lead somewhere.
    async fn ids_and_codes_are_copied_from_where_they_stand(app) {
        let (acme, contoso) = shop(&app, "100.00").await;
        let (user, place) = at_the_desk(&app, &contoso).await;
        let (staff, house) = (app.http().await.with(&acme.signs_in(MerchantRole::Owner).await), format!("/m/{}", acme.id.text()));
        let order = contoso.order(&[("KEY-PRO", 1)]).place().await;
        let draft = contoso.order(&[("KEY-PRO", 1)]).draft().await;
        let (id, license, code) = (order.id.text(), app.licenses(&order).await[0].id, contoso.view().await.code);
        let pages = [
            (&user, format!("{place}/products"), "KEY-PRO"),
            (&user, format!("{place}/orders/new"), "KEY-PRO"),
            (&user, format!("{place}/orders/{draft}"), "KEY-PRO"),
            (&user, format!("{place}/orders/{draft}/items"), "KEY-PRO"),
            (&user, format!("{place}/orders/{id}"), "KEY-PRO"),
            (&user, format!("{place}/invoices/{}", order.invoice), id.as_str()),
            (&user, format!("{place}/licenses/{license}"), id.as_str()),
            (&staff, format!("{house}/orders/{id}"), code.as_str()),
            (&staff, format!("{house}/invoices/{}", order.invoice), id.as_str()),
            (&staff, format!("{house}/licenses/{license}"), id.as_str()),
            (&staff, format!("{house}/resellers/{}/products", contoso.partnership().text()), "KEY-PRO"),
        ];
        for (asker, path, text) in pages {
            let shown = page(asker, &path).await;
            assert!(shown.contains(&format!("data-copy=\"{text}\"")), "{path}: {text}: {shown}");
        }
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
