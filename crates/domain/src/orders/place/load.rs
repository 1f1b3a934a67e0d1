//! What a set of orders is decided over: loaded once for all of them, in the one order of locks.

use super::PlaceOrder;
use crate::access::PartnershipScope;
use crate::catalog::pricing::{self, Priced};
use crate::catalog::{self, SellableProduct};
use crate::command::{Ctx, latest};
use crate::credit::Exposure;
use crate::ids::{ChannelId, OrderId, PartnershipId, PersonId};
use crate::ledger::{self, AccountKind};
use crate::licenses;
use crate::merchants::{self, MerchantView};
use crate::orders::change_draft::{as_seen, still_a_draft};
use crate::orders::create_draft::may_order;
use crate::orders::lines::{Line, MOST_LICENSES_AT_ONCE, Prices, keys_needed, licenses_of, price_line, within_one_order};
use crate::orders::queries::ItemRow;
use crate::orders::standing::Standing;
use crate::orders::{OrderRow, queries};
use crate::partners::purchases::{self, Purchased};
use crate::partners::queries::PartnershipView;
use crate::partners::spending::{self, Spending};
use crate::partners::{self, LockedPartnership, terms};
use crate::stock::{self, Shelves};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use tradepost_kernel::{Currency, Date, Refusal};
use tradepost_store::{Fault, Reader, Tx};

/// Everything that the orders of a set share; taking from it is how they see each other.
#[derive(Default)]
pub(super) struct Loaded {
    /// For each order who places what, or why not.
    pub(super) asks: Vec<Result<Ask, Refusal>>,
    /// The partnerships as they were locked.
    pub(super) partnerships: HashMap<PartnershipScope, LockedPartnership>,
    /// And as they stand by what was decided so far.
    pub(super) standings: HashMap<PartnershipScope, Standing>,
    pub(super) orders: HashMap<(i64, OrderId), OrderRow>,
    pub(super) houses: HashMap<i64, MerchantView>,
    pub(super) buyers: HashMap<PartnershipScope, PartnershipView>,
    pub(super) purchased: HashMap<PartnershipScope, Purchased>,
    /// What binds users who are no owners (PAR-14); who is bound by nothing is missing.
    pub(super) spending: HashMap<(PartnershipScope, PersonId), Spending>,
    /// What was paid beyond earlier invoices, minor units.
    pub(super) balances: HashMap<PartnershipScope, i64>,
    pub(super) shelves: Shelves,
}

/// A draft of a partnership that may order, priced.
pub(super) struct Ask {
    pub(super) scope: PartnershipScope,
    pub(super) order: OrderId,
    pub(super) currency: Currency,
    /// The day in the merchant's time zone.
    pub(super) day: Date,
    /// Who places it, where limits of their own may bind them (PAR-14).
    pub(super) bound: Option<PersonId>,
    pub(super) lines: Vec<Line>,
    pub(super) total_minor: i64,
}

impl Ask {
    /// What counts against purchase limits: the units of the lines, a bundle as one (PRG-9).
    pub(super) fn units(&self) -> i64 {
        self.lines.iter().map(|line| line.item.quantity).sum()
    }
}

/// A draft on its way through the first checks.
struct Going {
    scope: PartnershipScope,
    order: OrderId,
    channel: ChannelId,
    currency: Currency,
    day: Date,
    bound: Option<PersonId>,
    items: Vec<ItemRow>,
}

impl Going {
    fn priced(&self, product: i64) -> Priced {
        Priced { scope: self.scope, channel: self.channel, currency: self.currency, product }
    }
}

impl Loaded {
    /// Loads for all, in the order of locks: partnerships, which guard their balances too; then stock counters and keys. `None`: together they make more licenses than are held at once. Everything that they
    /// need is locked then, and each is to be loaded alone.
    pub(super) async fn load(set: &[&PlaceOrder], ctxs: &[Ctx], tx: &mut Tx<'_>) -> Result<Option<Self>, Fault> {
        let mut loaded = Self::default();
        loaded.lock_partnerships(ctxs, &mut *tx).await?;
        let going = loaded.admit(set, ctxs, &mut *tx).await?;
        loaded.asks = loaded.price(going, &mut *tx).await?;
        loaded.bind(&mut *tx).await?;
        let mut wanted = loaded.keys_wanted(&mut *tx).await?;
        let licenses: i64 = loaded.asks.iter().flatten().map(|ask| licenses_of(&ask.lines)).sum();
        let too_many = licenses > MOST_LICENSES_AT_ONCE && set.len() > 1;
        if too_many {
            wanted.values_mut().for_each(|want| *want = 0);
        }
        let owners: BTreeSet<_> = loaded.asks.iter().flatten().map(|ask| (ask.scope.merchant, ask.scope.partnership, ask.currency)).collect();
        let balances = ledger::queries::balances(&mut *tx, AccountKind::AccountBalance, &owners).await?;
        // What was paid too much is owed to the reseller: a credit balance.
        loaded.balances = balances.into_iter().map(|(scope, minor)| (scope, -minor)).collect();
        // Last: from here on every other sale of these products waits.
        // The latest: what expires before one of them is decided is sold by none.
        loaded.shelves = stock::shelves(&mut *tx, &wanted, latest(ctxs)).await?;
        // Keys that older backorders wait for are not there for anybody else, also while nobody handed them out yet (STK-7).
        let free = queries::free_keys(&mut *tx, &wanted).await?;
        for (product, shelf) in &mut loaded.shelves {
            shelf.leave_beyond(free.get(product).copied().unwrap_or(0));
        }
        if too_many {
            return Ok(None);
        }
        Ok(Some(loaded))
    }

