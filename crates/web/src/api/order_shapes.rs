//! What is said of orders: inputs and views.

use crate::api::license_shapes::LockReasonView;
use crate::api::reseller_products::PriceStepView;
use crate::fields::{Line, Paragraph, Quantity};
use crate::input::Patch;
use crate::{input, view};
use tradepost_domain::ids::{InvoiceId, OrderId, OrderItemId, PartnershipId, PersonId, ProductId};
use tradepost_domain::listing::ByAge;
use tradepost_domain::orders::{ApprovalState, State};
use tradepost_kernel::{Currency, Date, Money, Timestamp};

crate::named_choice!(State, ApprovalState, ByAge);

input! {
    /// A line of an order.
    pub struct NewOrderItem {
        /// The product's id or SKU.
        pub product: Line<64>,
        /// How many.
        pub quantity: Quantity,
        /// Add to the quantity of an item of the same product, where there is one, instead of making a second item.
        pub merge: Option<bool>,
    }

    /// A line of a new order.
    pub struct NewDraftItem {
        /// The product's id or SKU.
        pub product: Line<64>,
        /// How many.
        pub quantity: Quantity,
    }

    /// A new draft.
    pub struct NewDraft read_only [id, number, state, total] {
        /// The reseller's own invoice or purchase order number; it is printed on invoices.
        pub reference: Option<Line<100>>,
        /// Who to ask about it.
        pub contact: Option<Line<200>>,
        /// Where it goes.
        pub delivery_address: Option<Paragraph<500>>,
        /// What is ordered; items can be added later as well.
        pub items: Option<Vec<NewDraftItem>>,
    }

    /// What of a draft changes.
    pub struct DraftPatch read_only [id, number, state, total, items] {
        /// The reference; null clears it.
        pub reference: Patch<Line<100>>,
        /// The contact; null clears it.
        pub contact: Patch<Line<200>>,
        /// The address; null clears it.
        pub delivery_address: Patch<Paragraph<500>>,
    }

    /// A new quantity.
    pub struct ItemPatch read_only [id, product] {
        /// How many.
        pub quantity: Quantity,
    }

    /// Why an order is canceled.
    pub struct Cancellation {
        /// The reseller reads it in the mail about the cancellation.
        pub note: Paragraph<1000>,
    }

    /// Why a draft is not approved.
    pub struct Declining {
        /// Who asked reads it.
        pub note: Paragraph<1000>,
    }

    /// Which orders are wanted.
    pub struct OrderQuery {
        /// Only in this state.
        pub state: Option<State>,
        /// Only what a word finds: the number of an order or of its invoice, the e-mail address of a customer, a SKU, else the beginning of a
        /// reference.
        pub search: Option<Line<100>>,
        /// Only with an item of this product: its id or SKU.
        pub product: Option<Line<64>>,
        /// Only those that are held as a whole, for credit or payment.
        pub held: Option<bool>,
        /// Only those begun at this moment or later.
        pub created_from: Option<Timestamp>,
        /// Only those begun before this moment.
        pub created_to: Option<Timestamp>,
        /// In what order: the newest first where nothing is said.
        pub sort: Option<ByAge>,
    }

    /// Which orders are wanted.
    pub struct MerchantOrderQuery {
        /// Only of this partnership.
        pub partnership: Option<PartnershipId>,
        => orders: OrderQuery
    }
}

