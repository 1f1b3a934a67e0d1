//! The status of a partnership and its legal steps (PAR-1).

use crate::access::named;

/// Where a partnership stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Signed up, waits for the merchant.
    Pending,
    /// May trade; has not ordered yet.
    Approved,
    /// May trade and has ordered.
    Active,
    /// Turned down; may be approved later.
    Denied,
    /// Stopped for a while.
    Suspended,
    /// Over.
    Closed,
}

named!(Status { Pending = "pending", Approved = "approved", Active = "active", Denied = "denied", Suspended = "suspended", Closed = "closed" });

/// What can be done to a partnership.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The merchant lets it in.
    Approve,
    /// The merchant turns it down.
    Deny,
    /// Its first order was placed (PAR-5).
    Activate,
    /// The merchant stops it.
    Suspend,
    /// The merchant lets it go on: back to what it was.
    Reactivate,
    /// The merchant ends it.
    Close,
}

named!(Step { Approve = "approve", Deny = "deny", Activate = "activate", Suspend = "suspend", Reactivate = "reactivate", Close = "close" });

impl Status {
    /// Whether everything but its own page is open to it. `approved` and `active` may the same.
    #[must_use]
    pub const fn may_trade(self) -> bool {
        matches!(self, Self::Approved | Self::Active)
    }

    /// Where a step leads; `None` where it is not legal. `was` is what a suspended one was before.
    #[must_use]
    pub const fn after(self, step: Step, was: Option<Self>) -> Option<Self> {
        match (self, step) {
            (Self::Pending | Self::Denied, Step::Approve) => Some(Self::Approved),
            (Self::Pending | Self::Approved | Self::Active | Self::Suspended, Step::Deny) => Some(Self::Denied),
            (Self::Approved, Step::Activate) => Some(Self::Active),
            (Self::Approved | Self::Active, Step::Suspend) => Some(Self::Suspended),
            (Self::Suspended, Step::Reactivate) => match was {
                Some(Self::Active) => Some(Self::Active),
                _ => Some(Self::Approved),
            },
            (Self::Closed, Step::Close) => None,
            (_, Step::Close) => Some(Self::Closed),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    /// PAR-1
    #[test]
    fn the_legal_steps_of_a_partnership_are_these() {
        let mut table = String::new();
        for &from in Status::ALL {
            for &step in Step::ALL {
                if let Some(to) = from.after(step, None) {
                    writeln!(table, "{} --{}--> {}", from.name(), step.name(), to.name()).expect("a string");
                }
            }
        }
        let expected = "\
pending --approve--> approved
pending --deny--> denied
pending --close--> closed
approved --deny--> denied
approved --activate--> active
approved --suspend--> suspended
approved --close--> closed
active --deny--> denied
active --suspend--> suspended
active --close--> closed
denied --approve--> approved
denied --close--> closed
suspended --deny--> denied
suspended --reactivate--> approved
suspended --close--> closed
";
        assert_eq!(table, expected);
    }

    /// PAR-1
    #[test]
    fn a_reactivated_partnership_is_what_it_was() {
        assert_eq!(Status::Suspended.after(Step::Reactivate, Some(Status::Active)), Some(Status::Active));
        assert_eq!(Status::Suspended.after(Step::Reactivate, Some(Status::Approved)), Some(Status::Approved));
    }

    /// PAR-1
    #[test]
    fn only_approved_and_active_ones_may_trade() {
        let trading: Vec<&str> = Status::ALL.iter().filter(|status| status.may_trade()).map(|status| status.name()).collect();
        assert_eq!(trading, ["approved", "active"]);
    }
}
