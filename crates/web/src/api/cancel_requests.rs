//! Requests to take fulfillments of external shops back, as both workspaces see them (EXT-9).

pub use crate::api::cancel_request_shapes::*;
use crate::api::orders::sides;
use crate::{Answer, Call, OrNotFound, Problem, Routes};
use tradepost_domain::Right;
use tradepost_domain::fulfillments::requests::{self, CancelRequestRow, RequestFilter};
use tradepost_domain::fulfillments::{ApproveCancelRequest, RejectCancelRequest, RequestCancel, RequestState, WithdrawCancelRequest, queries};
use tradepost_domain::ids::CancelRequestId;
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_kernel::Money;

/// What went back, once it was approved.
fn refund(row: &CancelRequestRow) -> Option<Money> {
    (row.state == RequestState::Approved).then(|| row.currency.minor(row.refund_minor))
}

impl From<CancelRequestRow> for CancelRequestSummary {
    fn from(row: CancelRequestRow) -> Self {
        Self {
            id: row.id,
            status: row.state,
            fulfillment: row.fulfillment,
            partnership: row.partnership,
            quantity: row.quantity,
            refund: refund(&row),
            created_at: row.created,
            decided_at: row.decided,
            external_order_id: row.external_order_id,
            reason: row.reason,
        }
    }
}

/// One request as the side that asks may see it; while it is pending, with what an approval would come to.
///
/// # Errors
/// 404; faults of the store.
pub async fn shown(call: &Call, id: CancelRequestId) -> Result<CancelRequestView, Problem> {
    let (merchant, of) = sides(call)?;
    let found = call.read(move |reader| {
        Box::pin(async move {
            let Some(row) = requests::request(reader, merchant, of, id).await? else { return Ok(None) };
            let licenses = requests::named_by(reader, merchant.merchant, id).await?;
            let mut stake = None;
            if row.state == RequestState::Pending
                && let Some(fulfillment) = queries::fulfillment(reader, merchant, of, row.fulfillment).await?
            {
                stake = requests::stake(reader, merchant.merchant, &row, &fulfillment).await?;
            }
            Ok(Some((row, licenses, stake)))
        })
    });
    let (row, licenses, stake) = found.await?.or_not_found()?;
    let money = |minor| row.currency.minor(minor);
    Ok(CancelRequestView {
        id: row.id,
        status: row.state,
        fulfillment: row.fulfillment,
        partnership: row.partnership,
        quantity: row.quantity,
        licenses,
        shown: stake.map(|stake| stake.shown),
        refund_least: stake.map(|stake| money(stake.least_minor)),
        refund_most: stake.map(|stake| money(stake.most_minor)),
        refund: refund(&row),
        created_at: row.created,
        decided_at: row.decided,
        external_order_id: row.external_order_id,
        reason: row.reason,
        note: row.note,
    })
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let new = call.body::<NewCancelRequest>()?;
    let command = RequestCancel { fulfillment: call.path("id")?, reason: new.reason.into(), licenses: new.licenses.unwrap_or_default() };
    let view = shown(&call, call.execute(command).await?.outcome.request).await?;
    Ok(Answer::created(&view, &format!("/v1/reseller/cancel-requests/{}", view.id)))
}

async fn withdraw(call: Call) -> Result<Answer, Problem> {
    let done = call.execute(WithdrawCancelRequest { request: call.path("id")? }).await?;
    Ok(Answer::ok(&shown(&call, done.outcome.request).await?))
}

async fn approve(call: Call) -> Result<Answer, Problem> {
    let approval = if call.has_body() { call.body::<CancelApproval>()? } else { CancelApproval { refund: None, note: None } };
    let command = ApproveCancelRequest { request: call.path("id")?, refund: approval.refund, note: approval.note.map(String::from) };
    let done = call.execute(command).await?;
    Ok(Answer::ok(&shown(&call, done.outcome.request).await?))
}

async fn reject(call: Call) -> Result<Answer, Problem> {
    let rejection = call.body::<CancelRejection>()?;
    let done = call.execute(RejectCancelRequest { request: call.path("id")?, note: rejection.note.into() }).await?;
    Ok(Answer::ok(&shown(&call, done.outcome.request).await?))
}

async fn get(call: Call) -> Result<Answer, Problem> {
    Ok(Answer::ok(&shown(&call, call.path("id")?).await?))
}

