//! One sampled business, made again at another time: the same rows with ids, moments, numbers and the key of its own.

use crate::rows::bytes_of::{id_time, moved};
use crate::rows::{Cell, KEYS, Table};
use std::collections::{BTreeMap, HashMap};
use tradepost_kernel::Id;

/// A key that a clone hands out.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its row's id.
    pub id: Vec<u8>,
    /// Its place within the product.
    pub place: i64,
    /// The code as it lies in the database.
    pub sealed: Vec<u8>,
    /// What it is found by.
    pub fingerprint: Vec<u8>,
    /// What of it is shown.
    pub masked: String,
}

/// What a clone differs in.
#[derive(Clone, Debug)]
pub struct Nth {
    /// Its millisecond.
    pub at_ms: i64,
    /// Of orders, per merchant and year.
    pub order: i64,
    /// Of invoices, per merchant and series.
    pub invoice: i64,
    /// Of its partnership's orders.
    pub place: i64,
    /// Of the event before its first.
    pub position: i64,
    /// Its key.
    pub key: Key,
}

/// A value of a clone's row.
#[derive(Clone, Debug)]
enum Slot {
    Same(Cell),
    /// An id of the sample's own.
    Id(Vec<u8>),
    Key,
    KeyPart(fn(&Key) -> Cell),
    Moment(i64),
    OrderNumber(String),
    InvoiceNumber(String),
    InvoiceSequence,
    Place,
    Position(i64),
    Text(Vec<Piece>),
}

#[derive(Clone, Debug)]
enum Piece {
    Same(String),
    Id(Vec<u8>),
    Key,
    OrderNumber(String),
    InvoiceNumber(String),
}

/// A sampled business, ready to be made again.
#[derive(Clone, Debug)]
pub struct Template {
    /// Whose.
    pub partnership: Vec<u8>,
    /// Number of the product that it is about.
    pub product: i64,
    /// Events of one clone.
    pub events: i64,
    /// Whether it is an order (with number, place and invoice).
    pub orders: bool,
    rows: Vec<(&'static str, Vec<Slot>)>,
    start_ms: i64,
}

/// What is to be found in a sample's rows and replaced.
struct Known {
    start_ms: i64,
    end_ms: i64,
    key: Vec<u8>,
    /// What stands for it in texts.
    texts: Vec<(String, Piece)>,
    positions: BTreeMap<i64, i64>,
}

fn suffix(id: &[u8]) -> String {
    Id::<()>::from_bytes(id.try_into().expect("16 bytes")).suffix()
}

impl Template {
    /// From the rows that were minted between two moments.
    ///
    /// # Panics
    /// Where the sample is no business about one key.
    pub fn new(tables: &[Table], start_ms: i64, end_ms: i64) -> Self {
        let within = |row: &&Vec<Cell>| row[1].id_time().is_some_and(|ms| (start_ms..end_ms).contains(&ms));
        let of = |name: &str| tables.iter().find(move |table| table.name == name).map(|table| (table, table.rows.iter().filter(within).collect::<Vec<_>>()));
        let (licenses, sold) = of("license").expect("licenses");
        assert_eq!(sold.len(), 1, "a sample sells one license");
        let (Cell::Bytes(key), Cell::Bytes(partnership), Cell::Int(product)) =
            (&sold[0][licenses.at("license_key")], &sold[0][licenses.at("partnership")], &sold[0][licenses.at("product")])
        else {
            panic!("the license of a sample has a key");
        };
        let mut known = Known { start_ms, end_ms, key: key.clone(), texts: Vec::new(), positions: BTreeMap::new() };
        known.texts.push((suffix(key), Piece::Key));
        known.learn(&of);
        let mut rows = Vec::new();
        for table in tables.iter().filter(|table| table.name != KEYS) {
            rows.extend(of(table.name).expect("it is there").1.into_iter().map(|row| (table.name, known.slots(table, row))));
        }
        let (keys, _) = of(KEYS).expect("keys");
        let row = keys.rows.iter().find(|row| row[keys.at("id")] == Cell::Bytes(key.clone())).expect("the key of the license");
        rows.push((KEYS, known.key_slots(keys, row)));
        let orders = of("orders").is_some_and(|(_, rows)| !rows.is_empty());
        let events = i64::try_from(known.positions.len()).expect("a few");
        Self { partnership: partnership.clone(), product: *product, events, orders, rows, start_ms }
    }

    /// The rows of one more of its kind, by table.
    pub fn render(&self, nth: &Nth, into: &mut HashMap<&'static str, Vec<Vec<Cell>>>) {
        let by = nth.at_ms - self.start_ms;
        for (table, slots) in &self.rows {
            into.entry(*table).or_default().push(slots.iter().map(|slot| slot.render(nth, by)).collect());
        }
    }
}

impl Known {
    fn learn<'a>(&mut self, of: &impl Fn(&str) -> Option<(&'a Table, Vec<&'a Vec<Cell>>)>) {
        for name in crate::rows::TABLES {
            let Some((table, rows)) = of(name) else { continue };
            for row in rows {
                let Cell::Bytes(id) = &row[1] else { continue };
                if !self.texts.iter().any(|(text, _)| *text == suffix(id)) {
                    self.texts.push((suffix(id), Piece::Id(id.clone())));
                }
                let number = |column: &str| if let Cell::Text(text) = &row[table.at(column)] { Some(text.clone()) } else { None };
                match name {
                    "orders" => self.texts.extend(number("number").map(|text| (text.clone(), Piece::OrderNumber(front(&text))))),
                    "invoice" => self.texts.extend(number("number").map(|text| (text.clone(), Piece::InvoiceNumber(front(&text))))),
                    "outbox" => {
                        let Cell::Int(position) = row[table.at("position")] else { panic!("an event of a sample was not passed on") };
                        self.positions.insert(position, 0);
                    }
                    _ => {}
                }
            }
        }
        for (rank, nth) in self.positions.values_mut().zip(1..) {
            *rank = nth;
        }
    }

