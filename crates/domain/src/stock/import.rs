//! Importing license keys (STK-1): read as a stream, sealed outside the writer, staged in slices, taken in at once.
//! A million keys need the memory of two slices: one is read and sealed while the other is staged.
//!
//! Two formats: comma-separated with the header `sku,code`, or `sku,code,expires_on` (STK-6), for keys of many products, or one
//! code per line for one product. A dry run reads and compares the same way and stages nothing.

mod clear;
mod commands;
mod found;
mod lines;
mod report;
mod under_way;

pub use clear::clear_abandoned;
pub use commands::{AbandonKeyImport, BeginKeyImport, ClearStagedKeys, StageKeys, StagedKey, Staging, TakeInKeys};
pub use report::{Listed, ListedLine, ProductCount, Report};

use super::expiry::{over_already, zone_of};
use super::{queries, seal_code, unique_within};
use crate::access::{MerchantScope, Need, Right};
use crate::catalog;
use crate::command::{Engine, No, Origin};
use crate::csv::{Record, Records};
use crate::ids::{KeyImportId, LicenseKeyId};
use clear::abandon;
pub(super) use found::not_key_pool;
use found::{Found, only_product};
use lines::{Line, Shape, header, invalid_header, parse};
use std::collections::{HashMap, HashSet};
use tradepost_kernel::{Date, Money, Refusal, Timestamp, sabotage, text};
use tradepost_store::Fault;
use under_way::UnderWay;

/// Rows of one slice: what one command writes, and what is cleared at once.
pub const SLICE: usize = 500;
/// Longest code, in characters.
pub const LONGEST_CODE: usize = 500;
/// Longest line that is read, in bytes.
const LONGEST_LINE: usize = 8 * 1024;
/// An import whose last slice is older than this was abandoned.
pub const ABANDONED_AFTER_MS: i64 = 5 * 60_000;
/// Most lines of a dry run: it keeps a fingerprint of each in memory, since it stages none.
const MOST_DRY_LINES: usize = 2_000_000;

/// What the file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// `sku,code` or `sku,code,expires_on`, with that header.
    Separated,
    /// One code per line, all of the product named by id or SKU.
    Lines {
        /// Id or SKU.
        product: String,
    },
}

/// What becomes of a file that has duplicates or malformed lines. Blank lines are neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is taken in.
    AllOrNothing,
    /// The rest is taken in.
    SkipBad,
}
crate::access::named!(Mode { AllOrNothing = "all_or_nothing", SkipBad = "skip_bad" });

/// What is to be imported, and how.
#[derive(Clone, Debug)]
pub struct ImportSettings {
    /// Whose stock.
    pub scope: MerchantScope,
    /// Where the codes come from, for the list of imports: a file's name, `paste`, `api`.
    pub source: String,
    /// A note for people.
    pub note: Option<String>,
    /// What all of it cost the merchant (STK-6).
    pub cost: Option<Money>,
    /// The last day, in the merchant's time zone, on which its keys are sold; a line may say another (STK-6).
    pub expires_on: Option<Date>,
    /// What the file holds.
    pub format: Format,
    /// What becomes of a bad file.
    pub mode: Mode,
    /// Only say what would happen.
    pub dry_run: bool,
}

/// An import under way. Push the file in chunks, or line by line, then finish. One that is dropped before leaves
/// only staged rows, which are no stock; the next import of the product clears them after some minutes.
#[derive(Debug)]
pub struct Importer {
    engine: Engine,
    origin: Origin,
    settings: ImportSettings,
    records: Records,
    /// What stands in each line; `None` before the header was read.
    shape: Option<Shape>,
    /// The merchant's time zone, in which days end.
    zone: String,
    /// When it began: what expires by then is malformed.
    begun: Timestamp,
    /// The product of every line, in the format of lines.
    product: Option<Found>,
    known: HashMap<String, Option<Found>>,
    pending: Vec<Line>,
    /// A dry run's fingerprints so far, cut to 64 bits: a false duplicate is one in ten million at a million keys.
    seen: HashSet<u64>,
    import: Option<KeyImportId>,
    /// The slice that the store has; it gets one at a time.
    under_way: Option<UnderWay>,
    report: Report,
}

