//! The reseller's final Confirm: the order is placed, and after that nothing can be changed (ORD-3).
//!
//! In one transaction: prices are fixed, keys reserved, licenses made, the debt booked, the invoice issued, and
//! the goods released or held as a whole (CRD-3).

use super::change_draft::still_a_draft;
use super::create_draft::may_order;
use super::lines::{Line, claim_keys, price_line};
use super::queries::ItemRow;
use super::settle::{key_state, state_of};
use super::standing::{Standing, note_release};
use super::store::{self, Placed};
use super::{OrderRow, State, queries};
use crate::access::{Caller, Need, PartnershipScope, Right};
use crate::audit::AuditEntry;
use crate::billing::document::{Buyer, InvoiceDocument, InvoiceLine, PaymentInstruction, Seller};
use crate::billing::store::{NewPayment, SERIES};
use crate::billing::{self, PaymentMethod};
use crate::catalog::pricing;
use crate::catalog::{self, SellableProduct};
use crate::command::{Command, Ctx, No, SetOutcomes, one_by_one};
use crate::ids::{InvoiceId, LicenseKeyId, OrderId, PartnershipId};
use crate::ledger::{self, AccountKind, NewTransfer, Posting};
use crate::licenses::state::settled;
use crate::licenses::store::NewLicense;
use crate::licenses::{self, LicenseFacts, LicenseOrigin, OrderFacts};
use crate::merchants::{self, MerchantView};
use crate::outbox::Event;
use crate::partners;
use crate::partners::queries::PartnershipView;
use crate::partners::terms::EffectiveTerms;
use crate::stock::{self, KeyState, Taken};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tradepost_kernel::{Currency, Percent, Refusal};
use tradepost_store::{Fault, Tx};

/// Places a draft (API: `confirm`).
#[derive(Clone, Copy, Debug)]
pub struct PlaceOrder {
    /// Which draft.
    pub order: OrderId,
}

/// What placing brought about.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PlaceOutcome {
    /// The order.
    pub order: OrderId,
    /// Its invoice.
    pub invoice: InvoiceId,
}

/// Everything that was decided about an order, before the first write.
struct Decision {
    currency: Currency,
    total_minor: i64,
    /// Taken from the account balance at once.
    from_balance: i64,
    facts: OrderFacts,
    on_credit: bool,
    lines: Vec<Line>,
    keys: HashMap<i64, std::vec::IntoIter<LicenseKeyId>>,
}

impl Command for PlaceOrder {
    const NAME: &'static str = "orders.place";
    const REFUSALS: &'static [&'static str] = &[
        "not_found",
        "partnership_not_active",
        "order_confirmed",
        "order_canceled",
        "channel_required",
        "setup_incomplete",
        "order_empty",
        "product_not_available",
        "quantity_out_of_range",
        "price_missing",
        "invalid_amount",
        "out_of_stock",
    ];
    type Outcome = PlaceOutcome;

    fn need(&self) -> Need {
        Need::Right(Right::OrdersPlace)
    }

    fn lane(&self, caller: &Caller) -> Option<u64> {
        caller.partnership().ok().map(PartnershipScope::lane)
    }

    async fn run_set(set: &[&Self], ctxs: &mut [Ctx], tx: &mut Tx<'_>) -> Result<SetOutcomes<Self>, Fault> {
        lock_all(set, ctxs, &mut *tx).await?;
        one_by_one(set, ctxs, tx).await
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<PlaceOutcome, No> {
        let scope = ctx.caller().partnership()?;
        let mut standing = Standing::load(tx, scope).await?.ok_or_else(Refusal::not_found)?;
        let order = queries::order(tx, scope.of_merchant(), Some(scope.partnership), self.order).await?.ok_or_else(Refusal::not_found)?;
        let merchant = merchants::queries::merchant(tx, scope.merchant).await?.ok_or_else(|| Fault::invariant("a partnership without its merchant"))?;
        let buyer = partners::queries::partnership(tx, scope.of_merchant(), scope.partnership).await?.ok_or_else(Refusal::not_found)?;
        let mut decision = decide(tx, &standing, &order).await?;
        // From here it must succeed.
        let licenses = write_licenses(ctx, tx, scope, &order, &mut decision).await?;
        let place = partners::note_order_placed(ctx, tx, &standing.partnership).await?;
        post_debt(ctx, tx, scope, &order, &decision).await?;
        let paper = Paper { merchant: &merchant, buyer: &buyer, terms: &standing.terms };
        let state = state_of(&decision.as_placed(ctx, &order), &licenses);
        let invoice = write_order(ctx, tx, &order, &decision, place, state, &paper).await?;
        apply_balance(ctx, tx, scope, &order, invoice, &decision, &merchant).await?;
        standing.rejudge(ctx, tx, &[]).await?;
        Ok(PlaceOutcome { order: order.id, invoice })
    }
}

