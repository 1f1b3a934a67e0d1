//! Balance that is asked for by itself (EXT-8): a debit that leaves it below the threshold issues one top-up, in its own
//! transaction; none while such a one is open.

use super::top_up::{self, NewTopUp, amount_of, no_currency, scope_of};
use super::{AutoTopUp, Refill, queries, store};
use crate::access::{Need, PartnershipScope, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::{InvoiceId, PartnershipId};
use crate::merchants::update::stale;
use crate::outbox::Event;
use crate::partners::terms::InvoiceTerms;
use crate::partners::{self, terms};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;
use tradepost_kernel::{Currency, Money, Refusal};
use tradepost_store::ColumnType::{Bytes, Int};
use tradepost_store::{Column, Fault, FromRow, Reader, Row, SetSql, Tx};

/// Changes when and over how much the balance is topped up by itself. What is left out stays as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct SetAutoTopUp {
    /// For which partnership: the merchant names one, a reseller is in one.
    pub partnership: Option<PartnershipId>,
    /// The version that it was read at, where the caller says so.
    pub version: Option<i64>,
    /// On or off.
    pub enabled: Option<bool>,
    /// Below this a top-up is issued.
    pub threshold: Option<Money>,
    /// The same every time; takes the place of a target.
    pub amount: Option<Option<Money>>,
    /// What is missing to this; above the threshold, takes the place of an amount.
    pub target: Option<Option<Money>>,
}

/// The partnership whose setting it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct AutoTopUpOutcome {
    /// Its id.
    pub partnership: PartnershipId,
}

#[async_trait::async_trait]
impl Command for SetAutoTopUp {
    const NAME: &'static str = "auto_top_up.set";
    const REFUSALS: &'static [&'static str] =
        &["forbidden", "not_found", "stale_version", "setup_incomplete", "currency_mismatch", "invalid_amount", "invalid_field"];
    type Outcome = AutoTopUpOutcome;

    fn need(&self) -> Need {
        Need::Right(Right::BalanceManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<AutoTopUpOutcome, No> {
        let scope = scope_of(ctx.caller(), self.partnership)?;
        let partnership = partners::lock(tx, scope).await?.ok_or_else(Refusal::not_found)?;
        let before = queries::auto_top_up(tx, scope).await?;
        let version = before.map_or(0, |setting| setting.version);
        if self.version.is_some_and(|asked| asked != version) {
            return Err(stale().into());
        }
        let terms = terms::effective(tx, scope.merchant, scope.partnership, partnership.channel).await?;
        let after = self.after(before, terms.currency.ok_or_else(no_currency)?)?;
        // From here it must succeed.
        store::set_auto_top_up(ctx, tx, scope, &after).await?;
        let entry = AuditEntry::new(scope.merchant, "auto_top_up.changed", scope.partnership).of(scope.partnership);
        let entry = if let Some(before) = before { entry.before(before.json()) } else { entry };
        ctx.audit(entry.after(after.json()));
        ctx.announce(Event::new(scope.merchant, "auto_top_up.changed", scope.partnership, after.json()).of(scope.partnership));
        Ok(AutoTopUpOutcome { partnership: scope.partnership })
    }
}

impl SetAutoTopUp {
    /// The setting once changed. Amounts of a currency that the partnership has left are forgotten.
    fn after(&self, before: Option<AutoTopUp>, currency: Currency) -> Result<AutoTopUp, Refusal> {
        let kept = before.filter(|setting| setting.currency == currency);
        for (amount, at) in [(self.amount.flatten(), "/amount"), (self.target.flatten(), "/target")] {
            amount.map_or(Ok(()), |amount| amount_of(amount, currency, at))?;
        }
        let threshold_minor = match (self.threshold, kept) {
            (Some(threshold), _) if threshold.minor == 0 && threshold.currency == currency => 0,
            (Some(threshold), _) => amount_of(threshold, currency, "/threshold").map(|()| threshold.minor)?,
            (None, Some(kept)) => kept.threshold_minor,
            (None, None) => return Err(Refusal::invalid("invalid_field", "Say below which balance a top-up is issued.").at("/threshold")),
        };
        let refill = match (self.amount.flatten(), self.target.flatten(), kept) {
            (Some(_), Some(_), _) => return Err(Refusal::invalid("invalid_field", "Give an amount or a target, not both.").at("/target")),
            (Some(amount), None, _) => Refill::Amount(amount.minor),
            (None, Some(target), _) => Refill::UpTo(target.minor),
            (None, None, Some(AutoTopUp { refill: refill @ Refill::Amount(_), .. })) if self.amount.is_none() => refill,
            (None, None, Some(AutoTopUp { refill: refill @ Refill::UpTo(_), .. })) if self.target.is_none() => refill,
            (None, None, _) => return Err(Refusal::invalid("invalid_field", "Give an amount or a target.").at("/amount")),
        };
        if let Refill::UpTo(target) = refill
            && target <= threshold_minor
        {
            return Err(Refusal::invalid("invalid_amount", "The target must be above the threshold.").at("/target/amount"));
        }
        let enabled = self.enabled.or(before.map(|setting| setting.enabled)).unwrap_or(true);
        Ok(AutoTopUp { enabled, currency, threshold_minor, refill, version: before.map_or(0, |setting| setting.version) + 1 })
    }
}

static WAITING: SetSql = SetSql::select(
    "SELECT a.merchant, a.partnership, a.enabled, a.currency, a.threshold_minor, a.amount_minor, a.target_minor, a.version \
     FROM rows r JOIN auto_top_up a ON a.merchant = r.merchant AND a.partnership = r.partnership \
     WHERE a.enabled = 1 AND NOT EXISTS (SELECT 1 FROM invoice i WHERE i.merchant = a.merchant AND i.partnership = a.partnership \
       AND i.kind = 'top_up' AND i.automatic = 1 AND i.paid_ms IS NULL AND i.canceled_ms IS NULL)",
    &[("merchant", Int), ("partnership", Bytes)],
);

struct Waiting(PartnershipScope, AutoTopUp);

impl FromRow for Waiting {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.0;
        let setting = columns.split_off(columns.len().min(2));
        let mut c = Row(columns).take();
        Ok(Self(PartnershipScope { merchant: c.next()?, partnership: c.next()? }, AutoTopUp::from_row(Row(setting))?))
    }
}

