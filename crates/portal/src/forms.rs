//! Forms: what was typed is never lost, what is wrong stands beside its field and above them all, a second sending has no second effect.

use crate::look::Look;
use crate::refusals;
use maud::{Markup, html};
use tradepost_design::{Button, Field, form, note};
use tradepost_web::form::FORM_KEY;
use tradepost_web::{Call, Problem};

/// What stands in a form, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    values: Vec<(String, String)>,
    mistakes: Vec<(String, String)>,
}

impl Typed {
    /// A form that nobody has touched, with what stands in it at first.
    #[must_use]
    pub fn new<'a>(values: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        Self { values: values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(), mistakes: Vec::new() }
    }

    /// The form as it was sent.
    #[must_use]
    pub const fn of(values: Vec<(String, String)>) -> Self {
        Self { values, mistakes: Vec::new() }
    }

    /// The form as it was sent, after a no that is about what was typed. Any other no is passed on: the page cannot be shown then.
    ///
    /// # Errors
    /// The no.
    pub fn refused(call: &Call, look: &Look, no: Problem) -> Result<Self, Problem> {
        // A product that was typed and is not offered is a mistake in the form, not a page that is missing.
        let typed_wrong = matches!(no.status().as_u16(), 400 | 402 | 409 | 410 | 412 | 415 | 422) || no.code() == "product_not_available";
        if !typed_wrong {
            return Err(no);
        }
        let told = no.errors().iter().map(|error| {
            let field = error.pointer.trim_start_matches('/').split('/').next().unwrap_or("").to_owned();
            (field, refusals::of_field(look, error.code, &error.detail))
        });
        let mut mistakes: Vec<(String, String)> = told.collect();
        if mistakes.is_empty() {
            mistakes.push((String::new(), refusals::in_words(look, no.code(), no.detail())));
        }
        Ok(Self { values: call.typed().unwrap_or_default(), mistakes })
    }

    /// The same mistakes, with this in the fields.
    #[must_use]
    pub fn keeping(self, values: Vec<(String, String)>) -> Self {
        Self { values, ..self }
    }

    /// What stands in all fields, in the order of the form.
    #[must_use]
    pub fn values(&self) -> &[(String, String)] {
        &self.values
    }

    /// The same with a further mistake.
    #[must_use]
    pub fn wrong_with(mut self, field: &str, text: &str) -> Self {
        self.mistakes.push((field.to_owned(), text.to_owned()));
        self
    }

    /// The same with a field under another name, its mistakes too: a page has several forms with a field of that name, and means one of them.
    #[must_use]
    pub fn renamed(mut self, from: &str, to: &str) -> Self {
        for (name, _) in self.values.iter_mut().chain(&mut self.mistakes).filter(|(name, _)| name == from) {
            to.clone_into(name);
        }
        self
    }

    /// What stands in a field that was sent; `known` where it was not.
    #[must_use]
    pub fn or<'a>(&'a self, name: &str, known: &'a str) -> &'a str {
        self.values.iter().find(|(sent, _)| sent == name).map_or(known, |(_, value)| value)
    }

    /// What stands in a field.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.values.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Whether a box is ticked, or a value among those that were chosen.
    #[must_use]
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.value(name).split(',').any(|chosen| chosen == value)
    }

    /// What is wrong with a field.
    #[must_use]
    pub fn wrong(&self, name: &str) -> Option<&str> {
        self.mistakes.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// Whether anything is wrong.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        !self.mistakes.is_empty()
    }

    /// A field with what stands in it and what is wrong with it.
    #[must_use]
    pub fn field<'a>(&'a self, name: &'a str, label: &'a str) -> Field<'a> {
        Field::new(name, label).value(self.value(name)).wrong(self.wrong(name))
    }

    /// All mistakes, above the form.
    #[must_use]
    pub fn mistakes(&self, look: &Look) -> Markup {
        html! { @if self.is_wrong() { (note::mistakes(look.t("This could not be done", "Das ging nicht"), &self.mistakes)) } }
    }
}

/// A form that is sent once: `action` is where to, `inside` its fields, `act` the button that sends it, `back` where Cancel leads.
#[must_use]
pub fn form(call: &Call, look: &Look, action: &str, inside: &Markup, act: &Button<'_>, back: Option<&str>) -> Markup {
    html! {
        form class="form" method="post" action=(action) {
            (form::unseen(&[(FORM_KEY, &call.form_key())]))
            div class="fields" { (inside) }
            div class="form-end" {
                @if let Some(back) = back { a class="button" href=(back) data-close { (look.t("Cancel", "Abbrechen")) } }
                (act.submit())
            }
        }
    }
}

/// A button that does something at once, without asking: what can be taken back, or does no harm.
#[must_use]
pub fn act(call: &Call, action: &str, button: &Button<'_>) -> Markup {
    html! {
        form class="act" method="post" action=(action) { (form::unseen(&[(FORM_KEY, &call.form_key())])) (button.submit()) }
    }
}

/// The inside of a page that asks before a final step: what happens, and the button that does it.
#[must_use]
#[allow(clippy::too_many_arguments, reason = "each part of the question is another one's to say")]
pub fn question(call: &Call, look: &Look, title: &str, text: &Markup, typed: &Typed, action: &str, act: &Button<'_>, back: &str) -> Markup {
    html! {
        header { h2 { (title) } }
        div class="inside" {
            (typed.mistakes(look))
            (form(call, look, action, text, act, Some(back)))
        }
    }
}
