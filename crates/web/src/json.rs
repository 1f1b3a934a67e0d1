//! The body reader: bytes to a strict JSON value.
//!
//! Stricter than serde: a duplicate key, invalid UTF-8, more than [`DEEPEST`] levels or anything after the value is
//! refused. Numbers stay text, so no amount or quantity ever passes through a float (PLT-1).

/// Levels of lists and objects that a body may have.
pub const DEEPEST: usize = 32;

/// A value as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number, as it was written.
    Number(String),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Self>),
    /// An object; its keys are distinct, in the order they were sent.
    Object(Vec<(String, Self)>),
}

impl Json {
    /// What it is, for people.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// Where a text stops being JSON, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Bytes before the fault.
    pub at: usize,
    /// In a few words.
    pub why: &'static str,
}

/// Reads a whole body.
///
/// # Errors
/// [`Malformed`].
pub fn parse(bytes: &[u8]) -> Result<Json, Malformed> {
    let text = std::str::from_utf8(bytes).map_err(|error| Malformed { at: error.valid_up_to(), why: "not valid UTF-8" })?;
    let mut reader = JsonReader { text, at: 0 };
    reader.space();
    let value = reader.value(0)?;
    reader.space();
    if reader.at < text.len() { reader.fail("something follows the value") } else { Ok(value) }
}

struct JsonReader<'a> {
    text: &'a str,
    at: usize,
}

impl JsonReader<'_> {
    fn fail<T>(&self, why: &'static str) -> Result<T, Malformed> {
        Err(Malformed { at: self.at, why })
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8, why: &'static str) -> Result<(), Malformed> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            self.fail(why)
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json, Malformed> {
        match self.peek() {
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.list(depth + 1),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(_) => self.fail("not a value"),
            None => self.fail("the text ends where a value is needed"),
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, Malformed> {
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(value)
        } else {
            self.fail("not a value")
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, Malformed> {
        if depth > DEEPEST {
            return self.fail("nested too deeply");
        }
        self.at += 1;
        let mut pairs: Vec<(String, Json)> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Object(pairs));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return self.fail("a key is needed");
            }
            let key = self.string()?;
            if !seen.insert(key.clone()) {
                return self.fail("a key stands twice in one object");
            }
            self.space();
            self.take(b':', "a colon is needed")?;
            self.space();
            let value = self.value(depth)?;
            pairs.push((key, value));
            self.space();
            if self.peek() == Some(b'}') {
                self.at += 1;
                return Ok(Json::Object(pairs));
            }
            self.take(b',', "a comma or } is needed")?;
        }
    }

    fn list(&mut self, depth: usize) -> Result<Json, Malformed> {
        if depth > DEEPEST {
            return self.fail("nested too deeply");
        }
        self.at += 1;
        let mut values = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::List(values));
        }
        loop {
            self.space();
            values.push(self.value(depth)?);
            self.space();
            if self.peek() == Some(b']') {
                self.at += 1;
                return Ok(Json::List(values));
            }
            self.take(b',', "a comma or ] is needed")?;
        }
    }

    fn number(&mut self) -> Result<Json, Malformed> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Json::Number(self.text[start..self.at].to_owned()))
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return self.fail("a digit is needed");
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    /// A string; the reader stands on its opening quote. Only ASCII bytes are looked at, so every cut is between characters.
    fn string(&mut self) -> Result<String, Malformed> {
        self.at += 1;
        let mut out = String::new();
        let mut start = self.at;
        loop {
            match self.peek() {
                None => return self.fail("a string does not end"),
                Some(b'"') => {
                    out.push_str(&self.text[start..self.at]);
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    out.push_str(&self.text[start..self.at]);
                    self.at += 1;
                    out.push(self.escape()?);
                    start = self.at;
                }
                Some(byte) if byte < 0x20 => return self.fail("a control character in a string"),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<char, Malformed> {
        let Some(byte) = self.peek() else { return self.fail("a string does not end") };
        self.at += 1;
        Ok(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return self.fail("an unknown escape"),
        })
    }

    fn unicode(&mut self) -> Result<char, Malformed> {
        let first = self.hex()?;
        let code = match first {
            0xD800..=0xDBFF => {
                self.take(b'\\', "half of a surrogate pair")?;
                self.take(b'u', "half of a surrogate pair")?;
                let second = self.hex()?;
                if !(0xDC00..=0xDFFF).contains(&second) {
                    return self.fail("half of a surrogate pair");
                }
                0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
            }
            code => code,
        };
        char::from_u32(code).map_or_else(|| self.fail("half of a surrogate pair"), Ok)
    }

    fn hex(&mut self) -> Result<u32, Malformed> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let Some(digits) = digits else { return self.fail("four hex digits are needed") };
        let code = digits.iter().fold(0, |code, digit| code * 16 + (*digit as char).to_digit(16).unwrap_or(0));
        self.at += 4;
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn why(text: impl AsRef<[u8]>) -> &'static str {
        parse(text.as_ref()).expect_err("malformed").why
    }

    #[test]
    fn what_is_malformed_is_named() {
        assert_eq!(why(r#"{"a":1,"a":2}"#), "a key stands twice in one object");
        assert_eq!(why(b"\"\xff\""), "not valid UTF-8");
        assert_eq!(why("[".repeat(33)), "nested too deeply");
        assert_eq!(why(r#""\ud800""#), "half of a surrogate pair");
        assert_eq!(why("{} x"), "something follows the value");
        for wrong in ["", "01", "1.", ".5", "+1", "1e", "NaN", "[1,]", "{\"a\":1,}", "{a:1}", "'a'", "\"\t\"", "tru", "\u{feff}{}", "\"\\x\""] {
            assert!(parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn thirty_two_levels_are_read() {
        let text = format!("{}{}", "[".repeat(32), "]".repeat(32));
        assert!(parse(text.as_bytes()).is_ok());
    }

    #[test]
    fn numbers_keep_their_digits() {
        let long = "12345678901234567890.000000000000000000001e-7";
        assert_eq!(parse(long.as_bytes()), Ok(Json::Number(long.into())));
    }

    fn same(ours: &Json, theirs: &serde_json::Value) -> bool {
        match (ours, theirs) {
            (Json::Null, serde_json::Value::Null) => true,
            (Json::Bool(a), serde_json::Value::Bool(b)) => a == b,
            (Json::Number(a), serde_json::Value::Number(b)) => a.parse::<f64>().ok() == b.as_f64(),
            (Json::Text(a), serde_json::Value::String(b)) => a == b,
            (Json::List(a), serde_json::Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
            (Json::Object(a), serde_json::Value::Object(b)) => a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b))),
            _ => false,
        }
    }

    fn any_value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into)
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::hash_map(any::<String>(), inner, 0..6).prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_serde_writes_is_read_alike(value in any_value()) {
            for text in [value.to_string(), serde_json::to_string_pretty(&value).expect("JSON")] {
                let ours = parse(text.as_bytes()).expect("JSON");
                prop_assert!(same(&ours, &value));
            }
        }

        #[test]
        fn noise_never_panics_and_never_passes_where_serde_refuses(text in "[\\[\\]{}:,\"\\\\eE0-9.+\\-truefalsn u\u{e9}]{0,40}") {
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            match parse(text.as_bytes()) {
                // serde refuses numbers beyond a double, ours keeps them as text.
                Ok(ours) => prop_assert!(theirs.as_ref().map_or_else(|e| e.to_string().contains("out of range"), |theirs| same(&ours, theirs))),
                Err(no) => prop_assert!(theirs.is_err() || no.why == "a key stands twice in one object"),
            }
        }
    }
}
