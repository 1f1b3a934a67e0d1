//! Signing in at an issuer of OpenID Connect (PAR-15), with a little issuer of the test's own on a port of this machine.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tradepost::config::SignInAt;
use tradepost::issuers::Connected;
use tradepost_domain::access::MerchantRole;
use tradepost_issuer::IssuerSettings;
use tradepost_kernel::Secret;
use tradepost_kernel::secret::sha256;
use tradepost_store::sql;
use tradepost_testkit::http::{Http, Reply};
use tradepost_testkit::{Merchant, TestApp, app_test};

/// What the issuer knows: its key and its name, and what it is to say next.
struct Says {
    base: String,
    key: EcdsaKeyPair,
    kid: String,
    claims: Json,
    challenge: String,
    asked_for_keys: usize,
}

type Shared = Arc<Mutex<Says>>;

/// A little issuer.
struct Issuer(Shared);

fn new_key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).expect("a key")
}

impl Issuer {
    async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let says = Says { base, key: new_key(), kid: "one".into(), claims: json!({}), challenge: String::new(), asked_for_keys: 0 };
        let says = Arc::new(Mutex::new(says));
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/keys", get(keys))
            .route("/token", post(exchange))
            .with_state(says.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self(says)
    }

    fn with<T>(&self, f: impl FnOnce(&mut Says) -> T) -> T {
        f(&mut self.0.lock().expect("nobody panicked"))
    }

    fn settings(&self, domains: &[&str]) -> SignInAt {
        let issuer = IssuerSettings {
            name: "work".into(),
            issuer: self.with(|says| says.base.clone()),
            client_id: "tradepost".into(),
            client_secret: Secret::new("a secret: with / signs".into()),
            domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
            certificates: None,
        };
        SignInAt { issuer, label: "Work".into() }
    }
}

async fn describe(State(says): State<Shared>) -> String {
    let base = says.lock().expect("nobody panicked").base.clone();
    json!({
        "issuer": base, "authorization_endpoint": format!("{base}/authorize"), "token_endpoint": format!("{base}/token"), "jwks_uri": format!("{base}/keys"),
    })
    .to_string()
}

async fn keys(State(says): State<Shared>) -> String {
    let mut says = says.lock().expect("nobody panicked");
    says.asked_for_keys += 1;
    let point = says.key.public_key().as_ref();
    let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
    json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": says.kid, "use": "sig", "x": x, "y": y}]}).to_string()
}

/// Exchanges the one code, for who knows the secret and the verifier behind the challenge.
async fn exchange(State(says): State<Shared>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let says = says.lock().expect("nobody panicked");
    let form = String::from_utf8_lossy(&body).into_owned();
    let fields: BTreeMap<&str, &str> = form.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let knows = format!("Basic {}", STANDARD.encode("tradepost:a%20secret%3A%20with%20%2F%20signs"));
    let challenge = URL_SAFE_NO_PAD.encode(sha256(fields["code_verifier"].as_bytes()));
    let redirect = "http%3A%2F%2Flocalhost%2Fsign-in%2Foidc%2Fwork%2Fcallback";
    if headers["authorization"] != knows.as_str() || challenge != says.challenge || fields["redirect_uri"] != redirect || fields["code"] != "the-code" {
        return (StatusCode::BAD_REQUEST, json!({"error": "invalid_grant"}).to_string());
    }
    let part = |json: Json| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", part(json!({"alg": "ES256", "kid": says.kid})), part(says.claims.clone()));
    let signature = says.key.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature");
    let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()));
    (StatusCode::OK, json!({"access_token": "x", "token_type": "Bearer", "id_token": token}).to_string())
}

/// A browser that was sent to the issuer: what it keeps, and what it was sent with.
struct Browser {
    http: Http,
    cookie: String,
    sent: BTreeMap<String, String>,
}

