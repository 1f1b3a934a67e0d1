//! Partner orders, from draft to complete: the conductor of the house.
//!
//! Always true here:
//! - A draft counts for nothing; a placed order owes its total from placing on, held or not (CRD-1).
//! - A placed order without a release is held as a whole; released, its goods may be handed out.
//! - Whatever moves a partnership's credit locks the partnership first ([`standing::Standing::load`]) and ends in
//!   [`standing::Standing::rejudge`], which releases what fits, raises or lowers the flag, and settles states.
//! - A held order reserves what it may for `reserved_until_ms` at most ([`end_reservation`]); whatever releases it ends in `settle`, which
//!   reserves again what was given back.
//! - The stored state is what [`state::shown_state`] says of the facts (FUL-5).
//!
//! What does not belong: prices (catalog), what may be owed (credit), documents (billing).

pub mod activate;
pub mod approval;
pub mod attach;
pub mod cancel;
pub mod change_draft;
pub mod confirm_fulfillment;
pub mod create_draft;
pub mod detail;
pub mod download;
pub mod end_reservation;
pub mod fill_backorders;
mod lines;
pub mod place;
pub mod queries;
pub mod record_payment;
pub mod rejudge;
mod reserve_again;
pub mod reveal;
pub mod settle;
pub mod spending;
pub mod standing;
pub mod state;
pub mod store;

pub use queries::{Approval, ApprovalState, OrderRow};
pub use state::State;
