//! What a page says, apart from what it was told: to see which words of a German page are English.

use std::collections::BTreeSet;

/// Elements without an end.
const EMPTY: [&str; 14] = ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "path"];
/// Elements whose text is nothing that a page says: code, and the text that somebody typed.
const NOT_SAID: [&str; 7] = ["code", "pre", "script", "style", "svg", "textarea", "kbd"];
/// Attributes that are read out or shown.
const READ: [&str; 4] = ["aria-label", "title", "alt", "placeholder"];

/// What a page says.
#[derive(Debug, Default)]
pub struct PageWords {
    /// Its texts.
    pub texts: BTreeSet<String>,
    /// The names of its parts: labels for who cannot see, captions.
    pub labels: BTreeSet<String>,
}

fn plain(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where a tag ends that begins at the start of `text`; quoted values may hold `>`.
fn end_of_tag(text: &str) -> usize {
    let mut quoted = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            '>' if !quoted => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn value<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next()
}

impl PageWords {
    /// Reads a page. What stands in an element with a language of its own is data, or is meant to be in it.
    pub fn of(html: &str) -> Self {
        let (mut words, mut rest, mut open) = (Self::default(), html, Vec::<(String, bool)>::new());
        while !rest.is_empty() {
            let silent = open.last().is_some_and(|(_, silent)| *silent);
            let length = if rest.starts_with('<') { end_of_tag(rest) } else { rest.find('<').unwrap_or(rest.len()) };
            let (part, after) = rest.split_at(length);
            rest = after;
            if !part.starts_with('<') {
                let in_caption = open.last().is_some_and(|(name, _)| name == "caption");
                if !silent {
                    let kept = if in_caption { &mut words.labels } else { &mut words.texts };
                    kept.insert(plain(part));
                }
                continue;
            }
            let inside = part.trim_matches(|c| matches!(c, '<' | '>'));
            let name = inside.split([' ', '\n']).next().unwrap_or("").trim_end_matches('/').to_lowercase();
            if let Some(ended) = name.strip_prefix('/') {
                if let Some(at) = open.iter().rposition(|(known, _)| known == ended) {
                    open.truncate(at);
                }
                continue;
            }
            let silent = silent || NOT_SAID.contains(&name.as_str()) || (name != "html" && value(inside, "lang").is_some());
            if !silent {
                for attribute in READ {
                    let kept = if attribute == "aria-label" { &mut words.labels } else { &mut words.texts };
                    kept.extend(value(inside, attribute).map(plain));
                }
            }
            if !EMPTY.contains(&name.as_str()) && !name.starts_with('!') && !inside.ends_with('/') {
                open.push((name, silent));
            }
        }
        words
    }

    /// What is said here and in the other language alike, apart from `data`: texts of more than one word, and every label.
    pub fn alike(&self, other: &Self, data: &[&str]) -> Vec<String> {
        let texts = self.texts.intersection(&other.texts).filter(|text| words_of(text, data) > 1);
        let labels = self.labels.intersection(&other.labels).filter(|label| words_of(label, data) > 0);
        texts.chain(labels).cloned().collect()
    }
}

/// How many words a text has apart from what is data: names, addresses, numbers, ids.
fn words_of(text: &str, data: &[&str]) -> usize {
    let said = data.iter().fold(text.to_owned(), |said, known| said.replace(known, " "));
    let is_word = |word: &&str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        word.len() > 1 && word.chars().all(char::is_alphabetic) && word.chars().any(char::is_lowercase)
    };
    said.split_whitespace().filter(is_word).count()
}

#[test]
fn a_page_says_its_texts_and_labels_and_not_its_code() {
    let page = "<!DOCTYPE html><html lang=\"de\"><body><p title=\"Say &amp; do\">One <b>two</b></p><code>let it be</code>\
        <div aria-label=\"All orders\"><table><caption>Orders</caption><tr><td data-label=\"x > y\">Acme<br>9</td></tr></table></div><p lang=\"en\">not this</p>";
    let words = PageWords::of(page);
    let said: Vec<&str> = words.texts.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    assert_eq!(said, ["9", "Acme", "One", "Say & do", "two"]);
    assert_eq!(words.labels.iter().collect::<Vec<_>>(), ["All orders", "Orders"]);
    assert_eq!(words.alike(&words, &["Orders"]), ["Say & do", "All orders"]);
}
