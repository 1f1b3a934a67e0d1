//! The commands that an import is made of: begin, stage slice by slice, take in at once; or abandon and clear.

use crate::access::{Caller, MerchantScope, Need, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::{KeyImportId, LicenseKeyId};
use crate::outbox::Event;
use crate::stock::{queries, store};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, HashMap, HashSet};
use tradepost_kernel::{Refusal, Timestamp, sabotage, text};
use tradepost_store::{Fault, Tx};

/// Begins an import: the row that its keys refer to.
#[derive(Clone, Debug)]
pub struct BeginKeyImport {
    /// Whose stock.
    pub scope: MerchantScope,
    /// Where the codes come from: a file's name, `paste`, `api`.
    pub source: String,
    /// A note for people.
    pub note: Option<String>,
}

#[async_trait::async_trait]
impl Command for BeginKeyImport {
    const NAME: &'static str = "stock.begin_import";
    const REFUSALS: &'static [&'static str] = &["invalid_field"];
    type Outcome = KeyImportId;

    fn need(&self) -> Need {
        Need::Right(Right::StockManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<KeyImportId, No> {
        let source = text::line(&self.source, 200).map_err(|why| Refusal::invalid("invalid_field", why.detail()).at("/source"))?;
        let note = self.note.as_ref().map(|note| text::line(note, 500)).transpose();
        let note = note.map_err(|why| Refusal::invalid("invalid_field", why.detail()).at("/note"))?;

        // From here it must succeed.
        let id: KeyImportId = ctx.id();
        store::insert_import(tx, self.scope.merchant, id, &source, note.as_deref(), ctx.now).await?;
        Ok(id)
    }
}

/// A key that is sealed and ready to be staged.
#[derive(Clone, Debug)]
pub struct StagedKey {
    /// Its line in the file.
    pub line: i64,
    /// Its product's number.
    pub product: i64,
    /// Its id, which its code was sealed for.
    pub id: LicenseKeyId,
    /// The sealed code.
    pub sealed: Vec<u8>,
    /// What the code is found by.
    pub fingerprint: [u8; 16],
    /// What lists show.
    pub masked: String,
}

/// Stages one slice: its keys lie at or beyond their products' horizons and are no stock yet. One import at a
/// time stages for a product.
#[derive(Debug)]
pub struct StageKeys {
    /// Whose stock.
    pub scope: MerchantScope,
    /// Which import.
    pub import: KeyImportId,
    /// Some hundreds or thousands.
    pub keys: Vec<StagedKey>,
}

/// What became of a slice: lines that were not staged because their code is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staging {
    /// It stands before in the same file.
    pub in_file: Vec<i64>,
    /// The product has it already.
    pub in_stock: Vec<i64>,
}

#[async_trait::async_trait]
impl Command for StageKeys {
    const NAME: &'static str = "stock.stage_keys";
    const REFUSALS: &'static [&'static str] = &["not_found", "import_abandoned", "import_in_progress"];
    type Outcome = Staging;

    fn need(&self) -> Need {
        Need::Right(Right::StockManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<Staging, No> {
        let merchant = self.scope.merchant;
        still_staging(tx, self.scope, self.import).await?;
        let mut by_product: BTreeMap<i64, Vec<&StagedKey>> = BTreeMap::new();
        self.keys.iter().for_each(|key| by_product.entry(key.product).or_default().push(key));

        let mut staging = Staging::default();
        let mut placed: Vec<store::PlacedKey<'_>> = Vec::with_capacity(self.keys.len());
        let mut shelves = Vec::with_capacity(by_product.len());
        let found = shelves_of_slice(tx, merchant, self.import, by_product.keys().copied().collect()).await?;
        for ((&product, keys), shelf) in by_product.iter().zip(found) {
            if shelf.as_ref().and_then(|shelf| shelf.staging).is_some_and(|other| other != self.import) {
                return Err(Refusal::conflict("import_in_progress", "Another import is staging keys of this product. Try again when it is done.").into());
            }
            let fingerprints: Vec<[u8; 16]> = keys.iter().map(|key| key.fingerprint).collect();
            let known = queries::known_codes(tx, merchant, product, &fingerprints).await?;
            let first = shelf.as_ref().map_or(1, |shelf| shelf.next_place);
            let mut next = first;
            for key in new_keys(keys, &known, self.import, &mut staging) {
                placed.push(store::PlacedKey { key, place: next });
                next += 1;
            }
            if next > first {
                shelves.push((product, shelf.is_none(), next));
            }
        }

        // From here it must succeed. The counters come last: sales wait for them, and the keys take their time.
        for (product, ..) in shelves.iter().filter(|(_, missing, _)| *missing) {
            store::insert_shelf(tx, merchant, *product).await?;
        }
        store::insert_keys(tx, merchant, self.import, &placed).await?;
        for (product, _, next) in shelves {
            store::stage_until(tx, merchant, product, self.import, next).await?;
        }
        store::touch_import(tx, merchant, self.import, placed.len(), ctx.now).await?;
        sabotage::fail_point("import.staged");
        Ok(staging)
    }
}

/// Where the places of products stand, which are in order of number. Nobody but this import, whose row is locked, moves those of products
/// that it stages for already; where there is another among them, the counters of all are locked.
async fn shelves_of_slice(tx: &mut Tx<'_>, merchant: i64, import: KeyImportId, products: Vec<i64>) -> Result<Vec<Option<queries::Shelf>>, Fault> {
    let mut shelves = Vec::with_capacity(products.len());
    for product in &products {
        shelves.push(queries::shelf(tx, merchant, *product).await?);
    }
    if shelves.iter().all(|shelf| shelf.is_some_and(|shelf| shelf.staging == Some(import))) {
        return Ok(shelves);
    }
    shelves.clear();
    for product in products {
        shelves.push(queries::lock_shelf(tx, merchant, product).await?);
    }
    Ok(shelves)
}

/// The keys whose codes are new; the lines of the others are noted.
fn new_keys<'a>(keys: &[&'a StagedKey], known: &HashMap<[u8; 16], KeyImportId>, import: KeyImportId, staging: &mut Staging) -> Vec<&'a StagedKey> {
    let mut seen = HashSet::new();
    let mut new = Vec::with_capacity(keys.len());
    for &key in keys {
        match known.get(&key.fingerprint) {
            Some(earlier) if *earlier != import => staging.in_stock.push(key.line),
            Some(_) => staging.in_file.push(key.line),
            None if !seen.insert(key.fingerprint) => staging.in_file.push(key.line),
            None => new.push(key),
        }
    }
    new
}

