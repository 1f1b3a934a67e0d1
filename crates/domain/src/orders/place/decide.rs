//! Deciding the orders of a set, one after the other over what was loaded: every one sees what those before it took.

use super::load::{Ask, Loaded, too_much};
use crate::access::PartnershipScope;
use crate::catalog::{Method, SellableProduct};
use crate::command::Ctx;
use crate::credit::{Exposure, OpenOrder};
use crate::ids::{InvoiceId, PaymentId, PersonId, ProductId};
use crate::licenses::state::settled;
use crate::licenses::store::NewLicense;
use crate::licenses::{LicenseFacts, LicenseOrigin, OrderFacts};
use crate::orders::change_draft::still_a_draft;
use crate::orders::lines::{Line, in_stock, within_one_order};
use crate::orders::settle::{key_state, state_of};
use crate::orders::standing::{Judged, Standing};
use crate::orders::{OrderRow, State};
use crate::partners;
use crate::partners::terms::{EffectiveTerms, InvoiceTerms};
use crate::stock::{Crossing, KeyState, Shelves, Taken};
use std::collections::BTreeMap;
use tradepost_kernel::{Currency, Date, Refusal, Timestamp, sabotage};

/// Milliseconds of a day for which an order reserves: always 24 hours.
const DAY_MS: i64 = 24 * 3_600_000;

/// An order that is to be written.
pub(super) struct Decision {
    pub(super) scope: PartnershipScope,
    /// The draft as it was loaded.
    pub(super) order: OrderRow,
    pub(super) invoice: InvoiceId,
    pub(super) currency: Currency,
    /// The day in the merchant's time zone.
    pub(super) day: Date,
    /// The person who confirmed it; `None`: a key did.
    pub(super) placed_by: Option<PersonId>,
    /// What its invoice is issued by.
    pub(super) terms: InvoiceTerms,
    pub(super) total_minor: i64,
    /// Taken from the account balance at once (PAY-3), and the payment that it is.
    pub(super) from_balance: i64,
    pub(super) payment: Option<PaymentId>,
    pub(super) units: i64,
    pub(super) facts: OrderFacts,
    pub(super) lines: Vec<Line>,
    pub(super) goods: Goods,
    /// The state that it shows.
    pub(super) state: State,
    /// The partnership's running number.
    pub(super) place: i64,
    /// How long it keeps what it reserves, where it is held and that ends (STK-7).
    pub(super) reserved_until: Option<Timestamp>,
    /// What the partnership was before it made it active (PAR-5).
    pub(super) activated: Option<(partners::Status, partners::Status)>,
    /// What follows for the partnership's other orders and its flag.
    pub(super) judged: Judged,
    /// How it stood right then, where other orders follow.
    pub(super) standing: Option<Box<Standing>>,
}

/// The licenses of an order and what they take from stock.
#[derive(Default)]
pub(super) struct Goods {
    pub(super) licenses: Vec<NewLicense>,
    pub(super) taken: Vec<(Taken, KeyState)>,
    pub(super) crossings: Vec<(ProductId, Crossing)>,
}

impl Decision {
    /// Whether its goods leave unpaid.
    pub(super) const fn on_credit(&self) -> bool {
        self.facts.released && !self.facts.paid
    }
}

/// Decides all orders of a set in their order.
pub(super) fn all(ctxs: &[Ctx], loaded: &mut Loaded) -> Vec<Result<Decision, Refusal>> {
    let asks = std::mem::take(&mut loaded.asks);
    ctxs.iter().zip(asks).map(|(ctx, ask)| decide(ctx, ask?, loaded)).collect()
}

