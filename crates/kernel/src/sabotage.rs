//! Named bugs and fail points, in debug builds only: a drill that does not fail with its bug in proves nothing.
//!
//! Chosen at run time, several with commas between them: by the variable `TRADEPOST_TEST_SABOTAGE` of the process, or by a test
//! with [`begin`].
//! Without debug assertions (every build that is given away) [`is`] is the constant `false` and nothing of this is in the
//! binary. No feature of its own: the whole workspace would be compiled twice for every test run.

#[cfg(debug_assertions)]
use std::sync::atomic::{AtomicU64, Ordering};
#[cfg(debug_assertions)]
use std::sync::{OnceLock, PoisonError, RwLock};

/// Where a process can be made to end: `TRADEPOST_TEST_SABOTAGE=store.after_commit@7` ends it when it comes there for
/// the seventh time. The crash drill goes through all of them.
pub const FAIL_POINTS: &[&str] = &[
    // A work was taken from the queue; no transaction has begun.
    "store.before_begin",
    // Loaded and decided; nothing is written yet.
    "store.before_first_write",
    // Everything is written; nothing is committed.
    "store.before_commit",
    // Committed; nobody was answered.
    "store.after_commit",
    // The relay holds its events and has passed none on.
    "relay.claimed",
    // A slice of an import is written, not committed.
    "import.staged",
    // Between two slices of an import.
    "import.between_slices",
    // Between two slices of a delivery that is too large for one answer.
    "fulfillments.between_slices",
];

#[cfg(debug_assertions)]
static CHOSEN: RwLock<Option<&'static str>> = RwLock::new(None);

/// Whether the bug called `name` is to be committed now.
#[cfg(not(debug_assertions))]
#[must_use]
pub const fn is(_name: &str) -> bool {
    false
}

/// Whether the bug called `name` is to be committed now.
#[cfg(debug_assertions)]
#[must_use]
pub fn is(name: &str) -> bool {
    let by_test = *CHOSEN.read().unwrap_or_else(PoisonError::into_inner);
    of_process().iter().any(|chosen| chosen == name) || by_test.is_some_and(|chosen| chosen.split(',').any(|chosen| chosen == name))
}

#[cfg(debug_assertions)]
fn of_process() -> &'static [String] {
    static OF_PROCESS: OnceLock<Vec<String>> = OnceLock::new();
    OF_PROCESS.get_or_init(|| std::env::var("TRADEPOST_TEST_SABOTAGE").map(|text| text.split(',').map(str::to_owned).collect()).unwrap_or_default())
}

/// Ends the process without any farewell where the fail point called `name` (one of [`FAIL_POINTS`]) was chosen and is
/// reached as often as was said.
#[cfg(not(debug_assertions))]
#[inline]
pub const fn fail_point(_name: &str) {}

/// Ends the process without any farewell where the fail point called `name` (one of [`FAIL_POINTS`]) was chosen and is
/// reached as often as was said.
#[cfg(debug_assertions)]
pub fn fail_point(name: &str) {
    static REACHED: AtomicU64 = AtomicU64::new(0);
    let mut chosen = of_process().iter().map(|text| text.split_once('@').unwrap_or((text, "1")));
    let Some((_, count)) = chosen.find(|(chosen, _)| *chosen == name) else { return };
    if REACHED.fetch_add(1, Ordering::Relaxed) + 1 == count.parse::<u64>().unwrap_or(1) {
        std::process::abort();
    }
}

/// From now on this process commits the bugs called `names` (one, or several with commas between them), and no other.
#[cfg(debug_assertions)]
pub fn begin(names: &'static str) {
    *CHOSEN.write().unwrap_or_else(PoisonError::into_inner) = Some(names);
}

/// No bug any more.
#[cfg(debug_assertions)]
pub fn end() {
    *CHOSEN.write().unwrap_or_else(PoisonError::into_inner) = None;
}
