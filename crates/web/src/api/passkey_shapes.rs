//! What passkeys look like on the wire: bytes as base64url without padding, as browsers write them (PAR-15).

use crate::call::Call;
use crate::errors::{Errors, Pointer};
use crate::input::Field;
use crate::json::Json;
use crate::schema::Schemas;
use crate::{input, view};
use serde_json::{Value, json};
use tradepost_domain::identity::PasskeyAnswer;
use tradepost_domain::identity::challenges::{Asked, CHALLENGE_MS, challenge};
use tradepost_domain::{PasskeyId, PersonId};
use tradepost_kernel::Timestamp;
use tradepost_kernel::passkey::{RelyingParty, from_text, to_text};

/// At most `N` bytes, in base64url.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base64<const N: usize>(pub Vec<u8>);

impl<const N: usize> Field for Base64<N> {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        let bytes = if let Json::Text(text) = value { from_text(text.trim()) } else { None };
        match bytes {
            Some(bytes) if !bytes.is_empty() && bytes.len() <= N => Some(Self(bytes)),
            _ => errors.refuse(at, format!("must be base64url of at most {N} bytes")),
        }
    }
    fn schema(_schemas: &mut Schemas) -> Value {
        json!({ "type": "string", "contentEncoding": "base64url", "pattern": "^[A-Za-z0-9_-]+={0,2}$" })
    }
}

input! {
    /// What a passkey signed: the fields of `navigator.credentials.get`, each in base64url.
    pub struct PasskeyAssertion {
        /// `rawId`: what the authenticator calls the key.
        pub credential: Base64<1023>,
        /// `response.clientDataJSON`.
        pub client_data: Base64<8192>,
        /// `response.authenticatorData`.
        pub authenticator_data: Base64<8192>,
        /// `response.signature`.
        pub signature: Base64<2048>,
    }
}

impl From<PasskeyAssertion> for PasskeyAnswer {
    fn from(body: PasskeyAssertion) -> Self {
        Self { credential: body.credential.0, client_data: body.client_data.0, authenticator_data: body.authenticator_data.0, signature: body.signature.0 }
    }
}

view! {
    /// What a passkey is to sign.
    pub struct PasskeyChallenge {
        /// The challenge, in base64url; it is good for one answer.
        pub challenge: String,
        /// The host that the passkeys belong to.
        pub rp_id: String,
        /// The passkeys that may answer, in base64url; empty: any that the authenticator knows for this host.
        pub credentials: Vec<String>,
        /// `required`: the authenticator must make sure of the person; `preferred`: it may.
        pub user_verification: &'static str,
        /// Until when.
        pub expires_at: Timestamp,
    }

    /// What a new passkey is to be made for.
    pub struct PasskeyRegistration {
        /// The challenge, in base64url; it is good for one answer.
        pub challenge: String,
        /// The host that the passkey will belong to.
        pub rp_id: String,
        /// The name of this server.
        pub rp_name: &'static str,
        /// What the authenticator knows you by, in base64url.
        pub user_id: String,
        /// Your e-mail address.
        pub user_name: String,
        /// Your name.
        pub user_display_name: String,
        /// Algorithms that are taken, by their COSE numbers, the best first.
        pub algorithms: Vec<i64>,
        /// Passkeys that are there already, in base64url.
        pub exclude: Vec<String>,
        /// Until when.
        pub expires_at: Timestamp,
    }

    /// A passkey.
    pub struct Passkey {
        /// Its id.
        pub id: PasskeyId,
        /// What you call it.
        pub name: String,
        /// Since when.
        pub created_at: Timestamp,
        /// When it last signed.
        pub last_used_at: Option<Timestamp>,
    }
}

/// Who may ask for passkeys: this server, at the address that people reach it at.
#[must_use]
pub fn party(call: &Call) -> RelyingParty {
    RelyingParty::of(&call.app().settings.public_url)
}

/// A new challenge and until when it is good.
pub(super) fn fresh(call: &Call, asked: Asked) -> (String, Timestamp) {
    let engine = call.engine();
    let bytes = challenge(&engine.vault, asked, call.now(), engine.environment.random());
    (to_text(&bytes), call.now().plus_ms(CHALLENGE_MS))
}

/// What passkeys are asked for: those of these ids, or any.
pub(super) fn to_sign(call: &Call, asked: Asked, credentials: &[Vec<u8>]) -> PasskeyChallenge {
    let (challenge, expires_at) = fresh(call, asked);
    // After a password it is enough that somebody holds the passkey; where it stands alone, it must know its person.
    let user_verification = if matches!(asked, Asked::SignIn | Asked::Proof(_)) { "required" } else { "preferred" };
    PasskeyChallenge { challenge, rp_id: party(call).id, credentials: credentials.iter().map(|id| to_text(id)).collect(), user_verification, expires_at }
}

/// What an authenticator knows a person by.
pub(super) fn handle(person: PersonId) -> String {
    to_text(&person.bytes())
}
