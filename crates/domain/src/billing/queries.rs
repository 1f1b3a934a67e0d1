//! Invoices and payments as they are read.

use super::{AutoTopUp, InvoiceDocument, InvoiceKind, InvoiceStatus, PaymentMethod};
use crate::access::{MerchantScope, PartnershipScope};
use crate::ids::{InvoiceId, OrderId, PartnershipId, PaymentId};
use std::collections::HashMap;
use tradepost_kernel::{Currency, Date, Timestamp};
use tradepost_store::{Column, Fault, FromRow, Reader, Row, params, sql};

/// An invoice: the document as issued, and what moved since.
#[derive(Clone, Debug)]
pub struct InvoiceRow {
    /// Its id.
    pub id: InvoiceId,
    /// Its number.
    pub number: String,
    /// Who owes it.
    pub partnership: PartnershipId,
    /// Issued on.
    pub issued_on: Date,
    /// Due on.
    pub due_on: Date,
    /// Its currency.
    pub currency: Currency,
    /// Its total, minor units.
    pub total_minor: i64,
    /// Paid of it, minor units.
    pub paid_minor: i64,
    /// Whether it was canceled.
    pub canceled: Option<Timestamp>,
    /// What it is over.
    pub kind: InvoiceKind,
    /// Whether a debit below the threshold issued it (EXT-8).
    pub automatic: bool,
    /// The document (JSON).
    body: String,
}

impl InvoiceRow {
    /// Its status on `today`.
    #[must_use]
    pub fn status(&self, today: Date) -> InvoiceStatus {
        InvoiceStatus::of(self.total_minor, self.paid_minor, self.canceled.is_some(), self.due_on, today)
    }

    /// The document as issued.
    ///
    /// # Errors
    /// [`Fault::Invariant`] where it does not read back.
    pub fn document(&self) -> Result<InvoiceDocument, Fault> {
        serde_json::from_str(&self.body).map_err(|error| Fault::invariant(format!("the document of {}: {error}", self.id)))
    }

    /// What is still open, minor units; nothing of a canceled one.
    #[must_use]
    pub const fn open_minor(&self) -> i64 {
        if self.canceled.is_some() { 0 } else { self.total_minor - self.paid_minor }
    }
}

impl FromRow for InvoiceRow {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut c = row.take();
        Ok(Self {
            id: c.next()?,
            number: c.next()?,
            partnership: c.next()?,
            issued_on: c.next()?,
            due_on: c.next()?,
            currency: c.next()?,
            total_minor: c.next()?,
            paid_minor: c.next()?,
            canceled: c.next()?,
            kind: InvoiceKind::from_name(&c.next::<String>()?).ok_or(Fault::Column("a kind of invoice"))?,
            automatic: c.next()?,
            body: c.next()?,
        })
    }
}

macro_rules! invoice_sql {
    ($($rest:literal),+) => {
        sql!(concat!(
            "SELECT id, number, partnership, issued_on, due_on, currency, total_minor, paid_minor, canceled_ms, kind, automatic, body FROM invoice ",
            $($rest),+
        ))
    };
}

mod payments;
mod search;

pub use payments::{PAYMENTS, PAYMENTS_OF_INVOICE, PAYMENTS_OF_METHOD, PAYMENTS_OF_NAME, PAYMENTS_OF_PARTNERSHIP, PaymentFilter, payments};
pub use search::{
    CANCELED_BY_DUE, CANCELED_OF_PARTNERSHIP_BY_DUE, InvoiceFilter, InvoiceSort, LIST, LIST_BY_DUE, LIST_CANCELED, LIST_CANCELED_OF_PARTNERSHIP,
    LIST_OF_NUMBER, LIST_OF_PARTNERSHIP, LIST_OF_PARTNERSHIP_BY_DUE, LIST_OF_TOP_UPS, LIST_OVERDUE, LIST_OVERDUE_OF_PARTNERSHIP, LIST_PAID,
    LIST_PAID_OF_PARTNERSHIP, LIST_PAID_TOP_UPS, LIST_PAID_TOP_UPS_OF_PARTNERSHIP, LIST_TOP_UPS, LIST_UNPAID, LIST_UNPAID_OF_PARTNERSHIP, OVERDUE_BY_DUE,
    OVERDUE_OF_PARTNERSHIP_BY_DUE, PAID_BY_DUE, PAID_OF_PARTNERSHIP_BY_DUE, UNPAID_BY_DUE, UNPAID_OF_PARTNERSHIP_BY_DUE, search,
};

