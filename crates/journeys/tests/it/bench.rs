//! `tradepost bench` with small numbers: every row has its fields, the audit passes, and nothing is left behind.
//! `TRADEPOST_BIN` names the binary (`make test` sets it).

use serde_json::Value as Json;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use tradepost_testkit::{Kind, TestApp};

/// What every row has, null where it makes no sense.
const FIELDS: &[&str] = &["bench", "engine", "clients", "keys", "floor_per_s", "server_per_s", "ratio", "p50_ms", "p99_ms", "cpu_us_per_op"];

/// The binary: as told, else beside this test's own.
fn binary(variable: &str) -> Option<PathBuf> {
    let told = std::env::var_os(variable).map(PathBuf::from);
    let beside = || Some(std::env::current_exe().ok()?.parent()?.parent()?.join("tradepost"));
    let found = told.or_else(beside).filter(|path| path.is_file());
    if found.is_none() {
        println!("SKIPPED: no binary to measure; build it (cargo build -p tradepost) or name it by {variable}");
    }
    found
}

fn bench(binary: &PathBuf, app: &TestApp, what: &str, bug: Option<&str>) -> Output {
    let mut command = Command::new(binary);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null());
    if let Some(bug) = bug {
        command.env("TRADEPOST_TEST_SABOTAGE", bug);
    }
    command.args(["bench", what, "--keys", "9000", "--clients", "2", "--seconds", "0.3", "--rounds", "1", "--json"]);
    command.arg("--data").arg(app.folder().join("bench"));
    if app.kind == Kind::Postgres {
        command.arg("--database").arg(&app.url);
    }
    command.output().expect("the benchmark runs")
}

/// Runs one, and gives back its rows.
async fn rows(binary: PathBuf, app: TestApp, what: &'static str) -> Vec<Json> {
    let of = app.clone();
    let done = tokio::task::spawn_blocking(move || bench(&binary, &of, what, None)).await.expect("it ends");
    let (out, err) = (String::from_utf8_lossy(&done.stdout).into_owned(), String::from_utf8_lossy(&done.stderr).into_owned());
    assert!(done.status.success(), "bench {what}: {err}");
    let rows: Vec<Json> = out.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let left = std::fs::read_dir(app.folder().join("bench")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "bench {what} left its folder behind");
    rows
}

fn check(what: &str, kind: Kind, rows: &[Json]) {
    assert!(rows.len() >= 3, "{what}: {rows:?}");
    for row in rows {
        let object = row.as_object().expect("an object");
        for field in FIELDS {
            assert!(object.contains_key(*field), "{what}: {field} is missing in {row}");
        }
        assert_eq!(row["bench"], what);
        assert_eq!(row["engine"], if kind == Kind::Sqlite { "sqlite" } else { "postgres" });
    }
    let served = rows.iter().filter(|row| row["server_per_s"].as_f64().is_some_and(|rate| rate > 0.0));
    assert!(served.count() >= 1, "{what}: nothing was served: {rows:?}");
}

fn run(kind: Kind, what: &'static str) {
    let Some(binary) = binary("TRADEPOST_BIN") else { return };
    tradepost_testkit::run_unchecked(kind, "bench", move |app| async move {
        let rows = rows(binary, app.clone(), what).await;
        check(what, kind, &rows);
    });
}

macro_rules! benches {
    ($($what:ident),+) => { $(
        mod $what {
            use super::*;

            /// PLT-13
            #[test]
            fn has_every_field_and_an_exact_audit_on_sqlite() {
                run(Kind::Sqlite, stringify!($what));
            }

            /// PLT-13
            #[test]
            fn has_every_field_and_an_exact_audit_on_postgres() {
                run(Kind::Postgres, stringify!($what));
            }
        }
    )+ };
}
benches!(fulfill, order, import, export, read, pages, start);

mod servers {
    use super::*;

    /// PLT-13
    #[test]
    fn has_every_field_and_an_exact_audit_on_postgres() {
        run(Kind::Postgres, "servers");
    }

    #[test]
    fn needs_a_database_that_two_can_share() {
        let Some(binary) = binary("TRADEPOST_BIN") else { return };
        tradepost_testkit::run_unchecked(Kind::Sqlite, "bench", move |app| async move {
            let done = tokio::task::spawn_blocking(move || bench(&binary, &app, "servers", None)).await.expect("it ends");
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            assert!(!done.status.success() && said.contains("on PostgreSQL only"), "{said}");
        });
    }
}

/// The twin: with a key sold twice the audit fails, and no figure is printed.
#[cfg(debug_assertions)]
#[test]
fn the_audit_notices_a_double_claim() {
    let Some(binary) = binary("TRADEPOST_BIN") else { return };
    tradepost_testkit::run_unchecked(Kind::Sqlite, "bench", move |app| async move {
        let done = tokio::task::spawn_blocking(move || bench(&binary, &app, "order", Some("stock.double_claim"))).await.expect("it ends");
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!done.status.success() && done.stdout.is_empty(), "it printed figures of a run that was not exact: {said}");
        assert!(said.contains("the audit of the server failed"), "it failed for another reason: {said}");
    });
}
