//! Every write on `counter`, `merchant`, `merchant_branding`, `merchant_logo` and `merchant_member`.

use super::MerchantView;
use super::branding::{Branding, Picture};
use crate::access::MerchantRole;
use crate::ids::PersonId;
use std::collections::{BTreeMap, HashMap};
use tradepost_kernel::{Language, Timestamp};
use tradepost_store::ColumnType::{Int, Text};
use tradepost_store::{Column, Fault, SetSql, Tx, params, sql};

/// Next number of a gapless counter, from 1. Its row stays locked until the commit: call it last in a command.
///
/// # Errors
/// The store's.
pub async fn next_number(tx: &mut Tx<'_>, merchant: i64, name: &str) -> Result<i64, Fault> {
    next_numbers(tx, merchant, name, 1).await
}

/// The first of the next `count` numbers of a gapless counter.
///
/// # Errors
/// [`Fault::Invariant`] where `count` is below 1; the store's.
pub async fn next_numbers(tx: &mut Tx<'_>, merchant: i64, name: &str, count: i64) -> Result<i64, Fault> {
    if count < 1 {
        return Err(Fault::invariant(format!("{count} numbers of counter {name}")));
    }
    tx.execute_exactly(
        1,
        sql!(
            "INSERT INTO counter (merchant, name, value) VALUES ($1, $2, $3) ON CONFLICT (merchant, name) DO UPDATE SET value = counter.value + excluded.value"
        ),
        params![merchant, name, count],
    )
    .await?;
    let (last,): (i64,) = tx.query_one(sql!("SELECT value FROM counter WHERE merchant = $1 AND name = $2"), params![merchant, name]).await?;
    Ok(last - count + 1)
}

static COUNT_UP: SetSql = SetSql::insert(
    "counter",
    &[("merchant", Int), ("name", Text), ("value", Int)],
    "ON CONFLICT (merchant, name) DO UPDATE SET value = counter.value + excluded.value RETURNING merchant, name, value",
);

/// The first of the next numbers of several gapless counters (merchant and name), as many as wanted of each, at least 1.
/// Their rows stay locked until the commit, in the order of merchant and name: call it last.
///
/// # Errors
/// The store's.
pub async fn next_numbers_of_all(tx: &mut Tx<'_>, wanted: &BTreeMap<(i64, String), i64>) -> Result<HashMap<(i64, String), i64>, Fault> {
    let columns = [
        Column::ints(wanted.keys().map(|counter| counter.0)),
        Column::texts(wanted.keys().map(|counter| counter.1.clone())),
        Column::ints(wanted.values().copied()),
    ];
    let rows: Vec<(i64, String, i64)> = tx.query_set(&COUNT_UP, &columns).await?;
    let first = |(merchant, name, last): (i64, String, i64)| {
        let counter = (merchant, name);
        let count = wanted.get(&counter).copied().unwrap_or(0);
        (counter, last - count + 1)
    };
    Ok(rows.into_iter().map(first).collect())
}

/// Holder, IBAN and BIC, as they stand in the columns.
fn account_of(m: &MerchantView) -> (Option<String>, Option<String>, Option<String>) {
    let account = m.bank_account.as_ref();
    let bic = account.and_then(|account| account.bic.as_ref());
    (account.map(|account| account.holder.clone()), account.map(|account| account.iban.to_string()), bic.map(ToString::to_string))
}

/// A new merchant row.
pub(crate) async fn insert(tx: &mut Tx<'_>, m: &MerchantView) -> Result<(), Fault> {
    let (holder, iban, bic) = account_of(m);
    tx.execute_exactly(
        1,
        sql!("INSERT INTO merchant (number, id, slug, name, environment, twin, currency, time_zone, sender_email, address, country, vat_id, check_instructions, wire_instructions, bank_holder, bank_iban, bank_bic, created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"),
        params![
            m.number,
            m.id,
            &m.slug,
            &m.name,
            if m.test { "test" } else { "live" },
            m.twin,
            m.currency,
            &m.time_zone,
            m.sender_email.clone(),
            m.address.clone(),
            m.country.clone(),
            m.vat_id.clone(),
            m.check_instructions.clone(),
            m.wire_instructions.clone(),
            holder,
            iban,
            bic,
            m.created
        ],
    )
    .await
}

