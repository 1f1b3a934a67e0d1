//! What a check looks at, page by page, and how what is wrong is said.

use super::report::{CheckReport, Violation};
use super::{PAGE, SHOWN};
use crate::command::Engine;
use tradepost_kernel::Id;
use tradepost_store::{BoxFuture, Fault, FromRow, Reader, Row, Sql, Value};

/// Rows of one table, page by page in the order of (merchant, key).
#[derive(Debug)]
pub(super) struct Scan {
    /// Where its pages end.
    pub keys: Keys,
    /// What comes before the first key.
    pub start: Start,
    /// Rows of one page: [`PAGE`], fewer where each stands for many others.
    pub rows: i64,
    /// What the subject of a violation is, in front of its id: `ord`, `product number`.
    pub subject: &'static str,
    /// What is wrong with a page.
    pub look: Look,
    /// How the rows of a page are brought together with what belongs to them.
    pub joins: Joins,
}

/// How PostgreSQL is to join, in the order in which looks are made. SQLite always goes from row to row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Joins {
    /// In the order written, what belongs to each row by its index, whatever the planner thinks.
    ByIndex,
    /// As the planner likes, by hash too: most that belongs to the page is a range of its own index, as long as the page, and the statement
    /// says so ([`also!`]). That reads both ranges once, which takes less than half of a look-up for each row. What is no range is still
    /// looked up row by row, unless its table is small.
    ByRanges,
}

/// The order of a merchant's rows of a table. A key need not be unique: a page has all rows of its last key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys {
    /// The last key of a full page: `… WHERE merchant = $1 AND key > $2 ORDER BY key LIMIT 1 OFFSET $3`.
    pub edge: Sql,
    /// All keys of one that is not full: `… LIMIT $3`.
    pub rest: Sql,
    /// The next merchant after `$1` that has rows.
    pub next: Sql,
}

/// The type of a scan's key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Start {
    /// Ids.
    Id,
    /// Numbers.
    Int,
    /// Names.
    Text,
}

/// Reads what it needs of a page and says what is wrong.
pub(super) type LookCode = for<'a, 'b> fn(&'a mut Reader<'b>, Bounds) -> BoxFuture<'a, Result<Vec<Finding>, Fault>>;

/// How a page is judged. A statement begins with the table of the page; where others are the many, it says CROSS JOIN,
/// so that SQLite keeps that order and never walks through a whole table for each page.
#[derive(Clone, Copy)]
pub(super) enum Look {
    /// By a statement that gives merchant, subject and detail of everything of merchant $1 that is wrong after $2, up to $3.
    Sql(Sql),
    /// By one of several questions that one statement asks of each row.
    Part(&'static Together, usize),
    /// By code that reads what it needs.
    Code(LookCode),
}

/// What several checks ask of the same rows, by one statement: where most of the work is reading ten million rows, or finding what
/// belongs to each, it is done once for all of them.
#[derive(Debug)]
pub(super) struct Together {
    /// Gives merchant, subject, and for each question the detail where its answer is wrong; only rows where one is.
    pub sql: Sql,
}

/// A row with what is wrong about it, question by question.
pub(super) struct Wrong {
    merchant: i64,
    subject: Value,
    details: Vec<Option<String>>,
}

impl FromRow for Wrong {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        let (merchant, subject) = (columns.next()?, columns.next()?);
        Ok(Self { merchant, subject, details: columns.rest()? })
    }
}

impl Together {
    /// All that is wrong on a page.
    pub async fn judge(&self, reader: &mut Reader<'_>, bounds: &Bounds) -> Result<Vec<Wrong>, Fault> {
        reader.query(self.sql, &bounds.0).await
    }
}

impl Wrong {
    /// What one question found.
    pub fn of(rows: &[Self], question: usize) -> Vec<Finding> {
        let found = |row: &Self| Some(Finding { merchant: row.merchant, subject: row.subject.clone(), detail: row.details.get(question)?.clone()? });
        rows.iter().filter_map(found).collect()
    }
}

impl std::fmt::Debug for Look {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sql(_) => "Sql",
            Self::Part(..) => "Part",
            Self::Code(_) => "Code",
        })
    }
}

