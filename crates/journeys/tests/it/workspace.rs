//! The merchant's workspace: licenses of all and of one reseller, what waits for the merchant's word, keys to hand over, the way through pages, what lists are
//! narrowed by, and mails as they are shown: PAR-16, PAR-17, FUL-4, FUL-11, PAY-3, STK-6.

use serde_json::Value as Json;
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_domain::catalog::Method;
use tradepost_domain::ids::LicenseId;
use tradepost_domain::orders::activate::{ActivateNextLicense, SendLicense};
use tradepost_testkit::http::Asker;
use tradepost_testkit::{Merchant, Reseller, TestApp, app_test, owner};

async fn house(app: &TestApp) -> (Merchant, Reseller, Reseller) {
    let acme = app.merchant("Acme Software").await;
    acme.product("KEY-PRO").price("10.00").keys(20).await;
    acme.product("TRAINING").price("50.00").method(Method::Merchant).await;
    let contoso = acme.reseller("Contoso").credit("1000.00").await;
    let fabrikam = acme.reseller("Fabrikam").credit("1000.00").await;
    (acme, contoso, fabrikam)
}

/// The ids of a page of the API, sorted.
async fn ids(asker: &Asker, path: &str) -> Vec<String> {
    let page = asker.get(path).await.must(200);
    let mut ids: Vec<String> = page["data"].as_array().expect("a list").iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect();
    ids.sort();
    ids
}

fn sorted(ids: impl IntoIterator<Item = LicenseId>) -> Vec<String> {
    let mut ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    ids.sort();
    ids
}

/// Where the link with these words leads.
fn link(page: &str, words: &str) -> Option<String> {
    let (before, _) = page.split_once(&format!("{words}</a>"))?;
    let href = before.rsplit("<a ").next()?.split_once("href=\"")?.1.split('"').next()?;
    Some(href.replace("&amp;", "&"))
}

