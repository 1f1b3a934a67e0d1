//! Fulfillments of external shops (EXT-2 … EXT-5), as both workspaces see them.

use crate::api::fulfillment_download::download;
pub use crate::api::fulfillment_download::downloaded;
pub use crate::api::fulfillment_shapes::*;
use crate::api::orders::sides;
use crate::api::timelines::TimelineEntry;
use crate::{Answer, Call, OrNotFound, Problem, Routes};
use axum::http::StatusCode;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use tradepost_domain::access::Need;
use tradepost_domain::fulfillments::queries::{self, FulfillmentFilter};
use tradepost_domain::fulfillments::{DeliveredLicense, Door, DownloadFulfillment, Fulfill, FulfillmentRow, Named, RevealFulfillment, State, is_large};
use tradepost_domain::ids::{FulfillmentId, LicenseId, LicenseKeyId};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::{MerchantScope, Right, audit, catalog, identity, stock};
use tradepost_store::Fault;

impl From<FulfillmentRow> for FulfillmentSummary {
    fn from(row: FulfillmentRow) -> Self {
        let money = |minor| row.currency.minor(minor);
        Self {
            id: row.id,
            status: row.state,
            partnership: row.partnership,
            product: row.product_id,
            quantity: row.quantity,
            unit_cost: money(row.unit_minor),
            total_cost: money(row.total_minor),
            refunded: money(row.refunded_minor),
            source: row.door,
            created_at: row.created,
            delivered_at: row.delivered,
            external_order_id: row.external_order_id,
            customer_email: row.customer_email,
        }
    }
}

/// A fulfillment with its licenses; their codes are opened only where `reveal` says so, which the handler of an audited
/// act does.
pub(crate) fn fulfillment_view(
    call: &Call,
    merchant: MerchantScope,
    row: FulfillmentRow,
    licenses: Vec<DeliveredLicense>,
    reveal: bool,
) -> Result<FulfillmentView, Problem> {
    let money = |minor| row.currency.minor(minor);
    let mut items = Vec::with_capacity(licenses.len());
    for license in licenses {
        let code = if reveal && !license.revoked {
            Some(stock::open_code(&call.engine().vault, merchant.merchant, license.key, &license.sealed)?.expose().clone())
        } else {
            None
        };
        items.push(FulfilledItem { license: license.license, code, revoked: license.revoked });
    }
    let metadata = row.metadata.as_deref().map(serde_json::from_str::<Value>).transpose();
    Ok(FulfillmentView {
        id: row.id,
        status: row.state,
        partnership: row.partnership,
        product: row.product_id,
        quantity: row.quantity,
        unit_cost: money(row.unit_minor),
        total_cost: money(row.total_minor),
        balance_after: money(row.balance_after_minor),
        ready: row.ready,
        refunded_quantity: row.refunded_quantity,
        refunded: money(row.refunded_minor),
        metadata: metadata.map_err(|_| Fault::Column("metadata in JSON"))?.unwrap_or(Value::Null),
        source: row.door,
        mailed: row.mailed,
        created_at: row.created,
        delivered_at: row.delivered,
        items,
        download: call.partnership().is_ok().then(|| format!("/v1/reseller/fulfillments/{}/download", row.id)),
        external_order_id: row.external_order_id,
        customer_email: row.customer_email,
        customer_name: row.customer_name,
    })
}

/// Runs the call of a shop and answers the fulfillment with its codes: what was just written, or, for a repeated call,
/// what was written then, read again.
pub(crate) async fn fulfilled(call: &Call, command: Fulfill) -> Result<(FulfillmentView, bool), Problem> {
    let merchant = call.partnership()?.of_merchant();
    let done = call.execute(command).await?;
    let (row, licenses) = match done.outcome.fresh {
        Some(fresh) => *fresh,
        // Nobody asked for this answer whether the key still lets in, and a code that is shown again is looked at again.
        None => {
            let again = RevealFulfillment { fulfillment: Named::Id(done.outcome.fulfillment), again: true };
            *call.execute(again).await?.outcome.shown.or_not_found()?
        }
    };
    Ok((fulfillment_view(call, merchant, row, licenses, true)?, done.replayed))
}

