//! The reseller asks for a fulfillment, or some of its licenses, to be taken back, and withdraws what was not decided
//! yet (EXT-9). Asking changes nothing else: codes stay good and money stays where it is until the merchant decides.

use super::requests::{self, CancelRequestRow, RequestState};
use super::{FulfillmentRow, State, queries, store, units};
use crate::access::{Need, PartnershipScope, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::{CancelRequestId, FulfillmentId, LicenseId};
use crate::licenses::Stage;
use crate::outbox::Event;
use crate::partners;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;
use tradepost_kernel::Refusal;
use tradepost_store::Tx;

/// The most licenses that one request names; one for the whole names none.
pub const MOST_NAMED: usize = 1_000;

/// Asks for a fulfillment to be taken back.
#[derive(Clone, Debug)]
pub struct RequestCancel {
    /// Which.
    pub fulfillment: FulfillmentId,
    /// Why, 1–1000 characters; the merchant reads it.
    pub reason: String,
    /// Only these licenses, at most [`MOST_NAMED`]; empty for everything that was not taken back before.
    pub licenses: Vec<LicenseId>,
}

/// The request that was acted on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct CancelRequestOutcome {
    /// Its id.
    pub request: CancelRequestId,
}

#[async_trait::async_trait]
impl Command for RequestCancel {
    const NAME: &'static str = "cancel_requests.create";
    const REFUSALS: &'static [&'static str] = &["not_found", "nothing_to_cancel", "cancel_request_open", "invalid_field", "not_delivered"];
    type Outcome = CancelRequestOutcome;

    fn need(&self) -> Need {
        Need::Right(Right::FulfillmentsCreate)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<CancelRequestOutcome, No> {
        let scope = ctx.caller().partnership()?;
        partners::lock(tx, scope).await?.ok_or_else(Refusal::not_found)?;
        let row = queries::fulfillment(tx, scope.of_merchant(), Some(scope.partnership), self.fulfillment).await?.ok_or_else(Refusal::not_found)?;
        if matches!(row.state, State::Refunded | State::Failed) {
            return Err(nothing_to_cancel("All of this fulfillment was taken back before.").in_state(row.state.name()).into());
        }
        if requests::open_of(tx, scope.merchant, row.id).await?.is_some() {
            let detail = "The merchant has not decided on an earlier request for this fulfillment.";
            return Err(Refusal::conflict("cancel_request_open", detail).into());
        }
        let named = self.named(tx, scope, &row).await?;
        let request = CancelRequestRow {
            id: ctx.id(),
            partnership: scope.partnership,
            fulfillment: row.id,
            external_order_id: row.external_order_id.clone(),
            currency: row.currency,
            state: RequestState::Pending,
            whole: named.is_empty(),
            quantity: if named.is_empty() { row.quantity - row.refunded_quantity } else { i64::try_from(named.len()).unwrap_or(i64::MAX) },
            reason: self.reason.clone(),
            refund_minor: 0,
            note: None,
            created: ctx.now,
            decided: None,
        };
        // From here it must succeed.
        store::insert_request(tx, scope.merchant, &request, &named).await?;
        let body = json!({"fulfillment": row.id, "external_order_id": row.external_order_id, "quantity": request.quantity});
        ctx.audit(AuditEntry::new(scope.merchant, "cancel_request.created", request.id).of(scope.partnership).after(body.clone()));
        ctx.announce(Event::new(scope.merchant, "cancel_request.created", request.id, body).of(scope.partnership));
        Ok(CancelRequestOutcome { request: request.id })
    }
}

impl RequestCancel {
    /// The licenses named, each once; all must be the fulfillment's and still good.
    async fn named(&self, tx: &mut Tx<'_>, scope: PartnershipScope, row: &FulfillmentRow) -> Result<Vec<LicenseId>, No> {
        let named: Vec<LicenseId> = self.licenses.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        if named.len() > MOST_NAMED {
            return Err(Refusal::invalid("invalid_field", format!("Name at most {MOST_NAMED} licenses, or none for all.")).at("/licenses").into());
        }
        if named.is_empty() {
            return Ok(named);
        }
        if row.state == State::Processing {
            let detail = "Its licenses are still being made: wait for them, or ask for the whole.";
            return Err(Refusal::conflict("not_delivered", detail).at("/licenses").in_state(row.state.name()).into());
        }
        let stages = units::stages_of(tx, scope.merchant, row.id, &named).await?;
        for license in &named {
            match stages.get(license) {
                Some(Stage::Distributed) => {}
                Some(_) => return Err(nothing_to_cancel(format!("{license} was taken back before.")).at("/licenses").into()),
                None => return Err(Refusal::not_found().at("/licenses").into()),
            }
        }
        Ok(named)
    }
}

pub(super) fn nothing_to_cancel(detail: impl Into<String>) -> Refusal {
    Refusal::conflict("nothing_to_cancel", detail)
}

/// Withdraws a request that was not decided yet.
#[derive(Clone, Copy, Debug)]
pub struct WithdrawCancelRequest {
    /// Which.
    pub request: CancelRequestId,
}

#[async_trait::async_trait]
impl Command for WithdrawCancelRequest {
    const NAME: &'static str = "cancel_requests.withdraw";
    const REFUSALS: &'static [&'static str] = &["not_found", "not_pending"];
    type Outcome = CancelRequestOutcome;

    fn need(&self) -> Need {
        Need::Right(Right::FulfillmentsCreate)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<CancelRequestOutcome, No> {
        let scope = ctx.caller().partnership()?;
        partners::lock(tx, scope).await?.ok_or_else(Refusal::not_found)?;
        let request = requests::request(tx, scope.of_merchant(), Some(scope.partnership), self.request).await?.ok_or_else(Refusal::not_found)?;
        request.must_be_pending()?;
        // From here it must succeed.
        store::decide_request(tx, scope.merchant, &CancelRequestRow { state: RequestState::Withdrawn, decided: Some(ctx.now), ..request.clone() }).await?;
        let body = json!({"fulfillment": request.fulfillment, "external_order_id": request.external_order_id});
        ctx.audit(AuditEntry::new(scope.merchant, "cancel_request.withdrawn", request.id).of(scope.partnership));
        ctx.announce(Event::new(scope.merchant, "cancel_request.withdrawn", request.id, body).of(scope.partnership));
        Ok(CancelRequestOutcome { request: request.id })
    }
}
