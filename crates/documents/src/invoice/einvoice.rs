//! The invoice for programs: an e-invoice by EN 16931, in the syntax "UN/CEFACT Cross Industry Invoice" D16B (BIL-3).
//!
//! It says what [`Told`] says, with the same amounts. Comments name the norm's terms (BT, BG) and rules (BR).
//!
//! Always true here: nothing is made up. What the norm requires and neither the invoice nor its merchant says is a [`Lack`], and then there is no
//! e-invoice: a file that a program refuses, or books wrongly, is worse than none. Amounts are whole minor units until they are written.
//!
//! No tax is computed yet (BIL-6), so every amount is of the category "not subject to VAT" (O). Of such an invoice the norm takes no VAT ids as VAT
//! ids (BR-O-2): they stand in texts. An invoice that bears tax says at which rate, or it is refused.

mod address;
mod lines;
mod settlement;
#[cfg(test)]
mod tests;

use super::told::Told;
use crate::xml::Xml;
use address::Address;
use tradepost_kernel::{Currency, Date};

/// What an e-invoice says of its merchant beside the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// What identifies the merchant to its resellers: its id (BT-29). One of three that are needed (BR-CO-26).
    pub id: String,
    /// Its country today, for a document that was issued before it had said one.
    pub country: Option<String>,
}

/// Something that the norm requires and that nobody said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// The merchant's country (BR-9), or it is none of ISO 3166 (BR-CL-14).
    SellerCountry,
    /// The reseller's country (BR-11).
    BuyerCountry,
    /// The rate of the tax on a line, counted from 0.
    Rate(usize),
    /// Amounts have two decimals at most (BR-DEC): one of this currency has a third that counts.
    Decimals(Currency),
}

impl Lack {
    /// Where it belongs in the invoice, as a JSON pointer.
    #[must_use]
    pub fn pointer(self) -> String {
        match self {
            Self::SellerCountry => "/seller/country".into(),
            Self::BuyerCountry => "/buyer/country".into(),
            Self::Rate(line) => format!("/lines/{line}/tax"),
            Self::Decimals(_) => "/currency".into(),
        }
    }

    /// What is wrong and, where there is one, the way out.
    #[must_use]
    pub fn sentence(self) -> String {
        match self {
            Self::SellerCountry => "The merchant's country is missing: it is chosen in its settings (country of /v1/merchant).".into(),
            Self::BuyerCountry => "The reseller's country on this invoice is none of ISO 3166; once it is corrected, further invoices have it right.".into(),
            Self::Rate(line) => format!("Line {} bears tax, and the invoice does not say at which rate.", line + 1),
            Self::Decimals(currency) => format!("An amount in {currency} has three decimals, and an e-invoice has two at most."),
        }
    }
}

/// What is missing of an e-invoice; none is missing where one can be made.
#[must_use]
pub fn lacks(told: &Told<'_>, issuer: &Issuer) -> Vec<Lack> {
    let document = told.document;
    let seller = address::seller_country(document, issuer).is_none().then_some(Lack::SellerCountry);
    let buyer = address::buyer_country(document).is_none().then_some(Lack::BuyerCountry);
    let rates = document.lines.iter().enumerate().filter(|(_, line)| line.tax_minor != 0).map(|(place, _)| Lack::Rate(place));
    let unwritable = amounts(told).any(|minor| !writable(document.currency, minor)).then_some(Lack::Decimals(document.currency));
    seller.into_iter().chain(buyer).chain(rates).chain(unwritable).collect()
}

/// The e-invoice.
///
/// # Errors
/// What is missing.
pub fn render(told: &Told<'_>, issuer: &Issuer) -> Result<String, Vec<Lack>> {
    let lacks = lacks(told, issuer);
    match (address::seller(told, issuer), address::buyer(told.document)) {
        (Some(seller), Some(buyer)) if lacks.is_empty() => Ok(written(told, issuer, &seller, &buyer)),
        _ => Err(lacks),
    }
}

const NAMES: [(&str, &str); 3] = [
    ("xmlns:rsm", "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"),
    ("xmlns:ram", "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"),
    ("xmlns:udt", "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"),
];
/// The specification that the file follows (BT-24).
const GUIDELINE: &str = "urn:cen.eu:en16931:2017";
/// A commercial invoice (BT-3, UNTDID 1001).
const INVOICE: &str = "380";
/// Not subject to VAT (UNCL 5305).
const CATEGORY: &str = "O";

fn written(told: &Told<'_>, issuer: &Issuer, seller: &Address<'_>, buyer: &Address<'_>) -> String {
    Xml::document("rsm:CrossIndustryInvoice", &NAMES, |xml| {
        xml.within("rsm:ExchangedDocumentContext", |xml| {
            xml.within("ram:GuidelineSpecifiedDocumentContextParameter", |xml| xml.text("ram:ID", GUIDELINE));
        });
        xml.within("rsm:ExchangedDocument", |xml| head(xml, told));
        xml.within("rsm:SupplyChainTradeTransaction", |xml| {
            for (place, line) in told.document.lines.iter().enumerate() {
                xml.within("ram:IncludedSupplyChainTradeLineItem", |xml| lines::write(xml, told, place, line));
            }
            xml.within("ram:ApplicableHeaderTradeAgreement", |xml| agreement(xml, told, issuer, seller, buyer));
            // When what was delivered is not known to an invoice; the element has to be there.
            xml.within("ram:ApplicableHeaderTradeDelivery", |_| {});
            xml.within("ram:ApplicableHeaderTradeSettlement", |xml| settlement::write(xml, told));
        });
    })
}

