//! Forgetting what was kept long enough: the rows of commands, and with them idempotency keys (PLT-3); which challenges of
//! sign-ins were used up, links that work once, and failed sign-ins (PAR-15).

use crate::Round;
use crate::relay::unexpected;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use tradepost_domain::command::retention::{self, ForgetCommands};
use tradepost_domain::identity::challenges::{self, ForgetChallenges};
use tradepost_domain::identity::forget::{self, ForgetFailures, ForgetLinks};
use tradepost_domain::{Engine, Origin};
use tradepost_kernel::Timestamp;
use tradepost_store::Fault;

/// How often it looks, in milliseconds: what was kept for 30 days may stay an hour longer.
const EVERY_MS: i64 = 3_600_000;

/// Forgets.
#[derive(Debug)]
pub struct Retention {
    engine: Engine,
    /// When it last looked and found nothing.
    looked_ms: AtomicI64,
}

impl Retention {
    pub(crate) const fn new(engine: Engine) -> Self {
        Self { engine, looked_ms: AtomicI64::new(i64::MIN) }
    }

    /// Forgets one slice of what is due; the next pass goes on. In slices, so that nobody waits long behind it.
    pub(crate) async fn pass(&self) -> Result<Round, Fault> {
        let now = self.engine.environment.now();
        let looked = self.looked_ms.load(Relaxed);
        // A clock that was set back must not put it to sleep.
        if looked <= now.ms() && now.ms().saturating_sub(looked) < EVERY_MS {
            return Ok(Round::default());
        }
        let due = self.engine.store.read(move |reader| Box::pin(async move { retention::is_due(reader, now).await })).await?;
        let forgotten = if due { self.engine.execute(Origin::system(), ForgetCommands).await.map_err(unexpected)?.outcome } else { 0 };
        let mut others = 0;
        if forgotten == 0 {
            self.forget_challenges(now).await?;
            others = self.forget_links(now).await? + self.forget_failures(now).await?;
        }
        if forgotten + others == 0 {
            // Nothing is due, or another server has the rest.
            self.looked_ms.store(now.ms(), Relaxed);
        }
        metrics::counter!("tradepost_commands_forgotten_total").increment(forgotten.unsigned_abs());
        Ok(Round { forgotten: (forgotten + others).unsigned_abs(), ..Round::default() })
    }

    /// Forgets one slice of the links that ended long ago.
    async fn forget_links(&self, now: Timestamp) -> Result<i64, Fault> {
        let due = self.engine.store.read(move |reader| Box::pin(async move { forget::is_due(reader, now).await })).await?;
        if due { Ok(self.engine.execute(Origin::system(), ForgetLinks).await.map_err(unexpected)?.outcome) } else { Ok(0) }
    }

    /// Forgets one slice of the failed sign-ins that count no more.
    async fn forget_failures(&self, now: Timestamp) -> Result<i64, Fault> {
        let due = self.engine.store.read(move |reader| Box::pin(async move { forget::failures_are_due(reader, now).await })).await?;
        if due { Ok(self.engine.execute(Origin::system(), ForgetFailures).await.map_err(unexpected)?.outcome) } else { Ok(0) }
    }

    /// Forgets which challenges of sign-ins were used up, where they have expired: a few rows, so at once.
    async fn forget_challenges(&self, now: Timestamp) -> Result<(), Fault> {
        if self.engine.store.read(move |reader| Box::pin(async move { challenges::are_due(reader, now).await })).await? {
            self.engine.execute(Origin::system(), ForgetChallenges).await.map_err(unexpected)?;
        }
        Ok(())
    }
}