/// Partnerships by id, then the counters of everything that is ordered: what follows (accounts, numbers) is the
/// merchant's own, and everybody comes to it last.
async fn lock_all(set: &[&PlaceOrder], ctxs: &[Ctx], tx: &mut Tx<'_>) -> Result<(), Fault> {
    let mut merchants: BTreeMap<i64, (BTreeSet<PartnershipId>, Vec<OrderId>)> = BTreeMap::new();
    for (command, ctx) in set.iter().zip(ctxs) {
        let Ok(scope) = ctx.caller().partnership() else { continue };
        let (partnerships, orders) = merchants.entry(scope.merchant).or_default();
        partnerships.insert(scope.partnership);
        orders.push(command.order);
    }
    for (merchant, (partnerships, _)) in &merchants {
        partners::lock_all(tx, *merchant, partnerships).await?;
    }
    for (merchant, (_, orders)) in &merchants {
        let items = queries::items(tx, *merchant, orders).await?;
        let numbers: BTreeSet<i64> = items.iter().map(|item| item.product).collect();
        let products = catalog::queries::products_by_number(tx, *merchant, &numbers.iter().copied().collect::<Vec<_>>()).await?;
        let mut wanted = numbers;
        wanted.extend(products.values().flat_map(|product| &product.parts).map(|part| part.0));
        stock::lock(tx, *merchant, &wanted).await?;
    }
    Ok(())
}

/// Refuses, or says what is to be written. Keys are locked here and not changed.
async fn decide(tx: &mut Tx<'_>, standing: &Standing, order: &OrderRow) -> Result<Decision, No> {
    let scope = standing.scope();
    standing.partnership.may_trade()?;
    still_a_draft(order)?;
    let (channel, currency) = may_order(&standing.partnership, &standing.terms)?;
    let items = queries::items(tx, scope.merchant, &[order.id]).await?;
    if items.is_empty() {
        return Err(Refusal::invalid("order_empty", "An order needs at least one item.").at("/items").into());
    }
    let mut numbers: Vec<i64> = items.iter().map(|item| item.product).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let products = catalog::queries::available(tx, scope, Some(channel), &numbers).await?;
    let books = pricing::books(tx, scope, Some(channel), currency, &numbers).await?;
    let parts: Vec<i64> = products.values().flat_map(|product| product.parts.iter().map(|part| part.0)).collect();
    let parts = catalog::queries::products_by_number(tx, scope.merchant, &parts).await?;
    let mut lines = Vec::with_capacity(items.len());
    for (at, item) in items.into_iter().enumerate() {
        lines.push(price_line(&standing.terms, currency, &products, &parts, &books, item, &format!("/items/{at}"))?);
    }
    let total: i128 = lines.iter().map(|line| i128::from(line.quote.line_minor)).sum();
    let too_much = || Refusal::invalid("invalid_amount", "The total does not fit.");
    let total_minor = i64::try_from(total).ok().filter(|total| *total <= ledger::MOST_MINOR).ok_or_else(too_much)?;
    standing.exposure.used().checked_add(total_minor).ok_or_else(too_much)?;
    let keys = claim_keys(tx, scope.merchant, &lines).await?;
    let balance = -ledger::queries::balance(tx, scope, AccountKind::AccountBalance, currency).await?;
    let from_balance = balance.clamp(0, total_minor);
    let open = total_minor - from_balance;
    let released = standing.exposure.fits(open);
    let mut after = standing.exposure.clone();
    if open > 0 {
        after.open.push(crate::credit::OpenOrder { order: order.id, open_minor: open, held: !released });
    }
    let facts = OrderFacts {
        paid: open == 0,
        released,
        canceled: false,
        has_limit: standing.exposure.limit.is_some(),
        stopped_at_limit: standing.terms.hold_unpaid_at_limit && after.limit_reached(),
    };
    Ok(Decision { currency, total_minor, from_balance, facts, on_credit: released && open > 0, lines, keys })
}

