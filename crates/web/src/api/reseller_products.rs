//! `/v1/reseller/products`: what the partnership may order, at its own prices (CAT-4, CAT-5). How many keys there are
//! is the merchant's; a reseller sees whether there is one.

use super::products::ProductType;
use crate::answer::Answer;
use crate::call::{Call, OrNotFound};
use crate::fields::{Line, Quantity};
use crate::problem::Problem;
use crate::routes::Routes;
use crate::{input, view};
use std::collections::{BTreeSet, HashMap};
use tradepost_domain::catalog::pricing::{self, ItemDiscount, PriceBooks, Quote, Step};
use tradepost_domain::catalog::{EndUserInformation, Kind, Method, SellableProduct, product_not_available, queries};
use tradepost_domain::ids::{ChannelId, ProductId};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::partners::terms::{self, EffectiveTerms};
use tradepost_domain::stock::queries::StockCounts;
use tradepost_domain::{PartnershipScope, Right, partners, stock};
use tradepost_kernel::{Currency, Money, Percent, Refusal};
use tradepost_store::{Fault, Reader};

input! {
    /// Which products are wanted.
    pub struct AvailableProductQuery {
        /// Only those that have this in their SKU or name, in capital or small letters.
        pub search: Option<Line<100>>,
    }

    /// Of how many units a price is asked.
    pub struct PriceQuery {
        /// Usually 1.
        pub quantity: Option<Quantity>,
    }
}

view! {
    /// A product that the partnership may order.
    pub struct ResellerProductView {
        /// Its id.
        pub id: ProductId,
        /// Its SKU.
        pub sku: String,
        /// Its name.
        pub name: String,
        /// What it is grouped by.
        pub group: Option<String>,
        /// What is sold.
        pub kind: Kind,
        /// Whether it expands to parts when it is ordered.
        pub r#type: ProductType,
        /// The price of one unit for this partnership; null where there is none in its currency.
        pub unit_price: Option<Money>,
        /// Whether there is stock for one unit now; true where it needs none.
        pub available_in_stock: bool,
        /// Whether it can be ordered beyond the stock.
        pub backorder: bool,
        /// When the end user is asked.
        pub end_user_information: EndUserInformation,
        /// Whether the company that sells on must be named.
        pub reseller_information: bool,
        /// Fewest units of a line.
        pub min_quantity: Option<i64>,
        /// Most units of a line.
        pub max_quantity: Option<i64>,
    }

    /// What a line costs this partnership.
    pub struct PriceView {
        /// Which product.
        pub product: ProductId,
        /// Of how many units.
        pub quantity: i64,
        /// Per unit.
        pub unit_price: Money,
        /// All of them.
        pub total: Money,
    }

    /// One step from the first price to the line.
    pub struct PriceStepView {
        /// `price`, `wholesale_discount`, `margin`, `quantity`, `item_discount` or `forced_total`.
        pub step: String,
        /// `list`, `price_list`, `partnership`, `terms`, `terms_and_item` or `item`.
        pub source: String,
        /// By how many percent.
        pub percent: Option<Percent>,
        /// The tier of the price.
        pub from_quantity: Option<i64>,
        /// What the step gave or took; null for `quantity`.
        pub amount: Option<Money>,
        /// What stands after it: the unit price, from `quantity` on the line.
        pub result: Money,
    }

    /// How a price came about.
    pub struct PriceExplanationView {
        /// Which product.
        pub product: ProductId,
        /// Of how many units.
        pub quantity: i64,
        /// Per unit.
        pub unit_price: Money,
        /// All of them.
        pub total: Money,
        /// Every step, in order.
        pub steps: Vec<PriceStepView>,
    }
}

/// Adds the paths to the table.
pub fn routes(r: &mut Routes) {
    let tag = "Products";
    r.get("/v1/reseller/products", "listAvailableProducts", list)
        .tag(tag)
        .doc("Lists what the partnership may order, newest first, at its own prices.")
        .needs(Right::ProgramRead)
        .query::<AvailableProductQuery>()
        .lists::<ResellerProductView>();
    r.get("/v1/reseller/products/{id}", "getAvailableProduct", get)
        .tag(tag)
        .doc("Shows a product that the partnership may order, by id or SKU.")
        .needs(Right::ProgramRead)
        .answers::<ResellerProductView>(200)
        .refuses(&["product_not_available"]);
    r.get("/v1/reseller/products/{id}/price", "getPrice", price)
        .tag(tag)
        .doc("Says what a quantity of a product (id or SKU) costs the partnership.")
        .needs(Right::ProgramRead)
        .query::<PriceQuery>()
        .answers::<PriceView>(200)
        .refuses(&["product_not_available", "setup_incomplete", "price_missing", "invalid_amount"]);
    r.get("/v1/reseller/products/{id}/price-explanation", "explainPrice", explanation)
        .tag(tag)
        .doc("Says how a price came about: every step with its source and amount.")
        .needs(Right::ProgramRead)
        .query::<PriceQuery>()
        .answers::<PriceExplanationView>(200)
        .refuses(&["product_not_available", "setup_incomplete", "price_missing", "invalid_amount"]);
}

