//! Paper: pages of texts and lines at their places, and the PDF that is made of them.
//!
//! Always true here: lengths are whole thousandths of a point, so that a layout is the same on every machine and can be
//! compared; a text is as wide as it was measured, as the same glyphs are measured and drawn.

pub mod face;
pub mod flow;
mod pdf;

pub use face::{Length, Weight, pt};
pub use flow::Flow;
pub use pdf::{About, write};

/// A color, as red, green and blue.
pub type Color = [u8; 3];

/// The two sizes of paper that letters are written on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// 210 × 297 mm.
    A4,
    /// 8.5 × 11 inches.
    Letter,
}

impl Size {
    /// What is used in a country, by its ISO 3166 code: Letter in North America and where its paper is sold, else A4.
    #[must_use]
    pub fn of_country(country: Option<&str>) -> Self {
        match country {
            Some("US" | "CA" | "MX" | "PR" | "PH" | "CL" | "CO" | "CR" | "DO" | "GT" | "NI" | "PA" | "SV" | "VE") => Self::Letter,
            _ => Self::A4,
        }
    }

    /// Width and height.
    #[must_use]
    pub const fn lengths(self) -> (Length, Length) {
        match self {
            Self::A4 => (595_276, 841_890),
            Self::Letter => (612_000, 792_000),
        }
    }
}

/// What a text is to who cannot see the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The heading of the whole (1) or of a section (2).
    Heading(u8),
    /// A line of its own.
    Line,
    /// A cell of the table with this number.
    Cell {
        /// Which table, from 0.
        table: usize,
        /// Which row of it, from 0.
        row: usize,
        /// Which column, from 0.
        column: usize,
        /// Whether it names the others of its column.
        head: bool,
    },
    /// What repeats on each page or is for the eye only.
    Furniture,
}

/// A text on one line, from its left end and its baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// From the left edge of the page.
    pub x: Length,
    /// Its baseline, from the upper edge.
    pub y: Length,
    /// The height of its letters.
    pub size: Length,
    /// Regular or bold.
    pub weight: Weight,
    /// In which color.
    pub color: Color,
    /// What it is.
    pub part: Part,
    /// What it says.
    pub text: String,
}

impl Text {
    /// Where it ends.
    #[must_use]
    pub fn right(&self) -> Length {
        self.x + face::width(self.weight, self.size, &self.text)
    }
}

/// A filled rectangle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// From the left edge of the page.
    pub x: Length,
    /// From the upper edge.
    pub y: Length,
    /// How wide.
    pub width: Length,
    /// How high.
    pub height: Length,
    /// In which color.
    pub color: Color,
}

/// One page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// What is behind the texts.
    pub blocks: Vec<Block>,
    /// The texts, in the order in which they are read.
    pub texts: Vec<Text>,
    /// The room of a picture, and its height: upper right corner.
    pub picture: Option<Block>,
}
