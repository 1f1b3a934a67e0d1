//! The codes of licenses as a file: one audited look, byte for byte (FUL-7).

use crate::api::license_shapes::DownloadQuery;
use crate::{Answer, Call, Problem};
use std::collections::HashSet;
use tradepost_domain::ids::OrderId;
use tradepost_domain::orders::download::{Download, DownloadLicenses};
use tradepost_domain::{catalog, stock};

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
    let codes = call.execute(DownloadLicenses { what }).await?.outcome.lines;
    let numbers: Vec<i64> = codes.iter().map(|line| line.product).collect::<HashSet<_>>().into_iter().collect();
    let products = call.read(move |reader| Box::pin(async move { catalog::queries::products_by_number(reader, merchant, &numbers).await })).await?;
    let mut lines = Vec::with_capacity(codes.len());
    for line in codes {
        let sku = products.get(&line.product).map_or("", |product| product.sku.as_str());
        let code = stock::open_code(&call.engine().vault, merchant, line.key, &line.sealed)?;
        lines.push((sku, line.license.text(), code));
    }
    let cells = lines.iter().map(|(sku, id, code)| vec![*sku, id.as_str(), code.expose().as_str()]);
    Ok(Answer::csv(filename, tradepost_documents::table::codes(&["sku", "license", "code"], cells)))
}
