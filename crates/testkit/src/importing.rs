//! Files of keys, imported as a merchant's owner does it.

use crate::{Merchant, origin};
use tradepost_domain::No;
use tradepost_domain::stock::import::{Format, ImportSettings, Importer, Mode, Report};
use tradepost_kernel::Date;

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

pub(crate) async fn import(merchant: &Merchant, format: Format, text: &str, mode: Mode, dry_run: bool) -> Result<Report, No> {
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
