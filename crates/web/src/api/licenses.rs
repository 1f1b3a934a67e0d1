//! Licenses, as both workspaces see them: lists are masked, a code is shown by an audited act only.

pub use crate::api::license_download::download;
use crate::api::license_download::{download_order, download_product};
pub use crate::api::license_shapes::*;
use crate::api::orders::sides;
use crate::{Answer, Call, OrNotFound, Problem, Routes};
use std::collections::{HashMap, HashSet};
use tradepost_domain::customers::{self, CustomerView};
use tradepost_domain::ids::{CustomerId, LicenseId, LicenseKeyId, OrderId, ResellerInformationId};
use tradepost_domain::licenses::Stage;
use tradepost_domain::licenses::lock_reasons::{ClearedBy, LockReason, of_license};
use tradepost_domain::licenses::queries::{self, LicenseFilter, LicenseRow};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::orders::activate::{ActivateNextLicense, SendLicense};
use tradepost_domain::orders::attach::{AttachInformation, Attachment};
use tradepost_domain::orders::confirm_fulfillment::ConfirmFulfillment;
use tradepost_domain::orders::detail;
use tradepost_domain::orders::download::DownloadLicenses;
use tradepost_domain::orders::queries::LicenseSearch;
use tradepost_domain::orders::reveal::RevealLicense;
use tradepost_domain::{MerchantScope, Right, catalog, orders, stock};
use tradepost_store::{Fault, Reader};

/// Lock reasons with who can clear them.
pub(crate) fn lock_reasons(reasons: &[LockReason]) -> Vec<LockReasonView> {
    let view = |reason: &LockReason| LockReasonView { code: reason.name(), cleared_by: reason.cleared_by().iter().map(|by| ClearedBy::name(*by)).collect() };
    reasons.iter().map(view).collect()
}

/// What a page of licenses needs besides its rows.
struct Around {
    products: HashMap<i64, catalog::SellableProduct>,
    customers: HashMap<CustomerId, CustomerView>,
    companies: HashMap<ResellerInformationId, customers::SellingCompanyView>,
    masked: HashMap<LicenseKeyId, stock::queries::SealedCode>,
    reasons: HashMap<LicenseId, Vec<LockReason>>,
}

fn unique_orders(rows: &[LicenseRow]) -> Vec<OrderId> {
    rows.iter().filter_map(LicenseRow::order).collect::<HashSet<_>>().into_iter().collect()
}

async fn around(reader: &mut Reader<'_>, merchant: i64, rows: &[LicenseRow]) -> Result<Around, Fault> {
    let unique = |numbers: HashSet<i64>| numbers.into_iter().collect::<Vec<_>>();
    let products = catalog::queries::products_by_number(reader, merchant, &unique(rows.iter().map(|row| row.product).collect())).await?;
    let owners: HashSet<CustomerId> = rows.iter().filter_map(|row| row.customer).collect();
    let customers = customers::by_ids(reader, merchant, owners.into_iter().collect()).await?;
    let sellers: HashSet<ResellerInformationId> = rows.iter().filter_map(|row| row.reseller_information).collect();
    let companies = customers::selling_companies(reader, merchant, sellers.into_iter().collect()).await?;
    let keys: Vec<LicenseKeyId> = rows.iter().filter_map(|row| row.key).collect();
    let masked = stock::queries::sealed(reader, merchant, &keys).await?;
    let facts = detail::order_facts(reader, MerchantScope { merchant }, &unique_orders(rows)).await?;
    let waits = |row: &LicenseRow| row.order().and_then(|order| facts.get(&order)).map(|order| (row.id, of_license(order, &row.facts())));
    let reasons = rows.iter().filter_map(waits).collect();
    Ok(Around { products, customers, companies, masked, reasons })
}

