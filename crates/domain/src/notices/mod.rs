//! Which message goes to whom, and the log of all of them.
//!
//! Always true here:
//! - A message follows from one event; one per event, recipient and template, however often the event is passed on.
//! - Its variables hold no secret: codes and links are references that are opened when it is rendered for its
//!   recipient, so that neither log nor backup tells them.
//! - It is written in one language, its recipient's as far as it is known, and stays in it (PLT-12).
//! - Messages about a person's own account (resets, confirmations, access) stand in the operator's log (merchant 0),
//!   never in a merchant's.
//!
//! What does not belong: templates (the crate `documents`), SMTP (the crate `worker`).

mod compose;
pub mod deliver;
pub mod opening;
pub mod queries;
pub mod relay;
pub mod resend;
pub mod rules;
mod shop;
mod store;

use crate::ids::PartnershipId;
use serde_json::Value as Json;
use tradepost_kernel::Language;

pub use deliver::{ClaimMessages, LogMessages, MarkMessageFailed, MarkMessageSent};
pub use relay::{DelayEvent, RelayEvents};
pub use resend::ResendMessage;

/// How far a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageState {
    /// Kept, and not to be sent: no mail server is configured, or the sandbox does not write to this address.
    Logged,
    /// To be sent.
    Queued,
    /// The mail server took it.
    Sent,
    /// The mail server refused it for good, or too often.
    Failed,
}
crate::access::named!(MessageState { Logged = "logged", Queued = "queued", Sent = "sent", Failed = "failed" });

/// The version of the templates that ship with this program; a message keeps the one it was made for. 1: in English, amounts and dates as
/// machines write them. 2: in the recipient's language, written as it does (PLT-12).
pub const TEMPLATE_VERSION: i64 = 2;

/// A message to be written into the log.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    /// Whose log: the merchant's number, or 0 for the operator's.
    pub log: i64,
    /// In whose partnership.
    pub partnership: Option<PartnershipId>,
    /// Which text.
    pub template: rules::Template,
    /// The address.
    pub recipient: String,
    /// In which language.
    pub language: Language,
    /// Ids, texts, numbers, and references to secrets: `{"$code": "lic_…"}`.
    pub variables: Json,
    /// Whether it may leave the house (the sandbox writes to confirmed addresses only).
    pub may_leave: bool,
}
