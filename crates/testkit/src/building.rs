//! Builders: a product with its price and keys, a reseller with its terms, an order.

use crate::actors::{domain_of, term};
use crate::{Merchant, Reseller, TestApp};
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use tradepost_domain::catalog::{CreateProduct, EndUserInformation, Kind, Method, OfferProduct, PartPatch, ProductPatch, SetPrices, Shelf, Tier};
use tradepost_domain::customers::EndUser;
use tradepost_domain::fulfillments::change_terms::ChangeTerms;
use tradepost_domain::identity;
use tradepost_domain::orders::create_draft::{CreateDraft, WantedItem};
use tradepost_domain::orders::place::PlaceOrder;
use tradepost_domain::orders::store::DraftFields;
use tradepost_domain::partners::enroll::{CreateReseller, Profile};
use tradepost_domain::partners::terms::{Qualifier, Setting, TermChange, TermName};
use tradepost_domain::stock::SetStockSwitches;
use tradepost_domain::{InvoiceId, No, OrderId, PartnershipScope, ProductId};
use tradepost_kernel::text::Email;
use tradepost_kernel::{Currency, Refusal};
use tradepost_store::{params, sql};

type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A product that is being made.
#[must_use]
pub struct ProductBuilder {
    merchant: Merchant,
    patch: ProductPatch,
    parent: Option<ProductId>,
    prices: Vec<(Currency, Vec<(i64, String)>)>,
    keys: usize,
    offered: bool,
    threshold: Option<i64>,
    backorder: Option<bool>,
}

impl ProductBuilder {
    pub(crate) fn new(merchant: &Merchant, sku: &str) -> Self {
        let patch = ProductPatch {
            sku: Some(sku.to_owned()),
            name: Some(format!("The {sku}")),
            kind: Some(Kind::Key),
            end_user_information: Some(EndUserInformation::None),
            ..ProductPatch::default()
        };
        Self { merchant: merchant.clone(), patch, parent: None, prices: Vec::new(), keys: 0, offered: true, threshold: None, backorder: None }
    }

    /// A variant of another product, shared as that is.
    pub const fn variant_of(mut self, parent: &Product) -> Self {
        self.parent = Some(parent.id);
        self.offered = false;
        self
    }

    /// List price in the merchant's currency.
    pub fn price(self, amount: &str) -> Self {
        self.tiers(&[(1, amount)])
    }

    /// List price in another currency.
    ///
    /// # Panics
    /// Where the code is none.
    pub fn price_in(mut self, currency: &str, amount: &str) -> Self {
        self.prices.push((currency.parse().expect("a currency"), vec![(1, amount.to_owned())]));
        self
    }

    /// List price by quantity.
    pub fn tiers(mut self, tiers: &[(i64, &str)]) -> Self {
        let currency = self.merchant.currency;
        self.prices.push((currency, tiers.iter().map(|(from, amount)| (*from, (*amount).to_owned())).collect()));
        self
    }

    /// How many keys to import: their codes are `SKU-00001`, …
    pub const fn keys(mut self, count: usize) -> Self {
        self.keys = count;
        self
    }

    /// How it is fulfilled.
    pub fn method(mut self, method: Method) -> Self {
        self.patch.method = Some(method);
        self.patch.kind = Some(if method == Method::KeyPool { Kind::Key } else { Kind::Service });
        self
    }

    /// When the end user is asked for.
    pub fn end_user(mut self, when: EndUserInformation) -> Self {
        self.patch.end_user_information = Some(when);
        self
    }

    /// Whether the company that sells on is asked for.
    pub fn reseller_information(mut self) -> Self {
        self.patch.reseller_information = Some(true);
        self
    }

    /// Fewest and most units of a line.
    pub fn limits(mut self, least: i64, most: i64) -> Self {
        (self.patch.min_quantity, self.patch.max_quantity) = (Some(Some(least)), Some(Some(most)));
        self
    }

    /// A bundle of other products.
    pub fn bundle_of(mut self, parts: &[(&str, i64)]) -> Self {
        self.patch.bundle = Some(true);
        self.patch.parts = Some(parts.iter().map(|(sku, quantity)| PartPatch { product: (*sku).to_owned(), quantity: *quantity }).collect());
        self
    }

