//! What PostgreSQL knows of the tables. It looks at a table by itself about once a minute; until its first look it plans as for
//! an empty one, and an installation that is new, or imports its first keys, grows a thousandfold in that minute.

use super::{Shared, connect};
use crate::Fault;
use crate::fault::reason;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Tables that are no longer small and were never looked at.
const NEVER_LOOKED_AT: &str = "SELECT format('%I.%I', schemaname, relname) FROM pg_stat_user_tables
    WHERE schemaname = current_schema() AND n_live_tup >= 256 AND last_analyze IS NULL AND last_autoanalyze IS NULL";

/// The first time after so many transactions, then after twice as many each time: a look costs a few milliseconds.
pub(super) const FIRST_AFTER: u64 = 8;

impl Shared {
    /// Called after a write: lets the server look at new tables, beside everything else, where it is time.
    pub(super) fn refresh_statistics_at_times(self: &Arc<Self>) {
        let (groups, due) = (self.counters.groups_so_far(), self.look_after.load(Relaxed));
        // Only one of those who see that it is time sets the next.
        if groups < due || self.look_after.compare_exchange(due, groups * 2, Relaxed, Relaxed).is_err() {
            return;
        }
        // While the store closes there is no permit, and nothing to look at any more.
        let Ok(permit) = Arc::clone(&self.waiting).try_acquire_owned() else { return };
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(fault) = shared.refresh_statistics().await {
                tracing::warn!(%fault, "PostgreSQL could not look at its new tables");
            }
            drop(permit);
        });
    }

    async fn refresh_statistics(&self) -> Result<(), Fault> {
        let client = connect::client(&self.writers).await?;
        for row in client.query(NEVER_LOOKED_AT, &[]).await? {
            let table: &str = row.try_get(0)?;
            match client.batch_execute(&format!("ANALYZE {table}")).await {
                Ok(()) => tracing::debug!(table, "PostgreSQL has looked at a table that is new to it"),
                // Another server looks at it, or the table is somebody else's: its own look comes within the minute.
                Err(error) => tracing::debug!(table, error = reason(&error), "PostgreSQL did not look at a table"),
            }
        }
        Ok(())
    }
}
