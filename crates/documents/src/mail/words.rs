//! How mails write amounts, counts and days.

use crate::language::Language;
use tradepost_kernel::Date;

/// How the mails of a version write in a language.
pub(super) struct Words {
    /// A decimal text.
    pub(super) amount: fn(&str) -> String,
    /// A whole number.
    pub(super) count: fn(i64) -> String,
    /// A day, `2026-12-21`.
    pub(super) day: fn(&str) -> String,
    /// A time, `2026-11-22T10:00:00.000Z`.
    pub(super) moment: fn(&str) -> String,
    /// The word for one of something, or that for more.
    pub(super) plural: fn(i64, String, String) -> String,
}

/// As the first version wrote, in English only: as machines do.
pub(super) static FIRST: Words =
    Words { amount: str::to_owned, count: |count| count.to_string(), day: str::to_owned, moment: plain_moment, plural: |_, _, many| many };

/// As English does.
pub(super) static ENGLISH: Words = Words {
    amount: |text| Language::English.number(text),
    count: |count| Language::English.number(&count.to_string()),
    day: |text| day(Language::English, text),
    moment: |text| moment(Language::English, text),
    plural,
};

/// As German does.
pub(super) static GERMAN: Words = Words {
    amount: |text| Language::German.number(text),
    count: |count| Language::German.number(&count.to_string()),
    day: |text| day(Language::German, text),
    moment: |text| moment(Language::German, text),
    plural,
};

fn plural(count: i64, one: String, many: String) -> String {
    if count == 1 { one } else { many }
}

/// `Dec 21, 2026`, `21. Dezember 2026`. What is no day stays as it is.
fn day(language: Language, text: &str) -> String {
    text.parse::<Date>().map_or_else(|_| text.to_owned(), |date| language.date(date))
}

/// The day and the minute of a time. `None`: it is no such time.
fn parts(text: &str) -> Option<(&str, &str)> {
    let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
    Some((day, time.get(..5)?))
}

/// `2026-11-22 10:00 UTC`. What is no time stays as it is.
fn plain_moment(text: &str) -> String {
    parts(text).map_or_else(|| text.to_owned(), |(day, minutes)| format!("{day} {minutes} UTC"))
}

/// `Nov 22, 2026, 10:00 UTC`, `22. November 2026, 10:00 UTC`. What is no time stays as it is.
fn moment(language: Language, text: &str) -> String {
    parts(text).map_or_else(|| text.to_owned(), |(on, minutes)| format!("{}, {minutes} UTC", day(language, on)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_counts_are_written_for_people() {
        let at = "2026-11-22T10:00:00.000Z";
        assert_eq!((FIRST.moment)(at), "2026-11-22 10:00 UTC");
        assert_eq!((ENGLISH.moment)(at), "Nov 22, 2026, 10:00 UTC");
        assert_eq!((GERMAN.moment)(at), "22. November 2026, 10:00 UTC");
        assert_eq!(((ENGLISH.moment)("soon"), (GERMAN.day)("soon")), ("soon".to_owned(), "soon".to_owned()));
        assert_eq!(((FIRST.count)(2000), (ENGLISH.count)(2000), (GERMAN.count)(2000)), ("2000".into(), "2,000".into(), "2.000".into()));
        let code = |words: &Words, count| (words.plural)(count, "code".to_owned(), "codes".to_owned());
        assert_eq!((code(&FIRST, 1), code(&ENGLISH, 1), code(&GERMAN, 2)), ("codes".into(), "code".into(), "codes".into()));
    }
}
