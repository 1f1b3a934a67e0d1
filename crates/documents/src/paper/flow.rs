//! Text that runs from page to page.

use super::face::{self, Length, Weight};
use super::{Block, Color, Page, Part, Size, Text};

/// How letters look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Their height.
    pub size: Length,
    /// Regular or bold.
    pub weight: Weight,
    /// In which color.
    pub color: Color,
}

impl Style {
    /// Letters of this height, weight and color.
    #[must_use]
    pub const fn new(size: Length, weight: Weight, color: Color) -> Self {
        Self { size, weight, color }
    }

    /// From one baseline to the next.
    #[must_use]
    pub const fn leading(self) -> Length {
        self.size * 7 / 5
    }

    /// How wide a text is.
    #[must_use]
    pub fn width(self, text: &str) -> Length {
        face::width(self.weight, self.size, text)
    }

    /// A text in lines of this width.
    #[must_use]
    pub fn wrapped(self, room: Length, text: &str, most: usize) -> Vec<String> {
        face::wrapped(self.weight, self.size, room, text, most)
    }
}

/// Pages that are being filled, from the top.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Width and height of a page.
    pub paper: (Length, Length),
    /// Left and right of what is written.
    pub side: Length,
    /// Where a following page begins.
    pub top: Length,
    /// What is kept free at the foot.
    pub bottom: Length,
    /// The upper edge of what comes next.
    pub y: Length,
    /// The pages so far.
    pub pages: Vec<Page>,
}

impl Flow {
    /// An empty first page.
    #[must_use]
    pub fn new(size: Size, side: Length, top: Length, bottom: Length) -> Self {
        Self { paper: size.lengths(), side, top, bottom, y: top, pages: vec![Page::default()] }
    }

    /// The right end of what is written.
    #[must_use]
    pub const fn right(&self) -> Length {
        self.paper.0 - self.side
    }

    /// How wide what is written may be.
    #[must_use]
    pub const fn width(&self) -> Length {
        self.paper.0 - 2 * self.side
    }

    /// What is left of the page.
    #[must_use]
    pub const fn left(&self) -> Length {
        self.paper.1 - self.bottom - self.y
    }

    /// What a following page holds.
    #[must_use]
    pub const fn whole(&self) -> Length {
        self.paper.1 - self.bottom - self.top
    }

    /// Begins a page.
    pub fn turn(&mut self) {
        self.pages.push(Page::default());
        self.y = self.top;
    }

    fn page(&mut self) -> &mut Page {
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }

    /// Writes one line at `x`; its upper edge is at [`Flow::y`], plus `below`.
    pub fn write(&mut self, x: Length, below: Length, style: Style, part: Part, text: &str) {
        // Where letters stand in their line: as much is free above them as below.
        let y = self.y + below + style.size * 11 / 10;
        let text = Text { x, y, size: style.size, weight: style.weight, color: style.color, part, text: text.to_owned() };
        if !text.text.is_empty() {
            self.page().texts.push(text);
        }
    }

    /// As [`Flow::write`], ending at `right`.
    pub fn write_to(&mut self, right: Length, below: Length, style: Style, part: Part, text: &str) {
        self.write(right - style.width(text), below, style, part, text);
    }

    /// Writes lines below each other and tells how high they are.
    pub fn write_lines(&mut self, x: Length, below: Length, style: Style, part: Part, lines: &[String]) -> Length {
        for (place, line) in (0..).zip(lines) {
            self.write(x, below + style.leading() * place, style, part, line);
        }
        style.leading() * Length::try_from(lines.len()).unwrap_or(0)
    }

    /// A line from `x` on.
    pub fn rule(&mut self, x: Length, width: Length, thick: Length, color: Color) {
        self.fill(x, 0, (width, thick), color);
    }

    /// A filled rectangle, so wide and high; its upper edge is at [`Flow::y`], plus `below`.
    pub fn fill(&mut self, x: Length, below: Length, (width, height): (Length, Length), color: Color) {
        let y = self.y + below;
        self.page().blocks.push(Block { x, y, width, height, color });
    }
}
