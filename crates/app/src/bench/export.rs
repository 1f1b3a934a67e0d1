//! Codes downloaded as CSV over HTTP (FUL-7): each opened from its seal, each marked as shown.

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
use crate::own_api::trouble;
use tradepost_domain::Origin;
use tradepost_domain::orders::create_draft::{CreateDraft, WantedItem};
use tradepost_domain::orders::place::PlaceOrder;
use tradepost_domain::orders::store::DraftFields;

/// Codes of one file: the most that one has.
const MOST: usize = 100_000;
const RAW: &str = "raw rows of one table, opened, as CSV";

/// Runs it.
pub(super) async fn run(asked: &Asked, place: &Place) -> Result<Table, Trouble> {
    let (server_at, seeded) = seed::database(asked, place).await?;
    let mut table = Table::new("export", place.engine(), seeded.keys);
    let count = (seeded.keys / seed::PRODUCTS).clamp(1, MOST);
    let before = audit::before(&server_at).await?;
    let engine = inside::engine(&server_at, Group(128)).await?;
    let origin = || Origin { caller: seeded.shops[0].caller.clone(), ..Origin::operator() };
    let items = vec![WantedItem { product: seeded.skus[0].clone(), quantity: count as i64 }];
    let draft = engine.execute(origin(), CreateDraft { fields: DraftFields::default(), items }).await.map_err(trouble)?.outcome.order;
    engine.execute(origin(), PlaceOrder::of(draft)).await.map_err(trouble)?;
    engine.store.close().await;
    let raw_at = place.database("raw").await?;
    let raw = BareKeys::open(&raw_at, count).await?;
    let server = Server::start(&server_at).await?;
    let mut line = Line::connect(server.address).await?;
    let path = format!("/v1/reseller/licenses/active.csv?product={}", seeded.skus[0]);
    let request = Request::get(&path, &seeded.shops[0].token);
    for round in 0..asked.rounds {
        let running = Running::begin(&raw_at.data, Whose::Own)?;
        raw.export(count).await?;
        table.add(&Named::floor(RAW, 1), running.end(count, Vec::new()));
        server.forget_most_memory();
        let running = Running::begin(&server_at.data, Whose::Process(server.id()))?;
        let answer = line.ask(&request).await?;
        answer.must_be(200)?;
        if answer.length < count * 40 {
            return Err(Trouble(format!("a file of {count} codes has only {} bytes", answer.length)));
        }
        let what = if round == 0 { "CSV over HTTP, codes, first time" } else { "CSV over HTTP, codes" };
        table.add(&Named::server(what, 1).against(RAW), running.end(count, Vec::new()));
        table.figure("memory at most while exporting", "MiB", server.memory_kib().1 as f64 / 1024.0);
    }
    drop(line);
    server.kill()?;
    audit::check("server", &server_at, before, Added { orders: 1, licenses: count, ..Added::default() }).await?;
    Ok(table)
}
