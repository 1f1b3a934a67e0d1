//! The text form of API keys: `tpm_live_` + 30 base62 characters + 6 of checksum (PAR-16).
//!
//! The checksum lets a key be refused (and found by secret scanners) without asking the database.

use crate::secret::{Secret, sha256};

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM: usize = 30;
const CHECK: usize = 6;

/// Whose key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// `tpm_`: a merchant.
    Merchant,
    /// `tpr_`: one partnership.
    Partnership,
    /// `tpd_`: a dynamic URL of one partnership (EXT-6).
    DynamicUrl,
}

/// A key's text, split into what it says.
#[derive(Debug, Clone)]
pub struct ApiKeyText {
    /// Whose it is.
    pub kind: KeyKind,
    /// Whether it belongs to the sandbox.
    pub test: bool,
    text: Secret<String>,
}

/// Not a key of ours: wrong prefix, length, alphabet or checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAKey;

const fn prefix(kind: KeyKind, test: bool) -> &'static str {
    match (kind, test) {
        (KeyKind::Merchant, false) => "tpm_live_",
        (KeyKind::Merchant, true) => "tpm_test_",
        (KeyKind::Partnership, false) => "tpr_live_",
        (KeyKind::Partnership, true) => "tpr_test_",
        (KeyKind::DynamicUrl, false) => "tpd_live_",
        (KeyKind::DynamicUrl, true) => "tpd_test_",
    }
}

impl ApiKeyText {
    /// A new key from 30 random bytes; each is folded into base62 from a value below 248, so none is favored.
    #[must_use]
    pub fn mint(kind: KeyKind, test: bool, mut random: impl FnMut() -> u8) -> Self {
        let mut text = String::from(prefix(kind, test));
        let mut taken = 0;
        while taken < RANDOM {
            let byte = random();
            if byte < 248 {
                text.push(BASE62[usize::from(byte % 62)] as char);
                taken += 1;
            }
        }
        let check = checksum(&text);
        text.push_str(&check);
        Self { kind, test, text: Secret::new(text) }
    }

    /// Reads a key.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        for kind in [KeyKind::Merchant, KeyKind::Partnership, KeyKind::DynamicUrl] {
            for test in [false, true] {
                let prefix = prefix(kind, test);
                if text.len() == prefix.len() + RANDOM + CHECK && text.is_ascii() && text.starts_with(prefix) {
                    let (body, check) = text.split_at(prefix.len() + RANDOM);
                    let known = body[prefix.len()..].bytes().all(|b| BASE62.contains(&b));
                    return if known && checksum(body) == check { Ok(Self { kind, test, text: Secret::new(text.to_owned()) }) } else { Err(NotAKey) };
                }
            }
        }
        Err(NotAKey)
    }

    /// The whole text, shown once when the key is made.
    #[must_use]
    pub const fn text(&self) -> &Secret<String> {
        &self.text
    }

    /// What is stored and looked up.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        sha256(self.text.expose().as_bytes())
    }

    /// How it is shown ever after: `tpm_live_Ab3d…9xYz`.
    #[must_use]
    pub fn masked(&self) -> String {
        let text = self.text.expose();
        let start = prefix(self.kind, self.test).len();
        format!("{}…{}", &text[..start + 4], &text[text.len() - 4..])
    }
}

fn checksum(body: &str) -> String {
    let mut number = crc32fast::hash(body.as_bytes());
    let mut out = [b'0'; CHECK];
    for place in out.iter_mut().rev() {
        *place = BASE62[(number % 62) as usize];
        number /= 62;
    }
    out.iter().map(|&b| b as char).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PAR-16, EXT-6
    #[test]
    fn the_kinds_of_keys_are_told_apart_by_their_text() {
        let kinds = [(KeyKind::Merchant, "tpm_"), (KeyKind::Partnership, "tpr_"), (KeyKind::DynamicUrl, "tpd_")];
        for ((kind, begins), test) in kinds.into_iter().flat_map(|kind| [(kind, false), (kind, true)]) {
            let key = ApiKeyText::mint(kind, test, || 7);
            let read = ApiKeyText::parse(key.text().expose()).expect("our own key");
            assert_eq!((read.kind, read.test), (kind, test));
            assert!(key.masked().starts_with(begins));
        }
    }

    #[test]
    fn a_key_reads_back_and_one_wrong_character_is_refused() {
        let mut next = 0_u8;
        let key = ApiKeyText::mint(KeyKind::Partnership, true, || {
            next = next.wrapping_add(37);
            next
        });
        let text = key.text().expose().clone();
        let read = ApiKeyText::parse(&text).expect("our own key");
        assert_eq!((read.kind, read.test, read.hash()), (KeyKind::Partnership, true, key.hash()));
        for at in 0..text.len() {
            let mut wrong = text.clone().into_bytes();
            wrong[at] = if wrong[at] == b'x' { b'y' } else { b'x' };
            assert!(ApiKeyText::parse(&String::from_utf8_lossy(&wrong)).is_err(), "{at}");
            assert!(ApiKeyText::parse(&text[..at]).is_err());
        }
        assert!(!key.masked().contains(&text[13..20]));
    }
}
