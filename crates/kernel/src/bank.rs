//! Where a wire goes: IBAN and BIC, parsed once and right ever after (BIL-3).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How many characters an IBAN has, by country (registry of ISO 13616).
const LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HN", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NI", 28),
    ("NL", 18),
    ("NO", 15),
    ("OM", 23),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("RU", 33),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
    ("YE", 30),
];

/// Countries of the European Economic Area: a transfer in euros needs no BIC there.
const EEA: &[&str] = &[
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT",
    "RO", "SE", "SI", "SK",
];

/// Countries that take part in SEPA beside [`EEA`].
const SEPA_BEYOND: &[&str] = &["AD", "AL", "CH", "GB", "GI", "MC", "MD", "ME", "MK", "RS", "SM", "VA"];

/// The shortest and the longest IBAN of any country.
const ANY_LENGTH: std::ops::RangeInclusive<usize> = 15..=34;

/// The number of a bank account: country, two check digits, the country's own number. Kept without spaces, in capital letters.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Iban(String);

/// Why a text is no IBAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidIban {
    /// Not two letters, two check digits, then letters and digits; or too short or long for any country.
    Form,
    /// Another length than the country's: its code and how many characters it has.
    Length(&'static str, usize),
    /// The check digits do not fit the rest.
    Check,
}

impl InvalidIban {
    /// One sentence for people, to be said of the field.
    #[must_use]
    pub fn detail(self) -> String {
        match self {
            Self::Form => "must be an IBAN such as DE89 3704 0044 0532 0130 00".into(),
            Self::Length(country, length) => format!("must have {length} characters, as every IBAN that begins with {country}"),
            Self::Check => "is no IBAN: its check digits do not fit, so there is a typing error in it".into(),
        }
    }
}

/// Capital letters, without the spaces that people write between groups.
fn bare(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}')).map(|c| c.to_ascii_uppercase()).collect()
}

/// The rest of division by 97 of the number that the letters and digits make: the country and check digits last, A as 10.
fn rest_of_97(text: &str) -> u32 {
    let (head, own) = text.split_at(4);
    own.bytes().chain(head.bytes()).fold(0, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        letter => (rest * 100 + u32::from(letter.wrapping_sub(b'A')) + 10) % 97,
    })
}

impl FromStr for Iban {
    type Err = InvalidIban;

    fn from_str(text: &str) -> Result<Self, InvalidIban> {
        let text = bare(text);
        let bytes = text.as_bytes();
        let shaped = ANY_LENGTH.contains(&bytes.len())
            && bytes[..2].iter().all(u8::is_ascii_uppercase)
            && bytes[2..4].iter().all(u8::is_ascii_digit)
            && bytes[4..].iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if !shaped {
            return Err(InvalidIban::Form);
        }
        if let Some((country, length)) = LENGTHS.iter().find(|(country, _)| text.starts_with(country))
            && text.len() != *length
        {
            return Err(InvalidIban::Length(country, *length));
        }
        // Of the numbers with the same rest only those from 02 to 98 are check digits.
        if matches!(&text[2..4], "00" | "01" | "99") || rest_of_97(&text) != 1 {
            return Err(InvalidIban::Check);
        }
        Ok(Self(text))
    }
}

impl Iban {
    /// One that was checked when it was written down. It is not checked again: an invoice of years ago must read, whatever the
    /// registry says by now.
    #[must_use]
    pub const fn kept(text: String) -> Self {
        Self(text)
    }

    /// Without spaces.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As people read it: in groups of four.
    #[must_use]
    pub fn grouped(&self) -> String {
        let characters: Vec<char> = self.0.chars().collect();
        characters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
    }

    /// The two letters of the country that the account is in.
    #[must_use]
    pub fn country(&self) -> &str {
        self.0.get(..2).unwrap_or("")
    }

    /// Whether transfers in euros reach it through SEPA.
    #[must_use]
    pub fn is_sepa(&self) -> bool {
        self.is_eea() || SEPA_BEYOND.contains(&self.country())
    }

    /// Whether it is in the European Economic Area: within SEPA the account's BIC is not needed there.
    #[must_use]
    pub fn is_eea(&self) -> bool {
        EEA.contains(&self.country())
    }
}

/// The code of a bank (ISO 9362): 8 or 11 characters, in capital letters.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bic(String);

/// The text has not the shape of a BIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidBic;

impl InvalidBic {
    /// One sentence for people, to be said of the field.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        "must be a BIC of 8 or 11 characters such as COBADEFFXXX"
    }
}

impl FromStr for Bic {
    type Err = InvalidBic;

    fn from_str(text: &str) -> Result<Self, InvalidBic> {
        let text = bare(text);
        let bytes = text.as_bytes();
        let shaped = matches!(bytes.len(), 8 | 11)
            && bytes.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
            && bytes[4..6].iter().all(u8::is_ascii_uppercase);
        if shaped { Ok(Self(text)) } else { Err(InvalidBic) }
    }
}