    async fn lock_partnerships(&mut self, ctxs: &[Ctx], tx: &mut Tx<'_>) -> Result<(), Fault> {
        let scopes: BTreeSet<_> = ctxs.iter().filter_map(|ctx| ctx.caller().partnership().ok()).map(|scope| (scope.merchant, scope.partnership)).collect();
        self.partnerships = partners::lock_set(&mut *tx, &scopes).await?;
        let channels: Vec<_> = self.partnerships.values().map(|locked| (locked.scope, locked.channel)).collect();
        let locked: Vec<PartnershipScope> = self.partnerships.keys().copied().collect();
        let terms = async |reader: &mut Reader<'_>| terms::effective_all(reader, &channels).await;
        let (mut terms, mut open) = tx.both(terms, async |reader| queries::open_of_all(reader, &locked).await).await?;
        for (scope, partnership) in &self.partnerships {
            let Some(terms) = terms.remove(scope) else { continue };
            let exposure = Exposure { limit: terms.credit_limit, open: open.remove(scope).unwrap_or_default() };
            self.standings.insert(*scope, Standing { partnership: partnership.clone(), terms, exposure });
        }
        Ok(())
    }

    /// Drafts of partnerships that may order, with their items.
    async fn admit(&mut self, set: &[&PlaceOrder], ctxs: &[Ctx], tx: &mut Tx<'_>) -> Result<Vec<Result<Going, Refusal>>, Fault> {
        let mut merchants: BTreeMap<i64, (BTreeSet<PartnershipId>, Vec<OrderId>)> = BTreeMap::new();
        for (command, ctx) in set.iter().zip(ctxs) {
            let Ok(scope) = ctx.caller().partnership() else { continue };
            let (partnerships, orders) = merchants.entry(scope.merchant).or_default();
            partnerships.insert(scope.partnership);
            orders.push(command.order);
        }
        let mut items: HashMap<OrderId, Vec<ItemRow>> = HashMap::new();
        for (merchant, (partnerships, mut orders)) in merchants {
            orders.sort_unstable();
            orders.dedup();
            self.houses.extend(merchants::queries::merchant(&mut *tx, merchant).await?.map(|house| (merchant, house)));
            let partnerships: Vec<PartnershipId> = partnerships.into_iter().collect();
            let buyers = partners::queries::partnerships_by_id(&mut *tx, crate::MerchantScope { merchant }, &partnerships).await?;
            self.buyers.extend(buyers.into_iter().map(|buyer| (buyer.scope(), buyer)));
            let found = queries::by_ids(&mut *tx, merchant, &orders).await?;
            self.orders.extend(found.into_iter().map(|order| ((merchant, order.id), order)));
            for item in queries::items(&mut *tx, merchant, &orders).await? {
                items.entry(item.order).or_default().push(item);
            }
        }
        let admit = |(command, ctx): (&&PlaceOrder, &Ctx)| -> Result<Going, Refusal> {
            let scope = ctx.caller().partnership()?;
            let standing = self.standings.get(&scope).ok_or_else(Refusal::not_found)?;
            let order = self.orders.get(&(scope.merchant, command.order)).filter(|order| order.partnership == scope.partnership);
            let order = order.ok_or_else(Refusal::not_found)?;
            let house = self.houses.get(&scope.merchant).filter(|_| self.buyers.contains_key(&scope)).ok_or_else(Refusal::not_found)?;
            standing.partnership.may_trade()?;
            still_a_draft(order)?;
            as_seen(order, command.if_version)?;
            let (channel, currency) = may_order(&standing.partnership, &standing.terms)?;
            let items = items.get(&order.id).cloned().unwrap_or_default();
            Ok(Going { scope, order: order.id, channel, currency, day: ctx.now.date_in(&house.time_zone), bound: spending::bound(ctx.caller()), items })
        };
        Ok(set.iter().zip(ctxs).map(admit).collect())
    }

