//! The invoice: as a page, self-contained HTML with its own styles, no script and nothing fetched but the seller's logo, ready
//! to print; as a PDF ([`pdf`]); and for programs ([`einvoice`]). All say what [`told`] says (BIL-3, PLT-12).

pub mod einvoice;
pub mod epc;
pub mod pdf;
pub mod sheet;
pub mod told;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use told::{Told, scan};
use tradepost_domain::billing::document::InvoiceLine;
use tradepost_domain::merchants::Branding;
use tradepost_kernel::{Color, Date};

/// What moved since the invoice was issued; shown beside the document, which never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvoiceStanding {
    /// What came in.
    pub paid_minor: i64,
    /// The day from which it counts as overdue is after its due date; today, in the merchant's zone.
    pub today: Date,
    /// Whether it was canceled.
    pub canceled: bool,
    /// Whether it belongs to a sandbox.
    pub test: bool,
}

/// Where a page leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downloads {
    /// Its PDF.
    pub pdf: String,
    /// Its e-invoice, where one can be made.
    pub e_invoice: Option<String>,
}

/// The page, and the text of its one style element, for the answer's content security policy. `look`: as the seller looks now; what was
/// issued stays as it is, name and address are the document's.
#[must_use]
pub fn render(told: &Told<'_>, downloads: Option<&Downloads>, look: Option<&Branding>) -> (String, String) {
    let document = told.document;
    let style = match look.and_then(|look| look.accent) {
        Some(accent) => format!("{STYLE}{}", in_color(accent)),
        None => STYLE.to_owned(),
    };
    let logo = look.and_then(Branding::logo_path);
    let page = html! {
        (DOCTYPE)
        html lang=(told.language.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (told.title()) " – " (document.seller.name) }
                style { (PreEscaped(&style)) }
            }
            body {
                main {
                    @if let Some(places) = downloads { (acts(told, places)) }
                    @if told.standing.is_some() { (ribbon(told)) }
                    (letterhead(told, logo.as_deref()))
                    (facts(told))
                    (lines(told))
                    (totals(told))
                    (instructions(told))
                    footer { (told.foot()) }
                }
            }
        }
    };
    (page.into_string(), style)
}

/// The seller's color, as it can be read on paper and in the dark.
fn in_color(accent: Color) -> String {
    format!(
        "h1 {{ color: {}; }}\n@media screen {{\n  main {{ border-top: 4px solid {accent}; }}\n}}\n@media screen and (prefers-color-scheme: dark) {{\n  h1 {{ color: {}; }}\n}}\n",
        accent.on(Color::WHITE),
        accent.on(Color::DARK)
    )
}

fn acts(told: &Told<'_>, places: &Downloads) -> Markup {
    html! {
        p.acts {
            a href=(places.pdf) { (told.t("Download PDF", "PDF herunterladen")) }
            @if let Some(place) = &places.e_invoice { a href=(place) { (told.t("E-invoice (XML)", "E-Rechnung (XML)")) } }
        }
    }
}

fn ribbon(told: &Told<'_>) -> Markup {
    let status = told.status().map_or("", |status| status.name());
    html! {
        p.ribbon.{ (status) } {
            @if let Some(text) = told.sandbox() { span { (text) " " } }
            (told.standing_words())
        }
    }
}

fn letterhead(told: &Told<'_>, logo: Option<&str>) -> Markup {
    html! {
        header {
            div.seller {
                @if let Some(logo) = logo { img.logo src=(logo) alt=""; }
                p.name { (told.document.seller.name) }
                @for line in told.seller() { p { (line) } }
            }
            div.buyer {
                p.label { (told.t("Bill to", "Rechnung an")) }
                p.name { (told.document.buyer.company) }
                @for line in told.buyer() { p { (line) } }
            }
        }
    }
}

fn facts(told: &Told<'_>) -> Markup {
    html! {
        h1 { (told.title()) }
        dl { @for (name, value) in told.facts() { div { dt { (name) } dd { (value) } } } }
    }
}

fn lines(told: &Told<'_>) -> Markup {
    let columns = told.columns();
    html! {
        table.lines {
            thead { tr { th { (told.t("Item", "Position")) } @for name in &columns { th.number { (name) } } } }
            tbody { @for line in &told.document.lines { (row(told, &columns, line)) } }
        }
    }
}

