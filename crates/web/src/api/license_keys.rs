//! `/v1/merchant/license-keys`: masked keys, imports, and showing one in full (STK-1, STK-2, STK-5, STK-6).

mod file;

pub use file::{FileImport, import_file};

use super::key_batches::typed_cost;
use crate::answer::Answer;
use crate::call::{Call, OrNotFound};
use crate::errors::{Errors, Pointer};
use crate::fields::Line;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::{input, named_choice, view};
use axum::http::header::CACHE_CONTROL;
use futures_util::StreamExt;
use tradepost_domain::ids::{KeyImportId, LicenseId, LicenseKeyId, ProductId};
use tradepost_domain::stock::import::{BeginKeyImport, Format, ImportSettings, Importer, Listed, Mode, Report, StageKeys, TakeInKeys};
use tradepost_domain::stock::queries::{self, ImportFilter, ImportState, KeyFilter};
use tradepost_domain::stock::{KeyState, RevealKey, open_code};
use tradepost_domain::{Origin, Right, catalog};
use tradepost_kernel::{Date, Timestamp};

named_choice!(ImportState, KeyState, Mode);

/// A million codes of 250 bytes.
const LARGEST_FILE: usize = 256 * 1024 * 1024;

input! {
    /// Which keys are listed.
    pub struct LicenseKeyQuery {
        /// Of this product: id or SKU.
        pub product: Option<Line<64>>,
        /// In this state.
        pub state: Option<KeyState>,
        /// Brought by this import.
        pub import: Option<KeyImportId>,
    }

    /// Which imports are listed.
    pub struct KeyImportQuery {
        /// Only those in this state.
        pub state: Option<ImportState>,
        /// Source or note contains this.
        pub search: Option<Line<100>>,
    }

    /// How a file of keys is imported.
    pub struct ImportQuery {
        /// One code per line, all of this product (id or SKU). Left out, the file begins with the line `sku,code` or `sku,code,expires_on`.
        pub product: Option<Line<64>>,
        /// What becomes of a file that has duplicates or malformed lines; usually `all_or_nothing`.
        pub mode: Option<Mode>,
        /// Only say what would happen.
        pub dry_run: Option<bool>,
        /// Where the codes come from, such as the file's name; usually `api`.
        pub source: Option<Line<200>>,
        /// A note for people.
        pub note: Option<Line<500>>,
        /// What all of it cost you, such as `1250.00 USD`.
        pub cost: Option<Line<40>>,
        /// The last day, in your time zone, on which its keys are sold; a line of the file may say another.
        pub expires_on: Option<Date>,
    }
}

view! {
    /// A key, masked.
    pub struct LicenseKeyView {
        /// Its id.
        pub id: LicenseKeyId,
        /// Its product.
        pub product: ProductId,
        /// Its product's SKU.
        pub sku: String,
        /// Where it is.
        pub state: KeyState,
        /// `ABCD-••••-WXYZ`; only dots where it is short.
        pub masked: String,
        /// The import that brought it.
        pub import: KeyImportId,
        /// The license that holds or held it.
        pub license: Option<LicenseId>,
        /// When it was first shown to somebody outside the merchant.
        pub shown_at: Option<Timestamp>,
        /// From this moment on it is not sold.
        pub expires_at: Option<Timestamp>,
        /// When it was taken out of stock because it expired; it is `revoked` since.
        pub expired_at: Option<Timestamp>,
    }

    /// A key in full.
    pub struct RevealedKeyView {
        /// Its id.
        pub id: LicenseKeyId,
        /// The code.
        pub code: String,
    }

    /// An import of keys.
    pub struct KeyImportView {
        /// Its id.
        pub id: KeyImportId,
        /// Where the codes came from.
        pub source: String,
        /// A note for people.
        pub note: Option<String>,
        /// `staging` (its keys are no stock yet), `done`, or `abandoned` (nothing of it came in).
        pub state: String,
        /// Keys staged so far, or taken in.
        pub keys: i64,
        /// Duplicates that were left out.
        pub duplicates: i64,
        /// Malformed lines that were left out.
        pub malformed: i64,
        /// When it began.
        pub created_at: Timestamp,
        /// When it ended.
        pub finished_at: Option<Timestamp>,
    }

    /// A line of the file.
    pub struct ImportLineView {
        /// Counted from 1, the header included.
        pub line: i64,
        /// What is wrong with it; null where the kind says it.
        pub detail: Option<String>,
    }

    /// How many lines, and the first hundred of them.
    pub struct ImportLinesView {
        /// How many.
        pub count: i64,
        /// The first hundred.
        pub lines: Vec<ImportLineView>,
    }

    /// New keys of one product.
    pub struct ImportedProductView {
        /// Which product.
        pub product: ProductId,
        /// Its SKU.
        pub sku: String,
        /// How many.
        pub new: i64,
    }

    /// What an import or its dry run found.
    pub struct KeyImportReportView {
        /// The import; null for a dry run.
        pub import: Option<KeyImportId>,
        /// Whether nothing was to be written.
        pub dry_run: bool,
        /// Whether the new keys are in stock now.
        pub taken_in: bool,
        /// Lines read, without the header.
        pub lines: i64,
        /// New keys.
        pub new: i64,
        /// New keys by product.
        pub products: Vec<ImportedProductView>,
        /// Codes that stand in the file before.
        pub duplicates_in_file: ImportLinesView,
        /// Codes that the product has already.
        pub duplicates_in_stock: ImportLinesView,
        /// Blank lines; they are no error.
        pub blank: ImportLinesView,
        /// Lines that are not a code of a product.
        pub malformed: ImportLinesView,
    }
}

