//! The real server on a loopback port, and those who ask it.

use crate::actors::domain_of;
use crate::{Merchant, Reseller, TestApp};
use reqwest::Method;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::oneshot;
use tradepost_domain::access::{MerchantRole, ResellerRole, Side};
use tradepost_domain::identity::api_keys::{CreateApiKey, KeyOwner};
use tradepost_domain::identity::{SetPassword, SignIn, throttle};
use tradepost_domain::merchants::AddMerchantMember;
use tradepost_domain::partners::AddResellerMember;
use tradepost_domain::{Caller, PersonId, Right, SingleUseLinkId};
use tradepost_kernel::api_key::{ApiKeyText, KeyKind};
use tradepost_kernel::secret::sha256;
use tradepost_kernel::text::Email;
use tradepost_store::{BoxFuture, params, sql};
use tradepost_web::authenticate::{Gate, session_token};
use tradepost_web::issuers::Issuers;
use tradepost_web::limits::Limits;
use tradepost_web::{App, Floor};

/// A server on a port of its own. It ends when the last clone is gone.
#[derive(Clone)]
pub struct Http {
    base: String,
    client: reqwest::Client,
    _stop: Arc<oneshot::Sender<()>>,
}

/// Somebody who asks: with a key, a session, or nothing.
#[derive(Clone)]
pub struct Asker {
    http: Http,
    bearer: Option<String>,
    headers: Vec<(&'static str, String)>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Header fields, names in small letters.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub bytes: Vec<u8>,
}

impl TestApp {
    /// Serves the whole table of routes, without limits on rates.
    ///
    /// # Panics
    /// Where no port is free.
    pub async fn http(&self) -> Http {
        self.http_with(None).await
    }

    /// The same, where people sign in at issuers too.
    ///
    /// # Panics
    /// Where no port is free.
    pub async fn http_with(&self, issuers: Option<Arc<dyn Issuers>>) -> Http {
        self.served(tradepost_web::Settings::new("http://localhost"), issuers).await
    }

    /// The same, as `tradepost demo` serves it.
    ///
    /// # Panics
    /// Where no port is free.
    pub async fn http_of_a_demo(&self) -> Http {
        let mut settings = tradepost_web::Settings::new("http://localhost");
        settings.demo = true;
        self.served(settings, None).await
    }

    async fn served(&self, mut settings: tradepost_web::Settings, issuers: Option<Arc<dyn Issuers>>) -> Http {
        settings.limits = Limits::default().without_rates();
        let app = App::new(self.engine.clone(), Arc::new(Gate::new(self.engine.clone())), settings);
        let mut app = if let Some(issuers) = issuers { app.with_issuers(issuers) } else { app };
        // The house's worker writes what this server leaves for the log of requests.
        app.requests = self.house.floor.app().requests.clone();
        app.migrations_done();
        let floor = Floor::new(Arc::new(app), &tradepost::routes::all());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(tradepost_web::server::serve(floor, listener, async {
            let _gone = stopped.await;
        }));
        Http { base, client: client(), _stop: Arc::new(stop) }
    }

    /// A session of a person, as the sign-in makes it, without waiting for argon2.
    ///
    /// # Panics
    /// Where the person has no link to set a password by.
    pub async fn session(&self, person: PersonId, email: &str) -> String {
        let links: Vec<(SingleUseLinkId,)> =
            self.rows(sql!("SELECT id FROM single_use_link WHERE person = $1 AND used_ms IS NULL ORDER BY id"), params![person].to_vec()).await;
        if let Some((link,)) = links.first() {
            self.does(&Caller::Nobody, SetPassword { link: *link, password_hash: "no hash of anything".into() }).await;
        }
        let token = session_token(self.engine.environment.random());
        let key = Email::parse(email).expect("an address").key();
        let command = SignIn {
            person,
            compared_with: "no hash of anything".into(),
            token_hash: sha256(token.expose().as_bytes()),
            account: throttle::account(&self.engine.vault, &key),
            address: throttle::address(&self.engine.vault, "192.0.2.1"),
            agent: None,
        };
        self.does(&Caller::Nobody, command).await;
        token.expose().clone()
    }
}

/// Boxed: every test asks, and the compiler would look through the client's own futures each time.
fn reply(request: reqwest::RequestBuilder) -> BoxFuture<'static, Result<Reply, reqwest::Error>> {
    Box::pin(async move {
        let answer = request.send().await?;
        let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        Ok(Reply { status: answer.status().as_u16(), headers, bytes: answer.bytes().await?.to_vec() })
    })
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().expect("a client")
}

impl Merchant {
    /// Signs in somebody of the staff with this role; a new person, except for the owner.
    pub async fn signs_in(&self, role: MerchantRole) -> String {
        if role == MerchantRole::Owner {
            return self.app.session(self.person, &self.email).await;
        }
        let email = format!("{}@{}.example", role.name(), self.slug);
        let command = AddMerchantMember {
            merchant: self.number,
            email: Email::parse(&email).expect("an address"),
            first_name: "Sam".into(),
            last_name: "Staff".into(),
            role,
        };
        let person = self.app.does(&self.owner(), command).await.person;
        self.app.session(person, &email).await
    }
}

impl Reseller {
    /// Signs in a user with this role; a new person, except for the owner.
    pub async fn signs_in(&self, role: ResellerRole) -> String {
        if role == ResellerRole::Owner {
            return self.app.session(self.person, &self.email).await;
        }
        let email = format!("{}@{}.example", role.name(), domain_of(&self.email));
        let command = AddResellerMember { email: Email::parse(&email).expect("an address"), first_name: "Una".into(), last_name: "User".into(), role };
        let person = self.app.does(&self.owner(), command).await.person;
        self.app.session(person, &email).await
    }