impl Importer {
    /// Opens an import: clears what abandoned ones left, and begins unless it is a dry run.
    ///
    /// # Errors
    /// `forbidden`; `invalid_field`: source or note, or a last day that is over; `product_not_found`, `not_key_pool` for the one
    /// product of a file of lines.
    pub async fn new(engine: Engine, mut origin: Origin, settings: ImportSettings) -> Result<Self, No> {
        origin.caller.authorize(Need::Right(Right::StockManage))?;
        // An import is many commands; a repeated one is safe without a key, since a code is unique per product.
        origin.idempotency = None;
        let lines = matches!(settings.format, Format::Lines { .. });
        let scope = settings.scope;
        let zone = engine.store.read(move |reader| Box::pin(async move { zone_of(reader, scope).await })).await?;
        let begun = engine.environment.now();
        if settings.expires_on.is_some_and(|day| day.ends_in(&zone) <= begun) {
            return Err(over_already().into());
        }
        let mut importer = Self {
            records: if lines { Records::lines(LONGEST_LINE) } else { Records::separated(LONGEST_LINE) },
            shape: lines.then_some(Shape::Code),
            zone,
            begun,
            product: None,
            known: HashMap::new(),
            pending: Vec::new(),
            seen: HashSet::new(),
            import: None,
            under_way: None,
            report: Report::new(settings.dry_run),
            engine,
            origin,
            settings,
        };
        if let Format::Lines { product } = &importer.settings.format {
            importer.product = Some(only_product(&importer.engine, importer.settings.scope, product.clone()).await?);
        }
        if !importer.settings.dry_run {
            clear_abandoned(&importer.engine, &importer.origin, importer.settings.scope).await?;
            let ImportSettings { scope, cost, .. } = importer.settings;
            let expires = importer.settings.expires_on.map(|day| day.ends_in(&importer.zone));
            let begin = BeginKeyImport { scope, source: importer.settings.source.clone(), note: importer.settings.note.clone(), cost, expires };
            let id = importer.engine.execute(importer.origin.clone(), begin).await?.outcome;
            importer.import = Some(id);
            importer.report.import = Some(id);
        }
        Ok(importer)
    }

    /// Lines read so far, for a progress bar.
    #[must_use]
    pub const fn lines(&self) -> i64 {
        self.report.lines
    }

    /// Reads a further chunk of the file.
    ///
    /// # Errors
    /// `invalid_header`; `import_in_progress`, `import_abandoned`; `too_many_lines` of a dry run. The import is over then.
    pub async fn push(&mut self, chunk: &[u8]) -> Result<(), No> {
        // A chunk of a body is some 64 KiB: what it holds is with the store, the last slice aside, before the next is read.
        let mut read = Vec::new();
        for part in chunk.chunks(16 * 1024) {
            self.records.push(part, |record| read.push(record));
            for record in read.drain(..) {
                self.record(record).await?;
            }
        }
        Ok(())
    }

    /// Reads one line that was already taken apart; no SKU in a file of lines.
    ///
    /// # Errors
    /// See [`Importer::push`].
    pub async fn push_line(&mut self, sku: Option<&str>, code: &str) -> Result<(), No> {
        self.shape.get_or_insert(if sku.is_some() { Shape::SkuCode } else { Shape::Code });
        let fields = sku.map(str::to_owned).into_iter().chain([code.to_owned()]).collect();
        self.record(Record { line: self.report.lines + 1, fields: Ok(fields) }).await
    }

