//! Sign-ups that need no decision: PAR-3.

use serde_json::{Value as Json, json};
use tradepost_domain::access::MerchantRole;
use tradepost_domain::partners::{CreateChannel, DeleteChannel};
use tradepost_store::{params, sql};
use tradepost_testkit::http::{Asker, Http};
use tradepost_testkit::{Merchant, TestApp, app_test};

async fn sign_up(http: &Http, acme: &Merchant, company: &str) {
    let email = format!("rita@{}.example", company.to_lowercase());
    let body = json!({"company": company, "first_name": "Rita", "last_name": "Reseller", "email": email, "country": "US", "password": "correct horse battery"});
    http.nobody().post(&format!("/v1/signup/{}", acme.id), body).await.must(202);
}

async fn switch(staff: &Asker, on: bool) -> Json {
    staff.send("PATCH", "/v1/merchant/program", Some(&json!({"auto_approve": on}))).await.must(200)
}

/// Status and channel of a company's partnership.
async fn standing(app: &TestApp, acme: &Merchant, company: &str) -> (String, bool) {
    app.row(
        sql!("SELECT p.status, p.channel IS NOT NULL FROM partnership p JOIN reseller r ON r.id = p.reseller WHERE p.merchant = $1 AND r.company = $2"),
        params![acme.number, company].to_vec(),
    )
    .await
}

async fn mails(app: &TestApp, template: &str) -> i64 {
    app.work().await;
    app.number(sql!("SELECT COUNT(*) FROM message WHERE template = $1"), params![template].to_vec()).await
}

