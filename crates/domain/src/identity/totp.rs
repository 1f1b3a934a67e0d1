//! Two-step sign-in: codes from an app, switched on, off and made anew (PAR-15). The secret and the recovery codes are made by
//! the caller, who shows them this once: neither stands in an outcome, an event or the audit trail.

use super::{factor_store, recovery, store};
use crate::access::Need;
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::{PersonId, SessionId};
use crate::outbox::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::one_time;
use tradepost_kernel::{Refusal, Secret};
use tradepost_store::{Fault, Tx};

/// The place that a secret is sealed for.
fn place(person: PersonId) -> Vec<u8> {
    [b"totp".as_slice(), &person.bytes()].concat()
}

/// The secret of a row.
fn opened(ctx: &Ctx, person: PersonId, sealed: &[u8]) -> Result<Secret<Vec<u8>>, Fault> {
    ctx.vault().open(&place(person), sealed).map_err(|_| Fault::invariant("the secret of somebody's codes does not open"))
}

/// The answer to a code that is wrong.
pub(super) fn invalid_code() -> Refusal {
    Refusal::invalid("invalid_code", "The code is wrong, too old, or was used already.").at("/code")
}

fn is_on() -> Refusal {
    Refusal::conflict("totp_on", "Two-step sign-in is on already; switch it off first.")
}

fn is_off() -> Refusal {
    Refusal::conflict("totp_off", "Two-step sign-in is not on.")
}

pub(super) fn person(ctx: &Ctx) -> Result<PersonId, Refusal> {
    ctx.caller().person().ok_or_else(|| Refusal::forbidden("forbidden", "Only a person who signed in may do this."))
}

/// What a typed code was.
pub(super) enum Typed {
    /// The app's code of this step.
    Step(i64),
    /// A recovery code, by its hash.
    Recovery([u8; 16]),
}

/// Judges a code: of the app or, where that is wished, a recovery code. `None`: it is wrong, or there are no codes. Writes
/// nothing; what it finds is locked.
pub(super) async fn judge(ctx: &Ctx, tx: &mut Tx<'_>, person: PersonId, typed: &str) -> Result<Option<Typed>, Fault> {
    let Some(row) = factor_store::lock_totp(tx, person).await?.filter(|row| row.confirmed.is_some()) else { return Ok(None) };
    let secret = opened(ctx, person, &row.secret)?;
    if let Some(step) = one_time::accepted(secret.expose(), typed, ctx.now, row.last_step) {
        return Ok(Some(Typed::Step(step)));
    }
    let hash = recovery::hash(ctx.vault(), person, typed);
    Ok(factor_store::lock_recovery_code(tx, person, hash).await?.then_some(Typed::Recovery(hash)))
}

/// Uses up what was judged.
pub(super) async fn take(ctx: &mut Ctx, tx: &mut Tx<'_>, person: PersonId, typed: &Typed) -> Result<(), Fault> {
    match typed {
        Typed::Step(step) => factor_store::use_step(tx, person, *step).await?,
        Typed::Recovery(hash) => {
            let left = factor_store::use_recovery_code(tx, person, *hash, ctx.now).await?;
            ctx.audit(AuditEntry::new(0, "person.recovery_code_used", person).after(json!({"left": left})));
            ctx.announce(Event::new(0, "person.recovery_code_used", person, json!({"person": person, "left": left})));
        }
    }
    Ok(())
}

/// Begins: a secret that asks for nothing until its first code was typed. Begun again, the earlier secret is gone.
#[derive(Clone, Debug)]
pub struct BeginTotp {
    /// Random bytes, as many as [`one_time::SECRET_BYTES`].
    pub secret: Secret<Vec<u8>>,
}

/// Whose two-step sign-in it was.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct FactorChanged {
    /// Who.
    pub person: PersonId,
}

#[async_trait::async_trait]
impl Command for BeginTotp {
    const NAME: &'static str = "totp.begin";
    const REFUSALS: &'static [&'static str] = &["forbidden", "totp_on"];
    type Outcome = FactorChanged;

    fn need(&self) -> Need {
        Need::SignedIn
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<FactorChanged, No> {
        let person = person(ctx)?;
        let known = factor_store::lock_totp(tx, person).await?;
        if known.as_ref().is_some_and(|row| row.confirmed.is_some()) {
            return Err(is_on().into());
        }
        let sealed = ctx.vault().seal(ctx.random(), &place(person), self.secret.expose());
        // From here on it must succeed.
        factor_store::write_totp(tx, person, sealed, ctx.now, known.is_none()).await?;
        Ok(FactorChanged { person })
    }
}

/// Switches two-step sign-in on by a first code, which proves that the app has the secret.
#[derive(Clone, Debug)]
pub struct ConfirmTotp {
    /// The code, as typed.
    pub code: String,
    /// [`recovery::hash`] of each recovery code.
    pub recovery: Vec<[u8; 16]>,
    /// The session that asks; it goes on, all others end: they began without a second step.
    pub kept: Option<SessionId>,
}

