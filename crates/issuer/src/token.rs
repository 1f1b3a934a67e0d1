//! The ID token (OpenID Connect Core 1.0, 2 and 3.1.3.7): what it says, and whether that is for us and for now.

use crate::Trouble;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tradepost_kernel::Timestamp;
use tradepost_kernel::secret::same;

/// How far the issuer's clock may differ from ours: a minute.
const CLOCKS_DIFFER_S: i64 = 60;
/// How old a token may be that was made for this sign-in: ten minutes.
const OLDEST_S: i64 = 600;
/// Bytes that a token may have.
const LONGEST: usize = 16 << 10;

/// Who the issuer vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The issuer, as it calls itself.
    pub issuer: String,
    /// What it calls the person; never another person's.
    pub subject: String,
    /// Their e-mail address, where it verified it.
    pub email: Option<String>,
    /// Whether this issuer may vouch for the person here, by the domain of their address.
    pub vouches: bool,
}

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA with P-256 and SHA-256.
    Es256,
}

/// How a token is signed, and by which key.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) key: Option<String>,
}

#[derive(Deserialize)]
struct HeaderText {
    alg: String,
    kid: Option<String>,
    crit: Option<serde_json::Value>,
}

impl Header {
    /// Reads the first part of a token.
    pub(crate) fn of(token: &str) -> Result<Self, Trouble> {
        if token.len() > LONGEST || token.split('.').count() != 3 {
            return Err(Trouble::NotBelieved("it is no token"));
        }
        let header: HeaderText = part(token, 0)?;
        let algorithm = match header.alg.as_str() {
            "RS256" => Algorithm::Rs256,
            "ES256" => Algorithm::Es256,
            _ => return Err(Trouble::NotBelieved("it is signed neither by RS256 nor by ES256")),
        };
        if header.crit.is_some() {
            return Err(Trouble::NotBelieved("it asks for something that is not known here"));
        }
        Ok(Self { algorithm, key: header.kid })
    }
}

/// One of a token's parts.
fn part<T: DeserializeOwned>(token: &str, at: usize) -> Result<T, Trouble> {
    let unreadable = Trouble::NotBelieved("it cannot be read");
    let text = token.split('.').nth(at).ok_or_else(|| unreadable.clone())?;
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| unreadable.clone())?;
    serde_json::from_slice(&bytes).map_err(|_| unreadable)
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// Some issuers write it as a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Truth {
    Plain(bool),
    Text(String),
}

#[derive(Deserialize)]
struct ClaimsText {
    iss: String,
    sub: String,
    aud: OneOrMany,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    email: Option<String>,
    email_verified: Option<Truth>,
}

/// What a token must say to be for us, for this sign-in and for now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) now: Timestamp,
}

impl Claims {
    /// Reads a token whose signature was verified.
    pub(crate) fn read(token: &str, expected: &Expected<'_>) -> Result<Self, Trouble> {
        let said: ClaimsText = part(token, 1)?;
        check(&said, expected)?;
        let verified = match &said.email_verified {
            Some(Truth::Plain(verified)) => *verified,
            Some(Truth::Text(text)) => text == "true",
            None => false,
        };
        Ok(Self { issuer: said.iss, subject: said.sub, email: said.email.filter(|_| verified), vouches: true })
    }
}

