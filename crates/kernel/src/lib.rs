//! The ground floor: ids, money, time, text that was parsed once, refusal classes, secrets.
//!
//! Always true here: no I/O, no async, no business word. What does not belong: anything that
//! knows a table, a route or a merchant.

pub mod api_key;
pub mod bank;
pub mod color;
pub mod countries;
pub mod environment;
pub mod id;
pub mod language;
pub mod money;
pub mod one_time;
pub mod passkey;
pub mod password;
pub mod refusal;
pub mod sabotage;
pub mod secret;
pub mod text;
pub mod time;

pub use bank::{Bic, Iban};
pub use color::Color;
pub use environment::{Clock, Environment};
pub use id::Id;
pub use language::Language;
pub use money::{Currency, Money, Percent};
pub use refusal::{Class, Refusal};
pub use secret::Secret;
pub use time::{Date, Timestamp};
