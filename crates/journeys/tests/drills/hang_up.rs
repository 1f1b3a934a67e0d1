//! Clients that hang up at a random byte: what was entered is finished, what was not leaves nothing (reliability.md).

use crate::load::{Load, Stage};
use crate::tally::{Tally, is_long, skipped};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tradepost_kernel::Environment;
use tradepost_testkit::Kind;
use tradepost_testkit::process::{Place, Server, binary};

/// Clients at once.
const CLIENTS: usize = 32;

fn hold(kind: Kind, bug: Option<&'static str>, requests: usize) {
    let Some(binary) = binary() else { return skipped("hang_up", "there is no server to hang up on: cargo build -p tradepost") };
    tradepost_testkit::run_unchecked(kind, "hang_up", move |app| async move {
        let stage = Stage::set(&app, CLIENTS, 100 + requests).await;
        stage.leave(&app).await;
        let place = Place { binary, data: app.folder().to_owned(), database: app.url.clone(), bug: bug.map(str::to_owned) };
        let server = place.serve().await;
        let mut tally = Tally::of("hang_up", kind, bug);
        let mut callers = Vec::new();
        for (client, key) in stage.keys.iter().enumerate() {
            let (address, key, chance) = (server.address, key.clone(), app.engine.environment.clone());
            callers.push(tokio::spawn(async move {
                let mut whole = 0;
                for n in 0..requests.div_ceil(CLIENTS) {
                    whole += usize::from(call_and_hang_up(address, Load::of(client), client, n, &key, &chance).await);
                }
                whole
            }));
        }
        let mut whole = 0;
        for caller in callers {
            whole += caller.await.expect("a client");
        }
        let (entered, finished) = at_rest(&server).await;
        let mut there = 0;
        for load in Load::SMALL {
            there += u64::try_from(place.count(load.count_sql()).await).expect("a count");
        }
        tally.rounds = requests.div_ceil(CLIENTS) * CLIENTS;
        tally.done = usize::try_from(finished).expect("few");
        tally.note = format!("{whole} sent whole, {entered} entered, {finished} finished, {there} there");
        if entered != finished {
            tally.lost.push(format!("{entered} entered and {finished} finished"));
        }
        assert_eq!(there, finished, "what is there is not what was finished");
        assert!(entered <= whole as u64 && entered > 0, "{entered} entered of {whole} that were sent whole");
        place.verify().await;
        place.forget_log();
        tally.finish();
    });
}

/// Sends one request up to a random byte, waits a little or not, and hangs up. Whether it was sent whole.
async fn call_and_hang_up(address: std::net::SocketAddr, load: Load, client: usize, n: usize, key: &str, chance: &Environment) -> bool {
    let request = load.first(&format!("h{client}-{n}"));
    let body = request.body.map(|body| body.to_string()).unwrap_or_default();
    let text = format!(
        "POST {} HTTP/1.1\r\nhost: shop\r\nauthorization: Bearer {key}\r\nidempotency-key: {}\r\nx-forwarded-for: 10.0.0.{client}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        request.path,
        request.key,
        body.len()
    );
    let [a, b, wait, how] = chance.random::<4>();
    // Half of them are sent whole: those are the ones that may be entered.
    let cut = if how & 1 == 0 { text.len() } else { usize::from(u16::from_be_bytes([a, b])) % text.len() };
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    stream.write_all(&text.as_bytes()[..cut]).await.expect("the server reads");
    if how & 2 == 0 {
        // From nothing to a second, each power of two as often: fast or slow, the server is met at every step of its work.
        tokio::time::sleep(Duration::from_micros(1 << (wait % 21))).await;
    }
    if how & 4 == 0 {
        // Not a farewell but a reset.
        stream.set_zero_linger().expect("a socket");
    }
    cut == text.len()
}

/// How many handlers of the writes were entered and finished, once the server has nothing to read and nothing to do.
async fn at_rest(server: &Server) -> (u64, u64) {
    // Whoever asks is one connection and one request. What a client that hung up had sent is read before its connection ends;
    // a handler that was dropped with its connection is not in flight, though it never finishes.
    let begun = Instant::now();
    while server.metric("http_connections", "").await > 1 || server.metric("http_requests_in_flight", "").await > 1 {
        assert!(begun.elapsed() < Duration::from_secs(60), "what was sent is still being done");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let (mut entered, mut finished) = (0, 0);
    for load in Load::SMALL {
        entered += server.metric("http_handlers_entered_total", load.operation()).await;
        finished += server.metric("http_handlers_finished_total", load.operation()).await;
    }
    (entered, finished)
}

fn requests(usual: usize) -> usize {
    if is_long() { 2_000 } else { usual }
}

/// Reliability: on SQLite.
#[test]
fn what_was_entered_is_finished_though_the_client_hung_up_on_sqlite() {
    hold(Kind::Sqlite, None, requests(640));
}

/// Reliability: on PostgreSQL.
#[test]
fn what_was_entered_is_finished_though_the_client_hung_up_on_postgres() {
    hold(Kind::Postgres, None, requests(640));
}

#[cfg(debug_assertions)]
mod sabotage {
    use super::*;

    fn notices(kind: Kind) {
        let bug = "handler.attached";
        if kind.is_skipped() || binary().is_none() {
            return skipped(bug, "there is no server to hang up on, or no PostgreSQL");
        }
        crate::tally::must_fail(bug, &["acknowledged and lost", "is not what was finished"], || hold(kind, Some(bug), 640));
    }

    #[test]
    fn the_hang_up_drill_notices_an_attached_handler_on_sqlite() {
        notices(Kind::Sqlite);
    }

    #[test]
    fn the_hang_up_drill_notices_an_attached_handler_on_postgres() {
        notices(Kind::Postgres);
    }
}
