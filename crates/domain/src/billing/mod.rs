//! Invoices and payments: documents over debts that orders made (BIL-1, PAY-3).
//!
//! Always true here: invoice numbers have no gaps per merchant and series; a document is never changed after it
//! was issued; what is paid of it stands beside it; an invoice posts nothing to the ledger, a payment does. What is paid
//! of a top-up becomes prepaid balance and no order's; at most one automatic top-up of a partnership is open.
//!
//! What does not belong: what an order may do once it is paid (orders).

pub mod auto_top_up;
pub mod document;
pub mod queries;
pub mod store;
pub mod top_up;

pub use document::InvoiceDocument;

use crate::access::named;
use crate::ids::{InvoiceId, OrderId};
use crate::ledger::AccountKind;
use crate::partners::terms::PaymentWay;
use serde_json::{Value as Json, json};
use tradepost_kernel::secret::Vault;
use tradepost_kernel::{Currency, Date, secret};
use tradepost_store::{Fault, FromRow, Row};

/// How money came in (PAY-1, as far as this step goes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentMethod {
    /// Check or money order.
    Check,
    /// Wire transfer.
    Wire,
    /// Taken from what was paid beyond earlier invoices.
    AccountBalance,
}
named!(PaymentMethod { Check = "check", Wire = "wire", AccountBalance = "account_balance" });

impl PaymentMethod {
    /// What terms may exclude of it; `None`: it is nobody's choice.
    #[must_use]
    pub const fn way(self) -> Option<PaymentWay> {
        match self {
            Self::Check => Some(PaymentWay::Check),
            Self::Wire => Some(PaymentWay::Wire),
            Self::AccountBalance => None,
        }
    }

    /// The account that the money comes into or out of.
    #[must_use]
    pub const fn account(self) -> AccountKind {
        match self {
            Self::Check => AccountKind::CashCheck,
            Self::Wire => AccountKind::CashWire,
            Self::AccountBalance => AccountKind::AccountBalance,
        }
    }
}

/// What an invoice is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoiceKind {
    /// An order.
    Order,
    /// Prepaid balance (EXT-1).
    TopUp,
}
named!(InvoiceKind { Order = "order", TopUp = "top_up" });

/// How much a top-up asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refill {
    /// The same every time, minor units.
    Amount(i64),
    /// What is missing to this, minor units.
    UpTo(i64),
}

impl Refill {
    /// What is asked for at this balance, minor units.
    #[must_use]
    pub const fn missing(self, balance_minor: i64) -> i64 {
        match self {
            Self::Amount(minor) => minor,
            Self::UpTo(minor) => minor.saturating_sub(balance_minor),
        }
    }
}

/// When a partnership's balance is topped up by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AutoTopUp {
    /// Whether it is on.
    pub enabled: bool,
    /// The currency of its amounts; it rests where the partnership buys in another.
    pub currency: Currency,
    /// Below this a top-up is issued, minor units.
    pub threshold_minor: i64,
    /// Over how much.
    pub refill: Refill,
    /// Counts changes.
    pub version: i64,
}

impl FromRow for AutoTopUp {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut c = row.take();
        let (enabled, currency, threshold_minor) = (c.next()?, c.next()?, c.next()?);
        let refill = match (c.next::<Option<i64>>()?, c.next::<Option<i64>>()?) {
            (Some(amount), None) => Refill::Amount(amount),
            (None, Some(target)) => Refill::UpTo(target),
            _ => return Err(Fault::Column("an amount or a target")),
        };
        Ok(Self { enabled, currency, threshold_minor, refill, version: c.next()? })
    }
}

impl AutoTopUp {
    fn json(&self) -> Json {
        let money = |minor| self.currency.minor(minor);
        let (amount, target) = match self.refill {
            Refill::Amount(minor) => (Some(money(minor)), None),
            Refill::UpTo(minor) => (None, Some(money(minor))),
        };
        json!({"enabled": self.enabled, "threshold": money(self.threshold_minor), "amount": amount, "target": target})
    }
}

/// What an invoice is called on the day that is asked about (BIL-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoiceStatus {
    /// Not paid in full, not yet due.
    Unpaid,
    /// Not paid in full, past its due date.
    Overdue,
    /// Paid in full, or of nothing.
    Paid,
    /// Canceled: with its order, or as a top-up of which nothing was paid.
    Canceled,
}
named!(InvoiceStatus { Unpaid = "unpaid", Overdue = "overdue", Paid = "paid", Canceled = "canceled" });

