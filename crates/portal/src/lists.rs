//! Lists: search, filters and pages in the URL, the same rows as a file.

mod cell;
mod chooser;
mod file;
mod narrowing;
mod pages;

pub use cell::Cell;
pub use chooser::hides;
pub use narrowing::Narrowing;
pub use pages::is_of_one_page;

use crate::files::Kind;
use crate::names;
use crate::room::{Room, Spot, encoded};
use crate::shared::views::Views;
use chooser::HIDE;
use maud::{Markup, html};
use pages::{BACK, Way};
use tradepost_design::frame::Head;
use tradepost_design::table::{Chip, Column, Table, Ways, pager, tools};
use tradepost_design::{Button, Icon, card, note};
use tradepost_domain::listing::{ByAge, Page, PageRequest};
use tradepost_store::BoxFuture;
use tradepost_web::export::{AT_ONCE, Part};
use tradepost_web::{Answer, Call, Problem};

/// Rows of a page.
const ROWS: i64 = 50;

/// A page of rows on its way.
pub type Fetched<'f, R> = BoxFuture<'f, Result<Page<R>, Problem>>;

/// How the rows of a page are read: `fetch!(|page| [call, filter] listed(&call, filter.clone(), page).await)`, with the names of what it
/// borrows. An `async |page|` would say it shorter, but the compiler cannot prove that the future of one that borrows is `Send`.
macro_rules! fetch {
    (|$page:ident| [$($kept:ident),*] $body:expr) => {
        |$page| {
            $( let $kept = &$kept; )*
            Box::pin(async move { $body })
        }
    };
}
pub(crate) use fetch;

/// A filter with one choice: its parameter, and each value with its name.
#[derive(Debug)]
struct Filter<'a> {
    name: &'a str,
    choices: Vec<(String, String)>,
}

/// A list that somebody looks at.
#[derive(Debug)]
pub struct List<'a> {
    room: &'a Room,
    name: &'a str,
    path: String,
    asked: Vec<(String, String)>,
    filters: Vec<Filter<'a>>,
    searches: bool,
    file: Option<Kind>,
    acts: Option<Markup>,
    tabs: Option<Markup>,
    before: Option<Markup>,
    boxes: bool,
    empty: Option<(Icon, &'a str, &'a str, Option<Markup>)>,
    views: Option<Views>,
}

impl<'a> List<'a> {
    /// The list of this page. `name` is that of its files.
    #[must_use]
    pub fn new(room: &'a Room, call: &Call, name: &'a str) -> Self {
        let asked = call.query_pairs().to_vec();
        let file = asked.iter().find(|(name, _)| name == "file").and_then(|(_, ending)| Kind::from_ending(ending));
        Self {
            room,
            name,
            path: call.request_path().to_owned(),
            asked,
            filters: Vec::new(),
            searches: false,
            file,
            acts: None,
            tabs: None,
            before: None,
            boxes: false,
            empty: None,
            views: None,
        }
    }

    /// Its filters can be saved under a name; those that were stand above it.
    #[must_use]
    pub fn views(mut self, views: Views) -> Self {
        self.views = Some(views);
        self
    }

