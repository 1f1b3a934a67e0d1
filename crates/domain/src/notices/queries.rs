//! The message log: a merchant's, and (as merchant 0) the operator's.

use super::MessageState;
use super::deliver::MessagePlace;
use crate::access::MerchantScope;
use crate::ids::{EventId, MessageId, PartnershipId};
use crate::listing::{Page, PageRequest};
use serde_json::Value as Json;
use tradepost_kernel::Timestamp;
use tradepost_store::{Fault, FromRow, Reader, Row, params, sql};

/// The operator's own log: resets, confirmations, access mails.
pub const OPERATOR: MerchantScope = MerchantScope { merchant: 0 };

/// A message of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageView {
    /// Its id.
    pub id: MessageId,
    /// In whose partnership.
    pub partnership: Option<PartnershipId>,
    /// What it follows from.
    pub event: EventId,
    /// Which text, and its version.
    pub template: String,
    /// The version of the text.
    pub template_version: i64,
    /// The address.
    pub recipient: String,
    /// What it says, secrets as references.
    pub variables: Json,
    /// The prefix of the subject's id.
    pub subject_kind: String,
    /// The subject's id.
    pub subject: [u8; 16],
    /// How far it is.
    pub state: MessageState,
    /// How often sending was tried.
    pub attempts: i64,
    /// What the mail server said last.
    pub last_error: Option<String>,
    /// When it was written.
    pub created: Timestamp,
    /// When the mail server took it.
    pub sent: Option<Timestamp>,
}

impl FromRow for MessageView {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        Ok(Self {
            id: columns.next()?,
            partnership: columns.next()?,
            event: columns.next()?,
            template: columns.next()?,
            template_version: columns.next()?,
            recipient: columns.next()?,
            variables: serde_json::from_str(&columns.next::<String>()?).map_err(|_| Fault::Column("JSON"))?,
            subject_kind: columns.next()?,
            subject: columns.next()?,
            state: MessageState::from_name(&columns.next::<String>()?).ok_or(Fault::Column("a message state"))?,
            attempts: columns.next()?,
            last_error: columns.next()?,
            created: columns.next()?,
            sent: columns.next()?,
        })
    }
}

impl MessageView {
    /// The subject's public id, `ord_…`.
    #[must_use]
    pub fn subject_text(&self) -> String {
        format!("{}_{}", self.subject_kind, tradepost_kernel::Id::<()>::from_bytes(self.subject).suffix())
    }
}

/// One message.
///
/// # Errors
/// The store's.
pub async fn message(reader: &mut Reader<'_>, scope: MerchantScope, id: MessageId) -> Result<Option<MessageView>, Fault> {
    reader
        .query_opt(
            sql!(
                "SELECT id, partnership, event, template, template_version, recipient, variables, subject_kind, subject, state, attempts,
                        last_error, created_ms, sent_ms FROM message WHERE merchant = $1 AND id = $2"
            ),
            params![scope.merchant, id],
        )
        .await
}

/// The log, newest first.
///
/// # Errors
/// The store's.
pub async fn list(reader: &mut Reader<'_>, scope: MerchantScope, page: PageRequest) -> Result<Page<MessageView>, Fault> {
    let rows = reader
        .query(
            sql!(
                "SELECT id, partnership, event, template, template_version, recipient, variables, subject_kind, subject, state, attempts,
                        last_error, created_ms, sent_ms FROM message WHERE merchant = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
            ),
            params![scope.merchant, page.bound(), page.fetch()],
        )
        .await?;
    Ok(page.page(rows, |row: &MessageView| row.id))
}

/// Messages that are due to be sent and that nobody holds, oldest first.
///
/// # Errors
/// The store's.
pub async fn due(reader: &mut Reader<'_>, now: Timestamp, limit: i64) -> Result<Vec<MessagePlace>, Fault> {
    let rows: Vec<(i64, MessageId)> = reader
        .query(
            sql!(
                "SELECT merchant, id FROM message WHERE state = 'queued' AND due_ms <= $1 AND (lease_until_ms IS NULL OR lease_until_ms <= $1)
                 ORDER BY due_ms, id LIMIT $2"
            ),
            params![now, limit],
        )
        .await?;
    Ok(rows.into_iter().map(|(log, id)| MessagePlace { log, id }).collect())
}

/// How many messages wait to be sent, and since when the oldest does: for metrics.
///
/// # Errors
/// The store's.
pub async fn waiting(reader: &mut Reader<'_>) -> Result<(i64, Option<Timestamp>), Fault> {
    reader.query_one(sql!("SELECT count(*), min(created_ms) FROM message WHERE state = 'queued'"), params![]).await
}

/// In whose name a log's messages go out: the name that the merchant chose for it and the address that answers go to (PLT-12).
/// `None` for the operator's.
///
/// # Errors
/// The store's.
pub async fn sender(reader: &mut Reader<'_>, log: i64) -> Result<Option<(String, Option<String>)>, Fault> {
    reader
        .query_opt(
            sql!(
                "SELECT COALESCE(b.sender_name, b.name, m.name), COALESCE(b.reply_to, m.sender_email)
                 FROM merchant m LEFT JOIN merchant_branding b ON b.merchant = m.number WHERE m.number = $1"
            ),
            params![log],
        )
        .await
}