view! {
    /// An order in a list.
    pub struct OrderSummary {
        /// Its id.
        pub id: OrderId,
        /// Whose it is.
        pub partnership: PartnershipId,
        /// Its number, given when it is confirmed: `2026-000123`.
        pub number: Option<String>,
        /// Its state.
        pub state: State,
        /// The state in words.
        pub state_label: &'static str,
        /// The reseller's own number.
        pub reference: Option<String>,
        /// Its total as confirmed; null for a draft.
        pub total: Option<Money>,
        /// What was paid of it.
        pub paid: Money,
        /// What is still to be paid.
        pub open: Money,
        /// Whether its goods wait as a whole for credit or payment.
        pub held: bool,
        /// What became of asking an owner of the reseller about a draft; null where nobody was asked.
        pub approval: Option<ApprovalState>,
        /// When it was begun.
        pub created_at: Timestamp,
        /// When it was confirmed.
        pub placed_at: Option<Timestamp>,
        /// When its goods were released.
        pub released_at: Option<Timestamp>,
        /// When it was complete.
        pub completed_at: Option<Timestamp>,
        /// When it was canceled.
        pub canceled_at: Option<Timestamp>,
    }

    /// That an owner of the reseller was asked about a draft.
    pub struct ApprovalView {
        /// What became of it.
        pub state: ApprovalState,
        /// Who asked.
        pub asked_by: Option<PersonId>,
        /// Their name.
        pub asked_by_name: Option<String>,
        /// Why it was declined.
        pub note: Option<String>,
    }

    /// A line of an order.
    pub struct OrderItemView {
        /// Its id.
        pub id: OrderItemId,
        /// What is ordered.
        pub product: ProductId,
        /// Its SKU.
        pub sku: String,
        /// Its name.
        pub name: String,
        /// How many.
        pub quantity: i64,
        /// What one costs: today's price in a draft, null where there is none.
        pub unit_price: Option<Money>,
        /// What the line costs.
        pub line_total: Option<Money>,
        /// Every step from the first price to the line, with its source.
        pub price_explanation: Vec<PriceStepView>,
    }

    /// How many licenses an order has, by where they are.
    pub struct LicenseCounts {
        /// Not usable yet.
        pub waiting: i64,
        /// In the reseller's inventory.
        pub available: i64,
        /// Handed over.
        pub distributed: i64,
        /// Canceled.
        pub canceled: i64,
        /// How many of them the order's file of codes holds now; 0 while there is no such file: what needs an end user is not in it, and while the
        /// credit limit is reached there is none.
        pub downloadable: i64,
        /// How many have no end user yet, canceled ones apart.
        pub without_end_user: i64,
        /// How many of these wait for it.
        pub awaiting_end_user: i64,
        /// How many have no company that sells them on yet, canceled ones apart.
        pub without_selling_company: i64,
        /// How many of these wait for it.
        pub awaiting_selling_company: i64,
    }

    /// The invoice of an order.
    pub struct OrderInvoice {
        /// Its id.
        pub id: InvoiceId,
        /// Its number.
        pub number: String,
        /// When it is due.
        pub due_on: Date,
        /// A page that shows this invoice, and nothing else, to whoever has the link.
        pub url: String,
    }

    /// An order.
    pub struct OrderView {
        /// Its id.
        pub id: OrderId,
        /// Whose it is.
        pub partnership: PartnershipId,
        /// Its number, given when it is confirmed: `2026-000123`.
        pub number: Option<String>,
        /// Its state.
        pub state: State,
        /// The state in words.
        pub state_label: &'static str,
        /// The reseller's own number.
        pub reference: Option<String>,
        /// Who to ask about it.
        pub contact: Option<String>,
        /// Where it goes.
        pub delivery_address: Option<String>,
        /// The currency of its amounts.
        pub currency: Currency,
        /// Its total: by today's prices for a draft (null where a price is missing), else as confirmed.
        pub total: Option<Money>,
        /// What was paid of it.
        pub paid: Money,
        /// What is still to be paid.
        pub open: Money,
        /// Whether its goods wait as a whole for credit or payment.
        pub held: bool,
        /// How long it keeps the keys that it reserves, and its places in the queue for keys, while it is held; null: as long as it is, or it reserves none.
        pub reserved_until: Option<Timestamp>,
        /// When they went back, as it was not paid in time. It reserves again once it is paid, or released on credit.
        pub reservation_ended_at: Option<Timestamp>,
        /// Everything that blocks anything of it, and who can clear it.
        pub lock_reasons: Vec<LockReasonView>,
        /// What became of asking an owner of the reseller about a draft; null where nobody was asked, and once it is confirmed.
        pub approval: Option<ApprovalView>,
        /// Its lines.
        pub items: Vec<OrderItemView>,
        /// Its licenses.
        pub licenses: LicenseCounts,
        /// Its invoice.
        pub invoice: Option<OrderInvoice>,
        /// When it was begun.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
        /// When it was confirmed.
        pub placed_at: Option<Timestamp>,
        /// When its goods were released.
        pub released_at: Option<Timestamp>,
        /// When it was complete.
        pub completed_at: Option<Timestamp>,
        /// When it was canceled.
        pub canceled_at: Option<Timestamp>,
        /// Why it was canceled.
        pub cancel_note: Option<String>,
    }
}