async fn list_mine(call: Call) -> Result<Answer, Problem> {
    let query = call.query::<CancelRequestQuery>()?;
    let external_order_id = query.external_order_id.map(String::from);
    let filter = RequestFilter { partnership: None, fulfillment: query.fulfillment, state: query.status, external_order_id };
    Ok(call.list(listed(&call, filter, call.page()?).await?, |request| request))
}

async fn list_all(call: Call) -> Result<Answer, Problem> {
    let query = call.query::<MerchantCancelRequestQuery>()?;
    let external_order_id = query.external_order_id.map(String::from);
    let filter = RequestFilter { partnership: query.partnership, fulfillment: query.fulfillment, state: query.status, external_order_id };
    Ok(call.list(listed(&call, filter, call.page()?).await?, |request| request))
}

/// A page of the requests that the side that asks may see, newest first; a reseller's are its own, whatever the filter names.
///
/// # Errors
/// Faults of the store.
pub async fn listed(call: &Call, filter: RequestFilter, page: PageRequest) -> Result<Page<CancelRequestSummary>, Problem> {
    let (merchant, of) = sides(call)?;
    let filter = RequestFilter { partnership: of.or(filter.partnership), ..filter };
    let found = call.read(move |reader| Box::pin(async move { requests::list(reader, merchant, &filter, page).await })).await?;
    Ok(Page { rows: found.rows.into_iter().map(CancelRequestSummary::from).collect(), next: found.next })
}

/// Every route of requests to take fulfillments back.
pub fn routes(r: &mut Routes) {
    reseller_routes(r);
    merchant_routes(r);
}

fn reseller_routes(r: &mut Routes) {
    let tag = "External shops";
    r.post("/v1/reseller/fulfillments/{id}/cancel-request", "createCancelRequest", create)
        .tag(tag)
        .doc("Asks the merchant to take back a fulfillment, or some of its licenses, because the shop refunds its customer. Nothing changes until the merchant decides; at most one request of a fulfillment is open.")
        .needs(Right::FulfillmentsCreate)
        .body::<NewCancelRequest>()
        .answers::<CancelRequestView>(201)
        .command::<RequestCancel>();
    r.get("/v1/reseller/cancel-requests", "listCancelRequests", list_mine)
        .tag(tag)
        .doc("Lists the partnership's requests to take fulfillments back, newest first.")
        .needs(Right::FulfillmentsRead)
        .query::<CancelRequestQuery>()
        .lists::<CancelRequestSummary>();
    r.get("/v1/reseller/cancel-requests/{id}", "getCancelRequest", get)
        .tag(tag)
        .doc("One request to take a fulfillment back.")
        .needs(Right::FulfillmentsRead)
        .answers::<CancelRequestView>(200);
    r.post("/v1/reseller/cancel-requests/{id}/withdraw", "withdrawCancelRequest", withdraw)
        .tag(tag)
        .doc("Withdraws a request that the merchant has not decided yet.")
        .needs(Right::FulfillmentsCreate)
        .answers::<CancelRequestView>(200)
        .command::<WithdrawCancelRequest>();
}

fn merchant_routes(r: &mut Routes) {
    let tag = "External shops (merchant)";
    r.get("/v1/merchant/cancel-requests", "listMerchantCancelRequests", list_all)
        .tag(tag)
        .doc("Lists all resellers' requests to take fulfillments back, newest first.")
        .needs(Right::MerchantRead)
        .query::<MerchantCancelRequestQuery>()
        .lists::<CancelRequestSummary>();
    r.get("/v1/merchant/cancel-requests/{id}", "getMerchantCancelRequest", get)
        .tag(tag)
        .doc("One request to take a fulfillment back; while it is pending, with what an approval would come to.")
        .needs(Right::MerchantRead)
        .answers::<CancelRequestView>(200);
    r.post("/v1/merchant/cancel-requests/{id}/approve", "approveCancelRequest", approve)
        .tag(tag)
        .doc("Approves a request: shown codes are revoked, codes that nobody saw go back to stock, and the refund goes to the reseller's prepaid balance, all at once. The refund is the cost of the unseen codes at least and of all of the codes at most.")
        .needs(Right::BillingManage)
        .body_optional::<CancelApproval>()
        .answers::<CancelRequestView>(200)
        .command::<ApproveCancelRequest>();
    r.post("/v1/merchant/cancel-requests/{id}/reject", "rejectCancelRequest", reject)
        .tag(tag)
        .doc("Rejects a request: its codes stay good, and nothing is refunded.")
        .needs(Right::BillingManage)
        .body::<CancelRejection>()
        .answers::<CancelRequestView>(200)
        .command::<RejectCancelRequest>();
}
