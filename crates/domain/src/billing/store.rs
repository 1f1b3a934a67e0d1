//! Every writing statement on invoices and payments.

use super::document::InvoiceDocument;
use super::{AutoTopUp, PaymentMethod, Refill};
use crate::access::PartnershipScope;
use crate::command::Ctx;
use crate::ids::{InvoiceId, OrderId, PartnershipId, PaymentId};
use tradepost_kernel::{Currency, Date};
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, SetSql, Tx, params, sql};

/// The series of ordinary invoices.
pub const SERIES: &str = "INV";

/// An invoice over one order. `document.number` is the text of `sequence`.
#[derive(Clone, Debug)]
pub struct NewInvoice {
    /// Its id.
    pub id: InvoiceId,
    /// Who owes it.
    pub partnership: PartnershipId,
    /// What for.
    pub order: OrderId,
    /// Its number in [`SERIES`].
    pub sequence: i64,
    /// What is printed.
    pub document: InvoiceDocument,
}

static ISSUE: SetSql = SetSql::insert(
    "invoice",
    &[
        ("merchant", Int),
        ("id", Bytes),
        ("series", Text),
        ("sequence", Int),
        ("number", Text),
        ("partnership", Bytes),
        ("issued_on", Text),
        ("due_on", Text),
        ("currency", Text),
        ("total_minor", Int),
        ("body", Text),
        ("created_ms", Int),
        ("paid_ms", Int),
    ],
    "",
);

static ISSUE_FOR: SetSql = SetSql::insert("invoice_order", &[("merchant", Int), ("invoice", Bytes), ("orders", Bytes), ("amount_minor", Int)], "");

/// Issues invoices, each over one order.
///
/// # Errors
/// The store's.
pub async fn issue_all(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, invoices: &[NewInvoice]) -> Result<(), Fault> {
    let (rows, now) = (invoices.len(), ctx.now.ms());
    let body = |invoice: &NewInvoice| serde_json::to_string(&invoice.document).map_err(|error| Fault::invariant(format!("an invoice as JSON: {error}")));
    let columns = vec![
        Column::same(merchant, rows),
        Column::ids(invoices.iter().map(|invoice| invoice.id)),
        Column::texts(invoices.iter().map(|_| SERIES.to_owned())),
        Column::ints(invoices.iter().map(|invoice| invoice.sequence)),
        Column::texts(invoices.iter().map(|invoice| invoice.document.number.clone())),
        Column::ids(invoices.iter().map(|invoice| invoice.partnership)),
        Column::texts(invoices.iter().map(|invoice| invoice.document.issued_on.to_string())),
        Column::texts(invoices.iter().map(|invoice| invoice.document.due_on.to_string())),
        Column::texts(invoices.iter().map(|invoice| invoice.document.currency.code().to_owned())),
        Column::ints(invoices.iter().map(|invoice| invoice.document.total_minor)),
        Column::texts(invoices.iter().map(body).collect::<Result<Vec<String>, Fault>>()?),
        Column::same(now, rows),
        Column::OptInts(invoices.iter().map(|invoice| (invoice.document.total_minor == 0).then_some(now)).collect()),
    ];
    tx.write_whole_set(&ISSUE, columns).await?;
    let columns = vec![
        Column::same(merchant, rows),
        Column::ids(invoices.iter().map(|invoice| invoice.id)),
        Column::ids(invoices.iter().map(|invoice| invoice.order)),
        Column::ints(invoices.iter().map(|invoice| invoice.document.total_minor)),
    ];
    tx.write_whole_set(&ISSUE_FOR, columns).await
}

