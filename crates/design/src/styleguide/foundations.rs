//! What parts are made from: color, type, space and icons; and a question as it lies over a page.

use crate::button::Button;
use crate::card::Card;
use crate::icon::{Icon, icon};
use maud::{Markup, html};

/// Every color of the style, by its name there; the styles of this page have a class for each, as nothing here has a style of its own.
const COLORS: [&str; 27] = [
    "accent",
    "accent-strong",
    "accent-soft",
    "on-accent",
    "canvas",
    "surface",
    "raised",
    "sunken",
    "hover",
    "line",
    "line-strong",
    "text",
    "muted",
    "faint",
    "good",
    "good-soft",
    "warn",
    "warn-soft",
    "bad",
    "bad-soft",
    "bad-solid",
    "info",
    "info-soft",
    "series-1",
    "series-2",
    "series-3",
    "series-4",
];

/// The sizes of type.
const SIZES: [&str; 6] = ["xs", "s", "m", "l", "xl", "2xl"];

/// The steps of space.
const SPACES: [&str; 8] = ["1", "2", "3", "4", "5", "6", "8", "12"];

pub(super) fn colors() -> Markup {
    let swatches = html! {
        ul class="swatches" {
            @for name in COLORS { li { span class={ "color-swatch of-" (name) } {} code { (name) } } }
        }
    };
    Card::new("Color").text("Each has a value for either theme.").with(swatches)
}

pub(super) fn type_and_space() -> Markup {
    html! {
        (Card::new("Type").with(html! {
            dl class="scale" { @for name in SIZES { dt { code { (name) } } dd class={ "size-" (name) } { "75 licenses, $1,875.00" } } }
        }))
        (Card::new("Space").with(html! {
            dl class="scale" { @for name in SPACES { dt { code { (name) } } dd { span class={ "space of-" (name) } {} } } }
        }))
    }
}

pub(super) fn icons() -> Markup {
    let sheet = html! {
        ul class="icon-sheet" {
            @for one in Icon::ALL { li { (icon(*one)) code { (format!("{one:?}")) } } }
        }
    };
    Card::new("Icons").text("Each stands for one thing everywhere.").with(sheet)
}

/// A question as it lies over a page, here as a piece of this one.
pub(super) fn dialog() -> Markup {
    let title = "Cancel order #1042";
    let inside = html! {
        dialog open aria-label=(title) {
            header { h2 { (title) } }
            div class="inside" {
                p { "What it reserved goes back to stock, and nothing of it is owed any more. You can't take this back." }
                div class="form-end" { (Button::new("Keep it").to("#")) (Button::new("Cancel order").danger().to("#")) }
            }
        }
    };
    Card::new("Dialog").text("Without scripts it is a page of its own.").with(html! { div class="shown-dialog" { (inside) } })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKENS: &str = include_str!("../../style/1-tokens.css");
    const STYLE: &str = include_str!("../../style/6-styleguide.css");

    /// The names of tokens that begin with `prefix` and whose value begins in one of these ways.
    fn tokens<'a>(prefix: &'a str, values: &'a [&str]) -> Vec<&'a str> {
        let declared = TOKENS.lines().filter_map(|line| line.trim().strip_prefix("--")?.split_once(": "));
        let wanted = declared.filter(|(_, value)| values.iter().any(|begin| value.starts_with(begin)));
        wanted.filter_map(|(name, _)| name.strip_prefix(prefix)).collect()
    }

    /// The guide cannot fall behind the style: what is declared there is shown here, by a class.
    #[test]
    fn every_color_size_and_step_of_the_style_is_shown() {
        assert_eq!(tokens("", &["light-dark(#", "var(--"]), COLORS);
        assert_eq!(tokens("size-", &["0", "1"]), SIZES);
        assert_eq!(tokens("space-", &["0", "1", "2", "3"]), SPACES);
        for name in COLORS {
            assert!(STYLE.contains(&format!(".color-swatch.of-{name} {{ background: var(--{name}); }}")), "{name}");
        }
        for name in SIZES {
            assert!(STYLE.contains(&format!(".scale .size-{name} {{ font-size: var(--size-{name}); }}")), "{name}");
        }
        for name in SPACES {
            assert!(STYLE.contains(&format!(".space.of-{name} {{ width: var(--space-{name}); }}")), "{name}");
        }
    }

    #[test]
    fn the_guide_shows_every_icon_and_an_open_dialog_without_a_style_of_their_own() {
        let page = crate::styleguide::page(None).into_string();
        for one in Icon::ALL {
            assert!(page.contains(&format!("<code>{one:?}</code>")), "{one:?}");
        }
        assert!(page.contains("<dialog open") && page.contains("class=\"color-swatch of-accent\"") && !page.contains(" style="), "{page}");
    }
}
