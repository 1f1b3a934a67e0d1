//! One merchant, 10 products with enough keys, 100 partnerships on credit with an API key each, and drafts.

use tradepost_domain::identity::{CreateApiKey, KeyOwner};
use tradepost_domain::{Caller, OrderId, PartnershipId, Right};
use tradepost_kernel::api_key::{ApiKeyText, KeyKind};
use tradepost_testkit::{Merchant, Product, Reseller, TestApp};

/// Partnerships.
pub const PARTNERSHIPS: usize = 100;
/// Products.
pub const PRODUCTS: usize = 10;
/// Items of an order.
pub const ITEMS: usize = 3;
/// Licenses of an item.
pub const QUANTITY: usize = 25;
/// Drafts that wait for the writer at once while seeding.
const AT_ONCE: usize = 64;

/// Orders per round.
#[derive(Clone, Debug)]
pub struct Amounts {
    /// By one client.
    pub one: usize,
    /// By eight.
    pub eight: usize,
    /// By 64.
    pub many: usize,
    /// Drafted and confirmed by eight.
    pub drafted: usize,
}

/// A draft that waits to be confirmed, and with which key.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Which.
    pub order: OrderId,
    /// The key of its partnership.
    pub token: String,
}

/// An order to be drafted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// By SKU.
    pub products: Vec<String>,
    /// With which key.
    pub token: String,
}

/// What was seeded.
pub struct Seeded {
    /// The merchant's number.
    pub merchant: i64,
    /// Partnerships.
    pub partnerships: Vec<PartnershipId>,
    /// Products by number.
    #[allow(dead_code, reason = "read by one of the floors only")]
    pub products: Vec<i64>,
    /// Drafts; the same lie in the floor's copy.
    pub drafts: Vec<Draft>,
    /// All keys of all products.
    pub keys: usize,
    tokens: Vec<String>,
    skus: Vec<String>,
    next: usize,
    drafted: usize,
}

impl Seeded {
    /// The next drafts.
    pub fn take(&mut self, count: usize) -> Vec<Draft> {
        let drafts = self.drafts[self.next..self.next + count].to_vec();
        self.next += count;
        drafts
    }

    /// Orders that have no draft yet.
    pub fn wanted(&mut self, count: usize) -> Vec<Wanted> {
        let from = self.drafted;
        self.drafted += count;
        let skus = |nth: usize| products_of(nth).map(|product| self.skus[product].clone()).to_vec();
        (from..from + count).map(|nth| Wanted { products: skus(nth), token: self.tokens[nth % PARTNERSHIPS].clone() }).collect()
    }

    /// Orders that were to be placed so far.
    pub const fn taken(&self) -> usize {
        self.next + self.drafted
    }
}

/// The products of the nth order.
pub fn products_of(nth: usize) -> [usize; ITEMS] {
    std::array::from_fn(|item| (nth + item * 3) % PRODUCTS)
}

/// Makes it all, through the product's own commands.
pub async fn seed(app: &TestApp, amounts: &Amounts, rounds: usize) -> Seeded {
    let merchant = app.merchant("Acme Software").await;
    let drafts = PARTNERSHIPS + 1 + rounds * (amounts.one + amounts.eight + amounts.many);
    let orders = drafts + rounds * amounts.drafted;
    let per_product = orders * ITEMS * QUANTITY / PRODUCTS + 200;
    let mut products: Vec<Product> = Vec::new();
    for nth in 0..PRODUCTS {
        products.push(merchant.product(&format!("KEY-{nth}")).price("26.00").keys(per_product).await);
    }
    let mut resellers = Vec::new();
    let mut tokens = Vec::new();
    for nth in 0..PARTNERSHIPS {
        let reseller = merchant.reseller(&format!("Reseller {nth:03}")).credit("1000000000.00").await;
        tokens.push(token(app, &merchant, &reseller).await);
        resellers.push(reseller);
    }
    let made = drafted(&resellers, &products, drafts).await;
    app.work().await;
    Seeded {
        merchant: merchant.number,
        partnerships: resellers.iter().map(Reseller::partnership).collect(),
        products: products.iter().map(|product| product.number).collect(),
        drafts: made.into_iter().enumerate().map(|(nth, order)| Draft { order, token: tokens[nth % PARTNERSHIPS].clone() }).collect(),
        keys: per_product * PRODUCTS,
        skus: products.iter().map(|product| product.sku.clone()).collect(),
        tokens,
        next: 0,
        drafted: 0,
    }
}

async fn token(app: &TestApp, merchant: &Merchant, reseller: &Reseller) -> String {
    let text = ApiKeyText::mint(KeyKind::Partnership, false, || app.engine.environment.random::<1>()[0]);
    let command = CreateApiKey {
        owner: KeyOwner { merchant: merchant.number, partnership: Some(reseller.partnership()) },
        prepared: (&text).into(),
        name: "Bench".into(),
        rights: vec![Right::OrdersPlace, Right::OrdersRead],
        expires: None,
        addresses: Vec::new(),
    };
    app.does(&Caller::Operator, command).await;
    text.text().expose().clone()
}

async fn drafted(resellers: &[Reseller], products: &[Product], count: usize) -> Vec<OrderId> {
    let mut made = Vec::with_capacity(count);
    let quantity = i64::try_from(QUANTITY).expect("a small number");
    for from in (0..count).step_by(AT_ONCE) {
        let mut waiting = Vec::new();
        for nth in from..count.min(from + AT_ONCE) {
            let reseller = resellers[nth % PARTNERSHIPS].clone();
            let skus = products_of(nth).map(|product| products[product].sku.clone());
            waiting.push(tokio::spawn(async move {
                let items: Vec<(&str, i64)> = skus.iter().map(|sku| (sku.as_str(), quantity)).collect();
                reseller.order(&items).draft().await
            }));
        }
        for draft in waiting {
            made.push(draft.await.expect("a draft"));
        }
    }
    made
}