/// What prices of a partnership depend on.
struct Terms {
    channel: Option<ChannelId>,
    effective: EffectiveTerms,
}

async fn terms_of(reader: &mut Reader<'_>, scope: PartnershipScope) -> Result<Option<Terms>, Fault> {
    let Some(partnership) = partners::queries::partnership(reader, scope.of_merchant(), scope.partnership).await? else { return Ok(None) };
    let channel = partnership.channel;
    let effective = terms::effective(reader, scope.merchant, scope.partnership, channel).await?;
    Ok(Some(Terms { channel, effective }))
}

/// Prices and stock of some products.
struct Shelf {
    terms: EffectiveTerms,
    books: HashMap<i64, PriceBooks>,
    parts: HashMap<i64, SellableProduct>,
    counts: HashMap<i64, StockCounts>,
}

async fn shelf_of(reader: &mut Reader<'_>, scope: PartnershipScope, terms: Terms, products: &[SellableProduct]) -> Result<Shelf, Fault> {
    let numbers: Vec<i64> = products.iter().map(|product| product.number).collect();
    let parts: Vec<i64> = products.iter().flat_map(|product| product.parts.iter().map(|(part, _)| *part)).collect();
    let books = match terms.effective.currency {
        Some(currency) => pricing::books(reader, scope, terms.channel, currency, &numbers).await?,
        None => HashMap::new(),
    };
    let all: Vec<i64> = numbers.iter().chain(&parts).copied().collect();
    Ok(Shelf {
        terms: terms.effective,
        books,
        parts: queries::products_by_number(reader, scope.merchant, &parts).await?,
        counts: stock::queries::counts(reader, scope.merchant, &all).await?,
    })
}

impl Shelf {
    fn has(&self, product: &SellableProduct, wanted: i64) -> bool {
        product.method != Method::KeyPool || self.counts.get(&product.number).is_some_and(|counts| counts.available >= wanted)
    }

    fn in_stock(&self, product: &SellableProduct) -> bool {
        let part = |(number, quantity): &(i64, i64)| self.parts.get(number).is_some_and(|part| self.has(part, *quantity));
        self.has(product, 1) && product.parts.iter().all(part)
    }

    fn takes_backorders(&self, product: &SellableProduct) -> bool {
        let switched = |product: &SellableProduct| self.counts.get(&product.number).is_some_and(|counts| counts.backorder);
        let own = product.method == Method::KeyPool && switched(product);
        own || (product.bundle && product.parts.iter().filter_map(|(number, _)| self.parts.get(number)).any(switched))
    }

    fn quote(&self, product: &SellableProduct, quantity: i64) -> Result<(Currency, Quote), Refusal> {
        let incomplete = || Refusal::conflict("setup_incomplete", "The partnership has no currency yet: the merchant sets it.");
        let currency = self.terms.currency.ok_or_else(incomplete)?;
        let books = self.books.get(&product.number).cloned().unwrap_or_default();
        let margin = self.terms.margin(product.id, product.group.as_deref());
        let quote = pricing::quote(currency, &books, quantity, self.terms.wholesale_discount, margin, Percent::ZERO, ItemDiscount::None, None)?;
        Ok((currency, quote))
    }

    /// What one unit costs, and from which quantity on: a step for each time that it changes.
    fn tiers(&self, product: &SellableProduct) -> Vec<(i64, Money)> {
        let Some(books) = self.books.get(&product.number) else { return Vec::new() };
        let begins: BTreeSet<i64> = books.rows.iter().map(|row| row.from_quantity).collect();
        let mut tiers: Vec<(i64, Money)> = Vec::new();
        for from in begins {
            let Ok((currency, quote)) = self.quote(product, from) else { continue };
            let price = currency.minor(quote.unit_minor);
            if tiers.last().is_none_or(|(_, before)| *before != price) {
                tiers.push((from, price));
            }
        }
        tiers
    }

    fn view(&self, product: SellableProduct) -> ResellerProductView {
        ResellerProductView {
            unit_price: self.quote(&product, 1).ok().map(|(currency, quote)| currency.minor(quote.unit_minor)),
            available_in_stock: self.in_stock(&product),
            backorder: self.takes_backorders(&product),
            id: product.id,
            sku: product.sku,
            name: product.name,
            group: product.group,
            kind: product.kind,
            r#type: if product.bundle { ProductType::Bundle } else { ProductType::Regular },
            end_user_information: product.end_user_information,
            reseller_information: product.reseller_information,
            min_quantity: product.min_quantity,
            max_quantity: product.max_quantity,
        }
    }
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let search = call.query::<AvailableProductQuery>()?.search.map(String::from);
    let page = listed(&call, search, call.page()?).await?;
    Ok(call.list(page, |product| product))
}

