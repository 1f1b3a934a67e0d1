//! What every benchmark begins with: one merchant, 10 products with keys, 100 partnerships with an API key each; made
//! through the product's own commands, so that nothing stands in the database that the product would not have written.

use super::Asked;
use super::place::{Database, Place};
use crate::house::{House, Trouble};
use crate::operate::Order;
use crate::own_api::{call, order, trouble};
use serde_json::{Value as Json, json};
use std::fmt::Write as _;
use std::sync::Arc;
use tradepost_domain::access::Side;
use tradepost_domain::catalog::{CreateProduct, EndUserInformation, Kind, Method, OfferProduct, ProductPatch, SetPrices, Shelf, Tier};
use tradepost_domain::stock::import::{Format, ImportSettings, Importer, Mode};
use tradepost_domain::{Caller, Engine, MerchantScope, Origin, PartnershipId, PartnershipScope, PriceListId, ProductId, Right};

/// Partnerships.
pub(super) const PARTNERSHIPS: usize = 100;
/// Products.
pub(super) const PRODUCTS: usize = 10;
/// The unit price, in cents.
pub(super) const PRICE_MINOR: i64 = 2_600;
/// Keys of one push into an import.
const PUSHED: usize = 5_000;

/// A reseller's shop.
#[derive(Clone, Debug)]
pub(super) struct Shop {
    /// As a caller inside the process.
    pub(super) caller: Caller,
    /// Its API key.
    pub(super) token: String,
}

/// What was made.
#[derive(Clone, Debug)]
pub(super) struct Seeded {
    /// The merchant's number.
    pub(super) merchant: i64,
    /// The merchant's API key.
    pub(super) token: String,
    /// The shops.
    pub(super) shops: Vec<Shop>,
    /// The products by SKU.
    pub(super) skus: Vec<String>,
    /// Keys in stock.
    pub(super) keys: usize,
}

/// A database with everything in it, closed: a new one, or a copy of one that is large already.
pub(super) async fn database(asked: &Asked, place: &Place) -> Result<(Database, Arc<Seeded>), Trouble> {
    let database = match &asked.from {
        None => place.database("server").await?,
        Some(data) => place.adopt(data, "server").await?,
    };
    let house = database.open().await?;
    let seeded = match asked.from {
        None => {
            let seeded = fresh(&house, asked.keys).await?;
            keys(&house.engine, &seeded).await?;
            seeded
        }
        Some(_) => adopted(&house).await?,
    };
    house.worker.run_until_idle().await?;
    house.close().await;
    Ok((database, Arc::new(seeded)))
}

/// The one merchant of a database that is in use, with shops of its own for the benchmark.
async fn adopted(house: &House) -> Result<Seeded, Trouble> {
    let key = Order::CreateKey { merchant: None, test: false, partnership: None, name: "bench".into(), rights: Vec::new() };
    let token = text(&order(house, key, Vec::new()).await?["key"])?;
    let merchant = crate::merchant::find_or_only(&house.engine, None, false).await.map_err(trouble)?;
    let stock = call(house, &token, "GET", "/v1/merchant/stock?limit=200", None).await?;
    let in_stock: Vec<&Json> = stock["data"].as_array().into_iter().flatten().filter(|row| row["available"].as_u64() > Some(0)).take(PRODUCTS).collect();
    let skus = in_stock.iter().map(|row| text(&row["sku"])).collect::<Result<Vec<_>, _>>()?;
    // What is least in stock is gone first.
    let least = in_stock.iter().filter_map(|row| row["available"].as_u64()).min().unwrap_or(0);
    let keys = usize::try_from(least).unwrap_or(0) * skus.len();
    Ok(Seeded { merchant, shops: shops(house, &token, merchant).await?, token, skus, keys })
}

/// A new merchant with products; the keys come after.
async fn fresh(house: &House, keys: usize) -> Result<Seeded, Trouble> {
    let made = Order::CreateMerchant {
        name: "Bench Software".into(),
        slug: None,
        currency: "USD".into(),
        owner_email: "owner@bench.example".into(),
        owner_name: None,
        time_zone: "UTC".into(),
    };
    let made = order(house, made, Vec::new()).await?;
    let token = text(&made["live_key"])?;
    let merchant = crate::merchant::find_or_only(&house.engine, None, false).await.map_err(trouble)?;
    let channels = call(house, &token, "GET", "/v1/merchant/channels", None).await?;
    let price_list: PriceListId = parsed(&channels["data"][0]["price_list"])?;
    let mut skus = Vec::with_capacity(PRODUCTS);
    for nth in 0..PRODUCTS {
        let sku = format!("KEY-{nth}");
        product(&house.engine, MerchantScope { merchant }, price_list, &sku).await?;
        skus.push(sku);
    }
    Ok(Seeded { merchant, shops: shops(house, &token, merchant).await?, token, skus, keys })
}

async fn shops(house: &House, token: &str, merchant: i64) -> Result<Vec<Shop>, Trouble> {
    let mut shops = Vec::with_capacity(PARTNERSHIPS);
    for nth in 0..PARTNERSHIPS {
        shops.push(shop(house, token, merchant, nth).await?);
    }
    Ok(shops)
}

