//! `tradepost import`: files of products and license keys, through the same commands as the API.

use crate::operate::{Listener, Progress};
use serde_json::{Value as Json, json};
use tradepost_domain::catalog::import::{Change, ImportProducts, LinePlan, ProductFile, preview};
use tradepost_domain::stock::import::{Format, ImportSettings, Importer, Listed, ListedLine, Mode, Report};
use tradepost_domain::{Engine, MerchantScope, No, Origin};
use tradepost_kernel::Refusal;

/// Bytes that are read between two looks at the progress bar.
const CHUNK: usize = 64 * 1024;

/// Imports a CSV file of products with prices (CAT-9): all of it, or nothing where a line is wrong.
pub(crate) async fn products(engine: &Engine, merchant: i64, content: &[u8], dry_run: bool) -> Result<Json, No> {
    let scope = MerchantScope { merchant };
    let file = ProductFile::read(content)?;
    let asked = file.clone();
    let plans = engine.store.read(move |reader| Box::pin(async move { preview(reader, scope, &asked).await })).await?;
    let wrong: Vec<String> = plans.iter().filter(|plan| plan.change == Change::Error).take(NAMED).map(in_words).collect();
    if !dry_run && !wrong.is_empty() {
        return Err(Refusal::invalid("import_refused", format!("Nothing was applied: {}", wrong.join("; "))).into());
    }
    let count = |change: Change| plans.iter().filter(|plan| plan.change == change).count();
    let lines: Vec<Json> = plans.iter().map(|plan| json!({"line": plan.line, "sku": plan.sku, "change": plan.change.name()})).collect();
    let shown = json!({
        "dry_run": dry_run, "created": count(Change::Created), "updated": count(Change::Updated), "unchanged": count(Change::Unchanged),
        "errors": wrong, "lines": lines,
    });
    if !dry_run {
        engine.execute(Origin::operator(), ImportProducts { scope, file }).await?;
    }
    Ok(shown)
}

/// Wrong lines that are named.
const NAMED: usize = 20;

fn in_words(plan: &LinePlan) -> String {
    let notes: Vec<String> = plan.notes.iter().map(|note| format!("{} {}", note.column, note.detail).trim().to_owned()).collect();
    format!("line {}: {}", plan.line, notes.join(", "))
}

/// Imports license keys (STK-1): `sku,code` with that header, or one code per line for the product named. Duplicates and
/// malformed lines are left out and counted.
pub(crate) async fn license_keys(
    engine: &Engine,
    merchant: i64,
    product: Option<&str>,
    content: Vec<u8>,
    dry_run: bool,
    listener: Listener<'_>,
) -> Result<Json, No> {
    let format = product.map_or(Format::Separated, |product| Format::Lines { product: product.to_owned() });
    let scope = MerchantScope { merchant };
    let settings = ImportSettings { scope, source: "command line".into(), note: None, cost: None, expires_on: None, format, mode: Mode::SkipBad, dry_run };
    let mut importer = Importer::new(engine.clone(), Origin::operator(), settings).await?;
    let total = content.len() as u64;
    for (place, chunk) in content.chunks(CHUNK).enumerate() {
        importer.push(chunk).await?;
        listener(Progress { done: (place * CHUNK + chunk.len()) as u64, total });
    }
    Ok(shown(&importer.finish().await?))
}

fn shown(report: &Report) -> Json {
    let line = |line: &ListedLine| json!({"line": line.line, "detail": line.detail});
    let listed = |lines: &Listed| json!({"count": lines.count, "first": lines.first.iter().map(line).collect::<Vec<_>>()});
    let products: Vec<Json> = report.products.iter().map(|(sku, count)| json!({"sku": sku, "product": count.product, "new": count.new})).collect();
    json!({
        "import": report.import, "dry_run": report.dry_run, "taken_in": report.taken_in, "lines": report.lines, "products": products,
        "duplicates_in_file": listed(&report.duplicates_in_file), "duplicates_in_stock": listed(&report.duplicates_in_stock),
        "blank": listed(&report.blank), "malformed": listed(&report.malformed),
    })
}
