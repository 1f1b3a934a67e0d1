//! Lists as files: CSV and XLSX of the whole result, cells that look like formulas neutralized (PLT-14).

use crate::room::Room;
use tradepost_documents::table;
use tradepost_web::export::Form;

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

    /// How it is written, with what a sheet says in its last row where it is full.
    #[must_use]
    pub const fn form(self, room: &Room) -> Form<'static> {
        match self {
            Self::Csv => Form::Csv,
            Self::Xlsx => Form::Sheet(room.look.t(
                "The list goes on, but a sheet holds 1,048,576 rows at most. The CSV has all of them; or filter the list.",
                "Die Liste geht weiter, doch ein Blatt fasst höchstens 1.048.576 Zeilen. Die CSV-Datei hat alle; oder filtern Sie die Liste.",
            )),
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

impl From<Plain> for table::Cell {
    fn from(plain: Plain) -> Self {
        match plain {
            Plain::Empty => Self::Exact(String::new()),
            Plain::Text(text) => Self::Text(text),
            Plain::Exact(text) => Self::Exact(text),
            Plain::Number(text) => Self::Number(text),
        }
    }
}
