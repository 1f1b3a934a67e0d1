//! The double-entry book of every amount (PLT-1).
//!
//! Always true here: a transfer's entries sum to zero, in one currency; entries are never updated or deleted;
//! a correction is a new transfer; an account's balance is the sum of its entries and changes in the same
//! transaction; (kind, reference) is unique, so a repeated transfer cannot be booked twice.
//! Debits are positive, credits negative.
//!
//! What does not belong: why money moves (orders, billing) and what may be owed (credit).

pub mod queries;
mod store;

pub use store::{post, reverse};

use crate::access::named;
use crate::ids::{PartnershipId, TransferId};
use tradepost_kernel::Currency;

/// The largest amount of one order or payment, in minor units: thousands of them fit the 64 bits of a balance.
pub const MOST_MINOR: i64 = 1_000_000_000_000_000;

/// What an account holds. The first three are a partnership's, the others the merchant's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccountKind {
    /// What the reseller owes for placed orders.
    Receivable,
    /// What the reseller paid beyond what it owed (a credit balance is negative).
    AccountBalance,
    /// What the reseller paid ahead for external-shop fulfillments.
    Prepaid,
    /// Sold goods.
    Sales,
    /// Tax collected.
    Tax,
    /// Shipping, fees, other charges.
    Charges,
    /// Received by check.
    CashCheck,
    /// Received by wire.
    CashWire,
    /// Debts given up.
    WriteOff,
}
named!(AccountKind {
    Receivable = "receivable",
    AccountBalance = "account_balance",
    Prepaid = "prepaid",
    Sales = "sales",
    Tax = "tax",
    Charges = "charges",
    CashCheck = "cash_check",
    CashWire = "cash_wire",
    WriteOff = "write_off",
});

impl AccountKind {
    /// Whether each partnership has its own.
    #[must_use]
    pub const fn is_partnerships(self) -> bool {
        matches!(self, Self::Receivable | Self::AccountBalance | Self::Prepaid)
    }
}

/// One side of a transfer.
#[derive(Clone, Copy, Debug)]
pub struct Posting {
    /// Which account.
    pub kind: AccountKind,
    /// Minor units: debit positive, credit negative. Zero postings are left out.
    pub amount_minor: i64,
}

/// An amount on its way between accounts.
#[derive(Clone, Debug)]
pub struct NewTransfer {
    /// What kind of business it books: `order_placed`, `payment`, …
    pub kind: &'static str,
    /// What it books: unique per kind.
    pub reference: [u8; 16],
    /// Whose partnership accounts it touches.
    pub partnership: PartnershipId,
    /// The currency of every posting.
    pub currency: Currency,
    /// Its sides; they sum to zero.
    pub postings: Vec<Posting>,
    /// The transfer that it takes back.
    pub reverses: Option<TransferId>,
}
