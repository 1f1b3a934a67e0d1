//! What an e-invoice says, term by term; programs that we did not write check the same files against the norm (`scripts/e-invoices`).

use super::*;
use crate::invoice::InvoiceStanding;
use crate::invoice::tests::{document, to_wire};
use crate::language::Language;
use tradepost_domain::billing::document::{InvoiceDocument, InvoiceLine, PaymentInstruction, Place};

fn issuer() -> Issuer {
    Issuer { id: "mer_01h455vb4pex5vsknk084sn02q".into(), country: None }
}

fn made(document: &InvoiceDocument, standing: Option<&InvoiceStanding>, language: Language) -> String {
    render(&Told { document, standing, language }, &issuer()).expect("nothing is missing")
}

fn in_english(document: &InvoiceDocument) -> String {
    made(document, None, Language::English)
}

/// The texts of all elements of this name, in their order.
fn texts<'x>(xml: &'x str, name: &str) -> Vec<&'x str> {
    let (begin, end) = (format!("<{name}"), format!("</{name}>"));
    let after = xml.split(begin.as_str()).skip(1).filter(|rest| rest.starts_with(['>', ' ']));
    after.filter_map(|rest| rest.split_once('>')?.1.split_once(end.as_str())).map(|(text, _)| text).collect()
}

/// The one element of this name.
fn one<'x>(xml: &'x str, name: &str) -> &'x str {
    let found = texts(xml, name);
    assert_eq!(found.len(), 1, "{name}: {found:?}\n{xml}");
    found[0]
}

fn with_parts() -> InvoiceDocument {
    let mut document = to_wire();
    document.buyer.place =
        Some(Place { street: Some("Main St 5".into()), postal_code: Some("10115".into()), city: Some("Berlin".into()), region: None, country: "DE".into() });
    (document.shipping_minor, document.fee_minor, document.other_minor) = (500, 250, 1);
    (document.discounts_minor, document.deductions_minor) = (700, 51);
    document.total_minor = document.total_by_rule().expect("a total");
    document
}

fn standing(document: &InvoiceDocument, paid_minor: i64) -> InvoiceStanding {
    InvoiceStanding { paid_minor, today: document.issued_on, canceled: false, test: false }
}

/// BIL-3: number, days, parties, references and the line are those of the invoice.
#[test]
fn an_e_invoice_says_what_the_invoice_says() {
    let xml = in_english(&document());
    assert!(!xml.contains("United States"), "the country is told by its letters alone: {xml}");
    for (name, text) in [
        ("ram:TypeCode", "380"),
        ("ram:BuyerReference", "PO &quot;4711&quot;"),
        ("ram:SellerAssignedID", "KEY-PRO"),
        ("ram:BilledQuantity", "75"),
        ("ram:InvoiceCurrencyCode", "USD"),
        ("ram:Description", "VAT id US12"),
        ("ram:ExemptionReasonCode", "VATEX-EU-O"),
    ] {
        assert_eq!(texts(&xml, name)[0], text, "{name}\n{xml}");
    }
    assert_eq!(texts(&xml, "ram:ID"), ["urn:cen.eu:en16931:2017", "INV-17", "mer_01h455vb4pex5vsknk084sn02q", "R-7K2M"]);
    assert_eq!(texts(&xml, "udt:DateTimeString"), ["20261121", "20261221"]);
    assert_eq!(texts(&xml, "ram:Name"), ["Studio Pro &lt;script&gt;alert(1)&lt;/script&gt;", "Northwind &lt;Software&gt;", "Acme &amp; Sons"]);
    assert_eq!(texts(&xml, "ram:IssuerAssignedID"), ["2026-000017", "PO &quot;4711&quot;"]);
    assert_eq!(texts(&xml, "ram:CountryID"), ["US", "DE"]);
    assert_eq!(texts(&xml, "ram:LineOne"), ["1 Pier Road", "Main St 5"]);
    assert_eq!(texts(&xml, "ram:ChargeAmount"), ["25.00", "20.00"], "the list price, and what one costs");
    assert_eq!(texts(&xml, "ram:ActualAmount"), ["5.00"]);
    assert_eq!(one(&xml, "ram:Content"), "Partner margin 20\u{a0}%");
    assert!(!xml.contains("RateApplicablePercent") && !xml.contains("SpecifiedTaxRegistration"), "what bears no tax has neither: {xml}");
}

