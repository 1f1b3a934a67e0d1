//! What waits for the merchant's people, counted in one statement.

use super::{COUNTED, Count};
use crate::access::MerchantScope;
use tradepost_kernel::Date;
use tradepost_store::{Fault, FromRow, Reader, Row, Sql, params, sql};

/// What waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Sign-ups that nobody decided on.
    pub sign_ups: Count,
    /// Orders whose delivery the merchant confirms.
    pub deliveries: Count,
    /// Requests to take fulfillments back.
    pub cancel_requests: Count,
    /// Orders that are held for credit or payment.
    pub held_orders: Count,
    /// Orders that are not paid.
    pub unpaid_orders: Count,
    /// Invoices that are past their due date.
    pub overdue_invoices: Count,
    /// Messages that could not be sent.
    pub failed_messages: Count,
    /// Partnerships that reached their credit limit.
    pub balances_due: Count,
}

impl FromRow for Waiting {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        let mut next = || columns.next::<i64>().map(Count::of);
        Ok(Self {
            sign_ups: next()?,
            deliveries: next()?,
            cancel_requests: next()?,
            held_orders: next()?,
            unpaid_orders: next()?,
            overdue_invoices: next()?,
            failed_messages: next()?,
            balances_due: next()?,
        })
    }
}

/// Every count, each to one beyond [`COUNTED`].
pub const WAITING: Sql = sql!(
    "SELECT (SELECT COUNT(*) FROM (SELECT id FROM partnership WHERE merchant = $1 AND status = 'pending' LIMIT $3) a),
       (SELECT COUNT(*) FROM (SELECT id FROM orders WHERE merchant = $1 AND state = 'awaiting_confirmation' LIMIT $3) b),
       (SELECT COUNT(*) FROM (SELECT id FROM cancel_request WHERE merchant = $1 AND state = 'pending' LIMIT $3) c),
       (SELECT COUNT(*) FROM (SELECT id FROM orders WHERE merchant = $1 AND placed_ms IS NOT NULL AND released_ms IS NULL AND canceled_ms IS NULL LIMIT $3) d),
       (SELECT COUNT(*) FROM (SELECT id FROM orders WHERE merchant = $1 AND state = 'awaiting_payment' LIMIT $3) e),
       (SELECT COUNT(*) FROM (SELECT id FROM invoice WHERE merchant = $1 AND paid_minor < total_minor AND canceled_ms IS NULL AND due_on < $2 LIMIT $3) f),
       (SELECT COUNT(*) FROM (SELECT id FROM message WHERE merchant = $1 AND state <> 'sent' AND state = 'failed' LIMIT $3) g),
       (SELECT COUNT(*) FROM (SELECT id FROM partnership WHERE merchant = $1 AND balance_due = 1 LIMIT $3) h)"
);

/// What waits on a day in the merchant's time zone.
///
/// # Errors
/// The store's.
pub async fn waiting(reader: &mut Reader<'_>, scope: MerchantScope, today: Date) -> Result<Waiting, Fault> {
    reader.query_one(WAITING, params![scope.merchant, today, COUNTED + 1]).await
}

/// How many sign-ups nobody decided on: what stands beside the list's name on every page.
///
/// # Errors
/// The store's.
pub async fn sign_ups(reader: &mut Reader<'_>, scope: MerchantScope) -> Result<Count, Fault> {
    let counted = sql!("SELECT COUNT(*) FROM (SELECT id FROM partnership WHERE merchant = $1 AND status = 'pending' LIMIT $2) a");
    reader.query_one(counted, params![scope.merchant, COUNTED + 1]).await.map(Count::of)
}
