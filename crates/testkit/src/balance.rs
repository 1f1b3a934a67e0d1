//! Prepaid balance, and what an external shop buys from it.

use crate::{Reseller, TestApp};
use tradepost_domain::access::Side;
use tradepost_domain::billing::PaymentMethod;
use tradepost_domain::billing::auto_top_up::SetAutoTopUp;
use tradepost_domain::billing::top_up::{RequestTopUp, prepaid};
use tradepost_domain::fulfillments::{CreateDynamicUrl, Door, Fulfill};
use tradepost_domain::orders::record_payment::RecordPayment;
use tradepost_domain::partners::terms;
use tradepost_domain::{ApiKeyId, Caller, FulfillmentId, InvoiceId, Right};
use tradepost_kernel::api_key::{ApiKeyText, KeyKind};
use tradepost_kernel::text::Email;
use tradepost_kernel::{Currency, Money};

impl TestApp {
    /// A partnership's prepaid balance, minor units.
    ///
    /// # Panics
    /// Where the store faults.
    pub async fn balance(&self, reseller: &Reseller) -> i64 {
        let (scope, currency) = (reseller.scope, reseller.currency().await);
        self.read(move |reader| Box::pin(async move { prepaid(reader, scope, currency).await })).await
    }
}

/// A dynamic URL that was just made.
#[derive(Clone, Debug)]
pub struct MadeDynamicUrl {
    /// Which.
    pub id: ApiKeyId,
    /// The key in it.
    pub key: String,
}

impl MadeDynamicUrl {
    /// Path and query of a sale.
    #[must_use]
    pub fn sale(&self, order_id: &str, product: &str, quantity: i64) -> String {
        format!("/d/{}?order_id={order_id}&email=grace%40customer.example&product={product}&quantity={quantity}", self.key)
    }
}

impl Reseller {
    /// A dynamic URL that sells these products, or everything, from these addresses, or everywhere (EXT-6).
    pub async fn dynamic_url(&self, products: &[&str], addresses: &[&str]) -> MadeDynamicUrl {
        let text = ApiKeyText::mint(KeyKind::DynamicUrl, self.view().await.test, || self.app.engine.environment.random::<1>()[0]);
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let command =
            CreateDynamicUrl { prepared: (&text).into(), name: "Fetcher".into(), products: texts(products), expires: None, addresses: texts(addresses) };
        let id = self.app.does(&self.owner(), command).await.key;
        MadeDynamicUrl { id, key: text.text().expose().clone() }
    }

    /// What it buys in.
    ///
    /// # Panics
    /// Where nothing is set.
    pub async fn currency(&self) -> Currency {
        let scope = self.scope;
        let terms = self
            .app
            .read(move |reader| {
                Box::pin(async move {
                    let found = tradepost_domain::partners::queries::partnership(reader, scope.of_merchant(), scope.partnership).await?;
                    terms::effective(reader, scope.merchant, scope.partnership, found.and_then(|found| found.channel)).await
                })
            })
            .await;
        terms.currency.expect("a currency")
    }

    /// An amount in its currency.
    ///
    /// # Panics
    /// Where the text is none.
    pub async fn money(&self, amount: &str) -> Money {
        self.currency().await.parse(amount).expect("an amount")
    }

    /// The merchant's books: who records what this reseller paid.
    #[must_use]
    pub fn cashier(&self) -> Caller {
        let rights = Right::ALL.iter().copied().filter(|right| right.side() == Side::Merchant).collect();
        Caller::MerchantKey { key: ApiKeyId::from_bytes([9; 16]), name: "Cashier".into(), merchant: self.scope.merchant, rights }
    }

    /// Asks for a top-up; nothing is paid of it yet.
    pub async fn request_top_up(&self, amount: &str) -> InvoiceId {
        let amount = self.money(amount).await;
        self.app.does(&self.owner(), RequestTopUp { partnership: None, amount, reference: None }).await.invoice
    }

    /// Records a wire of today for an invoice of this reseller.
    pub async fn pays(&self, invoice: InvoiceId, amount: &str) {
        let payment = RecordPayment {
            invoice,
            amount: self.money(amount).await,
            method: PaymentMethod::Wire,
            received_on: self.app.engine.environment.now().date_in("UTC"),
            reference: None,
        };
        self.app.does(&self.cashier(), payment).await;
    }

    /// Tops the prepaid balance up: the invoice, and its payment in full.
    pub async fn top_up(&self, amount: &str) -> InvoiceId {
        let invoice = self.request_top_up(amount).await;
        self.pays(invoice, amount).await;
        invoice
    }

    /// From now on the balance is topped up by itself: below `threshold`, over `amount`.
    pub async fn tops_up_by_itself(&self, threshold: &str, amount: &str) {
        let (threshold, amount) = (self.money(threshold).await, self.money(amount).await);
        self.app.does(&self.owner(), SetAutoTopUp { threshold: Some(threshold), amount: Some(Some(amount)), ..SetAutoTopUp::default() }).await;
    }

    /// The call of its shop for a sale.
    ///
    /// # Panics
    /// Never: the address is one.
    #[must_use]
    pub fn sale(&self, external_order_id: &str, product: &str, quantity: i64) -> Fulfill {
        Fulfill {
            external_order_id: external_order_id.to_owned(),
            product: product.to_owned(),
            variant: None,
            quantity,
            customer_email: Email::parse("grace@customer.example").expect("an address"),
            customer_name: None,
            metadata: None,
            door: Door::Api,
        }
    }

    /// Fulfills a sale of its shop, which must succeed.
    pub async fn sells(&self, external_order_id: &str, product: &str, quantity: i64) -> FulfillmentId {
        self.app.does(&self.owner(), self.sale(external_order_id, product, quantity)).await.fulfillment
    }
}
