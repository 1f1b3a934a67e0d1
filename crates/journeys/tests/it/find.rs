//! The field that finds whatever some words are, in both workspaces: by the API, and as a page (ORD-10, PAR-17).

use serde_json::Value as Json;
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_domain::orders::activate::ActivateNextLicense;
use tradepost_testkit::http::Asker;
use tradepost_testkit::{app_test, owner};

const MERCHANT: &str = "/v1/merchant/search";
const RESELLER: &str = "/v1/reseller/search";

/// Kind, name and what stands beside it, of all that is found.
async fn found(asker: &Asker, path: &str, words: &str) -> Vec<(String, String, String)> {
    let answer = asker.get(&format!("{path}?q={}", tradepost_portal::room::encoded(words))).await.must(200);
    let text = |hit: &Json, name: &str| hit[name].as_str().unwrap_or_default().to_owned();
    answer["data"].as_array().expect("a list").iter().map(|hit| (text(hit, "kind"), text(hit, "name"), text(hit, "detail"))).collect()
}

fn names(hits: &[(String, String, String)]) -> Vec<(&str, &str)> {
    hits.iter().map(|(kind, name, _)| (kind.as_str(), name.as_str())).collect()
}

app_test! {
    /// ORD-10, PAR-17: orders by number and reference, invoices by number, resellers by name, products by SKU and name, licenses by
    /// id and the customer's address; each side only its own.
    async fn some_words_find_whatever_they_are(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(9).await;
        let contoso = acme.reseller("Contoso").credit("1000.00").await;
        let fabrikam = acme.reseller("Fabrikam").credit("1000.00").await;
        let first = contoso.order(&[("KEY-PRO", 2)]).reference("PO-1001").place().await;
        fabrikam.order(&[("KEY-PRO", 1)]).reference("po-2001").place().await;
        app.does(&contoso.owner(), ActivateNextLicense { product: "KEY-PRO".into(), owner: owner("Ada@Customer.example") }).await;
        let (number, invoice) = (app.order(&first).await.number.expect("a number"), app.invoice(&first).await.number);
        let licenses = app.licenses(&first).await;
        let license = licenses.iter().find(|license| license.customer.is_some()).expect("one that has an owner").id.to_string();
        let http = app.http().await;
        let (staff, user) = (http.with(&acme.key), http.with(&contoso.signs_in(ResellerRole::Owner).await));
        let other = http.with(&fabrikam.signs_in(ResellerRole::Owner).await);

        let hits = found(&staff, MERCHANT, &number).await;
        assert_eq!(hits, [("order".to_owned(), number.clone(), "Contoso · PO-1001".to_owned())]);
        assert_eq!(names(&found(&user, RESELLER, &number).await), [("order", number.as_str())]);
        assert_eq!(found(&other, RESELLER, &number).await.len(), 0, "another's");
        assert_eq!(found(&staff, MERCHANT, "po-").await.len(), 2);
        assert_eq!(names(&found(&user, RESELLER, "PO-").await), [("order", number.as_str())]);
        for words in [invoice.clone(), invoice.to_lowercase()] {
            assert_eq!(found(&staff, MERCHANT, &words).await, [("invoice".to_owned(), invoice.clone(), "Contoso".to_owned())]);
            assert_eq!(names(&found(&user, RESELLER, &words).await), [("invoice", invoice.as_str())]);
            assert_eq!(found(&other, RESELLER, &words).await.len(), 0, "another's");
        }
        assert_eq!(names(&found(&staff, MERCHANT, "conto").await), [("reseller", "Contoso")]);
        assert_eq!(found(&user, RESELLER, "fabri").await.len(), 0, "resellers are the merchant's");
        for (asker, path) in [(&staff, MERCHANT), (&user, RESELLER)] {
            let hits = found(asker, path, "key-p").await;
            assert_eq!((hits.len(), hits[0].0.as_str(), hits[0].2.as_str()), (1, "product", "KEY-PRO"));
            assert_eq!(names(&found(asker, path, "ada@customer.EXAMPLE").await), [("license", license.as_str())]);
            assert_eq!(names(&found(asker, path, &license).await), [("license", license.as_str())]);
            assert_eq!(found(asker, path, "100%").await.len(), 0);
        }
        assert_eq!(found(&other, RESELLER, "ada@customer.example").await.len(), 0, "another's customer");
        assert_eq!(found(&other, RESELLER, &license).await.len(), 0, "another's license");
        assert_eq!(staff.get(MERCHANT).await.status, 400, "words are needed");
    }

    /// ORD-10: what a role may not see it does not find; five of a kind are enough.
    async fn nobody_finds_what_they_may_not_see(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("1.00").keys(9).await;
        let hidden = acme.product("KEY-HIDDEN").price("1.00").keys(9).await;
        let contoso = acme.reseller("Contoso").credit("1000.00").await;
        for nth in 1..=7 {
            contoso.order(&[("KEY-PRO", 1)]).reference(&format!("PO-{nth}")).place().await;
        }
        let http = app.http().await;
        let staff = http.with(&acme.signs_in(MerchantRole::Support).await);
        let body = serde_json::json!({"enabled": false});
        http.with(&acme.key).patch(&format!("/v1/merchant/products/{}", hidden.id), body).await.must(200);
        let user = http.with(&contoso.signs_in(ResellerRole::Owner).await);
        assert_eq!((found(&staff, MERCHANT, "po").await.len(), found(&user, RESELLER, "po").await.len()), (5, 5));
        assert_eq!(names(&found(&user, RESELLER, "KEY-").await).len(), 1, "what is not sold is not found");
        assert_eq!(names(&found(&staff, MERCHANT, "KEY-").await).len(), 2);
        assert_eq!(http.nobody().get(&format!("{RESELLER}?q=po")).await.status, 401);
    }

    /// ORD-10, CAT-4: a SKU that a reseller may not order hides no reference of its own: nobody learns by that which there are.
    async fn a_sku_that_is_not_shared_hides_no_reference(app) {
        let acme = app.merchant("Acme Software").await;
        let pro = acme.product("KEY-PRO").price("1.00").keys(9).await;
        let hidden = acme.product("KEY-HIDDEN").price("1.00").keys(9).await;
        let contoso = acme.reseller("Contoso").credit("1000.00").await;
        for reference in ["KEY-HIDDEN", "KEY-NOTHING"] {
            contoso.order(&[("KEY-PRO", 1)]).reference(reference).place().await;
        }
        let http = app.http().await;
        let (staff, user) = (http.with(&acme.key), http.with(&contoso.key().await));
        let withdrawn = async |product: &str| staff.patch(&format!("/v1/merchant/products/{product}"), serde_json::json!({"enabled": false})).await.must(200);
        let rows = async |words: &str| {
            let found = user.get(&format!("/v1/reseller/orders?search={words}")).await.must(200);
            found["data"].as_array().expect("a list").len()
        };
        withdrawn(&hidden.id.to_string()).await;
        assert_eq!((rows("KEY-HIDDEN").await, rows("KEY-NOTHING").await), (1, 1));
        assert_eq!(rows("KEY-PRO").await, 2, "by the product that it orders");
        withdrawn(&pro.id.to_string()).await;
        assert_eq!(rows("KEY-PRO").await, 2, "also once it is not sold any more");
    }

    /// PLT-3: without a script the field leads to a page that finds, whatever was typed.
    async fn the_field_leads_to_a_page_that_finds(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("1.00").keys(9).await;
        let contoso = acme.reseller("Contoso").credit("1000.00").await;
        let order = contoso.order(&[("KEY-PRO", 1)]).reference("PO-1").place().await;
        let invoice = app.invoice(&order).await;
        let http = app.http().await;
        let staff = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let place = format!("/m/{}", acme.id);
        let page = staff.get(&place).await.text();
        assert!(page.contains(&format!("href=\"{place}/find\"")), "{page}");
        let page = staff.get(&format!("{place}/find?q={}", invoice.number)).await.text();
        assert!(page.contains(&format!("href=\"{place}/invoices/{}\"", invoice.id)) && page.contains("data-hit"), "{page}");
        let page = staff.get(&format!("{place}/find?q=%3Cscript%3E")).await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains("Nothing was found") && !page.text().contains("<script>"), "{}", page.text());
    }
}