    /// A column whose head sorts the list: by `sort`, its usual order where that is empty. `upward` says which way that is.
    #[must_use]
    pub fn sorting<'c>(&self, column: Column<'c>, sort: &str, upward: bool) -> Column<'c> {
        let now = self.asked("sort").unwrap_or("") == sort;
        column.sorts(self.place(&[("sort", sort), ("cursor", "")]), now.then_some(upward))
    }

    /// A column whose head turns the list around: the oldest first where the newest are, and back.
    #[must_use]
    pub fn turning<'c>(&self, column: Column<'c>) -> Column<'c> {
        let age = self.by_age();
        let other = if age == ByAge::Newest { ByAge::Oldest.name() } else { "" };
        let is_by_age = self.asked("sort").is_none_or(|sort| ByAge::from_name(sort).is_some());
        column.sorts(self.place(&[("sort", other), ("cursor", "")]), is_by_age.then_some(age == ByAge::Oldest))
    }

    /// Whether the newest or the oldest are wanted first.
    #[must_use]
    pub fn by_age(&self) -> ByAge {
        self.asked("sort").and_then(ByAge::from_name).unwrap_or_default()
    }

    /// It can be searched, by the parameter `q`.
    #[must_use]
    pub const fn searches(mut self) -> Self {
        self.searches = true;
        self
    }

    /// It can be filtered: a chip for each value.
    #[must_use]
    pub fn filter(mut self, name: &'a str, choices: Vec<(String, String)>) -> Self {
        self.filters.push(Filter { name, choices });
        self
    }

    /// What can be done with the whole of it, behind what was named before.
    #[must_use]
    pub fn acts(mut self, acts: Markup) -> Self {
        self.acts = Some(match self.acts.take() {
            Some(before) => html! { (before) (acts) },
            None => acts,
        });
        self
    }

    /// Tabs above it.
    #[must_use]
    pub fn tabs(mut self, tabs: Markup) -> Self {
        self.tabs = Some(tabs);
        self
    }

    /// What stands above it.
    #[must_use]
    pub fn before(mut self, before: Markup) -> Self {
        self.before = Some(before);
        self
    }

    /// Its first column holds boxes: what is called a row's first column comes after them.
    #[must_use]
    pub const fn boxes(mut self) -> Self {
        self.boxes = true;
        self
    }

    /// What stands where nothing is yet: what would be here, and how it comes to be.
    #[must_use]
    pub fn empty(mut self, icon: Icon, title: &'a str, text: &'a str, act: Option<Markup>) -> Self {
        self.empty = Some((icon, title, text, act));
        self
    }

    /// What a parameter asks for; nothing where it is empty.
    #[must_use]
    pub fn asked(&self, name: &str) -> Option<&str> {
        self.asked.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// The words that are searched for.
    #[must_use]
    pub fn searched(&self) -> Option<String> {
        self.asked("q").map(|text| text.chars().take(100).collect())
    }

    /// The kind of file that is asked for; `None`: the page.
    #[must_use]
    pub const fn file(&self) -> Option<Kind> {
        self.file
    }

    /// The rows of a page, or for a file those of its next part.
    ///
    /// # Errors
    /// 400 for a cursor that is none; those of `fetch`.
    pub async fn rows<'f, R>(&self, call: &Call, fetch: impl Fn(PageRequest) -> Fetched<'f, R> + Send + Sync) -> Result<Page<R>, Problem> {
        fetch(call.page_of(if self.file.is_some() { AT_ONCE } else { ROWS })?).await
    }

    /// The page with the list, or the file: this handler is called again for each further part of it.
    ///
    /// # Errors
    /// None of its own.
    pub fn answer(
        self,
        call: &Call,
        spot: Spot,
        head: &Head<'_>,
        columns: Vec<Column<'_>>,
        rows: Vec<Vec<Cell>>,
        next: Option<[u8; 16]>,
    ) -> Result<Answer, Problem> {
        if let Some(kind) = self.file {
            let (titles, rows) = file::table(self.room, &columns, rows);
            return Ok(call.file(self.name, &titles, kind.form(self.room), Part { rows, next }));
        }
        Ok(self.room.page(spot, head, &self.draw(call, columns, rows, next)))
    }

    /// The list alone, for a page that shows more than it.
    #[must_use]
    pub fn draw(&self, call: &Call, columns: Vec<Column<'_>>, rows: Vec<Vec<Cell>>, next: Option<[u8; 16]>) -> Markup {
        let (count, look) = (rows.len(), &self.room.look);
        let chooser = self.chooser(&columns);
        let rows: Vec<Vec<Markup>> = rows.into_iter().map(|row| self.chosen(row).map(|cell| cell.shown).collect()).collect();
        let columns = self.chosen(columns).collect();
        let filtered = self.asked.iter().any(|(name, value)| !value.is_empty() && !is_of_one_page(name) && !name.starts_with(HIDE));
        let (here, way) = (self.asked("cursor"), Way::read(self.asked(BACK).unwrap_or("")));
        let after = next.map(|next| self.place(&[("cursor", &call.cursor(next)), (BACK, &way.beyond(here))]));
        let before = here.and_then(|_| way.before()).map(|(cursor, rest)| (!cursor.is_empty(), self.place(&[("cursor", cursor), (BACK, &rest)])));
        // Where the page before is the first one, one button leads there.
        let first = here.filter(|_| before.as_ref().is_none_or(|(further, _)| *further)).map(|_| self.place(&[("cursor", "")]));
        let ways = Ways { first: first.as_deref(), before: before.as_ref().map(|(_, place)| place.as_str()), after: after.as_deref() };
        let table = Table { caption: names::list(look, self.name), columns, rows, foot: None };
        html! {
            @if let Some(tabs) = &self.tabs { (tabs) }
            @if let Some(before) = &self.before { (before) }
            (card::plain(html! {
                @if let Some(views) = &self.views { (views.draw(self.room, &self.asked)) }
                @if count > 0 || filtered { (self.tools(&chooser)) }
                @if count == 0 { (self.nothing(filtered)) } @else { (table.draw()) }
                @if count > 0 || here.is_some() { (pager(&look.n(i64::try_from(count).unwrap_or(0), ("row", "rows"), ("Zeile", "Zeilen")), &ways, look.language)) }
            }))
        }
    }

    fn nothing(&self, filtered: bool) -> Markup {
        let room = self.room;
        if filtered {
            let all = Button::new(room.t("Clear filters", "Filter zurücksetzen")).to(&self.path);
            return note::empty(
                Icon::Search,
                room.t("No results", "Keine Treffer"),
                room.t("Nothing matches your search and filters.", "Nichts entspricht Suche und Filtern."),
                Some(&all),
            );
        }
        match &self.empty {
            Some((icon, title, text, act)) => note::empty(*icon, title, text, act.as_ref()),
            None => note::empty(Icon::Info, room.t("Nothing here yet", "Noch nichts da"), "", None),
        }
    }

    fn tools(&self, chooser: &Markup) -> Markup {
        let (room, mut chips) = (self.room, Vec::new());
        for filter in &self.filters {
            for (value, text) in &filter.choices {
                let on = self.asked(filter.name) == Some(value.as_str());
                let place = self.place(&[(filter.name, if on { "" } else { value }), ("cursor", "")]);
                chips.push(Chip { text, place, on });
            }
        }
        let kept: Vec<(&str, &str)> = self
            .asked
            .iter()
            .filter(|(name, value)| name != "q" && !is_of_one_page(name) && !value.is_empty())
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let file = |text, ending| Button::new(text).small().quiet().icon(Icon::Download).to(&self.place(&[("file", ending), ("cursor", "")]));
        let acts = html! { (file("CSV", "csv")) (file("XLSX", "xlsx")) (chooser) @if let Some(acts) = &self.acts { (acts) } };
        tools(self.searches.then_some(&self.path), self.asked("q").unwrap_or(""), &kept, &chips, &acts, room.look.language)
    }

    /// This list with other parameters; an empty one is left out. What is of one page stays behind where another one is asked for.
    #[must_use]
    pub fn place(&self, changed: &[(&str, &str)]) -> String {
        let kept = self.asked.iter().filter(|(name, _)| {
            let left = matches!(name.as_str(), "file" | "select") || (name == BACK && changed.iter().any(|(other, _)| *other == "cursor"));
            !left && !changed.iter().any(|(other, _)| other == name)
        });
        let all = kept.map(|(name, value)| (name.as_str(), value.as_str())).chain(changed.iter().copied());
        let pairs: Vec<String> = all.filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        if pairs.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, pairs.join("&")) }
    }
}