async fn product(engine: &Engine, scope: MerchantScope, price_list: PriceListId, sku: &str) -> Result<(), Trouble> {
    let patch = ProductPatch {
        sku: Some(sku.to_owned()),
        name: Some(format!("The {sku}")),
        kind: Some(Kind::Key),
        method: Some(Method::KeyPool),
        end_user_information: Some(EndUserInformation::None),
        ..ProductPatch::default()
    };
    let product: ProductId = engine.execute(Origin::operator(), CreateProduct { scope, parent: None, patch }).await.map_err(trouble)?.outcome;
    let currency = "USD".parse().map_err(|_| Trouble("USD is no currency".into()))?;
    let tiers = vec![Tier { from_quantity: 1, unit_minor: PRICE_MINOR }];
    engine.execute(Origin::operator(), SetPrices { scope, product, shelf: Shelf::List, currency, tiers }).await.map_err(trouble)?;
    engine.execute(Origin::operator(), OfferProduct { scope, price_list, product, offered: true }).await.map_err(trouble)?;
    Ok(())
}

async fn shop(house: &House, token: &str, merchant: i64, nth: usize) -> Result<Shop, Trouble> {
    let email = format!("shop{nth}@reseller.example");
    let new = json!({"company": format!("Reseller {nth:03}"), "first_name": "Rita", "last_name": "Reseller", "email": email, "country": "US"});
    let made = call(house, token, "POST", "/v1/merchant/resellers", Some(new)).await?;
    let partnership: PartnershipId = parsed(&made["id"])?;
    let terms = json!({"credit_limit": {"amount": "1000000000.00", "currency": "USD"}});
    call(house, token, "PATCH", &format!("/v1/merchant/partnerships/{partnership}/terms"), Some(terms)).await?;
    let key = Order::CreateKey { merchant: None, test: false, partnership: Some(partnership.text()), name: "bench".into(), rights: Vec::new() };
    let key = order(house, key, Vec::new()).await?;
    let rights = Right::ALL.iter().copied().filter(|right| right.side() == Side::Reseller).collect();
    let caller = Caller::PartnershipKey { key: parsed(&key["id"])?, name: "bench".into(), scope: PartnershipScope { merchant, partnership }, rights };
    Ok(Shop { caller, token: text(&key["key"])? })
}

fn text(value: &Json) -> Result<String, Trouble> {
    value.as_str().map(str::to_owned).ok_or_else(|| Trouble(format!("{value}: is no text")))
}

fn parsed<T: std::str::FromStr>(value: &Json) -> Result<T, Trouble> {
    text(value)?.parse().map_err(|_| Trouble(format!("{value}: is no such id")))
}

/// Imports the keys, spread evenly over the products, by the same importer as everybody's, all products at once.
async fn keys(engine: &Engine, seeded: &Seeded) -> Result<(), Trouble> {
    let count = seeded.keys;
    let mut importing = Vec::new();
    for (nth, sku) in seeded.skus.iter().enumerate() {
        let mine = count / PRODUCTS + usize::from(nth < count % PRODUCTS);
        importing.push(tokio::spawn(import(engine.clone(), seeded.merchant, sku.clone(), nth, 0..mine)));
    }
    for importing in importing {
        importing.await.map_err(|error| Trouble(error.to_string()))??;
    }
    Ok(())
}

/// Imports the codes of these numbers for one product.
pub(super) async fn import(engine: Engine, merchant: i64, sku: String, product: usize, numbers: std::ops::Range<usize>) -> Result<(), Trouble> {
    let settings = ImportSettings {
        scope: MerchantScope { merchant },
        source: "bench".into(),
        note: None,
        cost: None,
        expires_on: None,
        format: Format::Lines { product: sku },
        mode: Mode::AllOrNothing,
        dry_run: false,
    };
    let mut importer = Importer::new(engine, Origin::operator(), settings).await.map_err(trouble)?;
    for from in numbers.clone().step_by(PUSHED) {
        importer.push(codes(product, from..numbers.end.min(from + PUSHED)).as_bytes()).await.map_err(trouble)?;
    }
    let report = importer.finish().await.map_err(trouble)?;
    if report.taken_in { Ok(()) } else { Err(Trouble(format!("keys were not taken in: {report:?}"))) }
}

/// Codes as they look, one a line; no two are equal.
pub(super) fn codes(product: usize, numbers: std::ops::Range<usize>) -> String {
    let mut out = String::with_capacity(numbers.len() * 28);
    for number in numbers {
        // Weyl's sequence: neighbors look nothing alike.
        let mixed = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23).wrapping_mul(0xd134_2543_de82_ef95);
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{product:02X}{number:08X}-{:05X}-{:05X}-{:05X}", mixed & 0xf_ffff, (mixed >> 20) & 0xf_ffff, (mixed >> 40) & 0xf_ffff);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_codes_are_equal() {
        let text = codes(3, 0..10_000) + &codes(4, 0..10_000);
        assert_eq!(text.lines().collect::<HashSet<_>>().len(), 20_000);
    }
}