impl InvoiceStatus {
    /// Follows from what was paid and what day it is in the merchant's time zone.
    #[must_use]
    pub fn of(total_minor: i64, paid_minor: i64, canceled: bool, due: Date, today: Date) -> Self {
        match () {
            () if canceled => Self::Canceled,
            () if paid_minor >= total_minor => Self::Paid,
            () if today > due => Self::Overdue,
            () => Self::Unpaid,
        }
    }
}

/// How much of `amount` goes to each of an invoice's orders, oldest first (BIL-2), and what is left over.
#[must_use]
pub fn allocate(amount: i64, open: &[(OrderId, i64)]) -> (Vec<(OrderId, i64)>, i64) {
    let mut left = amount;
    let mut parts = Vec::new();
    for &(order, open_minor) in open {
        let part = open_minor.min(left);
        if part > 0 {
            parts.push((order, part));
            left -= part;
        }
    }
    (parts, left)
}

/// The text of an invoice's public link: its id and a keyed hash over it, so that nothing is stored and the link
/// shows this invoice and nothing else (ORD-8).
#[must_use]
pub fn link_token(vault: &Vault, merchant: i64, invoice: InvoiceId) -> String {
    let seal = vault.fingerprint(&link_scope(merchant), &invoice.bytes());
    let seal: String = seal.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{merchant}-{}-{seal}", invoice.suffix())
}

/// Reads a link's text: the merchant and the invoice, where the keyed hash is ours.
#[must_use]
pub fn read_link_token(vault: &Vault, token: &str) -> Option<(i64, InvoiceId)> {
    let mut parts = token.split('-');
    let merchant: i64 = parts.next()?.parse().ok()?;
    let invoice: InvoiceId = format!("inv_{}", parts.next()?).parse().ok()?;
    let ours = link_token(vault, merchant, invoice);
    secret::same(ours.as_bytes(), token.as_bytes()).then_some((merchant, invoice))
}

fn link_scope(merchant: i64) -> Vec<u8> {
    [b"invoice link ".as_slice(), &merchant.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradepost_kernel::Secret;

    /// BIL-2: a part payment goes to the oldest order first.
    #[test]
    fn a_part_payment_goes_to_the_oldest_order_first() {
        let (a, b) = (OrderId::from_bytes([1; 16]), OrderId::from_bytes([2; 16]));
        assert_eq!(allocate(150, &[(a, 100), (b, 200)]), (vec![(a, 100), (b, 50)], 0));
        assert_eq!(allocate(400, &[(a, 100), (b, 200)]), (vec![(a, 100), (b, 200)], 100));
        assert_eq!(allocate(5, &[(a, 0), (b, 0)]), (vec![], 5));
    }

    /// ORD-8: the link shows this invoice and nothing else; no proper prefix of it works.
    #[test]
    fn an_invoice_link_opens_one_invoice_and_cannot_be_made_up() {
        let vault = Vault::new(&Secret::new([5; 32]));
        let invoice = InvoiceId::from_bytes([9; 16]);
        let token = link_token(&vault, 3, invoice);
        assert_eq!(read_link_token(&vault, &token), Some((3, invoice)));
        for end in 0..token.len() {
            assert_eq!(read_link_token(&vault, &token[..end]), None);
        }
        assert_eq!(read_link_token(&vault, &token.replacen('3', "4", 1)), None);
        assert_eq!(read_link_token(&Vault::new(&Secret::new([6; 32])), &token), None);
    }

    /// BIL-1: the status follows from payment and day.
    #[test]
    fn an_invoice_is_overdue_from_the_day_after_its_due_date() {
        let day = |text: &str| text.parse::<Date>().expect("a date");
        let status = |paid, canceled, today| InvoiceStatus::of(100, paid, canceled, day("2026-12-21"), day(today)).name();
        assert_eq!(
            [status(0, false, "2026-12-21"), status(99, false, "2026-12-22"), status(100, false, "2027-01-01"), status(0, true, "2027-01-01")],
            ["unpaid", "overdue", "paid", "canceled"]
        );
    }
}
