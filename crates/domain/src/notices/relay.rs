//! Passing events on: `RelayEvents`, `DelayEvent`.
//!
//! Messages and position are written in one transaction, so that an event is passed on whole or not at all and
//! needs no lease: its row stays locked meanwhile, and a second server finds it done.

use super::compose::compose;
use super::store;
use crate::access::{Caller, Need};
use crate::command::{Command, Ctx, No};
use crate::ids::EventId;
use crate::merchants;
use crate::outbox;
use serde::{Deserialize, Serialize};
use tradepost_kernel::sabotage;
use tradepost_store::Tx;

/// Passes events of one merchant on: their messages into the log, and the next positions to them (PLT-5).
#[derive(Debug)]
pub struct RelayEvents {
    /// The merchant's number; 0 is the operator's house.
    pub of: i64,
    /// Which events. They get their positions in the order of their ids.
    pub events: Vec<EventId>,
    /// Whether a mail server is configured; else messages are only logged.
    pub mail: bool,
}

/// What passing on did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relayed {
    /// Events that still waited.
    pub events: i64,
    /// Messages that were written.
    pub messages: i64,
}

#[async_trait::async_trait]
impl Command for RelayEvents {
    const NAME: &'static str = "events.relay";
    const REFUSALS: &'static [&'static str] = &[];
    type Outcome = Relayed;

    fn need(&self) -> Need {
        Need::House
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.of
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<Relayed, No> {
        let waiting = outbox::store::lock_waiting(&mut *tx, self.of, &self.events).await?;
        let mut messages = Vec::new();
        for event in &waiting {
            for message in compose(&mut *tx, event).await? {
                messages.push((event, message));
            }
        }
        sabotage::fail_point("relay.claimed");
        // From here it must succeed.
        let written = store::insert(ctx, &mut *tx, &messages, self.mail).await?;
        let ids: Vec<EventId> = waiting.iter().map(|event| event.id).collect();
        let count = ids.len() as i64;
        if count > 0 {
            let first = merchants::next_numbers(&mut *tx, self.of, "event", count).await?;
            outbox::store::set_positions(&mut *tx, self.of, &ids, first).await?;
        }
        Ok(Relayed { events: count, messages: written as i64 })
    }
}

/// How long a failed event waits before its next try, in milliseconds: 1 s, 2 s, 4 s … at most 5 minutes.
#[must_use]
pub fn event_backoff_ms(attempts: i64) -> i64 {
    (1_000_i64 << attempts.clamp(0, 20)).min(300_000)
}

/// Notes that passing an event on failed, and when to try again. It is never given up: nothing of its
/// partnership may overtake it.
#[derive(Debug)]
pub struct DelayEvent {
    /// The merchant's number.
    pub of: i64,
    /// Which event.
    pub event: EventId,
    /// How often it was tried before.
    pub attempts: i64,
    /// What went wrong, for the operator; never a secret.
    pub error: String,
}

#[async_trait::async_trait]
impl Command for DelayEvent {
    const NAME: &'static str = "events.delay";
    const REFUSALS: &'static [&'static str] = &[];
    type Outcome = bool;

    fn need(&self) -> Need {
        Need::House
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.of
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<bool, No> {
        let due = ctx.now.plus_ms(event_backoff_ms(self.attempts));
        Ok(outbox::store::delay(tx, self.of, self.event, due, &self.error).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_event_waits_longer_each_time_and_at_most_five_minutes() {
        let waits: Vec<i64> = (0..11).map(event_backoff_ms).collect();
        assert_eq!(waits[..4], [1_000, 2_000, 4_000, 8_000]);
        assert_eq!(waits[10], 300_000);
        assert_eq!(event_backoff_ms(i64::MAX), 300_000);
    }
}
