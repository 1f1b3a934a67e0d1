//! The invoice on paper: where everything stands (BIL-3).
//!
//! Always true here: an amount is never far from what it is for (totals follow at least one line, a line is not torn apart
//! where a page could hold it), each page says whose it is and which of how many, and nothing stands beyond the edges,
//! whatever somebody wrote into a name.

mod lines;
mod ways;

use super::told::Told;
use crate::paper::flow::Style;
use crate::paper::{Block, Color, Flow, Length, Page, Part, Size, Weight, pt};
use tradepost_domain::billing::InvoiceStatus;
use tradepost_domain::billing::document::InvoiceDocument;

const INK: Color = [0x1a, 0x1f, 0x2b];
const MUTED: Color = [0x5a, 0x64, 0x78];
const LINE: Color = [0xdf, 0xe3, 0xea];
const ACCENT: Color = [0x2b, 0x4a, 0xcb];
const GOOD: Color = [0x14, 0x60, 0x2c];
const BAD: Color = [0xa8, 0x22, 0x22];

const SIDE: Length = pt(50);
const TOP: Length = pt(72);
const BOTTOM: Length = pt(64);
const GAP: Length = pt(18);

const TITLE: Style = Style::new(pt(26), Weight::Bold, INK);
const HEADLINE: Style = Style::new(pt(16), Weight::Bold, INK);
const SECTION: Style = Style::new(pt(11), Weight::Bold, INK);
const NAME: Style = Style::new(pt(10), Weight::Bold, INK);
const TEXT: Style = Style::new(pt(9), Weight::Regular, INK);
const STRONG: Style = Style::new(pt(9), Weight::Bold, INK);
const LABEL: Style = Style::new(pt(9), Weight::Regular, MUTED);
const SMALL: Style = Style::new(pt(8), Weight::Regular, MUTED);
const FOOT: Style = Style::new(7_500, Weight::Regular, MUTED);

/// Lines of an address, a name or a fact that are shown at most.
const MOST_LINES: usize = 8;

/// Who writes: what stands at the head of the first page.
#[derive(Clone, Debug)]
pub struct Letterhead<'a> {
    /// The merchant's name.
    pub name: &'a str,
    /// What stands below it, a line per entry; cut where it is long.
    pub address: Vec<String>,
    /// What stands below that and is never cut for a long address: the VAT id (BIL-3).
    pub ids: Vec<String>,
    /// A picture in its place: PNG, JPEG or WebP.
    pub logo: Option<&'a [u8]>,
    /// The color of the bar at the head and of the heads of columns.
    pub accent: Option<Color>,
}

impl<'a> Letterhead<'a> {
    /// The letterhead as the invoice was issued with, without picture and color.
    #[must_use]
    pub fn of(told: &Told<'a>) -> Self {
        Self { name: &told.document.seller.name, address: told.seller_address(), ids: told.seller_ids(), logo: None, accent: None }
    }
}

/// The pages of an invoice.
#[must_use]
pub fn pages(told: &Told<'_>, head: &Letterhead<'_>, size: Size) -> Vec<Page> {
    let mut flow = Flow::new(size, SIDE, TOP, BOTTOM);
    bar(&mut flow, head);
    title(&mut flow, told, head);
    parties(&mut flow, told, head);
    headline(&mut flow, told);
    lines::write(&mut flow, told, head.accent.unwrap_or(ACCENT));
    ways::write(&mut flow, told);
    furniture(&mut flow, told);
    flow.pages
}

/// A stripe over the whole width.
fn bar(flow: &mut Flow, head: &Letterhead<'_>) {
    let (width, color) = (flow.paper.0, head.accent.unwrap_or(ACCENT));
    flow.y = 0;
    flow.rule(0, width, pt(6), color);
    flow.y = pt(46);
}

/// What it is, on the left; who writes, on the right; then dates and numbers.
fn title(flow: &mut Flow, told: &Told<'_>, head: &Letterhead<'_>) {
    let (half, right) = (flow.width() / 2, flow.right());
    flow.write(SIDE, 0, TITLE, Part::Heading(1), told.t("Invoice", "Rechnung"));
    if head.logo.is_some() {
        flow.pages[0].picture = Some(Block { x: right - pt(160), y: flow.y - pt(4), width: pt(160), height: pt(44), color: INK });
    } else {
        let name = Style::new(pt(14), Weight::Bold, head.accent.unwrap_or(ACCENT));
        for (place, line) in (0..).zip(name.wrapped(half, head.name, 2)) {
            flow.write_to(right, pt(6) + name.leading() * place, name, Part::Line, &line);
        }
    }
    flow.y += pt(46);
    let number = (told.t("Number", "Nummer"), told.document.number.clone());
    let facts: Vec<(&str, String)> = std::iter::once(number).chain(told.facts()).collect();
    let names = facts.iter().map(|(name, _)| LABEL.width(name)).max().unwrap_or(0) + pt(18);
    for (row, (name, value)) in facts.into_iter().enumerate() {
        let cell = |column| Part::Cell { table: 0, row, column, head: false };
        let style = if row == 0 { STRONG } else { TEXT };
        flow.write(SIDE, 0, LABEL, cell(0), name);
        flow.y += flow.write_lines(SIDE + names, 0, style, cell(1), &style.wrapped(flow.width() - names, &value, 3)).max(LABEL.leading()) + pt(1);
    }
    flow.y += GAP;
}

