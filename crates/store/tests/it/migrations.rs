//! The schema's own history.

use crate::support::{Place, query};
use tradepost_store::{Engine, Fault, Store, migrations_from, sql};

both!(
    applying_twice_does_nothing,
    an_edited_migration_is_refused,
    a_newer_database_is_refused,
    a_gap_is_refused,
    a_migration_that_fails_leaves_nothing,
    tokens_and_marked_blocks_fit_the_engine,
    an_unknown_token_is_refused,
    two_servers_that_start_at_once_migrate_once,
    the_schema_is_dumped_in_one_form,
);

const ONE: (&str, &str) = ("0001_one", "CREATE TABLE one (id {int} PRIMARY KEY) {strict};");
const TWO: (&str, &str) = ("0002_two", "CREATE TABLE two (id {id} NOT NULL PRIMARY KEY, note {text}) {strict_rowless};");
const THREE: (&str, &str) = ("0003_three", "CREATE INDEX two_note ON two (note);");

async fn migrate(store: &Store, list: &[(&str, &str)]) -> Result<Vec<String>, String> {
    store.migrate(&migrations_from(list)).await.map_err(|fault| {
        assert!(matches!(fault, Fault::Schema(_)), "{fault}");
        fault.to_string()
    })
}

async fn applying_twice_does_nothing(place: Place) {
    let store = place.open().await;
    assert_eq!(migrate(&store, &[ONE]).await.expect("it runs"), ["0001_one"]);
    assert_eq!(migrate(&store, &[ONE, TWO]).await.expect("it runs"), ["0002_two"]);
    assert_eq!(migrate(&store, &[ONE, TWO]).await.expect("it runs"), [""; 0]);
    let applied: Vec<i64> = query(&store, sql!("SELECT applied_ms FROM schema_migration"), Vec::new()).await;
    assert!(applied.len() == 2 && applied.iter().all(|ms| *ms > 1_700_000_000_000), "{applied:?}");
}

async fn an_edited_migration_is_refused(place: Place) {
    let store = place.open().await;
    migrate(&store, &[ONE, TWO]).await.expect("it runs");
    let refused = migrate(&store, &[("0001_one", "CREATE TABLE one (id {int});"), TWO, THREE]).await;
    assert_eq!(refused, Err("migration 0001_one was edited after it was applied".to_owned()));
}

async fn a_newer_database_is_refused(place: Place) {
    let store = place.open().await;
    migrate(&store, &[ONE, TWO]).await.expect("it runs");
    assert_eq!(migrate(&store, &[ONE]).await, Err("the database is newer than this program: it has the migration 0002_two".to_owned()));
}

async fn a_gap_is_refused(place: Place) {
    let store = place.open().await;
    migrate(&store, &[TWO]).await.expect("it runs");
    assert_eq!(migrate(&store, &[ONE, TWO]).await, Err("migration 0001_one is missing, although later ones were applied".to_owned()));
    assert_eq!(migrate(&store, &[THREE, TWO]).await, Err("migrations 0003_three and 0002_two are not in order".to_owned()));
}

async fn a_migration_that_fails_leaves_nothing(place: Place) {
    let store = place.open().await;
    let broken = ("0002_two", "CREATE TABLE two (id {int}) {strict}; INSERT INTO missing VALUES (1);");
    let refused = migrate(&store, &[ONE, broken]).await.expect_err("it is broken");
    assert!(refused.starts_with("migration 0002_two: "), "{refused}");
    assert!(!store.schema_text().await.expect("a dump").contains("two"));
    assert_eq!(migrate(&store, &[ONE, TWO]).await.expect("the corrected one runs"), ["0002_two"]);
}

async fn tokens_and_marked_blocks_fit_the_engine(place: Place) {
    let text = "CREATE TABLE t (a {id}, b {int}, c {text}, d {bytes} DEFAULT NULL, e {text} DEFAULT '{}') {strict};
        --sqlite
        CREATE TABLE only_sqlite (a {int}) {strict};
        --postgres
        CREATE TABLE only_postgres (a {int}) {strict};
        --both
        CREATE TABLE both_of_them (a {int}) {strict};";
    let store = place.open().await;
    migrate(&store, &[("0001_t", text)]).await.expect("it runs");
    let schema = store.schema_text().await.expect("a dump");
    let lite = place.engine == Engine::Sqlite;
    assert!(schema.contains("both_of_them"));
    assert_eq!((schema.contains("only_sqlite"), schema.contains("only_postgres")), (lite, !lite));
    let types = if lite { ["a BLOB", "b INTEGER", "c TEXT", "d BLOB"] } else { ["a bytea", "b bigint", "c text", "d bytea"] };
    assert!(types.iter().all(|column| schema.contains(column)), "{schema}");
}

async fn an_unknown_token_is_refused(place: Place) {
    let store = place.open().await;
    let refused = migrate(&store, &[("0001_t", "CREATE TABLE t (a {integer})")]).await;
    assert_eq!(refused, Err("migration 0001_t: unknown token {integer}".to_owned()));
}

async fn two_servers_that_start_at_once_migrate_once(place: Place) {
    let one = place.open().await;
    // SQLite admits one process only; there the two are two callers.
    let two = if place.engine == Engine::Sqlite { one.clone() } else { place.open().await };
    let all = migrations_from(&[ONE, TWO, THREE]);
    let (first, second) = tokio::join!(one.migrate(&all), two.migrate(&all));
    let mut done = [first.expect("it runs"), second.expect("it runs")].concat();
    done.sort();
    assert_eq!(done, ["0001_one", "0002_two", "0003_three"]);
}

async fn the_schema_is_dumped_in_one_form(place: Place) {
    let store = place.open().await;
    migrate(&store, &[ONE, TWO, THREE]).await.expect("it runs");
    let expected = match place.engine {
        Engine::Sqlite => {
            "CREATE TABLE one (id INTEGER PRIMARY KEY) STRICT;
CREATE TABLE two (id BLOB NOT NULL PRIMARY KEY, note TEXT) STRICT, WITHOUT ROWID;
CREATE INDEX two_note ON two (note);
"
        }
        Engine::Postgres => {
            "table one
  id bigint NOT NULL
  constraint one_pkey PRIMARY KEY (id)
  CREATE UNIQUE INDEX one_pkey ON public.one USING btree (id)
table two
  id bytea NOT NULL
  note text
  constraint two_pkey PRIMARY KEY (id)
  CREATE INDEX two_note ON public.two USING btree (note)
  CREATE UNIQUE INDEX two_pkey ON public.two USING btree (id)
"
        }
    };
    assert_eq!(store.schema_text().await.expect("a dump"), expected);
}