/// Writes what may change of a merchant and counts its version up, where it still is `m.version`.
pub(crate) async fn update(tx: &mut Tx<'_>, m: &MerchantView) -> Result<(), Fault> {
    let (holder, iban, bic) = account_of(m);
    tx.execute_exactly(
        1,
        sql!("UPDATE merchant SET name = $3, time_zone = $4, sender_email = $5, address = $6, country = $7, vat_id = $8, check_instructions = $9, wire_instructions = $10, bank_holder = $11, bank_iban = $12, bank_bic = $13, version = version + 1 WHERE number = $1 AND version = $2"),
        params![
            m.number,
            m.version,
            &m.name,
            &m.time_zone,
            m.sender_email.clone(),
            m.address.clone(),
            m.country.clone(),
            m.vat_id.clone(),
            m.check_instructions.clone(),
            m.wire_instructions.clone(),
            holder,
            iban,
            bic
        ],
    )
    .await
}

/// Closes an account, or opens it again.
pub(crate) async fn write_closed(tx: &mut Tx<'_>, merchant: i64, closed: Option<Timestamp>) -> Result<(), Fault> {
    let update = sql!("UPDATE merchant SET closed_ms = $2, version = version + 1 WHERE number = $1");
    tx.execute_exactly(1, update, params![merchant, closed]).await
}

/// Adds a member of staff.
pub(crate) async fn insert_member(tx: &mut Tx<'_>, merchant: i64, person: PersonId, role: MerchantRole, now: Timestamp) -> Result<(), Fault> {
    let insert = sql!("INSERT INTO merchant_member (merchant, person, role, created_ms) VALUES ($1, $2, $3, $4)");
    tx.execute_exactly(1, insert, params![merchant, person, role.name(), now]).await
}

/// Changes a member's role.
pub(crate) async fn update_member(tx: &mut Tx<'_>, merchant: i64, person: PersonId, role: MerchantRole) -> Result<(), Fault> {
    let update = sql!("UPDATE merchant_member SET role = $3 WHERE merchant = $1 AND person = $2");
    tx.execute_exactly(1, update, params![merchant, person, role.name()]).await
}

/// Removes a member of staff.
pub(crate) async fn delete_member(tx: &mut Tx<'_>, merchant: i64, person: PersonId) -> Result<(), Fault> {
    tx.execute_exactly(1, sql!("DELETE FROM merchant_member WHERE merchant = $1 AND person = $2"), params![merchant, person]).await
}

/// Writes how a merchant looks and counts its version up. Its row was locked.
pub(crate) async fn write_branding(tx: &mut Tx<'_>, merchant: i64, look: &Branding) -> Result<(), Fault> {
    tx.execute_exactly(
        1,
        sql!(
            "INSERT INTO merchant_branding (merchant, name, accent, sender_name, reply_to, mail_language, version)
             VALUES ($1, $2, $3, $4, $5, $6, 1)
             ON CONFLICT (merchant) DO UPDATE SET name = excluded.name, accent = excluded.accent, sender_name = excluded.sender_name,
                reply_to = excluded.reply_to, mail_language = excluded.mail_language, version = merchant_branding.version + 1"
        ),
        params![
            merchant,
            look.own_name.clone(),
            look.accent.map(|color| color.to_string()),
            look.sender_name.clone(),
            look.reply_to.clone(),
            look.mail_language.map(Language::code)
        ],
    )
    .await
}

/// Writes a merchant's logo in place of the one before.
pub(crate) async fn write_logo(tx: &mut Tx<'_>, merchant: i64, picture: Picture, hash: [u8; 32], content: &[u8]) -> Result<(), Fault> {
    tx.execute_exactly(
        1,
        sql!(
            "INSERT INTO merchant_logo (merchant, kind, width, height, hash, content) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (merchant) DO UPDATE SET kind = excluded.kind, width = excluded.width, height = excluded.height,
                hash = excluded.hash, content = excluded.content"
        ),
        params![merchant, picture.kind.name(), picture.width, picture.height, hash, content],
    )
    .await
}

/// Takes a merchant's logo away.
pub(crate) async fn delete_logo(tx: &mut Tx<'_>, merchant: i64) -> Result<(), Fault> {
    tx.execute_exactly(1, sql!("DELETE FROM merchant_logo WHERE merchant = $1"), params![merchant]).await
}
