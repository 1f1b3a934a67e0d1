//! What happened to an order or a license, when, by whom (ORD-7, FUL-9): the audit trail of one subject.

use crate::api::orders::sides;
use crate::{Answer, Call, OrNotFound, Problem, Routes, view};
use serde_json::Value;
use tradepost_domain::audit::{self, AuditView};
use tradepost_domain::ids::{LicenseId, OrderId};
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

async fn of_order(call: Call) -> Result<Answer, Problem> {
    let (merchant, of) = sides(&call)?;
    let (id, page): (OrderId, _) = (call.path("id")?, call.page()?);
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
    Ok(call.list(found, TimelineEntry::from))
}

async fn of_license(call: Call) -> Result<Answer, Problem> {
    let (merchant, of) = sides(&call)?;
    let (id, page): (LicenseId, _) = (call.path("id")?, call.page()?);
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
    Ok(call.list(found, TimelineEntry::from))
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
