//! The store from outside, one body for both engines.

#[macro_use]
mod support;
mod faults;
mod groups;
mod migrations;
mod postgres;
mod sqlite;
mod statements;
mod tls;
