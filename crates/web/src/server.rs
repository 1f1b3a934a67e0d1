//! Sockets: connections, their limits, compression, and an orderly end.

use crate::answer::Raw;
use crate::floor::Floor;
use crate::observe::Connected;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Extensions, HeaderMap, Request, StatusCode, Version};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceBuilder;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate as _, SizeAbove};

/// How long what is being answered may take after the server was told to end.
const LAST_ANSWERS: Duration = Duration::from_secs(30);
/// Pause after an accept that failed (out of file descriptors), so that it is not tried in a hot loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Answers below this many bytes are not worth compressing.
const WORTH_COMPRESSING: u64 = 1024;

/// Answers connections until `shutdown` is done; then takes no more, finishes what was begun, and returns.
pub async fn serve(floor: Floor, listener: TcpListener, shutdown: impl Future<Output = ()> + Send) {
    let limits = floor.app().settings.limits.clone();
    let places = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let floor = floor.clone();
        let answer = tower::service_fn(move |request: Request<Incoming>| {
            let floor = floor.clone();
            async move {
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(peer);
                Ok::<_, Infallible>(floor.answer(request).await)
            }
        });
        let compress = CompressionLayer::new().compress_when(SizeAbove::new(WORTH_COMPRESSING).and(may_be_compressed));
        let service = TowerToHyperService::new(ServiceBuilder::new().layer(compress).service(answer));
        let mut http = hyper::server::conn::http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(limits.header_time)
            .max_buf_size(limits.headers_bytes + limits.uri_bytes + (16 << 10))
            .half_close(false);
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        let connected = Connected::new();
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = &error as &dyn std::error::Error, "a connection ended");
            }
            drop((place, connected));
        });
    }
    drop(listener);
    finish(&floor, graceful).await;
}

/// The next connection, once there is a place for it.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<(tokio::net::TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            let _ = stream.set_nodelay(true);
            Some((stream, peer, place))
        }
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "a connection was not taken");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// Waits for the last answers, then for handlers whose clients hung up.
async fn finish(floor: &Floor, graceful: GracefulShutdown) {
    let app = floor.app();
    let all = u32::try_from(app.settings.limits.in_flight).unwrap_or(u32::MAX);
    let last = async {
        graceful.shutdown().await;
        drop(app.in_flight.acquire_many(all).await);
    };
    if tokio::time::timeout(LAST_ANSWERS, last).await.is_err() {
        tracing::warn!("some requests were not finished in time");
    }
}

/// Text that is ours; never a file of codes.
fn may_be_compressed(_status: StatusCode, _version: Version, headers: &HeaderMap, extensions: &Extensions) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let text = ["application/json", "text/html", "text/css", "text/javascript", "image/svg+xml", "text/plain"];
    extensions.get::<Raw>().is_none() && text.iter().any(|known| content_type.starts_with(known))
}
