//! What a command says when it does not do what was asked: expected, typed, without effect.

/// The kind of a refusal; each maps to one HTTP status, in one place of the web crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Understood but wrong (422).
    Invalid,
    /// Missing, or not to be known (404).
    NotFound,
    /// Known, not allowed (403).
    Forbidden,
    /// Who are you (401).
    Unauthenticated,
    /// Wrong state or lost race (409).
    Conflict,
    /// Not enough prepaid (402).
    PaymentRequired,
    /// Expired (410).
    Gone,
    /// Stale version (412).
    Stale,
    /// Too often (429).
    TooOften,
    /// Not now (503).
    Unavailable,
}

/// An expected no: its class, its stable code, and a sentence that says why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What kind of no.
    pub class: Class,
    /// Stable, `snake_case`; the contract with callers.
    pub code: &'static str,
    /// One sentence for people: what is wrong and, where there is one, the way out.
    pub detail: String,
    /// The field it is about, as a JSON pointer into the request body; empty where it is about the whole.
    pub pointer: String,
    /// The state the thing is in, where an illegal step was refused.
    pub state: Option<&'static str>,
}

impl Refusal {
    /// A refusal about the whole request.
    #[must_use]
    pub fn new(class: Class, code: &'static str, detail: impl Into<String>) -> Self {
        Self { class, code, detail: detail.into(), pointer: String::new(), state: None }
    }

    /// Understood but wrong.
    #[must_use]
    pub fn invalid(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Class::Invalid, code, detail)
    }

    /// Missing, or not to be known: the same words for both, so that nothing leaks.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Class::NotFound, "not_found", "There is nothing here by that id.")
    }

    /// Known, not allowed.
    #[must_use]
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Class::Forbidden, code, detail)
    }

    /// Wrong state or lost race.
    #[must_use]
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Class::Conflict, code, detail)
    }

    /// The same refusal, naming the field.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = pointer.into();
        self
    }

    /// The same refusal, naming the current state.
    #[must_use]
    pub fn in_state(mut self, state: &'static str) -> Self {
        self.state = Some(state);
        self
    }
}
