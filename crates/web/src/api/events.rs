//! What happened, in the order in which it was passed on, and the messages that followed.

use crate::api::audit::AnyId;
use crate::api::orders::sides;
use crate::fields::Line;
use crate::{Answer, Call, OrNotFound, Problem, Routes, input, view};
use serde_json::Value;
use tradepost_documents::mail;
use tradepost_domain::ids::{EventId, MessageId, PartnershipId};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::notices::MessageState;
use tradepost_domain::notices::opening::{self, Sight};
use tradepost_domain::notices::queries::{self as messages, MessageFilter, MessageView as MessageRow};
use tradepost_domain::notices::resend::ResendMessage;
use tradepost_domain::outbox::queries::{self as outbox, PassedEvent};
use tradepost_domain::{PartnershipScope, Right, merchants};
use tradepost_kernel::Timestamp;

crate::named_choice!(MessageState);

input! {
    /// Which messages are wanted.
    pub struct MessageQuery {
        /// Only those that are this far.
        pub state: Option<MessageState>,
        /// Only to exactly this address.
        pub recipient: Option<Line<254>>,
        /// Only about this.
        pub subject: Option<AnyId>,
        /// Only of this text.
        pub template: Option<Line<100>>,
    }
}

view! {
    /// Something that happened.
    pub struct EventView {
        /// Its id.
        pub id: EventId,
        /// What: `order.placed`, `invoice.paid`, …
        pub kind: String,
        /// To what: the id of an order, an invoice, …
        pub subject: String,
        /// In whose partnership.
        pub partnership: Option<PartnershipId>,
        /// Ids and numbers; never a code.
        pub body: Value,
        /// When it happened.
        pub at: Timestamp,
    }

    /// A message in the log.
    pub struct MessageSummary {
        /// Its id.
        pub id: MessageId,
        /// What it follows from.
        pub event: EventId,
        /// About what.
        pub subject: String,
        /// What that is called, in lists: a number, a company; null where it has no name.
        pub subject_title: Option<String>,
        /// In whose partnership.
        pub partnership: Option<PartnershipId>,
        /// Which text.
        pub template: String,
        /// To whom.
        pub recipient: String,
        /// In which language it was written: `en` or `de`.
        pub language: String,
        /// How far it is.
        pub state: MessageState,
        /// How often sending was tried.
        pub attempts: i64,
        /// What the mail server said last.
        pub last_error: Option<String>,
        /// When it was written.
        pub created_at: Timestamp,
        /// When the mail server took it.
        pub sent_at: Option<Timestamp>,
    }

    /// A message with its text. Codes are masked and links left out, but in the sandbox, which shows every message in full.
    pub struct MessageDetail {
        /// Its id.
        pub id: MessageId,
        /// To whom.
        pub recipient: String,
        /// In which language it was written: `en` or `de`.
        pub language: String,
        /// How far it is.
        pub state: MessageState,
        /// Its subject line.
        pub subject_line: String,
        /// Its text.
        pub text: String,
        /// The same as HTML.
        pub html: String,
        /// When it was written.
        pub created_at: Timestamp,
        /// When the mail server took it.
        pub sent_at: Option<Timestamp>,
    }
}

impl From<PassedEvent> for EventView {
    fn from(event: PassedEvent) -> Self {
        let subject = event.subject_text();
        Self { id: event.id, kind: event.kind, subject, partnership: event.partnership, body: event.body, at: event.at }
    }
}

impl From<MessageRow> for MessageSummary {
    fn from(row: MessageRow) -> Self {
        Self {
            id: row.id,
            event: row.event,
            subject: row.subject_text(),
            subject_title: None,
            partnership: row.partnership,
            template: row.template,
            recipient: row.recipient,
            language: row.language.code().to_owned(),
            state: row.state,
            attempts: row.attempts,
            last_error: row.last_error,
            created_at: row.created,
            sent_at: row.sent,
        }
    }
}

/// Events go by position, oldest first: a cursor holds the last position seen.
async fn list_events(call: Call) -> Result<Answer, Problem> {
    let (merchant, of) = sides(&call)?;
    let page = call.page()?;
    let after =
        page.before.map_or(0, |cursor| i64::from_be_bytes([cursor[8], cursor[9], cursor[10], cursor[11], cursor[12], cursor[13], cursor[14], cursor[15]]));
    let mut rows = call
        .read(move |reader| {
            Box::pin(async move {
                match of {
                    Some(partnership) => {
                        let scope = PartnershipScope { merchant: merchant.merchant, partnership };
                        outbox::list_of_partnership(reader, scope, after, page.fetch()).await
                    }
                    None => outbox::list(reader, merchant, after, page.fetch()).await,
                }
            })
        })
        .await?;
    rows.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX));
    // Every page but an empty one has a cursor, so that it can be kept for what happens later.
    let next = rows.last().map(|event| u128::from(event.position.unsigned_abs()).to_be_bytes());
    Ok(call.list(Page { rows, next }, EventView::from))
}

