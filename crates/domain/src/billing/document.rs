//! The invoice as it was issued: what the `body` column keeps, what the API answers and what is printed (BIL-1, BIL-3).
//!
//! Plain values, in minor units of `currency` and days as `YYYY-MM-DD`, so that a document that was issued years
//! ago still reads. A field may be added with a default; none may change its meaning.

use crate::merchants::{BankAccount, MerchantView};
use crate::partners::queries::PartnershipView;
use crate::partners::terms::PaymentWay;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tradepost_kernel::{Currency, Date};

/// An invoice as issued. Immutable (BIL-1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceDocument {
    /// Its number, without gaps per merchant and series.
    pub number: String,
    /// The day of issue in the merchant's time zone.
    pub issued_on: Date,
    /// The day by which it is to be paid.
    pub due_on: Date,
    /// The currency of every amount in it.
    pub currency: Currency,
    /// The letterhead.
    pub seller: Seller,
    /// Who is to pay.
    pub buyer: Buyer,
    /// The reseller's own invoice or PO number (ORD-1).
    pub reference: Option<String>,
    /// The number of the order; `None` where several orders stand on it.
    pub order_number: Option<String>,
    /// The lines, in the order of the order's items.
    pub lines: Vec<InvoiceLine>,
    /// Sum of the lines after their own margin and discount.
    pub subtotal_minor: i64,
    /// Sum of the lines' tax.
    pub tax_minor: i64,
    /// Shipping.
    pub shipping_minor: i64,
    /// Fees.
    pub fee_minor: i64,
    /// Other charges.
    pub other_minor: i64,
    /// Discounts on the invoice as a whole.
    pub discounts_minor: i64,
    /// Deductions from the invoice as a whole.
    pub deductions_minor: i64,
    /// subtotal + tax + shipping + fee + other − discounts − deductions (BIL-1).
    pub total_minor: i64,
    /// How to pay, one entry per allowed method (PAY-3).
    pub payment_instructions: Vec<PaymentInstruction>,
}

/// The merchant on the letterhead.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seller {
    /// The merchant's name.
    pub name: String,
    /// Its address, a line of the letter per entry.
    pub address: Vec<String>,
    /// Its country by ISO 3166, two letters, where it had said one by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Its VAT id.
    pub vat_id: Option<String>,
}

/// The reseller as it was when the invoice was issued.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buyer {
    /// The company's name.
    pub company: String,
    /// Its address, a line of the letter per entry.
    pub address: Vec<String>,
    /// The same address in its parts, as programs read it; not in documents from before there were e-invoices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Its VAT id.
    pub vat_id: Option<String>,
    /// Its reseller code.
    pub code: String,
}

/// An address in its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Street and number.
    pub street: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State or region.
    pub region: Option<String>,
    /// ISO 3166 code, two letters.
    pub country: String,
}

fn lines_of(text: Option<&str>) -> Vec<String> {
    text.iter().flat_map(|text| text.lines().map(str::to_owned)).collect()
}

impl Seller {
    /// The merchant as it is now.
    #[must_use]
    pub fn of(merchant: &MerchantView) -> Self {
        Self { name: merchant.name.clone(), address: lines_of(merchant.address.as_deref()), country: merchant.country.clone(), vat_id: merchant.vat_id.clone() }
    }
}

