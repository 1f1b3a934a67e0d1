//! The message log: a merchant's, and (as merchant 0) the operator's.

use super::MessageState;
use super::deliver::MessagePlace;
use crate::access::MerchantScope;
use crate::ids::{EventId, MessageId, PartnershipId};
use crate::listing::{Page, PageRequest};
use serde_json::Value as Json;
use std::collections::{BTreeSet, HashMap};
use tradepost_kernel::{Language, Timestamp};
use tradepost_store::{Column, Fault, FromRow, Reader, Row, Sql, params, sql};

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
    /// In which language it is.
    pub language: Language,
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
            language: Language::of_code(&columns.next::<String>()?).ok_or(Fault::Column("a language"))?,
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

/// The columns of a [`MessageView`], then what the macro's arguments append.
macro_rules! message_sql {
    ($($rest:literal),+) => {
        sql!(concat!(
            "SELECT id, partnership, event, template, template_version, recipient, language, variables, subject_kind, subject, state, attempts,
                    last_error, created_ms, sent_ms FROM message ",
            $($rest),+
        ))
    };
}

/// One message.
///
/// # Errors
/// The store's.
pub async fn message(reader: &mut Reader<'_>, scope: MerchantScope, id: MessageId) -> Result<Option<MessageView>, Fault> {
    reader.query_opt(message_sql!("WHERE merchant = $1 AND id = $2"), params![scope.merchant, id]).await
}

/// Which messages a list shows.
#[derive(Clone, Debug, Default)]
pub struct MessageFilter {
    /// Only those that are this far.
    pub state: Option<MessageState>,
    /// Only to exactly this address.
    pub recipient: Option<String>,
    /// Only about this.
    pub subject: Option<[u8; 16]>,
    /// Only of this text, by its name.
    pub template: Option<String>,
}

/// What narrows every list: `$1` merchant, `$2` before, `$3` rows, `$4` state, `$5` recipient, `$6` subject, `$7` text. Empty: any.
macro_rules! list_sql {
    ($by:literal) => {
        message_sql!(
            "WHERE merchant = $1 AND id < $2 ",
            $by,
            " AND ($4 = '' OR state = $4) AND ($5 = '' OR recipient = $5) AND (subject = $6 OR length($6) = 0) AND ($7 = '' OR template = $7)
             ORDER BY id DESC LIMIT $3"
        )
    };
}

/// The log from its newest message on.
pub const LIST: Sql = list_sql!("");
/// Those that are equally far and were not sent: what was is most of a log, and found by walking it.
pub const LIST_OF_UNSENT_STATE: Sql = list_sql!("AND state <> 'sent' AND state = $4");
/// Those to one address.
pub const LIST_OF_RECIPIENT: Sql = list_sql!("AND recipient = $5");
/// Those about one thing.
pub const LIST_OF_SUBJECT: Sql = list_sql!("AND subject = $6");

/// The log, newest first.
///
/// # Errors
/// The store's.
pub async fn list(reader: &mut Reader<'_>, scope: MerchantScope, filter: &MessageFilter, page: PageRequest) -> Result<Page<MessageView>, Fault> {
    let subject = filter.subject.map_or_else(Vec::new, |subject| subject.to_vec());
    let (recipient, template) = (filter.recipient.as_deref().unwrap_or(""), filter.template.as_deref().unwrap_or(""));
    let values = params![scope.merchant, page.bound(), page.fetch(), filter.state.map_or("", MessageState::name), recipient, subject, template];
    let text = match filter {
        MessageFilter { subject: Some(_), .. } => LIST_OF_SUBJECT,
        MessageFilter { recipient: Some(_), .. } => LIST_OF_RECIPIENT,
        MessageFilter { state: Some(state), .. } if *state != MessageState::Sent => LIST_OF_UNSENT_STATE,
        _ => LIST,
    };
    let rows = reader.query(text, values).await?;
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

/// What the things that messages are about are called, by their ids: the number of an order or invoice, a company, a SKU, the order
/// id of an external shop. What has no name, or is gone, is missing.
///
/// # Errors
/// The store's.
pub async fn titles(reader: &mut Reader<'_>, scope: MerchantScope, subjects: &[(String, [u8; 16])]) -> Result<HashMap<[u8; 16], String>, Fault> {
    const KINDS: [(&str, Sql); 7] = [
        ("ord", sql!("SELECT id, number FROM orders WHERE merchant = $1 AND id = ANY($2)")),
        ("inv", sql!("SELECT id, number FROM invoice WHERE merchant = $1 AND id = ANY($2)")),
        ("par", sql!("SELECT p.id, r.company FROM partnership p JOIN reseller r ON r.id = p.reseller WHERE p.merchant = $1 AND p.id = ANY($2)")),
        (
            "lic",
            sql!(
                "SELECT l.id, p.sku FROM license l JOIN product p ON p.merchant = l.merchant AND p.number = l.product WHERE l.merchant = $1 AND l.id = ANY($2)"
            ),
        ),
        ("ful", sql!("SELECT id, external_order_id FROM fulfillment WHERE merchant = $1 AND id = ANY($2)")),
        (
            "crq",
            sql!(
                "SELECT c.id, f.external_order_id FROM cancel_request c JOIN fulfillment f ON f.merchant = c.merchant AND f.id = c.fulfillment
                 WHERE c.merchant = $1 AND c.id = ANY($2)"
            ),
        ),
        ("mer", sql!("SELECT id, name FROM merchant WHERE number = $1 AND id = ANY($2)")),
    ];
    let mut found = HashMap::new();
    for (kind, text) in KINDS {
        let ids: BTreeSet<[u8; 16]> = subjects.iter().filter(|(of, _)| of == kind).map(|(_, id)| *id).collect();
        let rows: Vec<([u8; 16], Option<String>)> = reader.query_each(text, params![scope.merchant], &Column::Ids(ids.into_iter().collect())).await?;
        found.extend(rows.into_iter().filter_map(|(id, title)| Some((id, title?))));
    }
    Ok(found)
}
