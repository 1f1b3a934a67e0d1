//! Orders that reserve for too long (STK-7).

use crate::access::PartnershipScope;
use crate::ids::{OrderId, PartnershipId};
use tradepost_kernel::Timestamp;
use tradepost_store::{Fault, Reader, Sql, params, sql};

/// Held orders whose time to keep what they reserve is over, the longest due first.
pub const RESERVING_TOO_LONG: Sql = sql!(
    "SELECT merchant, partnership, id FROM orders WHERE reserved_until_ms <= $1
     AND reservation_ended_ms IS NULL AND released_ms IS NULL AND canceled_ms IS NULL ORDER BY reserved_until_ms LIMIT $2"
);

/// Whose orders, and which, are to give back what they reserve.
///
/// # Errors
/// The store's.
pub async fn reserving_too_long(reader: &mut Reader<'_>, now: Timestamp, most: i64) -> Result<Vec<(PartnershipScope, OrderId)>, Fault> {
    let rows: Vec<(i64, PartnershipId, OrderId)> = reader.query(RESERVING_TOO_LONG, params![now, most]).await?;
    Ok(rows.into_iter().map(|(merchant, partnership, order)| (PartnershipScope { merchant, partnership }, order)).collect())
}
