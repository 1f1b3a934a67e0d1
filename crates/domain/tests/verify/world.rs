//! A small world in which everything that is checked happened: on credit, held, paid, over-paid, canceled, handed
//! out in every way. Orders are known by their references.

use crate::deeds::{Merchant, as_reseller, by_operator, end_user, rows, usd};
use tradepost_domain::billing::top_up::{CancelTopUp, RequestTopUp};
use tradepost_domain::catalog::{EndUserInformation, Method, PartPatch, ProductPatch};
use tradepost_domain::fulfillments::change_terms::ChangeTerms;
use tradepost_domain::fulfillments::{ApproveCancelRequest, Door, Fulfill, RejectCancelRequest, RequestCancel, WithdrawCancelRequest};
use tradepost_domain::ids::{CancelRequestId, FulfillmentId};
use tradepost_domain::notices::RelayEvents;
use tradepost_domain::orders::activate::{ActivateNextLicense, SendLicense};
use tradepost_domain::orders::attach::{AttachInformation, Attachment};
use tradepost_domain::orders::cancel::CancelOrder;
use tradepost_domain::orders::confirm_fulfillment::ConfirmFulfillment;
use tradepost_domain::orders::download::{Download, DownloadLicenses};
use tradepost_domain::orders::reveal::RevealLicense;
use tradepost_domain::partners::create_merchant::CreateMerchant;
use tradepost_domain::partners::terms::{Qualifier, Setting, TermChange, TermName, TermValue};
use tradepost_domain::stock::SetStockSwitches;
use tradepost_domain::{Command, Engine, EventId, PartnershipId, PartnershipScope, PersonId, PriceListId, ResellerId};
use tradepost_kernel::text::Email;
use tradepost_store::sql;

/// Every code there is; none may ever be printed.
pub const CODES: &[&str] = &[
    "KEYA-0001-AAAA-ZZZZ",
    "KEYA-0002-BBBB-YYYY",
    "KEYA-0003-CCCC-XXXX",
    "KEYA-0004-DDDD-WWWW",
    "KEYA-0005-EEEE-VVVV",
    "KEYA-0006-FFFF-UUUU",
    "KEYA-0007-GGGG-TTTT",
    "KEYA-0008-HHHH-SSSS",
    "KEYA-0009-IIII-RRRR",
    "KEYA-0010-JJJJ-QQQQ",
    "KEYA-0011-KKKK-PPPP",
    "KEYA-0012-LLLL-\"OOO\"",
    "KEYB-0001-AAAA-ZZZZ",
    "KEYB-0002-BBBB-YYYY",
    "SHOP-0001-AAAA-ZZZZ",
    "SHOP-0002-BBBB-YYYY",
    "SHOP-0003-CCCC-XXXX",
    "SHOP-0004-DDDD-WWWW",
    "SHOP-0005-EEEE-VVVV",
    "SHOP-0006-FFFF-UUUU",
    "SHOP-0007-GGGG-TTTT",
];

/// Prepaid balance of the first partnership, past the store: 500.00 by wire. Ids are borrowed from other rows.
pub const TOP_UP: &str = "
INSERT INTO account (merchant, id, partnership, kind, currency, balance_minor)
  SELECT p.merchant, p.reseller, p.id, 'prepaid', 'USD', -50000 FROM partnership p ORDER BY p.id LIMIT 1;
UPDATE account SET balance_minor = balance_minor + 50000 WHERE kind = 'cash_wire';
INSERT INTO transfer (merchant, id, kind, reference, reason, at_ms)
  SELECT p.merchant, p.id, 'top_up', p.id, 'top up', p.created_ms FROM partnership p ORDER BY p.id LIMIT 1;
INSERT INTO entry (merchant, transfer, place, account, amount_minor)
  SELECT t.merchant, t.id, 0, a.id, 50000 FROM transfer t JOIN account a ON a.merchant = t.merchant AND a.kind = 'cash_wire' WHERE t.kind = 'top_up';
INSERT INTO entry (merchant, transfer, place, account, amount_minor)
  SELECT t.merchant, t.id, 1, a.id, -50000 FROM transfer t JOIN account a ON a.merchant = t.merchant AND a.kind = 'prepaid' WHERE t.kind = 'top_up';
INSERT INTO auto_top_up (merchant, partnership, enabled, currency, threshold_minor, amount_minor, updated_ms)
  SELECT p.merchant, p.id, 1, 'USD', 100, 50000, p.created_ms FROM partnership p ORDER BY p.id LIMIT 1;
