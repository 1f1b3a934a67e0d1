//! Every write on `totp`, `recovery_code`, `passkey` and `spent_challenge`, and what is read of them under a lock.

use super::challenges::Mark;
use super::passkeys::PasskeyView;
use crate::ids::{PasskeyId, PersonId, SessionId};
use tradepost_kernel::Timestamp;
use tradepost_store::{Fault, FromRow, Row, Tx, params, sql};

/// Codes from an app, as their row has them.
pub(crate) struct TotpRow {
    /// Sealed.
    pub(crate) secret: Vec<u8>,
    pub(crate) confirmed: Option<Timestamp>,
    pub(crate) last_step: i64,
}

/// A person's codes from an app, locked until the commit.
pub(crate) async fn lock_totp(tx: &mut Tx<'_>, person: PersonId) -> Result<Option<TotpRow>, Fault> {
    let select = sql!("SELECT secret, confirmed_ms, last_step FROM totp WHERE person = $1 FOR UPDATE");
    let row: Option<(Vec<u8>, Option<Timestamp>, i64)> = tx.query_opt(select, params![person]).await?;
    Ok(row.map(|(secret, confirmed, last_step)| TotpRow { secret, confirmed, last_step }))
}

/// A new secret in place of one that was never confirmed.
pub(crate) async fn write_totp(tx: &mut Tx<'_>, person: PersonId, secret: Vec<u8>, now: Timestamp, is_new: bool) -> Result<(), Fault> {
    if !is_new {
        let update = sql!("UPDATE totp SET secret = $2, begun_ms = $3, last_step = 0 WHERE person = $1 AND confirmed_ms IS NULL");
        return tx.execute_exactly(1, update, params![person, secret, now]).await;
    }
    let insert = sql!("INSERT INTO totp (person, secret, begun_ms, last_step) VALUES ($1, $2, $3, 0) ON CONFLICT (person) DO NOTHING");
    if tx.execute(insert, params![person, secret, now]).await? == 1 { Ok(()) } else { Err(Fault::LostRace("codes from an app")) }
}

/// From now on codes are asked for.
pub(crate) async fn confirm_totp(tx: &mut Tx<'_>, person: PersonId, step: i64, now: Timestamp) -> Result<(), Fault> {
    let update = sql!("UPDATE totp SET confirmed_ms = $3, last_step = $2 WHERE person = $1 AND confirmed_ms IS NULL AND last_step < $2");
    tx.execute_exactly(1, update, params![person, step, now]).await
}

/// The code of a step was taken.
pub(crate) async fn use_step(tx: &mut Tx<'_>, person: PersonId, step: i64) -> Result<(), Fault> {
    tx.execute_exactly(1, sql!("UPDATE totp SET last_step = $2 WHERE person = $1 AND last_step < $2"), params![person, step]).await
}

/// No codes any more, neither from an app nor for who lost it. Says whether there were.
pub(crate) async fn delete_totp(tx: &mut Tx<'_>, person: PersonId) -> Result<bool, Fault> {
    tx.execute(sql!("DELETE FROM recovery_code WHERE person = $1"), params![person]).await?;
    Ok(tx.execute(sql!("DELETE FROM totp WHERE person = $1"), params![person]).await? == 1)
}

/// New recovery codes in place of the old ones.
pub(crate) async fn write_recovery_codes(tx: &mut Tx<'_>, person: PersonId, hashes: &[[u8; 16]]) -> Result<(), Fault> {
    tx.execute(sql!("DELETE FROM recovery_code WHERE person = $1"), params![person]).await?;
    for hash in hashes {
        tx.execute_exactly(1, sql!("INSERT INTO recovery_code (person, hash) VALUES ($1, $2)"), params![person, *hash]).await?;
    }
    Ok(())
}

/// Whether a recovery code is there and was not used; it is locked until the commit.
pub(crate) async fn lock_recovery_code(tx: &mut Tx<'_>, person: PersonId, hash: [u8; 16]) -> Result<bool, Fault> {
    let select = sql!("SELECT used_ms FROM recovery_code WHERE person = $1 AND hash = $2 FOR UPDATE");
    let row: Option<(Option<Timestamp>,)> = tx.query_opt(select, params![person, hash]).await?;
    Ok(row.is_some_and(|(used,)| used.is_none()))
}

/// A recovery code was used. How many are left.
pub(crate) async fn use_recovery_code(tx: &mut Tx<'_>, person: PersonId, hash: [u8; 16], now: Timestamp) -> Result<i64, Fault> {
    let update = sql!("UPDATE recovery_code SET used_ms = $3 WHERE person = $1 AND hash = $2 AND used_ms IS NULL");
    tx.execute_exactly(1, update, params![person, hash, now]).await?;
    let left: Option<(i64,)> = tx.query_opt(sql!("SELECT count(*) FROM recovery_code WHERE person = $1 AND used_ms IS NULL"), params![person]).await?;
    Ok(left.map_or(0, |(left,)| left))
}

