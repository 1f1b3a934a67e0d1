//! The prepaid balance of a partnership: what is there, what moved it, and how it is topped up (EXT-1, EXT-8).

pub use crate::api::balance_shapes::*;
use crate::api::invoice_shapes::{InvoiceSummary, InvoiceView};
use crate::api::invoices;
use crate::{Answer, Call, OrNotFound, Problem, Routes};
use axum::body::{Body, Bytes};
use futures_util::stream;
use tradepost_documents::table::{self, Cell};
use tradepost_domain::access::PartnershipScope;
use tradepost_domain::billing;
use tradepost_domain::billing::auto_top_up::SetAutoTopUp;
use tradepost_domain::billing::top_up::{self, CancelTopUp, RequestTopUp};
use tradepost_domain::fulfillments::statement::{self, Movement, Span, Walk};
use tradepost_domain::ids::PartnershipId;
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::{Engine, Right, partners};
use tradepost_kernel::{Currency, Money};
use tradepost_store::{Fault, Reader};

/// Rows of one page of a file.
const PAGE: i64 = 2_000;

const HEAD: &[&str] = &["id", "at", "kind", "amount", "balance_after", "currency", "invoice", "invoice_number", "fulfillment", "external_order_id"];

/// The reseller's own partnership, or the one that the merchant names in the path.
fn scope(call: &Call) -> Result<PartnershipScope, Problem> {
    match call.caller().partnership() {
        Ok(scope) => Ok(scope),
        Err(_) => Ok(PartnershipScope { merchant: call.merchant()?.merchant, partnership: call.path::<PartnershipId>("id")? }),
    }
}

/// What it buys in. `None`: there is no such partnership.
async fn currency_of(reader: &mut Reader<'_>, scope: PartnershipScope) -> Result<Option<Option<Currency>>, Fault> {
    let Some(found) = partners::queries::partnership(reader, scope.of_merchant(), scope.partnership).await? else { return Ok(None) };
    let terms = partners::terms::effective(reader, scope.merchant, scope.partnership, found.channel).await?;
    Ok(Some(terms.currency))
}

/// What a statement is in: the currency asked for, else the one of now. `None`: there is no such partnership.
async fn currency_of_statement(reader: &mut Reader<'_>, scope: PartnershipScope, asked: Option<Currency>) -> Result<Option<Option<Currency>>, Fault> {
    Ok(currency_of(reader, scope).await?.map(|now| asked.or(now)))
}

async fn get(call: Call) -> Result<Answer, Problem> {
    Ok(Answer::ok(&shown(&call, scope(&call)?).await?))
}

/// A prepaid balance, what is left in other currencies, and the top-ups that wait for their payment.
///
/// # Errors
/// 404; faults of the store.
pub async fn shown(call: &Call, scope: PartnershipScope) -> Result<BalanceView, Problem> {
    let (currency, known, setting, open) = call
        .read(move |reader| {
            Box::pin(async move {
                let Some(currency) = currency_of(reader, scope).await? else { return Ok(None) };
                let known = top_up::prepaid_in_all(reader, scope).await?;
                let setting = billing::queries::auto_top_up(reader, scope).await?;
                let open = billing::queries::open_top_ups(reader, scope).await?;
                Ok(Some((currency, known, setting, open)))
            })
        })
        .await?
        .or_not_found()?;
    let threshold = setting.filter(|setting| setting.enabled && Some(setting.currency) == currency);
    let (now, before): (Vec<Money>, Vec<Money>) = known.into_iter().partition(|balance| Some(balance.currency) == currency);
    let balance = currency.map(|currency| now.first().copied().unwrap_or_else(|| currency.zero()));
    let open = open.into_iter().map(|row| OpenTopUp {
        invoice: row.id,
        total: row.currency.minor(row.total_minor),
        amount_open: row.currency.minor(row.open_minor()),
        due_on: row.due_on,
        automatic: row.automatic,
        number: row.number,
    });
    Ok(BalanceView {
        balance,
        currency,
        balances: balance.into_iter().chain(before).collect(),
        threshold: threshold.map(|setting| setting.currency.minor(setting.threshold_minor)),
        open_top_ups: open.collect(),
    })
}

/// Page by page, or the whole of it as a file.
async fn movements(call: Call) -> Result<Answer, Problem> {
    let scope = scope(&call)?;
    let StatementQuery { currency: asked, created_from, created_to } = call.query()?;
    let (page, span) = (call.page()?, Span { from: created_from, to: created_to });
    if call.wants_csv() {
        let begun = call.read(move |reader| {
            Box::pin(async move {
                let Some(currency) = currency_of_statement(reader, scope, asked).await? else { return Ok(None) };
                let walk = match currency {
                    Some(currency) => Walk::begin(reader, scope, currency, span, None).await?.map(|walk| (currency, walk)),
                    None => None,
                };
                Ok(Some(walk))
            })
        });
        let begun = begun.await?.or_not_found()?;
        return Ok(Answer::download("statement.csv", "text/csv; charset=utf-8", file(call.engine().clone(), begun)));
    }
    Ok(call.list(moved(&call, scope, asked, span, page).await?, |row| row))
}

