//! Which columns of a wide list are shown. What is hidden stands in the address, so that a link, a bookmark and a saved view keep it.

use super::{List, is_of_one_page};
use maud::{Markup, html};
use tradepost_design::form::unseen;
use tradepost_design::icon::icon;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon};

/// Columns from which on a list lets some be hidden.
const WIDE: usize = 6;
/// What a parameter that hides a column begins with; its place follows.
pub(super) const HIDE: &str = "hide-";

/// Whether a parameter hides a column: it means something on this list alone.
#[must_use]
pub fn hides(name: &str) -> bool {
    name.starts_with(HIDE)
}

impl List<'_> {
    /// What is left of columns or cells without those that are hidden. The first one is what leads to the row's page.
    pub(super) fn chosen<T>(&self, all: Vec<T>) -> impl Iterator<Item = T> {
        // A list with boxes is the same list: what is hidden in the one is hidden in the other.
        let shown = move |place: usize| place == 0 || self.asked(&format!("{HIDE}{place}")).is_none();
        all.into_iter().enumerate().filter(move |(place, _)| shown(place.saturating_sub(self.boxes.into()))).map(|(_, one)| one)
    }

    /// The menu of a wide list that hides columns. What is hidden stands in the address, so that a saved view keeps it.
    pub(super) fn chooser(&self, columns: &[Column<'_>]) -> Markup {
        let room = self.room;
        let named = columns.iter().skip(self.boxes.into()).enumerate().skip(1).filter(|(_, column)| !column.title().is_empty());
        if columns.len() < WIDE {
            return html! {};
        }
        let kept: Vec<(&str, &str)> = self
            .asked
            .iter()
            .filter(|(name, value)| !(name.starts_with(HIDE) || is_of_one_page(name) || value.is_empty()))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        html! {
            details class="menu" {
                summary class="button small quiet" { (icon(Icon::Hidden)) (room.t("Columns", "Spalten")) }
                form class="list narrowing" method="get" action=(self.path) {
                    (unseen(&kept))
                    @for (place, column) in named {
                        @let name = format!("{HIDE}{place}");
                        label class="choice" { input type="checkbox" name=(name) value="yes" checked[self.asked(&name).is_some()]; span { (column.title()) } }
                    }
                    (Button::new(room.t("Hide selected", "Ausgewählte ausblenden")).wide().submit())
                }
            }
        }
    }
}
