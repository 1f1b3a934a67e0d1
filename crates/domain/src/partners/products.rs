//! What one partnership may order beyond or short of its channel's price list (CAT-4), and its own prices (CAT-5).
//! The tables are the catalog's; the commands stand here, since only here the partnership is known.

use super::lock;
use crate::access::{Caller, Need, PartnershipScope, Right};
use crate::audit::AuditEntry;
use crate::catalog::{self, Shelf, Tier};
use crate::command::{Command, Ctx, No};
use crate::ids::ProductId;
use crate::outbox::Event;
use serde_json::json;
use tradepost_kernel::{Currency, Refusal};
use tradepost_store::Tx;

/// Gives a product to a partnership directly, withholds it, or leaves it to the channel's price list.
#[derive(Clone, Debug)]
pub struct ShareProduct {
    /// With whom.
    pub scope: PartnershipScope,
    /// Which product; a variant follows its parent.
    pub product: ProductId,
    /// Given, withheld, or (`None`) as the price list says.
    pub access: Option<bool>,
}

#[async_trait::async_trait]
impl Command for ShareProduct {
    const NAME: &'static str = "partners.share_product";
    const REFUSALS: &'static [&'static str] = &["not_found", "variant_follows_parent"];
    type Outcome = ();

    fn need(&self) -> Need {
        Need::Right(Right::PartnersManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<(), No> {
        lock(tx, self.scope).await?.ok_or_else(Refusal::not_found)?;
        let product = catalog::queries::product(tx, self.scope.of_merchant(), self.product).await?.ok_or_else(Refusal::not_found)?;
        if product.parent.is_some() {
            return Err(catalog::variant_follows_parent().into());
        }
        let was = catalog::queries::access(tx, self.scope, product.number).await?;
        if was == self.access {
            return Ok(());
        }

        // From here it must succeed.
        let (merchant, partnership) = (self.scope.merchant, self.scope.partnership);
        catalog::set_access(tx, merchant, partnership, product.number, self.access).await?;
        let facts = |access: Option<bool>| json!({ "product": self.product, "sku": product.fields.sku, "access": access_name(access) });
        ctx.audit(AuditEntry::new(merchant, "partnership.product_shared", partnership).of(partnership).before(facts(was)).after(facts(self.access)));
        let body = json!({ "partnership": partnership, "product": self.product, "access": access_name(self.access) });
        ctx.announce(Event::new(merchant, "partnership.product_shared", partnership, body).of(partnership));
        Ok(())
    }
}

const fn access_name(access: Option<bool>) -> &'static str {
    match access {
        Some(true) => "given",
        Some(false) => "withheld",
        None => "price_list",
    }
}

/// Sets a partnership's own tiers of a product in a currency, in place of those it had. No tiers take the
/// override away.
#[derive(Clone, Debug)]
pub struct SetPartnershipPrices {
    /// Whose.
    pub scope: PartnershipScope,
    /// Which product.
    pub product: ProductId,
    /// What the tiers are in.
    pub currency: Currency,
    /// In order of quantity.
    pub tiers: Vec<Tier>,
}

#[async_trait::async_trait]
impl Command for SetPartnershipPrices {
    const NAME: &'static str = "partners.set_prices";
    const REFUSALS: &'static [&'static str] = &["not_found", "invalid_field", "quantity_out_of_range", "invalid_amount"];
    type Outcome = ();

    fn need(&self) -> Need {
        Need::Right(Right::PartnersManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<(), No> {
        lock(tx, self.scope).await?.ok_or_else(Refusal::not_found)?;
        let shelf = Shelf::Partnership(self.scope.partnership);
        catalog::replace_prices(ctx, tx, self.scope.of_merchant(), self.product, shelf, self.currency, &self.tiers).await
    }
}
