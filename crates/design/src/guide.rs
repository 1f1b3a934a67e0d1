//! The frame of the documentation: where one can go on the left, what the page holds on the right.

use crate::frame::{Group, Page};
use crate::icon::{Icon, icon};
use maud::{Markup, html};

/// A page of the documentation. `contents`: anchor and name of each of its sections; `bar`: what stands at the upper right.
#[must_use]
pub fn page(page: &Page<'_>, groups: &[Group<'_>], contents: &[(&str, &str)], bar: &Markup, inside: &Markup) -> Markup {
    page.around(&html! {
        body {
            a class="skip" href="#content" { "Skip to content" }
            div class="shell" {
                nav class="nav" id="navigation" popover aria-label="Documentation" {
                    a class="guide-brand" href="/docs" { span class="mark" aria-hidden="true" { (crate::value::initials(page.house)) } span { strong { (page.house) } small { "Documentation" } } }
                    @for group in groups {
                        div class="nav-group" {
                            h2 { (group.name) }
                            @for place in &group.places {
                                a class="nav-link" href=(place.path) aria-current=[place.here.then_some("page")] { (icon(place.icon)) (place.name) }
                            }
                        }
                    }
                }
                header class="bar" {
                    button class="button quiet bare open-nav" type="button" popovertarget="navigation" title="Menu" { (icon(Icon::Menu)) span class="unseen" { "Menu" } }
                    div class="apart" { (bar) }
                }
                main id="content" tabindex="-1" {
                    div class="guide" {
                        article class="prose" { (inside) }
                        @if contents.len() > 1 {
                            nav class="guide-contents" aria-label="On this page" {
                                h2 { "On this page" }
                                @for (anchor, name) in contents { a href=(format!("#{anchor}")) { (name) } }
                            }
                        }
                    }
                }
            }
            div class="toasts" data-toasts aria-live="polite" {}
        }
    })
}