async fn read(call: &Call, merchant: MerchantScope, id: FulfillmentId) -> Result<(FulfillmentRow, Vec<DeliveredLicense>), Problem> {
    let found = call.read(move |reader| {
        Box::pin(async move {
            let Some(row) = queries::fulfillment(reader, merchant, None, id).await? else { return Ok(None) };
            // The codes of a large one go out as a file only.
            let licenses = if is_large(row.quantity) { Vec::new() } else { queries::licenses(reader, merchant, id).await? };
            Ok(Some((row, licenses)))
        })
    });
    found.await?.or_not_found()
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let new = call.body::<NewFulfillment>()?;
    let command = Fulfill {
        external_order_id: new.external_order_id.into(),
        product: new.product.into(),
        variant: new.variant.map(String::from),
        quantity: new.quantity.get(),
        customer_email: new.customer_email,
        customer_name: new.customer_name.map(String::from),
        metadata: new.metadata.and_then(Metadata::text),
        door: Door::Api,
    };
    let (view, _) = fulfilled(&call, command).await?;
    let answer = Answer::created(&view, &call.location(view.id));
    Ok(if view.status == State::Processing { answer.with_status(StatusCode::ACCEPTED) } else { answer })
}

/// With codes for who may fulfill, as an audited act; masked for everybody else who may read.
pub(crate) async fn looked_at(call: &Call) -> Result<FulfillmentView, Problem> {
    let id: FulfillmentId = call.path("id")?;
    let (merchant, of) = sides(call)?;
    let (row, licenses) = read(call, merchant, id).await?;
    if of.is_some_and(|of| of != row.partnership) {
        return Err(Problem::not_found());
    }
    let may_see = of.is_some() && call.caller().authorize(Need::Right(Right::FulfillmentsCreate)).is_ok();
    if may_see && !is_large(row.quantity) && is_fresh(call).await? {
        return revealed(call, Named::Id(id)).await;
    }
    fulfillment_view(call, merchant, row, licenses, false)
}

/// Whether who asks may see codes without proving again that it is them; programs with a key always may.
async fn is_fresh(call: &Call) -> Result<bool, Problem> {
    if call.caller().person().is_none() {
        return Ok(true);
    }
    let session = crate::api::sessions::current(call).await?;
    Ok(session.is_none_or(|session| identity::is_fresh(session.proved, call.now())))
}

async fn get(call: Call) -> Result<Answer, Problem> {
    Ok(Answer::ok(&looked_at(&call).await?))
}

/// A fulfillment with its codes, as an audited look.
///
/// # Errors
/// Refusals of [`RevealFulfillment`]; faults of the store.
pub async fn revealed(call: &Call, named: Named) -> Result<FulfillmentView, Problem> {
    let (merchant, _) = sides(call)?;
    let revealed = call.execute(RevealFulfillment { fulfillment: named, again: false }).await?.outcome;
    let (row, licenses) = *revealed.shown.or_not_found()?;
    fulfillment_view(call, merchant, row, licenses, true)
}

async fn reveal(call: Call) -> Result<Answer, Problem> {
    let id: FulfillmentId = call.path("id")?;
    Ok(Answer::ok(&revealed(&call, Named::Id(id)).await?))
}

async fn list_mine(call: Call) -> Result<Answer, Problem> {
    let scope = call.partnership()?;
    let query = call.query::<FulfillmentQuery>()?;
    let filter = FulfillmentFilter {
        partnership: Some(scope.partnership),
        state: query.status,
        external_order_id: query.external_order_id.map(String::from),
        created_from: query.created_from,
        created_to: query.created_to,
        sort: query.sort.unwrap_or_default(),
    };
    page(&call, scope.of_merchant(), filter).await
}

