//! The lines of an order that is being placed: priced, taken apart into units, their keys claimed.

use super::create_draft::within_limits;
use super::queries::{self, ItemRow};
use crate::catalog::pricing::{self, ItemDiscount, Quote};
use crate::catalog::{self, EndUserInformation, Method, SellableProduct};
use crate::command::No;
use crate::ids::LicenseKeyId;
use crate::partners::terms::EffectiveTerms;
use crate::stock;
use std::collections::{BTreeMap, HashMap};
use tradepost_kernel::{Currency, Percent, Refusal};
use tradepost_store::Tx;

/// A line with everything that was loaded for it, priced.
pub(super) struct Line {
    pub(super) item: ItemRow,
    pub(super) product: SellableProduct,
    pub(super) quote: Quote,
    pub(super) margin: Percent,
    /// The products whose licenses it makes, and how many of each: itself, or a bundle's parts.
    pub(super) units: Vec<(SellableProduct, i64)>,
}

/// Prices a line by what counts now, and refuses one that can't be sold.
pub(super) fn price_line(
    terms: &EffectiveTerms,
    currency: Currency,
    products: &HashMap<i64, SellableProduct>,
    parts: &HashMap<i64, SellableProduct>,
    books: &HashMap<i64, pricing::PriceBooks>,
    item: ItemRow,
    pointer: &str,
) -> Result<Line, Refusal> {
    let product = products.get(&item.product).ok_or_else(|| catalog::product_not_available().at(format!("{pointer}/product")))?;
    let product = asked(product, terms);
    within_limits(&product, item.quantity, pointer)?;
    let none = pricing::PriceBooks::default();
    let margin = terms.margin(product.id, product.group.as_deref());
    let books = books.get(&item.product).unwrap_or(&none);
    let quote = pricing::quote(currency, books, item.quantity, terms.wholesale_discount, margin, Percent::ZERO, ItemDiscount::None, None)
        .map_err(|refusal| refusal.at(pointer))?;
    let mut units = Vec::new();
    if product.bundle {
        for (part, each) in &product.parts {
            let part = parts
                .get(part)
                .map(|part| part_of(&product, asked(part, terms)))
                .ok_or_else(|| catalog::product_not_available().at(format!("{pointer}/product")))?;
            let quantity = each.checked_mul(item.quantity).filter(|quantity| *quantity <= 100_000);
            let quantity = quantity.ok_or_else(|| {
                Refusal::invalid("quantity_out_of_range", "A line makes at most 100,000 licenses of a part.").at(format!("{pointer}/quantity"))
            })?;
            units.push((part, quantity));
        }
    } else {
        units.push((product.clone(), item.quantity));
    }
    Ok(Line { item, product, quote, margin, units })
}

/// The most licenses that one order makes: they are written, and settled ever after, in one transaction.
pub const MOST_LICENSES: i64 = 100_000;

/// Whether the lines together make no more licenses than one transaction is to carry.
fn within_one_order(lines: &[Line]) -> Result<(), Refusal> {
    let licenses: i64 = lines.iter().flat_map(|line| &line.units).map(|unit| unit.1).sum();
    if licenses <= MOST_LICENSES {
        return Ok(());
    }
    let detail = format!("An order makes at most {MOST_LICENSES} licenses; this one would make {licenses}.");
    Err(Refusal::invalid("quantity_out_of_range", detail).at("/items"))
}

/// Claims the keys that the lines need, product by product in order of number. Fewer than needed refuse, unless the
/// product takes backorders (STK-7); keys that older backorders wait for are not there for anybody else.
pub(super) async fn claim_keys(tx: &mut Tx<'_>, merchant: i64, lines: &[Line]) -> Result<HashMap<i64, std::vec::IntoIter<LicenseKeyId>>, No> {
    within_one_order(lines)?;
    let mut need: BTreeMap<i64, i64> = BTreeMap::new();
    for (product, quantity) in lines.iter().flat_map(|line| &line.units).filter(|(product, _)| product.method == Method::KeyPool) {
        *need.entry(product.number).or_default() += quantity;
    }
    stock::lock(tx, merchant, &need.keys().copied().collect()).await?;
    // Under that lock nothing arrives, is filled or ordered meanwhile.
    let stock = queries::free(tx, merchant, &need.keys().copied().collect::<Vec<_>>()).await?;
    let mut keys = HashMap::new();
    for (product, count) in need {
        let (free, backorder) = stock.get(&product).map_or((0, false), |free| (free.keys, free.backorder));
        let claimed = stock::claim(tx, merchant, product, count.min(free)).await?;
        if i64::try_from(claimed.len()).unwrap_or(0) < count && !backorder {
            let at = lines.iter().position(|line| line.units.iter().any(|(unit, _)| unit.number == product)).unwrap_or(0);
            let sku = lines.get(at).map_or("", |line| line.product.sku.as_str());
            let detail = format!("There are not enough keys of {sku} in stock.");
            return Err(Refusal::conflict("out_of_stock", detail).at(format!("/items/{at}")).into());
        }
        keys.insert(product, claimed.into_iter());
    }
    Ok(keys)
}

/// A part of a bundle: what the bundle asks for is asked for each of its parts (CAT-3).
fn part_of(bundle: &SellableProduct, part: SellableProduct) -> SellableProduct {
    use EndUserInformation::{AtActivation, BeforeDelivery, None};
    let end_user_information = match (bundle.end_user_information, part.end_user_information) {
        (BeforeDelivery, _) | (_, BeforeDelivery) => BeforeDelivery,
        (AtActivation, _) | (_, AtActivation) => AtActivation,
        (None, None) => None,
    };
    SellableProduct { end_user_information, reseller_information: part.reseller_information || bundle.reseller_information, ..part }
}

/// The product as it is sold under these terms: what the product or the terms ask for is asked (CAT-3).
fn asked(product: &SellableProduct, terms: &EffectiveTerms) -> SellableProduct {
    let end_user_information = match product.end_user_information {
        EndUserInformation::None if terms.requires_end_user_information => EndUserInformation::AtActivation,
        asked => asked,
    };
    let reseller_information = product.reseller_information || terms.requires_reseller_information;
    SellableProduct { end_user_information, reseller_information, ..product.clone() }
}
