//! The keys by which an issuer signs (RFC 7517), and signatures by them (RFC 7518: RS256, ES256). Others are not believed.

use crate::Trouble;
use crate::token::{Algorithm, Header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;

/// A key set as it is served.
#[derive(Debug, Deserialize)]
pub(crate) struct KeySet {
    keys: Vec<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Served {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Clone, Debug)]
enum Public {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
}

#[derive(Clone, Debug)]
struct Key {
    id: Option<String>,
    public: Public,
}

/// The keys that signatures are verified by.
#[derive(Clone, Debug)]
pub(crate) struct Keys(Vec<Key>);

impl Keys {
    /// Those of a set that can be used; the others may be for something else.
    pub(crate) fn new(set: KeySet) -> Self {
        Self(set.keys.into_iter().filter_map(|key| usable(serde_json::from_value(key).ok()?)).collect())
    }

    /// Whether the key that a token names is among them.
    pub(crate) fn know(&self, header: &Header) -> bool {
        self.fitting(header).is_some()
    }

    /// The key that a token names. One that names none was signed by the only one of its kind.
    fn fitting(&self, header: &Header) -> Option<&Key> {
        let mut of_kind = self.0.iter().filter(|key| match (header.algorithm, &key.public) {
            (Algorithm::Rs256, Public::Rsa { .. }) | (Algorithm::Es256, Public::P256(_)) => true,
            (Algorithm::Rs256 | Algorithm::Es256, _) => false,
        });
        match &header.key {
            Some(id) => of_kind.find(|key| key.id.as_ref() == Some(id)),
            None => of_kind.next().filter(|_| of_kind.next().is_none()),
        }
    }

    /// Whether the token was signed by the key that it names.
    pub(crate) fn verify(&self, header: &Header, token: &str) -> Result<(), Trouble> {
        let key = self.fitting(header).ok_or(Trouble::NotBelieved("it is signed by a key that the issuer does not name"))?;
        let (signed, signature) = token.rsplit_once('.').ok_or(Trouble::NotBelieved("it is no token"))?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Trouble::NotBelieved("its signature is none"))?;
        let verified = match &key.public {
            Public::Rsa { n, e } => RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature),
            Public::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed.as_bytes(), &signature),
        };
        verified.map_err(|_| Trouble::NotBelieved("its signature is not the issuer's"))
    }
}

fn usable(key: Served) -> Option<Key> {
    if key.purpose.as_deref().is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let number = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
    let public = match (key.kty.as_str(), key.alg.as_deref(), key.crv.as_deref()) {
        ("RSA", None | Some("RS256"), _) => Public::Rsa { n: number(&key.n)?, e: number(&key.e)? },
        ("EC", None | Some("ES256"), Some("P-256")) => {
            let (x, y) = (number(&key.x)?, number(&key.y)?);
            // An uncompressed point (SEC 1, 2.3.3).
            Public::P256([vec![4], x, y].concat())
        }
        _ => return None,
    };
    Some(Key { id: key.kid, public })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn keys(set: serde_json::Value) -> Keys {
        Keys::new(serde_json::from_value(set).expect("a set"))
    }

    /// The key and the token of RFC 7515, appendix A.2.
    const N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

    /// PAR-15
    #[test]
    fn a_signature_by_rsa_is_verified_and_one_changed_letter_is_not() {
        let keys = keys(json!({"keys": [{"kty": "RSA", "n": N, "e": "AQAB"}]}));
        let header = Header::of(TOKEN).expect("a header");
        assert_eq!(keys.verify(&header, TOKEN), Ok(()));
        let changed = TOKEN.replacen("eyJpc3MiOiJqb2Ui", "eyJpc3MiOiJqb2Uj", 1);
        assert_eq!(keys.verify(&header, &changed), Err(Trouble::NotBelieved("its signature is not the issuer's")));
    }

    /// PAR-15
    #[test]
    fn a_key_is_of_its_kind_and_for_signing() {
        let point = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
        let set = json!({"keys": [
            {"kty": "oct", "k": "c2VjcmV0"}, {"kty": "RSA", "kid": "e", "use": "enc", "n": N, "e": "AQAB"},
            {"kty": "RSA", "kid": "p", "alg": "PS256", "n": N, "e": "AQAB"}, {"kty": "EC", "kid": "c", "crv": "P-384", "x": point, "y": point},
            {"kty": "EC", "kid": "one", "crv": "P-256", "x": point, "y": point}, {"kty": "RSA", "kid": "one", "n": N, "e": "AQAB"},
            {"kty": "RSA", "kid": "two", "n": N, "e": "AQAB"}, "no key",
        ]});
        let keys = keys(set);
        assert_eq!(keys.0.len(), 3);
        let header = |algorithm, key: Option<&str>| Header { algorithm, key: key.map(str::to_owned) };
        assert!(matches!(keys.fitting(&header(Algorithm::Rs256, Some("one"))), Some(Key { public: Public::Rsa { .. }, .. })));
        assert!(matches!(keys.fitting(&header(Algorithm::Es256, None)), Some(Key { public: Public::P256(_), .. })));
        assert!(keys.fitting(&header(Algorithm::Rs256, None)).is_none(), "two would fit");
        assert!(keys.fitting(&header(Algorithm::Es256, Some("two"))).is_none() && keys.fitting(&header(Algorithm::Rs256, Some("three"))).is_none());
    }
}
