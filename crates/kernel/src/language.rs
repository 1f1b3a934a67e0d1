//! The languages that pages, documents and mails speak (PLT-12).

use crate::time::Date;

/// A language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English, with the day after the month and a point before the cents.
    #[default]
    English,
    /// German.
    German,
}

impl Language {
    /// Each of them.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// By its code in any case, whatever region follows it: `de`, `en-GB`.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        let code = code.split(['-', '_']).next().unwrap_or(code);
        Self::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(code))
    }

    /// The first one of an `Accept-Language` that is spoken here; `None` where it names none. Browsers send them best first.
    #[must_use]
    pub fn accepted(accepted: &str) -> Option<Self> {
        accepted.split(',').find_map(|part| Self::of_code(part.split(';').next().unwrap_or("").trim()))
    }

    /// The same, English where it names none.
    #[must_use]
    pub fn preferred(accepted: &str) -> Self {
        Self::accepted(accepted).unwrap_or_default()
    }

    /// The language of a mail to somebody who speaks the one of this code: English where mails do not speak it. `None` for none.
    #[must_use]
    pub fn for_speaker(code: Option<&str>) -> Option<Self> {
        code.map(|code| Self::of_code(code.trim()).unwrap_or_default())
    }

    /// Its code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// Its own name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    /// The words in this language: English, German.
    #[must_use]
    pub const fn t<'a>(self, english: &'a str, german: &'a str) -> &'a str {
        match self {
            Self::English => english,
            Self::German => german,
        }
    }

    /// A decimal text with its digits grouped, and a real minus: `−1,250.00`, `−1.250,00`.
    #[must_use]
    pub fn number(self, text: &str) -> String {
        let (group, point) = match self {
            Self::English => (',', '.'),
            Self::German => ('.', ','),
        };
        let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("−", rest));
        let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
        let mut out = String::from(sign);
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                out.push(group);
            }
            out.push(digit);
        }
        if let Some(fraction) = fraction {
            out.push(point);
            out.push_str(fraction);
        }
        out
    }

    /// A day: `Mar 4, 2026`, `4. März 2026`.
    #[must_use]
    pub fn date(self, date: Date) -> String {
        const ENGLISH: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        const GERMAN: [&str; 12] = ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"];
        let iso = date.to_string();
        let mut parts = iso.splitn(3, '-');
        let (year, month, day) = (parts.next().unwrap_or(""), parts.next().and_then(|month| month.parse::<usize>().ok()), parts.next().unwrap_or(""));
        let place = month.unwrap_or(1).clamp(1, 12) - 1;
        let day = day.trim_start_matches('0');
        match self {
            Self::English => format!("{} {day}, {year}", ENGLISH[place]),
            Self::German => format!("{day}. {} {year}", GERMAN[place]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_days_are_written_as_each_language_does() {
        let date: Date = "2026-03-04".parse().expect("a date");
        assert_eq!((Language::English.date(date), Language::German.date(date)), ("Mar 4, 2026".to_owned(), "4. März 2026".to_owned()));
        for (text, english, german) in [("1234567.89", "1,234,567.89", "1.234.567,89"), ("-0.005", "−0.005", "−0,005"), ("999", "999", "999")] {
            assert_eq!((Language::English.number(text).as_str(), Language::German.number(text).as_str()), (english, german));
        }
    }

    #[test]
    fn the_first_language_that_is_spoken_is_taken() {
        for (accepted, language) in
            [("fr, de-AT;q=0.9, en", Language::German), ("EN-us", Language::English), ("", Language::English), ("*;q=0.1", Language::English)]
        {
            assert_eq!(Language::preferred(accepted), language, "{accepted}");
        }
        assert_eq!(Language::accepted("fr, *;q=0.1"), None);
    }

    /// PLT-12: who speaks something else is written to in English, and of who said nothing nothing is known.
    #[test]
    fn mails_are_english_to_who_speaks_something_else() {
        for (code, language) in [(Some("DE"), Some(Language::German)), (Some("fr"), Some(Language::English)), (None, None)] {
            assert_eq!(Language::for_speaker(code), language, "{code:?}");
        }
    }
}
