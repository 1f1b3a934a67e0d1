//! E-mails: one template in two forms, text and HTML, per [`Template`](tradepost_domain::notices::rules::Template) and language.

mod sample;
#[cfg(test)]
mod tests;
mod words;

use crate::language::Language;
use minijinja::{Environment, UndefinedBehavior};
use serde_json::Value as Json;
use std::sync::OnceLock;
use tradepost_domain::notices::rules::Template;

pub use sample::sample;

/// A rendered e-mail. Its body may hold a code: it is made for its recipient and not kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// One line, without line breaks.
    pub subject: String,
    /// The plain form.
    pub text: String,
    /// The HTML form.
    pub html: String,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// The template and the variables do not fit: a bug, told without the variables' contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotRendered(pub String);

impl std::fmt::Display for NotRendered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for NotRendered {}

/// Steps that one rendering may take; the longest of ours takes some hundreds.
const FUEL: u64 = 20_000;

/// A text by its name, and what it says.
type Text = (&'static str, &'static str);

macro_rules! texts {
    ($($name:literal),+ $(,)?) => {
        /// Every text in English.
        const ENGLISH: &[Text] = &[$(($name, include_str!(concat!("../templates/mail/en/", $name)))),+];
        /// The same in German: one that is missing is not compiled.
        const GERMAN: &[Text] = &[$(($name, include_str!(concat!("../templates/mail/de/", $name)))),+];
    };
}

/// What stands around every text, in whichever language.
const AROUND: &[Text] = &[("layout.html", include_str!("../templates/mail/layout.html")), ("footer.txt", include_str!("../templates/mail/footer.txt"))];

texts![
    "sandbox.txt",
    "partnership_signed_up.txt",
    "partnership_signed_up.html",
    "access.txt",
    "access.html",
    "sign_up_repeated.txt",
    "sign_up_repeated.html",
    "partnership_approved.txt",
    "partnership_approved.html",
    "partnership_denied.txt",
    "partnership_denied.html",
    "partnership_suspended.txt",
    "partnership_suspended.html",
    "partnership_reactivated.txt",
    "partnership_reactivated.html",
    "partnership_closed.txt",
    "partnership_closed.html",
    "order_placed.txt",
    "order_placed.html",
    "order_canceled.txt",
    "order_canceled.html",
    "reservation_ended.txt",
    "reservation_ended.html",
    "approval_requested.txt",
    "approval_requested.html",
    "top_up_requested.txt",
    "top_up_requested.html",
    "balance_low.txt",
    "balance_low.html",
    "license_sent.txt",
    "license_sent.html",
    "fulfillment_delivered.txt",
    "fulfillment_delivered.html",
    "fulfillment_failed.txt",
    "fulfillment_failed.html",
    "cancel_requested.txt",
    "cancel_requested.html",
    "cancel_approved.txt",
    "cancel_approved.html",
    "cancel_rejected.txt",
    "cancel_rejected.html",
    "password_reset.txt",
    "password_reset.html",
    "email_confirmation.txt",
    "email_confirmation.html",
    "security_event.txt",
    "security_notice.txt",
    "security_notice.html",
    "email_change.txt",
    "email_change.html",
    "email_change_notice.txt",
    "email_change_notice.html",
    "ownership_received.txt",
    "ownership_received.html",
    "ownership_given.txt",
    "ownership_given.html",
];

const fn texts_in(language: Language) -> &'static [Text] {
    match language {
        Language::English => ENGLISH,
        Language::German => GERMAN,
    }
}

/// The templates of a version in a language. What was written by the first version, always in English, reads as it did then.
fn environment(version: i64, language: Language) -> &'static Environment<'static> {
    static FIRST: OnceLock<Environment<'static>> = OnceLock::new();
    static NOW: [OnceLock<Environment<'static>>; 2] = [const { OnceLock::new() }; 2];
    match (version, language) {
        (1, _) => FIRST.get_or_init(|| made(Language::English, &words::FIRST)),
        (_, Language::English) => NOW[0].get_or_init(|| made(language, &words::ENGLISH)),
        (_, Language::German) => NOW[1].get_or_init(|| made(language, &words::GERMAN)),
    }
}

fn made(language: Language, words: &'static words::Words) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.add_global("language", language.code());
    environment.add_filter("amount", words.amount);
    environment.add_filter("count", words.count);
    environment.add_filter("day", words.day);
    environment.add_filter("moment", words.moment);
    environment.add_filter("plural", words.plural);
    for (name, text) in AROUND.iter().chain(texts_in(language)) {
        // A template that does not parse is missing then; the tests render every one.
        let added = environment.add_template(name, text);
        debug_assert!(added.is_ok(), "{name}: {added:?}");
    }
    environment
}

/// Renders an e-mail from its variables, in which every reference was opened: in its language, as templates of its version did (PLT-12).
///
/// # Errors
/// [`NotRendered`] where a variable is missing.
pub fn render(template: Template, version: i64, language: Language, variables: &Json) -> Result<Mail, NotRendered> {
    let name = template.name();
    let environment = environment(version, language);
    let whole = one(environment, &format!("{name}.txt"), variables)?;
    let (head, text) = whole.split_once("\n\n").ok_or_else(|| NotRendered(format!("{name}.txt has no body")))?;
    let subject = head.strip_prefix("Subject: ").filter(|subject| !subject.contains(['\r', '\n']));
    let subject = subject.ok_or_else(|| NotRendered(format!("{name}.txt has no subject of one line")))?.to_owned();
    let mut with_subject = variables.clone();
    with_subject["subject"] = Json::String(subject.clone());
    let html = one(environment, &format!("{name}.html"), &with_subject)?;
    Ok(Mail { subject, text: text.to_owned(), html })
}

fn one(environment: &Environment<'_>, name: &str, variables: &Json) -> Result<String, NotRendered> {
    let template = environment.get_template(name).map_err(|error| NotRendered(format!("{name}: {}", error.kind())))?;
    // The kind and line only: the detail may quote a variable.
    template
        .render(minijinja::Value::from(minijinja::value::Serde(variables)))
        .map_err(|error| NotRendered(format!("{name}, line {}: {}", error.line().unwrap_or(0), error.kind())))
}
