//! One cell of a list: how a page shows it, and what a file has of it.

use crate::files::Plain;
use crate::room::Room;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::{badge, value};
use tradepost_kernel::{Currency, Date, Money, Timestamp};

/// One cell: as a page shows it, and what it holds.
#[derive(Debug)]
pub struct Cell {
    pub(super) shown: Markup,
    pub(super) plain: Plain,
    /// What a file has in columns of their own behind this one, in the order of their names ([`Column::with`](tradepost_design::table::Column::with)).
    pub(super) further: Vec<Plain>,
    /// What its amount is in.
    pub(super) currency: Option<Currency>,
}

impl Cell {
    /// Nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self::shown_as(value::none(), Plain::Empty)
    }

    /// What somebody typed.
    #[must_use]
    pub fn text(text: &str) -> Self {
        if text.is_empty() { Self::empty() } else { Self::shown_as(value::whole(text), Plain::Text(text.to_owned())) }
    }

    /// What somebody typed, or nothing.
    #[must_use]
    pub fn maybe(text: Option<&str>) -> Self {
        Self::text(text.unwrap_or(""))
    }

    /// The row's name, which leads to its page; a second line beneath it, which is the first of what else the cell holds.
    #[must_use]
    pub fn link(text: &str, path: &str, under: Option<&str>) -> Self {
        let shown = html! { a class="row" href=(path) { (value::whole(text)) } @if let Some(under) = under { span class="under" { (under) } } };
        Self::shown_as(shown, Plain::Text(text.to_owned())).under(under)
    }

    /// The same with a code beneath it, to be copied.
    #[must_use]
    pub fn link_and_code(room: &Room, text: &str, path: &str, code: &str) -> Self {
        let shown = html! { a class="row" href=(path) { (value::whole(text)) } span class="under" { (value::copyable(code, room.look.language)) } };
        Self::shown_as(shown, Plain::Text(text.to_owned())).and(Plain::Text(code.to_owned()))
    }

    /// A state.
    #[must_use]
    pub fn badge(tone: Tone, text: &str) -> Self {
        Self::shown_as(badge(tone, text), Plain::Exact(text.to_owned()))
    }

    /// A count.
    #[must_use]
    pub fn number(room: &Room, number: i64) -> Self {
        Self::shown_as(html! { span class="number" { (room.look.number(number)) } }, Plain::Number(number.to_string()))
    }

    /// An amount.
    #[must_use]
    pub fn money(room: &Room, money: &Money) -> Self {
        Self::money_as(room.look.money(money), money)
    }

    /// An amount that a page shows with something else.
    #[must_use]
    pub fn money_as(shown: Markup, money: &Money) -> Self {
        Self { currency: Some(money.currency), ..Self::shown_as(shown, Plain::Number(money.amount_text())) }
    }

    /// A moment.
    #[must_use]
    pub fn moment(room: &Room, at: Timestamp) -> Self {
        Self::shown_as(room.look.moment(at), Plain::Exact(at.to_string()))
    }

    /// A moment, or nothing.
    #[must_use]
    pub fn maybe_moment(room: &Room, at: Option<Timestamp>) -> Self {
        at.map_or_else(Self::empty, |at| Self::moment(room, at))
    }

    /// A day.
    #[must_use]
    pub fn date(room: &Room, date: Date) -> Self {
        Self::shown_as(value::whole(&room.look.date(date)), Plain::Exact(date.to_string()))
    }

    /// A person or company, with a second line, which is the first of what else the cell holds.
    #[must_use]
    pub fn person(name: &str, under: Option<&str>) -> Self {
        Self::shown_as(value::person(name, under), Plain::Text(name.to_owned())).under(under)
    }

    /// A company that leads to its page.
    #[must_use]
    pub fn company(name: &str, path: &str) -> Self {
        Self::shown_as(html! { a href=(path) { (value::person(name, None)) } }, Plain::Text(name.to_owned()))
    }

    /// An id or code, to be copied.
    #[must_use]
    pub fn code(room: &Room, text: &str) -> Self {
        Self::shown_as(value::copyable(text, room.look.language), Plain::Exact(text.to_owned()))
    }

    /// Buttons: on the page only.
    #[must_use]
    pub const fn acts(shown: Markup) -> Self {
        Self::shown_as(shown, Plain::Empty)
    }

    /// Anything else: how it is shown, and what it holds.
    #[must_use]
    pub const fn shown_as(shown: Markup, plain: Plain) -> Self {
        Self { shown, plain, further: Vec::new(), currency: None }
    }

    /// What else it holds, for the next of the columns that a file has behind this one.
    #[must_use]
    pub fn and(mut self, further: Plain) -> Self {
        self.further.push(further);
        self
    }

    fn under(self, under: Option<&str>) -> Self {
        match under {
            Some(under) => self.and(Plain::Text(under.to_owned())),
            None => self,
        }
    }
}
