//! What a sign-in asks, and takes once: challenges that a passkey signs, and tickets between the two steps (PAR-15).
//!
//! Neither is stored: each proves itself by a keyed hash over what it is for and when it was made, so that strangers who
//! ask for challenges write nothing. Only those that were used are remembered, until they would have expired anyway.

use super::factor_store;
use crate::access::Need;
use crate::command::{Command, Ctx, No};
use crate::ids::{PersonId, SessionId, nobody};
use serde::{Deserialize, Serialize};
use tradepost_kernel::Timestamp;
use tradepost_kernel::passkey::{from_text, to_text};
use tradepost_kernel::secret::{Secret, Vault, same};
use tradepost_store::{Fault, Reader, params, sql};

/// How long a passkey may take to answer, in milliseconds: five minutes.
pub const CHALLENGE_MS: i64 = 5 * 60_000;
/// How long the second step of a sign-in may take, in milliseconds: ten minutes.
pub const TICKET_MS: i64 = 10 * 60_000;

/// What a challenge is for: one that was made for something else does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Signing in with nothing but a passkey.
    SignIn,
    /// The second step of this person's sign-in.
    SecondStep(PersonId),
    /// A further passkey of this person.
    Registration(PersonId),
    /// That it still is the person of this session.
    Proof(SessionId),
}

impl Asked {
    fn place(self) -> (&'static [u8], [u8; 16]) {
        match self {
            Self::SignIn => (b"passkey sign-in", nobody::<()>().bytes()),
            Self::SecondStep(person) => (b"passkey second step", person.bytes()),
            Self::Registration(person) => (b"passkey registration", person.bytes()),
            Self::Proof(session) => (b"passkey proof", session.bytes()),
        }
    }
}

/// The keyed hash at the end of a challenge or ticket: it is remembered once used.
pub(super) type Mark = [u8; 16];

/// A new challenge: when it was made, eight random bytes, and the keyed hash of both.
#[must_use]
pub fn challenge(vault: &Vault, asked: Asked, now: Timestamp, random: [u8; 8]) -> [u8; 32] {
    let mut out = [0; 32];
    out[..8].copy_from_slice(&now.ms().to_be_bytes());
    out[8..16].copy_from_slice(&random);
    let proof = mark_of(vault, asked, &out[..16]);
    out[16..].copy_from_slice(&proof);
    out
}

fn mark_of(vault: &Vault, asked: Asked, head: &[u8]) -> Mark {
    let (scope, subject) = asked.place();
    vault.fingerprint(scope, &[&subject[..], head].concat())
}

fn made_at(head: &[u8]) -> Option<Timestamp> {
    head.first_chunk::<8>().map(|bytes| Timestamp::from_ms(i64::from_be_bytes(*bytes)))
}

/// Whether something made at `made` still holds; nothing is from the future.
const fn holds(made: Timestamp, lasts_ms: i64, now: Timestamp) -> bool {
    made.ms() <= now.ms() && now.ms() - made.ms() < lasts_ms
}

/// What remembers a challenge; `None` where it is none of ours, is for something else, or took too long.
pub(super) fn recognized(vault: &Vault, asked: Asked, bytes: &[u8], now: Timestamp) -> Option<Mark> {
    let (head, given) = bytes.split_at_checked(16)?;
    let proof = mark_of(vault, asked, head);
    (same(given, &proof) && holds(made_at(head)?, CHALLENGE_MS, now)).then_some(proof)
}

const TICKET_SCOPE: &[u8] = b"second step";

/// What the first step of a sign-in hands over: whose password was right, and when. It holds while that password stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Whose sign-in it is.
    pub person: PersonId,
    head: Vec<u8>,
    proof: Mark,
}

impl Ticket {
    /// The text of a new one.
    #[must_use]
    pub fn issue(vault: &Vault, person: PersonId, password_hash: &str, now: Timestamp, random: [u8; 8]) -> Secret<String> {
        let mut bytes = [&now.ms().to_be_bytes()[..], &person.bytes(), &random].concat();
        let proof = Self::proof(vault, &bytes, password_hash);
        bytes.extend(proof);
        Secret::new(to_text(&bytes))
    }

    fn proof(vault: &Vault, head: &[u8], password_hash: &str) -> Mark {
        vault.fingerprint(TICKET_SCOPE, &[head, password_hash.as_bytes()].concat())
    }

