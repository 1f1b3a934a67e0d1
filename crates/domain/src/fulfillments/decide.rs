//! Deciding the calls of a set, one after the other over what was loaded: every one sees what those before it took.

use super::fulfill::{Fulfill, FulfillOutcome, MOST, MOST_AT_ONCE, is_large};
use super::load::{Ask, Loaded};
use super::queries::{DeliveredLicense, FulfillmentRow};
use super::{Door, State};
use crate::access::PartnershipScope;
use crate::catalog::SellableProduct;
use crate::command::Ctx;
use crate::ids::FulfillmentId;
use crate::orders::create_draft::within_limits;
use crate::partners::terms::EffectiveTerms;
use tradepost_kernel::{Class, Refusal, sabotage};

/// What a call came to.
pub(super) enum Decided {
    /// An earlier one with the same external order id and contents.
    Found(FulfillmentId),
    /// This one is to be written.
    Sold(Box<Sold>),
}

/// A fulfillment that is to be written.
#[derive(Clone)]
pub(super) struct Sold {
    pub(super) scope: PartnershipScope,
    pub(super) product: SellableProduct,
    pub(super) row: FulfillmentRow,
    pub(super) licenses: Vec<DeliveredLicense>,
}

impl Decided {
    pub(super) fn sold(&self) -> Option<&Sold> {
        if let Self::Sold(sold) = self { Some(sold) } else { None }
    }

    pub(super) fn into_outcome(self) -> FulfillOutcome {
        match self {
            Self::Found(fulfillment) => FulfillOutcome { fulfillment, found: true, fresh: None },
            Self::Sold(sold) => {
                let Sold { row, licenses, .. } = *sold;
                FulfillOutcome { fulfillment: row.id, found: false, fresh: Some(Box::new((row, licenses))) }
            }
        }
    }
}

/// Decides all calls of a set in order.
pub(super) fn all(set: &[&Fulfill], ctxs: &[Ctx], loaded: &mut Loaded) -> Vec<Result<Decided, Refusal>> {
    let asks = std::mem::take(&mut loaded.asks);
    let each = set.iter().zip(ctxs).zip(asks);
    each.map(|((command, ctx), ask)| decide(command, ctx, ask?, loaded)).collect()
}

/// The last refusals, in their order: purchase limits, stock, balance. What passed is taken from what is loaded.
fn decide(command: &Fulfill, ctx: &Ctx, ask: Ask, loaded: &mut Loaded) -> Result<Decided, Refusal> {
    let key = (ask.scope, command.external_order_id.clone());
    if let Some(earlier) = loaded.earlier.get(&key).filter(|_| !sabotage::is("external_order.forgotten")) {
        // What a dynamic URL does not sell it does not show either.
        if let Some(no) = ask.priced.as_ref().err().filter(|no| no.code == "product_not_available") {
            return Err(no.clone());
        }
        return earlier.answer(command).map(Decided::Found);
    }
    let (product, quote, currency) = ask.priced?;
    let terms = loaded.terms.get(&ask.scope).ok_or_else(Refusal::not_found)?;
    let purchased = loaded.purchased.get(&ask.scope).copied().unwrap_or_default();
    purchased.allows(terms, command.quantity)?;
    let on_hand = loaded.on_hand.entry((ask.scope.merchant, product.number)).or_default();
    let large = is_large(command.quantity);
    let at_hand = i64::try_from(on_hand.keys.len()).unwrap_or(i64::MAX);
    if on_hand.available < command.quantity || (!large && at_hand < command.quantity) {
        return Err(Refusal::conflict("out_of_stock", format!("There are not enough keys of {} in stock.", product.sku)));
    }
    let balance = loaded.balances.entry(ask.scope).or_default();
    if *balance < quote.line_minor {
        let (needed, has) = (currency.minor(quote.line_minor), currency.minor(*balance));
        let detail = format!("The fulfillment costs {needed} and the prepaid balance is {has}.");
        return Err(Refusal::new(Class::PaymentRequired, "insufficient_balance", detail));
    }
    // From here it must succeed.
    // The bug: a call does not see what the one before it in the set took.
    if !sabotage::is("prepaid.stale") {
        *balance -= quote.line_minor;
    }
    on_hand.available -= command.quantity;
    let at_once = if large { 0 } else { usize::try_from(command.quantity).unwrap_or(0) };
    let keys = on_hand.keys.drain(..at_once);
    let licenses: Vec<DeliveredLicense> =
        keys.map(|claimed| DeliveredLicense { license: ctx.id(), key: claimed.key, sealed: claimed.sealed, revoked: false }).collect();
    let row = FulfillmentRow {
        id: ctx.id(),
        partnership: ask.scope.partnership,
        external_order_id: command.external_order_id.clone(),
        door: command.door,
        state: if large { State::Processing } else { State::Delivered },
        product: product.number,
        product_id: product.id,
        quantity: command.quantity,
        currency,
        unit_minor: quote.unit_minor,
        total_minor: quote.line_minor,
        explanation: serde_json::to_string(&quote.explanation).unwrap_or_default(),
        balance_after_minor: *balance,
        ready: if large { 0 } else { command.quantity },
        refunded_quantity: 0,
        refunded_minor: 0,
        customer_email: command.customer_email.as_str().to_owned(),
        customer_name: command.customer_name.clone(),
        metadata: command.metadata.clone(),
        mailed: terms.email_codes_to_end_users,
        day: ask.day,
        created: ctx.now,
        delivered: (!large).then_some(ctx.now),
    };
    let purchased = loaded.purchased.entry(ask.scope).or_default();
    purchased.day += command.quantity;
    purchased.month += command.quantity;
    Ok(Decided::Sold(Box::new(Sold { scope: ask.scope, product, row, licenses })))
}

/// Whether the quantity is within what product and partnership allow (PAR-11, CAT-7).
pub(super) fn quantity_allowed(product: &SellableProduct, terms: &EffectiveTerms, command: &Fulfill) -> Result<(), Refusal> {
    let quantity = command.quantity;
    if quantity < 1 {
        return Err(Refusal::invalid("invalid_quantity", "The quantity must be at least 1.").at("/quantity"));
    }
    within_limits(product, quantity, "")?;
    let (least, most) = terms.quantities(product.id);
    // A dynamic URL answers the codes and nothing else.
    let door = if command.door == Door::DynamicUrl { MOST_AT_ONCE } else { MOST };
    let (least, most) = (least.unwrap_or(1), most.unwrap_or(door).min(door));
    if (least..=most).contains(&quantity) {
        return Ok(());
    }
    let detail = format!("This partnership buys {} in quantities from {least} to {most}.", product.sku);
    Err(Refusal::invalid("quantity_out_of_range", detail).at("/quantity"))
}
