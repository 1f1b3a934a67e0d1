//! How many requests are let in at once: no more than are answered within a moment. What comes beyond is refused before
//! anything is done, so that those who were let in are still answered in time.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tradepost_kernel::sabotage;

/// How often is measured.
const WINDOW: Duration = Duration::from_millis(100);
/// After a pause as long as this what was measured says nothing any more.
const FORGOTTEN: Duration = Duration::from_secs(2);
/// So many are always let in: a few slow ones are no overload.
const LEAST: usize = 32;

/// Counts who is inside, and how fast they leave.
#[derive(Debug)]
pub(crate) struct Pace {
    most: usize,
    prompt: Option<Duration>,
    limit: AtomicUsize,
    inside: AtomicUsize,
    left: AtomicUsize,
    window: Mutex<Instant>,
}

/// A request that was let in, until it is dropped.
#[derive(Debug)]
pub(crate) struct Inside {
    pace: Arc<Pace>,
    counted: bool,
}

impl Pace {
    /// Never more than `most` at once, and no more than are answered within `prompt`.
    pub(crate) fn new(most: usize, prompt: Option<Duration>) -> Arc<Self> {
        let counts = || AtomicUsize::new(0);
        Arc::new(Self { most, prompt, limit: AtomicUsize::new(most), inside: counts(), left: counts(), window: Mutex::new(Instant::now()) })
    }

    /// Lets one in, or not.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Inside> {
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
fn next_limit(limit: usize, most: usize, inside: usize, left: usize, (took, prompt): (Duration, Duration)) -> usize {
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
    pub(crate) fn pause(&mut self) {
        if std::mem::take(&mut self.counted) {
            self.pace.inside.fetch_sub(1, Relaxed);
        }
    }

    /// It is worked on again.
    pub(crate) fn resume(&mut self) {
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

#[cfg(test)]
mod tests {
    use super::*;

    const PROMPT: Duration = Duration::from_millis(400);
    const A_WINDOW: (Duration, Duration) = (WINDOW, PROMPT);

    #[test]
    fn the_limit_follows_what_is_answered_in_time() {
        // 100 a window are 400 within the moment.
        assert_eq!(next_limit(2048, 2048, 600, 100, A_WINDOW), 400, "more wait than are answered in time");
        assert_eq!(next_limit(400, 2048, 400, 100, A_WINDOW), 400, "just right");
        assert_eq!(next_limit(400, 2048, 200, 100, A_WINDOW), 501, "there is room for more");
        assert_eq!(next_limit(2000, 2048, 200, 100, A_WINDOW), 2048, "but never beyond the most");
        assert_eq!(next_limit(400, 2048, 300, 1, A_WINDOW), LEAST, "a few are always let in");
        assert_eq!(next_limit(400, 2048, 300, 1, (FORGOTTEN, PROMPT)), 2048, "a pause says nothing");
    }

    #[test]
    fn who_leaves_makes_room() {
        let pace = Pace::new(2, Some(PROMPT));
        let (one, two) = (pace.enter(), pace.enter());
        assert!(one.is_some() && two.is_some() && pace.enter().is_none());
        drop(one);
        assert!(pace.enter().is_some());
        drop(two);
        let mut slow = pace.enter().expect("room");
        slow.pause();
        assert_eq!(pace.inside.load(Relaxed), 0, "who still sends is not worked on");
        slow.resume();
        assert_eq!(pace.inside.load(Relaxed), 1);
        drop(slow);
        assert_eq!(pace.inside.load(Relaxed), 0, "a refused one is not inside");
    }
}
