//! Who somebody is, as an issuer of OpenID Connect says it (PAR-15): authorization code flow with PKCE (S256), state and nonce; the ID
//! token verified by the issuer's own keys (OpenID Connect Core 1.0, RFC 7636, RFC 9207, RFC 9700).
//!
//! Always true here:
//! - Only addresses that the operator named, or that the issuer behind such an address named, are asked; over TLS, but for an issuer on
//!   this machine. No redirect is followed, and an answer has an end.
//! - What an ID token says counts only after its signature, issuer, audience, times and nonce were verified.
//! - Neither codes nor tokens nor secrets stand in an error.
//!
//! What does not belong: who that is here (domain), cookies and pages (web, portal).

mod client;
mod keys;
mod token;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use client::{Address, Client};
use keys::Keys;
use serde::Deserialize;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
pub use token::Claims;
use tokio::sync::{Semaphore, SemaphorePermit};
use tradepost_kernel::secret::sha256;
use tradepost_kernel::{Environment, Secret, Timestamp};

/// How long what the issuer says of itself is believed: an hour.
const BELIEVED_MS: i64 = 3_600_000;
/// How long an issuer that did not answer is not asked again: 10 seconds.
const AWAY_MS: i64 = 10_000;
/// How many may wait for an issuer at once. Each holds room of the server: one that hangs must not fill it.
const AT_ONCE: usize = 8;

/// An issuer as the operator set it.
#[derive(Clone, Debug)]
pub struct IssuerSettings {
    /// What it is called in addresses of ours.
    pub name: String,
    /// Its own name, an address: `https://login.example.org`.
    pub issuer: String,
    /// What it calls this server.
    pub client_id: String,
    /// What it knows this server by.
    pub client_secret: Secret<String>,
    /// Domains of e-mail addresses that it may vouch for, in small letters; empty: any.
    pub domains: Vec<String>,
    /// A file of authorities (PEM) that sign its certificate, in place of the public ones.
    pub certificates: Option<PathBuf>,
}

/// The settings name no issuer that could be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotUsable(pub String);

/// Why an issuer's word was not had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It does not answer, or not in time, or not as an issuer does.
    #[error("the issuer cannot be asked: {0}")]
    Away(String),
    /// It answers, and what it says must not be believed.
    #[error("the issuer's answer is not believed: {0}")]
    NotBelieved(&'static str),
}

/// What a sign-in began with. State and nonce are kept by the browser that began it, sealed; the verifier proves to the issuer that the
/// code comes back to who asked for it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Where the issuer sends the browser back to.
    pub redirect_uri: String,
    /// Comes back beside the code.
    pub state: String,
    /// Comes back inside the ID token.
    pub nonce: String,
    /// 43 to 128 characters; only their hash goes out before the code is exchanged.
    pub verifier: Secret<String>,
}

/// What an issuer says of itself (OpenID Connect Discovery 1.0).
#[derive(Clone, Debug, Deserialize)]
struct Described {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Exchanged {
    id_token: Secreted,
}

/// A text that is not printed.
#[derive(Deserialize)]
#[serde(transparent)]
struct Secreted(String);

impl std::fmt::Debug for Secreted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("•••")
    }
}

#[derive(Debug, Default)]
struct Known {
    described: Option<(Timestamp, Described)>,
    keys: Option<Keys>,
    /// When it last did not answer.
    away: Option<Timestamp>,
}

/// One issuer.
#[derive(Debug)]
pub struct Issuer {
    settings: IssuerSettings,
    client: Client,
    environment: Environment,
    /// Never held while the issuer is asked.
    known: Mutex<Known>,
    room: Semaphore,
}

impl Issuer {
    /// An issuer to be asked. Nothing is asked yet.
    ///
    /// # Errors
    /// [`NotUsable`]: its address is none, or not over TLS; the file of authorities cannot be used.
    pub fn new(settings: IssuerSettings, environment: Environment) -> Result<Self, NotUsable> {
        let address = Address::parse(&settings.issuer).map_err(|why| NotUsable(format!("issuer {why}")))?;
        if address.has_query() {
            return Err(NotUsable("issuer must have no query".into()));
        }
        if !address.tls && !address.is_this_machine() {
            return Err(NotUsable("issuer must begin with https://".into()));
        }
        let client = Client::new(settings.certificates.as_deref()).map_err(NotUsable)?;
        Ok(Self { settings, client, environment, known: Mutex::default(), room: Semaphore::new(AT_ONCE) })
    }

