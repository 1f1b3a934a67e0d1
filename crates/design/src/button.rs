//! Buttons: what can be done here. One primary button per page, for what people come to do.

use crate::icon::{Icon, icon};
use maud::{Markup, html};

/// How loud it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Rank {
    #[default]
    Usual,
    Primary,
    Danger,
    Quiet,
}

/// A button, or a link that looks like one.
#[derive(Clone, Debug)]
pub struct Button<'a> {
    text: &'a str,
    rank: Rank,
    icon: Option<Icon>,
    small: bool,
    wide: bool,
    bare: bool,
    opens: bool,
    off: Option<&'a str>,
}

impl<'a> Button<'a> {
    /// One that says what it does.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self { text, rank: Rank::Usual, icon: None, small: false, wide: false, bare: false, opens: false, off: None }
    }

    /// What people come to this page to do.
    #[must_use]
    pub const fn primary(mut self) -> Self {
        self.rank = Rank::Primary;
        self
    }

    /// What cannot be taken back.
    #[must_use]
    pub const fn danger(mut self) -> Self {
        self.rank = Rank::Danger;
        self
    }

    /// What is rarely done.
    #[must_use]
    pub const fn quiet(mut self) -> Self {
        self.rank = Rank::Quiet;
        self
    }

    /// With an icon before the text.
    #[must_use]
    pub const fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    /// Small, inside tables and heads of cards.
    #[must_use]
    pub const fn small(mut self) -> Self {
        self.small = true;
        self
    }

    /// As wide as its place.
    #[must_use]
    pub const fn wide(mut self) -> Self {
        self.wide = true;
        self
    }

    /// The icon alone; the text is for screen readers and the pointer's hint.
    #[must_use]
    pub const fn bare(mut self) -> Self {
        self.bare = true;
        self
    }

    /// The page behind its link is shown in a dialog where there is a script.
    #[must_use]
    pub const fn opens_dialog(mut self) -> Self {
        self.opens = true;
        self
    }

    /// It can't be used now, and why not.
    #[must_use]
    pub const fn off(mut self, why: &'a str) -> Self {
        self.off = Some(why);
        self
    }

    fn class(&self) -> String {
        let mut class = String::from("button");
        let rank = match self.rank {
            Rank::Usual => "",
            Rank::Primary => "primary",
            Rank::Danger => "danger",
            Rank::Quiet => "quiet",
        };
        for (wanted, name) in [(!rank.is_empty(), rank), (self.small, "small"), (self.wide, "wide"), (self.bare, "bare")] {
            if wanted {
                class.push(' ');
                class.push_str(name);
            }
        }
        class
    }

    fn face(&self) -> Markup {
        html! {
            @if let Some(shown) = self.icon { (icon(shown)) }
            @if self.bare { span class="unseen" { (self.text) } } @else { (self.text) }
        }
    }

    fn hint(&self) -> Option<&str> {
        self.off.or(self.bare.then_some(self.text))
    }

    /// A link to a page. One that is off leads nowhere.
    #[must_use]
    pub fn to(&self, place: &str) -> Markup {
        html! {
            @if self.off.is_some() {
                span class=(self.class()) aria-disabled="true" title=[self.hint()] { (self.face()) }
            } @else {
                a class=(self.class()) href=(place) title=[self.hint()] data-dialog[self.opens] { (self.face()) }
            }
        }
    }

    /// The button that sends its form.
    #[must_use]
    pub fn submit(&self) -> Markup {
        html! { button class=(self.class()) type="submit" title=[self.hint()] disabled[self.off.is_some()] { (self.face()) } }
    }

    /// A button that sends its form with a value of its own.
    #[must_use]
    pub fn submit_as(&self, name: &str, value: &str) -> Markup {
        html! {
            button class=(self.class()) type="submit" name=(name) value=(value) title=[self.hint()] disabled[self.off.is_some()] { (self.face()) }
        }
    }
}
