//! The samples: a few businesses of every kind, done by the product's own commands.

use crate::clones::Template;
use crate::rows::{Cell, KEYS, TABLES, Table};
use tradepost_domain::orders::reveal::RevealLicense;
use tradepost_testkit::{Merchant, Product, Reseller, TestApp};

/// Partnerships; each has samples of its own.
pub const PARTNERSHIPS: usize = 20;
/// Products.
pub const PRODUCTS: usize = 10;
/// What happens in a second stays in it, so that rows are told apart by the time in their ids.
const APART_MS: i64 = 1_000;

/// What is done with an order once it is placed.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// It stays open.
    OnCredit,
    /// It is paid.
    Paid,
    /// It is paid, and its code was looked at.
    Revealed,
}

/// Of ten businesses.
const MIX: [Kind; 10] = {
    use Kind::{OnCredit, Paid, Revealed};
    [Revealed, Paid, Revealed, Paid, Revealed, OnCredit, Revealed, Paid, Revealed, Revealed]
};

/// The world in which the samples happened.
pub struct World {
    /// The merchant's number.
    pub merchant: i64,
    /// By number: SKU, import of its keys.
    pub products: Vec<(i64, String)>,
    /// When each sample began and ended.
    spans: Vec<(i64, i64)>,
}

/// Does the samples.
pub async fn make(app: &TestApp) -> World {
    let merchant = app.merchant("Acme Software").await;
    let mut products: Vec<Product> = Vec::new();
    for nth in 0..PRODUCTS {
        products.push(merchant.product(&format!("KEY-{nth}")).price("26.00").keys(PARTNERSHIPS * (MIX.len() + 1)).await);
    }
    let mut resellers = Vec::new();
    for nth in 0..PARTNERSHIPS {
        resellers.push(merchant.reseller(&format!("Reseller {nth:03}")).credit("1000000000.00").await);
    }
    for (of, reseller) in resellers.iter().enumerate() {
        // Makes the accounts of its books, which all samples share.
        sample(app, &merchant, reseller, &products[of % PRODUCTS], Kind::Revealed).await;
    }
    app.work().await;
    let mut spans = Vec::new();
    for (nth, kind) in MIX.iter().enumerate() {
        for (of, reseller) in resellers.iter().enumerate() {
            app.clock.advance_ms(APART_MS);
            let begun = app.clock.now().ms();
            sample(app, &merchant, reseller, &products[(nth + of) % PRODUCTS], *kind).await;
            app.work().await;
            spans.push((begun, app.clock.now().ms() + 1));
        }
    }
    World { merchant: merchant.number, products: products.iter().map(|product| (product.number, product.sku.clone())).collect(), spans }
}

async fn sample(app: &TestApp, merchant: &Merchant, reseller: &Reseller, product: &Product, kind: Kind) {
    let order = reseller.order(&[(&product.sku, 1)]).place().await;
    if !matches!(kind, Kind::OnCredit) {
        merchant.pay(order.invoice, "26.00").await;
    }
    if matches!(kind, Kind::Revealed) {
        let license = app.licenses(&order).await[0].id;
        app.does(&reseller.owner(), RevealLicense { license }).await;
    }
}

impl World {
    /// What can be made again, in turn.
    pub fn templates(&self, tables: &[Table]) -> Vec<Template> {
        self.spans.iter().map(|(from, to)| Template::new(tables, *from, *to)).collect()
    }

    /// The tables that are read.
    pub fn tables() -> impl Iterator<Item = &'static str> {
        TABLES.into_iter().chain([KEYS])
    }

    /// The newest moment of the samples.
    pub fn end(&self) -> i64 {
        self.spans.last().expect("samples").1
    }

    /// Of the rows of keys, one of each product: what keys that are still to be sold are made after.
    pub fn unsold(keys: &Table, product: i64) -> &Vec<Cell> {
        let (state, of) = (keys.at("state"), keys.at("product"));
        keys.rows.iter().find(|row| row[state] == Cell::Int(0) && row[of] == Cell::Int(product)).expect("a key that is not sold")
    }
}
