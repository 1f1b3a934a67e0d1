//! What a merchant sees first.

use super::waiting::{self, Waiting};
use crate::access::{MerchantScope, PartnershipScope};
use crate::ids::PartnershipId;
use crate::orders;
use crate::partners;
use crate::sales::queries::{self as sales, DaySales};
use std::collections::HashMap;
use tradepost_kernel::{Currency, Date};
use tradepost_store::{Fault, Reader, params, sql};

/// Days that an overview looks back on, today included.
pub const DAYS: i64 = 30;
/// Partnerships at their limit that are looked at: those beyond are in the list.
const LOOKED_AT: i64 = 20;

/// A partnership that reached its credit limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtRisk {
    /// Which.
    pub partnership: PartnershipId,
    /// The company.
    pub company: String,
    /// What it buys in.
    pub currency: Currency,
    /// What it owes, minor units.
    pub used_minor: i64,
    /// What it may owe, minor units; `None`: no credit limit.
    pub limit_minor: Option<i64>,
}

/// What a merchant sees first.
#[derive(Clone, Debug)]
pub struct MerchantOverview {
    /// The day in the merchant's time zone.
    pub today: Date,
    /// What waits for somebody.
    pub waiting: Waiting,
    /// Partnerships at their limit, those that owe most first.
    pub at_risk: Vec<AtRisk>,
    /// What was sold in the last [`DAYS`]; days without sales are missing.
    pub days: Vec<DaySales>,
}

/// What the merchant sees first on this day of its time zone.
///
/// # Errors
/// The store's.
pub async fn of_merchant(reader: &mut Reader<'_>, scope: MerchantScope, today: Date) -> Result<MerchantOverview, Fault> {
    let waiting = waiting::waiting(&mut *reader, scope, today).await?;
    let at_risk = if waiting.balances_due.number > 0 { at_risk(&mut *reader, scope).await? } else { Vec::new() };
    let days = sales::of_merchant(reader, scope, today.plus_days(1 - DAYS), today).await?;
    Ok(MerchantOverview { today, waiting, at_risk, days })
}

async fn at_risk(reader: &mut Reader<'_>, scope: MerchantScope) -> Result<Vec<AtRisk>, Fault> {
    let due = sql!("SELECT id FROM partnership WHERE merchant = $1 AND balance_due = 1 ORDER BY id LIMIT $2");
    let ids: Vec<PartnershipId> = reader.query(due, params![scope.merchant, LOOKED_AT]).await?;
    let partnerships = partners::queries::partnerships_by_id(&mut *reader, scope, &ids).await?;
    let places: Vec<_> = partnerships.iter().map(|partnership| (partnership.scope(), partnership.channel)).collect();
    let terms = partners::terms::effective_all(&mut *reader, &places).await?;
    let scopes: Vec<PartnershipScope> = places.iter().map(|place| place.0).collect();
    let open = orders::queries::open_of_all(reader, &scopes).await?;
    let used: HashMap<PartnershipScope, i64> =
        open.into_iter().map(|(scope, orders)| (scope, orders.iter().fold(0, |sum: i64, order| sum.saturating_add(order.open_minor)))).collect();
    let mut found: Vec<AtRisk> = partnerships
        .into_iter()
        .filter_map(|partnership| {
            let (scope, terms) = (partnership.scope(), terms.get(&partnership.scope())?);
            Some(AtRisk {
                partnership: partnership.id,
                company: partnership.reseller.company,
                currency: terms.currency?,
                used_minor: used.get(&scope).copied().unwrap_or(0),
                limit_minor: terms.credit_limit,
            })
        })
        .collect();
    found.sort_by_key(|risk| std::cmp::Reverse(risk.used_minor));
    Ok(found)
}
