//! What a merchant sees first, and what a partnership bought lately.

use crate::api::stock::StockLevelView;
use crate::{Answer, Call, OrNotFound, Problem, Routes, view};
use std::collections::BTreeMap;
use tradepost_domain::ids::PartnershipId;
use tradepost_domain::listing::PageRequest;
use tradepost_domain::reports::overview::{self, AtRisk, DAYS};
use tradepost_domain::reports::{COUNTED, Count, waiting::Waiting};
use tradepost_domain::sales::queries::DaySales;
use tradepost_domain::stock::Level;
use tradepost_domain::stock::queries::{StockFilter, StockView, stock};
use tradepost_domain::{Right, merchants};
use tradepost_kernel::{Currency, Date, Money};

/// Products that run low which are shown; the others are in the list of stock.
const SHORT: i64 = COUNTED;

view! {
    /// How many of something there are, up to 99.
    pub struct CountView {
        /// The number, at most 99.
        pub number: i64,
        /// Whether there are more.
        pub more: bool,
    }

    /// What waits for the merchant's people.
    pub struct WaitingView {
        /// Sign-ups that nobody decided on.
        pub sign_ups: CountView,
        /// Orders whose delivery the merchant confirms.
        pub deliveries: CountView,
        /// Requests to take fulfillments back.
        pub cancel_requests: CountView,
        /// Orders that are held for credit or payment.
        pub held_orders: CountView,
        /// Orders that are not paid.
        pub unpaid_orders: CountView,
        /// Invoices that are past their due date.
        pub overdue_invoices: CountView,
        /// Messages that could not be sent.
        pub failed_messages: CountView,
        /// Partnerships that reached their credit limit.
        pub balances_due: CountView,
    }

    /// What was sold on a day in a currency.
    pub struct DaySalesView {
        /// The day in the merchant's time zone.
        pub day: Date,
        /// Placed orders that are not canceled, and fulfillments of external shops of which something is left.
        pub orders: i64,
        /// Units.
        pub units: i64,
        /// What they cost.
        pub amount: Money,
    }

    /// What was sold in a currency.
    pub struct SalesView {
        /// The currency.
        pub currency: Currency,
        /// Today: orders.
        pub orders_today: i64,
        /// Today: what they cost.
        pub amount_today: Money,
        /// In the last 30 days, today included: orders.
        pub orders: i64,
        /// In the last 30 days: units.
        pub units: i64,
        /// In the last 30 days: what they cost.
        pub amount: Money,
        /// Day by day; days without sales are missing.
        pub days: Vec<DaySalesView>,
    }

    /// A partnership that reached its credit limit.
    pub struct AtRiskView {
        /// Which.
        pub partnership: PartnershipId,
        /// The company.
        pub company: String,
        /// What it owes.
        pub used: Money,
        /// What it may owe; null: it has no credit limit.
        pub limit: Option<Money>,
    }

    /// What a merchant sees first.
    pub struct MerchantOverviewView {
        /// The day in the merchant's time zone.
        pub today: Date,
        /// What was sold today and in the last 30 days, by currency.
        pub sales: Vec<SalesView>,
        /// What waits for somebody.
        pub waiting: WaitingView,
        /// Partnerships at their limit, those that owe most first; 20 at most.
        pub credit_at_risk: Vec<AtRiskView>,
        /// Products that are out of stock or low, 99 at most; null without the right to see stock.
        pub low_stock: Option<Vec<StockLevelView>>,
    }
}

impl From<Count> for CountView {
    fn from(count: Count) -> Self {
        Self { number: count.number, more: count.more }
    }
}

impl From<Waiting> for WaitingView {
    fn from(waiting: Waiting) -> Self {
        Self {
            sign_ups: waiting.sign_ups.into(),
            deliveries: waiting.deliveries.into(),
            cancel_requests: waiting.cancel_requests.into(),
            held_orders: waiting.held_orders.into(),
            unpaid_orders: waiting.unpaid_orders.into(),
            overdue_invoices: waiting.overdue_invoices.into(),
            failed_messages: waiting.failed_messages.into(),
            balances_due: waiting.balances_due.into(),
        }
    }
}

