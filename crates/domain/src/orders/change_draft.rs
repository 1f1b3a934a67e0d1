//! What a reseller does to a draft before confirming it (ORD-1 … ORD-4). After that nothing can be changed.

use super::create_draft::{MOST_ITEMS, OrderOutcome, WantedItem, available, may_order, too_many_items, within_limits};
use super::queries::ItemRow;
use super::store::{self, DraftFields, NewItem};
use super::{OrderRow, State, queries};
use crate::access::{Need, Right};
use crate::audit::AuditEntry;
use crate::catalog;
use crate::command::{Command, Ctx, No};
use crate::ids::{ChannelId, OrderId, OrderItemId};
use crate::partners::{self, LockedPartnership, spending, terms};
use serde_json::json;
use tradepost_kernel::{Class, Refusal};
use tradepost_store::Tx;

/// One change of a draft.
#[derive(Clone, Debug)]
pub enum DraftChange {
    /// Reference, contact, address: `None` leaves a field, `Some(None)` empties it.
    Fields {
        /// Own invoice or PO number.
        reference: Option<Option<String>>,
        /// Who to ask.
        contact: Option<Option<String>>,
        /// Where it goes.
        delivery_address: Option<Option<String>>,
    },
    /// Adds an item; `merge` adds to the quantity of an item of the same product instead, where there is one.
    AddItem {
        /// What and how many.
        item: WantedItem,
        /// Whether to merge.
        merge: bool,
    },
    /// Changes the quantity of an item.
    SetQuantity {
        /// Which.
        item: OrderItemId,
        /// 1–100,000.
        quantity: i64,
    },
    /// Removes an item.
    RemoveItem {
        /// Which.
        item: OrderItemId,
    },
    /// Cancels the draft; it stays as `canceled`.
    Cancel,
    /// Removes the draft.
    Delete,
}

/// Changes a draft. A placed order refuses with `order_confirmed` (ORD-3).
#[derive(Clone, Debug)]
pub struct ChangeDraft {
    /// Which.
    pub order: OrderId,
    /// The version that the caller saw, where it says so.
    pub if_version: Option<i64>,
    /// How.
    pub change: DraftChange,
}

/// The draft under its partnership's lock.
struct Draft {
    partnership: LockedPartnership,
    order: OrderRow,
    items: Vec<ItemRow>,
}

#[async_trait::async_trait]
impl Command for ChangeDraft {
    const NAME: &'static str = "orders.change_draft";
    const REFUSALS: &'static [&'static str] = &[
        "not_found",
        "partnership_not_active",
        "order_confirmed",
        "order_canceled",
        "awaiting_approval",
        "stale_version",
        "channel_required",
        "setup_incomplete",
        "product_not_available",
        "quantity_out_of_range",
        "too_many_items",
    ];
    type Outcome = OrderOutcome;

    fn need(&self) -> Need {
        Need::Right(Right::OrdersPlace)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<OrderOutcome, No> {
        let draft = self.load(ctx, tx).await?;
        let action = match &self.change {
            DraftChange::Fields { reference, contact, delivery_address } => {
                let order = &draft.order;
                let fields = DraftFields {
                    reference: reference.clone().unwrap_or_else(|| order.reference.clone()),
                    contact: contact.clone().unwrap_or_else(|| order.contact.clone()),
                    delivery_address: delivery_address.clone().unwrap_or_else(|| order.delivery_address.clone()),
                };
                store::update_draft(ctx, tx, draft.partnership.scope.merchant, self.order, &fields).await?;
                "order.draft_changed"
            }
            DraftChange::AddItem { item, merge } => {
                add_item(ctx, tx, &draft, item, *merge).await?;
                "order.item_added"
            }
            DraftChange::SetQuantity { item, quantity } => {
                set_quantity(ctx, tx, &draft, *item, *quantity).await?;
                "order.item_changed"
            }
            DraftChange::RemoveItem { item } => {
                draft.item(*item)?;
                store::delete_item(tx, draft.partnership.scope.merchant, *item).await?;
                store::touch_draft(ctx, tx, draft.partnership.scope.merchant, self.order).await?;
                "order.item_removed"
            }
            DraftChange::Cancel => {
                store::cancel_draft(ctx, tx, draft.partnership.scope.merchant, self.order).await?;
                "order.draft_canceled"
            }
            DraftChange::Delete => {
                store::delete_draft(tx, draft.partnership.scope.merchant, self.order).await?;
                "order.draft_deleted"
            }
        };
        let scope = draft.partnership.scope;
        let after = json!({"reference": draft.order.reference, "version": draft.order.version + 1});
        ctx.audit(AuditEntry::new(scope.merchant, action, self.order).of(scope.partnership).after(after));
        Ok(OrderOutcome { order: self.order })
    }
}

