//! A spreadsheet of one table (ECMA-376): the few parts that every program opens, written piece by piece, so that it is as large as its format allows and
//! never stands in memory.
//!
//! Own code because the libraries for it bring a whole archive format; a table of text and numbers needs neither. Compressed by the crate that is there
//! for pages and PDFs anyway.

use crate::table::{Cell, neutral};
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use std::fmt::Write as _;
use std::io::Write as _;

/// Rows of a sheet, its head among them: no program opens more.
pub const MOST_ROWS: usize = 1_048_576;
/// Bytes of its text: an archive without extensions tells sizes in 32 bits. Room is left for what is written at once.
const MOST_BYTES: u64 = 0xf000_0000;

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>"#;
const ROOT: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const BOOK: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Tradepost" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const BOOK_PARTS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;
/// Two styles: plain, and bold for the head.
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs></styleSheet>"#;
const BEFORE: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>"#;

/// A sheet that is being written: what [`begin`](Self::begin), [`add`](Self::add) and [`end`](Self::end) answer is the file, one behind the other.
#[derive(Debug)]
pub struct Sheet {
    archive: Archive,
    deflate: DeflateEncoder<Vec<u8>>,
    crc: Crc,
    /// Bytes of the file that were handed over.
    told: u64,
    /// Where the table's part begins in it, and its content.
    at: u64,
    content: u64,
    rows: usize,
}

