//! Every writing statement on accounts, transfers and entries.

use super::queries::account_ids;
use super::{AccountKind, NewTransfer, Posting};
use crate::command::Ctx;
use crate::ids::{AccountId, PartnershipId, TransferId, nobody};
use std::collections::{BTreeMap, BTreeSet};
use tradepost_kernel::{Currency, sabotage};
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, SetSql, Tx, params, sql};

static INSERT_ACCOUNTS: SetSql = SetSql::insert(
    "account",
    &[("merchant", Int), ("id", Bytes), ("partnership", Bytes), ("kind", Text), ("currency", Text), ("balance_minor", Int)],
    "ON CONFLICT DO NOTHING",
);
static INSERT_TRANSFERS: SetSql = SetSql::insert(
    "transfer",
    &[("merchant", Int), ("id", Bytes), ("kind", Text), ("reference", Bytes), ("reason", Text), ("reverses", Bytes), ("at_ms", Int)],
    "",
);
static INSERT_ENTRIES: SetSql =
    SetSql::insert("entry", &[("merchant", Int), ("transfer", Bytes), ("place", Int), ("account", Bytes), ("amount_minor", Int)], "");
/// What was paid ahead is a credit balance, which stands below zero: it is never drawn on beyond it, also by one who did not lock
/// its partnership first.
static MOVE_BALANCES: SetSql = SetSql::update(
    "UPDATE account SET balance_minor = account.balance_minor + r.delta FROM rows r WHERE account.merchant = r.merchant AND account.id = r.id \
     AND (account.kind <> 'prepaid' OR r.delta <= 0 OR account.balance_minor + r.delta <= 0)",
    &[("merchant", Int), ("id", Bytes), ("delta", Int)],
);
/// The bugs `prepaid.stale` and `partnership.unlocked`: nothing stands behind whoever decides over an old balance.
static MOVE_BALANCES_UNGUARDED: SetSql = SetSql::update(
    "UPDATE account SET balance_minor = account.balance_minor + r.delta FROM rows r WHERE account.merchant = r.merchant AND account.id = r.id",
    &[("merchant", Int), ("id", Bytes), ("delta", Int)],
);

/// An account by what it is, before its id is known.
type AccountName = (PartnershipId, AccountKind, Currency);

fn name_of(transfer: &NewTransfer, posting: &Posting) -> AccountName {
    let owner = if posting.kind.is_partnerships() { transfer.partnership } else { nobody() };
    (owner, posting.kind, transfer.currency)
}

/// Books transfers: accounts that are missing are opened, balances move in the same transaction. Transfers
/// without postings (free orders) are left out: there are no zero entries.
///
/// # Errors
/// [`Fault::Invariant`] where a transfer does not sum to zero or a balance would leave 64 bits.
pub async fn post(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, transfers: &[NewTransfer]) -> Result<(), Fault> {
    let transfers: Vec<(TransferId, Vec<Posting>, &NewTransfer)> = transfers
        .iter()
        .map(|transfer| (ctx.id(), transfer.postings.iter().copied().filter(|p| p.amount_minor != 0).collect::<Vec<_>>(), transfer))
        .filter(|(_, postings, _)| !postings.is_empty())
        .collect();
    for (_, postings, transfer) in &transfers {
        let sum: i128 = postings.iter().map(|posting| i128::from(posting.amount_minor)).sum();
        if sum != 0 || postings.len() < 2 {
            return Err(Fault::invariant(format!("the transfer {} does not balance: {sum}", transfer.kind)));
        }
    }
    if transfers.is_empty() {
        return Ok(());
    }
    let names: BTreeSet<AccountName> = transfers.iter().flat_map(|(_, postings, transfer)| postings.iter().map(|p| name_of(transfer, p))).collect();
    let accounts = open_accounts(ctx, tx, merchant, &names).await?;
    let mut entries: Vec<(TransferId, i64, AccountId, i64)> = Vec::new();
    let mut deltas: BTreeMap<AccountId, i128> = BTreeMap::new();
    for (id, postings, transfer) in &transfers {
        for (place, posting) in (0_i64..).zip(postings) {
            let account = accounts.get(&name_of(transfer, posting)).copied().ok_or_else(|| Fault::invariant("an account that was just opened"))?;
            entries.push((*id, place, account, posting.amount_minor));
            *deltas.entry(account).or_default() += i128::from(posting.amount_minor);
        }
    }
    let rows = transfers.len();
    let columns = vec![
        Column::same(merchant, rows),
        Column::ids(transfers.iter().map(|(id, _, _)| *id)),
        Column::texts(transfers.iter().map(|(_, _, transfer)| transfer.kind.to_owned())),
        Column::Ids(transfers.iter().map(|(_, _, transfer)| transfer.reference).collect()),
        Column::texts(transfers.iter().map(|(_, _, transfer)| transfer.kind.replace('_', " "))),
        Column::OptBytes(transfers.iter().map(|(_, _, transfer)| transfer.reverses.map(|id| id.bytes().to_vec())).collect()),
        Column::same(ctx.now.ms(), rows),
    ];
    tx.write_whole_set(&INSERT_TRANSFERS, columns).await?;
    let columns = vec![
        Column::same(merchant, entries.len()),
        Column::ids(entries.iter().map(|entry| entry.0)),
        Column::ints(entries.iter().map(|entry| entry.1)),
        Column::ids(entries.iter().map(|entry| entry.2)),
        Column::ints(entries.iter().map(|entry| entry.3)),
    ];
    tx.write_whole_set(&INSERT_ENTRIES, columns).await?;
    move_balances(tx, merchant, &deltas).await
}

