//! What is wrong with a request's fields: all of it at once, each with a JSON pointer.

use std::fmt::Write as _;

/// Where in a body a value stands (RFC 6901). In a query, the parameter's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pointer(String);

impl Pointer {
    /// The whole body.
    #[must_use]
    pub const fn root() -> Self {
        Self(String::new())
    }

    /// The field of an object.
    #[must_use]
    pub fn field(&self, name: &str) -> Self {
        Self(format!("{}/{}", self.0, name.replace('~', "~0").replace('/', "~1")))
    }

    /// The place in a list.
    #[must_use]
    pub fn index(&self, at: usize) -> Self {
        let mut text = self.0.clone();
        let _ = write!(text, "/{at}");
        Self(text)
    }

    /// As text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// Where.
    pub pointer: String,
    /// Stable, `snake_case`.
    pub code: &'static str,
    /// For people.
    pub detail: String,
}

/// Everything that is wrong with one request, in the order it was met.
#[derive(Clone, Debug, Default)]
pub struct Errors(Vec<FieldError>);

/// More errors than this are not told: a body of a million wrong rows must not get an answer of the same size.
const MOST: usize = 100;

impl Errors {
    /// Notes that `at` is wrong.
    pub fn add(&mut self, at: &Pointer, code: &'static str, detail: impl Into<String>) {
        if self.0.len() < MOST {
            self.0.push(FieldError { pointer: at.0.clone(), code, detail: detail.into() });
        }
    }

    /// Notes that `at` is of the wrong type, missing or otherwise not what the field takes, and is `None` for the caller.
    pub fn refuse<T>(&mut self, at: &Pointer, detail: impl Into<String>) -> Option<T> {
        self.add(at, "invalid_field", detail);
        None
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the first thing that is wrong has this code.
    #[must_use]
    pub fn begins_with(&self, code: &str) -> bool {
        self.0.first().is_some_and(|first| first.code == code)
    }

    /// What is wrong.
    #[must_use]
    pub fn into_list(self) -> Vec<FieldError> {
        self.0
    }
}
