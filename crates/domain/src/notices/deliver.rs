//! Sending messages: `ClaimMessages`, `MarkMessageSent`, `MarkMessageFailed`, `LogMessages`.
//!
//! A mail cannot be taken back, so a message is leased before it is handed to the mail server. A server that dies
//! in between leaves a lease that runs out: the message is sent at least once.

use super::store;
use crate::access::Need;
use crate::command::{Command, Ctx, No};
use crate::ids::MessageId;
use serde::{Deserialize, Serialize};
use tradepost_kernel::Timestamp;
use tradepost_store::Tx;

/// How long a claimed message belongs to the server that claimed it, in milliseconds.
pub const LEASE_MS: i64 = 120_000;
/// How often sending is tried before a message is failed.
pub const ATTEMPTS: i64 = 8;

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagePlace {
    /// Whose log: the merchant's number, or 0 for the operator's.
    pub log: i64,
    /// Its id.
    pub id: MessageId,
}

/// Takes due messages for sending.
#[derive(Debug)]
pub struct ClaimMessages {
    /// Which ones.
    pub messages: Vec<MessagePlace>,
}

#[async_trait::async_trait]
impl Command for ClaimMessages {
    const NAME: &'static str = "messages.claim";
    const REFUSALS: &'static [&'static str] = &[];
    /// The ones that are the caller's now.
    type Outcome = Vec<MessagePlace>;

    fn need(&self) -> Need {
        Need::House
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<Vec<MessagePlace>, No> {
        let mut claimed = Vec::with_capacity(self.messages.len());
        for place in &self.messages {
            if store::claim(&mut *tx, place.log, place.id, ctx.now, ctx.now.plus_ms(LEASE_MS)).await? {
                claimed.push(*place);
            }
        }
        Ok(claimed)
    }
}

/// Keeps queued messages without sending them: no mail server is configured (any more).
#[derive(Debug)]
pub struct LogMessages {
    /// Which ones.
    pub messages: Vec<MessagePlace>,
}

#[async_trait::async_trait]
impl Command for LogMessages {
    const NAME: &'static str = "messages.log";
    const REFUSALS: &'static [&'static str] = &[];
    /// How many waited.
    type Outcome = i64;

    fn need(&self) -> Need {
        Need::House
    }

    async fn run(&self, _ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<i64, No> {
        let mut logged = 0;
        for place in &self.messages {
            logged += i64::from(store::log(&mut *tx, place.log, place.id).await?);
        }
        Ok(logged)
    }
}

/// Notes that the mail server took a message.
#[derive(Debug)]
pub struct MarkMessageSent {
    /// Which one.
    pub message: MessagePlace,
}

#[async_trait::async_trait]
impl Command for MarkMessageSent {
    const NAME: &'static str = "messages.mark_sent";
    const REFUSALS: &'static [&'static str] = &[];
    type Outcome = bool;

    fn need(&self) -> Need {
        Need::House
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<bool, No> {
        Ok(store::sent(tx, self.message.log, self.message.id, ctx.now).await?)
    }
}

/// When a message is tried again that was tried `attempts` times: 10 s, 40 s, 2:40 … at most 3 hours; `None` where
/// that was the last time.
#[must_use]
pub fn next_try(now: Timestamp, attempts: i64) -> Option<Timestamp> {
    (attempts < ATTEMPTS).then(|| now.plus_ms((10_000_i64 << (2 * (attempts - 1)).clamp(0, 40)).min(10_800_000)))
}

/// Notes that the mail server did not take a message.
#[derive(Debug)]
pub struct MarkMessageFailed {
    /// Which one.
    pub message: MessagePlace,
    /// How often it was tried, this time included.
    pub attempts: i64,
    /// Whether trying again is pointless (the server said 5xx, the address cannot be written to).
    pub for_good: bool,
    /// What the server said; never a secret.
    pub error: String,
}

#[async_trait::async_trait]
impl Command for MarkMessageFailed {
    const NAME: &'static str = "messages.mark_failed";
    const REFUSALS: &'static [&'static str] = &[];
    type Outcome = bool;

    fn need(&self) -> Need {
        Need::House
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<bool, No> {
        let due = if self.for_good { None } else { next_try(ctx.now, self.attempts) };
        Ok(store::not_sent(tx, self.message.log, self.message.id, due, &self.error).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sending_is_tried_eight_times_over_hours_and_then_no_more() {
        let now = Timestamp::from_ms(0);
        let waits: Vec<Option<i64>> = (1..=9).map(|attempts| next_try(now, attempts).map(Timestamp::ms)).collect();
        let expected = [10_000, 40_000, 160_000, 640_000, 2_560_000, 10_240_000, 10_800_000];
        assert_eq!(waits[..7], expected.map(Some));
        assert_eq!(waits[7..], [None, None]);
    }
}
