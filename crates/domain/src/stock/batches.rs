//! Batches: where keys came from, and what is done with all of them at once (STK-6).
//!
//! A batch is an import whose keys came in. What is done with it touches only keys that are not sold; it may be ten million of them, so the
//! commands here note what is to be done, and [`work`] does it slice by slice.

mod work;

pub use work::{WorkOnBatch, Worked, work_on};

use super::expiry::{over_already, zone_of};
use super::import::not_key_pool;
use super::queries::{self, BatchView, ImportState, Work, WorkKind};
use super::store;
use crate::access::{Caller, MerchantScope, Need, Right};
use crate::audit::AuditEntry;
use crate::catalog::{self, Method};
use crate::command::{Command, Ctx, No};
use crate::ids::{KeyImportId, nobody};
use crate::merchants::update::stale;
use serde_json::json;
use tradepost_kernel::{Date, Money, Refusal, text};
use tradepost_store::Tx;

/// The batch, locked.
async fn locked(tx: &mut Tx<'_>, scope: MerchantScope, batch: KeyImportId) -> Result<BatchView, No> {
    let batch = queries::lock_batch(tx, scope, batch).await?.ok_or_else(Refusal::not_found)?;
    if batch.state == "done" { Ok(batch) } else { Err(not_in_stock(&batch).into()) }
}

fn not_in_stock(batch: &BatchView) -> Refusal {
    let state = ImportState::from_name(&batch.state).map_or("", ImportState::name);
    Refusal::conflict("batch_not_in_stock", "The keys of this import did not come into stock, or not yet.").in_state(state)
}

fn idle(batch: &BatchView) -> Result<(), Refusal> {
    let busy = || Refusal::conflict("batch_busy", "Something else is being done with the keys of this batch. Try again when it is done.");
    if batch.at_work().is_some() { Err(busy()) } else { Ok(()) }
}

fn begun(ctx: &Ctx, kind: WorkKind) -> Work {
    Work { kind, product: None, product_id: None, expires: None, after: nobody(), changed: 0, left: 0, begun: ctx.now, ended: None }
}

/// Changes what is known of a batch. Another last day counts for all of its keys that are not sold, also for those whose lines said
/// another one.
#[derive(Clone, Debug)]
pub struct UpdateBatch {
    /// Whose.
    pub scope: MerchantScope,
    /// Which.
    pub batch: KeyImportId,
    /// The version that the change was made from, where it matters to the caller.
    pub version: Option<i64>,
    /// A note for people; `Some(None)` empties.
    pub note: Option<Option<String>>,
    /// What all of it cost; `Some(None)` empties.
    pub cost: Option<Option<Money>>,
    /// The last day, in the merchant's time zone, on which its keys are sold; `Some(None)`: they do not expire.
    pub expires_on: Option<Option<Date>>,
}

impl UpdateBatch {
    async fn applied_to(&self, ctx: &Ctx, tx: &mut Tx<'_>, batch: &BatchView) -> Result<BatchView, No> {
        let mut after = batch.clone();
        if let Some(note) = &self.note {
            let note = note.as_ref().map(|note| text::line(note, 500)).transpose();
            after.note = note.map_err(|why| Refusal::invalid("invalid_field", why.detail()).at("/note"))?;
        }
        if let Some(cost) = self.cost {
            after.cost = cost;
        }
        if let Some(expires_on) = self.expires_on {
            let zone = zone_of(tx, self.scope).await?;
            after.expires = expires_on.map(|day| day.ends_in(&zone));
            if after.expires != batch.expires && after.expires.is_some_and(|expires| expires <= ctx.now) {
                return Err(over_already().into());
            }
        }
        Ok(after)
    }
}

fn audit_json(batch: &BatchView) -> serde_json::Value {
    json!({ "note": batch.note, "cost": batch.cost, "expires_at": batch.expires })
}

