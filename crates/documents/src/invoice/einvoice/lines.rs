//! A line of an e-invoice (BG-25).

use super::{adjustment, amount, category, price};
use crate::invoice::told::Told;
use crate::xml::Xml;
use tradepost_domain::billing::document::InvoiceLine;

/// Pieces (UN/ECE Recommendation 20): licenses have no other unit.
const PIECES: &str = "C62";

/// What a line differs by from its price times its quantity: its own discount, or a total that was agreed upon.
pub(super) fn difference(line: &InvoiceLine) -> i128 {
    i128::from(line.line_minor) - i128::from(line.unit_minor) * i128::from(line.quantity)
}

pub(super) fn write(xml: &mut Xml, told: &Told<'_>, place: usize, line: &InvoiceLine) {
    xml.within("ram:AssociatedDocumentLineDocument", |xml| {
        xml.text("ram:LineID", &(place + 1).to_string());
        let reductions = told.reductions(line);
        if !reductions.is_empty() {
            xml.within("ram:IncludedNote", |xml| xml.text("ram:Content", &reductions.join("\n")));
        }
    });
    xml.within("ram:SpecifiedTradeProduct", |xml| {
        xml.text("ram:SellerAssignedID", &line.sku);
        xml.text("ram:Name", &line.description);
    });
    xml.within("ram:SpecifiedLineTradeAgreement", |xml| prices(xml, told, line));
    xml.within("ram:SpecifiedLineTradeDelivery", |xml| {
        xml.text_with("ram:BilledQuantity", &[("unitCode", PIECES)], &line.quantity.to_string());
    });
    xml.within("ram:SpecifiedLineTradeSettlement", |xml| {
        xml.within("ram:ApplicableTradeTax", category);
        match difference(line) {
            0 => {}
            off @ ..0 => adjustment(xml, told, off, told.t("Discount", "Rabatt"), false),
            more => adjustment(xml, told, more, told.t("Agreed total of the line", "Vereinbarter Positionsbetrag"), false),
        }
        xml.within("ram:SpecifiedTradeSettlementLineMonetarySummation", |xml| {
            xml.text("ram:LineTotalAmount", &amount(told, i128::from(line.line_minor)));
        });
    });
}

/// The list price less what is off (BT-148, BT-147), where something is; and what one costs (BT-146).
fn prices(xml: &mut Xml, told: &Told<'_>, line: &InvoiceLine) {
    if line.list_unit_minor > line.unit_minor {
        xml.within("ram:GrossPriceProductTradePrice", |xml| {
            xml.text("ram:ChargeAmount", &price(told, line.list_unit_minor));
            xml.within("ram:AppliedTradeAllowanceCharge", |xml| {
                xml.within("ram:ChargeIndicator", |xml| xml.text("udt:Indicator", "false"));
                xml.text("ram:ActualAmount", &price(told, line.list_unit_minor.saturating_sub(line.unit_minor)));
            });
        });
    }
    xml.within("ram:NetPriceProductTradePrice", |xml| xml.text("ram:ChargeAmount", &price(told, line.unit_minor)));
}
