//! `/v1/merchant/price-lists`: what channels sell from (CAT-4), and at which prices (CAT-5).

use super::prices::{self, PricesInput, PricesView};
use crate::answer::Answer;
use crate::call::{Call, OrNotFound};
use crate::fields::Line;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::{input, view};
use tradepost_domain::catalog::queries::{self, OfferedProduct};
use tradepost_domain::catalog::{CreatePriceList, DeletePriceList, OfferProduct, RenamePriceList, SetPrices, Shelf};
use tradepost_domain::ids::{PriceListId, ProductId};
use tradepost_domain::{MerchantScope, Right};
use tradepost_kernel::Timestamp;

input! {
    /// Which of a price list's products are listed.
    pub struct OfferedQuery {
        /// Only those whose SKU or name contains this.
        pub search: Option<Line<100>>,
    }

    /// Which price lists are listed.
    pub struct PriceListQuery {
        /// Name contains this.
        pub search: Option<Line<100>>,
    }

    /// A price list.
    pub struct PriceListInput {
        /// Unique at the merchant.
        pub name: Line<100>,
    }
}

view! {
    /// A price list.
    pub struct PriceListView {
        /// Its id.
        pub id: PriceListId,
        /// Unique at the merchant.
        pub name: String,
        /// How many products it offers, variants aside.
        pub products: i64,
        /// When it was created.
        pub created_at: Timestamp,
        /// Counts changes of its name.
        pub version: i64,
    }

    /// A product that a price list offers.
    pub struct OfferedProductView {
        /// Its id.
        pub id: ProductId,
        /// Its SKU.
        pub sku: String,
        /// Its name.
        pub name: String,
        /// Whether it is sold.
        pub enabled: bool,
    }
}

impl From<queries::PriceListView> for PriceListView {
    fn from(list: queries::PriceListView) -> Self {
        Self { id: list.id, name: list.name, products: list.products, created_at: list.created, version: list.version }
    }
}

impl From<OfferedProduct> for OfferedProductView {
    fn from(product: OfferedProduct) -> Self {
        Self { id: product.id, sku: product.sku, name: product.name, enabled: product.enabled }
    }
}

/// Adds the paths to the table.
pub fn routes(r: &mut Routes) {
    let tag = "Price lists";
    r.get("/v1/merchant/price-lists", "listPriceLists", list)
        .tag(tag)
        .doc("Lists the price lists, newest first.")
        .needs(Right::MerchantRead)
        .query::<PriceListQuery>()
        .lists::<PriceListView>();
    r.post("/v1/merchant/price-lists", "createPriceList", create)
        .tag(tag)
        .doc("Creates an empty price list.")
        .needs(Right::CatalogManage)
        .body::<PriceListInput>()
        .answers::<PriceListView>(201)
        .command::<CreatePriceList>();
    r.get("/v1/merchant/price-lists/{id}", "getPriceList", get).tag(tag).doc("Shows a price list.").needs(Right::MerchantRead).answers::<PriceListView>(200);
    r.patch("/v1/merchant/price-lists/{id}", "renamePriceList", rename)
        .tag(tag)
        .doc("Renames a price list. `If-Match` is honored.")
        .needs(Right::CatalogManage)
        .body::<PriceListInput>()
        .answers::<PriceListView>(200)
        .command::<RenamePriceList>();
    r.delete("/v1/merchant/price-lists/{id}", "deletePriceList", delete)
        .tag(tag)
        .doc("Deletes a price list that no channel sells from, with its prices.")
        .needs(Right::CatalogManage)
        .answers_nothing(204)
        .command::<DeletePriceList>();
    r.get("/v1/merchant/price-lists/{id}/products", "listPriceListProducts", products)
        .tag(tag)
        .doc("Lists the products that a price list offers, newest product first. Variants follow their products.")
        .needs(Right::MerchantRead)
        .query::<OfferedQuery>()
        .lists::<OfferedProductView>();
    r.put("/v1/merchant/price-lists/{id}/products/{product}", "offerProduct", offer)
        .tag(tag)
        .doc("Puts a product into a price list: the partnerships of its channels may order it.")
        .needs(Right::CatalogManage)
        .answers_nothing(204)
        .command::<OfferProduct>();
    r.delete("/v1/merchant/price-lists/{id}/products/{product}", "withdrawProduct", withdraw)
        .tag(tag)
        .doc("Takes a product out of a price list. Its prices there are kept.")
        .needs(Right::CatalogManage)
        .answers_nothing(204)
        .command::<OfferProduct>();
    r.put("/v1/merchant/price-lists/{id}/products/{product}/prices", "setPriceListPrice", set_prices)
        .tag(tag)
        .doc("Sets a price list's price of a product in a currency, in tiers by quantity, in place of what it was. It goes before the list price.")
        .needs(Right::CatalogManage)
        .body::<PricesInput>()
        .answers::<PricesView>(200)
        .refuses(&["currency_mismatch"])
        .command::<SetPrices>();
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let (scope, page, search) = (call.merchant()?, call.page()?, call.query::<PriceListQuery>()?.search.map(String::from));
    let page = call.read(move |reader| Box::pin(async move { queries::price_lists(reader, scope, search.as_deref(), page).await })).await?;
    Ok(call.list(page, PriceListView::from))
}