async fn list_messages(call: Call) -> Result<Answer, Problem> {
    let MessageQuery { state, recipient, subject, template } = call.query()?;
    let filter = MessageFilter { state, recipient: recipient.map(String::from), subject: subject.map(|id| id.0), template: template.map(String::from) };
    Ok(call.list(messages_listed(&call, filter, call.page()?).await?, |message| message))
}

/// A page of the merchant's messages that fit, newest first.
///
/// # Errors
/// 403; faults of the store.
pub async fn messages_listed(call: &Call, filter: MessageFilter, page: PageRequest) -> Result<Page<MessageSummary>, Problem> {
    let scope = call.merchant()?;
    let (found, titles) = call
        .read(move |reader| {
            Box::pin(async move {
                let found = messages::list(reader, scope, &filter, page).await?;
                let subjects: Vec<(String, [u8; 16])> = found.rows.iter().map(|row| (row.subject_kind.clone(), row.subject)).collect();
                let titles = messages::titles(reader, scope, &subjects).await?;
                Ok((found, titles))
            })
        })
        .await?;
    let rows = found.rows.into_iter().map(|row| {
        let title = titles.get(&row.subject).cloned();
        MessageSummary { subject_title: title, ..MessageSummary::from(row) }
    });
    Ok(Page { rows: rows.collect(), next: found.next })
}

/// A message as the log has it, and with its text.
///
/// # Errors
/// 404; faults of the store.
pub async fn message_shown(call: &Call, id: MessageId) -> Result<(MessageSummary, MessageDetail), Problem> {
    let scope = call.merchant()?;
    let vault = call.engine().vault.clone();
    let base = call.url("");
    let (row, variables, title) = call
        .read(move |reader| {
            Box::pin(async move {
                let Some(row) = messages::message(reader, scope, id).await? else { return Ok(None) };
                let test = merchants::queries::merchant(reader, scope.merchant).await?.is_some_and(|merchant| merchant.test);
                let sight = if test { Sight::Full(&vault) } else { Sight::Masked };
                let variables = opening::open(reader, sight, &base, scope.merchant, &row.variables).await?;
                let title = messages::titles(reader, scope, &[(row.subject_kind.clone(), row.subject)]).await?.remove(&row.subject);
                Ok(Some((row, variables, title)))
            })
        })
        .await?
        .or_not_found()?;
    let template = tradepost_domain::notices::rules::Template::from_name(&row.template).or_not_found()?;
    let rendered =
        mail::render(template, row.template_version, row.language, &variables).map_err(|error| tradepost_store::Fault::invariant(error.to_string()))?;
    let detail = MessageDetail {
        id,
        recipient: row.recipient.clone(),
        language: row.language.code().to_owned(),
        state: row.state,
        subject_line: rendered.subject,
        text: rendered.text,
        html: rendered.html,
        created_at: row.created,
        sent_at: row.sent,
    };
    Ok((MessageSummary { subject_title: title, ..MessageSummary::from(row) }, detail))
}

async fn get_message(call: Call) -> Result<Answer, Problem> {
    let (_, detail) = message_shown(&call, call.path("id")?).await?;
    Ok(Answer::ok(&detail))
}

async fn resend_message(call: Call) -> Result<Answer, Problem> {
    let scope = call.merchant()?;
    let id = call.execute(ResendMessage { message: call.path("id")? }).await?.outcome;
    let row = call.read(move |reader| Box::pin(async move { messages::message(reader, scope, id).await })).await?.or_not_found()?;
    Ok(Answer::ok(&MessageSummary::from(row)))
}

/// Every route of events and messages.
pub fn routes(r: &mut Routes) {
    r.get("/v1/merchant/events", "listMerchantEvents", list_events)
        .tag("Events (merchant)")
        .doc("Lists what happened, oldest first. Every page that has rows has a cursor: keep the last one, and what happens later comes after it.")
        .needs(Right::MerchantRead)
        .lists::<EventView>();
    r.get("/v1/reseller/events", "listEvents", list_events)
        .tag("Events")
        .doc("Lists what happened in the partnership, oldest first.")
        .needs(Right::OrdersRead)
        .lists::<EventView>();
    let tag = "Messages (merchant)";
    r.get("/v1/merchant/messages", "listMessages", list_messages)
        .tag(tag)
        .doc("Lists every mail that was written in the merchant's name, newest first.")
        .needs(Right::MerchantRead)
        .query::<MessageQuery>()
        .lists::<MessageSummary>();
    r.get("/v1/merchant/messages/{id}", "getMessage", get_message)
        .tag(tag)
        .doc("One message with its text.")
        .needs(Right::MerchantRead)
        .answers::<MessageDetail>(200);
    r.post("/v1/merchant/messages/{id}/resend", "resendMessage", resend_message)
        .tag(tag)
        .doc("Sends a message again, to the same address.")
        .needs(Right::LicensesSend)
        .answers::<MessageSummary>(200)
        .command::<ResendMessage>();
}
