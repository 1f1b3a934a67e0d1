//! Every write on `api_key`.

use super::api_keys::{ApiKeyRow, KeyOwner, kind_name};
use crate::access::Right;
use crate::ids::{ApiKeyId, PartnershipId, ProductId};
use tradepost_kernel::Timestamp;
use tradepost_kernel::api_key::KeyKind;
use tradepost_store::{Fault, FromRow, Row, Tx, params, sql};

impl FromRow for ApiKeyRow {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        let owner = KeyOwner { merchant: columns.next()?, partnership: columns.next()? };
        let id = columns.next()?;
        let name = columns.next()?;
        let masked = columns.next()?;
        let rights: String = columns.next()?;
        let addresses: Option<String> = columns.next()?;
        // A right that this version no longer has gives nothing.
        let rights = rights.split(' ').filter_map(Right::from_name).collect();
        let addresses = addresses.map(|list| list.split(' ').map(str::to_owned).collect()).unwrap_or_default();
        let (created, expires, last_used) = (columns.next()?, columns.next()?, columns.next()?);
        let (disabled_by_merchant, disabled_by_reseller, replaced_by) = (columns.next()?, columns.next()?, columns.next()?);
        let kind = match (columns.next::<String>()?.as_str(), owner.partnership) {
            ("dynamic_url", Some(_)) => KeyKind::DynamicUrl,
            ("api", Some(_)) => KeyKind::Partnership,
            ("api", None) => KeyKind::Merchant,
            _ => return Err(Fault::Column("the kind of a key")),
        };
        let products = products_of(columns.next()?)?;
        Ok(Self {
            id,
            kind,
            owner,
            name,
            masked,
            rights,
            addresses,
            products,
            created,
            expires,
            last_used,
            disabled_by_merchant,
            disabled_by_reseller,
            replaced_by,
        })
    }
}

/// The ids in a column of products. One that cannot be read must not look like none, which would mean all.
pub(crate) fn products_of(column: Option<String>) -> Result<Vec<ProductId>, Fault> {
    let texts = column.iter().flat_map(|list| list.split(' '));
    texts.map(|text| text.parse::<ProductId>().map_err(|_| Fault::Column("the products of a key"))).collect()
}

/// A key, locked until the commit.
pub(crate) async fn lock(tx: &mut Tx<'_>, merchant: i64, id: ApiKeyId) -> Result<Option<ApiKeyRow>, Fault> {
    tx.query_opt(
        sql!("SELECT merchant, partnership, id, name, masked, rights, addresses, created_ms, expires_ms, last_used_ms, disabled_by_merchant_ms, disabled_by_reseller_ms, replaced_by, kind, products FROM api_key WHERE merchant = $1 AND id = $2 FOR UPDATE"),
        params![merchant, id],
    )
    .await
}

/// A new key.
pub(crate) async fn insert(tx: &mut Tx<'_>, key: &ApiKeyRow, hash: [u8; 32]) -> Result<(), Fault> {
    let rights: Vec<&str> = key.rights.iter().map(|right| right.name()).collect();
    let addresses = (!key.addresses.is_empty()).then(|| key.addresses.join(" "));
    let products = (!key.products.is_empty()).then(|| key.products.iter().map(ProductId::text).collect::<Vec<_>>().join(" "));
    tx.execute_exactly(
        1,
        sql!(
            "INSERT INTO api_key (merchant, id, partnership, name, masked, hash, rights, addresses, created_ms, expires_ms, kind, products)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
        ),
        params![
            key.owner.merchant,
            key.id,
            key.owner.partnership,
            &key.name,
            &key.masked,
            hash,
            rights.join(" "),
            addresses,
            key.created,
            key.expires,
            kind_name(key.kind),
            products
        ],
    )
    .await
}

/// Says what took a key's place and when it ends.
pub(crate) async fn replace(tx: &mut Tx<'_>, key: &ApiKeyRow, by: ApiKeyId, ends: Timestamp) -> Result<(), Fault> {
    let update = sql!("UPDATE api_key SET replaced_by = $3, expires_ms = $4 WHERE merchant = $1 AND id = $2");
    tx.execute_exactly(1, update, params![key.owner.merchant, key.id, by, ends]).await
}

/// Writes who has switched a key off.
pub(crate) async fn write_switches(tx: &mut Tx<'_>, key: &ApiKeyRow) -> Result<(), Fault> {
    tx.execute_exactly(
        1,
        sql!("UPDATE api_key SET disabled_by_merchant_ms = $3, disabled_by_reseller_ms = $4 WHERE merchant = $1 AND id = $2"),
        params![key.owner.merchant, key.id, key.disabled_by_merchant, key.disabled_by_reseller],
    )
    .await
}

/// Deletes a key.
pub(crate) async fn delete(tx: &mut Tx<'_>, key: &ApiKeyRow) -> Result<(), Fault> {
    tx.execute_exactly(1, sql!("DELETE FROM api_key WHERE merchant = $1 AND id = $2"), params![key.owner.merchant, key.id]).await
}

/// Notes a use.
pub(crate) async fn touch(tx: &mut Tx<'_>, merchant: i64, id: ApiKeyId, at: Timestamp) -> Result<(), Fault> {
    let update = sql!("UPDATE api_key SET last_used_ms = $3 WHERE merchant = $1 AND id = $2 AND (last_used_ms IS NULL OR last_used_ms < $3)");
    tx.execute(update, params![merchant, id, at]).await?;
    Ok(())
}

/// Deletes the keys of a partnership that goes away.
pub(crate) async fn delete_of_partnership(tx: &mut Tx<'_>, merchant: i64, partnership: PartnershipId) -> Result<(), Fault> {
    tx.execute(sql!("DELETE FROM api_key WHERE merchant = $1 AND partnership = $2"), params![merchant, partnership]).await?;
    Ok(())
}
