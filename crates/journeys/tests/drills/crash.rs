//! The crash drill: the real server, killed at a random moment under load or ended at a named fail point, loses
//! nothing that it acknowledged and does nothing twice.

use crate::load::{Client, Stage, Writing, check_all, count_all, in_bulk};
use crate::tally::{Tally, allowed, rounds, skipped};
#[cfg(debug_assertions)]
use std::os::unix::process::ExitStatusExt;
use std::sync::Mutex;
use std::time::Duration;
#[cfg(debug_assertions)]
use std::time::Instant;
use tradepost_testkit::process::{Place, Server, binary};
use tradepost_testkit::{Kind, TestApp};

const CLIENTS: usize = 32;
/// From the start of the process to its first answer.
const FIRST_ANSWER: Duration = Duration::from_secs(2);

/// How a round ends.
#[derive(Clone, Copy)]
enum End {
    /// `kill -9` after some writes, and then some more microseconds.
    Kill,
    /// At the next of these fail points.
    #[cfg(debug_assertions)]
    FailPoint(&'static [&'static str]),
}

struct Drill {
    name: &'static str,
    kind: Kind,
    bug: Option<&'static str>,
    end: End,
    rounds: usize,
}

impl Drill {
    fn hold(self) {
        let Some(binary) = binary() else { return skipped(self.name, "there is no server to kill: cargo build -p tradepost") };
        tradepost_testkit::run_unchecked(self.kind, self.name, move |app| self.run(app, binary));
    }

    async fn run(self, app: TestApp, binary: std::path::PathBuf) {
        // At a fail point that comes late a round writes more.
        let sales = if matches!(self.end, End::Kill) { 150 } else { 800 };
        let mut stage = Stage::set(&app, CLIENTS, 500 + sales * self.rounds).await;
        // The twins do without: their bugs show in what is small, and so many keys take their time.
        if self.bug.is_none() {
            stage.sell_in_bulk(self.rounds).await;
        }
        let imports = Imports::prepare(&stage, if matches!(self.end, End::Kill) { 0 } else { self.rounds }).await;
        stage.leave(&app).await;
        let place = Place { binary, data: app.folder().to_owned(), database: app.url.clone(), bug: self.bug.map(str::to_owned) };
        let mut tally = Tally::of(self.name, self.kind, self.bug);
        let mut first_answer = Duration::ZERO;
        let mut clients: Vec<Client> = Vec::new();
        for round in 0..=self.rounds {
            let server = place.serve().await;
            first_answer = first_answer.max(server.ready);
            if round == 0 {
                clients = stage.clients(&server);
            }
            clients.iter_mut().for_each(|client| client.turn_to(&[&server]));
            check_all(&mut clients, &mut tally).await;
            imports.check(&server, round, &mut tally).await;
            place.verify().await;
            if round == self.rounds {
                count_all(&clients, &place, &mut tally).await;
                tally.note = format!("first answer after a start {} ms; {} sales in bulk", first_answer.as_millis(), in_bulk(&clients));
                break;
            }
            if self.bug.is_some() && tally.found_any() {
                break;
            }
            match self.end {
                End::Kill => kill(&app, &place, server, &mut clients).await,
                #[cfg(debug_assertions)]
                End::FailPoint(points) => {
                    drop(server);
                    fail(&app, &place, &imports, (round, points[round % points.len()]), &mut clients).await;
                }
            }
            tally.rounds += 1;
        }
        place.forget_log();
        tally.finish();
        assert!(first_answer < allowed(FIRST_ANSWER), "the first answer after a crash took {first_answer:?}");
    }
}

/// A random byte.
fn chance(app: &TestApp) -> usize {
    usize::from(app.engine.environment.random::<1>()[0])
}

async fn kill(app: &TestApp, place: &Place, server: Server, clients: &mut Vec<Client>) {
    let writing = Writing::begin(clients, usize::MAX / 4);
    writing.until(20 + chance(app) / 4, || place.last_words()).await;
    tokio::time::sleep(Duration::from_micros(80 * chance(app) as u64)).await;
    server.kill();
    *clients = writing.end().await;
}

