//! Cards, tiles and facts: what belongs together.

use crate::badge::Tone;
use maud::{Markup, html};

/// A card: a head that says what it is, what can be done with it, and what is in it.
#[derive(Debug)]
pub struct Card<'a> {
    title: &'a str,
    text: Option<&'a str>,
    acts: Option<Markup>,
    foot: Option<Markup>,
}

impl<'a> Card<'a> {
    /// One with a head.
    #[must_use]
    pub const fn new(title: &'a str) -> Self {
        Self { title, text: None, acts: None, foot: None }
    }

    /// A sentence under its title.
    #[must_use]
    pub const fn text(mut self, text: &'a str) -> Self {
        self.text = Some(text);
        self
    }

    /// What can be done with it.
    #[must_use]
    pub fn acts(mut self, acts: Markup) -> Self {
        self.acts = Some(acts);
        self
    }

    /// A line at its end, with the buttons of a form.
    #[must_use]
    pub fn foot(mut self, foot: Markup) -> Self {
        self.foot = Some(foot);
        self
    }

    fn drawn(self, inside: &Markup) -> Markup {
        html! {
            section class="card" {
                header {
                    h2 { (self.title) }
                    @if let Some(acts) = &self.acts { div class="acts" { (acts) } }
                    @if let Some(text) = self.text { p { (text) } }
                }
                (inside)
                @if let Some(foot) = &self.foot { footer { (foot) } }
            }
        }
    }

    /// With room around what is in it.
    #[must_use]
    pub fn with(self, inside: Markup) -> Markup {
        self.drawn(&html! { div class="inside" { (inside) } })
    }

    /// Around a table, which reaches its edges.
    #[must_use]
    pub fn around(self, table: Markup) -> Markup {
        self.drawn(&table)
    }
}

/// A card without a head, around a table with its own tools.
#[must_use]
pub fn plain(inside: Markup) -> Markup {
    html! { div class="card" { (inside) } }
}

/// One figure of an overview.
#[derive(Debug)]
pub struct Tile<'a> {
    /// What it counts.
    pub label: &'a str,
    /// The figure, formatted.
    pub figure: &'a str,
    /// What it means, or how it moved.
    pub note: Option<&'a str>,
    /// Where the rows are that it counts.
    pub to: Option<&'a str>,
    /// How good it is.
    pub tone: Tone,
    /// A small chart.
    pub spark: Option<Markup>,
}

/// Figures beside each other.
#[must_use]
pub fn tiles(tiles: &[Tile<'_>]) -> Markup {
    let inside = |tile: &Tile<'_>| {
        let class = format!("note-line {}", tile.tone.class());
        html! {
            span class="label" { (tile.label) }
            span class="figure" { (tile.figure) }
            @if let Some(note) = tile.note { span class=(class) { (note) } }
            @if let Some(spark) = &tile.spark { (spark) }
        }
    };
    html! {
        div class="tiles" {
            @for tile in tiles {
                @if let Some(place) = tile.to { a class="tile" href=(place) { (inside(tile)) } } @else { div class="tile" { (inside(tile)) } }
            }
        }
    }
}

/// What is, name by name.
#[must_use]
pub fn facts(facts: &[(&str, Markup)]) -> Markup {
    html! { dl class="facts" { @for (name, value) in facts { dt { (name) } dd { (value) } } } }
}

/// Amounts that add up, the last line being their sum.
#[must_use]
pub fn sums(lines: &[(&str, Markup)], total: (&str, Markup)) -> Markup {
    html! {
        dl class="facts sums" {
            @for (name, value) in lines { dt { (name) } dd { (value) } }
            dt class="total" { (total.0) } dd class="total" { (total.1) }
        }
    }
}

/// How much of a limit is used, in ten-thousandths. At nine tenths it warns, at its end it is red.
#[must_use]
pub fn meter(label: &str, used: (&str, i64), limit: (&str, i64)) -> Markup {
    let share = if limit.1 <= 0 { 10_000 } else { (i128::from(used.1.max(0)) * 10_000 / i128::from(limit.1)).min(10_000) };
    let tone = match share {
        10_000.. => "bad",
        9_000.. => "warn",
        _ => "",
    };
    let width = format!("{}.{:02}", share / 100, share % 100);
    html! {
        div class={ "meter " (tone) } {
            div class="track" role="img" aria-label={ (label) ": " (used.0) " / " (limit.0) } {
                svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true" { rect width=(width) height="1" {} }
            }
            div class="ends" { span { (used.0) } span { (limit.0) } }
        }
    }
}
