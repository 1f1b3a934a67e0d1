//! How many requests are let in at once: no more than are answered within a moment. What comes beyond is refused before
//! anything is done, so that those who were let in are still answered in time.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tradepost_kernel::sabotage;

/// How often is measured.
pub const WINDOW: Duration = Duration::from_millis(100);
/// After a pause as long as this what was measured says nothing any more.
pub const FORGOTTEN: Duration = Duration::from_secs(2);
/// So many are always let in: a few slow ones are no overload.
pub const LEAST: usize = 32;

/// Counts who is inside, and how fast they leave.
#[derive(Debug)]
pub struct Pace {
    most: usize,
    prompt: Option<Duration>,
    limit: AtomicUsize,
    inside: AtomicUsize,
    left: AtomicUsize,
    window: Mutex<Instant>,
}

/// A request that was let in, until it is dropped.
#[derive(Debug)]
pub struct Inside {
    pace: Arc<Pace>,
    counted: bool,
}

impl Pace {
    /// Never more than `most` at once, and no more than are answered within `prompt`.
    #[must_use]
    pub fn new(most: usize, prompt: Option<Duration>) -> Arc<Self> {
        let counts = || AtomicUsize::new(0);
        Arc::new(Self { most, prompt, limit: AtomicUsize::new(most), inside: counts(), left: counts(), window: Mutex::new(Instant::now()) })
    }

    /// How many are being worked on.
    #[must_use]
    pub fn inside(&self) -> usize {
        self.inside.load(Relaxed)
    }

    /// Lets one in, or not.
    pub fn enter(self: &Arc<Self>) -> Option<Inside> {
        if self.inside.fetch_add(1, Relaxed) < self.limit.load(Relaxed) || sabotage::is("overload.queue") {
            return Some(Inside { pace: self.clone(), counted: true });
        }
        // Not by a drop of `Inside`: who was refused did not leave with an answer.
        self.inside.fetch_sub(1, Relaxed);
        None
    }

    /// Judges the last window, where it is over: those inside leave at the rate at which others left.
    fn judge(&self, now: Instant) {
        let (Some(prompt), Ok(mut window)) = (self.prompt, self.window.try_lock()) else { return };
        let took = now.duration_since(*window);
        if took < WINDOW {
            return;
        }
        *window = now;
        let (left, inside) = (self.left.swap(0, Relaxed), self.inside.load(Relaxed));
        self.limit.store(next_limit(self.limit.load(Relaxed), self.most, inside, left, (took, prompt)), Relaxed);
    }
}

/// The limit after a window in which `left` left, and at whose end `inside` are waiting.
#[must_use]
pub fn next_limit(limit: usize, most: usize, inside: usize, left: usize, (took, prompt): (Duration, Duration)) -> usize {
    if took >= FORGOTTEN {
        return most;
    }
    let took = usize::try_from(took.as_micros()).unwrap_or(usize::MAX).max(1);
    let prompt = usize::try_from(prompt.as_micros()).unwrap_or(usize::MAX);
    // How many are answered within the moment at this rate.
    let fits = left.saturating_mul(prompt) / took;
    if inside > fits + fits / 4 {
        fits.clamp(LEAST, most.max(LEAST)).min(limit)
    } else if inside < fits - fits / 4 {
        (limit + limit / 4 + 1).min(most)
    } else {
        limit
    }
}

impl Inside {
    /// It waits for its client, who keeps nobody else waiting: a few slow senders must not look like a crowd.
    pub fn pause(&mut self) {
        if std::mem::take(&mut self.counted) {
            self.pace.inside.fetch_sub(1, Relaxed);
        }
    }

    /// It is worked on again.
    pub fn resume(&mut self) {
        if !std::mem::replace(&mut self.counted, true) {
            self.pace.inside.fetch_add(1, Relaxed);
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        if self.counted {
            self.pace.inside.fetch_sub(1, Relaxed);
            self.pace.left.fetch_add(1, Relaxed);
            self.pace.judge(Instant::now());
        }
    }
}