/// BIL-1, BIL-3: charges and allowances have their reasons, and the sums follow from them (BR-CO-10 to BR-CO-16).
#[test]
fn the_sums_follow_from_lines_charges_and_allowances() {
    let document = with_parts();
    let xml = made(&document, Some(&standing(&document, 50_000)), Language::German);
    assert_eq!(texts(&xml, "ram:LineTotalAmount"), ["1500.00", "1500.00"]);
    for (name, amount) in [
        ("ram:ChargeTotalAmount", "7.51"),
        ("ram:AllowanceTotalAmount", "7.51"),
        ("ram:TaxBasisTotalAmount", "1500.00"),
        ("ram:TaxTotalAmount", "0.00"),
        ("ram:GrandTotalAmount", "1500.00"),
        ("ram:TotalPrepaidAmount", "500.00"),
        ("ram:DuePayableAmount", "1000.00"),
    ] {
        assert_eq!(one(&xml, name), amount, "{name}");
    }
    assert_eq!(texts(&xml, "ram:Reason"), ["Versand", "Gebühr", "Weitere Kosten", "Rabatte", "Abzüge"]);
    assert_eq!(texts(&xml, "ram:ActualAmount"), ["5.00", "5.00", "2.50", "0.01", "7.00", "0.51"]);
    assert_eq!(texts(&xml, "udt:Indicator"), ["false", "true", "true", "true", "false", "false"]);
    assert_eq!(one(&xml, "ram:ExemptionReason"), "Nicht umsatzsteuerbar");
    assert_eq!((one(&xml, "ram:PostcodeCode"), one(&xml, "ram:CityName")), ("10115", "Berlin"));
}

/// BIL-3: the account stands there as programs pay by it; without one, or once it is paid, no program pays.
#[test]
fn the_way_to_pay_is_the_account_where_there_is_one() {
    let euros = to_wire();
    let xml = in_english(&euros);
    assert!(xml.contains("<ram:TypeCode>58</ram:TypeCode>"), "{xml}");
    assert_eq!((one(&xml, "ram:IBANID"), one(&xml, "ram:BICID")), ("DE89370400440532013000", "COBADEFFXXX"));
    assert_eq!((one(&xml, "ram:AccountName"), one(&xml, "ram:PaymentReference")), ("Northwind &lt;Software&gt;", "INV-17"));
    assert!(texts(&xml, "ram:Description")[1].contains("Check or money order:\nMake the check"), "the other way is told in words: {xml}");
    let dollars = InvoiceDocument { currency: "USD".parse().expect("a currency"), ..euros.clone() };
    assert!(in_english(&dollars).contains("<ram:TypeCode>30</ram:TypeCode>"));
    let xml = in_english(&document());
    assert!(xml.contains("<ram:TypeCode>ZZZ</ram:TypeCode>") && !xml.contains("IBANID"), "{xml}");
    assert_eq!(one(&xml, "ram:Information"), "Check or money order, Wire transfer");
    let mut by_check = document();
    by_check.payment_instructions.truncate(1);
    assert!(in_english(&by_check).contains("<ram:TypeCode>20</ram:TypeCode>"));
    let paid = made(&euros, Some(&standing(&euros, 150_000)), Language::English);
    assert!(!paid.contains("PaymentMeans") && !paid.contains("IBANID"), "{paid}");
    assert_eq!(one(&paid, "ram:DuePayableAmount"), "0.00");
}

