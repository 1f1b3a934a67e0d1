//! The ways to pay, and the code that a banking app makes a transfer of.

use super::{GAP, SECTION, SIDE, SMALL, STRONG, TEXT};
use crate::invoice::told::{Told, Way, scan};
use crate::paper::{Color, Flow, Length, Part, pt};
use crate::qr::{self, Code};

/// A square of a code: 0.75 mm.
const SQUARE: Length = 2_126;
/// What stays free above and below a code. Beside it columns leave more than that.
const QUIET: Length = squares(qr::QUIET);
const BLACK: Color = [0, 0, 0];

/// So many squares in a row. A code has 177 on a side at most.
const fn squares(count: usize) -> Length {
    SQUARE * (count as Length)
}

const fn high_code(code: &Code) -> Length {
    squares(code.size()) + 2 * QUIET + SMALL.leading()
}

fn high_text(way: &Way<'_>) -> Length {
    STRONG.leading() + pt(2) + TEXT.leading() * Length::try_from(way.lines.len()).unwrap_or(0)
}

fn high(way: &Way<'_>) -> Length {
    high_text(way) + way.code.as_ref().map_or(0, high_code)
}

/// Each allowed way to pay; two stand beside each other where they fit onto a page.
pub(super) fn write(flow: &mut Flow, told: &Told<'_>) {
    let room = flow.width() / 2 - GAP;
    let broken = |way: Way<'_>| way.lines.iter().flat_map(|line| TEXT.wrapped(room, line, 60)).collect();
    let ways: Vec<Way<'_>> = told.instructions().into_iter().map(|way| Way { lines: broken(way.clone()), ..way }).collect();
    if ways.is_empty() {
        return;
    }
    let head = SECTION.leading() + pt(8);
    let highest = ways.iter().map(high).max().unwrap_or(0);
    // A code stays with what it is for, where a page holds both.
    let whole = ways.iter().any(|way| way.code.is_some()) && head + highest <= flow.whole();
    let together = if whole { highest } else { highest.min(pt(120)) };
    if flow.left() < GAP + head + together {
        flow.turn();
    } else {
        flow.y += GAP;
    }
    flow.write(SIDE, 0, SECTION, Part::Heading(2), told.t("How to pay", "So bezahlen Sie"));
    flow.y += head;
    let caption = scan(told.language);
    for pair in ways.chunks(2) {
        let highest = pair.iter().map(high).max().unwrap_or(0);
        if highest <= flow.left() {
            for (x, way) in [SIDE, SIDE + flow.width() / 2].into_iter().zip(pair) {
                flow.write(x, 0, STRONG, Part::Line, way.name);
                flow.write_lines(x, STRONG.leading() + pt(2), TEXT, Part::Line, &way.lines);
                if let Some(code) = &way.code {
                    draw(flow, x, high_text(way), code, caption);
                }
            }
            flow.y += highest + pt(8);
        } else {
            pair.iter().for_each(|way| below_each_other(flow, way, caption));
        }
    }
}

fn below_each_other(flow: &mut Flow, way: &Way<'_>, caption: &str) {
    for (place, line) in std::iter::once(way.name).chain(way.lines.iter().map(String::as_str)).enumerate() {
        if flow.left() < TEXT.leading() * 2 {
            flow.turn();
        }
        flow.write(SIDE, 0, if place == 0 { STRONG } else { TEXT }, Part::Line, line);
        flow.y += TEXT.leading();
    }
    if let Some(code) = &way.code {
        if flow.left() < high_code(code) {
            flow.turn();
        }
        draw(flow, SIDE, 0, code, caption);
        flow.y += high_code(code);
    }
    flow.y += pt(8);
}

/// A code and what stands below it; `below`: from where its quiet zone begins.
fn draw(flow: &mut Flow, x: Length, below: Length, code: &Code, caption: &str) {
    for (row, column, length) in code.runs() {
        flow.fill(x + squares(column), below + QUIET + squares(row), (squares(length), SQUARE), BLACK);
    }
    flow.write(x, below + QUIET + squares(code.size()) + QUIET, SMALL, Part::Line, caption);
}