/// A page of the movements of a prepaid balance in a span, newest first: in the currency asked for, else in the one of now.
///
/// # Errors
/// 404; faults of the store.
pub async fn moved(call: &Call, scope: PartnershipScope, asked: Option<Currency>, span: Span, page: PageRequest) -> Result<Page<MovementView>, Problem> {
    let found = call
        .read(move |reader| {
            Box::pin(async move {
                let Some(currency) = currency_of_statement(reader, scope, asked).await? else { return Ok(None) };
                let found = match currency {
                    Some(currency) => Some((currency, statement::page(reader, scope, currency, span, page).await?)),
                    None => None,
                };
                Ok(Some(found))
            })
        })
        .await?
        .or_not_found()?;
    let Some((currency, found)) = found else { return Ok(Page { rows: Vec::new(), next: None }) };
    Ok(Page { rows: found.rows.into_iter().map(|row| MovementView::new(currency, row)).collect(), next: found.next })
}

/// What is left of a file: its head, and the walk.
struct Rest {
    engine: Engine,
    begun: bool,
    walk: Option<(Currency, Walk)>,
}

/// The statement up to the moment it was asked for, a page at a time: it never stands in memory as a whole.
fn file(engine: Engine, walk: Option<(Currency, Walk)>) -> Body {
    Body::from_stream(stream::try_unfold(Rest { engine, begun: false, walk }, |mut rest| async move {
        if !rest.begun {
            rest.begun = true;
            return Ok(Some((Bytes::from(table::report(HEAD, &[])), rest)));
        }
        let Some((currency, mut walk)) = rest.walk else { return Ok(None) };
        let read = rest.engine.store.read(move |reader| {
            Box::pin(async move {
                let rows = walk.next(reader, PAGE).await?;
                Ok((rows, walk))
            })
        });
        let (rows, walk) = read.await.inspect_err(|fault| tracing::error!(error = fault as &dyn std::error::Error, "a statement broke off"))?;
        if rows.is_empty() {
            return Ok::<_, Fault>(None);
        }
        rest.walk = Some((currency, walk));
        let lines: Vec<Vec<Cell>> = rows.into_iter().map(|row| cells(currency, row)).collect();
        Ok(Some((Bytes::from(table::rows(&lines)), rest)))
    }))
}

fn cells(currency: Currency, row: Movement) -> Vec<Cell> {
    let (invoice, number) = row.invoice.unzip();
    let (fulfillment, external) = row.fulfillment.unzip();
    vec![
        Cell::Exact(row.id.text()),
        Cell::Exact(row.at.to_string()),
        Cell::Exact(row.kind.name().to_owned()),
        Cell::Exact(currency.minor(row.amount_minor).amount_text()),
        Cell::Exact(currency.minor(row.balance_minor).amount_text()),
        Cell::Exact(currency.code().to_owned()),
        Cell::Exact(invoice.map(|id| id.text()).unwrap_or_default()),
        Cell::Exact(number.unwrap_or_default()),
        Cell::Exact(fulfillment.map(|id| id.text()).unwrap_or_default()),
        Cell::Text(external.unwrap_or_default()),
    ]
}

async fn list_top_ups(call: Call) -> Result<Answer, Problem> {
    let scope = call.partnership()?;
    invoices::top_ups(&call, scope.of_merchant(), scope.partnership).await
}

async fn request(call: Call) -> Result<Answer, Problem> {
    let scope = scope(&call)?;
    let new = call.body::<NewTopUp>()?;
    let command = RequestTopUp { partnership: Some(scope.partnership), amount: new.amount, reference: new.reference.map(String::from) };
    let done = call.execute(command).await?.outcome;
    let side = if call.caller().partnership().is_ok() { "reseller" } else { "merchant" };
    Ok(Answer::created(&invoices::shown(&call, done.invoice).await?, &format!("/v1/{side}/invoices/{}", done.invoice)))
}

async fn cancel(call: Call) -> Result<Answer, Problem> {
    let done = call.execute(CancelTopUp { invoice: call.path("id")? }).await?.outcome;
    Ok(Answer::ok(&invoices::shown(&call, done.invoice).await?))
}

async fn auto_top_up(call: Call) -> Result<Answer, Problem> {
    let (view, version) = automatic(&call, scope(&call)?).await?;
    Ok(Answer::ok(&view).etag(version))
}

/// When a prepaid balance is topped up by itself, and the version of that; 0: it was never set.
///
/// # Errors
/// 404; faults of the store.
pub async fn automatic(call: &Call, scope: PartnershipScope) -> Result<(AutoTopUpView, i64), Problem> {
    let setting = call
        .read(move |reader| {
            Box::pin(async move {
                let known = partners::queries::partnership(reader, scope.of_merchant(), scope.partnership).await?;
                let setting = billing::queries::auto_top_up(reader, scope).await?;
                Ok(known.map(|_| setting))
            })
        })
        .await?
        .or_not_found()?;
    Ok((AutoTopUpView::from(setting), setting.map_or(0, |setting| setting.version)))
}