/// BIL-3: a line that comes to more or less than its price times its quantity says why.
#[test]
fn a_line_with_a_discount_or_an_agreed_total_says_so() {
    let mut document = document();
    for (line_minor, reason, amount, charge) in [(140_000, "Discount", "100.00", "false"), (150_001, "Agreed total of the line", "0.01", "true")] {
        (document.lines[0].line_minor, document.subtotal_minor, document.total_minor) = (line_minor, line_minor, line_minor);
        let xml = in_english(&document);
        assert_eq!((one(&xml, "ram:Reason"), texts(&xml, "ram:ActualAmount")[1], texts(&xml, "udt:Indicator")[1]), (reason, amount, charge));
    }
}

/// BIL-3: what the norm requires and nobody said is named, all of it; what is there today completes what was issued before.
#[test]
fn what_is_missing_is_named_and_nothing_is_made_up() {
    let mut document = document();
    document.seller.country = None;
    document.buyer.place = Some(Place { country: "UK".into(), ..Place::default() });
    document.lines.push(InvoiceLine { tax_minor: 19, ..document.lines[0].clone() });
    let told = Told { document: &document, standing: None, language: Language::English };
    let refused = render(&told, &issuer()).expect_err("three things are missing");
    assert_eq!(refused, [Lack::SellerCountry, Lack::BuyerCountry, Lack::Rate(1)]);
    assert_eq!(refused.iter().map(|lack| lack.pointer()).collect::<Vec<_>>(), ["/seller/country", "/buyer/country", "/lines/1/tax"]);
    let today = |country: &str| Issuer { country: Some(country.into()), ..issuer() };
    assert_eq!(lacks(&told, &today("US")), refused[1..]);
    assert_eq!(lacks(&told, &today("USA")), refused);
    document.lines.pop();
    document.buyer.place = None;
    for (last, known) in [("DE", true), ("Berlin", false)] {
        document.buyer.address = vec!["Main St 5".into(), last.into()];
        let told = Told { document: &document, standing: None, language: Language::English };
        assert_eq!(render(&told, &today("US")).is_ok(), known, "{last}");
    }
}

/// BIL-3: amounts have two decimals at most, exactly or not at all; prices of a unit have all of theirs.
#[test]
fn a_third_decimal_is_written_where_it_may_and_refused_where_it_counts() {
    let mut document = document();
    document.currency = "KWD".parse().expect("a currency");
    let line = &mut document.lines[0];
    (line.quantity, line.unit_minor, line.list_unit_minor, line.line_minor) = (10, 1_337, 1_337, 13_370);
    (document.subtotal_minor, document.total_minor) = (13_370, 13_370);
    let xml = in_english(&document);
    assert_eq!((one(&xml, "ram:ChargeAmount"), one(&xml, "ram:GrandTotalAmount")), ("1.337", "13.37"));
    let now = standing(&document, 1);
    let told = Told { document: &document, standing: Some(&now), language: Language::English };
    assert_eq!(lacks(&told, &issuer()), [Lack::Decimals(document.currency)], "a fils was paid");
    document.currency = "JPY".parse().expect("a currency");
    let xml = in_english(&document);
    assert_eq!((one(&xml, "ram:ChargeAmount"), one(&xml, "ram:GrandTotalAmount"), one(&xml, "ram:TaxTotalAmount")), ("1337", "13370", "0"));
}

/// PLT-1: the largest amounts, and none at all.
#[test]
fn amounts_are_exact_however_large_they_are() {
    for (minor, digits, text) in
        [(0, 2, "0.00"), (5, 2, "0.05"), (-5, 2, "-0.05"), (100, 2, "1.00"), (0, 0, "0"), (i128::from(i64::MAX), 3, "9223372036854775.807")]
    {
        assert_eq!(decimal(minor, digits), text);
    }
    let mut document = document();
    let line = &mut document.lines[0];
    (line.quantity, line.unit_minor, line.list_unit_minor, line.line_minor) = (i64::MAX, i64::MAX, i64::MAX, i64::MAX);
    (document.subtotal_minor, document.shipping_minor, document.total_minor) = (i64::MAX, i64::MAX, i64::MAX);
    let xml = in_english(&document);
    assert_eq!(one(&xml, "ram:TaxBasisTotalAmount"), "184467440737095516.14");
    (document.lines[0].unit_minor, document.lines[0].line_minor) = (0, 0);
    (document.subtotal_minor, document.shipping_minor, document.total_minor) = (0, 0, 0);
    let free = in_english(&document);
    assert_eq!((one(&free, "ram:DuePayableAmount"), free.contains("PaymentMeans")), ("0.00", false));
}

