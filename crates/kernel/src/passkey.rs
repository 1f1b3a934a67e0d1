//! Passkeys: what an authenticator answers, verified (Web Authentication, level 2, sections 7.1 and 7.2).
//!
//! Written over CBOR and signatures of existing crates, because the library for all of it brings OpenSSL. Attestation is asked
//! for as `none` and its statement is not looked at: which maker's authenticator somebody uses is nobody's business here. What
//! a registration proves is that the public key in it was made for this server and this challenge.

use crate::secret::{same, sha256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ciborium::Value;
use ring::signature::{ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};

/// Algorithms of signatures that are taken, by their COSE numbers, in the order in which authenticators are asked for them:
/// ES256, EdDSA, RS256.
pub const ALGORITHMS: &[i64] = &[-7, -8, -257];
/// The longest credential id (section 5.1).
pub const LONGEST_ID: usize = 1023;

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const HAS_CREDENTIAL: u8 = 1 << 6;

/// Base64 as browsers write these bytes.
#[must_use]
pub fn to_text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of a base64 text as browsers write it; `None` where it is none.
#[must_use]
pub fn from_text(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

/// What the answer has to be for.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    /// The host that passkeys belong to.
    pub id: String,
    /// Scheme, host and port of the pages that may ask for them.
    pub origin: String,
}

impl RelyingParty {
    /// Of the address that people reach the server at.
    #[must_use]
    pub fn of(public_url: &str) -> Self {
        let (scheme, rest) = public_url.split_once("://").unwrap_or(("https", public_url));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
        let (scheme, usual) = if scheme.eq_ignore_ascii_case("http") { ("http", ":80") } else { ("https", ":443") };
        let authority = authority.strip_suffix(usual).unwrap_or(&authority);
        let host = if authority.starts_with('[') { authority.split_inclusive(']').next() } else { authority.split(':').next() };
        Self { id: host.unwrap_or_default().to_owned(), origin: format!("{scheme}://{authority}") }
    }
}

/// Whether a key is made or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ceremony {
    /// `navigator.credentials.create`.
    Create,
    /// `navigator.credentials.get`.
    Get,
}

/// Why an answer is none: for the log, never for who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken(pub &'static str);

/// What the browser signed beside the authenticator's own data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientData {
    /// The challenge that it answers.
    pub challenge: Vec<u8>,
}

/// Reads the browser's part, which must be of this ceremony and from a page of this server.
///
/// # Errors
/// [`Broken`].
pub fn client_data(json: &[u8], ceremony: Ceremony, party: &RelyingParty) -> Result<ClientData, Broken> {
    let read: serde_json::Value = serde_json::from_slice(json).map_err(|_| Broken("the client data is no JSON"))?;
    let text = |name: &str| read.get(name).and_then(serde_json::Value::as_str);
    let kind = if ceremony == Ceremony::Create { "webauthn.create" } else { "webauthn.get" };
    if text("type") != Some(kind) {
        return Err(Broken("the client data is of another ceremony"));
    }
    if text("origin") != Some(party.origin.as_str()) {
        return Err(Broken("the answer comes from another origin"));
    }
    if read.get("crossOrigin").and_then(serde_json::Value::as_bool).unwrap_or(false) {
        return Err(Broken("the answer comes from a page inside another one"));
    }
    let challenge = text("challenge").and_then(from_text).ok_or(Broken("the client data has no challenge"))?;
    Ok(ClientData { challenge })
}

/// A key that an authenticator made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCredential {
    /// What it is called by.
    pub id: Vec<u8>,
    /// The public key, as COSE has it.
    pub public_key: Vec<u8>,
    /// How often it signed so far; 0 where the authenticator does not count.
    pub sign_count: i64,
}

/// What an authenticator said when it used a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asserted {
    /// How often the key signed so far; 0 where the authenticator does not count.
    pub sign_count: i64,
    /// Whether it made sure of the person: by a finger, a face or a PIN.
    pub verified: bool,
}

struct AuthenticatorData<'a> {
    flags: u8,
    sign_count: i64,
    rest: &'a [u8],
}

