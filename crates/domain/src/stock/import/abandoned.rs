//! Imports that were given up: what they staged is deleted slice by slice.

use super::{ABANDONED_AFTER_MS, AbandonKeyImport, ClearStagedKeys};
use crate::access::MerchantScope;
use crate::command::{Engine, No, Origin};
use crate::ids::KeyImportId;
use crate::stock::queries;
use tradepost_kernel::Timestamp;

/// Clears what abandoned imports of a merchant left: those whose last slice is minutes old, and those whose
/// clearing was cut short.
///
/// # Errors
/// `forbidden`; the store's.
pub async fn clear_abandoned(engine: &Engine, origin: &Origin, scope: MerchantScope) -> Result<(), No> {
    let before = engine.environment.now().plus_ms(-ABANDONED_AFTER_MS);
    let left = engine.store.read(move |reader| Box::pin(async move { queries::abandoned_imports(reader, scope, before).await })).await?;
    for import in left {
        abandon(engine, origin, scope, import, Some(before)).await?;
    }
    Ok(())
}

pub(super) async fn abandon(engine: &Engine, origin: &Origin, scope: MerchantScope, import: KeyImportId, untouched_since: Option<Timestamp>) -> Result<(), No> {
    if !engine.execute(origin.clone(), AbandonKeyImport { scope, import, untouched_since }).await?.outcome {
        return Ok(());
    }
    while engine.execute(origin.clone(), ClearStagedKeys { scope, import }).await?.outcome {}
    Ok(())
}