    async fn record(&mut self, record: Record) -> Result<(), No> {
        let Record { line, fields } = record;
        let Some(shape) = self.shape else {
            self.shape = fields.ok().and_then(|fields| header(&fields));
            return if self.shape.is_some() { Ok(()) } else { Err(self.over(invalid_header()).await) };
        };
        self.report.lines += 1;
        match parse(line, fields, shape) {
            Ok(Some(parsed)) if self.expiry(&parsed).is_some_and(|expires| expires <= self.begun) => self.report.malformed.add(line, "expired already"),
            Ok(Some(parsed)) => self.pending.push(parsed),
            Ok(None) => self.report.blank.add(line, ""),
            Err(why) => self.report.malformed.add(line, &why),
        }
        if self.pending.len() >= SLICE { self.flush().await } else { Ok(()) }
    }

    /// Stages what is pending, or, in a dry run, compares it.
    async fn flush(&mut self) -> Result<(), No> {
        let lines = std::mem::take(&mut self.pending);
        if lines.is_empty() {
            return Ok(());
        }
        self.learn(&lines).await?;
        let mut keys = Vec::with_capacity(lines.len());
        for line in &lines {
            let found = match &line.sku {
                None => self.product.clone(),
                Some(sku) => self.known.get(sku).cloned().flatten(),
            };
            match found {
                None => self.report.malformed.add(line.line, "names no product by its SKU"),
                Some(found) if !found.pool => self.report.malformed.add(line.line, "names a product that takes no keys from a pool"),
                Some(found) => {
                    self.report.count(&found.sku, found.id, 0);
                    keys.push((self.sealed(line, found.number), found));
                }
            }
        }
        if self.settings.dry_run { self.compare(keys).await } else { self.stage(keys).await }
    }