/// A passkey as its row has it.
pub(crate) struct PasskeyRow {
    pub(crate) id: PasskeyId,
    pub(crate) person: PersonId,
    pub(crate) public_key: Vec<u8>,
    pub(crate) sign_count: i64,
    pub(crate) name: String,
}

impl FromRow for PasskeyRow {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        Ok(Self { id: columns.next()?, person: columns.next()?, public_key: columns.next()?, sign_count: columns.next()?, name: columns.next()? })
    }
}

/// The passkey of a credential, locked until the commit.
pub(crate) async fn lock_credential(tx: &mut Tx<'_>, credential: &[u8]) -> Result<Option<PasskeyRow>, Fault> {
    tx.query_opt(sql!("SELECT id, person, public_key, sign_count, name FROM passkey WHERE credential = $1 FOR UPDATE"), params![credential]).await
}

/// A person's passkey, locked until the commit.
pub(crate) async fn lock_passkey(tx: &mut Tx<'_>, person: PersonId, id: PasskeyId) -> Result<Option<PasskeyRow>, Fault> {
    let select = sql!("SELECT id, person, public_key, sign_count, name FROM passkey WHERE id = $1 AND person = $2 FOR UPDATE");
    tx.query_opt(select, params![id, person]).await
}

/// How many passkeys a person has; `most` at most are counted.
pub(crate) async fn count_passkeys(tx: &mut Tx<'_>, person: PersonId, most: i64) -> Result<i64, Fault> {
    let count = sql!("SELECT count(*) FROM (SELECT id FROM passkey WHERE person = $1 LIMIT $2) p");
    let row: Option<(i64,)> = tx.query_opt(count, params![person, most]).await?;
    Ok(row.map_or(0, |(count,)| count))
}

/// A new passkey.
pub(crate) async fn insert_passkey(tx: &mut Tx<'_>, p: &PasskeyView, credential: &[u8], public_key: &[u8], sign_count: i64) -> Result<(), Fault> {
    let insert = sql!(
        "INSERT INTO passkey (id, person, credential, public_key, name, sign_count, created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (credential) DO NOTHING"
    );
    let values = params![p.id, p.person, credential, public_key, &p.name, sign_count, p.created];
    if tx.execute(insert, values).await? == 1 { Ok(()) } else { Err(Fault::LostRace("passkey")) }
}

/// Another name.
pub(crate) async fn rename_passkey(tx: &mut Tx<'_>, id: PasskeyId, name: &str) -> Result<(), Fault> {
    tx.execute_exactly(1, sql!("UPDATE passkey SET name = $2 WHERE id = $1"), params![id, name]).await
}

/// A passkey signed.
pub(crate) async fn use_passkey(tx: &mut Tx<'_>, id: PasskeyId, sign_count: i64, now: Timestamp) -> Result<(), Fault> {
    tx.execute_exactly(1, sql!("UPDATE passkey SET sign_count = $2, last_used_ms = $3 WHERE id = $1"), params![id, sign_count, now]).await
}

/// One passkey less.
pub(crate) async fn delete_passkey(tx: &mut Tx<'_>, id: PasskeyId) -> Result<(), Fault> {
    tx.execute_exactly(1, sql!("DELETE FROM passkey WHERE id = $1"), params![id]).await
}

/// No second factor and no passkey any more; says what there was.
pub(crate) async fn delete_factors(tx: &mut Tx<'_>, person: PersonId) -> Result<(bool, u64), Fault> {
    let codes = delete_totp(tx, person).await?;
    let passkeys = tx.execute(sql!("DELETE FROM passkey WHERE person = $1"), params![person]).await?;
    Ok((codes, passkeys))
}

/// Whether a challenge or ticket was used up.
pub(crate) async fn is_spent(tx: &mut Tx<'_>, proof: Mark) -> Result<bool, Fault> {
    let row: Option<(i64,)> = tx.query_opt(sql!("SELECT expires_ms FROM spent_challenge WHERE proof = $1"), params![proof]).await?;
    Ok(row.is_some())
}

/// Uses a challenge or ticket up. Where another transaction did meanwhile, the work is repeated, and refused then.
pub(crate) async fn spend(tx: &mut Tx<'_>, proof: Mark, expires: Timestamp) -> Result<(), Fault> {
    let insert = sql!("INSERT INTO spent_challenge (proof, expires_ms) VALUES ($1, $2) ON CONFLICT (proof) DO NOTHING");
    if tx.execute(insert, params![proof, expires]).await? == 1 { Ok(()) } else { Err(Fault::LostRace("challenge")) }
}

/// Forgets what was used up and has expired.
pub(crate) async fn forget_spent(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64, Fault> {
    tx.execute(sql!("DELETE FROM spent_challenge WHERE expires_ms < $1"), params![now]).await
}

/// Whose session it is, where it was not ended; locked until the commit.
pub(crate) async fn lock_session(tx: &mut Tx<'_>, session: SessionId) -> Result<Option<PersonId>, Fault> {
    let row: Option<(PersonId,)> = tx.query_opt(sql!("SELECT person FROM session WHERE id = $1 AND revoked_ms IS NULL FOR UPDATE"), params![session]).await?;
    Ok(row.map(|(person,)| person))
}
