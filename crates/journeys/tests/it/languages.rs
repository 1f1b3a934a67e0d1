//! Mails in the language of who gets them (PLT-12).

use serde_json::json;
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_domain::catalog::EndUserInformation;
use tradepost_domain::customers::EndUser;
use tradepost_domain::orders::activate::{ActivateNextLicense, SendLicense};
use tradepost_store::{params, sql};
use tradepost_testkit::http::{Asker, Http};
use tradepost_testkit::{Merchant, Reseller, TestApp, app_test, owner};

/// Hands the next license over to a customer who speaks a language, and mails it.
async fn send(app: &TestApp, contoso: &Reseller, email: &str, language: Option<&str>) {
    let owner = EndUser { language: language.map(str::to_owned), ..owner(email) };
    let license = app.does(&contoso.owner(), ActivateNextLicense { product: "KEY-PRO".into(), owner }).await.license;
    app.does(&contoso.owner(), SendLicense { license }).await;
    app.work().await;
}

/// The language of the only mail to an address in the merchant's log, and what it says.
async fn mailed(staff: &Asker, email: &str) -> (String, String) {
    let listed = staff.get(&format!("/v1/merchant/messages?template=license_sent&recipient={email}")).await.must(200);
    let mail = &listed["data"][0];
    let shown = staff.get(&format!("/v1/merchant/messages/{}", mail["id"].as_str().expect("an id"))).await.must(200);
    assert_eq!(mail["language"], shown["language"]);
    let text = format!("{}\n{}", shown["subject_line"].as_str().expect("a subject"), shown["text"].as_str().expect("a text"));
    (shown["language"].as_str().expect("a language").to_owned(), text)
}

/// The languages of the mails with a text to an address, oldest first, in whichever log.
async fn languages(app: &TestApp, template: &str, email: &str) -> Vec<String> {
    app.work().await;
    let select = sql!("SELECT language FROM message WHERE template = $1 AND recipient = $2 ORDER BY created_ms, id");
    let rows: Vec<(String,)> = app.rows(select, params![template, email].to_vec()).await;
    rows.into_iter().map(|(language,)| language).collect()
}

async fn shop(app: &TestApp) -> (Merchant, Reseller) {
    let acme = app.merchant("Acme Software").await;
    acme.product("KEY-PRO").price("1250.00").end_user(EndUserInformation::AtActivation).keys(10).await;
    let contoso = acme.reseller("Contoso").credit("50000.00").await;
    (acme, contoso)
}

async fn sign_in(http: &Http, email: &str, language: &str) -> String {
    let body = json!({"email": email, "password": "correct horse battery"});
    let begun = http.nobody().header("accept-language", language).post("/v1/sessions", body).await.must(201);
    begun["token"].as_str().expect("a token").to_owned()
}

