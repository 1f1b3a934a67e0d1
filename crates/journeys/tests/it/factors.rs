//! Two-step sign-in: codes from an app, recovery codes, and what the operator does for who lost the phone (PAR-15).

use serde_json::{Value as Json, json};
use tradepost::operate::{Order, carry_out};
use tradepost_domain::{Caller, PersonId, SingleUseLinkId, identity};
use tradepost_kernel::one_time;
use tradepost_store::{params, sql};
use tradepost_testkit::http::{Asker, Http, Reply};
use tradepost_testkit::{TestApp, app_test};

pub const EMAIL: &str = "rita@contoso.example";
pub const PASSWORD: &str = "correct horse battery";

/// A server, and a person with a password who is signed in.
pub async fn rita(app: &TestApp) -> (Http, Asker) {
    let acme = app.merchant("Acme Software").await;
    let http = app.http().await;
    let body = json!({"company": "Contoso", "first_name": "Rita", "last_name": "Reseller", "email": EMAIL, "country": "US", "password": PASSWORD});
    let reply = http.nobody().post(&format!("/v1/signup/{}", acme.id), body).await;
    assert!(reply.status < 300, "{}", reply.text());
    let begun = password(&http, PASSWORD).await.must(201);
    let asker = http.with(text(&begun["token"]));
    (http, asker)
}

/// The first step of a sign-in.
pub async fn password(http: &Http, password: &str) -> Reply {
    http.nobody().post("/v1/sessions", json!({"email": EMAIL, "password": password})).await
}

pub fn text(value: &Json) -> &str {
    value.as_str().unwrap_or_else(|| panic!("a text: {value}"))
}

/// The bytes of a base32 text.
fn secret(base32: &str) -> Vec<u8> {
    let bits = base32.bytes().flat_map(|letter| {
        let value = if letter.is_ascii_uppercase() { letter - b'A' } else { letter - b'2' + 26 };
        (0..5).rev().map(move |bit| (value >> bit) & 1)
    });
    let bits: Vec<u8> = bits.collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |out, bit| (out << 1) | bit)).collect()
}

/// What the app on the phone shows now.
fn shown(app: &TestApp, secret: &[u8]) -> String {
    one_time::code(secret, one_time::step_of(app.engine.environment.now()))
}

/// Switches two-step sign-in on; the secret and the recovery codes. The next code is another one.
pub async fn switch_on(app: &TestApp, asker: &Asker) -> (Vec<u8>, Vec<String>) {
    let begun = asker.act("/v1/me/totp").await.must(201);
    let secret = secret(text(&begun["secret"]));
    let confirmed = asker.post("/v1/me/totp/confirm", json!({"code": shown(app, &secret)})).await.must(200);
    app.clock.advance_ms(one_time::STEP_S * 1000);
    (secret, confirmed["recovery_codes"].as_array().expect("codes").iter().map(|code| text(code).to_owned()).collect())
}

/// The ticket of a first step that asks for a second.
async fn ticket(http: &Http) -> String {
    text(&password(http, PASSWORD).await.must(202)["second_step"]["token"]).to_owned()
}

async fn second_step(http: &Http, token: &str, code: &str) -> Reply {
    http.nobody().post("/v1/sessions/second-step", json!({"token": token, "code": code})).await
}

/// What the person was mailed, by the events that caused it, with the log that it stands in.
async fn notices(app: &TestApp) -> Vec<(i64, String, String)> {
    app.work().await;
    let rows: Vec<(i64, String, String)> =
        app.rows(sql!("SELECT merchant, recipient, variables FROM message WHERE template = 'security_notice' ORDER BY id"), Vec::new()).await;
    let event = |variables: &str| serde_json::from_str::<Json>(variables).expect("JSON")["event"].as_str().unwrap_or_default().to_owned();
    rows.into_iter().map(|(log, recipient, variables)| (log, recipient, event(&variables))).collect()
}

async fn person(app: &TestApp) -> PersonId {
    app.row::<(PersonId,)>(sql!("SELECT id FROM person WHERE email_key = $1"), params![EMAIL].to_vec()).await.0
}

