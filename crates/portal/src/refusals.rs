//! What a no says to people. In English the server's own sentence; in German the sentence of its code, or of the phrase that the server used.

mod german;
mod phrases;

pub use german::GERMAN;
pub use phrases::PHRASES;

use crate::look::Look;
use tradepost_design::Language;
use tradepost_kernel::{Currency, Money};
use tradepost_web::codes;

/// A no about the whole, as a sentence.
#[must_use]
pub fn in_words(look: &Look, code: &str, detail: &str) -> String {
    match look.language {
        Language::English if detail.is_empty() => codes::meaning(code).to_owned(),
        Language::English => detail.to_owned(),
        Language::German => phrase(look, detail).unwrap_or_else(|| of_code(code)),
    }
}

/// What is wrong with one field, as a sentence beside it.
#[must_use]
pub fn of_field(look: &Look, code: &str, detail: &str) -> String {
    let detail = without_name(detail);
    match look.language {
        Language::English if detail.is_empty() => codes::meaning(code).to_owned(),
        Language::English => sentence(detail),
        Language::German => phrase(look, detail).unwrap_or_else(|| of_code(code)),
    }
}

fn of_code(code: &str) -> String {
    GERMAN.iter().find(|(known, _)| *known == code).map_or_else(|| format!("Das ging nicht (Code „{code}“)."), |(_, text)| (*text).to_owned())
}

/// A detail as a sentence: most of them go on from the name of their field, "must not be blank".
fn sentence(detail: &str) -> String {
    let mut characters = detail.chars();
    let first = characters.next();
    let mut text: String = first.into_iter().flat_map(char::to_uppercase).chain(characters).collect();
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

/// The detail without the name that the API has for the field: beside the field it says nothing.
fn without_name(detail: &str) -> &str {
    let detail = detail.trim();
    match detail.split_once(' ') {
        Some((first, rest)) if first.contains('_') && first.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase()) => rest,
        _ => detail,
    }
}

/// The German of a phrase that the server uses, with the numbers and names of this one case.
fn phrase(look: &Look, detail: &str) -> Option<String> {
    let detail = detail.trim().trim_end_matches('.');
    PHRASES.iter().find_map(|(english, german)| taken(english, detail).map(|values| filled(look, german, &values)))
}

/// What stands for each `{}` of a pattern; `None` where the text is not of that pattern.
fn taken<'t>(pattern: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let mut parts = pattern.split("{}");
    let mut rest = text.strip_prefix(parts.next().unwrap_or(""))?;
    let (mut parts, mut values) = (parts.peekable(), Vec::new());
    while let Some(part) = parts.next() {
        let (value, after) = if parts.peek().is_some() { rest.split_once(part)? } else { (rest.strip_suffix(part)?, "") };
        values.push(value);
        rest = after;
    }
    rest.is_empty().then_some(values)
}

/// `100.00 USD`.
fn amount(text: &str) -> Option<Money> {
    let (amount, currency) = text.rsplit_once(' ')?;
    currency.parse::<Currency>().ok()?.parse(amount).ok()
}

fn filled(look: &Look, german: &str, values: &[&str]) -> String {
    let mut parts = german.split("{}");
    let mut text = parts.next().unwrap_or("").to_owned();
    for (part, value) in parts.zip(values) {
        match (value.parse::<i64>(), amount(value)) {
            (Ok(number), _) => text.push_str(&look.number(number)),
            (Err(_), Some(amount)) => text.push_str(&look.money_text(&amount)),
            (Err(_), None) => text.push_str(value),
        }
        text.push_str(part);
    }
    text
}
