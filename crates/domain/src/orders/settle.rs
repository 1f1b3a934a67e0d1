//! Brings licenses, keys and states of orders to what follows from the facts. Every command that changes a fact
//! ends here, so that no two of them can disagree.

use super::reserve_again::reserve_again;
use super::standing::Standing;
use super::state::{State, StateFacts, shown_state};
use super::{OrderRow, queries, store};
use crate::audit::AuditEntry;
use crate::catalog::Method;
use crate::command::Ctx;
use crate::ids::{LicenseId, LicenseKeyId, OrderId};
use crate::licenses::queries::LicenseRow;
use crate::licenses::state::settled;
use crate::licenses::store::Move;
use crate::licenses::{self, LicenseFacts, Stage, Status};
use crate::outbox::Event;
use crate::stock::{self, KeyState};
use serde_json::json;
use std::collections::HashMap;
use tradepost_store::{Fault, Tx};

/// Where a key is while its license is in a stage: reserved, allocated to the reseller, delivered.
#[must_use]
pub const fn key_state(stage: Stage) -> KeyState {
    match stage {
        Stage::Waiting => KeyState::Reserved,
        Stage::Available => KeyState::Allocated,
        Stage::Distributed => KeyState::Delivered,
        Stage::Canceled => KeyState::Available,
        Stage::Revoked => KeyState::Revoked,
    }
}

/// The state that an order shows, given all its licenses.
#[must_use]
pub fn state_of(order: &OrderRow, licenses: &[LicenseFacts]) -> State {
    let waits_for_key = |license: &LicenseFacts| license.method == Method::KeyPool && !license.has_key && !license.distributed;
    let waits_for_merchant = |license: &LicenseFacts| license.method == Method::Merchant && !license.confirmed;
    shown_state(&StateFacts {
        placed: order.placed.is_some(),
        canceled: order.canceled.is_some(),
        paid: order.is_paid(),
        misses_information: licenses.iter().any(|license| !license.distributed && license.misses_information()),
        waits_for_stock: licenses.iter().any(waits_for_key),
        waits_for_confirmation: licenses.iter().any(waits_for_merchant),
    })
}

/// Settles orders of one partnership, whose row is locked.
///
/// # Errors
/// The store's; a lost race where a license moved without the partnership's lock.
pub async fn settle(ctx: &mut Ctx, tx: &mut Tx<'_>, standing: &Standing, orders: &[OrderId]) -> Result<(), Fault> {
    if orders.is_empty() {
        return Ok(());
    }
    let merchant = standing.scope().merchant;
    let rows = queries::locked(tx, merchant, orders).await?;
    let mut by_order: HashMap<OrderId, Vec<LicenseRow>> = HashMap::new();
    for license in licenses::queries::of_orders(tx, merchant, orders).await? {
        if let Some(order) = license.order() {
            by_order.entry(order).or_default().push(license);
        }
    }
    reserve_again(ctx, tx, standing, &rows, &mut by_order).await?;
    let mut moves = Vec::new();
    let mut keys: HashMap<(KeyState, KeyState), Vec<(LicenseKeyId, i64)>> = HashMap::new();
    let mut handed_over: Vec<LicenseRow> = Vec::new();
    let mut states = Vec::new();
    for order in &rows {
        let facts = standing.facts(order);
        let mut after = Vec::new();
        for license in by_order.remove(&order.id).unwrap_or_default() {
            let (stage, status) = settled(&facts, &license.facts());
            after.push(LicenseFacts { distributed: stage == Stage::Distributed, ..license.facts() });
            if (stage, status) == (license.stage, license.status) {
                continue;
            }
            moves.push(Move { id: license.id, from: license.stage, stage, status });
            if let Some(key) = license.key.filter(|_| stage != license.stage) {
                keys.entry((key_state(license.stage), key_state(stage))).or_default().push((key, license.product));
            }
            if stage == Stage::Distributed && status == Status::Fulfilled {
                handed_over.push(license);
            }
        }
        let state = state_of(order, &after);
        if state != order.state {
            states.push((order.id, state));
        }
    }
    licenses::store::move_all(ctx, tx, merchant, &moves).await?;
    stock::lock(tx, merchant, &keys.values().flatten().map(|key| key.1).collect()).await?;
    let mut keys: Vec<_> = keys.into_iter().collect();
    keys.sort_by_key(|((from, to), _)| (*from as i64, *to as i64));
    for ((from, to), keys) in keys {
        stock::move_keys(ctx, tx, merchant, &keys, from, to).await?;
    }
    hand_over(ctx, tx, standing, &handed_over).await?;
    store::show(ctx, tx, merchant, &states).await?;
    for (order, state) in states {
        note_state(ctx, standing, order, state);
    }
    Ok(())
}

/// The platform hands over by itself what asked for its end user before delivery: one mail to each, its code now
/// shown (FUL-1).
async fn hand_over(ctx: &mut Ctx, tx: &mut Tx<'_>, standing: &Standing, licenses: &[LicenseRow]) -> Result<(), Fault> {
    let scope = standing.scope();
    let keys: Vec<LicenseKeyId> = licenses.iter().filter_map(|license| license.key).collect();
    stock::mark_shown(ctx, tx, scope.merchant, &keys).await?;
    let ids: Vec<LicenseId> = licenses.iter().map(|license| license.id).collect();
    licenses::store::note_sent(ctx, tx, scope.merchant, &ids).await?;
    for license in licenses {
        note_sent(ctx, standing, license.id, license.customer.map(|id| id.text()));
    }
    Ok(())
}

/// Notes in history and outbox that a license goes to its owner by mail.
pub(super) fn note_sent(ctx: &mut Ctx, standing: &Standing, license: LicenseId, customer: Option<String>) {
    let scope = standing.scope();
    let body = json!({"license": license, "customer": customer});
    ctx.audit(AuditEntry::new(scope.merchant, "license.sent", license).of(scope.partnership).after(body.clone()));
    ctx.announce(Event::new(scope.merchant, "license.sent", license, body).of(scope.partnership));
}

fn note_state(ctx: &mut Ctx, standing: &Standing, order: OrderId, state: State) {
    let scope = standing.scope();
    if state == State::Complete {
        ctx.audit(AuditEntry::new(scope.merchant, "order.completed", order).of(scope.partnership));
        ctx.announce(Event::new(scope.merchant, "order.completed", order, json!({})).of(scope.partnership));
    }
}