/// A check of its own making: it notes what it looked at and what is wrong.
pub(super) type Whole = for<'a> fn(Engine, bool, &'a mut Found) -> BoxFuture<'a, Result<(), Fault>>;

/// Whose rows a page has, where it begins (exclusive) and ends (inclusive): `$1`, `$2`, `$3`. A page is one merchant's: both
/// engines then see that it is a small range of one index. Over pairs of merchant and key SQLite took any index that begins with
/// the merchant, and PostgreSQL guessed that a page is a ninth of the table; either walked all of it for each page.
#[derive(Clone, Debug)]
pub(super) struct Bounds(pub [Value; 3]);

/// One thing that is wrong on a page.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub merchant: i64,
    pub subject: Value,
    pub detail: String,
}

impl FromRow for Finding {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        Ok(Self { merchant: columns.next()?, subject: columns.next()?, detail: columns.next()? })
    }
}

impl Finding {
    pub fn new<N>(merchant: i64, subject: Id<N>, detail: impl Into<String>) -> Self {
        Self { merchant, subject: subject.into(), detail: detail.into() }
    }

    /// What it is known by, when it is looked for again.
    pub fn identity(&self) -> (i64, Vec<u8>) {
        let subject = match &self.subject {
            Value::Null => Vec::new(),
            Value::Int(number) => number.to_be_bytes().to_vec(),
            Value::Text(text) => text.clone().into_bytes(),
            Value::Bytes(bytes) => bytes.clone(),
        };
        (self.merchant, subject)
    }

    fn violation(self, prefix: &str) -> Violation {
        let subject = match self.subject {
            Value::Bytes(bytes) => match <[u8; 16]>::try_from(bytes) {
                Ok(id) => format!("{prefix}_{}", Id::<()>::from_bytes(id).suffix()),
                Err(_) => format!("{prefix} whose id is none"),
            },
            Value::Int(number) => format!("{prefix} {number}"),
            Value::Text(name) if prefix.is_empty() => name,
            Value::Text(name) => format!("{prefix} {name}"),
            Value::Null => prefix.to_owned(),
        };
        Violation { merchant: self.merchant, subject, detail: self.detail }
    }
}

/// What a check found so far.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub checked: i64,
    total: i64,
    violations: Vec<Violation>,
}

impl Found {
    /// Notes a violation.
    pub fn add(&mut self, violation: Violation) {
        self.total += 1;
        if self.violations.len() < SHOWN {
            self.violations.push(violation);
        }
    }

    /// Notes what was found of a kind of subject.
    pub fn add_findings(&mut self, prefix: &str, findings: Vec<Finding>) {
        findings.into_iter().for_each(|finding| self.add(finding.violation(prefix)));
    }

    /// Adds what another part of the same check found.
    pub fn add_all(&mut self, other: Self) {
        self.checked += other.checked;
        self.total += other.total;
        let room = SHOWN - self.violations.len().min(SHOWN);
        self.violations.extend(other.violations.into_iter().take(room));
    }

    pub fn report(self, name: &'static str) -> CheckReport {
        CheckReport { name, checked: self.checked, total: self.total, violations: self.violations }
    }
}

impl Scan {
    pub const fn ids(keys: Keys, subject: &'static str, look: Look) -> Self {
        Self { keys, start: Start::Id, rows: PAGE, subject, look, joins: Joins::ByIndex }
    }

    /// With pages of fewer rows.
    pub const fn of_rows(mut self, rows: i64) -> Self {
        self.rows = rows;
        self
    }

    /// Where all that many rows are looked up in says which range of it belongs to the page.
    pub const fn by_ranges(mut self) -> Self {
        self.joins = Joins::ByRanges;
        self
    }

    /// Joined as another scan that asks by the same statement.
    pub const fn joined(mut self, joins: Joins) -> Self {
        self.joins = joins;
        self
    }

    /// With keys that are no ids.
    pub const fn by(mut self, start: Start) -> Self {
        self.start = start;
        self
    }
}

