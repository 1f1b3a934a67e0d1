//! What was measured, as a table for people or one JSON object per line.

use super::measure::{Taken, middle};
use serde_json::{Map, Value as Json, json};
use std::fmt::Write as _;

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What the machine could do at most.
    Floor,
    /// The server.
    Server,
}

/// What a row is called and compared with.
#[derive(Clone, Debug)]
pub(super) struct Named {
    kind: Kind,
    what: String,
    clients: usize,
    floor: Option<String>,
    minimal: Option<String>,
}

impl Named {
    /// A floor, done by so many callers.
    pub(super) fn floor(what: &str, callers: usize) -> Self {
        Self { kind: Kind::Floor, what: what.to_owned(), clients: callers, floor: None, minimal: None }
    }

    /// The server under so many clients.
    pub(super) fn server(what: &str, clients: usize) -> Self {
        Self { kind: Kind::Server, what: what.to_owned(), clients, floor: None, minimal: None }
    }

    /// Compared with the floor of that name.
    pub(super) fn against(self, floor: &str) -> Self {
        Self { floor: Some(floor.to_owned()), ..self }
    }

    /// Compared with the floor of the minimal schema of that name, too.
    pub(super) fn and_minimal(self, floor: &str) -> Self {
        Self { minimal: Some(floor.to_owned()), ..self }
    }
}

#[derive(Debug)]
struct Row {
    named: Named,
    rounds: Vec<Taken>,
}

/// A figure that is no rate: a time to start, bytes of memory.
#[derive(Debug)]
struct Figure {
    what: String,
    unit: &'static str,
    values: Vec<f64>,
}

/// All rows of one benchmark, in the order in which they first came.
#[derive(Debug)]
pub(super) struct Table {
    bench: &'static str,
    engine: &'static str,
    keys: usize,
    rows: Vec<Row>,
    figures: Vec<Figure>,
}

impl Table {
    /// An empty one.
    pub(super) const fn new(bench: &'static str, engine: &'static str, keys: usize) -> Self {
        Self { bench, engine, keys, rows: Vec::new(), figures: Vec::new() }
    }

    /// Adds a round to a row.
    pub(super) fn add(&mut self, named: &Named, taken: Taken) {
        match self.rows.iter_mut().find(|row| row.named.what == named.what && row.named.clients == named.clients) {
            Some(row) => row.rounds.push(taken),
            None => self.rows.push(Row { named: named.clone(), rounds: vec![taken] }),
        }
    }

    /// Adds a value to a figure.
    pub(super) fn figure(&mut self, what: &str, unit: &'static str, value: f64) {
        match self.figures.iter_mut().find(|figure| figure.what == what) {
            Some(figure) => figure.values.push(value),
            None => self.figures.push(Figure { what: what.to_owned(), unit, values: vec![value] }),
        }
    }

    /// The median rate of a row; 0 where there is none.
    pub(super) fn rate(&self, what: &str) -> f64 {
        self.rows.iter().find(|row| row.named.what == what).map_or(0.0, Row::rate)
    }

    /// The median rate of a row under so many clients; 0 where there is none.
    pub(super) fn rate_of(&self, what: &str, clients: usize) -> f64 {
        self.rows.iter().find(|row| row.named.what == what && row.named.clients == clients).map_or(0.0, Row::rate)
    }

    /// The 99th percentile of all rounds of a row, in milliseconds; 0 where there is none.
    pub(super) fn p99_ms(&self, what: &str) -> f64 {
        self.rows.iter().find(|row| row.named.what == what).and_then(|row| at(&row.took(), 990)).unwrap_or(0.0)
    }

    /// One object per row.
    pub(super) fn json(&self) -> Vec<Json> {
        let rows = self.rows.iter().map(|row| self.row_json(row));
        rows.chain(self.figures.iter().map(|figure| self.figure_json(figure))).collect()
    }

    fn head(&self, what: &str, clients: usize) -> Map<String, Json> {
        let mut object = Map::new();
        object.insert("bench".into(), json!(self.bench));
        object.insert("what".into(), json!(what));
        object.insert("engine".into(), json!(self.engine));
        object.insert("clients".into(), json!(clients));
        object.insert("keys".into(), json!(self.keys));
        object
    }

    fn row_json(&self, row: &Row) -> Json {
        let mut object = self.head(&row.named.what, row.named.clients);
        let mut put = |name: &str, value: Option<f64>| object.insert(name.into(), value.map_or(Json::Null, |value| json!(rounded(value))));
        let (rate, is_floor) = (row.rate(), row.named.kind == Kind::Floor);
        let floor = if is_floor { Some(rate) } else { row.named.floor.as_deref().map(|floor| self.rate(floor)) };
        let minimal = row.named.minimal.as_deref().map(|minimal| self.rate(minimal));
        let took = row.took();
        put("floor_per_s", floor);
        put("server_per_s", (!is_floor).then_some(rate));
        put("ratio", floor.filter(|_| !is_floor).and_then(|floor| ratio(rate, floor)));
        put("minimal_per_s", minimal);
        put("minimal_ratio", minimal.and_then(|minimal| ratio(rate, minimal)));
        let (least, most) = row.range();
        put("min_per_s", Some(least));
        put("max_per_s", Some(most));
        put("p50_ms", at(&took, 500));
        put("p99_ms", at(&took, 990));
        put("max_ms", at(&took, 1000));
        put("cpu_us_per_op", Some(row.middle_of(|round| round.cpu_us)));
        put("fdatasync_us", Some(row.middle_of(|round| round.sync_us)));
        put("load", Some(row.middle_of(|round| round.load)));
        object.insert("floor".into(), json!(row.named.floor));
        object.insert("rounds".into(), json!(row.rounds.len()));
        object.insert("operations".into(), json!(took.len()));
        Json::Object(object)
    }

