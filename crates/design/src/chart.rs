//! Charts, drawn by the server, each with its table beneath for who can't see it. Figures are whole numbers: minor units or counts.

use maud::{Markup, html};
use std::fmt::Write as _;

const WIDTH: i64 = 720;
const HEIGHT: i64 = 220;
const LEFT: i64 = 56;
const BOTTOM: i64 = 26;
const TOP: i64 = 10;

/// One line of figures.
#[derive(Debug)]
pub struct Series<'a> {
    /// What it counts.
    pub name: &'a str,
    /// A figure per label.
    pub figures: &'a [i64],
}

/// Figures over time.
pub struct Chart<'a> {
    /// What it shows.
    pub title: &'a str,
    /// What stands below: days, months.
    pub labels: &'a [String],
    /// Up to four lines.
    pub series: &'a [Series<'a>],
    /// How a figure is written.
    pub written: &'a dyn Fn(i64) -> String,
    /// The word for its table.
    pub table_word: &'a str,
}

impl std::fmt::Debug for Chart<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chart").field("title", &self.title).field("labels", &self.labels).field("series", &self.series).finish_non_exhaustive()
    }
}

impl Chart<'_> {
    /// The end of the scale: a round number at or above the largest figure.
    fn top(&self) -> i64 {
        let most = self.series.iter().flat_map(|series| series.figures).copied().max().unwrap_or(0).max(1);
        let mut step = 1;
        while step * 10 <= most {
            step *= 10;
        }
        [1, 2, 4, 5, 8, 10].into_iter().map(|times| times * step).find(|end| *end >= most).unwrap_or(most)
    }

    fn high(&self, figure: i64, top: i64) -> i64 {
        HEIGHT - BOTTOM - figure.max(0) * (HEIGHT - BOTTOM - TOP) / top
    }

    fn grid(&self, top: i64) -> Markup {
        html! {
            @for quarter in 0..=4 {
                @let figure = top * quarter / 4;
                @let y = self.high(figure, top);
                line class="grid-line" x1=(LEFT) x2=(WIDTH) y1=(y) y2=(y) {}
                text x=(LEFT - 8) y=(y + 4) text-anchor="end" { ((self.written)(figure)) }
            }
        }
    }

    fn below(&self, at: impl Fn(usize) -> i64) -> Markup {
        let every = (self.labels.len() / 8).max(1);
        html! {
            @for (place, label) in self.labels.iter().enumerate().filter(|(place, _)| place % every == 0) {
                text x=(at(place)) y=(HEIGHT - 6) text-anchor="middle" { (label) }
            }
        }
    }

    fn framed(&self, drawing: &Markup) -> Markup {
        html! {
            figure class="chart" {
                svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(self.title) { (drawing) }
                @if self.series.len() > 1 {
                    figcaption class="legend" {
                        @for (nth, series) in self.series.iter().enumerate() {
                            span { svg viewBox="0 0 1 1" aria-hidden="true" { rect class={ "b" (nth + 1) } width="1" height="1" {} } (series.name) }
                        }
                    }
                }
                details {
                    summary { (self.table_word) }
                    div class="table-wrap" tabindex="0" role="region" aria-label=(self.title) {
                        table class="table" {
                            thead { tr { th scope="col" {} @for series in self.series { th scope="col" class="right" { (series.name) } } } }
                            tbody {
                                @for (place, label) in self.labels.iter().enumerate() {
                                    tr { td { (label) } @for series in self.series { td class="right" { ((self.written)(series.figures.get(place).copied().unwrap_or(0))) } } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// As bars, those of one label beside each other.
    #[must_use]
    pub fn bars(&self) -> Markup {
        let top = self.top();
        let room = (WIDTH - LEFT) / i64::try_from(self.labels.len().max(1)).unwrap_or(1);
        let across = i64::try_from(self.series.len().max(1)).unwrap_or(1);
        let wide = (room * 6 / 10 / across).clamp(2, 34);
        let left = |place: usize| LEFT + room * i64::try_from(place).unwrap_or(0) + room / 2;
        self.framed(&html! {
            (self.grid(top))
            @for (nth, series) in (0_i64..).zip(self.series) {
                @for (place, figure) in series.figures.iter().enumerate() {
                    @let y = self.high(*figure, top);
                    g {
                        title { (self.labels.get(place).map_or("", String::as_str)) ": " ((self.written)(*figure)) }
                        rect class={ "column b" (nth + 1) } x=(left(place) - wide * across / 2 + wide * nth) y=(y) width=(wide - 1) height=(HEIGHT - BOTTOM - y) rx="3" {}
                    }
                }
            }
            (self.below(left))
        })
    }

    /// As lines; a single one fills the room below it.
    #[must_use]
    pub fn lines(&self) -> Markup {
        let top = self.top();
        let steps = i64::try_from(self.labels.len().saturating_sub(1).max(1)).unwrap_or(1);
        let left = |place: usize| LEFT + 12 + (WIDTH - LEFT - 24) * i64::try_from(place).unwrap_or(0) / steps;
        let path = |figures: &[i64]| {
            let mut path = String::new();
            for (place, figure) in figures.iter().enumerate() {
                let _ = write!(path, "{}{} {}", if place == 0 { 'M' } else { 'L' }, left(place), self.high(*figure, top));
            }
            path
        };
        self.framed(&html! {
            (self.grid(top))
            @if let [only] = self.series {
                path class="area" d={ (path(only.figures)) "L" (left(only.figures.len().saturating_sub(1))) " " (HEIGHT - BOTTOM) "L" (left(0)) " " (HEIGHT - BOTTOM) "Z" } {}
            }
            @for (nth, series) in self.series.iter().enumerate() { path class={ "line s" (nth + 1) } d=(path(series.figures)) {} }
            (self.below(left))
            (self.hits(left, (WIDTH - LEFT - 24) / steps))
        })
    }

    /// What is pointed at: the room of each label, with its figures.
    fn hits(&self, at: impl Fn(usize) -> i64, wide: i64) -> Markup {
        let wide = wide.max(2);
        html! {
            @for (place, label) in self.labels.iter().enumerate() {
                g class="hit" {
                    title {
                        (label)
                        @for series in self.series {
                            @let figure = (self.written)(series.figures.get(place).copied().unwrap_or(0));
                            @if self.series.len() > 1 { " · " (series.name) ": " (figure) } @else { ": " (figure) }
                        }
                    }
                    rect x=(at(place) - wide / 2) y=(TOP) width=(wide) height=(HEIGHT - BOTTOM - TOP) {}
                    line x1=(at(place)) x2=(at(place)) y1=(TOP) y2=(HEIGHT - BOTTOM) {}
                    @for (nth, series) in self.series.iter().enumerate() {
                        circle class={ "b" (nth + 1) } cx=(at(place)) cy=(self.high(series.figures.get(place).copied().unwrap_or(0), self.top())) r="4" {}
                    }
                }
            }
        }
    }
}

/// A line without a scale, inside a tile. The figure beside it says what it means.
#[must_use]
pub fn spark(figures: &[i64]) -> Markup {
    let most = figures.iter().copied().max().unwrap_or(0).max(1);
    let steps = i64::try_from(figures.len().saturating_sub(1).max(1)).unwrap_or(1);
    let mut path = String::new();
    for (place, figure) in (0_i64..).zip(figures) {
        let _ = write!(path, "{}{} {}", if place == 0 { 'M' } else { 'L' }, 200 * place / steps, 30 - figure.max(&0) * 28 / most);
    }
    html! {
        div class="spark chart" {
            svg viewBox="0 0 200 32" preserveAspectRatio="none" aria-hidden="true" {
                path class="area" d={ (path) "L200 32L0 32Z" } {}
                path class="line s1" d=(path) vector-effect="non-scaling-stroke" {}
            }
        }
    }
}
