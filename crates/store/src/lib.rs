//! One `Tx` and one `Reader` over SQLite and PostgreSQL. Knows no business word.
//!
//! Always true here:
//! - A write is a [`Work`]: it is handed a [`Tx`], may be repeated from the start, and awaits nothing but
//!   the store. On SQLite its future is polled exactly once; one that is not ready awaited something else
//!   and is rolled back ([`Fault::AwaitedElsewhere`]).
//! - An answer leaves only after its transaction is durable.
//! - SQL is written once. [`sql!`] turns the PostgreSQL text into SQLite's at compile time.
//!
//! What does not belong: tables, rights, HTTP.

mod fault;
mod inspect;
mod lite;
mod migrate;
mod pg;
mod sql;
mod stats;
mod store;
mod tx;
mod value;
mod work;

pub use fault::Fault;
pub use migrate::{Migration, migrations_from};
pub use sql::{ColumnType, SetSql, Sql, lite_text};
pub use stats::Stats;
pub use store::{BoxFuture, Ended, Engine, SetAnswers, Settings, Store, Work};
pub use tx::{Reader, Tx};
pub use value::{Column, Columns, FromRow, FromValue, Row, Value};