async fn list_all(call: Call) -> Result<Answer, Problem> {
    let scope = call.merchant()?;
    let query = call.query::<MerchantFulfillmentQuery>()?;
    let filter = FulfillmentFilter {
        partnership: query.partnership,
        state: query.status,
        external_order_id: query.external_order_id.map(String::from),
        created_from: query.created_from,
        created_to: query.created_to,
        sort: query.sort.unwrap_or_default(),
    };
    page(&call, scope, filter).await
}

async fn page(call: &Call, scope: MerchantScope, filter: FulfillmentFilter) -> Result<Answer, Problem> {
    let page = call.page()?;
    let found = call.read(move |reader| Box::pin(async move { queries::list(reader, scope, &filter, page).await })).await?;
    Ok(call.list(found, FulfillmentSummary::from))
}

/// A fulfillment in a list that people read: with the name of its product.
#[derive(Clone, Debug)]
pub struct NamedFulfillment {
    /// The fulfillment.
    pub fulfillment: FulfillmentSummary,
    /// The product's SKU.
    pub sku: String,
    /// The product's name.
    pub product_name: String,
}

/// A page of the fulfillments that the side that asks may see, newest first; a reseller's are its own, whatever the filter names.
///
/// # Errors
/// Faults of the store.
pub async fn listed(call: &Call, filter: FulfillmentFilter, page: PageRequest) -> Result<Page<NamedFulfillment>, Problem> {
    let (merchant, of) = sides(call)?;
    let filter = FulfillmentFilter { partnership: of.or(filter.partnership), ..filter };
    let (found, products) = call
        .read(move |reader| {
            Box::pin(async move {
                let found = queries::list(reader, merchant, &filter, page).await?;
                let numbers: Vec<i64> = found.rows.iter().map(|row| row.product).collect::<BTreeSet<_>>().into_iter().collect();
                let products = catalog::queries::products_by_number(reader, merchant.merchant, &numbers).await?;
                Ok((found, products))
            })
        })
        .await?;
    let named = |row: FulfillmentRow| {
        let product = products.get(&row.product);
        NamedFulfillment {
            sku: product.map(|product| product.sku.clone()).unwrap_or_default(),
            product_name: product.map(|product| product.name.clone()).unwrap_or_default(),
            fulfillment: row.into(),
        }
    };
    Ok(Page { rows: found.rows.into_iter().map(named).collect(), next: found.next })
}

/// A fulfillment as its page shows it before somebody looks at the codes: only their ends.
#[derive(Clone, Debug)]
pub struct MaskedFulfillment {
    /// The fulfillment, without codes.
    pub fulfillment: FulfillmentView,
    /// The product's SKU.
    pub sku: String,
    /// The product's name.
    pub product_name: String,
    /// `ABCD-••••-WXYZ` by license; none of a large one.
    pub masked: HashMap<LicenseId, String>,
}

/// One fulfillment that the side that asks may see, its codes masked. Nothing of it is an audited look.
///
/// # Errors
/// 404; faults of the store.
pub async fn masked(call: &Call, id: FulfillmentId) -> Result<MaskedFulfillment, Problem> {
    let (merchant, of) = sides(call)?;
    let (row, licenses, sealed, product) = call
        .read(move |reader| {
            Box::pin(async move {
                let Some(row) = queries::fulfillment(reader, merchant, of, id).await? else { return Ok(None) };
                let licenses = if is_large(row.quantity) { Vec::new() } else { queries::licenses(reader, merchant, id).await? };
                let keys: Vec<LicenseKeyId> = licenses.iter().map(|license| license.key).collect();
                let sealed = stock::queries::sealed(reader, merchant.merchant, &keys).await?;
                let product = catalog::queries::products_by_number(reader, merchant.merchant, &[row.product]).await?.remove(&row.product);
                Ok(Some((row, licenses, sealed, product)))
            })
        })
        .await?
        .or_not_found()?;
    let ends = |license: &DeliveredLicense| sealed.get(&license.key).map(|code| (license.license, code.masked.clone()));
    let masked = licenses.iter().filter_map(ends).collect();
    let (sku, product_name) = product.map(|product| (product.sku, product.name)).unwrap_or_default();
    Ok(MaskedFulfillment { fulfillment: fulfillment_view(call, merchant, row, licenses, false)?, sku, product_name, masked })
}

