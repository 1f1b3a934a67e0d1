//! An authenticator in software: it makes and uses passkeys as a phone does, with CBOR written by hand. For tests only.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value as Json, json};
use tradepost_kernel::passkey::to_text;
use tradepost_kernel::secret::sha256;

const PRESENT: u8 = 1;
const VERIFIED: u8 = 4;
const CREDENTIAL: u8 = 64;

/// One key on a device.
pub struct Authenticator {
    pair: EcdsaKeyPair,
    id: Vec<u8>,
    /// How often it signed.
    pub count: u32,
    /// Whether it asks for a finger or a PIN.
    pub verifies: bool,
    /// The page that its browser is on.
    pub origin: String,
    /// The host that it answers for, whatever it is asked.
    pub host: String,
}

impl Authenticator {
    /// A new one, whose key is called by this name.
    pub fn new(id: &str) -> Self {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pair.as_ref(), &random).expect("a key pair");
        Self { pair, id: id.as_bytes().to_vec(), count: 0, verifies: true, origin: "http://localhost".into(), host: "localhost".into() }
    }

    fn client_data(&self, kind: &str, asked: &Json) -> Vec<u8> {
        json!({"type": kind, "challenge": asked["challenge"], "origin": self.origin, "crossOrigin": false}).to_string().into_bytes()
    }

    fn data(&mut self, flags: u8) -> Vec<u8> {
        self.count += 1;
        let verified = if self.verifies { VERIFIED } else { 0 };
        [&sha256(self.host.as_bytes())[..], &[PRESENT | verified | flags], &self.count.to_be_bytes()].concat()
    }

    /// What `navigator.credentials.create` answers, as the body of a request.
    pub fn create(&mut self, asked: &Json) -> Json {
        let point = self.pair.public_key().as_ref().to_vec();
        // {1: 2, 3: -7, -1: 1, -2: x, -3: y}
        let key = [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32][..], &point[1..33], &[0x22, 0x58, 32], &point[33..]].concat();
        let mut data = self.data(CREDENTIAL);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).expect("a short id").to_be_bytes());
        data.extend(&self.id);
        data.extend(key);
        let length = u8::try_from(data.len()).expect("short data");
        // {"fmt": "none", "attStmt": {}, "authData": data}
        let object = [&b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"[..], &[length], &data].concat();
        json!({"name": "Phone", "client_data": to_text(&self.client_data("webauthn.create", asked)), "attestation_object": to_text(&object)})
    }

    /// What `navigator.credentials.get` answers, as the body of a request.
    pub fn get(&mut self, asked: &Json) -> Json {
        let (client_data, data) = (self.client_data("webauthn.get", asked), self.data(0));
        let signed = [&data[..], &sha256(&client_data)].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &signed).expect("a signature");
        json!({
            "credential": to_text(&self.id), "client_data": to_text(&client_data), "authenticator_data": to_text(&data),
            "signature": to_text(signature.as_ref()),
        })
    }
}
