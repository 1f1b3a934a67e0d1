//! Forms: labels, hints, mistakes beside their fields; what was typed is never lost.

use crate::icon::{Icon, icon};
use maud::{Markup, PreEscaped, html};

/// A field and what is said about it.
#[derive(Clone, Debug, Default)]
pub struct Field<'a> {
    name: &'a str,
    label: &'a str,
    value: &'a str,
    hint: Option<&'a str>,
    wrong: Option<&'a str>,
    optional: Option<&'a str>,
    before: Option<&'a str>,
    after: Option<&'a str>,
    fill: Option<&'a str>,
    example: Option<&'a str>,
    whole: bool,
    numeric: bool,
    off: bool,
}

impl<'a> Field<'a> {
    /// One with the name it is sent by and the label people see.
    #[must_use]
    pub fn new(name: &'a str, label: &'a str) -> Self {
        Self { name, label, ..Self::default() }
    }

    /// What stands in it.
    #[must_use]
    pub const fn value(mut self, value: &'a str) -> Self {
        self.value = value;
        self
    }

    /// What helps to fill it in.
    #[must_use]
    pub const fn hint(mut self, hint: &'a str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// What is wrong with what stands in it.
    #[must_use]
    pub const fn wrong(mut self, wrong: Option<&'a str>) -> Self {
        self.wrong = wrong;
        self
    }

    /// It may stay empty; the word says so.
    #[must_use]
    pub const fn optional(mut self, word: &'a str) -> Self {
        self.optional = Some(word);
        self
    }

    /// A unit before it: a currency.
    #[must_use]
    pub const fn before(mut self, unit: &'a str) -> Self {
        self.before = Some(unit);
        self
    }

    /// A unit behind it: `%`, days.
    #[must_use]
    pub const fn after(mut self, unit: &'a str) -> Self {
        self.after = Some(unit);
        self
    }

    /// What a browser may fill in, as in `autocomplete`.
    #[must_use]
    pub const fn fill(mut self, what: &'a str) -> Self {
        self.fill = Some(what);
        self
    }

    /// An example of what is wanted.
    #[must_use]
    pub const fn example(mut self, example: &'a str) -> Self {
        self.example = Some(example);
        self
    }

    /// As wide as the form.
    #[must_use]
    pub const fn whole(mut self) -> Self {
        self.whole = true;
        self
    }

    /// A number or an amount: a phone shows digits.
    #[must_use]
    pub const fn numeric(mut self) -> Self {
        self.numeric = true;
        self
    }

    /// It can't be changed.
    #[must_use]
    pub const fn off(mut self, off: bool) -> Self {
        self.off = off;
        self
    }

    fn described(&self) -> Option<String> {
        let mut by = Vec::new();
        if self.hint.is_some() {
            by.push(format!("{}-hint", self.name));
        }
        if self.wrong.is_some() {
            by.push(format!("{}-wrong", self.name));
        }
        (!by.is_empty()).then(|| by.join(" "))
    }

    fn around(&self, control: &Markup) -> Markup {
        html! {
            div class=(if self.whole { "field whole" } else { "field" }) {
                label for=(self.name) { (self.label) @if let Some(word) = self.optional { " " span class="optional" { (word) } } }
                @if self.before.is_some() || self.after.is_some() {
                    div class="affixed" {
                        @if let Some(unit) = self.before { span { (unit) } }
                        (control)
                        @if let Some(unit) = self.after { span { (unit) } }
                    }
                } @else { (control) }
                @if let Some(hint) = self.hint { span class="hint" id={ (self.name) "-hint" } { (hint) } }
                @if let Some(wrong) = self.wrong { span class="wrong" id={ (self.name) "-wrong" } { (icon(Icon::Bad)) (wrong) } }
            }
        }
    }

    fn required(&self) -> bool {
        self.optional.is_none()
    }

    /// A line of text of a type that browsers know.
    #[must_use]
    pub fn input(&self, kind: &str) -> Markup {
        let invalid = self.wrong.map(|_| "true");
        self.around(&html! {
            input type=(kind) id=(self.name) name=(self.name) value=(self.value) required[self.required()] disabled[self.off] placeholder=[self.example]
                autocomplete=[self.fill] inputmode=[self.numeric.then_some("decimal")] aria-invalid=[invalid] aria-describedby=[self.described()];
        })
    }

    /// A line of text.
    #[must_use]
    pub fn text(&self) -> Markup {
        self.input("text")
    }

    /// Lines of text.
    #[must_use]
    pub fn lines(&self) -> Markup {
        let invalid = self.wrong.map(|_| "true");
        self.around(&html! {
            textarea id=(self.name) name=(self.name) required[self.required()] disabled[self.off] placeholder=[self.example] aria-invalid=[invalid]
                aria-describedby=[self.described()] { (PreEscaped("\n")) (self.value) }
        })
    }

    /// One of several, each with its value and its name.
    #[must_use]
    pub fn select(&self, choices: &[(&str, &str)]) -> Markup {
        let invalid = self.wrong.map(|_| "true");
        self.around(&html! {
            select id=(self.name) name=(self.name) required[self.required()] disabled[self.off] aria-invalid=[invalid] aria-describedby=[self.described()] {
                @for (value, name) in choices { option value=(value) selected[*value == self.value] { (name) } }
            }
        })
    }

    /// One of a few, all to be seen, each with its value, its name and what it means.
    #[must_use]
    pub fn radios(&self, choices: &[(&str, &str, &str)]) -> Markup {
        html! {
            fieldset class=(if self.whole { "field whole" } else { "field" }) id=(self.name) aria-describedby=[self.described()] {
                legend { (self.label) }
                div class="choices" {
                    @for (value, name, meaning) in choices {
                        label class="choice boxed" {
                            input type="radio" name=(self.name) value=(value) checked[*value == self.value] disabled[self.off];
                            span { (name) }
                            @if !meaning.is_empty() { span class="hint" { (meaning) } }
                        }
                    }
                }
                @if let Some(hint) = self.hint { span class="hint" id={ (self.name) "-hint" } { (hint) } }
                @if let Some(wrong) = self.wrong { span class="wrong" id={ (self.name) "-wrong" } { (icon(Icon::Bad)) (wrong) } }
            }
        }
    }

    /// Yes or no; `value` is `true` or anything else.
    #[must_use]
    pub fn tick(&self) -> Markup {
        self.yes_or_no("choice")
    }

    /// On or off.
    #[must_use]
    pub fn switch(&self) -> Markup {
        self.yes_or_no("choice switch")
    }

    fn yes_or_no(&self, class: &str) -> Markup {
        html! {
            div class=(if self.whole { "field whole" } else { "field" }) {
                label class=(class) {
                    input type="checkbox" id=(self.name) name=(self.name) value="true" checked[self.value == "true"] disabled[self.off]
                        aria-describedby=[self.described()];
                    span { (self.label) }
                    @if let Some(hint) = self.hint { span class="hint" id={ (self.name) "-hint" } { (hint) } }
                }
                @if let Some(wrong) = self.wrong { span class="wrong" id={ (self.name) "-wrong" } { (icon(Icon::Bad)) (wrong) } }
            }
        }
    }
}

/// What every form that changes something carries, unseen: the token that proves it was ours, and the key that keeps a second
/// sending from having a second effect.
#[must_use]
pub fn unseen(fields: &[(&str, &str)]) -> Markup {
    html! { @for (name, value) in fields { input type="hidden" name=(name) value=(value); } }
}
