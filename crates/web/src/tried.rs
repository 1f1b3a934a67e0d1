//! A call that somebody tries out from a page: it goes through every step of the server as if a program had sent it, without leaving the process. What
//! comes back is what that program would read: status, type, text.

use crate::call::Call;
use crate::floor::Floor;
use crate::problem::Problem;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Limited};
use std::net::SocketAddr;
use tradepost_store::BoxFuture;

/// Bytes of an answer that are shown.
const LONGEST: usize = 1 << 20;

/// What came back.
#[derive(Clone)]
pub struct Tried {
    /// The status.
    pub status: u16,
    /// What the text is.
    pub content_type: String,
    /// The text, which may hold codes.
    pub text: String,
    /// The id of the request, by which its log is searched.
    pub request_id: String,
}

/// It may hold codes: they stand in no log.
impl std::fmt::Debug for Tried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tried").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Call {
    /// Sends a request to this server in the process, from the address of who asks. It brings its own credentials, and nothing of this call's.
    ///
    /// # Errors
    /// 503 where the server is not ready; 500 for an answer that is too long to be shown.
    pub fn tries(&self, mut request: Request<Body>) -> BoxFuture<'_, Result<Tried, Problem>> {
        Box::pin(async move {
            let floor = Floor::again(self.app()).ok_or_else(Problem::internal)?;
            if let Some(address) = self.address() {
                request.extensions_mut().insert(SocketAddr::new(address, 0));
                // Behind proxies the address is read from what they say.
                if let Ok(text) = HeaderValue::from_str(&vec![address.to_string(); self.app().settings.trusted_proxies.max(1)].join(", ")) {
                    request.headers_mut().insert("x-forwarded-for", text);
                }
            }
            read(floor.answer(request).await).await
        })
    }
}

async fn read(response: Response<Body>) -> Result<Tried, Problem> {
    let (parts, body) = response.into_parts();
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
    let bytes = Limited::new(body, LONGEST).collect().await.map_err(|_| Problem::internal())?.to_bytes();
    Ok(Tried {
        status: parts.status.as_u16(),
        content_type: text(CONTENT_TYPE.as_str()),
        text: String::from_utf8_lossy(&bytes).into_owned(),
        request_id: text("x-request-id"),
    })
}
