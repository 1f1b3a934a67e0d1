//! Where a license stands, as one pure function of facts (FUL-1, FUL-2).

use crate::access::named;
use crate::catalog::{EndUserInformation, Method};
use tradepost_kernel::sabotage;

/// Where a license is between the merchant and the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Not usable yet: unpaid, held, without its key or without information that must be there first.
    Waiting,
    /// In the reseller's inventory, not yet distributed (ORD-9: Available Licenses).
    Available,
    /// Handed over.
    Distributed,
    /// Its order was canceled.
    Canceled,
    /// Taken back by the merchant after it was handed over: its code is no longer good.
    Revoked,
}
named!(Stage { Waiting = "waiting", Available = "available", Distributed = "distributed", Canceled = "canceled", Revoked = "revoked" });

/// The fulfillment status: exactly five values (FUL-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Not handed over yet.
    NotFulfilled,
    /// Handed over by the platform.
    Fulfilled,
    /// The merchant delivers and has not confirmed yet.
    WaitingForConfirmation,
    /// Nothing is to be handed over.
    NotRequired,
    /// The merchant delivered and said so.
    Confirmed,
}
named!(Status {
    NotFulfilled = "not_fulfilled",
    Fulfilled = "fulfilled",
    WaitingForConfirmation = "waiting_for_fulfillment_confirmation",
    NotRequired = "fulfillment_not_required",
    Confirmed = "fulfillment_confirmed",
});

/// What is known of a license's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderFacts {
    /// Paid in full (or free).
    pub paid: bool,
    /// Its goods may be handed out: paid, or within credit.
    pub released: bool,
    /// Canceled.
    pub canceled: bool,
    /// The partnership has a credit limit.
    pub has_limit: bool,
    /// Unpaid goods stop because the limit is reached (CRD-5).
    pub stopped_at_limit: bool,
}

impl OrderFacts {
    /// Whether goods of this order may leave right now.
    #[must_use]
    pub const fn may_distribute(&self) -> bool {
        self.released && !self.canceled && (self.paid || !self.stopped_at_limit)
    }
}

/// What is known of a license.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LicenseFacts {
    /// How it is fulfilled.
    pub method: Method,
    /// When end-user information is asked.
    pub end_user_information: EndUserInformation,
    /// A customer is attached.
    pub has_customer: bool,
    /// Reseller information is asked.
    pub needs_reseller_information: bool,
    /// Reseller information is attached.
    pub has_reseller_information: bool,
    /// It carries a key.
    pub has_key: bool,
    /// What it had reserved went back, as its order was not paid in time; once that is released it gets a key, or a place in the queue (STK-7).
    pub let_go: bool,
    /// It was activated, sent or handed over already.
    pub distributed: bool,
    /// The merchant confirmed.
    pub confirmed: bool,
}

impl LicenseFacts {
    /// End-user information that must be there before delivery is missing.
    #[must_use]
    pub fn misses_end_user(&self) -> bool {
        self.end_user_information == EndUserInformation::BeforeDelivery && !self.has_customer
    }

    /// Reseller information is missing.
    #[must_use]
    pub const fn misses_reseller_information(&self) -> bool {
        self.needs_reseller_information && !self.has_reseller_information
    }

    /// Information that holds the order open is missing.
    #[must_use]
    pub fn misses_information(&self) -> bool {
        self.misses_end_user() || self.misses_reseller_information()
    }
}