/// BIL-3, PLT-6: what cannot be said in a field of its own stands in a note.
#[test]
fn a_sandbox_and_the_resellers_vat_id_stand_in_notes() {
    let mut document = document();
    document.buyer.vat_id = Some("DE123456789".into());
    let now = InvoiceStanding { test: true, ..standing(&document, 0) };
    let xml = made(&document, Some(&now), Language::English);
    assert_eq!(texts(&xml, "ram:Content")[..2], ["Sandbox: this is no real invoice.", "Acme &amp; Sons: VAT id DE123456789"]);
}

/// What the norm, its syntax and the notes in it are tried on.
fn examples() -> Vec<(&'static str, InvoiceDocument, Option<InvoiceStanding>)> {
    let plain = document();
    let parts = with_parts();
    let mut hostile = parts.clone();
    let text = "]]></ram:Name><x/>&\u{0}\u{7}\u{fffe}\r\n\t שלום 漢字 😀 \"'";
    for place in [&mut hostile.number, &mut hostile.seller.name, &mut hostile.buyer.company, &mut hostile.buyer.code, &mut hostile.lines[0].sku] {
        text.clone_into(place);
    }
    hostile.lines[0].description = text.repeat(50);
    (hostile.reference, hostile.order_number) = (Some(text.into()), Some(text.into()));
    hostile.seller.address = vec![text.into(); 7];
    hostile.payment_instructions = PaymentInstruction::check_and_wire(Some(text), Some(text), None);
    let mut lines = plain.clone();
    lines.lines = [140_000, 150_001, 0, 150_000].map(|line_minor| InvoiceLine { line_minor, ..plain.lines[0].clone() }).to_vec();
    lines.lines[3].discount = Some("10 %".into());
    (lines.subtotal_minor, lines.total_minor) = (440_001, 440_001);
    let mut free = plain.clone();
    (free.lines[0].unit_minor, free.lines[0].line_minor, free.subtotal_minor, free.total_minor) = (0, 0, 0, 0);
    let mut dinars = plain.clone();
    dinars.currency = "KWD".parse().expect("a currency");
    let mut by_check = plain.clone();
    by_check.payment_instructions.truncate(1);
    let mut yen = parts.clone();
    yen.currency = "JPY".parse().expect("a currency");
    let (part, whole) = (standing(&parts, 50_000), standing(&parts, parts.total_minor));
    let sandbox = InvoiceStanding { test: true, ..standing(&plain, 0) };
    vec![
        ("plain", plain, Some(sandbox)),
        ("wire", to_wire(), None),
        ("part-paid", parts.clone(), Some(part)),
        ("paid", parts, Some(whole)),
        ("hostile", hostile, None),
        ("lines", lines, None),
        ("free", free, None),
        ("dinars", dinars, None),
        ("yen", yen, None),
        ("by-check", by_check, None),
    ]
}

/// Writes examples for programs that check them: `TRADEPOST_E_INVOICES=FOLDER`.
#[test]
fn every_kind_of_e_invoice_can_be_checked() {
    for (name, document, now) in examples() {
        for language in Language::ALL {
            let xml = made(&document, now.as_ref(), language);
            assert!(xml.starts_with("<?xml ") && xml.ends_with("</rsm:CrossIndustryInvoice>\n"), "{name}");
            if let Some(folder) = std::env::var_os("TRADEPOST_E_INVOICES") {
                let path = std::path::Path::new(&folder).join(format!("{name}-{}.xml", language.code()));
                std::fs::write(path, xml).expect("the example is written");
            }
        }
    }
}
