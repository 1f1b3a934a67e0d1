//! Every write on `partnership`; the other tables of this slice have a file each beside it.

use super::{LockedPartnership, Status};
use crate::PartnershipScope;
use crate::ids::{ChannelId, PartnershipId, ResellerId};
use std::collections::{BTreeSet, HashMap};
use tradepost_kernel::{Timestamp, sabotage};
use tradepost_store::ColumnType::{self, Bytes, Int, Text};
use tradepost_store::{Column, Fault, FromRow, Row, SetSql, Tx, params, sql};

/// A partnership as its row has it; the scope's merchant is filled in by the reader.
struct PartnershipRow(LockedPartnership);

impl FromRow for PartnershipRow {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        let scope = PartnershipScope { merchant: columns.next()?, partnership: columns.next()? };
        let status = |name: String| Status::from_name(&name).ok_or(Fault::Column("a partnership status"));
        Ok(Self(LockedPartnership {
            scope,
            reseller: columns.next()?,
            status: status(columns.next()?)?,
            reactivates_to: columns.next::<Option<String>>()?.map(status).transpose()?,
            channel: columns.next()?,
            balance_due: columns.next()?,
            orders_placed: columns.next()?,
            code: columns.next()?,
            was_approved: columns.next::<Option<i64>>()?.is_some(),
            uses_currency: columns.next::<Option<i64>>()?.is_some() | columns.next::<bool>()?,
            version: columns.next()?,
        }))
    }
}

/// Locks a partnership until the commit. `None`: not there.
///
/// # Errors
/// The store's.
pub async fn lock(tx: &mut Tx<'_>, scope: PartnershipScope) -> Result<Option<LockedPartnership>, Fault> {
    let row: Option<PartnershipRow> = tx
        .query_opt(
            sql!("SELECT merchant, id, reseller, status, reactivates_to, channel, balance_due, orders_placed, code, approved_ms, activated_ms, topped_up, version FROM partnership WHERE merchant = $1 AND id = $2 FOR UPDATE"),
            params![scope.merchant, scope.partnership],
        )
        .await?;
    Ok(row.map(|row| row.0))
}

static LOCK_SET: SetSql = SetSql::select(
    "SELECT p.merchant, p.id, p.reseller, p.status, p.reactivates_to, p.channel, p.balance_due, p.orders_placed, p.code, p.approved_ms, p.activated_ms, p.topped_up, p.version \
     FROM rows r JOIN partnership p ON p.merchant = r.merchant AND p.id = r.id ORDER BY p.merchant, p.id FOR UPDATE OF p",
    &[("merchant", Int), ("id", Bytes)],
);

/// The bug `partnership.unlocked`: two servers decide over one partnership at the same time.
static LOOK_AT_SET: SetSql = SetSql::select(
    "SELECT p.merchant, p.id, p.reseller, p.status, p.reactivates_to, p.channel, p.balance_due, p.orders_placed, p.code, p.approved_ms, p.activated_ms, p.topped_up, p.version \
     FROM rows r JOIN partnership p ON p.merchant = r.merchant AND p.id = r.id ORDER BY p.merchant, p.id",
    &[("merchant", Int), ("id", Bytes)],
);

/// Locks partnerships of any merchants until the commit, in one order. What is not there is missing from the map.
///
/// # Errors
/// The store's.
pub async fn lock_set(tx: &mut Tx<'_>, scopes: &BTreeSet<(i64, PartnershipId)>) -> Result<HashMap<PartnershipScope, LockedPartnership>, Fault> {
    let columns = [Column::ints(scopes.iter().map(|scope| scope.0)), Column::ids(scopes.iter().map(|scope| scope.1))];
    let lock = if sabotage::is("partnership.unlocked") { &LOOK_AT_SET } else { &LOCK_SET };
    let rows: Vec<PartnershipRow> = tx.query_set(lock, &columns).await?;
    Ok(rows.into_iter().map(|row| (row.0.scope, row.0)).collect())
}

/// What a new partnership begins with.
pub(crate) struct NewPartnership {
    pub(crate) scope: PartnershipScope,
    pub(crate) reseller: ResellerId,
    pub(crate) code: String,
    pub(crate) status: Status,
    pub(crate) channel: Option<ChannelId>,
}

/// A new partnership.
pub(crate) async fn insert(tx: &mut Tx<'_>, p: &NewPartnership, now: Timestamp) -> Result<(), Fault> {
    let approved = (p.status == Status::Approved).then_some(now);
    tx.execute_exactly(
        1,
        sql!("INSERT INTO partnership (merchant, id, reseller, code, status, mode, channel, approved_ms, created_ms, company_key, email_key) \
              VALUES ($1, $2, $3, $4, $5, 'stock', $6, $7, $8, (SELECT r.company_key FROM reseller r WHERE r.id = $3), (SELECT r.email_key FROM reseller r WHERE r.id = $3))"),
        params![p.scope.merchant, p.scope.partnership, p.reseller, &p.code, p.status.name(), p.channel, approved, now],
    )
    .await
}