impl From<queries::KeyView> for LicenseKeyView {
    fn from(key: queries::KeyView) -> Self {
        Self {
            id: key.id,
            product: key.product,
            sku: key.sku,
            state: key.state,
            masked: key.masked,
            import: key.import,
            license: key.license,
            shown_at: key.shown,
            expires_at: key.expires,
            expired_at: key.expired,
        }
    }
}

impl From<queries::KeyImportView> for KeyImportView {
    fn from(import: queries::KeyImportView) -> Self {
        Self {
            id: import.id,
            source: import.source,
            note: import.note,
            state: import.state,
            keys: import.staged,
            duplicates: import.duplicates,
            malformed: import.bad,
            created_at: import.created,
            finished_at: import.finished,
        }
    }
}

impl From<&Listed> for ImportLinesView {
    fn from(listed: &Listed) -> Self {
        let line = |detail: &str| (!detail.is_empty()).then(|| detail.to_owned());
        let lines = listed.first.iter().map(|first| ImportLineView { line: first.line, detail: line(&first.detail) }).collect();
        Self { count: listed.count, lines }
    }
}

impl From<&Report> for KeyImportReportView {
    fn from(report: &Report) -> Self {
        let product = |(sku, count): (&String, &tradepost_domain::stock::import::ProductCount)| ImportedProductView {
            product: count.product,
            sku: sku.clone(),
            new: count.new,
        };
        Self {
            import: report.import,
            dry_run: report.dry_run,
            taken_in: report.taken_in,
            lines: report.lines,
            new: report.new_keys(),
            products: report.products.iter().map(product).collect(),
            duplicates_in_file: (&report.duplicates_in_file).into(),
            duplicates_in_stock: (&report.duplicates_in_stock).into(),
            blank: (&report.blank).into(),
            malformed: (&report.malformed).into(),
        }
    }
}

/// Adds the paths to the table.
pub fn routes(r: &mut Routes) {
    let tag = "Stock";
    r.get("/v1/merchant/license-keys", "listLicenseKeys", list)
        .tag(tag)
        .doc("Lists keys, masked, newest first.")
        .needs(Right::StockRead)
        .query::<LicenseKeyQuery>()
        .lists::<LicenseKeyView>();
    r.post("/v1/merchant/license-keys/{id}/reveal", "revealLicenseKey", reveal)
        .tag(tag)
        .doc("Shows a code in full. Each time stands in the audit trail.")
        .needs(Right::LicensesReveal)
        .answers::<RevealedKeyView>(200)
        .command::<RevealKey>();
    r.post("/v1/merchant/license-keys/imports", "importLicenseKeys", import)
        .tag(tag)
        .doc(
            "Imports keys, all at once or not at all. The body is a CSV file that begins with the line `sku,code`, or `sku,code,expires_on` with \
             the last day on which each is sold (`2026-12-31`, or nothing), or, with `product`, one code per line. Codes have 1 to 500 \
             characters and are unique per product, so a repeated import finds only duplicates.",
        )
        .needs(Right::StockManage)
        .query::<ImportQuery>()
        .body_of("text/csv")
        .body_limit(LARGEST_FILE)
        .streams()
        .not_idempotent()
        .answers::<KeyImportReportView>(200)
        .answers::<KeyImportReportView>(201)
        .refuses(&["import_refused", "invalid_header", "product_not_found", "not_key_pool", "too_many_lines", "malformed_body"])
        .command::<BeginKeyImport>()
        .command::<StageKeys>()
        .command::<TakeInKeys>();
    r.get("/v1/merchant/license-keys/imports", "listKeyImports", imports)
        .tag(tag)
        .doc("Lists the imports of keys, newest first.")
        .needs(Right::StockRead)
        .query::<KeyImportQuery>()
        .lists::<KeyImportView>();
    r.get("/v1/merchant/license-keys/imports/{id}", "getKeyImport", get_import)
        .tag(tag)
        .doc("Shows an import of keys; while it runs, how far it is.")
        .needs(Right::StockRead)
        .answers::<KeyImportView>(200);
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let (scope, asked, page) = (call.merchant()?, call.query::<LicenseKeyQuery>()?, call.page()?);
    let product = match asked.product {
        None => None,
        Some(text) => {
            let found = call.read(move |reader| Box::pin(async move { catalog::queries::find_product(reader, scope, &text).await })).await?;
            Some(found.or_not_found()?.number)
        }
    };
    let filter = KeyFilter { product, import: asked.import, state: asked.state };
    let page = call.read(move |reader| Box::pin(async move { queries::keys(reader, scope, filter, page).await })).await?;
    Ok(call.list(page, LicenseKeyView::from))
}

