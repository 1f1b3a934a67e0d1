//! Orders of 3 items × 25 licenses on credit, confirmed over HTTP (ORD-3). Drafts are made beforehand: placing is
//! measured, and once, for comparison, drafting and placing together.

use super::audit::{self, Added};
use super::child::Server;
use super::inside::{self, Group};
use super::line::{Asked as Request, Line};
use super::load::{self, Client, Limit, Watched};
use super::measure::Whose;
use super::minimal::{Deed, How, Minimal};
use super::place::{Database, Place};
use super::seed::{self, PARTNERSHIPS, PRODUCTS, Seeded};
use super::table::{Named, Table};
use super::{Asked, keep_busy};
use crate::house::Trouble;
use crate::own_api::trouble;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tradepost_domain::command::Idempotency;
use tradepost_domain::orders::create_draft::{CreateDraft, WantedItem};
use tradepost_domain::orders::place::PlaceOrder;
use tradepost_domain::orders::store::DraftFields;
use tradepost_domain::{Caller, OrderId, Origin};
use tradepost_kernel::Environment;

const ITEMS: usize = 3;
const QUANTITY: usize = 25;
/// Licenses of one order.
pub(super) const LICENSES: usize = ITEMS * QUANTITY;
/// Callers that write the drafts: enough for whole groups, few enough that none waits long for one of PostgreSQL's connections.
const PREPARING: usize = 16;
/// Clients that draft and confirm.
const DRAFTING: usize = 8;

/// A draft that waits to be confirmed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draft {
    /// Which.
    pub(super) order: OrderId,
    shop: usize,
}

/// Drafts in the order in which they are taken.
#[derive(Clone, Debug)]
pub(super) struct Drafts {
    all: Arc<Vec<Draft>>,
    next: Arc<AtomicUsize>,
}

impl Drafts {
    /// From the first on.
    pub(super) fn new(all: Vec<Draft>) -> Self {
        Self { all: Arc::new(all), next: Arc::default() }
    }

    /// How many there are, taken or not.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The one that is taken last.
    pub(super) fn last(&self) -> Option<Draft> {
        self.all.last().copied()
    }

    /// The same from the first on, for another database.
    fn again(&self) -> Self {
        Self { all: self.all.clone(), next: Arc::default() }
    }

    fn next(&self) -> Result<Draft, Trouble> {
        self.all.get(self.next.fetch_add(1, Ordering::Relaxed)).copied().ok_or_else(|| Trouble("no draft is left".into()))
    }
}

/// Runs it.
pub(super) async fn run(asked: &Asked, place: &Place) -> Result<Table, Trouble> {
    let clients = asked.clients_or(&[1, 8, 64]);
    let (server_at, seeded) = seed::database(asked, place).await?;
    let mut table = Table::new("order", place.engine(), seeded.keys);
    let served = Drafts::new(prepare(&server_at, &seeded, orders_of(seeded.keys)?).await?);
    let floored = served.again();
    let floor_at = place.copy(&server_at, "floor").await?;
    let bare_at = place.database("bare").await?;
    let mut bare = Minimal::open(&bare_at, seeded.keys).await?;
    let before = audit::before(&server_at).await?;
    let server = Server::start(&server_at).await?;
    let groups: Vec<Group> = asked.groups(&clients);
    let bare_ways =
        if place.engine() == "sqlite" { [1, 32].map(|per_commit| How::Sets { lanes: 1, per_commit }).to_vec() } else { vec![How::Calls(1), How::Calls(8)] };
    let share = |legs: usize| asked.limit(served.len() / (asked.rounds() * legs));
    let mut done = Done::default();
    for _ in 0..asked.rounds {
        for how in &bare_ways {
            let taken = bare.measure(&bare_at, Deed::Order, *how, share(bare_ways.len())).await?;
            table.add(&Named::floor(&how.name(), how.callers()), taken);
        }
        for group in &groups {
            let next = || placing(&seeded, &floored);
            let (taken, count) = inside::measure(&floor_at, *group, share(groups.len()), next).await?;
            done.floor += count;
            table.add(&Named::floor(&group.name(), group.callers()), taken);
        }
        let limit = share(clients.len() + 1);
        for count in &clients {
            let bare = bare_ways[usize::from(*count >= 8)];
            let named = Named::server("confirm", *count).against(&Group::of_clients(*count).name()).and_minimal(&bare.name());
            done.server += serve(&mut table, &server, &named, confirming(&server, &seeded, &served, *count).await?, limit, &server_at).await?;
        }
        let named = Named::server("draft + confirm", DRAFTING).against(&Group::of_clients(DRAFTING).name());
        done.server += serve(&mut table, &server, &named, drafting(&server, &seeded).await?, limit, &server_at).await?;
    }
    server.kill()?;
    let added = |orders: usize| Added { orders, licenses: orders * LICENSES, ..Added::default() };
    audit::check("server", &server_at, before, added(done.server)).await?;
    audit::check("floor", &floor_at, before, added(done.floor)).await?;
    Ok(table)
}

#[derive(Default)]
struct Done {
    server: usize,
    floor: usize,
}

async fn serve<C: Client>(table: &mut Table, server: &Server, named: &Named, clients: Vec<C>, limit: Limit, at: &Database) -> Result<usize, Trouble> {
    let watched = Watched { folder: &at.data, whose: Whose::Process(server.id()) };
    let (taken, _) = load::closed(clients, limit, watched).await?;
    let count = taken.took.len();
    table.add(named, taken);
    Ok(count)
}

