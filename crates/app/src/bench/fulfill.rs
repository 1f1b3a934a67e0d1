//! Fulfillments over HTTP (EXT-2): one key against a prepaid balance, by 100 shops or by one, again under the same
//! idempotency key, and at a fixed rate.

mod shops;

use super::Asked;
use super::audit::{self, Added};
use super::child::Server;
use super::inside::{self, Group};
use super::load::{self, Limit, Watched};
use super::measure::Whose;
use super::minimal::{Deed, How, Minimal};
use super::place::{Database, Place};
use super::seed::{self, Seeded};
use super::table::{Named, Table};
use crate::house::Trouble;
use shops::{Again, fulfilling};
pub(super) use shops::{Sold, prepare, shops};
use std::sync::Arc;

/// Clients that repeat their calls, and that ask at a fixed rate.
const USUAL: usize = 64;
const FULFILL: &str = "fulfill";
const HOT: &str = "fulfill, one hot partnership";
const AGAIN: &str = "the same calls again";
const STEADY: &str = "fulfill, at half of the best rate";

/// Everything that takes turns.
struct Bench<'a> {
    asked: &'a Asked,
    clients: Vec<usize>,
    seeded: Arc<Seeded>,
    server: Server,
    server_at: Database,
    floor_at: Database,
    bare_at: Database,
    bare: Minimal,
    groups: Vec<Group>,
    ways: Vec<How>,
    sold: Sold,
    floored: usize,
    table: Table,
}

/// Runs it.
pub(super) async fn run(asked: &Asked, place: &Place) -> Result<Table, Trouble> {
    let clients = asked.clients_or(&[1, 64, 256]);
    let (server_at, seeded) = seed::database(asked, place).await?;
    prepare(&server_at, &seeded).await?;
    let floor_at = place.copy(&server_at, "floor").await?;
    let bare_at = place.database("bare").await?;
    let bare = Minimal::open(&bare_at, seeded.keys).await?;
    let before = audit::before(&server_at).await?;
    let server = Server::start(&server_at).await?;
    let (groups, ways) = (asked.groups(&clients), ways(place.engine()));
    let table = Table::new("fulfill", place.engine(), seeded.keys);
    let sold = Sold::default();
    let mut bench = Bench { asked, clients, seeded, server, server_at, floor_at, bare_at, bare, groups, ways, sold, floored: 0, table };
    for _ in 0..asked.rounds {
        bench.floors().await?;
        bench.server().await?;
    }
    let Bench { server, server_at, floor_at, sold, floored, mut table, clients, ways, .. } = bench;
    let (now, peak) = server.memory_kib();
    server.kill()?;
    relations(&mut table, &clients, &ways);
    table.figure("resident memory, loaded", "MiB", now as f64 / 1024.0);
    table.figure("resident memory, at most", "MiB", peak as f64 / 1024.0);
    sold.check()?;
    let added = |count: usize| Added { fulfillments: count, licenses: count, ..Added::default() };
    audit::check("server", &server_at, before, added(sold.count())).await?;
    audit::check("floor", &floor_at, before, added(floored)).await?;
    Ok(table)
}

impl Bench<'_> {
    /// The share of one row in one round. Keys are spread over products by chance: some stay in stock.
    fn share(&self, rows: usize) -> Limit {
        self.asked.limit(self.seeded.keys * 17 / 20 / (self.asked.rounds() * rows))
    }

    async fn floors(&mut self) -> Result<(), Trouble> {
        let limit = self.share(self.ways.len());
        for how in &self.ways {
            self.table.add(&Named::floor(&how.name(), how.callers()), self.bare.measure(&self.bare_at, Deed::Fulfill, *how, limit).await?);
        }
        let limit = self.share(self.groups.len());
        for group in &self.groups {
            let (taken, count) = inside::measure(&self.floor_at, *group, limit, || fulfilling(&self.seeded)).await?;
            self.floored += count;
            self.table.add(&Named::floor(&group.name(), group.callers()), taken);
        }
        Ok(())
    }

    async fn server(&mut self) -> Result<(), Trouble> {
        let watched = Watched { folder: &self.server_at.data, whose: Whose::Process(self.server.id()) };
        let limit = self.share(self.clients.len() + 2);
        let (server, seeded) = (&self.server, &self.seeded);
        let (mut best, mut repeated) = (0.0_f64, Vec::new());
        for count in &self.clients {
            let (taken, back) = load::closed(shops(server, seeded, *count, None).await?, limit, watched).await?;
            best = best.max(taken.per_second);
            let named = Named::server(FULFILL, *count).against(&Group::of_clients(*count).name()).and_minimal(&way_of(&self.ways, *count).name());
            self.table.add(&named, taken);
            repeated = self.sold.take(back);
        }
        let most = self.clients.iter().copied().max().unwrap_or(1);
        let (taken, back) = load::closed(shops(server, seeded, most, Some(0)).await?, limit, watched).await?;
        self.table.add(&Named::server(HOT, most).against(&Group::of_clients(most).name()), taken);
        self.sold.take(back);

        let again: Vec<Again> = repeated.into_iter().take(USUAL).collect();
        let count = again.len();
        let (taken, _) = load::closed(again, Limit { count: usize::MAX, ..limit }, watched).await?;
        self.table.add(&Named::server(AGAIN, count), taken);

        let rate = (best / 2.0).max(1.0) as u32;
        let (taken, back) = load::open(shops(server, seeded, USUAL, None).await?, rate, limit, watched).await?;
        self.table.add(&Named::server(STEADY, USUAL), taken);
        self.sold.take(back);
        Ok(())
    }
}

/// The ways of the minimal schema: what a single caller, what groups are compared with, and the fewest calls that do it.
fn ways(engine: &str) -> Vec<How> {
    let sets = |lanes, per_commit| How::Sets { lanes, per_commit };
    if engine == "sqlite" { vec![sets(1, 1), sets(1, 32), sets(1, 128)] } else { vec![How::Calls(1), How::Calls(8), sets(1, 128), sets(2, 128)] }
}

fn way_of(ways: &[How], clients: usize) -> How {
    let at = match clients {
        ..8 => 0,
        8..128 if ways.len() == 3 => 1,
        _ => ways.len() - 1,
    };
    ways[at]
}

/// What the rows are to each other.
fn relations(table: &mut Table, clients: &[usize], ways: &[How]) {
    let most = clients.iter().copied().max().unwrap_or(1);
    let rate = table.rate_of(FULFILL, most);
    let one_call = ways.iter().find(|how| matches!(how, How::Calls(8))).map_or(0.0, |how| table.rate(&how.name()));
    let pairs = [
        ("one hot partnership, of 100 partnerships", table.rate(HOT), rate),
        ("the same calls again, of fulfilling", table.rate(AGAIN), rate),
        ("fulfilling, of one call of a function each", rate, one_call),
    ];
    for (what, value, of) in pairs.into_iter().filter(|(_, _, of)| *of > 0.0) {
        table.figure(what, "×", value / of);
    }
}
