//! Taking licenses of a fulfillment back (EXT-9, EXT-10): codes that somebody saw are revoked, the others go back to
//! stock, the money goes back to the prepaid balance and the units to the purchase limits; all in one transaction.

use super::requests::Stake;
use super::units::{self, Unit};
use super::{FulfillmentRow, State, store};
use crate::access::PartnershipScope;
use crate::audit::AuditEntry;
use crate::command::Ctx;
use crate::ids::{CancelRequestId, LicenseId, LicenseKeyId};
use crate::ledger::{self, AccountKind, NewTransfer, Posting};
use crate::licenses::store::Move;
use crate::licenses::{self, Stage, Status};
use crate::outbox::Event;
use crate::partners::purchases;
use crate::sales::{self, Sales, SalesDay};
use crate::stock::{self, KeyState};
use serde_json::json;
use std::collections::BTreeSet;
use tradepost_kernel::sabotage;
use tradepost_store::{Fault, Tx};

/// What is to be taken back, loaded under the lock of its partnership.
pub(super) struct TakenBack {
    shown: Vec<Unit>,
    unshown: Vec<Unit>,
    /// Units that were promised and have no license yet.
    promised: i64,
}

/// What goes back for it, and where the fulfillment stands then.
pub(super) struct Refund {
    /// What the ledger knows it by.
    pub(super) reference: [u8; 16],
    /// Minor units.
    pub(super) minor: i64,
    /// How many units count as taken back.
    pub(super) units: i64,
    /// Where it stands then.
    pub(super) leaves: State,
}

impl TakenBack {
    /// The licenses that a request names, or everything that was not taken back before; locks the product's counters.
    pub(super) async fn load(tx: &mut Tx<'_>, merchant: i64, row: &FulfillmentRow, named_by: Option<CancelRequestId>) -> Result<Self, Fault> {
        stock::lock(tx, merchant, &BTreeSet::from([row.product])).await?;
        let units = units::standing(tx, merchant, row.id, named_by).await?;
        // With the bug it goes by what was there when it was asked for: nothing was made since, and nobody saw anything.
        let stale = sabotage::is("fulfillment.stale");
        let promised = if stale && row.state == State::Processing { row.quantity - row.refunded_quantity } else { row.promised() };
        let (shown, unshown): (Vec<Unit>, Vec<Unit>) = units.into_iter().partition(|unit| unit.shown && !stale);
        Ok(Self { shown, unshown, promised })
    }

    pub(super) fn count(&self) -> i64 {
        i64::try_from(self.shown.len() + self.unshown.len()).unwrap_or(i64::MAX).saturating_add(self.promised)
    }

    /// What may go back for it; `None` where there is nothing.
    pub(super) fn stake(&self, row: &FulfillmentRow) -> Option<Stake> {
        let shown = i64::try_from(self.shown.len()).unwrap_or(i64::MAX);
        (self.count() > 0).then(|| Stake::of(row, shown, self.count() - shown))
    }

    /// Where the fulfillment stands without it.
    pub(super) fn leaves(&self, row: &FulfillmentRow) -> State {
        if row.refunded_quantity + self.count() == row.quantity { State::Refunded } else { State::PartlyRefunded }
    }

    pub(super) async fn write(&self, ctx: &mut Ctx, tx: &mut Tx<'_>, scope: PartnershipScope, row: &FulfillmentRow, refund: &Refund) -> Result<(), Fault> {
        let merchant = scope.merchant;
        self.take_codes_back(ctx, tx, merchant, row.product).await?;
        ledger::post(ctx, tx, merchant, &[transfer(row, refund)]).await?;
        purchases::give_back(tx, scope, row.day, refund.units).await?;
        let whole = matches!(refund.leaves, State::Refunded | State::Failed);
        let sold = Sales { orders: i64::from(whole), units: refund.units, amount_minor: refund.minor };
        sales::store::take_back(tx, SalesDay::new(scope, row.day, row.currency), sold).await?;
        store::take_back(tx, merchant, row, refund).await?;
        let money = |minor| row.currency.minor(minor);
        let body = json!({
            "external_order_id": row.external_order_id, "status": refund.leaves.name(), "quantity": refund.units, "refund": money(refund.minor),
            "refunded": money(row.refunded_minor + refund.minor),
        });
        // Each name stands in its own call, where the list of events finds it.
        if refund.leaves == State::Failed {
            ctx.audit(AuditEntry::new(merchant, "fulfillment.failed", row.id).of(row.partnership).after(body.clone()));
            ctx.announce(Event::new(merchant, "fulfillment.failed", row.id, body).of(row.partnership));
        } else {
            ctx.audit(AuditEntry::new(merchant, "fulfillment.refunded", row.id).of(row.partnership).after(body.clone()));
            ctx.announce(Event::new(merchant, "fulfillment.refunded", row.id, body).of(row.partnership));
        }
        Ok(())
    }

    fn moves(&self) -> Vec<Move> {
        let to = |unit: &Unit, stage, status| Move { id: unit.license, from: Stage::Distributed, stage, status };
        let revoked = self.shown.iter().map(|unit| to(unit, Stage::Revoked, Status::Fulfilled));
        // Nobody saw it: as if it had never been handed over.
        let returned = self.unshown.iter().map(|unit| to(unit, Stage::Canceled, Status::NotFulfilled));
        revoked.chain(returned).collect()
    }

    async fn take_codes_back(&self, ctx: &mut Ctx, tx: &mut Tx<'_>, merchant: i64, product: i64) -> Result<(), Fault> {
        licenses::store::move_all(ctx, tx, merchant, &self.moves()).await?;
        let returned: Vec<LicenseId> = self.unshown.iter().map(|unit| unit.license).collect();
        licenses::store::detach_keys(tx, merchant, &returned).await?;
        stock::move_keys(ctx, tx, merchant, &keys(&self.shown, product), KeyState::Delivered, KeyState::Revoked).await?;
        stock::move_keys(ctx, tx, merchant, &keys(&self.unshown, product), KeyState::Delivered, KeyState::Available).await?;
        if self.promised > 0 {
            stock::promise(ctx, tx, merchant, product, -self.promised).await?;
        }
        Ok(())
    }
}

fn keys(units: &[Unit], product: i64) -> Vec<(LicenseKeyId, i64)> {
    units.iter().map(|unit| (unit.key, product)).collect()
}

/// Sales → prepaid.
fn transfer(row: &FulfillmentRow, refund: &Refund) -> NewTransfer {
    NewTransfer {
        kind: "fulfillment_refund",
        reference: refund.reference,
        partnership: row.partnership,
        currency: row.currency,
        postings: vec![Posting { kind: AccountKind::Sales, amount_minor: refund.minor }, Posting { kind: AccountKind::Prepaid, amount_minor: -refund.minor }],
        reverses: None,
    }
}