    /// A key of the partnership with every right of its side.
    pub async fn key(&self) -> String {
        let rights = Right::all_for_keys(Side::Reseller).collect();
        self.key_with(rights).await
    }

    /// A key with these rights.
    pub async fn key_with(&self, rights: Vec<Right>) -> String {
        let text = ApiKeyText::mint(KeyKind::Partnership, false, || self.app.engine.environment.random::<1>()[0]);
        let owner = KeyOwner { merchant: self.scope.merchant, partnership: Some(self.scope.partnership) };
        let command = CreateApiKey { owner, prepared: (&text).into(), name: "Shop".into(), rights, expires: None, addresses: Vec::new() };
        self.app.does(&self.owner(), command).await;
        text.text().expose().clone()
    }
}

impl Http {
    /// One that runs already, elsewhere.
    #[must_use]
    pub fn at(base: &str) -> Self {
        Self { base: base.to_owned(), client: client(), _stop: Arc::new(oneshot::channel().0) }
    }

    /// With a key or a session's token.
    #[must_use]
    pub fn with(&self, bearer: &str) -> Asker {
        Asker { http: self.clone(), bearer: Some(bearer.to_owned()), headers: Vec::new() }
    }

    /// Without anything.
    #[must_use]
    pub fn nobody(&self) -> Asker {
        Asker { http: self.clone(), bearer: None, headers: Vec::new() }
    }
}

impl Asker {
    /// With a header field.
    #[must_use]
    pub fn header(&self, name: &'static str, value: &str) -> Self {
        let mut asker = self.clone();
        asker.headers.push((name, value.to_owned()));
        asker
    }

    /// With an idempotency key.
    #[must_use]
    pub fn once(&self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Asks, where nobody may answer.
    ///
    /// # Errors
    /// The connection's.
    pub async fn try_send(&self, method: &str, path: &str, body: Option<&Json>) -> Result<Reply, reqwest::Error> {
        let request = self.request(method, path);
        reply(if let Some(body) = body { request.json(body) } else { request }).await
    }

    /// Sends a text, where nobody may answer.
    ///
    /// # Errors
    /// The connection's.
    pub async fn try_send_text(&self, method: &str, path: &str, content_type: &str, body: String) -> Result<Reply, reqwest::Error> {
        reply(self.request(method, path).header("content-type", content_type).body(body)).await
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.client.request(method, format!("{}{path}", self.http.base));
        if let Some(bearer) = &self.bearer {
            request = request.bearer_auth(bearer);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request
    }

    /// Asks.
    ///
    /// # Panics
    /// Where nobody answers.
    pub async fn send(&self, method: &str, path: &str, body: Option<&Json>) -> Reply {
        self.try_send(method, path, body).await.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"))
    }

    /// Sends the fields of a form, encoded already.
    ///
    /// # Panics
    /// Where nobody answers.
    pub async fn form(&self, path: &str, fields: &str) -> Reply {
        let request = self.request("POST", path).header("content-type", "application/x-www-form-urlencoded").body(fields.to_owned());
        reply(request).await.unwrap_or_else(|error| panic!("POST {path}: {error:?}"))
    }

    /// Sends bytes in place of what is there.
    ///
    /// # Panics
    /// Where nobody answers.
    pub async fn put_bytes(&self, path: &str, content_type: &str, bytes: Vec<u8>) -> Reply {
        self.send_bytes("PUT", path, content_type, bytes).await
    }

    /// Sends bytes, such as a form with a file.
    ///
    /// # Panics
    /// Where nobody answers.
    pub async fn send_bytes(&self, method: &str, path: &str, content_type: &str, bytes: Vec<u8>) -> Reply {
        let request = self.request(method, path).header("content-type", content_type).body(bytes);
        reply(request).await.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"))
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None).await
    }

    /// Acts, without a body.
    pub async fn act(&self, path: &str) -> Reply {
        self.send("POST", path, None).await
    }

    /// Creates or acts.
    #[allow(clippy::needless_pass_by_value, reason = "bodies are written in place")]
    pub async fn post(&self, path: &str, body: Json) -> Reply {
        self.send("POST", path, Some(&body)).await
    }

    /// Changes.
    #[allow(clippy::needless_pass_by_value, reason = "bodies are written in place")]
    pub async fn patch(&self, path: &str, body: Json) -> Reply {
        self.send("PATCH", path, Some(&body)).await
    }
}

impl Reply {
    /// The body as JSON; null where it is none.
    #[must_use]
    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.bytes).unwrap_or(Json::Null)
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The code of a no, in whichever form it is told; empty where it is none.
    #[must_use]
    pub fn code(&self) -> String {
        let json = self.json();
        let told = json["code"].as_str().or_else(|| json["error"]["code"].as_str()).map(str::to_owned);
        let in_text = || self.text().strip_prefix("ERROR ").and_then(|rest| rest.split_once(':')).map(|(code, _)| code.to_owned());
        told.or_else(in_text).unwrap_or_default()
    }

    /// Status and code.
    #[must_use]
    pub fn said(&self) -> (u16, String) {
        (self.status, self.code())
    }

    /// The body, where the status is the one expected.
    ///
    /// # Panics
    /// Where it is another.
    #[allow(clippy::must_use_candidate, reason = "often only the status is of interest")]
    pub fn must(self, status: u16) -> Json {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }

    /// The whole answer without what differs from request to request: to compare what must not tell.
    #[must_use]
    pub fn without_request(&self) -> String {
        let id = self.headers.get("x-request-id").cloned().unwrap_or_default();
        let mut headers = self.headers.clone();
        for own in ["x-request-id", "date"] {
            headers.remove(own);
        }
        let body = if id.is_empty() { self.text() } else { self.text().replace(&id, "…") };
        json!([self.status, headers, body]).to_string()
    }
}