impl Start {
    /// Before a merchant's first key.
    pub fn before_all(self) -> Value {
        match self {
            Self::Id => Value::Bytes(Vec::new()),
            Self::Int => Value::Int(i64::MIN),
            Self::Text => Value::Text(String::new()),
        }
    }
}

impl Look {
    /// What is wrong on a page, by one snapshot.
    pub async fn judge(self, reader: &mut Reader<'_>, bounds: &Bounds) -> Result<Vec<Finding>, Fault> {
        match self {
            Self::Sql(sql) => reader.query(sql, &bounds.0).await,
            Self::Part(together, question) => Ok(Wrong::of(&together.judge(reader, bounds).await?, question)),
            Self::Code(code) => code(reader, bounds.clone()).await,
        }
    }
}

/// The keys of a table with `merchant` and `id`, or another key, of all rows or some, for [`Scan::keys`].
macro_rules! keys {
    (merchants) => {
        keys!("merchant", "number", "id", "")
    };
    ($table:literal) => {
        keys!($table, "id")
    };
    ($table:literal, $key:literal) => {
        keys!($table, "merchant", $key, "")
    };
    ($table:literal, $key:literal where $filter:literal) => {
        keys!($table, "merchant", $key, concat!($filter, " AND "))
    };
    ($table:literal, $merchant:literal, $key:literal, $filter:expr) => {
        $crate::verify::scan::Keys {
            edge: keys!($table, $merchant, $key, $filter, " LIMIT 1 OFFSET $3"),
            rest: keys!($table, $merchant, $key, $filter, " LIMIT $3"),
            next: tradepost_store::sql!(concat!(
                "SELECT ",
                $merchant,
                " FROM ",
                $table,
                " WHERE ",
                $filter,
                $merchant,
                " > $1 ORDER BY ",
                $merchant,
                " LIMIT 1"
            )),
        }
    };
    ($table:literal, $merchant:literal, $key:literal, $filter:expr, $limit:literal) => {
        tradepost_store::sql!(concat!("SELECT ", $key, " FROM ", $table, " WHERE ", $filter, $merchant, " = $1 AND ", $key, " > $2 ORDER BY ", $key, $limit))
    };
}
pub(super) use keys;

/// `alias` is within the bounds of the page.
macro_rules! within {
    ($alias:literal) => {
        within!($alias, "id")
    };
    ($alias:literal, $key:literal) => {
        concat!($alias, ".merchant = $1 AND ", $alias, ".", $key, " > $2 AND ", $alias, ".", $key, " <= $3")
    };
}
pub(super) use within;

/// ` AND alias.key` is within the bounds of the page too, which follows from what it is joined by: for [`Scan::by_ranges`]. PostgreSQL takes
/// `NOT (a <= b)` for `a > b` and reads that range of the index; SQLite does not: version 3.40 would read the range for each row.
macro_rules! also {
    ($alias:literal, $key:literal) => {
        concat!(" AND ", $alias, ".merchant = $1 AND NOT (", $alias, ".", $key, " <= $2) AND NOT (", $alias, ".", $key, " > $3)")
    };
}
pub(super) use also;

/// A statement over a page of one alias: everything before and after the bounds.
macro_rules! wrong {
    ($($part:tt)+) => {
        $crate::verify::scan::Look::Sql(tradepost_store::sql!(concat!($($part)+)))
    };
}
pub(super) use wrong;

/// `together!(FROM … WHERE …, ALIAS.MERCHANT, ALIAS.SUBJECT: (WHEN, DETAIL), …)`: questions about the rows of a page, in the order of
/// [`Look::Part`]. What a question looks up stands behind what it sees in the row itself, so that most rows need no look-up.
macro_rules! together {
    ($from:expr, $merchant:literal, $subject:literal: $(($when:expr, $detail:expr)),+ $(,)?) => {
        $crate::verify::scan::Together {
            sql: tradepost_store::sql!(concat!(
                "SELECT ", $merchant, ", ", $subject, $(", CASE WHEN ", $when, " THEN ", $detail, " END",)+
                " FROM ", $from, " AND (1 = 0", $(" OR (", $when, ")",)+ ") ORDER BY ", $merchant, ", ", $subject
            )),
        }
    };
}
pub(super) use together;