app_test! {
    /// PAR-17: licenses are found by reseller, product, status and what a word looks like, in the API and on the page alike; a reseller's tab has its own only.
    async fn licenses_are_found_by_reseller_product_and_word(app) {
        let (acme, contoso, fabrikam) = house(&app).await;
        let one = contoso.order(&[("KEY-PRO", 2)]).reference("PO-1001").place().await;
        let two = contoso.order(&[("TRAINING", 1)]).reference("PO-1002").place().await;
        let three = fabrikam.order(&[("KEY-PRO", 1)]).reference("PO-2001").place().await;
        let activated = app.does(&contoso.owner(), ActivateNextLicense { product: "KEY-PRO".into(), owner: owner("Ada@Customer.example") }).await.license;
        let (number, invoice) = (app.order(&one).await.number.expect("a number"), app.invoice(&one).await.number);
        let of = |rows: Vec<tradepost_domain::licenses::queries::LicenseRow>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
        let (one, two, three) = (of(app.licenses(&one).await), of(app.licenses(&two).await), of(app.licenses(&three).await));
        let http = app.http().await;
        let staff = http.with(&acme.key);
        let (own, all) = (contoso.partnership().text(), [one.clone(), two.clone(), three.clone()].concat());
        for (query, expected) in [
            (String::new(), all.clone()),
            (format!("partnership={own}"), [one.clone(), two.clone()].concat()),
            ("product=KEY-PRO".into(), [one.clone(), three.clone()].concat()),
            (format!("product=KEY-PRO&partnership={own}"), one.clone()),
            ("product=KEY-PRO&stage=distributed".into(), vec![activated]),
            ("product=NONE".into(), vec![]),
            ("status=waiting_for_fulfillment_confirmation".into(), two.clone()),
            (format!("search={number}"), one.clone()),
            (format!("search={invoice}"), one.clone()),
            ("search=po-2001".into(), three.clone()),
            ("search=po-".into(), vec![]),
            ("search=ada%40customer.EXAMPLE".into(), vec![activated]),
            ("search=nobody%40customer.example".into(), vec![]),
            ("search=KEY-PRO".into(), [one.clone(), three.clone()].concat()),
            ("search=KEY-PRO&product=TRAINING".into(), vec![]),
            (format!("search={}", two[0]), two.clone()),
            (format!("search=po-1001&partnership={}", fabrikam.partnership().text()), vec![]),
        ] {
            assert_eq!(ids(&staff, &format!("/v1/merchant/licenses?{query}")).await, sorted(expected), "{query}");
        }
        let desk = http.with(&acme.signs_in(MerchantRole::Support).await);
        let page = desk.get(&format!("/m/{}/licenses?product=KEY-PRO&partnership={own}&q={number}", acme.id)).await.text();
        assert!(page.contains(&one[0].to_string()) && !page.contains(&three[0].to_string()), "{page}");
        let tab = desk.get(&format!("/m/{}/resellers/{own}/licenses", acme.id)).await.text();
        assert!(all.iter().all(|id| tab.contains(&id.to_string()) != three.contains(id)), "{tab}");
        let other = app.merchant("Other Software").await;
        assert_eq!(ids(&http.with(&other.key), &format!("/v1/merchant/licenses?search={number}")).await, Vec::<String>::new());
    }

    /// FUL-4: licenses of several orders are ticked in the list, all of a page by a link, looked at once more and confirmed as a whole; one that waits no more
    /// refuses all.
    async fn licenses_of_several_orders_are_confirmed_at_once(app) {
        let (acme, contoso, fabrikam) = house(&app).await;
        let one = contoso.order(&[("TRAINING", 2)]).place().await;
        let two = fabrikam.order(&[("TRAINING", 1)]).place().await;
        let all: Vec<LicenseId> = [app.licenses(&one).await, app.licenses(&two).await].concat().iter().map(|license| license.id).collect();
        let http = app.http().await;
        let (desk, place) = (http.with(&acme.signs_in(MerchantRole::Fulfillment).await), format!("/m/{}", acme.id));
        let waiting = format!("{place}/licenses?status=waiting_for_fulfillment_confirmation");
        let list = desk.get(&waiting).await.text();
        assert_eq!((list.matches("name=\"licenses\"").count(), list.matches("form=\"to-confirm\" checked").count()), (3, 0), "{list}");
        // The boxes are no column of their own: what is hidden is the same with them and without.
        for hidden in [format!("{place}/licenses?hide-1=yes"), format!("{waiting}&hide-1=yes")] {
            let fewer = desk.get(&hidden).await.text();
            assert!(!fewer.contains("data-label=\"Reseller\"") && fewer.contains("data-label=\"Product\""), "{fewer}");
        }
        let ticked = desk.get(&link(&list, "Tick all on this page").expect("a link")).await.text();
        assert_eq!(ticked.matches("form=\"to-confirm\" checked").count(), 3, "{ticked}");
        assert!(!desk.get(&format!("{place}/licenses")).await.text().contains("name=\"licenses\""), "boxes stand where something waits");
        let support = http.with(&acme.signs_in(MerchantRole::Support).await);
        assert!(!support.get(&waiting).await.text().contains("name=\"licenses\""), "who may not confirm sees no boxes");
        let query = all.iter().map(|id| format!("licenses={id}")).collect::<Vec<_>>().join("&");
        let review = desk.get(&format!("{place}/licenses/confirm?{query}")).await.text();
        assert!(review.contains("Contoso") && review.contains("Fabrikam") && review.contains("3 licenses"), "{review}");
        assert!(desk.get(&format!("{place}/licenses/confirm")).await.text().contains("Nothing is ticked"));
        assert_eq!(desk.form(&format!("{place}/licenses/confirm"), &format!("licenses={}", all[0])).await.status, 303);
        let refused = desk.form(&format!("{place}/licenses/confirm"), &query).await;
        assert_eq!(refused.status, 409, "one of them waits no more");
        assert_eq!(desk.get(&waiting).await.text().matches("name=\"licenses\"").count(), 2, "the others wait still");
        let rest = all[1..].iter().map(|id| format!("licenses={id}")).collect::<Vec<_>>().join("&");
        assert_eq!(desk.form(&format!("{place}/licenses/confirm"), &rest).await.status, 303);
        assert!(!desk.get(&waiting).await.text().contains("name=\"licenses\""), "nothing waits any more");
        for id in &all {
            assert_eq!(app.actions(*id).await, ["license.confirmed"]);
        }
    }

    /// PAR-16: a key that the merchant makes for a reseller is shown once, works in its partnership alone, and is the reseller's from then on.
    async fn a_merchant_makes_a_key_for_a_reseller(app) {
        let (acme, contoso, _) = house(&app).await;
        let http = app.http().await;
        let admin = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let place = format!("/m/{}/resellers/{}/api-keys", acme.id, contoso.partnership().text());
        assert!(admin.get(&place).await.text().contains("New API key"));
        assert_eq!(admin.get(&format!("{place}/new")).await.status, 200);
        let nameless = admin.form(&place, "name=&scopes=orders.read").await;
        assert_eq!(nameless.status, 422);
        let nothing = admin.form(&place, "name=Shop").await;
        assert_eq!(nothing.status, 422);
        let made = admin.form(&place, "name=Shop&scopes=orders.read&scopes=program.read").await;
        assert_eq!(made.status, 200);
        let text = made.text();
        let key: String = text.split("tpr_live_").nth(1).expect("its text").chars().take_while(char::is_ascii_alphanumeric).collect();
        let shop = http.with(&format!("tpr_live_{key}"));
        assert_eq!(shop.get("/v1/reseller/orders").await.status, 200);
        assert_eq!(shop.get("/v1/reseller/invoices").await.status, 403, "exactly what was ticked");
        let again = admin.get(&place).await.text();
        assert!(again.contains("Shop") && !again.contains(&key), "masked from then on");
        let support = http.with(&acme.signs_in(MerchantRole::Support).await);
        assert_eq!((support.get(&format!("{place}/new")).await.status, support.form(&place, "name=X&scopes=orders.read").await.status), (403, 403));
    }

    /// ORD-10: Previous leads to the page before, also from the third page, and a page that somebody kept leads to the first one, and says so.
    async fn previous_leads_to_the_page_before(app) {
        let (acme, contoso, _) = house(&app).await;
        for place in 0..105 {
            contoso.order(&[("KEY-PRO", 1)]).reference(&format!("PO-{place:04}")).draft().await;
        }
        let http = app.http().await;
        let desk = http.with(&acme.signs_in(MerchantRole::Support).await);
        let first = format!("/m/{}/orders?state=draft", acme.id);
        let page = desk.get(&first).await.text();
        assert!(page.contains("PO-0104") && !page.contains("First page"), "{page}");
        let second = link(&page, "Next").expect("a second page");
        let page = desk.get(&second).await.text();
        assert!(page.contains("PO-0054") && !page.contains("First page"), "{page}");
        assert_eq!(link(&page, "Previous").as_deref(), Some(first.as_str()));
        let third = link(&page, "Next").expect("a third page");
        let page = desk.get(&third).await.text();
        assert!(page.contains("PO-0004") && page.contains("First page"), "{page}");
        let back = link(&page, "Previous").expect("a page before");
        let page = desk.get(&back).await.text();
        assert!(page.contains("PO-0054") && page.contains("PO-0005") && !page.contains("PO-0055"), "{page}");
        assert_eq!(link(&page, "Previous").as_deref(), Some(first.as_str()), "the way back goes on");
        let cursor = second.split("cursor=").nth(1).expect("a cursor").split('&').next().expect("a cursor");
        for kept in [format!("{first}&cursor={cursor}"), format!("{first}&cursor={cursor}&back=%2F%2Fevil.example")] {
            let page = desk.get(&kept).await.text();
            assert!(!page.contains("Previous") && page.contains("PO-0054"), "{page}");
            assert_eq!(link(&page, "First page").as_deref(), Some(first.as_str()));
        }
    }

    /// PAY-3, STK-6: payments by method, reference, invoice and day; stock and price lists by name; imports by state; each in the API as on its page.
    async fn lists_are_narrowed_by_what_they_show(app) {
        let (acme, contoso, fabrikam) = house(&app).await;
        let one = contoso.order(&[("KEY-PRO", 2)]).place().await;
        let two = fabrikam.order(&[("KEY-PRO", 1)]).place().await;
        let mut wire = acme.payment(one.invoice, "20.00");
        wire.reference = Some("RE-77".into());
        app.does(&acme.owner(), wire).await;
        acme.pay(two.invoice, "10.00").await;
        let invoice = app.invoice(&two).await.number;
        let http = app.http().await;
        let key = http.with(&acme.key);
        let count = |query: String| { let key = &key; async move { ids(key, &format!("/v1/merchant/payments?{query}")).await.len() } };
        let method = key.get("/v1/merchant/payments?search=RE-77").await.must(200)["data"][0]["method"].as_str().expect("a method").to_owned();
        for (query, expected) in [
            (String::new(), 2),
            ("search=RE-77".into(), 1),
            ("search=RE-7".into(), 0),
            (format!("search={invoice}"), 1),
            (format!("method={method}"), 2),
            ("method=account_balance".into(), 0),
            (format!("partnership={}&method={method}", contoso.partnership().text()), 1),
            ("created_to=2020-01-01T00:00:00Z".into(), 0),
            ("created_from=2020-01-01T00:00:00Z".into(), 2),
            (format!("invoice={}&created_from=2020-01-01T00:00:00Z", two.invoice), 1),
        ] {
            assert_eq!(count(query.clone()).await, expected, "{query}");
        }
        let desk = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let place = format!("/m/{}", acme.id);
        let page = desk.get(&format!("{place}/payments?q=RE-77&from=2020-01-01")).await.text();
        assert!(page.contains("RE-77") && page.contains("Recorded from"), "{page}");
        assert!(desk.get(&format!("{place}/payments?to=2020-01-01")).await.text().contains("No results"));
        acme.product("OTHER").price("1.00").keys(1).await;
        let skus = |page: Json| page["data"].as_array().expect("a list").iter().map(|row| row["sku"].as_str().expect("a SKU").to_owned()).collect::<Vec<_>>();
        assert_eq!(skus(key.get("/v1/merchant/stock?search=key-p").await.must(200)), ["KEY-PRO"]);
        let lists = key.get("/v1/merchant/price-lists").await.must(200);
        let list = lists["data"][0]["id"].as_str().expect("a list").to_owned();
        assert_eq!(skus(key.get(&format!("/v1/merchant/price-lists/{list}/products?search=train")).await.must(200)), ["TRAINING"]);
        assert_eq!(ids(&key, "/v1/merchant/license-keys/imports?state=staging").await.len(), 0);
        assert!(!ids(&key, "/v1/merchant/license-keys/imports?state=done").await.is_empty());
        for (path, shown) in [
            ("stock?q=key-p".to_owned(), true),
            ("stock?q=other".to_owned(), false),
            (format!("price-lists/{list}?q=key-p"), true),
            ("stock/keys?state=available".to_owned(), true),
        ] {
            assert_eq!(desk.get(&format!("{place}/{path}")).await.text().contains(">KEY-PRO<"), shown, "{path}");
        }
        assert!(desk.get(&format!("{place}/stock/imports?state=staging")).await.text().contains("No results"));
    }

    /// PAR-14: every list that can be filtered keeps views, and each leads back to its own list.
    async fn every_list_with_filters_keeps_views(app) {
        let (acme, contoso, _) = house(&app).await;
        let http = app.http().await;
        let desk = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let place = format!("/m/{}", acme.id);
        for (list, path, filter) in [
            ("products", "products", "q=key"),
            ("licenses", "licenses", "stage=available"),
            ("fulfillments", "fulfillments", "state=delivered"),
            ("cancel_requests", "cancel-requests", "state=all"),
            ("payments", "payments", "method=wire"),
            ("stock", "stock", "level=low"),
            ("license_keys", "stock/keys", "state=available"),
            ("key_imports", "stock/imports", "state=done"),
            ("people", "people", "q=ada"),
            ("requests", "api-keys/requests", "status=4xx"),
        ] {
            let page = desk.get(&format!("{place}/{path}?{filter}")).await.text();
            assert!(page.contains(&format!("views/new?list={list}&amp;")), "{list}: {page}");
            let saved = desk.form(&format!("{place}/views"), &format!("list={list}&name=Mine&query={}", filter.replace('=', "%3D"))).await;
            assert_eq!((saved.status, saved.headers["location"].as_str()), (303, format!("{place}/{path}?{filter}").as_str()), "{list}");
            assert!(desk.get(&format!("{place}/{path}")).await.text().contains(">Mine<"), "{list}");
            assert_eq!(ids(&desk, &format!("/v1/merchant/saved-views?list={list}")).await.len(), 1, "{list}");
        }
        let user = http.with(&contoso.signs_in(ResellerRole::Owner).await);
        let place = format!("/r/{}", contoso.partnership().text());
        for (list, path, filter) in [
            ("orders", "orders", "state=draft"),
            ("licenses", "licenses", "stage=available"),
            ("invoices", "invoices", "status=unpaid"),
            ("payments", "payments", "method=wire"),
            ("products", "products", "q=key"),
            ("fulfillments", "fulfillments", "state=delivered"),
            ("cancel_requests", "fulfillments/requests", "state=pending"),
            ("people", "people", "q=ada"),
            ("requests", "developers/requests", "status=4xx"),
        ] {
            let page = user.get(&format!("{place}/{path}?{filter}")).await.text();
            assert!(page.contains(&format!("views/new?list={list}&amp;")), "{list}: {page}");
            let saved = user.form(&format!("{place}/views"), &format!("list={list}&name=Mine&query={}", filter.replace('=', "%3D"))).await;
            assert_eq!((saved.status, saved.headers["location"].as_str()), (303, format!("{place}/{path}?{filter}").as_str()), "{list}");
            assert!(user.get(&format!("{place}/{path}")).await.text().contains(">Mine<"), "{list}");
            assert_eq!(ids(&user, &format!("/v1/reseller/saved-views?list={list}")).await.len(), 1, "{list}");
        }
    }

    /// PAR-17: a reseller's tab of orders has the views of the list of all that are narrowed to this reseller, and what is saved there is one of them.
    async fn views_of_a_resellers_orders_are_views_of_all_orders(app) {
        let (acme, contoso, fabrikam) = house(&app).await;
        let http = app.http().await;
        let desk = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let place = format!("/m/{}", acme.id);
        let (own, other) = (contoso.partnership().text(), fabrikam.partnership().text());
        let tab = format!("{place}/resellers/{own}/orders");
        let page = desk.get(&format!("{tab}?state=draft")).await.text();
        let save = link(&page, "Save view").expect("a way to save");
        assert!(save.ends_with(&format!("/views/new?list=orders&query=partnership%3D{own}%26state%3Ddraft")), "{save}");
        let query = format!("partnership%3D{own}%26state%3Ddraft");
        let saved = desk.form(&format!("{place}/views"), &format!("list=orders&name=Drafts&query={query}")).await;
        let all = format!("{place}/orders?partnership={own}&state=draft");
        assert_eq!((saved.status, saved.headers["location"].as_str()), (303, all.as_str()));
        assert!(desk.get(&tab).await.text().contains(">Drafts<") && desk.get(&format!("{place}/orders")).await.text().contains(">Drafts<"));
        assert!(!desk.get(&format!("{place}/resellers/{other}/orders")).await.text().contains(">Drafts<"), "another reseller's view");
        for (file, begins) in [("csv", &b"ID,Number"[..]), ("xlsx", &b"PK"[..])] {
            assert!(page.contains(&format!("href=\"{tab}?file={file}\"")), "{page}");
            assert!(desk.get(&format!("{tab}?file={file}")).await.bytes.starts_with(begins), "{file}");
        }
    }

    /// FUL-11: a mail is shown as its recipient's program shows it, codes masked, in a frame that runs nothing and loads nothing from elsewhere.
    async fn a_mail_is_shown_in_a_frame_of_its_own(app) {
        let (acme, contoso, _) = house(&app).await;
        contoso.order(&[("KEY-PRO", 1)]).place().await;
        let license = app.does(&contoso.owner(), ActivateNextLicense { product: "KEY-PRO".into(), owner: owner("ada@customer.example") }).await.license;
        app.does(&contoso.owner(), SendLicense { license }).await;
        app.work().await;
        let code = app.code_of(&app.license(acme.number, license).await, acme.number).await;
        let http = app.http().await;
        let desk = http.with(&acme.signs_in(MerchantRole::Support).await);
        let sent = ids(&http.with(&acme.key), "/v1/merchant/messages?template=license_sent").await;
        let place = format!("/m/{}/messages/{}", acme.id, sent[0]);
        assert!(desk.get(&place).await.text().contains(&format!("{place}/preview")));
        let page = desk.get(&format!("{place}/preview")).await;
        assert!(page.text().contains(&format!("sandbox=\"\" src=\"{place}/html\"")) && !page.text().contains(&code), "{}", page.text());
        assert!(page.headers["content-security-policy"].ends_with("frame-ancestors 'none'; frame-src 'self'"));
        let mail = desk.get(&format!("{place}/html")).await;
        let policy = &mail.headers["content-security-policy"];
        assert!(policy.starts_with("default-src 'none'; style-src 'unsafe-inline'") && policy.ends_with("frame-ancestors 'self'; sandbox"), "{policy}");
        assert!(mail.text().starts_with("<!doctype html>") && !mail.text().contains(&code), "{}", mail.text());
        let other = app.merchant("Other Software").await;
        let stranger = http.with(&other.signs_in(MerchantRole::Owner).await);
        assert_eq!(stranger.get(&format!("/m/{}/messages/{}/html", other.id, sent[0])).await.status, 404);
    }
}
