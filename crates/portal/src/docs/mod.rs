//! The documentation: the pages of `docs/`, in the portal's look, with nothing from elsewhere and without a script.
//!
//! Always true here:
//! - A page is a Markdown file of the repository, part of the binary; a Git host shows the same one, and links between
//!   them work in both places.
//! - Markdown's own HTML is shown as text, and nothing is inline: the policy of pages is that of the whole portal.
//! - Pictures are no part of the binary: they are made by the browser's tests, and two builds of one commit must not differ. Where the
//!   data folder has `docs-pictures/PAGE-HEADING.png`, the page shows it below that heading; where not, it is whole without.

mod render;

use crate::look::Look;
use axum::http::header::CACHE_CONTROL;
use maud::{Markup, PreEscaped, html};
use render::{Rendered, render};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;
use tradepost_design::frame::{Brand, Group, Page, Place};
use tradepost_design::{Button, Icon, guide};
use tradepost_web::answer::tag_of;
use tradepost_web::{Answer, Call, Problem, Routes, beside};

/// A page of the documentation.
struct Source {
    /// Its name in the path; the file's without the ending. The first page has none.
    name: &'static str,
    icon: Icon,
    text: &'static str,
    /// What it is called in a German frame; its text is English.
    german: &'static str,
}

macro_rules! sources {
    ($($group:literal, $in_german:literal { $($name:literal $icon:ident $file:literal $german:literal),+ $(,)? })+) => {
        static SOURCES: &[(&str, &str, &[Source])] = &[$(($group, $in_german, &[$(Source {
            name: $name, icon: Icon::$icon, text: include_str!(concat!("../../../../docs/", $file)), german: $german,
        }),+])),+];
    };
}

sources! {
    "Start", "Anfang" { "" Home "README.md" "Dokumentation", "getting-started" Play "getting-started.md" "Erste Schritte" }
    "Workspaces", "Arbeitsbereiche" {
        "reseller" Reseller "reseller.md" "Für Reseller",
        "merchant" Building "merchant.md" "Für Händler",
        "portal" Paint "portal.md" "Das Portal",
    }
    "Shops and programs", "Shops und Programme" {
        "external-shops" Code "external-shops.md" "Externe Shops",
        "large-orders-and-refunds" Package "large-orders-and-refunds.md" "Große Bestellungen und Rücknahmen",
        "orders-by-api" Order "orders-by-api.md" "Bestellungen per API",
        "balance-by-api" Balance "balance-by-api.md" "Guthaben per API",
        "errors" Alert "errors.md" "Fehler",
        "events" Webhook "events.md" "Ereignisse",
    }
    "Operating", "Betrieb" {
        "operations" Health "operations.md" "Betreiben",
        "configuration" Settings "configuration.md" "Konfiguration",
        "access" Security "access.md" "Rechte",
        "verify" Check "verify.md" "Prüfung des Bestands",
        "performance" Chart "performance.md" "Leistung",
        "drills" Refresh "drills.md" "Übungen",
    }
}

static RENDERED: LazyLock<Vec<(&'static str, Rendered)>> =
    LazyLock::new(|| SOURCES.iter().flat_map(|(_, _, sources)| *sources).map(|source| (source.name, render(source.text))).collect());

fn rendered(name: &str) -> Option<&'static Rendered> {
    RENDERED.iter().find(|(known, _)| *known == name).map(|(_, page)| page)
}

fn path(name: &str) -> String {
    if name.is_empty() { "/docs".to_owned() } else { format!("/docs/{name}") }
}

fn groups(here: &str, look: &Look) -> Vec<Group<'static>> {
    let reference = look.language.t("API reference", "API-Referenz");
    let place = |source: &Source| Place {
        icon: source.icon,
        name: look.language.t(rendered(source.name).map_or("", |page| page.title.as_str()), source.german),
        path: path(source.name),
        waiting: 0,
        here: source.name == here,
    };
    let group = |(name, german, sources): &(&'static str, &'static str, &'static [Source])| {
        let mut places: Vec<Place<'static>> = sources.iter().map(place).collect();
        if *name == "Shops and programs" {
            places.push(Place { icon: Icon::Audit, name: reference, path: "/docs/api".to_owned(), waiting: 0, here: false });
        }
        Group { name: look.language.t(name, german), places }
    };
    SOURCES.iter().map(group).collect()
}

