//! The codes of a batch as a file, however many: read, opened and sent page by page, in bounded memory (STK-6).

use crate::answer::Answer;
use crate::call::{Call, OrNotFound};
use crate::problem::Problem;
use axum::body::{Body, Bytes};
use futures_util::{StreamExt as _, stream};
use std::io;
use tradepost_documents::table;
use tradepost_domain::MerchantScope;
use tradepost_domain::ids::{KeyImportId, LicenseKeyId, nobody};
use tradepost_domain::merchants;
use tradepost_domain::stock::batches::ExportBatch;
use tradepost_domain::stock::queries::{BatchCode, codes_of_batch};
use tradepost_domain::stock::{KeyState, open_code};

/// Codes that are read at once.
const AT_ONCE: i64 = 500;

/// An export under way.
struct Pages {
    call: Call,
    scope: MerchantScope,
    batch: KeyImportId,
    state: Option<KeyState>,
    zone: String,
    after: LicenseKeyId,
}

/// The codes of the batch that the path names by `{id}`, after the audit trail has noted who looks at them; only of keys in `state`,
/// where one is given.
///
/// # Errors
/// Refusals of [`ExportBatch`]; faults of the store.
pub async fn exported(call: Call, state: Option<KeyState>) -> Result<Answer, Problem> {
    let (scope, batch): (MerchantScope, KeyImportId) = (call.merchant()?, call.path("id")?);
    call.execute(ExportBatch { scope, batch, state }).await?;
    let merchant = call.read(move |reader| Box::pin(async move { merchants::queries::merchant(reader, scope.merchant).await })).await?.or_not_found()?;
    let pages = Pages { call, scope, batch, state, zone: merchant.time_zone, after: nobody() };
    let head = Bytes::from(table::codes(&["sku", "code", "expires_on", "state"], []));
    // A file that breaks off must not look whole: an error cuts the connection.
    let rest = stream::try_unfold(Some(pages), |pages| async move {
        let Some(pages) = pages else { return Ok(None) };
        pages.next().await.map_err(|problem| {
            tracing::error!(code = problem.code(), "an export of keys breaks off");
            io::Error::other("the file breaks off")
        })
    });
    let body = stream::iter([Ok::<_, io::Error>(head)]).chain(rest);
    Ok(Answer::download(&format!("{batch}.csv"), "text/csv; charset=utf-8", Body::from_stream(body)))
}

impl Pages {
    /// The next page, and where it goes on; `None` behind the last.
    async fn next(self) -> Result<Option<(Bytes, Option<Self>)>, Problem> {
        let (scope, batch, state, from) = (self.scope, self.batch, self.state, (self.after, AT_ONCE));
        let codes = self.call.read(move |reader| Box::pin(async move { codes_of_batch(reader, scope, batch, state, from).await })).await?;
        let Some(last) = codes.last() else { return Ok(None) };
        let (after, page) = (last.id, self.written(&codes)?);
        Ok(Some((page, Some(Self { after, ..self }))))
    }

    fn written(&self, codes: &[BatchCode]) -> Result<Bytes, Problem> {
        let mut opened = Vec::with_capacity(codes.len());
        for code in codes {
            let open = open_code(&self.call.engine().vault, self.scope.merchant, code.id, &code.sealed)?;
            // The last day: the one that ends where the key is sold no more.
            let last_day = code.expires.map_or_else(String::new, |expires| expires.plus_ms(-1).date_in(&self.zone).to_string());
            opened.push((code, open, last_day));
        }
        let rows = opened.iter().map(|(code, open, last_day)| vec![code.sku.as_str(), open.expose().as_str(), last_day.as_str(), code.state.name()]);
        Ok(table::more_codes(rows).into())
    }
}
