//! The audit trail (PLT-4): who, what, before and after, when, from where. Append-only.

use crate::access::{MerchantScope, PartnershipScope};
use crate::command::Pending;
use crate::ids::{AuditId, PartnershipId};
use crate::listing::{Page, PageRequest};
use serde_json::Value as Json;
use tradepost_kernel::id::Noun;
use tradepost_kernel::{Id, Timestamp};
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, FromRow, Reader, Row, SetSql, Sql, Tx, params, sql};

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

/// One entry as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditView {
    /// Which.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// `user`, `key`, `system`, `operator` or `nobody`.
    pub actor_kind: String,
    /// Which user or key.
    pub actor_id: Option<[u8; 16]>,
    /// Their name then.
    pub actor_name: String,
    /// What was done.
    pub action: String,
    /// The prefix of the subject's id.
    pub subject_kind: String,
    /// To what.
    pub subject: [u8; 16],
    /// In whose partnership.
    pub partnership: Option<PartnershipId>,
    /// What it was before.
    pub before: Option<Json>,
    /// What it was then.
    pub after: Option<Json>,
    /// From which network address.
    pub address: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
}

impl FromRow for AuditView {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        let json = |text: Option<String>| text.map(|text| serde_json::from_str(&text).map_err(|_| Fault::Column("JSON"))).transpose();
        Ok(Self {
            id: columns.next()?,
            at: columns.next()?,
            actor_kind: columns.next()?,
            actor_id: columns.next()?,
            actor_name: columns.next()?,
            action: columns.next()?,
            subject_kind: columns.next()?,
            subject: columns.next()?,
            partnership: columns.next()?,
            before: json(columns.next()?)?,
            after: json(columns.next()?)?,
            address: columns.next()?,
            request_id: columns.next()?,
        })
    }
}

/// The columns of an [`AuditView`], then what the macro's argument appends.
macro_rules! select_entries {
    ($($rest:literal),+) => {
        sql!(concat!(
            "SELECT id, at_ms, actor_kind, actor_id, actor_name, action, subject_kind, subject, partnership, before_json, after_json, address, request_id FROM audit ",
            $($rest),+
        ))
    };
}

/// A merchant's audit trail, newest first; only what was done to `subject` where one is given.
///
/// # Errors
/// The store's.
pub async fn list(reader: &mut Reader<'_>, scope: MerchantScope, subject: Option<[u8; 16]>, page: PageRequest) -> Result<Page<AuditView>, Fault> {
    let rows: Vec<AuditView> = match subject {
        None => {
            let all = select_entries!("WHERE merchant = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
            reader.query(all, params![scope.merchant, page.bound(), page.fetch()]).await?
        }
        Some(subject) => {
            let of_one = select_entries!("WHERE merchant = $1 AND id < $2 AND subject = $4 ORDER BY id DESC LIMIT $3");
            reader.query(of_one, params![scope.merchant, page.bound(), page.fetch(), subject]).await?
        }
    };
    Ok(page.page(rows, |row| row.id))
}

/// Everything that was done in a partnership, newest first.
///
/// # Errors
/// The store's.
pub async fn timeline(reader: &mut Reader<'_>, scope: PartnershipScope, page: PageRequest) -> Result<Page<AuditView>, Fault> {
    let of_one = select_entries!("WHERE merchant = $1 AND id < $2 AND partnership = $4 ORDER BY id DESC LIMIT $3");
    let rows: Vec<AuditView> = reader.query(of_one, params![scope.merchant, page.bound(), page.fetch(), scope.partnership]).await?;
    Ok(page.page(rows, |row| row.id))
}

/// Which part of the trail a list shows.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Only what was done to this.
    pub subject: Option<[u8; 16]>,
    /// Only what was done in this partnership.
    pub partnership: Option<PartnershipId>,
    /// Only by this kind of actor.
    pub actor: Option<String>,
    /// Only one act (`order.placed`), or those of an area (`order`).
    pub action: Option<String>,
    /// Done at or after.
    pub from: Option<Timestamp>,
    /// Done before.
    pub to: Option<Timestamp>,
}

/// What narrows every list: `$1` merchant, `$2` before, `$3` rows, `$4` from, `$5` to, `$6` kind of actor, `$7` act, `$8` subject, `$9`
/// partnership, `$10` and `$11` how the acts of an area begin. Empty: any.
macro_rules! search_sql {
    ($by:literal) => {
        select_entries!(
            "WHERE merchant = $1 AND id < $2 ",
            $by,
            " AND at_ms >= $4 AND at_ms < $5 AND ($6 = '' OR actor_kind = $6) AND ($7 = '' OR action = $7)
             AND (subject = $8 OR length($8) = 0) AND (partnership = $9 OR length($9) = 0)
             AND ($10 = '' OR substr(action, 1, length($10)) = $10 OR substr(action, 1, length($11)) = $11) ORDER BY id DESC LIMIT $3"
        )
    };
}

/// The trail from its newest entry on, down to the smallest id of a moment, `$12`.
pub const SEARCH: Sql = search_sql!("AND id >= $12");
/// What was done to one thing.
pub const SEARCH_OF_SUBJECT: Sql = search_sql!("AND subject = $8");
/// What was done in one partnership.
pub const SEARCH_OF_PARTNERSHIP: Sql = search_sql!("AND partnership = $9");
/// One act.
pub const SEARCH_OF_ACTION: Sql = search_sql!("AND action = $7");
/// What one kind of actor did that is no person and no key: those did nearly everything, and are found by the trail itself.
pub const SEARCH_OF_ACTOR: Sql = search_sql!("AND actor_kind IN ('operator', 'system', 'nobody') AND actor_kind = $6");

/// A page of a merchant's trail, newest first (PLT-4).
///
/// # Errors
/// The store's.
pub async fn search(reader: &mut Reader<'_>, scope: MerchantScope, filter: &AuditFilter, page: PageRequest) -> Result<Page<AuditView>, Fault> {
    let (first, before) = page.span(filter.from, filter.to);
    let (act, area) = match filter.action.as_deref() {
        Some(action) if action.contains('.') => (action, None),
        action => ("", action.map(|area| area.trim_end_matches('s'))),
    };
    let (one, several) = area.map_or_else(Default::default, |area| (format!("{area}."), format!("{area}s.")));
    let mut values = params![
        scope.merchant,
        before,
        page.fetch(),
        filter.from.map_or(i64::MIN, Timestamp::ms),
        filter.to.map_or(i64::MAX, Timestamp::ms),
        filter.actor.as_deref().unwrap_or(""),
        act,
        filter.subject.map_or_else(Vec::new, |subject| subject.to_vec()),
        filter.partnership.map_or_else(Vec::new, |partnership| partnership.bytes().to_vec()),
        one,
        several
    ]
    .to_vec();
    // One text per index, so that neither engine has to guess. From a day on, the trail is short by itself.
    let text = match filter {
        AuditFilter { subject: Some(_), .. } => SEARCH_OF_SUBJECT,
        AuditFilter { partnership: Some(_), .. } => SEARCH_OF_PARTNERSHIP,
        AuditFilter { from: None, .. } if !act.is_empty() => SEARCH_OF_ACTION,
        AuditFilter { from: None, actor: Some(kind), .. } if matches!(kind.as_str(), "operator" | "system" | "nobody") => SEARCH_OF_ACTOR,
        _ => {
            values.push(first.into());
            SEARCH
        }
    };
    let rows: Vec<AuditView> = reader.query(text, &values).await?;
    Ok(page.page(rows, |row| row.id))
}
