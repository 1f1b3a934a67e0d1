//! Imports of whole files, for pages: what a browser sends is in memory already (STK-1).

use super::origin;
use crate::call::Call;
use crate::problem::Problem;
use axum::body::Bytes;
use std::time::Duration;
use tradepost_domain::No;
use tradepost_domain::ids::KeyImportId;
use tradepost_domain::listing::PageRequest;
use tradepost_domain::stock::import::{ImportSettings, Importer, Report};
use tradepost_domain::stock::queries::{self, ImportFilter};

/// How long a page waits for an import before it shows how far that is.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where an import of a whole file stands when its page is answered.
#[derive(Debug)]
pub enum FileImport {
    /// It is over: this is what it, or the dry run, found.
    Over(Box<Report>),
    /// It goes on without the request.
    UnderWay(KeyImportId),
}

/// Imports keys from a file that is in memory. What takes longer than a moment goes on by itself: its own page tells how far it
/// is. A dry run is waited for, since nothing of it is kept.
///
/// # Errors
/// Those of [`Importer`].
pub async fn import_file(call: &Call, settings: ImportSettings, file: Bytes) -> Result<FileImport, Problem> {
    let (scope, dry_run, source) = (settings.scope, settings.dry_run, settings.source.clone());
    let mut importer = Importer::new(call.engine().clone(), origin(call), settings).await?;
    if dry_run {
        importer.push(&file).await?;
        return Ok(FileImport::Over(Box::new(importer.finish().await?)));
    }
    let mut work = tokio::spawn(async move {
        importer.push(&file).await?;
        importer.finish().await
    });
    if let Ok(ended) = tokio::time::timeout(PATIENCE, &mut work).await {
        return over(ended);
    }
    let page = PageRequest { limit: 20, before: None };
    let newest = call.read(move |reader| Box::pin(async move { queries::imports(reader, scope, &ImportFilter::default(), page).await })).await?;
    let Some(running) = newest.rows.into_iter().find(|import| import.state == "staging" && import.source == source) else {
        return over(work.await);
    };
    // Nobody waits any more: a fault is logged here.
    let request_id = call.request_id().to_owned();
    tokio::spawn(async move {
        if let Err(no) = over(work.await) {
            no.log(&request_id);
        }
    });
    Ok(FileImport::UnderWay(running.id))
}

fn over(ended: Result<Result<Report, No>, tokio::task::JoinError>) -> Result<FileImport, Problem> {
    let report = ended.map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "an import broke off");
        Problem::internal()
    })?;
    Ok(FileImport::Over(Box::new(report?)))
}