/// Balances move in the order of account ids, so that two transactions never wait for each other.
async fn move_balances(tx: &mut Tx<'_>, merchant: i64, deltas: &BTreeMap<AccountId, i128>) -> Result<(), Fault> {
    let mut moved = Vec::with_capacity(deltas.len());
    for (account, delta) in deltas {
        moved.push((*account, i64::try_from(*delta).map_err(|_| Fault::invariant("a sum beyond 64 bits"))?));
    }
    let columns = vec![Column::same(merchant, moved.len()), Column::ids(moved.iter().map(|m| m.0)), Column::ints(moved.iter().map(|m| m.1))];
    let unguarded = sabotage::is("prepaid.stale") || sabotage::is("partnership.unlocked");
    tx.write_whole_set_or(if unguarded { &MOVE_BALANCES_UNGUARDED } else { &MOVE_BALANCES }, columns, Fault::LostRace("a prepaid balance")).await
}

/// The ids of accounts, opened where missing and locked in the order of their ids.
async fn open_accounts(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, names: &BTreeSet<AccountName>) -> Result<BTreeMap<AccountName, AccountId>, Fault> {
    let mut known = account_ids(&mut *tx, merchant, names).await?;
    let missing: Vec<&AccountName> = names.iter().filter(|name| !known.contains_key(*name)).collect();
    if !missing.is_empty() {
        let columns = vec![
            Column::same(merchant, missing.len()),
            Column::ids(missing.iter().map(|_| ctx.id::<crate::ids::Account>())),
            Column::ids(missing.iter().map(|name| name.0)),
            Column::texts(missing.iter().map(|name| name.1.name().to_owned())),
            Column::texts(missing.iter().map(|name| name.2.code().to_owned())),
            Column::same(0, missing.len()),
        ];
        tx.write_set(&INSERT_ACCOUNTS, columns).await?;
        known = account_ids(&mut *tx, merchant, names).await?;
    }
    let mut ids: Vec<AccountId> = known.values().copied().collect();
    ids.sort_unstable();
    let locked: Vec<(AccountId,)> =
        tx.query_each(sql!("SELECT id FROM account WHERE merchant = $1 AND id = ANY($2) ORDER BY id FOR UPDATE"), params![merchant], &Column::ids(ids)).await?;
    if locked.len() != names.len() {
        return Err(Fault::invariant("an account that was just opened is gone"));
    }
    Ok(known)
}

/// Takes back the transfer of (`kind`, `reference`): the same entries with the other sign, linked to it. Does
/// nothing where there is none (a free order).
///
/// # Errors
/// The store's; a second reversal breaks the unique (kind, reference).
pub async fn reverse(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, kind: &'static str, reversal: &'static str, reference: [u8; 16]) -> Result<(), Fault> {
    let original: Option<(TransferId,)> =
        tx.query_opt(sql!("SELECT id FROM transfer WHERE merchant = $1 AND kind = $2 AND reference = $3"), params![merchant, kind, reference]).await?;
    let Some((original,)) = original else { return Ok(()) };
    let sides: Vec<(PartnershipId, String, Currency, i64)> = tx
        .query(
            sql!(
                "SELECT a.partnership, a.kind, a.currency, e.amount_minor FROM entry e
                 JOIN account a ON a.merchant = e.merchant AND a.id = e.account
                 WHERE e.merchant = $1 AND e.transfer = $2 ORDER BY e.place"
            ),
            params![merchant, original],
        )
        .await?;
    let mut postings = Vec::new();
    let mut owner = nobody();
    let mut currency = None;
    for (partnership, kind, of, amount) in sides {
        let kind = AccountKind::from_name(&kind).ok_or_else(|| Fault::invariant("an account of unknown kind"))?;
        if kind.is_partnerships() {
            owner = partnership;
        }
        currency = Some(of);
        postings.push(Posting { kind, amount_minor: -amount });
    }
    let currency = currency.ok_or_else(|| Fault::invariant("a transfer without entries"))?;
    post(ctx, tx, merchant, &[NewTransfer { kind: reversal, reference, partnership: owner, currency, postings, reverses: Some(original) }]).await
}
