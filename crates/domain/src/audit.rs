//! The audit trail (PLT-4): who, what, before and after, when, from where. Append-only.

use crate::command::Pending;
use crate::ids::PartnershipId;
use serde_json::Value as Json;
use tradepost_kernel::Id;
use tradepost_kernel::id::Noun;
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, SetSql, Tx};

/// One thing that was done to one subject. A subject's entries are its timeline (ORD-7).
#[derive(Clone, Debug)]
pub struct AuditEntry {
    pub(crate) merchant: i64,
    pub(crate) action: &'static str,
    pub(crate) subject_kind: &'static str,
    pub(crate) subject: [u8; 16],
    pub(crate) partnership: Option<PartnershipId>,
    pub(crate) before: Option<Json>,
    pub(crate) after: Option<Json>,
}

impl AuditEntry {
    /// `action` in the past tense with its noun in front (`order.placed`), done to `subject`.
    /// The subject's kind is the prefix of its id.
    #[must_use]
    pub fn new<N: Noun>(merchant: i64, action: &'static str, subject: Id<N>) -> Self {
        Self { merchant, action, subject_kind: N::PREFIX, subject: subject.bytes(), partnership: None, before: None, after: None }
    }

    /// In whose partnership, so that its timeline shows it.
    #[must_use]
    pub const fn of(mut self, partnership: PartnershipId) -> Self {
        self.partnership = Some(partnership);
        self
    }

    /// What it was before (never a secret).
    #[must_use]
    pub fn before(mut self, before: Json) -> Self {
        self.before = Some(before);
        self
    }

    /// What it is now (never a secret).
    #[must_use]
    pub fn after(mut self, after: Json) -> Self {
        self.after = Some(after);
        self
    }
}

static INSERT: SetSql = SetSql::insert(
    "audit",
    &[
        ("merchant", Int),
        ("id", Bytes),
        ("command", Bytes),
        ("at_ms", Int),
        ("actor_kind", Text),
        ("actor_id", Bytes),
        ("actor_name", Text),
        ("action", Text),
        ("subject_kind", Text),
        ("subject", Bytes),
        ("partnership", Bytes),
        ("before_json", Text),
        ("after_json", Text),
        ("address", Text),
        ("request_id", Text),
    ],
    "",
);

/// Writes the entries of one or several commands.
pub(crate) async fn write(tx: &mut Tx<'_>, pending: &[Pending]) -> Result<(), Fault> {
    let entries: Vec<(&Pending, &AuditEntry, [u8; 16])> = pending.iter().flat_map(|p| p.audits.iter().map(move |(id, entry)| (p, entry, *id))).collect();
    let actor = |p: &Pending| {
        let (kind, id, name) = p.origin.caller.actor();
        (kind.to_owned(), id.map(|id| id.to_vec()), name.to_owned())
    };
    tx.write_whole_set(
        &INSERT,
        vec![
            Column::ints(entries.iter().map(|(_, entry, _)| entry.merchant)),
            Column::Ids(entries.iter().map(|(_, _, id)| *id).collect()),
            Column::Ids(entries.iter().map(|(p, _, _)| p.command.bytes()).collect()),
            Column::ints(entries.iter().map(|(p, _, _)| p.now.ms())),
            Column::texts(entries.iter().map(|(p, _, _)| actor(p).0)),
            Column::OptBytes(entries.iter().map(|(p, _, _)| actor(p).1).collect()),
            Column::texts(entries.iter().map(|(p, _, _)| actor(p).2)),
            Column::texts(entries.iter().map(|(_, entry, _)| entry.action.to_owned())),
            Column::texts(entries.iter().map(|(_, entry, _)| entry.subject_kind.to_owned())),
            Column::Ids(entries.iter().map(|(_, entry, _)| entry.subject).collect()),
            Column::OptBytes(entries.iter().map(|(_, entry, _)| entry.partnership.map(|id| id.bytes().to_vec())).collect()),
            Column::OptTexts(entries.iter().map(|(_, entry, _)| entry.before.as_ref().map(Json::to_string)).collect()),
            Column::OptTexts(entries.iter().map(|(_, entry, _)| entry.after.as_ref().map(Json::to_string)).collect()),
            Column::OptTexts(entries.iter().map(|(p, _, _)| p.origin.address.clone()).collect()),
            Column::OptTexts(entries.iter().map(|(p, _, _)| p.origin.request_id.clone()).collect()),
        ],
    )
    .await
}