impl From<AtRisk> for AtRiskView {
    fn from(risk: AtRisk) -> Self {
        let money = |minor| risk.currency.minor(minor);
        Self { partnership: risk.partnership, used: money(risk.used_minor), limit: risk.limit_minor.map(money), company: risk.company }
    }
}

/// Sales by currency, the largest first, each with its sums and its days.
#[must_use]
pub fn by_currency(days: &[DaySales], today: Date) -> Vec<SalesView> {
    let mut found: BTreeMap<String, Vec<DaySales>> = BTreeMap::new();
    for day in days {
        found.entry(day.currency.code().to_owned()).or_default().push(*day);
    }
    let sum = |days: &[DaySales], of: fn(&DaySales) -> i64| days.iter().map(of).fold(0, i64::saturating_add);
    let shown = |days: Vec<DaySales>| {
        let currency = days.first()?.currency;
        let now: Vec<DaySales> = days.iter().filter(|day| day.day == today).copied().collect();
        let day =
            |day: &DaySales| DaySalesView { day: day.day, orders: day.sales.orders, units: day.sales.units, amount: currency.minor(day.sales.amount_minor) };
        Some(SalesView {
            currency,
            orders_today: sum(&now, |day| day.sales.orders),
            amount_today: currency.minor(sum(&now, |day| day.sales.amount_minor)),
            orders: sum(&days, |day| day.sales.orders),
            units: sum(&days, |day| day.sales.units),
            amount: currency.minor(sum(&days, |day| day.sales.amount_minor)),
            days: days.iter().map(day).collect(),
        })
    };
    let mut sales: Vec<SalesView> = found.into_values().filter_map(shown).collect();
    sales.sort_by_key(|sales| std::cmp::Reverse(sales.orders));
    sales
}

/// What the merchant that asks sees first.
///
/// # Errors
/// 403; faults of the store.
pub async fn of_merchant(call: &Call) -> Result<MerchantOverviewView, Problem> {
    let (scope, now) = (call.merchant()?, call.now());
    let may_see_stock = call.caller().authorize(tradepost_domain::access::Need::Right(Right::StockRead)).is_ok();
    let (found, short) = call
        .read(move |reader| {
            Box::pin(async move {
                let Some(merchant) = merchants::queries::merchant(reader, scope.merchant).await? else { return Ok(None) };
                let found = overview::of_merchant(reader, scope, now.date_in(&merchant.time_zone)).await?;
                let mut short: Vec<StockView> = Vec::new();
                if may_see_stock {
                    let page = PageRequest { limit: SHORT, before: None };
                    for level in [Level::Out, Level::Low] {
                        let filter = StockFilter { level: Some(level), search: None };
                        short.extend(stock(reader, scope, &filter, page).await?.rows);
                    }
                    short.truncate(usize::try_from(SHORT).unwrap_or(usize::MAX));
                }
                Ok(Some((found, short)))
            })
        })
        .await?
        .or_not_found()?;
    Ok(MerchantOverviewView {
        today: found.today,
        sales: by_currency(&found.days, found.today),
        waiting: found.waiting.into(),
        credit_at_risk: found.at_risk.into_iter().map(AtRiskView::from).collect(),
        low_stock: may_see_stock.then(|| short.into_iter().map(StockLevelView::from).collect()),
    })
}

/// Days that an overview looks back on, the oldest first.
#[must_use]
pub fn days(today: Date) -> Vec<Date> {
    (0..DAYS).rev().map(|back| today.plus_days(-back)).collect()
}

async fn show(call: Call) -> Result<Answer, Problem> {
    Ok(Answer::ok(&of_merchant(&call).await?))
}

/// The route of the merchant's overview; the reseller's stands with its credit.
pub fn routes(r: &mut Routes) {
    r.get("/v1/merchant/overview", "getMerchantOverview", show)
        .tag("Merchant")
        .doc("What a merchant sees first: sales of today and the last 30 days, what waits for somebody, partnerships at their credit limit, products that run low.")
        .needs(Right::MerchantRead)
        .answers::<MerchantOverviewView>(200);
}
