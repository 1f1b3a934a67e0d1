//! The server over real sockets.

use super::*;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

async fn serve(floor: Floor) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel();
    let server = tokio::spawn(tradepost_web::server::serve(floor, listener, async move { drop(stopped.await) }));
    (address, stop, server)
}

async fn say(address: SocketAddr, text: &str) -> Vec<u8> {
    let mut socket = TcpStream::connect(address).await.expect("a connection");
    socket.write_all(text.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.expect("an answer");
    answer
}

fn head(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    text.split("\r\n\r\n").next().unwrap_or("").to_ascii_lowercase()
}

#[tokio::test]
async fn pages_are_compressed_and_files_of_codes_are_not() {
    let (floor, _folder) = floor().await;
    let (address, stop, server) = serve(floor).await;
    let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer seller\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
    assert!(head(&say(address, &ask("/docs/api")).await).contains("content-encoding: gzip"));
    let codes = say(address, &ask("/v1/reseller/orders/x/licenses.csv")).await;
    assert!(!head(&codes).contains("content-encoding"));
    assert!(codes.ends_with("code\nAAAA\n".repeat(500).as_bytes()));
    drop(stop);
    server.await.expect("ended");
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let (floor, _folder) = floor_with(|settings| settings.limits.header_time = Duration::from_millis(50)).await;
    let (address, _stop, _server) = serve(floor).await;
    let waiting = tokio::time::timeout(Duration::from_secs(5), say(address, "GET / HTTP/1.1\r\nHost:"));
    waiting.await.expect("the server hung up");
}

#[tokio::test]
async fn a_server_that_is_told_to_end_finishes_what_it_began() {
    let (floor, _folder) = floor().await;
    let (address, stop, server) = serve(floor).await;
    let slow = "POST /v1/reseller/slow HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer seller\r\nContent-Length: 0\r\n\r\n";
    let mut socket = TcpStream::connect(address).await.expect("a connection");
    socket.write_all(slow.as_bytes()).await.expect("sent");
    tokio::time::sleep(Duration::from_millis(10)).await;
    drop(stop);
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.expect("an answer");
    assert!(head(&answer).starts_with("http/1.1 204"));
    server.await.expect("ended");
    assert!(TcpStream::connect(address).await.is_err());
}

/// PLT-10
#[tokio::test]
async fn health_and_metrics_answer_this_machine() {
    let (floor, _folder) = floor().await;
    assert_eq!(ask(&floor, "GET", "/health/live", "", "").await.0, 200);
    assert_eq!(ask(&floor, "GET", "/health/ready", "", "").await.0, 503);
    floor.app().migrations_done();
    assert_eq!(ask(&floor, "GET", "/health/ready", "", "").await.0, 200);
    assert_eq!(ask(&floor, "GET", "/metrics", "", "").await.0, 404);
    let (address, _stop, _server) = serve(floor).await;
    let metrics = say(address, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    let text = String::from_utf8_lossy(&metrics);
    assert!(text.contains("http_requests_total{operation=\"healthLive\"") && text.contains("store_writes_waiting"), "{text}");
}
