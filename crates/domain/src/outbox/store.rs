//! What the relay writes on events: their position once passed on, or why they were not.

use crate::ids::EventId;
use tradepost_kernel::Timestamp;
use tradepost_store::ColumnType::{Bytes, Int};
use tradepost_store::{Column, Fault, SetSql, Sql, Tx, params, sql};

/// The positions of events that are passed on, which begin with 1. Said as `position IS NULL`, PostgreSQL takes one of the indexes of all that waits and
/// compares each of those with each of the set: 65,000 comparisons for 256 events, and more the further the relay is behind.
pub static SET_POSITION: SetSql = SetSql::update(
    "UPDATE outbox SET position = r.position_now, last_error = NULL, attempts = attempts + 1
     FROM rows r WHERE outbox.merchant = r.tenant AND outbox.id = r.event AND COALESCE(outbox.position, 0) = 0",
    &[("tenant", Int), ("event", Bytes), ("position_now", Int)],
);

/// Passed on: each event gets the next position of its merchant, from `first` on, in the order given.
pub(crate) async fn set_positions(tx: &mut Tx<'_>, merchant: i64, events: &[EventId], first: i64) -> Result<(), Fault> {
    let positions = (first..).take(events.len());
    let columns = vec![Column::same(merchant, events.len()), Column::ids(events.iter().copied()), Column::ints(positions)];
    tx.write_whole_set(&SET_POSITION, columns).await
}

/// Not passed on: the event is due again later. Says whether it still waited.
pub(crate) async fn delay(tx: &mut Tx<'_>, merchant: i64, event: EventId, due: Timestamp, error: &str) -> Result<bool, Fault> {
    let changed = tx
        .execute(
            sql!("UPDATE outbox SET attempts = attempts + 1, due_ms = $3, last_error = $4 WHERE merchant = $1 AND id = $2 AND position IS NULL"),
            params![merchant, event, due, error],
        )
        .await?;
    Ok(changed == 1)
}

/// Which of the events of a merchant still wait; their rows stay locked until the commit. In one question: asked for each by itself it
/// took PostgreSQL as long as a fifth of a sale. By the primary key, as above.
pub const LOCK_WAITING: Sql = sql!(
    "SELECT merchant, id, partnership, kind, subject_kind, subject, body, at_ms, attempts FROM outbox
     WHERE merchant = $1 AND id = ANY($2) AND COALESCE(position, 0) = 0 ORDER BY id FOR UPDATE"
);

/// Which of `events` still wait, in the order of their ids, and locked, so that two relays never pass on the same one.
pub(crate) async fn lock_waiting(tx: &mut Tx<'_>, merchant: i64, events: &[EventId]) -> Result<Vec<super::queries::WaitingEvent>, Fault> {
    let mut waiting: Vec<super::queries::WaitingEvent> = tx.query_each(LOCK_WAITING, params![merchant], &Column::ids(events.iter().copied())).await?;
    waiting.sort_unstable_by_key(|event| event.id);
    Ok(waiting)
}