fn authenticator_data<'a>(bytes: &'a [u8], party: &RelyingParty) -> Result<AuthenticatorData<'a>, Broken> {
    const SHORT: Broken = Broken("the authenticator's data is too short");
    let (host, rest) = bytes.split_first_chunk::<32>().ok_or(SHORT)?;
    let (flags, rest) = rest.split_first().ok_or(SHORT)?;
    let (count, rest) = rest.split_first_chunk::<4>().ok_or(SHORT)?;
    if !same(host, &sha256(party.id.as_bytes())) {
        return Err(Broken("the key belongs to another host"));
    }
    if flags & USER_PRESENT == 0 {
        return Err(Broken("nobody was there"));
    }
    Ok(AuthenticatorData { flags: *flags, sign_count: i64::from(u32::from_be_bytes(*count)), rest })
}

/// The key of a registration whose client data was read before.
///
/// # Errors
/// [`Broken`].
pub fn registered(attestation_object: &[u8], party: &RelyingParty) -> Result<NewCredential, Broken> {
    const NO_KEY: Broken = Broken("the answer has no key");
    let object: Value = ciborium::from_reader(attestation_object).map_err(|_| Broken("the attestation is no CBOR"))?;
    let whole = object.as_map().and_then(|map| map.iter().find(|(name, _)| name.as_text() == Some("authData")));
    let whole = whole.and_then(|(_, data)| data.as_bytes()).ok_or(Broken("the attestation has no data"))?;
    let data = authenticator_data(whole, party)?;
    if data.flags & HAS_CREDENTIAL == 0 {
        return Err(NO_KEY);
    }
    // 16 bytes say which model it is, two how long the id is.
    let (length, rest) = data.rest.get(16..).and_then(|rest| rest.split_first_chunk::<2>()).ok_or(NO_KEY)?;
    let (id, mut rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(NO_KEY)?;
    if id.is_empty() || id.len() > LONGEST_ID {
        return Err(Broken("the id of the key is empty or too long"));
    }
    let before = rest;
    // Extensions may follow the key: how far it goes is told by reading it.
    let _key: Value = ciborium::from_reader(&mut rest).map_err(|_| NO_KEY)?;
    let public_key = before[..before.len() - rest.len()].to_vec();
    PublicKey::read(&public_key)?;
    Ok(NewCredential { id: id.to_vec(), public_key, sign_count: data.sign_count })
}

/// What an assertion says, whose client data was read before, and whose signature is that of the key.
///
/// # Errors
/// [`Broken`].
pub fn asserted(client_data: &[u8], authenticator: &[u8], signature: &[u8], public_key: &[u8], party: &RelyingParty) -> Result<Asserted, Broken> {
    let data = authenticator_data(authenticator, party)?;
    let signed = [authenticator, &sha256(client_data)].concat();
    PublicKey::read(public_key)?.verify(&signed, signature)?;
    Ok(Asserted { sign_count: data.sign_count, verified: data.flags & USER_VERIFIED != 0 })
}

/// Whether a counter went on as it must: an authenticator that counts never shows a number twice, unless it was copied.
#[must_use]
pub const fn counts_on(known: i64, shown: i64) -> bool {
    (known == 0 && shown == 0) || shown > known
}

/// A public key, as COSE has it (RFC 9053).
enum PublicKey {
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

impl PublicKey {
    fn read(cose: &[u8]) -> Result<Self, Broken> {
        const UNKNOWN: Broken = Broken("the key is of no kind that is taken");
        let value: Value = ciborium::from_reader(cose).map_err(|_| UNKNOWN)?;
        let map = value.as_map().ok_or(UNKNOWN)?;
        let of = |label: i64| map.iter().find(|(name, _)| name.as_integer() == Some(label.into())).map(|(_, value)| value);
        let number = |label: i64| of(label).and_then(Value::as_integer).and_then(|number| i64::try_from(number).ok());
        let bytes = |label: i64| of(label).and_then(Value::as_bytes).cloned().ok_or(UNKNOWN);
        // 1: kind, 3: algorithm, -1: curve or n, -2: x or e, -3: y.
        match (number(1), number(3)) {
            (Some(2), Some(-7)) if number(-1) == Some(1) => {
                let (x, y) = (bytes(-2)?, bytes(-3)?);
                if x.len() != 32 || y.len() != 32 {
                    return Err(UNKNOWN);
                }
                Ok(Self::P256([&[4], x.as_slice(), y.as_slice()].concat()))
            }
            (Some(1), Some(-8)) if number(-1) == Some(6) => Ok(Self::Ed25519(bytes(-2)?)),
            (Some(3), Some(-257)) => Ok(Self::Rsa { n: bytes(-1)?, e: bytes(-2)? }),
            _ => Err(UNKNOWN),
        }
    }

    fn verify(&self, signed: &[u8], signature: &[u8]) -> Result<(), Broken> {
        let verified = match self {
            Self::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(signed, signature),
            Self::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(signed, signature),
            Self::Rsa { n, e } => RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature),
        };
        verified.map_err(|_| Broken("the signature is not that of the key"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PAR-15: passkeys belong to the host, pages to the origin; usual ports are not written.
    #[test]
    fn the_relying_party_follows_from_the_public_url() {
        let of = |url: &str| (RelyingParty::of(url).id, RelyingParty::of(url).origin);
        let pair = |id: &str, origin: &str| (id.to_owned(), origin.to_owned());
        assert_eq!(of("https://Shop.example.org/"), pair("shop.example.org", "https://shop.example.org"));
        assert_eq!(of("https://shop.example.org:443"), pair("shop.example.org", "https://shop.example.org"));
        assert_eq!(of("http://localhost:8080/x"), pair("localhost", "http://localhost:8080"));
        assert_eq!(of("http://[::1]:8080"), pair("[::1]", "http://[::1]:8080"));
    }

    /// PAR-15
    #[test]
    fn client_data_of_another_ceremony_or_origin_is_refused() {
        let party = RelyingParty::of("https://shop.example");
        let json = |kind: &str, origin: &str, more: &str| format!("{{\"type\":\"{kind}\",\"challenge\":\"AQID\",\"origin\":\"{origin}\"{more}}}");
        let read = |text: &str| client_data(text.as_bytes(), Ceremony::Get, &party);
        assert_eq!(read(&json("webauthn.get", "https://shop.example", "")), Ok(ClientData { challenge: vec![1, 2, 3] }));
        for wrong in [
            json("webauthn.create", "https://shop.example", ""),
            json("webauthn.get", "https://shop.example.evil", ""),
            json("webauthn.get", "http://shop.example", ""),
            json("webauthn.get", "https://shop.example", ",\"crossOrigin\":true"),
            "{}".to_owned(),
            "not JSON".to_owned(),
        ] {
            assert!(read(&wrong).is_err(), "{wrong}");
        }
    }

    /// PAR-15: whatever a stranger sends is an answer that is none, never a panic.
    #[test]
    fn broken_answers_are_refused() {
        let party = RelyingParty::of("https://shop.example");
        for bytes in [&b""[..], b"\xa0", b"\xa1\x68authData\x41\x00", b"\x9f\x9f\x9f", b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff", &[0x81; 2000]] {
            assert!(registered(bytes, &party).is_err(), "{bytes:?}");
            assert!(asserted(b"{}", bytes, b"", bytes, &party).is_err(), "{bytes:?}");
        }
        let mut data = sha256(b"shop.example").to_vec();
        data.extend([0, 0, 0, 0, 0]);
        assert_eq!(asserted(b"{}", &data, b"", b"\xa0", &party), Err(Broken("nobody was there")));
    }

    /// PAR-15
    #[test]
    fn a_counter_that_goes_back_or_stands_still_is_that_of_a_copy() {
        assert_eq!([counts_on(0, 0), counts_on(0, 1), counts_on(4, 5), counts_on(4, 9)], [true; 4]);
        assert_eq!([counts_on(4, 4), counts_on(4, 3), counts_on(4, 0)], [false; 3]);
    }
}
