//! Events: those that wait to be passed on, and the list that machines read by position.

use crate::access::{MerchantScope, PartnershipScope};
use crate::ids::{EventId, PartnershipId};
use serde_json::Value as Json;
use tradepost_kernel::Timestamp;
use tradepost_store::{Fault, FromRow, Reader, Row, Sql, params, sql};

/// An event that was not passed on yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingEvent {
    /// The merchant's number; 0 is the operator's house.
    pub merchant: i64,
    /// Its id.
    pub id: EventId,
    /// In whose partnership it happened.
    pub partnership: Option<PartnershipId>,
    /// `order.placed`, …
    pub kind: String,
    /// The prefix of the subject's id.
    pub subject_kind: String,
    /// The subject's id.
    pub subject: [u8; 16],
    /// Ids and numbers.
    pub body: Json,
    /// When it happened.
    pub at: Timestamp,
    /// How often passing it on was tried.
    pub attempts: i64,
}

impl FromRow for WaitingEvent {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        Ok(Self {
            merchant: columns.next()?,
            id: columns.next()?,
            partnership: columns.next()?,
            kind: columns.next()?,
            subject_kind: columns.next()?,
            subject: columns.next()?,
            body: json(columns.next()?)?,
            at: columns.next()?,
            attempts: columns.next()?,
        })
    }
}

fn json(text: String) -> Result<Json, Fault> {
    serde_json::from_str(&text).map_err(|_| Fault::Column("JSON"))
}

/// Due events.
pub const DUE: Sql = sql!(
    "SELECT merchant, id, partnership, kind, subject_kind, subject, body, at_ms, attempts FROM outbox
     WHERE position IS NULL AND due_ms <= $1 AND id > $2 ORDER BY id LIMIT $3"
);

/// Events that are due, in the order in which they were made, after `after` (16 zero bytes to begin).
///
/// # Errors
/// The store's.
pub async fn due(reader: &mut Reader<'_>, now: Timestamp, after: EventId, limit: i64) -> Result<Vec<WaitingEvent>, Fault> {
    reader.query(DUE, params![now, after, limit]).await
}

/// Partnerships with an event that failed and waits for its next try: nothing of theirs may overtake it (PLT-5).
///
/// # Errors
/// The store's.
pub async fn delayed_partnerships(reader: &mut Reader<'_>, now: Timestamp) -> Result<Vec<(i64, PartnershipId)>, Fault> {
    reader
        .query(sql!("SELECT DISTINCT merchant, partnership FROM outbox WHERE position IS NULL AND due_ms > $1 AND partnership IS NOT NULL"), params![now])
        .await
}

/// Partnerships with an event up to `passed` that still waits. A pass that reads page by page must see them: ids are
/// minted before the commit, so an event may appear behind what was read already, and what follows it in its
/// partnership may not overtake it (PLT-5). Read it in the snapshot of the page.
///
/// # Errors
/// The store's.
pub async fn stragglers(reader: &mut Reader<'_>, passed: EventId) -> Result<Vec<(i64, PartnershipId)>, Fault> {
    reader
        .query(sql!("SELECT DISTINCT merchant, partnership FROM outbox WHERE position IS NULL AND id <= $1 AND partnership IS NOT NULL"), params![passed])
        .await
}

/// How many events wait, and since when the oldest does: for metrics and readiness.
///
/// # Errors
/// The store's.
pub async fn waiting(reader: &mut Reader<'_>) -> Result<(i64, Option<Timestamp>), Fault> {
    reader.query_one(sql!("SELECT count(*), min(at_ms) FROM outbox WHERE position IS NULL"), params![]).await
}

/// An event as machines read it: `GET /v1/merchant/events`, by position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedEvent {
    /// Its place in the merchant's list: without gaps, in the order of passing on.
    pub position: i64,
    /// Its id.
    pub id: EventId,
    /// In whose partnership it happened.
    pub partnership: Option<PartnershipId>,
    /// `order.placed`, …
    pub kind: String,
    /// The prefix of the subject's id.
    pub subject_kind: String,
    /// The subject's id.
    pub subject: [u8; 16],
    /// Ids and numbers.
    pub body: Json,
    /// When it happened.
    pub at: Timestamp,
}

impl FromRow for PassedEvent {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        Ok(Self {
            position: columns.next()?,
            id: columns.next()?,
            partnership: columns.next()?,
            kind: columns.next()?,
            subject_kind: columns.next()?,
            subject: columns.next()?,
            body: json(columns.next()?)?,
            at: columns.next()?,
        })
    }
}

impl PassedEvent {
    /// The subject's public id, `ord_…`.
    #[must_use]
    pub fn subject_text(&self) -> String {
        format!("{}_{}", self.subject_kind, tradepost_kernel::Id::<()>::from_bytes(self.subject).suffix())
    }
}

/// A merchant's events after a position, oldest first.
///
/// # Errors
/// The store's.
pub async fn list(reader: &mut Reader<'_>, scope: MerchantScope, after: i64, limit: i64) -> Result<Vec<PassedEvent>, Fault> {
    reader
        .query(
            sql!(
                "SELECT position, id, partnership, kind, subject_kind, subject, body, at_ms FROM outbox
                 WHERE merchant = $1 AND position > $2 ORDER BY position LIMIT $3"
            ),
            params![scope.merchant, after, limit],
        )
        .await
}

/// A partnership's events after a position, oldest first.
///
/// # Errors
/// The store's.
pub async fn list_of_partnership(reader: &mut Reader<'_>, scope: PartnershipScope, after: i64, limit: i64) -> Result<Vec<PassedEvent>, Fault> {
    reader
        .query(
            sql!(
                "SELECT position, id, partnership, kind, subject_kind, subject, body, at_ms FROM outbox
                 WHERE merchant = $1 AND partnership = $2 AND position > $3 ORDER BY position LIMIT $4"
            ),
            params![scope.merchant, scope.partnership, after, limit],
        )
        .await
}