/// Makes the licenses and moves their keys out of stock.
async fn write_licenses(ctx: &mut Ctx, tx: &mut Tx<'_>, scope: PartnershipScope, order: &OrderRow, decision: &mut Decision) -> Result<Vec<LicenseFacts>, No> {
    let mut known = Vec::new();
    let mut made = Vec::new();
    let mut taken: HashMap<KeyState, Vec<Taken>> = HashMap::new();
    for line in &decision.lines {
        for (product, quantity) in &line.units {
            for _ in 0..*quantity {
                let key = decision.keys.get_mut(&product.number).and_then(Iterator::next);
                let facts = new_facts(product, key.is_some());
                let (stage, status) = settled(&decision.facts, &facts);
                known.push(facts);
                let id = ctx.id();
                if let Some(key) = key {
                    taken.entry(key_state(stage)).or_default().push(Taken { key, product: product.number, license: id });
                }
                made.push(NewLicense {
                    id,
                    origin: LicenseOrigin::Order { order: order.id, item: line.item.id },
                    partnership: scope.partnership,
                    product: product.number,
                    method: product.method,
                    end_user_information: product.end_user_information,
                    needs_reseller_information: product.reseller_information,
                    key,
                    stage,
                    status,
                });
            }
        }
    }
    for (to, taken) in taken {
        stock::take(ctx, tx, scope.merchant, &taken, to).await?;
    }
    licenses::store::insert(ctx, tx, scope.merchant, &made).await?;
    Ok(known)
}

/// What is known of a license on the day it is made: nobody is attached to it yet.
fn new_facts(product: &SellableProduct, has_key: bool) -> LicenseFacts {
    LicenseFacts {
        method: product.method,
        end_user_information: product.end_user_information,
        has_customer: false,
        needs_reseller_information: product.reseller_information,
        has_reseller_information: false,
        has_key,
        distributed: false,
        confirmed: false,
    }
}

/// The debt arises with the order, held or not.
async fn post_debt(ctx: &Ctx, tx: &mut Tx<'_>, scope: PartnershipScope, order: &OrderRow, decision: &Decision) -> Result<(), Fault> {
    let total = decision.total_minor;
    let postings = vec![Posting { kind: AccountKind::Receivable, amount_minor: total }, Posting { kind: AccountKind::Sales, amount_minor: -total }];
    let transfer = NewTransfer {
        kind: "order_placed",
        reference: order.id.bytes(),
        partnership: scope.partnership,
        currency: decision.currency,
        postings,
        reverses: None,
    };
    ledger::post(ctx, tx, scope.merchant, &[transfer]).await
}

/// Writes the order as placed and its invoice; the numbers come last, since everybody waits for them.
async fn write_order(
    ctx: &mut Ctx,
    tx: &mut Tx<'_>,
    order: &OrderRow,
    decision: &Decision,
    place: i64,
    state: State,
    paper: &Paper<'_>,
) -> Result<InvoiceId, No> {
    let scope = PartnershipScope { merchant: paper.merchant.number, partnership: order.partnership };
    let mut items = Vec::with_capacity(decision.lines.len());
    for line in &decision.lines {
        let explanation = serde_json::to_string(&line.quote.explanation).map_err(|error| Fault::invariant(format!("an explanation as JSON: {error}")))?;
        items.push(ItemRow { unit_minor: line.quote.unit_minor, line_minor: line.quote.line_minor, explanation: Some(explanation), ..line.item.clone() });
    }
    store::price_items(tx, scope.merchant, &items).await?;
    let today = ctx.now.date_in(&paper.merchant.time_zone);
    let sequence = merchants::next_number(tx, scope.merchant, &format!("order:{}", today.year())).await?;
    let number = format!("{}-{sequence:06}", today.year());
    let invoice_sequence = merchants::next_number(tx, scope.merchant, &format!("invoice:{SERIES}")).await?;
    let document = document(ctx, order, decision, paper, &number, format!("{SERIES}-{invoice_sequence:06}"));
    let placed = Placed {
        number: number.clone(),
        place,
        state,
        currency: decision.currency,
        total_minor: decision.total_minor,
        released: decision.facts.released,
        on_credit: decision.on_credit,
    };
    store::place(ctx, tx, scope.merchant, order.id, &placed).await?;
    let invoice = billing::store::issue(ctx, tx, scope.merchant, order.partnership, order.id, invoice_sequence, &document).await?;
    note_placed(ctx, scope, order, decision, &number, invoice, &document, state);
    Ok(invoice)
}

impl Decision {
    /// The order as it will stand, for the state that it shows.
    fn as_placed(&self, ctx: &Ctx, order: &OrderRow) -> OrderRow {
        OrderRow { placed: Some(ctx.now), total_minor: self.total_minor, paid_minor: self.from_balance, ..order.clone() }
    }
}

/// What the letterhead, the address and the due date come from.
struct Paper<'a> {
    merchant: &'a MerchantView,
    buyer: &'a PartnershipView,
    terms: &'a EffectiveTerms,
}

