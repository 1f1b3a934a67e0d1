//! Rows as they lie in a table, whatever the table: read from the samples, written by the million.

use bytes_of::id_time;

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A number, an amount, a moment.
    Int(i64),
    /// Text.
    Text(String),
    /// An id, a sealed code, a hash.
    Bytes(Vec<u8>),
}

/// All rows of a merchant in one table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The columns, in their order.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Where a column is.
    ///
    /// # Panics
    /// Where there is none of that name.
    pub fn at(&self, column: &str) -> usize {
        self.columns.iter().position(|name| name == column).unwrap_or_else(|| panic!("{} has no column {column}", self.name))
    }
}

/// What every business adds rows to, parents first. A table that the schema does not have is passed over.
pub const TABLES: [&str; 15] = [
    "command",
    "audit",
    "outbox",
    "orders",
    "order_item",
    "fulfillment",
    "cancel_request",
    "license",
    "invoice",
    "invoice_order",
    "transfer",
    "entry",
    "payment",
    "payment_allocation",
    "message",
];

/// The keys, which exist without any business too.
pub const KEYS: &str = "license_key";

/// Ids carry their millisecond in front.
pub mod bytes_of {
    /// The millisecond in which an id was minted.
    pub fn id_time(id: &[u8]) -> i64 {
        id.iter().take(6).fold(0, |ms, byte| (ms << 8) | i64::from(*byte))
    }

    /// The same id, minted at another time.
    pub fn moved(id: &[u8], to_ms: i64) -> Vec<u8> {
        let mut out = id.to_vec();
        out[..6].copy_from_slice(&to_ms.to_be_bytes()[2..]);
        out
    }
}

impl Cell {
    /// The moment of the id that this is, if it is one.
    pub fn id_time(&self) -> Option<i64> {
        match self {
            Self::Bytes(bytes) if bytes.len() == 16 => Some(id_time(bytes)),
            _ => None,
        }
    }
}
