//! The crash drill: the real server, killed at a random moment under load, loses nothing that it acknowledged
//! (reliability.md). `TRADEPOST_BIN` names the binary (`make test` sets it), `TRADEPOST_DRILL_ROUNDS` the rounds.

use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tradepost_testkit::http::{Asker, Http, Reply};
use tradepost_testkit::{Kind, TestApp};

const CLIENTS: usize = 16;

fn rounds(usual: usize) -> usize {
    std::env::var("TRADEPOST_DRILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// The binary: as told, else beside this test's own.
fn binary(variable: &str, folder: &str) -> Option<PathBuf> {
    let told = std::env::var_os(variable).map(PathBuf::from);
    let beside = || {
        let own = std::env::current_exe().ok()?;
        Some(own.parent()?.parent()?.parent()?.join(folder).join("tradepost"))
    };
    let found = told.or_else(beside).filter(|path| path.is_file());
    if found.is_none() {
        println!("SKIPPED: no server to kill; build it (cargo build -p tradepost) or name it by {variable}");
    }
    found
}

/// A server in a process of its own.
struct Server {
    process: Child,
    http: Http,
}

/// What every process of a drill is started with.
struct Place {
    binary: PathBuf,
    data: PathBuf,
    database: String,
    bug: Option<&'static str>,
}

impl Place {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        if let Some(bug) = self.bug {
            command.env("TRADEPOST_TEST_SABOTAGE", bug);
        }
        command.arg("--data").arg(&self.data).arg("--database").arg(&self.database).stdin(Stdio::null());
        command
    }

    /// Starts the server and waits until it is ready; says how long that took.
    async fn serve(&self) -> (Server, Duration) {
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.data.join("server.log")).expect("a log");
        let begun = Instant::now();
        let mut command = self.command();
        command.args(["serve", "--listen", &format!("127.0.0.1:{port}")]).stdout(log.try_clone().expect("a log")).stderr(log);
        let mut server = Server { process: command.spawn().expect("the server starts"), http: Http::at(&format!("http://127.0.0.1:{port}")) };
        while server.http.nobody().try_send("GET", "/health/ready", None).await.map_or(0, |reply| reply.status) != 200 {
            assert!(begun.elapsed() < Duration::from_secs(30), "not ready: {}", tail(&self.data));
            assert!(server.process.try_wait().expect("a process").is_none(), "it ended by itself: {}", tail(&self.data));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        (server, begun.elapsed())
    }

    /// `tradepost verify`, beside the running server.
    fn verify(&self) {
        let done = self.command().args(["verify", "--json"]).output().expect("verify runs");
        assert!(done.status.success(), "verify: {}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    }
}

fn tail(data: &Path) -> String {
    let log = std::fs::read_to_string(data.join("server.log")).unwrap_or_default();
    log.lines().rev().take(5).collect::<Vec<_>>().join("\n")
}

impl Server {
    fn kill(mut self) {
        // SIGKILL: no handler, no farewell.
        self.process.kill().expect("killed");
        self.process.wait().expect("gone");
    }
}

impl Drop for Server {
    /// A drill that fails, as its twins must, leaves no server behind.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One reseller's client: it remembers what was acknowledged to it and what was under way.
struct Client {
    asker: Asker,
    name: usize,
    next: usize,
    /// Reference, order id, number.
    acknowledged: Vec<(String, String, String)>,
    /// A reference whose order was asked for and not answered.
    under_way: Option<String>,
}

impl Client {
    /// Orders until nobody answers any more.
    async fn order_until_cut(&mut self, done: &AtomicUsize) {
        loop {
            let reference = format!("c{}-{}", self.name, self.next);
            self.next += 1;
            self.under_way = Some(reference.clone());
            let Some((id, number)) = self.place(&reference).await else { return };
            self.acknowledged.push((reference, id, number));
            self.under_way = None;
            done.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Creates and confirms one order, each with its key. `None` where the line was cut.
    async fn place(&self, reference: &str) -> Option<(String, String)> {
        let body = json!({"reference": reference, "items": [{"product": "KEY-PRO", "quantity": 1}]});
        let draft = self.until_done(&format!("{reference} create"), "/v1/reseller/orders", Some(&body)).await?;
        let id = draft["id"].as_str().expect("an id").to_owned();
        let placed = self.until_done(&format!("{reference} confirm"), &format!("/v1/reseller/orders/{id}/confirm"), None).await?;
        Some((id, placed["number"].as_str().unwrap_or_default().to_owned()))
    }

    /// Repeats with the same key while the server says "not now".
    async fn until_done(&self, key: &str, path: &str, body: Option<&Json>) -> Option<Json> {
        for _ in 0..200 {
            let reply: Reply = self.asker.once(key).try_send("POST", path, body).await.ok()?;
            match reply.status {
                200 | 201 => return Some(reply.json()),
                404 | 409 | 429 | 500..=599 => tokio::time::sleep(Duration::from_millis(5)).await,
                _ => panic!("{key}: {}", reply.text()),
            }
        }
        panic!("{key}: never done");
    }

    /// Everything that was acknowledged is there, as it was said; what was under way is done once by its key.
    async fn check(&mut self) {
        if let Some(reference) = self.under_way.take() {
            let (id, number) = self.place(&reference).await.expect("the server runs");
            self.acknowledged.push((reference, id, number));
        }
        // What is older was checked in an earlier round; a sample of it again.
        let from = self.acknowledged.len().saturating_sub(40);
        for (reference, id, number) in &self.acknowledged[from..] {
            let found = self.until_read(&format!("/v1/reseller/orders/{id}")).await;
            assert_eq!(
                (found["state"].as_str(), found["number"].as_str()),
                (Some("awaiting_payment"), Some(number.as_str())),
                "acknowledged and lost: {reference}"
            );
            let same = self.until_read(&format!("/v1/reseller/orders?search={reference}")).await;
            assert_eq!(same["data"].as_array().map(Vec::len), Some(1), "{reference} was done twice");
        }
    }

    async fn until_read(&self, path: &str) -> Json {
        loop {
            let reply = self.asker.get(path).await;
            if reply.status != 429 {
                return reply.must(200);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn drill(app: TestApp, binary: PathBuf, bug: Option<&'static str>, rounds: usize) {
    let acme = app.merchant("Acme Software").await;
    acme.product("KEY-PRO").price("1.00").backorder().keys(2_000).await;
    let mut keys = Vec::new();
    for n in 0..CLIENTS {
        keys.push(acme.reseller(&format!("Reseller {n}")).credit("1000000.00").await.key().await);
    }
    app.work().await;
    // The file is the server's from now on.
    app.house.close().await;
    let place = Place { binary, data: app.folder().to_owned(), database: app.url.clone(), bug };
    let mut clients: Vec<Client> = Vec::new();
    let mut slowest = Duration::ZERO;
    for round in 0..rounds {
        let (server, ready) = place.serve().await;
        slowest = slowest.max(ready);
        if round == 0 {
            clients = keys
                .iter()
                .enumerate()
                .map(|(name, key)| Client { asker: server.http.with(key), name, next: 0, acknowledged: Vec::new(), under_way: None })
                .collect();
        }
        for (client, key) in clients.iter_mut().zip(&keys) {
            client.asker = server.http.with(key);
            client.check().await;
        }
        place.verify();
        let done = Arc::new(AtomicUsize::new(0));
        let working: Vec<_> = clients
            .drain(..)
            .map(|mut client| {
                let done = done.clone();
                tokio::spawn(async move {
                    client.order_until_cut(&done).await;
                    client
                })
            })
            .collect();
        // A random moment: after some orders, and then some more milliseconds.
        let enough = 20 + usize::from(app.engine.environment.random::<1>()[0]) / 4;
        let begun = Instant::now();
        while done.load(Ordering::Relaxed) < enough {
            assert!(begun.elapsed() < Duration::from_secs(60), "round {round}: too slow: {}", tail(&place.data));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(u64::from(app.engine.environment.random::<1>()[0]) * 80)).await;
        server.kill();
        for working in working {
            clients.push(working.await.expect("a client"));
        }
    }
    let (server, ready) = place.serve().await;
    slowest = slowest.max(ready);
    for (client, key) in clients.iter_mut().zip(&keys) {
        client.asker = server.http.with(key);
        client.check().await;
    }
    place.verify();
    let orders: usize = clients.iter().map(|client| client.acknowledged.len()).sum();
    println!("{rounds} kills, {orders} acknowledged orders, none lost; slowest start {slowest:?}");
    server.kill();
    assert!(slowest < Duration::from_secs(10), "the first answer after a crash took {slowest:?}");
}

fn run(kind: Kind, variable: &str, folder: &str, bug: Option<&'static str>, rounds: usize) {
    if let Some(binary) = binary(variable, folder) {
        tradepost_testkit::run_unchecked(kind, "crash", move |app| drill(app, binary, bug, rounds));
    }
}

/// PLT-3, reliability: `kill -9` under load, on SQLite.
#[test]
fn a_killed_server_loses_nothing_that_it_acknowledged_on_sqlite() {
    run(Kind::Sqlite, "TRADEPOST_BIN", "debug", None, rounds(10));
}

/// PLT-3, reliability: `kill -9` under load, on PostgreSQL.
#[test]
fn a_killed_server_loses_nothing_that_it_acknowledged_on_postgres() {
    run(Kind::Postgres, "TRADEPOST_BIN", "debug", None, rounds(10));
}

/// The twin: a server that answers before it commits.
#[cfg(debug_assertions)]
fn notices(kind: Kind) {
    let Some(binary) = binary("TRADEPOST_BIN", "debug") else { return };
    if kind.is_skipped() {
        return;
    }
    let run = || tradepost_testkit::run_unchecked(kind, "crash", move |app| drill(app, binary, Some("commit.lost"), 10));
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    let panic = outcome.expect_err("the drill did not notice that answers come before the commit");
    let said = panic.downcast_ref::<String>().cloned().unwrap_or_default();
    assert!(said.contains("acknowledged and lost") || said.contains("404"), "it failed for another reason: {said}");
}

#[cfg(debug_assertions)]
#[test]
fn the_crash_drill_notices_a_lost_commit_on_sqlite() {
    notices(Kind::Sqlite);
}

#[cfg(debug_assertions)]
#[test]
fn the_crash_drill_notices_a_lost_commit_on_postgres() {
    notices(Kind::Postgres);
}
