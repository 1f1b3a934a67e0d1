//! Proving again that it is you, within a session: sensitive acts ask for a proof that is not older than
//! [`FRESH_MS`](super::FRESH_MS) (PLT-12, PAR-15).

use super::challenges::Asked;
use super::passkeys::{self, PasskeyAnswer};
use super::{factor_store, store, totp};
use crate::access::Need;
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::SessionId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_kernel::passkey::RelyingParty;
use tradepost_store::Tx;

/// How somebody proves that it is them.
#[derive(Clone, Debug)]
pub enum Proof {
    /// By the password, which was compared with this hash before; it must still be the person's.
    Password(String),
    /// By a code of the app, or a recovery code.
    Code(String),
    /// By what a passkey signed for [`Asked::Proof`]; it must have made sure of the person.
    Passkey(PasskeyAnswer, RelyingParty),
}

/// The answer to a wrong password of somebody who is signed in.
#[must_use]
pub fn not_the_password() -> Refusal {
    Refusal::invalid("wrong_password", "The password is wrong.").at("/password")
}

/// The answer to a password where two steps are asked for: whoever knows the password alone must not be able to switch them off.
fn code_needed() -> Refusal {
    Refusal::invalid("code_needed", "Prove it by a code or a passkey: two-step sign-in is on.").at("/code")
}

/// Notes that the person of a session proved that it is them. Attempts are counted before, as those of a sign-in are.
#[derive(Clone, Debug)]
pub struct Prove {
    /// In which session.
    pub session: SessionId,
    /// How.
    pub proof: Proof,
    /// [`super::throttle::account`].
    pub account: [u8; 16],
    /// [`super::throttle::address`].
    pub address: [u8; 16],
}

/// The proof that counts from now on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Proved {
    /// In which session.
    pub session: SessionId,
    /// When, in milliseconds since 1970.
    pub proved_ms: i64,
}

#[async_trait::async_trait]
impl Command for Prove {
    const NAME: &'static str = "sessions.prove";
    const REFUSALS: &'static [&'static str] =
        &["forbidden", "not_found", "wrong_password", "code_needed", "invalid_code", "invalid_passkey", "user_verification_required"];
    type Outcome = Proved;

    fn need(&self) -> Need {
        Need::SignedIn
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<Proved, No> {
        let person = totp::person(ctx)?;
        let hash = store::lock_password(tx, person).await?.flatten();
        factor_store::lock_session(tx, self.session).await?.filter(|owner| *owner == person).ok_or_else(Refusal::not_found)?;
        let two_step = factor_store::lock_totp(tx, person).await?.is_some_and(|row| row.confirmed.is_some());
        let (typed, judged) = match &self.proof {
            Proof::Password(compared_with) if two_step && hash.as_ref() == Some(compared_with) => return Err(code_needed().into()),
            Proof::Password(compared_with) if hash.as_ref() == Some(compared_with) => (None, None),
            Proof::Password(_) => return Err(not_the_password().into()),
            Proof::Code(code) => (Some(totp::judge(ctx, tx, person, code).await?.ok_or_else(totp::invalid_code)?), None),
            Proof::Passkey(answer, party) => {
                let judged = passkeys::judge(ctx, tx, answer, Asked::Proof(self.session), party).await?;
                let own = judged.filter(|judged| judged.person() == person).ok_or_else(passkeys::invalid_passkey)?;
                (None, Some(own.alone()?))
            }
        };
        let by = match &self.proof {
            Proof::Password(_) => "password",
            Proof::Code(_) => "code",
            Proof::Passkey(..) => "passkey",
        };
        // From here on it must succeed.
        if let Some(typed) = &typed {
            totp::take(ctx, tx, person, typed).await?;
        }
        if let Some(judged) = &judged {
            passkeys::take(ctx, tx, judged).await?;
        }
        store::note_proof(tx, self.session, ctx.now).await?;
        store::forget_failures(tx, self.account).await?;
        store::take_back_attempt(tx, self.address).await?;
        ctx.audit(AuditEntry::new(0, "session.proved", self.session).after(json!({"person": person, "by": by})));
        Ok(Proved { session: self.session, proved_ms: ctx.now.ms() })
    }
}
