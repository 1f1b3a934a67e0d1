//! The invoice for people: its page, which a link in a mail opens, and its PDF; and its e-invoice for programs (BIL-3, ORD-8). All are made
//! when somebody asks, from the document as it was issued and what was paid of it since.

use crate::api::orders::sides;
use crate::beside::{beside, turn};
use crate::call::{Call, OrNotFound as _};
use crate::errors::FieldError;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::{Answer, choices, input};
use axum::http::header::ACCEPT_LANGUAGE;
use maud::PreEscaped;
use std::time::Duration;
use tokio::sync::Semaphore;
use tradepost_documents::invoice::einvoice::{self, Issuer, Lack};
use tradepost_documents::invoice::sheet::Letterhead;
use tradepost_documents::invoice::told::Told;
use tradepost_documents::invoice::{self, Downloads, InvoiceStanding};
use tradepost_documents::language::Language;
use tradepost_documents::paper::Size;
use tradepost_domain::billing::document::InvoiceDocument;
use tradepost_domain::billing::{self, queries};
use tradepost_domain::ids::{InvoiceId, PartnershipId};
use tradepost_domain::merchants::branding::WIDEST_LOGO;
use tradepost_domain::merchants::{self, Branding};
use tradepost_domain::{MerchantScope, Right};
use tradepost_kernel::{Color, Refusal};

choices! {
    /// A language that documents speak.
    pub enum PaperLanguage {
        /// English.
        English = "en",
        /// German.
        German = "de",
    }
}

input! {
    /// How an invoice is wanted on paper.
    pub struct PaperQuery {
        /// In which language; where it is left out, the first one of `Accept-Language` that documents speak.
        pub language: Option<PaperLanguage>,
    }
}

/// An invoice and what its papers need beside it.
struct Papers {
    document: InvoiceDocument,
    standing: InvoiceStanding,
    size: Size,
    look: Branding,
    issuer: Issuer,
}

impl Papers {
    const fn told(&self, language: Language) -> Told<'_> {
        Told { document: &self.document, standing: Some(&self.standing), language }
    }
}

async fn found(call: &Call, merchant: MerchantScope, of: Option<PartnershipId>, id: InvoiceId) -> Result<Papers, Problem> {
    let now = call.now();
    let (row, house, look) = call
        .read(move |reader| {
            Box::pin(async move {
                let row = queries::invoice(reader, merchant, of, id).await?;
                let house = merchants::queries::merchant(reader, merchant.merchant).await?;
                let look = merchants::branding(reader, merchant.merchant).await?;
                Ok(row.zip(house).zip(look).map(|((row, house), look)| (row, house, look)))
            })
        })
        .await?
        .or_not_found()?;
    let standing = InvoiceStanding { paid_minor: row.paid_minor, today: now.date_in(&house.time_zone), canceled: row.canceled.is_some(), test: house.test };
    let size = Size::of_country(house.country.as_deref());
    Ok(Papers { document: row.document()?, standing, size, look, issuer: Issuer { id: house.id.to_string(), country: house.country } })
}

fn accepted(call: &Call) -> Language {
    Language::preferred(call.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or(""))
}

/// Invoices that are set at once at most: whoever has a link may ask for one, and must take neither every core nor the
/// blocking threads that passwords wait for.
static SETTING: Semaphore = Semaphore::const_new(2);
/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// Beside the requests: setting a long invoice takes longer than a handler may hold its thread.
async fn pdf(call: &Call, merchant: MerchantScope, papers: Papers, language: Language) -> Result<Answer, Problem> {
    // One of before the limit is not decoded; the name stands in its place.
    let logo = match &papers.look.logo {
        Some(logo) if logo.width <= WIDEST_LOGO && logo.height <= WIDEST_LOGO => {
            call.read(move |reader| Box::pin(async move { merchants::branding::logo_content(reader, merchant.merchant).await })).await?
        }
        _ => None,
    };
    let name = format!("{}.pdf", papers.document.number);
    let turn = turn(&SETTING, PATIENCE).await?;
    let made = beside(move || {
        // As long as it is set, even where nobody waits for it any more.
        let _turn = turn;
        let told = papers.told(language);
        let head = Letterhead { logo: logo.as_deref(), accent: papers.look.accent.map(|accent| accent.on(Color::WHITE).parts()), ..Letterhead::of(&told) };
        invoice::pdf::render(&told, &head, papers.size)
    });
    let bytes = made.await?.map_err(|error| {
        tracing::error!(error, "an invoice was not set");
        Problem::internal()
    })?;
    Ok(Answer::download(&name, "application/pdf", bytes))
}

/// What an e-invoice is refused with beside what any paper is.
const NO_E_INVOICE: &[&str] = &["invoice_canceled", "einvoice_incomplete"];

/// A canceled invoice has none: no term of the norm says so, and a program would book it.
fn e_invoice(papers: &Papers, language: Language) -> Result<Answer, Problem> {
    if papers.standing.canceled {
        return Err(Refusal::conflict("invoice_canceled", "The invoice was canceled, so there is no e-invoice of it.").in_state("canceled").into());
    }
    let file = einvoice::render(&papers.told(language), &papers.issuer).map_err(|lacks| incomplete(&lacks))?;
    Ok(Answer::download(&format!("{}.xml", papers.document.number), "application/xml", file))
}