/// Names of the pictures that are there.
fn pictures(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).ok();
    entries.into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()
}

fn article(name: &str, page: &Rendered, pictures: &BTreeSet<String>) -> Markup {
    html! {
        @for part in &page.parts {
            (PreEscaped(&part.html))
            @let picture = format!("{}-{}.png", if name.is_empty() { "index" } else { name }, part.anchor);
            @if pictures.contains(&picture) {
                figure { a href=(format!("/docs/pictures/{picture}")) { img src=(format!("/docs/pictures/{picture}")) alt=(part.title) loading="lazy"; } }
            }
        }
    }
}

async fn show(call: &Call, name: &str) -> Result<Answer, Problem> {
    let page = rendered(name).ok_or_else(Problem::not_found)?;
    let found = match call.app().settings.pictures.clone() {
        Some(folder) => beside(move || pictures(&folder)).await?,
        None => BTreeSet::new(),
    };
    let look = Look::of(call);
    let german = SOURCES.iter().flat_map(|(_, _, sources)| *sources).find(|source| source.name == name).map(|source| source.german);
    let title = look.language.t(&page.title, german.unwrap_or(&page.title));
    let drawn = Page { title, house: "Tradepost", language: look.language, theme: look.theme(), brand: Brand::default() };
    let contents: Vec<(&str, &str)> = page.parts.iter().filter(|part| part.level == 2).map(|part| (part.anchor.as_str(), part.title.as_str())).collect();
    let inside = article(name, page, &found);
    let bar = html! {
        (Button::new(look.t("API reference", "API-Referenz")).quiet().small().icon(Icon::Code).to("/docs/api"))
        (Button::new(look.t("Open the portal", "Portal öffnen")).small().to("/"))
    };
    let whole = guide::page(&drawn, &groups(name, &look), &contents, &bar, &inside);
    // It differs by language, by theme and by which pictures are there, so the tag is that of the whole.
    let tag = tag_of(whole.0.as_bytes());
    Ok(Answer::html(whole).header(CACHE_CONTROL, "no-cache").unless_known(call, &tag))
}

async fn first(call: Call) -> Result<Answer, Problem> {
    show(&call, "").await
}

async fn named(call: Call) -> Result<Answer, Problem> {
    // Whoever copied a link of a Git host finds the page, too.
    let name = call.path_text("page")?;
    match name.strip_suffix(".md") {
        Some("README") => Ok(Answer::see_other("/docs")),
        Some(plain) if rendered(plain).is_some() => Ok(Answer::see_other(&path(plain))),
        _ if name.is_empty() => Err(Problem::not_found()),
        _ => show(&call, name).await,
    }
}

/// A picture of the data folder. Its name holds nothing that could lead elsewhere.
async fn picture(call: Call) -> Result<Answer, Problem> {
    let name = call.path_text("file")?;
    let stem = name.strip_suffix(".png").ok_or_else(Problem::not_found)?;
    let fine = !stem.is_empty() && stem.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let folder = call.app().settings.pictures.as_deref().filter(|_| fine).ok_or_else(Problem::not_found)?;
    let file = folder.join(name);
    let read = beside(move || std::fs::read(file).map(|bytes| (tag_of(&bytes), bytes))).await?;
    let (tag, bytes) = read.map_err(|_| Problem::not_found())?;
    Ok(Answer::bytes("image/png", bytes).header(CACHE_CONTROL, "no-cache").unless_known(&call, &tag))
}

pub(crate) fn routes(r: &mut Routes) {
    r.get("/docs", "docs", first).page().public();
    r.get("/docs/{page}", "docsPage", named).page().public();
    r.get("/docs/pictures/{file}", "docsPicture", picture).page().public();
}
