//! One Rust file, taken apart just far enough: code without comments and texts, the comments, the texts, and which
//! bytes are tests. No syntax tree: that would need a parser among the dependencies.

use std::ops::Range;

/// A comment or a string literal and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Byte offset.
    pub at: usize,
    /// What it says, without its marks.
    pub text: String,
}

/// A file.
#[derive(Clone, Debug)]
pub struct Source {
    /// From the root of the repository, `crates/web/src/lib.rs`.
    pub path: String,
    /// The text with comments and the insides of literals blanked; offsets and lines are those of the file.
    pub code: String,
    /// Comments, documentation included.
    pub comments: Vec<Piece>,
    /// String literals.
    pub literals: Vec<Piece>,
    /// Byte ranges of `#[cfg(test)]` items; the whole file where it is a test's.
    tests: Vec<Range<usize>>,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let mut lexer = Lexer { text, code: text.as_bytes().to_vec(), comments: Vec::new(), literals: Vec::new() };
        lexer.run();
        let code = String::from_utf8_lossy(&lexer.code).into_owned();
        let is_test = path.contains("/tests/") || path.ends_with("/tests.rs") || path.ends_with("_tests.rs");
        let whole = 0..code.len();
        let tests = if is_test { vec![whole] } else { test_items(&code) };
        Self { path: path.to_owned(), code, comments: lexer.comments, literals: lexer.literals, tests }
    }

    /// The crate's folder: `web`.
    pub fn krate(&self) -> &str {
        self.path.split('/').nth(1).unwrap_or("")
    }

    /// Counted from 1.
    pub fn line(&self, at: usize) -> usize {
        1 + self.code.as_bytes()[..at.min(self.code.len())].iter().filter(|byte| **byte == b'\n').count()
    }

    /// `path:line`.
    pub fn place(&self, at: usize) -> String {
        format!("{}:{}", self.path, self.line(at))
    }

    pub fn is_test(&self, at: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&at))
    }

    /// String literals that are no test's.
    pub fn house_literals(&self) -> impl Iterator<Item = &Piece> {
        self.literals.iter().filter(|literal| !self.is_test(literal.at))
    }

    /// Where `text` stands in code that is no test's, as words of its own where it begins or ends with one.
    pub fn finds(&self, text: &str) -> Vec<usize> {
        find_words(&self.code, text).filter(|at| !self.is_test(*at)).collect()
    }

    /// Lines that are no test's.
    pub fn house_lines(&self) -> usize {
        let mut at = 0;
        let mut lines = 0;
        for line in self.code.split_inclusive('\n') {
            lines += usize::from(!self.is_test(at));
            at += line.len();
        }
        lines
    }
}

pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Occurrences of `text`, not inside longer words.
pub fn find_words<'a>(code: &'a str, text: &'a str) -> impl Iterator<Item = usize> + 'a {
    let bytes = code.as_bytes();
    let joins = |edge: Option<&u8>, beside: Option<&u8>| edge.is_some_and(|edge| is_word(*edge)) && beside.is_some_and(|beside| is_word(*beside));
    code.match_indices(text).map(|(at, _)| at).filter(move |at| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        !joins(text.as_bytes().first(), before) && !joins(text.as_bytes().last(), bytes.get(at + text.len()))
    })
}

/// The offset behind the bracket that closes the one at `open`.
pub fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return at + 1;
        }
    }
    code.len()
}

/// Where an item's body begins: its `{`, or `None` where it ends with a `;` first.
pub fn body(code: &str, from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(byte) = code.as_bytes().get(at) {
        match byte {
            b'{' => return Some(at),
            b';' => return None,
            b'(' | b'[' => at = closing(code, at),
            _ => at += 1,
        }
    }
    None
}

fn test_items(code: &str) -> Vec<Range<usize>> {
    let mut items = Vec::new();
    for start in ["#[cfg(test)]", "#[cfg(all(test", "#[test]", "#[tokio::test"].into_iter().flat_map(|mark| code.match_indices(mark)).map(|(at, _)| at) {
        let mut at = closing(code, start + 1);
        while code[at..].trim_start().starts_with("#[") {
            at = closing(code, at + code[at..].find('[').unwrap_or(0));
        }
        let end = body(code, at).map_or_else(|| code[at..].find(';').map_or(code.len(), |semicolon| at + semicolon + 1), |open| closing(code, open));
        items.push(start..end);
    }
    items
}

struct Lexer<'a> {
    text: &'a str,
    code: Vec<u8>,
    comments: Vec<Piece>,
    literals: Vec<Piece>,
}

