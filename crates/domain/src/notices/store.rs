//! Every writing statement on the message log.

use super::{MessageState, NewMessage, TEMPLATE_VERSION};
use crate::command::Ctx;
use crate::ids::MessageId;
use crate::outbox::queries::WaitingEvent;
use tradepost_kernel::Timestamp;
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, SetSql, Tx, params, sql};

static INSERT: SetSql = SetSql::insert(
    "message",
    &[
        ("merchant", Int),
        ("id", Bytes),
        ("partnership", Bytes),
        ("event", Bytes),
        ("template", Text),
        ("template_version", Int),
        ("recipient", Text),
        ("language", Text),
        ("variables", Text),
        ("subject_kind", Text),
        ("subject", Bytes),
        ("state", Text),
        ("due_ms", Int),
        ("created_ms", Int),
    ],
    "ON CONFLICT (merchant, event, recipient, template) DO NOTHING",
);

/// Writes the messages that are not there yet and says how many those were.
pub(super) async fn insert(ctx: &Ctx, tx: &mut Tx<'_>, messages: &[(&WaitingEvent, NewMessage)], mail: bool) -> Result<u64, Fault> {
    let state = |message: &NewMessage| if mail && message.may_leave { MessageState::Queued } else { MessageState::Logged };
    let rows = messages.len();
    let columns = vec![
        Column::ints(messages.iter().map(|(_, message)| message.log)),
        Column::ids(messages.iter().map(|_| ctx.id::<crate::ids::Message>())),
        Column::OptBytes(messages.iter().map(|(_, message)| message.partnership.map(|id| id.bytes().to_vec())).collect()),
        Column::ids(messages.iter().map(|(event, _)| event.id)),
        Column::texts(messages.iter().map(|(_, message)| message.template.name().to_owned())),
        Column::same(TEMPLATE_VERSION, rows),
        Column::texts(messages.iter().map(|(_, message)| message.recipient.clone())),
        Column::texts(messages.iter().map(|(_, message)| message.language.code().to_owned())),
        Column::texts(messages.iter().map(|(_, message)| message.variables.to_string())),
        Column::texts(messages.iter().map(|(event, _)| event.subject_kind.clone())),
        Column::Ids(messages.iter().map(|(event, _)| event.subject).collect()),
        Column::texts(messages.iter().map(|(_, message)| state(message).name().to_owned())),
        Column::same(ctx.now.ms(), rows),
        Column::same(ctx.now.ms(), rows),
    ];
    tx.write_set(&INSERT, columns).await
}

/// Takes a due message for sending until `until`; `false` where somebody else has it or it does not wait.
pub(super) async fn claim(tx: &mut Tx<'_>, merchant: i64, id: MessageId, now: Timestamp, until: Timestamp) -> Result<bool, Fault> {
    let changed = tx
        .execute(
            sql!(
                "UPDATE message SET lease_until_ms = $4, attempts = attempts + 1
                 WHERE merchant = $1 AND id = $2 AND state = 'queued' AND due_ms <= $3 AND (lease_until_ms IS NULL OR lease_until_ms <= $3)"
            ),
            params![merchant, id, now, until],
        )
        .await?;
    Ok(changed == 1)
}

/// A queued message that is kept and not sent.
pub(super) async fn log(tx: &mut Tx<'_>, merchant: i64, id: MessageId) -> Result<bool, Fault> {
    let changed = tx.execute(sql!("UPDATE message SET state = 'logged' WHERE merchant = $1 AND id = $2 AND state = 'queued'"), params![merchant, id]).await?;
    Ok(changed == 1)
}

/// The mail server took it.
pub(super) async fn sent(tx: &mut Tx<'_>, merchant: i64, id: MessageId, now: Timestamp) -> Result<bool, Fault> {
    let changed = tx
        .execute(
            sql!(
                "UPDATE message SET state = 'sent', sent_ms = $3, lease_until_ms = NULL, last_error = NULL
                 WHERE merchant = $1 AND id = $2 AND state = 'queued'"
            ),
            params![merchant, id, now],
        )
        .await?;
    Ok(changed == 1)
}

/// The mail server did not take it: again at `due`, or never where there is none.
pub(super) async fn not_sent(tx: &mut Tx<'_>, merchant: i64, id: MessageId, due: Option<Timestamp>, error: &str) -> Result<bool, Fault> {
    let state = if due.is_some() { MessageState::Queued } else { MessageState::Failed };
    let changed = tx
        .execute(
            sql!(
                "UPDATE message SET state = $3, due_ms = COALESCE($4, due_ms), lease_until_ms = NULL, last_error = $5
                 WHERE merchant = $1 AND id = $2 AND state = 'queued'"
            ),
            params![merchant, id, state.name(), due, error],
        )
        .await?;
    Ok(changed == 1)
}

/// To be sent again, from the first attempt on.
pub(super) async fn queue_again(tx: &mut Tx<'_>, merchant: i64, id: MessageId, now: Timestamp) -> Result<(), Fault> {
    tx.execute_exactly(
        1,
        sql!(
            "UPDATE message SET state = 'queued', attempts = 0, due_ms = $3, lease_until_ms = NULL, last_error = NULL
             WHERE merchant = $1 AND id = $2 AND state <> 'queued'"
        ),
        params![merchant, id, now],
    )
    .await
}
