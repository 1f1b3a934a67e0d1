//! Files of rows: codes byte for byte, reports with neutralized cells (PLT-14).

use std::borrow::Cow;

/// A cell of a report that a spreadsheet program would take for a formula gets an apostrophe in front (PLT-14):
/// where it begins with `=`, `+`, `-`, `@`, tab, CR or the full-width twin of one, white space in front aside.
#[must_use]
pub fn neutral(cell: &str) -> Cow<'_, str> {
    let dangerous = |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠');
    let at_once = cell.starts_with(dangerous);
    let after_blanks = cell.trim_start().starts_with(dangerous);
    if at_once || after_blanks { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// A cell of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// What somebody typed: neutralized.
    Text(String),
    /// An amount, a count, a moment, an id of ours: as it is (`-5.00` is a number, no formula).
    Exact(String),
    /// The same, where a sheet shows a number.
    Number(String),
}

/// A report as CSV: CRLF, commas, quotes where needed, UTF-8 without a mark at its beginning.
#[must_use]
pub fn report(head: &[&str], rows: &[Vec<Cell>]) -> Vec<u8> {
    let mut out = Vec::new();
    line(&mut out, head.iter().map(|cell| Cow::Borrowed(*cell)));
    out.extend(self::rows(rows));
    out
}

/// Further rows of a report, for one that is too large to stand in memory.
#[must_use]
pub fn rows(rows: &[Vec<Cell>]) -> Vec<u8> {
    let mut out = Vec::new();
    for row in rows {
        line(
            &mut out,
            row.iter().map(|cell| match cell {
                Cell::Text(text) => neutral(text),
                Cell::Exact(text) | Cell::Number(text) => Cow::Borrowed(text.as_str()),
            }),
        );
    }
    out
}

/// A file of license codes as CSV: every field exactly as it was imported, quoted where CSV needs it, never changed.
/// Whoever reads it by the CSV rules gets back the same bytes.
#[must_use]
pub fn codes<'a>(head: &[&str], rows: impl IntoIterator<Item = Vec<&'a str>>) -> Vec<u8> {
    let mut out = Vec::new();
    line(&mut out, head.iter().map(|cell| Cow::Borrowed(*cell)));
    out.extend(more_codes(rows));
    out
}

/// The next rows of a file of license codes that is written piece by piece: as [`codes`], without its head.
#[must_use]
pub fn more_codes<'a>(rows: impl IntoIterator<Item = Vec<&'a str>>) -> Vec<u8> {
    let mut out = Vec::new();
    for row in rows {
        code(&mut out, row);
    }
    out
}

/// Adds one row to a file of license codes.
pub fn code<'a>(out: &mut Vec<u8>, cells: impl IntoIterator<Item = &'a str>) {
    line(out, cells.into_iter().map(Cow::Borrowed));
}

fn line<'a>(out: &mut Vec<u8>, cells: impl Iterator<Item = Cow<'a, str>>) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            out.push(b',');
        }
        let special = |byte| matches!(byte, b',' | b'"' | b'\r' | b'\n');
        let quote = cell.bytes().any(special) || cell.starts_with(char::is_whitespace) || cell.ends_with(char::is_whitespace);
        if quote {
            out.push(b'"');
            out.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(cell.as_bytes());
        }
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PLT-14: text cells that begin like a formula are neutralized, others are not touched.
    #[test]
    fn cells_that_begin_like_a_formula_are_neutralized() {
        let dangerous = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u{a0}=1", "＝1", "＋1", "－1", "＠x", "=HYPERLINK(\"http://x\")"];
        for text in dangerous {
            assert_eq!(neutral(text), format!("'{text}"), "{text:?}");
        }
        for text in ["", "Acme", "a=b", "1-2", "'=1", "ada@example.org", "(1)", "–dash"] {
            assert_eq!(neutral(text), text, "{text:?}");
        }
    }

    #[test]
    fn a_report_quotes_what_csv_needs_and_keeps_numbers() {
        let rows = vec![vec![Cell::Text("=cmd|' /C calc'!A0".into()), Cell::Exact("-5.00".into()), Cell::Text("a,\"b\"".into())]];
        let text = String::from_utf8(report(&["company", "amount", "note"], &rows)).expect("UTF-8");
        assert_eq!(text, "company,amount,note\r\n'=cmd|' /C calc'!A0,-5.00,\"a,\"\"b\"\"\"\r\n");
    }

    /// PLT-14, STK-5: files of codes are raw and byte-exact.
    #[test]
    fn codes_come_back_byte_for_byte() {
        let all = ["AAAA-BBBB", "=1+1", "a,b", "q\"uote", " lead", "trail ", "línea", "-----BEGIN KEY-----\nabc\n-----END KEY-----", "@x", "'x"];
        let file = codes(&["code"], all.iter().map(|code| vec![*code]));
        let mut reader = csv::ReaderBuilder::new().from_reader(file.as_slice());
        let back: Vec<String> = reader.records().map(|record| record.expect("a record").get(0).expect("a field").to_owned()).collect();
        assert_eq!(back, all);
    }
}
