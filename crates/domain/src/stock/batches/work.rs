//! Doing what a batch is to have done, a slice of its keys at a time (STK-6).
//!
//! A slice walks over the next keys of the batch in the order of their ids, under the locks of their products' counters: keys that lie in
//! stock and are promised to nobody are changed, the others are counted as left alone. Rows, counters, crossings and the place where the
//! work stands change in one transaction, so that a slice that is done twice, by two servers or after a crash, is done once.

use crate::access::{Caller, MerchantScope, Need};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, Engine, No, Origin};
use crate::ids::{KeyImportId, LicenseKeyId};
use crate::outbox::Event;
use crate::stock::queries::{self, BatchKey, Work, WorkKind, WorkShelf};
use crate::stock::store::{self, CounterChange, MovedKey};
use crate::stock::{KeyState, open_code, unique_within};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tradepost_kernel::Refusal;
use tradepost_store::{Fault, Tx};

/// Keys that a slice looks at.
const SLICE: i64 = 500;

/// How a slice went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Worked {
    /// It was done: there may be more.
    Slice,
    /// Nothing can be done now: the work is over or elsewhere, or an import holds the product that keys go to.
    Waits,
}

/// Does the next slice of the work on a batch. Codes that go to another product are opened here, outside of the writer: there they are
/// found by another fingerprint.
///
/// # Errors
/// The store's.
pub async fn work_on(engine: &Engine, scope: MerchantScope, batch: KeyImportId) -> Result<Worked, No> {
    let merchant = scope.merchant;
    let found = engine.store.read(move |reader| Box::pin(async move { queries::batch(reader, scope, batch).await })).await?;
    let Some(work) = found.as_ref().and_then(|batch| batch.at_work()).cloned() else { return Ok(Worked::Waits) };
    let mut fingerprints = Vec::new();
    if let (WorkKind::Move, Some(to)) = (work.kind, work.product) {
        let from = (work.after, SLICE);
        let keys = engine.store.read(move |reader| Box::pin(async move { queries::keys_to_move(reader, merchant, batch, from, to).await })).await?;
        for (key, sealed) in keys {
            let code = open_code(&engine.vault, merchant, key, &sealed)?;
            fingerprints.push((key, engine.vault.fingerprint(&unique_within(merchant, to), code.expose().as_bytes())));
        }
    }
    Ok(engine.execute(Origin::system(), WorkOnBatch { scope, batch, after: work.after, fingerprints }).await?.outcome)
}

/// One slice of the work on a batch.
#[derive(Clone, Debug)]
pub struct WorkOnBatch {
    /// Whose.
    pub scope: MerchantScope,
    /// Which.
    pub batch: KeyImportId,
    /// Where the work stood when the slice was prepared: one that was done meanwhile is not done again.
    pub after: LicenseKeyId,
    /// What codes are found by at the product that they go to; none where none moves.
    pub fingerprints: Vec<(LicenseKeyId, [u8; 16])>,
}

#[async_trait::async_trait]
impl Command for WorkOnBatch {
    const NAME: &'static str = "stock.work_on_batch";
    const REFUSALS: &'static [&'static str] = &["not_found"];
    type Outcome = Worked;

    fn need(&self) -> Need {
        Need::House
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<Worked, No> {
        let merchant = self.scope.merchant;
        let batch = queries::lock_batch(tx, self.scope, self.batch).await?.ok_or_else(Refusal::not_found)?;
        let Some(work) = batch.at_work().filter(|work| work.after == self.after) else { return Ok(Worked::Waits) };
        let products = self.products(tx, work).await?;
        let shelves = queries::work_shelves(tx, merchant, &products).await?;
        if work.product.is_some_and(|to| shelves.get(&to).is_none_or(|shelf| shelf.staging)) {
            return Ok(Worked::Waits);
        }
        // Read again: the locks may have been waited for. Under them no key of these products comes into stock or leaves it.
        let keys = queries::keys_of_batch(tx, merchant, self.batch, self.after, SLICE).await?;
        let chosen = chosen(&keys, work, &shelves);
        let moved = self.moved(tx, work, &chosen).await?;

        // From here it must succeed.
        let changed = match (work.kind, work.product) {
            (WorkKind::Move, Some(to)) => move_all(ctx, tx, merchant, to, &moved, &shelves).await?,
            (WorkKind::Move, None) => return Err(Fault::invariant("keys are moved to no product").into()),
            (WorkKind::Revoke, _) => revoke_all(ctx, tx, merchant, &chosen).await?,
            (WorkKind::Expiry, _) => expire_all(tx, merchant, work, &chosen).await?,
        };
        let seen = i64::try_from(keys.len()).unwrap_or(0);
        let mut now = work.clone();
        now.after = keys.last().map_or(self.after, |key| key.id);
        now.changed += changed;
        now.left += seen - changed;
        now.ended = (seen < SLICE).then_some(ctx.now);
        store::note_work(tx, merchant, self.batch, self.after, &now).await?;
        if now.ended.is_some() {
            self.tell(ctx, &now, &shelves);
        }
        Ok(Worked::Slice)
    }
}

impl WorkOnBatch {
    /// The products whose counters change: those of keys in stock, and the one that they go to.
    async fn products(&self, tx: &mut Tx<'_>, work: &Work) -> Result<BTreeSet<i64>, Fault> {
        let keys = queries::keys_of_batch(tx, self.scope.merchant, self.batch, self.after, SLICE).await?;
        let in_stock = keys.iter().filter(|key| key.state == KeyState::Available).map(|key| key.product);
        Ok(in_stock.chain(work.product).collect())
    }

