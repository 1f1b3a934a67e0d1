//! The types that fields of bodies and queries are read as. Each parses once; inside nothing is checked again.

use crate::errors::{Errors, Pointer};
use crate::input::Field;
use crate::json::Json;
use crate::schema::Schemas;
use serde_json::{Value, json};
use std::ops::Deref;
use tradepost_kernel::id::Noun;
use tradepost_kernel::text::{self, Email, InvalidText};
use tradepost_kernel::{Currency, Date, Id, Money, Percent, Secret, Timestamp, password};

fn text_of<'a>(value: &'a Json, at: &Pointer, errors: &mut Errors) -> Option<&'a str> {
    match value {
        Json::Text(text) => Some(text),
        other => errors.refuse(at, format!("must be a string, not {}", other.kind())),
    }
}

/// Control characters have a code of their own; anything else about a text is an invalid field.
fn refuse_text<T>(why: InvalidText, at: &Pointer, errors: &mut Errors) -> Option<T> {
    let code = if why == InvalidText::Forbidden { "invalid_text" } else { "invalid_field" };
    errors.add(at, code, why.detail());
    None
}

/// A number written without point or exponent. `None`: a number, but none that 64 bits hold exactly.
fn whole(text: &str) -> Option<i64> {
    text.parse().ok()
}

fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

impl Field for bool {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        if let Json::Bool(value) = value { Some(*value) } else { errors.refuse(at, format!("must be true or false, not {}", value.kind())) }
    }
    fn read_text(text: &str, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        match text {
            "true" => Some(true),
            "false" => Some(false),
            _ => errors.refuse(at, "must be true or false"),
        }
    }
    fn schema(_schemas: &mut Schemas) -> Value {
        json!({ "type": "boolean" })
    }
}

fn read_whole(value: &Json, least: i64, most: i64, at: &Pointer, errors: &mut Errors) -> Option<i64> {
    let number = match value {
        Json::Number(text) => whole(text),
        other => return errors.refuse(at, format!("must be a whole number, not {}", other.kind())),
    };
    match number {
        Some(number) if (least..=most).contains(&number) => Some(number),
        _ if (least, most) == (i64::MIN, i64::MAX) => errors.refuse(at, "must be a whole number"),
        _ => errors.refuse(at, format!("must be a whole number from {least} to {most}")),
    }
}

impl Field for i64 {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        read_whole(value, Self::MIN, Self::MAX, at, errors)
    }
    fn read_text(text: &str, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        Self::read(&Json::Number(text.to_owned()), at, errors)
    }
    fn schema(_schemas: &mut Schemas) -> Value {
        json!({ "type": "integer", "format": "int64" })
    }
}

/// A whole number from `LEAST` to `MOST`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole<const LEAST: i64, const MOST: i64>(i64);

impl<const LEAST: i64, const MOST: i64> Whole<LEAST, MOST> {
    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl<const LEAST: i64, const MOST: i64> Field for Whole<LEAST, MOST> {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        read_whole(value, LEAST, MOST, at, errors).map(Self)
    }
    fn read_text(text: &str, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        Self::read(&Json::Number(text.to_owned()), at, errors)
    }
    fn schema(_schemas: &mut Schemas) -> Value {
        json!({ "type": "integer", "format": "int64", "minimum": LEAST, "maximum": MOST })
    }
}

/// How many: 1 to 100,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantity(i64);

impl Quantity {
    /// The most that anything may be ordered of at once.
    pub const MOST: i64 = 100_000;

    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl Field for Quantity {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        let Json::Number(text) = value else { return errors.refuse(at, format!("must be a whole number, not {}", value.kind())) };
        let too_many = is_whole(text) && !text.starts_with('-') && whole(text).is_none_or(|number| number > Self::MOST);
        match whole(text) {
            Some(number) if (1..=Self::MOST).contains(&number) => Some(Self(number)),
            _ if too_many => {
                errors.add(at, "quantity_out_of_range", "must be at most 100000");
                None
            }
            _ => {
                errors.add(at, "invalid_quantity", "must be a whole number of at least 1");
                None
            }
        }
    }
    fn read_text(text: &str, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        Self::read(&Json::Number(text.to_owned()), at, errors)
    }
    fn schema(schemas: &mut Schemas) -> Value {
        schemas.named("Quantity", |_| json!({ "type": "integer", "description": "How many of something.", "minimum": 1, "maximum": Self::MOST }))
    }
}

