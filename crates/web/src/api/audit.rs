//! The audit trail (PLT-4).

use crate::answer::Answer;
use crate::call::Call;
use crate::errors::{Errors, Pointer};
use crate::fields::Line;
use crate::input::Field;
use crate::json::Json;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::schema::Schemas;
use crate::{input, view};
use serde_json::{Value, json};
use tradepost_domain::audit::{self, AuditFilter, AuditView};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::{AuditId, PartnershipId, Right};
use tradepost_kernel::{Id, Timestamp};

/// The bytes of the id of anything.
#[must_use]
pub fn bytes_of(id: &str) -> Option<[u8; 16]> {
    // The prefix of one noun stands for all of them: only the bytes are looked for.
    let (_, suffix) = id.split_once('_')?;
    format!("aud_{suffix}").parse::<AuditId>().ok().map(|id| id.bytes())
}

/// The id of anything: any prefix, `_`, 26 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnyId(pub [u8; 16]);

impl Field for AnyId {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        let id = match value {
            Json::Text(text) => bytes_of(text),
            _ => None,
        };
        id.map(Self).or_else(|| errors.refuse(at, "must be an id"))
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
    pub struct AuditQuery {
        /// Only what was done to this.
        pub subject: Option<AnyId>,
        /// Only what was done in this partnership.
        pub partnership: Option<PartnershipId>,
        /// Only by this kind of actor.
        pub actor: Option<ActorKind>,
        /// Only one act (`order.placed`), or those of an area (`order`).
        pub action: Option<Line<100>>,
        /// Only what was done at this moment or later.
        pub created_from: Option<Timestamp>,
        /// Only what was done before this moment.
        pub created_to: Option<Timestamp>,
    }
}

crate::choices! {
    /// Who acts.
    pub enum ActorKind { User = "user", Key = "key", System = "system", Operator = "operator", Nobody = "nobody" }
}

/// What one field was before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// Its name in the trail.
    pub name: String,
    /// What it was; `None`: nothing, or not said.
    pub before: Option<Value>,
    /// What it is.
    pub after: Option<Value>,
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

/// The fields of one side; a side that is no object is one field without a name.
fn facts(side: Option<&Value>) -> Vec<(String, Option<Value>)> {
    match side {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Object(fields)) => fields.iter().map(|(name, value)| (name.clone(), (!value.is_null()).then(|| value.clone()))).collect(),
        Some(other) => vec![(String::new(), Some(other.clone()))],
    }
}

/// A page of what was done in the merchant's name and fits, newest first.
///
/// # Errors
/// 403; faults of the store.
pub async fn listed(call: &Call, wanted: AuditFilter, page: PageRequest) -> Result<Page<AuditRow>, Problem> {
    let scope = call.merchant()?;
    let found = call.read(move |reader| Box::pin(async move { audit::search(reader, scope, &wanted, page).await })).await?;
    Ok(Page { rows: found.rows.into_iter().map(AuditRow::from).collect(), next: found.next })
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let AuditQuery { subject, partnership, actor, action, created_from, created_to } = call.query()?;
    let filter = AuditFilter {
        subject: subject.map(|id| id.0),
        partnership,
        actor: actor.map(|actor| actor.name().to_owned()),
        action: action.map(String::from),
        from: created_from,
        to: created_to,
    };
    let found = listed(&call, filter, call.page()?).await?;
    Ok(call.list(found, |row| row))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/v1/merchant/audit", "listAudit", list)
        .tag("Audit")
        .doc("Who did what, when, from where; newest first.")
        .needs(Right::AuditRead)
        .query::<AuditQuery>()
        .lists::<AuditRow>();
}
