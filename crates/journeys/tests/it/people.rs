//! People about themselves: profile, password, address; and the first person of a server.

use serde_json::json;
use tradepost_domain::access::MerchantRole;
use tradepost_domain::identity::{SetPassword, forget, links};
use tradepost_domain::{Caller, EmailChangeId, PersonId, SingleUseLinkId};
use tradepost_kernel::{Secret, password};
use tradepost_store::{params, sql};
use tradepost_testkit::http::Http;
use tradepost_testkit::{Kind, Merchant, TestApp, app_test};

pub const PASSWORD: &str = "a long enough password";
const ANOTHER: &str = "another long password";

/// Gives a merchant's owner a real password.
pub async fn with_password(app: &TestApp, acme: &Merchant) {
    let (link,): (SingleUseLinkId,) = app.row(sql!("SELECT id FROM single_use_link WHERE person = $1"), params![acme.person].to_vec()).await;
    let password_hash = password::hash(&Secret::new(PASSWORD.to_owned()), *b"sixteen bytes ..");
    app.does(&Caller::Nobody, SetPassword { link, password_hash }).await;
}

/// Signs in as people do; the token.
pub async fn sign_in(http: &Http, email: &str, password: &str) -> Result<String, u16> {
    let reply = http.nobody().post("/v1/sessions", json!({"email": email, "password": password})).await;
    if reply.status == 201 { Ok(reply.json()["token"].as_str().expect("a token").to_owned()) } else { Err(reply.status) }
}

/// The newest change of address of a person, and the token of its link.
async fn newest_change(app: &TestApp, person: PersonId) -> String {
    let newest = sql!("SELECT id FROM email_change WHERE person = $1 ORDER BY id DESC LIMIT 1");
    let (change,): (EmailChangeId,) = app.row(newest, params![person].to_vec()).await;
    links::email_change_token(&app.engine.vault, change).expose().clone()
}