fn document(ctx: &Ctx, order: &OrderRow, decision: &Decision, paper: &Paper<'_>, order_number: &str, number: String) -> InvoiceDocument {
    let Paper { merchant, buyer, terms } = paper;
    let issued_on = ctx.now.date_in(&merchant.time_zone);
    let lines_of = |text: &Option<String>| text.iter().flat_map(|text| text.lines().map(str::to_owned)).collect::<Vec<_>>();
    let reseller = &buyer.reseller;
    let town = [reseller.postal_code.clone(), reseller.city.clone()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let address = [reseller.street.clone(), Some(town), reseller.region.clone(), Some(reseller.country.clone())];
    let lines = decision.lines.iter().map(|line| InvoiceLine {
        sku: line.product.sku.clone(),
        description: line.product.name.clone(),
        quantity: line.item.quantity,
        unit_minor: line.quote.unit_minor,
        list_unit_minor: line.quote.explanation.steps.first().map_or(line.quote.unit_minor, |step| step.unit),
        margin_percent: (line.margin > Percent::ZERO).then(|| line.margin.to_string()),
        discount: None,
        line_minor: line.quote.line_minor,
        tax_minor: 0,
    });
    InvoiceDocument {
        number,
        issued_on,
        due_on: issued_on.plus_days(terms.invoice_due_days),
        currency: decision.currency,
        seller: Seller { name: merchant.name.clone(), address: lines_of(&merchant.address), vat_id: merchant.vat_id.clone() },
        buyer: Buyer {
            company: reseller.company.clone(),
            address: address.into_iter().flatten().filter(|line| !line.is_empty()).collect(),
            vat_id: reseller.vat_id.clone(),
            code: buyer.code.clone(),
        },
        reference: order.reference.clone(),
        order_number: Some(order_number.to_owned()),
        lines: lines.collect(),
        subtotal_minor: decision.total_minor,
        tax_minor: 0,
        shipping_minor: 0,
        fee_minor: 0,
        other_minor: 0,
        discounts_minor: 0,
        deductions_minor: 0,
        total_minor: decision.total_minor,
        payment_instructions: PaymentInstruction::check_and_wire(merchant.payment_instructions.as_deref()),
    }
}

/// Timeline and events of placing: placed, invoiced, and released or held.
#[allow(clippy::too_many_arguments, reason = "everything that the mail says")]
fn note_placed(
    ctx: &mut Ctx,
    scope: PartnershipScope,
    order: &OrderRow,
    decision: &Decision,
    number: &str,
    invoice: InvoiceId,
    document: &InvoiceDocument,
    state: State,
) {
    let total = decision.currency.minor(decision.total_minor);
    let body = json!({"number": number, "reference": order.reference, "total": total, "invoice": invoice, "due_on": document.due_on, "held": !decision.facts.released});
    ctx.audit(AuditEntry::new(scope.merchant, "order.placed", order.id).of(scope.partnership).after(body.clone()));
    ctx.announce(Event::new(scope.merchant, "order.placed", order.id, body).of(scope.partnership));
    let issued = json!({"number": document.number, "order": order.id, "total": total, "due_on": document.due_on});
    ctx.audit(AuditEntry::new(scope.merchant, "invoice.issued", invoice).of(scope.partnership).after(issued.clone()));
    ctx.announce(Event::new(scope.merchant, "invoice.issued", invoice, issued).of(scope.partnership));
    if decision.facts.released {
        note_release(ctx, scope, order.id, if decision.on_credit { "credit" } else { "paid" });
    } else {
        let because = if decision.facts.has_limit { "credit" } else { "payment" };
        ctx.audit(AuditEntry::new(scope.merchant, "order.held", order.id).of(scope.partnership).after(json!({"waits_for": because})));
        ctx.announce(Event::new(scope.merchant, "order.held", order.id, json!({"waits_for": because})).of(scope.partnership));
    }
    if state == State::Complete {
        ctx.audit(AuditEntry::new(scope.merchant, "order.completed", order.id).of(scope.partnership));
        ctx.announce(Event::new(scope.merchant, "order.completed", order.id, json!({})).of(scope.partnership));
    }
}

/// Applies what was paid beyond earlier invoices to this one (PAY-3).
async fn apply_balance(
    ctx: &mut Ctx,
    tx: &mut Tx<'_>,
    scope: PartnershipScope,
    order: &OrderRow,
    invoice: InvoiceId,
    decision: &Decision,
    merchant: &MerchantView,
) -> Result<(), No> {
    if decision.from_balance == 0 {
        return Ok(());
    }
    let payment = NewPayment {
        id: ctx.id(),
        partnership: scope.partnership,
        invoice,
        method: PaymentMethod::AccountBalance,
        currency: decision.currency,
        amount_minor: decision.from_balance,
        parts: vec![(order.id, decision.from_balance)],
        received_on: ctx.now.date_in(&merchant.time_zone),
        reference: None,
    };
    Ok(super::record_payment::book(ctx, tx, scope, &payment).await?)
}
