//! Every writing statement on the sales of a day.

use super::{Sales, SalesDay};
use std::collections::BTreeMap;
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, SetSql, Tx};

static COUNT: SetSql = SetSql::insert(
    "daily_sales",
    &[("merchant", Int), ("partnership", Bytes), ("day", Text), ("currency", Text), ("orders", Int), ("units", Int), ("amount_minor", Int)],
    "ON CONFLICT (merchant, partnership, day, currency) DO UPDATE SET orders = daily_sales.orders + excluded.orders, \
     units = daily_sales.units + excluded.units, amount_minor = daily_sales.amount_minor + excluded.amount_minor",
);

/// Counts what was sold. The partnerships are locked.
///
/// # Errors
/// The store's.
pub async fn count(tx: &mut Tx<'_>, sold: &BTreeMap<SalesDay, Sales>) -> Result<(), Fault> {
    let rows: Vec<(&SalesDay, Sales)> = sold.iter().map(|(day, sales)| (day, *sales)).collect();
    tx.write_whole_set(&COUNT, columns(&rows)).await
}

static TAKE_BACK: SetSql = SetSql::update(
    "UPDATE daily_sales SET orders = CASE WHEN daily_sales.orders > r.fewer_orders THEN daily_sales.orders - r.fewer_orders ELSE 0 END, \
     units = CASE WHEN daily_sales.units > r.fewer_units THEN daily_sales.units - r.fewer_units ELSE 0 END, \
     amount_minor = CASE WHEN daily_sales.amount_minor > r.less THEN daily_sales.amount_minor - r.less ELSE 0 END FROM rows r \
     WHERE daily_sales.merchant = r.tenant AND daily_sales.partnership = r.buyer AND daily_sales.day = r.on_day AND daily_sales.currency = r.priced_in",
    &[("tenant", Int), ("buyer", Bytes), ("on_day", Text), ("priced_in", Text), ("fewer_orders", Int), ("fewer_units", Int), ("less", Int)],
);

/// Takes what was canceled or taken back off the day on which it was counted. The partnership is locked.
///
/// # Errors
/// The store's. Where less was counted than is taken off, nothing is left: a wrong statistic, which `verify` names, must not keep
/// anybody from canceling.
pub async fn take_back(tx: &mut Tx<'_>, day: SalesDay, sales: Sales) -> Result<(), Fault> {
    tx.write_set(&TAKE_BACK, columns(&[(&day, sales)])).await.map(|_| ())
}

fn columns(rows: &[(&SalesDay, Sales)]) -> Vec<Column> {
    vec![
        Column::ints(rows.iter().map(|(day, _)| day.merchant)),
        Column::ids(rows.iter().map(|(day, _)| day.partnership)),
        Column::texts(rows.iter().map(|(day, _)| day.day.clone())),
        Column::texts(rows.iter().map(|(day, _)| day.currency.clone())),
        Column::ints(rows.iter().map(|(_, sales)| sales.orders)),
        Column::ints(rows.iter().map(|(_, sales)| sales.units)),
        Column::ints(rows.iter().map(|(_, sales)| sales.amount_minor)),
    ]
}
