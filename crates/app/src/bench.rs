//! `tradepost bench`: what this program does per second, beside its floor in the same run, on databases of its own.
//!
//! Absolute figures swing with the machine; ratios that were taken in one run hold. So floor and server are measured in
//! turn, in several rounds, and each row says what the disk and the neighbors did meanwhile. The server is this very
//! binary in a process of its own, killed at the end; then an audit counts that everything it acknowledged is there,
//! exactly once. A run that is not exact has no figures.
//!
//! Rooms: one per benchmark; `place` (databases), `seed` (what is in them), `child` (the server), `line` (a client),
//! `load` (many of them), `inside` and `minimal` (the floors), `measure`, `table`, `audit`.
#![allow(clippy::float_arithmetic, reason = "a benchmark divides")]

mod audit;
mod bare_keys;
mod child;
mod export;
mod fulfill;
mod import;
mod inside;
mod line;
mod load;
mod measure;
mod minimal;
mod order;
mod pages;
mod place;
mod read;
mod seed;
mod servers;
mod start;
mod table;

use crate::house::Trouble;
use crate::serve::Signals;
use inside::Group;
use load::Limit;
use place::Place;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What to measure, and how long.
#[derive(Clone, Debug, clap::Args)]
pub struct Asked {
    /// What is measured
    what: What,
    /// License keys in stock at the beginning
    #[arg(long, default_value_t = 1_000_000)]
    keys: usize,
    /// Measure over a copy of this data folder instead of a new database; on PostgreSQL --database names its database
    #[arg(long, value_name = "DIR", conflicts_with = "keys")]
    from: Option<PathBuf>,
    /// Clients at once, separated by commas; each benchmark has its own default
    #[arg(long, value_delimiter = ',')]
    clients: Vec<usize>,
    /// Seconds that each row is measured, over all rounds
    #[arg(long, default_value_t = 20.0)]
    seconds: f64,
    /// Rounds in which floor and server take turns
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=100))]
    rounds: u64,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Keys sold to external shops from a prepaid balance
    Fulfill,
    /// Orders of 3 items × 25 licenses on credit
    Order,
    /// Keys imported over HTTP
    Import,
    /// Codes downloaded as CSV
    Export,
    /// Pages of lists, with and without writers beside
    Read,
    /// Every page of both workspaces: how long it takes and what it weighs
    Pages,
    /// Two servers on one PostgreSQL, beside one
    Servers,
    /// Time to the first answer, and memory
    Start,
}

impl Asked {
    fn clients_or(&self, usual: &[usize]) -> Vec<usize> {
        let asked = if self.clients.is_empty() { usual } else { &self.clients };
        asked.iter().map(|clients| (*clients).max(1)).collect()
    }

    /// The floors that rows of so many clients are compared with.
    fn groups(&self, clients: &[usize]) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for group in clients.iter().map(|clients| Group::of_clients(*clients)) {
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        groups
    }

    fn rounds(&self) -> usize {
        usize::try_from(self.rounds).unwrap_or(1)
    }

    /// The time of one round, and so much at most.
    fn limit(&self, count: usize) -> Limit {
        // A time that is none ends every row at once.
        let time = Duration::try_from_secs_f64(self.seconds).unwrap_or_default();
        Limit { time: time / u32::try_from(self.rounds).unwrap_or(1), count: count.max(1) }
    }
}

/// Measures, and says what came of it. `data` and `database` say where databases may be made.
///
/// # Errors
/// [`Trouble`]: something could not be done, the server answered otherwise than it must, or the audit found something.
pub async fn run(asked: &Asked, data: Option<&Path>, database: Option<&str>) -> Result<String, Trouble> {
    let (place, signals) = (Place::make(data, database)?, Signals::new()?);
    let done = tokio::select! {
        done = measured(asked, &place) => done,
        () = signals.told_to_stop() => Err(Trouble("told to stop".into())),
    };
    place.clear().await;
    let table = done?;
    if asked.json { Ok(table.json().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")) } else { Ok(table.in_words().trim_end().to_owned()) }
}

async fn measured(asked: &Asked, place: &Place) -> Result<table::Table, Trouble> {
    match asked.what {
        What::Fulfill => fulfill::run(asked, place).await,
        What::Order => order::run(asked, place).await,
        What::Import => import::run(asked, place).await,
        What::Export => export::run(asked, place).await,
        What::Read => read::run(asked, place).await,
        What::Pages => pages::run(asked, place).await,
        What::Servers => servers::run(asked, place).await,
        What::Start => start::run(asked, place).await,
    }
}

/// Does `count` things, so many at once, and gives back what came of each, in order.
async fn keep_busy<T: Send + 'static, D>(at_once: usize, count: usize, what: impl Fn(usize) -> D) -> Result<Vec<T>, Trouble>
where
    D: Future<Output = Result<T, Trouble>> + Send + 'static,
{
    let mut all = Vec::with_capacity(count);
    for from in (0..count).step_by(at_once) {
        let tasks: Vec<_> = (from..count.min(from + at_once)).map(|nth| tokio::spawn(what(nth))).collect();
        for task in tasks {
            all.push(task.await.map_err(|error| Trouble(error.to_string()))??);
        }
    }
    Ok(all)
}