    /// Reads one. Whether it is true is told by [`Ticket::recognized`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = from_text(text)?;
        let (head, proof) = bytes.split_at_checked(32)?;
        let person = PersonId::from_bytes(*head.get(8..)?.first_chunk::<16>()?);
        Some(Self { person, head: head.to_vec(), proof: proof.try_into().ok()? })
    }

    /// Whether it still holds, but for having been used up: that is for the command to say.
    #[must_use]
    pub fn holds(&self, vault: &Vault, password_hash: &str, now: Timestamp) -> bool {
        self.recognized(vault, password_hash, now).is_some()
    }

    /// What remembers it; `None` where it is not true, took too long, or the person has another password by now.
    pub(super) fn recognized(&self, vault: &Vault, password_hash: &str, now: Timestamp) -> Option<Mark> {
        let proof = Self::proof(vault, &self.head, password_hash);
        (same(&self.proof, &proof) && holds(made_at(&self.head)?, TICKET_MS, now)).then_some(proof)
    }
}

/// Whether any that was used up has expired.
///
/// # Errors
/// The store's.
pub async fn are_due(reader: &mut Reader<'_>, now: Timestamp) -> Result<bool, Fault> {
    let oldest: Option<(i64,)> = reader.query_opt(sql!("SELECT expires_ms FROM spent_challenge ORDER BY expires_ms LIMIT 1"), params![]).await?;
    Ok(oldest.is_some_and(|(end,)| end < now.ms()))
}

/// Forgets what was used up and has expired.
#[derive(Clone, Copy, Debug)]
pub struct ForgetChallenges;

/// How many were forgotten.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ChallengesForgotten {
    /// How many.
    pub count: u64,
}

#[async_trait::async_trait]
impl Command for ForgetChallenges {
    const NAME: &'static str = "challenges.forget";
    const REFUSALS: &'static [&'static str] = &[];
    type Outcome = ChallengesForgotten;

    fn need(&self) -> Need {
        Need::House
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut tradepost_store::Tx<'_>) -> Result<ChallengesForgotten, No> {
        Ok(ChallengesForgotten { count: factor_store::forget_spent(tx, ctx.now).await? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_790_000_000_000);

    fn vault() -> Vault {
        Vault::new(&Secret::new([7; 32]))
    }

    /// PAR-15
    #[test]
    fn a_challenge_fits_what_it_was_made_for_and_for_five_minutes() {
        let person = PersonId::from_bytes([1; 16]);
        let made = challenge(&vault(), Asked::Registration(person), NOW, [3; 8]);
        let fits = |asked, bytes: &[u8], after| recognized(&vault(), asked, bytes, NOW.plus_ms(after)).is_some();
        assert!(fits(Asked::Registration(person), &made, 0) && fits(Asked::Registration(person), &made, CHALLENGE_MS - 1));
        assert!(!fits(Asked::Registration(person), &made, CHALLENGE_MS) && !fits(Asked::Registration(person), &made, -1));
        let others =
            [Asked::SignIn, Asked::SecondStep(person), Asked::Registration(PersonId::from_bytes([2; 16])), Asked::Proof(SessionId::from_bytes([1; 16]))];
        assert!(others.into_iter().all(|other| !fits(other, &made, 0)));
        for at in 0..made.len() {
            let mut wrong = made;
            wrong[at] ^= 1;
            assert!(!fits(Asked::Registration(person), &wrong, 0), "{at}");
            assert!(!fits(Asked::Registration(person), &made[..at], 0), "{at}");
        }
        assert!(recognized(&Vault::new(&Secret::new([8; 32])), Asked::Registration(person), &made, NOW).is_none(), "another house's key");
    }

    /// PAR-15
    #[test]
    fn a_ticket_holds_for_ten_minutes_and_while_the_password_stays() {
        let person = PersonId::from_bytes([1; 16]);
        let text = Ticket::issue(&vault(), person, "hash", NOW, [3; 8]).expose().clone();
        let ticket = Ticket::parse(&text).expect("it reads");
        assert_eq!((ticket.person, text.len()), (person, 64));
        let holds = |hash: &str, after| ticket.recognized(&vault(), hash, NOW.plus_ms(after)).is_some();
        assert!(holds("hash", 0) && holds("hash", TICKET_MS - 1) && !holds("hash", TICKET_MS) && !holds("another", 0));
        for wrong in ["", "AAAA", "ääää", &text[1..], &format!("{text}AAAA")] {
            assert!(Ticket::parse(wrong).is_none_or(|ticket| ticket.recognized(&vault(), "hash", NOW).is_none()), "{wrong}");
        }
    }
}
