//! Sales of external shops: one call debits the prepaid balance, claims the keys and hands the codes over (EXT-2).
//!
//! Always true here:
//! - A fulfillment is paid when it exists: its debit stands in the ledger under its id, and the balance never went below
//!   zero for it.
//! - It has as many licenses as its quantity, each with a key of its product that nobody else has. While a large one is
//!   processing, those that are not made yet are promised in the stock (EXT-10): paid, and nobody else's.
//! - What is taken back of it goes back whole, in one transaction: its codes, its money, its units (EXT-9).
//! - (partnership, external order id) is unique: the same order again finds the first fulfillment (EXT-4).
//! - Only products whose method is the key pool are served; a bundle is none.
//!
//! What does not belong: how the balance is fed (billing), partner orders (orders).

pub mod change_terms;
pub mod close_merchant;
mod decide;
pub mod decide_cancel;
pub mod deliver;
pub mod download;
pub mod dynamic_urls;
pub mod fulfill;
mod load;
pub mod queries;
mod refill;
pub mod request_cancel;
pub mod requests;
pub mod reveal;
pub mod statement;
mod store;
mod take_back;
pub mod units;

pub use close_merchant::{CloseMerchant, ReopenMerchant};
pub use decide_cancel::{ApproveCancelRequest, RejectCancelRequest};
pub use download::DownloadFulfillment;
pub use dynamic_urls::CreateDynamicUrl;
pub use fulfill::{Fulfill, FulfillOutcome, MOST, MOST_AT_ONCE, is_large};
pub use queries::{DeliveredLicense, FulfillmentRow};
pub use request_cancel::{RequestCancel, WithdrawCancelRequest};
pub use requests::RequestState;
pub use reveal::{Named, RevealFulfillment};

use crate::access::named;

/// Where a fulfillment stands (EXT-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Paid and claimed; its codes are being made ready for download.
    Processing,
    /// Its codes were handed over.
    Delivered,
    /// Some of it was taken back.
    PartlyRefunded,
    /// All of it was taken back.
    Refunded,
    /// It could not be delivered; its money is back.
    Failed,
}
named!(State {
    Processing = "processing",
    Delivered = "delivered",
    PartlyRefunded = "partly_refunded",
    Refunded = "refunded",
    Failed = "failed",
});

/// By which door it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Door {
    /// The API.
    Api,
    /// A dynamic URL (EXT-6).
    DynamicUrl,
}
named!(Door { Api = "api", DynamicUrl = "dynamic_url" });