    fn figure_json(&self, figure: &Figure) -> Json {
        let mut object = self.head(&figure.what, 0);
        for none in ["floor_per_s", "server_per_s", "ratio", "p50_ms", "p99_ms", "cpu_us_per_op"] {
            object.insert(none.into(), Json::Null);
        }
        let (least, most) = range(figure.values.iter().copied());
        object.insert("value".into(), json!(rounded(middle(&mut figure.values.clone()))));
        object.insert("unit".into(), json!(figure.unit));
        object.insert("min".into(), json!(rounded(least)));
        object.insert("max".into(), json!(rounded(most)));
        object.insert("rounds".into(), json!(figure.values.len()));
        Json::Object(object)
    }

    /// For people.
    pub(super) fn in_words(&self) -> String {
        let mut out = format!("{} on {}, {} keys\n", self.bench, self.engine, self.keys);
        let head = ["", "clients", "per s", "min–max", "ratio", "minimal", "p50 ms", "p99 ms", "max ms", "CPU µs", "sync µs", "load"];
        if !self.rows.is_empty() {
            line(&mut out, &head.map(str::to_owned));
        }
        for row in &self.rows {
            let object = self.row_json(row);
            let shown = |name: &str, digits: usize| object[name].as_f64().map_or(String::new(), |value| format!("{value:.digits$}"));
            let rate = if row.named.kind == Kind::Floor { "floor_per_s" } else { "server_per_s" };
            line(
                &mut out,
                &[
                    row.named.what.clone(),
                    row.named.clients.to_string(),
                    shown(rate, 0),
                    format!("{}–{}", shown("min_per_s", 0), shown("max_per_s", 0)),
                    shown("ratio", 2),
                    shown("minimal_ratio", 2),
                    shown("p50_ms", 2),
                    shown("p99_ms", 2),
                    shown("max_ms", 1),
                    shown("cpu_us_per_op", 0),
                    shown("fdatasync_us", 0),
                    shown("load", 1),
                ],
            );
        }
        for figure in &self.figures {
            let (least, most) = range(figure.values.iter().copied());
            let value = middle(&mut figure.values.clone());
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{:<44} {value:.1} {} ({least:.1}–{most:.1})", figure.what, figure.unit);
        }
        out
    }
}

fn line(out: &mut String, cells: &[String; 12]) {
    let [what, clients, rate, range, ratio, minimal, p50, p99, most, cpu, sync, load] = cells;
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{what:<44} {clients:>7} {rate:>8} {range:>15} {ratio:>6} {minimal:>7} {p50:>8} {p99:>8} {most:>8} {cpu:>7} {sync:>8} {load:>5}");
}

impl Row {
    fn middle_of(&self, of: impl Fn(&Taken) -> f64) -> f64 {
        middle(&mut self.rounds.iter().map(of).collect::<Vec<_>>())
    }

    fn rate(&self) -> f64 {
        self.middle_of(|round| round.per_second)
    }

    fn range(&self) -> (f64, f64) {
        range(self.rounds.iter().map(|round| round.per_second))
    }

    /// Of all rounds, sorted.
    fn took(&self) -> Vec<u32> {
        let mut all: Vec<u32> = self.rounds.iter().flat_map(|round| &round.took).copied().collect();
        all.sort_unstable();
        all
    }
}

fn range(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max))
}

fn ratio(rate: f64, floor: f64) -> Option<f64> {
    (floor > 0.0).then(|| rate / floor)
}

/// In milliseconds, of sorted microseconds.
fn at(took: &[u32], per_mille: usize) -> Option<f64> {
    let last = took.len().checked_sub(1)?;
    Some(f64::from(took[last * per_mille / 1000]) / 1e3)
}

/// Four digits behind the point are enough for everything here.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(per_second: f64, took: &[u32]) -> Taken {
        Taken { per_second, cpu_us: 2.0, sync_us: 100.0, load: 0.5, took: took.to_vec() }
    }

    #[test]
    fn a_row_is_compared_with_the_median_of_its_floor() {
        let mut table = Table::new("order", "sqlite", 10);
        for rate in [100.0, 400.0, 200.0] {
            table.add(&Named::floor("floor, 32 per commit", 32), taken(rate, &[1_000]));
            table.add(&Named::server("confirm", 64).against("floor, 32 per commit"), taken(rate / 2.0, &[1_000, 2_000, 5_000]));
        }
        table.figure("first answer", "ms", 3.0);
        let rows = table.json();
        let [floor, server, figure] = &rows[..] else { panic!("three objects") };
        assert_eq!((floor["floor_per_s"].as_f64(), floor["server_per_s"].as_f64(), floor["ratio"].as_f64()), (Some(200.0), None, None));
        assert_eq!((server["server_per_s"].as_f64(), server["ratio"].as_f64(), server["min_per_s"].as_f64()), (Some(100.0), Some(0.5), Some(50.0)));
        assert_eq!((server["p50_ms"].as_f64(), server["max_ms"].as_f64(), server["rounds"].as_u64()), (Some(2.0), Some(5.0), Some(3)));
        assert_eq!((figure["value"].as_f64(), figure["unit"].as_str()), (Some(3.0), Some("ms")));
        assert!(table.in_words().contains("confirm"), "{}", table.in_words());
    }
}
