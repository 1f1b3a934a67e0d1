//! Resellers, their partnerships with merchants, channels, terms, and who may come in by which credential.
//!
//! Always true here:
//! - A partnership is the tenant boundary for everything a reseller sees; its row is locked first by whatever
//!   places orders or moves its credit.
//! - Its status moves only along [`Status::after`]; only `approved` and `active` may trade (PAR-1).
//! - A reseller has at least one owner, and one partnership per merchant.
//! - A partnership without a channel exists, but cannot order (PAR-7).
//!
//! What does not belong: credit, orders, prices.

mod channel_store;
pub mod channels;
pub mod create_merchant;
pub mod enroll;
pub mod members;
pub mod ownership;
pub mod products;
pub mod program_terms;
pub mod purchases;
pub mod queries;
mod reseller_store;
pub mod set_up;
pub mod spending;
mod spending_store;
pub mod state;
pub mod steps;
pub mod store;
mod term;
mod term_store;
pub mod terms;
#[cfg(test)]
mod terms_tests;

use crate::PartnershipScope;
use crate::audit::AuditEntry;
use crate::command::Ctx;
use crate::ids::{ChannelId, ResellerId};
use crate::outbox::Event;
pub use channels::{ChannelChanged, ChannelView, CreateChannel, DeleteChannel, UpdateChannel};
pub use create_merchant::{CreateMerchant, MerchantCreated, NewMerchant};
pub use enroll::{CreateReseller, Enrolled, JoinProgram, Profile, SignUp, SignUpReceived};
pub use members::{AddResellerMember, ChangeResellerMember, RemoveResellerMember, ResellerUpdated, UpdateReseller};
pub use ownership::TransferReseller;
pub use program_terms::{ChangeChannelTerms, ChangeProgramTerms, ProgramChanged};
use serde_json::json;
pub use set_up::{SetUp, SetUpDone};
pub use spending::{SetOrderApproval, SetSpendingLimit};
pub use state::{Status, Step};
pub use steps::{
    ApprovePartnership, ClosePartnership, DeletePartnership, DenyPartnership, MovePartnership, PartnershipChanged, ReactivatePartnership, SuspendPartnership,
};
pub use store::{lock, lock_all, lock_set, write_placed};
use tradepost_kernel::Refusal;
use tradepost_store::{Fault, Tx};

/// A partnership whose row is locked until the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedPartnership {
    /// Which one.
    pub scope: PartnershipScope,
    /// Whose.
    pub reseller: ResellerId,
    /// Where it stands.
    pub status: Status,
    /// What a suspended one goes back to.
    pub reactivates_to: Option<Status>,
    /// Where it buys; `None` until the merchant picks one.
    pub channel: Option<ChannelId>,
    /// Whether the balance is due now (CRD-6).
    pub balance_due: bool,
    /// Orders placed so far: the place of the latest.
    pub orders_placed: i64,
    /// The reseller's code at this merchant.
    pub code: String,
    /// Whether it was ever approved.
    pub was_approved: bool,
    /// Whether anything stands in its currency: it ordered, by whatever route, or a top-up was issued.
    pub uses_currency: bool,
    /// Counts changes by people.
    pub version: i64,
}

impl LockedPartnership {
    /// Whether it may see products, order and use keys (PAR-1).
    ///
    /// # Errors
    /// `partnership_not_active`, with its status.
    pub fn may_trade(&self) -> Result<(), Refusal> {
        may_trade(self.status)
    }
}

/// Whether a partnership of this status may see products, order and use keys (PAR-1).
///
/// # Errors
/// `partnership_not_active`, with the status.
pub fn may_trade(status: Status) -> Result<(), Refusal> {
    if status.may_trade() {
        return Ok(());
    }
    Err(Refusal::forbidden("partnership_not_active", "The partnership is not approved, or no longer.").in_state(status.name()))
}

impl LockedPartnership {
    /// Counts an order that is being placed and answers its place, from 1. The first one makes an approved partnership
    /// active (PAR-5). [`write_placed`] writes it down, [`note_activated`] says so.
    pub fn count_order(&mut self) -> i64 {
        self.orders_placed += 1;
        self.status = self.status.after(Step::Activate, None).unwrap_or(self.status);
        self.orders_placed
    }
}

/// The first order, whatever its route, makes an approved partnership active, once, with audit and event (PAR-5).
///
/// # Errors
/// The store's.
pub async fn note_first_order(ctx: &mut Ctx, tx: &mut Tx<'_>, p: &LockedPartnership) -> Result<(), Fault> {
    if let Some(status) = p.status.after(Step::Activate, None) {
        store::write_status(tx, p, status, None, ctx.now).await?;
        note_activated(ctx, p.scope, p.status, status);
    }
    Ok(())
}

/// Notes that money was asked for in the partnership's currency: from now on it moves to another one only by its own term.
///
/// # Errors
/// The store's.
pub async fn note_top_up(tx: &mut Tx<'_>, scope: PartnershipScope) -> Result<(), Fault> {
    store::write_topped_up(tx, scope).await
}

/// Leaves audit entry and event of a partnership's first order.
pub fn note_activated(ctx: &mut Ctx, scope: PartnershipScope, was: Status, is: Status) {
    let (merchant, id) = (scope.merchant, scope.partnership);
    let entry = AuditEntry::new(merchant, "partnership.activated", id).of(id);
    ctx.audit(entry.before(json!({"status": was.name()})).after(json!({"status": is.name()})));
    ctx.announce(Event::new(merchant, "partnership.activated", id, json!({"status": is.name()})).of(id));
}

/// Raises or lowers the mark that the balance is due now (CRD-6). The row must be locked. Where it already is
/// as wanted nothing is written.
///
/// # Errors
/// The store's.
pub async fn set_balance_due(ctx: &mut Ctx, tx: &mut Tx<'_>, scope: PartnershipScope, due: bool) -> Result<(), Fault> {
    if store::write_balance_due(tx, scope, due).await? {
        note_balance_due(ctx, scope, due);
    }
    Ok(())
}

/// Leaves audit entry and event of the mark having been raised or lowered.
pub fn note_balance_due(ctx: &mut Ctx, scope: PartnershipScope, due: bool) {
    let (merchant, id) = (scope.merchant, scope.partnership);
    let name = if due { "partnership.balance_due" } else { "partnership.balance_due_cleared" };
    ctx.audit(AuditEntry::new(merchant, name, id).of(id).before(json!({"balance_due": !due})).after(json!({"balance_due": due})));
    ctx.announce(Event::new(merchant, name, id, json!({"balance_due": due})).of(id));
}
