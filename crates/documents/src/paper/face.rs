//! The typeface of documents: which glyph a character has, and how wide it is.
//!
//! Noto Sans knows Latin, Greek and Cyrillic. None of these needs shaping, so a character is a glyph; one that the face does
//! not have is drawn as the face's box, whatever it is.

use krilla::text::Font;
use skrifa::instance::{LocationRef, Size};
use skrifa::raw::TableProvider as _;
use skrifa::{FontRef, MetadataProvider as _};
use std::sync::LazyLock;

/// Thousandths of a point.
pub type Length = i32;

/// Whole points.
#[must_use]
pub const fn pt(points: i32) -> Length {
    points * 1_000
}

/// How strong letters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Of running text.
    Regular,
    /// Of names and totals.
    Bold,
}

/// A glyph of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Glyph {
    pub(super) id: u32,
    /// In thousandths of the text's size.
    pub(super) advance: i32,
    /// Where its character begins in the text, and where it ends.
    pub(super) bytes: (usize, usize),
}

struct Face {
    font: Option<Font>,
    reference: Option<FontRef<'static>>,
}

impl Face {
    fn new(bytes: &'static [u8]) -> Self {
        Self { font: Font::new(bytes.into(), 0), reference: FontRef::new(bytes).ok() }
    }
}

static REGULAR: LazyLock<Face> = LazyLock::new(|| Face::new(notosans::REGULAR_TTF));
static BOLD: LazyLock<Face> = LazyLock::new(|| Face::new(notosans::BOLD_TTF));

fn face(weight: Weight) -> &'static Face {
    match weight {
        Weight::Regular => &REGULAR,
        Weight::Bold => &BOLD,
    }
}

/// The face as the PDF embeds it: the glyphs that were used.
pub(super) fn font(weight: Weight) -> Option<Font> {
    face(weight).font.clone()
}

/// Characters without a shape of their own: joiners, marks of direction, variation selectors, tags.
const fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

/// The glyphs of a text. A control character is a space.
pub(super) fn glyphs(weight: Weight, text: &str) -> Vec<Glyph> {
    let Some(reference) = &face(weight).reference else { return Vec::new() };
    let (map, metrics) = (reference.charmap(), reference.glyph_metrics(Size::unscaled(), LocationRef::default()));
    let units = reference.head().map_or(1_000, |head| i32::from(head.units_per_em())).max(1);
    let shown = text.char_indices().filter(|(_, c)| !is_unseen(*c));
    shown
        .map(|(at, c)| {
            let id = map.map(if c.is_control() { ' ' } else { c }).unwrap_or_default();
            let advance = metrics.advance_width(id).unwrap_or_default() as i32;
            Glyph { id: id.to_u32(), advance: advance * 1_000 / units, bytes: (at, at + c.len_utf8()) }
        })
        .collect()
}

/// Whether the face has a shape for each character of a text.
#[must_use]
pub fn knows(text: &str) -> bool {
    [Weight::Regular, Weight::Bold].into_iter().all(|weight| glyphs(weight, text).iter().all(|glyph| glyph.id != 0))
}

/// How wide a text is.
#[must_use]
pub fn width(weight: Weight, size: Length, text: &str) -> Length {
    let thousandths: i64 = glyphs(weight, text).iter().map(|glyph| i64::from(glyph.advance)).sum();
    Length::try_from(thousandths * i64::from(size) / 1_000).unwrap_or(Length::MAX)
}

/// As wide as some glyphs are: millionths of a point, so that nothing is rounded before the end.
fn exact(size: Length, glyphs: &[Glyph]) -> i64 {
    glyphs.iter().map(|glyph| i64::from(glyph.advance) * i64::from(size)).sum()
}

/// A text in lines that are at most so wide: broken at spaces, and within a word that is wider than a line. What is beyond
/// `most` lines is left out, and an ellipsis says so.
#[must_use]
pub fn wrapped(weight: Weight, size: Length, room: Length, text: &str, most: usize) -> Vec<String> {
    let (mut lines, room_exact) = (Vec::new(), i64::from(room) * 1_000);
    'all: for paragraph in text.lines() {
        let (mut line, mut used) = (String::new(), 0);
        for word in paragraph.split_inclusive(' ') {
            if lines.len() > most {
                break 'all;
            }
            let shapes = glyphs(weight, word);
            let wide = exact(size, &glyphs(weight, word.trim_end()));
            if used > 0 && used + wide > room_exact {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
                used = 0;
            }
            if wide <= room_exact {
                line.push_str(word);
                used += exact(size, &shapes);
                continue;
            }
            // A word that is wider than a line, glyph by glyph.
            for glyph in shapes {
                if lines.len() > most {
                    break 'all;
                }
                let wide = exact(size, &[glyph]);
                if used > 0 && used + wide > room_exact {
                    lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                line.push_str(&word[glyph.bytes.0..glyph.bytes.1]);
                used += wide;
            }
        }
        lines.push(line.trim_end().to_owned());
    }
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            while !last.is_empty() && width(weight, size, last) + size > room {
                last.pop();
            }
            last.push('…');
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_never_wider_than_their_room_whatever_is_written() {
        let hostile = ["x".repeat(5_000), "שלום עולם ".repeat(80), "😀👨‍👩‍👧‍👦\u{202e}".repeat(300), "a\tb\u{7}c ".repeat(200), "W W W".repeat(400)];
        for text in hostile {
            for size in [pt(4), pt(9), 7_500] {
                for line in wrapped(Weight::Regular, size, pt(120), &text, 1_000) {
                    assert!(width(Weight::Regular, size, &line) <= pt(120), "{line}");
                }
            }
        }
    }

    #[test]
    fn a_text_is_broken_at_its_spaces_and_cut_with_an_ellipsis() {
        assert_eq!(wrapped(Weight::Regular, pt(9), pt(60), "License for one year", 9), ["License for", "one year"]);
        let cut = wrapped(Weight::Regular, pt(9), pt(60), &"word ".repeat(100), 3);
        assert_eq!((cut.len(), cut[2].ends_with('…')), (3, true));
        assert_eq!(wrapped(Weight::Regular, pt(9), pt(60), "", 9), Vec::<String>::new());
    }

    /// The face has a box for what it does not know, and digits of one width, so that amounts stand below each other.
    #[test]
    fn every_character_has_a_glyph_and_every_digit_the_same_width() {
        let widths: Vec<Length> = "0123456789".chars().map(|digit| width(Weight::Bold, pt(10), &digit.to_string())).collect();
        assert!(widths.iter().all(|wide| *wide == widths[0] && *wide > 0), "{widths:?}");
        assert!(!knows("漢字 😀") && width(Weight::Regular, pt(10), "漢") > 0);
        assert!(knows("Größe −1.234,50 € · Łódź Ελλάδα Москва “quoted” …"));
    }
}
