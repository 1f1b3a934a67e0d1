//! How the portal looks: color, space and type (`style/`), icons, and the parts that pages are put together from, as functions
//! that give [`maud::Markup`].
//!
//! Always true here: pure functions, no business word, no I/O; everything works without JavaScript, which only makes it
//! smoother (`script/`); no inline script or style, so that a strict content security policy holds. `styleguide` shows every part.

pub mod assets;
pub mod badge;
pub mod button;
pub mod card;
pub mod chart;
pub mod form;
pub mod frame;
pub mod guide;
pub mod icon;
pub mod note;
pub mod styleguide;
pub mod table;
pub mod value;

pub use badge::{Tone, badge};
pub use button::Button;
pub use card::Card;
pub use form::Field;
pub use icon::Icon;
pub use table::{Column, Table};
pub use tradepost_kernel::Language;