app_test! {
    /// PAR-15, PLT-12: who somebody is and where they belong; a language that was chosen stays, English too.
    async fn a_person_sees_and_changes_themselves(app) {
        let acme = app.merchant("Acme Software").await;
        let http = app.http().await;
        let owner = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let me = owner.get("/v1/me").await.must(200);
        assert_eq!((me["email"].as_str(), &me["language"], &me["time_zone"]), (Some(acme.email.as_str()), &json!(null), &json!(null)));
        assert_eq!(me["merchants"].as_array().map(Vec::len), Some(2), "live and sandbox: {me}");
        assert_eq!((&me["merchants"][0]["role"], &me["partnerships"]), (&json!("owner"), &json!([])));

        let change = json!({"first_name": "Olive", "last_name": "O'Neill", "language": "en", "time_zone": "Europe/Berlin"});
        let me = owner.patch("/v1/me", change).await.must(200);
        assert_eq!((&me["first_name"], &me["language"], &me["time_zone"]), (&json!("Olive"), &json!("en"), &json!("Europe/Berlin")));
        let german = owner.header("accept-language", "de");
        assert!(german.get("/account").await.text().contains("<html lang=\"en\""), "English was chosen, whatever the browser asks for");
        let me = owner.patch("/v1/me", json!({"language": null})).await.must(200);
        assert_eq!((&me["language"], &me["first_name"]), (&json!(null), &json!("Olive")));
        assert!(german.get("/account").await.text().contains("<html lang=\"de\""));
        for wrong in [json!({"language": "fr"}), json!({"time_zone": "Europe/Nowhere"}), json!({"first_name": " "}), json!({"email": "x@y.example"})] {
            assert_eq!(owner.patch("/v1/me", wrong).await.status, 422);
        }
        assert_eq!(http.nobody().get("/v1/me").await.said(), (401, "unauthenticated".into()));
        assert_eq!(http.with(&acme.key).get("/v1/me").await.said(), (403, "forbidden".into()), "a key is nobody");

        // The buttons beneath a page do the same.
        german.form("/look", "language=en&next=/account").await;
        assert!(german.get("/workspaces").await.text().contains("<html lang=\"en\""));
        let saved = owner.form("/account/profile", "first_name=Ann&last_name=B&time_zone=").await;
        assert_eq!((saved.status, saved.headers["location"].as_str()), (303, "/account?done=profile"));
        let wrong = owner.form("/account/profile", "first_name=&last_name=Typed").await;
        assert!(wrong.status == 422 && wrong.text().contains("value=\"Typed\""), "{}", wrong.text());
    }

    /// PAR-15: who knows the password changes it; others are signed out, guesses are counted.
    async fn a_password_is_changed_by_who_knows_it(app) {
        let acme = app.merchant("Acme Software").await;
        with_password(&app, &acme).await;
        let http = app.http().await;
        let here = http.with(&sign_in(&http, &acme.email, PASSWORD).await.expect("in"));
        let elsewhere = http.with(&sign_in(&http, &acme.email, PASSWORD).await.expect("in"));
        let change = |current: &str, new: &str| json!({"current_password": current, "new_password": new});
        assert_eq!(here.post("/v1/me/password", change("not this password", ANOTHER)).await.said(), (422, "wrong_password".into()));
        assert_eq!(here.post("/v1/me/password", change(PASSWORD, "short")).await.said(), (422, "invalid_field".into()));
        assert_eq!(elsewhere.get("/v1/me").await.status, 200);
        here.post("/v1/me/password", change(PASSWORD, ANOTHER)).await.must(204);
        assert_eq!((here.get("/v1/me").await.status, elsewhere.get("/v1/me").await.status), (200, 401));
        assert_eq!(sign_in(&http, &acme.email, PASSWORD).await, Err(401));
        assert!(sign_in(&http, &acme.email, ANOTHER).await.is_ok());

        // By the page, whose mistakes stand beside the form.
        let wrong = here.form("/account/password", "current_password=not+this+password&new_password=a+third+password").await;
        assert!(wrong.status == 422 && wrong.text().contains("This is not your current password."), "{}", wrong.text());
        let mut last = wrong;
        for _ in 0..6 {
            last = here.form("/account/password", "current_password=not+this+password&new_password=a+third+password").await;
        }
        assert_eq!(last.status, 429, "guessing is slow");
        let audits = app.number(sql!("SELECT COUNT(*) FROM audit WHERE action = 'person.password_changed'"), Vec::new()).await;
        assert_eq!(audits, 1);
    }

    /// PAR-15: a new address counts once its holder has confirmed it; the old one is told; whether it is another account's is not.
    async fn an_address_changes_when_it_is_confirmed(app) {
        let acme = app.merchant("Acme Software").await;
        let other = app.merchant("Other Software").await;
        with_password(&app, &acme).await;
        let http = app.http().await;
        let owner = http.with(&sign_in(&http, &acme.email, PASSWORD).await.expect("in"));
        let ask = |email: &str, password: &str| json!({"email": email, "current_password": password});
        assert_eq!(owner.post("/v1/me/email", ask("new@acme.example", "not this password")).await.said(), (422, "wrong_password".into()));
        assert_eq!(owner.post("/v1/me/email", json!({"email": "new@acme.example"})).await.said(), (422, "wrong_password".into()));
        assert_eq!(owner.post("/v1/me/email", ask(&acme.email, PASSWORD)).await.said(), (422, "same_address".into()));
        let sent = owner.post("/v1/me/email", ask("new@acme.example", PASSWORD)).await.must(202);
        assert_eq!(sent["email"], "new@acme.example");
        assert_eq!(owner.post("/v1/me/email", ask("third@acme.example", PASSWORD)).await.said(), (429, "too_many_attempts".into()), "two mails a minute at most");
        app.work().await;
        let mails: Vec<(String, String)> = app.rows(sql!("SELECT template, recipient FROM message WHERE merchant = 0 AND template LIKE 'email_change%' ORDER BY template"), Vec::new()).await;
        let expected = [("email_change".to_owned(), "new@acme.example".to_owned()), ("email_change_notice".to_owned(), acme.email.clone())];
        assert_eq!(mails, expected);
        let me = owner.get("/v1/me").await.must(200);
        assert_eq!((me["email"].as_str(), &me["new_email"]), (Some(acme.email.as_str()), &json!("new@acme.example")));

        let token = newest_change(&app, acme.person).await;
        // Whoever asked confirms, and nobody else: else somebody could be made to give their address to another's account.
        let path = format!("/v1/email-changes/{token}");
        let stranger = http.with(&other.signs_in(MerchantRole::Owner).await);
        assert_eq!(http.nobody().act(&path).await.status, 401);
        assert_eq!(http.nobody().get(&format!("/email-changes/{token}")).await.status, 303, "it leads to the sign-in");
        assert_eq!(stranger.act(&path).await.status, 404);
        let page = owner.get(&format!("/email-changes/{token}")).await;
        assert!(page.status == 200 && page.text().contains("new@acme.example"), "looking uses nothing up");
        assert_eq!(owner.act("/v1/email-changes/nothing").await.status, 404);
        owner.act(&path).await.must(204);
        assert_eq!(owner.act(&path).await.said(), (410, "link_used".into()));
        let me = owner.get("/v1/me").await.must(200);
        assert_eq!((&me["email"], &me["email_confirmed"], &me["new_email"]), (&json!("new@acme.example"), &json!(true), &json!(null)));
        assert!(sign_in(&http, "new@acme.example", PASSWORD).await.is_ok() && sign_in(&http, &acme.email, PASSWORD).await.is_err());

        // Another account's address: told to who reads its mail only.
        app.clock.advance_ms(61_000);
        owner.post("/v1/me/email", ask(&other.email, PASSWORD)).await.must(202);
        let token = newest_change(&app, acme.person).await;
        assert_eq!(owner.act(&format!("/v1/email-changes/{token}")).await.said(), (409, "address_taken".into()));
        let told = owner.form(&format!("/email-changes/{token}"), "").await;
        assert!(told.status == 409 && told.text().contains("another account"), "{}", told.text());

        app.clock.advance_ms(61_000);
        owner.post("/v1/me/email", ask("late@acme.example", PASSWORD)).await.must(202);
        assert_eq!(owner.act(&format!("/v1/email-changes/{token}")).await.said(), (410, "link_used".into()), "a newer one makes it worthless");
        let token = newest_change(&app, acme.person).await;
        app.clock.advance_ms(24 * 3_600_000);
        let owner = http.with(&sign_in(&http, "new@acme.example", PASSWORD).await.expect("in"));
        assert_eq!(owner.act(&format!("/v1/email-changes/{token}")).await.said(), (410, "link_expired".into()));
        assert_eq!(owner.get(&format!("/email-changes/{token}")).await.status, 410);
    }

    /// PAR-15: whoever throws an intruder out by a new password makes the change of address that they asked for worthless too.
    async fn a_new_password_ends_a_change_of_address(app) {
        let acme = app.merchant("Acme Software").await;
        with_password(&app, &acme).await;
        let http = app.http().await;
        let thief = http.with(&sign_in(&http, &acme.email, PASSWORD).await.expect("in"));
        thief.post("/v1/me/email", json!({"email": "thief@evil.example", "current_password": PASSWORD})).await.must(202);
        let token = newest_change(&app, acme.person).await;
        let owner = http.with(&sign_in(&http, &acme.email, PASSWORD).await.expect("in"));
        owner.post("/v1/me/password", json!({"current_password": PASSWORD, "new_password": ANOTHER})).await.must(204);
        assert_eq!(thief.act(&format!("/v1/email-changes/{token}")).await.status, 401, "and the thief is out");
        assert_eq!(owner.act(&format!("/v1/email-changes/{token}")).await.said(), (410, "link_used".into()));
    }

    /// PLT-13: a server without a merchant is set up by a link that works once; two at once make one merchant.
    async fn the_first_merchant_is_made_by_a_link_once(app) {
        let http = app.http().await;
        let link = app.house.set_up_link().await.expect("it reads").expect("there is no merchant");
        let token = link.rsplit('/').next().expect("a token").to_owned();
        let house = |name: &str, email: &str| {
            json!({"token": token, "name": name, "currency": "EUR", "time_zone": "Europe/Berlin", "first_name": "Ann", "last_name": "Owner", "email": email, "password": PASSWORD})
        };
        let mut wrong = house("Acme Software", "ann@acme.example");
        wrong["token"] = json!("00000000000000000000000000000000");
        assert_eq!(http.nobody().post("/v1/set-up", wrong).await.said(), (404, "not_found".into()));
        let mut wrong = house("Acme Software", "ann@acme.example");
        wrong["slug"] = json!("Not A Slug");
        assert_eq!(http.nobody().post("/v1/set-up", wrong).await.said(), (422, "invalid_field".into()));
        assert_eq!(http.nobody().get("/set-up/wrong").await.status, 404);
        let page = http.nobody().get(&format!("/set-up/{token}")).await;
        assert!(page.status == 200 && page.text().contains("Set up your server"), "{}", page.text());

        let asked: Vec<_> = (0..4).map(|n| {
            let (asker, body) = (http.nobody(), house(&format!("Acme {n}"), &format!("ann{n}@acme.example")));
            tokio::spawn(async move { asker.post("/v1/set-up", body).await })
        }).collect();
        let mut made = Vec::new();
        for asked in asked {
            let reply = asked.await.expect("no panic");
            if reply.status == 201 { made.push(reply.json()) } else { assert_eq!(reply.said(), (409, "already_set_up".into())) }
        }
        assert_eq!(made.len(), 1, "{made:?}");
        assert_eq!(app.number(sql!("SELECT COUNT(*) FROM merchant"), Vec::new()).await, 2, "it and its sandbox");
        let owner = http.with(made[0]["token"].as_str().expect("a token"));
        let merchant = owner.get("/v1/merchant").await.must(200);
        assert_eq!((&merchant["id"], &merchant["currency"], &merchant["time_zone"]), (&made[0]["merchant"], &json!("EUR"), &json!("Europe/Berlin")));
        let late = http.nobody().get(&format!("/set-up/{token}")).await;
        assert!(late.status == 409 && late.text().contains("set up already"), "{}", late.text());
        assert_eq!(app.house.set_up_link().await.expect("it reads"), None);
        app.work().await;
        let mails: Vec<(String,)> = app.rows(sql!("SELECT template FROM message"), Vec::new()).await;
        assert_eq!(mails, [("email_confirmation".to_owned(),)], "the address is to be confirmed; a password is there already");
        let me = owner.get("/v1/me").await.must(200);
        assert!(sign_in(&http, me["email"].as_str().expect("an address"), PASSWORD).await.is_ok());
    }

    /// PLT-13: the same by forms, in a browser.
    async fn the_first_merchant_is_made_by_a_form(app) {
        let http = app.http().await;
        let link = app.house.set_up_link().await.expect("it reads").expect("there is no merchant");
        let path = link.strip_prefix(&app.house.settings.public_url).expect("ours");
        let wrong = http.nobody().form(path, "name=Acme&currency=DOLLARS&first_name=Ann&last_name=Owner&email=ann@acme.example&password=short").await;
        assert!(wrong.status == 422 && wrong.text().contains("value=\"Acme\"") && !wrong.text().contains("short\""), "{}", wrong.text());
        let made = http.nobody().form(path, "name=Acme&currency=USD&time_zone=&slug=&first_name=Ann&last_name=Owner&email=ann@acme.example&password=a+long+enough+password").await;
        assert_eq!(made.status, 303, "{}", made.text());
        assert!(made.headers["location"].starts_with("/m/mer_") && made.headers["set-cookie"].contains("tradepost_session="));
        let again = http.nobody().form(path, "name=Acme&currency=USD&first_name=A&last_name=B&email=b@acme.example&password=a+long+enough+password").await;
        assert_eq!(again.status, 409);
    }

    /// PAR-15: links and changes of addresses are forgotten 30 days after their end by the worker itself, those of now stay; who opens one later is told that there is none.
    async fn links_that_ended_are_forgotten_after_a_month(app) {
        let acme = app.merchant("Acme Software").await;
        with_password(&app, &acme).await;
        let http = app.http().await;
        let owner = http.with(&sign_in(&http, &acme.email, PASSWORD).await.expect("in"));
        owner.post("/v1/me/email", json!({"email": "new@acme.example", "current_password": PASSWORD})).await.must(202);
        http.nobody().post("/v1/password-resets", json!({"email": acme.email})).await.must(202);
        app.work().await;
        let token = newest_change(&app, acme.person).await;
        let counts = || async {
            (app.number(sql!("SELECT COUNT(*) FROM email_change"), Vec::new()).await, app.number(sql!("SELECT COUNT(*) FROM single_use_link"), Vec::new()).await)
        };
        assert_eq!(counts().await, (1, 2));
        // The reset ended after an hour, the change after a day, the first access would have after a week.
        app.clock.advance_ms(forget::KEPT_MS + 3_600_000 + 60_000);
        app.work().await;
        assert_eq!(counts().await, (1, 1));
        app.clock.advance_ms(24 * 3_600_000);
        app.work().await;
        assert_eq!(counts().await, (0, 1));
        let owner = http.with(&sign_in(&http, &acme.email, PASSWORD).await.expect("in"));
        assert_eq!(owner.act(&format!("/v1/email-changes/{token}")).await.status, 404);
        assert_eq!(owner.get("/v1/me").await.must(200)["email"], json!(acme.email));
        // More than one run takes, in one pass of the worker.
        let id = if app.kind == Kind::Sqlite { "CAST(printf('%016d', i) AS BLOB)" } else { "CAST(lpad(CAST(i AS text), 16, '0') AS bytea)" };
        let many = forget::FORGOTTEN_AT_ONCE + 7;
        app.past_the_store(&[format!(
            "INSERT INTO single_use_link (id, purpose, person, created_ms, expires_ms, used_ms) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many}) \
             SELECT {id}, 'password_reset', (SELECT person FROM merchant_member LIMIT 1), 1, i, 1 FROM n"
        )]).await;
        app.clock.advance_ms(7 * 24 * 3_600_000);
        app.work().await;
        assert_eq!(counts().await, (0, 0));
    }

    /// PAR-15: failed sign-ins are forgotten by the worker itself an hour after the last wait, not before; those of an account that is tried on stay.
    async fn failed_sign_ins_that_count_no_more_are_forgotten(app) {
        let acme = app.merchant("Acme Software").await;
        with_password(&app, &acme).await;
        let http = app.http().await;
        let remembered = || app.number(sql!("SELECT COUNT(*) FROM sign_in_failure"), Vec::new());
        let (hour, known, unknown) = (3_600_000, acme.email.as_str(), "nobody@acme.example");
        for email in [known, known, known, known, known, known, unknown] {
            assert_eq!(sign_in(&http, email, ANOTHER).await, Err(401));
        }
        app.work().await;
        assert_eq!(remembered().await, 3, "two accounts and the network address");
        // The sixth attempt at the account made it wait for half a minute.
        app.clock.advance_ms(hour + 29_000);
        app.work().await;
        assert_eq!(remembered().await, 1);
        // Tried once more, it counts from now on.
        app.clock.advance_ms(2_000);
        assert_eq!(sign_in(&http, known, ANOTHER).await, Err(401));
        app.clock.advance_ms(hour - 1_000);
        app.work().await;
        assert_eq!(remembered().await, 2);
        app.clock.advance_ms(hour);
        app.work().await;
        assert_eq!(remembered().await, 0);
        assert!(sign_in(&http, known, PASSWORD).await.is_ok());
        // More than one run takes, in one pass of the worker.
        let subject = if app.kind == Kind::Sqlite { "CAST(printf('%016d', i) AS BLOB)" } else { "CAST(lpad(CAST(i AS text), 16, '0') AS bytea)" };
        let many = forget::FORGOTTEN_AT_ONCE + 7;
        app.past_the_store(&[format!(
            "INSERT INTO sign_in_failure (subject, failures, first_ms, blocked_until_ms) WITH RECURSIVE n (i) AS \
             (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many}) SELECT {subject}, 1, i, i FROM n"
        )]).await;
        app.clock.advance_ms(2 * hour);
        app.work().await;
        assert_eq!(remembered().await, 0);
    }
}
