//! Changing a product (CAT-1 … CAT-3). There is no deleting: what is no longer sold is disabled.

use super::create::{first, resolve_parts, sku_taken};
use super::fields::parts_error;
use super::{ProductPatch, queries, store};
use crate::access::{Caller, MerchantScope, Need, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::ProductId;
use crate::outbox::Event;
use serde_json::json;
use tradepost_kernel::{Class, Refusal};
use tradepost_store::Tx;

/// Changes what the patch names. Answers the new version.
#[derive(Clone, Debug)]
pub struct ChangeProduct {
    /// Whose.
    pub scope: MerchantScope,
    /// Which.
    pub product: ProductId,
    /// The version that the change is based on (`If-Match`), where it was sent.
    pub expected_version: Option<i64>,
    /// What is to be set.
    pub patch: ProductPatch,
}

#[async_trait::async_trait]
impl Command for ChangeProduct {
    const NAME: &'static str = "catalog.change_product";
    const REFUSALS: &'static [&'static str] =
        &["not_found", "stale_version", "invalid_field", "invalid_text", "quantity_out_of_range", "not_available_yet", "invalid_part", "sku_taken"];
    type Outcome = i64;

    fn need(&self) -> Need {
        Need::Right(Right::CatalogManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<i64, No> {
        let merchant = self.scope.merchant;
        let number = queries::lock_product(tx, self.scope, self.product).await?.ok_or_else(Refusal::not_found)?;
        let was = queries::product(tx, self.scope, self.product).await?.ok_or_else(Refusal::not_found)?;
        if self.expected_version.is_some_and(|version| version != was.version) {
            return Err(Refusal::new(Class::Stale, "stale_version", "The product was changed meanwhile: read it again.").into());
        }
        if self.patch.bundle.is_some_and(|bundle| bundle != was.fields.bundle) {
            return Err(Refusal::invalid("invalid_field", "Whether a product is a bundle never changes.").at("/type").into());
        }
        let fields = was.fields.with(&self.patch).checked().map_err(first)?;
        if let Some(no) = parts_error(fields.bundle, self.patch.parts.as_deref()) {
            return Err(no.into());
        }
        let parts = match &self.patch.parts {
            Some(parts) => Some(resolve_parts(tx, self.scope, parts, Some(number)).await??),
            None => None,
        };
        if fields.sku != was.fields.sku && queries::sku_owner(tx, merchant, &fields.sku).await?.is_some() {
            return Err(sku_taken(&fields.sku).into());
        }
        if fields == was.fields && parts.as_ref().is_none_or(|parts| was.same_parts(parts)) {
            return Ok(was.version);
        }

        // From here it must succeed.
        store::update_products(tx, merchant, &[(number, &fields)], ctx.now).await?;
        if fields.sku != was.fields.sku {
            store::note_former_sku(tx, merchant, number, &was.fields.sku, ctx.now).await?;
        }
        if let Some(parts) = &parts {
            store::replace_parts(tx, merchant, number, parts).await?;
        }
        ctx.audit(AuditEntry::new(merchant, "product.changed", self.product).before(was.fields.facts()).after(fields.facts()));
        ctx.announce(Event::new(merchant, "product.changed", self.product, json!({ "product": self.product, "sku": fields.sku })));
        Ok(was.version + 1)
    }
}
