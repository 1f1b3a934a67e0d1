//! Parts that both workspaces show.

pub mod attach;
pub mod balances;
pub mod find;
pub mod fulfillments;
pub mod history;
pub mod invoices;
pub mod keys;
pub mod licenses;
pub mod orders;
pub mod ownership;
pub mod people;
pub mod requests;
pub mod sales;
pub mod terms;
pub mod views;
