//! The licenses of fulfillments and their keys, as deliveries, downloads and refunds read them.

use super::FulfillmentRow;
use crate::access::MerchantScope;
use crate::ids::{CancelRequestId, FulfillmentId, LicenseId, LicenseKeyId};
use crate::licenses::Stage;
use std::collections::HashMap;
use tradepost_store::{Column, Fault, Reader, params, sql};

/// A license that was not taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) license: LicenseId,
    pub(super) key: LicenseKeyId,
    /// Whether somebody saw its code.
    pub(super) shown: bool,
}

/// The licenses of a fulfillment that were not taken back; only those that a request names, where it is given.
pub(super) async fn standing(
    reader: &mut Reader<'_>,
    merchant: i64,
    fulfillment: FulfillmentId,
    named_by: Option<CancelRequestId>,
) -> Result<Vec<Unit>, Fault> {
    let rows: Vec<(LicenseId, LicenseKeyId, i64)> = if let Some(request) = named_by {
        let named = sql!(
            "SELECT l.id, k.id, CASE WHEN k.shown_ms IS NULL THEN 0 ELSE 1 END FROM cancel_request_license c
             JOIN license l ON l.merchant = c.merchant AND l.id = c.license JOIN license_key k ON k.merchant = l.merchant AND k.id = l.license_key
             WHERE c.merchant = $1 AND c.cancel_request = $2 AND l.fulfillment = $3 AND l.stage = 'distributed' ORDER BY l.id"
        );
        reader.query(named, params![merchant, request, fulfillment]).await?
    } else {
        let whole = sql!(
            "SELECT l.id, k.id, CASE WHEN k.shown_ms IS NULL THEN 0 ELSE 1 END FROM license l
             JOIN license_key k ON k.merchant = l.merchant AND k.id = l.license_key
             WHERE l.merchant = $1 AND l.fulfillment = $2 AND l.stage = 'distributed' ORDER BY l.id"
        );
        reader.query(whole, params![merchant, fulfillment]).await?
    };
    Ok(rows.into_iter().map(|(license, key, shown)| Unit { license, key, shown: shown == 1 }).collect())
}

/// How many of what [`standing`] would give were shown, and how many not; units that were promised count as unseen.
pub(super) async fn standing_counts(
    reader: &mut Reader<'_>,
    merchant: i64,
    row: &FulfillmentRow,
    named_by: Option<CancelRequestId>,
) -> Result<(i64, i64), Fault> {
    let (all, shown): (i64, i64) = if let Some(request) = named_by {
        let named = sql!(
            "SELECT COUNT(*), COUNT(k.shown_ms) FROM cancel_request_license c
             JOIN license l ON l.merchant = c.merchant AND l.id = c.license JOIN license_key k ON k.merchant = l.merchant AND k.id = l.license_key
             WHERE c.merchant = $1 AND c.cancel_request = $2 AND l.fulfillment = $3 AND l.stage = 'distributed'"
        );
        reader.query_one(named, params![merchant, request, row.id]).await?
    } else {
        let whole = sql!(
            "SELECT COUNT(*), COUNT(k.shown_ms) FROM license l JOIN license_key k ON k.merchant = l.merchant AND k.id = l.license_key
             WHERE l.merchant = $1 AND l.fulfillment = $2 AND l.stage = 'distributed'"
        );
        reader.query_one(whole, params![merchant, row.id]).await?
    };
    Ok((shown, all - shown + row.promised()))
}

/// In which stage licenses of a fulfillment are; those of others are missing from the map.
pub(super) async fn stages_of(
    reader: &mut Reader<'_>,
    merchant: i64,
    fulfillment: FulfillmentId,
    licenses: &[LicenseId],
) -> Result<HashMap<LicenseId, Stage>, Fault> {
    let sql = sql!("SELECT id, stage FROM license WHERE merchant = $1 AND fulfillment = $2 AND id = ANY($3)");
    let rows: Vec<(LicenseId, String)> = reader.query_each(sql, params![merchant, fulfillment], &Column::ids(licenses.iter().copied())).await?;
    let mut stages = HashMap::with_capacity(rows.len());
    for (license, stage) in rows {
        stages.insert(license, Stage::from_name(&stage).ok_or(Fault::Column("a stage of licenses"))?);
    }
    Ok(stages)
}

/// One code of a download, sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The license.
    pub license: LicenseId,
    /// Its key.
    pub key: LicenseKeyId,
    /// The code, for [`open_code`](crate::stock::open_code).
    pub sealed: Vec<u8>,
    /// Whether somebody saw it before.
    pub shown: bool,
}

/// The next codes of a fulfillment behind a license, without what was taken back, in order of license.
///
/// # Errors
/// The store's.
pub async fn codes_after(reader: &mut Reader<'_>, scope: MerchantScope, fulfillment: FulfillmentId, after: LicenseId, limit: i64) -> Result<Vec<Code>, Fault> {
    let sql = sql!(
        "SELECT l.id, k.id, k.sealed, CASE WHEN k.shown_ms IS NULL THEN 0 ELSE 1 END FROM license l
         JOIN license_key k ON k.merchant = l.merchant AND k.id = l.license_key
         WHERE l.merchant = $1 AND l.fulfillment = $2 AND l.id > $3 AND l.stage = 'distributed' ORDER BY l.id LIMIT $4"
    );
    let rows: Vec<(LicenseId, LicenseKeyId, Vec<u8>, i64)> = reader.query(sql, params![scope.merchant, fulfillment, after, limit]).await?;
    Ok(rows.into_iter().map(|(license, key, sealed, shown)| Code { license, key, sealed, shown: shown == 1 }).collect())
}
