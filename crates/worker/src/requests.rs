//! Writing the log of requests: batches of what waits in memory, at most one every [`EVERY_MS`], and forgetting what was kept long enough.

use crate::Round;
use crate::relay::unexpected;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use tradepost_domain::requests::forget::{self, ForgetRequests, TrimRequests};
use tradepost_domain::requests::note::{NOTED_AT_ONCE, NoteRequests};
use tradepost_domain::requests::{LogOwner, LoggedRequest, MOST_WAITING, RequestQueue, WRITTEN_OF_ONE, newest_of_each};
use tradepost_domain::{Engine, Origin};
use tradepost_store::Fault;

/// How often it writes, in milliseconds: often enough for who watches the log, seldom enough to cost nothing.
const EVERY_MS: i64 = 2_000;
/// How often it looks for lines that are too old, in milliseconds.
const SWEPT_EVERY_MS: i64 = 600_000;
/// Slices that it forgets before it writes again.
const SLICES: usize = 20;
/// After so many further lines of one owner it looks whether there are too many.
const TRIMMED_AFTER: usize = 500;

/// Writes the log.
#[derive(Debug)]
pub struct RequestLog {
    engine: Engine,
    queue: RequestQueue,
    wrote_ms: AtomicI64,
    swept_ms: AtomicI64,
    /// Lines of each owner since its were last counted.
    since: Mutex<BTreeMap<LogOwner, usize>>,
}

/// Whether it is time again; a clock that was set back must not put it to sleep.
fn is_time(last: &AtomicI64, now: i64, every: i64) -> bool {
    let last = last.load(Relaxed);
    last > now || now.saturating_sub(last) >= every
}

fn not_logged(lines: usize) {
    if lines > 0 {
        metrics::counter!("tradepost_requests_not_logged_total").increment(u64::try_from(lines).unwrap_or(u64::MAX));
    }
}

impl RequestLog {
    pub(crate) fn new(engine: Engine, queue: RequestQueue) -> Self {
        Self { engine, queue, wrote_ms: AtomicI64::new(0), swept_ms: AtomicI64::new(0), since: Mutex::default() }
    }

    /// Writes what waits, where it is time.
    pub(crate) async fn pass(&self) -> Result<Round, Fault> {
        let now = self.engine.environment.now().ms();
        if !is_time(&self.wrote_ms, now, EVERY_MS) {
            return Ok(Round::default());
        }
        self.wrote_ms.store(now, Relaxed);
        self.drain().await
    }

    /// Writes all that waits now, then forgets a slice of what is due.
    pub(crate) async fn drain(&self) -> Result<Round, Fault> {
        // Taken once: requests that come meanwhile are the next round's, however fast they come.
        let written = self.write(self.queue.take(MOST_WAITING)).await;
        self.trim().await?;
        let forgotten = self.sweep().await?;
        written?;
        Ok(Round { forgotten, ..Round::default() })
    }

    async fn write(&self, taken: Vec<LoggedRequest>) -> Result<(), Fault> {
        let mut left = taken.len();
        let kept = newest_of_each(taken, WRITTEN_OF_ONE);
        not_logged(left - kept.len());
        left = kept.len();
        for batch in kept.chunks(NOTED_AT_ONCE) {
            let noted = self.engine.execute(Origin::system(), NoteRequests { requests: batch.to_vec() }).await;
            if let Err(error) = noted {
                // What cannot be written is gone: it is a log, and the database has other things to do then.
                not_logged(left);
                return Err(unexpected(error));
            }
            self.count(batch.iter().map(|request| request.owner));
            left -= batch.len();
        }
        Ok(())
    }

    fn count(&self, owners: impl Iterator<Item = LogOwner>) {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        owners.for_each(|owner| *since.entry(owner).or_default() += 1);
    }

    async fn trim(&self) -> Result<(), Fault> {
        let many: Vec<LogOwner> = {
            let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
            since.extract_if(.., |_, count| *count >= TRIMMED_AFTER).map(|(owner, _)| owner).collect()
        };
        for owner in many {
            for _slice in 0..SLICES {
                if self.engine.execute(Origin::system(), TrimRequests { owner }).await.map_err(unexpected)?.outcome == 0 {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn sweep(&self) -> Result<u64, Fault> {
        let now = self.engine.environment.now();
        if !is_time(&self.swept_ms, now.ms(), SWEPT_EVERY_MS) {
            return Ok(0);
        }
        let mut forgotten = 0;
        for _slice in 0..SLICES {
            let due = self.engine.store.read(move |reader| Box::pin(async move { forget::is_due(reader, now).await })).await?;
            let slice = if due { self.engine.execute(Origin::system(), ForgetRequests).await.map_err(unexpected)?.outcome } else { 0 };
            if slice == 0 {
                // Nothing is due, or another server has the rest.
                self.swept_ms.store(now.ms(), Relaxed);
                break;
            }
            forgotten += slice.unsigned_abs();
        }
        metrics::counter!("tradepost_requests_forgotten_total").increment(forgotten);
        Ok(forgotten)
    }
}
