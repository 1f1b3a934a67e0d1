//! Every writing statement on invoices and payments.

use super::auto_top_up::{AutoTopUp, Refill};
use super::document::InvoiceDocument;
use super::{InvoiceKind, PaymentMethod};
use crate::access::PartnershipScope;
use crate::command::Ctx;
use crate::ids::{InvoiceId, OrderId, PartnershipId, PaymentId};
use tradepost_kernel::{Currency, Date};
use tradepost_store::{Fault, Tx, params, sql};

/// The series of ordinary invoices.
pub const SERIES: &str = "INV";

/// Issues an invoice over one order. `document.number` is the text of `sequence`.
///
/// # Errors
/// The store's.
pub async fn issue(
    ctx: &Ctx,
    tx: &mut Tx<'_>,
    merchant: i64,
    partnership: PartnershipId,
    order: OrderId,
    sequence: i64,
    document: &InvoiceDocument,
) -> Result<InvoiceId, Fault> {
    let new = NewInvoice { partnership, kind: InvoiceKind::Order, automatic: false, sequence, document };
    let id = insert(ctx, tx, merchant, &new).await?;
    tx.execute_exactly(
        1,
        sql!("INSERT INTO invoice_order (merchant, invoice, orders, amount_minor) VALUES ($1, $2, $3, $4)"),
        params![merchant, id, order, document.total_minor],
    )
    .await?;
    Ok(id)
}

/// Issues an invoice over prepaid balance. `document.number` is the text of `sequence`.
///
/// # Errors
/// The store's; the unique index where an automatic one is open.
pub(super) async fn issue_top_up(
    ctx: &Ctx,
    tx: &mut Tx<'_>,
    merchant: i64,
    partnership: PartnershipId,
    automatic: bool,
    sequence: i64,
    document: &InvoiceDocument,
) -> Result<InvoiceId, Fault> {
    insert(ctx, tx, merchant, &NewInvoice { partnership, kind: InvoiceKind::TopUp, automatic, sequence, document }).await
}

struct NewInvoice<'a> {
    partnership: PartnershipId,
    kind: InvoiceKind,
    automatic: bool,
    sequence: i64,
    document: &'a InvoiceDocument,
}

async fn insert(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, new: &NewInvoice<'_>) -> Result<InvoiceId, Fault> {
    let NewInvoice { partnership, kind, automatic, sequence, document } = *new;
    let id: InvoiceId = ctx.id();
    let body = serde_json::to_string(document).map_err(|error| Fault::invariant(format!("an invoice as JSON: {error}")))?;
    let paid_at = (document.total_minor == 0).then_some(ctx.now);
    tx.execute_exactly(
        1,
        sql!(
            "INSERT INTO invoice (merchant, id, series, sequence, number, partnership, issued_on, due_on, currency, total_minor, body, created_ms, paid_ms, kind, automatic)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
        ),
        params![
            merchant,
            id,
            SERIES,
            sequence,
            &document.number,
            partnership,
            document.issued_on,
            document.due_on,
            document.currency,
            document.total_minor,
            body,
            ctx.now,
            paid_at,
            kind.name(),
            automatic
        ],
    )
    .await?;
    Ok(id)
}

/// A payment as recorded.
#[derive(Clone, Debug)]
pub struct NewPayment {
    /// Its id.
    pub id: PaymentId,
    /// Who paid.
    pub partnership: PartnershipId,
    /// Which invoice it is for.
    pub invoice: InvoiceId,
    /// How it came.
    pub method: PaymentMethod,
    /// Its currency.
    pub currency: Currency,
    /// What came in, minor units.
    pub amount_minor: i64,
    /// How much of it went to which order.
    pub parts: Vec<(OrderId, i64)>,
    /// How much of it became prepaid balance: of a top-up, which has no orders.
    pub prepaid_minor: i64,
    /// The day it came in.
    pub received_on: Date,
    /// Check number, wire reference.
    pub reference: Option<String>,
}

impl NewPayment {
    /// What went to orders.
    #[must_use]
    pub fn to_orders_minor(&self) -> i64 {
        self.parts.iter().map(|part| part.1).sum()
    }

    /// What paid the invoice; the rest is account balance.
    #[must_use]
    pub fn allocated_minor(&self) -> i64 {
        self.to_orders_minor() + self.prepaid_minor
    }
}

/// Writes a payment down, and what is paid of its invoice.
///
/// # Errors
/// The store's; the checks of the schema where more would be allocated than is open.
pub async fn record_payment(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, payment: &NewPayment) -> Result<(), Fault> {
    let allocated = payment.allocated_minor();
    tx.execute_exactly(
        1,
        sql!(
            "INSERT INTO payment (merchant, id, partnership, invoice, method, currency, amount_minor, allocated_minor, received_on, reference, created_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        ),
        params![
            merchant,
            payment.id,
            payment.partnership,
            payment.invoice,
            payment.method.name(),
            payment.currency,
            payment.amount_minor,
            allocated,
            payment.received_on,
            payment.reference.clone(),
            ctx.now
        ],
    )
    .await?;
    for (order, amount) in &payment.parts {
        tx.execute_exactly(
            1,
            sql!("INSERT INTO payment_allocation (merchant, payment, orders, amount_minor) VALUES ($1, $2, $3, $4)"),
            params![merchant, payment.id, order, *amount],
        )
        .await?;
    }
    tx.execute_exactly(
        1,
        sql!(
            "UPDATE invoice SET paid_minor = paid_minor + $3, paid_ms = CASE WHEN paid_minor + $3 >= total_minor THEN COALESCE(paid_ms, $4) ELSE paid_ms END
             WHERE merchant = $1 AND id = $2"
        ),
        params![merchant, payment.invoice, allocated, ctx.now],
    )
    .await
}

/// Cancels the invoice of a canceled order, or a top-up.
///
/// # Errors
/// The store's.
pub async fn cancel(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, invoice: InvoiceId) -> Result<(), Fault> {
    tx.execute_exactly(
        1,
        sql!("UPDATE invoice SET canceled_ms = $3 WHERE merchant = $1 AND id = $2 AND canceled_ms IS NULL"),
        params![merchant, invoice, ctx.now],
    )
    .await
}

/// Writes when a partnership's balance is topped up by itself.
///
/// # Errors
/// The store's.
pub(super) async fn set_auto_top_up(ctx: &Ctx, tx: &mut Tx<'_>, scope: PartnershipScope, setting: &AutoTopUp) -> Result<(), Fault> {
    let (amount, target) = match setting.refill {
        Refill::Amount(minor) => (Some(minor), None),
        Refill::UpTo(minor) => (None, Some(minor)),
    };
    tx.execute_exactly(
        1,
        sql!(
            "INSERT INTO auto_top_up (merchant, partnership, enabled, currency, threshold_minor, amount_minor, target_minor, updated_ms, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (merchant, partnership) DO UPDATE SET enabled = excluded.enabled, currency = excluded.currency,
               threshold_minor = excluded.threshold_minor, amount_minor = excluded.amount_minor, target_minor = excluded.target_minor,
               updated_ms = excluded.updated_ms, version = excluded.version"
        ),
        params![
            scope.merchant,
            scope.partnership,
            setting.enabled,
            setting.currency,
            setting.threshold_minor,
            amount,
            target,
            ctx.now,
            setting.version
        ],
    )
    .await
}