    /// Looks up the SKUs that were not met before.
    async fn learn(&mut self, lines: &[Line]) -> Result<(), No> {
        let new: HashSet<&String> = lines.iter().filter_map(|line| line.sku.as_ref()).filter(|sku| !self.known.contains_key(*sku)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let (scope, new): (MerchantScope, Vec<String>) = (self.settings.scope, new.into_iter().cloned().collect());
        let asked = new.clone();
        let mut found = self.engine.store.read(move |reader| Box::pin(async move { catalog::queries::products_by_sku(reader, scope, &asked).await })).await?;
        for sku in new {
            let product = found.remove(&sku).map(Found::from);
            // What is unknown is not kept: a file of a million wrong SKUs must not fill the memory.
            if product.is_some() || self.known.len() < 10_000 {
                self.known.insert(sku, product);
            }
        }
        Ok(())
    }

    /// The first moment at which the key of a line is not sold any more.
    fn expiry(&self, line: &Line) -> Option<Timestamp> {
        line.expires_on.or(self.settings.expires_on).map(|day| day.ends_in(&self.zone))
    }

    fn sealed(&self, line: &Line, product: i64) -> StagedKey {
        let (merchant, code) = (self.settings.scope.merchant, line.code.expose());
        let id: LicenseKeyId = self.engine.environment.id();
        let fingerprint = self.engine.vault.fingerprint(&unique_within(merchant, product), code.as_bytes());
        let sealed = if self.settings.dry_run { Vec::new() } else { seal_code(&self.engine.vault, self.engine.environment.random(), merchant, id, code) };
        StagedKey { line: line.line, product, id, sealed, fingerprint, masked: text::mask(code), expires: self.expiry(line) }
    }

    /// Hands a slice to the store, once it has staged the one before.
    async fn stage(&mut self, keys: Vec<(StagedKey, Found)>) -> Result<(), No> {
        self.staged().await?;
        let Some(import) = self.import else { return Err(Fault::invariant("an import that never began").into()) };
        let of: HashMap<i64, Found> = keys.iter().map(|(key, found)| (key.line, found.clone())).collect();
        let command = StageKeys { scope: self.settings.scope, import, keys: keys.into_iter().map(|(key, _)| key).collect() };
        self.under_way = Some(UnderWay::begin(self.engine.clone(), self.origin.clone(), command, of).await);
        Ok(())
    }

    /// Waits for the slice that is under way, if there is one, and notes what became of it.
    async fn staged(&mut self) -> Result<(), No> {
        let Some(slice) = self.under_way.take() else { return Ok(()) };
        let (of, staged) = match slice.end().await {
            (of, Ok(done)) => (of, done.outcome),
            (_, Err(No::Refusal(refusal))) => return Err(self.over(refusal).await),
            (_, Err(fault)) => return Err(fault),
        };
        sabotage::fail_point("import.between_slices");
        self.note(of, staged);
        Ok(())
    }

    /// The dry run's way of finding duplicates: in this file by memory, in stock by asking.
    async fn compare(&mut self, keys: Vec<(StagedKey, Found)>) -> Result<(), No> {
        if self.seen.len() + keys.len() > MOST_DRY_LINES {
            return Err(Refusal::invalid("too_many_lines", format!("A dry run reads at most {MOST_DRY_LINES} lines.")).into());
        }
        let merchant = self.settings.scope.merchant;
        let mut asked: HashMap<i64, Vec<[u8; 16]>> = HashMap::new();
        keys.iter().for_each(|(key, _)| asked.entry(key.product).or_default().push(key.fingerprint));
        let in_stock: HashSet<[u8; 16]> = self
            .engine
            .store
            .read(move |reader| {
                Box::pin(async move {
                    let mut known = HashSet::new();
                    for (product, fingerprints) in asked {
                        known.extend(queries::known_codes(reader, merchant, product, &fingerprints).await?.into_keys());
                    }
                    Ok(known)
                })
            })
            .await?;
        let mut staging = Staging::default();
        let mut of = HashMap::new();
        for (key, found) in keys {
            let cut = u64::from_be_bytes([0, 1, 2, 3, 4, 5, 6, 7].map(|at| key.fingerprint[at]));
            if in_stock.contains(&key.fingerprint) {
                staging.in_stock.push(key.line);
            } else if !self.seen.insert(cut) {
                staging.in_file.push(key.line);
            }
            of.insert(key.line, found);
        }
        self.note(of, staging);
        Ok(())
    }

    fn note(&mut self, mut of: HashMap<i64, Found>, staged: Staging) {
        for line in staged.in_file {
            of.remove(&line);
            self.report.duplicates_in_file.add(line, "");
        }
        for line in staged.in_stock {
            of.remove(&line);
            self.report.duplicates_in_stock.add(line, "");
        }
        for found in of.into_values() {
            self.report.count(&found.sku, found.id, 1);
        }
    }

    /// Reads the end of the file, and takes in what was staged: all of it, or, where the mode says so and
    /// something was wrong, nothing (the report says which; `taken_in` is false then).
    ///
    /// # Errors
    /// See [`Importer::push`].
    pub async fn finish(mut self) -> Result<Report, No> {
        let mut last = Vec::new();
        self.records.end(|record| last.push(record));
        for record in last {
            self.record(record).await?;
        }
        self.flush().await?;
        self.staged().await?;
        let Some(import) = self.import else { return Ok(self.report) };
        if self.settings.mode == Mode::AllOrNothing && self.report.has_errors() {
            self.abandon().await?;
            return Ok(self.report);
        }
        let command = TakeInKeys {
            scope: self.settings.scope,
            import,
            duplicates: self.report.duplicates_in_file.count + self.report.duplicates_in_stock.count,
            bad: self.report.malformed.count,
        };
        self.engine.execute(self.origin.clone(), command).await?;
        self.report.taken_in = true;
        Ok(self.report)
    }

    /// Gives up: deletes what was staged. Also for a client that went away.
    ///
    /// # Errors
    /// The store's.
    pub async fn abandon(&mut self) -> Result<(), No> {
        if let Some(slice) = self.under_way.take() {
            // Whatever became of it: it is not cleared before it has ended.
            drop(slice.end().await);
        }
        match self.import.take() {
            Some(import) => abandon(&self.engine, &self.origin, self.settings.scope, import, None).await,
            None => Ok(()),
        }
    }

    /// The import ends with a refusal: what was staged is cleared.
    async fn over(&mut self, refusal: Refusal) -> No {
        match self.abandon().await {
            Ok(()) => refusal.into(),
            Err(no) => no,
        }
    }
}
