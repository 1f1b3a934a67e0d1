//! Secrets: a type that cannot be printed, and the vault that seals them for the database.
//!
//! Sealing is XChaCha20-Poly1305 with a random 24-byte nonce in front; the associated data ties a sealed
//! text to its place, so that a row copied over another does not open. Looking up is by keyed hash
//! (HMAC-SHA256), so that the database alone tells nobody which code a row holds (STK-5).

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// A value that must not be printed, logged or serialized; wiped when dropped.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes the value in.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the one place that needs it. Search for this word to find every such place.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}
impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}
impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A sealed text that does not open: another key, another place, or damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoesNotOpen;

/// Seals and opens secrets, and hashes them for look-ups. Made once from the master key.
#[derive(Clone)]
pub struct Vault {
    cipher: XChaCha20Poly1305,
    fingerprint: Secret<[u8; 32]>,
}

impl Vault {
    /// From the 32 bytes of the master key; the two inner keys are derived from it.
    #[must_use]
    pub fn new(master: &Secret<[u8; 32]>) -> Self {
        let mut sealing = keyed_hash(master.expose(), &[b"tradepost seal v1"]);
        let fingerprint = Secret::new(keyed_hash(master.expose(), &[b"tradepost fingerprint v1"]));
        let cipher = XChaCha20Poly1305::new((&sealing).into());
        sealing.zeroize();
        Self { cipher, fingerprint }
    }

    /// Seals `plain` for the place named by `place` with the caller's random nonce.
    #[must_use]
    pub fn seal(&self, nonce: [u8; 24], place: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut out = nonce.to_vec();
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: place });
        // The cipher refuses only messages beyond 256 GiB.
        out.extend_from_slice(&sealed.unwrap_or_default());
        out
    }

    /// Opens what [`Vault::seal`] made for the same place.
    ///
    /// # Errors
    /// [`DoesNotOpen`].
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Secret<Vec<u8>>, DoesNotOpen> {
        let (nonce, message) = sealed.split_first_chunk::<24>().ok_or(DoesNotOpen)?;
        let plain = self.cipher.decrypt(&XNonce::from(*nonce), Payload { msg: message, aad: place });
        plain.map(Secret::new).map_err(|_| DoesNotOpen)
    }

    /// The keyed hash that `text` is found by within `scope`; 16 bytes are enough to be unique.
    #[must_use]
    pub fn fingerprint(&self, scope: &[u8], text: &[u8]) -> [u8; 16] {
        let length = (scope.len() as u64).to_be_bytes();
        let full = keyed_hash(self.fingerprint.expose(), &[&length, scope, text]);
        let mut out = [0; 16];
        out.copy_from_slice(&full[..16]);
        out
    }
}
impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(•••)")
    }
}

fn keyed_hash(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// SHA-256, for tokens of high entropy that are stored hashed and for comparing request bodies.
#[must_use]
pub fn sha256(text: &[u8]) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// Whether two byte strings are equal, in time that does not tell where they differ.
#[must_use]
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_code_opens_only_in_its_place_and_with_its_key() {
        let vault = Vault::new(&Secret::new([1; 32]));
        let sealed = vault.seal([9; 24], b"merchant 1 key 7", b"ABCD-EFGH");
        assert_eq!(vault.open(b"merchant 1 key 7", &sealed).map(|s| s.expose().clone()).ok().as_deref(), Some(&b"ABCD-EFGH"[..]));
        assert!(vault.open(b"merchant 1 key 8", &sealed).is_err());
        assert!(Vault::new(&Secret::new([2; 32])).open(b"merchant 1 key 7", &sealed).is_err());
        assert!(vault.open(b"merchant 1 key 7", &sealed[..20]).is_err());
        assert!(!sealed.windows(4).any(|w| w == b"ABCD"));
    }

    #[test]
    fn fingerprints_differ_by_scope() {
        let vault = Vault::new(&Secret::new([1; 32]));
        assert_eq!(vault.fingerprint(b"a", b"code"), vault.fingerprint(b"a", b"code"));
        assert_ne!(vault.fingerprint(b"a", b"code"), vault.fingerprint(b"b", b"code"));
        assert_ne!(vault.fingerprint(b"ab", b"c"), vault.fingerprint(b"a", b"bc"));
    }

    #[test]
    fn a_secret_is_never_printed() {
        assert_eq!(format!("{:?}", Secret::new(String::from("hunter2"))), "•••");
    }
}
