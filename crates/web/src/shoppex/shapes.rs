//! What the client of Shoppex sends and gets. Amounts are decimal strings, their currency beside them.

use crate::api::fulfillment_shapes::FulfillmentView;
use crate::fields::{Line, Quantity};
use crate::schema::Schemas;
use crate::view::{Shown, View};
use crate::{input, view};
use serde::Serializer;
use serde_json::{Value, json};
use tradepost_domain::Caller;
use tradepost_domain::access::Right;
use tradepost_domain::fulfillments::{Door, Fulfill, State};
use tradepost_domain::ids::{FulfillmentId, LicenseId, MerchantId, PartnershipId, ProductId, ResellerId};
use tradepost_domain::partners::Status;
use tradepost_domain::partners::queries::PartnershipView;
use tradepost_kernel::text::Email;
use tradepost_kernel::{Currency, Timestamp};

input! {
    /// What `resellerApi.fulfill` sends.
    pub struct ShoppexOrder {
        /// The shop's own order id, unique per partnership.
        pub external_order_id: Line<255>,
        /// The product's id or SKU.
        pub product_id: Line<64>,
        /// The shop's customer.
        pub customer_email: Email,
        /// The id or SKU of one of its variants.
        pub variant_id: Option<Line<64>>,
        /// How many codes; 1 where it is left out.
        pub quantity: Option<Quantity>,
        /// As the header `Idempotency-Key`.
        pub idempotency_key: Option<Line<255>>,
    }

    /// The parameters of the URL that `resellerApi.dynamicFulfillmentUrl` makes, besides its key.
    pub struct ShoppexUrl {
        /// The shop's own order id, unique per partnership.
        pub external_order_id: Line<255>,
        /// The product's id or SKU.
        pub product_id: Line<64>,
        /// The shop's customer.
        pub customer_email: Email,
        /// How many codes; 1 where it is left out.
        pub quantity: Option<Quantity>,
        /// The id or SKU of one of its variants.
        pub variant_id: Option<Line<64>>,
    }
}

impl ShoppexOrder {
    pub(super) fn command(self) -> Fulfill {
        let Self { external_order_id, product_id, customer_email, variant_id, quantity, idempotency_key: _ } = self;
        ShoppexUrl { external_order_id, product_id, customer_email, quantity, variant_id }.command(Door::Api)
    }
}

impl ShoppexUrl {
    pub(super) fn command(self, door: Door) -> Fulfill {
        Fulfill {
            external_order_id: self.external_order_id.into(),
            product: self.product_id.into(),
            variant: self.variant_id.map(String::from),
            quantity: self.quantity.map_or(1, Quantity::get),
            customer_email: self.customer_email,
            customer_name: None,
            metadata: None,
            door,
        }
    }
}

/// Every answer of Shoppex lies in `data`.
#[derive(Debug)]
pub struct Enveloped<T> {
    /// What is answered.
    pub data: T,
}

impl<T: View> View for Enveloped<T> {
    fn schema(schemas: &mut Schemas) -> Value {
        json!({ "type": "object", "properties": { "data": T::schema(schemas) }, "required": ["data"], "additionalProperties": false })
    }
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut out = serializer.serialize_struct("Enveloped", 1)?;
        out.serialize_field("data", &Shown(&self.data))?;
        out.end()
    }
}

