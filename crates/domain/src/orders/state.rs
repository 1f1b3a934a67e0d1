//! Which state an order shows: one pure function of facts (FUL-5).

use crate::access::named;

/// The states of an order. What is not used yet comes with its step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Being put together; nothing counted or reserved.
    Draft,
    /// Placed and not paid in full, also when released on credit.
    AwaitingPayment,
    /// Paid; information that must be there before delivery is missing.
    NeedsInfo,
    /// Paid; a license waits for its key.
    AwaitingStock,
    /// Paid; the merchant has not confirmed all of its own deliveries.
    AwaitingConfirmation,
    /// Nothing is open.
    Complete,
    /// Canceled, as a draft or by the merchant.
    Canceled,
}
named!(State {
    Draft = "draft",
    AwaitingPayment = "awaiting_payment",
    NeedsInfo = "needs_info",
    AwaitingStock = "awaiting_stock",
    AwaitingConfirmation = "awaiting_confirmation",
    Complete = "complete",
    Canceled = "canceled",
});

impl State {
    /// What resellers read on pages, in the words of the seeds.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Draft => "Draft",
            Self::AwaitingPayment => "Pending Payment",
            Self::NeedsInfo => "Needs Information",
            Self::AwaitingStock => "Awaiting Stock",
            Self::AwaitingConfirmation => "Awaiting Confirmation",
            Self::Complete => "Completed",
            Self::Canceled => "Canceled",
        }
    }
}

/// What an order's state follows from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateFacts {
    /// It was placed.
    pub placed: bool,
    /// It was canceled.
    pub canceled: bool,
    /// Nothing of its total is open.
    pub paid: bool,
    /// A license misses end-user information asked before delivery, or reseller information.
    pub misses_information: bool,
    /// A license waits for its key.
    pub waits_for_stock: bool,
    /// A license that the merchant delivers is not confirmed.
    pub waits_for_confirmation: bool,
}

/// The first that applies.
#[must_use]
pub const fn shown_state(facts: &StateFacts) -> State {
    match facts {
        StateFacts { canceled: true, .. } => State::Canceled,
        StateFacts { placed: false, .. } => State::Draft,
        StateFacts { paid: false, .. } => State::AwaitingPayment,
        StateFacts { misses_information: true, .. } => State::NeedsInfo,
        StateFacts { waits_for_stock: true, .. } => State::AwaitingStock,
        StateFacts { waits_for_confirmation: true, .. } => State::AwaitingConfirmation,
        _ => State::Complete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    /// FUL-5: all 64 combinations of facts fall into the first state that applies.
    #[test]
    fn the_state_shown_is_the_first_that_applies() {
        let mut printed = String::new();
        for bits in 0..64_u8 {
            let bit = |n: u8| bits >> n & 1 == 1;
            let facts = StateFacts {
                placed: bit(0),
                canceled: bit(1),
                paid: bit(2),
                misses_information: bit(3),
                waits_for_stock: bit(4),
                waits_for_confirmation: bit(5),
            };
            let state = shown_state(&facts);
            let expected = if bit(1) {
                "canceled"
            } else if !bit(0) {
                "draft"
            } else if !bit(2) {
                "awaiting_payment"
            } else if bit(3) {
                "needs_info"
            } else if bit(4) {
                "awaiting_stock"
            } else if bit(5) {
                "awaiting_confirmation"
            } else {
                "complete"
            };
            assert_eq!(state.name(), expected, "{facts:?}");
            writeln!(printed, "{bits:06b} {}", state.name()).expect("a string takes all");
        }
        assert_eq!(printed.lines().filter(|line| line.ends_with("complete")).count(), 1);
    }
}
