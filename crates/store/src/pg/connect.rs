//! Pools of connections, and the ends of a transaction that can cost a connection.

use super::tls;
use crate::fault::reason;
use crate::{Fault, Settings};
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio_postgres::NoTls;
use tokio_postgres::config::SslMode;

/// Longest wait for a new connection to the server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for a connection of the pool to come free.
const WAIT_TIMEOUT: Duration = Duration::from_secs(10);
/// A plan is kept while its tables grow, and one of a table that was small walks it: commands never need one that does.
const BY_INDEX: &str = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c enable_material=off -c jit=off";

pub(super) struct Connector {
    config: tokio_postgres::Config,
    /// Whose signature counts, where the URL says it; else the public authorities'.
    root: Option<PathBuf>,
}

impl Connector {
    pub(super) fn new(settings: &Settings) -> Result<Self, Fault> {
        let (url, root) = tls::split_root(&settings.url);
        // `require` here already verifies the certificate and the name, which libpq calls `verify-full`.
        let url = url.replace("sslmode=verify-full", "sslmode=require");
        // The error's text may quote the URL, and with it the password.
        let parsed: Result<tokio_postgres::Config, _> = url.parse();
        let mut config = parsed.map_err(|_| Fault::Schema("the PostgreSQL URL is not valid".to_owned()))?;
        let (stated, longest) = (config.get_options().unwrap_or(""), settings.statement_timeout.as_millis());
        // A host that vanishes inside a transaction would hold its locks until the server's keepalive, hours later.
        let options = format!("{stated} -c statement_timeout={longest} -c idle_in_transaction_session_timeout={}", 2 * longest);
        config.options(options.trim());
        if config.get_application_name().is_none() {
            config.application_name("tradepost");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if root.is_some() && config.get_ssl_mode() != SslMode::Require {
            // Whoever names an authority means to be safe: never plain by oversight.
            return Err(Fault::Schema("sslrootcert in the PostgreSQL URL needs sslmode=require beside it".to_owned()));
        }
        Ok(Self { config, root })
    }

    /// Connections for reading.
    pub(super) fn readers(&self, size: usize) -> Result<Pool, Fault> {
        pool(&self.config, self.root.as_deref(), size)
    }

    /// Connections for writing: every statement of a command finds its rows by an index.
    pub(super) fn writers(&self, size: usize) -> Result<Pool, Fault> {
        let mut config = self.config.clone();
        config.options(format!("{} {BY_INDEX}", config.get_options().unwrap_or("")));
        pool(&config, self.root.as_deref(), size)
    }
}

fn pool(config: &tokio_postgres::Config, root: Option<&Path>, size: usize) -> Result<Pool, Fault> {
    let manager_config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = if config.get_ssl_mode() == SslMode::Require {
        Manager::from_config(config.clone(), tls::connect(root)?, manager_config)
    } else {
        Manager::from_config(config.clone(), NoTls, manager_config)
    };
    let built =
        Pool::builder(manager).max_size(size.max(1)).wait_timeout(Some(WAIT_TIMEOUT)).create_timeout(Some(CONNECT_TIMEOUT)).runtime(Runtime::Tokio1).build();
    built.map_err(|error| Fault::NoConnection(error.to_string()))
}

pub(super) async fn client(pool: &Pool) -> Result<Object, Fault> {
    pool.get().await.map_err(|error| match error {
        PoolError::Backend(error) => Fault::NoConnection(Fault::from(error).to_string()),
        other => Fault::NoConnection(other.to_string()),
    })
}

/// A connection on which `begin` has run. A connection that died while it lay in the pool is replaced: nothing
/// was done on it yet.
pub(super) async fn begin(pool: &Pool, begin: &str) -> Result<Object, Fault> {
    let mut left = pool.status().max_size;
    loop {
        let client = client(pool).await?;
        match client.batch_execute(begin).await {
            Ok(()) => return Ok(client),
            Err(error) => {
                let lost = is_lost(&client, &error);
                discard(client);
                if !lost || left == 0 {
                    return Err(error.into());
                }
                left -= 1;
            }
        }
    }
}

/// Whether the connection is gone or being ended (classes 08 and 57), so that what was asked last may have been
/// done or not. Any other error is the server's own word that it was not.
pub(super) fn is_lost(client: &Object, error: &tokio_postgres::Error) -> bool {
    client.is_closed() || error.is_closed() || error.code().is_none_or(|code| matches!(&code.code()[..2], "08" | "57"))
}

/// Rolls back and gives the connection back to its pool; one that cannot is dropped, which rolls back too.
pub(super) async fn roll_back(client: Object) {
    if let Err(error) = client.batch_execute("ROLLBACK").await {
        tracing::debug!(error = reason(&error), "a rollback found its connection gone");
        discard(client);
    }
}

/// Takes a connection out of its pool and closes it.
pub(super) fn discard(client: Object) {
    drop(Object::take(client));
}
