//! Who asks: what the header fields say, handed to the identity slice.

use crate::problem::Problem;
use crate::route::Route;
use axum::http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, COOKIE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use std::net::IpAddr;
use tradepost_domain::access::Side;
use tradepost_domain::{Caller, MerchantId, PartnershipId};
use tradepost_kernel::{Language, Secret, Timestamp};
use tradepost_store::BoxFuture;

/// The cookie that holds the session of a page: over TLS one that no other host and no plain connection can set.
#[must_use]
pub fn session_cookie(public_url: &str) -> &'static str {
    if public_url.starts_with("https://") { "__Host-tradepost_session" } else { "tradepost_session" }
}

/// `Set-Cookie` for a session that begins, or ends where the token is empty. A browser forgets it after `seconds`.
#[must_use]
pub fn set_session(public_url: &str, token: &str, seconds: i64) -> String {
    let secure = if public_url.starts_with("https://") { "; Secure" } else { "" };
    format!("{}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}", session_cookie(public_url))
}

const PARTNERSHIP: HeaderName = HeaderName::from_static("tradepost-partnership");
const MERCHANT: HeaderName = HeaderName::from_static("tradepost-merchant");

/// What a request says about who asks.
#[derive(Debug)]
pub struct Credentials {
    /// `Authorization: Bearer …`: an API key or a session's token.
    pub bearer: Option<Secret<String>>,
    /// The session cookie; only where there is no bearer.
    pub cookie: Option<Secret<String>>,
    /// `Tradepost-Merchant`: which of their merchants a person means.
    pub merchant: Option<MerchantId>,
    /// `Tradepost-Partnership`: which of their partnerships a person means.
    pub partnership: Option<PartnershipId>,
    /// The side of the path.
    pub side: Option<Side>,
    /// Where the request comes from, for allow-lists and throttling.
    pub address: Option<IpAddr>,
    /// Whether the route's command asks for key and partnership again, in its transaction: what was known of them a
    /// moment ago is enough to get there.
    pub asked_again: bool,
}

/// Somebody known.
#[derive(Clone, Debug)]
pub struct Identified {
    /// Who.
    pub caller: Caller,
    /// Whether the partnership that they act in may be worked with; true where there is none.
    pub partnership_active: bool,
    /// Whether the merchant that they work for closed its account: they read, and change nothing.
    pub merchant_closed: bool,
    /// Whether a person has no place at all on the side that was asked for: its paths do not exist for them.
    pub placeless: bool,
    /// When the person of a session last proved that it is them; `None` for a key, which is not asked.
    pub proved: Option<Timestamp>,
}

/// What a caller of a partnership hears that may not trade.
pub(crate) fn not_active() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "partnership_not_active", "The partnership is not approved, or it is suspended or closed.")
}

impl Identified {
    /// Whether work goes on where they are: a partnership that trades, a merchant whose account is not closed.
    ///
    /// # Errors
    /// 403 `partnership_not_active`, 409 `merchant_closed`.
    pub(crate) fn may_work(&self, route: &Route, side: Side) -> Result<(), Problem> {
        if !self.partnership_active && !route.inactive_ok && side == Side::Reseller {
            return Err(not_active());
        }
        if self.merchant_closed && route.changes() && side == Side::Merchant {
            let detail = "The account is closed: it can be read, and nothing can be changed. The operator of this server can open it again.";
            return Err(Problem::new(StatusCode::CONFLICT, "merchant_closed", detail));
        }
        Ok(())
    }
}

/// Finds out who asks. Written by the identity slice.
pub trait Authenticator: Send + Sync + 'static {
    /// Who it is.
    ///
    /// [`Problem::unauthenticated`] where the credential is missing or not valid (any more); `not_found` where a person
    /// names a merchant or partnership that is not theirs.
    fn authenticate(&self, credentials: Credentials) -> BoxFuture<'_, Result<Identified, Problem>>;

    /// Whose dynamic URL it is (EXT-6).
    ///
    /// `not_found`, after the same work, for every key that opens none from this address.
    fn dynamic_url(&self, key: Secret<String>, address: Option<IpAddr>) -> BoxFuture<'_, Result<Identified, Problem>>;
}

/// Reads the header fields. `place` is the id of the merchant or partnership that the path of a page names.
///
/// # Errors
/// 401 for an `Authorization` that is no bearer; 404 for an id that is none.
pub fn credentials(
    headers: &HeaderMap,
    session_cookie: &str,
    side: Option<Side>,
    place: Option<&str>,
    address: Option<IpAddr>,
    asked_again: bool,
) -> Result<Credentials, Problem> {
    let mut bearers = headers.get_all(AUTHORIZATION).iter();
    let bearer = match (bearers.next(), bearers.next()) {
        (None, _) => None,
        (Some(value), None) => Some(bearer_of(value.to_str().unwrap_or("")).ok_or_else(Problem::unauthenticated)?),
        (Some(_), Some(_)) => return Err(Problem::unauthenticated()),
    };
    let cookie = if bearer.is_some() { None } else { cookie(headers, session_cookie).map(Secret::new) };
    if bearer.is_none() && cookie.is_none() {
        // Nobody is told first that nobody asks, whatever they named.
        return Ok(Credentials { bearer, cookie, merchant: None, partnership: None, side, address, asked_again });
    }
    let (merchant, partnership) = match (place, side) {
        (Some(place), Some(Side::Merchant)) => (Some(place.parse().map_err(|_| Problem::not_found())?), None),
        (Some(place), Some(Side::Reseller)) => (None, Some(place.parse().map_err(|_| Problem::not_found())?)),
        _ => (id(headers, &MERCHANT)?, id(headers, &PARTNERSHIP)?),
    };
    Ok(Credentials { bearer, cookie, merchant, partnership, side, address, asked_again })
}

fn bearer_of(value: &str) -> Option<Secret<String>> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= 512).then(|| Secret::new(token.to_owned()))
}

fn id<N: tradepost_kernel::id::Noun>(headers: &HeaderMap, name: &HeaderName) -> Result<Option<tradepost_kernel::Id<N>>, Problem> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    value.to_str().ok().and_then(|text| text.trim().parse().ok()).map(Some).ok_or_else(Problem::not_found)
}

/// The value of a cookie.
#[must_use]
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let fields = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

/// The cookie that holds language and theme of the pages, as in `de.dark`; either may be empty.
pub const LOOK_COOKIE: &str = "tradepost_look";

/// The language that a browser shows: the one that was chosen for the pages, else the first of `Accept-Language` that is spoken here;
/// `None` where it names none, as programs do.
#[must_use]
pub fn spoken(headers: &HeaderMap) -> Option<Language> {
    let chosen = cookie(headers, LOOK_COOKIE).and_then(|look| Language::of_code(look.split('.').next()?));
    chosen.or_else(|| Language::accepted(headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?))
}

/// The side that a caller belongs to.
#[must_use]
pub const fn side_of(caller: &Caller) -> Option<Side> {
    match caller {
        Caller::MerchantPerson { .. } | Caller::MerchantKey { .. } => Some(Side::Merchant),
        Caller::ResellerPerson { .. } | Caller::PartnershipKey { .. } => Some(Side::Reseller),
        _ => None,
    }
}
