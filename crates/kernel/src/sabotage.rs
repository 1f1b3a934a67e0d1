//! Named bugs and fail points, in one extra build only (feature `sabotage`): a drill that does not fail with its bug
//! built in proves nothing.
//!
//! Chosen at run time: by the variable `TRADEPOST_TEST_SABOTAGE` of the process, or by a test with [`begin`].
//! Without the feature [`is`] is the constant `false` and nothing of this is in the binary.

#[cfg(feature = "sabotage")]
use std::sync::{OnceLock, PoisonError, RwLock};

#[cfg(feature = "sabotage")]
static CHOSEN: RwLock<Option<&'static str>> = RwLock::new(None);

/// Whether the bug called `name` is to be committed now.
#[cfg(not(feature = "sabotage"))]
#[must_use]
pub const fn is(_name: &str) -> bool {
    false
}

/// Whether the bug called `name` is to be committed now.
#[cfg(feature = "sabotage")]
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
#[cfg(feature = "sabotage")]
pub fn begin(name: &'static str) {
    *CHOSEN.write().unwrap_or_else(PoisonError::into_inner) = Some(name);
}

/// No bug any more.
#[cfg(feature = "sabotage")]
pub fn end() {
    *CHOSEN.write().unwrap_or_else(PoisonError::into_inner) = None;
}
