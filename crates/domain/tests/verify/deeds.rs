//! Short words for what people do, and rows that no command makes yet.

use std::fmt::Debug;
use tradepost_domain::access::{Caller, MerchantRole, ResellerRole};
use tradepost_domain::catalog::{CreateProduct, OfferProduct, ProductPatch, SetPrices, Shelf, Tier};
use tradepost_domain::customers::EndUser;
use tradepost_domain::orders::create_draft::{CreateDraft, WantedItem};
use tradepost_domain::orders::place::{PlaceOrder, PlaceOutcome};
use tradepost_domain::orders::record_payment::RecordPayment;
use tradepost_domain::orders::store::DraftFields;
use tradepost_domain::partners::enroll::{CreateReseller, Enrolled, Profile};
use tradepost_domain::{
    Command, Engine, InvoiceId, KeyImportId, LicenseId, LicenseKeyId, MerchantScope, OrderId, Origin, PartnershipScope, PersonId, PriceListId, ProductId, stock,
};
use tradepost_kernel::text::{Email, mask};
use tradepost_store::{BoxFuture, Ended, Fault, FromRow, Sql, Tx, Value, Work, params, sql};

/// A merchant's owner at work.
#[derive(Clone)]
pub struct Merchant {
    pub engine: Engine,
    pub number: i64,
    pub person: PersonId,
}

/// A reseller's owner at work.
#[derive(Clone)]
pub struct Reseller {
    pub engine: Engine,
    pub scope: PartnershipScope,
    pub enrolled: Enrolled,
}

pub fn usd() -> tradepost_kernel::Currency {
    "USD".parse().expect("a currency")
}

async fn run<C: Command + Debug>(engine: &Engine, caller: Caller, command: C) -> C::Outcome {
    // A minute passes between two deeds.
    engine.environment.clock.advance_ms(60_000);
    let what = format!("{command:?}");
    engine.execute(Origin { caller, ..Origin::system() }, command).await.unwrap_or_else(|no| panic!("{what}: {no:?}")).outcome
}

pub async fn by_operator<C: Command + Debug>(engine: &Engine, command: C) -> C::Outcome {
    run(engine, Caller::Operator, command).await
}

pub async fn rows<T: FromRow + Send + 'static>(engine: &Engine, sql: Sql, params: Vec<Value>) -> Vec<T> {
    engine.store.read(move |reader| Box::pin(async move { reader.query(sql, &params).await })).await.expect("the query runs")
}

impl Merchant {
    pub fn scope(&self) -> MerchantScope {
        MerchantScope { merchant: self.number }
    }

    pub async fn does<C: Command + Debug>(&self, command: C) -> C::Outcome {
        let caller = Caller::MerchantPerson { person: self.person, name: "Mia".into(), merchant: self.number, role: MerchantRole::Owner };
        run(&self.engine, caller, command).await
    }

    /// A product in the price list, at a list price.
    pub async fn sells(&self, list: PriceListId, unit_minor: i64, patch: ProductPatch) -> ProductId {
        let scope = self.scope();
        let product = self.does(CreateProduct { scope, parent: None, patch }).await;
        let tiers = vec![Tier { from_quantity: 1, unit_minor }];
        self.does(SetPrices { scope, product, shelf: Shelf::List, currency: usd(), tiers }).await;
        self.does(OfferProduct { scope, price_list: list, product, offered: true }).await;
        product
    }

    pub async fn gains_reseller(&self, company: &str) -> Reseller {
        let email = Email::parse(&format!("owner@{company}.example")).expect("an address");
        let profile = Profile {
            company: company.into(),
            email,
            phone: None,
            street: None,
            city: None,
            postal_code: None,
            region: None,
            country: "US".into(),
            vat_id: None,
        };
        let enrolled = self.does(CreateReseller { merchant: self.number, profile, first_name: "Rex".into(), last_name: "Sell".into(), channel: None }).await;
        let scope = PartnershipScope { merchant: self.number, partnership: enrolled.partnership };
        Reseller { engine: self.engine.clone(), scope, enrolled }
    }

    pub async fn receives(&self, invoice: InvoiceId, minor: i64) {
        let received_on = self.engine.environment.now().date_in("UTC");
        let method = tradepost_domain::billing::PaymentMethod::Wire;
        self.does(RecordPayment { invoice, amount: usd().minor(minor), method, received_on, reference: None }).await;
    }