app_test! {
    /// PLT-12, FUL-4: a German customer gets the license mail in German, an English one in English; who speaks something else in English, and of
    /// whom nothing is known as the merchant says. A later choice changes no mail that was written.
    async fn a_license_is_mailed_in_the_customers_language(app) {
        let (acme, contoso) = shop(&app).await;
        contoso.order(&[("KEY-PRO", 6)]).place().await;
        let http = app.http().await;
        let staff = http.with(&acme.signs_in(MerchantRole::Owner).await);
        send(&app, &contoso, "ada@customer.example", Some("de")).await;
        send(&app, &contoso, "grace@customer.example", Some("en")).await;
        send(&app, &contoso, "jean@customer.example", Some("fr")).await;
        send(&app, &contoso, "nemo@customer.example", None).await;
        let (language, text) = mailed(&staff, "ada@customer.example").await;
        assert!(language == "de" && text.contains("Ihre Lizenz für KEY-PRO") && text.contains("Guten Tag Ada Lovelace,"), "{language}: {text}");
        for email in ["grace@customer.example", "jean@customer.example", "nemo@customer.example"] {
            let (language, text) = mailed(&staff, email).await;
            assert!(language == "en" && text.contains("Your license for KEY-PRO") && text.contains("Hello Ada Lovelace,"), "{email}: {text}");
        }
        let look = staff.patch("/v1/merchant/branding", json!({"mail_language": "de"})).await.must(200);
        assert_eq!(look["mail_language"], json!("de"));
        send(&app, &contoso, "late@customer.example", None).await;
        send(&app, &contoso, "pierre@customer.example", Some("FR")).await;
        assert_eq!(mailed(&staff, "late@customer.example").await.0, "de");
        assert_eq!(mailed(&staff, "pierre@customer.example").await.0, "en");
        assert_eq!(mailed(&staff, "nemo@customer.example").await.0, "en", "what was written stays");
        let page = staff.get(&format!("/m/{}/messages", acme.id)).await.text();
        assert!(page.contains("Deutsch") && page.contains("English"), "the log tells the language: {page}");
        assert_eq!(staff.patch("/v1/merchant/branding", json!({"mail_language": "fr"})).await.status, 422);
    }

    /// PLT-12, PAR-15: a person is written to in the language that they chose, else in the one that their browser showed.
    async fn a_password_is_reset_in_the_persons_language(app) {
        let acme = app.merchant("Acme Software").await;
        let http = app.http().await;
        let rita = "rita@contoso.example";
        let body = json!({"company": "Contoso", "first_name": "Rita", "last_name": "Reseller", "email": rita, "country": "DE", "password": "correct horse battery"});
        http.nobody().header("accept-language", "de-DE,de;q=0.9,en;q=0.8").post(&format!("/v1/signup/{}", acme.id), body).await.must(202);
        assert_eq!(languages(&app, "email_confirmation", rita).await, ["de"], "as the browser showed it");
        let reset = || async {
            app.clock.advance_ms(120_000);
            http.nobody().post("/v1/password-resets", json!({"email": rita})).await;
        };
        reset().await;
        assert_eq!(languages(&app, "password_reset", rita).await, ["de"]);
        // Another browser; programs show none and change nothing.
        http.with(&sign_in(&http, rita, "en-GB").await).get("/v1/me").await.must(200);
        http.nobody().post("/v1/sessions", json!({"email": rita, "password": "correct horse battery"})).await.must(201);
        reset().await;
        assert_eq!(languages(&app, "password_reset", rita).await, ["de", "en"]);
        // What was chosen counts, whatever the browser shows.
        let session = http.with(&sign_in(&http, rita, "en-GB").await);
        let me = session.patch("/v1/me", json!({"language": "de"})).await.must(200);
        assert_eq!(me["language"], json!("de"));
        reset().await;
        assert_eq!(languages(&app, "password_reset", rita).await, ["de", "en", "de"]);
        // Who looks at the pages in German by the choice of a cookie is written to in it.
        session.patch("/v1/me", json!({"language": null})).await.must(200);
        let body = json!({"email": rita, "password": "correct horse battery"});
        http.nobody().header("accept-language", "en").header("cookie", "tradepost_look=de.dark").post("/v1/sessions", body).await.must(201);
        reset().await;
        assert_eq!(languages(&app, "password_reset", rita).await, ["de", "en", "de", "de"]);
    }

    /// PLT-12, ORD-8: a company is written to as its people read, its own address first, then its owners; else as the merchant says.
    async fn a_company_is_written_to_in_the_language_of_its_people(app) {
        let (acme, contoso) = shop(&app).await;
        let http = app.http().await;
        let staff = http.with(&acme.signs_in(MerchantRole::Owner).await);
        staff.patch("/v1/merchant/branding", json!({"mail_language": "de"})).await.must(200);
        contoso.order(&[("KEY-PRO", 1)]).place().await;
        assert_eq!(languages(&app, "order_placed", &contoso.email).await, ["de"], "as the merchant says");
        let user = http.with(&contoso.signs_in(ResellerRole::Owner).await);
        user.patch("/v1/me", json!({"language": "en"})).await.must(200);
        contoso.order(&[("KEY-PRO", 1)]).place().await;
        app.work().await;
        app.clock.advance_ms(1_000);
        user.patch("/v1/me", json!({"language": "de"})).await.must(200);
        contoso.order(&[("KEY-PRO", 1)]).place().await;
        assert_eq!(languages(&app, "order_placed", &contoso.email).await, ["de", "en", "de"]);
        let listed = staff.get("/v1/merchant/messages?template=order_placed").await.must(200);
        let text = |id: &serde_json::Value| format!("/v1/merchant/messages/{}", id.as_str().expect("an id"));
        let german = staff.get(&text(&listed["data"][0]["id"])).await.must(200);
        let english = staff.get(&text(&listed["data"][1]["id"])).await.must(200);
        assert!(german["subject_line"].to_string().contains("1.250,00 USD zahlbar bis"), "{german}");
        assert!(english["subject_line"].to_string().contains("1,250.00 USD due on"), "{english}");
        let page = staff.get(&format!("/m/{}/settings/branding", acme.id)).await.text();
        assert!(page.contains("<option value=\"de\" selected"), "{page}");
    }
}
