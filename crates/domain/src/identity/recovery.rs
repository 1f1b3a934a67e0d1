//! Recovery codes: ten that work once each, for who has lost the phone (PAR-15).

use crate::ids::PersonId;
use tradepost_kernel::Secret;
use tradepost_kernel::one_time::base32;
use tradepost_kernel::secret::Vault;

/// How many there are at first.
pub const CODES: usize = 10;

/// One code of ten characters, in two groups: 50 random bits.
fn code(random: [u8; 7]) -> Secret<String> {
    let text: String = base32(&random).to_ascii_lowercase().chars().take(10).collect();
    let (front, back) = text.split_at(5);
    Secret::new(format!("{front}-{back}"))
}

/// New codes, to be shown this once.
#[must_use]
pub fn codes(random: impl Fn() -> [u8; 7]) -> Vec<Secret<String>> {
    (0..CODES).map(|_| code(random())).collect()
}

/// What a code is stored and found by: the keyed hash of its letters and digits, so that the database alone opens nothing.
#[must_use]
pub fn hash(vault: &Vault, person: PersonId, typed: &str) -> [u8; 16] {
    let plain: String = typed.chars().filter(char::is_ascii_alphanumeric).map(|character| character.to_ascii_lowercase()).collect();
    vault.fingerprint(b"recovery code", &[&person.bytes()[..], plain.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PAR-15
    #[test]
    fn a_code_is_known_however_it_is_typed_and_for_its_person_only() {
        let vault = Vault::new(&Secret::new([7; 32]));
        let (ada, bob) = (PersonId::from_bytes([1; 16]), PersonId::from_bytes([2; 16]));
        let text = code([200, 100, 50, 25, 12, 6, 3]).expose().clone();
        assert!(text.len() == 11 && text.is_ascii() && text.as_bytes()[5] == b'-', "{text}");
        let known = hash(&vault, ada, &text);
        assert_eq!(known, hash(&vault, ada, &format!(" {} ", text.to_uppercase().replace('-', " "))));
        assert_ne!(known, hash(&vault, bob, &text));
        assert_ne!(known, hash(&vault, ada, &text[1..]));
    }
}
