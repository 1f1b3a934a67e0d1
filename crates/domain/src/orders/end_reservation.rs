//! An unpaid order outside credit keeps what it reserves for so many days only (STK-7): its keys go back to stock, and what of it stands in the
//! queue for keys leaves that. The order stays, and reserves again once it is released: see [`reserve_again`](super::reserve_again).

use super::standing::Standing;
use super::{queries, store};
use crate::access::{Caller, Need, PartnershipScope};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::{LicenseId, OrderId};
use crate::licenses::{self, Stage};
use crate::outbox::Event;
use crate::stock::{self, KeyState};
use serde_json::json;
use std::collections::BTreeSet;
use tradepost_store::Tx;

/// Licenses that give back at once what they reserve: their partnership and the counters of their products are locked meanwhile.
pub const LET_GO_AT_ONCE: i64 = 1_000;

/// Gives back what up to [`LET_GO_AT_ONCE`] licenses of an order reserve, where it is held for longer than it may. Answers how many; with the last
/// of them the reservation has ended. 0: nothing is due, be it that it was paid in the meantime.
#[derive(Clone, Copy, Debug)]
pub struct EndReservation {
    /// Whose it is.
    pub scope: PartnershipScope,
    /// Which.
    pub order: OrderId,
}

#[async_trait::async_trait]
impl Command for EndReservation {
    const NAME: &'static str = "orders.end_reservation";
    const REFUSALS: &'static [&'static str] = &[];
    /// How many licenses let go what they had reserved.
    type Outcome = i64;

    fn need(&self) -> Need {
        Need::House
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<i64, No> {
        let PartnershipScope { merchant, partnership } = self.scope;
        // Whoever pays it, or gives it credit, holds the same lock: it is either released before, or reserves again afterwards.
        let Some(standing) = Standing::load(tx, self.scope).await? else { return Ok(0) };
        let order = queries::locked(tx, merchant, &[self.order]).await?.into_iter().next();
        let Some(order) = order.filter(|order| order.partnership == partnership && order.reserves_too_long(ctx.now)) else { return Ok(0) };
        // Terms changed, and the reaction that releases it is on its way: it keeps its keys.
        if standing.restless().contains(&order.id) {
            return Ok(0);
        }
        let mut licenses = licenses::queries::reserving(tx, merchant, order.id, LET_GO_AT_ONCE + 1).await?;
        let more = i64::try_from(licenses.len()).is_ok_and(|found| found > LET_GO_AT_ONCE);
        licenses.truncate(usize::try_from(LET_GO_AT_ONCE).unwrap_or(0));
        let keys: Vec<_> = licenses.iter().filter_map(|license| Some((license.key?, license.product))).collect();
        // Of places in the queue too: what others may take is counted under this lock.
        stock::lock(tx, merchant, &licenses.iter().map(|license| license.product).collect::<BTreeSet<i64>>()).await?;
        // From here it must succeed.
        licenses::store::let_go(tx, merchant, &licenses.iter().map(|license| license.id).collect::<Vec<LicenseId>>()).await?;
        stock::move_keys(ctx, tx, merchant, &keys, super::settle::key_state(Stage::Waiting), KeyState::Available).await?;
        if !more {
            store::end_reservation(ctx, tx, merchant, order.id).await?;
            let body = json!({"number": order.number, "reference": order.reference, "reserved_until": order.reserved_until});
            ctx.audit(AuditEntry::new(merchant, "order.reservation_ended", order.id).of(partnership).after(body.clone()));
            ctx.announce(Event::new(merchant, "order.reservation_ended", order.id, body).of(partnership));
        }
        Ok(i64::try_from(licenses.len()).unwrap_or(i64::MAX))
    }
}