impl Buyer {
    /// The reseller as it is now.
    #[must_use]
    pub fn of(partnership: &PartnershipView) -> Self {
        let reseller = &partnership.reseller;
        let town = [reseller.postal_code.clone(), reseller.city.clone()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let address = [reseller.street.clone(), Some(town), reseller.region.clone(), Some(reseller.country.clone())];
        Self {
            company: reseller.company.clone(),
            address: address.into_iter().flatten().filter(|line| !line.is_empty()).collect(),
            place: Some(Place {
                street: reseller.street.clone(),
                postal_code: reseller.postal_code.clone(),
                city: reseller.city.clone(),
                region: reseller.region.clone(),
                country: reseller.country.clone(),
            }),
            vat_id: reseller.vat_id.clone(),
            code: partnership.code.clone(),
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLine {
    /// The product's SKU.
    pub sku: String,
    /// What was sold.
    pub description: String,
    /// How many.
    pub quantity: i64,
    /// What one costs, after margin and discount.
    pub unit_minor: i64,
    /// What one costs by the price book, before margin and discount.
    pub list_unit_minor: i64,
    /// The partner margin of the line as a decimal text (`33.3333`); `None` for none.
    pub margin_percent: Option<String>,
    /// The discount of the line as people read it (`10 %`, `25.00`); `None` for none.
    pub discount: Option<String>,
    /// What the line costs.
    pub line_minor: i64,
    /// The tax on it.
    pub tax_minor: i64,
}

/// One way to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentInstruction {
    /// `check`, `wire`.
    pub method: String,
    /// What to do, in lines.
    pub text: String,
    /// The account that a wire goes to, where the merchant had named one (BIL-3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_account: Option<BankAccount>,
}

impl InvoiceDocument {
    /// What the total must be by the rule of BIL-1; `None` where it does not fit 64 bits.
    #[must_use]
    pub fn total_by_rule(&self) -> Option<i64> {
        let plus = [self.subtotal_minor, self.tax_minor, self.shipping_minor, self.fee_minor, self.other_minor];
        let minus = [self.discounts_minor, self.deductions_minor];
        let sum: i128 = plus.iter().map(|&minor| i128::from(minor)).sum::<i128>() - minus.iter().map(|&minor| i128::from(minor)).sum::<i128>();
        i64::try_from(sum).ok()
    }
}

impl PaymentInstruction {
    /// Check and wire (PAY-3), as the merchant has it now, without what the terms exclude (PAY-1).
    #[must_use]
    pub fn of(merchant: &MerchantView, excluded: &BTreeSet<PaymentWay>) -> Vec<Self> {
        let all = Self::check_and_wire(merchant.check_instructions.as_deref(), merchant.wire_instructions.as_deref(), merchant.bank_account.as_ref());
        all.into_iter().filter(|how| !PaymentWay::from_name(&how.method).is_some_and(|way| excluded.contains(&way))).collect()
    }

    /// Check and wire (PAY-3), each with what the merchant says of it; a wire takes 3–5 business days.
    #[must_use]
    pub fn check_and_wire(of_checks: Option<&str>, of_wires: Option<&str>, bank_account: Option<&BankAccount>) -> Vec<Self> {
        let own = |text: Option<&str>| text.map(|text| format!("\n{text}")).unwrap_or_default();
        vec![
            Self {
                method: "check".into(),
                text: format!("Make the check or money order out to us and write the invoice number on it.{}", own(of_checks)),
                bank_account: None,
            },
            Self {
                method: "wire".into(),
                text: format!("Name the invoice number as the purpose. A wire takes 3–5 business days to arrive.{}", own(of_wires)),
                bank_account: bank_account.cloned(),
            },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// BIL-1: total = subtotal + tax + shipping + fee + other − discounts − deductions.
    #[test]
    fn the_total_follows_from_its_parts() {
        let document = InvoiceDocument {
            number: "INV-1".into(),
            issued_on: "2026-11-21".parse().expect("a date"),
            due_on: "2026-12-21".parse().expect("a date"),
            currency: "USD".parse().expect("a currency"),
            seller: Seller::default(),
            buyer: Buyer::default(),
            reference: None,
            order_number: None,
            lines: Vec::new(),
            subtotal_minor: 100,
            tax_minor: 19,
            shipping_minor: 5,
            fee_minor: 4,
            other_minor: 3,
            discounts_minor: 20,
            deductions_minor: 1,
            total_minor: 110,
            payment_instructions: PaymentInstruction::check_and_wire(None, None, None),
        };
        assert_eq!(document.total_by_rule(), Some(document.total_minor));
        let kept = serde_json::to_string(&document).expect("JSON");
        assert_eq!(serde_json::from_str::<InvoiceDocument>(&kept).expect("the same"), document);
    }

    /// BIL-3: a document from before there were e-invoices reads, and is written as it was.
    #[test]
    fn parties_of_before_read_without_country_and_parts() {
        let (seller, buyer) =
            (r#"{"name":"Acme","address":["1 Pier Road"],"vat_id":null}"#, r#"{"company":"Contoso","address":["US"],"vat_id":null,"code":"R-1"}"#);
        let read: (Seller, Buyer) = (serde_json::from_str(seller).expect("a seller"), serde_json::from_str(buyer).expect("a buyer"));
        assert_eq!((&read.0.country, &read.1.place), (&None, &None));
        assert_eq!((serde_json::to_string(&read.0).expect("JSON").as_str(), serde_json::to_string(&read.1).expect("JSON").as_str()), (seller, buyer));
    }

    /// BIL-3: the account stands with the wire, and an instruction of before there were any still reads.
    #[test]
    fn an_instruction_keeps_the_account_and_reads_without_one() {
        let account = BankAccount { holder: "Acme GmbH".into(), iban: "DE89370400440532013000".parse().expect("an IBAN"), bic: None };
        let ways = PaymentInstruction::check_and_wire(Some("To 1 Pier Road"), Some("Bank of Acme"), Some(&account));
        assert_eq!((&ways[0].bank_account, ways[1].bank_account.as_ref()), (&None, Some(&account)));
        assert!(ways[0].text.ends_with("\nTo 1 Pier Road") && ways[1].text.ends_with("\nBank of Acme"), "each way has its own words: {ways:?}");
        let kept = serde_json::to_string(&ways).expect("JSON");
        assert_eq!(serde_json::from_str::<Vec<PaymentInstruction>>(&kept).expect("the same"), ways);
        let before = r#"{"method":"wire","text":"Name the invoice number."}"#;
        let read: PaymentInstruction = serde_json::from_str(before).expect("one of before");
        assert_eq!(read.bank_account, None);
        assert_eq!(serde_json::to_string(&read).expect("JSON"), before, "and is written as it was");
    }
}
