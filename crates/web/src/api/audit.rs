//! The audit trail (PLT-4).

use crate::answer::Answer;
use crate::call::Call;
use crate::errors::{Errors, Pointer};
use crate::input::Field;
use crate::json::Json;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::schema::Schemas;
use crate::{input, view};
use serde_json::{Value, json};
use tradepost_domain::audit::{self, AuditView};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::{AuditId, MerchantScope, PartnershipId, Right};
use tradepost_kernel::{Date, Id, Timestamp};
use tradepost_store::{BoxFuture, Fault, Reader};

/// The id of anything: any prefix, `_`, 26 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnyId(pub [u8; 16]);

impl Field for AnyId {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        let id = match value {
            // The prefix of one noun stands for all of them: only the bytes are looked for.
            Json::Text(text) => text.split_once('_').and_then(|(_, suffix)| format!("aud_{suffix}").parse::<AuditId>().ok()),
            _ => None,
        };
        id.map(|id| Self(id.bytes())).or_else(|| errors.refuse(at, "must be an id"))
    }
    fn schema(_schemas: &mut Schemas) -> Value {
        json!({ "type": "string" })
    }
}

view! {
    /// Who did it.
    pub struct Actor {
        /// `user`, `key`, `system`, `operator` or `nobody`.
        pub kind: String,
        /// Which user or key.
        pub id: Option<String>,
        /// Their name then.
        pub name: String,
    }

    /// One thing that was done.
    pub struct AuditRow {
        /// Its id.
        pub id: AuditId,
        /// When.
        pub at: Timestamp,
        /// Who did it.
        pub actor: Actor,
        /// What was done.
        pub action: String,
        /// To what.
        pub subject: String,
        /// In whose partnership.
        pub partnership: Option<PartnershipId>,
        /// What it was before.
        pub before: Option<Value>,
        /// What it was then.
        pub after: Option<Value>,
        /// From which network address.
        pub address: Option<String>,
        /// In which request.
        pub request_id: Option<String>,
    }
}

fn id_text(prefix: &str, bytes: [u8; 16]) -> String {
    format!("{prefix}_{}", Id::<()>::from_bytes(bytes).suffix())
}

impl From<AuditView> for AuditRow {
    fn from(a: AuditView) -> Self {
        let prefix = if a.actor_kind == "key" { "key" } else { "usr" };
        Self {
            id: a.id,
            at: a.at,
            actor: Actor { id: a.actor_id.map(|id| id_text(prefix, id)), kind: a.actor_kind, name: a.actor_name },
            action: a.action,
            subject: id_text(&a.subject_kind, a.subject),
            partnership: a.partnership,
            before: a.before,
            after: a.after,
            address: a.address,
            request_id: a.request_id,
        }
    }
}

input! {
    /// Which part of the trail is wanted.
    pub struct AuditFilter {
        /// Only what was done to this.
        pub subject: Option<AnyId>,
    }
}

/// What one field was before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// Its name in the trail.
    pub name: String,
    /// What it was; `None`: nothing, or not said.
    pub before: Option<String>,
    /// What it is.
    pub after: Option<String>,
}

impl AuditRow {
    /// What changed, field by field. Where both sides are told, only what differs.
    #[must_use]
    pub fn changes(&self) -> Vec<FieldChange> {
        let (before, after) = (facts(self.before.as_ref()), facts(self.after.as_ref()));
        let mut changes: Vec<FieldChange> = before.iter().map(|(name, value)| FieldChange { name: name.clone(), before: value.clone(), after: None }).collect();
        for (name, value) in after {
            match changes.iter_mut().find(|change| change.name == name) {
                Some(change) => change.after = value,
                None => changes.push(FieldChange { name, before: None, after: value }),
            }
        }
        if self.before.is_some() && self.after.is_some() {
            changes.retain(|change| change.before != change.after);
        }
        changes
    }
}

/// The fields of one side as texts; a side that is no object is one field without a name.
fn facts(side: Option<&Value>) -> Vec<(String, Option<String>)> {
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    match side {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Object(fields)) => fields.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        Some(other) => vec![(String::new(), text(other))],
    }
}

/// What somebody looks for in the trail. Empty: everything.
#[derive(Clone, Debug, Default)]
pub struct AuditSearch {
    /// Only what was done to this.
    pub subject: Option<[u8; 16]>,
    /// Only by this kind of actor.
    pub actor: Option<String>,
    /// Only acts of an area (`order`), or one act (`order.placed`).
    pub action: Option<String>,
    /// Only where name, act, subject, network address or request have this text.
    pub text: Option<String>,
    /// From this day on.
    pub from: Option<Date>,
    /// Up to this day.
    pub to: Option<Date>,
    /// In which time zone days are meant.
    pub zone: String,
}

/// An entry's moment is that of its command's begin, its id a little later: this much is looked at beyond a day.
const SLACK_MS: i64 = 3_600_000;

impl AuditSearch {
    /// Whether the subject alone decides, which the database finds by itself.
    const fn is_plain(&self) -> bool {
        self.actor.is_none() && self.action.is_none() && self.text.is_none() && self.from.is_none() && self.to.is_none()
    }