view! {
    /// Whose key it is.
    pub struct ShoppexMe {
        /// The partnership.
        pub id: PartnershipId,
        /// Where it stands.
        pub status: Status,
        /// The company that sells on.
        pub reseller_id: ResellerId,
        /// Its name.
        pub reseller_name: String,
        /// Whose products they are.
        pub merchant_id: MerchantId,
        /// The merchant's name.
        pub merchant_name: String,
        /// Whether it is in the sandbox.
        pub test: bool,
        /// What the key is called.
        pub key_name: String,
        /// What it may do.
        pub scopes: Vec<Right>,
    }

    /// The prepaid balance.
    pub struct ShoppexBalance {
        /// What is left.
        pub balance: Option<String>,
        /// Its currency; null until the partnership buys somewhere.
        pub currency: Option<Currency>,
    }

    /// One delivered code.
    pub struct ShoppexItem {
        /// The license.
        pub id: LicenseId,
        /// The code; null where the key may not see it or it was taken back.
        pub serial: Option<String>,
        /// It was taken back.
        pub revoked: bool,
    }

    /// A fulfillment.
    pub struct ShoppexFulfillment {
        /// Its id.
        pub id: FulfillmentId,
        /// Where it stands.
        pub status: State,
        /// The shop's order id.
        pub external_order_id: String,
        /// What was delivered: the variant, where one was named.
        pub product_id: ProductId,
        /// How many codes.
        pub quantity: i64,
        /// The shop's customer.
        pub customer_email: String,
        /// Of every amount.
        pub currency: Currency,
        /// What one cost.
        pub unit_cost: String,
        /// What was taken from the balance.
        pub total_cost: String,
        /// The balance right after that.
        pub balance_after: String,
        /// What was given back.
        pub refunded: String,
        /// The codes alone.
        pub serials: Vec<String>,
        /// The codes with their licenses.
        pub items: Vec<ShoppexItem>,
        /// When it was recorded.
        pub created_at: Timestamp,
        /// When the codes were handed over.
        pub delivered_at: Option<Timestamp>,
    }

    /// A fulfillment by a dynamic URL: nothing of costs and balance, for whoever comes by the URL.
    pub struct ShoppexDelivery {
        /// Its id.
        pub id: FulfillmentId,
        /// Where it stands.
        pub status: State,
        /// The shop's order id.
        pub external_order_id: String,
        /// What was delivered: the variant, where one was named.
        pub product_id: ProductId,
        /// How many codes.
        pub quantity: i64,
        /// The codes, without those that were taken back.
        pub serials: Vec<String>,
    }
}

impl ShoppexMe {
    pub(super) fn new(partnership: PartnershipView, caller: &Caller) -> Self {
        let (key_name, scopes) = match caller {
            Caller::PartnershipKey { name, rights, .. } => (name.clone(), rights.clone()),
            Caller::ResellerPerson { name, role, .. } => (name.clone(), Right::ALL.iter().copied().filter(|right| role.may(*right)).collect()),
            _ => (String::new(), Vec::new()),
        };
        Self {
            id: partnership.id,
            status: partnership.status,
            reseller_id: partnership.reseller.id,
            reseller_name: partnership.reseller.company,
            merchant_id: partnership.merchant_id,
            merchant_name: partnership.merchant_name,
            test: partnership.test,
            key_name,
            scopes,
        }
    }
}

impl From<FulfillmentView> for ShoppexFulfillment {
    fn from(view: FulfillmentView) -> Self {
        let items = view.items.iter().map(|item| ShoppexItem { id: item.license, serial: item.code.clone(), revoked: item.revoked });
        Self {
            items: items.collect(),
            serials: view.items.into_iter().filter_map(|item| item.code).collect(),
            id: view.id,
            status: view.status,
            external_order_id: view.external_order_id,
            product_id: view.product,
            quantity: view.quantity,
            customer_email: view.customer_email,
            currency: view.total_cost.currency,
            unit_cost: view.unit_cost.amount_text(),
            total_cost: view.total_cost.amount_text(),
            balance_after: view.balance_after.amount_text(),
            refunded: view.refunded.amount_text(),
            created_at: view.created_at,
            delivered_at: view.delivered_at,
        }
    }
}

impl From<FulfillmentView> for ShoppexDelivery {
    fn from(view: FulfillmentView) -> Self {
        Self {
            id: view.id,
            status: view.status,
            external_order_id: view.external_order_id,
            product_id: view.product,
            quantity: view.quantity,
            serials: view.items.into_iter().filter_map(|item| item.code).collect(),
        }
    }
}
