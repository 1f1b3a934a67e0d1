//! What is said of prepaid balances: inputs and views.

use crate::fields::Line;
use crate::input::Patch;
use crate::{input, view};
use tradepost_domain::billing::{AutoTopUp, Refill};
use tradepost_domain::fulfillments::statement::{Movement, MovementKind};
use tradepost_domain::ids::{FulfillmentId, InvoiceId, TransferId};
use tradepost_kernel::{Currency, Date, Money, Timestamp};

crate::named_choice!(MovementKind);

input! {
    /// A top-up of the prepaid balance.
    pub struct NewTopUp {
        /// How much, in the partnership's currency.
        pub amount: Money,
        /// The reseller's own number, printed on the invoice.
        pub reference: Option<Line<64>>,
    }

    /// Which movements are wanted.
    pub struct StatementQuery {
        /// Those of the balance in this currency; else in the one that the partnership buys in now.
        pub currency: Option<Currency>,
        /// Only those at this moment or later.
        pub created_from: Option<Timestamp>,
        /// Only those before this moment.
        pub created_to: Option<Timestamp>,
    }

    /// What changes of the automatic top-up. What is left out stays as it is.
    pub struct AutoTopUpChange {
        /// On or off; on where it is set for the first time.
        pub enabled: Option<bool>,
        /// A debit that leaves the balance below this issues a top-up.
        pub threshold: Option<Money>,
        /// Over the same amount every time; takes the place of a target.
        pub amount: Patch<Money>,
        /// Over what is missing to this; above the threshold; takes the place of an amount.
        pub target: Patch<Money>,
    }
}

view! {
    /// A top-up that waits for its payment.
    pub struct OpenTopUp {
        /// The invoice.
        pub invoice: InvoiceId,
        /// Its number.
        pub number: String,
        /// What it is over.
        pub total: Money,
        /// What is still to be paid.
        pub amount_open: Money,
        /// When it is due.
        pub due_on: Date,
        /// Whether a debit below the threshold issued it.
        pub automatic: bool,
    }

    /// A prepaid balance: what fulfillments of external shops are paid from.
    pub struct BalanceView {
        /// What is there; null while no currency is set.
        pub balance: Option<Money>,
        /// What the partnership buys in.
        pub currency: Option<Currency>,
        /// What is there by currency: in the one of now first, then in each that the partnership bought in before. Only the first is
        /// spent from; each has a statement of its own (`?currency=`).
        pub balances: Vec<Money>,
        /// A debit that leaves less issues a top-up; null where that is off.
        pub threshold: Option<Money>,
        /// The top-ups that wait for their payment, newest first, 200 at most.
        pub open_top_ups: Vec<OpenTopUp>,
    }

    /// One movement of a prepaid balance.
    pub struct MovementView {
        /// Its id.
        pub id: TransferId,
        /// When.
        pub at: Timestamp,
        /// Why.
        pub kind: MovementKind,
        /// What came in, or went out where it is negative.
        pub amount: Money,
        /// The balance right after it.
        pub balance_after: Money,
        /// The invoice of the top-up that was paid.
        pub invoice: Option<InvoiceId>,
        /// Its number.
        pub invoice_number: Option<String>,
        /// The fulfillment.
        pub fulfillment: Option<FulfillmentId>,
        /// The shop's own order id.
        pub external_order_id: Option<String>,
    }

    /// When the prepaid balance is topped up by itself: amount or target, the other is null.
    pub struct AutoTopUpView {
        /// Whether it is on.
        pub enabled: bool,
        /// A debit that leaves less issues a top-up; null: never set.
        pub threshold: Option<Money>,
        /// Over the same amount every time.
        pub amount: Option<Money>,
        /// Over what is missing to this.
        pub target: Option<Money>,
    }
}

impl MovementView {
    /// In the currency of its balance.
    #[must_use]
    pub fn new(currency: Currency, movement: Movement) -> Self {
        let (invoice, invoice_number) = movement.invoice.unzip();
        let (fulfillment, external_order_id) = movement.fulfillment.unzip();
        Self {
            id: movement.id,
            at: movement.at,
            kind: movement.kind,
            amount: currency.minor(movement.amount_minor),
            balance_after: currency.minor(movement.balance_minor),
            invoice,
            invoice_number,
            fulfillment,
            external_order_id,
        }
    }
}

impl From<Option<AutoTopUp>> for AutoTopUpView {
    fn from(setting: Option<AutoTopUp>) -> Self {
        let Some(setting) = setting else { return Self { enabled: false, threshold: None, amount: None, target: None } };
        let money = |minor| setting.currency.minor(minor);
        let (amount, target) = match setting.refill {
            Refill::Amount(minor) => (Some(money(minor)), None),
            Refill::UpTo(minor) => (None, Some(money(minor))),
        };
        Self { enabled: setting.enabled, threshold: Some(money(setting.threshold_minor)), amount, target }
    }
}
