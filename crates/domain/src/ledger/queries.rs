//! Balances and entries, as they are read.

use super::AccountKind;
use crate::access::PartnershipScope;
use crate::ids::{AccountId, PartnershipId};
use std::collections::{BTreeMap, BTreeSet};
use tradepost_kernel::Currency;
use tradepost_store::{Column, Fault, Reader, params, sql};

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
