//! Password hashing: argon2id with the parameters OWASP names (19 MiB, 2 passes, 1 lane).
//! Slow on purpose: call it on a blocking thread, never inside a command.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::secret::Secret;

fn argon2id() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// The shortest password taken, in characters.
pub const SHORTEST: usize = 10;
/// The longest password taken, in bytes: hashing is linear in it.
pub const LONGEST: usize = 200;

/// Hashes a password with the caller's random salt; the answer carries its own parameters (PHC string).
#[must_use]
pub fn hash(password: &Secret<String>, salt: [u8; 16]) -> String {
    let hashed = argon2id().hash_password_with_salt(password.expose().as_bytes(), &salt);
    hashed.map(|hash| hash.to_string()).unwrap_or_default()
}

/// Whether the password is the one that was hashed. A hash that cannot be read matches nothing.
#[must_use]
pub fn matches(password: &Secret<String>, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| argon2id().verify_password(password.expose().as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_matches() {
        let right = Secret::new(String::from("correct horse battery"));
        let hashed = hash(&right, [3; 16]);
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert!(matches(&right, &hashed));
        assert!(!matches(&Secret::new(String::from("correct horse batterz")), &hashed));
        assert!(!matches(&right, ""));
    }
}
