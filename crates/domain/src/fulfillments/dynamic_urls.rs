//! Making a dynamic URL (EXT-6): a key of its own kind, which the reseller makes and either side can switch off.
//!
//! It lies here and not with the other keys because it may be held to products, which identity doesn't know.

use crate::access::{Need, Right};
use crate::catalog;
use crate::command::{Command, Ctx, No};
use crate::identity::api_keys::{self, ApiKeyRow, KeyOwner, PreparedKey};
use crate::ids::ProductId;
use crate::partners;
use tradepost_kernel::api_key::KeyKind;
use tradepost_kernel::{Refusal, Timestamp};
use tradepost_store::{Fault, Tx};

pub use crate::identity::KeyCreated;

/// The most products that one dynamic URL may be held to.
pub const MOST_PRODUCTS: usize = 50;

/// Makes a dynamic URL for the caller's partnership. Its text was minted before, is shown once and stored nowhere.
#[derive(Clone, Debug)]
pub struct CreateDynamicUrl {
    /// The minted key.
    pub prepared: PreparedKey,
    /// What it is called.
    pub name: String,
    /// The ids or SKUs of the products that it sells; a product's variants are sold with it. Empty: all of the partnership.
    pub products: Vec<String>,
    /// Its end, where it is to have one.
    pub expires: Option<Timestamp>,
    /// From where it may be used; empty: from everywhere. Each parses as [`AddressRule`](crate::identity::AddressRule).
    pub addresses: Vec<String>,
}

#[async_trait::async_trait]
impl Command for CreateDynamicUrl {
    const NAME: &'static str = "dynamic_urls.create";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "unknown_scope", "invalid_field", "product_not_available"];
    type Outcome = KeyCreated;

    fn need(&self) -> Need {
        Need::Right(Right::ResellerKeysManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<KeyCreated, No> {
        let scope = ctx.caller().partnership()?;
        let owner = KeyOwner { merchant: scope.merchant, partnership: Some(scope.partnership) };
        if self.prepared.kind != KeyKind::DynamicUrl {
            return Err(Fault::invariant("a dynamic URL is made of a key of another kind").into());
        }
        let rights = vec![Right::FulfillmentsCreate];
        api_keys::grantable(ctx.caller(), owner, &rights)?;
        api_keys::check_bounds(self.expires, &self.addresses, ctx.now)?;
        let products = self.products_of(ctx, &mut *tx).await?;
        let row = ApiKeyRow {
            id: ctx.id(),
            kind: KeyKind::DynamicUrl,
            owner,
            name: self.name.clone(),
            masked: self.prepared.masked.clone(),
            rights,
            addresses: self.addresses.clone(),
            products,
            created: ctx.now,
            expires: self.expires,
            last_used: None,
            disabled_by_merchant: None,
            disabled_by_reseller: None,
            replaced_by: None,
        };
        // From here it must succeed.
        api_keys::insert(ctx, tx, &row, &self.prepared).await?;
        Ok(KeyCreated { key: row.id })
    }
}

impl CreateDynamicUrl {
    /// Their ids, each once.
    async fn products_of(&self, ctx: &Ctx, tx: &mut Tx<'_>) -> Result<Vec<ProductId>, No> {
        if self.products.len() > MOST_PRODUCTS {
            return Err(Refusal::invalid("invalid_field", format!("Name at most {MOST_PRODUCTS} products.")).at("/products").into());
        }
        let scope = ctx.caller().partnership()?;
        let locked = partners::lock(&mut *tx, scope).await?.ok_or_else(Refusal::not_found)?;
        let mut ids = Vec::with_capacity(self.products.len());
        for (at, text) in self.products.iter().enumerate() {
            let found = catalog::queries::find_available(&mut *tx, scope, locked.channel, text).await?;
            ids.push(found.ok_or_else(|| catalog::product_not_available().at(format!("/products/{at}")))?.id);
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }
}
