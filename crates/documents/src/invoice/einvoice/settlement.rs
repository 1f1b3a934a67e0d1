//! What an e-invoice comes to, and how it is paid (BG-16 to BG-23).

use super::{CATEGORY, adjustment, amount, day};
use crate::invoice::told::{Told, Way, way};
use crate::xml::Xml;
use tradepost_domain::billing::document::PaymentInstruction;
use tradepost_domain::merchants::BankAccount;

/// Ways to pay (UNTDID 4461). A file names one, so several are "agreed between the parties", and told in words.
const CHECK: &str = "20";
const CREDIT_TRANSFER: &str = "30";
const SEPA_TRANSFER: &str = "58";
const AGREED: &str = "ZZZ";

/// What is added to the lines, and what is taken off (negative), each with its reason; nothing that is zero.
pub(super) fn parts<'a>(told: &Told<'a>) -> Vec<(&'a str, i128)> {
    let document = told.document;
    let all = [
        (told.t("Shipping", "Versand"), i128::from(document.shipping_minor)),
        (told.t("Fee", "Gebühr"), i128::from(document.fee_minor)),
        (told.t("Other", "Weitere Kosten"), i128::from(document.other_minor)),
        (told.t("Discounts", "Rabatte"), -i128::from(document.discounts_minor)),
        (told.t("Deductions", "Abzüge"), -i128::from(document.deductions_minor)),
    ];
    all.into_iter().filter(|(_, minor)| *minor != 0).collect()
}

pub(super) fn write(xml: &mut Xml, told: &Told<'_>) {
    let (document, ways) = (told.document, told.instructions());
    let parts = parts(told);
    let basis = i128::from(document.subtotal_minor) + parts.iter().map(|(_, minor)| minor).sum::<i128>();
    if !ways.is_empty() {
        xml.text("ram:PaymentReference", &document.number);
    }
    xml.text("ram:InvoiceCurrencyCode", document.currency.code());
    if !ways.is_empty() {
        xml.within("ram:SpecifiedTradeSettlementPaymentMeans", |xml| means(xml, told, &ways));
    }
    xml.within("ram:ApplicableTradeTax", |xml| {
        xml.text("ram:CalculatedAmount", &amount(told, 0));
        xml.text("ram:TypeCode", "VAT");
        xml.text("ram:ExemptionReason", told.t("Not subject to VAT", "Nicht umsatzsteuerbar"));
        xml.text("ram:BasisAmount", &amount(told, basis));
        xml.text("ram:CategoryCode", CATEGORY);
        xml.text("ram:ExemptionReasonCode", "VATEX-EU-O");
    });
    for (reason, minor) in &parts {
        adjustment(xml, told, *minor, reason, true);
    }
    xml.within("ram:SpecifiedTradePaymentTerms", |xml| {
        if !ways.is_empty() {
            let told: Vec<String> = ways.iter().map(|way| format!("{}:\n{}", way.name, way.lines.join("\n"))).collect();
            xml.text("ram:Description", &told.join("\n\n"));
        }
        xml.within("ram:DueDateDateTime", |xml| day(xml, document.due_on));
    });
    xml.within("ram:SpecifiedTradeSettlementHeaderMonetarySummation", |xml| totals(xml, told, &parts, basis));
}

/// The account where there is one to transfer to, else the only way in its code, else what both sides agreed upon.
fn means(xml: &mut Xml, told: &Told<'_>, ways: &[Way<'_>]) {
    let instructions: &[PaymentInstruction] = &told.document.payment_instructions;
    let account = instructions.iter().find_map(|how| how.bank_account.as_ref().map(|account| (how, account)));
    let Some((how, account)) = account else {
        let check = instructions.iter().all(|how| how.method == "check");
        let names: Vec<&str> = ways.iter().map(|way| way.name).collect();
        xml.text("ram:TypeCode", if check { CHECK } else { AGREED });
        xml.text("ram:Information", &names.join(", "));
        return;
    };
    let sepa = told.document.currency.code() == "EUR" && account.iban.is_sepa();
    xml.text("ram:TypeCode", if sepa { SEPA_TRANSFER } else { CREDIT_TRANSFER });
    xml.text("ram:Information", way(told.language, &how.method));
    to_account(xml, account);
}

fn to_account(xml: &mut Xml, account: &BankAccount) {
    xml.within("ram:PayeePartyCreditorFinancialAccount", |xml| {
        xml.text("ram:IBANID", account.iban.as_str());
        xml.text("ram:AccountName", &account.holder);
    });
    if let Some(bic) = &account.bic {
        xml.within("ram:PayeeSpecifiedCreditorFinancialInstitution", |xml| xml.text("ram:BICID", bic.as_str()));
    }
}

/// The sums that BR-CO-10 to BR-CO-16 are about. Without charges or allowances their sum is not written.
fn totals(xml: &mut Xml, told: &Told<'_>, parts: &[(&str, i128)], basis: i128) {
    let document = told.document;
    let (total, paid) = (i128::from(document.total_minor), i128::from(told.standing.map_or(0, |now| now.paid_minor)));
    let charges: i128 = parts.iter().map(|(_, minor)| *minor.max(&0)).sum();
    let allowances: i128 = parts.iter().map(|(_, minor)| -*minor.min(&0)).sum();
    xml.text("ram:LineTotalAmount", &amount(told, i128::from(document.subtotal_minor)));
    if charges != 0 {
        xml.text("ram:ChargeTotalAmount", &amount(told, charges));
    }
    if allowances != 0 {
        xml.text("ram:AllowanceTotalAmount", &amount(told, allowances));
    }
    xml.text("ram:TaxBasisTotalAmount", &amount(told, basis));
    xml.text_with("ram:TaxTotalAmount", &[("currencyID", document.currency.code())], &amount(told, i128::from(document.tax_minor)));
    xml.text("ram:GrandTotalAmount", &amount(told, total));
    if paid != 0 {
        xml.text("ram:TotalPrepaidAmount", &amount(told, paid));
    }
    xml.text("ram:DuePayableAmount", &amount(told, total - paid));
}
