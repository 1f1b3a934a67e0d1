//! Sending queued messages: claim, render, hand over, note how it went.

use crate::Round;
use crate::relay::unexpected;
use crate::smtp::{Letter, MailSettings, NotSent, NotUsable, Smtp};
use std::sync::Arc;
use tokio::task::JoinSet;
use tradepost_documents::mail;
use tradepost_domain::access::MerchantScope;
use tradepost_domain::notices::deliver::MessagePlace;
use tradepost_domain::notices::opening::{self, Sight};
use tradepost_domain::notices::rules::Template;
use tradepost_domain::notices::{ClaimMessages, LogMessages, MarkMessageFailed, MarkMessageSent, queries};
use tradepost_domain::{Engine, Origin};
use tradepost_store::Fault;

/// Messages that are on their way at once.
const AT_ONCE: i64 = 8;
/// Messages that are logged at once where there is no mail server.
const LOGGED_AT_ONCE: i64 = 256;

/// Sends messages.
#[derive(Clone, Debug)]
pub struct Mailer {
    engine: Engine,
    base_url: Arc<str>,
    smtp: Option<Smtp>,
}

impl Mailer {
    pub(crate) fn new(engine: Engine, base_url: String, settings: Option<&MailSettings>) -> Result<Self, NotUsable> {
        let smtp = settings.map(Smtp::new).transpose()?;
        Ok(Self { engine, base_url: base_url.into(), smtp })
    }

    /// Sends what is due, up to a handful at once.
    pub(crate) async fn pass(&self) -> Result<Round, Fault> {
        let now = self.engine.environment.now();
        let limit = if self.smtp.is_some() { AT_ONCE } else { LOGGED_AT_ONCE };
        let due = self.engine.store.read(move |reader| Box::pin(async move { queries::due(reader, now, limit).await })).await?;
        if due.is_empty() {
            return Ok(Round::default());
        }
        let Some(smtp) = &self.smtp else { return self.log(due).await };
        let claimed = self.engine.execute(Origin::system(), ClaimMessages { messages: due }).await.map_err(unexpected)?.outcome;
        let mut sending = JoinSet::new();
        for message in claimed {
            let (mailer, smtp) = (self.clone(), smtp.clone());
            sending.spawn(async move { mailer.send(&smtp, message).await });
        }
        let mut round = Round::default();
        while let Some(ended) = sending.join_next().await {
            match ended.map_err(|error| Fault::Panicked(error.to_string()))?? {
                true => round.sent += 1,
                false => round.unsent += 1,
            }
        }
        Ok(round)
    }

    async fn log(&self, messages: Vec<MessagePlace>) -> Result<Round, Fault> {
        let logged = self.engine.execute(Origin::system(), LogMessages { messages }).await.map_err(unexpected)?.outcome;
        Ok(Round { unsent: logged.unsigned_abs(), ..Round::default() })
    }

    /// Whether the mail server took it.
    async fn send(&self, smtp: &Smtp, message: MessagePlace) -> Result<bool, Fault> {
        let Some((letter, attempts)) = self.letter(message).await? else { return Ok(false) };
        let sent = match letter {
            Ok(letter) => smtp.send(&letter, self.engine.environment.now()).await,
            Err(not_sent) => Err(not_sent),
        };
        match sent {
            Ok(()) => {
                metrics::counter!("tradepost_messages_total", "outcome" => "sent").increment(1);
                self.engine.execute(Origin::system(), MarkMessageSent { message }).await.map_err(unexpected)?;
                Ok(true)
            }
            Err(NotSent { error, for_good }) => {
                tracing::warn!(message = %message.id, attempts, for_good, error, "a message was not sent");
                metrics::counter!("tradepost_messages_total", "outcome" => "not_sent").increment(1);
                let failed = MarkMessageFailed { message, attempts, for_good, error };
                self.engine.execute(Origin::system(), failed).await.map_err(unexpected)?;
                Ok(false)
            }
        }
    }

    /// The rendered message and how often it was tried. What cannot be rendered is a bug of ours: it fails like mail
    /// that the server refuses for good, and can be resent once the bug is gone.
    async fn letter(&self, message: MessagePlace) -> Result<Option<(Result<Letter, NotSent>, i64)>, Fault> {
        let (vault, base_url) = (self.engine.vault.clone(), self.base_url.clone());
        let read = self.engine.store.read(move |reader| {
            Box::pin(async move {
                let scope = MerchantScope { merchant: message.log };
                let Some(view) = queries::message(&mut *reader, scope, message.id).await? else { return Ok(None) };
                let sender = queries::sender(&mut *reader, message.log).await?;
                let opened = opening::open(reader, Sight::Full(&vault), &base_url, message.log, &view.variables).await;
                Ok(Some((view, sender, opened)))
            })
        });
        let Some((view, sender, opened)) = read.await? else { return Ok(None) };
        let unrenderable = |error: String| NotSent { error, for_good: true };
        let rendered = match (Template::from_name(&view.template), opened) {
            (None, _) => Err(unrenderable(format!("no template {}", view.template))),
            (_, Err(fault)) if fault.is_outage() => return Err(fault),
            (_, Err(fault)) => Err(unrenderable(fault.to_string())),
            (Some(template), Ok(variables)) => {
                mail::render(template, view.template_version, view.language, &variables).map_err(|error| unrenderable(error.to_string()))
            }
        };
        let letter = rendered.map(|mail| {
            let (sender_name, reply_to) = sender.unzip();
            Letter { id: view.id, to: view.recipient, sender_name, reply_to: reply_to.flatten(), mail }
        });
        Ok(Some((letter, view.attempts)))
    }
}