#[async_trait::async_trait]
impl Command for ConfirmTotp {
    const NAME: &'static str = "totp.confirm";
    const REFUSALS: &'static [&'static str] = &["forbidden", "totp_off", "totp_on", "invalid_code"];
    type Outcome = FactorChanged;

    fn need(&self) -> Need {
        Need::SignedIn
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<FactorChanged, No> {
        let person = person(ctx)?;
        let row = factor_store::lock_totp(tx, person).await?.ok_or_else(is_off)?;
        if row.confirmed.is_some() {
            return Err(is_on().into());
        }
        let secret = opened(ctx, person, &row.secret)?;
        let step = one_time::accepted(secret.expose(), &self.code, ctx.now, row.last_step).ok_or_else(invalid_code)?;
        // From here on it must succeed.
        factor_store::confirm_totp(tx, person, step, ctx.now).await?;
        factor_store::write_recovery_codes(tx, person, &self.recovery).await?;
        let ended = store::revoke_other_sessions(tx, person, self.kept, ctx.now).await?;
        ctx.audit(AuditEntry::new(0, "person.totp_switched_on", person).after(json!({"sessions_ended": ended})));
        ctx.announce(Event::new(0, "person.totp_switched_on", person, json!({"person": person})));
        Ok(FactorChanged { person })
    }
}

/// Switches two-step sign-in off; its recovery codes are gone.
#[derive(Clone, Copy, Debug)]
pub struct SwitchTotpOff;

#[async_trait::async_trait]
impl Command for SwitchTotpOff {
    const NAME: &'static str = "totp.switch_off";
    const REFUSALS: &'static [&'static str] = &["forbidden", "totp_off"];
    type Outcome = FactorChanged;

    fn need(&self) -> Need {
        Need::SignedIn
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<FactorChanged, No> {
        let person = person(ctx)?;
        factor_store::lock_totp(tx, person).await?.filter(|row| row.confirmed.is_some()).ok_or_else(is_off)?;
        // From here on it must succeed.
        factor_store::delete_totp(tx, person).await?;
        ctx.audit(AuditEntry::new(0, "person.totp_switched_off", person));
        ctx.announce(Event::new(0, "person.totp_switched_off", person, json!({"person": person})));
        Ok(FactorChanged { person })
    }
}

/// Makes new recovery codes; the old ones work no longer.
#[derive(Clone, Debug)]
pub struct MakeRecoveryCodes {
    /// [`recovery::hash`] of each.
    pub recovery: Vec<[u8; 16]>,
}

#[async_trait::async_trait]
impl Command for MakeRecoveryCodes {
    const NAME: &'static str = "recovery_codes.make";
    const REFUSALS: &'static [&'static str] = &["forbidden", "totp_off"];
    type Outcome = FactorChanged;

    fn need(&self) -> Need {
        Need::SignedIn
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<FactorChanged, No> {
        let person = person(ctx)?;
        factor_store::lock_totp(tx, person).await?.filter(|row| row.confirmed.is_some()).ok_or_else(is_off)?;
        // From here on it must succeed.
        factor_store::write_recovery_codes(tx, person, &self.recovery).await?;
        ctx.audit(AuditEntry::new(0, "person.recovery_codes_made", person));
        ctx.announce(Event::new(0, "person.recovery_codes_made", person, json!({"person": person})));
        Ok(FactorChanged { person })
    }
}

/// Takes every second factor and passkey of a person away, and ends their sessions: the operator does it for who lost the
/// phone. They sign in by their password, then.
#[derive(Clone, Copy, Debug)]
pub struct ResetFactors {
    /// Whose.
    pub person: PersonId,
}

/// What there was.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct FactorsReset {
    /// Whether two-step sign-in was on or begun.
    pub totp: bool,
    /// How many passkeys.
    pub passkeys: u64,
    /// How many sessions ended.
    pub sessions: u64,
}

#[async_trait::async_trait]
impl Command for ResetFactors {
    const NAME: &'static str = "people.reset_factors";
    const REFUSALS: &'static [&'static str] = &["not_found"];
    type Outcome = FactorsReset;

    fn need(&self) -> Need {
        Need::House
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<FactorsReset, No> {
        let person = self.person;
        store::lock_password(tx, person).await?.ok_or_else(Refusal::not_found)?;
        // From here on it must succeed.
        let (totp, passkeys) = factor_store::delete_factors(tx, person).await?;
        store::delete_issuer_accounts(tx, person).await?;
        store::use_email_changes(tx, person, ctx.now).await?;
        let sessions = store::revoke_sessions(tx, person, ctx.now).await?;
        ctx.audit(AuditEntry::new(0, "person.factors_reset", person).after(json!({"totp": totp, "passkeys": passkeys, "sessions": sessions})));
        ctx.announce(Event::new(0, "person.factors_reset", person, json!({"person": person})));
        Ok(FactorsReset { totp, passkeys, sessions })
    }
}