fn row(told: &Told<'_>, columns: &[&str], line: &InvoiceLine) -> Markup {
    html! {
        tr {
            td {
                span.description { (line.description) }
                span.sku { (line.sku) }
                @for text in told.reductions(line) { span.reduction { (text) } }
            }
            @for (name, cell) in columns.iter().zip(told.cells(line)) { td.number data-label=(name) { (cell) } }
        }
    }
}

fn totals(told: &Told<'_>) -> Markup {
    html! {
        table.totals {
            tbody { @for sum in told.sums() { tr.total[sum.strong] { th { (sum.name) } td.number { (sum.amount) } } } }
        }
    }
}

fn instructions(told: &Told<'_>) -> Markup {
    let ways = told.instructions();
    html! {
        @if !ways.is_empty() {
            section {
                h2 { (told.t("How to pay", "So bezahlen Sie")) }
                @for way in ways {
                    h3 { (way.name) }
                    @for line in &way.lines { p { (line) } }
                    @if let Some(code) = &way.code {
                        figure { (code.drawn(told.t("QR code of the transfer", "QR-Code der Überweisung"))) figcaption { (scan(told.language)) } }
                    }
                }
            }
        }
    }
}

/// The one style element of the page, for the answer's content security policy.
const STYLE: &str = "
:root { color-scheme: light dark; }
* { box-sizing: border-box; }
body { margin: 0; padding: 32px 16px; background: #f4f5f7; color: #1d2433; font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif; }
main { max-width: 820px; margin: 0 auto; padding: 48px; background: #fff; border: 1px solid #dfe3ea; border-radius: 8px; }
p { margin: 0; }
header { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 32px; margin-bottom: 40px; }
.name { font-weight: 600; font-size: 17px; }
.label, dt, .sku, .reduction, footer { color: #5a6478; font-size: 13px; }
h1 { margin: 0 0 16px; font-size: 26px; }
h2 { margin: 40px 0 8px; font-size: 17px; }
h3 { margin: 16px 0 4px; font-size: 15px; }
dl { display: flex; flex-wrap: wrap; gap: 12px 40px; margin: 0 0 32px; }
dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
figure { margin: 12px 0 0; break-inside: avoid; }
figure svg { display: block; }
figcaption { width: 220px; margin-top: 4px; text-align: center; }
table { width: 100%; border-collapse: collapse; }
th { padding: 8px; text-align: left; color: #5a6478; font-size: 13px; font-weight: 600; border-bottom: 2px solid #dfe3ea; }
td { padding: 10px 8px; border-bottom: 1px solid #e9ecf1; vertical-align: top; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.description { font-weight: 600; overflow-wrap: anywhere; }
.sku, .reduction { display: block; overflow-wrap: anywhere; }
.totals { width: auto; min-width: 280px; margin: 16px 0 0 auto; }
.totals th { border: 0; font-weight: 400; font-size: 15px; }
.totals td { border: 0; }
.total th, .total td { border-top: 2px solid #1d2433; color: #1d2433; font-weight: 700; }
.ribbon { margin: -16px 0 32px; padding: 10px 14px; border-radius: 6px; background: #eef2ff; color: #1b3a9c; font-weight: 600; }
.ribbon.paid { background: #e5f6ea; color: #14602c; }
.ribbon.overdue { background: #fdeaea; color: #8f1d1d; }
.ribbon.canceled { background: #eceef2; color: #3c4457; }
.acts { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: 8px 24px; margin: -24px 0 40px; }
.acts a { color: #1b3a9c; font-weight: 600; }
footer { margin-top: 48px; padding-top: 16px; border-top: 1px solid #dfe3ea; }
@media screen and (max-width: 600px) {
  body { padding: 16px 8px; }
  main { padding: 24px 16px; }
  .ribbon { margin-top: 0; }
  header { gap: 20px; margin-bottom: 28px; }
  dl { display: grid; grid-template-columns: 1fr 1fr; }
  .lines thead { display: none; }
  .lines tr { display: block; padding: 12px 0; border-bottom: 1px solid #dfe3ea; }
  .lines td { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 16px; padding: 2px 0; border: 0; }
  .lines td:first-child { display: block; padding-bottom: 6px; }
  .lines td[data-label]::before { content: attr(data-label); color: #5a6478; font-size: 13px; }
  .totals { width: 100%; }
  .totals th, .totals td { padding: 8px 0; }
}
@media screen and (prefers-color-scheme: dark) {
  :root { color-scheme: dark; }
  body { background: #12151c; color: #e6e9ef; }
  main { background: #1b1f29; border-color: #313847; }
  .label, dt, .sku, .reduction, footer, th, .lines td[data-label]::before { color: #a3adbf; }
  th, td, footer, .lines tr { border-color: #313847; }
  .total th, .total td { border-color: #a3adbf; color: #e6e9ef; }
  .ribbon { background: #1d2a52; color: #b9c8ff; }
  .ribbon.paid { background: #10301f; color: #7fdcae; }
  .ribbon.overdue { background: #3a1a14; color: #ffb3a4; }
  .ribbon.canceled { background: #2a303d; color: #c4ccda; }
  .acts a { color: #b9c8ff; }
}
@media print {
  @page { margin: 18mm; }
  body { padding: 0; background: #fff; font-size: 11pt; }
  main { max-width: none; padding: 0; border: 0; }
  .ribbon, .acts { display: none; }
  thead { display: table-header-group; }
  tr, section { break-inside: avoid; }
}
.logo { display: block; max-width: 240px; max-height: 72px; margin-bottom: 12px; }
";

#[cfg(test)]
mod tests {
    use super::told::money;
    use super::*;
    use crate::language::Language;
    use tradepost_domain::billing::document::{Buyer, InvoiceDocument, PaymentInstruction, Seller};
    use tradepost_domain::merchants::{BankAccount, Logo, LogoKind};
    use tradepost_kernel::Currency;

    pub(super) fn document() -> InvoiceDocument {
        let usd: Currency = "USD".parse().expect("a currency");
        InvoiceDocument {
            number: "INV-17".into(),
            issued_on: "2026-11-21".parse().expect("a date"),
            due_on: "2026-12-21".parse().expect("a date"),
            currency: usd,
            seller: Seller {
                name: "Northwind <Software>".into(),
                address: vec!["1 Pier Road".into(), "Boston".into()],
                country: Some("US".into()),
                vat_id: Some("US12".into()),
            },
            buyer: Buyer { company: "Acme & Sons".into(), address: vec!["Main St 5".into(), "DE".into()], place: None, vat_id: None, code: "R-7K2M".into() },
            reference: Some("PO \"4711\"".into()),
            order_number: Some("2026-000017".into()),
            lines: vec![InvoiceLine {
                sku: "KEY-PRO".into(),
                description: "Studio Pro <script>alert(1)</script>".into(),
                quantity: 75,
                unit_minor: 2_000,
                list_unit_minor: 2_500,
                margin_percent: Some("20".into()),
                discount: None,
                line_minor: 150_000,
                tax_minor: 0,
            }],
            subtotal_minor: 150_000,
            tax_minor: 0,
            shipping_minor: 0,
            fee_minor: 0,
            other_minor: 0,
            discounts_minor: 0,
            deductions_minor: 0,
            total_minor: 150_000,
            payment_instructions: PaymentInstruction::check_and_wire(None, Some("IBAN DE00 1234"), None),
        }
    }

    /// The same in euros, with an account to wire to.
    pub(super) fn to_wire() -> InvoiceDocument {
        let account =
            BankAccount { holder: "Northwind <Software>".into(), iban: "DE89370400440532013000".parse().expect("an IBAN"), bic: "COBADEFFXXX".parse().ok() };
        let payment_instructions = PaymentInstruction::check_and_wire(None, None, Some(&account));
        InvoiceDocument { currency: "EUR".parse().expect("a currency"), payment_instructions, ..document() }
    }

    /// BIL-3: letterhead, addresses, reference, lines, totals, instructions for each method.
    #[test]
    fn an_invoice_page_shows_the_whole_document_and_runs_nothing() {
        let document = document();
        let (page, style) = render(&Told { document: &document, standing: None, language: Language::English }, None, None);
        assert!(page.contains(&style));
        let needed = [
            "Northwind &lt;Software&gt;",
            "1 Pier Road",
            "VAT id US12",
            "Acme &amp; Sons",
            "Main St 5",
            "R-7K2M",
            "INV-17",
            "PO &quot;4711&quot;",
            "2026-000017",
            "Dec 21, 2026",
            "KEY-PRO",
            "Partner margin 20\u{a0}%",
            "25.00\u{a0}USD",
            "20.00\u{a0}USD",
            "1,500.00\u{a0}USD",
            "Check or money order",
            "Wire transfer",
            "3–5 business days",
            "IBAN DE00 1234",
        ];
        for text in needed {
            assert!(page.contains(text), "{text}\n{page}");
        }
        assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://") && !page.contains("url("));
        assert!(!page.contains("style="));
    }

    /// BIL-3: the account to wire to, and a code that is no picture of elsewhere.
    #[test]
    fn the_account_and_its_code_stand_with_the_wire() {
        let document = to_wire();
        let (page, _) = render(&Told { document: &document, standing: None, language: Language::German }, None, None);
        for text in
            ["Kontoinhaber: Northwind &lt;Software&gt;", "IBAN: DE89 3704 0044 0532 0130 00", "BIC: COBADEFFXXX", "Zum Bezahlen scannen", "<svg width=\"220\""]
        {
            assert!(page.contains(text), "{text}\n{page}");
        }
        assert!(page.contains("aria-label=\"QR-Code der Überweisung\"") && !page.contains("style=") && !page.contains("http://"), "{page}");
    }

    /// PLT-12
    #[test]
    fn an_invoice_looks_as_its_seller_and_says_what_was_issued() {
        let merchant = "mer_01h455vb4pex5vsknk084sn02q".parse().expect("an id");
        let logo = Logo { kind: LogoKind::Png, width: 320, height: 80, hash: [0xab; 32] };
        let look = Branding {
            merchant,
            name: "Another <name>".into(),
            own_name: None,
            logo: Some(logo),
            accent: "#ffd400".parse().ok(),
            sender_name: None,
            reply_to: None,
            mail_language: None,
            version: 1,
        };
        let document = document();
        let told = Told { document: &document, standing: None, language: Language::English };
        let (page, style) = render(&told, None, Some(&look));
        assert!(page.contains("<img class=\"logo\" src=\"/brand/mer_01h455vb4pex5vsknk084sn02q/abab") && page.contains("Northwind &lt;Software&gt;"));
        assert!(page.contains(&style) && style.contains("border-top: 4px solid #ffd400") && !style.contains("h1 { color: #ffd400; }\nmain"), "{style}");
        let (page, style) = render(&told, None, Some(&Branding { logo: None, accent: None, ..look }));
        assert_eq!((page, style.as_str()), (render(&told, None, None).0, STYLE));
    }

    #[test]
    fn the_standing_is_shown_beside_the_document() {
        let document = document();
        let standing = |paid_minor, today: &str, canceled| InvoiceStanding { paid_minor, today: today.parse().expect("a date"), canceled, test: true };
        for (standing, status_now, text) in [
            (standing(0, "2026-12-21", false), "unpaid", "To be paid by Dec 21, 2026"),
            (standing(50_000, "2026-12-22", false), "overdue", "−500.00\u{a0}USD"),
            (standing(150_000, "2027-01-01", false), "paid", "Paid in full"),
            (standing(0, "2026-12-01", true), "canceled", "Canceled"),
        ] {
            let (page, _) = render(&Told { document: &document, standing: Some(&standing), language: Language::English }, None, None);
            assert!(page.contains(text) && page.contains("Sandbox") && page.contains(&format!("class=\"ribbon {status_now}\"")), "{status_now}: {page}");
        }
    }

    #[test]
    fn amounts_are_grouped_with_the_digits_of_their_currency() {
        for (code, minor, text) in [
            ("USD", 123_456_789, "1,234,567.89\u{a0}USD"),
            ("JPY", 1_758, "1,758\u{a0}JPY"),
            ("KWD", -5, "−0.005\u{a0}KWD"),
            ("USD", 99_900, "999.00\u{a0}USD"),
        ] {
            assert_eq!(money(Language::English, code.parse().expect("a currency"), minor), text);
        }
    }
}