/// Number, kind and day; and what is said in words alone (BG-1).
fn head(xml: &mut Xml, told: &Told<'_>) {
    let document = told.document;
    xml.text("ram:ID", &document.number);
    xml.text("ram:TypeCode", INVOICE);
    xml.within("ram:IssueDateTime", |xml| day(xml, document.issued_on));
    let buyers = told.vat(document.buyer.vat_id.as_ref()).map(|id| format!("{}: {id}", document.buyer.company));
    for note in told.sandbox().map(str::to_owned).into_iter().chain(buyers) {
        xml.within("ram:IncludedNote", |xml| xml.text("ram:Content", &note));
    }
}

/// Who sells to whom, and by which numbers either of them knows it.
fn agreement(xml: &mut Xml, told: &Told<'_>, issuer: &Issuer, seller: &Address<'_>, buyer: &Address<'_>) {
    let document = told.document;
    let reference = document.reference.as_deref().filter(|text| !text.trim().is_empty());
    if let Some(reference) = reference {
        xml.text("ram:BuyerReference", reference);
    }
    xml.within("ram:SellerTradeParty", |xml| {
        xml.text("ram:ID", &issuer.id);
        xml.text("ram:Name", &document.seller.name);
        let ids = told.seller_ids();
        if !ids.is_empty() {
            xml.text("ram:Description", &ids.join("\n"));
        }
        xml.within("ram:PostalTradeAddress", |xml| seller.write(xml));
    });
    xml.within("ram:BuyerTradeParty", |xml| {
        xml.text("ram:ID", &document.buyer.code);
        xml.text("ram:Name", &document.buyer.company);
        xml.within("ram:PostalTradeAddress", |xml| buyer.write(xml));
    });
    if let Some(number) = &document.order_number {
        xml.within("ram:SellerOrderReferencedDocument", |xml| xml.text("ram:IssuerAssignedID", number));
    }
    if let Some(reference) = reference {
        xml.within("ram:BuyerOrderReferencedDocument", |xml| xml.text("ram:IssuerAssignedID", reference));
    }
}

/// A day, in the form that the norm has for it: `20261231`.
fn day(xml: &mut Xml, date: Date) {
    xml.text_with("udt:DateTimeString", &[("format", "102")], &date.to_string().replace('-', ""));
}

/// What is not taxed. The breakdown of VAT says the reason.
fn category(xml: &mut Xml) {
    xml.text("ram:TypeCode", "VAT");
    xml.text("ram:CategoryCode", CATEGORY);
}

/// An allowance, or a charge (BG-20, BG-21, BG-27, BG-28), by its sign.
fn adjustment(xml: &mut Xml, told: &Told<'_>, minor: i128, reason: &str, with_category: bool) {
    xml.within("ram:SpecifiedTradeAllowanceCharge", |xml| {
        xml.within("ram:ChargeIndicator", |xml| xml.text("udt:Indicator", if minor < 0 { "false" } else { "true" }));
        xml.text("ram:ActualAmount", &amount(told, minor.abs()));
        xml.text("ram:Reason", reason);
        if with_category {
            xml.within("ram:CategoryTradeTax", category);
        }
    });
}

/// Every amount that has two decimals at most; prices of one unit may have more.
fn amounts(told: &Told<'_>) -> impl Iterator<Item = i128> {
    let document = told.document;
    let of_lines = document.lines.iter().flat_map(|line| [i128::from(line.line_minor), lines::difference(line)]);
    let paid = i128::from(told.standing.map_or(0, |now| now.paid_minor));
    of_lines.chain(settlement::parts(told).into_iter().map(|(_, minor)| minor)).chain([i128::from(document.total_minor), paid])
}

/// Whether an amount can be written with two decimals.
const fn writable(currency: Currency, minor: i128) -> bool {
    currency.digits() <= 2 || minor % 10 == 0
}

/// An amount with two decimals at most. What would be lost was refused before.
fn amount(told: &Told<'_>, minor: i128) -> String {
    match told.document.currency.digits() {
        3 => decimal(minor / 10, 2),
        digits => decimal(minor, digits),
    }
}

/// The price of one unit, with all decimals of the currency.
fn price(told: &Told<'_>, minor: i64) -> String {
    decimal(i128::from(minor), told.document.currency.digits())
}

fn decimal(minor: i128, digits: u8) -> String {
    let (sign, digits) = (if minor < 0 { "-" } else { "" }, usize::from(digits));
    let text = format!("{:0>width$}", minor.unsigned_abs(), width = digits + 1);
    let (whole, fraction) = text.split_at(text.len() - digits);
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}
