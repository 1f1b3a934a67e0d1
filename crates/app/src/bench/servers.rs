//! Two servers on one PostgreSQL beside one of them: what is sold, and what is read, each by as many clients in all.

use super::Asked;
use super::audit::{self, Added};
use super::child::Server;
use super::fulfill::{Sold, prepare, shops};
use super::load::{self, Limit, Watched};
use super::measure::Whose;
use super::place::Place;
use super::read::reading;
use super::seed;
use super::table::{Named, Table};
use crate::house::Trouble;

/// Clients that sell, and that read, over all servers.
const CLIENTS: usize = 64;
const SELL: [&str; 2] = ["fulfill, one server", "fulfill, two servers"];
const READ: [&str; 2] = ["orders, first page, one server", "orders, first page, two servers"];

/// Runs it.
///
/// # Errors
/// On SQLite, which is one process's; and as every benchmark.
pub(super) async fn run(asked: &Asked, place: &Place) -> Result<Table, Trouble> {
    if place.engine() != "postgres" {
        return Err(Trouble("two servers share a database on PostgreSQL only: name one by --database".into()));
    }
    let clients = asked.clients.first().copied().unwrap_or(CLIENTS).max(2);
    let (server_at, seeded) = seed::database(asked, place).await?;
    prepare(&server_at, &seeded).await?;
    let before = audit::before(&server_at).await?;
    let first = Server::start(&server_at).await?;
    let second = Server::start(&place.beside(&server_at, "second")?).await?;
    let mut table = Table::new("servers", place.engine(), seeded.keys);
    let mut sold = Sold::default();
    let watched = Watched { folder: &server_at.data, whose: Whose::Process(first.id()) };
    let limit = asked.limit(seeded.keys * 17 / 20 / (asked.rounds() * SELL.len()));
    let path = "/v1/merchant/orders?limit=50";
    for _ in 0..asked.rounds {
        for (servers, what) in [vec![&first], vec![&first, &second]].iter().zip(SELL) {
            let mut all = Vec::with_capacity(clients);
            for server in servers {
                all.extend(shops(server, &seeded, clients / servers.len(), None).await?);
            }
            let (taken, back) = load::closed(all, limit, watched).await?;
            table.add(&Named::server(what, clients), taken);
            sold.take(back);
        }
        for (servers, what) in [vec![&first], vec![&first, &second]].iter().zip(READ) {
            let mut all = Vec::with_capacity(clients);
            for server in servers {
                all.extend(reading(server, &seeded, path, clients / servers.len()).await?);
            }
            let (taken, _) = load::closed(all, Limit { count: usize::MAX, ..limit }, watched).await?;
            table.add(&Named::server(what, clients), taken);
        }
    }
    first.kill()?;
    second.kill()?;
    for (what, [one, two]) in [("sold by two servers, of one", SELL), ("read from two servers, of one", READ)] {
        let (one, two) = (table.rate(one), table.rate(two));
        table.figure(what, "×", two / one.max(f64::MIN_POSITIVE));
    }
    sold.check()?;
    audit::check("servers", &server_at, before, Added { fulfillments: sold.count(), licenses: sold.count(), ..Added::default() }).await?;
    Ok(table)
}