    /// Products, quantities and prices.
    async fn price(&mut self, going: Vec<Result<Going, Refusal>>, tx: &mut Tx<'_>) -> Result<Vec<Result<Ask, Refusal>>, Fault> {
        let wanted: HashSet<Priced> = going.iter().flatten().flat_map(|going| going.items.iter().map(move |item| going.priced(item.product))).collect();
        let wanted: Vec<Priced> = wanted.into_iter().collect();
        let products = async |reader: &mut Reader<'_>| catalog::queries::available_by_number(reader, &wanted).await;
        let (products, books) = tx.both(products, async |reader| pricing::books_all(reader, &wanted).await).await?;
        let mut numbers: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
        for (asked, product) in products.iter().filter(|(_, product)| product.bundle) {
            numbers.entry(asked.scope.merchant).or_default().extend(product.parts.iter().map(|part| part.0));
        }
        let mut parts: HashMap<i64, HashMap<i64, SellableProduct>> = HashMap::new();
        for (merchant, numbers) in numbers {
            let numbers: Vec<i64> = numbers.into_iter().collect();
            parts.insert(merchant, catalog::queries::products_by_number(&mut *tx, merchant, &numbers).await?);
        }
        let has_limit = |standing: &Standing| standing.terms.purchase_limit_day.or(standing.terms.purchase_limit_month).is_some();
        let limited = going.iter().flatten().filter(|going| self.standings.get(&going.scope).is_some_and(has_limit));
        let days: HashSet<(PartnershipScope, Date)> = limited.map(|going| (going.scope, going.day)).collect();
        self.purchased = purchases::purchased(&mut *tx, &days.into_iter().collect::<Vec<_>>()).await?;
        let priced = |going: Going| -> Result<Ask, Refusal> {
            let standing = self.standings.get(&going.scope).ok_or_else(Refusal::not_found)?;
            let prices = Prices { terms: &standing.terms, currency: going.currency, parts: parts.get(&going.scope.merchant) };
            if going.items.is_empty() {
                return Err(Refusal::invalid("order_empty", "An order needs at least one item.").at("/items"));
            }
            let mut lines = Vec::with_capacity(going.items.len());
            for (at, item) in going.items.iter().enumerate() {
                let asked = going.priced(item.product);
                lines.push(price_line(&prices, products.get(&asked), books.get(&asked), item.clone(), &format!("/items/{at}"))?);
            }
            let total: i128 = lines.iter().map(|line| i128::from(line.quote.line_minor)).sum();
            let total_minor = i64::try_from(total).ok().filter(|total| *total <= ledger::MOST_MINOR).ok_or_else(too_much)?;
            Ok(Ask { scope: going.scope, order: going.order, currency: going.currency, day: going.day, bound: going.bound, lines, total_minor })
        };
        Ok(going.into_iter().map(|going| going.and_then(priced)).collect())
    }

    /// What users who are no owners may order, and did this month (PAR-14). Nothing is asked where only owners and keys order.
    async fn bind(&mut self, tx: &mut Tx<'_>) -> Result<(), Fault> {
        let bound: BTreeMap<(i64, PartnershipId, PersonId), (Date, Currency)> =
            self.asks.iter().flatten().filter_map(|ask| Some(((ask.scope.merchant, ask.scope.partnership, ask.bound?), (ask.day, ask.currency)))).collect();
        let users = bound.keys().map(|(merchant, partnership, person)| (PartnershipScope { merchant: *merchant, partnership: *partnership }, *person));
        self.spending = spending::of_users(&mut *tx, &users.collect::<Vec<_>>()).await?;
        let limited = self.spending.iter().filter(|(_, spending)| spending.limit.is_some()).filter_map(|((scope, person), _)| {
            let (day, currency) = bound.get(&(scope.merchant, scope.partnership, *person))?;
            Some(queries::Spender { scope: *scope, person: *person, day: *day, currency: *currency })
        });
        let spenders: Vec<_> = limited.collect();
        for (user, minor) in queries::spent(&mut *tx, &spenders).await? {
            self.spending.entry(user).or_default().spent_minor = minor;
        }
        Ok(())
    }

    /// How many keys all orders together may take, by merchant and product; 0 where older orders may move only.
    async fn keys_wanted(&self, tx: &mut Tx<'_>) -> Result<BTreeMap<(i64, i64), i64>, Fault> {
        let mut wanted: BTreeMap<(i64, i64), i64> = BTreeMap::new();
        for ask in self.asks.iter().flatten().filter(|ask| within_one_order(&ask.lines).is_ok()) {
            for (product, count) in keys_needed(&ask.lines) {
                *wanted.entry((ask.scope.merchant, product)).or_default() += count;
            }
        }
        for (scope, standing) in &self.standings {
            let restless = standing.restless();
            if !restless.is_empty() {
                let products = licenses::queries::products_of_keys(&mut *tx, scope.merchant, &restless).await?;
                for product in products {
                    wanted.entry((scope.merchant, product)).or_default();
                }
            }
        }
        Ok(wanted)
    }
}

pub(super) fn too_much() -> Refusal {
    Refusal::invalid("invalid_amount", "The total does not fit.")
}
