//! Named bugs and fail points, in debug builds only: a drill that does not fail with its bug in proves nothing.
//!
//! Chosen at run time: by the variable `TRADEPOST_TEST_SABOTAGE` of the process, or by a test with [`begin`].
//! Without debug assertions (every build that is given away) [`is`] is the constant `false` and nothing of this is in the
//! binary. No feature of its own: the whole workspace would be compiled twice for every test run.

#[cfg(debug_assertions)]
use std::sync::{OnceLock, PoisonError, RwLock};

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
    static OF_PROCESS: OnceLock<Option<String>> = OnceLock::new();
    let of_process = OF_PROCESS.get_or_init(|| std::env::var("TRADEPOST_TEST_SABOTAGE").ok());
    of_process.as_deref() == Some(name) || *CHOSEN.read().unwrap_or_else(PoisonError::into_inner) == Some(name)
}

/// Ends the process without any farewell where the fail point called `name` was chosen.
#[inline]
pub fn fail_point(name: &str) {
    if is(name) {
        std::process::abort();
    }
}

/// From now on this process commits the bug called `name`, and no other.
#[cfg(debug_assertions)]
pub fn begin(name: &'static str) {
    *CHOSEN.write().unwrap_or_else(PoisonError::into_inner) = Some(name);
}

/// No bug any more.
#[cfg(debug_assertions)]
pub fn end() {
    *CHOSEN.write().unwrap_or_else(PoisonError::into_inner) = None;
}
