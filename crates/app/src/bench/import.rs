//! Keys imported over HTTP: encrypted, looked up for duplicates, durable (STK-1).

use super::Asked;
use super::audit::{self, Added};
use super::bare_keys::BareKeys;
use super::child::Server;
use super::fulfill::{Sold, prepare, shops};
use super::inside::{self, Group};
use super::line::{Asked as Request, Line};
use super::load::{self, Watched};
use super::measure::{Running, Whose};
use super::place::Place;
use super::seed;
use super::table::{Named, Table};
use crate::house::Trouble;
use std::sync::atomic::{AtomicBool, Ordering};

/// Keys of one import: what a large paste has.
const MOST: usize = 100_000;
const RAW: &str = "raw rows, unique, 500 per commit";
const OWN: &str = "floor: own importer in process";
/// Shops that buy while keys arrive.
const SHOPS: usize = 64;
const ALONE: &str = "fulfill, nothing else going on";
const BESIDE: &str = "fulfill, beside an import";

/// Runs it.
pub(super) async fn run(asked: &Asked, place: &Place) -> Result<Table, Trouble> {
    let (server_at, seeded) = seed::database(asked, place).await?;
    prepare(&server_at, &seeded).await?;
    let mut table = Table::new("import", place.engine(), seeded.keys);
    let floor_at = place.copy(&server_at, "floor").await?;
    let raw_at = place.database("raw").await?;
    let mut raw = BareKeys::open(&raw_at, seeded.keys).await?;
    let before = audit::before(&server_at).await?;
    let server = Server::start(&server_at).await?;
    let mut line = Line::connect(server.address).await?;
    let count = (seeded.keys / 10).clamp(500, MOST);
    let mut next = seeded.keys;
    let clients = asked.clients_or(&[SHOPS])[0];
    let (mut sold, mut sides) = (Sold::default(), 0);
    for _ in 0..asked.rounds {
        let running = Running::begin(&raw_at.data, Whose::Own)?;
        raw.import(count).await?;
        table.add(&Named::floor(RAW, 1), running.end(count, Vec::new()));

        let engine = inside::engine(&floor_at, Group(128)).await?;
        let running = Running::begin(&floor_at.data, Whose::Own)?;
        seed::import(engine.clone(), seeded.merchant, seeded.skus[0].clone(), 0, next..next + count).await?;
        table.add(&Named::floor(OWN, 1), running.end(count, Vec::new()));
        engine.store.close().await;

        let codes = seed::codes(0, next..next + count);
        let path = format!("/v1/merchant/license-keys/imports?product={}", seeded.skus[0]);
        let request = Request { method: "POST", body: Some(("text/csv", codes.as_bytes())), ..Request::get(&path, &seeded.token) };
        server.forget_most_memory();
        let running = Running::begin(&server_at.data, Whose::Process(server.id()))?;
        line.ask(&request).await?.must_be(201)?;
        table.add(&Named::server("import over HTTP, keys", 1).against(RAW).and_minimal(OWN), running.end(count, Vec::new()));
        table.figure("memory at most while importing", "MiB", server.memory_kib().1 as f64 / 1024.0);
        next += count;

        // Sales of the same products, alone and while keys of one of them keep arriving.
        let watched = Watched { folder: &server_at.data, whose: Whose::Process(server.id()) };
        let limit = asked.limit(seeded.keys * 17 / 20 / (asked.rounds() * 2));
        let (taken, back) = load::closed(shops(&server, &seeded, clients, None).await?, limit, watched).await?;
        table.add(&Named::server(ALONE, clients), taken);
        sold.take(back);
        let (selling, over) = (shops(&server, &seeded, clients, None).await?, AtomicBool::new(false));
        let sell = async {
            let sold = load::closed(selling, limit, watched).await;
            over.store(true, Ordering::Relaxed);
            sold
        };
        let import = async {
            let mut imported = 0;
            while !over.load(Ordering::Relaxed) {
                // Numbers that no other import of this run has.
                let from = seeded.keys * 100 + sides + imported;
                let codes = seed::codes(0, from..from + count);
                line.ask(&Request { body: Some(("text/csv", codes.as_bytes())), ..request }).await?.must_be(201)?;
                imported += count;
            }
            Ok::<_, Trouble>(imported)
        };
        let (selling, imported) = tokio::join!(sell, import);
        let (taken, back) = selling?;
        table.add(&Named::server(BESIDE, clients), taken);
        sold.take(back);
        sides += imported?;
    }
    drop(line);
    server.kill()?;
    table.figure("p99 of fulfilling beside an import, of that alone", "×", table.p99_ms(BESIDE) / table.p99_ms(ALONE).max(f64::MIN_POSITIVE));
    sold.check()?;
    let added = Added { keys: next - seeded.keys, ..Added::default() };
    let of_server = Added { keys: added.keys + sides, fulfillments: sold.count(), licenses: sold.count(), ..added };
    audit::check("server", &server_at, before, of_server).await?;
    audit::check("floor", &floor_at, before, added).await?;
    Ok(table)
}