/// A server that ends by itself at a fail point, when it comes there for the nth time.
#[cfg(debug_assertions)]
async fn fail(app: &TestApp, place: &Place, imports: &Imports, (round, point): (usize, &str), clients: &mut Vec<Client>) {
    // What comes rarely is hit early, what comes often anywhere.
    let nth = match point.split_once('.') {
        Some(("store", _)) => 1 + chance(app) / 6,
        Some(("relay", _)) => 1 + chance(app) / 64,
        _ => 1 + chance(app) / 128,
    };
    // Beside the bug of a twin.
    let bug = place.bug.iter().cloned().chain([format!("{point}@{nth}")]).collect::<Vec<_>>().join(",");
    let doomed = Place { bug: Some(bug), ..place.clone() };
    let aborted = |status: std::process::ExitStatus| assert_eq!(status.signal(), Some(6), "{point}@{nth}: {}", place.last_words());
    let mut server = match doomed.try_serve().await {
        Ok(server) => server,
        // What was left to do by the one before it led it there on its way up.
        Err(status) => return aborted(status),
    };
    clients.iter_mut().for_each(|client| client.turn_to(&[&server]));
    let writing = Writing::begin(clients, usize::MAX / 4);
    imports.send(&server, round).await;
    let begun = Instant::now();
    loop {
        if let Some(status) = server.ended() {
            aborted(status);
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{point}@{nth} was never reached: {}", place.last_words());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    *clients = writing.end().await;
}

/// Imports of three slices, one in each round at a fail point: all of its keys come in, or none.
struct Imports {
    key: String,
    products: Vec<Imported>,
}

struct Imported {
    sku: String,
    product: String,
    /// Whether its import was; `None` before it was sent.
    acknowledged: Mutex<Option<bool>>,
}

const KEYS: usize = 1_200;

impl Imports {
    async fn prepare(stage: &Stage, count: usize) -> Self {
        let mut products = Vec::new();
        for n in 0..count {
            let sku = format!("IMP-{n}");
            let product = stage.merchant.product(&sku).price("1.00").await;
            products.push(Imported { sku, product: product.id.to_string(), acknowledged: Mutex::new(None) });
        }
        Self { key: stage.merchant.key.clone(), products }
    }

    /// Sends the import of a round; remembers whether it was acknowledged.
    #[cfg(debug_assertions)]
    async fn send(&self, server: &Server, round: usize) {
        let Imported { sku, acknowledged, .. } = &self.products[round];
        let codes: Vec<String> = (0..KEYS).map(|n| format!("{sku}-{n:05}")).collect();
        let path = format!("/v1/merchant/license-keys/imports?product={sku}");
        let said = server.http.with(&self.key).try_send_text("POST", &path, "text/csv", codes.join("\n")).await;
        *acknowledged.lock().expect("nobody panicked") = Some(said.is_ok_and(|reply| reply.status == 201));
    }

    /// The stock of the imports so far.
    async fn check(&self, server: &Server, rounds: usize, tally: &mut Tally) {
        for Imported { sku, product, acknowledged } in self.products.iter().take(rounds) {
            let stock = server.http.with(&self.key).get(&format!("/v1/merchant/stock/{product}")).await.must(200);
            let (available, acknowledged) = (stock["available"].as_u64().unwrap_or(0), *acknowledged.lock().expect("nobody panicked"));
            if acknowledged == Some(true) && available != KEYS as u64 {
                tally.lost.push(format!("the import of {sku}: {available} keys"));
            }
            assert!(available == 0 || available == KEYS as u64, "a part of the import of {sku} came in: {available} keys");
        }
    }
}

fn killed(kind: Kind) {
    Drill { name: "crash", kind, bug: None, end: End::Kill, rounds: rounds(6) }.hold();
}

/// EXT-8, EXT-9, EXT-10, PLT-3, reliability: `kill -9` under load, on SQLite.
#[test]
fn a_killed_server_loses_nothing_that_it_acknowledged_on_sqlite() {
    killed(Kind::Sqlite);
}

/// EXT-8, EXT-9, EXT-10, PLT-3, reliability: `kill -9` under load, on PostgreSQL.
#[test]
fn a_killed_server_loses_nothing_that_it_acknowledged_on_postgres() {
    killed(Kind::Postgres);
}

#[cfg(debug_assertions)]
mod sabotage {
    use super::*;
    use crate::tally::must_fail;

    fn failing(kind: Kind) {
        let points = tradepost_kernel::sabotage::FAIL_POINTS;
        // Each of the points at least once.
        let rounds = rounds(points.len()).max(points.len());
        Drill { name: "fail_points", kind, bug: None, end: End::FailPoint(points), rounds }.hold();
    }

    /// EXT-8, EXT-9, EXT-10, PLT-3, reliability: ended at every named fail point, on SQLite.
    #[test]
    fn a_server_that_ends_at_any_fail_point_loses_nothing_on_sqlite() {
        failing(Kind::Sqlite);
    }

    /// EXT-8, EXT-9, EXT-10, PLT-3, reliability: ended at every named fail point, on PostgreSQL.
    #[test]
    fn a_server_that_ends_at_any_fail_point_loses_nothing_on_postgres() {
        failing(Kind::Postgres);
    }

    /// The twins: a server that answers before it commits, and one that forgets which keys it has seen.
    fn notices(kind: Kind, bug: &'static str, because: &[&str]) {
        fails(Drill { name: "crash", kind, bug: Some(bug), end: End::Kill, rounds: 10 }, because);
    }

    fn fails(drill: Drill, because: &[&str]) {
        let bug = drill.bug.expect("a twin has a bug");
        if drill.kind.is_skipped() || binary().is_none() {
            return skipped(bug, "there is no server to kill, or no PostgreSQL");
        }
        must_fail(bug, because, || drill.hold());
    }

    #[test]
    fn the_crash_drill_notices_a_lost_commit_on_sqlite() {
        notices(Kind::Sqlite, "commit.lost", &["acknowledged and lost"]);
    }

    #[test]
    fn the_crash_drill_notices_a_lost_commit_on_postgres() {
        notices(Kind::Postgres, "commit.lost", &["acknowledged and lost"]);
    }

    #[test]
    fn the_crash_drill_notices_a_forgotten_key_on_sqlite() {
        notices(Kind::Sqlite, "idempotency.forgotten", &["done twice"]);
    }

    #[test]
    fn the_crash_drill_notices_a_forgotten_key_on_postgres() {
        notices(Kind::Postgres, "idempotency.forgotten", &["done twice"]);
    }

    /// Ended between COMMIT and answers, a server that forgets keys does everything once more that is asked for again.
    fn notices_at_a_fail_point(kind: Kind) {
        let end = End::FailPoint(&["store.after_commit"]);
        fails(Drill { name: "fail_points", kind, bug: Some("idempotency.forgotten"), end, rounds: 10 }, &["done twice"]);
    }

    #[test]
    fn the_fail_point_drill_notices_a_forgotten_key_on_sqlite() {
        notices_at_a_fail_point(Kind::Sqlite);
    }

    #[test]
    fn the_fail_point_drill_notices_a_forgotten_key_on_postgres() {
        notices_at_a_fail_point(Kind::Postgres);
    }
}
