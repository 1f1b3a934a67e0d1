//! Partnerships, people, keys: PAR-1, 2, 4, 5, 7, 11, 14, 15, 16.

use serde_json::{Value as Json, json};
use tradepost_domain::access::{MerchantRole, ResellerRole, Side};
use tradepost_domain::ids::InvoiceId;
use tradepost_domain::partners::steps::{ApprovePartnership, SuspendPartnership};
use tradepost_domain::partners::terms::TermName;
use tradepost_domain::{Right, SingleUseLinkId, identity};
use tradepost_store::{params, sql};
use tradepost_testkit::http::{Asker, Http};
use tradepost_testkit::{Merchant, TestApp, app_test};

fn signup(company: &str, email: &str) -> Json {
    json!({"company": company, "first_name": "Rita", "last_name": "Reseller", "email": email, "country": "US", "password": "correct horse battery"})
}

async fn sign_in(http: &Http, email: &str, password: &str) -> (u16, String, String) {
    let reply = http.nobody().post("/v1/sessions", json!({"email": email, "password": password})).await;
    (reply.status, reply.code(), reply.json()["token"].as_str().unwrap_or_default().to_owned())
}

async fn staff(http: &Http, acme: &Merchant) -> Asker {
    http.with(&acme.key)
}

/// The partnership of a company at a merchant.
async fn partnership(app: &TestApp, merchant: i64, company: &str) -> (String, String) {
    let (id, status): (tradepost_domain::PartnershipId, String) = app
        .row(
            sql!("SELECT p.id, p.status FROM partnership p JOIN reseller r ON r.id = p.reseller WHERE p.merchant = $1 AND r.company = $2"),
            params![merchant, company].to_vec(),
        )
        .await;
    (id.text(), status)
}

/// The only partnership of a merchant.
async fn other_partnership(app: &TestApp, merchant: i64) -> tradepost_domain::PartnershipId {
    app.row::<(tradepost_domain::PartnershipId,)>(sql!("SELECT id FROM partnership WHERE merchant = $1"), params![merchant].to_vec()).await.0
}

async fn mails(app: &TestApp, template: &str) -> Vec<String> {
    app.work().await;
    let rows: Vec<(String,)> = app.rows(sql!("SELECT recipient FROM message WHERE template = $1 ORDER BY id"), params![template].to_vec()).await;
    rows.into_iter().map(|row| row.0).collect()
}

