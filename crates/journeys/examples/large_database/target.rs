//! The database that is filled, past the store: prepared inserts without a journal, or COPY.

use crate::rows::{Cell, Table};
use std::path::Path;
use std::sync::Mutex;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls};

/// An open one.
pub enum Target {
    /// A file.
    Sqlite(Mutex<rusqlite::Connection>),
    /// A server.
    Postgres(Client),
}

impl Target {
    /// Opens a file for filling: nothing of it survives a crash.
    pub fn file(path: &Path) -> Self {
        let connection = rusqlite::Connection::open(path).expect("the file opens");
        let fast =
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -4000000; PRAGMA locking_mode = EXCLUSIVE;";
        connection.execute_batch(fast).expect("pragmas");
        Self::Sqlite(Mutex::new(connection))
    }

    /// Opens a database of a server for filling.
    pub async fn server(url: &str) -> Self {
        let client = connect(url).await;
        client.batch_execute("SET session_replication_role = replica; SET synchronous_commit = off").await.expect("settings");
        Self::Postgres(client)
    }

    /// The rows of a merchant; `None` where there is no such table.
    pub async fn read(&self, name: &'static str, merchant: i64) -> Option<Table> {
        let text = format!("SELECT * FROM {name} WHERE merchant = {merchant}");
        match self {
            Self::Sqlite(connection) => {
                let connection = connection.lock().expect("no panic before");
                let mut statement = connection.prepare(&text).ok()?;
                let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
                let width = columns.len();
                let rows =
                    statement.query_map([], |row| (0..width).map(|at| Ok(lite_cell(row.get_ref(at)?))).collect::<rusqlite::Result<Vec<Cell>>>()).expect("rows");
                let rows: Vec<Vec<Cell>> = rows.map(|row| row.expect("a row")).collect();
                Some(Table { name, columns, rows })
            }
            Self::Postgres(client) => {
                let statement = client.prepare(&text).await.ok()?;
                let columns = statement.columns().iter().map(|column| column.name().to_owned()).collect();
                let rows = client.query(&statement, &[]).await.expect("rows");
                Some(Table { name, columns, rows: rows.iter().map(|row| (0..row.len()).map(|at| pg_cell(row, at)).collect()).collect() })
            }
        }
    }

    /// Adds rows with all columns of a table.
    pub async fn add(&self, name: &str, rows: Vec<Vec<Cell>>) {
        let Some(width) = rows.first().map(Vec::len) else { return };
        match self {
            Self::Sqlite(connection) => {
                let connection = connection.lock().expect("no panic before");
                let places = (1..=width).map(|at| format!("?{at}")).collect::<Vec<_>>().join(", ");
                connection.execute_batch("BEGIN").expect("a transaction");
                let mut insert = connection.prepare_cached(&format!("INSERT INTO {name} VALUES ({places})")).expect("an insert");
                for row in &rows {
                    insert.execute(rusqlite::params_from_iter(row)).unwrap_or_else(|error| panic!("{name}: {error}: {row:?}"));
                }
                drop(insert);
                connection.execute_batch("COMMIT").expect("done");
            }
            Self::Postgres(client) => {
                let table = client.prepare(&format!("SELECT * FROM {name} LIMIT 0")).await.expect("a table");
                let types: Vec<Type> = table.columns().iter().map(|column| column.type_().clone()).collect();
                let sink = client.copy_in(&format!("COPY {name} FROM STDIN BINARY")).await.expect("it takes rows");
                let mut writer = std::pin::pin!(BinaryCopyInWriter::new(sink, &types));
                for row in &rows {
                    let cells: Vec<&(dyn ToSql + Sync)> = row.iter().zip(&types).map(|(cell, kind)| cell.for_copy(kind)).collect();
                    writer.as_mut().write(&cells).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
                }
                writer.finish().await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
            }
        }
    }

    /// Runs statements, each on its own.
    pub async fn run(&self, statements: &[&str]) {
        for statement in statements {
            match self {
                Self::Sqlite(connection) => {
                    connection.lock().expect("no panic before").execute_batch(statement).unwrap_or_else(|error| panic!("{statement}: {error}"))
                }
                Self::Postgres(client) => client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}")),
            }
        }
    }

    /// Leaves the database as the product finds it.
    pub async fn close(self) {
        match self {
            Self::Sqlite(connection) => {
                connection.into_inner().expect("no panic before").execute_batch("PRAGMA optimize; PRAGMA journal_mode = WAL;").expect("it closes")
            }
            Self::Postgres(client) => client.batch_execute("VACUUM ANALYZE").await.expect("statistics"),
        }
    }
}

/// A connection of its own.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the server answers");
    tokio::spawn(connection);
    client
}

fn lite_cell(value: rusqlite::types::ValueRef<'_>) -> Cell {
    use rusqlite::types::ValueRef;
    match value {
        ValueRef::Integer(value) => Cell::Int(value),
        ValueRef::Text(text) => Cell::Text(String::from_utf8(text.to_vec()).expect("UTF-8")),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
        ValueRef::Null | ValueRef::Real(_) => Cell::Null,
    }
}

fn pg_cell(row: &tokio_postgres::Row, at: usize) -> Cell {
    let kind = row.columns()[at].type_();
    let cell = match *kind {
        Type::INT8 => row.get::<_, Option<i64>>(at).map(Cell::Int),
        Type::TEXT => row.get::<_, Option<String>>(at).map(Cell::Text),
        Type::BYTEA => row.get::<_, Option<Vec<u8>>>(at).map(Cell::Bytes),
        _ => panic!("a column of type {kind}"),
    };
    cell.unwrap_or(Cell::Null)
}

impl rusqlite::ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{Null, ToSqlOutput, ValueRef};
        Ok(match self {
            Self::Null => ToSqlOutput::from(Null),
            Self::Int(value) => ToSqlOutput::from(*value),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

impl Cell {
    fn for_copy(&self, kind: &Type) -> &(dyn ToSql + Sync) {
        match self {
            Self::Null if *kind == Type::INT8 => &None::<i64>,
            Self::Null if *kind == Type::TEXT => &None::<String>,
            Self::Null => &None::<Vec<u8>>,
            Self::Int(value) => value,
            Self::Text(text) => text,
            Self::Bytes(bytes) => bytes,
        }
    }
}
