//! How somebody sees the portal: language, theme, time zone, and the moment it is.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use maud::Markup;
use tradepost_design::{Language, value};
use tradepost_domain::identity::PersonView;
use tradepost_kernel::{Date, Money, Timestamp};
use tradepost_web::Call;
use tradepost_web::credentials::{LOOK_COOKIE, cookie};

/// A theme that somebody chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Bright.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// By its name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "light" => Some(Self::Light),
            "dark" => Some(Self::Dark),
            _ => None,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// How somebody sees the portal.
#[derive(Clone, Debug)]
pub struct Look {
    /// In which language.
    pub language: Language,
    /// As chosen; `None`: as the system has it.
    pub theme: Option<Theme>,
    /// Whose days: the merchant's time zone.
    pub zone: String,
    /// By whose clock moments are shown, where somebody chose a time zone of their own.
    pub clock: Option<String>,
    /// The moment, by the environment's clock.
    pub now: Timestamp,
}

impl Look {
    /// As the request asks for it, on the world's clock.
    #[must_use]
    pub fn of(call: &Call) -> Self {
        Self::of_headers(call.headers(), call.now())
    }

    /// As the header fields ask for it: what was chosen, else what the browser prefers.
    #[must_use]
    pub fn of_headers(headers: &HeaderMap, now: Timestamp) -> Self {
        let chosen = cookie(headers, LOOK_COOKIE).unwrap_or_default();
        let (language, theme) = chosen.split_once('.').unwrap_or((chosen.as_str(), ""));
        let language = Language::of_code(language).unwrap_or_else(|| preferred(headers));
        Self { language, theme: Theme::from_name(theme), zone: "UTC".to_owned(), clock: None, now }
    }

    /// The same on the clock of a time zone.
    #[must_use]
    pub fn in_zone(self, zone: &str) -> Self {
        Self { zone: zone.to_owned(), ..self }
    }

    /// As somebody who is signed in chose it, whatever the browser prefers (PLT-12).
    #[must_use]
    pub fn seen_by(self, person: &PersonView) -> Self {
        let language = person.language.as_deref().and_then(Language::of_code).unwrap_or(self.language);
        Self { language, clock: person.time_zone.clone(), ..self }
    }

    /// The name of the theme.
    #[must_use]
    pub fn theme(&self) -> Option<&'static str> {
        self.theme.map(Theme::name)
    }

    /// The words in the language: English, German.
    #[must_use]
    pub const fn t<'a>(&self, english: &'a str, german: &'a str) -> &'a str {
        self.language.t(english, german)
    }

    /// One of something or many: `n(3, ("order", "orders"), ("Bestellung", "Bestellungen"))` is `3 orders`.
    #[must_use]
    pub fn n(&self, count: i64, english: (&str, &str), german: (&str, &str)) -> String {
        let (one, many) = match self.language {
            Language::English => english,
            Language::German => german,
        };
        format!("{} {}", self.number(count), if count == 1 { one } else { many })
    }

    /// A count with its thousands apart.
    #[must_use]
    pub fn number(&self, number: i64) -> String {
        value::number(number, self.language)
    }

    /// An amount as text.
    #[must_use]
    pub fn money_text(&self, money: &Money) -> String {
        value::money_text(money, self.language)
    }

    /// An amount, its digits as wide as each other.
    #[must_use]
    pub fn money(&self, money: &Money) -> Markup {
        value::money(money, self.language)
    }

    /// A moment, how long ago, with the whole of it as a hint.
    #[must_use]
    pub fn moment(&self, at: Timestamp) -> Markup {
        value::moment(at, self.now, self.clock.as_deref().unwrap_or(&self.zone), self.language)
    }

    /// A day.
    #[must_use]
    pub fn date(&self, date: Date) -> String {
        value::date_text(&date.to_string(), self.language)
    }

    /// The day of a moment.
    #[must_use]
    pub fn day_of(&self, at: Timestamp) -> String {
        self.date(at.date_in(&self.zone))
    }
}

/// The language that the browser prefers.
fn preferred(headers: &HeaderMap) -> Language {
    Language::preferred(headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or(""))
}
