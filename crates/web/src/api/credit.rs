//! What a partnership owes and may owe, and the reseller's overview.

use crate::api::licenses::{LockReasonView, lock_reasons};
use crate::api::orders::OrderSummary;
use crate::api::overviews::{SalesView, by_currency};
use crate::api::partnerships::EffectiveTerms;
use crate::api::terms::{TermsChange, term_views};
use crate::errors::Errors;
use crate::{Answer, Call, OrNotFound, Problem, Routes, view};
use std::collections::HashMap;
use tradepost_domain::access::{Need, PartnershipScope};
use tradepost_domain::billing::top_up;
use tradepost_domain::catalog::EndUserInformation;
use tradepost_domain::fulfillments::change_terms::ChangeTerms;
use tradepost_domain::ids::{PartnershipId, ProductId};
use tradepost_domain::licenses::LockReason;
use tradepost_domain::listing::PageRequest;
use tradepost_domain::orders::detail::{self, CreditDetail};
use tradepost_domain::orders::queries::{self as orders, OrderFilter};
use tradepost_domain::reports::overview::DAYS;
use tradepost_domain::{Right, catalog, licenses, merchants, partners, sales};
use tradepost_kernel::{Date, Money};
use tradepost_store::{Fault, Reader};

view! {
    /// Credit of a partnership. `available` is `limit` − `used` and may be negative; `over` is how far beyond the limit.
    pub struct CreditOverview {
        /// The credit limit; null: every order is paid before anything of it is released.
        pub limit: Option<Money>,
        /// Sum of the open amounts of all confirmed orders, held ones included; null while no currency is set.
        pub used: Option<Money>,
        /// What is left of the limit.
        pub available: Option<Money>,
        /// How far beyond the limit.
        pub over: Option<Money>,
        /// What was paid beyond earlier invoices; it pays the next one.
        pub account_balance: Option<Money>,
        /// The limit is reached (something is owed and nothing is available): the balance is due now, whatever the due dates
        /// of single invoices say.
        pub balance_due: bool,
    }

    /// A product with licenses that are not yet distributed.
    pub struct AvailableProduct {
        /// Its id.
        pub product: ProductId,
        /// Its SKU.
        pub sku: String,
        /// Its name.
        pub name: String,
        /// Licenses in the inventory, not yet distributed.
        pub available_licenses: i64,
        /// Whether their codes can be downloaded as a file now: the product needs no end user, and the credit limit is not reached.
        pub downloadable: bool,
    }

    /// What a reseller sees first.
    pub struct Overview {
        /// Available Products to Resell.
        pub available_products: Vec<AvailableProduct>,
        /// Credit; null for a caller without the right `invoices.read`.
        pub credit: Option<CreditOverview>,
        /// Recent and Pending Orders: the newest ten.
        pub recent_orders: Vec<OrderSummary>,
        /// Why goods of unpaid orders stop right now, where they do.
        pub lock_reasons: Vec<LockReasonView>,
        /// The prepaid balance of external shops; null while no currency is set, and for a caller without the right `invoices.read`.
        pub prepaid_balance: Option<Money>,
        /// The day in the merchant's time zone.
        pub today: Date,
        /// What was bought today and in the last 30 days, by currency, the sales of external shops with it; null for a caller without the right
        /// `invoices.read`.
        pub purchases: Option<Vec<SalesView>>,
    }
}

fn credit_view(detail: &CreditDetail) -> CreditOverview {
    let money = |minor: i64| detail.currency.map(|currency| currency.minor(minor));
    CreditOverview {
        limit: detail.credit.limit_minor.and_then(money),
        used: money(detail.credit.used_minor),
        available: detail.credit.available_minor.and_then(money),
        over: money(detail.credit.over_minor),
        account_balance: money(detail.account_balance_minor),
        balance_due: detail.balance_due,
    }
}

/// The credit of the partnership that asks.
///
/// # Errors
/// 403; faults of the store.
pub async fn own(call: &Call) -> Result<CreditOverview, Problem> {
    let scope = call.partnership()?;
    let detail = call.read(move |reader| Box::pin(async move { detail::credit(reader, scope).await })).await?;
    Ok(credit_view(&detail))
}

async fn mine(call: Call) -> Result<Answer, Problem> {
    Ok(Answer::ok(&own(&call).await?))
}

async fn of_partnership(call: Call) -> Result<Answer, Problem> {
    let merchant = call.merchant()?;
    let partnership: PartnershipId = call.path("id")?;
    let detail = call
        .read(move |reader| {
            Box::pin(async move {
                let known = partners::queries::partnership(reader, merchant, partnership).await?;
                let detail = detail::credit(reader, PartnershipScope { merchant: merchant.merchant, partnership }).await?;
                Ok(known.map(|_| detail))
            })
        })
        .await?
        .or_not_found()?;
    Ok(Answer::ok(&credit_view(&detail)))
}

