//! `/v1/merchant/partnerships/{id}/products`: what one partnership may order beyond or short of its channel's price
//! list (CAT-4), and its own prices (CAT-5).

use super::prices::{self, PricesInput, PricesView};
use crate::answer::Answer;
use crate::call::{Call, OrNotFound};
use crate::problem::Problem;
use crate::routes::Routes;
use crate::{choices, input, view};
use tradepost_domain::catalog::{Shelf, queries};
use tradepost_domain::ids::{PartnershipId, ProductId};
use tradepost_domain::partners;
use tradepost_domain::partners::products::{SetPartnershipPrices, ShareProduct};
use tradepost_domain::{PartnershipScope, Right};

choices! {
    /// Given to the partnership whatever its price list says, or withheld from it.
    pub enum ProductAccess { Given = "given", Withheld = "withheld" }
}

input! {
    /// Whether a partnership may order a product.
    pub struct AccessInput {
        /// Given or withheld.
        pub access: ProductAccess,
    }
}

view! {
    /// A product that was given to or withheld from a partnership directly.
    pub struct SharedProductView {
        /// Its id.
        pub id: ProductId,
        /// Its SKU.
        pub sku: String,
        /// Its name.
        pub name: String,
        /// Whether it is sold.
        pub enabled: bool,
        /// Given or withheld.
        pub access: ProductAccess,
    }
}

/// Adds the paths to the table.
pub fn routes(r: &mut Routes) {
    let tag = "Partnerships";
    r.get("/v1/merchant/partnerships/{id}/products", "listPartnershipProducts", list)
        .tag(tag)
        .doc("Lists what was given to or withheld from a partnership directly, newest product first. All else follows its channel's price list.")
        .needs(Right::MerchantRead)
        .lists::<SharedProductView>();
    r.put("/v1/merchant/partnerships/{id}/products/{product}", "shareProduct", share)
        .tag(tag)
        .doc("Gives a product to a partnership directly, or withholds it.")
        .needs(Right::PartnersManage)
        .body::<AccessInput>()
        .answers_nothing(204)
        .command::<ShareProduct>();
    r.delete("/v1/merchant/partnerships/{id}/products/{product}", "unshareProduct", unshare)
        .tag(tag)
        .doc("Leaves a product to the channel's price list again.")
        .needs(Right::PartnersManage)
        .answers_nothing(204)
        .command::<ShareProduct>();
    r.put("/v1/merchant/partnerships/{id}/products/{product}/prices", "setPartnershipPrice", set_prices)
        .tag(tag)
        .doc("Sets a partnership's own price of a product in a currency, in tiers by quantity, in place of what it was. It goes before all other prices; margins are taken from it.")
        .needs(Right::PartnersManage)
        .body::<PricesInput>()
        .answers::<PricesView>(200)
        .refuses(&["currency_mismatch"])
        .command::<SetPartnershipPrices>();
}

async fn scope_of(call: &Call) -> Result<PartnershipScope, Problem> {
    let (scope, id) = (call.merchant()?, call.path::<PartnershipId>("id")?);
    let found = call.read(move |reader| Box::pin(async move { partners::queries::partnership(reader, scope, id).await })).await?;
    Ok(found.or_not_found()?.scope())
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let (scope, page) = (scope_of(&call).await?, call.page()?);
    let page = call.read(move |reader| Box::pin(async move { queries::direct_access(reader, scope, page).await })).await?;
    Ok(call.list(page, |(product, given)| SharedProductView {
        id: product.id,
        sku: product.sku,
        name: product.name,
        enabled: product.enabled,
        access: if given { ProductAccess::Given } else { ProductAccess::Withheld },
    }))
}

async fn share(call: Call) -> Result<Answer, Problem> {
    let given = call.body::<AccessInput>()?.access == ProductAccess::Given;
    set_access(call, Some(given)).await
}

async fn unshare(call: Call) -> Result<Answer, Problem> {
    set_access(call, None).await
}

async fn set_access(call: Call, access: Option<bool>) -> Result<Answer, Problem> {
    let (scope, product) = (scope_of(&call).await?, call.path("product")?);
    call.execute(ShareProduct { scope, product, access }).await?;
    Ok(Answer::no_content())
}

async fn set_prices(call: Call) -> Result<Answer, Problem> {
    let (scope, product, input) = (scope_of(&call).await?, call.path("product")?, call.body::<PricesInput>()?);
    let tiers = input.tiers()?;
    call.execute(SetPartnershipPrices { scope, product, currency: input.currency, tiers }).await?;
    Ok(Answer::ok(&prices::shown(&call, scope.of_merchant(), product, Some(Shelf::Partnership(scope.partnership))).await?))
}