/// Issues an invoice over prepaid balance; nothing of it is paid. `document.number` is the text of `sequence`.
///
/// # Errors
/// The store's; the unique index where an automatic one is open.
pub(super) async fn issue_top_up(
    ctx: &Ctx,
    tx: &mut Tx<'_>,
    scope: PartnershipScope,
    automatic: bool,
    sequence: i64,
    document: &InvoiceDocument,
) -> Result<InvoiceId, Fault> {
    let id: InvoiceId = ctx.id();
    let body = serde_json::to_string(document).map_err(|error| Fault::invariant(format!("an invoice as JSON: {error}")))?;
    tx.execute_exactly(
        1,
        sql!(
            "INSERT INTO invoice (merchant, id, series, sequence, number, partnership, issued_on, due_on, currency, total_minor, body, created_ms, kind, automatic)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'top_up', $13)"
        ),
        params![
            scope.merchant,
            id,
            SERIES,
            sequence,
            &document.number,
            scope.partnership,
            document.issued_on,
            document.due_on,
            document.currency,
            document.total_minor,
            body,
            ctx.now,
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

static RECORD: SetSql = SetSql::insert(
    "payment",
    &[
        ("merchant", Int),
        ("id", Bytes),
        ("partnership", Bytes),
        ("invoice", Bytes),
        ("method", Text),
        ("currency", Text),
        ("amount_minor", Int),
        ("allocated_minor", Int),
        ("received_on", Text),
        ("reference", Text),
        ("created_ms", Int),
    ],
    "",
);

static ALLOCATE: SetSql = SetSql::insert("payment_allocation", &[("merchant", Int), ("payment", Bytes), ("orders", Bytes), ("amount_minor", Int)], "");

static PAY: SetSql = SetSql::update(
    "UPDATE invoice SET paid_minor = invoice.paid_minor + r.amount, \
     paid_ms = CASE WHEN invoice.paid_minor + r.amount >= invoice.total_minor THEN COALESCE(invoice.paid_ms, r.at_ms) ELSE invoice.paid_ms END \
     FROM rows r WHERE invoice.merchant = r.merchant AND invoice.id = r.id",
    &[("merchant", Int), ("id", Bytes), ("amount", Int), ("at_ms", Int)],
);

/// Writes payments down, and what is paid of their invoices: each of another one.
///
/// # Errors
/// The store's; the checks of the schema where more would be allocated than is open.
pub async fn record_payments(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, payments: &[NewPayment]) -> Result<(), Fault> {
    let (rows, now) = (payments.len(), ctx.now.ms());
    let columns = vec![
        Column::same(merchant, rows),
        Column::ids(payments.iter().map(|payment| payment.id)),
        Column::ids(payments.iter().map(|payment| payment.partnership)),
        Column::ids(payments.iter().map(|payment| payment.invoice)),
        Column::texts(payments.iter().map(|payment| payment.method.name().to_owned())),
        Column::texts(payments.iter().map(|payment| payment.currency.code().to_owned())),
        Column::ints(payments.iter().map(|payment| payment.amount_minor)),
        Column::ints(payments.iter().map(NewPayment::allocated_minor)),
        Column::texts(payments.iter().map(|payment| payment.received_on.to_string())),
        Column::OptTexts(payments.iter().map(|payment| payment.reference.clone()).collect()),
        Column::same(now, rows),
    ];
    tx.write_whole_set(&RECORD, columns).await?;
    let parts: Vec<_> = payments.iter().flat_map(|payment| payment.parts.iter().map(|part| (payment.id, part.0, part.1))).collect();
    let columns = vec![
        Column::same(merchant, parts.len()),
        Column::ids(parts.iter().map(|part| part.0)),
        Column::ids(parts.iter().map(|part| part.1)),
        Column::ints(parts.iter().map(|part| part.2)),
    ];
    tx.write_whole_set(&ALLOCATE, columns).await?;
    let columns = vec![
        Column::same(merchant, rows),
        Column::ids(payments.iter().map(|payment| payment.invoice)),
        Column::ints(payments.iter().map(NewPayment::allocated_minor)),
        Column::same(now, rows),
    ];
    tx.write_whole_set(&PAY, columns).await
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
        params![scope.merchant, scope.partnership, setting.enabled, setting.currency, setting.threshold_minor, amount, target, ctx.now, setting.version],
    )
    .await
}
