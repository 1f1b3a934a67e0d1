//! What an open database looks like from inside: schema, plans, facts about its storage.

use crate::lite::{self, Lite};
use crate::pg::{self, Pg};
use crate::tx::{Each, kept};
use crate::{Column, Fault, Row, Value};
use std::fmt::Write as _;

/// Tables of the runner itself are left out of the dump: they are not a matter of the migrations' text.
const LITE_SCHEMA: &str = "SELECT type, name, sql FROM sqlite_schema
    WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'schema_migration' ORDER BY tbl_name, type DESC, name";

const PG_SCHEMA: &str = "SELECT line FROM (
    SELECT c.relname AS t, 1 AS kind, a.attname AS name, '  ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
        || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
        || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '') AS line
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
    UNION ALL
    SELECT c.relname, 0, '', 'table ' || c.relname FROM pg_class c
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
    UNION ALL
    SELECT c.relname, 2, k.conname, '  constraint ' || k.conname || ' ' || pg_get_constraintdef(k.oid)
    FROM pg_class c JOIN pg_constraint k ON k.conrelid = c.oid
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace AND k.contype <> 'n'
    UNION ALL
    SELECT c.relname, 3, i.relname, '  ' || pg_get_indexdef(x.indexrelid)
    FROM pg_class c JOIN pg_index x ON x.indrelid = c.oid JOIN pg_class i ON i.oid = x.indexrelid
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
    ) lines WHERE t <> 'schema_migration' ORDER BY t COLLATE \"C\", kind, name COLLATE \"C\"";

const LITE_FACTS: [&str; 10] = [
    "journal_mode",
    "synchronous",
    "foreign_keys",
    "page_size",
    "page_count",
    "freelist_count",
    "wal_autocheckpoint",
    "auto_vacuum",
    "encoding",
    "user_version",
];

const PG_FACTS: [&str; 8] = [
    "server_version",
    "fsync",
    "full_page_writes",
    "synchronous_commit",
    "synchronous_standby_names",
    "data_checksums",
    "default_transaction_isolation",
    "server_encoding",
];

pub(crate) async fn lite_schema(lite: &Lite) -> Result<String, Fault> {
    let rows = lite.alone(|connection| all(|each| lite::rows(connection, LITE_SCHEMA, &[], each))).await?;
    let mut out = String::new();
    for Row(values) in rows {
        if let Some(Value::Text(sql)) = values.get(2) {
            // One statement per paragraph, whatever the indentation of the migration.
            let lines: Vec<String> = sql.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
            let _ = writeln!(out, "{};", lines.iter().filter(|line| !line.is_empty()).cloned().collect::<Vec<_>>().join("\n  "));
        }
    }
    Ok(out)
}

pub(crate) async fn pg_schema(pg: &Pg) -> Result<String, Fault> {
    let mut rows = Vec::new();
    pg::rows(&pg.client().await?, PG_SCHEMA, &[], &mut kept(&mut rows)).await?;
    Ok(first_texts(rows).into_iter().fold(String::new(), |out, line| out + &line + "\n"))
}

pub(crate) async fn lite_plan(lite: &Lite, sql: &'static str, params: Vec<Value>, keys: Option<Column>) -> Result<Vec<String>, Fault> {
    let sql = format!("EXPLAIN QUERY PLAN {sql}");
    let rows = lite
        .alone(move |connection| {
            all(|each| match keys {
                // The plan of one turn of the loop.
                Some(keys) => lite::rows_each(connection, &sql, &params, &keys.first(), each),
                None => lite::rows(connection, &sql, &params, each),
            })
        })
        .await?;
    Ok(last_texts(rows))
}

pub(crate) async fn lite_set_plan(lite: &Lite, sql: &'static str, first: Vec<Column>) -> Result<Vec<String>, Fault> {
    let sql = format!("EXPLAIN QUERY PLAN {sql}");
    Ok(last_texts(lite.alone(move |connection| all(|each| lite::rows_set(connection, &sql, &first, each))).await?))
}