async fn still_staging(tx: &mut Tx<'_>, scope: MerchantScope, import: KeyImportId) -> Result<(), No> {
    let locked = queries::lock_import(tx, scope, import).await?.ok_or_else(Refusal::not_found)?;
    if locked.state == "staging" {
        return Ok(());
    }
    Err(Refusal::conflict("import_abandoned", "This import is over: it was given up or taken in.").into())
}

/// Takes in what an import staged: the horizon and the counters of each product move at once. Answers how many
/// keys came in.
#[derive(Clone, Debug)]
pub struct TakeInKeys {
    /// Whose stock.
    pub scope: MerchantScope,
    /// Which import.
    pub import: KeyImportId,
    /// Duplicates that were left out, for the record.
    pub duplicates: i64,
    /// Malformed lines that were left out, for the record.
    pub bad: i64,
}

#[async_trait::async_trait]
impl Command for TakeInKeys {
    const NAME: &'static str = "stock.take_in_keys";
    const REFUSALS: &'static [&'static str] = &["not_found", "import_abandoned"];
    type Outcome = i64;

    fn need(&self) -> Need {
        Need::Right(Right::StockManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<i64, No> {
        let merchant = self.scope.merchant;
        still_staging(tx, self.scope, self.import).await?;
        let shelves = queries::shelves_of(tx, merchant, self.import).await?;

        // From here it must succeed.
        let mut taken = 0;
        let mut counts = Vec::with_capacity(shelves.len());
        for shelf in shelves {
            let count = shelf.next_place - shelf.horizon;
            store::take_in(ctx, tx, merchant, shelf.product, count).await?;
            let body = json!({ "product": shelf.id, "count": count, "import": self.import });
            ctx.announce(Event::new(merchant, "stock.arrived", shelf.id, body));
            counts.push(json!({ "product": shelf.id, "count": count }));
            taken += count;
        }
        store::finish_import(tx, merchant, self.import, (self.duplicates, self.bad), ctx.now).await?;
        let after = json!({ "products": counts, "duplicates": self.duplicates, "bad": self.bad });
        ctx.audit(AuditEntry::new(merchant, "key_import.taken_in", self.import).after(after));
        Ok(taken)
    }
}

/// Gives an import up: no further slice of it is staged. Answers whether it is given up (then, or before).
#[derive(Clone, Debug)]
pub struct AbandonKeyImport {
    /// Whose stock.
    pub scope: MerchantScope,
    /// Which import.
    pub import: KeyImportId,
    /// Only if its last slice is older than this.
    pub untouched_since: Option<Timestamp>,
}

#[async_trait::async_trait]
impl Command for AbandonKeyImport {
    const NAME: &'static str = "stock.abandon_import";
    const REFUSALS: &'static [&'static str] = &["not_found"];
    type Outcome = bool;

    fn need(&self) -> Need {
        Need::Right(Right::StockManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<bool, No> {
        let was = queries::lock_import(tx, self.scope, self.import).await?.ok_or_else(Refusal::not_found)?;
        if was.state != "staging" {
            return Ok(was.state == "abandoned");
        }
        if self.untouched_since.is_some_and(|since| was.touched >= since) {
            return Ok(false);
        }

        // From here it must succeed.
        store::abandon_import(tx, self.scope.merchant, self.import, ctx.now).await?;
        ctx.audit(AuditEntry::new(self.scope.merchant, "key_import.abandoned", self.import));
        Ok(true)
    }
}

/// Deletes a slice of what an abandoned import staged, and with the last one frees its products. Answers whether
/// there is more.
#[derive(Clone, Debug)]
pub struct ClearStagedKeys {
    /// Whose stock.
    pub scope: MerchantScope,
    /// Which import.
    pub import: KeyImportId,
}

#[async_trait::async_trait]
impl Command for ClearStagedKeys {
    const NAME: &'static str = "stock.clear_staged_keys";
    const REFUSALS: &'static [&'static str] = &["not_found"];
    type Outcome = bool;

    fn need(&self) -> Need {
        Need::Right(Right::StockManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, _ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<bool, No> {
        let merchant = self.scope.merchant;
        let was = queries::lock_import(tx, self.scope, self.import).await?.ok_or_else(Refusal::not_found)?;
        if was.state != "abandoned" {
            return Err(Fault::invariant(format!("import {} is not abandoned", self.import)).into());
        }
        let staged = queries::staged_keys(tx, merchant, self.import, super::SLICE).await?;

        // From here it must succeed.
        store::delete_staged(tx, merchant, &staged).await?;
        if staged.len() == super::SLICE {
            return Ok(true);
        }
        store::free_shelves(tx, merchant, self.import).await?;
        Ok(false)
    }
}
