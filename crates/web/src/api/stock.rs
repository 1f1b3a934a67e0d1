//! `/v1/merchant/stock`: counts and switches, product by product (STK-4, STK-7).

use crate::answer::Answer;
use crate::call::{Call, OrNotFound};
use crate::fields::{Line, Whole};
use crate::problem::Problem;
use crate::routes::Routes;
use crate::{input, named_choice, view};
use tradepost_domain::Right;
use tradepost_domain::ids::ProductId;
use tradepost_domain::stock::queries::{self, StockFilter, StockView};
use tradepost_domain::stock::{Level, SetStockSwitches};

named_choice!(Level);

input! {
    /// Which products are listed.
    pub struct StockQuery {
        /// Only those at this level.
        pub level: Option<Level>,
        /// Only those whose SKU or name contains this.
        pub search: Option<Line<100>>,
    }

    /// A product's switches; what is left out stays.
    pub struct StockChanges {
        /// At or below this many available keys the stock is low.
        pub threshold: Option<Whole<0, 1_000_000_000>>,
        /// Whether orders are taken beyond the stock.
        pub backorder: Option<bool>,
    }
}

view! {
    /// The stock of a product that takes keys from a pool.
    pub struct StockLevelView {
        /// Which product.
        pub product: ProductId,
        /// Its SKU.
        pub sku: String,
        /// Its name.
        pub name: String,
        /// May be sold now.
        pub available: i64,
        /// Taken by orders that are not released.
        pub reserved: i64,
        /// The resellers'.
        pub allocated: i64,
        /// Given to customers.
        pub delivered: i64,
        /// Taken back.
        pub revoked: i64,
        /// Shown, then returned: never sold again.
        pub burned: i64,
        /// At or below this many available keys the stock is low.
        pub threshold: i64,
        /// Whether orders are taken beyond the stock.
        pub backorder: bool,
        /// `ok`, `low` or `out`.
        pub level: Level,
    }
}

impl From<StockView> for StockLevelView {
    fn from(stock: StockView) -> Self {
        let counts = stock.counts;
        Self {
            product: stock.id,
            sku: stock.sku,
            name: stock.name,
            available: counts.available,
            reserved: counts.reserved,
            allocated: counts.allocated,
            delivered: counts.delivered,
            revoked: counts.revoked,
            burned: counts.burned,
            threshold: counts.threshold,
            backorder: counts.backorder,
            level: counts.level,
        }
    }
}

/// Adds the paths to the table.
pub fn routes(r: &mut Routes) {
    r.get("/v1/merchant/stock", "listStock", list)
        .tag("Stock")
        .doc("Lists the stock of the products that take keys from a pool, newest product first.")
        .needs(Right::StockRead)
        .query::<StockQuery>()
        .lists::<StockLevelView>();
    r.get("/v1/merchant/stock/{product}", "getStock", get)
        .tag("Stock")
        .doc("Shows the stock of a product.")
        .needs(Right::StockRead)
        .answers::<StockLevelView>(200);
    r.patch("/v1/merchant/stock/{product}", "setStockSwitches", change)
        .tag("Stock")
        .doc("Sets a product's threshold and whether it takes backorders.")
        .needs(Right::StockManage)
        .body::<StockChanges>()
        .answers::<StockLevelView>(200)
        .command::<SetStockSwitches>();
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let (scope, StockQuery { level, search }, page) = (call.merchant()?, call.query()?, call.page()?);
    let filter = StockFilter { level, search: search.map(String::from) };
    let page = call.read(move |reader| Box::pin(async move { queries::stock(reader, scope, &filter, page).await })).await?;
    Ok(call.list(page, StockLevelView::from))
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let (scope, product) = (call.merchant()?, call.path("product")?);
    let found = call.read(move |reader| Box::pin(async move { queries::stock_of(reader, scope, product).await })).await?;
    Ok(Answer::ok(&StockLevelView::from(found.or_not_found()?)))
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let (scope, product, changes) = (call.merchant()?, call.path("product")?, call.body::<StockChanges>()?);
    let command = SetStockSwitches { scope, product, threshold: changes.threshold.map(Whole::get), backorder: changes.backorder };
    call.execute(command).await?;
    get(call).await
}
