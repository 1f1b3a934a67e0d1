//! MERGE: these two statements belong to `catalog::store`; on merging call its functions and delete this file.

use crate::ids::{PartnershipId, PriceListId};
use tradepost_kernel::Timestamp;
use tradepost_store::{Fault, Tx, params, sql};

/// A new, empty price list.
pub(crate) async fn insert_price_list(tx: &mut Tx<'_>, merchant: i64, id: PriceListId, name: &str, now: Timestamp) -> Result<(), Fault> {
    let insert = sql!("INSERT INTO price_list (merchant, id, name, created_ms) VALUES ($1, $2, $3, $4)");
    tx.execute_exactly(1, insert, params![merchant, id, name, now]).await
}

/// Forgets products and prices given to a partnership that goes away.
pub(crate) async fn forget_partnership(tx: &mut Tx<'_>, merchant: i64, partnership: PartnershipId) -> Result<(), Fault> {
    tx.execute(sql!("DELETE FROM partnership_product WHERE merchant = $1 AND partnership = $2"), params![merchant, partnership]).await?;
    tx.execute(sql!("DELETE FROM price WHERE merchant = $1 AND book = 'partnership' AND owner = $2"), params![merchant, partnership]).await?;
    Ok(())
}
