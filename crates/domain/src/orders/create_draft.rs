//! A reseller begins an order (ORD-1, ORD-2).

use super::store::{self, DraftFields, NewItem};
use crate::access::{Need, Right};
use crate::audit::AuditEntry;
use crate::catalog::{self, SellableProduct};
use crate::command::{Command, Ctx, No};
use crate::ids::{ChannelId, OrderId};
use crate::partners::terms::{self, EffectiveTerms};
use crate::partners::{self, LockedPartnership};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::{Currency, Refusal};
use tradepost_store::{Reader, Tx};

/// A product and how many of it, as asked for.
#[derive(Clone, Debug)]
pub struct WantedItem {
    /// The product's id or SKU.
    pub product: String,
    /// 1–100,000.
    pub quantity: i64,
}

/// Creates a draft, with its first items where given. Nothing is counted or reserved.
#[derive(Clone, Debug)]
pub struct CreateDraft {
    /// Reference, contact, address.
    pub fields: DraftFields,
    /// In the order in which they are to stand. The same product twice makes two items.
    pub items: Vec<WantedItem>,
}

/// The order that was created.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct OrderOutcome {
    /// Its id.
    pub order: OrderId,
}

/// The most lines that one order has.
pub const MOST_ITEMS: usize = 500;

#[async_trait::async_trait]
impl Command for CreateDraft {
    const NAME: &'static str = "orders.create_draft";
    const REFUSALS: &'static [&'static str] =
        &["not_found", "partnership_not_active", "channel_required", "setup_incomplete", "product_not_available", "quantity_out_of_range", "too_many_items"];
    type Outcome = OrderOutcome;

    fn need(&self) -> Need {
        Need::Right(Right::OrdersPlace)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<OrderOutcome, No> {
        let scope = ctx.caller().partnership()?;
        let partnership = partners::lock(tx, scope).await?.ok_or_else(Refusal::not_found)?;
        let terms = terms::effective(tx, scope.merchant, scope.partnership, partnership.channel).await?;
        let (channel, currency) = may_order(&partnership, &terms)?;
        if self.items.len() > MOST_ITEMS {
            return Err(too_many_items().into());
        }
        let mut items = Vec::with_capacity(self.items.len());
        for (at, wanted) in self.items.iter().enumerate() {
            let product = orderable(tx, &partnership, channel, wanted, &format!("/items/{at}")).await?;
            items.push(NewItem { id: ctx.id(), place: i64::try_from(at).unwrap_or(0) + 1, product: product.number, quantity: wanted.quantity });
        }
        // From here it must succeed.
        let order = store::insert_draft(ctx, tx, scope.merchant, scope.partnership, currency, &self.fields).await?;
        store::insert_items(tx, scope.merchant, order, &items).await?;
        let after = json!({"reference": self.fields.reference, "items": items.len()});
        ctx.audit(AuditEntry::new(scope.merchant, "order.drafted", order).of(scope.partnership).after(after));
        Ok(OrderOutcome { order })
    }
}

/// Whether a partnership can order at all: active, in a channel, with a currency (PAR-1, PAR-2).
///
/// # Errors
/// `partnership_not_active`, `channel_required`, `setup_incomplete`.
pub fn may_order(partnership: &LockedPartnership, terms: &EffectiveTerms) -> Result<(ChannelId, Currency), Refusal> {
    partnership.may_trade()?;
    let channel = partnership.channel.ok_or_else(|| Refusal::conflict("channel_required", "The merchant has not put this partnership into a channel yet."))?;
    let currency = terms.currency.ok_or_else(|| Refusal::conflict("setup_incomplete", "The merchant has not set the currency of this partnership yet."))?;
    Ok((channel, currency))
}

/// A product that the partnership may order in this quantity.
///
/// # Errors
/// `product_not_available`, `quantity_out_of_range`, at `pointer`.
pub async fn orderable(
    reader: &mut Reader<'_>,
    partnership: &LockedPartnership,
    channel: ChannelId,
    wanted: &WantedItem,
    pointer: &str,
) -> Result<SellableProduct, No> {
    let product = available(reader, partnership, channel, &wanted.product, pointer).await?;
    within_limits(&product, wanted.quantity, pointer)?;
    Ok(product)
}

/// A product that the partnership may order, by id or SKU, whatever the quantity.
///
/// # Errors
/// `product_not_available`, at `pointer`.
pub(super) async fn available(
    reader: &mut Reader<'_>,
    partnership: &LockedPartnership,
    channel: ChannelId,
    product: &str,
    pointer: &str,
) -> Result<SellableProduct, No> {
    let found = catalog::queries::find_available(reader, partnership.scope, Some(channel), product).await?;
    Ok(found.ok_or_else(|| catalog::product_not_available().at(format!("{pointer}/product")))?)
}

/// Whether a quantity is one that the product is sold in.
///
/// # Errors
/// `quantity_out_of_range`, at `pointer`.
pub fn within_limits(product: &SellableProduct, quantity: i64, pointer: &str) -> Result<(), Refusal> {
    let least = product.min_quantity.unwrap_or(1);
    let most = product.max_quantity.unwrap_or(100_000);
    if (least..=most).contains(&quantity) {
        return Ok(());
    }
    let detail = format!("{} is sold in quantities from {least} to {most}.", product.sku);
    Err(Refusal::invalid("quantity_out_of_range", detail).at(format!("{pointer}/quantity")))
}

/// Whether a quantity is one that this partnership's terms let it buy (PAR-11, CAT-7).
///
/// # Errors
/// `quantity_out_of_range`, at `pointer`.
pub(super) fn within_terms(product: &SellableProduct, terms: &EffectiveTerms, quantity: i64, pointer: &str) -> Result<(), Refusal> {
    let (least, most) = terms.quantities(product.id);
    let (least, most) = (least.unwrap_or(1), most.unwrap_or(100_000));
    if (least..=most).contains(&quantity) {
        return Ok(());
    }
    let detail = format!("This partnership buys {} in quantities from {least} to {most}.", product.sku);
    Err(Refusal::invalid("quantity_out_of_range", detail).at(format!("{pointer}/quantity")))
}

pub(super) fn too_many_items() -> Refusal {
    Refusal::invalid("too_many_items", format!("An order has at most {MOST_ITEMS} items.")).at("/items")
}
