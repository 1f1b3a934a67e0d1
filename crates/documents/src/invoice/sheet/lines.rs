//! The lines of an invoice and its totals.

use super::{GAP, INK, LINE, MUTED, SIDE};
use crate::invoice::told::{Sum, Told};
use crate::paper::flow::Style;
use crate::paper::{Color, Flow, Length, Part, Weight, pt};

/// Free above and below a line.
const PAD: Length = pt(6);
/// Between two columns.
const BETWEEN: Length = pt(12);
/// What an item's description has at least.
const ITEM: Length = pt(130);
/// Sizes of the letters, the first one that leaves the description its room.
const SIZES: [Length; 6] = [pt(9), pt(8), pt(7), pt(6), pt(5), pt(4)];
/// The table of facts is the first one.
const TABLE: usize = 1;
const SUMS: usize = 2;

/// How the table is divided.
struct Layout<'a> {
    head: Style,
    text: Style,
    strong: Style,
    under: Style,
    names: Vec<&'a str>,
    item_name: &'a str,
    /// The right end of each column of amounts.
    ends: Vec<Length>,
    item: Length,
}

impl<'a> Layout<'a> {
    fn new(told: &Told<'a>, width: Length, accent: Color) -> Self {
        let cells: Vec<Vec<String>> = told.document.lines.iter().map(|line| told.cells(line)).collect();
        let of = |size: Length| Self::of_size(told, &cells, width, accent, size);
        let smallest = SIZES[SIZES.len() - 1];
        SIZES.into_iter().map(of).find(|layout| layout.item >= ITEM).unwrap_or_else(|| of(smallest))
    }

    fn of_size(told: &Told<'a>, cells: &[Vec<String>], width: Length, accent: Color, size: Length) -> Self {
        let head = Style::new(size - pt(1), Weight::Bold, accent);
        let text = Style::new(size, Weight::Regular, INK);
        let strong = Style::new(size, Weight::Bold, INK);
        let under = Style::new(size - pt(1), Weight::Regular, MUTED);
        let names = told.columns();
        let widest = |column: usize, name: &str| {
            let cells = cells.iter().filter_map(|row| row.get(column)).map(|cell| strong.width(cell));
            cells.chain([head.width(name)]).max().unwrap_or(0)
        };
        let widths: Vec<Length> = names.iter().enumerate().map(|(column, name)| widest(column, name)).collect();
        let mut end = SIDE + width;
        let mut ends: Vec<Length> = Vec::new();
        for wide in widths.iter().rev() {
            ends.push(end);
            end -= wide + BETWEEN;
        }
        ends.reverse();
        Self { head, text, strong, under, names, item_name: told.t("Item", "Position"), ends, item: (end - SIDE).max(pt(40)) }
    }

    fn head(&self, flow: &mut Flow, row: usize, furniture: bool) {
        let part = |column| if furniture { Part::Furniture } else { Part::Cell { table: TABLE, row, column, head: true } };
        flow.write(SIDE, 0, self.head, part(0), self.item_name);
        for ((place, name), end) in self.names.iter().enumerate().zip(&self.ends) {
            flow.write_to(*end, 0, self.head, part(place + 1), name);
        }
        flow.y += self.head.leading() + pt(5);
        flow.rule(SIDE, flow.width(), pt(1), INK);
    }
}

/// A line, broken.
struct Row {
    description: Vec<String>,
    under: Vec<String>,
    cells: Vec<String>,
}

impl Row {
    fn high(&self, layout: &Layout<'_>) -> Length {
        let count = |lines: &[String]| Length::try_from(lines.len()).unwrap_or(0);
        2 * PAD + layout.strong.leading() * count(&self.description).max(1) + layout.under.leading() * count(&self.under)
    }
}

/// The table, then the totals, which are never alone on a page.
pub(super) fn write(flow: &mut Flow, told: &Told<'_>, accent: Color) {
    let layout = Layout::new(told, flow.width(), accent);
    let sums = told.sums();
    let below = sums_high(&sums);
    layout.head(flow, 0, false);
    let last = told.document.lines.len();
    for (number, line) in (1..).zip(&told.document.lines) {
        let under = std::iter::once(line.sku.clone()).chain(told.reductions(line)).collect::<Vec<_>>().join(" · ");
        let row = Row {
            description: layout.strong.wrapped(layout.item, &line.description, 200),
            under: layout.under.wrapped(layout.item, &under, 6),
            cells: told.cells(line),
        };
        let needed = row.high(&layout) + if number == last { below } else { 0 };
        if needed > flow.left() && needed <= flow.whole() {
            flow.turn();
            layout.head(flow, number, true);
        }
        write_row(flow, &layout, number, &row);
    }
    if below > flow.left() {
        flow.turn();
    }
    write_sums(flow, &sums);
}

/// One line: what was sold on the left, its amounts beside the first line of it. It goes on on the next page where it must.
fn write_row(flow: &mut Flow, layout: &Layout<'_>, row: usize, line: &Row) {
    let cell = |column| Part::Cell { table: TABLE, row, column, head: false };
    flow.y += PAD;
    for ((place, text), end) in line.cells.iter().enumerate().zip(&layout.ends) {
        let style = if place + 1 == line.cells.len() { layout.strong } else { layout.text };
        flow.write_to(*end, 0, style, cell(place + 1), text);
    }
    let described = line.description.iter().map(|text| (layout.strong, text));
    let under = line.under.iter().map(|text| (layout.under, text));
    for (place, (style, text)) in described.chain(under).enumerate() {
        if place > 0 && flow.left() < style.leading() + PAD {
            flow.turn();
            layout.head(flow, row, true);
            flow.y += PAD;
        }
        flow.write(SIDE, 0, style, cell(0), text);
        flow.y += style.leading();
    }
    flow.y += PAD;
    flow.rule(SIDE, flow.width(), 500, LINE);
}

fn sum_style(sum: &Sum<'_>) -> Style {
    if sum.strong { Style::new(pt(10), Weight::Bold, INK) } else { Style::new(pt(9), Weight::Regular, INK) }
}

fn sum_high(sum: &Sum<'_>) -> Length {
    sum_style(sum).leading() + if sum.strong { pt(9) } else { pt(4) }
}

fn sums_high(sums: &[Sum<'_>]) -> Length {
    pt(8) + sums.iter().map(sum_high).sum::<Length>()
}

/// The totals on the right, what counts with a line above it.
fn write_sums(flow: &mut Flow, sums: &[Sum<'_>]) {
    let right = flow.right();
    let names = sums.iter().map(|sum| sum_style(sum).width(sum.name)).max().unwrap_or(0);
    let amounts = sums.iter().map(|sum| sum_style(sum).width(&sum.amount)).max().unwrap_or(0);
    let wide = (names + amounts + GAP).max(pt(220)).min(flow.width());
    flow.y += pt(8);
    for (row, sum) in sums.iter().enumerate() {
        let (style, cell) = (sum_style(sum), |column| Part::Cell { table: SUMS, row, column, head: false });
        let above = if sum.strong { pt(5) } else { 0 };
        if sum.strong {
            flow.rule(right - wide, wide, pt(1), INK);
        }
        flow.write(right - wide, above, style, cell(0), sum.name);
        flow.write_to(right, above, style, cell(1), &sum.amount);
        flow.y += sum_high(sum);
    }
}
