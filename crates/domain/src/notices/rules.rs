//! Which event mails whom: one table, read by the relay and by the docs.

/// The texts, by name; the crate `documents` holds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the table of rules says what each is for")]
pub enum Template {
    PartnershipSignedUp,
    Access,
    SignUpRepeated,
    PartnershipApproved,
    PartnershipDenied,
    PartnershipSuspended,
    PartnershipReactivated,
    PartnershipClosed,
    OrderPlaced,
    OrderCanceled,
    ReservationEnded,
    ApprovalRequested,
    TopUpRequested,
    BalanceLow,
    LicenseSent,
    FulfillmentDelivered,
    FulfillmentFailed,
    CancelRequested,
    CancelApproved,
    CancelRejected,
    PasswordReset,
    EmailConfirmation,
    SecurityNotice,
    EmailChange,
    EmailChangeNotice,
    OwnershipReceived,
    OwnershipGiven,
}
crate::access::named!(Template {
    PartnershipSignedUp = "partnership_signed_up",
    Access = "access",
    SignUpRepeated = "sign_up_repeated",
    PartnershipApproved = "partnership_approved",
    PartnershipDenied = "partnership_denied",
    PartnershipSuspended = "partnership_suspended",
    PartnershipReactivated = "partnership_reactivated",
    PartnershipClosed = "partnership_closed",
    OrderPlaced = "order_placed",
    OrderCanceled = "order_canceled",
    ReservationEnded = "reservation_ended",
    ApprovalRequested = "approval_requested",
    TopUpRequested = "top_up_requested",
    BalanceLow = "balance_low",
    LicenseSent = "license_sent",
    FulfillmentDelivered = "fulfillment_delivered",
    FulfillmentFailed = "fulfillment_failed",
    CancelRequested = "cancel_requested",
    CancelApproved = "cancel_approved",
    CancelRejected = "cancel_rejected",
    PasswordReset = "password_reset",
    EmailConfirmation = "email_confirmation",
    SecurityNotice = "security_notice",
    EmailChange = "email_change",
    EmailChangeNotice = "email_change_notice",
    OwnershipReceived = "ownership_received",
    OwnershipGiven = "ownership_given",
});

/// Who gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The merchant's owners and admins.
    MerchantStaff,
    /// The people who own the reseller's account.
    ResellerOwners,
    /// The reseller company's own address.
    ResellerCompany,
    /// The customer who owns the license, or whom an external shop sold to.
    Customer,
    /// The person whom a single-use link is for; the message stands in the operator's log.
    LinkHolder,
    /// The person whom it is about; the message stands in the operator's log.
    Person,
}

impl Audience {
    /// Whether the message is about a person's own account and so none of a merchant's business.
    #[must_use]
    pub const fn is_private(self) -> bool {
        matches!(self, Self::LinkHolder | Self::Person)
    }
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The event's kind.
    pub event: &'static str,
    /// The text.
    pub template: Template,
    /// Who gets it.
    pub audience: Audience,
    /// Requirement.
    pub requirement: &'static str,
}

const fn rule(event: &'static str, template: Template, audience: Audience, requirement: &'static str) -> Rule {
    Rule { event, template, audience, requirement }
}

