//! Every write on `channel`.

use super::channels::ChannelView;
use crate::ids::ChannelId;
use tradepost_store::{Fault, FromRow, Row, Tx, params, sql};

impl FromRow for ChannelView {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        Ok(Self {
            id: columns.next()?,
            name: columns.next()?,
            price_list: columns.next()?,
            order_email: columns.next()?,
            created: columns.next()?,
            version: columns.next()?,
        })
    }
}

/// A channel, locked until the commit.
pub(crate) async fn lock(tx: &mut Tx<'_>, merchant: i64, id: ChannelId) -> Result<Option<ChannelView>, Fault> {
    let select = sql!("SELECT id, name, price_list, order_email, created_ms, version FROM channel WHERE merchant = $1 AND id = $2 FOR UPDATE");
    tx.query_opt(select, params![merchant, id]).await
}

/// The first two channels of a merchant, locked: none, the only one, or several.
pub(crate) async fn lock_some(tx: &mut Tx<'_>, merchant: i64) -> Result<Vec<ChannelId>, Fault> {
    let rows: Vec<(ChannelId,)> = tx.query(sql!("SELECT id FROM channel WHERE merchant = $1 ORDER BY id LIMIT 2 FOR UPDATE"), params![merchant]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// A new channel. Where another transaction took its name meanwhile, the work is repeated.
pub(crate) async fn insert(tx: &mut Tx<'_>, merchant: i64, c: &ChannelView) -> Result<(), Fault> {
    let inserted = tx
        .execute(
            sql!("INSERT INTO channel (merchant, id, name, price_list, order_email, created_ms) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (merchant, name) DO NOTHING"),
            params![merchant, c.id, &c.name, c.price_list, c.order_email, c.created],
        )
        .await?;
    if inserted == 1 { Ok(()) } else { Err(Fault::LostRace("channel name")) }
}

/// Writes a channel and counts its version up.
pub(crate) async fn update(tx: &mut Tx<'_>, merchant: i64, c: &ChannelView) -> Result<(), Fault> {
    tx.execute_exactly(
        1,
        sql!("UPDATE channel SET name = $4, price_list = $5, order_email = $6, version = version + 1 WHERE merchant = $1 AND id = $2 AND version = $3"),
        params![merchant, c.id, c.version, &c.name, c.price_list, c.order_email],
    )
    .await
}

/// Deletes a channel.
pub(crate) async fn delete(tx: &mut Tx<'_>, merchant: i64, id: ChannelId) -> Result<(), Fault> {
    tx.execute_exactly(1, sql!("DELETE FROM channel WHERE merchant = $1 AND id = $2"), params![merchant, id]).await
}
