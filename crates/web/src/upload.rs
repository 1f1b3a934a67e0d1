//! Forms that bring a file (`multipart/form-data`, RFC 7578), read strictly from a body that is in memory. The file is not copied.

use crate::call::Call;
use crate::input::Input;
use crate::problem::Problem;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use std::fmt;

/// What such a form is sent as.
pub(crate) const MULTIPART: &str = "multipart/form-data";
/// Parts of a form at most: a new order has one for each product that is offered or was chosen.
const MOST_PARTS: usize = crate::form::MOST_NAMES;
/// Bytes that the header lines of a part may have.
const LONGEST_HEAD: usize = 8 << 10;

/// A file as somebody chose it.
#[derive(Clone)]
pub struct UploadedFile {
    /// Its name, without the folders before it.
    pub name: String,
    /// What is in it.
    pub bytes: Bytes,
}

/// A form with the file that it brings.
#[derive(Clone, Default)]
pub struct Upload {
    fields: Vec<(String, String)>,
    file: Option<UploadedFile>,
}

/// Files and fields may hold codes: neither stands in a log.
impl fmt::Debug for UploadedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadedFile").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").field("fields", &self.fields.len()).field("file", &self.file).finish()
    }
}

impl Call {
    /// The fields of a form that may bring a file, on a route that takes an `upload()`.
    ///
    /// # Errors
    /// 400 `malformed_body`.
    pub fn upload(&self) -> Result<Upload, Problem> {
        let content_type = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        Upload::read(content_type, &self.body)
    }
}

impl Upload {
    /// Reads a form whose content type names the boundary between its parts.
    ///
    /// ```
    /// use axum::body::Bytes;
    /// use tradepost_web::Upload;
    /// let body = Bytes::from_static(
    ///     b"--line\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nBatch 7\r\n\
    ///       --line\r\nContent-Disposition: form-data; name=\"file\"; filename=\"keys.txt\"\r\nContent-Type: text/plain\r\n\r\nAAAA\r\nBBBB\r\n\
    ///       --line--\r\n",
    /// );
    /// let upload = Upload::read("multipart/form-data; boundary=line", &body)?;
    /// assert_eq!(upload.value("note"), "Batch 7");
    /// assert_eq!(upload.file().map(|file| (file.name.as_str(), &file.bytes[..])), Some(("keys.txt", &b"AAAA\r\nBBBB"[..])));
    /// assert!(Upload::read("multipart/form-data; boundary=line", &body.slice(..body.len() - 4)).is_err());
    /// # Ok::<(), tradepost_web::Problem>(())
    /// ```
    ///
    /// # Errors
    /// 400 `malformed_body`: no boundary, a part that does not say which field it is or has no end, a field that is not UTF-8 or has a
    /// NUL, more than one file.
    pub fn read(content_type: &str, body: &Bytes) -> Result<Self, Problem> {
        let boundary = boundary(content_type).ok_or_else(|| malformed("its content type names no boundary"))?;
        let mut parts = Parts::new(body, boundary)?;
        let (mut upload, mut count) = (Self::default(), 0);
        while let Some((disposition, content)) = parts.part()? {
            count += 1;
            if count > MOST_PARTS {
                return Err(malformed("it has too many parts"));
            }
            upload.take(disposition, content)?;
        }
        Ok(upload)
    }

    fn take(&mut self, part: Disposition, content: Bytes) -> Result<(), Problem> {
        // As in the fields of a plain form: PostgreSQL does not store it.
        if part.name.contains('\0') || (part.file.is_none() && content.contains(&0)) {
            return Err(malformed("a field has a NUL"));
        }
        match part.file {
            // No file was chosen: browsers send a part without a file's name then.
            Some(name) if name.is_empty() && content.is_empty() => Ok(()),
            Some(name) => {
                let name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
                if self.file.replace(UploadedFile { name, bytes: content }).is_some() { Err(malformed("it brings more than one file")) } else { Ok(()) }
            }
            None if part.name.starts_with('_') => Ok(()),
            None => {
                let text = std::str::from_utf8(&content).map_err(|_| malformed("a field is not UTF-8"))?;
                match self.fields.iter_mut().find(|(known, _)| *known == part.name) {
                    Some((_, values)) => {
                        values.push(',');
                        values.push_str(text);
                    }
                    None => self.fields.push((part.name, text.to_owned())),
                }
                Ok(())
            }
        }
    }

    /// What was typed, as [`Call::typed`] has it: without what the form carries unseen.
    #[must_use]
    pub fn fields(&self) -> &[(String, String)] {
        &self.fields
    }

    /// What stands in a field; nothing where there is no such field.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The file, where one was chosen.
    #[must_use]
    pub const fn file(&self) -> Option<&UploadedFile> {
        self.file.as_ref()
    }