fn license_view(row: &LicenseRow, around: &Around, code: Option<String>) -> Result<LicenseView, Problem> {
    let product = around.products.get(&row.product).ok_or_else(|| Fault::invariant("a license without its product"))?;
    Ok(LicenseView {
        id: row.id,
        order: row.order(),
        item: row.origin.item(),
        fulfillment: row.origin.fulfillment(),
        partnership: row.partnership,
        product: product.id,
        sku: product.sku.clone(),
        stage: row.stage,
        status: row.status,
        lock_reasons: lock_reasons(around.reasons.get(&row.id).map_or(&[], Vec::as_slice)),
        // Of what waits for money nothing is shown, not even the ends of a code that may go back to stock.
        masked_code: row.key.filter(|_| row.stage != Stage::Waiting).and_then(|key| around.masked.get(&key)).map(|sealed| sealed.masked.clone()),
        code,
        owner: row.customer.and_then(|id| around.customers.get(&id)).cloned().map(OwnerView::from),
        selling_company: row.reseller_information.and_then(|id| around.companies.get(&id)).cloned().map(SellingCompanyView::from),
        created_at: row.created,
        distributed_at: row.distributed,
        sent_at: row.sent,
        confirmed_at: row.confirmed,
    })
}

/// One license as the side that asks may see it; with its code where `reveal` says so, which only the handler of an
/// audited act does.
///
/// # Errors
/// 404; faults of the store.
pub async fn shown(call: &Call, id: LicenseId, reveal: bool) -> Result<LicenseView, Problem> {
    let (merchant, of) = sides(call)?;
    let (row, around) = call
        .read(move |reader| {
            Box::pin(async move {
                let rows = queries::by_ids(reader, merchant.merchant, &[id]).await?;
                let Some(row) = rows.into_iter().next().filter(|row| of.is_none_or(|of| of == row.partnership)) else { return Ok(None) };
                let around = around(reader, merchant.merchant, std::slice::from_ref(&row)).await?;
                Ok(Some((row, around)))
            })
        })
        .await?
        .or_not_found()?;
    let sealed = row.key.filter(|_| reveal).and_then(|key| around.masked.get(&key).map(|sealed| (key, sealed)));
    let code = match sealed {
        Some((key, sealed)) => Some(stock::open_code(&call.engine().vault, merchant.merchant, key, &sealed.sealed)?.expose().clone()),
        None => None,
    };
    license_view(&row, &around, code)
}

fn filter(query: LicenseQuery) -> LicenseFilter {
    LicenseFilter { order: query.order, product: None, stage: query.stage, status: query.status, sort: query.sort.unwrap_or_default() }
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let OwnLicenseQuery { product, search, licenses } = call.query()?;
    let filter = filter(licenses);
    let wanted = LicenseSearch { partnership: None, product: product.map(String::from), search: search.map(String::from), filter };
    Ok(call.list(found(&call, wanted, call.page()?).await?, |view| view))
}

async fn list_of_merchant(call: Call) -> Result<Answer, Problem> {
    let MerchantLicenseQuery { partnership, product, search, licenses } = call.query()?;
    let filter = filter(licenses);
    let wanted = LicenseSearch { partnership, product: product.map(String::from), search: search.map(String::from), filter };
    Ok(call.list(found(&call, wanted, call.page()?).await?, |view| view))
}

/// These licenses, as far as they are the merchant's, codes masked.
///
/// # Errors
/// 403; faults of the store.
pub async fn chosen(call: &Call, ids: Vec<LicenseId>) -> Result<Vec<LicenseView>, Problem> {
    let merchant = call.merchant()?.merchant;
    let (rows, around) = call
        .read(move |reader| {
            Box::pin(async move {
                let rows = queries::by_ids(reader, merchant, &ids).await?;
                let around = around(reader, merchant, &rows).await?;
                Ok((rows, around))
            })
        })
        .await?;
    rows.iter().map(|row| license_view(row, &around, None)).collect()
}

/// A page of the licenses that the side that asks looks for, codes masked; a reseller's are its own, whatever is named.
///
/// # Errors
/// 403; faults of the store.
pub async fn found(call: &Call, wanted: LicenseSearch, page: PageRequest) -> Result<Page<LicenseView>, Problem> {
    let (scope, of) = sides(call)?;
    let wanted = LicenseSearch { partnership: of.or(wanted.partnership), ..wanted };
    let (found, around) = call
        .read(move |reader| {
            Box::pin(async move {
                let found = orders::queries::licenses(reader, scope, &wanted, page).await?;
                let around = around(reader, scope.merchant, &found.rows).await?;
                Ok((found, around))
            })
        })
        .await?;
    let views = found.rows.iter().map(|row| license_view(row, &around, None)).collect::<Result<Vec<_>, Problem>>()?;
    Ok(Page { rows: views, next: found.next })
}

