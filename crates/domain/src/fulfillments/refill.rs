//! What the debits of a set leave behind (EXT-8): one top-up for each balance below its threshold.

use super::decide::Sold;
use super::load::Loaded;
use crate::access::PartnershipScope;
use crate::billing::auto_top_up::{self, Crossing};
use crate::command::Ctx;
use std::collections::BTreeMap;
use tradepost_store::{Fault, Tx};

/// Issues the top-ups, each in the name of the call whose debit crossed the threshold, in the order of partnerships:
/// they take numbers of their merchants.
pub(super) async fn after_debits(sold: &[(usize, &Sold)], loaded: &Loaded, ctxs: &mut [Ctx], tx: &mut Tx<'_>) -> Result<(), Fault> {
    for (at, crossing) in crossings(sold, loaded).into_values() {
        let Some(ctx) = ctxs.get_mut(at) else { continue };
        auto_top_up::refill(ctx, &mut *tx, &crossing).await?;
    }
    Ok(())
}

/// By partnership the first call that left its balance below the threshold; what is asked for follows from what the
/// whole set left of it.
fn crossings(sold: &[(usize, &Sold)], loaded: &Loaded) -> BTreeMap<(i64, [u8; 16]), (usize, Crossing)> {
    let mut found = BTreeMap::new();
    for (at, sold) in sold {
        let scope: PartnershipScope = sold.scope;
        let (Some(setting), Some(terms)) = (loaded.auto_top_ups.get(&scope), loaded.terms.get(&scope)) else { continue };
        let below = sold.row.total_minor > 0 && sold.row.balance_after_minor < setting.threshold_minor;
        if !below || setting.currency != sold.row.currency {
            continue;
        }
        let balance_minor = loaded.balances.get(&scope).copied().unwrap_or_default();
        let crossing = Crossing { scope, setting: *setting, balance_minor, terms: terms.of_invoices() };
        found.entry((scope.merchant, scope.partnership.bytes())).or_insert((*at, crossing));
    }
    found
}