";

fn patch(sku: &str, method: Method, asked: EndUserInformation) -> ProductPatch {
    ProductPatch {
        sku: Some(sku.into()),
        name: Some(format!("Product {sku}")),
        enabled: Some(true),
        method: Some(method),
        end_user_information: Some(asked),
        ..ProductPatch::default()
    }
}

async fn merchant(engine: &Engine) -> Merchant {
    let create = CreateMerchant {
        name: "Acme Software".into(),
        slug: None,
        currency: usd(),
        time_zone: "UTC".into(),
        owner: Email::parse("owner@acme.example").expect("an address"),
        first_name: "Mia".into(),
        last_name: "Acme".into(),
        live_key: None,
        test_key: None,
    };
    let created = by_operator(engine, create).await;
    Merchant { engine: engine.clone(), number: created.live.number, person: created.owner }
}

async fn catalog(merchant: &Merchant) {
    let lists: Vec<PriceListId> = rows(&merchant.engine, sql!("SELECT price_list FROM channel WHERE merchant = $1"), vec![merchant.number.into()]).await;
    let key = merchant.sells(lists[0], 10_001, patch("KEY", Method::KeyPool, EndUserInformation::None)).await;
    merchant.sells(lists[0], 5_000, patch("FIRST", Method::KeyPool, EndUserInformation::BeforeDelivery)).await;
    let late = merchant.sells(lists[0], 1_000, patch("LATE", Method::KeyPool, EndUserInformation::None)).await;
    merchant.sells(lists[0], 700, patch("FILE", Method::None, EndUserInformation::None)).await;
    merchant.sells(lists[0], 30_000, patch("WORK", Method::Merchant, EndUserInformation::None)).await;
    let part = |sku: &str, quantity| PartPatch { product: sku.into(), quantity };
    let bundle =
        ProductPatch { bundle: Some(true), parts: Some(vec![part("KEY", 2), part("FILE", 1)]), ..patch("PACK", Method::None, EndUserInformation::None) };
    merchant.sells(lists[0], 20_000, bundle).await;
    merchant.stocks("KEY", &CODES[..11]).await;
    merchant.stages(key, CODES[11]).await;
    merchant.stocks("FIRST", &CODES[12..14]).await;
    merchant.sells(lists[0], 2_000, patch("SHOP", Method::KeyPool, EndUserInformation::None)).await;
    merchant.stocks("SHOP", &CODES[14..]).await;
    merchant.does(SetStockSwitches { scope: merchant.scope(), product: late, threshold: None, backorder: Some(true) }).await;
}

fn term(name: TermName, text: &str) -> TermChange {
    TermChange { name, qualifier: Qualifier::General, to: Setting::Value(name.value(text).expect("a value")) }
}

/// Everything that happens, a minute apart.
pub async fn build(engine: &Engine) {
    let merchant = merchant(engine).await;
    catalog(&merchant).await;
    let (near, far) = (merchant.gains_reseller("near").await, merchant.gains_reseller("far").await);
    let changes = vec![
        TermChange { name: TermName::CreditLimit, qualifier: Qualifier::General, to: Setting::Value(TermValue::Money(usd().minor(150_000))) },
        term(TermName::WholesaleDiscountPercent, "10"),
        term(TermName::MarginPercent, "33.3333"),
    ];
    merchant.does(ChangeTerms { partnership: near.scope.partnership, changes }).await;

    let credit = near.orders("on credit", &[("KEY", 4), ("PACK", 1), ("FILE", 1)]).await;
    near.does(ActivateNextLicense { product: "KEY".into(), owner: end_user("ada") }).await;
    let licenses = near.licenses(credit.order).await;
    near.does(RevealLicense { license: licenses[1] }).await;
    let attach = |license, name: &str| AttachInformation { license, what: Attachment::EndUser(end_user(name)) };
    near.does(attach(licenses[2], "bob")).await;
    near.does(SendLicense { license: licenses[2] }).await;

    let first = near.orders("end user first", &[("FIRST", 1)]).await;
    near.does(attach(near.licenses(first.order).await[0], "cy")).await;
    near.orders("late", &[("LATE", 1)]).await;

    let work = near.orders("work", &[("WORK", 2)]).await;
    let total = |order| rows::<i64>(engine, sql!("SELECT total_minor FROM orders WHERE id = $1"), vec![tradepost_domain::OrderId::into(order)]);
    merchant.receives(work.invoice, total(work.order).await[0]).await;
    merchant.does(ConfirmFulfillment { licenses: near.licenses(work.order).await }).await;

    let canceled = near.orders("canceled", &[("KEY", 1), ("FILE", 1)]).await;
    merchant.receives(canceled.invoice, 1_000).await;
    merchant.does(CancelOrder { order: canceled.order, note: "By mistake.".into() }).await;
    near.orders("beyond", &[("WORK", 20)]).await;
    near.drafts("draft", &[("KEY", 2)]).await;

    let paid = far.orders("paid", &[("KEY", 1)]).await;
    merchant.receives(paid.invoice, 12_000).await;
    far.does(DownloadLicenses { what: Download::Product("KEY".into()) }).await;
    far.orders("unpaid", &[("KEY", 1), ("FILE", 1)]).await;
    relay(engine).await;
    // What happens after the last pass waits.
    far.orders("fresh", &[("FILE", 1)]).await;
}

