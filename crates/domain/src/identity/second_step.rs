//! The second step of a sign-in, and the sign-in by nothing but a passkey (PAR-15).

use super::challenges::{Asked, TICKET_MS, Ticket};
use super::passkeys::{self, PasskeyAnswer};
use super::sign_in::{Opening, SignedIn, open};
use super::totp::{self, Typed};
use super::{SignInWay, factor_store, store};
use crate::access::Need;
use crate::command::{Command, Ctx, No};
use tradepost_kernel::passkey::RelyingParty;
use tradepost_kernel::{Class, Refusal};
use tradepost_store::Tx;

/// What somebody shows besides the password.
#[derive(Clone, Debug)]
pub enum Shown {
    /// A code of the app, or a recovery code.
    Code(String),
    /// What a passkey signed for [`Asked::SecondStep`].
    Passkey(PasskeyAnswer),
}

/// The answer to a ticket that opens no second step.
#[must_use]
pub fn expired() -> Refusal {
    Refusal::new(Class::Gone, "second_step_expired", "The second step took too long, or was done already. Sign in again.")
}

fn failed() -> Refusal {
    Refusal::new(Class::Unauthenticated, "second_step_failed", "The code or the passkey is wrong, or was used already.")
}

fn refused() -> Refusal {
    Refusal::new(Class::Unauthenticated, "passkey_refused", "This passkey opens nothing here, or its answer took too long.")
}

/// Opens a session by a code or a passkey, for whom the ticket says that the password was right. Attempts are counted before,
/// as those of a password are.
#[derive(Clone, Debug)]
pub struct TakeSecondStep {
    /// Of the first step.
    pub ticket: Ticket,
    /// What is shown.
    pub shown: Shown,
    /// Who may ask for passkeys.
    pub party: RelyingParty,
    /// The session to open.
    pub opening: Opening,
    /// [`super::throttle::account`] of the ticket's person.
    pub account: [u8; 16],
    /// [`super::throttle::address`].
    pub address: [u8; 16],
}

#[async_trait::async_trait]
impl Command for TakeSecondStep {
    const NAME: &'static str = "sessions.take_second_step";
    const REFUSALS: &'static [&'static str] = &["second_step_expired", "second_step_failed"];
    type Outcome = SignedIn;

    fn need(&self) -> Need {
        Need::Nothing
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<SignedIn, No> {
        let person = self.ticket.person;
        let hash = store::lock_password(tx, person).await?.flatten().ok_or_else(expired)?;
        let ticket = self.ticket.recognized(ctx.vault(), &hash, ctx.now).ok_or_else(expired)?;
        if factor_store::is_spent(tx, ticket).await? {
            return Err(expired().into());
        }
        let (typed, judged) = match &self.shown {
            Shown::Code(code) => (Some(totp::judge(ctx, tx, person, code).await?.ok_or_else(failed)?), None),
            Shown::Passkey(answer) => {
                let judged = passkeys::judge(ctx, tx, answer, Asked::SecondStep(person), &self.party).await?;
                (None, Some(judged.filter(|judged| judged.person() == person).ok_or_else(failed)?))
            }
        };
        let way = match &typed {
            Some(Typed::Step(_)) => SignInWay::PasswordCode,
            Some(Typed::Recovery(_)) => SignInWay::PasswordRecoveryCode,
            None => SignInWay::PasswordPasskey,
        };
        // From here on it must succeed.
        factor_store::spend(tx, ticket, ctx.now.plus_ms(TICKET_MS)).await?;
        if let Some(typed) = &typed {
            totp::take(ctx, tx, person, typed).await?;
        }
        if let Some(judged) = &judged {
            passkeys::take(ctx, tx, judged).await?;
        }
        store::forget_failures(tx, self.account).await?;
        // One of the password, one of this step.
        store::take_back_attempt(tx, self.address).await?;
        store::take_back_attempt(tx, self.address).await?;
        Ok(open(ctx, tx, person, &self.opening, way).await?)
    }
}

/// Opens a session by a passkey alone, which must have made sure of the person: it is two factors in one.
#[derive(Clone, Debug)]
pub struct SignInByPasskey {
    /// What it signed for [`Asked::SignIn`].
    pub answer: PasskeyAnswer,
    /// Who may ask for passkeys.
    pub party: RelyingParty,
    /// The session to open.
    pub opening: Opening,
}

#[async_trait::async_trait]
impl Command for SignInByPasskey {
    const NAME: &'static str = "sessions.begin_by_passkey";
    const REFUSALS: &'static [&'static str] = &["passkey_refused", "user_verification_required"];
    type Outcome = SignedIn;

    fn need(&self) -> Need {
        Need::Nothing
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<SignedIn, No> {
        let judged = passkeys::judge(ctx, tx, &self.answer, Asked::SignIn, &self.party).await?;
        let judged = judged.ok_or_else(refused)?.alone()?;
        // From here on it must succeed.
        passkeys::take(ctx, tx, &judged).await?;
        Ok(open(ctx, tx, judged.person(), &self.opening, SignInWay::Passkey).await?)
    }
}
