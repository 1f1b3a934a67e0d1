//! Lists as files: CSV and XLSX of the whole result, cells that look like formulas neutralized (PLT-14).

use tradepost_documents::{sheet, table};
use tradepost_web::Answer;
use tradepost_web::api::order_export::SHEET;

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
#[must_use]
pub fn file(kind: Kind, name: &str, head: &[&str], rows: &[Vec<Plain>]) -> Answer {
    let cell = |plain: &Plain| match plain {
        Plain::Empty => table::Cell::Exact(String::new()),
        Plain::Text(text) => table::Cell::Text(text.clone()),
        Plain::Exact(text) => table::Cell::Exact(text.clone()),
        Plain::Number(text) => table::Cell::Number(text.clone()),
    };
    let rows: Vec<Vec<table::Cell>> = rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    match kind {
        Kind::Csv => Answer::csv(&format!("{name}.csv"), table::report(head, &rows)),
        Kind::Xlsx => Answer::download(&format!("{name}.xlsx"), SHEET, sheet::workbook(head, &rows)),
    }
}
