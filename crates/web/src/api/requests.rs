//! The log of requests that came with API keys and dynamic URLs (PAR-16): what a program sent, and what it was told.

use crate::answer::Answer;
use crate::api::api_keys::owner;
use crate::call::{Call, OrNotFound as _};
use crate::fields::Line;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::{choices, input, view};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::requests::queries::{self, Wanted};
use tradepost_domain::requests::{LogOwner, LoggedRequest};
use tradepost_domain::{ApiKeyId, RequestId, Right};
use tradepost_kernel::Timestamp;

choices! {
    /// How requests ended.
    pub enum StatusClass {
        /// They were done.
        Done = "2xx",
        /// They were led elsewhere.
        Elsewhere = "3xx",
        /// They were refused.
        Refused = "4xx",
        /// The server could not.
        Failed = "5xx",
    }
}

impl StatusClass {
    /// The first digit of their status.
    #[must_use]
    pub const fn digit(self) -> i64 {
        match self {
            Self::Done => 2,
            Self::Elsewhere => 3,
            Self::Refused => 4,
            Self::Failed => 5,
        }
    }
}

input! {
    /// Which requests are wanted.
    pub struct RequestQuery {
        /// Only those that ended so.
        pub status: Option<StatusClass>,
        /// Only those that came with this key.
        pub used_key: Option<ApiKeyId>,
        /// Only those whose path, as a template, begins with this: `/v1/reseller/orders`.
        pub path: Option<Line<200>>,
    }
}

view! {
    /// A request that came with a key.
    pub struct RequestLine {
        /// Its id, which the answer carried in `X-Request-Id`.
        pub id: RequestId,
        /// When it came.
        pub at: Timestamp,
        /// Its method.
        pub method: String,
        /// The template of its path: never what stood in its place, and never the query.
        pub path: String,
        /// The status of the answer.
        pub status: i64,
        /// The code of the problem, where it was a no.
        pub code: Option<String>,
        /// The key that it came with, also where that is gone.
        pub key: ApiKeyId,
        /// What the key was called.
        pub key_name: String,
        /// Milliseconds until the answer began.
        pub duration_ms: i64,
        /// Where it came from.
        pub address: Option<String>,
    }
}

impl From<LoggedRequest> for RequestLine {
    fn from(row: LoggedRequest) -> Self {
        Self {
            id: row.id,
            at: row.at,
            method: row.method,
            path: row.path,
            status: row.status,
            code: row.code,
            key: row.key,
            key_name: row.key_name,
            duration_ms: row.duration_ms,
            address: row.address,
        }
    }
}

fn whose(call: &Call) -> Result<LogOwner, Problem> {
    let owner = owner(call)?;
    Ok(LogOwner { merchant: owner.merchant, partnership: owner.partnership })
}

/// A page of the requests that came with the keys of the side that asks, newest first.
///
/// # Errors
/// 403; faults of the store.
pub async fn listed(call: &Call, wanted: Wanted, page: PageRequest) -> Result<Page<RequestLine>, Problem> {
    let owner = whose(call)?;
    let found = call.read(move |reader| Box::pin(async move { queries::list(reader, owner, &wanted, page).await })).await?;
    Ok(Page { rows: found.rows.into_iter().map(RequestLine::from).collect(), next: found.next })
}

/// One request.
///
/// # Errors
/// 404; faults of the store.
pub async fn shown(call: &Call, id: RequestId) -> Result<RequestLine, Problem> {
    let owner = whose(call)?;
    let found = call.read(move |reader| Box::pin(async move { queries::one(reader, owner, id).await })).await?;
    Ok(RequestLine::from(found.or_not_found()?))
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let RequestQuery { status, used_key: key, path } = call.query()?;
    let wanted = Wanted { class: status.map(StatusClass::digit), key, path: path.map(String::from) };
    let page = call.page()?;
    Ok(call.list(listed(&call, wanted, page).await?, |line| line))
}

async fn show(call: Call) -> Result<Answer, Problem> {
    Ok(Answer::ok(&shown(&call, call.path("id")?).await?))
}

pub(super) fn routes(r: &mut Routes) {
    let tag = "API keys";
    let doc = "Lists what was asked with API keys and dynamic URLs, newest first. A log, kept for 7 days and for the last 10,000 requests: lines appear some seconds after the answer, and may be missing after a crash.";
    let one = "One request that came with a key.";
    r.get("/v1/reseller/requests", "listRequests", list).tag(tag).doc(doc).needs(Right::ResellerKeysManage).query::<RequestQuery>().lists::<RequestLine>();
    r.get("/v1/reseller/requests/{id}", "getRequest", show).tag(tag).doc(one).needs(Right::ResellerKeysManage).answers::<RequestLine>(200);
    r.get("/v1/merchant/requests", "listMerchantRequests", list).tag(tag).doc(doc).needs(Right::KeysManage).query::<RequestQuery>().lists::<RequestLine>();
    r.get("/v1/merchant/requests/{id}", "getMerchantRequest", show).tag(tag).doc(one).needs(Right::KeysManage).answers::<RequestLine>(200);
}