/// The settings of those partnerships for which a debit may issue a top-up now: on, and none of theirs open. The
/// partnerships are locked.
///
/// # Errors
/// The store's.
pub async fn waiting(reader: &mut Reader<'_>, scopes: &[PartnershipScope]) -> Result<HashMap<PartnershipScope, AutoTopUp>, Fault> {
    let columns = [Column::ints(scopes.iter().map(|scope| scope.merchant)), Column::ids(scopes.iter().map(|scope| scope.partnership))];
    let rows: Vec<Waiting> = reader.query_set(&WAITING, &columns).await?;
    Ok(rows.into_iter().map(|row| (row.0, row.1)).collect())
}

/// A debit that left a balance below the threshold.
#[derive(Clone, Debug)]
pub struct Crossing {
    /// Whose balance.
    pub scope: PartnershipScope,
    /// What is set for it.
    pub setting: AutoTopUp,
    /// What is left of it.
    pub balance_minor: i64,
    /// What its invoices are issued by.
    pub terms: InvoiceTerms,
}

/// Issues the top-up that a debit asked for, and alerts the reseller. It takes a number: call it last.
///
/// # Errors
/// The store's; the unique index where one is open after all.
pub async fn refill(ctx: &mut Ctx, tx: &mut Tx<'_>, crossing: &Crossing) -> Result<InvoiceId, Fault> {
    let Crossing { scope, setting, balance_minor, ref terms } = *crossing;
    let (merchant, buyer) = top_up::parties(tx, scope).await?;
    let money = |minor| setting.currency.minor(minor);
    let amount = money(setting.refill.missing(balance_minor));
    let top_up = NewTopUp { merchant: &merchant, buyer: &buyer, terms: terms.clone(), amount, reference: None, automatic: true };
    let invoice = top_up::issue(ctx, tx, &top_up).await?;
    let body = json!({"balance": money(balance_minor), "threshold": money(setting.threshold_minor), "invoice": invoice, "amount": amount});
    ctx.announce(Event::new(scope.merchant, "balance.low", scope.partnership, body).of(scope.partnership));
    Ok(invoice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(minor: i64) -> Money {
        "USD".parse::<Currency>().expect("a currency").minor(minor)
    }

    fn fresh() -> SetAutoTopUp {
        SetAutoTopUp { threshold: Some(usd(5_000)), target: Some(Some(usd(20_000))), ..SetAutoTopUp::default() }
    }

    /// EXT-8: a fixed amount, or up to a target.
    #[test]
    fn a_refill_is_a_fixed_amount_or_what_is_missing() {
        assert_eq!((Refill::Amount(500).missing(120), Refill::UpTo(500).missing(120)), (500, 380));
    }

    /// EXT-8: what is left out stays; an amount takes the place of a target.
    #[test]
    fn a_setting_is_changed_in_part() {
        let currency = usd(0).currency;
        let first = fresh().after(None, currency).expect("a setting");
        assert_eq!((first.enabled, first.threshold_minor, first.refill), (true, 5_000, Refill::UpTo(20_000)));
        let off = SetAutoTopUp { enabled: Some(false), ..SetAutoTopUp::default() }.after(Some(first), currency).expect("a setting");
        assert_eq!((off.enabled, off.refill, off.version), (false, first.refill, 2));
        let fixed = SetAutoTopUp { amount: Some(Some(usd(700))), ..SetAutoTopUp::default() }.after(Some(off), currency).expect("a setting");
        assert_eq!((fixed.enabled, fixed.refill), (false, Refill::Amount(700)));
    }

    #[test]
    fn a_setting_that_makes_no_sense_is_refused() {
        let currency = usd(0).currency;
        let refused = |setting: SetAutoTopUp| setting.after(None, currency).map_err(|refusal| (refusal.code, refusal.pointer)).expect_err("refused");
        let at = |code, pointer: &str| (code, pointer.to_owned());
        assert_eq!(refused(SetAutoTopUp::default()), at("invalid_field", "/threshold"));
        assert_eq!(refused(SetAutoTopUp { target: None, ..fresh() }), at("invalid_field", "/amount"));
        assert_eq!(refused(SetAutoTopUp { amount: Some(Some(usd(1))), ..fresh() }), at("invalid_field", "/target"));
        assert_eq!(refused(SetAutoTopUp { target: Some(Some(usd(5_000))), ..fresh() }), at("invalid_amount", "/target/amount"));
        assert_eq!(refused(SetAutoTopUp { threshold: Some(usd(-1)), ..fresh() }), at("invalid_amount", "/threshold/amount"));
        let yen = "JPY".parse::<Currency>().expect("a currency").minor(1);
        assert_eq!(refused(SetAutoTopUp { threshold: Some(yen), ..fresh() }), at("currency_mismatch", "/threshold/currency"));
    }
}
