//! Every write on `spending_limit` and `order_approval`.

use crate::access::PartnershipScope;
use crate::ids::{PersonId, ResellerId};
use tradepost_kernel::{Money, Timestamp};
use tradepost_store::{Fault, Tx, params, sql};

/// Sets or clears what a user may order in a calendar month.
pub(super) async fn write_limit(tx: &mut Tx<'_>, scope: PartnershipScope, person: PersonId, limit: Option<Money>, now: Timestamp) -> Result<(), Fault> {
    let Some(limit) = limit else {
        let delete = sql!("DELETE FROM spending_limit WHERE merchant = $1 AND partnership = $2 AND person = $3");
        return tx.execute(delete, params![scope.merchant, scope.partnership, person]).await.map(drop);
    };
    let write = sql!(
        "INSERT INTO spending_limit (merchant, partnership, person, currency, month_minor, updated_ms) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (merchant, partnership, person) DO UPDATE SET currency = excluded.currency, month_minor = excluded.month_minor,
           updated_ms = excluded.updated_ms"
    );
    tx.execute_exactly(1, write, params![scope.merchant, scope.partnership, person, limit.currency, limit.minor, now]).await
}

/// Sets or clears the amount above which an owner approves orders.
pub(super) async fn write_approval(tx: &mut Tx<'_>, scope: PartnershipScope, over: Option<Money>, now: Timestamp) -> Result<(), Fault> {
    let Some(over) = over else {
        let delete = sql!("DELETE FROM order_approval WHERE merchant = $1 AND partnership = $2");
        return tx.execute(delete, params![scope.merchant, scope.partnership]).await.map(drop);
    };
    let write = sql!(
        "INSERT INTO order_approval (merchant, partnership, currency, over_minor, updated_ms) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (merchant, partnership) DO UPDATE SET currency = excluded.currency, over_minor = excluded.over_minor, updated_ms = excluded.updated_ms"
    );
    tx.execute_exactly(1, write, params![scope.merchant, scope.partnership, over.currency, over.minor, now]).await
}

/// Forgets what somebody might order who left the company.
pub(super) async fn delete_limits(tx: &mut Tx<'_>, reseller: ResellerId, person: PersonId) -> Result<(), Fault> {
    let delete = sql!(
        "DELETE FROM spending_limit WHERE person = $2 AND EXISTS (SELECT 1 FROM partnership p
           WHERE p.reseller = $1 AND p.merchant = spending_limit.merchant AND p.id = spending_limit.partnership)"
    );
    tx.execute(delete, params![reseller, person]).await.map(drop)
}
