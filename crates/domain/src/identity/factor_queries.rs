//! What is read of second factors and passkeys: to ask for them, and to show them.

use super::passkeys::{MOST, PasskeyView};
use crate::ids::{PasskeyId, PersonId};
use crate::listing::{Page, PageRequest};
use tradepost_kernel::Timestamp;
use tradepost_store::{Fault, FromRow, Reader, Row, params, sql};

/// Two-step sign-in of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwoStep {
    /// Since when; `None`: it is off.
    pub since: Option<Timestamp>,
    /// Recovery codes that were not used.
    pub recovery_codes: i64,
}

/// Whether two-step sign-in is on, and how many recovery codes are left.
///
/// # Errors
/// The store's.
pub async fn two_step(reader: &mut Reader<'_>, person: PersonId) -> Result<TwoStep, Fault> {
    let row: Option<(Option<Timestamp>,)> = reader.query_opt(sql!("SELECT confirmed_ms FROM totp WHERE person = $1"), params![person]).await?;
    let Some(since) = row.and_then(|(since,)| since) else { return Ok(TwoStep { since: None, recovery_codes: 0 }) };
    let left: Option<(i64,)> = reader.query_opt(sql!("SELECT count(*) FROM recovery_code WHERE person = $1 AND used_ms IS NULL"), params![person]).await?;
    Ok(TwoStep { since: Some(since), recovery_codes: left.map_or(0, |(left,)| left) })
}

/// The password hash that a ticket is compared with, and the address by which attempts are counted.
///
/// # Errors
/// The store's.
pub async fn account(reader: &mut Reader<'_>, person: PersonId) -> Result<Option<(String, Option<String>)>, Fault> {
    reader.query_opt(sql!("SELECT email_key, password_hash FROM person WHERE id = $1"), params![person]).await
}

impl FromRow for PasskeyView {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        Ok(Self { id: columns.next()?, person: columns.next()?, name: columns.next()?, created: columns.next()?, last_used: columns.next()? })
    }
}

/// A person's passkeys, newest first.
///
/// # Errors
/// The store's.
pub async fn passkeys(reader: &mut Reader<'_>, person: PersonId, page: PageRequest) -> Result<Page<PasskeyView>, Fault> {
    let select = sql!("SELECT id, person, name, created_ms, last_used_ms FROM passkey WHERE person = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
    let rows = reader.query(select, params![person, page.bound(), page.fetch()]).await?;
    Ok(page.page(rows, |row: &PasskeyView| row.id))
}

/// One passkey of a person.
///
/// # Errors
/// The store's.
pub async fn passkey(reader: &mut Reader<'_>, person: PersonId, id: PasskeyId) -> Result<Option<PasskeyView>, Fault> {
    let select = sql!("SELECT id, person, name, created_ms, last_used_ms FROM passkey WHERE id = $1 AND person = $2");
    reader.query_opt(select, params![id, person]).await
}

/// What the authenticators of a person call their keys.
///
/// # Errors
/// The store's.
pub async fn credentials(reader: &mut Reader<'_>, person: PersonId) -> Result<Vec<Vec<u8>>, Fault> {
    let select = sql!("SELECT credential FROM passkey WHERE person = $1 ORDER BY id LIMIT $2");
    let rows: Vec<(Vec<u8>,)> = reader.query(select, params![person, MOST]).await?;
    Ok(rows.into_iter().map(|(credential,)| credential).collect())
}
