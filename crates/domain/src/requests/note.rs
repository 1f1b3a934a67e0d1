//! Writing lines of the log.

use super::{LoggedRequest, store};
use crate::access::Need;
use crate::command::{Command, Ctx, No};
use tradepost_store::Tx;

/// Lines that are written at once at most.
pub const NOTED_AT_ONCE: usize = 500;

/// Writes lines of the log, up to [`NOTED_AT_ONCE`].
#[derive(Clone, Debug)]
pub struct NoteRequests {
    /// The lines.
    pub requests: Vec<LoggedRequest>,
}

#[async_trait::async_trait]
impl Command for NoteRequests {
    const NAME: &'static str = "requests.note";
    const REFUSALS: &'static [&'static str] = &[];
    type Outcome = ();

    fn need(&self) -> Need {
        Need::House
    }

    async fn run(&self, _ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<(), No> {
        store::insert(tx, &self.requests).await?;
        Ok(())
    }
}
