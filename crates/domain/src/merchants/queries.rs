//! What is shown of merchants and their staff.

use super::{BankAccount, MerchantView};
use crate::access::{MerchantRole, MerchantScope};
use crate::ids::{MerchantId, PersonId};
use tradepost_kernel::{Bic, Iban, Timestamp};
use tradepost_store::{Fault, FromRow, Reader, Row, params, sql};

impl FromRow for MerchantView {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        Ok(Self {
            number: columns.next()?,
            id: columns.next()?,
            slug: columns.next()?,
            name: columns.next()?,
            test: columns.next::<String>()? == "test",
            twin: columns.next()?,
            currency: columns.next()?,
            time_zone: columns.next()?,
            sender_email: columns.next()?,
            address: columns.next()?,
            country: columns.next()?,
            vat_id: columns.next()?,
            check_instructions: columns.next()?,
            wire_instructions: columns.next()?,
            bank_account: bank_account(columns.next()?, columns.next()?, columns.next()?),
            created: columns.next()?,
            closed: columns.next()?,
            version: columns.next()?,
        })
    }
}

/// Holder and number are there together or not at all: the table checks it.
fn bank_account(holder: Option<String>, iban: Option<String>, bic: Option<String>) -> Option<BankAccount> {
    Some(BankAccount { holder: holder?, iban: Iban::kept(iban?), bic: bic.map(Bic::kept) })
}

/// One merchant by its number.
///
/// # Errors
/// The store's.
pub async fn merchant(reader: &mut Reader<'_>, number: i64) -> Result<Option<MerchantView>, Fault> {
    reader
        .query_opt(
            sql!("SELECT number, id, slug, name, environment, twin, currency, time_zone, sender_email, address, country, vat_id, check_instructions, wire_instructions, bank_holder, bank_iban, bank_bic, created_ms, closed_ms, version FROM merchant WHERE number = $1"),
            params![number],
        )
        .await
}

/// One merchant by its public id.
///
/// # Errors
/// The store's.
pub async fn by_id(reader: &mut Reader<'_>, id: MerchantId) -> Result<Option<MerchantView>, Fault> {
    let number: Option<(i64,)> = reader.query_opt(sql!("SELECT number FROM merchant WHERE id = $1"), params![id]).await?;
    match number {
        Some((number,)) => merchant(reader, number).await,
        None => Ok(None),
    }
}

/// One merchant by its slug and environment.
///
/// # Errors
/// The store's.
pub async fn by_slug(reader: &mut Reader<'_>, slug: &str, test: bool) -> Result<Option<MerchantView>, Fault> {
    let environment = if test { "test" } else { "live" };
    let number: Option<(i64,)> = reader.query_opt(sql!("SELECT number FROM merchant WHERE slug = $1 AND environment = $2"), params![slug, environment]).await?;
    match number {
        Some((number,)) => merchant(reader, number).await,
        None => Ok(None),
    }
}

/// A member of a merchant's staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffView {
    /// Who.
    pub person: PersonId,
    /// As it was typed.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// What they may do.
    pub role: MerchantRole,
    /// Since when.
    pub since: Timestamp,
}

impl FromRow for StaffView {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        Ok(Self {
            person: columns.next()?,
            email: columns.next()?,
            first_name: columns.next()?,
            last_name: columns.next()?,
            role: MerchantRole::from_name(&columns.next::<String>()?).ok_or(Fault::Column("a merchant role"))?,
            since: columns.next()?,
        })
    }
}

/// A merchant's staff, at most 1,000, by person id.
///
/// # Errors
/// The store's.
pub async fn staff(reader: &mut Reader<'_>, scope: MerchantScope) -> Result<Vec<StaffView>, Fault> {
    reader
        .query(
            sql!("SELECT m.person, p.email, p.first_name, p.last_name, m.role, m.created_ms FROM merchant_member m JOIN person p ON p.id = m.person WHERE m.merchant = $1 ORDER BY m.person LIMIT 1000"),
            params![scope.merchant],
        )
        .await
}

/// The role of a person in a merchant's staff; `None` where they are not in it.
///
/// # Errors
/// The store's.
pub async fn role(reader: &mut Reader<'_>, merchant: i64, person: PersonId) -> Result<Option<MerchantRole>, Fault> {
    let found: Option<(String,)> =
        reader.query_opt(sql!("SELECT role FROM merchant_member WHERE merchant = $1 AND person = $2"), params![merchant, person]).await?;
    found.map(|(name,)| MerchantRole::from_name(&name).ok_or(Fault::Column("a merchant role"))).transpose()
}

/// Where a person works: number and role, at most 100, sandboxes included.
///
/// # Errors
/// The store's.
pub async fn employers(reader: &mut Reader<'_>, person: PersonId) -> Result<Vec<(MerchantView, MerchantRole)>, Fault> {
    let rows: Vec<(i64, String)> =
        reader.query(sql!("SELECT merchant, role FROM merchant_member WHERE person = $1 ORDER BY merchant LIMIT 100"), params![person]).await?;
    let mut employers = Vec::with_capacity(rows.len());
    for (number, name) in rows {
        let role = MerchantRole::from_name(&name).ok_or(Fault::Column("a merchant role"))?;
        let found = merchant(reader, number).await?.ok_or_else(|| Fault::invariant(format!("no merchant {number}")))?;
        employers.push((found, role));
    }
    Ok(employers)
}

/// Whether there is any merchant.
///
/// # Errors
/// The store's.
pub async fn is_any(reader: &mut Reader<'_>) -> Result<bool, Fault> {
    let found: Option<(i64,)> = reader.query_opt(sql!("SELECT number FROM merchant ORDER BY number LIMIT 1"), params![]).await?;
    Ok(found.is_some())
}
