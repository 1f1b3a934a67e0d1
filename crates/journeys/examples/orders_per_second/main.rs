//! Orders per second over HTTP beside the raw floor, on both engines, in one run.
//!
//! `make bench`, or `cargo run --release -p tradepost-journeys --example orders_per_second -- [--json] [--quick]
//! [--rounds N] [--engine sqlite|postgres] [--no-worker]` with `TRADEPOST_TEST_POSTGRES` set (see
//! `scripts/test-postgres`) or `skip`. Databases lie in `TRADEPOST_TEST_DISK` (default `/var/tmp`): a real disk.
//!
//! One order is 3 items × 25 licenses on credit, by one of 100 partnerships. Drafts are made beforehand: placing is
//! measured. The floor writes the same rows into a copy of the same database by statements written by hand, with no
//! server, no decision and no reading but the claim of the keys.
#![allow(clippy::float_arithmetic, reason = "a benchmark divides")]

mod audit;
mod clients;
mod floor_lite;
mod floor_pg;
mod measure;
mod rows;
mod seed;

use measure::{Line, Taken};
use seed::{Amounts, Seeded};
use std::time::Instant;
use tradepost_testkit::{Kind, TestApp, run_unchecked};

/// How the run is asked for.
#[derive(Clone, Debug)]
struct Asked {
    json: bool,
    rounds: usize,
    quick: bool,
    worker: bool,
    engine: Option<Kind>,
}

impl Asked {
    fn read() -> Result<Self, String> {
        let mut asked = Self { json: false, rounds: 5, quick: false, worker: true, engine: None };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--json" => asked.json = true,
                "--quick" => asked.quick = true,
                "--no-worker" => asked.worker = false,
                "--rounds" => asked.rounds = words.next().and_then(|text| text.parse().ok()).filter(|rounds| *rounds > 0).ok_or("--rounds takes a number")?,
                "--engine" => {
                    asked.engine = Some(match words.next().as_deref() {
                        Some("sqlite") => Kind::Sqlite,
                        Some("postgres") => Kind::Postgres,
                        _ => return Err("--engine takes sqlite or postgres".to_owned()),
                    });
                }
                other => return Err(format!("{other} is not known")),
            }
        }
        Ok(asked)
    }
}

fn main() {
    let asked = match Asked::read() {
        Ok(asked) => asked,
        Err(why) => {
            eprintln!("orders_per_second: {why}");
            std::process::exit(2);
        }
    };
    for kind in [Kind::Sqlite, Kind::Postgres] {
        if asked.engine.is_none_or(|only| only == kind) {
            let asked = asked.clone();
            run_unchecked(kind, "orders_per_second", move |app| engine(app, asked));
        }
    }
}

/// One engine: seed, floor and server in turn, audit, table.
async fn engine(app: TestApp, asked: Asked) {
    let amounts = if asked.quick { Amounts { one: 20, eight: 40, many: 64, drafted: 16 } } else { Amounts { one: 150, eight: 300, many: 600, drafted: 100 } };
    let begun = Instant::now();
    let mut seeded = seed::seed(&app, &amounts, asked.rounds).await;
    eprintln!("{:?}: seeded {} drafts and {} keys in {:.1} s", app.kind, seeded.drafts.len(), seeded.keys, begun.elapsed().as_secs_f64());
    app.house.close().await;
    let copy = rows::copy(&app).await;
    let server = clients::Server::open(&app, asked.worker).await;
    // The first order of each partnership makes it active: not what is measured.
    clients::confirm(&server, &seeded.take(seed::PARTNERSHIPS + 1), 8).await;
    let sample = rows::Sample::read(&server.house, &seeded).await;
    let mut lines = match app.kind {
        Kind::Sqlite => sqlite(&app, &asked, &amounts, &mut seeded, &server, &copy, &sample).await,
        Kind::Postgres => postgres(&app, &asked, &amounts, &mut seeded, &server, &copy, &sample).await,
    };
    lines.iter_mut().for_each(Line::finish);
    measure::print(&lines, app.kind, seeded.keys, asked.json);
    eprintln!("{:?}: writer {:?}", app.kind, server.house.engine.store.stats());
    audit::check(&server, seeded.taken(), asked.json).await;
    server.close().await;
    rows::drop_copy(&app, &copy).await;
}

async fn sqlite(
    app: &TestApp,
    asked: &Asked,
    amounts: &Amounts,
    seeded: &mut Seeded,
    server: &clients::Server,
    copy: &str,
    sample: &rows::Sample,
) -> Vec<Line> {
    let mut floor = floor_lite::Floor::open(copy, seeded, sample);
    let mut lines = vec![
        Line::floor("1 per commit"),
        Line::floor("8 per commit"),
        Line::floor("64 per commit"),
        Line::server("confirm", 1, 0),
        Line::server("confirm", 8, 1),
        Line::server("confirm", 64, 2),
        Line::server("draft + confirm", 8, 1),
    ];
    for _ in 0..asked.rounds {
        for (line, group, count) in [(0, 1, amounts.one), (1, 8, amounts.eight), (2, 64, amounts.many)] {
            let mut taken = Taken::begin(app.folder());
            floor.place(group, count);
            taken.end(count);
            lines[line].rounds.push(taken);
        }
        serve(app, amounts, seeded, server, &mut lines[3..]).await;
    }
    lines
}

async fn postgres(
    app: &TestApp,
    asked: &Asked,
    amounts: &Amounts,
    seeded: &mut Seeded,
    server: &clients::Server,
    copy: &str,
    sample: &rows::Sample,
) -> Vec<Line> {
    let floor = floor_pg::Floor::open(copy, seeded, sample).await;
    let mut lines = vec![
        Line::floor("an order per commit, 1 connection"),
        Line::floor("an order per commit, 8 connections"),
        Line::floor("sets of 32, 2 connections"),
        Line::server("confirm", 1, 0),
        Line::server("confirm", 8, 1),
        Line::server("confirm", 64, 2),
        Line::server("draft + confirm", 8, 1),
    ];
    for _ in 0..asked.rounds {
        for (line, connections, set, count) in [(0, 1, 1, amounts.one), (1, 8, 1, amounts.eight), (2, 2, 32, amounts.many)] {
            let mut taken = Taken::begin(app.folder());
            floor.place(connections, set, count).await;
            taken.end(count);
            lines[line].rounds.push(taken);
        }
        serve(app, amounts, seeded, server, &mut lines[3..]).await;
    }
    lines
}

/// One round of the server: 1, 8 and 64 clients, then drafts and confirms.
async fn serve(app: &TestApp, amounts: &Amounts, seeded: &mut Seeded, server: &clients::Server, lines: &mut [Line]) {
    for (line, clients, count) in [(0, 1, amounts.one), (1, 8, amounts.eight), (2, 64, amounts.many)] {
        let drafts = seeded.take(count);
        let mut taken = Taken::begin(app.folder());
        let took = clients::confirm(server, &drafts, clients).await;
        taken.end(count);
        lines[line].rounds.push(taken);
        lines[line].took.extend(took);
    }
    let wanted = seeded.wanted(amounts.drafted);
    let mut taken = Taken::begin(app.folder());
    let took = clients::draft_and_confirm(server, &wanted, 8).await;
    taken.end(amounts.drafted);
    lines[3].rounds.push(taken);
    lines[3].took.extend(took);
}
