//! Signing in at an issuer of OpenID Connect (PAR-15): what begins in a browser here goes on there and comes back here. Who asks the
//! issuer is wired in from outside ([`Issuers`]); what the browser keeps meanwhile is a cookie that only this server can read, good for
//! ten minutes and, by the state in it, once.

use crate::call::Call;
use crate::credentials::cookie;
use crate::problem::Problem;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use tradepost_domain::identity::issuers::{sign_in_expired, unknown_account};
use tradepost_domain::identity::{SignInByIssuer, SignedIn};
use tradepost_kernel::secret::{same, sha256};
use tradepost_kernel::text::Email;
use tradepost_kernel::{Secret, Timestamp};
use tradepost_store::BoxFuture;

/// How long somebody may take at the issuer: ten minutes.
const LASTS_MS: i64 = 600_000;
/// The cookie that a browser keeps meanwhile.
const COOKIE: &str = "tradepost_issuer";
/// What its content is sealed for.
const PLACE: &[u8] = b"sign-in at an issuer";
/// Where all of it happens; the cookie goes nowhere else.
const FOLDER: &str = "/sign-in/oidc";

/// What a sign-in began with.
#[derive(Clone, Debug)]
pub struct Begun {
    /// Where the issuer sends the browser back to.
    pub redirect_uri: String,
    /// Comes back beside the code.
    pub state: String,
    /// Comes back inside what the issuer signs.
    pub nonce: String,
    /// Proves that the code comes back to who asked for it.
    pub verifier: Secret<String>,
}

/// What came back from the issuer in the browser's address.
#[derive(Clone, Debug)]
pub struct CameBack {
    /// What the issuer's word is had for.
    pub code: Secret<String>,
    /// Which issuer it says it is, where it says so.
    pub issuer: Option<String>,
}

/// Who an issuer vouches for.
#[derive(Clone, Debug)]
pub struct Vouched {
    /// The issuer, as it calls itself.
    pub issuer: String,
    /// What it calls the person.
    pub subject: String,
    /// Their address, where it verified it.
    pub email: Option<String>,
    /// Whether it may vouch for them here.
    pub vouches: bool,
}

/// The issuer's word was not had, or must not be believed; why stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoWord;

/// Asks issuers. Wired in by the crate `app`.
pub trait Issuers: Send + Sync + 'static {
    /// Name and label of each, in the operator's order.
    fn names(&self) -> Vec<(String, String)>;

    /// What each calls itself, and its label.
    fn labels(&self) -> Vec<(String, String)>;

    /// Where a browser goes to sign in at the issuer of this name.
    fn address(&self, name: String, begun: Begun) -> BoxFuture<'_, Result<String, NoWord>>;

    /// Who the issuer of this name vouches for.
    fn vouched(&self, name: String, came: CameBack, begun: Begun) -> BoxFuture<'_, Result<Vouched, NoWord>>;
}

/// What the browser keeps, sealed.
#[derive(Serialize, Deserialize)]
struct Kept {
    name: String,
    state: String,
    nonce: String,
    verifier: String,
    until_ms: i64,
    next: Option<String>,
}

impl Kept {
    fn begun(&self, call: &Call) -> Begun {
        Begun {
            redirect_uri: call.url(&format!("{FOLDER}/{}/callback", self.name)),
            state: self.state.clone(),
            nonce: self.nonce.clone(),
            verifier: Secret::new(self.verifier.clone()),
        }
    }
}

/// Name and label of every issuer that the operator set.
#[must_use]
pub fn names(call: &Call) -> Vec<(String, String)> {
    call.app().issuers.as_ref().map_or_else(Vec::new, |issuers| issuers.names())
}

/// What every issuer that the operator set calls itself, and its label.
#[must_use]
pub fn labels(call: &Call) -> Vec<(String, String)> {
    call.app().issuers.as_ref().map_or_else(Vec::new, |issuers| issuers.labels())
}

fn unavailable() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "issuer_unavailable",
        "The sign-in at the other house could not be finished. Try again, or sign in by password.",
    )
}

fn known(call: &Call) -> Result<String, Problem> {
    let name = call.path_text("name")?;
    if names(call).iter().any(|(known, _)| known == name) { Ok(name.to_owned()) } else { Err(Problem::not_found()) }
}

