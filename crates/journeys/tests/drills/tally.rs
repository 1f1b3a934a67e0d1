//! What a drill counts, and the line that it prints for the table of `make drill`.

use std::io::Write;
use std::time::{Duration, Instant};
use tradepost_testkit::Kind;

/// Rounds of a drill: what `make drill` asks for, else what fits into `make test`.
pub fn rounds(usual: usize) -> usize {
    std::env::var("TRADEPOST_DRILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Whether the long drills run, on a machine that does nothing else: only then are times held to the goal itself.
pub fn is_long() -> bool {
    std::env::var_os("TRADEPOST_DRILL_ROUNDS").is_some()
}

/// The goal, or on a machine that is busy with other tests a multiple of it.
pub fn allowed(goal: Duration) -> Duration {
    if is_long() { goal } else { goal * 6 }
}

/// One line of the table, on the test's output and in the file that `make drill` shows at the end.
fn line(text: &str) {
    println!("{text}");
    let Some(path) = std::env::var_os("TRADEPOST_DRILL_TABLE") else { return };
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| writeln!(file, "{text}")).expect("the table is written");
}

/// Says why a drill was not held here.
pub fn skipped(drill: &str, why: &str) {
    line(&format!("SKIPPED\t{drill}\t{why}"));
}

/// The counts of one drill on one database.
pub struct Tally {
    drill: &'static str,
    /// The bug that is in.
    bug: Option<&'static str>,
    database: &'static str,
    /// Rounds that were gone through.
    pub rounds: usize,
    /// Writes that were acknowledged.
    pub done: usize,
    /// Acknowledged and not there.
    pub lost: Vec<String>,
    /// There more than once.
    pub double: Vec<String>,
    /// The longest that anybody waited for what the drill promises.
    pub worst: Duration,
    /// What else is worth a word.
    pub note: String,
    begun: Instant,
}

impl Tally {
    /// Nothing yet.
    pub fn of(drill: &'static str, kind: Kind, bug: Option<&'static str>) -> Self {
        let database = if kind == Kind::Sqlite { "sqlite" } else { "postgres" };
        Self {
            drill,
            bug,
            database,
            rounds: 0,
            done: 0,
            lost: Vec::new(),
            double: Vec::new(),
            worst: Duration::ZERO,
            note: String::new(),
            begun: Instant::now(),
        }
    }

    /// Somebody waited this long.
    pub fn waited(&mut self, took: Duration) {
        self.worst = self.worst.max(took);
    }

    /// Whether something was lost or done twice so far: a twin need not go on.
    pub const fn found_any(&self) -> bool {
        !self.lost.is_empty() || !self.double.is_empty()
    }

    /// Prints the counts, and fails where anything was lost or done twice.
    pub fn finish(self) {
        let Self { drill, bug, database, rounds, done, lost, double, worst, note, begun } = self;
        let (worst, minutes) = (worst.as_millis(), begun.elapsed().as_secs());
        let what = bug.map_or_else(|| "DRILL".to_owned(), |bug| format!("TWIN {bug}"));
        let (lost_count, double_count) = (lost.len(), double.len());
        let time = format!("{}:{:02}", minutes / 60, minutes % 60);
        line(&format!("{what}\t{drill}\t{database}\t{rounds}\t{done}\t{lost_count}\t{double_count}\t{worst} ms\t{time}\t{note}"));
        assert!(lost.is_empty(), "{drill}: acknowledged and lost: {}", lost.join(", "));
        assert!(double.is_empty(), "{drill}: done twice: {}", double.join(", "));
    }
}

/// Holds the twin of a drill: the bug is in, and the drill must fail by one of the sentences in `because`.
#[cfg(debug_assertions)]
pub fn must_fail(bug: &str, because: &[&str], drill: impl FnOnce()) {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(drill));
    let Err(panic) = outcome else { panic!("the drill did not notice {bug}: it proves nothing") };
    let said = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default();
    assert!(because.iter().any(|sentence| said.contains(sentence)), "it noticed {bug} for another reason: {said}");
}
