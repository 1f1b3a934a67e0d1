//! The table `command`: every change that was made, and the outcomes that answer a repeated call (PLT-3).

use super::execution::Execution;
use super::{Command, Done, No, Pending};
use crate::access::Caller;
use tradepost_kernel::{Refusal, sabotage};
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, SetSql, Tx};

/// Whose keys may not collide: the partnership, else the merchant as a whole.
pub(super) fn scope(caller: &Caller) -> [u8; 16] {
    caller.partnership().map_or([0; 16], |scope| scope.partnership.bytes())
}

/// The outcome as it is kept.
pub(super) fn text<C: Command>(outcome: &C::Outcome) -> Result<String, Fault> {
    let text = if C::KEPT { serde_json::to_string(outcome) } else { Ok("null".to_owned()) };
    text.map_err(|error| Fault::invariant(format!("outcome of {}: {error}", C::NAME)))
}

static FIND: SetSql = SetSql::select(
    "SELECT r.n, c.body_hash, c.outcome FROM rows r JOIN command c ON c.merchant = r.merchant AND c.scope = r.scope
     AND c.route = r.route AND c.idempotency_key = r.key_text",
    &[("n", Int), ("merchant", Int), ("scope", Bytes), ("route", Text), ("key_text", Text)],
);

/// For each call the answer that an earlier one with the same idempotency key left: its outcome, or
/// `idempotency_key_reused` where it had another body. `None`: this is the first.
pub(super) async fn answers<C: Command>(wave: &[&Execution<C>], tx: &mut Tx<'_>) -> Result<Vec<Option<Result<Done<C::Outcome>, No>>>, Fault> {
    let mut found: Vec<Option<Result<Done<C::Outcome>, No>>> = wave.iter().map(|_| None).collect();
    let keyed: Vec<_> = wave.iter().enumerate().filter_map(|(at, work)| work.twin_key().map(|key| (at, key))).collect();
    let columns = [
        Column::ints(keyed.iter().map(|(at, _)| i64::try_from(*at).unwrap_or(i64::MAX))),
        Column::ints(keyed.iter().map(|(_, key)| key.0)),
        Column::Ids(keyed.iter().map(|(_, key)| key.1).collect()),
        Column::texts(keyed.iter().map(|(_, key)| key.2.to_owned())),
        Column::texts(keyed.iter().map(|(_, key)| key.3.to_owned())),
    ];
    let rows: Vec<(i64, Vec<u8>, String)> = tx.query_set(&FIND, &columns).await?;
    for (at, hash, outcome) in rows {
        let at = usize::try_from(at).map_err(|_| Fault::Column("the number of a row"))?;
        let asked = wave.get(at).and_then(|work| work.origin.idempotency.as_ref());
        let answer = if asked.is_some_and(|asked| hash == asked.body_hash) {
            let outcome = serde_json::from_str(&outcome).map_err(|error| Fault::invariant(format!("kept outcome of {}: {error}", C::NAME)))?;
            Ok(Done { outcome, replayed: true })
        } else {
            Err(Refusal::invalid("idempotency_key_reused", "This Idempotency-Key was used for another request body.").into())
        };
        if let Some(slot) = found.get_mut(at) {
            *slot = Some(answer);
        }
    }
    Ok(found)
}

static INSERT: SetSql = SetSql::insert(
    "command",
    &[
        ("merchant", Int),
        ("id", Bytes),
        ("name", Text),
        ("scope", Bytes),
        ("route", Text),
        ("idempotency_key", Text),
        ("body_hash", Bytes),
        ("outcome", Text),
        ("at_ms", Int),
    ],
    "ON CONFLICT DO NOTHING",
);

/// Writes the rows of commands that were carried out. `false`: one of their keys was used meanwhile.
pub(super) async fn write<C: Command>(tx: &mut Tx<'_>, written: &[(&Execution<C>, Pending, String)]) -> Result<bool, Fault> {
    let is_kept = C::KEPT && !sabotage::is("idempotency.forgotten");
    let keys: Vec<_> = written.iter().map(|(work, _, _)| work.origin.idempotency.as_ref().filter(|_| is_kept)).collect();
    let scopes = written.iter().zip(&keys).map(|((work, _, _), key)| key.map(|_| scope(&work.origin.caller).to_vec()));
    let columns = vec![
        Column::ints(written.iter().map(|(work, _, _)| work.merchant())),
        Column::ids(written.iter().map(|(work, _, _)| work.id)),
        Column::texts(written.iter().map(|_| C::NAME.to_owned())),
        Column::OptBytes(scopes.collect()),
        Column::OptTexts(keys.iter().map(|key| key.map(|key| key.route.clone())).collect()),
        Column::OptTexts(keys.iter().map(|key| key.map(|key| key.key.clone())).collect()),
        Column::OptBytes(keys.iter().map(|key| key.map(|key| key.body_hash.to_vec())).collect()),
        Column::texts(written.iter().map(|(_, _, outcome)| outcome.clone())),
        Column::ints(written.iter().map(|(_, pending, _)| pending.now.ms())),
    ];
    Ok(tx.write_set(&INSERT, columns).await? == written.len() as u64)
}