fn check(said: &ClaimsText, expected: &Expected<'_>) -> Result<(), Trouble> {
    let now = expected.now.ms().div_euclid(1000);
    let (for_us, alone) = match &said.aud {
        OneOrMany::One(audience) => (audience == expected.client, true),
        OneOrMany::Many(all) => (all.iter().any(|audience| audience == expected.client), all.len() == 1),
    };
    let party_fits = match said.azp.as_deref() {
        Some(party) => party == expected.client,
        None => alone,
    };
    let rules = [
        (said.iss == expected.issuer, "it is another issuer's"),
        (for_us && party_fits, "it is for somebody else"),
        (said.exp.saturating_add(CLOCKS_DIFFER_S) > now, "it has expired"),
        (said.iat <= now + CLOCKS_DIFFER_S && said.nbf.unwrap_or(now) <= now + CLOCKS_DIFFER_S, "it is from the future"),
        (said.iat.saturating_add(OLDEST_S) >= now, "it is too old"),
        (said.nonce.as_deref().is_some_and(|nonce| same(nonce.as_bytes(), expected.nonce.as_bytes())), "it is for another sign-in"),
        (!said.sub.is_empty() && said.sub.len() <= 255 && !said.sub.chars().any(char::is_control), "it names nobody"),
    ];
    rules.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, why)| Err(Trouble::NotBelieved(why)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: i64 = 1_790_000_000;

    fn read(change: impl FnOnce(&mut Value)) -> Result<Claims, Trouble> {
        let mut said = json!({"iss": "https://login.example", "sub": "7", "aud": "tradepost", "exp": NOW + 300, "iat": NOW, "nonce": "n", "email": "ada@example.org", "email_verified": true});
        change(&mut said);
        let token = format!("e30.{}.", URL_SAFE_NO_PAD.encode(said.to_string()));
        let expected = Expected { issuer: "https://login.example", client: "tradepost", nonce: "n", now: Timestamp::from_ms(NOW * 1000) };
        Claims::read(&token, &expected)
    }

    /// PAR-15
    #[test]
    fn a_token_for_us_and_for_now_says_who_it_is() {
        let ada = Claims { issuer: "https://login.example".into(), subject: "7".into(), email: Some("ada@example.org".into()), vouches: true };
        assert_eq!(read(|_| ()), Ok(ada.clone()));
        assert_eq!(read(|said| said["aud"] = json!(["tradepost"])), Ok(ada.clone()));
        assert_eq!(read(|said| (said["aud"], said["azp"]) = (json!(["x", "tradepost"]), json!("tradepost"))), Ok(ada.clone()));
        assert_eq!(read(|said| said["email_verified"] = json!("true")), Ok(ada.clone()));
        assert_eq!(read(|said| said["exp"] = json!(NOW - 59)), Ok(ada.clone()), "clocks differ");
        for unverified in [json!(false), json!("false"), Value::Null] {
            assert_eq!(read(|said| said["email_verified"] = unverified), Ok(Claims { email: None, ..ada.clone() }));
        }
    }

    /// PAR-15
    #[test]
    fn a_token_of_others_for_others_or_of_another_time_is_not_believed() {
        let changes: [(&str, Value, &str); 14] = [
            ("iss", json!("https://evil.example"), "another issuer"),
            ("iss", json!("https://login.example/"), "another issuer"),
            ("aud", json!("other"), "somebody else"),
            ("aud", json!(["other", "tradepost"]), "somebody else"),
            ("aud", json!([]), "somebody else"),
            ("azp", json!("other"), "somebody else"),
            ("exp", json!(NOW - 60), "expired"),
            ("iat", json!(NOW + 61), "future"),
            ("nbf", json!(NOW + 61), "future"),
            ("iat", json!(NOW - 601), "too old"),
            ("nonce", json!("m"), "another sign-in"),
            ("nonce", Value::Null, "another sign-in"),
            ("sub", json!(""), "names nobody"),
            ("exp", json!("soon"), "cannot be read"),
        ];
        for (name, value, why) in changes {
            let told = read(|said| said[name] = value.clone());
            assert!(matches!(&told, Err(Trouble::NotBelieved(told)) if told.contains(why)), "{name} {value}: {told:?}");
        }
    }

    /// PAR-15: a token that is not signed, or by a secret that both know, is none.
    #[test]
    fn only_two_ways_of_signing_are_known() {
        let header = |text: &str| Header::of(&format!("{}.e30.", URL_SAFE_NO_PAD.encode(text))).map(|header| (header.algorithm, header.key));
        assert_eq!(header(r#"{"alg":"ES256","kid":"k"}"#), Ok((Algorithm::Es256, Some("k".into()))));
        for wrong in [r#"{"alg":"none"}"#, r#"{"alg":"HS256"}"#, r#"{"alg":"RS256","crit":["b64"]}"#, "{}", "x"] {
            assert!(header(wrong).is_err(), "{wrong}");
        }
        assert!(Header::of("e30.e30").is_err() && Header::of("").is_err());
    }
}
