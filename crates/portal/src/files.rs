//! Lists as files: CSV and XLSX of the whole result, cells that look like formulas neutralized (PLT-14).

use crate::sheet;
use tradepost_documents::table;
use tradepost_web::{Answer, Problem};

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Comma separated values.
    Csv,
    /// A spreadsheet.
    Xlsx,
}

impl Kind {
    /// By its ending.
    #[must_use]
    pub fn from_ending(ending: &str) -> Option<Self> {
        match ending {
            "csv" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            _ => None,
        }
    }
}

/// What a cell holds, apart from how a page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plain {
    /// Nothing.
    Empty,
    /// What somebody typed.
    Text(String),
    /// A word, id or moment of ours.
    Exact(String),
    /// A number or an amount, as `-1234.50`.
    Number(String),
}

/// The file: head and rows.
///
/// # Errors
/// 500 where a sheet cannot be written: more than 4 GiB.
pub fn file(kind: Kind, name: &str, head: &[&str], rows: &[Vec<Plain>]) -> Result<Answer, Problem> {
    match kind {
        Kind::Csv => Ok(Answer::csv(&format!("{name}.csv"), csv(head, rows))),
        Kind::Xlsx => {
            let bytes = sheet::workbook(head, rows).ok_or_else(Problem::internal)?;
            Ok(Answer::download(&format!("{name}.xlsx"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", bytes))
        }
    }
}

fn csv(head: &[&str], rows: &[Vec<Plain>]) -> Vec<u8> {
    let cell = |plain: &Plain| match plain {
        Plain::Empty => table::Cell::Exact(String::new()),
        Plain::Text(text) => table::Cell::Text(text.clone()),
        Plain::Exact(text) | Plain::Number(text) => table::Cell::Exact(text.clone()),
    };
    let rows: Vec<Vec<table::Cell>> = rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    table::report(head, &rows)
}
