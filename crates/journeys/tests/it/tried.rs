//! The builder of requests: a look in live mode, a real call in the sandbox (EXT-6, PLT-6).

use tradepost_domain::access::ResellerRole;
use tradepost_portal::room::encoded;
use tradepost_testkit::http::{Asker, Reply};
use tradepost_testkit::{Reseller, TestApp, app_test};

/// A request of the builder with the URL that was shown, as its form sends it.
async fn build(user: &Asker, path: &str, key: &str, order: &str, step: &str) -> Reply {
    let url = encoded(&format!("http://localhost/d/{key}"));
    user.form(path, &format!("product=KEY-PRO&quantity=2&order_id={order}&email=grace%40example.org&style=braces&url={url}{step}")).await
}

/// Somebody at the builder of a new dynamic URL: who, its path, its key.
async fn at_the_builder(app: &TestApp, contoso: &Reseller) -> (Asker, String, String) {
    let made = contoso.dynamic_url(&[], &[]).await;
    let user = app.http().await.with(&contoso.signs_in(ResellerRole::Owner).await);
    (user, format!("/r/{}/developers/urls/{}/request", contoso.partnership().text(), made.id), made.key)
}

app_test! {
    /// EXT-6, PLT-6: in the sandbox a composed request is really sent: the codes come back as the shop would read them, once for an order id.
    async fn a_request_is_run_in_the_sandbox(app) {
        let acme = app.merchant("Acme Software").await.in_sandbox().await;
        acme.product("KEY-PRO").price("10.00").keys(5).await;
        let contoso = acme.reseller("Contoso").await;
        contoso.top_up("30.00").await;
        let (user, path, key) = at_the_builder(&app, &contoso).await;
        let page = user.get(&path).await.text();
        assert!(page.contains("Run it") && page.contains("Sandbox"), "{page}");

        let looked = build(&user, &path, &key, "S-1", "").await;
        assert!(looked.status == 200 && !looked.text().contains("What came back"), "{}", looked.text());
        assert_eq!(app.balance(&contoso).await, 3_000, "a look buys nothing");

        let ran = build(&user, &path, &key, "S-1", "&step=run").await;
        let text = ran.text();
        assert_eq!(ran.status, 200, "{text}");
        assert!(text.contains("What came back") && text.contains("It was delivered") && text.contains("<code>200</code>"), "{text}");
        assert!(text.contains("This order id was used before"), "the look after it knows the fulfillment: {text}");
        assert_eq!(app.balance(&contoso).await, 1_000, "it bought");
        assert!(ran.headers["cache-control"].contains("no-store"), "it holds codes: {:?}", ran.headers);
        assert_eq!(build(&user, &path, &key, "S-1", "&step=run").await.status, 200);
        assert_eq!(app.balance(&contoso).await, 1_000, "the same order id again costs nothing");

        let refused = build(&user, &path, &key, "S-2", "&step=run").await.text();
        assert!(refused.contains("It was refused") && refused.contains("402") && refused.contains("ERROR insufficient_balance"), "{refused}");
        let without = user.form(&path, "product=KEY-PRO&quantity=1&order_id=S-3&email=grace%40example.org&step=run").await;
        assert!(without.status == 422 && without.text().contains("id=\"url-wrong\"") && without.text().contains("S-3"), "{}", without.text());
    }

    /// EXT-6: in live mode the builder stays a look, says why, and sends nothing whatever its form asks for.
    async fn a_request_is_never_run_in_live_mode(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(5).await;
        let contoso = acme.reseller("Contoso").await;
        contoso.top_up("30.00").await;
        let (user, path, key) = at_the_builder(&app, &contoso).await;
        let page = user.get(&path).await.text();
        assert!(!page.contains("Run it") && page.contains("not sent from here in live mode"), "{page}");
        let asked = build(&user, &path, &key, "S-1", "&step=run").await;
        assert!(asked.status == 409 && asked.text().contains("In live mode this would buy"), "{}", asked.text());
        assert_eq!(app.balance(&contoso).await, 3_000);
    }
}