/// What happened to a fulfillment that the side that asks may see, newest first: each look at its codes too.
///
/// # Errors
/// 404; faults of the store.
pub async fn history(call: &Call, id: FulfillmentId, page: PageRequest) -> Result<Page<TimelineEntry>, Problem> {
    let (merchant, of) = sides(call)?;
    let found = call
        .read(move |reader| {
            Box::pin(async move {
                if queries::fulfillment(reader, merchant, of, id).await?.is_none() {
                    return Ok(None);
                }
                audit::list(reader, merchant, Some(id.bytes()), page).await.map(Some)
            })
        })
        .await?
        .or_not_found()?;
    Ok(Page { rows: found.rows.into_iter().map(TimelineEntry::from).collect(), next: found.next })
}

/// Every route of fulfillments.
pub fn routes(r: &mut Routes) {
    let tag = "External shops";
    r.post("/v1/reseller/fulfillments", "createFulfillment", create)
        .tag(tag)
        .doc("Fulfills a sale of the reseller's own shop: the cost is taken from the prepaid balance, the keys are claimed and the codes answered, all or nothing. Retry it with the same `Idempotency-Key` and body as often as needed; the same external order id again answers the first fulfillment. More than 1,000 codes are accepted (202), delivered within seconds and then downloaded.")
        .needs(Right::FulfillmentsCreate)
        .asks_again()
        .body::<NewFulfillment>()
        .answers::<FulfillmentView>(201)
        .answers::<FulfillmentView>(202)
        .command::<Fulfill>();
    r.get("/v1/reseller/fulfillments", "listFulfillments", list_mine)
        .tag(tag)
        .doc("Lists the partnership's fulfillments, newest first, without codes.")
        .needs(Right::FulfillmentsRead)
        .query::<FulfillmentQuery>()
        .lists::<FulfillmentSummary>();
    r.get("/v1/reseller/fulfillments/{id}", "getFulfillment", get)
        .tag(tag)
        .doc("One fulfillment. Who may fulfill sees its codes, and each look is audited; for others, and for people who proved who they are more than 15 minutes ago, the codes are null.")
        .needs(Right::FulfillmentsRead)
        .answers::<FulfillmentView>(200)
        .command::<RevealFulfillment>();
    r.get("/v1/reseller/fulfillments/{id}/download", "downloadFulfillment", download)
        .tag(tag)
        .doc("Downloads the codes as a file, once the fulfillment is delivered: CSV, or one code a line where `Accept` asks for `text/plain`. Audited. What was taken back is left out.")
        .needs(Right::FulfillmentsCreate)
        .fresh()
        .answers_text("text/csv")
        .answers_text("text/plain")
        .command::<DownloadFulfillment>();
    r.get("/v1/merchant/fulfillments", "listMerchantFulfillments", list_all)
        .tag("External shops (merchant)")
        .doc("Lists the fulfillments of all external shops, newest first, without codes.")
        .needs(Right::MerchantRead)
        .query::<MerchantFulfillmentQuery>()
        .lists::<FulfillmentSummary>();
    r.get("/v1/merchant/fulfillments/{id}", "getMerchantFulfillment", get)
        .tag("External shops (merchant)")
        .doc("One fulfillment, without codes.")
        .needs(Right::MerchantRead)
        .answers::<FulfillmentView>(200);
    r.post("/v1/merchant/fulfillments/{id}/reveal", "revealMerchantFulfillment", reveal)
        .tag("External shops (merchant)")
        .doc("One fulfillment with its codes, as an audited look.")
        .needs(Right::LicensesReveal)
        .fresh()
        .answers::<FulfillmentView>(200)
        .command::<RevealFulfillment>();
}
