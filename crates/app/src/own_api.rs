//! The house asks itself: a request through the whole table of routes, as over HTTP, and the operator's orders.
//! For what fills a house: the demo and the benchmark.

use crate::house::{House, Trouble};
use crate::operate::{Order, carry_out};
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use serde_json::Value as Json;
use std::net::SocketAddr;
use tradepost_domain::No;

/// Carries out an order that must succeed.
pub(crate) async fn order(house: &House, order: Order, content: Vec<u8>) -> Result<Json, Trouble> {
    carry_out(house, order, content, &mut |_| {}).await.map_err(trouble)
}

/// A refusal or a fault, where neither was to come.
pub(crate) fn trouble(no: No) -> Trouble {
    match no {
        No::Refusal(refusal) => Trouble(format!("refused: {} ({})", refusal.detail, refusal.code)),
        No::Fault(fault) => fault.into(),
    }
}

/// One request to the house itself, as over HTTP; the key may be empty.
pub(crate) async fn call(house: &House, key: &str, method: &str, path: &str, body: Option<Json>) -> Result<Json, Trouble> {
    let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
    if !key.is_empty() {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let mut request = request.body(body).map_err(|error| Trouble(error.to_string()))?;
    request.extensions_mut().insert(SocketAddr::from(([127, 0, 0, 1], 0)));
    let answer = house.floor.answer(request).await;
    let status = answer.status();
    let bytes = answer.into_body().collect().await.map_err(|error| Trouble(error.to_string()))?.to_bytes();
    if !status.is_success() {
        return Err(Trouble(format!("{method} {path} answered {status}: {}", String::from_utf8_lossy(&bytes))));
    }
    Ok(serde_json::from_slice(&bytes).unwrap_or(Json::Null))
}