/// The products of the nth order.
fn products_of(nth: usize) -> [usize; ITEMS] {
    std::array::from_fn(|item| (nth + item * 3) % PRODUCTS)
}

/// Orders that so many keys are enough for, one of each partnership included.
pub(super) fn orders_of(keys: usize) -> Result<usize, Trouble> {
    let orders = keys * 9 / 10 / LICENSES;
    if orders > PARTNERSHIPS { Ok(orders) } else { Err(Trouble(format!("--keys: {keys} keys make {orders} orders; {} are the least", PARTNERSHIPS + 1))) }
}

/// Drafts, and one placed order of every partnership: the first makes it active, which is not what is measured.
pub(super) async fn prepare(database: &Database, seeded: &Arc<Seeded>, count: usize) -> Result<Vec<Draft>, Trouble> {
    let engine = inside::engine(database, Group(128)).await?;
    let quantity = QUANTITY as i64;
    let drafts = keep_busy(PREPARING, count, |nth| {
        let (engine, seeded) = (engine.clone(), seeded.clone());
        async move {
            let items = products_of(nth).map(|product| WantedItem { product: seeded.skus[product].clone(), quantity });
            let command = CreateDraft { fields: DraftFields::default(), items: items.to_vec() };
            let shop = nth % PARTNERSHIPS;
            let made = engine.execute(from(&seeded.shops[shop].caller, None), command).await.map_err(trouble)?;
            Ok(Draft { order: made.outcome.order, shop })
        }
    })
    .await?;
    let (first, rest) = drafts.split_at(PARTNERSHIPS);
    for draft in first {
        engine.execute(from(&seeded.shops[draft.shop].caller, None), PlaceOrder::of(draft.order)).await.map_err(trouble)?;
    }
    engine.store.close().await;
    let house = database.open().await?;
    house.worker.run_until_idle().await?;
    house.close().await;
    Ok(rest.to_vec())
}

fn from(caller: &Caller, idempotency: Option<Idempotency>) -> Origin {
    Origin { caller: caller.clone(), request_id: None, address: None, language: None, idempotency }
}

type Placing = (Caller, PlaceOrder, Option<Idempotency>);

/// Commands that place one draft after the other.
fn placing(seeded: &Arc<Seeded>, drafts: &Drafts) -> impl FnMut() -> Result<Placing, Trouble> + Send + 'static + use<> {
    let (seeded, drafts) = (seeded.clone(), drafts.clone());
    move || {
        let Draft { order, shop } = drafts.next()?;
        let route = format!("POST /v1/reseller/orders/{order}/confirm");
        let idempotency = Idempotency { route, key: format!("confirm-{order}"), body_hash: [7; 32] };
        Ok((seeded.shops[shop].caller.clone(), PlaceOrder::of(order), Some(idempotency)))
    }
}

/// A client that confirms one draft after the other.
pub(super) struct Confirming {
    line: Line,
    seeded: Arc<Seeded>,
    drafts: Drafts,
}

/// So many of them.
pub(super) async fn confirming(server: &Server, seeded: &Arc<Seeded>, drafts: &Drafts, count: usize) -> Result<Vec<Confirming>, Trouble> {
    let mut clients = Vec::with_capacity(count);
    for _ in 0..count {
        clients.push(Confirming { line: Line::connect(server.address).await?, seeded: seeded.clone(), drafts: drafts.clone() });
    }
    Ok(clients)
}

impl Client for Confirming {
    async fn once(&mut self) -> Result<(), Trouble> {
        let Draft { order, shop } = self.drafts.next()?;
        confirm(&mut self.line, &order.text(), &self.seeded.shops[shop].token).await
    }
}

async fn confirm(line: &mut Line, order: &str, token: &str) -> Result<(), Trouble> {
    let (path, key) = (format!("/v1/reseller/orders/{order}/confirm"), format!("confirm-{order}"));
    let answer = line.ask(&Request { method: "POST", key: Some(&key), ..Request::get(&path, token) }).await?;
    answer.must_be(200)
}

/// A client that drafts an order and confirms it: two requests.
struct Drafting {
    line: Line,
    seeded: Arc<Seeded>,
    environment: Environment,
    nth: usize,
}

async fn drafting(server: &Server, seeded: &Arc<Seeded>) -> Result<Vec<Drafting>, Trouble> {
    let mut clients = Vec::with_capacity(DRAFTING);
    for nth in 0..DRAFTING {
        clients.push(Drafting { line: Line::connect(server.address).await?, seeded: seeded.clone(), environment: Environment::system(), nth });
    }
    Ok(clients)
}

impl Client for Drafting {
    async fn once(&mut self) -> Result<(), Trouble> {
        self.nth += DRAFTING + 1;
        let token = &self.seeded.shops[self.nth % PARTNERSHIPS].token;
        let items: Vec<_> = products_of(self.nth).iter().map(|product| json!({"product": self.seeded.skus[*product], "quantity": QUANTITY})).collect();
        let key = format!("{:032x}", u128::from_be_bytes(self.environment.random()));
        let body = json!({"items": items}).to_string();
        let answer = self.line.ask(&Request::post("/v1/reseller/orders", token, &key, body.as_bytes())).await?;
        answer.must_be(201)?;
        let id = answer.field("id").ok_or_else(|| Trouble("a draft without an id".into()))?.to_owned();
        confirm(&mut self.line, &id, token).await
    }
}