async fn set_auto_top_up(call: Call) -> Result<Answer, Problem> {
    let change = call.body::<AutoTopUpChange>()?;
    let command = SetAutoTopUp {
        partnership: None,
        version: call.if_match()?,
        enabled: change.enabled,
        threshold: change.threshold,
        amount: change.amount.change(),
        target: change.target.change(),
    };
    call.execute(command).await?;
    auto_top_up(call).await
}

/// Every route of prepaid balances.
pub fn routes(r: &mut Routes) {
    reseller_routes(r);
    merchant_routes(r);
}

fn reseller_routes(r: &mut Routes) {
    let tag = "Prepaid balance";
    r.get("/v1/reseller/balance", "getBalance", get)
        .tag(tag)
        .doc("The prepaid balance, the threshold below which it is topped up by itself, and the top-ups that wait for their payment.")
        .needs(Right::InvoicesRead)
        .answers::<BalanceView>(200);
    r.get("/v1/reseller/balance/statement", "listBalanceMovements", movements)
        .tag(tag)
        .doc("Every movement of the prepaid balance in one currency, newest first, each with the balance after it. With `Accept: text/csv` all of them as a file.")
        .needs(Right::InvoicesRead)
        .query::<StatementQuery>()
        .lists::<MovementView>()
        .answers_text("text/csv");
    r.get("/v1/reseller/top-ups", "listTopUps", list_top_ups)
        .tag(tag)
        .doc("Lists the invoices over prepaid balance, newest first.")
        .needs(Right::InvoicesRead)
        .lists::<InvoiceSummary>();
    r.post("/v1/reseller/top-ups", "requestTopUp", request)
        .tag(tag)
        .doc("Asks for an invoice over prepaid balance. What is paid of it can be spent at once, in part or whole.")
        .needs(Right::BalanceManage)
        .body::<NewTopUp>()
        .answers::<InvoiceView>(201)
        .command::<RequestTopUp>();
    r.post("/v1/reseller/top-ups/{id}/cancel", "cancelTopUp", cancel)
        .tag(tag)
        .doc("Cancels a top-up of which nothing was paid.")
        .needs(Right::BalanceManage)
        .answers::<InvoiceView>(200)
        .command::<CancelTopUp>();
    r.get("/v1/reseller/auto-top-up", "getAutoTopUp", auto_top_up)
        .tag(tag)
        .doc("When the prepaid balance is topped up by itself.")
        .needs(Right::InvoicesRead)
        .answers::<AutoTopUpView>(200);
    r.patch("/v1/reseller/auto-top-up", "changeAutoTopUp", set_auto_top_up)
        .tag(tag)
        .doc("Changes when the prepaid balance is topped up by itself: a debit that leaves it below the threshold issues one invoice, and no second one while that is open. `If-Match` is honored.")
        .needs(Right::BalanceManage)
        .body::<AutoTopUpChange>()
        .answers::<AutoTopUpView>(200)
        .command::<SetAutoTopUp>();
}

fn merchant_routes(r: &mut Routes) {
    let tag = "Prepaid balance (merchant)";
    r.get("/v1/merchant/partnerships/{id}/balance", "getPartnershipBalance", get)
        .tag(tag)
        .doc("The prepaid balance of a partnership and its open top-ups.")
        .needs(Right::MerchantRead)
        .answers::<BalanceView>(200);
    r.get("/v1/merchant/partnerships/{id}/balance/statement", "listPartnershipBalanceMovements", movements)
        .tag(tag)
        .doc("Every movement of a partnership's prepaid balance in one currency, newest first. With `Accept: text/csv` all of them as a file.")
        .needs(Right::MerchantRead)
        .query::<StatementQuery>()
        .lists::<MovementView>()
        .answers_text("text/csv");
    r.get("/v1/merchant/partnerships/{id}/auto-top-up", "getPartnershipAutoTopUp", auto_top_up)
        .tag(tag)
        .doc("When a partnership's prepaid balance is topped up by itself.")
        .needs(Right::MerchantRead)
        .answers::<AutoTopUpView>(200);
    r.post("/v1/merchant/partnerships/{id}/top-ups", "requestPartnershipTopUp", request)
        .tag(tag)
        .doc("Issues an invoice over prepaid balance to a partnership.")
        .needs(Right::BillingManage)
        .body::<NewTopUp>()
        .answers::<InvoiceView>(201)
        .command::<RequestTopUp>();
    r.post("/v1/merchant/top-ups/{id}/cancel", "cancelPartnershipTopUp", cancel)
        .tag(tag)
        .doc("Cancels a top-up of which nothing was paid.")
        .needs(Right::BillingManage)
        .answers::<InvoiceView>(200)
        .command::<CancelTopUp>();
}
