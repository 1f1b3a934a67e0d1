//! What a set of calls is decided over: loaded once for all of them, in the one order of locks.

use super::Door;
use super::decide::quantity_allowed;
use super::fulfill::{Fulfill, is_large};
use super::queries;
use crate::access::{Caller, PartnershipScope};
use crate::billing::{AutoTopUp, auto_top_up};
use crate::catalog::pricing::{self, ItemDiscount, Priced, Quote};
use crate::catalog::queries::{Asked, available_all};
use crate::catalog::{self, Method, SellableProduct};
use crate::command::{Ctx, latest};
use crate::identity::queries::{ValidKey, valid_among};
use crate::ids::{ApiKeyId, ChannelId, FulfillmentId, ProductId};
use crate::ledger::{self, AccountKind};
use crate::merchants;
use crate::orders::create_draft::may_order;
use crate::partners::purchases::{self, Purchased};
use crate::partners::terms::{self, EffectiveTerms};
use crate::partners::{self, LockedPartnership};
use crate::stock::{self, OnHand};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use tradepost_kernel::text::Email;
use tradepost_kernel::{Class, Currency, Date, Percent, Refusal, Timestamp, sabotage};
use tradepost_store::{Fault, Reader, Tx};

/// Everything that the calls of a set share; taking from it is how they see each other.
#[derive(Default)]
pub(super) struct Loaded {
    /// For each call who asks for what, or why not.
    pub(super) asks: Vec<Result<Ask, Refusal>>,
    pub(super) partnerships: HashMap<PartnershipScope, LockedPartnership>,
    pub(super) terms: HashMap<PartnershipScope, EffectiveTerms>,
    /// Fulfillments by external order id.
    pub(super) earlier: HashMap<(PartnershipScope, String), Earlier>,
    pub(super) purchased: HashMap<PartnershipScope, Purchased>,
    /// Prepaid balances, minor units.
    pub(super) balances: HashMap<PartnershipScope, i64>,
    /// Claimed keys, and what is left to promise, by merchant and product.
    pub(super) on_hand: HashMap<(i64, i64), OnHand>,
    /// Balances that a debit may top up now (EXT-8).
    pub(super) auto_top_ups: HashMap<PartnershipScope, AutoTopUp>,
}

/// A call of a partnership that may trade.
pub(super) struct Ask {
    pub(super) scope: PartnershipScope,
    /// The day in the merchant's time zone.
    pub(super) day: Date,
    /// What it costs, or why it is not sold.
    pub(super) priced: Result<(SellableProduct, Quote, Currency), Refusal>,
}

/// A fulfillment that stands under an external order id already.
pub(super) struct Earlier {
    pub(super) fulfillment: FulfillmentId,
    pub(super) product: (ProductId, String),
    pub(super) parent: Option<(ProductId, String)>,
    pub(super) quantity: i64,
    pub(super) customer_email: String,
    pub(super) customer_name: Option<String>,
    /// What its product and the one that this is a variant of were called before, where the call names neither as they are called now.
    pub(super) former_skus: Vec<(ProductId, String)>,
}

impl Earlier {
    /// The same order again finds the first; under the same id another one is a conflict (EXT-4). Metadata is a note and
    /// not compared.
    pub(super) fn answer(&self, command: &Fulfill) -> Result<FulfillmentId, Refusal> {
        let product = self.is_of(command);
        let email = Email::parse(&self.customer_email).is_ok_and(|email| email.key() == command.customer_email.key());
        if product && email && self.quantity == command.quantity && self.customer_name == command.customer_name {
            return Ok(self.fulfillment);
        }
        let detail = format!("The external order {} was fulfilled before, with another product, quantity or customer.", command.external_order_id);
        Err(Refusal::conflict("external_order_conflict", detail).at("/external_order_id"))
    }