/// Begins a sign-in at the issuer that the path names: where the browser goes, and the cookie that it keeps. `next` is where somebody
/// comes back to afterwards.
///
/// # Errors
/// 404 where there is no such issuer; 503 `issuer_unavailable`.
pub async fn begin(call: &Call, next: Option<String>) -> Result<(String, String), Problem> {
    let name = known(call)?;
    let environment = &call.engine().environment;
    let random = || URL_SAFE_NO_PAD.encode(environment.random::<32>());
    let kept = Kept { name: name.clone(), state: random(), nonce: random(), verifier: random(), until_ms: call.now().ms() + LASTS_MS, next };
    let issuers = call.app().issuers.clone().ok_or_else(Problem::not_found)?;
    let address = issuers.address(name, kept.begun(call)).await.map_err(|NoWord| unavailable())?;
    let plain = serde_json::to_vec(&kept).map_err(|_| Problem::internal())?;
    let sealed = URL_SAFE_NO_PAD.encode(call.engine().vault.seal(environment.random(), PLACE, &plain));
    Ok((address, set(call, &sealed, LASTS_MS / 1000)))
}

fn set(call: &Call, value: &str, seconds: i64) -> String {
    let secure = if call.app().settings.public_url.starts_with("https://") { "; Secure" } else { "" };
    // Lax: it comes along when the issuer sends the browser back.
    format!("{COOKIE}={value}; Path={FOLDER}; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
}

/// `Set-Cookie` that makes the browser forget what it kept.
#[must_use]
pub fn forgotten(call: &Call) -> String {
    set(call, "", 0)
}

/// What the browser kept for this sign-in, where it is this one's and still good.
fn kept(call: &Call) -> Result<Kept, Problem> {
    let open = || {
        let sealed = URL_SAFE_NO_PAD.decode(cookie(call.headers(), COOKIE)?).ok()?;
        let plain = call.engine().vault.open(PLACE, &sealed).ok()?;
        serde_json::from_slice::<Kept>(plain.expose()).ok()
    };
    let (name, state) = (known(call)?, parameter(call, "state").unwrap_or_default());
    let fits = |kept: &Kept| kept.name == name && same(kept.state.as_bytes(), state.as_bytes()) && call.now().ms() < kept.until_ms;
    open().filter(fits).ok_or_else(|| sign_in_expired().into())
}

fn parameter<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    call.query_pairs().iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// A sign-in that was finished.
#[derive(Debug)]
pub struct Finished {
    /// The session that began.
    pub session: SignedIn,
    /// Its token, for the browser to keep.
    pub token: Secret<String>,
    /// Where somebody goes on.
    pub next: Option<String>,
}

/// Finishes a sign-in whose browser came back from the issuer. `None`: the person changed their mind there.
///
/// # Errors
/// 403 `unknown_account`, 404, 410 `sign_in_expired`, 503 `issuer_unavailable`.
pub async fn finish(call: &Call) -> Result<Option<Finished>, Problem> {
    let kept = kept(call)?;
    let Some(code) = parameter(call, "code") else {
        return if parameter(call, "error") == Some("access_denied") { Ok(None) } else { Err(unavailable()) };
    };
    let came = CameBack { code: Secret::new(code.to_owned()), issuer: parameter(call, "iss").map(str::to_owned) };
    let issuers = call.app().issuers.clone().ok_or_else(Problem::not_found)?;
    let vouched = issuers.vouched(kept.name.clone(), came, kept.begun(call)).await.map_err(|NoWord| unavailable())?;
    if !vouched.vouches {
        return Err(unknown_account().into());
    }
    let (token, opening) = crate::api::sessions::opening(call);
    let command = SignInByIssuer {
        issuer: vouched.issuer,
        subject: vouched.subject,
        email: vouched.email.and_then(|text| Email::parse(&text).ok()),
        state: sha256(kept.state.as_bytes()),
        state_expires: Timestamp::from_ms(kept.until_ms),
        opening,
    };
    let session = call.execute(command).await?.outcome;
    Ok(Some(Finished { session, token, next: kept.next }))
}
