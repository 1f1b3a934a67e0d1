//! Short words for what people do.

use std::fmt::Debug;
use tradepost_domain::access::{Caller, MerchantRole, ResellerRole};
use tradepost_domain::catalog::{CreateProduct, OfferProduct, ProductPatch, SetPrices, Shelf, Tier};
use tradepost_domain::customers::EndUser;
use tradepost_domain::orders::create_draft::{CreateDraft, WantedItem};
use tradepost_domain::orders::place::{PlaceOrder, PlaceOutcome};
use tradepost_domain::orders::record_payment::RecordPayment;
use tradepost_domain::orders::store::DraftFields;
use tradepost_domain::partners::enroll::{CreateReseller, Enrolled, Profile};
use tradepost_domain::stock::import::{BeginKeyImport, Format, ImportSettings, Importer, Mode, StageKeys, StagedKey};
use tradepost_domain::{
    Command, Engine, InvoiceId, LicenseId, MerchantScope, OrderId, Origin, PartnershipScope, PersonId, PriceListId, ProductId, ResellerId, stock,
};
use tradepost_kernel::text::{Email, mask};
use tradepost_store::{FromRow, Sql, Value, sql};

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

/// As a reseller's owner.
pub async fn as_reseller<C: Command + Debug>(engine: &Engine, reseller: ResellerId, scope: PartnershipScope, command: C) -> C::Outcome {
    let caller = Caller::ResellerPerson { person: PersonId::from_bytes([3; 16]), name: "Rex".into(), reseller, scope, role: ResellerRole::Owner };
    run(engine, caller, command).await
}

pub async fn rows<T: FromRow + Send + 'static>(engine: &Engine, sql: Sql, params: Vec<Value>) -> Vec<T> {
    engine.store.read(move |reader| Box::pin(async move { reader.query(sql, &params).await })).await.expect("the query runs")
}

impl Merchant {
    pub fn scope(&self) -> MerchantScope {
        MerchantScope { merchant: self.number }
    }

    fn caller(&self) -> Caller {
        Caller::MerchantPerson { person: self.person, name: "Mia".into(), merchant: self.number, role: MerchantRole::Owner }
    }

    pub async fn does<C: Command + Debug>(&self, command: C) -> C::Outcome {
        run(&self.engine, self.caller(), command).await
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

    /// Imports the codes of a product.
    pub async fn stocks(&self, sku: &str, codes: &[&str]) {
        let format = Format::Lines { product: sku.into() };
        let settings = ImportSettings {
            scope: self.scope(),
            source: "test".into(),
            note: None,
            cost: None,
            expires_on: None,
            format,
            mode: Mode::AllOrNothing,
            dry_run: false,
        };
        let mut import = Importer::new(self.engine.clone(), Origin { caller: self.caller(), ..Origin::system() }, settings).await.expect("it begins");
        for code in codes {
            import.push_line(None, code).await.expect("it is read");
        }
        assert!(import.finish().await.expect("it ends").taken_in);
    }

    /// Begins an import of one key that is still under way.
    pub async fn stages(&self, product: ProductId, code: &str) {
        let number: Vec<i64> = rows(&self.engine, sql!("SELECT number FROM product WHERE id = $1"), vec![product.into()]).await;
        let (engine, merchant, product, id) = (&self.engine, self.number, number[0], self.engine.environment.id());
        let import = self.does(BeginKeyImport { scope: self.scope(), source: "test".into(), note: None, cost: None, expires: None }).await;
        let unique_within = [merchant.to_be_bytes(), product.to_be_bytes()].concat();
        let key = StagedKey {
            line: 1,
            product,
            id,
            sealed: stock::seal_code(&engine.vault, engine.environment.random(), merchant, id, code),
            fingerprint: engine.vault.fingerprint(&unique_within, code.as_bytes()),
            masked: mask(code),
            expires: None,
        };
        self.does(StageKeys { scope: self.scope(), import, keys: vec![key] }).await;
    }
}

impl Reseller {
    pub async fn does<C: Command + Debug>(&self, command: C) -> C::Outcome {
        as_reseller(&self.engine, self.enrolled.reseller, self.scope, command).await
    }

    pub async fn drafts(&self, reference: &str, items: &[(&str, i64)]) -> OrderId {
        let items = items.iter().map(|(sku, quantity)| WantedItem { product: (*sku).to_owned(), quantity: *quantity }).collect();
        self.does(CreateDraft { fields: DraftFields { reference: Some(reference.into()), ..DraftFields::default() }, items }).await.order
    }

    pub async fn orders(&self, reference: &str, items: &[(&str, i64)]) -> PlaceOutcome {
        let order = self.drafts(reference, items).await;
        self.does(PlaceOrder::of(order)).await
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
