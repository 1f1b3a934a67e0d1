//! Writing what was decided: one statement for each table and merchant, whatever the number of orders.

use super::decide::Decision;
use super::load::Loaded;
use super::papers::{self, Paper};
use crate::billing::store::{NewInvoice, NewPayment, SERIES};
use crate::billing::{self, PaymentMethod};
use crate::command::Ctx;
use crate::ledger::{self, AccountKind, NewTransfer, Posting};
use crate::orders::queries::ItemRow;
use crate::orders::record_payment::{note_payment, transfer_of};
use crate::orders::settle::settle;
use crate::orders::store::{self, Placed};
use crate::partners::{self, purchases};
use crate::sales::{self, Sales, SalesDay};
use crate::{licenses, merchants, stock};
use std::collections::{BTreeMap, BTreeSet};
use tradepost_kernel::Refusal;
use tradepost_store::{Fault, Tx};

/// An order and what it is written with.
struct Writing<'a> {
    decision: &'a Decision,
    /// Its place in the set.
    at: usize,
    number: String,
    invoice: NewInvoice,
    /// What the account balance pays of it.
    payment: Option<NewPayment>,
}

/// Writes what was decided. The numbers come last of what others wait for.
pub(super) async fn all(decided: &[Result<Decision, Refusal>], loaded: &Loaded, ctxs: &mut [Ctx], tx: &mut Tx<'_>) -> Result<(), Fault> {
    let mut merchants: BTreeMap<i64, Vec<(usize, &Decision)>> = BTreeMap::new();
    for (at, decision) in decided.iter().enumerate().filter_map(|(at, decided)| Some((at, decided.as_ref().ok()?))) {
        merchants.entry(decision.scope.merchant).or_default().push((at, decision));
    }
    let Some(ctx) = ctxs.first() else { return Ok(()) };
    if merchants.is_empty() {
        return Ok(());
    }
    for (merchant, decisions) in &merchants {
        let taken: Vec<_> = decisions.iter().flat_map(|(_, decision)| decision.goods.taken.iter().copied()).collect();
        stock::take_all(&mut *tx, *merchant, &taken, &loaded.shelves).await?;
        let made: Vec<_> = decisions.iter().flat_map(|(_, decision)| decision.goods.licenses.iter().cloned()).collect();
        licenses::store::insert(ctx, &mut *tx, *merchant, &made).await?;
    }
    let decisions: Vec<&Decision> = decided.iter().flatten().collect();
    write_partnerships(ctx, &decisions, loaded, &mut *tx).await?;
    for (merchant, decisions) in &merchants {
        ledger::post(ctx, &mut *tx, *merchant, &decisions.iter().flat_map(|(_, decision)| transfers(decision)).collect::<Vec<_>>()).await?;
        store::price_items(&mut *tx, *merchant, &priced_items(decisions)?).await?;
    }
    let written = number(ctx, &merchants, loaded, &mut *tx).await?;
    for (merchant, writings) in &written {
        write_orders(ctx, &mut *tx, *merchant, writings).await?;
    }
    let mut in_order: Vec<&Writing<'_>> = written.values().flatten().collect();
    in_order.sort_by_key(|writing| writing.at);
    for writing in in_order {
        if let Some(ctx) = ctxs.get_mut(writing.at) {
            follow(ctx, &mut *tx, writing).await?;
        }
    }
    Ok(())
}

/// The partnerships' running numbers, statuses and flags, what they bought (PRG-9), and what was sold on the day.
async fn write_partnerships(ctx: &Ctx, decisions: &[&Decision], loaded: &Loaded, tx: &mut Tx<'_>) -> Result<(), Fault> {
    let mut bought: BTreeMap<_, i64> = BTreeMap::new();
    let mut sold: BTreeMap<SalesDay, Sales> = BTreeMap::new();
    let mut scopes = BTreeSet::new();
    for decision in decisions {
        let (merchant, partnership) = (decision.scope.merchant, decision.scope.partnership);
        *bought.entry((merchant, partnership, decision.day.to_string())).or_default() += decision.units;
        let sales = Sales { orders: 1, units: decision.units, amount_minor: decision.total_minor };
        sold.entry(SalesDay::new(decision.scope, decision.day, decision.currency)).or_default().add(sales)?;
        scopes.insert((merchant, partnership));
    }
    let moved = scopes.into_iter().filter_map(|(merchant, partnership)| {
        let scope = crate::PartnershipScope { merchant, partnership };
        Some((loaded.partnerships.get(&scope)?, &loaded.standings.get(&scope)?.partnership))
    });
    partners::write_placed(&mut *tx, &moved.collect::<Vec<_>>(), ctx.now).await?;
    purchases::count(&mut *tx, &bought).await?;
    sales::store::count(tx, &sold).await
}

/// The debt arises with the order, held or not; the account balance pays what it can.
fn transfers(decision: &Decision) -> Vec<NewTransfer> {
    let total = decision.total_minor;
    let debt = NewTransfer {
        kind: "order_placed",
        reference: decision.order.id.bytes(),
        partnership: decision.scope.partnership,
        currency: decision.currency,
        postings: vec![Posting { kind: AccountKind::Receivable, amount_minor: total }, Posting { kind: AccountKind::Sales, amount_minor: -total }],
        reverses: None,
    };
    std::iter::once(debt).chain(decision.payment().as_ref().map(transfer_of)).collect()
}