impl Browser {
    /// Goes to the issuer, who is told what to say of the person: an account here by default.
    async fn goes(app: &TestApp, http: &Http, issuer: &Issuer, acme: &Merchant, change: impl FnOnce(&mut Json)) -> Self {
        let sent = http.nobody().get("/sign-in/oidc/work?next=/account").await;
        assert_eq!(sent.status, 303, "{}", sent.text());
        let address = sent.headers["location"].clone();
        let base = issuer.with(|says| says.base.clone());
        let query = address.strip_prefix(&format!("{base}/authorize?")).expect("to the issuer");
        let fields: BTreeMap<String, String> =
            query.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        assert_eq!((fields["response_type"].as_str(), fields["code_challenge_method"].as_str()), ("code", "S256"));
        let cookie = sent.headers["set-cookie"].split(';').next().expect("a cookie").to_owned();
        assert!(sent.headers["set-cookie"].contains("HttpOnly; SameSite=Lax") && !cookie.contains(&fields["nonce"]), "sealed");
        let now = app.engine.environment.now().ms() / 1000;
        let mut claims = json!({
            "iss": base, "sub": "person-7", "aud": "tradepost", "exp": now + 300, "iat": now, "nonce": fields["nonce"], "email": acme.email, "email_verified": true,
        });
        change(&mut claims);
        issuer.with(|says| (says.claims, says.challenge) = (claims, fields["code_challenge"].clone()));
        Self { http: http.clone(), cookie, sent: fields }
    }

    async fn comes_back(&self) -> Reply {
        self.comes_back_with(&format!("code=the-code&state={}", self.sent["state"])).await
    }

    async fn comes_back_with(&self, query: &str) -> Reply {
        self.http.nobody().header("cookie", &self.cookie).get(&format!("/sign-in/oidc/work/callback?{query}")).await
    }
}

async fn open(app: &TestApp, domains: &[&str]) -> (Issuer, Http) {
    let issuer = Issuer::open().await;
    let connected = Connected::new(&[issuer.settings(domains)], &app.engine.environment).expect("it can be asked");
    let http = app.http_with(Some(Arc::new(connected))).await;
    (issuer, http)
}

/// The session that an answer begins.
fn session(reply: &Reply) -> Option<String> {
    let cookie = reply.headers.get("set-cookie")?.strip_prefix("tradepost_session=")?;
    Some(cookie.split(';').next()?.to_owned())
}

async fn sessions(app: &TestApp) -> i64 {
    app.number(sql!("SELECT COUNT(*) FROM session"), Vec::new()).await
}

