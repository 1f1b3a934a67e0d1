//! An external shop to test with: a merchant, a product with keys, a reseller with a prepaid balance.

use tradepost_documents::mail::{self, Mail};
use tradepost_domain::fulfillments::requests::{self, CancelRequestRow};
use tradepost_domain::fulfillments::{ApproveCancelRequest, Door, Fulfill, FulfillmentRow, RequestCancel, queries};
use tradepost_domain::ids::{CancelRequestId, FulfillmentId, LicenseId};
use tradepost_domain::licenses::Stage;
use tradepost_domain::listing::PageRequest;
use tradepost_domain::notices::TEMPLATE_VERSION;
use tradepost_domain::notices::opening::{self, Sight};
use tradepost_domain::notices::queries as messages;
use tradepost_domain::notices::rules::Template;
use tradepost_kernel::Language;
use tradepost_kernel::text::Email;
use tradepost_store::{params, sql};
use tradepost_testkit::{Merchant, Product, Reseller, TestApp};

/// What the tests of external shops stand on.
#[derive(Clone)]
pub struct Shop {
    pub app: TestApp,
    pub acme: Merchant,
    pub product: Product,
    pub contoso: Reseller,
}

/// A call of a shop over one product.
pub fn fulfill(external_order_id: &str, quantity: i64) -> Fulfill {
    Fulfill {
        external_order_id: external_order_id.to_owned(),
        product: "KEY-PRO".into(),
        variant: None,
        quantity,
        customer_email: Email::parse("ada@customer.example").expect("an address"),
        customer_name: Some("Ada Lovelace".into()),
        metadata: None,
        door: Door::Api,
    }
}

/// A reseller with a lot of money, and so many keys at 10.00 each.
pub async fn shop(app: &TestApp, keys: usize) -> Shop {
    let acme = app.merchant("Acme Software").await;
    let product = acme.product("KEY-PRO").price("10.00").keys(keys).await;
    let contoso = acme.reseller("Contoso").await;
    contoso.top_up("1000000.00").await;
    Shop { app: app.clone(), acme, product, contoso }
}

impl Shop {
    /// Sells so many; the fulfillment.
    pub async fn sells(&self, external_order_id: &str, quantity: i64) -> FulfillmentId {
        self.app.does(&self.contoso.owner(), fulfill(external_order_id, quantity)).await.fulfillment
    }

    /// The prepaid balance, minor units.
    pub async fn balance(&self) -> i64 {
        self.app.balance(&self.contoso).await
    }

    pub async fn row(&self, id: FulfillmentId) -> FulfillmentRow {
        let scope = self.acme.scope();
        self.app.read(move |reader| Box::pin(async move { queries::fulfillment(reader, scope, None, id).await })).await.expect("the fulfillment")
    }

    pub async fn state(&self, id: FulfillmentId) -> &'static str {
        self.row(id).await.state.name()
    }

    pub async fn request(&self, id: CancelRequestId) -> CancelRequestRow {
        let scope = self.acme.scope();
        self.app.read(move |reader| Box::pin(async move { requests::request(reader, scope, None, id).await })).await.expect("the request")
    }

    /// Its licenses in order.
    pub async fn licenses(&self, id: FulfillmentId) -> Vec<LicenseId> {
        let rows: Vec<(LicenseId,)> = self.app.rows(sql!("SELECT id FROM license WHERE fulfillment = $1 ORDER BY id"), params![id].to_vec()).await;
        rows.into_iter().map(|row| row.0).collect()
    }

    /// Their stages in the same order.
    pub async fn stages(&self, id: FulfillmentId) -> Vec<Stage> {
        let rows: Vec<(String,)> = self.app.rows(sql!("SELECT stage FROM license WHERE fulfillment = $1 ORDER BY id"), params![id].to_vec()).await;
        rows.iter().map(|row| Stage::from_name(&row.0).expect("a stage")).collect()
    }

    /// Units that count against the purchase limits.
    pub async fn bought_today(&self) -> i64 {
        let sql = sql!("SELECT CAST(COALESCE(SUM(units), 0) AS bigint) FROM purchase_day WHERE partnership = $1");
        self.app.number(sql, params![self.contoso.partnership()].to_vec()).await
    }

    /// Template and recipient of every message.
    pub async fn mails(&self) -> Vec<(String, String)> {
        self.app.rows(sql!("SELECT template, recipient FROM message ORDER BY id"), Vec::new()).await
    }

    /// The reseller asks for it and the merchant approves, without a refund of what was seen.
    pub async fn takes_back(&self, id: FulfillmentId, licenses: &[LicenseId]) {
        let ask = RequestCancel { fulfillment: id, reason: "Returned.".into(), licenses: licenses.to_vec() };
        let request = self.app.does(&self.contoso.owner(), ask).await.request;
        self.app.does(&self.acme.owner(), ApproveCancelRequest { request, refund: None, note: None }).await;
    }

    /// The mails of one template as their recipients would read them now, oldest first.
    pub async fn rendered(&self, template: &str) -> Vec<Mail> {
        let (vault, scope, wanted) = (self.app.engine.vault.clone(), self.acme.scope(), Template::from_name(template).expect("a template"));
        let page = PageRequest { limit: 200, before: None };
        let read = self.app.read(move |reader| {
            Box::pin(async move {
                let mut opened = Vec::new();
                let mut rows = messages::list(reader, scope, &messages::MessageFilter::default(), page).await?.rows;
                rows.retain(|message| message.template == wanted.name());
                for message in rows.iter().rev() {
                    opened.push(opening::open(reader, Sight::Full(&vault), "https://house.example", scope.merchant, &message.variables).await?);
                }
                Ok(opened)
            })
        });
        read.await.iter().map(|variables| mail::render(wanted, TEMPLATE_VERSION, Language::English, variables).expect("it renders")).collect()
    }
}
