//! Passkeys: added, renamed and removed; and what one has signed, judged (PAR-15).

use super::challenges::{Asked, CHALLENGE_MS, Mark, recognized};
use super::factor_store::{self, PasskeyRow};
use super::totp::person;
use crate::access::Need;
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::{PasskeyId, PersonId};
use crate::outbox::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::passkey::{self, Broken, Ceremony, RelyingParty};
use tradepost_kernel::{Refusal, Timestamp};
use tradepost_store::{Fault, Tx};

/// Passkeys that a person may have.
pub const MOST: i64 = 20;

/// A passkey, as its person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyView {
    /// Which.
    pub id: PasskeyId,
    /// Whose.
    pub person: PersonId,
    /// What they call it.
    pub name: String,
    /// Since when.
    pub created: Timestamp,
    /// When it last signed.
    pub last_used: Option<Timestamp>,
}

/// What a browser hands over of a passkey that signed.
#[derive(Clone, Debug)]
pub struct PasskeyAnswer {
    /// What the authenticator calls the key.
    pub credential: Vec<u8>,
    /// The browser's part: JSON.
    pub client_data: Vec<u8>,
    /// The authenticator's part.
    pub authenticator_data: Vec<u8>,
    /// Over both.
    pub signature: Vec<u8>,
}

/// Whose passkey signed what.
pub(super) struct Judged {
    passkey: PasskeyRow,
    challenge: Mark,
    sign_count: i64,
    /// Whether it made sure of the person.
    verified: bool,
}

impl Judged {
    pub(super) const fn person(&self) -> PersonId {
        self.passkey.person
    }

    /// Where nothing beside the passkey says who it is, it must have made sure of its person, as `to_sign` asks of it.
    pub(super) fn alone(self) -> Result<Self, Refusal> {
        if self.verified { Ok(self) } else { Err(unverified()) }
    }
}

/// Judges what a passkey signed. `None`: it opens nothing; why stands in the log only. Writes nothing; what it finds is locked.
pub(super) async fn judge(ctx: &Ctx, tx: &mut Tx<'_>, answer: &PasskeyAnswer, asked: Asked, party: &RelyingParty) -> Result<Option<Judged>, Fault> {
    let told = |why: &'static str| {
        tracing::info!(why, "a passkey was not taken");
        Ok(None)
    };
    let challenge = match passkey::client_data(&answer.client_data, Ceremony::Get, party) {
        Ok(data) => recognized(ctx.vault(), asked, &data.challenge, ctx.now),
        Err(Broken(why)) => return told(why),
    };
    let Some(challenge) = challenge else { return told("the challenge is none of ours, for something else, or too old") };
    let Some(row) = factor_store::lock_credential(tx, &answer.credential).await? else { return told("nobody has this passkey") };
    if factor_store::is_spent(tx, challenge).await? {
        return told("the challenge was used");
    }
    match passkey::asserted(&answer.client_data, &answer.authenticator_data, &answer.signature, &row.public_key, party) {
        Ok(said) if passkey::counts_on(row.sign_count, said.sign_count) => {
            Ok(Some(Judged { passkey: row, challenge, sign_count: said.sign_count, verified: said.verified }))
        }
        Ok(_) => told("its counter did not go on: there may be a copy"),
        Err(Broken(why)) => told(why),
    }
}

/// Uses up what was judged.
pub(super) async fn take(ctx: &Ctx, tx: &mut Tx<'_>, judged: &Judged) -> Result<(), Fault> {
    factor_store::spend(tx, judged.challenge, ctx.now.plus_ms(CHALLENGE_MS)).await?;
    factor_store::use_passkey(tx, judged.passkey.id, judged.sign_count, ctx.now).await
}

/// The answer to a passkey that is not taken where somebody is signed in.
pub(super) fn invalid_passkey() -> Refusal {
    Refusal::invalid("invalid_passkey", "The passkey's answer is not valid here, or took too long. Try again.")
}

/// The answer to a passkey that is the right one, but did not make sure of its person where it stands for them alone: whoever holds the device could
/// be anybody.
fn unverified() -> Refusal {
    let text = "This passkey did not make sure that it is you. Unlock it by a finger, a face or a PIN, or go another way.";
    Refusal::invalid("user_verification_required", text)
}