    /// Whether the call names its product: by id, as it is called, or as it was called then.
    fn is_of(&self, command: &Fulfill) -> bool {
        let was = |id: &ProductId, text: &str| self.former_skus.iter().any(|(product, sku)| product == id && sku == text);
        let is = |text: &str, (id, sku): &(ProductId, String)| text == sku || text.parse::<ProductId>().is_ok_and(|named| named == *id) || was(id, text);
        match (&command.variant, &self.parent) {
            (Some(variant), Some(parent)) => is(variant, &self.product) && is(&command.product, parent),
            (None, _) => is(&command.product, &self.product),
            (Some(_), None) => false,
        }
    }
}

/// A call on its way through the first checks.
struct Going<'a> {
    command: &'a Fulfill,
    scope: PartnershipScope,
    channel: ChannelId,
    currency: Currency,
    day: Date,
    /// What the dynamic URL sells that it came by; empty: everything.
    only: Vec<ProductId>,
}

impl Going<'_> {
    /// Whether the dynamic URL that it came by sells this product, or the one that it is a variant of.
    fn permits(&self, product: ProductId, parent: Option<ProductId>) -> bool {
        self.only.is_empty() || self.only.contains(&product) || parent.is_some_and(|parent| self.only.contains(&parent))
    }
}

/// The ids of the products that variants belong to, by merchant and number, where a dynamic URL is held to products.
async fn parents(new: &[&Going<'_>], found: &HashMap<&Asked, SellableProduct>, tx: &mut Tx<'_>) -> Result<HashMap<(i64, i64), ProductId>, Fault> {
    let restricted: HashSet<i64> = new.iter().filter(|going| !going.only.is_empty()).map(|going| going.scope.merchant).collect();
    let mut parents = HashMap::new();
    for merchant in restricted {
        let variants = found.iter().filter(|(asked, _)| asked.scope.merchant == merchant).filter_map(|(_, product)| product.parent);
        let numbers: Vec<i64> = variants.collect::<BTreeSet<_>>().into_iter().collect();
        let products = catalog::queries::products_by_number(&mut *tx, merchant, &numbers).await?;
        parents.extend(products.into_iter().map(|(number, product)| ((merchant, number), product.id)));
    }
    Ok(parents)
}

impl Loaded {
    /// Loads for all, in the order of locks: partnerships, which guard their balances too; then stock counters and keys. `None`:
    /// together they sell more units than are held at once. Everything that they need is locked then, and each is to be loaded alone.
    pub(super) async fn load(set: &[&Fulfill], ctxs: &[Ctx], tx: &mut Tx<'_>) -> Result<Option<Self>, Fault> {
        let mut loaded = Self::default();
        let going = loaded.admit(set, ctxs, &mut *tx).await?;
        let priced = loaded.price(&going, &mut *tx).await?;
        let too_many = set.len() > 1 && units_at_once(&going, &priced) > MOST_UNITS_AT_ONCE;
        // The latest: what expires before one of them is decided is sold by none.
        loaded.claim(&going, &priced, (too_many, latest(ctxs)), &mut *tx).await?;
        if too_many {
            return Ok(None);
        }
        let asks = going.into_iter().zip(priced);
        loaded.asks = asks.map(|(going, priced)| going.map(|going| Ask { scope: going.scope, day: going.day, priced })).collect();
        Ok(Some(loaded))
    }

    /// Key and partnership: who may buy at all.
    async fn admit<'a>(&mut self, set: &[&'a Fulfill], ctxs: &[Ctx], tx: &mut Tx<'_>) -> Result<Vec<Result<Going<'a>, Refusal>>, Fault> {
        let scopes: BTreeSet<_> = ctxs.iter().filter_map(|ctx| ctx.caller().partnership().ok()).map(|scope| (scope.merchant, scope.partnership)).collect();
        self.partnerships = partners::lock_set(&mut *tx, &scopes).await?;
        let channels: Vec<_> = self.partnerships.values().map(|locked| (locked.scope, locked.channel)).collect();
        let external = set.iter().zip(ctxs).filter_map(|(command, ctx)| Some((ctx.caller().partnership().ok()?, command.external_order_id.as_str())));
        let external: Vec<_> = external.collect();
        let numbers: BTreeSet<i64> = scopes.iter().map(|scope| scope.0).collect();
        let of_callers =
            async |reader: &mut Reader<'_>| reader.both(async |reader| valid_keys(ctxs, reader).await, async |reader| zones(reader, &numbers).await).await;
        let of_calls = async |reader: &mut Reader<'_>| {
            reader.both(async |reader| terms::effective_all(reader, &channels).await, async |reader| queries::earlier(reader, &external).await).await
        };
        let ((valid, zones), (terms, earlier)) = tx.both(of_callers, of_calls).await?;
        (self.terms, self.earlier) = (terms, earlier);
        self.recall_skus(set, ctxs, &mut *tx).await?;
        let admit = |(command, ctx): (&&'a Fulfill, &Ctx)| {
            let scope = ctx.caller().partnership()?;
            let locked = self.partnerships.get(&scope).ok_or_else(Refusal::not_found)?;
            let only = sells(ctx.caller(), command.door, &valid)?;
            let terms = self.terms.get(&scope).ok_or_else(Refusal::not_found)?;
            let (channel, currency) = may_order(locked, terms)?;
            let zone = zones.get(&scope.merchant).ok_or_else(Refusal::not_found)?;
            Ok(Going { command, scope, channel, currency, day: ctx.now.date_in(zone), only })
        };
        Ok(set.iter().zip(ctxs).map(admit).collect())
    }

    /// Where a repeated call names another product than its fulfillment has, that one may have been renamed since.
    async fn recall_skus(&mut self, set: &[&Fulfill], ctxs: &[Ctx], tx: &mut Tx<'_>) -> Result<(), Fault> {
        let mut renamed: BTreeSet<(i64, ProductId)> = BTreeSet::new();
        for (command, ctx) in set.iter().zip(ctxs) {
            let Ok(scope) = ctx.caller().partnership() else { continue };
            let earlier = self.earlier.get(&(scope, command.external_order_id.clone()));
            if let Some(earlier) = earlier.filter(|earlier| !earlier.is_of(command)) {
                renamed.extend([Some(&earlier.product), earlier.parent.as_ref()].into_iter().flatten().map(|product| (scope.merchant, product.0)));
            }
        }
        if renamed.is_empty() {
            return Ok(());
        }
        let former = catalog::queries::former_skus(&mut *tx, &renamed).await?;
        for earlier in self.earlier.values_mut() {
            let of = |id: ProductId| former.get(&id).into_iter().flatten().map(move |sku| (id, sku.clone()));
            earlier.former_skus = of(earlier.product.0).chain(earlier.parent.iter().flat_map(|parent| of(parent.0))).collect();
        }
        Ok(())
    }

    /// Product, quantity and price of what is not fulfilled yet.
    async fn price(&mut self, going: &[Result<Going<'_>, Refusal>], tx: &mut Tx<'_>) -> Result<Vec<Priceless>, Fault> {
        let asked_for = |going: &Going<'_>, text: &str| Asked { scope: going.scope, channel: going.channel, product: text.to_owned() };
        let new: Vec<&Going<'_>> = going.iter().flatten().filter(|going| !self.is_earlier(going)).collect();
        let asked: HashSet<Asked> = new
            .iter()
            .flat_map(|going| [Some(&going.command.product), going.command.variant.as_ref()].into_iter().flatten().map(|text| asked_for(going, text)))
            .collect();
        let asked: Vec<Asked> = asked.into_iter().collect();
        let found = available_all(&mut *tx, &asked).await?;
        let product_of = |going: &Going<'_>| {
            let product = found.get(&asked_for(going, &going.command.product))?;
            match &going.command.variant {
                None => Some(product),
                Some(variant) => found.get(&asked_for(going, variant)).filter(|variant| variant.parent == Some(product.number)),
            }
        };
        let price_of = |going: &Going<'_>, product: i64| Priced { scope: going.scope, channel: going.channel, currency: going.currency, product };
        let parents = parents(&new, &found, &mut *tx).await?;
        let wanted: HashSet<Priced> = new.iter().filter_map(|going| product_of(going).map(|product| price_of(going, product.number))).collect();
        let wanted: Vec<Priced> = wanted.into_iter().collect();
        let limited =
            new.iter().filter(|going| self.terms.get(&going.scope).is_some_and(|terms| terms.purchase_limit_day.or(terms.purchase_limit_month).is_some()));
        let days: HashSet<(PartnershipScope, Date)> = limited.map(|going| (going.scope, going.day)).collect();
        let days: Vec<(PartnershipScope, Date)> = days.into_iter().collect();
        let (books, purchased) =
            tx.both(async |reader| pricing::books_all(reader, &wanted).await, async |reader| purchases::purchased(reader, &days).await).await?;
        self.purchased = purchased;
        let none = pricing::PriceBooks::default();
        let priced = |going: &Going<'_>| {
            let product = product_of(going).filter(|product| product.method == Method::KeyPool && !product.bundle);
            let product =
                product.filter(|product| going.permits(product.id, product.parent.and_then(|parent| parents.get(&(going.scope.merchant, parent))).copied()));
            let product = product.ok_or_else(|| catalog::product_not_available().at("/product"))?;
            let terms = self.terms.get(&going.scope).ok_or_else(Refusal::not_found)?;
            quantity_allowed(product, terms, going.command)?;
            let books = books.get(&price_of(going, product.number)).unwrap_or(&none);
            let margin = terms.margin(product.id, product.group.as_deref());
            let quote =
                pricing::quote(going.currency, books, going.command.quantity, terms.wholesale_discount, margin, Percent::ZERO, ItemDiscount::None, None)?;
            let fits = (quote.line_minor <= ledger::MOST_MINOR).then_some(());
            fits.ok_or_else(|| Refusal::invalid("invalid_amount", "The total does not fit.").at("/quantity"))?;
            Ok((product.clone(), quote, going.currency))
        };
        let each = going.iter().map(|going| match going.as_ref().map(|going| (going, self.earlier_of(going))) {
            Ok((going, None)) => priced(going),
            Ok((going, Some(earlier))) if !going.permits(earlier.product.0, earlier.parent.as_ref().map(|parent| parent.0)) => {
                Err(catalog::product_not_available().at("/product"))
            }
            _ => Err(Refusal::not_found()),
        });
        Ok(each.collect())
    }

    fn is_earlier(&self, going: &Going<'_>) -> bool {
        self.earlier_of(going).is_some()
    }

    fn earlier_of(&self, going: &Going<'_>) -> Option<&Earlier> {
        self.earlier.get(&(going.scope, going.command.external_order_id.clone()))
    }

    /// Reads the balances, and claims what all calls together may need; where that is too much, it locks what they are claimed from.
    async fn claim(
        &mut self,
        going: &[Result<Going<'_>, Refusal>],
        priced: &[Priceless],
        (too_many, now): (bool, Timestamp),
        tx: &mut Tx<'_>,
    ) -> Result<(), Fault> {
        let mut wanted: BTreeMap<(i64, i64), i64> = BTreeMap::new();
        let mut owners: BTreeSet<(i64, crate::ids::PartnershipId, Currency)> = BTreeSet::new();
        for (going, priced) in going.iter().zip(priced) {
            if let (Ok(going), Ok((product, _, currency))) = (going, priced) {
                let at_once = if too_many { 0 } else { at_once(going.command) };
                *wanted.entry((going.scope.merchant, product.number)).or_default() += at_once;
                owners.insert((going.scope.merchant, going.scope.partnership, *currency));
            }
        }
        let scopes: Vec<PartnershipScope> = owners.iter().map(|&(merchant, partnership, _)| PartnershipScope { merchant, partnership }).collect();
        let balances = async |reader: &mut Reader<'_>| ledger::queries::balances(reader, AccountKind::Prepaid, &owners).await;
        let (balances, auto_top_ups) = tx.both(balances, async |reader| auto_top_up::waiting(reader, &scopes).await).await?;
        // What was paid in is owed to the reseller: a credit balance.
        self.balances = balances.into_iter().map(|(scope, minor)| (scope, -minor)).collect();
        self.auto_top_ups = auto_top_ups;
        // Last: from here on every other sale of these products waits.
        self.on_hand = stock::claim_all(&mut *tx, &wanted, now).await?;
        // Keys that older backorders wait for are not there for a newer sale, also while nobody handed them out yet (STK-7).
        let free = crate::orders::queries::free_keys(&mut *tx, &wanted).await?;
        for (product, on_hand) in &mut self.on_hand {
            on_hand.leave_beyond(free.get(product).copied().unwrap_or(0));
        }
        Ok(())
    }
}

