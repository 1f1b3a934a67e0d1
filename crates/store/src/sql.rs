//! Statements: one text for two engines.

use crate::{Column, Fault};
use std::sync::OnceLock;

/// A statement whose parameters are `$1`, `$2`, … Made by [`sql!`](crate::sql).
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    /// The text as written, for PostgreSQL.
    pub pg: &'static str,
    /// The same length, for SQLite: `$1` became `?1`, `= ANY($1)` became `=    (?1)`, and the row locks
    /// (`FOR UPDATE`, `SKIP LOCKED`) became spaces.
    pub lite: &'static str,
}

/// One statement for both engines, turned at compile time.
///
/// Write the common subset of the two, with these conventions:
/// - parameters `$1`…; integers are 64 bit, so cast sums: `CAST(SUM(x) AS bigint)`;
/// - `FOR UPDATE`, `FOR UPDATE OF x`, `FOR UPDATE SKIP LOCKED` last in the text;
/// - `= ANY($n)` with the set as the last parameter, for [`Reader::query_each`](crate::Reader::query_each).
#[macro_export]
macro_rules! sql {
    ($text:expr) => {{
        const PG: &str = $text;
        const BYTES: [u8; PG.len()] = $crate::lite_text::<{ PG.len() }>(PG);
        const LITE: &str = match ::std::str::from_utf8(&BYTES) {
            Ok(text) => text,
            Err(_) => panic!("the statement is not UTF-8"),
        };
        $crate::Sql { pg: PG, lite: LITE }
    }};
}

const fn starts_with(text: &[u8], at: usize, word: &[u8]) -> bool {
    if at + word.len() > text.len() {
        return false;
    }
    let mut i = 0;
    while i < word.len() {
        if text[at + i] != word[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// The SQLite text of a PostgreSQL text, of the same length. Used by [`sql!`](crate::sql) at compile time.
#[must_use]
pub const fn lite_text<const N: usize>(text: &str) -> [u8; N] {
    let bytes = text.as_bytes();
    let mut out = [b' '; N];
    let (mut i, mut quoted) = (0, false);
    // Looked at letter by letter: this runs in the compiler's interpreter, for every statement of the house.
    while i < N {
        let letter = bytes[i];
        if letter == b'\'' {
            quoted = !quoted;
        } else if !quoted {
            if letter == b'F' && starts_with(bytes, i, b"FOR UPDATE") {
                break;
            }
            if letter == b'A' && starts_with(bytes, i, b"ANY(") && !(i > 0 && (bytes[i - 1].is_ascii_alphanumeric() || bytes[i - 1] == b'_')) {
                i += 3;
                continue;
            }
            if letter == b'$' && i + 1 < N && bytes[i + 1].is_ascii_digit() {
                out[i] = b'?';
                i += 1;
                continue;
            }
        }
        out[i] = letter;
        i += 1;
    }
    out
}

/// The type of one column of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// 64-bit integer.
    Int,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
}

/// A statement over a set of rows: `unnest` on PostgreSQL, a loop of the prepared statement on SQLite.
///
/// Three forms, and the columns by name and type in the order in which the [`Column`](crate::Column)s are given:
///
/// - `SetSql::insert("license", &[("merchant", Int), ("id", Bytes)], "ON CONFLICT DO NOTHING")`: the names are
///   the table's columns; the last text is appended (empty for none).
/// - `SetSql::update("UPDATE license_key SET state = r.state FROM rows r WHERE license_key.merchant = r.merchant
///   AND license_key.id = r.id AND license_key.state = 0", &[("merchant", Int), ("id", Bytes), ("state", Int)])`:
///   `FROM rows r` stands for the set; `r.name` for its columns; qualify the table's own columns. Also for
///   `DELETE FROM t USING rows r WHERE …`.
/// - `SetSql::select("SELECT r.n, p.id FROM rows r JOIN product p ON p.merchant = r.merchant AND p.sku = r.sku", …)`: rows
///   for each of the set, in no order across them (give a column that numbers them). `FROM rows r JOIN` begins the tables,
///   or `FROM rows r CROSS JOIN LATERAL (SELECT … LIMIT r.count) k`; row locks are left out on SQLite.
#[derive(Debug)]
pub struct SetSql {
    pub(crate) form: Form,
    pub(crate) columns: &'static [(&'static str, ColumnType)],
    pub(crate) texts: OnceLock<(String, String)>,
}