#[async_trait::async_trait]
impl Command for UpdateBatch {
    const NAME: &'static str = "stock.update_batch";
    const REFUSALS: &'static [&'static str] = &["not_found", "batch_not_in_stock", "stale_version", "invalid_field", "batch_busy"];
    type Outcome = ();

    fn need(&self) -> Need {
        Need::Right(Right::StockManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<(), No> {
        let merchant = self.scope.merchant;
        let before = locked(tx, self.scope, self.batch).await?;
        if self.version.is_some_and(|version| version != before.version) {
            return Err(stale().into());
        }
        let after = self.applied_to(ctx, tx, &before).await?;
        // Asked for again, it counts again: lines may have said another day.
        let another_day = self.expires_on.is_some();
        if another_day {
            idle(&before)?;
        }

        // From here it must succeed.
        if after != before {
            store::update_batch(tx, merchant, &after).await?;
            ctx.audit(AuditEntry::new(merchant, "key_import.updated", self.batch).before(audit_json(&before)).after(audit_json(&after)));
        }
        if another_day {
            store::begin_work(tx, merchant, self.batch, &Work { expires: after.expires, ..begun(ctx, WorkKind::Expiry) }).await?;
        }
        Ok(())
    }
}

/// Revokes the keys of a batch that are not sold; the others are left alone.
#[derive(Clone, Copy, Debug)]
pub struct RevokeBatch {
    /// Whose.
    pub scope: MerchantScope,
    /// Which.
    pub batch: KeyImportId,
}

#[async_trait::async_trait]
impl Command for RevokeBatch {
    const NAME: &'static str = "stock.revoke_batch";
    const REFUSALS: &'static [&'static str] = &["not_found", "batch_not_in_stock", "batch_busy"];
    type Outcome = ();

    fn need(&self) -> Need {
        Need::Right(Right::StockManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<(), No> {
        idle(&locked(tx, self.scope, self.batch).await?)?;

        // From here it must succeed.
        store::begin_work(tx, self.scope.merchant, self.batch, &begun(ctx, WorkKind::Revoke)).await?;
        ctx.audit(AuditEntry::new(self.scope.merchant, "key_import.revoke_asked", self.batch));
        Ok(())
    }
}

/// Moves the keys of a batch that are not sold to another product; the others are left alone, and so is a code that the product has.
#[derive(Clone, Debug)]
pub struct MoveBatch {
    /// Whose.
    pub scope: MerchantScope,
    /// Which.
    pub batch: KeyImportId,
    /// The product, by id or SKU.
    pub product: String,
}

#[async_trait::async_trait]
impl Command for MoveBatch {
    const NAME: &'static str = "stock.move_batch";
    const REFUSALS: &'static [&'static str] = &["not_found", "batch_not_in_stock", "batch_busy", "product_not_found", "not_key_pool"];
    type Outcome = ();

    fn need(&self) -> Need {
        Need::Right(Right::StockManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<(), No> {
        let merchant = self.scope.merchant;
        idle(&locked(tx, self.scope, self.batch).await?)?;
        let found = catalog::queries::find_product(tx, self.scope, &self.product).await?;
        let product = found.ok_or_else(|| Refusal::invalid("product_not_found", "There is no such product.").at("/product"))?;
        if product.fields.method != Method::KeyPool {
            return Err(not_key_pool().at("/product").into());
        }
        let shelf = queries::lock_shelf(tx, merchant, product.number).await?;

        // From here it must succeed.
        if shelf.is_none() {
            store::insert_shelf(tx, merchant, product.number).await?;
        }
        store::begin_work(tx, merchant, self.batch, &Work { product: Some(product.number), ..begun(ctx, WorkKind::Move) }).await?;
        ctx.audit(AuditEntry::new(merchant, "key_import.move_asked", self.batch).after(json!({ "product": product.id })));
        Ok(())
    }
}

/// Notes who looks at all codes of a batch. They are read and opened after it, page by page, with
/// [`queries::codes_of_batch`] and [`open_code`](super::open_code). As with a single key, the merchant's own look burns none.
#[derive(Clone, Copy, Debug)]
pub struct ExportBatch {
    /// Whose.
    pub scope: MerchantScope,
    /// Which.
    pub batch: KeyImportId,
    /// Only keys in this state.
    pub state: Option<super::KeyState>,
}

#[async_trait::async_trait]
impl Command for ExportBatch {
    const NAME: &'static str = "stock.export_batch";
    const REFUSALS: &'static [&'static str] = &["not_found", "batch_not_in_stock"];
    type Outcome = ();
    const KEPT: bool = false;

    fn need(&self) -> Need {
        Need::Right(Right::LicensesReveal)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<(), No> {
        let batch = queries::batch(tx, self.scope, self.batch).await?.ok_or_else(Refusal::not_found)?;
        if batch.state != "done" {
            return Err(not_in_stock(&batch).into());
        }
        let facts = json!({ "keys": batch.keys, "state": self.state.map(super::KeyState::name) });
        ctx.audit(AuditEntry::new(self.scope.merchant, "key_import.exported", self.batch).after(facts));
        Ok(())
    }
}
