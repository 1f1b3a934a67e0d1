//! Sweeps: all scans of one table walk over it together, page by page, and a few sweeps side by side.
//!
//! A page is judged by every scan over one snapshot while its rows are in memory. Nothing is held between two pages,
//! so that a working server can always truncate its log; the reads of verify never wait for a writer or stop one.

use super::report::CheckReport;
use super::scan::{Bounds, Finding, Found, Joins, Keys, Look, Scan, Start, Together, Whole, Wrong};
use super::{Check, How, PAGE};
use crate::command::Engine;
use std::collections::HashSet;
use std::future::poll_fn;
use std::task::Poll;
use tradepost_store::{BoxFuture, Engine as Database, Fault, Reader, Sql, Value, params};

/// How many sweeps run side by side: the server keeps its other readers. On PostgreSQL each waits for its answers part of the time.
const fn side_by_side_on(database: Database) -> usize {
    match database {
        Database::Sqlite => 2,
        Database::Postgres => 3,
    }
}

/// Where in the report something belongs: check, and part of it.
type Place = (usize, usize);

/// A piece of work that reads on its own.
enum Part {
    /// All scans over one table in one order.
    Sweep(Vec<(Place, &'static Scan)>),
    /// A check of its own making.
    Whole(Place, Whole),
}

/// Runs `checks`, and says after each part how many of how many are done.
pub(super) async fn run(engine: &Engine, checks: &[&'static Check], full: bool, mut progress: impl FnMut(u64, u64) + Send) -> Result<Vec<CheckReport>, Fault> {
    let parts = parts(checks);
    let total = parts.len() as u64;
    let mut done = 0;
    let mut found: Vec<(Place, Found)> = Vec::new();
    let waiting = parts.into_iter().map(|part| part.run(engine.clone(), full));
    side_by_side(side_by_side_on(engine.store.engine()), waiting, |answer| {
        found.extend(answer);
        done += 1;
        progress(done, total);
    })
    .await?;
    found.sort_by_key(|(place, _)| *place);
    let mut reports: Vec<Found> = checks.iter().map(|_| Found::default()).collect();
    for ((check, _), part) in found {
        reports[check].add_all(part);
    }
    Ok(reports.into_iter().zip(checks).map(|(found, check)| found.report(check.name)).collect())
}

/// The work that `checks` are, those over the same rows together. Rows that stand for many others come first, then what most is asked of, so
/// that nothing long is left over at the end, alone.
fn parts(checks: &[&'static Check]) -> Vec<Part> {
    let none: &'static [Scan] = &[];
    let mut parts: Vec<Part> = Vec::new();
    for (nth, check) in checks.iter().enumerate() {
        let (whole, scans) = match check.how {
            How::Scans(scans) => (None, scans),
            How::Whole(whole) => (Some(whole), none),
            How::Both(whole, scans) => (Some(whole), scans),
        };
        parts.extend(whole.map(|whole| Part::Whole((nth, 0), whole)));
        for (scan, of) in scans.iter().zip(1..) {
            let place = (nth, of);
            let same = parts.iter_mut().find_map(|part| match part {
                Part::Sweep(scans) if scans[0].1.keys.edge.pg == scan.keys.edge.pg => Some(scans),
                _ => None,
            });
            match same {
                Some(scans) => scans.push((place, scan)),
                None => parts.push(Part::Sweep(vec![(place, scan)])),
            }
        }
    }
    parts.sort_by_key(|part| std::cmp::Reverse((part.stands_for_many(), part.questions())));
    parts
}

impl Part {
    fn stands_for_many(&self) -> bool {
        match self {
            Self::Sweep(scans) => scans.iter().any(|(_, scan)| scan.rows < PAGE),
            Self::Whole(..) => true,
        }
    }

    fn questions(&self) -> usize {
        match self {
            Self::Sweep(scans) => scans.len(),
            Self::Whole(..) => 1,
        }
    }

    fn run(self, engine: Engine, full: bool) -> BoxFuture<'static, Result<Vec<(Place, Found)>, Fault>> {
        Box::pin(async move {
            match self {
                Self::Sweep(scans) => sweep(&engine, scans).await,
                Self::Whole(place, whole) => {
                    let mut found = Found::default();
                    whole(engine, full, &mut found).await?;
                    Ok(vec![(place, found)])
                }
            }
        })
    }
}

/// A page: which rows, how many keys, where it ends, and what is wrong with it, scan by scan.
struct Page {
    bounds: Bounds,
    rows: i64,
    end: (i64, Value),
    findings: Vec<Vec<Finding>>,
}

async fn sweep(engine: &Engine, scans: Vec<(Place, &'static Scan)>) -> Result<Vec<(Place, Found)>, Fault> {
    let first = scans[0].1;
    let rows = scans.iter().map(|(_, scan)| scan.rows).min().unwrap_or(first.rows);
    let mut found: Vec<Found> = scans.iter().map(|_| Found::default()).collect();
    let mut from = Some((i64::MIN, first.start.before_all()));
    while let Some(after) = from {
        let (keys, start) = (first.keys, first.start);
        let looks: Vec<(Look, Joins)> = scans.iter().map(|(_, scan)| (scan.look, scan.joins)).collect();
        let page = engine.store.read(move |reader| Box::pin(async move { read(reader, keys, start, rows, after, looks).await })).await?;
        let Some(page) = page else { break };
        for ((found, (_, scan)), findings) in found.iter_mut().zip(&scans).zip(page.findings) {
            found.checked += page.rows;
            if !findings.is_empty() {
                found.add_findings(scan.subject, still(engine, (scan.look, scan.joins), &page.bounds, findings).await?);
            }
        }
        from = Some(page.end);
    }
    Ok(scans.into_iter().map(|(place, _)| place).zip(found).collect())
}

/// On PostgreSQL: joins in the order written, by index, whatever the planner thinks they cost; it plans each page anew, so that
/// it sees how few rows that is. Without sorting, a page is read in the order of its key, by the index that has this order; any
/// other index would be walked whole. Without materializing, what belongs to a row is looked up by its index instead of read once
/// whole and gone through for each row. Without other processes, since a check is to leave the server its processors.
const PINNED: Sql = Sql {
    pg: "SELECT set_config('join_collapse_limit', '1', true) || set_config('from_collapse_limit', '1', true) || set_config('enable_hashjoin', 'off', true)
         || set_config('enable_mergejoin', 'off', true) || set_config('enable_seqscan', 'off', true) || set_config('enable_sort', 'off', true)
         || set_config('enable_incremental_sort', 'off', true) || set_config('enable_material', 'off', true) || set_config('jit', 'off', true)
         || set_config('max_parallel_workers_per_gather', '0', true) || set_config('plan_cache_mode', 'force_custom_plan', true)",
    lite: "SELECT ''",
};

/// What [`Joins::ByRanges`] may do beyond that. It still walks through no table, and what it sorts is a page.
const RANGES: Sql = Sql { pg: "SELECT set_config('enable_hashjoin', 'on', true) || set_config('enable_sort', 'on', true)", lite: "SELECT ''" };

/// Has the statements that follow in this snapshot go by indexes, or by ranges of them.
async fn pin(reader: &mut Reader<'_>, joins: Joins) -> Result<(), Fault> {
    let settings = if joins == Joins::ByIndex { PINNED } else { RANGES };
    let _settings: Option<String> = reader.query_opt(settings, &[]).await?;
    Ok(())
}

/// The next page of at most `rows` keys of one merchant: the rest of this one's, else the first of the next that has any.
async fn read(reader: &mut Reader<'_>, keys: Keys, start: Start, rows: i64, after: (i64, Value), looks: Vec<(Look, Joins)>) -> Result<Option<Page>, Fault> {
    pin(reader, Joins::ByIndex).await?;
    let (mut merchant, mut key) = after;
    let (until, count) = loop {
        let full: Option<(Value,)> = reader.query_opt(keys.edge, params![merchant, key.clone(), rows - 1]).await?;
        if let Some((until,)) = full {
            break (until, rows);
        }
        let mut rest: Vec<(Value,)> = reader.query(keys.rest, params![merchant, key.clone(), rows]).await?;
        let count = i64::try_from(rest.len()).unwrap_or(i64::MAX);
        if let Some((until,)) = rest.pop() {
            break (until, count);
        }
        let next: Option<(i64,)> = reader.query_opt(keys.next, params![merchant]).await?;
        let Some((next,)) = next else { return Ok(None) };
        (merchant, key) = (next, start.before_all());
    };
    let bounds = Bounds([Value::Int(merchant), key, until.clone()]);
    let findings = judge(reader, &bounds, &looks).await?;
    Ok(Some(Page { bounds, rows: count, end: (merchant, until), findings }))
}

/// What each look finds wrong on a page; those that share a statement share its answer. Those that join by index come first.
async fn judge(reader: &mut Reader<'_>, bounds: &Bounds, looks: &[(Look, Joins)]) -> Result<Vec<Vec<Finding>>, Fault> {
    let mut findings: Vec<Vec<Finding>> = looks.iter().map(|_| Vec::new()).collect();
    let mut answers: Vec<(&'static Together, Vec<Wrong>)> = Vec::new();
    let mut order: Vec<usize> = (0..looks.len()).collect();
    order.sort_by_key(|&at| looks[at].1);
    let mut pinned = Joins::ByIndex;
    for at in order {
        let (look, joins) = looks[at];
        if joins != pinned {
            pin(reader, joins).await?;
            pinned = joins;
        }
        let Look::Part(together, question) = look else {
            findings[at] = look.judge(reader, bounds).await?;
            continue;
        };
        if !answers.iter().any(|(asked, _)| std::ptr::eq(*asked, together)) {
            answers.push((together, together.judge(reader, bounds).await?));
        }
        let answer = answers.iter().find(|(asked, _)| std::ptr::eq(*asked, together));
        findings[at] = answer.map(|(_, rows)| Wrong::of(rows, question)).unwrap_or_default();
    }
    Ok(findings)
}

/// Those of `findings` that a fresh snapshot has too: what was only on its way is no violation.
async fn still(engine: &Engine, (look, joins): (Look, Joins), bounds: &Bounds, findings: Vec<Finding>) -> Result<Vec<Finding>, Fault> {
    let before: HashSet<(i64, Vec<u8>)> = findings.iter().map(Finding::identity).collect();
    let bounds = bounds.clone();
    let again = engine
        .store
        .read(move |reader| {
            Box::pin(async move {
                pin(reader, Joins::ByIndex).await?;
                if joins == Joins::ByRanges {
                    pin(reader, joins).await?;
                }
                look.judge(reader, &bounds).await
            })
        })
        .await?;
    Ok(again.into_iter().filter(|finding| before.contains(&finding.identity())).collect())
}

/// Runs a few at a time, the next as soon as one is done.
async fn side_by_side<'a, T>(at_once: usize, mut waiting: impl Iterator<Item = BoxFuture<'a, Result<T, Fault>>>, mut done: impl FnMut(T)) -> Result<(), Fault> {
    let mut running: Vec<_> = waiting.by_ref().take(at_once).collect();
    poll_fn(|context| {
        let mut at = 0;
        while at < running.len() {
            match running[at].as_mut().poll(context) {
                Poll::Pending => at += 1,
                Poll::Ready(Err(fault)) => return Poll::Ready(Err(fault)),
                Poll::Ready(Ok(answer)) => {
                    done(answer);
                    match waiting.next() {
                        Some(next) => running[at] = next,
                        None => drop(running.swap_remove(at)),
                    }
                }
            }
        }
        if running.is_empty() { Poll::Ready(Ok(())) } else { Poll::Pending }
    })
    .await
}
