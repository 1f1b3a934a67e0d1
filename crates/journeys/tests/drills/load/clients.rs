//! Who does it: a merchant, resellers with a key each, and their clients, who remember what was acknowledged to them.

use super::{Load, Unanswered, Written, bulk};
use crate::tally::Tally;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tradepost_testkit::http::Asker;
use tradepost_testkit::process::{Place, Server};
use tradepost_testkit::{Merchant, Reseller, TestApp};

/// A merchant with stock and resellers with a key each, made in process; the database belongs to the server afterwards.
pub struct Stage {
    pub merchant: Merchant,
    pub resellers: Vec<Reseller>,
    pub keys: Vec<String>,
    /// Whether the last of them sells in bulk.
    in_bulk: bool,
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
        Self { merchant: acme, resellers, keys, in_bulk: false }
    }

    /// The last client sells in bulk, in so many rounds, and every debit of a balance asks for a top-up while none is open.
    pub async fn sell_in_bulk(&mut self, rounds: usize) {
        bulk::stock(&self.merchant, rounds).await;
        for reseller in &self.resellers {
            reseller.tops_up_by_itself("2000000.00", "25.00").await;
        }
        self.in_bulk = true;
    }

    /// Lets go of the database.
    pub async fn leave(&self, app: &TestApp) {
        app.work().await;
        app.house.close().await;
    }

    pub fn clients(&self, server: &Server) -> Vec<Client> {
        let client = |(name, key): (usize, &String)| Client {
            load: if self.in_bulk && name + 1 == self.keys.len() { Load::Bulk } else { Load::of(name) },
            askers: vec![server.client(name, key)],
            merchant: vec![server.client(name, &self.merchant.key)],
            key: key.clone(),
            merchant_key: self.merchant.key.clone(),
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
    /// The merchant at the same servers.
    merchant: Vec<Asker>,
    key: String,
    merchant_key: String,
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
    /// Whether this is what it does.
    pub fn does(&self, load: Load) -> bool {
        self.load == load
    }

    /// These servers are asked from now on.
    pub fn turn_to(&mut self, servers: &[&Server]) {
        let at_all = |key: &str| servers.iter().map(|server| server.client(self.name, key)).collect();
        (self.askers, self.merchant) = (at_all(&self.key), at_all(&self.merchant_key));
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
        match self.load.write(&self.askers, &self.merchant, &reference).await {
            Ok(written) => self.acknowledged.push(written),
            Err(Unanswered::Lost(what)) => self.lost.push(what),
            Err(Unanswered::Differs(what)) => self.double.push(what),
            Err(Unanswered::Cut) => return false,
        }
        // What is delivered later is not waited for.
        if self.load != Load::Bulk {
            self.worst = self.worst.max(begun.elapsed());
        }
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

/// How many of the writes that were acknowledged were sales in bulk.
pub fn in_bulk(clients: &[Client]) -> usize {
    clients.iter().filter(|client| client.does(Load::Bulk)).map(|client| client.acknowledged.len()).sum()
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
