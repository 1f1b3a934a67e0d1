//! Every write on `reseller` and `reseller_member`.

use super::queries::ResellerView;
use crate::access::ResellerRole;
use crate::ids::{PersonId, ResellerId};
use tradepost_kernel::Timestamp;
use tradepost_kernel::text::folded;
use tradepost_store::{Fault, Tx, params, sql};

/// A new company.
pub(crate) async fn insert(tx: &mut Tx<'_>, r: &ResellerView) -> Result<(), Fault> {
    tx.execute_exactly(
        1,
        sql!("INSERT INTO reseller (id, company, email, phone, street, city, postal_code, region, country, vat_id, created_ms, company_key, email_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"),
        params![
            r.id,
            &r.company,
            &r.email,
            r.phone.clone(),
            r.street.clone(),
            r.city.clone(),
            r.postal_code.clone(),
            r.region.clone(),
            &r.country,
            r.vat_id.clone(),
            r.created,
            company_key(&r.company),
            r.email.to_ascii_lowercase()
        ],
    )
    .await
}

/// What a company is found and sorted by.
pub(crate) fn company_key(company: &str) -> Vec<u8> {
    folded(company).into_bytes()
}

/// Writes a company's profile and counts its version up.
pub(crate) async fn update(tx: &mut Tx<'_>, r: &ResellerView) -> Result<(), Fault> {
    tx.execute_exactly(
        1,
        sql!("UPDATE reseller SET company = $3, email = $4, phone = $5, street = $6, city = $7, postal_code = $8, region = $9, country = $10, vat_id = $11, company_key = $12, email_key = $13, version = version + 1 WHERE id = $1 AND version = $2"),
        params![
            r.id,
            r.version,
            &r.company,
            &r.email,
            r.phone.clone(),
            r.street.clone(),
            r.city.clone(),
            r.postal_code.clone(),
            r.region.clone(),
            &r.country,
            r.vat_id.clone(),
            company_key(&r.company),
            r.email.to_ascii_lowercase()
        ],
    )
    .await?;
    // Where the merchants look for it.
    super::store::write_search_keys(tx, r.id).await
}

/// Locks a company until the commit; says whether it is there.
pub(crate) async fn lock(tx: &mut Tx<'_>, id: ResellerId) -> Result<bool, Fault> {
    let row: Option<(ResellerId,)> = tx.query_opt(sql!("SELECT id FROM reseller WHERE id = $1 FOR UPDATE"), params![id]).await?;
    Ok(row.is_some())
}

/// Deletes a company that is in no program (anymore), with its members. The people stay.
pub(crate) async fn delete(tx: &mut Tx<'_>, id: ResellerId) -> Result<(), Fault> {
    tx.execute(sql!("DELETE FROM reseller_member WHERE reseller = $1"), params![id]).await?;
    tx.execute_exactly(1, sql!("DELETE FROM reseller WHERE id = $1"), params![id]).await
}

/// Adds a user of a company.
pub(crate) async fn insert_member(tx: &mut Tx<'_>, reseller: ResellerId, person: PersonId, role: ResellerRole, now: Timestamp) -> Result<(), Fault> {
    let insert = sql!("INSERT INTO reseller_member (reseller, person, role, created_ms) VALUES ($1, $2, $3, $4)");
    tx.execute_exactly(1, insert, params![reseller, person, role.name(), now]).await
}

/// Changes a user's role.
pub(crate) async fn update_member(tx: &mut Tx<'_>, reseller: ResellerId, person: PersonId, role: ResellerRole) -> Result<(), Fault> {
    let update = sql!("UPDATE reseller_member SET role = $3 WHERE reseller = $1 AND person = $2");
    tx.execute_exactly(1, update, params![reseller, person, role.name()]).await
}

/// Removes a user of a company.
pub(crate) async fn delete_member(tx: &mut Tx<'_>, reseller: ResellerId, person: PersonId) -> Result<(), Fault> {
    tx.execute_exactly(1, sql!("DELETE FROM reseller_member WHERE reseller = $1 AND person = $2"), params![reseller, person]).await
}
