//! The call of an external shop (EXT-2): checked in the order of its refusals, then debited, claimed and recorded in one
//! transaction. Calls that wait together are loaded, decided and written as one set.

use super::decide::{self, Sold};
use super::load::Loaded;
use super::queries::{DeliveredLicense, FulfillmentRow};
use super::{Door, refill, store};
use crate::access::{Caller, Need, PartnershipScope, Right};
use crate::audit::AuditEntry;
use crate::command::{self, Command, Ctx, No, SetOutcomes};
use crate::ids::FulfillmentId;
use crate::ledger::{self, AccountKind, NewTransfer, Posting};
use crate::licenses::store::NewLicense;
use crate::licenses::{self, LicenseOrigin, Stage, Status};
use crate::outbox::Event;
use crate::partners::{self, purchases};
use crate::sales::{self, Sales, SalesDay};
use crate::stock::{self, Taken};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use tradepost_kernel::text::Email;
use tradepost_store::{Fault, Tx};

/// The most units of one call whose codes stand in its answer (EXT-10).
pub const MOST_AT_ONCE: i64 = 1_000;
/// The most units of one call.
pub const MOST: i64 = 100_000;

/// Whether so many units are delivered slice by slice, after the answer (EXT-10).
#[must_use]
pub const fn is_large(quantity: i64) -> bool {
    quantity > MOST_AT_ONCE
}

/// Delivers `quantity` codes of a product to a customer of an external shop, paid from the prepaid balance.
#[derive(Clone, Debug)]
pub struct Fulfill {
    /// The shop's own order id, unique per partnership.
    pub external_order_id: String,
    /// The product's id or SKU.
    pub product: String,
    /// The id or SKU of one of its variants.
    pub variant: Option<String>,
    /// How many codes, from 1 to [`MOST`]; more than [`MOST_AT_ONCE`] are delivered later.
    pub quantity: i64,
    /// Whom they are for.
    pub customer_email: Email,
    /// Their name, where the shop knows it.
    pub customer_name: Option<String>,
    /// Whatever the shop wants to keep with it: a JSON object as text.
    pub metadata: Option<String>,
    /// By which door the call came.
    pub door: Door,
}

/// What a call brought about: its id is kept; codes never are, a repeated call reads them again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FulfillOutcome {
    /// The fulfillment.
    pub fulfillment: FulfillmentId,
    /// Whether an earlier call with this external order id had done it.
    #[serde(skip)]
    pub found: bool,
    /// What was just written, so that the first answer needs no reading.
    #[serde(skip)]
    pub fresh: Option<Box<(FulfillmentRow, Vec<DeliveredLicense>)>>,
}

#[async_trait::async_trait]
impl Command for Fulfill {
    const NAME: &'static str = "fulfillments.fulfill";
    const REFUSALS: &'static [&'static str] = &[
        "not_found",
        "unauthenticated",
        "partnership_not_active",
        "channel_required",
        "setup_incomplete",
        "external_order_conflict",
        "product_not_available",
        "price_missing",
        "invalid_amount",
        "invalid_quantity",
        "quantity_out_of_range",
        "purchase_limit_exceeded",
        "out_of_stock",
        "insufficient_balance",
    ];
    type Outcome = FulfillOutcome;

    fn found(outcome: &FulfillOutcome) -> bool {
        outcome.found
    }

    fn same_as(&self) -> Option<&str> {
        Some(&self.external_order_id)
    }

    fn need(&self) -> Need {
        Need::Right(Right::FulfillmentsCreate)
    }

    fn lane(&self, caller: &Caller) -> Option<u64> {
        caller.partnership().ok().map(PartnershipScope::lane)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<FulfillOutcome, No> {
        command::alone(self, ctx, tx).await
    }

    async fn run_set(set: &[&Self], ctxs: &mut [Ctx], tx: &mut Tx<'_>) -> Result<SetOutcomes<Self>, Fault> {
        let Some(loaded) = Loaded::load(set, ctxs, &mut *tx).await? else {
            // Too much to be held in memory at once. What they need is locked for all.
            let mut outcomes = Vec::with_capacity(set.len());
            for (command, ctx) in set.iter().zip(ctxs) {
                let (command, ctx) = (std::slice::from_ref(command), std::slice::from_mut(ctx));
                let loaded = Loaded::load(command, ctx, &mut *tx).await?.ok_or_else(|| Fault::invariant("one call is too much for a set"))?;
                outcomes.extend(sell(command, loaded, ctx, &mut *tx).await?);
            }
            return Ok(outcomes);
        };
        sell(set, loaded, ctxs, tx).await
    }
}

/// Decides all and writes what was decided.
async fn sell(set: &[&Fulfill], mut loaded: Loaded, ctxs: &mut [Ctx], tx: &mut Tx<'_>) -> Result<SetOutcomes<Fulfill>, Fault> {
    let decided = decide::all(set, ctxs, &mut loaded);
    // From here it must succeed.
    let sold: Vec<(usize, &Sold)> = decided.iter().enumerate().filter_map(|(at, decided)| decided.as_ref().ok()?.sold().map(|sold| (at, sold))).collect();
    write(&sold, &loaded, ctxs, tx).await?;
    Ok(decided.into_iter().map(|decided| decided.map(decide::Decided::into_outcome)).collect())
}

