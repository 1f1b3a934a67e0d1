//! The server and its command line: settings, wiring, orders of the operator.

pub mod bench;
pub mod cli;
pub mod config;
pub mod control;
pub mod demo;
pub mod house;
mod import;
pub mod issuers;
pub mod master_key;
mod merchant;
pub mod migrations;
pub mod operate;
mod own_api;
pub mod reactions;
pub mod routes;
pub mod serve;
mod verify;

pub use config::Settings;
pub use house::{House, Trouble};
