//! Links that work once: password reset, e-mail confirmation, first access (PAR-15).
//!
//! A token is the link's id and a keyed hash of it. Nothing of it is stored: the mail is rendered, and the
//! token checked, from the id and the master key. Whoever reads the database alone can open no link.

use crate::access::named;
use crate::ids::{EmailChangeId, SingleUseLinkId};
use std::fmt::Write as _;
use tradepost_kernel::secret::{Vault, same};
use tradepost_kernel::{Class, Refusal, Secret, Timestamp};

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The person asked for a new password.
    PasswordReset,
    /// The person signed up.
    EmailConfirmation,
    /// Somebody else let the person in; sets the first password.
    Access,
}

named!(Purpose { PasswordReset = "password_reset", EmailConfirmation = "email_confirmation", Access = "access" });

impl Purpose {
    /// How long such a link works, in milliseconds: an hour for a reset, a week for the others.
    #[must_use]
    pub const fn lasts_ms(self) -> i64 {
        match self {
            Self::PasswordReset => 3_600_000,
            Self::EmailConfirmation | Self::Access => 7 * 24 * 3_600_000,
        }
    }
}

/// What a link is told that was used, or made worthless since.
pub(super) fn used() -> Refusal {
    Refusal::new(Class::Gone, "link_used", "This link was used already. Ask for a new one.")
}

/// Whether a link still works.
///
/// # Errors
/// `link_used`, `link_expired`.
pub(super) fn still_works(used_at: Option<Timestamp>, expires: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    if used_at.is_some() {
        return Err(self::used());
    }
    if expires <= now {
        return Err(Refusal::new(Class::Gone, "link_expired", "This link has expired. Ask for a new one."));
    }
    Ok(())
}

const ID_LENGTH: usize = 26;

/// What the proofs of each kind of link are made under.
const LINK: &[u8] = b"single-use link";
const EMAIL_CHANGE: &[u8] = b"change of e-mail address";

fn proof(vault: &Vault, scope: &[u8], id: [u8; 16]) -> String {
    vault.fingerprint(scope, &id).iter().fold(String::with_capacity(32), |mut out, byte| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The token of a link, for the one mail that carries it.
#[must_use]
pub fn token(vault: &Vault, id: SingleUseLinkId) -> Secret<String> {
    Secret::new(format!("{}{}", id.suffix(), proof(vault, LINK, id.bytes())))
}

/// The token of the link that confirms a new address, for the one mail that carries it.
#[must_use]
pub fn email_change_token(vault: &Vault, id: EmailChangeId) -> Secret<String> {
    Secret::new(format!("{}{}", id.suffix(), proof(vault, EMAIL_CHANGE, id.bytes())))
}

/// The link that a token belongs to; `None` where it is no token of ours. Asks no database.
#[must_use]
pub fn parse(vault: &Vault, text: &str) -> Option<SingleUseLinkId> {
    let (suffix, given) = text.split_at_checked(ID_LENGTH)?;
    let id: SingleUseLinkId = format!("sul_{suffix}").parse().ok()?;
    same(given.as_bytes(), proof(vault, LINK, id.bytes()).as_bytes()).then_some(id)
}

/// The change of address that a token belongs to; `None` where it is no token of ours. Asks no database.
#[must_use]
pub fn parse_email_change(vault: &Vault, text: &str) -> Option<EmailChangeId> {
    let (suffix, given) = text.split_at_checked(ID_LENGTH)?;
    let id: EmailChangeId = format!("emc_{suffix}").parse().ok()?;
    same(given.as_bytes(), proof(vault, EMAIL_CHANGE, id.bytes()).as_bytes()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PAR-15
    #[test]
    fn a_token_names_its_link_and_one_wrong_character_names_none() {
        let vault = Vault::new(&Secret::new([7; 32]));
        let id = SingleUseLinkId::from_bytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
        let text = token(&vault, id).expose().clone();
        assert_eq!(text.len(), 58);
        assert_eq!(parse(&vault, &text), Some(id));
        for at in 0..text.len() {
            let mut wrong = text.clone().into_bytes();
            wrong[at] = if wrong[at] == b'0' { b'1' } else { b'0' };
            assert_eq!(parse(&vault, &String::from_utf8_lossy(&wrong)), None, "{at}");
            assert_eq!(parse(&vault, &text[..at]), None);
        }
        assert_eq!(parse(&Vault::new(&Secret::new([8; 32])), &text), None, "another house's key");
        let change = EmailChangeId::from_bytes(id.bytes());
        let other = email_change_token(&vault, change).expose().clone();
        assert_eq!(
            (parse_email_change(&vault, &other), parse_email_change(&vault, &text), parse(&vault, &other)),
            (Some(change), None, None),
            "one kind is not another"
        );
        assert_eq!(parse(&vault, "ääääääääääääääääääääääääääää"), None);
    }
}
