//! Every write on `person`, `session`, `single_use_link`, `email_change`, `issuer_account`, `issuer_sign_in` and `sign_in_failure`. API keys:
//! `key_store`.

use super::links::Purpose;
use super::throttle::Failures;
use super::{PersonView, SessionView};
use crate::ids::{EmailChangeId, PersonId, SessionId, SingleUseLinkId};
use tradepost_kernel::text::Email;
use tradepost_kernel::{Language, Timestamp};
use tradepost_store::{Fault, FromRow, Row, Tx, params, sql};

impl FromRow for PersonView {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        Ok(Self {
            id: columns.next()?,
            email: columns.next()?,
            first_name: columns.next()?,
            last_name: columns.next()?,
            confirmed: columns.next()?,
            created: columns.next()?,
            language: columns.next()?,
            time_zone: columns.next()?,
        })
    }
}

/// A person by their address, locked until the commit.
pub(crate) async fn lock_person_by_email(tx: &mut Tx<'_>, email_key: &str) -> Result<Option<PersonView>, Fault> {
    let select =
        sql!("SELECT id, email, first_name, last_name, email_confirmed_ms, created_ms, language, time_zone FROM person WHERE email_key = $1 FOR UPDATE");
    tx.query_opt(select, params![email_key]).await
}

/// The password hash of a person, locked until the commit. Outer `None`: no such person.
pub(crate) async fn lock_password(tx: &mut Tx<'_>, person: PersonId) -> Result<Option<Option<String>>, Fault> {
    let row: Option<(Option<String>,)> = tx.query_opt(sql!("SELECT password_hash FROM person WHERE id = $1 FOR UPDATE"), params![person]).await?;
    Ok(row.map(|(hash,)| hash))
}

/// What a person begins with.
pub(crate) struct NewPerson<'a> {
    pub(crate) id: PersonId,
    pub(crate) email: &'a Email,
    pub(crate) first_name: &'a str,
    pub(crate) last_name: &'a str,
    pub(crate) password_hash: Option<&'a str>,
}

/// A new person. Where another transaction made one of the same address meanwhile, the work is repeated.
pub(crate) async fn insert_person(tx: &mut Tx<'_>, p: &NewPerson<'_>, now: Timestamp) -> Result<(), Fault> {
    let inserted = tx
        .execute(
            sql!("INSERT INTO person (id, email, email_key, first_name, last_name, password_hash, created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (email_key) DO NOTHING"),
            params![p.id, p.email.as_str(), p.email.key(), p.first_name, p.last_name, p.password_hash, now],
        )
        .await?;
    if inserted == 1 { Ok(()) } else { Err(Fault::LostRace("e-mail address")) }
}

/// Sets or drops a password; `confirmed` marks the address as proven where it was not yet.
pub(crate) async fn write_password(tx: &mut Tx<'_>, person: PersonId, hash: Option<&str>, confirmed: Option<Timestamp>) -> Result<(), Fault> {
    tx.execute_exactly(
        1,
        sql!("UPDATE person SET password_hash = $2, email_confirmed_ms = COALESCE(email_confirmed_ms, $3) WHERE id = $1"),
        params![person, hash, confirmed],
    )
    .await
}

/// Whether a person's address was proven to be theirs.
pub(crate) async fn is_confirmed(tx: &mut Tx<'_>, person: PersonId) -> Result<bool, Fault> {
    let row: Option<(Option<Timestamp>,)> = tx.query_opt(sql!("SELECT email_confirmed_ms FROM person WHERE id = $1"), params![person]).await?;
    Ok(row.is_some_and(|(confirmed,)| confirmed.is_some()))
}

/// Writes how a person is called and how they see the portal.
pub(crate) async fn write_profile(tx: &mut Tx<'_>, p: &PersonView) -> Result<(), Fault> {
    let update = sql!("UPDATE person SET first_name = $2, last_name = $3, language = $4, time_zone = $5 WHERE id = $1");
    tx.execute_exactly(1, update, params![p.id, &p.first_name, &p.last_name, p.language.clone(), p.time_zone.clone()]).await
}

/// Notes the language that a person's browser shows, for mails to who chose none (PLT-12).
pub(crate) async fn note_language(tx: &mut Tx<'_>, person: PersonId, shown: Option<Language>) -> Result<(), Fault> {
    let Some(shown) = shown else { return Ok(()) };
    let update = sql!("UPDATE person SET browser_language = $2 WHERE id = $1 AND (browser_language IS NULL OR browser_language <> $2)");
    tx.execute(update, params![person, shown.code()]).await.map(drop)
}