/// Adds a passkey of the person who asks.
#[derive(Clone, Debug)]
pub struct RegisterPasskey {
    /// What they call it.
    pub name: String,
    /// The browser's part: JSON.
    pub client_data: Vec<u8>,
    /// The authenticator's part: CBOR.
    pub attestation_object: Vec<u8>,
    /// Who may ask for it.
    pub party: RelyingParty,
}

/// The passkey that was added, renamed or removed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PasskeyChanged {
    /// Which.
    pub passkey: PasskeyId,
}

#[async_trait::async_trait]
impl Command for RegisterPasskey {
    const NAME: &'static str = "passkeys.register";
    const REFUSALS: &'static [&'static str] = &["forbidden", "invalid_passkey", "passkey_known", "too_many_passkeys"];
    type Outcome = PasskeyChanged;

    fn need(&self) -> Need {
        Need::SignedIn
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<PasskeyChanged, No> {
        let person = person(ctx)?;
        let refused = |Broken(why): Broken| {
            tracing::info!(why, "a passkey was not taken");
            invalid_passkey()
        };
        let data = passkey::client_data(&self.client_data, Ceremony::Create, &self.party).map_err(refused)?;
        let challenge = recognized(ctx.vault(), Asked::Registration(person), &data.challenge, ctx.now).ok_or_else(invalid_passkey)?;
        let made = passkey::registered(&self.attestation_object, &self.party).map_err(refused)?;
        if factor_store::is_spent(tx, challenge).await? {
            return Err(invalid_passkey().into());
        }
        if factor_store::lock_credential(tx, &made.id).await?.is_some() {
            return Err(Refusal::conflict("passkey_known", "This passkey was added before.").into());
        }
        if factor_store::count_passkeys(tx, person, MOST).await? >= MOST {
            return Err(Refusal::conflict("too_many_passkeys", format!("A person has {MOST} passkeys at most; remove one first.")).into());
        }
        let view = PasskeyView { id: ctx.id(), person, name: self.name.clone(), created: ctx.now, last_used: None };
        // From here on it must succeed.
        factor_store::spend(tx, challenge, ctx.now.plus_ms(CHALLENGE_MS)).await?;
        factor_store::insert_passkey(tx, &view, &made.id, &made.public_key, made.sign_count).await?;
        ctx.audit(AuditEntry::new(0, "person.passkey_added", person).after(json!({"passkey": view.id, "name": view.name})));
        ctx.announce(Event::new(0, "person.passkey_added", person, json!({"person": person, "passkey": view.id})));
        Ok(PasskeyChanged { passkey: view.id })
    }
}

/// Calls a passkey something else.
#[derive(Clone, Debug)]
pub struct RenamePasskey {
    /// Which.
    pub passkey: PasskeyId,
    /// What it is called from now on.
    pub name: String,
}

#[async_trait::async_trait]
impl Command for RenamePasskey {
    const NAME: &'static str = "passkeys.rename";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found"];
    type Outcome = PasskeyChanged;

    fn need(&self) -> Need {
        Need::SignedIn
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<PasskeyChanged, No> {
        let person = person(ctx)?;
        let row = factor_store::lock_passkey(tx, person, self.passkey).await?.ok_or_else(Refusal::not_found)?;
        // From here on it must succeed.
        factor_store::rename_passkey(tx, row.id, &self.name).await?;
        let entry = AuditEntry::new(0, "person.passkey_renamed", person).before(json!({"name": row.name}));
        ctx.audit(entry.after(json!({"passkey": row.id, "name": self.name})));
        Ok(PasskeyChanged { passkey: row.id })
    }
}

/// Removes a passkey: it opens nothing any more.
#[derive(Clone, Copy, Debug)]
pub struct RemovePasskey {
    /// Which.
    pub passkey: PasskeyId,
}

#[async_trait::async_trait]
impl Command for RemovePasskey {
    const NAME: &'static str = "passkeys.remove";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found"];
    type Outcome = PasskeyChanged;

    fn need(&self) -> Need {
        Need::SignedIn
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<PasskeyChanged, No> {
        let person = person(ctx)?;
        let row = factor_store::lock_passkey(tx, person, self.passkey).await?.ok_or_else(Refusal::not_found)?;
        // From here on it must succeed.
        factor_store::delete_passkey(tx, row.id).await?;
        ctx.audit(AuditEntry::new(0, "person.passkey_removed", person).before(json!({"passkey": row.id, "name": row.name})));
        ctx.announce(Event::new(0, "person.passkey_removed", person, json!({"person": person, "passkey": row.id})));
        Ok(PasskeyChanged { passkey: row.id })
    }
}
