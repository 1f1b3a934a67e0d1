//! The real server in this process, and clients that speak to it over loopback and keep their connections.

use crate::seed::{Draft, QUANTITY, Wanted};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tradepost::config::{Flags, Settings};
use tradepost::{House, routes};
use tradepost_kernel::Environment;
use tradepost_testkit::TestApp;
use tradepost_web::authenticate::Gate;
use tradepost_web::{App, Floor};

/// The running server.
pub struct Server {
    /// The open house.
    pub house: House,
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
    worker: Option<(watch::Sender<bool>, JoinHandle<()>)>,
}

impl Server {
    /// Opens the seeded database with the machine's clock and serves it, with no limit on rates.
    pub async fn open(app: &TestApp, with_worker: bool) -> Self {
        let flags = Flags { data: Some(app.folder().to_owned()), database: Some(app.url.clone()), ..Flags::default() };
        let settings = Settings::read(&flags, std::iter::empty()).expect("settings");
        let house = House::open(settings, Environment::system()).await.expect("the house opens");
        let mut web = tradepost_web::Settings::new("http://127.0.0.1");
        web.limits = web.limits.without_rates();
        let shared = App::new(house.engine.clone(), Arc::new(Gate::new(house.engine.clone())), web);
        shared.migrations_done();
        let floor = Floor::new(Arc::new(shared), &routes::all());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(tradepost_web::server::serve(floor, listener, async { drop(stopped.await) }));
        let worker = with_worker.then(|| {
            let (stop, stopping) = watch::channel(false);
            let worker = house.worker.clone();
            (stop, tokio::spawn(async move { worker.run(stopping).await }))
        });
        Self { house, address, stop, serving, worker }
    }

    /// Ends it in order.
    pub async fn close(self) {
        let _ = self.stop.send(());
        self.serving.await.expect("the server ends");
        if let Some((stop, working)) = self.worker {
            let _ = stop.send(true);
            working.await.expect("the worker ends");
        }
        self.house.close().await;
    }
}

/// A connection that is kept.
struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    async fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address).await.expect("the server listens");
        stream.set_nodelay(true).expect("no delay");
        Self { stream, buffer: Vec::with_capacity(16 << 10) }
    }

    /// Posts, and gives back status and body.
    async fn post(&mut self, path: &str, token: &str, key: &str, body: &str) -> (u16, String) {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\nidempotency-key: {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(head.as_bytes()).await.expect("a request is sent");
        self.buffer.clear();
        let mut whole = None;
        while whole.is_none_or(|length| self.buffer.len() < length) {
            let read = self.stream.read_buf(&mut self.buffer).await.expect("an answer comes");
            assert!(read > 0, "the server hung up");
            if whole.is_none() {
                whole = length(&self.buffer);
            }
        }
        let text = String::from_utf8_lossy(&self.buffer);
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, body.to_owned())
    }
}

/// How long the whole answer will be, once its head is there.
fn length(buffer: &[u8]) -> Option<usize> {
    let head = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&buffer[..head]).expect("a head in ASCII").to_ascii_lowercase();
    let body = text.lines().find_map(|line| line.strip_prefix("content-length:")).expect("an answer of known length");
    Some(head + body.trim().parse::<usize>().expect("a length"))
}

/// Confirms drafts by so many clients; each takes the next one when it has its answer.
pub async fn confirm(server: &Server, drafts: &[Draft], clients: usize) -> Vec<Duration> {
    let drafts: Arc<[Draft]> = drafts.into();
    each(server, drafts.len(), clients, move |nth, mut client| {
        let drafts = drafts.clone();
        async move {
            let draft = &drafts[nth];
            let path = format!("/v1/reseller/orders/{}/confirm", draft.order);
            let (status, body) = client.post(&path, &draft.token, &format!("confirm-{}", draft.order), "").await;
            assert_eq!(status, 200, "{body}");
            client
        }
    })
    .await
}

/// Drafts orders and confirms them: two requests each.
pub async fn draft_and_confirm(server: &Server, wanted: &[Wanted], clients: usize) -> Vec<Duration> {
    let wanted: Arc<[Wanted]> = wanted.into();
    each(server, wanted.len(), clients, move |nth, mut client| {
        let wanted = wanted.clone();
        async move {
            let Wanted { products, token } = &wanted[nth];
            let items: Vec<_> = products.iter().map(|sku| serde_json::json!({"product": sku, "quantity": QUANTITY})).collect();
            let key = format!("{:032x}", u128::from_be_bytes(Environment::system().random()));
            let (status, body) = client.post("/v1/reseller/orders", token, &key, &serde_json::json!({"items": items}).to_string()).await;
            assert_eq!(status, 201, "{body}");
            let draft: serde_json::Value = serde_json::from_str(&body).expect("JSON");
            let id = draft["id"].as_str().expect("an id");
            let (status, body) = client.post(&format!("/v1/reseller/orders/{id}/confirm"), token, &format!("confirm-{id}"), "").await;
            assert_eq!(status, 200, "{body}");
            client
        }
    })
    .await
}

async fn each<F, D>(server: &Server, count: usize, clients: usize, work: F) -> Vec<Duration>
where
    F: Fn(usize, Client) -> D + Clone + Send + 'static,
    D: Future<Output = Client> + Send + 'static,
{
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::new();
    for _ in 0..clients {
        let (mut client, next, work) = (Client::connect(server).await, next.clone(), work.clone());
        tasks.push(tokio::spawn(async move {
            let mut took = Vec::new();
            loop {
                let nth = next.fetch_add(1, Ordering::Relaxed);
                if nth >= count {
                    return took;
                }
                let begun = Instant::now();
                client = work(nth, client).await;
                took.push(begun.elapsed());
            }
        }));
    }
    let mut all = Vec::with_capacity(count);
    for task in tasks {
        all.extend(task.await.expect("a client ends well"));
    }
    all
}
