//! What is measured, and how it is printed.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};
use tradepost_testkit::Kind;

/// One round of one line.
pub struct Taken {
    begun: Instant,
    cpu_begun: Duration,
    /// Orders per second.
    pub per_second: f64,
    /// CPU time of this process per order, in microseconds (the clients' included).
    pub cpu_us: f64,
    /// Median of an fdatasync of 48 KiB just before, in microseconds.
    pub sync_us: f64,
    /// Load average over one minute just before.
    pub load: f64,
}

impl Taken {
    /// Probes the disk, then starts the clock.
    pub fn begin(folder: &Path) -> Self {
        let sync_us = probe(folder);
        let load = std::fs::read_to_string("/proc/loadavg").ok().and_then(|text| text.split(' ').next()?.parse().ok()).unwrap_or(0.0);
        Self { begun: Instant::now(), cpu_begun: cpu(), per_second: 0.0, cpu_us: 0.0, sync_us, load }
    }

    /// Stops it.
    pub fn end(&mut self, orders: usize) {
        self.per_second = orders as f64 / self.begun.elapsed().as_secs_f64();
        self.cpu_us = (cpu() - self.cpu_begun).as_secs_f64() * 1e6 / orders as f64;
    }
}

/// User and system time of this process, in steps of 10 ms.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program may hold spaces; after its parenthesis they only separate.
    let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = after.split_whitespace().skip(11).take(2).filter_map(|text| text.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

fn probe(folder: &Path) -> f64 {
    let path = folder.join("probe");
    let mut file: File = OpenOptions::new().create(true).truncate(false).write(true).open(&path).expect("a file to probe with");
    let block = vec![7_u8; 48 << 10];
    let mut took: Vec<f64> = (0..21)
        .map(|_| {
            let begun = Instant::now();
            file.seek(SeekFrom::Start(0)).expect("a seek");
            file.write_all(&block).expect("a write");
            file.sync_data().expect("a sync");
            begun.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    middle(&mut took)
}

/// A row of the table.
pub struct Line {
    what: String,
    /// 0: the floor.
    clients: usize,
    /// The line that it is compared with.
    floor: Option<usize>,
    /// Its rounds.
    pub rounds: Vec<Taken>,
    /// How long each answer took.
    pub took: Vec<Duration>,
}

impl Line {
    /// Of the floor.
    pub fn floor(what: &str) -> Self {
        Self { what: format!("floor, {what}"), clients: 0, floor: None, rounds: Vec::new(), took: Vec::new() }
    }

    /// Of the server, compared with the line at `floor`.
    pub fn server(what: &str, clients: usize, floor: usize) -> Self {
        Self {
            what: format!("HTTP {what}, {clients} client{}", if clients == 1 { "" } else { "s" }),
            clients,
            floor: Some(floor),
            rounds: Vec::new(),
            took: Vec::new(),
        }
    }

    /// Once all rounds are in.
    pub fn finish(&mut self) {
        self.took.sort_unstable();
    }

    fn at(&self, per_mille: usize) -> Option<f64> {
        let last = self.took.len().checked_sub(1)?;
        Some(self.took[last * per_mille / 1000].as_secs_f64() * 1e3)
    }

    fn median(&self, of: impl Fn(&Taken) -> f64) -> f64 {
        middle(&mut self.rounds.iter().map(of).collect::<Vec<_>>())
    }

    fn between(&self) -> (f64, f64) {
        let all = self.rounds.iter().map(|round| round.per_second);
        (all.clone().fold(f64::INFINITY, f64::min), all.fold(0.0, f64::max))
    }
}

fn middle(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// The table, or one JSON object per line.
pub fn print(lines: &[Line], kind: Kind, keys: usize, json: bool) {
    if !json {
        println!("\n{kind:?}: orders of 3 items x 25 licenses, {keys} keys, 100 partnerships, {} rounds", lines[0].rounds.len());
        println!(
            "{:<46} {:>9} {:>15} {:>6} {:>8} {:>8} {:>9} {:>9} {:>6}",
            "", "orders/s", "min-max", "ratio", "p50 ms", "p99 ms", "CPU us", "sync us", "load"
        );
    }
    for line in lines {
        let (least, most) = line.between();
        let per_second = line.median(|round| round.per_second);
        let floor = line.floor.map(|at| lines[at].median(|round| round.per_second));
        let ratio = floor.map(|floor| per_second / floor);
        let (cpu, sync, load) = (line.median(|round| round.cpu_us), line.median(|round| round.sync_us), line.median(|round| round.load));
        if json {
            let object = serde_json::json!({
                "bench": "order", "what": line.what, "engine": format!("{kind:?}").to_lowercase(), "clients": line.clients, "keys": keys,
                "floor_per_s": floor, "server_per_s": per_second, "min_per_s": least, "max_per_s": most, "ratio": ratio,
                "p50_ms": line.at(500), "p99_ms": line.at(990), "max_ms": line.at(1000), "cpu_us_per_op": cpu, "fdatasync_us": sync, "load": load,
            });
            println!("{object}");
        } else {
            let shown = |value: Option<f64>, digits: usize| value.map_or(String::new(), |value| format!("{value:.digits$}"));
            println!(
                "{:<46} {per_second:>9.0} {:>15} {:>6} {:>8} {:>8} {cpu:>9.0} {sync:>9.0} {load:>6.1}",
                line.what,
                format!("{least:.0}-{most:.0}"),
                shown(ratio, 2),
                shown(line.at(500), 1),
                shown(line.at(990), 1),
            );
        }
    }
}
