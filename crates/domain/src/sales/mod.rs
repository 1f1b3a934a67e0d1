//! What is sold per day: counted in the transaction that places an order or fulfills a sale, and taken off again in the one that
//! cancels or takes back.
//!
//! Always true here: what is counted of a day is what its placed orders that are not canceled and its fulfillments without what
//! was taken back come to (`verify` compares). Days are those of the merchant's time zone when it was sold.
//!
//! What does not belong: what is still owed (credit), what was bought against a limit (partners).

pub mod queries;
pub mod store;

use crate::access::PartnershipScope;
use crate::ids::PartnershipId;
use tradepost_kernel::{Currency, Date};
use tradepost_store::Fault;

/// A day on which a partnership bought in a currency. In the order in which rows are written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SalesDay {
    merchant: i64,
    partnership: PartnershipId,
    day: String,
    currency: String,
}

impl SalesDay {
    /// The day in the merchant's time zone.
    #[must_use]
    pub fn new(scope: PartnershipScope, day: Date, currency: Currency) -> Self {
        Self { merchant: scope.merchant, partnership: scope.partnership, day: day.to_string(), currency: currency.code().to_owned() }
    }
}

/// What was sold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sales {
    /// Orders, and fulfillments of external shops.
    pub orders: i64,
    /// Units of all products.
    pub units: i64,
    /// What they cost, minor units.
    pub amount_minor: i64,
}

impl Sales {
    /// Adds other sales of the same currency.
    ///
    /// # Errors
    /// [`Fault::Invariant`] beyond what a number holds.
    pub fn add(&mut self, other: Self) -> Result<(), Fault> {
        let sum = |a: i64, b: i64| a.checked_add(b).ok_or_else(|| Fault::invariant("the sales of a day are beyond what a number holds"));
        *self =
            Self { orders: sum(self.orders, other.orders)?, units: sum(self.units, other.units)?, amount_minor: sum(self.amount_minor, other.amount_minor)? };
        Ok(())
    }
}
