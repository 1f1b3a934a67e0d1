//! A partnership's standing while its row is locked: terms, exposure, and what follows when they change.

use super::{queries, settle, store};
use crate::access::PartnershipScope;
use crate::audit::AuditEntry;
use crate::command::Ctx;
use crate::credit::{Exposure, Owed};
use crate::ids::OrderId;
use crate::licenses::OrderFacts;
use crate::orders::OrderRow;
use crate::outbox::Event;
use crate::partners::terms::{self, EffectiveTerms};
use crate::partners::{self, LockedPartnership};
use serde_json::json;
use std::collections::BTreeSet;
use tradepost_kernel::sabotage;
use tradepost_store::{Fault, Tx};

/// What is known of a partnership under its lock.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The locked partnership.
    pub partnership: LockedPartnership,
    /// Its effective terms.
    pub terms: EffectiveTerms,
    /// Its limit and open orders.
    pub exposure: Exposure,
}

impl Standing {
    /// Locks the partnership and loads its terms and open orders. `None`: there is no such partnership.
    ///
    /// # Errors
    /// The store's.
    pub async fn load(tx: &mut Tx<'_>, scope: PartnershipScope) -> Result<Option<Self>, Fault> {
        let Some(partnership) = partners::lock(tx, scope).await? else { return Ok(None) };
        let terms = terms::effective(tx, scope.merchant, scope.partnership, partnership.channel).await?;
        let mut open = queries::open(tx, scope).await?;
        if sabotage::is("credit.no_lock") {
            // What a confirm sees that did not wait for the one before it.
            open.pop();
        }
        let exposure = Exposure { limit: terms.credit_limit, open };
        Ok(Some(Self { partnership, terms, exposure }))
    }

    /// The same for a partnership that must be there, because one of its rows was just read.
    ///
    /// # Errors
    /// [`Fault::Invariant`] where it is not.
    pub async fn of(tx: &mut Tx<'_>, scope: PartnershipScope) -> Result<Self, Fault> {
        Self::load(tx, scope).await?.ok_or_else(|| Fault::invariant("a row without its partnership"))
    }

    /// Which partnership.
    #[must_use]
    pub const fn scope(&self) -> PartnershipScope {
        self.partnership.scope
    }

    /// Whether unpaid goods stop right now (CRD-5).
    #[must_use]
    pub fn stops_at_limit(&self) -> bool {
        self.terms.hold_unpaid_at_limit && self.exposure.limit_reached()
    }

    /// What is known of one of its orders.
    #[must_use]
    pub fn facts(&self, order: &OrderRow) -> OrderFacts {
        facts(&self.terms, self.exposure.owed(), order)
    }

    /// After credit, payments or terms changed: releases held orders that fit now, strictly oldest first, raises or
    /// lowers the flag that the balance is due, and settles the orders in `touched` and all that were let go.
    ///
    /// # Errors
    /// The store's.
    pub async fn rejudge(&mut self, ctx: &mut Ctx, tx: &mut Tx<'_>, touched: &[OrderId]) -> Result<(), Fault> {
        let scope = self.scope();
        self.terms = terms::effective(tx, scope.merchant, scope.partnership, self.partnership.channel).await?;
        self.exposure = Exposure { limit: self.terms.credit_limit, open: queries::open(tx, scope).await? };
        let judged = self.judge();
        self.release(ctx, tx, &judged).await?;
        partners::set_balance_due(ctx, tx, scope, self.partnership.balance_due).await?;
        let settled: BTreeSet<OrderId> = touched.iter().copied().chain(judged.going()).collect();
        settle::settle(ctx, tx, self, &settled.into_iter().collect::<Vec<_>>()).await
    }

    /// What follows from terms and exposure for orders and flag, and is true of `self` from now on. Nothing is written:
    /// see [`Self::release`].
    pub(super) fn judge(&mut self) -> Judged {
        let released = self.exposure.releasable();
        for open in &mut self.exposure.open {
            open.held = open.held && !released.contains(&open.order);
        }
        let due = self.exposure.limit_reached();
        let was = std::mem::replace(&mut self.partnership.balance_due, due);
        // What stopped at the limit goes on: orders whose goods the platform hands over by itself.
        let going_on = if was && !due { self.exposure.open.iter().filter(|open| !open.held).map(|open| open.order).collect() } else { Vec::new() };
        Judged { released, flag: (was != due).then_some(due), going_on }
    }

    /// Orders of which [`Self::judge`] may let goods go now, before anything further is placed: those that wait for a
    /// reaction to changed terms. Mostly none.
    pub(super) fn restless(&self) -> Vec<OrderId> {
        let going_on = self.partnership.balance_due && !self.exposure.limit_reached();
        let released = self.exposure.releasable();
        self.exposure.open.iter().filter(|open| released.contains(&open.order) || (going_on && !open.held)).map(|open| open.order).collect()
    }

    /// Writes and notes the releases.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn release(&self, ctx: &mut Ctx, tx: &mut Tx<'_>, judged: &Judged) -> Result<(), Fault> {
        let scope = self.scope();
        let released: Vec<(OrderId, bool)> = judged.released.iter().map(|order| (*order, true)).collect();
        store::release(ctx, tx, scope.merchant, &released).await?;
        for order in &judged.released {
            note_release(ctx, scope, *order, "credit");
        }
        Ok(())
    }
}

/// What follows for a partnership's orders from its credit having moved.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    /// Held orders that fit now, oldest first.
    pub(super) released: Vec<OrderId>,
    /// The flag that the balance is due, where it was raised or lowered.
    pub(super) flag: Option<bool>,
    /// Orders whose goods stopped at the limit and go on.
    going_on: Vec<OrderId>,
}

impl Judged {
    /// The orders to be settled.
    pub(super) fn going(&self) -> BTreeSet<OrderId> {
        self.released.iter().chain(&self.going_on).copied().collect()
    }
}

/// What is known of an order of a partnership that has these terms and owes this.
#[must_use]
pub fn facts(terms: &EffectiveTerms, owed: Owed, order: &OrderRow) -> OrderFacts {
    OrderFacts {
        paid: order.is_paid(),
        released: order.released.is_some(),
        canceled: order.canceled.is_some(),
        has_limit: terms.credit_limit.is_some(),
        stopped_at_limit: terms.hold_unpaid_at_limit && owed.reaches(terms.credit_limit),
    }
}

/// Notes in timeline and outbox that an order's goods may leave, and why.
pub(super) fn note_release(ctx: &mut Ctx, scope: PartnershipScope, order: OrderId, because: &'static str) {
    ctx.audit(AuditEntry::new(scope.merchant, "order.released", order).of(scope.partnership).after(json!({"because": because})));
    ctx.announce(Event::new(scope.merchant, "order.released", order, json!({"because": because})).of(scope.partnership));
}
