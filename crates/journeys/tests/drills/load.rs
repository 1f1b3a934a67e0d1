//! What the drills do all the time: writes of resellers over HTTP, each with its key, found again afterwards, and
//! counted.

use crate::tally::Tally;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tradepost_testkit::http::{Asker, Reply};
use tradepost_testkit::process::{Place, Server};
use tradepost_testkit::{Merchant, Reseller, TestApp};

/// A kind of write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// An order on credit: created, then confirmed.
    Orders,
    /// A sale of a reseller's own shop, paid from its prepaid balance: one request, codes in the answer.
    Fulfillments,
}

/// One request of a write.
#[derive(Clone)]
pub struct Request {
    pub path: String,
    pub key: String,
    pub body: Option<Json>,
}

/// A write that was acknowledged.
#[derive(Clone, Debug)]
pub struct Written {
    /// The reseller's own name for it.
    pub reference: String,
    pub id: String,
    /// What was said of it, and must be said for ever: the order's number, the codes.
    pub said: Json,
}

/// Why a write has no answer.
#[derive(Debug)]
pub enum Unanswered {
    /// The line was cut, or nobody listens.
    Cut,
    /// What the server acknowledged a moment ago is not there.
    Lost(String),
    /// Two answers to one key.
    Differs(String),
}

impl Load {
    pub const ALL: [Self; 2] = [Self::Orders, Self::Fulfillments];

    /// Both take turns.
    pub const fn of(n: usize) -> Self {
        Self::ALL[n % 2]
    }

    /// The first request of a write; the only one, where a write is one request.
    pub fn first(self, reference: &str) -> Request {
        let (path, body) = match self {
            Self::Orders => ("/v1/reseller/orders", json!({"reference": reference, "items": [{"product": "KEY-PRO", "quantity": 1}]})),
            Self::Fulfillments => (
                "/v1/reseller/fulfillments",
                json!({"external_order_id": reference, "product": "KEY-EXT", "quantity": 1, "customer_email": "ada@customer.example"}),
            ),
        };
        Request { path: path.into(), key: format!("{reference} first"), body: Some(body) }
    }

    /// The operation of the first request.
    pub const fn operation(self) -> &'static str {
        match self {
            Self::Orders => "createOrder",
            Self::Fulfillments => "createFulfillment",
        }
    }

    /// The tables' own count of writes whose first request was done.
    pub const fn count_sql(self) -> &'static str {
        match self {
            Self::Orders => "SELECT COUNT(*) FROM orders",
            Self::Fulfillments => "SELECT COUNT(*) FROM fulfillment",
        }
    }

    /// The tables' own count of the effects of one write.
    pub fn times_sql(self, reference: &str) -> String {
        match self {
            Self::Orders => format!("SELECT COUNT(*) FROM orders WHERE reference = '{reference}'"),
            Self::Fulfillments => format!("SELECT COUNT(*) FROM fulfillment WHERE external_order_id = '{reference}'"),
        }
    }

    /// Does one write, however often that takes, always with the same keys. Every request goes to all of `askers` at
    /// once: to the same server, or to several on one database.
    pub async fn write(self, askers: &[Asker], reference: &str) -> Result<Written, Unanswered> {
        let done = all_done(askers, &self.first(reference)).await?;
        let id = done["id"].as_str().expect("an id").to_owned();
        let said = match self {
            Self::Orders => {
                let confirm = Request { path: format!("/v1/reseller/orders/{id}/confirm"), key: format!("{reference} confirm"), body: None };
                all_done(askers, &confirm).await?["number"].clone()
            }
            Self::Fulfillments => done["items"].clone(),
        };
        Ok(Written { reference: reference.to_owned(), id, said })
    }

    /// Whether a write is there as it was acknowledged.
    pub async fn is_there(self, asker: &Asker, written: &Written) -> bool {
        match self {
            Self::Orders => {
                let found = until_read(asker, &format!("/v1/reseller/orders/{}", written.id)).await;
                found["state"] == "awaiting_payment" && found["number"] == written.said
            }
            Self::Fulfillments => {
                let found = until_read(asker, &format!("/v1/reseller/fulfillments/{}", written.id)).await;
                found["status"] == "delivered" && found["items"] == written.said
            }
        }
    }

    /// How often a write was done.
    pub async fn times(self, asker: &Asker, reference: &str) -> usize {
        let path = match self {
            Self::Orders => format!("/v1/reseller/orders?search={reference}"),
            Self::Fulfillments => format!("/v1/reseller/fulfillments?external_order_id={reference}"),
        };
        until_read(asker, &path).await["data"].as_array().map_or(0, Vec::len)
    }
}

