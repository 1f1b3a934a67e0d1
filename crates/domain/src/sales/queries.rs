//! What was sold, as it is read: a row per day and currency.

use super::Sales;
use crate::access::{MerchantScope, PartnershipScope};
use tradepost_kernel::{Currency, Date};
use tradepost_store::{Fault, FromRow, Reader, Row, Sql, params, sql};

/// What was sold on a day in a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DaySales {
    /// The day in the merchant's time zone.
    pub day: Date,
    /// The currency.
    pub currency: Currency,
    /// How much.
    pub sales: Sales,
}

impl FromRow for DaySales {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut c = row.take();
        Ok(Self { day: c.next()?, currency: c.next()?, sales: Sales { orders: c.next()?, units: c.next()?, amount_minor: c.next()? } })
    }
}

/// What a merchant sold, all partnerships together.
pub const OF_MERCHANT: Sql = sql!(
    "SELECT day, currency, CAST(SUM(orders) AS bigint), CAST(SUM(units) AS bigint), CAST(SUM(amount_minor) AS bigint) FROM daily_sales
     WHERE merchant = $1 AND day >= $2 AND day <= $3 GROUP BY day, currency ORDER BY day, currency"
);

/// What a merchant sold from a day to a day, both inclusive; days without sales are missing.
///
/// # Errors
/// The store's.
pub async fn of_merchant(reader: &mut Reader<'_>, scope: MerchantScope, from: Date, to: Date) -> Result<Vec<DaySales>, Fault> {
    reader.query(OF_MERCHANT, params![scope.merchant, from, to]).await
}

/// What a partnership bought.
pub const OF_PARTNERSHIP: Sql = sql!(
    "SELECT day, currency, orders, units, amount_minor FROM daily_sales WHERE merchant = $1 AND partnership = $2 AND day >= $3 AND day <= $4 ORDER BY day, currency"
);

/// What a partnership bought from a day to a day, both inclusive; days without sales are missing.
///
/// # Errors
/// The store's.
pub async fn of_partnership(reader: &mut Reader<'_>, scope: PartnershipScope, from: Date, to: Date) -> Result<Vec<DaySales>, Fault> {
    reader.query(OF_PARTNERSHIP, params![scope.merchant, scope.partnership, from, to]).await
}
