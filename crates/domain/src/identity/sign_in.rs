//! Signing in and out (PAR-15).
//!
//! In order: [`AttemptSignIn`] counts the attempt, the caller looks the password up and compares it on a
//! blocking thread (against a hash of its own making where there is
//! none, so that both take as long), then [`SignIn`] opens the session, or, where two-step sign-in is on, the caller hands a
//! ticket over with which [`super::TakeSecondStep`] does.

use super::{SESSION_MS, SessionView, SignInWay, factor_store, store, throttle};
use crate::access::Need;
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::{PersonId, SessionId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::{Class, Refusal, Timestamp};
use tradepost_store::{Fault, Tx};

/// The answer to a wrong password and to an unknown address.
#[must_use]
pub fn invalid_credentials() -> Refusal {
    Refusal::new(Class::Unauthenticated, "invalid_credentials", "The e-mail address or the password is wrong.")
}

/// The answer to somebody who is signed in and got their own password wrong.
#[must_use]
pub fn wrong_password() -> Refusal {
    Refusal::invalid("wrong_password", "This is not your current password.").at("/current_password")
}

/// Counts an attempt to sign in for the account and the network address, known or not.
#[derive(Clone, Debug)]
pub struct AttemptSignIn {
    /// [`throttle::account`].
    pub account: [u8; 16],
    /// [`throttle::address`].
    pub address: [u8; 16],
}

/// The attempt may go on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct AttemptCounted {}

#[async_trait::async_trait]
impl Command for AttemptSignIn {
    const NAME: &'static str = "sessions.attempt";
    const REFUSALS: &'static [&'static str] = &["too_many_attempts"];
    type Outcome = AttemptCounted;

    fn need(&self) -> Need {
        Need::Nothing
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<AttemptCounted, No> {
        // Always in the same order, so that two attempts never wait for each other.
        let account = store::lock_failures(tx, self.account).await?;
        let address = store::lock_failures(tx, self.address).await?;
        let too_many = |wait_ms: i64| {
            let seconds = (wait_ms + 999) / 1000;
            Refusal::new(Class::TooOften, "too_many_attempts", format!("Too many attempts to sign in. Try again in {seconds} seconds."))
        };
        let of_account = throttle::attempt(account, throttle::FREE_PER_ACCOUNT, ctx.now).map_err(too_many)?;
        let of_address = throttle::attempt(address, throttle::FREE_PER_ADDRESS, ctx.now).map_err(too_many)?;
        // From here on it must succeed.
        store::write_failures(tx, self.account, of_account, account.is_none()).await?;
        store::write_failures(tx, self.address, of_address, address.is_none()).await?;
        Ok(AttemptCounted {})
    }
}

/// Opens a session for a person whose password was right, and of whom no second step is asked.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Who.
    pub person: PersonId,
    /// The hash that the password was compared with: it must still be the person's.
    pub compared_with: String,
    /// SHA-256 of the session's token: 32 random bytes that the caller keeps.
    pub token_hash: [u8; 32],
    /// As in [`AttemptSignIn`].
    pub account: [u8; 16],
    /// As in [`AttemptSignIn`].
    pub address: [u8; 16],
    /// The program that signed in, as it names itself.
    pub agent: Option<String>,
}

/// The session that began.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct SignedIn {
    /// Which.
    pub session: SessionId,
    /// Its end at the latest, in milliseconds since 1970.
    pub expires_ms: i64,
}

/// What a session begins with, however somebody signs in.
#[derive(Clone, Debug)]
pub struct Opening {
    /// As in [`SignIn`].
    pub token_hash: [u8; 32],
    /// As in [`SignIn`].
    pub agent: Option<String>,
}

/// Writes the session of somebody who has shown all that is asked for. To sign in is to prove that it is them.
pub(crate) async fn open(ctx: &mut Ctx, tx: &mut Tx<'_>, person: PersonId, opening: &Opening, way: SignInWay) -> Result<SignedIn, Fault> {
    let session = SessionView {
        id: ctx.id(),
        person,
        created: ctx.now,
        last_seen: ctx.now,
        expires: ctx.now.plus_ms(SESSION_MS),
        revoked: None,
        address: ctx.origin.address.clone(),
        agent: opening.agent.clone(),
        way,
        proved: ctx.now,
    };
    store::insert_session(tx, &session, opening.token_hash).await?;
    store::note_language(tx, person, ctx.origin.language).await?;
    ctx.audit(AuditEntry::new(0, "session.begun", session.id).after(json!({"person": person, "way": way.name()})));
    Ok(SignedIn { session: session.id, expires_ms: session.expires.ms() })
}

#[async_trait::async_trait]
impl Command for SignIn {
    const NAME: &'static str = "sessions.begin";
    const REFUSALS: &'static [&'static str] = &["invalid_credentials"];
    type Outcome = SignedIn;

    fn need(&self) -> Need {
        Need::Nothing
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<SignedIn, No> {
        // A reset in between makes the old password wrong.
        if store::lock_password(tx, self.person).await?.flatten().as_deref() != Some(self.compared_with.as_str()) {
            return Err(invalid_credentials().into());
        }
        // Switched on since the password was compared: the second step is asked for at the next attempt.
        if factor_store::lock_totp(tx, self.person).await?.is_some_and(|row| row.confirmed.is_some()) {
            return Err(invalid_credentials().into());
        }
        // From here on it must succeed.
        store::forget_failures(tx, self.account).await?;
        store::take_back_attempt(tx, self.address).await?;
        let opening = Opening { token_hash: self.token_hash, agent: self.agent.clone() };
        Ok(open(ctx, tx, self.person, &opening, SignInWay::Password).await?)
    }
}

/// Ends one session of the person who asks, or all of them.
#[derive(Clone, Copy, Debug)]
pub struct RevokeSessions {
    /// `None`: all.
    pub session: Option<SessionId>,
}

/// How many sessions ended.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct SessionsRevoked {
    /// How many.
    pub count: u64,
}

#[async_trait::async_trait]
impl Command for RevokeSessions {
    const NAME: &'static str = "sessions.revoke";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found"];
    type Outcome = SessionsRevoked;

    fn need(&self) -> Need {
        Need::SignedIn
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<SessionsRevoked, No> {
        let person = ctx.caller().person().ok_or_else(|| Refusal::forbidden("forbidden", "Only a person has sessions."))?;
        let Some(session) = self.session else {
            let count = store::revoke_sessions(tx, person, ctx.now).await?;
            ctx.audit(AuditEntry::new(0, "sessions.revoked", person).after(json!({"count": count})));
            return Ok(SessionsRevoked { count });
        };
        if !store::revoke_session(tx, person, session, ctx.now).await? {
            return Err(Refusal::not_found().into());
        }
        ctx.audit(AuditEntry::new(0, "session.revoked", session));
        Ok(SessionsRevoked { count: 1 })
    }
}

/// Notes that a session is in use: it ends 12 hours after the last note.
#[derive(Clone, Copy, Debug)]
pub struct NoteSessionSeen {
    /// Which.
    pub session: SessionId,
    /// When.
    pub at: Timestamp,
}

#[async_trait::async_trait]
impl Command for NoteSessionSeen {
    const NAME: &'static str = "sessions.note_seen";
    const REFUSALS: &'static [&'static str] = &[];
    type Outcome = AttemptCounted;

    fn need(&self) -> Need {
        Need::House
    }

    async fn run(&self, _ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<AttemptCounted, No> {
        store::touch_session(tx, self.session, self.at).await?;
        Ok(AttemptCounted {})
    }
}