/// The table.
pub const RULES: &[Rule] = &[
    rule("partnership.signed_up", Template::PartnershipSignedUp, Audience::MerchantStaff, "PAR-1"),
    rule("merchant.created", Template::Access, Audience::LinkHolder, "PAR-2"),
    rule("merchant.member_added", Template::Access, Audience::LinkHolder, "PAR-14"),
    rule("reseller.member_added", Template::Access, Audience::LinkHolder, "PAR-14"),
    rule("partnership.created", Template::Access, Audience::LinkHolder, "PAR-2"),
    rule("partnership.approved", Template::PartnershipApproved, Audience::ResellerOwners, "PAR-4"),
    rule("partnership.denied", Template::PartnershipDenied, Audience::ResellerOwners, "PAR-4"),
    rule("partnership.suspended", Template::PartnershipSuspended, Audience::ResellerOwners, "PAR-1"),
    rule("partnership.reactivated", Template::PartnershipReactivated, Audience::ResellerOwners, "PAR-1"),
    rule("partnership.closed", Template::PartnershipClosed, Audience::ResellerOwners, "PAR-1"),
    rule("order.placed", Template::OrderPlaced, Audience::ResellerCompany, "ORD-8"),
    rule("order.canceled", Template::OrderCanceled, Audience::ResellerCompany, "DEL-8"),
    rule("order.reservation_ended", Template::ReservationEnded, Audience::ResellerCompany, "STK-7"),
    rule("order.approval_requested", Template::ApprovalRequested, Audience::ResellerOwners, "PAR-14"),
    rule("top_up.requested", Template::TopUpRequested, Audience::ResellerCompany, "EXT-1"),
    rule("balance.low", Template::BalanceLow, Audience::ResellerCompany, "EXT-8"),
    rule("license.sent", Template::LicenseSent, Audience::Customer, "FUL-4"),
    rule("fulfillment.delivered", Template::FulfillmentDelivered, Audience::Customer, "EXT-7"),
    rule("fulfillment.failed", Template::FulfillmentFailed, Audience::ResellerOwners, "EXT-10"),
    rule("cancel_request.created", Template::CancelRequested, Audience::MerchantStaff, "EXT-9"),
    rule("cancel_request.approved", Template::CancelApproved, Audience::ResellerOwners, "EXT-9"),
    rule("cancel_request.rejected", Template::CancelRejected, Audience::ResellerOwners, "EXT-9"),
    rule("merchant.ownership_transferred", Template::OwnershipReceived, Audience::Person, "PAR-14"),
    rule("merchant.ownership_transferred", Template::OwnershipGiven, Audience::Person, "PAR-14"),
    rule("reseller.ownership_transferred", Template::OwnershipReceived, Audience::Person, "PAR-14"),
    rule("reseller.ownership_transferred", Template::OwnershipGiven, Audience::Person, "PAR-14"),
    rule("person.password_reset_requested", Template::PasswordReset, Audience::LinkHolder, "PAR-15"),
    rule("person.sign_up_repeated", Template::SignUpRepeated, Audience::Person, "PAR-2"),
    rule("person.signed_up", Template::EmailConfirmation, Audience::LinkHolder, "PAR-15"),
    rule("person.factors_reset", Template::SecurityNotice, Audience::Person, "PAR-15"),
    rule("person.passkey_added", Template::SecurityNotice, Audience::Person, "PAR-15"),
    rule("person.passkey_removed", Template::SecurityNotice, Audience::Person, "PAR-15"),
    rule("person.recovery_code_used", Template::SecurityNotice, Audience::Person, "PAR-15"),
    rule("person.recovery_codes_made", Template::SecurityNotice, Audience::Person, "PAR-15"),
    rule("person.totp_switched_off", Template::SecurityNotice, Audience::Person, "PAR-15"),
    rule("person.password_set", Template::SecurityNotice, Audience::Person, "PAR-15"),
    rule("person.email_changed", Template::SecurityNotice, Audience::Person, "PAR-15"),
    rule("person.issuer_linked", Template::SecurityNotice, Audience::Person, "PAR-15"),
    rule("person.issuer_unlinked", Template::SecurityNotice, Audience::Person, "PAR-15"),
    rule("person.totp_switched_on", Template::SecurityNotice, Audience::Person, "PAR-15"),
    rule("person.email_change_requested", Template::EmailChange, Audience::LinkHolder, "PAR-15"),
    rule("person.email_change_requested", Template::EmailChangeNotice, Audience::Person, "PAR-15"),
];

/// The rules of an event's kind.
pub fn of(event: &str) -> impl Iterator<Item = &'static Rule> {
    RULES.iter().filter(move |rule| rule.event == event)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ORD-8: one e-mail about placing, and no other.
    #[test]
    fn placing_an_order_mails_exactly_once() {
        assert_eq!(of("order.placed").count(), 1);
        assert_eq!(of("order.completed").count() + of("order.released").count() + of("invoice.issued").count(), 0);
    }

    #[test]
    fn every_template_is_used_and_every_rule_stands_once() {
        for template in Template::ALL {
            assert!(RULES.iter().any(|rule| rule.template == *template), "{}", template.name());
        }
        for (at, rule) in RULES.iter().enumerate() {
            assert!(RULES[..at].iter().all(|other| (other.event, other.template) != (rule.event, rule.template)), "{}", rule.event);
        }
    }

    /// PAR-15, PLT-6: what opens an account never stands in a merchant's log.
    #[test]
    fn links_that_open_an_account_go_to_their_holder_only() {
        for rule in RULES {
            let opens_an_account = matches!(rule.template, Template::PasswordReset | Template::EmailConfirmation | Template::EmailChange | Template::Access);
            assert_eq!(opens_an_account, rule.audience == Audience::LinkHolder, "{}", rule.event);
        }
    }
}
