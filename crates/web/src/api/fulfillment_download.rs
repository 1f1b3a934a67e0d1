//! The codes of a fulfillment as a file, however large (EXT-10): read and sent page by page, in bounded memory.

use crate::{Answer, Call, OrNotFound, Problem};
use axum::body::{Body, Bytes};
use axum::http::header::ACCEPT;
use futures_util::{StreamExt as _, stream};
use std::io;
use tradepost_domain::MerchantScope;
use tradepost_domain::fulfillments::download::{Begun, CODES_OF_A_PAGE, ShowPage};
use tradepost_domain::fulfillments::units::Code;
use tradepost_domain::fulfillments::{DownloadFulfillment, FulfillmentRow, units};
use tradepost_domain::ids::{FulfillmentId, LicenseId};
use tradepost_domain::{catalog, ids, stock};
use tradepost_kernel::Timestamp;

/// A download under way.
struct Pages {
    call: Call,
    merchant: MerchantScope,
    fulfillment: FulfillmentId,
    at: Timestamp,
    form: Form,
    after: LicenseId,
}

/// How the file is written.
enum Form {
    /// `sku,license,code`.
    Csv { sku: String },
    /// One code a line.
    Lines,
}

pub(super) async fn download(call: Call) -> Result<Answer, Problem> {
    let lines = call.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains("text/plain"));
    downloaded(call, lines).await
}

/// The codes of the fulfillment that the path names by `{id}`: `lines` is one code a line, else CSV. Audited.
///
/// # Errors
/// Refusals of [`DownloadFulfillment`]; faults of the store.
pub async fn downloaded(call: Call, lines: bool) -> Result<Answer, Problem> {
    let fulfillment: FulfillmentId = call.path("id")?;
    let merchant = call.partnership()?.of_merchant();
    let begun = call.execute(DownloadFulfillment { fulfillment }).await?.outcome;
    let Begun { at, row } = *begun.begun.or_not_found()?;
    let form = if lines { Form::Lines } else { Form::Csv { sku: sku(&call, merchant, &row).await? } };
    let (name, content_type, head) = match &form {
        Form::Lines => (format!("{fulfillment}.txt"), "text/plain; charset=utf-8", Vec::new()),
        Form::Csv { .. } => (format!("{fulfillment}.csv"), "text/csv; charset=utf-8", tradepost_documents::table::codes(&["sku", "license", "code"], [])),
    };
    let pages = Pages { call, merchant, fulfillment, at, form, after: ids::nobody() };
    // A file that breaks off must not look whole: an error cuts the connection.
    let rest = stream::try_unfold(Some(pages), |pages| async move {
        let Some(pages) = pages else { return Ok(None) };
        // On a task of its own: a client that hangs up never leaves half a command.
        let page = tokio::spawn(pages.next()).await.map_err(io::Error::other)?;
        page.map_err(|problem| {
            tracing::error!(code = problem.code(), "a download breaks off");
            io::Error::other("the file breaks off")
        })
    });
    let head = (!head.is_empty()).then(|| Ok::<_, io::Error>(Bytes::from(head)));
    let body = stream::iter(head).chain(rest);
    Ok(Answer::download(&name, content_type, Body::from_stream(body)))
}

async fn sku(call: &Call, merchant: MerchantScope, row: &FulfillmentRow) -> Result<String, Problem> {
    let product = row.product;
    let read = call.read(move |reader| Box::pin(async move { catalog::queries::products_by_number(reader, merchant.merchant, &[product]).await }));
    Ok(read.await?.remove(&product).map(|product| product.sku).unwrap_or_default())
}

impl Pages {
    /// The next page, and where it goes on; `None` behind the last.
    async fn next(self) -> Result<Option<(Bytes, Option<Self>)>, Problem> {
        let (merchant, fulfillment, after) = (self.merchant, self.fulfillment, self.after);
        let read = self.call.read(move |reader| Box::pin(async move { units::codes_after(reader, merchant, fulfillment, after, CODES_OF_A_PAGE).await }));
        let mut codes = read.await?;
        if codes.iter().any(|code| !code.shown) {
            codes = self.call.execute(ShowPage { fulfillment, after, at: self.at }).await?.outcome.codes;
        }
        let Some(last) = codes.last() else { return Ok(None) };
        let (next, page) = (last.license, self.written(&codes)?);
        Ok(Some((page, Some(Self { after: next, ..self }))))
    }

    fn written(&self, codes: &[Code]) -> Result<Bytes, Problem> {
        let mut opened = Vec::with_capacity(codes.len());
        for code in codes {
            let open = stock::open_code(&self.call.engine().vault, self.merchant.merchant, code.key, &code.sealed)?;
            opened.push((code.license.text(), open));
        }
        Ok(match &self.form {
            Form::Csv { sku } => {
                let rows = opened.iter().map(|(license, code)| vec![sku.as_str(), license.as_str(), code.expose().as_str()]);
                tradepost_documents::table::more_codes(rows).into()
            }
            Form::Lines => opened.iter().fold(String::new(), |text, (_, code)| text + code.expose() + "\n").into(),
        })
    }
}
