//! The lines of an order that is being placed: priced, taken apart into units, their keys claimed.

use super::create_draft::{within_limits, within_terms};
use super::queries::ItemRow;
use crate::catalog::pricing::{self, ItemDiscount, Quote};
use crate::catalog::{self, EndUserInformation, Method, SellableProduct};
use crate::partners::terms::EffectiveTerms;
use crate::stock;
use std::collections::{BTreeMap, HashMap};
use tradepost_kernel::{Currency, Percent, Refusal};

/// A line with everything that was loaded for it, priced.
pub(super) struct Line {
    pub(super) item: ItemRow,
    pub(super) product: SellableProduct,
    pub(super) quote: Quote,
    pub(super) margin: Percent,
    /// The products whose licenses it makes, and how many of each: itself, or a bundle's parts.
    pub(super) units: Vec<(SellableProduct, i64)>,
}

/// What lines of one partnership are priced by.
pub(super) struct Prices<'a> {
    pub(super) terms: &'a EffectiveTerms,
    pub(super) currency: Currency,
    /// The parts of its merchant's bundles, by number.
    pub(super) parts: Option<&'a HashMap<i64, SellableProduct>>,
}

/// Prices a line by what counts now, and refuses one that can't be sold.
pub(super) fn price_line(
    prices: &Prices<'_>,
    product: Option<&SellableProduct>,
    books: Option<&pricing::PriceBooks>,
    item: ItemRow,
    pointer: &str,
) -> Result<Line, Refusal> {
    let Prices { terms, currency, parts } = *prices;
    let product = product.ok_or_else(|| catalog::product_not_available().at(format!("{pointer}/product")))?;
    let product = asked(product, terms);
    within_limits(&product, item.quantity, pointer)?;
    within_terms(&product, terms, item.quantity, pointer)?;
    let none = pricing::PriceBooks::default();
    let margin = terms.margin(product.id, product.group.as_deref());
    let books = books.unwrap_or(&none);
    let quote = pricing::quote(currency, books, item.quantity, terms.wholesale_discount, margin, Percent::ZERO, ItemDiscount::None, None)
        .map_err(|refusal| refusal.at(pointer))?;
    let mut units = Vec::new();
    if product.bundle {
        for (part, each) in &product.parts {
            let part = parts
                .and_then(|parts| parts.get(part))
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

/// The most licenses that orders which are placed together make: they are held in memory at once.
pub(super) const MOST_LICENSES_AT_ONCE: i64 = 20_000;

/// Whether the lines together make no more licenses than one transaction is to carry.
pub(super) fn within_one_order(lines: &[Line]) -> Result<(), Refusal> {
    let licenses = licenses_of(lines);
    if licenses <= MOST_LICENSES {
        return Ok(());
    }
    let detail = format!("An order makes at most {MOST_LICENSES} licenses; this one would make {licenses}.");
    Err(Refusal::invalid("quantity_out_of_range", detail).at("/items"))
}

/// How many licenses the lines make.
pub(super) fn licenses_of(lines: &[Line]) -> i64 {
    lines.iter().flat_map(|line| &line.units).map(|unit| unit.1).sum()
}

/// How many keys of each product the lines need, by product number.
pub(super) fn keys_needed(lines: &[Line]) -> BTreeMap<i64, i64> {
    let mut need: BTreeMap<i64, i64> = BTreeMap::new();
    for (product, quantity) in lines.iter().flat_map(|line| &line.units).filter(|(product, _)| product.method == Method::KeyPool) {
        *need.entry(product.number).or_default() += quantity;
    }
    need
}

/// Fewer keys than needed refuse, product by product in order of number, unless the product takes backorders (STK-7).
pub(super) fn in_stock(merchant: i64, lines: &[Line], shelves: &stock::Shelves) -> Result<(), Refusal> {
    for (product, count) in keys_needed(lines) {
        if shelves.get(&(merchant, product)).is_some_and(|shelf| shelf.serves(count)) {
            continue;
        }
        let at = lines.iter().position(|line| line.units.iter().any(|(unit, _)| unit.number == product)).unwrap_or(0);
        let sku = lines.get(at).map_or("", |line| line.product.sku.as_str());
        let detail = format!("There are not enough keys of {sku} in stock.");
        return Err(Refusal::conflict("out_of_stock", detail).at(format!("/items/{at}")));
    }
    Ok(())
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
