//! Creating a product, a bundle, or a variant (CAT-1).

use super::fields::parts_error;
use super::{PartPatch, ProductFields, ProductPatch, queries, store};
use crate::access::{Caller, MerchantScope, Need, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::ProductId;
use crate::merchants;
use crate::outbox::Event;
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_store::{Fault, Reader, Tx};

/// Creates a product. With a parent it is a variant, which takes from the parent what is not said.
#[derive(Clone, Debug)]
pub struct CreateProduct {
    /// Whose.
    pub scope: MerchantScope,
    /// The product that it is a variant of.
    pub parent: Option<ProductId>,
    /// What it is; SKU and name are needed.
    pub patch: ProductPatch,
}

#[async_trait::async_trait]
impl Command for CreateProduct {
    const NAME: &'static str = "catalog.create_product";
    const REFUSALS: &'static [&'static str] =
        &["not_found", "invalid_field", "invalid_text", "quantity_out_of_range", "not_available_yet", "invalid_part", "sku_taken"];
    type Outcome = ProductId;

    fn need(&self) -> Need {
        Need::Right(Right::CatalogManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<ProductId, No> {
        let merchant = self.scope.merchant;
        let (parent, fields) = match self.parent {
            None => (None, ProductFields::new(&self.patch)),
            Some(id) => {
                let parent = queries::product(tx, self.scope, id).await?.ok_or_else(Refusal::not_found)?;
                if parent.parent.is_some() || parent.fields.bundle {
                    return Err(Refusal::invalid("invalid_field", "A variant or a bundle has no variants.").at("/parent").into());
                }
                (Some(parent.number), variant_of(&parent.fields, &self.patch))
            }
        };
        let fields = fields.checked().map_err(first)?;
        if let Some(no) = parts_error(fields.bundle, self.patch.parts.as_deref()) {
            return Err(no.into());
        }
        if fields.bundle && self.patch.parts.is_none() {
            return Err(Refusal::invalid("invalid_field", "A bundle has at least one part.").at("/parts").into());
        }
        let parts = resolve_parts(tx, self.scope, self.patch.parts.as_deref().unwrap_or_default(), None).await??;
        if queries::sku_owner(tx, merchant, &fields.sku).await?.is_some() {
            return Err(sku_taken(&fields.sku).into());
        }

        // From here it must succeed.
        let id: ProductId = ctx.id();
        let number = merchants::next_number(tx, merchant, "product").await?;
        store::insert_products(tx, merchant, &[store::NewProduct { number, id, parent, fields: &fields }], ctx.now).await?;
        store::replace_parts(tx, merchant, number, &parts).await?;
        ctx.audit(AuditEntry::new(merchant, "product.created", id).after(fields.facts()));
        ctx.announce(Event::new(merchant, "product.created", id, json!({ "product": id, "sku": fields.sku })));
        Ok(id)
    }
}

/// What a variant takes from its parent: everything but SKU and name.
fn variant_of(parent: &ProductFields, patch: &ProductPatch) -> ProductFields {
    let blank = ProductFields { sku: String::new(), name: String::new(), ..parent.clone() };
    blank.with(patch)
}

pub(super) fn sku_taken(sku: &str) -> Refusal {
    Refusal::conflict("sku_taken", format!("Another product has the SKU {sku}.")).at("/sku")
}

/// A command answers with the first of the things that are wrong; the edge has named them all before.
pub(super) fn first(mut wrong: Vec<Refusal>) -> No {
    No::Refusal(wrong.swap_remove(0))
}

/// The numbers of the parts asked for; twice the same part is added up. No bundle within a bundle, and not `own`.
pub(super) async fn resolve_parts(
    reader: &mut Reader<'_>,
    scope: MerchantScope,
    parts: &[PartPatch],
    own: Option<i64>,
) -> Result<Result<Vec<(i64, i64)>, Refusal>, Fault> {
    let mut resolved: Vec<(i64, i64)> = Vec::with_capacity(parts.len());
    for (at, part) in parts.iter().enumerate() {
        let wrong = |why: &str| Refusal::invalid("invalid_part", why).at(format!("/parts/{at}/product"));
        let Some(found) = queries::find_product(reader, scope, &part.product).await? else {
            return Ok(Err(wrong("There is no such product.")));
        };
        if found.fields.bundle || own == Some(found.number) {
            return Ok(Err(wrong("A bundle cannot be part of a bundle.")));
        }
        match resolved.iter_mut().find(|(number, _)| *number == found.number) {
            Some((_, quantity)) => *quantity += part.quantity,
            None => resolved.push((found.number, part.quantity)),
        }
    }
    Ok(Ok(resolved))
}
