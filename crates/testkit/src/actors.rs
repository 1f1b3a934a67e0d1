//! Who acts in a journey: a merchant, and resellers inside their partnerships.

use crate::{OrderBuilder, ProductBuilder, ResellerBuilder, TestApp};
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_domain::billing::PaymentMethod;
use tradepost_domain::fulfillments::change_terms::ChangeTerms;
use tradepost_domain::orders::cancel::CancelOrder;
use tradepost_domain::orders::record_payment::RecordPayment;
use tradepost_domain::partners::create_merchant::CreateMerchant;
use tradepost_domain::partners::terms::{Qualifier, Setting, TermChange, TermName};
use tradepost_domain::{
    ApiKeyId, Caller, ChannelId, InvoiceId, MerchantId, MerchantScope, OrderId, PartnershipId, PartnershipScope, PersonId, PriceListId, ResellerId, Right,
};
use tradepost_kernel::api_key::{ApiKeyText, KeyKind};
use tradepost_kernel::text::Email;
use tradepost_kernel::{Currency, Money};
use tradepost_store::{params, sql};

/// A merchant with its default channel and price list.
#[derive(Clone)]
pub struct Merchant {
    pub(crate) app: TestApp,
    /// Its number.
    pub number: i64,
    /// Its id.
    pub id: MerchantId,
    /// The number of its sandbox.
    pub sandbox: i64,
    /// Its name in URLs.
    pub slug: String,
    /// Its currency.
    pub currency: Currency,
    /// Who owns it.
    pub person: PersonId,
    /// The owner's address.
    pub email: String,
    /// Its key with every right, for HTTP.
    pub key: String,
    /// The sandbox's.
    pub test_key: String,
    /// The channel `Default`.
    pub channel: ChannelId,
    /// That channel's price list.
    pub price_list: PriceListId,
}

impl TestApp {
    /// A merchant that sells in USD, as `tradepost merchant create` makes it.
    pub async fn merchant(&self, name: &str) -> Merchant {
        self.merchant_in(name, "USD", "UTC").await
    }

    /// A merchant with a currency and time zone of its own.
    pub async fn merchant_in(&self, name: &str, currency: &str, zone: &str) -> Merchant {
        let mint = |test| ApiKeyText::mint(KeyKind::Merchant, test, || self.engine.environment.random::<1>()[0]);
        let (live, test) = (mint(false), mint(true));
        let currency: Currency = currency.parse().expect("a currency");
        let email = format!("owner@{}.example", domain_of(name));
        let command = CreateMerchant {
            name: name.to_owned(),
            slug: None,
            currency,
            time_zone: zone.to_owned(),
            owner: Email::parse(&email).expect("an address"),
            first_name: "Olga".into(),
            last_name: "Owner".into(),
            live_key: Some((&live).into()),
            test_key: Some((&test).into()),
        };
        let made = self.does(&Caller::Operator, command).await;
        let (channel, price_list): (ChannelId, PriceListId) =
            self.row(sql!("SELECT id, price_list FROM channel WHERE merchant = $1"), params![made.live.number].to_vec()).await;
        Merchant {
            app: self.clone(),
            number: made.live.number,
            id: made.live.id,
            sandbox: made.test.number,
            slug: made.slug,
            currency,
            person: made.owner,
            email,
            key: live.text().expose().clone(),
            test_key: test.text().expose().clone(),
            channel,
            price_list,
        }
    }
}

/// `Acme Software` becomes `acme-software`.
pub(crate) fn domain_of(name: &str) -> String {
    let text: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    text.trim_matches('-').to_owned()
}

impl Merchant {
    /// Its sandbox, to work in as in the merchant itself.
    ///
    /// # Panics
    /// Where it has none.
    pub async fn in_sandbox(&self) -> Self {
        let number = self.sandbox;
        let found = self.app.read(move |reader| Box::pin(async move { tradepost_domain::merchants::queries::merchant(reader, number).await })).await;
        let (channel, price_list): (ChannelId, PriceListId) =
            self.app.row(sql!("SELECT id, price_list FROM channel WHERE merchant = $1"), params![number].to_vec()).await;
        Self { number, id: found.expect("the sandbox").id, key: self.test_key.clone(), channel, price_list, ..self.clone() }
    }

    /// Its own whole.
    #[must_use]
    pub const fn scope(&self) -> MerchantScope {
        MerchantScope { merchant: self.number }
    }

    /// Its owner.
    #[must_use]
    pub fn owner(&self) -> Caller {
        self.staff(MerchantRole::Owner)
    }

