//! The business, one folder per noun. A change is a command, a screen is a query.
//!
//! Always true here:
//! - Every change goes through [`Engine::execute`](command::Engine::execute) (or its twin for sets): rights,
//!   idempotency, load → decide → write, audit, outbox, commit.
//! - The list of modules below is the call order: a slice may call those above it, never below.
//! - INSERT, UPDATE and DELETE on a table stand only in its owner's folder.
//!
//! What does not belong: HTTP, templates, sockets, the machine's clock.

pub mod access;
pub mod audit;
pub mod command;
pub mod csv;
pub mod ids;
pub mod listing;
pub mod outbox;

// The slices, in call order (a blank line between keeps them from being sorted).
pub mod identity;

pub mod merchants;

pub mod catalog;

pub mod partners;

pub mod saved_views;

pub mod ledger;

pub mod stock;

pub mod credit;

pub mod customers;

pub mod licenses;

pub mod billing;

pub mod sales;

pub mod orders;

pub mod fulfillments;

pub mod reports;
pub mod requests;

pub mod notices;

pub mod verify;

pub use access::{Caller, MerchantScope, PartnershipScope, Right};
pub use command::{Command, Ctx, Done, Engine, No, Origin};
pub use ids::*;
