//! Balances and entries, as they are read.

use super::AccountKind;
use crate::access::PartnershipScope;
use crate::ids::{AccountId, PartnershipId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tradepost_kernel::Currency;
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, Reader, SetSql, params, sql};

/// The ids of the accounts named, where they exist.
pub(super) async fn account_ids(
    reader: &mut Reader<'_>,
    merchant: i64,
    names: &BTreeSet<(PartnershipId, AccountKind, Currency)>,
) -> Result<BTreeMap<(PartnershipId, AccountKind, Currency), AccountId>, Fault> {
    let owners: BTreeSet<PartnershipId> = names.iter().map(|name| name.0).collect();
    let rows: Vec<(PartnershipId, String, Currency, AccountId)> = reader
        .query_each(
            sql!("SELECT partnership, kind, currency, id FROM account WHERE merchant = $1 AND partnership = ANY($2)"),
            params![merchant],
            &Column::ids(owners),
        )
        .await?;
    let mut found = BTreeMap::new();
    for (owner, kind, currency, id) in rows {
        let kind = AccountKind::from_name(&kind).ok_or_else(|| Fault::invariant("an account of unknown kind"))?;
        if names.contains(&(owner, kind, currency)) {
            found.insert((owner, kind, currency), id);
        }
    }
    Ok(found)
}

static BALANCES: SetSql = SetSql::select(
    "SELECT a.merchant, a.partnership, a.balance_minor FROM rows r JOIN account a \
     ON a.merchant = r.merchant AND a.partnership = r.partnership AND a.kind = r.kind AND a.currency = r.currency",
    &[("merchant", Int), ("partnership", Bytes), ("kind", Text), ("currency", Text)],
);

/// The balances of partnerships' accounts of one kind, in minor units; an account that was never opened is missing
/// from the map. Debit balances are positive.
///
/// # Errors
/// The store's.
pub async fn balances(
    reader: &mut Reader<'_>,
    kind: AccountKind,
    owners: &BTreeSet<(i64, PartnershipId, Currency)>,
) -> Result<HashMap<PartnershipScope, i64>, Fault> {
    let columns = [
        Column::ints(owners.iter().map(|owner| owner.0)),
        Column::ids(owners.iter().map(|owner| owner.1)),
        Column::texts(owners.iter().map(|_| kind.name().to_owned())),
        Column::texts(owners.iter().map(|owner| owner.2.code().to_owned())),
    ];
    let rows: Vec<(i64, PartnershipId, i64)> = reader.query_set(&BALANCES, &columns).await?;
    Ok(rows.into_iter().map(|(merchant, partnership, minor)| (PartnershipScope { merchant, partnership }, minor)).collect())
}

/// A partnership's accounts of one kind: currency and balance in minor units, in the order of the currencies' codes. Debit balances
/// are positive.
///
/// # Errors
/// The store's.
pub async fn in_all_currencies(reader: &mut Reader<'_>, scope: PartnershipScope, kind: AccountKind) -> Result<Vec<(Currency, i64)>, Fault> {
    let sql = sql!("SELECT currency, balance_minor FROM account WHERE merchant = $1 AND partnership = $2 AND kind = $3 ORDER BY currency");
    reader.query(sql, params![scope.merchant, scope.partnership, kind.name()]).await
}

/// The balance of one of a partnership's accounts in minor units; 0 where it was never opened. Debit balances
/// (what is owed) are positive.
///
/// # Errors
/// The store's.
pub async fn balance(reader: &mut Reader<'_>, scope: PartnershipScope, kind: AccountKind, currency: Currency) -> Result<i64, Fault> {
    let row: Option<(i64,)> = reader
        .query_opt(
            sql!("SELECT balance_minor FROM account WHERE merchant = $1 AND partnership = $2 AND kind = $3 AND currency = $4"),
            params![scope.merchant, scope.partnership, kind.name(), currency],
        )
        .await?;
    Ok(row.map_or(0, |(minor,)| minor))
}
