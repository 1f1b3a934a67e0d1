//! Invoices and payments.

use crate::api::bank_accounts::BankAccountView;
pub use crate::api::invoice_shapes::*;
use crate::api::orders::sides;
use crate::{Answer, Call, OrNotFound, Problem, Routes};
use std::collections::{BTreeSet, HashMap};
use tradepost_domain::billing::document::PaymentInstruction;
use tradepost_domain::billing::queries::{self, InvoiceFilter, InvoiceRow, InvoiceSort, PaymentFilter, PaymentRow};
use tradepost_domain::billing::{self, InvoiceKind, InvoiceStatus, PaymentMethod};
use tradepost_domain::ids::{InvoiceId, PartnershipId};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::orders::record_payment::RecordPayment;
use tradepost_domain::partners::terms::{self, PaymentWay};
use tradepost_domain::{MerchantScope, Right, merchants, partners};
use tradepost_kernel::Date;
use tradepost_store::{Fault, Reader};

impl From<PaymentInstruction> for InstructionView {
    fn from(how: PaymentInstruction) -> Self {
        Self { method: how.method, text: how.text, bank_account: how.bank_account.map(BankAccountView::from) }
    }
}

impl From<PaymentRow> for PaymentView {
    fn from(row: PaymentRow) -> Self {
        Self {
            id: row.id,
            partnership: row.partnership,
            invoice: row.invoice,
            method: row.method,
            amount: row.currency.minor(row.amount_minor),
            allocated: row.currency.minor(row.allocated_minor),
            received_on: row.received_on,
            reference: row.reference,
            recorded_at: row.recorded,
        }
    }
}

/// How an invoice can be paid: by nothing once it is paid, and never by what the terms exclude (PAY-1).
fn allowed(invoice: &InvoiceRow, standings: &Standings) -> Vec<&'static str> {
    if invoice.open_minor() <= 0 {
        return Vec::new();
    }
    let excluded = standings.excluded.get(&invoice.partnership);
    PaymentWay::ALL.iter().filter(|way| !excluded.is_some_and(|excluded| excluded.contains(way))).map(|way| way.name()).collect()
}

fn link(call: &Call, merchant: MerchantScope, id: InvoiceId) -> String {
    call.url(&format!("/i/{}", billing::link_token(&call.engine().vault, merchant.merchant, id)))
}

fn summary(call: &Call, merchant: MerchantScope, today: Date, standings: &Standings, row: &InvoiceRow) -> InvoiceSummary {
    let money = |minor| row.currency.minor(minor);
    InvoiceSummary {
        id: row.id,
        number: row.number.clone(),
        kind: row.kind,
        automatic: row.automatic,
        partnership: row.partnership,
        status: row.status(today),
        issued_on: row.issued_on,
        due_on: row.due_on,
        total: money(row.total_minor),
        amount_paid: money(row.paid_minor),
        amount_open: money(row.open_minor()),
        balance_due: standings.due.contains(&row.partnership) && counts_for_credit(row),
        allowed_methods: allowed(row, standings),
        url: link(call, merchant, row.id),
    }
}

/// A top-up is no debt: nothing of it counts for credit.
const fn counts_for_credit(row: &InvoiceRow) -> bool {
    row.open_minor() > 0 && matches!(row.kind, InvoiceKind::Order)
}

/// How the partnerships of some invoices stand.
struct Standings {
    /// Whose balance is due now.
    due: BTreeSet<PartnershipId>,
    /// Ways to pay that their terms exclude.
    excluded: HashMap<PartnershipId, BTreeSet<PaymentWay>>,
}

async fn standings(reader: &mut Reader<'_>, merchant: MerchantScope, ids: BTreeSet<PartnershipId>) -> Result<Standings, Fault> {
    let ids: Vec<PartnershipId> = ids.into_iter().collect();
    let found = partners::queries::partnerships_by_id(reader, merchant, &ids).await?;
    let terms = terms::effective_all(reader, &found.iter().map(|found| (found.scope(), found.channel)).collect::<Vec<_>>()).await?;
    let due = found.into_iter().filter(|partnership| partnership.balance_due).map(|partnership| partnership.id).collect();
    let excluded = terms.into_iter().map(|(scope, terms)| (scope.partnership, terms.excluded_payment_methods)).collect();
    Ok(Standings { due, excluded })
}

/// The day in the merchant's time zone: what "overdue" is about.
async fn today(call: &Call, merchant: MerchantScope) -> Result<Date, Problem> {
    let now = call.now();
    let house = call.read(move |reader| Box::pin(async move { merchants::queries::merchant(reader, merchant.merchant).await })).await?;
    Ok(now.date_in(&house.or_not_found()?.time_zone))
}