/// `due`: the credit limit is reached, so there is no file of codes (CRD-5, FUL-7).
async fn holdings(reader: &mut Reader<'_>, scope: PartnershipScope, due: bool) -> Result<Vec<AvailableProduct>, Fault> {
    let counts = licenses::queries::available_counts(reader, scope).await?;
    let numbers: Vec<i64> = counts.iter().map(|count| count.0).collect();
    let products: HashMap<i64, catalog::SellableProduct> = catalog::queries::products_by_number(reader, scope.merchant, &numbers).await?;
    let holdings = counts.iter().filter_map(|(number, count)| {
        let product = products.get(number)?;
        Some(AvailableProduct {
            product: product.id,
            sku: product.sku.clone(),
            name: product.name.clone(),
            available_licenses: *count,
            downloadable: !due && product.end_user_information == EndUserInformation::None,
        })
    });
    Ok(holdings.collect())
}

/// The products that the partnership that asks holds available licenses of.
///
/// # Errors
/// 403; faults of the store.
pub async fn held(call: &Call) -> Result<Vec<AvailableProduct>, Problem> {
    let scope = call.partnership()?;
    call.read(move |reader| {
        Box::pin(async move {
            let due = detail::credit(reader, scope).await?.balance_due;
            holdings(reader, scope, due).await
        })
    })
    .await
}

/// What the partnership that asks sees first. Who may not see money elsewhere sees none here: the right to orders opens the overview, those sums
/// are of invoices and balance.
///
/// # Errors
/// 403; faults of the store.
pub async fn overview(call: &Call) -> Result<Overview, Problem> {
    let (scope, now) = (call.partnership()?, call.now());
    let (credit, holdings, recent, prepaid, today, days) = call
        .read(move |reader| {
            Box::pin(async move {
                let credit = detail::credit(reader, scope).await?;
                let holdings = holdings(reader, scope, credit.balance_due).await?;
                let first = PageRequest { limit: 10, before: None };
                let recent = orders::list(reader, scope.of_merchant(), Some(scope.partnership), &OrderFilter::default(), first).await?;
                let prepaid = match credit.currency {
                    Some(currency) => Some(currency.minor(top_up::prepaid(reader, scope, currency).await?)),
                    None => None,
                };
                let Some(merchant) = merchants::queries::merchant(reader, scope.merchant).await? else { return Ok(None) };
                let today = now.date_in(&merchant.time_zone);
                let days = sales::queries::of_partnership(reader, scope, today.plus_days(1 - DAYS), today).await?;
                Ok(Some((credit, holdings, recent, prepaid, today, days)))
            })
        })
        .await?
        .or_not_found()?;
    let may_see_money = call.caller().authorize(Need::Right(Right::InvoicesRead)).is_ok();
    let reasons = if credit.stops_unpaid_goods { vec![LockReason::CreditLimitReached] } else { Vec::new() };
    Ok(Overview {
        available_products: holdings,
        credit: may_see_money.then(|| credit_view(&credit)),
        recent_orders: recent.rows.into_iter().map(OrderSummary::from).collect(),
        lock_reasons: lock_reasons(&reasons),
        prepaid_balance: prepaid.filter(|_| may_see_money),
        today,
        purchases: may_see_money.then(|| by_currency(&days, today)),
    })
}

async fn my_overview(call: Call) -> Result<Answer, Problem> {
    Ok(Answer::ok(&overview(&call).await?))
}

/// Terms decide what may be owed: raising the limit releases held orders.
async fn change_terms(call: Call) -> Result<Answer, Problem> {
    let merchant = call.merchant()?;
    let partnership: PartnershipId = call.path("id")?;
    let mut errors = Errors::default();
    let changes = call.body::<TermsChange>()?.into_changes(&mut errors);
    if !errors.is_empty() {
        return Err(Problem::fields(errors));
    }
    call.execute(ChangeTerms { partnership, changes }).await?;
    let terms = call
        .read(move |reader| {
            Box::pin(async move {
                let Some(found) = partners::queries::partnership(reader, merchant, partnership).await? else { return Ok(None) };
                partners::terms::effective(reader, merchant.merchant, partnership, found.channel).await.map(Some)
            })
        })
        .await?
        .or_not_found()?;
    Ok(Answer::ok(&EffectiveTerms { terms: term_views(&terms.origins) }))
}

/// Every route of credit, and the overview.
pub fn routes(r: &mut Routes) {
    r.get("/v1/reseller/credit", "getCredit", mine)
        .tag("Credit")
        .doc("Credit limit, used, available and over.")
        .needs(Right::InvoicesRead)
        .answers::<CreditOverview>(200);
    r.get("/v1/reseller/overview", "getOverview", my_overview)
        .tag("Credit")
        .doc(
            "What a reseller sees first: products with available licenses, recent orders; and with the right `invoices.read` credit, prepaid balance and what \
             was bought in the last 30 days.",
        )
        .needs(Right::OrdersRead)
        .answers::<Overview>(200);
    r.get("/v1/merchant/partnerships/{id}/credit", "getPartnershipCredit", of_partnership)
        .tag("Partnerships")
        .doc("Credit limit, used, available and over of a partnership.")
        .needs(Right::MerchantRead)
        .answers::<CreditOverview>(200);
    r.patch("/v1/merchant/partnerships/{id}/terms", "changeTerms", change_terms)
        .tag("Partnerships")
        .doc("Changes terms of one partnership. Raising the credit limit releases held orders, oldest first; lowering it takes nothing back.")
        .needs(Right::PartnersManage)
        .body::<TermsChange>()
        .answers::<EffectiveTerms>(200)
        .command::<ChangeTerms>();
}
