//! What takes something away is asked about before it is done: on a page of its own, which a script shows as a dialog (PLT-12).

use serde_json::{Value as Json, json};
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_testkit::app_test;
use tradepost_testkit::http::Asker;

/// Follows a button of a page to its question, which nobody without the right sees, and answers it. What `seen` tells is the same until then.
async fn asked(staff: &Asker, other: &Asker, (page, question): (&str, &str), seen: &impl AsyncFn() -> Json, after: Json) {
    let (text, before) = (staff.get(page).await.text(), seen().await);
    let button = text.split("<a ").find(|part| part.contains(&format!("href=\"{question}\""))).unwrap_or_else(|| panic!("no way to {question} in {text}"));
    assert!(button.split('>').next().is_some_and(|tag| tag.contains("data-dialog")), "{button}");
    assert!(!text.contains(&format!("action=\"{question}\"")), "done without a question: {text}");
    let shown = staff.get(question).await;
    assert!(
        shown.status == 200 && shown.text().contains(&format!("action=\"{question}\"")) && shown.text().contains("data-dialog-content"),
        "{}",
        shown.text()
    );
    let german = staff.header("accept-language", "de").get(question).await.text();
    assert!(german.contains("Abbrechen"), "{german}");
    assert_eq!((other.get(question).await.status, other.form(question, "").await.status), (403, 403), "{question}");
    assert_eq!(seen().await, before, "a question changes nothing: {question}");
    let done = staff.form(question, "").await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert_eq!((seen().await, before != after), (after, true), "{question}");
}

app_test! {
    /// PLT-12, CAT-4: taking a product out of a price list, blocking it for a reseller, no longer selling it, and removing the logo.
    async fn what_takes_something_away_asks_first(app) {
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("10.00").keys(3).await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        let http = app.http().await;
        let (staff, support) = (http.with(&acme.signs_in(MerchantRole::Owner).await), http.with(&acme.signs_in(MerchantRole::Support).await));
        let user = http.with(&contoso.signs_in(ResellerRole::Viewer).await);
        let (base, id) = (format!("/m/{}", acme.id), product.id.text());
        let offers = async || json!(user.get("/v1/reseller/products").await.must(200)["data"].as_array().map(Vec::len));

        let products = format!("{base}/resellers/{}/products", contoso.partnership().text());
        asked(&staff, &support, (&products, &format!("{products}/{id}/withhold")), &offers, json!(0)).await;
        assert_eq!(staff.form(&format!("{products}/{id}/follow"), "").await.status, 303);
        assert_eq!(offers().await, json!(1), "that is no loss, and not asked about");

        let list = format!("{base}/price-lists/{}", acme.price_list.text());
        asked(&staff, &support, (&list, &format!("{list}/products/{id}/remove")), &offers, json!(0)).await;

        let enabled = async || staff.get(&format!("/v1/merchant/products/{id}")).await.must(200)["enabled"].clone();
        let page = format!("{base}/products/{id}");
        asked(&staff, &support, (&page, &format!("{page}/disable")), &enabled, json!(false)).await;

        let picture = include_bytes!("../../../documents/src/paper/pictures/logo.png").to_vec();
        staff.put_bytes("/v1/merchant/branding/logo", "application/octet-stream", picture).await.must(200);
        let logo = async || staff.get("/v1/merchant/branding").await.must(200)["logo"].clone();
        let branding = format!("{base}/settings/branding");
        asked(&staff, &support, (&branding, &format!("{branding}/logo/remove")), &logo, json!(null)).await;
    }
}