app_test! {
    /// PAR-3: on, a sign-up arrives approved, in the only channel; switching it changes nothing for those already pending.
    async fn where_the_program_says_so_sign_ups_arrive_approved(app) {
        let acme = app.merchant("Acme Software").await;
        let http = app.http().await;
        let staff = http.with(&acme.key);
        sign_up(&http, &acme, "Early").await;
        let program = switch(&staff, true).await;
        assert!(program["terms"].to_string().contains("auto_approve"), "{program}");
        sign_up(&http, &acme, "Contoso").await;
        assert_eq!(standing(&app, &acme, "Early").await, ("pending".to_owned(), false));
        assert_eq!(standing(&app, &acme, "Contoso").await, ("approved".to_owned(), true));
        assert_eq!((mails(&app, "partnership_approved").await, mails(&app, "partnership_signed_up").await), (1, 2));
        let token = http.nobody().post("/v1/sessions", json!({"email": "rita@contoso.example", "password": "correct horse battery"})).await.must(201);
        let rita = http.with(token["token"].as_str().expect("a token"));
        rita.get("/v1/reseller/products").await.must(200);
        let terms = rita.get("/v1/reseller/partnership").await.must(200);
        assert!(!terms.to_string().contains("auto_approve"), "it is the program's own business: {terms}");
        switch(&staff, false).await;
        sign_up(&http, &acme, "Late").await;
        assert_eq!(standing(&app, &acme, "Late").await, ("pending".to_owned(), false));
        assert_eq!(standing(&app, &acme, "Contoso").await.0, "approved", "switching it off takes nothing back");
    }

    /// PAR-3, PAR-7: without any channel it stays pending and the merchant is told why; with several a person picks one later.
    async fn without_a_channel_a_sign_up_waits_all_the_same(app) {
        let acme = app.merchant("Acme Software").await;
        let http = app.http().await;
        let staff = http.with(&acme.key);
        switch(&staff, true).await;
        app.does(&acme.owner(), DeleteChannel { channel: acme.channel }).await;
        sign_up(&http, &acme, "Contoso").await;
        assert_eq!(standing(&app, &acme, "Contoso").await, ("pending".to_owned(), false));
        assert_eq!((mails(&app, "partnership_signed_up").await, mails(&app, "partnership_approved").await), (1, 0));
        let message = staff.get("/v1/merchant/messages?template=partnership_signed_up").await.must(200)["data"][0]["id"].as_str().expect("an id").to_owned();
        let text = staff.get(&format!("/v1/merchant/messages/{message}")).await.must(200)["text"].to_string();
        assert!(text.contains("no channel to approve into"), "{text}");
        for name in ["One", "Two"] {
            app.does(&acme.owner(), CreateChannel { name: name.into(), price_list: acme.price_list, order_email: true }).await;
        }
        sign_up(&http, &acme, "Fabrikam").await;
        assert_eq!(standing(&app, &acme, "Fabrikam").await, ("approved".to_owned(), false));
    }

    /// PAR-3: it is a setting of the program alone; its page shows it, and so does the page that people sign up on.
    async fn it_is_set_on_the_page_of_the_program(app) {
        let acme = app.merchant("Acme Software").await;
        let contoso = acme.reseller("Contoso").await;
        let http = app.http().await;
        let (staff, place) = (http.with(&acme.signs_in(MerchantRole::Owner).await), format!("/m/{}", acme.id));
        let wrong = http.with(&acme.key).send("PATCH", &format!("/v1/merchant/partnerships/{}/terms", contoso.partnership().text()), Some(&json!({"auto_approve": true}))).await;
        assert_eq!(wrong.said(), (422, "invalid_field".into()));
        assert!(staff.get(&format!("{place}/program")).await.text().contains("wait for you"));
        assert_eq!(staff.form(&format!("{place}/program/terms/auto_approve"), "setting=true&qualifier=").await.status, 303);
        assert!(staff.get(&format!("{place}/program")).await.text().contains("are approved at once"));
        let fields = "company=Fabrikam&first_name=Rita&last_name=R&email=rita%40fabrikam.example&country=US&password=correct+horse+battery";
        let page = http.nobody().form(&format!("/join/{}", acme.id), fields).await;
        assert!(page.status == 200 && page.text().contains("You are approved at once"), "{}", page.text());
        assert_eq!(standing(&app, &acme, "Fabrikam").await.0, "approved");
        assert_eq!(staff.get(&format!("{place}/resellers/{}/terms/auto_approve", contoso.partnership().text())).await.status, 404);
    }

    /// PAR-10: a program that is off takes nobody, whoever asks and whether or not the address is known; those who are in go on, and so does adding by hand.
    async fn a_closed_program_takes_no_sign_ups(app) {
        let acme = app.merchant("Acme Software").await;
        let contoso = acme.reseller("Contoso").await;
        let other = app.merchant("Other Software").await;
        let http = app.http().await;
        let staff = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let place = format!("/m/{}", acme.id);
        let version = app.number(sql!("SELECT COUNT(*) FROM audit WHERE action = 'program.terms_changed'"), Vec::new()).await;
        assert_eq!(staff.form(&format!("{place}/program/terms/enabled"), "setting=false&qualifier=").await.status, 303);
        assert_eq!(app.number(sql!("SELECT COUNT(*) FROM audit WHERE action = 'program.terms_changed'"), Vec::new()).await, version + 1);
        assert_eq!(app.event_bodies("program.terms_changed").await.len(), 1);
        assert!(staff.get(&format!("{place}/program")).await.text().contains("The program is closed"));
        let known = contoso.view().await.reseller.email;
        for email in ["rita@new.example", known.as_str()] {
            let body = json!({"company": "New", "first_name": "Rita", "last_name": "R", "email": email, "country": "US", "password": "correct horse battery"});
            assert_eq!(http.nobody().post(&format!("/v1/signup/{}", acme.id), body).await.said(), (409, "program_closed".into()), "{email}");
        }
        assert_eq!(mails(&app, "sign_up_repeated").await, 0);
        let page = http.nobody().get(&format!("/join/{}", acme.id)).await.text();
        assert!(page.contains("This program is closed") && !page.contains("name=\"password\""), "{page}");
        let elsewhere = http.with(&other.reseller("Rita").await.signs_in(tradepost_domain::access::ResellerRole::Owner).await);
        let body = json!({"company": "New", "first_name": "Rita", "last_name": "R", "email": "rita@new.example", "country": "US"});
        assert_eq!(elsewhere.post(&format!("/v1/signup/{}", acme.id), body).await.said(), (409, "program_closed".into()));
        let seller = http.with(&contoso.signs_in(tradepost_domain::access::ResellerRole::Owner).await);
        assert_eq!(seller.get("/v1/reseller/products").await.status, 200, "those who are in go on");
        acme.reseller("By hand").await;
        http.with(&acme.key).send("PATCH", "/v1/merchant/program", Some(&json!({"enabled": null}))).await.must(200);
        sign_up(&http, &acme, "Late").await;
        assert_eq!(standing(&app, &acme, "Late").await.0, "pending");
    }

    /// PAR-10: where the program has terms, whoever signs up accepts them, and the trail says which.
    async fn whoever_signs_up_accepts_the_terms_of_the_program(app) {
        let acme = app.merchant("Acme Software").await;
        let http = app.http().await;
        let (staff, place, url) = (http.with(&acme.key), format!("/join/{}", acme.id), "https://acme.example/terms");
        for wrong in ["acme.example/terms", "javascript:alert(1)", "https://", "https://acme.example/\"x", "https://acme.example/a b"] {
            let said = staff.send("PATCH", "/v1/merchant/program", Some(&json!({"terms_url": wrong}))).await.said();
            assert_eq!(said, (422, "invalid_field".into()), "{wrong}");
        }
        staff.send("PATCH", "/v1/merchant/program", Some(&json!({"terms_url": url}))).await.must(200);
        let page = http.nobody().get(&place).await.text();
        assert!(page.contains(url) && page.contains("accept_terms"), "{page}");
        let fields = "company=Fabrikam&first_name=Rita&last_name=R&email=rita%40fabrikam.example&country=US&password=correct+horse+battery";
        let refused = http.nobody().form(&place, fields).await;
        assert!(refused.status == 422 && refused.text().contains("Accept the terms of the program first"), "{}", refused.text());
        let body = json!({"company": "New", "first_name": "Rita", "last_name": "R", "email": "rita@new.example", "country": "US", "password": "correct horse battery"});
        assert_eq!(http.nobody().post(&format!("/v1/signup/{}", acme.id), body).await.said(), (422, "terms_not_accepted".into()));
        assert_eq!(http.nobody().form(&place, &format!("{fields}&accept_terms=true")).await.status, 200);
        let after: String = app.row(sql!("SELECT after_json FROM audit WHERE action = 'partnership.signed_up'"), Vec::new()).await;
        assert!(after.contains(url), "{after}");
    }
}