/// Asks everywhere at once; there is one answer to one key.
async fn all_done(askers: &[Asker], request: &Request) -> Result<Json, Unanswered> {
    if let [asker] = askers {
        return until_done(asker, request).await;
    }
    let mut asking = Vec::new();
    for asker in askers {
        let (asker, request) = (asker.clone(), request.clone());
        asking.push(tokio::spawn(async move { until_done(&asker, &request).await }));
    }
    let mut answers = Vec::new();
    for asking in asking {
        answers.push(asking.await.expect("no panic")?);
    }
    let told = |answer: &Json| (answer["id"].clone(), answer["number"].clone(), answer["items"].clone());
    if answers.windows(2).all(|two| told(&two[0]) == told(&two[1])) {
        return Ok(answers.swap_remove(0));
    }
    Err(Unanswered::Differs(format!("{}: {answers:?}", request.key)))
}

/// Repeats with the same key while the server says "not now".
async fn until_done(asker: &Asker, request: &Request) -> Result<Json, Unanswered> {
    let asker = asker.once(&request.key);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        let Ok(reply) = asker.try_send("POST", &request.path, request.body.as_ref()).await else { return Err(Unanswered::Cut) };
        match reply.status {
            200 | 201 => return Ok(reply.json()),
            404 => return Err(Unanswered::Lost(format!("{}: {}", request.key, reply.text()))),
            // Never for want of stock or money: of both there is plenty.
            402 => panic!("{}: {}", request.key, reply.text()),
            409 if reply.code() == "out_of_stock" => panic!("{}: {}", request.key, reply.text()),
            // The same call with the same key did it, and this is not its answer.
            409 if reply.code() == "order_confirmed" => return Err(Unanswered::Differs(format!("{}: {}", request.key, reply.text()))),
            409 | 429 | 503 => tokio::time::sleep(Duration::from_millis(5)).await,
            _ => panic!("{}: {}", request.key, reply.text()),
        }
    }
    panic!("{}: never done", request.key);
}

async fn until_read(asker: &Asker, path: &str) -> Json {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        let reply: Reply = asker.get(path).await;
        match reply.status {
            429 | 503 => tokio::time::sleep(Duration::from_millis(20)).await,
            404 => return Json::Null,
            _ => return reply.must(200),
        }
    }
    panic!("{path}: never read");
}

/// A merchant with stock and resellers with a key each, made in process; the database belongs to the server afterwards.
pub struct Stage {
    pub merchant: Merchant,
    pub resellers: Vec<Reseller>,
    pub keys: Vec<String>,
}

impl Stage {
    /// For so many clients, who fulfill at most `sales` sales all together.
    pub async fn set(app: &TestApp, clients: usize, sales: usize) -> Self {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("1.00").backorder().keys(2_000).await;
        acme.product("KEY-EXT").price("1.00").keys(sales).await;
        let (mut resellers, mut keys) = (Vec::new(), Vec::new());
        for n in 0..clients {
            let reseller = acme.reseller(&format!("Reseller {n}")).credit("1000000.00").await;
            reseller.top_up("1000000.00").await;
            keys.push(reseller.key().await);
            resellers.push(reseller);
        }
        Self { merchant: acme, resellers, keys }
    }

    /// Lets go of the database.
    pub async fn leave(&self, app: &TestApp) {
        app.work().await;
        app.house.close().await;
    }

    pub fn clients(&self, server: &Server) -> Vec<Client> {
        let client = |(name, key): (usize, &String)| Client {
            load: Load::of(name),
            askers: vec![server.client(name, key)],
            key: key.clone(),
            name,
            next: 0,
            acknowledged: Vec::new(),
            checked: 0,
            under_way: None,
            lost: Vec::new(),
            double: Vec::new(),
            worst: Duration::ZERO,
        };
        self.keys.iter().enumerate().map(client).collect()
    }
}

/// A reseller's client: it remembers what was acknowledged to it and what was under way.
pub struct Client {
    load: Load,
    askers: Vec<Asker>,
    key: String,
    name: usize,
    next: usize,
    pub acknowledged: Vec<Written>,
    checked: usize,
    under_way: Option<String>,
    lost: Vec<String>,
    double: Vec<String>,
    /// The longest wait for an acknowledgment.
    worst: Duration,
}

impl Client {
    /// These servers are asked from now on.
    pub fn turn_to(&mut self, servers: &[&Server]) {
        self.askers = servers.iter().map(|server| server.client(self.name, &self.key)).collect();
    }

