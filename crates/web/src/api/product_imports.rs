//! `/v1/merchant/products/imports`: the catalog from a CSV file, with a dry run (CAT-9). The file's columns are
//! described at [`tradepost_domain::catalog::import`].

use crate::answer::Answer;
use crate::call::Call;
use crate::errors::{Errors, Pointer};
use crate::problem::Problem;
use crate::routes::Routes;
use crate::{input, named_choice, view};
use tradepost_domain::Right;
use tradepost_domain::catalog::import::{Change, ImportProducts, LinePlan, ProductFile, preview};

named_choice!(Change);

/// Five thousand products with long descriptions.
const LARGEST_FILE: usize = 16 * 1024 * 1024;

input! {
    /// How a product file is imported.
    pub struct ProductImportQuery {
        /// Only say what would change.
        pub dry_run: Option<bool>,
    }
}

view! {
    /// A column that a line changes, or that is wrong.
    pub struct ImportNoteView {
        /// The column; empty for the line as a whole.
        pub column: String,
        /// What is wrong; null for a change.
        pub detail: Option<String>,
    }

    /// What one line does.
    pub struct ProductImportLineView {
        /// Counted from 1, the first line with the columns included.
        pub line: i64,
        /// Its SKU.
        pub sku: String,
        /// `created`, `updated`, `unchanged` or `error`.
        pub change: Change,
        /// Columns that are changed or wrong.
        pub notes: Vec<ImportNoteView>,
    }

    /// What a product file changes.
    pub struct ProductImportView {
        /// Whether nothing was to be written.
        pub dry_run: bool,
        /// Whether it was applied.
        pub applied: bool,
        /// New products.
        pub created: i64,
        /// Changed products.
        pub updated: i64,
        /// Lines that change nothing.
        pub unchanged: i64,
        /// Lines with errors.
        pub errors: i64,
        /// Line by line.
        pub lines: Vec<ProductImportLineView>,
    }
}

/// Adds the paths to the table.
pub fn routes(r: &mut Routes) {
    r.post("/v1/merchant/products/imports", "importProducts", import)
        .tag("Products")
        .doc(
            "Creates and changes products from a CSV file: all of it, or nothing where a line is wrong. The first line names the columns, \
             of which only `sku` is needed: `sku`, `name`, `kind`, `type`, `method`, `group`, `parent` (a SKU), `parts` (`SKU:2|OTHER:1`), \
             `enabled`, `end_user_information`, `reseller_information`, `min_quantity`, `max_quantity`, `product_version`, \
             `short_description`, `description`, `image_url`, `weight_kg`, `tax_category`, and `price_USD`, `price_EUR`, … for list prices, \
             with tiers as `40.00|10:36.00`. A column that is left out changes nothing.",
        )
        .needs(Right::CatalogManage)
        .query::<ProductImportQuery>()
        .body_of("text/csv")
        .body_limit(LARGEST_FILE)
        .answers::<ProductImportView>(200)
        .refuses(&["invalid_header", "too_many_lines"])
        .command::<ImportProducts>();
}

async fn import(call: Call) -> Result<Answer, Problem> {
    let (scope, dry_run) = (call.merchant()?, call.query::<ProductImportQuery>()?.dry_run.unwrap_or(false));
    let file = ProductFile::read(call.bytes())?;
    let asked = file.clone();
    let plans = call.read(move |reader| Box::pin(async move { preview(reader, scope, &asked).await })).await?;
    let mut view = shown(dry_run, &plans);
    if dry_run {
        return Ok(Answer::ok(&view));
    }
    if view.errors > 0 {
        return Err(refused(&plans));
    }
    let done = call.execute(ImportProducts { scope, file }).await?.outcome;
    (view.applied, view.created, view.updated, view.unchanged) = (true, done.created, done.updated, done.unchanged);
    Ok(Answer::ok(&view))
}

fn shown(dry_run: bool, plans: &[LinePlan]) -> ProductImportView {
    let count = |change: Change| i64::try_from(plans.iter().filter(|plan| plan.change == change).count()).unwrap_or(i64::MAX);
    let detail = |detail: &String| (!detail.is_empty()).then(|| detail.clone());
    let line = |plan: &LinePlan| ProductImportLineView {
        line: plan.line,
        sku: plan.sku.clone(),
        change: plan.change,
        notes: plan.notes.iter().map(|note| ImportNoteView { column: note.column.clone(), detail: detail(&note.detail) }).collect(),
    };
    ProductImportView {
        dry_run,
        applied: false,
        created: count(Change::Created),
        updated: count(Change::Updated),
        unchanged: count(Change::Unchanged),
        errors: count(Change::Error),
        lines: plans.iter().map(line).collect(),
    }
}

/// Everything that is wrong, by line and column.
fn refused(plans: &[LinePlan]) -> Problem {
    let mut errors = Errors::default();
    errors.add(&Pointer::root(), "import_refused", "has lines with errors, so nothing of it was applied");
    for plan in plans.iter().filter(|plan| plan.change == Change::Error) {
        for note in &plan.notes {
            let line = Pointer::root().field("lines").field(&plan.line.to_string());
            let at = if note.column.is_empty() { line } else { line.field(&note.column) };
            errors.add(&at, "invalid_field", note.detail.clone());
        }
    }
    Problem::fields(errors)
}