async fn shown(call: &Call, scope: MerchantScope, id: PriceListId) -> Result<PriceListView, Problem> {
    let found = call.read(move |reader| Box::pin(async move { queries::price_list(reader, scope, id).await })).await?;
    Ok(found.or_not_found()?.into())
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let list = shown(&call, call.merchant()?, call.path("id")?).await?;
    Ok(Answer::ok(&list).etag(list.version))
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let (scope, input) = (call.merchant()?, call.body::<PriceListInput>()?);
    let id = call.execute(CreatePriceList { scope, name: input.name.into() }).await?.outcome;
    let list = shown(&call, scope, id).await?;
    Ok(Answer::created(&list, &call.location(id)).etag(list.version))
}

async fn rename(call: Call) -> Result<Answer, Problem> {
    let (scope, price_list) = (call.merchant()?, call.path("id")?);
    let (expected_version, input) = (call.if_match()?, call.body::<PriceListInput>()?);
    call.execute(RenamePriceList { scope, price_list, expected_version, name: input.name.into() }).await?;
    let list = shown(&call, scope, price_list).await?;
    Ok(Answer::ok(&list).etag(list.version))
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    let (scope, price_list) = (call.merchant()?, call.path("id")?);
    call.execute(DeletePriceList { scope, price_list }).await?;
    Ok(Answer::no_content())
}

async fn products(call: Call) -> Result<Answer, Problem> {
    let (scope, id, page) = (call.merchant()?, call.path("id")?, call.page()?);
    let search = call.query::<OfferedQuery>()?.search.map(String::from);
    shown(&call, scope, id).await?;
    let page = call.read(move |reader| Box::pin(async move { queries::offered(reader, scope, id, search.as_deref(), page).await })).await?;
    Ok(call.list(page, OfferedProductView::from))
}

async fn offer(call: Call) -> Result<Answer, Problem> {
    set_offered(call, true).await
}

async fn withdraw(call: Call) -> Result<Answer, Problem> {
    set_offered(call, false).await
}

async fn set_offered(call: Call, offered: bool) -> Result<Answer, Problem> {
    let (scope, price_list, product) = (call.merchant()?, call.path("id")?, call.path("product")?);
    call.execute(OfferProduct { scope, price_list, product, offered }).await?;
    Ok(Answer::no_content())
}

async fn set_prices(call: Call) -> Result<Answer, Problem> {
    let (scope, list, product, input) = (call.merchant()?, call.path("id")?, call.path("product")?, call.body::<PricesInput>()?);
    let (shelf, tiers) = (Shelf::PriceList(list), input.tiers()?);
    call.execute(SetPrices { scope, product, shelf, currency: input.currency, tiers }).await?;
    Ok(Answer::ok(&prices::shown(&call, scope, product, Some(shelf)).await?))
}