impl ChangeDraft {
    async fn load(&self, ctx: &Ctx, tx: &mut Tx<'_>) -> Result<Draft, No> {
        let scope = ctx.caller().partnership()?;
        let partnership = partners::lock(tx, scope).await?.ok_or_else(Refusal::not_found)?;
        let order = queries::order(tx, scope.of_merchant(), Some(scope.partnership), self.order).await?.ok_or_else(Refusal::not_found)?;
        partnership.may_trade()?;
        still_a_draft(&order)?;
        let ends = matches!(self.change, DraftChange::Cancel | DraftChange::Delete);
        if !ends && !spending::is_owner(ctx.caller()) {
            not_with_an_owner(&order)?;
        }
        as_seen(&order, self.if_version)?;
        let items = queries::items(tx, scope.merchant, &[self.order]).await?;
        Ok(Draft { partnership, order, items })
    }
}

/// Whether an order can still be changed by its reseller.
///
/// # Errors
/// `order_confirmed`, `order_canceled`, with the state.
pub(super) fn still_a_draft(order: &OrderRow) -> Result<(), Refusal> {
    match order.state {
        State::Draft => Ok(()),
        State::Canceled if order.placed.is_none() => Err(Refusal::conflict("order_canceled", "This draft was canceled.").in_state("canceled")),
        state => Err(Refusal::conflict("order_confirmed", "The order was confirmed; it can't be changed afterwards.").in_state(state.name())),
    }
}

/// Whether an order is still the version that its reader decided about, where they say which (`If-Match`).
///
/// # Errors
/// `stale_version`.
pub(super) fn as_seen(order: &OrderRow, seen: Option<i64>) -> Result<(), Refusal> {
    match seen {
        Some(version) if version != order.version => Err(Refusal::new(Class::Stale, "stale_version", "The order was changed meanwhile; read it again.")),
        _ => Ok(()),
    }
}

/// What an owner is asked about stays as it was asked: who wants to change it withdraws it first (PAR-14).
///
/// # Errors
/// `awaiting_approval`.
pub(super) fn not_with_an_owner(order: &OrderRow) -> Result<(), Refusal> {
    if order.waits_for_approval() {
        let detail = "The order waits for the approval of an owner; withdraw it first to change it.";
        return Err(Refusal::conflict("awaiting_approval", detail).in_state(order.state.name()));
    }
    Ok(())
}

impl Draft {
    fn item(&self, id: OrderItemId) -> Result<&ItemRow, Refusal> {
        self.items.iter().find(|item| item.id == id).ok_or_else(Refusal::not_found)
    }

    async fn channel(&self, tx: &mut Tx<'_>) -> Result<ChannelId, No> {
        let scope = self.partnership.scope;
        let terms = terms::effective(tx, scope.merchant, scope.partnership, self.partnership.channel).await?;
        Ok(may_order(&self.partnership, &terms)?.0)
    }
}

async fn add_item(ctx: &Ctx, tx: &mut Tx<'_>, draft: &Draft, wanted: &WantedItem, merge: bool) -> Result<(), No> {
    let channel = draft.channel(tx).await?;
    let merchant = draft.partnership.scope.merchant;
    let product = available(tx, &draft.partnership, channel, &wanted.product, "").await?;
    let same = draft.items.iter().find(|item| merge && item.product == product.number);
    let quantity = same.map_or(0, |same| same.quantity).saturating_add(wanted.quantity);
    within_limits(&product, quantity, "")?;
    if let Some(same) = same {
        store::set_quantity(tx, merchant, same.id, quantity).await?;
    } else {
        if draft.items.len() >= MOST_ITEMS {
            return Err(too_many_items().into());
        }
        let place = draft.items.iter().map(|item| item.place).max().unwrap_or(0) + 1;
        let item = NewItem { id: ctx.id(), place, product: product.number, quantity: wanted.quantity };
        store::insert_items(tx, merchant, draft.order.id, &[item]).await?;
    }
    Ok(store::touch_draft(ctx, tx, merchant, draft.order.id).await?)
}

async fn set_quantity(ctx: &Ctx, tx: &mut Tx<'_>, draft: &Draft, item: OrderItemId, quantity: i64) -> Result<(), No> {
    let merchant = draft.partnership.scope.merchant;
    let item = draft.item(item)?;
    let products = catalog::queries::products_by_number(tx, merchant, &[item.product]).await?;
    if let Some(product) = products.get(&item.product) {
        within_limits(product, quantity, "")?;
    }
    store::set_quantity(tx, merchant, item.id, quantity).await?;
    Ok(store::touch_draft(ctx, tx, merchant, draft.order.id).await?)
}
