//! What PostgreSQL knows of the tables. It looks at a table by itself about once a minute; until its first look it plans as for
//! an empty one, and an installation that is new, or imports its first keys, grows a thousandfold in that minute.

use super::{Shared, connect};
use crate::Fault;
use crate::fault::reason;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// Tables that are no longer small, and were never looked at or have changed by a twentieth since; and whether they have doubled.
const OUTGROWN: &str = "SELECT format('%I.%I', s.schemaname, s.relname), s.n_live_tup > 2 * c.reltuples
    FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid WHERE s.schemaname = current_schema() AND s.n_live_tup >= 256
    AND (s.n_live_tup > 2 * c.reltuples OR s.n_mod_since_analyze > 256 + c.reltuples / 20)";

/// How closely it looks, where 100 is usual: how many rows there are, and roughly which, is enough until its own look comes, and a
/// closer one took the cores from sales for a fifth of a second (p99 at half of the best rate 255 ms with it, 90 without any).
const SAMPLED: u32 = 10;

/// While tables grow, they are looked for this often; every time that none has, half as often.
const SOONEST: Duration = Duration::from_secs(1);
/// At least this often, while anything is written.
const LATEST: Duration = Duration::from_secs(8);

/// When it is time to look for tables that have outgrown what is known of them.
pub(super) struct Looks {
    opened: Instant,
    /// Milliseconds since then.
    next: AtomicU64,
    wait: AtomicU64,
}

impl Looks {
    pub(super) fn new() -> Self {
        Self { opened: Instant::now(), next: AtomicU64::new(0), wait: AtomicU64::new(millis(SOONEST)) }
    }

    /// Whether it is time; only one of those who ask at once is told so.
    fn due(&self) -> bool {
        let (now, next) = (millis(self.opened.elapsed()), self.next.load(Relaxed));
        now >= next && self.next.compare_exchange(next, now + self.wait.load(Relaxed), Relaxed, Relaxed).is_ok()
    }

    fn found(&self, doubled: bool) {
        let wait = if doubled { millis(SOONEST) } else { (self.wait.load(Relaxed) * 2).min(millis(LATEST)) };
        self.wait.store(wait, Relaxed);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Shared {
    /// Called after a write: lets the server look at tables that have grown, beside everything else, where it is time.
    pub(super) fn refresh_statistics_at_times(self: &Arc<Self>) {
        if !self.looks.due() {
            return;
        }
        // While the store closes there is no permit, and nothing to look at any more.
        let Ok(permit) = Arc::clone(&self.waiting).try_acquire_owned() else { return };
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            match shared.refresh_statistics().await {
                Ok(doubled) => shared.looks.found(doubled),
                Err(fault) => tracing::warn!(%fault, "PostgreSQL could not look at the tables that have grown"),
            }
            drop(permit);
        });
    }

    /// Whether any of them has doubled.
    async fn refresh_statistics(&self) -> Result<bool, Fault> {
        let mut any = false;
        let client = connect::client(&self.writers).await?;
        let tables = client.query(OUTGROWN, &[]).await?;
        for row in &tables {
            let (table, doubled): (&str, bool) = (row.try_get(0)?, row.try_get(1)?);
            any |= doubled;
            match client.batch_execute(&format!("BEGIN; SET LOCAL default_statistics_target = {SAMPLED}; ANALYZE {table}; COMMIT")).await {
                Ok(()) => tracing::debug!(table, "PostgreSQL has looked at a table that has grown"),
                // Another server looks at it, or the table is somebody else's: its own look comes within the minute.
                Err(error) => {
                    tracing::debug!(table, error = reason(&error), "PostgreSQL did not look at a table");
                    client.batch_execute("ROLLBACK").await?;
                }
            }
        }
        Ok(any)
    }
}