/// A page of the licenses that the side that asks may see, codes masked.
///
/// # Errors
/// Faults of the store.
pub async fn listed(call: &Call, filter: LicenseFilter, page: PageRequest) -> Result<Page<LicenseView>, Problem> {
    let (merchant, of) = sides(call)?;
    let (found, around) = call
        .read(move |reader| {
            Box::pin(async move {
                let found = queries::list(reader, merchant.merchant, of, filter, page).await?;
                let around = around(reader, merchant.merchant, &found.rows).await?;
                Ok((found, around))
            })
        })
        .await?;
    let views = found.rows.iter().map(|row| license_view(row, &around, None)).collect::<Result<Vec<_>, Problem>>()?;
    Ok(Page { rows: views, next: found.next })
}

async fn get(call: Call) -> Result<Answer, Problem> {
    Ok(Answer::ok(&shown(&call, call.path("id")?, false).await?))
}

async fn activate(call: Call) -> Result<Answer, Problem> {
    let activation = call.body::<Activation>()?;
    let done = call.execute(ActivateNextLicense { product: activation.product.into(), owner: activation.owner.into() }).await?;
    if done.replayed {
        // The first answer showed the code under the audit row of the activation; this one is a further look.
        call.execute(RevealLicense { license: done.outcome.license }).await?;
    }
    Ok(Answer::ok(&shown(&call, done.outcome.license, true).await?))
}

async fn send(call: Call) -> Result<Answer, Problem> {
    let done = call.execute(SendLicense { license: call.path("id")? }).await?;
    Ok(Answer::ok(&shown(&call, done.outcome.license, false).await?))
}

async fn reveal(call: Call) -> Result<Answer, Problem> {
    let done = call.execute(RevealLicense { license: call.path("id")? }).await?;
    Ok(Answer::ok(&shown(&call, done.outcome.license, true).await?))
}

async fn attach_end_user(call: Call) -> Result<Answer, Problem> {
    let what = Attachment::EndUser(call.body::<EndUserInput>()?.into());
    let done = call.execute(AttachInformation { license: call.path("id")?, what }).await?;
    Ok(Answer::ok(&shown(&call, done.outcome.license, false).await?))
}

async fn attach_company(call: Call) -> Result<Answer, Problem> {
    let what = Attachment::SellingCompany(call.body::<SellingCompanyInput>()?.into());
    let done = call.execute(AttachInformation { license: call.path("id")?, what }).await?;
    Ok(Answer::ok(&shown(&call, done.outcome.license, false).await?))
}

async fn confirm(call: Call) -> Result<Answer, Problem> {
    let licenses = call.body::<Confirmation>()?.licenses.0;
    let done = call.execute(ConfirmFulfillment { licenses }).await?;
    Ok(Answer::ok(&ConfirmedView { confirmed: done.outcome.confirmed }))
}

/// Every route of licenses.
pub fn routes(r: &mut Routes) {
    reseller_routes(r);
    merchant_routes(r);
}

