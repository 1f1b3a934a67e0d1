//! Signing in at an issuer of OpenID Connect (PAR-15). What the issuer says was verified before; here it is decided who that is. Nobody
//! who is unknown is made.

use super::profile::own;
use super::{Opening, SignInWay, SignedIn, factor_store, sign_in, store};
use crate::access::Need;
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::{IssuerAccountId, PersonId};
use crate::outbox::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::secret::sha256;
use tradepost_kernel::text::Email;
use tradepost_kernel::{Class, Refusal, Timestamp};
use tradepost_store::{Fault, FromRow, Reader, Row, Tx, params, sql};

/// Who a person is at an issuer: from then on it vouches for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerAccountView {
    /// Which; it follows from issuer and subject.
    pub id: IssuerAccountId,
    /// The issuer, as it calls itself.
    pub issuer: String,
    /// What it calls the person.
    pub subject: String,
    /// When they first signed in there.
    pub linked: Timestamp,
}

impl FromRow for IssuerAccountView {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        let (issuer, subject): (String, String) = (columns.next()?, columns.next()?);
        let hash = sha256(format!("{}\n{issuer}\n{subject}", issuer.len()).as_bytes());
        let id = hash.first_chunk::<16>().map(|bytes| IssuerAccountId::from_bytes(*bytes)).ok_or(Fault::Column("an account at an issuer"))?;
        Ok(Self { id, issuer, subject, linked: columns.next()? })
    }
}

/// Who a person is at issuers, the oldest first.
///
/// # Errors
/// The store's.
pub async fn accounts(reader: &mut Reader<'_>, person: PersonId) -> Result<Vec<IssuerAccountView>, Fault> {
    reader.query(sql!("SELECT issuer, subject, created_ms FROM issuer_account WHERE person = $1 ORDER BY created_ms, issuer, subject"), params![person]).await
}

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

/// What somebody is told who would lock themselves out.
fn only_way_in() -> Refusal {
    Refusal::conflict("only_way_in", "This is the only way you sign in. Set a password or add a passkey first.")
}

/// Takes away that an issuer vouches for the person who asks. Where it verified their address, another sign-in there begins it anew.
#[derive(Clone, Debug)]
pub struct RemoveIssuerAccount {
    /// Which.
    pub account: IssuerAccountId,
    /// The issuers that the operator has set, as they call themselves: others let nobody in.
    pub issuers: Vec<String>,
}

/// The account at an issuer that was removed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct IssuerAccountRemoved {
    /// Which.
    pub account: IssuerAccountId,
}

#[async_trait::async_trait]
impl Command for RemoveIssuerAccount {
    const NAME: &'static str = "issuer_accounts.remove";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "only_way_in"];
    type Outcome = IssuerAccountRemoved;

    fn need(&self) -> Need {
        Need::SignedIn
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<IssuerAccountRemoved, No> {
        let person = own(ctx)?;
        // Two removals at once must not each take the other for the way that is left.
        let password = store::lock_password(tx, person).await?.ok_or_else(Refusal::not_found)?;
        let (found, others): (Vec<_>, Vec<_>) = accounts(tx, person).await?.into_iter().partition(|account| account.id == self.account);
        let account = found.into_iter().next().ok_or_else(Refusal::not_found)?;
        let lets_in = |account: &IssuerAccountView| self.issuers.contains(&account.issuer);
        let another_way = password.is_some() || others.iter().any(lets_in) || factor_store::count_passkeys(tx, person, 1).await? > 0;
        if lets_in(&account) && !another_way {
            return Err(only_way_in().into());
        }
        // From here on it must succeed.
        store::delete_issuer_account(tx, &account.issuer, &account.subject).await?;
        ctx.audit(AuditEntry::new(0, "person.issuer_unlinked", person).before(json!({"issuer": account.issuer})));
        ctx.announce(Event::new(0, "person.issuer_unlinked", person, json!({"person": person})));
        Ok(IssuerAccountRemoved { account: account.id })
    }
}
