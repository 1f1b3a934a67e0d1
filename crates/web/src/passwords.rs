//! Hashing and comparing passwords: on blocking threads, a few at a time (each takes 19 MiB), before any command.

use crate::beside::beside;
use crate::call::Call;
use crate::problem::Problem;
use std::sync::LazyLock;
use tokio::sync::Semaphore;
use tradepost_kernel::{Secret, password};

/// Hashes at once at most: more would only wait for the same cores and take memory meanwhile.
static HASHING: Semaphore = Semaphore::const_new(4);

/// What a password is compared with where there is none: takes as long, matches nothing anyone knows.
static NOBODY: LazyLock<String> = LazyLock::new(|| password::hash(&Secret::new(String::from("nobody has this password")), *b"of nobody at all"));

async fn slowly<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    let _turn = HASHING.acquire().await.map_err(|_| Problem::internal())?;
    beside(work).await
}

/// The hash of a new password.
///
/// # Errors
/// 500 where the blocking thread is gone.
pub async fn hash(call: &Call, password: Secret<String>) -> Result<String, Problem> {
    let salt = call.engine().environment.random();
    slowly(move || password::hash(&password, salt)).await
}

/// Whether a password is the one that was hashed; as slow where there is no hash.
///
/// # Errors
/// 500 where the blocking thread is gone.
pub async fn matches(password: Secret<String>, hash: Option<String>) -> Result<bool, Problem> {
    slowly(move || {
        let nobody = LazyLock::force(&NOBODY);
        let matched = password::matches(&password, hash.as_deref().unwrap_or(nobody));
        matched && hash.is_some()
    })
    .await
}