impl Sheet {
    /// A bold first row that stays in sight; and the first bytes of the file.
    #[must_use]
    pub fn begin(head: &[&str]) -> (Self, Vec<u8>) {
        let mut archive = Archive::default();
        let mut out = Vec::new();
        for (name, content) in [
            ("[Content_Types].xml", TYPES),
            ("_rels/.rels", ROOT),
            ("xl/workbook.xml", BOOK),
            ("xl/_rels/workbook.xml.rels", BOOK_PARTS),
            ("xl/styles.xml", STYLES),
        ] {
            archive.stored(&mut out, name, content);
        }
        let at = out.len() as u64;
        Archive::opened(&mut out);
        let content = out.len() as u64;
        let deflate = DeflateEncoder::new(Vec::new(), Compression::fast());
        let mut sheet = Self { archive, deflate, crc: Crc::new(), told: content, at, content, rows: 1 };
        let mut text = String::from(BEFORE);
        // Writing to a string cannot fail.
        let _ = write!(text, r#"<cols><col min="1" max="{}" width="20" customWidth="1"/></cols><sheetData><row>"#, head.len().max(1));
        for title in head {
            cell(&mut text, title, 1);
        }
        text.push_str("</row>");
        out.extend(sheet.packed(&text));
        (sheet, out)
    }

    /// How many rows there is room for beside a last one, for [`end`](Self::end).
    #[must_use]
    pub fn room(&self) -> usize {
        if self.deflate.total_in() > MOST_BYTES { 0 } else { (MOST_ROWS - 1).saturating_sub(self.rows) }
    }

    /// Further rows, as far as there is [`room`](Self::room) for them: the next bytes of the file, and how many rows they hold.
    #[must_use]
    pub fn add(&mut self, rows: &[Vec<Cell>]) -> (Vec<u8>, usize) {
        let (mut out, before) = (Vec::new(), self.rows);
        // In pieces: one call must not write more than the limit of bytes leaves room for.
        for rows in rows[..rows.len().min(self.room())].chunks(1_000) {
            let mut text = String::new();
            for row in rows {
                line(&mut text, row);
            }
            self.rows += rows.len();
            out.extend(self.packed(&text));
            if self.room() == 0 {
                break;
            }
        }
        (out, self.rows - before)
    }

    /// The last bytes of the file. `cut` stands in a last row of its own: that the table goes on where the sheet does not.
    #[must_use]
    pub fn end(mut self, cut: Option<&str>) -> Vec<u8> {
        let mut text = String::new();
        if let Some(cut) = cut {
            text.push_str("<row>");
            cell(&mut text, cut, 1);
            text.push_str("</row>");
        }
        text.push_str("</sheetData></worksheet>");
        let mut out = self.packed(&text);
        let plain = self.deflate.total_in();
        // Writing to memory cannot fail.
        let rest = self.deflate.finish().unwrap_or_default();
        self.told += rest.len() as u64;
        out.extend(rest);
        let sizes = Sizes { crc: self.crc.sum(), packed: small(self.told - self.content), plain: small(plain) };
        sizes.behind(&mut out);
        let end = self.told + u64::from(Sizes::BEHIND);
        self.archive.closed(&mut out, small(self.at), &sizes, small(end));
        out
    }

    /// Text of the table, compressed as far as it is by now.
    fn packed(&mut self, text: &str) -> Vec<u8> {
        self.crc.update(text.as_bytes());
        // Writing to memory cannot fail.
        let _ = self.deflate.write_all(text.as_bytes());
        let out = std::mem::take(self.deflate.get_mut());
        self.told += out.len() as u64;
        out
    }
}

fn line(out: &mut String, row: &[Cell]) {
    out.push_str("<row>");
    for one in row {
        match one {
            Cell::Text(empty) | Cell::Exact(empty) | Cell::Number(empty) if empty.is_empty() => out.push_str("<c/>"),
            // As text a cell is no formula; the apostrophe also keeps it one when it is copied elsewhere (PLT-14).
            Cell::Text(typed) => cell(out, &neutral(typed), 0),
            Cell::Exact(ours) => cell(out, ours, 0),
            Cell::Number(number) => {
                let _ = write!(out, "<c><v>{number}</v></c>");
            }
        }
    }
    out.push_str("</row>");
}

fn cell(out: &mut String, text: &str, style: u8) {
    let _ = write!(out, r#"<c t="inlineStr" s="{style}"><is><t xml:space="preserve">"#);
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // XML has no way to write these.
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out.push_str("</t></is></c>");
}

/// What fits: [`MOST_BYTES`] sees to it.
fn small(bytes: u64) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// The table's part: its name, and how it is stored.
const TABLE: &str = "xl/worksheets/sheet1.xml";
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// Names are UTF-8; and sizes stand behind the content.
const UTF_8: u16 = 0x0800;
const SIZES_BEHIND: u16 = 0x0008;

/// What is told of a part's content.
#[derive(Clone, Copy, Debug, Default)]
struct Sizes {
    crc: u32,
    packed: u32,
    plain: u32,
}

impl Sizes {
    /// Bytes of [`behind`](Self::behind).
    const BEHIND: u32 = 16;

    fn fields(self) -> impl Iterator<Item = u8> {
        [self.crc, self.packed, self.plain].into_iter().flat_map(u32::to_le_bytes)
    }

    /// Behind content whose sizes were not known before it.
    fn behind(self, out: &mut Vec<u8>) {
        out.extend(0x0807_4b50_u32.to_le_bytes());
        out.extend(self.fields());
    }
}

/// The directory of a ZIP archive (APPNOTE 4.3), as far as parts were written. Its dates are the first that the format has.
#[derive(Debug, Default)]
struct Archive {
    directory: Vec<u8>,
    parts: u16,
}

impl Archive {
    /// What stands before a part and, once more, in the directory. Version 2.0; 1 January 1980.
    fn shared(name: &str, flags: u16, way: u16, sizes: Sizes) -> Vec<u8> {
        let mut shared: Vec<u8> = [20, flags, way, 0, 0x21].into_iter().flat_map(u16::to_le_bytes).collect();
        shared.extend(sizes.fields());
        shared.extend(u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes());
        shared.extend(0_u16.to_le_bytes());
        shared
    }

    fn noted(&mut self, name: &str, shared: &[u8], at: u32) {
        self.parts += 1;
        self.directory.extend(0x0201_4b50_u32.to_le_bytes());
        self.directory.extend(20_u16.to_le_bytes());
        self.directory.extend(shared);
        // No comment, first disk, no attributes.
        self.directory.extend([0; 10]);
        self.directory.extend(at.to_le_bytes());
        self.directory.extend(name.as_bytes());
    }

    /// A part as it is.
    fn stored(&mut self, out: &mut Vec<u8>, name: &str, content: &str) {
        let at = small(out.len() as u64);
        let mut crc = Crc::new();
        crc.update(content.as_bytes());
        let size = small(content.len() as u64);
        let shared = Self::shared(name, UTF_8, STORED, Sizes { crc: crc.sum(), packed: size, plain: size });
        out.extend(0x0403_4b50_u32.to_le_bytes());
        out.extend(&shared);
        out.extend(name.as_bytes());
        out.extend(content.as_bytes());
        self.noted(name, &shared, at);
    }

    /// The beginning of the table's part: its content follows, then its sizes.
    fn opened(out: &mut Vec<u8>) {
        out.extend(0x0403_4b50_u32.to_le_bytes());
        out.extend(Self::shared(TABLE, UTF_8 | SIZES_BEHIND, DEFLATED, Sizes::default()));
        out.extend(TABLE.as_bytes());
    }

    /// The end of the file, where `at` is the table's part and `end` the end of all parts.
    fn closed(mut self, out: &mut Vec<u8>, at: u32, sizes: &Sizes, end: u32) {
        let shared = Self::shared(TABLE, UTF_8 | SIZES_BEHIND, DEFLATED, *sizes);
        self.noted(TABLE, &shared, at);
        out.extend(&self.directory);
        out.extend(0x0605_4b50_u32.to_le_bytes());
        out.extend([0; 4]);
        out.extend(self.parts.to_le_bytes());
        out.extend(self.parts.to_le_bytes());
        out.extend(small(self.directory.len() as u64).to_le_bytes());
        out.extend(end.to_le_bytes());
        out.extend(0_u16.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::DeflateDecoder;
    use std::io::Read as _;

    fn number(bytes: &[u8], at: usize, length: usize) -> usize {
        bytes[at..at + length].iter().rev().fold(0, |sum, byte| (sum << 8) | usize::from(*byte))
    }

    /// The table's text, found and checked as a program does it: by the directory at the end.
    fn read(file: &[u8]) -> String {
        let end = file.len() - 22;
        assert_eq!(&file[end..end + 4], b"PK\x05\x06");
        let (parts, size, mut at) = (number(file, end + 10, 2), number(file, end + 12, 4), number(file, end + 16, 4));
        assert_eq!((parts, at + size), (6, end));
        let mut found = None;
        for _ in 0..parts {
            assert_eq!(&file[at..at + 4], b"PK\x01\x02");
            let (way, crc, packed, plain) = (number(file, at + 10, 2), number(file, at + 16, 4), number(file, at + 20, 4), number(file, at + 24, 4));
            let (name_length, begin) = (number(file, at + 28, 2), number(file, at + 42, 4));
            let name = &file[at + 46..at + 46 + name_length];
            assert_eq!((&file[begin..begin + 4], &file[begin + 30..begin + 30 + name_length]), (&b"PK\x03\x04"[..], name));
            let content = &file[begin + 30 + name_length..begin + 30 + name_length + packed];
            let mut text = Vec::new();
            if way == usize::from(DEFLATED) {
                DeflateDecoder::new(content).read_to_end(&mut text).expect("it unpacks");
            } else {
                text.extend(content);
            }
            let mut told = Crc::new();
            told.update(&text);
            assert_eq!((text.len(), told.sum() as usize), (plain, crc), "{}", String::from_utf8_lossy(name));
            if name == TABLE.as_bytes() {
                assert_eq!(&file[begin + 30 + name_length + packed..][..4], b"PK\x07\x08");
                found = Some(String::from_utf8(text).expect("UTF-8"));
            }
            at += 46 + name_length;
        }
        found.expect("the table")
    }

    /// PLT-14
    #[test]
    fn a_sheet_holds_what_was_put_in_and_no_formula() {
        let row = vec![
            Cell::Text("=1+1".into()),
            Cell::Exact("-5".into()),
            Cell::Number("-5.00".into()),
            Cell::Text("<b> & \u{1}".into()),
            Cell::Exact(String::new()),
        ];
        let (mut sheet, mut file) = Sheet::begin(&["A", "B"]);
        file.extend(sheet.add(&[row]).0);
        file.extend(sheet.end(None));
        let text = read(&file);
        let first =
            r#"<row><c t="inlineStr" s="1"><is><t xml:space="preserve">A</t></is></c><c t="inlineStr" s="1"><is><t xml:space="preserve">B</t></is></c></row>"#;
        let second = r#"<row><c t="inlineStr" s="0"><is><t xml:space="preserve">'=1+1</t></is></c><c t="inlineStr" s="0"><is><t xml:space="preserve">-5</t></is></c><c><v>-5.00</v></c><c t="inlineStr" s="0"><is><t xml:space="preserve">&lt;b&gt; &amp; �</t></is></c><c/></row>"#;
        assert!(text.ends_with(&format!("{first}{second}</sheetData></worksheet>")), "{text}");
    }

    /// ORD-10: as many rows as the format has, the last of which says that there are more; and what is kept meanwhile stays small.
    #[test]
    fn a_sheet_is_as_long_as_its_format_allows_and_says_so() {
        let (mut sheet, mut file) = Sheet::begin(&["n"]);
        // Rows without cells, so that the test is quick.
        let page = vec![Vec::new(); 5_000];
        let (mut most, mut taken) = (0, 0);
        for _ in 0..250 {
            let (piece, rows) = sheet.add(&page);
            (most, taken) = (most.max(piece.len()), taken + rows);
            file.extend(piece);
        }
        assert_eq!((taken, sheet.room()), (MOST_ROWS - 2, 0));
        assert!(most < 500_000 && sheet.deflate.get_ref().capacity() < 500_000, "{most}");
        file.extend(sheet.end(Some("There are more.")));
        let text = read(&file);
        assert_eq!(text.matches("<row>").count(), MOST_ROWS);
        assert!(text.contains("There are more.</t></is></c></row></sheetData>"));
    }
}