/// Who writes and who is to pay, beside each other.
fn parties(flow: &mut Flow, told: &Told<'_>, head: &Letterhead<'_>) {
    let half = flow.width() / 2;
    let (party, address) = (&told.document.buyer, told.buyer_address());
    let buyer = (told.t("Bill to", "Rechnung an"), party.company.as_str(), &address, told.buyer_ids());
    let sides = [(SIDE, (told.t("From", "Von"), head.name, &head.address, head.ids.clone())), (SIDE + half, buyer)];
    let mut high = 0;
    for (x, (label, name, address, ids)) in sides {
        let room = half - pt(16);
        flow.write(x, 0, SMALL, Part::Line, label);
        let mut below = SMALL.leading() + pt(2);
        below += flow.write_lines(x, below, NAME, Part::Line, &NAME.wrapped(room, name, 3)) + pt(1);
        let ids: Vec<String> = ids.iter().flat_map(|line| TEXT.wrapped(room, line, 2)).collect();
        let left = MOST_LINES.saturating_sub(ids.len());
        let address: Vec<String> = address.iter().flat_map(|line| TEXT.wrapped(room, line, 3)).take(left).chain(ids).collect();
        below += flow.write_lines(x, below, TEXT, Part::Line, &address);
        high = high.max(below);
    }
    flow.y += high + GAP;
}

/// What is to be paid and by when; or that it is paid.
fn headline(flow: &mut Flow, told: &Told<'_>) {
    let (amount, words) = (told.money(told.open_minor()), told.standing_words());
    let (text, color) = match told.status() {
        Some(InvoiceStatus::Paid) => (format!("{words} · {}", told.money(told.document.total_minor)), GOOD),
        Some(InvoiceStatus::Canceled) => (words, MUTED),
        Some(InvoiceStatus::Overdue) => (format!("{amount} · {words}"), BAD),
        _ => (format!("{amount} · {words}"), INK),
    };
    let style = Style { color, ..HEADLINE };
    let lines = style.wrapped(flow.width(), &text, 2);
    flow.y += flow.write_lines(SIDE, 0, style, Part::Heading(2), &lines);
    if let Some(text) = told.sandbox() {
        flow.write(SIDE, pt(2), Style { color: BAD, ..STRONG }, Part::Line, text);
        flow.y += STRONG.leading() + pt(2);
    }
    flow.y += pt(12);
}

/// What each page says: whose it is, and which of how many.
fn furniture(flow: &mut Flow, told: &Told<'_>) {
    let (count, right, width) = (flow.pages.len(), flow.right(), flow.width());
    let pages = std::mem::take(&mut flow.pages);
    let foot_at = flow.paper.1 - pt(46);
    let cut = |style: Style, room, text: &str| style.wrapped(room, text, 1).into_iter().next().unwrap_or_default();
    let (title, whose) = (cut(SMALL, width / 2, &told.title()), cut(SMALL, width / 2 - GAP, &told.document.seller.name));
    let foot = cut(FOOT, width - pt(60), &told.foot());
    for (place, page) in pages.into_iter().enumerate() {
        flow.pages.push(page);
        if place > 0 {
            flow.y = pt(36);
            flow.write(SIDE, 0, SMALL, Part::Furniture, &title);
            flow.write_to(right, 0, SMALL, Part::Furniture, &whose);
        }
        flow.y = foot_at;
        flow.rule(SIDE, width, 500, LINE);
        flow.write(SIDE, pt(7), FOOT, Part::Furniture, &foot);
        flow.write_to(right, pt(7), FOOT, Part::Furniture, &format!("{} / {count}", place + 1));
    }
}

/// The title of the document for who opens it.
pub(super) fn title_of(document: &InvoiceDocument, told: &Told<'_>) -> String {
    format!("{} – {}", told.title(), document.seller.name)
}
