//! The menu that narrows a list by what has too many values for chips of their own: one of many, a word, days.

use super::{List, is_of_one_page};
use crate::room::Room;
use maud::{Markup, html};
use tradepost_design::form::unseen;
use tradepost_design::icon::icon;
use tradepost_design::{Button, Icon};
use tradepost_kernel::Date;
use tradepost_web::Call;

/// What stands in a field of the menu.
#[derive(Debug)]
enum Kind {
    Choice(Vec<(String, String)>),
    Text,
    Day,
}

#[derive(Debug)]
struct Field {
    name: &'static str,
    label: &'static str,
    kind: Kind,
}

/// The menu of a list, field by field; what is narrowed to stands as a chip above the list.
#[derive(Debug)]
pub struct Narrowing<'r> {
    room: &'r Room,
    path: String,
    asked: Vec<(String, String)>,
    fields: Vec<Field>,
}

impl<'r> Narrowing<'r> {
    /// The menu of the list of this page, without a field.
    #[must_use]
    pub fn new(room: &'r Room, call: &Call) -> Self {
        Self { room, path: call.request_path().to_owned(), asked: call.query_pairs().to_vec(), fields: Vec::new() }
    }

    /// One of these, each value with its name.
    #[must_use]
    pub fn choice(self, name: &'static str, label: &'static str, choices: Vec<(String, String)>) -> Self {
        self.field(name, label, Kind::Choice(choices))
    }

    /// A word.
    #[must_use]
    pub fn text(self, name: &'static str, label: &'static str) -> Self {
        self.field(name, label, Kind::Text)
    }

    /// A day.
    #[must_use]
    pub fn day(self, name: &'static str, label: &'static str) -> Self {
        self.field(name, label, Kind::Day)
    }

    fn field(mut self, name: &'static str, label: &'static str, kind: Kind) -> Self {
        self.fields.push(Field { name, label, kind });
        self
    }

    fn asked(&self, name: &str) -> &str {
        self.asked.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
    }

    /// The list with the menu, and a chip for each thing that it is narrowed to.
    #[must_use]
    pub fn of<'a>(self, mut list: List<'a>, title: &str) -> List<'a> {
        for field in &self.fields {
            let value = self.asked(field.name);
            if value.is_empty() {
                continue;
            }
            let text = match &field.kind {
                Kind::Choice(choices) => {
                    choices.iter().find(|(known, _)| known == value).map_or_else(|| format!("{} {value}", field.label), |(_, name)| name.clone())
                }
                Kind::Text => format!("{} {value}", field.label),
                Kind::Day => format!("{} {}", field.label, value.parse::<Date>().map_or_else(|_| value.to_owned(), |day| self.room.look.date(day))),
            };
            list = list.filter(field.name, vec![(value.to_owned(), text)]);
        }
        list.acts(self.draw(title))
    }

    fn draw(&self, title: &str) -> Markup {
        let own = |name: &str| self.fields.iter().any(|field| field.name == name);
        let kept: Vec<(&str, &str)> = self
            .asked
            .iter()
            .filter(|(name, value)| !own(name) && !is_of_one_page(name) && !value.is_empty())
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        html! {
            details class="menu" {
                summary class="button small quiet" { (icon(Icon::Filter)) (title) }
                form class="list narrowing" method="get" action=(self.path) {
                    (unseen(&kept))
                    @for field in &self.fields {
                        @let value = self.asked(field.name);
                        div class="field" {
                            label for=(field.name) { (field.label) }
                            @match &field.kind {
                                Kind::Choice(choices) => select id=(field.name) name=(field.name) {
                                    option value="" selected[value.is_empty()] { (self.room.t("All", "Alle")) }
                                    @for (known, name) in choices { option value=(known) selected[known == value] { (name) } }
                                },
                                Kind::Text => input type="text" id=(field.name) name=(field.name) value=(value);,
                                Kind::Day => input type="date" id=(field.name) name=(field.name) value=(value);,
                            }
                        }
                    }
                    (Button::new(self.room.t("Show", "Zeigen")).wide().submit())
                }
            }
        }
    }
}