    /// One write after the other until the line is cut or `enough` says so.
    async fn write_on(&mut self, done: &AtomicUsize, enough: usize) {
        while done.load(Ordering::Relaxed) < enough {
            let reference = format!("c{}-{}", self.name, self.next);
            self.next += 1;
            self.under_way = Some(reference);
            if !self.finish().await {
                return;
            }
            done.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Does what is under way, with the keys that it had before. `false`: it is cut again.
    async fn finish(&mut self) -> bool {
        let Some(reference) = self.under_way.clone() else { return true };
        let begun = Instant::now();
        match self.load.write(&self.askers, &reference).await {
            Ok(written) => self.acknowledged.push(written),
            Err(Unanswered::Lost(what)) => self.lost.push(what),
            Err(Unanswered::Differs(what)) => self.double.push(what),
            Err(Unanswered::Cut) => return false,
        }
        self.worst = self.worst.max(begun.elapsed());
        self.under_way = None;
        true
    }

    /// Everything that was acknowledged is there, as it was said, once; what was under way is done once by its key.
    async fn check(&mut self) -> Found {
        assert!(self.finish().await, "the server runs");
        let mut found = Found { lost: std::mem::take(&mut self.lost), double: std::mem::take(&mut self.double), worst: std::mem::take(&mut self.worst) };
        // What is older was checked in an earlier round; a sample of it again.
        let from = self.checked.min(self.acknowledged.len().saturating_sub(5));
        for written in &self.acknowledged[from..] {
            if !self.load.is_there(&self.askers[0], written).await {
                found.lost.push(written.reference.clone());
            }
            if self.load.times(&self.askers[0], &written.reference).await > 1 {
                found.double.push(written.reference.clone());
            }
        }
        self.checked = self.acknowledged.len();
        found
    }
}

/// What a client's check found.
struct Found {
    lost: Vec<String>,
    double: Vec<String>,
    worst: Duration,
}

/// Clients that write until they are cut.
pub struct Writing {
    done: Arc<AtomicUsize>,
    tasks: Vec<JoinHandle<Client>>,
}

impl Writing {
    /// Sets them to work, for this many writes at most.
    pub fn begin(clients: &mut Vec<Client>, enough: usize) -> Self {
        let done = Arc::new(AtomicUsize::new(0));
        let task = |mut client: Client| {
            let done = done.clone();
            tokio::spawn(async move {
                client.write_on(&done, enough).await;
                client
            })
        };
        Self { tasks: clients.drain(..).map(task).collect(), done: done.clone() }
    }

    /// Waits until so many were acknowledged.
    pub async fn until(&self, enough: usize, words: impl Fn() -> String) {
        let begun = Instant::now();
        while self.count() < enough {
            assert!(begun.elapsed() < Duration::from_secs(120), "too slow: {}", words());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// How many were acknowledged.
    pub fn count(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }

    /// Has them finish the write that they are in, and waits for that.
    pub async fn stop(self) -> Vec<Client> {
        // Beyond any number that was enough.
        self.done.fetch_add(usize::MAX / 2, Ordering::Relaxed);
        self.end().await
    }

    /// Waits until all were cut or had enough.
    pub async fn end(self) -> Vec<Client> {
        let mut clients = Vec::new();
        for task in self.tasks {
            clients.push(task.await.expect("a client"));
        }
        clients
    }
}

/// Every client looks for what was acknowledged to it, all at once.
pub async fn check_all(clients: &mut Vec<Client>, tally: &mut Tally) {
    let check = |mut client: Client| tokio::spawn(async move { (client.check().await, client) });
    let checking: Vec<_> = clients.drain(..).map(check).collect();
    for checking in checking {
        let (mut found, client) = checking.await.expect("a client");
        tally.lost.append(&mut found.lost);
        tally.double.append(&mut found.double);
        tally.waited(found.worst);
        clients.push(client);
    }
    tally.done = clients.iter().map(|client| client.acknowledged.len()).sum();
}

/// The tables hold as many writes as were acknowledged, once nothing is under way: none is there that nobody heard of.
pub async fn count_all(clients: &[Client], place: &Place, tally: &mut Tally) {
    for load in Load::ALL {
        let acknowledged: usize = clients.iter().filter(|client| client.load == load).map(|client| client.acknowledged.len()).sum();
        let there = usize::try_from(place.count(load.count_sql()).await).expect("a count");
        match there.cmp(&acknowledged) {
            std::cmp::Ordering::Less => tally.lost.push(format!("{acknowledged} {load:?} acknowledged, {there} there")),
            std::cmp::Ordering::Equal => {}
            std::cmp::Ordering::Greater => tally.double.push(format!("{acknowledged} {load:?} acknowledged, {there} there")),
        }
    }
}
