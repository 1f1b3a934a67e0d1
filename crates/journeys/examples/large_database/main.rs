//! A database as large as a busy merchant's after years, and what `verify` takes over it.
//!
//! `cargo run --release -p tradepost-journeys --example large_database -- --to FOLDER [--engine sqlite|postgres]
//! [--orders 1000000] [--keys 10000000]` makes it: a few businesses of every kind are done by the product's own
//! commands, then their rows are made again and again past the store, with keys sealed for real. FOLDER becomes a data
//! folder; on PostgreSQL a database beside that of `TRADEPOST_TEST_POSTGRES` is made and its URL printed.
//! `… --check FOLDER [--database URL] [--full] [--only NAME] [--apart]` runs `verify` over it, with seconds and the most memory
//! so far; with `--apart` check by check, which says what each takes alone.
#![allow(clippy::float_arithmetic, reason = "a measurement divides")]

mod clones;
mod fill;
mod rows;
mod samples;
mod target;

use std::path::{Path, PathBuf};
use std::time::Instant;
use target::Target;
use tradepost::House;
use tradepost::config::{Flags, Settings};
use tradepost_domain::verify::{CheckReport, chosen, run_all};
use tradepost_kernel::Environment;
use tradepost_testkit::{Kind, TestApp, run_unchecked};

/// What is asked for.
#[derive(Clone, Debug)]
struct Asked {
    to: Option<PathBuf>,
    check: Option<PathBuf>,
    database: Option<String>,
    kind: Kind,
    orders: i64,
    keys: i64,
    full: bool,
    apart: bool,
    only: Option<String>,
}

impl Asked {
    fn read() -> Result<Self, String> {
        let mut asked =
            Self { to: None, check: None, database: None, kind: Kind::Sqlite, orders: 1_000_000, keys: 10_000_000, full: false, apart: false, only: None };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            if word == "--full" {
                asked.full = true;
                continue;
            }
            if word == "--apart" {
                asked.apart = true;
                continue;
            }
            let value = words.next().ok_or(format!("{word} takes a value"))?;
            let number = || value.parse::<i64>().map_err(|_| format!("{word} takes a number"));
            match word.as_str() {
                "--to" => asked.to = Some(value.into()),
                "--check" => asked.check = Some(value.into()),
                "--database" => asked.database = Some(value),
                "--only" => asked.only = Some(value),
                "--orders" => asked.orders = number()?,
                "--keys" => asked.keys = number()?,
                "--engine" if value == "postgres" => asked.kind = Kind::Postgres,
                "--engine" if value == "sqlite" => asked.kind = Kind::Sqlite,
                _ => return Err(format!("{word} {value} is not known")),
            }
        }
        Ok(asked)
    }
}

fn main() {
    match Asked::read() {
        Ok(asked) if asked.check.is_some() => {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
            runtime.block_on(check(asked));
        }
        Ok(asked) if asked.to.is_some() => run_unchecked(asked.kind, "large_database", move |app| make(app, asked)),
        Ok(_) => exit("--to FOLDER or --check FOLDER"),
        Err(why) => exit(&why),
    }
}

fn exit(why: &str) {
    eprintln!("large_database: {why}");
    std::process::exit(2);
}

async fn make(app: TestApp, asked: Asked) {
    let folder = asked.to.clone().expect("a folder");
    std::fs::create_dir_all(&folder).expect("the folder");
    let begun = Instant::now();
    let world = samples::make(&app).await;
    app.house.close().await;
    std::fs::copy(app.folder().join("master.key"), folder.join("master.key")).expect("the master key");
    let target = copy(&app, &folder).await;
    eprintln!("samples: {:.1} s", begun.elapsed().as_secs_f64());
    fill::fill(&target, &world, &app.engine.vault, asked.orders, asked.keys).await;
    target.close().await;
    eprintln!("{} orders and {} keys: {:.1} s", asked.orders, asked.keys, begun.elapsed().as_secs_f64());
}

/// A database with the samples that stays.
async fn copy(app: &TestApp, folder: &Path) -> Target {
    if app.kind == Kind::Sqlite {
        let path = folder.join("tradepost.db");
        std::fs::copy(app.folder().join("tradepost.db"), &path).expect("a new file");
        return Target::file(&path);
    }
    let (server, name) = app.url.rsplit_once('/').expect("a URL with a database");
    let client = target::connect(&format!("{server}/postgres")).await;
    client.batch_execute(&format!("CREATE DATABASE {name}_large TEMPLATE {name}")).await.expect("a copy");
    println!("{server}/{name}_large");
    Target::server(&format!("{server}/{name}_large")).await
}

async fn check(asked: Asked) {
    let flags = Flags { data: asked.check.clone(), database: asked.database.clone(), ..Flags::default() };
    let settings = Settings::read(&flags, std::iter::empty()).expect("settings");
    let house = House::open(settings, Environment::system()).await.expect("the house opens");
    let only: Vec<String> = asked.only.iter().cloned().collect();
    let begun = Instant::now();
    if asked.apart {
        for check in chosen(&only) {
            let one = Instant::now();
            let reports = run_all(&house.engine, &[check], asked.full, |_, _| ()).await.expect("it can be checked");
            say(&reports, one);
        }
    } else {
        say(&run_all(&house.engine, &chosen(&only), asked.full, |_, _| ()).await.expect("it can be checked"), begun);
    }
    println!("{:>8.2} s {:>6} MiB in all", begun.elapsed().as_secs_f64(), peak());
    house.close().await;
}

fn say(reports: &[CheckReport], since: Instant) {
    for report in reports {
        println!("{:>8.2} s {:>6} MiB {:>9} rows  {} {}", since.elapsed().as_secs_f64(), peak(), report.checked, report.name, report.total);
        report.violations.iter().take(3).for_each(|violation| println!("           {violation:?}"));
    }
}

/// The most memory that this process had, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) / 1024
}
