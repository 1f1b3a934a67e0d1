//! The merchant decides on a request to take licenses of a fulfillment back (EXT-9).

use super::request_cancel::{CancelRequestOutcome, nothing_to_cancel};
use super::requests::{self, CancelRequestRow, RequestState, Stake};
use super::take_back::{Refund, TakenBack};
use super::{FulfillmentRow, queries, store};
use crate::access::{Need, PartnershipScope, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::CancelRequestId;
use crate::outbox::Event;
use crate::partners::{self, LockedPartnership, terms};
use serde_json::json;
use tradepost_kernel::{Currency, Money, Refusal};
use tradepost_store::Tx;

/// Approves a request: in one transaction shown codes are revoked, unseen ones go back to stock, the refund goes from
/// sales to the prepaid balance and the units are given back to the purchase limits.
///
/// Money goes back only to a balance that can be spent: not while the partnership buys in another currency than it paid in.
#[derive(Clone, Debug)]
pub struct ApproveCancelRequest {
    /// Which.
    pub request: CancelRequestId,
    /// What goes back: at least the cost of what nobody saw, at most the cost of all of it. `None`: the least.
    pub refund: Option<Money>,
    /// What the merchant says to it, at most 1000 characters; the reseller reads it.
    pub note: Option<String>,
}

#[async_trait::async_trait]
impl Command for ApproveCancelRequest {
    const NAME: &'static str = "cancel_requests.approve";
    const REFUSALS: &'static [&'static str] =
        &["not_found", "not_pending", "nothing_to_cancel", "currency_mismatch", "refund_too_small", "refund_too_large", "currency_changed"];
    type Outcome = CancelRequestOutcome;

    /// It gives money back, which PAR-14 leaves to finance; that codes are revoked follows from it.
    fn need(&self) -> Need {
        Need::Right(Right::BillingManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<CancelRequestOutcome, No> {
        let (partnership, request, row) = find(ctx, tx, self.request).await?;
        let scope = partnership.scope;
        let taken = TakenBack::load(tx, scope.merchant, &row, (!request.whole).then_some(request.id)).await?;
        let stake = taken.stake(&row).ok_or_else(|| nothing_to_cancel("All of it was taken back before.").in_state(row.state.name()))?;
        let refund_minor = refund(&row, stake, self.refund)?;
        if refund_minor > 0 {
            let terms = terms::effective(tx, scope.merchant, scope.partnership, partnership.channel).await?;
            keeps_currency(&row, terms.currency)?;
        }
        // From here it must succeed.
        let refund = Refund { reference: request.id.bytes(), minor: refund_minor, units: taken.count(), leaves: taken.leaves(&row) };
        taken.write(ctx, tx, scope, &row, &refund).await?;
        let decided = CancelRequestRow {
            state: RequestState::Approved,
            quantity: taken.count(),
            refund_minor,
            note: self.note.clone(),
            decided: Some(ctx.now),
            ..request
        };
        store::decide_request(tx, scope.merchant, &decided).await?;
        let body = json!({
            "fulfillment": row.id, "external_order_id": row.external_order_id, "quantity": decided.quantity, "revoked": stake.shown,
            "refund": row.currency.minor(refund_minor),
        });
        ctx.audit(AuditEntry::new(scope.merchant, "cancel_request.approved", decided.id).of(scope.partnership).after(body.clone()));
        ctx.announce(Event::new(scope.merchant, "cancel_request.approved", decided.id, body).of(scope.partnership));
        Ok(CancelRequestOutcome { request: decided.id })
    }
}

/// The amount, within what may go back.
fn refund(row: &FulfillmentRow, stake: Stake, asked: Option<Money>) -> Result<i64, Refusal> {
    let Some(asked) = asked else { return Ok(stake.least_minor) };
    let money = |minor| row.currency.minor(minor);
    if asked.currency != row.currency {
        let detail = format!("The fulfillment was paid in {}.", row.currency);
        return Err(Refusal::invalid("currency_mismatch", detail).at("/refund/currency"));
    }
    if asked.minor < stake.least_minor {
        let detail = format!("Codes that nobody saw go back to stock, so their cost of {} goes back at least.", money(stake.least_minor));
        return Err(Refusal::invalid("refund_too_small", detail).at("/refund/amount"));
    }
    if asked.minor > stake.most_minor {
        let detail = format!("What may go back is {} at most.", money(stake.most_minor));
        return Err(Refusal::invalid("refund_too_large", detail).at("/refund/amount"));
    }
    Ok(asked.minor)
}

/// Nothing is bought from the balance of a currency that was left, and no act pays it out: money that came there could not be used.
fn keeps_currency(row: &FulfillmentRow, now: Option<Currency>) -> Result<(), Refusal> {
    if now == Some(row.currency) {
        return Ok(());
    }
    let detail = format!("It was paid in {}, which the partnership no longer buys in. Set that currency again, or let nothing go back.", row.currency);
    Err(Refusal::conflict("currency_changed", detail))
}

/// Rejects a request: nothing changes.
#[derive(Clone, Debug)]
pub struct RejectCancelRequest {
    /// Which.
    pub request: CancelRequestId,
    /// Why, 1–1000 characters; the reseller reads it.
    pub note: String,
}

#[async_trait::async_trait]
impl Command for RejectCancelRequest {
    const NAME: &'static str = "cancel_requests.reject";
    const REFUSALS: &'static [&'static str] = &["not_found", "not_pending"];
    type Outcome = CancelRequestOutcome;

    fn need(&self) -> Need {
        Need::Right(Right::BillingManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<CancelRequestOutcome, No> {
        let (LockedPartnership { scope, .. }, request, _) = find(ctx, tx, self.request).await?;
        // From here it must succeed.
        let decided = CancelRequestRow { state: RequestState::Rejected, note: Some(self.note.clone()), decided: Some(ctx.now), ..request };
        store::decide_request(tx, scope.merchant, &decided).await?;
        let body = json!({"fulfillment": decided.fulfillment, "external_order_id": decided.external_order_id});
        ctx.audit(AuditEntry::new(scope.merchant, "cancel_request.rejected", decided.id).of(scope.partnership));
        ctx.announce(Event::new(scope.merchant, "cancel_request.rejected", decided.id, body).of(scope.partnership));
        Ok(CancelRequestOutcome { request: decided.id })
    }
}

/// A pending request of the caller's merchant with its fulfillment, under the lock of its partnership.
async fn find(ctx: &Ctx, tx: &mut Tx<'_>, id: CancelRequestId) -> Result<(LockedPartnership, CancelRequestRow, FulfillmentRow), No> {
    let merchant = ctx.caller().merchant()?;
    let request = requests::request(tx, merchant, None, id).await?.ok_or_else(Refusal::not_found)?;
    let scope = PartnershipScope { merchant: merchant.merchant, partnership: request.partnership };
    let partnership = partners::lock(tx, scope).await?.ok_or_else(Refusal::not_found)?;
    // Read again: the lock may have been waited for.
    let request = requests::request(tx, merchant, None, id).await?.ok_or_else(Refusal::not_found)?;
    request.must_be_pending()?;
    let row = queries::fulfillment(tx, merchant, None, request.fulfillment).await?.ok_or_else(Refusal::not_found)?;
    Ok((partnership, request, row))
}