impl Lexer<'_> {
    fn run(&mut self) {
        let bytes = self.text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let rest = &self.text.as_bytes()[at..];
            at = if rest.starts_with(b"//") {
                self.line_comment(at)
            } else if rest.starts_with(b"/*") {
                self.block_comment(at)
            } else if rest[0] == b'"' {
                self.string(at)
            } else if rest[0] == b'\'' {
                self.character(at)
            } else if let Some(hashes) = raw_start(bytes, at) {
                self.raw_string(at, hashes)
            } else {
                at + 1
            };
        }
    }

    fn blank(&mut self, range: Range<usize>) {
        self.code[range].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
    }

    fn line_comment(&mut self, at: usize) -> usize {
        let end = self.text[at..].find('\n').map_or(self.text.len(), |length| at + length);
        let text = self.text[at..end].trim_start_matches(['/', '!']).trim().to_owned();
        self.comments.push(Piece { at, text });
        self.blank(at..end);
        end
    }

    fn block_comment(&mut self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let (mut end, mut depth) = (at + 2, 1);
        while depth > 0 && end < bytes.len() {
            let step = match &bytes[end..bytes.len().min(end + 2)] {
                b"/*" => 1,
                b"*/" => -1,
                _ => 0,
            };
            depth += step;
            end += if step == 0 { 1 } else { 2 };
        }
        self.comments.push(Piece { at, text: String::from_utf8_lossy(&bytes[at..end]).trim_matches(['/', '*', '!', ' ']).to_owned() });
        self.blank(at..end);
        end
    }

    fn string(&mut self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut end = at + 1;
        while end < bytes.len() && bytes[end] != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        let end = end.min(bytes.len());
        let text = self.text[at + 1..end].replace("\\\n", "\n").replace("\\n", "\n").replace("\\\"", "\"");
        self.literals.push(Piece { at, text });
        self.blank(at + 1..end);
        end + 1
    }

    fn raw_string(&mut self, at: usize, hashes: usize) -> usize {
        let open = at + self.text[at..].find('"').unwrap_or(0) + 1;
        let mark = format!("\"{}", "#".repeat(hashes));
        let end = self.text[open..].find(&mark).map_or(self.text.len(), |length| open + length);
        self.literals.push(Piece { at, text: self.text[open..end].to_owned() });
        self.blank(open..end);
        end + mark.len()
    }

    /// A character, or the mark of a lifetime.
    fn character(&mut self, at: usize) -> usize {
        let mut inside = self.text[at + 1..].char_indices();
        let end = match inside.next() {
            Some((_, '\\')) => self.text[at + 3..].find('\'').map(|length| at + 3 + length),
            Some((_, _)) => inside.next().filter(|(_, next)| *next == '\'').map(|(length, _)| at + 1 + length),
            None => None,
        };
        let Some(end) = end else { return at + 1 };
        self.blank(at + 1..end);
        end + 1
    }
}

/// The number of hashes where a raw string begins here.
fn raw_start(bytes: &[u8], at: usize) -> Option<usize> {
    let joined = at > 0 && is_word(bytes[at - 1]) && bytes[at - 1] != b'b' && bytes[at - 1] != b'c';
    if bytes[at] != b'r' || joined {
        return None;
    }
    let hashes = bytes[at + 1..].iter().take_while(|byte| **byte == b'#').count();
    (bytes.get(at + 1 + hashes) == Some(&b'"')).then_some(hashes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_texts_are_no_code() {
        let text = "// todo!()\nlet a = \"dbg!\\\" {\"; /* x /* y */ { */ let c = '{'; let d: &'a str = r#\"\"{\"#; let e = '\\'';\nend";
        let source = Source::new("crates/x/src/a.rs", text);
        assert_eq!(source.code.len(), text.len());
        for gone in ["todo", "dbg", "{", "y"] {
            assert!(!source.code.contains(gone), "{gone} in {}", source.code);
        }
        assert!(source.code.contains("&'a str") && source.code.ends_with("\nend"), "{}", source.code);
        let texts: Vec<&str> = source.literals.iter().map(|literal| literal.text.as_str()).collect();
        assert_eq!(texts, ["dbg!\" {", "\"{"]);
        assert_eq!(source.line(source.code.find("end").unwrap_or(0)), 3);
    }

    #[test]
    fn items_of_tests_are_told_from_the_house() {
        let text = "fn a() {}\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n#[cfg(test)]\nmod more;\nfn d() {}\n";
        let source = Source::new("crates/x/src/a.rs", text);
        let names: Vec<bool> = ["fn a", "fn b", "fn c", "fn d"].iter().map(|name| !source.finds(name).is_empty()).collect();
        assert_eq!((names, source.house_lines()), (vec![true, false, true, true], 3));
        assert!(Source::new("crates/x/tests/it/a.rs", text).finds("fn a").is_empty());
    }
}
