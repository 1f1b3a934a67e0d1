//! Lines and comma-separated records (RFC 4180), read from chunks in bounded memory and written back. Pure.
//!
//! A field in quotes may hold commas, line breaks and doubled quotes. Lines end with LF or CR LF. A record that
//! is not UTF-8, too long, or wrongly quoted is handed on as such, with its line, and reading goes on after it.

/// One record, and the line of the file on which it began (the first is 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Counted from 1.
    pub line: i64,
    /// Its fields, at least one; a blank line is one blank field.
    pub fields: Result<Vec<String>, BadRecord>,
}

/// Why a record could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadRecord {
    /// Not UTF-8.
    NotUtf8,
    /// Longer than what is read.
    TooLong,
    /// A quote where none belongs, or one that is never closed.
    Quote,
}

impl BadRecord {
    /// One sentence for people.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::NotUtf8 => "is not UTF-8",
            Self::TooLong => "is too long",
            Self::Quote => "has a quote where none belongs, or one that is never closed",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    QuoteInQuoted,
    /// The record is bad: everything up to the end of the line is skipped.
    Skip,
}

/// Splits chunks of bytes into records.
#[derive(Debug)]
pub struct Records {
    separated: bool,
    longest: usize,
    line: i64,
    began: i64,
    state: State,
    bad: Option<BadRecord>,
    field: Vec<u8>,
    fields: Vec<String>,
    size: usize,
}

impl Records {
    /// Comma-separated records of at most `longest` bytes.
    #[must_use]
    pub const fn separated(longest: usize) -> Self {
        Self { separated: true, longest, line: 1, began: 1, state: State::FieldStart, bad: None, field: Vec::new(), fields: Vec::new(), size: 0 }
    }

    /// Whole lines of at most `longest` bytes, each one field; quotes and commas are characters like others.
    #[must_use]
    pub const fn lines(longest: usize) -> Self {
        let mut records = Self::separated(longest);
        records.separated = false;
        records
    }

    /// Reads a further chunk and hands on every record that ends in it.
    pub fn push(&mut self, chunk: &[u8], mut out: impl FnMut(Record)) {
        for &byte in chunk {
            self.byte(byte, &mut out);
        }
    }

    /// The end of the file: hands on the last record, where it did not end with a line break.
    pub fn end(&mut self, mut out: impl FnMut(Record)) {
        if self.size > 0 || !self.fields.is_empty() {
            if self.state == State::Quoted {
                self.bad = self.bad.or(Some(BadRecord::Quote));
            }
            self.record(&mut out);
        }
    }

    fn byte(&mut self, byte: u8, out: &mut impl FnMut(Record)) {
        if byte == b'\n' {
            self.line += 1;
            if self.state != State::Quoted {
                self.record(out);
                return;
            }
        }
        self.size += 1;
        if self.size > self.longest {
            self.bad = self.bad.or(Some(BadRecord::TooLong));
            self.state = State::Skip;
        }
        match (self.state, byte) {
            (State::Skip, _) => {}
            (State::FieldStart, b'"') if self.separated => self.state = State::Quoted,
            (State::FieldStart | State::Plain, b',') if self.separated => self.end_field(),
            (State::Plain, b'"') if self.separated => self.spoil(BadRecord::Quote),
            (State::FieldStart | State::Plain, _) => {
                self.field.push(byte);
                self.state = State::Plain;
            }
            (State::Quoted, b'"') => self.state = State::QuoteInQuoted,
            (State::Quoted, _) => self.field.push(byte),
            (State::QuoteInQuoted, b'"') => {
                self.field.push(b'"');
                self.state = State::Quoted;
            }
            (State::QuoteInQuoted, b',') => self.end_field(),
            (State::QuoteInQuoted, b'\r') => {}
            (State::QuoteInQuoted, _) => self.spoil(BadRecord::Quote),
        }
    }

    fn spoil(&mut self, why: BadRecord) {
        self.bad = self.bad.or(Some(why));
        self.state = State::Skip;
    }

    fn end_field(&mut self) {
        match String::from_utf8(std::mem::take(&mut self.field)) {
            Ok(field) => self.fields.push(field),
            Err(_) => self.bad = self.bad.or(Some(BadRecord::NotUtf8)),
        }
        self.state = State::FieldStart;
    }

    fn record(&mut self, out: &mut impl FnMut(Record)) {
        if self.state == State::Plain && self.field.last() == Some(&b'\r') {
            self.field.pop();
        }
        self.end_field();
        let mut fields = std::mem::take(&mut self.fields);
        if let Some(first) = fields.first_mut()
            && self.began == 1
            && let Some(rest) = first.strip_prefix('\u{FEFF}')
        {
            *first = rest.to_owned();
        }
        let fields = self.bad.take().map_or(Ok(fields), Err);
        out(Record { line: self.began, fields });
        self.began = self.line;
        self.size = 0;
        self.field.clear();
    }
}

/// Appends one record, quoted where it must be, and a line break.
pub fn write_record<'a>(out: &mut String, fields: impl IntoIterator<Item = &'a str>) {
    for (at, field) in fields.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        if field.contains([',', '"', '\n', '\r']) || field.starts_with(' ') || field.ends_with(' ') {
            out.push('"');
            out.push_str(&field.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(field);
        }
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], chunk: usize) -> Vec<(i64, Result<Vec<String>, BadRecord>)> {
        let mut records = Records::separated(60);
        let mut all = Vec::new();
        text.chunks(chunk).for_each(|chunk| records.push(chunk, |record| all.push((record.line, record.fields))));
        records.end(|record| all.push((record.line, record.fields)));
        all
    }

    fn fields(texts: &[&str]) -> Result<Vec<String>, BadRecord> {
        Ok(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn records_come_out_the_same_whatever_the_chunks() {
        let text = "\u{FEFF}sku,code\r\nA,\"x,\"\"y\"\"\nz\"\r\n\n,\nB,last".as_bytes();
        let whole = read(text, text.len());
        assert_eq!(
            whole,
            [(1, fields(&["sku", "code"])), (2, fields(&["A", "x,\"y\"\nz"])), (4, fields(&[""])), (5, fields(&["", ""])), (6, fields(&["B", "last"])),]
        );
        for chunk in 1..7 {
            assert_eq!(read(text, chunk), whole, "{chunk}");
        }
    }

    #[test]
    fn a_bad_record_names_its_line_and_the_next_is_read() {
        let mut text = b"A,b\"c\nA,ok\nA,\xff\nA,ok\n\"A\"x,b\nA,".to_vec();
        text.extend_from_slice(&[b'y'; 80]);
        text.extend_from_slice(b"\nA,\"never closed\n");
        let all = read(&text, 5);
        let bad: Vec<(i64, BadRecord)> = all.iter().filter_map(|(line, fields)| fields.as_ref().err().map(|why| (*line, *why))).collect();
        assert_eq!(bad, [(1, BadRecord::Quote), (3, BadRecord::NotUtf8), (5, BadRecord::Quote), (6, BadRecord::TooLong), (7, BadRecord::Quote)]);
        assert_eq!(all.iter().filter(|(_, fields)| fields.is_ok()).count(), 2);
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut text = String::new();
        write_record(&mut text, ["a,b", "say \"hi\"", "", "two\nlines", " edge"]);
        assert_eq!(read(text.as_bytes(), 3), [(1, fields(&["a,b", "say \"hi\"", "", "two\nlines", " edge"]))]);
    }
}