/// Writes what was decided: one statement for each table, whatever the number of calls.
async fn write(sold: &[(usize, &Sold)], loaded: &Loaded, ctxs: &mut [Ctx], tx: &mut Tx<'_>) -> Result<(), Fault> {
    let mut merchants: BTreeMap<i64, Vec<(usize, &Sold)>> = BTreeMap::new();
    for (at, sold) in sold {
        merchants.entry(sold.scope.merchant).or_default().push((*at, sold));
    }
    for (merchant, sold) in &merchants {
        let Some(ctx) = sold.first().and_then(|(at, _)| ctxs.get_mut(*at)) else { continue };
        store::insert(tx, *merchant, sold.iter().map(|(_, sold)| &sold.row)).await?;
        write_licenses(ctx, tx, *merchant, sold).await?;
        ledger::post(ctx, tx, *merchant, &sold.iter().map(|(_, sold)| debit(sold)).collect::<Vec<_>>()).await?;
    }
    count_purchases(sold, tx).await?;
    note(sold, loaded, ctxs, tx).await?;
    // Last: it may take a number, for which everybody waits.
    refill::after_debits(sold, loaded, ctxs, tx).await
}

async fn write_licenses(ctx: &mut Ctx, tx: &mut Tx<'_>, merchant: i64, sold: &[(usize, &Sold)]) -> Result<(), Fault> {
    let units = || sold.iter().flat_map(|(_, sold)| sold.licenses.iter().map(move |license| (*sold, license)));
    let taken: Vec<Taken> = units().map(|(sold, license)| Taken { key: license.key, product: sold.row.product, license: license.license }).collect();
    stock::deliver_all(ctx, tx, merchant, &taken).await?;
    let mut promised: BTreeMap<i64, i64> = BTreeMap::new();
    for (_, sold) in sold.iter().filter(|(_, sold)| sold.row.promised() > 0) {
        *promised.entry(sold.row.product).or_default() += sold.row.promised();
    }
    for (product, count) in promised {
        stock::promise(ctx, tx, merchant, product, count).await?;
    }
    let made = units().map(|(sold, license)| NewLicense {
        id: license.license,
        origin: LicenseOrigin::Fulfillment(sold.row.id),
        partnership: sold.scope.partnership,
        product: sold.row.product,
        method: sold.product.method,
        end_user_information: sold.product.end_user_information,
        // The reseller's own shop sells on: there is no further company.
        needs_reseller_information: false,
        key: Some(license.key),
        stage: Stage::Distributed,
        status: Status::Fulfilled,
    });
    licenses::store::insert(ctx, tx, merchant, &made.collect::<Vec<_>>()).await
}

/// Prepaid → sales. A free product moves nothing.
fn debit(sold: &Sold) -> NewTransfer {
    let total = sold.row.total_minor;
    NewTransfer {
        kind: "fulfillment",
        reference: sold.row.id.bytes(),
        partnership: sold.scope.partnership,
        currency: sold.row.currency,
        postings: vec![Posting { kind: AccountKind::Prepaid, amount_minor: total }, Posting { kind: AccountKind::Sales, amount_minor: -total }],
        reverses: None,
    }
}

async fn count_purchases(sold: &[(usize, &Sold)], tx: &mut Tx<'_>) -> Result<(), Fault> {
    let mut bought: BTreeMap<_, i64> = BTreeMap::new();
    let mut days: BTreeMap<SalesDay, Sales> = BTreeMap::new();
    for (_, sold) in sold {
        *bought.entry((sold.scope.merchant, sold.scope.partnership, sold.row.day.to_string())).or_default() += sold.row.quantity;
        let sales = Sales { orders: 1, units: sold.row.quantity, amount_minor: sold.row.total_minor };
        days.entry(SalesDay::new(sold.scope, sold.row.day, sold.row.currency)).or_default().add(sales)?;
    }
    purchases::count(&mut *tx, &bought).await?;
    sales::store::count(tx, &days).await
}

/// One audit row and one event for each; the first one of an approved partnership makes it active (PAR-5).
async fn note(sold: &[(usize, &Sold)], loaded: &Loaded, ctxs: &mut [Ctx], tx: &mut Tx<'_>) -> Result<(), Fault> {
    let mut seen = BTreeSet::new();
    for (at, sold) in sold {
        let Some(ctx) = ctxs.get_mut(*at) else { continue };
        let (merchant, partnership) = (sold.scope.merchant, sold.scope.partnership);
        if seen.insert((merchant, partnership))
            && let Some(locked) = loaded.partnerships.get(&sold.scope)
        {
            partners::note_first_order(ctx, &mut *tx, locked).await?;
        }
        if sold.row.promised() > 0 {
            ctx.audit(AuditEntry::new(merchant, "fulfillment.accepted", sold.row.id).of(partnership));
            ctx.announce(Event::new(merchant, "fulfillment.accepted", sold.row.id, told(&sold.row)).of(partnership));
        } else {
            ctx.audit(AuditEntry::new(merchant, "fulfillment.delivered", sold.row.id).of(partnership));
            ctx.announce(delivered(merchant, &sold.row));
        }
    }
    Ok(())
}

/// The event that its codes are handed over.
pub(super) fn delivered(merchant: i64, row: &FulfillmentRow) -> Event {
    Event::new(merchant, "fulfillment.delivered", row.id, told(row)).of(row.partnership)
}

fn told(row: &FulfillmentRow) -> serde_json::Value {
    let money = |minor| row.currency.minor(minor);
    json!({
        "external_order_id": row.external_order_id, "product": row.product_id, "quantity": row.quantity,
        "total": money(row.total_minor), "balance_after": money(row.balance_after_minor), "mailed": row.mailed,
    })
}