fn last_texts(rows: Vec<Row>) -> Vec<String> {
    let last = |Row(mut values): Row| if let Some(Value::Text(line)) = values.pop() { Some(line) } else { None };
    rows.into_iter().filter_map(last).collect()
}

pub(crate) async fn pg_plan(pg: &Pg, sql: &str, params: &[Value], keys: Option<&Column>) -> Result<Vec<String>, Fault> {
    let sql = format!("EXPLAIN (COSTS OFF) {sql}");
    let client = pg.client().await?;
    let mut rows = Vec::new();
    match keys {
        Some(keys) => pg::rows_each(&client, &sql, params, keys, &mut kept(&mut rows)).await?,
        None => pg::rows(&client, &sql, params, &mut kept(&mut rows)).await?,
    };
    Ok(first_texts(rows))
}

pub(crate) async fn pg_set_plan(pg: &Pg, sql: &str, columns: &[Column]) -> Result<Vec<String>, Fault> {
    let client = pg.client().await?;
    let mut rows = Vec::new();
    pg::rows_set(&client, &format!("EXPLAIN (COSTS OFF) {sql}"), columns, &mut kept(&mut rows)).await?;
    Ok(first_texts(rows))
}

pub(crate) async fn lite_facts(lite: &Lite) -> Result<Vec<(String, String)>, Fault> {
    let mut facts = vec![("engine".to_owned(), "sqlite".to_owned()), ("version".to_owned(), rusqlite::version().to_owned())];
    let asked = lite.alone(|connection| {
        let mut asked = Vec::new();
        for name in LITE_FACTS {
            let value = connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, rusqlite::types::Value>(0))?;
            let value = match value {
                rusqlite::types::Value::Integer(value) => value.to_string(),
                rusqlite::types::Value::Text(value) => value,
                other => return Err(Fault::invariant(format!("PRAGMA {name} gave {other:?}"))),
            };
            asked.push((name.to_owned(), value));
        }
        Ok(asked)
    });
    facts.extend(asked.await?);
    Ok(facts)
}

pub(crate) async fn pg_facts(pg: &Pg) -> Result<Vec<(String, String)>, Fault> {
    let client = pg.client().await?;
    let mut facts = vec![("engine".to_owned(), "postgres".to_owned())];
    for name in PG_FACTS {
        let row = client.query_one("SELECT current_setting($1)", &[&name]).await?;
        facts.push((name.to_owned(), row.try_get(0)?));
    }
    Ok(facts)
}

/// What is wrong with the file and its foreign keys.
pub(crate) async fn lite_integrity(lite: &Lite) -> Result<Vec<String>, Fault> {
    let (pages, keys) = lite
        .alone(|connection| {
            // As long as it takes: no deadline outside the statements of a work.
            let texts = |sql: &str| -> Result<Vec<String>, Fault> {
                let mut statement = connection.prepare(sql)?;
                let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
                Ok(rows.collect::<Result<_, _>>()?)
            };
            Ok((texts("PRAGMA integrity_check(100)")?, texts("PRAGMA foreign_key_check")?))
        })
        .await?;
    let keys = keys.into_iter().map(|table| format!("a row of {table} refers to a missing one"));
    Ok(pages.into_iter().filter(|line| line != "ok").chain(keys).collect())
}

/// Every row that a statement on SQLite hands on.
fn all(statement: impl FnOnce(Each<'_>) -> Result<u64, Fault>) -> Result<Vec<Row>, Fault> {
    let mut rows = Vec::new();
    statement(&mut kept(&mut rows))?;
    Ok(rows)
}

fn first_texts(rows: Vec<Row>) -> Vec<String> {
    let first = |Row(values): Row| if let Some(Value::Text(line)) = values.into_iter().next() { Some(line) } else { None };
    rows.into_iter().filter_map(first).collect()
}