/// What a reseller's partnerships are found by, after its company took another name or address.
pub(crate) async fn write_search_keys(tx: &mut Tx<'_>, reseller: ResellerId) -> Result<(), Fault> {
    let update = sql!(
        "UPDATE partnership SET company_key = (SELECT r.company_key FROM reseller r WHERE r.id = partnership.reseller), \
         email_key = (SELECT r.email_key FROM reseller r WHERE r.id = partnership.reseller) WHERE reseller = $1"
    );
    tx.execute(update, params![reseller]).await.map(drop)
}

/// Moves a locked partnership to another status; the first approval and activation are remembered.
pub(crate) async fn write_status(tx: &mut Tx<'_>, p: &LockedPartnership, to: Status, back: Option<Status>, now: Timestamp) -> Result<(), Fault> {
    let approved = (to == Status::Approved).then_some(now);
    let activated = (to == Status::Active).then_some(now);
    tx.execute_exactly(
        1,
        sql!("UPDATE partnership SET status = $4, reactivates_to = $5, approved_ms = COALESCE(approved_ms, $6), activated_ms = COALESCE(activated_ms, $7), version = version + 1 WHERE merchant = $1 AND id = $2 AND status = $3"),
        params![p.scope.merchant, p.scope.partnership, p.status.name(), to.name(), back.map(Status::name), approved, activated],
    )
    .await
}

/// Puts a locked partnership into a channel.
pub(crate) async fn write_channel(tx: &mut Tx<'_>, scope: PartnershipScope, channel: Option<ChannelId>) -> Result<(), Fault> {
    tx.execute_exactly(
        1,
        sql!("UPDATE partnership SET channel = $3, version = version + 1 WHERE merchant = $1 AND id = $2"),
        params![scope.merchant, scope.partnership, channel],
    )
    .await
}

const PLACED: &[(&str, ColumnType)] = &[
    ("tenant", Int),
    ("id", Bytes),
    ("was_placed", Int),
    ("was_status", Text),
    ("placed", Int),
    ("new_status", Text),
    ("activated_ms", Int),
    ("due", Int),
    ("steps", Int),
];

static WRITE_PLACED: SetSql = SetSql::update(
    "UPDATE partnership SET orders_placed = r.placed, status = r.new_status, activated_ms = COALESCE(partnership.activated_ms, r.activated_ms), \
     balance_due = r.due, version = partnership.version + r.steps FROM rows r \
     WHERE partnership.merchant = r.tenant AND partnership.id = r.id AND partnership.orders_placed = r.was_placed AND partnership.status = r.was_status",
    PLACED,
);

/// The bug `partnership.unlocked`: nothing stands behind whoever decides over a partnership as it was.
static WRITE_PLACED_UNGUARDED: SetSql = SetSql::update(
    "UPDATE partnership SET orders_placed = r.placed, status = r.new_status, activated_ms = COALESCE(partnership.activated_ms, r.activated_ms), \
     balance_due = r.due, version = partnership.version + r.steps FROM rows r WHERE partnership.merchant = r.tenant AND partnership.id = r.id",
    PLACED,
);

/// Writes what placing orders changed of locked partnerships, each as it was and as it is now.
///
/// # Errors
/// [`Fault::Rows`] where one is not as it was; the store's.
pub async fn write_placed(tx: &mut Tx<'_>, moved: &[(&LockedPartnership, &LockedPartnership)], now: Timestamp) -> Result<(), Fault> {
    let activated = |(was, is): &(&LockedPartnership, &LockedPartnership)| was.status != is.status && is.status == Status::Active;
    let columns = vec![
        Column::ints(moved.iter().map(|(was, _)| was.scope.merchant)),
        Column::ids(moved.iter().map(|(was, _)| was.scope.partnership)),
        Column::ints(moved.iter().map(|(was, _)| was.orders_placed)),
        Column::texts(moved.iter().map(|(was, _)| was.status.name().to_owned())),
        Column::ints(moved.iter().map(|(_, is)| is.orders_placed)),
        Column::texts(moved.iter().map(|(_, is)| is.status.name().to_owned())),
        Column::OptInts(moved.iter().map(|moved| activated(moved).then_some(now.ms())).collect()),
        Column::ints(moved.iter().map(|(_, is)| i64::from(is.balance_due))),
        Column::ints(moved.iter().map(|(was, is)| i64::from(was.status != is.status))),
    ];
    let write = if sabotage::is("partnership.unlocked") { &WRITE_PLACED_UNGUARDED } else { &WRITE_PLACED };
    tx.write_whole_set(write, columns).await
}

