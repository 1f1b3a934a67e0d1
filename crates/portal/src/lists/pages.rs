//! The way through the pages of a list: a cursor leads forward only, so the address of a page carries the cursors of those before it.

/// The parameter that carries the way back.
pub(super) const BACK: &str = "back";
/// What the way back calls the first page, which has no cursor.
const FIRST: &str = "first";
/// Pages that can be gone back; beyond them the way leads to the first one. Addresses stay short so.
const MOST: usize = 30;

/// Parameters that belong to one page of a list or say what is done with it: a filter that changes leaves them behind, and no view keeps them.
const OF_ONE_PAGE: [&str; 4] = ["cursor", BACK, "file", "select"];

/// Whether a parameter belongs to one page, not to what the list is filtered by.
#[must_use]
pub fn is_of_one_page(name: &str) -> bool {
    OF_ONE_PAGE.contains(&name)
}

/// The pages before one, as its address names them: the first one first where it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Way(Vec<String>);

impl Way {
    /// Reads it. What somebody made up is no way: a page without one leads to the first.
    pub(super) fn read(text: &str) -> Self {
        let is_cursor =
            |part: &str| part.len() < 64 && !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let parts: Vec<&str> = text.split('.').collect();
        if parts.len() > MOST || !parts.iter().all(|part| is_cursor(part)) { Self::default() } else { Self(parts.into_iter().map(str::to_owned).collect()) }
    }

    /// The page before: its cursor, empty for the first one, and the way to it. `None`: it is not known.
    pub(super) fn before(&self) -> Option<(&str, String)> {
        let (last, earlier) = self.0.split_last()?;
        Some(if last == FIRST { ("", String::new()) } else { (last, earlier.join(".")) })
    }

    /// The way to the page after the one with this cursor.
    pub(super) fn beyond(&self, cursor: Option<&str>) -> String {
        let from = self.0.len().saturating_sub(MOST - 1);
        self.0[from..].iter().map(String::as_str).chain([cursor.unwrap_or(FIRST)]).collect::<Vec<_>>().join(".")
    }
}