    /// Margins and reports group by this.
    pub fn group(mut self, name: &str) -> Self {
        self.patch.group = Some(Some(name.to_owned()));
        self
    }

    /// In no price list yet.
    pub const fn not_offered(mut self) -> Self {
        self.offered = false;
        self
    }

    /// At or below this the stock is low.
    pub const fn threshold(mut self, at: i64) -> Self {
        self.threshold = Some(at);
        self
    }

    /// Orders are taken beyond the stock.
    pub const fn backorder(mut self) -> Self {
        self.backorder = Some(true);
        self
    }

    async fn make(self) -> Product {
        let (merchant, app, owner) = (&self.merchant, &self.merchant.app, self.merchant.owner());
        let scope = merchant.scope();
        let sku = self.patch.sku.clone().expect("a SKU");
        let id = app.does(&owner, CreateProduct { scope, parent: self.parent, patch: self.patch.clone() }).await;
        for (currency, tiers) in &self.prices {
            let minor = |amount: &String| currency.parse(amount).expect("a price").minor;
            let tiers = tiers.iter().map(|(from, amount)| Tier { from_quantity: *from, unit_minor: minor(amount) }).collect();
            app.does(&owner, SetPrices { scope, product: id, shelf: Shelf::List, currency: *currency, tiers }).await;
        }
        if self.offered {
            app.does(&owner, OfferProduct { scope, price_list: merchant.price_list, product: id, offered: true }).await;
        }
        let (number,): (i64,) = app.row(sql!("SELECT number FROM product WHERE merchant = $1 AND id = $2"), params![merchant.number, id].to_vec()).await;
        let product = Product { merchant: merchant.clone(), id, number, sku };
        if self.threshold.is_some() || self.backorder.is_some() {
            app.does(&owner, SetStockSwitches { scope, product: id, threshold: self.threshold, backorder: self.backorder }).await;
        }
        if self.keys > 0 {
            product.arrive(1, self.keys).await;
        }
        product
    }
}

impl IntoFuture for ProductBuilder {
    type Output = Product;
    type IntoFuture = Later<Product>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.make())
    }
}

/// A product.
#[derive(Clone)]
pub struct Product {
    pub(crate) merchant: Merchant,
    /// Its id.
    pub id: ProductId,
    /// Its number.
    pub number: i64,
    /// Its SKU.
    pub sku: String,
}

impl Product {
    /// The same in a house that was opened again.
    #[must_use]
    pub fn in_house(&self, app: &TestApp) -> Self {
        Self { merchant: self.merchant.in_house(app), ..self.clone() }
    }

    /// The code of the nth key, from 1.
    #[must_use]
    pub fn code(&self, n: usize) -> String {
        format!("{}-{n:05}", self.sku)
    }
}

/// A reseller that is being made.
#[must_use]
pub struct ResellerBuilder {
    merchant: Merchant,
    company: String,
    terms: Vec<TermChange>,
}

impl ResellerBuilder {
    pub(crate) fn new(merchant: &Merchant, company: &str) -> Self {
        Self { merchant: merchant.clone(), company: company.to_owned(), terms: Vec::new() }
    }

    /// Its credit limit.
    pub fn credit(self, amount: &str) -> Self {
        let value = format!("{amount} {}", self.merchant.currency);
        self.with(TermName::CreditLimit, &value)
    }

    /// A term of the partnership.
    pub fn with(mut self, name: TermName, value: &str) -> Self {
        self.terms.push(term(name, value));
        self
    }

    /// A margin for one product or group.
    pub fn margin(mut self, qualifier: Qualifier, percent: &str) -> Self {
        let to = Setting::Value(TermName::MarginPercent.value(percent).expect("a percentage"));
        self.terms.push(TermChange { name: TermName::MarginPercent, qualifier, to });
        self
    }