    /// Where reading begins: at the cursor, or behind the last day.
    fn start(&self, cursor: Option<[u8; 16]>) -> Option<[u8; 16]> {
        // Two days later it is over in every time zone.
        let end = self.to.and_then(|to| format!("{}T00:00:00Z", to.plus_days(2)).parse::<Timestamp>().ok()).map(first_id);
        match (cursor, end) {
            (Some(cursor), Some(end)) => Some(cursor.min(end)),
            (cursor, end) => cursor.or(end),
        }
    }

    fn verdict(&self, row: &AuditView) -> Verdict {
        let day = |at: Timestamp| at.date_in(&self.zone);
        if self.from.is_some_and(|from| day(row.at.plus_ms(SLACK_MS)) < from) {
            return Verdict::Past;
        }
        let within = self.from.is_none_or(|from| day(row.at) >= from) && self.to.is_none_or(|to| day(row.at) <= to);
        let actor = self.actor.as_ref().is_none_or(|actor| *actor == row.actor_kind);
        let action = self.action.as_ref().is_none_or(|action| row.action == *action || area(&row.action) == action.trim_end_matches('s'));
        if within && actor && action && self.has_text(row) { Verdict::Fits } else { Verdict::Other }
    }

    fn has_text(&self, row: &AuditView) -> bool {
        let Some(text) = self.text.as_ref().map(|text| text.to_lowercase()) else { return true };
        let subject = id_text(&row.subject_kind, row.subject);
        let texts = [Some(&row.actor_name), Some(&row.action), Some(&subject), row.address.as_ref(), row.request_id.as_ref()];
        texts.into_iter().flatten().any(|known| known.to_lowercase().contains(&text))
    }
}

/// The noun of an act, one of several like several: `license` of `licenses.downloaded`.
fn area(action: &str) -> &str {
    action.split('.').next().unwrap_or(action).trim_end_matches('s')
}

/// The smallest id of a moment.
fn first_id(at: Timestamp) -> [u8; 16] {
    let mut id = [0; 16];
    id[..6].copy_from_slice(&at.ms().max(0).to_be_bytes()[2..]);
    id
}

/// What a row is to a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is shown.
    Fits,
    /// It is not.
    Other,
    /// Neither it nor any that is older.
    Past,
}

/// Rows that are read for one page at most. Where more are to be looked through, the next page goes on from there.
const MOST_READ: usize = 5_000;
/// Rows that are read at once.
const AT_ONCE: i64 = 200;

/// A page of the rows of a list that fit, newest first. It may be empty and still have a next one.
pub(super) async fn sifted<R>(
    reader: &mut Reader<'_>,
    page: PageRequest,
    read: impl for<'a, 'b> Fn(&'a mut Reader<'b>, PageRequest) -> BoxFuture<'a, Result<Page<R>, Fault>> + Send,
    verdict: impl Fn(&R) -> Verdict + Send,
    id: fn(&R) -> [u8; 16],
) -> Result<Page<R>, Fault> {
    let most = usize::try_from(page.limit).unwrap_or(1);
    let (mut rows, mut seen, mut before): (Vec<R>, usize, Option<[u8; 16]>) = (Vec::new(), 0, page.before);
    loop {
        let part = read(&mut *reader, PageRequest { limit: AT_ONCE, before }).await?;
        seen += part.rows.len();
        for row in part.rows {
            match verdict(&row) {
                Verdict::Past => return Ok(Page { rows, next: None }),
                Verdict::Other => {}
                Verdict::Fits if rows.len() == most => {
                    let next = rows.last().map(id);
                    return Ok(Page { rows, next });
                }
                Verdict::Fits => rows.push(row),
            }
        }
        before = part.next;
        if before.is_none() || seen >= MOST_READ {
            return Ok(Page { rows, next: before });
        }
    }
}

/// A page of what was done in the merchant's name and fits, newest first.
///
/// # Errors
/// 403; faults of the store.
pub async fn listed(call: &Call, wanted: AuditSearch, page: PageRequest) -> Result<Page<AuditRow>, Problem> {
    let scope = call.merchant()?;
    let found = call.read(move |reader| Box::pin(async move { searched(reader, scope, &wanted, page).await })).await?;
    Ok(Page { rows: found.rows.into_iter().map(AuditRow::from).collect(), next: found.next })
}

async fn searched(reader: &mut Reader<'_>, scope: MerchantScope, wanted: &AuditSearch, page: PageRequest) -> Result<Page<AuditView>, Fault> {
    let page = PageRequest { before: wanted.start(page.before), ..page };
    let subject = wanted.subject;
    if wanted.is_plain() {
        return audit::list(reader, scope, subject, page).await;
    }
    sifted(
        reader,
        page,
        move |reader, part| Box::pin(async move { audit::list(reader, scope, subject, part).await }),
        |row: &AuditView| wanted.verdict(row),
        |row: &AuditView| row.id.bytes(),
    )
    .await
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let (scope, page) = (call.merchant()?, call.page()?);
    let AuditFilter { subject } = call.query()?;
    let subject = subject.map(|id| id.0);
    let found = call.read(move |reader| Box::pin(async move { audit::list(reader, scope, subject, page).await })).await?;
    Ok(call.list(found, AuditRow::from))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/v1/merchant/audit", "listAudit", list)
        .tag("Audit")
        .doc("Who did what, when, from where; newest first.")
        .needs(Right::AuditRead)
        .query::<AuditFilter>()
        .lists::<AuditRow>();
}
