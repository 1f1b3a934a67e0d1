//! A released order reserves again what it gave back while it was not paid (STK-7): keys that are free, else places at the end of the queue for
//! keys, behind those who stand there already.

use super::standing::Standing;
use super::{OrderRow, queries};
use crate::audit::AuditEntry;
use crate::command::Ctx;
use crate::ids::{LicenseId, LicenseKeyId, OrderId};
use crate::licenses;
use crate::licenses::queries::LicenseRow;
use crate::stock::{self, KeyState, Taken};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use tradepost_store::{Fault, Tx};

/// Gives licenses of released orders their keys or places, and writes it into the rows. Mostly there is nothing to do, and nothing is asked.
///
/// # Errors
/// The store's.
pub(super) async fn reserve_again(
    ctx: &mut Ctx,
    tx: &mut Tx<'_>,
    standing: &Standing,
    orders: &[OrderRow],
    licenses: &mut HashMap<OrderId, Vec<LicenseRow>>,
) -> Result<(), Fault> {
    let merchant = standing.scope().merchant;
    let released: HashSet<OrderId> = orders.iter().filter(|order| order.released.is_some() && order.canceled.is_none()).map(|order| order.id).collect();
    let waits = |license: &LicenseRow| license.let_go() && license.order().is_some_and(|order| released.contains(&order));
    let mut wanted: BTreeMap<(i64, i64), i64> = BTreeMap::new();
    for license in licenses.values().flatten().filter(|license| waits(license)) {
        *wanted.entry((merchant, license.product)).or_default() += 1;
    }
    if wanted.is_empty() {
        return Ok(());
    }
    // Whatever else of these orders moves, moves after this: the counters of all of it are locked here, in their order.
    let moving: BTreeSet<i64> = licenses.values().flatten().filter(|license| license.key.is_some() || waits(license)).map(|license| license.product).collect();
    stock::lock(tx, merchant, &moving).await?;
    let mut on_hand = stock::claim_all(tx, &wanted, ctx.now).await?;
    let free = queries::free_keys(tx, &wanted).await?;
    for (product, on_hand) in &mut on_hand {
        on_hand.leave_beyond(free.get(product).copied().unwrap_or(0));
    }
    let mut waiting: Vec<&mut LicenseRow> = licenses.values_mut().flatten().filter(|license| waits(license)).collect();
    waiting.sort_unstable_by_key(|license| license.id);
    let (mut taken, mut queued): (Vec<Taken>, Vec<LicenseId>) = (Vec::new(), Vec::new());
    let mut told: BTreeMap<OrderId, (i64, i64)> = BTreeMap::new();
    for license in waiting {
        let Some(order) = license.order() else { continue };
        let (keys, places) = told.entry(order).or_default();
        if let Some(claimed) = on_hand.get_mut(&(merchant, license.product)).and_then(|on_hand| on_hand.keys.pop_front()) {
            license.key = Some(claimed.key);
            taken.push(Taken { key: claimed.key, product: license.product, license: license.id });
            *keys += 1;
        } else {
            license.queued = Some(ctx.now);
            queued.push(license.id);
            *places += 1;
        }
    }
    stock::take(ctx, tx, merchant, &taken, KeyState::Reserved).await?;
    let attached: Vec<(LicenseId, LicenseKeyId)> = taken.iter().map(|taken| (taken.license, taken.key)).collect();
    licenses::store::attach_keys(tx, merchant, &attached).await?;
    licenses::store::queue(ctx, tx, merchant, &queued).await?;
    for (order, (keys, places)) in told {
        let entry = AuditEntry::new(merchant, "order.reserved_again", order).of(standing.scope().partnership);
        ctx.audit(entry.after(json!({"keys": keys, "backordered": places})));
    }
    Ok(())
}