/// What of invoices is asked for, before it is known what day it is.
#[derive(Clone, Debug, Default)]
pub struct InvoiceSearch {
    /// Only of this partnership.
    pub partnership: Option<PartnershipId>,
    /// Only over this.
    pub kind: Option<InvoiceKind>,
    /// Only with this status today.
    pub status: Option<InvoiceStatus>,
    /// Only with exactly this number.
    pub number: Option<String>,
    /// In what order.
    pub sort: InvoiceSort,
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let search = if sides(&call)?.1.is_some() {
        let OwnInvoiceQuery { kind, status, number, sort } = call.query()?;
        InvoiceSearch { partnership: None, kind, status, number: number.map(String::from), sort: sort.unwrap_or_default() }
    } else {
        let InvoiceQuery { partnership, kind, status, number, sort } = call.query()?;
        InvoiceSearch { partnership, kind, status, number: number.map(String::from), sort: sort.unwrap_or_default() }
    };
    let page = call.page()?;
    Ok(call.list(listed(&call, search, page).await?, |invoice| invoice))
}

/// A page of a partnership's top-ups.
pub(crate) async fn top_ups(call: &Call, merchant: MerchantScope, of: PartnershipId) -> Result<Answer, Problem> {
    let (page, search) = (call.page()?, InvoiceSearch { partnership: Some(of), kind: Some(InvoiceKind::TopUp), ..InvoiceSearch::default() });
    Ok(call.list(found(call, merchant, search, page).await?, |invoice| invoice))
}

/// A page of the invoices that the side that asks may see; a merchant names a partnership or sees those of all.
///
/// # Errors
/// 403; faults of the store.
pub async fn listed(call: &Call, search: InvoiceSearch, page: PageRequest) -> Result<Page<InvoiceSummary>, Problem> {
    let (merchant, of) = sides(call)?;
    let partnership = of.or(search.partnership);
    found(call, merchant, InvoiceSearch { partnership, ..search }, page).await
}

async fn found(call: &Call, merchant: MerchantScope, search: InvoiceSearch, page: PageRequest) -> Result<Page<InvoiceSummary>, Problem> {
    let today = today(call, merchant).await?;
    let InvoiceSearch { partnership, kind, status, number, sort } = search;
    let filter = InvoiceFilter { partnership, kind, status: status.map(|status| (status, today)), number, sort };
    let (found, standings) = call
        .read(move |reader| {
            Box::pin(async move {
                let found = queries::search(reader, merchant, &filter, page).await?;
                let partnerships: BTreeSet<PartnershipId> = found.rows.iter().map(|row| row.partnership).collect();
                let standings = standings(reader, merchant, partnerships).await?;
                Ok((found, standings))
            })
        })
        .await?;
    let rows = found.rows.iter().map(|row| summary(call, merchant, today, &standings, row)).collect();
    Ok(Page { rows, next: found.next })
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let id: InvoiceId = call.path("id")?;
    Ok(Answer::ok(&shown(&call, id).await?))
}

/// One invoice as issued, and what was paid of it, to the side that asks.
///
/// # Errors
/// 404; faults of the store.
pub async fn shown(call: &Call, id: InvoiceId) -> Result<InvoiceView, Problem> {
    let (merchant, of) = sides(call)?;
    let today = today(call, merchant).await?;
    let (row, orders, standings) = call
        .read(move |reader| {
            Box::pin(async move {
                let Some(row) = queries::invoice(reader, merchant, of, id).await? else { return Ok(None) };
                let orders = queries::orders_of(reader, merchant.merchant, id).await?;
                let standings = standings(reader, merchant, [row.partnership].into()).await?;
                Ok(Some((row, orders, standings)))
            })
        })
        .await?
        .or_not_found()?;
    let document = row.document()?;
    let money = |minor| document.currency.minor(minor);
    let line = |line: &billing::document::InvoiceLine| InvoiceLineView {
        sku: line.sku.clone(),
        description: line.description.clone(),
        quantity: line.quantity,
        list_price: money(line.list_unit_minor),
        unit_price: money(line.unit_minor),
        margin_percent: line.margin_percent.clone(),
        discount: line.discount.clone(),
        line_total: money(line.line_minor),
        tax: money(line.tax_minor),
    };
    Ok(InvoiceView {
        id,
        kind: row.kind,
        automatic: row.automatic,
        partnership: row.partnership,
        status: row.status(today),
        issued_on: row.issued_on,
        due_on: row.due_on,
        orders,
        lines: document.lines.iter().map(line).collect(),
        subtotal: money(document.subtotal_minor),
        tax: money(document.tax_minor),
        shipping: money(document.shipping_minor),
        fee: money(document.fee_minor),
        other: money(document.other_minor),
        discounts: money(document.discounts_minor),
        deductions: money(document.deductions_minor),
        total: money(document.total_minor),
        amount_paid: money(row.paid_minor),
        amount_open: money(row.open_minor()),
        balance_due: counts_for_credit(&row) && standings.due.contains(&row.partnership),
        allowed_methods: allowed(&row, &standings),
        payment_instructions: document.payment_instructions.into_iter().map(InstructionView::from).collect(),
        url: link(call, merchant, id),
        number: document.number,
        reference: document.reference,
    })
}