    /// The fields that an input has, as [`Call::form`]; others of the form are left alone.
    ///
    /// # Errors
    /// 422 with everything that is wrong with them.
    pub fn form<T: Input>(&self) -> Result<T, Problem> {
        let names = T::names();
        let own = |name: &str| names.iter().any(|known| crate::schema::plain(known) == name);
        let fields: Vec<(String, String)> = self.fields.iter().filter(|(name, _)| own(name)).cloned().collect();
        Call::read_form(&fields)
    }
}

/// Name and text of the first part of a form: the rest of the body, which may be a large file, is not looked at.
pub(crate) fn first_field(content_type: &str, body: &Bytes) -> Option<(String, String)> {
    let (part, content) = Parts::new(body, boundary(content_type)?).ok()?.part().ok()??;
    let text = std::str::from_utf8(&content).ok().filter(|_| part.file.is_none())?;
    Some((part.name, text.to_owned()))
}

fn malformed(why: &str) -> Problem {
    Problem::bad_request("malformed_body", format!("The form can't be read: {why}."))
}

/// `boundary` of a content type.
fn boundary(content_type: &str) -> Option<&str> {
    let (_, parameters) = content_type.split_once(';')?;
    let named = parameters.split(';').filter_map(|parameter| parameter.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"));
    named.map(|(_, value)| value.trim().trim_matches('"')).filter(|text| (1..=70).contains(&text.len()))
}

/// The parts of a body, one after the other.
struct Parts<'a> {
    body: &'a Bytes,
    at: usize,
    delimiter: Vec<u8>,
}

impl<'a> Parts<'a> {
    /// Steps over the first delimiter, the only one with no line break before it.
    fn new(body: &'a Bytes, boundary: &str) -> Result<Self, Problem> {
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        let first = &delimiter[2..];
        if !body.starts_with(first) {
            return Err(malformed("it does not begin with its boundary"));
        }
        let at = first.len();
        Ok(Self { body, at, delimiter })
    }

    /// The next part: what its header lines say, and what is in it. `None` behind the last one.
    fn part(&mut self) -> Result<Option<(Disposition, Bytes)>, Problem> {
        let body = self.body;
        let rest = &body[self.at..];
        if rest.starts_with(b"--") {
            return Ok(None);
        }
        let head = rest.strip_prefix(b"\r\n").ok_or_else(|| malformed("a line between its parts is wrong"))?;
        let head = &head[..head.len().min(LONGEST_HEAD)];
        let length = head.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(|| malformed("the header lines of a part have no end"))?;
        let lines = std::str::from_utf8(&head[..length]).map_err(|_| malformed("a header line is not UTF-8"))?;
        let disposition = Disposition::read(lines).ok_or_else(|| malformed("a part does not say which field it is"))?;
        let begins = self.at + 2 + length + 4;
        let ends = self.next_delimiter(begins).ok_or_else(|| malformed("a part has no end"))?;
        self.at = ends + self.delimiter.len();
        Ok(Some((disposition, body.slice(begins..ends))))
    }

    fn next_delimiter(&self, from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            at += self.body[at..].iter().position(|byte| *byte == b'\r')?;
            if self.body[at..].starts_with(&self.delimiter) {
                return Some(at);
            }
            at += 1;
        }
    }
}

/// What the header lines of a part say: which field it is, and the name of the file where it is one.
struct Disposition {
    name: String,
    file: Option<String>,
}

impl Disposition {
    fn read(lines: &str) -> Option<Self> {
        let mut fields = lines.split("\r\n").filter_map(|line| line.split_once(':'));
        let (_, value) = fields.find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))?;
        let mut rest = value.trim().strip_prefix("form-data")?;
        let (mut name, mut file) = (None, None);
        while let Some(parameter) = rest.trim_start().strip_prefix(';') {
            let (key, after) = parameter.split_once('=')?;
            let (text, after) = parameter_value(after)?;
            match key.trim() {
                "name" => name = Some(text),
                "filename" => file = Some(text),
                _ => {}
            }
            rest = after;
        }
        if rest.trim().is_empty() { Some(Self { name: name?, file }) } else { None }
    }
}

/// The value of a parameter, and what stands behind it. In quotes, browsers write a quote as `%22`, others as `\"`.
fn parameter_value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return Some((text[..end].trim().to_owned(), &text[end..]));
    };
    let (mut value, mut letters) = (String::new(), quoted.char_indices());
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value.replace("%22", "\""), &quoted[at + 1..])),
            '\\' if quoted[at + 1..].starts_with('"') => {
                value.push('"');
                letters.next();
            }
            letter => value.push(letter),
        }
    }
    None
}
