//! How long the server takes to its first answer, at first and after `kill -9`, and what it weighs.

use super::Asked;
use super::audit::{self, Added};
use super::child::Server;
use super::load::{self, Watched};
use super::measure::Whose;
use super::order::{Drafts, LICENSES, confirming, orders_of, prepare};
use super::place::Place;
use super::seed;
use super::table::{Named, Table};
use crate::house::Trouble;
use std::time::Duration;

/// How long an idle server is left alone before it is weighed.
const IDLE: Duration = Duration::from_millis(500);
/// Clients that leave a log behind, unless told otherwise.
const CLIENTS: usize = 64;

/// Runs it.
pub(super) async fn run(asked: &Asked, place: &Place) -> Result<Table, Trouble> {
    let (server_at, seeded) = seed::database(asked, place).await?;
    let mut table = Table::new("start", place.engine(), seeded.keys);
    let drafts = Drafts::new(prepare(&server_at, &seeded, orders_of(seeded.keys)?).await?);
    let before = audit::before(&server_at).await?;
    let mib = |kib: u64| kib as f64 / 1024.0;
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let (mut done, most) = (0, asked.clients_or(&[CLIENTS])[0]);
    for round in 0..asked.rounds {
        let server = Server::start(&server_at).await?;
        // The first of all comes after an orderly end, every other one after a kill.
        if round == 0 {
            table.figure("first answer after an orderly end", "ms", millis(server.ready_after));
        }
        tokio::time::sleep(IDLE).await;
        table.figure("resident memory, idle", "MiB", mib(server.memory_kib().0));
        let limit = asked.limit(drafts.len() / asked.rounds());
        let clients = confirming(&server, &seeded, &drafts, most.min(limit.count)).await?;
        let (taken, _) = load::closed(clients, limit, Watched { folder: &server_at.data, whose: Whose::Process(server.id()) }).await?;
        done += taken.took.len();
        table.add(&Named::server("confirm", most), taken);
        table.figure("resident memory, at most under load", "MiB", mib(server.memory_kib().1));
        server.kill()?;
        let server = Server::start(&server_at).await?;
        table.figure("first answer after kill -9", "ms", millis(server.ready_after));
        server.kill()?;
    }
    table.figure("data on disk", "MiB", server_at.bytes() as f64 / f64::from(1 << 20));
    table.figure("this binary", "MiB", std::fs::metadata(std::env::current_exe()?)?.len() as f64 / f64::from(1 << 20));
    audit::check("server", &server_at, before, Added { orders: done, licenses: done * LICENSES, ..Added::default() }).await?;
    Ok(table)
}