fn reseller_routes(r: &mut Routes) {
    let tag = "Licenses";
    r.get("/v1/reseller/licenses", "listLicenses", list)
        .tag(tag)
        .doc("Lists the partnership's licenses, newest first, codes masked.")
        .needs(Right::OrdersRead)
        .query::<OwnLicenseQuery>()
        .lists::<LicenseView>();
    r.get("/v1/reseller/licenses/active.csv", "downloadActiveLicenses", download_product)
        .tag(tag)
        .doc("Downloads the codes of a product's available licenses. It shows codes and distributes nothing: counts stay, and the file can be had again while the rule allows it. Audited.")
        .needs(Right::LicensesDistribute)
        .fresh()
        .query::<DownloadQuery>()
        .answers_text("text/csv")
        .command::<DownloadLicenses>();
    r.get("/v1/reseller/orders/{id}/licenses.csv", "downloadOrderLicenses", download_order)
        .tag(tag)
        .doc("Downloads the codes of an order's licenses. Audited.")
        .needs(Right::LicensesDistribute)
        .fresh()
        .answers_text("text/csv")
        .command::<DownloadLicenses>();
    r.post("/v1/reseller/licenses/activate", "activateNextLicense", activate)
        .tag(tag)
        .doc("Activates the next license: binds the oldest one that may be distributed now to its owner, and shows its code for review.")
        .needs(Right::LicensesDistribute)
        .body::<Activation>()
        .answers::<LicenseView>(200)
        .command::<ActivateNextLicense>()
        .command::<RevealLicense>();
    r.get("/v1/reseller/licenses/{id}", "getLicense", get).tag(tag).doc("One license, its code masked.").needs(Right::OrdersRead).answers::<LicenseView>(200);
    r.post("/v1/reseller/licenses/{id}/send", "sendLicense", send)
        .tag(tag)
        .doc("Mails the license to its owner, from the merchant. Again, where it was sent before.")
        .needs(Right::LicensesDistribute)
        .answers::<LicenseView>(200)
        .command::<SendLicense>();
    r.post("/v1/reseller/licenses/{id}/reveal", "revealLicense", reveal)
        .tag(tag)
        .doc("Shows the code in full. Audited, every time.")
        .needs(Right::LicensesDistribute)
        .answers::<LicenseView>(200)
        .command::<RevealLicense>();
    r.post("/v1/reseller/licenses/{id}/end-user", "attachEndUser", attach_end_user)
        .tag(tag)
        .doc("Says who a license is for. What asked for it before delivery is then handed over by itself.")
        .needs(Right::LicensesDistribute)
        .body::<EndUserInput>()
        .answers::<LicenseView>(200)
        .command::<AttachInformation>();
    r.post("/v1/reseller/licenses/{id}/reseller", "attachSellingCompany", attach_company)
        .tag(tag)
        .doc("Says which company sells a license on to its customer.")
        .needs(Right::LicensesDistribute)
        .body::<SellingCompanyInput>()
        .answers::<LicenseView>(200)
        .command::<AttachInformation>();
}

fn merchant_routes(r: &mut Routes) {
    let tag = "Licenses (merchant)";
    r.get("/v1/merchant/licenses", "listMerchantLicenses", list_of_merchant)
        .tag(tag)
        .doc("Lists licenses, newest first, codes masked.")
        .needs(Right::MerchantRead)
        .query::<MerchantLicenseQuery>()
        .lists::<LicenseView>();
    r.post("/v1/merchant/licenses/confirm-fulfillment", "confirmFulfillment", confirm)
        .tag(tag)
        .doc("Confirms that the merchant delivered these licenses. One that does not wait for it refuses the whole.")
        .needs(Right::FulfillmentConfirm)
        .body::<Confirmation>()
        .answers::<ConfirmedView>(200)
        .command::<ConfirmFulfillment>();
    r.get("/v1/merchant/licenses/{id}", "getMerchantLicense", get)
        .tag(tag)
        .doc("One license, its code masked.")
        .needs(Right::MerchantRead)
        .answers::<LicenseView>(200);
    r.post("/v1/merchant/licenses/{id}/send", "sendMerchantLicense", send)
        .tag(tag)
        .doc("Mails the license to its owner (again).")
        .needs(Right::LicensesSend)
        .answers::<LicenseView>(200)
        .command::<SendLicense>();
    r.post("/v1/merchant/licenses/{id}/reveal", "revealMerchantLicense", reveal)
        .tag(tag)
        .doc("Shows the code in full to the merchant's staff. Audited, every time.")
        .needs(Right::LicensesReveal)
        .answers::<LicenseView>(200)
        .command::<RevealLicense>();
    r.post("/v1/merchant/licenses/{id}/end-user", "attachMerchantEndUser", attach_end_user)
        .tag(tag)
        .doc("Says who a license is for, also after it was handed over.")
        .needs(Right::OrdersManage)
        .body::<EndUserInput>()
        .answers::<LicenseView>(200)
        .command::<AttachInformation>();
    r.post("/v1/merchant/licenses/{id}/reseller", "attachMerchantSellingCompany", attach_company)
        .tag(tag)
        .doc("Says which company sells a license on to its customer.")
        .needs(Right::OrdersManage)
        .body::<SellingCompanyInput>()
        .answers::<LicenseView>(200)
        .command::<AttachInformation>();
}
