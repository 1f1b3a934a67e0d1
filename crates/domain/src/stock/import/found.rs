//! The products that lines of an import name.

use crate::access::MerchantScope;
use crate::catalog::Method;
use crate::catalog::queries::{ProductView, find_product};
use crate::command::{Engine, No};
use crate::ids::ProductId;
use tradepost_kernel::Refusal;

/// A product, and whether it takes keys at all.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) number: i64,
    pub(super) id: ProductId,
    pub(super) sku: String,
    pub(super) pool: bool,
}

impl From<ProductView> for Found {
    fn from(product: ProductView) -> Self {
        Self { number: product.number, id: product.id, pool: product.fields.method == Method::KeyPool, sku: product.fields.sku }
    }
}

/// The one product of a file that names none in its lines, by id or SKU.
pub(super) async fn only_product(engine: &Engine, scope: MerchantScope, text: String) -> Result<Found, No> {
    let found = engine.store.read(move |reader| Box::pin(async move { find_product(reader, scope, &text).await })).await?;
    let found = found.map(Found::from).ok_or_else(|| Refusal::invalid("product_not_found", "There is no such product.").at("/product"))?;
    if found.pool { Ok(found) } else { Err(not_key_pool().at("/product").into()) }
}

pub(in crate::stock) fn not_key_pool() -> Refusal {
    Refusal::invalid("not_key_pool", "This product takes no keys from a pool.")
}