/// Gives a person another address, proven to be theirs.
pub(crate) async fn write_email(tx: &mut Tx<'_>, person: PersonId, email: &Email, now: Timestamp) -> Result<(), Fault> {
    let update = sql!("UPDATE person SET email = $2, email_key = $3, email_confirmed_ms = $4 WHERE id = $1");
    tx.execute_exactly(1, update, params![person, email.as_str(), email.key(), now]).await
}

/// A person, locked until the commit.
pub(crate) async fn lock_person(tx: &mut Tx<'_>, person: PersonId) -> Result<Option<PersonView>, Fault> {
    let select = sql!("SELECT id, email, first_name, last_name, email_confirmed_ms, created_ms, language, time_zone FROM person WHERE id = $1 FOR UPDATE");
    tx.query_opt(select, params![person]).await
}

/// Marks an address as proven, where it was not yet.
pub(crate) async fn confirm_email(tx: &mut Tx<'_>, person: PersonId, now: Timestamp) -> Result<(), Fault> {
    let update = sql!("UPDATE person SET email_confirmed_ms = COALESCE(email_confirmed_ms, $2) WHERE id = $1");
    tx.execute_exactly(1, update, params![person, now]).await
}

/// A new session.
pub(crate) async fn insert_session(tx: &mut Tx<'_>, s: &SessionView, token_hash: [u8; 32]) -> Result<(), Fault> {
    tx.execute_exactly(
        1,
        sql!(
            "INSERT INTO session (id, person, token_hash, created_ms, last_seen_ms, expires_ms, address, agent, way, proved_ms)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
        ),
        params![s.id, s.person, token_hash, s.created, s.last_seen, s.expires, s.address.clone(), s.agent.clone(), s.way.name(), s.proved],
    )
    .await
}

/// Notes that a session is in use.
pub(crate) async fn touch_session(tx: &mut Tx<'_>, session: SessionId, now: Timestamp) -> Result<(), Fault> {
    tx.execute(sql!("UPDATE session SET last_seen_ms = $2 WHERE id = $1 AND last_seen_ms < $2"), params![session, now]).await?;
    Ok(())
}

/// Notes that the person of a session proved that it is them.
pub(crate) async fn note_proof(tx: &mut Tx<'_>, session: SessionId, now: Timestamp) -> Result<(), Fault> {
    tx.execute_exactly(1, sql!("UPDATE session SET proved_ms = $2 WHERE id = $1 AND revoked_ms IS NULL"), params![session, now]).await
}

/// Ends one session of a person; says whether there was one to end.
pub(crate) async fn revoke_session(tx: &mut Tx<'_>, person: PersonId, session: SessionId, now: Timestamp) -> Result<bool, Fault> {
    let update = sql!("UPDATE session SET revoked_ms = $3 WHERE person = $1 AND id = $2 AND revoked_ms IS NULL");
    Ok(tx.execute(update, params![person, session, now]).await? == 1)
}

/// Ends all sessions of a person; says how many.
pub(crate) async fn revoke_sessions(tx: &mut Tx<'_>, person: PersonId, now: Timestamp) -> Result<u64, Fault> {
    let update = sql!("UPDATE session SET revoked_ms = $2 WHERE person = $1 AND revoked_ms IS NULL AND expires_ms > $2");
    tx.execute(update, params![person, now]).await
}

/// Ends all sessions of a person but one; says how many.
pub(crate) async fn revoke_other_sessions(tx: &mut Tx<'_>, person: PersonId, kept: Option<SessionId>, now: Timestamp) -> Result<u64, Fault> {
    let update = sql!("UPDATE session SET revoked_ms = $2 WHERE person = $1 AND revoked_ms IS NULL AND expires_ms > $2 AND id <> $3");
    tx.execute(update, params![person, now, kept.unwrap_or_else(crate::ids::nobody)]).await
}

/// A link as its row has it.
pub(crate) struct LinkRow {
    pub(crate) purpose: Purpose,
    pub(crate) person: PersonId,
    pub(crate) expires: Timestamp,
    pub(crate) used: Option<Timestamp>,
}

