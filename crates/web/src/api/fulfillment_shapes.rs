//! What is said of fulfillments: inputs and views.

use crate::errors::{Errors, Pointer};
use crate::fields::{Line, Quantity};
use crate::input::Field;
use crate::json::Json;
use crate::schema::Schemas;
use crate::{input, view};
use serde_json::{Map, Value, json};
use tradepost_domain::fulfillments::{Door, State};
use tradepost_domain::ids::{FulfillmentId, LicenseId, PartnershipId, ProductId};
use tradepost_domain::listing::ByAge;
use tradepost_kernel::text::{self, Email};
use tradepost_kernel::{Money, Timestamp};

crate::named_choice!(State, Door);

/// Notes that a shop keeps with a fulfillment: at most 20 texts by name.
#[derive(Clone, Debug)]
pub struct Metadata(Map<String, Value>);

const MOST_NOTES: usize = 20;
const LONGEST_NAME: usize = 40;
const LONGEST_NOTE: usize = 500;

impl Metadata {
    /// As JSON text; `None` where there is nothing in it.
    #[must_use]
    pub fn text(self) -> Option<String> {
        (!self.0.is_empty()).then(|| Value::Object(self.0).to_string())
    }
}

impl Field for Metadata {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        let Json::Object(fields) = value else { return errors.refuse(at, format!("must be an object, not {}", value.kind())) };
        if fields.len() > MOST_NOTES {
            return errors.refuse(at, format!("must have at most {MOST_NOTES} fields"));
        }
        let mut notes = Map::new();
        for (name, note) in fields {
            let named = text::line(name, LONGEST_NAME);
            let (Ok(name), Json::Text(note)) = (named, note) else {
                return errors.refuse(at, format!("must be texts by names of at most {LONGEST_NAME} characters"));
            };
            match text::paragraph(note, LONGEST_NOTE) {
                Ok(note) => drop(notes.insert(name, Value::String(note))),
                Err(_) => return errors.refuse(at, format!("must have texts of at most {LONGEST_NOTE} characters, without control characters")),
            }
        }
        Some(Self(notes))
    }

    fn schema(_schemas: &mut Schemas) -> Value {
        json!({
            "type": "object",
            "maxProperties": MOST_NOTES,
            "additionalProperties": { "type": "string", "maxLength": LONGEST_NOTE },
        })
    }
}

input! {
    /// A sale of the reseller's own shop.
    pub struct NewFulfillment read_only [id, status, unit_cost, total_cost, balance_after, items] {
        /// The shop's own order id, unique per partnership: the same order again answers the first fulfillment.
        pub external_order_id: Line<255>,
        /// The product's id or SKU.
        pub product: Line<64>,
        /// The id or SKU of one of its variants.
        pub variant: Option<Line<64>>,
        /// How many codes. More than 1,000 are delivered within seconds, as a file.
        pub quantity: Quantity,
        /// The shop's customer.
        pub customer_email: Email,
        /// Their name.
        pub customer_name: Option<Line<200>>,
        /// Whatever the shop wants to find again: texts by name.
        pub metadata: Option<Metadata>,
    }

    /// Which fulfillments are wanted.
    pub struct FulfillmentQuery {
        /// Only in this state.
        pub status: Option<State>,
        /// Only that of this order of the shop.
        pub external_order_id: Option<Line<255>>,
        /// Only those recorded at this moment or later.
        pub created_from: Option<Timestamp>,
        /// Only those recorded before this moment.
        pub created_to: Option<Timestamp>,
        /// In what order: the newest first where nothing is said.
        pub sort: Option<ByAge>,
    }

    /// Which fulfillments are wanted.
    pub struct MerchantFulfillmentQuery {
        /// Only of this partnership.
        pub partnership: Option<PartnershipId>,
        /// Only in this state.
        pub status: Option<State>,
        /// Only that of this order of the shop.
        pub external_order_id: Option<Line<255>>,
        /// Only those recorded at this moment or later.
        pub created_from: Option<Timestamp>,
        /// Only those recorded before this moment.
        pub created_to: Option<Timestamp>,
        /// In what order: the newest first where nothing is said.
        pub sort: Option<ByAge>,
    }
}

view! {
    /// One code.
    pub struct FulfilledItem {
        /// The license that it belongs to.
        pub license: LicenseId,
        /// The code; null where the caller may not see it.
        pub code: Option<String>,
        /// It was taken back: the code is no longer good.
        pub revoked: bool,
    }

    /// What an external shop's call brought about.
    pub struct FulfillmentView {
        /// Its id.
        pub id: FulfillmentId,
        /// Where it stands.
        pub status: State,
        /// The shop's order id.
        pub external_order_id: String,
        /// Whose it is.
        pub partnership: PartnershipId,
        /// What was delivered: the variant, where one was named.
        pub product: ProductId,
        /// How many codes.
        pub quantity: i64,
        /// What one cost.
        pub unit_cost: Money,
        /// What was taken from the prepaid balance.
        pub total_cost: Money,
        /// The prepaid balance right after that.
        pub balance_after: Money,
        /// How many codes are ready: all, but while it is processing.
        pub ready: i64,
        /// How many codes were taken back.
        pub refunded_quantity: i64,
        /// What was given back.
        pub refunded: Money,
        /// The shop's customer.
        pub customer_email: String,
        /// Their name.
        pub customer_name: Option<String>,
        /// What the shop keeps with it.
        pub metadata: Value,
        /// By which door the call came.
        pub source: Door,
        /// Whether Tradepost mailed the codes to the customer.
        pub mailed: bool,
        /// When it was recorded.
        pub created_at: Timestamp,
        /// When the codes were handed over.
        pub delivered_at: Option<Timestamp>,
        /// The codes; none of more than 1,000, which are downloaded.
        pub items: Vec<FulfilledItem>,
        /// Where its reseller downloads the codes as a file, once it is delivered; null for the merchant.
        pub download: Option<String>,
    }

    /// A fulfillment in a list, without its codes.
    pub struct FulfillmentSummary {
        /// Its id.
        pub id: FulfillmentId,
        /// Where it stands.
        pub status: State,
        /// The shop's order id.
        pub external_order_id: String,
        /// Whose it is.
        pub partnership: PartnershipId,
        /// What was delivered.
        pub product: ProductId,
        /// How many codes.
        pub quantity: i64,
        /// What one cost.
        pub unit_cost: Money,
        /// What was taken from the prepaid balance.
        pub total_cost: Money,
        /// What was given back.
        pub refunded: Money,
        /// The shop's customer.
        pub customer_email: String,
        /// By which door the call came.
        pub source: Door,
        /// When it was recorded.
        pub created_at: Timestamp,
        /// When the codes were handed over.
        pub delivered_at: Option<Timestamp>,
    }
}
