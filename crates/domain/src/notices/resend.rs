//! `ResendMessage`.

use super::{MessageState, queries, store};
use crate::access::{MerchantScope, Need, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::MessageId;
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_store::Tx;

/// Sends a message of the merchant's log again, to the same address. One that still waits is left as it is.
#[derive(Debug)]
pub struct ResendMessage {
    /// Which one.
    pub message: MessageId,
}

#[async_trait::async_trait]
impl Command for ResendMessage {
    const NAME: &'static str = "messages.resend";
    const REFUSALS: &'static [&'static str] = &["not_found"];
    type Outcome = MessageId;

    fn need(&self) -> Need {
        Need::Right(Right::LicensesSend)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<MessageId, No> {
        let scope: MerchantScope = ctx.caller().merchant()?;
        let Some(message) = queries::message(&mut *tx, scope, self.message).await? else { return Err(Refusal::not_found().into()) };
        if message.state == MessageState::Queued {
            return Ok(self.message);
        }
        // From here it must succeed.
        store::queue_again(&mut *tx, scope.merchant, self.message, ctx.now).await?;
        let mut entry = AuditEntry::new(scope.merchant, "message.resent", self.message)
            .before(json!({"state": message.state.name()}))
            .after(json!({"state": MessageState::Queued.name(), "recipient": message.recipient}));
        if let Some(partnership) = message.partnership {
            entry = entry.of(partnership);
        }
        ctx.audit(entry);
        Ok(self.message)
    }
}
