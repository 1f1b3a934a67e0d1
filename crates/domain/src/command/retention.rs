//! What is forgotten of commands: their rows, and with them the kept outcomes, after [`IDEMPOTENCY_KEPT_MS`] (PLT-3).
//!
//! What proves that something was done (audit, events, books) stands elsewhere and stays.

use super::{Command, Ctx, IDEMPOTENCY_KEPT_MS, No};
use crate::access::Need;
use crate::ids::CommandId;
use tradepost_kernel::Timestamp;
use tradepost_store::ColumnType::{Bytes, Int};
use tradepost_store::{Column, Fault, Reader, SetSql, Sql, Tx, params, sql};

/// Rows that one run forgets at most: they are deleted in one transaction, for which others wait on SQLite.
pub const FORGOTTEN_AT_ONCE: usize = 500;

/// Rows from this moment on are kept.
const fn kept_from(now: Timestamp) -> Timestamp {
    now.plus_ms(-IDEMPOTENCY_KEPT_MS)
}

/// The oldest commands, locked; those that another server holds are skipped.
pub const OLD: Sql = sql!("SELECT merchant, id FROM command WHERE at_ms < $1 ORDER BY at_ms LIMIT $2 FOR UPDATE SKIP LOCKED");

/// Whether there is anything to forget.
///
/// # Errors
/// The store's.
pub async fn is_due(reader: &mut Reader<'_>, now: Timestamp) -> Result<bool, Fault> {
    let oldest: Option<(i64,)> = reader.query_opt(sql!("SELECT at_ms FROM command ORDER BY at_ms LIMIT 1"), params![]).await?;
    Ok(oldest.is_some_and(|(at,)| at < kept_from(now).ms()))
}

static DELETE: SetSql =
    SetSql::update("DELETE FROM command USING rows r WHERE command.merchant = r.merchant AND command.id = r.id", &[("merchant", Int), ("id", Bytes)]);

/// Forgets up to [`FORGOTTEN_AT_ONCE`] commands that are older than idempotency keys are kept; the same key is then a new
/// call. Repeat until it answers 0. Several servers may do it at once: each takes rows that no other one holds.
#[derive(Clone, Copy, Debug)]
pub struct ForgetCommands;

#[async_trait::async_trait]
impl Command for ForgetCommands {
    const NAME: &'static str = "commands.forget";
    const REFUSALS: &'static [&'static str] = &[];
    /// How many were forgotten.
    type Outcome = i64;

    fn need(&self) -> Need {
        Need::House
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<i64, No> {
        let rows: Vec<(i64, CommandId)> = tx.query(OLD, params![kept_from(ctx.now), FORGOTTEN_AT_ONCE as i64]).await?;
        // From here it must succeed.
        tx.write_whole_set(&DELETE, vec![Column::ints(rows.iter().map(|row| row.0)), Column::ids(rows.iter().map(|row| row.1))]).await?;
        Ok(i64::try_from(rows.len()).unwrap_or(i64::MAX))
    }
}
