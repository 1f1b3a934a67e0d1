//! QR codes (ISO/IEC 18004): which squares are dark, and the drawing of them for a page.

use fast_qr::{ECL, QRBuilder};
use maud::{Markup, html};
use std::fmt::Write as _;

/// Squares that stay empty on each side, so that a camera finds the code.
pub const QUIET: usize = 4;

/// How large a drawing is, in pixels of CSS: printed, a square of a code of version 13 still is 0.75 mm wide.
const PIXELS: usize = 220;

/// A code that survives the loss of about 15 % of it (level M).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Squares on a side, without the quiet zone.
    size: usize,
    dark: Vec<bool>,
}

impl Code {
    /// The smallest code of a text, as UTF-8; `None` where it is too long for any.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let made = QRBuilder::new(text).ecl(ECL::M).build().ok()?;
        let dark = (0..made.size).flat_map(|row| made[row].iter().map(|square| square.value())).collect();
        Some(Self { size: made.size, dark })
    }

    /// Squares on a side, without the quiet zone: 17 and 4 for each version, from 21 to 177.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// The dark squares, those beside each other as one: row, first column, how many. Row by row.
    #[must_use]
    pub fn runs(&self) -> Vec<(usize, usize, usize)> {
        let mut runs: Vec<(usize, usize, usize)> = Vec::new();
        for (place, _) in self.dark.iter().enumerate().filter(|(_, dark)| **dark) {
            let (row, column) = (place / self.size, place % self.size);
            match runs.last_mut() {
                Some((last, first, length)) if *last == row && *first + *length == column => *length += 1,
                _ => runs.push((row, column, 1)),
            }
        }
        runs
    }

    /// It as a drawing with its quiet zone, dark on light whatever the page is in.
    #[must_use]
    pub fn drawn(&self, label: &str) -> Markup {
        let mut path = String::new();
        for (row, column, length) in self.runs() {
            // Writing to a string cannot fail.
            let _ = write!(path, "M{} {}h{length}v1h-{length}z", column + QUIET, row + QUIET);
        }
        let side = self.size + 2 * QUIET;
        let frame = format!("0 0 {side} {side}");
        html! {
            svg width=(PIXELS) height=(PIXELS) viewBox=(frame) role="img" aria-label=(label) shape-rendering="crispEdges" {
                rect width=(side) height=(side) fill="#fff" {}
                path d=(path) fill="#000" {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_three_corners_and_a_quiet_zone() {
        let code = Code::of("BCD").expect("a code");
        assert_eq!(code.size(), 21);
        let runs = code.runs();
        for run in [(0, 0, 7), (0, 14, 7), (6, 0, 7), (14, 0, 7), (20, 0, 7)] {
            assert!(runs.contains(&run), "{run:?} of {runs:?}");
        }
        let drawn = code.drawn("A \"code\"").into_string();
        assert!(drawn.starts_with("<svg width=\"220\" height=\"220\" viewBox=\"0 0 29 29\" role=\"img\" aria-label=\"A &quot;code&quot;\""), "{drawn}");
        assert!(drawn.contains("M4 4h7v1h-7z") && !drawn.contains("style"), "{drawn}");
        assert_eq!(Code::of(&"x".repeat(3_000)), None);
    }
}