/// The most units of calls that are sold together: their keys are held in memory, and their product's stock is locked meanwhile.
const MOST_UNITS_AT_ONCE: i64 = 20_000;

/// Units whose keys are claimed now. The keys of a large call are found later, slice by slice; now it is enough that they are there.
const fn at_once(command: &Fulfill) -> i64 {
    if is_large(command.quantity) { 0 } else { command.quantity }
}

fn units_at_once(going: &[Result<Going<'_>, Refusal>], priced: &[Priceless]) -> i64 {
    going.iter().zip(priced).filter(|(_, priced)| priced.is_ok()).filter_map(|(going, _)| Some(at_once(going.as_ref().ok()?.command))).sum()
}

/// A product with its price, or why it is not sold.
type Priceless = Result<(SellableProduct, Quote, Currency), Refusal>;

/// The time zones of merchants.
async fn zones(reader: &mut Reader<'_>, numbers: &BTreeSet<i64>) -> Result<HashMap<i64, String>, Fault> {
    let mut zones = HashMap::new();
    for number in numbers {
        zones.extend(merchants::queries::merchant(&mut *reader, *number).await?.map(|merchant| (*number, merchant.time_zone)));
    }
    Ok(zones)
}

/// Keys that let in, by merchant and id.
pub(super) type ValidKeys = HashMap<(i64, ApiKeyId), ValidKey>;

/// The keys of the callers that still let in, asked in the transaction itself: a key that was revoked on any server
/// fails on its next call.
pub(super) async fn valid_keys(ctxs: &[Ctx], reader: &mut Reader<'_>) -> Result<ValidKeys, Fault> {
    let key = |ctx: &Ctx| if let Caller::PartnershipKey { key, scope, .. } = ctx.caller() { Some((scope.merchant, *key)) } else { None };
    let keys: BTreeSet<(i64, ApiKeyId)> = ctxs.iter().filter_map(key).collect();
    let Some(now) = ctxs.first().map(|ctx| ctx.now) else { return Ok(HashMap::new()) };
    if sabotage::is("credential.cached") {
        return Ok(keys.into_iter().map(|key| (key, ValidKey { dynamic_url: false, products: Vec::new() })).collect());
    }
    valid_among(reader, &keys, now).await
}

/// Whether the caller comes without a key, or with one of these.
pub(super) fn lets_in(caller: &Caller, valid: &ValidKeys) -> Result<(), Refusal> {
    let Caller::PartnershipKey { key, scope, .. } = caller else { return Ok(()) };
    if valid.contains_key(&(scope.merchant, *key)) { Ok(()) } else { Err(key_not_valid()) }
}

fn key_not_valid() -> Refusal {
    Refusal::new(Class::Unauthenticated, "unauthenticated", "The API key is not valid, or no longer.")
}

/// What the caller's key sells, where it lets in by this door: a dynamic URL's by its own, every other by the API (EXT-6).
fn sells(caller: &Caller, door: Door, valid: &ValidKeys) -> Result<Vec<ProductId>, Refusal> {
    let Caller::PartnershipKey { key, scope, .. } = caller else { return Ok(Vec::new()) };
    let fitting = valid.get(&(scope.merchant, *key)).filter(|key| key.dynamic_url == (door == Door::DynamicUrl));
    fitting.map(|key| key.products.clone()).ok_or_else(key_not_valid)
}
