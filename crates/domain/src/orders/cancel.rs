//! The merchant cancels a placed order, with a note (ORD-4, DEL-7).

use super::standing::Standing;
use super::{OrderRow, queries, store};
use crate::access::{Need, PartnershipScope, Right};
use crate::audit::AuditEntry;
use crate::billing;
use crate::command::{Command, Ctx, No};
use crate::ids::{InvoiceId, LicenseId, LicenseKeyId, OrderId};
use crate::ledger::{self, AccountKind, NewTransfer, Posting};
use crate::licenses::queries::LicenseRow;
use crate::licenses::{self, Stage};
use crate::orders::create_draft::OrderOutcome;
use crate::outbox::Event;
use crate::partners::purchases;
use crate::sales::{self, Sales, SalesDay};
use crate::stock;
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_store::{Fault, Tx};

/// Cancels a placed order: keys back to stock, the debt reversed, what was paid becomes account balance, the invoice
/// canceled, the reseller told, always. Refused once one code was shown, and for free orders.
#[derive(Clone, Debug)]
pub struct CancelOrder {
    /// Which.
    pub order: OrderId,
    /// Why, 1–1000 characters; the reseller reads it.
    pub note: String,
}

#[async_trait::async_trait]
impl Command for CancelOrder {
    const NAME: &'static str = "orders.cancel";
    const REFUSALS: &'static [&'static str] = &["not_found", "order_not_placed", "order_canceled", "free_order_final", "order_delivered"];
    type Outcome = OrderOutcome;

    fn need(&self) -> Need {
        Need::Right(Right::OrdersManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<OrderOutcome, No> {
        let merchant = ctx.caller().merchant()?;
        let partnership = queries::partnership_of(tx, merchant, self.order).await?.ok_or_else(Refusal::not_found)?;
        let scope = PartnershipScope { merchant: merchant.merchant, partnership };
        let mut standing = Standing::of(tx, scope).await?;
        let order = queries::locked(tx, scope.merchant, &[self.order]).await?.into_iter().next().ok_or_else(Refusal::not_found)?;
        let licenses = licenses::queries::of_orders(tx, scope.merchant, &[self.order]).await?;
        may_cancel(tx, scope, &order, &licenses).await?;
        // The orders behind it may be released in the same breath, and where the balance is no longer due the released go on.
        let due = standing.partnership.balance_due;
        let mut moving: Vec<OrderId> = standing.exposure.open.iter().filter(|open| open.held || due).map(|open| open.order).collect();
        moving.push(order.id);
        let products = licenses::queries::products_of_keys(tx, scope.merchant, &moving).await?;
        stock::lock(tx, scope.merchant, &products).await?;
        // From here it must succeed.
        store::cancel(ctx, tx, scope.merchant, order.id, &self.note).await?;
        return_keys(ctx, tx, scope, &licenses).await?;
        take_debt_back(ctx, tx, scope, &order).await?;
        let units: i64 = queries::items(tx, scope.merchant, &[order.id]).await?.iter().map(|item| item.quantity).sum();
        if let Some(day) = order.placed_on {
            let sold = Sales { orders: 1, units, amount_minor: order.total_minor };
            sales::store::take_back(tx, SalesDay::new(scope, day, order.currency), sold).await?;
        }
        if let Some((invoice, _, _)) = billing::queries::of_order(tx, scope.merchant, order.id).await? {
            give_back(tx, scope, units, invoice).await?;
            billing::store::cancel(ctx, tx, scope.merchant, invoice).await?;
            ctx.audit(AuditEntry::new(scope.merchant, "invoice.canceled", invoice).of(scope.partnership));
        }
        let body = json!({"number": order.number, "reference": order.reference, "note": self.note});
        let before = json!({"state": order.state.name()});
        ctx.audit(AuditEntry::new(scope.merchant, "order.canceled", order.id).of(scope.partnership).before(before).after(body.clone()));
        ctx.announce(Event::new(scope.merchant, "order.canceled", order.id, body).of(scope.partnership));
        standing.rejudge(ctx, tx, &[order.id]).await?;
        Ok(OrderOutcome { order: order.id })
    }
}

async fn may_cancel(tx: &mut Tx<'_>, scope: PartnershipScope, order: &OrderRow, licenses: &[LicenseRow]) -> Result<(), No> {
    if order.placed.is_none() {
        return Err(Refusal::conflict("order_not_placed", "A draft is its reseller's to cancel.").in_state(order.state.name()).into());
    }
    if order.canceled.is_some() {
        return Err(Refusal::conflict("order_canceled", "The order was canceled before.").in_state("canceled").into());
    }
    if order.total_minor == 0 {
        return Err(Refusal::conflict("free_order_final", "A free order can't be canceled.").in_state(order.state.name()).into());
    }
    let keys: Vec<LicenseKeyId> = licenses.iter().filter_map(|license| license.key).collect();
    let shown = !stock::queries::shown_among(tx, scope.merchant, &keys).await?.is_empty();
    // A license with nothing to deliver was not handed to anybody.
    let distributed = licenses.iter().any(|license| license.stage == Stage::Distributed && license.method != crate::catalog::Method::None);
    if shown || distributed {
        let detail = "A code of this order was shown or delivered; refund or revoke single licenses instead.";
        return Err(Refusal::conflict("order_delivered", detail).in_state(order.state.name()).into());
    }
    Ok(())
}

/// Never-shown keys go back to stock; `settle` then finds the licenses canceled, without keys.
async fn return_keys(ctx: &mut Ctx, tx: &mut Tx<'_>, scope: PartnershipScope, licenses: &[LicenseRow]) -> Result<(), Fault> {
    let carrying: Vec<&LicenseRow> = licenses.iter().filter(|license| license.key.is_some()).collect();
    let ids: Vec<LicenseId> = carrying.iter().map(|license| license.id).collect();
    licenses::store::detach_keys(tx, scope.merchant, &ids).await?;
    for stage in [Stage::Waiting, Stage::Available] {
        let of_stage = carrying.iter().filter(|license| license.stage == stage);
        let keys: Vec<_> = of_stage.filter_map(|license| license.key.map(|key| (key, license.product))).collect();
        stock::move_keys(ctx, tx, scope.merchant, &keys, super::settle::key_state(stage), stock::KeyState::Available).await?;
    }
    Ok(())
}

/// Its units count no longer against the purchase limits of the day it was placed on, and of that month (PRG-9). The day
/// is the invoice's: the merchant may have moved to another time zone since. An order that was placed before purchases
/// were counted has nothing to give back.
async fn give_back(tx: &mut Tx<'_>, scope: PartnershipScope, units: i64, invoice: InvoiceId) -> Result<(), Fault> {
    let Some(invoice) = billing::queries::invoice(tx, scope.of_merchant(), None, invoice).await? else { return Ok(()) };
    let counted = purchases::purchased(tx, &[(scope, invoice.issued_on)]).await?;
    if counted.get(&scope).is_some_and(|counted| counted.day >= units) {
        purchases::give_back(tx, scope, invoice.issued_on, units).await?;
    }
    Ok(())
}

/// The debt is reversed as it was booked; what had been paid of it becomes account balance.
async fn take_debt_back(ctx: &Ctx, tx: &mut Tx<'_>, scope: PartnershipScope, order: &OrderRow) -> Result<(), Fault> {
    ledger::reverse(ctx, tx, scope.merchant, "order_placed", "order_canceled", order.id.bytes()).await?;
    let postings = vec![
        Posting { kind: AccountKind::Receivable, amount_minor: order.paid_minor },
        Posting { kind: AccountKind::AccountBalance, amount_minor: -order.paid_minor },
    ];
    let transfer = NewTransfer {
        kind: "cancellation_credit",
        reference: order.id.bytes(),
        partnership: scope.partnership,
        currency: order.currency,
        postings,
        reverses: None,
    };
    ledger::post(ctx, tx, scope.merchant, &[transfer]).await
}