    /// Somebody of its staff in this role. Commands know callers by their role only; for HTTP see [`crate::http`].
    #[must_use]
    pub fn staff(&self, role: MerchantRole) -> Caller {
        Caller::MerchantPerson { person: self.person, name: format!("{} of staff", role.name()), merchant: self.number, role }
    }

    /// A key with every right.
    #[must_use]
    pub fn key_caller(&self) -> Caller {
        let rights = Right::all_for_keys(tradepost_domain::access::Side::Merchant).collect();
        Caller::MerchantKey { key: ApiKeyId::from_bytes([7; 16]), name: "Default".into(), merchant: self.number, rights }
    }

    /// The same in a house that was opened again.
    #[must_use]
    pub fn in_house(&self, app: &TestApp) -> Self {
        Self { app: app.clone(), ..self.clone() }
    }

    /// An amount in its currency.
    ///
    /// # Panics
    /// Where the text is none.
    #[must_use]
    pub fn money(&self, amount: &str) -> Money {
        self.currency.parse(amount).unwrap_or_else(|_| panic!("{amount} is no amount of {}", self.currency))
    }

    /// A product of the default price list: one with a key pool, sold without asking for the end user, unless said
    /// otherwise. Await it.
    pub fn product(&self, sku: &str) -> ProductBuilder {
        ProductBuilder::new(self, sku)
    }

    /// A reseller made by hand: approved, in the default channel. Await it.
    pub fn reseller(&self, company: &str) -> ResellerBuilder {
        ResellerBuilder::new(self, company)
    }

    /// Records a wire of today.
    pub async fn pay(&self, invoice: InvoiceId, amount: &str) {
        self.app.does(&self.owner(), self.payment(invoice, amount)).await;
    }

    /// The command for it.
    #[must_use]
    pub fn payment(&self, invoice: InvoiceId, amount: &str) -> RecordPayment {
        RecordPayment {
            invoice,
            amount: self.money(amount),
            method: PaymentMethod::Wire,
            received_on: self.app.engine.environment.now().date_in("UTC"),
            reference: Some("W-1".into()),
        }
    }

    /// Cancels a placed order.
    pub async fn cancel(&self, order: OrderId) {
        self.app.does(&self.owner(), CancelOrder { order, note: "Ordered by mistake.".into() }).await;
    }

    /// Sets a term of a partnership; `none` and `inherit` are words.
    pub async fn set_term(&self, reseller: &Reseller, name: TermName, value: &str) {
        self.app.does(&self.owner(), ChangeTerms { partnership: reseller.scope.partnership, changes: vec![term(name, value)] }).await;
    }

    /// Sets the credit limit of a partnership.
    pub async fn set_limit(&self, reseller: &Reseller, amount: &str) {
        self.set_term(reseller, TermName::CreditLimit, &format!("{amount} {}", self.currency)).await;
    }
}

/// A change of a general term; `none` and `inherit` are words.
///
/// # Panics
/// Where the value is none of that term.
#[must_use]
pub fn term(name: TermName, value: &str) -> TermChange {
    let to = match value {
        "inherit" => Setting::Inherit,
        "none" => Setting::Nothing,
        value => Setting::Value(name.value(value).expect("a value of that term")),
    };
    TermChange { name, qualifier: Qualifier::General, to }
}

/// A reseller inside one partnership.
#[derive(Clone)]
pub struct Reseller {
    pub(crate) app: TestApp,
    /// The partnership.
    pub scope: PartnershipScope,
    /// The company.
    pub id: ResellerId,
    /// Its owner.
    pub person: PersonId,
    /// The owner's address, and the company's.
    pub email: String,
}

impl Reseller {
    /// The same in a house that was opened again.
    #[must_use]
    pub fn in_house(&self, app: &TestApp) -> Self {
        Self { app: app.clone(), ..self.clone() }
    }

    /// Its owner.
    #[must_use]
    pub fn owner(&self) -> Caller {
        self.user(ResellerRole::Owner)
    }

    /// One of its users in this role.
    #[must_use]
    pub fn user(&self, role: ResellerRole) -> Caller {
        Caller::ResellerPerson { person: self.person, name: format!("{} of Contoso", role.name()), reseller: self.id, scope: self.scope, role }
    }

    /// The partnership's id.
    #[must_use]
    pub const fn partnership(&self) -> PartnershipId {
        self.scope.partnership
    }

    /// An order of products by SKU and quantity: a draft, or placed at once.
    pub fn order(&self, items: &[(&str, i64)]) -> OrderBuilder {
        OrderBuilder::new(self, items)
    }
}
