//! Markdown to HTML: headings that can be linked to, code that can be copied, links that stay in the house.

use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use std::collections::BTreeMap;
use tradepost_design::{Language, value};

/// A page.
#[derive(Debug)]
pub(super) struct Rendered {
    /// Its first heading.
    pub(super) title: String,
    /// From one heading to the next.
    pub(super) parts: Vec<Part>,
}

/// A heading and what follows it.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) level: u8,
    pub(super) anchor: String,
    pub(super) title: String,
    pub(super) html: String,
}

/// The anchor of a heading as Git hosts make it: small letters, hyphens for spaces, no punctuation.
fn slug(title: &str) -> String {
    let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Where a link of a file leads in the server; `None`: nowhere, as what it names is in the repository only.
fn place(link: &str) -> Option<String> {
    if link.starts_with('#') || link.starts_with("https://") || link.starts_with("http://") || link.starts_with("mailto:") || link.starts_with('/') {
        return Some(link.to_owned());
    }
    let (file, anchor) = link.split_once('#').map_or((link, String::new()), |(file, anchor)| (file, format!("#{anchor}")));
    let name = file.strip_suffix(".md").filter(|name| !name.contains('/'))?;
    Some(if name == "README" { format!("/docs{anchor}") } else { format!("/docs/{name}{anchor}") })
}

const fn number(level: HeadingLevel) -> u8 {
    level as u8
}

/// The text of a heading.
fn text_of(events: &[Event<'_>]) -> String {
    let text = |event: &Event<'_>| match event {
        Event::Text(text) | Event::Code(text) => text.to_string(),
        _ => String::new(),
    };
    events.iter().map(text).collect()
}

struct Writer<'a> {
    parts: Vec<Part>,
    /// What was read since the last heading ended.
    events: Vec<Event<'a>>,
    /// Links whose text alone is shown.
    unlinked: usize,
    anchors: BTreeMap<String, usize>,
}

impl<'a> Writer<'a> {
    fn flush(&mut self) {
        let events = std::mem::take(&mut self.events);
        if let Some(part) = self.parts.last_mut() {
            html::push_html(&mut part.html, events.into_iter());
        }
    }

    fn heading(&mut self, level: u8, inside: Vec<Event<'a>>) {
        self.flush();
        let title = text_of(&inside);
        let slug = slug(&title);
        let times = self.anchors.entry(slug.clone()).or_default();
        let anchor = if *times == 0 { slug } else { format!("{slug}-{times}") };
        *times += 1;
        let mut shown = String::new();
        html::push_html(&mut shown, inside.into_iter());
        let html = if level == 1 {
            format!("<h1 id=\"{anchor}\">{shown}</h1>")
        } else {
            format!("<h{level} id=\"{anchor}\"><a class=\"anchor\" href=\"#{anchor}\">{shown}</a></h{level}>")
        };
        self.parts.push(Part { level, anchor, title, html });
    }

    fn read(&mut self, event: Event<'a>) {
        let kept = match event {
            // A note to those who edit the file.
            Event::Html(text) | Event::InlineHtml(text) if text.trim_start().starts_with("<!--") => return,
            // Markdown's own HTML is shown as what it is: text.
            Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
            // Alignment would be an inline style.
            Event::Start(Tag::Table(columns)) => {
                self.events.push(Event::Html(CowStr::Borrowed("<div class=\"table-scroll\" tabindex=\"0\">")));
                Event::Start(Tag::Table(columns.iter().map(|_| pulldown_cmark::Alignment::None).collect()))
            }
            Event::End(TagEnd::Table) => {
                self.events.push(Event::End(TagEnd::Table));
                Event::Html(CowStr::Borrowed("</div>"))
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => match place(&dest_url) {
                Some(place) => Event::Start(Tag::Link { link_type, dest_url: place.into(), title, id }),
                None => {
                    self.unlinked += 1;
                    return;
                }
            },
            Event::End(TagEnd::Link) if self.unlinked > 0 => {
                self.unlinked -= 1;
                return;
            }
            other => other,
        };
        self.events.push(kept);
    }
}

/// Renders a page.
pub(super) fn render(markdown: &str) -> Rendered {
    let mut writer = Writer { parts: Vec::new(), events: Vec::new(), unlinked: 0, anchors: BTreeMap::new() };
    let mut parser = Parser::new_ext(markdown, Options::ENABLE_TABLES);
    while let Some(event) = parser.next() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let inside: Vec<Event<'_>> = parser.by_ref().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_)))).collect();
                writer.heading(number(level), inside);
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented)) => {
                let inside: Vec<Event<'_>> = parser.by_ref().take_while(|event| !matches!(event, Event::End(TagEnd::CodeBlock))).collect();
                let code = value::snippet(text_of(&inside).trim_end(), Language::English).into_string();
                writer.events.push(Event::Html(code.into()));
            }
            other => writer.read(other),
        }
    }
    writer.flush();
    let title = writer.parts.first().map_or_else(String::new, |part| part.title.clone());
    Rendered { title, parts: writer.parts }
}
