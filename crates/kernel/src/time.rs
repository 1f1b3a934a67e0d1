//! Moments and dates. The only place that turns the clock's number into a calendar.

use jiff::tz::TimeZone;
use jiff::{ToSpan, civil};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A calendar day, without time or zone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

/// The text is not a moment (RFC 3339), a date (`YYYY-MM-DD`) or an IANA time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotATime;

impl Timestamp {
    /// From milliseconds since the epoch.
    #[must_use]
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// This moment and `ms` milliseconds.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The calendar day of this moment in the zone named `zone` (UTC where the name is unknown).
    #[must_use]
    pub fn date_in(self, zone: &str) -> Date {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        Date(jiff_timestamp(self).to_zoned(zone).date())
    }
}

fn jiff_timestamp(moment: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(moment.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

/// Whether `name` is a time zone of the IANA database.
#[must_use]
pub fn is_time_zone(name: &str) -> bool {
    TimeZone::get(name).is_ok()
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = jiff_timestamp(*self);
        write!(f, "{moment:.3}")
    }
}
impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
impl FromStr for Timestamp {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let moment: jiff::Timestamp = text.parse().map_err(|_| NotATime)?;
        Ok(Self(moment.as_millisecond()))
    }
}
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Date {
    /// The calendar year.
    #[must_use]
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// The day `days` later.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0.checked_add(days.days()).unwrap_or(civil::Date::MAX))
    }

    /// The first moment after this day in the zone named `zone` (UTC where the name is unknown).
    #[must_use]
    pub fn ends_in(self, zone: &str) -> Timestamp {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let next = self.plus_days(1).0;
        Timestamp(next.to_zoned(zone).map_or(i64::MAX, |first| first.timestamp().as_millisecond()))
    }

    /// Whole days from `earlier` to this day (negative when it is later).
    #[must_use]
    pub fn days_since(self, earlier: Self) -> i64 {
        i64::from((self.0 - earlier.0).get_days())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
impl FromStr for Date {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let shape = text.len() == 10 && text.bytes().enumerate().all(|(at, b)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() });
        if !shape {
            return Err(NotATime);
        }
        text.parse().map(Self).map_err(|_| NotATime)
    }
}
impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|NotATime| serde::de::Error::custom("not a date"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_the_date_of_the_zone_asked_for() {
        let moment: Timestamp = "2026-12-31T23:30:00Z".parse().expect("RFC 3339");
        assert_eq!(moment.date_in("UTC").to_string(), "2026-12-31");
        assert_eq!(moment.date_in("Europe/Berlin").to_string(), "2027-01-01");
        assert_eq!(moment.to_string(), "2026-12-31T23:30:00.000Z");
    }

    #[test]
    fn a_day_ends_when_the_next_one_begins_in_the_zone_asked_for() {
        let day: Date = "2026-03-28".parse().expect("a date");
        assert_eq!(day.ends_in("UTC").to_string(), "2026-03-29T00:00:00.000Z");
        assert_eq!(day.ends_in("Europe/Berlin").to_string(), "2026-03-28T23:00:00.000Z");
        assert_eq!(day.plus_days(1).ends_in("Europe/Berlin").to_string(), "2026-03-29T22:00:00.000Z", "an hour of that day is missing");
    }

    #[test]
    fn dates_count_days() {
        let issued: Date = "2026-01-31".parse().expect("a date");
        assert_eq!(issued.plus_days(30).to_string(), "2026-03-02");
        assert_eq!(issued.plus_days(30).days_since(issued), 30);
        for wrong in ["2026-02-30", "2026-1-1", "20260101", ""] {
            assert!(wrong.parse::<Date>().is_err(), "{wrong}");
        }
    }
}