/// Writes the mark that the balance is due; says whether it changed.
pub(crate) async fn write_balance_due(tx: &mut Tx<'_>, scope: PartnershipScope, due: bool) -> Result<bool, Fault> {
    let changed = tx
        .execute(
            sql!("UPDATE partnership SET balance_due = $3 WHERE merchant = $1 AND id = $2 AND balance_due <> $3"),
            params![scope.merchant, scope.partnership, due],
        )
        .await?;
    Ok(changed > 0)
}

/// Deletes a never-approved partnership (PAR-4).
pub(crate) async fn delete(tx: &mut Tx<'_>, scope: PartnershipScope) -> Result<(), Fault> {
    tx.execute_exactly(1, sql!("DELETE FROM partnership WHERE merchant = $1 AND id = $2 AND approved_ms IS NULL"), params![scope.merchant, scope.partnership])
        .await
}

/// The partnerships of a channel that are there, whatever their status.
pub(crate) async fn in_channel(tx: &mut Tx<'_>, merchant: i64, channel: ChannelId) -> Result<bool, Fault> {
    let found: Option<(PartnershipId,)> =
        tx.query_opt(sql!("SELECT id FROM partnership WHERE merchant = $1 AND channel = $2 LIMIT 1"), params![merchant, channel]).await?;
    Ok(found.is_some())
}

/// Notes that money came or was asked for in the partnership's currency before its first order.
pub(crate) async fn write_topped_up(tx: &mut Tx<'_>, scope: PartnershipScope) -> Result<(), Fault> {
    let mark = sql!("UPDATE partnership SET topped_up = 1 WHERE merchant = $1 AND id = $2 AND topped_up = 0");
    tx.execute(mark, params![scope.merchant, scope.partnership]).await.map(drop)
}

/// Whether any partnership of a merchant, or of one of its channels, uses its currency: it ordered, by whatever route (the
/// first order activates it), or a top-up was issued.
pub(crate) async fn uses_currency(tx: &mut Tx<'_>, merchant: i64, channel: Option<ChannelId>) -> Result<bool, Fault> {
    let found: Option<(PartnershipId,)> = match channel {
        None => {
            tx.query_opt(sql!("SELECT id FROM partnership WHERE merchant = $1 AND (activated_ms IS NOT NULL OR topped_up = 1) LIMIT 1"), params![merchant])
                .await?
        }
        Some(channel) => {
            let select = sql!("SELECT id FROM partnership WHERE merchant = $1 AND channel = $2 AND (activated_ms IS NOT NULL OR topped_up = 1) LIMIT 1");
            tx.query_opt(select, params![merchant, channel]).await?
        }
    };
    Ok(found.is_some())
}

/// Locks every partnership of a merchant until the commit, in one order.
///
/// # Errors
/// The store's.
pub async fn lock_all(tx: &mut Tx<'_>, merchant: i64) -> Result<(), Fault> {
    let locked: Vec<(PartnershipId,)> = tx.query(sql!("SELECT id FROM partnership WHERE merchant = $1 ORDER BY id FOR UPDATE"), params![merchant]).await?;
    drop(locked);
    Ok(())
}

/// Closes the partnerships of a merchant that trade; each remembers what it was. Answers which, what they were, and whose they are.
pub(crate) async fn close_trading(tx: &mut Tx<'_>, merchant: i64) -> Result<Vec<(PartnershipId, String, ResellerId)>, Fault> {
    let trading = sql!("SELECT id, status, reseller FROM partnership WHERE merchant = $1 AND status IN ('approved', 'active') ORDER BY id FOR UPDATE");
    let found: Vec<(PartnershipId, String, ResellerId)> = tx.query(trading, params![merchant]).await?;
    let close = sql!(
        "UPDATE partnership SET reactivates_to = status, status = 'closed', version = version + 1 WHERE merchant = $1 AND status IN ('approved', 'active')"
    );
    tx.execute(close, params![merchant]).await?;
    Ok(found)
}

/// Lets the partnerships go on that were closed along with their merchant. Answers which, what they are again, and whose they are.
pub(crate) async fn reopen_trading(tx: &mut Tx<'_>, merchant: i64) -> Result<Vec<(PartnershipId, String, ResellerId)>, Fault> {
    let closed = sql!(
        "SELECT id, reactivates_to, reseller FROM partnership WHERE merchant = $1 AND status = 'closed' AND reactivates_to IS NOT NULL ORDER BY id FOR UPDATE"
    );
    let found: Vec<(PartnershipId, String, ResellerId)> = tx.query(closed, params![merchant]).await?;
    let open = sql!(
        "UPDATE partnership SET status = reactivates_to, reactivates_to = NULL, version = version + 1
         WHERE merchant = $1 AND status = 'closed' AND reactivates_to IS NOT NULL"
    );
    tx.execute(open, params![merchant]).await?;
    Ok(found)
}
