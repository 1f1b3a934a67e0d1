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
use tradepost_domain::{AuditId, PartnershipId, Right};
use tradepost_kernel::{Id, Timestamp};

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
