//! The only crate that knows HTTP: the floor that every route stands on, the API and the portal.
//!
//! Always true here:
//! - A route is one row of the one table ([`routes::Routes`]): matching, rights, the OpenAPI document and the docs read it.
//! - An input is declared once ([`input!`]) and read strictly: everything that is wrong is told at once.
//! - Every no is a [`Problem`]; what is missing and what belongs to somebody else look alike, byte for byte.
//! - A handler runs detached from its connection: a client that hangs up never leaves half a command.
//!
//! What does not belong: SQL, rules of the business, calls to the outside.

pub mod answer;
pub mod api;
pub mod app;
pub mod authenticate;
pub mod beside;
pub mod call;
mod choices;
pub mod codes;
pub mod credentials;
pub mod docs_page;
mod docs_schema;
pub mod dynamic_url;
pub mod error_page;
pub mod errors;
pub mod export;
pub mod fields;
mod floor;
pub mod form;
mod idempotency;
pub mod input;
pub mod issuers;
pub mod json;
pub mod limits;
mod matching;
pub mod observe;
pub mod openapi;
pub mod pace;
pub mod paging;
mod passwords;
pub mod problem;
pub mod query;
pub mod route;
pub mod routes;
pub mod schema;
pub mod server;
pub mod shoppex;
pub mod system;
pub mod tried;
pub mod upload;
pub mod view;
pub mod voice;

pub use answer::Answer;
pub use app::{App, Settings};
pub use beside::beside;
pub use call::{Call, OrNotFound};
pub use floor::Floor;
pub use problem::Problem;
pub use routes::{Access, Routes};
pub use upload::Upload;