fn priced_items(decisions: &[(usize, &Decision)]) -> Result<Vec<ItemRow>, Fault> {
    let lines = decisions.iter().flat_map(|(_, decision)| &decision.lines);
    let priced = lines.map(|line| {
        let explanation = serde_json::to_string(&line.quote.explanation).map_err(|error| Fault::invariant(format!("an explanation as JSON: {error}")))?;
        Ok(ItemRow { unit_minor: line.quote.unit_minor, line_minor: line.quote.line_minor, explanation: Some(explanation), ..line.item.clone() })
    });
    priced.collect()
}

impl Decision {
    /// What was paid beyond earlier invoices is applied to this one (PAY-3).
    fn payment(&self) -> Option<NewPayment> {
        self.payment.map(|id| NewPayment {
            id,
            partnership: self.scope.partnership,
            invoice: self.invoice,
            method: PaymentMethod::AccountBalance,
            currency: self.currency,
            amount_minor: self.from_balance,
            parts: vec![(self.order.id, self.from_balance)],
            prepaid_minor: 0,
            received_on: self.day,
            reference: None,
        })
    }
}

/// Gives all orders and invoices their numbers, in the order of the set and without gaps.
async fn number<'a>(
    ctx: &Ctx,
    merchants: &BTreeMap<i64, Vec<(usize, &'a Decision)>>,
    loaded: &Loaded,
    tx: &mut Tx<'_>,
) -> Result<BTreeMap<i64, Vec<Writing<'a>>>, Fault> {
    let counters = |decision: &Decision| {
        let merchant = decision.scope.merchant;
        ((merchant, format!("order:{}", decision.day.year())), (merchant, format!("invoice:{SERIES}")))
    };
    let mut wanted: BTreeMap<(i64, String), i64> = BTreeMap::new();
    for (_, decision) in merchants.values().flatten() {
        let (orders, invoices) = counters(decision);
        *wanted.entry(orders).or_default() += 1;
        *wanted.entry(invoices).or_default() += 1;
    }
    let mut next = merchants::next_numbers_of_all(tx, &wanted).await?;
    let mut take = |counter: &(i64, String)| {
        let number = next.get_mut(counter).ok_or_else(|| Fault::invariant("a counter that was just moved"))?;
        *number += 1;
        Ok::<i64, Fault>(*number - 1)
    };
    let mut written = BTreeMap::new();
    for (merchant, decisions) in merchants {
        let mut writings = Vec::with_capacity(decisions.len());
        for (at, decision) in decisions {
            let (orders, invoices) = counters(decision);
            let (number, sequence) = (take(&orders)?, take(&invoices)?);
            let number = format!("{}-{number:06}", decision.day.year());
            let merchant = loaded.houses.get(merchant).ok_or_else(|| Fault::invariant("a partnership without its merchant"))?;
            let buyer = loaded.buyers.get(&decision.scope).ok_or_else(|| Fault::invariant("a partnership without its reseller"))?;
            let document = papers::document(ctx, decision, Paper { merchant, buyer }, &number, format!("{SERIES}-{sequence:06}"));
            let (partnership, order) = (decision.scope.partnership, decision.order.id);
            let invoice = NewInvoice { id: decision.invoice, partnership, order, sequence, document };
            writings.push(Writing { decision, at: *at, number, invoice, payment: decision.payment() });
        }
        written.insert(*merchant, writings);
    }
    Ok(written)
}

/// Orders, their invoices, and what the account balance pays of them.
async fn write_orders(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, writings: &[Writing<'_>]) -> Result<(), Fault> {
    let placed = writings.iter().map(|writing| Placed {
        order: writing.decision.order.id,
        number: writing.number.clone(),
        place: writing.decision.place,
        state: writing.decision.state,
        currency: writing.decision.currency,
        total_minor: writing.decision.total_minor,
        released: writing.decision.facts.released,
        on_credit: writing.decision.on_credit(),
        day: writing.decision.day,
        placed_by: writing.decision.placed_by,
        reserved_until: writing.decision.reserved_until,
    });
    store::place_all(ctx, &mut *tx, merchant, &placed.collect::<Vec<_>>()).await?;
    let invoices: Vec<NewInvoice> = writings.iter().map(|writing| writing.invoice.clone()).collect();
    billing::store::issue_all(ctx, &mut *tx, merchant, &invoices).await?;
    let payments: Vec<NewPayment> = writings.iter().filter_map(|writing| writing.payment.clone()).collect();
    billing::store::record_payments(ctx, &mut *tx, merchant, &payments).await?;
    let parts: Vec<_> = payments.iter().flat_map(|payment| payment.parts.iter().copied()).collect();
    store::pay(ctx, tx, merchant, &parts).await
}

/// Notes what happened to one order, as if it had been placed alone, and lets go of older ones that follow from it.
async fn follow(ctx: &mut Ctx, tx: &mut Tx<'_>, writing: &Writing<'_>) -> Result<(), Fault> {
    let decision = writing.decision;
    for (product, crossing) in &decision.goods.crossings {
        crossing.announce(ctx, decision.scope.merchant, *product);
    }
    if let Some((was, is)) = decision.activated {
        partners::note_activated(ctx, decision.scope, was, is);
    }
    papers::note_placed(ctx, decision, &writing.number, &writing.invoice);
    if let Some(payment) = &writing.payment {
        note_payment(ctx, decision.scope, payment, decision.from_balance == decision.total_minor);
    }
    if let Some(standing) = &decision.standing {
        standing.release(ctx, &mut *tx, &decision.judged).await?;
    }
    if let Some(due) = decision.judged.flag {
        partners::note_balance_due(ctx, decision.scope, due);
    }
    if let Some(standing) = &decision.standing {
        settle(ctx, tx, standing, &decision.judged.going().into_iter().collect::<Vec<_>>()).await?;
    }
    Ok(())
}