/// The last refusals, in their order: twins, what fits, what the user may order, purchase limits, stock. What passed is taken from what is loaded.
fn decide(ctx: &Ctx, ask: Ask, loaded: &mut Loaded) -> Result<Decision, Refusal> {
    let (scope, total_minor, units) = (ask.scope, ask.total_minor, ask.units());
    let order = loaded.orders.get_mut(&(scope.merchant, ask.order)).ok_or_else(Refusal::not_found)?;
    still_a_draft(order)?;
    let standing = loaded.standings.get_mut(&scope).ok_or_else(Refusal::not_found)?;
    standing.exposure.used().checked_add(total_minor).ok_or_else(too_much)?;
    within_one_order(&ask.lines)?;
    let mut spending = match ask.bound {
        Some(person) => loaded.spending.get_mut(&(scope, person)),
        None => None,
    };
    if let Some(spending) = &spending {
        spending.allows(ask.currency.minor(total_minor))?;
    }
    let purchased = loaded.purchased.entry(scope).or_default();
    purchased.allows(&standing.terms, units)?;
    in_stock(scope.merchant, &ask.lines, &loaded.shelves)?;
    // From here it must succeed.
    purchased.day += units;
    purchased.month += units;
    if let Some(spending) = &mut spending {
        spending.spent_minor += total_minor;
    }
    let balance = loaded.balances.entry(scope).or_default();
    let from_balance = (*balance).clamp(0, total_minor);
    *balance -= from_balance;
    let open_minor = total_minor - from_balance;
    let released = seen(&standing.exposure).fits(open_minor);
    if open_minor > 0 {
        standing.exposure.open.push(OpenOrder { order: ask.order, open_minor, held: !released });
    }
    let facts = OrderFacts {
        paid: open_minor == 0,
        released,
        canceled: false,
        has_limit: standing.exposure.limit.is_some(),
        stopped_at_limit: standing.stops_at_limit(),
    };
    let (goods, known) = make(ctx, &ask, &facts, &mut loaded.shelves);
    let reserved_until = reserved_until(ctx, &standing.terms, &facts, &known);
    let draft = order.clone();
    *order = OrderRow { placed: Some(ctx.now), total_minor, paid_minor: from_balance, ..draft.clone() };
    order.state = state_of(order, &known);
    let was = standing.partnership.status;
    let place = standing.partnership.count_order();
    let activated = (was != standing.partnership.status).then_some((was, standing.partnership.status));
    let judged = standing.judge();
    Ok(Decision {
        scope,
        order: draft,
        invoice: ctx.id(),
        currency: ask.currency,
        day: ask.day,
        placed_by: ctx.caller().person(),
        terms: standing.terms.of_invoices(),
        total_minor,
        from_balance,
        payment: (from_balance > 0).then(|| ctx.id()),
        units,
        facts,
        lines: ask.lines,
        goods,
        state: order.state,
        place,
        reserved_until,
        activated,
        standing: (!judged.going().is_empty()).then(|| Box::new(standing.clone())),
        judged,
    })
}

/// How long an order keeps what it reserves: one that is held, and has something to reserve (STK-7).
fn reserved_until(ctx: &Ctx, terms: &EffectiveTerms, facts: &OrderFacts, known: &[LicenseFacts]) -> Option<Timestamp> {
    let reserves = !facts.released && known.iter().any(|license| license.method == Method::KeyPool);
    terms.reservation_days.filter(|_| reserves).map(|days| ctx.now.plus_ms(days * DAY_MS))
}

/// The exposure that is decided over. The bug `credit.no_lock`: what a confirm sees that did not wait for the one before it.
fn seen(exposure: &Exposure) -> std::borrow::Cow<'_, Exposure> {
    if sabotage::is("credit.no_lock") {
        let mut stale = exposure.clone();
        stale.open.pop();
        return std::borrow::Cow::Owned(stale);
    }
    std::borrow::Cow::Borrowed(exposure)
}

/// Makes the licenses and takes their keys; what is known of each license decides about the order's state.
fn make(ctx: &Ctx, ask: &Ask, facts: &OrderFacts, shelves: &mut Shelves) -> (Goods, Vec<LicenseFacts>) {
    let (mut goods, mut known) = (Goods::default(), Vec::new());
    let mut products: BTreeMap<i64, ProductId> = BTreeMap::new();
    for line in &ask.lines {
        for (product, quantity) in &line.units {
            let mut shelf = shelves.get_mut(&(ask.scope.merchant, product.number)).filter(|_| product.method == Method::KeyPool);
            for _ in 0..*quantity {
                let key = shelf.as_mut().and_then(|shelf| shelf.take());
                let license = new_facts(product, key.is_some());
                let (stage, status) = settled(facts, &license);
                known.push(license);
                let id = ctx.id();
                if let Some(key) = key {
                    products.insert(product.number, product.id);
                    goods.taken.push((Taken { key, product: product.number, license: id }, key_state(stage)));
                }
                goods.licenses.push(NewLicense {
                    id,
                    origin: LicenseOrigin::Order { order: ask.order, item: line.item.id },
                    partnership: ask.scope.partnership,
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
    for (number, product) in products {
        let crossing = shelves.get_mut(&(ask.scope.merchant, number)).and_then(crate::stock::Shelf::crossing);
        goods.crossings.extend(crossing.map(|crossing| (product, crossing)));
    }
    (goods, known)
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
        let_go: false,
        distributed: false,
        confirmed: false,
    }
}