app_test! {
    /// PAR-15: from the first code on, the password alone opens no session; a code is taken once, a ticket too.
    async fn two_step_sign_in_is_switched_on_by_a_code_and_asked_for_from_then_on(app) {
        let (http, rita) = rita(&app).await;
        assert_eq!(rita.get("/v1/me/totp").await.must(200), json!({"on": false, "since": null, "recovery_codes_left": 0}));
        assert_eq!(rita.post("/v1/me/totp/confirm", json!({"code": "000000"})).await.said(), (409, "totp_off".into()));
        let begun = rita.act("/v1/me/totp").await.must(201);
        assert!(text(&begun["otpauth_url"]).starts_with("otpauth://totp/Tradepost:rita%40contoso.example?secret="), "{begun}");
        assert_eq!(rita.post("/v1/me/totp/confirm", json!({"code": "not it"})).await.said(), (422, "invalid_code".into()));
        assert_eq!(password(&http, PASSWORD).await.status, 201, "what is not confirmed asks for nothing");

        let (secret, codes) = switch_on(&app, &rita).await;
        assert_eq!(codes.len(), 10);
        assert_eq!(rita.act("/v1/me/totp").await.said(), (409, "totp_on".into()));
        let asked = password(&http, PASSWORD).await.must(202);
        assert_eq!(asked["second_step"]["methods"], json!(["code", "recovery_code"]));
        let (first, other) = (text(&asked["second_step"]["token"]).to_owned(), ticket(&http).await);
        let wrong = if shown(&app, &secret) == "123456" { "654321" } else { "123456" };
        assert_eq!(second_step(&http, &first, wrong).await.said(), (401, "second_step_failed".into()));
        let code = shown(&app, &secret);
        let begun = second_step(&http, &first, &code).await.must(201);
        let inside = http.with(text(&begun["token"]));
        assert_eq!(inside.get("/v1/sessions").await.must(200)["data"][0]["way"], "password_code");
        assert_eq!(second_step(&http, &first, &code).await.said(), (410, "second_step_expired".into()), "a ticket opens one session");
        assert_eq!(second_step(&http, &other, &code).await.said(), (401, "second_step_failed".into()), "a code opens one session");
        let both = http.nobody().post("/v1/sessions/second-step", json!({"token": other})).await;
        assert_eq!(both.said(), (422, "invalid_field".into()));

        assert_eq!(inside.send("DELETE", "/v1/me/totp", None).await.status, 204);
        assert_eq!(password(&http, PASSWORD).await.status, 201);
        let told = |event: &str| (0, EMAIL.to_owned(), event.to_owned());
        assert_eq!(notices(&app).await, [told("person.totp_switched_on"), told("person.totp_switched_off")]);
    }

    /// PAR-15: wrong password and unknown address look alike, whoever has a second factor.
    async fn a_second_factor_is_told_only_after_the_right_password(app) {
        let (http, rita) = rita(&app).await;
        switch_on(&app, &rita).await;
        let wrong = password(&http, "wrong password").await;
        let unknown = http.nobody().post("/v1/sessions", json!({"email": "nobody@contoso.example", "password": "wrong password"})).await;
        assert_eq!(wrong.said(), (401, "invalid_credentials".into()));
        assert_eq!(wrong.without_request(), unknown.without_request());
        assert_eq!(second_step(&http, "AAAA", "123456").await.said(), (410, "second_step_expired".into()));
    }

    /// PAR-15: a recovery code works once, and its person is told; new ones end the old ones.
    async fn a_recovery_code_works_once_and_its_person_is_told(app) {
        let (http, rita) = rita(&app).await;
        let (_, codes) = switch_on(&app, &rita).await;
        let begun = second_step(&http, &ticket(&http).await, &codes[0].to_uppercase()).await.must(201);
        let inside = http.with(text(&begun["token"]));
        assert_eq!(inside.get("/v1/sessions").await.must(200)["data"][0]["way"], "password_recovery_code");
        assert_eq!(second_step(&http, &ticket(&http).await, &codes[0]).await.said(), (401, "second_step_failed".into()));
        assert_eq!(inside.get("/v1/me/totp").await.must(200)["recovery_codes_left"], 9);
        let renewed = inside.act("/v1/me/totp/recovery-codes").await.must(201);
        assert_eq!(second_step(&http, &ticket(&http).await, &codes[1]).await.said(), (401, "second_step_failed".into()), "an old one");
        let new = text(&renewed["recovery_codes"][0]).to_owned();
        assert_eq!(second_step(&http, &ticket(&http).await, &new).await.status, 201);
        let events: Vec<String> = notices(&app).await.into_iter().map(|(_, _, event)| event).collect();
        assert_eq!(events, ["person.totp_switched_on", "person.recovery_code_used", "person.recovery_codes_made", "person.recovery_code_used"]);
    }

    /// PAR-15: the second step is throttled as the password is, and the right password does not start the count anew.
    async fn guessing_a_second_step_is_throttled(app) {
        let (http, rita) = rita(&app).await;
        switch_on(&app, &rita).await;
        let token = ticket(&http).await;
        let mut said = Vec::new();
        for _ in 0..6 {
            said.push(second_step(&http, &token, "not it").await.status);
        }
        assert_eq!(said, [401, 401, 401, 401, 401, 429], "the password was the first of six");
        assert_eq!(password(&http, PASSWORD).await.said(), (429, "too_many_attempts".into()));
    }

    /// PAR-15: of two who send the same code, or the same ticket, at the same moment one gets in.
    async fn the_same_code_sent_twice_at_once_opens_one_session(app) {
        let (http, rita) = rita(&app).await;
        let (secret, codes) = switch_on(&app, &rita).await;
        let opened = |replies: &[Reply]| replies.iter().filter(|reply| reply.status == 201).count();
        let (one, other) = (ticket(&http).await, ticket(&http).await);
        let code = shown(&app, &secret);
        let (first, second) = tokio::join!(second_step(&http, &one, &code), second_step(&http, &other, &code));
        assert_eq!(opened(&[first, second]), 1, "one code, two tickets");
        let (one, other) = (ticket(&http).await, ticket(&http).await);
        let (first, second) = tokio::join!(second_step(&http, &one, &codes[0]), second_step(&http, &other, &codes[0]));
        assert_eq!(opened(&[first, second]), 1, "one recovery code, two tickets");
        let one = ticket(&http).await;
        let (first, second) = tokio::join!(second_step(&http, &one, &codes[1]), second_step(&http, &one, &codes[2]));
        assert_eq!(opened(&[first, second]), 1, "one ticket, two codes");
    }

    /// PAR-15: which tickets were used is forgotten once they would have expired.
    async fn used_tickets_are_forgotten_after_their_time(app) {
        let (http, rita) = rita(&app).await;
        let (secret, _) = switch_on(&app, &rita).await;
        second_step(&http, &ticket(&http).await, &shown(&app, &secret)).await.must(201);
        app.work().await;
        let spent = || async { app.row::<(i64,)>(sql!("SELECT count(*) FROM spent_challenge"), Vec::new()).await.0 };
        assert_eq!(spent().await, 1);
        app.clock.advance_ms(2 * 3_600_000);
        app.work().await;
        assert_eq!(spent().await, 0);
    }

    /// PAR-15: a ticket is good for ten minutes, and while the password stays.
    async fn a_ticket_ends_with_its_time_and_with_the_password(app) {
        let (http, rita) = rita(&app).await;
        let (secret, _) = switch_on(&app, &rita).await;
        let late = ticket(&http).await;
        app.clock.advance_ms(10 * 60_000);
        assert_eq!(second_step(&http, &late, &shown(&app, &secret)).await.said(), (410, "second_step_expired".into()));
        let old = ticket(&http).await;
        http.nobody().post("/v1/password-resets", json!({"email": EMAIL})).await.must(202);
        let (link,): (SingleUseLinkId,) = app.row(sql!("SELECT id FROM single_use_link WHERE purpose = 'password_reset'"), Vec::new()).await;
        let link = identity::links::token(&app.engine.vault, link);
        let set = http.nobody().post(&format!("/v1/password-resets/{}", link.expose()), json!({"password": "another password"})).await;
        assert_eq!(set.status, 204, "{}", set.text());
        assert_eq!(second_step(&http, &old, &shown(&app, &secret)).await.said(), (410, "second_step_expired".into()));
    }

    /// PAR-15, PAR-2: whoever signed up with another's address does not stay inside by a factor that they added to it.
    async fn who_proves_an_address_is_not_met_by_factors_of_somebody_else(app) {
        let (http, rita) = rita(&app).await;
        switch_on(&app, &rita).await;
        http.nobody().post("/v1/password-resets", json!({"email": EMAIL})).await.must(202);
        let (link,): (SingleUseLinkId,) = app.row(sql!("SELECT id FROM single_use_link WHERE purpose = 'password_reset'"), Vec::new()).await;
        let link = identity::links::token(&app.engine.vault, link);
        http.nobody().post(&format!("/v1/password-resets/{}", link.expose()), json!({"password": "another password"})).await;
        assert_eq!(password(&http, "another password").await.status, 201, "no second step that they never set up");
    }

    /// PAR-15, PLT-4: the secret is sealed, recovery codes are hashed, and neither stands in the audit trail, events or outcomes.
    async fn neither_the_secret_nor_a_recovery_code_is_stored(app) {
        let (http, rita) = rita(&app).await;
        let (secret, codes) = switch_on(&app, &rita).await;
        second_step(&http, &ticket(&http).await, &codes[0]).await.must(201);
        app.work().await;
        let (sealed,): (Vec<u8>,) = app.row(sql!("SELECT secret FROM totp"), Vec::new()).await;
        assert!(!sealed.windows(secret.len()).any(|part| part == secret));
        let written: Vec<(String,)> = app
            .rows(
                sql!(
                    "SELECT outcome FROM command UNION ALL SELECT body FROM outbox UNION ALL SELECT variables FROM message
                     UNION ALL SELECT COALESCE(after_json, '') FROM audit"
                ),
                Vec::new(),
            )
            .await;
        let base32 = one_time::base32(&secret);
        for (row,) in written {
            assert!(!row.contains(&base32) && codes.iter().all(|code| !row.contains(code.as_str())), "{row}");
        }
        let hashes: Vec<(Vec<u8>,)> = app.rows(sql!("SELECT hash FROM recovery_code"), Vec::new()).await;
        assert!(hashes.len() == 10 && hashes.iter().all(|(hash,)| hash.len() == 16));
    }

    /// PAR-15, PLT-13: `tradepost user reset-factors` for who has lost the phone; it is audited, and the person is told.
    async fn the_operator_takes_the_factors_of_who_lost_the_phone_away(app) {
        let (http, rita) = rita(&app).await;
        switch_on(&app, &rita).await;
        let order = |email: &str| Order::ResetFactors { email: email.into() };
        assert!(carry_out(&app.house, order("nobody@contoso.example"), Vec::new(), &mut |_| {}).await.is_err());
        let done = carry_out(&app.house, order(EMAIL), Vec::new(), &mut |_| {}).await.expect("it is done");
        assert_eq!((&done["two_step"], &done["passkeys"], &done["sessions_ended"]), (&json!(true), &json!(0), &json!(1)));
        assert_eq!(rita.get("/v1/sessions").await.status, 401);
        assert_eq!(password(&http, PASSWORD).await.status, 201);
        let actor: (String,) = app.row(sql!("SELECT actor_kind FROM audit WHERE action = 'person.factors_reset'"), Vec::new()).await;
        assert_eq!(actor.0, "operator");
        assert_eq!(notices(&app).await.last().map(|notice| notice.2.clone()).as_deref(), Some("person.factors_reset"));
        // Somebody who works for nobody may not.
        let refused = app.refuses(&Caller::Nobody, identity::ResetFactors { person: person(&app).await }).await;
        assert_eq!(refused.code, "forbidden");
    }

    /// PAR-15, PLT-12: the same by pages, without JavaScript.
    async fn two_step_sign_in_works_by_forms(app) {
        let (http, rita) = rita(&app).await;
        let page = rita.get("/profile/two-step").await;
        assert!(page.status == 200 && page.text().contains("Set up"), "{}", page.text());
        let begun = rita.form("/profile/two-step/begin", "").await.text();
        assert!(begun.contains("<svg width=\"220\"") && !begun.contains(" style=\""), "{begun}");
        let typed = begun.split("<code>").nth(1).and_then(|rest| rest.split('<').next()).expect("the secret");
        let secret = secret(typed);
        let wrong = rita.form("/profile/two-step/confirm", "code=nonsense").await;
        assert_eq!(wrong.status, 422, "{}", wrong.text());
        let on = rita.form("/profile/two-step/confirm", &format!("code={}", shown(&app, &secret))).await;
        assert!(on.status == 200 && on.text().contains("shown this once"), "{}", on.text());
        app.clock.advance_ms(one_time::STEP_S * 1000);

        let fields = format!("email={}&password={}", EMAIL.replace('@', "%40"), PASSWORD.replace(' ', "+"));
        let first = http.nobody().form("/sign-in?next=%2Faccount", &fields).await;
        assert_eq!((first.status, first.headers["location"].as_str()), (303, "/sign-in/second-step?next=%2Faccount"));
        let cookie = first.headers["set-cookie"].split(';').next().expect("a cookie").to_owned();
        assert!(cookie.starts_with("tradepost_second_step="), "{cookie}");
        let half = http.nobody().header("cookie", &cookie);
        let asked = half.get("/sign-in/second-step?next=%2Faccount").await;
        assert!(asked.status == 200 && asked.text().contains("one-time-code"), "{}", asked.text());
        assert_eq!(half.form("/sign-in/second-step", "code=nonsense").await.status, 401);
        assert_eq!(http.nobody().get("/sign-in/second-step").await.headers["location"], "/sign-in");
        let inside = half.form("/sign-in/second-step?next=%2Faccount", &format!("code={}", shown(&app, &secret))).await;
        assert_eq!((inside.status, inside.headers["location"].as_str()), (303, "/account"), "{}", inside.text());
        let account = rita.header("accept-language", "de").get("/account").await.text();
        assert!(account.contains("mit Passwort und Code"), "{account}");

        let codes = rita.form("/profile/two-step/recovery-codes", "").await;
        assert_eq!(codes.status, 200);
        assert_eq!(rita.get("/profile/two-step/off").await.status, 200);
        assert_eq!(rita.form("/profile/two-step/off", "").await.headers["location"], "/profile/two-step?done=off");
    }

    /// PAR-15: whoever knows the password alone, in a session of before or in a new proof, gets no further once two steps are asked for.
    async fn with_two_steps_the_password_alone_proves_nothing(app) {
        let (http, rita) = rita(&app).await;
        let thief = http.with(text(&password(&http, PASSWORD).await.must(201)["token"]));
        thief.get("/v1/me/totp").await.must(200);
        let (secret, _) = switch_on(&app, &rita).await;
        assert_eq!(thief.get("/v1/me/totp").await.status, 401, "sessions that began without a second step end, but for the one that asks");
        assert_eq!(rita.post("/v1/me/proofs", json!({"password": PASSWORD})).await.said(), (422, "code_needed".into()));
        assert_eq!(rita.post("/v1/me/proofs", json!({"password": "not hers at all"})).await.said(), (422, "wrong_password".into()));
        app.clock.advance_ms(16 * 60_000);
        assert_eq!(rita.send("DELETE", "/v1/me/totp", None).await.said(), (403, "fresh_proof_required".into()));
        rita.post("/v1/me/proofs", json!({"code": shown(&app, &secret)})).await.must(201);
        assert_eq!(rita.send("DELETE", "/v1/me/totp", None).await.status, 204);
    }
}
