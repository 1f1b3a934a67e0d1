//! `/v1/merchant/products/{id}/prices`, and the inputs and views that every book's paths share (CAT-5).

use crate::answer::Answer;
use crate::call::{Call, OrNotFound};
use crate::errors::{Errors, Pointer};
use crate::fields::{Quantity, Upto};
use crate::problem::Problem;
use crate::routes::Routes;
use crate::{input, named_choice, view};
use tradepost_domain::catalog::pricing::Book;
use tradepost_domain::catalog::queries::{self, BookView};
use tradepost_domain::catalog::{SetPrices, Shelf, Tier};
use tradepost_domain::ids::{PartnershipId, PriceListId, ProductId};
use tradepost_domain::{MerchantScope, Right};
use tradepost_kernel::{Currency, Id, Money};

named_choice!(Book);

input! {
    /// A unit price from a quantity on.
    pub struct TierInput {
        /// The quantity of a line from which it holds; the first tier's is 1, which may be left out.
        pub from_quantity: Option<Quantity>,
        /// In the currency of the whole.
        pub unit_price: Money,
    }

    /// One book's prices of a product in a currency, in place of those it had.
    pub struct PricesInput {
        /// What all tiers are in.
        pub currency: Currency,
        /// In order of quantity, the first from 1. None at all take the price away.
        pub tiers: Upto<50, TierInput>,
    }
}

view! {
    /// A unit price from a quantity on.
    pub struct TierView {
        /// The quantity of a line from which it holds.
        pub from_quantity: i64,
        /// Per unit.
        pub unit_price: Money,
    }

    /// One book's prices of a product in a currency.
    pub struct PriceBookView {
        /// Where they stand: `list`, `price_list` or `partnership`.
        pub book: Book,
        /// The price list.
        pub price_list: Option<PriceListId>,
        /// The partnership.
        pub partnership: Option<PartnershipId>,
        /// What the tiers are in.
        pub currency: Currency,
        /// In order of quantity.
        pub tiers: Vec<TierView>,
    }

    /// Every price of a product.
    pub struct PricesView {
        /// Which product.
        pub product: ProductId,
        /// Book by book.
        pub prices: Vec<PriceBookView>,
    }
}

impl From<BookView> for PriceBookView {
    fn from(book: BookView) -> Self {
        let tier = |tier: Tier| TierView { from_quantity: tier.from_quantity, unit_price: book.currency.minor(tier.unit_minor) };
        Self {
            book: book.book,
            price_list: (book.book == Book::PriceList).then(|| Id::from_bytes(book.owner)),
            partnership: (book.book == Book::Partnership).then(|| Id::from_bytes(book.owner)),
            currency: book.currency,
            tiers: book.tiers.iter().copied().map(tier).collect(),
        }
    }
}

impl PricesInput {
    /// The tiers, all in the currency of the whole.
    ///
    /// # Errors
    /// 422 `currency_mismatch`.
    pub fn tiers(&self) -> Result<Vec<Tier>, Problem> {
        let mut errors = Errors::default();
        for (at, tier) in self.tiers.0.iter().enumerate() {
            if tier.unit_price.currency != self.currency {
                let at = Pointer::root().field("tiers").index(at).field("unit_price").field("currency");
                errors.add(&at, "currency_mismatch", format!("must be {}", self.currency));
            }
        }
        if !errors.is_empty() {
            return Err(Problem::fields(errors));
        }
        let tier = |tier: &TierInput| Tier { from_quantity: tier.from_quantity.map_or(1, Quantity::get), unit_minor: tier.unit_price.minor };
        Ok(self.tiers.0.iter().map(tier).collect())
    }
}

/// Adds the paths to the table.
pub fn routes(r: &mut Routes) {
    r.get("/v1/merchant/products/{id}/prices", "getPrices", get)
        .tag("Products")
        .doc("Shows every price of a product: the list price, those of price lists and of partnerships.")
        .needs(Right::MerchantRead)
        .answers::<PricesView>(200);
    r.put("/v1/merchant/products/{id}/prices", "setListPrice", set)
        .tag("Products")
        .doc("Sets the list price of a product in a currency, in tiers by quantity, in place of what it was.")
        .needs(Right::CatalogManage)
        .body::<PricesInput>()
        .answers::<PricesView>(200)
        .refuses(&["currency_mismatch"])
        .command::<SetPrices>();
}

/// Every price of a product.
pub(super) async fn shown(call: &Call, scope: MerchantScope, id: ProductId, only: Option<Shelf>) -> Result<PricesView, Problem> {
    let found = call
        .read(move |reader| {
            Box::pin(async move {
                let Some(product) = queries::product(reader, scope, id).await? else { return Ok(None) };
                queries::prices(reader, scope, &[product.number]).await.map(Some)
            })
        })
        .await?;
    let books = found.or_not_found()?.into_iter();
    let wanted = books.filter(|book| only.is_none_or(|shelf| shelf.stored() == (book.book, book.owner)));
    Ok(PricesView { product: id, prices: wanted.map(PriceBookView::from).collect() })
}

async fn get(call: Call) -> Result<Answer, Problem> {
    Ok(Answer::ok(&shown(&call, call.merchant()?, call.path("id")?, None).await?))
}

async fn set(call: Call) -> Result<Answer, Problem> {
    let (scope, product, prices) = (call.merchant()?, call.path("id")?, call.body::<PricesInput>()?);
    let tiers = prices.tiers()?;
    call.execute(SetPrices { scope, product, shelf: Shelf::List, currency: prices.currency, tiers }).await?;
    Ok(Answer::ok(&shown(&call, scope, product, None).await?))
}