/// Whose an invoice is: what is asked before its partnership is locked.
///
/// # Errors
/// The store's.
pub async fn partnership_of(reader: &mut Reader<'_>, scope: MerchantScope, id: InvoiceId) -> Result<Option<PartnershipId>, Fault> {
    reader.query_opt(sql!("SELECT partnership FROM invoice WHERE merchant = $1 AND id = $2"), params![scope.merchant, id]).await
}

/// One invoice of the merchant; of one partnership only, where given.
///
/// # Errors
/// The store's.
pub async fn invoice(reader: &mut Reader<'_>, scope: MerchantScope, partnership: Option<PartnershipId>, id: InvoiceId) -> Result<Option<InvoiceRow>, Fault> {
    let found: Option<InvoiceRow> = reader.query_opt(invoice_sql!("WHERE merchant = $1 AND id = $2"), params![scope.merchant, id]).await?;
    Ok(found.filter(|invoice| partnership.is_none_or(|of| of == invoice.partnership)))
}

/// A partnership's top-ups that are neither paid in full nor canceled, newest first, 200 at most.
///
/// # Errors
/// The store's.
pub async fn open_top_ups(reader: &mut Reader<'_>, scope: PartnershipScope) -> Result<Vec<InvoiceRow>, Fault> {
    let text =
        invoice_sql!("WHERE merchant = $1 AND partnership = $2 AND kind = 'top_up' AND paid_ms IS NULL AND canceled_ms IS NULL ORDER BY id DESC LIMIT 200");
    reader.query(text, params![scope.merchant, scope.partnership]).await
}

/// When a partnership's balance is topped up by itself; `None`: never set.
///
/// # Errors
/// The store's.
pub async fn auto_top_up(reader: &mut Reader<'_>, scope: PartnershipScope) -> Result<Option<AutoTopUp>, Fault> {
    let text = sql!("SELECT enabled, currency, threshold_minor, amount_minor, target_minor, version FROM auto_top_up WHERE merchant = $1 AND partnership = $2");
    reader.query_opt(text, params![scope.merchant, scope.partnership]).await
}

/// The orders on an invoice, oldest first.
///
/// # Errors
/// The store's.
pub async fn orders_of(reader: &mut Reader<'_>, merchant: i64, invoice: InvoiceId) -> Result<Vec<OrderId>, Fault> {
    let rows: Vec<(OrderId,)> =
        reader.query(sql!("SELECT orders FROM invoice_order WHERE merchant = $1 AND invoice = $2 ORDER BY orders"), params![merchant, invoice]).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// The numbers of invoices.
///
/// # Errors
/// The store's.
pub async fn numbers(reader: &mut Reader<'_>, merchant: i64, invoices: &[InvoiceId]) -> Result<HashMap<InvoiceId, String>, Fault> {
    let sql = sql!("SELECT id, number FROM invoice WHERE merchant = $1 AND id = ANY($2)");
    let rows: Vec<(InvoiceId, String)> = reader.query_each(sql, params![merchant], &Column::ids(invoices.iter().copied())).await?;
    Ok(rows.into_iter().collect())
}

/// The invoice of an order that is not canceled, with its number and due date.
///
/// # Errors
/// The store's.
pub async fn of_order(reader: &mut Reader<'_>, merchant: i64, order: OrderId) -> Result<Option<(InvoiceId, String, Date)>, Fault> {
    reader
        .query_opt(
            sql!(
                "SELECT i.id, i.number, i.due_on FROM invoice_order o JOIN invoice i ON i.merchant = o.merchant AND i.id = o.invoice
                 WHERE o.merchant = $1 AND o.orders = $2 ORDER BY i.id DESC"
            ),
            params![merchant, order],
        )
        .await
}

/// A payment as shown.
#[derive(Clone, Debug)]
pub struct PaymentRow {
    /// Its id.
    pub id: PaymentId,
    /// Who paid.
    pub partnership: PartnershipId,
    /// For which invoice.
    pub invoice: InvoiceId,
    /// How.
    pub method: PaymentMethod,
    /// Its currency.
    pub currency: Currency,
    /// What came in, minor units.
    pub amount_minor: i64,
    /// What of it paid the invoice; the rest is account balance.
    pub allocated_minor: i64,
    /// The day it came in.
    pub received_on: Date,
    /// Check number, wire reference.
    pub reference: Option<String>,
    /// When it was recorded.
    pub recorded: Timestamp,
}

impl FromRow for PaymentRow {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut c = row.take();
        Ok(Self {
            id: c.next()?,
            partnership: c.next()?,
            invoice: c.next()?,
            method: PaymentMethod::from_name(&c.next::<String>()?).ok_or(Fault::Column("a payment method"))?,
            currency: c.next()?,
            amount_minor: c.next()?,
            allocated_minor: c.next()?,
            received_on: c.next()?,
            reference: c.next()?,
            recorded: c.next()?,
        })
    }
}
