//! Why a license or an order waits, for machines, and who can clear it (FUL-2).

use super::state::{LicenseFacts, OrderFacts};
use crate::catalog::Method;

/// Who can clear a lock reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClearedBy {
    /// The merchant.
    Merchant,
    /// The reseller.
    Reseller,
}

impl ClearedBy {
    /// The public name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Merchant => "merchant",
            Self::Reseller => "reseller",
        }
    }
}

/// Why something waits. The names are those of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LockReason {
    /// No credit limit and unpaid.
    UnpaidInvoice,
    /// Held beyond the limit.
    NotEnoughCredit,
    /// Released and unpaid, while the limit is reached.
    CreditLimitReached,
    /// The end user must be known before delivery.
    RequiredEndUserInformation,
    /// The company that sells on must be known.
    RequiredResellerInformation,
    /// The merchant has not confirmed its delivery.
    RequiredVendorDeliveryConfirmation,
    /// Waits for keys.
    OutOfStock,
}

impl LockReason {
    /// Every reason of this step.
    pub const ALL: [Self; 7] = [
        Self::UnpaidInvoice,
        Self::NotEnoughCredit,
        Self::CreditLimitReached,
        Self::RequiredEndUserInformation,
        Self::RequiredResellerInformation,
        Self::RequiredVendorDeliveryConfirmation,
        Self::OutOfStock,
    ];

    /// The name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnpaidInvoice => "UNPAID_INVOICE",
            Self::NotEnoughCredit => "NOT_ENOUGH_CREDIT",
            Self::CreditLimitReached => "CREDIT_LIMIT_REACHED",
            Self::RequiredEndUserInformation => "REQUIRED_END_USER_INFORMATION",
            Self::RequiredResellerInformation => "REQUIRED_RESELLER_INFORMATION",
            Self::RequiredVendorDeliveryConfirmation => "REQUIRED_VENDOR_DELIVERY_CONFIRMATION",
            Self::OutOfStock => "OUT_OF_STOCK",
        }
    }

    /// Who can clear it.
    #[must_use]
    pub const fn cleared_by(self) -> &'static [ClearedBy] {
        match self {
            Self::UnpaidInvoice | Self::NotEnoughCredit | Self::CreditLimitReached => &[ClearedBy::Reseller, ClearedBy::Merchant],
            Self::RequiredEndUserInformation | Self::RequiredResellerInformation => &[ClearedBy::Reseller, ClearedBy::Merchant],
            Self::RequiredVendorDeliveryConfirmation | Self::OutOfStock => &[ClearedBy::Merchant],
        }
    }
}

/// Every reason why this license waits, several at once. Nothing for one that was handed over or canceled.
#[must_use]
pub fn of_license(order: &OrderFacts, license: &LicenseFacts) -> Vec<LockReason> {
    if license.distributed || order.canceled {
        return Vec::new();
    }
    let confirmation = license.method == Method::Merchant && !license.confirmed;
    let reasons = [
        (!order.released && !order.paid && !order.has_limit, LockReason::UnpaidInvoice),
        (!order.released && !order.paid && order.has_limit, LockReason::NotEnoughCredit),
        (order.released && !order.paid && order.stopped_at_limit && license.method == Method::KeyPool, LockReason::CreditLimitReached),
        (license.misses_end_user(), LockReason::RequiredEndUserInformation),
        (license.misses_reseller_information(), LockReason::RequiredResellerInformation),
        (confirmation, LockReason::RequiredVendorDeliveryConfirmation),
        (license.method == Method::KeyPool && !license.has_key && !license.let_go, LockReason::OutOfStock),
    ];
    reasons.into_iter().filter(|(applies, _)| *applies).map(|(_, reason)| reason).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::EndUserInformation;

    const HELD: OrderFacts = OrderFacts { paid: false, released: false, canceled: false, has_limit: true, stopped_at_limit: true };
    const KEY: LicenseFacts = LicenseFacts {
        method: Method::KeyPool,
        end_user_information: EndUserInformation::BeforeDelivery,
        has_customer: false,
        needs_reseller_information: true,
        has_reseller_information: false,
        has_key: false,
        let_go: false,
        distributed: false,
        confirmed: false,
    };

    fn names(order: &OrderFacts, license: &LicenseFacts) -> Vec<&'static str> {
        of_license(order, license).into_iter().map(LockReason::name).collect()
    }

    /// FUL-2: several reasons at once.
    #[test]
    fn everything_that_blocks_is_named_at_once() {
        let all = ["NOT_ENOUGH_CREDIT", "REQUIRED_END_USER_INFORMATION", "REQUIRED_RESELLER_INFORMATION", "OUT_OF_STOCK"];
        assert_eq!(names(&HELD, &KEY), all);
        assert_eq!(names(&OrderFacts { has_limit: false, ..HELD }, &KEY)[0], "UNPAID_INVOICE");
    }

    /// STK-7, FUL-2: what gave its key back waits for the payment, whether there are keys or not.
    #[test]
    fn what_was_let_go_waits_for_its_order_and_not_for_keys() {
        let let_go = LicenseFacts { end_user_information: EndUserInformation::None, needs_reseller_information: false, let_go: true, ..KEY };
        assert_eq!(names(&HELD, &let_go), ["NOT_ENOUGH_CREDIT"]);
        assert_eq!(names(&OrderFacts { has_limit: false, ..HELD }, &let_go), ["UNPAID_INVOICE"]);
    }

    /// FUL-2: a released unpaid order has neither `UNPAID_INVOICE` nor `NOT_ENOUGH_CREDIT`.
    #[test]
    fn a_released_unpaid_order_names_the_limit_only_while_it_is_reached() {
        let ready = LicenseFacts { end_user_information: EndUserInformation::None, needs_reseller_information: false, has_key: true, ..KEY };
        let released = OrderFacts { released: true, ..HELD };
        assert_eq!(names(&released, &ready), ["CREDIT_LIMIT_REACHED"]);
        assert!(names(&OrderFacts { stopped_at_limit: false, ..released }, &ready).is_empty());
        assert!(names(&OrderFacts { paid: true, ..released }, &ready).is_empty());
        assert!(names(&HELD, &LicenseFacts { distributed: true, ..KEY }).is_empty());
    }
}
