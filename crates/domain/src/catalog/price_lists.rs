//! Price lists: what a channel's partnerships may order (CAT-4) and at which prices (CAT-5).

use super::{queries, store};
use crate::access::{Caller, MerchantScope, Need, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::{PriceListId, ProductId};
use serde_json::json;
use tradepost_kernel::{Class, Refusal, text};
use tradepost_store::{Fault, Reader, Tx};

/// Creates an empty price list.
#[derive(Clone, Debug)]
pub struct CreatePriceList {
    /// Whose.
    pub scope: MerchantScope,
    /// Unique per merchant.
    pub name: String,
}

#[async_trait::async_trait]
impl Command for CreatePriceList {
    const NAME: &'static str = "catalog.create_price_list";
    const REFUSALS: &'static [&'static str] = &["invalid_field", "name_taken"];
    type Outcome = PriceListId;

    fn need(&self) -> Need {
        Need::Right(Right::CatalogManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<PriceListId, No> {
        let name = free_name(tx, self.scope, None, &self.name).await??;

        // From here it must succeed.
        let id: PriceListId = ctx.id();
        store::insert_price_list(tx, self.scope.merchant, id, &name, ctx.now).await?;
        ctx.audit(AuditEntry::new(self.scope.merchant, "price_list.created", id).after(json!({ "name": name })));
        Ok(id)
    }
}

/// Renames a price list. Answers the new version.
#[derive(Clone, Debug)]
pub struct RenamePriceList {
    /// Whose.
    pub scope: MerchantScope,
    /// Which.
    pub price_list: PriceListId,
    /// The version that the change is based on (`If-Match`), where it was sent.
    pub expected_version: Option<i64>,
    /// Unique per merchant.
    pub name: String,
}

#[async_trait::async_trait]
impl Command for RenamePriceList {
    const NAME: &'static str = "catalog.rename_price_list";
    const REFUSALS: &'static [&'static str] = &["not_found", "stale_version", "invalid_field", "name_taken"];
    type Outcome = i64;

    fn need(&self) -> Need {
        Need::Right(Right::CatalogManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<i64, No> {
        let was = queries::lock_price_list(tx, self.scope, self.price_list).await?.ok_or_else(Refusal::not_found)?;
        if self.expected_version.is_some_and(|version| version != was.version) {
            return Err(Refusal::new(Class::Stale, "stale_version", "The price list was changed meanwhile: read it again.").into());
        }
        let name = free_name(tx, self.scope, Some(self.price_list), &self.name).await??;
        if name == was.name {
            return Ok(was.version);
        }

        // From here it must succeed.
        store::rename_price_list(tx, self.scope.merchant, self.price_list, &name).await?;
        let entry = AuditEntry::new(self.scope.merchant, "price_list.renamed", self.price_list);
        ctx.audit(entry.before(json!({ "name": was.name })).after(json!({ "name": name })));
        Ok(was.version + 1)
    }
}

/// Deletes a price list that no channel sells from, with what it offers and its prices.
#[derive(Clone, Debug)]
pub struct DeletePriceList {
    /// Whose.
    pub scope: MerchantScope,
    /// Which.
    pub price_list: PriceListId,
}

#[async_trait::async_trait]
impl Command for DeletePriceList {
    const NAME: &'static str = "catalog.delete_price_list";
    const REFUSALS: &'static [&'static str] = &["not_found", "price_list_in_use"];
    type Outcome = ();

    fn need(&self) -> Need {
        Need::Right(Right::CatalogManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<(), No> {
        let was = queries::lock_price_list(tx, self.scope, self.price_list).await?.ok_or_else(Refusal::not_found)?;
        if let Some(channel) = queries::channel_selling_from(tx, self.scope, self.price_list).await? {
            return Err(Refusal::conflict("price_list_in_use", format!("The channel {channel} sells from this price list: give it another one first.")).into());
        }

        // From here it must succeed.
        store::delete_price_list(tx, self.scope.merchant, self.price_list).await?;
        ctx.audit(AuditEntry::new(self.scope.merchant, "price_list.deleted", self.price_list).before(json!({ "name": was.name })));
        Ok(())
    }
}

/// Puts a product into a price list or takes it out. A variant follows its parent.
#[derive(Clone, Debug)]
pub struct OfferProduct {
    /// Whose.
    pub scope: MerchantScope,
    /// In which list.
    pub price_list: PriceListId,
    /// Which product.
    pub product: ProductId,
    /// In or out.
    pub offered: bool,
}

#[async_trait::async_trait]
impl Command for OfferProduct {
    const NAME: &'static str = "catalog.offer_product";
    const REFUSALS: &'static [&'static str] = &["not_found", "variant_follows_parent"];
    type Outcome = ();

    fn need(&self) -> Need {
        Need::Right(Right::CatalogManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<(), No> {
        queries::lock_price_list(tx, self.scope, self.price_list).await?.ok_or_else(Refusal::not_found)?;
        let product = queries::product(tx, self.scope, self.product).await?.ok_or_else(Refusal::not_found)?;
        if product.parent.is_some() {
            return Err(super::variant_follows_parent().into());
        }

        // From here it must succeed.
        if store::offer(tx, self.scope.merchant, self.price_list, product.number, self.offered).await? {
            let action = if self.offered { "price_list.product_added" } else { "price_list.product_removed" };
            ctx.audit(AuditEntry::new(self.scope.merchant, action, self.price_list).after(json!({ "product": self.product, "sku": product.fields.sku })));
        }
        Ok(())
    }
}

async fn free_name(reader: &mut Reader<'_>, scope: MerchantScope, own: Option<PriceListId>, name: &str) -> Result<Result<String, Refusal>, Fault> {
    let name = match text::line(name, 100) {
        Ok(name) => name,
        Err(why) => return Ok(Err(Refusal::invalid("invalid_field", why.detail()).at("/name"))),
    };
    let owner = queries::price_list_by_name(reader, scope, &name).await?;
    if owner.is_some() && owner != own {
        return Ok(Err(Refusal::conflict("name_taken", "Another price list has this name.").at("/name")));
    }
    Ok(Ok(name))
}