/// A link, locked until the commit.
pub(crate) async fn lock_link(tx: &mut Tx<'_>, link: SingleUseLinkId) -> Result<Option<LinkRow>, Fault> {
    let row: Option<(String, PersonId, Timestamp, Option<Timestamp>)> =
        tx.query_opt(sql!("SELECT purpose, person, expires_ms, used_ms FROM single_use_link WHERE id = $1 FOR UPDATE"), params![link]).await?;
    row.map(|(purpose, person, expires, used)| {
        let purpose = Purpose::from_name(&purpose).ok_or(Fault::Column("a link's purpose"))?;
        Ok(LinkRow { purpose, person, expires, used })
    })
    .transpose()
}

/// A new link.
pub(crate) async fn insert_link(tx: &mut Tx<'_>, id: SingleUseLinkId, purpose: Purpose, person: PersonId, now: Timestamp) -> Result<(), Fault> {
    tx.execute_exactly(
        1,
        sql!("INSERT INTO single_use_link (id, purpose, person, created_ms, expires_ms) VALUES ($1, $2, $3, $4, $5)"),
        params![id, purpose.name(), person, now, now.plus_ms(purpose.lasts_ms())],
    )
    .await
}

/// Uses a link up.
pub(crate) async fn use_link(tx: &mut Tx<'_>, id: SingleUseLinkId, now: Timestamp) -> Result<(), Fault> {
    tx.execute_exactly(1, sql!("UPDATE single_use_link SET used_ms = $2 WHERE id = $1 AND used_ms IS NULL"), params![id, now]).await
}

/// Uses up every link that sets a person's password: one of them did.
pub(crate) async fn use_password_links(tx: &mut Tx<'_>, person: PersonId, now: Timestamp) -> Result<(), Fault> {
    let update = sql!("UPDATE single_use_link SET used_ms = $2 WHERE person = $1 AND purpose IN ('password_reset', 'access') AND used_ms IS NULL");
    tx.execute(update, params![person, now]).await?;
    Ok(())
}

/// A change of address that waits for its confirmation.
pub(crate) struct NewEmailChange<'a> {
    pub(crate) id: EmailChangeId,
    pub(crate) person: PersonId,
    pub(crate) email: &'a Email,
    pub(crate) old_email: &'a str,
    pub(crate) expires: Timestamp,
}

/// A new change of address.
pub(crate) async fn insert_email_change(tx: &mut Tx<'_>, c: &NewEmailChange<'_>, now: Timestamp) -> Result<(), Fault> {
    let insert = sql!("INSERT INTO email_change (id, person, email, old_email, created_ms, expires_ms) VALUES ($1, $2, $3, $4, $5, $6)");
    tx.execute_exactly(1, insert, params![c.id, c.person, c.email.as_str(), c.old_email, now, c.expires]).await
}

/// Makes every change of address that waits for a person worthless.
pub(crate) async fn use_email_changes(tx: &mut Tx<'_>, person: PersonId, now: Timestamp) -> Result<(), Fault> {
    tx.execute(sql!("UPDATE email_change SET used_ms = $2 WHERE person = $1 AND used_ms IS NULL"), params![person, now]).await?;
    Ok(())
}

/// Forgets the links that ended first, of those that ended before.
pub(crate) async fn forget_links(tx: &mut Tx<'_>, before: Timestamp, most: i64) -> Result<u64, Fault> {
    let delete = sql!("DELETE FROM single_use_link WHERE id IN (SELECT id FROM single_use_link WHERE expires_ms < $1 ORDER BY expires_ms LIMIT $2)");
    tx.execute(delete, params![before, most]).await
}

/// Forgets the changes of addresses that ended first, of those that ended before.
pub(crate) async fn forget_email_changes(tx: &mut Tx<'_>, before: Timestamp, most: i64) -> Result<u64, Fault> {
    let delete = sql!("DELETE FROM email_change WHERE id IN (SELECT id FROM email_change WHERE expires_ms < $1 ORDER BY expires_ms LIMIT $2)");
    tx.execute(delete, params![before, most]).await
}

/// Notes who somebody is at an issuer. Where another transaction did meanwhile, the work is repeated.
pub(crate) async fn insert_issuer_account(tx: &mut Tx<'_>, issuer: &str, subject: &str, person: PersonId, now: Timestamp) -> Result<(), Fault> {
    let insert = sql!("INSERT INTO issuer_account (issuer, subject, person, created_ms) VALUES ($1, $2, $3, $4) ON CONFLICT (issuer, subject) DO NOTHING");
    let inserted = tx.execute(insert, params![issuer, subject, person, now]).await?;
    if inserted == 1 { Ok(()) } else { Err(Fault::LostRace("account at an issuer")) }
}

