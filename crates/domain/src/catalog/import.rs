//! The catalog as a CSV file: what a file says, what would change, line by line (CAT-9). Pure.
//!
//! The first line names the columns, in any order; only `sku` is needed. A column that is left out changes nothing.
//! An empty cell clears what can be empty, and leaves the rest as it is (in a new product: as usual).
//!
//! | column | cell |
//! |---|---|
//! | `sku`, `name`, `group`, `product_version`, `short_description`, `description`, `image_url`, `tax_category` | text |
//! | `kind` `method` `end_user_information` `type` | the names of the API |
//! | `parent` | the SKU of the product that this is a variant of; it stands in the catalog or on an earlier line |
//! | `parts` | of a bundle: `SKU:2\|OTHER:1`, each in the catalog or on an earlier line |
//! | `enabled`, `reseller_information` | `true` or `false` |
//! | `min_quantity`, `max_quantity` | a whole number |
//! | `weight_kg` | kilograms, at most three decimals |
//! | `price_USD`, `price_EUR`, … | the list price; with tiers `40.00\|10:36.00\|100:32.00` |
//!
//! A text that begins with `=`, `+`, `-` or `@` is written with an apostrophe in front, so that no spreadsheet runs
//! it, and read without (PLT-14).

mod apply;
mod cells;
mod export;
mod plan;

pub use apply::{ImportCounts, ImportProducts, preview};
pub use export::export;
pub use plan::{Change, LinePlan, Note};

use super::{ProductPatch, Tier};
use crate::csv::{Record, Records};
use cells::Column;
use tradepost_kernel::{Currency, Refusal};

/// Most lines of a file.
pub const MOST_LINES: usize = 5_000;
/// Longest record, in bytes.
const LONGEST: usize = 128 * 1024;

/// A file that was read, its cells understood one by one.
#[derive(Clone, Debug)]
pub struct ProductFile {
    lines: Vec<ProductLine>,
}

/// One line: what it asks for, and what is wrong with its cells.
#[derive(Clone, Debug, Default)]
struct ProductLine {
    line: i64,
    sku: String,
    patch: ProductPatch,
    parent: Option<Option<String>>,
    prices: Vec<(Currency, Vec<Tier>)>,
    wrong: Vec<Note>,
}

impl ProductFile {
    /// Reads a file.
    ///
    /// # Errors
    /// `invalid_header`: a column that is not known or stands twice, no `sku`; `too_many_lines`.
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut reader = Records::separated(LONGEST);
        let mut columns: Option<Result<Vec<Column>, Refusal>> = None;
        let mut lines: Vec<ProductLine> = Vec::new();
        // Each record is understood as it comes: millions of blank lines or cells are never held at once.
        let mut take = |record: Record| match &columns {
            _ if is_blank(&record) => {}
            None => columns = Some(header(record)),
            Some(Ok(columns)) if lines.len() <= MOST_LINES => lines.push(line(record, columns)),
            Some(_) => {}
        };
        reader.push(bytes, &mut take);
        reader.end(&mut take);
        columns.unwrap_or_else(|| Err(no_header()))?;
        if lines.len() > MOST_LINES {
            return Err(Refusal::invalid("too_many_lines", format!("A file has at most {MOST_LINES} products.")));
        }
        Ok(Self { lines })
    }
}

fn is_blank(record: &Record) -> bool {
    record.fields.as_ref().is_ok_and(|fields| fields.iter().all(|field| field.trim().is_empty()))
}

fn header(record: Record) -> Result<Vec<Column>, Refusal> {
    columns(&record.fields.map_err(|_| no_header())?)
}

fn no_header() -> Refusal {
    invalid_header("The file has no first line with the columns.".into())
}

fn invalid_header(detail: String) -> Refusal {
    Refusal::invalid("invalid_header", detail)
}

fn columns(header: &[String]) -> Result<Vec<Column>, Refusal> {
    let mut columns: Vec<Column> = Vec::with_capacity(header.len());
    for name in header {
        let column = Column::named(name.trim()).ok_or_else(|| invalid_header(format!("{name} is not a column.")))?;
        if columns.contains(&column) {
            return Err(invalid_header(format!("{name} stands twice.")));
        }
        columns.push(column);
    }
    if columns.contains(&Column::Sku) { Ok(columns) } else { Err(invalid_header("The column sku is missing.".into())) }
}

fn line(record: Record, columns: &[Column]) -> ProductLine {
    let mut line = ProductLine { line: record.line, ..ProductLine::default() };
    let fields = match record.fields {
        Ok(fields) => fields,
        Err(why) => {
            line.wrong.push(Note::new("", why.detail()));
            return line;
        }
    };
    if fields.len() != columns.len() {
        line.wrong.push(Note::new("", &format!("has {} cells, the first line has {}", fields.len(), columns.len())));
        return line;
    }
    for (column, cell) in columns.iter().zip(fields) {
        if let Err(detail) = column.take(&cell, &mut line) {
            line.wrong.push(Note::new(&column.name(), &detail));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CAT-9
    #[test]
    fn blank_lines_count_for_nothing_and_too_many_lines_are_refused() {
        let read = |text: &str| ProductFile::read(text.as_bytes()).map(|file| file.lines.len()).map_err(|no| no.code);
        let lines = |count: usize| "A\n".repeat(count);
        assert_eq!(read("\n\n,,\nsku\n\nA\n \nB\n"), Ok(2));
        assert_eq!(read(&format!("sku\n{}{}", lines(MOST_LINES), "\n".repeat(100))), Ok(MOST_LINES));
        assert_eq!(read(&format!("sku\n{}", lines(MOST_LINES + 2))), Err("too_many_lines"));
        assert_eq!(read(&format!("sk\n{}", lines(MOST_LINES + 2))), Err("invalid_header"));
        assert_eq!(read("\n \n"), Err("invalid_header"));
    }
}