async fn record(call: Call) -> Result<Answer, Problem> {
    let payment = call.body::<NewPayment>()?;
    let method = match payment.method {
        RecordedMethod::Check => PaymentMethod::Check,
        RecordedMethod::Wire => PaymentMethod::Wire,
    };
    let invoice: InvoiceId = call.path("id")?;
    let command = RecordPayment { invoice, amount: payment.amount, method, received_on: payment.received_on, reference: payment.reference.map(String::from) };
    let done = call.execute(command).await?.outcome;
    Ok(Answer::created(&shown(&call, done.invoice).await?, &format!("/v1/merchant/invoices/{}", done.invoice)))
}

async fn list_payments(call: Call) -> Result<Answer, Problem> {
    let filter = if sides(&call)?.1.is_some() {
        let OwnPaymentQuery { invoice, method, search, created_from, created_to, sort } = call.query()?;
        PaymentFilter { partnership: None, invoice, method, search: search.map(String::from), created_from, created_to, sort: sort.unwrap_or_default() }
    } else {
        let PaymentQuery { partnership, invoice, method, search, created_from, created_to, sort } = call.query()?;
        PaymentFilter { partnership, invoice, method, search: search.map(String::from), created_from, created_to, sort: sort.unwrap_or_default() }
    };
    let page = call.page()?;
    Ok(call.list(payments_listed(&call, filter, page).await?, |payment| payment))
}

/// A page of the payments that the side that asks may see, newest first; a merchant names a partnership or sees those of all.
///
/// # Errors
/// 403; faults of the store.
pub async fn payments(call: &Call, partnership: Option<PartnershipId>, invoice: Option<InvoiceId>, page: PageRequest) -> Result<Page<PaymentView>, Problem> {
    payments_listed(call, PaymentFilter { partnership, invoice, ..PaymentFilter::default() }, page).await
}

/// A page of the payments that the side that asks looks for, newest first; a reseller's are its own, whatever the filter names.
///
/// # Errors
/// 403; faults of the store.
pub async fn payments_listed(call: &Call, filter: PaymentFilter, page: PageRequest) -> Result<Page<PaymentView>, Problem> {
    let (merchant, of) = sides(call)?;
    let filter = PaymentFilter { partnership: of.or(filter.partnership), ..filter };
    let found = call.read(move |reader| Box::pin(async move { queries::payments(reader, merchant, &filter, page).await })).await?;
    Ok(Page { rows: found.rows.into_iter().map(PaymentView::from).collect(), next: found.next })
}

/// Every route of invoices and payments.
pub fn routes(r: &mut Routes) {
    let tag = "Invoices";
    r.get("/v1/reseller/invoices", "listInvoices", list)
        .tag(tag)
        .doc("Lists the partnership's invoices, newest first.")
        .needs(Right::InvoicesRead)
        .query::<OwnInvoiceQuery>()
        .lists::<InvoiceSummary>();
    r.get("/v1/reseller/invoices/{id}", "getInvoice", get)
        .tag(tag)
        .doc("One invoice as issued, and what was paid of it.")
        .needs(Right::InvoicesRead)
        .answers::<InvoiceView>(200);
    r.get("/v1/reseller/payments", "listPayments", list_payments)
        .tag(tag)
        .doc("Lists what the partnership paid, newest first.")
        .needs(Right::InvoicesRead)
        .query::<OwnPaymentQuery>()
        .lists::<PaymentView>();
    let tag = "Invoices (merchant)";
    r.get("/v1/merchant/invoices", "listMerchantInvoices", list)
        .tag(tag)
        .doc("Lists invoices, newest first.")
        .needs(Right::MerchantRead)
        .query::<InvoiceQuery>()
        .lists::<InvoiceSummary>();
    r.get("/v1/merchant/invoices/{id}", "getMerchantInvoice", get)
        .tag(tag)
        .doc("One invoice as issued, and what was paid of it.")
        .needs(Right::MerchantRead)
        .answers::<InvoiceView>(200);
    r.post("/v1/merchant/invoices/{id}/payments", "recordPayment", record)
        .tag(tag)
        .doc("Records what came in by check or wire, in part or whole. Paid orders are released, held ones that fit then follow; what is paid of a top-up is prepaid balance at once.")
        .needs(Right::BillingManage)
        .body::<NewPayment>()
        .answers::<InvoiceView>(201)
        .command::<RecordPayment>();
    r.get("/v1/merchant/payments", "listMerchantPayments", list_payments)
        .tag(tag)
        .doc("Lists payments, newest first.")
        .needs(Right::MerchantRead)
        .query::<PaymentQuery>()
        .lists::<PaymentView>();
}
