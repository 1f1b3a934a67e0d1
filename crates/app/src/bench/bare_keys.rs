//! One bare table of sealed codes: the floor of importing and exporting. As many indexes as the product needs to claim a
//! key and to notice a duplicate, and nothing else.

use super::place::Database;
use crate::house::Trouble;
use rusqlite::{Connection, params};
use tokio_postgres::{Client, NoTls};
use tradepost_kernel::secret::Vault;
use tradepost_kernel::{Environment, Secret};

const SCHEMA: &str = "CREATE TABLE bare_stock (id BLOB PRIMARY KEY, product INTEGER NOT NULL, place INTEGER NOT NULL, state INTEGER NOT NULL,
        sealed BLOB NOT NULL, fingerprint BLOB NOT NULL, masked TEXT NOT NULL, UNIQUE (product, fingerprint));
    CREATE INDEX bare_stock_available ON bare_stock (product, place) WHERE state = 0;";
const SCHEMA_PG: &str = "CREATE TABLE bare_stock (id bytea PRIMARY KEY, product bigint NOT NULL, place bigint NOT NULL, state bigint NOT NULL,
        sealed bytea NOT NULL, fingerprint bytea NOT NULL, masked text NOT NULL, UNIQUE (product, fingerprint));
    CREATE INDEX bare_stock_available ON bare_stock (product, place) WHERE state = 0;";
/// Rows of one commit: as the product's slices.
const SLICE: usize = 500;
/// What a code is sealed for here.
const PLACE: &[u8] = b"bench";
/// A code as long as the real ones.
const CODE: &[u8] = b"0000000001-ABCDE-FGHIJ-KLMNO";

/// The open table.
pub(super) struct BareKeys {
    driver: Driver,
    environment: Environment,
    vault: Vault,
    rows: usize,
}

enum Driver {
    Lite(Box<Connection>),
    Pg(Box<Client>),
}

impl BareKeys {
    /// Makes the table with so many rows.
    pub(super) async fn open(database: &Database, keys: usize) -> Result<Self, Trouble> {
        let driver = if database.url.starts_with("sqlite://") {
            let connection = Connection::open(database.data.join("bare.db")).map_err(lite)?;
            connection
                .execute_batch(
                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;
                     PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;",
                )
                .and_then(|()| connection.execute_batch(SCHEMA))
                .map_err(lite)?;
            Driver::Lite(Box::new(connection))
        } else {
            let (client, connection) = tokio_postgres::connect(&database.url, NoTls).await.map_err(pg)?;
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::warn!(%error, "the connection of the floor ended");
                }
            });
            client.batch_execute(SCHEMA_PG).await.map_err(pg)?;
            Driver::Pg(Box::new(client))
        };
        let environment = Environment::system();
        let vault = Vault::new(&Secret::new(environment.random()));
        let mut bare = Self { driver, environment, vault, rows: 0 };
        bare.import(keys).await?;
        Ok(bare)
    }

    /// Adds rows, 500 per commit.
    pub(super) async fn import(&mut self, count: usize) -> Result<(), Trouble> {
        let sealed = self.vault.seal(self.environment.random(), PLACE, CODE);
        for from in (0..count).step_by(SLICE) {
            let size = SLICE.min(count - from);
            let ids: Vec<[u8; 16]> = (0..size).map(|_| self.environment.id::<()>().bytes()).collect();
            let fingerprints: Vec<[u8; 16]> = (0..size).map(|_| self.environment.random()).collect();
            let first = self.rows as i64;
            match &mut self.driver {
                Driver::Lite(connection) => tokio::task::block_in_place(|| lite_slice(connection, &ids, &fingerprints, &sealed, first)).map_err(lite)?,
                Driver::Pg(client) => pg_slice(client, &ids, &fingerprints, &sealed, first).await.map_err(pg)?,
            }
            self.rows += size;
        }
        Ok(())
    }

    /// Reads so many rows, opens each code and writes a line of CSV; says how many bytes that made.
    pub(super) async fn export(&self, count: usize) -> Result<usize, Trouble> {
        let mut bytes = 0;
        let mut write = |id: &[u8], sealed: &[u8]| -> Result<(), Trouble> {
            let code = self.vault.open(PLACE, sealed).map_err(|_| Trouble("a code that does not open".into()))?;
            let id = tradepost_kernel::Id::<()>::from_bytes(id.try_into().unwrap_or_default()).suffix();
            bytes += format!("KEY-0,{id},{}\r\n", String::from_utf8_lossy(code.expose())).len();
            Ok(())
        };
        match &self.driver {
            Driver::Lite(connection) => {
                let mut statement = connection.prepare_cached("SELECT id, sealed FROM bare_stock WHERE product = 0 ORDER BY place LIMIT ?1").map_err(lite)?;
                let mut rows = statement.query([count as i64]).map_err(lite)?;
                while let Some(row) = rows.next().map_err(lite)? {
                    let (id, sealed) = (row.get_ref(0).map_err(lite)?, row.get_ref(1).map_err(lite)?);
                    write(id.as_blob().unwrap_or_default(), sealed.as_blob().unwrap_or_default())?;
                }
            }
            Driver::Pg(client) => {
                let rows = client.query("SELECT id, sealed FROM bare_stock WHERE product = 0 ORDER BY place LIMIT $1", &[&(count as i64)]).await.map_err(pg)?;
                for row in rows {
                    write(row.get(0), row.get(1))?;
                }
            }
        }
        Ok(bytes)
    }
}

fn lite_slice(connection: &mut Connection, ids: &[[u8; 16]], fingerprints: &[[u8; 16]], sealed: &[u8], first: i64) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    {
        let mut insert = transaction.prepare_cached("INSERT INTO bare_stock VALUES (?1, 0, ?2, 0, ?3, ?4, '…LMNO') ON CONFLICT DO NOTHING")?;
        for (place, (id, fingerprint)) in (first..).zip(ids.iter().zip(fingerprints)) {
            insert.execute(params![id, place, sealed, fingerprint])?;
        }
    }
    transaction.commit()
}

async fn pg_slice(client: &Client, ids: &[[u8; 16]], fingerprints: &[[u8; 16]], sealed: &[u8], first: i64) -> Result<(), tokio_postgres::Error> {
    let (ids, fingerprints): (Vec<&[u8]>, Vec<&[u8]>) = ids.iter().zip(fingerprints).map(|(id, fingerprint)| (&id[..], &fingerprint[..])).unzip();
    let insert = "INSERT INTO bare_stock SELECT r.id, 0, $4 + r.nth, 0, $3, r.fingerprint, '…LMNO'
        FROM unnest($1::bytea[], $2::bytea[]) WITH ORDINALITY AS r(id, fingerprint, nth) ON CONFLICT DO NOTHING";
    client.execute(insert, &[&ids, &fingerprints, &sealed, &first]).await.map(drop)
}

fn lite(error: rusqlite::Error) -> Trouble {
    Trouble(format!("the floor on SQLite: {error}"))
}

fn pg(error: tokio_postgres::Error) -> Trouble {
    let why = error.as_db_error().map(|error| format!(": {}", error.message())).unwrap_or_default();
    Trouble(format!("the floor on PostgreSQL: {error}{why}"))
}
