//! Lists: a table with its tools, and the pages it comes in.

use crate::button::Button;
use crate::icon::{Icon, icon};
use maud::{Markup, html};
use tradepost_kernel::Language;

/// A column.
#[derive(Clone, Debug)]
pub struct Column<'a> {
    title: &'a str,
    right: bool,
    amounts: bool,
    further: Vec<&'a str>,
    sort: Option<(String, Option<bool>)>,
}

impl<'a> Column<'a> {
    /// One of words.
    #[must_use]
    pub const fn new(title: &'a str) -> Self {
        Self { title, right: false, amounts: false, further: Vec::new(), sort: None }
    }

    /// One of counts.
    #[must_use]
    pub const fn right(title: &'a str) -> Self {
        Self { title, right: true, amounts: false, further: Vec::new(), sort: None }
    }

    /// One of amounts: a file of the table says in a column of its own what they are in.
    #[must_use]
    pub const fn amounts(title: &'a str) -> Self {
        Self { title, right: true, amounts: true, further: Vec::new(), sort: None }
    }

    /// What else its cells hold, such as a second line, has this name where it stands in a column of its own: in a file.
    #[must_use]
    pub fn with(mut self, title: &'a str) -> Self {
        self.further.push(title);
        self
    }

    /// What stands in its head.
    #[must_use]
    pub const fn title(&self) -> &'a str {
        self.title
    }

    /// The names of what else its cells hold.
    #[must_use]
    pub fn further(&self) -> &[&'a str] {
        &self.further
    }

    /// Whether its cells hold amounts.
    #[must_use]
    pub const fn is_of_amounts(&self) -> bool {
        self.amounts
    }

    /// Its head sorts the list: where to, and which way it is sorted now (`true` upward).
    #[must_use]
    pub fn sorts(mut self, place: String, now: Option<bool>) -> Self {
        self.sort = Some((place, now));
        self
    }
}

/// A table. Where it is narrow, each row becomes a small card.
#[derive(Debug)]
pub struct Table<'a> {
    /// What it lists, for screen readers.
    pub caption: &'a str,
    /// Its columns.
    pub columns: Vec<Column<'a>>,
    /// Its rows, a cell per column.
    pub rows: Vec<Vec<Markup>>,
    /// A last line of sums.
    pub foot: Option<Vec<Markup>>,
}

impl Table<'_> {
    /// Draws it.
    #[must_use]
    pub fn draw(&self) -> Markup {
        let side = |place: usize| self.columns.get(place).is_some_and(|column| column.right).then_some("right");
        let label = |place: usize| self.columns.get(place).map_or("", |column| column.title);
        html! {
            div class="table-wrap" tabindex="0" role="region" aria-label=(self.caption) {
                table class="table stacks" {
                    caption class="unseen" { (self.caption) }
                    thead {
                        tr {
                            @for (place, column) in self.columns.iter().enumerate() {
                                @let order = column.sort.as_ref().and_then(|sort| sort.1).map(|upward| if upward { "ascending" } else { "descending" });
                                th scope="col" class=[side(place)] aria-sort=[order] { (head(column)) }
                            }
                        }
                    }
                    tbody {
                        @for row in &self.rows {
                            tr { @for (place, cell) in row.iter().enumerate() { td class=[side(place)] data-label=(label(place)) { (cell) } } }
                        }
                    }
                    @if let Some(foot) = &self.foot {
                        tfoot { tr { @for (place, cell) in foot.iter().enumerate() { td class=[side(place)] { (cell) } } } }
                    }
                }
            }
        }
    }
}

fn head(column: &Column<'_>) -> Markup {
    html! {
        @match &column.sort {
            None => (column.title),
            Some((place, now)) => a href=(place) {
                (column.title)
                @match now { Some(true) => (icon(Icon::SortedUp)), Some(false) => (icon(Icon::Sorted)), None => {} }
            },
        }
    }
}

/// A filter: what it says, where it leads, whether it is on.
#[derive(Clone, Debug)]
pub struct Chip<'a> {
    /// What it says.
    pub text: &'a str,
    /// The list with it, or without it where it is on.
    pub place: String,
    /// Whether it is on.
    pub on: bool,
}

/// The line above a list: search, filters, and what can be done with the whole of it.
#[must_use]
pub fn tools(place: Option<&str>, searched: &str, kept: &[(&str, &str)], chips: &[Chip<'_>], acts: &Markup, language: Language) -> Markup {
    let search = language.t("Search", "Suchen");
    html! {
        div class="tools" {
            @if let Some(place) = place {
                form class="search" action=(place) method="get" role="search" {
                    (icon(Icon::Search))
                    input type="search" name="q" value=(searched) placeholder=(search) aria-label=(search);
                    (crate::form::unseen(kept))
                }
            }
            @if !chips.is_empty() {
                div class="chips" {
                    @for chip in chips {
                        a class="chip" href=(chip.place) aria-current=[chip.on.then_some("true")] { (chip.text) @if chip.on { (icon(Icon::Close)) } }
                    }
                }
            }
            div class="apart" { (acts) }
        }
    }
}

/// Where the pager of a list leads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ways<'a> {
    /// To the first page, where neither this one nor the one before is it.
    pub first: Option<&'a str>,
    /// To the page before, where it is known.
    pub before: Option<&'a str>,
    /// To the page after, where there is one.
    pub after: Option<&'a str>,
}

/// The line below a list: how much of it is seen, and the pages before and after.
#[must_use]
pub fn pager(text: &str, ways: &Ways<'_>, language: Language) -> Markup {
    let button = |text, icon, place: Option<&str>| {
        let button = Button::new(text).small().icon(icon);
        match place {
            Some(place) => button.to(place),
            None => button.off(language.t("There is no further page", "Es gibt keine weitere Seite")).to("#"),
        }
    };
    let Ways { first, before, after } = *ways;
    html! {
        nav class="pager" aria-label=(language.t("Pages", "Seiten")) {
            span { (text) }
            @if first.is_some() || before.is_some() || after.is_some() {
                div class="apart" {
                    @if first.is_some() { (button(language.t("First page", "Erste Seite"), Icon::First, first)) }
                    @if first.is_none() || before.is_some() { (button(language.t("Previous", "Zurück"), Icon::Previous, before)) }
                    (button(language.t("Next", "Weiter"), Icon::Next, after))
                }
            }
        }
    }
}

/// Tabs of a page: name, place, how many, whether it is this one.
#[must_use]
pub fn tabs(label: &str, tabs: &[(&str, String, usize, bool)]) -> Markup {
    html! {
        nav class="tabs" aria-label=(label) {
            @for (name, place, count, here) in tabs {
                a href=(place) aria-current=[here.then_some("page")] { (name) (crate::badge::count(*count)) }
            }
        }
    }
}
