//! Another e-mail address: it counts once its holder has confirmed it by a link that works once (PAR-15). Whether it is another
//! account's is told to nobody but who reads its mail.

use super::profile::own;
use super::sign_in::wrong_password;
use super::store::{self, NewEmailChange};
use super::{links, passwords};
use crate::access::Need;
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::{EmailChangeId, PersonId};
use crate::outbox::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::text::Email;
use tradepost_kernel::{Class, Refusal, Timestamp};
use tradepost_store::{Fault, Reader, Tx, params, sql};

/// How long the link works: a day.
pub const LASTS_MS: i64 = 24 * 3_600_000;
/// A second request within this time is refused: a minute. Each sends two mails.
const ONE_PER_MS: i64 = 60_000;

/// A change that waits for its confirmation, or was made.
#[derive(Clone, Debug)]
pub struct EmailChangeView {
    /// Whose.
    pub person: PersonId,
    /// The new address.
    pub email: String,
    /// The address before it.
    pub old_email: String,
    /// Until when the link works.
    pub expires: Timestamp,
    /// When it was used, or made worthless by another one.
    pub used: Option<Timestamp>,
}

type ChangeRow = (PersonId, String, String, Timestamp, Option<Timestamp>);

fn view((person, email, old_email, expires, used): ChangeRow) -> EmailChangeView {
    EmailChangeView { person, email, old_email, expires, used }
}

/// One change, for the page that its link leads to.
///
/// # Errors
/// The store's.
pub async fn change(reader: &mut Reader<'_>, id: EmailChangeId) -> Result<Option<EmailChangeView>, Fault> {
    let select = sql!("SELECT person, email, old_email, expires_ms, used_ms FROM email_change WHERE id = $1");
    Ok(reader.query_opt::<ChangeRow>(select, params![id]).await?.map(view))
}

/// The address that waits for a person's confirmation, if any.
///
/// # Errors
/// The store's.
pub async fn waiting(reader: &mut Reader<'_>, person: PersonId, now: Timestamp) -> Result<Option<String>, Fault> {
    let select = sql!("SELECT email FROM email_change WHERE person = $1 AND used_ms IS NULL AND expires_ms > $2 ORDER BY id DESC LIMIT 1");
    Ok(reader.query_opt::<(String,)>(select, params![person, now]).await?.map(|(email,)| email))
}

/// What a person is told who asks for the address that they have.
#[must_use]
pub fn same_address() -> Refusal {
    Refusal::invalid("same_address", "This is your address already.").at("/email")
}

/// Asks for another address: a link goes to it, and a notice to the one of now.
#[derive(Clone, Debug)]
pub struct RequestEmailChange {
    /// The new address.
    pub email: Email,
    /// The hash that the current password was compared with and fit; `None` for who has no password.
    pub compared_with: Option<String>,
    /// As in [`AttemptSignIn`](super::AttemptSignIn), which counts guesses here too; `None` where nothing was guessed.
    pub attempt: Option<([u8; 16], [u8; 16])>,
}

/// That the mails are on their way.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct EmailChangeAsked {
    /// Which change.
    pub change: EmailChangeId,
}

#[async_trait::async_trait]
impl Command for RequestEmailChange {
    const NAME: &'static str = "people.request_email_change";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "wrong_password", "same_address", "too_many_attempts"];
    type Outcome = EmailChangeAsked;

    fn need(&self) -> Need {
        Need::SignedIn
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<EmailChangeAsked, No> {
        let person = own(ctx)?;
        let me = store::lock_person(tx, person).await?.ok_or_else(Refusal::not_found)?;
        if store::lock_password(tx, person).await?.flatten() != self.compared_with {
            return Err(wrong_password().into());
        }
        if me.email == self.email.as_str() {
            return Err(same_address().into());
        }
        let select = sql!("SELECT id FROM email_change WHERE person = $1 AND created_ms > $2 LIMIT 1");
        if tx.query_opt::<(EmailChangeId,)>(select, params![person, ctx.now.ms() - ONE_PER_MS]).await?.is_some() {
            return Err(Refusal::new(Class::TooOften, "too_many_attempts", "A mail is on its way. Try again in 60 seconds.").into());
        }
        // From here on it must succeed.
        let change: EmailChangeId = ctx.id();
        store::use_email_changes(tx, person, ctx.now).await?;
        let new = NewEmailChange { id: change, person, email: &self.email, old_email: &me.email, expires: ctx.now.plus_ms(LASTS_MS) };
        store::insert_email_change(tx, &new, ctx.now).await?;
        if let Some((account, address)) = self.attempt {
            store::forget_failures(tx, account).await?;
            store::take_back_attempt(tx, address).await?;
        }
        ctx.audit(AuditEntry::new(0, "person.email_change_requested", person));
        ctx.announce(Event::new(0, "person.email_change_requested", person, json!({"person": person, "change": change})));
        Ok(EmailChangeAsked { change })
    }
}

/// Makes the new address the person's, by the link that was sent to it.
#[derive(Clone, Copy, Debug)]
pub struct ConfirmEmailChange {
    /// From the token.
    pub change: EmailChangeId,
}

#[async_trait::async_trait]
impl Command for ConfirmEmailChange {
    const NAME: &'static str = "people.confirm_email_change";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "link_used", "link_expired", "address_taken"];
    type Outcome = passwords::LinkUsed;

    fn need(&self) -> Need {
        Need::SignedIn
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<passwords::LinkUsed, No> {
        let select = sql!("SELECT person, email, old_email, expires_ms, used_ms FROM email_change WHERE id = $1 FOR UPDATE");
        let row = tx.query_opt::<ChangeRow>(select, params![self.change]).await?.map(view).ok_or_else(Refusal::not_found)?;
        links::still_works(row.used, row.expires, ctx.now)?;
        let person = row.person;
        if own(ctx)? != person {
            // Else somebody could have another confirm, by mail, that this other one's address is theirs.
            return Err(Refusal::not_found().into());
        }
        let email = Email::parse(&row.email).map_err(|_| Fault::Column("an e-mail address"))?;
        let me = store::lock_person(tx, person).await?.ok_or_else(Refusal::not_found)?;
        if me.email != row.old_email {
            // It was asked for as somebody that this account is no longer.
            return Err(links::used().into());
        }
        let holder = store::lock_person_by_email(tx, &email.key()).await?;
        if holder.is_some_and(|holder| holder.id != person) {
            return Err(Refusal::conflict("address_taken", "This address belongs to another account.").into());
        }
        // From here on it must succeed.
        store::use_email_changes(tx, person, ctx.now).await?;
        store::write_email(tx, person, &email, ctx.now).await?;
        // Links that went to the old address set no password any more.
        store::use_password_links(tx, person, ctx.now).await?;
        ctx.audit(AuditEntry::new(0, "person.email_changed", person));
        ctx.announce(Event::new(0, "person.email_changed", person, json!({"person": person})));
        Ok(passwords::LinkUsed { person })
    }
}
