//! Password reset and e-mail confirmation by links that work once (PAR-15).

use super::factor_store;
use super::links::{self, Purpose};
use super::store::{self, LinkRow};
use crate::access::Need;
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::{PersonId, SingleUseLinkId};
use crate::outbox::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_kernel::text::Email;
use tradepost_store::{Tx, params, sql};

/// A second request within this time sends no second mail: a minute.
const ONE_MAIL_PER_MS: i64 = 60_000;

/// Asks for a password reset link. Does the same whether or not the address is known, as far as anyone can see.
#[derive(Clone, Debug)]
pub struct RequestPasswordReset {
    /// The address as typed.
    pub email: Email,
}

/// Nothing that would tell whether the address is known.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ResetRequested {}

#[async_trait::async_trait]
impl Command for RequestPasswordReset {
    const NAME: &'static str = "passwords.request_reset";
    const REFUSALS: &'static [&'static str] = &[];
    type Outcome = ResetRequested;

    fn need(&self) -> Need {
        Need::Nothing
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<ResetRequested, No> {
        let link: SingleUseLinkId = ctx.id();
        let person = store::lock_person_by_email(tx, &self.email.key()).await?;
        let recent: Option<(SingleUseLinkId,)> = tx
            .query_opt(
                sql!("SELECT id FROM single_use_link WHERE person = $1 AND purpose = 'password_reset' AND created_ms > $2 LIMIT 1"),
                params![person.as_ref().map_or_else(crate::ids::nobody, |found| found.id), ctx.now.ms() - ONE_MAIL_PER_MS],
            )
            .await?;
        if let (Some(person), None) = (person, recent) {
            store::insert_link(tx, link, Purpose::PasswordReset, person.id, ctx.now).await?;
            ctx.audit(AuditEntry::new(0, "person.password_reset_requested", person.id));
            ctx.announce(Event::new(0, "person.password_reset_requested", person.id, json!({"person": person.id, "link": link})));
        } else {
            ctx.audit(AuditEntry::new(0, "person.password_reset_ignored", link));
        }
        Ok(ResetRequested {})
    }
}

/// Sets a password by a reset or access link. Ends every session and every other such link of the person.
#[derive(Clone, Debug)]
pub struct SetPassword {
    /// From the token.
    pub link: SingleUseLinkId,
    /// The hash of the new password, made before this command.
    pub password_hash: String,
}

/// Whose link it was.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct LinkUsed {
    /// Who.
    pub person: PersonId,
}

fn usable(link: Option<LinkRow>, purposes: &[Purpose], ctx: &Ctx) -> Result<LinkRow, Refusal> {
    let link = link.filter(|link| purposes.contains(&link.purpose)).ok_or_else(Refusal::not_found)?;
    links::still_works(link.used, link.expires, ctx.now)?;
    Ok(link)
}

#[async_trait::async_trait]
impl Command for SetPassword {
    const NAME: &'static str = "passwords.set";
    const REFUSALS: &'static [&'static str] = &["not_found", "link_used", "link_expired"];
    type Outcome = LinkUsed;

    fn need(&self) -> Need {
        Need::Nothing
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<LinkUsed, No> {
        let row = store::lock_link(tx, self.link).await?;
        let LinkRow { person, .. } = usable(row, &[Purpose::PasswordReset, Purpose::Access], ctx)?;
        // From here on it must succeed. Whoever has the link reads the person's mail: the address is proven.
        store::use_password_links(tx, person, ctx.now).await?;
        if !store::is_confirmed(tx, person).await? {
            // Whoever had this account before did not read that mail: what they added opens it no longer.
            factor_store::delete_factors(tx, person).await?;
        }
        store::use_email_changes(tx, person, ctx.now).await?;
        store::write_password(tx, person, Some(&self.password_hash), Some(ctx.now)).await?;
        store::revoke_sessions(tx, person, ctx.now).await?;
        ctx.audit(AuditEntry::new(0, "person.password_set", person));
        ctx.announce(Event::new(0, "person.password_set", person, json!({"person": person})));
        Ok(LinkUsed { person })
    }
}

/// Proves an e-mail address by the link that was sent to it.
#[derive(Clone, Copy, Debug)]
pub struct ConfirmEmail {
    /// From the token.
    pub link: SingleUseLinkId,
}

#[async_trait::async_trait]
impl Command for ConfirmEmail {
    const NAME: &'static str = "people.confirm_email";
    const REFUSALS: &'static [&'static str] = &["not_found", "link_used", "link_expired"];
    type Outcome = LinkUsed;

    fn need(&self) -> Need {
        Need::Nothing
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<LinkUsed, No> {
        let row = store::lock_link(tx, self.link).await?;
        let LinkRow { person, .. } = usable(row, &[Purpose::EmailConfirmation], ctx)?;
        // From here on it must succeed.
        store::use_link(tx, self.link, ctx.now).await?;
        store::confirm_email(tx, person, ctx.now).await?;
        ctx.audit(AuditEntry::new(0, "person.email_confirmed", person));
        ctx.announce(Event::new(0, "person.email_confirmed", person, json!({"person": person})));
        Ok(LinkUsed { person })
    }
}
