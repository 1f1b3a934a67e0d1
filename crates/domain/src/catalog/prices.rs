//! Setting the prices of a product in one book and currency (CAT-5).

use super::pricing::Book;
use super::{fields::MOST_UNITS, queries, store};
use crate::access::{Caller, MerchantScope, Need, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::{PartnershipId, PriceListId, ProductId};
use crate::outbox::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::{Currency, Refusal};
use tradepost_store::{Fault, Tx};

/// A unit price from a quantity on, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tier {
    /// The quantity of a line from which it holds.
    pub from_quantity: i64,
    /// Minor units.
    pub unit_minor: i64,
}

/// Which book a price stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// The product's own list price.
    List,
    /// The price in a price list.
    PriceList(PriceListId),
    /// A partnership's override. Set by a command of `partners`, which knows the partnership.
    Partnership(PartnershipId),
}

impl Shelf {
    /// The book and its owner, as they are stored.
    #[must_use]
    pub const fn stored(self) -> (Book, [u8; 16]) {
        match self {
            Self::List => (Book::List, [0; 16]),
            Self::PriceList(id) => (Book::PriceList, id.bytes()),
            Self::Partnership(id) => (Book::Partnership, id.bytes()),
        }
    }
}

/// Most tiers of one book.
const MOST_TIERS: usize = 50;

/// What is wrong with tiers, if anything: they begin at 1, rise strictly, and no price is negative. None at all
/// takes the price away.
#[must_use]
pub fn tiers_error(tiers: &[Tier]) -> Option<Refusal> {
    if tiers.len() > MOST_TIERS {
        return Some(Refusal::invalid("invalid_field", format!("At most {MOST_TIERS} tiers.")).at("/tiers"));
    }
    for (at, tier) in tiers.iter().enumerate() {
        let rises = if at == 0 { tier.from_quantity == 1 } else { tier.from_quantity > tiers[at - 1].from_quantity };
        if !rises || tier.from_quantity > MOST_UNITS {
            let why = "Tiers begin at quantity 1 and rise, up to 100,000.";
            return Some(Refusal::invalid("quantity_out_of_range", why).at(format!("/tiers/{at}/from_quantity")));
        }
        if tier.unit_minor < 0 {
            return Some(Refusal::invalid("invalid_amount", "A price must not be negative.").at(format!("/tiers/{at}/unit_price")));
        }
    }
    None
}

/// Sets one book's tiers of a product in a currency, in place of those it had. No tiers take the price away.
#[derive(Clone, Debug)]
pub struct SetPrices {
    /// Whose.
    pub scope: MerchantScope,
    /// Which product.
    pub product: ProductId,
    /// The list price, or a price list's. A partnership's own is set by `partners`.
    pub shelf: Shelf,
    /// What the tiers are in.
    pub currency: Currency,
    /// In order of quantity.
    pub tiers: Vec<Tier>,
}

#[async_trait::async_trait]
impl Command for SetPrices {
    const NAME: &'static str = "catalog.set_prices";
    const REFUSALS: &'static [&'static str] = &["not_found", "invalid_field", "quantity_out_of_range", "invalid_amount"];
    type Outcome = ();

    fn need(&self) -> Need {
        Need::Right(Right::CatalogManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<(), No> {
        match self.shelf {
            Shelf::List => {}
            Shelf::PriceList(list) => {
                queries::lock_price_list(tx, self.scope, list).await?.ok_or_else(Refusal::not_found)?;
            }
            Shelf::Partnership(_) => return Err(Fault::invariant("a partnership's prices are set by partners").into()),
        }
        replace_prices(ctx, tx, self.scope, self.product, self.shelf, self.currency, &self.tiers).await
    }
}

/// Replaces the tiers, with audit and event; for the commands that know the owner of the book.
///
/// # Errors
/// `not_found` for the product, `invalid_field`, `quantity_out_of_range`, `invalid_amount`; the store's.
pub async fn replace_prices(
    ctx: &mut Ctx,
    tx: &mut Tx<'_>,
    scope: MerchantScope,
    product: ProductId,
    shelf: Shelf,
    currency: Currency,
    tiers: &[Tier],
) -> Result<(), No> {
    let number = queries::lock_product(tx, scope, product).await?.ok_or_else(Refusal::not_found)?;
    if let Some(no) = tiers_error(tiers) {
        return Err(no.into());
    }
    let (book, owner) = shelf.stored();
    let was = queries::tiers(tx, scope.merchant, number, (book, owner), currency).await?;
    if was == tiers {
        return Ok(());
    }

    // From here it must succeed.
    store::replace_tiers(tx, scope.merchant, number, (book, owner), currency, tiers).await?;
    let facts = |tiers: &[Tier]| {
        let mut facts = json!({ "book": book.name(), "currency": currency, "tiers": tiers });
        match shelf {
            Shelf::List => {}
            Shelf::PriceList(id) => facts["price_list"] = json!(id),
            Shelf::Partnership(id) => facts["partnership"] = json!(id),
        }
        facts
    };
    let mut entry = AuditEntry::new(scope.merchant, "product.prices_set", product).before(facts(&was)).after(facts(tiers));
    let mut event = Event::new(scope.merchant, "product.prices_set", product, json!({ "product": product, "book": book.name(), "currency": currency }));
    if let Shelf::Partnership(partnership) = shelf {
        entry = entry.of(partnership);
        event = event.of(partnership);
    }
    ctx.audit(entry);
    ctx.announce(event);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CAT-5: quantity tiers belong to the price that applies, so a book covers every quantity.
    #[test]
    fn tiers_begin_at_one_and_rise() {
        let tiers = |rows: &[(i64, i64)]| -> Vec<Tier> { rows.iter().map(|&(from_quantity, unit_minor)| Tier { from_quantity, unit_minor }).collect() };
        let code = |rows: &[(i64, i64)]| tiers_error(&tiers(rows)).map(|no| (no.code, no.pointer));
        assert_eq!(code(&[]), None);
        assert_eq!(code(&[(1, 2600), (10, 2400)]), None);
        assert_eq!(code(&[(2, 2600)]), Some(("quantity_out_of_range", "/tiers/0/from_quantity".into())));
        assert_eq!(code(&[(1, 2600), (1, 2400)]), Some(("quantity_out_of_range", "/tiers/1/from_quantity".into())));
        assert_eq!(code(&[(1, -1)]), Some(("invalid_amount", "/tiers/0/unit_price".into())));
    }
}
