//! The statement of a prepaid balance (EXT-1): every movement from the ledger, newest first, with what it left.
//!
//! A movement's place is its transfer's id. One server mints those of a partnership one after the other, under its lock, so that they
//! stand as they were booked. Two servers' clocks differ a little: what both booked within that moment may stand in the other order
//! (see `verify/prepaid.rs`). Then each line still says what the lines up to it come to, and the newest what is there; between two
//! such movements that may differ from the balance that a fulfillment was answered with.

use crate::access::{PartnershipScope, named};
use crate::ids::{AccountId, FulfillmentId, InvoiceId, TransferId};
use crate::ledger::AccountKind;
use crate::listing::{Page, PageRequest};
use tradepost_kernel::{Currency, Timestamp};
use tradepost_store::{Fault, FromRow, Reader, Row, Sql, params, sql};

/// Why a balance moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MovementKind {
    /// A top-up was paid, in part or whole.
    TopUp,
    /// A fulfillment was debited.
    Fulfillment,
    /// Some of a fulfillment was given back.
    Refund,
}
named!(MovementKind { TopUp = "top_up", Fulfillment = "fulfillment", Refund = "refund" });

/// One movement of a prepaid balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The transfer that booked it.
    pub id: TransferId,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub kind: MovementKind,
    /// Minor units; more balance is positive.
    pub amount_minor: i64,
    /// The balance after it, minor units.
    pub balance_minor: i64,
    /// The top-up that was paid: its invoice and number.
    pub invoice: Option<(InvoiceId, String)>,
    /// The fulfillment and the shop's own order id.
    pub fulfillment: Option<(FulfillmentId, String)>,
}

impl FromRow for Movement {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut c = row.take();
        let (id, at, kind) = (c.next()?, c.next()?, c.next::<String>()?);
        let kind = match kind.as_str() {
            "payment" => MovementKind::TopUp,
            "fulfillment" => MovementKind::Fulfillment,
            _ => MovementKind::Refund,
        };
        let amount_minor = -c.next::<i64>()?;
        let invoice = Option::zip(c.next()?, c.next()?);
        let fulfillment = Option::zip(c.next()?, c.next()?);
        Ok(Self { id, at, kind, amount_minor, balance_minor: 0, invoice, fulfillment })
    }
}

/// The span of a statement: what moved at or after `from`, and before `to`. The balance after each movement is what it is, whatever is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first moment; `None`: from the beginning.
    pub from: Option<Timestamp>,
    /// The first moment after it; `None`: until now.
    pub to: Option<Timestamp>,
}

impl Span {
    fn has(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| at >= from) && self.to.is_none_or(|to| at < to)
    }
}

/// Where a walk over a statement is: the account, the next older place, and the balance right there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    merchant: i64,
    account: AccountId,
    span: Span,
    /// Nothing older than this place is of the span.
    first: [u8; 16],
    before: [u8; 16],
    balance_minor: i64,
}

/// Movements of account `$2` before transfer `$3`, newest first, `$4` of them.
pub const MOVEMENTS: Sql = sql!(
    "SELECT e.transfer, t.at_ms, t.kind, e.amount_minor, i.id, i.number, f.id, f.external_order_id
     FROM entry e JOIN transfer t ON t.merchant = e.merchant AND t.id = e.transfer
     LEFT JOIN payment p ON p.merchant = t.merchant AND p.id = t.reference AND t.kind = 'payment'
     LEFT JOIN invoice i ON i.merchant = p.merchant AND i.id = p.invoice
     LEFT JOIN cancel_request c ON c.merchant = t.merchant AND c.id = t.reference
     LEFT JOIN fulfillment f ON f.merchant = t.merchant AND f.id = COALESCE(c.fulfillment, t.reference)
     WHERE e.merchant = $1 AND e.account = $2 AND e.transfer < $3 ORDER BY e.transfer DESC LIMIT $4"
);

impl Walk {
    /// Begins at the newest movement of a span that is older than `before`, or the newest of all. `None`: the account was never opened.
    ///
    /// # Errors
    /// The store's.
    pub async fn begin(
        reader: &mut Reader<'_>,
        scope: PartnershipScope,
        currency: Currency,
        span: Span,
        before: Option<[u8; 16]>,
    ) -> Result<Option<Self>, Fault> {
        let account: Option<(AccountId, i64)> = reader
            .query_opt(
                sql!("SELECT id, balance_minor FROM account WHERE merchant = $1 AND partnership = $2 AND kind = $3 AND currency = $4"),
                params![scope.merchant, scope.partnership, AccountKind::Prepaid.name(), currency],
            )
            .await?;
        let Some((account, total)) = account else { return Ok(None) };
        let (first, end) = PageRequest { limit: 1, before }.between(span.from, span.to);
        let mut newer = 0;
        if end != [0xff; 16] {
            let sum = sql!("SELECT CAST(COALESCE(SUM(amount_minor), 0) AS bigint) FROM entry WHERE merchant = $1 AND account = $2 AND transfer >= $3");
            (newer,) = reader.query_one::<(i64,)>(sum, params![scope.merchant, account, end]).await?;
        }
        Ok(Some(Self { merchant: scope.merchant, account, span, first, before: end, balance_minor: newer - total }))
    }

    /// Some of the next movements, newest first, `limit` at most; empty at the end.
    ///
    /// # Errors
    /// The store's.
    pub async fn next(&mut self, reader: &mut Reader<'_>, limit: i64) -> Result<Vec<Movement>, Fault> {
        loop {
            let mut movements: Vec<Movement> = reader.query(MOVEMENTS, params![self.merchant, self.account, self.before, limit]).await?;
            for movement in &mut movements {
                movement.balance_minor = self.balance_minor;
                self.balance_minor -= movement.amount_minor;
                self.before = movement.id.bytes();
            }
            let ended = movements.last().is_none_or(|last| last.id.bytes() < self.first);
            // Places lie a little later than moments: near the end of a span some are of it by their place only.
            movements.retain(|movement| movement.id.bytes() >= self.first && self.span.has(movement.at));
            if ended || !movements.is_empty() {
                return Ok(movements);
            }
        }
    }
}

/// A page of the statement over a span.
///
/// # Errors
/// The store's.
pub async fn page(reader: &mut Reader<'_>, scope: PartnershipScope, currency: Currency, span: Span, page: PageRequest) -> Result<Page<Movement>, Fault> {
    let mut rows = Vec::new();
    if let Some(mut walk) = Walk::begin(&mut *reader, scope, currency, span, page.before).await? {
        let mut left = page.fetch();
        while left > 0 {
            let more = walk.next(&mut *reader, left).await?;
            if more.is_empty() {
                break;
            }
            left -= i64::try_from(more.len()).unwrap_or(left);
            rows.extend(more);
        }
    }
    Ok(page.page(rows, |movement: &Movement| movement.id))
}
