//! The merchant's staff record what came in by check or wire (PAY-3).

use super::standing::{Standing, note_release};
use super::{queries, store};
use crate::access::{MerchantScope, Need, PartnershipScope, Right};
use crate::audit::AuditEntry;
use crate::billing::store::NewPayment;
use crate::billing::{self, InvoiceKind, PaymentMethod, allocate, top_up};
use crate::command::{Command, Ctx, No};
use crate::ids::{InvoiceId, OrderId, PaymentId};
use crate::ledger::{self, AccountKind, NewTransfer, Posting};
use crate::outbox::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashSet;
use tradepost_kernel::{Date, Money, Refusal};
use tradepost_store::{Fault, Tx};

/// Records a payment of an invoice, in part or whole. Of a top-up it becomes prepaid balance (EXT-1); what is beyond the
/// invoice becomes account balance.
#[derive(Clone, Debug)]
pub struct RecordPayment {
    /// Which invoice.
    pub invoice: InvoiceId,
    /// What came in; above zero, in the invoice's currency.
    pub amount: Money,
    /// Check or wire.
    pub method: PaymentMethod,
    /// The day it came in.
    pub received_on: Date,
    /// Check number, wire reference.
    pub reference: Option<String>,
}

/// The payment that was recorded.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PaymentOutcome {
    /// Its id.
    pub payment: PaymentId,
    /// The invoice.
    pub invoice: InvoiceId,
}

