//! An owner closes a merchant's account, and the operator opens it again (PAR-14).
//!
//! It stands here because it asks every slice before it whether anything is open. Closed, nobody trades: its partnerships are closed, its program
//! takes nobody, and its staff only reads.

use crate::access::{Caller, MerchantRole, Need, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::MerchantId;
use crate::merchants::{self, MerchantView};
use crate::outbox::Event;
use crate::partners;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_store::{Fault, Reader, Sql, Tx, params, sql};

/// Closes a merchant and its sandbox, where nothing is open.
#[derive(Clone, Debug)]
pub struct CloseMerchant {
    /// Which: the live one.
    pub merchant: i64,
    /// Its name, typed by who means it.
    pub confirm: String,
}

/// Opens a closed merchant again, with the partnerships that were closed along with it.
#[derive(Clone, Copy, Debug)]
pub struct ReopenMerchant {
    /// Which: the live one.
    pub merchant: i64,
}

/// The merchant that was closed or opened.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct MerchantClosed {
    /// Which.
    pub merchant: MerchantId,
    /// Partnerships that went along.
    pub partnerships: usize,
}

/// Things are counted up to here.
const COUNTED: i64 = 99;

/// What stands against closing, each counted to one beyond [`COUNTED`].
pub const OPEN: Sql = sql!(
    "SELECT (SELECT COUNT(*) FROM (SELECT id FROM orders WHERE merchant = $1
         AND state IN ('pending_approval', 'awaiting_payment', 'needs_info', 'awaiting_stock', 'awaiting_confirmation') LIMIT $2) a),
       (SELECT COUNT(*) FROM (SELECT id FROM fulfillment WHERE merchant = $1 AND state = 'processing' LIMIT $2) b),
       (SELECT COUNT(*) FROM (SELECT id FROM cancel_request WHERE merchant = $1 AND state = 'pending' LIMIT $2) c),
       (SELECT COUNT(*) FROM (SELECT id FROM invoice WHERE merchant = $1 AND paid_minor < total_minor AND canceled_ms IS NULL LIMIT $2) d),
       (SELECT COUNT(*) FROM (SELECT id FROM account WHERE merchant = $1 AND kind IN ('account_balance', 'prepaid') AND balance_minor <> 0 LIMIT $2) e)"
);

/// Whether nothing is open any more.
///
/// # Errors
/// What is, in this order: `orders_open`, `fulfillments_open`, `cancel_requests_open`, `invoices_open`, `balances_open`.
async fn nothing_open(reader: &mut Reader<'_>, merchant: i64) -> Result<(), No> {
    let counts: (i64, i64, i64, i64, i64) = reader.query_one(OPEN, params![merchant, COUNTED + 1]).await?;
    let open = [
        (counts.0, "orders_open", "orders are not complete; complete or cancel them first."),
        (counts.1, "fulfillments_open", "fulfillments of external shops are still being delivered."),
        (counts.2, "cancel_requests_open", "requests to take fulfillments back wait for your decision."),
        (counts.3, "invoices_open", "invoices are not paid; have them paid or cancel them first."),
        (counts.4, "balances_open", "balances are held for resellers; they have to be used up or paid back first."),
    ];
    match open.into_iter().find(|(count, _, _)| *count > 0) {
        None => Ok(()),
        Some((count, code, what)) => {
            let count = if count > COUNTED { format!("{COUNTED}+") } else { count.to_string() };
            Err(Refusal::conflict(code, format!("{count} {what}")).into())
        }
    }
}

/// The live merchant and its twin, each with its trading partnerships locked, then its own row.
async fn houses(tx: &mut Tx<'_>, merchant: i64) -> Result<Option<[MerchantView; 2]>, Fault> {
    let Some(live) = merchants::queries::merchant(tx, merchant).await? else { return Ok(None) };
    let twin = merchants::queries::merchant(tx, live.twin).await?.ok_or_else(|| Fault::invariant("a merchant without its twin"))?;
    Ok(Some([live, twin]))
}