macro_rules! texts {
    ($( $(#[doc = $doc:literal])* $name:ident [$($param:ident)?] $parse:expr, $schema:expr; )+) => { $(
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name$(<const $param: usize>)?(String);

        impl$(<const $param: usize>)? $name$(<$param>)? {
            /// The text.
            #[must_use]
            pub fn into_string(self) -> String {
                self.0
            }
        }
        impl$(<const $param: usize>)? Deref for $name$(<$param>)? {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }
        impl$(<const $param: usize>)? From<$name$(<$param>)?> for String {
            fn from(text: $name$(<$param>)?) -> Self {
                text.0
            }
        }
        impl$(<const $param: usize>)? Field for $name$(<$param>)? {
            fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
                let parsed: Result<String, InvalidText> = $parse(text_of(value, at, errors)?);
                parsed.map_or_else(|why| refuse_text(why, at, errors), |text| Some(Self(text)))
            }
            fn schema(_schemas: &mut Schemas) -> Value {
                $schema
            }
        }
    )+ };
}

texts! {
    /// One line of at most `N` characters: trimmed, not blank, no control characters.
    Line[N] |text: &str| text::line(text, N), json!({ "type": "string", "minLength": 1, "maxLength": N });
    /// Text of several lines, at most `N` characters: trimmed, not blank, no control characters but line breaks and tabs.
    Paragraph[N] |text: &str| text::paragraph(text, N), json!({ "type": "string", "minLength": 1, "maxLength": N });
    /// A SKU: 1–64 printable ASCII characters, none of them a space, comma, semicolon, quote or backslash.
    Sku[] text::sku, json!({ "type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$" });
}

impl Field for Email {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        let parsed = Self::parse(text_of(value, at, errors)?);
        if parsed.is_err() {
            errors.add(at, "invalid_email", "must be one e-mail address");
        }
        parsed.ok()
    }
    fn schema(_schemas: &mut Schemas) -> Value {
        json!({ "type": "string", "format": "email", "maxLength": 254 })
    }
}

/// A password that is to be set or compared: 10 characters to 200 bytes, never printed.
pub type Password = Secret<String>;

impl Field for Secret<String> {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        let text = text_of(value, at, errors)?;
        if text.chars().count() < password::SHORTEST || text.len() > password::LONGEST {
            return errors.refuse(at, format!("must have {} characters at least and {} bytes at most", password::SHORTEST, password::LONGEST));
        }
        Some(Self::new(text.to_owned()))
    }
    fn schema(_schemas: &mut Schemas) -> Value {
        json!({ "type": "string", "format": "password", "minLength": password::SHORTEST, "maxLength": password::LONGEST })
    }
}

/// The schema of an id with this prefix.
#[must_use]
pub fn id_schema(prefix: &str) -> Value {
    json!({ "type": "string", "pattern": format!("^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$") })
}

impl<N: Noun> Field for Id<N> {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        let parsed = text_of(value, at, errors)?.parse().ok();
        parsed.or_else(|| errors.refuse(at, format!("must be an id that begins with {}_", N::PREFIX)))
    }
    fn schema(_schemas: &mut Schemas) -> Value {
        id_schema(N::PREFIX)
    }
}

macro_rules! parsed {
    ($($type:ty, $what:literal, $schema:expr;)+) => { $(
        impl Field for $type {
            fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
                let parsed = text_of(value, at, errors)?.parse().ok();
                parsed.or_else(|| errors.refuse(at, concat!("must be ", $what)))
            }
            fn schema(schemas: &mut Schemas) -> Value {
                let describe: fn(&mut Schemas) -> Value = $schema;
                describe(schemas)
            }
        }
    )+ };
}

