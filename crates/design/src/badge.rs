//! States and counts.

use maud::{Markup, html};

/// What a color says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing.
    #[default]
    Plain,
    /// Done, paid, healthy.
    Good,
    /// Waits for somebody.
    Warn,
    /// Failed, refused, beyond a limit.
    Bad,
    /// Under way, or chosen.
    Info,
}

impl Tone {
    /// Its class in the style.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain-tone",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Info => "info",
        }
    }
}

/// A state in a word.
#[must_use]
pub fn badge(tone: Tone, text: &str) -> Markup {
    html! { span class={ "badge " (tone.class()) } { (text) } }
}

/// A word without a state: a kind, a tag.
#[must_use]
pub fn tag(text: &str) -> Markup {
    html! { span class="badge plain" { (text) } }
}

/// How many there are, beside what they are. Nothing where there is none.
#[must_use]
pub fn count(count: usize) -> Markup {
    html! { @if count > 0 { span class="count" { (count) } } }
}
