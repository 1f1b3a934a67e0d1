//! Reading while others write: pages of lists, near and deep, and one order, over HTTP and in this process.

use super::audit::{self, Added};
use super::child::Server;
use super::line::{Asked as Request, Line};
use super::load::{self, Client, Watched};
use super::measure::Whose;
use super::order::{Drafts, LICENSES, confirming, orders_of, prepare};
use super::place::Place;
use super::seed::{self, Seeded};
use super::table::{Named, Table};
use super::{Asked, inside};
use crate::house::Trouble;
use std::time::Duration;
use tradepost_domain::listing::PageRequest;
use tradepost_domain::orders::queries::{self, OrderFilter};
use tradepost_domain::{Engine, MerchantScope};

/// Rows of a page.
const ROWS: i64 = 50;
/// Pages that are turned to come to a deep one, at most.
const DEEP: usize = 200;
/// Clients that read.
const READERS: usize = 8;
/// Clients that write beside them.
const WRITERS: usize = 64;
const FLOOR: &str = "floor: the page's query in process";

/// Runs it.
pub(super) async fn run(asked: &Asked, place: &Place) -> Result<Table, Trouble> {
    let readers = asked.clients.first().copied().unwrap_or(READERS).max(1);
    let (server_at, seeded) = seed::database(asked, place).await?;
    let mut table = Table::new("read", place.engine(), seeded.keys);
    let all = prepare(&server_at, &seeded, orders_of(seeded.keys)?).await?;
    let drafts = Drafts::new(all);
    let floor_at = place.copy(&server_at, "floor").await?;
    let before = audit::before(&server_at).await?;
    let server = Server::start(&server_at).await?;
    let mut line = Line::connect(server.address).await?;
    let deep = deep(&mut line, &seeded).await?;
    drop(line);
    let order = drafts.last().map(|draft| draft.order.text()).unwrap_or_default();
    let list = format!("/v1/merchant/orders?limit={ROWS}");
    let pages = [
        ("orders, first page", list.clone()),
        ("orders, a deep page", format!("{list}{deep}")),
        ("licenses, first page", format!("/v1/merchant/licenses?limit={ROWS}")),
        ("one order", format!("/v1/merchant/orders/{order}")),
    ];
    let mut written = 0;
    for _ in 0..asked.rounds {
        let engine = inside::engine(&floor_at, inside::Group(128)).await?;
        let inside: Vec<_> = (0..readers).map(|_| Querying { engine: engine.clone(), merchant: seeded.merchant }).collect();
        let (taken, _) = load::closed(inside, asked.limit(usize::MAX), Watched { folder: &floor_at.data, whose: Whose::Own }).await?;
        table.add(&Named::floor(FLOOR, readers), taken);
        engine.store.close().await;
        let watched = Watched { folder: &server_at.data, whose: Whose::Process(server.id()) };
        for (what, path) in &pages {
            let clients = reading(&server, &seeded, path, readers).await?;
            let (taken, _) = load::closed(clients, asked.limit(usize::MAX), watched).await?;
            table.add(&Named::server(what, readers).against(FLOOR), taken);
        }
        let share = asked.limit(drafts.len() / asked.rounds());
        let writers = confirming(&server, &seeded, &drafts, WRITERS.min(share.count)).await?;
        let clients = reading(&server, &seeded, &pages[0].1, readers).await?;
        let beside = load::Limit { time: share.time.min(Duration::from_secs(60)), count: usize::MAX };
        let (wrote, read) = tokio::join!(load::closed(writers, share, watched), load::closed(clients, beside, watched));
        let (wrote, read) = (wrote?.0, read?.0);
        written += wrote.took.len();
        table.add(&Named::server("orders, first page, beside 64 writers", readers).against(FLOOR), read);
        table.add(&Named::server("confirm, beside those readers", WRITERS), wrote);
    }
    server.kill()?;
    audit::check("server", &server_at, before, Added { orders: written, licenses: written * LICENSES, ..Added::default() }).await?;
    Ok(table)
}

/// The cursor of a page deep in the list, as the end of a query.
async fn deep(line: &mut Line, seeded: &Seeded) -> Result<String, Trouble> {
    let mut cursor = String::new();
    for _ in 0..DEEP {
        let path = format!("/v1/merchant/orders?limit=200{cursor}");
        let answer = line.ask(&Request::get(&path, &seeded.token)).await?;
        answer.must_be(200)?;
        match answer.field("next_cursor") {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    Ok(cursor)
}

/// A client that reads one path again and again.
pub(super) struct Reading {
    line: Line,
    path: String,
    token: String,
}

/// So many that read this path as the merchant.
pub(super) async fn reading(server: &Server, seeded: &Seeded, path: &str, count: usize) -> Result<Vec<Reading>, Trouble> {
    let mut clients = Vec::with_capacity(count);
    for _ in 0..count {
        clients.push(Reading { line: Line::connect(server.address).await?, path: path.to_owned(), token: seeded.token.clone() });
    }
    Ok(clients)
}

impl Client for Reading {
    async fn once(&mut self) -> Result<(), Trouble> {
        self.line.ask(&Request::get(&self.path, &self.token)).await?.must_be(200)
    }
}

/// The same page without HTTP, rights and JSON.
struct Querying {
    engine: Engine,
    merchant: i64,
}

impl Client for Querying {
    async fn once(&mut self) -> Result<(), Trouble> {
        let (scope, page) = (MerchantScope { merchant: self.merchant }, PageRequest { limit: ROWS, before: None });
        let filter = OrderFilter::default();
        let read = self.engine.store.read(move |reader| Box::pin(async move { queries::list(reader, scope, None, &filter, page).await }));
        read.await.map(drop).map_err(Trouble::from)
    }
}
