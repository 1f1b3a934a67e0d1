//! Signing in at an issuer of OpenID Connect (PAR-15). What the issuer says was verified before; here it is decided who that is. Nobody
//! who is unknown is made.

use super::{Opening, SignInWay, SignedIn, factor_store, sign_in, store};
use crate::access::Need;
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::PersonId;
use crate::outbox::Event;
use serde_json::json;
use tradepost_kernel::text::Email;
use tradepost_kernel::{Class, Refusal, Timestamp};
use tradepost_store::{Tx, params, sql};

/// What somebody is told whom nobody here knows: the same whatever the reason is.
#[must_use]
pub fn unknown_account() -> Refusal {
    Refusal::forbidden("unknown_account", "This account is not known here; ask whoever runs it.")
}

/// What a sign-in is told that was used up, took too long or was begun elsewhere.
#[must_use]
pub fn sign_in_expired() -> Refusal {
    Refusal::new(Class::Gone, "sign_in_expired", "This sign-in has expired or was used already. Begin anew.")
}

/// What somebody is told whose account asks for two steps, and whom an issuer would let in by their address alone.
fn two_step_on() -> Refusal {
    Refusal::forbidden("two_step_on", "Two-step sign-in is on for this account. Sign in by password and code.")
}

/// Opens a session for whoever an issuer vouches for.
#[derive(Clone, Debug)]
pub struct SignInByIssuer {
    /// Who vouches, as it calls itself.
    pub issuer: String,
    /// What the issuer calls the person; never another person's.
    pub subject: String,
    /// Their address, where the issuer verified it and may vouch for it.
    pub email: Option<Email>,
    /// The hash of the state that the sign-in began with: it works once.
    pub state: [u8; 32],
    /// Until when the state is good.
    pub state_expires: Timestamp,
    /// The session to open.
    pub opening: Opening,
}

#[async_trait::async_trait]
impl Command for SignInByIssuer {
    const NAME: &'static str = "sessions.begin_by_issuer";
    const REFUSALS: &'static [&'static str] = &["sign_in_expired", "unknown_account", "two_step_on"];
    type Outcome = SignedIn;

    fn need(&self) -> Need {
        Need::Nothing
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<SignedIn, No> {
        let used: Option<(i64,)> = tx.query_opt(sql!("SELECT expires_ms FROM issuer_sign_in WHERE state = $1"), params![self.state]).await?;
        if used.is_some() || self.state_expires <= ctx.now {
            return Err(sign_in_expired().into());
        }
        let select = sql!("SELECT person FROM issuer_account WHERE issuer = $1 AND subject = $2");
        let known: Option<(PersonId,)> = tx.query_opt(select, params![&self.issuer, &self.subject]).await?;
        let by_address = match (known, &self.email) {
            (None, Some(email)) => store::lock_person_by_email(tx, &email.key()).await?,
            _ => None,
        };
        let Some(person) = known.map(|(person,)| person).or(by_address.as_ref().map(|found| found.id)) else {
            return Err(unknown_account().into());
        };
        // Whoever holds a mailbox, or an address that was somebody else's, is not let in past the second step. An account that was
        // linked before is known to the issuer as it is known here.
        let confirmed = by_address.as_ref().is_some_and(|found| found.confirmed.is_some());
        if confirmed && factor_store::lock_totp(tx, person).await?.is_some_and(|row| row.confirmed.is_some()) {
            return Err(two_step_on().into());
        }
        // From here on it must succeed.
        store::use_issuer_sign_in(tx, self.state, self.state_expires, ctx.now).await?;
        if let Some(found) = by_address {
            if found.confirmed.is_none() {
                // Nobody had proven the address to be theirs: whoever chose the password may be somebody else.
                factor_store::delete_factors(tx, person).await?;
                store::use_email_changes(tx, person, ctx.now).await?;
                store::write_password(tx, person, None, Some(ctx.now)).await?;
                store::revoke_sessions(tx, person, ctx.now).await?;
            }
            store::insert_issuer_account(tx, &self.issuer, &self.subject, person, ctx.now).await?;
            ctx.audit(AuditEntry::new(0, "person.issuer_linked", person).after(json!({"issuer": self.issuer})));
            ctx.announce(Event::new(0, "person.issuer_linked", person, json!({"person": person})));
        }
        Ok(sign_in::open(ctx, tx, person, &self.opening, SignInWay::Provider).await?)
    }
}