#[async_trait::async_trait]
impl Command for CloseMerchant {
    const NAME: &'static str = "merchants.close";
    const REFUSALS: &'static [&'static str] = &[
        "forbidden",
        "not_found",
        "merchant_closed",
        "invalid_field",
        "orders_open",
        "fulfillments_open",
        "cancel_requests_open",
        "invoices_open",
        "balances_open",
    ];
    type Outcome = MerchantClosed;

    fn need(&self) -> Need {
        Need::Right(Right::MerchantOwn)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<MerchantClosed, No> {
        let owns = matches!(ctx.caller(), Caller::MerchantPerson { merchant, role: MerchantRole::Owner, .. } if *merchant == self.merchant);
        if !owns {
            return Err(Refusal::forbidden("forbidden", "Only an owner closes the account.").into());
        }
        // Whatever orders, sells or pays locks its partnership first: with all of them locked nothing can be opened meanwhile.
        partners::lock_all(tx, self.merchant).await?;
        let houses = houses(tx, self.merchant).await?.ok_or_else(Refusal::not_found)?;
        let [live, _] = &houses;
        if live.test {
            return Err(Refusal::forbidden("forbidden", "The sandbox is closed along with the live merchant.").into());
        }
        if live.closed.is_some() {
            return Err(Refusal::conflict("merchant_closed", "The account is closed already.").into());
        }
        if self.confirm.trim() != live.name {
            return Err(Refusal::invalid("invalid_field", format!("Type the name exactly: {}", live.name)).at("/confirm").into());
        }
        nothing_open(tx, self.merchant).await?;
        // From here on it must succeed.
        let mut closed = 0;
        for house in &houses {
            let partnerships = partners::store::close_trading(tx, house.number).await?;
            merchants::store::write_closed(tx, house.number, Some(ctx.now)).await?;
            for (id, status, reseller) in &partnerships {
                let entry = AuditEntry::new(house.number, "partnership.closed", *id).of(*id);
                ctx.audit(entry.before(json!({"status": status})).after(json!({"status": "closed"})));
                ctx.announce(Event::new(house.number, "partnership.closed", *id, json!({"reseller": reseller, "status": "closed"})).of(*id));
            }
            ctx.audit(AuditEntry::new(house.number, "merchant.closed", house.id).after(json!({"partnerships": partnerships.len()})));
            closed += partnerships.len();
        }
        ctx.announce(Event::new(self.merchant, "merchant.closed", live.id, json!({"merchant": live.id})));
        Ok(MerchantClosed { merchant: live.id, partnerships: closed })
    }
}

#[async_trait::async_trait]
impl Command for ReopenMerchant {
    const NAME: &'static str = "merchants.reopen";
    const REFUSALS: &'static [&'static str] = &["not_found", "merchant_not_closed"];
    type Outcome = MerchantClosed;

    fn need(&self) -> Need {
        Need::House
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<MerchantClosed, No> {
        partners::lock_all(tx, self.merchant).await?;
        let houses = houses(tx, self.merchant).await?.ok_or_else(Refusal::not_found)?;
        let [live, _] = &houses;
        if live.closed.is_none() {
            return Err(Refusal::conflict("merchant_not_closed", "The account is not closed.").into());
        }
        // From here on it must succeed.
        let mut opened = 0;
        for house in &houses {
            let partnerships = partners::store::reopen_trading(tx, house.number).await?;
            merchants::store::write_closed(tx, house.number, None).await?;
            for (id, status, reseller) in &partnerships {
                let entry = AuditEntry::new(house.number, "partnership.reactivated", *id).of(*id);
                ctx.audit(entry.before(json!({"status": "closed"})).after(json!({"status": status})));
                ctx.announce(Event::new(house.number, "partnership.reactivated", *id, json!({"reseller": reseller, "status": status})).of(*id));
            }
            ctx.audit(AuditEntry::new(house.number, "merchant.reopened", house.id).after(json!({"partnerships": partnerships.len()})));
            opened += partnerships.len();
        }
        ctx.announce(Event::new(self.merchant, "merchant.reopened", live.id, json!({"merchant": live.id})));
        Ok(MerchantClosed { merchant: live.id, partnerships: opened })
    }
}
