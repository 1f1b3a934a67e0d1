//! Text that was parsed once and is right ever after: lines, e-mail addresses, SKUs.

use serde::{Serialize, Serializer};
use std::fmt;

/// Why a text was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidText {
    /// Nothing but white space where something is needed.
    Blank,
    /// More characters than fit; the number is the limit.
    TooLong(usize),
    /// A control character, a line break where none belongs, or a direction override.
    Forbidden,
    /// Not of the form that this kind of text has (an e-mail address, a SKU, …).
    Malformed,
}

impl InvalidText {
    /// One sentence for people.
    #[must_use]
    pub fn detail(self) -> String {
        match self {
            Self::Blank => "must not be blank".into(),
            Self::TooLong(limit) => format!("must have at most {limit} characters"),
            Self::Forbidden => "must have no control characters or line breaks".into(),
            Self::Malformed => "is not of the form needed here".into(),
        }
    }
}

/// What texts are found and sorted by: in small letters, each letter by itself. What looks alike but is written otherwise (`é` as one character or as two,
/// `ß` and `SS`) stays apart.
#[must_use]
pub fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// A single line: trimmed, not blank, at most `limit` characters, no control characters.
///
/// # Errors
/// [`InvalidText`] says which of these it breaks.
pub fn line(text: &str, limit: usize) -> Result<String, InvalidText> {
    let text = text.trim();
    if text.is_empty() {
        return Err(InvalidText::Blank);
    }
    if text.chars().count() > limit {
        return Err(InvalidText::TooLong(limit));
    }
    if text.chars().any(is_forbidden) {
        return Err(InvalidText::Forbidden);
    }
    Ok(text.to_owned())
}

/// Text of several lines: as [`line()`], but `\n` is allowed (CR LF becomes `\n`).
///
/// # Errors
/// [`InvalidText`] says what is wrong.
pub fn paragraph(text: &str, limit: usize) -> Result<String, InvalidText> {
    let text = text.trim().replace("\r\n", "\n");
    if text.is_empty() {
        return Err(InvalidText::Blank);
    }
    if text.chars().count() > limit {
        return Err(InvalidText::TooLong(limit));
    }
    if text.chars().any(|c| c != '\n' && c != '\t' && is_forbidden(c)) {
        return Err(InvalidText::Forbidden);
    }
    Ok(text)
}

/// Control characters, line and paragraph separators, and the marks that reverse what a reader sees.
fn is_forbidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// An e-mail address. Compared without regard to case, shown as it was typed.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// # Errors
    /// [`InvalidText`] where the text is not one address that mail can be sent to.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let text = line(text, 254)?;
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidText::Malformed)?;
        let local_ok = !local.is_empty()
            && local.len() <= 64
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local.bytes().all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b));
        let label_ok = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let domain_ok = domain.contains('.') && domain.split('.').all(label_ok);
        if local_ok && domain_ok { Ok(Self(text)) } else { Err(InvalidText::Malformed) }
    }

    /// As it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What addresses are compared by: lower case.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl Serialize for Email {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A SKU: 1–64 printable ASCII characters without white space, comma, semicolon or quote, so that it can
/// stand in CSV files, URLs and pasted `SKU,quantity` lines as it is. Compared exactly.
///
/// # Errors
/// [`InvalidText`] says what is wrong.
pub fn sku(text: &str) -> Result<String, InvalidText> {
    let text = line(text, 64)?;
    let fits = text.bytes().all(|b| b.is_ascii_graphic() && !b",;\"'\\".contains(&b));
    if fits { Ok(text) } else { Err(InvalidText::Malformed) }
}

/// How a secret code looks in a list: first four, dots, last four; all dots where it is shorter than 12.
#[must_use]
pub fn mask(code: &str) -> String {
    let characters: Vec<char> = code.chars().collect();
    if characters.len() < 12 {
        return "••••".into();
    }
    let first: String = characters[..4].iter().collect();
    let last: String = characters[characters.len() - 4..].iter().collect();
    format!("{first}-••••-{last}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_every_alphabet_are_folded_each_by_itself() {
        assert_eq!(folded("MÜLLER & Söhne, ΣΑΣ, ЖУК 9"), "müller & söhne, σασ, жук 9");
        assert_eq!((folded("STRASSE"), folded("Straße")), ("strasse".into(), "straße".into()));
    }

    #[test]
    fn lines_are_trimmed_and_carry_no_control_characters() {
        assert_eq!(line("  Acme GmbH ", 20).as_deref(), Ok("Acme GmbH"));
        assert_eq!(line(" \t", 20), Err(InvalidText::Blank));
        assert_eq!(line("abcdef", 5), Err(InvalidText::TooLong(5)));
        for wrong in ["a\r\nBcc: x@example.org", "a\u{0}b", "a\u{202E}b", "a\nb"] {
            assert_eq!(line(wrong, 50), Err(InvalidText::Forbidden));
        }
    }

    #[test]
    fn an_email_is_one_address() {
        for right in ["a@example.org", "First.Last+tag@sub.example.co.uk", "o'hara@example.org"] {
            assert!(Email::parse(right).is_ok(), "{right}");
        }
        let wrongs = [
            "",
            "a",
            "a@",
            "@b.org",
            "a@b",
            "a@b..org",
            ".a@b.org",
            "a b@c.org",
            "a@b.org,c@d.org",
            "A <a@b.org>",
            "a@-b.org",
            "a@b.org\r\nBcc: c@d.org",
            "ä@b.org",
        ];
        for wrong in wrongs {
            assert!(Email::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Email::parse("A@B.org").map(|e| e.key()), Ok("a@b.org".into()));
    }

    #[test]
    fn a_mask_shows_at_most_eight_characters() {
        assert_eq!(mask("ABCD-EFGH-IJKL-WXYZ"), "ABCD-••••-WXYZ");
        assert_eq!(mask("short"), "••••");
    }
}
