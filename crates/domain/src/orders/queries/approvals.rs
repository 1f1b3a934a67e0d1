//! What users ordered, and what waits for an owner (PAR-14).

use crate::access::PartnershipScope;
use crate::ids::{OrderId, PartnershipId, PersonId};
use crate::partners::purchases::first_of_month;
use std::collections::HashMap;
use tradepost_kernel::{Currency, Date};
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, Reader, SetSql, Sql, params, sql};

/// What became of asking an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApprovalState {
    /// Nobody answered yet.
    Waiting,
    /// An owner said no.
    Declined,
}
crate::access::named!(ApprovalState { Waiting = "waiting", Declined = "declined" });

/// A draft about which an owner was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// What became of it.
    pub state: ApprovalState,
    /// Who asked.
    pub asked_by: Option<PersonId>,
    /// Why it was declined, in the owner's words.
    pub note: Option<String>,
}

pub(super) fn approval_of(state: Option<String>, asked_by: Option<PersonId>, note: Option<String>) -> Result<Option<Approval>, Fault> {
    let Some(state) = state else { return Ok(None) };
    let state = ApprovalState::from_name(&state).ok_or(Fault::Column("the state of an approval"))?;
    Ok(Some(Approval { state, asked_by, note }))
}

/// Whose orders of which month are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Spender {
    /// In which program.
    pub scope: PartnershipScope,
    /// Who.
    pub person: PersonId,
    /// A day of the month, in the merchant's time zone.
    pub day: Date,
    /// What they buy in.
    pub currency: Currency,
}

static SPENT_BY: SetSql = SetSql::select(
    "SELECT o.merchant, o.partnership, o.placed_by, o.total_minor FROM rows r JOIN orders o \
     ON o.merchant = r.merchant AND o.partnership = r.partnership AND o.placed_by = r.person AND o.placed_on >= r.since \
     AND o.canceled_ms IS NULL AND o.currency = r.currency",
    &[("merchant", Int), ("partnership", Bytes), ("person", Bytes), ("since", Text), ("currency", Text)],
);

/// What users ordered in the calendar month and was not canceled, minor units. Who ordered nothing is missing.
///
/// # Errors
/// The store's.
pub async fn spent(reader: &mut Reader<'_>, spenders: &[Spender]) -> Result<HashMap<(PartnershipScope, PersonId), i64>, Fault> {
    let mut spent: HashMap<(PartnershipScope, PersonId), i64> = HashMap::new();
    if spenders.is_empty() {
        return Ok(spent);
    }
    let columns = [
        Column::ints(spenders.iter().map(|spender| spender.scope.merchant)),
        Column::ids(spenders.iter().map(|spender| spender.scope.partnership)),
        Column::ids(spenders.iter().map(|spender| spender.person)),
        Column::texts(spenders.iter().map(|spender| first_of_month(spender.day))),
        Column::texts(spenders.iter().map(|spender| spender.currency.code().to_owned())),
    ];
    let rows: Vec<(i64, PartnershipId, PersonId, i64)> = reader.query_set(&SPENT_BY, &columns).await?;
    for (merchant, partnership, person, minor) in rows {
        let sum = spent.entry((PartnershipScope { merchant, partnership }, person)).or_default();
        *sum = sum.saturating_add(minor);
    }
    Ok(spent)
}

/// Drafts of a partnership that wait for an owner, as far as they are counted.
pub const WAITING_FOR_APPROVAL: Sql =
    sql!("SELECT id FROM orders WHERE merchant = $1 AND partnership = $2 AND approval = 'waiting' AND id < $3 ORDER BY id DESC LIMIT $4");

/// The newest drafts of a partnership that wait for an owner.
///
/// # Errors
/// The store's.
pub async fn waiting_for_approval(reader: &mut Reader<'_>, scope: PartnershipScope, most: i64) -> Result<Vec<OrderId>, Fault> {
    let rows: Vec<(OrderId,)> = reader.query(WAITING_FOR_APPROVAL, params![scope.merchant, scope.partnership, [0xff_u8; 16], most]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
