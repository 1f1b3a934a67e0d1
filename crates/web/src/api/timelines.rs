//! What happened to an order or a license, when, by whom (ORD-7, FUL-9): the audit trail of one subject.

use crate::api::orders::sides;
use crate::{Answer, Call, OrNotFound, Problem, Routes, view};
use serde_json::Value;
use tradepost_domain::audit::{self, AuditView};
use tradepost_domain::ids::{LicenseId, OrderId};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::{Right, licenses, orders};
use tradepost_kernel::Timestamp;

view! {
    /// One thing that happened.
    pub struct TimelineEntry {
        /// When.
        pub at: Timestamp,
        /// What: `order.placed`, `license.revealed`, …
        pub action: String,
        /// Who did it: `user`, `key`, `system`, `operator`.
        pub by: String,
        /// The name of the user or key.
        pub name: String,
        /// Ids and numbers about it; never a code.
        pub details: Value,
    }
}

impl From<AuditView> for TimelineEntry {
    fn from(row: AuditView) -> Self {
        Self { at: row.at, action: row.action, by: row.actor_kind, name: row.actor_name, details: row.after.unwrap_or_default() }
    }
}

/// What happened to an order that the side that asks may see, newest first.
///
/// # Errors
/// 404; faults of the store.
pub async fn order_timeline(call: &Call, id: OrderId, page: PageRequest) -> Result<Page<TimelineEntry>, Problem> {
    let (merchant, of) = sides(call)?;
    let found = call
        .read(move |reader| {
            Box::pin(async move {
                if orders::queries::order(reader, merchant, of, id).await?.is_none() {
                    return Ok(None);
                }
                audit::list(reader, merchant, Some(id.bytes()), page).await.map(Some)
            })
        })
        .await?
        .or_not_found()?;
    Ok(Page { rows: found.rows.into_iter().map(TimelineEntry::from).collect(), next: found.next })
}

async fn of_order(call: Call) -> Result<Answer, Problem> {
    let found = order_timeline(&call, call.path("id")?, call.page()?).await?;
    Ok(call.list(found, |entry| entry))
}

/// Every act on a license that the side that asks may see, newest first.
///
/// # Errors
/// 404; faults of the store.
pub async fn license_history(call: &Call, id: LicenseId, page: PageRequest) -> Result<Page<TimelineEntry>, Problem> {
    let (merchant, of) = sides(call)?;
    let found = call
        .read(move |reader| {
            Box::pin(async move {
                let rows = licenses::queries::by_ids(reader, merchant.merchant, &[id]).await?;
                if !rows.iter().any(|row| of.is_none_or(|of| of == row.partnership)) {
                    return Ok(None);
                }
                audit::list(reader, merchant, Some(id.bytes()), page).await.map(Some)
            })
        })
        .await?
        .or_not_found()?;
    Ok(Page { rows: found.rows.into_iter().map(TimelineEntry::from).collect(), next: found.next })
}

async fn of_license(call: Call) -> Result<Answer, Problem> {
    let found = license_history(&call, call.path("id")?, call.page()?).await?;
    Ok(call.list(found, |entry| entry))
}

/// Every route of timelines.
pub fn routes(r: &mut Routes) {
    r.get("/v1/reseller/orders/{id}/timeline", "getOrderTimeline", of_order)
        .tag("Orders")
        .doc("What happened to an order, when, by whom; newest first.")
        .needs(Right::OrdersRead)
        .lists::<TimelineEntry>();
    r.get("/v1/reseller/licenses/{id}/history", "getLicenseHistory", of_license)
        .tag("Licenses")
        .doc("Every act on a license, each look at its code and each sending included; newest first.")
        .needs(Right::OrdersRead)
        .lists::<TimelineEntry>();
    r.get("/v1/merchant/orders/{id}/timeline", "getMerchantOrderTimeline", of_order)
        .tag("Orders (merchant)")
        .doc("What happened to an order, when, by whom; newest first.")
        .needs(Right::MerchantRead)
        .lists::<TimelineEntry>();
    r.get("/v1/merchant/licenses/{id}/history", "getMerchantLicenseHistory", of_license)
        .tag("Licenses (merchant)")
        .doc("Every act on a license, each look at its code and each sending included; newest first.")
        .needs(Right::MerchantRead)
        .lists::<TimelineEntry>();
}
