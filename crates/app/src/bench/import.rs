//! Keys imported over HTTP: encrypted, looked up for duplicates, durable (STK-1).

use super::Asked;
use super::audit::{self, Added};
use super::bare_keys::BareKeys;
use super::child::Server;
use super::inside::{self, Group};
use super::line::{Asked as Request, Line};
use super::measure::{Running, Whose};
use super::place::Place;
use super::seed;
use super::table::{Named, Table};
use crate::house::Trouble;

/// Keys of one import: what a large paste has.
const MOST: usize = 100_000;
const RAW: &str = "raw rows, unique, 500 per commit";
const OWN: &str = "floor: own importer in process";

/// Runs it.
pub(super) async fn run(asked: &Asked, place: &Place) -> Result<Table, Trouble> {
    let (server_at, seeded) = seed::database(asked, place).await?;
    let mut table = Table::new("import", place.engine(), seeded.keys);
    let floor_at = place.copy(&server_at, "floor").await?;
    let raw_at = place.database("raw").await?;
    let mut raw = BareKeys::open(&raw_at, seeded.keys).await?;
    let before = audit::before(&server_at).await?;
    let server = Server::start(&server_at).await?;
    let mut line = Line::connect(server.address).await?;
    let count = (seeded.keys / 10).clamp(500, MOST);
    let mut next = seeded.keys;
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
    }
    drop(line);
    server.kill()?;
    let added = Added { keys: next - seeded.keys, ..Added::default() };
    audit::check("server", &server_at, before, added).await?;
    audit::check("floor", &floor_at, before, added).await?;
    Ok(table)
}