/// Forgets who somebody is at one issuer.
pub(crate) async fn delete_issuer_account(tx: &mut Tx<'_>, issuer: &str, subject: &str) -> Result<(), Fault> {
    tx.execute_exactly(1, sql!("DELETE FROM issuer_account WHERE issuer = $1 AND subject = $2"), params![issuer, subject]).await
}

/// Forgets who somebody is at issuers: they are matched by their address again.
pub(crate) async fn delete_issuer_accounts(tx: &mut Tx<'_>, person: PersonId) -> Result<(), Fault> {
    tx.execute(sql!("DELETE FROM issuer_account WHERE person = $1"), params![person]).await?;
    Ok(())
}

/// Uses up the state of a sign-in at an issuer, and forgets those that have expired.
pub(crate) async fn use_issuer_sign_in(tx: &mut Tx<'_>, state: [u8; 32], expires: Timestamp, now: Timestamp) -> Result<(), Fault> {
    tx.execute(sql!("DELETE FROM issuer_sign_in WHERE expires_ms <= $1"), params![now]).await?;
    let insert = sql!("INSERT INTO issuer_sign_in (state, expires_ms) VALUES ($1, $2) ON CONFLICT (state) DO NOTHING");
    if tx.execute(insert, params![state, expires]).await? == 1 { Ok(()) } else { Err(Fault::LostRace("sign-in at an issuer")) }
}

/// What is remembered of an account or address, locked until the commit.
pub(crate) async fn lock_failures(tx: &mut Tx<'_>, subject: [u8; 16]) -> Result<Option<Failures>, Fault> {
    let row: Option<(i64, Timestamp, Timestamp)> =
        tx.query_opt(sql!("SELECT failures, first_ms, blocked_until_ms FROM sign_in_failure WHERE subject = $1 FOR UPDATE"), params![subject]).await?;
    Ok(row.map(|(failures, first, blocked_until)| Failures { failures, first, blocked_until }))
}

/// Remembers attempts. A first attempt that lost a race against another first one is repeated.
pub(crate) async fn write_failures(tx: &mut Tx<'_>, subject: [u8; 16], f: Failures, is_new: bool) -> Result<(), Fault> {
    let values = params![subject, f.failures, f.first, f.blocked_until];
    if !is_new {
        return tx.execute_exactly(1, sql!("UPDATE sign_in_failure SET failures = $2, first_ms = $3, blocked_until_ms = $4 WHERE subject = $1"), values).await;
    }
    let insert = sql!("INSERT INTO sign_in_failure (subject, failures, first_ms, blocked_until_ms) VALUES ($1, $2, $3, $4) ON CONFLICT (subject) DO NOTHING");
    if tx.execute(insert, values).await? == 1 { Ok(()) } else { Err(Fault::LostRace("sign-in attempts")) }
}

/// Forgets an account's attempts: its password was right.
pub(crate) async fn forget_failures(tx: &mut Tx<'_>, subject: [u8; 16]) -> Result<(), Fault> {
    tx.execute(sql!("DELETE FROM sign_in_failure WHERE subject = $1"), params![subject]).await?;
    Ok(())
}

/// Forgets the attempts of those who have waited for none since before; the oldest. Whoever tries again meanwhile has their row still: on PostgreSQL the
/// outer condition is asked once more of a row that changed.
pub(crate) async fn forget_old_failures(tx: &mut Tx<'_>, before: Timestamp, most: i64) -> Result<u64, Fault> {
    let delete = sql!(
        "DELETE FROM sign_in_failure WHERE blocked_until_ms < $1 AND subject IN \
         (SELECT subject FROM sign_in_failure WHERE blocked_until_ms < $1 ORDER BY blocked_until_ms LIMIT $2)"
    );
    tx.execute(delete, params![before, most]).await
}

/// Takes one attempt of an address back: it was right. Others' failures from there still count.
pub(crate) async fn take_back_attempt(tx: &mut Tx<'_>, subject: [u8; 16]) -> Result<(), Fault> {
    tx.execute(sql!("UPDATE sign_in_failure SET failures = failures - 1 WHERE subject = $1 AND failures > 0"), params![subject]).await?;
    Ok(())
}