/// A page of what the partnership may order; with `search` only what has it in its SKU or name.
///
/// # Errors
/// Faults of the store.
pub async fn listed(call: &Call, search: Option<String>, page: PageRequest) -> Result<Page<ResellerProductView>, Problem> {
    let scope = call.partnership()?;
    let found = call
        .read(move |reader| {
            Box::pin(async move {
                let Some(terms) = terms_of(reader, scope).await? else { return Ok(None) };
                let page = queries::list_available(reader, scope, terms.channel, search.as_deref(), page).await?;
                let shelf = shelf_of(reader, scope, terms, &page.rows).await?;
                Ok(Some((page, shelf)))
            })
        })
        .await?;
    let (page, shelf) = found.or_not_found()?;
    Ok(Page { rows: page.rows.into_iter().map(|product| shelf.view(product)).collect(), next: page.next })
}

/// A product by id or SKU as the partnership may order it, and what so many of it cost; `Err` where there is no price.
///
/// # Errors
/// 404 `product_not_available`; faults of the store.
pub async fn quoted(call: &Call, product: &str, quantity: i64) -> Result<(ResellerProductView, Result<PriceExplanationView, Refusal>), Problem> {
    let (product, shelf) = find(call, product.to_owned()).await?;
    let quote = shelf.quote(&product, quantity).map(|(currency, quote)| explained(product.id, quantity, currency, quote));
    Ok((shelf.view(product), quote))
}

/// What a partnership is offered of one product.
#[derive(Debug)]
pub struct Offer {
    /// The product.
    pub product: ResellerProductView,
    /// Of how many units `quote` speaks.
    pub quantity: i64,
    /// What they cost, and how that came about; `Err` where there is no price.
    pub quote: Result<PriceExplanationView, Refusal>,
    /// What one unit costs, and from which quantity on.
    pub tiers: Vec<(i64, Money)>,
}

/// A product by id or SKU as the partnership may order it, with its prices; without a quantity of the fewest units that a line may have.
///
/// # Errors
/// 404 `product_not_available`; faults of the store.
pub async fn offer(call: &Call, product: &str, quantity: Option<i64>) -> Result<Offer, Problem> {
    let (product, shelf) = find(call, product.to_owned()).await?;
    let quantity = quantity.or(product.min_quantity).unwrap_or(1);
    let quote = shelf.quote(&product, quantity).map(|(currency, quote)| explained(product.id, quantity, currency, quote));
    let tiers = shelf.tiers(&product);
    Ok(Offer { product: shelf.view(product), quantity, quote, tiers })
}

fn explained(product: ProductId, quantity: i64, currency: Currency, quote: Quote) -> PriceExplanationView {
    PriceExplanationView {
        product,
        quantity,
        unit_price: currency.minor(quote.unit_minor),
        total: currency.minor(quote.line_minor),
        steps: quote.explanation.steps.into_iter().map(|step| step_view(currency, &step)).collect(),
    }
}

/// The product of the path with its prices and stock, or the one answer for all that is not shared.
async fn one(call: &Call) -> Result<(SellableProduct, Shelf), Problem> {
    find(call, call.path_text("id")?.to_owned()).await
}

async fn find(call: &Call, text: String) -> Result<(SellableProduct, Shelf), Problem> {
    let scope = call.partnership()?;
    let found = call
        .read(move |reader| {
            Box::pin(async move {
                let Some(terms) = terms_of(reader, scope).await? else { return Ok(None) };
                let Some(product) = queries::find_available(reader, scope, terms.channel, &text).await? else { return Ok(None) };
                let shelf = shelf_of(reader, scope, terms, std::slice::from_ref(&product)).await?;
                Ok(Some((product, shelf)))
            })
        })
        .await?;
    found.ok_or_else(|| product_not_available().into())
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let (product, shelf) = one(&call).await?;
    Ok(Answer::ok(&shelf.view(product)))
}

async fn price(call: Call) -> Result<Answer, Problem> {
    let quantity = call.query::<PriceQuery>()?.quantity.map_or(1, Quantity::get);
    let (product, shelf) = one(&call).await?;
    let (currency, quote) = shelf.quote(&product, quantity)?;
    let (unit_price, total) = (currency.minor(quote.unit_minor), currency.minor(quote.line_minor));
    Ok(Answer::ok(&PriceView { product: product.id, quantity, unit_price, total }))
}

async fn explanation(call: Call) -> Result<Answer, Problem> {
    let quantity = call.query::<PriceQuery>()?.quantity.map_or(1, Quantity::get);
    let (product, shelf) = one(&call).await?;
    let (currency, quote) = shelf.quote(&product, quantity)?;
    Ok(Answer::ok(&explained(product.id, quantity, currency, quote)))
}

/// A step with its amounts as money; `quantity` gives a count, which is no amount.
pub(super) fn step_view(currency: Currency, step: &Step) -> PriceStepView {
    PriceStepView {
        step: step.step.name().to_owned(),
        source: step.source.name().to_owned(),
        percent: step.percent,
        from_quantity: step.from_quantity,
        amount: (step.step != pricing::StepKind::Quantity).then(|| currency.minor(step.amount)),
        result: currency.minor(step.unit),
    }
}