    fn slots(&self, table: &Table, row: &[Cell]) -> Vec<Slot> {
        row.iter().zip(&table.columns).map(|(cell, column)| self.slot(table.name, column, cell)).collect()
    }

    fn slot(&self, table: &str, column: &str, cell: &Cell) -> Slot {
        match (table, column, cell) {
            ("orders", "number", Cell::Text(text)) => Slot::OrderNumber(front(text)),
            ("orders", "place", Cell::Int(_)) => Slot::Place,
            ("invoice", "number", Cell::Text(text)) => Slot::InvoiceNumber(front(text)),
            ("invoice", "sequence", Cell::Int(_)) => Slot::InvoiceSequence,
            ("outbox", "position", Cell::Int(position)) => Slot::Position(self.positions[position]),
            (_, column, Cell::Int(ms)) if column.ends_with("_ms") && *ms >= self.start_ms => Slot::Moment(*ms),
            (_, _, Cell::Bytes(bytes)) if *bytes == self.key => Slot::Key,
            (_, _, Cell::Bytes(bytes)) if cell.id_time().is_some_and(|ms| (self.start_ms..self.end_ms).contains(&ms)) => Slot::Id(bytes.clone()),
            (_, _, Cell::Text(text)) => self.text(text),
            _ => Slot::Same(cell.clone()),
        }
    }

    fn text(&self, text: &str) -> Slot {
        let mut pieces = vec![Piece::Same(text.to_owned())];
        for (what, by) in &self.texts {
            let mut next = Vec::new();
            for piece in pieces {
                let Piece::Same(text) = piece else {
                    next.push(piece);
                    continue;
                };
                for (nth, part) in text.split(what.as_str()).enumerate() {
                    if nth > 0 {
                        next.push(by.clone());
                    }
                    next.push(Piece::Same(part.to_owned()));
                }
            }
            pieces = next;
        }
        pieces.retain(|piece| !matches!(piece, Piece::Same(text) if text.is_empty()));
        if pieces.iter().all(|piece| matches!(piece, Piece::Same(_))) { Slot::Same(Cell::Text(text.to_owned())) } else { Slot::Text(pieces) }
    }

    fn key_slots(&self, table: &Table, row: &[Cell]) -> Vec<Slot> {
        let slot = |(cell, column): (&Cell, &String)| match column.as_str() {
            "place" => Slot::KeyPart(|key| Cell::Int(key.place)),
            "sealed" => Slot::KeyPart(|key| Cell::Bytes(key.sealed.clone())),
            "fingerprint" => Slot::KeyPart(|key| Cell::Bytes(key.fingerprint.clone())),
            "masked" => Slot::KeyPart(|key| Cell::Text(key.masked.clone())),
            column => self.slot(table.name, column, cell),
        };
        row.iter().zip(&table.columns).map(slot).collect()
    }
}

/// `2026-000001` begins with `2026-`.
fn front(number: &str) -> String {
    number.rsplit_once('-').map_or_else(String::new, |(front, _)| format!("{front}-"))
}

impl Slot {
    fn render(&self, nth: &Nth, by: i64) -> Cell {
        match self {
            Self::Same(cell) => cell.clone(),
            Self::Id(id) => Cell::Bytes(moved(id, id_time(id) + by)),
            Self::Key => Cell::Bytes(nth.key.id.clone()),
            Self::KeyPart(part) => part(&nth.key),
            Self::Moment(ms) => Cell::Int(ms + by),
            Self::OrderNumber(front) => Cell::Text(format!("{front}{:06}", nth.order)),
            Self::InvoiceNumber(front) => Cell::Text(format!("{front}{:06}", nth.invoice)),
            Self::InvoiceSequence => Cell::Int(nth.invoice),
            Self::Place => Cell::Int(nth.place),
            Self::Position(rank) => Cell::Int(nth.position + rank),
            Self::Text(pieces) => Cell::Text(pieces.iter().fold(String::new(), |text, piece| text + &piece.render(nth, by))),
        }
    }
}

impl Piece {
    fn render(&self, nth: &Nth, by: i64) -> String {
        match self {
            Self::Same(text) => text.clone(),
            Self::Id(id) => suffix(&moved(id, id_time(id) + by)),
            Self::Key => suffix(&nth.key.id),
            Self::OrderNumber(front) => format!("{front}{:06}", nth.order),
            Self::InvoiceNumber(front) => format!("{front}{:06}", nth.invoice),
        }
    }
}
