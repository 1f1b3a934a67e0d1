//! The frame around every page.

use crate::assets;
use crate::badge::count;
use crate::icon::{Icon, icon};
use maud::{DOCTYPE, Markup, html};
use tradepost_kernel::Language;

/// How the house of a page looks, where it chose something of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Brand<'a> {
    /// A style sheet that comes after the usual one.
    pub style: Option<&'a str>,
    /// A picture in place of the initials.
    pub logo: Option<&'a str>,
}

impl Brand<'_> {
    /// The picture of the house, or its initials.
    fn mark(&self, name: &str) -> Markup {
        html! {
            @if let Some(logo) = self.logo { img class="logo" src=(logo) alt=""; }
            @else { span class="mark" aria-hidden="true" { (crate::value::initials(name)) } }
        }
    }
}

/// What every page has.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// What it shows.
    pub title: &'a str,
    /// Whose house it is: the merchant's name, or the product's.
    pub house: &'a str,
    /// In which language.
    pub language: Language,
    /// `light`, `dark`, or as the system has it.
    pub theme: Option<&'a str>,
    /// How the house looks.
    pub brand: Brand<'a>,
}

impl Page<'_> {
    pub(crate) fn around(&self, body: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang=(self.language.code()) data-theme=[self.theme] {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " · " (self.house) }
                    link rel="icon" type="image/svg+xml" href=(assets::mark().path());
                    link rel="stylesheet" href=(assets::style().path());
                    @if let Some(style) = self.brand.style { link rel="stylesheet" href=(style); }
                    script type="module" src=(assets::script().path()) {}
                }
                (body)
            }
        }
    }
}

/// A link of the navigation.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    /// What it shows.
    pub icon: Icon,
    /// Its name.
    pub name: &'a str,
    /// Where it is.
    pub path: String,
    /// How many things wait there.
    pub waiting: usize,
    /// Whether this page is there.
    pub here: bool,
}

/// Links that belong together, under a name or under none.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// Their name.
    pub name: &'a str,
    /// The links.
    pub places: Vec<Place<'a>>,
}

/// A workspace: who works in it, and where they can go.
#[derive(Debug)]
pub struct Workspace<'a> {
    /// Its name: the program or the merchant.
    pub name: &'a str,
    /// What it is: `Reseller`, `Merchant`.
    pub kind: &'a str,
    /// Others that this person may switch to: name, path.
    pub others: &'a [(String, String)],
    /// The navigation.
    pub groups: &'a [Group<'a>],
    /// Who is signed in: name, address.
    pub person: (&'a str, &'a str),
    /// What the person's menu offers.
    pub menu: Markup,
    /// Whether it is the sandbox, and what is said about it.
    pub sandbox: Option<&'a str>,
    /// What was just done.
    pub toast: Option<Markup>,
    /// Where search is, and its word.
    pub finder: (&'a str, &'a str),
}

/// A page of a workspace.
#[must_use]
pub fn workspace(page: &Page<'_>, workspace: &Workspace<'_>, inside: &Markup) -> Markup {
    let language = page.language;
    page.around(&html! {
        body {
            a class="skip" href="#content" { (language.t("Skip to content", "Zum Inhalt springen")) }
            div class="shell" {
                (navigation(page, workspace))
                header class="bar" {
                    button class="button quiet bare open-nav" type="button" popovertarget="navigation" title=(language.t("Menu", "Menü")) {
                        (icon(Icon::Menu)) span class="unseen" { (language.t("Menu", "Menü")) }
                    }
                    a class="finder" href=(workspace.finder.0) data-palette=(workspace.finder.1) { (icon(Icon::Search)) (workspace.finder.1) kbd { "Ctrl K" } }
                    div class="apart" {
                        details class="menu" {
                            summary class="button quiet bare" title=(workspace.person.0) {
                                span class="avatar" aria-hidden="true" { (crate::value::initials(workspace.person.0)) }
                                span class="unseen" { (workspace.person.0) }
                            }
                            div class="list" {
                                div class="item" { span { strong { (workspace.person.0) } br; small class="muted" { (workspace.person.1) } } }
                                hr;
                                (workspace.menu)
                            }
                        }
                    }
                }
                main id="content" tabindex="-1" {
                    @if let Some(text) = workspace.sandbox { div class="sandbox-note" { (crate::note::note(crate::Tone::Warn, text, "", None)) } }
                    div class="page" { (inside) }
                }
            }
            div class="toasts" data-toasts aria-live="polite" { @if let Some(toast) = &workspace.toast { (toast) } }
        }
    })
}

fn navigation(page: &Page<'_>, workspace: &Workspace<'_>) -> Markup {
    let language = page.language;
    html! {
        nav class="nav" id="navigation" popover aria-label=(language.t("Main", "Hauptmenü")) {
            details class="switcher" {
                summary {
                    (page.brand.mark(workspace.name))
                    span class="name" { strong class="one-line" { (workspace.name) } small { (workspace.kind) } }
                    (icon(Icon::Switch))
                }
                div class="list" {
                    @for (name, path) in workspace.others { a class="item" href=(path) { span class="mark" aria-hidden="true" { (crate::value::initials(name)) } (name) } }
                }
            }
            @for group in workspace.groups {
                div class="nav-group" {
                    @if !group.name.is_empty() { h2 { (group.name) } }
                    @for place in &group.places {
                        a class="nav-link" href=(place.path) aria-current=[place.here.then_some("page")] { (icon(place.icon)) (place.name) (count(place.waiting)) }
                    }
                }
            }
        }
    }
}

/// The head of a page: the way to it, what it is, in which state, and what can be done.
#[derive(Debug)]
pub struct Head<'a> {
    /// The way to it: name, path.
    pub crumbs: &'a [(&'a str, &'a str)],
    /// What it is.
    pub title: &'a str,
    /// Its state.
    pub state: Option<Markup>,
    /// A sentence about it.
    pub text: Option<&'a str>,
    /// What can be done.
    pub acts: Option<Markup>,
}

/// Draws the head of a page.
#[must_use]
pub fn head(language: Language, head: &Head<'_>) -> Markup {
    html! {
        header class="page-head" {
            div class="titles" {
                @if !head.crumbs.is_empty() {
                    nav class="crumbs" aria-label=(language.t("Breadcrumb", "Brotkrumen")) { @for (name, path) in head.crumbs { a href=(path) { (name) } (icon(Icon::Next)) } }
                }
                div class="title-line" { h1 { (head.title) } @if let Some(state) = &head.state { (state) } }
                @if let Some(text) = head.text { p { (text) } }
            }
            @if let Some(acts) = &head.acts { div class="acts" { (acts) } }
        }
    }
}

/// A page outside a workspace: sign-in, a public form.
#[must_use]
pub fn alone(page: &Page<'_>, wide: bool, inside: &Markup, foot: &Markup) -> Markup {
    page.around(&html! {
        body class=(if wide { "alone wide" } else { "alone" }) {
            main id="content" {
                span class="brand" { (page.brand.mark(page.house)) (page.house) }
                div class="card" { div class="inside" { (inside) } }
                footer { (foot) }
            }
            div class="toasts" data-toasts aria-live="polite" {}
        }
    })
}