app_test! {
    /// PAR-15: who is known here by a verified address signs in, and from then on by what the issuer calls them.
    async fn a_person_signs_in_at_an_issuer(app) {
        let acme = app.merchant("Acme Software").await;
        let (issuer, http) = open(&app, &[]).await;
        let page = http.nobody().get("/sign-in?next=/account").await.text();
        assert!(page.contains("href=\"/sign-in/oidc/work?next=%2Faccount\"") && page.contains("Continue with Work"), "{page}");
        assert_eq!(http.nobody().get("/sign-in/oidc/other").await.status, 404);

        let browser = Browser::goes(&app, &http, &issuer, &acme, |_| ()).await;
        let back = browser.comes_back().await;
        assert_eq!((back.status, back.headers["location"].as_str()), (303, "/account"), "{}", back.text());
        let me = http.with(&session(&back).expect("a session")).get("/v1/me").await.must(200);
        assert_eq!((&me["email"], &me["email_confirmed"], &me["has_password"]), (&json!(acme.email), &json!(true), &json!(false)));

        // The same state again, with all that the browser had: it works once.
        let again = browser.comes_back().await;
        assert_eq!((again.status, session(&again)), (410, None));

        // Later by the issuer's own name for the person, whatever their address is there by then.
        let later = Browser::goes(&app, &http, &issuer, &acme, |claims| (claims["email"], claims["email_verified"]) = (json!("new@elsewhere.example"), json!(false))).await;
        let back = later.comes_back().await;
        let me = http.with(&session(&back).expect("a session")).get("/v1/me").await.must(200);
        assert_eq!(me["email"], json!(acme.email));
        assert_eq!(issuer.with(|says| says.asked_for_keys), 1, "keys are kept");

        // The issuer has another key since: it is asked for its keys anew.
        issuer.with(|says| (says.key, says.kid) = (new_key(), "two".into()));
        let rotated = Browser::goes(&app, &http, &issuer, &acme, |_| ()).await;
        assert!(session(&rotated.comes_back().await).is_some());
        assert_eq!(issuer.with(|says| says.asked_for_keys), 2);
        assert_eq!(app.number(sql!("SELECT COUNT(*) FROM issuer_account"), Vec::new()).await, 1);
    }

    /// PAR-15: an ID token that is another's, for somebody else, of another time or by an unknown key opens nothing.
    async fn what_is_not_the_issuers_word_for_us_and_now_opens_nothing(app) {
        let acme = app.merchant("Acme Software").await;
        let (issuer, http) = open(&app, &[]).await;
        let now = app.engine.environment.now().ms() / 1000;
        let wrong = [
            ("nonce", json!("another")), ("aud", json!("somebody")), ("exp", json!(now - 61)), ("iat", json!(now + 3_600)), ("iss", json!("https://evil.example")), ("azp", json!("somebody")),
        ];
        for (name, value) in wrong {
            let browser = Browser::goes(&app, &http, &issuer, &acme, |claims| claims[name] = value).await;
            let back = browser.comes_back().await;
            assert_eq!((back.status, session(&back)), (503, None), "{name}");
        }
        // A key that is not the one that the issuer serves under this name.
        let browser = Browser::goes(&app, &http, &issuer, &acme, |_| ()).await;
        assert!(session(&browser.comes_back().await).is_some());
        issuer.with(|says| says.key = new_key());
        let forged = Browser::goes(&app, &http, &issuer, &acme, |_| ()).await;
        assert_eq!(forged.comes_back().await.status, 503, "known key, other signature");
        assert_eq!(sessions(&app).await, 1);
    }

    /// PAR-15: a state that is another browser's, another sign-in's or too old opens nothing.
    async fn a_state_is_this_browsers_and_works_for_ten_minutes(app) {
        let acme = app.merchant("Acme Software").await;
        let (issuer, http) = open(&app, &[]).await;
        let mine = Browser::goes(&app, &http, &issuer, &acme, |_| ()).await;
        let theirs = Browser::goes(&app, &http, &issuer, &acme, |_| ()).await;
        let mixed = mine.comes_back_with(&format!("code=the-code&state={}", theirs.sent["state"])).await;
        assert_eq!(mixed.status, 410, "somebody else's link in my browser");
        let bare = http.nobody().get(&format!("/sign-in/oidc/work/callback?code=the-code&state={}", theirs.sent["state"])).await;
        assert_eq!(bare.status, 410);
        assert_eq!(theirs.comes_back_with("code=the-code").await.status, 410);
        let elsewhere = theirs.comes_back_with(&format!("code=the-code&state={}&iss=https://evil.example", theirs.sent["state"])).await;
        assert_eq!(elsewhere.status, 503, "the code is another issuer's");
        let changed_mind = theirs.comes_back_with(&format!("error=access_denied&state={}", theirs.sent["state"])).await;
        assert_eq!((changed_mind.status, changed_mind.headers["location"].as_str()), (303, "/sign-in"));
        app.clock.advance_ms(600_000);
        assert_eq!(theirs.comes_back().await.status, 410);
        assert_eq!(sessions(&app).await, 0);
    }

    /// PAR-15: nobody unknown is made, and an address that the issuer did not verify, or may not vouch for, is nobody's.
    async fn who_is_not_known_here_is_not_let_in(app) {
        let acme = app.merchant("Acme Software").await;
        let (issuer, http) = open(&app, &["acme-software.example"]).await;
        let people = || app.number(sql!("SELECT COUNT(*) FROM person"), Vec::new());
        let before = people().await;
        type Change = fn(&mut Json);
        let changes: [(&str, Change); 4] = [
            ("unknown", |claims| claims["email"] = json!("stranger@acme-software.example")),
            ("unverified", |claims| claims["email_verified"] = json!(false)),
            ("without an address", |claims| claims["email"] = Json::Null),
            ("of another domain", |claims| claims["email"] = json!("ann@elsewhere.example")),
        ];
        let mut told = Vec::new();
        for (name, change) in changes {
            let back = Browser::goes(&app, &http, &issuer, &acme, change).await.comes_back().await;
            assert_eq!((back.status, session(&back)), (403, None), "{name}");
            told.push(back.text());
        }
        assert!(told[0].contains("This account is not known here; ask whoever runs it."), "{}", told[0]);
        assert!(told.iter().all(|text| *text == told[0]), "why is told to nobody");
        assert_eq!(people().await, before);
        assert_eq!((sessions(&app).await, app.number(sql!("SELECT COUNT(*) FROM issuer_account"), Vec::new()).await), (0, 0));
    }

    /// PAR-15: whoever signed up with an address that was not theirs loses it to whom the issuer vouches for.
    async fn a_password_of_somebody_else_ends_with_the_first_sign_in_of_the_holder(app) {
        let acme = app.merchant("Acme Software").await;
        let (issuer, http) = open(&app, &[]).await;
        let signup = json!({"company": "Squatters", "email": "victim@example.org", "first_name": "Eve", "last_name": "Evil", "country": "US", "password": "a password of Eve's"});
        http.nobody().post(&format!("/v1/signup/{}", acme.slug), signup).await.must(202);
        let eves = http.nobody().post("/v1/sessions", json!({"email": "victim@example.org", "password": "a password of Eve's"})).await.must(201);
        let eve = http.with(eves["token"].as_str().expect("a token"));
        eve.get("/v1/me").await.must(200);
        let back = Browser::goes(&app, &http, &issuer, &acme, |claims| claims["email"] = json!("victim@example.org")).await.comes_back().await;
        assert!(session(&back).is_some(), "{}", back.text());
        assert_eq!(eve.get("/v1/me").await.status, 401, "out");
        let again = http.nobody().post("/v1/sessions", json!({"email": "victim@example.org", "password": "a password of Eve's"})).await;
        assert_eq!(again.said(), (401, "invalid_credentials".into()));
        // Staff who confirmed their address keep their password and sessions.
        let staff = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let back = Browser::goes(&app, &http, &issuer, &acme, |claims| claims["sub"] = json!("owner")).await.comes_back().await;
        assert!(session(&back).is_some());
        staff.get("/v1/me").await.must(200);
    }

    /// PAR-15: an address alone does not lead past the second step; an account that was linked before is the issuer's to vouch for.
    async fn an_address_alone_does_not_lead_past_the_second_step(app) {
        let acme = app.merchant("Acme Software").await;
        crate::people::with_password(&app, &acme).await;
        let (issuer, http) = open(&app, &[]).await;
        let owner = http.with(&crate::people::sign_in(&http, &acme.email, crate::people::PASSWORD).await.expect("in"));
        crate::factors::switch_on(&app, &owner).await;
        let back = Browser::goes(&app, &http, &issuer, &acme, |_| ()).await.comes_back().await;
        assert!(back.status == 403 && session(&back).is_none() && back.text().contains("Two-step sign-in is on"), "{}", back.text());
        assert_eq!(app.number(sql!("SELECT COUNT(*) FROM issuer_account"), Vec::new()).await, 0);

        assert_eq!(owner.send("DELETE", "/v1/me/totp", None).await.status, 204);
        assert!(session(&Browser::goes(&app, &http, &issuer, &acme, |_| ()).await.comes_back().await).is_some());
        crate::factors::switch_on(&app, &owner).await;
        assert!(session(&Browser::goes(&app, &http, &issuer, &acme, |_| ()).await.comes_back().await).is_some());
        app.work().await;
        let told = sql!("SELECT COUNT(*) FROM message WHERE template = 'security_notice' AND variables LIKE '%person.issuer_linked%'");
        assert_eq!(app.number(told, Vec::new()).await, 1, "and whoever it is hears of it");
    }

    /// PAR-15: a person sees where they sign in elsewhere and takes it away, but not the only way in; a mail tells of it.
    async fn an_account_elsewhere_is_seen_and_removed(app) {
        let acme = app.merchant("Acme Software").await;
        let (issuer, http) = open(&app, &[]).await;
        let base = issuer.with(|says| says.base.clone());
        let back = Browser::goes(&app, &http, &issuer, &acme, |_| ()).await.comes_back().await;
        let owner = http.with(&session(&back).expect("a session"));
        let listed = owner.get("/v1/me/issuer-accounts").await.must(200);
        let account = &listed["data"][0];
        assert_eq!((&account["issuer"], &account["name"], listed["data"].as_array().map(Vec::len)), (&json!(base), &json!("Work"), Some(1)));
        let id = account["id"].as_str().expect("an id").to_owned();
        let path = format!("/v1/me/issuer-accounts/{id}");
        let page = owner.get("/account").await.text();
        assert!(page.contains("Linked accounts") && page.contains(&base) && page.contains(&format!("/profile/issuer-accounts/{id}/remove")), "{page}");
        assert!(owner.header("accept-language", "de").get("/account").await.text().contains("Verknüpfte Konten"));

        // There is no password and no passkey.
        assert_eq!(owner.send("DELETE", &path, None).await.said(), (409, "only_way_in".into()));
        let refused = owner.form(&format!("/profile/issuer-accounts/{id}/remove"), "").await;
        assert!(refused.status == 409 && refused.text().contains("only way"), "{}", refused.text());
        crate::people::with_password(&app, &acme).await;
        let owner = http.with(&crate::people::sign_in(&http, &acme.email, crate::people::PASSWORD).await.expect("in"));
        let other = app.merchant("Other Software").await;
        let stranger = http.with(&other.signs_in(MerchantRole::Owner).await);
        assert_eq!((stranger.send("DELETE", &path, None).await.status, stranger.get("/v1/me/issuer-accounts").await.must(200)["data"].clone()), (404, json!([])));
        app.clock.advance_ms(15 * 60_000 + 1);
        assert_eq!(owner.send("DELETE", &path, None).await.said(), (403, "fresh_proof_required".into()));
        assert_eq!(owner.get(&format!("/profile/issuer-accounts/{id}/remove")).await.status, 303, "it is asked who it is");
        let owner = http.with(&crate::people::sign_in(&http, &acme.email, crate::people::PASSWORD).await.expect("in"));
        let asked = owner.get(&format!("/profile/issuer-accounts/{id}/remove")).await;
        assert!(asked.status == 200 && asked.text().contains("“Work” signs you in no more"), "{}", asked.text());
        let removed = owner.form(&format!("/profile/issuer-accounts/{id}/remove"), "").await;
        assert_eq!((removed.status, removed.headers["location"].as_str()), (303, "/account?done=unlinked"));
        assert_eq!(owner.send("DELETE", &path, None).await.status, 404);
        assert_eq!(owner.get("/v1/me/issuer-accounts").await.must(200)["data"], json!([]));
        assert!(!owner.get("/account?done=unlinked").await.text().contains("Linked accounts"));
        app.work().await;
        let told = sql!("SELECT COUNT(*) FROM message WHERE template = 'security_notice' AND variables LIKE '%person.issuer_unlinked%'");
        assert_eq!(app.number(told, Vec::new()).await, 1);
        assert_eq!(app.actions(acme.person).await.last().map(String::as_str), Some("person.issuer_unlinked"));

        // Whom the issuer still knows by a verified address is linked anew.
        assert!(session(&Browser::goes(&app, &http, &issuer, &acme, |_| ()).await.comes_back().await).is_some());
        owner.send("DELETE", &path, None).await.must(204);
    }

    /// PAR-15: an issuer that does not answer is not asked again at once, and never by many at a time.
    async fn an_issuer_that_hangs_holds_nobody_up(app) {
        let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
        let settings = IssuerSettings {
            name: "work".into(),
            issuer: format!("http://{gone}"),
            client_id: "tradepost".into(),
            client_secret: Secret::new("s".into()),
            domains: Vec::new(),
            certificates: None,
        };
        let issuer = tradepost_issuer::Issuer::new(settings, app.engine.environment.clone()).expect("it can be asked");
        let asked = tradepost_issuer::Asked { redirect_uri: "http://localhost/x".into(), state: "s".into(), nonce: "n".into(), verifier: Secret::new("v".into()) };
        let why = |no: Result<String, tradepost_issuer::Trouble>| no.expect_err("it is away").to_string();
        assert!(!why(issuer.address(&asked).await).contains("a moment ago"));
        assert!(why(issuer.address(&asked).await).contains("a moment ago"));
        app.clock.advance_ms(10_000);
        assert!(!why(issuer.address(&asked).await).contains("a moment ago"), "then it is asked once more");
    }
}
