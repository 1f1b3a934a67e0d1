//! Money in integer minor units, percentages in ten-thousandths of a percent. No floating point (PLT-1).

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// An ISO 4217 currency with 0, 2 or 3 digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency {
    code: [u8; 3],
    digits: u8,
}

/// The text is not the code of a currency that money can be kept in here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotACurrency;

/// The text is not an exact amount of the currency: too many digits, a fraction of a minor unit, or too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidAmount;

impl Currency {
    /// The three-letter code.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or("XXX")
    }

    /// Digits after the decimal point: 0, 2 or 3.
    #[must_use]
    pub const fn digits(&self) -> u8 {
        self.digits
    }

    /// Minor units in one major unit.
    #[must_use]
    pub const fn scale(&self) -> i64 {
        10_i64.pow(self.digits as u32)
    }

    /// An amount from its decimal text, such as `25.00`.
    ///
    /// # Errors
    /// [`InvalidAmount`] where the text has a sign other than one leading `-`, more digits than the
    /// currency, or does not fit 64 bits. Fewer digits are read as exact (`25` is `25.00`).
    pub fn parse(&self, text: &str) -> Result<Money, InvalidAmount> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
        let numeric = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        if !numeric(whole) || leading_zero || fraction.is_some_and(|f| !numeric(f) || f.len() > usize::from(self.digits)) {
            return Err(InvalidAmount);
        }
        let fraction = fraction.unwrap_or("");
        let padded: i128 = format!("{whole}{fraction:0<width$}", width = usize::from(self.digits)).parse().map_err(|_| InvalidAmount)?;
        let minor = i64::try_from(if negative { -padded } else { padded }).map_err(|_| InvalidAmount)?;
        Ok(Money { minor, currency: *self })
    }

    /// Nothing, in this currency.
    #[must_use]
    pub const fn zero(self) -> Money {
        Money { minor: 0, currency: self }
    }

    /// An amount from its minor units.
    #[must_use]
    pub const fn minor(self, minor: i64) -> Money {
        Money { minor, currency: self }
    }
}

impl FromStr for Currency {
    type Err = NotACurrency;

    fn from_str(text: &str) -> Result<Self, NotACurrency> {
        let known = iso_currency::Currency::from_code(text).ok_or(NotACurrency)?;
        let digits = match known.exponent() {
            Some(digits @ (0 | 2 | 3)) => u8::try_from(digits).map_err(|_| NotACurrency)?,
            _ => return Err(NotACurrency),
        };
        let code = text.as_bytes().try_into().map_err(|_| NotACurrency)?;
        Ok(Self { code, digits })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|NotACurrency| serde::de::Error::custom("not a currency"))
    }
}

/// An exact amount: minor units (cents, yen, fils) of one currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// Whole minor units; negative is owed the other way.
    pub minor: i64,
    /// What they are units of.
    pub currency: Currency,
}

impl Money {
    /// The decimal text with exactly the digits of the currency: `25.00`, `1000`, `3.336`.
    #[must_use]
    pub fn amount_text(&self) -> String {
        let digits = usize::from(self.currency.digits());
        let sign = if self.minor < 0 { "-" } else { "" };
        let magnitude = self.minor.unsigned_abs();
        if digits == 0 {
            return format!("{sign}{magnitude}");
        }
        let scale = self.currency.scale().unsigned_abs();
        format!("{sign}{}.{:0digits$}", magnitude / scale, magnitude % scale)
    }

    /// The sum, or `None` where it does not fit 64 bits or the currencies differ.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        Some(self.currency.minor(self.minor.checked_add(other.minor)?))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount_text(), self.currency)
    }
}
impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut out = serializer.serialize_struct("Money", 2)?;
        out.serialize_field("amount", &self.amount_text())?;
        out.serialize_field("currency", self.currency.code())?;
        out.end()
    }
}

/// A percentage with up to four decimals, kept in ten-thousandths of a percent: 33.3333 % is 333,333.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Percent(i64);

/// The text is not a percentage from 0 to 100 with at most four decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidPercent;

impl Percent {
    /// Ten-thousandths of a percent in 100 %.
    pub const WHOLE: i64 = 1_000_000;
    /// 0 %.
    pub const ZERO: Self = Self(0);

    /// From ten-thousandths of a percent; `None` outside 0–100 %.
    #[must_use]
    pub fn from_parts(parts: i64) -> Option<Self> {
        (0..=Self::WHOLE).contains(&parts).then_some(Self(parts))
    }