    /// The keys that go to another product: those that it does not have already.
    async fn moved(&self, tx: &mut Tx<'_>, work: &Work, chosen: &[(LicenseKeyId, i64)]) -> Result<Vec<MovedKey>, Fault> {
        let (WorkKind::Move, Some(to)) = (work.kind, work.product) else { return Ok(Vec::new()) };
        let there: HashMap<LicenseKeyId, [u8; 16]> = self.fingerprints.iter().copied().collect();
        let found = |(id, from): &(LicenseKeyId, i64)| there.get(id).map(|fingerprint| MovedKey { id: *id, from: *from, fingerprint: *fingerprint });
        let mut moved: Vec<MovedKey> = chosen.iter().filter_map(found).collect();
        let fingerprints: Vec<[u8; 16]> = moved.iter().map(|key| key.fingerprint).collect();
        let known = queries::known_codes(tx, self.scope.merchant, to, &fingerprints).await?;
        // Two products of one file may have the same code: the first comes in.
        let mut seen = BTreeSet::new();
        moved.retain(|key| !known.contains_key(&key.fingerprint) && seen.insert(key.fingerprint));
        Ok(moved)
    }

    /// The end of a work: in the trail, and for whoever follows events.
    fn tell(&self, ctx: &mut Ctx, work: &Work, shelves: &BTreeMap<i64, WorkShelf>) {
        let (merchant, import) = (self.scope.merchant, self.batch);
        let (changed, left) = (work.changed, work.left);
        match work.kind {
            WorkKind::Revoke => {
                ctx.audit(AuditEntry::new(merchant, "key_import.revoked", import).after(json!({ "changed": changed, "left": left })));
                ctx.announce(Event::new(merchant, "key_import.revoked", import, json!({ "import": import, "changed": changed, "left": left })));
            }
            WorkKind::Expiry => {
                let after = json!({ "expires_at": work.expires, "changed": changed, "left": left });
                ctx.audit(AuditEntry::new(merchant, "key_import.expiry_set", import).after(after));
            }
            WorkKind::Move => {
                let Some(product) = work.product.and_then(|to| shelves.get(&to)).map(|shelf| shelf.id) else { return };
                ctx.audit(AuditEntry::new(merchant, "key_import.moved", import).after(json!({ "product": product, "changed": changed, "left": left })));
                let body = json!({ "import": import, "product": product, "changed": changed, "left": left });
                ctx.announce(Event::new(merchant, "key_import.moved", import, body));
                if changed > 0 {
                    // Orders that wait for the product get its keys.
                    let body = json!({ "product": product, "count": changed, "import": import });
                    ctx.announce(Event::new(merchant, "stock.arrived", product, body));
                }
            }
        }
    }
}

/// The keys of a slice that lie in stock, with their products; of each product at most as many as are promised to nobody.
fn chosen(keys: &[BatchKey], work: &Work, shelves: &BTreeMap<i64, WorkShelf>) -> Vec<(LicenseKeyId, i64)> {
    let mut left: BTreeMap<i64, i64> = shelves.iter().map(|(product, shelf)| (*product, shelf.available)).collect();
    let takes = |key: &&BatchKey| match left.get_mut(&key.product) {
        Some(left) if key.state == KeyState::Available && work.product != Some(key.product) => {
            *left -= 1;
            // A key that keeps its place may be promised: it only gets another last day.
            *left >= 0 || work.kind == WorkKind::Expiry
        }
        _ => false,
    };
    keys.iter().filter(takes).map(|key| (key.id, key.product)).collect()
}

fn by_product(products: impl Iterator<Item = i64>) -> BTreeMap<i64, i64> {
    products.fold(BTreeMap::new(), |mut counts, product| {
        *counts.entry(product).or_insert(0) += 1;
        counts
    })
}

fn count(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}

async fn revoke_all(ctx: &mut Ctx, tx: &mut Tx<'_>, merchant: i64, keys: &[(LicenseKeyId, i64)]) -> Result<i64, Fault> {
    store::move_rows(tx, merchant, keys, KeyState::Available, KeyState::Revoked).await?;
    for (product, count) in by_product(keys.iter().map(|(_, product)| *product)) {
        let change = CounterChange::default().less(KeyState::Available, count).plus(KeyState::Revoked, count);
        store::change_counters(ctx, tx, merchant, product, change).await?;
    }
    Ok(count(keys.len()))
}

async fn move_all(ctx: &mut Ctx, tx: &mut Tx<'_>, merchant: i64, to: i64, keys: &[MovedKey], shelves: &BTreeMap<i64, WorkShelf>) -> Result<i64, Fault> {
    let Some(shelf) = shelves.get(&to).filter(|_| !keys.is_empty()) else { return Ok(0) };
    store::move_to(tx, merchant, to, shelf.next_place, keys).await?;
    for (product, count) in by_product(keys.iter().map(|key| key.from)) {
        store::change_counters(ctx, tx, merchant, product, CounterChange::default().less(KeyState::Available, count)).await?;
    }
    store::arrive(ctx, tx, merchant, to, count(keys.len())).await?;
    Ok(count(keys.len()))
}

async fn expire_all(tx: &mut Tx<'_>, merchant: i64, work: &Work, keys: &[(LicenseKeyId, i64)]) -> Result<i64, Fault> {
    store::set_expiry(tx, merchant, keys, work.expires).await?;
    if let Some(expires) = work.expires {
        for product in keys.iter().map(|(_, product)| *product).collect::<BTreeSet<_>>() {
            store::expires_at_least_from(tx, merchant, product, expires).await?;
        }
    }
    Ok(count(keys.len()))
}
