//! People who sign in, their sessions, links that work once, and API keys.
//!
//! Always true here:
//! - One e-mail address is one person (PAR-2).
//! - Nothing stored lets anyone in: passwords, session tokens and keys are hashed, links are derived from their
//!   id with the master key, failed sign-ins are counted under keyed hashes.
//! - Passwords are hashed before a command, never inside; an unknown address costs as much as a known one.
//! - A code, a recovery code, a challenge and a ticket are taken once; where two-step sign-in is on, the password alone opens
//!   no session.
//! - Who comes from an issuer of OpenID Connect is somebody who is known here already: by an address that the issuer verified, and from
//!   then on by what the issuer calls them.
//! - A key holds the scopes it was asked for and never more than who made it (PAR-16).
//!
//! What does not belong: what a person may do where (staff: merchants, users of a reseller: partners).

pub mod api_keys;
pub mod challenges;
pub mod change_keys;
pub mod email_change;
pub mod factor_queries;
pub(crate) mod factor_store;
pub mod forget;
pub mod issuers;
pub(crate) mod key_store;
pub mod links;
pub mod members;
pub mod passkeys;
pub mod passwords;
pub mod profile;
pub mod prove;
pub mod queries;
pub mod recovery;
pub mod second_step;
pub mod sign_in;
pub mod store;
pub mod throttle;
pub mod totp;

use crate::access::named;
use crate::ids::{PersonId, SessionId, SingleUseLinkId};
use crate::{Ctx, No};
pub use api_keys::{AddressRule, ApiKeyRow, CreateApiKey, KeyCreated, KeyOwner, PreparedKey};
pub use challenges::ForgetChallenges;
pub use change_keys::{DeleteApiKey, KeyChanged, NoteKeyUse, RotateApiKey, SwitchApiKey};
pub use email_change::{ConfirmEmailChange, EmailChangeAsked, RequestEmailChange};
pub use forget::{ForgetFailures, ForgetLinks};
pub use issuers::{IssuerAccountView, RemoveIssuerAccount, SignInByIssuer};
pub use passkeys::{PasskeyAnswer, PasskeyView, RegisterPasskey, RemovePasskey, RenamePasskey};
pub use passwords::{ConfirmEmail, LinkUsed, RequestPasswordReset, ResetRequested, SetPassword};
pub use profile::{ChangePassword, ChangeProfile, PasswordChanged, ProfileChanged};
pub use prove::Prove;
pub use second_step::{SignInByPasskey, TakeSecondStep};
pub use sign_in::{AttemptCounted, AttemptSignIn, NoteSessionSeen, Opening, RevokeSessions, SessionsRevoked, SignIn, SignedIn};
pub use totp::{BeginTotp, ConfirmTotp, MakeRecoveryCodes, ResetFactors, SwitchTotpOff};
use tradepost_kernel::Timestamp;
use tradepost_kernel::text::Email;
use tradepost_store::Tx;

/// How long a session lasts at most: 30 days.
pub const SESSION_MS: i64 = 30 * 24 * 3_600_000;
/// How long a session lasts unused: 12 hours.
pub const SESSION_IDLE_MS: i64 = 12 * 3_600_000;
/// How long a proof that it is the person counts for sensitive acts: 15 minutes.
pub const FRESH_MS: i64 = 15 * 60_000;
/// How often the use of a session or key is noted at most.
pub const NOTED_EVERY_MS: i64 = 60_000;

/// A person, without their password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonView {
    /// Who.
    pub id: PersonId,
    /// As it was typed.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// When the address was proven to be theirs.
    pub confirmed: Option<Timestamp>,
    /// Since when.
    pub created: Timestamp,
    /// The language that they chose, `en` or `de`; `None`: as the browser asks.
    pub language: Option<String>,
    /// The IANA time zone that they chose, by which moments are shown to them; `None`: the merchant's.
    pub time_zone: Option<String>,
}

impl PersonView {
    /// First and last name; the address of somebody who has told neither.
    #[must_use]
    pub fn name(&self) -> String {
        let name = full_name(&self.first_name, &self.last_name);
        if name.is_empty() { self.email.clone() } else { name }
    }
}

/// First and last name in one; empty where neither is known.
#[must_use]
pub fn full_name(first: &str, last: &str) -> String {
    format!("{first} {last}").trim().to_owned()
}

/// How somebody signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInWay {
    /// By the password alone.
    Password,
    /// By the password and a code from an app.
    PasswordCode,
    /// By the password and a recovery code.
    PasswordRecoveryCode,
    /// By the password and a passkey.
    PasswordPasskey,
    /// By a passkey alone.
    Passkey,
    /// At another house that vouches for them.
    Provider,
}

named!(SignInWay {
    Password = "password",
    PasswordCode = "password_code",
    PasswordRecoveryCode = "password_recovery_code",
    PasswordPasskey = "password_passkey",
    Passkey = "passkey",
    Provider = "provider",
});

/// A sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub person: PersonId,
    /// Begin.
    pub created: Timestamp,
    /// Last use, to the minute.
    pub last_seen: Timestamp,
    /// End at the latest.
    pub expires: Timestamp,
    /// End by hand.
    pub revoked: Option<Timestamp>,
    /// From which network address it began.
    pub address: Option<String>,
    /// With which program it began.
    pub agent: Option<String>,
    /// How it began.
    pub way: SignInWay,
    /// When its person last proved that it is them.
    pub proved: Timestamp,
}

/// Whether a proof is new enough for a sensitive act.
#[must_use]
pub const fn is_fresh(proved: Timestamp, now: Timestamp) -> bool {
    now.ms() - proved.ms() <= FRESH_MS
}

impl SessionView {
    /// Whether it still lets in.
    #[must_use]
    pub const fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && now.ms() < self.expires.ms() && now.ms() - self.last_seen.ms() < SESSION_IDLE_MS
    }

    /// Whether its use is worth noting again.
    #[must_use]
    pub const fn is_to_be_noted(&self, now: Timestamp) -> bool {
        now.ms() - self.last_seen.ms() >= NOTED_EVERY_MS
    }
}

/// Who was let in by somebody else: new or known, and the link that their access mail carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invited {
    /// Who.
    pub person: PersonId,
    /// Sets their password.
    pub link: SingleUseLinkId,
}

/// Finds or makes the person of an address and an access link for them: for staff and resellers that somebody
/// else lets in. The answer does not tell whether the address was known.
///
/// A known address that nobody has proven to be theirs loses its password, factors and sessions: whoever signed up with
/// it may be somebody else, and must not find themselves inside another's company.
///
/// # Errors
/// The store's.
pub async fn invite(ctx: &mut Ctx, tx: &mut Tx<'_>, email: &Email, first_name: &str, last_name: &str) -> Result<Invited, No> {
    let known = store::lock_person_by_email(tx, &email.key()).await?;
    let person = match known {
        Some(found) => {
            if found.confirmed.is_none() {
                factor_store::delete_factors(tx, found.id).await?;
                store::use_email_changes(tx, found.id, ctx.now).await?;
                store::write_password(tx, found.id, None, None).await?;
                store::revoke_sessions(tx, found.id, ctx.now).await?;
            }
            found.id
        }
        None => {
            let id = ctx.id();
            store::insert_person(tx, &store::NewPerson { id, email, first_name, last_name, password_hash: None }, ctx.now).await?;
            id
        }
    };
    let link = ctx.id();
    store::insert_link(tx, link, links::Purpose::Access, person, ctx.now).await?;
    Ok(Invited { person, link })
}
