//! What a user may not order by themselves an owner approves (PAR-14). The order stays a draft meanwhile: it counts for
//! nothing, and approving it is an owner's confirming of what they saw.

use super::change_draft::{not_with_an_owner, still_a_draft};
use super::create_draft::OrderOutcome;
use super::place::{PlaceOrder, PlaceOutcome};
use super::{OrderRow, queries, store};
use crate::access::{Need, PartnershipScope, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::OrderId;
use crate::outbox::Event;
use crate::partners::{self, spending};
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_store::Tx;

/// A user asks their owners to approve a draft: because it is above what they may order, or because they want to.
#[derive(Clone, Copy, Debug)]
pub struct AskForApproval {
    /// Which draft.
    pub order: OrderId,
}

/// Takes the question back; the draft can be changed again.
#[derive(Clone, Copy, Debug)]
pub struct WithdrawApproval {
    /// Which draft.
    pub order: OrderId,
}

/// An owner approves a draft: it is placed in their name, with all that confirming means (ORD-3).
#[derive(Clone, Copy, Debug)]
pub struct ApproveOrder {
    /// Which draft.
    pub order: OrderId,
    /// The version that the owner saw, where they say so.
    pub if_version: Option<i64>,
}

/// An owner declines a draft, and says why; it stays a draft.
#[derive(Clone, Debug)]
pub struct DeclineOrder {
    /// Which draft.
    pub order: OrderId,
    /// Why, 1–1000 characters; who asked reads it.
    pub note: String,
}

#[async_trait::async_trait]
impl Command for AskForApproval {
    const NAME: &'static str = "orders.ask_for_approval";
    const REFUSALS: &'static [&'static str] =
        &["forbidden", "not_found", "partnership_not_active", "order_confirmed", "order_canceled", "awaiting_approval", "order_empty"];
    type Outcome = OrderOutcome;

    fn need(&self) -> Need {
        Need::Right(Right::OrdersPlace)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<OrderOutcome, No> {
        let asks = spending::bound(ctx.caller());
        let person = asks.ok_or_else(|| Refusal::forbidden("forbidden", "Owners and keys ask nobody: confirm the order."))?;
        let (scope, order) = draft(ctx, tx, self.order).await?;
        not_with_an_owner(&order)?;
        let items = queries::items(tx, scope.merchant, &[self.order]).await?;
        if items.is_empty() {
            return Err(Refusal::invalid("order_empty", "An order needs at least one item.").at("/items").into());
        }
        // From here it must succeed.
        store::ask_for_approval(ctx, tx, scope.merchant, self.order, person).await?;
        let body = json!({"person": person});
        ctx.audit(AuditEntry::new(scope.merchant, "order.approval_requested", self.order).of(scope.partnership).after(body.clone()));
        ctx.announce(Event::new(scope.merchant, "order.approval_requested", self.order, body).of(scope.partnership));
        Ok(OrderOutcome { order: self.order })
    }
}

#[async_trait::async_trait]
impl Command for WithdrawApproval {
    const NAME: &'static str = "orders.withdraw_approval";
    const REFUSALS: &'static [&'static str] = &["not_found", "partnership_not_active", "order_confirmed", "order_canceled", "approval_not_requested"];
    type Outcome = OrderOutcome;

    fn need(&self) -> Need {
        Need::Right(Right::OrdersPlace)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<OrderOutcome, No> {
        let (scope, order) = draft(ctx, tx, self.order).await?;
        waits(&order)?;
        // From here it must succeed.
        store::end_approval(ctx, tx, scope.merchant, self.order, None).await?;
        let body = json!({});
        ctx.audit(AuditEntry::new(scope.merchant, "order.approval_withdrawn", self.order).of(scope.partnership).after(body.clone()));
        ctx.announce(Event::new(scope.merchant, "order.approval_withdrawn", self.order, body).of(scope.partnership));
        Ok(OrderOutcome { order: self.order })
    }
}

#[async_trait::async_trait]
impl Command for DeclineOrder {
    const NAME: &'static str = "orders.decline";
    const REFUSALS: &'static [&'static str] = &["not_found", "partnership_not_active", "order_confirmed", "order_canceled", "approval_not_requested"];
    type Outcome = OrderOutcome;

    fn need(&self) -> Need {
        Need::Right(Right::OrdersApprove)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<OrderOutcome, No> {
        let (scope, order) = draft(ctx, tx, self.order).await?;
        let approval = waits(&order)?;
        // From here it must succeed.
        store::end_approval(ctx, tx, scope.merchant, self.order, Some(&self.note)).await?;
        let body = json!({"person": approval.asked_by, "note": self.note});
        ctx.audit(AuditEntry::new(scope.merchant, "order.approval_declined", self.order).of(scope.partnership).after(body.clone()));
        ctx.announce(Event::new(scope.merchant, "order.approval_declined", self.order, body).of(scope.partnership));
        Ok(OrderOutcome { order: self.order })
    }
}

#[async_trait::async_trait]
impl Command for ApproveOrder {
    const NAME: &'static str = "orders.approve";
    /// Its own, then those of placing: an approved order is placed like any other.
    const REFUSALS: &'static [&'static str] = &[
        "not_found",
        "partnership_not_active",
        "order_confirmed",
        "order_canceled",
        "approval_not_requested",
        "stale_version",
        "channel_required",
        "setup_incomplete",
        "order_empty",
        "product_not_available",
        "quantity_out_of_range",
        "price_missing",
        "invalid_amount",
        "purchase_limit_exceeded",
        "out_of_stock",
    ];
    type Outcome = PlaceOutcome;

    fn need(&self) -> Need {
        Need::Right(Right::OrdersApprove)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<PlaceOutcome, No> {
        let (_, order) = draft(ctx, tx, self.order).await?;
        waits(&order)?;
        PlaceOrder { order: self.order, if_version: self.if_version }.run(ctx, tx).await
    }
}

/// The draft, under its partnership's lock.
async fn draft(ctx: &Ctx, tx: &mut Tx<'_>, id: OrderId) -> Result<(PartnershipScope, OrderRow), No> {
    let scope = ctx.caller().partnership()?;
    let partnership = partners::lock(tx, scope).await?.ok_or_else(Refusal::not_found)?;
    let order = queries::order(tx, scope.of_merchant(), Some(scope.partnership), id).await?.ok_or_else(Refusal::not_found)?;
    partnership.may_trade()?;
    still_a_draft(&order)?;
    Ok((scope, order))
}

fn waits(order: &OrderRow) -> Result<queries::Approval, Refusal> {
    let waiting = order.approval.clone().filter(|_| order.waits_for_approval());
    waiting.ok_or_else(|| Refusal::conflict("approval_not_requested", "Nobody waits for the approval of this order.").in_state(order.state.name()))
}
