//! The floor: the product's own commands in this process, with no HTTP, no keys to check and no worker beside it. As
//! many callers as keep the queue full, so that whole groups (SQLite) or sets (PostgreSQL) of the given size form.

use super::load::{self, Client, Limit, Watched};
use super::measure::{Taken, Whose};
use super::place::Database;
use crate::house::{Trouble, store_settings};
use crate::master_key;
use crate::own_api::trouble;
use std::sync::Arc;
use std::time::Duration;
use tradepost_domain::command::{AfterCommit, Idempotency};
use tradepost_domain::{Caller, Command, Engine, Origin};
use tradepost_kernel::Environment;
use tradepost_kernel::secret::Vault;
use tradepost_store::Store;

/// How large the groups are that are to form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group(pub(super) usize);

impl Group {
    /// As it is called in the table.
    pub(super) fn name(self) -> String {
        format!("floor: own commands, {} per commit", self.0)
    }

    /// Callers that keep it full: the next group waits while one commits.
    pub(super) const fn callers(self) -> usize {
        if self.0 == 1 { 1 } else { self.0 * 2 }
    }

    /// What so many clients of a server are compared with.
    pub(super) const fn of_clients(clients: usize) -> Self {
        match clients {
            ..8 => Self(1),
            8..128 => Self(32),
            _ => Self(128),
        }
    }
}

/// Opens a database for commands alone.
pub(super) async fn engine(database: &Database, group: Group) -> Result<Engine, Trouble> {
    let (settings, environment) = (database.settings()?, Environment::system());
    let master = master_key::read_or_make(&settings.master_key, &environment)?;
    let mut store = store_settings(settings.database);
    store.group = group.0;
    let store = Store::open(store).await?;
    Ok(Engine { store, environment, vault: Arc::new(Vault::new(&master.key)), after_commit: AfterCommit::default(), recent: Default::default() })
}

/// A caller that hands in one command after the other.
pub(super) struct HandsIn<F> {
    engine: Engine,
    next: F,
}

impl<C: Command, F: FnMut() -> Result<(Caller, C, Option<Idempotency>), Trouble> + Send + 'static> Client for HandsIn<F> {
    async fn once(&mut self) -> Result<(), Trouble> {
        let (caller, command, idempotency) = (self.next)()?;
        let origin = Origin { caller, request_id: Some("req_0123456789abcdef".into()), address: Some("127.0.0.1".into()), language: None, idempotency };
        self.engine.execute(origin, command).await.map(drop).map_err(trouble)
    }
}

/// Measures it: opens the database, warms up, and runs to the limit. Says how many commands ran in all.
pub(super) async fn measure<C, F>(database: &Database, group: Group, limit: Limit, mut caller: impl FnMut() -> F) -> Result<(Taken, usize), Trouble>
where
    C: Command,
    F: FnMut() -> Result<(Caller, C, Option<Idempotency>), Trouble> + Send + 'static,
{
    let engine = engine(database, group).await?;
    let watched = Watched { folder: &database.data, whose: Whose::Own };
    let clients: Vec<_> = (0..group.callers()).map(|_| HandsIn { engine: engine.clone(), next: caller() }).collect();
    let warm = Limit { time: Duration::from_millis(200), count: limit.count / 10 };
    let (first, clients) = load::closed(clients, warm, watched).await?;
    let limit = Limit { count: limit.count - first.took.len(), ..limit };
    let (taken, clients) = load::closed(clients, limit, watched).await?;
    drop(clients);
    engine.store.close().await;
    let done = first.took.len() + taken.took.len();
    Ok((taken, done))
}
