//! Forgetting lines of the log: those that are too old, and the oldest of who has too many. In slices, so that nobody waits long
//! behind it.

use super::{KEPT_MS, KEPT_OF_ONE, LogOwner, store};
use crate::access::Need;
use crate::command::{Command, Ctx, No};
use crate::ids::RequestId;
use tradepost_kernel::Timestamp;
use tradepost_store::{Fault, Reader, Sql, Tx, params, sql};

/// Lines that one run forgets at most.
pub const FORGOTTEN_AT_ONCE: i64 = 500;

const fn kept_from(now: Timestamp) -> Timestamp {
    now.plus_ms(-KEPT_MS)
}

/// The oldest lines, locked; those that another server holds are skipped.
pub const OLD: Sql = sql!("SELECT merchant, owner, id FROM request_log WHERE at_ms < $1 ORDER BY at_ms LIMIT $2 FOR UPDATE SKIP LOCKED");

/// Whether there is a line that is too old.
///
/// # Errors
/// The store's.
pub async fn is_due(reader: &mut Reader<'_>, now: Timestamp) -> Result<bool, Fault> {
    let oldest: Option<(i64,)> = reader.query_opt(sql!("SELECT at_ms FROM request_log ORDER BY at_ms LIMIT 1"), params![]).await?;
    Ok(oldest.is_some_and(|(at,)| at < kept_from(now).ms()))
}

/// Forgets up to [`FORGOTTEN_AT_ONCE`] lines that are older than [`KEPT_MS`]. Repeat until it answers 0.
#[derive(Clone, Copy, Debug)]
pub struct ForgetRequests;

#[async_trait::async_trait]
impl Command for ForgetRequests {
    const NAME: &'static str = "requests.forget";
    const REFUSALS: &'static [&'static str] = &[];
    /// How many were forgotten.
    type Outcome = i64;

    fn need(&self) -> Need {
        Need::House
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<i64, No> {
        let rows: Vec<(i64, [u8; 16], RequestId)> = tx.query(OLD, params![kept_from(ctx.now), FORGOTTEN_AT_ONCE]).await?;
        // From here it must succeed.
        store::delete(tx, &rows).await?;
        Ok(i64::try_from(rows.len()).unwrap_or(i64::MAX))
    }
}

/// Forgets the oldest lines of an owner who has more than [`KEPT_OF_ONE`], up to [`FORGOTTEN_AT_ONCE`]. Repeat until it answers 0.
#[derive(Clone, Copy, Debug)]
pub struct TrimRequests {
    /// Whose.
    pub owner: LogOwner,
}

#[async_trait::async_trait]
impl Command for TrimRequests {
    const NAME: &'static str = "requests.trim";
    const REFUSALS: &'static [&'static str] = &[];
    /// How many were forgotten.
    type Outcome = i64;

    fn need(&self) -> Need {
        Need::House
    }

    async fn run(&self, _ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<i64, No> {
        // Counts no further than it deletes: what one run cannot forget the next one does.
        let most = KEPT_OF_ONE + FORGOTTEN_AT_ONCE;
        let count: (i64,) = tx
            .query_one(
                sql!("SELECT count(*) FROM (SELECT 1 FROM request_log WHERE merchant = $1 AND owner = $2 LIMIT $3) AS counted"),
                params![self.owner.merchant, self.owner.bytes(), most],
            )
            .await?;
        let beyond = count.0 - KEPT_OF_ONE;
        if beyond <= 0 {
            return Ok(0);
        }
        let oldest: Vec<(RequestId,)> = tx
            .query(
                sql!("SELECT id FROM request_log WHERE merchant = $1 AND owner = $2 ORDER BY id LIMIT $3"),
                params![self.owner.merchant, self.owner.bytes(), beyond],
            )
            .await?;
        // From here it must succeed.
        match oldest.last() {
            Some((last,)) => Ok(i64::try_from(store::delete_up_to(tx, self.owner, *last).await?).unwrap_or(i64::MAX)),
            None => Ok(0),
        }
    }
}