    /// Ten-thousandths of a percent.
    #[must_use]
    pub const fn parts(self) -> i64 {
        self.0
    }

    /// The sum of two percentages, at most 100 %: margins are added and taken once (CAT-5).
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self((self.0 + other.0).min(Self::WHOLE))
    }

    /// `minor` less this percentage, rounded half away from zero.
    #[must_use]
    pub fn taken_from(self, minor: i64) -> i64 {
        round_ratio(minor, Self::WHOLE - self.0)
    }
}

/// `minor × parts ⁄ 1,000,000`, half away from zero. `parts` is at most the whole, so the result fits.
fn round_ratio(minor: i64, parts: i64) -> i64 {
    let exact = i128::from(minor) * i128::from(parts);
    let whole = i128::from(Percent::WHOLE);
    let half = whole / 2;
    let rounded = if exact >= 0 { (exact + half) / whole } else { (exact - half) / whole };
    i64::try_from(rounded).unwrap_or(if exact >= 0 { i64::MAX } else { i64::MIN })
}

impl FromStr for Percent {
    type Err = InvalidPercent;

    fn from_str(text: &str) -> Result<Self, InvalidPercent> {
        let (whole, fraction) = text.split_once('.').map_or((text, ""), |(whole, fraction)| (whole, fraction));
        let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let bare_point = text.contains('.') && fraction.is_empty();
        if whole.is_empty() || whole.len() > 3 || fraction.len() > 4 || bare_point || !numeric(whole) || !numeric(fraction) {
            return Err(InvalidPercent);
        }
        let parts: i64 = format!("{whole}{fraction:0<4}").parse().map_err(|_| InvalidPercent)?;
        Self::from_parts(parts).ok_or(InvalidPercent)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:04}", self.0 / 10_000, self.0 % 10_000);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}
impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().expect("a known currency")
    }

    /// PLT-1: a decimal text with exactly the digits of the currency; integer minor units inside.
    #[test]
    fn money_reads_and_writes_exactly_the_digits_of_its_currency() {
        for (code, text, minor, back) in [
            ("USD", "25.00", 2500, "25.00"),
            ("USD", "25", 2500, "25.00"),
            ("USD", "-0.05", -5, "-0.05"),
            ("JPY", "1758", 1758, "1758"),
            ("KWD", "3.336", 3336, "3.336"),
            ("USD", "92233720368547758.07", i64::MAX, "92233720368547758.07"),
        ] {
            let money = currency(code).parse(text).expect(text);
            assert_eq!((money.minor, money.amount_text().as_str()), (minor, back), "{code} {text}");
        }
    }

    /// PLT-1: no floating point, no fraction of a minor unit, no overflow.
    #[test]
    fn money_refuses_what_is_not_exact() {
        for text in ["", ".", "1.", ".5", "1.234", "1e3", "+1", "--1", "1,00", " 1", "٣", "92233720368547758.08", "01", "0x1"] {
            assert_eq!(currency("USD").parse(text), Err(InvalidAmount), "{text}");
        }
        assert_eq!(currency("JPY").parse("1.0"), Err(InvalidAmount));
    }

    #[test]
    fn only_currencies_with_0_2_or_3_digits_are_kept() {
        for code in ["usd", "XXX", "CLF", "US", "USDT", ""] {
            assert_eq!(code.parse::<Currency>(), Err(NotACurrency), "{code}");
        }
    }

    #[test]
    fn percentages_have_up_to_four_decimals_and_stay_within_the_whole() {
        assert_eq!("33.3333".parse::<Percent>().map(Percent::parts), Ok(333_333));
        assert_eq!("100".parse::<Percent>().map(|p| p.to_string()), Ok("100".into()));
        assert_eq!("12.5".parse::<Percent>().map(|p| p.to_string()), Ok("12.5".into()));
        for text in ["", "-1", "100.0001", "1.23456", "1.", ".5", "1e2", "+5"] {
            assert_eq!(text.parse::<Percent>(), Err(InvalidPercent), "{text}");
        }
    }

    #[test]
    fn rounding_is_half_away_from_zero() {
        let half = "50".parse::<Percent>().expect("a percentage");
        for (minor, rounded) in [(1, 1), (3, 2), (-1, -1), (-3, -2), (2, 1), (0, 0)] {
            assert_eq!(half.taken_from(minor), rounded, "{minor}");
        }
    }
}
