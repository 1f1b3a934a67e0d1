//! The codes of licenses as a file: one audited look, byte for byte (FUL-7).

use crate::api::license_shapes::DownloadQuery;
use crate::{Answer, Call, Problem};
use std::collections::{HashMap, HashSet};
use tradepost_domain::ids::{LicenseId, LicenseKeyId, OrderId};
use tradepost_domain::licenses::queries::{self, LicenseRow};
use tradepost_domain::orders::download::{Download, DownloadLicenses};
use tradepost_domain::{catalog, stock};
use tradepost_store::{Fault, Reader};

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
    let ids = call.execute(DownloadLicenses { what }).await?.outcome.licenses;
    let wanted = ids.clone();
    let (rows, around) = call
        .read(move |reader| {
            Box::pin(async move {
                let rows = queries::by_ids(reader, merchant, &wanted).await?;
                let around = codes_around(reader, merchant, &rows).await?;
                Ok((rows, around))
            })
        })
        .await?;
    let rows: HashMap<LicenseId, LicenseRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    let mut lines = Vec::with_capacity(ids.len());
    for id in ids {
        let Some((row, key)) = rows.get(&id).and_then(|row| row.key.map(|key| (row, key))) else { continue };
        let sealed = around.1.get(&key).ok_or_else(|| Fault::invariant("a key without its code"))?;
        let sku = around.0.get(&row.product).map_or("", |product| product.sku.as_str());
        let code = stock::open_code(&call.engine().vault, merchant, key, &sealed.sealed)?;
        lines.push((sku.to_owned(), id.text(), code));
    }
    let cells = lines.iter().map(|(sku, id, code)| vec![sku.as_str(), id.as_str(), code.expose().as_str()]);
    Ok(Answer::csv(filename, tradepost_documents::table::codes(&["sku", "license", "code"], cells)))
}

type Codes = (HashMap<i64, catalog::SellableProduct>, HashMap<LicenseKeyId, stock::queries::SealedCode>);

async fn codes_around(reader: &mut Reader<'_>, merchant: i64, rows: &[LicenseRow]) -> Result<Codes, Fault> {
    let products: Vec<i64> = rows.iter().map(|row| row.product).collect::<HashSet<_>>().into_iter().collect();
    let products = catalog::queries::products_by_number(reader, merchant, &products).await?;
    let keys: Vec<LicenseKeyId> = rows.iter().filter_map(|row| row.key).collect();
    Ok((products, stock::queries::sealed(reader, merchant, &keys).await?))
}
