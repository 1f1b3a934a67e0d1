//! The message log: every mail that followed from an event, and how far it is.

use crate::answer::Answer;
use crate::call::{Call, OrNotFound as _};
use crate::problem::Problem;
use crate::routes::Routes;
use crate::view;
use serde_json::Value;
use tradepost_documents::mail;
use tradepost_domain::notices::opening::{self, Sight};
use tradepost_domain::notices::queries::{self, MessageView};
use tradepost_domain::notices::rules::Template;
use tradepost_domain::notices::{MessageState, ResendMessage};
use tradepost_domain::{MessageId, PartnershipId, Right, merchants};
use tradepost_kernel::Timestamp;
use tradepost_store::Fault;

view! {
    /// A message of the log.
    pub struct Message {
        /// Its id.
        pub id: MessageId,
        /// Which text.
        pub template: String,
        /// The address.
        pub recipient: String,
        /// `logged` (kept, not sent), `queued`, `sent` or `failed`.
        pub state: String,
        /// What it is about: the id of an order, a license, a partnership, …
        pub subject: String,
        /// In whose partnership.
        pub partnership: Option<PartnershipId>,
        /// How often sending was tried.
        pub attempts: i64,
        /// What the mail server said last.
        pub last_error: Option<String>,
        /// When it was written.
        pub created_at: Timestamp,
        /// When the mail server took it.
        pub sent_at: Option<Timestamp>,
    }

    /// A message with its text. Codes are masked and links left out, but in the sandbox.
    pub struct MessageInFull {
        /// As in the list.
        pub message: Message,
        /// The subject line.
        pub subject_line: String,
        /// The plain form.
        pub text: String,
        /// The HTML form.
        pub html: String,
    }
}

impl From<MessageView> for Message {
    fn from(message: MessageView) -> Self {
        Self {
            id: message.id,
            subject: message.subject_text(),
            template: message.template,
            recipient: message.recipient,
            state: message.state.name().to_owned(),
            partnership: message.partnership,
            attempts: message.attempts,
            last_error: message.last_error,
            created_at: message.created,
            sent_at: message.sent,
        }
    }
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let (scope, page) = (call.merchant()?, call.page()?);
    let found = call.read(move |reader| Box::pin(async move { queries::list(reader, scope, page).await })).await?;
    Ok(call.list(found, Message::from))
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let (scope, id) = (call.merchant()?, call.path::<MessageId>("id")?);
    let (vault, base_url) = (call.engine().vault.clone(), call.app().settings.public_url.clone());
    let found = call
        .read(move |reader| {
            Box::pin(async move {
                let Some(message) = queries::message(&mut *reader, scope, id).await? else { return Ok(None) };
                let merchant = merchants::queries::merchant(&mut *reader, scope.merchant).await?;
                let sandbox = merchant.is_some_and(|merchant| merchant.test);
                let sight = if sandbox { Sight::Full(&vault) } else { Sight::Masked };
                let variables = opening::open(reader, sight, &base_url, scope.merchant, &message.variables).await?;
                Ok(Some((message, variables)))
            })
        })
        .await?
        .or_not_found()?;
    Ok(Answer::ok(&in_full(found)?))
}

fn in_full((message, variables): (MessageView, Value)) -> Result<MessageInFull, Problem> {
    let bug = |what: String| Problem::from(Fault::invariant(what));
    let template = Template::from_name(&message.template).ok_or_else(|| bug(format!("no template {}", message.template)))?;
    let mail = mail::render(template, &variables).map_err(|error| bug(error.to_string()))?;
    Ok(MessageInFull { message: message.into(), subject_line: mail.subject, text: mail.text, html: mail.html })
}

async fn resend(call: Call) -> Result<Answer, Problem> {
    let message = call.path::<MessageId>("id")?;
    let scope = call.merchant()?;
    call.execute(ResendMessage { message }).await?;
    let found = call.read(move |reader| Box::pin(async move { queries::message(reader, scope, message).await })).await?;
    Ok(Answer::ok(&Message::from(found.or_not_found()?)))
}

pub(super) fn routes(r: &mut Routes) {
    let tag = "Messages";
    debug_assert!(MessageState::ALL.len() == 4, "the view's docs name them");
    r.get("/v1/merchant/messages", "listMessages", list)
        .tag(tag)
        .doc("Lists the messages that followed from events, newest first.")
        .needs(Right::MerchantRead)
        .lists::<Message>();
    r.get("/v1/merchant/messages/{id}", "getMessage", show)
        .tag(tag)
        .doc("One message with its text. Codes are masked and links left out, but in the sandbox.")
        .needs(Right::MerchantRead)
        .answers::<MessageInFull>(200);
    r.post("/v1/merchant/messages/{id}/resend", "resendMessage", resend)
        .tag(tag)
        .doc("Sends a message again, to the same address.")
        .needs(Right::LicensesSend)
        .answers::<Message>(200)
        .command::<ResendMessage>();
}
