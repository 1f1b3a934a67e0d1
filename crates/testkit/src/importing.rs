//! Keys that come into stock.

use crate::{Merchant, Product, origin};
use tradepost_domain::No;
use tradepost_domain::stock::import::{Format, ImportSettings, Importer, Mode, Report};
use tradepost_kernel::Date;

impl Product {
    /// Imports `count` keys, the first with this number.
    pub async fn arrive(&self, first: usize, count: usize) {
        let codes: Vec<String> = (first..first + count).map(|n| self.code(n)).collect();
        let report = self.import(&codes.join("\n"), Mode::AllOrNothing, false).await.expect("the import runs");
        assert!(report.taken_in, "the keys of {} were not taken in: {report:?}", self.sku);
    }

    /// Imports a file of codes, one per line.
    ///
    /// # Errors
    /// The importer's.
    pub async fn import(&self, lines: &str, mode: Mode, dry_run: bool) -> Result<Report, No> {
        let format = Format::Lines { product: self.sku.clone() };
        import(&self.merchant, format, lines, mode, dry_run).await
    }
}

impl Merchant {
    /// Imports a file `sku,code`.
    ///
    /// # Errors
    /// The importer's.
    pub async fn import_keys(&self, csv: &str, mode: Mode, dry_run: bool) -> Result<Report, No> {
        import(self, Format::Separated, csv, mode, dry_run).await
    }

    /// Imports a file `sku,code` or `sku,code,expires_on` of which every key is sold until the end of a day, where its line says no other.
    ///
    /// # Errors
    /// The importer's.
    pub async fn import_keys_until(&self, csv: &str, day: Option<Date>) -> Result<Report, No> {
        import_as(self, ImportSettings { expires_on: day, ..settings(self) }, csv).await
    }
}

async fn import(merchant: &Merchant, format: Format, text: &str, mode: Mode, dry_run: bool) -> Result<Report, No> {
    import_as(merchant, ImportSettings { format, mode, dry_run, ..settings(merchant) }, text).await
}

/// An import of a file `sku,code` as it is usually told.
fn settings(merchant: &Merchant) -> ImportSettings {
    let (scope, format, mode) = (merchant.scope(), Format::Separated, Mode::AllOrNothing);
    ImportSettings { scope, source: "keys.csv".into(), note: None, cost: None, expires_on: None, format, mode, dry_run: false }
}

async fn import_as(merchant: &Merchant, settings: ImportSettings, text: &str) -> Result<Report, No> {
    let mut importer = Importer::new(merchant.app.engine.clone(), origin(&merchant.owner()), settings).await?;
    importer.push(text.as_bytes()).await?;
    importer.finish().await
}
