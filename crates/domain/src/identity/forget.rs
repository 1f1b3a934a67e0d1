//! Forgetting links that work once and changes of addresses, with whoever asked for them and the address that was typed, a while after their end. That
//! somebody used one stands in the audit trail and stays. And forgetting failed sign-ins, once they slow nobody down any more.

use super::{store, throttle};
use crate::access::Need;
use crate::command::{Command, Ctx, No};
use tradepost_kernel::Timestamp;
use tradepost_store::{Fault, Reader, Sql, Tx, params, sql};

/// How long one is kept after the moment from which it would not have worked any more, in milliseconds: 30 days. Until then who
/// opens it is told that it has expired or was used, later that there is none.
pub const KEPT_MS: i64 = 30 * 24 * 3_600_000;
/// Rows of each kind that one run forgets at most: others wait behind it on SQLite.
pub const FORGOTTEN_AT_ONCE: i64 = 500;

const fn kept_from(now: Timestamp) -> Timestamp {
    now.plus_ms(-KEPT_MS)
}

/// The end of the link, and of the change of an address, that ended first.
pub const FIRST_END: [Sql; 2] =
    [sql!("SELECT expires_ms FROM single_use_link ORDER BY expires_ms LIMIT 1"), sql!("SELECT expires_ms FROM email_change ORDER BY expires_ms LIMIT 1")];

/// Whether there is anything to forget.
///
/// # Errors
/// The store's.
pub async fn is_due(reader: &mut Reader<'_>, now: Timestamp) -> Result<bool, Fault> {
    for first in FIRST_END {
        let end: Option<(i64,)> = reader.query_opt(first, params![]).await?;
        if end.is_some_and(|(end,)| end < kept_from(now).ms()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Forgets up to [`FORGOTTEN_AT_ONCE`] links, and as many changes of addresses, that ended longer ago than [`KEPT_MS`]. Repeat until it answers 0.
#[derive(Clone, Copy, Debug)]
pub struct ForgetLinks;

#[async_trait::async_trait]
impl Command for ForgetLinks {
    const NAME: &'static str = "links.forget";
    const REFUSALS: &'static [&'static str] = &[];
    /// How many were forgotten.
    type Outcome = i64;

    fn need(&self) -> Need {
        Need::House
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<i64, No> {
        let links = store::forget_links(tx, kept_from(ctx.now), FORGOTTEN_AT_ONCE).await?;
        let changes = store::forget_email_changes(tx, kept_from(ctx.now), FORGOTTEN_AT_ONCE).await?;
        Ok(i64::try_from(links + changes).unwrap_or(i64::MAX))
    }
}

/// Until when the account or network address had to wait whose failed sign-ins are the oldest.
pub const FIRST_WAIT: Sql = sql!("SELECT blocked_until_ms FROM sign_in_failure ORDER BY blocked_until_ms LIMIT 1");

/// Whether there are failed sign-ins that count no more.
///
/// # Errors
/// The store's.
pub async fn failures_are_due(reader: &mut Reader<'_>, now: Timestamp) -> Result<bool, Fault> {
    let first: Option<(i64,)> = reader.query_opt(FIRST_WAIT, params![]).await?;
    Ok(first.is_some_and(|(end,)| end < throttle::counts_from(now).ms()))
}

/// Forgets up to [`FORGOTTEN_AT_ONCE`] accounts and network addresses whose failed sign-ins count no more. Repeat until it answers 0.
#[derive(Clone, Copy, Debug)]
pub struct ForgetFailures;

#[async_trait::async_trait]
impl Command for ForgetFailures {
    const NAME: &'static str = "sign_in_failures.forget";
    const REFUSALS: &'static [&'static str] = &[];
    /// How many were forgotten.
    type Outcome = i64;

    fn need(&self) -> Need {
        Need::House
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<i64, No> {
        let forgotten = store::forget_old_failures(tx, throttle::counts_from(ctx.now), FORGOTTEN_AT_ONCE).await?;
        Ok(i64::try_from(forgotten).unwrap_or(i64::MAX))
    }
}
