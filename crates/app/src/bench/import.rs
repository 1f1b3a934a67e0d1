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
use super::place::{Database, Place};
use super::seed::{self, Seeded};
use super::table::{Named, Table};
use crate::house::Trouble;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Keys of one import: what a large paste has.
const MOST: usize = 100_000;
const RAW: &str = "raw rows, unique, 500 per commit";
const OWN: &str = "floor: own importer in process";
/// Shops that buy while keys arrive.
const SHOPS: usize = 64;
const ALONE: &str = "fulfill, nothing else going on";
const BESIDE: &str = "fulfill, beside an import";

/// Everything that takes turns.
struct Bench {
    seeded: Arc<Seeded>,
    server: Server,
    server_at: Database,
    floor_at: Database,
    raw_at: Database,
    raw: BareKeys,
    /// Keys of one import.
    count: usize,
    /// The number of the next key of floor and server.
    next: usize,
    /// Keys that arrived while shops bought.
    sides: usize,
    sold: Sold,
    table: Table,
}

/// Runs it.
pub(super) async fn run(asked: &Asked, place: &Place) -> Result<Table, Trouble> {
    let (server_at, seeded) = seed::database(asked, place).await?;
    prepare(&server_at, &seeded).await?;
    let table = Table::new("import", place.engine(), seeded.keys);
    let floor_at = place.copy(&server_at, "floor").await?;
    let raw_at = place.database("raw").await?;
    let raw = BareKeys::open(&raw_at, seeded.keys).await?;
    let before = audit::before(&server_at).await?;
    let server = Server::start(&server_at).await?;
    let (count, next) = ((seeded.keys / 10).clamp(500, MOST), seeded.keys);
    let mut bench = Bench { seeded, server, server_at, floor_at, raw_at, raw, count, next, sides: 0, sold: Sold::default(), table };
    for _ in 0..asked.rounds {
        bench.floors().await?;
        bench.server().await?;
        bench.sales(asked).await?;
    }
    let Bench { seeded, server, server_at, floor_at, next, sides, sold, mut table, .. } = bench;
    server.kill()?;
    table.figure("p99 of fulfilling beside an import, of that alone", "×", table.p99_ms(BESIDE) / table.p99_ms(ALONE).max(f64::MIN_POSITIVE));
    sold.check()?;
    let added = Added { keys: next - seeded.keys, ..Added::default() };
    let of_server = Added { keys: added.keys + sides, fulfillments: sold.count(), licenses: sold.count(), ..added };
    audit::check("server", &server_at, before, of_server).await?;
    audit::check("floor", &floor_at, before, added).await?;
    Ok(table)
}

impl Bench {
    async fn floors(&mut self) -> Result<(), Trouble> {
        let running = Running::begin(&self.raw_at.data, Whose::Own)?;
        self.raw.import(self.count).await?;
        self.table.add(&Named::floor(RAW, 1), running.end(self.count, Vec::new()));

        let engine = inside::engine(&self.floor_at, Group(128)).await?;
        let running = Running::begin(&self.floor_at.data, Whose::Own)?;
        let (merchant, sku) = (self.seeded.merchant, self.seeded.skus[0].clone());
        seed::import(engine.clone(), merchant, sku, 0, self.next..self.next + self.count).await?;
        self.table.add(&Named::floor(OWN, 1), running.end(self.count, Vec::new()));
        engine.store.close().await;
        Ok(())
    }

    async fn server(&mut self) -> Result<(), Trouble> {
        // A connection of its own: the server hangs up on one that said nothing while the floors were measured.
        let mut line = Line::connect(self.server.address).await?;
        self.server.forget_most_memory();
        let running = Running::begin(&self.server_at.data, Whose::Process(self.server.id()))?;
        push(&mut line, &self.seeded, self.next..self.next + self.count).await?;
        self.table.add(&Named::server("import over HTTP, keys", 1).against(RAW).and_minimal(OWN), running.end(self.count, Vec::new()));
        self.table.figure("memory at most while importing", "MiB", self.server.memory_kib().1 as f64 / 1024.0);
        self.next += self.count;
        Ok(())
    }

    /// Sales of the same products, alone and while keys of one of them keep arriving.
    async fn sales(&mut self, asked: &Asked) -> Result<(), Trouble> {
        let clients = asked.clients_or(&[SHOPS])[0];
        let watched = Watched { folder: &self.server_at.data, whose: Whose::Process(self.server.id()) };
        let limit = asked.limit(self.seeded.keys * 17 / 20 / (asked.rounds() * 2));
        let (taken, back) = load::closed(shops(&self.server, &self.seeded, clients, None).await?, limit, watched).await?;
        self.table.add(&Named::server(ALONE, clients), taken);
        self.sold.take(back);

        let mut line = Line::connect(self.server.address).await?;
        let (selling, over) = (shops(&self.server, &self.seeded, clients, None).await?, AtomicBool::new(false));
        let sell = async {
            let sold = load::closed(selling, limit, watched).await;
            over.store(true, Ordering::Relaxed);
            sold
        };
        // Numbers that no other import of this run has.
        let from = self.seeded.keys * 100 + self.sides;
        let import = async {
            let mut imported = 0;
            while !over.load(Ordering::Relaxed) {
                push(&mut line, &self.seeded, from + imported..from + imported + self.count).await?;
                imported += self.count;
            }
            Ok::<_, Trouble>(imported)
        };
        let (sold, imported) = tokio::join!(sell, import);
        let (taken, back) = sold?;
        self.table.add(&Named::server(BESIDE, clients), taken);
        self.sold.take(back);
        self.sides += imported?;
        Ok(())
    }
}

/// Sends keys of the first product.
async fn push(line: &mut Line, seeded: &Seeded, numbers: Range<usize>) -> Result<(), Trouble> {
    let codes = seed::codes(0, numbers);
    let path = format!("/v1/merchant/license-keys/imports?product={}", seeded.skus[0]);
    let request = Request { method: "POST", body: Some(("text/csv", codes.as_bytes())), ..Request::get(&path, &seeded.token) };
    line.ask(&request).await?.must_be(201)
}