    async fn make(self) -> Reseller {
        let (merchant, app) = (&self.merchant, &self.merchant.app);
        let profile = profile(&self.company);
        let email = profile.email.clone();
        let command = CreateReseller { merchant: merchant.number, profile, first_name: "Rita".into(), last_name: "Reseller".into(), channel: None };
        let made = app.does(&merchant.owner(), command).await;
        let key = email.key();
        let person = app.read(move |reader| Box::pin(async move { identity::queries::person_by_email(reader, &key).await })).await;
        let scope = PartnershipScope { merchant: merchant.number, partnership: made.partnership };
        if !self.terms.is_empty() {
            app.does(&merchant.owner(), ChangeTerms { partnership: made.partnership, changes: self.terms }).await;
        }
        Reseller { app: app.clone(), scope, id: made.reseller, person: person.expect("the owner").id, email: email.as_str().to_owned() }
    }
}

impl IntoFuture for ResellerBuilder {
    type Output = Reseller;
    type IntoFuture = Later<Reseller>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.make())
    }
}

/// A company's profile, its address made from its name.
///
/// # Panics
/// Where the name makes no address.
#[must_use]
pub fn profile(company: &str) -> Profile {
    Profile {
        company: company.to_owned(),
        email: Email::parse(&format!("orders@{}.example", domain_of(company))).expect("an address"),
        phone: Some("+1 555 0100".into()),
        street: Some("1 Main Street".into()),
        city: Some("Springfield".into()),
        postal_code: Some("12345".into()),
        region: None,
        country: "US".into(),
        vat_id: None,
    }
}

/// An end user with the three fields that are always needed.
///
/// # Panics
/// Where the address is none.
#[must_use]
pub fn owner(email: &str) -> EndUser {
    EndUser {
        first_name: "Ada".into(),
        last_name: "Lovelace".into(),
        email: Email::parse(email).expect("an address"),
        company: None,
        phone: None,
        street: None,
        city: None,
        postal_code: None,
        region: None,
        country: None,
        language: None,
    }
}

/// An order that is being put together.
#[must_use]
pub struct OrderBuilder {
    reseller: Reseller,
    items: Vec<WantedItem>,
    fields: DraftFields,
}

/// A placed order and its invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacedOrder {
    /// The order.
    pub id: OrderId,
    /// Its invoice.
    pub invoice: InvoiceId,
    /// Its merchant.
    pub merchant: i64,
}

impl OrderBuilder {
    pub(crate) fn new(reseller: &Reseller, items: &[(&str, i64)]) -> Self {
        let items = items.iter().map(|(product, quantity)| WantedItem { product: (*product).to_owned(), quantity: *quantity }).collect();
        Self { reseller: reseller.clone(), items, fields: DraftFields::default() }
    }

    /// The reseller's own number.
    pub fn reference(mut self, text: &str) -> Self {
        self.fields.reference = Some(text.to_owned());
        self
    }

    /// The command that makes the draft.
    #[must_use]
    pub fn command(&self) -> CreateDraft {
        CreateDraft { fields: self.fields.clone(), items: self.items.clone() }
    }

    /// Saves it as a draft.
    pub async fn draft(self) -> OrderId {
        let app: &TestApp = &self.reseller.app;
        app.does(&self.reseller.owner(), self.command()).await.order
    }

    /// Saves and confirms it.
    ///
    /// # Panics
    /// Where it is refused.
    pub async fn place(self) -> PlacedOrder {
        match self.try_place().await {
            Ok(placed) => placed,
            Err(refusal) => panic!("the order should have been placed: {refusal:?}"),
        }
    }

    /// Saves it, and confirms it where that is not refused.
    ///
    /// # Errors
    /// The refusal of the confirm.
    ///
    /// # Panics
    /// On a fault.
    pub async fn try_place(self) -> Result<PlacedOrder, Refusal> {
        let reseller = self.reseller.clone();
        let draft = self.draft().await;
        reseller.confirm(draft).await
    }
}

impl Reseller {
    /// Confirms a draft.
    ///
    /// # Errors
    /// The refusal.
    ///
    /// # Panics
    /// On a fault.
    pub async fn confirm(&self, draft: OrderId) -> Result<PlacedOrder, Refusal> {
        match self.app.execute(&self.owner(), PlaceOrder::of(draft)).await {
            Ok(placed) => Ok(PlacedOrder { id: placed.order, invoice: placed.invoice, merchant: self.scope.merchant }),
            Err(No::Refusal(refusal)) => Err(refusal),
            Err(No::Fault(fault)) => panic!("confirming faulted: {fault:?}"),
        }
    }
}
