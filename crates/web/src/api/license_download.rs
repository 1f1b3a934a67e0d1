//! The codes of licenses as a file: one audited look, byte for byte (FUL-7).

use crate::api::license_shapes::DownloadQuery;
use crate::{Answer, Call, Problem, beside};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::thread::available_parallelism;
use tradepost_documents::table;
use tradepost_domain::ids::OrderId;
use tradepost_domain::orders::download::{CodeLine, Download, DownloadLicenses};
use tradepost_domain::{catalog, stock};
use tradepost_kernel::secret::Vault;
use tradepost_store::Fault;

/// Codes that are opened in one go: some milliseconds of a core.
const OPENED_AT_ONCE: usize = 4_000;

pub(super) async fn download_product(call: Call) -> Result<Answer, Problem> {
    let product = call.query::<DownloadQuery>()?.product.into();
    download(&call, Download::Product(product), "licenses.csv").await
}

pub(super) async fn download_order(call: Call) -> Result<Answer, Problem> {
    let order: OrderId = call.path("id")?;
    download(&call, Download::Order(order), &format!("{order}.csv")).await
}

/// The codes that the command noted as shown, in its order: one header, then one code a line, byte for byte (FUL-7).
///
/// # Errors
/// Refusals of [`DownloadLicenses`]; faults of the store.
pub async fn download(call: &Call, what: Download, filename: &str) -> Result<Answer, Problem> {
    let merchant = call.partnership()?.merchant;
    let codes = Arc::new(call.execute(DownloadLicenses { what }).await?.outcome.lines);
    let numbers: Vec<i64> = codes.iter().map(|line| line.product).collect::<HashSet<_>>().into_iter().collect();
    let products = call.read(move |reader| Box::pin(async move { catalog::queries::products_by_number(reader, merchant, &numbers).await })).await?;
    let skus: Arc<HashMap<i64, String>> = Arc::new(products.into_iter().map(|(number, product)| (number, product.sku)).collect());
    let part = |from: usize| {
        let (vault, codes, skus) = (call.engine().vault.clone(), codes.clone(), skus.clone());
        beside(move || written(&vault, merchant, &skus, &codes[from..codes.len().min(from + OPENED_AT_ONCE)]))
    };
    let mut parts = stream::iter((0..codes.len()).step_by(OPENED_AT_ONCE)).map(part).buffered(available_parallelism().map_or(1, usize::from));
    let mut file = table::codes(&["sku", "license", "code"], []);
    while let Some(part) = parts.try_next().await? {
        file.extend(part?);
    }
    Ok(Answer::csv(filename, file))
}

/// The lines of some codes, opened.
fn written(vault: &Vault, merchant: i64, skus: &HashMap<i64, String>, codes: &[CodeLine]) -> Result<Vec<u8>, Fault> {
    let mut out = Vec::with_capacity(codes.len() * 80);
    for line in codes {
        let code = stock::open_code(vault, merchant, line.key, &line.sealed)?;
        let sku = skus.get(&line.product).map_or("", String::as_str);
        table::code(&mut out, [sku, &line.license.text(), code.expose()]);
    }
    Ok(out)
}