fn incomplete(lacks: &[Lack]) -> Problem {
    let field = |lack: &Lack| FieldError { pointer: lack.pointer(), code: "einvoice_incomplete", detail: lack.sentence() };
    Problem::of_fields(lacks.iter().map(field).collect())
}

/// The language of the query, else the one that the caller prefers.
fn wanted(call: &Call) -> Result<Language, Problem> {
    Ok(match call.query::<PaperQuery>()?.language {
        Some(PaperLanguage::English) => Language::English,
        Some(PaperLanguage::German) => Language::German,
        None => accepted(call),
    })
}

async fn get_pdf(call: Call) -> Result<Answer, Problem> {
    let (id, (merchant, of), language) = (call.path("id")?, sides(&call)?, wanted(&call)?);
    pdf(&call, merchant, found(&call, merchant, of, id).await?, language).await
}

async fn get_e_invoice(call: Call) -> Result<Answer, Problem> {
    let (id, (merchant, of), language) = (call.path("id")?, sides(&call)?, wanted(&call)?);
    e_invoice(&found(&call, merchant, of, id).await?, language)
}

/// The invoice that the token in the path opens: this one, and nothing else.
async fn linked(call: &Call) -> Result<(MerchantScope, Papers), Problem> {
    let Some((merchant, id)) = billing::read_link_token(&call.engine().vault, call.path_text("token")?) else { return Err(Problem::not_found()) };
    let merchant = MerchantScope { merchant };
    Ok((merchant, found(call, merchant, None, id).await?))
}

/// The language that the address names, else the one that the browser prefers.
fn asked(call: &Call) -> Language {
    let named = call.query_pairs().iter().find(|(name, _)| name == "language").and_then(|(_, code)| Language::of_code(code));
    named.unwrap_or_else(|| accepted(call))
}

async fn page(call: Call) -> Result<Answer, Problem> {
    let ((_, papers), language) = (linked(&call).await?, asked(&call));
    let (told, place) = (papers.told(language), |kind| format!("{}/{kind}?language={}", call.request_path(), language.code()));
    let has_e_invoice = !papers.standing.canceled && einvoice::lacks(&told, &papers.issuer).is_empty();
    let downloads = Downloads { pdf: place("pdf"), e_invoice: has_e_invoice.then(|| place("xml")) };
    let (page, style) = invoice::render(&told, Some(&downloads), Some(&papers.look));
    Ok(Answer::html_with_style(PreEscaped(page), &style))
}

async fn linked_pdf(call: Call) -> Result<Answer, Problem> {
    let (merchant, papers) = linked(&call).await?;
    pdf(&call, merchant, papers, asked(&call)).await
}

async fn linked_e_invoice(call: Call) -> Result<Answer, Problem> {
    let (_, papers) = linked(&call).await?;
    e_invoice(&papers, asked(&call))
}

pub(super) fn routes(r: &mut Routes) {
    pdf_routes(r);
    let doc = "One invoice as an e-invoice by EN 16931 (UN/CEFACT Cross Industry Invoice D16B), as issued, with what was paid since. A canceled one has none; \
               where something is missing that the norm requires, each thing is named.";
    r.get("/v1/reseller/invoices/{id}/xml", "getInvoiceXml", get_e_invoice)
        .tag("Invoices")
        .doc(doc)
        .needs(Right::InvoicesRead)
        .query::<PaperQuery>()
        .answers_text("application/xml")
        .refuses(NO_E_INVOICE);
    let tag = "Invoices (merchant)";
    r.get("/v1/merchant/invoices/{id}/xml", "getMerchantInvoiceXml", get_e_invoice)
        .tag(tag)
        .doc(doc)
        .needs(Right::MerchantRead)
        .query::<PaperQuery>()
        .answers_text("application/xml")
        .refuses(NO_E_INVOICE);
    r.get("/i/{token}/xml", "invoicePageXml", linked_e_invoice)
        .tag(tag)
        .doc("The e-invoice of one invoice, for whoever has its link.")
        .public()
        .page()
        .answers_text("application/xml")
        .refuses(NO_E_INVOICE);
}

fn pdf_routes(r: &mut Routes) {
    let doc = "One invoice as a PDF. As issued, with what was paid since; a paid one is its receipt. A4, or Letter where the merchant's country uses it.";
    r.get("/v1/reseller/invoices/{id}/pdf", "getInvoicePdf", get_pdf)
        .tag("Invoices")
        .doc(doc)
        .needs(Right::InvoicesRead)
        .query::<PaperQuery>()
        .answers_text("application/pdf");
    let tag = "Invoices (merchant)";
    r.get("/v1/merchant/invoices/{id}/pdf", "getMerchantInvoicePdf", get_pdf)
        .tag(tag)
        .doc(doc)
        .needs(Right::MerchantRead)
        .query::<PaperQuery>()
        .answers_text("application/pdf");
    r.get("/i/{token}", "invoicePage", page).tag(tag).doc("The page of one invoice, for whoever has its link.").public().page().answers_text("text/html");
    r.get("/i/{token}/pdf", "invoicePagePdf", linked_pdf)
        .tag(tag)
        .doc("The PDF of one invoice, for whoever has its link.")
        .public()
        .page()
        .answers_text("application/pdf");
}
