//! A list as a table of a file: everything that its page shows has a column of its own, and amounts have one that says what they are in (PLT-14).

use super::Cell;
use crate::files::Plain;
use crate::room::Room;
use tradepost_design::table::Column;
use tradepost_documents::table;

/// The head and the rows of a list as a file has them. A column without a name holds buttons, and is none of a file.
pub(super) fn table<'c>(room: &'c Room, columns: &[Column<'c>], rows: Vec<Vec<Cell>>) -> (Vec<&'c str>, Vec<Vec<table::Cell>>) {
    // All amounts of a row are in one currency: it stands before the first of them.
    let amounts = columns.iter().position(Column::is_of_amounts);
    let mut titles = Vec::new();
    for (place, column) in columns.iter().enumerate().filter(|(_, column)| !column.title().is_empty()) {
        if Some(place) == amounts {
            titles.push(room.t("Currency", "Währung"));
        }
        titles.push(column.title());
        titles.extend_from_slice(column.further());
    }
    let rows = rows.into_iter().map(|cells| row(columns, amounts, cells)).collect();
    (titles, rows)
}

fn row(columns: &[Column<'_>], amounts: Option<usize>, cells: Vec<Cell>) -> Vec<table::Cell> {
    let currency = cells.iter().find_map(|cell| cell.currency).map_or(Plain::Empty, |currency| Plain::Exact(currency.code().to_owned()));
    let mut held: Vec<Plain> = Vec::with_capacity(cells.len());
    for (place, (column, cell)) in columns.iter().zip(cells).enumerate().filter(|(_, (column, _))| !column.title().is_empty()) {
        if Some(place) == amounts {
            held.push(currency.clone());
        }
        held.push(cell.plain);
        let mut further = cell.further.into_iter();
        held.extend(column.further().iter().map(|_| further.next().unwrap_or(Plain::Empty)));
    }
    held.into_iter().map(table::Cell::from).collect()
}
