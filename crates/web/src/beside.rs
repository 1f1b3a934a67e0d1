//! Work that would hold a thread of the requests: reading files, setting documents; a few at a time where one is long.

use crate::problem::Problem;
use axum::http::StatusCode;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// After how many seconds somebody whose turn did not come may come back.
const RETRY_S: u64 = 5;

/// Does it on a blocking thread.
///
/// # Errors
/// 500 where that thread is gone.
pub async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "work beside the requests failed");
        Problem::internal()
    })
}

/// A turn at work that few do at once.
///
/// # Errors
/// 503 `overloaded` with `Retry-After` where none came in this time.
pub async fn turn(at: &Semaphore, patience: Duration) -> Result<SemaphorePermit<'_>, Problem> {
    match tokio::time::timeout(patience, at.acquire()).await {
        Ok(turn) => turn.map_err(|_| Problem::internal()),
        Err(_) => {
            Err(Problem::retry_later(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Too much at once; nothing was done. Try again in a moment.", RETRY_S))
        }
    }
}