app_test! {
    /// PAR-2a, PAR-1, PAR-4, PAR-5, PAR-7, PAR-12: from the public sign-up to the first order.
    async fn from_sign_up_to_the_first_order(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(5).await;
        let http = app.http().await;
        let path = format!("/v1/signup/{}", acme.id);
        let received = http.nobody().post(&path, signup("Contoso", "rita@contoso.example")).await;
        assert!(received.status == 202 || received.status == 201, "{}", received.text());
        let (id, status) = partnership(&app, acme.number, "Contoso").await;
        assert_eq!(status, "pending");
        assert_eq!(mails(&app, "partnership_signed_up").await, std::slice::from_ref(&acme.email));
        let (code, _, token) = sign_in(&http, "rita@contoso.example", "correct horse battery").await;
        assert_eq!(code, 201);
        let rita = http.with(&token);
        let own = rita.get("/v1/reseller/partnership").await.must(200);
        assert_eq!(own["status"], "pending");
        for path in ["/v1/reseller/products", "/v1/reseller/orders", "/v1/reseller/credit", "/v1/reseller/licenses", "/v1/reseller/api-keys"] {
            assert_eq!(rita.get(path).await.said(), (403, "partnership_not_active".into()), "{path}");
        }
        assert_eq!(rita.post("/v1/reseller/orders", json!({})).await.said(), (403, "partnership_not_active".into()));
        let staff = staff(&http, &acme).await;
        let approved = staff.act(&format!("/v1/merchant/partnerships/{id}/approve")).await.must(200);
        assert_eq!((&approved["status"], approved["channel"].is_null()), (&json!("approved"), false), "the only channel by itself: {approved}");
        assert_eq!(mails(&app, "partnership_approved").await, ["rita@contoso.example"]);
        let draft = rita.post("/v1/reseller/orders", json!({"items": [{"product": "KEY-PRO", "quantity": 1}]})).await.must(201);
        assert_eq!(partnership(&app, acme.number, "Contoso").await.1, "approved", "a draft activates nothing");
        let confirm = format!("/v1/reseller/orders/{}/confirm", draft["id"].as_str().expect("an id"));
        rita.act(&confirm).await.must(200);
        assert_eq!(partnership(&app, acme.number, "Contoso").await.1, "active");
        let placed = rita.post("/v1/reseller/orders", json!({"items": [{"product": "KEY-PRO", "quantity": 1}]})).await.must(201);
        rita.act(&format!("/v1/reseller/orders/{}/confirm", placed["id"].as_str().expect("an id"))).await.must(200);
        let activated = app.number(sql!("SELECT COUNT(*) FROM audit WHERE action = 'partnership.activated'"), Vec::new()).await;
        assert_eq!(activated, 1, "once");
        let orders = staff.get("/v1/merchant/orders").await.must(200);
        let first = orders["data"].as_array().expect("a list").last().expect("an order")["id"].clone();
        staff.post(&format!("/v1/merchant/orders/{}/cancel", first.as_str().expect("an id")), json!({"note": "Sorry."})).await.must(200);
        assert_eq!(partnership(&app, acme.number, "Contoso").await.1, "active", "canceling does not undo it");
    }

    /// PAR-1, PAR-4: every step and every refused step, with audit, mail and the way back.
    async fn each_step_of_a_partnership_is_taken_or_refused(app) {
        let acme = app.merchant("Acme Software").await;
        let http = app.http().await;
        let staff = staff(&http, &acme).await;
        http.nobody().post(&format!("/v1/signup/{}", acme.id), signup("Contoso", "rita@contoso.example")).await;
        let (id, _) = partnership(&app, acme.number, "Contoso").await;
        let step = |step: &'static str| {
            let (staff, path) = (staff.clone(), format!("/v1/merchant/partnerships/{id}/{step}"));
            async move {
                let reply = staff.act(&path).await;
                if reply.status == 200 { reply.json()["status"].as_str().unwrap_or_default().to_owned() } else { reply.code() }
            }
        };
        let no = "partnership_step_not_allowed";
        for (taken, expected) in [
            ("suspend", no), ("reactivate", no), ("deny", "denied"), ("deny", no), ("approve", "approved"), ("approve", no), ("suspend", "suspended"),
            ("suspend", no), ("reactivate", "approved"), ("deny", "denied"), ("approve", "approved"), ("close", "closed"), ("reactivate", no), ("approve", no),
        ] {
            assert_eq!(step(taken).await, expected, "{taken}");
        }
        let deleted = staff.send("DELETE", &format!("/v1/merchant/partnerships/{id}"), None).await;
        assert_eq!(deleted.said(), (409, "partnership_was_approved".into()));
        app.work().await;
        let sent: Vec<(String, i64)> = app.rows(sql!("SELECT template, COUNT(*) FROM message WHERE template LIKE 'partnership_%' GROUP BY template ORDER BY template"), Vec::new()).await;
        let count = |name: &str| sent.iter().find(|row| row.0 == name).map_or(0, |row| row.1);
        assert_eq!((count("partnership_approved"), count("partnership_denied"), count("partnership_suspended"), count("partnership_closed")), (2, 2, 1, 1), "{sent:?}");
    }

    /// PAR-4: who is denied may be told why, by the API and by the page: it stands in the trail and in the mail; without a word the mail has none.
    async fn a_denial_says_why_where_the_merchant_says_it(app) {
        let acme = app.merchant("Acme Software").await;
        let http = app.http().await;
        let staff = staff(&http, &acme).await;
        let desk = http.with(&acme.signs_in(MerchantRole::Owner).await);
        for company in ["Contoso", "Fabrikam", "Northwind"] {
            http.nobody().post(&format!("/v1/signup/{}", acme.id), signup(company, &format!("rita@{}.example", company.to_lowercase()))).await;
        }
        let id = async |company: &str| partnership(&app, acme.number, company).await.0;
        let (contoso, fabrikam, northwind) = (id("Contoso").await, id("Fabrikam").await, id("Northwind").await);
        let step = |id: &str| format!("/v1/merchant/partnerships/{id}/deny");
        let long = staff.post(&step(&contoso), json!({"note": "x".repeat(1001)})).await;
        assert_eq!((long.status, long.json()["errors"][0]["pointer"].clone()), (422, json!("/note")), "{}", long.text());
        let denied = staff.post(&step(&contoso), json!({"note": "We sell in Europe only."})).await.must(200);
        assert_eq!(denied["status"], "denied");
        staff.act(&step(&northwind)).await.must(200);

        let path = format!("/m/{}/resellers/{fabrikam}/deny", acme.id.text());
        let dialog = desk.get(&path).await.text();
        assert!(dialog.contains("Note to the reseller") && dialog.contains("name=\"note\""), "{dialog}");
        let wrong = desk.form(&path, &format!("note={}", "y".repeat(1001))).await;
        assert!(wrong.status == 422 && wrong.text().contains("id=\"note-wrong\"") && wrong.text().contains(&"y".repeat(1001)), "{}", wrong.text());
        assert_eq!(desk.form(&path, "note=Your+VAT+id+is+not+valid.").await.status, 303);

        let told: Vec<(String,)> = app.rows(sql!("SELECT after_json FROM audit WHERE action = 'partnership.denied' ORDER BY id"), Vec::new()).await;
        let told: Vec<Json> = told.iter().map(|row| serde_json::from_str::<Json>(&row.0).expect("JSON")["note"].clone()).collect();
        assert_eq!(told, [json!("We sell in Europe only."), Json::Null, json!("Your VAT id is not valid.")]);
        app.work().await;
        for (company, note) in [("contoso", Some("We sell in Europe only.")), ("northwind", None), ("fabrikam", Some("Your VAT id is not valid."))] {
            let listed = staff.get(&format!("/v1/merchant/messages?template=partnership_denied&recipient=rita@{company}.example")).await.must(200);
            let mail = listed["data"][0]["id"].as_str().expect("a mail").to_owned();
            let mail = staff.get(&format!("/v1/merchant/messages/{mail}")).await.must(200);
            let text = mail["text"].as_str().expect("a text");
            assert_eq!(text.contains("Note:"), note.is_some(), "{text}");
            assert!(note.is_none_or(|note| text.contains(note) && mail["html"].as_str().is_some_and(|html| html.contains(note))), "{mail}");
        }
    }

    /// PAR-4: a sign-up that was never approved can be deleted, and nobody hears of it.
    async fn deleting_a_sign_up_sends_no_mail(app) {
        let acme = app.merchant("Acme Software").await;
        let http = app.http().await;
        http.nobody().post(&format!("/v1/signup/{}", acme.id), signup("Contoso", "rita@contoso.example")).await;
        let (id, _) = partnership(&app, acme.number, "Contoso").await;
        app.work().await;
        let before = app.number(sql!("SELECT COUNT(*) FROM message"), Vec::new()).await;
        let reply = staff(&http, &acme).await.send("DELETE", &format!("/v1/merchant/partnerships/{id}"), None).await;
        assert!(reply.status == 204 || reply.status == 200, "{}", reply.text());
        app.work().await;
        assert_eq!(app.number(sql!("SELECT COUNT(*) FROM message"), Vec::new()).await, before);
        assert_eq!(app.number(sql!("SELECT COUNT(*) FROM partnership"), Vec::new()).await, 0);
    }

    /// PAR-2, PAR-12: a sign-up with a known address answers the same and makes nothing; a second program is joined after sign-in, and listed.
    async fn a_known_address_joins_a_second_program_after_sign_in_and_leaks_nothing(app) {
        let (acme, other) = (app.merchant("Acme Software").await, app.merchant("Other Software").await);
        let http = app.http().await;
        let first = http.nobody().post(&format!("/v1/signup/{}", acme.id), signup("Contoso", "rita@contoso.example")).await;
        let known = http.nobody().post(&format!("/v1/signup/{}", other.id), signup("Contoso Two", "RITA@contoso.example")).await;
        assert_eq!(first.without_request(), known.without_request(), "byte for byte");
        assert_eq!(app.number(sql!("SELECT COUNT(*) FROM partnership"), Vec::new()).await, 1);
        assert_eq!(app.number(sql!("SELECT COUNT(*) FROM person WHERE email_key LIKE 'rita%'"), Vec::new()).await, 1);
        let (_, _, token) = sign_in(&http, "rita@contoso.example", "correct horse battery").await;
        let mut body = signup("Contoso", "rita@contoso.example");
        body.as_object_mut().expect("an object").remove("password");
        let joined = http.with(&token).post(&format!("/v1/signup/{}", other.id), body.clone()).await;
        assert!(joined.status == 201 || joined.status == 200, "{}", joined.text());
        assert_eq!(http.with(&token).post(&format!("/v1/signup/{}", other.id), body).await.said(), (409, "already_enrolled".into()));
        let programs = http.with(&token).get("/v1/reseller/partnerships").await.must(200);
        let listed = programs["data"].as_array().expect("a list");
        assert_eq!(listed.len(), 2, "{programs}");
        for program in listed {
            assert!(program["status"] == "pending" && program["mode"] == "stock" && program["code"].is_string() && program["merchant_name"].is_string(), "{program}");
        }
        assert_eq!(app.number(sql!("SELECT COUNT(*) FROM reseller"), Vec::new()).await, 1, "one company");
    }

    /// PAR-12: the list of somebody's programs says of each where it stands, its mode and code, and what counts there, once it was let in.
    async fn programs_are_listed_with_mode_code_and_terms(app) {
        let (acme, other) = (app.merchant("Acme Software").await, app.merchant("Other Software").await);
        let contoso = acme.reseller("Contoso").credit("2500.00").with(TermName::WholesaleDiscountPercent, "12.5").await;
        let token = contoso.signs_in(ResellerRole::Owner).await;
        let rita = app.http().await.with(&token);
        let mut body = signup("Contoso", &contoso.email);
        body.as_object_mut().expect("an object").remove("password");
        let joined = rita.post(&format!("/v1/signup/{}", other.id), body).await;
        assert!(joined.status < 300, "{}", joined.text());
        let seen = rita.get("/workspaces").await.text();
        let code = contoso.view().await.code;
        for part in ["Acme Software", "Stock", code.as_str(), "USD · credit limit $2,500.00 · 12.5% discount", "Other Software", "Pending"] {
            assert!(seen.contains(part), "{part}: {seen}");
        }
        assert!(!seen.contains("paid first"), "what was not agreed yet is not shown: {seen}");
        app.does(&other.owner(), ApprovePartnership { partnership: other_partnership(&app, other.number).await, channel: None }).await;
        let seen = rita.get("/workspaces").await.text();
        assert!(seen.contains("USD · paid first"), "{seen}");
    }

    /// PAR-2b: by hand: approved at once, one access mail in the operator's log, none in the merchant's.
    async fn a_reseller_made_by_hand_is_approved_and_gets_one_access_mail(app) {
        let acme = app.merchant("Acme Software").await;
        let http = app.http().await;
        let body = json!({"company": "Contoso", "first_name": "Rita", "last_name": "Reseller", "email": "rita@contoso.example", "country": "US"});
        let made = staff(&http, &acme).await.post("/v1/merchant/resellers", body.clone()).await.must(201);
        assert_eq!(made["status"], "approved", "{made}");
        app.work().await;
        let sent: Vec<(i64, String)> = app.rows(sql!("SELECT merchant, template FROM message WHERE recipient = 'rita@contoso.example'"), Vec::new()).await;
        assert_eq!(sent, [(0, "access".to_owned())]);
        assert_eq!(staff(&http, &acme).await.post("/v1/merchant/resellers", body).await.said(), (409, "already_enrolled".into()));
        let links: Vec<(SingleUseLinkId,)> = app.rows(sql!("SELECT id FROM single_use_link WHERE purpose = 'access' ORDER BY id DESC"), Vec::new()).await;
        let token = identity::links::token(&app.engine.vault, links[0].0);
        let path = format!("/v1/password-resets/{}", token.expose());
        let set = http.nobody().post(&path, json!({"password": "a password of mine"})).await;
        assert!(set.status < 300, "{}", set.text());
        assert_eq!(http.nobody().post(&path, json!({"password": "once more and again"})).await.status, 410, "works once");
        assert_eq!(sign_in(&http, "rita@contoso.example", "a password of mine").await.0, 201);
    }

    /// PAR-7: with several channels a person picks; until then ordering says so; without any there is no approval.
    async fn a_channel_is_assigned_or_picked(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(5).await;
        let http = app.http().await;
        let staff = staff(&http, &acme).await;
        let lists = staff.get("/v1/merchant/price-lists").await.must(200);
        let list = lists["data"][0]["id"].clone();
        let second = staff.post("/v1/merchant/channels", json!({"name": "Gold", "price_list": list})).await.must(201);
        http.nobody().post(&format!("/v1/signup/{}", acme.id), signup("Contoso", "rita@contoso.example")).await;
        let (id, _) = partnership(&app, acme.number, "Contoso").await;
        let approved = staff.act(&format!("/v1/merchant/partnerships/{id}/approve")).await.must(200);
        assert!(approved["channel"].is_null(), "{approved}");
        let (_, _, token) = sign_in(&http, "rita@contoso.example", "correct horse battery").await;
        let order = json!({"items": [{"product": "KEY-PRO", "quantity": 1}]});
        assert_eq!(http.with(&token).post("/v1/reseller/orders", order.clone()).await.said(), (409, "channel_required".into()));
        staff.patch(&format!("/v1/merchant/partnerships/{id}"), json!({"channel": second["id"]})).await.must(200);
        http.with(&token).post("/v1/reseller/orders", order).await.must(201);
        let in_use = staff.send("DELETE", &format!("/v1/merchant/channels/{}", second["id"].as_str().expect("an id")), None).await;
        assert_eq!(in_use.said(), (409, "channel_in_use".into()));
        let lonely = app.merchant("Lonely Software").await;
        let owner = http.with(&lonely.key);
        assert!(owner.send("DELETE", &format!("/v1/merchant/channels/{}", lonely.channel), None).await.status < 300, "the last one too");
        http.nobody().post(&format!("/v1/signup/{}", lonely.id), signup("Fabrikam", "fay@fabrikam.example")).await;
        let (id, _) = partnership(&app, lonely.number, "Fabrikam").await;
        assert_eq!(owner.act(&format!("/v1/merchant/partnerships/{id}/approve")).await.said(), (409, "no_channel".into()));
    }

    /// PAR-10: a program begins with defaults, and what is set on it holds for orders from then on.
    async fn what_a_program_sets_holds_for_its_resellers(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(5).await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        let http = app.http().await;
        let staff = http.with(&acme.key);
        let told = async |order: InvoiceId| {
            let invoice = staff.get(&format!("/v1/merchant/invoices/{order}")).await.must(200);
            (invoice["due_on"].as_str().expect("a day").to_owned(), invoice["total"]["amount"].clone())
        };
        let before = told(contoso.order(&[("KEY-PRO", 1)]).place().await.invoice).await;
        assert_eq!(before, ("2026-04-01".to_owned(), json!("10.00")), "30 days, no discount");
        staff.patch("/v1/merchant/program", json!({"wholesale_discount_percent": "20", "invoice_due_days": 45})).await.must(200);
        let after = told(contoso.order(&[("KEY-PRO", 1)]).place().await.invoice).await;
        assert_eq!(after, ("2026-04-16".to_owned(), json!("8.00")));
    }

    /// PAR-11: each term with where it came from; unset inherits, none is none.
    async fn every_effective_term_says_where_it_came_from(app) {
        let acme = app.merchant("Acme Software").await;
        let contoso = acme.reseller("Contoso").await;
        let http = app.http().await;
        let staff = staff(&http, &acme).await;
        staff.patch("/v1/merchant/program", json!({"wholesale_discount_percent": "20", "invoice_due_days": 45})).await.must(200);
        staff.patch(&format!("/v1/merchant/channels/{}/terms", acme.channel), json!({"wholesale_discount_percent": "30"})).await.must(200);
        let path = format!("/v1/merchant/partnerships/{}/terms", contoso.partnership());
        let own = staff.patch(&path, json!({"credit_limit": {"amount": "500.00", "currency": "USD"}})).await.must(200);
        let text = own.to_string();
        for part in ["program", "channel", "partnership", "500.00", "45", "30"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let euros = staff.patch(&path, json!({"credit_limit": {"amount": "500.00", "currency": "EUR"}})).await;
        assert_eq!(euros.said(), (422, "currency_mismatch".into()));
        assert_eq!(contoso.credit().await.limit_minor, Some(50_000));
        staff.patch(&path, json!({"credit_limit": null})).await;
        let told = http.with(&contoso.key().await).get("/v1/reseller/partnership").await.must(200);
        assert!(told.to_string().contains("wholesale_discount_percent"), "the reseller sees its terms: {told}");
    }

    /// PAR-11: the currency changes only while nothing is open.
    async fn the_currency_changes_only_while_nothing_is_open(app) {
        use tradepost_domain::partners::terms::TermName;
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(5).await;
        let contoso = acme.reseller("Contoso").await;
        let order = contoso.order(&[("KEY-PRO", 1)]).place().await;
        let http = app.http().await;
        let staff = staff(&http, &acme).await;
        let path = format!("/v1/merchant/partnerships/{}/terms", contoso.partnership());
        assert_eq!(staff.patch(&path, json!({"currency": "EUR"})).await.said(), (409, "currency_in_use".into()));
        acme.pay(order.invoice, "10.00").await;
        acme.set_term(&contoso, TermName::Currency, "EUR").await;
        let refused = contoso.order(&[("KEY-PRO", 1)]).try_place().await.expect_err("there is no price in EUR");
        assert_eq!(refused.code, "price_missing");
    }

    /// PAR-15: answers do not tell whether an address is known; what was reset works at once and ends every session.
    async fn signing_in_tells_nothing_about_who_is_known(app) {
        let acme = app.merchant("Acme Software").await;
        let http = app.http().await;
        http.nobody().post(&format!("/v1/signup/{}", acme.id), signup("Contoso", "rita@contoso.example")).await;
        let wrong = http.nobody().post("/v1/sessions", json!({"email": "rita@contoso.example", "password": "wrong password"})).await;
        let unknown = http.nobody().post("/v1/sessions", json!({"email": "nobody@contoso.example", "password": "wrong password"})).await;
        assert_eq!(wrong.said(), (401, "invalid_credentials".into()));
        assert_eq!(wrong.without_request(), unknown.without_request());
        let (_, _, token) = sign_in(&http, "rita@contoso.example", "correct horse battery").await;
        let known = http.nobody().post("/v1/password-resets", json!({"email": "rita@contoso.example"})).await;
        let unknown = http.nobody().post("/v1/password-resets", json!({"email": "nobody@contoso.example"})).await;
        assert_eq!(known.without_request(), unknown.without_request());
        assert_eq!(mails(&app, "password_reset").await, ["rita@contoso.example"]);
        let logs: Vec<(i64,)> = app.rows(sql!("SELECT merchant FROM message WHERE template = 'password_reset'"), Vec::new()).await;
        assert_eq!(logs, [(0,)], "never in a merchant's log");
        let links: Vec<(SingleUseLinkId,)> = app.rows(sql!("SELECT id FROM single_use_link WHERE purpose = 'password_reset'"), Vec::new()).await;
        let link = identity::links::token(&app.engine.vault, links[0].0);
        assert!(http.nobody().post(&format!("/v1/password-resets/{}", link.expose()), json!({"password": "another password"})).await.status < 300);
        assert_eq!(http.with(&token).get("/v1/sessions").await.status, 401, "old sessions end");
        assert_eq!(sign_in(&http, "rita@contoso.example", "correct horse battery").await.0, 401);
        let (status, _, token) = sign_in(&http, "rita@contoso.example", "another password").await;
        assert_eq!(status, 201);
        assert!(http.with(&token).send("DELETE", "/v1/sessions", None).await.status < 300);
        assert_eq!(http.with(&token).get("/v1/sessions").await.status, 401);
    }

    /// PAR-15: guesses are throttled per account, whoever asks.
    async fn guessing_a_password_is_throttled(app) {
        let acme = app.merchant("Acme Software").await;
        let http = app.http().await;
        let mut last = 0;
        for _ in 0..30 {
            last = sign_in(&http, &acme.email, "a wild guess").await.0;
            if last == 429 {
                break;
            }
        }
        assert_eq!(last, 429);
        let reply = http.nobody().post("/v1/sessions", json!({"email": acme.email, "password": "a wild guess"})).await;
        assert_eq!(reply.said(), (429, "too_many_attempts".into()));
        assert!(reply.headers.contains_key("retry-after"), "{:?}", reply.headers);
    }

    /// PAR-16: a key is shown once, does exactly what it was asked for, dies when rotated or disabled, by either side.
    async fn a_key_does_what_it_was_made_for_until_it_is_taken_away(app) {
        let acme = app.merchant("Acme Software").await;
        let contoso = acme.reseller("Contoso").await;
        let http = app.http().await;
        let owner = http.with(&contoso.signs_in(ResellerRole::Owner).await);
        let made = owner.post("/v1/reseller/api-keys", json!({"name": "Shop", "scopes": ["orders.read"]})).await.must(201);
        let text = made["secret"].as_str().expect("the key, once").to_owned();
        assert!(text.starts_with("tpr_live_"), "{text}");
        let listed = owner.get("/v1/reseller/api-keys").await.must(200);
        assert!(!listed.to_string().contains(&text), "masked afterwards");
        let shop = http.with(&text);
        shop.get("/v1/reseller/orders").await.must(200);
        assert_eq!(shop.post("/v1/reseller/orders", json!({})).await.said(), (403, "forbidden".into()));
        assert_eq!(shop.get("/v1/merchant/orders").await.status, 404, "cannot even route there");
        let id = made["api_key"]["id"].as_str().or(made["id"].as_str()).expect("an id").to_owned();
        let rotated = owner.act(&format!("/v1/reseller/api-keys/{id}/rotate")).await;
        assert!(rotated.status == 200 || rotated.status == 201, "{}", rotated.text());
        assert_eq!(shop.get("/v1/reseller/orders").await.said(), (401, "unauthenticated".into()), "dies at once");
        let next = http.with(rotated.json()["secret"].as_str().expect("the new key"));
        next.get("/v1/reseller/orders").await.must(200);
        let next_id = rotated.json()["api_key"]["id"].as_str().or(rotated.json()["id"].as_str()).expect("an id").to_owned();
        let path = format!("/v1/merchant/partnerships/{}/api-keys/{next_id}/disable", contoso.partnership());
        assert!(http.with(&acme.key).act(&path).await.status < 300);
        assert_eq!(next.get("/v1/reseller/orders").await.status, 401);
        let stored = app.number(sql!("SELECT COUNT(*) FROM api_key WHERE masked LIKE $1"), params![format!("%{}%", &text[12..])].to_vec()).await;
        assert_eq!(stored, 0);
        let unknown = owner.post("/v1/reseller/api-keys", json!({"name": "Shop", "scopes": ["stock.manage"]})).await;
        assert_eq!(unknown.status, 422, "not of its side: {}", unknown.text());
    }

    /// PAR-6, PAR-16: suspending stops a key at once; the merchant still reads the history.
    async fn suspending_stops_every_key_at_once(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(5).await;
        let contoso = acme.reseller("Contoso").await;
        let order = contoso.order(&[("KEY-PRO", 1)]).place().await;
        let http = app.http().await;
        let shop = http.with(&contoso.key().await);
        shop.get("/v1/reseller/orders").await.must(200);
        app.does(&acme.owner(), SuspendPartnership { partnership: contoso.partnership() }).await;
        assert_eq!(shop.get("/v1/reseller/orders").await.said(), (403, "partnership_not_active".into()));
        assert_eq!(shop.post("/v1/reseller/orders", json!({})).await.said(), (403, "partnership_not_active".into()));
        assert_eq!(shop.get("/v1/reseller/partnership").await.must(200)["status"], "suspended");
        http.with(&acme.key).get(&format!("/v1/merchant/orders/{}", order.id)).await.must(200);
    }

    /// PAR-14, PAR-16: nobody gives a key more than they may do themselves, and the last owner stays.
    async fn nobody_gives_away_what_they_do_not_have(app) {
        let acme = app.merchant("Acme Software").await;
        let http = app.http().await;
        let admin = http.with(&acme.signs_in(MerchantRole::Admin).await);
        let all: Vec<&str> = Right::all_for_keys(Side::Merchant).map(Right::name).collect();
        let made = admin.post("/v1/merchant/api-keys", json!({"name": "All", "scopes": all})).await;
        assert_eq!(made.status, 201, "{}", made.text());
        for role in [MerchantRole::Fulfillment, MerchantRole::Finance, MerchantRole::Support] {
            let asker = http.with(&acme.signs_in(role).await);
            let refused = asker.post("/v1/merchant/api-keys", json!({"name": "Mine", "scopes": ["merchant.read"]})).await;
            assert_eq!(refused.said(), (403, "forbidden".into()), "{role:?}");
        }
        let limited = admin.post("/v1/merchant/api-keys", json!({"name": "Keys", "scopes": ["keys.manage"]})).await.must(201);
        let limited = http.with(limited["secret"].as_str().expect("the key"));
        let more = limited.post("/v1/merchant/api-keys", json!({"name": "More", "scopes": ["merchant.read"]})).await;
        assert!(more.status == 403 || more.status == 422, "{}", more.text());
        let owner = http.with(&acme.reseller("Contoso").await.signs_in(tradepost_domain::access::ResellerRole::Owner).await);
        for right in ["reseller_people.read", "reseller_people.manage", "orders.approve"] {
            let refused = owner.post("/v1/reseller/api-keys", json!({"name": "People", "scopes": [right]})).await;
            assert_eq!(refused.said(), (422, "unknown_scope".into()), "{right} is for people");
        }
        let last = admin.send("DELETE", &format!("/v1/merchant/users/{}", acme.person), None).await;
        assert!(last.status == 403 || last.said() == (409, "last_owner".into()), "{}", last.text());
    }

    /// PLT-6: the sandbox beside the live data shares nothing with it.
    async fn the_sandbox_shares_nothing_with_the_live_merchant(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(5).await;
        let http = app.http().await;
        let (live, test) = (http.with(&acme.key), http.with(&acme.test_key));
        let count = |reply: Json| reply["data"].as_array().expect("a list").len();
        assert_eq!(count(live.get("/v1/merchant/products").await.must(200)), 1);
        assert_eq!(count(test.get("/v1/merchant/products").await.must(200)), 0);
        assert_ne!(test.get("/v1/merchant").await.must(200)["id"], live.get("/v1/merchant").await.must(200)["id"]);
    }
}