impl Bic {
    /// One that was checked when it was written down.
    #[must_use]
    pub const fn kept(text: String) -> Self {
        Self(text)
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! told_as_it_is {
    ($($name:ident),+) => { $(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+ };
}

told_as_it_is!(Iban, Bic);

#[cfg(test)]
mod tests {
    use super::*;

    fn iban(text: &str) -> Result<String, InvalidIban> {
        text.parse().map(|iban: Iban| iban.as_str().to_owned())
    }

    /// BIL-3
    #[test]
    fn an_iban_is_kept_bare_and_shown_in_groups() {
        for typed in ["DE89370400440532013000", "DE89 3704 0044 0532 0130 00", " de89 3704\u{a0}0044 0532 0130 00 ", "de89370400440532013000"] {
            assert_eq!(iban(typed).as_deref(), Ok("DE89370400440532013000"), "{typed}");
        }
        for right in [
            "GB29NWBK60161331926819",
            "FR1420041010050500013M02606",
            "NO9386011117947",
            "MT84MALT011000012345MTLCAST001S",
            "LC55HEMM000100010012001200023015",
            "CH9300762011623852957",
            "AT611904300234573201",
            "NL91ABNA0417164300",
        ] {
            assert_eq!(iban(right).as_deref(), Ok(right));
        }
        let account: Iban = "NO9386011117947".parse().expect("an IBAN");
        assert_eq!((account.grouped().as_str(), account.country()), ("NO93 8601 1117 947", "NO"));
    }

    /// BIL-3
    #[test]
    fn an_iban_with_a_typing_error_is_none() {
        for (wrong, why) in [
            ("DE88370400440532013000", InvalidIban::Check),
            ("DE89370400440532013001", InvalidIban::Check),
            ("DE89370400440352013000", InvalidIban::Check),
            ("DE8937040044053201300", InvalidIban::Length("DE", 22)),
            ("DE893704004405320130000", InvalidIban::Length("DE", 22)),
            ("GB29NWBK6016133192681", InvalidIban::Length("GB", 22)),
            ("DE", InvalidIban::Form),
            ("", InvalidIban::Form),
            ("DEX9370400440532013000", InvalidIban::Form),
            ("8937040044053201300012", InvalidIban::Form),
            ("DE89-3704-0044-0532-0130-00", InvalidIban::Form),
            ("DE89370400440532013ß00", InvalidIban::Form),
            ("DE8937040044\n0532013000", InvalidIban::Form),
        ] {
            assert_eq!(iban(wrong), Err(why), "{wrong}");
        }
    }

    /// A country that the registry does not know has no length of its own, but check digits.
    #[test]
    fn an_unknown_country_has_check_digits_too() {
        let own = "ZZ00ABCD1234567890";
        let check = 98 - rest_of_97(own);
        let right = format!("ZZ{check:02}ABCD1234567890");
        assert_eq!(iban(&right), Ok(right.clone()));
        assert_eq!(iban(own), Err(InvalidIban::Check));
    }

    /// 01 and 98 leave the same rest, and so do 00 and 97, 02 and 99: one of each is none.
    #[test]
    fn check_digits_are_from_02_to_98() {
        for number in 0..1_000 {
            let own = format!("ZZ00ABCD{number:010}");
            let check = 98 - rest_of_97(&own);
            assert!((2..=98).contains(&check) && iban(&own.replace("ZZ00", &format!("ZZ{check:02}"))).is_ok());
            let alias = if check >= 97 { check - 97 } else { check + 97 };
            assert!(alias > 99 || iban(&own.replace("ZZ00", &format!("ZZ{alias:02}"))).is_err());
        }
    }

    #[test]
    fn sepa_is_the_economic_area_and_some_beyond_it() {
        for (text, sepa, eea) in [
            ("DE89370400440532013000", true, true),
            ("CH9300762011623852957", true, false),
            ("GB29NWBK60161331926819", true, false),
            ("TR330006100519786457841326", false, false),
        ] {
            let iban: Iban = text.parse().expect("an IBAN");
            assert_eq!((iban.is_sepa(), iban.is_eea()), (sepa, eea), "{text}");
        }
        assert!(LENGTHS.windows(2).all(|pair| pair[0].0 < pair[1].0) && LENGTHS.iter().all(|(_, length)| ANY_LENGTH.contains(length)));
        assert!(EEA.iter().chain(SEPA_BEYOND).all(|country| LENGTHS.iter().any(|(known, _)| known == country)));
    }

    #[test]
    fn a_bic_has_8_or_11_characters() {
        for (typed, kept) in [("COBADEFFXXX", "COBADEFFXXX"), ("cobadeff", "COBADEFF"), ("COBA DE FF 370", "COBADEFF370"), ("E097AEXXXXX", "E097AEXXXXX")] {
            assert_eq!(typed.parse().map(|bic: Bic| bic.as_str().to_owned()), Ok(kept.to_owned()), "{typed}");
        }
        for wrong in ["", "COBADEF", "COBADEFFX", "COBADEFFXXXX", "COBA1EFF", "COBADE-F", "COBADÉFF"] {
            assert_eq!(wrong.parse::<Bic>(), Err(InvalidBic), "{wrong}");
        }
    }

    /// What is kept reads as it was written, whatever the registry says by now.
    #[test]
    fn what_is_kept_reads_again() {
        let kept = serde_json::to_string(&Iban::kept("XX00OLD".into())).expect("JSON");
        assert_eq!(kept, "\"XX00OLD\"");
        assert_eq!(serde_json::from_str::<Iban>(&kept).expect("it reads").as_str(), "XX00OLD");
    }
}
