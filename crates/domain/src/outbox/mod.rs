//! Events, written in the transaction that caused them (PLT-5). What follows from one (an e-mail, a webhook,
//! another command) reads it from here, at least once.

pub mod queries;
pub(crate) mod store;

pub use store::{LOCK_WAITING, SET_POSITION};

use crate::command::Pending;
use crate::ids::PartnershipId;
use serde_json::Value as Json;
use tradepost_kernel::Id;
use tradepost_kernel::id::Noun;
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, SetSql, Tx};

/// Something that happened: past tense, its noun in front (`order.placed`). The body holds ids and numbers.
#[derive(Clone, Debug)]
pub struct Event {
    pub(crate) merchant: i64,
    pub(crate) kind: &'static str,
    pub(crate) subject_kind: &'static str,
    pub(crate) subject: [u8; 16],
    pub(crate) partnership: Option<PartnershipId>,
    pub(crate) body: Json,
}

impl Event {
    /// `kind` happened to `subject`.
    #[must_use]
    pub fn new<N: Noun>(merchant: i64, kind: &'static str, subject: Id<N>, body: Json) -> Self {
        Self { merchant, kind, subject_kind: N::PREFIX, subject: subject.bytes(), partnership: None, body }
    }

    /// In whose partnership.
    #[must_use]
    pub const fn of(mut self, partnership: PartnershipId) -> Self {
        self.partnership = Some(partnership);
        self
    }
}

static INSERT: SetSql = SetSql::insert(
    "outbox",
    &[
        ("merchant", Int),
        ("id", Bytes),
        ("partnership", Bytes),
        ("kind", Text),
        ("subject_kind", Text),
        ("subject", Bytes),
        ("body", Text),
        ("at_ms", Int),
        ("due_ms", Int),
    ],
    "",
);

/// Writes the events of one or several commands.
pub(crate) async fn write(tx: &mut Tx<'_>, pending: &[Pending]) -> Result<(), Fault> {
    let events: Vec<(&Pending, &Event, [u8; 16])> = pending.iter().flat_map(|p| p.events.iter().map(move |(id, event)| (p, event, *id))).collect();
    tx.write_whole_set(
        &INSERT,
        vec![
            Column::ints(events.iter().map(|(_, event, _)| event.merchant)),
            Column::Ids(events.iter().map(|(_, _, id)| *id).collect()),
            Column::OptBytes(events.iter().map(|(_, event, _)| event.partnership.map(|id| id.bytes().to_vec())).collect()),
            Column::texts(events.iter().map(|(_, event, _)| event.kind.to_owned())),
            Column::texts(events.iter().map(|(_, event, _)| event.subject_kind.to_owned())),
            Column::Ids(events.iter().map(|(_, event, _)| event.subject).collect()),
            Column::texts(events.iter().map(|(_, event, _)| event.body.to_string())),
            Column::ints(events.iter().map(|(p, _, _)| p.now.ms())),
            Column::ints(events.iter().map(|(p, _, _)| p.now.ms())),
        ],
    )
    .await
}
