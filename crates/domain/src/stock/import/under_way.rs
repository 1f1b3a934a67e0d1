//! A slice on its way: the store stages it while the next one is read and sealed. Two slices stand in memory then, and as many
//! cores as there are work for one import.

use super::{Found, StageKeys, Staging};
use crate::command::{Done, Engine, No, Origin};
use std::collections::HashMap;
use std::fmt;
use std::future::{poll_fn, ready};
use std::task::Poll;
use tradepost_store::BoxFuture;

/// What the store will say of a slice.
type Answer = BoxFuture<'static, Result<Done<Staging>, No>>;

/// A slice that the store has.
pub(super) struct UnderWay {
    /// Of which product each of its lines is.
    pub(super) of: HashMap<i64, Found>,
    answer: Answer,
}

impl fmt::Debug for UnderWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnderWay").field("lines", &self.of.len()).finish_non_exhaustive()
    }
}

impl UnderWay {
    /// Hands a slice to the store: it takes a write when it is first asked for its answer, and goes on with it by itself.
    pub(super) async fn begin(engine: Engine, origin: Origin, command: StageKeys, of: HashMap<i64, Found>) -> Self {
        let mut answer: Answer = Box::pin(async move { engine.execute(origin, command).await });
        let answer = match poll_fn(|cx| Poll::Ready(answer.as_mut().poll(cx))).await {
            Poll::Ready(done) => Box::pin(ready(done)),
            Poll::Pending => answer,
        };
        Self { of, answer }
    }

    /// What became of it.
    pub(super) async fn end(self) -> (HashMap<i64, Found>, Result<Done<Staging>, No>) {
        (self.of, self.answer.await)
    }
}
