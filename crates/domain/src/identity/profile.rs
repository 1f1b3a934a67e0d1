//! What a person changes about themselves: name, language, time zone, password (PAR-15, PLT-12).

use super::sign_in::wrong_password;
use super::store;
use crate::access::Need;
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::{PersonId, SessionId};
use crate::outbox::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_store::Tx;

/// Changes what is given; `Some(None)` goes back to what browser and merchant have.
#[derive(Clone, Debug, Default)]
pub struct ChangeProfile {
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// `en` or `de`, checked. English is kept as well: who chose it sees it on every browser.
    pub language: Option<Option<String>>,
    /// IANA name, checked.
    pub time_zone: Option<Option<String>>,
}

/// Whose profile it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ProfileChanged {
    /// Who.
    pub person: PersonId,
}

/// The person who asks.
pub(super) fn own(ctx: &Ctx) -> Result<PersonId, Refusal> {
    ctx.caller().person().ok_or_else(|| Refusal::forbidden("forbidden", "Only a person has a profile."))
}

#[async_trait::async_trait]
impl Command for ChangeProfile {
    const NAME: &'static str = "people.change_profile";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found"];
    type Outcome = ProfileChanged;

    fn need(&self) -> Need {
        Need::SignedIn
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<ProfileChanged, No> {
        let person = own(ctx)?;
        let before = store::lock_person(tx, person).await?.ok_or_else(Refusal::not_found)?;
        let mut after = before.clone();
        if let Some(name) = &self.first_name {
            after.first_name.clone_from(name);
        }
        if let Some(name) = &self.last_name {
            after.last_name.clone_from(name);
        }
        if let Some(language) = &self.language {
            after.language.clone_from(language);
        }
        if let Some(zone) = &self.time_zone {
            after.time_zone.clone_from(zone);
        }
        // From here on it must succeed.
        if after != before {
            store::write_profile(tx, &after).await?;
            let told = |p: &super::PersonView| json!({"first_name": p.first_name, "last_name": p.last_name, "language": p.language, "time_zone": p.time_zone});
            ctx.audit(AuditEntry::new(0, "person.updated", person).before(told(&before)).after(told(&after)));
            ctx.announce(Event::new(0, "person.updated", person, json!({"person": person})));
        }
        Ok(ProfileChanged { person })
    }
}

/// Gives a person who knows their password another one. All their other sessions end, and links that would set one are used up.
#[derive(Clone, Debug)]
pub struct ChangePassword {
    /// The hash that the current password was compared with and fit: it must still be the person's.
    pub compared_with: String,
    /// The hash of the new one, made before.
    pub password_hash: String,
    /// The session that asks; it goes on.
    pub kept: Option<SessionId>,
    /// As in [`AttemptSignIn`](super::AttemptSignIn), which counts guesses here too.
    pub account: [u8; 16],
    /// As in [`AttemptSignIn`](super::AttemptSignIn).
    pub address: [u8; 16],
}

/// Whose password it is, and how many sessions ended.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PasswordChanged {
    /// Who.
    pub person: PersonId,
    /// How many sessions ended.
    pub ended: u64,
}

#[async_trait::async_trait]
impl Command for ChangePassword {
    const NAME: &'static str = "passwords.change";
    const REFUSALS: &'static [&'static str] = &["forbidden", "wrong_password"];
    type Outcome = PasswordChanged;

    fn need(&self) -> Need {
        Need::SignedIn
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<PasswordChanged, No> {
        let person = own(ctx)?;
        if store::lock_password(tx, person).await?.flatten().as_deref() != Some(self.compared_with.as_str()) {
            return Err(wrong_password().into());
        }
        // From here on it must succeed.
        store::write_password(tx, person, Some(&self.password_hash), None).await?;
        store::use_password_links(tx, person, ctx.now).await?;
        store::use_email_changes(tx, person, ctx.now).await?;
        let ended = store::revoke_other_sessions(tx, person, self.kept, ctx.now).await?;
        store::forget_failures(tx, self.account).await?;
        store::take_back_attempt(tx, self.address).await?;
        ctx.audit(AuditEntry::new(0, "person.password_changed", person).after(json!({"sessions_ended": ended})));
        ctx.announce(Event::new(0, "person.password_set", person, json!({"person": person})));
        Ok(PasswordChanged { person, ended })
    }
}