    /// Keys of a product, as an import leaves them; the last `staged` ones are no stock yet.
    pub async fn stocks(&self, product: ProductId, codes: &[&str], staged: usize, backorder: bool) {
        let product: Vec<i64> = rows(&self.engine, sql!("SELECT number FROM product WHERE id = $1"), vec![product.into()]).await;
        let (engine, merchant, product) = (self.engine.clone(), self.number, product[0]);
        let codes: Vec<String> = codes.iter().map(|code| (*code).to_owned()).collect();
        let insert = Insert(Box::new(move |tx| Box::pin(stock_up(engine.clone(), merchant, product, codes.clone(), staged, backorder, tx))));
        self.engine.store.write(insert).await.expect("it is written");
    }
}

async fn stock_up(engine: Engine, merchant: i64, product: i64, codes: Vec<String>, staged: usize, backorder: bool, tx: &mut Tx<'_>) -> Result<(), Fault> {
    let import: KeyImportId = engine.environment.id();
    tx.execute(sql!("INSERT INTO key_import (merchant, id, source, state, created_ms) VALUES ($1, $2, 'test', 'done', 0)"), params![merchant, import]).await?;
    let count = codes.len() as i64;
    let horizon = count - staged as i64 + 1;
    tx.execute(
        sql!("INSERT INTO stock (merchant, product, available, next_place, horizon, backorder, level) VALUES ($1, $2, $3, $4, $5, $6, 'ok')"),
        params![merchant, product, horizon - 1, count + 1, horizon, backorder],
    )
    .await?;
    for (place, code) in (1_i64..).zip(&codes) {
        let id: LicenseKeyId = engine.environment.id();
        let unique_within = [merchant.to_be_bytes(), product.to_be_bytes()].concat();
        let fingerprint = engine.vault.fingerprint(&unique_within, code.as_bytes());
        let sealed = stock::seal_code(&engine.vault, engine.environment.random(), merchant, id, code);
        tx.execute(
            sql!(
                "INSERT INTO license_key (merchant, id, product, place, state, sealed, fingerprint, masked, import)
                 VALUES ($1, $2, $3, $4, 0, $5, $6, $7, $8)"
            ),
            params![merchant, id, product, place, sealed, fingerprint, mask(code), import],
        )
        .await?;
    }
    Ok(())
}

type Step = dyn for<'a, 'b> Fn(&'a mut Tx<'b>) -> BoxFuture<'a, Result<(), Fault>> + Send + Sync;

struct Insert(Box<Step>);

impl Work for Insert {
    type Answer = ();
    fn run<'a>(&'a self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<(Ended, ()), Fault>> {
        Box::pin(async move { (self.0)(tx).await.map(|()| (Ended::Commit, ())) })
    }
}

impl Reseller {
    pub async fn does<C: Command + Debug>(&self, command: C) -> C::Outcome {
        let caller = Caller::ResellerPerson {
            person: PersonId::from_bytes([3; 16]),
            name: "Rex".into(),
            reseller: self.enrolled.reseller,
            scope: self.scope,
            role: ResellerRole::Owner,
        };
        run(&self.engine, caller, command).await
    }

    pub async fn drafts(&self, reference: &str, items: &[(&str, i64)]) -> OrderId {
        let items = items.iter().map(|(sku, quantity)| WantedItem { product: (*sku).to_owned(), quantity: *quantity }).collect();
        self.does(CreateDraft { fields: DraftFields { reference: Some(reference.into()), ..DraftFields::default() }, items }).await.order
    }

    pub async fn orders(&self, reference: &str, items: &[(&str, i64)]) -> PlaceOutcome {
        let order = self.drafts(reference, items).await;
        self.does(PlaceOrder { order }).await
    }

    pub async fn licenses(&self, order: OrderId) -> Vec<LicenseId> {
        rows(&self.engine, sql!("SELECT id FROM license WHERE orders = $1 ORDER BY id"), vec![order.into()]).await
    }
}

pub fn end_user(name: &str) -> EndUser {
    EndUser {
        first_name: name.into(),
        last_name: "User".into(),
        email: Email::parse(&format!("{name}@customer.example")).expect("an address"),
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
