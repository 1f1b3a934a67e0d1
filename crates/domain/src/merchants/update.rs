//! Changing a merchant's settings.

use super::members::in_own_house;
use super::{BankAccount, MerchantView, queries, store};
use crate::access::{Caller, Need, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::MerchantId;
use crate::outbox::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::text::Email;
use tradepost_kernel::{Class, Refusal};
use tradepost_store::{Tx, params, sql};

/// Changes what is given; `Some(None)` empties.
#[derive(Clone, Debug, Default)]
pub struct UpdateMerchant {
    /// Which.
    pub merchant: i64,
    /// The version that the change was made from, where it matters to the caller.
    pub version: Option<i64>,
    /// Name on pages and documents.
    pub name: Option<String>,
    /// IANA time zone, checked.
    pub time_zone: Option<String>,
    /// Sender of its mail.
    pub sender_email: Option<Option<Email>>,
    /// Postal address.
    pub address: Option<Option<String>>,
    /// Two letters.
    pub country: Option<Option<String>>,
    /// VAT id.
    pub vat_id: Option<Option<String>>,
    /// Printed on invoices with the way by check or money order (BIL-3).
    pub check_instructions: Option<Option<String>>,
    /// Printed on invoices with the way by wire (BIL-3).
    pub wire_instructions: Option<Option<String>>,
    /// Where wires go, printed on invoices from now on (BIL-3).
    pub bank_account: Option<Option<BankAccount>>,
}

/// The merchant that was changed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct MerchantUpdated {
    /// Which.
    pub merchant: MerchantId,
}

impl UpdateMerchant {
    fn applied_to(&self, m: &MerchantView) -> MerchantView {
        let mut after = m.clone();
        let text = |new: &Option<Option<String>>, old: &mut Option<String>| {
            if let Some(new) = new {
                old.clone_from(new);
            }
        };
        if let Some(name) = &self.name {
            after.name.clone_from(name);
        }
        if let Some(zone) = &self.time_zone {
            after.time_zone.clone_from(zone);
        }
        if let Some(email) = &self.sender_email {
            after.sender_email = email.as_ref().map(|email| email.as_str().to_owned());
        }
        text(&self.address, &mut after.address);
        text(&self.country, &mut after.country);
        text(&self.vat_id, &mut after.vat_id);
        text(&self.check_instructions, &mut after.check_instructions);
        text(&self.wire_instructions, &mut after.wire_instructions);
        if let Some(account) = &self.bank_account {
            after.bank_account.clone_from(account);
        }
        after
    }
}

fn audit_json(m: &MerchantView) -> serde_json::Value {
    json!({
        "name": m.name, "time_zone": m.time_zone, "sender_email": m.sender_email, "address": m.address, "country": m.country,
        "vat_id": m.vat_id, "check_instructions": m.check_instructions, "wire_instructions": m.wire_instructions, "bank_account": m.bank_account,
    })
}

#[async_trait::async_trait]
impl Command for UpdateMerchant {
    const NAME: &'static str = "merchants.update";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "stale_version"];
    type Outcome = MerchantUpdated;

    fn need(&self) -> Need {
        Need::Right(Right::MerchantManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<MerchantUpdated, No> {
        in_own_house(ctx.caller(), self.merchant)?;
        let _: Option<(i64,)> = tx.query_opt(sql!("SELECT number FROM merchant WHERE number = $1 FOR UPDATE"), params![self.merchant]).await?;
        let before = queries::merchant(tx, self.merchant).await?.ok_or_else(Refusal::not_found)?;
        if self.version.is_some_and(|version| version != before.version) {
            return Err(stale().into());
        }
        let after = self.applied_to(&before);
        // From here on it must succeed.
        if after != before {
            store::update(tx, &after).await?;
            ctx.audit(AuditEntry::new(before.number, "merchant.updated", before.id).before(audit_json(&before)).after(audit_json(&after)));
            ctx.announce(Event::new(before.number, "merchant.updated", before.id, json!({"merchant": before.id})));
        }
        Ok(MerchantUpdated { merchant: before.id })
    }
}

/// What a change from an old version is told.
#[must_use]
pub fn stale() -> Refusal {
    Refusal::new(Class::Stale, "stale_version", "This was changed by somebody else meanwhile. Read it again.")
}