/// The code of a key, after the audit trail has noted who looks at it.
///
/// # Errors
/// Refusals of [`RevealKey`]; faults of the store.
pub async fn revealed(call: &Call, key: LicenseKeyId) -> Result<RevealedKeyView, Problem> {
    let scope = call.merchant()?;
    call.execute(RevealKey { scope, key }).await?;
    let mut found = call.read(move |reader| Box::pin(async move { queries::sealed(reader, scope.merchant, &[key]).await })).await?;
    let sealed = found.remove(&key).or_not_found()?;
    let code = open_code(&call.engine().vault, scope.merchant, key, &sealed.sealed)?;
    Ok(RevealedKeyView { id: key, code: code.expose().clone() })
}

async fn reveal(call: Call) -> Result<Answer, Problem> {
    let view = revealed(&call, call.path("id")?).await?;
    Ok(Answer::ok(&view).header(CACHE_CONTROL, "no-store"))
}

/// Where the commands of an import come from: without a key, since a repeated import finds only duplicates.
fn origin(call: &Call) -> Origin {
    Origin {
        caller: call.caller().clone(),
        request_id: Some(call.request_id().to_owned()),
        address: call.address().map(|address| address.to_string()),
        language: None,
        idempotency: None,
    }
}

async fn import(call: Call) -> Result<Answer, Problem> {
    let (scope, asked) = (call.merchant()?, call.query::<ImportQuery>()?);
    let settings = ImportSettings {
        scope,
        source: asked.source.map_or_else(|| "api".to_owned(), Into::into),
        note: asked.note.map(Into::into),
        cost: asked.cost.map(|cost| typed_cost(&cost)).transpose()?,
        expires_on: asked.expires_on,
        format: asked.product.map_or(Format::Separated, |product| Format::Lines { product: product.into() }),
        mode: asked.mode.unwrap_or(Mode::AllOrNothing),
        dry_run: asked.dry_run.unwrap_or(false),
    };
    let mut body = call.body_stream().ok_or_else(Problem::internal)?;
    let mut importer = Importer::new(call.engine().clone(), origin(&call), settings).await?;
    while let Some(chunk) = body.next().await {
        let Ok(chunk) = chunk else {
            importer.abandon().await?;
            return Err(Problem::bad_request("malformed_body", "The body ended early or is larger than this path takes. Nothing of it was taken in."));
        };
        importer.push(&chunk).await?;
    }
    let report = importer.finish().await?;
    if !report.dry_run && !report.taken_in {
        return Err(refused(&report));
    }
    let view = KeyImportReportView::from(&report);
    Ok(match report.import {
        Some(id) => Answer::created(&view, &call.location(id)),
        None => Answer::ok(&view),
    })
}

/// An all-or-nothing import of a file with errors: the first lines that are wrong.
fn refused(report: &Report) -> Problem {
    let mut errors = Errors::default();
    errors.add(&Pointer::root(), "import_refused", "has duplicates or malformed lines, so nothing of it was taken in; a dry run counts them all");
    let kinds = [
        (&report.malformed, "malformed_line", ""),
        (&report.duplicates_in_file, "duplicate_in_file", "its code stands in the file before"),
        (&report.duplicates_in_stock, "duplicate_in_stock", "the product has its code already"),
    ];
    for (listed, code, usual) in kinds {
        for line in &listed.first {
            let at = Pointer::root().field("lines").field(&line.line.to_string());
            errors.add(&at, code, if line.detail.is_empty() { usual } else { &line.detail });
        }
    }
    Problem::fields(errors)
}

async fn imports(call: Call) -> Result<Answer, Problem> {
    let (scope, KeyImportQuery { state, search }, page) = (call.merchant()?, call.query()?, call.page()?);
    let filter = ImportFilter { state, search: search.map(String::from) };
    let page = call.read(move |reader| Box::pin(async move { queries::imports(reader, scope, &filter, page).await })).await?;
    Ok(call.list(page, KeyImportView::from))
}

async fn get_import(call: Call) -> Result<Answer, Problem> {
    let (scope, id) = (call.merchant()?, call.path("id")?);
    let found = call.read(move |reader| Box::pin(async move { queries::import(reader, scope, id).await })).await?;
    Ok(Answer::ok(&KeyImportView::from(found.or_not_found()?)))
}