#[async_trait::async_trait]
impl Command for RecordPayment {
    const NAME: &'static str = "payments.record";
    const REFUSALS: &'static [&'static str] =
        &["not_found", "invoice_canceled", "currency_mismatch", "invalid_amount", "payment_method_not_allowed", "invalid_field"];
    type Outcome = PaymentOutcome;

    fn need(&self) -> Need {
        Need::Right(Right::BillingManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<PaymentOutcome, No> {
        let merchant = ctx.caller().merchant()?;
        let partnership = billing::queries::partnership_of(tx, merchant, self.invoice).await?.ok_or_else(Refusal::not_found)?;
        let scope = PartnershipScope { merchant: merchant.merchant, partnership };
        let mut standing = Standing::of(tx, scope).await?;
        let invoice = billing::queries::invoice(tx, merchant, None, self.invoice).await?.ok_or_else(Refusal::not_found)?;
        let house = crate::merchants::queries::merchant(tx, merchant.merchant).await?.ok_or_else(Refusal::not_found)?;
        if invoice.canceled.is_some() {
            return Err(Refusal::conflict("invoice_canceled", "The invoice was canceled.").in_state("canceled").into());
        }
        if self.amount.currency != invoice.currency {
            return Err(Refusal::invalid("currency_mismatch", format!("The invoice is in {}.", invoice.currency)).at("/amount/currency").into());
        }
        if self.amount.minor <= 0 {
            return Err(Refusal::invalid("invalid_amount", "The amount must be above zero.").at("/amount/amount").into());
        }
        if self.amount.minor > ledger::MOST_MINOR {
            return Err(Refusal::invalid("invalid_amount", "The amount is larger than any that is kept.").at("/amount/amount").into());
        }
        if self.method == PaymentMethod::AccountBalance {
            return Err(Refusal::invalid("payment_method_not_allowed", "Record a check or a wire.").at("/method").into());
        }
        if self.method.way().is_some_and(|way| standing.terms.excluded_payment_methods.contains(&way)) {
            return Err(Refusal::invalid("payment_method_not_allowed", "The terms exclude this method.").at("/method").into());
        }
        if self.received_on > ctx.now.date_in(&house.time_zone).plus_days(1) {
            return Err(Refusal::invalid("invalid_field", "The day is in the future.").at("/received_on").into());
        }
        let (parts, prepaid_minor) = match invoice.kind {
            InvoiceKind::Order => (allocate(self.amount.minor, &open_parts(tx, merchant, self.invoice).await?).0, 0),
            InvoiceKind::TopUp => (Vec::new(), self.amount.minor.min(invoice.open_minor())),
        };
        // From here it must succeed.
        let payment = NewPayment {
            id: ctx.id(),
            partnership: scope.partnership,
            invoice: self.invoice,
            method: self.method,
            currency: self.amount.currency,
            amount_minor: self.amount.minor,
            parts,
            prepaid_minor,
            received_on: self.received_on,
            reference: self.reference.clone(),
        };
        book(ctx, tx, scope, &payment).await?;
        let touched: Vec<OrderId> = payment.parts.iter().map(|part| part.0).collect();
        release_paid(ctx, tx, scope, &touched).await?;
        standing.rejudge(ctx, tx, &touched).await?;
        Ok(PaymentOutcome { payment: payment.id, invoice: self.invoice })
    }
}

/// The open amounts of an invoice's orders, oldest first.
async fn open_parts(tx: &mut Tx<'_>, merchant: MerchantScope, invoice: InvoiceId) -> Result<Vec<(OrderId, i64)>, Fault> {
    let orders = billing::queries::orders_of(tx, merchant.merchant, invoice).await?;
    let mut rows = queries::locked(tx, merchant.merchant, &orders).await?;
    rows.sort_by_key(|order| order.id);
    Ok(rows.iter().map(|order| (order.id, order.open_minor())).collect())
}

/// Writes a payment, books it, and notes it on its orders.
///
/// # Errors
/// The store's.
pub(super) async fn book(ctx: &mut Ctx, tx: &mut Tx<'_>, scope: PartnershipScope, payment: &NewPayment) -> Result<(), Fault> {
    ledger::post(ctx, tx, scope.merchant, &[transfer_of(payment)]).await?;
    billing::store::record_payments(ctx, tx, scope.merchant, std::slice::from_ref(payment)).await?;
    store::pay(ctx, tx, scope.merchant, &payment.parts).await?;
    let invoice = billing::queries::invoice(tx, scope.of_merchant(), None, payment.invoice).await?;
    // A payment of an invoice that was paid before goes to the account balance whole, and pays nothing.
    let paid = payment.allocated_minor() > 0 && invoice.is_some_and(|invoice| invoice.open_minor() == 0);
    if payment.prepaid_minor > 0 {
        top_up::note_topped_up(ctx, tx, scope, payment.invoice, payment.id, payment.currency.minor(payment.prepaid_minor)).await?;
    }
    note_payment(ctx, scope, payment, paid);
    Ok(())
}

/// How a payment is booked: what goes to orders is not owed any more, what is paid of a top-up is prepaid balance, the
/// rest is account balance.
pub(super) fn transfer_of(payment: &NewPayment) -> NewTransfer {
    let allocated = payment.allocated_minor();
    let postings = vec![
        Posting { kind: payment.method.account(), amount_minor: payment.amount_minor },
        Posting { kind: AccountKind::Receivable, amount_minor: -payment.to_orders_minor() },
        Posting { kind: AccountKind::Prepaid, amount_minor: -payment.prepaid_minor },
        Posting { kind: AccountKind::AccountBalance, amount_minor: allocated - payment.amount_minor },
    ];
    NewTransfer { kind: "payment", reference: payment.id.bytes(), partnership: payment.partnership, currency: payment.currency, postings, reverses: None }
}

/// Notes a payment in timeline and outbox, and that it was the last of its invoice.
pub(super) fn note_payment(ctx: &mut Ctx, scope: PartnershipScope, payment: &NewPayment, invoice_paid: bool) {
    let body = json!({
        "payment": payment.id, "invoice": payment.invoice, "method": payment.method.name(), "amount": payment.currency.minor(payment.amount_minor),
        "allocated": payment.currency.minor(payment.allocated_minor()), "received_on": payment.received_on,
    });
    ctx.audit(AuditEntry::new(scope.merchant, "payment.recorded", payment.invoice).of(scope.partnership).after(body.clone()));
    ctx.announce(Event::new(scope.merchant, "payment.recorded", payment.id, body).of(scope.partnership));
    for (order, amount) in &payment.parts {
        let paid = json!({"amount": payment.currency.minor(*amount), "payment": payment.id});
        ctx.audit(AuditEntry::new(scope.merchant, "order.payment_received", *order).of(scope.partnership).after(paid));
    }
    if invoice_paid {
        ctx.audit(AuditEntry::new(scope.merchant, "invoice.paid", payment.invoice).of(scope.partnership));
        ctx.announce(Event::new(scope.merchant, "invoice.paid", payment.invoice, json!({"payment": payment.id})).of(scope.partnership));
    }
}

/// Held orders that are now paid in full are released, wherever they stand in the queue (CRD-3).
async fn release_paid(ctx: &mut Ctx, tx: &mut Tx<'_>, scope: PartnershipScope, orders: &[OrderId]) -> Result<(), Fault> {
    let rows = queries::by_ids(tx, scope.merchant, orders).await?;
    let paid: HashSet<OrderId> = rows.iter().filter(|order| order.is_held() && order.is_paid()).map(|order| order.id).collect();
    let mut paid: Vec<OrderId> = paid.into_iter().collect();
    paid.sort_unstable();
    store::release(ctx, tx, scope.merchant, &paid.iter().map(|order| (*order, false)).collect::<Vec<_>>()).await?;
    for order in paid {
        note_release(ctx, scope, order, "paid");
    }
    Ok(())
}
