//! Values as people read them: amounts, moments, ids, codes, people.

use crate::icon::{Icon, icon};
use jiff::tz::TimeZone;
use maud::{Markup, html};
use tradepost_kernel::Language;
use tradepost_kernel::{Money, Timestamp};

/// A count with its thousands apart.
#[must_use]
pub fn number(number: i64, language: Language) -> String {
    grouped(&number.unsigned_abs().to_string(), number < 0, language)
}

fn grouped(digits: &str, negative: bool, language: Language) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if negative {
        text.push('−');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(if language == Language::German { '.' } else { ',' });
        }
        text.push(digit);
    }
    text
}

/// An amount with its currency: `$1,234.50`, `1.234,50 €`. Currencies without a sign of their own are named by their code.
#[must_use]
pub fn money_text(money: &Money, language: Language) -> String {
    let plain = money.amount_text();
    let (negative, plain) = plain.strip_prefix('-').map_or((false, plain.as_str()), |rest| (true, rest));
    let (whole, part) = plain.split_once('.').unwrap_or((plain, ""));
    let mut amount = grouped(whole, false, language);
    if !part.is_empty() {
        amount.push(if language == Language::German { ',' } else { '.' });
        amount.push_str(part);
    }
    let code = money.currency.code();
    let sign = match code {
        "USD" => "$",
        "EUR" => "€",
        "GBP" => "£",
        "JPY" => "¥",
        _ => "",
    };
    let minus = if negative { "−" } else { "" };
    match (language, sign) {
        (Language::English, "") => format!("{minus}{code}\u{a0}{amount}"),
        (Language::English, sign) => format!("{minus}{sign}{amount}"),
        (Language::German, "") => format!("{minus}{amount}\u{a0}{code}"),
        (Language::German, sign) => format!("{minus}{amount}\u{a0}{sign}"),
    }
}

/// An amount, its digits as wide as each other.
#[must_use]
pub fn money(money: &Money, language: Language) -> Markup {
    html! { span class="number" { (money_text(money, language)) } }
}

/// Letters from which on a text is too long for a column of a table.
const LONG: usize = 20;

/// What stands where there is no value. On a phone a table leaves it out.
#[must_use]
pub fn none() -> Markup {
    html! { span class="muted none" { "–" } }
}

/// Words of a table: short ones (a number, a name, a reference) stay on one line, long ones have a line of their own on a phone.
#[must_use]
pub fn whole(text: &str) -> Markup {
    html! { span class=(if text.chars().count() < LONG { "unbroken" } else { "long" }) { (text) } }
}

/// An id or another short text that people take along.
#[must_use]
pub fn copyable(text: &str, language: Language) -> Markup {
    html! { span class=(if text.len() > LONG { "copyable long" } else { "copyable" }) { code { (text) } (copy_button(text, language)) } }
}

/// The same of an id that leads to its page.
#[must_use]
pub fn copyable_link(text: &str, place: &str, language: Language) -> Markup {
    html! { span class=(if text.len() > LONG { "copyable long" } else { "copyable" }) { a href=(place) { code { (text) } } (copy_button(text, language)) } }
}

pub(crate) fn copy_button(text: &str, language: Language) -> Markup {
    let what = language.t("Copy", "Kopieren");
    html! { button class="copy" type="button" data-copy=(text) title=(what) { (icon(Icon::Copy)) span class="unseen" { (what) } } }
}

/// Lines to be copied as they are.
#[must_use]
pub fn snippet(text: &str, language: Language) -> Markup {
    html! { div class="snippet" { pre tabindex="0" { code { (text) } } (copy_button(text, language)) } }
}

/// An e-mail address, which breaks before its domain where it breaks at all.
#[must_use]
pub fn email(address: &str) -> Markup {
    html! {
        @match address.split_once('@') {
            Some((name, domain)) => { (name) "@" wbr; (domain) },
            None => (address),
        }
    }
}

/// A person or company with the first letters of its name.
#[must_use]
pub fn person(name: &str, under: Option<&str>) -> Markup {
    html! {
        span class="person" {
            span class="avatar" aria-hidden="true" { (initials(name)) }
            span { (whole(name)) @if let Some(under) = under { span class="under muted" { " " (under) } } }
        }
    }
}

/// The first letters of the first and the last word.
#[must_use]
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric()));
    let first = words.next();
    let last = words.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// A moment: how long ago as seen from `now`, the whole of it as a hint.
#[must_use]
pub fn moment(at: Timestamp, now: Timestamp, zone: &str, language: Language) -> Markup {
    let whole = format!("{} ({zone})", minute(at, zone));
    html! { time datetime=(at) title=(whole) data-moment { (ago(at, now, zone, language)) } }
}

/// Day and minute in a time zone: `2026-03-04 17:05` (UTC where the name is unknown).
#[must_use]
pub fn minute(at: Timestamp, zone: &str) -> String {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    jiff::Timestamp::from_millisecond(at.ms()).unwrap_or_default().to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string()
}

/// How long ago, in words; what is more than a week away as its date.
#[must_use]
pub fn ago(at: Timestamp, now: Timestamp, zone: &str, language: Language) -> String {
    let seconds = (now.ms() - at.ms()) / 1000;
    let (english, german) = match seconds {
        -59..=59 => return language.t("just now", "gerade eben").to_owned(),
        60..=3_599 => (format!("{} min ago", seconds / 60), format!("vor {} Min.", seconds / 60)),
        3_600..=86_399 => (format!("{} h ago", seconds / 3_600), format!("vor {} Std.", seconds / 3_600)),
        86_400..=172_799 => return language.t("yesterday", "gestern").to_owned(),
        172_800..=604_799 => (format!("{} days ago", seconds / 86_400), format!("vor {} Tagen", seconds / 86_400)),
        _ => return date_text(&at.date_in(zone).to_string(), language),
    };
    match language {
        Language::English => english,
        Language::German => german,
    }
}

/// A date from its ISO form: `Mar 4, 2026`, `4. März 2026`.
#[must_use]
pub fn date_text(iso: &str, language: Language) -> String {
    const ENGLISH: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    const GERMAN: [&str; 12] = ["Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."];
    let mut parts = iso.splitn(3, '-');
    let (Some(year), Some(month), Some(day)) = (parts.next(), parts.next().and_then(|month| month.parse::<usize>().ok()), parts.next()) else {
        return iso.to_owned();
    };
    let (Some(english), Some(german)) = (ENGLISH.get(month.wrapping_sub(1)), GERMAN.get(month.wrapping_sub(1))) else { return iso.to_owned() };
    let day = day.trim_start_matches('0');
    match language {
        Language::English => format!("{english} {day}, {year}"),
        Language::German => format!("{day}. {german} {year}"),
    }
}