parsed! {
    Currency, "the three-letter code of a currency, such as USD", currency_schema;
    Percent, "a percentage from 0 to 100 with at most four decimals, as a string", percent_schema;
    Timestamp, "a moment such as 2026-12-31T23:59:59Z", |_| json!({ "type": "string", "format": "date-time" });
    Date, "a date such as 2026-12-31", |_| json!({ "type": "string", "format": "date" });
}

/// An amount that is not negative: `{"amount":"25.00","currency":"USD"}`.
impl Field for Money {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        let money = read_money(value, at, errors)?;
        if money.minor < 0 {
            errors.add(&at.field("amount"), "invalid_amount", "must not be negative");
            return None;
        }
        Some(money)
    }
    fn schema(schemas: &mut Schemas) -> Value {
        money_schema(schemas)
    }
}

/// An amount that may be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedMoney(pub Money);

impl Field for SignedMoney {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        read_money(value, at, errors).map(Self)
    }
    fn schema(schemas: &mut Schemas) -> Value {
        money_schema(schemas)
    }
}

fn read_money(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Money> {
    let Json::Object(pairs) = value else { return errors.refuse(at, format!("must be an object with amount and currency, not {}", value.kind())) };
    let source = crate::input::Source::Object(pairs);
    let currency: Option<Currency> = source.field("currency", at, errors);
    let amount: Option<AmountText> = source.field("amount", at, errors);
    source.refuse_unknown(&["amount", "currency"], &[], at, errors);
    let (currency, AmountText(amount)) = (currency?, amount?);
    let money = currency.parse(&amount).ok();
    if money.is_none() {
        let digits = currency.digits();
        errors.add(&at.field("amount"), "invalid_amount", format!("must be an amount of {currency} with at most {digits} decimals that fits 64 bits"));
    }
    money
}

struct AmountText(String);

impl Field for AmountText {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        text_of(value, at, errors).map(|text| Self(text.to_owned()))
    }
    fn schema(_schemas: &mut Schemas) -> Value {
        json!({ "type": "string" })
    }
}

pub(crate) fn money_schema(schemas: &mut Schemas) -> Value {
    let currency = currency_schema(schemas);
    schemas.named("Money", |_| {
        json!({
            "type": "object",
            "description": "An exact amount: a decimal string with the digits of its currency.",
            "properties": {
                "amount": { "type": "string", "pattern": "^-?(0|[1-9][0-9]*)(\\.[0-9]{1,3})?$", "examples": ["25.00"] },
                "currency": currency,
            },
            "required": ["amount", "currency"],
            "additionalProperties": false,
        })
    })
}

pub(crate) fn currency_schema(schemas: &mut Schemas) -> Value {
    schemas.named("Currency", |_| json!({ "type": "string", "description": "ISO 4217 code.", "pattern": "^[A-Z]{3}$", "examples": ["USD"] }))
}

pub(crate) fn percent_schema(schemas: &mut Schemas) -> Value {
    schemas.named("Percent", |_| {
        json!({
            "type": "string",
            "description": "A percentage from 0 to 100 with at most four decimals.",
            "pattern": "^(100(\\.0{1,4})?|[0-9]{1,2}(\\.[0-9]{1,4})?)$",
            "examples": ["33.3333"],
        })
    })
}

/// Reads one of a set of names.
pub fn read_choice<'a, T>(value: &Json, by_name: fn(&str) -> Option<T>, names: impl Iterator<Item = &'a str>, at: &Pointer, errors: &mut Errors) -> Option<T> {
    let chosen = by_name(text_of(value, at, errors)?);
    chosen.or_else(|| errors.refuse(at, format!("must be one of: {}", names.collect::<Vec<_>>().join(", "))))
}

/// A list of at most `N` values, for lists longer than a plain `Vec` takes, or shorter.
#[derive(Clone, Debug)]
pub struct Upto<const N: usize, T>(pub Vec<T>);

impl<const N: usize, T: Field> Field for Upto<N, T> {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        crate::input::read_list(value, N, at, errors).map(Self)
    }
    fn schema(schemas: &mut Schemas) -> Value {
        json!({ "type": "array", "items": T::schema(schemas), "maxItems": N })
    }
}
