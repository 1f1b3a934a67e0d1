//! Pages of lists: a cursor is the id of the last row seen, newest first unless a list says otherwise.

use tradepost_kernel::{Id, Timestamp};
use tradepost_store::Sql;

/// In what order a list of what came about is read. Ids are in the order of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ByAge {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
}
crate::access::named!(ByAge { Newest = "-created_at", Oldest = "created_at" });

/// A list in both orders. Both ends of what is walked are asked for in both, so one index is walked in the one direction or the other.
#[derive(Clone, Copy, Debug)]
pub struct Turned {
    /// The newest first.
    pub newest: Sql,
    /// The oldest first.
    pub oldest: Sql,
}

impl Turned {
    /// In this order.
    #[must_use]
    pub const fn by(self, age: ByAge) -> Sql {
        match age {
            ByAge::Newest => self.newest,
            ByAge::Oldest => self.oldest,
        }
    }
}

/// Which page of a list is wanted.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest {
    /// 1–200 rows.
    pub limit: i64,
    /// Rows older than this id, or newer ones where the oldest come first; `None` for the first page.
    pub before: Option<[u8; 16]>,
}

impl PageRequest {
    /// The bound for `WHERE id < $n`: the cursor, or the largest id there is.
    #[must_use]
    pub fn bound(&self) -> Vec<u8> {
        self.before.unwrap_or([0xff; 16]).to_vec()
    }

    /// What a page goes on behind, in either order: the bound for `WHERE id < $n`, or for `WHERE id > $n` where the oldest come first.
    #[must_use]
    pub(crate) fn behind(&self, age: ByAge) -> Vec<u8> {
        match age {
            ByAge::Newest => self.bound(),
            ByAge::Oldest => self.before.unwrap_or([0; 16]).to_vec(),
        }
    }

    /// The bounds for `WHERE id >= $m AND id < $n` of a list that is held to a span of time. Ids are in the order of time: what was
    /// recorded in the span is not looked for outside of it.
    #[must_use]
    pub(crate) fn span(&self, from: Option<Timestamp>, to: Option<Timestamp>) -> (Vec<u8>, Vec<u8>) {
        let (first, before) = self.between(from, to);
        (first.to_vec(), before.to_vec())
    }

    /// The same in either order: where the oldest come first, the cursor is the end that is older.
    #[must_use]
    pub(crate) fn span_by(&self, age: ByAge, from: Option<Timestamp>, to: Option<Timestamp>) -> (Vec<u8>, Vec<u8>) {
        if age == ByAge::Newest {
            return self.span(from, to);
        }
        let (first, before) = Self { limit: self.limit, before: None }.between(from, to);
        let behind = self.before.map_or([0; 16], |last| u128::from_be_bytes(last).saturating_add(1).to_be_bytes());
        (first.max(behind).to_vec(), before.to_vec())
    }

    /// The same as ids.
    #[must_use]
    pub(crate) fn between(&self, from: Option<Timestamp>, to: Option<Timestamp>) -> ([u8; 16], [u8; 16]) {
        let before = self.before.unwrap_or([0xff; 16]);
        (from.map_or([0; 16], first_id), to.map_or(before, |to| before.min(first_id(to.plus_ms(SLACK_MS)))))
    }

    /// One row more than asked for tells whether there is a next page.
    #[must_use]
    pub const fn fetch(&self) -> i64 {
        self.limit + 1
    }

    /// Cuts the extra row off and makes the cursor of the next page from the last row that stays.
    #[must_use]
    pub fn page<T, N>(&self, mut rows: Vec<T>, id: impl Fn(&T) -> Id<N>) -> Page<T> {
        let wanted = usize::try_from(self.limit).unwrap_or(1);
        let more = rows.len() > wanted;
        rows.truncate(wanted);
        let next = if more { rows.last().map(|row| id(row).bytes()) } else { None };
        Page { rows, next }
    }
}

/// What carries a moment has that of its command's begin, its id is a little later: this much is looked at beyond an end.
const SLACK_MS: i64 = 3_600_000;

/// The smallest id of a moment.
fn first_id(at: Timestamp) -> [u8; 16] {
    let mut id = [0; 16];
    id[..6].copy_from_slice(&at.ms().max(0).to_be_bytes()[2..]);
    id
}

/// The pattern of what contains a text, for a column in small letters and `ESCAPE '!'`: for lists of what people make by hand.
#[must_use]
pub(crate) fn containing(text: &str) -> String {
    let escaped = text.to_lowercase().replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%")
}

/// One page.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// The cursor of the next page; `None` on the last.
    pub next: Option<[u8; 16]>,
}
