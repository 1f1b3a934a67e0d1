//! The table `command`: every change that was made, and the outcomes that answer a repeated call (PLT-3).

use super::Pending;
use super::execution::{Answer, Executed, Settled};
use crate::access::Caller;
use tradepost_kernel::{Refusal, sabotage};
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, Reader, SetSql, Tx};

/// Whose keys may not collide: the partnership, else the merchant as a whole.
pub(super) fn scope(caller: &Caller) -> [u8; 16] {
    caller.partnership().map_or([0; 16], |scope| scope.partnership.bytes())
}

/// One by one by the whole of the index: joined freely, PostgreSQL walks all keys of a partnership.
static FIND: SetSql = SetSql::select(
    "SELECT r.n, c.body_hash, c.outcome FROM rows r CROSS JOIN LATERAL (SELECT a.body_hash, a.outcome FROM command a \
     WHERE a.merchant = r.merchant AND a.scope = r.scope AND a.route = r.route AND a.idempotency_key = r.key_text LIMIT 1) c",
    &[("n", Int), ("merchant", Int), ("scope", Bytes), ("route", Text), ("key_text", Text)],
);

/// For each call the answer that an earlier one with the same idempotency key left: its outcome, or
/// `idempotency_key_reused` where it had another body. `None`: this is the first.
pub(super) async fn answers(wave: &[&dyn Executed], reader: &mut Reader<'_>) -> Result<Vec<Option<Answer>>, Fault> {
    let mut found: Vec<Option<Answer>> = wave.iter().map(|_| None).collect();
    let keyed: Vec<_> = wave.iter().enumerate().filter_map(|(at, work)| work.twin_key().map(|key| (at, key))).collect();
    let columns = [
        Column::ints(keyed.iter().map(|(at, _)| i64::try_from(*at).unwrap_or(i64::MAX))),
        Column::ints(keyed.iter().map(|(_, key)| key.0)),
        Column::Ids(keyed.iter().map(|(_, key)| key.1).collect()),
        Column::texts(keyed.iter().map(|(_, key)| key.2.to_owned())),
        Column::texts(keyed.iter().map(|(_, key)| key.3.to_owned())),
    ];
    let rows: Vec<(i64, Vec<u8>, String)> = reader.query_set(&FIND, &columns).await?;
    for (at, hash, outcome) in rows {
        let at = usize::try_from(at).map_err(|_| Fault::Column("the number of a row"))?;
        let work = wave.get(at).ok_or(Fault::Column("the number of a row"))?;
        let answer = if work.origin().idempotency.as_ref().is_some_and(|asked| hash == asked.body_hash) {
            Ok(Settled { outcome: work.read(&outcome)?, replayed: true, wrote: false })
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

/// Writes the rows of commands that were carried out. Where another transaction used one of the keys meanwhile, it was a race
/// that was lost: from the start again, where the key will be found.
pub(super) async fn write(tx: &mut Tx<'_>, written: &[(&dyn Executed, Pending, String)]) -> Result<(), Fault> {
    let keyed = |(work, _, _): &(&dyn Executed, Pending, String)| work.twin_key().is_some() && !sabotage::is("idempotency.forgotten");
    let keys: Vec<_> = written.iter().map(|row| row.0.origin().idempotency.as_ref().filter(|_| keyed(row))).collect();
    let scopes = written.iter().zip(&keys).map(|((work, _, _), key)| key.map(|_| scope(&work.origin().caller).to_vec()));
    let columns = vec![
        Column::ints(written.iter().map(|(work, _, _)| work.merchant())),
        Column::ids(written.iter().map(|(work, _, _)| work.id())),
        Column::texts(written.iter().map(|(work, _, _)| work.name().to_owned())),
        Column::OptBytes(scopes.collect()),
        Column::OptTexts(keys.iter().map(|key| key.map(|key| key.route.clone())).collect()),
        Column::OptTexts(keys.iter().map(|key| key.map(|key| key.key.clone())).collect()),
        Column::OptBytes(keys.iter().map(|key| key.map(|key| key.body_hash.to_vec())).collect()),
        Column::texts(written.iter().map(|(_, _, outcome)| outcome.clone())),
        Column::ints(written.iter().map(|(_, pending, _)| pending.now.ms())),
    ];
    tx.write_whole_set_or(&INSERT, columns, Fault::LostRace("idempotency key")).await
}
