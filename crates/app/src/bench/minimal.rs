//! The price of being real: a schema of the fewest tables that could sell a key, written by hand on a bare connection.
//! No merchant, no rights, no audit, no encryption, no decision. What the product loses against it is what it does more.

mod lite;
mod postgres;

use super::load::{Limit, Watched};
use super::measure::{Running, Taken, Whose};
use super::place::Database;
use crate::house::Trouble;
use std::time::Instant;
use tradepost_kernel::Environment;

/// Accounts, as many as there are partnerships.
const ACCOUNTS: usize = super::seed::PARTNERSHIPS;
/// Products.
const PRODUCTS: usize = super::seed::PRODUCTS;
/// What everybody begins with, in cents: enough.
const BALANCE: i64 = 1_000_000_000_000;
/// The unit price in cents.
const PRICE: i64 = 2_600;

/// What one operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// One key against a balance.
    Fulfill,
    /// Three items of 25 keys on credit.
    Order,
}

impl Deed {
    /// Items of one product, and keys of each.
    const fn items(self) -> (usize, usize) {
        match self {
            Self::Fulfill => (1, 1),
            Self::Order => (3, 25),
        }
    }

    /// Keys that one takes.
    const fn keys(self) -> usize {
        self.items().0 * self.items().1
    }
}

/// The schema, filled with keys.
pub(super) enum Minimal {
    /// On the bundled SQLite.
    Lite(Box<lite::Lite>),
    /// On the server.
    Pg(postgres::Pg),
}

/// How it is asked: so many per commit over so many connections, or one call of a function per request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Statements, so many operations per commit.
    Sets {
        /// Connections at once.
        lanes: usize,
        /// Operations per commit.
        per_commit: usize,
    },
    /// One call of a function per operation, over so many connections. PostgreSQL only.
    Calls(usize),
}

impl How {
    /// As it is called in the table.
    pub(super) fn name(self) -> String {
        match self {
            Self::Sets { lanes: 1, per_commit } => format!("minimal schema, {per_commit} per commit"),
            Self::Sets { lanes, per_commit } => format!("minimal schema, {per_commit} per commit, {lanes} lanes"),
            Self::Calls(connections) => format!("minimal schema, a function each, {connections} connections"),
        }
    }

    /// Operations that are under way at once.
    pub(super) const fn callers(self) -> usize {
        match self {
            Self::Sets { lanes, per_commit } => lanes * per_commit,
            Self::Calls(connections) => connections,
        }
    }
}

impl Minimal {
    /// Makes the schema in an empty database and fills it.
    pub(super) async fn open(database: &Database, keys: usize) -> Result<Self, Trouble> {
        if database.url.starts_with("sqlite://") {
            let folder = database.data.clone();
            tokio::task::block_in_place(|| lite::Lite::open(&folder.join("minimal.db"), keys))
                .map(|lite| Self::Lite(Box::new(lite)))
                .map_err(|error| Trouble(error.to_string()))
        } else {
            Ok(Self::Pg(postgres::Pg::open(&database.url, keys).await?))
        }
    }

    /// Runs it to the limit.
    pub(super) async fn measure(&mut self, database: &Database, deed: Deed, how: How, limit: Limit) -> Result<Taken, Trouble> {
        let watched = Watched { folder: &database.data, whose: Whose::Own };
        let running = Running::begin(watched.folder, watched.whose)?;
        let until = Instant::now() + limit.time;
        let done = match (&mut *self, how) {
            (Self::Lite(lite), How::Sets { per_commit, .. }) => {
                tokio::task::block_in_place(|| lite.run(deed, per_commit, until, limit.count)).map_err(|error| Trouble(error.to_string()))?
            }
            (Self::Lite(_), How::Calls(_)) => return Err(Trouble("SQLite has no functions of its own".into())),
            (Self::Pg(pg), How::Sets { lanes, per_commit }) => pg.sets(lanes, per_commit, until, limit.count).await?,
            (Self::Pg(pg), How::Calls(connections)) => pg.calls(deed, connections, until, limit.count).await?,
        };
        Ok(running.end(done, Vec::new()))
    }
}

/// Ids and choices, as the product makes them.
#[derive(Clone, Debug)]
struct Dice(Environment);

/// One operation to be done.
#[derive(Clone, Debug)]
struct Wanted {
    id: [u8; 16],
    account: usize,
    product: i64,
    /// Idempotency key, and the shop's own number.
    key: String,
}

impl Dice {
    fn new() -> Self {
        Self(Environment::system())
    }

    fn id(&self) -> [u8; 16] {
        self.0.id::<()>().bytes()
    }

    fn now(&self) -> i64 {
        self.0.now().ms()
    }

    fn wanted(&self) -> Wanted {
        let random = u128::from_be_bytes(self.0.random());
        let at = |of: usize, shift: u32| usize::try_from((random >> shift) % of as u128).unwrap_or(0);
        let product = i64::try_from(at(PRODUCTS, 32)).unwrap_or(0);
        Wanted { id: self.id(), account: at(ACCOUNTS, 0), product, key: format!("{random:032x}") }
    }
}

/// The id of an account.
fn account_id(nth: usize) -> [u8; 16] {
    let mut id = [7; 16];
    id[8..].copy_from_slice(&(nth as u64).to_be_bytes());
    id
}

/// The other side of every posting.
const SALES: usize = usize::MAX;
