//! What leaves the house as a text: e-mails, invoices, CSV. Pure: read models in, bytes out.
//!
//! Always true here: no I/O, no database, no clock. A text shows what it was given and nothing that it fetched.

pub mod invoice;
pub mod mail;
pub mod paper;
pub mod qr;
pub mod sheet;
pub mod table;
pub mod xml;

pub use tradepost_kernel::language;
