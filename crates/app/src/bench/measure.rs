//! Clocks and probes: how long, how much CPU, what the disk and the neighbors did meanwhile.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Whose CPU time is counted: a process by its number, or this one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whose {
    /// This process.
    Own,
    /// The server's.
    Process(u32),
}

/// One round of one row.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    /// Operations per second.
    pub(super) per_second: f64,
    /// CPU time per operation, in microseconds, in steps of 10 ms over the round.
    pub(super) cpu_us: f64,
    /// Median of an fdatasync of 48 KiB just before, in microseconds.
    pub(super) sync_us: f64,
    /// Load average over one minute just before.
    pub(super) load: f64,
    /// How long each took, in microseconds.
    pub(super) took: Vec<u32>,
}

/// A clock that runs.
#[derive(Debug)]
pub(super) struct Running {
    whose: Whose,
    sync_us: f64,
    load: f64,
    cpu: Duration,
    begun: Instant,
}

impl Running {
    /// Probes the disk of `folder`, then starts the clock.
    pub(super) fn begin(folder: &Path, whose: Whose) -> std::io::Result<Self> {
        let sync_us = sync_us(folder)?;
        let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = text.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0.0);
        Ok(Self { whose, sync_us, load, cpu: cpu(whose), begun: Instant::now() })
    }

    /// Stops it after `count` operations.
    pub(super) fn end(self, count: usize, took: Vec<u32>) -> Taken {
        let per = (count as f64).max(1.0);
        let per_second = count as f64 / self.begun.elapsed().as_secs_f64();
        let cpu_us = cpu(self.whose).saturating_sub(self.cpu).as_secs_f64() * 1e6 / per;
        Taken { per_second, cpu_us, sync_us: self.sync_us, load: self.load, took }
    }
}

/// User and system time of a process, in steps of 10 ms.
pub(super) fn cpu(whose: Whose) -> Duration {
    let path = match whose {
        Whose::Own => "/proc/self/stat".to_owned(),
        Whose::Process(id) => format!("/proc/{id}/stat"),
    };
    let stat = std::fs::read_to_string(path).unwrap_or_default();
    // The name of the program may hold spaces; after its parenthesis they only separate.
    let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = after.split_whitespace().skip(11).take(2).filter_map(|text| text.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// A line of `/proc/ID/status` in KiB: `VmRSS` now, `VmHWM` at most.
pub(super) fn memory_kib(process: u32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

/// How long an fdatasync of 48 KiB takes on this disk: the median of 21.
fn sync_us(folder: &Path) -> std::io::Result<f64> {
    let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join("probe"))?;
    let block = vec![7_u8; 48 << 10];
    let mut took = Vec::with_capacity(21);
    for _ in 0..21 {
        let begun = Instant::now();
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&block)?;
        file.sync_data()?;
        took.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    Ok(middle(&mut took))
}

/// The median; 0 of nothing.
pub(super) fn middle(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
