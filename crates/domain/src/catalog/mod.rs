//! Products, variants, bundles, prices, price lists, and which partnership may order what (CAT-1 … CAT-5, CAT-9).
//!
//! Always true here:
//! - A product's number and id never change; its SKU is unique per merchant.
//! - A variant is a product row with a parent: its own SKU, prices and stock; access follows the parent.
//! - A bundle has parts and no stock; no part is a bundle. Only regular products have parents.
//! - A price stands in one of three books, per currency, in tiers that begin at quantity 1.
//! - What a partnership may not order is absent for it: the same answer as for an id that does not exist.
//!
//! What does not belong: keys and counts (`stock`), terms and margins (`partners`).

mod change;
mod create;
mod fields;
pub mod import;
mod price_lists;
mod prices;
pub mod pricing;
pub mod queries;
mod store;

pub use change::ChangeProduct;
pub use create::CreateProduct;
pub use fields::{MOST_UNITS, PartPatch, ProductFields, ProductPatch, grams, kilograms};
pub use price_lists::{CreatePriceList, DeletePriceList, OfferProduct, RenamePriceList};
pub use prices::{SetPrices, Shelf, Tier, replace_prices, tiers_error};
pub(crate) use store::{forget_partnership, insert_price_list, set_access};

use crate::access::named;
use crate::ids::ProductId;
use tradepost_kernel::Refusal;

/// What is sold (CAT-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A license key.
    Key,
    /// A term that renews. Not available yet.
    Subscription,
    /// A file.
    Download,
    /// A thing that is shipped. Not available yet.
    Physical,
    /// Work that is done.
    Service,
}
named!(Kind { Key = "key", Subscription = "subscription", Download = "download", Physical = "physical", Service = "service" });

/// How a sold unit comes to be (CAT-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A code from stock.
    KeyPool,
    /// Ready as soon as it may be given out; there is nothing to hand over.
    None,
    /// The merchant delivers and confirms.
    Merchant,
}
named!(Method { KeyPool = "key_pool", None = "none", Merchant = "merchant" });

/// When the end user's name and address are asked (CAT-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndUserInformation {
    /// Never.
    None,
    /// When a license is activated; until then it lies available.
    AtActivation,
    /// Before anything is delivered: the order waits for it.
    BeforeDelivery,
}
named!(EndUserInformation { None = "none", AtActivation = "at_activation", BeforeDelivery = "before_delivery" });

impl Kind {
    /// From its public name; kinds that cannot be sold yet are known, and refused.
    ///
    /// # Errors
    /// `invalid_field`; `not_available_yet` for subscriptions and physical goods.
    pub fn parse(name: &str) -> Result<Self, Refusal> {
        match Self::from_name(name) {
            Some(Self::Subscription | Self::Physical) => Err(not_available_yet("/kind", name)),
            Some(kind) => Ok(kind),
            None => Err(Refusal::invalid("invalid_field", "must be key, download or service").at("/kind")),
        }
    }
}

impl Method {
    /// From its public name; methods that come later are known, and refused.
    ///
    /// # Errors
    /// `invalid_field`; `not_available_yet` for generators, downloads and shipping.
    pub fn parse(name: &str) -> Result<Self, Refusal> {
        if let Some(method) = Self::from_name(name) {
            return Ok(method);
        }
        if matches!(name, "key_generator" | "download" | "ship") {
            return Err(not_available_yet("/method", name));
        }
        Err(Refusal::invalid("invalid_field", "must be key_pool, merchant or none").at("/method"))
    }
}

fn not_available_yet(pointer: &str, what: &str) -> Refusal {
    Refusal::invalid("not_available_yet", format!("{what} is not available in this version.")).at(pointer)
}

/// What an order needs to know of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SellableProduct {
    /// The merchant's own running number, used inside.
    pub number: i64,
    /// The public id.
    pub id: ProductId,
    /// The product that this is a variant of.
    pub parent: Option<i64>,
    /// Unique per merchant.
    pub sku: String,
    /// As shown.
    pub name: String,
    /// What margins and reports group by.
    pub group: Option<String>,
    /// Whether it is sold at all.
    pub enabled: bool,
    /// What is sold.
    pub kind: Kind,
    /// Whether it expands to its parts when ordered.
    pub bundle: bool,
    /// A bundle's parts: product number and quantity per bundle, in order of number. Empty otherwise.
    pub parts: Vec<(i64, i64)>,
    /// How a sold unit comes to be.
    pub method: Method,
    /// When the end user's name and address are asked.
    pub end_user_information: EndUserInformation,
    /// Whether the company that sells on must be named.
    pub reseller_information: bool,
    /// Fewest units of one line.
    pub min_quantity: Option<i64>,
    /// Most units of one line.
    pub max_quantity: Option<i64>,
}

pub(crate) fn variant_follows_parent() -> Refusal {
    Refusal::invalid("variant_follows_parent", "A variant is shared and sold as its parent is: name the parent.")
}

/// What a reseller hears of a product that is missing, disabled or not shared: one answer for all three (CAT-4).
#[must_use]
pub fn product_not_available() -> Refusal {
    Refusal::new(tradepost_kernel::Class::NotFound, "product_not_available", "There is no such product in this program.")
}