/// What an external shop of the first partnership asks for, once it has prepaid balance; what of it is taken back, and what is
/// topped up. The last of it waits to be passed on.
pub async fn fulfill(engine: &Engine) {
    let scopes: Vec<(i64, PartnershipId, ResellerId)> =
        rows(engine, sql!("SELECT merchant, id, reseller FROM partnership ORDER BY id LIMIT 1"), Vec::new()).await;
    let (number, partnership, reseller) = scopes[0];
    let shop = Shop { engine: engine.clone(), reseller, scope: PartnershipScope { merchant: number, partnership } };
    let merchant = Merchant { engine: engine.clone(), number, person: PersonId::from_bytes([4; 16]) };
    shop.sells("ext-1", 1).await;
    shop.sells("ext-2", 2).await;
    let (taken_back, kept) = (shop.sells("ext-4", 1).await, shop.sells("ext-5", 1).await);
    let request = shop.asks_to_take_back(taken_back).await;
    merchant.does(ApproveCancelRequest { request, refund: Some(usd().minor(500)), note: None }).await;
    let request = shop.asks_to_take_back(kept).await;
    merchant.does(RejectCancelRequest { request, note: "They were used.".into() }).await;
    let request = shop.asks_to_take_back(kept).await;
    shop.does(WithdrawCancelRequest { request }).await;
    let paid = shop.does(RequestTopUp { partnership: None, amount: usd().minor(10_000), reference: None }).await.invoice;
    merchant.receives(paid, 4_000).await;
    let canceled = shop.does(RequestTopUp { partnership: None, amount: usd().minor(20_000), reference: None }).await.invoice;
    shop.does(CancelTopUp { invoice: canceled }).await;
    let waiting = sql!("SELECT id FROM outbox WHERE merchant = $1 AND partnership = $2 AND position IS NULL ORDER BY id");
    let events: Vec<EventId> = rows(engine, waiting, vec![number.into(), partnership.into()]).await;
    by_operator(engine, RelayEvents { of: number, events, mail: false }).await;
    shop.sells("ext-3", 1).await;
    shop.asks_to_take_back(kept).await;
}

/// An external shop of a reseller.
struct Shop {
    engine: Engine,
    reseller: ResellerId,
    scope: PartnershipScope,
}

impl Shop {
    async fn does<C: Command + std::fmt::Debug>(&self, command: C) -> C::Outcome {
        as_reseller(&self.engine, self.reseller, self.scope, command).await
    }

    async fn sells(&self, external: &str, quantity: i64) -> FulfillmentId {
        let fulfill = Fulfill {
            external_order_id: external.into(),
            product: "SHOP".into(),
            variant: None,
            quantity,
            customer_email: Email::parse("cleo@customer.example").expect("an address"),
            customer_name: None,
            metadata: None,
            door: Door::Api,
        };
        self.does(fulfill).await.fulfillment
    }

    async fn asks_to_take_back(&self, fulfillment: FulfillmentId) -> CancelRequestId {
        self.does(RequestCancel { fulfillment, reason: "Returned.".into(), licenses: Vec::new() }).await.request
    }
}

async fn relay(engine: &Engine) {
    let merchants: Vec<i64> = rows(engine, sql!("SELECT DISTINCT merchant FROM outbox ORDER BY merchant"), Vec::new()).await;
    for of in merchants {
        let events: Vec<EventId> = rows(engine, sql!("SELECT id FROM outbox WHERE merchant = $1 ORDER BY id"), vec![of.into()]).await;
        by_operator(engine, RelayEvents { of, events, mail: false }).await;
    }
}