#[derive(Debug)]
pub(crate) enum Form {
    Insert { table: &'static str, tail: &'static str },
    Update { text: &'static str },
    Select { text: &'static str },
}

impl SetSql {
    /// An insert of whole rows.
    #[must_use]
    pub const fn insert(table: &'static str, columns: &'static [(&'static str, ColumnType)], tail: &'static str) -> Self {
        Self { form: Form::Insert { table, tail }, columns, texts: OnceLock::new() }
    }

    /// An update or delete that joins the set as `r`.
    #[must_use]
    pub const fn update(text: &'static str, columns: &'static [(&'static str, ColumnType)]) -> Self {
        Self { form: Form::Update { text }, columns, texts: OnceLock::new() }
    }

    /// A read of what belongs to each row of the set `r`.
    #[must_use]
    pub const fn select(text: &'static str, columns: &'static [(&'static str, ColumnType)]) -> Self {
        Self { form: Form::Select { text }, columns, texts: OnceLock::new() }
    }

    /// The PostgreSQL text.
    pub(crate) fn pg(&self) -> &str {
        &self.both().0
    }

    /// The SQLite text, for one row.
    pub(crate) fn lite(&self) -> &str {
        &self.both().1
    }

    fn both(&self) -> &(String, String) {
        self.texts.get_or_init(|| {
            let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
            let names = names.join(", ");
            let arrays: Vec<String> = self.columns.iter().enumerate().map(|(i, (_, kind))| format!("${}::{}[]", i + 1, kind.pg())).collect();
            let arrays = arrays.join(", ");
            match &self.form {
                Form::Insert { table, tail } => {
                    let holes: Vec<String> = (1..=self.columns.len()).map(|i| format!("?{i}")).collect();
                    (
                        format!("INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays}) {tail}"),
                        format!("INSERT INTO {table} ({names}) VALUES ({}) {tail}", holes.join(", ")),
                    )
                }
                Form::Update { text } => {
                    let set = format!("unnest({arrays}) AS r({names})");
                    let pg = text.replacen("FROM rows r", &format!("FROM {set}"), 1).replacen("USING rows r", &format!("USING {set}"), 1);
                    let lite = text.replacen(" FROM rows r", "", 1).replacen(" USING rows r", "", 1);
                    (pg, self.bound(&lite))
                }
                Form::Select { text } => {
                    let pg = text.replacen("FROM rows r", &format!("FROM unnest({arrays}) AS r({names})"), 1);
                    let lite = without_locks(text);
                    let lite = lite.replacen("FROM rows r CROSS JOIN LATERAL (", "FROM (", 1).replacen("FROM rows r JOIN", "FROM (SELECT 1) JOIN", 1);
                    (pg, self.bound(&lite))
                }
            }
        })
    }
}

impl SetSql {
    /// As many columns as the statement names, all of one length.
    pub(crate) fn fits(&self, columns: &[Column]) -> Result<(), Fault> {
        let rows = columns.first().map_or(0, Column::len);
        if columns.len() == self.columns.len() && columns.iter().all(|column| column.len() == rows) {
            return Ok(());
        }
        Err(Fault::invariant(format!("columns do not fit: {}", self.pg())))
    }

    /// The columns of the set as SQLite's parameters.
    fn bound(&self, text: &str) -> String {
        let named = self.columns.iter().enumerate();
        named.fold(text.to_owned(), |text, (i, (name, _))| replace_word(&text, &format!("r.{name}"), &format!("?{}", i + 1)))
    }
}

/// The text without `FOR UPDATE`, `FOR UPDATE OF p`, `FOR UPDATE SKIP LOCKED`.
fn without_locks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, part) in text.split(" FOR UPDATE").enumerate() {
        let part = if at == 0 { part } else { part.strip_prefix(" SKIP LOCKED").unwrap_or(part) };
        let of = part.strip_prefix(" OF ").filter(|_| at > 0);
        out.push_str(of.map_or(part, |rest| rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_')));
    }
    out
}

/// Replaces `word` only where no identifier goes on before or after it: `r.id` neither in `order.id` nor in
/// `r.identity`.
fn replace_word(text: &str, word: &str, with: &str) -> String {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        let inside = before.chars().next_back().or_else(|| out.chars().next_back()).is_some_and(part) || after.chars().next().is_some_and(part);
        out.push_str(before);
        out.push_str(if inside { word } else { with });
        rest = after;
    }
    out + rest
}

impl ColumnType {
    const fn pg(self) -> &'static str {
        match self {
            Self::Int => "int8",
            Self::Text => "text",
            Self::Bytes => "bytea",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_becomes_two() {
        let sql = sql!("SELECT id FROM t WHERE a = $1 AND note = 'it costs $1' AND id = ANY($2) ORDER BY id FOR UPDATE SKIP LOCKED");
        assert_eq!(sql.lite.trim_end(), "SELECT id FROM t WHERE a = ?1 AND note = 'it costs $1' AND id =    (?2) ORDER BY id");
    }

    #[test]
    fn a_table_whose_name_ends_in_r_keeps_its_columns() {
        let set = SetSql::update(
            "UPDATE reseller SET identity = r.identity, a = r.a FROM rows r WHERE reseller.id = r.id",
            &[("id", ColumnType::Bytes), ("identity", ColumnType::Text), ("a", ColumnType::Int)],
        );
        assert_eq!(set.lite(), "UPDATE reseller SET identity = ?2, a = ?3 WHERE reseller.id = ?1");
    }

    #[test]
    fn a_name_that_ends_in_any_is_not_a_set() {
        assert_eq!(sql!("SELECT many(a) FROM t WHERE COMPANY(b) = ANY($1)").lite, "SELECT many(a) FROM t WHERE COMPANY(b) =    (?1)");
    }

    #[test]
    fn a_set_that_reads_joins_what_belongs_to_each_row() {
        let set = SetSql::select(
            "SELECT r.n, k.id FROM rows r JOIN k ON k.a = r.a AND k.b = r.b ORDER BY k.id FOR UPDATE OF k",
            &[("n", ColumnType::Int), ("a", ColumnType::Int), ("b", ColumnType::Bytes)],
        );
        assert_eq!(
            set.pg(),
            "SELECT r.n, k.id FROM unnest($1::int8[], $2::int8[], $3::bytea[]) AS r(n, a, b) JOIN k ON k.a = r.a AND k.b = r.b ORDER BY k.id FOR UPDATE OF k"
        );
        assert_eq!(set.lite(), "SELECT ?1, k.id FROM (SELECT 1) JOIN k ON k.a = ?2 AND k.b = ?3 ORDER BY k.id");
        let few = SetSql::select(
            "SELECT r.n, k.id FROM rows r CROSS JOIN LATERAL (SELECT id FROM t WHERE t.a = r.a LIMIT r.few FOR UPDATE SKIP LOCKED) k",
            &[("n", ColumnType::Int), ("a", ColumnType::Int), ("few", ColumnType::Int)],
        );
        assert_eq!(few.lite(), "SELECT ?1, k.id FROM (SELECT id FROM t WHERE t.a = ?2 LIMIT ?3) k");
    }

    #[test]
    fn a_set_is_an_unnest_or_a_loop() {
        let set = SetSql::update(
            "UPDATE k SET state = r.s, owner = r.id_of FROM rows r WHERE k.id = r.id AND k.state = 0",
            &[("id", ColumnType::Bytes), ("s", ColumnType::Int), ("id_of", ColumnType::Text)],
        );
        assert_eq!(
            set.pg(),
            "UPDATE k SET state = r.s, owner = r.id_of FROM unnest($1::bytea[], $2::int8[], $3::text[]) AS r(id, s, id_of) WHERE k.id = r.id AND k.state = 0"
        );
        assert_eq!(set.lite(), "UPDATE k SET state = ?2, owner = ?3 WHERE k.id = ?1 AND k.state = 0");
    }
}
