//! Migrations: forward only, one text for both engines, each in one transaction.

use crate::lite::Lite;
use crate::pg::Pg;
use crate::{Engine, Fault};
use rusqlite::{Connection, TransactionBehavior};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Two servers that start at once take turns by this advisory lock ("tradepos" as a number).
const ADVISORY_LOCK: i64 = 0x7472_6164_6570_6f73;

/// One step of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// `0001_catalog`: the order of the steps is the order of their names.
    pub name: String,
    /// SQL with type tokens: `{id}`, `{int}`, `{text}`, `{bytes}`, `{strict}`, `{strict_rowless}`. Lines after a
    /// line `--sqlite` or `--postgres` are for that engine only, until `--both`.
    pub text: String,
}

/// Migrations from pairs of name and text, as `include_str!` gives them.
#[must_use]
pub fn migrations_from(list: &[(&str, &str)]) -> Vec<Migration> {
    list.iter().map(|(name, text)| Migration { name: (*name).to_owned(), text: (*text).to_owned() }).collect()
}

impl Migration {
    fn checksum(&self) -> String {
        Sha256::digest(self.text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The text for one engine.
    fn sql(&self, engine: Engine) -> Result<String, Fault> {
        let mut out = String::with_capacity(self.text.len());
        let mut wanted = true;
        for line in self.text.lines() {
            match line.trim() {
                "--sqlite" => wanted = engine == Engine::Sqlite,
                "--postgres" => wanted = engine == Engine::Postgres,
                "--both" => wanted = true,
                _ if wanted => {
                    out.push_str(line);
                    out.push('\n');
                }
                _ => {}
            }
        }
        for (token, lite, pg) in TOKENS {
            out = out.replace(token, if engine == Engine::Sqlite { lite } else { pg });
        }
        match unknown_token(&out) {
            None => Ok(out),
            Some(token) => Err(Fault::Schema(format!("migration {}: unknown token {token}", self.name))),
        }
    }
}

const TOKENS: [(&str, &str, &str); 6] = [
    ("{id}", "BLOB", "bytea"),
    ("{int}", "INTEGER", "bigint"),
    ("{text}", "TEXT", "text"),
    ("{bytes}", "BLOB", "bytea"),
    ("{strict}", "STRICT", ""),
    ("{strict_rowless}", "STRICT, WITHOUT ROWID", ""),
];

fn unknown_token(text: &str) -> Option<&str> {
    text.match_indices('{').find_map(|(at, _)| {
        let end = at + text[at..].find('}')?;
        let word = &text[at + 1..end];
        (!word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_')).then(|| &text[at..=end])
    })
}

/// How many of `known` are applied already.
fn already_applied(known: &[Migration], applied: &BTreeMap<String, String>) -> Result<usize, Fault> {
    if let Some(pair) = known.windows(2).find(|pair| pair[0].name >= pair[1].name) {
        return Err(Fault::Schema(format!("migrations {} and {} are not in order", pair[0].name, pair[1].name)));
    }
    if let Some(name) = applied.keys().find(|name| known.iter().all(|migration| migration.name != **name)) {
        return Err(Fault::Schema(format!("the database is newer than this program: it has the migration {name}")));
    }
    for (i, migration) in known.iter().enumerate() {
        match applied.get(&migration.name) {
            None if i < applied.len() => {
                return Err(Fault::Schema(format!("migration {} is missing, although later ones were applied", migration.name)));
            }
            None => return Ok(i),
            Some(checksum) if *checksum != migration.checksum() => {
                return Err(Fault::Schema(format!("migration {} was edited after it was applied", migration.name)));
            }
            Some(_) => {}
        }
    }
    Ok(known.len())
}

pub(crate) async fn lite(lite: &Lite, known: Vec<Migration>) -> Result<Vec<String>, Fault> {
    lite.alone(move |connection| apply_lite(connection, &known)).await
}

fn apply_lite(connection: &mut Connection, known: &[Migration]) -> Result<Vec<String>, Fault> {
    connection
        .execute_batch("CREATE TABLE IF NOT EXISTS schema_migration (name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_ms INTEGER NOT NULL) STRICT")?;
    let applied: BTreeMap<String, String> =
        connection.prepare("SELECT name, checksum FROM schema_migration")?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let mut done = Vec::new();
    for migration in &known[already_applied(known, &applied)?..] {
        let sql = migration.sql(Engine::Sqlite)?;
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch(&sql).map_err(|error| failed(migration, &error.into()))?;
        tx.execute(
            "INSERT INTO schema_migration (name, checksum, applied_ms) VALUES (?1, ?2, CAST(unixepoch('subsec') * 1000 AS INTEGER))",
            (&migration.name, migration.checksum()),
        )?;
        tx.commit()?;
        done.push(migration.name.clone());
    }
    Ok(done)
}

pub(crate) async fn pg(pg: &Pg, known: &[Migration]) -> Result<Vec<String>, Fault> {
    let client = pg.client().await?;
    // Until the connection ends: it does not go back to its pool.
    let client = deadpool_postgres::Object::take(client);
    client.batch_execute(&format!("SET statement_timeout = 0; SELECT pg_advisory_lock({ADVISORY_LOCK});")).await?;
    client
        .batch_execute(
            "SET client_min_messages = warning;
             CREATE TABLE IF NOT EXISTS schema_migration (name text PRIMARY KEY, checksum text NOT NULL, applied_ms bigint NOT NULL)",
        )
        .await?;
    let rows = client.query("SELECT name, checksum FROM schema_migration", &[]).await?;
    let mut applied = BTreeMap::new();
    for row in rows {
        applied.insert(row.try_get::<_, String>(0)?, row.try_get::<_, String>(1)?);
    }
    let mut done = Vec::new();
    for migration in &known[already_applied(known, &applied)?..] {
        let sql = migration.sql(Engine::Postgres)?;
        client.batch_execute("BEGIN").await?;
        client.batch_execute(&sql).await.map_err(|error| failed(migration, &error.into()))?;
        client
            .execute(
                "INSERT INTO schema_migration (name, checksum, applied_ms)
                 VALUES ($1, $2, CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint))",
                &[&migration.name, &migration.checksum()],
            )
            .await?;
        client.batch_execute("COMMIT").await?;
        done.push(migration.name.clone());
    }
    Ok(done)
}

fn failed(migration: &Migration, fault: &Fault) -> Fault {
    Fault::Schema(format!("migration {}: {fault}", migration.name))
}
