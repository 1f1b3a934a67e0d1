//! The merchant's word that it delivered, for many licenses at once (FUL-4).

use super::settle::settle;
use super::standing::Standing;
use crate::access::{Need, PartnershipScope, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::{LicenseId, OrderId, PartnershipId};
use crate::licenses::queries::LicenseRow;
use crate::licenses::{self, Status};
use crate::outbox::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use tradepost_kernel::Refusal;
use tradepost_store::Tx;

/// Confirms licenses that wait for it; one in another status refuses the whole.
#[derive(Clone, Debug)]
pub struct ConfirmFulfillment {
    /// Which, 1–1000.
    pub licenses: Vec<LicenseId>,
}

/// How many were confirmed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ConfirmOutcome {
    /// Licenses.
    pub confirmed: i64,
}

#[async_trait::async_trait]
impl Command for ConfirmFulfillment {
    const NAME: &'static str = "licenses.confirm_fulfillment";
    const REFUSALS: &'static [&'static str] = &["invalid_field", "not_found", "not_waiting_for_confirmation"];
    type Outcome = ConfirmOutcome;

    fn need(&self) -> Need {
        Need::Right(Right::FulfillmentConfirm)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<ConfirmOutcome, No> {
        let merchant = ctx.caller().merchant()?.merchant;
        let wanted: BTreeSet<LicenseId> = self.licenses.iter().copied().collect();
        if wanted.is_empty() || wanted.len() > 1000 {
            return Err(Refusal::invalid("invalid_field", "Name 1 to 1000 licenses.").at("/licenses").into());
        }
        let wanted: Vec<LicenseId> = wanted.into_iter().collect();
        let rows = licenses::queries::by_ids(tx, merchant, &wanted).await?;
        let partnerships: BTreeSet<PartnershipId> = rows.iter().map(|license| license.partnership).collect();
        let mut standings = BTreeMap::new();
        for partnership in partnerships {
            standings.insert(partnership, Standing::of(tx, PartnershipScope { merchant, partnership }).await?);
        }
        // Read again: the locks may have been waited for.
        let rows = licenses::queries::by_ids(tx, merchant, &wanted).await?;
        if rows.len() != wanted.len() {
            return Err(Refusal::not_found().into());
        }
        if let Some(other) = rows.iter().find(|license| license.status != Status::WaitingForConfirmation) {
            let detail = format!("{} does not wait for confirmation; nothing was confirmed.", other.id);
            return Err(Refusal::conflict("not_waiting_for_confirmation", detail).in_state(other.status.name()).into());
        }
        // From here it must succeed.
        licenses::store::confirm(ctx, tx, merchant, &wanted).await?;
        for license in &rows {
            let body = json!({"order": license.order()});
            ctx.audit(AuditEntry::new(merchant, "license.confirmed", license.id).of(license.partnership).after(body.clone()));
            ctx.announce(Event::new(merchant, "license.confirmed", license.id, body).of(license.partnership));
        }
        for (partnership, standing) in &standings {
            let orders: BTreeSet<OrderId> = rows.iter().filter(|license| license.partnership == *partnership).filter_map(LicenseRow::order).collect();
            settle(ctx, tx, standing, &orders.into_iter().collect::<Vec<_>>()).await?;
        }
        Ok(ConfirmOutcome { confirmed: i64::try_from(wanted.len()).unwrap_or(i64::MAX) })
    }
}