/// Stage and status that follow from the facts. The platform hands over by itself what asked for the end user
/// before delivery; everything else from the key pool waits in the inventory until somebody distributes it.
#[must_use]
pub fn settled(order: &OrderFacts, license: &LicenseFacts) -> (Stage, Status) {
    // What had nothing to hand over was in nobody's hands, and goes with its order.
    if license.distributed && !(order.canceled && license.method == Method::None) {
        return match license.method {
            Method::KeyPool => (Stage::Distributed, Status::Fulfilled),
            Method::None => (Stage::Distributed, Status::NotRequired),
            Method::Merchant => (Stage::Distributed, Status::Confirmed),
        };
    }
    if order.canceled {
        return (Stage::Canceled, Status::NotFulfilled);
    }
    let unpaid_goods_leave = sabotage::is("fulfillment.unpaid");
    if (!order.released && !unpaid_goods_leave) || license.misses_information() {
        return (Stage::Waiting, Status::NotFulfilled);
    }
    match license.method {
        Method::KeyPool if !license.has_key => (Stage::Waiting, Status::NotFulfilled),
        Method::KeyPool if license.end_user_information == EndUserInformation::BeforeDelivery && order.may_distribute() => {
            (Stage::Distributed, Status::Fulfilled)
        }
        Method::KeyPool => (Stage::Available, Status::NotFulfilled),
        Method::None => (Stage::Distributed, Status::NotRequired),
        Method::Merchant if license.confirmed => (Stage::Distributed, Status::Confirmed),
        Method::Merchant => (Stage::Waiting, Status::WaitingForConfirmation),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    const RELEASED: OrderFacts = OrderFacts { paid: false, released: true, canceled: false, has_limit: true, stopped_at_limit: false };

    /// FUL-1, FUL-2: every combination of method, order and information, printed.
    #[test]
    fn stage_and_status_follow_from_the_facts() {
        let orders = [
            ("held", OrderFacts { released: false, ..RELEASED }),
            ("released", RELEASED),
            ("at the limit", OrderFacts { stopped_at_limit: true, ..RELEASED }),
            ("paid", OrderFacts { paid: true, stopped_at_limit: true, ..RELEASED }),
            ("canceled", OrderFacts { canceled: true, ..RELEASED }),
        ];
        let license = |method, end_user_information, has_customer| LicenseFacts {
            method,
            end_user_information,
            has_customer,
            needs_reseller_information: false,
            has_reseller_information: false,
            has_key: true,
            let_go: false,
            distributed: false,
            confirmed: false,
        };
        let licenses = [
            ("key", license(Method::KeyPool, EndUserInformation::AtActivation, false)),
            ("key without its code", LicenseFacts { has_key: false, ..license(Method::KeyPool, EndUserInformation::None, false) }),
            ("key, end user first, missing", license(Method::KeyPool, EndUserInformation::BeforeDelivery, false)),
            ("key, end user first, there", license(Method::KeyPool, EndUserInformation::BeforeDelivery, true)),
            ("nothing to deliver", license(Method::None, EndUserInformation::None, false)),
            ("merchant delivers", license(Method::Merchant, EndUserInformation::None, false)),
            ("merchant confirmed", LicenseFacts { confirmed: true, ..license(Method::Merchant, EndUserInformation::None, false) }),
            ("reseller missing", LicenseFacts { needs_reseller_information: true, ..license(Method::KeyPool, EndUserInformation::None, false) }),
            ("activated", LicenseFacts { distributed: true, ..license(Method::KeyPool, EndUserInformation::AtActivation, true) }),
        ];
        let mut printed = String::new();
        for (name, facts) in &licenses {
            write!(printed, "{name}:").expect("a string takes all");
            for (state, order) in &orders {
                let (stage, status) = settled(order, facts);
                write!(printed, " {state}={}/{}", stage.name(), status.name()).expect("a string takes all");
            }
            printed.push('\n');
        }
        let expected = "\
key: held=waiting/not_fulfilled released=available/not_fulfilled at the limit=available/not_fulfilled paid=available/not_fulfilled canceled=canceled/not_fulfilled
key without its code: held=waiting/not_fulfilled released=waiting/not_fulfilled at the limit=waiting/not_fulfilled paid=waiting/not_fulfilled canceled=canceled/not_fulfilled
key, end user first, missing: held=waiting/not_fulfilled released=waiting/not_fulfilled at the limit=waiting/not_fulfilled paid=waiting/not_fulfilled canceled=canceled/not_fulfilled
key, end user first, there: held=waiting/not_fulfilled released=distributed/fulfilled at the limit=available/not_fulfilled paid=distributed/fulfilled canceled=canceled/not_fulfilled
nothing to deliver: held=waiting/not_fulfilled released=distributed/fulfillment_not_required at the limit=distributed/fulfillment_not_required paid=distributed/fulfillment_not_required canceled=canceled/not_fulfilled
merchant delivers: held=waiting/not_fulfilled released=waiting/waiting_for_fulfillment_confirmation at the limit=waiting/waiting_for_fulfillment_confirmation paid=waiting/waiting_for_fulfillment_confirmation canceled=canceled/not_fulfilled
merchant confirmed: held=waiting/not_fulfilled released=distributed/fulfillment_confirmed at the limit=distributed/fulfillment_confirmed paid=distributed/fulfillment_confirmed canceled=canceled/not_fulfilled
reseller missing: held=waiting/not_fulfilled released=waiting/not_fulfilled at the limit=waiting/not_fulfilled paid=waiting/not_fulfilled canceled=canceled/not_fulfilled
activated: held=distributed/fulfilled released=distributed/fulfilled at the limit=distributed/fulfilled paid=distributed/fulfilled canceled=distributed/fulfilled
";
        assert_eq!(printed, expected);
    }
}