    /// What it is called in addresses of ours.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// What it calls itself.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Where a browser goes to sign in there.
    ///
    /// # Errors
    /// [`Trouble::Away`].
    pub async fn address(&self, asked: &Asked) -> Result<String, Trouble> {
        let _room = self.room()?;
        let described = self.described().await?;
        let challenge = URL_SAFE_NO_PAD.encode(sha256(asked.verifier.expose().as_bytes()));
        let fields = [
            ("response_type", "code"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", &asked.redirect_uri),
            ("scope", "openid email"),
            ("state", &asked.state),
            ("nonce", &asked.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let joint = if described.authorization_endpoint.contains('?') { '&' } else { '?' };
        Ok(format!("{}{joint}{}", described.authorization_endpoint, form(&fields)))
    }

    /// Exchanges the code that came back, and says who the issuer vouches for. `issuer` is what came back beside the code under `iss`,
    /// where it did.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn claims(&self, code: &str, issuer: Option<&str>, asked: &Asked) -> Result<Claims, Trouble> {
        if issuer.is_some_and(|issuer| issuer != self.settings.issuer) {
            return Err(Trouble::NotBelieved("the code comes from another issuer"));
        }
        let _room = self.room()?;
        let described = self.described().await?;
        let token = self.noting(self.exchange(&described, code, asked).await)?;
        let header = token::Header::of(&token.0)?;
        let known = self.known().keys.clone();
        // It may have new keys since.
        let keys = match known.filter(|keys| keys.know(&header)) {
            Some(keys) => keys,
            None => self.keys(&described).await?,
        };
        keys.verify(&header, &token.0)?;
        let expected = token::Expected { issuer: &self.settings.issuer, client: &self.settings.client_id, nonce: &asked.nonce, now: self.environment.now() };
        let mut claims = Claims::read(&token.0, &expected)?;
        if !self.settings.domains.is_empty() && !claims.email.as_deref().is_some_and(|email| is_of(email, &self.settings.domains)) {
            claims.vouches = false;
        }
        Ok(claims)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Room for one who waits for the issuer, unless it was away a moment ago.
    fn room(&self) -> Result<SemaphorePermit<'_>, Trouble> {
        let now = self.environment.now();
        if self.known().away.is_some_and(|away| (0..AWAY_MS).contains(&(now.ms() - away.ms()))) {
            return Err(Trouble::Away("it did not answer a moment ago".into()));
        }
        self.room.try_acquire().map_err(|_| Trouble::Away("too many wait for it".into()))
    }

    /// Remembers that the issuer is away, where this says so.
    fn noting<T>(&self, asked: Result<T, Trouble>) -> Result<T, Trouble> {
        self.known().away = matches!(asked, Err(Trouble::Away(_))).then(|| self.environment.now());
        asked
    }

    /// What the issuer says of itself; asked anew after an hour.
    async fn described(&self) -> Result<Described, Trouble> {
        let now = self.environment.now();
        let known = self.known().described.clone();
        if let Some((_, described)) = known.filter(|(since, _)| now.ms() - since.ms() < BELIEVED_MS) {
            return Ok(described);
        }
        let place = format!("{}/.well-known/openid-configuration", self.settings.issuer.trim_end_matches('/'));
        let described: Described = self.noting(self.client.get(&place).await)?;
        if described.issuer != self.settings.issuer {
            return Err(Trouble::Away("it calls itself by another name than the settings do".into()));
        }
        let tls = self.settings.issuer.starts_with("https://");
        let places = [&described.authorization_endpoint, &described.token_endpoint, &described.jwks_uri];
        if tls && places.iter().any(|place| !place.starts_with("https://")) {
            return Err(Trouble::Away("one of its addresses is not over TLS".into()));
        }
        self.known().described = Some((now, described.clone()));
        Ok(described)
    }

    async fn keys(&self, described: &Described) -> Result<Keys, Trouble> {
        let keys = Keys::new(self.noting(self.client.get(&described.jwks_uri).await)?);
        self.known().keys = Some(keys.clone());
        Ok(keys)
    }

    async fn exchange(&self, described: &Described, code: &str, asked: &Asked) -> Result<Secreted, Trouble> {
        let (id, secret) = (self.settings.client_id.as_str(), self.settings.client_secret.expose().as_str());
        let methods = &described.token_endpoint_auth_methods_supported;
        let in_header = methods.is_empty() || methods.iter().any(|method| method == "client_secret_basic");
        let mut fields =
            vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &asked.redirect_uri), ("code_verifier", asked.verifier.expose())];
        let authorization = in_header.then(|| Secret::new(format!("Basic {}", STANDARD.encode(format!("{}:{}", escaped(id), escaped(secret))))));
        if authorization.is_none() {
            fields.extend([("client_id", id), ("client_secret", secret)]);
        }
        let answer: Exchanged = self.client.post(&described.token_endpoint, Secret::new(form(&fields)), authorization).await?;
        Ok(answer.id_token)
    }
}

/// Whether an address is of one of these domains.
fn is_of(email: &str, domains: &[String]) -> bool {
    email.rsplit_once('@').is_some_and(|(_, domain)| domains.iter().any(|known| domain.eq_ignore_ascii_case(known)))
}

/// The fields of a form, escaped.
fn form(fields: &[(&str, &str)]) -> String {
    fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect::<Vec<_>>().join("&")
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradepost_kernel::Clock;

    fn issuer(address: &str) -> Result<Issuer, NotUsable> {
        let settings = IssuerSettings {
            name: "house".into(),
            issuer: address.into(),
            client_id: "tradepost".into(),
            client_secret: Secret::new("s".into()),
            domains: Vec::new(),
            certificates: None,
        };
        Issuer::new(settings, Environment::seeded(Clock::fixed(Timestamp::from_ms(0)), 1))
    }

    /// PAR-15
    #[test]
    fn an_issuer_is_asked_over_tls_but_on_this_machine() {
        for fine in
            ["https://login.example.org", "https://login.example.org:8443/realms/one", "http://127.0.0.1:9000", "http://localhost:9000/x", "http://[::1]:9000"]
        {
            assert!(issuer(fine).is_ok(), "{fine}");
        }
        for wrong in ["http://login.example.org", "ftp://login.example.org", "login.example.org", "https://", "https://a@b.example", "https://b.example/?x=y"] {
            assert!(issuer(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn fields_are_escaped_and_domains_are_whole() {
        assert_eq!(form(&[("a", "x y&z=ä"), ("b", "")]), "a=x%20y%26z%3D%C3%A4&b=");
        let domains = ["example.org".to_owned()];
        assert!(is_of("ada@Example.org", &domains));
        assert!(!is_of("ada@sub.example.org", &domains) && !is_of("ada@evil-example.org", &domains) && !is_of("example.org", &domains));
    }
}
