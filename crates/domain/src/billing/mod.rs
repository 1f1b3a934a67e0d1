//! Invoices and payments.
//!
//! Always true here: an issued document is never changed; what moves (what was paid) stands beside it.

pub mod document;
pub mod link;
