//! Sold units: whose they are, which key they carry, how far they are handed out.
//!
//! Always true here: an item of quantity N has N licenses (a bundle: N times its parts); a license has one of
//! FUL-1's five statuses and one stage, and both follow from facts by [`state::settled`]; a key has at most one
//! license and a license at most one key.
//!
//! What does not belong: whether the order is paid or held (orders), and what a code says (stock).

pub mod lock_reasons;
pub mod queries;
pub mod state;
pub mod store;

pub use lock_reasons::{ClearedBy, LockReason};
pub use queries::LicenseOrigin;
pub use state::{LicenseFacts, OrderFacts, Stage, Status};
