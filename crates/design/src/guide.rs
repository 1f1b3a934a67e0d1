//! The frame of the documentation: where one can go on the left, what the page holds on the right.

use crate::frame::{Group, Page};
use crate::icon::{Icon, icon};
use maud::{Markup, html};

/// A page of the documentation, whose texts are English; its frame is in the language of the page. `contents`: anchor and name of each of its sections; `bar`: what stands at the upper right.
#[must_use]
pub fn page(page: &Page<'_>, groups: &[Group<'_>], contents: &[(&str, &str)], bar: &Markup, inside: &Markup) -> Markup {
    let language = page.language;
    let here = language.t("On this page", "Auf dieser Seite");
    page.around(&html! {
        body {
            a class="skip" href="#content" { (language.t("Skip to content", "Zum Inhalt springen")) }
            div class="shell" {
                nav class="nav" id="navigation" popover aria-label=(language.t("Documentation", "Dokumentation")) {
                    a class="guide-brand" href="/docs" { span class="mark" aria-hidden="true" { (crate::value::initials(page.house)) } span { strong { (page.house) } small { (language.t("Documentation", "Dokumentation")) } } }
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
                    button class="button quiet bare open-nav" type="button" popovertarget="navigation" title=(language.t("Menu", "Menü")) {
                        (icon(Icon::Menu)) span class="unseen" { (language.t("Menu", "Menü")) }
                    }
                    div class="apart" { (bar) }
                }
                main id="content" tabindex="-1" {
                    div class="guide" {
                        article class="prose" lang="en" { (inside) }
                        @if contents.len() > 1 {
                            nav class="guide-contents" aria-label=(here) {
                                h2 { (here) }
                                @for (anchor, name) in contents { a lang="en" href=(format!("#{anchor}")) { (name) } }
                            }
                        }
                    }
                }
            }
            div class="toasts" data-toasts aria-live="polite" {}
        }
    })
}
